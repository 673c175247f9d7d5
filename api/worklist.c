/* api/worklist.c - what waits for somebody to decide: contested uses, complaints, corrections,
 * disputes (异议、投诉、更正). Each member of staff sees the rows of their region and organisation.
 *
 * GET  /v1/worklist?state=&kind=&region_code=&mine=&overdue=   newest first, by cursor
 * GET  /v1/worklist/{item}               with its history
 * POST /v1/worklist/{item}/takings       受理
 * POST /v1/worklist/{item}/returns       退回, by whoever took it
 * POST /v1/worklist/{item}/transfers     转办  {"organisation"?, "region_code"?}
 * POST /v1/worklist/{item}/answers       答复  {"outcome"}: told to the holder
 * POST /v1/worklist/{item}/closures      办结  {"reason"?}
 *
 * Whose look or use is contested neither takes that row nor answers or closes it. */
#include "api/handlers.h"

#include "catalogue/catalogue.h"
#include "journal/journal.h"
#include "worklist/worklist.h"

static const struct json_name KINDS[] = {
    { "contested_use", WORKLIST_CONTESTED_USE },
    { "complaint", WORKLIST_COMPLAINT },
    { "correction", WORKLIST_CORRECTION },
    { "objection", WORKLIST_OBJECTION },
    { "dispute", WORKLIST_DISPUTE },
    { "dead_message", WORKLIST_DEAD_MESSAGE },
    { "double_card", WORKLIST_DOUBLE_CARD },
    { "shared_number", WORKLIST_SHARED_NUMBER },
};
static const struct json_name STATES[] = { { "open", WORKLIST_OPEN },
                                           { "taken", WORKLIST_TAKEN },
                                           { "answered", WORKLIST_ANSWERED },
                                           { "closed", WORKLIST_CLOSED },
                                           { "reopened", WORKLIST_REOPENED } };
static const char *const EVENTS[] = { "opened",   "taken",  "returned", "transferred",
                                      "answered", "closed", "reopened" };

/* What has no region is the province's. */
static int32_t region_of(const struct worklist_row *row)
{
    return row->region_code ? row->region_code : REGION_ANHUI;
}

/* What no organisation was asked to work on is anybody's in the region. */
static RESULT may_work(const struct request *rq, const struct worklist_row *row)
{
    return request_may(rq, MAY_WORKLIST, region_of(row), row->organisation_id);
}

