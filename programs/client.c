/* programs/client.c - HTTP to the server by libcurl, answers read as a client must: unknown members
 * are passed over. */
#include "programs/client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "programs/nouns.h"

enum {
    ANSWER_MAX = 16 << 20,
    TOKEN_MAX = 200,
    TRIES = 4,
    TIMEOUT_MS = 70000, /* the server itself gives up after 60 s */
};
static const char *const SERVER_DEFAULT = "unix:/run/ykt/http.sock";
struct client {
    struct cli *cli;
    CURL *curl;
    char base[300], socket[200], token[TOKEN_MAX];
    struct entropy entropy;
    char *answer; /* of the last call */
    size_t answer_n;
    long status;
};

/* ---- where and who ---- */

static struct str variable(struct cli *cli, const char *name)
{
    const char *const *env = cli_env(cli);

    for (; env && *env; env++) {
        struct str value, found = str_cut(str_of(*env), '=', &value);
        if (str_eq(found, str_of(name))) return value;
    }
    return (struct str){ 0 };
}

/* A token in clear text goes to this machine only. */
static bool on_this_machine(struct str address)
{
    static const char *const HERE[] = { "http://127.0.0.1", "http://localhost", "http://[::1]" };

    for (size_t i = 0; i < LEN(HERE); i++) {
        struct str rest;
        if (!str_starts(address, str_of(HERE[i]))) continue;
        rest = str_part(address, strlen(HERE[i]), address.n);
        if (rest.n == 0 || rest.p[0] == ':' || rest.p[0] == '/') return true;
    }
    return false;
}

static enum cli_exit address_take(struct client *client)
{
    struct cli *cli = client->cli;
    struct str address = cli_text(cli, "server");
    bool fits;

    if (address.n == 0) address = variable(cli, "YKT_SERVER");
    if (address.n == 0) address = str_of(SERVER_DEFAULT);
    while (address.n > 0 && address.p[address.n - 1] == '/')
        address.n--;
    if (str_starts(address, S("unix:"))) {
        fits = str_c(str_part(address, 5, address.n), client->socket, sizeof client->socket) &&
               str_c(S("http://localhost"), client->base, sizeof client->base);
    } else {
        fits = (on_this_machine(address) || str_starts(address, S("https://"))) &&
               str_c(address, client->base, sizeof client->base);
    }
    if (fits) return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "server_address",
                    "服务器地址应为 unix:路径、https://… 或本机的 http://…：%.*s",
                    "the server's address is unix:PATH, https://... or http:// on this machine: "
                    "%.*s",
                    (int)address.n, address.p);
}

static enum cli_exit token_take(struct client *client)
{
    struct cli *cli = client->cli;
    struct str file = cli_text(cli, "token-file"), token;
    char line[TOKEN_MAX + 2];
    const char *path;
    ssize_t n;
    int fd;

    if (file.n == 0) file = variable(cli, "YKT_TOKEN_FILE");
    if (file.n == 0) {
        token = variable(cli, "YKT_TOKEN");
        return str_c(token, client->token, sizeof client->token)
                   ? CLI_OK
                   : cli_fail(cli, CLI_USAGE, "token_form", "YKT_TOKEN 不是令牌",
                              "YKT_TOKEN holds no token");
    }
    path = arena_c(cli_arena(cli), file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd >= 0 ? read(fd, line, sizeof line) : -1;
    if (fd >= 0) close(fd);
    token = str_trim((struct str){ line, n > 0 ? (size_t)n : 0 });
    if (n < 0)
        return cli_fail(cli, CLI_NOT_ALLOWED, "token_file",
                        "令牌文件 %s 读不到：先用 ykt user sign-in 登录",
                        "the token file %s can't be read: sign in with ykt user sign-in", path);
    if (token.n == 0 || !str_c(token, client->token, sizeof client->token))
        return cli_fail(cli, CLI_USAGE, "token_form", "%s 里不是令牌", "%s holds no token", path);
    return CLI_OK;
}

static struct client *client_new(struct cli *cli)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client) return NULL;
    client->cli = cli;
    client->entropy = entropy_system();
    client->curl = curl_easy_init();
    if (client->curl) return client;
    free(client);
    return NULL;
}

static enum cli_exit open_with(struct cli *cli, bool token, struct client **out)
{
    struct client *client = client_new(cli);
    enum cli_exit end;

    if (!client) return cli_end(cli, fault(FAULT_MEMORY, "client"));
    end = address_take(client);
    if (end == CLI_OK && token) end = token_take(client);
    if (end == CLI_OK)
        *out = client;
    else
        client_close(client);
    return end;
}

enum cli_exit client_open(struct cli *cli, struct client **out)
{
    return open_with(cli, true, out);
}

enum cli_exit client_open_without_token(struct cli *cli, struct client **out)
{
    return open_with(cli, false, out);
}

