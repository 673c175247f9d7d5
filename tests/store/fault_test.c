/* tests/store/fault_test.c - the world fails: every call of the disk in turn, a full medium,
 * failing syncs, damage, a busy file, a medium that takes no writes, a lost server. Each is its own
 * fault, nothing acknowledged is lost, and one body's fault leaves the other callers of its group
 * alone. */
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/power/disk.h"
#include "tests/store/tables.h"

/* ---- on the disk of tests/power */

static struct migration all[32];

static void disk_config(struct fixture *f)
{
    (void)fixture_make(f, ENGINE_SQLITE);
    memcpy(all, MIGRATIONS, (size_t)MIGRATIONS_N * sizeof all[0]);
    all[MIGRATIONS_N] = TABLES[0];
    f->config.url = S("sqlite:fault.db");
    f->config.sqlite_vfs = "ykt_disk";
    f->config.migrations = all;
    f->config.migrations_n = MIGRATIONS_N + 1;
    f->config.inline_writer = true;
}

/* Fail the n-th call, for every n until none is left: opening, three acts, a seal, a read, closing.
 * `stay`: the disk stays broken until it is opened again. */
static void test_every_call(struct fixture *f, int code, bool stay, int64_t account)
{
    int64_t lines = 0, tries = 0, wrong_codes = 0, lost = 0, halves = 0;

    for (int64_t n = 1; n < 5000; n++) {
        int64_t acked = 0, unknown = 0;
        struct store *store = NULL;
        struct seen seen = { .account = account };
        bool met;

        disk_back();
        disk_fail(n, code, stay);
        if (store_open(&f->config, &store).code == 0) {
            for (int i = 0; i < 3; i++) {
                struct act act = { .account = account, .amount = 1, .feed = true };
                struct err err = store_run(store, person(account), act_body, &act);

                acked += err.code == 0;
                unknown += err.code == FAULT_STORE_UNKNOWN;
                wrong_codes += err.code > 0 || err.code < FAULT_STORE_BUDGET;
            }
            (void)store_seal(store).code;
            store_close(store);
        }
        met = disk_failed();
        disk_fail(0, 0, false);
        tries++;
        if (CHECK_OK("opens again", store_open(&f->config, &store))) {
            seen = see(store, account);
            lines = seen.lines;
            lost += lines < acked;
            halves += seen.balance != lines || lines > acked + unknown;
            store_close(store);
        }
        if (!met) break;
    }
    CHECK_INT("no act acknowledged is lost", lost, 0);
    CHECK_INT("none is there that was told as failed, and none by half", halves, 0);
    CHECK_INT("faults are faults of the store", wrong_codes, 0);
    CHECK("every call was failed once", tries > 50 && lines == 3);
    printf("%d calls failed with SQLite %d%s\n", (int)tries, code, stay ? " for good" : "");
}

static void test_full_disk(struct fixture *f, int64_t account)
{
    struct store *store;
    int64_t acked = 0, full = 0, other = 0;

    disk_back();
    if (!CHECK_OK("open", store_open(&f->config, &store))) return;
    disk_limit(200000);
    for (int i = 0; i < 60; i++) {
        struct act act = { .account = account, .amount = 1, .feed = true };
        struct err err = store_run(store, person(account), act_body, &act);

        acked += err.code == 0;
        full += err.code == FAULT_STORE_FULL;
        other += err.code != 0 && err.code != FAULT_STORE_FULL;
    }
    CHECK("a full medium is told as such", full > 0 && acked > 0 && other == 0);
    CHECK_INT("nothing of it stays", see(store, account).lines, acked);
    disk_limit(0);
    {
        struct act act = { .account = account, .amount = 1 };
        CHECK_OK("and with room again", store_run(store, person(account), act_body, &act));
    }
    CHECK_INT("writing goes on", see(store, account).lines, acked + 1);
    store_close(store);
}

