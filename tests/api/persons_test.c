/* tests/api/persons_test.c - people over HTTP: found, shown masked, opened field by field, their
 * messages and relations; every field wrongly, every stranger. On both engines. */
#include "tests/api/wrong.h"

#include "crypto/keyd_server.h"
#include "journal/journal.h"
#include "notice/notice.h"

/* ---- shown */

/* A line with "%s" for an id. */
static const char *form_line(const char *pattern, const char *id)
{
    const char *at = strstr(pattern, "%s");

    return text_of("%.*s%s%s", (int)(at - pattern), pattern, id, at + 2);
}

static const char *of(const struct api_world *w, const char *method, const char *rest)
{
    return text_of("%s /v1/persons/%s%s", method, w->holder_id, rest);
}

static void test_masked(struct api_world *w)
{
    const struct asker *readers[] = { &w->clerk, &w->agent, &w->supervisor, &w->holder };

    for (size_t i = 0; i < LEN(readers); i++) {
        CHECK_STATUS(w, "a person", world_ask(w, readers[i], of(w, "GET", ""), ""), 200);
        CHECK_STR("id", str_of(world_member(w, "id")), str_of(w->holder_id));
        CHECK_STR("name", str_of(world_member(w, "name")), S("张*"));
        CHECK_STR("phone", str_of(world_member(w, "phone")), S("138****5678"));
        CHECK_STR("number", str_of(world_member(w, "number")),
                  str_of(text_of("%.3s***********%s", w->holder_no, w->holder_no + 14)));
        CHECK_STR("document", str_of(world_member(w, "document")), S("citizen"));
        CHECK("birth year",
              client_has(&w->client, text_of("\"birth_year\":%.4s", w->holder_no + 6)));
        CHECK("nothing in clear", !client_has(&w->client, w->holder_no) &&
                                      !client_has(&w->client, "三丰") &&
                                      !client_has(&w->client, "13812345678"));
    }
    CHECK_STATUS(w, "oneself", world_ask(w, &w->holder, "GET /v1/persons/me", ""), 200);
    CHECK_STR("id", str_of(world_member(w, "id")), str_of(w->holder_id));
}

static void test_found(struct api_world *w)
{
    CHECK_STATUS(w, "by number",
                 world_ask(w, &w->clerk, "POST /v1/persons/searches",
                           text_of("{\"number\":\"%s\"}", w->holder_no)),
                 200);
    CHECK_STR("who", str_of(world_member(w, "id")), str_of(w->holder_id));
    CHECK_STR("name", str_of(world_member(w, "name")), S("张*"));
    CHECK("with the card", client_has(&w->client, w->holder_card));
    CHECK("nothing in clear",
          !client_has(&w->client, w->holder_no) && !client_has(&w->client, "三丰"));
    CHECK_STATUS(
        w, "nobody",
        world_ask(w, &w->clerk, "POST /v1/persons/searches", "{\"number\":\"11010519491231002X\"}"),
        200);
    CHECK("an empty list", client_has(&w->client, "\"data\":[]"));
}

static struct journal_page looks(struct api_world *w)
{
    static uint8_t memory[1 << 16];
    struct arena arena = arena_over(memory, sizeof memory);
    const struct journal_ask ask = { .person_id = w->holder.id,
                                     .kind = JOURNAL_LOOK,
                                     .limit = JOURNAL_PAGE_MAX };
    struct journal_page page = { 0 };

    CHECK_OK("looks", journal_lines(w->app.store, &ask, &arena, &page));
    return page;
}

