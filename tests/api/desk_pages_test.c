/* tests/api/desk_pages_test.c - the counter's pages and forms over HTTP: each one not signed in, in
 * the wrong role, from another region, without its token, with wrong fields, done, done twice, and
 * too late. */
#include "tests/api/forms.h"

enum begin { FRESH, SEALED, LOST, LOCKED, STOPPED, CARDLESS };

/* One act. The addresses hold "%s" for the card's (or person's) public id. */
struct act_row {
    const char *title;
    enum begin begin;
    const struct asker *who, *not_who; /* who may, and who may not by role */
    const char *page, *posts, *fields; /* fields: right ones, "" for none */
    const char *wrong, *wrong_words;   /* fields that are refused, and what is said */
    const char *done;                  /* what the page after it says */
    const char *state;                 /* of the card afterwards, in words */
};

static void begin(struct api_world *w, enum begin how, char person[20], char card[20])
{
    char no[19];
    int64_t person_id = world_person(w, "王小明", "13700001111", no), card_id;
    const struct act act = world_act(&w->base);
    const struct card_issue_ask issue = { .person_id = person_id,
                                          .generation = 3,
                                          .region_code = 340111,
                                          .instant = true,
                                          .ecard = true,
                                          .act = act };
    struct card_event_ask event = { .person_id = person_id,
                                    .function = FUNCTION_SOCIAL,
                                    .event = how == LOCKED ? SOCIAL_LOCK : SOCIAL_STOP,
                                    .act = act };
    struct loss_ask loss = {
        .person_id = person_id, .kind = LOSS_TEMPORARY, .reason = LOSS_LOST, .act = act
    };
    struct card_made made;
    struct loss_made lost;
    struct card after;

    world_id(w, "psn", person_id, person);
    card[0] = 0;
    if (how == CARDLESS) return;
    if (how == SEALED) {
        CHECK_OK("a card", registry_card_issue(&w->base.rg, NULL, &issue, &made));
        card_id = made.card_id;
    } else {
        card_id = world_card(w, person_id);
    }
    world_id(w, "crd", card_id, card);
    event.card_id = loss.card_id = card_id;
    if (how == LOCKED || how == STOPPED)
        CHECK_OK("its state", registry_card_event(&w->base.rg, NULL, &event, &after));
    if (how == LOST) CHECK_OK("its state", registry_card_lose(&w->base.rg, NULL, &loss, &lost));
}

/* A card's number in full on the page. */
static bool number_shown(const struct api_world *w)
{
    struct str page = { w->client.a.bytes, w->client.a.n };
    struct card_no no;

    for (size_t i = 0; i + 4 + CARD_NO_CHARS + 5 <= page.n; i++) {
        if (!str_starts(str_part(page, i, 4), S("<dd>"))) continue;
        if (!str_starts(str_part(page, i + 4 + CARD_NO_CHARS, 5), S("</dd>"))) continue;
        if (card_no_parse(str_part(page, i + 4, CARD_NO_CHARS), &no).code == 0) return true;
    }
    return false;
}

static bool makes_card(const struct act_row *row)
{
    return row->begin == CARDLESS || strncmp(row->title, "replace", 7) == 0;
}

