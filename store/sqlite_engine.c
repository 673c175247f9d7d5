/* store/sqlite_engine.c - SQLite: connections, prepared statements, rows, readers. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    READERS_DEFAULT = 4,
    BUSY_MSEC = 1000,   /* another process holds the file: longer is FAULT_STORE_BUSY */
    DRAIN_SECONDS = 10, /* readers end long before */
    CACHE_FIRST = 64,   /* prepared statements a connection starts with */
};

/* ---- faults */

struct err sqlite_fault(sqlite3 *db, int rc, const char *what)
{
    enum fault code = FAULT_STORE;
    int extended = db ? sqlite3_extended_errcode(db) : rc;

    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        code = FAULT_STORE_BUSY;
        break;
    case SQLITE_FULL:
        code = FAULT_STORE_FULL;
        break;
    case SQLITE_IOERR:
        code = extended == SQLITE_IOERR_NOMEM ? FAULT_MEMORY : FAULT_STORE_IO;
        break;
    case SQLITE_CANTOPEN:
        code = FAULT_STORE_IO;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        code = FAULT_STORE_CORRUPT;
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        code = FAULT_STORE_READONLY;
        break;
    case SQLITE_NOMEM:
        code = FAULT_MEMORY;
        break;
    default:
        break;
    }
    /* SQLite's own words name tables and columns and never a bound value. */
    return fault(code, "%s: %s (SQLite %d)", what, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                 extended);
}

RESULT sqlite_do(struct sqlite_conn *conn, const char *sql)
{
    int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? OK : sqlite_fault(conn->db, rc, sql);
}

/* ---- connections */

static int note_log(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sqlite *s = arg;

    (void)db, (void)name;
    atomic_store(&s->wal_pages, pages);
    return SQLITE_OK;
}

/* SQLite would make it for all to read; log and index take after it. */
void sqlite_file_make(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) close(fd); /* what is wrong with it is told by opening it */
}

RESULT sqlite_open_conn(struct sqlite *s, struct sqlite_conn *conn, bool reads_only)
{
    /* One thread at a time holds a connection, so SQLite's own locks would only cost. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    struct err err;
    int rc;

    if (s->one_connection || s->store->raw) flags |= SQLITE_OPEN_CREATE;
    *conn = (struct sqlite_conn){ .tx = { .store = s->store, .conn = conn } };
    if (s->store->raw && !s->one_connection && !s->store->config.sqlite_vfs)
        sqlite_file_make(s->path);
    rc = sqlite3_open_v2(s->path, &conn->db, flags, s->store->config.sqlite_vfs);
    if (rc == SQLITE_OK) rc = sqlite3_extended_result_codes(conn->db, 1);
    if (rc != SQLITE_OK) {
        err = sqlite_fault(conn->db, rc, "opening the file");
        sqlite3_close(conn->db);
        conn->db = NULL;
        return err;
    }
    /* SQLite would open it for reading and then fail over the log's index: a worse word. */
    if (sqlite3_db_readonly(conn->db, "main") == 1) {
        sqlite_close_conn(conn);
        return fault(FAULT_STORE_READONLY, "the database file or its medium takes no writes");
    }
    sqlite3_busy_timeout(conn->db, BUSY_MSEC);
    sqlite3_wal_autocheckpoint(conn->db, 0);
    /* No mmap: a failed read must be an error code, not a signal. */
    err = sqlite_do(conn, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;"
                          "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"
                          "PRAGMA cell_size_check=ON; PRAGMA secure_delete=ON;");
    if (err.code == 0) {
        err = sqlite_do(conn, reads_only ? "PRAGMA query_only=ON; PRAGMA cache_size=-8192;"
                                         : "PRAGMA cache_size=-65536;"
                                           "PRAGMA journal_size_limit=67108864;");
    }
    if (err.code == 0) {
        conn->cache_size = CACHE_FIRST;
        conn->cache = calloc(conn->cache_size, sizeof(struct prepared *));
        err = conn->cache ? arena_open(&conn->tx.arena, SCRATCH_BYTES)
                          : fault(FAULT_MEMORY, "statements of a connection");
    }
    if (err.code != 0) sqlite_close_conn(conn);
    return err;
}

