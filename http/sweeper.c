/* http/sweeper.c - cuts who is past a deadline, and has quiet streams say that they are alive.
 * libmicrohttpd's own timeout is one of inactivity, which a client that drips a byte now and then
 * never meets; these deadlines are absolute. */
#include <sys/socket.h>
#include <time.h>

#include "http/inside.h"

int64_t ticks(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

int64_t ticks_fine(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

void sweep(struct http_server *server, int64_t now)
{
    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->limits.connections; i++) {
        struct conn *c = &server->conns[i];
        int64_t deadline = atomic_load(&c->deadline);

        if (c->fd < 0 || deadline == 0 || now < deadline) continue;
        atomic_store(&c->deadline, 0);
        atomic_fetch_add(&server->cut, 1);
        shutdown(c->fd, SHUT_RDWR); /* libmicrohttpd sees the end and closes, without an answer */
    }
    pthread_mutex_unlock(&server->lock);
    streams_resume(server, -1, now - server->limits.comment_usec);
}

static void *run(void *arg)
{
    struct http_server *server = arg;
    int64_t shortest = server->limits.header_usec, pause;

    if (server->limits.body_usec < shortest) shortest = server->limits.body_usec;
    if (server->limits.idle_usec < shortest) shortest = server->limits.idle_usec;
    if (server->limits.comment_usec < shortest) shortest = server->limits.comment_usec;
    pause = shortest / 8; /* deadlines are met to an eighth, and at least to the second */
    if (pause > USEC_PER_SEC) pause = USEC_PER_SEC;
    if (pause < 10000) pause = 10000;
    pthread_mutex_lock(&server->lock);
    while (!server->sweeper_stop) {
        int64_t until = ticks_fine() + pause;
        struct timespec at = { .tv_sec = until / USEC_PER_SEC,
                               .tv_nsec = until % USEC_PER_SEC * 1000 };

        pthread_cond_timedwait(&server->sweeper_wake, &server->lock, &at);
        pthread_mutex_unlock(&server->lock);
        sweep(server, ticks());
        pthread_mutex_lock(&server->lock);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

struct err sweeper_start(struct http_server *server)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&server->sweeper_wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&server->sweeper, NULL, run, server) != 0) {
        return fault(FAULT_MEMORY, "sweeper thread");
    }
    server->sweeper_runs = true;
    return OK;
}

void sweeper_stop(struct http_server *server)
{
    if (!server->sweeper_runs) return;
    pthread_mutex_lock(&server->lock);
    server->sweeper_stop = true;
    pthread_cond_signal(&server->sweeper_wake);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->sweeper, NULL);
    server->sweeper_runs = false;
}
