/* programs/user.c - `ykt user …`: accounts of staff. The first one is made on the store itself
 * (--config, programs/user_first.c); all others by an administrator through the running server. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/client.h"
#include "programs/nouns.h"
#include "programs/user_first.h"

/* clang-format off */
static const char *const ROLE_NAMES[] = { "admin", "operator", "auditor", "clerk", "supervisor", "agent", "officer",
    "finance", "clearing", "venue", "library", "hospital", "pharmacy", "union", "developer", NULL };
/* clang-format on */

/* ---- who is meant: an id, or a user name, looked for in the list ---- */

static enum cli_exit named(struct client *client, struct cli *cli, struct str user, struct str *id)
{
    char cursor[400] = "";
    bool more = true;

    while (more) {
        struct ask ask = { .method = "GET",
                           .path = arena_format(cli_arena(cli), "/v1/staff?limit=200%s%s",
                                                cursor[0] ? "&cursor=" : "", cursor) };
        json_t *answer, *row;
        size_t i;
        enum cli_exit end = client_ask(client, &ask, &answer);
        if (end != CLI_OK) return end;
        json_array_foreach(json_object_get(answer, "data"), i, row)
        {
            if (!str_eq(user, str_of(member(row, "user")))) continue;
            *id = arena_str(cli_arena(cli), str_of(member(row, "id")));
        }
        more = id->n == 0 && json_is_true(json_object_get(answer, "has_more")) &&
               str_c(str_of(member(answer, "next_cursor")), cursor, sizeof cursor);
        json_decref(answer);
    }
    if (id->n > 0) return CLI_OK;
    return cli_fail(cli, CLI_NOT_FOUND, "staff_unknown", "没有用户 \"%.*s\"", "no user \"%.*s\"",
                    (int)user.n, user.p);
}

/* A path with the id of the account that the first argument names. */
static enum cli_exit path_of(struct client *client, struct cli *cli, const char *format,
                             struct str *path)
{
    struct str user = cli_arg(cli, 0), id = user;
    enum cli_exit end = CLI_OK;

    if (!str_starts(user, S("stf_")) && !str_eq(user, S("me"))) {
        id = (struct str){ 0 };
        end = named(client, cli, user, &id);
    }
    return end == CLI_OK ? client_path(cli, path, format, id) : end;
}

/* Do one thing to that account. */
static enum cli_exit act_on(struct cli *cli, const char *method, const char *format,
                            struct str body, json_t **answer)
{
    bool secret = strcmp(method, "POST") == 0 && strstr(format, "/tokens");
    struct ask ask = { .method = method, .body = body, .once = secret, .own_key = secret };
    struct client *client;
    enum cli_exit end = client_open(cli, &client);

    if (end != CLI_OK) return end;
    end = path_of(client, cli, format, &ask.path);
    if (end == CLI_OK) end = client_ask(client, &ask, answer);
    client_close(client);
    return end;
}

static enum cli_exit act_and_show(struct cli *cli, const char *method, const char *format,
                                  struct str body)
{
    json_t *answer;
    enum cli_exit end = act_on(cli, method, format, body, &answer);

    if (end != CLI_OK) return end;
    cli_record(cli);
    client_row(cli, answer);
    cli_table_end(cli);
    json_decref(answer);
    return CLI_OK;
}

/* ---- add, and new secrets ---- */

static const struct cli_column SECRET_COLUMNS[] = {
    { .name = "id", .zh = "编号", .en = "id" },
    { .name = "user", .zh = "用户名", .en = "user" },
    { .name = "password", .zh = "密码", .en = "password" },
    { .name = "totp_secret", .zh = "动态口令密钥", .en = "TOTP secret" },
    { .name = "otpauth_uri", .zh = "动态口令应用导入", .en = "for the app" },
};

static void secrets_tell(struct cli *cli, struct str id, struct str user, struct str password,
                         struct str totp)
{
    struct str uri = arena_format(cli_arena(cli),
                                  "otpauth://totp/yikatong:%.*s?secret=%.*s&issuer=yikatong"
                                  "&algorithm=SHA1&digits=6&period=30",
                                  (int)user.n, user.p, (int)totp.n, totp.p);