static RESULT row_of_path(struct app *app, const struct request *rq, struct worklist_row *out)
{
    int64_t item_id;
    struct err err;

    TRY(path_id(rq, "item", "wrk", &item_id));
    err = worklist_get(app->store, item_id, rq->arena, out);
    if (err.code == WORKLIST_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    return may_work(rq, out);
}

/* ---- telling */

static void put_subject(struct reply *rp, const struct worklist_row *row)
{
    static const struct {
        const char *name, *prefix;
    } SUBJECTS[] = {
        [ABOUT_NONE] = { NULL, NULL },          [ABOUT_JOURNAL_LINE] = { "journal_line", "jrn" },
        [ABOUT_CONTEST] = { "contest", "cnt" }, [ABOUT_PERSON] = { "person", "psn" },
        [ABOUT_CARD] = { "card", "crd" },       [ABOUT_BOOKING] = { "booking", "bkg" },
        [ABOUT_PLACE] = { "venue", "ven" },     [ABOUT_MESSAGE] = { "message", "msg" },
    };

    if (row->subject == ABOUT_NONE || (size_t)row->subject >= LEN(SUBJECTS)) return;
    json_put_object(rp, "subject");
    json_put_str(rp, "kind", str_of(SUBJECTS[row->subject].name));
    json_put_id(rp, "id", SUBJECTS[row->subject].prefix, row->subject_id);
    json_put_end(rp);
}

static void put_organisation(struct app *app, struct reply *rp, int64_t organisation_id)
{
    const struct organisation *organisation =
        organisation_id ? organisation_find(catalogue_now(app->shelf), organisation_id) : NULL;

    if (organisation) json_put_str(rp, "organisation", organisation->code);
}

static void row_put(struct app *app, const struct request *rq, struct reply *rp,
                    const struct worklist_row *row)
{
    char number[WORKLIST_NUMBER_MAX];
    struct writer w = writer_over(number, sizeof number);
    struct worklist_words words = worklist_reason_words(row->reason);

    worklist_number_write(&w, row->number);
    json_put_id(rp, "id", "wrk", row->id);
    json_put_str(rp, "number", writer_str(&w));
    json_put_str(rp, "kind", str_of(worklist_kind_name(row->kind)));
    json_put_str(rp, "state", str_of(worklist_state_name(row->state)));
    put_subject(rp, row);
    if (row->person_id) json_put_id(rp, "person", "psn", row->person_id);
    put_organisation(app, rp, row->organisation_id);
    if (row->region_code) json_put_int(rp, "region_code", row->region_code);
    json_put_str(rp, "reason", row->reason);
    if (words.zh)
        json_put_str(rp, "words", str_of(rq->language == LANGUAGE_EN ? words.en : words.zh));
    if (row->taken_by) json_put_id(rp, "taken_by", "stf", row->taken_by);
    if (row->outcome.n) json_put_str(rp, "outcome", row->outcome);
    json_put_int(rp, "reopened", row->reopened);
    json_put_instant(rp, "opened_at", row->opened_at);
    json_put_instant(rp, "due_at", row->due_at);
    json_put_instant(rp, "changed_at", row->changed_at);
    if (row->answered_at.usec) json_put_instant(rp, "answered_at", row->answered_at);
}

static void past_put(struct app *app, struct reply *rp, const struct worklist_past *past)
{
    json_put_object(rp, NULL);
    json_put_str(rp, "event", str_of(EVENTS[past->event]));
    json_put_str(rp, "state", str_of(worklist_state_name(past->state)));
    if (past->by_staff) json_put_id(rp, "by", "stf", past->by_staff);
    if (past->by_person) json_put_id(rp, "by", "psn", past->by_person);
    put_organisation(app, rp, past->organisation_id);
    if (past->reason.n) json_put_str(rp, "reason", past->reason);
    json_put_instant(rp, "at", past->at);
    json_put_end(rp);
}

/* Rows of other regions and organisations are passed over: after so many reads a page ends short,
 * with a cursor. */
enum { READS_MAX = 8 };

static RESULT query_of(struct app *app, const struct request *rq, struct page *page,
                       struct worklist_query *out)
{
    int64_t region_code = 0;
    int kind = 0, state = 0;
    bool mine = false, overdue = false;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_ENUM("state", &state, STATES), NULL),
        JSON_OPTIONAL(JSON_ENUM("kind", &kind, KINDS), NULL),
        JSON_OPTIONAL(JSON_INT("region_code", &region_code, 100000, 999999), NULL),
        JSON_OPTIONAL(JSON_BOOL("mine", &mine), NULL),
        JSON_OPTIONAL(JSON_BOOL("overdue", &overdue), NULL),
    };

    TRY(page_read(app, rq, page, filters, LEN(filters)));
    TRY(request_may(rq, MAY_WORKLIST, (int32_t)region_code, 0));
    *out = (struct worklist_query){ .taken_by = mine ? request_session(rq)->actor_id : 0,
                                    .within = (int32_t)region_code,
                                    .kind = (enum worklist_kind)kind,
                                    .state = (enum worklist_state)state,
                                    .overdue_at = overdue ? rq->at : (struct instant){ 0 },
                                    .before = page->after[0],
                                    .limit = (int)page->limit };
    return OK;
}

RESULT get_worklist(struct app *app, const struct request *rq, struct reply *rp)
{
    struct worklist_query query;
    struct worklist_page read;
    struct page page;
    int64_t shown = 0, last[PAGE_KEYS] = { 0 };
    bool more = true;

    TRY(query_of(app, rq, &page, &query));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    last[0] = page.after[0];
    for (int reads = 0; more && shown < page.limit && reads < READS_MAX; reads++) {
        query.before = last[0];
        TRY(worklist_list(app->store, &query, rq->arena, &read));
        more = read.more;
        for (int i = 0; i < read.n; i++) {
            if (shown == page.limit) more = true;
            if (shown == page.limit) break;
            last[0] = read.rows[i].id;
            if (may_work(rq, &read.rows[i]).code != 0) continue;
            json_put_object(rp, NULL);
            row_put(app, rq, rp, &read.rows[i]);
            json_put_end(rp);
            shown++;
        }
    }
    json_put_end(rp);
    page_end(app, rq, rp, more, last);
    return OK;
}

RESULT get_worklist_item(struct app *app, const struct request *rq, struct reply *rp)
{
    struct worklist_past *past;
    struct worklist_row row;
    int n;

    TRY(row_of_path(app, rq, &row));
    TRY(worklist_history(app->store, row.id, rq->arena, &past, &n));
    reply_json(rp, 200);
    row_put(app, rq, rp, &row);
    json_put_array(rp, "history");
    for (int i = 0; i < n; i++)
        past_put(app, rp, &past[i]);
    json_put_end(rp);
    return OK;
}

/* ---- moves */