void sqlite_close_conn(struct sqlite_conn *conn)
{
    for (size_t i = 0; i < conn->cache_size && conn->cache; i++) {
        if (!conn->cache[i]) continue;
        sqlite3_finalize(conn->cache[i]->handle);
        free(conn->cache[i]);
    }
    free(conn->cache);
    sqlite3_close(conn->db);
    arena_close(&conn->tx.arena);
    *conn = (struct sqlite_conn){ 0 };
}

/* ---- statements */

/* `$7` into `?7`, outside of quotes and comments: in SQLite `$2` is a name, numbered by where it
 * first appears, so a statement whose $2 stands first would bind the wrong way round. */
static char *spell(const char *sql)
{
    size_t n = strlen(sql);
    char *out = malloc(n + 1);
    char quote = 0;

    if (!out) return NULL;
    for (size_t i = 0; i <= n; i++) {
        char c = sql[i];

        if (quote) {
            if (c == quote) quote = 0;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '-' && sql[i + 1] == '-') {
            quote = '\n';
        } else if (c == '$' && sql[i + 1] >= '1' && sql[i + 1] <= '9') {
            c = '?';
        }
        out[i] = c;
    }
    return out;
}

static RESULT prepare(struct sqlite_conn *conn, const struct stmt *stmt, struct prepared **out)
{
    struct prepared *p = calloc(1, sizeof *p);
    char *sql = spell(stmt->sql);
    const char *rest = "";
    int rc = SQLITE_NOMEM;

    if (p && sql) {
        rc = sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &p->handle, &rest);
    }
    if (rc != SQLITE_OK || !p->handle ||
        sqlite3_bind_parameter_count(p->handle) > (int)strlen(stmt->types)) {
        struct err err = rc != SQLITE_OK
                             ? sqlite_fault(conn->db, rc, stmt->name)
                             : fault(FAULT_STORE, "%s: more parameters than types", stmt->name);
        if (p) sqlite3_finalize(p->handle);
        free(p);
        free(sql);
        return err;
    }
    p->stmt = stmt;
    free(sql);
    *out = p;
    return OK;
}

