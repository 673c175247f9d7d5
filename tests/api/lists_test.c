/* tests/api/lists_test.c - what is read: terminals of a region, a booking, the stop list by its
 * ETag, the record line, sheets of paper codes, the catalogue. On both engines. */
#include "api/record_line.h"
#include "tests/api/gate.h"

static struct api_world w;
static struct asker operator, far_operator, auditor;

/* A line of a request; a table holds many at once. */
__attribute__((format(printf, 1, 2))) static const char *line_of(const char *format, ...)
{
    static char rooms[64][200];
    static int next;
    char *room = rooms[next++ % 64];
    va_list args;

    va_start(args, format);
    vsnprintf(room, sizeof rooms[0], format, args);
    va_end(args);
    return room;
}

/* How many rows a list has, page by page; each begins with `mark`. */
static int count(const struct asker *who, const char *list, int limit, const char *mark)
{
    char cursor[80] = "";
    int n = 0;

    for (int pages = 0; pages < 400; pages++) {
        struct str body;

        CHECK_STATUS(&w, list,
                     world_ask(&w, who,
                               line_of("GET %s%climit=%d%s%s", list, strchr(list, '?') ? '&' : '?',
                                       limit, cursor[0] ? "&cursor=" : "", cursor),
                               ""),
                     200);
        body = raw_body(&w.client.a);
        for (const char *at; (at = raw_find(body, mark)); n++)
            body = str_part(body, (size_t)(at - body.p) + 1, body.n);
        if (!client_has(&w.client, "\"has_more\":true")) break;
        snprintf(cursor, sizeof cursor, "%s", world_member(&w, "next_cursor"));
    }
    return n;
}

/* The answer's ETag as an If-None-Match header line. */
static const char *none_match(void)
{
    struct str etag = client_between(&w.client, "ETag: ", '\r');

    return line_of("If-None-Match: %.*s\r\n", (int)etag.n, etag.n ? etag.p : "");
}

/* ---- terminals */

static void test_terminals(void)
{
    static const char LIST[] = "/v1/terminals", ROW[] = "{\"id\":\"trm_";
    char venue[20], second[20], of_venue[80];
    int64_t venue_id = world_venue(&w, 0, venue), second_id = world_venue(&w, 1, second);
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    int64_t ids[3];

    for (size_t i = 0; i < LEN(ids); i++) {
        const struct terminal_ask ask = { .venue_id = i < 2 ? venue_id : second_id,
                                          .kind = TERMINAL_GATE,
                                          .name = S("东门"),
                                          .at = fixture_now(&w.base.f) };
        CHECK_OK("a gate", venues_terminal_add(w.base.f.store, NULL, &ask, &w.app.entropy, &ids[i],
                                               activation));
    }
    CHECK_OK("revoked", venues_terminal_revoke(w.base.f.store, venue_id, ids[1],
                                               &(struct terminal_by){ 0 }, fixture_now(&w.base.f)));
    CHECK_INT("one by one", count(&operator, LIST, 1, ROW), 3);
    CHECK_INT("at once", count(&operator, LIST, 200, ROW), 3);
    snprintf(of_venue, sizeof of_venue, "%s?venue=%s", LIST, venue);
    CHECK_INT("of a place", count(&operator, of_venue, 1, ROW), 2);
    CHECK_INT("in a state", count(&operator, "/v1/terminals?state=revoked", 1, ROW), 1);
    CHECK_INT("of another region", count(&far_operator, LIST, 1, ROW), 0);
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, "GET /v1/terminals", "", 401, "sign_in" },
        { "a clerk", &w.clerk, "GET /v1/terminals", "", 403, "scope" },
        { "a resident", &w.holder, "GET /v1/terminals", "", 403, "scope" },
        { "a place of another region", &far_operator, line_of("GET %s", of_venue), "", 403,
          "region" },
        { "a place that is none", &operator, "GET /v1/terminals?venue=ven_x", "", 422, "format" },
        { "a state that is none", &operator, "GET /v1/terminals?state=lost", "", 422,
          "not_one_of" },
        { "how many", &operator, "GET /v1/terminals?include=total", "", 400, "parameter" },
        { "a cursor that is none", &operator, "GET /v1/terminals?cursor=AAAA", "", 400, "cursor" },
    };
    UNTOUCHED(&w, ROWS);
}

