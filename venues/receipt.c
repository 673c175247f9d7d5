/* venues/receipt.c - when each gate obeyed a loss report. */
#include "registry/card.h"
#include "venues/terminal_store.h"
#include "venues/venues.h"

/* Acts carry their own instant, the feed the store's: they may differ by a queue's wait. */
#define CLOCKS_APART_USEC (5 * USEC_PER_SEC)
enum { FEED_SCAN = 4096 };

struct change {
    int64_t card_id;
    struct instant reported_at;
    int64_t position, after; /* where it stands, 0: not met yet; what was read last */
    bool over;               /* it would have been met */
};

/* The change says itself when it was made; a lift, or another report a moment before or after, is
 * of the same card and another time. */
static RESULT change_seek(void *arg, const struct feed_entry *entry)
{
    struct change *change = arg;
    struct card_state state;

    change->after = entry->position;
    if (entry->subject_id == change->card_id && card_state_parse(entry->payload, &state) &&
        state.at.usec == change->reported_at.usec && !state.social_usable) {
        change->position = entry->position;
        change->over = true;
    }
    if (instant_before(instant_add(change->reported_at, CLOCKS_APART_USEC), entry->at))
        change->over = true;
    return OK;
}

/* Reads from the block before which it can't stand, as far as it may. */
static RESULT change_find(struct store *store, int64_t first, struct change *change)
{
    int64_t before;

    change->after = first - 1;
    do {
        before = change->after;
        TRY(feed_read(store, FEED_CARD, before, FEED_SCAN, change_seek, change));
    } while (!change->over && change->after == before + FEED_SCAN);
    return OK;
}

/* The first block sealed at or after an instant; 0 when there is none. Blocks are in order of time.
 */
static RESULT block_from(struct store *store, int64_t head, struct instant since,
                         struct feed_block *out, bool *found)
{
    int64_t low = 1, high = head + 1;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct feed_block block;
        bool there;
        TRY(feed_block_read(store, FEED_CARD, middle, &block, &there));
        if (!there) return fault(FAULT_STORE_CORRUPT, "feed block %" PRId64 " is missing", middle);
        if (instant_before(block.sealed_at, since))
            low = middle + 1;
        else
            high = middle;
    }
    *found = low <= head;
    if (!*found) return OK;
    return feed_block_read(store, FEED_CARD, low, out, found);
}

/* The block that holds a position, searching from one that lies before it. */
static RESULT sealed_at(struct store *store, int64_t number, int64_t position, struct instant *out)
{
    for (;; number++) {
        struct feed_block block;
        bool found;
        TRY(feed_block_read(store, FEED_CARD, number, &block, &found));
        if (!found) return fault(FAULT_STORE_CORRUPT, "feed block %" PRId64 " is missing", number);
        if (block.last < position) continue;
        *out = block.sealed_at;
        return OK;
    }
}

struct receipt_call {
    int64_t incarnation, position, after;
    struct instant sealed_at, active_at;
    size_t limit, n;
    struct gate_obeyed *gates;
};

static RESULT receipt_read(struct txn *tx, void *arg)
{
    struct receipt_call *call = arg;

    return obeyed_list(tx, call->incarnation, call->position, call->sealed_at, call->active_at,
                       call->after, call->limit + 1, call->gates, &call->n);
}

RESULT venues_loss_receipt(struct store *store, int64_t card_id, struct instant reported_at,
                           int64_t after_terminal, size_t limit, struct arena *arena,
                           struct loss_receipt *out)
{
    struct change change = { .card_id = card_id, .reported_at = reported_at };
    struct receipt_call call = { .after = after_terminal,
                                 .sealed_at = { INT64_MAX },
                                 .active_at = reported_at,
                                 .limit = limit };
    struct feed_status status;
    struct feed_block block;
    bool found;

    *out = (struct loss_receipt){ 0 };
    TRY(feed_status(store, FEED_CARD, &status));
    TRY(block_from(store, status.head_block, instant_add(reported_at, -CLOCKS_APART_USEC), &block,
                   &found));
    if (found) TRY(change_find(store, block.first, &change));
    call.incarnation = status.incarnation;
    call.position = change.position;
    if (change.position != 0) /* before that nobody can obey it */
        TRY(sealed_at(store, block.number, change.position, &call.sealed_at));
    call.gates = NEW_ARRAY(arena, struct gate_obeyed, limit + 1);
    if (!call.gates) return fault(FAULT_MEMORY, "a receipt of %zu gates", limit);
    TRY(store_read(store, receipt_read, &call));
    out->position = change.position;
    if (change.position != 0) out->sealed_at = call.sealed_at;
    out->gates = call.gates;
    out->more = call.n > limit;
    out->n = out->more ? limit : call.n;
    for (size_t i = 0; i < out->n; i++) {
        if (out->gates[i].obeyed_at.usec != 0) out->obeyed++;
    }
    return OK;
}
