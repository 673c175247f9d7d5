/* tests/store/power_test.c - power loss. The real store writes to a disk in memory (tests/power/)
 * whose power goes at a random write, truncation or sync; then it recovers, and a checker that kept
 * its own list looks: every acknowledged act is there, no act is half there, feeds and idempotency
 * keys agree. 1,000 cuts; 10,000 with YKT_TEST_LONG=1. The same harness with syncs that do nothing
 * must find losses. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/power/disk.h"
#include "tests/store/tables.h"

enum { ACCOUNTS = 3, ACTS_MAX = 400, BACK_EVERY = 40, THREADS = 4 };

struct kept { /* an act that was tried */
    int account;
    int64_t key, id; /* id: what was acknowledged */
    bool acked;
};

struct world {
    struct store_config config;
    struct store *store;
    _Atomic int64_t now;
    struct prng prng, ids; /* ids: the store's own entropy */
    int64_t accounts[ACCOUNTS];
    struct kept *tried; /* since disk_back */
    int tried_n, tried_max;
    int64_t key;
    struct feed_block sealed; /* the newest block that store_seal vouched for */
    int faults;               /* what the checker found */
    int cut_acting, cut_all;  /* where the power went: the rest after closing */
    bool quiet;
    pthread_mutex_t lock;
    const char *last;
};

static struct instant tell_time(void *arg)
{
    struct world *w = arg;

    return (struct instant){ atomic_fetch_add(&w->now, 100) };
}

static void wrong(struct world *w, const char *what)
{
    w->faults++;
    w->last = what;
    if (!w->quiet) printf("after a cut: %s (%s)\n", what, fault_note());
}

static struct once once_of(int64_t key, char text[32])
{
    struct once once = { .actor = 7 };

    once.key = (struct str){ text, (size_t)snprintf(text, 32, "key-%" PRId64, key) };
    memset(once.body_hash, (int)(key & 0x7f), sizeof once.body_hash);
    return once;
}

/* ---- acting */

static void remember(struct world *w, struct kept kept)
{
    if (w->tried_n == w->tried_max) {
        w->tried_max = w->tried_max * 2 + 64;
        w->tried = realloc(w->tried, (size_t)w->tried_max * sizeof *w->tried);
        if (!w->tried) abort();
    }
    w->tried[w->tried_n++] = kept;
}

static void act_once(struct world *w, uint64_t chance)
{
    struct act act = { .amount = 1, .feed = true };
    struct kept kept;
    struct once once;
    char text[32];
    struct err err;

    pthread_mutex_lock(&w->lock);
    kept = (struct kept){ .account = (int)(chance % ACCOUNTS), .key = ++w->key };
    pthread_mutex_unlock(&w->lock);
    act.account = w->accounts[kept.account];
    act.end = chance % 11 == 0 ? END_REFUSED : END_OK;
    once = once_of(kept.key, text);
    err = store_run_once(w->store, person(act.account), &once, act_body, &act, &kept.id, NULL);
    kept.acked = err.code == 0;
    if (err.code == END_REFUSED) return; /* must leave nothing: the sums will tell */
    pthread_mutex_lock(&w->lock);
    remember(w, kept);
    pthread_mutex_unlock(&w->lock);
}

static void seal(struct world *w)
{
    struct feed_status status;
    struct feed_block block;
    bool found;

    if (store_seal(w->store).code != 0) return;
    if (feed_status(w->store, FEED_CARD, &status).code != 0 || status.head_block == 0) return;
    if (feed_block_read(w->store, FEED_CARD, status.head_block, &block, &found).code == 0) {
        if (found) w->sealed = block;
    }
}

struct actor {
    struct world *w;
    uint64_t seed;
    int acts;
};

static void *actor_main(void *arg)
{
    struct actor *a = arg;
    struct prng prng = { a->seed };

    for (int i = 0; i < a->acts && !disk_is_cut(); i++) {
        act_once(a->w, prng_next(&prng));
    }
    return NULL;
}

