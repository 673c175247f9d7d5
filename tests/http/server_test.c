/* tests/http/server_test.c - deadlines, the worker pool under load, streams, drain, memory. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "tests/http/raw.h"

#define H "Host: a\r\n"
#define J "Content-Type: application/json\r\n"

static _Atomic int inside, most_inside;
static _Atomic bool hold;
static _Atomic int64_t events; /* the newest event's number */

static struct err now(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    reply_json(rp, 200);
    json_put_str(rp, "peer", rq->peer);
    json_put_instant(rp, "at", rq->at);
    return OK;
}

static struct err slow(struct app *app, const struct request *rq, struct reply *rp)
{
    int n = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&most_inside);

    (void)app;
    while (n > most && !atomic_compare_exchange_weak(&most_inside, &most, n))
        continue;
    raw_pause(2000);
    while (atomic_load(&hold))
        raw_pause(2000);
    atomic_fetch_sub(&inside, 1);
    reply_json(rp, 200);
    json_put_int(rp, "bytes", (int64_t)rq->body.bytes.n);
    json_put_str(rp, "name", path_text(rq, "name"));
    return OK;
}

/* 600 KiB from 8 KiB of arena pieces: memory must come back whole for the next request */
static struct err large(struct app *app, const struct request *rq, struct reply *rp)
{
    struct writer *w = reply_text(rp, 200, "text/plain; charset=utf-8");

    (void)app;
    for (int i = 0; i < 600; i++) {
        uint8_t *p = arena_take(rq->arena, 1024, 1);

        if (!p) return fault(FAULT_MEMORY, "arena");
        memset(p, 'x', 1024);
        put_bytes(w, bytes_of(p, 1024));
    }
    return OK;
}

static struct err too_large(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    reply_json(rp, 200);
    json_put_array(rp, "rows");
    for (int i = 0; i < 400000; i++)
        json_put_int(rp, NULL, i);
    return OK;
}

static struct err silent(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    (void)rp;
    return OK;
}

static struct err cookies(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    reply_cookie(rq, rp, "one", request_cookie(rq, "two"), 60, COOKIE_LAX);
    reply_redirect(rp, S("/now"));
    return OK;
}

static const struct asset ASSETS[] = {
    { .path = "/a.js",
      .type = "text/javascript",
      .etag = "\"a\"",
      .plain = { (const uint8_t *)"a()", 3 } },
    { .path = "/a.js.map",
      .type = "application/json",
      .etag = "\"b\"",
      .plain = { (const uint8_t *)"{}", 2 } },
    { .path = "/b", .type = "text/plain", .etag = "\"c\"", .plain = { (const uint8_t *)"bb", 2 } },
};
static const struct asset CSS = {
    .path = "/asset",
    .type = "text/css; charset=utf-8",
    .etag = "\"abc\"",
    .plain = { (const uint8_t *)"plain", 5 },
    .gzip = { (const uint8_t *)"gz", 2 },
    .brotli = { (const uint8_t *)"b", 1 },
    .immutable = true,
};
static struct err asset(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    reply_asset(rq, rp, &CSS);
    return OK;
}

static char file_path[300];
static struct err file(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    return reply_file(rp, file_path, "text/csv; charset=utf-8", S("名单.csv"));
}

static void next_events(struct app *app, struct stream *stream, struct writer *w)
{
    (void)app;
    while (stream->position < atomic_load(&events) && w->size - w->n > 128) {
        stream->position++;
        put_format(w, "id: %" PRId64 "\ndata: {\"n\":%" PRId64 "}\n\n", stream->position,
                   stream->position);
    }
}

static struct err stream(struct app *app, const struct request *rq, struct reply *rp)
{
    struct stream s = { .next = next_events, .channel = 3, .position = request_last_event(rq, 0) };

    (void)app;
    reply_stream(rp, &s);
    return OK;
}

