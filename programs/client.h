/* programs/client.h - verbs that are clients of a running server: `/v1` over its UNIX socket or its
 * address, with a token from a file or the environment, never from the command line.
 *
 *     struct client *client;
 *     enum cli_exit end = client_open(cli, &client);
 *     if (end == CLI_OK) end = client_ask(client, &(struct ask){ ... }, &answer);
 *     ...
 *     client_close(client);
 *
 * A request that was given an Idempotency-Key (`once`), and one that only reads, is sent again when
 * the connection is lost, under the same key; what stays unknown after that is said with the key,
 * for --idempotency-key. */
#pragma once
#include <jansson.h>

#include "base/base.h"
#include "base/cli.h"
#include "http/json.h"

/* The flags of every such verb. */
#define CLIENT_FLAGS                                                                                   \
    { .name = "server",                                                                                \
      .type = CLI_TEXT,                                                                                \
      .value = "URL",                                                                                  \
      .zh = "服务器：unix:路径、http://本机 或 https://…；默认取 YKT_SERVER，再则 " \
            "unix:/run/ykt/http.sock",                                                                 \
      .en = "the server: unix:PATH, http:// on this machine, or https://...; by default "              \
            "YKT_SERVER, then unix:/run/ykt/http.sock" },                                              \
    {                                                                                                  \
        .name = "token-file", .type = CLI_TEXT, .value = "FILE",                                       \
        .zh = "令牌文件；默认取 YKT_TOKEN_FILE，再则 YKT_TOKEN",                                       \
        .en = "file with the token; by default YKT_TOKEN_FILE, then YKT_TOKEN"                         \
    }
/* Of a verb that makes or changes something. */
#define ONCE_FLAG                                                                                  \
    {                                                                                              \
        .name = "idempotency-key", .type = CLI_TEXT, .value = "KEY",                               \
        .zh = "重发时用上次的键，同一键只做一次",                                                  \
        .en = "the key of a try whose end is unknown: one key does a thing once"                   \
    }
/* Of a verb that returns data of a person. */
extern const char *const PURPOSES[];
#define PURPOSE_FLAG                                                                               \
    {                                                                                              \
        .name = "purpose", .type = CLI_ENUM, .choices = PURPOSES, .preset = "counter_service",     \
        .zh = "查看个人数据的目的，记入查看记录",                                                  \
        .en = "why personal data is looked at: journalled"                                         \
    }
/* Of an act that can't be undone. */
#define YES_FLAG                                                                                   \
    {                                                                                              \
        .name = "yes", .type = CLI_SWITCH, .zh = "确认", .en = "go on"                             \
    }

struct client;
/* Address and token of the flags or the environment. CLI_USAGE when an address can't be one of
 * ours, CLI_NOT_ALLOWED when a token file can't be read. */
enum cli_exit client_open(struct cli *cli, struct client **out);
/* The same for signing in: an old token is not read. */
enum cli_exit client_open_without_token(struct cli *cli, struct client **out);
/* A listener of ours named by a setting ("127.0.0.1:8081", "unix:PATH"): no token goes there. */
enum cli_exit client_open_at(struct cli *cli, struct str address, struct client **out);
void client_close(struct client *client); /* NULL is fine */

struct ask {
    const char *method;
    struct str path;     /* with its query */
    struct str body;     /* JSON; empty: none */
    bool once;           /* with an Idempotency-Key: --idempotency-key or a new one */
    bool own_key;        /* a new one always: a secret is told once, so a later repeat is no use */
    const char *purpose; /* X-Purpose; NULL: none */
};
/* Ask, and tell what was not done. On CLI_OK *answer (may be NULL) is the JSON answer, NULL when
 * there is none, for json_decref. */
enum cli_exit client_ask(struct client *client, const struct ask *ask, json_t **answer);
/* The same for an answer that is printed as it came; *text lives until the next call. */
enum cli_exit client_ask_text(struct client *client, const struct ask *ask, struct str *text);
/* Ask once and tell nothing: the HTTP status, 0 when nobody answers; *answer as of client_ask. */
long client_probe(struct client *client, const struct ask *ask, json_t **answer);
/* open, ask and close in one. */
enum cli_exit client_call(struct cli *cli, const struct ask *ask, json_t **answer);

/* A path of pieces, each argument of ours checked to be an id, so that no word of the command line
 * becomes another path: client_path(cli, &path, "/v1/cards/%s/locks", cli_arg(cli, 0)). */
enum cli_exit client_path(struct cli *cli, struct str *out, const char *format, struct str id);
/* A body begun over the command's arena: members with json_out_*, then client_body_end. */
struct client_body {
    struct writer w;
    struct json_out out;
};
void client_body(struct cli *cli, struct client_body *body);
struct str client_body_end(struct client_body *body);

/* Rows of answers: the verb's columns are members of the object by name; what is missing stays
 * empty, a list of words is joined. */
void client_row(struct cli *cli, const json_t *object);
/* The rows of an answer that has no further pages; gives the answer back. */
void client_table(struct cli *cli, json_t *answer);
/* Every row of a list, page by page until --limit rows are there or none is left: prints a table,
 * and says when there is more. `path` is without limit and cursor. The member that holds the rows
 * is `data`. */
enum cli_exit client_list(struct cli *cli, struct str path, const char *purpose);
/* The same, each object made ready for its row by `shape` first. */
typedef void client_shape(json_t *object);
enum cli_exit client_list_with(struct cli *cli, struct str path, const char *purpose,
                               client_shape *shape);
#define LIMIT_FLAG                                                                                 \
    {                                                                                              \
        .name = "limit", .type = CLI_INT, .preset = "200", .min = 1, .max = 100000,                \
        .zh = "至多多少行", .en = "at most so many rows"                                           \
    }
/* Ask, and print the one object of the answer as a record. */
enum cli_exit client_show(struct cli *cli, const struct ask *ask);

/* A line that must not stand in the command line (a number, a name, a password): from --FLAG FILE,
 * "-" being standard input, where a terminal is asked for it, without echo when it is a secret.
 * Trimmed, in the command's arena. CLI_USAGE when it is empty. */
enum cli_exit client_line(struct cli *cli, struct str file, bool secret, const char *zh,
                          const char *en, struct str *out);
/* CLI_NOT_ALLOWED with the reason when --yes was not given. */
enum cli_exit client_confirm(struct cli *cli, const char *zh, const char *en);
/* A member that is text; "" when it is not there. */
const char *member(const json_t *object, const char *name);
