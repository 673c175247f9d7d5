/* store/store.h - one database, SQLite or PostgreSQL, behind one interface: transactions,
 * statements, idempotency, outbox, sealed feeds, migrations, backup. It knows no table but its own.
 *
 * Roots (docs/decisions/0003-roots.md). Each table has one root column: a person, a credential
 * value, a place, a book, a window, a node. A writing transaction belongs to one root; its
 * statements bind no other. What a body needs of another root is read before it and handed in; what
 * another root must learn goes by outbox.
 *
 * Writing on SQLite (docs/decisions/0004-group-commit.md). One writer thread drains a queue, runs
 * each body, one COMMIT for all, then answers all. A body may therefore run more than once: it
 * touches only `tx`, its own struct (results in it are overwritten by a rerun) and txn_arena, and
 * blocks on nothing. Its budget is 2 ms and 200 rows written. It ends OK, refused (what it wrote is
 * undone), refused with `keep` (what it wrote stays) or with a fault (undone). A statement that the
 * database refused ends the body on both engines: whatever it returns then, its fault comes back. A
 * failed COMMIT or sync answers FAULT_STORE_UNKNOWN to the whole group: ask before repeating. On
 * PostgreSQL every write is SERIALIZABLE and rerun on 40001 and 40P01, once on 23505, up to 10
 * times with jitter, then FAULT_STORE_BUSY. A write there ends within one second. */
#pragma once
#include "base/base.h"

struct store;
struct txn;

/* ---- opening
 * ------------------------------------------------------------------------------------------- */

enum engine { ENGINE_SQLITE, ENGINE_POSTGRESQL };

struct sealer { /* how feed blocks are hashed and signed; store/ includes no cipher */
    void (*hash)(void *arg, struct bytes in, uint8_t out[32]);
    /* signature of at most 80 bytes over the block hash; a fault stops sealing and is told by
     * feed_status */
    RESULT (*sign)(void *arg, const uint8_t hash[32], uint8_t out[80], size_t *n);
    void *arg;
};

struct store_config {
    struct str url; /* sqlite:PATH | sqlite::memory: | postgresql://... */
    struct clock clock;
    struct entropy entropy;
    struct sealer sealer; /* without `hash`, nothing is sealed */
    int readers; /* reading connections, 1..500; 0 means 4 (SQLite) or 32 (PostgreSQL, all) */
    bool inline_writer;     /* no threads: bodies run in the caller, sealing by store_seal; for
                               simulations and for tools, which become the writer with their first
                               write */
    bool many_writers;      /* PostgreSQL: take no writer's lock; for tests of conflicts */
    const char *sqlite_vfs; /* NULL, or a registered VFS (power-loss tests) */
    /* Called after COMMIT and before the answer, in commit order, for each note of txn_note. */
    void (*committed)(void *arg, struct bytes note);
    void *committed_arg;
    const struct migration
        *migrations; /* NULL means MIGRATIONS; tests of upgrades give their own */
    int migrations_n;
};

/* Open; a database without our schema, or with an older or newer one, is a fault that says so:
 * store_migrate first. Close drains the writer; calls after store_close begins answer
 * FAULT_INTERRUPTED.
 *
 * One process writes a database: from opening to closing, with inline_writer from its first write
 * on. Another one's opening, or first write, refuses STORE_HELD; reading is free to all. On SQLite
 * the lock is the file PATH-lock, on PostgreSQL an advisory lock; the system lets go of both when a
 * process dies. */
RESULT store_open(const struct store_config *config, struct store **out);
void store_close(struct store *store);
enum engine store_engine(const struct store *store);
/* Sixteen random bytes of the database, made when it is first opened and kept by backup and
 * restore: what is kept outside of it (derived state) says by them whose it is. */
void store_identity(const struct store *store, uint8_t out[16]);
/* id_new with the store's clock and entropy; strictly increasing within one open store. */
int64_t store_new_id(struct store *store);
struct instant store_now(const struct store *store);

/* ---- values and statements
 * ------------------------------------------------------------------------------ */

enum value_type { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BLOB };
struct value {
    enum value_type type;
    int64_t i;
    const void *p;
    size_t n;
};
static inline struct value v_null(void)
{
    return (struct value){ .type = VALUE_NULL };
}
static inline struct value v_int(int64_t i)
{
    return (struct value){ .type = VALUE_INT, .i = i };
}
static inline struct value v_text(struct str t)
{
    return (struct value){ .type = VALUE_TEXT, .p = t.p ? t.p : "", .n = t.n };
}
static inline struct value v_blob(struct bytes b)
{
    return (struct value){ .type = VALUE_BLOB,
                           .p = b.p ? (const void *)b.p : (const void *)"",
                           .n = b.n };
}
static inline struct value v_at(struct instant at)
{
    return v_int(at.usec);
}
/* null when absent */
static inline struct value v_int_or_null(int64_t i)
{
    return i == 0 ? v_null() : v_int(i);
}