static void act_all(struct world *w, int acts, bool threads)
{
    struct actor actors[THREADS];
    pthread_t ids[THREADS];

    for (int i = 0; threads && i < THREADS; i++) {
        actors[i] = (struct actor){ w, prng_next(&w->prng), acts / THREADS + 1 };
        pthread_create(&ids[i], NULL, actor_main, &actors[i]);
    }
    for (int i = 0; threads && i < THREADS; i++) {
        pthread_join(ids[i], NULL);
    }
    for (int i = 0; !threads && i < acts && !disk_is_cut(); i++) {
        act_once(w, prng_next(&w->prng));
        if (prng_next(&w->prng) % 8 == 0) seal(w);
    }
    if (threads && !disk_is_cut()) seal(w);
}

/* ---- checking */

static const struct stmt LINE_HAS = {
    .name = "test: is a line there",
    .types = "ii",
    .sql = "SELECT amount FROM test_line WHERE account = $1 AND id = $2",
};
static const struct stmt ONCE_HAS = {
    .name = "test: what is kept under a key",
    .types = "it",
    .sql = "SELECT result_id FROM store_once WHERE root_id = $1 AND key = $2",
};

struct look {
    struct world *w;
    const struct kept *kept;
    int n;
    int64_t lines; /* of all accounts */
};

static RESULT look_body(struct txn *tx, void *arg)
{
    struct look *look = arg;
    struct world *w = look->w;
    int64_t mine[ACCOUNTS] = { 0 };
    bool found;

    for (int i = 0; i < look->n; i++) {
        const struct kept *k = &look->kept[i];
        struct value account = v_int(w->accounts[k->account]);
        char text[32];
        struct once once = once_of(k->key, text);
        bool line = false;
        ROW(key);
        ROW(row);

        TRY(txn_first(tx, &ONCE_HAS, IN(account, v_text(once.key)), &key, &found));
        if (found) {
            TRY(txn_first(tx, &LINE_HAS, IN(account, v_int(row_int(&key, 0))), &row, &line));
            if (!line) wrong(w, "a key without its act");
            mine[k->account]++;
        }
        if (k->acked && !found) wrong(w, "an acknowledged act is lost");
        if (k->acked && found && row_int(&key, 0) != k->id) wrong(w, "a key tells another id");
    }
    look->lines = 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        struct seen seen = { .account = w->accounts[i] };

        TRY(see_body(tx, &seen));
        if (seen.balance != seen.lines || seen.sum != seen.lines) wrong(w, "half an act");
        if (seen.lines != mine[i]) wrong(w, "an act without its key");
        look->lines += seen.lines;
    }
    return OK;
}

static void check_feed(struct world *w, int64_t lines)
{
    int64_t blocks, entries, bad;
    struct feed_block block;
    bool found = true;

    if (store_seal(w->store).code != 0) wrong(w, "sealing after the cut");
    if (feed_verify(w->store, FEED_CARD, &blocks, &entries, &bad).code != 0 || bad != 0) {
        wrong(w, "the feed does not add up");
    }
    if (entries != lines) wrong(w, "acts and feed entries differ");
    if (w->sealed.number == 0) return;
    if (feed_block_read(w->store, FEED_CARD, w->sealed.number, &block, &found).code != 0 ||
        !found || memcmp(block.hash, w->sealed.hash, 32) != 0) {
        wrong(w, "a sealed block is gone or another");
    }
}

static bool reopen(struct world *w, bool threads)
{
    struct err err;

    w->config.inline_writer = !threads;
    err = store_open(&w->config, &w->store);
    if (err.code == 0) return true;
    w->store = NULL;
    return false;
}

/* What was found stands from now on: an act that was not acknowledged has been decided. */
static void settle(struct world *w, const struct look *look)
{
    int n = 0;

    (void)look;
    for (int i = 0; i < w->tried_n; i++) {
        char text[32];
        struct once once = once_of(w->tried[i].key, text);
        struct act act = { .account = w->accounts[w->tried[i].account], .end = END_REFUSED_EARLY };
        struct kept *k = &w->tried[i];
        bool replayed = false;
        struct err err;

        if (!k->acked) { /* ask, as a caller would who heard "unknown" */
            err = store_run_once(w->store, person(act.account), &once, act_body, &act, &k->id,
                                 &replayed);
            k->acked = err.code == 0;
            if (err.code != 0 && err.code != END_REFUSED_EARLY) wrong(w, "asking again");
        }
        if (k->acked) w->tried[n++] = *k;
    }
    w->tried_n = n;
}

