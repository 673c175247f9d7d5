/* store/disposable.c - PostgreSQL databases that may be emptied again: those that were marked
 * before anything was in them. A demonstration's is; no other one's records can be lost by a wrong
 * URL. */
#include "store/postgres.h"

static RESULT open_base(const struct store_config *config, struct store **store, PGconn **db)
{
    struct err err;

    TRY(store_open_raw(config, store));
    err = (*store)->engine == ENGINE_POSTGRESQL ? pg_connect(*store, NULL, db)
                                                : (struct err){ .code = STORE_NOT_POSTGRESQL };
    if (err.code != 0) store_close(*store);
    return err;
}

static void close_base(struct store *store, PGconn *db)
{
    PQfinish(db);
    store_close(store);
}

static int64_t count(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    int64_t n = -1;

    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        (void)str_int(str_of(PQgetvalue(result, 0, 0)), 0, INT64_MAX, &n);
    PQclear(result);
    return n;
}

static RESULT script(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    PQclear(result);
    return ok ? OK : fault(FAULT_STORE, "a database to be emptied: %.200s", PQerrorMessage(db));
}

static const char TABLES[] = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()";
static const char MARKED[] = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()"
                             " AND tablename = 'store_disposable'";
static const char MARK[] = "CREATE TABLE store_disposable ()";
static const char EMPTY[] =
    "SET statement_timeout = 0; DO $$ DECLARE t text; BEGIN"
    " FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP"
    " EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', t); END LOOP; END $$";

struct err store_mark_disposable(const struct store_config *config)
{
    struct store *store;
    PGconn *db;
    struct err err;

    TRY(open_base(config, &store, &db));
    err = count(db, TABLES) == 0 ? script(db, MARK) : (struct err){ .code = STORE_EXISTS };
    close_base(store, db);
    return err;
}

struct err store_empty(const struct store_config *config)
{
    struct store *store;
    PGconn *db;
    struct err err;

    TRY(open_base(config, &store, &db));
    err = pg_claim(store);
    if (err.code == 0 && count(db, TABLES) != 0) {
        err = count(db, MARKED) == 1 ? script(db, EMPTY)
                                     : (struct err){ .code = STORE_NOT_DISPOSABLE };
    }
    close_base(store, db);
    return err;
}
