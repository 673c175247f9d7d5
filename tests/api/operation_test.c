/* tests/api/operation_test.c - what staff see of the running of it: acts of staff (audit), jobs,
 * worklist. On both engines. */
#include "api/audit_verify.h"
#include "jobs/jobs.h"
#include "journal/journal.h"
#include "tests/api/wrong.h"
#include "worklist/worklist.h"

static struct api_world w;
static struct asker auditor, far_supervisor, operator, far_operator, hospital;

/* A line about one of the things made below; a table holds many at once. */
__attribute__((format(printf, 1, 2))) static const char *line_of(const char *format, ...)
{
    static char rooms[64][160];
    static int next;
    char *room = rooms[next++ % 64];
    va_list args;

    va_start(args, format);
    vsnprintf(room, sizeof rooms[0], format, args);
    va_end(args);
    return room;
}

/* Ids of a list, page by page of `limit`, into `out` as one text; how many. */
static int walk(const struct asker *who, const char *list, int limit, char *out, size_t size)
{
    char cursor[80] = "";
    int n = 0;

    out[0] = 0;
    for (int pages = 0; pages < 40; pages++) {
        struct str body, rest;

        CHECK_STATUS(&w, list,
                     world_ask(&w, who,
                               line_of("GET %s%climit=%d%s%s", list, strchr(list, '?') ? '&' : '?',
                                       limit, cursor[0] ? "&cursor=" : "", cursor),
                               ""),
                     200);
        body = raw_body(&w.client.a);
        for (const char *at; (at = raw_find(body, "{\"id\":\"")); n++) {
            struct str id = str_cut(str_part(body, (size_t)(at - body.p) + 7, body.n), '"', &rest);

            snprintf(out + strlen(out), size - strlen(out), "%.*s ", (int)id.n, id.p);
            body = rest;
        }
        if (!client_has(&w.client, "\"has_more\":true")) break;
        snprintf(cursor, sizeof cursor, "%s", world_member(&w, "next_cursor"));
    }
    return n;
}

/* ---- acts of staff */

static void test_audit(void)
{
    static char all[8000], again[8000];
    char clerk[20], as_auditor[20];
    int n;

    world_id(&w, "stf", w.clerk.id, clerk);
    world_id(&w, "stf", auditor.id, as_auditor);
    CHECK_STATUS(&w, "a clerk looks at a card",
                 world_ask(&w, &w.clerk, line_of("GET /v1/cards/%s", w.holder_card), ""), 200);
    CHECK_STATUS(&w, "and stops it",
                 world_ask(&w, &w.clerk, line_of("POST /v1/cards/%s/loss-reports", w.holder_card),
                           "{\"kind\":\"temporary\",\"reason\":\"lost\"}"),
                 201);
    CHECK_STATUS(&w, "the auditor reads it",
                 world_ask(&w, &auditor, line_of("GET /v1/audit-entries?actor=%s", clerk), ""),
                 200);
    CHECK("who looked", client_has(&w.client, "\"act\":\"card_viewed\""));
    CHECK("why", client_has(&w.client, "\"purpose\":\"counter_service\""));
    CHECK("by the work account", client_has(&w.client, "\"user\":\"clerk\""));
    CHECK("whose record", client_has(&w.client, w.holder_id));
    CHECK("what was done", client_has(&w.client, "\"act\":\"card_lost"));
    CHECK("no name, no number",
          !client_has(&w.client, "张三丰") && !client_has(&w.client, w.holder_no));
    CHECK_STATUS(
        &w, "only looks",
        world_ask(&w, &auditor, line_of("GET /v1/audit-entries?actor=%s&kind=look", clerk), ""),
        200);
    CHECK("looks", client_has(&w.client, "card_viewed") && !client_has(&w.client, "card_lost"));
    CHECK_STATUS(&w, "who audits is audited",
                 world_ask(&w, &auditor, line_of("GET /v1/audit-entries?actor=%s", as_auditor), ""),
                 200);
    CHECK("with the purpose", client_has(&w.client, "\"act\":\"audit_viewed\"") &&
                                  client_has(&w.client, "\"purpose\":\"counter_service\""));
    CHECK("and whom they looked at", client_has(&w.client, line_of("\"object\":\"%s\"", clerk)));
    n = walk(&auditor, line_of("/v1/audit-entries?actor=%s", clerk), 200, all, sizeof all);
    CHECK("some lines", n >= 2);
    CHECK_INT("one by one they are as many",
              walk(&auditor, line_of("/v1/audit-entries?actor=%s", clerk), 1, again, sizeof again),
              n);
    CHECK_STR("and the same", str_of(again), str_of(all));
    CHECK_STATUS(
        &w, "before anything happened",
        world_ask(&w, &auditor, "GET /v1/audit-entries?to=2021-01-01T00:00:00%2B08:00", ""), 200);
    CHECK("nothing", client_has(&w.client, "\"data\":[]"));
    CHECK_STATUS(&w, "of another city",
                 world_ask(&w, &auditor, "GET /v1/audit-entries?region_code=341200&kind=card", ""),
                 200);
    CHECK("nothing of this one", !client_has(&w.client, "card_lost"));
    CHECK_STATUS(
        &w, "the supervisor of another city",
        world_ask(&w, &far_supervisor, line_of("GET /v1/audit-entries?actor=%s", clerk), ""), 200);
    CHECK("sees none of it", client_has(&w.client, "\"data\":[]"));
}

