/* crypto/keyd_serve.c - the loops that serve sockets: a thread a connection, one frame at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "crypto/keyd_wire.h"

enum { TICK_MSEC = 100, STACK_BYTES = 512 * 1024, SEND_SECONDS_MAX = 5 };

struct serving {
    struct keyd_core *core;
    const atomic_bool *stop;
    pthread_mutex_t lock;
    pthread_cond_t gone;
    int connections;
};
struct connection {
    struct serving *serving;
    int fd;
};

RESULT keyd_listen(const char *path, int *fd)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    mode_t mask;
    int made, rc;

    if (!str_c(str_of(path), at.sun_path, sizeof at.sun_path))
        return fault(FAULT_CONFIG, "%s: too long for a socket", path);
    made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) return fault(FAULT_IO, "socket: %s", strerror(errno));
    (void)unlink(path);
    mask = umask(0177);
    rc = bind(made, (const struct sockaddr *)&at, sizeof at);
    (void)umask(mask);
    if (rc != 0 || listen(made, KEYD_CONNECTIONS_MAX) != 0) {
        int why = errno;
        close(made);
        return fault(FAULT_IO, "%s: %s", path, strerror(why));
    }
    *fd = made;
    return OK;
}

/* For deadlines of frames only: no answer depends on it. */
static int64_t tick_usec(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

/* True when n bytes came. Before the first byte of a frame (`idle`) the peer may wait for ever. */
static bool read_until(int fd, uint8_t *p, size_t n, bool idle, int64_t *deadline,
                       const atomic_bool *stop)
{
    while (n > 0) {
        struct pollfd waiting = { .fd = fd, .events = POLLIN };
        ssize_t got;

        if (atomic_load(stop)) return false;
        if (!idle && tick_usec() > *deadline) return false;
        if (poll(&waiting, 1, TICK_MSEC) <= 0) continue;
        got = recv(fd, p, n, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) return false;
        if (idle) *deadline = tick_usec() + KEYD_FRAME_USEC_MAX;
        idle = false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

/* One frame in, one out; false when the connection is over. */
static bool serve_frame(struct keyd_core *core, int fd, uint8_t *in, uint8_t *out,
                        const atomic_bool *stop)
{
    uint8_t head[FRAME_HEAD];
    struct writer w = writer_over(out + FRAME_HEAD, KEYD_FRAME_MAX), length;
    int64_t deadline = 0;
    struct cursor c;
    uint32_t n;
    bool sent;

    if (!read_until(fd, head, sizeof head, true, &deadline, stop)) return false;
    c = cursor_over(bytes_of(head, sizeof head));
    n = take_be32(&c);
    if (n < REQUEST_HEAD || n > KEYD_FRAME_MAX) return false; /* nothing to answer to */
    if (!read_until(fd, in, n, false, &deadline, stop)) return false;
    keyd_answer(core, bytes_of(in, n), &w);
    length = writer_over(out, FRAME_HEAD);
    put_be32(&length, (uint32_t)w.n);
    sent = frame_put(fd, out, FRAME_HEAD + w.n).code == 0;
    secret_wipe(in, n);
    secret_wipe(out, FRAME_HEAD + w.n);
    return sent;
}

RESULT keyd_serve_one(struct keyd_core *core, int fd, const atomic_bool *stop)
{
    struct timeval limit = { .tv_sec = SEND_SECONDS_MAX };
    uint8_t *in = calloc(1, KEYD_FRAME_MAX), *out = calloc(1, FRAME_HEAD + KEYD_FRAME_MAX);

    if (!in || !out) {
        free(in);
        free(out);
        return fault(FAULT_MEMORY, "a connection");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (serve_frame(core, fd, in, out, stop)) {}
    free(in);
    free(out);
    return OK;
}

static void *connection_run(void *arg)
{
    struct connection connection = *(struct connection *)arg;
    struct serving *serving = connection.serving;

    free(arg);
    /* whatever ended it, the peer sees it end */
    (void)keyd_serve_one(serving->core, connection.fd, serving->stop).code;
    close(connection.fd);
    pthread_mutex_lock(&serving->lock);
    serving->connections--;
    pthread_cond_signal(&serving->gone);
    pthread_mutex_unlock(&serving->lock);
    return NULL;
}

static bool connection_start(struct serving *serving, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    pthread_attr_t attr;
    pthread_t thread;
    bool ok;

    if (!connection) return false;
    *connection = (struct connection){ .serving = serving, .fd = fd };
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    ok = pthread_create(&thread, &attr, connection_run, connection) == 0;
    (void)pthread_attr_destroy(&attr);
    if (!ok) free(connection);
    return ok;
}

static void connection_take(struct serving *serving, int fd)
{
    bool room;

    pthread_mutex_lock(&serving->lock);
    room = serving->connections < KEYD_CONNECTIONS_MAX;
    if (room) serving->connections++;
    pthread_mutex_unlock(&serving->lock);
    if (room && connection_start(serving, fd)) return;
    close(fd);
    if (!room) return;
    pthread_mutex_lock(&serving->lock);
    serving->connections--;
    pthread_mutex_unlock(&serving->lock);
}

RESULT keyd_serve(struct keyd_core *core, int listening, const atomic_bool *stop)
{
    struct serving serving = { .core = core, .stop = stop };

    (void)pthread_mutex_init(&serving.lock, NULL);
    (void)pthread_cond_init(&serving.gone, NULL);
    while (!atomic_load(stop)) {
        struct pollfd waiting = { .fd = listening, .events = POLLIN };
        int fd;

        if (poll(&waiting, 1, TICK_MSEC) <= 0) continue;
        fd = accept(listening, NULL, NULL);
        if (fd >= 0) {
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
            connection_take(&serving, fd);
        } else {
            /* a listening socket that is none is the caller's bug; the rest passes (no descriptor
             * left, a peer that went away) */
            assert(errno != EBADF && errno != EINVAL && errno != ENOTSOCK);
        }
    }
    pthread_mutex_lock(&serving.lock);
    while (serving.connections > 0) {
        pthread_cond_wait(&serving.gone, &serving.lock);
    }
    pthread_mutex_unlock(&serving.lock);
    pthread_cond_destroy(&serving.gone);
    pthread_mutex_destroy(&serving.lock);
    return OK;
}
