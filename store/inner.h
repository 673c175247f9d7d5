/* store/inner.h - what the files of store/ share: an open store, a running transaction, and what an
 * engine can do. Nobody else includes it. */
#pragma once
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "store/store.h"

enum {
    BODY_ROWS_MAX = 200,        /* rows a body may write: the next one waits behind it */
    BODY_NOTES_MAX = 4096,      /* bytes of txn_note a body */
    BODY_USEC_MAX = 2000,       /* counted in debug builds */
    SCRATCH_BYTES = 256 * 1024, /* txn_arena */
    RERUNS_MAX = 10,            /* conflicts on PostgreSQL */
    URL_MAX = 1024,             /* bytes of a store's URL */
    GROUP_MAX = 256,            /* calls one COMMIT carries */
    FEEDS_MAX = 8,
};

/* Notes of a group or of one transaction, one behind the other: length 2, bytes. */
struct notes {
    uint8_t *p;
    size_t size, n;
};

/* One writing transaction that somebody waits for. Lives on the caller's stack. */
struct call {
    struct root root;
    store_body *body;
    void *arg;
    bool load; /* no budget, no root, no group */
    /* filled by who runs it */
    struct err end;
    char note[512]; /* of a fault: notes belong to threads, and the writer is another one */
    sem_t done;
    struct call *next;
};

struct txn {
    struct store *store;
    void *conn; /* the engine's */
    struct root root;
    bool writes, load;
    bool wrote;        /* a statement that can write was tried in this run of the body */
    struct err broken; /* what the database last refused; ends the body */
    char broken_note[512];
    int64_t rows; /* written in this run */
    int64_t result_id;
    int64_t feed_n; /* feed entries appended in this run */
    /* SQLite's writer: the last position of each feed in the open transaction; 0: not known */
    int64_t feed_last[FEEDS_MAX];
    struct arena arena;
    struct notes *notes;
    size_t notes_from;
};

struct engine_calls {
    RESULT (*open)(struct store *store);
    void (*close)(struct store *store); /* no call is running any more */
    /* Become the one process that writes, until close; refuses STORE_HELD. Before the first run. */
    RESULT (*claim)(struct store *store);
    bool (*still_claimed)(struct store *store); /* NULL: what was claimed can't be lost */
    RESULT (*run)(struct store *store, struct call *call);
    RESULT (*read)(struct store *store, store_body *body, void *arg);
    RESULT(*exec)
    (struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n, int64_t *changed);
    RESULT(*query)
    (struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n, struct row *row);
    RESULT (*next)(struct row *row, bool *more);
    void (*row_close)(struct row *row);
    bool (*row_null)(const struct row *row, int column);
    int64_t (*row_int)(const struct row *row, int column);
    struct bytes (*row_data)(const struct row *row, int column);
    RESULT(*bulk)
    (struct txn *tx, const char *table, const char *columns, const char *types, bulk_next *next,
     void *arg, int64_t *rows);
    RESULT (*script)(struct txn *tx, const char *sql); /* several statements, no parameters */
    RESULT (*health)(struct store *store, struct store_health *out);
    RESULT (*backup)(struct store *store, const char *path);
    RESULT (*distribute)(struct store *store);
};
extern const struct engine_calls SQLITE_CALLS, POSTGRES_CALLS;

struct store {
    struct store_config config; /* its texts point into this struct */
    char url[URL_MAX], vfs[64];
    enum engine engine;
    const struct engine_calls *calls;
    void *state; /* the engine's */
    bool raw;    /* opened to be migrated or restored: may be empty, has no sealer */

    pthread_mutex_t lock; /* what the sealer sleeps on */
    _Atomic int running;  /* calls inside the store */
    _Atomic bool closing;
    pthread_mutex_t chance; /* over ids and entropy: a seeded one has no lock */
    int64_t last_id;
    uint8_t random[512];
    size_t random_left;

    pthread_mutex_t claiming;
    _Atomic bool claimed; /* this process is the one that writes */
    bool opened;          /* losing that is a fault from here on */
    uint8_t identity[16];

