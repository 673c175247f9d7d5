/* store/postgres_engine.c - PostgreSQL: statements, rows, bulk. */
#include "store/postgres.h"

#include <stdlib.h>

/* The types that our statements give and take; everything is binary. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };

/* ---- statements */

static struct pg_prepared **slot_of(struct pg_prepared **cache, size_t size,
                                    const struct stmt *stmt)
{
    size_t at = (size_t)(((uint64_t)(uintptr_t)stmt >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 32);

    while (cache[at & (size - 1)] && cache[at & (size - 1)]->stmt != stmt) {
        at++;
    }
    return &cache[at & (size - 1)];
}

static RESULT find(struct pg_conn *conn, const struct stmt *stmt, struct pg_prepared **out)
{
    struct pg_prepared **slot = slot_of(conn->cache, conn->cache_size, stmt);

    if (*slot) {
        *out = *slot;
        return OK;
    }
    if (conn->cache_n * 2 >= conn->cache_size) {
        size_t size = conn->cache_size * 2;
        struct pg_prepared **bigger = calloc(size, sizeof *bigger);

        if (!bigger) return fault(FAULT_MEMORY, "statements of a connection");
        for (size_t i = 0; i < conn->cache_size; i++) {
            if (conn->cache[i]) *slot_of(bigger, size, conn->cache[i]->stmt) = conn->cache[i];
        }
        free(conn->cache);
        conn->cache = bigger;
        conn->cache_size = size;
        slot = slot_of(conn->cache, conn->cache_size, stmt);
    }
    *slot = calloc(1, sizeof **slot);
    if (!*slot) return fault(FAULT_MEMORY, "statements of a connection");
    (*slot)->stmt = stmt;
    (*slot)->number = (unsigned)++conn->cache_n;
    *out = *slot;
    return OK;
}

static RESULT send_prepare(struct pg_conn *conn, struct pg_prepared *p, const char *name)
{
    Oid types[PARAMETERS_MAX];
    size_t n = strlen(p->stmt->types);

    assert(n <= PARAMETERS_MAX);
    for (size_t i = 0; i < n; i++) {
        char letter = p->stmt->types[i];
        types[i] = letter == 'i' ? OID_INT8 : letter == 't' ? OID_TEXT : OID_BYTEA;
    }
    if (PQsendPrepare(conn->db, name, p->stmt->sql, (int)n, types) != 1) {
        conn->lost = true;
        return fault(FAULT_STORE_LOST, "%s: the database server is gone", p->stmt->name);
    }
    conn->expects[conn->expects_n++] = (struct expect){ EXPECT_PREPARE, p->stmt->name, p };
    p->ready = true;
    return OK;
}

static RESULT send_stmt(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                        enum expect_kind kind)
{
    struct pg_conn *conn = tx->conn;
    struct pg_prepared *p = NULL;
    char name[16];
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX], formats[PARAMETERS_MAX];
    uint8_t ints[PARAMETERS_MAX][8];

    assert(n <= PARAMETERS_MAX);
    if (conn->lost) return fault(FAULT_STORE_LOST, "%s: the database server is gone", stmt->name);
    TRY(find(conn, stmt, &p));
    TRY(pg_begin(tx));
    if (tx->writes && !tx->load &&
        monotonic_usec() - conn->begun_at > WRITE_STATEMENT_MSEC * INT64_C(1000)) {
        snprintf(conn->sqlstate, sizeof conn->sqlstate, "57014");
        return fault(FAULT_STORE_BUSY, "%s: a write ran past %d ms", stmt->name,
                     WRITE_STATEMENT_MSEC);
    }
    snprintf(name, sizeof name, "y%u", p->number);
    if (!p->ready) TRY(send_prepare(conn, p, name));
    for (size_t i = 0; i < n; i++) {
        struct writer w = writer_over(ints[i], 8);

        values[i] = in[i].type == VALUE_NULL ? NULL : in[i].p;
        lengths[i] = (int)in[i].n;
        formats[i] = 1;
        if (in[i].type == VALUE_INT) {
            put_be64(&w, (uint64_t)in[i].i);
            values[i] = (const char *)ints[i];
            lengths[i] = 8;
        }
        conn->expects_bytes += (size_t)lengths[i] + 16;
    }
    if (PQsendQueryPrepared(conn->db, name, (int)n, values, lengths, formats, 1) != 1) {
        conn->lost = true;
        return fault(FAULT_STORE_LOST, "%s: the database server is gone", stmt->name);
    }
    conn->expects[conn->expects_n++] = (struct expect){ kind, stmt->name, NULL };
    if (kind == EXPECT_EXEC) conn->execs_n++;
    return OK;
}