/* ---- groups on a failing disk: the writer's own thread and many callers */

enum { CALLERS = 16 };
struct caller {
    struct store *store;
    int64_t account;
    bool poison;
    struct err err;
    pthread_barrier_t *start;
};

static RESULT poison_body(struct txn *tx, void *arg)
{
    struct act act = { .account = *(int64_t *)arg, .amount = 1 };

    TRY(act_body(tx, &act));
    disk_fail_syncs(false);
    return fault(FAULT_PARTNER, "poisoned");
}

static void *call_main(void *arg)
{
    struct caller *c = arg;
    struct act act = { .account = c->account, .amount = 1 };

    pthread_barrier_wait(c->start);
    c->err = c->poison ? store_run(c->store, person(c->account), poison_body, &c->account)
                       : store_run(c->store, person(c->account), act_body, &act);
    return NULL;
}

static void call_all(struct store *store, int64_t account, bool poison, struct caller *callers)
{
    pthread_t threads[CALLERS];
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, CALLERS);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .store = store, .account = account, .start = &start };
        callers[i].poison = poison && i % 4 == 0;
        pthread_create(&threads[i], NULL, call_main, &callers[i]);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start);
}

static void test_groups(struct fixture *f, int64_t account)
{
    struct caller callers[CALLERS];
    struct store *store;
    struct store_health health;
    int64_t ok = 0, unknown = 0, poisoned = 0;

    disk_back();
    f->config.inline_writer = false;
    if (!CHECK_OK("open", store_open(&f->config, &store))) return;
    call_all(store, account, true, callers);
    for (int i = 0; i < CALLERS; i++) {
        ok += callers[i].err.code == 0;
        poisoned += callers[i].err.code == FAULT_PARTNER;
    }
    CHECK_INT("one body's fault leaves the others unharmed", ok, CALLERS - CALLERS / 4);
    CHECK_INT("and is its own", poisoned, CALLERS / 4);
    CHECK_INT("sums", see(store, account).lines, ok);

    disk_fail_syncs(true);
    call_all(store, account, false, callers);
    for (int i = 0; i < CALLERS; i++) {
        unknown += callers[i].err.code == FAULT_STORE_UNKNOWN;
        ok += callers[i].err.code == 0;
    }
    CHECK_INT("with a failing sync nobody is acknowledged", ok, CALLERS - CALLERS / 4);
    CHECK("whose COMMIT failed hears unknown", unknown > 0);
    disk_fail_syncs(false);
    {
        struct act act = { .account = account, .amount = 1 };
        struct seen seen;

        CHECK_OK("after that it recovers", store_run(store, person(account), act_body, &act));
        seen = see(store, account);
        CHECK("what was unknown is whole or absent",
              seen.lines >= ok + 1 && seen.lines <= ok + 1 + unknown && seen.balance == seen.lines);
        CHECK_OK("health", store_health(store, &health));
        CHECK("recoveries are counted", health.reopens > 0);
    }
    store_close(store);
    f->config.inline_writer = true;
}

static void test_damage(struct fixture *f, int64_t account)
{
    struct store *store = NULL;
    struct act act = { .account = account, .amount = 1 };
    int bad = 0;

    disk_back();
    CHECK("damage", disk_damage("fault.db", 4096, 1 << 20));
    if (store_open(&f->config, &store).code == FAULT_STORE_CORRUPT) {
        bad++;
    } else if (store) {
        bad += store_run(store, person(account), act_body, &act).code == FAULT_STORE_CORRUPT;
    }
    CHECK_INT("a damaged file is told as such", bad, 1);
    store_close(store);
    disk_back();
    CHECK("damage", disk_damage("fault.db", 0, 100));
    CHECK_CODE("and one that is no database", store_open(&f->config, &store), FAULT_STORE_CORRUPT);
}

