/* jobs/job.c - putting, listing, cancelling and retrying jobs. Running them is in run.c. */
#include "jobs/jobs_store.h"

#define NODE ((struct root){ ROOT_NODE, JOBS_NODE })

const char *job_state_name(enum job_state state)
{
    switch (state) {
    case JOB_QUEUED:
        return "queued";
    case JOB_RUNNING:
        return "running";
    case JOB_DONE:
        return "done";
    case JOB_FAILED:
        return "failed";
    case JOB_CANCELLED:
        return "cancelled";
    }
    return NULL;
}

RESULT job_put(struct txn *tx, const struct job_ask *ask, int64_t *job_id)
{
    int64_t id = txn_new_id(tx);

    assert(ask->kind.n >= 1);
    assert(ask->kind.n <= JOB_KIND_MAX);
    assert(ask->ask.n <= JOB_ASK_MAX);
    TRY(job_insert(tx, id, ask, 0));
    if (job_id) *job_id = id;
    return OK;
}

struct start_call {
    const struct job_ask *ask;
    int64_t message_id, id;
};

static struct err start_in_txn(struct txn *tx, void *arg)
{
    struct start_call *call = arg;

    TRY(job_put(tx, call->ask, &call->id));
    txn_result(tx, call->id);
    return OK;
}

RESULT job_start(struct store *store, const struct once *once, const struct job_ask *ask,
                 int64_t *job_id)
{
    struct start_call call = { .ask = ask };
    bool replayed;

    if (once) return store_run_once(store, NODE, once, start_in_txn, &call, job_id, &replayed);
    TRY(store_run(store, NODE, start_in_txn, &call));
    *job_id = call.id;
    return OK;
}

void job_ask_write(struct writer *w, const struct job_ask *ask)
{
    put_u8(w, (uint8_t)ask->kind.n);
    put_str(w, ask->kind);
    put_be64(w, (uint64_t)ask->by);
    put_be32(w, (uint32_t)ask->region_code);
    put_be64(w, (uint64_t)ask->at.usec);
    put_be64(w, (uint64_t)ask->not_before.usec);
    put_bytes(w, ask->ask);
}

static struct err take_in_txn(struct txn *tx, void *arg)
{
    struct start_call *call = arg;
    bool found;

    TRY(job_by_message(tx, call->message_id, &call->id, &found));
    if (found) return OK; /* handed out twice */
    return job_insert(tx, txn_new_id(tx), call->ask, call->message_id);
}

RESULT job_take(void *store, const struct message *message)
{
    struct cursor c = cursor_over(message->payload);
    struct job_ask ask = { 0 };
    struct start_call call = { .ask = &ask, .message_id = message->id };

    ask.kind = bytes_str(take_bytes(&c, take_u8(&c)));
    ask.by = (int64_t)take_be64(&c);
    ask.region_code = (int32_t)take_be32(&c);
    ask.at.usec = (int64_t)take_be64(&c);
    ask.not_before.usec = (int64_t)take_be64(&c);
    ask.ask = take_rest(&c);
    TRY(cursor_end(&c, JOBS_KIND_UNKNOWN));
    REQUIRE(ask.kind.n >= 1 && ask.kind.n <= JOB_KIND_MAX, JOBS_KIND_UNKNOWN);
    return store_run(store, NODE, take_in_txn, &call);
}

struct get_call {
    int64_t id;
    struct arena *arena;
    struct job job;
};

static struct err get_in_txn(struct txn *tx, void *arg)
{
    struct get_call *call = arg;
    bool found;

    TRY(job_load_head(tx, call->id, call->arena, &call->job, &found));
    REQUIRE(found, JOBS_UNKNOWN);
    return OK;
}

RESULT job_get(struct store *store, int64_t job_id, struct arena *arena, struct job *out)
{
    struct get_call call = { .id = job_id, .arena = arena };

    TRY(store_read(store, get_in_txn, &call));
    *out = call.job;
    return OK;
}

struct list_call {
    enum job_state state;
    struct str kind;
    int64_t before;
    int limit;
    struct arena *arena;
    struct job_page page;
};

static struct err list_in_txn(struct txn *tx, void *arg)
{
    struct list_call *call = arg;
    struct job *jobs;
    int n;

    TRY(jobs_load(tx, call->state, call->kind, call->before ? call->before : INT64_MAX,
                  call->limit + 1, call->arena, &jobs, &n));
    call->page =
        (struct job_page){ .n = n < call->limit ? n : call->limit, .more = n > call->limit };
    call->page.jobs = jobs;
    return OK;
}

RESULT job_list(struct store *store, enum job_state state, struct str kind, int64_t before,
                int limit, struct arena *arena, struct job_page *out)
{
    struct list_call call = { state, kind, before, limit, arena, { 0 } };

    assert(limit >= 1);
    assert(limit <= JOBS_PAGE_MAX);
    TRY(store_read(store, list_in_txn, &call));
    *out = call.page;
    return OK;
}

RESULT job_cancel_in(struct txn *tx, int64_t job_id, struct instant at)
{
    struct job job;
    bool found;

    TRY(job_load_head(tx, job_id, txn_arena(tx), &job, &found));
    REQUIRE(found, JOBS_UNKNOWN);
    if (job.state == JOB_CANCELLED) return OK; /* a repeat */
    REQUIRE(job.state == JOB_QUEUED || job.state == JOB_RUNNING, JOBS_ENDED);
    return job_set_cancel(tx, job_id, job.state == JOB_QUEUED, at);
}

RESULT job_retry_in(struct txn *tx, int64_t job_id, struct instant at)
{
    struct job job;
    bool found;

    TRY(job_load_head(tx, job_id, txn_arena(tx), &job, &found));
    REQUIRE(found, JOBS_UNKNOWN);
    REQUIRE(job.state == JOB_FAILED || job.state == JOB_CANCELLED, JOBS_NOT_FAILED);
    return job_requeue(tx, job_id, at);
}

struct change_call {
    int64_t id;
    struct instant at;
};

static struct err cancel_in_txn(struct txn *tx, void *arg)
{
    const struct change_call *call = arg;

    return job_cancel_in(tx, call->id, call->at);
}

RESULT job_cancel(struct store *store, int64_t job_id, struct instant at)
{
    struct change_call call = { job_id, at };

    return store_run(store, NODE, cancel_in_txn, &call);
}

static struct err retry_in_txn(struct txn *tx, void *arg)
{
    const struct change_call *call = arg;

    return job_retry_in(tx, call->id, call->at);
}

RESULT job_retry(struct store *store, int64_t job_id, struct instant at)
{
    struct change_call call = { job_id, at };

    return store_run(store, NODE, retry_in_txn, &call);
}
