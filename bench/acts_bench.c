/* bench/acts_bench.c - grade A, the whole act at the module's call: loss reports
 * (registry_card_lose: idempotency key, card row, history, journal line, notice, feed) and bookings
 * of one scarce slot (venues_book: idempotency key, slot, booking, journal line, notice),
 * acknowledged per second by 1, 16, 64 and 256 callers (performance.md section 6, rows b3 and g).
 *
 *   acts_bench [--quick]
 *   acts_bench --one loss|scattered|booking|bare CALLERS SECONDS CARDS    one cell of ours, for a
 * profiler
 *
 * Beside it, alternating in the same run: the same module on the same SQLite file format and sync
 * with one commit per request; the same on PostgreSQL, durable, when YKT_TEST_POSTGRES names a
 * throwaway cluster (FSYNC=on tests/postgres run ...); the bare slot update, group-committed. Syncs
 * are SQLite's COMMITs while the acts ran, counted by the store; beside them stands what the same
 * disk gives to append + fdatasync alone. Losses are of people who stand side by side in the tables
 * and, as "scattered", of people in random order, each of whom costs pages of their own. Wall time;
 * every act that did not end OK is counted by its code and told. */
#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "crypto/keyd_server.h"
#include "registry/card.h"
#include "registry/registry.h"
#include "store/store.h"
#include "venues/venues.h"

enum {
    ROUNDS_MAX = 5,
    CALLERS = 4,
    CALLERS_MAX = 256,
    LATENCIES = 1 << 17,
    VENUE = 500,
    LOAD = 5000,
};
static const int CALLERS_OF[CALLERS] = { 1, 16, 64, 256 };

enum side_kind { GROUPED, PER_COMMIT, POSTGRES, SIDES };
enum act_kind { LOSS, SCATTERED, BOOKING, BARE, ACTS };
static const char *const SIDE_NAMES[SIDES] = { "ours, SQLite", "one commit per request, SQLite",
                                               "PostgreSQL" };
static const char *const ACT_NAMES[ACTS] = { "loss report", "loss report, scattered",
                                             "booking, one slot", "bare slot update" };

static void must(struct err err, const char *what)
{
    if (err.code == 0) return;
    fprintf(stderr, "%s: %d %s\n", what, err.code, fault_note());
    exit(1);
}

static double now_sec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct instant tell_time(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct instant){ (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000 };
}
static const struct clock CLOCK = { tell_time, NULL };

static void seal_hash(void *arg, struct bytes in, uint8_t out[32])
{
    (void)arg;
    sm3(in, out);
}

static RESULT seal_sign(void *arg, const uint8_t hash[32], uint8_t out[80], size_t *n)
{
    struct signature signature;

    TRY(keyd_sign(arg, KEYD_SIGN_FEED_BLOCK, bytes_of(hash, 32), &signature));
    memcpy(out, signature.rs, sizeof signature.rs);
    *n = sizeof signature.rs;
    return OK;
}

/* ---- the sides */

struct target {
    int64_t person_id, card_id;
};
struct side {
    bool on;
    struct store *store;
    struct registry rg;
    char url[600];
    struct target *targets;
    int64_t targets_n;
    _Atomic int64_t next[2], key, person; /* next: of the first half, of the shuffled second */
    int64_t slot;
};

static char folder[300];
static struct keyd *keyd;
static struct blind_key blind;

