/* bench/stop_list_bench.c - the exact stop list beside what one would take instead, in one run,
 * alternating, medians (performance.md section 6, row d).
 *
 *   stop_list_bench [universe, default 60000000] [stopped, default 1000000] [rounds, default 5]
 *
 * Half of the look-ups are for stopped cards. Baselines: sorted u32 with binary search, a plain
 * bitmap, SQLite by primary key. Answers are added up, checked against the bitmap and printed. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "card/wire/stop_list.h"

enum { LOOKUPS = 1 << 20, SQL_LOOKUPS = 1 << 16, ROUNDS_MAX = 32, CHANGES = 5000 };

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
    return p;
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

static void tell(struct series *s, double bits)
{
    double m = median(s);

    printf("%-34s %8.1f ns (%.1f-%.1f)  %6.2f bits an entry\n", s->name, m, s->v[0], s->v[s->n - 1],
           bits);
}

struct world {
    uint32_t universe, n;
    uint8_t *bitmap;
    uint32_t *sorted, *ask;
    struct stop_list list;
    sqlite3_stmt *select;
    int64_t sum;
};

static bool in_bitmap(const struct world *w, uint32_t i)
{
    return w->bitmap[i / 8] >> (i % 8) & 1;
}

static bool in_sorted(const struct world *w, uint32_t i)
{
    uint32_t low = 0, high = w->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (w->sorted[middle] < i)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->n && w->sorted[low] == i;
}

static double list_round(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < LOOKUPS; i++) {
        w->sum += stop_list_find(&w->list, w->ask[i]) != STOP_CLEAR;
    }
    return (now_ns() - from) / LOOKUPS;
}

static double sorted_round(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < LOOKUPS; i++) {
        w->sum += in_sorted(w, w->ask[i]);
    }
    return (now_ns() - from) / LOOKUPS;
}

static double bitmap_round(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < LOOKUPS; i++) {
        w->sum += in_bitmap(w, w->ask[i]);
    }
    return (now_ns() - from) / LOOKUPS;
}

static double sql_round(struct world *w)
{
    double from = now_ns();

    for (int i = 0; i < SQL_LOOKUPS; i++) {
        sqlite3_bind_int64(w->select, 1, w->ask[i]);
        w->sum += sqlite3_step(w->select) == SQLITE_ROW;
        sqlite3_reset(w->select);
    }
    return (now_ns() - from) / SQL_LOOKUPS;
}

static struct bytes write_list(const struct stop_list_head *head, const struct stop_entry *cards)
{
    size_t bytes = stop_list_bytes(head);
    struct writer w = writer_over(pages(bytes), bytes);

    stop_list_write(head, &(struct stop_list_content){ cards, NULL }, &w);
    return writer_bytes(&w);
}

/* 5,000 changes: their delta's size and the time to apply it. */
static void delta(struct world *w, struct prng *prng)
{
    static struct stop_entry cards[CHANGES];
    struct stop_list_head head = w->list.head;
    struct stop_list_file file;
    struct stop_list next;
    struct arena arena;
    struct bytes bytes;
    double from;
    struct err err;

    head.delta = true;
    head.from_position = head.position;
    head.position++;
    head.cards_n = head.ecard_n = 0;
    for (uint32_t i = 0; i < CHANGES; i++) {
        uint32_t step = w->universe / CHANGES;
        uint32_t index = i * step + (uint32_t)(prng_next(prng) % step);
        enum stop_answer answer = in_bitmap(w, index) ? STOP_CLEAR : STOP_STOPPED;
        cards[head.cards_n++] = (struct stop_entry){ index, answer };
    }
    bytes = write_list(&head, cards);
    err = stop_list_parse(bytes, &file);
    if (err.code == 0) err = arena_open(&arena, stop_list_apply_memory(&w->list, &file.head));
    if (err.code != 0) exit(1);
    from = now_ns();
    err = stop_list_apply(&w->list, &file, &arena, &next);
    from = now_ns() - from;
    if (err.code != 0) exit(1);
    printf("delta of %d changes: %zu bytes, %.1f bits a change, applied in %.1f ms\n", CHANGES,
           bytes.n, (double)bytes.n * 8 / CHANGES, from / 1e6);
    w->sum += next.head.cards_n;
    arena_close(&arena);
}

