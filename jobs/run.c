/* jobs/run.c - taking a due job and running its steps, each saved under the lease. */
#include "jobs/jobs_store.h"

#define NODE ((struct root){ ROOT_NODE, JOBS_NODE })
enum { JOB_BYTES = 2 * JOB_STATE_MAX + JOB_ASK_MAX + 64 * 1024, STEP_BYTES = 1024 * 1024 };

struct jobs {
    struct store *store;
    const struct job_kind *kinds;
    size_t n;
    int64_t runner;
    struct arena arena; /* this struct lies in it */
};

RESULT jobs_open(struct store *store, const struct job_kind *kinds, size_t n, int64_t runner,
                 struct jobs **out)
{
    struct arena arena;
    struct jobs *jobs;

    assert(runner > 0);
    TRY(arena_open(&arena, sizeof *jobs + 64));
    jobs = NEW(&arena, struct jobs);
    assert(jobs);
    *jobs =
        (struct jobs){ .store = store, .kinds = kinds, .n = n, .runner = runner, .arena = arena };
    *out = jobs;
    return OK;
}

void jobs_close(struct jobs *jobs)
{
    if (!jobs) return;
    struct arena arena = jobs->arena;
    arena_close(&arena);
}

/* ---- taking ---- */

struct take_call {
    const struct jobs *jobs;
    const struct job_kind *kind;
    struct instant now;
    int64_t incarnation;
    struct arena *arena;
    struct job_row row;
    bool taken;
};

/* How long a sweep that went well is listed; a minute's sweep would else fill the table. */
#define SWEEP_KEPT_USEC USEC_PER_DAY
enum { SWEEP_FORGET_MAX = 20 };

/* A sweep that is due gets a job, unless its last one is still at it. */
static RESULT schedule_due(struct txn *tx, struct take_call *call)
{
    struct str kind = str_of(call->kind->name);
    struct instant due = { 0 };
    struct job last;
    int64_t id = 0;
    bool found;

    if (call->kind->every_usec <= 0) return OK;
    TRY(schedule_load(tx, kind, &due, &id, &found));
    if (found && instant_before(call->now, due)) return OK;
    if (id != 0) {
        TRY(job_load_head(tx, id, txn_arena(tx), &last, &found));
        if (found && (last.state == JOB_QUEUED || last.state == JOB_RUNNING)) return OK;
    }
    TRY(swept_forget(tx, kind, instant_add(call->now, -SWEEP_KEPT_USEC), SWEEP_FORGET_MAX));
    TRY(job_put(tx, &(struct job_ask){ .kind = kind, .at = call->now }, &id));
    return schedule_save(tx, kind, instant_add(call->now, call->kind->every_usec), id);
}

static struct err take_in_txn(struct txn *tx, void *arg)
{
    struct take_call *call = arg;
    int64_t id;
    bool found;

    call->taken = false;
    arena_reset(call->arena);
    TRY(schedule_due(tx, call));
    TRY(job_find_due(tx, str_of(call->kind->name), call->now, call->incarnation, &id, &found));
    if (!found) return OK;
    TRY(job_load(tx, id, call->arena, &call->row, &found));
    assert(found);
    call->row.job.fence++;
    TRY(job_take_row(tx, id, call->row.job.fence, call->jobs->runner, call->incarnation, call->now,
                     instant_add(call->now, JOB_LEASE_USEC)));
    call->taken = true;
    return OK;
}

struct due_call {
    const struct job_kind *kind;
    struct instant now;
    int64_t incarnation;
    bool due;
};

/* Is there anything to take? Asked by reading first, so that an idle node writes nothing. */
static struct err due_in_txn(struct txn *tx, void *arg)
{
    struct due_call *call = arg;
    struct str kind = str_of(call->kind->name);
    int64_t id;

    TRY(job_find_due(tx, kind, call->now, call->incarnation, &id, &call->due));
    if (!call->due && call->kind->every_usec > 0) {
        struct instant due = { 0 };
        bool found;
        TRY(schedule_load(tx, kind, &due, &id, &found));
        call->due = !found || !instant_before(call->now, due);
    }
    return OK;
}

static RESULT take_one(const struct jobs *jobs, struct instant now, struct arena *arena,
                       struct take_call *out)
{
    struct store_health health;

    TRY(store_health(jobs->store, &health));
    for (size_t i = 0; i < jobs->n; i++) {
        struct due_call due = { &jobs->kinds[i], now, health.incarnation, false };
        TRY(store_read(jobs->store, due_in_txn, &due));
        if (!due.due) continue;
        *out = (struct take_call){ .jobs = jobs,
                                   .kind = &jobs->kinds[i],
                                   .now = now,
                                   .incarnation = health.incarnation,
                                   .arena = arena };
        TRY(store_run(jobs->store, NODE, take_in_txn, out));
        if (out->taken) return OK;
    }
    out->taken = false;
    return OK;
}

/* ---- running ---- */

struct save_call {
    struct job_save save;
    bool cancel_asked;
};

