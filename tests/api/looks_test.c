/* tests/api/looks_test.c - whatever staff are shown of a person leaves one line that the holder can
 * read, and where the line can't be written nothing is shown. */
#include "tests/api/world.h"

#include "api/looks.h"
#include "journal/journal.h"

static const struct stmt AWAY = { .name = "test: the journal is gone",
                                  .types = "",
                                  .sql = "ALTER TABLE journal_line RENAME TO journal_away" };
static const struct stmt BACK = { .name = "test: the journal is back",
                                  .types = "",
                                  .sql = "ALTER TABLE journal_away RENAME TO journal_line" };

static RESULT rename_in_txn(struct txn *tx, void *away)
{
    return txn_exec(tx, *(bool *)away ? &AWAY : &BACK, IN_NONE, NULL);
}

static struct journal_page looks_of(struct api_world *w, int64_t person_id)
{
    static uint8_t memory[1 << 16];
    struct arena arena = arena_over(memory, sizeof memory);
    const struct journal_ask ask = { .person_id = person_id, .kind = JOURNAL_LOOK, .limit = 100 };
    struct journal_page page = { 0 };

    CHECK_OK("the holder's lines", journal_lines(w->app.store, &ask, &arena, &page));
    return page;
}

struct shown {
    const char *title;
    const struct asker *who;
    const char *line, *purpose, *body;
    const char *act;             /* NULL: no line */
    const char *fields, *secret; /* secret: what is not shown when the line can't be written */
};

static const char *purpose_of(const struct shown *row)
{
    return row->purpose ? text_of("X-Purpose: %s\r\n", row->purpose) : "";
}

static void test_lines(struct api_world *w, const struct shown *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct shown *row = &rows[i];
        int before = looks_of(w, w->holder.id).n;
        struct journal_page page;
        const struct journal_line *line;

        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, row->title,
                     world_ask_with(w, row->who, row->line, purpose_of(row), row->body), 200);
        page = looks_of(w, w->holder.id);
        if (!CHECK_INT(row->title, page.n, before + (row->act != NULL)) || !row->act) continue;
        line = &page.records[0].line;
        CHECK_STR(row->title, line->act, str_of(row->act));
        CHECK_STR(row->title, line->purpose,
                  str_of(row->purpose ? row->purpose : "counter_service"));
        CHECK_STR(row->title, line->note, str_of(row->fields));
        CHECK_INT("staff", line->actor, ACTOR_STAFF);
        CHECK_INT("who", line->actor_id, row->who->id);
        CHECK_INT("when", line->at.usec, fixture_now(&w->base.f).usec);
        CHECK_INT("grade A", line->grade, GRADE_A);
        CHECK_INT("whose staff", line->region_code, row->who == &w->clerk ? 340100 : 340000);
    }
}

/* A relation shows two people: each has a line. */
static void test_both_of_a_relation(struct api_world *w)
{
    const char *line = text_of("/v1/persons/%s/relations", w->holder_id);
    struct journal_page page;
    int n = looks_of(w, w->other.id).n;

    CHECK_STATUS(w, "a helper",
                 world_ask(w, &w->clerk, text_of("POST %s", line),
                           text_of("{\"kind\":\"helper\",\"helper\":\"%s\",\"scope\":[\"code\"]}",
                                   w->other_id)),
                 201);
    CHECK_INT("named to the clerk", looks_of(w, w->other.id).n, n + 1);
    CHECK_STATUS(w, "seen", world_ask(w, &w->supervisor, text_of("GET %s", line), ""), 200);
    CHECK("the helper's name", client_has(&w->client, "李*"));
    page = looks_of(w, w->other.id);
    CHECK_INT("named again", page.n, n + 2);
    CHECK_STR("as", page.records[0].line.act, S(LOOK_RELATIONS));
    CHECK_INT("by", page.records[0].line.actor_id, w->supervisor.id);
    CHECK_STATUS(w, "by the holder", world_ask(w, &w->holder, "GET /v1/persons/me/relations", ""),
                 200);
    CHECK_INT("their own relation is theirs to read", looks_of(w, w->other.id).n, n + 2);
}

