/* api/api.h - the frame in which every resource of the API and every page is served: who asks, may
 * they, how often, under which key, and how a refusal is told. One file per resource holds handlers
 *
 *     RESULT post_booking(struct app *app, const struct request *rq, struct reply *rp);
 *
 * and one line in api/routes.c. A handler holds the good path only: it parses, calls one service,
 * and writes the reply; what is not OK becomes problem+json (RFC 9457) or a page by api/refusals.c.
 */
#pragma once
#include "base/base.h"
#include "http/http.h"
#include "registry/signin.h"
#include "store/store.h"

struct blind_key;
struct catalogue_shelf;
struct derived;
struct jobs;
struct identity;
struct limits;
struct once_memory;
struct record_line;
struct sessions;

/* ---- what programs/ hands in
 * --------------------------------------------------------------------- */

/* One named check of /readyz. `state` is written: ok, degraded, erroring, unreachable. */
enum health { HEALTH_OK, HEALTH_DEGRADED, HEALTH_ERRORING, HEALTH_UNREACHABLE };
struct health_check {
    const char *name; /* "store", "keyd", "feed" */
    enum health (*check)(struct app *app, struct writer *why);
    bool needed; /* /readyz is 503 when it is not ok or degraded */
};
/* More lines of /metrics, from other parts. */
struct metrics_source {
    void (*write)(struct app *app, struct writer *w);
};

/* What a replacement card inherits, in order; each service adds its own (design section 8, Lose).
 */
struct replacement_step {
    const char *name;
    struct err (*run)(struct app *app, int64_t person_id, int64_t old_card_id, int64_t new_card_id,
                      struct instant at);
};

/* Everything a handler may use. Pointers are borrowed from programs/server.c, which opens and
 * closes them; tests fill in what they need. */
struct app {
    struct clock clock;
    struct entropy entropy;
    struct store *store;
    struct keyd *keyd;
    const struct blind_key *blind;
    const struct id_codec *ids;
    struct catalogue_shelf *shelf; /* the catalogue's snapshots */
    const struct registry *registry;
    struct identity *identity;
    struct derived *derived; /* grade B: states of cards, identity/derived.h */
    struct jobs *jobs;
    struct sessions *sessions;
    struct limits *limits;
    struct once_memory *once; /* NULL: another body under a done key is found by the store, which
                                 sees one root */
    struct record_line *record_line; /* api/record_line.h */
    struct http_server *http;        /* the public listener */
    struct http_server *internal;    /* health and metrics */
    uint8_t mac_key[32]; /* cursors and form tokens; the same on every worker of a node */
    const struct replacement_step *replacement;
    size_t replacement_n;
    const struct health_check *checks;
    size_t checks_n;
    const struct metrics_source *metrics;
    size_t metrics_n;
    const char *version, *commit;
    int64_t checks_a_second; /* grade B: of one terminal or one of the staff, five seconds' worth at
                                once; at most a million; 0: as they come */
    bool test_system;        /* a test system: marked on every page and in /v1/version */
    bool demo;               /* roles change by a click (one screen) */
    struct str public_url;
    struct str help; /* "tel:12333" */
};

/* ---- routes
 * -------------------------------------------------------------------------------------- */

enum api_flag {
    API_PUBLIC = ROUTE_APP << 0,  /* nobody need be signed in */
    API_ONCE = ROUTE_APP << 1,    /* Idempotency-Key is needed; rq->once is set */
    API_PURPOSE = ROUTE_APP << 2, /* personal data is returned: all but holders name X-Purpose */
    API_GUESS =
        ROUTE_APP << 3,    /* takes a guessable secret: the tight limits with growing penalties */
    API_PAGE = ROUTE_PAGE, /* a page: refusals are pages, sign-in is a redirect */
    API_GRADE_B = ROUTE_APP << 5, /* limits of gates, not of people */
};

/* The tables of api/routes.c: the public listener's and the internal one's. */
extern const struct route ROUTES[];
extern const size_t ROUTES_N;
extern const struct route INTERNAL_ROUTES[];
extern const size_t INTERNAL_ROUTES_N;

/* Fill in the hooks and routes of an http_config for the public (or internal) listener of this app;
 * host, port, limits and assets stay the caller's. */
