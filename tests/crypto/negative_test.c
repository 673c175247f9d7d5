/* tests/crypto/negative_test.c - what must be refused, in the manner of Wycheproof: values at the
 * edges, swapped, cut, moved, and made for another key, id or message. */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "tests/test.h"

static struct prng prng;
static const char *const ORDERS[] = {
    [SUITE_SM2] = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123",
    [SUITE_P256] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
};
static const char *const FIELDS[] = {
    [SUITE_SM2] = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF",
    [SUITE_P256] = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
};

static void number(const char *hex, uint8_t out[32])
{
    CHECK("number", hex_parse(str_of(hex), out, 32));
}

/* out = a + n, or a - n for n < 0; big-endian, 32 bytes */
static void add_small(const uint8_t a[32], int n, uint8_t out[32])
{
    for (int i = 31; i >= 0; i--) {
        n += a[i];
        out[i] = (uint8_t)(n & 0xFF);
        n >>= 8;
    }
}

static void sub(const uint8_t a[32], const uint8_t b[32], uint8_t out[32])
{
    int borrow = 0;

    for (int i = 31; i >= 0; i--) {
        int d = a[i] - b[i] - borrow;
        borrow = d < 0;
        out[i] = (uint8_t)(d & 0xFF);
    }
}

static struct err verify(enum suite suite, struct bytes key, struct str message, struct bytes sig)
{
    return suite == SUITE_SM2 ? sm2_verify(key, str_bytes(message), sig)
                              : p256_verify(key, str_bytes(message), sig);
}

static void test_signatures(enum suite suite)
{
    struct entropy entropy = prng_entropy(&prng);
    uint8_t scalar[32], key[POINT_SHORT], other[POINT_SHORT], sig[64], bad[80], n[32];
    enum { R, S_, BOTH };
    struct str message = S("339 101 20211120");

    number(ORDERS[suite], n);
    CHECK_OK("key", key_pair_new(suite, &entropy, scalar, other));
    CHECK_OK("key", key_pair_new(suite, &entropy, scalar, key));
    CHECK_OK("sign", suite == SUITE_SM2 ? sm2_sign(bytes_of(scalar, 32), str_bytes(message), sig)
                                        : p256_sign(bytes_of(scalar, 32), str_bytes(message), sig));
    CHECK_OK("good", verify(suite, bytes_of(key, 33), message, bytes_of(sig, 64)));
    CHECK_CODE("another message",
               verify(suite, bytes_of(key, 33), S("339 101 20211121"), bytes_of(sig, 64)),
               CRYPTO_BAD_SIGNATURE);
    CHECK_CODE("an empty message", verify(suite, bytes_of(key, 33), S(""), bytes_of(sig, 64)),
               CRYPTO_BAD_SIGNATURE);
    CHECK_CODE("another key", verify(suite, bytes_of(other, 33), message, bytes_of(sig, 64)),
               CRYPTO_BAD_SIGNATURE);
    for (size_t cut = 0; cut < 64; cut += 21) {
        CHECK_CODE("cut short", verify(suite, bytes_of(key, 33), message, bytes_of(sig, cut)),
                   CRYPTO_BAD_SIGNATURE);
    }
    memcpy(bad, sig, 64);
    memset(bad + 64, 0, 16);
    CHECK_CODE("a byte behind it", verify(suite, bytes_of(key, 33), message, bytes_of(bad, 65)),
               CRYPTO_BAD_SIGNATURE);
    memcpy(bad, sig + 32, 32);
    memcpy(bad + 32, sig, 32);
    CHECK_CODE("r and s swapped", verify(suite, bytes_of(key, 33), message, bytes_of(bad, 64)),
               CRYPTO_BAD_SIGNATURE);
    static const struct {
        const char *title;
        bool zero;
        int more; /* than n, or than 0 */
    } edges[] = { { "0", true, 0 },
                  { "1", true, 1 },
                  { "n - 1", false, -1 },
                  { "n", false, 0 },
                  { "n + 1", false, 1 } };
    for (size_t i = 0; i < LEN(edges); i++) {
        for (int where = R; where <= BOTH; where++) {
            uint8_t edge[32] = { 0 };
            add_small(edges[i].zero ? edge : n, edges[i].more, edge);
            memcpy(bad, sig, 64);
            if (where != S_) memcpy(bad, edge, 32);
            if (where != R) memcpy(bad + 32, edge, 32);
            CHECK_CODE(edges[i].title, verify(suite, bytes_of(key, 33), message, bytes_of(bad, 64)),
                       CRYPTO_BAD_SIGNATURE);
        }
    }
    memset(bad, 0xFF, 64);
    CHECK_CODE("all ones", verify(suite, bytes_of(key, 33), message, bytes_of(bad, 64)),
               CRYPTO_BAD_SIGNATURE);
    for (int i = 0; i < 64; i += 7) {
        memcpy(bad, sig, 64);
        bad[i] ^= 0x10;
        CHECK_CODE("a bit changed", verify(suite, bytes_of(key, 33), message, bytes_of(bad, 64)),
                   CRYPTO_BAD_SIGNATURE);
    }
    memcpy(bad, sig, 64);
    sub(n, sig + 32, bad + 32);
    /* the policy of crypto.h: P-256 takes both s and n - s; SM2 has no such twin */
    CHECK_CODE("n - s", verify(suite, bytes_of(key, 33), message, bytes_of(bad, 64)),
               suite == SUITE_P256 ? 0 : CRYPTO_BAD_SIGNATURE);
}

