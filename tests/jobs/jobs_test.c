/* tests/jobs/jobs_test.c - work that goes on after a kill, is done by one runner at a time, is
 * cancelled, retried and started by schedule. */
#include "tests/fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include "jobs/jobs.h"

enum { PIECES = 10 };

struct worker { /* what the test's steps do */
    int steps, dies_at, faults, refuses_at;
    int64_t last_seen; /* the piece the state said was next */
    struct fixture *f;
};

/* Piece after piece; the state is the number of the next one. */
static struct err count_step(void *arg, struct job_run *run)
{
    struct worker *worker = arg;
    struct cursor c = cursor_over(run->state);
    int64_t piece = run->state.n ? (int64_t)take_be64(&c) : 0;
    uint8_t *state = arena_take(run->arena, 8, 1);
    struct writer w = writer_over(state, 8);

    worker->last_seen = piece;
    worker->steps++;
    if (run->cancel_asked) return (struct err){ .code = JOBS_CANCELLED };
    if (worker->dies_at && piece == worker->dies_at) _exit(9); /* done, and not saved */
    if (worker->faults > 0) {
        worker->faults--;
        return fault(FAULT_IO, "no luck");
    }
    if (worker->refuses_at && piece == worker->refuses_at) return (struct err){ .code = 4999 };
    put_be64(&w, (uint64_t)(piece + 1));
    run->state = writer_bytes(&w);
    run->done = piece + 1;
    run->of = PIECES;
    run->note = S("counting");
    run->finished = piece + 1 == PIECES;
    return OK;
}

static struct job job_now(struct fixture *f, int64_t id)
{
    static uint8_t memory[4096];
    struct arena arena = arena_over(memory, sizeof memory);
    struct job job = { 0 };

    CHECK_OK("a job", job_get(f->store, id, &arena, &job));
    return job;
}

static int64_t start(struct fixture *f, const char *kind)
{
    struct job_ask ask = { .kind = str_of(kind), .ask = str_bytes(S("ask")), .at = fixture_now(f) };
    int64_t id = 0;

    CHECK_OK("start", job_start(f->store, NULL, &ask, &id));
    return id;
}

static bool run(struct fixture *f, const struct job_kind *kinds, size_t n, int64_t budget_usec)
{
    struct jobs *jobs;
    struct job_ran ran;

    CHECK_OK("open", jobs_open(f->store, kinds, n, 7, &jobs));
    CHECK_OK("run", jobs_run_one(jobs, fixture_now(f), budget_usec, NULL, &ran));
    jobs_close(jobs);
    if (ran.kind) CHECK_STR("its kind is told", str_of(ran.kind), str_of(kinds[0].name));
    return ran.kind != NULL;
}

static void check_running(struct fixture *f)
{
    struct worker worker = { 0 };
    const struct job_kind kinds[] = { { .name = "count", .step = count_step, .arg = &worker } };
    int64_t id = start(f, "count");
    struct job job;

    CHECK("something was due", run(f, kinds, 1, USEC_PER_HOUR));
    job = job_now(f, id);
    CHECK_INT("done", job.state, JOB_DONE);
    CHECK_INT("all pieces", job.done, PIECES);
    CHECK_INT("of all", job.of, PIECES);
    CHECK_INT("a step each", worker.steps, PIECES);
    CHECK("nothing is left", !run(f, kinds, 1, USEC_PER_HOUR));
    CHECK_CODE("a done job is not cancelled", job_cancel(f->store, id, fixture_now(f)), JOBS_ENDED);
    CHECK_CODE("nor retried", job_retry(f->store, id, fixture_now(f)), JOBS_NOT_FAILED);
    CHECK_CODE("an unknown one", job_cancel(f->store, 5, fixture_now(f)), JOBS_UNKNOWN);

    worker = (struct worker){ 0 };
    id = start(f, "count");
    CHECK("a budget of nothing does one step", run(f, kinds, 1, 0));
    CHECK_INT("one", job_now(f, id).done, 1);
    CHECK_INT("it goes on", job_now(f, id).state, JOB_RUNNING);
    while (job_now(f, id).state == JOB_RUNNING && run(f, kinds, 1, 0)) {}
    CHECK_INT("until it is done", job_now(f, id).done, PIECES);
    CHECK_INT("no piece twice", worker.steps, PIECES);

    start(f, "other");
    CHECK("kinds of other programs are left alone", !run(f, kinds, 1, USEC_PER_HOUR));
}

