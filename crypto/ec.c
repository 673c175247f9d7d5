/* crypto/ec.c - keys, points and signatures on SM2's curve and P-256, and SM2 encryption. */
#include "crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/evp.h"

enum { SM2_ID_MAX = 8191, DER_SIGNATURE_MAX = 80 };

struct verify_key {
    EVP_PKEY *pkey;
    enum suite suite;
    uint8_t za[HASH_BYTES]; /* SM2 only */
};
struct sign_key {
    struct verify_key public;
};

static struct {
    EC_GROUP *group;
    BIGNUM *top; /* private keys lie in 1..top: n - 2 for SM2 (GB/T 32918.1 6.1), n - 1 for P-256 */
} curves[SUITE_P256 + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void curves_open(void)
{
    const int nids[] = { [SUITE_SM2] = NID_sm2, [SUITE_P256] = NID_X9_62_prime256v1 };

    (void)evp();
    for (int suite = SUITE_SM2; suite <= SUITE_P256; suite++) {
        EC_GROUP *group = EC_GROUP_new_by_curve_name(nids[suite]);
        BIGNUM *top = group ? BN_dup(EC_GROUP_get0_order(group)) : NULL;
        evp_must(top && BN_sub_word(top, suite == SUITE_SM2 ? 2 : 1) == 1, "curve");
        curves[suite].group = group;
        curves[suite].top = top;
    }
}

static const EC_GROUP *group_of(enum suite suite)
{
    assert(suite == SUITE_SM2 || suite == SUITE_P256);
    evp_must(pthread_once(&once, curves_open) == 0, "pthread_once");
    return curves[suite].group;
}

static RESULT point_convert(enum suite suite, struct bytes point, point_conversion_form_t form,
                            uint8_t *out, size_t size)
{
    const EC_GROUP *group = group_of(suite);
    EC_POINT *p;
    bool ok;

    /* the first byte is looked at here: OpenSSL would take the hybrid forms 06 and 07 too */
    REQUIRE((point.n == POINT_SHORT && (point.p[0] == 2 || point.p[0] == 3)) ||
                (point.n == POINT_LONG && point.p[0] == 4),
            CRYPTO_BAD_PUBLIC_KEY);
    p = EC_POINT_new(group);
    evp_must(p != NULL, "point");
    ok = EC_POINT_oct2point(group, p, point.p, point.n, NULL) == 1 &&
         !EC_POINT_is_at_infinity(group, p) &&
         EC_POINT_point2oct(group, p, form, out, size, NULL) == size;
    EC_POINT_free(p);
    if (ok) return OK;
    evp_forget_errors();
    REFUSE(CRYPTO_BAD_PUBLIC_KEY);
}

RESULT point_long(enum suite suite, struct bytes point, uint8_t out[POINT_LONG])
{
    return point_convert(suite, point, POINT_CONVERSION_UNCOMPRESSED, out, POINT_LONG);
}

RESULT point_short(enum suite suite, struct bytes point, uint8_t out[POINT_SHORT])
{
    return point_convert(suite, point, POINT_CONVERSION_COMPRESSED, out, POINT_SHORT);
}

/* NULL when the scalar is not one. Wiped by BN_clear_free. */
static BIGNUM *scalar_number(enum suite suite, struct bytes scalar)
{
    BIGNUM *d;

    (void)group_of(suite);
    if (scalar.n != SCALAR_BYTES) return NULL;
    d = BN_bin2bn(scalar.p, SCALAR_BYTES, NULL);
    evp_must(d != NULL, "scalar");
    BN_set_flags(d, BN_FLG_CONSTTIME);
    if (!BN_is_zero(d) && BN_cmp(d, curves[suite].top) <= 0) return d;
    BN_clear_free(d);
    return NULL;
}

static void generator_times(enum suite suite, const BIGNUM *d, point_conversion_form_t form,
                            uint8_t *out, size_t size)
{
    const EC_GROUP *group = group_of(suite);
    EC_POINT *p = EC_POINT_new(group);

    evp_must(p && EC_POINT_mul(group, p, d, NULL, NULL, NULL) == 1, "point");
    evp_must(EC_POINT_point2oct(group, p, form, out, size, NULL) == size, "point");
    EC_POINT_clear_free(p);
}

RESULT public_key_of(enum suite suite, struct bytes scalar, uint8_t public_key[POINT_SHORT])
{
    BIGNUM *d = scalar_number(suite, scalar);

    REQUIRE(d != NULL, CRYPTO_BAD_KEY);
    generator_times(suite, d, POINT_CONVERSION_COMPRESSED, public_key, POINT_SHORT);
    BN_clear_free(d);
    return OK;
}

RESULT key_pair_new(enum suite suite, const struct entropy *entropy, uint8_t scalar[SCALAR_BYTES],
                    uint8_t public_key[POINT_SHORT])
{
    /* one draw in 2^32 is out of range; a stream that never gives one in range is no entropy */
    for (int tries = 0; tries < 8; tries++) {
        entropy->fill(entropy->arg, scalar, SCALAR_BYTES);
        struct err err = public_key_of(suite, bytes_of(scalar, SCALAR_BYTES), public_key);
        if (err.code != CRYPTO_BAD_KEY) return err;
    }
    secret_wipe(scalar, SCALAR_BYTES);
    return fault(FAULT_CRYPTO, "the entropy source gives no usable scalar");
}

static void put_number32(const BIGNUM *n, struct writer *w)
{
    uint8_t bytes[32];

    evp_must(BN_bn2binpad(n, bytes, sizeof bytes) == (int)sizeof bytes, "number");
    put_bytes(w, bytes_of(bytes, sizeof bytes));
}

RESULT sm2_za(struct bytes public_key, struct str id, uint8_t out[HASH_BYTES])
{
    const EC_GROUP *group = group_of(SUITE_SM2);
    uint8_t head[2], curve[128], point[POINT_LONG];
    struct writer w = writer_over(head, sizeof head);
    BIGNUM *a = BN_new(), *b = BN_new(), *x = BN_new(), *y = BN_new();

    assert(id.n <= SM2_ID_MAX);
    put_be16(&w, (uint16_t)(id.n * 8));
    w = writer_over(curve, sizeof curve);
    evp_must(
        a && b && x && y && EC_GROUP_get_curve(group, NULL, a, b, NULL) == 1 &&
            EC_POINT_get_affine_coordinates(group, EC_GROUP_get0_generator(group), x, y, NULL) == 1,
        "curve");
    put_number32(a, &w);
    put_number32(b, &w);
    put_number32(x, &w);
    put_number32(y, &w);
    BN_free(a);
    BN_free(b);
    BN_free(x);
    BN_free(y);
    TRY(point_long(SUITE_SM2, public_key, point));
    const struct bytes parts[] = { bytes_of(head, sizeof head), str_bytes(id),
                                   bytes_of(curve, sizeof curve),
                                   bytes_of(point + 1, sizeof point - 1) };
    sm3_parts(parts, LEN(parts), out);
    return OK;
}

RESULT key_id(enum suite suite, struct bytes public_key, uint8_t kid[KID_BYTES])
{
    uint8_t point[1 + POINT_SHORT] = { (uint8_t)suite }, digest[HASH_BYTES];

    TRY(point_short(suite, public_key, point + 1));
    sm3(bytes_of(point, sizeof point), digest);
    memcpy(kid, digest, KID_BYTES);
    return OK;
}

/* ---- keys as OpenSSL holds them. `d` is NULL for a public key. ---- */

static EVP_PKEY *pkey_new(enum suite suite, const uint8_t point[POINT_LONG], const BIGNUM *d)
{
    char sm2[] = "SM2", p256[] = "P-256";
    uint8_t pub[POINT_LONG], native[SCALAR_BYTES];
    OSSL_PARAM params[4];
    int n = 0;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, suite == SUITE_SM2 ? "SM2" : "EC", NULL);

    memcpy(pub, point, sizeof pub);
    params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                   suite == SUITE_SM2 ? sm2 : p256, 0);
    params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, sizeof pub);
    if (d) {
        evp_must(BN_bn2nativepad(d, native, sizeof native) == (int)sizeof native, "key");
        params[n++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native);
    }
    params[n] = OSSL_PARAM_construct_end();
    evp_must(
        ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
            EVP_PKEY_fromdata(ctx, &pkey, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) == 1,
        "key");
    EVP_PKEY_CTX_free(ctx);
    if (d) secret_wipe(native, sizeof native);
    return pkey;
}

