/* api/terminals.c - gates and counters' terminals: set up, signed in, heard from
 * (docs/protocols/terminal.md).
 *
 * POST /v1/terminals   {"venue", "kind", "name"}   201 {"id", "activation"}: told once
 * GET  /v1/terminals?venue=&state=          of the places of the role, by cursor
 * GET  /v1/terminals/{terminal}             which list it obeys, its queue and clock
 * POST /v1/terminals/{terminal}/activations a new number
 * POST /v1/terminals/{terminal}/revocations
 * POST /v1/terminal-enrolments              the number for a key
 * POST /v1/terminals/{terminal}/tokens      a signed assertion for ten minutes' token
 * POST /v1/terminals/{terminal}/heartbeats  which list it obeys */
#include "api/handlers.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

static const struct json_name KINDS[] = { { "gate", TERMINAL_GATE },
                                          { "counter", TERMINAL_COUNTER },
                                          { "handheld", TERMINAL_HANDHELD } };

/* The terminal of the path: its own session, or staff who may do one of the two at its place. */
static RESULT terminal_of_path(struct app *app, const struct request *rq,
                               enum permission permission, enum permission other,
                               struct terminal *out)
{
    const struct session *session = request_session(rq);
    const struct place *place;
    int64_t terminal_id;
    struct err err;

    TRY(path_id(rq, "terminal", "trm", &terminal_id));
    if (session->actor == ACTOR_TERMINAL) {
        REQUIRE(session->terminal_id == terminal_id, API_NOT_FOUND);
        return venues_terminal_get(app->store, terminal_id, out);
    }
    err = venues_terminal_get(app->store, terminal_id, out);
    if (err.code == VENUES_TERMINAL_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    place = place_find(catalogue_now(app->shelf), out->venue_id);
    err = request_may_at(rq, permission, place);
    if (err.code == 0) return OK;
    if (request_may_at(rq, other, place).code == API_SCOPE) return err;
    return request_may_at(rq, other, place);
}

/* Who acts on a terminal of that place, for the journal. */
static struct terminal_by by_of(struct app *app, const struct request *rq,
                                const struct place *place)
{
    return (struct terminal_by){ .staff_id = request_session(rq)->actor_id,
                                 .region_code = place ? place->region : 0,
                                 .simulated = app->demo };
}

RESULT post_terminal(struct app *app, const struct request *rq, struct reply *rp)
{
    struct terminal_ask ask = { .at = rq->at };
    const struct place *place;
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    int64_t terminal_id;
    int kind;
    const struct json_field body[] = {
        JSON_ID("venue", "ven", &ask.venue_id),
        JSON_ENUM("kind", &kind, KINDS),
        JSON_TEXT("name", &ask.name, 1, TERMINAL_NAME_MAX),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    if (ask.name.n >
        TERMINAL_NAME_MAX) { /* the field's limit is in characters, the row's in bytes */
        problem_add(rq->problems, rq->arena, "/name", "too_long");
        REFUSE(HTTP_FIELDS);
    }
    place = place_find(catalogue_now(app->shelf), ask.venue_id);
    REQUIRE(place, CATALOGUE_PLACE_UNKNOWN);
    TRY(request_may_at(rq, MAY_TERMINAL_ENROL, place));
    ask.kind = (enum terminal_kind)kind;
    ask.by = by_of(app, rq, place);
    TRY(venues_terminal_add(app->store, rq->once, &ask, &app->entropy, &terminal_id, activation));
    reply_json(rp, 201);
    json_put_id(rp, "id", "trm", terminal_id);
    if (activation[0]) json_put_str(rp, "activation", str_of(activation));
    return OK;
}

static const struct json_name STATES[] = { { "waiting", TERMINAL_WAITING },
                                           { "active", TERMINAL_ACTIVE },
                                           { "revoked", TERMINAL_REVOKED } };

static void terminal_put(struct reply *rp, const struct terminal *terminal)
{
    json_put_id(rp, "id", "trm", terminal->id);
    json_put_id(rp, "venue", "ven", terminal->venue_id);
    json_put_str(rp, "kind", str_of(KINDS[terminal->kind - TERMINAL_GATE].name));
    json_put_str(rp, "name", str_of(terminal->name));
    json_put_str(rp, "state", str_of(STATES[terminal->state - TERMINAL_WAITING].name));
    json_put_int(rp, "list_position", terminal->list_position);
    if (terminal->list_made_at.usec) json_put_instant(rp, "list_made_at", terminal->list_made_at);
    if (terminal->seen_at.usec) json_put_instant(rp, "seen_at", terminal->seen_at);
    json_put_int(rp, "clock_off_usec", terminal->clock_off_usec);
    json_put_int(rp, "queue", terminal->queue);
}

/* Rows of other places and states are passed over: after so many reads a page ends short, with a
 * cursor. */
enum { READS_MAX = 8 };

RESULT get_terminals(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct place *place;
    struct terminal_page read;
    struct page page;
    int64_t venue_id = 0, shown = 0, last[PAGE_KEYS] = { 0 };
    int state = 0;
    bool given, more = true;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_ID("venue", "ven", &venue_id), &given),
        JSON_OPTIONAL(JSON_ENUM("state", &state, STATES), NULL),
    };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    if (given) {
        place = place_find(cat, venue_id);
        REQUIRE(place, CATALOGUE_PLACE_UNKNOWN);
        TRY(request_may_at(rq, MAY_TERMINAL_ENROL, place));
    }
    reply_json(rp, 200);
    json_put_array(rp, "data");
    last[0] = page.after[0];
    for (int reads = 0; more && shown < page.limit && reads < READS_MAX; reads++) {
        TRY(venues_terminals(app->store, venue_id, last[0], PAGE_LIMIT_MAX, rq->arena, &read));
        more = read.more;
        for (size_t i = 0; i < read.n; i++) {
            const struct terminal *terminal = &read.terminals[i];

            if (shown == page.limit) more = true;
            if (shown == page.limit) break;
            last[0] = terminal->id;
            if (state != 0 && (int)terminal->state != state) continue;
            place = place_find(cat, terminal->venue_id);
            if (request_may_at(rq, MAY_TERMINAL_ENROL, place).code != 0) continue;
            json_put_object(rp, NULL);
            terminal_put(rp, terminal);
            json_put_end(rp);
            shown++;
        }
    }
    json_put_end(rp);
    page_end(app, rq, rp, more, last);
    return OK;
}

