/* store/sealer.c - seals what was appended to the feeds, in signed, hash-linked blocks
 * (docs/decisions/0005-sealed-feeds.md).
 *
 * Three steps: read what is final and the newest block; hash and sign outside of any transaction,
 * because the signature comes from another process; write the block in one transaction that stands
 * only if the newest block is still the one that was read. On PostgreSQL that transaction also
 * moves the entries, which have no position before. */
#include "store/feed.h"

#include <stdlib.h>
#include <time.h>

enum { SEAL_SECONDS = 1, SWEEP_SECONDS = 60 };

static const struct stmt PENDING_SQLITE = {
    .name = "store: entries to be sealed",
    .types = "iii",
    .sql = "SELECT root_id, root_kind, position, 0, subject_id, at, payload FROM store_feed"
           " WHERE feed = $1 AND position > $2 ORDER BY position LIMIT $3",
};
/* Only rows whose transaction is older than the oldest one still running: whatever commits later
 * has a higher number, so nothing can come in before a sealed entry. */
static const struct stmt PENDING_POSTGRES = {
    .name = "store: entries to be sealed",
    .types = "ii",
    .sql = "SELECT root_id, root_kind, born, n, subject_id, at, payload FROM store_feed_pending"
           " WHERE feed = $1 AND born <"
           " CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
           " ORDER BY born, n LIMIT $2",
};
/* From one feed to the next by its index: a DISTINCT would read all there ever was. */
static const struct stmt FEEDS_SQLITE = {
    .name = "store: feeds",
    .types = "",
    .sql = "WITH RECURSIVE feeds (feed) AS (SELECT MIN(feed) FROM store_feed UNION ALL"
           " SELECT (SELECT MIN(f.feed) FROM store_feed f WHERE f.feed > feeds.feed) FROM feeds"
           " WHERE feed IS NOT NULL) SELECT feed FROM feeds WHERE feed IS NOT NULL",
};
static const struct stmt FEEDS_POSTGRES = {
    .name = "store: feeds with entries to be sealed",
    .types = "",
    .sql = "SELECT DISTINCT feed FROM store_feed_pending ORDER BY feed",
};
static const struct stmt SEAL_MOVE = {
    .name = "store: seal entries",
    .types = "iiii",
    .sql = "INSERT INTO store_feed (feed, position, subject_id, root_kind, root_id, at, payload)"
           " SELECT feed, $1 + ROW_NUMBER() OVER (ORDER BY born, n), subject_id, root_kind,"
           " root_id, at, payload FROM store_feed_pending"
           " WHERE feed = $2 AND (born, n) <= ($3, $4)",
};
static const struct stmt SEAL_TAKE = {
    .name = "store: entries are sealed",
    .types = "iii",
    .sql = "DELETE FROM store_feed_pending WHERE feed = $1 AND (born, n) <= ($2, $3)",
};
static const struct stmt SEAL_BLOCK = {
    .name = "store: write a block",
    .types = "iiiiiibbb",
    .sql = "INSERT INTO store_feed_block (feed, number, first_position, last_position, sealed_at,"
           " incarnation, previous, hash, signature)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
};

struct seal { /* one block in the making */
    struct feed_block head, block;
    struct feed_hasher hasher;
    int64_t born, n; /* of the last entry */
};

static RESULT prepare_body(struct txn *tx, void *arg)
{
    struct seal *seal = arg;
    struct feed_block *block = &seal->block;
    bool found, more;
    ROW(meta);
    ROW(head);
    ROW(row);

    seal->head = (struct feed_block){ 0 };
    seal->hasher.n = 0;
    TRY(txn_first(tx, &META_READ, IN(v_text(S("incarnation"))), &meta, &found));
    if (!found) return fault(FAULT_STORE_CORRUPT, "store_meta has no incarnation");
    block->incarnation = row_int(&meta, 0);
    TRY(txn_first(tx, &FEED_HEAD, IN(v_int(block->feed)), &head, &found));
    if (found) feed_block_row(&head, &seal->head);

    if (tx->store->engine == ENGINE_SQLITE) {
        TRY(txn_query(tx, &PENDING_SQLITE,
                      IN(v_int(block->feed), v_int(seal->head.last), v_int(FEED_BLOCK_ENTRIES)),
                      &row));
    } else {
        TRY(txn_query(tx, &PENDING_POSTGRES, IN(v_int(block->feed), v_int(FEED_BLOCK_ENTRIES)),
                      &row));
    }
    for (;;) {
        struct feed_entry entry;

        TRY(row_next(&row, &more));
        if (!more) break;
        entry = (struct feed_entry){
            .position = seal->head.last + 1 + seal->hasher.n,
            .root = { .id = row_int(&row, 0), .kind = (enum root_kind)row_int(&row, 1) },
            .subject_id = row_int(&row, 4),
            .at = row_at(&row, 5),
            .payload = row_blob(&row, 6),
        };
        if (entry.payload.n > FEED_PAYLOAD_MAX) return fault(FAULT_STORE_CORRUPT, "a feed entry");
        seal->born = row_int(&row, 2);
        seal->n = row_int(&row, 3);
        feed_leaf(&seal->hasher, &entry);
    }
    block->number = seal->head.number + 1;
    block->first = seal->head.last + 1;
    block->last = seal->head.last + seal->hasher.n;
    memcpy(block->previous, seal->head.hash, sizeof block->previous);
    return OK;
}

enum { SEAL_OVERTAKEN = 1 }; /* another process sealed since: look again */

