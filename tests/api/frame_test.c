/* tests/api/frame_test.c - the frame around handlers: who asks, may they, how often, why, under
 * which key; lists, versions, forms; and what a refusal looks like. */
#include <pthread.h>

#include "registry/card.h"
#include "tests/api/client.h"

static uint64_t flip(const void *key, uint64_t v)
{
    (void)key;
    return v ^ 0x5555555555555555u;
}
static const struct id_codec IDS = { .seal = flip, .open = flip };

static _Atomic int64_t now_usec = INT64_C(1629444727) * 1000000;
static struct instant now(void *arg)
{
    (void)arg;
    return (struct instant){ now_usec };
}

/* ---- handlers of the test ---- */

static struct err get_open(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    reply_json(rp, 200);
    json_put_int(rp, "actor", rq->session ? rq->session->actor_id : 0);
    json_put_int(rp, "purpose", (int64_t)request_purpose(rq));
    return OK;
}

static struct err get_csrf(struct app *app, const struct request *rq, struct reply *rp)
{
    reply_json(rp, 200);
    json_put_str(rp, "csrf", csrf_token(app, rq));
    return OK;
}

static struct err in_region(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t region;

    (void)app;
    REQUIRE(str_int(path_text(rq, "region"), 0, 999999, &region), API_NOT_FOUND);
    TRY(request_may(rq, MAY_PERSON_FIND, (int32_t)region, 0));
    reply_json(rp, 200);
    return OK;
}

static _Atomic bool hold;
static _Atomic int acts_begun;
static struct err post_act(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t places;
    const struct json_field body[] = { JSON_INT("places", &places, 1, 5) };

    (void)app;
    TRY(json_read(rq->body, body, LEN(body)));
    acts_begun++;
    while (hold)
        raw_pause(1000);
    reply_json(rp, 201);
    json_put_str(rp, "key", rq->once->key);
    json_put_hex(rp, "hash", bytes_of(rq->once->body_hash, 32));
    reply_replayed(rp, places == 5);
    return OK;
}

static struct err get_list(struct app *app, const struct request *rq, struct reply *rp)
{
    struct page page;
    int64_t odd = 0, last[PAGE_KEYS] = { 0 }, n = 0, at;
    const struct json_field filters[] = { JSON_OPTIONAL(JSON_INT("odd", &odd, 0, 1), NULL) };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (at = page.after[0] + 1; at <= 120 && n < page.limit; at++) {
        if (odd && at % 2 == 0) continue;
        json_put_int(rp, NULL, at);
        last[0] = at;
        n++;
    }
    json_put_end(rp);
    page_end(app, rq, rp, at <= 120, last);
    if (page.total) json_put_int(rp, "total", 120);
    return OK;
}

static struct err patch_thing(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t id;

    (void)app;
    TRY(path_id(rq, "thing", "thg", &id));
    TRY(match_version(rq, 7));
    reply_json(rp, 200);
    json_put_id(rp, "id", "thg", id);
    reply_etag(rp, 8);
    return OK;
}

static struct err post_guess(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str name, secret;
    const struct json_field body[] = { JSON_TEXT("name", &name, 1, 20),
                                       JSON_TEXT("secret", &secret, 1, 20) };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(limits_guess(app, rq, rp, name));
    if (!str_eq(secret, S("right"))) {
        limits_wrong(app, rq, name);
        REFUSE(SIGNIN_WRONG);
    }
    limits_right(app, rq, name);
    reply_json(rp, 200);
    return OK;
}

static struct err get_form(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str token = form_token(app, rq, rp, S("/form"));
    struct writer *w = reply_text(rp, 200, "text/html; charset=utf-8");

    put_str(w, S("token="));
    put_str(w, token);
    put_char(w, ';');
    return OK;
}

