/* crypto/crypto.h - the primitives, in our own words. The only module that knows OpenSSL and
 * libsodium; other modules see bytes. Suites stand side by side: SM2/SM3/SM4 (GB/T 32918, 32905,
 * 32907) and P-256/SHA-256/AES (FIPS 186-4, 180-4, 197).
 *
 * Calls are thread-safe. Hashes and MACs have no way to fail but a broken library, which stops the
 * process: a wrong digest is never returned. Secret operands are handled in constant time as far as
 * OpenSSL 3.0 does. Our keys are 16 (SM4), 32 (scalars) bytes; raw everywhere, no PEM, no DER. */
#pragma once
#include "base/base.h"

#include "crypto/secret.h"

/* On the wire and in rows: never renumber. */
enum suite {
    SUITE_SM2 = 1,  /* SM2 with SM3, SM4 */
    SUITE_P256 = 2, /* ECDSA P-256 with SHA-256, AES */
};

enum crypto_refusal {
    CRYPTO_BAD_SIGNATURE = 1500,  /* r or s out of 1..n-1, or not over this message by this key */
    CRYPTO_BAD_PUBLIC_KEY = 1501, /* not 33 or 65 bytes of a point on the curve, or infinity */
    CRYPTO_BAD_CIPHERTEXT = 1502, /* wrong length, padding, tag or point */
    CRYPTO_BAD_KEY = 1503,        /* wrong length, or a scalar outside the curve's range */
    CRYPTO_WRONG_PASSWORD = 1504, /* the password does not give this hash */
    CRYPTO_BAD_HASH_TEXT = 1505,  /* not a password hash made by password_hash */
};

/* ---- hashes: GB/T 32905 (SM3), FIPS 180-4 (SHA-256) ---- */
enum { HASH_BYTES = 32 };
void sm3(struct bytes in, uint8_t out[HASH_BYTES]);
void sm3_parts(const struct bytes *parts, size_t n, uint8_t out[HASH_BYTES]); /* concatenated */
void sha256(struct bytes in, uint8_t out[HASH_BYTES]);
void sha1(struct bytes in, uint8_t out[20]); /* for old formats only (TOTP, RFC 6238) */
/* Over pieces that come one by one (files, backups). */
enum hash_kind { HASH_SM3 = 1, HASH_SHA256 = 2 };
struct hash {
    void *state;
};
void hash_open(struct hash *hash, enum hash_kind kind);
void hash_add(struct hash *hash, struct bytes in);
void hash_end(struct hash *hash, uint8_t out[HASH_BYTES]); /* also closes */
void hash_close(struct hash *hash);                        /* when the end is not wanted */

/* ---- MACs ---- */
void hmac_sm3(struct bytes key, struct bytes in, uint8_t out[HASH_BYTES]);
void hmac_sm3_parts(struct bytes key, const struct bytes *parts, size_t n, uint8_t out[HASH_BYTES]);
void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[HASH_BYTES]);
void hmac_sha256_parts(struct bytes key, const struct bytes *parts, size_t n,
                       uint8_t out[HASH_BYTES]);
/* CMAC (NIST SP 800-38B, GB/T 15852.1) with SM4; key 16 bytes (asserted). */
void sm4_cmac(struct bytes key, const struct bytes *parts, size_t n, uint8_t out[16]);

/* ---- block ciphers. `out` has room for in.n bytes (CBC with padding: in.n / 16 * 16 + 16). `out`
 * may be in.p. Keys of wrong length and IVs are the caller's promise (asserted). ---- */
enum { SM4_KEY_BYTES = 16, SM4_BLOCK_BYTES = 16, DES_BLOCK_BYTES = 8 };
/* ECB and CBC without padding: in.n a multiple of the block, else CRYPTO_BAD_CIPHERTEXT. */
RESULT sm4_ecb_encrypt(struct bytes key, struct bytes in, uint8_t *out);
RESULT sm4_ecb_decrypt(struct bytes key, struct bytes in, uint8_t *out);
RESULT sm4_cbc_encrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out);
RESULT sm4_cbc_decrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out);
/* With PKCS#7 padding; *n the length written. A wrong padding is CRYPTO_BAD_CIPHERTEXT: never tell
 * a stranger which of the reasons it was, and MAC first (padding oracles). */
