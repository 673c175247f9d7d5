/* tests/store/backup_test.c - the drill: back up while writers run, restore, compare; what is
 * refused; and migrations: dry run, upgrade, a database of another program. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/store/tables.h"

struct writer_call {
    struct fixture *f;
    int64_t account;
    _Atomic int stop;
    int64_t done;
};

static void *write_on(void *arg)
{
    struct writer_call *w = arg;

    while (!atomic_load(&w->stop)) {
        struct act act = { .account = w->account, .amount = 1, .feed = true };
        if (store_run(w->f->store, person(w->account), act_body, &act).code == 0) w->done++;
    }
    return NULL;
}

static void path_of(char *out, size_t size, const char *name, int e)
{
    snprintf(out, size, "%s/%s%d", test_folder(), name, e);
}

/* Which store, which incarnation after a restore into a new place, and which when raised. */
static bool restored(const struct fixture *f, const char *path, uint8_t identity[16],
                     int64_t *incarnation)
{
    struct store_health health = { 0 };
    struct fixture made;

    if (!CHECK("another place", fixture_make(&made, f->engine))) return false;
    made.prng.state += (uint64_t)incarnation; /* no two processes draw the same */
    made.config.migrations = f->config.migrations;
    made.config.migrations_n = f->config.migrations_n;
    CHECK_OK("restore", store_restore(&made.config, str_of(path)));
    if (CHECK_OK("open what was restored", store_open(&made.config, &made.store))) {
        store_identity(made.store, identity);
        CHECK_OK("health", store_health(made.store, &health));
        *incarnation = health.incarnation;
        CHECK_OK("raised", store_raise_incarnation(made.store, &incarnation[1]));
        CHECK_OK("health", store_health(made.store, &health));
        CHECK_INT("the one that is told", health.incarnation, incarnation[1]);
    }
    made.config.migrations = NULL;
    fixture_close(&made);
    return true;
}

static void test_restored_twice(struct fixture *f, const char *path)
{
    uint8_t mine[16], first[16] = { 0 }, second[16] = { 0 };
    int64_t incarnation[4] = { 0 };

    store_identity(f->store, mine);
    if (!restored(f, path, first, incarnation) || !restored(f, path, second, incarnation + 2))
        return;
    CHECK("the same store", memcmp(mine, first, 16) == 0 && memcmp(mine, second, 16) == 0);
    CHECK("two restores of one backup, in the same second, are two incarnations",
          incarnation[0] != incarnation[2] && incarnation[0] > 1 && incarnation[2] > 1);
    CHECK("each rises", incarnation[1] > incarnation[0] && incarnation[3] > incarnation[2]);
}

static void test_drill(struct fixture *f)
{
    struct writer_call w = { .f = f, .account = open_account(f->store) };
    struct fixture made;
    struct store_health health;
    struct feed_status feed;
    char path[300];
    pthread_t thread;
    struct seen seen;
    int64_t before, blocks, entries, bad;

    for (int i = 0; i < 20; i++) {
        struct act act = { .account = w.account, .amount = 1, .feed = true };
        CHECK_OK("act", store_run(f->store, person(w.account), act_body, &act));
    }
    CHECK("seal", fixture_seal(f));
    pthread_create(&thread, NULL, write_on, &w);
    usleep(50000);
    before = see(f->store, w.account).lines;
    path_of(path, sizeof path, "backup", (int)f->engine);
    CHECK_OK("back up while a writer runs", store_backup(f->store, str_of(path)));
    atomic_store(&w.stop, 1);
    pthread_join(thread, NULL);
    CHECK_CODE("never over a file that exists", store_backup(f->store, str_of(path)), STORE_EXISTS);

    CHECK_CODE("nor restored over a database that exists", store_restore(&f->config, str_of(path)),
               STORE_EXISTS);
    CHECK("another place", fixture_make(&made, f->engine));
    made.config.migrations = f->config.migrations;
    made.config.migrations_n = f->config.migrations_n;
    CHECK_OK("restore", store_restore(&made.config, str_of(path)));
    if (CHECK_OK("open what was restored", store_open(&made.config, &made.store))) {
        seen = see(made.store, w.account);
        CHECK("a whole state between then and now",
              seen.lines >= before && seen.lines <= w.done + 20 && seen.balance == seen.lines);
        CHECK_OK("health", store_health(made.store, &health));
        CHECK("another incarnation", health.incarnation > 1 && health.incarnation < INT64_C(1)
                                                                                        << 53);
        CHECK("seal", fixture_seal(&made));
        CHECK_OK("verify", feed_verify(made.store, FEED_CARD, &blocks, &entries, &bad));
        CHECK("each act has its entry and the chain goes on", bad == 0 && entries == seen.lines);
        CHECK_OK("status", feed_status(made.store, FEED_CARD, &feed));
        CHECK_INT("nothing waits for ever", feed.unsealed, 0);
    }
    made.config.migrations = NULL;
    fixture_close(&made);
    test_restored_twice(f, path);
    unlink(path);
}

