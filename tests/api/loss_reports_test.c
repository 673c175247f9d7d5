/* tests/api/loss_reports_test.c - lost and found over HTTP: every field wrongly, every stranger,
 * every order that is none, and the receipt. On both engines. */
#include "tests/api/wrong.h"

struct lost {
    int64_t person_id;
    struct asker holder; /* signed in with one factor */
    char card[20], lose[80], report[20];
};

static struct lost somebody(struct api_world *w, enum proof proof)
{
    struct lost one = { .report = "" };
    char no[19];

    one.person_id = world_person(w, "周五", "13800000005", no);
    world_id(w, "crd", world_card(w, one.person_id), one.card);
    world_token(w, SUBJECT_PERSON, one.person_id, proof, &one.holder);
    snprintf(one.lose, sizeof one.lose, "POST /v1/cards/%s/loss-reports", one.card);
    return one;
}

static void lose(struct api_world *w, struct lost *one, const struct asker *who, const char *kind)
{
    CHECK_STATUS(w, "lost", world_ask(w, who, one->lose, text_of("{\"kind\":\"%s\"}", kind)), 201);
    snprintf(one->report, sizeof one->report, "%s", world_member(w, "id"));
}

static const char *of_report(const struct lost *one, const char *method, const char *rest)
{
    return text_of("%s /v1/cards/%s/loss-reports/%s%s", method, one->card, one->report, rest);
}

static void fields(struct api_world *w)
{
    static const struct wrong_field FIELDS[] = {
        { "kind", WRONG_WORD, "\"temporary\"", NEEDED },
        { "reason", WRONG_WORD, "\"lost\"", OPTIONAL },
        { "channel", WRONG_WORD, "\"web\"", OPTIONAL },
    };
    struct lost one = somebody(w, PROOF_ONE_FACTOR);

    WRONG(w, one.holder, one.lose, FIELDS, API_ONCE);
    WRONG(w, w->clerk, one.lose, FIELDS, API_ONCE);
}

static void strangers(struct api_world *w)
{
    struct lost one = somebody(w, PROOF_ONE_FACTOR), two = somebody(w, PROOF_ONE_FACTOR);
    const char *temporary = "{\"kind\":\"temporary\"}", *formal = "{\"kind\":\"formal\"}";
    char none[80], get[100], drop[100], receipt[100], crossed[100], made_up[100], wrong[100];
    char made_up_id[20];
    const struct refused losing[] = {
        { "nobody", &w->nobody, one.lose, temporary, 401, "sign_in" },
        { "another resident", &w->other, one.lose, temporary, 404, "unknown" },
        { "a card that is none", &w->clerk, none, temporary, 404, "unknown" },
        { "another city", &w->far_clerk, one.lose, temporary, 403, "region" },
        { "another city, formally", &w->far_clerk, one.lose, formal, 403, "region" },
        { "a venue's staff", &w->venue, one.lose, temporary, 403, "scope" },
        { "the admin", &w->admin, one.lose, temporary, 403, "scope" },
        { "12333 formally", &w->agent, one.lose, formal, 403, "scope" },
        { "the holder formally, at home", &one.holder, one.lose, formal, 422,
          "loss_temporary_only" },
    };
    const struct refused seeing[] = {
        { "seen by nobody", &w->nobody, get, "", 401, "sign_in" },
        { "seen by another", &w->other, get, "", 404, "unknown" },
        { "seen in another city", &w->far_clerk, get, "", 403, "region" },
        { "seen by a venue", &w->venue, get, "", 403, "scope" },
        { "a report of another card", &two.holder, crossed, "", 404, "unknown" },
        { "a report that is none", &one.holder, made_up, "", 404, "unknown" },
        { "no report's id", &one.holder, wrong, "", 404, "id_unknown" },
        { "lifted by nobody", &w->nobody, drop, "", 401, "sign_in" },
        { "lifted by another", &w->other, drop, "", 404, "unknown" },
        { "lifted in another city", &w->far_clerk, drop, "", 403, "region" },
        { "lifted by 12333", &w->agent, drop, "", 403, "scope" },
        { "lifted with the same proof", &one.holder, drop, "", 403, "proof_too_weak" },
        { "the receipt for another", &w->other, receipt, "", 404, "unknown" },
        { "the receipt in another city", &w->far_clerk, receipt, "", 403, "region" },
        { "the receipt by nobody", &w->nobody, receipt, "", 401, "sign_in" },
    };

    world_id(w, "crd", 77, made_up_id);
    snprintf(none, sizeof none, "POST /v1/cards/%s/loss-reports", made_up_id);
    UNTOUCHED(w, losing);
    lose(w, &one, &one.holder, "temporary");
    snprintf(get, sizeof get, "%s", of_report(&one, "GET", ""));
    snprintf(drop, sizeof drop, "%s", of_report(&one, "DELETE", ""));
    snprintf(receipt, sizeof receipt, "%s", of_report(&one, "GET", "/receipt"));
    snprintf(crossed, sizeof crossed, "GET /v1/cards/%s/loss-reports/%s", two.card, one.report);
    world_id(w, "los", 77, made_up_id);
    snprintf(made_up, sizeof made_up, "GET /v1/cards/%s/loss-reports/%s", one.card, made_up_id);
    snprintf(wrong, sizeof wrong, "GET /v1/cards/%s/loss-reports/%s", one.card, one.card);
    UNTOUCHED(w, seeing);
}

