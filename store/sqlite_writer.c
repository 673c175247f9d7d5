/* store/sqlite_writer.c - group commit (docs/decisions/0004-group-commit.md): one thread drains a
 * queue, runs each body, one COMMIT for all, then answers all; and the thread that brings the log
 * into the database file. */
#include "store/sqlite.h"

#include <time.h>

enum {
    CHECKPOINT_PAGES = 1000,    /* of new log: 4 MB */
    LOG_PAGES_MAX = 16384,      /* 64 MB: past this, writing stops for the rest of a checkpoint */
    CHECKPOINT_NSEC = 20000000, /* the least time between two looks */
};

static const struct stmt GROUP_BEGIN = { .name = "BEGIN", .types = "", .sql = "BEGIN IMMEDIATE" };
static const struct stmt GROUP_COMMIT = { .name = "COMMIT", .types = "", .sql = "COMMIT" };

struct group {
    struct sqlite *s;
    struct call *calls[GROUP_MAX];
    int n;
};

/* ---- answering */

static void answer(struct sqlite *s, struct call *call)
{
    atomic_fetch_add(&s->calls, 1);
    if (!s->store->config.inline_writer) sem_post(&call->done);
    /* The caller's stack may be gone from here on. */
}

static void group_answer(struct group *g)
{
    for (int i = 0; i < g->n; i++) {
        answer(g->s, g->calls[i]);
    }
    g->n = 0;
}

/* Every caller of the group hears `err`: nothing of what they did or decided stands. */
static void group_fail(struct group *g, struct err err)
{
    for (int i = 0; i < g->n; i++) {
        g->calls[i]->end = err;
        call_keep_note(g->calls[i]);
    }
}

static void group_drop(struct group *g, int at)
{
    g->n--;
    for (int i = at; i < g->n; i++) {
        g->calls[i] = g->calls[i + 1];
    }
}

/* ---- one attempt */

enum attempt {
    GROUP_ENDED, /* every end is decided */
    GROUP_AGAIN, /* all is undone; what is left in the group must run again, with savepoints */
};

static void forget_positions(struct sqlite_conn *conn)
{
    memset(conn->tx.feed_last, 0, sizeof conn->tx.feed_last);
}

