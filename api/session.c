/* api/session.c - sign-ins in memory, and the tokens that browsers and forms carry.
 *
 * The table is set-associative: the first bits of the token's hash choose a set of eight, so a
 * look-up reads eight rows. Readers take no lock: each row has a version that is odd while it is
 * being written, and its words are atomics; a reader that saw the version move reads again.
 *
 * Sessions of people and staff are the store's, and the table holds as many as there is room for:
 * one that another put out is found again by sessions_ask. A terminal's is nowhere else, so it is
 * never put out: where its set is full of others of terminals, it stands in a later one, and the
 * sets that it passed say so to readers (docs/decisions/0044). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/frame.h"
#include "catalogue/catalogue.h"
#include "crypto/crypto.h"

enum { WAYS = 8, WORDS = (sizeof(struct session) + 7) / 8 };

struct session_row {
    _Atomic uint32_t version; /* odd: being written */
    _Atomic bool used;
    _Atomic uint64_t words[WORDS];
};
struct sessions {
    pthread_mutex_t writing;
    struct session_row *rows;
    _Atomic bool *passed; /* of each set: a row that begins to look here stands in a later one */
    size_t sets;          /* a power of two */
};

struct err sessions_open(size_t max, struct sessions **out)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);
    size_t sets = 1;

    if (sessions) pthread_mutex_init(&sessions->writing, NULL);
    while (sets * WAYS < max * 2)
        sets *= 2; /* half full, so that a set seldom overflows */
    if (sessions) {
        sessions->rows = calloc(sets * WAYS, sizeof *sessions->rows);
        sessions->passed = calloc(sets, sizeof *sessions->passed);
    }
    if (!sessions || !sessions->rows || !sessions->passed) {
        sessions_close(sessions);
        return fault(FAULT_MEMORY, "%zu sessions", max);
    }
    sessions->sets = sets;
    *out = sessions;
    return OK;
}

void sessions_close(struct sessions *sessions)
{
    if (!sessions) return;
    pthread_mutex_destroy(&sessions->writing);
    free(sessions->rows);
    free(sessions->passed);
    free(sessions);
}

/* The sets in which a session may stand, one after the other: nearly always one. */
struct walk {
    size_t set, left;
};

static struct walk walk_of(const struct sessions *sessions, const uint8_t hash[32])
{
    uint64_t h;

    memcpy(&h, hash, sizeof h);
    return (struct walk){ .set = h & (sessions->sets - 1), .left = sessions->sets };
}

static struct session_row *walk_rows(const struct sessions *sessions, const struct walk *walk)
{
    return &sessions->rows[walk->set * WAYS];
}

static bool walk_on(const struct sessions *sessions, struct walk *walk)
{
    if (--walk->left == 0) return false;
    walk->set = (walk->set + 1) & (sessions->sets - 1);
    return true;
}

static bool walk_next(const struct sessions *sessions, struct walk *walk)
{
    return atomic_load_explicit(&sessions->passed[walk->set], memory_order_acquire) &&
           walk_on(sessions, walk);
}

static bool row_read(struct session_row *row, struct session *out)
{
    uint64_t words[WORDS];
    uint32_t before;

    for (;;) {
        before = atomic_load_explicit(&row->version, memory_order_acquire);
        if (!atomic_load_explicit(&row->used, memory_order_relaxed)) return false;
        if (before & 1) continue; /* written now: a few hundred nanoseconds */
        for (size_t i = 0; i < WORDS; i++) {
            words[i] = atomic_load_explicit(&row->words[i], memory_order_relaxed);
        }
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&row->version, memory_order_relaxed) == before) break;
    }
    memcpy(out, words, sizeof *out);
    return true;
}

static void row_write(struct session_row *row, const struct session *session)
{
    uint64_t words[WORDS] = { 0 };

    if (session) memcpy(words, session, sizeof *session);
    atomic_fetch_add_explicit(&row->version, 1, memory_order_acq_rel);
    for (size_t i = 0; i < WORDS; i++) {
        atomic_store_explicit(&row->words[i], words[i], memory_order_relaxed);
    }
    atomic_store_explicit(&row->used, session != NULL, memory_order_relaxed);
    atomic_fetch_add_explicit(&row->version, 1, memory_order_release);
}

