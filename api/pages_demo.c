/* api/pages_demo.c - the one screen: phone, gate and counter side by side, and the record line.
 * In a demonstration only; elsewhere these addresses are not there.
 *
 * GET /                              the one screen; elsewhere the resident's home
 * GET /demo/as/resident?person=&next=   sign in as somebody of the demonstration, and go on
 * GET /demo/as/gate?terminal=&next=
 * GET /demo/as/clerk?next= */
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "registry/staff.h"
#include "venues/venues.h"

#define DEMO_CLERK S("clerk")
enum { HEFEI = 340100, MATCHES_MOST = 4096, DRAWN = 24, GATES = 2, DEMO_SESSION_SEC = 12 * 3600 };

/* ---- who plays: a gate whose place is open, and a resident whom it lets in ---- */

/* Gates in service of places that are open now, at most one a place; at night that is the one open
 * round the clock. */
struct gates {
    struct terminal gates[GATES];
    const struct place *places[GATES];
    size_t n;
};

static RESULT gate_of_place(struct app *app, const struct request *rq, const struct place *place,
                            struct gates *out)
{
    struct terminal_page page;
    struct occupancy now;

    TRY(venues_occupancy(app->store, place->id, rq->at, &now));
    if (now.slot_id == 0 || now.held <= now.held_taken) return OK;
    TRY(venues_terminals(app->store, place->id, 0, 8, rq->arena, &page));
    for (size_t i = 0; i < page.n; i++) {
        if (page.terminals[i].kind != TERMINAL_GATE) continue;
        if (page.terminals[i].state != TERMINAL_ACTIVE) continue;
        out->places[out->n] = place;
        out->gates[out->n++] = page.terminals[i];
        return OK;
    }
    return OK;
}

static RESULT pick_gates(struct app *app, const struct request *rq, struct gates *out)
{
    const struct catalogue *cat = catalogue_now(app->shelf);

    out->n = 0;
    for (size_t i = 0; i < place_count(cat) && out->n < GATES; i++) {
        const struct place *place = place_at(cat, i);

        if (place->city == HEFEI && slot_rule_for(cat, place))
            TRY(gate_of_place(app, rq, place, out));
    }
    REQUIRE(out->n > 0, API_NOT_FOUND);
    return OK;
}

/* Cards of Hefei that work, drawn so that each of the first so many is as likely: visitors should
 * not all meet the same resident. */
struct drawn {
    struct card cards[DRAWN];
    size_t n;
    unsigned matches;
    const struct entropy *entropy;
};

static struct err draw_card(void *arg, const struct card *card)
{
    struct drawn *drawn = arg;
    uint32_t random;

    if (card->social != SOCIAL_NORMAL || card->ecard != ECARD_ON) return OK;
    if (card->region_code / 100 != HEFEI / 100) return OK;
    if (drawn->matches >= MATCHES_MOST) REFUSE(API_NOT_FOUND); /* enough */
    drawn->entropy->fill(drawn->entropy->arg, &random, sizeof random);
    random %= ++drawn->matches;
    if (drawn->n < DRAWN)
        drawn->cards[drawn->n++] = *card;
    else if (random < DRAWN)
        drawn->cards[random] = *card;
    return OK;
}

/* Whom all of the gates would let in at this moment: not in there today, not booked for later. */
static RESULT enters(struct app *app, const struct request *rq, const struct card *card,
                     const struct gates *gates, bool *out)
{
    *out = true;
    for (size_t i = 0; i < gates->n && *out; i++) {
        const struct admit_ask ask = { .venue_id = gates->places[i]->id,
                                       .terminal_id = gates->gates[i].id,
                                       .person_id = card->person_id,
                                       .card_id = card->id,
                                       .places = 1,
                                       .at = rq->at };
        struct err err = venues_would_admit(app->store, &ask);

        if (err.code < 0) return err;
        *out = err.code == 0;
    }
    return OK;
}

/* `gates` may have none: anybody with a card that works. */
static RESULT pick_person(struct app *app, const struct request *rq, const struct gates *gates,
                          struct card *out)
{
    struct drawn *drawn = NEW(rq->arena, struct drawn);
    struct err err;

    if (!drawn) return fault(FAULT_MEMORY, "residents");
    drawn->entropy = &app->entropy;
    err = registry_card_each(app->store, draw_card, drawn);
    if (err.code < 0) return err;
    for (size_t i = 0; i < drawn->n; i++) {
        bool ok;

        TRY(enters(app, rq, &drawn->cards[i], gates, &ok));
        if (!ok) continue;
        *out = drawn->cards[i];
        return OK;
    }
    REFUSE(API_NOT_FOUND);
}

/* ---- the one screen ---- */

static struct str gate_url(const struct request *rq, const struct terminal *gate)
{
    struct str id = id_text(rq, "trm", gate->id);

    return arena_format(rq->arena, "/demo/as/gate?terminal=%.*s&next=/gate/%.*s", (int)id.n, id.p,
                        (int)id.n, id.p);
}