/* Which member of staff did what a row is about: who looked or used, where a line is contested. */
static RESULT about_staff(struct app *app, const struct request *rq, const struct worklist_row *row,
                          int64_t *staff_id)
{
    struct journal_record record;
    struct err err;

    *staff_id = 0;
    if (row->subject != ABOUT_CONTEST) return OK;
    err = journal_contested_line(app->store, row->person_id, row->subject_id, rq->arena, &record);
    if (err.code == JOURNAL_LINE_UNKNOWN) return OK;
    TRY(err);
    if (record.line.actor == ACTOR_STAFF) *staff_id = record.line.actor_id;
    return OK;
}

static RESULT move(struct app *app, const struct request *rq, struct reply *rp,
                   struct worklist_row *row, struct worklist_step *step)
{
    enum worklist_state state;

    step->id = row->id;
    step->by_staff = request_session(rq)->actor_id;
    step->at = rq->at;
    TRY(about_staff(app, rq, row, &step->about_staff));
    TRY(worklist_move(app->store, rq->once, step, &state));
    TRY(worklist_get(app->store, row->id, rq->arena, row));
    reply_json(rp, 201);
    row_put(app, rq, rp, row);
    return OK;
}

static RESULT plain_move(struct app *app, const struct request *rq, struct reply *rp,
                         enum worklist_event event)
{
    struct worklist_step step = { .event = event };
    struct worklist_row row;

    TRY(json_read(rq->body, NULL, 0));
    TRY(row_of_path(app, rq, &row));
    return move(app, rq, rp, &row, &step);
}

RESULT post_worklist_taking(struct app *app, const struct request *rq, struct reply *rp)
{
    return plain_move(app, rq, rp, WORKLIST_TAKE);
}

RESULT post_worklist_return(struct app *app, const struct request *rq, struct reply *rp)
{
    return plain_move(app, rq, rp, WORKLIST_GIVE_BACK);
}

/* Somebody who leads there: may pass on what another has taken. */
static bool leads(const struct session *session, const struct worklist_row *row)
{
    for (int i = 0; i < session->signin.grants_n; i++) {
        const struct grant *grant = &session->signin.grants[i];

        if (grant->role != ROLE_SUPERVISOR && grant->role != ROLE_OFFICER) continue;
        if (grants_may(grant, 1, session->scopes, MAY_WORKLIST, region_of(row),
                       row->organisation_id)
                .code == 0)
            return true;
    }
    return false;
}

RESULT post_worklist_transfer(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct session *session = request_session(rq);
    const struct organisation *organisation = NULL;
    struct worklist_step step = { .event = WORKLIST_PASS_ON };
    struct str code = { 0 };
    struct worklist_row row;
    int64_t region_code = 0;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_TEXT("organisation", &code, 1, 40), NULL),
        JSON_OPTIONAL(JSON_INT("region_code", &region_code, 100000, 999999), NULL),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(row_of_path(app, rq, &row));
    if (code.n == 0 && region_code == 0) {
        problem_add(rq->problems, rq->arena, "/organisation", "missing");
        REFUSE(HTTP_FIELDS);
    }
    if (code.n > 0) organisation = organisation_by_code(cat, code);
    REQUIRE(code.n == 0 || organisation, CATALOGUE_ORGANISATION_UNKNOWN);
    REQUIRE(region_code == 0 || region_find(cat, (int32_t)region_code), CATALOGUE_REGION_UNKNOWN);
    REQUIRE(row.state != WORKLIST_TAKEN || row.taken_by == session->actor_id ||
                leads(session, &row),
            WORKLIST_NOT_YOURS);
    step.organisation_id = organisation ? organisation->id : 0;
    step.region_code = region_code    ? (int32_t)region_code
                       : organisation ? organisation->region
                                      : row.region_code;
    return move(app, rq, rp, &row, &step);
}

RESULT post_worklist_answer(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name OUTCOMES[] = {
        { "upheld", 0 }, { "partly_upheld", 1 }, { "refused", 2 }, { "explained", 3 }
    };
    struct worklist_step step = { .event = WORKLIST_ANSWER };
    struct worklist_row row;
    int outcome;
    const struct json_field body[] = { JSON_ENUM("outcome", &outcome, OUTCOMES) };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(row_of_path(app, rq, &row));
    step.reason = str_of(OUTCOMES[outcome].name);
    return move(app, rq, rp, &row, &step);
}

RESULT post_worklist_closure(struct app *app, const struct request *rq, struct reply *rp)
{
    struct worklist_step step = { .event = WORKLIST_CLOSE };
    struct worklist_row row;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_TEXT("reason", &step.reason, 1, WORKLIST_REASON_MAX), NULL),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(row_of_path(app, rq, &row));
    return move(app, rq, rp, &row, &step);
}
