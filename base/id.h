/* base/id.h - names of rows. Inside: 63 bits, 42 of milliseconds since 2020 and 21 random, so they
 * sort by birth and two nodes do not meet. Outside: a prefix and 13 Crockford base32 characters of
 * the enciphered id, so that ids neither walk nor tell time (docs/decisions/0002-ids.md). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/str.h"

struct entropy { /* where random bytes come from: the kernel, or a seed in tests and simulations */
    void (*fill)(void *arg, void *out, size_t n);
    void *arg;
};

/* The kernel's; never fails (stops the process if getrandom does). */
struct entropy entropy_system(void);

/* A seeded stream for tests and simulations, reproducible: SplitMix64. Not for secrets. */
struct prng {
    uint64_t state;
};
uint64_t prng_next(struct prng *prng);
int64_t prng_between(struct prng *prng, int64_t min, int64_t max); /* inclusive, min <= max */
struct entropy prng_entropy(struct prng *prng);

/* A new row id, > 0. */
int64_t id_new(struct instant at, const struct entropy *entropy);
struct instant id_born(int64_t id);

/* The cipher of public ids: a keyed permutation of 64 bits (crypto/id_cipher.h makes one). */
struct id_codec {
    uint64_t (*seal)(const void *key, uint64_t id);
    uint64_t (*open)(const void *key, uint64_t sealed);
    const void *key;
};
enum { ID_TEXT_MAX = 4 + 13 }; /* "crd_" + 13 */

/* "crd_71xk2m9q0g4zr": prefix is 3 letters. Writes exactly ID_TEXT_MAX characters. */
void put_id(struct writer *w, const struct id_codec *codec, const char *prefix, int64_t id);
/* False on another prefix, another length, a character outside Crockford's 32 (lower case only; no
 * i, l, o, u), or a value that does not open to a row id. */
bool id_parse(struct str text, const struct id_codec *codec, const char *prefix, int64_t *id);
