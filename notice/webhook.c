/* notice/webhook.c - signing what goes out and judging what comes in (ux.md 2.2). */
#include "notice/webhook.h"

#include "crypto/crypto.h"
#include "crypto/secret.h"

static void put_base64(struct writer *w, struct bytes in)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)in.p[i] << 16;
        if (left > 1) v |= (uint32_t)in.p[i + 1] << 8;
        if (left > 2) v |= in.p[i + 2];
        put_char(w, alphabet[v >> 18 & 63]);
        put_char(w, alphabet[v >> 12 & 63]);
        put_char(w, left > 1 ? alphabet[v >> 6 & 63] : '=');
        put_char(w, left > 2 ? alphabet[v & 63] : '=');
    }
}

/* One signature as it stands in the header: "v1," and 44 characters. */
static void signature_of(struct bytes key, struct str id, int64_t seconds, struct bytes body,
                         char out[WEBHOOK_SIGNATURE_TEXT])
{
    uint8_t hash[HASH_BYTES], head[WEBHOOK_ID_MAX + 32];
    struct writer h = writer_over(head, sizeof head), w = writer_over(out, WEBHOOK_SIGNATURE_TEXT);

    put_str(&h, id);
    put_char(&h, '.');
    put_int(&h, seconds);
    put_char(&h, '.');
    assert(!h.over);
    hmac_sha256_parts(key, (const struct bytes[]){ writer_bytes(&h), body }, 2, hash);
    put_str(&w, S("v1,"));
    put_base64(&w, bytes_of(hash, sizeof hash));
    assert(!w.over);
}

void webhook_sign(struct writer *w, const struct webhook_keys *keys, struct str id,
                  struct instant at, struct bytes body)
{
    assert(keys->n >= 1);
    assert(keys->n <= WEBHOOK_KEYS_MAX);
    assert(id.n >= 1);
    assert(id.n <= WEBHOOK_ID_MAX);
    for (size_t i = 0; i < keys->n; i++) {
        char text[WEBHOOK_SIGNATURE_TEXT];
        signature_of(keys->key[i], id, at.usec / USEC_PER_SEC, body, text);
        if (i) put_char(w, ' ');
        put_bytes(w, bytes_of(text, sizeof text));
    }
}

RESULT webhook_verify(const struct webhook_keys *keys, struct str id, struct str timestamp,
                      struct str signature, struct bytes body, struct instant now)
{
    int64_t seconds, age;
    bool right = false;

    REQUIRE(id.n >= 1 && id.n <= WEBHOOK_ID_MAX && signature.n > 0, WEBHOOK_HEADER_BAD);
    REQUIRE(str_int(timestamp, 0, INT64_MAX / USEC_PER_SEC, &seconds), WEBHOOK_HEADER_BAD);
    age = now.usec - seconds * USEC_PER_SEC;
    REQUIRE(age <= WEBHOOK_AGE_USEC && age >= -WEBHOOK_AGE_USEC, WEBHOOK_TOO_OLD);
    for (size_t i = 0; i < keys->n; i++) {
        char text[WEBHOOK_SIGNATURE_TEXT];
        struct str left = signature;
        signature_of(keys->key[i], id, seconds, body, text);
        while (left.n) { /* every one is compared, so that time does not tell which fits */
            struct str rest, one = str_cut(left, ' ', &rest);
            right = secret_eq(str_bytes(one), bytes_of(text, sizeof text)) || right;
            left = rest;
        }
    }
    REQUIRE(right, WEBHOOK_SIGNATURE_BAD);
    return OK;
}