static struct err post_form(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str name;
    const struct json_field fields[] = { JSON_TEXT("name", &name, 1, 10) };

    (void)app;
    TRY(form_read(rq->body, fields, LEN(fields)));
    assert(rq->once->key.n == 64);
    reply_redirect(rp, S("/done"));
    return OK;
}

static struct err get_lost(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    json_out_instant(refusal_more(rp), "lost_at", rq->at);
    json_out_int(refusal_more(rp), "days", 7);
    REFUSE(REGISTRY_ALREADY_LOST);
}

static struct err get_unknown(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    (void)rp;
    return fault(FAULT_STORE_UNKNOWN, "commit");
}

static const struct route TABLE[] = {
    { METHOD_GET, "/v1/open", API_PUBLIC, NULL, get_open, NULL, 0 },
    { METHOD_GET, "/v1/open-now", API_PUBLIC | ROUTE_IMMEDIATE, NULL, get_open, NULL, 0 },
    { METHOD_GET, "/v1/mine", 0, NULL, get_open, NULL, 0 },
    { METHOD_POST, "/v1/mine", 0, NULL, get_open, NULL, 0 },
    { METHOD_GET, "/v1/csrf", 0, NULL, get_csrf, NULL, 0 },
    { METHOD_GET, "/v1/found", 0, "person.find self.view", get_open, NULL, 0 },
    { METHOD_GET, "/v1/staff-only", 0, "person.find", get_open, NULL, 0 },
    { METHOD_GET, "/v1/gate-only", ROUTE_IMMEDIATE | API_GRADE_B, "verify", get_open, NULL, 0 },
    { METHOD_GET, "/v1/regions/{region}", 0, "person.find", in_region, NULL, 0 },
    { METHOD_GET, "/v1/personal", API_PURPOSE, NULL, get_open, NULL, 0 },
    { METHOD_POST, "/v1/acts", API_ONCE, NULL, post_act, NULL, 0 },
    { METHOD_GET, "/v1/lists", API_PUBLIC, NULL, get_list, PAGE_QUERY " odd", 0 },
    { METHOD_GET, "/v1/others", API_PUBLIC, NULL, get_list, PAGE_QUERY " odd", 0 },
    { METHOD_PATCH, "/v1/things/{thing}", 0, NULL, patch_thing, NULL, 0 },
    { METHOD_POST, "/v1/guesses", API_PUBLIC | API_GUESS, NULL, post_guess, NULL, 0 },
    { METHOD_GET, "/form", API_PUBLIC | API_PAGE, NULL, get_form, NULL, 0 },
    { METHOD_POST, "/form", API_PUBLIC | API_PAGE | ROUTE_FORM, NULL, post_form, NULL, 0 },
    { METHOD_GET, "/my-page", API_PAGE, NULL, get_open, NULL, 0 },
    { METHOD_GET, "/v1/lost", API_PUBLIC, NULL, get_lost, NULL, 0 },
    { METHOD_GET, "/v1/unknown", API_PUBLIC, NULL, get_unknown, NULL, 0 },
};

/* ---- sign-ins: tokens are a letter 42 times and an A (43 characters of base64url) ---- */

#define TOKEN_OF(letter)                                                                           \
    letter letter letter letter letter letter letter letter letter letter letter letter letter     \
        letter letter letter letter letter letter letter letter letter letter letter letter letter \
            letter letter letter letter letter letter letter letter letter letter letter letter    \
                letter letter letter letter "A"
#define RESIDENT "Authorization: Bearer " TOKEN_OF("r") "\r\n"
#define CLERK "Authorization: Bearer " TOKEN_OF("c") "\r\n"
#define NARROW "Authorization: Bearer " TOKEN_OF("n") "\r\n"
#define GATE "Authorization: Bearer " TOKEN_OF("g") "\r\n"
#define ENDED "Authorization: Bearer " TOKEN_OF("e") "\r\n"
#define BROWSER "Cookie: ykt_session=" TOKEN_OF("b") "\r\n"

