/* tests/api/desk_look_test.c - the counter's search, person page and reveal form: what is shown,
 * what is recorded of it, and what is refused. */
#include "tests/api/forms.h"

#include "api/looks.h"
#include "journal/journal.h"

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

static void recorded(struct api_world *w, const char *title, int n, const char *act,
                     const char *fields, const char *purpose, const struct asker *who)
{
    struct journal_page page = looks(w);

    if (!CHECK_INT(title, page.n, n)) return;
    CHECK_STR(title, page.records[0].line.act, str_of(act));
    CHECK_STR(title, page.records[0].line.note, str_of(fields));
    CHECK_STR(title, page.records[0].line.purpose, str_of(purpose));
    CHECK_INT(title, page.records[0].line.actor_id, who->id);
}

static bool masked(struct api_world *w)
{
    return client_has(&w->client, "张*") && client_has(&w->client, "138****5678") &&
           !client_has(&w->client, "三丰") && !client_has(&w->client, w->holder_no) &&
           !client_has(&w->client, "13812345678");
}

static void search(struct api_world *w, const struct asker *who, const char *q, int status)
{
    char token[60];

    CHECK_STATUS(w, "the desk", form_get(w, who, "GET /desk"), 200);
    CHECK("its form", form_take(w, "/desk/searches", token));
    CHECK_STATUS(w, "a search", form_post(w, who, "/desk/searches", token, text_of("q=%s", q)),
                 status);
}

static void test_looks(struct api_world *w)
{
    char page[60];
    int n = looks(w).n;

    snprintf(page, sizeof page, "GET /desk/persons/%s", w->holder_id);
    search(w, &w->clerk, w->holder_no, 303);
    CHECK_STR("to the person", str_of(form_location(w)), str_of(page + 4));
    fixture_pass(&w->base.f, USEC_PER_SEC);
    recorded(w, "found", ++n, LOOK_FOUND, "", "counter_service", &w->clerk);
    CHECK_STATUS(w, "the person", form_get(w, &w->clerk, page), 200);
    CHECK("masked", masked(w));
    CHECK("says that it is recorded", client_has(&w->client, "已记入居民本人可查的记录"));
    CHECK("not to be kept", client_has(&w->client, "no-store"));
    fixture_pass(&w->base.f, USEC_PER_SEC);
    recorded(w, "viewed", ++n, LOOK_PERSON, "name,number,phone", "counter_service", &w->clerk);
    CHECK_STATUS(w, "the hotline", form_get(w, &w->agent, page), 200);
    CHECK("masked", masked(w));
    CHECK("opens nothing", !client_has(&w->client, "/reveals"));
    recorded(w, "by phone", ++n, LOOK_PERSON, "name,number,phone", "phone_service", &w->agent);
    search(w, &w->clerk, "11010519491231002X", 200);
    CHECK("nobody", looks(w).n == n);
    CHECK("what was typed is masked", !client_has(&w->client, "11010519491231002X"));
}

/* Two persons under one number, by a decision: both are shown, masked, and both looks recorded. */
static void test_shared(struct api_world *w)
{
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .number = { w->holder_no, 18 },
                              .name = S("赵同号"),
                              .region_code = 340111,
                              .adjudication = S("D-2021-7"),
                              .act = world_act(&w->base) };
    struct person_made made = { 0 };
    char id[20];
    int n = looks(w).n;

    CHECK_OK("shares the number", registry_person_add(&w->base.rg, NULL, &ask, &made));
    world_id(w, "psn", made.person_id, id);
    search(w, &w->clerk, w->holder_no, 200);
    CHECK("both", client_has(&w->client, text_of("/desk/persons/%s", w->holder_id)) &&
                      client_has(&w->client, text_of("/desk/persons/%s", id)));
    CHECK("masked", client_has(&w->client, "张*") && client_has(&w->client, "赵*") &&
                        !client_has(&w->client, w->holder_no) && !client_has(&w->client, "同号"));
    recorded(w, "a look at each", n + 1, LOOK_FOUND, "name,number", "counter_service", &w->clerk);
    search(w, &w->far_clerk, w->holder_no, 200);
    CHECK("to another region's clerk they are nobody",
          client_has(&w->client, "没有找到") && !client_has(&w->client, "/desk/persons/"));
    recorded(w, "but the holder sees that they searched", n + 2, LOOK_FOUND, "", "counter_service",
             &w->far_clerk);
}