/* Who gives way to whom: nobody's row first, then residents, then staff, who are fewer and work
 * with it; of equals the one that ends first. A terminal's never. */
static int64_t worth(const struct session *session, struct instant at)
{
    const int64_t left = (session->until.usec - at.usec) / 4; /* below INT64_MAX / 4 */

    if (!instant_before(at, session->until)) return -1;
    if (session->actor == ACTOR_TERMINAL) return INT64_MAX;
    return session->actor == ACTOR_STAFF ? INT64_MAX / 2 + left : left;
}

/* With the lock held: the row of a set in which it is to stand; NULL: there is none. */
static struct session_row *row_for(struct session_row *set, const struct session *session,
                                   struct instant at)
{
    int64_t least = session->actor == ACTOR_HOLDER ? INT64_MAX / 2 : INT64_MAX;
    struct session_row *to = NULL;

    for (int i = 0; i < WAYS; i++) {
        struct session other;
        int64_t its = -2;

        if (row_read(&set[i], &other)) {
            if (memcmp(other.token_hash, session->token_hash, 32) == 0) return &set[i];
            its = worth(&other, at);
        }
        if (its < least) to = &set[i], least = its;
    }
    return to;
}

bool sessions_put(struct sessions *sessions, const struct session *session, struct instant at)
{
    struct walk walk = walk_of(sessions, session->token_hash);
    struct session_row *to;

    pthread_mutex_lock(&sessions->writing);
    to = row_for(walk_rows(sessions, &walk), session, at);
    while (!to && session->actor == ACTOR_TERMINAL) {
        atomic_store_explicit(&sessions->passed[walk.set], true, memory_order_release);
        if (!walk_on(sessions, &walk)) break;
        to = row_for(walk_rows(sessions, &walk), session, at);
    }
    if (to) row_write(to, session);
    pthread_mutex_unlock(&sessions->writing);
    return to != NULL;
}

bool sessions_find(struct sessions *sessions, const uint8_t token_hash[32], struct instant at,
                   struct session *out)
{
    struct walk walk = walk_of(sessions, token_hash);

    do {
        struct session_row *set = walk_rows(sessions, &walk);

        for (int i = 0; i < WAYS; i++) {
            if (!row_read(&set[i], out)) continue;
            if (!secret_eq(bytes_of(out->token_hash, 32), bytes_of(token_hash, 32))) continue;
            return instant_before(at, out->until);
        }
    } while (walk_next(sessions, &walk));
    return false;
}

bool sessions_drop(struct sessions *sessions, const uint8_t token_hash[32])
{
    struct walk walk = walk_of(sessions, token_hash);
    bool found = false;

    pthread_mutex_lock(&sessions->writing);
    do {
        struct session_row *set = walk_rows(sessions, &walk);

        for (int i = 0; i < WAYS; i++) {
            struct session session;

            if (!row_read(&set[i], &session)) continue;
            if (memcmp(session.token_hash, token_hash, 32) != 0) continue;
            row_write(&set[i], NULL);
            found = true;
        }
    } while (walk_next(sessions, &walk));
    pthread_mutex_unlock(&sessions->writing);
    return found;
}

size_t sessions_drop_actor(struct sessions *sessions, enum journal_actor actor, int64_t actor_id,
                           const uint8_t but[32])
{
    size_t n = 0;

    pthread_mutex_lock(&sessions->writing);
    for (size_t i = 0; i < sessions->sets * WAYS; i++) {
        struct session session;

        if (!row_read(&sessions->rows[i], &session)) continue;
        if (session.actor != actor || session.actor_id != actor_id) continue;
        if (but && memcmp(session.token_hash, but, 32) == 0) continue;
        row_write(&sessions->rows[i], NULL);
        n++;
    }
    pthread_mutex_unlock(&sessions->writing);
    return n;
}

static bool grants_same(const struct signin_session *a, const struct signin_session *b)
{
    return a->grants_n == b->grants_n &&
           memcmp(a->grants, b->grants, (size_t)a->grants_n * sizeof a->grants[0]) == 0;
}