/* ---- a booking */

static void test_booking(void)
{
    char venue[20], slot[20], booking[20], second[20], none[20];
    int64_t venue_id = world_venue(&w, 0, venue);

    world_venue(&w, 1, second);
    world_slot(&w, venue_id, 10, 0, slot);
    world_id(&w, "bkg", 77, none);
    CHECK_STATUS(&w, "booked",
                 world_ask(&w, &w.holder,
                           line_of("POST /v1/venues/%s/slots/%s/bookings", venue, slot),
                           "{\"places\":2}"),
                 201);
    snprintf(booking, sizeof booking, "%s", world_member(&w, "id"));
    CHECK_STATUS(
        &w, "the holder's",
        world_ask(&w, &w.holder, line_of("GET /v1/venues/%s/bookings/%s", venue, booking), ""),
        200);
    CHECK("as it was made", client_has(&w.client, "\"places\":2,\"state\":\"made\""));
    CHECK_STATUS(
        &w, "the place's staff",
        world_ask(&w, &w.venue, line_of("GET /v1/venues/%s/bookings/%s", venue, booking), ""), 200);
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, line_of("GET /v1/venues/%s/bookings/%s", venue, booking), "", 401,
          "sign_in" },
        { "another resident", &w.other, line_of("GET /v1/venues/%s/bookings/%s", venue, booking),
          "", 404, "unknown" },
        { "a clerk", &w.clerk, line_of("GET /v1/venues/%s/bookings/%s", venue, booking), "", 403,
          "scope" },
        { "of another place", &w.holder, line_of("GET /v1/venues/%s/bookings/%s", second, booking),
          "", 404, "unknown" },
        { "that is none", &w.holder, line_of("GET /v1/venues/%s/bookings/%s", venue, none), "", 404,
          "unknown" },
        { "an id of another kind", &w.holder,
          line_of("GET /v1/venues/%s/bookings/%s", venue, w.holder_card), "", 404, "id_unknown" },
    };
    UNTOUCHED(&w, ROWS);
}

/* ---- the stop list */

static void test_stop_list(void)
{
    const char *known;

    CHECK_STATUS(&w, "the list", world_ask(&w, &w.clerk, "GET /v1/stop-lists/cards", ""), 200);
    known = none_match();
    CHECK_STATUS(&w, "by its ETag",
                 world_ask_with(&w, &w.clerk, "GET /v1/stop-lists/cards", known, ""), 304);
    CHECK("without a body", raw_body(&w.client.a).n == 0);
    fixture_pass(&w.base.f, 2 * USEC_PER_MIN);
    CHECK_STATUS(&w, "when it is older, a new one is signed",
                 world_ask_with(&w, &w.clerk, "GET /v1/stop-lists/cards", known, ""), 200);
}

/* ---- the record line */

static void test_record_line(void)
{
    static const char LIST[] = "/v1/journal-lines", ROW[] = "{\"id\":\"jrn_";
    bool came;
    int n;

    CHECK("sealed", fixture_seal(&w.base.f));
    CHECK_OK("read", record_line_catch_up(&w.app, &came));
    n = count(&auditor, LIST, 200, ROW);
    CHECK("some lines", n > 5);
    CHECK_INT("one by one they are as many", count(&auditor, LIST, 1, ROW), n);
    CHECK_INT("three by three too", count(&auditor, LIST, 3, ROW), n);
    CHECK_STATUS(&w, "in words", world_ask(&w, &auditor, "GET /v1/journal-lines?limit=3", ""), 200);
    CHECK("of one's language", client_has(&w.client, "\"text\":\""));
    CHECK("without persons", !client_has(&w.client, "psn_"));
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, "GET /v1/journal-lines", "", 401, "sign_in" },
        { "a resident", &w.holder, "GET /v1/journal-lines", "", 403, "scope" },
        { "a clerk", &w.clerk, "GET /v1/journal-lines", "", 403, "scope" },
        { "a parameter that is none", &auditor, "GET /v1/journal-lines?act=lost", "", 400,
          "parameter" },
    };
    UNTOUCHED(&w, ROWS);
    w.app.demo = true;
    CHECK_STATUS(&w, "a demonstration's is open to everybody",
                 world_ask(&w, &w.nobody, "GET /v1/journal-lines", ""), 200);
    w.app.demo = false;
}

