/* crypto/evp.c - fetching once, contexts by thread. */
#include "crypto/evp.h"

#include <limits.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct evp all;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;

void evp_must(bool ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "crypto: %s failed: ", what);
    ERR_print_errors_fp(stderr);
    abort();
}

static EVP_MD *md(const char *name)
{
    EVP_MD *found = EVP_MD_fetch(NULL, name, NULL);

    evp_must(found != NULL, name);
    return found;
}

static EVP_CIPHER *cipher(const char *name)
{
    EVP_CIPHER *found = EVP_CIPHER_fetch(NULL, name, NULL);

    evp_must(found != NULL, name);
    return found;
}

static void thread_close(void *arg)
{
    struct evp_thread *thread = arg;

    EVP_MD_CTX_free(thread->md);
    EVP_CIPHER_CTX_free(thread->cipher);
    EVP_CIPHER_CTX_free(thread->ids);
    EVP_MD_CTX_free(thread->inner);
    EVP_MD_CTX_free(thread->outer);
    free(thread);
}

static void fetch_all(void)
{
    all = (struct evp){
        .sm3 = md("SM3"),
        .sha256 = md("SHA256"),
        .sha1 = md("SHA1"),
        .sm4_ecb = cipher("SM4-ECB"),
        .sm4_cbc = cipher("SM4-CBC"),
        .sm4_ctr = cipher("SM4-CTR"),
        .tdes_ecb = cipher("DES-EDE3-ECB"),
        .tdes_cbc = cipher("DES-EDE3-CBC"),
        .aes128_gcm = cipher("AES-128-GCM"),
        .aes256_gcm = cipher("AES-256-GCM"),
        .aes128_wrap = cipher("AES-128-WRAP"),
        .aes256_wrap = cipher("AES-256-WRAP"),
        .aes256_ecb = cipher("AES-256-ECB"),
        .cmac = EVP_MAC_fetch(NULL, "CMAC", NULL),
    };
    evp_must(all.cmac != NULL, "CMAC");
    evp_must(pthread_key_create(&thread_key, thread_close) == 0, "pthread_key_create");
}

const struct evp *evp(void)
{
    evp_must(pthread_once(&once, fetch_all) == 0, "pthread_once");
    return &all;
}

struct evp_thread *evp_thread(void)
{
    struct evp_thread *thread;

    (void)evp();
    thread = pthread_getspecific(thread_key);
    if (thread) return thread;
    thread = calloc(1, sizeof *thread);
    evp_must(thread != NULL, "a thread's contexts");
    thread->md = EVP_MD_CTX_new();
    thread->cipher = EVP_CIPHER_CTX_new();
    thread->ids = EVP_CIPHER_CTX_new();
    thread->inner = EVP_MD_CTX_new();
    thread->outer = EVP_MD_CTX_new();
    evp_must(thread->md && thread->cipher && thread->ids && thread->inner && thread->outer,
             "a thread's contexts");
    evp_must(pthread_setspecific(thread_key, thread) == 0, "pthread_setspecific");
    return thread;
}

RESULT evp_fault(const char *what)
{
    char why[160] = "";
    unsigned long code = ERR_get_error();

    if (code) ERR_error_string_n(code, why, sizeof why);
    ERR_clear_error();
    return fault(FAULT_CRYPTO, "%s: %s", what, why);
}

void evp_forget_errors(void)
{
    ERR_clear_error();
}

int evp_len(size_t n)
{
    assert(n <= INT_MAX);
    return (int)n;
}
