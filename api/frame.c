/* api/frame.c - what stands around every handler: who asks, how often, may they, why, under which
 * key. */
#include "api/frame.h"
#include "api/pages.h"

#include <stdlib.h>

/* The scopes of ROUTES as bits, by place in the table: looked up, never parsed, in a request.
 */
enum { ROUTES_MOST = 1024 };
static uint64_t needs[ROUTES_MOST];

static const struct json_name PURPOSES[] = {
    { "resident_request", PURPOSE_RESIDENT_REQUEST },
    { "counter_service", PURPOSE_COUNTER_SERVICE },
    { "phone_service", PURPOSE_PHONE_SERVICE },
    { "case_work", PURPOSE_CASE_WORK },
    { "verification", PURPOSE_VERIFICATION },
    { "supervision", PURPOSE_SUPERVISION },
    { "technical", PURPOSE_TECHNICAL },
};

struct str purpose_name(enum purpose purpose)
{
    for (size_t i = 0; i < LEN(PURPOSES); i++) {
        if (PURPOSES[i].value == (int)purpose) return str_of(PURPOSES[i].name);
    }
    return (struct str){ 0 };
}

static bool purpose_parse(struct str text, enum purpose *out)
{
    for (size_t i = 0; i < LEN(PURPOSES); i++) {
        if (!str_eq(text, str_of(PURPOSES[i].name))) continue;
        *out = (enum purpose)PURPOSES[i].value;
        return true;
    }
    return false;
}

enum purpose request_purpose(const struct request *rq)
{
    enum purpose purpose = PURPOSE_RESIDENT_REQUEST; /* the holder looks at their own */

    (void)purpose_parse(request_header(rq, "x-purpose"), &purpose);
    return purpose;
}

/* NULL: nobody's. What is not in memory the store is asked for, on a worker: a session that lost
 * its place there is not over. Terminals' tokens are in memory or nowhere. */
static struct err session_find(struct app *app, struct request *rq, struct reply *rp,
                               struct str token, struct session **out)
{
    struct session *session;
    struct err err;
    uint8_t hash[32];

    *out = NULL;
    if (!app->sessions || !token_hash(token, hash)) return OK;
    session = NEW(rq->arena, struct session);
    if (!session) return fault(FAULT_MEMORY, "session");
    if (sessions_find(app->sessions, hash, rq->at, session)) {
        *out = session;
        return OK;
    }
    if (!app->store || token.n == TOKEN_CHARS_TERMINAL) return OK;
    if (!rq->on_worker) {
        rq->to_worker = true;
        REFUSE(API_SIGN_IN);
    }
    TRY(limits_ask(app, rq, rp));
    err = sessions_ask(app->sessions, app->store, hash, rq->at, session);
    if (err.code == 0) *out = session;
    return err.code == SIGNIN_NO_TOKEN ? OK : err;
}

/* Bearer or cookie. An unknown cookie is a browser that was signed in once: nobody. An unknown
 * bearer token is refused at once, so that a program hears of it. */
static struct err identify(struct app *app, struct request *rq, struct reply *rp)
{
    struct str authorization = request_header(rq, "authorization"), cookie = session_cookie(rq);
    struct session *session;

    if (authorization.n == 0 && cookie.n == 0) return OK;
    REQUIRE(authorization.n == 0 || cookie.n == 0, API_CREDENTIALS);
    if (!app->sessions) return OK;
    if (cookie.n > 0) {
        TRY(session_find(app, rq, rp, cookie, &session));
        if (session && session->cookie) rq->session = session;
        return OK;
    }
    REQUIRE(str_starts(authorization, S("Bearer ")), API_CREDENTIALS);
    TRY(session_find(app, rq, rp, str_part(authorization, 7, authorization.n), &session));
    REQUIRE(session, API_SIGN_IN);
    REQUIRE(!session->cookie, API_SIGN_IN); /* a cookie's token is for cookies only */
    rq->session = session;
    return OK;
}

/* The permissions of which one is needed; 0: none. */
static uint64_t need_of(const struct route *route)
{
    uint64_t bits = 0;

    if (route >= ROUTES && route < ROUTES + ROUTES_N) return needs[route - ROUTES];
    if (route->scope && !scope_bits(str_of(route->scope), &bits))
        return ~bits; /* a test's own table */
    return bits;
}

/* Every handler of the public listener runs behind this, in this order. */
static struct err admit(struct app *app, struct request *rq, struct reply *rp)
{
    const struct route *route = rq->route;
    uint64_t need = need_of(route);
    bool form = (route->flags & ROUTE_FORM) != 0, immediate = (route->flags & ROUTE_IMMEDIATE) != 0;
    struct str form_key = { 0 }, key;
    enum purpose purpose;

    TRY(identify(app, rq, rp));
    /* These limits take a lock. What is answered at once has one without, or none: then its own
     * cost and the connections bound it. */
    if (!immediate) TRY(limits_request(app, rq, rp));
    if (route->flags & API_GRADE_B) TRY(limits_check(app, rq, rp));
    if (!(route->flags & API_PUBLIC)) REQUIRE(rq->session, API_SIGN_IN);
    if (need != 0) {
        REQUIRE(rq->session, API_SIGN_IN);
        REQUIRE(session_has(rq->session, need), API_SCOPE);
    }
    if (form) {
        REQUIRE(form_token_right(app, rq, &form_key), API_FORM_TOKEN);
    } else if (rq->session && rq->session->cookie && rq->method != METHOD_GET) {
        REQUIRE(csrf_right(app, rq), API_FORM_TOKEN);
    }
    if (route->flags & API_PURPOSE) {
        struct str text = request_header(rq, "x-purpose");
        bool holder = rq->session && rq->session->actor == ACTOR_HOLDER;

        REQUIRE(text.n > 0 || holder, API_PURPOSE_MISSING);
        REQUIRE(text.n == 0 || purpose_parse(text, &purpose), API_PURPOSE_UNKNOWN);
    }
    if (form) return once_of_request(app, rq, form_key);
    if (!(route->flags & API_ONCE)) return OK;
    key = request_header(rq, "idempotency-key");
    REQUIRE(key.n > 0, API_KEY_MISSING);
    return once_of_request(app, rq, key);
}

static void finish(struct app *app, const struct request *rq, struct reply *rp)
{
    once_done(app, rq, rp->status < 400);
    if (rq->once && rp->status < 400) reply_replayed(rp, *rq->once->replayed);
}

/* Of a browser at an address of ours that is none: a page, like every other refusal of a page. */
static struct err get_nowhere(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    (void)rp;
    REFUSE(HTTP_ROUTE_UNKNOWN);
}

static const struct route NOWHERE = { METHOD_GET, "/", API_PUBLIC | API_PAGE, NULL, get_nowhere,
                                      NULL,       0 };

void api_http(struct app *app, struct http_config *config)
{
    assert(ROUTES_N <= ROUTES_MOST);
    for (size_t i = 0; i < ROUTES_N; i++) {
        bool known = !ROUTES[i].scope || scope_bits(str_of(ROUTES[i].scope), &needs[i]);

        assert(known);
        (void)known;
    }
    config->app = app;
    config->ids = app->ids;
    config->routes = ROUTES;
    config->routes_n = ROUTES_N;
    config->nowhere = &NOWHERE;
    config->admit = admit;
    pages_open();
    config->refuse = api_refuse;
    config->finish = finish;
}

void api_http_internal(struct app *app, struct http_config *config)
{
    config->app = app;
    config->routes = INTERNAL_ROUTES;
    config->routes_n = INTERNAL_ROUTES_N;
    config->refuse = api_refuse;
}