static RESULT verify_key_new(enum suite suite, struct bytes public_key, struct str id,
                             struct verify_key **out)
{
    uint8_t point[POINT_LONG], za[HASH_BYTES] = { 0 };
    struct verify_key *key;

    REQUIRE(suite == SUITE_SM2 || suite == SUITE_P256, CRYPTO_BAD_PUBLIC_KEY);
    TRY(point_long(suite, public_key, point));
    if (suite == SUITE_SM2) TRY(sm2_za(public_key, id, za));
    key = calloc(1, sizeof *key);
    if (!key) return fault(FAULT_MEMORY, "a public key");
    key->suite = suite;
    memcpy(key->za, za, sizeof za);
    key->pkey = pkey_new(suite, point, NULL);
    *out = key;
    return OK;
}

RESULT verify_key_open(enum suite suite, struct bytes public_key, struct verify_key **out)
{
    return verify_key_new(suite, public_key, SM2_DEFAULT_ID, out);
}

RESULT verify_key_open_id(struct bytes public_key, struct str sm2_id, struct verify_key **out)
{
    return verify_key_new(SUITE_SM2, public_key, sm2_id, out);
}

void verify_key_close(struct verify_key *key)
{
    if (!key) return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

/* What the curve signs: e. ZA comes in front by our own hand, so OpenSSL's habit of signing over an
 * empty id when none was set can't reach us. */
static void digest_of(const struct verify_key *key, struct bytes message, uint8_t e[HASH_BYTES])
{
    if (key->suite == SUITE_P256) {
        sha256(message, e);
        return;
    }
    const struct bytes parts[] = { bytes_of(key->za, sizeof key->za), message };
    sm3_parts(parts, LEN(parts), e);
}

RESULT verify_key_check(const struct verify_key *key, struct bytes message,
                        const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t e[HASH_BYTES], der[DER_SIGNATURE_MAX];
    EVP_PKEY_CTX *ctx;
    size_t n;
    bool ok;

    digest_of(key, message, e);
    TRY(signature_to_der(signature, der, sizeof der, &n));
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    evp_must(ctx && EVP_PKEY_verify_init(ctx) == 1, "verify");
    ok = EVP_PKEY_verify(ctx, der, n, e, sizeof e) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (ok) return OK;
    evp_forget_errors();
    REFUSE(CRYPTO_BAD_SIGNATURE);
}

RESULT sign_key_open(enum suite suite, struct bytes scalar, struct sign_key **out)
{
    uint8_t point[POINT_LONG];
    struct sign_key *key;
    struct err err = OK;
    BIGNUM *d;

    REQUIRE(suite == SUITE_SM2 || suite == SUITE_P256, CRYPTO_BAD_KEY);
    d = scalar_number(suite, scalar);
    REQUIRE(d != NULL, CRYPTO_BAD_KEY);
    generator_times(suite, d, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point);
    key = calloc(1, sizeof *key);
    if (key) {
        key->public.suite = suite;
        if (suite == SUITE_SM2)
            err = sm2_za(bytes_of(point, sizeof point), SM2_DEFAULT_ID, key->public.za);
        key->public.pkey = pkey_new(suite, point, d);
    }
    BN_clear_free(d);
    if (!key) return fault(FAULT_MEMORY, "a private key");
    if (err.code != 0) {
        sign_key_close(key);
        return err;
    }
    *out = key;
    return OK;
}

void sign_key_close(struct sign_key *key)
{
    if (!key) return;
    EVP_PKEY_free(key->public.pkey); /* OpenSSL clears the private number */
    free(key);
}

RESULT sign_key_sign(const struct sign_key *key, struct bytes message,
                     uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t e[HASH_BYTES], der[DER_SIGNATURE_MAX];
    size_t n = sizeof der;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->public.pkey, NULL);
    bool ok;

    digest_of(&key->public, message, e);
    ok = ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &n, e, sizeof e) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!ok) return evp_fault("sign");
    return signature_from_der(bytes_of(der, n), signature);
}