static void test_reveals(struct api_world *w)
{
    const struct {
        const char *title, *fields, *note;
        bool name, number, phone, birth;
    } rows[] = {
        { "a name", "\"name\"", "name", true, false, false, false },
        { "a number", "\"number\"", "number", false, true, false, false },
        { "a phone twice", "\"phone\",\"phone\"", "phone", false, false, true, false },
        { "a birth date", "\"birth_date\"", "birth_date", false, false, false, true },
        { "all", "\"birth_date\",\"phone\",\"number\",\"name\"", "name,number,phone,birth_date",
          true, true, true, true },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        int before = looks(w).n;
        struct journal_page page;

        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, rows[i].title,
                     world_ask_with(w, &w->clerk, of(w, "POST", "/reveals"),
                                    "X-Purpose: case_work\r\n",
                                    text_of("{\"fields\":[%s]}", rows[i].fields)),
                     200);
        CHECK_INT("name", client_has(&w->client, "\"name\":\"张三丰\""), rows[i].name);
        CHECK_INT("number", client_has(&w->client, w->holder_no), rows[i].number);
        CHECK_INT("phone", client_has(&w->client, "13812345678"), rows[i].phone);
        CHECK_INT("birth", client_has(&w->client, "birth_date"), rows[i].birth);
        CHECK("not to be kept", client_has(&w->client, "no-store"));
        page = looks(w);
        if (!CHECK_INT("one line", page.n, before + 1)) continue;
        CHECK_STR("act", page.records[0].line.act, S("fields_opened"));
        CHECK_STR("which", page.records[0].line.note, str_of(rows[i].note));
        CHECK_STR("why", page.records[0].line.purpose, S("case_work"));
        CHECK_INT("who", page.records[0].line.actor_id, w->clerk.id);
    }
    CHECK_STATUS(w, "the holder reads which",
                 world_ask(w, &w->holder, "GET /v1/persons/me/access-records?limit=1", ""), 200);
    CHECK("which",
          client_has(&w->client, "\"fields\":[\"name\",\"number\",\"phone\",\"birth_date\"]"));
}

/* ---- messages */

static void test_notices(struct api_world *w)
{
    char cursor[80] = "", seen[8][20];
    int n = 0;

    for (int i = 0; i < 3; i++) {
        fixture_pass(&w->base.f, USEC_PER_HOUR);
        CHECK_STATUS(w, "lost",
                     world_ask(w, &w->other,
                               text_of("POST /v1/cards/%s/loss-reports", w->other_card),
                               "{\"kind\":\"temporary\"}"),
                     201);
        CHECK_STATUS(w, "found",
                     world_ask(w, &w->clerk,
                               text_of("DELETE /v1/cards/%s/loss-reports/%s", w->other_card,
                                       world_member(w, "id")),
                               ""),
                     200);
    }
    do { /* one by one, each once, the newest first */
        struct str next;

        CHECK_STATUS(
            w, "messages",
            world_ask(w, &w->other, text_of("GET /v1/persons/me/notices?limit=1%s", cursor), ""),
            200);
        snprintf(seen[n], sizeof seen[n], "%s", world_member(w, "id"));
        for (int k = 0; k < n; k++)
            CHECK("another", strcmp(seen[k], seen[n]) != 0);
        if (n < 6)
            CHECK_STR("kind", str_of(world_member(w, "kind")),
                      n % 2 ? S("card_lost") : S("loss_lifted"));
        next = client_between(&w->client, "\"next_cursor\":\"", '"');
        snprintf(cursor, sizeof cursor, "&cursor=%.*s", (int)next.n, next.n ? next.p : "");
        n++;
    } while (client_has(&w->client, "\"has_more\":true") && n < 8);
    CHECK("six and more", n >= 6);
    CHECK_STATUS(w, "in English",
                 world_ask_with(w, &w->clerk,
                                text_of("GET /v1/persons/%s/notices?limit=1", w->other_id),
                                "Accept-Language: en\r\n", ""),
                 200);
    CHECK("words", client_has(&w->client, "card"));
}

/* ---- relations */

static const char *relation(const char *kind, const char *helper, const char *scope)
{
    return text_of("{\"kind\":\"%s\",%s,\"scope\":[%s]}", kind, helper, scope);
}

