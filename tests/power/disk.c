/* tests/power/disk.c - the disk whose power can be cut. */
#include "tests/power/disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 8, SHM_REGIONS = 64, SHM_LOCKS = SQLITE_SHM_NLOCK };

struct change { /* a write or a truncation that was not synced yet */
    int64_t at;
    size_t n;      /* of a write */
    uint8_t *data; /* NULL: a truncation to `at` */
    struct change *next;
};

struct image {
    uint8_t *p;
    size_t n, size;
};

struct node { /* a file, seen by all connections */
    char name[128];
    bool exists, lasts; /* now; after a cut */
    struct image now, synced, kept;
    bool kept_exists;
    struct change *first, **last;
    /* locks of the database file */
    int shared;
    const void *reserved, *pending, *exclusive;
    /* the log's index, in memory only */
    void *regions[SHM_REGIONS];
    int shm_users, shm_shared[SHM_LOCKS];
    const void *shm_exclusive[SHM_LOCKS];
};

struct handle {
    sqlite3_file base;
    struct node *node;
    int level;
    uint32_t shm_held_shared, shm_held_exclusive;
    bool shm;
};

static struct {
    pthread_mutex_t lock;
    struct node nodes[FILES_MAX];
    int64_t operations, cut_at;
    bool cut, lie, fail_syncs, fail_stay, failed;
    int64_t calls, fail_at, limit;
    int fail_code;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- images */

static void image_write(struct image *m, int64_t at, const uint8_t *p, size_t n)
{
    size_t end = (size_t)at + n;

    if (end > m->size) {
        size_t size = end * 2;
        uint8_t *bigger = realloc(m->p, size);
        if (!bigger) abort();
        memset(bigger + m->size, 0, size - m->size);
        m->p = bigger;
        m->size = size;
    }
    if (end > m->n) m->n = end;
    if (n > 0) memcpy(m->p + at, p, n);
}

static void image_truncate(struct image *m, int64_t at)
{
    if ((size_t)at >= m->n) return;
    memset(m->p + at, 0, m->n - (size_t)at); /* a later growth reads as zero */
    m->n = (size_t)at;
}

static void image_copy(struct image *to, const struct image *from)
{
    image_truncate(to, 0);
    if (from->n > 0) image_write(to, 0, from->p, from->n);
}

static void change_add(struct node *f, int64_t at, const void *p, size_t n)
{
    struct change *c = calloc(1, sizeof *c);

    if (!c) abort();
    *c = (struct change){ .at = at, .n = n };
    if (p) {
        c->data = malloc(n ? n : 1);
        if (!c->data) abort();
        memcpy(c->data, p, n);
    }
    *f->last = c;
    f->last = &c->next;
}

/* Take the changes off the list one by one and let `apply` decide what becomes of each. */
static void changes_drain(struct node *f, struct prng *prng)
{
    while (f->first) {
        struct change *c = f->first;

        f->first = c->next;
        if (!c->data) {
            if (!prng || prng_next(prng) % 2) image_truncate(&f->synced, c->at);
        } else if (!prng) {
            image_write(&f->synced, c->at, c->data, c->n);
        } else {
            uint64_t how = prng_next(prng) % 4; /* lost, whole, or torn */
            for (size_t from = 0; from < c->n && how != 0;) {
                size_t step = DISK_SECTOR - (size_t)(c->at + (int64_t)from) % DISK_SECTOR;

                if (step > c->n - from) step = c->n - from;
                if (how == 1 || prng_next(prng) % 2) {
                    image_write(&f->synced, c->at + (int64_t)from, c->data + from, step);
                }
                from += step;
            }
        }
        free(c->data);
        free(c);
    }
    f->last = &f->first;
}

/* ---- what fails when (the lock is held) */

static int trouble(void)
{
    disk.calls++;
    if (disk.cut) return SQLITE_IOERR;
    if (disk.fail_at &&
        (disk.calls == disk.fail_at || (disk.fail_stay && disk.calls > disk.fail_at))) {
        disk.failed = true;
        return disk.fail_code;
    }
    return SQLITE_OK;
}

/* A change of the medium: the one at which the power goes reaches the cache and no further. */
static int operation(void)
{
    disk.operations++;
    if (disk.cut_at && disk.operations >= disk.cut_at) disk.cut = true;
    return disk.cut ? SQLITE_IOERR : SQLITE_OK;
}

static int64_t all_bytes(void)
{
    int64_t n = 0;

    for (int i = 0; i < FILES_MAX; i++) {
        if (disk.nodes[i].exists) n += (int64_t)disk.nodes[i].now.n;
    }
    return n;
}

static struct node *node_of(const char *name, bool make)
{
    struct node *spare = NULL;

