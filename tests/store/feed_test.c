/* tests/store/feed_test.c - sealed feeds: no gaps, nothing that commits late is skipped, blocks add
 * up and a changed entry is found. */
#include <sys/stat.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/store/tables.h"

struct visit {
    int64_t n, last;
    bool gap;
    int64_t ids[4096];
};

static RESULT take(void *arg, const struct feed_entry *entry)
{
    struct visit *v = arg;

    if (entry->position != v->last + 1) v->gap = true;
    v->last = entry->position;
    v->ids[v->n++ % (int64_t)LEN(v->ids)] = entry->subject_id;
    return OK;
}

static RESULT take_waiting(void *arg, const struct feed_entry *entry)
{
    struct visit *v = arg;

    if (entry->position != 0) v->gap = true;
    v->ids[v->n++ % (int64_t)LEN(v->ids)] = entry->subject_id;
    return OK;
}

static struct visit read_all(struct fixture *f)
{
    static struct visit v;

    v = (struct visit){ 0 };
    CHECK_OK("read", feed_read(f->store, FEED_CARD, 0, INT64_MAX, take, &v));
    CHECK("no gap", !v.gap);
    return v;
}

static void act(struct fixture *f, int64_t account, int64_t *id)
{
    struct act act = { .account = account, .amount = 1, .feed = true };

    CHECK_OK("act", store_run(f->store, person(account), act_body, &act));
    if (id) *id = act.id;
}

static void test_seal(struct fixture *f)
{
    int64_t account = open_account(f->store), ids[10], blocks, entries, bad;
    struct feed_status status;
    struct feed_block block;
    struct visit v;
    bool found;

    CHECK_INT("unsealed is not read", read_all(f).n, 0);
    for (int i = 0; i < 10; i++) {
        act(f, account, &ids[i]);
    }
    {
        struct act refused = { .account = account, .amount = 1, .feed = true, .end = END_REFUSED };
        CHECK_CODE("refused", store_run(f->store, person(account), act_body, &refused),
                   END_REFUSED);
    }
    fixture_pass(f, 3 * USEC_PER_SEC);
    CHECK_OK("status", feed_status(f->store, FEED_CARD, &status));
    CHECK_INT("waiting", status.unsealed, 10);
    v = (struct visit){ .last = -1 };
    CHECK_OK("what waits", feed_read_unsealed(f->store, FEED_CARD, take_waiting, &v));
    CHECK("is read in the order of commits", v.n == 10 && memcmp(v.ids, ids, sizeof ids) == 0);
    CHECK("without positions", !v.gap);
    CHECK_INT("its age", status.oldest_unsealed_usec, 3 * USEC_PER_SEC);
    CHECK_OK("seal", store_seal(f->store));
    v = read_all(f);
    CHECK_INT("all that was committed", v.n, 10);
    CHECK("in the order of commits", memcmp(v.ids, ids, sizeof ids) == 0);
    v = (struct visit){ 0 };
    CHECK_OK("what waits", feed_read_unsealed(f->store, FEED_CARD, take_waiting, &v));
    CHECK_INT("nothing waits behind the seal", v.n, 0);
    CHECK_OK("status", feed_status(f->store, FEED_CARD, &status));
    CHECK("head", status.head_position == 10 && status.head_block == 1 && status.unsealed == 0 &&
                      status.oldest_unsealed_usec == 0 && status.incarnation == 1);
    CHECK_OK("block", feed_block_read(f->store, FEED_CARD, 1, &block, &found));
    CHECK("its bounds", found && block.first == 1 && block.last == 10);
    CHECK("signed", block.signature_n == 64 && memcmp(block.signature, block.hash, 32) == 0);
    act(f, account, NULL);
    CHECK_OK("seal", store_seal(f->store));
    CHECK_OK("seal nothing", store_seal(f->store));
    CHECK_OK("verify", feed_verify(f->store, FEED_CARD, &blocks, &entries, &bad));
    CHECK("two blocks add up", blocks == 2 && entries == 11 && bad == 0);
    v = (struct visit){ .last = 4 };
    CHECK_OK("a part", feed_read(f->store, FEED_CARD, 4, 3, take, &v));
    CHECK("from the next, at most so many", v.n == 3 && v.last == 7 && !v.gap);
}

static RESULT many_body(struct txn *tx, void *arg)
{
    static const uint8_t state[100] = { 1 };

    (void)arg;
    for (int64_t i = 0; i < 3000; i++) {
        TRY(feed_append(tx, FEED_CARD, i, bytes_of(state, sizeof state)));
    }
    return OK;
}