static void row_test(struct api_world *w, const struct act_row *row)
{
    char person[20], card[20];
    char page[120], posts[120], first[160], token[60], second[60];
    const char *id;

    begin(w, row->begin, person, card);
    id = row->begin == CARDLESS ? person : card;
    snprintf(page, sizeof page, "GET %s", form_path(row->page, id));
    snprintf(posts, sizeof posts, "%s", form_path(row->posts, id));

    CHECK_STATUS(w, row->title, form_get(w, &w->nobody, page), 303);
    CHECK("to the sign-in and back", client_has(&w->client, "Location: /desk/sign-in?next=/desk/"));
    CHECK_STATUS(w, row->title, form_get(w, row->not_who, page), 403);
    CHECK_STATUS(w, row->title, form_get(w, &w->far_clerk, page), 403);
    CHECK_STATUS(w, row->title, form_get(w, row->who, page), 200);
    CHECK("names are masked", client_has(&w->client, "王*") && !client_has(&w->client, "小明"));
    CHECK("numbers are masked", !client_has(&w->client, "<td>340111"));
    CHECK(row->title, form_take(w, posts, token));
    CHECK_STATUS(w, row->title, form_get(w, row->who, page), 200);
    CHECK(row->title, form_take(w, posts, second));

    CHECK_STATUS(w, row->title, form_post(w, &w->nobody, posts, token, row->fields), 401);
    CHECK_STATUS(w, row->title, form_post(w, row->not_who, posts, token, row->fields), 403);
    CHECK_STATUS(w, row->title, form_post(w, row->who, posts, "", row->fields), 403);
    CHECK_STATUS(w, "another form's token", form_post(w, row->who, "/desk/searches", token, "q=1"),
                 403);
    CHECK_STATUS(w, "a field that is not there",
                 form_post(w, row->who, posts, token, text_of("%s&extra=1", row->fields)), 422);
    CHECK_STATUS(w, row->title, form_post(w, row->who, posts, token, row->wrong), 422);
    CHECK(row->title, client_has(&w->client, row->wrong_words));
    CHECK("on the same page, with its form",
          client_has(&w->client, text_of("action=\"%s\"", posts)));

    CHECK_STATUS(w, row->title, form_post(w, row->who, posts, token, row->fields), 303);
    snprintf(first, sizeof first, "%s", form_location(w));
    CHECK(row->title, raw_find(str_of(first), "/acts/act_"));
    CHECK_STATUS(w, "sent twice", form_post(w, row->who, posts, token, row->fields), 303);
    CHECK_STR("it shows the first result", str_of(form_location(w)), str_of(first));
    CHECK_STATUS(w, row->title, form_get(w, row->who, text_of("GET %s", first)), 200);
    CHECK(row->title, client_has(&w->client, row->done));
    CHECK(row->title, client_has(&w->client, row->state));
    CHECK("whoever made a card reads its number", number_shown(w) == makes_card(row));
    CHECK("with who did it", client_has(&w->client, "<dd>合肥市窗口人员</dd>") ||
                                 client_has(&w->client, "<dd>安徽省窗口主管</dd>") ||
                                 client_has(&w->client, "<dd>安徽省12333热线</dd>"));
    CHECK_STATUS(
        w, "read by another",
        form_get(w, row->who == &w->clerk ? &w->supervisor : &w->clerk, text_of("GET %s", first)),
        200);
    CHECK("its number is not theirs", !number_shown(w));
    CHECK_STATUS(w, "read by nobody else", form_get(w, &w->far_clerk, text_of("GET %s", first)),
                 403);

    CHECK_STATUS(w, "somebody was faster", form_post(w, row->who, posts, second, row->fields), 409);
    CHECK("told in words", client_has(&w->client, "class=\"error-summary\""));
    CHECK("and since when",
          row->begin == CARDLESS || client_has(&w->client, "此卡自 8月20日 08:00 起（"));
    CHECK_STATUS(w, "the page says so too", form_get(w, row->who, page), 200);
    CHECK("without a form", !client_has(&w->client, text_of("action=\"%s\"", posts)));
    CHECK("but with words", client_has(&w->client, "现在不能办理这一项"));
}

/* A document of another country, by the search box. */
static void test_passport(struct api_world *w)
{
    const struct person_ask ask = { .document = DOCUMENT_PASSPORT,
                                    .country = S("USA"),
                                    .number = S("C01234567"),
                                    .name = S("JANE ROE"),
                                    .birth = { 1980, 2, 3 },
                                    .region_code = 340111,
                                    .act = world_act(&w->base) };
    static const struct {
        const char *title, *fields;
        int status;
    } rows[] = {
        { "with its country", "q=USA%20C01234567", 303 },
        { "typed as it comes", "q=%20usa%20%20c01234567%20", 303 },
        { "another country's", "q=FRA%20C01234567", 200 },
        { "without a country it means nobody", "q=C01234567", 200 },
        { "no such form", "q=USA%20C0", 422 },
    };
    struct person_made made;
    char token[60];

    CHECK_OK("a person with a passport", registry_person_add(&w->base.rg, NULL, &ask, &made));
    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_STATUS(w, "the desk", form_get(w, &w->clerk, "GET /desk"), 200);
        CHECK(rows[i].title, form_take(w, "/desk/searches", token));
        CHECK_STATUS(w, rows[i].title,
                     form_post(w, &w->clerk, "/desk/searches", token, rows[i].fields),
                     rows[i].status);
    }
}

