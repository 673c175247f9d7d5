/* api/devices.c - the phone: its key, its day's bundle, and codes for people without scripts.
 *
 * POST /v1/devices                          {"suite": "p256"|"sm2", "strength", "public_key",
 * "replace"?} 201   {"id", "strength", "epoch"}       409 device_exists: ask the holder, then
 * "replace": true GET  /v1/devices                          the holder's own DELETE
 * /v1/devices/{device}               sign a phone off POST /v1/devices/{device}/code-bundles
 * {"card"}   201 {"bundle", "server_time", "until"} POST /v1/short-codes {"card", "purpose"}   201
 * {"code", "expires_at"} */
#include "api/card_access.h"
#include "api/handlers.h"

#include "card/wire/code.h"
#include "identity/identity.h"
#include "registry/device.h"

static const struct json_name SUITES[] = { { "p256", SUITE_P256 }, { "sm2", SUITE_SM2 } };
static const struct json_name STRENGTHS[] = { { "door", STRENGTH_DOOR },
                                              { "identity", STRENGTH_IDENTITY },
                                              { "money", STRENGTH_MONEY } };

static RESULT holder(const struct request *rq, int64_t *person_id)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    *person_id = request_session(rq)->person_id;
    return request_may(rq, MAY_SELF_DEVICE, 0, 0);
}

static void device_put(struct reply *rp, const struct device *device)
{
    json_put_id(rp, "id", "dev", device->id);
    json_put_str(rp, "suite", str_of(SUITES[device->suite == SUITE_P256 ? 0 : 1].name));
    json_put_str(rp, "strength", str_of(STRENGTHS[device->strength - STRENGTH_DOOR].name));
    json_put_str(rp, "state", device->state == DEVICE_ACTIVE ? S("active") : S("revoked"));
    json_put_int(rp, "epoch", device->epoch);
    json_put_instant(rp, "enrolled_at", device->enrolled_at);
}

RESULT post_device(struct app *app, const struct request *rq, struct reply *rp)
{
    struct device_ask ask = { .act = request_act(rq) };
    struct device device;
    int64_t device_id;
    int suite, strength;
    bool given;
    const struct json_field body[] = {
        JSON_ENUM("suite", &suite, SUITES),
        JSON_ENUM("strength", &strength, STRENGTHS),
        JSON_BASE64URL("public_key", &ask.key, POINT_SHORT, POINT_LONG),
        JSON_OPTIONAL(JSON_BOOL("replace", &ask.replace), &given),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(holder(rq, &ask.person_id));
    ask.suite = (enum suite)suite;
    ask.strength = (enum strength)strength;
    TRY(registry_device_enrol(app->registry, rq->once, &ask, &device_id));
    TRY(registry_device_load(app->store, ask.person_id, device_id, &device));
    reply_json(rp, 201);
    device_put(rp, &device);
    return OK;
}

RESULT get_devices(struct app *app, const struct request *rq, struct reply *rp)
{
    struct device *devices = NEW_ARRAY(rq->arena, struct device, DEVICES_MAX);
    int64_t person_id;
    int n;

    TRY(holder(rq, &person_id));
    if (!devices) return fault(FAULT_MEMORY, "devices");
    TRY(registry_devices_of(app->store, person_id, devices, &n));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < n; i++) {
        json_put_object(rp, NULL);
        device_put(rp, &devices[i]);
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

RESULT delete_device(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    int64_t person_id, device_id;

    TRY(holder(rq, &person_id));
    TRY(path_id(rq, "device", "dev", &device_id));
    TRY(registry_device_revoke(app->registry, person_id, device_id, &act));
    reply_empty(rp, 204);
    return OK;
}

RESULT post_code_bundle(struct app *app, const struct request *rq, struct reply *rp)
{
    struct bundle_ask ask = { .suite = CODE_SM2, .at = rq->at };
    const struct json_field body[] = { JSON_ID("card", "crd", &ask.card_id) };
    uint8_t bytes[CODE_BUNDLE_BYTES];
    struct bundle bundle;
    struct card card;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(holder(rq, &ask.person_id));
    TRY(path_id(rq, "device", "dev", &ask.device_id));
    TRY(card_of_id(app, rq, ask.card_id, MAY_SELF_DEVICE, MAY_SELF_DEVICE, &card));
    TRY(identity_bundle_issue(app->identity, &ask, &bundle));
    bundle_write(&bundle, bytes);
    reply_json(rp, 201);
    json_put_base64url(rp, "bundle", bytes_of(bytes, sizeof bytes));
    json_put_instant(rp, "server_time", rq->at);
    json_put_instant(rp, "until", code_step_start(bundle.from_step + CODE_BUNDLE_STEPS));
    return OK;
}

RESULT post_short_code(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name PURPOSES[] = {
        { "entry", CODE_ENTRY },    { "library", CODE_LIBRARY }, { "medical", CODE_MEDICAL },
        { "health", CODE_MEDICAL }, { "ride", CODE_RIDE },       { "who", CODE_WHO },
    };
    struct short_ask ask = { .strength = CODE_DOOR, .at = rq->at };
    char text[SHORT_CODE_TEXT + 1];
    struct card card;
    int purpose;
    const struct json_field body[] = {
        JSON_ID("card", "crd", &ask.card_id),
        JSON_ENUM("purpose", &purpose, PURPOSES),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(holder(rq, &ask.person_id));
    TRY(card_of_id(app, rq, ask.card_id, MAY_SELF_DEVICE, MAY_SELF_DEVICE, &card));
    ask.purpose = (enum code_purpose)purpose;
    TRY(identity_short_issue(app->identity, &ask, text));
    reply_json(rp, 201);
    json_put_str(rp, "code", str_of(text));
    json_put_instant(rp, "expires_at", instant_add(rq->at, SHORT_CODE_LIFE_USEC));
    return OK;
}