static void test_relations(struct api_world *w)
{
    char by_id[60], by_both[120], id[20], helper_line[120];
    int64_t link_id;

    snprintf(by_id, sizeof by_id, "\"helper\":\"%s\"", w->other_id);
    snprintf(by_both, sizeof by_both, "\"helper_number\":\"%s\",\"helper_name\":\"李四光\"",
             w->other_no);
    CHECK_STATUS(w, "a guardian at a counter",
                 world_ask(w, &w->clerk, of(w, "POST", "/relations"),
                           relation("guardian", by_id, "\"code\",\"lose\"")),
                 201);
    CHECK_STR("helper", str_of(world_member(w, "helper")), str_of(w->other_id));
    CHECK_STR("masked", str_of(world_member(w, "name")), S("李*"));
    CHECK("scope", client_has(&w->client, "\"scope\":[\"code\",\"lose\"]"));
    snprintf(id, sizeof id, "%s", world_member(w, "id"));
    CHECK_OK("may", registry_link_may(w->app.store, w->holder.id, w->other.id, SCOPE_LOSE,
                                      fixture_now(&w->base.f), &link_id));
    CHECK("is in effect", link_id != 0);

    CHECK_STATUS(w, "who may act for me",
                 world_ask(w, &w->holder, "GET /v1/persons/me/relations", ""), 200);
    CHECK("that one", client_has(&w->client, id));
    CHECK_STATUS(w, "for whom I may",
                 world_ask(w, &w->other, "GET /v1/persons/me/relations?as=helper", ""), 200);
    CHECK("the same", client_has(&w->client, id) && client_has(&w->client, "张*"));
    CHECK_STATUS(w, "nobody acts for the helper",
                 world_ask(w, &w->other, "GET /v1/persons/me/relations", ""), 200);
    CHECK("none", client_has(&w->client, "\"data\":[]"));

    snprintf(helper_line, sizeof helper_line, "DELETE /v1/persons/%s/relations/%s", w->holder_id,
             id);
    CHECK_STATUS(w, "another clerk's region", world_ask(w, &w->far_clerk, helper_line, ""), 403);
    CHECK_STATUS(w, "the helper lays it down", world_ask(w, &w->other, helper_line, ""), 204);
    CHECK_STATUS(w, "twice", world_ask(w, &w->other, helper_line, ""), 404);
    CHECK_OK("may", registry_link_may(w->app.store, w->holder.id, w->other.id, SCOPE_LOSE,
                                      fixture_now(&w->base.f), &link_id));
    CHECK("is over", link_id == 0);

    CHECK_STATUS(w, "a holder names a helper",
                 world_ask(w, &w->holder, "POST /v1/persons/me/relations",
                           relation("helper", by_both, "\"collect\"")),
                 201);
    snprintf(id, sizeof id, "%s", world_member(w, "id"));
    CHECK_STATUS(w, "and ends it",
                 world_ask(w, &w->holder, text_of("DELETE /v1/persons/me/relations/%s", id), ""),
                 204);
    world_repeated(w, &w->clerk, of(w, "POST", "/relations"), relation("helper", by_id, "\"book\""),
                   relation("helper", by_id, "\"code\""), 201);
}

/* All of the other's for the holder. */
static void relations_end(struct api_world *w)
{
    const struct act act = world_act(&w->base);
    int64_t link_id;

    do {
        CHECK_OK("which", registry_link_may(w->app.store, w->holder.id, w->other.id, 0,
                                            fixture_now(&w->base.f), &link_id));
        if (link_id == 0) break;
    } while (CHECK_OK("ended", registry_link_end(&w->base.rg, w->holder.id, link_id, &act)));
}

