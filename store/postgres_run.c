/* store/postgres_run.c - transactions on PostgreSQL: the pool, reruns, and what an error means for
 * the caller. */
#include "store/postgres.h"

#include <stdlib.h>
#include <time.h>

enum {
    PAUSE_MSEC_MAX = 64,      /* between reruns */
    RERUN_USEC_MAX = 5000000, /* a caller's whole wait for conflicts to end */
};

/* ---- the pool */

static RESULT pool_take(struct postgres *s, struct pg_conn **out)
{
    struct pg_conn *conn;
    struct err err;

    pthread_mutex_lock(&s->pool_lock);
    while (!s->idle && s->open >= s->most) {
        pthread_cond_wait(&s->pool_cond, &s->pool_lock);
    }
    conn = s->idle;
    if (conn) {
        s->idle = conn->next;
    } else {
        s->open++;
    }
    pthread_mutex_unlock(&s->pool_lock);
    if (conn) {
        *out = conn;
        return OK;
    }
    err = pg_conn_open(s, out);
    if (err.code != 0) {
        pthread_mutex_lock(&s->pool_lock);
        s->open--;
        pthread_cond_signal(&s->pool_cond);
        pthread_mutex_unlock(&s->pool_lock);
    }
    return err;
}

/* A lost connection takes the idle ones with it: they went to the same server. */
static void pool_give(struct postgres *s, struct pg_conn *conn)
{
    struct pg_conn *gone = NULL;

    pthread_mutex_lock(&s->pool_lock);
    if (conn->lost) {
        s->open--;
        for (struct pg_conn *c = s->idle; c; c = c->next) {
            s->open--;
        }
        gone = s->idle;
        s->idle = NULL;
        conn->next = gone;
        gone = conn;
    } else {
        conn->next = s->idle;
        s->idle = conn;
    }
    pthread_cond_broadcast(&s->pool_cond);
    pthread_mutex_unlock(&s->pool_lock);
    while (gone) {
        struct pg_conn *next = gone->next;
        pg_conn_close(gone);
        gone = next;
    }
}

/* ---- one attempt */

enum attempt {
    ATTEMPT_ENDED,
    ATTEMPT_CONFLICT,  /* run it again */
    ATTEMPT_DUPLICATE, /* 23505: another may have written the same since the snapshot; once */
    ATTEMPT_LOST,      /* nothing was done, the connection is gone */
};

static void roll_back(struct pg_conn *conn)
{
    conn->commit_sent = false;
    if (!conn->begun || conn->lost) return;
    /* What was not sent yet goes out before it: an unread answer can't be left behind. */
    (void)pg_settle(conn, NULL).code;
    if (!conn->lost) (void)pg_send(conn, EXPECT_OTHER, "ROLLBACK").code;
    if (!conn->lost) (void)pg_settle(conn, NULL).code;
}

static enum attempt why_failed(const struct pg_conn *conn)
{
    if (conn->lost) return ATTEMPT_LOST;
    if (strcmp(conn->sqlstate, "40001") == 0 || strcmp(conn->sqlstate, "40P01") == 0 ||
        strcmp(conn->sqlstate, "57014") == 0 || strcmp(conn->sqlstate, "55P03") == 0) {
        return ATTEMPT_CONFLICT;
    }
    return strcmp(conn->sqlstate, "23505") == 0 ? ATTEMPT_DUPLICATE : ATTEMPT_ENDED;
}

static void start(struct pg_conn *conn, struct root root, bool writes, bool load)
{
    conn->begun = conn->commit_sent = false;
    conn->sqlstate[0] = 0;
    conn->tx.root = root;
    conn->tx.writes = writes;
    conn->tx.load = load;
    conn->notes.n = 0;
    conn->tx.notes = writes ? &conn->notes : NULL;
}

/* Send COMMIT behind what is still on its way. A refusal that wrote nothing is committed too: only
 * then are the reads that it was decided from known to be serializable. */
static RESULT commit(struct pg_conn *conn)
{
    if (!conn->tx.load && conn->tx.rows + conn->execs_n > BODY_ROWS_MAX) {
        TRY(pg_settle(conn, NULL)); /* the budget is counted before it is too late */
    }
    TRY(pg_send(conn, EXPECT_COMMIT, "COMMIT"));
    conn->commit_sent = true;
    return pg_settle(conn, NULL);
}

static enum attempt attempt(struct pg_conn *conn, struct call *call)
{
    struct txn *tx = &conn->tx;
    struct store *store = tx->store;
    struct err err;

