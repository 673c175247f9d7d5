/* identity/judge.h - what every grade shares: signatures, clock, purpose, strength of a code. */
#pragma once
#include <stdatomic.h>

#include "crypto/crypto.h"
#include "identity/identity.h"

/* Bundles whose issuer signature was found good, by SM3 of their 121 bytes: half of what a code's
 * verification costs. Lossy on purpose; two words a slot, and a mix of two bundles' words is as
 * hard to hit as the hash. Readers and writers take no lock. */
enum { BUNDLE_SLOTS = 1 << 13 };
struct bundle_cache {
    struct {
        _Atomic uint64_t a, b;
    } slots[BUNDLE_SLOTS];
};

/* Issuer keys decoded and checked once; rows are only ever added, by one writer, until the end. */
enum { PREPARED_KEYS_MAX = 64 };
struct prepared_keys {
    _Atomic int n;
    struct {
        enum code_suite suite;
        uint8_t point[POINT_SHORT];
        struct verify_key *key;
    } rows[PREPARED_KEYS_MAX];
};
/* Add those of `keys` that are not there; a full table leaves some to be decoded at each use. */
RESULT prepared_keys_add(struct prepared_keys *prepared, const struct published_keys *keys);
void prepared_keys_close(struct prepared_keys *prepared);

struct judge_ask {
    const struct published_keys *keys;
    const struct prepared_keys *prepared; /* NULL: none */
    struct bundle_cache *cache;           /* NULL: none */
    enum code_purpose purpose;
    enum code_strength strength;
    bool test_codes;
    struct instant at;
};
/* Steps 2 to 8 of code.md section 5 for a code that was parsed; fills in the verdict's form,
 * strength, purpose, test, index, skew and presentation. Short codes are not for this. */
RESULT code_judge(const struct judge_ask *ask, const struct code_text *text,
                  struct verdict *verdict);
/* From here on a refusal concerns an authentic code. */
static inline bool refusal_authentic(int code)
{
    return code >= IDENTITY_CLOCK_FAST;
}