static const struct route ROUTES_HERE[] = {
    { .method = METHOD_GET, .path = "/now", .flags = ROUTE_IMMEDIATE, .run = now },
    { .method = METHOD_GET, .path = "/slow/{name}", .run = slow },
    { .method = METHOD_POST, .path = "/slow/{name}", .run = slow },
    { .method = METHOD_GET, .path = "/large", .run = large },
    { .method = METHOD_GET, .path = "/too-large", .run = too_large },
    { .method = METHOD_GET, .path = "/silent", .run = silent },
    { .method = METHOD_GET, .path = "/cookies", .run = cookies },
    { .method = METHOD_GET, .path = "/asset", .flags = ROUTE_IMMEDIATE, .run = asset },
    { .method = METHOD_GET, .path = "/file", .run = file },
    { .method = METHOD_GET, .path = "/events", .flags = ROUTE_STREAM, .run = stream },
};

#define LONG_USEC (10 * USEC_PER_MIN)

static struct http_config config_here(void)
{
    return (struct http_config){
        .host = "127.0.0.1",
        .limits = { .workers = 8,
                    .connections = 600,
                    .requests = 300,
                    .header_usec = LONG_USEC, /* tests of what is in time never meet a deadline */
                    .body_usec = LONG_USEC,
                    .reply_usec = LONG_USEC,
                    .idle_usec = LONG_USEC,
                    .comment_usec = LONG_USEC },
        .clock = { .now = raw_clock },
        .entropy = entropy_system(),
        .routes = ROUTES_HERE,
        .routes_n = LEN(ROUTES_HERE),
        .assets = ASSETS,
        .assets_n = LEN(ASSETS),
    };
}

/* Send `first`, then a byte of `drip` each 50 ms until the other side ends it. Usec until then; -1:
 * it never did. Writes how many bytes were answered. */
static int64_t drip(int port, struct str first, struct str drips, size_t *answered)
{
    static struct raw_answer a;
    int64_t began = raw_now();
    int fd = raw_connect(port);

    *answered = 0;
    raw_send(fd, first);
    for (size_t i = 0; raw_now() - began < RAW_PATIENCE; i++) {
        struct str one = str_part(drips, drips.n > 0 ? i % drips.n : 0, 1);

        if (drips.n > 0 && !raw_send(fd, one)) break;
        raw_read(fd, &a, 50000, false);
        *answered += a.n;
        if (a.closed) break;
    }
    close(fd);
    return raw_now() - began < RAW_PATIENCE ? raw_now() - began : -1;
}

enum { COARSE_USEC = 10000 }; /* the server counts in ticks of the kernel, 4 ms and 10 ms long */

/* On a server of its own: here it is the deadlines that must come. How late they may come says
 * nothing on a machine with much else to do; without them, none of these would ever end. */