/* Of SQLite's log; what the sealer adds at once is small. */
static int64_t log_bytes(const struct fixture *f)
{
    char path[700];
    struct stat st;

    if (f->engine != ENGINE_SQLITE) return 0;
    snprintf(path, sizeof path, "%s-wal", strchr(f->url, ':') + 1);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

static void test_large(struct fixture *f)
{
    int64_t blocks, entries, bad, before = read_all(f).n;

    struct visit *v = calloc(1, sizeof *v);

    CHECK_OK("append", store_load(f->store, many_body, NULL));
    CHECK("its log is cut", log_bytes(f) < 100000);
    if (!v) return;
    CHECK_OK("what waits", feed_read_unsealed(f->store, FEED_CARD, take_waiting, v));
    CHECK("is more than is read at once", v->n == 3000 || v->n == 0); /* 0: the sealer was here */
    free(v);
    CHECK_OK("seal", store_seal(f->store));
    CHECK_INT("more than a block at once", read_all(f).n - before, 3000);
    CHECK_OK("verify", feed_verify(f->store, FEED_CARD, &blocks, &entries, &bad));
    CHECK("add up", bad == 0 && entries == before + 3000);
}

/* Writers append while the sealer runs all the time; some are refused after they appended, in the
 * middle of a group, and leave no gap. */
static void *writer(void *arg)
{
    struct fixture *f = arg;
    int64_t account = open_account(f->store);

    for (int i = 0; i < 30; i++) {
        struct act refused = { .account = account, .amount = 1, .feed = true, .end = END_REFUSED };
        act(f, account, NULL);
        if (i % 3 != 0) continue;
        CHECK_CODE("refused", store_run(f->store, person(account), act_body, &refused),
                   END_REFUSED);
    }
    return NULL;
}

static void test_busy(struct fixture *f)
{
    int64_t before = read_all(f).n, blocks, entries, bad;
    pthread_t threads[8];

    for (int i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, writer, f);
    }
    for (int i = 0; i < 20; i++) {
        CHECK_OK("seal", store_seal(f->store));
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_OK("seal", store_seal(f->store));
    CHECK_INT("nothing is lost", read_all(f).n - before, 240);
    CHECK_OK("verify", feed_verify(f->store, FEED_CARD, &blocks, &entries, &bad));
    CHECK_INT("adds up", bad, 0);
}

static const struct stmt FORGE = {
    .name = "test: forge an entry",
    .types = "",
    .sql = "UPDATE store_feed SET subject_id = subject_id + 1 WHERE position = 5",
};

static RESULT forge_body(struct txn *tx, void *arg)
{
    (void)arg;
    return txn_exec(tx, &FORGE, IN_NONE, NULL);
}

static void test_forged(struct fixture *f)
{
    int64_t blocks, entries, bad;

    CHECK_OK("forge", store_load(f->store, forge_body, NULL));
    CHECK_OK("verify", feed_verify(f->store, FEED_CARD, &blocks, &entries, &bad));
    CHECK_INT("the changed entry's block is named", bad, 1);
}

/* ---- a transaction held open around others (PostgreSQL) */

static PGresult *sql(PGconn *db, const char *text)
{
    PGresult *result = PQexec(db, text);

    CHECK(text, PQresultStatus(result) == PGRES_COMMAND_OK);
    return result;
}

/* A stranger's transaction appends, stays open while a loss is reported, and commits late: the seal
 * waits, the feed shows its age, and nothing is lost. */
static void test_held(struct fixture *f, int seconds)
{
    int64_t account = open_account(f->store), before = read_all(f).n, blocks, entries, bad, id = 0;
    PGconn *db = PQconnectdb(f->url);
    struct feed_status status;
    struct visit v;

    PQclear(sql(db, "BEGIN; SET LOCAL ykt.reader = 'test'; SET LOCAL ykt.root = 'any'"));
    PQclear(sql(db, "INSERT INTO store_feed_pending (root_id, root_kind, feed, born, n, subject_id,"
                    " at, payload) VALUES (1, 1, 1, pg_current_xact_id()::text::bigint, 0, 4711, "
                    "1629417600000000, 'late')"));
    act(f, account, &id);
    for (int i = 0; i < seconds; i++) {
        sleep(1);
        fixture_pass(f, USEC_PER_SEC);
        CHECK_OK("seal", store_seal(f->store));
        CHECK_INT("the seal waits", read_all(f).n - before, 0);
        CHECK_OK("status", feed_status(f->store, FEED_CARD, &status));
        CHECK("and the feed shows its age",
              status.unsealed == 1 && status.oldest_unsealed_usec >= (i + 1) * USEC_PER_SEC);
    }
    PQclear(sql(db, "COMMIT"));
    PQfinish(db);
    CHECK_OK("seal", store_seal(f->store));
    v = read_all(f);
    CHECK_INT("both are there", v.n - before, 2);
    CHECK("in the order of their transactions",
          v.ids[before % 4096] == 4711 && v.ids[(before + 1) % 4096] == id);
    CHECK_OK("verify", feed_verify(f->store, FEED_CARD, &blocks, &entries, &bad));
    CHECK_INT("adds up", bad, 0);
}

/* On SQLite our own writer is the only one: another process that holds the file open for writing
 * makes writers busy, and what was not acknowledged is not in the feed. */

int main(int argc, char **argv)
{
    /* What is sealed when depends on every transaction of the cluster: exact counts need one of our
     * own, without the other tests. */
    if (argc == 1 && getenv("YKT_TEST_POSTGRES")) {
        execl("tests/postgres", "tests/postgres", "run", argv[0], "alone", (char *)NULL);
        CHECK("tests/postgres runs", false);
        return test_end();
    }
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;

        if (!fixture_open_with(&f, (enum engine)e, TABLES, LEN(TABLES), false)) break;
        store_close(f.store); /* seals by itself only when asked to, so that counts are exact */
        f.config.inline_writer = true;
        if (!CHECK_OK("open", store_open(&f.config, &f.store))) break;
        test_seal(&f);
        if (e == ENGINE_POSTGRESQL) test_held(&f, 5);
        test_large(&f);
        test_busy(&f);
        test_forged(&f);
        fixture_close(&f);
    }
    return test_end();
}
