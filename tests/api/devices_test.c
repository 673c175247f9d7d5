/* tests/api/devices_test.c - phones, their day's bundles and short codes over HTTP: every field
 * wrongly, every stranger, every order that is none. On both engines. */
#include "tests/api/gate.h"

static const char *enrol_body(const char *suite, const char *strength, const struct key_pair *keys,
                              bool replace)
{
    return text_of("{\"suite\":\"%s\",\"strength\":\"%s\",\"public_key\":\"%s\",\"replace\":%s}",
                   suite, strength, text_base64url(keys->point, POINT_SHORT),
                   replace ? "true" : "false");
}

static void fields(struct api_world *w, const struct phone *phone)
{
    struct key_pair keys = key_pair_of(CODE_P256, 1);
    char key[100], card[40], line[80];
    const struct wrong_field enrol[] = {
        { "suite", WRONG_WORD, "\"p256\"", NEEDED },
        { "strength", WRONG_WORD, "\"door\"", NEEDED },
        { "public_key", WRONG_BYTES, key, NEEDED },
        { "replace", WRONG_BOOL, "true", OPTIONAL },
    };
    const struct wrong_field bundle[] = { { "card", WRONG_ID, card, NEEDED } };
    const struct wrong_field typed[] = {
        { "card", WRONG_ID, card, NEEDED },
        { "purpose", WRONG_WORD, "\"entry\"", NEEDED },
    };

    snprintf(key, sizeof key, "\"%s\"", text_base64url(keys.point, POINT_SHORT));
    snprintf(card, sizeof card, "\"%s\"", w->holder_card);
    snprintf(line, sizeof line, "POST /v1/devices/%s/code-bundles", phone->device);
    WRONG(w, w->holder, "POST /v1/devices", enrol, API_ONCE);
    WRONG(w, w->holder, line, bundle, 0);
    WRONG(w, w->holder, "POST /v1/short-codes", typed, 0);
}

static void enrolling(struct api_world *w)
{
    struct key_pair one = key_pair_of(CODE_P256, 21), sm2 = key_pair_of(CODE_SM2, 22), bad = one;
    struct asker weak;
    char ok[300], no_point[300], long_form[300], money[300], again[300];

    memset(bad.point + 1, 0xFF, POINT_SHORT - 1); /* x is beyond the field */
    world_token(w, SUBJECT_PERSON, w->holder.id, PROOF_ONE_FACTOR, &weak);
    snprintf(ok, sizeof ok, "%s", enrol_body("sm2", "identity", &sm2, false));
    snprintf(no_point, sizeof no_point, "%s", enrol_body("p256", "identity", &bad, false));
    snprintf(long_form, sizeof long_form,
             "{\"suite\":\"p256\",\"strength\":\"identity\",\"public_key\":\"%s\"}",
             text_base64url(ok, 64));
    snprintf(money, sizeof money, "%s", enrol_body("p256", "money", &one, false));
    snprintf(again, sizeof again, "%s", enrol_body("p256", "identity", &one, false));
    {
        const struct refused rows[] = {
            { "nobody", &w->nobody, "POST /v1/devices", ok, 401, "sign_in" },
            { "a clerk", &w->clerk, "POST /v1/devices", ok, 403, "scope" },
            { "12333", &w->agent, "POST /v1/devices", ok, 403, "scope" },
            { "no point of the curve", &w->holder, "POST /v1/devices", no_point, 422,
              "device_key" },
            { "neither 33 bytes nor 65", &w->holder, "POST /v1/devices", long_form, 422,
              "device_key" },
            { "money with one factor", &weak, "POST /v1/devices", money, 403, "device_strength" },
        };

        UNTOUCHED(w, rows);
    }
    world_repeated(w, &w->holder, "POST /v1/devices", ok, again, 201);
    {
        const struct refused rows[] = { { "a second phone of this strength", &w->holder,
                                          "POST /v1/devices", again, 409, "device_exists" } };

        UNTOUCHED(w, rows);
    }
}

static void bundles(struct api_world *w, const struct phone *phone, const struct phone *others)
{
    char mine[80], made_up[80], theirs[80], wrong[80], id[20], body[60], their_card[60], none[60];

    world_id(w, "dev", 77, id);
    snprintf(mine, sizeof mine, "POST /v1/devices/%s/code-bundles", phone->device);
    snprintf(theirs, sizeof theirs, "POST /v1/devices/%s/code-bundles", others->device);
    snprintf(made_up, sizeof made_up, "POST /v1/devices/%s/code-bundles", id);
    snprintf(wrong, sizeof wrong, "POST /v1/devices/%s/code-bundles", phone->card);
    world_id(w, "crd", 77, id);
    snprintf(body, sizeof body, "{\"card\":\"%s\"}", phone->card);
    snprintf(their_card, sizeof their_card, "{\"card\":\"%s\"}", others->card);
    snprintf(none, sizeof none, "{\"card\":\"%s\"}", id);
    {
        const struct refused rows[] = {
            { "for nobody", &w->nobody, mine, body, 401, "sign_in" },
            { "for a clerk", &w->clerk, mine, body, 403, "scope" },
            { "of another's phone", &w->holder, theirs, body, 404, "bundle_device_unknown" },
            { "of no phone", &w->holder, made_up, body, 404, "bundle_device_unknown" },
            { "of a card instead of a phone", &w->holder, wrong, body, 404, "id_unknown" },
            { "for another's card", &w->holder, mine, their_card, 404, "unknown" },
            { "for no card", &w->holder, mine, none, 404, "unknown" },
        };

        UNTOUCHED(w, rows);
    }
}

