/* tests/identity/issuer.h - an issuer and a phone with keys of their own, for tests without keyd.
 */
#pragma once
#include <string.h>

#include "crypto/crypto.h"
#include "identity/identity.h"

struct key_pair {
    enum code_suite suite;
    uint8_t scalar[SCALAR_BYTES], point[POINT_SHORT];
    uint16_t kid;
};

static inline struct key_pair key_pair_of(enum code_suite suite, uint64_t seed)
{
    struct prng prng = { seed };
    struct entropy entropy = prng_entropy(&prng);
    struct key_pair pair = { .suite = suite };
    uint8_t kid[KID_BYTES];
    struct err err = key_pair_new((enum suite)suite, &entropy, pair.scalar, pair.point);

    if (err.code == 0) err = key_id((enum suite)suite, bytes_of(pair.point, POINT_SHORT), kid);
    assert(err.code == 0);
    pair.kid = (uint16_t)(kid[0] << 8 | kid[1]);
    return pair;
}

static inline void pair_sign(const struct key_pair *pair, struct str domain, const uint8_t *p,
                             size_t n, uint8_t signature[64])
{
    uint8_t message[512];
    struct writer w = writer_over(message, sizeof message);
    struct err err;

    put_str(&w, domain);
    put_bytes(&w, bytes_of(p, n));
    err = pair->suite == CODE_SM2
              ? sm2_sign(bytes_of(pair->scalar, 32), writer_bytes(&w), signature)
              : p256_sign(bytes_of(pair->scalar, 32), writer_bytes(&w), signature);
    assert(err.code == 0 && !w.over);
}

static inline void bundle_sign_by(struct bundle *bundle, const struct key_pair *issuer,
                                  const struct key_pair *phone)
{
    uint8_t raw[CODE_BUNDLE_BYTES];

    bundle->issuer_suite = issuer->suite;
    bundle->device_suite = phone->suite;
    bundle->kid = issuer->kid;
    memcpy(bundle->device_key, phone->point, sizeof bundle->device_key);
    bundle_write(bundle, raw);
    pair_sign(issuer, S(CODE_BUNDLE_DOMAIN), raw, CODE_BUNDLE_SIGNED, bundle->signature);
}

/* The phone's code for a step, as text. */
static inline struct str code_show(const struct bundle *bundle, const struct key_pair *phone,
                                   uint32_t step, enum code_purpose purpose, char *out, size_t size)
{
    struct code code = { .bundle = *bundle, .step = step, .purpose = purpose };
    struct writer w = writer_over(out, size);
    uint8_t raw[CODE_BYTES];

    code_write(&code, raw);
    pair_sign(phone, S(CODE_DOMAIN), raw, CODE_SIGNED, code.signature);
    code_write(&code, raw);
    code_text_write(raw, &w);
    return writer_str(&w);
}

static inline struct str paper_show(struct paper_code *paper, const struct key_pair *issuer,
                                    char *out, size_t size)
{
    struct writer w = writer_over(out, size);
    uint8_t raw[PAPER_BYTES];

    paper->issuer_suite = issuer->suite;
    paper->kid = issuer->kid;
    paper_write(paper, raw);
    pair_sign(issuer, S(PAPER_DOMAIN), raw, PAPER_SIGNED, paper->signature);
    paper_write(paper, raw);
    paper_text_write(raw, &w);
    return writer_str(&w);
}

static inline void publish(struct published_keys *keys, const struct key_pair *pair,
                           enum verify_use use, bool test, struct instant from, struct instant to)
{
    struct published_key *key = &keys->keys[keys->n++];

    *key = (struct published_key){ .use = use,
                                   .kid = pair->kid,
                                   .suite = pair->suite,
                                   .valid_from = from,
                                   .valid_to = to,
                                   .test = test };
    memcpy(key->public_key, pair->point, sizeof key->public_key);
}
