/* store/postgres_conn.c - connections to PostgreSQL. They stand in pipeline mode: statements go out
 * without waiting, and answers are read when somebody needs one. A transaction of BEGIN, a read, an
 * update and three inserts so takes three waits instead of seven. */
#include "store/postgres.h"

#include <stdlib.h>

/* ---- faults */

static enum fault fault_of(const char *state)
{
    static const struct {
        const char *state; /* a class of two characters, or a whole state */
        enum fault code;
    } rows[] = {
        { "40001", FAULT_STORE_BUSY },     /* serialization_failure */
        { "40P01", FAULT_STORE_BUSY },     /* deadlock_detected */
        { "55P03", FAULT_STORE_BUSY },     /* lock_not_available */
        { "57014", FAULT_STORE_BUSY },     /* query_canceled: our own time limit */
        { "53300", FAULT_STORE_BUSY },     /* too_many_connections */
        { "53100", FAULT_STORE_FULL },     /* disk_full */
        { "53200", FAULT_MEMORY },         /* out_of_memory */
        { "58", FAULT_STORE_IO },          /* system_error, io_error */
        { "XX001", FAULT_STORE_CORRUPT },  /* data_corrupted */
        { "XX002", FAULT_STORE_CORRUPT },  /* index_corrupted */
        { "25006", FAULT_STORE_READONLY }, /* read_only_sql_transaction: a standby, or set so */
        { "57P", FAULT_STORE_LOST },       /* shut down, or not up yet */
        { "25P03", FAULT_STORE_LOST },     /* idle_in_transaction_session_timeout */
        { "08", FAULT_STORE_LOST },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        if (strncmp(state, rows[i].state, strlen(rows[i].state)) == 0) return rows[i].code;
    }
    return FAULT_STORE;
}

static const char *field(const PGresult *result, int code)
{
    const char *text = result ? PQresultErrorField(result, code) : NULL;

    return text ? text : "";
}

struct err pg_fault(struct pg_conn *conn, const PGresult *result, const char *what)
{
    const char *state = field(result, PG_DIAG_SQLSTATE);
    /* Messages of data errors (classes 22 and 23) may quote values, which no log may hold. */
    bool quotes = strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0;
    enum fault code;

    if (!state[0] || PQstatus(conn->db) == CONNECTION_BAD) {
        conn->lost = true;
        return fault(FAULT_STORE_LOST, "%s: the database server is gone", what);
    }
    if (!conn->sqlstate[0]) snprintf(conn->sqlstate, sizeof conn->sqlstate, "%s", state);
    code = fault_of(state);
    /* Row security and a missing right share one state; this is where a new row is looked at. */
    if (strcmp(field(result, PG_DIAG_SOURCE_FUNCTION), "ExecWithCheckOptions") == 0 &&
        strcmp(state, "42501") == 0)
        code = FAULT_STORE_ROOT;
    if (code == FAULT_STORE_LOST) conn->lost = true;
    return fault(code, "%s: %s %s (PostgreSQL %s)", what,
                 quotes ? "a rule was broken:" : field(result, PG_DIAG_MESSAGE_PRIMARY),
                 field(result, PG_DIAG_CONSTRAINT_NAME), state);
}

/* ---- connecting */

static void no_notice(void *arg, const PGresult *result)
{
    (void)arg, (void)result;
}

RESULT pg_connect(struct store *store, const char *base, PGconn **out)
{
    char options[256];
    const char *names[] = {
        "dbname",  "client_encoding",  "connect_timeout",      "tcp_user_timeout",
        "options", "application_name", base ? "dbname" : NULL, NULL
    };
    const char *values[] = { store->url, "UTF8", "3", "5000", options, "ykt", base, NULL };
    PGconn *db;

    snprintf(options, sizeof options,
             "-c statement_timeout=%d -c idle_in_transaction_session_timeout=%d"
             " -c default_transaction_isolation=serializable -c extra_float_digits=0"
             " -c ykt.reader=store",
             WRITE_STATEMENT_MSEC, 2 * WRITE_STATEMENT_MSEC);
    db = PQconnectdbParams(names, values, 1);
    if (!db || PQstatus(db) != CONNECTION_OK) {
        /* libpq's words name host, port and role, never the password. */
        struct err err =
            fault(FAULT_STORE_LOST, "connecting: %.300s", db ? PQerrorMessage(db) : "no memory");
        PQfinish(db);
        return err;
    }
    PQsetNoticeReceiver(db, no_notice, NULL);
    *out = db;
    return OK;
}

RESULT pg_conn_open(struct postgres *s, struct pg_conn **out)
{
    struct pg_conn *conn = calloc(1, sizeof *conn);
    struct err err = OK;

    if (!conn) return fault(FAULT_MEMORY, "a connection");
    conn->cache_size = 128;
    conn->cache = calloc(conn->cache_size, sizeof(struct pg_prepared *));
    if (!conn->cache) err = fault(FAULT_MEMORY, "a connection");
    if (err.code == 0) err = arena_open(&conn->tx.arena, SCRATCH_BYTES);
    if (err.code == 0) err = pg_connect(s->store, NULL, &conn->db);
    if (err.code == 0 && PQenterPipelineMode(conn->db) != 1) {
        err = fault(FAULT_STORE, "the connection takes no pipeline");
    }
    if (err.code != 0) {
        pg_conn_close(conn);
        return err;
    }
    conn->tx.store = s->store;
    conn->tx.conn = conn;
    conn->notes = (struct notes){ .p = conn->notes_bytes, .size = sizeof conn->notes_bytes };
    *out = conn;
    return OK;
}