RESULT sm4_cbc_pad_encrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out,
                           size_t *n);
RESULT sm4_cbc_pad_decrypt(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out,
                           size_t *n);
/* CTR both ways; the whole IV is the big-endian counter. Any length. */
void sm4_ctr(struct bytes key, const uint8_t iv[16], struct bytes in, uint8_t *out);
/* AES-GCM: key 16 or 32 bytes, tag 16; open refuses CRYPTO_BAD_CIPHERTEXT and then leaves zeros. */
void aes_gcm_seal(struct bytes key, const uint8_t iv[12], struct bytes aad, struct bytes in,
                  uint8_t *out, uint8_t tag[16]);
RESULT aes_gcm_open(struct bytes key, const uint8_t iv[12], struct bytes aad, struct bytes in,
                    const uint8_t tag[16], uint8_t *out);
/* AES key wrap (RFC 3394): key 16 or 32 bytes, in.n a multiple of 8, at least 16; writes in.n + 8.
 * Unwrap writes in.n - 8 and refuses CRYPTO_BAD_CIPHERTEXT. */
RESULT aes_wrap(struct bytes key, struct bytes in, uint8_t *out);
RESULT aes_unwrap(struct bytes key, struct bytes in, uint8_t *out);
/* DES and 3DES for old purses (JR/T 0025): key 8 (single DES, done as 3DES with equal keys, since
 * OpenSSL 3 keeps DES in its legacy provider), 16 or 24 bytes. Parity bits are ignored. */
RESULT tdes_ecb_encrypt(struct bytes key, struct bytes in, uint8_t *out);
RESULT tdes_ecb_decrypt(struct bytes key, struct bytes in, uint8_t *out);
RESULT tdes_cbc_encrypt(struct bytes key, const uint8_t iv[8], struct bytes in, uint8_t *out);
RESULT tdes_cbc_decrypt(struct bytes key, const uint8_t iv[8], struct bytes in, uint8_t *out);

/* ---- signatures. Raw r || s, 64 bytes, big-endian. Public keys: 33 (02/03 || x) or 65 bytes (04
 * || x || y). SM2 signs SM3(ZA || message) with the signer's id; where no id is given it is
 * SM2_DEFAULT_ID (GM/T 0009). P-256 signs SHA-256(message). A high s is accepted (browsers make
 * them, and no record is named by its signature); r and s outside 1..n-1 never are. ---- */
enum { SIGNATURE_BYTES = 64, SCALAR_BYTES = 32, POINT_SHORT = 33, POINT_LONG = 65 };
#define SM2_DEFAULT_ID S("1234567812345678")

/* A prepared public key: decoded and checked once, then shared by any number of threads. */
struct verify_key;
RESULT verify_key_open(enum suite suite, struct bytes public_key, struct verify_key **out);
RESULT verify_key_open_id(struct bytes public_key, struct str sm2_id, struct verify_key **out);
void verify_key_close(struct verify_key *key); /* NULL is left alone */
RESULT verify_key_check(const struct verify_key *key, struct bytes message,
                        const uint8_t signature[SIGNATURE_BYTES]);

/* A private key, usable by any number of threads. The scalar is a secret of the caller's. */
struct sign_key;
RESULT sign_key_open(enum suite suite, struct bytes scalar, struct sign_key **out);
void sign_key_close(struct sign_key *key);
RESULT sign_key_sign(const struct sign_key *key, struct bytes message,
                     uint8_t signature[SIGNATURE_BYTES]);

/* One-off forms. Private keys: 32 bytes. */
RESULT sm2_sign(struct bytes scalar, struct bytes message, uint8_t signature[SIGNATURE_BYTES]);
RESULT sm2_verify(struct bytes public_key, struct bytes message, struct bytes signature);
RESULT sm2_verify_id(struct bytes public_key, struct str id, struct bytes message,
                     struct bytes signature);
RESULT p256_sign(struct bytes scalar, struct bytes message, uint8_t signature[SIGNATURE_BYTES]);
RESULT p256_verify(struct bytes public_key, struct bytes message, struct bytes signature);

/* A new pair: the scalar drawn from `entropy` by rejection, so a seeded stream repeats the key. */
RESULT key_pair_new(enum suite suite, const struct entropy *entropy, uint8_t scalar[SCALAR_BYTES],
                    uint8_t public_key[POINT_SHORT]);