/* A number mistyped is told as that, and never repeated. */
static void test_mistyped(struct api_world *w)
{
    static const struct {
        const char *title, *q, *words;
        int status;
    } rows[] = {
        { "a check character", "110105194912310021", "校验位", 422 },
        { "no day", "110105194902300025", "日期", 422 },
        { "a card that is none", "A12345678", "没有找到", 200 },
        { "a word", "somebody", "没有找到", 200 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        search(w, &w->clerk, rows[i].q, rows[i].status);
        CHECK(rows[i].title, client_has(&w->client, rows[i].words));
        CHECK("not repeated", !client_has(&w->client, rows[i].q));
    }
}

static void test_reveal(struct api_world *w)
{
    static const struct {
        const char *title, *fields, *purpose, *note;
        bool name, number, phone;
        const char *words; /* on the holder's page */
    } rows[] = {
        { "a phone", "fields=phone", "phone_service", "phone", false, false, true,
          "查看完整资料（手机号；用途：电话服务）" },
        { "a name and number", "fields=number&fields=name", "case_work", "name,number", true, true,
          false, "查看完整资料（姓名、证件号码；用途：办理申请或待遇）" },
        { "a birth date", "fields=birth_date", "supervision", "birth_date", false, false, false,
          "查看完整资料（出生日期；用途：监督检查）" },
    };
    static const struct {
        const char *title, *body, *field;
    } wrong[] = {
        { "nothing ticked", "purpose=case_work", "fields" },
        { "a field that is none", "fields=password&purpose=case_work", "fields" },
        { "no purpose", "fields=name", "purpose" },
        { "a purpose that is none", "fields=name&purpose=curiosity", "purpose" },
    };
    char page[60], path[80], token[60];
    int n = looks(w).n;

    snprintf(page, sizeof page, "GET /desk/persons/%s", w->holder_id);
    snprintf(path, sizeof path, "/desk/persons/%s/reveals", w->holder_id);
    for (size_t i = 0; i < LEN(rows); i++) {
        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, rows[i].title, form_get(w, &w->clerk, page), 200);
        CHECK(rows[i].title, form_take(w, path, token));
        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, rows[i].title,
                     form_post(w, &w->clerk, path, token,
                               text_of("%s&purpose=%s", rows[i].fields, rows[i].purpose)),
                     200);
        CHECK_INT("name", client_has(&w->client, "张三丰"), rows[i].name);
        CHECK_INT("number", client_has(&w->client, w->holder_no), rows[i].number);
        CHECK_INT("phone", client_has(&w->client, "13812345678"), rows[i].phone);
        CHECK("not to be kept", client_has(&w->client, "no-store"));
        n += 2;
        recorded(w, rows[i].title, n, LOOK_OPENED, rows[i].note, rows[i].purpose, &w->clerk);
        CHECK_STATUS(w, "the holder reads it", form_get(w, &w->holder, "GET /uses"), 200);
        CHECK(rows[i].words, client_has(&w->client, rows[i].words));
    }
    for (size_t i = 0; i < LEN(wrong); i++) {
        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, wrong[i].title, form_get(w, &w->clerk, page), 200);
        CHECK(wrong[i].title, form_take(w, path, token));
        fixture_pass(&w->base.f, USEC_PER_SEC);
        CHECK_STATUS(w, wrong[i].title, form_post(w, &w->clerk, path, token, wrong[i].body), 422);
        CHECK(wrong[i].title, masked(w) && client_has(&w->client, "class=\"error-summary\"") &&
                                  client_has(&w->client, text_of("href=\"#%s\"", wrong[i].field)));
        n += 2;
        recorded(w, wrong[i].title, n, LOOK_PERSON, "name,number,phone", "counter_service",
                 &w->clerk);
    }
    CHECK_STATUS(w, "a form", form_get(w, &w->clerk, page), 200);
    CHECK("its token", form_take(w, path, token));
    n++;
    CHECK_STATUS(w, "without its token", form_post(w, &w->clerk, path, "", "fields=name"), 403);
    CHECK_STATUS(w, "another's token", form_post(w, &w->supervisor, path, token, "fields=name"),
                 403);
    CHECK_STATUS(w, "the hotline", form_post(w, &w->agent, path, token, "fields=name"), 403);
    CHECK_STATUS(w, "another region", form_get(w, &w->far_clerk, page), 403);
    CHECK_STATUS(w, "nobody", form_get(w, &w->nobody, page), 303);
    CHECK_INT("none of them is shown anything", looks(w).n, n);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            test_looks(&w);
            test_reveal(&w);
            test_mistyped(&w);
            test_shared(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