static void test_deadlines(void)
{
    static const struct {
        const char *title;
        struct str first, drips;
    } rows[] = {
        { "nothing at all is sent", RAW(""), RAW("") },
        { "a slow request line", RAW("GET /"), RAW("a") },
        { "a slow header", RAW("GET /now HTTP/1.1\r\n" H "X: "), RAW("a") },
        { "a slow body", RAW("POST /slow/a HTTP/1.1\r\n" H J "Content-Length: 5000\r\n\r\n"),
          RAW(" ") },
        { "an endless chunked body",
          RAW("POST /slow/a HTTP/1.1\r\n" H J "Transfer-Encoding: chunked\r\n\r\n"),
          RAW("1\r\n \r\n") },
        { "a chunk that is never filled",
          RAW("POST /slow/a HTTP/1.1\r\n" H J "Transfer-Encoding: chunked\r\n\r\nfff\r\n"),
          RAW(" ") },
        { "a body that stops", RAW("POST /slow/a HTTP/1.1\r\n" H J "Content-Length: 50\r\n\r\n12"),
          RAW("") },
    };
    static struct raw_answer a;
    struct http_config config = config_here();
    struct http_server *server;
    int64_t usec;
    int fd, port;

    config.limits.header_usec = config.limits.body_usec = 600000;
    config.limits.idle_usec = 900000;
    config.limits.reply_usec = 3 * USEC_PER_SEC;
    CHECK_OK("a hasty server", http_open(&config, &server));
    port = http_port(server);
    for (size_t i = 0; i < LEN(rows); i++) {
        size_t answered;

        usec = drip(port, rows[i].first, rows[i].drips, &answered);
        CHECK(rows[i].title, usec >= 600000 - COARSE_USEC);
        CHECK_INT(rows[i].title, (int64_t)answered, 0);
    }
    /* a kept connection; times are taken from before the request, so that they are never shorter
     * than what the server saw */
    usec = raw_now();
    fd = raw_connect(port);
    raw_send(fd, S("GET /now HTTP/1.1\r\n" H "\r\n"));
    raw_read(fd, &a, RAW_PATIENCE, true);
    CHECK_INT("answered", raw_status(&a), 200);
    raw_read(fd, &a, RAW_PATIENCE, false);
    CHECK("an idle connection is closed at its own time",
          a.closed && raw_now() - usec >= 900000 - COARSE_USEC);
    close(fd);
    usec = raw_now();
    fd = raw_connect(port);
    raw_send(fd, S("GET /now HTTP/1.1\r\n" H "\r\nGET /now HTTP/1.1\r\nX: "));
    raw_read(fd, &a, RAW_PATIENCE, true);
    CHECK_INT("answered, and a second head begun", raw_status(&a), 200);
    raw_read(fd, &a, RAW_PATIENCE, false);
    CHECK("the second head has its own deadline", a.closed && raw_now() - usec >= 600000);
    close(fd);
    /* a reader that takes nothing of 36 MB, more than the kernel keeps for him */
    fd = raw_connect(port);
    for (int i = 0; i < 60; i++)
        raw_send(fd, S("GET /large HTTP/1.1\r\n" H "\r\n"));
    usec = raw_now();
    raw_pause(4 * USEC_PER_SEC);
    do {
        raw_read(fd, &a, USEC_PER_SEC, false);
    } while (!a.closed && raw_now() - usec < RAW_PATIENCE);
    CHECK("a reader that stalls is cut", a.closed);
    close(fd);
    http_close(server);
}

struct client {
    pthread_t thread;
    int port, asks, good;
};

static void *many_asks(void *arg)
{
    struct client *client = arg;
    struct raw_answer *a = calloc(1, sizeof *a);
    int fd = raw_connect(client->port);

    for (int i = 0; i < client->asks; i++) {
        char text[256];
        struct writer w = writer_over(text, sizeof text);
        bool post = i % 3 == 1;

        if (i % 3 == 2) {
            put_str(&w, S("GET /now HTTP/1.1\r\n" H "\r\n"));
        } else {
            put_format(&w, "%s /slow/n%d HTTP/1.1\r\n" H J "Content-Length: %d\r\n\r\n%s",
                       post ? "POST" : "GET", i, post ? 7 : 0, post ? "{\"a\":1}" : "");
        }
        raw_send(fd, writer_str(&w));
        raw_read(fd, a, RAW_PATIENCE, true);
        client->good += raw_status(a) == 200 && raw_has(a, i % 3 == 2 ? "peer"
                                                           : post     ? "\"bytes\":7"
                                                                      : "\"bytes\":0");
    }
    close(fd);
    free(a);
    return NULL;
}

static void test_load(int port)
{
    enum { CLIENTS = 32, ASKS = 60 };
    static struct client clients[CLIENTS];
    int good = 0;

    atomic_store(&most_inside, 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){ .port = port, .asks = ASKS };
        pthread_create(&clients[i].thread, NULL, many_asks, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        good += clients[i].good;
    }
    CHECK_INT("every request of 32 clients was answered", good, CLIENTS * ASKS);
    CHECK_INT("eight workers were busy, and no more", atomic_load(&most_inside), 8);
}