static void sign_in(struct app *app, const char *token, struct signin_session signin, bool cookie)
{
    struct session session;

    signin.api = !cookie;
    if (signin.expires_at.usec == 0) signin.expires_at = instant_add(now(NULL), USEC_PER_HOUR);
    CHECK("a token of the form", token_hash(str_of(token), signin.token_hash));
    session = session_of_signin(&signin);
    CHECK("put", sessions_put(app->sessions, &session, (struct instant){ 0 }));
}

static void sign_all_in(struct app *app)
{
    struct signin_session resident = { .subject = SUBJECT_PERSON,
                                       .subject_id = 11,
                                       .person_id = 11,
                                       .grants = { { .role = ROLE_RESIDENT } },
                                       .grants_n = 1,
                                       .scopes = SCOPES_ALL,
                                       .proof = PROOF_ONE_FACTOR };
    struct signin_session clerk = { .subject = SUBJECT_STAFF,
                                    .subject_id = 22,
                                    .grants = { { .role = ROLE_CLERK, .region_code = 340100 } },
                                    .grants_n = 1,
                                    .scopes = SCOPES_ALL };
    struct signin_session narrow = clerk, ended = resident;
    struct session gate =
        session_of_terminal(str_of(TOKEN_OF("g")), 33, 44, instant_add(now(NULL), USEC_PER_MIN));

    narrow.scopes = SCOPE_BIT(MAY_CARD_VIEW);
    ended.expires_at = now(NULL);
    sign_in(app, TOKEN_OF("r"), resident, false);
    sign_in(app, TOKEN_OF("b"), resident, true);
    sign_in(app, TOKEN_OF("c"), clerk, false);
    sign_in(app, TOKEN_OF("n"), narrow, false);
    sign_in(app, TOKEN_OF("e"), ended, false);
    CHECK("put", sessions_put(app->sessions, &gate, (struct instant){ 0 }));
}