/* For row security; on its way with BEGIN. Who says none writes rootless tables only. */
static const struct stmt SAY_ROOT = {
    .name = "store: the transaction's root",
    .types = "t",
    .sql = "SELECT set_config('ykt.root', $1, true)",
};

struct err pg_say_root(struct txn *tx)
{
    char text[24];
    struct writer w = writer_over(text, sizeof text);

    if (tx->load || (tx->root.kind == ROOT_NONE && tx->root.id == STORE_ROOT.id)) {
        put_str(&w, S("any"));
    } else if (tx->root.kind != ROOT_NONE) {
        put_format(&w, "%" PRId64, tx->root.id);
    } else {
        return OK;
    }
    return send_stmt(tx, &SAY_ROOT, IN(v_text(bytes_str(bytes_of(text, w.n)))), EXPECT_OTHER);
}

/* Does a statement change something? Only asked to know whether a refusal has anything to undo, so
 * a wrong "yes" costs nothing. */
static bool may_write(const struct stmt *stmt)
{
    return strncmp(stmt->sql, "SELECT", 6) != 0;
}

static RESULT engine_exec(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                          int64_t *changed)
{
    struct pg_conn *conn = tx->conn;
    PGresult *result;

    if (may_write(stmt)) {
        if (!tx->writes) {
            return fault(FAULT_STORE, "%s: writes in a reading transaction", stmt->name);
        }
        tx->wrote = true;
    }
    TRY(send_stmt(tx, stmt, in, n, EXPECT_EXEC));
    /* Who does not ask for the count can hear of a failure later, at the latest with COMMIT. */
    if (!changed && conn->expects_n < DEFER_MAX && conn->expects_bytes < DEFER_BYTES_MAX) {
        return OK;
    }
    TRY(pg_settle(conn, &result));
    if (changed) *changed = pg_rows(result);
    PQclear(result);
    return OK;
}

static RESULT check_types(const PGresult *result, const char *name)
{
    for (int i = 0; i < PQnfields(result); i++) {
        switch (PQftype(result, i)) {
        case OID_BOOL:
        case OID_BYTEA:
        case OID_INT8:
        case OID_INT2:
        case OID_INT4:
        case OID_TEXT:
            continue;
        default:
            return fault(FAULT_STORE, "%s: column %d has a type that rows can't hold: CAST it",
                         name, i);
        }
    }
    return OK;
}

static RESULT engine_query(struct txn *tx, const struct stmt *stmt, const struct value *in,
                           size_t n, struct row *row)
{
    PGresult *result;
    struct err err;

    if (may_write(stmt)) tx->wrote = true;
    TRY(send_stmt(tx, stmt, in, n, EXPECT_QUERY));
    TRY(pg_settle(tx->conn, &result));
    err = check_types(result, stmt->name);
    if (err.code == 0 && may_write(stmt)) err = txn_spend(tx, pg_rows(result));
    if (err.code != 0) {
        PQclear(result);
        return err;
    }
    row->handle = result;
    row->n = PQnfields(result);
    return OK;
}

/* ---- rows */

static RESULT engine_next(struct row *row, bool *more)
{
    *more = ++row->at < PQntuples(row->handle);
    if (!*more) {
        PQclear(row->handle);
        row->handle = NULL;
    }
    return OK;
}

static void engine_row_close(struct row *row)
{
    PQclear(row->handle);
}

static bool engine_row_null(const struct row *row, int column)
{
    return PQgetisnull(row->handle, row->at, column) == 1;
}

static struct bytes engine_row_data(const struct row *row, int column)
{
    return bytes_of(PQgetvalue(row->handle, row->at, column),
                    (size_t)PQgetlength(row->handle, row->at, column));
}