/* Loaded people get a live card each: a card can be reported lost once. */
static void people(struct side *side, int64_t n)
{
    static struct load_row rows[LOAD];
    static char numbers[LOAD][19];
    const struct act act = { .at = tell_time(NULL),
                             .actor = ACTOR_JOB,
                             .channel = CHANNEL_IMPORT,
                             .proof = PROOF_PAPERS,
                             .provenance = PROVENANCE_TEST };

    side->targets = calloc((size_t)n, sizeof *side->targets);
    if (!side->targets) exit(1);
    for (int64_t at = 0; at < n; at += LOAD) {
        int64_t batch = n - at < LOAD ? n - at : LOAD, loaded;
        memset(rows, 0, sizeof rows);
        for (int64_t i = 0; i < batch; i++) {
            int64_t k = at + i;
            struct date born = { (int16_t)(1950 + k / 336000), (int8_t)(1 + k / 28000 % 12),
                                 (int8_t)(1 + k / 1000 % 28) };
            person_no_make(340104, born, (int)(k % 1000), numbers[i]);
            rows[i] = (struct load_row){ .person = { .document = DOCUMENT_CITIZEN,
                                                     .number = { numbers[i], 18 },
                                                     .name = S("欧阳·测试"),
                                                     .phone = S("13812345678"),
                                                     .region_code = 340104 },
                                         .generation = 3,
                                         .social = SOCIAL_NORMAL };
        }
        must(registry_load(&side->rg, &act, rows, (size_t)batch, &loaded), "people");
        for (int64_t i = 0; i < batch; i++) {
            if (rows[i].end.code != 0) continue;
            side->targets[side->targets_n++] =
                (struct target){ rows[i].person_id, rows[i].card_id };
        }
    }
    struct prng prng = { 11 };
    for (int64_t i = side->targets_n - 1; i > side->targets_n / 2; i--) {
        int64_t k = prng_between(&prng, side->targets_n / 2, i);
        struct target held = side->targets[i];
        side->targets[i] = side->targets[k];
        side->targets[k] = held;
    }
}

static void side_open(struct side *side, enum side_kind kind, int64_t cards)
{
    struct instant now = tell_time(NULL);
    struct slot_ask slot = { .venue_id = VENUE,
                             .quota = SLOT_PLACES_MAX,
                             .opens_at = instant_add(now, -USEC_PER_HOUR),
                             .closes_at = instant_add(now, USEC_PER_DAY),
                             .starts_at = instant_add(now, USEC_PER_DAY),
                             .ends_at = instant_add(now, 2 * USEC_PER_DAY) };
    struct store_config config = { .clock = CLOCK,
                                   .entropy = entropy_system(),
                                   .sealer = { seal_hash, seal_sign, keyd },
                                   .inline_writer = kind == PER_COMMIT };

    if (kind == POSTGRES) {
        if (!getenv("YKT_TEST_POSTGRES")) return;
        snprintf(side->url, sizeof side->url, "%s", getenv("YKT_TEST_POSTGRES"));
    } else {
        snprintf(side->url, sizeof side->url, "sqlite:%s/side%d.db", folder, (int)kind);
    }
    config.url = str_of(side->url);
    must(store_migrate(&config, false, NULL, NULL), "migrate");
    must(store_open(&config, &side->store), "open");
    side->rg = (struct registry){
        .store = side->store, .keyd = keyd, .blind = &blind, .entropy = entropy_system()
    };
    people(side, cards);
    must(venues_slot_add(side->store, NULL, &slot, &side->slot), "slot");
    side->on = true;
}

/* ---- one act */

static const struct stmt BARE_UPDATE = {
    .name = "bench: bare slot",
    .types = "ii",
    .root = 1,
    .sql =
        "UPDATE venue_slot SET taken = taken + 1 WHERE venue_id = $1 AND id = $2 AND taken < quota",
};

static RESULT bare_in_txn(struct txn *tx, void *arg)
{
    const struct side *side = arg;

    return txn_exec(tx, &BARE_UPDATE, IN(v_int(VENUE), v_int(side->slot)), NULL);
}