int main(int argc, char **argv)
{
    uint32_t universe = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 60000000;
    uint32_t wanted = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
    int rounds = argc > 3 ? atoi(argv[3]) : 5;
    struct world w = { .universe = universe };
    struct prng prng = { 11 };
    struct series list = { .name = "stop list (Elias-Fano, exact)" },
                  sorted = { .name = "sorted u32, binary search" },
                  bitmap = { .name = "plain bitmap" }, sql = { .name = "SQLite, prepared" };
    struct stop_list_head head = { .suite = CODE_SM2, .position = 1, .universe = universe };
    struct stop_entry *cards;
    struct stop_list_file file;
    struct arena arena;
    struct bytes bytes;
    sqlite3 *db;
    sqlite3_stmt *insert;
    double build, open;
    int64_t wrong = 0;

    if (universe < CHANGES || wanted > universe / 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: stop_list_bench [universe >= 5000] [stopped] [rounds 1..%d]\n",
                ROUNDS_MAX);
        return 2;
    }
    w.bitmap = pages(universe / 8 + 1);
    w.sorted = pages((wanted + 1) * sizeof *w.sorted);
    w.ask = pages(LOOKUPS * sizeof *w.ask);
    cards = pages((wanted + 1) * sizeof *cards);
    for (uint32_t made = 0; made < wanted;) {
        uint32_t i = (uint32_t)(prng_next(&prng) % universe);
        if (in_bitmap(&w, i)) continue;
        w.bitmap[i / 8] |= (uint8_t)(1u << i % 8);
        made++;
    }
    for (uint32_t i = 0; i < universe; i++) {
        enum stop_answer answer;
        if (!in_bitmap(&w, i)) continue;
        answer = prng_next(&prng) % 20 == 0 ? STOP_CARD_ONLY : STOP_STOPPED;
        if (answer == STOP_CARD_ONLY) head.ecard_n++;
        cards[w.n] = (struct stop_entry){ i, answer };
        w.sorted[w.n++] = i;
    }
    head.cards_n = w.n;
    build = now_ns();
    bytes = write_list(&head, cards);
    build = now_ns() - build;
    open = now_ns();
    struct err err = arena_open(&arena, stop_list_memory(&head));
    if (err.code == 0) err = stop_list_parse(bytes, &file);
    if (err.code == 0) err = stop_list_open(&file, &arena, &w.list);
    if (err.code != 0) return 1;
    open = now_ns() - open;
    for (uint32_t i = 0; i < universe; i++) {
        wrong += (stop_list_find(&w.list, i) != STOP_CLEAR) != in_bitmap(&w, i);
    }
    for (int i = 0; i < LOOKUPS; i++) {
        w.ask[i] =
            i % 2 ? w.sorted[prng_next(&prng) % w.n] : (uint32_t)(prng_next(&prng) % universe);
    }
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
    sqlite3_exec(db, "CREATE TABLE stopped (card INTEGER PRIMARY KEY); BEGIN", NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO stopped VALUES (?)", -1, &insert, NULL);
    for (uint32_t i = 0; i < w.n; i++) {
        sqlite3_bind_int64(insert, 1, w.sorted[i]);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "SELECT 1 FROM stopped WHERE card = ?", -1, &w.select, NULL);
    for (int i = 0; i < rounds; i++) {
        list.v[list.n++] = list_round(&w);
        sorted.v[sorted.n++] = sorted_round(&w);
        bitmap.v[bitmap.n++] = bitmap_round(&w);
        sql.v[sql.n++] = sql_round(&w);
    }
    printf("%u stopped of %u, %d rounds, medians (min-max); 1 in 20 with the e-card on\n", w.n,
           universe, rounds);
    double file_bits = (double)bytes.n * 8 / w.n;
    double held_bits = file_bits + (double)stop_list_memory(&head) * 8 / w.n;
    tell(&list, held_bits);
    tell(&sorted, 32);
    tell(&bitmap, (double)universe / w.n);
    tell(&sql, 0);
    printf("file %zu bytes = %.2f bits an entry, %.2f with samples in memory; written in %.1f ms,"
           " checked and opened in %.1f ms\n",
           bytes.n, file_bits, held_bits, build / 1e6, open / 1e6);
    printf("sorted / ours %.1fx, SQLite / ours %.0fx; wrong answers of %u: %" PRId64 "\n",
           median(&sorted) / median(&list), median(&sql) / median(&list), universe, wrong);
    printf("must exact, <= 16 bits, <= 150 ns: %s; goal <= 9 bits, <= 30 ns: %s\n",
           wrong == 0 && held_bits <= 16 && median(&list) <= 150 ? "met" : "MISSED",
           wrong == 0 && held_bits <= 9 && median(&list) <= 30 ? "met" : "MISSED");
    delta(&w, &prng);
    sqlite3_finalize(w.select);
    sqlite3_close(db);
    printf("(sum of answers %" PRId64 ")\n", w.sum);
    return wrong != 0;
}
