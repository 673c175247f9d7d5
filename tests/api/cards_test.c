/* tests/api/cards_test.c - cards over HTTP: issued, enabled, consented, replaced, cancelled,
 * locked, stopped; every field wrongly, every stranger, every order that is none. On both engines.
 */
#include "tests/api/wrong.h"

/* A person of Baohe, with an enabled card or none. */
struct somebody {
    int64_t person_id;
    char id[20], card[20];
};

static struct somebody somebody(struct api_world *w, bool with_card)
{
    struct somebody one = { .card = "" };
    char no[19];

    one.person_id = world_person(w, "赵一", "13800000001", no);
    world_id(w, "psn", one.person_id, one.id);
    if (with_card) world_id(w, "crd", world_card(w, one.person_id), one.card);
    return one;
}

static void fields(struct api_world *w)
{
    static const struct wrong_field REPLACE[] = {
        { "reason", WRONG_WORD, "\"damaged\"", NEEDED },
        { "instant", WRONG_BOOL, "true", OPTIONAL },
    };
    static const struct wrong_field CANCEL[] = { { "reason", WRONG_WORD, "\"own_wish\"", NEEDED } };
    static const struct wrong_field ACTIVATE[] = {
        { "social", WRONG_BOOL, "true", OPTIONAL },
        { "bank", WRONG_BOOL, "true", OPTIONAL },
    };
    struct somebody one = somebody(w, true), bare = somebody(w, false);
    char person[32], line[6][80];
    const struct wrong_field issue[] = {
        { "person", WRONG_ID, person, NEEDED },         { "generation", WRONG_INT, "3", NEEDED },
        { "region_code", WRONG_INT, "340111", NEEDED }, { "instant", WRONG_BOOL, "true", OPTIONAL },
        { "ecard", WRONG_BOOL, "true", OPTIONAL },
    };

    snprintf(person, sizeof person, "\"%s\"", bare.id);
    WRONG(w, w->clerk, "POST /v1/cards", issue, API_ONCE);
    snprintf(line[0], 80, "POST /v1/cards/%s/activations", one.card);
    WRONG(w, w->clerk, line[0], ACTIVATE, API_ONCE);
    snprintf(line[1], 80, "POST /v1/cards/%s/replacements", one.card);
    WRONG(w, w->clerk, line[1], REPLACE, API_ONCE);
    snprintf(line[2], 80, "POST /v1/cards/%s/cancellations", one.card);
    WRONG(w, w->supervisor, line[2], CANCEL, API_ONCE);
    snprintf(line[3], 80, "POST /v1/cards/%s/ecard-consents", w->holder_card);
    WRONG_EMPTY(w, w->holder, line[3], API_ONCE);
    snprintf(line[4], 80, "POST /v1/cards/%s/stops", one.card);
    WRONG_EMPTY(w, w->supervisor, line[4], API_ONCE);
    snprintf(line[5], 80, "POST /v1/cards/%s/ecard-withdrawals", w->holder_card);
    WRONG_EMPTY(w, w->holder, line[5], API_ONCE);
}

/* Each address with a card in it, for each who may not: a made-up card, another kind of id, another
 * resident, another region, a role without the right. */