    pthread_mutex_t sealing; /* one sealer at a time */
    pthread_t sealer;
    bool sealer_runs;
    pthread_cond_t wake;

    _Atomic int64_t reruns, slow_bodies, seal_faults;
};

/* The store's own acts, which go over many roots: sealing, delivering, sweeping. ROOT_NONE with id
 * 0 writes rootless tables only. */
#define STORE_ROOT ((struct root){ .id = -1 })

/* Every door of the store that works on the database stands between these two. */
RESULT store_enter(struct store *store);
void store_leave(struct store *store);
/* The two ways to work, without the doors: for the store's own files. */
RESULT store_write(struct store *store, struct root root, bool load, store_body *body, void *arg);
RESULT store_look(struct store *store, store_body *body, void *arg);

/* Run a call's body on `tx` from a clean start: what comes back is the end that counts. */
RESULT txn_run_body(struct txn *tx, store_body *body, void *arg);
/* Note what the database refused, so that it ends the body whatever the body returns. */
struct err txn_broke(struct txn *tx, struct err err);
/* Room for rows written: FAULT_STORE_BUDGET past the budget. */
RESULT txn_spend(struct txn *tx, int64_t rows);
/* Hand the notes to config.committed, in order; only after COMMIT. */
void notes_tell(struct store *store, struct notes *notes);
/* Keep a fault's note across threads, and take it up again. */
void call_keep_note(struct call *call);
struct err call_end(struct call *call);

/* From config.entropy. */
void store_random(struct store *store, void *out, size_t n);
/* Random bits for jitter; never for secrets. */
uint32_t store_jitter(struct store *store, uint32_t below);
/* A condition whose timed waits count on the monotonic clock: setting the time moves no deadline.
 */
void cond_init_monotonic(pthread_cond_t *cond);
int64_t monotonic_usec(void); /* for pauses and limits only: what acts see is config.clock */

/* sealer.c */
RESULT sealer_start(struct store *store);
void sealer_stop(struct store *store);

/* once.c: the body that wraps another one under an idempotency key. */
struct once_call {
    const struct once *once;
    struct root root;
    store_body *body;
    void *arg;
    int64_t result_id;
    bool replayed;
};
struct err once_body(struct txn *tx, void *arg);

/* store.c: did another process take over? Then the next write asks again. */
void store_claim_check(struct store *store);
/* store.c: open the engine and nothing else, to migrate or restore; close with store_close. */
RESULT store_open_raw(const struct store_config *config, struct store **out);

/* meta.c: facts of its own. */
extern const struct stmt META_READ;
/* Read which store this is; made when nobody did before. */
RESULT identity_load(struct store *store);
/* What a raised incarnation is at least. */
int64_t incarnation_new(const struct store_config *config);

/* migrate.c: which migrations a database has. */
struct migrations {
    const struct migration *list;
    int n;
};
struct migrations migrations_of(const struct store_config *config);
/* Is this database at exactly these migrations? arg: struct migrations * */
struct err migrations_match(struct txn *tx, void *arg);
/* How many of these migrations it has, 0 when it is empty. */
RESULT migrations_count(struct txn *tx, const struct migrations *all, int *version);
RESULT migrate_store(struct store *store, int from);

/* spell.c: the vocabulary of migrations. */
/* A migration's text for one engine: *out is allocated, free it. Faults name migration and line. */
RESULT migration_spell(const struct migration *migration, enum engine engine, char **out);
/* Visit every CREATE TABLE with its root column, which is the first of its primary key; empty for
 * tables whose migration says `root: none`. */
typedef struct err table_visit(void *arg, struct str table, struct str root_column);
RESULT migration_tables(const struct migration *migration, table_visit *visit, void *arg);

/* backup.c, postgres_backup.c */
RESULT sqlite_restore(const struct store_config *config, const char *backup);
RESULT pg_restore_new(const struct store_config *config, const char *backup);

bool url_engine(struct str url, enum engine *engine, struct str *rest);