static void test_slow_clients(int port)
{
    enum { SLOW = 300 };
    static int fds[SLOW];
    static struct raw_answer a;
    int good = 0;
    int64_t worst = 0;

    for (int i = 0; i < SLOW; i++) {
        fds[i] = raw_connect(port);
        raw_send(fds[i], i % 2 ? S("GET /now HTTP/1.1\r\n" H)
                               : S("POST /slow/a HTTP/1.1\r\n" H J "Content-Length: 50\r\n\r\n1"));
    }
    for (int i = 0; i < 100; i++) {
        int64_t began = raw_now();

        raw_ask(port, S("GET /slow/a HTTP/1.1\r\n" H "\r\n"), &a);
        good += raw_status(&a) == 200;
        if (raw_now() - began > worst) worst = raw_now() - began;
    }
    CHECK_INT("300 slow clients hinder nobody", good, 100);
    CHECK("nor is waited for", worst < RAW_PATIENCE);
    for (int i = 0; i < SLOW; i++)
        close(fds[i]);
}

static void test_replies(int port)
{
    static const struct {
        const char *title;
        struct str bytes;
        int status;
        const char *has;
    } rows[] = {
        { "a path parameter is decoded", RAW("GET /slow/a%E4%BA%BA+ HTTP/1.1\r\n" H "\r\n"), 200,
          "\"name\":\"a人+\"" },
        { "the server's time", RAW("GET /now HTTP/1.1\r\n" H "\r\n"), 200,
          "\"at\":\"2021-08-20T15:32:07+08:00\"" },
        { "who asks", RAW("GET /now HTTP/1.1\r\n" H "\r\n"), 200, "\"peer\":\"127.0.0.1\"" },
        { "a reply that does not fit is a fault", RAW("GET /too-large HTTP/1.1\r\n" H "\r\n"), 500,
          "-20" },
        { "a handler that says nothing is a fault", RAW("GET /silent HTTP/1.1\r\n" H "\r\n"), 500,
          "-21" },
        { "a redirect", RAW("GET /cookies HTTP/1.1\r\n" H "\r\n"), 303, "Location: /now\r\n" },
        { "a cookie read and set",
          RAW("GET /cookies HTTP/1.1\r\n" H "Cookie: one=1; two=2\r\n\r\n"), 303,
          "Set-Cookie: one=2; Path=/; Max-Age=60; HttpOnly; SameSite=Lax\r\n" },
        { "an asset", RAW("GET /asset HTTP/1.1\r\n" H "\r\n"), 200, "\r\n\r\nplain" },
        { "an asset by gzip", RAW("GET /asset HTTP/1.1\r\n" H "Accept-Encoding: gzip\r\n\r\n"), 200,
          "Content-Encoding: gzip\r\n" },
        { "an asset by brotli",
          RAW("GET /asset HTTP/1.1\r\n" H "Accept-Encoding: gzip, deflate, br\r\n\r\n"), 200,
          "Content-Encoding: br\r\n" },
        { "not the coding with weight 0",
          RAW("GET /asset HTTP/1.1\r\n" H "Accept-Encoding: br;q=0, gzip;q=0.5\r\n\r\n"), 200,
          "Content-Encoding: gzip\r\n" },
        { "an asset that is known",
          RAW("GET /asset HTTP/1.1\r\n" H "If-None-Match: \"x\", W/\"abc\"\r\n\r\n"), 304,
          "ETag: \"abc\"\r\n" },
        { "the first of the table of assets", RAW("GET /a.js HTTP/1.1\r\n" H "\r\n"), 200,
          "\r\n\r\na()" },
        { "one that begins with another", RAW("GET /a.js.map HTTP/1.1\r\n" H "\r\n"), 200,
          "\r\n\r\n{}" },
        { "the last", RAW("GET /b HTTP/1.1\r\n" H "\r\n"), 200, "\r\n\r\nbb" },
        { "none of them", RAW("GET /a.j HTTP/1.1\r\n" H "\r\n"), 404, "1119" },
        { "a file", RAW("GET /file HTTP/1.1\r\n" H "\r\n"), 200,
          "Content-Disposition: attachment; filename*=UTF-8''%E5%90%8D%E5%8D%95.csv\r\n" },
        { "a file's content", RAW("GET /file HTTP/1.1\r\n" H "\r\n"), 200, "\r\n\r\na,b\n" },
        { "HEAD of a worker's reply", RAW("HEAD /large HTTP/1.1\r\n" H "\r\n"), 200,
          "Content-Length: 614400\r\n" },
        { "nothing of a person stays in a cache", RAW("GET /slow/a HTTP/1.1\r\n" H "\r\n"), 200,
          "Cache-Control: no-store\r\n" },
    };
    static struct raw_answer a;

    for (size_t i = 0; i < LEN(rows); i++) {
        raw_ask(port, rows[i].bytes, &a);
        CHECK_INT(rows[i].title, raw_status(&a), rows[i].status);
        CHECK(rows[i].title, raw_has(&a, rows[i].has));
    }
}