static void strangers(struct api_world *w)
{
    static const struct {
        const char *method, *rest, *body;
        bool self;  /* residents act on their own card there */
        bool staff; /* a clerk may */
    } ROUTES_OF_CARD[] = {
        { "GET", "", "", true, true },
        { "GET", "/events", "", true, true },
        { "POST", "/activations", "{}", false, true },
        { "POST", "/ecard-consents", "{}", true, false },
        { "POST", "/ecard-withdrawals", "{}", true, false },
        { "POST", "/replacements", "{\"reason\":\"damaged\"}", false, true },
        { "POST", "/cancellations", "{\"reason\":\"own_wish\"}", false, false },
        { "POST", "/locks", "{}", false, true },
        { "POST", "/unlocks", "{}", false, true },
        { "POST", "/stops", "{}", false, false },
        { "POST", "/resumes", "{}", false, false },
    };
    struct somebody one = somebody(w, true);
    char none[20];

    world_id(w, "crd", 77, none);
    for (size_t i = 0; i < LEN(ROUTES_OF_CARD); i++) {
        const char *method = ROUTES_OF_CARD[i].method, *rest = ROUTES_OF_CARD[i].rest;
        const char *body = ROUTES_OF_CARD[i].body;
        const struct asker *right = ROUTES_OF_CARD[i].staff  ? &w->clerk
                                    : ROUTES_OF_CARD[i].self ? &w->holder
                                                             : &w->supervisor;
        char its[120], made_up[120], person[120], short_id[120];

        snprintf(its, sizeof its, "%s /v1/cards/%s%s", method, one.card, rest);
        snprintf(made_up, sizeof made_up, "%s /v1/cards/%s%s", method, none, rest);
        snprintf(person, sizeof person, "%s /v1/cards/%s%s", method, one.id, rest);
        snprintf(short_id, sizeof short_id, "%s /v1/cards/crd_1%s", method, rest);
        {
            const struct refused rows[] = {
                { its, &w->nobody, its, body, 401, "sign_in" },
                { made_up, right, made_up, body, 404, "unknown" },
                { person, right, person, body, 404, "id_unknown" },
                { short_id, right, short_id, body, 404, "id_unknown" },
                { its, &w->holder, its, body, ROUTES_OF_CARD[i].self ? 404 : 403,
                  ROUTES_OF_CARD[i].self ? "unknown" : "scope" },
                { its, &w->venue, its, body, 403, "scope" },
                { its, &w->admin, its, body, 403, "scope" },
                { its, &w->far_clerk, its, body, 403,
                  ROUTES_OF_CARD[i].staff ? "region" : "scope" },
            };

            UNTOUCHED(w, rows);
        }
    }
}

static void issuing(struct api_world *w)
{
    struct somebody bare = somebody(w, false), has = somebody(w, true), dead = somebody(w, false);
    const struct act act = world_act(&w->base);
    char ok[160], other[160], none[20];

#define ISSUE(person, generation, region)                                                          \
    text_of("{\"person\":\"%s\",\"generation\":%d,\"region_code\":%d}", person, generation, region)
    world_id(w, "psn", 77, none);
    CHECK_OK("dies", registry_person_died(&w->base.rg, NULL, dead.person_id,
                                          (struct date){ 2021, 8, 1 }, &act));
    {
        const struct refused rows[] = {
            { "a person that is none", &w->clerk, "POST /v1/cards", ISSUE(none, 3, 340111), 404,
              "person_unknown" },
            { "a card for a person", &w->clerk, "POST /v1/cards", ISSUE(has.card, 3, 340111), 422,
              "format" },
            { "a second card", &w->clerk, "POST /v1/cards", ISSUE(has.id, 3, 340111), 409,
              "card_exists" },
            { "for the dead", &w->clerk, "POST /v1/cards", ISSUE(dead.id, 3, 340111), 409,
              "person_dead" },
            { "another city", &w->clerk, "POST /v1/cards", ISSUE(bare.id, 3, 341202), 403,
              "region" },
            { "by a clerk of another city", &w->far_clerk, "POST /v1/cards",
              ISSUE(bare.id, 3, 340111), 403, "region" },
            { "there, by a clerk of there", &w->far_clerk, "POST /v1/cards",
              ISSUE(bare.id, 3, 341202), 403, "region" },
        };

        UNTOUCHED(w, rows);
    }
    {
        const struct refused rows[] = {
            { "the first generation", &w->clerk, "POST /v1/cards", ISSUE(bare.id, 1, 340111), 422,
              "range" },
            { "the fourth", &w->clerk, "POST /v1/cards", ISSUE(bare.id, 4, 340111), 422, "range" },
            { "no region", &w->clerk, "POST /v1/cards", ISSUE(bare.id, 3, 99999), 422, "range" },
            { "by a resident", &w->holder, "POST /v1/cards", ISSUE(bare.id, 3, 340111), 403,
              "scope" },
            { "by 12333", &w->agent, "POST /v1/cards", ISSUE(bare.id, 3, 340111), 403, "scope" },
            { "by nobody", &w->nobody, "POST /v1/cards", ISSUE(bare.id, 3, 340111), 401,
              "sign_in" },
        };

        UNTOUCHED(w, rows);
    }
    snprintf(ok, sizeof ok, "%s", ISSUE(bare.id, 3, 340111));
    snprintf(other, sizeof other, "%s", ISSUE(bare.id, 3, 340104));
    world_repeated(w, &w->clerk, "POST /v1/cards", ok, other, 201);
    CHECK("the number is told once", !client_has(&w->client, "card_no"));
#undef ISSUE
}

