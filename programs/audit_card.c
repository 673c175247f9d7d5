/* programs/audit_card.c - the last sealed state of every card, by a pass over the feed, compared
 * with its row. SQL of its own: the proof shares no statement with registry/. */
#include "programs/audit_card.h"

#include "registry/card.h"

static const struct stmt CARD_COUNT = {
    .name = "audit: count cards",
    .types = "",
    .sql = "SELECT COUNT(*) FROM card",
};
static const struct stmt CARD_STATES = {
    .name = "audit: states of cards",
    .types = "",
    .sql = "SELECT id, social, bank, purse, ecard, ecard_consent, epoch, changed_at FROM card"
           " ORDER BY id",
};

struct last_state { /* by open addressing on card_id; 0: free */
    int64_t card_id, epoch, at;
    uint8_t social, bank, purse, ecard, consent;
};
struct states {
    struct last_state *slots;
    size_t size; /* a power of two */
    int64_t position;
    bool full;
    int64_t younger; /* rows that changed after their last sealed state */
    int64_t first_younger;
    struct audit_card_result *out;
};

static struct last_state *slot_of(struct states *states, int64_t card_id)
{
    size_t i =
        (size_t)((uint64_t)card_id * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (states->size - 1);

    for (size_t tries = 0; tries < states->size; tries++, i = (i + 1) & (states->size - 1)) {
        if (states->slots[i].card_id == card_id || states->slots[i].card_id == 0) {
            return &states->slots[i];
        }
    }
    states->full = true;
    return NULL;
}

static struct err entry_seen(void *arg, const struct feed_entry *entry)
{
    struct states *states = arg;
    struct card_state state;

    states->position = entry->position;
    if (!card_state_parse(entry->payload, &state)) return OK; /* a device's */
    struct last_state *slot = slot_of(states, state.card_id);
    if (!slot) return OK;
    *slot = (struct last_state){ .card_id = state.card_id,
                                 .epoch = state.epoch,
                                 .at = state.at.usec,
                                 .social = state.social,
                                 .bank = state.bank,
                                 .purse = state.purse,
                                 .ecard = state.ecard,
                                 .consent = state.ecard_consent };
    return OK;
}

static struct err count_in_txn(struct txn *tx, void *arg)
{
    bool found;
    ROW(row);

    TRY(txn_first(tx, &CARD_COUNT, IN_NONE, &row, &found));
    *(int64_t *)arg = row_int(&row, 0);
    return OK;
}

static struct err compare_in_txn(struct txn *tx, void *arg)
{
    struct states *states = arg;
    struct audit_card_result *out = states->out;
    ROW(row);

    TRY(txn_query(tx, &CARD_STATES, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        struct last_state *last = slot_of(states, row_int(&row, 0));
        bool same = last && last->card_id != 0 && last->social == row_int(&row, 1) &&
                    last->bank == row_int(&row, 2) && last->purse == row_int(&row, 3) &&
                    last->ecard == row_int(&row, 4) && last->consent == row_int(&row, 5) &&
                    last->epoch == row_int(&row, 6);
        bool younger = !same && last && (last->card_id == 0 || last->at < row_int(&row, 7));
        out->cards++;
        out->agree += same;
        states->younger += younger;
        if (younger && states->first_younger == 0) states->first_younger = row_int(&row, 0);
        if (!same && !younger && out->first_bad == 0) out->first_bad = row_int(&row, 0);
    }
}

/* A row may be younger than what was read of the feed: as many as entries came behind it, sealed
 * since or not yet. Any more have no entry at all. */
static RESULT waiting(struct store *store, struct states *states)
{
    struct audit_card_result *out = states->out;
    struct feed_status status;
    int64_t behind;

    TRY(feed_status(store, FEED_CARD, &status));
    behind = status.unsealed + status.head_position - states->position;
    out->waiting = states->younger < behind ? states->younger : behind;
    out->agree += out->waiting;
    if (out->waiting < states->younger && out->first_bad == 0)
        out->first_bad = states->first_younger;
    return OK;
}

static RESULT audit_with(struct store *store, struct states *states)
{
    for (int64_t before = -1; before != states->position;) {
        before = states->position;
        TRY(feed_read(store, FEED_CARD, states->position, 10000, entry_seen, states));
    }
    if (states->full) return fault(FAULT_MEMORY, "audit: cards came in meanwhile, run it again");
    TRY(store_read(store, compare_in_txn, states));
    return waiting(store, states);
}

RESULT audit_card(struct store *store, struct audit_card_result *out)
{
    struct states states = { .out = out, .size = 1024 };
    struct arena arena;
    int64_t cards;
    struct err end;

    *out = (struct audit_card_result){ 0 };
    TRY(store_read(store, count_in_txn, &cards));
    while ((int64_t)states.size < cards * 2)
        states.size *= 2;
    TRY(arena_open(&arena, states.size * sizeof *states.slots + 64));
    states.slots = NEW_ARRAY(&arena, struct last_state, states.size);
    end = audit_with(store, &states);
    arena_close(&arena);
    return end;
}