void api_http(struct app *app, struct http_config *config);
void api_http_internal(struct app *app, struct http_config *config);

/* ---- refusals
 * ------------------------------------------------------------------------------------ */

enum api_refusal {
    API_SIGN_IN = 9001,         /* 401: nobody is signed in, or the token is unknown or ended */
    API_SCOPE = 9002,           /* 403: the session lacks the route's scope */
    API_FORM_TOKEN = 9003,      /* 403: a cookie session without its CSRF or form token */
    API_KEY_MISSING = 9004,     /* 400: Idempotency-Key is missing */
    API_KEY_MALFORMED = 9005,   /* 400: not 1..64 visible ASCII characters */
    API_KEY_RUNNING = 9006,     /* 409: the same key is being worked on */
    API_PURPOSE_MISSING = 9007, /* 400: X-Purpose is missing */
    API_PURPOSE_UNKNOWN = 9008, /* 400: X-Purpose is none of enum purpose */
    API_CURSOR = 9009,          /* 400: not a cursor of this list */
    API_PRECONDITION_MISSING = 9010, /* 428: If-Match is missing */
    API_PRECONDITION = 9011,         /* 412: somebody changed it meanwhile */
    API_TOO_MANY = 9012,             /* 429, with Retry-After */
    API_NOT_FOUND = 9013,            /* 404: nothing by that id, or not yours to know */
    API_REGION = 9014,               /* 403: outside the region or organisation of the role */
    API_CREDENTIALS = 9015,    /* 400: two ways of signing in in one request, or a malformed one */
    API_PASSWORDS_BUSY = 9016, /* 503: as many passwords are being checked as may; Retry-After */
    API_SESSIONS_FULL = 9017,  /* 503: terminals' sessions fill the table; Retry-After */
};

/* How one refusal or fault is told. */
struct refusal {
    int status;
    const char *code; /* the stable slug: "slot_closed" */
    const char *title_en, *title_zh, *detail_en, *detail_zh;
};
/* The text of a refusal (any module's) or a fault. Every code of every module has one: a switch
 * without default over each enum asks for the missing one. */
struct refusal refusal_of(int code);
bool refusal_known(int code, struct refusal *out);      /* false: no such code */
struct refusal refusal_field(const char *problem_code); /* of a `struct problem` code */
/* By slug, for /docs/errors/{code}; false when there is none. */
bool refusal_by_slug(struct str slug, struct refusal *out, int *code);
/* Members that a handler adds to the refusal it is about to return: `json_out_instant(
 * refusal_more(rp), "lost_at", at); REFUSE(REGISTRY_CARD_LOST);` */
struct json_out *refusal_more(struct reply *rp);
/* The hook: writes problem+json, or for pages the error page. */
void api_refuse(struct app *app, const struct request *rq, struct reply *rp, struct err why);
/* How pages tell a refusal; set by the pages' frame, else a plain page. */
typedef void api_error_page(struct app *app, const struct request *rq, struct reply *rp,
                            const struct refusal *refusal);
void api_set_error_page(api_error_page *page);

/* ---- who asks
 * ------------------------------------------------------------------------------------ */

/* One sign-in, as kept in memory under the hash of its token (registry's token_hash: SM3). People
 * and staff: what registry/signin.h gave out. Terminals: by venues_terminal_signin. */
struct session {
    uint8_t token_hash[32];
    enum journal_actor actor;      /* ACTOR_HOLDER, ACTOR_STAFF, ACTOR_TERMINAL */
    int64_t actor_id;              /* person, staff member or terminal: once.actor */
    int64_t person_id;             /* the holder; of staff 0 unless linked */
    int64_t terminal_id, place_id; /* of a terminal, else 0 */
    struct signin_session signin;  /* of people and staff */
    uint64_t scopes;               /* SCOPE_BIT(permission) */
    struct instant until;
    bool cookie; /* a browser's: unsafe methods need its CSRF or form token */
};
const struct session *request_session(const struct request *rq); /* asserts that there is one */
/* From what a sign-in gave. */
struct session session_of_signin(const struct signin_session *signin);
struct session session_of_terminal(struct str token, int64_t terminal_id, int64_t place_id,
                                   struct instant until);
