/* http/worker.c - the worker pool and the memory of requests in work. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "http/inside.h"

enum { KEEP_PAGES = 64 * 1024 }; /* of a slot that is given back; more goes back to the kernel */

/* The count of bodies that come from there; NULL: any number may (a proxy on a UNIX socket). */
static uint16_t *count_of(struct http_server *server, struct str peer)
{
    uint8_t network[NETWORK_MAX];
    const size_t n = request_network(peer, network);
    uint64_t h = server->coming_seed;

    if (str_eq(peer, S("local"))) return NULL;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ network[i]) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 32;
    }
    return &server->coming_of[h % NETWORKS];
}

/* Under slot_lock. */
static void uncount(struct http_server *server, struct slot *slot)
{
    if (!slot->coming) return;
    slot->coming = false;
    server->coming--;
    if (slot->of_one) --*slot->of_one;
}

void request_slot_arrived(struct http_server *server, struct slot *slot)
{
    if (!slot->coming) return;
    pthread_mutex_lock(&server->slot_lock);
    uncount(server, slot);
    pthread_mutex_unlock(&server->slot_lock);
}

static struct slot *take(struct http_server *server, bool coming, uint16_t *of_one)
{
    const int all = server->limits.requests, quarter = all / 4;
    struct slot *slot;

    pthread_mutex_lock(&server->slot_lock);
    slot = server->slots_free;
    if (coming && server->coming >= all - quarter) slot = NULL;
    if (of_one && *of_one >= (quarter > 0 ? quarter : 1)) slot = NULL;
    if (slot) {
        server->slots_free = slot->next;
        slot->coming = coming;
        slot->of_one = of_one;
        server->coming += coming;
        if (of_one) ++*of_one;
    }
    pthread_mutex_unlock(&server->slot_lock);
    if (!slot) return NULL;
    if (!slot->p) {
        void *p = mmap(NULL, server->slot_bytes + server->limits.reply_max, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED) {
            request_slot_give(server, slot, 0);
            return NULL;
        }
        slot->p = p;
    }
    slot->arena = arena_over(slot->p, server->slot_bytes);
    return slot;
}

struct slot *request_slot_take(struct http_server *server)
{
    return take(server, false, NULL);
}

struct slot *request_slot_take_coming(struct http_server *server, struct str peer)
{
    return take(server, true, count_of(server, peer));
}

void request_slot_give(struct http_server *server, struct slot *slot, size_t reply_n)
{
    if (slot->p && slot->arena.used + reply_n > KEEP_PAGES) {
        /* the next request must not find this one's bytes, and the kernel gives zeroed pages */
        (void)madvise(slot->p, server->slot_bytes + server->limits.reply_max, MADV_DONTNEED);
    } else if (slot->p) {
        memset(slot->p, 0, slot->arena.used);
        memset(slot->p + server->slot_bytes, 0, reply_n);
    }
    pthread_mutex_lock(&server->slot_lock);
    uncount(server, slot);
    slot->next = server->slots_free;
    server->slots_free = slot;
    pthread_mutex_unlock(&server->slot_lock);
}

void work_put(struct http_server *server, struct conn *c)
{
    size_t room = (size_t)server->limits.connections;

    pthread_mutex_lock(&server->queue_lock);
    assert(server->queue_n < room); /* a connection is in it once, and all fit */
    server->queue[(server->queue_from + server->queue_n++) % room] = c;
    pthread_cond_signal(&server->queue_ready);
    pthread_mutex_unlock(&server->queue_lock);
}

static void *work(void *arg)
{
    struct http_server *server = arg;
    size_t room = (size_t)server->limits.connections;

    for (;;) {
        struct conn *c;

        pthread_mutex_lock(&server->queue_lock);
        while (server->queue_n == 0 && !server->workers_stop) {
            pthread_cond_wait(&server->queue_ready, &server->queue_lock);
        }
        if (server->queue_n == 0) {
            pthread_mutex_unlock(&server->queue_lock);
            return NULL;
        }
        c = server->queue[server->queue_from];
        server->queue_from = (server->queue_from + 1) % room;
        server->queue_n--;
        pthread_mutex_unlock(&server->queue_lock);

        (void)conn_run(c);
        atomic_fetch_sub(&server->in_work, 1);
        /* the reply's time begins before the connection can move again */
        atomic_store(&c->deadline, ticks() + server->limits.reply_usec);
        atomic_store(&c->phase, PHASE_DONE);
        MHD_resume_connection(c->mhd);
    }
}

struct err workers_start(struct http_server *server)
{
    pthread_attr_t attr;

    server->queue = calloc((size_t)server->limits.connections, sizeof *server->queue);
    server->workers = calloc((size_t)server->limits.workers, sizeof *server->workers);
    server->slots = calloc((size_t)server->limits.requests, sizeof *server->slots);
    if (!server->queue || !server->workers || !server->slots) {
        return fault(FAULT_MEMORY, "worker pool");
    }
    for (int i = 0; i < server->limits.requests; i++) {
        server->slots[i].next = server->slots_free;
        server->slots_free = &server->slots[i];
    }
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 1024 * 1024);
    while (server->workers_n < server->limits.workers) {
        if (pthread_create(&server->workers[server->workers_n], &attr, work, server) != 0) break;
        server->workers_n++;
    }
    pthread_attr_destroy(&attr);
    if (server->workers_n < server->limits.workers) {
        return fault(FAULT_MEMORY, "worker thread %d", server->workers_n);
    }
    return OK;
}

void workers_stop(struct http_server *server)
{
    pthread_mutex_lock(&server->queue_lock);
    server->workers_stop = true;
    pthread_cond_broadcast(&server->queue_ready);
    pthread_mutex_unlock(&server->queue_lock);
    for (int i = 0; i < server->workers_n; i++)
        pthread_join(server->workers[i], NULL);
    for (int i = 0; server->slots && i < server->limits.requests; i++) {
        if (server->slots[i].p) {
            munmap(server->slots[i].p, server->slot_bytes + server->limits.reply_max);
        }
    }
    free(server->slots);
    free(server->workers);
    free(server->queue);
}