/* ---- one-off forms ---- */

static RESULT sign_once(enum suite suite, struct bytes scalar, struct bytes message,
                        uint8_t signature[SIGNATURE_BYTES])
{
    struct sign_key *key;
    struct err err;

    TRY(sign_key_open(suite, scalar, &key));
    err = sign_key_sign(key, message, signature);
    sign_key_close(key);
    return err;
}

static RESULT verify_once(enum suite suite, struct bytes public_key, struct str id,
                          struct bytes message, struct bytes signature)
{
    struct verify_key *key;
    struct err err;

    TRY(verify_key_new(suite, public_key, id, &key));
    err = signature.n == SIGNATURE_BYTES ? verify_key_check(key, message, signature.p)
                                         : (struct err){ .code = CRYPTO_BAD_SIGNATURE };
    verify_key_close(key);
    return err;
}

RESULT sm2_sign(struct bytes scalar, struct bytes message, uint8_t signature[SIGNATURE_BYTES])
{
    return sign_once(SUITE_SM2, scalar, message, signature);
}

RESULT sm2_verify(struct bytes public_key, struct bytes message, struct bytes signature)
{
    return verify_once(SUITE_SM2, public_key, SM2_DEFAULT_ID, message, signature);
}

RESULT sm2_verify_id(struct bytes public_key, struct str id, struct bytes message,
                     struct bytes signature)
{
    return verify_once(SUITE_SM2, public_key, id, message, signature);
}

