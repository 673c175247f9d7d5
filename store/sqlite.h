/* store/sqlite.h - the SQLite engine's parts: connections with their prepared statements
 * (sqlite_engine.c), and the writer (sqlite_writer.c). */
#pragma once
#include <sqlite3.h>

#include "store/inner.h"

/* A prepared statement; found again by the address of its struct stmt. */
struct prepared {
    const struct stmt *stmt;
    sqlite3_stmt *handle;
    bool busy;  /* a row of it is open */
    bool stray; /* not in the cache: made because the cached one was busy */
};

struct sqlite_conn {
    sqlite3 *db;
    struct prepared **cache; /* open addressing, size a power of two */
    size_t cache_n, cache_size;
    struct sqlite_conn *next; /* free readers */
    struct txn tx;
};

struct sqlite {
    struct store *store;
    char path[URL_MAX];
    bool one_connection; /* in memory: readers and writer share it, under `gate` */
    int lock_fd;         /* of PATH-lock while this process is the one that writes; -1 */

    /* The writer's connection, and what stops it between two groups: checkpoints, reading on one
     * connection, reopening. */
    pthread_mutex_t gate;
    struct sqlite_conn writer;
    struct notes notes;
    _Atomic bool broken; /* recovery failed: the next call tries again */

    /* Readers. */
    pthread_mutex_t pool_lock;
    pthread_cond_t pool_cond;
    struct sqlite_conn *idle;
    int open, in_use, most;
    bool draining;

    /* The queue. */
    pthread_mutex_t queue_lock;
    pthread_cond_t queue_cond;
    struct call *head, **tail;
    int64_t queued;
    bool stopping, writer_runs;
    pthread_t writer_thread;

    /* Checkpoints. */
    pthread_mutex_t check_lock;
    pthread_cond_t check_cond;
    bool check_runs, check_stop;
    pthread_t check_thread;
    struct sqlite_conn check;
    int64_t checked_pages; /* of the log, by the last checkpoint */

    _Atomic int64_t wal_pages, groups, calls, reopens, checkpoint_faults;
};

/* sqlite_engine.c */
void sqlite_file_make(const char *path); /* empty and its owner's alone, when there is none */
RESULT sqlite_open_conn(struct sqlite *s, struct sqlite_conn *conn, bool reads_only);
void sqlite_close_conn(struct sqlite_conn *conn);
struct err sqlite_fault(sqlite3 *db, int rc, const char *what);
RESULT sqlite_do(struct sqlite_conn *conn, const char *sql);
/* BEGIN, COMMIT and their like, prepared once: each costs as much to parse as a row to write. */
RESULT sqlite_control(struct sqlite_conn *conn, const struct stmt *stmt);
RESULT sqlite_pool_drain(struct sqlite *s); /* no reader is out, all are closed; then ... */
void sqlite_pool_open(struct sqlite *s);    /* ... readers may come again */
RESULT sqlite_backup(struct store *store, const char *path);

/* sqlite_lock.c */
RESULT sqlite_claim(struct store *store);
void sqlite_let_go(struct sqlite *s);

/* sqlite_writer.c */
RESULT sqlite_writer_start(struct sqlite *s);
void sqlite_writer_stop(struct sqlite *s);
RESULT sqlite_run(struct store *store, struct call *call);
/* Close all connections, open again, and bring the log into the database file. `gate` is held. */
RESULT sqlite_recover(struct sqlite *s);