/* No comment line comes in this server's streams but the first, so that an event that came was
 * brought by its wake. */
static void test_stream(struct http_server *server)
{
    static struct raw_answer a;
    int fd = raw_connect(http_port(server)), late, old;
    char last[40];
    bool woken = true;

    raw_send(fd, S("GET /events HTTP/1.1\r\n" H "\r\n"));
    a.n = 0;
    CHECK("a stream begins at once, with a comment", raw_until(fd, &a, ":\n\n"));
    CHECK("as one", raw_has(&a, "Content-Type: text/event-stream\r\n"));
    atomic_fetch_add(&events, 2);
    http_wake(server, 3);
    CHECK("two events", raw_until(fd, &a, "id: 1\ndata: {\"n\":1}\n\nid: 2\ndata: {\"n\":2}\n\n"));
    /* It may be about to look by itself, once: then there is nothing to be seen, and again. */
    for (int i = 0; i < 20 && woken; i++) {
        atomic_fetch_add(&events, 1);
        http_wake(server, 4); /* another channel's */
        raw_read(fd, &a, 60000, false);
        woken = raw_has(&a, "id: ");
    }
    CHECK("another channel does not wake it", !woken);
    late = raw_connect(http_port(server));
    raw_send(late, S("GET /events HTTP/1.1\r\n" H "Last-Event-ID: 2\r\n\r\n"));
    a.n = 0;
    CHECK("resumed after the last event seen",
          raw_until(late, &a, "id: 3\n") && !raw_has(&a, "id: 2\n"));
    close(late);
    old = raw_connect(http_port(server));
    raw_send(old, S("GET /events HTTP/1.0\r\n" H "\r\n"));
    a.n = 0;
    CHECK("HTTP/1.0 gets it, too", raw_until(old, &a, "id: 1\ndata"));
    CHECK("without chunks", raw_has(&a, "\n\nid: 1\ndata") || raw_has(&a, "\r\n\r\nid: 1"));
    close(old);
    for (int i = 0; i < 200; i++) { /* wakes that race with suspending */
        atomic_fetch_add(&events, 1);
        http_wake(server, 3);
    }
    a.n = 0;
    snprintf(last, sizeof last, "id: %d\n", (int)atomic_load(&events));
    CHECK("no event is lost between asking and suspending", raw_until(fd, &a, last));
    close(fd);
}