static void test_rows(struct client *client)
{
    static const struct {
        const char *title, *line, *headers, *body;
        int status;
        const char *code, *has;
    } rows[] = {
        { "open to all", "GET /v1/open", "", "", 200, "", "\"actor\":0" },
        { "nobody has signed in", "GET /v1/mine", "", "", 401, "sign_in",
          "WWW-Authenticate: Bearer" },
        { "a resident", "GET /v1/mine", RESIDENT, "", 200, "", "\"actor\":11" },
        { "known where nobody need be", "GET /v1/open", RESIDENT, "", 200, "", "\"actor\":11" },
        { "known on the HTTP thread too", "GET /v1/open-now", CLERK, "", 200, "", "\"actor\":22" },
        { "an ended token", "GET /v1/mine", ENDED, "", 401, "sign_in", "" },
        { "an unknown token, even where nobody need be", "GET /v1/open",
          "Authorization: Bearer " TOKEN_OF("x") "\r\n", "", 401, "sign_in", "" },
        { "a token that is none", "GET /v1/mine", "Authorization: Bearer abc\r\n", "", 401,
          "sign_in", "" },
        { "another way to sign in", "GET /v1/mine", "Authorization: Basic YTpi\r\n", "", 400,
          "credentials", "" },
        { "two ways at once", "GET /v1/mine", RESIDENT BROWSER, "", 400, "credentials", "" },
        { "a cookie", "GET /v1/mine", BROWSER, "", 200, "", "\"actor\":11" },
        { "a cookie's token as bearer", "GET /v1/mine",
          "Authorization: Bearer " TOKEN_OF("b") "\r\n", "", 401, "sign_in", "" },
        { "a bearer's token as cookie", "GET /v1/mine", "Cookie: ykt_session=" TOKEN_OF("r") "\r\n",
          "", 401, "sign_in", "" },
        { "an old cookie is nobody", "GET /v1/open", "Cookie: ykt_session=" TOKEN_OF("x") "\r\n",
          "", 200, "", "\"actor\":0" },
        { "a bearer needs no CSRF token", "POST /v1/mine", RESIDENT, "{}", 200, "", "" },
        { "a cookie does", "POST /v1/mine", BROWSER, "{}", 403, "form_token", "" },
        { "a made-up one", "POST /v1/mine", BROWSER "X-CSRF-Token: AAAAAAAAAAAAAAAAAAAAAAAA\r\n",
          "{}", 403, "form_token", "" },
        /* permissions */
        { "one of two permissions: the resident's", "GET /v1/found", RESIDENT, "", 200, "", "" },
        { "one of two permissions: the clerk's", "GET /v1/found", CLERK, "", 200, "", "" },
        { "none of them", "GET /v1/staff-only", RESIDENT, "", 403, "scope", "" },
        { "the role may, the token may not", "GET /v1/staff-only", NARROW, "", 403, "scope", "" },
        { "a gate", "GET /v1/gate-only", GATE, "", 200, "", "\"actor\":33" },
        { "a gate finds no people", "GET /v1/staff-only", GATE, "", 403, "scope", "" },
        { "a permission without a sign-in", "GET /v1/staff-only", "", "", 401, "sign_in", "" },
        { "within the region", "GET /v1/regions/340104", CLERK, "", 200, "", "" },
        { "another region", "GET /v1/regions/340200", CLERK, "", 403, "region", "" },
        /* purpose */
        { "no purpose", "GET /v1/personal", CLERK, "", 400, "purpose_missing", "" },
        { "an unknown purpose", "GET /v1/personal", CLERK "X-Purpose: curiosity\r\n", "", 400,
          "purpose_unknown", "" },
        { "a purpose", "GET /v1/personal", CLERK "X-Purpose: counter_service\r\n", "", 200, "",
          "\"purpose\":2" },
        /* idempotency */
        { "no key", "POST /v1/acts", RESIDENT, "{\"places\":1}", 400, "idempotency_key_missing",
          "" },
        { "a key that is none", "POST /v1/acts", RESIDENT "Idempotency-Key: a b\r\n",
          "{\"places\":1}", 400, "idempotency_key_malformed", "" },
        { "a key too long", "POST /v1/acts",
          RESIDENT
          "Idempotency-Key: 0123456789012345678901234567890123456789012345678901234567890123x\r\n",
          "{\"places\":1}", 400, "idempotency_key_malformed", "" },
        { "a key, as the store is told it", "POST /v1/acts", RESIDENT "Idempotency-Key: k1\r\n",
          "{\"places\":1}", 201, "", "\"key\":\"" },
        { "a replay says so", "POST /v1/acts", RESIDENT "Idempotency-Key: k2\r\n", "{\"places\":5}",
          201, "", "Idempotency-Replayed: true" },
        { "a refused body leaves the key free", "POST /v1/acts", RESIDENT "Idempotency-Key: k3\r\n",
          "{\"places\":9}", 422, "invalid_fields", "" },
        { "and it can be used", "POST /v1/acts", RESIDENT "Idempotency-Key: k3\r\n",
          "{\"places\":1}", 201, "", "" },
        /* refusals */
        { "every field that is wrong", "POST /v1/acts",
          RESIDENT "Idempotency-Key: k4\r\nAccept-Language: en\r\n",
          "{\"places\":\"1\",\"more\":2}", 422, "invalid_fields",
          "\"errors\":[{\"pointer\":\"/places\",\"code\":\"type\",\"detail\":\"This is of the "
          "wrong "
          "type\"},{\"pointer\":\"/more\",\"code\":\"unknown\"" },
        { "a refusal with more to say", "GET /v1/lost", "", "", 409, "card_already_lost",
          ",\"lost_at\":\"2021-08-20T15:32:07+08:00\",\"days\":7}" },
        { "a fault", "GET /v1/unknown", "", "", 504, "result_unknown", "" },
        { "a page leads to the sign-in", "GET /my-page", "", "", 303, "",
          "Location: /sign-in?next=/my-page" },
        /* versions */
        { "an id of another kind", "PATCH /v1/things/crd_0000000000000", RESIDENT, "{}", 404,
          "id_unknown", "" },
        /* lists */
        { "a limit too large", "GET /v1/lists?limit=201", "", "", 422, "invalid_fields", "/limit" },
        { "no limit at all", "GET /v1/lists?limit=0", "", "", 422, "invalid_fields", "/limit" },
        { "an unknown filter", "GET /v1/lists?even=1", "", "", 400, "parameter", "" },
        { "a made-up cursor", "GET /v1/lists?cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "",
          "", 400, "cursor", "" },
        { "half a cursor", "GET /v1/lists?cursor=AAAA", "", "", 400, "cursor", "" },
        { "the total, when asked", "GET /v1/lists?include=total&limit=1", "", "", 200, "",
          "\"data\":[1],\"has_more\":true" },
        /* forms */
        { "a form without its token", "POST /form",
          "Content-Type: application/x-www-form-urlencoded\r\n", "name=a", 403, "",
          "form_token" }, /* told as a page, with the same code */
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        now_usec += USEC_PER_SEC; /* never too many */
        now_usec -= now_usec % USEC_PER_HOUR - INT64_C(1629444727) * 1000000 % USEC_PER_HOUR;
        CHECK_INT(rows[i].title, client_ask(client, rows[i].line, rows[i].headers, rows[i].body),
                  rows[i].status);
        CHECK_STR(rows[i].title, client_code(client), str_of(rows[i].code));
        CHECK(rows[i].title, client_has(client, rows[i].has));
    }
}

