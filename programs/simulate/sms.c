/* programs/simulate/sms.c - `ykt simulate sms`: the other end of the SMS gateway's wire
 * (docs/protocols/sms.md).
 *
 *   POST /messages   a signed webhook {id, to, kind, text, code?, at}: 204, or 401 when the
 * signature is wrong GET  /messages   what came, newest first, at most 200: {data: [{id, to, kind,
 * text, code, at, received_at}]}
 *
 * Assumed, since no gateway of the field publishes its own: that it takes signed webhooks, answers
 * 2xx for "taken", 422 for a number it does not know, and may deliver late or twice. --refuse-every
 * N answers 503 to every N-th, --delay waits before each answer: what the courier must live with.
 */
#include "base/log.h"
#include "http/http.h"
#include "http/json.h"
#include "notice/webhook.h"
#include "programs/nouns.h"
#include "programs/simulate/simulate.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 4096, SHOWN = 200, TO_MAX = 32, KIND_MAX = 32, TEXT_MAX = 640, ID_MAX = 32 };

struct kept {
    char id[ID_MAX], to[TO_MAX], kind[KIND_MAX], text[TEXT_MAX], code[16];
    struct instant at, received_at;
};
struct app { /* what http/ hands to the handlers of this program */
    struct webhook_keys keys;
    int64_t refuse_every, delay_usec;
    pthread_mutex_t lock;
    int64_t received; /* kept[i % KEPT] */
    struct kept kept[KEPT];
};

static void keep_text(char *out, size_t size, struct str text)
{
    size_t n = text.n < size ? text.n : size - 1;

    if (n > 0) memcpy(out, text.p, n); /* an optional field that is not there has no address */
    out[n] = 0;
}

static struct err post_message(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str id, to, kind, text, code = { 0 };
    struct instant at;
    bool has_code;
    const struct json_field fields[] = {
        JSON_TEXT("id", &id, 1, ID_MAX - 1),
        JSON_TEXT("to", &to, 1, TO_MAX - 1),
        JSON_TEXT("kind", &kind, 1, KIND_MAX - 1),
        JSON_TEXT("text", &text, 1, TEXT_MAX - 1),
        JSON_OPTIONAL(JSON_TEXT("code", &code, 1, 15), &has_code),
        JSON_INSTANT("at", &at),
    };
    struct err err = webhook_verify(
        &app->keys, request_header(rq, "webhook-id"), request_header(rq, "webhook-timestamp"),
        request_header(rq, "webhook-signature"), rq->body.bytes, rq->at);
    struct kept *kept;

    if (err.code != 0) {
        reply_empty(rp, 401);
        return OK;
    }
    TRY(json_read(rq->body, fields, LEN(fields)));
    if (app->delay_usec > 0) {
        nanosleep(&(struct timespec){ .tv_sec = app->delay_usec / USEC_PER_SEC,
                                      .tv_nsec = app->delay_usec % USEC_PER_SEC * 1000 },
                  NULL);
    }
    pthread_mutex_lock(&app->lock);
    app->received++;
    if (app->refuse_every > 0 && app->received % app->refuse_every == 0) {
        pthread_mutex_unlock(&app->lock);
        reply_empty(rp, 503);
        return OK;
    }
    kept = &app->kept[app->received % KEPT];
    *kept = (struct kept){ .at = at, .received_at = rq->at };
    keep_text(kept->id, sizeof kept->id, id);
    keep_text(kept->to, sizeof kept->to, to);
    keep_text(kept->kind, sizeof kept->kind, kind);
    keep_text(kept->text, sizeof kept->text, text);
    keep_text(kept->code, sizeof kept->code, code);
    pthread_mutex_unlock(&app->lock);
    reply_empty(rp, 204);
    return OK;
}

static struct err get_messages(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)rq;
    reply_json(rp, 200);
    json_put_array(rp, "data");
    pthread_mutex_lock(&app->lock);
    for (int64_t i = app->received; i > 0 && i > app->received - SHOWN; i--) {
        const struct kept *kept = &app->kept[i % KEPT];
        if (!kept->id[0]) continue; /* refused: a gateway keeps nothing of those */
        json_put_object(rp, NULL);
        json_put_str(rp, "id", str_of(kept->id));
        json_put_str(rp, "to", str_of(kept->to));
        json_put_str(rp, "kind", str_of(kept->kind));
        json_put_str(rp, "text", str_of(kept->text));
        if (kept->code[0]) json_put_str(rp, "code", str_of(kept->code));
        json_put_instant(rp, "at", kept->at);
        json_put_instant(rp, "received_at", kept->received_at);
        json_put_end(rp);
    }
    pthread_mutex_unlock(&app->lock);
    json_put_end(rp);
    return OK;
}

static const struct route ROUTES[] = {
    { .method = METHOD_POST, .path = "/messages", .run = post_message },
    { .method = METHOD_GET, .path = "/messages", .run = get_messages },
};

static RESULT secret_read(struct cli *cli, struct bytes *out)
{
    const char *path = arena_c(cli_arena(cli), cli_text(cli, "secret-file"));
    char *room = arena_take(cli_arena(cli), 200, 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && room ? read(fd, room, 200) : -1;

    if (fd >= 0) close(fd);
    if (n <= 0) return fault(FAULT_CONFIG, "%s can't be read", path);
    *out = str_bytes(str_trim((struct str){ room, (size_t)n }));
    return OK;
}

enum cli_exit simulate_sms(struct cli *cli)
{
    struct app *app = calloc(1, sizeof *app);
    struct http_config config = { .host = "127.0.0.1",
                                  .port = (int)cli_int(cli, "port"),
                                  .clock = system_clock(),
                                  .entropy = entropy_system(),
                                  .routes = ROUTES,
                                  .routes_n = LEN(ROUTES),
                                  .app = app,
                                  .limits = { .threads = 1, .workers = 8 } };
    struct http_server *server = NULL;
    struct err err;
    sigset_t stop;
    int got;

    if (!app) return cli_end(cli, fault(FAULT_MEMORY, "simulate sms"));
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    pthread_mutex_init(&app->lock, NULL);
    app->refuse_every = cli_int(cli, "refuse-every");
    app->delay_usec = cli_int(cli, "delay");
    app->keys.n = 1;
    err = secret_read(cli, &app->keys.key[0]);
    if (err.code == 0) err = http_open(&config, &server);
    if (err.code == 0) {
        cli_say(cli, "短信网关模拟器在 http://127.0.0.1:%d/messages",
                "the simulated SMS gateway listens at http://127.0.0.1:%d/messages",
                http_port(server));
        sigwait(&stop, &got);
    }
    http_close(server);
    pthread_mutex_destroy(&app->lock);
    free(app);
    return cli_end(cli, err);
}