static void test_points(enum suite suite)
{
    struct entropy entropy = prng_entropy(&prng);
    uint8_t scalar[32], key[POINT_SHORT], full[POINT_LONG], bad[POINT_LONG + 1], p[32], out[65];

    number(FIELDS[suite], p);
    CHECK_OK("key", key_pair_new(suite, &entropy, scalar, key));
    CHECK_OK("long", point_long(suite, bytes_of(key, 33), full));
    static const struct {
        const char *title;
        int first; /* byte put first; -1 as it is */
        size_t n;
        int flip;
    } rows[] = {
        { "infinity", 0, 1, -1 },
        { "nothing", -1, 0, -1 },
        { "infinity in 65 bytes", 0, 65, -1 },
        { "hybrid 06", 6, 65, -1 },
        { "hybrid 07", 7, 65, -1 },
        { "a compressed mark on 65 bytes", 2, 65, -1 },
        { "an uncompressed mark on 33 bytes", 4, 33, -1 },
        { "cut by one", -1, 64, -1 },
        { "one too long", -1, 66, -1 },
        { "without its mark", -1, 32, -1 },
        { "y changed: off the curve", -1, 65, 64 },
        { "x changed: off the curve", -1, 65, 32 },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        memset(bad, 0, sizeof bad);
        memcpy(bad, full, sizeof full);
        if (rows[i].first >= 0) bad[0] = (uint8_t)rows[i].first;
        if (rows[i].flip >= 0) bad[rows[i].flip] ^= 1;
        CHECK_CODE(rows[i].title, point_short(suite, bytes_of(bad, rows[i].n), out),
                   CRYPTO_BAD_PUBLIC_KEY);
        struct verify_key *opened = NULL;
        CHECK_CODE(rows[i].title, verify_key_open(suite, bytes_of(bad, rows[i].n), &opened),
                   CRYPTO_BAD_PUBLIC_KEY);
    }
    memset(bad, 0, sizeof bad);
    bad[0] = 2;
    memcpy(bad + 1, p, 32);
    CHECK_CODE("x = p", point_long(suite, bytes_of(bad, 33), out), CRYPTO_BAD_PUBLIC_KEY);
    memset(bad + 1, 0xFF, 32);
    CHECK_CODE("x > p", point_long(suite, bytes_of(bad, 33), out), CRYPTO_BAD_PUBLIC_KEY);
    /* half of all x have no point: among these eight some must be refused, and none may crash */
    int refused = 0;
    memset(bad, 0, sizeof bad);
    for (uint8_t x = 1; x <= 32; x++) {
        bad[0] = 3;
        bad[32] = x;
        if (point_long(suite, bytes_of(bad, 33), out).code != 0) refused++;
    }
    CHECK("x without a point", refused > 4 && refused < 28);
}