    cli_record(cli);
    cli_row(cli, CELLS(cell_text(id), cell_text(user), cell_text(password), cell_text(totp),
                       cell_text(uri)));
    cli_table_end(cli);
    cli_say(cli,
            "密码和动态口令密钥只显示这一次，请当面交给本人\n"
            "下一步：ykt user sign-in %.*s --save FILE",
            "password and TOTP secret are shown this once: hand them over in person\n"
            "next: ykt user sign-in %.*s --save FILE",
            (int)user.n, user.p);
}

static struct str kept(struct cli *cli, const json_t *object, const char *name)
{
    return arena_str(cli_arena(cli), str_of(member(object, name)));
}

static enum cli_exit credentials_take(struct cli *cli, struct client *client, struct str id)
{
    struct ask ask = { .method = "POST", .body = S("{}"), .once = true, .own_key = true };
    json_t *answer;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/staff/%s/credentials", id);

    if (end == CLI_OK) end = client_ask(client, &ask, &answer);
    if (end != CLI_OK) return end;
    secrets_tell(cli, id, kept(cli, answer, "user"), kept(cli, answer, "password"),
                 kept(cli, answer, "totp_secret"));
    json_decref(answer);
    return CLI_OK;
}

static void role_put(struct cli *cli, struct json_out *out)
{
    struct str org = cli_text(cli, "org");

    json_out_str(out, "role", cli_text(cli, "role"));
    json_out_int(out, "region_code", cli_int(cli, "region"));
    if (org.n > 0) json_out_str(out, "organisation", org);
}

static enum cli_exit add_through(struct cli *cli, struct client *client, struct str name)
{
    struct client_body body;
    struct ask ask = { .method = "POST", .path = S("/v1/staff"), .once = true };
    struct str org = cli_text(cli, "org"), id;
    json_t *answer;
    enum cli_exit end;

    client_body(cli, &body);
    json_out_str(&body.out, "user", cli_arg(cli, 0));
    json_out_str(&body.out, "name", name);
    if (org.n > 0) json_out_str(&body.out, "organisation", org);
    json_out_array(&body.out, "roles");
    json_out_object(&body.out, NULL);
    json_out_str(&body.out, "role", cli_text(cli, "role"));
    json_out_int(&body.out, "region_code", cli_int(cli, "region"));
    if (cli_has(cli, "limited")) json_out_str(&body.out, "organisation", org);
    json_out_end(&body.out);
    ask.body = client_body_end(&body);
    end = client_ask(client, &ask, &answer);
    if (end != CLI_OK) return end;
    id = kept(cli, answer, "id");
    json_decref(answer);
    return credentials_take(cli, client, id);
}

static enum cli_exit first(struct cli *cli, const struct user_first_ask *ask)
{
    struct user_first_made made;
    enum cli_exit end = user_first(cli, ask, &made);

    if (end == CLI_OK) secrets_tell(cli, made.id, ask->user, made.password, made.totp_secret);
    return end;
}

static enum cli_exit add(struct cli *cli)
{
    struct user_first_ask ask = { .user = cli_arg(cli, 0),
                                  .org = cli_text(cli, "org"),
                                  .region_code = (int32_t)cli_int(cli, "region") };
    struct client *client;
    enum cli_exit end;

    if (cli_has(cli, "limited") && (ask.org.n == 0 || cli_has(cli, "config")))
        return cli_fail(cli, CLI_USAGE, "usage", "--limited 须同时给 --org，且不用于第一个账号",
                        "--limited needs --org, and is not for the first account");
    end = client_line(cli, cli_text(cli, "name-from"), false, "姓名", "name of the person",
                      &ask.name);
    if (end != CLI_OK) return end;
    if (cli_has(cli, "config")) {
        if (!role_parse(cli_text(cli, "role"), &ask.role))
            return cli_end(cli, (struct err){ .code = STAFF_ROLE });
        return first(cli, &ask);
    }
    end = client_open(cli, &client);
    if (end != CLI_OK) return end;
    end = add_through(cli, client, ask.name);
    client_close(client);
    return end;
}

static enum cli_exit credentials(struct cli *cli)
{
    struct str path, id;
    struct client *client;
    enum cli_exit end = client_confirm(cli, "原密码、动态口令和登录全部失效",
                                       "the old password, TOTP secret and sessions end");

    if (end != CLI_OK) return end;
    if (cli_has(cli, "config"))
        return first(cli, &(struct user_first_ask){ .user = cli_arg(cli, 0), .there = true });
    end = client_open(cli, &client);
    if (end != CLI_OK) return end;
    end = path_of(client, cli, "%s", &path);
    id = path;
    if (end == CLI_OK) end = credentials_take(cli, client, id);
    client_close(client);
    return end;
}

