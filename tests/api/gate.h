/* tests/api/gate.h - phones that make codes and gates with keys of their own, made over HTTP as
 * real ones are. */
#pragma once
#include "tests/api/wrong.h"
#include "venues/venues.h"

/* ---- text forms of bytes */

static inline const char *text_hex(const void *p, size_t n)
{
    char *room = (char *)(uintptr_t)text_of(" ");
    struct writer out = writer_over(room, WORLD_TEXT);

    put_hex(&out, bytes_of(p, n));
    put_u8(&out, 0);
    return room;
}

static inline const char *text_base64url(const void *p, size_t n)
{
    char *room = (char *)(uintptr_t)text_of(" ");
    struct writer out = writer_over(room, WORLD_TEXT);
    struct json_out json = json_out_over(&out, NULL);

    json_out_base64url(&json, NULL, bytes_of(p, n));
    assert(!out.over && out.n >= 2);
    room[out.n - 1] = '\0';
    return room + 1; /* without the quotes */
}

/* A member that is base64url of n bytes. */
static inline bool member_base64url(struct api_world *w, const char *name, uint8_t *out, size_t n)
{
    static uint8_t memory[8192];
    struct arena arena = arena_over(memory, sizeof memory);
    struct problems problems = { .n = 0 };
    struct bytes got = { 0 };
    const char *body = text_of("{\"v\":\"%s\"}", world_member(w, name));
    const struct json_field field[] = { JSON_BASE64URL("v", &got, (int64_t)n, (int64_t)n) };

    if (json_read(body_over(str_bytes(str_of(body)), &arena, &problems, NULL), field, 1).code != 0)
        return false;
    memcpy(out, got.p, n);
    return true;
}

/* ---- phones */

struct phone {
    const struct asker *who;
    struct key_pair keys;
    char device[20], card[20];
    struct bundle bundle;
};

static inline bool phone_bundle(struct api_world *w, struct phone *phone)
{
    uint8_t raw[CODE_BUNDLE_BYTES];

    if (!CHECK_STATUS(w, "a day's bundle",
                      world_ask(w, phone->who,
                                text_of("POST /v1/devices/%s/code-bundles", phone->device),
                                text_of("{\"card\":\"%s\"}", phone->card)),
                      201))
        return false;
    return CHECK("its bytes", member_base64url(w, "bundle", raw, sizeof raw)) &&
           CHECK_OK("its form", bundle_parse(bytes_of(raw, sizeof raw), &phone->bundle));
}

/* Enrolled in place of whatever was active. */
static inline bool phone_make(struct api_world *w, const struct asker *who, const char *card,
                              const char *strength, struct phone *out)
{
    static uint64_t seed = 5000;

    *out = (struct phone){ .who = who, .keys = key_pair_of(CODE_P256, seed++) };
    snprintf(out->card, sizeof out->card, "%s", card);
    if (!CHECK_STATUS(
            w, "a phone",
            world_ask(w, who, "POST /v1/devices",
                      text_of("{\"suite\":\"p256\",\"strength\":\"%s\",\"public_key\":\"%s\","
                              "\"replace\":true}",
                              strength, text_base64url(out->keys.point, POINT_SHORT))),
            201))
        return false;
    snprintf(out->device, sizeof out->device, "%s", world_member(w, "id"));
    return phone_bundle(w, out);
}

/* What the phone shows `steps` of 30 s after this moment. */
static inline const char *phone_code(struct api_world *w, const struct phone *phone, int steps,
                                     enum code_purpose purpose)
{
    char *room = (char *)(uintptr_t)text_of(" ");
    uint32_t step = (uint32_t)((int64_t)code_step(fixture_now(&w->base.f)) + steps);
    struct str code = code_show(&phone->bundle, &phone->keys, step, purpose, room, WORLD_TEXT);

    room[code.n] = '\0';
    return room;
}

/* ---- gates */

struct api_gate {
    struct key_pair keys;
    char id[20], activation[TERMINAL_ACTIVATION_CHARS + 1];
    struct asker who;
    int nonces;
};

/* A place of Hefei. */
static inline int64_t world_venue(struct api_world *w, int nth, char id[20])
{
    const struct catalogue *cat = catalogue_now(w->shelf);

    for (size_t i = 0; i < place_count(cat); i++) {
        const struct place *place = place_at(cat, i);

        if (place->region / 100 != 3401 || nth-- > 0) continue;
        world_id(w, "ven", place->id, id);
        return place->id;
    }
    CHECK("a place of Hefei", false);
    return 0;
}