static void test_scalars(enum suite suite)
{
    uint8_t n[32], d[32] = { 0 }, out[POINT_SHORT], sig[64];
    struct sign_key *key = NULL;
    static const struct {
        const char *title;
        bool zero;
        int more, sm2, p256;
    } rows[] = {
        { "0", true, 0, CRYPTO_BAD_KEY, CRYPTO_BAD_KEY },
        { "1", true, 1, 0, 0 },
        { "n - 2", false, -2, 0, 0 },
        { "n - 1: 1 + d has no inverse (GB/T 32918.2)", false, -1, CRYPTO_BAD_KEY, 0 },
        { "n", false, 0, CRYPTO_BAD_KEY, CRYPTO_BAD_KEY },
        { "n + 1", false, 1, CRYPTO_BAD_KEY, CRYPTO_BAD_KEY },
    };

    number(ORDERS[suite], n);
    for (size_t i = 0; i < LEN(rows); i++) {
        int want = suite == SUITE_SM2 ? rows[i].sm2 : rows[i].p256;
        memset(d, 0, sizeof d);
        add_small(rows[i].zero ? d : n, rows[i].more, d);
        CHECK_CODE(rows[i].title, public_key_of(suite, bytes_of(d, 32), out), want);
        CHECK_CODE(rows[i].title, sign_key_open(suite, bytes_of(d, 32), &key), want);
        if (want != 0) continue;
        CHECK_OK(rows[i].title, sign_key_sign(key, str_bytes(S("m")), sig));
        CHECK_OK(rows[i].title, verify(suite, bytes_of(out, 33), S("m"), bytes_of(sig, 64)));
        sign_key_close(key);
    }
    CHECK_CODE("31 bytes", public_key_of(suite, bytes_of(d, 31), out), CRYPTO_BAD_KEY);
    CHECK_CODE("no bytes", public_key_of(suite, bytes_of(d, 0), out), CRYPTO_BAD_KEY);
}

static void test_sm2_ids(void)
{
    struct entropy entropy = prng_entropy(&prng);
    uint8_t scalar[32], key[POINT_SHORT], sig[64];

    CHECK_OK("key", key_pair_new(SUITE_SM2, &entropy, scalar, key));
    CHECK_OK("sign", sm2_sign(bytes_of(scalar, 32), str_bytes(S("m")), sig));
    CHECK_OK("the default id", sm2_verify_id(bytes_of(key, 33), S("1234567812345678"),
                                             str_bytes(S("m")), bytes_of(sig, 64)));
    CHECK_CODE("no id",
               sm2_verify_id(bytes_of(key, 33), S(""), str_bytes(S("m")), bytes_of(sig, 64)),
               CRYPTO_BAD_SIGNATURE);
    CHECK_CODE("another id",
               sm2_verify_id(bytes_of(key, 33), S("1234567812345679"), str_bytes(S("m")),
                             bytes_of(sig, 64)),
               CRYPTO_BAD_SIGNATURE);
    CHECK("an SM2 key and signature as P-256's",
          p256_verify(bytes_of(key, 33), str_bytes(S("m")), bytes_of(sig, 64)).code != 0);
}

static void test_der(void)
{
    uint8_t raw[64] = { 0 }, der[80], back[64];
    size_t n = 0;
    static const struct {
        const char *title, *hex;
        int want;
    } rows[] = {
        { "r = 1, s = 2", "3006020101020102", 0 },
        { "nothing", "", CRYPTO_BAD_SIGNATURE },
        { "an empty sequence", "3000", CRYPTO_BAD_SIGNATURE },
        { "one integer", "3003020101", CRYPTO_BAD_SIGNATURE },
        { "three integers", "3009020101020102020103", CRYPTO_BAD_SIGNATURE },
        { "a byte behind", "300602010102010200", CRYPTO_BAD_SIGNATURE },
        { "a needless zero", "300702020001020102", CRYPTO_BAD_SIGNATURE },
        { "a negative number", "3006020181020102", CRYPTO_BAD_SIGNATURE },
        { "an empty number", "30050200020102", CRYPTO_BAD_SIGNATURE },
        { "a long form that is not needed", "308106020101020102", CRYPTO_BAD_SIGNATURE },
        { "an endless length", "3080020101020102", CRYPTO_BAD_SIGNATURE },
        { "another tag", "3106020101020102", CRYPTO_BAD_SIGNATURE },
        { "a length past the end", "3007020101020102", CRYPTO_BAD_SIGNATURE },
        { "33 bytes of number",
          "3026022101ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff020102",
          CRYPTO_BAD_SIGNATURE },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        n = strlen(rows[i].hex) / 2;
        CHECK("hex", hex_parse(str_of(rows[i].hex), der, n));
        CHECK_CODE(rows[i].title, signature_from_der(bytes_of(der, n), back), rows[i].want);
    }
    for (int i = 0; i < 1000; i++) {
        struct entropy entropy = prng_entropy(&prng);
        entropy.fill(entropy.arg, raw, sizeof raw);
        if (i % 3 == 0) memset(raw, 0, (size_t)(i % 32));
        if (i % 5 == 0) memset(raw + 32, 0, (size_t)(i % 33));
        if (signature_to_der(raw, der, sizeof der, &n).code != 0 ||
            signature_from_der(bytes_of(der, n), back).code != 0 || memcmp(raw, back, 64) != 0)
            CHECK("there and back", false);
    }
}

