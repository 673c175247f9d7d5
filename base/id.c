/* base/id.c - making row ids and writing them for outside eyes. */
#include "base/id.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define BORN_ORIGIN_MSEC INT64_C(1577836800000) /* 2020-01-01T00:00:00Z */
#define RANDOM_BITS 21
#define BORN_BITS 42

static const char CROCKFORD[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void fill_system(void *arg, void *out, size_t n)
{
    uint8_t *p = out;

    (void)arg;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR) abort();
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

struct entropy entropy_system(void)
{
    return (struct entropy){ .fill = fill_system };
}

uint64_t prng_next(struct prng *prng)
{
    uint64_t z = (prng->state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

int64_t prng_between(struct prng *prng, int64_t min, int64_t max)
{
    uint64_t span = (uint64_t)max - (uint64_t)min + 1;

    return (int64_t)((uint64_t)min + (span == 0 ? prng_next(prng) : prng_next(prng) % span));
}

static void fill_prng(void *arg, void *out, size_t n)
{
    uint8_t *p = out;

    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)prng_next(arg);
    }
}

struct entropy prng_entropy(struct prng *prng)
{
    return (struct entropy){ .fill = fill_prng, .arg = prng };
}

int64_t id_new(struct instant at, const struct entropy *entropy)
{
    int64_t msec = at.usec / 1000 - BORN_ORIGIN_MSEC;
    uint64_t random;

    if (msec < 1) msec = 1; /* clocks before 2020: still a valid, positive id */
    entropy->fill(entropy->arg, &random, sizeof random);
    return (int64_t)(((uint64_t)msec & ((UINT64_C(1) << BORN_BITS) - 1)) << RANDOM_BITS |
                     (random & ((UINT64_C(1) << RANDOM_BITS) - 1)));
}

struct instant id_born(int64_t id)
{
    return (struct instant){ ((id >> RANDOM_BITS) + BORN_ORIGIN_MSEC) * 1000 };
}

void put_id(struct writer *w, const struct id_codec *codec, const char *prefix, int64_t id)
{
    uint64_t sealed = codec->seal(codec->key, (uint64_t)id);

    put_str(w, str_of(prefix));
    put_char(w, '_');
    for (int shift = 60; shift >= 0; shift -= 5) {
        put_char(w, CROCKFORD[sealed >> shift & 31]);
    }
}

static int crockford_digit(char c)
{
    for (int i = 0; i < 32; i++) {
        if (CROCKFORD[i] == c) return i;
    }
    return -1;
}

bool id_parse(struct str text, const struct id_codec *codec, const char *prefix, int64_t *id)
{
    struct str name;
    uint64_t sealed = 0, opened;

    if (text.n != ID_TEXT_MAX) return false;
    name = str_cut(text, '_', &text);
    if (!str_eq(name, str_of(prefix)) || text.n != 13) return false;
    for (size_t i = 0; i < text.n; i++) {
        int digit = crockford_digit(text.p[i]);
        if (digit < 0 || (i == 0 && digit > 15)) return false; /* 13 x 5 bits hold 65 */
        sealed = sealed << 5 | (uint64_t)digit;
    }
    opened = codec->open(codec->key, sealed);
    if (opened == 0 || opened > INT64_MAX) return false;
    *id = (int64_t)opened;
    return true;
}