static size_t slot_of(const struct sqlite_conn *conn, const struct stmt *stmt)
{
    size_t at = (size_t)(((uint64_t)(uintptr_t)stmt >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 32);

    for (;; at++) {
        struct prepared *p = conn->cache[at & (conn->cache_size - 1)];
        if (!p || p->stmt == stmt) return at & (conn->cache_size - 1);
    }
}

static RESULT cache_grow(struct sqlite_conn *conn)
{
    struct sqlite_conn bigger = { .cache_size = conn->cache_size * 2 };

    bigger.cache = calloc(bigger.cache_size, sizeof(struct prepared *));
    if (!bigger.cache) return fault(FAULT_MEMORY, "statements of a connection");
    for (size_t i = 0; i < conn->cache_size; i++) {
        if (conn->cache[i]) bigger.cache[slot_of(&bigger, conn->cache[i]->stmt)] = conn->cache[i];
    }
    free(conn->cache);
    conn->cache = bigger.cache;
    conn->cache_size = bigger.cache_size;
    return OK;
}

static RESULT find(struct sqlite_conn *conn, const struct stmt *stmt, struct prepared **out)
{
    struct prepared *p = conn->cache[slot_of(conn, stmt)];

    if (p && !p->busy) {
        *out = p;
        return OK;
    }
    TRY(prepare(conn, stmt, out));
    if (p) {
        (*out)->stray = true;
        return OK;
    }
    if (conn->cache_n * 2 >= conn->cache_size) {
        struct err err = cache_grow(conn);
        if (err.code != 0) {
            sqlite3_finalize((*out)->handle);
            free(*out);
            return err;
        }
    }
    conn->cache[slot_of(conn, stmt)] = *out;
    conn->cache_n++;
    return OK;
}

static void give_back(struct prepared *p)
{
    sqlite3_reset(p->handle); /* its code repeats what step said, and that was told */
    sqlite3_clear_bindings(p->handle);
    p->busy = false;
    if (p->stray) {
        sqlite3_finalize(p->handle);
        free(p);
    }
}

static int bind(sqlite3_stmt *handle, const struct value *in, size_t n, bool copy)
{
    sqlite3_destructor_type life = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
    int rc = SQLITE_OK, most = sqlite3_bind_parameter_count(handle);

    for (int i = 0; i < (int)n && i < most && rc == SQLITE_OK; i++) {
        switch (in[i].type) {
        case VALUE_NULL:
            rc = sqlite3_bind_null(handle, i + 1);
            break;
        case VALUE_INT:
            rc = sqlite3_bind_int64(handle, i + 1, in[i].i);
            break;
        case VALUE_TEXT:
            rc = sqlite3_bind_text64(handle, i + 1, in[i].p, in[i].n, life, SQLITE_UTF8);
            break;
        case VALUE_BLOB:
            rc = sqlite3_bind_blob64(handle, i + 1, in[i].p, in[i].n, life);
            break;
        }
    }
    return rc;
}

RESULT sqlite_control(struct sqlite_conn *conn, const struct stmt *stmt)
{
    struct prepared *p;
    struct err err = OK;
    int rc;

    TRY(find(conn, stmt, &p));
    rc = sqlite3_step(p->handle);
    if (rc != SQLITE_DONE) err = sqlite_fault(conn->db, rc, stmt->name);
    give_back(p);
    return err;
}

/* A reading transaction must not write, and a write is noted before it is tried. */
static RESULT check_write(struct txn *tx, const struct prepared *p)
{
    if (sqlite3_stmt_readonly(p->handle)) return OK;
    if (!tx->writes) {
        return fault(FAULT_STORE, "%s: writes in a reading transaction", p->stmt->name);
    }
    tx->wrote = true;
    return OK;
}

static RESULT engine_exec(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                          int64_t *changed)
{
    struct sqlite_conn *conn = tx->conn;
    struct prepared *p;
    struct err err;
    int64_t rows = 0;
    int rc;

    TRY(find(conn, stmt, &p));
    err = check_write(tx, p);
    if (err.code == 0) {
        rc = bind(p->handle, in, n, false);
        while (rc == SQLITE_OK || rc == SQLITE_ROW) {
            rc = sqlite3_step(p->handle);
        }
        if (rc != SQLITE_DONE) err = sqlite_fault(conn->db, rc, stmt->name);
        if (rc == SQLITE_DONE && !sqlite3_stmt_readonly(p->handle)) {
            rows = sqlite3_changes64(conn->db);
        }
    }
    give_back(p);
    if (err.code != 0) return err;
    if (changed) *changed = rows;
    return txn_spend(tx, rows);
}

static RESULT engine_query(struct txn *tx, const struct stmt *stmt, const struct value *in,
                           size_t n, struct row *row)
{
    struct sqlite_conn *conn = tx->conn;
    struct prepared *p;
    struct err err;
    int rc;

    TRY(find(conn, stmt, &p));
    err = check_write(tx, p);
    if (err.code == 0) {
        rc = bind(p->handle, in, n, true);
        if (rc != SQLITE_OK) err = sqlite_fault(conn->db, rc, stmt->name);
    }
    if (err.code != 0) {
        give_back(p);
        return err;
    }
    p->busy = true;
    row->handle = p;
    row->n = sqlite3_column_count(p->handle);
    return OK;
}

static RESULT engine_next(struct row *row, bool *more)
{
    struct sqlite_conn *conn = row->tx->conn;
    struct prepared *p = row->handle;
    const struct stmt *stmt = p->stmt;
    int rc = sqlite3_step(p->handle);

    *more = rc == SQLITE_ROW;
    row->at++;
    if (rc == SQLITE_ROW) return OK;
    if (rc == SQLITE_DONE) {
        int64_t rows = sqlite3_stmt_readonly(p->handle) ? 0 : sqlite3_changes64(conn->db);
        row->handle = NULL;
        give_back(p);
        return txn_spend(row->tx, rows);
    }
    return sqlite_fault(conn->db, rc, stmt->name);
}

static void engine_row_close(struct row *row)
{
    give_back(row->handle);
}

static sqlite3_stmt *stmt_of(const struct row *row)
{
    return ((struct prepared *)row->handle)->handle;
}

static bool engine_row_null(const struct row *row, int column)
{
    return sqlite3_column_type(stmt_of(row), column) == SQLITE_NULL;
}

static int64_t engine_row_int(const struct row *row, int column)
{
    return sqlite3_column_int64(stmt_of(row), column);
}

static struct bytes engine_row_data(const struct row *row, int column)
{
    const void *p = sqlite3_column_blob(stmt_of(row), column);

    return bytes_of(p ? p : "", (size_t)sqlite3_column_bytes(stmt_of(row), column));
}

/* The one place that prints SQL: table and columns are words of our own code, never of a caller. */
static RESULT engine_bulk(struct txn *tx, const char *table, const char *columns, const char *types,
                          bulk_next *next, void *arg, int64_t *rows)
{
    struct sqlite_conn *conn = tx->conn;
    size_t n = strlen(types);
    struct value values[64];
    char sql[2048];
    struct writer w = writer_over(sql, sizeof sql);
    struct stmt stmt = { .name = table, .types = types, .sql = sql };
    struct prepared *p;
    int64_t done = 0;
    int rc = SQLITE_DONE;

    put_format(&w, "INSERT INTO %s (%s) VALUES (", table, columns);
    for (size_t i = 0; i < n; i++) {
        put_format(&w, "%s$%zu", i ? ", " : "", i + 1);
    }
    put_format(&w, ")%c", 0);
    assert(!w.over);
    TRY(prepare(conn, &stmt, &p));
    while (rc == SQLITE_DONE && next(arg, values)) {
        rc = bind(p->handle, values, n, false);
        if (rc == SQLITE_OK) rc = sqlite3_step(p->handle);
        sqlite3_reset(p->handle);
        done++;
    }
    p->stray = true;
    give_back(p);
    if (rc != SQLITE_DONE) return sqlite_fault(conn->db, rc, table);
    if (rows) *rows = done;
    return OK;
}

/* ---- readers */

static RESULT pool_take(struct sqlite *s, struct sqlite_conn **out)
{
    struct sqlite_conn *conn;
    struct err err = OK;

    pthread_mutex_lock(&s->pool_lock);
    while (s->draining || (!s->idle && s->open >= s->most)) {
        pthread_cond_wait(&s->pool_cond, &s->pool_lock);
    }
    conn = s->idle;
    if (conn) {
        s->idle = conn->next;
    } else {
        s->open++;
    }
    s->in_use++;
    pthread_mutex_unlock(&s->pool_lock);

    if (!conn) {
        conn = malloc(sizeof *conn);
        err = conn ? sqlite_open_conn(s, conn, true) : fault(FAULT_MEMORY, "a reader");
        if (err.code != 0) {
            free(conn);
            pthread_mutex_lock(&s->pool_lock);
            s->open--;
            s->in_use--;
            pthread_cond_broadcast(&s->pool_cond);
            pthread_mutex_unlock(&s->pool_lock);
            return err;
        }
    }
    *out = conn;
    return OK;
}

static void pool_give(struct sqlite *s, struct sqlite_conn *conn)
{
    pthread_mutex_lock(&s->pool_lock);
    conn->next = s->idle;
    s->idle = conn;
    s->in_use--;
    pthread_cond_broadcast(&s->pool_cond);
    pthread_mutex_unlock(&s->pool_lock);
}

RESULT sqlite_pool_drain(struct sqlite *s)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DRAIN_SECONDS;
    pthread_mutex_lock(&s->pool_lock);
    s->draining = true;
    while (s->in_use > 0 && rc == 0) {
        rc = pthread_cond_timedwait(&s->pool_cond, &s->pool_lock, &until);
    }
    if (s->in_use > 0) {
        s->draining = false;
        pthread_cond_broadcast(&s->pool_cond);
        pthread_mutex_unlock(&s->pool_lock);
        return fault(FAULT_STORE_BUSY, "a reader does not end");
    }
    while (s->idle) {
        struct sqlite_conn *conn = s->idle;
        s->idle = conn->next;
        sqlite_close_conn(conn);
        free(conn);
        s->open--;
    }
    pthread_mutex_unlock(&s->pool_lock);
    return OK;
}

