/* identity/recorder.c - grade B: the answer, and its way into the journal
 * (docs/decisions/0022-grade-b-record.md). Ten times a second one thread keeps what was answered in
 * the store, many answers a row, and then turns the oldest rows into lines, not faster than leaves
 * room for others: a line costs its writer a hundred times what an answer does. */
#include <time.h>

#include "identity/card_index_store.h"
#include "identity/core.h"
#include "identity/derived_core.h"

enum {
    TURN_NS = 100 * 1000 * 1000,
    KEEP_BLOCKS = 64, /* rows a body keeps, of a body's 200 */
    KEEP_MOST = KEEP_BLOCKS * RECORD_BLOCK,
};

/* ---- the queue (bounded, one turn counter a cell): a writer takes a position by one exchange,
 * writes the cell, and gives it the reader's turn. Full is said at once, nothing waits. */

static bool record_put(struct identity *identity, const struct record *record)
{
    uint64_t at = atomic_load_explicit(&identity->record_head, memory_order_relaxed);

    for (;;) {
        struct record_cell *cell = &identity->records[at % RECORDS];
        uint64_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        if (turn < at) return false;
        if (turn > at) {
            at = atomic_load_explicit(&identity->record_head, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&identity->record_head, &at, at + 1,
                                                         memory_order_relaxed,
                                                         memory_order_relaxed)) {
            cell->record = *record;
            atomic_store_explicit(&cell->turn, at + 1, memory_order_release);
            return true;
        }
    }
}

/* The next records, left in the queue until the store has them. */
static size_t records_peek(struct identity *identity, const struct record **out, size_t most)
{
    uint64_t at = atomic_load(&identity->record_tail);
    size_t n = 0;

    while (n < most) {
        struct record_cell *cell = &identity->records[(at + n) % RECORDS];
        if (atomic_load_explicit(&cell->turn, memory_order_acquire) != at + n + 1) break;
        out[n++] = &cell->record;
    }
    return n;
}

static void records_drop(struct identity *identity, size_t n)
{
    uint64_t at = atomic_load(&identity->record_tail);

    for (size_t i = 0; i < n; i++) {
        atomic_store_explicit(&identity->records[(at + i) % RECORDS].turn, at + i + RECORDS,
                              memory_order_release);
    }
    atomic_store(&identity->record_tail, at + n);
}

/* ---- keeping */

struct record_room { /* the recorder's own */
    const struct record *records[KEEP_MOST];
    struct record_block blocks[KEEP_BLOCKS];
    uint8_t bytes[KEEP_BLOCKS][RECORD_BLOCK_BYTES];
};
struct keep_call {
    const struct record_block *blocks;
    size_t n;
};

static RESULT keep_in_txn(struct txn *tx, void *arg)
{
    struct keep_call *call = arg;

    return records_keep(tx, call->blocks, call->n);
}

/* What stands in the queue into the store; *n is how many, 0 at its end. */
static RESULT keep_some(struct identity *identity, size_t *n)
{
    struct record_room *room = identity->room;
    struct keep_call call = { .blocks = room->blocks };

    *n = 0;
    if (atomic_load(&identity->waiting) > RECORDS_WAITING_MAX) return OK;
    *n = records_peek(identity, room->records, LEN(room->records));
    if (*n == 0) return OK;
    for (size_t at = 0; at < *n; at += RECORD_BLOCK, call.n++) {
        struct record_block *block = &room->blocks[call.n];
        struct writer w = writer_over(room->bytes[call.n], sizeof room->bytes[call.n]);
        block->n = *n - at < RECORD_BLOCK ? *n - at : RECORD_BLOCK;
        record_block_write(&room->records[at], block->n, &w);
        block->bytes = writer_bytes(&w);
    }
    TRY(store_run(identity->config.store, (struct root){ ROOT_NODE, NODE_ID }, keep_in_txn, &call));
    atomic_fetch_add(&identity->waiting, (int64_t)*n); /* first: identity_flush looks at both */
    records_drop(identity, *n);
    return OK;
}

