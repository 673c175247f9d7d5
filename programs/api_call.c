/* programs/api_call.c - `ykt api …`: any call of the API, for what has no verb of its own. */
#include <stdlib.h>
#include <unistd.h>

#include "programs/client.h"
#include "programs/nouns.h"

enum { BODY_MAX = 1 << 20 };
static const char *const METHODS[] = { "GET", "POST", "PATCH", "DELETE", NULL };

static enum cli_exit body_read(struct cli *cli, struct str *out)
{
    uint8_t *room;
    ssize_t got = 1;
    size_t n = 0;

    room = malloc(BODY_MAX + 1);
    if (!room) return cli_end(cli, fault(FAULT_MEMORY, "a body"));
    while (n <= BODY_MAX && (got = read(STDIN_FILENO, room + n, BODY_MAX + 1 - n)) > 0)
        n += (size_t)got;
    *out = (struct str){ (const char *)room, n };
    if (n <= BODY_MAX && got == 0) return CLI_OK;
    free(room);
    return cli_fail(cli, CLI_USAGE, "body", "标准输入读不到，或大于 1 MiB",
                    "standard input can't be read, or is larger than 1 MiB");
}

static enum cli_exit print(struct cli *cli, const struct ask *ask)
{
    struct client *client;
    struct str text;
    enum cli_exit end = client_open(cli, &client);

    if (end != CLI_OK) return end;
    end = client_ask_text(client, ask, &text);
    if (end == CLI_OK) {
        fwrite(text.p, 1, text.n, cli_out(cli));
        if (text.n > 0 && text.p[text.n - 1] == '}') fputc('\n', cli_out(cli));
    }
    client_close(client);
    return end;
}

static enum cli_exit call(struct cli *cli)
{
    struct ask ask = { .path = cli_arg(cli, 1),
                       .purpose = cli_has(cli, "purpose")
                                      ? arena_c(cli_arena(cli), cli_text(cli, "purpose"))
                                      : NULL };
    enum cli_exit end = CLI_OK;

    for (size_t i = 0; METHODS[i]; i++) {
        if (str_eq(cli_arg(cli, 0), str_of(METHODS[i]))) ask.method = METHODS[i];
    }
    if (!ask.method || !str_starts(ask.path, S("/")))
        return cli_fail(cli, CLI_USAGE, "usage", "应为 GET|POST|PATCH|DELETE 和 /路径",
                        "GET, POST, PATCH or DELETE, and a path that begins with /");
    ask.once = strcmp(ask.method, "POST") == 0;
    if (ask.once || strcmp(ask.method, "PATCH") == 0) end = body_read(cli, &ask.body);
    if (end != CLI_OK) return end;
    end = print(cli, &ask);
    free((void *)(uintptr_t)ask.body.p);
    return end;
}

static enum cli_exit spec(struct cli *cli)
{
    return print(cli, &(struct ask){ .method = "GET", .path = S("/v1/openapi.json") });
}

/* clang-format off */
static const struct cli_verb VERBS[] = {
    { .name = "call", .zh = "调用一个接口；POST 的正文由标准输入读入，答复原样输出",
      .en = "call the API: a POST's body comes from standard input, the answer goes out as it came",
      .run = call,
      .args = { { .name = "method", .zh = "方法", .en = "the method" }, { .name = "path", .zh = "路径", .en = "the path" } },
      .flags = { { .name = "purpose", .type = CLI_ENUM, .choices = PURPOSES, .zh = "X-Purpose：查看个人数据的目的", .en = "X-Purpose: why personal data is looked at" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt api call GET /v1/version", "版本", "the version" },
                    { "ykt api call POST /v1/cards/crd_71xk2m9q0g4zr/locks < body.json", "锁卡", "lock a card" } } },
    { .name = "spec", .zh = "接口描述（OpenAPI 3.1）", .en = "the description of the API, OpenAPI 3.1",
      .run = spec, .flags = { CLIENT_FLAGS },
      .examples = { { "ykt api spec > openapi.json", "存下来", "keep it" } } },
};
/* clang-format on */
const struct cli_noun API_NOUN = { "api", "接口", "the API", VERBS, LEN(VERBS) };