static void test_acts(struct api_world *w)
{
    const struct act_row rows[] = {
        { "issue", CARDLESS, &w->clerk, &w->agent, "/desk/persons/%s/issue",
          "/desk/persons/%s/cards", "generation=3&ready=now", "generation=4&ready=now",
          "不在可选范围内", "已发卡", "未启用" },
        { "issue, to be made", CARDLESS, &w->clerk, &w->venue, "/desk/persons/%s/issue",
          "/desk/persons/%s/cards", "generation=3&ready=later", "generation=3", "此项必填",
          "已发卡", "已申领" },
        { "activate", SEALED, &w->clerk, &w->agent, "/desk/cards/%s/activate",
          "/desk/cards/%s/activations", "function=both", "function=all", "不在可选范围内", "已启用",
          "正常" },
        { "lose", FRESH, &w->clerk, &w->venue, "/desk/cards/%s/lose", "/desk/cards/%s/loss-reports",
          "kind=temporary&reason=stolen", "kind=temporary", "此项必填", "已登记临时挂失",
          "临时挂失" },
        { "lose by phone", FRESH, &w->agent, &w->venue, "/desk/cards/%s/lose",
          "/desk/cards/%s/loss-reports", "kind=temporary&reason=lost",
          "kind=temporary&reason=eaten", "不在可选范围内", "已登记临时挂失", "临时挂失" },
        { "lose formally", FRESH, &w->clerk, &w->agent, "/desk/cards/%s/lose-formally",
          "/desk/cards/%s/loss-reports", "kind=formal&reason=lost", "kind=formal", "此项必填",
          "已登记正式挂失", "正式挂失" },
        { "lift", LOST, &w->clerk, &w->agent, "/desk/cards/%s/lift", "/desk/cards/%s/loss-lifts",
          "", "reason=found", "没有此项", "挂失已解除", "正常" },
        { "replace a lost one", LOST, &w->clerk, &w->agent, "/desk/cards/%s/replace",
          "/desk/cards/%s/replacements", "reason=lost&ready=now", "ready=now", "此项必填",
          "已补换新卡", "未启用" },
        { "replace", FRESH, &w->clerk, &w->venue, "/desk/cards/%s/replace",
          "/desk/cards/%s/replacements", "reason=damaged&ready=later", "reason=damaged&ready=soon",
          "不在可选范围内", "已补换新卡", "已申领" },
        { "lock", FRESH, &w->clerk, &w->agent, "/desk/cards/%s/lock", "/desk/cards/%s/locks", "",
          "why=1", "没有此项", "已锁定", "密码锁定" },
        { "unlock", LOCKED, &w->clerk, &w->agent, "/desk/cards/%s/unlock", "/desk/cards/%s/unlocks",
          "", "why=1", "没有此项", "已解锁", "正常" },
        { "stop", FRESH, &w->supervisor, &w->clerk, "/desk/cards/%s/stop", "/desk/cards/%s/stops",
          "", "why=1", "没有此项", "已停用", "已停用" },
        { "resume", STOPPED, &w->supervisor, &w->clerk, "/desk/cards/%s/resume",
          "/desk/cards/%s/resumes", "", "why=1", "没有此项", "已恢复使用", "正常" },
        { "cancel", FRESH, &w->supervisor, &w->clerk, "/desk/cards/%s/cancel",
          "/desk/cards/%s/cancellations", "reason=own_wish", "reason=", "不在可选范围内", "已注销",
          "已注销" },
    };

    for (size_t i = 0; i < LEN(rows); i++)
        row_test(w, &rows[i]);
}

/* What a repeat shows after the same act was done again meanwhile: still its own. */
static void test_repeat_of_the_first(struct api_world *w)
{
    char person[20], card[20], token[60], other[60], locks[120], first[160];

    begin(w, FRESH, person, card);
    snprintf(locks, sizeof locks, "/desk/cards/%s/locks", card);
    CHECK_STATUS(w, "page", form_get(w, &w->clerk, text_of("GET /desk/cards/%s/lock", card)), 200);
    CHECK("token", form_take(w, locks, token));
    CHECK_STATUS(w, "locked", form_post(w, &w->clerk, locks, token, ""), 303);
    snprintf(first, sizeof first, "%s", form_location(w));
    CHECK_STATUS(w, "page", form_get(w, &w->clerk, text_of("GET /desk/cards/%s/unlock", card)),
                 200);
    CHECK("token", form_take(w, text_of("/desk/cards/%s/unlocks", card), other));
    CHECK_STATUS(w, "unlocked",
                 form_post(w, &w->clerk, text_of("/desk/cards/%s/unlocks", card), other, ""), 303);
    CHECK_STATUS(w, "page", form_get(w, &w->clerk, text_of("GET /desk/cards/%s/lock", card)), 200);
    CHECK("token", form_take(w, locks, other));
    CHECK_STATUS(w, "locked again", form_post(w, &w->clerk, locks, other, ""), 303);
    CHECK("another act", !str_eq(str_of(form_location(w)), str_of(first)));
    CHECK_STATUS(w, "the first repeated", form_post(w, &w->clerk, locks, token, ""), 303);
    CHECK_STR("shows the first", str_of(form_location(w)), str_of(first));
    CHECK_STATUS(w, "other words under the same token",
                 form_post(w, &w->clerk, text_of("/desk/cards/%s/locks", w->other_card), token, ""),
                 403);
}