static void test_csrf(struct client *client)
{
    char headers[300];

    client_ask(client, "GET /v1/csrf", BROWSER, "");
    snprintf(headers, sizeof headers, BROWSER "X-CSRF-Token: %.24s\r\n",
             client_between(client, "\"csrf\":\"", '"').p);
    CHECK_INT("a cookie with its CSRF token", client_ask(client, "POST /v1/mine", headers, "{}"),
              200);
}

static void test_pages(struct client *client)
{
    char line[200] = "GET /v1/lists?limit=50&odd=0", kept[64] = "";
    int64_t seen = 0;
    int pages = 0;

    for (;;) {
        struct str cursor;

        CHECK_INT("a page", client_ask(client, line, "", ""), 200);
        pages++;
        seen += client_has(client, "[1,2,") * 50 + client_has(client, "[51,52,") * 50 +
                client_has(client, "[101,102,") * 20;
        cursor = client_between(client, "\"next_cursor\":\"", '"');
        if (cursor.n == 0 || pages > 5) break;
        snprintf(kept, sizeof kept, "%.*s", (int)cursor.n, cursor.p);
        snprintf(line, sizeof line, "GET /v1/lists?limit=50&cursor=%s&odd=0", kept);
    }
    CHECK_INT("three pages", pages, 3);
    CHECK_INT("every row once", seen, 120);
    CHECK("the last says so", client_has(client, "\"has_more\":false"));
    snprintf(line, sizeof line, "GET /v1/others?limit=50&cursor=%s&odd=0", kept);
    CHECK_INT("a cursor of another list", client_ask(client, line, "", ""), 400);
    snprintf(line, sizeof line, "GET /v1/lists?limit=50&cursor=%s&odd=1", kept);
    CHECK_INT("a cursor of other filters", client_ask(client, line, "", ""), 400);
    snprintf(line, sizeof line, "GET /v1/lists?limit=50&cursor=%s&odd=0", kept);
    CHECK_INT("a cursor of another reader", client_ask(client, line, RESIDENT, ""), 400);
    snprintf(line, sizeof line, "GET /v1/lists?limit=10&cursor=%s&odd=0", kept);
    CHECK_INT("with another limit it goes on", client_ask(client, line, "", ""), 200);
}