#define IN(...)                                                                                    \
    ((const struct value[]){ __VA_ARGS__ }),                                                       \
        (sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))
#define IN_NONE NULL, 0

/* One statement. `types` has a letter for each $1..$n: i int64, t text, b blob. `root` is the
 * number of the parameter that binds the root column, 0 for statements on rootless tables (store's
 * own, catalogue's) and for reads. Debug builds refuse (FAULT_STORE_ROOT) a writing transaction's
 * statement whose root is another; on PostgreSQL row security refuses new and changed rows of
 * another one in every build. $n may stand in any order and repeat; sums are CAST(SUM(x) AS
 * BIGINT). */
struct stmt {
    const char *name; /* appears in logs and timings: "venues: take places" */
    const char *types;
    int root;
    const char *sql;
};

enum root_kind {
    ROOT_NONE = 0, /* reference data, store's own */
    ROOT_PERSON = 1,
    ROOT_CREDENTIAL = 2, /* id: the first 63 bits of value_hash */
    ROOT_PLACE = 3,
    ROOT_BOOK = 4,
    ROOT_WINDOW = 5,
    ROOT_NODE = 6, /* staff, terminals, jobs and other rows of this node */
};
struct root {
    enum root_kind kind;
    int64_t id;
};

/* ---- transactions
 * --------------------------------------------------------------------------------------- */

typedef struct err store_body(struct txn *tx, void *arg);

/* Run a body in a writing transaction and return its end; durable (synced) when OK or refuse_keep
 * comes back. */
RESULT store_run(struct store *store, struct root root, store_body *body, void *arg);

/* The same under an idempotency key. First time: runs, and keeps {actor, key, body_hash, result id}
 * in the same transaction as the act. Repeat with the same hash: the body does not run; the kept
 * result id comes back and *replayed is true. Another hash: STORE_ONCE_DIFFERENT. A refused body
 * keeps nothing (a refuse_keep neither). Keys are kept 30 days under the root of the act; the same
 * key with another root is another key, so `actor` and root come from the path and the session,
 * never from the body alone. */
struct once {
    int64_t actor;         /* person, staff or terminal id */
    struct str key;        /* 1..64 characters */
    uint8_t body_hash[32]; /* of what was asked */
    bool *replayed; /* NULL, or where store_run_once says on OK that it is a repeat: for those
                       who hand the key to another module and see only its own answer */
};
RESULT store_run_once(struct store *store, struct root root, const struct once *once,
                      store_body *body, void *arg, int64_t *result_id, bool *replayed);
/* What an idempotency key was used for, without using it: for acts that do costly or lasting things
 * before their own transaction. *found false: not yet (or under another root). Refuses
 * STORE_ONCE_DIFFERENT. Found, *once->replayed is set as store_run_once sets it. */
RESULT store_once_find(struct store *store, struct root root, const struct once *once,
                       int64_t *result_id, bool *found);
enum store_refusal {
    STORE_ONCE_DIFFERENT = 1801, /* the idempotency key was used for another body */
    STORE_ONCE_RUNNING = 1802,   /* the same key is being worked on right now: for front ends that
                                    keep keys in hand; the store itself lets the second wait for
                                    the first and answers it from there */
};

/* Read in one consistent snapshot on a reading connection; the body must not write. */
RESULT store_read(struct store *store, store_body *body, void *arg);

void txn_result(struct txn *tx, int64_t id); /* the id that store_run_once keeps */
int64_t txn_new_id(struct txn *tx);
void txn_random(struct txn *tx, void *out, size_t n); /* of the store's entropy: salts */
struct instant txn_now(const struct txn *tx); /* the store's clock; acts carry their own instant */
struct arena *txn_arena(struct txn *tx);      /* scratch, reset per run of the body */
struct root txn_root(const struct txn *tx);
void txn_note(struct txn *tx,
              struct bytes note); /* for config.committed; copied; at most 4 KiB a body */

/* Execute; *changed (may be NULL) is the number of rows. A broken unique or check rule is
 * FAULT_STORE with a note: the C rule decides first, the schema is the second guard. */
RESULT txn_exec(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                int64_t *changed);

/* Query. Declare `ROW(row);`, then txn_query(tx, &STMT, IN(...), &row), then row_next until *more
 * is false. Column values are read by position from 0; text and blobs live until the next row_next
 * or the end of scope. */