static void test_audit_refused(void)
{
    static const char LIST[] = "GET /v1/audit-entries";
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, LIST, "", 401, "sign_in" },
        { "a clerk", &w.clerk, LIST, "", 403, "scope" },
        { "an administrator", &w.admin, LIST, "", 403, "scope" },
        { "a resident", &w.holder, LIST, "", 403, "scope" },
        { "outside the region of the role", &far_supervisor,
          "GET /v1/audit-entries?region_code=340100", "", 403, "region" },
        { "an actor of another kind", &auditor, line_of("%s?actor=%s", LIST, w.holder_id), "", 422,
          "format" },
        { "a kind that is none", &auditor, "GET /v1/audit-entries?kind=gossip", "", 422,
          "not_one_of" },
        { "a time that is none", &auditor, "GET /v1/audit-entries?from=yesterday", "", 422,
          "format" },
        { "a region that is none", &auditor, "GET /v1/audit-entries?region_code=1", "", 422,
          "range" },
        { "a parameter that is none", &auditor, "GET /v1/audit-entries?name=zhang", "", 400,
          "parameter" },
        { "a cursor that is none", &auditor, "GET /v1/audit-entries?cursor=AAAA", "", 400,
          "cursor" },
    };

    UNTOUCHED(&w, ROWS);
    CHECK_STATUS(&w, "no purpose", client_ask(&w.client, LIST, auditor.header, ""), 400);
    CHECK_STR("its code", client_code(&w.client), S("purpose_missing"));
    CHECK_STATUS(&w, "a purpose that is none",
                 world_ask_with(&w, &auditor, LIST, "X-Purpose: curiosity\r\n", ""), 400);
    CHECK_STR("its code", client_code(&w.client), S("purpose_unknown"));
}

/* ---- jobs */

static int64_t job_new(const char *kind, int32_t region_code)
{
    const struct job_ask ask = { .kind = str_of(kind),
                                 .by = operator.id,
                                 .region_code = region_code,
                                 .at = fixture_now(&w.base.f) };
    int64_t id = 0;

    CHECK_OK(kind, job_start(w.base.f.store, NULL, &ask, &id));
    return id;
}

static struct err failing(void *arg, struct job_run *run)
{
    (void)arg;
    run->done = 3;
    run->of = 7;
    run->note = S("3 of 7");
    REFUSE(CATALOGUE_IMPORT_BAD);
}

static void job_fails(void)
{
    const struct job_kind kind = { .name = "test.fails", .step = failing };
    struct jobs *jobs;
    struct job_ran ran = { 0 };

    if (!CHECK_OK("a runner", jobs_open(w.base.f.store, &kind, 1, 77, &jobs))) return;
    CHECK_OK("a step", jobs_run_one(jobs, fixture_now(&w.base.f), USEC_PER_SEC, NULL, &ran));
    CHECK("it failed", ran.kind && ran.failed);
    CHECK_INT("and is told with why", ran.end.code, CATALOGUE_IMPORT_BAD);
    jobs_close(jobs);
}

