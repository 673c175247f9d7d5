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
#include "identity/derived.h"
#include "registry/staff.h"
#include "venues/venues.h"

#define DEMO_CLERK S("clerk")
enum { HEFEI = 340100, MATCHES_MOST = 256, DEMO_SESSION_SEC = 12 * 3600 };

struct picked {
    struct card card;
    bool found;
    unsigned matches;
    const struct entropy *entropy;
};

/* A card that works, in Hefei. Not always the same: who was let in today is not let in twice. */
static struct err pick_card(void *arg, const struct card *card)
{
    struct picked *picked = arg;
    uint32_t random;

    if (card->social != SOCIAL_NORMAL || card->ecard != ECARD_ON) return OK;
    if (card->region_code / 100 != HEFEI / 100) return OK;
    picked->entropy->fill(picked->entropy->arg, &random, sizeof random);
    if (random % ++picked->matches == 0) { /* each of the first so many is as likely */
        picked->card = *card;
        picked->found = true;
    }
    if (picked->matches < MATCHES_MOST) return OK;
    REFUSE(API_NOT_FOUND); /* enough */
}

static RESULT pick_person(struct app *app, struct card *out)
{
    struct picked picked = { .found = false, .entropy = &app->entropy };
    struct err err = registry_card_each(app->store, pick_card, &picked);

    if (!picked.found) {
        TRY(err);
        REFUSE(API_NOT_FOUND);
    }
    *out = picked.card;
    return OK;
}

/* A gate in service whose place is open now: at night that is the one open round the clock. */
static RESULT pick_gate(struct app *app, const struct request *rq, struct terminal *out)
{
    const struct catalogue *cat = catalogue_now(app->shelf);

    for (size_t i = 0; i < place_count(cat); i++) {
        const struct place *place = place_at(cat, i);
        struct terminal_page page;
        struct occupancy now;

        if (place->city != HEFEI || !slot_rule_for(cat, place)) continue;
        TRY(venues_occupancy(app->store, place->id, rq->at, &now));
        if (now.slot_id == 0) continue;
        TRY(venues_terminals(app->store, place->id, 0, 8, rq->arena, &page));
        for (size_t k = 0; k < page.n; k++) {
            if (page.terminals[k].kind != TERMINAL_GATE) continue;
            if (page.terminals[k].state != TERMINAL_ACTIVE) continue;
            *out = page.terminals[k];
            return OK;
        }
    }
    REFUSE(API_NOT_FOUND);
}

struct err get_start(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    struct web_frame frame;
    struct web_demo_view view = { 0 };
    struct card card;
    struct terminal gate;
    const struct place *place;
    struct str person, terminal;

    if (!app->demo) {
        reply_redirect(rp, S("/home"));
        return OK;
    }
    TRY(pick_person(app, &card));
    TRY(pick_gate(app, rq, &gate));
    frame = frame_of(app, rq, rp);
    place = place_find(cat, gate.venue_id);
    person = id_text(rq, "psn", card.person_id);
    terminal = id_text(rq, "trm", gate.id);
    view.resident = arena_format(rq->arena, "****%s", card.tail);
    view.resident_url = arena_format(rq->arena, "/demo/as/resident?person=%.*s&next=/code",
                                     (int)person.n, person.p);
    view.gate_name = page_english(rq) ? place->name.en : place->name.zh;
    view.gate_url = arena_format(rq->arena, "/demo/as/gate?terminal=%.*s&next=/gate/%.*s",
                                 (int)terminal.n, terminal.p, (int)terminal.n, terminal.p);
    view.clerk = DEMO_CLERK;
    view.desk_url =
        arena_format(rq->arena, "/demo/as/clerk?next=/desk/persons/%.*s", (int)person.n, person.p);
    view.records_url = S("/records");
    view.card_id = id_text(rq, "crd", card.id);
    view.cards = (int64_t)derived_cards(app->derived);
    view.people = view.cards;
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
    struct session session;

    TRY(registry_token_make(app->registry, &ask, &made));
    session = session_of_signin(&made.session);
    sessions_put(app->sessions, &session);
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
        TRY(pick_person(app, &card));
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
    struct session session;
    struct err err;

    REQUIRE(app->demo, API_NOT_FOUND);
    TRY(query_read(rq, query, LEN(query)));
    if (terminal_id == 0) {
        TRY(pick_gate(app, rq, &terminal));
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
    sessions_put(app->sessions, &session);
    reply_session(rq, rp, (struct str){ token, sizeof token }, DEMO_SESSION_SEC);
    if (next.n == 0) {
        struct str id = id_text(rq, "trm", terminal.id);
        next = arena_format(rq->arena, "/gate/%.*s", (int)id.n, id.p);
    }
    redirect_ours(rp, next, S("/"));
    return OK;
}