struct step {
    const char *title;
    const struct asker *who;
    const char *method, *rest, *body;
    int status;
    const char *code; /* of a refusal; else a text of the answer */
};

/* One card from hand to hand: what is refused leaves everything as it was. */
static void walk(struct api_world *w, const struct somebody *one, const struct step *steps,
                 size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct held before = held_now(w);
        char line[120];

        snprintf(line, sizeof line, "%s /v1/cards/%s%s", steps[i].method, one->card, steps[i].rest);
        CHECK_STATUS(w, steps[i].title, world_ask(w, steps[i].who, line, steps[i].body),
                     steps[i].status);
        if (steps[i].status >= 400) {
            CHECK(steps[i].title,
                  client_has(&w->client, text_of("\"code\":\"%s\"", steps[i].code)));
            held_same(w, steps[i].title, &before, 0);
        } else {
            CHECK(steps[i].title, client_has(&w->client, steps[i].code));
        }
    }
}

static void orders(struct api_world *w)
{
    struct somebody bare = somebody(w, false), lost = somebody(w, true), gone = somebody(w, true);
    struct somebody old = somebody(w, true);
    struct card_issue_ask ask = { .person_id = bare.person_id,
                                  .generation = 3,
                                  .region_code = 340111,
                                  .instant = true,
                                  .ecard = true,
                                  .act = world_act(&w->base) };
    struct card_made made;
    const struct step first[] = {
        { "unlocked though not locked", &w->clerk, "POST", "/unlocks", "{}", 409, "card_state" },
        { "resumed though not stopped", &w->supervisor, "POST", "/resumes", "{}", 409,
          "card_state" },
        { "consent without a loss", &w->supervisor, "POST", "/ecard-consents", "{}", 403, "scope" },
        { "withdrawn by staff", &w->supervisor, "POST", "/ecard-withdrawals", "{}", 403, "scope" },
        { "enabled", &w->clerk, "POST", "/activations", "{\"bank\":false}", 201,
          "\"social\":\"normal\"" },
        { "enabled twice", &w->clerk, "POST", "/activations", "{\"bank\":false}", 409,
          "card_state" },
        { "the bank function", &w->clerk, "POST", "/activations", "{\"social\":false}", 201,
          "\"bank\":\"normal\"" },
        { "the bank function twice", &w->clerk, "POST", "/activations", "{\"social\":false}", 409,
          "card_state" },
        { "locked", &w->clerk, "POST", "/locks", "{}", 201, "\"social\":\"locked\"" },
        { "locked twice", &w->clerk, "POST", "/locks", "{}", 409, "card_state" },
        { "enabled while locked", &w->clerk, "POST", "/activations", "{\"bank\":false}", 409,
          "card_state" },
        { "unlocked", &w->clerk, "POST", "/unlocks", "{}", 201, "\"social\":\"normal\"" },
        { "stopped", &w->supervisor, "POST", "/stops", "{}", 201, "\"social\":\"stopped\"" },
        { "stopped twice", &w->supervisor, "POST", "/stops", "{}", 409, "card_state" },
        { "unlocked while stopped", &w->clerk, "POST", "/unlocks", "{}", 409, "card_state" },
        { "resumed", &w->supervisor, "POST", "/resumes", "{}", 201, "\"social\":\"normal\"" },
        { "resumed twice", &w->supervisor, "POST", "/resumes", "{}", 409, "card_state" },
    };
    const struct step second[] = {
        { "lost", &w->clerk, "POST", "/loss-reports", "{\"kind\":\"formal\"}", 201,
          "\"state\":\"effective\"" },
        { "enabled while lost", &w->clerk, "POST", "/activations", "{\"bank\":false}", 409,
          "card_state" },
        { "its bank function", &w->clerk, "POST", "/activations", "{\"social\":false}", 409,
          "card_bank_stopped" },
        { "locked while lost", &w->clerk, "POST", "/locks", "{}", 409, "card_state" },
        { "stopped while lost", &w->supervisor, "POST", "/stops", "{}", 409, "card_state" },
    };
    const struct step third[] = {
        { "cancelled", &w->supervisor, "POST", "/cancellations", "{\"reason\":\"own_wish\"}", 201,
          "\"social\":\"cancelled\"" },
        { "cancelled twice", &w->supervisor, "POST", "/cancellations", "{\"reason\":\"own_wish\"}",
          409, "card_cancelled" },
        { "replaced after it", &w->clerk, "POST", "/replacements", "{\"reason\":\"damaged\"}", 409,
          "card_cancelled" },
        { "enabled after it", &w->clerk, "POST", "/activations", "{}", 409, "card_cancelled" },
        { "locked after it", &w->clerk, "POST", "/locks", "{}", 409, "card_cancelled" },
        { "stopped after it", &w->supervisor, "POST", "/stops", "{}", 409, "card_cancelled" },
        { "lost after it", &w->clerk, "POST", "/loss-reports", "{\"kind\":\"formal\"}", 409,
          "card_cancelled" },
    };
    const struct step fourth[] = {
        { "replaced", &w->clerk, "POST", "/replacements", "{\"reason\":\"damaged\"}", 201,
          "\"new_card\":\"crd_" },
        { "replaced twice", &w->clerk, "POST", "/replacements", "{\"reason\":\"damaged\"}", 409,
          "card_replaced" },
        { "cancelled after it", &w->supervisor, "POST", "/cancellations",
          "{\"reason\":\"own_wish\"}", 409, "card_replaced" },
        { "enabled after it", &w->clerk, "POST", "/activations", "{}", 409, "card_replaced" },
        { "locked after it", &w->clerk, "POST", "/locks", "{}", 409, "card_replaced" },
        { "resumed after it", &w->supervisor, "POST", "/resumes", "{}", 409, "card_replaced" },
        { "lost after it", &w->clerk, "POST", "/loss-reports", "{\"kind\":\"formal\"}", 409,
          "card_replaced" },
        { "and still to be seen", &w->clerk, "GET", "", "", 200, "\"social\":\"replaced\"" },
    };

    CHECK_OK("issued", registry_card_issue(&w->base.rg, NULL, &ask, &made));
    world_id(w, "crd", made.card_id, bare.card);
    walk(w, &bare, first, LEN(first));
    walk(w, &lost, second, LEN(second));
    walk(w, &gone, third, LEN(third));
    walk(w, &old, fourth, LEN(fourth));
}

