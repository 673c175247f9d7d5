/* tests/api/verifications_test.c - codes and cards checked over HTTP (grades A and B): every field
 * wrongly, every stranger, and each reason why a code or a card does not pass, told in its own
 * words. On both engines. */
#include "tests/api/gate.h"

static const char *body_of(const char *code, const char *purpose, const char *strength)
{
    return text_of("{\"code\":\"%s\",\"purpose\":\"%s\",\"strength\":\"%s\"}", code, purpose,
                   strength);
}

static void fields(struct api_world *w, const struct phone *phone)
{
    char code[400], no[40];
    const struct wrong_field verify[] = {
        { "code", WRONG_TEXT, code, NEEDED },
        { "purpose", WRONG_WORD, "\"entry\"", NEEDED },
        { "strength", WRONG_WORD, "\"door\"", NEEDED },
        { "item", WRONG_TEXT, "\"museum_entry\"", OPTIONAL },
        { "terminal_at", WRONG_INSTANT, "\"2021-08-20T08:00:00+08:00\"", OPTIONAL },
    };
    const struct wrong_field check[] = { { "card_no", WRONG_TEXT, no, OPTIONAL } };
    const struct wrong_field alias[] = { { "alias", WRONG_TEXT, "\"0123456789ABCDEFGHJKMNPQRS\"",
                                           OPTIONAL } };

    snprintf(code, sizeof code, "\"%s\"", phone_code(w, phone, 0, CODE_ENTRY));
    snprintf(no, sizeof no, "\"A1234567X\"");
    WRONG(w, w->clerk, "POST /v1/verifications", verify, 0);
    WRONG(w, w->clerk, "POST /v1/checks", check, 0);
    WRONG(w, w->clerk, "POST /v1/checks", alias, 0);
}

static void strangers(struct api_world *w, const struct phone *phone)
{
    char body[600], item[600], planned[600];

    snprintf(body, sizeof body, "%s",
             body_of(phone_code(w, phone, 0, CODE_ENTRY), "entry", "door"));
    snprintf(planned, sizeof planned,
             "{\"code\":\"%s\",\"purpose\":\"entry\",\"strength\":\"door\",\"item\":\"TR-01-008\"}",
             phone_code(w, phone, 0, CODE_ENTRY));
    snprintf(item, sizeof item,
             "{\"code\":\"%s\",\"purpose\":\"entry\",\"strength\":\"door\",\"item\":\"none\"}",
             phone_code(w, phone, 0, CODE_ENTRY));
    {
        const struct refused rows[] = {
            { "nobody", &w->nobody, "POST /v1/verifications", body, 401, "sign_in" },
            { "a resident", &w->holder, "POST /v1/verifications", body, 403, "scope" },
            { "12333", &w->agent, "POST /v1/verifications", body, 403, "scope" },
            { "an item that is none", &w->clerk, "POST /v1/verifications", item, 404,
              "item_unknown" },
            { "an item that has not begun", &w->clerk, "POST /v1/verifications", planned, 409,
              "item_not_open" },
            { "a check by nobody", &w->nobody, "POST /v1/checks", "{}", 401, "sign_in" },
            { "a check by a resident", &w->holder, "POST /v1/checks", "{}", 403, "scope" },
            { "a check of nothing", &w->clerk, "POST /v1/checks", "{}", 422, "missing" },
            { "a check of two things", &w->clerk, "POST /v1/checks",
              "{\"card_no\":\"A1234567X\",\"alias\":\"0123456789ABCDEFGHJKMNPQRS\"}", 422,
              "missing" },
        };

        UNTOUCHED(w, rows);
    }
}

/* One code, judged: its status, its own code, what else the screen needs, and how many lines it
 * leaves in the holder's record. */
struct judged {
    const char *title, *code, *purpose, *strength;
    int status;
    const char *want, *more; /* a text of the answer; NULL */
    int lines;
};
static void judge(struct api_world *w, const struct judged *row)
{
    struct held before = held_now(w);
    const char *body = body_of(row->code, row->purpose, row->strength);

    CHECK_STATUS(w, row->title, world_ask(w, &w->clerk, "POST /v1/verifications", body),
                 row->status);
    CHECK_STR(row->title, client_code(&w->client), str_of(row->want));
    if (row->more) CHECK(row->title, client_has(&w->client, row->more));
    held_same(w, row->title, &before, row->lines);
}

/* The code with another character at a place of its signature. */
static const char *broken(const char *code, size_t from_end)
{
    char *copy = (char *)(uintptr_t)text_of("%s", code);
    size_t at = strlen(copy) - 1 - from_end;

    copy[at] = copy[at] == '0' ? '1' : '0';
    return copy;
}