/* ---- the list, roles, on and off ---- */

static const struct cli_column STAFF_COLUMNS[] = {
    { .name = "id", .zh = "编号", .en = "id" },
    { .name = "user", .zh = "用户名", .en = "user" },
    { .name = "organisation", .zh = "机构", .en = "organisation" },
    { .name = "disabled", .zh = "停用", .en = "disabled" },
    { .name = "roles", .zh = "角色", .en = "roles" },
};

static enum cli_exit list(struct cli *cli)
{
    struct str path = S("/v1/staff");

    if (cli_has(cli, "role"))
        path = arena_format(cli_arena(cli), "/v1/staff?role=%s",
                            arena_c(cli_arena(cli), cli_text(cli, "role")));
    if (cli_has(cli, "region"))
        path = arena_format(cli_arena(cli), "%.*s%cregion_code=%" PRId64, (int)path.n, path.p,
                            cli_has(cli, "role") ? '&' : '?', cli_int(cli, "region"));
    return client_list(cli, path, NULL);
}

static enum cli_exit role(struct cli *cli)
{
    struct client_body body;

    client_body(cli, &body);
    role_put(cli, &body.out);
    return act_and_show(cli, "POST",
                        cli_has(cli, "take-back") ? "/v1/staff/%s/role-withdrawals"
                                                  : "/v1/staff/%s/roles",
                        client_body_end(&body));
}

static enum cli_exit disable(struct cli *cli)
{
    enum cli_exit end = client_confirm(cli, "该用户的登录和令牌全部失效",
                                       "every session and token of the user ends");

    return end == CLI_OK ? act_and_show(cli, "POST", "/v1/staff/%s/disablements", S("{}")) : end;
}

static enum cli_exit enable(struct cli *cli)
{
    return act_and_show(cli, "POST", "/v1/staff/%s/enablements", S("{}"));
}

/* ---- tokens ---- */

static enum cli_exit token_save(struct cli *cli, struct str file, struct str token)
{
    const char *path = arena_c(cli_arena(cli), file);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, token.p, token.n) == (ssize_t)token.n &&
              write(fd, "\n", 1) == 1;

    if (fd >= 0 && close(fd) != 0) ok = false;
    return ok ? CLI_OK : cli_end(cli, fault(FAULT_IO, "%s: errno %d", path, errno));
}

static const struct cli_column TOKEN_COLUMNS[] = {
    { .name = "id", .zh = "编号", .en = "id" },
    { .name = "scopes", .zh = "范围", .en = "scopes" },
    { .name = "created_at", .zh = "签发", .en = "made" },
    { .name = "expires_at", .zh = "到期", .en = "ends" },
};

static enum cli_exit token(struct cli *cli)
{
    struct client_body body;
    const struct str *scopes;
    size_t n;
    json_t *answer;
    enum cli_exit end;

    scopes = cli_texts(cli, "scope", &n);
    client_body(cli, &body);
    json_out_array(&body.out, "scopes");
    for (size_t i = 0; i < n; i++)
        json_out_str(&body.out, NULL, scopes[i]);
    json_out_end(&body.out);
    json_out_int(&body.out, "days", cli_int(cli, "days"));
    end = act_on(cli, "POST", "/v1/staff/%s/tokens", client_body_end(&body), &answer);
    if (end != CLI_OK) return end;
    end = token_save(cli, cli_text(cli, "save"), str_of(member(answer, "token")));
    if (end == CLI_OK) {
        cli_record(cli);
        client_row(cli, answer);
        cli_table_end(cli);
        cli_say(cli, "令牌已写入文件，服务器不再保留；用法：YKT_TOKEN_FILE=文件",
                "the token is in the file and nowhere else; use it by YKT_TOKEN_FILE=FILE");
    }
    json_decref(answer);
    return end;
}

static enum cli_exit sessions_end(struct cli *cli)
{
    struct str token_id = cli_text(cli, "end"), checked;
    enum cli_exit end = client_path(cli, &checked, "%s", token_id);

    if (end != CLI_OK) return end;
    end = act_on(cli, "DELETE",
                 arena_c(cli_arena(cli), arena_format(cli_arena(cli), "/v1/staff/%%s/tokens/%.*s",
                                                      (int)checked.n, checked.p)),
                 (struct str){ 0 }, NULL);
    if (end == CLI_OK) cli_say(cli, "已收回 %.*s", "%.*s is ended", (int)checked.n, checked.p);
    return end;
}