static void consents(struct api_world *w)
{
    char line[120], lose[120];
    const struct refused early[] = {
        { "consent without a loss", &w->holder, line, "{}", 409, "card_not_lost" },
        { "consent for another's card", &w->other, line, "{}", 404, "unknown" },
        { "consent by a clerk", &w->clerk, line, "{}", 403, "scope" },
    };

    snprintf(line, sizeof line, "POST /v1/cards/%s/ecard-consents", w->holder_card);
    snprintf(lose, sizeof lose, "POST /v1/cards/%s/loss-reports", w->holder_card);
    UNTOUCHED(w, early);
    CHECK_STATUS(w, "lost", world_ask(w, &w->holder, lose, "{\"kind\":\"temporary\"}"), 201);
    CHECK_STATUS(w, "consent", world_ask(w, &w->holder, line, "{}"), 201);
    CHECK("the e-card goes on", client_has(&w->client, "\"ecard_usable\":true"));
    CHECK("the card does not", client_has(&w->client, "\"usable\":false"));
    snprintf(line, sizeof line, "POST /v1/cards/%s/ecard-withdrawals", w->holder_card);
    CHECK_STATUS(w, "withdrawn by another", world_ask(w, &w->other, line, "{}"), 404);
    CHECK_STATUS(w, "withdrawn", world_ask(w, &w->holder, line, "{}"), 201);
    CHECK("the e-card stops with the card", client_has(&w->client, "\"ecard_usable\":false") &&
                                                client_has(&w->client, "\"ecard_consent\":false"));
    CHECK_STATUS(w, "twice is as good as once", world_ask(w, &w->holder, line, "{}"), 201);
}