struct row {
    struct txn *tx;
    void *handle;
    int at, n;
};
#define ROW(name) __attribute__((cleanup(row_close))) struct row name = { 0 }
RESULT txn_query(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                 struct row *row);
RESULT row_next(struct row *row, bool *more);
void row_close(struct row *row);
/* Query and step to the first row: *found says whether there is one. */
RESULT txn_first(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                 struct row *row, bool *found);
int64_t row_int(const struct row *row, int column); /* NULL reads as 0, "" and empty */
struct str row_text(const struct row *row, int column);
struct bytes row_blob(const struct row *row, int column);
bool row_null(const struct row *row, int column);
static inline struct instant row_at(const struct row *row, int column)
{
    return (struct instant){ row_int(row, column) };
}

/* Bulk: the rows of one INSERT statement, COPY BINARY on PostgreSQL, one prepared statement on
 * SQLite; not bound by the body's budget; for imports and loads, in a store_load body only. next()
 * fills `values` or says it is over. */
typedef bool bulk_next(void *arg, struct value *values);
RESULT store_load(struct store *store, store_body *body,
                  void *arg); /* a writing transaction without budget or root */
RESULT txn_bulk(struct txn *tx, const char *table, const char *columns, const char *types,
                bulk_next *next, void *arg, int64_t *rows);

/* ---- outbox: from one root to another
 * ------------------------------------------------------------------- */

struct message {
    int64_t id;
    struct root from, to;
    struct str topic;
    struct bytes payload;
    struct instant at;
    int32_t tries;
};
RESULT outbox_put(struct txn *tx, const char *topic, struct root to, struct bytes payload);
/* Hand up to `max` due messages of a topic to the handler, oldest first, outside any transaction.
 * The handler does its own store_run, made idempotent by message.id. OK: done. Refusal: kept as
 * dead with its code, for a worklist. Fault: tried again later, with growing pauses up to an hour.
 */
typedef struct err outbox_handler(void *arg, const struct message *message);
RESULT outbox_deliver(struct store *store, const char *topic, int max, outbox_handler *handler,
                      void *arg, int *done);
/* A message handed out is not handed out again within this time unless its handler failed, so that
 * two deliverers do not meet; one that died is followed after it. max is at most OUTBOX_BATCH. */
#define OUTBOX_LEASE_USEC (60 * USEC_PER_SEC)
enum { OUTBOX_BATCH = 100 };
struct outbox_status {
    int64_t waiting, dead;       /* messages of the topic */
    int64_t oldest_waiting_usec; /* age; 0 when none */
};
RESULT outbox_status(struct store *store, const char *topic, struct outbox_status *out);
/* Visit the dead messages of a topic, oldest first, at most max, with the refusal's code. */
typedef struct err outbox_visit(void *arg, const struct message *message, int code);
RESULT outbox_dead(struct store *store, const char *topic, int max, outbox_visit *visit, void *arg);
/* Give a dead message another life, due at once; *found says whether there was such a one. */
RESULT outbox_revive(struct store *store, int64_t message_id, bool *found);

/* ---- sealed feeds (docs/decisions/0005-sealed-feeds.md)
 * -------------------------------------------------- */

enum feed { FEED_CARD = 1, FEED_JOURNAL = 2, FEED_BOOKING = 3 };

/* Append to a feed in this transaction. Readers see it when the sealer has put it into a block.
 * payload <= 1 KiB. */
RESULT feed_append(struct txn *tx, enum feed feed, int64_t subject_id, struct bytes payload);

struct feed_entry {
    int64_t position; /* 1, 2, 3 ... without gaps per feed */
    int64_t subject_id;
    struct root root;
    struct instant at; /* appended */
    struct bytes payload;
};
/* How a block is hashed (docs/protocols need no more than this; all integers big-endian):
 *   leaf   = H(position 8, subject_id 8, root kind 8, root id 8, at 8, length 4, payload)
 *   hash   = H("YKTFEED1", feed 8, number 8, first 8, last 8, sealed_at 8, incarnation 8,
 *              previous 32, H(leaf of first, ..., leaf of last))
 * The first block's `previous` is 32 zero bytes. A block holds 1..FEED_BLOCK_ENTRIES entries. */
enum { FEED_BLOCK_ENTRIES = 1024, FEED_PAYLOAD_MAX = 1024 };
struct feed_block {
    enum feed feed;
    int64_t number, first, last, incarnation;
    struct instant sealed_at;
    uint8_t previous[32], hash[32], signature[80];
    size_t signature_n;
};
/* Visit sealed entries with position > after, in order, at most max; stops early when visit
 * refuses. */
typedef struct err feed_visit(void *arg, const struct feed_entry *entry);
RESULT feed_read(struct store *store, enum feed feed, int64_t after, int64_t max, feed_visit *visit,
                 void *arg);