/* ---- codes on paper, and PINs */

static void test_paper_codes(void)
{
    static const struct wrong_field FIELDS[] = { { "days", WRONG_INT, "30", NEEDED } };
    static const char KEY[] = "Idempotency-Key: sheet-1\r\n";
    const char *sheets = line_of("/v1/cards/%s/paper-codes", w.holder_card);
    const char *post = line_of("POST %s", sheets);
    char text[400], serial[20];

    WRONG(&w, w.holder, post, FIELDS, API_ONCE);
    CHECK_STATUS(&w, "a sheet", world_ask_with(&w, &w.holder, post, KEY, "{\"days\":30}"), 201);
    snprintf(text, sizeof text, "%s", world_member(&w, "text"));
    CHECK("to print", client_has(&w.client, "\"path\":\"M"));
    CHECK_STATUS(&w, "the same key", world_ask_with(&w, &w.holder, post, KEY, "{\"days\":30}"),
                 201);
    CHECK_STR("the same sheet", str_of(world_member(&w, "text")), str_of(text));
    CHECK_STATUS(&w, "with another body", world_ask_with(&w, &w.holder, post, KEY, "{\"days\":31}"),
                 422);
    {
        struct code_text code;

        CHECK_OK("a code of ours", code_text_parse(str_of(text), &code));
        CHECK_INT("on paper", code.form, CODE_FORM_PAPER);
        snprintf(serial, sizeof serial, "%u", code.of.paper.serial);
    }
    CHECK_STATUS(&w, "those that are out", world_ask(&w, &w.holder, line_of("GET %s", sheets), ""),
                 200);
    CHECK("this one", client_has(&w.client, line_of("\"serial\":%s,\"days\":30", serial)));
    CHECK("without the code", !client_has(&w.client, "\"text\""));
    CHECK_STATUS(&w, "a second", world_ask(&w, &w.holder, post, "{\"days\":1}"), 201);
    CHECK_STATUS(&w, "a third, at the counter", world_ask(&w, &w.clerk, post, "{\"days\":180}"),
                 201);
    const struct refused ROWS[] = {
        { "a fourth", &w.holder, post, "{\"days\":1}", 409, "paper_limit" },
        { "for no day", &w.holder, post, "{\"days\":0}", 422, "range" },
        { "for a year", &w.holder, post, "{\"days\":181}", 422, "range" },
        { "nobody", &w.nobody, post, "{\"days\":1}", 401, "sign_in" },
        { "another's card", &w.other, post, "{\"days\":1}", 404, "unknown" },
        { "a clerk elsewhere", &w.far_clerk, post, "{\"days\":1}", 403, "region" },
        { "an agent", &w.agent, post, "{\"days\":1}", 403, "scope" },
        { "another's sheets", &w.other, line_of("GET %s", sheets), "", 404, "unknown" },
        { "another's sheet", &w.other, line_of("DELETE %s/%s", sheets, serial), "", 404,
          "unknown" },
        { "a serial that is none", &w.holder, line_of("DELETE %s/12", sheets), "", 404, "unknown" },
        { "a serial of letters", &w.holder, line_of("DELETE %s/abc", sheets), "", 404, "unknown" },
        { "a serial too large", &w.holder, line_of("DELETE %s/4294967296", sheets), "", 404,
          "unknown" },
    };
    UNTOUCHED(&w, ROWS);
    for (int i = 0; i < 2; i++)
        CHECK_STATUS(&w, "taken back, once and again",
                     world_ask(&w, &w.holder, line_of("DELETE %s/%s", sheets, serial), ""), 204);
    CHECK_STATUS(&w, "there is room again", world_ask(&w, &w.holder, post, "{\"days\":1}"), 201);
}

