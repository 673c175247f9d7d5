/* http/http.h - HTTP/1.1 with a strict door: guard, router, workers, replies, streams.
 * It holds no word of the domain. Decisions and limits: docs/decisions/0008-http.md.
 *
 * A request's life. HTTP threads (libmicrohttpd, epoll) read it; the guard refuses what is not
 * plainly one HTTP/1.1 request; the router finds its route. A route with ROUTE_IMMEDIATE is
 * answered on the HTTP thread: its handler must not block, take no lock and allocate nothing (grade
 * B, assets). Every other request is suspended and handed to the worker pool, whose straight-line
 * handler may block; the reply is then queued and the connection resumed. A sweeper cuts, without
 * an answer, whoever is past an absolute deadline. */
#pragma once
#include "base/base.h"
#include "http/json.h"

struct app;     /* the program's; passed through to handlers */
struct session; /* who asks; made by the layer above, see http_config.admit */
struct once;    /* the idempotency key of this request; made by the layer above */
struct http_server;

/* On the wire as slugs (api/refusals.c), so never renumbered. */
enum http_refusal {
    HTTP_LINE_MALFORMED = 1101,  /* 400: the request line is not `METHOD target HTTP/1.x` */
    HTTP_VERSION_UNKNOWN = 1102, /* 505: neither HTTP/1.1 nor HTTP/1.0 */
    HTTP_TARGET_MALFORMED =
        1103,                    /* 400: not an absolute path; bad escape, NUL, dot segment, "//" */
    HTTP_TARGET_TOO_LONG = 1104, /* 414 */
    HTTP_HEADER_MALFORMED = 1105,  /* 400: NUL, control character, obs-fold, space before the colon,
                                      bare CR or LF, no colon, a name that is no token */
    HTTP_HEADERS_TOO_LARGE = 1106, /* 431: more than 64 headers or 8 KiB of them */
    HTTP_HOST_MISSING = 1107,      /* 400 */
    HTTP_HOST_MALFORMED = 1108,    /* 400: repeated, or not host[:port] */
    HTTP_LENGTH_MALFORMED = 1109,  /* 400: Content-Length repeated or not a number */
    HTTP_LENGTH_AND_CODING = 1110, /* 400: Content-Length beside Transfer-Encoding */
    HTTP_CODING_UNKNOWN = 1111,    /* 501: a Transfer-Encoding other than `chunked`, or repeated */
    HTTP_BODY_TOO_LARGE = 1112,    /* 413: declared or sent more than the route takes */
    HTTP_BODY_UNEXPECTED = 1113,   /* 400: a body on GET, HEAD or DELETE */
    HTTP_TYPE_UNSUPPORTED = 1114,  /* 415: not the media type the route takes */
    HTTP_CODING_UNSUPPORTED = 1115, /* 415: Content-Encoding on a request */
    HTTP_EXPECT_UNKNOWN = 1116,     /* 417: an Expect other than 100-continue */
    HTTP_METHOD_UNKNOWN = 1117,     /* 501: a method this server has for no route */
    HTTP_METHOD_REFUSED = 1118,     /* 405, with Allow */
    HTTP_ROUTE_UNKNOWN = 1119,      /* 404 */
    HTTP_ID_UNKNOWN = 1120,         /* 404: an id in the path that is none of ours */
    HTTP_QUERY_UNKNOWN = 1121,  /* 400: a parameter the route does not take, or a repeated one */
    HTTP_FORM_MALFORMED = 1122, /* 400: bad escapes, NUL or bad UTF-8 in a form or query */
    HTTP_JSON_SYNTAX = 1123,    /* 400 */
    HTTP_JSON_DUPLICATE = 1124, /* 400: a member named twice */
    HTTP_JSON_DEPTH = 1125,     /* 400: more than JSON_DEPTH_MAX levels */
    HTTP_FIELDS = 1126,         /* 422: fields are wrong; `problems` says which */
    HTTP_BUSY = 1127,           /* 503: no worker or no memory free now; Retry-After */
    HTTP_STOPPING = 1128,       /* 503: the server is draining */
};

/* The status of each, as its comment says; 500 for numbers that are none of them. */
int http_status(int code);

/* ---- requests
 * ------------------------------------------------------------------------------------ */

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHODS_N };
enum language { LANGUAGE_ZH, LANGUAGE_EN };
enum { PATH_PARAMS_MAX = 4, HEADERS_MAX = 64, REQUEST_ID_MAX = 4 + 13 };

