/* programs/terminal.c - `ykt terminal …`: gates and counters' terminals through the running server.
 * `enroll --key FILE` does the terminal's part too: it makes the key pair, proves it with the
 * activation number and writes the key file that the terminal (`ykt simulate gate`, say) keeps. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "programs/client.h"
#include "programs/nouns.h"

/* clang-format off */
static const char *const KINDS[] = { "gate", "counter", "handheld", NULL };
static const char *const STATES[] = { "waiting", "active", "revoked", NULL };
static const char *const SUITES[] = { "sm2", "p256", NULL };
static const struct cli_column TERMINAL_COLUMNS[] = {
    { .name = "id", .zh = "终端", .en = "terminal" },
    { .name = "venue", .zh = "场所", .en = "venue" },
    { .name = "kind", .zh = "种类", .en = "kind" },
    { .name = "name", .zh = "名称", .en = "name" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "list_position", .zh = "名单位置", .en = "list position", .right = true },
    { .name = "list_made_at", .zh = "名单制成", .en = "list made" },
    { .name = "seen_at", .zh = "最近联系", .en = "heard from" },
    { .name = "clock_off_usec", .zh = "时钟偏差（微秒）", .en = "clock off (usec)", .right = true },
    { .name = "queue", .zh = "待传", .en = "queue", .right = true },
};
static const struct cli_column ENROLLED_COLUMNS[] = {
    { .name = "id", .zh = "终端", .en = "terminal" },
    { .name = "activation", .zh = "激活号（仅此一次）", .en = "activation number (this once)" },
    { .name = "key", .zh = "密钥文件", .en = "key file" },
};
/* clang-format on */

/* ---- a key of its own ---- */

struct key_pair {
    bool sm2;
    uint8_t scalar[SCALAR_BYTES], point[POINT_SHORT];
};

static enum cli_exit key_write(struct cli *cli, const struct key_pair *pair, struct str id,
                               bool test)
{
    const char *path = arena_c(cli_arena(cli), cli_text(cli, "key"));
    char text[600];
    struct writer w = writer_over(text, sizeof text);
    struct json_out out = json_out_over(&w, NULL);
    bool ok;
    int fd;

    json_out_object(&out, NULL);
    json_out_str(&out, "id", id);
    json_out_str(&out, "suite", pair->sm2 ? S("sm2") : S("p256"));
    json_out_bool(&out, "test", test);
    json_out_hex(&out, "private_key", bytes_of(pair->scalar, sizeof pair->scalar));
    json_out_hex(&out, "public_key", bytes_of(pair->point, sizeof pair->point));
    json_out_end(&out);
    put_char(&w, '\n');
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ok = fd >= 0 && write(fd, text, w.n) == (ssize_t)w.n && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0) ok = false;
    secret_wipe(text, sizeof text);
    return ok ? CLI_OK : cli_end(cli, fault(FAULT_IO, "%s: errno %d", path, errno));
}

/* The body that gives the activation number for the key (docs/protocols/terminal.md). */
static RESULT proof(struct cli *cli, const struct key_pair *pair, struct str id,
                    struct str activation, struct str *body)
{
    struct str said = arena_format(cli_arena(cli), "YKT enrol 1\n%.*s\n%.*s", (int)id.n, id.p,
                                   (int)activation.n, activation.p);
    struct bytes scalar = bytes_of(pair->scalar, sizeof pair->scalar);
    uint8_t signature[SIGNATURE_BYTES];
    struct client_body made;

    TRY(pair->sm2 ? sm2_sign(scalar, str_bytes(said), signature)
                  : p256_sign(scalar, str_bytes(said), signature));
    client_body(cli, &made);
    json_out_str(&made.out, "terminal", id);
    json_out_str(&made.out, "activation", activation);
    json_out_str(&made.out, "suite", pair->sm2 ? S("sm2") : S("p256"));
    json_out_hex(&made.out, "public_key", bytes_of(pair->point, sizeof pair->point));
    json_out_hex(&made.out, "signature", bytes_of(signature, sizeof signature));
    *body = client_body_end(&made);
    return OK;
}

static bool server_is_test(struct client *client)
{
    json_t *version;
    bool test;

    if (client_ask(client, &(struct ask){ .method = "GET", .path = S("/v1/version") }, &version) !=
        CLI_OK)
        return true;
    test = json_is_true(json_object_get(version, "test"));
    json_decref(version);
    return test;
}

