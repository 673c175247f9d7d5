/* store/migrate.c - what schema a database has, and bringing it to the newest. */
#include "store/inner.h"

#include <stdlib.h>
#include <unistd.h>

static const struct stmt HAS_TABLE_SQLITE = {
    .name = "store: is it ours",
    .types = "",
    .sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'store_migration'",
};
static const struct stmt HAS_TABLE_POSTGRES = {
    .name = "store: is it ours",
    .types = "",
    .sql = "SELECT CASE WHEN to_regclass('store_migration') IS NULL THEN 0 ELSE 1 END",
};
/* The mark that postgres_backup.c sets before a restore and takes away with the new incarnation. */
static const struct stmt HALF_RESTORED = {
    .name = "store: was its restore cut off",
    .types = "",
    .sql = "SELECT CASE WHEN to_regclass('store_restoring') IS NULL THEN 0 ELSE 1 END",
};
/* Row security gives rows to the owner only: to others all tables would look empty. */
static const struct stmt IS_OWNER = {
    .name = "store: does the role own the database",
    .types = "",
    .sql = "SELECT pg_has_role('pg_database_owner', 'USAGE')",
};
static const struct stmt MIGRATION_LIST = {
    .name = "store: list migrations",
    .types = "",
    .sql = "SELECT version, name, checksum FROM store_migration ORDER BY version",
};
static const struct stmt MIGRATION_KEEP = {
    .name = "store: a migration is done",
    .types = "itii",
    .sql = "INSERT INTO store_migration (version, name, checksum, at) VALUES ($1, $2, $3, $4)",
};

/* Stands before all migrations, so it can't be one. */
static const struct migration FIRST = {
    .name = "store_migration",
    .sql = "CREATE TABLE store_migration (\n"
           "    version  int64 NOT NULL,\n"
           "    name     text NOT NULL,\n"
           "    checksum int64 NOT NULL,\n" /* of the text: a migration is never edited later */
           "    at       int64 NOT NULL,\n"
           "    PRIMARY KEY (version)\n"
           ") strict; -- root: none\n",
};

struct migrations migrations_of(const struct store_config *config)
{
    if (config->migrations) return (struct migrations){ config->migrations, config->migrations_n };
    return (struct migrations){ MIGRATIONS, MIGRATIONS_N };
}

/* FNV-1a. It guards against an honest mistake, an edited migration, and nothing else. */
static int64_t checksum(const char *text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++) {
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    }
    return (int64_t)h;
}

static RESULT has_table(struct txn *tx, bool *has)
{
    bool found;
    ROW(row);

    TRY(txn_first(tx, tx->store->engine == ENGINE_SQLITE ? &HAS_TABLE_SQLITE : &HAS_TABLE_POSTGRES,
                  IN_NONE, &row, &found));
    *has = found && row_int(&row, 0) != 0;
    return OK;
}

static RESULT half_restored(struct txn *tx)
{
    bool found;
    ROW(row);

    if (tx->store->engine != ENGINE_POSTGRESQL) return OK;
    TRY(txn_first(tx, &HALF_RESTORED, IN_NONE, &row, &found));
    REQUIRE(!found || row_int(&row, 0) == 0, STORE_HALF_RESTORED);
    return OK;
}

static RESULT is_owner(struct txn *tx)
{
    bool found;
    ROW(row);

    if (tx->store->engine != ENGINE_POSTGRESQL) return OK;
    TRY(txn_first(tx, &IS_OWNER, IN_NONE, &row, &found));
    if (found && row_int(&row, 0) != 0) return OK;
    return fault(FAULT_CONFIG, "the role does not own the database: ALTER DATABASE ... OWNER TO");
}

struct err migrations_count(struct txn *tx, const struct migrations *all, int *version)
{
    bool has, more;
    int n = 0;
    ROW(row);