static void roll_back(struct sqlite_conn *conn)
{
    if (!sqlite3_get_autocommit(conn->db)) {
        sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* Did the medium fail under this fault, so that the connection can't be trusted with more? */
static bool suspect(int code)
{
    return code == FAULT_STORE_IO || code == FAULT_STORE_CORRUPT || code == FAULT_STORE_UNKNOWN;
}

static void run_one(struct group *g, struct call *call)
{
    struct txn *tx = &g->s->writer.tx;

    tx->root = call->root;
    tx->load = call->load;
    tx->writes = true;
    call->end = txn_run_body(tx, call->body, call->arg);
    call_keep_note(call);
}

/* Run the bodies of a group in one open transaction. First pass without savepoints: a body that
 * ends badly after it wrote costs the group a second pass, which happens seldom because bodies
 * decide before they write. A refusal that wrote nothing has nothing to be undone and stays. */
static enum attempt run_bodies(struct group *g, bool savepoints)
{
    struct sqlite_conn *conn = &g->s->writer;

    for (int i = 0; i < g->n; i++) {
        struct call *call = g->calls[i];
        struct err undone = OK;
        bool stands;

        if (savepoints) undone = sqlite_do(conn, "SAVEPOINT body");
        if (undone.code == 0) run_one(g, call);
        stands = call->end.code == 0 || call->end.keep || !conn->tx.wrote;
        if (!stands) forget_positions(conn);
        if (undone.code == 0 && savepoints && !sqlite3_get_autocommit(conn->db)) {
            undone = sqlite_do(conn, stands ? "RELEASE body" : "ROLLBACK TO body; RELEASE body");
        }
        if (undone.code != 0 || sqlite3_get_autocommit(conn->db)) {
            /* The database gave up the whole transaction under this body: it alone hears why. */
            if (call->end.code >= 0) {
                call->end = undone.code != 0 ? undone
                                             : fault(FAULT_STORE_IO, "the transaction was ended "
                                                                     "by the database");
                call_keep_note(call);
            }
            roll_back(conn);
            group_drop(g, i);
            answer(g->s, call);
            return GROUP_AGAIN;
        }
        if (stands || savepoints) continue;
        roll_back(conn);
        if (g->n > 1) {
            atomic_fetch_add(&g->s->store->reruns, g->n);
            return GROUP_AGAIN;
        }
        g->s->notes.n = 0;
        return GROUP_ENDED;
    }
    return GROUP_ENDED;
}

/* Make it last. Pages go to the log first, so that a full or failing medium is met while the
 * transaction can still be given up for certain; what COMMIT adds is the mark and the sync. */
static struct err make_durable(struct sqlite *s)
{
    struct sqlite_conn *conn = &s->writer;
    struct err err;
    int rc = sqlite3_db_cacheflush(conn->db);

    if (rc != SQLITE_OK) {
        err = sqlite_fault(conn->db, rc, "writing the log");
        roll_back(conn);
        return err;
    }
    err = sqlite_control(conn, &GROUP_COMMIT);
    if (err.code == 0) {
        atomic_fetch_add(&s->groups, 1);
        return OK;
    }
    roll_back(conn);
    /* No room for the last frame: it is not whole, nothing was synced, and the next one is written
     * over it. This alone of all failed COMMITs is known to have done nothing. */
    if (err.code == FAULT_STORE_FULL && sqlite3_get_autocommit(conn->db)) return err;
    return fault_add((struct err){ .code = FAULT_STORE_UNKNOWN }, "unknown");
}

static enum attempt group_attempt(struct group *g, bool savepoints)
{
    struct sqlite *s = g->s;
    struct err err = OK;

    s->notes.n = 0;
    if (s->broken) err = sqlite_recover(s);
    forget_positions(&s->writer);
    if (err.code == 0) err = sqlite_control(&s->writer, &GROUP_BEGIN);
    if (err.code != 0) {
        group_fail(g, err);
    } else {
        if (run_bodies(g, savepoints) == GROUP_AGAIN) {
            return GROUP_AGAIN;
        }
        if (!sqlite3_get_autocommit(s->writer.db)) err = make_durable(s);
        if (err.code != 0) group_fail(g, err);
        if (err.code == 0 && s->store->config.committed) notes_tell(s->store, &s->notes);
    }
    /* Recover before the answers: who hears "unknown" may ask at once, and what is read then must
     * be what stays. */
    if (suspect(err.code) && !s->broken) (void)sqlite_recover(s).code;
    return GROUP_ENDED;
}

/* Run a group to its end; `gate` is held. Each further pass has lost a body or has savepoints. */
static void group_run(struct group *g)
{
    bool savepoints = false;

    while (g->n > 0) {
        if (group_attempt(g, savepoints) == GROUP_ENDED) break;
        savepoints = true;
    }
    group_answer(g);
}

/* ---- checkpoints */

static void checkpoint(struct sqlite *s, struct sqlite_conn *conn)
{
    int log = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);

    if (rc == SQLITE_OK) {
        s->checked_pages = done > 0 ? done : 0;
    } else if (rc != SQLITE_BUSY) {
        /* The log keeps everything; the next look tries again. */
        atomic_fetch_add(&s->checkpoint_faults, 1);
    }
}

/* A load may have written a log of any length, and the file keeps it: brought in and cut to
 * nothing. Called with the gate; where a reader stands in the way, the next look brings it in. */
static void log_cut(struct sqlite *s)
{
    int rc;

    if (s->one_connection || s->broken) return;
    pthread_mutex_lock(&s->check_lock);
    rc = sqlite3_wal_checkpoint_v2(s->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc == SQLITE_OK) {
        s->checked_pages = 0;
        atomic_store(&s->wal_pages, 0);
    } else if (rc != SQLITE_BUSY) {
        atomic_fetch_add(&s->checkpoint_faults, 1);
    }
    pthread_mutex_unlock(&s->check_lock);
}

static bool checkpoint_due(struct sqlite *s)
{
    int64_t pages = atomic_load(&s->wal_pages);

    if (pages < s->checked_pages) s->checked_pages = 0; /* the log began anew */
    return pages - s->checked_pages >= CHECKPOINT_PAGES;
}

static void *check_main(void *arg)
{
    struct sqlite *s = arg;

    pthread_mutex_lock(&s->check_lock);
    while (!s->check_stop) {
        struct timespec until;

        if (checkpoint_due(s)) {
            struct err err = OK;
            if (!s->check.db) err = sqlite_open_conn(s, &s->check, false);
            if (err.code == 0) checkpoint(s, &s->check);
        }
        if (atomic_load(&s->wal_pages) > LOG_PAGES_MAX && s->check.db) {
            /* Under steady writing the log never ends where the checkpoint does, and so never
             * begins anew. The writer stops for the last part, which is short. Locks are taken in
             * the order gate, check_lock, everywhere. */
            pthread_mutex_unlock(&s->check_lock);
            pthread_mutex_lock(&s->gate);
            pthread_mutex_lock(&s->check_lock);
            if (s->check.db) checkpoint(s, &s->check);
            pthread_mutex_unlock(&s->gate);
        }
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += CHECKPOINT_NSEC;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (!s->check_stop) pthread_cond_timedwait(&s->check_cond, &s->check_lock, &until);
    }
    pthread_mutex_unlock(&s->check_lock);
    return NULL;
}

/* ---- the queue */

/* Take what waits: up to a group, or one load by itself. False when the writer is to end. */
static bool take_group(struct sqlite *s, struct group *g)
{
    g->n = 0;
    pthread_mutex_lock(&s->queue_lock);
    while (!s->head && !s->stopping) {
        pthread_cond_wait(&s->queue_cond, &s->queue_lock);
    }
    while (s->head && g->n < GROUP_MAX) {
        struct call *call = s->head;

        if (call->load && g->n > 0) break;
        s->head = call->next;
        if (!s->head) s->tail = &s->head;
        s->queued--;
        g->calls[g->n++] = call;
        if (call->load) break;
    }
    pthread_mutex_unlock(&s->queue_lock);
    return g->n > 0;
}

static void *writer_main(void *arg)
{
    struct group g = { .s = arg };

    while (take_group(g.s, &g)) {
        const bool load = g.calls[0]->load; /* the call is its caller's once it is answered */
        pthread_mutex_lock(&g.s->gate);
        group_run(&g);
        if (load) log_cut(g.s);
        pthread_mutex_unlock(&g.s->gate);
    }
    return NULL;
}

static void run_inline(struct sqlite *s, struct call *call)
{
    struct group g = { .s = s, .calls = { call }, .n = 1 };

    pthread_mutex_lock(&s->gate);
    group_run(&g);
    if (call->load) log_cut(s);
    if (checkpoint_due(s) && !s->one_connection && !s->broken) {
        pthread_mutex_lock(&s->check_lock);
        checkpoint(s, &s->writer);
        pthread_mutex_unlock(&s->check_lock);
    }
    pthread_mutex_unlock(&s->gate);
}

RESULT sqlite_run(struct store *store, struct call *call)
{
    struct sqlite *s = store->state;

    if (store->config.inline_writer) {
        run_inline(s, call);
        return call_end(call);
    }
    sem_init(&call->done, 0, 0);
    call->next = NULL;
    pthread_mutex_lock(&s->queue_lock);
    *s->tail = call;
    s->tail = &call->next;
    s->queued++;
    pthread_cond_signal(&s->queue_cond);
    pthread_mutex_unlock(&s->queue_lock);
    while (sem_wait(&call->done) != 0) {
        /* a signal's handler ran */
    }
    sem_destroy(&call->done);
    return call_end(call);
}

RESULT sqlite_writer_start(struct sqlite *s)
{
    if (s->store->config.inline_writer) return OK;
    if (pthread_create(&s->writer_thread, NULL, writer_main, s) != 0) {
        return fault(FAULT_MEMORY, "the writer's thread");
    }
    s->writer_runs = true;
    if (s->one_connection) return OK;
    if (pthread_create(&s->check_thread, NULL, check_main, s) != 0) {
        return fault(FAULT_MEMORY, "the checkpoints' thread");
    }
    s->check_runs = true;
    return OK;
}

void sqlite_writer_stop(struct sqlite *s)
{
    pthread_mutex_lock(&s->queue_lock);
    s->stopping = true;
    pthread_cond_signal(&s->queue_cond);
    pthread_mutex_unlock(&s->queue_lock);
    if (s->writer_runs) pthread_join(s->writer_thread, NULL);
    pthread_mutex_lock(&s->check_lock);
    s->check_stop = true;
    pthread_cond_signal(&s->check_cond);
    pthread_mutex_unlock(&s->check_lock);
    if (s->check_runs) pthread_join(s->check_thread, NULL);
    s->writer_runs = s->check_runs = false;
}