    start(conn, call->root, true, call->load);
    call->end = txn_run_body(tx, call->body, call->arg);
    call_keep_note(call);
    if (tx->broken.code != 0 || conn->lost) {
        roll_back(conn);
        return why_failed(conn);
    }
    if (call->end.code != 0 && !call->end.keep && tx->wrote) {
        roll_back(conn);
        return ATTEMPT_ENDED;
    }
    if (conn->begun) {
        err = commit(conn);
        if (err.code != 0) {
            call->end = err;
            call_keep_note(call);
            if (conn->lost && conn->commit_sent) {
                call->end = fault(FAULT_STORE_UNKNOWN, "COMMIT: the database server is gone");
                call_keep_note(call);
                return ATTEMPT_ENDED;
            }
            roll_back(conn);
            return why_failed(conn);
        }
    }
    if (store->config.committed) notes_tell(store, &conn->notes);
    return ATTEMPT_ENDED;
}

static void pause_before(struct store *store, int rerun)
{
    uint32_t most = rerun < 6 ? 1000u << rerun : PAUSE_MSEC_MAX * 1000u;
    struct timespec ts = { .tv_nsec = (long)(200 + store_jitter(store, most)) * 1000 };

    nanosleep(&ts, NULL);
}

/* Attempts until one ends. A conflict is run again up to RERUNS_MAX times, a duplicate and a lost
 * connection once: a connection may have died in the pool long before this call. */
static void run(struct postgres *s, struct call *call)
{
    int64_t from = monotonic_usec();
    int conflicts = 0, duplicates = 0, losses = 0;

    for (;;) {
        struct pg_conn *conn;
        struct err err = pool_take(s, &conn);
        enum attempt how;

        if (err.code != 0) {
            call->end = err;
            call_keep_note(call);
            return;
        }
        how = attempt(conn, call);
        if (how == ATTEMPT_LOST && call->end.code != FAULT_STORE_LOST) {
            call->end = fault(FAULT_STORE_LOST, "the database server is gone");
            call_keep_note(call);
        }
        pool_give(s, conn);
        switch (how) {
        case ATTEMPT_ENDED:
            return;
        case ATTEMPT_CONFLICT:
            if (++conflicts <= RERUNS_MAX && monotonic_usec() - from < RERUN_USEC_MAX) break;
            call->end = fault(FAULT_STORE_BUSY, "conflicts outlasted %d reruns", conflicts - 1);
            call_keep_note(call);
            return;
        case ATTEMPT_DUPLICATE:
            if (++duplicates <= 1) break;
            return;
        case ATTEMPT_LOST:
            if (++losses <= 1) break;
            return;
        }
        atomic_fetch_add(&s->store->reruns, 1);
        pause_before(s->store, conflicts);
    }
}

static pthread_mutex_t *stripe_of(struct postgres *s, struct root root)
{
    uint64_t h = ((uint64_t)root.id * 8 + (uint64_t)root.kind) * UINT64_C(0x9E3779B97F4A7C15);

    return &s->stripes[h >> 54];
}

RESULT pg_run(struct store *store, struct call *call)
{
    struct postgres *s = store->state;
    pthread_mutex_t *stripe =
        call->root.kind == ROOT_NONE || call->load ? NULL : stripe_of(s, call->root);

    if (stripe) pthread_mutex_lock(stripe);
    run(s, call);
    if (stripe) pthread_mutex_unlock(stripe);
    return call_end(call);
}

static RESULT read_once(struct postgres *s, store_body *body, void *arg, bool *lost)
{
    struct pg_conn *conn;
    struct err err;

    TRY(pool_take(s, &conn));
    start(conn, (struct root){ 0 }, false, false);
    err = txn_run_body(&conn->tx, body, arg);
    if (err.code < 0) {
        struct err kept = err;
        char note[512];
        snprintf(note, sizeof note, "%s", fault_note());
        roll_back(conn);
        err = fault((enum fault)kept.code, "%s", note);
    } else {
        roll_back(conn);
    }
    *lost = conn->lost;
    pool_give(s, conn);
    return err;
}

RESULT pg_read(struct store *store, store_body *body, void *arg)
{
    struct postgres *s = store->state;
    bool lost = false;
    struct err err = read_once(s, body, arg, &lost);

    if (err.code < 0 && lost) err = read_once(s, body, arg, &lost);
    return err;
}
