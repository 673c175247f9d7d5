/* http/inside.h - what the files of http/ share: the server, its connections, its memory. */
#pragma once
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/guard.h"
#include "http/http.h"
#include "http/router.h"

enum {
    INLINE_BODY = 2048,      /* the body of an immediate request */
    INLINE_ARENA = 4096,     /* its scratch */
    INLINE_REPLY = 8192,     /* its reply, and the body of every refusal of the guard */
    POOL_MEMORY = 16 * 1024, /* libmicrohttpd's, a connection: it writes zeros over all of it after
                                each request */
    CHANNELS = 32,
    NETWORKS =
        4096, /* counts of slow bodies by whom they come from; two that fall on one share it */
    BUCKETS = 9,
};

/* Memory of a request that is worked on: address space is taken once, pages only as they are used.
 */
struct slot {
    uint8_t *p;
    struct arena arena;
    struct slot *next;
    bool coming;      /* its body is not whole yet */
    uint16_t *of_one; /* and is counted here too, for whom it comes from; NULL */
};

enum phase {
    PHASE_IDLE,  /* between requests */
    PHASE_HEAD,  /* a request line has come */
    PHASE_BODY,  /* the head was judged; the body is coming */
    PHASE_WORK,  /* with a worker; suspended */
    PHASE_DONE,  /* the worker has finished; the reply is to be queued */
    PHASE_REPLY, /* the reply is going out */
};

struct conn {
    struct http_server *server;
    struct MHD_Connection *mhd;
    int fd;                   /* under server->lock, so that it is never cut after it was closed */
    _Atomic int64_t deadline; /* monotonic usec; 0: none. Past it the sweeper cuts */
    _Atomic int phase;
    struct prng ids; /* of request ids */

    /* the request in hand */
    struct head head;
    struct request rq;
    struct reply rp;
    struct problems problems;
    struct err why;          /* refused before its handler */
    size_t target_n;         /* as sent; may be more than was kept */
    const char *line_target; /* where libmicrohttpd has it */
    const struct route *route;
    const struct asset *asset; /* instead of a route */
    struct slot *slot;         /* NULL: the inline memory */
    struct arena scratch;      /* over the inline memory */
    uint8_t *body;
    size_t body_n, body_max, body_seen;
    struct MHD_Response *response;
    int64_t began; /* monotonic usec */

    /* a stream; `waiting` and the links under server->stream_lock */
    bool waiting, told;
    struct conn *wait_next, *wait_prev;
    int64_t written; /* monotonic usec of the last line */
    bool fresh;      /* no request has come yet */

    char id[REQUEST_ID_MAX];
    char peer[48];
    char real_peer[48];
    char target[TARGET_MAX + 1];
    uint8_t inline_body[INLINE_BODY], inline_arena[INLINE_ARENA], inline_reply[INLINE_REPLY];
    struct conn *next_free;
};

struct route_counts {
    _Atomic int64_t by_class[6]; /* status / 100 */
    _Atomic int64_t buckets[BUCKETS + 1], usec;
};

struct http_server {
    struct http_config config;
    struct http_limits limits;
    struct router router;
    struct router_row *router_rows;
    struct MHD_Daemon *daemon;
    int listen_fd, port;
    char socket_path[108];

    pthread_mutex_t lock; /* fds and the free list of connections */
    struct conn *conns, *conns_free;

    pthread_mutex_t slot_lock;
    struct slot *slots, *slots_free;
    size_t slot_bytes;
    int coming; /* slots whose body still comes: under slot_lock, as the next */
    uint16_t coming_of[NETWORKS];
    uint64_t coming_seed; /* nobody can choose whom they fall together with */

    pthread_mutex_t queue_lock;
    pthread_cond_t queue_ready;
    struct conn **queue; /* a ring with room for every connection */
    size_t queue_from, queue_n;
    bool workers_stop;
    pthread_t *workers;
    int workers_n;

    pthread_mutex_t stream_lock;
    struct conn *waiting; /* suspended streams */
    _Atomic uint64_t generation[CHANNELS];

    pthread_t sweeper;
    bool sweeper_runs, sweeper_stop; /* under lock, with sweeper_wake */
    pthread_cond_t sweeper_wake;

    _Atomic bool draining;
    _Atomic int64_t connections, in_work, streams, requests, cut, refused;
    struct route_counts *counts; /* one per route and one for what has no route */
};

int64_t ticks(void); /* monotonic usec, coarse (4 ms): for deadlines */
int64_t ticks_fine(void);

/* connection.c: what libmicrohttpd calls */
void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                   enum MHD_ConnectionNotificationCode code);
void *on_line(void *arg, const char *target, struct MHD_Connection *mhd);
enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_n, void **context);
void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code);
/* The handler with what stands around it, on the thread of the caller; makes c->response. False:
 * nothing was done, it wants a worker. */
bool conn_run(struct conn *c);

/* worker.c */
RESULT workers_start(struct http_server *server);
void workers_stop(struct http_server *server);
void work_put(struct http_server *server, struct conn *c);
/* NULL: none is free. */
struct slot *request_slot_take(struct http_server *server);
/* One for a body that comes piece by piece, until request_slot_arrived. NULL also when one network
 * (as request_network has it) holds a quarter of all in this way, or everybody three quarters: what
 * comes slowly leaves room for what is there. */
struct slot *request_slot_take_coming(struct http_server *server, struct str peer);
void request_slot_arrived(struct http_server *server, struct slot *slot);
void request_slot_give(struct http_server *server, struct slot *slot, size_t reply_n);

/* sweeper.c */
RESULT sweeper_start(struct http_server *server);
void sweeper_stop(struct http_server *server);
void sweep(struct http_server *server, int64_t now);

/* request.c */
void request_begin(struct conn *c);
enum language language_of(struct str cookie, struct str accept_language);

/* reply.c */
void reply_begin(struct conn *c);
/* c->rp as libmicrohttpd's response; NULL when there is no memory. */
struct MHD_Response *reply_response(struct conn *c);

/* stream.c */
struct MHD_Response *stream_response(struct conn *c);
void streams_resume(struct http_server *server, int channel, int64_t written_before);
void stream_end(struct conn *c);

/* metrics.c */
void count_answer(struct http_server *server, const struct route *route, int status, int64_t usec);