static void test_versions(struct client *client)
{
    char line[100], id[32];
    struct writer w = writer_over(id, sizeof id);

    put_id(&w, &IDS, "thg", 123456789);
    snprintf(line, sizeof line, "PATCH /v1/things/%.*s", (int)w.n, id);
    CHECK_INT("no If-Match", client_ask(client, line, RESIDENT, "{}"), 428);
    CHECK_INT("an older version", client_ask(client, line, RESIDENT "If-Match: \"v6\"\r\n", "{}"),
              412);
    CHECK_INT("any version is none", client_ask(client, line, RESIDENT "If-Match: *\r\n", "{}"),
              412);
    CHECK_INT("this version", client_ask(client, line, RESIDENT "If-Match: \"v7\"\r\n", "{}"), 200);
    CHECK("the next one", client_has(client, "ETag: \"v8\""));
}

static void test_form(struct client *client)
{
    char body[200], cookie[100], other[100];
    struct str token, browser;

    client_ask(client, "GET /form", "", "");
    token = client_between(client, "token=", ';');
    browser = client_between(client, "Set-Cookie: ykt_browser=", ';');
    snprintf(body, sizeof body, "name=a&_token=%.*s", (int)token.n, token.p);
    snprintf(cookie, sizeof cookie,
             "Content-Type: application/x-www-form-urlencoded\r\nCookie: ykt_browser=%.*s\r\n",
             (int)browser.n, browser.p);
    snprintf(other, sizeof other,
             "Content-Type: application/x-www-form-urlencoded\r\nCookie: ykt_browser=%s\r\n",
             "AAAAAAAAAAAAAAAAAAAAAAAA");
    CHECK_INT("a form with its token", client_ask(client, "POST /form", cookie, body), 303);
    CHECK_INT("and again: its key shows the first result",
              client_ask(client, "POST /form", cookie, body), 303);
    CHECK_INT("from another browser", client_ask(client, "POST /form", other, body), 403);
    body[strlen(body) - 1] = body[strlen(body) - 1] == 'A' ? 'B' : 'A';
    CHECK_INT("a token with another end", client_ask(client, "POST /form", cookie, body), 403);
    CHECK_INT("JSON is no form",
              client_ask(client, "POST /form", "Content-Type: application/json\r\n", "{}"), 415);
}

static void test_limits(struct app *app, struct client *client)
{
    int good = 0, status = 0;

    now_usec += USEC_PER_HOUR;
    for (int i = 0; i < 3; i++) {
        CHECK_INT("a wrong guess",
                  client_ask(client, "POST /v1/guesses", "", "{\"name\":\"li\",\"secret\":\"x\"}"),
                  403);
    }
    CHECK_INT("the third begins a pause",
              client_ask(client, "POST /v1/guesses", "", "{\"name\":\"li\",\"secret\":\"right\"}"),
              429);
    CHECK("which is told", client_has(client, "Retry-After: 3\r\n"));
    CHECK_INT("others are not touched",
              client_ask(client, "POST /v1/guesses", "", "{\"name\":\"wu\",\"secret\":\"right\"}"),
              200);
    now_usec += 3 * USEC_PER_SEC;
    CHECK_INT("after it, a wrong one",
              client_ask(client, "POST /v1/guesses", "", "{\"name\":\"li\",\"secret\":\"x\"}"),
              403);
    now_usec += 3 * USEC_PER_SEC;
    CHECK_INT("the pause has grown",
              client_ask(client, "POST /v1/guesses", "", "{\"name\":\"li\",\"secret\":\"right\"}"),
              429);
    now_usec += 2 * USEC_PER_SEC;
    CHECK_INT("the right one ends it",
              client_ask(client, "POST /v1/guesses", "", "{\"name\":\"li\",\"secret\":\"right\"}"),
              200);
    now_usec += USEC_PER_HOUR / 2;
    sign_all_in(app);
    for (int i = 0; i < 70 && status != 429; i++) {
        status = client_ask(client, "GET /v1/mine", CLERK, "");
        good += status == 200;
    }
    CHECK_INT("staff's programs may ask more often", good, 70);
    for (int i = 0; i < 70 && status != 429; i++) {
        status = client_ask(client, "GET /v1/mine", RESIDENT, "");
        good += status == 200;
    }
    CHECK_INT("a person 60 times at once", good, 130);
    CHECK_INT("then it is too many", status, 429);
    now_usec += USEC_PER_SEC;
    CHECK_INT("for a second", client_ask(client, "GET /v1/mine", RESIDENT, ""), 200);
}