static void codes(struct api_world *w, struct phone *phone)
{
    const char *now = phone_code(w, phone, 0, CODE_ENTRY);
    const struct judged first[] = {
        { "not a code", "hello", "entry", "door", 422, "code_unreadable", NULL, 0 },
        { "cut off", "YK1:ABC", "entry", "door", 422, "code_unreadable", NULL, 0 },
        { "a newer form", "YK9:ABC", "entry", "door", 422, "code_format_unknown", NULL, 0 },
        { "the phone's signature is another", broken(now, 20), "entry", "door", 409, "code_forged",
          NULL, 0 },
        { "the issuer's signature is another", broken(now, 140), "entry", "door", 409,
          "code_bundle_forged", NULL, 0 },
        { "another purpose", now, "ride", "door", 409, "code_purpose", NULL, 1 },
        { "too weak", now, "entry", "money", 409, "code_strength", NULL, 1 },
        { "a fast clock", phone_code(w, phone, 8, CODE_ENTRY), "entry", "door", 409,
          "code_clock_fast", "\"skew_minutes\":", 1 },
        { "a slow clock or an old code", phone_code(w, phone, -12, CODE_ENTRY), "entry", "door",
          409, "code_too_old", "\"skew_minutes\":-", 1 },
        { "no short code", "7K3-QW9-2X1", "entry", "door", 422, "code_check_character", NULL, 0 },
    };

    for (size_t i = 0; i < LEN(first); i++) {
        judge(w, &first[i]);
    }
    now = phone_code(w, phone, 0, CODE_ENTRY);
    CHECK_STATUS(w, "a good one",
                 world_ask(w, &w->clerk, "POST /v1/verifications", body_of(now, "entry", "door")),
                 200);
    CHECK("tells a pseudonym", client_has(&w->client, "\"pseudonym\":\""));
    CHECK("and no person", !client_has(&w->client, "psn_"));
    now = phone_code(w, phone, 0, CODE_ENTRY);
    judge(w, &(struct judged){ "replayed", now, "entry", "door", 409, "code_used",
                               "\"first_at\":\"", 1 });
    fixture_pass(&w->base.f, CODE_STEP_USEC);
    judge(w, &(struct judged){ "an earlier one than the last taken",
                               phone_code(w, phone, -1, CODE_ENTRY), "entry", "door", 409,
                               "code_used", "\"first_at\":\"", 1 });
}

static void states(struct api_world *w, struct phone *phone)
{
    char lose[80], consent[80], drop[80];

    snprintf(lose, sizeof lose, "POST /v1/cards/%s/loss-reports", phone->card);
    snprintf(consent, sizeof consent, "POST /v1/cards/%s/ecard-consents", phone->card);
    snprintf(drop, sizeof drop, "DELETE /v1/devices/%s", phone->device);
    CHECK_STATUS(w, "lost", world_ask(w, &w->agent, lose, "{\"kind\":\"temporary\"}"), 201);
    fixture_pass(&w->base.f, CODE_STEP_USEC);
    judge(w, &(struct judged){ "of a lost card", phone_code(w, phone, 0, CODE_ENTRY), "entry",
                               "door", 409, "card_stopped", "\"card\":\"temporary_loss\"", 1 });
    CHECK_STATUS(w, "consent", world_ask(w, &w->holder, consent, "{}"), 201);
    judge(w, &(struct judged){ "from before the card's change", phone_code(w, phone, 0, CODE_ENTRY),
                               "entry", "door", 409, "code_card_changed", NULL, 1 });
    CHECK("a new bundle", phone_bundle(w, phone));
    CHECK_STATUS(w, "is good",
                 world_ask(w, &w->clerk, "POST /v1/verifications",
                           body_of(phone_code(w, phone, 0, CODE_ENTRY), "entry", "door")),
                 200);
    fixture_pass(&w->base.f, CODE_STEP_USEC);
    CHECK_STATUS(w, "signed off", world_ask(w, &w->holder, drop, ""), 204);
    judge(w, &(struct judged){ "of a phone that is signed off", phone_code(w, phone, 0, CODE_ENTRY),
                               "entry", "door", 409, "code_device_revoked", NULL, 1 });
    fixture_pass(&w->base.f, 25 * USEC_PER_HOUR);
    judge(w, &(struct judged){ "of a bundle of yesterday", phone_code(w, phone, 0, CODE_ENTRY),
                               "entry", "door", 409, "code_bundle_expired", NULL, 1 });
}

