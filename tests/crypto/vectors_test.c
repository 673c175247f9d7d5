/* tests/crypto/vectors_test.c - the standards' own examples (tests/vectors/crypto-primitives.json).
 */
#include <stdio.h>

#include "crypto/crypto.h"
#include "tests/test.h"

/* A reader for that one file: strings and integers by name within one object. */
static char text[16384];

static struct str file_load(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

    if (f) fclose(f);
    CHECK("the vectors are there", n > 0);
    return (struct str){ .p = text, .n = n };
}

static struct str after(struct str in, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= in.n; i++) {
        if (memcmp(in.p + i, what, n) == 0) return str_part(in, i + n, in.n);
    }
    return S("");
}

/* The text between the brackets behind "name": [ */
static struct str list_of(struct str all, const char *name)
{
    char quoted[64];
    struct str rest;

    snprintf(quoted, sizeof quoted, "\"%s\": [", name);
    rest = after(all, quoted);
    return str_cut(rest, ']', &rest);
}

static bool next_object(struct str *list, struct str *object)
{
    struct str rest = after(*list, "{");

    if (rest.n == 0) return false;
    *object = str_cut(rest, '}', list);
    return true;
}

static struct str member(struct str object, const char *name)
{
    char quoted[64];
    struct str rest;

    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    rest = str_trim(after(object, quoted));
    if (str_starts(rest, S("\""))) return str_cut(str_part(rest, 1, rest.n), '"', &rest);
    return str_trim(str_cut(str_cut(rest, ',', &rest), '\n', &rest));
}

struct hex {
    uint8_t p[128];
    size_t n;
};

static struct bytes hex_of(struct str object, const char *name, struct hex *out)
{
    struct str digits = member(object, name);

    out->n = digits.n / 2;
    CHECK(name, out->n <= sizeof out->p && hex_parse(digits, out->p, out->n));
    return bytes_of(out->p, out->n);
}

static void test_sm3(struct str all)
{
    struct str list = list_of(all, "sm3"), o;

    while (next_object(&list, &o)) {
        struct hex msg, want;
        uint8_t got[HASH_BYTES];
        struct hash hash;
        hex_of(o, "msg_hex", &msg);
        hex_of(o, "digest", &want);
        sm3(bytes_of(msg.p, msg.n), got);
        CHECK("SM3", memcmp(got, want.p, sizeof got) == 0);
        hash_open(&hash, HASH_SM3);
        for (size_t i = 0; i < msg.n; i++) {
            hash_add(&hash, bytes_of(msg.p + i, 1));
        }
        hash_end(&hash, got);
        CHECK("SM3 byte by byte", memcmp(got, want.p, sizeof got) == 0);
    }
}

static void test_sm4(struct str all)
{
    struct str list = list_of(all, "sm4"), o;

    while (next_object(&list, &o)) {
        struct hex key, plain, want;
        int64_t rounds = 0;
        uint8_t block[16];
        hex_of(o, "key", &key);
        hex_of(o, "plain", &plain);
        hex_of(o, "cipher", &want);
        CHECK("rounds", str_int(member(o, "rounds"), 1, 1000000, &rounds));
        memcpy(block, plain.p, sizeof block);
        for (int64_t i = 0; i < rounds; i++) {
            if (sm4_ecb_encrypt(bytes_of(key.p, 16), bytes_of(block, 16), block).code) break;
        }
        CHECK("SM4", memcmp(block, want.p, sizeof block) == 0);
        if (rounds > 1) continue;
        CHECK_OK("SM4 back", sm4_ecb_decrypt(bytes_of(key.p, 16), bytes_of(block, 16), block));
        CHECK("SM4 back", memcmp(block, plain.p, sizeof block) == 0);
    }
}