static void check_failing(struct fixture *f)
{
    struct worker worker = { .faults = 3 };
    const struct job_kind kinds[] = { { .name = "count", .step = count_step, .arg = &worker } };
    int64_t id = start(f, "count");

    CHECK("a fault", run(f, kinds, 1, USEC_PER_HOUR));
    CHECK_INT("is told", job_now(f, id).code, FAULT_IO);
    CHECK("and waits before the next try", !run(f, kinds, 1, USEC_PER_HOUR));
    for (int i = 0; i < 5 && job_now(f, id).state == JOB_RUNNING; i++) {
        fixture_pass(f, 10 * USEC_PER_SEC);
        run(f, kinds, 1, USEC_PER_HOUR);
    }
    CHECK_INT("then it is done", job_now(f, id).state, JOB_DONE);

    worker = (struct worker){ .faults = 1000 };
    id = start(f, "count");
    for (int i = 0; i < 20; i++) {
        run(f, kinds, 1, USEC_PER_HOUR);
        fixture_pass(f, USEC_PER_HOUR);
    }
    CHECK_INT("too many faults", job_now(f, id).state, JOB_FAILED);
    CHECK_INT("after eight tries", job_now(f, id).tries, JOB_TRIES);
    worker.faults = 0;
    CHECK_OK("retry", job_retry(f->store, id, fixture_now(f)));
    run(f, kinds, 1, USEC_PER_HOUR);
    CHECK_INT("works", job_now(f, id).state, JOB_DONE);

    worker = (struct worker){ .refuses_at = 4 };
    id = start(f, "count");
    run(f, kinds, 1, USEC_PER_HOUR);
    CHECK_INT("a refusal fails at once", job_now(f, id).state, JOB_FAILED);
    CHECK_INT("with its number", job_now(f, id).code, 4999);
    CHECK_INT("and what was done stays", job_now(f, id).done, 4);

    worker = (struct worker){ 0 };
    id = start(f, "count");
    CHECK_OK("cancel before it began", job_cancel(f->store, id, fixture_now(f)));
    CHECK_INT("at once", job_now(f, id).state, JOB_CANCELLED);
    CHECK_OK("again", job_cancel(f->store, id, fixture_now(f)));
    id = start(f, "count");
    run(f, kinds, 1, 0);
    CHECK_OK("cancel a running one", job_cancel(f->store, id, fixture_now(f)));
    CHECK("is asked for", job_now(f, id).cancel_asked);
    run(f, kinds, 1, USEC_PER_HOUR);
    CHECK_INT("stops at the next step", job_now(f, id).state, JOB_CANCELLED);
    CHECK_INT("with what was done", job_now(f, id).done, 1);
}