static enum cli_exit sessions(struct cli *cli)
{
    struct client *client;
    struct str path;
    enum cli_exit end;

    if (cli_has(cli, "end")) return sessions_end(cli);
    end = client_open(cli, &client);
    if (end != CLI_OK) return end;
    end = path_of(client, cli, "/v1/staff/%s/tokens", &path);
    client_close(client);
    return end == CLI_OK ? client_list(cli, path, NULL) : end;
}

/* ---- one's own sign-in ---- */

static const struct cli_column SESSION_COLUMNS[] = {
    { .name = "kind", .zh = "类别", .en = "kind" },
    { .name = "id", .zh = "编号", .en = "id" },
    { .name = "grants", .zh = "角色", .en = "roles" },
    { .name = "expires_at", .zh = "到期", .en = "ends" },
};

static void session_row(struct cli *cli, json_t *answer)
{
    json_t *subject = json_object_get(answer, "subject"), *flat = json_object();

    if (!flat || json_object_update(flat, answer) || json_object_update(flat, subject)) abort();
    cli_record(cli);
    client_row(cli, flat);
    cli_table_end(cli);
    json_decref(flat);
}

static enum cli_exit staff_body(struct cli *cli, struct client_body *body)
{
    struct str password, totp;
    enum cli_exit end = CLI_OK;

    if (cli_args(cli) == 0) end = cli_fail(cli, CLI_USAGE, "usage", "缺少用户名", "name the user");
    if (end == CLI_OK) end = client_line(cli, S("-"), true, "密码", "password", &password);
    if (end == CLI_OK) end = client_line(cli, S("-"), true, "动态口令", "one-time code", &totp);
    if (end != CLI_OK) return end;
    json_out_str(&body->out, "way", S("staff"));
    json_out_str(&body->out, "user", cli_arg(cli, 0));
    json_out_str(&body->out, "password", password);
    json_out_str(&body->out, "totp", totp);
    return CLI_OK;
}

/* A resident: by password, or by a code that is sent to the phone on record. */
static enum cli_exit resident_body(struct cli *cli, struct client *client, struct client_body *body)
{
    bool sent = cli_has(cli, "send-code");
    struct client_body number_body;
    struct ask ask = { .method = "POST", .path = S("/v1/sign-in-codes") };
    struct str number, secret;
    enum cli_exit end = client_line(cli, S("-"), true, "证件号码", "document number", &number);

    if (end == CLI_OK && sent) {
        client_body(cli, &number_body);
        json_out_str(&number_body.out, "number", number);
        ask.body = client_body_end(&number_body);
        end = client_ask(client, &ask, NULL);
    }
    if (end == CLI_OK)
        end = client_line(cli, S("-"), true, sent ? "短信验证码" : "密码",
                          sent ? "code from the message" : "password", &secret);
    if (end != CLI_OK) return end;
    json_out_str(&body->out, "way", S("resident"));
    json_out_str(&body->out, "number", number);
    json_out_str(&body->out, sent ? "code" : "password", secret);
    return CLI_OK;
}

static enum cli_exit sign_in_with(struct cli *cli, struct client *client)
{
    struct ask ask = { .method = "POST", .path = S("/v1/sessions") };
    struct client_body body;
    json_t *answer;
    enum cli_exit end;

    client_body(cli, &body);
    end = cli_has(cli, "resident") ? resident_body(cli, client, &body) : staff_body(cli, &body);
    ask.body = client_body_end(&body);
    if (end == CLI_OK) end = client_ask(client, &ask, &answer);
    if (end != CLI_OK) return end;
    end = token_save(cli, cli_text(cli, "save"), str_of(member(answer, "token")));
    if (end == CLI_OK) session_row(cli, answer);
    json_decref(answer);
    return end;
}

static enum cli_exit sign_in(struct cli *cli)
{
    struct client *client;
    enum cli_exit end = client_open_without_token(cli, &client);

    if (end != CLI_OK) return end;
    end = sign_in_with(cli, client);
    client_close(client);
    return end;
}

static enum cli_exit whoami(struct cli *cli)
{
    json_t *answer;
    enum cli_exit end = client_call(
        cli, &(struct ask){ .method = "GET", .path = S("/v1/sessions/current") }, &answer);

