/* programs/pin.c - `ykt pin reset`: a holder who forgot the card's PIN (密码重置) chooses another
 * at the counter, after a look at the papers. The digits are never an argument. */
#include "programs/client.h"
#include "programs/nouns.h"

static bool six_digits(struct str pin)
{
    for (size_t i = 0; i < pin.n; i++) {
        if (pin.p[i] < '0' || pin.p[i] > '9') return false;
    }
    return pin.n == 6;
}

static enum cli_exit reset(struct cli *cli)
{
    struct str card = cli_arg(cli, 0), pin;
    struct ask ask = { .method = "POST", .once = true };
    struct client_body body;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/cards/%s/pin-resets", card);

    if (end == CLI_OK)
        end = client_line(cli, cli_text(cli, "pin-from"), true, "新密码（六位数字）",
                          "new PIN (six digits)", &pin);
    if (end != CLI_OK) return end;
    if (!six_digits(pin))
        return cli_fail(cli, CLI_USAGE, "pin_form", "密码应为六位数字", "a PIN is six digits");
    client_body(cli, &body);
    json_out_str(&body.out, "pin", pin);
    ask.body = client_body_end(&body);
    end = client_call(cli, &ask, NULL);
    if (end == CLI_OK)
        cli_say(cli, "%.*s 的密码已重置，锁定解除", "the PIN of %.*s is set anew, its lock is gone",
                (int)card.n, card.p);
    return end;
}

/* clang-format off */
static const struct cli_verb VERBS[] = {
    { .name = "reset", .zh = "为卡设新密码，凭证件当面办理", .en = "set a card's PIN anew, the holder's papers seen",
      .run = reset, .args = { { .name = "card", .zh = "卡的编号", .en = "the card's id" } },
      .flags = { { .name = "pin-from", .type = CLI_TEXT, .value = "FILE", .preset = "-",
                   .zh = "新密码所在文件，- 为标准输入", .en = "file with the new PIN; - is standard input" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt pin reset crd_71xk2m9q0g4zr", "由持卡人键入", "the holder types it" } } },
};
/* clang-format on */
const struct cli_noun PIN_NOUN = { "pin", "卡密码", "PINs of cards", VERBS, LEN(VERBS) };