/* What a relation gives, under the helper's own name, and that it ends with it. */
static void test_helping(struct api_world *w)
{
    struct link_ask ask = { .person_id = w->holder.id,
                            .helper_id = w->other.id,
                            .kind = LINK_HELPER,
                            .scope = SCOPE_COLLECT,
                            .valid_from = fixture_now(&w->base.f),
                            .act = world_act(&w->base) };
    static const char *const READ[] = { "GET /v1/persons/%s", "GET /v1/persons/%s/cards",
                                        "GET /v1/cards/%s", "GET /v1/cards/%s/events" };
    static const char *const CLOSED[] = { "/access-records", "/notices", "/relations" };
    char line[4][80], lose[80], loss[20];
    int64_t link_id;
    struct journal_page page;

    for (int i = 0; i < 4; i++)
        snprintf(line[i], 80, "%s", form_line(READ[i], i < 2 ? w->holder_id : w->holder_card));
    snprintf(lose, sizeof lose, "POST /v1/cards/%s/loss-reports", w->holder_card);
    relations_end(w);
    for (int i = 0; i < 4; i++)
        CHECK_STATUS(w, "before", world_ask(w, &w->other, line[i], ""), 404);
    CHECK_OK("a helper", registry_link_add(&w->base.rg, NULL, &ask, &link_id));
    for (int i = 0; i < 4; i++) {
        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, READ[i], world_ask(w, &w->other, line[i], ""), 200);
        CHECK("masked", !client_has(&w->client, "三丰"));
        page = looks(w);
        CHECK_INT("a look", page.records[0].line.at.usec, fixture_now(&w->base.f).usec);
        CHECK_INT("of a helper", page.records[0].line.actor, ACTOR_HELPER);
        CHECK_INT("by name", page.records[0].line.actor_id, w->other.id);
    }
    for (size_t i = 0; i < LEN(CLOSED); i++)
        CHECK_STATUS(w, CLOSED[i], world_ask(w, &w->other, of(w, "GET", CLOSED[i]), ""), 404);
    {
        const struct refused rows[] = {
            { "without that scope", &w->other, lose, "{\"kind\":\"temporary\"}", 404, "unknown" },
        };

        UNTOUCHED(w, rows);
    }
    ask.scope = SCOPE_LOSE;
    ask.act.at = fixture_now(&w->base.f);
    ask.valid_from = ask.act.at;
    CHECK_OK("and may report", registry_link_add(&w->base.rg, NULL, &ask, &link_id));
    CHECK_STATUS(w, "lost", world_ask(w, &w->other, lose, "{\"kind\":\"temporary\"}"), 201);
    snprintf(loss, sizeof loss, "%s", world_member(w, "id"));
    CHECK_STATUS(w, "the holder reads who",
                 world_ask(w, &w->holder, "GET /v1/persons/me/access-records?limit=1", ""), 200);
    CHECK_STR("a helper", str_of(world_member(w, "actor")), S("helper"));
    CHECK_STR("reported it", str_of(world_member(w, "act")), S("card_lost"));
    CHECK_STATUS(w, "the report",
                 world_ask(w, &w->other,
                           text_of("GET /v1/cards/%s/loss-reports/%s", w->holder_card, loss), ""),
                 200);
    CHECK_STATUS(w, "lifting is the holder's",
                 world_ask(w, &w->other,
                           text_of("DELETE /v1/cards/%s/loss-reports/%s", w->holder_card, loss),
                           ""),
                 404);
    CHECK_STATUS(
        w, "and so is the consent",
        world_ask(w, &w->other, text_of("POST /v1/cards/%s/ecard-consents", w->holder_card), "{}"),
        404);
    relations_end(w);
    for (int i = 0; i < 4; i++)
        CHECK_STATUS(w, "after", world_ask(w, &w->other, line[i], ""), 404);
    CHECK_STATUS(w, "found again",
                 world_ask(w, &w->clerk,
                           text_of("DELETE /v1/cards/%s/loss-reports/%s", w->holder_card, loss),
                           ""),
                 200);
}

