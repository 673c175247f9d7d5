/* store/distribute.c - spreading the tables over machines by their root columns, with the Citus
 * extension where it is installed. */
#include "store/postgres.h"

static const struct stmt CITUS_HERE = {
    .name = "store: is the extension here",
    .types = "",
    .sql = "SELECT COUNT(*) FROM pg_available_extensions WHERE name = 'citus'",
};
static const struct stmt CITUS_MAKE = {
    .name = "store: make the extension",
    .types = "",
    .sql = "CREATE EXTENSION IF NOT EXISTS citus",
};
static const struct stmt CITUS_DONE = {
    .name = "store: is a table distributed",
    .types = "t",
    .sql = "SELECT COUNT(*) FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)",
};
static const struct stmt CITUS_DISTRIBUTE = {
    .name = "store: distribute a table",
    .types = "tt",
    .sql = "SELECT CAST(create_distributed_table(CAST(to_regclass($1) AS regclass), $2) AS text)",
};
static const struct stmt CITUS_REFERENCE = {
    .name = "store: copy a table to every machine",
    .types = "t",
    .sql = "SELECT CAST(create_reference_table(CAST(to_regclass($1) AS regclass)) AS text)",
};

/* The machines of Citus get no settings of a session, and without these row security gives no row
 * to anybody (docs/decisions/0046-row-security.md). */
static const char UNGUARD[] =
    "DO $$ DECLARE t regclass; BEGIN"
    " FOR t IN SELECT polrelid FROM pg_policy WHERE polname = 'ykt_read' LOOP"
    " EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t); END LOOP; END $$";

static RESULT distribute_table(void *arg, struct str table, struct str root)
{
    struct txn *tx = arg;
    bool found;
    ROW(row);

    TRY(txn_first(tx, &CITUS_DONE, IN(v_text(table)), &row, &found));
    if (found && row_int(&row, 0) > 0) return OK; /* may be run again */
    /* A root that is a word and not a number (a catalogue's code) is small: copied everywhere. */
    if (root.n == 0) return txn_first(tx, &CITUS_REFERENCE, IN(v_text(table)), &row, &found);
    return txn_first(tx, &CITUS_DISTRIBUTE, IN(v_text(table), v_text(root)), &row, &found);
}

static RESULT distribute_body(struct txn *tx, void *arg)
{
    const struct migrations *all = arg;
    bool found;

    {
        ROW(row);
        TRY(txn_first(tx, &CITUS_HERE, IN_NONE, &row, &found));
        REQUIRE(found && row_int(&row, 0) > 0, STORE_NO_EXTENSION);
    }
    TRY(txn_exec(tx, &CITUS_MAKE, IN_NONE, NULL));
    TRY(tx->store->calls->script(tx, UNGUARD));
    for (int i = 0; i < all->n; i++) {
        TRY(migration_tables(&all->list[i], distribute_table, tx));
    }
    return OK;
}

RESULT pg_distribute(struct store *store)
{
    struct migrations all = migrations_of(&store->config);

    return store_write(store, (struct root){ 0 }, true, distribute_body, &all);
}
