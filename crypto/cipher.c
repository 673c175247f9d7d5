/* crypto/cipher.c - SM4, AES, DES and 3DES, and CMAC over SM4. */
#include "crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/evp.h"

/* One pass of a cipher of the thread's context. False on wrong padding or a wrapped key that does
 * not unwrap; anything else that fails is the library's. */
static bool pass(const EVP_CIPHER *cipher, bool encrypt, bool pad, const uint8_t *key,
                 const uint8_t *iv, struct bytes in, uint8_t *out, size_t *n)
{
    EVP_CIPHER_CTX *ctx = evp_thread()->cipher;
    int first = 0, last = 0;
    bool ok;

    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1, "cipher");
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    evp_must(EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL) == 1, "cipher");
    evp_must(EVP_CIPHER_CTX_set_padding(ctx, pad) == 1, "cipher");
    ok =
        EVP_CipherUpdate(ctx, out, &first, in.n ? in.p : (const uint8_t *)"", evp_len(in.n)) == 1 &&
        EVP_CipherFinal_ex(ctx, out + first, &last) == 1;
    if (!ok) evp_forget_errors();
    if (ok && n) *n = (size_t)(first + last);
    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1, "cipher"); /* wipes the key schedule */
    return ok;
}

static RESULT blocks(const EVP_CIPHER *cipher, bool encrypt, const uint8_t *key, const uint8_t *iv,
                     size_t block, struct bytes in, uint8_t *out)
{
    REQUIRE(in.n % block == 0, CRYPTO_BAD_CIPHERTEXT);
    if (in.n == 0) return OK;
    evp_must(pass(cipher, encrypt, false, key, iv, in, out, NULL), "cipher");
    return OK;
}

RESULT sm4_ecb_encrypt(struct bytes key, struct bytes in, uint8_t *out)
{
    assert(key.n == SM4_KEY_BYTES);
    return blocks(evp()->sm4_ecb, true, key.p, NULL, SM4_BLOCK_BYTES, in, out);
}

RESULT sm4_ecb_decrypt(struct bytes key, struct bytes in, uint8_t *out)
{
    assert(key.n == SM4_KEY_BYTES);
    return blocks(evp()->sm4_ecb, false, key.p, NULL, SM4_BLOCK_BYTES, in, out);
}

RESULT sm4_cbc_encrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out)
{
    assert(key.n == SM4_KEY_BYTES);
    return blocks(evp()->sm4_cbc, true, key.p, iv, SM4_BLOCK_BYTES, in, out);
}

RESULT sm4_cbc_decrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out)
{
    assert(key.n == SM4_KEY_BYTES);
    return blocks(evp()->sm4_cbc, false, key.p, iv, SM4_BLOCK_BYTES, in, out);
}

RESULT sm4_cbc_pad_encrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out,
                           size_t *n)
{
    assert(key.n == SM4_KEY_BYTES);
    evp_must(pass(evp()->sm4_cbc, true, true, key.p, iv, in, out, n), "cipher");
    return OK;
}

RESULT sm4_cbc_pad_decrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out,
                           size_t *n)
{
    assert(key.n == SM4_KEY_BYTES);
    REQUIRE(in.n > 0 && in.n % SM4_BLOCK_BYTES == 0, CRYPTO_BAD_CIPHERTEXT);
    REQUIRE(pass(evp()->sm4_cbc, false, true, key.p, iv, in, out, n), CRYPTO_BAD_CIPHERTEXT);
    return OK;
}

void sm4_ctr(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out)
{
    assert(key.n == SM4_KEY_BYTES);
    if (in.n == 0) return;
    evp_must(pass(evp()->sm4_ctr, true, false, key.p, iv, in, out, NULL), "SM4-CTR");
}

void sm4_cmac(struct bytes key, const struct bytes *parts, size_t n, uint8_t out[16])
{
    char name[] = "SM4-CBC";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
                            OSSL_PARAM_construct_end() };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(evp()->cmac);
    size_t made;

    assert(key.n == SM4_KEY_BYTES);
    evp_must(ctx && EVP_MAC_init(ctx, key.p, key.n, params) == 1, "CMAC");
    for (size_t i = 0; i < n; i++) {
        evp_must(EVP_MAC_update(ctx, parts[i].p, parts[i].n) == 1, "CMAC");
    }
    evp_must(EVP_MAC_final(ctx, out, &made, 16) == 1 && made == 16, "CMAC");
    EVP_MAC_CTX_free(ctx);
}

static const EVP_CIPHER *gcm_of(struct bytes key)
{
    assert(key.n == 16 || key.n == 32);
    return key.n == 16 ? evp()->aes128_gcm : evp()->aes256_gcm;
}

