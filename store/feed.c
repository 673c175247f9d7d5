/* store/feed.c - sealed feeds (docs/decisions/0005-sealed-feeds.md): appending, reading, checking.
 * How entries get their positions stands in sealer.c. */
#include "store/feed.h"

#include <stdlib.h>

enum { READ_BATCH = 64 }; /* entries copied out before they are visited: no lock is held then */

/* SQLite has one writer, so commits come in the order of their positions and an entry has its own
 * at once. On PostgreSQL it waits in another table, and the transaction's number tells the sealer
 * which entries are final. */
static const struct stmt FEED_APPEND_SQLITE = {
    .name = "store: append to a feed",
    .types = "iiiiiib",
    .root = 1,
    .sql = "INSERT INTO store_feed (root_id, root_kind, feed, position, subject_id, at, payload)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7)",
};
static const struct stmt FEED_LAST = {
    .name = "store: the last position of a feed",
    .types = "i",
    .sql = "SELECT COALESCE(MAX(position), 0) FROM store_feed WHERE feed = $1",
};
static const struct stmt FEED_APPEND_POSTGRES = {
    .name = "store: append to a feed",
    .types = "iiiiiib",
    .root = 1,
    .sql = "INSERT INTO store_feed_pending (root_id, root_kind, feed, born, n, subject_id, at,"
           " payload) VALUES ($1, $2, $3, CAST(CAST(pg_current_xact_id() AS text) AS bigint), $4,"
           " $5, $6, $7)",
};
static const struct stmt FEED_READ = {
    .name = "store: read a feed",
    .types = "iii",
    .sql = "SELECT position, subject_id, root_kind, root_id, at, payload FROM store_feed"
           " WHERE feed = $1 AND position > $2 AND position <= (SELECT last_position FROM"
           " store_feed_block WHERE feed = $1 ORDER BY number DESC LIMIT 1)"
           " ORDER BY position LIMIT $3",
};
/* what waits, with the two numbers that order it */
static const struct stmt FEED_WAITING_SQLITE = {
    .name = "store: read what waits for its seal",
    .types = "iiii",
    .sql = "SELECT position, subject_id, root_kind, root_id, at, payload, position, 0"
           " FROM store_feed WHERE feed = $1 AND position > $2 AND $3 = $3"
           " AND position > COALESCE((SELECT last_position FROM store_feed_block WHERE feed = $1"
           " ORDER BY number DESC LIMIT 1), 0) ORDER BY position LIMIT $4",
};
static const struct stmt FEED_WAITING_POSTGRES = {
    .name = "store: read what waits for its seal",
    .types = "iiii",
    .sql = "SELECT CAST(0 AS BIGINT), subject_id, root_kind, root_id, at, payload, born, n"
           " FROM store_feed_pending WHERE feed = $1 AND (born, n) > ($2, $3)"
           " ORDER BY born, n LIMIT $4",
};
static const struct stmt FEED_BLOCK = {
    .name = "store: read a block",
    .types = "ii",
    .sql = "SELECT feed, number, first_position, last_position, sealed_at, incarnation, previous,"
           " hash, signature FROM store_feed_block WHERE feed = $1 AND number = $2",
};
static const struct stmt FEED_BLOCK_AT = {
    .name = "store: the block of a position",
    .types = "ii",
    .sql = "SELECT feed, number, first_position, last_position, sealed_at, incarnation, previous,"
           " hash, signature FROM store_feed_block WHERE feed = $1 AND first_position <= $2"
           " ORDER BY number DESC LIMIT 1",
};
const struct stmt FEED_HEAD = {
    .name = "store: the newest block",
    .types = "i",
    .sql = "SELECT feed, number, first_position, last_position, sealed_at, incarnation, previous,"
           " hash, signature FROM store_feed_block WHERE feed = $1 ORDER BY number DESC LIMIT 1",
};
static const struct stmt FEED_UNSEALED_SQLITE = {
    .name = "store: what waits for its seal",
    .types = "ii",
    .sql = "SELECT COUNT(*), MIN(at) FROM store_feed WHERE feed = $1 AND position > $2",
};
static const struct stmt FEED_UNSEALED_POSTGRES = {
    .name = "store: what waits for its seal",
    .types = "i",
    .sql = "SELECT COUNT(*), MIN(at) FROM store_feed_pending WHERE feed = $1",
};