static void test_jobs(void)
{
    char queued[20], failed[20], far[20], seen[2000];

    world_id(&w, "job", job_new("test.waits", 340100), queued);
    world_id(&w, "job", job_new("test.fails", 340100), failed);
    world_id(&w, "job", job_new("test.waits", 341200), far);
    job_fails();
    CHECK_STATUS(&w, "a job", world_ask(&w, &operator, line_of("GET /v1/jobs/%s", queued), ""),
                 200);
    CHECK("waits", client_has(&w.client, "\"state\":\"queued\""));
    CHECK("by whom", client_has(&w.client, "\"started_by\":\"stf_"));
    CHECK_STATUS(&w, "another", world_ask(&w, &operator, line_of("GET /v1/jobs/%s", failed), ""),
                 200);
    CHECK("failed", client_has(&w.client, "\"state\":\"failed\""));
    CHECK("with its reason", client_has(&w.client, "\"code\":\"import_refused\""));
    CHECK_INT("all of the province", walk(&operator, "/v1/jobs", 1, seen, sizeof seen), 3);
    CHECK_INT("a city's", walk(&far_operator, "/v1/jobs", 1, seen, sizeof seen), 1);
    CHECK("is its own", raw_find(str_of(seen), far));
    CHECK_INT("by state", walk(&operator, "/v1/jobs?state=failed", 9, seen, sizeof seen), 1);
    CHECK_INT("by kind", walk(&operator, "/v1/jobs?kind=test.waits", 9, seen, sizeof seen), 2);
    CHECK_STATUS(&w, "try again",
                 world_ask(&w, &operator, line_of("POST /v1/jobs/%s/retries", failed), "{}"), 201);
    CHECK("it waits again", client_has(&w.client, "\"state\":\"queued\""));
    CHECK_STATUS(&w, "cancel",
                 world_ask(&w, &operator, line_of("POST /v1/jobs/%s/cancellations", queued), "{}"),
                 201);
    CHECK("it ended", client_has(&w.client, "\"state\":\"cancelled\""));
    CHECK_STATUS(&w, "once more",
                 world_ask(&w, &operator, line_of("POST /v1/jobs/%s/cancellations", queued), ""),
                 201);
    CHECK_STATUS(&w, "the auditor sees who did it",
                 world_ask(&w, &auditor, "GET /v1/audit-entries?kind=staff_act", ""), 200);
    CHECK("and to which", client_has(&w.client, "\"act\":\"job_cancelled\"") &&
                              client_has(&w.client, line_of("\"object\":\"%s\"", queued)));
    {
        const struct refused ROWS[] = {
            { "nobody", &w.nobody, "GET /v1/jobs", "", 401, "sign_in" },
            { "a clerk", &w.clerk, "GET /v1/jobs", "", 403, "scope" },
            { "a state that is none", &operator, "GET /v1/jobs?state=lost", "", 422, "not_one_of" },
            { "a parameter that is none", &operator, "GET /v1/jobs?by=me", "", 400, "parameter" },
            { "of another region", &far_operator, line_of("GET /v1/jobs/%s", queued), "", 403,
              "region" },
            { "stopping it", &far_operator, line_of("POST /v1/jobs/%s/cancellations", failed), "{}",
              403, "region" },
            { "no such job", &operator, "GET /v1/jobs/job_x", "", 404, "id_unknown" },
            { "an id of another kind", &operator, line_of("GET /v1/jobs/%s", w.holder_card), "",
              404, "id_unknown" },
            { "trying what waits", &operator, line_of("POST /v1/jobs/%s/retries", failed), "{}",
              409, "job_not_failed" },
            { "a body where none belongs", &operator, line_of("POST /v1/jobs/%s/retries", queued),
              "{\"now\":true}", 422, "unknown" },
        };

        UNTOUCHED(&w, ROWS);
    }
    WRONG_EMPTY(&w, operator, line_of("POST /v1/jobs/%s/cancellations", failed), 0);
}

/* ---- is the journal what was sealed? */

static void run_verifications(void)
{
    const struct job_kind kind = { .name = AUDIT_VERIFY_KIND, .step = audit_verify_step };
    struct jobs *jobs;
    struct job_ran ran = { 0 };

    if (!CHECK_OK("a runner", jobs_open(w.base.f.store, &kind, 1, 78, &jobs))) return;
    CHECK_OK("steps", jobs_run_one(jobs, fixture_now(&w.base.f), 20 * USEC_PER_SEC, NULL, &ran));
    CHECK("one was due", ran.kind);
    jobs_close(jobs);
}