static void test_ciphers(void)
{
    struct entropy entropy = prng_entropy(&prng);
    uint8_t key[32], iv[16], in[64], out[80], back[80], tag[16], scalar[32], point[POINT_SHORT];
    uint8_t cipher[64 + SM2_CIPHER_MORE];
    size_t n = 0, m = 0;
    struct bytes k = bytes_of(key, 16);

    entropy.fill(entropy.arg, key, sizeof key);
    entropy.fill(entropy.arg, iv, sizeof iv);
    entropy.fill(entropy.arg, in, sizeof in);
    for (size_t len = 1; len < 64; len += 9) {
        CHECK_CODE("ECB of a part of a block", sm4_ecb_encrypt(k, bytes_of(in, len), out),
                   len % 16 ? CRYPTO_BAD_CIPHERTEXT : 0);
        CHECK_CODE("CBC of a part of a block", sm4_cbc_decrypt(k, iv, bytes_of(in, len), out),
                   len % 16 ? CRYPTO_BAD_CIPHERTEXT : 0);
        CHECK_OK("padded", sm4_cbc_pad_encrypt(k, iv, bytes_of(in, len), out, &n));
        CHECK("to whole blocks", n == len / 16 * 16 + 16);
        CHECK_OK("and back", sm4_cbc_pad_decrypt(k, iv, bytes_of(out, n), back, &m));
        CHECK("the same", m == len && memcmp(back, in, len) == 0);
        sm4_ctr(k, iv, bytes_of(in, len), out);
        sm4_ctr(k, iv, bytes_of(out, len), back);
        CHECK("CTR", memcmp(back, in, len) == 0);
        aes_gcm_seal(bytes_of(key, 32), iv, bytes_of(iv, 5), bytes_of(in, len), out, tag);
        CHECK_OK("GCM", aes_gcm_open(bytes_of(key, 32), iv, bytes_of(iv, 5), bytes_of(out, len),
                                     tag, back));
        CHECK("GCM", memcmp(back, in, len) == 0);
        CHECK_CODE(
            "GCM, other associated data",
            aes_gcm_open(bytes_of(key, 32), iv, bytes_of(iv, 4), bytes_of(out, len), tag, back),
            CRYPTO_BAD_CIPHERTEXT);
        tag[15] ^= 1;
        CHECK_CODE(
            "GCM, another tag",
            aes_gcm_open(bytes_of(key, 32), iv, bytes_of(iv, 5), bytes_of(out, len), tag, back),
            CRYPTO_BAD_CIPHERTEXT);
        CHECK("nothing is left", back[0] == 0 && back[len - 1] == 0);
    }
    static const struct {
        const char *title;
        uint8_t last;
        int want;
    } pads[] = { { "01", 1, 0 },
                 { "00", 0, CRYPTO_BAD_CIPHERTEXT },
                 { "02 after another byte", 2, CRYPTO_BAD_CIPHERTEXT },
                 { "11, more than a block", 17, CRYPTO_BAD_CIPHERTEXT },
                 { "FF", 255, CRYPTO_BAD_CIPHERTEXT } };
    for (size_t i = 0; i < LEN(pads); i++) {
        uint8_t block[16];
        memset(block, 0x33, sizeof block);
        block[15] = pads[i].last;
        CHECK_OK("a block", sm4_cbc_encrypt(k, iv, bytes_of(block, 16), out));
        CHECK_CODE(pads[i].title, sm4_cbc_pad_decrypt(k, iv, bytes_of(out, 16), back, &m),
                   pads[i].want);
    }
    CHECK_CODE("padded, but empty", sm4_cbc_pad_decrypt(k, iv, bytes_of(out, 0), back, &m),
               CRYPTO_BAD_CIPHERTEXT);
    CHECK_CODE("padded, but cut", sm4_cbc_pad_decrypt(k, iv, bytes_of(out, 15), back, &m),
               CRYPTO_BAD_CIPHERTEXT);
    CHECK_CODE("3DES of a part of a block", tdes_ecb_encrypt(k, bytes_of(in, 7), out),
               CRYPTO_BAD_CIPHERTEXT);
    CHECK_OK("3DES CBC", tdes_cbc_encrypt(k, iv, bytes_of(in, 16), out));
    CHECK_OK("3DES CBC", tdes_cbc_decrypt(k, iv, bytes_of(out, 16), back));
    CHECK("3DES CBC", memcmp(back, in, 16) == 0);
    memcpy(key + 8, key, 8);
    CHECK_OK("DES is 3DES with equal keys",
             tdes_ecb_encrypt(bytes_of(key, 8), bytes_of(in, 8), out));
    CHECK_OK("DES is 3DES with equal keys",
             tdes_ecb_encrypt(bytes_of(key, 16), bytes_of(in, 8), back));
    CHECK("DES is 3DES with equal keys", memcmp(out, back, 8) == 0);
    key[0] ^= 1;
    CHECK_OK("parity", tdes_ecb_encrypt(bytes_of(key, 8), bytes_of(in, 8), back));
    CHECK("parity bits are ignored", memcmp(out, back, 8) == 0);
    CHECK_OK("wrap", aes_wrap(bytes_of(key, 32), bytes_of(in, 32), out));
    out[17] ^= 1;
    CHECK_CODE("a wrapped key changed", aes_unwrap(bytes_of(key, 32), bytes_of(out, 40), back),
               CRYPTO_BAD_CIPHERTEXT);
    CHECK_CODE("a wrapped key cut", aes_unwrap(bytes_of(key, 32), bytes_of(out, 39), back),
               CRYPTO_BAD_CIPHERTEXT);

    CHECK_OK("key", key_pair_new(SUITE_SM2, &entropy, scalar, point));
    for (size_t len = 1; len <= 64; len += 21) {
        size_t sealed = len + SM2_CIPHER_MORE;
        CHECK_OK("SM2", sm2_encrypt(bytes_of(point, 33), bytes_of(in, len), cipher));
        CHECK_OK("SM2", sm2_decrypt(bytes_of(scalar, 32), bytes_of(cipher, sealed), back));
        CHECK("SM2", memcmp(back, in, len) == 0);
        for (size_t at = 0; at < sealed; at += 8) {
            cipher[at] ^= 1;
            CHECK_CODE("SM2, a bit changed",
                       sm2_decrypt(bytes_of(scalar, 32), bytes_of(cipher, sealed), back),
                       CRYPTO_BAD_CIPHERTEXT);
            cipher[at] ^= 1;
        }
        CHECK_CODE("SM2, nothing inside",
                   sm2_decrypt(bytes_of(scalar, 32), bytes_of(cipher, SM2_CIPHER_MORE), back),
                   CRYPTO_BAD_CIPHERTEXT);
    }
}

