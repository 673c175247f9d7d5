/* bench/crypto_bench.c - what a code costs to verify: our calls beside `openssl speed` of the same
 * machine, alternating, medians; then the keyed hash and the cipher of ids that every request pays.
 *
 *   crypto_bench [rounds, default 5]
 *
 * A busy machine gets fewer rounds: none begins after 40 s of a suite, and the first is whole.
 *
 * Verifying a code is two verifications, of which the bundle's is cached per device. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/blind.h"
#include "crypto/crypto.h"

enum { ROUNDS_MAX = 31, CODE_BYTES = 100 };
#define TURN_SEC 0.3
#define SUITE_SEC 40

/* CPU time, as `openssl speed` counts. */
static double now_sec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double wall_sec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct series {
    double v[ROUNDS_MAX];
    int n;
};

static double median(struct series *s)
{
    qsort(s->v, (size_t)s->n, sizeof s->v[0], by_value);
    return s->n ? s->v[s->n / 2] : 0;
}

static void must(struct err err, const char *what)
{
    if (err.code == 0) return;
    fprintf(stderr, "%s: %d %s\n", what, err.code, err.code < 0 ? fault_note() : "");
    exit(1);
}

struct pair {
    struct sign_key *sign;
    struct verify_key *verify;
    uint8_t message[CODE_BYTES], signature[SIGNATURE_BYTES];
};

static void pair_make(enum suite suite, struct pair *pair)
{
    struct entropy entropy = entropy_system();
    uint8_t scalar[SCALAR_BYTES], point[POINT_SHORT];

    must(key_pair_new(suite, &entropy, scalar, point), "key");
    must(sign_key_open(suite, bytes_of(scalar, sizeof scalar), &pair->sign), "key");
    must(verify_key_open(suite, bytes_of(point, sizeof point), &pair->verify), "key");
    entropy.fill(entropy.arg, pair->message, sizeof pair->message);
}

static double sign_rate(struct pair *pair)
{
    double start = now_sec(), took;
    int n = 0;

    do {
        must(sign_key_sign(pair->sign, bytes_of(pair->message, CODE_BYTES), pair->signature),
             "sign");
        n++;
        took = now_sec() - start;
    } while (took < TURN_SEC);
    return n / took;
}

static double verify_rate(struct pair *pair)
{
    double start = now_sec(), took;
    int n = 0;

    do {
        must(verify_key_check(pair->verify, bytes_of(pair->message, CODE_BYTES), pair->signature),
             "verify");
        n++;
        took = now_sec() - start;
    } while (took < TURN_SEC);
    return n / took;
}

/* The last two numbers of the last line: signatures and verifications a second. */
static void openssl_speed(const char *algorithm, struct series *sign, struct series *verify)
{
    char command[128], line[512];
    double s = 0, v = 0;
    FILE *pipe;

    /* It counts processor time by signals of the wall's clock, so it ends in bounded time. */
    snprintf(command, sizeof command, "timeout 15 openssl speed -seconds 1 %s 2>/dev/null",
             algorithm);
    pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe)) {
        const char *at = strchr(line, ')');
        if (at && sscanf(at + 1, "%*s %*s %lf %lf", &s, &v) != 2) continue;
    }
    if (pipe) pclose(pipe);
    sign->v[sign->n++] = s;
    verify->v[verify->n++] = v;
}

static void suite_bench(const char *name, enum suite suite, const char *algorithm, int rounds)
{
    struct series ours_sign = { .n = 0 }, ours_verify = { .n = 0 };
    struct series their_sign = { .n = 0 }, their_verify = { .n = 0 };
    struct pair pair;
    double sign, verify, base_sign, base_verify, began = wall_sec();

    pair_make(suite, &pair);
    for (int i = 0; i < rounds && (i == 0 || wall_sec() - began < SUITE_SEC); i++) {
        ours_sign.v[ours_sign.n++] = sign_rate(&pair);
        ours_verify.v[ours_verify.n++] = verify_rate(&pair);
        openssl_speed(algorithm, &their_sign, &their_verify);
    }
    sign = median(&ours_sign);
    verify = median(&ours_verify);
    base_sign = median(&their_sign);
    base_verify = median(&their_verify);
    printf("%-6s sign   %8.0f /s   openssl speed %8.0f /s   share %.2f\n", name, sign, base_sign,
           base_sign > 0 ? sign / base_sign : 0);
    printf("%-6s verify %8.0f /s   openssl speed %8.0f /s   share %.2f   two: %.0f codes/s\n", name,
           verify, base_verify, base_verify > 0 ? verify / base_verify : 0, verify / 2);
    printf("       (%d rounds)\n", ours_sign.n);
    sign_key_close(pair.sign);
    verify_key_close(pair.verify);
}

static void blind_bench(int rounds)
{
    static const uint8_t lent[32] = { 1 };
    struct series hash = { .n = 0 }, ids = { .n = 0 };
    struct blind_key key;
    struct id_codec codec;
    uint8_t out[VALUE_HASH_BYTES] = { 0 };
    uint64_t id = 1;
    enum { N = 200000 };

    must(blind_key_open(bytes_of(lent, sizeof lent), 1, &key), "blind key");
    codec = blind_id_codec(&key);
    for (int i = 0; i < rounds; i++) {
        double start = now_sec();
        for (int k = 0; k < N; k++) {
            value_hash(&key, 1, bytes_of(out, 18), out);
        }
        hash.v[hash.n++] = (now_sec() - start) / N * 1e9;
        start = now_sec();
        for (int k = 0; k < N; k++) {
            id = codec.seal(codec.key, id);
        }
        ids.v[ids.n++] = (now_sec() - start) / N * 1e9;
    }
    printf("value_hash %.0f ns   public id %.0f ns   (%02x%016" PRIx64 ")\n", median(&hash),
           median(&ids), out[0], id);
    blind_key_close(&key);
}

int main(int argc, char **argv)
{
    int64_t given = 5;
    int rounds;

    if (argc > 1 && !str_int(str_of(argv[1]), 1, ROUNDS_MAX, &given)) {
        fprintf(stderr, "rounds: 1 to %d\n", (int)ROUNDS_MAX);
        return 2;
    }
    rounds = (int)given;
    suite_bench("SM2", SUITE_SM2, "sm2", rounds);
    suite_bench("P-256", SUITE_P256, "ecdsap256", rounds);
    blind_bench(rounds);
    return 0;
}