/* PostgreSQL: out of the table of those that wait, each to its position. */
static RESULT move_entries(struct txn *tx, const struct seal *seal)
{
    struct value feed = v_int(seal->block.feed), born = v_int(seal->born), n = v_int(seal->n);
    int64_t moved, taken;

    TRY(txn_exec(tx, &SEAL_MOVE, IN(v_int(seal->head.last), feed, born, n), &moved));
    TRY(txn_exec(tx, &SEAL_TAKE, IN(feed, born, n), &taken));
    if (moved == seal->hasher.n && taken == moved) return OK;
    return txn_broke(tx, fault(FAULT_STORE_CORRUPT,
                               "feed %d: %d entries were hashed, %" PRId64 " moved",
                               seal->block.feed, seal->hasher.n, moved));
}

static RESULT block_body(struct txn *tx, void *arg)
{
    struct seal *seal = arg;
    const struct feed_block *b = &seal->block;
    struct value feed = v_int(b->feed);
    bool found;

    {
        ROW(head);
        TRY(txn_first(tx, &FEED_HEAD, IN(feed), &head, &found));
        REQUIRE((found ? row_int(&head, 1) : 0) == seal->head.number, SEAL_OVERTAKEN);
    }
    if (tx->store->engine == ENGINE_POSTGRESQL) TRY(move_entries(tx, seal));
    return txn_exec(tx, &SEAL_BLOCK,
                    IN(feed, v_int(b->number), v_int(b->first), v_int(b->last), v_at(b->sealed_at),
                       v_int(b->incarnation), v_blob(bytes_of(b->previous, 32)),
                       v_blob(bytes_of(b->hash, 32)),
                       v_blob(bytes_of(b->signature, b->signature_n))),
                    NULL);
}

/* One block; *entries says how many it holds. */
static RESULT seal_block(struct store *store, struct seal *seal, int *entries)
{
    const struct sealer *sealer = &store->config.sealer;
    struct feed_block *block = &seal->block;
    struct err err;

    TRY(store_look(store, prepare_body, seal));
    *entries = seal->hasher.n;
    if (*entries == 0) return OK;
    block->sealed_at = store_now(store);
    feed_block_hash(&seal->hasher, block, block->hash);
    block->signature_n = 0;
    if (sealer->sign) {
        err = sealer->sign(sealer->arg, block->hash, block->signature, &block->signature_n);
        if (err.code != 0) return fault_add(err, "signing a block");
        assert(block->signature_n <= sizeof block->signature);
    }
    err = store_write(store, (struct root){ 0 }, true, block_body, seal);
    return err.code == SEAL_OVERTAKEN ? OK : err;
}

struct feeds {
    int64_t feed[64];
    int n;
};

static RESULT feeds_body(struct txn *tx, void *arg)
{
    struct feeds *feeds = arg;
    bool more;
    ROW(row);

    feeds->n = 0;
    TRY(txn_query(tx, tx->store->engine == ENGINE_SQLITE ? &FEEDS_SQLITE : &FEEDS_POSTGRES, IN_NONE,
                  &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more || feeds->n == (int)LEN(feeds->feed)) return OK;
        feeds->feed[feeds->n++] = row_int(&row, 0);
    }
}

static RESULT seal_all(struct store *store, struct seal *seal)
{
    struct feeds feeds;

    TRY(store_look(store, feeds_body, &feeds));
    for (int i = 0; i < feeds.n; i++) {
        int entries = FEED_BLOCK_ENTRIES;

        /* A full block may have left some behind. */
        while (entries == FEED_BLOCK_ENTRIES) {
            seal->block = (struct feed_block){ .feed = (enum feed)feeds.feed[i] };
            TRY(seal_block(store, seal, &entries));
        }
    }
    return OK;
}

static RESULT seal_now(struct store *store)
{
    struct seal *seal;
    struct err err;

    if (!store->config.sealer.hash) return OK;
    seal = calloc(1, sizeof *seal);
    if (!seal) return fault(FAULT_MEMORY, "sealing");
    seal->hasher.sealer = &store->config.sealer;
    pthread_mutex_lock(&store->sealing);
    err = seal_all(store, seal);
    pthread_mutex_unlock(&store->sealing);
    free(seal);
    if (err.code < 0) atomic_fetch_add(&store->seal_faults, 1);
    return err;
}

struct err store_seal(struct store *store)
{
    struct err err;

    TRY(store_enter(store));
    err = seal_now(store);
    store_leave(store);
    return err;
}

/* ---- the thread */

static void *sealer_main(void *arg)
{
    struct store *store = arg;
    int round = 0;

    pthread_mutex_lock(&store->lock);
    while (!store->closing) {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += SEAL_SECONDS;
        pthread_cond_timedwait(&store->wake, &store->lock, &until);
        if (store->closing) break;
        pthread_mutex_unlock(&store->lock);
        store_claim_check(store);
        /* A fault is counted, and seen by all as the feed's age; the next second tries again. */
        (void)seal_now(store).code;
        if (++round % SWEEP_SECONDS == 0) (void)store_sweep(store, NULL).code;
        pthread_mutex_lock(&store->lock);
    }
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

RESULT sealer_start(struct store *store)
{
    if (store->config.inline_writer) return OK;
    if (pthread_create(&store->sealer, NULL, sealer_main, store) != 0) {
        return fault(FAULT_MEMORY, "the sealer's thread");
    }
    store->sealer_runs = true;
    return OK;
}

void sealer_stop(struct store *store)
{
    if (store->sealer_runs) pthread_join(store->sealer, NULL);
    store->sealer_runs = false;
}
