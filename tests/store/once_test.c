/* tests/store/once_test.c - idempotency keys: replay, another body, refusals, 64 at once, sweep. */
#include <pthread.h>

#include "tests/store/tables.h"

static struct once once_of(const char *key, uint8_t body)
{
    struct once once = { .actor = 7, .key = str_of(key) };

    memset(once.body_hash, body, sizeof once.body_hash);
    return once;
}

static void test_repeats(struct fixture *f)
{
    static const struct {
        const char *title, *key;
        uint8_t body;
        int end, want;
        bool replayed;
        int64_t lines; /* after it */
    } rows[] = {
        { "a first act runs", "k1", 1, END_OK, 0, false, 1 },
        { "its repeat does not", "k1", 1, END_OK, 0, true, 1 },
        { "nor when the body would refuse now", "k1", 1, END_REFUSED, 0, true, 1 },
        { "another body under the key", "k1", 2, END_OK, STORE_ONCE_DIFFERENT, false, 1 },
        { "another key", "k2", 1, END_OK, 0, false, 2 },
        { "a refused act keeps no key", "k3", 1, END_REFUSED, END_REFUSED, false, 2 },
        { "so its repeat runs", "k3", 1, END_OK, 0, false, 3 },
        { "a refusal that keeps keeps no key", "k4", 1, END_KEPT, END_KEPT, false, 4 },
        { "and runs again", "k4", 1, END_KEPT, END_KEPT, false, 5 },
        { "a fault keeps no key", "k5", 1, FAULT_PARTNER, FAULT_PARTNER, false, 5 },
    };
    int64_t account = open_account(f->store), first = 0;

    for (size_t i = 0; i < LEN(rows); i++) {
        struct act act = { .account = account, .amount = 1, .end = rows[i].end };
        struct once once = once_of(rows[i].key, rows[i].body);
        int64_t id = 0;
        bool replayed = false;
        struct err err =
            store_run_once(f->store, person(account), &once, act_body, &act, &id, &replayed);

        CHECK_INT(rows[i].title, err.code, rows[i].want);
        CHECK(rows[i].title, replayed == rows[i].replayed);
        CHECK_INT(rows[i].title, see(f->store, account).lines, rows[i].lines);
        if (i == 0) first = id;
        if (rows[i].replayed) CHECK_INT("the first id comes back", id, first);
    }
}

static void test_other_root(struct fixture *f)
{
    int64_t a = open_account(f->store), b = open_account(f->store);
    struct act on_a = { .account = a, .amount = 1 }, on_b = { .account = b, .amount = 1 };
    struct once once = once_of("same", 1);
    bool replayed = true;

    CHECK_OK("a", store_run_once(f->store, person(a), &once, act_body, &on_a, NULL, NULL));
    CHECK_OK("b", store_run_once(f->store, person(b), &once, act_body, &on_b, NULL, &replayed));
    CHECK("the same key with another root is another key", !replayed);
}

enum { PARALLEL = 64 };
struct racer {
    struct store *store;
    int64_t account, id;
    struct err err;
    bool replayed;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct act act = { .account = r->account, .amount = 1 };
    struct once once = once_of("raced", 1);

    r->err =
        store_run_once(r->store, person(r->account), &once, act_body, &act, &r->id, &r->replayed);
    return NULL;
}

/* Half of them through another open store: on PostgreSQL that is another process. */
static void test_race(struct fixture *f)
{
    static struct racer racers[PARALLEL];
    pthread_t threads[PARALLEL];
    int64_t account = open_account(f->store);
    struct store *other = f->store;
    int firsts = 0, failed = 0, ids = 0;

    if (f->engine == ENGINE_POSTGRESQL) {
        struct store_config config = f->config;

        config.many_writers = true;
        CHECK_OK("open another", store_open(&config, &other));
    }
    for (int i = 0; i < PARALLEL; i++) {
        racers[i] = (struct racer){ .store = i % 2 ? other : f->store, .account = account };
        pthread_create(&threads[i], NULL, race, &racers[i]);
    }
    for (int i = 0; i < PARALLEL; i++) {
        pthread_join(threads[i], NULL);
        failed += racers[i].err.code != 0;
        firsts += !racers[i].replayed;
        ids += racers[i].id != racers[0].id;
    }
    CHECK_INT("all are answered", failed, 0);
    CHECK_INT("one did it", firsts, 1);
    CHECK_INT("all hear the same id", ids, 0);
    CHECK_INT("one line", see(f->store, account).lines, 1);
    if (other != f->store) store_close(other);
}

static void test_sweep(struct fixture *f)
{
    int64_t account = open_account(f->store), removed = 0;
    bool replayed = true;
    struct once once = once_of("old", 1);

    CHECK_OK("clear", store_sweep(f->store, &removed));
    for (int i = 0; i < 2; i++) {
        struct act act = { .account = account, .amount = 1 };
        CHECK_OK("act",
                 store_run_once(f->store, person(account), &once, act_body, &act, NULL, NULL));
        fixture_pass(f, 29 * USEC_PER_DAY);
        CHECK_OK("sweep", store_sweep(f->store, &removed));
        if (i == 0) CHECK_INT("29 days are kept", see(f->store, account).lines, 1);
    }
    CHECK("58 days are not", removed >= 1);
    {
        struct act act = { .account = account, .amount = 1 };
        CHECK_OK("act",
                 store_run_once(f->store, person(account), &once, act_body, &act, NULL, &replayed));
        CHECK("a forgotten key runs again", !replayed);
    }
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;

        if (!fixture_open_with(&f, (enum engine)e, TABLES, LEN(TABLES), false)) break;
        test_repeats(&f);
        test_other_root(&f);
        test_race(&f);
        test_sweep(&f);
        fixture_close(&f);
    }
    return test_end();
}
