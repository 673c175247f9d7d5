/* crypto/password.c - argon2id by libsodium, two at a time. */
#include "crypto/crypto.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>

/* Each takes 64 MiB and a core for some 100 ms: more side by side would starve everyone. */
enum { AT_A_TIME = 2, SALT_BYTES = 16, TAG_BYTES = 32 };

static sem_t turn;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

static void start(void)
{
    ready = sodium_init() >= 0 && sem_init(&turn, 0, AT_A_TIME) == 0;
}

static RESULT turn_take(void)
{
    (void)pthread_once(&once, start);
    if (!ready) return fault(FAULT_CRYPTO, "libsodium does not start");
    while (sem_wait(&turn) != 0) {
        if (errno != EINTR) return fault(FAULT_CRYPTO, "sem_wait");
    }
    return OK;
}

static RESULT derive(struct bytes password, const uint8_t *salt, struct password_cost cost,
                     uint8_t *out, size_t n)
{
    int rc;

    assert(cost.memory_kib >= 8);
    assert(cost.passes >= 1);
    TRY(turn_take());
    rc = crypto_pwhash(out, n, password.n ? (const char *)password.p : "", password.n, salt,
                       cost.passes, (size_t)cost.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    sem_post(&turn);
    if (rc != 0) return fault(FAULT_MEMORY, "argon2id with %u KiB", cost.memory_kib);
    return OK;
}

static void put_base64(struct writer *w, const uint8_t *p, size_t n)
{
    char text[64];

    (void)sodium_bin2base64(text, sizeof text, p, n, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    put_str(w, str_of(text));
}

RESULT password_hash(struct bytes password, struct password_cost cost,
                     const struct entropy *entropy, char out[PASSWORD_HASH_MAX])
{
    uint8_t salt[SALT_BYTES], tag[TAG_BYTES];
    struct writer w = writer_over(out, PASSWORD_HASH_MAX - 1);

    entropy->fill(entropy->arg, salt, sizeof salt);
    TRY(derive(password, salt, cost, tag, sizeof tag));
    put_format(&w, "$argon2id$v=19$m=%u,t=%u,p=1$", cost.memory_kib, cost.passes);
    put_base64(&w, salt, sizeof salt);
    put_char(&w, '$');
    put_base64(&w, tag, sizeof tag);
    assert(!w.over);
    out[w.n] = 0;
    secret_wipe(tag, sizeof tag);
    return OK;
}

RESULT password_verify(struct str hash, struct bytes password)
{
    char text[PASSWORD_HASH_MAX] = { 0 };
    int rc;

    REQUIRE(str_c(hash, text, sizeof text), CRYPTO_BAD_HASH_TEXT);
    REQUIRE(str_starts(hash, S("$argon2id$")), CRYPTO_BAD_HASH_TEXT);
    TRY(turn_take());
    /* rejects a malformed text, and one whose cost is another, before it starts to work */
    rc = crypto_pwhash_str_needs_rehash(text, 1, crypto_pwhash_MEMLIMIT_MIN);
    if (rc >= 0)
        rc = crypto_pwhash_str_verify(text, password.n ? (const char *)password.p : "",
                                      password.n) == 0;
    sem_post(&turn);
    REQUIRE(rc >= 0, CRYPTO_BAD_HASH_TEXT);
    REQUIRE(rc == 1, CRYPTO_WRONG_PASSWORD);
    return OK;
}

RESULT password_key(struct bytes passphrase, const uint8_t salt[16], struct password_cost cost,
                    struct secret *out)
{
    return derive(passphrase, salt, cost, out->p, out->n);
}