void sqlite_pool_open(struct sqlite *s)
{
    pthread_mutex_lock(&s->pool_lock);
    s->draining = false;
    pthread_cond_broadcast(&s->pool_cond);
    pthread_mutex_unlock(&s->pool_lock);
}

static const struct stmt READ_BEGIN = { .name = "BEGIN", .types = "", .sql = "BEGIN" };
static const struct stmt READ_END = { .name = "ROLLBACK", .types = "", .sql = "ROLLBACK" };

static RESULT read_on(struct sqlite_conn *conn, store_body *body, void *arg)
{
    struct txn *tx = &conn->tx;
    struct err err;

    TRY(sqlite_control(conn, &READ_BEGIN));
    tx->writes = tx->load = false;
    tx->root = (struct root){ 0 };
    err = txn_run_body(tx, body, arg);
    /* Nothing was written: the end of a reading transaction loses nothing, whatever it says. */
    (void)sqlite_control(conn, &READ_END).code;
    return err;
}

static RESULT engine_read(struct store *store, store_body *body, void *arg)
{
    struct sqlite *s = store->state;
    struct sqlite_conn *conn;
    struct err err;

    if (s->one_connection || s->broken) {
        pthread_mutex_lock(&s->gate);
        err = s->broken ? sqlite_recover(s) : OK;
        if (err.code == 0 && s->one_connection) {
            struct notes *notes = s->writer.tx.notes;
            s->writer.tx.notes = NULL;
            err = read_on(&s->writer, body, arg);
            s->writer.tx.notes = notes;
        }
        pthread_mutex_unlock(&s->gate);
        if (err.code != 0 || s->one_connection) return err;
    }
    TRY(pool_take(s, &conn));
    err = read_on(conn, body, arg);
    pool_give(s, conn);
    return err;
}