static void test_pin(void)
{
    static const struct wrong_field FIELDS[] = { { "pin", WRONG_TEXT, "\"836142\"", NEEDED } };
    static const char KEY[] = "Idempotency-Key: one-pin\r\n";
    const char *line = line_of("POST /v1/cards/%s/pin-resets", w.holder_card);
    struct held before;
    const struct refused ROWS[] = {
        { "a run", &w.clerk, line, "{\"pin\":\"123456\"}", 422, "password_weak" },
        { "a repeat", &w.clerk, line, "{\"pin\":\"777777\"}", 422, "password_weak" },
        { "letters", &w.clerk, line, "{\"pin\":\"abcdef\"}", 422, "password_weak" },
        { "five digits", &w.clerk, line, "{\"pin\":\"83614\"}", 422, "too_short" },
        { "by the holder", &w.holder, line, "{\"pin\":\"836142\"}", 403, "scope" },
        { "a clerk elsewhere", &w.far_clerk, line, "{\"pin\":\"836142\"}", 403, "region" },
        { "no such card", &w.clerk, "POST /v1/cards/crd_x/pin-resets", "{\"pin\":\"836142\"}", 404,
          "id_unknown" },
    };
    struct act act = world_act(&w.base);
    struct card card;
    int64_t card_id;

    WRONG(&w, w.clerk, line, FIELDS, API_ONCE);
    UNTOUCHED(&w, ROWS);
    CHECK_STATUS(&w, "a new PIN", world_ask_with(&w, &w.clerk, line, KEY, "{\"pin\":\"836142\"}"),
                 204);
    before = held_now(&w);
    CHECK_STATUS(&w, "again", world_ask_with(&w, &w.clerk, line, KEY, "{\"pin\":\"836142\"}"), 204);
    CHECK("is known as a repeat", client_has(&w.client, "Idempotency-Replayed: true"));
    held_same(&w, "and sets nothing", &before, 0);
    CHECK_STATUS(&w, "another PIN under the key",
                 world_ask_with(&w, &w.clerk, line, KEY, "{\"pin\":\"946135\"}"), 422);
    CHECK_STR("is refused", client_code(&w.client), S("idempotency_key_reused"));
    CHECK("an id", id_parse(str_of(w.holder_card), &w.ids, "crd", &card_id));
    CHECK_OK("it is right",
             registry_pin_check(&w.base.rg, w.holder.id, card_id, S("836142"), &act));
    CHECK_INT("another is wrong",
              registry_pin_check(&w.base.rg, w.holder.id, card_id, S("836143"), &act).code,
              SIGNIN_WRONG);
    CHECK_OK("the card", registry_card_load(w.base.f.store, w.holder.id, card_id, &card));
}

/* ---- the catalogue */

static void test_regions(void)
{
    CHECK_INT("the cities of Anhui",
              count(&w.nobody, "/v1/regions?level=city&parent=340000", 5, "{\"code\":34"), 16);
    CHECK_STATUS(
        &w, "how many",
        world_ask(&w, &w.nobody, "GET /v1/regions?parent=340000&include=total&limit=1", ""), 200);
    CHECK("told on the first page",
          client_has(&w.client, "\"total\":{\"count\":16,\"exact\":true}"));
    CHECK("in both languages", client_has(&w.client, "\"name\":\"合肥市\",\"name_en\":\"Hefei"));
    CHECK_INT("counties of Hefei",
              count(&w.nobody, "/v1/regions?parent=340100", 4, "{\"code\":3401"), 9);
    const struct refused ROWS[] = {
        { "a level that is none", &w.nobody, "GET /v1/regions?level=village", "", 422,
          "not_one_of" },
        { "a code of words", &w.nobody, "GET /v1/regions?parent=hefei", "", 422, "type" },
        { "a parameter that is none", &w.nobody, "GET /v1/regions?q=hefei", "", 400, "parameter" },
        { "a cursor of another list", &w.nobody, "GET /v1/regions?cursor=AAAA", "", 400, "cursor" },
    };
    UNTOUCHED(&w, ROWS);
}

