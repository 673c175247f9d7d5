/* http/stream.c - server-sent events (HTML standard, 9.2): written when the channel is woken, a
 * comment line when nothing was for a while, `retry:` and the end when the server drains.
 *
 * A stream with nothing to say is suspended. The generation of its channel is read before its
 * source is asked; if it moved meanwhile the source is asked again, so no wake is lost between
 * asking and suspending. Order of locks: stream_lock, then libmicrohttpd's. */
#include "http/inside.h"

enum { RETRY_MS = 2000 };

static void link_waiting(struct conn *c)
{
    struct http_server *server = c->server;

    c->waiting = true;
    c->wait_prev = NULL;
    c->wait_next = server->waiting;
    if (server->waiting) server->waiting->wait_prev = c;
    server->waiting = c;
}

static void unlink_waiting(struct conn *c)
{
    if (!c->waiting) return;
    c->waiting = false;
    if (c->wait_prev) c->wait_prev->wait_next = c->wait_next;
    if (c->wait_next) c->wait_next->wait_prev = c->wait_prev;
    if (c->server->waiting == c) c->server->waiting = c->wait_next;
}

static ssize_t fill(struct conn *c, char *buffer, size_t size)
{
    struct http_server *server = c->server;
    struct writer w = writer_over(buffer, size);
    int channel = c->rp.stream.channel;

    if (c->told) return MHD_CONTENT_READER_END_OF_STREAM;
    if (atomic_load(&server->draining)) {
        c->told = true;
        put_format(&w, "retry: %d\n\n", RETRY_MS);
        return w.over ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)w.n;
    }
    for (;;) {
        uint64_t seen = atomic_load(&server->generation[channel]);
        int64_t now = ticks();

        c->rp.stream.next(server->config.app, &c->rp.stream, &w);
        if (w.over) return MHD_CONTENT_READER_END_WITH_ERROR;
        if (w.n == 0 && now - c->written >= server->limits.comment_usec) put_str(&w, S(":\n\n"));
        if (w.n > 0) {
            c->written = now;
            atomic_store(&c->deadline, now + server->limits.reply_usec);
            return (ssize_t)w.n;
        }
        pthread_mutex_lock(&server->stream_lock);
        if (seen == atomic_load(&server->generation[channel]) && !atomic_load(&server->draining)) {
            atomic_store(&c->deadline, 0);
            MHD_suspend_connection(c->mhd);
            link_waiting(c);
            pthread_mutex_unlock(&server->stream_lock);
            return 0;
        }
        pthread_mutex_unlock(&server->stream_lock);
        if (atomic_load(&server->draining)) {
            c->told = true;
            put_format(&w, "retry: %d\n\n", RETRY_MS);
            return (ssize_t)w.n;
        }
    }
}

static ssize_t reader(void *arg, uint64_t position, char *buffer, size_t size)
{
    (void)position;
    return fill(arg, buffer, size);
}

struct MHD_Response *stream_response(struct conn *c)
{
    c->told = false;
    c->written = ticks() - c->server->limits.comment_usec; /* a first line at once */
    atomic_fetch_add(&c->server->streams, 1);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, reader, c, NULL);
}

void stream_end(struct conn *c)
{
    pthread_mutex_lock(&c->server->stream_lock);
    unlink_waiting(c);
    pthread_mutex_unlock(&c->server->stream_lock);
    atomic_fetch_sub(&c->server->streams, 1);
}

void streams_resume(struct http_server *server, int channel, int64_t written_before)
{
    pthread_mutex_lock(&server->stream_lock);
    for (struct conn *c = server->waiting, *next; c; c = next) {
        next = c->wait_next;
        if (channel >= 0 && c->rp.stream.channel != channel) continue;
        if (c->written > written_before) continue;
        unlink_waiting(c);
        /* a client that takes nothing must not hold the stream for ever */
        atomic_store(&c->deadline, ticks() + server->limits.reply_usec);
        MHD_resume_connection(c->mhd);
    }
    pthread_mutex_unlock(&server->stream_lock);
}

void http_wake(struct http_server *server, int channel)
{
    assert(channel >= 0 && channel < CHANNELS);
    atomic_fetch_add(&server->generation[channel], 1);
    if (atomic_load(&server->streams) > 0) streams_resume(server, channel, INT64_MAX);
}