/* Whoever ends sessions or takes roles back writes the store first and this table second. So what
 * is put here may be older than their write, but then the store says so after the putting: put,
 * look, and again until what was put last is what the store said after it. */
static struct err keep(struct sessions *sessions, struct store *store,
                       struct signin_session *signin, struct instant at)
{
    for (;;) {
        struct session session = session_of_signin(signin);
        struct signin_session now;
        struct err err;

        (void)sessions_put(sessions, &session, at);
        err = registry_session_find(store, session.token_hash, at, &now);
        if (err.code != 0) (void)sessions_drop(sessions, session.token_hash);
        TRY(err);
        if (grants_same(signin, &now)) return OK;
        *signin = now;
    }
}

struct err sessions_keep(struct sessions *sessions, struct store *store,
                         const struct signin_session *signin, struct instant at)
{
    struct signin_session kept = *signin;

    return keep(sessions, store, &kept, at);
}

struct err sessions_ask(struct sessions *sessions, struct store *store,
                        const uint8_t token_hash[32], struct instant at, struct session *out)
{
    struct signin_session signin;

    TRY(registry_session_find(store, token_hash, at, &signin));
    TRY(keep(sessions, store, &signin, at));
    *out = session_of_signin(&signin);
    return OK;
}

struct err sessions_renew(struct sessions *sessions, struct store *store, enum journal_actor actor,
                          int64_t actor_id, struct instant at)
{
    for (size_t i = 0; i < sessions->sets * WAYS; i++) {
        struct session session;
        struct signin_session signin;
        struct err err;

        if (!row_read(&sessions->rows[i], &session)) continue;
        if (session.actor != actor || session.actor_id != actor_id) continue;
        err = registry_session_find(store, session.token_hash, at, &signin);
        if (err.code == 0) err = sessions_keep(sessions, store, &signin, at);
        if (err.code < 0) return err;
        if (err.code > 0) (void)sessions_drop(sessions, session.token_hash);
    }
    return OK;
}

size_t sessions_count(const struct sessions *sessions, struct instant at)
{
    size_t n = 0;

    for (size_t i = 0; i < sessions->sets * WAYS; i++) {
        struct session session;

        n += row_read(&sessions->rows[i], &session) && instant_before(at, session.until);
    }
    return n;
}

struct session session_of_signin(const struct signin_session *signin)
{
    bool staff = signin->subject == SUBJECT_STAFF;
    struct session session = {
        .actor = staff ? ACTOR_STAFF : ACTOR_HOLDER,
        .actor_id = signin->subject_id,
        .person_id = signin->person_id,
        .signin = *signin,
        .scopes = signin->scopes,
        .until = signin->expires_at,
        .cookie = !signin->api,
    };

    memcpy(session.token_hash, signin->token_hash, sizeof session.token_hash);
    return session;
}

struct session session_of_terminal(struct str token, int64_t terminal_id, int64_t place_id,
                                   struct instant until)
{
    struct session session = {
        .actor = ACTOR_TERMINAL,
        .actor_id = terminal_id,
        .terminal_id = terminal_id,
        .place_id = place_id,
        .scopes = SCOPE_BIT(MAY_VERIFY) | SCOPE_BIT(MAY_ADMIT),
        .until = until,
    };

    if (!token_hash(token, session.token_hash)) session.until = (struct instant){ 0 };
    return session;
}

struct loading {
    struct sessions *sessions;
    struct instant at;
};

static struct err load_one(void *arg, const struct signin_session *signin)
{
    const struct loading *loading = arg;
    struct session session = session_of_signin(signin);

    (void)sessions_put(loading->sessions, &session, loading->at);
    return OK;
}

struct err sessions_load(struct sessions *sessions, struct store *store, struct instant at)
{
    return registry_session_each(store, at, load_one, &(struct loading){ sessions, at });
}

const struct session *request_session(const struct request *rq)
{
    assert(rq->session);
    return rq->session;
}

bool scope_bits(struct str scopes, uint64_t *out)
{
    uint64_t bits = 0;

    while (scopes.n > 0) {
        enum permission permission;

        if (!permission_parse(str_cut(scopes, ' ', &scopes), &permission)) return false;
        bits |= SCOPE_BIT(permission);
    }
    *out = bits;
    return true;
}

