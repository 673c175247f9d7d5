/* worklist/worklist_store.c - SQL of worklist rows; no rule lives here. */
#include "worklist/worklist_store.h"

static const struct stmt NUMBER_LOAD = {
    .name = "worklist: last number of a year",
    .types = "ii",
    .root = 1,
    .sql = "SELECT last FROM worklist_number WHERE node_id = $1 AND year = $2",
};
static const struct stmt NUMBER_SAVE = {
    .name = "worklist: take a number",
    .types = "iii",
    .root = 1,
    .sql = "INSERT INTO worklist_number (node_id, year, last) VALUES ($1, $2, $3)"
           " ON CONFLICT (node_id, year) DO UPDATE SET last = $3",
};

RESULT number_take(struct txn *tx, int64_t year, int64_t *number)
{
    int64_t last = 0;
    bool found;

    {
        ROW(row);
        TRY(txn_first(tx, &NUMBER_LOAD, IN(v_int(WORKLIST_NODE), v_int(year)), &row, &found));
        if (found) last = row_int(&row, 0);
    }
    TRY(txn_exec(tx, &NUMBER_SAVE, IN(v_int(WORKLIST_NODE), v_int(year), v_int(last + 1)), NULL));
    *number = year * WORKLIST_NUMBERS_A_YEAR + last + 1;
    return OK;
}

static const struct stmt ROW_INSERT = {
    .name = "worklist: open a row",
    .types = "iiiiiiiiiiiitbiiiib",
    .root = 1,
    .sql =
        "INSERT INTO worklist_row (node_id, id, number, kind, state, subject, subject_id,"
        " subject_root_kind, subject_root_id, person_id, organisation_id, region_code, reason,"
        " sealed, sealed_answer, message_id, opened_at, due_at, changed_at) VALUES ($1, $2, $3, $4,"
        " $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $19, $15, $16, $17, $18)",
};

RESULT row_insert(struct txn *tx, const struct worklist_row *row, int64_t message_id)
{
    return txn_exec(tx, &ROW_INSERT,
                    IN(v_int(WORKLIST_NODE), v_int(row->id), v_int(row->number), v_int(row->kind),
                       v_int(row->state), v_int(row->subject), v_int(row->subject_id),
                       v_int(row->subject_root.kind), v_int(row->subject_root.id),
                       v_int(row->person_id), v_int(row->organisation_id), v_int(row->region_code),
                       v_text(row->reason), v_blob(row->sealed), v_int_or_null(message_id),
                       v_at(row->opened_at), v_at(row->due_at), v_at(row->changed_at),
                       v_blob(row->sealed_answer)),
                    NULL);
}

static const struct stmt ROW_BY_MESSAGE = {
    .name = "worklist: find by message",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id FROM worklist_row WHERE node_id = $1 AND message_id = $2",
};

RESULT row_by_message(struct txn *tx, int64_t message_id, int64_t *id, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &ROW_BY_MESSAGE, IN(v_int(WORKLIST_NODE), v_int(message_id)), &row, found));
    if (*found) *id = row_int(&row, 0);
    return OK;
}

#define COLUMNS                                                                                    \
    "id, number, kind, state, subject, subject_id, subject_root_kind, subject_root_id, person_id," \
    " organisation_id, region_code, taken_by, reason, outcome, sealed, sealed_answer, opened_at,"  \
    " due_at, changed_at, answered_at, reopened"

static void row_of(const struct row *row, struct arena *arena, struct worklist_row *out)
{
    *out = (struct worklist_row){
        .id = row_int(row, 0),
        .number = row_int(row, 1),
        .kind = (enum worklist_kind)row_int(row, 2),
        .state = (enum worklist_state)row_int(row, 3),
        .subject = (enum worklist_subject)row_int(row, 4),
        .subject_id = row_int(row, 5),
        .subject_root = { (enum root_kind)row_int(row, 6), row_int(row, 7) },
        .person_id = row_int(row, 8),
        .organisation_id = row_int(row, 9),
        .region_code = (int32_t)row_int(row, 10),
        .taken_by = row_int(row, 11),
        .reason = arena_str(arena, row_text(row, 12)),
        .outcome = arena_str(arena, row_text(row, 13)),
        .sealed = arena_bytes(arena, row_blob(row, 14)),
        .sealed_answer = arena_bytes(arena, row_blob(row, 15)),
        .opened_at = row_at(row, 16),
        .due_at = row_at(row, 17),
        .changed_at = row_at(row, 18),
        .answered_at = row_at(row, 19),
        .reopened = (int)row_int(row, 20),
    };
}