/* How many of n are answered 200 until one is not. */
static int answered(struct client *client, const char *line, const char *headers, int n)
{
    int good = 0;

    while (good < n && client_ask(client, line, headers, "") == 200)
        good++;
    return good;
}

static void test_checks(struct app *app, struct client *client)
{
    const char *line = "GET /v1/gate-only";

    now_usec += USEC_PER_HOUR;
    sign_all_in(app);
    CHECK_INT("without a rate as they come", answered(client, line, GATE, 100), 100);
    app->checks_a_second = 10;
    CHECK_INT("five seconds' worth at once", answered(client, line, GATE, 100), 50);
    CHECK_INT("then it is too many", client_ask(client, line, GATE, ""), 429);
    CHECK("for a second", client_has(client, "Retry-After: 1\r\n"));
    CHECK_INT("others have their own", answered(client, line, CLERK, 50), 50);
    now_usec += 2 * USEC_PER_SEC;
    CHECK_INT("two seconds give as many", answered(client, line, GATE, 100), 20);
    now_usec -= 30 * USEC_PER_SEC;
    CHECK_INT("a clock that was set back begins anew", answered(client, line, GATE, 100), 50);
    now_usec += 30 * USEC_PER_SEC;
    app->checks_a_second = 0;
}

static void test_networks(struct client *client)
{
    static const struct {
        const char *title, *from; /* with room for a number */
        int good;
    } rows[] = {
        { "one network of 64 bits", "X-Real-IP: 2001:db8:0:7::%x\r\n", 20 },
        { "another", "X-Real-IP: 2001:db8:0:8::%x\r\n", 20 },
        { "as many networks", "X-Real-IP: 2001:db8:0:%x::7\r\n", 30 },
        { "as many of IPv4", "X-Real-IP: 192.0.2.%d\r\n", 30 },
        { "or written as IPv6", "X-Real-IP: ::ffff:198.51.100.%d\r\n", 30 },
        { "what is no address is itself", "X-Real-IP: somewhere else\r\n", 20 },
    };

    now_usec += USEC_PER_HOUR;
    for (size_t i = 0; i < LEN(rows); i++) {
        int good = 0;

        for (int n = 0x100; n < 0x100 + 30; n++) {
            char from[80], body[80];
            const int number = strstr(rows[i].from, "%d") ? n - 0x100 + 10 : n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(from, sizeof from, rows[i].from, number);
#pragma GCC diagnostic pop
            snprintf(body, sizeof body, "{\"name\":\"who%zu-%d\",\"secret\":\"x\"}", i, n);
            good += client_ask(client, "POST /v1/guesses", from, body) == 403;
        }
        CHECK_INT(rows[i].title, good, rows[i].good);
    }
}

struct running {
    struct client client;
    int status;
};
static void *run(void *arg)
{
    struct running *running = arg;

    running->status = client_ask(&running->client, "POST /v1/acts",
                                 RESIDENT "Idempotency-Key: same\r\n", "{\"places\":1}");
    return NULL;
}