    for (int i = 0; i < FILES_MAX; i++) {
        if (strcmp(disk.nodes[i].name, name) == 0) return &disk.nodes[i];
        if (!spare && !disk.nodes[i].name[0]) spare = &disk.nodes[i];
    }
    if (!make) return NULL;
    if (!spare) abort();
    snprintf(spare->name, sizeof spare->name, "%s", name);
    spare->last = &spare->first;
    return spare;
}

/* ---- the methods of a file */

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

static int file_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
    struct image *m = &handle_of(file)->node->now;
    int rc;
    size_t have;

    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    if (rc == SQLITE_OK) {
        have = (size_t)at >= m->n ? 0 : m->n - (size_t)at;
        if (have > (size_t)n) have = (size_t)n;
        if (have > 0) memcpy(out, m->p + at, have);
        if (have < (size_t)n) {
            memset((uint8_t *)out + have, 0, (size_t)n - have);
            rc = SQLITE_IOERR_SHORT_READ;
        }
    } else if (rc == SQLITE_IOERR) {
        rc = SQLITE_IOERR_READ;
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int file_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct node *f = handle_of(file)->node;
    int rc;

    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    if (rc == SQLITE_OK && disk.limit && at + n > (int64_t)f->now.n &&
        all_bytes() + at + n - (int64_t)f->now.n > disk.limit) {
        rc = SQLITE_FULL;
    }
    if (rc == SQLITE_OK) {
        rc = operation();
        change_add(f, at, p, (size_t)n);
        image_write(&f->now, at, p, (size_t)n);
    }
    pthread_mutex_unlock(&disk.lock);
    return rc == SQLITE_IOERR ? SQLITE_IOERR_WRITE : rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 at)
{
    struct node *f = handle_of(file)->node;
    int rc;

    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    if (rc == SQLITE_OK) rc = operation();
    if (rc == SQLITE_OK) {
        change_add(f, at, NULL, 0);
        image_truncate(&f->now, at);
    }
    pthread_mutex_unlock(&disk.lock);
    return rc == SQLITE_IOERR ? SQLITE_IOERR_TRUNCATE : rc;
}

/* Names made and removed so far will last. */
static void folder_synced(void)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *f = &disk.nodes[i];