static void test_relations_refused(struct api_world *w)
{
    struct asker weak;
    char far_helper[60], self[60], name_only[120], wrong_name[120], nobody[120], both[200],
        long_ago[200];

    world_token(w, SUBJECT_PERSON, w->holder.id, PROOF_ONE_FACTOR, &weak);
    snprintf(far_helper, sizeof far_helper, "\"helper\":\"%s\"", w->other_id);
    snprintf(self, sizeof self, "\"helper\":\"%s\"", w->holder_id);
    snprintf(name_only, sizeof name_only, "\"helper_name\":\"李四光\"");
    snprintf(wrong_name, sizeof wrong_name, "\"helper_number\":\"%s\",\"helper_name\":\"李四\"",
             w->other_no);
    snprintf(nobody, sizeof nobody,
             "\"helper_number\":\"11010519491231002X\",\"helper_name\":\"李四\"");
    snprintf(both, sizeof both, "\"helper_number\":\"%s\",\"helper_name\":\"李四光\"", w->other_no);
    snprintf(long_ago, sizeof long_ago, "%s,\"until\":\"2001-01-01T00:00:00+08:00\"", far_helper);
    {
        char line[80];
        const struct refused rows[] = {
            { "oneself", &w->clerk, line, relation("helper", self, "\"code\""), 422,
              "relation_self" },
            { "ends before it begins", &w->clerk, line, relation("helper", long_ago, "\"code\""),
              422, "fact_period" },
            { "a holder names no guardian", &w->holder, line,
              relation("guardian", both, "\"code\""), 403, "scope" },
            { "a weak sign-in", &weak, line, relation("helper", both, "\"code\""), 403,
              "proof_too_weak" },
            { "a holder gives no id", &w->holder, line, relation("helper", far_helper, "\"code\""),
              422, "not_valid" },
            { "a name alone", &w->holder, line, relation("helper", name_only, "\"code\""), 422,
              "missing" },
            { "another name", &w->holder, line, relation("helper", wrong_name, "\"code\""), 404,
              "person_unknown" },
        };

        snprintf(line, sizeof line, "%s", of(w, "POST", "/relations"));
        UNTOUCHED(w, rows);
        CHECK_STATUS(w, "nobody's number, the same answer",
                     world_ask(w, &w->holder, line, relation("helper", nobody, "\"code\"")), 404);
        CHECK_STR("code", client_code(&w->client), S("person_unknown"));
    }
}

/* ---- who used my card, page by page */

static void test_pages_of_uses(struct api_world *w)
{
    char cursor[80] = "";
    int n = 0, pages = 0, total;
    static uint8_t memory[1 << 17];
    struct arena arena = arena_over(memory, sizeof memory);
    const struct journal_ask ask = { .person_id = w->holder.id, .limit = JOURNAL_PAGE_MAX };
    struct journal_page page = { 0 };

    CHECK_OK("all", journal_lines(w->app.store, &ask, &arena, &page));
    total = page.n;
    CHECK("more than a few", total > 12 && !page.more);
    do {
        struct str next;

        CHECK_STATUS(w, "a page",
                     world_ask(w, &w->holder,
                               text_of("GET /v1/persons/me/access-records?limit=5%s", cursor), ""),
                     200);
        for (int i = 0; i < 5 && n < total; i++, n++) {
            char id[20];

            world_id(w, "jrn", page.records[n].id, id);
            CHECK("in order, none twice, none left out", client_has(&w->client, id));
        }
        next = client_between(&w->client, "\"next_cursor\":\"", '"');
        snprintf(cursor, sizeof cursor, "&cursor=%.*s", (int)next.n, next.n ? next.p : "");
    } while (client_has(&w->client, "\"has_more\":true") && ++pages < 100);
    CHECK_INT("to the last", n, total);
}

static void test_repeated(struct api_world *w)
{
    char line[80], id[20], no[19];

    citizen_no_text(950, no);
    world_repeated(w, &w->clerk, "POST /v1/persons",
                   text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":\"某甲\","
                           "\"region_code\":340111}",
                           no),
                   text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":\"某乙\","
                           "\"region_code\":340111}",
                           no),
                   201);
    CHECK_STATUS(w, "under another key",
                 world_ask(w, &w->clerk, "POST /v1/persons",
                           text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":"
                                   "\"某甲\",\"region_code\":340111}",
                                   no)),
                 409);
    CHECK_STR("is there", client_code(&w->client), S("person_exists"));
    world_id(w, "jrn", looks(w).records[0].id, id);
    snprintf(line, sizeof line, "POST /v1/access-records/%s/contests", id);
    world_repeated(w, &w->holder, line, "{\"reason\":\"not_asked\"}", "{\"reason\":\"not_me\"}",
                   201);
    {
        const struct refused rows[] = {
            { "contested already", &w->holder, line, "{\"reason\":\"not_me\"}", 409,
              "record_contested" },
            { "another's line", &w->other, line, "{\"reason\":\"not_me\"}", 404, "unknown" },
            { "staff", &w->clerk, line, "{\"reason\":\"not_me\"}", 403, "scope" },
        };

        UNTOUCHED(w, rows);
    }
}

