/* http/connection.c - the life of a connection and of each request on it, as libmicrohttpd tells
 * it.
 *
 * on_line sees the request target before it is unescaped in place; the first on_request call has
 * the whole head and judges it; further calls bring the body; the last one (no bytes) runs the
 * handler or hands the request to a worker, after whom it is called once more. A reply queued in
 * the first call makes libmicrohttpd close the connection: wanted when the framing can't be trusted
 * or a body would still come, never otherwise. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http/inside.h"

static void set_peer(struct conn *c, const struct sockaddr *addr)
{
    char text[INET6_ADDRSTRLEN] = "local";

    if (addr && addr->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, addr, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    } else if (addr && addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, addr, sizeof in);
        inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    }
    memcpy(c->peer, text, strlen(text) + 1);
}

void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                   enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;
    struct conn *c;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *addr =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const union MHD_ConnectionInfo *fd =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

        pthread_mutex_lock(&server->lock);
        c = server->conns_free;
        if (c) {
            server->conns_free = c->next_free;
            c->mhd = mhd;
            c->fd = fd->connect_fd;
            c->fresh = true;
            atomic_store(&c->phase, PHASE_IDLE);
            atomic_store(&c->deadline, ticks() + server->limits.header_usec);
        }
        pthread_mutex_unlock(&server->lock);
        if (c) set_peer(c, addr ? addr->client_addr : NULL);
        atomic_fetch_add(&server->connections, 1);
        *context = c;
        return;
    }
    /* closing: libmicrohttpd closes the descriptor only after this call returned */
    c = *context;
    atomic_fetch_sub(&server->connections, 1);
    if (!c) return;
    pthread_mutex_lock(&server->lock);
    c->fd = -1;
    c->mhd = NULL;
    atomic_store(&c->deadline, 0);
    c->next_free = server->conns_free;
    server->conns_free = c;
    pthread_mutex_unlock(&server->lock);
}

void *on_line(void *arg, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *server = arg;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct conn *c = info ? info->socket_context : NULL;

    if (!c) return NULL; /* more connections than objects: closed at the first call */
    c->head.target.p = c->line_target = target;
    c->target_n = target ? strlen(target) : 0;
    if (c->target_n <= TARGET_MAX) memcpy(c->target, target ? target : "", c->target_n);
    c->head.headers_n = 0;
    c->head.too_many = false;
    c->why = OK;
    c->route = NULL;
    c->asset = NULL;
    c->slot = NULL;
    c->scratch = arena_over(c->inline_arena, sizeof c->inline_arena);
    c->body = NULL;
    c->body_n = c->body_max = c->body_seen = 0;
    c->response = NULL;
    c->waiting = c->told = false;
    c->began = ticks_fine();
    /* On a kept connection the time for the head begins with its line; on a new one it began when
     * the connection was made. */
    if (!c->fresh) atomic_store(&c->deadline, ticks() + server->limits.header_usec);
    c->fresh = false;
    atomic_store(&c->phase, PHASE_HEAD);
    return c;
}

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    struct conn *c = arg;

    (void)kind;
    if (c->head.headers_n == HEADERS_MAX) {
        c->head.too_many = true;
        return MHD_NO;
    }
    c->head.headers[c->head.headers_n++] = (struct header){
        .name = { .p = name, .n = name_n },
        .value = { .p = value ? value : "", .n = value_n },
    };
    return MHD_YES;
}

/* The guard: the head as it stands in the buffer, then what it says. */
static struct err judge(struct conn *c, const char *method, const char *version)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    REQUIRE(c->head.target.p && method && version && size, HTTP_LINE_MALFORMED);
    c->head.method = str_of(method);
    c->head.version = str_of(version);
    c->head.target.n = c->target_n;
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, take_header, c);
    REQUIRE(size->header_size <= HEAD_MAX && !c->head.too_many, HTTP_HEADERS_TOO_LARGE);
    REQUIRE(c->target_n <= TARGET_MAX, HTTP_TARGET_TOO_LONG);
    TRY(head_layout(&c->head, size->header_size));
    c->head.target.p = c->target; /* from here on, the copy as it was sent */
    return head_judge(&c->head);
}

static const struct asset *find_asset(const struct http_config *config, struct str path)
{
    size_t from = 0, to = config->assets_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        struct str at = str_of(config->assets[middle].path);
        size_t n = at.n < path.n ? at.n : path.n;
        int order = memcmp(path.p, at.p, n);

        if (order == 0 && path.n == at.n) return &config->assets[middle];
        if (order < 0 || (order == 0 && path.n < at.n)) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    return NULL;
}

/* What the route asks of the head. */
static bool wants_page(const struct request *rq)
{
    struct str rest = request_header(rq, "accept"), parameters;

    while (rest.n > 0) {
        if (str_eq(str_trim(str_cut(str_cut(rest, ',', &rest), ';', &parameters)), S("text/html")))
            return true;
    }
    return false;
}

