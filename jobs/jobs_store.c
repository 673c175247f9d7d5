/* jobs/jobs_store.c - SQL of jobs and schedules; no rule lives here. */
#include "jobs/jobs_store.h"

static const struct stmt JOB_INSERT = {
    .name = "jobs: put",
    .types = "iitbiiiiib",
    .root = 1,
    .sql = "INSERT INTO job (node_id, id, kind, state, ask, saved, put_by, region_code, message_id,"
           " put_at, due_at) VALUES ($1, $2, $3, 1, $4, $10, $5, $6, $7, $8, $9)",
};

RESULT job_insert(struct txn *tx, int64_t id, const struct job_ask *ask, int64_t message_id)
{
    struct instant due = ask->not_before.usec ? ask->not_before : ask->at;

    return txn_exec(tx, &JOB_INSERT,
                    IN(v_int(JOBS_NODE), v_int(id), v_text(ask->kind), v_blob(ask->ask),
                       v_int(ask->by), v_int(ask->region_code), v_int_or_null(message_id),
                       v_at(ask->at), v_at(due), v_blob((struct bytes){ 0 })),
                    NULL);
}

static const struct stmt JOB_BY_MESSAGE = {
    .name = "jobs: find by message",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id FROM job WHERE node_id = $1 AND message_id = $2",
};

RESULT job_by_message(struct txn *tx, int64_t message_id, int64_t *id, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &JOB_BY_MESSAGE, IN(v_int(JOBS_NODE), v_int(message_id)), &row, found));
    if (*found) *id = row_int(&row, 0);
    return OK;
}

/* Lists and judgements read the head; the two blobs only for running. */
#define HEAD                                                                                       \
    "id, kind, state, done, total, note, code, tries, put_by, region_code, cancel_asked, put_at,"  \
    " due_at, started_at, ended_at, fence, lease_until"

static void head_of(const struct row *row, struct arena *arena, struct job *out)
{
    *out = (struct job){
        .id = row_int(row, 0),
        .kind = arena_str(arena, row_text(row, 1)),
        .state = (enum job_state)row_int(row, 2),
        .done = row_int(row, 3),
        .of = row_int(row, 4),
        .note = arena_str(arena, row_text(row, 5)),
        .code = (int32_t)row_int(row, 6),
        .tries = row_int(row, 7),
        .by = row_int(row, 8),
        .region_code = (int32_t)row_int(row, 9),
        .cancel_asked = row_int(row, 10) != 0,
        .put_at = row_at(row, 11),
        .due_at = row_at(row, 12),
        .started_at = row_at(row, 13),
        .ended_at = row_at(row, 14),
        .fence = row_int(row, 15),
        .lease_until = row_at(row, 16),
    };
}

static const struct stmt JOB_LOAD = {
    .name = "jobs: load",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " HEAD ", ask, saved FROM job WHERE node_id = $1 AND id = $2",
};

RESULT job_load(struct txn *tx, int64_t id, struct arena *arena, struct job_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &JOB_LOAD, IN(v_int(JOBS_NODE), v_int(id)), &row, found));
    if (!*found) return OK;
    head_of(&row, arena, &out->job);
    out->ask = arena_bytes(arena, row_blob(&row, 17));
    out->saved = arena_bytes(arena, row_blob(&row, 18));
    return arena->full ? fault(FAULT_MEMORY, "jobs: a row does not fit the arena") : OK;
}

static const struct stmt JOB_HEAD = {
    .name = "jobs: load a head",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " HEAD " FROM job WHERE node_id = $1 AND id = $2",
};

RESULT job_load_head(struct txn *tx, int64_t id, struct arena *arena, struct job *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &JOB_HEAD, IN(v_int(JOBS_NODE), v_int(id)), &row, found));
    if (!*found) return OK;
    head_of(&row, arena, out);
    return arena->full ? fault(FAULT_MEMORY, "jobs: a row does not fit the arena") : OK;
}

static const struct stmt JOB_FIND_DUE = {
    .name = "jobs: find one due",
    .types = "itii",
    .root = 1,
    .sql = "SELECT id FROM job WHERE node_id = $1 AND kind = $2"
           " AND ((state = 1 AND due_at <= $3)"
           " OR (state = 2 AND due_at <= $3 AND (lease_until <= $3 OR incarnation <> $4)))"
           " ORDER BY due_at, id LIMIT 1",
};

RESULT job_find_due(struct txn *tx, struct str kind, struct instant now, int64_t incarnation,
                    int64_t *id, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &JOB_FIND_DUE,
                  IN(v_int(JOBS_NODE), v_text(kind), v_at(now), v_int(incarnation)), &row, found));
    if (*found) *id = row_int(&row, 0);
    return OK;
}

static const struct stmt JOB_TAKE = {
    .name = "jobs: take",
    .types = "iiiiiii",
    .root = 1,
    .sql = "UPDATE job SET state = 2, fence = $3, runner = $4, incarnation = $5, lease_until = $7,"
           " started_at = CASE WHEN started_at = 0 THEN $6 ELSE started_at END"
           " WHERE node_id = $1 AND id = $2 AND fence = $3 - 1",
};

RESULT job_take_row(struct txn *tx, int64_t id, int64_t fence, int64_t runner, int64_t incarnation,
                    struct instant now, struct instant lease_until)
{
    return txn_exec(tx, &JOB_TAKE,
                    IN(v_int(JOBS_NODE), v_int(id), v_int(fence), v_int(runner), v_int(incarnation),
                       v_at(now), v_at(lease_until)),
                    NULL);
}