static const struct stmt TAMPER = {
    .name = "test: another item",
    .types = "",
    .sql = "UPDATE journal_line SET item = 'XX' WHERE id = (SELECT MIN(id) FROM journal_line)",
};
static struct err tamper(struct txn *tx, void *arg)
{
    (void)arg;
    return txn_exec(tx, &TAMPER, IN_NONE, NULL);
}

static void test_verification(void)
{
    static const struct wrong_field FIELDS[] = {
        { "since", WRONG_INSTANT, "\"2021-08-20T00:00:00+08:00\"", OPTIONAL },
    };
    static const char ASK[] = "POST /v1/audit-verifications";
    char id[20], other[20];

    WRONG(&w, auditor, ASK, FIELDS, API_ONCE);
    CHECK("sealed", fixture_seal(&w.base.f));
    world_repeated(&w, &auditor, ASK, "{}", "{\"since\":\"2021-08-20T00:00:00+08:00\"}", 202);
    CHECK_STATUS(&w, "asked", world_ask(&w, &auditor, ASK, "{}"), 202);
    snprintf(id, sizeof id, "%s", world_member(&w, "id"));
    run_verifications();
    run_verifications();
    CHECK_STATUS(&w, "its end",
                 world_ask(&w, &auditor, line_of("GET /v1/audit-verifications/%s", id), ""), 200);
    CHECK("everything agrees", client_has(&w.client, "\"state\":\"done\""));
    CHECK("as counted", client_has(&w.client, "changed 0, missing 0, never sealed 0"));
    CHECK_OK("a line is changed",
             store_run(w.base.f.store, (struct root){ ROOT_NODE, 1 }, tamper, NULL));
    CHECK_STATUS(&w, "asked again", world_ask(&w, &auditor, ASK, "{}"), 202);
    snprintf(id, sizeof id, "%s", world_member(&w, "id"));
    run_verifications();
    CHECK_STATUS(&w, "its end",
                 world_ask(&w, &auditor, line_of("GET /v1/audit-verifications/%s", id), ""), 200);
    CHECK("it failed", client_has(&w.client, "\"state\":\"failed\"") &&
                           client_has(&w.client, "\"code\":\"journal_disagrees\""));
    CHECK("by one line", client_has(&w.client, "changed 1,"));
    world_id(&w, "job", job_new("test.other", 340100), other);
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, ASK, "{}", 401, "sign_in" },
        { "a supervisor", &w.supervisor, ASK, "{}", 403, "scope" },
        { "an operator", &operator, line_of("GET /v1/audit-verifications/%s", id), "", 403,
          "scope" },
        { "another job", &auditor, line_of("GET /v1/audit-verifications/%s", other), "", 404,
          "unknown" },
        { "no job", &auditor, "GET /v1/audit-verifications/job_x", "", 404, "id_unknown" },
    };
    UNTOUCHED(&w, ROWS);
}

/* ---- worklist */

static int64_t case_new(enum worklist_kind kind, int32_t region_code, int64_t organisation_id)
{
    const struct worklist_ask ask = { .kind = kind,
                                      .subject = ABOUT_PERSON,
                                      .subject_id = w.holder.id,
                                      .subject_root = { ROOT_PERSON, w.holder.id },
                                      .person_id = w.holder.id,
                                      .organisation_id = organisation_id,
                                      .region_code = region_code,
                                      .reason = S("not_me"),
                                      .at = fixture_now(&w.base.f) };
    int64_t id = 0;

    CHECK_OK("a case", worklist_open(w.base.f.store, NULL, &ask, &id));
    return id;
}