static void test_passwords(void)
{
    struct entropy entropy = prng_entropy(&prng);
    char hash[PASSWORD_HASH_MAX], again[PASSWORD_HASH_MAX];
    uint8_t raw[32];
    size_t n = 0;

    CHECK_OK("hash", password_hash(str_bytes(S("东方红 1")), PASSWORD_COST_TEST, &entropy, hash));
    CHECK_OK("hash", password_hash(str_bytes(S("东方红 1")), PASSWORD_COST_TEST, &entropy, again));
    CHECK("salted", !str_eq(str_of(hash), str_of(again)));
    CHECK("argon2id", str_starts(str_of(hash), S("$argon2id$v=19$m=64,t=1,p=1$")));
    CHECK_OK("right", password_verify(str_of(hash), str_bytes(S("东方红 1"))));
    CHECK_CODE("wrong", password_verify(str_of(hash), str_bytes(S("东方红 2"))),
               CRYPTO_WRONG_PASSWORD);
    CHECK_CODE("empty", password_verify(str_of(hash), bytes_of(NULL, 0)), CRYPTO_WRONG_PASSWORD);
    CHECK_CODE("no hash", password_verify(S(""), str_bytes(S("x"))), CRYPTO_BAD_HASH_TEXT);
    CHECK_CODE("another kind",
               password_verify(S("$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA"), str_bytes(S("x"))),
               CRYPTO_BAD_HASH_TEXT);
    CHECK_CODE("cut", password_verify(str_part(str_of(hash), 0, 40), str_bytes(S("x"))),
               CRYPTO_BAD_HASH_TEXT);
    struct writer w = writer_over(again, sizeof again);
    put_base32(&w, str_bytes(S("foobar"))); /* RFC 4648 section 10 */
    CHECK_STR("base32", writer_str(&w), S("MZXW6YTBOI"));
    CHECK("base32 back", base32_parse(S("mzxw6ytboi"), raw, sizeof raw, &n) && n == 6 &&
                             memcmp(raw, "foobar", 6) == 0);
    CHECK("base32, a digit that is none", !base32_parse(S("MZXW1"), raw, sizeof raw, &n));
    CHECK("base32, bits left over", !base32_parse(S("MZXW6YTBOJ"), raw, sizeof raw, &n));
}