/* ---- making lines */

struct lines_call {
    int64_t id;
    size_t n; /* 0: no block waits */
    struct record records[RECORD_BLOCK];
    int64_t persons[RECORD_BLOCK];
};

static RESULT block_read(struct txn *tx, void *arg)
{
    struct lines_call *call = arg;
    struct record_block block;
    bool found;

    call->n = 0;
    TRY(records_oldest(tx, txn_arena(tx), &block, &found));
    if (!found) return OK;
    TRY(record_block_parse(block.bytes, call->records, block.n));
    for (size_t i = 0; i < block.n; i++) {
        struct card_index_row row = { 0 };
        if (call->records[i].card_id != 0)
            TRY(card_index_find(tx, call->records[i].card_index, &row, &found));
        call->persons[i] = row.person_id;
    }
    call->id = block.id;
    call->n = block.n;
    return OK;
}

/* The block goes as its lines come: a line is written once, whatever is cut or run again. */
static RESULT lines_in_txn(struct txn *tx, void *arg)
{
    struct lines_call *call = arg;
    bool found;

    TRY(records_done(tx, call->id, &found));
    for (size_t i = 0; i < call->n && found; i++) {
        const struct record *r = &call->records[i];
        struct journal_line line = {
            .kind = JOURNAL_USE,
            .actor = r->staff_id != 0 ? ACTOR_STAFF : ACTOR_TERMINAL,
            .actor_id = r->staff_id != 0 ? r->staff_id : r->terminal_id,
            .grade = GRADE_B,
            .provenance = (enum provenance)r->provenance,
            .person_id = call->persons[i],
            .card_id = r->card_id,
            .place_id = r->place_id,
            .terminal_id = r->terminal_id,
            .region_code = r->region_code,
            .verdict = r->verdict,
            .act = S("card_checked"),
            .item = { r->item, r->item_n },
            .at = r->at,
            .said_at = r->terminal_at,
        };
        TRY(journal_append(tx, &line, NULL));
    }
    return OK;
}

/* Whose cards: a card so new that its index has no row yet is found by its id. */
static RESULT persons_find(struct identity *identity, struct lines_call *call)
{
    for (size_t i = 0; i < call->n; i++) {
        struct err err;
        if (call->records[i].card_id == 0 || call->persons[i] != 0) continue;
        err = registry_card_person(identity->config.store, call->records[i].card_id,
                                   &call->persons[i]);
        if (err.code < 0) return err;
    }
    return OK;
}

static RESULT lines_some(struct identity *identity, bool *more)
{
    struct lines_call call;

    TRY(store_read(identity->config.store, block_read, &call));
    TRY(persons_find(identity, &call));
    *more = call.n != 0;
    if (call.n == 0) {
        atomic_store(&identity->waiting, 0);
        return OK;
    }
    TRY(store_run(identity->config.store, (struct root){ ROOT_NODE, NODE_ID }, lines_in_txn,
                  &call));
    atomic_fetch_sub(&identity->waiting, (int64_t)call.n);
    return OK;
}

/* ---- the thread */

/* Faults are tried again at the next turn; the queue keeps what it has, and when it is full grade B
 * stops answering, which is what an operator notices. */
static void *recorder_run(void *arg)
{
    struct identity *identity = arg;

    for (;;) {
        bool last = atomic_load(&identity->stop), more = atomic_load(&identity->waiting) != 0;
        struct err err;
        size_t n, kept = 0;
        int blocks;
        do {
            err = keep_some(identity, &n);
            kept += n;
        } while (err.code == 0 && n == KEEP_MOST); /* what came meanwhile waits for the next turn */
        more |= kept != 0;
        blocks = record_line_blocks(kept, atomic_load(&identity->waiting));
        for (int i = 0; err.code == 0 && more; i++) {
            if (i >= blocks && !atomic_load(&identity->hurry)) break;
            err = lines_some(identity, &more);
        }
        if (last) return NULL; /* what has no line yet gets it after the next start */
        nanosleep(&(struct timespec){ .tv_nsec = TURN_NS }, NULL);
    }
}