static void short_codes(struct api_world *w, const struct phone *phone, const struct phone *others)
{
    char id[20], none[60], theirs[80], mine[80];

    world_id(w, "crd", 77, id);
    snprintf(none, sizeof none, "{\"card\":\"%s\",\"purpose\":\"entry\"}", id);
    snprintf(theirs, sizeof theirs, "{\"card\":\"%s\",\"purpose\":\"entry\"}", others->card);
    snprintf(mine, sizeof mine, "{\"card\":\"%s\",\"purpose\":\"entry\"}", phone->card);
    {
        const struct refused rows[] = {
            { "for nobody", &w->nobody, "POST /v1/short-codes", mine, 401, "sign_in" },
            { "for a clerk", &w->clerk, "POST /v1/short-codes", mine, 403, "scope" },
            { "for another's card", &w->holder, "POST /v1/short-codes", theirs, 404, "unknown" },
            { "for no card", &w->holder, "POST /v1/short-codes", none, 404, "unknown" },
        };

        UNTOUCHED(w, rows);
    }
    CHECK_STATUS(w, "a short code", world_ask(w, &w->holder, "POST /v1/short-codes", mine), 201);
}

/* Signed off, lost, replaced: no more codes from there. */
static void endings(struct api_world *w, struct phone *phone, const struct phone *others)
{
    char line[80], drop[80], theirs[80], made_up[80], id[20], body[60], typed[80];
    const struct refused strangers[] = {
        { "signed off by nobody", &w->nobody, drop, "", 401, "sign_in" },
        { "signed off by a clerk", &w->clerk, drop, "", 403, "scope" },
        { "another's phone", &w->holder, theirs, "", 404, "device_unknown" },
        { "no phone", &w->holder, made_up, "", 404, "device_unknown" },
    };
    const struct refused lost[] = {
        { "no bundle for a lost card", &w->holder, line, body, 409, "card_stopped" },
        { "no short code for a lost card", &w->holder, "POST /v1/short-codes", typed, 409,
          "card_stopped" },
    };
    const struct refused revoked[] = {
        { "no bundle for a phone that is signed off", &w->holder, line, body, 409,
          "code_device_revoked" },
    };

    world_id(w, "dev", 77, id);
    snprintf(line, sizeof line, "POST /v1/devices/%s/code-bundles", phone->device);
    snprintf(drop, sizeof drop, "DELETE /v1/devices/%s", phone->device);
    snprintf(theirs, sizeof theirs, "DELETE /v1/devices/%s", others->device);
    snprintf(made_up, sizeof made_up, "DELETE /v1/devices/%s", id);
    snprintf(body, sizeof body, "{\"card\":\"%s\"}", phone->card);
    snprintf(typed, sizeof typed, "{\"card\":\"%s\",\"purpose\":\"entry\"}", phone->card);
    UNTOUCHED(w, strangers);
    CHECK_STATUS(w, "the card is lost",
                 world_ask(w, &w->agent, text_of("POST /v1/cards/%s/loss-reports", phone->card),
                           "{\"kind\":\"temporary\"}"),
                 201);
    UNTOUCHED(w, lost);
    CHECK_STATUS(
        w, "the e-card by consent",
        world_ask(w, &w->holder, text_of("POST /v1/cards/%s/ecard-consents", phone->card), "{}"),
        201);
    CHECK("and the phone makes codes again", phone_bundle(w, phone));
    CHECK_STATUS(w, "signed off", world_ask(w, &w->holder, drop, ""), 204);
    CHECK_STATUS(w, "twice is as good as once", world_ask(w, &w->holder, drop, ""), 204);
    UNTOUCHED(w, revoked);
    CHECK_STATUS(w, "one's phones", world_ask(w, &w->holder, "GET /v1/devices", ""), 200);
    CHECK("tell it", client_has(&w->client, "\"state\":\"revoked\""));
    CHECK("and nobody else's", !client_has(&w->client, others->device));
}

int main(void)
{
    static struct api_world w;
    struct phone phone, others;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e) &&
            phone_make(&w, &w.holder, w.holder_card, "door", &phone) &&
            phone_make(&w, &w.other, w.other_card, "door", &others)) {
            fields(&w, &phone);
            enrolling(&w);
            bundles(&w, &phone, &others);
            short_codes(&w, &phone, &others);
            endings(&w, &phone, &others);
        }
        api_world_close(&w);
    }
    return test_end();
}