static void repeats(struct api_world *w)
{
    struct somebody one = somebody(w, true);
    struct card_issue_ask ask = { .generation = 3,
                                  .region_code = 340111,
                                  .instant = true,
                                  .ecard = true,
                                  .act = world_act(&w->base) };
    struct somebody bare = somebody(w, false);
    struct card_made made;
    char line[120];

    ask.person_id = bare.person_id;
    CHECK_OK("issued", registry_card_issue(&w->base.rg, NULL, &ask, &made));
    world_id(w, "crd", made.card_id, bare.card);
    snprintf(line, sizeof line, "POST /v1/cards/%s/activations", bare.card);
    world_repeated(w, &w->clerk, line, "{\"bank\":false}", "{\"bank\":true}", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/locks", one.card);
    world_repeated(w, &w->clerk, line, "{}", "{ }", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/unlocks", one.card);
    world_repeated(w, &w->clerk, line, "{}", "{ }", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/stops", one.card);
    world_repeated(w, &w->supervisor, line, "{}", "{ }", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/resumes", one.card);
    world_repeated(w, &w->supervisor, line, "{}", "{ }", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/replacements", one.card);
    world_repeated(w, &w->clerk, line, "{\"reason\":\"damaged\"}", "{\"reason\":\"expired\"}", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/cancellations", bare.card);
    world_repeated(w, &w->supervisor, line, "{\"reason\":\"own_wish\"}",
                   "{\"reason\":\"emigration\"}", 201);
    snprintf(line, sizeof line, "POST /v1/cards/%s/ecard-consents", w->holder_card);
    world_repeated(w, &w->holder, line, "{}", "{ }", 201); /* lost above, in consents() */
}

/* What a service keeps by card passes to the new one; a step that fails is run again with the
 * repeat of the same request, and the card is replaced once. */
static struct {
    int runs, fails;
    int64_t from, to;
} inherited;

static struct err inherit_step(struct app *app, int64_t person_id, int64_t old_card_id,
                               int64_t new_card_id, struct instant at)
{
    (void)app;
    (void)person_id;
    (void)at;
    inherited.runs++;
    if (inherited.fails-- > 0) return fault(FAULT_PARTNER, "not now");
    inherited.from = old_card_id;
    inherited.to = new_card_id;
    return OK;
}

static void inheritance(struct api_world *w)
{
    static const struct replacement_step STEPS[] = { { "test.step", inherit_step } };
    struct somebody one = somebody(w, true);
    const char *key = "Idempotency-Key: inherits-once\r\n";
    char line[120], to[20];

    w->app.replacement = STEPS;
    w->app.replacement_n = 1;
    inherited.runs = 0;
    inherited.fails = 1;
    snprintf(line, sizeof line, "POST /v1/cards/%s/replacements", one.card);
    CHECK_STATUS(w, "a step fails",
                 world_ask_with(w, &w->clerk, line, key, "{\"reason\":\"damaged\"}"), 502);
    CHECK_STATUS(w, "asked again",
                 world_ask_with(w, &w->clerk, line, key, "{\"reason\":\"damaged\"}"), 201);
    CHECK_INT("run again", inherited.runs, 2);
    world_id(w, "crd", inherited.from, to);
    CHECK_STR("from the old card", str_of(to), str_of(one.card));
    world_id(w, "crd", inherited.to, to);
    CHECK_STR("to the one that was made", str_of(to), str_of(world_member(w, "new_card")));
    w->app.replacement_n = 0;
}

/* Tokens end; what they could do before, they can't then. */
static void endings(struct api_world *w)
{
    char line[80];
    const struct refused rows[] = { { "a token that ended", &w->holder, line, "", 401,
                                      "sign_in" } };

    snprintf(line, sizeof line, "GET /v1/cards/%s", w->holder_card);
    CHECK_STATUS(w, "a token that lives", world_ask(w, &w->holder, line, ""), 200);
    fixture_pass(&w->base.f, 31 * USEC_PER_DAY);
    UNTOUCHED(w, rows);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            fields(&w);
            strangers(&w);
            issuing(&w);
            orders(&w);
            consents(&w);
            repeats(&w);
            inheritance(&w);
            endings(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