/* The process is killed inside a step, after its work and before its save. */
static void check_killed(struct fixture *f)
{
    struct worker worker = { .dies_at = 4 };
    const struct job_kind kinds[] = { { .name = "count", .step = count_step, .arg = &worker } };
    int64_t id = start(f, "count");
    int status = 0;
    pid_t child;

    store_close(f->store);
    child = fork();
    if (child == 0) {
        if (store_open(&f->config, &f->store).code != 0) _exit(1);
        run(f, kinds, 1, USEC_PER_HOUR);
        _exit(2); /* it should not get here */
    }
    CHECK("a child", child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT("died in the step", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 9);
    CHECK_OK("open again", store_open(&f->config, &f->store));
    CHECK_INT("what was saved is there", job_now(f, id).done, 4);
    CHECK_INT("the job is running for all we know", job_now(f, id).state, JOB_RUNNING);
    worker.dies_at = 0;
    CHECK("nobody takes it while the lease holds", !run(f, kinds, 1, USEC_PER_HOUR));
    fixture_pass(f, JOB_LEASE_USEC);
    CHECK("then somebody does", run(f, kinds, 1, USEC_PER_HOUR));
    CHECK_INT("and ends it", job_now(f, id).state, JOB_DONE);
    CHECK_INT("from the last save on", worker.steps, PIECES - 4);
}

/* A runner that slept through its lease saves nothing. */
static struct err sleepy_step(void *arg, struct job_run *run_now)
{
    struct worker *worker = arg;

    if (worker->steps++ == 0) {
        struct worker fast = { 0 };
        const struct job_kind kinds[] = { { .name = "sleepy", .step = count_step, .arg = &fast } };
        fixture_pass(worker->f, 2 * JOB_LEASE_USEC);
        CHECK("another takes it over", run(worker->f, kinds, 1, USEC_PER_HOUR));
        CHECK_INT("and ends it", fast.steps, PIECES);
    }
    run_now->done = 99;
    return OK;
}

static void check_lease(struct fixture *f)
{
    struct worker worker = { .f = f };
    const struct job_kind kinds[] = { { .name = "sleepy", .step = sleepy_step, .arg = &worker } };
    int64_t id = start(f, "sleepy");
    struct jobs *jobs;
    struct job_ran ran;

    CHECK_OK("open", jobs_open(f->store, kinds, 1, 8, &jobs));
    CHECK_CODE("the sleeper lost its lease",
               jobs_run_one(jobs, fixture_now(f), USEC_PER_HOUR, NULL, &ran), JOBS_LEASE_LOST);
    jobs_close(jobs);
    CHECK_INT("and changed nothing", job_now(f, id).done, PIECES);
    CHECK_INT("done by the other", job_now(f, id).state, JOB_DONE);
}

static struct err tick(void *arg, struct job_run *run_now)
{
    ++*(int *)arg;
    run_now->finished = true;
    return OK;
}

static int jobs_listed(struct fixture *f, struct str kind)
{
    uint8_t memory[64 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct job_page page = { 0 };

    CHECK_OK("list", job_list(f->store, 0, kind, 0, 99, &arena, &page));
    return page.n;
}

static void check_schedule(struct fixture *f)
{
    int ticks = 0;
    const struct job_kind kinds[] = {
        { .name = "tick", .step = tick, .arg = &ticks, .every_usec = USEC_PER_MIN }
    };

    CHECK("the first is due at once", run(f, kinds, 1, USEC_PER_HOUR));
    CHECK("not again in the same minute", !run(f, kinds, 1, USEC_PER_HOUR));
    fixture_pass(f, USEC_PER_MIN);
    CHECK("but in the next", run(f, kinds, 1, USEC_PER_HOUR));
    fixture_pass(f, 10 * USEC_PER_MIN);
    CHECK("what was missed is done once", run(f, kinds, 1, USEC_PER_HOUR));
    CHECK("and not ten times", !run(f, kinds, 1, USEC_PER_HOUR));
    CHECK_INT("three ticks", ticks, 3);
    CHECK_INT("all are listed", jobs_listed(f, S("tick")), 3);
    fixture_pass(f, 2 * USEC_PER_DAY);
    CHECK("two days later", run(f, kinds, 1, USEC_PER_HOUR));
    CHECK_INT("what went well a day ago is forgotten", jobs_listed(f, S("tick")), 1);
}

struct put_call {
    struct bytes payload;
};

static struct err message_in_txn(struct txn *tx, void *arg)
{
    struct put_call *call = arg;

    return outbox_put(tx, JOBS_TOPIC_PUT, (struct root){ ROOT_NODE, JOBS_NODE }, call->payload);
}

static void check_messages(struct fixture *f)
{
    struct job_ask ask = { .kind = S("from_elsewhere"),
                           .ask = str_bytes(S("x")),
                           .at = fixture_now(f) };
    uint8_t bytes[256], memory[64 * 1024];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(memory, sizeof memory);
    struct put_call call;
    struct job_page page;
    struct once once = { .actor = 1, .key = S("k"), .body_hash = { 1 } };
    int64_t a, b;
    int done;

    job_ask_write(&w, &ask);
    call.payload = writer_bytes(&w);
    CHECK_OK("from a person's root",
             store_run(f->store, (struct root){ ROOT_PERSON, 3 }, message_in_txn, &call));
    CHECK_OK("arrives", outbox_deliver(f->store, JOBS_TOPIC_PUT, 9, job_take, f->store, &done));
    CHECK_OK("list", job_list(f->store, JOB_QUEUED, S("from_elsewhere"), 0, 9, &arena, &page));
    CHECK_INT("one job", page.n, 1);
    CHECK_OK("once", job_start(f->store, &once, &ask, &a));
    CHECK_OK("twice", job_start(f->store, &once, &ask, &b));
    CHECK_INT("is one job", a, b);
    CHECK_OK("a page of one", job_list(f->store, 0, S(""), 0, 1, &arena, &page));
    CHECK("and there are more", page.more && page.jobs[0].id == a);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        check_running(&f);
        check_failing(&f);
        check_killed(&f);
        check_lease(&f);
        check_schedule(&f);
        check_messages(&f);
        fixture_close(&f);
    }
    return test_end();
}
