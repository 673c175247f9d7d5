/* tests/fuzz/http_guard_fuzz.c - bytes of a stranger into the real server, held against the guard's
 * other way to the same judgement: no more handlers may run than http_head_check, walking over the
 * same bytes, finds good heads. So nothing that libmicrohttpd lets through (a NUL, a fold, two
 * lengths) reaches one. */
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/http/raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Atomic int handled;

static struct err count(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    atomic_fetch_add(&handled, 1);
    reply_json(rp, 200);
    return OK;
}

static const struct route ROUTES_HERE[] = {
    { .method = METHOD_GET, .path = "/a", .flags = ROUTE_IMMEDIATE, .run = count, .query = "q" },
    { .method = METHOD_POST, .path = "/a", .flags = ROUTE_ANY_BODY, .run = count },
    { .method = METHOD_GET, .path = "/a/{b}", .flags = ROUTE_IMMEDIATE, .run = count },
};

/* The declared length in a head that was judged good, where it stands once; -1: chunked. */
static int64_t length_of(struct str head)
{
    struct str rest = head;

    while (rest.n > 0) {
        struct str value, line = str_cut(rest, '\n', &rest), name = str_cut(line, ':', &value);
        int64_t n;

        for (int i = 0; i < 2; i++) {
            static const char *const NAMES[] = { "content-length", "transfer-encoding" };
            size_t k = 0, length = strlen(NAMES[i]);

            while (k < length && k < name.n && (name.p[k] | 0x20) == NAMES[i][k])
                k++;
            if (k < length || name.n != length) continue;
            if (i == 1) return -1;
            if (str_int(str_trim(value), 0, INT64_MAX, &n)) return n;
        }
    }
    return 0;
}

/* libmicrohttpd writes NULs over colons and line ends, so "NUL LF" at the end of a line and ":" LF
 * as a line look like CRLF afterwards: the two spellings that the guard can't tell (decision 0008).
 */
static struct str with_crlf(struct str bytes)
{
    static char copy[1 << 20];

    bytes = str_part(bytes, 0, sizeof copy);
    if (bytes.n > 0) memcpy(copy, bytes.p, bytes.n);
    for (size_t i = 0; i + 1 < bytes.n; i++) {
        bool colon = copy[i] == ':' && (i == 0 || copy[i - 1] == '\n');

        if ((copy[i] == '\0' || colon) && copy[i + 1] == '\n') copy[i] = '\r';
    }
    return (struct str){ copy, bytes.n };
}

static int good_heads(struct str bytes)
{
    int good = 0;

    bytes = with_crlf(bytes);

    for (;;) {
        const char *end;
        struct str head;
        int64_t length;

        /* Empty lines in front, by CRLF or LF, are taken (RFC 9112 2.2). libmicrohttpd also takes a
         * line that begins with a NUL for an empty one; it frames nothing (decision 0008). */
        while (bytes.n > 0 && (bytes.p[0] == '\n' || bytes.p[0] == '\0' ||
                               (bytes.p[0] == '\r' && bytes.n > 1 && bytes.p[1] == '\n'))) {
            (void)str_cut(bytes, '\n', &bytes);
        }
        end = raw_find(bytes, "\r\n\r\n");
        if (!end) return good;
        head = str_part(bytes, 0, (size_t)(end + 4 - bytes.p));
        if (http_head_check(str_bytes(head)).code != 0) return good;
        good++;
        length = length_of(head);
        if (length < 0) return 1 << 20; /* chunks are libmicrohttpd's: no more is claimed */
        if ((uint64_t)length > bytes.n - head.n) return good;
        bytes = str_part(bytes, head.n + (size_t)length, bytes.n);
    }
}

static struct http_server *server;
static char folder[] = "/tmp/ykt_guard_XXXXXX", path[64];

static void stop(void)
{
    http_close(server); /* removes its socket */
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct raw_answer a;
    int fd, before;

    if (!server) {
        struct http_config config = { .socket = path,
                                      .limits = { .threads = 1,
                                                  .workers = 2,
                                                  .connections = 32,
                                                  .header_usec = 100000,
                                                  .body_usec = 100000,
                                                  .idle_usec = 100000 },
                                      .clock = { .now = raw_clock },
                                      .entropy = entropy_system(),
                                      .routes = ROUTES_HERE,
                                      .routes_n = LEN(ROUTES_HERE) };

        if (!mkdtemp(folder)) abort();
        snprintf(path, sizeof path, "%s/s", folder);
        if (http_open(&config, &server).code != 0) abort();
        atexit(stop);
    }
    if (size == 0) return 0;
    before = atomic_load(&handled);
    fd = raw_connect_unix(path);
    if (fd < 0) abort();
    raw_send(fd, bytes_str(bytes_of(data, size)));
    /* libmicrohttpd misses an end that comes in one piece with the bytes; the sweeper sees it then
     */
    raw_pause(200);
    shutdown(fd, SHUT_WR);
    do {
        raw_read(fd, &a, 2 * USEC_PER_SEC, false);
    } while (!a.closed && a.n == sizeof a.bytes);
    close(fd);
    if (!a.closed) abort(); /* it must end */
    if (atomic_load(&handled) - before > good_heads(bytes_str(bytes_of(data, size)))) abort();
    return 0;
}