static void test_addresses(struct api_world *w)
{
    const struct {
        const char *title, *line, *id; /* "%s" in the line is the id */
        const struct asker *who;
        int status;
    } rows[] = {
        { "no such card", "GET /desk/cards/crd_0000000000000/lose", "", &w->clerk, 404 },
        { "a person's id", "GET /desk/cards/%s/lose", w->holder_id, &w->clerk, 404 },
        { "no such act", "GET /desk/cards/%s/fold", w->holder_card, &w->clerk, 404 },
        { "no such result", "GET /desk/cards/%s/acts/act_0000000000000", w->holder_card, &w->clerk,
          404 },
        { "a holder's token", "GET /desk/cards/%s/lose", w->holder_card, &w->holder, 403 },
        { "a holder reads no result", "GET /desk/cards/%s/acts/act_0000000000000", w->holder_card,
          &w->holder, 403 },
        { "the search box, not signed in", "GET /desk", "", &w->nobody, 303 },
        { "the search box, of a venue", "GET /desk", "", &w->venue, 403 },
        { "the search box", "GET /desk", "", &w->clerk, 200 },
        { "a person, not signed in", "GET /desk/persons/%s", w->holder_id, &w->nobody, 303 },
        { "a person of another region", "GET /desk/persons/%s", w->holder_id, &w->far_clerk, 403 },
        { "a person", "GET /desk/persons/%s", w->holder_id, &w->clerk, 200 },
        { "a person with a card gets no other", "GET /desk/persons/%s/issue", w->holder_id,
          &w->clerk, 200 },
        { "the sign-in", "GET /desk/sign-in", "", &w->nobody, 200 },
        { "a role by a click, of staff", "GET /demo/as/clerk", "", &w->nobody, 404 },
        { "of a gate", "GET /demo/as/gate", "", &w->nobody, 404 },
        { "of a resident, in a demonstration only", "GET /demo/as/resident?person=%s", w->holder_id,
          &w->nobody, 404 },
        { "the record line", "GET /records", "", &w->nobody, 303 },
        { "the record line, of a clerk", "GET /records", "", &w->clerk, 403 },
        { "the record line, of a supervisor", "GET /records", "", &w->supervisor, 200 },
    };

    for (size_t i = 0; i < LEN(rows); i++)
        CHECK_STATUS(w, rows[i].title,
                     form_get(w, rows[i].who, form_path(rows[i].line, rows[i].id)), rows[i].status);
}

/* The person's page offers what role and state allow, and nothing else. */
static void test_offers(struct api_world *w)
{
    const struct {
        const char *title;
        const struct asker *who;
        const char *has[4], *lacks[4];
    } rows[] = {
        { "a clerk",
          &w->clerk,
          { "/lose\"", "/lose-formally\"", "/replace\"", "/lock\"" },
          { "/stop\"", "/cancel\"", "/issue\"", "/activate\"" } },
        { "a supervisor",
          &w->supervisor,
          { "/lose\"", "/stop\"", "/cancel\"", "/lock\"" },
          { "/resume\"", "/unlock\"", "/issue\"", "/lift\"" } },
        { "12333",
          &w->agent,
          { "/lose\"", "/desk/searches", "data-hot=\"?\"", "data-hot=\"/\"" },
          { "/lose-formally\"", "/replace\"", "/lock\"", "/issue\"" } },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_STATUS(w, rows[i].title,
                     form_get(w, rows[i].who, text_of("GET /desk/persons/%s", w->other_id)), 200);
        for (int k = 0; k < 4; k++) {
            CHECK(rows[i].title, client_has(&w->client, rows[i].has[k]));
            CHECK(rows[i].title, !client_has(&w->client, rows[i].lacks[k]));
        }
    }
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            test_passport(&w);
            test_acts(&w);
            test_repeat_of_the_first(&w);
            test_addresses(&w);
            test_offers(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