        if (!f->name[0] || f->exists == f->lasts) continue;
        if (!f->exists) changes_drain(f, NULL);
        f->lasts = f->exists;
    }
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct node *f = handle_of(file)->node;
    int rc;

    (void)flags;
    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    if (rc == SQLITE_OK) rc = operation();
    if (rc == SQLITE_OK && disk.fail_syncs) rc = SQLITE_IOERR;
    if (rc == SQLITE_OK && !disk.lie) {
        changes_drain(f, NULL);
        if (!f->lasts)
            folder_synced(); /* as unix does: the first sync of a file syncs its folder */
    }
    pthread_mutex_unlock(&disk.lock);
    return rc == SQLITE_IOERR ? SQLITE_IOERR_FSYNC : rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
    pthread_mutex_lock(&disk.lock);
    *out = (sqlite3_int64)handle_of(file)->node->now.n;
    pthread_mutex_unlock(&disk.lock);
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    struct handle *h = handle_of(file);
    struct node *f = h->node;
    int rc = SQLITE_OK;

    pthread_mutex_lock(&disk.lock);
    if (h->level >= level) {
        /* held already */
    } else if ((f->exclusive && f->exclusive != h) || (f->pending && f->pending != h)) {
        rc = SQLITE_BUSY;
    } else if (level == SQLITE_LOCK_SHARED) {
        f->shared++;
        h->level = level;
    } else if (f->reserved && f->reserved != h) {
        rc = SQLITE_BUSY;
    } else if (level == SQLITE_LOCK_RESERVED) {
        f->reserved = h;
        h->level = level;
    } else {
        f->reserved = f->pending = h;
        h->level = SQLITE_LOCK_PENDING;
        if (level == SQLITE_LOCK_EXCLUSIVE && f->shared > 1) {
            rc = SQLITE_BUSY;
        } else {
            f->exclusive = h;
            h->level = level;
        }
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int file_unlock(sqlite3_file *file, int level)
{
    struct handle *h = handle_of(file);
    struct node *f = h->node;

    pthread_mutex_lock(&disk.lock);
    if (h->level > level) {
        if (f->reserved == h) f->reserved = NULL;
        if (f->pending == h) f->pending = NULL;
        if (f->exclusive == h) f->exclusive = NULL;
        if (level == SQLITE_LOCK_NONE && h->level >= SQLITE_LOCK_SHARED) f->shared--;
        h->level = level;
    }
    pthread_mutex_unlock(&disk.lock);
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *out)
{
    pthread_mutex_lock(&disk.lock);
    *out = handle_of(file)->node->reserved != NULL;
    pthread_mutex_unlock(&disk.lock);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    (void)file, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return 4096; /* as unix says; writes tear at DISK_SECTOR */
}

static int file_device(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as unix says: bytes beside a write stay */
}

static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    struct handle *h = handle_of(file);
    struct node *f = h->node;
    int rc;

    *out = NULL;
    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    if (rc == SQLITE_OK && region >= SHM_REGIONS) rc = SQLITE_IOERR;
    if (rc == SQLITE_OK) {
        if (!h->shm) {
            h->shm = true;
            f->shm_users++;
        }
        if (!f->regions[region] && extend) f->regions[region] = calloc(1, (size_t)size);
        *out = f->regions[region];
    } else {
        rc = SQLITE_IOERR_SHMMAP; /* as unix says, also of a full medium */
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int shm_lock(sqlite3_file *file, int from, int n, int flags)
{
    struct handle *h = handle_of(file);
    struct node *f = h->node;
    int rc = SQLITE_OK;

    pthread_mutex_lock(&disk.lock);
    for (int i = from; i < from + n && !(flags & SQLITE_SHM_UNLOCK); i++) {
        if (f->shm_exclusive[i] && f->shm_exclusive[i] != h) rc = SQLITE_BUSY;
        if ((flags & SQLITE_SHM_EXCLUSIVE) &&
            f->shm_shared[i] > (int)((h->shm_held_shared >> i) & 1)) {
            rc = SQLITE_BUSY;
        }
    }
    for (int i = from; i < from + n && rc == SQLITE_OK; i++) {
        uint32_t bit = UINT32_C(1) << i;

        if (flags & SQLITE_SHM_UNLOCK) {
            if (h->shm_held_shared & bit) f->shm_shared[i]--;
            if (h->shm_held_exclusive & bit) f->shm_exclusive[i] = NULL;
            h->shm_held_shared &= ~bit;
            h->shm_held_exclusive &= ~bit;
        } else if (flags & SQLITE_SHM_EXCLUSIVE) {
            f->shm_exclusive[i] = h;
            h->shm_held_exclusive |= bit;
        } else if (!(h->shm_held_shared & bit)) {
            f->shm_shared[i]++;
            h->shm_held_shared |= bit;
        }
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static void shm_barrier(sqlite3_file *file)
{
    (void)file;
    pthread_mutex_lock(&disk.lock);
    pthread_mutex_unlock(&disk.lock);
}

static void shm_free(struct node *f)
{
    for (int i = 0; i < SHM_REGIONS; i++) {
        free(f->regions[i]);
        f->regions[i] = NULL;
    }
}

static int shm_unmap(sqlite3_file *file, int remove)
{
    struct handle *h = handle_of(file);
    struct node *f = h->node;

    (void)remove;
    pthread_mutex_lock(&disk.lock);
    if (h->shm && --f->shm_users == 0) shm_free(f);
    h->shm = false;
    pthread_mutex_unlock(&disk.lock);
    return SQLITE_OK;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* ---- the methods of the disk */

static int disk_open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                          int *out_flags)
{
    struct handle *h = handle_of(file);
    int rc;

    (void)vfs;
    *h = (struct handle){ 0 };
    pthread_mutex_lock(&disk.lock);
    rc = name ? trouble() : SQLITE_CANTOPEN; /* no temporary files: temp_store is memory */
    if (rc == SQLITE_OK) {
        struct node *f = node_of(name, true);

        if (!f->exists && !(flags & SQLITE_OPEN_CREATE)) {
            rc = SQLITE_CANTOPEN;
        } else {
            f->exists = true;
            h->node = f;
            h->base.pMethods = &METHODS;
            if (out_flags) *out_flags = flags;
        }
    } else if (rc == SQLITE_IOERR) {
        rc = SQLITE_CANTOPEN;
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct node *f;
    int rc;

    (void)vfs;
    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    if (rc == SQLITE_OK) rc = operation();
    f = node_of(name, false);
    if (rc == SQLITE_OK && (!f || !f->exists)) rc = SQLITE_IOERR_DELETE_NOENT;
    if (rc == SQLITE_OK) {
        f->exists = false;
        change_add(f, 0, NULL, 0); /* what it held may come back or not */
        image_truncate(&f->now, 0);
        if (sync_folder && !disk.lie) {
            changes_drain(f, NULL);
            f->lasts = false;
        }
    }
    pthread_mutex_unlock(&disk.lock);
    return rc == SQLITE_IOERR ? SQLITE_IOERR_DELETE : rc;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct node *f;
    int rc;

    (void)vfs;
    pthread_mutex_lock(&disk.lock);
    rc = trouble();
    f = node_of(name, false);
    *out = rc == SQLITE_OK && f && f->exists &&
           (flags != SQLITE_ACCESS_EXISTS || f->now.n > 0); /* as unix: an empty one is none */
    pthread_mutex_unlock(&disk.lock);
    return rc == SQLITE_IOERR ? SQLITE_IOERR_ACCESS : rc;
}

static int disk_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

static int disk_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)n);
    return n;
}

static int disk_sleep(sqlite3_vfs *vfs, int usec)
{
    (void)vfs;
    usleep((unsigned)usec);
    return usec;
}

static int disk_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2459446.5; /* 2021-08-20 */
    return SQLITE_OK;
}

static int disk_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs, (void)n, (void)out;
    return 0;
}

