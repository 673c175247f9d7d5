/* programs/paper_code.c - `ykt paper-code …`: codes on paper for people without phones (纸质码), of
 * door strength, taken back by their serial number. */
#include "programs/client.h"
#include "programs/nouns.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* clang-format off */
static const struct cli_column COLUMNS[] = {
    { .name = "serial", .zh = "序号", .en = "serial" },
    { .name = "days", .zh = "天数", .en = "days", .right = true },
    { .name = "from", .zh = "生效", .en = "from" },
    { .name = "until", .zh = "失效", .en = "until" },
    { .name = "test", .zh = "测试", .en = "test" },
};
static const struct cli_column MADE_COLUMNS[] = {
    { .name = "serial", .zh = "序号", .en = "serial" },
    { .name = "days", .zh = "天数", .en = "days" },
    { .name = "from", .zh = "生效", .en = "from" },
    { .name = "until", .zh = "失效", .en = "until" },
    { .name = "text", .zh = "码（仅此一次）", .en = "code (this once)" },
    { .name = "test", .zh = "测试", .en = "test" },
};
/* clang-format on */

/* The symbol with its quiet zone of four modules; never over a file. */
static enum cli_exit symbol_write(struct cli *cli, const json_t *qr)
{
    const char *path = arena_c(cli_arena(cli), cli_text(cli, "svg"));
    int size = (int)json_integer_value(json_object_get(qr, "size")) + 8;
    struct str svg = arena_format(
        cli_arena(cli),
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60mm\" height=\"60mm\""
        " viewBox=\"-4 -4 %d %d\"><path fill=\"#fff\" d=\"M-4-4h%dv%dh-%dz\"/><path d=\"%s\"/>"
        "</svg>\n",
        size, size, size, size, size, member(qr, "path"));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && svg.n > 0 && write(fd, svg.p, svg.n) == (ssize_t)svg.n;

    if (fd >= 0 && close(fd) != 0) ok = false;
    return ok ? CLI_OK : cli_end(cli, fault(FAULT_IO, "%s: errno %d", path, errno));
}

static enum cli_exit make(struct cli *cli)
{
    struct ask ask = { .method = "POST", .once = true };
    struct client_body body;
    json_t *answer;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/cards/%s/paper-codes", cli_arg(cli, 0));

    if (end != CLI_OK) return end;
    if (cli_has(cli, "svg") && access(arena_c(cli_arena(cli), cli_text(cli, "svg")), F_OK) == 0)
        return cli_fail(cli, CLI_CONFLICT, "file_exists", "文件已存在，不会覆盖",
                        "the file is there and is never written over");
    client_body(cli, &body);
    json_out_int(&body.out, "days", cli_int(cli, "days"));
    ask.body = client_body_end(&body);
    end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    if (cli_has(cli, "svg")) end = symbol_write(cli, json_object_get(answer, "qr"));
    cli_record(cli); /* the code is out even where its picture could not be written */
    client_row(cli, answer);
    cli_table_end(cli);
    json_decref(answer);
    return end;
}

static enum cli_exit list(struct cli *cli)
{
    struct ask ask = { .method = "GET",
                       .purpose = arena_c(cli_arena(cli), cli_text(cli, "purpose")) };
    json_t *answer;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/cards/%s/paper-codes", cli_arg(cli, 0));

    if (end == CLI_OK) end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    client_table(cli, answer);
    return CLI_OK;
}

static enum cli_exit cancel(struct cli *cli)
{
    struct str serial = cli_arg(cli, 1), card;
    struct ask ask = { .method = "DELETE" };
    int64_t number;
    enum cli_exit end = client_path(cli, &card, "/v1/cards/%s/paper-codes", cli_arg(cli, 0));

    if (end != CLI_OK) return end;
    if (!str_int(serial, 0, UINT32_MAX, &number))
        return cli_fail(cli, CLI_USAGE, "serial_form", "序号应为数字", "a serial is a number");
    ask.path = arena_format(cli_arena(cli), "%.*s/%" PRId64, (int)card.n, card.p, number);
    end = client_call(cli, &ask, NULL);
    if (end == CLI_OK)
        cli_say(cli, "纸质码 %" PRId64 " 已收回", "paper code %" PRId64 " is taken back", number);
    return end;
}

/* clang-format off */
#define CARD_ARG { .name = "card", .zh = "卡的编号", .en = "the card's id" }
static const struct cli_verb VERBS[] = {
    { .name = "make", .zh = "签发一张纸质码", .en = "make a code to print",
      .run = make, .args = { CARD_ARG }, .columns = MADE_COLUMNS, .columns_n = LEN(MADE_COLUMNS),
      .flags = { { .name = "days", .type = CLI_INT, .preset = "30", .min = 1, .max = 180, .zh = "有效天数", .en = "days it lives" },
                 { .name = "svg", .type = CLI_TEXT, .value = "FILE", .zh = "二维码图写入的文件", .en = "the file that its symbol goes to" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt paper-code make crd_71xk2m9q0g4zr --days 30 --svg code.svg", "三十天，图可打印", "thirty days, and a picture to print" } } },
    { .name = "list", .zh = "在用的纸质码", .en = "the codes that are out", .run = list, .args = { CARD_ARG },
      .columns = COLUMNS, .columns_n = LEN(COLUMNS), .flags = { PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt paper-code list crd_71xk2m9q0g4zr", "查看", "look" } } },
    { .name = "cancel", .zh = "收回一张", .en = "take one back", .run = cancel,
      .args = { CARD_ARG, { .name = "serial", .zh = "序号", .en = "its serial" } }, .flags = { CLIENT_FLAGS },
      .examples = { { "ykt paper-code cancel crd_71xk2m9q0g4zr 7", "纸丢了", "the paper is lost" } } },
};
/* clang-format on */
const struct cli_noun PAPER_CODE_NOUN = { "paper-code", "纸质码", "codes on paper", VERBS,
                                          LEN(VERBS) };