static void test_worklist_read(const char *here, const char *far)
{
    char seen[2000];

    CHECK_STATUS(&w, "a case", world_ask(&w, &w.clerk, line_of("GET /v1/worklist/%s", here), ""),
                 200);
    CHECK("with a number to quote", client_has(&w.client, "\"number\":\"WL-2021-00"));
    CHECK("about whom", client_has(&w.client, w.holder_id));
    CHECK("in words", client_has(&w.client, "\"words\":\"不是本人使用\""));
    CHECK("and its history", client_has(&w.client, "\"history\":[{\"event\":\"opened\""));
    CHECK_INT("the province's", walk(&w.supervisor, "/v1/worklist", 1, seen, sizeof seen), 3);
    CHECK_INT("the city's", walk(&w.clerk, "/v1/worklist", 1, seen, sizeof seen), 2);
    CHECK("its own", !raw_find(str_of(seen), far));
    CHECK_INT("of the other city",
              walk(&w.supervisor, "/v1/worklist?region_code=341200", 9, seen, sizeof seen), 1);
    CHECK_INT("of a kind", walk(&w.supervisor, "/v1/worklist?kind=complaint", 9, seen, sizeof seen),
              1);
    CHECK_INT("none is mine", walk(&w.clerk, "/v1/worklist?mine=true", 9, seen, sizeof seen), 0);
    CHECK_INT("none is late", walk(&w.clerk, "/v1/worklist?overdue=true", 9, seen, sizeof seen), 0);
}