/* ---- every field wrongly */

static void test_fields(struct api_world *w)
{
    static const struct wrong_field PERSON[] = {
        { "document", WRONG_WORD, "\"citizen\"", NEEDED },
        { "number", WRONG_TEXT, "\"11010519491231002X\"", NEEDED },
        { "name", WRONG_TEXT, "\"欧阳·某\"", NEEDED },
        { "region_code", WRONG_INT, "340111", NEEDED },
        { "phone", WRONG_TEXT, "\"13800000002\"", OPTIONAL },
    };
    static const struct wrong_field SEARCH[] = {
        { "number", WRONG_TEXT, "\"11010519491231002X\"", OPTIONAL },
        { "document", WRONG_WORD, "\"citizen\"", OPTIONAL },
        { "name", WRONG_TEXT, "\"某\"", OPTIONAL },
    };
    static const struct wrong_field SEARCH_CARD[] = {
        { "card_no", WRONG_TEXT, "\"123456789\"", OPTIONAL },
    };
    static const struct wrong_field REVEAL[] = { { "fields", WRONG_ARRAY, "[\"name\"]", NEEDED } };
    static const struct wrong_field CONTEST[] = { { "reason", WRONG_WORD, "\"not_me\"", NEEDED } };
    char helper[40], line[3][80];
    const struct wrong_field relations[] = {
        { "kind", WRONG_WORD, "\"helper\"", NEEDED },
        { "helper", WRONG_ID, helper, OPTIONAL },
        { "scope", WRONG_ARRAY, "[\"code\"]", NEEDED },
        { "until", WRONG_INSTANT, "\"2031-01-01T00:00:00+08:00\"", OPTIONAL },
    };

    snprintf(helper, sizeof helper, "\"%s\"", w->other_id);
    snprintf(line[0], 80, "%s", of(w, "POST", "/reveals"));
    snprintf(line[1], 80, "%s", of(w, "POST", "/relations"));
    WRONG(w, w->clerk, "POST /v1/persons", PERSON, API_ONCE);
    WRONG(w, w->clerk, "POST /v1/persons/searches", SEARCH, 0);
    WRONG(w, w->clerk, "POST /v1/persons/searches", SEARCH_CARD, 0);
    WRONG(w, w->clerk, line[0], REVEAL, 0);
    WRONG(w, w->clerk, line[1], relations, API_ONCE);
    CHECK_STATUS(w, "a line",
                 world_ask(w, &w->holder, "GET /v1/persons/me/access-records?limit=1", ""), 200);
    snprintf(line[2], 80, "POST /v1/access-records/%s/contests", world_member(w, "id"));
    WRONG(w, w->holder, line[2], CONTEST, API_ONCE);
}

