/* api/audit_verify.c - is the journal still what was sealed? Long work, a piece at a time.
 *
 * POST /v1/audit-verifications                   {"since"?}   202, the job
 * GET  /v1/audit-verifications/{verification}    done: all agrees; failed: it does not */
#include "api/audit_verify.h"

#include "api/handlers.h"
#include "api/job_members.h"
#include "journal/journal.h"
#include "registry/staff.h"

enum { PIECE = 5000, FIELDS = 14 }; /* a piece takes tenths of a second */

/* The numbers of a check, in the order they are kept. */
static void numbers_of(struct journal_check *c, int64_t *out[FIELDS])
{
    int64_t *const all[FIELDS] = {
        &c->position,        &c->matched,
        &c->tries,           &c->proof.checked,
        &c->proof.erased,    &c->proof.changed,
        &c->proof.missing,   &c->proof.unknown,
        &c->proof.waiting,   &c->proof.blocks,
        &c->proof.bad_block, &c->proof.first_bad,
        &c->since.usec,      NULL,
    };

    memcpy(out, all, sizeof all);
}

static RESULT check_read(struct bytes state, struct journal_check *out)
{
    struct cursor c = cursor_over(state);
    int64_t *numbers[FIELDS];

    numbers_of(out, numbers);
    out->begun = take_u8(&c) != 0;
    out->done = take_u8(&c) != 0;
    for (int i = 0; numbers[i]; i++)
        *numbers[i] = (int64_t)take_be64(&c);
    return cursor_end(&c, JOURNAL_CONTENT_BAD);
}

static struct bytes check_write(struct arena *arena, struct journal_check *check)
{
    uint8_t room[2 + 8 * FIELDS];
    struct writer w = writer_over(room, sizeof room);
    int64_t *numbers[FIELDS];

    numbers_of(check, numbers);
    put_u8(&w, check->begun);
    put_u8(&w, check->done);
    for (int i = 0; numbers[i]; i++)
        put_be64(&w, (uint64_t)*numbers[i]);
    return arena_bytes(arena, writer_bytes(&w));
}

RESULT audit_verify_step(void *arg, struct job_run *run)
{
    struct journal_check check = { .begun = false };
    const struct journal_proof *p = &check.proof;

    (void)arg;
    if (run->state.n > 0) {
        TRY(check_read(run->state, &check));
    } else {
        struct cursor c = cursor_over(run->ask);

        check.since.usec = (int64_t)take_be64(&c);
        TRY(cursor_end(&c, JOURNAL_CONTENT_BAD));
    }
    REQUIRE(!check.done, JOURNAL_DISAGREES); /* the counts were saved by the step before */
    TRY(journal_verify_some(run->store, &check, PIECE));
    run->done = p->checked + p->erased;
    run->note = arena_format(run->arena,
                             "checked %" PRId64 ", erased %" PRId64 ", changed %" PRId64
                             ", missing %" PRId64 ", never sealed %" PRId64 ", waiting %" PRId64
                             ", blocks %" PRId64 ", bad block %" PRId64,
                             p->checked, p->erased, p->changed, p->missing, p->unknown, p->waiting,
                             p->blocks, p->bad_block);
    run->state = check_write(run->arena, &check);
    run->finished = check.done && journal_proof_whole(p);
    return OK;
}

struct verify_call {
    struct job_ask job;
    struct journal_line line;
};

static RESULT verify_in_txn(struct txn *tx, void *arg)
{
    struct verify_call *call = arg;
    int64_t job_id;

    TRY(job_put(tx, &call->job, &job_id));
    call->line.object_id = job_id;
    TRY(journal_append(tx, &call->line, NULL));
    txn_result(tx, job_id);
    return OK;
}

static RESULT verification_tell(struct app *app, const struct request *rq, struct reply *rp,
                                int64_t job_id, int status)
{
    struct job job;
    struct err err = job_get(app->store, job_id, rq->arena, &job);

    if (err.code == JOBS_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    REQUIRE(str_eq(job.kind, S(AUDIT_VERIFY_KIND)), API_NOT_FOUND);
    reply_json(rp, status);
    job_members_put(rp, &job);
    return OK;
}

RESULT post_audit_verification(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = request_session(rq);
    struct instant since = { 0 };
    uint8_t asked[8];
    struct writer w = writer_over(asked, sizeof asked);
    struct verify_call call = {
        .job = { .kind = S(AUDIT_VERIFY_KIND), .by = session->actor_id, .at = rq->at },
        .line = { .kind = JOURNAL_STAFF_ACT,
                  .actor = session->actor,
                  .actor_id = session->actor_id,
                  .grade = GRADE_A,
                  .provenance = PROVENANCE_REAL,
                  .act = S("audit_verification_asked"),
                  .object_prefix = "job",
                  .at = rq->at }
    };
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_INSTANT("since", &since), NULL),
    };
    int64_t job_id;
    bool replayed;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_AUDIT_VERIFY, 0, 0));
    put_be64(&w, (uint64_t)since.usec);
    call.job.ask = writer_bytes(&w);
    TRY(store_run_once(app->store, (struct root){ ROOT_NODE, JOBS_NODE }, rq->once, verify_in_txn,
                       &call, &job_id, &replayed));
    return verification_tell(app, rq, rp, job_id, 202);
}

RESULT get_audit_verification(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t job_id;

    TRY(path_id(rq, "verification", "job", &job_id));
    return verification_tell(app, rq, rp, job_id, 200);
}