static const struct stmt ROW_LOAD = {
    .name = "worklist: load a row",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM worklist_row WHERE node_id = $1 AND id = $2",
};
static const struct stmt ROW_LOAD_NUMBER = {
    .name = "worklist: load a row by number",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM worklist_row WHERE node_id = $1 AND number = $2",
};

static RESULT first_row(struct txn *tx, const struct stmt *stmt, int64_t key, struct arena *arena,
                        struct worklist_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, stmt, IN(v_int(WORKLIST_NODE), v_int(key)), &row, found));
    if (!*found) return OK;
    row_of(&row, arena, out);
    return arena->full ? fault(FAULT_MEMORY, "worklist: a row does not fit the arena") : OK;
}

RESULT row_load(struct txn *tx, int64_t id, struct arena *arena, struct worklist_row *out,
                bool *found)
{
    return first_row(tx, &ROW_LOAD, id, arena, out, found);
}

RESULT row_load_number(struct txn *tx, int64_t number, struct arena *arena,
                       struct worklist_row *out, bool *found)
{
    return first_row(tx, &ROW_LOAD_NUMBER, number, arena, out, found);
}

static const struct stmt ROW_SAVE = {
    .name = "worklist: move a row",
    .types = "iiiiiiiitbiiii",
    .root = 1,
    .sql =
        "UPDATE worklist_row SET state = $4, organisation_id = $5, region_code = $6, taken_by = $7,"
        " reopened = $8, outcome = $9, sealed_answer = $10, due_at = $11, changed_at = $12,"
        " answered_at = $13"
        " WHERE node_id = $1 AND id = $2 AND state = $3 AND number = $14",
};

RESULT row_save(struct txn *tx, const struct worklist_row *row, enum worklist_state from,
                int64_t *changed)
{
    return txn_exec(tx, &ROW_SAVE,
                    IN(v_int(WORKLIST_NODE), v_int(row->id), v_int(from), v_int(row->state),
                       v_int(row->organisation_id), v_int(row->region_code), v_int(row->taken_by),
                       v_int(row->reopened), v_text(row->outcome), v_blob(row->sealed_answer),
                       v_at(row->due_at), v_at(row->changed_at), v_at(row->answered_at),
                       v_int(row->number)),
                    changed);
}

#define FILTERS                                                                                    \
    " AND ($3 = 0 OR organisation_id = $3) AND ($4 = 0 OR person_id = $4)"                         \
    " AND ($5 = 0 OR taken_by = $5) AND ($6 = 0 OR kind = $6) AND ($7 = 0 OR state = $7)"          \
    " AND ($8 = 0 OR (due_at < $8 AND state IN (1, 2, 5)))"

static const struct stmt ROWS_LOAD = {
    .name = "worklist: list",
    .types = "iiiiiiiiii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM worklist_row WHERE node_id = $1 AND id < $2" FILTERS
           " AND ($9 = 0 OR region_code = $9) ORDER BY id DESC LIMIT $10",
};
/* Regions of a place and all below it: codes of GB/T 2260 nest by their digits, so a province is
 * [p, p + 9999] and a city [c, c + 99]. */
static const struct stmt ROWS_LOAD_WITHIN = {
    .name = "worklist: list within a region",
    .types = "iiiiiiiiiii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM worklist_row WHERE node_id = $1 AND id < $2" FILTERS
           " AND region_code BETWEEN $9 AND $10 ORDER BY id DESC LIMIT $11",
};

static RESULT collect(struct row *row, int max, struct arena *arena, struct worklist_row **rows,
                      int *n)
{
    struct worklist_row *out = NEW_ARRAY(arena, struct worklist_row, (size_t)max);
    int got = 0;

    if (!out) return fault(FAULT_MEMORY, "worklist: a page does not fit the arena");
    for (bool more;;) {
        TRY(row_next(row, &more));
        if (!more) break;
        assert(got < max);
        row_of(row, arena, &out[got++]);
    }
    if (arena->full) return fault(FAULT_MEMORY, "worklist: a page does not fit the arena");
    *rows = out;
    *n = got;
    return OK;
}

RESULT rows_load(struct txn *tx, const struct worklist_query *q, int max, struct arena *arena,
                 struct worklist_row **rows, int *n)
{
    int64_t before = q->before ? q->before : INT64_MAX;
    int32_t span = q->within % 10000 == 0 ? 9999 : q->within % 100 == 0 ? 99 : 0;
    ROW(row);