RESULT get_terminal(struct app *app, const struct request *rq, struct reply *rp)
{
    struct terminal terminal;

    /* who sets gates up, and who stands at one */
    TRY(terminal_of_path(app, rq, MAY_ADMIT, MAY_TERMINAL_ENROL, &terminal));
    reply_json(rp, 200);
    terminal_put(rp, &terminal);
    return OK;
}

RESULT post_terminal_activation(struct app *app, const struct request *rq, struct reply *rp)
{
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    struct terminal terminal;
    struct terminal_by by;

    TRY(json_read(rq->body, NULL, 0));
    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE);
    TRY(terminal_of_path(app, rq, MAY_TERMINAL_ENROL, MAY_TERMINAL_ENROL, &terminal));
    by = by_of(app, rq, place_find(catalogue_now(app->shelf), terminal.venue_id));
    TRY(venues_terminal_renew(app->store, terminal.venue_id, terminal.id, &app->entropy, &by,
                              rq->at, activation));
    reply_json(rp, 201);
    json_put_id(rp, "id", "trm", terminal.id);
    json_put_str(rp, "activation", str_of(activation));
    return OK;
}

RESULT post_terminal_revocation(struct app *app, const struct request *rq, struct reply *rp)
{
    struct terminal terminal;
    struct terminal_by by;

    TRY(json_read(rq->body, NULL, 0));
    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE);
    TRY(terminal_of_path(app, rq, MAY_TERMINAL_ENROL, MAY_TERMINAL_ENROL, &terminal));
    by = by_of(app, rq, place_find(catalogue_now(app->shelf), terminal.venue_id));
    TRY(venues_terminal_revoke(app->store, terminal.venue_id, terminal.id, &by, rq->at));
    sessions_drop_actor(app->sessions, ACTOR_TERMINAL, terminal.id, NULL);
    reply_empty(rp, 204);
    return OK;
}