/* False when there is nothing left to do it to. */
static bool act_once(struct side *side, enum act_kind kind, struct err *end)
{
    char text[32];
    struct writer w = writer_over(text, sizeof text);
    struct once once = { .actor = 1 };
    int64_t id;

    if (kind == BARE) {
        *end = store_run(side->store, (struct root){ ROOT_PLACE, VENUE }, bare_in_txn, side);
        return true;
    }
    put_format(&w, "bench-%" PRId64, atomic_fetch_add(&side->key, 1));
    once.key = writer_str(&w);
    if (kind == LOSS || kind == SCATTERED) {
        int64_t half = side->targets_n / 2;
        int64_t i = atomic_fetch_add(&side->next[kind == SCATTERED], 1);
        struct loss_made made;
        if (i >= half) return false;
        if (kind == SCATTERED) i += half;
        struct loss_ask ask = { .person_id = side->targets[i].person_id,
                                .card_id = side->targets[i].card_id,
                                .kind = LOSS_TEMPORARY,
                                .reason = LOSS_LOST,
                                .act = { .at = tell_time(NULL),
                                         .actor = ACTOR_HOLDER,
                                         .actor_id = side->targets[i].person_id,
                                         .channel = CHANNEL_WEB,
                                         .proof = PROOF_ONE_FACTOR,
                                         .provenance = PROVENANCE_TEST } };
        *end = registry_card_lose(&side->rg, &once, &ask, &made);
        return true;
    }
    struct booking_ask ask = { .venue_id = VENUE,
                               .slot_id = side->slot,
                               .person_id = 1000000 + atomic_fetch_add(&side->person, 1),
                               .places = 1,
                               .at = tell_time(NULL),
                               .place = S("合肥市图书馆"),
                               .region_code = 340100,
                               .item = S("CT-02-001"),
                               .provenance = PROVENANCE_TEST };
    *end = venues_book(side->store, &once, &ask, &id);
    return true;
}

/* ---- many callers */

/* Acts that did not end OK, by code. */
enum { CODES = 12 };
struct tally {
    pthread_mutex_t lock;
    struct {
        int code;
        int64_t n;
    } rows[CODES];
};
static struct tally tallies[SIDES] = { { .lock = PTHREAD_MUTEX_INITIALIZER },
                                       { .lock = PTHREAD_MUTEX_INITIALIZER },
                                       { .lock = PTHREAD_MUTEX_INITIALIZER } };

static void tally_add(struct tally *tally, int code)
{
    pthread_mutex_lock(&tally->lock);
    for (int i = 0; i < CODES; i++) {
        if (tally->rows[i].n == 0) tally->rows[i].code = code;
        if (tally->rows[i].code != code && i < CODES - 1) continue;
        tally->rows[i].n++;
        break;
    }
    pthread_mutex_unlock(&tally->lock);
}

struct result {
    double rate, p50_ms, p99_ms, group, syncs;
    int64_t done, not_ok;
    bool short_of_cards;
};
static float latencies[LATENCIES];
static _Atomic int64_t latencies_n;

struct caller {
    struct side *side;
    struct tally *tally;
    enum act_kind kind;
    double until;
    int64_t done, not_ok;
    bool dry;
};

static void *caller_main(void *arg)
{
    struct caller *c = arg;
    double from = now_sec(), to;

    while (from < c->until) {
        struct err end;
        if (!act_once(c->side, c->kind, &end)) {
            c->dry = true;
            break;
        }
        to = now_sec();
        if (end.code == 0) {
            int64_t i = atomic_fetch_add(&latencies_n, 1);
            if (i < LATENCIES) latencies[i] = (float)((to - from) * 1e3);
            c->done++;
        } else {
            c->not_ok++;
            tally_add(c->tally, end.code);
        }
        from = to;
    }
    return NULL;
}

static int by_float(const void *a, const void *b)
{
    const float *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static struct result measure(struct side *side, struct tally *of, enum act_kind kind, int callers,
                             double seconds)
{
    static struct caller all[CALLERS_MAX];
    static pthread_t ids[CALLERS_MAX];
    struct store_health before, after;
    struct result r = { 0 };
    double from, took;
    int64_t n;

    must(store_health(side->store, &before), "health");
    atomic_store(&latencies_n, 0);
    from = now_sec();
    for (int i = 0; i < callers; i++) {
        all[i] =
            (struct caller){ .side = side, .tally = of, .kind = kind, .until = from + seconds };
        if (pthread_create(&ids[i], NULL, caller_main, &all[i]) != 0) exit(1);
    }
    for (int i = 0; i < callers; i++) {
        pthread_join(ids[i], NULL);
        r.done += all[i].done;
        r.not_ok += all[i].not_ok;
        r.short_of_cards |= all[i].dry;
    }
    took = now_sec() - from;
    r.rate = (double)r.done / took;
    must(store_health(side->store, &after), "health");
    r.syncs = (double)(after.groups - before.groups) / took;
    if (after.groups > before.groups)
        r.group = (double)(after.calls - before.calls) / (double)(after.groups - before.groups);
    n = atomic_load(&latencies_n);
    if (n > LATENCIES) n = LATENCIES;
    qsort(latencies, (size_t)n, sizeof latencies[0], by_float);
    if (n > 0) {
        r.p50_ms = (double)latencies[n / 2];
        r.p99_ms = (double)latencies[n * 99 / 100];
    }
    return r;
}

/* Append 4 KiB and fdatasync: how often this disk says "durable" a second, just now. */
static double sync_rate(double seconds)
{
    static const uint8_t page[4096] = { 1 };
    char path[330];
    double from, to;
    int n = 0, fd;

    snprintf(path, sizeof path, "%s/sync", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) exit(1);
    from = to = now_sec();
    while (to - from < seconds) {
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page || fdatasync(fd) != 0) exit(1);
        n++;
        to = now_sec();
    }
    close(fd);
    unlink(path);
    return n / (to - from);
}