struct header {
    struct str name, value;
};
struct route;

/* Everything in it lives until the reply is sent. */
struct request {
    enum method method; /* HEAD arrives as GET with `head` */
    bool head;
    struct str path;  /* as sent, without the query; printable ASCII */
    struct str query; /* as sent, without '?' */
    const struct route *route;
    struct str params[PATH_PARAMS_MAX]; /* in the order of the template, decoded */
    const struct header *headers;       /* names as sent */
    size_t headers_n;
    struct body body;
    struct arena *arena;
    struct problems *problems;
    struct str peer; /* "192.0.2.7", "2001:db8::1" or "local"; personal: never log it whole */
    struct instant at;
    struct str id; /* "req_..." also in the reply's X-Request-Id and in each log line */
    enum language language;
    const struct id_codec *ids;
    const struct session *session; /* NULL: nobody has signed in */
    const struct once *once;       /* NULL: the route takes no Idempotency-Key */
    bool on_worker;                /* may block; false: on the HTTP thread, of a ROUTE_IMMEDIATE */
    bool to_worker; /* set by admit there, which then refuses: run it again on a worker */
};

/* The first header of that name (any case), or empty. */
struct str request_header(const struct request *rq, const char *name);
struct str request_cookie(const struct request *rq, const char *name);
/* Who counts as one in a limit per address: an IPv4 address, also one written as IPv6
 * (::ffff:192.0.2.7), and of IPv6 the network of 64 bits, of which one subscriber has all
 * addresses. Into out, whose length is returned; what is no address is its own text, cut. */
enum { NETWORK_MAX = 48 };
size_t request_network(struct str peer, uint8_t out[NETWORK_MAX]);
/* A parameter of the path template by name: path_text for words, path_id for our ids. path_id
 * refuses HTTP_ID_UNKNOWN; path_text of a name the template lacks is a bug. */
struct str path_text(const struct request *rq, const char *name);
RESULT path_id(const struct request *rq, const char *name, const char *prefix, int64_t *out);
/* The query by a table (see json.h). Parameters that the route's `query` does not name were refused
 * before the handler, or dropped (ROUTE_PAGE; there each malformed one leaves its field as it was).
 */
RESULT query_read(const struct request *rq, const struct json_field *fields, size_t n);
/* Does the media type in Content-Type equal `type` (parameters but charset=utf-8 refused)? */
bool request_type(const struct request *rq, const char *type);

/* ---- replies
 * ------------------------------------------------------------------------------------- */

struct asset {        /* a file of the program's own, compiled in; sorted by path in its table */
    const char *path; /* "/assets/app.4f1c2d.css" */
    const char *type; /* "text/css; charset=utf-8" */
    const char *etag; /* quoted, over the content */
    struct bytes plain, gzip, brotli; /* gzip, brotli: empty when not made */
    bool immutable; /* the name changes with the content: may be kept for a year */
};

enum { REPLY_HEADERS_MAX = 16, STREAM_ARGS_MAX = 4 };

/* A stream of server-sent events. `next` is called on an HTTP thread whenever the channel was woken
 * or a comment is due; it must not block. It writes whole events after `position` (each with its
 * `id:`) and moves `position`; writing nothing means there is nothing new. */
struct stream {
    void (*next)(struct app *app, struct stream *stream, struct writer *w);
    int channel; /* 0..31: what http_wake names */
    int64_t position;
    int64_t args[STREAM_ARGS_MAX];
};

enum reply_kind { REPLY_BODY, REPLY_ASSET, REPLY_FILE, REPLY_STREAM };
struct reply {
    int status; /* 0: the handler said nothing, which is a fault */
    enum reply_kind kind;
    struct writer body; /* write into it, or use json_put_*; overrun is a fault */
    struct json_out json;
    bool is_json;
    struct str type;
    struct header headers[REPLY_HEADERS_MAX];
    size_t headers_n;
    struct arena *arena;
    const struct id_codec *ids;
    struct bytes asset_bytes; /* REPLY_ASSET */
    bool secure;              /* cookies go over TLS only */
    int file;                 /* REPLY_FILE: closed by the server */
    int64_t bytes;            /* its size */
    struct stream stream;
    bool close;         /* close the connection after this reply */
    struct writer more; /* the layer above's: what it adds to a refusal's body */
    struct json_out more_json;
};