/* Card, purse, bank and e-card stop together; and what was lost twice, lifted twice and so on is
 * refused and changes nothing. */
static void orders(struct api_world *w)
{
    struct lost one = somebody(w, PROOF_ONE_FACTOR), strong;
    const char *temporary = "{\"kind\":\"temporary\"}", *formal = "{\"kind\":\"formal\"}";
    char drop[100], old_drop[100];
    const struct refused lost_twice[] = {
        { "lost twice", &one.holder, one.lose, temporary, 409, "card_already_lost" },
        { "lost twice, by 12333", &w->agent, one.lose, temporary, 409, "card_already_lost" },
        { "lost twice, at a window", &w->clerk, one.lose, temporary, 409, "card_already_lost" },
    };
    const struct refused formally[] = {
        { "temporarily behind formally", &one.holder, one.lose, temporary, 409,
          "card_already_lost" },
        { "formally twice", &w->clerk, one.lose, formal, 409, "card_already_lost" },
        { "the first report is over", &w->clerk, old_drop, "", 409, "card_not_lost" },
        { "a formal one is not lifted at home", &one.holder, drop, "", 403, "proof_too_weak" },
    };
    const struct refused found[] = {
        { "lifted twice", &w->clerk, drop, "", 409, "card_not_lost" },
        { "lifted twice at home", &one.holder, drop, "", 409, "card_not_lost" },
    };

    lose(w, &one, &one.holder, "temporary");
    CHECK("says until when", client_has(&w->client, "\"expires_at\":\""));
    CHECK_STATUS(w, "the card",
                 world_ask(w, &one.holder, text_of("GET /v1/cards/%s", one.card), ""), 200);
    CHECK("is stopped", client_has(&w->client, "\"usable\":false"));
    CHECK("with its bank function", client_has(&w->client, "\"bank\":\"loss\""));
    CHECK("and its e-card", client_has(&w->client, "\"ecard_usable\":false"));
    UNTOUCHED(w, lost_twice);
    snprintf(old_drop, sizeof old_drop, "%s", of_report(&one, "DELETE", ""));
    lose(w, &one, &w->clerk, "formal");
    CHECK("has no end", !client_has(&w->client, "expires_at"));
    snprintf(drop, sizeof drop, "%s", of_report(&one, "DELETE", ""));
    UNTOUCHED(w, formally);
    CHECK_STATUS(w, "found, at a window", world_ask(w, &w->clerk, drop, ""), 200);
    CHECK("is usable", client_has(&w->client, "\"usable\":true"));
    UNTOUCHED(w, found);

    strong = somebody(w, PROOF_TWO_FACTORS);
    lose(w, &strong, &w->agent, "temporary");
    CHECK_STATUS(w, "known by questions, lifted by two factors",
                 world_ask(w, &strong.holder, of_report(&strong, "DELETE", ""), ""), 200);
}

static void repeats(struct api_world *w)
{
    struct lost one = somebody(w, PROOF_ONE_FACTOR);

    world_repeated(w, &one.holder, one.lose, "{\"kind\":\"temporary\"}",
                   "{\"kind\":\"temporary\",\"reason\":\"stolen\"}", 201);
    CHECK_STATUS(w, "the same key of another asker is another key",
                 world_ask_with(w, &w->clerk, one.lose,
                                text_of("Idempotency-Key: repeated-%d\r\n", w->keys),
                                "{\"kind\":\"formal\"}"),
                 201);
}

/* A temporary report ends by itself: the report says so, and there is nothing left to lift. */
static void lapses(struct api_world *w)
{
    struct lost one = somebody(w, PROOF_ONE_FACTOR);
    struct loss_swept swept;
    char drop[100];
    const struct refused rows[] = {
        { "a lapsed report is not lifted", &w->clerk, drop, "", 409, "card_not_lost" },
    };

    lose(w, &one, &one.holder, "temporary");
    snprintf(drop, sizeof drop, "%s", of_report(&one, "DELETE", ""));
    for (int day = 0; day < 9; day++) {
        fixture_pass(&w->base.f, USEC_PER_DAY);
        CHECK_OK("the sweep", registry_loss_sweep(&w->base.rg, fixture_now(&w->base.f), &swept));
    }
    CHECK_STATUS(w, "the report", world_ask(w, &one.holder, of_report(&one, "GET", ""), ""), 200);
    CHECK("is over", client_has(&w->client, "\"state\":\"lapsed\""));
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
            orders(&w);
            repeats(&w);
            lapses(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
