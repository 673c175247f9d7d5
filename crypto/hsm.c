/* crypto/hsm.c - sessions and handles; what a kept key does is asked of the back end. */
#include "crypto/hsm_back.h"

#include <stdlib.h>

#include "crypto/evp.h"

size_t key_kind_bytes(enum key_kind kind)
{
    switch (kind) {
    case KEY_SM4:
    case KEY_TDES:
        return 16;
    case KEY_AES256:
    case KEY_HMAC:
    case KEY_SM2:
    case KEY_P256:
        return 32;
    }
    return 0;
}

static enum suite suite_of(enum key_kind kind)
{
    return kind == KEY_SM2 ? SUITE_SM2 : SUITE_P256;
}

static bool kind_signs(enum key_kind kind)
{
    return kind == KEY_SM2 || kind == KEY_P256;
}

/* ---- values ---- */

static RESULT aes256_ecb(struct bytes key, bool encrypt, struct bytes in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = evp_thread()->cipher;
    int n = 0;

    REQUIRE(in.n % 16 == 0, CRYPTO_BAD_CIPHERTEXT);
    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1 &&
                 EVP_CipherInit_ex2(ctx, evp()->aes256_ecb, key.p, NULL, encrypt, NULL) == 1 &&
                 EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
                 EVP_CipherUpdate(ctx, out, &n, in.p, evp_len(in.n)) == 1 &&
                 EVP_CIPHER_CTX_reset(ctx) == 1,
             "AES");
    return OK;
}

RESULT value_crypt(enum key_kind kind, struct bytes value, bool encrypt, struct bytes in,
                   uint8_t *out)
{
    switch (kind) {
    case KEY_AES256:
        return aes256_ecb(value, encrypt, in, out);
    case KEY_SM4:
        return encrypt ? sm4_ecb_encrypt(value, in, out) : sm4_ecb_decrypt(value, in, out);
    case KEY_TDES:
        return encrypt ? tdes_ecb_encrypt(value, in, out) : tdes_ecb_decrypt(value, in, out);
    case KEY_HMAC:
    case KEY_SM2:
    case KEY_P256:
        break;
    }
    REFUSE(HSM_UNSUPPORTED);
}

RESULT value_mac(enum key_kind kind, struct bytes value, struct bytes in, uint8_t out[32],
                 size_t *n)
{
    REQUIRE(kind == KEY_SM4 || kind == KEY_HMAC, HSM_UNSUPPORTED);
    if (kind == KEY_SM4) {
        sm4_cmac(value, &in, 1, out);
    } else {
        hmac_sm3(value, in, out);
    }
    *n = kind == KEY_SM4 ? 16 : 32;
    return OK;
}

RESULT value_sign(enum key_kind kind, struct bytes value, struct bytes message,
                  uint8_t signature[SIGNATURE_BYTES])
{
    REQUIRE(kind_signs(kind), HSM_UNSUPPORTED);
    return kind == KEY_SM2 ? sm2_sign(value, message, signature)
                           : p256_sign(value, message, signature);
}

RESULT value_public_key(enum key_kind kind, struct bytes value, uint8_t public_key[POINT_SHORT])
{
    REQUIRE(kind_signs(kind), HSM_UNSUPPORTED);
    return public_key_of(suite_of(kind), value, public_key);
}

RESULT value_new(enum key_kind kind, const struct entropy *entropy, struct secret *out)
{
    struct secret made;
    struct err err = OK;
    uint8_t public_key[POINT_SHORT];

    TRY(secret_open(&made, key_kind_bytes(kind)));
    if (kind_signs(kind)) {
        err = key_pair_new(suite_of(kind), entropy, made.p, public_key);
    } else {
        entropy->fill(entropy->arg, made.p, made.n);
    }
    if (err.code != 0) {
        secret_close(&made);
        return err;
    }
    *out = made;
    return OK;
}

/* ---- device and session ---- */

RESULT hsm_open(const struct hsm_settings *settings, const struct entropy *entropy,
                struct hsm **out)
{
    struct hsm *hsm = calloc(1, sizeof *hsm);

    if (!hsm) return fault(FAULT_MEMORY, "hsm");
    hsm->back = settings->kind == HSM_SOFTWARE ? &HSM_SOFT : &HSM_TOKEN;
    hsm->entropy = *entropy;
    struct err err = hsm->back->open(hsm, settings);
    if (err.code != 0) {
        free(hsm);
        return err;
    }
    *out = hsm;
    return OK;
}

void hsm_close(struct hsm *hsm)
{
    if (!hsm) return;
    hsm->back->close(hsm);
    free(hsm);
}

