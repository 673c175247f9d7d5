/* tests/http/raw.h - a real server in this process, and a client that sends exactly the bytes it is
 * told to. */
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "http/http.h"
#include "tests/test.h"

/* For what comes as soon as it is made: nobody waits so long but where something is broken, or the
 * machine has much else to do. */
#define RAW_PATIENCE (60 * USEC_PER_SEC)

/* bytes with their length, for tables */
#define RAW(literal)                                                                               \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

static inline const char *raw_find(struct str in, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= in.n; i++) {
        if (memcmp(in.p + i, text, n) == 0) return in.p + i;
    }
    return NULL;
}

static inline int64_t raw_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

static inline struct instant raw_clock(void *arg)
{
    (void)arg;
    return (struct instant){ INT64_C(1629444727) * USEC_PER_SEC };
}

static inline void raw_pause(int64_t usec)
{
    struct timespec t = { .tv_sec = usec / USEC_PER_SEC, .tv_nsec = usec % USEC_PER_SEC * 1000 };

    nanosleep(&t, NULL);
}

static inline int raw_connect(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline int raw_connect_unix(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, path, strlen(path) + 1);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline bool raw_send(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

        if (n <= 0) return false;
        bytes = str_part(bytes, (size_t)n, bytes.n);
    }
    return true;
}

/* How long is the first complete reply in these bytes; 0 when it is not whole yet. */
static inline size_t raw_whole(struct str got)
{
    const char *end = raw_find(got, "\r\n\r\n");
    size_t head;
    const char *length;
    int64_t body = 0;

    if (!end) return 0;
    head = (size_t)(end - got.p) + 4;
    length = raw_find(str_part(got, 0, head), "Content-Length: ");
    if (length) {
        struct str text = { .p = length + 16, .n = (size_t)(end + 2 - length - 16) };

        text = str_part(text, 0, (size_t)((const char *)memchr(text.p, '\r', text.n) - text.p));
        if (!str_int(text, 0, INT64_MAX, &body)) return 0;
    }
    return got.n >= head + (size_t)body ? head + (size_t)body : 0;
}

/* Read until one reply is whole (one), or the other side closes, or the time is up. Returns what
 * came. */
struct raw_answer {
    char bytes[1 << 18];
    size_t n;
    bool closed;
};
static inline void raw_read(int fd, struct raw_answer *a, int64_t usec, bool one)
{
    int64_t until = raw_now() + usec;

    a->n = 0;
    a->closed = false;
    while (a->n < sizeof a->bytes) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = until - raw_now();
        ssize_t n;

        if (one && raw_whole((struct str){ a->bytes, a->n }) > 0) return;
        if (left <= 0 || poll(&p, 1, (int)(left / 1000) + 1) <= 0) return;
        n = recv(fd, a->bytes + a->n, sizeof a->bytes - a->n, 0);
        if (n <= 0) {
            a->closed = true;
            return;
        }
        a->n += (size_t)n;
    }
}

/* Read on, behind what came before, until `text` is there; false when the other side closes or
 * RAW_PATIENCE is over first. */
static inline bool raw_until(int fd, struct raw_answer *a, const char *text)
{
    int64_t until = raw_now() + RAW_PATIENCE;

    while (!raw_find((struct str){ a->bytes, a->n }, text)) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = until - raw_now();
        ssize_t n;

        if (left <= 0 || a->n == sizeof a->bytes || poll(&p, 1, (int)(left / 1000) + 1) <= 0)
            return false;
        n = recv(fd, a->bytes + a->n, sizeof a->bytes - a->n, 0);
        if (n <= 0) {
            a->closed = true;
            return false;
        }
        a->n += (size_t)n;
    }
    return true;
}

/* 0 when there was no answer */
static inline int raw_status(const struct raw_answer *a)
{
    if (a->n < 12 || memcmp(a->bytes, "HTTP/1.", 7) != 0) return 0;
    return (a->bytes[9] - '0') * 100 + (a->bytes[10] - '0') * 10 + (a->bytes[11] - '0');
}

static inline bool raw_has(const struct raw_answer *a, const char *text)
{
    return raw_find((struct str){ a->bytes, a->n }, text) != NULL;
}

static inline struct str raw_body(const struct raw_answer *a)
{
    const char *end = raw_find((struct str){ a->bytes, a->n }, "\r\n\r\n");

    if (!end) return (struct str){ 0 };
    return (struct str){ .p = end + 4, .n = a->n - (size_t)(end + 4 - a->bytes) };
}

/* What answers a request: a HEAD's names the length of a body which does not come. */
static inline void raw_take(int fd, struct str asked, struct raw_answer *a)
{
    a->n = 0;
    a->closed = false;
    if (str_starts(asked, S("HEAD ")))
        (void)raw_until(fd, a, "\r\n\r\n");
    else
        raw_read(fd, a, RAW_PATIENCE, true);
}

/* One request on a connection of its own. */
static inline void raw_ask(int port, struct str bytes, struct raw_answer *a)
{
    int fd = raw_connect(port);

    a->n = 0;
    a->closed = fd < 0;
    if (fd < 0) return;
    if (raw_send(fd, bytes)) raw_take(fd, bytes, a);
    close(fd);
}