    *version = 0;
    TRY(half_restored(tx));
    TRY(is_owner(tx));
    TRY(has_table(tx, &has));
    if (!has) return OK;
    TRY(txn_query(tx, &MIGRATION_LIST, IN_NONE, &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        n++;
        if (n > all->n) continue;
        if (row_int(&row, 0) != n || !str_eq(row_text(&row, 1), str_of(all->list[n - 1].name)) ||
            row_int(&row, 2) != checksum(all->list[n - 1].sql)) {
            return fault(FAULT_STORE,
                         "the database has another migration %d than this program's %s", n,
                         all->list[n - 1].name);
        }
    }
    *version = n;
    return OK;
}

struct err migrations_match(struct txn *tx, void *arg)
{
    const struct migrations *all = arg;
    int version;

    TRY(migrations_count(tx, all, &version));
    if (version == all->n) return OK;
    if (version == 0) return fault(FAULT_STORE, "the database has no schema: migrate it first");
    return fault(FAULT_STORE, "the database is at migration %d and this program at %d: %s", version,
                 all->n, version < all->n ? "migrate it first" : "use the newer program");
}

/* ---- migrating */

struct step {
    const struct migrations *all;
    int version; /* 1.. */
};

static RESULT run_script(struct txn *tx, const struct migration *migration)
{
    char *sql;
    struct err err;

    TRY(migration_spell(migration, tx->store->engine, &sql));
    err = tx->store->calls->script(tx, sql);
    free(sql);
    return fault_add(err, "migration %s", migration->name);
}

static RESULT step_body(struct txn *tx, void *arg)
{
    const struct step *step = arg;
    const struct migration *migration = &step->all->list[step->version - 1];
    bool has;

    TRY(has_table(tx, &has));
    if (!has) TRY(run_script(tx, &FIRST));
    TRY(run_script(tx, migration));
    return txn_exec(tx, &MIGRATION_KEEP,
                    IN(v_int(step->version), v_text(str_of(migration->name)),
                       v_int(checksum(migration->sql)), v_at(txn_now(tx))),
                    NULL);
}

struct err migrate_store(struct store *store, int from)
{
    struct migrations all = migrations_of(&store->config);

    for (struct step step = { .all = &all, .version = from + 1 }; step.version <= all.n;
         step.version++) {
        TRY(store_write(store, (struct root){ 0 }, true, step_body, &step));
    }
    return OK;
}

struct count_call {
    struct migrations all;
    int version;
};

static RESULT count_body(struct txn *tx, void *arg)
{
    struct count_call *call = arg;

    return migrations_count(tx, &call->all, &call->version);
}

static RESULT migrate_steps(struct store *store, bool dry_run, struct count_call *count,
                            void (*tell)(void *arg, const struct migrate_step *step), void *arg)
{
    TRY(store_look(store, count_body, count));
    if (count->version > count->all.n) {
        return fault(FAULT_STORE,
                     "the database is at migration %d and this program at %d: "
                     "use the newer program",
                     count->version, count->all.n);
    }
    for (int v = count->version + 1; v <= count->all.n; v++) {
        struct step step = { .all = &count->all, .version = v };
        struct migrate_step told = { .name = count->all.list[v - 1].name, .version = v };

        if (!dry_run) TRY(store_write(store, (struct root){ 0 }, true, step_body, &step));
        if (tell) tell(arg, &told);
    }
    return OK;
}

struct err store_migrate(const struct store_config *config, bool dry_run,
                         void (*tell)(void *arg, const struct migrate_step *step), void *arg)
{
    struct count_call count = { .all = migrations_of(config) };
    struct store *store;
    enum engine engine;
    struct str path;
    char name[URL_MAX];
    struct err err;

    /* A dry run must not leave an empty file behind. */
    if (dry_run && url_engine(config->url, &engine, &path) && engine == ENGINE_SQLITE &&
        !config->sqlite_vfs && str_c(path, name, sizeof name) && access(name, F_OK) != 0) {
        for (int v = 1; v <= count.all.n && tell; v++) {
            tell(arg, &(struct migrate_step){ .name = count.all.list[v - 1].name, .version = v });
        }
        return OK;
    }
    TRY(store_open_raw(config, &store));
    err = migrate_steps(store, dry_run, &count, tell, arg);
    store_close(store);
    return fault_add(err, "migrating");
}
