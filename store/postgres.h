/* store/postgres.h - the PostgreSQL engine's parts: connections in pipeline mode
 * (postgres_conn.c), statements and rows (postgres_engine.c), transactions (postgres_run.c). */
#pragma once
#include <libpq-fe.h>

#include "store/inner.h"

enum {
    DEFER_MAX = 64,             /* statements on their way whose end nobody asked for yet */
    DEFER_BYTES_MAX = 65536,    /* less than a socket holds, so that neither side waits for ever */
    WRITE_STATEMENT_MSEC = 500, /* twice this is the second within which a write ends */
    PARAMETERS_MAX = 64,
};

struct pg_prepared {
    const struct stmt *stmt;
    unsigned number; /* its name on the server */
    bool ready;      /* prepared there, or on its way */
};

enum expect_kind { EXPECT_OTHER, EXPECT_PREPARE, EXPECT_EXEC, EXPECT_QUERY, EXPECT_COMMIT };
struct expect { /* an answer to come */
    enum expect_kind kind;
    const char *name;
    struct pg_prepared *prepared;
};

struct pg_conn {
    PGconn *db;
    struct pg_prepared **cache; /* open addressing, size a power of two */
    size_t cache_n, cache_size;
    struct expect expects[DEFER_MAX + 8];
    int expects_n, execs_n; /* execs: of those, writes whose rows are not counted yet */
    size_t expects_bytes;
    bool lost;        /* the server is gone */
    bool begun;       /* BEGIN was sent */
    bool commit_sent; /* and no error came before its answer */
    int64_t begun_at; /* monotonic */
    char sqlstate[6]; /* of the first error since BEGIN, "" when none */
    struct txn tx;
    struct notes notes;
    uint8_t notes_bytes[BODY_NOTES_MAX + 2];
    struct pg_conn *next;
};

enum { STRIPES = 1024 };
struct postgres {
    struct store *store;
    pthread_mutex_t pool_lock;
    pthread_cond_t pool_cond;
    struct pg_conn *idle;
    int open, most;
    /* Writers of one root of this process stand behind each other: they would only fail each other
     * at the server, and their notes must be told in the order of commits. */
    pthread_mutex_t stripes[STRIPES];
    PGconn *lock; /* holds the writer's lock; NULL: not held */
};

/* postgres_conn.c */
RESULT pg_connect(struct store *store, const char *base, PGconn **out); /* base: NULL or a name */
RESULT pg_conn_open(struct postgres *s, struct pg_conn **out);
void pg_conn_close(struct pg_conn *conn);
/* Queue one statement without parameters. */
RESULT pg_send(struct pg_conn *conn, enum expect_kind kind, const char *sql);
RESULT pg_begin(struct txn *tx);    /* queue BEGIN, once */
RESULT pg_say_root(struct txn *tx); /* queue what row security goes by: postgres_engine.c */
/* Wait for all answers. *last (may be NULL) is the last statement's result, to be cleared by the
 * caller; what failed first is the fault. */
RESULT pg_settle(struct pg_conn *conn, PGresult **last);
struct err pg_fault(struct pg_conn *conn, const PGresult *result, const char *what);
int64_t pg_rows(PGresult *result);
RESULT pg_script(struct pg_conn *conn, const char *sql, ExecStatusType want);

/* postgres_lock.c */
RESULT pg_claim(struct store *store);
void pg_let_go(struct postgres *s);
bool pg_still_claimed(struct store *store);

/* postgres_run.c */
RESULT pg_run(struct store *store, struct call *call);
RESULT pg_read(struct store *store, store_body *body, void *arg);
RESULT pg_backup(struct store *store, const char *path);
RESULT pg_distribute(struct store *store);