static void test_items(void)
{
    const struct catalogue *cat = catalogue_now(w.shelf);
    const char *one =
        line_of("GET /v1/service-items/%.*s", (int)ITEM_LIBRARY_LOAN.n, ITEM_LIBRARY_LOAN.p);
    struct progress progress;

    catalogue_progress(cat, 340100, fixture_now(&w.base.f), &progress);
    CHECK_INT("all", count(&w.nobody, "/v1/service-items", 50, "{\"code\":\""),
              (int64_t)item_count(cat));
    CHECK_INT("open in Hefei",
              count(&w.nobody, "/v1/service-items?city=340100&state=open", 7, "\"state\":\"open\""),
              progress.open);
    CHECK("some are, not all", progress.open > 0 && progress.open < progress.items);
    CHECK("by mechanism",
          count(&w.nobody, "/v1/service-items?mechanism=library", 50, "{\"code\":\"") > 0);
    CHECK_STATUS(&w, "one", world_ask(&w, &w.nobody, one, ""), 200);
    CHECK("with its state in each city", client_has(&w.client, "\"openings\":[{\"city\":3401"));
    const struct refused ROWS[] = {
        { "an item that is none", &w.nobody, "GET /v1/service-items/XX-00-000", "", 404,
          "unknown" },
        { "open nowhere", &w.nobody, "GET /v1/service-items?state=open", "", 422, "missing" },
        { "a city that is none", &w.nobody, "GET /v1/service-items?city=999999", "", 404,
          "region_unknown" },
        { "a state that is none", &w.nobody, "GET /v1/service-items?city=340100&state=ajar", "",
          422, "not_one_of" },
        { "a mechanism that is none", &w.nobody, "GET /v1/service-items?mechanism=magic", "", 422,
          "not_one_of" },
    };
    UNTOUCHED(&w, ROWS);
}

static void test_parameters(void)
{
    struct instant now = fixture_now(&w.base.f);
    const struct parameter_ask next = { .key = S("pin.social.max_wrong"),
                                        .value = S("5"),
                                        .unit = S("times"),
                                        .reason = S("试验"),
                                        .region = 0,
                                        .from = instant_add(now, USEC_PER_DAY) };
    static const char LIST[] = "GET /v1/parameters?key=pin.social.max_wrong";
    const char *known;
    bool changed;

    CHECK_STATUS(&w, "a parameter", world_ask(&w, &w.clerk, LIST, ""), 200);
    CHECK("in force", client_has(&w.client, "\"in_force\":true"));
    CHECK("when it was recorded", client_has(&w.client, "\"recorded_at\":\"2021-"));
    known = none_match();
    CHECK_STATUS(&w, "by its ETag", world_ask_with(&w, &w.clerk, LIST, known, ""), 304);
    CHECK_OK("another from tomorrow on", catalogue_parameter_set(w.base.f.store, &next));
    CHECK_OK("loaded", catalogue_reload(w.shelf, now, &changed));
    CHECK_STATUS(&w, "an act changes it", world_ask_with(&w, &w.clerk, LIST, known, ""), 200);
    CHECK("to come",
          client_has(&w.client, "\"value\":\"5\",\"unit\":\"times\",\"in_force\":false"));
    known = none_match();
    fixture_pass(&w.base.f, USEC_PER_DAY);
    CHECK_STATUS(&w, "and so does its day", world_ask_with(&w, &w.clerk, LIST, known, ""), 200);
    CHECK("which has come",
          client_has(&w.client, "\"value\":\"5\",\"unit\":\"times\",\"in_force\":true"));
    CHECK("every one of them", count(&w.clerk, "/v1/parameters", 9, "{\"key\":\"") > 50);
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, LIST, "", 401, "sign_in" },
        { "a region of words", &w.clerk, "GET /v1/parameters?region_code=hefei", "", 422, "type" },
        { "a parameter that is none", &w.clerk, "GET /v1/parameters?at=2021-01-01", "", 400,
          "parameter" },
    };
    UNTOUCHED(&w, ROWS);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            world_staff(&w, "operator", ROLE_OPERATOR, 340000, &operator);
            world_staff(&w, "far.operator", ROLE_OPERATOR, 341200, &far_operator);
            world_staff(&w, "auditor", ROLE_AUDITOR, 340000, &auditor);
            test_terminals();
            test_booking();
            test_paper_codes();
            test_pin();
            test_stop_list();
            test_record_line();
            test_regions();
            test_items();
            test_parameters();
        }
        api_world_close(&w);
    }
    return test_end();
}