static void test_disk(void)
{
    struct fixture f;
    int64_t account = 0;
    struct store *store;

    disk_open();
    disk_config(&f);
    CHECK_OK("migrate", store_migrate(&f.config, false, NULL, NULL));
    if (CHECK_OK("open", store_open(&f.config, &store))) {
        account = open_account(store);
        store_close(store);
        disk_keep();
        test_every_call(&f, SQLITE_IOERR, false, account);
        test_every_call(&f, SQLITE_IOERR, true, account);
        test_every_call(&f, SQLITE_FULL, false, account);
        test_full_disk(&f, account);
        test_groups(&f, account);
        test_damage(&f, account);
    }
    disk_close();
    f.config.migrations = NULL;
    fixture_close(&f);
}

/* ---- real files */

static void test_busy(void)
{
    struct fixture f;
    sqlite3 *db = NULL;

    if (!fixture_open_with(&f, ENGINE_SQLITE, TABLES, LEN(TABLES), false)) return;
    {
        struct act act = { .account = open_account(f.store), .amount = 1 };

        CHECK("another program",
              sqlite3_open(f.url + 7, &db) == SQLITE_OK &&
                  sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
        CHECK_CODE("holds the file: busy, after a second",
                   store_run(f.store, person(act.account), act_body, &act), FAULT_STORE_BUSY);
        CHECK_INT("reading goes on", see(f.store, act.account).lines, 0);
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        sqlite3_close(db);
        CHECK_OK("then free", store_run(f.store, person(act.account), act_body, &act));
    }
    fixture_close(&f);
}

/* A small tmpfs: really full, and then really read-only. Needs root. */
static void test_medium(void)
{
    char folder[300], url[340];
    struct fixture f;
    struct store *store = NULL;
    int64_t full = 0, acked = 0, other = 0, account;

    snprintf(folder, sizeof folder, "%s/medium", test_folder());
    mkdir(folder, 0700);
    if (geteuid() != 0 || mount("tmpfs", folder, "tmpfs", 0, "size=3m") != 0) {
        printf("skipped: a full and a read-only medium need root and mount\n");
        return;
    }
    (void)fixture_make(&f, ENGINE_SQLITE);
    snprintf(url, sizeof url, "sqlite:%s/full.db", folder);
    f.config.url = str_of(url);
    f.config.migrations = all;
    f.config.migrations_n = MIGRATIONS_N + 1;
    CHECK_OK("migrate", store_migrate(&f.config, false, NULL, NULL));
    if (CHECK_OK("open", store_open(&f.config, &store))) {
        account = open_account(store);
        for (int i = 0; i < 3000 && full < 5; i++) {
            struct act act = { .account = account, .amount = 1, .feed = true };
            struct err err = store_run(store, person(account), act_body, &act);

            acked += err.code == 0;
            full += err.code == FAULT_STORE_FULL;
            other += err.code != 0 && err.code != FAULT_STORE_FULL;
        }
        CHECK("a full medium is told as such", full == 5 && other == 0 && acked > 0);
        CHECK_INT("nothing acknowledged is lost", see(store, account).lines, acked);
        store_close(store);
        store = NULL;
    }
    CHECK("read-only", mount("tmpfs", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    CHECK_CODE("a medium that takes no writes is not opened for writing",
               store_open(&f.config, &store), FAULT_STORE_READONLY);
    store_close(store);
    umount(folder);
    f.config.migrations = NULL;
    fixture_close(&f);
}

/* ---- PostgreSQL */

static void kill_backends(struct fixture *f)
{
    PGconn *db = PQconnectdb(f->url);

    PQclear(PQexec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE datname = current_database() AND pid <> pg_backend_pid()"));
    PQfinish(db);
    usleep(100000);
}

struct killer {
    struct fixture *f;
    int64_t account;
    int runs;
};

/* Its own connection dies under it, after it wrote. */
static RESULT killed_body(struct txn *tx, void *arg)
{
    struct killer *k = arg;
    struct act act = { .account = k->account, .amount = 1 };

    TRY(act_body(tx, &act));
    k->runs++;
    if (k->runs <= 2) kill_backends(k->f);
    return OK;
}

static void test_lost_backend(void)
{
    struct fixture f;

    if (!fixture_open_with(&f, ENGINE_POSTGRESQL, TABLES, LEN(TABLES), false)) return;
    {
        struct act act = { .account = open_account(f.store), .amount = 1 };
        struct killer k = { .f = &f, .account = act.account };
        int64_t lines;
        struct err err;

        kill_backends(&f);
        CHECK_OK("connections that died in the pool are not noticed",
                 store_run(f.store, person(act.account), act_body, &act));
        CHECK_INT("one act", see(f.store, act.account).lines, 1);
        err = store_run(f.store, person(act.account), killed_body, &k);
        CHECK("a connection that dies under an act: lost or unknown",
              err.code == FAULT_STORE_LOST || err.code == FAULT_STORE_UNKNOWN);
        lines = see(f.store, act.account).lines;
        CHECK("lost is not done", lines == 1 || err.code == FAULT_STORE_UNKNOWN);
        CHECK_OK("and after it", store_run(f.store, person(act.account), act_body, &act));
    }
    fixture_close(&f);
}

/* 16 writers in two open stores, as of two processes, on one row. */
struct contender {
    struct store *store;
    int64_t account, ok, busy, other;
};

static void *contend(void *arg)
{
    struct contender *c = arg;

    for (int i = 0; i < 10; i++) {
        struct act act = { .account = c->account, .amount = 1 };
        struct err err = store_run(c->store, person(c->account), act_body, &act);

        c->ok += err.code == 0;
        c->busy += err.code == FAULT_STORE_BUSY;
        c->other += err.code != 0 && err.code != FAULT_STORE_BUSY;
    }
    return NULL;
}

static void test_conflicts(void)
{
    struct contender contenders[16];
    pthread_t threads[16];
    struct store *other = NULL;
    struct store_health health;
    struct fixture f;
    int64_t ok = 0, busy = 0, wrong = 0, account;

    if (!fixture_open_with(&f, ENGINE_POSTGRESQL, TABLES, LEN(TABLES), false)) return;
    f.config.many_writers = true;
    CHECK_OK("another process", store_open(&f.config, &other));
    account = open_account(f.store);
    for (int i = 0; i < 16; i++) {
        contenders[i] = (struct contender){ .store = i % 2 ? other : f.store, .account = account };
        pthread_create(&threads[i], NULL, contend, &contenders[i]);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        ok += contenders[i].ok;
        busy += contenders[i].busy;
        wrong += contenders[i].other;
    }
    CHECK_INT("conflicts are run again", ok + busy, 160);
    CHECK_INT("or told as busy", wrong, 0);
    CHECK("most get through", ok > 140);
    CHECK_INT("and nothing is doubled", see(f.store, account).lines, ok);
    CHECK_OK("health", store_health(f.store, &health));
    printf("16 threads in two stores on one row: %d acts, %d busy, %d reruns in one of them\n",
           (int)ok, (int)busy, (int)health.reruns);
    store_close(other);
    fixture_close(&f);
}

/* A write ends within a second, whatever holds its row. */
static void test_held_row(void)
{
    struct fixture f;
    PGconn *db;
    char sql[200];

    if (!fixture_open_with(&f, ENGINE_POSTGRESQL, TABLES, LEN(TABLES), false)) return;
    {
        struct act act = { .account = open_account(f.store), .amount = 1 };

        db = PQconnectdb(f.url);
        snprintf(sql, sizeof sql,
                 "SET ykt.reader = 'test'; SET ykt.root = 'any';"
                 " BEGIN; UPDATE test_account SET balance = 7 WHERE id = %" PRId64,
                 act.account);
        PQclear(PQexec(db, sql));
        CHECK_CODE("a row held by another: busy",
                   store_run(f.store, person(act.account), act_body, &act), FAULT_STORE_BUSY);
        PQfinish(db);
        CHECK_OK("then free", store_run(f.store, person(act.account), act_body, &act));
    }
    fixture_close(&f);
}

/* ---- a server that is killed: in a cluster of the test's own, started by its second run */

struct storm {
    struct fixture *f;
    int64_t account, acked, unknown, other;
    _Atomic bool stop;
};

static void *storm_main(void *arg)
{
    struct storm *s = arg;

    while (!atomic_load(&s->stop)) {
        struct act act = { .account = s->account, .amount = 1, .feed = true };
        struct err err = store_run(s->f->store, person(s->account), act_body, &act);

        s->acked += err.code == 0;
        s->unknown += err.code == FAULT_STORE_UNKNOWN;
        s->other += err.code > 0 || (err.code < 0 && err.code != FAULT_STORE_UNKNOWN &&
                                     err.code != FAULT_STORE_LOST && err.code != FAULT_STORE_BUSY);
        if (err.code < 0) usleep(20000);
    }
    return NULL;
}

static pid_t postmaster(void)
{
    char path[400];
    long pid = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/postmaster.pid", getenv("YKT_TEST_POSTGRES_DATA"));
    file = fopen(path, "r");
    if (!file || fscanf(file, "%ld", &pid) != 1) pid = 0;
    if (file) fclose(file);
    return (pid_t)pid;
}

static void test_killed_server(void)
{
    struct storm storms[4];
    pthread_t threads[4];
    struct fixture f;
    int64_t blocks, entries, bad, lines = 0;
    struct store *gone;
    bool started = false;

    if (!fixture_open_with(&f, ENGINE_POSTGRESQL, TABLES, LEN(TABLES), false)) return;
    for (int i = 0; i < 4; i++) {
        storms[i] = (struct storm){ .f = &f, .account = open_account(f.store) };
        pthread_create(&threads[i], NULL, storm_main, &storms[i]);
    }
    usleep(400000);
    CHECK("kill the server that this test started", kill(postmaster(), SIGKILL) == 0);
    sleep(1);
    CHECK_CODE("a server that is gone", store_open(&f.config, &gone), FAULT_STORE_LOST);
    for (int i = 0; i < 60 && !started; i++) { /* its orphans must have gone first */
        started = system(getenv("YKT_TEST_POSTGRES_START")) == 0;
        if (!started) sleep(1);
    }
    CHECK("start it again", started);
    usleep(300000);
    for (int i = 0; i < 4; i++) {
        struct seen seen;

        atomic_store(&storms[i].stop, true);
        pthread_join(threads[i], NULL);
        seen = see(f.store, storms[i].account);
        lines += seen.lines;
        CHECK_INT("lost, busy or unknown and nothing else", storms[i].other, 0);
        CHECK("it goes on", storms[i].acked > 0);
        CHECK("nothing acknowledged is lost",
              seen.lines >= storms[i].acked && seen.lines <= storms[i].acked + storms[i].unknown &&
                  seen.balance == seen.lines);
    }
    CHECK("seal", fixture_seal(&f));
    CHECK_OK("verify", feed_verify(f.store, FEED_CARD, &blocks, &entries, &bad));
    CHECK("feed and acts agree", bad == 0 && entries == lines);
    fixture_close(&f);
}

static void test_lost_server(const char *self)
{
    char command[600];

    snprintf(command, sizeof command, "FSYNC=on tests/postgres run %s killed-server", self);
    CHECK_INT("a killed server (run for itself)", system(command), 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "killed-server") == 0) {
        test_killed_server();
        return test_end();
    }
    test_disk();
    test_busy();
    test_medium();
    if (fixture_engines() > 1) {
        test_lost_backend();
        test_conflicts();
        test_held_row();
        test_lost_server(argv[0]);
    }
    return test_end();
}
