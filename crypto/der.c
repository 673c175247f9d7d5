/* crypto/der.c - the two DER shapes of GM/T 0009 and RFC 3279: signatures and SM2 ciphertexts. Read
 * strictly: shortest lengths, shortest positive integers, nothing behind. */
#include "crypto/crypto.h"

enum { INTEGER = 0x02, OCTETS = 0x04, SEQUENCE = 0x30 };

static void put_length(struct writer *w, size_t n)
{
    if (n >= 256) {
        put_u8(w, 0x82);
        put_be16(w, (uint16_t)n);
        return;
    }
    if (n >= 128) put_u8(w, 0x81);
    put_u8(w, (uint8_t)n);
}

static size_t length_bytes(size_t n)
{
    return n < 128 ? 1 : n < 256 ? 2 : 3;
}

static void put_tag(struct writer *w, uint8_t tag, size_t n)
{
    put_u8(w, tag);
    put_length(w, n);
}

/* 32 bytes big-endian as content of an INTEGER: no needless zeros, one in front of a high bit. */
static struct bytes number_trim(const uint8_t *p, bool *zero)
{
    size_t skip = 0;

    while (skip < 31 && p[skip] == 0) {
        skip++;
    }
    *zero = (p[skip] & 0x80) != 0;
    return bytes_of(p + skip, 32 - skip);
}

static size_t number_bytes(const uint8_t *p)
{
    bool zero;
    struct bytes digits = number_trim(p, &zero);

    return 2 + digits.n + (zero ? 1 : 0);
}

static void put_number(struct writer *w, const uint8_t *p)
{
    bool zero;
    struct bytes digits = number_trim(p, &zero);

    put_tag(w, INTEGER, digits.n + (zero ? 1 : 0));
    if (zero) put_u8(w, 0);
    put_bytes(w, digits);
}

static struct bytes take_tag(struct cursor *c, uint8_t tag)
{
    size_t n;
    uint8_t first;

    if (take_u8(c) != tag) c->over = true;
    first = take_u8(c);
    n = first;
    if (first == 0x81) {
        n = take_u8(c);
        if (n < 128) c->over = true;
    } else if (first == 0x82) {
        n = take_be16(c);
        if (n < 256) c->over = true;
    } else if (first > 127) {
        c->over = true;
    }
    return take_bytes(c, c->over ? 0 : n);
}

static void take_number(struct cursor *c, uint8_t out[32])
{
    struct bytes digits = take_tag(c, INTEGER);

    memset(out, 0, 32);
    if (digits.n == 0 || (digits.p[0] & 0x80)) {
        c->over = true;
        return;
    }
    if (digits.n > 1 && digits.p[0] == 0) {
        if (!(digits.p[1] & 0x80)) c->over = true;
        digits = bytes_of(digits.p + 1, digits.n - 1);
    }
    if (digits.n > 32) {
        c->over = true;
        return;
    }
    memcpy(out + 32 - digits.n, digits.p, digits.n);
}

RESULT signature_to_der(const uint8_t signature[SIGNATURE_BYTES], uint8_t *out, size_t size,
                        size_t *n)
{
    struct writer w = writer_over(out, size);

    put_tag(&w, SEQUENCE, number_bytes(signature) + number_bytes(signature + 32));
    put_number(&w, signature);
    put_number(&w, signature + 32);
    REQUIRE(!w.over, CRYPTO_BAD_SIGNATURE);
    *n = w.n;
    return OK;
}

RESULT signature_from_der(struct bytes der, uint8_t signature[SIGNATURE_BYTES])
{
    struct cursor outer = cursor_over(der);
    struct cursor c = cursor_over(take_tag(&outer, SEQUENCE));
    uint8_t rs[SIGNATURE_BYTES];

    TRY(cursor_end(&outer, CRYPTO_BAD_SIGNATURE));
    take_number(&c, rs);
    take_number(&c, rs + 32);
    TRY(cursor_end(&c, CRYPTO_BAD_SIGNATURE));
    memcpy(signature, rs, sizeof rs);
    return OK;
}

RESULT sm2_cipher_to_der(struct bytes raw, uint8_t *out, size_t size, size_t *n)
{
    struct writer w = writer_over(out, size);
    size_t plain, content;

    REQUIRE(raw.n > SM2_CIPHER_MORE && raw.n <= SM2_CIPHER_MORE + SM2_PLAIN_MAX,
            CRYPTO_BAD_CIPHERTEXT);
    REQUIRE(raw.p[0] == 0x04, CRYPTO_BAD_CIPHERTEXT);
    plain = raw.n - SM2_CIPHER_MORE;
    content = number_bytes(raw.p + 1) + number_bytes(raw.p + 33) + 2 + 32 + 1 +
              length_bytes(plain) + plain;
    put_tag(&w, SEQUENCE, content);
    put_number(&w, raw.p + 1);
    put_number(&w, raw.p + 33);
    put_tag(&w, OCTETS, 32);
    put_bytes(&w, bytes_of(raw.p + 65, 32));
    put_tag(&w, OCTETS, plain);
    put_bytes(&w, bytes_of(raw.p + 97, plain));
    REQUIRE(!w.over, CRYPTO_BAD_CIPHERTEXT);
    *n = w.n;
    return OK;
}

RESULT sm2_cipher_from_der(struct bytes der, uint8_t *out, size_t size, size_t *n)
{
    struct cursor outer = cursor_over(der);
    struct cursor c = cursor_over(take_tag(&outer, SEQUENCE));
    struct writer w = writer_over(out, size);
    uint8_t x[32], y[32];
    struct bytes c3, c2;

    TRY(cursor_end(&outer, CRYPTO_BAD_CIPHERTEXT));
    take_number(&c, x);
    take_number(&c, y);
    c3 = take_tag(&c, OCTETS);
    c2 = take_tag(&c, OCTETS);
    TRY(cursor_end(&c, CRYPTO_BAD_CIPHERTEXT));
    REQUIRE(c3.n == 32 && c2.n >= 1 && c2.n <= SM2_PLAIN_MAX, CRYPTO_BAD_CIPHERTEXT);
    put_u8(&w, 0x04);
    put_bytes(&w, bytes_of(x, 32));
    put_bytes(&w, bytes_of(y, 32));
    put_bytes(&w, c3);
    put_bytes(&w, c2);
    REQUIRE(!w.over, CRYPTO_BAD_CIPHERTEXT);
    *n = w.n;
    return OK;
}
