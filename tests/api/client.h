/* tests/api/client.h - a client that keeps every answer, and at the end holds all of them against
 * the API's description (tests/api/openapi_check.py). */
#pragma once
#include <jansson.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "api/api.h"
#include "api/openapi.h"
#include "tests/http/raw.h"

struct client {
    int port;
    FILE *answers; /* NULL: not kept */
    char openapi_path[400], answers_path[400];
    struct raw_answer a;
};

static inline void client_open(struct client *client, int port)
{
    FILE *file;

    client->port = port;
    snprintf(client->openapi_path, sizeof client->openapi_path, "%s/openapi.json", test_folder());
    snprintf(client->answers_path, sizeof client->answers_path, "%s/answers.jsonl", test_folder());
    file = fopen(client->openapi_path, "wb");
    CHECK("the description is written out",
          file && fwrite(OPENAPI, 1, OPENAPI_N, file) == OPENAPI_N && fclose(file) == 0);
    client->answers = fopen(client->answers_path, "wb");
}

static inline void client_keep(struct client *client, struct str method, struct str path)
{
    struct str got = { client->a.bytes, client->a.n }, body = raw_body(&client->a), rest,
               kind = { 0 };
    const char *type = raw_find(got, "Content-Type: ");
    json_t *kept;

    if (type) kind = str_cut(str_part(got, (size_t)(type + 14 - got.p), 100), '\r', &rest);
    if (str_eq(kind, S("application/octet-stream"))) body.n = 0; /* bytes, described by no schema */
    kept = json_pack("{s:s%,s:s%,s:i,s:s%,s:s%}", "method", method.p, method.n, "path", path.p,
                     path.n, "status", raw_status(&client->a), "type", kind.n ? kind.p : "", kind.n,
                     "body", body.n ? body.p : "", body.n);
    CHECK("the answer is text", kept != NULL);
    if (kept) json_dumpf(kept, client->answers, JSON_COMPACT);
    fputc('\n', client->answers);
    json_decref(kept);
}

/* One request: "GET /v1/version", more headers ("A: b\r\n" each), a JSON body or "". The status. */
static inline int client_ask(struct client *client, const char *line, const char *headers,
                             const char *body)
{
    char text[1 << 14];
    struct writer w = writer_over(text, sizeof text);
    struct str path, method = str_cut(str_of(line), ' ', &path);

    put_format(&w, "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s", line, headers);
    if (body[0]) {
        if (!raw_find(str_of(headers), "Content-Type")) {
            put_str(&w, S("Content-Type: application/json\r\n"));
        }
        put_format(&w, "Content-Length: %zu\r\n", strlen(body));
    }
    put_format(&w, "\r\n%s", body);
    raw_ask(client->port, writer_str(&w), &client->a);
    if (client->answers) client_keep(client, method, path);
    return raw_status(&client->a);
}

static inline bool client_has(const struct client *client, const char *text)
{
    return raw_has(&client->a, text);
}

/* What stands between `before` and the next `end`; empty when it is not there. */
static inline struct str client_between(const struct client *client, const char *before, char end)
{
    struct str got = { client->a.bytes, client->a.n }, rest;
    const char *at = raw_find(got, before);

    if (!at) return (struct str){ 0 };
    return str_cut(str_part(got, (size_t)(at - got.p) + strlen(before), got.n), end, &rest);
}

static inline struct str client_code(const struct client *client) /* of the problem told */
{
    return client_between(client, "\"code\":\"", '"');
}

static inline void client_close(struct client *client)
{
    char command[1000];
    int status;

    if (client->answers) fclose(client->answers);
    snprintf(command, sizeof command, "python3 tests/api/openapi_check.py %s %s >&2",
             client->openapi_path, client->answers_path);
    status = system(command);
    CHECK("every answer agrees with the description",
          WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
