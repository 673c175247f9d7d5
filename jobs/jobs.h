/* jobs/jobs.h - long work that outlives a cut: progress, checkpoints, cancel, retry, schedules.
 *
 * A job is a row of this node (root ROOT_NODE) with a kind, an ask and a state blob. A kind's
 * `step` does a piece of the work (some store_run calls of its own, under other roots) and moves
 * the state; after each step state and progress are saved under the runner's lease. A cut between a
 * step's work and its save means the step runs again from the state before it: steps are made to be
 * repeated.
 *
 * Exactly one runner: taking a job raises its `fence`, and a save needs the fence it took with, so
 * a runner that lost its lease (slow, paused, another incarnation of the store) can change nothing.
 */
#pragma once
#include "base/base.h"
#include "store/store.h"

enum jobs_refusal {
    JOBS_UNKNOWN = 4701,      /* no job has that id */
    JOBS_KIND_UNKNOWN = 4702, /* no handler of that name in this program */
    JOBS_ENDED = 4703,        /* done, failed or cancelled already */
    JOBS_NOT_FAILED = 4704,   /* only a failed or cancelled job is retried */
    JOBS_LEASE_LOST = 4705,   /* another runner took the job */
    JOBS_CANCELLED = 4706, /* a step sees this when cancelling was asked for: clean up, return it */
};
enum {
    JOB_STATE_MAX = 64 * 1024,
    JOB_ASK_MAX = 16 * 1024,
    JOB_KIND_MAX = 48,
    JOB_NOTE_MAX = 200,
    JOB_TRIES = 8,
    JOBS_PAGE_MAX = 200
};
#define JOB_LEASE_USEC (30 * USEC_PER_SEC) /* renewed by every save */
enum { JOBS_NODE = 1 };                    /* ROOT_NODE id of a node's own rows */

enum job_state { JOB_QUEUED = 1, JOB_RUNNING = 2, JOB_DONE = 3, JOB_FAILED = 4, JOB_CANCELLED = 5 };

struct job_run { /* what a step works with */
    struct store *store;
    int64_t job_id;
    struct bytes ask;   /* as given to job_put */
    struct bytes state; /* of the last save; empty at first; a step points it to what is to be saved
                           (in `arena`, or anywhere that lives until the step returns) */
    int64_t done, of;   /* progress; a step sets them; of 0: not known */
    bool finished;      /* a step sets it when nothing is left */
    bool cancel_asked;
    struct instant now;  /* at the start of the step */
    struct str note;     /* one line for people, codes and counts; never personal */
    struct arena *arena; /* reset before each step */
};
struct job_kind {
    const char *name; /* "registry.loss_lapse" */
    /* OK: saved, called again until finished. A refusal: the job fails with that code. A fault:
     * tried again from the last save with growing pauses, JOB_TRIES in a row, then it fails. */
    RESULT (*step)(void *arg, struct job_run *run);
    void *arg;
    int64_t
        every_usec; /* > 0: a sweep, due again that long after its last start; never two at once */
};
struct jobs;
/* kinds: borrowed; their order is the order of running. runner: this process, > 0, e.g. a new id.
 */
RESULT jobs_open(struct store *store, const struct job_kind *kinds, size_t n, int64_t runner,
                 struct jobs **out);
void jobs_close(struct jobs *jobs);

struct job_ask {
    struct str kind;
    struct bytes ask;
    int64_t by; /* staff id; 0: the system */
    int32_t region_code;
    struct instant at;
    struct instant not_before; /* 0: at once */
};
/* In the caller's transaction, root ROOT_NODE JOBS_NODE; from other roots send JOBS_TOPIC_PUT. */
RESULT job_put(struct txn *tx, const struct job_ask *ask, int64_t *job_id);
RESULT job_start(struct store *store, const struct once *once, const struct job_ask *ask,
                 int64_t *job_id);
#define JOBS_TOPIC_PUT "job"
void job_ask_write(struct writer *w, const struct job_ask *ask); /* payload of JOBS_TOPIC_PUT */
RESULT job_take(void *store, const struct message *message);     /* its outbox_handler */

struct job_ran {
    const char *kind; /* NULL: nothing was due */
    struct err end; /* of its last step: a refusal ended the job, a fault pauses it or ends it; the
                       fault's note is this thread's newest */
    bool failed;    /* it is not tried again by itself */
};
/* Take one due job (or sweep) and run it until it ends, a fault, `stop` is set, or budget_usec is
 * over (it goes on at the next call). What its step ended with is in *ran, for the log; OK means
 * that it was saved. Any number of threads and processes may call. Sweeps of kinds with every_usec
 * are started from here. */
RESULT jobs_run_one(struct jobs *jobs, struct instant now, int64_t budget_usec,
                    const volatile bool *stop, struct job_ran *ran);

struct job {
    int64_t id, by, done, of, fence, tries;
    struct str kind, note;
    enum job_state state;
    int32_t region_code;
    int32_t code; /* refusal or fault it ended or stumbled with; 0 none */
    bool cancel_asked;
    struct instant put_at, started_at, ended_at, due_at, lease_until;
};
RESULT job_get(struct store *store, int64_t job_id, struct arena *arena, struct job *out);
struct job_page {
    struct job *jobs; /* newest first */
    int n;
    bool more;
};
/* state 0: any; kind empty: any; before: cursor, a job id. */
RESULT job_list(struct store *store, enum job_state state, struct str kind, int64_t before,
                int limit, struct arena *arena, struct job_page *out);
/* Ask a running job to stop at its next step; a queued one ends at once. Repeatable. */
RESULT job_cancel(struct store *store, int64_t job_id, struct instant at);
/* Queue a failed or cancelled job again, from its last save. */
RESULT job_retry(struct store *store, int64_t job_id, struct instant at);
/* The same as part of a transaction of ROOT_NODE JOBS_NODE, beside the line that says who did it.
 */
RESULT job_cancel_in(struct txn *tx, int64_t job_id, struct instant at);
RESULT job_retry_in(struct txn *tx, int64_t job_id, struct instant at);
const char *job_state_name(enum job_state state);
