/* bench/code_bench.c - judging phones' codes: two signatures, or one when the bundle was seen
 * before, beside what OpenSSL's own verification costs in the same run (`openssl speed` does the
 * same sum).
 *
 *   code_bench [rounds, default 7]
 *
 * One thread, CPU time. The share is (bare verifications) / (the whole judgement). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "identity/judge.h"
#include "tests/identity/issuer.h"

#define AT ((struct instant){ INT64_C(1629444727) * USEC_PER_SEC })
enum { CODES = 64, ROUNDS_MAX = 32 };

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

struct world {
    enum code_suite suite;
    struct published_keys keys;
    struct key_pair phone;
    char text[CODES][CODE_TEXT_MAX];
    uint8_t message[64], signature[64];
    struct verify_key *prepared;
    struct prepared_keys issuers;
};

static void world_make(struct world *w, enum code_suite suite)
{
    struct key_pair issuer = key_pair_of(suite, 1);
    struct bundle bundle = { .strength = CODE_DOOR,
                             .from_step = code_step(instant_add(AT, -USEC_PER_HOUR)) };
    struct err err;

    *w = (struct world){ .suite = suite, .phone = key_pair_of(suite, 2) };
    publish(&w->keys, &issuer, VERIFY_CODES, false, instant_add(AT, -USEC_PER_DAY),
            instant_add(AT, USEC_PER_DAY));
    for (uint32_t i = 0; i < CODES; i++) {
        bundle.card_index = i;
        bundle_sign_by(&bundle, &issuer, &w->phone);
        code_show(&bundle, &w->phone, code_step(AT), CODE_ENTRY, w->text[i], CODE_TEXT_MAX);
    }
    pair_sign(&w->phone, (struct str){ 0 }, w->message, sizeof w->message, w->signature);
    err = verify_key_open((enum suite)suite, bytes_of(w->phone.point, POINT_SHORT), &w->prepared);
    if (err.code == 0) err = prepared_keys_add(&w->issuers, &w->keys);
    assert(err.code == 0);
}

/* Bare verifications with a prepared key: the library's own limit. */
static double bare(struct world *w)
{
    double from = cpu_ns();

    for (int i = 0; i < CODES; i++) {
        struct err err =
            verify_key_check(w->prepared, bytes_of(w->message, sizeof w->message), w->signature);
        assert(err.code == 0);
    }
    return (cpu_ns() - from) / CODES;
}

static double judged(struct world *w, struct bundle_cache *cache)
{
    struct judge_ask ask = { .keys = &w->keys,
                             .prepared = &w->issuers,
                             .cache = cache,
                             .purpose = CODE_ENTRY,
                             .strength = CODE_DOOR,
                             .at = AT };
    double from = cpu_ns();

    for (int i = 0; i < CODES; i++) {
        struct code_text text;
        struct verdict verdict;
        struct err err = code_text_parse((struct str){ w->text[i], CODE_TEXT_MAX }, &text);
        if (err.code == 0) err = code_judge(&ask, &text, &verdict);
        assert(err.code == 0);
    }
    return (cpu_ns() - from) / CODES;
}

int main(int argc, char **argv)
{
    static struct world worlds[2];
    static struct bundle_cache cache;
    int rounds = argc > 1 ? atoi(argv[1]) : 7;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: code_bench [rounds 1..%d]\n", ROUNDS_MAX);
        return 2;
    }
    world_make(&worlds[0], CODE_SM2);
    world_make(&worlds[1], CODE_P256);
    printf("%d codes, %d rounds, medians, CPU time of one thread\n", CODES, rounds);
    for (int s = 0; s < 2; s++) {
        struct world *w = &worlds[s];
        double bare_ns[ROUNDS_MAX], full_ns[ROUNDS_MAX], seen_ns[ROUNDS_MAX];
        judged(w, &cache); /* the bundles are seen */
        for (int i = 0; i < rounds; i++) {
            bare_ns[i] = bare(w);
            full_ns[i] = judged(w, NULL);
            seen_ns[i] = judged(w, &cache);
        }
        double one = median(bare_ns, rounds), full = median(full_ns, rounds),
               seen = median(seen_ns, rounds);
        printf("%-5s verify alone %7.1f us (%6.0f/s); code, two signatures %7.1f us (%6.0f/s, share"
               " %.2f); bundle seen %7.1f us (%6.0f/s, share %.2f)\n",
               s == 0 ? "SM2" : "P-256", one / 1e3, 1e9 / one, full / 1e3, 1e9 / full,
               2 * one / full, seen / 1e3, 1e9 / seen, one / seen);
        verify_key_close(w->prepared);
        prepared_keys_close(&w->issuers);
    }
    return 0;
}