void pg_conn_close(struct pg_conn *conn)
{
    PQfinish(conn->db);
    for (size_t i = 0; conn->cache && i < conn->cache_size; i++) {
        free(conn->cache[i]);
    }
    free(conn->cache);
    arena_close(&conn->tx.arena);
    free(conn);
}

/* ---- the pipeline */

static RESULT expect(struct pg_conn *conn, enum expect_kind kind, const char *name,
                     struct pg_prepared *prepared, int sent)
{
    if (sent != 1) {
        conn->lost = true;
        return fault(FAULT_STORE_LOST, "%s: the database server is gone", name);
    }
    assert(conn->expects_n < (int)LEN(conn->expects));
    conn->expects[conn->expects_n++] = (struct expect){ kind, name, prepared };
    if (kind == EXPECT_EXEC) conn->execs_n++;
    return OK;
}

RESULT pg_send(struct pg_conn *conn, enum expect_kind kind, const char *sql)
{
    return expect(conn, kind, sql, NULL,
                  PQsendQueryParams(conn->db, sql, 0, NULL, NULL, NULL, NULL, 1));
}

RESULT pg_begin(struct txn *tx)
{
    struct pg_conn *conn = tx->conn;

    if (conn->begun) return OK;
    conn->begun = true;
    conn->begun_at = monotonic_usec();
    if (tx->writes) {
        TRY(pg_send(conn, EXPECT_OTHER, "BEGIN ISOLATION LEVEL SERIALIZABLE"));
        TRY(pg_say_root(tx));
        if (!tx->load) return OK;
        TRY(pg_send(conn, EXPECT_OTHER, "SET LOCAL statement_timeout = 0"));
        return pg_send(conn, EXPECT_OTHER, "SET LOCAL idle_in_transaction_session_timeout = 0");
    }
    TRY(pg_send(conn, EXPECT_OTHER, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    return pg_send(conn, EXPECT_OTHER, "SET LOCAL statement_timeout = 30000");
}

int64_t pg_rows(PGresult *result)
{
    int64_t rows = 0;

    return str_int(str_of(PQcmdTuples(result)), 0, INT64_MAX, &rows) ? rows : 0;
}

/* One answer: in pipeline mode the result, then the mark that no more of it comes. */
static PGresult *next_answer(struct pg_conn *conn)
{
    PGresult *result = PQgetResult(conn->db), *more;

    if (!result || PQresultStatus(result) == PGRES_PIPELINE_SYNC) return result;
    while ((more = PQgetResult(conn->db)) != NULL) {
        PQclear(more);
    }
    return result;
}

static RESULT judge(struct pg_conn *conn, const struct expect *e, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        return pg_fault(conn, result, e->name);
    }
    if (e->kind == EXPECT_COMMIT && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        return fault(FAULT_STORE, "COMMIT became %s", PQcmdStatus(result));
    }
    if (e->kind == EXPECT_EXEC) return txn_spend(&conn->tx, pg_rows(result));
    return OK;
}

RESULT pg_settle(struct pg_conn *conn, PGresult **last)
{
    struct err first = OK;
    PGresult *result;

    if (last) *last = NULL;
    if (conn->expects_n == 0) return OK;
    if (conn->lost || PQpipelineSync(conn->db) != 1) {
        conn->lost = true;
        return fault(FAULT_STORE_LOST, "the database server is gone");
    }
    for (int i = 0; i < conn->expects_n && !conn->lost; i++) {
        struct expect *e = &conn->expects[i];

        result = next_answer(conn);
        if (first.code != 0) {
            /* Left out by the server: a statement that was to be prepared is not. */
            if (e->kind == EXPECT_PREPARE) e->prepared->ready = false;
        } else {
            first = result ? judge(conn, e, result) : pg_fault(conn, NULL, e->name);
            if (first.code != 0 && e->kind == EXPECT_PREPARE) e->prepared->ready = false;
            if (first.code != 0 && e->kind != EXPECT_COMMIT && !conn->lost) {
                conn->commit_sent = false; /* an error before it: it was left out too */
            }
        }
        if (last && first.code == 0 && i == conn->expects_n - 1) {
            *last = result;
        } else {
            PQclear(result);
        }
    }
    if (!conn->lost) {
        result = next_answer(conn);
        if (PQresultStatus(result) != PGRES_PIPELINE_SYNC) conn->lost = true;
        PQclear(result);
    }
    conn->expects_n = conn->execs_n = 0;
    conn->expects_bytes = 0;
    return first;
}

/* COPY and texts of several statements do not go through a pipeline. */
RESULT pg_script(struct pg_conn *conn, const char *sql, ExecStatusType want)
{
    PGresult *result;
    struct err err = OK;

    TRY(pg_settle(conn, NULL));
    if (PQexitPipelineMode(conn->db) != 1) return fault(FAULT_STORE, "the pipeline is not empty");
    result = PQexec(conn->db, sql);
    if (PQresultStatus(result) != want) err = pg_fault(conn, result, "script");
    PQclear(result);
    if (PQtransactionStatus(conn->db) != PQTRANS_ACTIVE) (void)PQenterPipelineMode(conn->db);
    return err;
}