static const struct stmt JOB_SAVE = {
    .name = "jobs: save",
    .types = "iiibiitiiiiii",
    .root = 1,
    .sql = "UPDATE job SET saved = $4, done = $5, total = $6, note = $7, state = $8, code = $9,"
           " due_at = $10, lease_until = $11, ended_at = $12, tries = $13"
           " WHERE node_id = $1 AND id = $2 AND fence = $3 AND state = 2",
};

RESULT job_save_row(struct txn *tx, const struct job_save *save, int64_t *changed)
{
    return txn_exec(tx, &JOB_SAVE,
                    IN(v_int(JOBS_NODE), v_int(save->id), v_int(save->fence), v_blob(save->saved),
                       v_int(save->done), v_int(save->of), v_text(save->note), v_int(save->state),
                       v_int(save->code), v_at(save->due_at), v_at(save->lease_until),
                       v_at(save->ended_at), v_int(save->tries)),
                    changed);
}

static const struct stmt JOB_CANCEL = {
    .name = "jobs: ask to cancel",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE job SET cancel_asked = 1, state = CASE WHEN $3 = 1 THEN 5 ELSE state END,"
           " ended_at = CASE WHEN $3 = 1 THEN $4 ELSE ended_at END"
           " WHERE node_id = $1 AND id = $2",
};

RESULT job_set_cancel(struct txn *tx, int64_t id, bool end_now, struct instant at)
{
    return txn_exec(tx, &JOB_CANCEL, IN(v_int(JOBS_NODE), v_int(id), v_int(end_now), v_at(at)),
                    NULL);
}

static const struct stmt JOB_REQUEUE = {
    .name = "jobs: queue again",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE job SET state = 1, cancel_asked = 0, code = 0, tries = 0, ended_at = 0,"
           " due_at = $3 WHERE node_id = $1 AND id = $2",
};

RESULT job_requeue(struct txn *tx, int64_t id, struct instant at)
{
    return txn_exec(tx, &JOB_REQUEUE, IN(v_int(JOBS_NODE), v_int(id), v_at(at)), NULL);
}

static const struct stmt JOBS_LOAD = {
    .name = "jobs: list",
    .types = "iitii",
    .root = 1,
    .sql = "SELECT " HEAD " FROM job WHERE node_id = $1 AND ($2 = 0 OR state = $2)"
           " AND ($3 = '' OR kind = $3) AND id < $4 ORDER BY id DESC LIMIT $5",
};

RESULT jobs_load(struct txn *tx, enum job_state state, struct str kind, int64_t before, int max,
                 struct arena *arena, struct job **jobs, int *n)
{
    struct job *out = NEW_ARRAY(arena, struct job, (size_t)max);
    int got = 0;
    ROW(row);

    if (!out) return fault(FAULT_MEMORY, "jobs: a page does not fit the arena");
    TRY(txn_query(tx, &JOBS_LOAD,
                  IN(v_int(JOBS_NODE), v_int(state), v_text(kind), v_int(before), v_int(max)),
                  &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        assert(got < max);
        head_of(&row, arena, &out[got++]);
    }
    if (arena->full) return fault(FAULT_MEMORY, "jobs: a page does not fit the arena");
    *jobs = out;
    *n = got;
    return OK;
}

static const struct stmt SCHEDULE_LOAD = {
    .name = "jobs: load a schedule",
    .types = "it",
    .root = 1,
    .sql = "SELECT due_at, job_id FROM job_schedule WHERE node_id = $1 AND kind = $2",
};

RESULT schedule_load(struct txn *tx, struct str kind, struct instant *due_at, int64_t *job_id,
                     bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &SCHEDULE_LOAD, IN(v_int(JOBS_NODE), v_text(kind)), &row, found));
    if (!*found) return OK;
    *due_at = row_at(&row, 0);
    *job_id = row_int(&row, 1);
    return OK;
}

static const struct stmt SWEPT_FORGET = {
    .name = "jobs: forget ended sweeps",
    .types = "itii",
    .root = 1,
    .sql = "DELETE FROM job WHERE node_id = $1 AND id IN"
           " (SELECT id FROM job WHERE node_id = $1 AND state = 3 AND kind = $2 AND put_by = 0"
           " AND ended_at < $3 ORDER BY id LIMIT $4)",
};

RESULT swept_forget(struct txn *tx, struct str kind, struct instant before, int max)
{
    return txn_exec(tx, &SWEPT_FORGET, IN(v_int(JOBS_NODE), v_text(kind), v_at(before), v_int(max)),
                    NULL);
}

static const struct stmt SCHEDULE_SAVE = {
    .name = "jobs: save a schedule",
    .types = "itii",
    .root = 1,
    .sql = "INSERT INTO job_schedule (node_id, kind, due_at, job_id) VALUES ($1, $2, $3, $4)"
           " ON CONFLICT (node_id, kind) DO UPDATE SET due_at = $3, job_id = $4",
};

RESULT schedule_save(struct txn *tx, struct str kind, struct instant due_at, int64_t job_id)
{
    return txn_exec(tx, &SCHEDULE_SAVE,
                    IN(v_int(JOBS_NODE), v_text(kind), v_at(due_at), v_int(job_id)), NULL);
}
