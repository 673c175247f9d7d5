/* crypto/secret.c - locked, undumped, wiped memory. Short secrets share one region of small slots,
 * long ones get pages of their own. */
#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SLOT_BYTES = 64, SLOTS = 1024, REGION_BYTES = SLOT_BYTES * SLOTS };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *region;
static bool taken[SLOTS];
static int next_slot;
static bool unlocked; /* mlock was refused once */

static uint8_t *pages_take(size_t n)
{
    uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) return NULL;
    if (mlock(p, n) != 0) unlocked = true;
#ifdef MADV_DONTDUMP
    (void)madvise(p, n, MADV_DONTDUMP);
#endif
#ifdef MADV_WIPEONFORK
    (void)madvise(p, n, MADV_WIPEONFORK);
#endif
    return p;
}

static uint8_t *slot_take(void)
{
    if (!region) region = pages_take(REGION_BYTES);
    if (!region) return NULL;
    for (int i = 0; i < SLOTS; i++) {
        int slot = (next_slot + i) % SLOTS;
        if (taken[slot]) continue;
        taken[slot] = true;
        next_slot = (slot + 1) % SLOTS;
        return region + (size_t)slot * SLOT_BYTES;
    }
    return NULL;
}

static bool in_region(const uint8_t *p)
{
    return region && p >= region && p < region + REGION_BYTES;
}

RESULT secret_open(struct secret *secret, size_t n)
{
    uint8_t *p;

    assert(n >= 1);
    assert(n <= SECRET_MAX);
    pthread_mutex_lock(&lock);
    p = n <= SLOT_BYTES ? slot_take() : NULL;
    if (!p) p = pages_take(n);
    pthread_mutex_unlock(&lock);
    if (!p) return fault(FAULT_MEMORY, "secret of %zu bytes", n);
    *secret = (struct secret){ .p = p, .n = n };
    return OK;
}

RESULT secret_copy(struct secret *secret, struct bytes from)
{
    TRY(secret_open(secret, from.n));
    memcpy(secret->p, from.p, from.n);
    return OK;
}

void secret_close(struct secret *secret)
{
    if (!secret->p) return;
    secret_wipe(secret->p, secret->n);
    pthread_mutex_lock(&lock);
    if (in_region(secret->p)) {
        taken[(size_t)(secret->p - region) / SLOT_BYTES] = false;
    } else {
        (void)munmap(secret->p, secret->n);
    }
    pthread_mutex_unlock(&lock);
    *secret = (struct secret){ 0 };
}

struct bytes secret_bytes(const struct secret *secret)
{
    return bytes_of(secret->p, secret->n);
}

void secret_wipe(void *p, size_t n)
{
    if (n > 0) OPENSSL_cleanse(p, n);
}

bool secret_locked(void)
{
    struct secret probe;
    bool locked;

    if (secret_open(&probe, 1).code != 0) return false;
    secret_close(&probe);
    pthread_mutex_lock(&lock);
    locked = !unlocked;
    pthread_mutex_unlock(&lock);
    return locked;
}

RESULT secret_process(bool lock_all)
{
    struct rlimit none = { 0, 0 };

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return fault(FAULT_MEMORY, "core dumps can't be turned off");
    if (lock_all && mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        return fault(FAULT_MEMORY, "memory can't be locked: raise the memlock limit");
    return OK;
}

bool secret_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
