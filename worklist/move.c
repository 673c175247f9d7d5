/* worklist/move.c - the life cycle of a row, and reading rows. */
#include "worklist/reason.h"
#include "worklist/worklist_store.h"

#define NODE ((struct root){ ROOT_NODE, WORKLIST_NODE })

static const struct {
    enum worklist_state from;
    enum worklist_event event;
    enum worklist_state to;
} MOVES[] = {
    { WORKLIST_OPEN, WORKLIST_TAKE, WORKLIST_TAKEN },           /* 受理 */
    { WORKLIST_OPEN, WORKLIST_PASS_ON, WORKLIST_OPEN },         /* 转办 */
    { WORKLIST_OPEN, WORKLIST_CLOSE, WORKLIST_CLOSED },         /* 撤回 */
    { WORKLIST_TAKEN, WORKLIST_GIVE_BACK, WORKLIST_OPEN },      /* 退回 */
    { WORKLIST_TAKEN, WORKLIST_PASS_ON, WORKLIST_OPEN },        /* 转办 */
    { WORKLIST_TAKEN, WORKLIST_ANSWER, WORKLIST_ANSWERED },     /* 答复 */
    { WORKLIST_TAKEN, WORKLIST_CLOSE, WORKLIST_CLOSED },        /* 撤回 */
    { WORKLIST_ANSWERED, WORKLIST_CLOSE, WORKLIST_CLOSED },     /* 办结 */
    { WORKLIST_ANSWERED, WORKLIST_REOPEN, WORKLIST_REOPENED },  /* 复核 */
    { WORKLIST_CLOSED, WORKLIST_REOPEN, WORKLIST_REOPENED },    /* 复核 */
    { WORKLIST_REOPENED, WORKLIST_TAKE, WORKLIST_TAKEN },       /* 受理 */
    { WORKLIST_REOPENED, WORKLIST_PASS_ON, WORKLIST_REOPENED }, /* 转办 */
    { WORKLIST_REOPENED, WORKLIST_CLOSE, WORKLIST_CLOSED },     /* 撤回 */
};

RESULT worklist_decide(enum worklist_state from, enum worklist_event event, enum worklist_state *to)
{
    for (size_t i = 0; i < LEN(MOVES); i++) {
        if (MOVES[i].from != from || MOVES[i].event != event) continue;
        *to = MOVES[i].to;
        return OK;
    }
    REFUSE(WORKLIST_MOVE_REFUSED);
}

/* Who may: taking is anybody's in charge (the caller checks roles); what is taken is its taker's,
 * but for the asker, who may withdraw, and for passing on by a supervisor (also the caller's). */
static RESULT judge(const struct worklist_row *row, const struct worklist_step *step,
                    enum worklist_state *to)
{
    bool needs_reason = step->event == WORKLIST_ANSWER || step->event == WORKLIST_REOPEN;
    bool judges = step->event == WORKLIST_TAKE || step->event == WORKLIST_ANSWER ||
                  step->event == WORKLIST_CLOSE;

    REQUIRE(!judges || step->by_staff == 0 || step->by_staff != step->about_staff,
            WORKLIST_OWN_ACT);
    TRY(worklist_decide(row->state, step->event, to));
    if (row->state == WORKLIST_TAKEN && step->by_staff && step->event != WORKLIST_PASS_ON) {
        REQUIRE(row->taken_by == step->by_staff, WORKLIST_NOT_YOURS);
    }
    if (step->by_person) {
        REQUIRE(row->person_id == step->by_person, WORKLIST_UNKNOWN); /* not theirs: not there */
        REQUIRE(step->event == WORKLIST_CLOSE || step->event == WORKLIST_REOPEN,
                WORKLIST_MOVE_REFUSED);
    }
    REQUIRE(reason_is_sound(step->reason) || (!needs_reason && step->reason.n == 0),
            WORKLIST_REASON_BAD);
    REQUIRE(step->event != WORKLIST_REOPEN || row->reopened < WORKLIST_REOPEN_MAX,
            WORKLIST_REOPENED_OFTEN);
    return OK;
}

static void apply(struct worklist_row *row, const struct worklist_step *step,
                  enum worklist_state to)
{
    row->state = to;
    row->changed_at = step->at;
    switch (step->event) {
    case WORKLIST_TAKE:
        row->taken_by = step->by_staff;
        break;
    case WORKLIST_PASS_ON:
        row->organisation_id = step->organisation_id;
        if (step->region_code) row->region_code = step->region_code;
        row->taken_by = 0;
        break;
    case WORKLIST_GIVE_BACK:
        row->taken_by = 0;
        break;
    case WORKLIST_ANSWER:
        row->outcome = step->reason;
        row->sealed_answer = step->sealed;
        row->answered_at = step->at;
        break;
    case WORKLIST_REOPEN: /* a new clock of the same length as the first */
        row->due_at = instant_add(step->at, row->due_at.usec - row->opened_at.usec);
        row->taken_by = 0;
        row->reopened++;
        break;
    case WORKLIST_CLOSE:
        break;
    }
}

static RESULT tell_subject(struct txn *tx, const struct worklist_row *row)
{
    uint8_t payload[3 + 5 * 8 + WORKLIST_REASON_MAX];
    struct writer w = writer_over(payload, sizeof payload);

    if (row->subject_root.kind == ROOT_NONE) return OK;
    answer_write(&w, &(struct worklist_answer){ .worklist_id = row->id,
                                                .number = row->number,
                                                .subject_id = row->subject_id,
                                                .person_id = row->person_id,
                                                .kind = row->kind,
                                                .subject = row->subject,
                                                .outcome = row->outcome,
                                                .at = row->answered_at });
    assert(!w.over);
    return outbox_put(tx, WORKLIST_TOPIC_ANSWERED, row->subject_root, writer_bytes(&w));
}