static sqlite3_vfs VFS = {
    .iVersion = 1,
    .szOsFile = sizeof(struct handle),
    .mxPathname = 100,
    .zName = "ykt_disk",
    .xOpen = disk_open_file,
    .xDelete = disk_delete,
    .xAccess = disk_access,
    .xFullPathname = disk_name,
    .xRandomness = disk_random,
    .xSleep = disk_sleep,
    .xCurrentTime = disk_time,
    .xGetLastError = disk_error,
};

/* ---- the harness's side */

void disk_open(void)
{
    sqlite3_vfs_register(&VFS, 0);
}

static void image_free(struct image *m)
{
    free(m->p);
    *m = (struct image){ 0 };
}

void disk_close(void)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *f = &disk.nodes[i];

        if (!f->name[0]) continue;
        changes_drain(f, NULL);
        shm_free(f);
        image_free(&f->now);
        image_free(&f->synced);
        image_free(&f->kept);
        *f = (struct node){ 0 };
    }
    sqlite3_vfs_unregister(&VFS);
}

static void release(struct node *f)
{
    shm_free(f);
    f->shared = f->shm_users = 0;
    f->reserved = f->pending = f->exclusive = NULL;
    memset(f->shm_shared, 0, sizeof f->shm_shared);
    memset(f->shm_exclusive, 0, sizeof f->shm_exclusive);
}

void disk_keep(void)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *f = &disk.nodes[i];

        image_copy(&f->kept, &f->now);
        f->kept_exists = f->exists;
    }
}

void disk_back(void)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *f = &disk.nodes[i];

        if (!f->name[0]) continue;
        changes_drain(f, NULL);
        image_copy(&f->now, &f->kept);
        image_copy(&f->synced, &f->kept);
        f->exists = f->lasts = f->kept_exists;
        release(f);
    }
    disk.cut = disk.lie = disk.fail_syncs = disk.failed = false;
    disk.cut_at = disk.fail_at = disk.limit = 0;
}

void disk_cut_after(int64_t n)
{
    pthread_mutex_lock(&disk.lock);
    disk.cut_at = n ? disk.operations + n : 0;
    pthread_mutex_unlock(&disk.lock);
}

bool disk_is_cut(void)
{
    bool cut;

    pthread_mutex_lock(&disk.lock);
    cut = disk.cut;
    pthread_mutex_unlock(&disk.lock);
    return cut;
}

int64_t disk_operations(void)
{
    return disk.operations;
}

void disk_restart(struct prng *prng)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *f = &disk.nodes[i];
        bool stays;

        if (!f->name[0]) continue;
        changes_drain(f, prng);
        /* A name that was made or removed without a sync of its folder: either way. */
        stays = f->exists == f->lasts ? f->lasts : prng_next(prng) % 2 == 0;
        if (!stays) image_truncate(&f->synced, 0);
        image_copy(&f->now, &f->synced);
        f->exists = f->lasts = stays;
        release(f);
    }
    disk.cut = false;
    disk.cut_at = 0;
}

void disk_lie(bool syncs_do_nothing)
{
    disk.lie = syncs_do_nothing;
}

void disk_fail(int64_t n, int code, bool stay)
{
    pthread_mutex_lock(&disk.lock);
    disk.fail_at = n ? disk.calls + n : 0;
    disk.fail_code = code;
    disk.fail_stay = stay;
    disk.failed = false;
    pthread_mutex_unlock(&disk.lock);
}

bool disk_failed(void)
{
    return disk.failed;
}

void disk_fail_syncs(bool fail)
{
    pthread_mutex_lock(&disk.lock);
    disk.fail_syncs = fail;
    pthread_mutex_unlock(&disk.lock);
}

void disk_limit(int64_t bytes)
{
    pthread_mutex_lock(&disk.lock);
    disk.limit = bytes ? all_bytes() + bytes : 0;
    pthread_mutex_unlock(&disk.lock);
}

bool disk_damage(const char *suffix, int64_t at, size_t n)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *f = &disk.nodes[i];

        if (!f->exists || !str_ends(str_of(f->name), str_of(suffix))) continue;
        for (size_t k = 0; k < n && (size_t)at + k < f->now.n; k++) {
            f->now.p[(size_t)at + k] ^= 0x5A;
        }
        return true;
    }
    return false;
}