static int64_t engine_row_int(const struct row *row, int column)
{
    struct cursor c = cursor_over(engine_row_data(row, column));

    switch (cursor_left(&c)) {
    case 8:
        return (int64_t)take_be64(&c);
    case 4:
        return (int32_t)take_be32(&c);
    case 2:
        return (int16_t)take_be16(&c);
    case 1:
        return take_u8(&c); /* bool */
    default:
        return 0;
    }
}

/* ---- bulk: COPY ... (FORMAT binary): a head of 19 bytes, for each row the number of fields and
 * each field with its length, and -1 */

static void put_row(struct writer *w, const struct value *values, size_t n)
{
    put_be16(w, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        switch (values[i].type) {
        case VALUE_NULL:
            put_be32(w, UINT32_MAX);
            break;
        case VALUE_INT:
            put_be32(w, 8);
            put_be64(w, (uint64_t)values[i].i);
            break;
        case VALUE_TEXT:
        case VALUE_BLOB:
            put_be32(w, (uint32_t)values[i].n);
            put_bytes(w, bytes_of(values[i].p, values[i].n));
            break;
        }
    }
}

static size_t row_size(const struct value *values, size_t n)
{
    size_t size = 2;

    for (size_t i = 0; i < n; i++) {
        size += 4 + (values[i].type == VALUE_INT ? 8 : values[i].n);
    }
    return size;
}

enum { COPY_BYTES = 1 << 16 };

static bool copy_flush(PGconn *db, struct writer *w)
{
    bool ok = PQputCopyData(db, (const char *)w->p, (int)w->n) == 1;

    w->n = 0;
    return ok;
}

static bool copy_rows(PGconn *db, size_t n, bulk_next *next, void *arg, int64_t *rows)
{
    struct value values[PARAMETERS_MAX];
    size_t size = COPY_BYTES;
    uint8_t *buffer = malloc(size);
    struct writer w = writer_over(buffer, size);
    bool ok = buffer != NULL;

    put_bytes(&w, bytes_of("PGCOPY\n\377\r\n\0", 11));
    put_be64(&w, 0); /* flags and extension */
    while (ok && next(arg, values)) {
        size_t need = row_size(values, n);

        if (w.n + need + 2 > size) ok = copy_flush(db, &w);
        if (ok && need + 2 > size) { /* a row larger than the buffer */
            uint8_t *bigger = realloc(buffer, need + 2);
            ok = bigger != NULL;
            if (ok) {
                buffer = bigger;
                size = need + 2;
                w = writer_over(buffer, size);
            }
        }
        if (ok) put_row(&w, values, n);
        (*rows)++;
    }
    if (ok && w.n + 2 > size) ok = copy_flush(db, &w);
    if (ok) {
        put_be16(&w, UINT16_MAX);
        ok = copy_flush(db, &w);
    }
    free(buffer);
    return ok;
}

static RESULT bulk_script(struct txn *tx, ExecStatusType want, const char *format,
                          const char *columns, const char *table)
{
    char sql[4096];
    struct writer w = writer_over(sql, sizeof sql);

    for (const char *p = format; *p; p++) {
        if (*p == '@') {
            put_str(&w, str_of(columns));
        } else if (*p == '#') {
            put_str(&w, str_of(table));
        } else {
            put_char(&w, *p);
        }
    }
    put_char(&w, 0);
    assert(!w.over);
    return pg_script(tx->conn, sql, want);
}

static RESULT copy(struct txn *tx, const char *table, const char *columns, const char *types,
                   bulk_next *next, void *arg, int64_t *rows)
{
    struct pg_conn *conn = tx->conn;
    struct err err = OK;
    PGresult *result;
    int64_t done = 0;
    bool ok;

    TRY(bulk_script(tx, PGRES_COPY_IN, "COPY # (@) FROM STDIN (FORMAT binary)", columns, table));
    ok = copy_rows(conn->db, strlen(types), next, arg, &done);
    if (PQputCopyEnd(conn->db, ok ? NULL : "no memory") != 1) conn->lost = true;
    while ((result = PQgetResult(conn->db)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && err.code == 0) {
            err = pg_fault(conn, result, table);
        }
        PQclear(result);
    }
    (void)PQenterPipelineMode(conn->db);
    if (err.code == 0 && !ok) err = fault(FAULT_MEMORY, "%s: rows", table);
    if (err.code == 0 && rows) *rows = done;
    return err;
}