RESULT public_key_of(enum suite suite, struct bytes scalar, uint8_t public_key[POINT_SHORT]);
/* Between the two forms; both refuse CRYPTO_BAD_PUBLIC_KEY. */
RESULT point_long(enum suite suite, struct bytes point, uint8_t out[POINT_LONG]);
RESULT point_short(enum suite suite, struct bytes point, uint8_t out[POINT_SHORT]);
/* ZA of GB/T 32918.2 section 5.5 for a public key and an id of at most 8191 bytes. */
RESULT sm2_za(struct bytes public_key, struct str id, uint8_t out[HASH_BYTES]);
/* Name of a public key: first 8 bytes of SM3(suite byte || compressed point). */
enum { KID_BYTES = 8 };
RESULT key_id(enum suite suite, struct bytes public_key, uint8_t kid[KID_BYTES]);

/* SM2 encryption (GB/T 32918.4): raw C1 || C3 || C2, C1 = 65 bytes with 04, C3 = 32. in.n in
 * 1..SM2_PLAIN_MAX. Encrypt writes in.n + SM2_CIPHER_MORE bytes, decrypt that much less. */
enum { SM2_CIPHER_MORE = 97, SM2_PLAIN_MAX = 4096 };
RESULT sm2_encrypt(struct bytes public_key, struct bytes in, uint8_t *out);
RESULT sm2_decrypt(struct bytes scalar, struct bytes in, uint8_t *out);
/* The same ciphertext between raw and DER (GM/T 0009), and signatures between r || s and DER. Out
 * has room for `size`; refuse CRYPTO_BAD_CIPHERTEXT or CRYPTO_BAD_SIGNATURE. */
RESULT sm2_cipher_to_der(struct bytes raw, uint8_t *out, size_t size, size_t *n);
RESULT sm2_cipher_from_der(struct bytes der, uint8_t *out, size_t size, size_t *n);
RESULT signature_to_der(const uint8_t signature[SIGNATURE_BYTES], uint8_t *out, size_t size,
                        size_t *n);
RESULT signature_from_der(struct bytes der, uint8_t signature[SIGNATURE_BYTES]);

/* ---- what people remember and type ---- */
struct password_cost {
    uint32_t memory_kib, passes; /* argon2id; at least 8 KiB and 1 */
};
#define PASSWORD_COST ((struct password_cost){ .memory_kib = 65536, .passes = 2 })
#define PASSWORD_COST_TEST ((struct password_cost){ .memory_kib = 64, .passes = 1 })
enum { PASSWORD_HASH_MAX = 128 }; /* with the NUL */
/* argon2id (RFC 9106) as "$argon2id$v=19$m=…"; at most two run at a time in a process, others
 * wait. Faults FAULT_MEMORY. */
RESULT password_hash(struct bytes password, struct password_cost cost,
                     const struct entropy *entropy, char out[PASSWORD_HASH_MAX]);
/* Refuses CRYPTO_WRONG_PASSWORD, CRYPTO_BAD_HASH_TEXT. For a name that does not exist verify
 * against any hash of the same cost, so that time does not tell. */
RESULT password_verify(struct str hash, struct bytes password);
/* A key from a passphrase, argon2id with `cost`; out.n chosen by the caller (16..64). */
RESULT password_key(struct bytes passphrase, const uint8_t salt[16], struct password_cost cost,
                    struct secret *out);

/* TOTP (RFC 6238): HMAC-SHA-1, 30 s, 6 digits. `*step` is the step that matched, written only when
 * true: the caller keeps the last one used and refuses a step not above it. window: steps tried on
 * each side of `at` (0..4). Compared in constant time. */
enum { TOTP_SECRET_BYTES = 20, TOTP_DIGITS = 6 };
void totp_code(struct bytes secret, int64_t step, char out[TOTP_DIGITS]);
int64_t totp_step(struct instant at);
bool totp_verify(struct bytes secret, struct str code, struct instant at, int window,
                 int64_t *step);
/* Base32 of RFC 4648 without padding, for otpauth URLs. base32_parse takes either case; false on
 * anything else or when it does not fit. */
void put_base32(struct writer *w, struct bytes bytes);
bool base32_parse(struct str text, uint8_t *out, size_t size, size_t *n);