/* A look is contested: who looked does not judge it. */
static void test_worklist_of_oneself(void)
{
    const struct journal_ask looks = {
        .person_id = w.holder.id, .actor = ACTOR_STAFF, .kind = JOURNAL_LOOK, .limit = 1
    };
    static uint8_t memory[64 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct journal_contest contest = { .person_id = w.holder.id,
                                       .reason = S("not_asked"),
                                       .at = fixture_now(&w.base.f) };
    struct worklist_ask ask = { .kind = WORKLIST_CONTESTED_USE,
                                .subject = ABOUT_CONTEST,
                                .subject_root = { ROOT_PERSON, w.holder.id },
                                .person_id = w.holder.id,
                                .region_code = 340100,
                                .reason = contest.reason,
                                .at = contest.at };
    struct journal_page page = { 0 };
    struct asker colleague;
    char item[20];
    int64_t id = 0;

    world_staff(&w, "colleague", ROLE_CLERK, 340100, &colleague);
    CHECK_STATUS(&w, "the clerk looks",
                 world_ask(&w, &w.clerk, text_of("GET /v1/persons/%s", w.holder_id), ""), 200);
    CHECK_OK("the look", journal_lines(w.base.f.store, &looks, &arena, &page));
    if (!CHECK_INT("is there", page.n, 1)) return;
    CHECK("the clerk's", page.records[0].line.actor_id == w.clerk.id);
    contest.line_id = page.records[0].id;
    CHECK_OK("contested", journal_contest(w.base.f.store, NULL, &contest, &ask.subject_id));
    CHECK_OK("a case", worklist_open(w.base.f.store, NULL, &ask, &id));
    world_id(&w, "wrk", id, item);
    {
        const struct refused ROWS[] = {
            { "taking it", &w.clerk, text_of("POST /v1/worklist/%s/takings", item), "{}", 403,
              "case_own_act" },
            { "closing it", &w.clerk, text_of("POST /v1/worklist/%s/closures", item), "{}", 403,
              "case_own_act" },
            { "answering it", &w.clerk, text_of("POST /v1/worklist/%s/answers", item),
              "{\"outcome\":\"refused\"}", 403, "case_own_act" },
        };
        UNTOUCHED(&w, ROWS);
    }
    CHECK_STATUS(&w, "a colleague takes it",
                 world_ask(&w, &colleague, text_of("POST /v1/worklist/%s/takings", item), "{}"),
                 201);
    CHECK_STATUS(&w, "and answers",
                 world_ask(&w, &colleague, text_of("POST /v1/worklist/%s/answers", item),
                           "{\"outcome\":\"upheld\"}"),
                 201);
    CHECK_STATUS(&w, "the clerk closes it no more than before",
                 world_ask(&w, &w.clerk, text_of("POST /v1/worklist/%s/closures", item), "{}"),
                 403);
}

/* Who leads at one office passes on what was taken there, not what a colleague of another took. */
static void test_worklist_of_another_office(const struct organisation *office)
{
    const struct staff_ask leader = { .user = S("leader"),
                                      .name = S("王试验"),
                                      .grants = { { ROLE_SUPERVISOR, 340100, 4711 },
                                                  { ROLE_CLERK, 340100, office->id } },
                                      .grants_n = 2,
                                      .act = world_act(&w.base) };
    struct asker who;
    int64_t leader_id = 0;
    char item[20];

    world_id(&w, "wrk", case_new(WORKLIST_COMPLAINT, 340100, office->id), item);
    CHECK_OK("a leader", registry_staff_add(&w.base.rg, NULL, &leader, &leader_id));
    world_token(&w, SUBJECT_STAFF, leader_id, PROOF_TWO_FACTORS, &who);
    CHECK_STATUS(&w, "a clerk takes it",
                 world_ask(&w, &w.clerk, text_of("POST /v1/worklist/%s/takings", item), "{}"), 201);
    {
        const struct refused ROWS[] = {
            { "passed on by who leads elsewhere", &who,
              text_of("POST /v1/worklist/%s/transfers", item), "{\"region_code\":340104}", 409,
              "case_not_yours" },
        };
        UNTOUCHED(&w, ROWS);
    }
    CHECK_STATUS(&w, "by who leads in the province",
                 world_ask(&w, &w.supervisor, text_of("POST /v1/worklist/%s/transfers", item),
                           "{\"region_code\":340104}"),
                 201);
}

static void test_worklist_moves(const char *here)
{
    char seen[2000];
    static const char KEY[] = "Idempotency-Key: taking-1\r\n";

    CHECK_STATUS(
        &w, "take it",
        world_ask_with(&w, &w.clerk, line_of("POST /v1/worklist/%s/takings", here), KEY, "{}"),
        201);
    CHECK("it is taken", client_has(&w.client, "\"state\":\"taken\""));
    CHECK_STATUS(
        &w, "the same again",
        world_ask_with(&w, &w.clerk, line_of("POST /v1/worklist/%s/takings", here), KEY, "{}"),
        201);
    CHECK("is told as such", client_has(&w.client, "Idempotency-Replayed: true"));
    CHECK_INT("it is mine", walk(&w.clerk, "/v1/worklist?mine=true", 9, seen, sizeof seen), 1);
    CHECK_STATUS(&w, "give it back",
                 world_ask(&w, &w.clerk, line_of("POST /v1/worklist/%s/returns", here), "{}"), 201);
    CHECK("it is open", client_has(&w.client, "\"state\":\"open\""));
    CHECK_STATUS(&w, "the agent takes it",
                 world_ask(&w, &w.agent, line_of("POST /v1/worklist/%s/takings", here), "{}"), 201);
    {
        const struct refused ROWS[] = {
            { "answering what another has", &w.clerk, line_of("POST /v1/worklist/%s/answers", here),
              "{\"outcome\":\"upheld\"}", 409, "case_not_yours" },
            { "passing on what another has", &w.clerk,
              line_of("POST /v1/worklist/%s/transfers", here), "{\"region_code\":340111}", 409,
              "case_not_yours" },
            { "taking it twice", &w.clerk, line_of("POST /v1/worklist/%s/takings", here), "{}", 409,
              "case_move_refused" },
            { "to nobody", &w.agent, line_of("POST /v1/worklist/%s/transfers", here), "{}", 422,
              "missing" },
            { "to an office that is none", &w.agent,
              line_of("POST /v1/worklist/%s/transfers", here), "{\"organisation\":\"NONE\"}", 404,
              "organisation_unknown" },
            { "to a region that is none", &w.agent, line_of("POST /v1/worklist/%s/transfers", here),
              "{\"region_code\":999999}", 404, "region_unknown" },
        };
        UNTOUCHED(&w, ROWS);
    }
    CHECK_STATUS(&w, "the supervisor passes it on",
                 world_ask(&w, &w.supervisor, line_of("POST /v1/worklist/%s/transfers", here),
                           "{\"region_code\":340111}"),
                 201);
    CHECK("it is open there", client_has(&w.client, "\"state\":\"open\"") &&
                                  client_has(&w.client, "\"region_code\":340111"));
    CHECK_STATUS(&w, "taken",
                 world_ask(&w, &w.clerk, line_of("POST /v1/worklist/%s/takings", here), ""), 201);
    CHECK_STATUS(&w, "answered",
                 world_ask(&w, &w.clerk, line_of("POST /v1/worklist/%s/answers", here),
                           "{\"outcome\":\"partly_upheld\"}"),
                 201);
    CHECK("as the outcome says", client_has(&w.client, "\"outcome\":\"partly_upheld\""));
    CHECK_STATUS(&w, "closed",
                 world_ask(&w, &w.clerk, line_of("POST /v1/worklist/%s/closures", here),
                           "{\"reason\":\"explained\"}"),
                 201);
    CHECK_STATUS(&w, "its history",
                 world_ask(&w, &w.clerk, line_of("GET /v1/worklist/%s", here), ""), 200);
    CHECK("tells every step",
          client_has(&w.client, "\"event\":\"returned\"") &&
              client_has(&w.client, "\"event\":\"transferred\"") &&
              client_has(&w.client, "\"event\":\"answered\"") &&
              client_has(&w.client, "\"event\":\"closed\",\"state\":\"closed\",\"by\":\"stf_"));
}

static void test_worklist_refused(const char *here, const char *far, const char *offices)
{
    static const struct wrong_field ANSWER[] = {
        { "outcome", WRONG_WORD, "\"upheld\"", NEEDED },
    };
    static const struct wrong_field TRANSFER[] = {
        { "organisation", WRONG_TEXT, "\"HRSS-340100\"", OPTIONAL },
        { "region_code", WRONG_INT, "340111", OPTIONAL },
    };
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, "GET /v1/worklist", "", 401, "sign_in" },
        { "a resident", &w.holder, "GET /v1/worklist", "", 403, "scope" },
        { "an auditor", &auditor, "GET /v1/worklist", "", 403, "scope" },
        { "a state that is none", &w.clerk, "GET /v1/worklist?state=lost", "", 422, "not_one_of" },
        { "a kind that is none", &w.clerk, "GET /v1/worklist?kind=gossip", "", 422, "not_one_of" },
        { "another region", &w.clerk, "GET /v1/worklist?region_code=341200", "", 403, "region" },
        { "a case of another region", &w.clerk, line_of("GET /v1/worklist/%s", far), "", 403,
          "region" },
        { "taking it", &w.clerk, line_of("POST /v1/worklist/%s/takings", far), "{}", 403,
          "region" },
        { "a case of another office", &hospital, line_of("GET /v1/worklist/%s", offices), "", 403,
          "region" },
        { "no such case", &w.clerk, "GET /v1/worklist/wrk_x", "", 404, "id_unknown" },
        { "an id of another kind", &w.clerk, line_of("GET /v1/worklist/%s", w.holder_id), "", 404,
          "id_unknown" },
        { "what is closed", &w.clerk, line_of("POST /v1/worklist/%s/takings", here), "{}", 409,
          "case_move_refused" },
        { "a reason that is no word", &w.clerk, line_of("POST /v1/worklist/%s/closures", here),
          "{\"reason\":\"Because I say so\"}", 409, "case_move_refused" },
    };

    UNTOUCHED(&w, ROWS);
    WRONG(&w, w.supervisor, line_of("POST /v1/worklist/%s/answers", far), ANSWER, API_ONCE);
    WRONG(&w, w.supervisor, line_of("POST /v1/worklist/%s/transfers", far), TRANSFER, API_ONCE);
    WRONG_EMPTY(&w, w.supervisor, line_of("POST /v1/worklist/%s/takings", far), API_ONCE);
}