/* Whoever is of a region out of reach is nobody to the searcher, byte for byte, and can read that
 * somebody searched; so can those whose number somebody wanted to register anew. */
static void test_out_of_reach(struct api_world *w)
{
    const char *search = "POST /v1/persons/searches";
    const char *nobody_line = "{\"number\":\"11010519491231002X\"}";
    const char *number = text_of("{\"number\":\"%s\"}", w->holder_no);
    const char *body;
    struct journal_page page;
    int n = looks_of(w, w->holder.id).n;
    const struct {
        const char *title, *line, *body;
        int status, verdict;
    } rows[] = {
        { "searched", search, number, 200, API_REGION },
        { "searched with a name", search,
          text_of("{\"number\":\"%s\",\"name\":\"某\"}", w->holder_no), 200, API_REGION },
        { "registered", "POST /v1/persons",
          text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":\"某甲\","
                  "\"region_code\":341202}",
                  w->holder_no),
          409, REGISTRY_PERSON_EXISTS },
    };

    CHECK_STATUS(w, "nobody has it", world_ask(w, &w->far_clerk, search, nobody_line), 200);
    body = text_of("%.*s", (int)raw_body(&w->client.a).n, raw_body(&w->client.a).p);
    for (size_t i = 0; i < LEN(rows); i++) {
        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, rows[i].title, world_ask(w, &w->far_clerk, rows[i].line, rows[i].body),
                     rows[i].status);
        if (rows[i].status == 200) CHECK_STR(rows[i].title, raw_body(&w->client.a), str_of(body));
        page = looks_of(w, w->holder.id);
        if (!CHECK_INT("a line", page.n, n + 1 + (int)i)) continue;
        CHECK_STR("found", page.records[0].line.act, S(LOOK_FOUND));
        CHECK_INT("refused", page.records[0].line.verdict, rows[i].verdict);
        CHECK_INT("by", page.records[0].line.actor_id, w->far_clerk.id);
    }
    CHECK_STATUS(w, "the holder reads it",
                 world_ask(w, &w->holder, "GET /v1/persons/me/access-records?limit=1", ""), 200);
    CHECK("why", client_has(&w->client, "\"code\":\"person_exists\""));
}

/* Not written: nothing told but that it can't be done now. */
static void test_unwritten(struct api_world *w, const struct shown *rows, size_t n)
{
    const struct root root = { ROOT_PERSON, w->holder.id };
    bool away = true;

    CHECK_OK("away", store_run(w->app.store, root, rename_in_txn, &away));
    for (size_t i = 0; i < n; i++) {
        const struct shown *row = &rows[i];
        int status;

        if (!row->act) continue;
        status = world_ask_with(w, row->who, row->line, purpose_of(row), row->body);
        CHECK(row->title, status == 500 || status == 503);
        CHECK(row->title, !client_has(&w->client, row->secret));
    }
    away = false;
    CHECK_OK("back", store_run(w->app.store, root, rename_in_txn, &away));
}

/* What the holder reads. */
static void test_read(struct api_world *w)
{
    char staff[20];

    CHECK_STATUS(w, "a look",
                 world_ask_with(w, &w->supervisor, text_of("GET /v1/persons/%s/cards", w->other_id),
                                "X-Purpose: supervision\r\n", ""),
                 200);
    CHECK_STATUS(w, "read",
                 world_ask(w, &w->other, "GET /v1/persons/me/access-records?limit=1", ""), 200);
    world_id(w, "stf", w->supervisor.id, staff);
    CHECK_STR("kind", str_of(world_member(w, "kind")), S("look"));
    CHECK_STR("act", str_of(world_member(w, "act")), S("cards_viewed"));
    CHECK_STR("purpose", str_of(world_member(w, "purpose")), S("supervision"));
    CHECK_STR("who", str_of(world_member(w, "staff")), str_of(staff));
    CHECK("whose", client_has(&w->client, "\"region_code\":340000"));
}