/* What only these resources refuse, each with its own code. */
static void test_refused(struct api_world *w)
{
    char reveals[80], nobody[20], person[3][80];
    const struct refused rows[] = {
        { "no number at all", &w->clerk, "POST /v1/persons/searches", "{}", 422, "missing" },
        { "number and card", &w->clerk, "POST /v1/persons/searches",
          "{\"number\":\"11010519491231002X\",\"card_no\":\"123456789\"}", 422, "not_valid" },
        { "a number of 17", &w->clerk, "POST /v1/persons/searches",
          "{\"number\":\"11010519491231002\",\"document\":\"citizen\"}", 422, "number_length" },
        { "a number of no known form", &w->clerk, "POST /v1/persons/searches",
          "{\"number\":\"11010519491231002\"}", 422, "document_kind" },
        { "a passport of nowhere", &w->clerk, "POST /v1/persons/searches",
          "{\"number\":\"E12345678\",\"document\":\"passport\"}", 422, "number_country" },
        { "a check character", &w->clerk, "POST /v1/persons/searches",
          "{\"number\":\"110105194912310021\"}", 422, "check_digit" },
        { "the 30th of February", &w->clerk, "POST /v1/persons",
          "{\"document\":\"citizen\",\"number\":\"340111198002300018\",\"name\":\"某\","
          "\"region_code\":340111}",
          422, "number_date" },
        { "a name of spaces", &w->clerk, "POST /v1/persons",
          "{\"document\":\"citizen\",\"number\":\"11010519491231002X\",\"name\":\" 　 \","
          "\"region_code\":340111}",
          422, "name_form" },
        { "a phone of ten digits", &w->clerk, "POST /v1/persons",
          "{\"document\":\"citizen\",\"number\":\"11010519491231002X\",\"name\":\"某某\","
          "\"region_code\":340111,\"phone\":\"1380000000\"}",
          422, "phone_form" },
        { "another region", &w->clerk, "POST /v1/persons",
          "{\"document\":\"citizen\",\"number\":\"11010519491231002X\",\"name\":\"某某\","
          "\"region_code\":341202}",
          403, "region" },
        { "no field", &w->clerk, reveals, "{\"fields\":[]}", 422, "too_few" },
        { "five fields", &w->clerk, reveals,
          "{\"fields\":[\"name\",\"name\",\"name\",\"name\",\"name\"]}", 422, "too_many" },
        { "a field that is none", &w->clerk, reveals, "{\"fields\":[\"password\"]}", 422,
          "not_one_of" },
        { "a field that is a number", &w->clerk, reveals, "{\"fields\":[1]}", 422, "type" },
        { "the hotline opens nothing", &w->agent, reveals, "{\"fields\":[\"name\"]}", 403,
          "scope" },
        { "an admin neither", &w->admin, reveals, "{\"fields\":[\"name\"]}", 403, "scope" },
        { "another region", &w->far_clerk, reveals, "{\"fields\":[\"name\"]}", 403, "region" },
        { "not the holder by this way", &w->holder, reveals, "{\"fields\":[\"name\"]}", 403,
          "scope" },
        { "nobody", &w->clerk, person[0], "{\"fields\":[\"name\"]}", 404, "unknown" },
        { "a card's id", &w->clerk, person[1], "{\"fields\":[\"name\"]}", 404, "id_unknown" },
        { "me at a counter", &w->clerk, "POST /v1/persons/me/reveals", "{\"fields\":[\"name\"]}",
          404, "unknown" },
    };

    snprintf(reveals, sizeof reveals, "%s", of(w, "POST", "/reveals"));
    world_id(w, "psn", 77, nobody);
    snprintf(person[0], sizeof person[0], "POST /v1/persons/%s/reveals", nobody);
    snprintf(person[1], sizeof person[1], "POST /v1/persons/%s/reveals", w->holder_card);
    UNTOUCHED(w, rows);
}

/* Each address of a person, for each who may not. */
static void test_strangers(struct api_world *w)
{
    static const struct {
        const char *rest;
        bool agent; /* reads it too */
    } READ[] = { { "", true },
                 { "/cards", true },
                 { "/access-records", false },
                 { "/notices", true },
                 { "/relations", true } };
    char nobody[20];

    world_id(w, "psn", 77, nobody);
    for (size_t i = 0; i < LEN(READ); i++) {
        const char *rest = READ[i].rest;
        const struct asker *staff = READ[i].agent ? &w->clerk : &w->supervisor;
        char line[4][100];
        const struct refused rows[] = {
            { "nobody is signed in", &w->nobody, line[0], "", 401, "sign_in" },
            { "another resident", &w->other, line[0], "", 404, "unknown" },
            { "an admin", &w->admin, line[0], "", 403, "scope" },
            { "a venue", &w->venue, line[0], "", 403, "scope" },
            { "nobody's id", staff, line[1], "", 404, "unknown" },
            { "a card's id", staff, line[2], "", 404, "id_unknown" },
            { "me at a counter", staff, line[3], "", 404, "unknown" },
        };

        snprintf(line[0], 100, "GET /v1/persons/%s%s", w->holder_id, rest);
        snprintf(line[1], 100, "GET /v1/persons/%s%s", nobody, rest);
        snprintf(line[2], 100, "GET /v1/persons/%s%s", w->holder_card, rest);
        snprintf(line[3], 100, "GET /v1/persons/me%s", rest);
        UNTOUCHED(w, rows);
        if (READ[i].agent) {
            const struct refused far[] = { { "another region", &w->far_clerk, line[0], "", 403,
                                             "region" } };

            UNTOUCHED(w, far);
        }
        CHECK_STATUS(w, "an unknown parameter",
                     world_ask(w, staff, text_of("%s?xyzzy=1", line[0]), ""), 400);
    }
}