static RESULT waiting_read(struct txn *tx, void *waiting)
{
    return records_count(tx, waiting);
}

RESULT recorder_start(struct identity *identity)
{
    int64_t waiting = 0;

    TRY(store_read(identity->config.store, waiting_read, &waiting));
    atomic_store(&identity->waiting, waiting);
    identity->records = pages_take(RECORDS * sizeof *identity->records);
    identity->room = pages_take(sizeof *identity->room);
    if (!identity->records || !identity->room) return fault(FAULT_MEMORY, "identity: records");
    for (uint64_t i = 0; i < RECORDS; i++) {
        atomic_store(&identity->records[i].turn, i);
    }
    if (identity->config.inline_recorder) return OK;
    if (pthread_create(&identity->recorder, NULL, recorder_run, identity) != 0)
        return fault(FAULT_MEMORY, "identity: the recorder's thread");
    identity->recording = true;
    return OK;
}

void recorder_stop(struct identity *identity)
{
    atomic_store(&identity->stop, true);
    if (identity->recording) pthread_join(identity->recorder, NULL);
    pages_give(identity->records, RECORDS * sizeof *identity->records);
    pages_give(identity->room, sizeof *identity->room);
}

/* The recorder's turn, in the caller's thread. */
static RESULT flush_here(struct identity *identity)
{
    bool more = true;
    size_t n;

    do {
        TRY(keep_some(identity, &n));
    } while (n != 0);
    while (more) {
        TRY(lines_some(identity, &more));
    }
    return OK;
}

RESULT identity_flush(struct identity *identity)
{
    uint64_t upto = atomic_load(&identity->record_head);
    bool done = false;

    if (identity->config.inline_recorder) return flush_here(identity);
    atomic_store(&identity->hurry, true);
    for (int i = 0; i < 100 && !done; i++) {
        if (i > 0) nanosleep(&(struct timespec){ .tv_nsec = TURN_NS }, NULL);
        done = atomic_load(&identity->record_tail) >= upto && atomic_load(&identity->waiting) == 0;
    }
    atomic_store(&identity->hurry, false);
    if (done) return OK;
    return fault(FAULT_STORE_BUSY, "identity: records wait for the journal for ten seconds");
}

int64_t identity_waiting(const struct identity *identity)
{
    return atomic_load(&identity->waiting);
}

/* ---- grade B */

RESULT identity_check_fast(struct identity *identity, const uint8_t value_hash[32], bool ecard,
                           const struct verify_ask *ask, struct verdict *verdict)
{
    uint32_t index = derived_find(identity->config.derived, value_hash);
    struct derived_card card = { .card_id = 0 };
    struct err err;
    struct record record = { .card_index = index,
                             .region_code = ask->region_code,
                             .place_id = ask->place_id,
                             .terminal_id = ask->terminal_id,
                             .staff_id = ask->staff_id,
                             .at = ask->at,
                             .terminal_at = ask->terminal_at,
                             .item_n = (uint8_t)ask->item.n };

    assert(ask->item.n <= sizeof record.item);
    memset(verdict, 0, sizeof *verdict);
    REQUIRE(index != DERIVED_ASK_STORE, IDENTITY_ONLINE_ONLY);
    if (derived_state(identity->config.derived, index, &card)) {
        err = card_judge(card.social, card.social_usable, card.ecard_usable, ecard, verdict);
        verdict->card_index = index;
        verdict->card_id = card.card_id;
        verdict->test = card.provenance == PROVENANCE_TEST;
    } else {
        err = (struct err){ .code = IDENTITY_CARD_UNKNOWN };
    }
    verdict->purpose = ask->purpose;
    record.card_id = card.card_id;
    record.verdict = err.code;
    record.provenance = (uint8_t)provenance_of(verdict->test, ask->simulator);
    if (ask->item.n != 0) memcpy(record.item, ask->item.p, ask->item.n);
    REQUIRE(record_put(identity, &record), IDENTITY_RECORD_FULL);
    return err;
}