static void test_running(struct client *client)
{
    static struct running first;
    pthread_t thread;
    int status = 0, before = acts_begun;

    first.client.port = client->port;
    hold = true;
    pthread_create(&thread, NULL, run, &first);
    for (int64_t began = raw_now(); acts_begun == before && raw_now() - began < RAW_PATIENCE;)
        raw_pause(1000); /* until the first is in its handler */
    status =
        client_ask(client, "POST /v1/acts", CLERK "Idempotency-Key: other\r\n", "{\"places\":9}");
    CHECK_INT("another key is free", status, 422);
    status =
        client_ask(client, "POST /v1/acts", RESIDENT "Idempotency-Key: same\r\n", "{\"places\":1}");
    CHECK_INT("the same key at the same time", status, 409);
    CHECK_STR("its code", client_code(client), S("request_running"));
    hold = false;
    pthread_join(thread, NULL);
    CHECK_INT("the first is done", first.status, 201);
    status =
        client_ask(client, "POST /v1/acts", RESIDENT "Idempotency-Key: same\r\n", "{\"places\":1}");
    CHECK_INT("afterwards the key is free again", status, 201);
}

static void test_sessions(void)
{
    struct sessions *sessions;
    struct session one = { .actor = ACTOR_HOLDER, .until = { 1000 } }, got;
    struct prng prng = { .state = test_seed() };
    uint8_t hash[32] = { 0 };
    int found = 0;

    CHECK_OK("a table", sessions_open(1000, &sessions));
    for (int i = 0; i < 1000; i++) {
        for (size_t k = 0; k < 32; k++)
            one.token_hash[k] = (uint8_t)prng_next(&prng);
        one.actor_id = i % 10;
        (void)sessions_put(sessions, &one, (struct instant){ 0 });
        found += sessions_find(sessions, one.token_hash, (struct instant){ 999 }, &got) &&
                 got.actor_id == i % 10;
        if (i == 990) memcpy(hash, one.token_hash, 32); /* a late one: its row is its own */
    }
    CHECK_INT("what was put is found", found, 1000);
    CHECK("nearly all have room", sessions_count(sessions, (struct instant){ 0 }) > 970);
    CHECK("until it ends",
          !sessions_find(sessions, one.token_hash, (struct instant){ 1000 }, &got));
    CHECK("dropped", sessions_drop(sessions, one.token_hash));
    CHECK("is gone", !sessions_find(sessions, one.token_hash, (struct instant){ 0 }, &got));
    CHECK("once", !sessions_drop(sessions, one.token_hash));
    CHECK("all of one actor but this", sessions_drop_actor(sessions, ACTOR_HOLDER, 0, hash) > 90);
    CHECK("which stays", sessions_find(sessions, hash, (struct instant){ 0 }, &got));
    sessions_close(sessions);
}

int main(void)
{
    static struct client client;
    struct app app = {
        .clock = { .now = now }, .entropy = entropy_system(), .ids = &IDS, .mac_key = { 7 }
    };
    struct http_config config = { .limits = { .workers = 8, .connections = 256 },
                                  .trust_proxy = true,
                                  .clock = app.clock,
                                  .entropy = app.entropy };

    test_sessions();
    CHECK_OK("sessions", sessions_open(100, &app.sessions));
    CHECK_OK("limits", limits_open(1000, &app.entropy, &app.limits));
    sign_all_in(&app);
    api_http(&app, &config);
    config.routes = TABLE; /* the frame is the same whatever stands in the table */
    config.routes_n = LEN(TABLE);
    CHECK_OK("the server", http_open(&config, &app.http));
    client.port = http_port(app.http);
    test_rows(&client);
    test_csrf(&client);
    test_pages(&client);
    test_versions(&client);
    test_form(&client);
    test_running(&client);
    test_limits(&app, &client);
    test_checks(&app, &client);
    test_networks(&client);
    http_close(app.http);
    sessions_close(app.sessions);
    limits_close(app.limits);
    return test_end();
}