static struct err admit_head(struct conn *c)
{
    struct http_server *server = c->server;
    const struct route *route;
    unsigned allowed = 0;

    TRY(target_check(c->head.target, &c->rq.path, &c->rq.query));
    if (c->head.options) {
        struct err none =
            router_find(&server->router, METHODS_N, c->rq.path, &route, c->rq.params, &allowed);

        if (none.code != HTTP_METHOD_REFUSED) return none;
    } else {
        struct err found = router_find(&server->router, c->head.verb, c->rq.path, &c->route,
                                       c->rq.params, &allowed);

        if (found.code == HTTP_ROUTE_UNKNOWN && c->head.verb == METHOD_GET &&
            (c->asset = find_asset(&server->config, c->rq.path))) {
            return OK;
        }
        if (found.code == HTTP_ROUTE_UNKNOWN && c->head.verb == METHOD_GET &&
            server->config.nowhere && wants_page(&c->rq)) {
            c->route = server->config.nowhere;
            found = OK;
        }
        if (found.code == 0) {
            c->rq.route = c->route;
            c->body_max = c->route->body_max ? c->route->body_max : server->limits.body_max;
            if (c->route->flags & ROUTE_IMMEDIATE && c->body_max > INLINE_BODY) {
                c->body_max = INLINE_BODY;
            }
            REQUIRE(c->head.length <= (int64_t)c->body_max, HTTP_BODY_TOO_LARGE);
            REQUIRE(!atomic_load(&server->draining), HTTP_STOPPING);
            return OK;
        }
        if (found.code != HTTP_METHOD_REFUSED) return found;
    }
    static const char *const NAMES[METHODS_N] = { "GET, HEAD", "POST", "PUT", "PATCH", "DELETE" };
    char text[64];
    struct writer w = writer_over(text, sizeof text);

    for (int m = 0; m < METHODS_N; m++) {
        if (!(allowed & 1u << m)) continue;
        if (w.n > 0) put_str(&w, S(", "));
        put_str(&w, str_of(NAMES[m]));
    }
    reply_header(&c->rp, "Allow", writer_str(&w));
    REFUSE(HTTP_METHOD_REFUSED);
}

static enum MHD_Result queue_reply(struct conn *c)
{
    enum MHD_Result ok;

    if (!c->response) return MHD_NO;             /* no memory for a reply: close */
    if (c->rp.kind == REPLY_STREAM && c->slot) { /* what a stream needs is in the connection */
        request_slot_give(c->server, c->slot, 0);
        c->slot = NULL;
    }
    /* on_completed may come as soon as the reply is queued */
    atomic_store(&c->phase, PHASE_REPLY);
    atomic_store(&c->deadline, ticks() + c->server->limits.reply_usec);
    ok = MHD_queue_response(c->mhd, (unsigned)c->rp.status, c->response);
    return ok;
}

static void account(struct conn *c)
{
    int64_t usec = ticks_fine() - c->began;

    atomic_fetch_add_explicit(&c->server->requests, 1, memory_order_relaxed);
    count_answer(c->server, c->route, c->rp.status, usec);
    if (c->server->config.answered) {
        c->server->config.answered(c->server->config.app, &c->rq, c->rp.status, usec);
    }
}

static void refuse(struct conn *c, struct err why)
{
    const struct http_config *config = &c->server->config;

    c->rp.kind = REPLY_BODY;
    reply_empty(&c->rp, 0); /* what the handler wrote is not sent */
    if (config->refuse) {
        config->refuse(config->app, &c->rq, &c->rp, why);
    } else {
        put_format(reply_text(&c->rp, http_status(why.code), "text/plain; charset=utf-8"), "%d\n",
                   why.code);
    }
    if (c->rp.is_json) json_out_end_all(&c->rp.json);
    if (c->rp.status == 0 || c->rp.body.over) { /* the refuser failed us: the bare number */
        reply_empty(&c->rp, 500);
    }
}

/* A refusal of the guard or the router, on the HTTP thread. */
static enum MHD_Result refuse_now(struct conn *c, struct err why)
{
    atomic_fetch_add_explicit(&c->server->refused, 1, memory_order_relaxed);
    refuse(c, why);
    c->response = reply_response(c);
    account(c);
    return queue_reply(c);
}

static bool takes(const struct route *route, struct str name)
{
    struct str names = str_of(route->query);

    while (names.n > 0) {
        if (str_eq(str_cut(names, ' ', &names), name)) return true;
    }
    return false;
}

/* Of a page: the parameters that it takes, each as it stands there first. */
static struct err query_kept(struct request *rq)
{
    struct writer w = writer_over(arena_take(rq->arena, rq->query.n + 1, 1), rq->query.n + 1);
    struct str rest = rq->query;