/* A slot that can be booked and entered for the next hours. */
static inline int64_t world_slot(struct api_world *w, int64_t venue_id, int64_t quota, int64_t held,
                                 char id[20])
{
    struct instant now = fixture_now(&w->base.f);
    const struct slot_ask ask = { .venue_id = venue_id,
                                  .quota = quota,
                                  .held = held,
                                  .opens_at = instant_add(now, -USEC_PER_DAY),
                                  .closes_at = instant_add(now, 2 * USEC_PER_HOUR),
                                  .starts_at = now,
                                  .ends_at = instant_add(now, 4 * USEC_PER_HOUR) };
    int64_t slot_id = 0;

    CHECK_OK("a slot", venues_slot_add(w->base.f.store, NULL, &ask, &slot_id));
    world_id(w, "slt", slot_id, id);
    return slot_id;
}

static inline const char *gate_sign(const struct api_gate *gate, const char *text)
{
    uint8_t signature[SIGNATURE_BYTES];

    pair_sign(&gate->keys, S(""), (const uint8_t *)text, strlen(text), signature);
    return text_hex(signature, sizeof signature);
}

static inline const char *gate_enrol_body(const struct api_gate *gate, const char *activation)
{
    return text_of("{\"terminal\":\"%s\",\"activation\":\"%s\",\"suite\":\"%s\",\"public_key\":\"%"
                   "s\",\"signature\":\"%s\"}",
                   gate->id, activation, gate->keys.suite == CODE_SM2 ? "sm2" : "p256",
                   text_hex(gate->keys.point, POINT_SHORT),
                   gate_sign(gate, text_of("YKT enrol 1\n%s\n%s", gate->id, activation)));
}

/* The assertion for a token, signed `off` microseconds from this moment. */
static inline const char *gate_token_body(struct api_world *w, struct api_gate *gate, int64_t off)
{
    struct instant at = instant_add(fixture_now(&w->base.f), off);
    char when[40], nonce[40];
    struct writer out = writer_over(when, sizeof when - 1);

    put_instant(&out, at);
    when[out.n] = '\0';
    snprintf(nonce, sizeof nonce, "nonce-of-the-gate-%d", ++gate->nonces);
    return text_of(
        "{\"signed_at\":\"%s\",\"nonce\":\"%s\",\"signature\":\"%s\"}", when, nonce,
        gate_sign(gate,
                  text_of("YKT sign-in 1\n%.*s\n%s\n%s\n%s", (int)w->app.public_url.n,
                          w->app.public_url.p ? w->app.public_url.p : "", gate->id, when, nonce)));
}

static inline bool gate_token(struct api_world *w, struct api_gate *gate)
{
    if (!CHECK_STATUS(w, "the gate signs in",
                      world_ask(w, &w->nobody, text_of("POST /v1/terminals/%s/tokens", gate->id),
                                gate_token_body(w, gate, 0)),
                      201))
        return false;
    snprintf(gate->who.header, sizeof gate->who.header, "Authorization: Bearer %s\r\n",
             world_member(w, "token"));
    return true;
}

/* Set up, not enrolled. */
static inline bool gate_add(struct api_world *w, const char *venue, enum code_suite suite,
                            struct api_gate *out)
{
    static uint64_t seed = 9000;

    *out = (struct api_gate){ .keys = key_pair_of(suite, seed++) };
    if (!CHECK_STATUS(
            w, "a gate",
            world_ask(w, &w->admin, "POST /v1/terminals",
                      text_of("{\"venue\":\"%s\",\"kind\":\"gate\",\"name\":\"东门\"}", venue)),
            201))
        return false;
    snprintf(out->id, sizeof out->id, "%s", world_member(w, "id"));
    snprintf(out->activation, sizeof out->activation, "%s", world_member(w, "activation"));
    return true;
}

/* Set up, enrolled and signed in. */
static inline bool gate_make(struct api_world *w, const char *venue, enum code_suite suite,
                             struct api_gate *out)
{
    return gate_add(w, venue, suite, out) &&
           CHECK_STATUS(w, "its key is enrolled",
                        world_ask(w, &w->nobody, "POST /v1/terminal-enrolments",
                                  gate_enrol_body(out, out->activation)),
                        204) &&
           gate_token(w, out);
}