/* Looked up once a transaction; the writer forgets it when what a body appended is undone. */
static RESULT next_position(struct txn *tx, enum feed feed, int64_t *position)
{
    int64_t *last = &tx->feed_last[feed];
    bool found;

    assert((int)feed < FEEDS_MAX);
    if (*last == 0) {
        ROW(row);
        TRY(txn_first(tx, &FEED_LAST, IN(v_int(feed)), &row, &found));
        *last = row_int(&row, 0);
    }
    *position = ++*last;
    return OK;
}

struct err feed_append(struct txn *tx, enum feed feed, int64_t subject_id, struct bytes payload)
{
    struct root root = txn_root(tx);

    assert(payload.n <= FEED_PAYLOAD_MAX);
    if (tx->store->engine == ENGINE_SQLITE) {
        int64_t position;
        TRY(next_position(tx, feed, &position));
        return txn_exec(tx, &FEED_APPEND_SQLITE,
                        IN(v_int(root.id), v_int(root.kind), v_int(feed), v_int(position),
                           v_int(subject_id), v_at(txn_now(tx)), v_blob(payload)),
                        NULL);
    }
    return txn_exec(tx, &FEED_APPEND_POSTGRES,
                    IN(v_int(root.id), v_int(root.kind), v_int(feed), v_int(tx->feed_n++),
                       v_int(subject_id), v_at(txn_now(tx)), v_blob(payload)),
                    NULL);
}

/* ---- hashing */

void feed_leaf(struct feed_hasher *h, const struct feed_entry *entry)
{
    uint8_t buffer[5 * 8 + 4 + FEED_PAYLOAD_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);

    assert(h->n < FEED_BLOCK_ENTRIES);
    put_be64(&w, (uint64_t)entry->position);
    put_be64(&w, (uint64_t)entry->subject_id);
    put_be64(&w, (uint64_t)entry->root.kind);
    put_be64(&w, (uint64_t)entry->root.id);
    put_be64(&w, (uint64_t)entry->at.usec);
    put_be32(&w, (uint32_t)entry->payload.n);
    put_bytes(&w, entry->payload);
    h->sealer->hash(h->sealer->arg, writer_bytes(&w), h->leaves[h->n++]);
}

void feed_block_hash(const struct feed_hasher *h, const struct feed_block *block, uint8_t out[32])
{
    uint8_t buffer[8 + 6 * 8 + 32 + 32], entries[32];
    struct writer w = writer_over(buffer, sizeof buffer);

    h->sealer->hash(h->sealer->arg, bytes_of(h->leaves, (size_t)h->n * 32), entries);
    put_str(&w, S("YKTFEED1"));
    put_be64(&w, (uint64_t)block->feed);
    put_be64(&w, (uint64_t)block->number);
    put_be64(&w, (uint64_t)block->first);
    put_be64(&w, (uint64_t)block->last);
    put_be64(&w, (uint64_t)block->sealed_at.usec);
    put_be64(&w, (uint64_t)block->incarnation);
    put_bytes(&w, bytes_of(block->previous, 32));
    put_bytes(&w, bytes_of(entries, 32));
    assert(!w.over);
    h->sealer->hash(h->sealer->arg, writer_bytes(&w), out);
}

/* ---- reading */

static void copy_fixed(uint8_t *out, size_t size, struct bytes from)
{
    if (from.n > 0) memcpy(out, from.p, from.n < size ? from.n : size);
}

void feed_block_row(const struct row *row, struct feed_block *out)
{
    *out = (struct feed_block){
        .feed = (enum feed)row_int(row, 0),
        .number = row_int(row, 1),
        .first = row_int(row, 2),
        .last = row_int(row, 3),
        .sealed_at = row_at(row, 4),
        .incarnation = row_int(row, 5),
    };
    copy_fixed(out->previous, sizeof out->previous, row_blob(row, 6));
    copy_fixed(out->hash, sizeof out->hash, row_blob(row, 7));
    copy_fixed(out->signature, sizeof out->signature, row_blob(row, 8));
    out->signature_n = row_blob(row, 8).n;
    if (out->signature_n > sizeof out->signature) out->signature_n = sizeof out->signature;
}