static void test_comments(void)
{
    static struct raw_answer a;
    struct http_config config = config_here();
    struct http_server *server;
    int fd;

    config.limits.comment_usec = 300000;
    CHECK_OK("a server", http_open(&config, &server));
    fd = raw_connect(http_port(server));
    raw_send(fd, S("GET /events HTTP/1.1\r\n" H "Last-Event-ID: 99999\r\n\r\n"));
    for (int i = 0; i < 3; i++) {
        a.n = 0;
        CHECK("a comment line after a while of silence", raw_until(fd, &a, ":\n\n"));
    }
    close(fd);
    http_close(server);
}

/* Until as many requests are in their handler. */
static void until_inside(int n)
{
    for (int64_t began = raw_now(); atomic_load(&inside) < n && raw_now() - began < RAW_PATIENCE;)
        raw_pause(1000);
}

struct drainer {
    struct http_server *server;
    int64_t cap, took;
};
static void *drain(void *arg)
{
    struct drainer *d = arg;
    int64_t began = raw_now();

    http_drain(d->server, d->cap);
    d->took = raw_now() - began;
    return NULL;
}

static void test_drain(void)
{
    static struct raw_answer a;
    struct http_config config = config_here();
    struct drainer d = { .cap = RAW_PATIENCE };
    pthread_t thread;
    int working, streaming, idle;

    CHECK_OK("a second server", http_open(&config, &d.server));
    working = raw_connect(http_port(d.server));
    streaming = raw_connect(http_port(d.server));
    idle = raw_connect(http_port(d.server));
    atomic_store(&hold, true);
    raw_send(working, S("GET /slow/a HTTP/1.1\r\n" H "\r\n"));
    until_inside(1);
    raw_send(streaming, S("GET /events HTTP/1.1\r\n" H "Last-Event-ID: 99999\r\n\r\n"));
    raw_send(idle, S("GET /now HTTP/1.1\r\n" H "\r\n"));
    raw_read(idle, &a, RAW_PATIENCE, true);
    a.n = 0;
    CHECK("a stream", raw_until(streaming, &a, ":\n\n"));
    pthread_create(&thread, NULL, drain, &d);
    CHECK("a stream is told when to come again", raw_until(streaming, &a, "retry: 2000\n\n"));
    raw_read(streaming, &a, RAW_PATIENCE, false);
    CHECK("and ended", a.closed);
    raw_read(idle, &a, RAW_PATIENCE, false);
    CHECK("an idle connection is closed", a.closed && a.n == 0);
    CHECK("no new connection", raw_connect(http_port(d.server)) < 0);
    atomic_store(&hold, false);
    raw_read(working, &a, RAW_PATIENCE, true);
    CHECK_INT("a request in work is finished", raw_status(&a), 200);
    CHECK("and its connection closed", raw_has(&a, "Connection: close"));
    pthread_join(thread, NULL);
    CHECK("the drain ends with the last of them", d.took < d.cap);
    http_close(d.server);
    close(working);
    close(streaming);
    close(idle);
}

/* Somebody who never ends his request. */
static void test_drain_stuck(void)
{
    static struct raw_answer a;
    struct http_config config = config_here();
    struct drainer d = { .cap = 2 * USEC_PER_SEC };
    int begun;

    CHECK_OK("a second server", http_open(&config, &d.server));
    begun = raw_connect(http_port(d.server));
    raw_send(begun, S("GET /now HTTP/1.1\r\n" H "\r\nGET /now HTTP/1.1\r\nX: "));
    raw_read(begun, &a, RAW_PATIENCE, true);
    drain(&d);
    CHECK("who never ends his request is cut at the cap", d.took >= d.cap && d.took < RAW_PATIENCE);
    raw_read(begun, &a, RAW_PATIENCE, false);
    CHECK("and sees it", a.closed);
    close(begun);
    http_close(d.server);
}