static void test_purposes(struct api_world *w)
{
    static const char *const PATHS[] = { "/v1/persons/%s/cards", "/v1/persons/%s/access-records" };

    for (size_t i = 0; i < LEN(PATHS); i++) {
        for (int k = 0; k < 3; k++) {
            static const char *const HEADERS[] = { "", "X-Purpose: curiosity\r\n",
                                                   "X-Purpose: phone_service\r\n" };
            char headers[200], line[100];

            snprintf(headers, sizeof headers, "%s%s", w->supervisor.header, HEADERS[k]);
            snprintf(line, sizeof line,
                     i == 0 ? "GET /v1/persons/%s/cards" : "GET /v1/persons/%s/access-records",
                     w->holder_id);
            CHECK_INT(PATHS[i], client_ask(&w->client, line, headers, ""), k == 2 ? 200 : 400);
            snprintf(headers, sizeof headers, "%s%s", w->holder.header, HEADERS[k]);
            CHECK_INT("the holder need not say why", client_ask(&w->client, line, headers, ""),
                      k == 1 ? 400 : 200);
        }
    }
}

static void test_all(struct api_world *w)
{
    char masked[64], notices[64], relations[64], reveals[64];
    char number[64], person[64], records[64], card[64], events[64];
    const struct shown rows[] = {
        { "found by number", &w->clerk, "POST /v1/persons/searches", "phone_service", number,
          LOOK_FOUND, "name,number", w->holder_id },
        { "masked", &w->agent, masked, "phone_service", "", LOOK_PERSON, "name,number,phone",
          "138****" },
        { "messages", &w->clerk, notices, "supervision", "", LOOK_NOTICES, "", "ntc_" },
        { "helpers", &w->clerk, relations, "case_work", "", LOOK_RELATIONS, "", "data" },
        { "opened", &w->clerk, reveals, "case_work", "{\"fields\":[\"phone\",\"name\"]}",
          LOOK_OPENED, "name,phone", "13812345678" },
        { "cards", &w->clerk, person, "case_work", "", LOOK_CARDS, "", w->holder_card },
        { "uses", &w->supervisor, records, "supervision", "", LOOK_JOURNAL, "", "jrn_" },
        { "a card", &w->clerk, card, "counter_service", "", LOOK_CARD, "", w->holder_id },
        { "what happened to it", &w->agent, events, NULL, "", LOOK_CARD, "", "epoch" },
        { "nobody found", &w->clerk, "POST /v1/persons/searches", NULL,
          "{\"number\":\"11010519491231002X\"}", NULL, "", "" },
        { "own cards", &w->holder, person, NULL, "", NULL, "", "" },
        { "oneself", &w->holder, masked, NULL, "", NULL, "", "" },
        { "own messages", &w->holder, notices, NULL, "", NULL, "", "" },
        { "own helpers", &w->holder, relations, NULL, "", NULL, "", "" },
        { "own uses", &w->holder, records, NULL, "", NULL, "", "" },
        { "own card", &w->holder, card, NULL, "", NULL, "", "" },
    };

    snprintf(masked, sizeof masked, "GET /v1/persons/%s", w->holder_id);
    snprintf(notices, sizeof notices, "GET /v1/persons/%s/notices", w->holder_id);
    snprintf(relations, sizeof relations, "GET /v1/persons/%s/relations", w->holder_id);
    snprintf(reveals, sizeof reveals, "POST /v1/persons/%s/reveals", w->holder_id);
    snprintf(number, sizeof number, "{\"number\":\"%s\"}", w->holder_no);
    snprintf(person, sizeof person, "GET /v1/persons/%s/cards", w->holder_id);
    snprintf(records, sizeof records, "GET /v1/persons/%s/access-records", w->holder_id);
    snprintf(card, sizeof card, "GET /v1/cards/%s", w->holder_card);
    snprintf(events, sizeof events, "GET /v1/cards/%s/events", w->holder_card);
    test_lines(w, rows, LEN(rows));
    test_unwritten(w, rows, LEN(rows));
    test_purposes(w);
    test_read(w);
    test_out_of_reach(w);
    test_both_of_a_relation(w);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) test_all(&w);
        api_world_close(&w);
    }
    return test_end();
}
