/* store/store.c - opening and closing, and the doors that work the same on both engines. */
#include "store/inner.h"

#include <stdlib.h>
#include <time.h>

int64_t monotonic_usec(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

bool url_engine(struct str url, enum engine *engine, struct str *rest)
{
    if (str_starts(url, S("sqlite:")) && url.n > 7) {
        *engine = ENGINE_SQLITE;
        *rest = str_part(url, 7, url.n);
        return true;
    }
    *engine = ENGINE_POSTGRESQL;
    *rest = url;
    return str_starts(url, S("postgresql://")) || str_starts(url, S("postgres://"));
}

/* ---- opening */

static void store_free(struct store *store)
{
    pthread_cond_destroy(&store->wake);
    pthread_mutex_destroy(&store->sealing);
    pthread_mutex_destroy(&store->claiming);
    pthread_mutex_destroy(&store->chance);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static RESULT config_keep(struct store *store, const struct store_config *config)
{
    struct str rest;

    store->config = *config;
    assert(config->clock.now && config->entropy.fill);
    if (!url_engine(config->url, &store->engine, &rest)) {
        return fault(FAULT_CONFIG, "store: the URL starts with neither sqlite: nor postgresql://");
    }
    if (!str_c(config->url, store->url, sizeof store->url)) {
        return fault(FAULT_CONFIG, "store: a URL longer than %d bytes", URL_MAX - 1);
    }
    store->config.url = str_of(store->url);
    if (config->sqlite_vfs) {
        if (!str_c(str_of(config->sqlite_vfs), store->vfs, sizeof store->vfs)) {
            return fault(FAULT_CONFIG, "store: a VFS name too long");
        }
        store->config.sqlite_vfs = store->vfs;
    }
    if (config->readers < 0 || config->readers > 500) {
        return fault(FAULT_CONFIG, "store: readers must be 1 to 500");
    }
    store->calls = store->engine == ENGINE_SQLITE ? &SQLITE_CALLS : &POSTGRES_CALLS;
    return OK;
}

void cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

static RESULT open_engine(const struct store_config *config, bool raw, struct store **out)
{
    struct store *store = calloc(1, sizeof *store);
    struct err err;

    if (!store) return fault(FAULT_MEMORY, "opening the store");
    store->raw = raw;
    err = config_keep(store, config);
    if (err.code != 0) {
        free(store);
        return err;
    }
    if (raw) store->config.inline_writer = true;
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->sealing, NULL);
    pthread_mutex_init(&store->claiming, NULL);
    pthread_mutex_init(&store->chance, NULL);
    cond_init_monotonic(&store->wake);
    err = store->calls->open(store);
    if (err.code != 0) {
        store_free(store);
        return fault_add(err, "opening the store");
    }
    *out = store;
    return OK;
}

/* Tools that only read never come here, so they work beside a running server. */
static RESULT store_claim(struct store *store)
{
    struct err err = OK;

    pthread_mutex_lock(&store->claiming);
    if (!atomic_load(&store->claimed)) err = store->calls->claim(store);
    if (err.code == 0) atomic_store(&store->claimed, true);
    pthread_mutex_unlock(&store->claiming);
    /* A server that lost its lock to another one has no answer to give to its callers. */
    if (err.code == STORE_HELD && store->opened && !store->config.inline_writer)
        err = fault(FAULT_STORE_READONLY, "another process writes this database");
    return err;
}

void store_claim_check(struct store *store)
{
    if (!store->calls->still_claimed) return;
    pthread_mutex_lock(&store->claiming);
    if (atomic_load(&store->claimed) && !store->calls->still_claimed(store))
        atomic_store(&store->claimed, false);
    pthread_mutex_unlock(&store->claiming);
}

struct err store_open_raw(const struct store_config *config, struct store **out)
{
    return open_engine(config, true, out);
}

struct err store_open(const struct store_config *config, struct store **out)
{
    struct migrations all = migrations_of(config);
    struct store *store;
    struct err err = OK;

    TRY(open_engine(config, false, &store));
    /* Before anything is read that only the writer may go by. */
    if (!config->inline_writer) err = store_claim(store);
    /* What lives in memory is always new, and nobody else could migrate it. */
    if (err.code == 0 && str_eq(config->url, S("sqlite::memory:"))) err = migrate_store(store, 0);
    if (err.code == 0) err = store_look(store, migrations_match, &all);
    if (err.code == 0) err = identity_load(store);
    if (err.code == 0) err = sealer_start(store);
    if (err.code != 0) {
        store->calls->close(store);
        store_free(store);
        return fault_add(err, "opening the store");
    }
    store->opened = true;
    *out = store;
    return OK;
}

void store_close(struct store *store)
{
    if (!store) return;
    pthread_mutex_lock(&store->lock);
    atomic_store(&store->closing, true);
    pthread_cond_broadcast(&store->wake);
    pthread_mutex_unlock(&store->lock);
    sealer_stop(store);
    /* Looked at again and again, once in the life of a store, so that whoever leaves it touches
     * nothing of it after the count. */
    while (atomic_load(&store->running) > 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    store->calls->close(store);
    store_free(store);
}

/* Every caller and every act comes through here: a lock would make the writer wait for them. */
struct err store_enter(struct store *store)
{
    atomic_fetch_add(&store->running, 1);
    if (!atomic_load(&store->closing)) return OK;
    store_leave(store);
    return fault(FAULT_INTERRUPTED, "the store is closing");
}

void store_leave(struct store *store)
{
    atomic_fetch_sub(&store->running, 1);
}

enum engine store_engine(const struct store *store)
{
    return store->engine;
}

struct instant store_now(const struct store *store)
{
    return clock_now(&store->config.clock);
}

/* Entropy is fetched ahead: a call of the system for each of an act's ten ids and salts costs more
 * than what it is for. What was handed out does not stay here. `chance` is held. */
static void random_take(struct store *store, void *out, size_t n)
{
    uint8_t *p = out;

    while (n > 0) {
        size_t part;
        if (store->random_left == 0) {
            store->config.entropy.fill(store->config.entropy.arg, store->random,
                                       sizeof store->random);
            store->random_left = sizeof store->random;
        }
        part = n < store->random_left ? n : store->random_left;
        memcpy(p, store->random + sizeof store->random - store->random_left, part);
        memset(store->random + sizeof store->random - store->random_left, 0, part);
        store->random_left -= part;
        p += part;
        n -= part;
    }
}

static void id_entropy(void *store, void *out, size_t n)
{
    random_take(store, out, n);
}

/* Strictly increasing: ids of one millisecond must neither meet (21 random bits would, at ten
 * thousand a second) nor stand in another order than they were made. */
int64_t store_new_id(struct store *store)
{
    struct instant now = clock_now(&store->config.clock);
    struct entropy entropy = { .fill = id_entropy, .arg = store };
    int64_t id;

    pthread_mutex_lock(&store->chance);
    id = id_new(now, &entropy);
    if (id <= store->last_id) id = store->last_id + 1;
    store->last_id = id;
    pthread_mutex_unlock(&store->chance);
    return id;
}

void store_random(struct store *store, void *out, size_t n)
{
    pthread_mutex_lock(&store->chance);
    random_take(store, out, n);
    pthread_mutex_unlock(&store->chance);
}

uint32_t store_jitter(struct store *store, uint32_t below)
{
    static _Thread_local uint32_t state;

    if (state == 0) {
        state =
            (uint32_t)monotonic_usec() ^ (uint32_t)(uintptr_t)&state ^ (uint32_t)(uintptr_t)store;
        state |= 1;
    }
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return below == 0 ? 0 : state % below;
}

/* ---- writing and reading */

void call_keep_note(struct call *call)
{
    snprintf(call->note, sizeof call->note, "%s", call->end.code < 0 ? fault_note() : "");
}

struct err call_end(struct call *call)
{
    if (call->end.code >= 0) return call->end;
    return fault((enum fault)call->end.code, "%s", call->note);
}

struct err store_write(struct store *store, struct root root, bool load, store_body *body,
                       void *arg)
{
    struct call call = { .root = root, .load = load, .body = body, .arg = arg };

    if (!atomic_load_explicit(&store->claimed, memory_order_acquire)) TRY(store_claim(store));
    return store->calls->run(store, &call);
}

struct err store_look(struct store *store, store_body *body, void *arg)
{
    return store->calls->read(store, body, arg);
}

struct err store_run(struct store *store, struct root root, store_body *body, void *arg)
{
    struct err err;

    TRY(store_enter(store));
    err = store_write(store, root, false, body, arg);
    store_leave(store);
    return err;
}

struct err store_load(struct store *store, store_body *body, void *arg)
{
    struct err err;

    TRY(store_enter(store));
    err = store_write(store, (struct root){ 0 }, true, body, arg);
    store_leave(store);
    return err;
}

struct err store_run_once(struct store *store, struct root root, const struct once *once,
                          store_body *body, void *arg, int64_t *result_id, bool *replayed)
{
    struct once_call call = { .once = once, .root = root, .body = body, .arg = arg };
    struct err err;

    assert(once->key.n >= 1 && once->key.n <= 64);
    TRY(store_enter(store));
    err = store_write(store, root, false, once_body, &call);
    store_leave(store);
    if (err.code != 0) return err;
    if (result_id) *result_id = call.result_id;
    if (replayed) *replayed = call.replayed;
    if (once->replayed) *once->replayed = call.replayed;
    return OK;
}

struct err store_read(struct store *store, store_body *body, void *arg)
{
    struct err err;

    TRY(store_enter(store));
    err = store_look(store, body, arg);
    store_leave(store);
    return err;
}

/* ---- looking after it */

struct health_call {
    struct store_health *out;
    struct migrations all;
};

static RESULT health_body(struct txn *tx, void *arg)
{
    struct health_call *call = arg;
    bool found;
    ROW(row);

    TRY(migrations_match(tx, &call->all));
    TRY(txn_first(tx, &META_READ, IN(v_text(S("incarnation"))), &row, &found));
    if (!found) return fault(FAULT_STORE_CORRUPT, "store_meta has no incarnation");
    call->out->incarnation = row_int(&row, 0);
    return OK;
}

struct err store_health(struct store *store, struct store_health *out)
{
    struct store_health health = { .engine = store->engine };
    struct health_call call = { .out = &health, .all = migrations_of(&store->config) };
    struct err err;

    TRY(store_enter(store));
    health.version = health.newest = call.all.n;
    health.reruns = atomic_load(&store->reruns);
    health.slow_bodies = atomic_load(&store->slow_bodies);
    health.seal_faults = atomic_load(&store->seal_faults);
    err = store_look(store, health_body, &call);
    if (err.code == 0) err = store->calls->health(store, &health);
    store_leave(store);
    if (err.code == 0) *out = health;
    return err;
}

struct err store_backup(struct store *store, struct str path)
{
    char name[URL_MAX];
    struct err err;

    if (!str_c(path, name, sizeof name)) return fault(FAULT_IO, "backup: a path too long");
    TRY(store_enter(store));
    err = store->calls->backup(store, name);
    store_leave(store);
    return err;
}

struct err store_restore(const struct store_config *config, struct str path)
{
    char name[URL_MAX];
    enum engine engine;
    struct str rest;

    if (!str_c(path, name, sizeof name)) return fault(FAULT_IO, "restore: a path too long");
    if (!url_engine(config->url, &engine, &rest)) {
        return fault(FAULT_CONFIG, "store: the URL starts with neither sqlite: nor postgresql://");
    }
    return engine == ENGINE_SQLITE ? sqlite_restore(config, name) : pg_restore_new(config, name);
}

struct err store_distribute(struct store *store)
{
    struct err err;

    TRY(store_enter(store));
    err = store_claim(store);
    if (err.code == 0) err = store->calls->distribute(store);
    store_leave(store);
    return err;
}