RESULT p256_sign(struct bytes scalar, struct bytes message, uint8_t signature[SIGNATURE_BYTES])
{
    return sign_once(SUITE_P256, scalar, message, signature);
}

RESULT p256_verify(struct bytes public_key, struct bytes message, struct bytes signature)
{
    return verify_once(SUITE_P256, public_key, SM2_DEFAULT_ID, message, signature);
}

/* ---- SM2 encryption ---- */

enum { DER_CIPHER_MAX = SM2_PLAIN_MAX + SM2_CIPHER_MORE + 32 };

RESULT sm2_encrypt(struct bytes public_key, struct bytes in, uint8_t *out)
{
    uint8_t point[POINT_LONG], der[DER_CIPHER_MAX];
    size_t n = sizeof der, made;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *ctx;
    bool ok;

    assert(in.n >= 1);
    assert(in.n <= SM2_PLAIN_MAX);
    TRY(point_long(SUITE_SM2, public_key, point));
    pkey = pkey_new(SUITE_SM2, point, NULL);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    ok = ctx && EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_encrypt(ctx, der, &n, in.p, in.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    if (!ok) return evp_fault("SM2 encrypt");
    return sm2_cipher_from_der(bytes_of(der, n), out, in.n + SM2_CIPHER_MORE, &made);
}

RESULT sm2_decrypt(struct bytes scalar, struct bytes in, uint8_t *out)
{
    uint8_t point[POINT_LONG], der[DER_CIPHER_MAX], plain[DER_CIPHER_MAX];
    size_t n, made = sizeof plain;
    BIGNUM *d;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *ctx;
    bool ok;

    TRY(sm2_cipher_to_der(in, der, sizeof der, &n));
    /* a C1 off the curve would leak the key point by point */
    REQUIRE(point_long(SUITE_SM2, bytes_of(in.p, POINT_LONG), point).code == 0,
            CRYPTO_BAD_CIPHERTEXT);
    d = scalar_number(SUITE_SM2, scalar);
    REQUIRE(d != NULL, CRYPTO_BAD_KEY);
    generator_times(SUITE_SM2, d, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point);
    pkey = pkey_new(SUITE_SM2, point, d);
    BN_clear_free(d);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    ok = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
         EVP_PKEY_decrypt(ctx, plain, &made, der, n) == 1 && made == in.n - SM2_CIPHER_MORE;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    if (ok) memcpy(out, plain, made);
    secret_wipe(plain, sizeof plain);
    evp_forget_errors();
    REQUIRE(ok, CRYPTO_BAD_CIPHERTEXT);
    return OK;
}