struct feed_batch {
    enum feed feed;
    int64_t after, after_n, max;
    bool waiting; /* not sealed yet: after and after_n are what orders them */
    struct feed_entry entries[READ_BATCH];
    int n;
    uint8_t payloads[READ_BATCH][FEED_PAYLOAD_MAX];
};

static RESULT batch_query(struct txn *tx, struct feed_batch *b, struct row *row)
{
    if (!b->waiting)
        return txn_query(tx, &FEED_READ, IN(v_int(b->feed), v_int(b->after), v_int(b->max)), row);
    return txn_query(
        tx, tx->store->engine == ENGINE_SQLITE ? &FEED_WAITING_SQLITE : &FEED_WAITING_POSTGRES,
        IN(v_int(b->feed), v_int(b->after), v_int(b->after_n), v_int(b->max)), row);
}

static RESULT batch_body(struct txn *tx, void *arg)
{
    struct feed_batch *b = arg;
    int64_t after = b->after, after_n = b->after_n;
    bool more;
    ROW(row);

    b->n = 0;
    TRY(batch_query(tx, b, &row));
    for (;;) {
        struct feed_entry *e = &b->entries[b->n];
        struct bytes payload;

        TRY(row_next(&row, &more));
        if (!more || b->n == READ_BATCH) break;
        payload = row_blob(&row, 5);
        if (payload.n > FEED_PAYLOAD_MAX) return fault(FAULT_STORE_CORRUPT, "a feed entry");
        *e = (struct feed_entry){
            .position = row_int(&row, 0),
            .subject_id = row_int(&row, 1),
            .root = { .kind = (enum root_kind)row_int(&row, 2), .id = row_int(&row, 3) },
            .at = row_at(&row, 4),
        };
        copy_fixed(b->payloads[b->n], FEED_PAYLOAD_MAX, payload);
        e->payload = bytes_of(b->payloads[b->n], payload.n);
        after = b->waiting ? row_int(&row, 6) : e->position;
        after_n = b->waiting ? row_int(&row, 7) : 0;
        if (b->waiting) e->position = 0;
        b->n++;
    }
    b->after = after;
    b->after_n = after_n;
    return OK;
}

static RESULT batches_read(struct store *store, struct feed_batch *b, int64_t max,
                           feed_visit *visit, void *arg)
{
    struct err err = OK;

    while (err.code == 0 && max > 0) {
        b->max = max < READ_BATCH ? max : READ_BATCH;
        err = store_read(store, batch_body, b);
        for (int i = 0; i < b->n && err.code == 0; i++) {
            err = visit(arg, &b->entries[i]);
        }
        if (b->n < b->max) break;
        max -= b->n;
    }
    /* A visit that refuses has seen enough: that is an end like any other. */
    return err.code > 0 ? OK : err;
}

struct err feed_read(struct store *store, enum feed feed, int64_t after, int64_t max,
                     feed_visit *visit, void *arg)
{
    struct feed_batch *b = calloc(1, sizeof *b);
    struct err err;

    if (!b) return fault(FAULT_MEMORY, "reading a feed");
    *b = (struct feed_batch){ .feed = feed, .after = after };
    err = batches_read(store, b, max, visit, arg);
    free(b);
    return err;
}

struct err feed_read_unsealed(struct store *store, enum feed feed, feed_visit *visit, void *arg)
{
    struct feed_batch *b = calloc(1, sizeof *b);
    struct err err;

    if (!b) return fault(FAULT_MEMORY, "reading a feed");
    /* on PostgreSQL a transaction's number may be negative behind a restore */
    *b = (struct feed_batch){ .feed = feed, .waiting = true, .after = INT64_MIN };
    err = batches_read(store, b, INT64_MAX, visit, arg);
    free(b);
    return err;
}

struct block_call {
    enum feed feed;
    const struct stmt *stmt;
    int64_t number; /* or position */
    struct feed_block *out;
    bool found;
};

static RESULT block_body(struct txn *tx, void *arg)
{
    struct block_call *call = arg;
    ROW(row);

    TRY(txn_first(tx, call->stmt, IN(v_int(call->feed), v_int(call->number)), &row, &call->found));
    if (call->found) feed_block_row(&row, call->out);
    return OK;
}