enum cli_exit client_open_at(struct cli *cli, struct str address, struct client **out)
{
    struct client *client = client_new(cli);
    bool unix_socket = str_starts(address, S("unix:"));
    struct str base = unix_socket
                          ? S("http://localhost")
                          : arena_format(cli_arena(cli), "http://%.*s", (int)address.n, address.p);

    if (!client) return cli_end(cli, fault(FAULT_MEMORY, "client"));
    if (!str_c(base, client->base, sizeof client->base) ||
        (unix_socket &&
         !str_c(str_part(address, 5, address.n), client->socket, sizeof client->socket))) {
        client_close(client);
        return cli_fail(cli, CLI_USAGE, "server_address", "地址过长", "the address is too long");
    }
    *out = client;
    return CLI_OK;
}

void client_close(struct client *client)
{
    if (!client) return;
    if (client->curl) curl_easy_cleanup(client->curl);
    secret_wipe(client->token, sizeof client->token);
    if (client->answer) secret_wipe(client->answer, client->answer_n);
    free(client->answer);
    free(client);
}

/* ---- one request ---- */

struct receipt { /* the answer as it comes in */
    FILE *to;
    size_t n;
};

static size_t take(char *p, size_t size, size_t n, void *arg)
{
    struct receipt *receipt = arg;

    receipt->n += size * n;
    return receipt->n <= ANSWER_MAX && fwrite(p, size, n, receipt->to) == n ? size * n : 0;
}

static struct curl_slist *head_line(struct curl_slist *head, const char *name, const char *value)
{
    char line[400];

    snprintf(line, sizeof line, "%s: %s", name, value);
    head = curl_slist_append(head, line);
    secret_wipe(line, sizeof line);
    return head;
}

static struct curl_slist *head_make(const struct client *client, const struct ask *ask,
                                    const char *key)
{
    struct curl_slist *head =
        head_line(NULL, "Accept-Language", cli_zh(client->cli) ? "zh-CN" : "en");
    char bearer[TOKEN_MAX + 10];

    if (ask->body.n > 0) head = head_line(head, "Content-Type", "application/json");
    if (ask->once) head = head_line(head, "Idempotency-Key", key);
    if (ask->purpose) head = head_line(head, "X-Purpose", ask->purpose);
    if (client->token[0]) {
        snprintf(bearer, sizeof bearer, "Bearer %s", client->token);
        head = head_line(head, "Authorization", bearer);
        secret_wipe(bearer, sizeof bearer);
    }
    return curl_slist_append(head, "Expect:");
}

static CURLcode send_once(struct client *client, const struct ask *ask, const char *key)
{
    struct arena *arena = cli_arena(client->cli);
    const char *url =
        arena_c(arena, arena_format(arena, "%s%.*s", client->base, (int)ask->path.n, ask->path.p));
    struct curl_slist *head = head_make(client, ask, key);
    struct receipt receipt = { 0 };
    CURL *curl = client->curl;
    CURLcode done;

    free(client->answer);
    client->answer = NULL;
    client->status = 0;
    receipt.to = open_memstream(&client->answer, &client->answer_n);
    if (!receipt.to) abort();
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (client->socket[0]) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a token goes nowhere else */
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receipt);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
    if (ask->body.n > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body.p);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)ask->body.n);
    }
    done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &client->status);
    curl_slist_free_all(head);
    if (fclose(receipt.to) != 0) abort(); /* only memory can lack */
    return done;
}

/* ---- until it is known what came of it ---- */