static const struct stmt IS_GUARDED = {
    .name = "store: does row security apply",
    .types = "t",
    .sql = "SELECT row_security_active($1)",
};

/* PostgreSQL copies into no table with row security: there the rows go by way of a table that lives
 * as long as this call, and are looked at when they leave it. */
static RESULT engine_bulk(struct txn *tx, const char *table, const char *columns, const char *types,
                          bulk_next *next, void *arg, int64_t *rows)
{
    bool found, guarded;
    ROW(row);

    TRY(pg_begin(tx));
    TRY(txn_first(tx, &IS_GUARDED, IN(v_text(str_of(table))), &row, &found));
    guarded = found && row_int(&row, 0) != 0;
    if (!guarded) return copy(tx, table, columns, types, next, arg, rows);
    TRY(bulk_script(tx, PGRES_COMMAND_OK,
                    "CREATE TEMPORARY TABLE store_bulk ON COMMIT DROP AS SELECT @ FROM #"
                    " WITH NO DATA",
                    columns, table));
    TRY(copy(tx, "pg_temp.store_bulk", columns, types, next, arg, rows));
    return bulk_script(tx, PGRES_COMMAND_OK,
                       "INSERT INTO # (@) SELECT @ FROM pg_temp.store_bulk;"
                       "DROP TABLE pg_temp.store_bulk",
                       columns, table);
}

static RESULT engine_script(struct txn *tx, const char *sql)
{
    tx->wrote = true;
    TRY(txn_broke(tx, pg_begin(tx)));
    return txn_broke(tx, pg_script(tx->conn, sql, PGRES_COMMAND_OK));
}

/* ---- opening and closing */

static void engine_close(struct store *store)
{
    struct postgres *s = store->state;

    pg_let_go(s);
    while (s->idle) {
        struct pg_conn *conn = s->idle;
        s->idle = conn->next;
        pg_conn_close(conn);
    }
    for (int i = 0; i < STRIPES; i++) {
        pthread_mutex_destroy(&s->stripes[i]);
    }
    pthread_mutex_destroy(&s->pool_lock);
    pthread_cond_destroy(&s->pool_cond);
    free(s);
}

static RESULT engine_open(struct store *store)
{
    struct postgres *s = calloc(1, sizeof *s);

    if (!s) return fault(FAULT_MEMORY, "opening");
    s->store = store;
    s->most = store->config.readers ? store->config.readers : 32;
    pthread_mutex_init(&s->pool_lock, NULL);
    pthread_cond_init(&s->pool_cond, NULL);
    for (int i = 0; i < STRIPES; i++) {
        pthread_mutex_init(&s->stripes[i], NULL);
    }
    store->state = s;
    return OK;
}

static const struct stmt BASE_BYTES = {
    .name = "store: size of the database",
    .types = "",
    .sql = "SELECT pg_database_size(current_database()), row_security_active('store_once')",
};

static RESULT bytes_body(struct txn *tx, void *arg)
{
    struct store_health *out = arg;
    bool found;
    ROW(row);

    TRY(txn_first(tx, &BASE_BYTES, IN_NONE, &row, &found));
    out->bytes = row_int(&row, 0);
    out->unguarded = row_int(&row, 1) == 0;
    return OK;
}

static RESULT engine_health(struct store *store, struct store_health *out)
{
    return pg_read(store, bytes_body, out);
}

const struct engine_calls POSTGRES_CALLS = {
    .open = engine_open,
    .close = engine_close,
    .claim = pg_claim,
    .still_claimed = pg_still_claimed,
    .run = pg_run,
    .read = pg_read,
    .exec = engine_exec,
    .query = engine_query,
    .next = engine_next,
    .row_close = engine_row_close,
    .row_null = engine_row_null,
    .row_int = engine_row_int,
    .row_data = engine_row_data,
    .bulk = engine_bulk,
    .script = engine_script,
    .health = engine_health,
    .backup = pg_backup,
    .distribute = pg_distribute,
};