void aes_gcm_seal(struct bytes key, const uint8_t iv[12], struct bytes aad, struct bytes in,
                  uint8_t *out, uint8_t tag[16])
{
    EVP_CIPHER_CTX *ctx = evp_thread()->cipher;
    int n;
    uint8_t none[16];

    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1, "AES-GCM");
    evp_must(EVP_EncryptInit_ex2(ctx, gcm_of(key), key.p, iv, NULL) == 1, "AES-GCM");
    if (aad.n) evp_must(EVP_EncryptUpdate(ctx, NULL, &n, aad.p, evp_len(aad.n)) == 1, "AES-GCM");
    if (in.n) evp_must(EVP_EncryptUpdate(ctx, out, &n, in.p, evp_len(in.n)) == 1, "AES-GCM");
    evp_must(EVP_EncryptFinal_ex(ctx, none, &n) == 1, "AES-GCM");
    evp_must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1, "AES-GCM");
    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1, "AES-GCM");
}

RESULT aes_gcm_open(struct bytes key, const uint8_t iv[12], struct bytes aad, struct bytes in,
                    const uint8_t tag[16], uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = evp_thread()->cipher;
    uint8_t want[16], none[16];
    int n;
    bool same;

    memcpy(want, tag, sizeof want);
    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1, "AES-GCM");
    evp_must(EVP_DecryptInit_ex2(ctx, gcm_of(key), key.p, iv, NULL) == 1, "AES-GCM");
    if (aad.n) evp_must(EVP_DecryptUpdate(ctx, NULL, &n, aad.p, evp_len(aad.n)) == 1, "AES-GCM");
    if (in.n) evp_must(EVP_DecryptUpdate(ctx, out, &n, in.p, evp_len(in.n)) == 1, "AES-GCM");
    evp_must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, want) == 1, "AES-GCM");
    same = EVP_DecryptFinal_ex(ctx, none, &n) == 1;
    evp_must(EVP_CIPHER_CTX_reset(ctx) == 1, "AES-GCM");
    if (same) return OK;
    evp_forget_errors();
    secret_wipe(out, in.n);
    REFUSE(CRYPTO_BAD_CIPHERTEXT);
}

static const EVP_CIPHER *wrap_of(struct bytes key)
{
    assert(key.n == 16 || key.n == 32);
    return key.n == 16 ? evp()->aes128_wrap : evp()->aes256_wrap;
}

RESULT aes_wrap(struct bytes key, struct bytes in, uint8_t *out)
{
    REQUIRE(in.n >= 16 && in.n % 8 == 0, CRYPTO_BAD_KEY);
    evp_must(pass(wrap_of(key), true, false, key.p, NULL, in, out, NULL), "AES wrap");
    return OK;
}

RESULT aes_unwrap(struct bytes key, struct bytes in, uint8_t *out)
{
    REQUIRE(in.n >= 24 && in.n % 8 == 0, CRYPTO_BAD_CIPHERTEXT);
    if (pass(wrap_of(key), false, false, key.p, NULL, in, out, NULL)) return OK;
    secret_wipe(out, in.n - 8);
    REFUSE(CRYPTO_BAD_CIPHERTEXT);
}

/* K -> K K K (single DES), K1 K2 -> K1 K2 K1, three keys as they are. */
static RESULT tdes(const EVP_CIPHER *cipher, bool encrypt, struct bytes key, const uint8_t *iv,
                   struct bytes in, uint8_t *out)
{
    uint8_t three[24];
    struct err err;

    assert(key.n == 8 || key.n == 16 || key.n == 24);
    for (size_t i = 0; i < sizeof three; i++) {
        three[i] = key.p[i % key.n];
    }
    err = blocks(cipher, encrypt, three, iv, DES_BLOCK_BYTES, in, out);
    secret_wipe(three, sizeof three);
    return err;
}

RESULT tdes_ecb_encrypt(struct bytes key, struct bytes in, uint8_t *out)
{
    return tdes(evp()->tdes_ecb, true, key, NULL, in, out);
}

RESULT tdes_ecb_decrypt(struct bytes key, struct bytes in, uint8_t *out)
{
    return tdes(evp()->tdes_ecb, false, key, NULL, in, out);
}

RESULT tdes_cbc_encrypt(struct bytes key, const uint8_t iv[8], struct bytes in, uint8_t *out)
{
    return tdes(evp()->tdes_cbc, true, key, iv, in, out);
}

RESULT tdes_cbc_decrypt(struct bytes key, const uint8_t iv[8], struct bytes in, uint8_t *out)
{
    return tdes(evp()->tdes_cbc, false, key, iv, in, out);
}