/* ---- telling */

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

struct series {
    double v[ROUNDS_MAX * CALLERS];
    int n;
};

static double median(struct series *s)
{
    if (s->n == 0) return 0;
    qsort(s->v, (size_t)s->n, sizeof s->v[0], by_double);
    return s->n % 2 ? s->v[s->n / 2] : (s->v[s->n / 2 - 1] + s->v[s->n / 2]) / 2;
}

struct cell {
    struct series rate, p50, p99, group, syncs, ratio; /* ratio: ours / this, of the same round */
    int64_t not_ok;
    bool dry;
};
static struct cell cells[ACTS][CALLERS][SIDES];

static void tell(enum act_kind kind, int c, enum side_kind s)
{
    struct cell *cell = &cells[kind][c][s];
    double rate = median(&cell->rate);

    if (cell->rate.n == 0) return;
    printf("| %s | %d | %s | %.0f (%.0f-%.0f) | %.2f | %.2f |", ACT_NAMES[kind], CALLERS_OF[c],
           SIDE_NAMES[s], rate, cell->rate.v[0], cell->rate.v[cell->rate.n - 1], median(&cell->p50),
           median(&cell->p99));
    if (s == POSTGRES)
        printf(" | |");
    else
        printf(" %.1f | %.0f |", median(&cell->group), median(&cell->syncs));
    if (cell->ratio.n > 0) {
        double ratio = median(&cell->ratio);
        printf(" %.2fx (%.2f-%.2f) |", ratio, cell->ratio.v[0], cell->ratio.v[cell->ratio.n - 1]);
    } else {
        printf(" |");
    }
    printf(" %" PRId64 "%s |\n", cell->not_ok, cell->dry ? ", out of cards" : "");
}

static void add(struct series *s, double v)
{
    s->v[s->n++] = v;
}