    if (rest.n == 0) return OK;
    if (!w.p) return fault(FAULT_MEMORY, "query");
    while (rest.n > 0) {
        struct str pair = str_cut(rest, '&', &rest), value, name = str_cut(pair, '=', &value),
                   kept = writer_str(&w);
        bool again = false;

        while (kept.n > 0 && !again)
            again = str_eq(str_cut(str_cut(kept, '&', &kept), '=', &value), name);
        if (again || !takes(rq->route, name)) continue;
        if (w.n > 0) put_char(&w, '&');
        put_str(&w, pair);
    }
    rq->query = writer_str(&w);
    return OK;
}

static struct err query_allowed(struct request *rq)
{
    struct str rest = rq->query;

    if (rq->route->flags & ROUTE_PAGE) return query_kept(rq);
    while (rest.n > 0) {
        struct str pair = str_cut(rest, '&', &rest), value, name = str_cut(pair, '=', &value), seen;

        REQUIRE(takes(rq->route, name), HTTP_QUERY_UNKNOWN);
        for (seen = rest; seen.n > 0;) { /* the same name again */
            struct str other = str_cut(str_cut(seen, '&', &seen), '=', &value);

            REQUIRE(!str_eq(other, name), HTTP_QUERY_UNKNOWN);
        }
    }
    return OK;
}

static struct err check_type(const struct request *rq)
{
    const struct route *route = rq->route;

    if (rq->body.bytes.n == 0 || route->flags & ROUTE_ANY_BODY) return OK;
    if (route->flags & ROUTE_FORM) {
        REQUIRE(request_type(rq, "application/x-www-form-urlencoded"), HTTP_TYPE_UNSUPPORTED);
        return OK;
    }
    REQUIRE(request_type(rq, "application/json") ||
                (rq->method == METHOD_PATCH && request_type(rq, "application/merge-patch+json")),
            HTTP_TYPE_UNSUPPORTED);
    return OK;
}

static struct err run_handler(struct conn *c)
{
    const struct http_config *config = &c->server->config;
    struct err end;

    TRY(query_allowed(&c->rq));
    TRY(check_type(&c->rq));
    if (config->admit) TRY(config->admit(config->app, &c->rq, &c->rp));
    end = c->route->run(config->app, &c->rq, &c->rp);
    if (end.code != 0) return end;
    if (c->rp.is_json) json_out_end_all(&c->rp.json);
    if (c->rp.status == 0) return fault(FAULT_IO, "%s: the handler gave no reply", c->route->path);
    if (c->rp.body.over || c->scratch.full || (c->slot && c->slot->arena.full)) {
        return fault(FAULT_MEMORY, "%s: the reply does not fit", c->route->path);
    }
    return OK;
}

bool conn_run(struct conn *c)
{
    const struct http_config *config = &c->server->config;
    struct err end = run_handler(c);

    if (end.code != 0 && c->rq.to_worker && !c->rq.on_worker) return false;
    if (end.code != 0) refuse(c, end);
    if (config->finish) config->finish(config->app, &c->rq, &c->rp);
    c->response = reply_response(c);
    account(c);
    return true;
}

static enum MHD_Result first_call(struct conn *c, const char *method, const char *version)
{
    struct err framing = judge(c, method, version);
    bool body;

    request_begin(c);
    reply_begin(c);
    if (framing.code != 0) {
        c->rp.close = true;
        return refuse_now(c, framing);
    }
    body = c->head.chunked || c->head.length > 0;
    c->rq.method = c->head.verb == METHODS_N ? METHOD_GET : c->head.verb;
    c->rq.head = c->head.head;
    c->why = admit_head(c);
    if (c->why.code != 0 && body) return refuse_now(c, c->why);
    atomic_store(&c->phase, PHASE_BODY);
    atomic_store(&c->deadline, ticks() + c->server->limits.body_usec);
    return MHD_YES;
}

static struct err body_room(struct conn *c, size_t n)
{
    const bool whole = !c->head.chunked && n == (size_t)c->head.length;

    if (c->body) return OK;
    if (c->route->flags & ROUTE_IMMEDIATE) {
        c->body = c->inline_body;
        return OK;
    }
    c->slot =
        whole ? request_slot_take(c->server) : request_slot_take_coming(c->server, c->rq.peer);
    REQUIRE(c->slot, HTTP_BUSY);
    c->body =
        arena_take(&c->slot->arena, c->head.chunked ? c->body_max : (size_t)c->head.length, 16);
    REQUIRE(c->body, HTTP_BODY_TOO_LARGE);
    return OK;
}

/* What libmicrohttpd handed out as const lies in its pool, which it gives back unwiped when the
 * connection closes. */