/* The file first: a key that is enrolled and lost would leave a terminal that nobody can be. */
static enum cli_exit key_enrol(struct client *client, struct cli *cli, struct str id,
                               struct str activation)
{
    struct key_pair pair = { .sm2 = cli_int(cli, "suite") == 0 };
    struct entropy entropy = entropy_system();
    struct ask ask = { .method = "POST", .path = S("/v1/terminal-enrolments") };
    struct err err =
        key_pair_new(pair.sm2 ? SUITE_SM2 : SUITE_P256, &entropy, pair.scalar, pair.point);
    enum cli_exit end;

    if (err.code == 0) err = proof(cli, &pair, id, activation, &ask.body);
    end = err.code == 0 ? key_write(cli, &pair, id, server_is_test(client)) : cli_end(cli, err);
    secret_wipe(&pair, sizeof pair);
    return end == CLI_OK ? client_ask(client, &ask, NULL) : end;
}

/* ---- verbs ---- */

static enum cli_exit enrolled(struct client *client, struct cli *cli, const json_t *answer)
{
    struct str id = arena_str(cli_arena(cli), str_of(member(answer, "id"))),
               activation = arena_str(cli_arena(cli), str_of(member(answer, "activation")));
    bool own = cli_has(cli, "key");
    enum cli_exit end = CLI_OK;

    if (own && activation.n == 0)
        return cli_fail(cli, CLI_CONFLICT, "activation_told",
                        "%.*s 已登记过，激活号不再显示：用 ykt terminal renew",
                        "%.*s was set up before and its number is told once: ykt terminal renew",
                        (int)id.n, id.p);
    if (own) end = key_enrol(client, cli, id, activation);
    if (end != CLI_OK) return end;
    cli_record(cli);
    cli_row(cli,
            CELLS(cell_text(id), own || activation.n == 0 ? cell_none() : cell_text(activation),
                  own ? cell_text(cli_text(cli, "key")) : cell_none()));
    cli_table_end(cli);
    if (own)
        cli_say(cli, "已登记，密钥在文件里。下一步：ykt simulate gate --key FILE …，或装到终端上",
                "enrolled; its key is in the file. Next: put it on the terminal, or try it with "
                "ykt simulate gate --key FILE ...");
    else
        cli_say(cli, "请在一天内把激活号输入终端",
                "type the number into the terminal within a day");
    return CLI_OK;
}

static enum cli_exit enrol_with(struct cli *cli, const struct ask *ask)
{
    struct client *client;
    json_t *answer;
    enum cli_exit end = client_open(cli, &client);

    if (end != CLI_OK) return end;
    if (cli_has(cli, "key") && access(arena_c(cli_arena(cli), cli_text(cli, "key")), F_OK) == 0)
        end = cli_fail(cli, CLI_CONFLICT, "file_exists", "密钥文件已存在，不会覆盖",
                       "the key file is there and is never written over");
    if (end == CLI_OK) end = client_ask(client, ask, &answer);
    if (end == CLI_OK) {
        end = enrolled(client, cli, answer);
        json_decref(answer);
    }
    client_close(client);
    return end;
}

static enum cli_exit enroll(struct cli *cli)
{
    struct ask ask = { .method = "POST", .path = S("/v1/terminals"), .once = true };
    struct client_body body;

    client_body(cli, &body);
    json_out_str(&body.out, "venue", cli_text(cli, "venue"));
    json_out_str(&body.out, "kind", cli_text(cli, "kind"));
    json_out_str(&body.out, "name", cli_text(cli, "name"));
    ask.body = client_body_end(&body);
    return enrol_with(cli, &ask);
}

static enum cli_exit renew(struct cli *cli)
{
    struct ask ask = { .method = "POST", .body = S("{}") };
    enum cli_exit end =
        client_path(cli, &ask.path, "/v1/terminals/%s/activations", cli_arg(cli, 0));

    return end == CLI_OK ? enrol_with(cli, &ask) : end;
}

static enum cli_exit list(struct cli *cli)
{
    struct str path = S("/v1/terminals"), venue = cli_text(cli, "venue"), checked = { 0 };
    enum cli_exit end = venue.n > 0 ? client_path(cli, &checked, "?venue=%s", venue) : CLI_OK;

    if (end != CLI_OK) return end;
    path = arena_format(cli_arena(cli), "/v1/terminals%.*s", (int)checked.n,
                        checked.p ? checked.p : "");
    if (cli_has(cli, "state"))
        path = arena_format(cli_arena(cli), "%.*s%cstate=%s", (int)path.n, path.p,
                            checked.n > 0 ? '&' : '?', STATES[cli_int(cli, "state")]);
    return client_list(cli, path, NULL);
}