/* ---- opening and closing */

static RESULT check_mode(struct sqlite *s)
{
    sqlite3_stmt *handle = NULL;
    int rc = sqlite3_prepare_v2(s->writer.db, "PRAGMA journal_mode=WAL", -1, &handle, NULL);
    bool wal;

    if (rc == SQLITE_OK) rc = sqlite3_step(handle);
    wal = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(handle, 0), "wal") == 0;
    sqlite3_finalize(handle);
    if (rc != SQLITE_ROW) return sqlite_fault(s->writer.db, rc, "setting the log");
    if (!wal && !s->one_connection) {
        return fault(FAULT_STORE_READONLY, "the database file can't be put in WAL mode");
    }
    return OK;
}

static RESULT writer_open(struct sqlite *s)
{
    struct err err;

    TRY(sqlite_open_conn(s, &s->writer, false));
    err = check_mode(s);
    if (err.code != 0) {
        sqlite_close_conn(&s->writer);
        return err;
    }
    s->writer.tx.notes = &s->notes;
    atomic_store(&s->wal_pages, 0);
    s->checked_pages = 0;
    sqlite3_wal_hook(s->writer.db, note_log, s);
    return OK;
}

RESULT sqlite_recover(struct sqlite *s)
{
    struct err err;
    int rc;

    s->broken = true;
    atomic_fetch_add(&s->reopens, 1);
    TRY(sqlite_pool_drain(s));
    pthread_mutex_lock(&s->check_lock); /* no checkpoint is running */
    sqlite_close_conn(&s->check);
    sqlite_close_conn(&s->writer);
    err = writer_open(s);
    if (err.code == 0 && !s->one_connection) {
        /* What recovery found in the log may never have reached the medium: after a failed sync
         * the system forgets which pages were not written. Copied into the database file and
         * synced there, what readers now see is what lasts. */
        rc = sqlite3_wal_checkpoint_v2(s->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        if (rc != SQLITE_OK) {
            err = sqlite_fault(s->writer.db, rc, "bringing in the log");
            sqlite_close_conn(&s->writer);
        }
    }
    pthread_mutex_unlock(&s->check_lock);
    if (err.code == 0) s->broken = false;
    sqlite_pool_open(s);
    return fault_add(err, "recovering");
}

static void engine_close(struct store *store)
{
    struct sqlite *s = store->state;

    sqlite_writer_stop(s);
    (void)sqlite_pool_drain(s).code; /* nobody is left inside */
    sqlite_close_conn(&s->check);
    sqlite_close_conn(&s->writer); /* the last one out brings the log into the file */
    sqlite_let_go(s);
    pthread_cond_destroy(&s->pool_cond);
    pthread_cond_destroy(&s->queue_cond);
    pthread_cond_destroy(&s->check_cond);
    pthread_mutex_destroy(&s->gate);
    pthread_mutex_destroy(&s->pool_lock);
    pthread_mutex_destroy(&s->queue_lock);
    pthread_mutex_destroy(&s->check_lock);
    free(s->notes.p);
    free(s);
}

/* SQLite counts its memory under one lock for the whole process, and takes it several times a
 * statement; nobody reads the count. */
static void count_no_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* refused when SQLite runs already: no harm */
}