struct move_call {
    const struct worklist_step *step;
    enum worklist_state state;
};

static struct err move_in_txn(struct txn *tx, void *arg)
{
    struct move_call *call = arg;
    const struct worklist_step *step = call->step;
    struct worklist_row row;
    enum worklist_state from, to;
    int64_t changed;
    bool found;

    TRY(row_load(tx, step->id, txn_arena(tx), &row, &found));
    REQUIRE(found, WORKLIST_UNKNOWN);
    TRY(judge(&row, step, &to));
    from = row.state;
    apply(&row, step, to);
    TRY(row_save(tx, &row, from, &changed));
    if (changed != 1) {
        return fault(FAULT_STORE_CORRUPT, "worklist: row %" PRId64 " did not move", row.id);
    }
    TRY(past_add(tx, row.id,
                 &(struct worklist_past){ .event = step->event,
                                          .state = to,
                                          .by_staff = step->by_staff,
                                          .by_person = step->by_person,
                                          .organisation_id = row.organisation_id,
                                          .reason = step->reason,
                                          .at = step->at }));
    if (step->event == WORKLIST_ANSWER) TRY(tell_subject(tx, &row));
    call->state = to;
    txn_result(tx, (int64_t)to);
    return OK;
}

RESULT worklist_move(struct store *store, const struct once *once, const struct worklist_step *step,
                     enum worklist_state *state)
{
    struct move_call call = { .step = step };
    int64_t kept;
    bool replayed;

    assert(step->sealed.n <= WORKLIST_SEALED_MAX);
    if (once) {
        TRY(store_run_once(store, NODE, once, move_in_txn, &call, &kept, &replayed));
        *state = (enum worklist_state)kept;
        return OK;
    }
    TRY(store_run(store, NODE, move_in_txn, &call));
    *state = call.state;
    return OK;
}

/* ---- reading ---- */

struct get_call {
    int64_t id, number;
    struct arena *arena;
    struct worklist_row row;
};

static struct err get_in_txn(struct txn *tx, void *arg)
{
    struct get_call *call = arg;
    bool found;

    if (call->number) {
        TRY(row_load_number(tx, call->number, call->arena, &call->row, &found));
    } else {
        TRY(row_load(tx, call->id, call->arena, &call->row, &found));
    }
    REQUIRE(found, WORKLIST_UNKNOWN);
    return OK;
}

RESULT worklist_get(struct store *store, int64_t id, struct arena *arena, struct worklist_row *out)
{
    struct get_call call = { .id = id, .arena = arena };

    TRY(store_read(store, get_in_txn, &call));
    *out = call.row;
    return OK;
}

RESULT worklist_find(struct store *store, int64_t number, struct arena *arena,
                     struct worklist_row *out)
{
    struct get_call call = { .number = number, .arena = arena };

    assert(number > 0);
    TRY(store_read(store, get_in_txn, &call));
    *out = call.row;
    return OK;
}

struct list_call {
    const struct worklist_query *query;
    struct arena *arena;
    struct worklist_page page;
};

static struct err list_in_txn(struct txn *tx, void *arg)
{
    struct list_call *call = arg;
    int limit = call->query->limit, n;

    TRY(rows_load(tx, call->query, limit + 1, call->arena, &call->page.rows, &n));
    call->page.n = n < limit ? n : limit;
    call->page.more = n > limit;
    return OK;
}

RESULT worklist_list(struct store *store, const struct worklist_query *query, struct arena *arena,
                     struct worklist_page *out)
{
    struct list_call call = { .query = query, .arena = arena };

    assert(query->limit >= 1);
    assert(query->limit <= WORKLIST_PAGE_MAX);
    TRY(store_read(store, list_in_txn, &call));
    *out = call.page;
    return OK;
}

struct past_call {
    int64_t id;
    struct arena *arena;
    struct worklist_past *past;
    int n;
};

static struct err past_in_txn(struct txn *tx, void *arg)
{
    struct past_call *call = arg;

    return past_load(tx, call->id, call->arena, &call->past, &call->n);
}

RESULT worklist_history(struct store *store, int64_t id, struct arena *arena,
                        struct worklist_past **out, int *n)
{
    struct past_call call = { .id = id, .arena = arena };

    TRY(store_read(store, past_in_txn, &call));
    REQUIRE(call.n > 0, WORKLIST_UNKNOWN);
    *out = call.past;
    *n = call.n;
    return OK;
}

struct sweep_call {
    struct instant before;
    int max;
    struct arena *arena;
    int64_t *ids;
    int n;
};

static struct err sweep_in_txn(struct txn *tx, void *arg)
{
    struct sweep_call *call = arg;

    return rows_answered_before(tx, call->before, call->max, call->arena, &call->ids, &call->n);
}

RESULT worklist_sweep(struct store *store, struct instant before, struct instant now, int max,
                      int *done)
{
    enum { SWEEP_MAX = 500 };
    uint8_t memory[SWEEP_MAX * 8 + 64];
    struct arena arena = arena_over(memory, sizeof memory);
    struct sweep_call call = { .before = before,
                               .max = max < SWEEP_MAX ? max : SWEEP_MAX,
                               .arena = &arena };

    *done = 0;
    TRY(store_read(store, sweep_in_txn, &call));
    for (int i = 0; i < call.n; i++) {
        enum worklist_state state;
        struct err end = worklist_move(
            store, NULL,
            &(struct worklist_step){
                .id = call.ids[i], .event = WORKLIST_CLOSE, .reason = S("time_passed"), .at = now },
            &state);
        if (end.code < 0) return end;
        *done += end.code == 0; /* refused: reopened in between */
    }
    return OK;
}
