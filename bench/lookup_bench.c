/* bench/lookup_bench.c - from value_hash to card: our value index beside SQLite and a plain
 * open-addressing table, in one run, alternating, medians (performance.md section 6, row f).
 *
 *   lookup_bench [rows, default 4000000; 60000000 is the province] [rounds, default 5]
 *
 * Hashes are synthetic and uniform, as HMAC-SM3 makes them; "after hashing". One look-up in 64 is
 * for a stranger. Every answer is added up and printed, so that nothing is optimised away. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "identity/value_index.h"

enum { LOOKUPS = 1 << 20, SQL_LOOKUPS = 1 << 16, ROUNDS_MAX = 32 };

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *pages(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        fprintf(stderr, "no memory for %zu bytes\n", n);
        exit(1);
    }
    madvise(p, n, MADV_HUGEPAGE);
    return p;
}

static uint64_t hash_of(uint64_t i) /* SplitMix64's mixer: a permutation of 64 bits */
{
    i += UINT64_C(0x9E3779B97F4A7C15);
    i = (i ^ i >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    i = (i ^ i >> 27) * UINT64_C(0x94D049BB133111EB);
    return i ^ i >> 31;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

struct series {
    const char *name;
    double v[ROUNDS_MAX];
    int n;
};

static double median(struct series *s)
{
    qsort(s->v, (size_t)s->n, sizeof s->v[0], by_value);
    return s->v[s->n / 2];
}

static void tell(struct series *s, const char *unit)
{
    double m = median(s);

    printf("%-44s %10.1f %s   (%.1f-%.1f)\n", s->name, m, unit, s->v[0], s->v[s->n - 1]);
}

/* the plain table: 64-bit hash and index side by side, half empty at most */
struct plain {
    struct value_row *slots;
    uint64_t mask;
};

static void plain_put(struct plain *t, struct value_row row)
{
    uint64_t at = row.hash & t->mask;

    while (t->slots[at].hash != 0) {
        at = (at + 1) & t->mask;
    }
    t->slots[at] = row;
}

static int64_t plain_find(const struct plain *t, uint64_t hash)
{
    uint64_t at = hash & t->mask;

    while (t->slots[at].hash != 0) {
        if (t->slots[at].hash == hash) return t->slots[at].index;
        at = (at + 1) & t->mask;
    }
    return -1;
}

static sqlite3 *sql_make(const char *path, uint64_t n, double *rows_per_sec)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    double from = now_ns();

    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK) exit(1);
    sqlite3_exec(db,
                 "PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA cache_size=-262144;"
                 "PRAGMA mmap_size=8589934592;"
                 "CREATE TABLE credential (hash INTEGER PRIMARY KEY, card INTEGER NOT NULL);"
                 "BEGIN;",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO credential VALUES (?, ?)", -1, &insert, NULL);
    /* ascending keys, the quick way to fill it: the hash is a permutation, so use the number */
    for (uint64_t i = 0; i < n; i++) {
        sqlite3_bind_int64(insert, 1, (int64_t)(i * 1000003));
        sqlite3_bind_int64(insert, 2, (int64_t)i);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    *rows_per_sec = (double)n / (now_ns() - from) * 1e9;
    return db;
}

struct world {
    uint64_t n;
    uint64_t *ask; /* hashes to look for, in random order */
    uint64_t *who; /* their numbers */
    int64_t *out;
    struct value_index index;
    struct plain plain;
    sqlite3 *db;
    sqlite3_stmt *select;
    int64_t sum;
};

static double ours_single(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < LOOKUPS; i++) {
        w->sum += value_index_find(&w->index, w->ask[i]);
    }
    return (now_ns() - from) / LOOKUPS;
}

/* each look-up's hash depends on the answer before: nothing overlaps */
static double ours_chained(struct world *w)
{
    double from = now_ns();
    uint64_t carry = 0;

    for (int i = 0; i < LOOKUPS / 4; i++) {
        int64_t got = value_index_find(&w->index, w->ask[(uint64_t)i + carry]);
        carry = (uint64_t)(got & 1);
        w->sum += got;
    }
    return (now_ns() - from) / (LOOKUPS / 4);
}

static double ours_batched(struct world *w)
{
    double from = now_ns();

    value_index_find_batch(&w->index, w->ask, LOOKUPS, w->out);
    from = (now_ns() - from) / LOOKUPS;
    for (int i = 0; i < LOOKUPS; i++) {
        w->sum += w->out[i];
    }
    return from;
}

static double plain_single(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < LOOKUPS; i++) {
        w->sum += plain_find(&w->plain, w->ask[i]);
    }
    return (now_ns() - from) / LOOKUPS;
}

