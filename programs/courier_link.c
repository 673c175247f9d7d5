/* programs/courier_link.c - the worker's end: a table of asks under way and one thread that reads
 * answers. */
#include "programs/courier.h"

#include "programs/courier_wire.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WAITERS = 64, PATIENCE_SEC = 40 };

struct waiter {
    uint32_t number; /* 0: free */
    bool answered, lost;
    struct arena *arena;
    struct courier_answer *out;
};
struct courier {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct sockaddr_un path;
    int fd; /* -1: not connected */
    uint32_t last_number;
    struct waiter waiters[WAITERS];
};

static void take_answer(struct courier *courier, struct bytes frame)
{
    struct cursor c = cursor_over(frame);
    uint32_t number = take_be32(&c);
    struct courier_answer answer = { .status = take_be16(&c) };

    answer.why = bytes_str(take_bytes(&c, take_be16(&c)));
    answer.body = take_bytes(&c, take_be32(&c));
    for (int i = 0; i < WAITERS; i++) {
        struct waiter *w = &courier->waiters[i];
        if (w->number != number || w->answered) continue;
        w->lost = cursor_end(&c, 1).code != 0;
        if (!w->lost) {
            answer.why = arena_str(w->arena, answer.why);
            answer.body = arena_bytes(w->arena, answer.body);
            *w->out = answer;
        }
        w->answered = true;
    }
}

struct reader {
    struct courier *courier;
    int fd;
};

static void *read_answers(void *arg)
{
    struct reader reader = *(struct reader *)arg;
    struct courier *courier = reader.courier;
    uint8_t *buffer = malloc(COURIER_FRAME_MAX);
    struct bytes frame;

    free(arg);
    while (buffer && frame_read(reader.fd, buffer, COURIER_FRAME_MAX, &frame).code == 0) {
        pthread_mutex_lock(&courier->lock);
        take_answer(courier, frame);
        pthread_cond_broadcast(&courier->changed);
        pthread_mutex_unlock(&courier->lock);
    }
    pthread_mutex_lock(&courier->lock);
    for (int i = 0; i < WAITERS; i++) { /* who waited on this connection learns that nobody knows */
        struct waiter *w = &courier->waiters[i];
        if (w->number == 0 || w->answered) continue;
        w->answered = w->lost = true;
    }
    if (courier->fd == reader.fd) courier->fd = -1;
    close(reader.fd);
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->lock);
    free(buffer);
    return NULL;
}

/* Under the lock. */
static RESULT connect_now(struct courier *courier)
{
    struct reader *reader = malloc(sizeof *reader);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;

    if (!reader || fd < 0 ||
        connect(fd, (const struct sockaddr *)&courier->path, sizeof courier->path) != 0) {
        if (fd >= 0) close(fd);
        free(reader);
        return fault(FAULT_PARTNER, "courier: not there");
    }
    *reader = (struct reader){ .courier = courier, .fd = fd };
    if (pthread_create(&thread, NULL, read_answers, reader) != 0) {
        close(fd);
        free(reader);
        return fault(FAULT_MEMORY, "courier: reader thread");
    }
    pthread_detach(thread);
    courier->fd = fd;
    return OK;
}

struct err courier_open(struct courier **out, const char *socket_path)
{
    struct courier *courier = calloc(1, sizeof *courier);
    pthread_condattr_t attr;

    if (!courier) return fault(FAULT_MEMORY, "courier");
    courier->path.sun_family = AF_UNIX;
    if (!str_c(str_of(socket_path), courier->path.sun_path, sizeof courier->path.sun_path)) {
        free(courier);
        return fault(FAULT_CONFIG, "courier: the socket's path is too long");
    }
    pthread_mutex_init(&courier->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* setting the time moves no time-out */
    pthread_cond_init(&courier->changed, &attr);
    pthread_condattr_destroy(&attr);
    courier->fd = -1;
    *out = courier;
    return OK;
}

void courier_close(struct courier *courier)
{
    if (!courier) return;
    pthread_mutex_lock(&courier->lock);
    if (courier->fd >= 0) shutdown(courier->fd, SHUT_RDWR);
    while (courier->fd >= 0) {
        pthread_cond_wait(&courier->changed, &courier->lock);
    }
    pthread_mutex_unlock(&courier->lock);
    pthread_cond_destroy(&courier->changed);
    pthread_mutex_destroy(&courier->lock);
    free(courier);
}

static struct waiter *waiter_take(struct courier *courier)
{
    for (int i = 0; i < WAITERS; i++) {
        if (courier->waiters[i].number == 0) return &courier->waiters[i];
    }
    return NULL;
}

/* Under the lock: write the ask and wait for its answer, the end of the connection, or the end of
 * patience. */
static RESULT ask_and_wait(struct courier *courier, struct waiter *waiter, struct bytes frame)
{
    struct timespec until;

    if (courier->fd < 0) TRY(connect_now(courier));
    TRY(frame_write(courier->fd, frame));
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_SEC;
    while (!waiter->answered) {
        if (pthread_cond_timedwait(&courier->changed, &courier->lock, &until) != 0) break;
    }
    if (!waiter->answered || waiter->lost) return fault(FAULT_PARTNER, "courier: no answer");
    return OK;
}

struct err courier_send(struct courier *courier, const struct courier_ask *ask, struct arena *arena,
                        struct courier_answer *out)
{
    size_t size = ask->body.n + ask->headers.n + 300;
    uint8_t *frame = arena_take(arena, size, 1);
    struct writer w = writer_over(frame, size);
    struct waiter *waiter;
    struct err err;

    if (!frame) return fault(FAULT_MEMORY, "courier: ask of %zu bytes", size);
    if (ask->target.n > 255 || ask->headers.n > UINT16_MAX || ask->body.n > COURIER_BODY_MAX) {
        return fault(FAULT_PARTNER, "courier: the ask is too large");
    }
    pthread_mutex_lock(&courier->lock);
    while (!(waiter = waiter_take(courier))) {
        pthread_cond_wait(&courier->changed, &courier->lock);
    }
    if (++courier->last_number == 0) courier->last_number = 1;
    *waiter = (struct waiter){ .number = courier->last_number, .arena = arena, .out = out };
    put_be32(&w, waiter->number);
    put_u8(&w, (uint8_t)ask->target.n);
    put_str(&w, ask->target);
    put_be16(&w, (uint16_t)ask->headers.n);
    put_str(&w, ask->headers);
    put_be32(&w, (uint32_t)ask->body.n);
    put_bytes(&w, ask->body);
    err = ask_and_wait(courier, waiter, writer_bytes(&w));
    *waiter = (struct waiter){ 0 };
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->lock);
    return err;
}