static void check(struct world *w)
{
    struct look look = { .w = w, .kept = w->tried, .n = w->tried_n };

    if (!reopen(w, false)) {
        wrong(w, "the store does not open");
        return;
    }
    if (store_read(w->store, look_body, &look).code != 0) {
        wrong(w, "the store can't be read");
    } else {
        check_feed(w, look.lines);
        settle(w, &look);
    }
    store_close(w->store);
    w->store = NULL;
}

/* ---- rounds */

static RESULT accounts_body(struct txn *tx, void *arg)
{
    int64_t *id = arg;

    return open_body(tx, id);
}

static bool world_make(struct world *w, uint64_t seed)
{
    static struct migration all[32];

    *w = (struct world){ .prng = { seed }, .ids = { seed + 1 } };
    pthread_mutex_init(&w->lock, NULL);
    atomic_store(&w->now, INT64_C(1629417600) * USEC_PER_SEC);
    memcpy(all, MIGRATIONS, (size_t)MIGRATIONS_N * sizeof all[0]);
    all[MIGRATIONS_N] = TABLES[0];
    w->config = (struct store_config){
        .url = S("sqlite:ykt.db"),
        .clock = { tell_time, w },
        .entropy = prng_entropy(&w->ids),
        .sealer = fixture_sealer(),
        .inline_writer = true,
        .sqlite_vfs = "ykt_disk",
        .migrations = all,
        .migrations_n = MIGRATIONS_N + 1,
    };
    if (!CHECK_OK("migrate", store_migrate(&w->config, false, NULL, NULL))) return false;
    if (!CHECK_OK("open", store_open(&w->config, &w->store))) return false;
    for (int i = 0; i < ACCOUNTS; i++) {
        w->accounts[i] = store_new_id(w->store);
        CHECK_OK("account",
                 store_run(w->store, person(w->accounts[i]), accounts_body, &w->accounts[i]));
    }
    store_close(w->store);
    disk_keep();
    return true;
}

static void world_back(struct world *w)
{
    disk_back();
    w->tried_n = 0;
    w->sealed = (struct feed_block){ 0 };
}

/* One cut. Most rounds are short; one in 25 is long enough for checkpoints while it runs; closing
 * brings the log in and may be cut too. */
static void one_cut(struct world *w)
{
    bool threads = prng_next(&w->prng) % 10 == 0;
    int acts = prng_next(&w->prng) % 25 == 0 ? 160 : (int)(1 + prng_next(&w->prng) % 12);

    if (!reopen(w, threads)) {
        wrong(w, "the store does not open with power on");
        return;
    }
    disk_cut_after((int64_t)(1 + prng_next(&w->prng) % (uint64_t)(acts * 26)));
    act_all(w, acts, threads);
    w->cut_acting += disk_is_cut();
    store_close(w->store);
    w->store = NULL;
    w->cut_all += disk_is_cut();
    disk_restart(&w->prng);
    check(w);
}

static int cuts(struct world *w, int n, bool lie)
{
    int done = 0;

    for (; done < n; done++) {
        /* A liar's disk is beyond repair after the first loss: begin anew each time. */
        if (done % BACK_EVERY == 0 || (lie && w->faults > 0)) world_back(w);
        disk_lie(lie);
        one_cut(w);
        disk_lie(false);
        if (w->faults > 0) return done + 1;
    }
    return done;
}

int main(void)
{
    const char *full = getenv("YKT_TEST_LONG"); /* script/test --long; empty otherwise */
    int n = full && full[0] ? 10000 : 1000;
    struct world w;

    if (getenv("YKT_CUTS")) n = atoi(getenv("YKT_CUTS"));
    disk_open();
    if (world_make(&w, test_seed())) {
        int done = cuts(&w, n, false);

        if (!CHECK_INT("nothing acknowledged is lost, nothing is half there", w.faults, 0)) {
            printf("after %d cuts: %s\n", done, w.last);
        }
        CHECK_INT("cuts", done, n);
        printf("%d cuts without loss: %d while acting, %d while closing, %d after\n", done,
               w.cut_acting, w.cut_all - w.cut_acting, done - w.cut_all);
        /* The harness itself: syncs that do nothing must be found out. */
        w.quiet = true;
        w.faults = 0;
        w.last = "";
        done = cuts(&w, 200, true);
        CHECK("a build with sync off is caught", w.faults > 0);
        printf("with sync off the first loss after %d: %s\n", done, w.last);
    }
    free(w.tried);
    disk_close();
    return test_end();
}