static double sql_single(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < SQL_LOOKUPS; i++) {
        sqlite3_bind_int64(w->select, 1, (int64_t)(w->who[i] * 1000003));
        if (sqlite3_step(w->select) == SQLITE_ROW) w->sum += sqlite3_column_int64(w->select, 0);
        sqlite3_reset(w->select);
    }
    return (now_ns() - from) / SQL_LOOKUPS;
}

static double build(struct world *w, int index_bits, uint64_t n, size_t *bytes)
{
    struct value_row *rows = pages(n * sizeof *rows);
    int block_bits = value_index_block_bits(n);
    uint32_t *directory = pages(value_index_directory_bytes(block_bits));
    uint64_t *out = pages(n * sizeof *out);
    double from;

    for (uint64_t i = 0; i < n; i++) {
        rows[i] = (struct value_row){ hash_of(i), (uint32_t)i };
    }
    from = now_ns();
    value_index_build(rows, n, index_bits, directory, out, &w->index);
    from = (double)n / (now_ns() - from) * 1e9;
    munmap(rows, n * sizeof *rows);
    *bytes = value_index_directory_bytes(block_bits) + n * sizeof *out;
    return from;
}

static void asks(struct world *w, uint64_t n)
{
    struct prng prng = { 7 };

    for (int i = 0; i <= LOOKUPS; i++) {
        w->who[i] = prng_next(&prng) % n;
        if (i % 64 == 63) w->who[i] += n; /* a stranger */
        w->ask[i] = hash_of(w->who[i]);
    }
}

/* Written, synced, dropped from the cache as far as we may, mapped again: the first look-ups. */
static void start_after_crash(struct world *w, const char *path, size_t bytes)
{
    size_t directory = value_index_directory_bytes(w->index.block_bits);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    double from = now_ns(), first;
    uint8_t *map;

    if (fd < 0 || write(fd, w->index.directory, directory) != (ssize_t)directory) exit(1);
    for (size_t done = 0; done < bytes - directory;) {
        ssize_t n = write(fd, (const uint8_t *)w->index.rows + done, bytes - directory - done);
        if (n <= 0) exit(1);
        done += (size_t)n;
    }
    fsync(fd);
    printf("%-44s %10.1f MB/s\n", "file written and synced",
           (double)bytes / (now_ns() - from) * 1e3);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    from = now_ns();
    map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) exit(1);
    struct value_index mapped = w->index;
    mapped.directory = (const uint32_t *)(const void *)map;
    mapped.rows = (const uint64_t *)(const void *)(map + directory);
    w->sum += value_index_find(&mapped, w->ask[0]);
    first = now_ns() - from;
    for (int i = 0; i < 10000; i++) {
        w->sum += value_index_find(&mapped, w->ask[i]);
    }
    printf("%-44s %10.3f ms\n", "start: map to the first answer", first / 1e6);
    printf("%-44s %10.3f ms\n", "start: to the ten-thousandth, cold file", (now_ns() - from) / 1e6);
    munmap(map, bytes);
    close(fd);
    unlink(path);
}

