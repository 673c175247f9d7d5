/* crypto/blind.c - the keyed hash of credential values and the cipher of public ids. */
#include "crypto/blind.h"

#include <stdatomic.h>

#include "crypto/crypto.h"
#include "crypto/evp.h"

enum { ROUNDS = 8 };

static atomic_uint_fast64_t serials;

static RESULT derive(struct bytes lent, const char *label, size_t n, struct secret *out)
{
    uint8_t mac[HASH_BYTES];

    TRY(secret_open(out, n));
    hmac_sm3(lent, str_bytes(str_of(label)), mac);
    memcpy(out->p, mac, n);
    secret_wipe(mac, sizeof mac);
    return OK;
}

RESULT blind_key_open(struct bytes lent, uint32_t version, struct blind_key *out)
{
    struct blind_key key = { .version = version, .serial = atomic_fetch_add(&serials, 1) + 1 };

    TRY(derive(lent, "ykt blind: value hash", HASH_BYTES, &key.hash));
    TRY(derive(lent, "ykt blind: public ids", SM4_KEY_BYTES, &key.ids));
    *out = key;
    return OK;
}

void blind_key_close(struct blind_key *key)
{
    secret_close(&key->hash);
    secret_close(&key->ids);
}

/* HMAC (RFC 2104) from the thread's two states that have the key behind them: half of the blocks of
 * one that begins anew, on the path of every verification. */
void value_hash(const struct blind_key *key, int kind, struct bytes value,
                uint8_t out[VALUE_HASH_BYTES])
{
    const uint8_t head[2] = { (uint8_t)(kind >> 8), (uint8_t)kind };
    struct evp_thread *thread = evp_thread();
    EVP_MD_CTX *ctx = thread->md;
    uint8_t inner[HASH_BYTES];

    assert(kind >= 0);
    assert(kind <= UINT16_MAX);
    if (thread->mac_serial != key->serial) {
        evp_hmac_begin(thread->inner, evp()->sm3, secret_bytes(&key->hash), 0x36);
        evp_hmac_begin(thread->outer, evp()->sm3, secret_bytes(&key->hash), 0x5C);
        thread->mac_serial = key->serial;
    }
    evp_must(EVP_MD_CTX_copy_ex(ctx, thread->inner) == 1 &&
                 EVP_DigestUpdate(ctx, head, sizeof head) == 1 &&
                 EVP_DigestUpdate(ctx, value.p, value.n) == 1 &&
                 EVP_DigestFinal_ex(ctx, inner, NULL) == 1 &&
                 EVP_MD_CTX_copy_ex(ctx, thread->outer) == 1 &&
                 EVP_DigestUpdate(ctx, inner, sizeof inner) == 1 &&
                 EVP_DigestFinal_ex(ctx, out, NULL) == 1,
             "value hash");
    secret_wipe(inner, sizeof inner);
}

/* The thread's SM4 context, keyed anew only when another blind key comes along: an id costs eight
 * blocks and no key schedule. */
static EVP_CIPHER_CTX *ids_context(const struct blind_key *key)
{
    struct evp_thread *thread = evp_thread();

    if (thread->ids_serial != key->serial) {
        evp_must(EVP_EncryptInit_ex2(thread->ids, evp()->sm4_ecb, key->ids.p, NULL, NULL) == 1,
                 "id cipher");
        evp_must(EVP_CIPHER_CTX_set_padding(thread->ids, 0) == 1, "id cipher");
        thread->ids_serial = key->serial;
    }
    return thread->ids;
}

static uint32_t round_of(EVP_CIPHER_CTX *ctx, int round, uint32_t half)
{
    uint8_t block[16] = { (uint8_t)round }, made[16];
    int n;

    for (int i = 0; i < 4; i++) {
        block[12 + i] = (uint8_t)(half >> (24 - 8 * i));
    }
    evp_must(EVP_EncryptUpdate(ctx, made, &n, block, sizeof block) == 1 && n == 16, "id cipher");
    return (uint32_t)made[0] << 24 | (uint32_t)made[1] << 16 | (uint32_t)made[2] << 8 | made[3];
}

static uint64_t id_seal(const void *arg, uint64_t id)
{
    EVP_CIPHER_CTX *ctx = ids_context(arg);
    uint32_t left = (uint32_t)(id >> 32), right = (uint32_t)id;

    for (int round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ round_of(ctx, round, right);
        left = right;
        right = next;
    }
    return (uint64_t)left << 32 | right;
}

static uint64_t id_open(const void *arg, uint64_t sealed)
{
    EVP_CIPHER_CTX *ctx = ids_context(arg);
    uint32_t left = (uint32_t)(sealed >> 32), right = (uint32_t)sealed;

    for (int round = ROUNDS - 1; round >= 0; round--) {
        uint32_t before = right ^ round_of(ctx, round, left);
        right = left;
        left = before;
    }
    return (uint64_t)left << 32 | right;
}

struct id_codec blind_id_codec(const struct blind_key *key)
{
    return (struct id_codec){ .seal = id_seal, .open = id_open, .key = key };
}