/* Who acts, for registry and journal: actor, its id, when; channel and proof by how it signed in.
 */
struct act request_act(const struct request *rq);
/* May this session do it, to a thing of that region and organisation (0: it has none)? Residents:
 * also ask whose person it is. Refuses API_SCOPE, API_REGION. */
RESULT request_may(const struct request *rq, enum permission permission, int32_t region_code,
                   int64_t org_id);
/* To a place or what belongs to it (terminals, bookings, admissions): of its region and operator.
 * NULL: a place that left the catalogue, which is the province's and no organisation's. */
struct place;
RESULT request_may_at(const struct request *rq, enum permission permission,
                      const struct place *place);

/* Where one of the staff belongs, for the journal: the region of the first grant that names one; 0:
 * everywhere, and of everybody else. */
int32_t session_region(const struct session *session);

/* The newest 65,536 Idempotency-Keys whose act was done. Owner: programs/. */
RESULT once_memory_open(struct once_memory **out);
void once_memory_close(struct once_memory *done);

/* A route's `scope` is one or more permission names ("self.lose card.lose.temporary"): one of them
 * is enough to reach the handler, which asks request_may for the thing itself. False when one is
 * unknown. */
bool scope_bits(struct str scopes, uint64_t *out);

/* The sign-ins in memory: room for about `max`, read without a lock. Owner: programs/, which fills
 * it by sessions_load at start. Handlers that end sessions in the registry drop them here too,
 * after the store. Where there is no room a session puts another out: a resident's a resident's,
 * one of staff or of a terminal also one of staff, each the one that ends first; a terminal's,
 * which is kept nowhere else, is never put out (docs/decisions/0044-sessions-in-memory.md). */
RESULT sessions_open(size_t max, struct sessions **out);
void sessions_close(struct sessions *sessions);
RESULT sessions_load(struct sessions *sessions, struct store *store, struct instant at);
/* False: it is not in the table. Of people and staff, the store still has it; for a terminal, all
 * is full of others. */
bool sessions_put(struct sessions *sessions, const struct session *session, struct instant at);
/* Put a session of the store, as the store has it once it is in the table: what was ended or taken
 * back between its making and here is ended and taken back. refuses SIGNIN_NO_TOKEN: it was ended,
 * and is not in the table */
RESULT sessions_keep(struct sessions *sessions, struct store *store,
                     const struct signin_session *signin, struct instant at);
/* One that is not in the table, from the store, and put into the table as by sessions_keep. Blocks.
 * refuses SIGNIN_NO_TOKEN: no such one lives */
RESULT sessions_ask(struct sessions *sessions, struct store *store, const uint8_t token_hash[32],
                    struct instant at, struct session *out);
bool sessions_drop(struct sessions *sessions, const uint8_t token_hash[32]);
/* End all of an actor but `but` (may be NULL); returns how many. */
size_t sessions_drop_actor(struct sessions *sessions, enum journal_actor actor, int64_t actor_id,
                           const uint8_t but[32]);
/* What an actor may do has changed: read it again from the store, and drop what has ended there. */
RESULT sessions_renew(struct sessions *sessions, struct store *store, enum journal_actor actor,
                      int64_t actor_id, struct instant at);
bool sessions_find(struct sessions *sessions, const uint8_t token_hash[32], struct instant at,
                   struct session *out);
size_t sessions_count(const struct sessions *sessions, struct instant at);
/* Give a browser its session cookie, or take it away (token empty): of the role whose page this is
 * (/desk, /gate, else the resident's; in /v1 by X-Session: desk | gate), so that the one screen can
 * hold three roles. */
void reply_session(const struct request *rq, struct reply *rp, struct str token,
                   int64_t max_age_sec);
/* The CSRF token of this cookie session, for X-CSRF-Token (scripts); empty without one. */
struct str csrf_token(struct app *app, const struct request *rq);
/* The one-time token of a form, to be posted to `path`, for its field "_token". Someone who is not
 * signed in gets a browser cookie to bind it to. A POST to a ROUTE_FORM route is refused without
 * one; its random part becomes the idempotency key of rq->once, so that a second click or a reload
 * shows the first result. */
struct str form_token(struct app *app, const struct request *rq, struct reply *rp, struct str path);