static void growth(struct world *w, uint64_t n)
{
    struct world small = *w;

    for (uint64_t m = n < 1000000 ? n : 1000000; m < n; m *= 4) {
        size_t bytes;
        double load = build(&small, 26, m, &bytes);
        asks(&small, m);
        double single = ours_single(&small), batched = ours_batched(&small);
        printf("  %9" PRIu64
               " rows: %6.1f ns single, %6.1f ns batched, %.3f B/row, %.1f M rows/s\n",
               m, single, batched, (double)bytes / (double)m, load / 1e6);
        munmap((void *)(uintptr_t)small.index.rows, m * 8);
    }
    w->sum += small.sum;
    asks(w, n);
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000000;
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char sql_path[300], file_path[300];
    struct world w = { .n = n };
    struct series single = { .name = "value index, single" },
                  chained = { .name = "value index, each waiting for the last" },
                  batched = { .name = "value index, batches of 16" },
                  plain = { .name = "plain open addressing (24-32 B/row), single" },
                  sql = { .name = "SQLite INTEGER PRIMARY KEY, prepared" };
    size_t bytes;
    double sql_rate, load, plain_rate;

    if (n < 1000 || n > 200000000 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: lookup_bench [rows 1000..200000000] [rounds 1..%d]\n", ROUNDS_MAX);
        return 2;
    }
    snprintf(sql_path, sizeof sql_path, "%s/lookup_bench_%d.sqlite", tmp, (int)getpid());
    snprintf(file_path, sizeof file_path, "%s/lookup_bench_%d.index", tmp, (int)getpid());
    w.ask = pages((LOOKUPS + 1) * sizeof *w.ask);
    w.who = pages((LOOKUPS + 1) * sizeof *w.who);
    w.out = pages(LOOKUPS * sizeof *w.out);
    load = build(&w, 26, n, &bytes);
    asks(&w, n);
    w.plain.mask = 1;
    while (w.plain.mask < n * 3 / 2) {
        w.plain.mask = w.plain.mask * 2 + 1;
    }
    w.plain.slots = pages((w.plain.mask + 1) * sizeof *w.plain.slots);
    plain_rate = now_ns();
    for (uint64_t i = 0; i < n; i++) {
        plain_put(&w.plain, (struct value_row){ hash_of(i), (uint32_t)i });
    }
    plain_rate = (double)n / (now_ns() - plain_rate) * 1e9;
    w.db = sql_make(sql_path, n, &sql_rate);
    sqlite3_prepare_v2(w.db, "SELECT card FROM credential WHERE hash = ?", -1, &w.select, NULL);
    sql_single(&w);
    for (int i = 0; i < rounds; i++) {
        single.v[single.n++] = ours_single(&w);
        sql.v[sql.n++] = sql_single(&w);
        batched.v[batched.n++] = ours_batched(&w);
        plain.v[plain.n++] = plain_single(&w);
        chained.v[chained.n++] = ours_chained(&w);
    }
    printf("%" PRIu64 " rows, %d rounds, medians (min-max)\n", n, rounds);
    tell(&single, "ns");
    tell(&chained, "ns");
    tell(&batched, "ns");
    tell(&plain, "ns");
    tell(&sql, "ns");
    printf("SQLite / ours: single %.0fx, batched %.0fx; plain / ours single %.2fx\n",
           median(&sql) / median(&single), median(&sql) / median(&batched),
           median(&plain) / median(&single));
    printf("%-44s %10.3f B/row (plain %.1f)\n", "size", (double)bytes / (double)n,
           (double)((w.plain.mask + 1) * sizeof *w.plain.slots) / (double)n);
    printf("%-44s %10.1f M rows/s (plain %.1f, SQLite sorted %.2f)\n", "load", load / 1e6,
           plain_rate / 1e6, sql_rate / 1e6);
    printf("must <= 400 ns single, <= 9 B/row: %s; goal <= 180 ns single, <= 60 ns batched: %s\n",
           median(&single) <= 400 && (double)bytes / (double)n <= 9 ? "met" : "MISSED",
           median(&single) <= 180 && median(&batched) <= 60 ? "met" : "MISSED");
    munmap(w.plain.slots, (w.plain.mask + 1) * sizeof *w.plain.slots);
    start_after_crash(&w, file_path, bytes);
    growth(&w, n);
    sqlite3_finalize(w.select);
    sqlite3_close(w.db);
    unlink(sql_path);
    printf("(sum of answers %" PRId64 ")\n", w.sum);
    return 0;
}