static void test_secrets(void)
{
    struct secret a, b;
    uint8_t *was;
    bool clean = true;

    CHECK_OK("open", secret_open(&a, 32));
    memset(a.p, 0xA5, 32);
    was = a.p;
    CHECK_OK("copy", secret_copy(&b, secret_bytes(&a)));
    CHECK("equal", secret_eq(secret_bytes(&a), secret_bytes(&b)));
    b.p[31] ^= 1;
    CHECK("not equal", !secret_eq(secret_bytes(&a), secret_bytes(&b)));
    CHECK("another length", !secret_eq(bytes_of(a.p, 31), secret_bytes(&a)));
    secret_close(&a);
    for (int i = 0; i < 32; i++) {
        clean = clean && was[i] == 0; /* the slot stays mapped: only its content is gone */
    }
    CHECK("wiped", clean);
    CHECK("closed", a.p == NULL);
    secret_close(&a);
    secret_close(&b);
    {
        SCOPED(secret) c = { 0 };
        CHECK_OK("scope", secret_open(&c, 64));
        memset(c.p, 0x5A, 64);
        was = c.p;
    }
    CHECK("wiped by scope", was[0] == 0 && was[63] == 0);
    CHECK_OK("a long one", secret_open(&a, 5000));
    a.p[4999] = 1;
    secret_close(&a);
    for (int i = 0; i < 3000; i++) { /* more than the small slots hold, each given back */
        if (secret_open(&a, 16).code != 0) break;
        secret_close(&a);
    }
    CHECK("slots come back", a.p == NULL);
}

/* Locked and left out of dumps, as the kernel tells it. */
static void test_secret_pages(void)
{
    struct secret secret;
    char line[512];
    bool inside = false, locked = false, undumped = false;
    unsigned long from, to;
    FILE *maps = fopen("/proc/self/smaps", "r");

    CHECK_OK("open", secret_open(&secret, 32));
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)secret.p >= from && (uintptr_t)secret.p < to;
        if (!inside || strncmp(line, "VmFlags:", 8) != 0) continue;
        locked = strstr(line, " lo") != NULL;
        undumped = strstr(line, " dd") != NULL;
    }
    if (maps) fclose(maps);
    CHECK("left out of core dumps", undumped);
#ifndef YKT_DEBUG /* AddressSanitizer makes mlock do nothing and say so to nobody */
    CHECK("locked, or known not to be", locked == secret_locked());
#else
    (void)locked;
#endif
    secret_close(&secret);
}

/* ---- what has no published example is checked against its definition ---- */

static void shift_left(uint8_t block[16])
{
    bool high = block[0] & 0x80;

    for (int i = 0; i < 15; i++) {
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    }
    block[15] = (uint8_t)(block[15] << 1);
    if (high) block[15] ^= 0x87; /* NIST SP 800-38B section 5.3 */
}

