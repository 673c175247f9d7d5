/* jobs/jobs_store.h - rows of jobs and schedules; this folder only. */
#pragma once
#include "jobs/jobs.h"

struct job_row {
    struct job job;
    struct bytes ask, saved;
};
RESULT job_insert(struct txn *tx, int64_t id, const struct job_ask *ask, int64_t message_id);
RESULT job_by_message(struct txn *tx, int64_t message_id, int64_t *id, bool *found);
RESULT job_load(struct txn *tx, int64_t id, struct arena *arena, struct job_row *out, bool *found);
RESULT job_load_head(struct txn *tx, int64_t id, struct arena *arena, struct job *out, bool *found);
/* The due job of `kind` that waits longest: queued, or running with its lease over or taken under
 * another incarnation. */
RESULT job_find_due(struct txn *tx, struct str kind, struct instant now, int64_t incarnation,
                    int64_t *id, bool *found);
RESULT job_take_row(struct txn *tx, int64_t id, int64_t fence, int64_t runner, int64_t incarnation,
                    struct instant now, struct instant lease_until);
struct job_save {
    int64_t id, fence;
    struct bytes saved;
    int64_t done, of, tries;
    struct str note;
    enum job_state state;
    int code;
    struct instant due_at, lease_until, ended_at;
};
/* Only while the fence is still ours: *changed 0 when it is not. */
RESULT job_save_row(struct txn *tx, const struct job_save *save, int64_t *changed);
RESULT job_set_cancel(struct txn *tx, int64_t id, bool end_now, struct instant at);
RESULT job_requeue(struct txn *tx, int64_t id, struct instant at);
RESULT jobs_load(struct txn *tx, enum job_state state, struct str kind, int64_t before, int max,
                 struct arena *arena, struct job **jobs, int *n);
RESULT schedule_load(struct txn *tx, struct str kind, struct instant *due_at, int64_t *job_id,
                     bool *found);
/* Remove at most max done jobs of a sweep that ended before then: what a schedule made tells
 * nothing for long. */
RESULT swept_forget(struct txn *tx, struct str kind, struct instant before, int max);
RESULT schedule_save(struct txn *tx, struct str kind, struct instant due_at, int64_t job_id);