static void test_not_backup(enum engine engine)
{
    struct fixture made;
    char path[300];
    FILE *file;

    if (!fixture_make(&made, engine)) return;
    path_of(path, sizeof path, "nonsense", (int)engine);
    file = fopen(path, "w");
    fputs("this is no backup", file);
    fclose(file);
    CHECK_CODE("what is no backup is refused", store_restore(&made.config, str_of(path)),
               STORE_NOT_BACKUP);
    CHECK("a missing file is a fault", store_restore(&made.config, S("/no/such/file")).code < 0);
    unlink(path);
    fixture_close(&made);
}

/* A restore that was killed before the incarnation rose, and files of a database that is gone. */
static void test_left_over(struct fixture *f)
{
    struct fixture made;
    struct store *store;
    char path[300], beside[700];
    FILE *file;

    path_of(path, sizeof path, "whole", (int)f->engine);
    CHECK_OK("back up", store_backup(f->store, str_of(path)));
    if (!fixture_make(&made, f->engine)) return;
    if (f->engine == ENGINE_SQLITE) {
        snprintf(beside, sizeof beside, "%s-wal", made.url + strlen("sqlite:"));
        file = fopen(beside, "w");
        fputs("what another database has yet to take in", file);
        fclose(file);
        CHECK_CODE("beside a log", store_restore(&made.config, str_of(path)), STORE_LOG_BESIDE);
        CHECK("the log is left", access(beside, F_OK) == 0);
        CHECK("nothing is made", access(made.url + strlen("sqlite:"), F_OK) != 0);
        unlink(beside);
        CHECK_OK("without it", store_restore(&made.config, str_of(path)));
    } else {
        CHECK("the mark of a restore", fixture_sql(&made, "CREATE TABLE store_restoring ()"));
        CHECK_CODE("an empty one is not opened", store_open(&made.config, &store),
                   STORE_HALF_RESTORED);
        CHECK_OK("but restored", store_restore(&made.config, str_of(path)));
        CHECK("killed before the last step", fixture_sql(&made, "CREATE TABLE store_restoring ()"));
        CHECK_CODE("a filled one is not opened", store_open(&made.config, &store),
                   STORE_HALF_RESTORED);
        CHECK_CODE("nor migrated", store_migrate(&made.config, false, NULL, NULL),
                   STORE_HALF_RESTORED);
        CHECK_CODE("nor restored over", store_restore(&made.config, str_of(path)),
                   STORE_HALF_RESTORED);
    }
    made.config.migrations = NULL;
    fixture_close(&made);
    unlink(path);
}

/* One process writes; the others may look. */
static void test_one_writer(struct fixture *f)
{
    struct store_config tool = f->config, again = f->config;
    struct act act = { .account = open_account(f->store), .amount = 1 };
    struct store *store = NULL, *late = NULL;
    char path[300];

    path_of(path, sizeof path, "beside", (int)f->engine);
    tool.inline_writer = true;
    CHECK_CODE("a second server", store_open(&again, &store), STORE_HELD);
    if (!CHECK_OK("a tool opens beside a server", store_open(&tool, &store))) return;
    CHECK_INT("and reads", see(store, act.account).lines, 0);
    CHECK_OK("and backs up", store_backup(store, str_of(path)));
    CHECK_CODE("it does not write", store_run(store, person(act.account), act_body, &act),
               STORE_HELD);
    store_close(f->store);
    f->store = NULL;
    CHECK_OK("it does when the server is gone",
             store_run(store, person(act.account), act_body, &act));
    CHECK_CODE("and then no server starts", store_open(&again, &late), STORE_HELD);
    store_close(store);
    CHECK_OK("until it ends", store_open(&f->config, &f->store));
    CHECK_INT("one act was done", see(f->store, act.account).lines, 1);
    unlink(path);
}

/* ---- migrations */

static void count_step(void *arg, const struct migrate_step *step)
{
    int *n = arg;

    CHECK_INT("in order", step->version, ++*n);
}