/* ---- keyd's budgets, last: the keys are opened anew with small ones */

static bool keyd_with(struct api_world *w, int64_t a_second, int64_t a_day)
{
    char dir[400], path[410];
    struct keyd_settings settings = { .dir = dir,
                                      .clock = w->base.f.config.clock,
                                      .entropy = w->base.f.config.entropy,
                                      .no_sync = true };
    struct keyd_status status;

    CHECK_OK("used", keyd_status(w->base.keyd, &status));
    snprintf(dir, sizeof dir, "%s.keys", w->base.folder);
    snprintf(path, sizeof path, "%s/hsm", dir);
    settings.hsm = (struct hsm_settings){ .kind = HSM_SOFTWARE,
                                          .path = path,
                                          .secret = str_bytes(S("test")),
                                          .cost = PASSWORD_COST_TEST };
    for (int use = 1; use < KEYD_USES; use++)
        settings.budgets[use] = (struct keyd_budget){ 1000000, INT64_C(1000000000) };
    settings.budgets[KEYD_USE_COUNTER] =
        (struct keyd_budget){ a_second, status.budgets[KEYD_USE_COUNTER].day_used + a_day };
    keyd_close(w->base.keyd);
    keyd_core_close(w->base.core);
    w->base.core = NULL;
    w->base.keyd = NULL;
    if (!CHECK_OK("keyd", keyd_core_open(&settings, &w->base.core)) ||
        !CHECK_OK("keyd", keyd_open_local(w->base.core, &w->base.keyd)))
        return false;
    w->base.rg.keyd = w->base.keyd;
    w->app.keyd = w->base.keyd;
    return true;
}

static void test_budgets(struct api_world *w)
{
    char reveals[80];
    struct refused second[] = { { "too fast", &w->clerk, reveals, "{\"fields\":[\"name\"]}", 429,
                                  "reveal_too_fast" } };
    struct refused day[] = { { "enough for today", &w->clerk, reveals,
                               "{\"fields\":[\"name\",\"phone\"]}", 429, "reveal_day_limit" } };

    snprintf(reveals, sizeof reveals, "%s", of(w, "POST", "/reveals"));
    fixture_pass(&w->base.f, USEC_PER_SEC);
    if (!keyd_with(w, 1, 3)) return;
    CHECK_STATUS(w, "one", world_ask(w, &w->clerk, reveals, "{\"fields\":[\"name\"]}"), 200);
    UNTOUCHED(w, second);
    CHECK_STATUS(w, "a person is found all the same",
                 world_ask(w, &w->clerk, "POST /v1/persons/searches",
                           text_of("{\"number\":\"%s\"}", w->holder_no)),
                 200);
    CHECK_STR("without the name, and says why", str_of(world_member(w, "name_missing")),
              S("reveal_too_fast"));
    fixture_pass(&w->base.f, USEC_PER_SEC);
    CHECK_STATUS(w, "a second later", world_ask(w, &w->clerk, reveals, "{\"fields\":[\"name\"]}"),
                 200);
    if (!keyd_with(w, 100, 1)) return;
    UNTOUCHED(w, day);
    CHECK_STATUS(w, "what is left", world_ask(w, &w->clerk, reveals, "{\"fields\":[\"name\"]}"),
                 200);
    CHECK_STATUS(w, "a birth date needs no key",
                 world_ask(w, &w->clerk, reveals, "{\"fields\":[\"birth_date\"]}"), 200);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            test_masked(&w);
            test_found(&w);
            test_reveals(&w);
            test_notices(&w);
            test_relations(&w);
            test_helping(&w);
            test_relations_refused(&w);
            test_pages_of_uses(&w);
            test_repeated(&w);
            test_fields(&w);
            test_refused(&w);
            test_strangers(&w);
            test_budgets(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
