/* crypto/hash.c - SM3, SHA-256, SHA-1 and HMAC over them. */
#include "crypto/crypto.h"

#include "crypto/evp.h"

enum { HMAC_BLOCK_BYTES = 64 }; /* SM3, SHA-1 and SHA-256 alike */

static void digest_parts(const EVP_MD *md, const struct bytes *parts, size_t n, uint8_t *out)
{
    EVP_MD_CTX *ctx = evp_thread()->md;

    evp_must(EVP_DigestInit_ex2(ctx, md, NULL) == 1, "digest");
    for (size_t i = 0; i < n; i++) {
        evp_must(EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1, "digest");
    }
    evp_must(EVP_DigestFinal_ex(ctx, out, NULL) == 1, "digest");
}

void sm3(struct bytes in, uint8_t out[HASH_BYTES])
{
    digest_parts(evp()->sm3, &in, 1, out);
}

void sm3_parts(const struct bytes *parts, size_t n, uint8_t out[HASH_BYTES])
{
    digest_parts(evp()->sm3, parts, n, out);
}

void sha256(struct bytes in, uint8_t out[HASH_BYTES])
{
    digest_parts(evp()->sha256, &in, 1, out);
}

void sha1(struct bytes in, uint8_t out[20])
{
    digest_parts(evp()->sha1, &in, 1, out);
}

void hash_open(struct hash *hash, enum hash_kind kind)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    evp_must(ctx != NULL, "digest");
    evp_must(EVP_DigestInit_ex2(ctx, kind == HASH_SM3 ? evp()->sm3 : evp()->sha256, NULL) == 1,
             "digest");
    hash->state = ctx;
}

void hash_add(struct hash *hash, struct bytes in)
{
    evp_must(EVP_DigestUpdate(hash->state, in.p, in.n) == 1, "digest");
}

void hash_end(struct hash *hash, uint8_t out[HASH_BYTES])
{
    evp_must(EVP_DigestFinal_ex(hash->state, out, NULL) == 1, "digest");
    hash_close(hash);
}

void hash_close(struct hash *hash)
{
    EVP_MD_CTX_free(hash->state);
    hash->state = NULL;
}

void evp_hmac_begin(EVP_MD_CTX *ctx, const EVP_MD *md, struct bytes key, uint8_t mask)
{
    uint8_t pad[HMAC_BLOCK_BYTES] = { 0 };

    if (key.n > sizeof pad) {
        digest_parts(md, &key, 1, pad);
    } else if (key.n > 0) {
        memcpy(pad, key.p, key.n);
    }
    for (size_t i = 0; i < sizeof pad; i++) {
        pad[i] ^= mask;
    }
    evp_must(EVP_DigestInit_ex2(ctx, md, NULL) == 1, "HMAC");
    evp_must(EVP_DigestUpdate(ctx, pad, sizeof pad) == 1, "HMAC");
    secret_wipe(pad, sizeof pad);
}

/* RFC 2104. Written out, so that the thread's one context serves and nothing is allocated. */
static void hmac(const EVP_MD *md, struct bytes key, const struct bytes *parts, size_t n,
                 uint8_t *out)
{
    EVP_MD_CTX *ctx = evp_thread()->md;
    uint8_t inner[HASH_BYTES];
    size_t size = (size_t)EVP_MD_get_size(md);

    assert(size <= sizeof inner);
    evp_hmac_begin(ctx, md, key, 0x36);
    for (size_t i = 0; i < n; i++) {
        evp_must(EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1, "HMAC");
    }
    evp_must(EVP_DigestFinal_ex(ctx, inner, NULL) == 1, "HMAC");
    evp_hmac_begin(ctx, md, key, 0x5C);
    evp_must(EVP_DigestUpdate(ctx, inner, size) == 1, "HMAC");
    evp_must(EVP_DigestFinal_ex(ctx, out, NULL) == 1, "HMAC");
    secret_wipe(inner, sizeof inner);
}

void hmac_sm3(struct bytes key, struct bytes in, uint8_t out[HASH_BYTES])
{
    hmac(evp()->sm3, key, &in, 1, out);
}

void hmac_sm3_parts(struct bytes key, const struct bytes *parts, size_t n, uint8_t out[HASH_BYTES])
{
    hmac(evp()->sm3, key, parts, n, out);
}

void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[HASH_BYTES])
{
    hmac(evp()->sha256, key, &in, 1, out);
}

void hmac_sha256_parts(struct bytes key, const struct bytes *parts, size_t n,
                       uint8_t out[HASH_BYTES])
{
    hmac(evp()->sha256, key, parts, n, out);
}

/* ---- TOTP, here because it is HMAC-SHA-1 and nothing else ---- */

int64_t totp_step(struct instant at)
{
    return at.usec / (30 * USEC_PER_SEC);
}

void totp_code(struct bytes secret, int64_t step, char out[TOTP_DIGITS])
{
    uint8_t counter[8], mac[HASH_BYTES];
    struct writer w = writer_over(counter, sizeof counter);
    struct bytes in = bytes_of(counter, sizeof counter);
    uint32_t number;
    size_t at;

    put_be64(&w, (uint64_t)step);
    hmac(evp()->sha1, secret, &in, 1, mac);
    at = mac[19] & 0x0F; /* RFC 4226 section 5.3: dynamic truncation */
    number = (uint32_t)(mac[at] & 0x7F) << 24 | (uint32_t)mac[at + 1] << 16 |
             (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    for (int i = TOTP_DIGITS - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

bool totp_verify(struct bytes secret, struct str code, struct instant at, int window, int64_t *step)
{
    int64_t now = totp_step(at);
    bool found = false;

    assert(window >= 0);
    assert(window <= 4);
    if (code.n != TOTP_DIGITS) return false;
    for (int64_t s = now - window; s <= now + window; s++) {
        char want[TOTP_DIGITS];
        totp_code(secret, s, want);
        /* no way out early: time must not tell which step it was */
        if (secret_eq(bytes_of(want, sizeof want), str_bytes(code))) {
            *step = s;
            found = true;
        }
    }
    return found;
}

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void put_base32(struct writer *w, struct bytes bytes)
{
    uint32_t bits = 0;
    int n = 0;

    for (size_t i = 0; i < bytes.n; i++) {
        bits = bits << 8 | bytes.p[i];
        for (n += 8; n >= 5; n -= 5) {
            put_char(w, BASE32[bits >> (n - 5) & 31]);
        }
    }
    if (n > 0) put_char(w, BASE32[bits << (5 - n) & 31]);
}

static int base32_digit(char c)
{
    if (c >= 'a' && c <= 'z') return c - 'a';
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= '2' && c <= '7') return c - '2' + 26;
    return -1;
}

bool base32_parse(struct str text, uint8_t *out, size_t size, size_t *n)
{
    uint32_t bits = 0;
    size_t made = 0;
    int held = 0;

    for (size_t i = 0; i < text.n; i++) {
        int digit = base32_digit(text.p[i]);
        if (digit < 0) return false;
        bits = bits << 5 | (uint32_t)digit;
        held += 5;
        if (held < 8) continue;
        if (made == size) return false;
        held -= 8;
        out[made++] = (uint8_t)(bits >> held);
    }
    if (held >= 5 || (bits & ((1u << held) - 1)) != 0) return false; /* left-over bits are zero */
    *n = made;
    return true;
}