/* Begin a JSON object or array as the body; it is closed by the server. json_put_* follow. */
void reply_json(struct reply *rp, int status);
void reply_json_array(struct reply *rp, int status);
/* Begin a body of another type ("text/html; charset=utf-8"); write to rp->body. */
struct writer *reply_text(struct reply *rp, int status, const char *type);
void reply_empty(struct reply *rp, int status); /* 204, 304 */
/* 303 to a path of ours (copied). */
void reply_redirect(struct reply *rp, struct str path);
/* An asset: 200, or 304 when If-None-Match has its ETag; precompressed as Accept-Encoding allows.
 */
void reply_asset(const struct request *rq, struct reply *rp, const struct asset *asset);
/* A file from the disk, sent as a download of that name (RFC 6266). Faults FAULT_IO. */
RESULT reply_file(struct reply *rp, const char *path, const char *type, struct str name);
/* A stream of events; `from` is the first position (or what Last-Event-ID says, see
 * request_last_event). */
void reply_stream(struct reply *rp, const struct stream *stream);
int64_t request_last_event(const struct request *rq, int64_t otherwise);
/* Add a header; both are copied to the arena. Values with control characters are a bug. */
void reply_header(struct reply *rp, const char *name, struct str value);
enum cookie_flag { COOKIE_SCRIPT = 1, COOKIE_LAX = 2 }; /* readable by scripts; SameSite=Lax */
/* Set-Cookie: HttpOnly, SameSite=Strict, Path=/, Secure as configured. max_age in seconds; 0 ends
 * with the browser; negative removes it. */
void reply_cookie(const struct request *rq, struct reply *rp, const char *name, struct str value,
                  int64_t max_age, unsigned flags);
void reply_etag(struct reply *rp, int64_t version); /* "v7" as a strong ETag */
/* Give the answer this ETag (quoted). True: If-None-Match names it, and the reply is 304, done. */
bool reply_unchanged(const struct request *rq, struct reply *rp, struct str etag);

static inline void json_put_object(struct reply *rp, const char *name)
{
    json_out_object(&rp->json, name);
}
static inline void json_put_array(struct reply *rp, const char *name)
{
    json_out_array(&rp->json, name);
}
static inline void json_put_end(struct reply *rp)
{
    json_out_end(&rp->json);
}
static inline void json_put_int(struct reply *rp, const char *name, int64_t v)
{
    json_out_int(&rp->json, name, v);
}
static inline void json_put_fen(struct reply *rp, const char *name, struct money v)
{
    json_out_int(&rp->json, name, v.fen);
}
static inline void json_put_bool(struct reply *rp, const char *name, bool v)
{
    json_out_bool(&rp->json, name, v);
}
static inline void json_put_null(struct reply *rp, const char *name)
{
    json_out_null(&rp->json, name);
}
static inline void json_put_str(struct reply *rp, const char *name, struct str v)
{
    json_out_str(&rp->json, name, v);
}
static inline void json_put_id(struct reply *rp, const char *name, const char *prefix, int64_t id)
{
    json_out_id(&rp->json, name, prefix, id);
}
static inline void json_put_instant(struct reply *rp, const char *name, struct instant at)
{
    json_out_instant(&rp->json, name, at);
}
static inline void json_put_date(struct reply *rp, const char *name, struct date date)
{
    json_out_date(&rp->json, name, date);
}
static inline void json_put_hex(struct reply *rp, const char *name, struct bytes v)
{
    json_out_hex(&rp->json, name, v);
}
static inline void json_put_base64url(struct reply *rp, const char *name, struct bytes v)
{
    json_out_base64url(&rp->json, name, v);
}

/* ---- routes
 * -------------------------------------------------------------------------------------- */

typedef struct err handler(struct app *app, const struct request *rq, struct reply *rp);

enum route_flag {
    ROUTE_IMMEDIATE = 1 << 0, /* on the HTTP thread: never blocks, no lock, no allocation; on a
                                 worker when admit asks for it */
    ROUTE_FORM = 1 << 1,      /* its body is a form, not JSON */
    ROUTE_ANY_BODY = 1 << 2,  /* its body is the handler's business (files) */
    ROUTE_STREAM = 1 << 3,    /* answers with events; no reply deadline */
    ROUTE_PAGE = 1 << 4,      /* people come here by links that others lengthened: parameters it
                                 does not take are dropped, a malformed one counts as not given */
    ROUTE_APP = 1 << 8,       /* bits from here are the layer above's */
};
struct route {
    enum method method;
    const char *path; /* "/v1/cards/{card}/loss-reports": {name} is one whole segment */
    unsigned flags;
    const char *scope; /* the layer above's; NULL */
    handler *run;
    const char *query; /* parameters it takes, separated by spaces; NULL: none */
    uint32_t body_max; /* bytes; 0: config.body_max */
};

