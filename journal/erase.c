/* journal/erase.c - taking a line's content away and leaving its proof. */
#include "journal/line.h"

struct erase_call {
    const struct journal_erasure *ask;
};

static struct err erase_in_txn(struct txn *tx, void *arg)
{
    const struct journal_erasure *ask = ((struct erase_call *)arg)->ask;
    struct line_row row;
    char note[160];
    struct writer w = writer_over(note, sizeof note);
    int64_t changed;
    bool found;

    TRY(line_load(tx, ask->root, ask->line_id, txn_arena(tx), &row, &found));
    REQUIRE(found, JOURNAL_LINE_UNKNOWN);
    if (row.erased_at.usec != 0) return OK; /* a repeat */
    TRY(line_erase(tx, ask, &changed));
    if (changed != 1) {
        return fault(FAULT_STORE_CORRUPT, "journal: line %" PRId64 " did not erase", ask->line_id);
    }
    put_str(&w, ask->why);
    put_str(&w, S(" leaf "));
    put_hex(&w, row.leaf);
    /* names the leaf and nothing that was in the line: who it was about is gone with the content */
    return journal_append(tx,
                          &(struct journal_line){
                              .kind = JOURNAL_STAFF_ACT,
                              .actor = ask->actor_id ? ACTOR_STAFF : ACTOR_JOB,
                              .grade = GRADE_A,
                              .provenance = PROVENANCE_REAL,
                              .actor_id = ask->actor_id,
                              .act = S("line_erased"),
                              .object_id = ask->line_id,
                              .at = ask->at,
                              .note = writer_str(&w),
                          },
                          NULL);
}

RESULT journal_erase(struct store *store, const struct journal_erasure *ask)
{
    struct erase_call call = { .ask = ask };

    assert(ask->why.n >= 1);
    assert(ask->why.n <= JOURNAL_ACT_MAX);
    assert(ask->at.usec != 0);
    return store_run(store, ask->root, erase_in_txn, &call);
}

struct tombstone_call {
    struct root root;
    int64_t line_id;
    struct arena *arena;
    struct journal_tombstone out;
};

static struct err tombstone_in_txn(struct txn *tx, void *arg)
{
    struct tombstone_call *call = arg;
    struct line_row row;
    bool found;

    TRY(line_load(tx, call->root, call->line_id, call->arena, &row, &found));
    REQUIRE(found && row.erased_at.usec != 0, JOURNAL_LINE_UNKNOWN);
    if (row.leaf.n != sizeof call->out.leaf) {
        return fault(FAULT_STORE_CORRUPT, "journal: line %" PRId64 " has no leaf", row.id);
    }
    call->out = (struct journal_tombstone){
        .line_id = row.id,
        .actor_id = row.erased_by,
        .why = row.erased_why,
        .at = row.erased_at,
    };
    memcpy(call->out.leaf, row.leaf.p, sizeof call->out.leaf);
    return OK;
}

RESULT journal_tombstone_get(struct store *store, struct root root, int64_t line_id,
                             struct arena *arena, struct journal_tombstone *out)
{
    struct tombstone_call call = { .root = root, .line_id = line_id, .arena = arena };

    TRY(store_read(store, tombstone_in_txn, &call));
    *out = call.out;
    return OK;
}