/* Read out and typed: one use, five minutes, and ten wrong ones at one place. */
static void short_codes(struct api_world *w)
{
    char code[20], ask[80], wrong[600];

    snprintf(ask, sizeof ask, "{\"card\":\"%s\",\"purpose\":\"entry\"}", w->other_card);
    CHECK_STATUS(w, "a short code", world_ask(w, &w->other, "POST /v1/short-codes", ask), 201);
    snprintf(code, sizeof code, "%s", world_member(w, "code"));
    judge(w, &(struct judged){ "typed for another purpose", code, "ride", "door", 409,
                               "code_purpose", NULL, 1 });
    CHECK_STATUS(w, "another", world_ask(w, &w->other, "POST /v1/short-codes", ask), 201);
    CHECK("the one before is over", strcmp(code, world_member(w, "code")) != 0);
    snprintf(wrong, sizeof wrong, "%s", body_of(code, "entry", "door"));
    snprintf(code, sizeof code, "%s", world_member(w, "code"));
    CHECK_STATUS(w, "told", world_ask(w, &w->clerk, "POST /v1/verifications", wrong), 409);
    CHECK_STR("told", client_code(&w->client), S("short_code_wrong"));
    CHECK_STATUS(w, "typed",
                 world_ask(w, &w->clerk, "POST /v1/verifications", body_of(code, "entry", "door")),
                 200);
    CHECK_STATUS(w, "typed twice",
                 world_ask(w, &w->clerk, "POST /v1/verifications", body_of(code, "entry", "door")),
                 409);
    CHECK_STR("typed twice", client_code(&w->client), S("code_used"));
    CHECK("and when first", client_has(&w->client, "\"first_at\":\""));
    for (int i = 0; i < SHORT_TRIES_MAX; i++) {
        world_ask(w, &w->clerk, "POST /v1/verifications", wrong);
    }
    CHECK_STATUS(w, "too many wrong ones", world_ask(w, &w->clerk, "POST /v1/verifications", wrong),
                 429);
    CHECK_STR("too many", client_code(&w->client), S("short_code_tries"));
    CHECK("until when", client_has(&w->client, "\"retry_at\":\""));
}

/* Grade B: allow or not, by number or alias. */
static void checks(struct api_world *w)
{
    struct card_issue_ask ask = { .generation = 3,
                                  .region_code = 340111,
                                  .instant = true,
                                  .ecard = true,
                                  .act = world_act(&w->base) };
    struct card_made made;
    struct card after;
    char no[19], alias[ALIAS_CHARS + 1] = "", by_no[80], by_alias[80], id[20];

    ask.person_id = world_person(w, "吴六", "13800000006", no);
    CHECK_OK("a card", registry_card_issue(&w->base.rg, NULL, &ask, &made));
    snprintf(by_no, sizeof by_no, "{\"card_no\":\"%.*s\"}", CARD_NO_CHARS, made.no.text);
    CHECK_STATUS(w, "sealed", world_ask(w, &w->clerk, "POST /v1/checks", by_no), 200);
    CHECK("refused", client_has(&w->client, "\"allow\":false"));
    CHECK("with the reason", client_has(&w->client, "\"card\":\"sealed\""));
    CHECK_OK("enabled", registry_card_activate(&w->base.rg, NULL, ask.person_id, made.card_id, true,
                                               true, &ask.act, &after));
    CHECK_STATUS(w, "enabled", world_ask(w, &w->clerk, "POST /v1/checks", by_no), 200);
    CHECK("allowed", client_has(&w->client, "\"allow\":true"));
    CHECK_OK("an alias",
             registry_alias_make(&w->base.rg, ask.person_id, fixture_now(&w->base.f), alias));
    snprintf(by_alias, sizeof by_alias, "{\"alias\":\"%.*s\"}", ALIAS_CHARS, alias);
    CHECK_STATUS(w, "by its alias", world_ask(w, &w->clerk, "POST /v1/checks", by_alias), 200);
    CHECK("allowed", client_has(&w->client, "\"allow\":true"));
    world_id(w, "crd", made.card_id, id);
    CHECK_STATUS(w, "lost",
                 world_ask(w, &w->agent, text_of("POST /v1/cards/%s/loss-reports", id),
                           "{\"kind\":\"temporary\"}"),
                 201);
    CHECK_STATUS(w, "at once", world_ask(w, &w->clerk, "POST /v1/checks", by_no), 200);
    CHECK("refused", client_has(&w->client, "\"code\":\"card_stopped\""));
    CHECK("with the reason", client_has(&w->client, "\"card\":\"temporary_loss\""));
    CHECK_STATUS(w, "by its alias", world_ask(w, &w->clerk, "POST /v1/checks", by_alias), 200);
    CHECK("refused", client_has(&w->client, "\"allow\":false"));
    by_no[14] = by_no[14] == '7' ? '8' : '7';
    CHECK("another number is no card, or no number",
          world_ask(w, &w->clerk, "POST /v1/checks", by_no) == 422 ||
              client_has(&w->client, "\"code\":\"verify_card_unknown\""));
}

int main(void)
{
    static struct api_world w;
    struct phone phone;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e) &&
            phone_make(&w, &w.holder, w.holder_card, "identity", &phone)) {
            fields(&w, &phone);
            strangers(&w, &phone);
            codes(&w, &phone);
            states(&w, &phone);
            short_codes(&w);
            checks(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