static enum cli_exit show(struct cli *cli)
{
    struct ask ask = { .method = "GET" };
    enum cli_exit end = client_path(cli, &ask.path, "/v1/terminals/%s", cli_arg(cli, 0));

    return end == CLI_OK ? client_show(cli, &ask) : end;
}

static enum cli_exit revoke_terminal(struct cli *cli)
{
    struct ask ask = { .method = "POST", .body = S("{}") };
    struct str id = cli_arg(cli, 0);
    enum cli_exit end = client_confirm(cli, "该终端的密钥和令牌立即失效",
                                       "the terminal's key and tokens end at once");

    if (end == CLI_OK) end = client_path(cli, &ask.path, "/v1/terminals/%s/revocations", id);
    if (end == CLI_OK) end = client_call(cli, &ask, NULL);
    if (end == CLI_OK)
        cli_say(cli, "%.*s 已吊销。下一步：ykt terminal enroll 登记新的",
                "%.*s is revoked; next: ykt terminal enroll a new one", (int)id.n, id.p);
    return end;
}

/* clang-format off */
#define TERMINAL_ARG { .name = "terminal", .zh = "终端编号", .en = "the terminal's id" }
#define TERMINAL_TABLE .columns = TERMINAL_COLUMNS, .columns_n = LEN(TERMINAL_COLUMNS)
#define VENUE_FLAG(needed) { .name = "venue", .type = CLI_TEXT, .value = "VENUE", .required = needed, .zh = "场所", .en = "the venue" }
#define KEY_FLAGS { .name = "key", .type = CLI_TEXT, .value = "FILE", .zh = "当场生成密钥，写入此文件（0600）", \
                    .en = "make its key here, too, and write it to this file, mode 0600" }, \
                  { .name = "suite", .type = CLI_ENUM, .choices = SUITES, .preset = "sm2", .zh = "密钥套件", .en = "suite of the key" }

static const struct cli_verb VERBS[] = {
    { .name = "enroll", .zh = "登记一台终端；给出激活号，或当场生成密钥", .en = "set a terminal up: an activation number, or its key at once",
      .run = enroll, .columns = ENROLLED_COLUMNS, .columns_n = LEN(ENROLLED_COLUMNS),
      .flags = { VENUE_FLAG(true),
                 { .name = "kind", .type = CLI_ENUM, .choices = KINDS, .preset = "gate", .zh = "种类", .en = "kind" },
                 { .name = "name", .type = CLI_TEXT, .value = "TEXT", .required = true, .zh = "名称", .en = "its name" },
                 KEY_FLAGS, CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt terminal enroll --venue ven_71xk2m9q0g4zr --name G1", "激活号输入终端", "a number to type into the gate" },
                    { "ykt terminal enroll --venue ven_71xk2m9q0g4zr --name G1 --key gate.json", "密钥写入文件", "the key in a file" } } },
    { .name = "renew", .zh = "换一个激活号，旧密钥失效", .en = "a new activation number; the old key ends",
      .run = renew, .args = { TERMINAL_ARG }, .columns = ENROLLED_COLUMNS, .columns_n = LEN(ENROLLED_COLUMNS),
      .flags = { KEY_FLAGS, CLIENT_FLAGS },
      .examples = { { "ykt terminal renew trm_71xk2m9q0g4zr", "换号", "a new number" } } },
    { .name = "list", .zh = "列出终端", .en = "list terminals", .run = list, TERMINAL_TABLE,
      .flags = { VENUE_FLAG(false), { .name = "state", .type = CLI_ENUM, .choices = STATES, .zh = "状态", .en = "state" }, LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt terminal list --state active", "在用的", "those that work" } } },
    { .name = "show", .zh = "一台终端：执行到哪份名单、时钟、待传", .en = "a terminal: which list it obeys, its clock and queue",
      .run = show, .args = { TERMINAL_ARG }, TERMINAL_TABLE, .flags = { CLIENT_FLAGS },
      .examples = { { "ykt terminal show trm_71xk2m9q0g4zr", "查看", "look" } } },
    { .name = "revoke", .zh = "吊销一台终端", .en = "revoke a terminal", .run = revoke_terminal, .args = { TERMINAL_ARG },
      .flags = { YES_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt terminal revoke trm_71xk2m9q0g4zr --yes", "被偷了", "it was stolen" } } },
};
/* clang-format on */
const struct cli_noun TERMINAL_NOUN = { "terminal", "终端", "gates and terminals", VERBS,
                                        LEN(VERBS) };
