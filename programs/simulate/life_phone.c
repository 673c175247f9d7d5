/* programs/simulate/life_phone.c - a resident's phone: its key, its bundle, its codes. */
#include "http/json.h"
#include "programs/simulate/life.h"

#include <stdio.h>

static bool has_device(struct life *life, struct person *person)
{
    char body[240];
    uint8_t point[POINT_SHORT];
    struct writer w = writer_over(body, sizeof body);
    struct json_out out = json_out_over(&w, NULL);
    json_t *answer;

    if (person->device[0]) return true;
    if (key_pair_new(SUITE_P256, &life->entropy, person->scalar, point).code != 0) return false;
    json_out_object(&out, NULL);
    json_out_str(&out, "suite", S("p256"));
    json_out_str(&out, "strength", S("door"));
    json_out_base64url(&out, "public_key", bytes_of(point, sizeof point));
    json_out_bool(&out, "replace", true); /* the key of the last run went with it */
    json_out_end(&out);
    put_u8(&w, 0);
    if (life_call_as(life, person, "POST", "/v1/devices", body, &answer) == 201)
        life_text(answer, "id", person->device, sizeof person->device);
    json_decref(answer);
    return person->device[0] != 0;
}

/* Base64url without padding, of exactly size bytes. */
static bool base64url(const char *text, uint8_t *out, size_t size)
{
    static const char LETTERS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int have = 0;
    size_t n = 0;

    for (; *text; text++) {
        const char *at = strchr(LETTERS, *text);
        if (!at) return false;
        bits = bits << 6 | (uint32_t)(at - LETTERS);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        if (n == size) return false;
        out[n++] = (uint8_t)(bits >> have);
    }
    return n == size;
}

static bool has_bundle(struct life *life, struct person *person)
{
    char path[100], body[80];
    struct instant until;
    const char *text;
    json_t *answer;
    long status;

    if (instant_before(clock_now(&life->clock), person->bundle_until)) return true;
    life_bundle_drop(person);
    snprintf(path, sizeof path, "/v1/devices/%s/code-bundles", person->device);
    snprintf(body, sizeof body, "{\"card\":\"%s\"}", person->card);
    status = life_call_as(life, person, "POST", path, body, &answer);
    text = json_string_value(json_object_get(answer, "bundle"));
    if (status == 201 && text && life_instant(answer, "until", &until) &&
        base64url(text, person->bundle, sizeof person->bundle))
        person->bundle_until = until;
    if (status == 404) person->device[0] = 0; /* revoked: another phone took its place */
    json_decref(answer);
    return person->bundle_until.usec != 0;
}

void life_bundle_drop(struct person *person)
{
    person->bundle_until = (struct instant){ 0 };
}

bool life_code(struct life *life, struct person *person, enum code_purpose purpose,
               char text[CODE_TEXT_MAX + 1])
{
    uint8_t raw[CODE_BYTES], message[sizeof CODE_DOMAIN - 1 + CODE_SIGNED];
    struct writer w = writer_over(raw, sizeof raw), m = writer_over(message, sizeof message);
    struct writer out = writer_over(text, CODE_TEXT_MAX);
    uint32_t step = code_step(clock_now(&life->clock));

    if (step <= person->last_step) return false; /* each code opens once */
    if (!has_device(life, person) || !has_bundle(life, person)) return false;
    person->last_step = step;
    put_bytes(&w, bytes_of(person->bundle, sizeof person->bundle));
    put_be32(&w, step);
    put_u8(&w, (uint8_t)purpose);
    put_str(&m, S(CODE_DOMAIN));
    put_bytes(&m, bytes_of(raw, CODE_SIGNED));
    if (p256_sign(bytes_of(person->scalar, SCALAR_BYTES), writer_bytes(&m), raw + CODE_SIGNED).code)
        return false;
    code_text_write(raw, &out);
    text[out.n] = 0;
    return true;
}