struct err get_start(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    struct web_frame frame;
    struct web_demo_view view = { 0 };
    struct registry_figures figures;
    struct gates gates;
    struct card card;
    struct str person;

    if (!app->demo) {
        reply_redirect(rp, S("/home"));
        return OK;
    }
    TRY(pick_gates(app, rq, &gates));
    TRY(pick_person(app, rq, &gates, &card));
    TRY(registry_figures(app->store, &figures));
    frame = frame_of(app, rq, rp);
    person = id_text(rq, "psn", card.person_id);
    view.resident = arena_format(rq->arena, "****%s", card.tail);
    view.resident_url = arena_format(rq->arena, "/demo/as/resident?person=%.*s&next=/code",
                                     (int)person.n, person.p);
    view.gate_name = place_name(rq, gates.places[0]);
    view.gate_url = gate_url(rq, &gates.gates[0]);
    if (gates.n > 1) {
        view.next_gate_name = place_name(rq, gates.places[1]);
        view.next_gate_url = gate_url(rq, &gates.gates[1]);
    }
    view.clerk = DEMO_CLERK;
    view.desk_url =
        arena_format(rq->arena, "/demo/as/clerk?next=/desk/persons/%.*s", (int)person.n, person.p);
    view.records_url = S("/records");
    view.card_id = id_text(rq, "crd", card.id);
    view.cards = figures.cards;
    view.people = figures.people;
    view.venues = (int64_t)place_count(cat);
    web_demo(web_reply(rp, 200), &frame, &view);
    return OK;
}

/* A sign-in of people or staff as a cookie. It is a token of the registry's, so it ends as they do.
 */
static RESULT sign_in_as(struct app *app, const struct request *rq, struct reply *rp,
                         enum subject_kind subject, int64_t subject_id, enum proof proof)
{
    const struct token_ask ask = {
        .subject = subject,
        .subject_id = subject_id,
        .scopes = SCOPES_ALL,
        .proof = proof,
        .life_usec = DEMO_SESSION_SEC * USEC_PER_SEC,
        .cookie = true,
        .act = { .at = rq->at,
                 .actor = subject == SUBJECT_STAFF ? ACTOR_STAFF : ACTOR_HOLDER,
                 .actor_id = subject_id,
                 .channel = CHANNEL_WEB,
                 .proof = proof,
                 .provenance = PROVENANCE_SIMULATOR },
    };
    struct signed_in made;

    TRY(registry_token_make(app->registry, NULL, &ask, &made));
    TRY(sessions_keep(app->sessions, app->store, &made.session, rq->at));
    reply_session(rq, rp, (struct str){ made.token, TOKEN_CHARS }, DEMO_SESSION_SEC);
    return OK;
}

struct err get_as_resident(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str next = { 0 };
    int64_t person_id = 0;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ID("person", "psn", &person_id), &given),
        JSON_OPTIONAL(JSON_TEXT("next", &next, 1, 300), &given),
    };
    struct card card;
    struct person person;
    struct err err;

    REQUIRE(app->demo, API_NOT_FOUND);
    TRY(query_read(rq, query, LEN(query)));
    if (person_id == 0) {
        TRY(pick_person(app, rq, &(struct gates){ .n = 0 }, &card));
        person_id = card.person_id;
    }
    err = registry_person_load(app->store, person_id, &person);
    if (err.code == REGISTRY_PERSON_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    TRY(sign_in_as(app, rq, rp, SUBJECT_PERSON, person_id, PROOF_ONE_FACTOR));
    redirect_ours(rp, next, S("/code"));
    return OK;
}

struct err get_as_clerk(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str next = { 0 };
    bool given;
    const struct json_field query[] = { JSON_OPTIONAL(JSON_TEXT("next", &next, 1, 300), &given) };
    struct staff staff;
    struct err err;

    REQUIRE(app->demo, API_NOT_FOUND);
    TRY(query_read(rq, query, LEN(query)));
    err = registry_staff_find(app->store, DEMO_CLERK, &staff);
    if (err.code == STAFF_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    TRY(sign_in_as(app, rq, rp, SUBJECT_STAFF, staff.id, PROOF_TWO_FACTORS));
    redirect_ours(rp, next, S("/"));
    return OK;
}

struct err get_as_gate(struct app *app, const struct request *rq, struct reply *rp)
{
    static const char HEX[] = "0123456789abcdef";
    struct str next = { 0 };
    int64_t terminal_id = 0;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ID("terminal", "trm", &terminal_id), &given),
        JSON_OPTIONAL(JSON_TEXT("next", &next, 1, 300), &given),
    };
    uint8_t random[TOKEN_CHARS_TERMINAL / 2];
    char token[TOKEN_CHARS_TERMINAL];
    struct terminal terminal;
    struct gates gates;
    struct session session;
    struct err err;

    REQUIRE(app->demo, API_NOT_FOUND);
    TRY(query_read(rq, query, LEN(query)));
    if (terminal_id == 0) {
        TRY(pick_gates(app, rq, &gates));
        terminal = gates.gates[0];
    } else {
        err = venues_terminal_get(app->store, terminal_id, &terminal);
        if (err.code == VENUES_TERMINAL_UNKNOWN) REFUSE(API_NOT_FOUND);
        TRY(err);
    }
    REQUIRE(terminal.state == TERMINAL_ACTIVE, API_NOT_FOUND);
    app->entropy.fill(app->entropy.arg, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        token[2 * i] = HEX[random[i] >> 4];
        token[2 * i + 1] = HEX[random[i] & 15];
    }
    session =
        session_of_terminal((struct str){ token, sizeof token }, terminal.id, terminal.venue_id,
                            instant_add(rq->at, DEMO_SESSION_SEC * USEC_PER_SEC));
    session.cookie = true; /* a browser's, so its calls need the page's CSRF token */
    REQUIRE(sessions_put(app->sessions, &session, rq->at), API_SESSIONS_FULL);
    reply_session(rq, rp, (struct str){ token, sizeof token }, DEMO_SESSION_SEC);
    if (next.n == 0) {
        struct str id = id_text(rq, "trm", terminal.id);
        next = arena_format(rq->arena, "/gate/%.*s", (int)id.n, id.p);
    }
    redirect_ours(rp, next, S("/"));
    return OK;
}