static void wait_msec(long msec)
{
    const struct timespec t = { .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

/* Sent, but nobody knows what came of it: no answer, or one that says so. */
static bool unknown(const struct client *client, CURLcode done)
{
    if (done == CURLE_OK) return client->status == 504;
    return done == CURLE_SEND_ERROR || done == CURLE_RECV_ERROR || done == CURLE_GOT_NOTHING ||
           done == CURLE_OPERATION_TIMEDOUT || done == CURLE_PARTIAL_FILE;
}

static bool code_is(const struct client *client, const char *code)
{
    json_t *problem = json_loadb(client->answer, client->answer_n, 0, NULL);
    bool is = strcmp(member(problem, "code"), code) == 0;

    json_decref(problem);
    return is;
}

static enum cli_exit tell_unknown(struct client *client, const struct ask *ask, const char *key)
{
    if (!ask->once || ask->own_key)
        return cli_fail(client->cli, CLI_PARTNER, "result_unknown",
                        "连接中断，不知是否已完成：请先查看再决定是否重做",
                        "the connection was lost and the result is unknown: look before you "
                        "repeat it");
    return cli_fail(client->cli, CLI_PARTNER, "result_unknown",
                    "连接中断，不知是否已完成：重发请加 --idempotency-key %s（不会做两次）",
                    "the connection was lost and the result is unknown: repeat it with "
                    "--idempotency-key %s, which never does it twice",
                    key);
}

static enum cli_exit tell_absent(struct client *client, CURLcode done)
{
    return cli_fail(client->cli, CLI_PARTNER, "no_server", "%s 没有应答：%s",
                    "nobody answers at %s: %s", client->socket[0] ? client->socket : client->base,
                    curl_easy_strerror(done));
}

/* The fields that were wrong, behind the words. */
static void put_fields(struct writer *w, const json_t *problem)
{
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(problem, "errors"), i, row)
    {
        const char *pointer = member(row, "pointer"), *detail = member(row, "detail");
        put_str(w, i == 0 ? S(" (") : S("; "));
        put_str(w, str_of(pointer[0] == '/' ? pointer + 1 : pointer));
        put_str(w, S(": "));
        put_str(w, str_of(detail[0] ? detail : member(row, "code")));
    }
    if (json_array_size(json_object_get(problem, "errors")) > 0) put_char(w, ')');
}

/* Both stay as the server has them, so that scripts see one set of codes. */
static enum cli_exit tell_problem(struct client *client)
{
    json_t *problem = json_loadb(client->answer, client->answer_n, 0, NULL);
    const char *code = member(problem, "code"), *detail = member(problem, "detail");
    char text[1500];
    struct writer w = writer_over(text, sizeof text - 1);
    enum cli_exit end = exit_of_status((int)client->status);

    put_str(&w, str_of(detail[0] ? detail : member(problem, "title")));
    put_fields(&w, problem);
    text[w.n] = 0;
    if (!code[0])
        end = cli_fail(client->cli, CLI_PARTNER, "answer", "%s 的应答不是我们的服务：%ld",
                       "what answers at %s is no server of ours: %ld",
                       client->socket[0] ? client->socket : client->base, client->status);
    else
        end = cli_fail(client->cli, end, code, "%s", "%s", text);
    json_decref(problem);
    return end;
}

static void key_make(struct client *client, bool own, char key[65])
{
    struct str given = { 0 };
    struct writer w = writer_over(key, 64);
    uint8_t random[16];

    if (!own) given = cli_text(client->cli, "idempotency-key");
    if (given.n > 0 && str_c(given, key, 65)) return;
    client->entropy.fill(client->entropy.arg, random, sizeof random);
    put_hex(&w, bytes_of(random, sizeof random));
    key[w.n] = 0;
}

static enum cli_exit perform(struct client *client, const struct ask *ask)
{
    static const long PAUSE_MS[TRIES] = { 200, 1000, 3000, 0 };
    bool again = ask->once || strcmp(ask->method, "GET") == 0, sent = false;
    char key[65] = "";
    CURLcode done;

    if (ask->once) key_make(client, ask->own_key, key);
    for (int i = 0; i < TRIES; i++) {
        bool open;
        done = send_once(client, ask, key);
        open = unknown(client, done) || (sent && done == CURLE_COULDNT_CONNECT) ||
               (sent && client->status == 409 && code_is(client, "idempotency_key_running"));
        if (!open) break;
        sent = true;
        if (!again || i == TRIES - 1) return tell_unknown(client, ask, key);
        wait_msec(PAUSE_MS[i]);
    }
    if (done != CURLE_OK) return tell_absent(client, done);
    return client->status < 300 ? CLI_OK : tell_problem(client);
}

enum cli_exit client_ask(struct client *client, const struct ask *ask, json_t **answer)
{
    enum cli_exit end = perform(client, ask);

    if (answer) *answer = NULL;
    if (end != CLI_OK || !answer || client->answer_n == 0) return end;
    *answer = json_loadb(client->answer, client->answer_n, 0, NULL);
    if (*answer) return CLI_OK;
    return cli_fail(client->cli, CLI_PARTNER, "answer", "应答不是 JSON", "the answer is no JSON");
}

enum cli_exit client_ask_text(struct client *client, const struct ask *ask, struct str *text)
{
    enum cli_exit end = perform(client, ask);

    *text = (struct str){ client->answer, client->answer_n };
    return end;
}

long client_probe(struct client *client, const struct ask *ask, json_t **answer)
{
    CURLcode done = send_once(client, ask, "");

    *answer = done == CURLE_OK ? json_loadb(client->answer, client->answer_n, 0, NULL) : NULL;
    return done == CURLE_OK ? client->status : 0;
}

enum cli_exit client_call(struct cli *cli, const struct ask *ask, json_t **answer)
{
    struct client *client;
    enum cli_exit end = client_open(cli, &client);

    if (answer) *answer = NULL;
    if (end != CLI_OK) return end;
    end = client_ask(client, ask, answer);
    client_close(client);
    return end;
}