static void test_migrate(enum engine engine)
{
    static const struct migration other[] = { { "0001_other", "CREATE TABLE other (\n"
                                                              "    a int64 NOT NULL,\n"
                                                              "    PRIMARY KEY (a)\n"
                                                              ") strict; -- root: none\n" } };
    struct fixture f;
    struct store *store;
    struct migration more[20];
    int told = 0;

    if (!fixture_make(&f, engine)) return;
    if (engine == ENGINE_POSTGRESQL) {
        CHECK_CODE("an empty database can't be opened", store_open(&f.config, &store), FAULT_STORE);
    } else {
        CHECK("a missing file is not made by opening", store_open(&f.config, &store).code < 0);
    }
    CHECK_OK("dry run", store_migrate(&f.config, true, count_step, &told));
    CHECK_INT("tells all", told, MIGRATIONS_N);
    CHECK("and does nothing", store_open(&f.config, &store).code < 0);

    /* The upgrade: every prefix of the list is a schema that was released once. */
    memcpy(more, MIGRATIONS, (size_t)MIGRATIONS_N * sizeof more[0]);
    more[MIGRATIONS_N] = TABLES[0];
    f.config.migrations = more;
    for (int n = 1; n <= MIGRATIONS_N + 1; n++) {
        f.config.migrations_n = n;
        if (!CHECK_OK("one step", store_migrate(&f.config, false, NULL, NULL))) break;
    }
    told = 0;
    CHECK_OK("again", store_migrate(&f.config, false, count_step, &told));
    CHECK_INT("nothing to do", told, 0);
    CHECK_OK("opens", store_open(&f.config, &store));
    store_close(store);
    f.config.migrations = NULL;
    CHECK_CODE("a newer database is not opened", store_open(&f.config, &store), FAULT_STORE);
    CHECK("the note says so", strstr(fault_note(), "use the newer program") != NULL);
    CHECK("nor migrated", store_migrate(&f.config, false, NULL, NULL).code < 0);
    f.config.migrations = other;
    f.config.migrations_n = 1;
    CHECK_CODE("another program's database", store_open(&f.config, &store), FAULT_STORE);
    f.config.migrations = NULL;
    fixture_close(&f);
}

static void test_vocabulary(enum engine engine)
{
    static const struct {
        const char *title, *sql;
        int want;
    } rows[] = {
        { "a type of one engine only",
          "CREATE TABLE x (\n a bigint NOT NULL,\n PRIMARY KEY (a)\n) strict;", FAULT_CONFIG },
        { "no strict", "CREATE TABLE x (\n a int64,\n PRIMARY KEY (a)\n);", FAULT_CONFIG },
        { "no primary key", "CREATE TABLE x (\n a int64\n) strict;", FAULT_CONFIG },
        { "UNIQUE without the root",
          "CREATE TABLE x (\n a int64,\n b int64,\n PRIMARY KEY (a),\n UNIQUE (b)\n) strict;",
          FAULT_CONFIG },
        { "the same without root",
          "CREATE TABLE x (\n a int64,\n b int64,\n PRIMARY KEY (a),\n UNIQUE (b)\n) strict; "
          "-- root: none",
          0 },
        { "words in remarks and literals stay",
          "CREATE TABLE x (\n a text NOT NULL DEFAULT 'int64', -- blob, text\n PRIMARY KEY (a)\n"
          ") strict;\nINSERT INTO x (a) VALUES ('strict');",
          0 },
        { "rows kept in the order of their key",
          "CREATE TABLE x (\n a int64 NOT NULL,\n PRIMARY KEY (a)\n) strict clustered;", 0 },
        { "another word behind strict",
          "CREATE TABLE x (\n a int64 NOT NULL,\n PRIMARY KEY (a)\n) strict sorted;",
          FAULT_CONFIG },
        { "nonsense is the database's word", "SELEKT;", FAULT_STORE },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct migration one[] = { { "0001_x", rows[i].sql } };
        struct fixture f;

        if (!fixture_make(&f, engine)) return;
        f.config.migrations = one;
        f.config.migrations_n = 1;
        CHECK_CODE(rows[i].title, store_migrate(&f.config, false, NULL, NULL), rows[i].want);
        f.config.migrations = NULL;
        fixture_close(&f);
    }
}

static void test_distribute(struct fixture *f)
{
    CHECK_CODE("refuses where the extension is missing", store_distribute(f->store),
               f->engine == ENGINE_SQLITE ? STORE_NOT_POSTGRESQL : STORE_NO_EXTENSION);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;

        if (fixture_open_with(&f, (enum engine)e, TABLES, LEN(TABLES), false)) {
            test_drill(&f);
            test_left_over(&f);
            test_one_writer(&f);
            test_distribute(&f);
            fixture_close(&f);
        }
        test_not_backup((enum engine)e);
        test_migrate((enum engine)e);
        test_vocabulary((enum engine)e);
    }
    return test_end();
}