static void test_unix(void)
{
    static struct raw_answer a;
    struct http_config config = config_here();
    struct http_server *server;
    char path[200];
    struct writer w = writer_over(path, sizeof path - 1);
    int fd;

    put_format(&w, "%s/http.sock", test_folder());
    path[w.n] = '\0';
    config.host = NULL;
    config.socket = path;
    config.trust_proxy = true;
    config.limits.threads = 1;
    for (int round = 0; round < 2; round++) { /* the second finds the socket of the first gone */
        CHECK_OK("a server on a UNIX socket", http_open(&config, &server));
        fd = raw_connect_unix(path);
        raw_send(fd, S("GET /now HTTP/1.1\r\n" H "X-Real-IP: 192.0.2.9\r\n\r\n"));
        raw_read(fd, &a, RAW_PATIENCE, true);
        CHECK("the proxy says who asks", raw_has(&a, "\"peer\":\"192.0.2.9\""));
        close(fd);
        http_close(server);
    }
}

static void test_busy(void)
{
    static struct raw_answer a;
    struct http_config config = config_here();
    struct http_server *server;
    int fds[3];

    config.limits.requests = 2;
    CHECK_OK("a small server", http_open(&config, &server));
    atomic_store(&hold, true);
    for (int i = 0; i < 3; i++) {
        fds[i] = raw_connect(http_port(server));
        raw_send(fds[i], S("GET /slow/a HTTP/1.1\r\n" H "\r\n"));
        until_inside(i < 2 ? i + 1 : 2);
    }
    raw_read(fds[2], &a, RAW_PATIENCE, true);
    CHECK_INT("one request too many", raw_status(&a), 503);
    raw_ask(http_port(server), S("GET /now HTTP/1.1\r\n" H "\r\n"), &a);
    CHECK_INT("while what is immediate is answered", raw_status(&a), 200);
    atomic_store(&hold, false);
    for (int i = 0; i < 2; i++) {
        raw_read(fds[i], &a, RAW_PATIENCE, true);
        CHECK_INT("the others are", raw_status(&a), 200);
    }
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    http_close(server);
}

enum { BODIES = 40 };

/* Begin as many bodies, each from 192.0.2.first + i * step, and say so to `at_half`. Then end them:
 * how many are answered by that status? */
static void half_bodies(int port, int first, int step, void (*at_half)(int port), int *ok,
                        int *busy)
{
    static struct raw_answer a;
    int fds[BODIES];

    *ok = *busy = 0;
    for (int i = 0; i < BODIES; i++) {
        char text[200];
        struct writer w = writer_over(text, sizeof text);

        put_format(&w,
                   "POST /slow/a HTTP/1.1\r\n" H J
                   "X-Real-IP: 192.0.2.%d\r\nContent-Length: 7\r\n\r\n{\"a\"",
                   first + i * step);
        fds[i] = raw_connect(port);
        raw_send(fds[i], writer_str(&w));
    }
    /* The one HTTP thread takes up what has come before it looks for more: who asks now and is
     * answered, twice, comes behind all of them. */
    for (int i = 0; i < 3; i++) {
        raw_ask(port, S("GET /now HTTP/1.1\r\n" H "\r\n"), &a);
        CHECK_INT("answered meanwhile", raw_status(&a), 200);
    }
    at_half(port);
    for (int i = 0; i < BODIES; i++)
        raw_send(fds[i], S(":1}"));
    for (int i = 0; i < BODIES; i++) {
        raw_read(fds[i], &a, RAW_PATIENCE, true);
        *ok += raw_status(&a) == 200;
        *busy += raw_status(&a) == 503;
        close(fds[i]);
    }
}

static void whole_ones(int port)
{
    static struct raw_answer a;
    int good = 0;

    for (int i = 0; i < 20; i++) {
        raw_ask(port, S("GET /slow/a HTTP/1.1\r\n" H "X-Real-IP: 192.0.2.1\r\n\r\n"), &a);
        good += raw_status(&a) == 200;
        raw_ask(port,
                S("POST /slow/a HTTP/1.1\r\n" H J
                  "X-Real-IP: 192.0.2.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}"),
                &a);
        good += raw_status(&a) == 200;
    }
    CHECK_INT("whole requests are answered meanwhile", good, 40);
}