RESULT post_terminal_enrolment(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name SUITES[] = { { "sm2", SUITE_SM2 }, { "p256", SUITE_P256 } };
    struct enrol_ask ask = { .by = { .simulated = app->demo }, .at = rq->at };
    const struct place *place;
    struct terminal terminal;
    struct bytes key, signature;
    char text[ID_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);
    int suite;
    const struct json_field body[] = {
        JSON_ID("terminal", "trm", &ask.terminal_id),
        JSON_TEXT("activation", &ask.activation, TERMINAL_ACTIVATION_CHARS,
                  TERMINAL_ACTIVATION_CHARS),
        JSON_ENUM("suite", &suite, SUITES),
        JSON_HEX("public_key", &key, POINT_SHORT, POINT_SHORT),
        JSON_HEX("signature", &signature, SIGNATURE_BYTES, SIGNATURE_BYTES),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    put_id(&w, app->ids, "trm", ask.terminal_id);
    ask.terminal_text = writer_str(&w);
    ask.suite = (enum suite)suite;
    memcpy(ask.public_key, key.p, key.n);
    memcpy(ask.signature, signature.p, signature.n);
    TRY(venues_terminal_get(app->store, ask.terminal_id, &terminal));
    place = place_find(catalogue_now(app->shelf), terminal.venue_id);
    if (place) ask.by.region_code = place->region;
    TRY(venues_terminal_enrol(app->store, &ask));
    sessions_drop_actor(app->sessions, ACTOR_TERMINAL, ask.terminal_id, NULL);
    reply_empty(rp, 204);
    return OK;
}

RESULT post_terminal_token(struct app *app, const struct request *rq, struct reply *rp)
{
    struct signin_ask ask = { .audience = app->public_url, .at = rq->at };
    struct terminal terminal;
    struct session session;
    struct err err;
    struct bytes signature;
    char token[TERMINAL_TOKEN_CHARS + 1];
    int64_t clock_off_sec;
    const struct json_field body[] = {
        JSON_TEXT("signed_at", &ask.signed_at_text, 20, 40),
        JSON_TEXT("nonce", &ask.nonce, 16, 64),
        JSON_HEX("signature", &signature, SIGNATURE_BYTES, SIGNATURE_BYTES),
    };

    TRY(path_id(rq, "terminal", "trm", &ask.terminal_id));
    TRY(json_read(rq->body, body, LEN(body)));
    if (!instant_parse(ask.signed_at_text, &ask.signed_at)) {
        problem_add(rq->problems, rq->arena, "/signed_at", "format");
        REFUSE(HTTP_FIELDS);
    }
    ask.terminal_text = path_text(rq, "terminal");
    memcpy(ask.signature, signature.p, signature.n);
    TRY(venues_terminal_signin(app->store, &ask, &app->entropy, token, &clock_off_sec));
    TRY(venues_terminal_get(app->store, ask.terminal_id, &terminal));
    session = session_of_terminal(str_of(token), terminal.id, terminal.venue_id,
                                  instant_add(rq->at, TERMINAL_TOKEN_USEC));
    REQUIRE(sessions_put(app->sessions, &session, rq->at), API_SESSIONS_FULL);
    /* revoked meanwhile: the revocation looked for sessions before this one was there */
    err = venues_terminal_get(app->store, ask.terminal_id, &terminal);
    if (err.code == 0 && terminal.state != TERMINAL_ACTIVE) {
        err = (struct err){ .code = VENUES_TERMINAL_REVOKED };
    }
    if (err.code != 0) (void)sessions_drop(app->sessions, session.token_hash);
    TRY(err);
    reply_json(rp, 201);
    json_put_str(rp, "token", str_of(token));
    json_put_instant(rp, "expires_at", session.until);
    json_put_int(rp, "clock_off_sec", clock_off_sec);
    return OK;
}

RESULT post_heartbeat(struct app *app, const struct request *rq, struct reply *rp)
{
    struct heartbeat beat = { .at = rq->at };
    struct terminal terminal;
    bool given;
    const struct json_field body[] = {
        JSON_INT("incarnation", &beat.list_incarnation, 0, INT64_MAX),
        JSON_INT("position", &beat.list_position, 0, INT64_MAX),
        JSON_OPTIONAL(JSON_INSTANT("list_made_at", &beat.list_made_at), &given),
        JSON_INSTANT("terminal_at", &beat.terminal_at),
        JSON_INT("queue", &beat.queue, 0, 1000000),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    REQUIRE(request_session(rq)->actor == ACTOR_TERMINAL, API_SCOPE);
    TRY(terminal_of_path(app, rq, MAY_TERMINAL_ENROL, MAY_TERMINAL_ENROL, &terminal));
    beat.venue_id = terminal.venue_id;
    beat.terminal_id = terminal.id;
    TRY(venues_heartbeat(app->store, &beat));
    reply_empty(rp, 204);
    return OK;
}