static void wipe(const void *p, size_t n)
{
    const union {
        const void *in;
        void *out;
    } at = { .in = p };

    if (n > 0) memset(at.out, 0, n);
}

/* What a request leaves in the memory of its connection: people's numbers and tokens may be in it,
 * and memory is read by whoever takes over the process. Only what was used. */
static void request_wipe(struct conn *c)
{
    for (size_t i = 0; i < c->head.headers_n; i++)
        wipe(c->head.headers[i].value.p, c->head.headers[i].value.n);
    c->head.headers_n = 0;
    wipe(c->line_target, c->line_target ? c->target_n : 0);
    c->line_target = NULL;
    memset(c->target, 0, c->target_n <= TARGET_MAX ? c->target_n : 0);
    if (c->body == c->inline_body) memset(c->inline_body, 0, c->body_n);
    memset(c->inline_arena, 0, c->scratch.used);
    if (c->rp.body.p == c->inline_reply) memset(c->inline_reply, 0, c->rp.body.n);
}

/* libmicrohttpd takes no reply in the middle of a body: what is refused here is read to its end (or
 * cut, past eight times what was allowed), then answered. */
static enum MHD_Result take_body(struct conn *c, const char *upload, size_t *n)
{
    c->body_seen += *n;
    if (c->why.code == 0) c->why = body_room(c, *n);
    if (c->why.code == 0 && *n > c->body_max - c->body_n) {
        c->why = (struct err){ .code = HTTP_BODY_TOO_LARGE };
    }
    if (c->why.code == 0) {
        memcpy(c->body + c->body_n, upload, *n);
        wipe(upload, *n); /* taken: libmicrohttpd goes on behind it */
        c->body_n += *n;
    } else if (c->body_seen > c->body_max * 8 + 65536) {
        return MHD_NO;
    }
    *n = 0;
    return MHD_YES;
}

static enum MHD_Result dispatch(struct conn *c)
{
    struct http_server *server = c->server;

    if (c->slot) request_slot_arrived(server, c->slot);
    if (c->why.code == 0 && c->head.chunked &&
        MHD_get_connection_values_n(c->mhd, MHD_FOOTER_KIND, NULL, NULL) > 0) {
        c->why =
            (struct err){ .code = HTTP_HEADER_MALFORMED }; /* no trailer means anything to us */
    }
    if (c->why.code != 0) return refuse_now(c, c->why);
    if (c->asset) {
        reply_asset(&c->rq, &c->rp, c->asset);
        c->response = reply_response(c);
        account(c);
        return queue_reply(c);
    }
    if (c->route->flags & ROUTE_IMMEDIATE) {
        c->rq.body.bytes = bytes_of(c->body, c->body_n);
        if (conn_run(c)) return queue_reply(c);
        reply_begin(c); /* as if nothing had been said */
    }
    if (!c->slot) c->slot = request_slot_take(server);
    if (!c->slot) return refuse_now(c, (struct err){ .code = HTTP_BUSY });
    c->rq.arena = c->rq.body.arena = c->rp.arena = &c->slot->arena;
    c->rp.body = writer_over(c->slot->p + server->slot_bytes, server->limits.reply_max);
    c->rq.body.bytes = bytes_of(c->body, c->body_n);
    c->rq.on_worker = true;
    atomic_store(&c->deadline, 0);
    atomic_store(&c->phase, PHASE_WORK);
    atomic_fetch_add(&server->in_work, 1);
    MHD_suspend_connection(c->mhd);
    work_put(server, c);
    return MHD_YES;
}

enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_n, void **context)
{
    struct conn *c = *context;

    (void)arg;
    (void)mhd;
    (void)url;
    if (!c) return MHD_NO;
    switch ((enum phase)atomic_load(&c->phase)) {
    case PHASE_HEAD:
        return first_call(c, method, version);
    case PHASE_BODY:
        return *upload_n > 0 ? take_body(c, upload, upload_n) : dispatch(c);
    case PHASE_DONE:
        return queue_reply(c);
    case PHASE_WORK:
    case PHASE_IDLE:
    case PHASE_REPLY:
        break;
    }
    return MHD_NO;
}

void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code)
{
    struct http_server *server = arg;
    struct conn *c = *context;

    (void)mhd;
    (void)code;
    if (!c) return;
    if (c->response) {
        if (c->rp.kind == REPLY_STREAM) stream_end(c);
        MHD_destroy_response(c->response);
        c->response = NULL;
    }
    if (c->slot) {
        request_slot_give(server, c->slot, c->rp.body.p == c->inline_reply ? 0 : c->rp.body.n);
        c->slot = NULL;
    }
    request_wipe(c);
    atomic_store(&c->phase, PHASE_IDLE);
    atomic_store(&c->deadline, ticks() + server->limits.idle_usec);
    *context = NULL;
}
