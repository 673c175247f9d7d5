/* api/jobs.c - long work of this node: how far it is, stopping it, trying it again.
 *
 * GET  /v1/jobs?state=&kind=           newest first, by cursor
 * GET  /v1/jobs/{job}
 * POST /v1/jobs/{job}/cancellations    a running job stops at its next step
 * POST /v1/jobs/{job}/retries          a failed or cancelled one goes on from its last save */
#include "api/handlers.h"
#include "api/job_members.h"

#include "catalogue/catalogue.h"
#include "jobs/jobs.h"
#include "journal/journal.h"

static const struct json_name STATES[] = { { "queued", JOB_QUEUED },
                                           { "running", JOB_RUNNING },
                                           { "done", JOB_DONE },
                                           { "failed", JOB_FAILED },
                                           { "cancelled", JOB_CANCELLED } };

/* What has no region is the province's. */
static RESULT may_manage(const struct request *rq, const struct job *job)
{
    return request_may(rq, MAY_JOB_MANAGE, job->region_code ? job->region_code : REGION_ANHUI, 0);
}

static RESULT job_of_path(struct app *app, const struct request *rq, struct job *out)
{
    int64_t job_id;
    struct err err;

    TRY(path_id(rq, "job", "job", &job_id));
    err = job_get(app->store, job_id, rq->arena, out);
    if (err.code == JOBS_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    return may_manage(rq, out);
}

static void put_when(struct reply *rp, const char *name, struct instant at)
{
    if (at.usec) json_put_instant(rp, name, at);
}

void job_members_put(struct reply *rp, const struct job *job)
{
    json_put_id(rp, "id", "job", job->id);
    json_put_str(rp, "kind", job->kind);
    json_put_str(rp, "state", str_of(job_state_name(job->state)));
    json_put_object(rp, "progress");
    json_put_int(rp, "done", job->done);
    if (job->of) json_put_int(rp, "of", job->of);
    json_put_end(rp);
    json_put_bool(rp, "cancel_asked", job->cancel_asked);
    json_put_int(rp, "tries", job->tries);
    if (job->note.n) json_put_str(rp, "note", job->note);
    if (job->code) json_put_str(rp, "code", str_of(refusal_of(job->code).code));
    if (job->region_code) json_put_int(rp, "region_code", job->region_code);
    if (job->by) json_put_id(rp, "started_by", "stf", job->by);
    json_put_instant(rp, "put_at", job->put_at);
    put_when(rp, "due_at", job->due_at);
    put_when(rp, "started_at", job->started_at);
    put_when(rp, "ended_at", job->ended_at);
}

/* Rows of other regions are passed over: after so many reads a page ends short, with a cursor. */
enum { READS_MAX = 8 };

RESULT get_jobs(struct app *app, const struct request *rq, struct reply *rp)
{
    struct job_page read;
    struct page page;
    struct str kind = { 0 };
    int64_t shown = 0, last[PAGE_KEYS] = { 0 };
    int state = 0;
    bool more = true;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_ENUM("state", &state, STATES), NULL),
        JSON_OPTIONAL(JSON_TEXT("kind", &kind, 1, JOB_KIND_MAX), NULL),
    };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    last[0] = page.after[0];
    for (int reads = 0; more && shown < page.limit && reads < READS_MAX; reads++) {
        TRY(job_list(app->store, (enum job_state)state, kind, last[0], (int)page.limit, rq->arena,
                     &read));
        more = read.more;
        for (int i = 0; i < read.n; i++) {
            if (shown == page.limit) more = true;
            if (shown == page.limit) break;
            last[0] = read.jobs[i].id;
            if (may_manage(rq, &read.jobs[i]).code != 0) continue;
            json_put_object(rp, NULL);
            job_members_put(rp, &read.jobs[i]);
            json_put_end(rp);
            shown++;
        }
    }
    json_put_end(rp);
    page_end(app, rq, rp, more, last);
    return OK;
}

RESULT get_job(struct app *app, const struct request *rq, struct reply *rp)
{
    struct job job;

    TRY(job_of_path(app, rq, &job));
    reply_json(rp, 200);
    job_members_put(rp, &job);
    return OK;
}

struct change {
    int64_t job_id;
    RESULT (*run)(struct txn *tx, int64_t job_id, struct instant at);
    struct journal_line line;
};

/* The change and the line that says whose it was, or neither. */
static RESULT change_in_txn(struct txn *tx, void *arg)
{
    const struct change *change = arg;

    TRY(change->run(tx, change->job_id, change->line.at));
    return journal_append(tx, &change->line, NULL);
}

static RESULT change_job(struct app *app, const struct request *rq, struct reply *rp,
                         struct change *change, struct str act)
{
    struct job job;

    TRY(json_read(rq->body, NULL, 0));
    TRY(job_of_path(app, rq, &job));
    change->job_id = job.id;
    change->line = (struct journal_line){ .kind = JOURNAL_STAFF_ACT,
                                          .actor = request_session(rq)->actor,
                                          .actor_id = request_session(rq)->actor_id,
                                          .grade = GRADE_A,
                                          .provenance = PROVENANCE_REAL,
                                          .region_code = job.region_code,
                                          .act = act,
                                          .object_prefix = "job",
                                          .object_id = job.id,
                                          .at = rq->at };
    TRY(store_run(app->store, (struct root){ ROOT_NODE, JOBS_NODE }, change_in_txn, change));
    TRY(job_get(app->store, job.id, rq->arena, &job));
    reply_json(rp, 201);
    job_members_put(rp, &job);
    return OK;
}

RESULT post_job_cancellation(struct app *app, const struct request *rq, struct reply *rp)
{
    struct change change = { .run = job_cancel_in };

    return change_job(app, rq, rp, &change, S("job_cancelled"));
}

RESULT post_job_retry(struct app *app, const struct request *rq, struct reply *rp)
{
    struct change change = { .run = job_retry_in };

    return change_job(app, rq, rp, &change, S("job_retried"));
}