static struct err save_in_txn(struct txn *tx, void *arg)
{
    struct save_call *call = arg;
    struct job job;
    int64_t changed;
    bool found;

    TRY(job_save_row(tx, &call->save, &changed));
    REQUIRE(changed == 1, JOBS_LEASE_LOST);
    TRY(job_load_head(tx, call->save.id, txn_arena(tx), &job, &found));
    call->cancel_asked = found && job.cancel_asked;
    return OK;
}

/* 1, 2, 4 ... seconds, at most ten minutes. */
static int64_t pause_usec(int64_t tries)
{
    int64_t seconds = INT64_C(1) << (tries < 10 ? tries - 1 : 9);

    return (seconds < 600 ? seconds : 600) * USEC_PER_SEC;
}

/* What a step's end makes of the job. */
static void judge_step(struct job_save *save, const struct job_run *run, struct err end,
                       struct instant now)
{
    save->lease_until = instant_add(now, JOB_LEASE_USEC);
    save->due_at = now;
    save->code = end.code;
    if (end.code == 0) {
        save->tries = 0;
        save->saved = run->state;
        save->done = run->done;
        save->of = run->of;
        save->note = run->note;
        if (run->finished) save->state = JOB_DONE;
    } else if (end.code == JOBS_CANCELLED) {
        save->state = JOB_CANCELLED;
    } else if (end.code > 0 || ++save->tries >= JOB_TRIES) {
        save->state = JOB_FAILED;
    } else { /* a fault: the last save stays, and the next try waits */
        save->due_at = instant_add(now, pause_usec(save->tries));
        save->lease_until = now;
    }
    if (save->state != JOB_RUNNING) save->ended_at = now;
}

/* Steps until the job ends, a fault pauses it, or it is time to stop. */
static RESULT run_steps(struct jobs *jobs, struct take_call *took, struct arena *scratch,
                        uint8_t *state, int64_t budget_usec, const volatile bool *stop,
                        struct job_ran *ran)
{
    struct job_row *row = &took->row;
    struct save_call call = { .save = { .id = row->job.id,
                                        .fence = row->job.fence,
                                        .saved = row->saved,
                                        .done = row->job.done,
                                        .of = row->job.of,
                                        .note = row->job.note,
                                        .tries = row->job.tries,
                                        .state = JOB_RUNNING },
                              .cancel_asked = row->job.cancel_asked };
    struct instant began = took->now;
    char note[JOB_NOTE_MAX];

    for (;;) {
        struct instant now = store_now(jobs->store);
        struct job_run run = {
            .store = jobs->store,
            .job_id = row->job.id,
            .ask = row->ask,
            .state = call.save.saved,
            .done = call.save.done,
            .of = call.save.of,
            .cancel_asked = call.cancel_asked,
            .now = now,
            .note = call.save.note,
            .arena = scratch,
        };
        struct err end;
        arena_reset(scratch);
        end = took->kind->step(took->kind->arg, &run);
        if (end.code == 0 && run.cancel_asked && !run.finished) {
            end.code = JOBS_CANCELLED; /* the step had nothing to clean up */
        }
        assert(run.state.n <= JOB_STATE_MAX);
        assert(run.note.n <= JOB_NOTE_MAX);
        judge_step(&call.save, &run, end, store_now(jobs->store));
        ran->end = end;
        ran->failed = call.save.state == JOB_FAILED;
        TRY(store_run(jobs->store, NODE, save_in_txn, &call));
        if (call.save.state != JOB_RUNNING || end.code < 0) return OK;
        /* what was saved lives in the scratch arena: keep it over the next reset */
        memmove(state, call.save.saved.p ? call.save.saved.p : state, call.save.saved.n);
        memmove(note, call.save.note.p ? call.save.note.p : note, call.save.note.n);
        call.save.saved = bytes_of(state, call.save.saved.n);
        call.save.note = (struct str){ note, call.save.note.n };
        if ((stop && *stop) || store_now(jobs->store).usec - began.usec >= budget_usec) {
            call.save.lease_until = store_now(jobs->store); /* anybody may go on */
            return store_run(jobs->store, NODE, save_in_txn, &call);
        }
    }
}

RESULT jobs_run_one(struct jobs *jobs, struct instant now, int64_t budget_usec,
                    const volatile bool *stop, struct job_ran *ran)
{
    struct arena arena;
    struct arena scratch;
    struct take_call took = { 0 };
    struct err end;

    *ran = (struct job_ran){ .kind = NULL };
    TRY(arena_open(&arena, JOB_BYTES));
    end = arena_open(&scratch, STEP_BYTES);
    if (end.code != 0) {
        arena_close(&arena);
        return end;
    }
    end = take_one(jobs, now, &arena, &took);
    if (end.code == 0 && took.taken) {
        uint8_t *state = arena_take(&arena, JOB_STATE_MAX, 1);
        ran->kind = took.kind->name;
        end = state ? run_steps(jobs, &took, &scratch, state, budget_usec, stop, ran)
                    : fault(FAULT_MEMORY, "jobs: no room for a job's state");
    }
    arena_close(&scratch);
    arena_close(&arena);
    return end;
}