/* ---- the server
 * ---------------------------------------------------------------------------------- */

struct http_limits {             /* 0 means the default beside it */
    int threads;                 /* HTTP threads: half of the processors, one at least */
    int workers;                 /* 128 */
    int connections;             /* 4096, all addresses together */
    int connections_per_address; /* 2048; not with trust_proxy or a UNIX socket */
    int requests;                /* with a body or in work, at one time: 1024; more get 503. Bodies
                                    that come piece by piece: a quarter of them by one network, and
                                    three quarters in all */
    uint32_t body_max;           /* 64 KiB for JSON and forms; a route may name more */
    uint32_t reply_max;          /* 1 MiB */
    uint32_t arena;              /* 1 MiB a request */
    int64_t header_usec;         /* from the first moment to the whole head: 10 s */
    int64_t body_usec;           /* from the head to the whole body: 30 s */
    int64_t reply_usec;          /* from the queued reply to its last byte: 60 s */
    int64_t idle_usec;           /* between requests: 75 s */
    int64_t comment_usec;        /* between comment lines of a stream: 15 s */
};

struct http_config {
    const char *host;    /* "127.0.0.1", "::1"; NULL with `socket` */
    int port;            /* 0: a free one, see http_port */
    const char *socket;  /* path of a UNIX socket; a stale one is replaced */
    bool secure_cookies; /* behind TLS */
    bool trust_proxy;    /* peer is X-Real-IP; only behind a proxy of ours that always sets it */
    struct http_limits limits;
    struct clock clock;
    struct entropy entropy;
    const struct id_codec *ids; /* may be NULL when no route has an id */
    const struct route *routes;
    size_t routes_n;
    const struct route *nowhere; /* runs for a GET of text/html where no route is; may be NULL */
    const struct asset *assets;  /* answered at once where no route is; sorted by path (memcmp) */
    size_t assets_n;
    struct app *app;
    /* Before a handler: who asks, may they, how often. May set session and once. On a worker, or on
     * the HTTP thread for ROUTE_IMMEDIATE, where it must not block: it may set rq->to_worker and
     * refuse, then all is begun anew on a worker. NULL: everything is admitted. */
    struct err (*admit)(struct app *app, struct request *rq, struct reply *rp);
    /* Write the answer to an end that is not OK (of the guard, admit or the handler). Headers that
     * were set before stay. On the HTTP thread for the guard's, so it must not block. rq->route may
     * be NULL. A NULL refuse writes the number as plain text. */
    void (*refuse)(struct app *app, const struct request *rq, struct reply *rp, struct err why);
    /* After the handler and refuse, on the same thread, for every request that admit saw. */
    void (*finish)(struct app *app, const struct request *rq, struct reply *rp);
    /* After each answer, on whichever thread: for the log. usec is the time in our hands. */
    void (*answered)(struct app *app, const struct request *rq, int status, int64_t usec);
};

/* Start listening. The config is copied, what it points to must outlive the server.
 *   faults  FAULT_CONFIG (a route table that can't work: the note says which line), FAULT_IO */
RESULT http_open(const struct http_config *config, struct http_server **out);
int http_port(const struct http_server *server);
/* Tell streams of a channel that there is something new. From any thread; cheap when none listens.
 */
void http_wake(struct http_server *server, int channel);
/* Stop: no new connections, new requests on open ones get 503 and close, streams end with `retry:`,
 * requests in work finish; after `cap_usec` what is left is cut. Then close. */
void http_drain(struct http_server *server, int64_t cap_usec);
void http_close(
    struct http_server *server); /* drains with a cap of 10 s if not drained; NULL is allowed */
/* Prometheus text (0.0.4): requests by route and status class, durations, connections, refusals. */
void http_metrics(const struct http_server *server, const char *listener, struct writer *w);
struct http_counts {
    int64_t connections, in_work, streams, requests, cut, refused;
};
struct http_counts http_counts(const struct http_server *server);

/* The guard by itself, for the fuzzer and for tests: judge one request head as its bytes came, up
 * to and with the empty line. OK or a refusal of enum http_refusal. The server's own way to the
 * same judgement starts from what libmicrohttpd left in its buffer; tests hold the two against each
 * other. */
RESULT http_head_check(struct bytes head);
