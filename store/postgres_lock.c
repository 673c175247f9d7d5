/* store/postgres_lock.c - one writing process a database: a session's advisory lock on a connection
 * of its own, which the server lets go of when the process ends or its connection breaks. */
#include "store/postgres.h"

#include <time.h>

enum { CLAIM_TRIES = 20, CLAIM_PAUSE_NSEC = 100000000 };
#define LOCK_NUMBER "8749214757466764389" /* the bytes "yktwrite"; of this database only */

static bool answers_true(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    bool yes = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
               strcmp(PQgetvalue(result, 0, 0), "t") == 0;

    PQclear(result);
    return yes;
}

RESULT pg_claim(struct store *store)
{
    struct postgres *s = store->state;

    if (store->config.many_writers) return OK;
    TRY(pg_connect(store, NULL, &s->lock));
    /* The server needs a moment to see that a process that was killed is gone. */
    for (int i = 0; i < CLAIM_TRIES; i++) {
        if (i > 0) nanosleep(&(struct timespec){ .tv_nsec = CLAIM_PAUSE_NSEC }, NULL);
        if (answers_true(s->lock, "SELECT pg_try_advisory_lock(" LOCK_NUMBER ")")) return OK;
        if (PQstatus(s->lock) != CONNECTION_OK) break;
    }
    if (PQstatus(s->lock) == CONNECTION_OK) {
        pg_let_go(s);
        REFUSE(STORE_HELD);
    }
    pg_let_go(s);
    return fault(FAULT_STORE_LOST, "taking the writer's lock: the database server is gone");
}

/* Unlocked before the connection ends: the server would take its time to notice. */
void pg_let_go(struct postgres *s)
{
    if (s->lock && PQstatus(s->lock) == CONNECTION_OK)
        (void)answers_true(s->lock, "SELECT pg_advisory_unlock(" LOCK_NUMBER ")");
    PQfinish(s->lock);
    s->lock = NULL;
}

bool pg_still_claimed(struct store *store)
{
    struct postgres *s = store->state;

    if (store->config.many_writers || answers_true(s->lock, "SELECT true")) return true;
    pg_let_go(s);
    return false;
}