static void round_of(struct side sides[SIDES], enum act_kind kind, int c, double seconds)
{
    double ours = 0;

    for (int s = 0; s < SIDES; s++) {
        struct cell *cell = &cells[kind][c][s];
        struct result r;
        if (!sides[s].on || (kind == BARE && s != GROUPED)) continue;
        r = measure(&sides[s], &tallies[s], kind, CALLERS_OF[c], seconds);
        cell->not_ok += r.not_ok;
        cell->dry |= r.short_of_cards;
        if (r.short_of_cards) continue; /* a part of the time only: not a figure */
        add(&cell->rate, r.rate);
        add(&cell->p50, r.p50_ms);
        add(&cell->p99, r.p99_ms);
        add(&cell->group, r.group);
        add(&cell->syncs, r.syncs);
        if (s == GROUPED)
            ours = r.rate;
        else if (ours > 0 && r.rate > 0)
            add(&cell->ratio, ours / r.rate);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0;
}

static void cleanup(void)
{
    if (folder[0]) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* One cell of ours, once: what a profiler is set on. */
static int one(struct side *side, char **argv)
{
    static const char *const NAMES[ACTS] = { "loss", "scattered", "booking", "bare" };
    int callers = atoi(argv[1]);
    double seconds = atof(argv[2]);

    for (int kind = 0; kind < ACTS; kind++) {
        struct result r;
        if (strcmp(argv[0], NAMES[kind]) != 0) continue;
        side_open(side, GROUPED, atoi(argv[3]));
        r = measure(side, &tallies[GROUPED], (enum act_kind)kind, callers, seconds);
        printf("%s, %d callers: %.0f/s, p50 %.2f ms, p99 %.2f ms, %.1f acts a sync, not OK "
               "%" PRId64 "%s\n",
               ACT_NAMES[kind], callers, r.rate, r.p50_ms, r.p99_ms, r.group, r.not_ok,
               r.short_of_cards ? ", out of cards" : "");
        store_close(side->store);
        return 0;
    }
    return 2;
}

int main(int argc, char **argv)
{
    bool single = argc == 6 && strcmp(argv[1], "--one") == 0;
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    int rounds = quick ? 2 : ROUNDS_MAX;
    double seconds = quick ? 0.2 : 0.3;
    static struct side sides[SIDES];
    struct series sync = { 0 };
    struct keyd_core *core;
    char keys[330];

    if (!single && (argc > 2 || (argc == 2 && !quick))) {
        fprintf(stderr, "usage: acts_bench [--quick]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(folder, sizeof folder, "%s/acts_bench_XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder)) return 1;
    atexit(cleanup);
    snprintf(keys, sizeof keys, "%s/keys", folder);
    must(keyd_core_test(keys, CLOCK, entropy_system(), &core), "keyd");
    must(keyd_open_local(core, &keyd), "keyd client");
    must(keyd_blind_key(keyd, &blind), "blind key");
    if (single) return one(&sides[GROUPED], argv + 2);
    side_open(&sides[GROUPED], GROUPED, quick ? 30000 : 160000);
    side_open(&sides[PER_COMMIT], PER_COMMIT, quick ? 5000 : 25000);
    side_open(&sides[POSTGRES], POSTGRES, quick ? 3000 : 20000);
    for (int round = 0; round < rounds; round++) {
        for (int c = 0; c < CALLERS; c++) {
            for (int kind = 0; kind < ACTS; kind++) {
                round_of(sides, (enum act_kind)kind, c, seconds);
            }
            add(&sync, sync_rate(0.1));
        }
    }
    printf("%d rounds of %.1f s each, medians (min-max); append + fdatasync of the same disk: "
           "%.0f/s",
           rounds, seconds, median(&sync));
    printf(" (%.0f-%.0f)\n\n", sync.v[0], sync.v[sync.n - 1]);
    printf("| act | callers | side | acts/s | p50 ms | p99 ms | acts a sync | syncs/s | "
           "ours / this | not OK |\n"
           "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (int kind = 0; kind < ACTS; kind++) {
        for (int c = 0; c < CALLERS; c++) {
            for (int s = 0; s < SIDES; s++) {
                tell((enum act_kind)kind, c, (enum side_kind)s);
            }
        }
    }
    if (!sides[POSTGRES].on) printf("\nPostgreSQL was not there: not measured.\n");
    for (int s = 0; s < SIDES; s++) {
        if (tallies[s].rows[0].n > 0) printf("\nnot OK, %s, by code:", SIDE_NAMES[s]);
        for (int i = 0; i < CODES && tallies[s].rows[i].n > 0; i++)
            printf(" %d x %" PRId64 "%s", tallies[s].rows[i].code, tallies[s].rows[i].n,
                   i + 1 < CODES && tallies[s].rows[i + 1].n > 0 ? "," : "\n");
    }
    printf("\n");
    for (int kind = LOSS; kind <= BOOKING; kind++) {
        struct cell *cell = &cells[kind][2][GROUPED];
        double rate = median(&cell->rate), p99 = median(&cell->p99);
        printf("%s, 64 callers: must 10 K/s: %s (%.0f/s); goal 20 K/s with p99 <= 5 ms: %s; "
               "share of the bare slot update %.2f; acts a sync %.1f\n",
               ACT_NAMES[kind], rate >= 10000 ? "met" : "BELOW MUST", rate,
               rate >= 20000 && p99 <= 5 ? "met" : "missed",
               rate / median(&cells[BARE][2][GROUPED].rate), median(&cell->group));
    }
    for (int s = 0; s < SIDES; s++) {
        if (sides[s].on) store_close(sides[s].store);
        free(sides[s].targets);
    }
    blind_key_close(&blind);
    keyd_close(keyd);
    keyd_core_close(core);
    return 0;
}