static void test_sm2_sign(struct str all)
{
    struct str list = list_of(all, "sm2_sign"), o;

    while (next_object(&list, &o)) {
        struct hex a, b, gx, gy, px, py, d, za, e, r, s, shorter;
        struct str id = member(o, "id_ascii"), msg = member(o, "msg_ascii");
        uint8_t head[2] = { (uint8_t)(id.n * 8 >> 8), (uint8_t)(id.n * 8) };
        uint8_t got[HASH_BYTES], point[POINT_LONG] = { 4 }, rs[SIGNATURE_BYTES];
        const struct bytes parts[] = { bytes_of(head, 2),    str_bytes(id),
                                       hex_of(o, "a", &a),   hex_of(o, "b", &b),
                                       hex_of(o, "gx", &gx), hex_of(o, "gy", &gy),
                                       hex_of(o, "px", &px), hex_of(o, "py", &py) };
        hex_of(o, "d", &d);
        hex_of(o, "za", &za);
        hex_of(o, "e", &e);
        hex_of(o, "r", &r);
        hex_of(o, "s", &s);
        sm3_parts(parts, LEN(parts), got);
        CHECK("ZA as the standard writes it", memcmp(got, za.p, sizeof got) == 0);
        const struct bytes signed_parts[] = { bytes_of(za.p, 32), str_bytes(msg) };
        sm3_parts(signed_parts, 2, got);
        CHECK("e", memcmp(got, e.p, sizeof got) == 0);
        memcpy(point + 1, px.p, 32);
        memcpy(point + 33, py.p, 32);
        if (!str_eq(member(o, "curve"), S("sm2p256v1"))) {
            /* the standard's sample curve is not one we speak: its points are refused */
            CHECK_CODE("a point of the sample curve",
                       sm2_za(bytes_of(point, sizeof point), id, got), CRYPTO_BAD_PUBLIC_KEY);
            continue;
        }
        CHECK_OK("ZA", sm2_za(bytes_of(point, sizeof point), id, got));
        CHECK("ZA", memcmp(got, za.p, sizeof got) == 0);
        hex_of(o, "compressed", &shorter);
        uint8_t made[POINT_LONG];
        CHECK_OK("compress", point_short(SUITE_SM2, bytes_of(point, sizeof point), made));
        CHECK("compress", memcmp(made, shorter.p, POINT_SHORT) == 0);
        CHECK_OK("expand", point_long(SUITE_SM2, bytes_of(shorter.p, POINT_SHORT), made));
        CHECK("expand", memcmp(made, point, sizeof point) == 0);
        CHECK_OK("d gives P", public_key_of(SUITE_SM2, bytes_of(d.p, 32), made));
        CHECK("d gives P", memcmp(made, shorter.p, POINT_SHORT) == 0);
        memcpy(rs, r.p, 32);
        memcpy(rs + 32, s.p, 32);
        CHECK_OK("the standard's signature",
                 sm2_verify(bytes_of(point, sizeof point), str_bytes(msg), bytes_of(rs, 64)));
        CHECK_OK("its id named", sm2_verify_id(bytes_of(point, sizeof point), id, str_bytes(msg),
                                               bytes_of(rs, 64)));
        CHECK_CODE(
            "an empty id",
            sm2_verify_id(bytes_of(point, sizeof point), S(""), str_bytes(msg), bytes_of(rs, 64)),
            CRYPTO_BAD_SIGNATURE);
    }
}

static void test_sm2_encrypt(struct str all)
{
    struct str list = list_of(all, "sm2_encrypt"), o;

    while (next_object(&list, &o)) {
        struct hex d, c1, c2, c3;
        struct str msg = member(o, "msg_ascii");
        uint8_t raw[256], der[256], back[256];
        struct writer w = writer_over(raw, sizeof raw);
        size_t n, m;
        hex_of(o, "d", &d);
        put_bytes(&w, hex_of(o, "c1", &c1));
        put_bytes(&w, hex_of(o, "c3", &c3));
        put_bytes(&w, hex_of(o, "c2", &c2));
        CHECK_OK("decrypt", sm2_decrypt(bytes_of(d.p, 32), writer_bytes(&w), back));
        CHECK("decrypt", memcmp(back, msg.p, msg.n) == 0);
        CHECK_OK("to DER", sm2_cipher_to_der(writer_bytes(&w), der, sizeof der, &n));
        CHECK_OK("from DER", sm2_cipher_from_der(bytes_of(der, n), back, sizeof back, &m));
        CHECK("from DER", m == w.n && memcmp(back, raw, m) == 0);
    }
}