RESULT hsm_info(struct hsm *hsm, struct hsm_info *out)
{
    return hsm->back->info(hsm, out);
}

RESULT hsm_session_open(struct hsm *hsm, struct hsm_session **out)
{
    struct hsm_session *session = calloc(1, sizeof *session);

    if (!session) return fault(FAULT_MEMORY, "hsm session");
    session->hsm = hsm;
    struct err err = hsm->back->session_open(session);
    if (err.code != 0) {
        free(session);
        return err;
    }
    *out = session;
    return OK;
}

void hsm_session_close(struct hsm_session *session)
{
    if (!session) return;
    for (int i = 0; i < HSM_SLOTS; i++) {
        secret_close(&session->slots[i].value);
    }
    session->hsm->back->session_close(session);
    free(session);
}

static struct hsm_slot *slot_of(struct hsm_session *session, struct hsm_key key)
{
    assert(key.slot < HSM_SLOTS);
    assert(session->slots[key.slot].kind != 0);
    return &session->slots[key.slot];
}

static RESULT slot_put(struct hsm_session *session, const struct hsm_slot *slot,
                       struct hsm_key *out)
{
    for (uint32_t i = 0; i < HSM_SLOTS; i++) {
        if (session->slots[i].kind != 0) continue;
        session->slots[i] = *slot;
        *out = (struct hsm_key){ i };
        return OK;
    }
    return fault(FAULT_MEMORY, "hsm session: more than %d keys", (int)HSM_SLOTS);
}

/* ---- kept keys ---- */

RESULT hsm_find(struct hsm_session *session, uint16_t index, struct hsm_key *out)
{
    struct hsm_slot slot = { 0 };

    for (uint32_t i = 0; i < HSM_SLOTS; i++) {
        if (session->slots[i].kind != 0 && session->slots[i].index == index) {
            *out = (struct hsm_key){ i };
            return OK;
        }
    }
    TRY(session->hsm->back->find(session, index, &slot));
    slot.index = index;
    return slot_put(session, &slot, out);
}

static RESULT keep(struct hsm_session *session, enum key_kind kind, uint16_t index,
                   const struct bytes *value, struct hsm_key *out)
{
    struct hsm_key there;

    assert(index > 0);
    struct err err = hsm_find(session, index, &there);
    REQUIRE(err.code != 0, HSM_KEY_EXISTS);
    if (err.code != HSM_KEY_UNKNOWN) return err;
    TRY(session->hsm->back->keep(session, kind, index, value));
    return hsm_find(session, index, out);
}

RESULT hsm_generate(struct hsm_session *session, enum key_kind kind, uint16_t index,
                    struct hsm_key *out)
{
    return keep(session, kind, index, NULL, out);
}

RESULT hsm_import(struct hsm_session *session, enum key_kind kind, uint16_t index,
                  struct bytes value, struct hsm_key *out)
{
    uint8_t public_key[POINT_SHORT];

    REQUIRE(value.n == key_kind_bytes(kind), CRYPTO_BAD_KEY);
    if (kind_signs(kind)) TRY(public_key_of(suite_of(kind), value, public_key));
    return keep(session, kind, index, &value, out);
}

RESULT hsm_destroy(struct hsm_session *session, uint16_t index)
{
    struct hsm_key key;

    TRY(hsm_find(session, index, &key));
    TRY(session->hsm->back->destroy(session, slot_of(session, key)));
    hsm_forget(session, key);
    return OK;
}

/* ---- session keys ---- */

void hsm_forget(struct hsm_session *session, struct hsm_key key)
{
    struct hsm_slot *slot = slot_of(session, key);

    secret_close(&slot->value);
    *slot = (struct hsm_slot){ 0 };
}

RESULT hsm_wrap(struct hsm_session *session, struct hsm_key under, struct hsm_key key,
                uint8_t blob[HSM_WRAPPED_MAX], size_t *n)
{
    const struct hsm_slot *slot = slot_of(session, key), *kek = slot_of(session, under);

    REQUIRE(slot->index == 0, HSM_NOT_WRAPPABLE);
    REQUIRE(kek->index != 0 && kek->kind == KEY_AES256, HSM_UNSUPPORTED);
    TRY(session->hsm->back->wrap(session, kek, secret_bytes(&slot->value), blob));
    *n = slot->value.n + 8;
    return OK;
}