/* Why personal data is wanted; X-Purpose, and the journal. */
enum purpose {
    PURPOSE_RESIDENT_REQUEST = 1, /* resident_request: the person asks about themself */
    PURPOSE_COUNTER_SERVICE = 2,  /* counter_service: the person stands at a window */
    PURPOSE_PHONE_SERVICE = 3,    /* phone_service: the person is on the phone */
    PURPOSE_CASE_WORK = 4,        /* case_work: an application or payment is decided */
    PURPOSE_VERIFICATION = 5,     /* verification: a gate or relying party checks */
    PURPOSE_SUPERVISION = 6,      /* supervision: audit, complaint, inspection */
    PURPOSE_TECHNICAL = 7,        /* technical: a fault is looked for, by ticket */
};
enum purpose request_purpose(const struct request *rq); /* of a route with API_PURPOSE */
struct str purpose_name(enum purpose purpose);

/* ---- limits
 * -------------------------------------------------------------------------------------- */

/* Token buckets per account and per address, in memory and bounded; addresses are kept as a keyed
 * hash. A wrong secret doubles the pause of its subject and its address, up to an hour. */
RESULT limits_open(size_t max, const struct entropy *entropy, struct limits **out);
void limits_close(struct limits *limits);
/* For handlers of API_GUESS routes. `subject` is what is being guessed at (an account name, a
 * phone): limits_guess refuses API_TOO_MANY (Retry-After is set) while it pauses; limits_wrong
 * after each wrong guess, limits_right after a right one. The durable lock is registry's; this
 * keeps the noise away. */
RESULT limits_guess(struct app *app, const struct request *rq, struct reply *rp,
                    struct str subject);
void limits_wrong(struct app *app, const struct request *rq, struct str subject);
void limits_right(struct app *app, const struct request *rq, struct str subject);
/* A subject for who asks, not for whom they try: `what` and the address's network. */
struct str limits_asker(const struct request *rq, struct str what);
/* Around every call that hashes a password or PIN. Each takes a tenth of a second, two at a time
 * (crypto.h), and the others wait on workers that all requests share: so no more than this many may
 * be in it, at work or in line. More are refused API_PASSWORDS_BUSY at once, before a try is
 * counted. An enter that ends OK needs its leave. */
enum { PASSWORDS_AT_ONCE = 18 };
RESULT limits_password_enter(struct app *app);
void limits_password_leave(struct app *app);

/* ---- idempotency
 * --------------------------------------------------------------------------------- */

/* A handler of an API_ONCE (or ROUTE_FORM) route hands rq->once to store_run_once (or to a module's
 * call that takes one) and answers from the result in both cases; the frame adds
 * Idempotency-Replayed: true when the store says that the act was done before. reply_replayed is
 * for repeats that are known by something else, as a batch's number. */
void reply_replayed(struct reply *rp, bool replayed);

/* ---- lists
 * --------------------------------------------------------------------------------------- */

enum { PAGE_LIMIT_MAX = 200, PAGE_LIMIT = 50, PAGE_KEYS = 2 };
#define PAGE_QUERY "limit cursor include" /* a route of a list names these, then its filters */
struct page {
    int64_t limit;
    bool first;               /* no cursor was given */
    int64_t after[PAGE_KEYS]; /* the last row's keys; zero on the first page */
    bool total;               /* include=total, on the first page */
};
/* limit, cursor, include and the route's own filters (by a table). A cursor belongs to one path,
 * one set of filters and one actor; any other use is API_CURSOR. Read limit + 1 rows to know
 * `more`. */
RESULT page_read(struct app *app, const struct request *rq, struct page *page,
                 const struct json_field *filters, size_t n);
/* After the `data` array is ended: has_more and, when there is more, next_cursor. */
void page_end(struct app *app, const struct request *rq, struct reply *rp, bool more,
              const int64_t after[PAGE_KEYS]);

/* ---- versions
 * ------------------------------------------------------------------------------------ */

/* PATCH and other changes of what someone has read: If-Match against the row's version (reply_etag
 * gives it out). Refuses API_PRECONDITION_MISSING, API_PRECONDITION. */
RESULT match_version(const struct request *rq, int64_t version);
