/* tests/fixture.c - makes databases for tests. */
#include "tests/fixture.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int made; /* databases of this process */

int fixture_engines(void)
{
    const char *url = getenv("YKT_TEST_POSTGRES");

    return url && url[0] ? 2 : 1;
}

const char *fixture_engine_name(enum engine engine)
{
    return engine == ENGINE_SQLITE ? "SQLite" : "PostgreSQL";
}

/* ---- clock, entropy, sealer */

static struct instant clock_tell(void *arg)
{
    struct fixture *f = arg;

    return (struct instant){ atomic_load(&f->now_usec) };
}

struct instant fixture_now(const struct fixture *f)
{
    return (struct instant){ atomic_load(&f->now_usec) };
}

void fixture_set(struct fixture *f, struct instant at)
{
    atomic_store(&f->now_usec, at.usec);
}

void fixture_pass(struct fixture *f, int64_t usec)
{
    atomic_fetch_add(&f->now_usec, usec);
}

/* Four lanes of FNV-1a, each with the place mixed in: differs when a byte does, and no more. */
static void hash(void *arg, struct bytes in, uint8_t out[32])
{
    struct writer w = writer_over(out, 32);

    (void)arg;
    for (uint64_t lane = 0; lane < 4; lane++) {
        uint64_t h = UINT64_C(0xcbf29ce484222325) + lane * UINT64_C(0x9E3779B97F4A7C15);
        for (size_t i = 0; i < in.n; i++) {
            h = (h ^ in.p[i] ^ (lane * i)) * UINT64_C(0x100000001b3);
        }
        put_be64(&w, h);
    }
}

static RESULT sign(void *arg, const uint8_t hash_in[32], uint8_t out[80], size_t *n)
{
    (void)arg;
    memcpy(out, hash_in, 32);
    memcpy(out + 32, hash_in, 32);
    *n = 64;
    return OK;
}

struct sealer fixture_sealer(void)
{
    return (struct sealer){ .hash = hash, .sign = sign };
}

/* ---- databases */

static bool on_base(const char *url, const char *sql)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    if (!ok) printf("%s: %s\n", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return ok;
}

/* Run one statement on the cluster itself; YKT_TEST_POSTGRES names a database that always is. */
static bool on_cluster(const char *sql)
{
    return on_base(getenv("YKT_TEST_POSTGRES"), sql);
}

bool fixture_sql(const struct fixture *f, const char *sql)
{
    return on_base(f->url, sql);
}

/* postgresql://user@/base?host=/path&port=1 with another base. */
static void url_with_base(char *out, size_t size, const char *url, const char *base)
{
    struct str all = str_of(url), query, authority, rest;
    struct writer w = writer_over(out, size);
    struct str before = str_cut(all, '?', &query);

    (void)str_cut(str_part(before, strlen("postgresql://"), before.n), '/', &rest);
    authority = str_part(before, 0, before.n - rest.n);
    if (str_ends(authority, S("/"))) authority.n--;
    put_format(&w, "%.*s/%s%s%.*s%c", (int)authority.n, authority.p, base, query.n ? "?" : "",
               (int)query.n, query.n ? query.p : "", 0);
    if (w.over) abort();
}

static void base_name(char *out, size_t size, int n)
{
    snprintf(out, size, "ykt_test_%d_%d", (int)getpid(), n);
}

bool fixture_make(struct fixture *f, enum engine engine)
{
    char base[64], sql[128];

    *f = (struct fixture){ .engine = engine, .prng = { test_seed() } };
    made++;
    if (engine == ENGINE_SQLITE) {
        snprintf(f->url, sizeof f->url, "sqlite:%s/store%d.db", test_folder(), made);
    } else {
        base_name(base, sizeof base, made);
        snprintf(sql, sizeof sql, "CREATE DATABASE %s", base);
        if (!CHECK("a database for the test", on_cluster(sql))) return false;
        url_with_base(f->url, sizeof f->url, getenv("YKT_TEST_POSTGRES"), base);
    }
    (void)instant_parse(S("2021-08-20T08:00:00+08:00"),
                        &(struct instant){ 0 }); /* the day the article speaks of */
    atomic_store(&f->now_usec, INT64_C(1629417600) * USEC_PER_SEC);
    f->config = (struct store_config){
        .url = str_of(f->url),
        .clock = { clock_tell, f },
        .entropy = prng_entropy(&f->prng),
        .sealer = fixture_sealer(),
        .readers = engine == ENGINE_SQLITE ? 0 : 8,
    };
    return true;
}

/* Migrations stay where they are for as long as the store is open: one list a process and length.
 */
static const struct migration *with_more(const struct migration *more, int n)
{
    struct migration *all = calloc((size_t)(MIGRATIONS_N + n), sizeof *all);

    if (!all) abort();
    memcpy(all, MIGRATIONS, (size_t)MIGRATIONS_N * sizeof *all);
    memcpy(all + MIGRATIONS_N, more, (size_t)n * sizeof *all);
    return all;
}

bool fixture_open_with(struct fixture *f, enum engine engine, const struct migration *more, int n,
                       bool inline_writer)
{
    if (!fixture_make(f, engine)) return false;
    if (n > 0) {
        f->config.migrations = with_more(more, n);
        f->config.migrations_n = MIGRATIONS_N + n;
    }
    f->config.inline_writer = inline_writer;
    if (!CHECK_OK("migrate", store_migrate(&f->config, false, NULL, NULL)) ||
        !CHECK_OK("open", store_open(&f->config, &f->store))) {
        fixture_close(f);
        return false;
    }
    return true;
}

bool fixture_open(struct fixture *f, enum engine engine)
{
    return fixture_open_with(f, engine, NULL, 0, false);
}

bool fixture_seal(struct fixture *f)
{
    static const enum feed FEEDS[] = { FEED_CARD, FEED_JOURNAL, FEED_BOOKING };
    struct timespec pause = { .tv_nsec = 10000000 };
    int64_t unsealed = 0;

    for (int i = 0; i < 2000; i++) {
        if (!CHECK_OK("seal", store_seal(f->store))) return false;
        unsealed = 0;
        for (size_t k = 0; k < LEN(FEEDS); k++) {
            struct feed_status status;

            if (!CHECK_OK("status", feed_status(f->store, FEEDS[k], &status))) return false;
            unsealed += status.unsealed;
        }
        if (unsealed == 0) return true;
        nanosleep(&pause, NULL);
    }
    return CHECK_INT("entries that stay unsealed", unsealed, 0);
}

static void remove_file(const char *path, const char *suffix)
{
    char name[700];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    unlink(name);
}

void fixture_close(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
    if (f->config.migrations) free((void *)(uintptr_t)f->config.migrations);
    f->config.migrations = NULL;
    if (f->engine == ENGINE_SQLITE) {
        remove_file(f->url + strlen("sqlite:"), "");
        remove_file(f->url + strlen("sqlite:"), "-wal");
        remove_file(f->url + strlen("sqlite:"), "-shm");
        remove_file(f->url + strlen("sqlite:"), "-lock");
    } else if (f->url[0]) {
        char sql[200], base[128];
        const char *query = strchr(f->url, '?'), *slash = f->url;

        for (const char *p = f->url; *p && p != query; p++) {
            if (*p == '/') slash = p;
        }
        snprintf(base, sizeof base, "%.*s",
                 (int)(query ? query - slash - 1 : (long)strlen(slash + 1)), slash + 1);
        snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", base);
        (void)on_cluster(sql);
    }
}