RESULT hsm_wrap_new(struct hsm_session *session, struct hsm_key under, enum key_kind kind,
                    uint8_t blob[HSM_WRAPPED_MAX], size_t *n, struct hsm_key *out)
{
    struct hsm_slot slot = { .kind = kind };
    struct hsm_key key = { 0 };

    TRY(value_new(kind, &session->hsm->entropy, &slot.value));
    struct err err = slot_put(session, &slot, &key);
    if (err.code != 0) {
        secret_close(&slot.value);
        return err;
    }
    err = hsm_wrap(session, under, key, blob, n);
    if (err.code != 0) {
        hsm_forget(session, key);
        return err;
    }
    *out = key;
    return OK;
}

RESULT hsm_unwrap(struct hsm_session *session, struct hsm_key under, enum key_kind kind,
                  struct bytes blob, struct hsm_key *out)
{
    const struct hsm_slot *kek = slot_of(session, under);
    struct hsm_slot slot = { .kind = kind };

    REQUIRE(kek->index != 0 && kek->kind == KEY_AES256, HSM_UNSUPPORTED);
    REQUIRE(blob.n == key_kind_bytes(kind) + 8, HSM_BAD_BLOB);
    TRY(secret_open(&slot.value, blob.n - 8));
    struct err err = session->hsm->back->unwrap(session, kek, blob, slot.value.p);
    if (err.code == 0) err = slot_put(session, &slot, out);
    if (err.code != 0) secret_close(&slot.value);
    return err;
}

RESULT hsm_reveal(struct hsm_session *session, struct hsm_key key, struct secret *out)
{
    const struct hsm_slot *slot = slot_of(session, key);

    REQUIRE(slot->index == 0, HSM_NOT_WRAPPABLE);
    return secret_copy(out, secret_bytes(&slot->value));
}

/* ---- work ---- */

static RESULT crypt_with(struct hsm_session *session, struct hsm_key key, bool encrypt,
                         struct bytes in, uint8_t *out)
{
    const struct hsm_slot *slot = slot_of(session, key);

    if (slot->index != 0) return session->hsm->back->crypt(session, slot, encrypt, in, out);
    return value_crypt(slot->kind, secret_bytes(&slot->value), encrypt, in, out);
}

RESULT hsm_encrypt(struct hsm_session *session, struct hsm_key key, struct bytes in, uint8_t *out)
{
    return crypt_with(session, key, true, in, out);
}

RESULT hsm_decrypt(struct hsm_session *session, struct hsm_key key, struct bytes in, uint8_t *out)
{
    return crypt_with(session, key, false, in, out);
}

RESULT hsm_mac(struct hsm_session *session, struct hsm_key key, struct bytes in, uint8_t out[32],
               size_t *n)
{
    const struct hsm_slot *slot = slot_of(session, key);

    if (slot->index != 0) return session->hsm->back->mac(session, slot, in, out, n);
    return value_mac(slot->kind, secret_bytes(&slot->value), in, out, n);
}

RESULT hsm_sign(struct hsm_session *session, struct hsm_key key, struct bytes message,
                uint8_t signature[SIGNATURE_BYTES])
{
    const struct hsm_slot *slot = slot_of(session, key);

    if (slot->index != 0) return session->hsm->back->sign(session, slot, message, signature);
    return value_sign(slot->kind, secret_bytes(&slot->value), message, signature);
}

RESULT hsm_public_key(struct hsm_session *session, struct hsm_key key,
                      uint8_t public_key[POINT_SHORT])
{
    const struct hsm_slot *slot = slot_of(session, key);

    if (slot->index != 0) return session->hsm->back->public_key(session, slot, public_key);
    return value_public_key(slot->kind, secret_bytes(&slot->value), public_key);
}

RESULT hsm_check_value(struct hsm_session *session, struct hsm_key key,
                       uint8_t out[CHECK_VALUE_BYTES])
{
    const struct hsm_slot *slot = slot_of(session, key);
    uint8_t made[POINT_SHORT] = { 0 };
    size_t n;

    if (kind_signs(slot->kind)) {
        uint8_t public_key[POINT_SHORT];
        TRY(hsm_public_key(session, key, public_key));
        TRY(key_id(suite_of(slot->kind), bytes_of(public_key, sizeof public_key), made));
    } else if (slot->kind == KEY_HMAC) {
        TRY(hsm_mac(session, key, bytes_of("", 0), made, &n));
    } else {
        const uint8_t zeros[16] = { 0 };
        size_t block = slot->kind == KEY_TDES ? DES_BLOCK_BYTES : sizeof zeros;
        TRY(hsm_encrypt(session, key, bytes_of(zeros, block), made));
    }
    memcpy(out, made, CHECK_VALUE_BYTES);
    return OK;
}