bool session_has(const struct session *session, uint64_t any_of)
{
    if (session->actor == ACTOR_TERMINAL) return (session->scopes & any_of) != 0;
    for (int permission = 1; permission < PERMISSIONS; permission++) {
        if (!(any_of & SCOPE_BIT(permission))) continue;
        if (session_may(&session->signin, (enum permission)permission, 0, 0).code == 0) return true;
    }
    return false;
}

struct err request_may(const struct request *rq, enum permission permission, int32_t region_code,
                       int64_t org_id)
{
    const struct session *session = request_session(rq);

    REQUIRE(session_has(session, SCOPE_BIT(permission)), API_SCOPE);
    if (session->actor == ACTOR_TERMINAL) return OK;
    REQUIRE(session_may(&session->signin, permission, region_code, org_id).code == 0, API_REGION);
    return OK;
}

struct err request_may_at(const struct request *rq, enum permission permission,
                          const struct place *place)
{
    if (!place) return request_may(rq, permission, REGION_ANHUI, ORG_NOBODY);
    return request_may(rq, permission, place->region,
                       place->operator_id ? place->operator_id : ORG_NOBODY);
}

int32_t session_region(const struct session *session)
{
    for (int i = 0; i < session->signin.grants_n; i++) {
        if (session->signin.grants[i].region_code != 0)
            return session->signin.grants[i].region_code;
    }
    return 0;
}

struct act request_act(const struct request *rq)
{
    const struct session *session = request_session(rq);
    bool terminal = session->actor == ACTOR_TERMINAL;

    return (struct act){
        .at = rq->at,
        .actor = session->actor,
        .actor_id = session->actor_id,
        .channel = terminal                        ? CHANNEL_GATE
                   : session->actor == ACTOR_STAFF ? CHANNEL_COUNTER
                   : session->cookie               ? CHANNEL_WEB
                                                   : CHANNEL_APP,
        .proof = session->signin.proof,
        .place_id = session->place_id,
        .terminal_id = session->terminal_id,
    };
}

/* A browser may be a resident, a counter and a gate at once (the one screen shows all three): each
 * role's pages have a cookie of their own, told by the page's path, and scripts name the role by
 * X-Session in their calls of /v1. */
static const struct {
    const char *session, *page, *cookie;
} ROLE_COOKIES[] = {
    { "desk", "/desk", "ykt_desk" },
    { "desk", "/demo/as/clerk", "ykt_desk" },
    { "gate", "/gate", "ykt_gate" },
    { "gate", "/demo/as/gate", "ykt_gate" },
};

static bool path_below(struct str path, struct str top)
{
    return str_starts(path, top) && (path.n == top.n || path.p[top.n] == '/');
}

static const char *cookie_name(const struct request *rq)
{
    struct str role = request_header(rq, "x-session");
    bool call = path_below(rq->path, S("/v1"));

    for (size_t i = 0; i < LEN(ROLE_COOKIES); i++) {
        bool this_role = call ? str_eq(role, str_of(ROLE_COOKIES[i].session))
                              : path_below(rq->path, str_of(ROLE_COOKIES[i].page));

        if (this_role) return ROLE_COOKIES[i].cookie;
    }
    return "ykt_session";
}

#define BROWSER_COOKIE "ykt_browser"

void reply_session(const struct request *rq, struct reply *rp, struct str token,
                   int64_t max_age_sec)
{
    /* Lax, so that a link from a message leads to the page and not to the sign-in; unsafe methods
     * need a token of their own besides */
    reply_cookie(rq, rp, cookie_name(rq), token, token.n > 0 ? max_age_sec : -1, COOKIE_LAX);
}

struct str session_cookie(const struct request *rq)
{
    return request_cookie(rq, cookie_name(rq));
}

static struct str base64url(struct arena *arena, struct bytes bytes)
{
    char *room = arena_take(arena, bytes.n * 4 / 3 + 8, 1);
    struct writer w;
    struct json_out out;

