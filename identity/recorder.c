/* identity/recorder.c - grade B: the answer, and its way into the journal within a second. */
#include <sched.h>
#include <time.h>

#include "identity/card_index_store.h"
#include "identity/core.h"
#include "identity/derived_core.h"

enum { BATCH = 25, PAUSE_NS = 100 * 1000 * 1000 }; /* a body's 200 rows: read 1, write 2-3 a line */

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

/* The next records of one place, at most BATCH, left in the queue until the journal has them. */
static size_t records_peek(struct identity *identity, const struct record **out)
{
    uint64_t at = atomic_load(&identity->record_tail);
    size_t n = 0;

    while (n < BATCH) {
        struct record_cell *cell = &identity->records[(at + n) % RECORDS];
        if (atomic_load_explicit(&cell->turn, memory_order_acquire) != at + n + 1) break;
        if (n != 0 && cell->record.place_id != out[0]->place_id) break;
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

/* ---- the writer */

struct record_call {
    const struct record *records[BATCH];
    size_t n;
};

static RESULT record_lines(struct txn *tx, void *arg)
{
    struct record_call *call = arg;

    for (size_t i = 0; i < call->n; i++) {
        const struct record *r = call->records[i];
        struct card_index_row row = { 0 };
        bool found = false;
        if (r->card_id != 0) TRY(card_index_find(tx, r->card_index, &row, &found));
        struct journal_line line = {
            .kind = JOURNAL_USE,
            .actor = r->staff_id != 0 ? ACTOR_STAFF : ACTOR_TERMINAL,
            .actor_id = r->staff_id != 0 ? r->staff_id : r->terminal_id,
            .grade = GRADE_B,
            .provenance = (enum provenance)r->provenance,
            .person_id = found ? row.person_id : 0,
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

static RESULT record_some(struct identity *identity, size_t *n)
{
    struct record_call call = { .n = 0 };
    struct root root;

    call.n = records_peek(identity, call.records);
    *n = call.n;
    if (call.n == 0) return OK;
    root = call.records[0]->place_id != 0 ? (struct root){ ROOT_PLACE, call.records[0]->place_id }
                                          : (struct root){ ROOT_NODE, NODE_ID };
    TRY(store_run(identity->config.store, root, record_lines, &call));
    records_drop(identity, call.n);
    return OK;
}

/* Faults are tried again at the next turn; the queue keeps what it has, and when it is full grade B
 * stops answering, which is what an operator notices. */
static void *recorder_run(void *arg)
{
    struct identity *identity = arg;

    for (;;) {
        bool last = atomic_load(&identity->stop);
        size_t n;
        struct err err;
        do {
            err = record_some(identity, &n);
        } while (err.code == 0 && n != 0);
        if (last) return NULL;
        nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
    }
}

RESULT recorder_start(struct identity *identity)
{
    identity->records = pages_take(RECORDS * sizeof *identity->records);
    if (!identity->records) return fault(FAULT_MEMORY, "identity: records");
    for (uint64_t i = 0; i < RECORDS; i++) {
        atomic_store(&identity->records[i].turn, i);
    }
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
}

RESULT identity_flush(struct identity *identity)
{
    uint64_t upto = atomic_load(&identity->record_head);

    for (int i = 0; i < 100; i++) {
        if (atomic_load(&identity->record_tail) >= upto) return OK;
        nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
    }
    return fault(FAULT_STORE_BUSY, "identity: records wait for the journal for ten seconds");
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
