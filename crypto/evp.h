/* crypto/evp.h - OpenSSL's algorithms, fetched once, and each thread's reusable contexts. */
#pragma once
#include <openssl/evp.h>

#include "base/base.h"

struct evp {
    EVP_MD *sm3, *sha256, *sha1;
    EVP_CIPHER *sm4_ecb, *sm4_cbc, *sm4_ctr, *tdes_ecb, *tdes_cbc;
    EVP_CIPHER *aes128_gcm, *aes256_gcm, *aes128_wrap, *aes256_wrap, *aes256_ecb;
    EVP_MAC *cmac;
};
const struct evp *evp(void);

struct evp_thread {
    EVP_MD_CTX *md;
    EVP_CIPHER_CTX *cipher;
    EVP_CIPHER_CTX *ids; /* prepared for the blind key of that serial */
    uint64_t ids_serial;
    EVP_MD_CTX *inner, *outer; /* HMAC-SM3 begun with the blind key of that serial */
    uint64_t mac_serial;
};
struct evp_thread *evp_thread(void);

/* HMAC's inner (mask 0x36) or outer (0x5C) hash with the key behind it, RFC 2104; hash.c. */
void evp_hmac_begin(EVP_MD_CTX *ctx, const EVP_MD *md, struct bytes key, uint8_t mask);
/* A call that can't fail but by a broken library or an empty machine: stops the process. */
void evp_must(bool ok, const char *what);
/* FAULT_CRYPTO with OpenSSL's reason; empties its error queue. */
RESULT evp_fault(const char *what);
void evp_forget_errors(void);
int evp_len(size_t n); /* asserts that it fits */