    if (end != CLI_OK) return end;
    session_row(cli, answer);
    json_decref(answer);
    return CLI_OK;
}

static enum cli_exit sign_out(struct cli *cli)
{
    enum cli_exit end = client_call(
        cli, &(struct ask){ .method = "DELETE", .path = S("/v1/sessions/current") }, NULL);

    if (end == CLI_OK) cli_say(cli, "已退出", "signed out");
    return end;
}

/* clang-format off */
#define USER_ARG { .name = "user", .zh = "用户名或编号", .en = "user name or id" }
#define ROLE_FLAG(needed) { .name = "role", .type = CLI_ENUM, .choices = ROLE_NAMES, .required = needed, .zh = "角色", .en = "the role" }
#define REGION_FLAG(needed) { .name = "region", .type = CLI_INT, .min = 100000, .max = 999999, .required = needed, \
                              .zh = "区划代码", .en = "GB/T 2260 code" }
#define ORG_FLAG { .name = "org", .type = CLI_TEXT, .value = "CODE", .zh = "机构代码（服务目录中的）", \
                   .en = "code of the organisation in the catalogue" }
#define SAVE_FLAG { .name = "save", .type = CLI_TEXT, .value = "FILE", .required = true, .zh = "令牌写入的文件（0600）", \
                    .en = "the file that the token goes to, mode 0600" }
#define FIRST_FLAGS { .name = "config", .type = CLI_TEXT, .value = "FILE", \
                      .zh = "设置文件：服务停止时直接写入数据库（第一个账号）", \
                      .en = "settings: work on the store itself, while no server runs (the first account)" }, \
                    { .name = "set", .type = CLI_TEXT, .value = "SECTION.KEY=VALUE", .repeats = true, \
                      .zh = "覆盖一项设置", .en = "override one setting" }