    if (q->within) {
        TRY(txn_query(tx, &ROWS_LOAD_WITHIN,
                      IN(v_int(WORKLIST_NODE), v_int(before), v_int(q->organisation_id),
                         v_int(q->person_id), v_int(q->taken_by), v_int(q->kind), v_int(q->state),
                         v_at(q->overdue_at), v_int(q->within), v_int(q->within + span),
                         v_int(max)),
                      &row));
    } else {
        TRY(txn_query(tx, &ROWS_LOAD,
                      IN(v_int(WORKLIST_NODE), v_int(before), v_int(q->organisation_id),
                         v_int(q->person_id), v_int(q->taken_by), v_int(q->kind), v_int(q->state),
                         v_at(q->overdue_at), v_int(q->region_code), v_int(max)),
                      &row));
    }
    return collect(&row, max, arena, rows, n);
}

static const struct stmt ROWS_ANSWERED = {
    .name = "worklist: answered and left alone",
    .types = "iii",
    .root = 1,
    .sql = "SELECT id FROM worklist_row WHERE node_id = $1 AND state = 3 AND answered_at < $2"
           " ORDER BY id LIMIT $3",
};

RESULT rows_answered_before(struct txn *tx, struct instant before, int max, struct arena *arena,
                            int64_t **ids, int *n)
{
    int64_t *out = NEW_ARRAY(arena, int64_t, (size_t)max);
    int got = 0;
    ROW(row);

    if (!out) return fault(FAULT_MEMORY, "worklist: a page does not fit the arena");
    TRY(txn_query(tx, &ROWS_ANSWERED, IN(v_int(WORKLIST_NODE), v_at(before), v_int(max)), &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        assert(got < max);
        out[got++] = row_int(&row, 0);
    }
    *ids = out;
    *n = got;
    return OK;
}

static const struct stmt PAST_ADD = {
    .name = "worklist: add to the past",
    .types = "iiiiiiiti",
    .root = 1,
    .sql = "INSERT INTO worklist_past (node_id, row_id, n, event, state, by_staff, by_person,"
           " organisation_id, reason, at) VALUES ($1, $2, (SELECT COUNT(*) + 1 FROM worklist_past"
           " WHERE node_id = $1 AND row_id = $2), $3, $4, $5, $6, $7, $8, $9)",
};

RESULT past_add(struct txn *tx, int64_t row_id, const struct worklist_past *past)
{
    return txn_exec(tx, &PAST_ADD,
                    IN(v_int(WORKLIST_NODE), v_int(row_id), v_int(past->event), v_int(past->state),
                       v_int(past->by_staff), v_int(past->by_person), v_int(past->organisation_id),
                       v_text(past->reason), v_at(past->at)),
                    NULL);
}

static const struct stmt PAST_LOAD = {
    .name = "worklist: load the past",
    .types = "iii",
    .root = 1,
    .sql =
        "SELECT event, state, by_staff, by_person, organisation_id, reason, at FROM worklist_past"
        " WHERE node_id = $1 AND row_id = $2 ORDER BY n LIMIT $3",
};

RESULT past_load(struct txn *tx, int64_t row_id, struct arena *arena, struct worklist_past **out,
                 int *n)
{
    struct worklist_past *past = NEW_ARRAY(arena, struct worklist_past, WORKLIST_PAST_MAX);
    int got = 0;
    ROW(row);

    if (!past) return fault(FAULT_MEMORY, "worklist: the past does not fit the arena");
    TRY(txn_query(tx, &PAST_LOAD, IN(v_int(WORKLIST_NODE), v_int(row_id), v_int(WORKLIST_PAST_MAX)),
                  &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        assert(got < WORKLIST_PAST_MAX);
        past[got++] = (struct worklist_past){
            .event = (enum worklist_event)row_int(&row, 0),
            .state = (enum worklist_state)row_int(&row, 1),
            .by_staff = row_int(&row, 2),
            .by_person = row_int(&row, 3),
            .organisation_id = row_int(&row, 4),
            .reason = arena_str(arena, row_text(&row, 5)),
            .at = row_at(&row, 6),
        };
    }
    if (arena->full) return fault(FAULT_MEMORY, "worklist: the past does not fit the arena");
    *out = past;
    *n = got;
    return OK;
}