static void slow_of_another(int port)
{
    static struct raw_answer a;
    int fd = raw_connect(port);

    whole_ones(port);
    raw_send(fd, S("POST /slow/a HTTP/1.1\r\n" H J
                   "X-Real-IP: 198.51.100.1\r\nContent-Length: 7\r\n\r\n{\"a\""));
    raw_pause(50000);
    raw_send(fd, S(":1}"));
    raw_read(fd, &a, RAW_PATIENCE, true);
    CHECK_INT("also a slow body of somebody else", raw_status(&a), 200);
    close(fd);
}

/* Bodies that come slowly never hold all slots, neither of one address nor of many. */
static void test_slow_bodies(void)
{
    struct http_config config = config_here();
    struct http_server *server;
    int ok, busy;

    config.limits.requests = 16;
    config.limits.threads = 1;
    config.trust_proxy = true;
    CHECK_OK("a small server", http_open(&config, &server));
    for (int round = 0; round < 2; round++) { /* what is given back is counted back */
        half_bodies(http_port(server), 1, 0, slow_of_another, &ok, &busy);
        CHECK_INT("one address has a quarter", ok, 4);
        CHECK_INT("and no more", busy, BODIES - 4);
        half_bodies(http_port(server), 10, 1, whole_ones, &ok, &busy);
        CHECK_INT("all have three quarters", ok, 12);
        CHECK_INT("and no more", busy, BODIES - 12);
    }
    http_close(server);
}

static void test_config(void)
{
    static const struct route DOUBLE[] = {
        { .method = METHOD_GET, .path = "/a/{b}", .run = now },
        { .method = METHOD_GET, .path = "/a/{c}", .run = now },
    };
    struct http_config config = config_here(), other = config_here();
    struct http_server *server, *none;

    config.routes = DOUBLE;
    config.routes_n = LEN(DOUBLE);
    CHECK_CODE("a route that stands there twice", http_open(&config, &none), FAULT_CONFIG);
    config = config_here();
    config.host = "nowhere.example";
    CHECK_CODE("a host that is no address", http_open(&config, &none), FAULT_CONFIG);
    CHECK_OK("a server", http_open(&other, &server));
    config.host = "127.0.0.1";
    config.port = http_port(server);
    CHECK_CODE("a port that is taken", http_open(&config, &none), FAULT_IO);
    http_close(server);
    http_close(NULL);
}

static void test_metrics(struct http_server *server)
{
    static char text[65536];
    struct writer w = writer_over(text, sizeof text);
    struct str got;

    http_metrics(server, "public", &w);
    got = writer_str(&w);
    CHECK("it fits", !w.over);
    CHECK("answers by route",
          raw_find(got, "ykt_http_requests_total{listener=\"public\",method=\"POST\",route="
                        "\"/slow/{name}\",status=\"2xx\"} 640\n"));
    CHECK("cuts", raw_find(got, "ykt_http_cut_total{listener=\"public\"} "));
    CHECK("no request is left in work", raw_find(got, "ykt_http_in_work{listener=\"public\"} 0\n"));
}

int main(void)
{
    struct http_config config = config_here();
    struct http_server *server;
    struct writer w = writer_over(file_path, sizeof file_path - 1);
    int fd;

    put_format(&w, "%s/list.csv", test_folder());
    fd = open(file_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK("a file", fd >= 0 && write(fd, "a,b\n", 4) == 4);
    close(fd);
    CHECK_OK("the server starts", http_open(&config, &server));
    test_replies(http_port(server));
    test_load(http_port(server));
    test_metrics(server);
    test_slow_clients(http_port(server));
    test_stream(server);
    http_close(server);
    test_deadlines();
    test_comments();
    test_drain();
    test_drain_stuck();
    test_unix();
    test_busy();
    test_slow_bodies();
    test_config();
    return test_end();
}