static void test_des(struct str all)
{
    struct str list = list_of(all, "des"), o;

    while (next_object(&list, &o)) {
        struct hex key, plain, want;
        uint8_t block[8];
        struct bytes k = hex_of(o, "key", &key);
        hex_of(o, "cipher", &want);
        CHECK_OK("DES", tdes_ecb_encrypt(k, hex_of(o, "plain", &plain), block));
        CHECK("DES", memcmp(block, want.p, sizeof block) == 0);
        CHECK_OK("DES back", tdes_ecb_decrypt(k, bytes_of(block, sizeof block), block));
        CHECK("DES back", memcmp(block, plain.p, sizeof block) == 0);
    }
}

/* Examples of other standards, each with its place. */
static void test_others(void)
{
    uint8_t out[64], tag[16];
    char code[TOTP_DIGITS];
    struct bytes key;
    int64_t step = 0;

    sha256(str_bytes(S("abc")), out); /* FIPS 180-4 examples */
    CHECK_HEX("SHA-256", bytes_of(out, 32),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha1(str_bytes(S("abc")), out);
    CHECK_HEX("SHA-1", bytes_of(out, 20), "a9993e364706816aba3e25717850c26c9cd0d89d");
    /* RFC 4231 case 2 and, for a key longer than a block, case 6 */
    hmac_sha256(str_bytes(S("Jefe")), str_bytes(S("what do ya want for nothing?")), out);
    CHECK_HEX("HMAC-SHA-256", bytes_of(out, 32),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    hmac_sha256(bytes_of(long_key, sizeof long_key),
                str_bytes(S("Test Using Larger Than Block-Size Key - Hash Key First")), out);
    CHECK_HEX("HMAC-SHA-256, long key", bytes_of(out, 32),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    /* RFC 3394 section 4.6: 256-bit data with a 256-bit key */
    uint8_t kek[32], value[32];
    for (int i = 0; i < 32; i++) {
        kek[i] = (uint8_t)i;
    }
    CHECK("data", hex_parse(S("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"),
                            value, sizeof value));
    CHECK_OK("AES wrap", aes_wrap(bytes_of(kek, 32), bytes_of(value, 32), out));
    CHECK_HEX("AES wrap", bytes_of(out, 40),
              "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
    CHECK_OK("AES unwrap", aes_unwrap(bytes_of(kek, 32), bytes_of(out, 40), kek));
    CHECK("AES unwrap", memcmp(kek, value, 32) == 0);
    /* McGrew & Viega, GCM specification, test case 2 */
    uint8_t zeros[16] = { 0 };
    aes_gcm_seal(bytes_of(zeros, 16), zeros, bytes_of(NULL, 0), bytes_of(zeros, 16), out, tag);
    CHECK_HEX("AES-GCM", bytes_of(out, 16), "0388dace60b6a392f328c2b971b2fe78");
    CHECK_HEX("AES-GCM tag", bytes_of(tag, 16), "ab6e47d42cec13bdf53a67b21257bddf");
    /* RFC 6238 appendix B, SHA-1, the last six of eight digits */
    key = str_bytes(S("12345678901234567890"));
    totp_code(key, totp_step((struct instant){ 59 * USEC_PER_SEC }), code);
    CHECK_STR("TOTP at 59 s", ((struct str){ code, 6 }), S("287082"));
    totp_code(key, totp_step((struct instant){ 1111111109 * USEC_PER_SEC }), code);
    CHECK_STR("TOTP in 2005", ((struct str){ code, 6 }), S("081804"));
    CHECK("TOTP found one step late",
          totp_verify(key, S("287082"), (struct instant){ 89 * USEC_PER_SEC }, 1, &step) &&
              step == 1);
    CHECK("TOTP outside the window",
          !totp_verify(key, S("287082"), (struct instant){ 120 * USEC_PER_SEC }, 1, &step));
    CHECK("TOTP too short",
          !totp_verify(key, S("28708"), (struct instant){ 59 * USEC_PER_SEC }, 1, &step));
}

int main(void)
{
    struct str all = file_load("tests/vectors/crypto-primitives.json");

    test_sm3(all);
    test_sm4(all);
    test_sm2_sign(all);
    test_sm2_encrypt(all);
    test_des(all);
    test_others();
    return test_end();
}