static RESULT engine_open(struct store *store)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sqlite *s = calloc(1, sizeof *s);
    struct str path;
    enum engine engine;
    struct err err;

    if (!s) return fault(FAULT_MEMORY, "opening");
    pthread_once(&once, count_no_memory);
    (void)url_engine(store->config.url, &engine, &path);
    (void)str_c(path, s->path, sizeof s->path);
    s->store = store;
    s->lock_fd = -1;
    store->state = s;
    s->one_connection = str_eq(path, S(":memory:"));
    s->most = store->config.readers ? store->config.readers : READERS_DEFAULT;
    s->tail = &s->head;
    s->notes.size = (size_t)GROUP_MAX * BODY_NOTES_MAX;
    s->notes.p = malloc(s->notes.size);
    pthread_mutex_init(&s->gate, NULL);
    pthread_mutex_init(&s->pool_lock, NULL);
    pthread_mutex_init(&s->queue_lock, NULL);
    pthread_mutex_init(&s->check_lock, NULL);
    cond_init_monotonic(&s->pool_cond);
    pthread_cond_init(&s->queue_cond, NULL);
    cond_init_monotonic(&s->check_cond);
    err = s->notes.p ? writer_open(s) : fault(FAULT_MEMORY, "notes of a group");
    if (err.code == 0) err = sqlite_writer_start(s);
    if (err.code != 0) engine_close(store);
    return err;
}

static RESULT engine_script(struct txn *tx, const char *sql)
{
    struct sqlite_conn *conn = tx->conn;
    int rc = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

    tx->wrote = true;
    return rc == SQLITE_OK ? OK : txn_broke(tx, sqlite_fault(conn->db, rc, "script"));
}

static int64_t file_bytes(const char *path, const char *suffix)
{
    char name[URL_MAX + 8];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

static RESULT engine_health(struct store *store, struct store_health *out)
{
    struct sqlite *s = store->state;

    pthread_mutex_lock(&s->queue_lock);
    out->queue = s->queued;
    pthread_mutex_unlock(&s->queue_lock);
    out->groups = atomic_load(&s->groups);
    out->calls = atomic_load(&s->calls);
    out->reopens = atomic_load(&s->reopens);
    out->checkpoint_faults = atomic_load(&s->checkpoint_faults);
    out->bytes = file_bytes(s->path, "") + file_bytes(s->path, "-wal");
    return OK;
}

static RESULT engine_distribute(struct store *store)
{
    (void)store;
    REFUSE(STORE_NOT_POSTGRESQL);
}

const struct engine_calls SQLITE_CALLS = {
    .open = engine_open,
    .close = engine_close,
    .claim = sqlite_claim,
    .run = sqlite_run,
    .read = engine_read,
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
    .backup = sqlite_backup,
    .distribute = engine_distribute,
};