/* Visit what is committed and waits for its seal, in order; `position` is 0, since it may still
 * have none. For starts: what was told of it before lay in memory. */
RESULT feed_read_unsealed(struct store *store, enum feed feed, feed_visit *visit, void *arg);
RESULT feed_block_read(struct store *store, enum feed feed, int64_t number, struct feed_block *out,
                       bool *found);
/* The block that holds a position; quick for positions near the head. */
RESULT feed_block_at(struct store *store, enum feed feed, int64_t position, struct feed_block *out,
                     bool *found);
struct feed_status {
    int64_t head_position, head_block, incarnation, unsealed;
    struct instant sealed_at;     /* of the newest block */
    int64_t oldest_unsealed_usec; /* age; 0 when none: the feed's age is what readers are told */
};
RESULT feed_status(struct store *store, enum feed feed, struct feed_status *out);
/* Seal what is committed now (the sealer does this every second by itself unless inline_writer). */
RESULT store_seal(struct store *store);
/* What the sealer's thread does each minute (a caller of its own with inline_writer): forget
 * idempotency keys older than 30 days. */
RESULT store_sweep(struct store *store, int64_t *removed);
/* Recompute every block from its entries; *bad is the first block that does not add up, 0 when all
 * do. */
RESULT feed_verify(struct store *store, enum feed feed, int64_t *blocks, int64_t *entries,
                   int64_t *bad);

/* ---- looking after it
 * ------------------------------------------------------------------------------------ */

struct migration { /* made by tools/embed from migrations/, in order; version = place in the list,
                      from 1 */
    const char *name; /* "0001_store" */
    /* In the vocabulary id64 int64 text blob strict; store/ spells it for each engine. A table that
     * ends `) strict clustered;` keeps its rows in the order of its key (SQLite: one tree to write
     * instead of two), for narrow rows and for keys that only grow. */
    const char *sql;
};
extern const struct migration MIGRATIONS[];
extern const int MIGRATIONS_N;

struct migrate_step {
    const char *name;
    int version;
};
/* Bring a database to the newest schema, one transaction per migration; dry_run tells and does
 * nothing. */
RESULT store_migrate(const struct store_config *config, bool dry_run,
                     void (*tell)(void *arg, const struct migrate_step *step), void *arg);
struct store_health {
    int version, newest;
    int64_t incarnation, bytes, queue; /* queue: writes waiting now */
    int64_t groups, calls; /* commits and the calls they carried (SQLite), since opening */
    int64_t reruns;        /* bodies run again after a conflict or another's refusal */
    int64_t slow_bodies;   /* bodies past 2 ms, counted in debug builds only */
    int64_t reopens;       /* recoveries after a failed COMMIT or sync */
    int64_t checkpoint_faults, seal_faults;
    /* PostgreSQL: row security does not hold the server's role (superuser, BYPASSRLS) or is off;
       docs/decisions/0046-row-security.md */
    bool unguarded;
    enum engine engine;
};
RESULT store_health(struct store *store, struct store_health *out);
/* A consistent copy while running: SQLite's online backup to `path`, or pg_dump's custom format.
 * Restore writes a new database, never over one that exists (STORE_EXISTS) nor beside the log of
 * one (STORE_LOG_BESIDE), and raises the incarnation: to a number that no other restore gives. On
 * PostgreSQL a restore that was cut off leaves a database that is refused (STORE_HALF_RESTORED)
 * until it is restored again from its beginning. */
RESULT store_backup(struct store *store, struct str path);
RESULT store_restore(const struct store_config *config, struct str path);
/* Before the first start on a promoted standby: what the old one sealed since is another history.
 */
RESULT store_raise_incarnation(struct store *store, int64_t *incarnation);
/* Mark an empty PostgreSQL database as one that store_empty may empty again: a demonstration's,
 * whose SQLite file is simply removed. The first refuses STORE_EXISTS when tables are there, the
 * second STORE_NOT_DISPOSABLE when they are and without the mark, STORE_HELD; both
 * STORE_NOT_POSTGRESQL. */
RESULT store_mark_disposable(const struct store_config *config);
RESULT store_empty(const struct store_config *config);
/* Distribute the tables by their root columns with the Citus extension; refuses where it is
 * missing. */
RESULT store_distribute(struct store *store);
enum {
    STORE_NO_EXTENSION = 1810,
    STORE_NOT_POSTGRESQL = 1811,
    STORE_EXISTS = 1812,
    STORE_NOT_BACKUP = 1813,
    STORE_HELD = 1814,          /* another process writes this database */
    STORE_LOG_BESIDE = 1815,    /* PATH-wal, -shm or -journal of a database that is gone */
    STORE_HALF_RESTORED = 1816, /* a restore was cut off */
    STORE_NOT_DISPOSABLE = 1817
};