    if (!room) return (struct str){ 0 };
    w = writer_over(room, bytes.n * 4 / 3 + 8);
    out = json_out_over(&w, NULL);
    json_out_base64url(&out, NULL, bytes);
    return str_part(writer_str(&w), 1, w.n - 2); /* without the quotes */
}

struct str csrf_token(struct app *app, const struct request *rq)
{
    const struct bytes parts[] = { str_bytes(S("csrf")), rq->session
                                                             ? bytes_of(rq->session->token_hash, 32)
                                                             : (struct bytes){ 0 } };
    uint8_t mac[32];

    if (!rq->session || !rq->session->cookie) return (struct str){ 0 };
    hmac_sm3_parts(bytes_of(app->mac_key, 32), parts, LEN(parts), mac);
    return base64url(rq->arena, bytes_of(mac, 18));
}

bool csrf_right(struct app *app, const struct request *rq)
{
    struct str want = csrf_token(app, rq);

    return want.n > 0 && secret_eq(str_bytes(want), str_bytes(request_header(rq, "x-csrf-token")));
}

/* What a form is bound to: the session, or the browser of someone who has none. */
static struct bytes binding(const struct request *rq, struct str browser)
{
    if (rq->session) return bytes_of(rq->session->token_hash, 32);
    return str_bytes(browser);
}

enum { FORM_RANDOM = 18, FORM_MAC = 18 };

static void form_mac(struct app *app, struct bytes bound, struct bytes random, struct str path,
                     uint8_t out[32])
{
    const struct bytes parts[] = { str_bytes(S("form")), random, bound, str_bytes(path) };

    hmac_sm3_parts(bytes_of(app->mac_key, 32), parts, LEN(parts), out);
}

struct str form_token(struct app *app, const struct request *rq, struct reply *rp, struct str path)
{
    uint8_t token[FORM_RANDOM + 32], browser[18];
    struct str cookie = request_cookie(rq, BROWSER_COOKIE);

    for (size_t i = 0; i < rp->headers_n && cookie.n != 24;
         i++) { /* set for another form of this page */
        struct str rest, value = rp->headers[i].value;

        if (!str_eq(rp->headers[i].name, S("Set-Cookie"))) continue;
        if (!str_starts(value, S(BROWSER_COOKIE "="))) continue;
        cookie = str_cut(str_part(value, sizeof BROWSER_COOKIE, value.n), ';', &rest);
    }
    if (!rq->session && cookie.n != 24) {
        app->entropy.fill(app->entropy.arg, browser, sizeof browser);
        cookie = base64url(rq->arena, bytes_of(browser, sizeof browser));
        reply_cookie(rq, rp, BROWSER_COOKIE, cookie, 0, COOKIE_LAX);
    }
    app->entropy.fill(app->entropy.arg, token, FORM_RANDOM);
    form_mac(app, binding(rq, cookie), bytes_of(token, FORM_RANDOM), path, token + FORM_RANDOM);
    return base64url(rq->arena, bytes_of(token, FORM_RANDOM + FORM_MAC));
}

bool form_token_right(struct app *app, const struct request *rq, struct str *key)
{
    struct str text = { 0 }, cookie = request_cookie(rq, BROWSER_COOKIE);
    struct problems problems = { .n = 0 };
    struct bytes token = { 0 };
    const struct json_field field[] = { JSON_BASE64URL("_token", &token, FORM_RANDOM + FORM_MAC,
                                                       FORM_RANDOM + FORM_MAC) };
    struct body one;
    uint8_t mac[32];

    if (!form_value(rq->body, "_token", &text) || text.n != 48) return false;
    if (!rq->session && cookie.n != 24) return false;
    one = body_over((struct bytes){ 0 }, rq->arena, &problems, NULL);
    one.bytes = str_bytes(arena_format(rq->arena, "_token=%.*s", (int)text.n, text.p));
    if (form_read(one, field, 1).code != 0) return false;
    form_mac(app, binding(rq, cookie), bytes_of(token.p, FORM_RANDOM), rq->path, mac);
    *key = str_part(text, 0, 24); /* 18 random bytes are 24 characters */
    return secret_eq(bytes_of(mac, FORM_MAC), bytes_of(token.p + FORM_RANDOM, FORM_MAC));
}