static void cmac_by_definition(struct bytes key, struct bytes in, uint8_t out[16])
{
    uint8_t sub[16] = { 0 }, last[16] = { 0 }, x[16] = { 0 };
    size_t blocks = in.n == 0 ? 1 : (in.n + 15) / 16, tail = in.n - (blocks - 1) * 16;

    CHECK_OK("subkey", sm4_ecb_encrypt(key, bytes_of(sub, 16), sub));
    shift_left(sub);
    if (tail != 16) shift_left(sub);
    if (tail > 0) memcpy(last, in.p + (blocks - 1) * 16, tail);
    if (tail != 16) last[tail] = 0x80;
    for (size_t b = 0; b < blocks; b++) {
        for (size_t i = 0; i < 16; i++) {
            x[i] ^= b + 1 < blocks ? in.p[b * 16 + i] : (uint8_t)(last[i] ^ sub[i]);
        }
        if (sm4_ecb_encrypt(key, bytes_of(x, 16), x).code != 0) CHECK("block", false);
    }
    memcpy(out, x, 16);
}

static void test_definitions(void)
{
    struct entropy entropy = prng_entropy(&prng);
    uint8_t key[16], iv[16], in[100], got[128], want[128], pad[64], inner[HASH_BYTES];
    struct bytes k = bytes_of(key, sizeof key);

    entropy.fill(entropy.arg, key, sizeof key);
    entropy.fill(entropy.arg, in, sizeof in);
    for (size_t n = 0; n <= sizeof in; n += n < 34 ? 1 : 11) {
        const struct bytes parts[] = { bytes_of(in, n / 3), bytes_of(in + n / 3, n - n / 3) };
        sm4_cmac(k, parts, 2, got);
        cmac_by_definition(k, bytes_of(in, n), want);
        if (memcmp(got, want, 16) != 0) CHECK_INT("CMAC-SM4 of n bytes", 0, (int64_t)n + 1);
    }
    memset(iv, 0xFF, sizeof iv); /* the counter turns over */
    iv[15] = 0xFE;
    sm4_ctr(k, iv, bytes_of(in, 50), got);
    for (size_t at = 0; at < 50; at += 16) {
        uint8_t block[16];
        CHECK_OK("counter block", sm4_ecb_encrypt(k, bytes_of(iv, 16), block));
        for (size_t i = at; i < 50 && i < at + 16; i++) {
            want[i] = in[i] ^ block[i - at];
        }
        for (int i = 15; i >= 0 && ++iv[i] == 0; i--) {}
    }
    CHECK("SM4-CTR", memcmp(got, want, 50) == 0);
    memset(iv, 0x5A, sizeof iv);
    CHECK_OK("SM4-CBC", sm4_cbc_encrypt(k, iv, bytes_of(in, 48), got));
    memcpy(want, iv, 16);
    for (size_t at = 0; at < 48; at += 16) {
        uint8_t block[16];
        for (size_t i = 0; i < 16; i++) {
            block[i] = in[at + i] ^ (at == 0 ? iv[i] : got[at - 16 + i]);
        }
        CHECK_OK("block", sm4_ecb_encrypt(k, bytes_of(block, 16), want + at));
    }
    CHECK("SM4-CBC", memcmp(got, want, 48) == 0);
    /* RFC 2104 over SM3 */
    for (size_t n = 0; n < 64; n++) {
        pad[n] = (n < 16 ? key[n] : 0) ^ 0x36;
    }
    const struct bytes first[] = { bytes_of(pad, 64), bytes_of(in, 77) };
    sm3_parts(first, 2, inner);
    for (size_t n = 0; n < 64; n++) {
        pad[n] ^= 0x36 ^ 0x5C;
    }
    const struct bytes second[] = { bytes_of(pad, 64), bytes_of(inner, 32) };
    sm3_parts(second, 2, want);
    hmac_sm3(k, bytes_of(in, 77), got);
    CHECK("HMAC-SM3", memcmp(got, want, 32) == 0);
}

int main(void)
{
    prng.state = test_seed();
    for (int suite = SUITE_SM2; suite <= SUITE_P256; suite++) {
        test_signatures((enum suite)suite);
        test_points((enum suite)suite);
        test_scalars((enum suite)suite);
    }
    test_sm2_ids();
    test_der();
    test_ciphers();
    test_passwords();
    test_secrets();
    test_secret_pages();
    test_definitions();
    return test_end();
}