static const struct cli_verb VERBS[] = {
    { .name = "add", .zh = "新建账号，显示一次性的密码和动态口令密钥",
      .en = "make an account; shows its password and TOTP secret once",
      .run = add, .args = { { .name = "user", .zh = "用户名", .en = "user name" } },
      .columns = SECRET_COLUMNS, .columns_n = LEN(SECRET_COLUMNS),
      .flags = { ROLE_FLAG(true), REGION_FLAG(true), ORG_FLAG,
                 { .name = "limited", .type = CLI_SWITCH, .zh = "角色只及于该机构", .en = "the role reaches that organisation alone" },
                 { .name = "name-from", .type = CLI_TEXT, .value = "FILE", .preset = "-",
                   .zh = "姓名所在文件，- 为标准输入", .en = "file with the person's name; - is standard input" },
                 FIRST_FLAGS, CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt user add jiang.zhi --role admin --region 340000 --config ykt.conf",
                      "第一个管理员：服务尚未启动", "the first administrator, before the server runs" },
                    { "ykt user add wang.fang --role clerk --region 340104 --org HRSS-340104",
                      "由管理员新建经办员", "a clerk, by an administrator" },
                    { "ykt user add zheng.yu --role venue --region 341000 --org OPERATOR-SC0001 --limited",
                      "场馆人员，只管该场馆", "of one place, and of no other" } } },
    { .name = "list", .zh = "列出账号", .en = "list the accounts",
      .run = list, .columns = STAFF_COLUMNS, .columns_n = LEN(STAFF_COLUMNS),
      .flags = { ROLE_FLAG(false), REGION_FLAG(false), LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt user list --role clerk --region 340100", "合肥的经办员", "the clerks of Hefei" } } },
    { .name = "role", .zh = "授予或收回一个角色", .en = "grant a role, or take it back",
      .run = role, .args = { USER_ARG }, .columns = STAFF_COLUMNS, .columns_n = LEN(STAFF_COLUMNS),
      .flags = { ROLE_FLAG(true), REGION_FLAG(true), ORG_FLAG,
                 { .name = "take-back", .type = CLI_SWITCH, .zh = "收回", .en = "take it back" }, CLIENT_FLAGS },
      .examples = { { "ykt user role wang.fang --role supervisor --region 340104", "授予", "grant" },
                    { "ykt user role wang.fang --role clerk --region 340104 --take-back", "收回", "take back" } } },
    { .name = "disable", .zh = "停用账号，全部登录失效", .en = "switch an account off; its sessions end",
      .run = disable, .args = { USER_ARG }, .columns = STAFF_COLUMNS, .columns_n = LEN(STAFF_COLUMNS),
      .flags = { YES_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt user disable wang.fang --yes", "离岗", "she left" } } },
    { .name = "enable", .zh = "恢复账号", .en = "switch an account on again",
      .run = enable, .args = { USER_ARG }, .columns = STAFF_COLUMNS, .columns_n = LEN(STAFF_COLUMNS),
      .flags = { CLIENT_FLAGS },
      .examples = { { "ykt user enable wang.fang", "回岗", "she is back" } } },
    { .name = "credentials", .zh = "重置密码和动态口令密钥", .en = "a new password and TOTP secret",
      .run = credentials, .args = { USER_ARG }, .columns = SECRET_COLUMNS, .columns_n = LEN(SECRET_COLUMNS),
      .flags = { YES_FLAG, FIRST_FLAGS, CLIENT_FLAGS },
      .examples = { { "ykt user credentials wang.fang --yes", "忘了密码", "she forgot it" },
                    { "ykt user credentials jiang.zhi --yes --config ykt.conf", "唯一的管理员丢了手机：服务停止时",
                      "the only administrator lost the phone: while no server runs" } } },
    { .name = "token", .zh = "为程序签发令牌，写入文件", .en = "make a token for a program; it goes to a file",
      .run = token, .args = { USER_ARG }, .columns = TOKEN_COLUMNS, .columns_n = LEN(TOKEN_COLUMNS),
      .flags = { { .name = "scope", .type = CLI_TEXT, .value = "SCOPE", .repeats = true, .required = true,
                   .zh = "范围，如 card.view", .en = "what it may, card.view say" },
                 { .name = "days", .type = CLI_INT, .preset = "90", .min = 1, .max = 366, .zh = "有效天数", .en = "days it lives" },
                 SAVE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt user token me --scope card.view --scope person.find --days 30 --save desk.token",
                      "窗口程序用", "for the program of a window" } } },
    { .name = "sessions", .zh = "列出账号的令牌，或收回一个", .en = "list an account's tokens, or end one",
      .run = sessions, .args = { USER_ARG }, .columns = TOKEN_COLUMNS, .columns_n = LEN(TOKEN_COLUMNS),
      .flags = { { .name = "end", .type = CLI_TEXT, .value = "TOKEN", .zh = "收回这一个", .en = "end this one" }, LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt user sessions wang.fang", "列出", "list" },
                    { "ykt user sessions wang.fang --end tkn_71xk2m9q0g4zr", "收回", "end one" } } },
    { .name = "sign-in", .zh = "登录，令牌写入文件；密码和动态口令由标准输入读入，各一行",
      .en = "sign in; the token goes to a file. Password and one-time code are lines of standard input",
      .run = sign_in, .args = { { .name = "user", .zh = "用户名", .en = "user name", .optional = true } },
      .columns = SESSION_COLUMNS, .columns_n = LEN(SESSION_COLUMNS),
      .flags = { SAVE_FLAG,
                 { .name = "resident", .type = CLI_SWITCH, .zh = "居民登录：读入证件号码和密码", .en = "a resident: number and password are read" },
                 { .name = "send-code", .type = CLI_SWITCH, .zh = "居民：先发短信验证码，再读入", .en = "a resident: a code is sent to the phone, then read" },
                 CLIENT_FLAGS },
      .examples = { { "ykt user sign-in jiang.zhi --save ~/.ykt-token", "随后 export YKT_TOKEN_FILE=~/.ykt-token",
                      "then export YKT_TOKEN_FILE=~/.ykt-token" },
                    { "ykt user sign-in --resident --send-code --save me.token", "居民，例如为了 ykt booking", "a resident, for ykt booking say" } } },
    { .name = "whoami", .zh = "我是谁，能做什么", .en = "who am I, and what may I do",
      .run = whoami, .columns = SESSION_COLUMNS, .columns_n = LEN(SESSION_COLUMNS), .flags = { CLIENT_FLAGS },
      .examples = { { "ykt user whoami", "查看", "look" } } },
    { .name = "sign-out", .zh = "退出登录", .en = "sign out",
      .run = sign_out, .flags = { CLIENT_FLAGS },
      .examples = { { "ykt user sign-out", "退出", "end the session" } } },
};
/* clang-format on */
const struct cli_noun USER_NOUN = { "user", "工作人员账号", "accounts of staff", VERBS,
                                    LEN(VERBS) };