static void test_worklist(void)
{
    const struct catalogue *cat = catalogue_now(w.shelf);
    const struct organisation *office = organisation_by_code(cat, S("HRSS-340100"));
    char here[20], far[20], offices[20];

    if (!CHECK("an office", office)) return;
    world_id(&w, "wrk", case_new(WORKLIST_CONTESTED_USE, 340100, 0), here);
    world_id(&w, "wrk", case_new(WORKLIST_COMPLAINT, 341200, 0), far);
    world_id(&w, "wrk", case_new(WORKLIST_CONTESTED_USE, 340100, office->id), offices);
    test_worklist_read(here, far);
    test_worklist_moves(here);
    test_worklist_refused(here, far, offices);
    test_worklist_of_oneself();
    test_worklist_of_another_office(office);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            world_staff(&w, "auditor", ROLE_AUDITOR, 340000, &auditor);
            world_staff(&w, "far.supervisor", ROLE_SUPERVISOR, 341200, &far_supervisor);
            world_staff(&w, "operator", ROLE_OPERATOR, 340000, &operator);
            world_staff(&w, "far.operator", ROLE_OPERATOR, 341200, &far_operator);
            world_staff_of(&w, "hospital", ROLE_HOSPITAL, 340100, 4711, &hospital);
            test_audit();
            test_audit_refused();
            test_jobs();
            test_worklist();
            test_verification();
        }
        api_world_close(&w);
    }
    return test_end();
}