struct err feed_block_read(struct store *store, enum feed feed, int64_t number,
                           struct feed_block *out, bool *found)
{
    struct block_call call = { .feed = feed, .stmt = &FEED_BLOCK, .number = number, .out = out };

    TRY(store_read(store, block_body, &call));
    *found = call.found;
    return OK;
}

struct err feed_block_at(struct store *store, enum feed feed, int64_t position,
                         struct feed_block *out, bool *found)
{
    struct block_call call = {
        .feed = feed, .stmt = &FEED_BLOCK_AT, .number = position, .out = out
    };

    TRY(store_read(store, block_body, &call));
    *found = call.found && out->last >= position;
    return OK;
}

struct feed_status_call {
    enum feed feed;
    struct feed_status *out;
};

static RESULT status_body(struct txn *tx, void *arg)
{
    struct feed_status_call *call = arg;
    struct feed_status *out = call->out;
    bool found;
    ROW(meta);
    ROW(head);
    ROW(row);

    *out = (struct feed_status){ 0 };
    TRY(txn_first(tx, &META_READ, IN(v_text(S("incarnation"))), &meta, &found));
    if (found) out->incarnation = row_int(&meta, 0);
    TRY(txn_first(tx, &FEED_HEAD, IN(v_int(call->feed)), &head, &found));
    if (found) {
        out->head_block = row_int(&head, 1);
        out->head_position = row_int(&head, 3);
        out->sealed_at = row_at(&head, 4);
    }
    if (tx->store->engine == ENGINE_SQLITE) {
        TRY(txn_first(tx, &FEED_UNSEALED_SQLITE, IN(v_int(call->feed), v_int(out->head_position)),
                      &row, &found));
    } else {
        TRY(txn_first(tx, &FEED_UNSEALED_POSTGRES, IN(v_int(call->feed)), &row, &found));
    }
    out->unsealed = row_int(&row, 0);
    if (out->unsealed > 0) out->oldest_unsealed_usec = txn_now(tx).usec - row_int(&row, 1);
    return OK;
}

struct err feed_status(struct store *store, enum feed feed, struct feed_status *out)
{
    struct feed_status_call call = { .feed = feed, .out = out };

    return store_read(store, status_body, &call);
}

/* ---- checking */

struct checker {
    struct feed_hasher hasher;
    int64_t wanted; /* the next position */
    bool gap;
};

static RESULT check_entry(void *arg, const struct feed_entry *entry)
{
    struct checker *c = arg;

    if (entry->position != c->wanted) {
        c->gap = true;
        REFUSE(1);
    }
    c->wanted++;
    feed_leaf(&c->hasher, entry);
    return OK;
}

/* Does a block follow from the one before it and from its entries? */
static RESULT check_block(struct store *store, struct checker *c, const struct feed_block *before,
                          const struct feed_block *block, bool *good)
{
    int64_t n = block->last - block->first + 1;
    uint8_t hash[32];

    *good = false;
    if (block->first != before->last + 1 || n < 1 || n > FEED_BLOCK_ENTRIES) return OK;
    if (memcmp(block->previous, before->hash, 32) != 0) return OK;
    c->hasher.n = 0;
    c->gap = false;
    c->wanted = block->first;
    TRY(feed_read(store, block->feed, block->first - 1, n, check_entry, c));
    if (c->gap || c->wanted != block->last + 1) return OK;
    feed_block_hash(&c->hasher, block, hash);
    *good = memcmp(hash, block->hash, 32) == 0;
    return OK;
}

struct err feed_verify(struct store *store, enum feed feed, int64_t *blocks, int64_t *entries,
                       int64_t *bad)
{
    struct checker *c = calloc(1, sizeof *c);
    struct feed_block before = { 0 }, block;
    bool found = true, good = true;
    struct err err = OK;

    if (!c) return fault(FAULT_MEMORY, "checking a feed");
    assert(store->config.sealer.hash);
    c->hasher.sealer = &store->config.sealer;
    *bad = 0;
    for (int64_t number = 1;; number++) {
        err = feed_block_read(store, feed, number, &block, &found);
        if (err.code != 0 || !found) break;
        err = check_block(store, c, &before, &block, &good);
        if (err.code != 0) break;
        if (!good) {
            *bad = number;
            break;
        }
        before = block;
    }
    free(c);
    *blocks = before.number;
    *entries = before.last;
    return err;
}
