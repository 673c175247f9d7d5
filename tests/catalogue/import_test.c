/* tests/catalogue/import_test.c - the reference data as imported: counted against the article,
 * found again after a second import, and refused whole when a row is wrong. */
#include "tests/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"

static const struct instant AUGUST = { INT64_C(1629417600000000) }; /* 2021-08-20 08:00 +08 */

static size_t regions_count(const struct catalogue *cat, enum region_level level)
{
    struct region_walk walk = regions_within(cat, REGION_ANHUI, level);
    size_t n = 0;

    while (region_next(&walk))
        n++;
    return n;
}

static int64_t starting(const struct catalogue *cat, const char *prefix)
{
    int64_t n = 0;

    for (size_t i = 0; item_at(cat, i); i++) {
        n += str_starts(item_at(cat, i)->code, str_of(prefix));
    }
    return n;
}

static void check_counts(const struct catalogue *cat)
{
    int64_t kinds[PLACE_SERVICE_WINDOW + 1] = { 0 }, real = 0, made = 0;
    int64_t plans = 0, gen3 = 0, pilots = 0, ecards = 0;
    struct region_walk walk = regions_within(cat, REGION_ANHUI, LEVEL_CITY);

    CHECK_INT("16 cities", (int64_t)regions_count(cat, LEVEL_CITY), 16);
    CHECK_INT("104 counties and districts", (int64_t)regions_count(cat, LEVEL_COUNTY), 104);
    CHECK_INT("95 items of human resources and social security", starting(cat, "HR-"), 95);
    CHECK_INT("101 subsidies", starting(cat, "SB-"), 101);
    CHECK_INT("288 items and three of ours", (int64_t)item_count(cat), 291);
    CHECK_INT("388 venues", (int64_t)place_count(cat), 388);
    for (size_t i = 0; place_at(cat, i); i++) {
        const struct place *p = place_at(cat, i);
        kinds[p->kind]++;
        real += p->mark == MARK_REAL;
        CHECK("each place lies in a city", p->city != 0);
        CHECK("each place has a slot rule", slot_rule_for(cat, p) != NULL);
        CHECK("and an operator", organisation_find(cat, p->operator_id) != NULL);
    }
    CHECK_INT("192 scenic areas and candidates", kinds[PLACE_SCENIC], 192);
    CHECK_INT("37 museums of national grade", kinds[PLACE_MUSEUM], 37);
    CHECK_INT("118 places are named in a source", real, 118);
    for (const struct region *city; (city = region_next(&walk));) {
        const struct city_state *state = city_state_find(cat, city->code);
        CHECK("each city has a state", state != NULL);
        if (!state) continue;
        plans += state->plan_published;
        gen3 += state->gen3_started;
        pilots += state->hospital_pilot;
        ecards += state->ecard_hospitals;
        made += state->mark == MARK_MADE;
    }
    CHECK_INT("13 cities have a plan (F02)", plans, 13);
    CHECK_INT("14 cities issue gen-3 cards (F07)", gen3, 14);
    CHECK_INT("14 cities run the hospital pilot (F50)", pilots, 14);
    CHECK_INT("15 cities take the e-card in hospitals (F53)", ecards, 15);
    CHECK_INT("which ones is marked as ours", made, 16);
    CHECK_INT("67 functions of the article",
              (int64_t)reference_rows(reference_find(cat, S("article_functions"))), 67);
    CHECK_INT("35 transactions of the medical interface",
              (int64_t)reference_rows(reference_find(cat, S("medical_transactions"))), 35);
    CHECK_STR("a field of a list by its column",
              reference_field(reference_find(cat, S("bank_return_codes")), 1, S("reason_zh")),
              S("账号不存在"));
}

static void check_look_ups(const struct catalogue *cat)
{
    static const struct {
        const char *title;
        int32_t outer, inner;
        bool covers;
    } rows[] = {
        { "the nation covers a county", REGION_NATION, 340202, true },
        { "a province covers its county", 340000, 340202, true },
        { "a city covers its county", 340200, 340202, true },
        { "a county covers itself", 340202, 340202, true },
        { "a county does not cover its city", 340202, 340200, false },
        { "another city does not", 340100, 340202, false },
        { "a province covers a dissolved code", 340000, 342401, true },
        { "a municipality covers its district", 310000, 310101, true },
        { "an unknown code covers itself", 999999, 999999, true },
        { "and is covered by no other", 340000, 999999, false },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_INT(rows[i].title, region_covers(cat, rows[i].outer, rows[i].inner), rows[i].covers);
    }
    CHECK_INT("the city of a county", region_city_of(cat, 340202), 340200);
    CHECK_INT("the province of a county", region_province_of(cat, 340202), 340000);
    CHECK("no code, no region", region_find(cat, 123456) == NULL);
    CHECK("a dissolved code is told as such", region_find(cat, 342401)->historic);

    const struct place *place = place_by_code(cat, S("SC0001"));
    CHECK_STR("the first place", place->name.zh, S("黄山风景区"));
    CHECK("found by id, too", place_find(cat, place->id) == place);
    size_t n;
    const struct point *points = points_of(cat, place->id, &n);
    CHECK_INT("four gates and a counter were made for it", (int64_t)n, 5);
    CHECK_INT("gates first", points[0].kind, POINT_GATE);
    CHECK_INT("they lie where it lies", points[0].region, place->region);
    CHECK("marked as made", points[0].mark == MARK_MADE);
    CHECK("by code", point_by_code(cat, S("SC0001-G1")) == &points[0]);
    CHECK("by id", point_find(cat, points[0].id) == &points[0]);
    CHECK_STR("its gate's item", item_of_entry(cat, place->kind)->code, S("CT-06-016"));
    CHECK_INT("a door is grade B", item_find(cat, S("CT-06-016"))->grade, ITEM_B);
    CHECK_INT("at door strength", item_find(cat, S("CT-06-016"))->strength, STRENGTH_DOOR);
    CHECK("and may be judged by a gate that is cut off", item_find(cat, S("CT-06-016"))->offline);
    CHECK_INT("a loss report changes a card: A", item_find(cat, ITEM_CARD_LOSS)->grade, ITEM_A);
    CHECK_INT("an item of ours is marked", item_find(cat, ITEM_IDENTITY_CHECK)->mark, MARK_MADE);
    CHECK_INT("a museum closes on Monday",
              slot_rule_for(cat, &(struct place){ .kind = PLACE_MUSEUM })->closed_weekdays, 1);
}

static void check_openings(const struct catalogue *cat)
{
    struct progress hefei, huaibei;

    CHECK_OK("open in the whole province", item_require_open(cat, ITEM_CARD_LOSS, 340202, AUGUST));
    CHECK_CODE("the metro is open in Hefei", item_require_open(cat, S("TR-01-004"), 340102, AUGUST),
               0);
    CHECK_CODE("and nowhere else", item_require_open(cat, S("TR-01-004"), 340202, AUGUST),
               CATALOGUE_ITEM_NOT_OPEN);
    CHECK_CODE("before its day",
               item_require_open(cat, S("CT-06-016"), 340202, (struct instant){ 1 }),
               CATALOGUE_ITEM_NOT_OPEN);
    CHECK_CODE("an unknown item", item_require_open(cat, S("XX"), 340202, AUGUST),
               CATALOGUE_ITEM_UNKNOWN);
    CHECK("a pilot is told as such", opening_for(cat, S("MD-01-001"), 340102, AUGUST)->pilot);
    catalogue_progress(cat, 340100, AUGUST, &hefei);
    catalogue_progress(cat, 340600, AUGUST, &huaibei);
    CHECK_INT("all of the catalogue", hefei.items, 291);
    CHECK("Hefei has come further than Huaibei", hefei.open > huaibei.open);
    CHECK("and no state is counted twice",
          hefei.open + hefei.planned + hefei.paused + hefei.building <= hefei.items);
}

static void check_parameters(const struct catalogue *cat)
{
    struct period period;
    struct money money;
    int64_t n;
    bool yes;

    CHECK_OK("Anhui's oral loss",
             parameter_period(cat, S("loss.oral.days"), 340102, AUGUST, &period));
    CHECK("seven days", period.unit == PERIOD_DAYS && period.n == 7);
    CHECK_OK("Nanjing's", parameter_period(cat, S("loss.oral.days"), 320100, AUGUST, &period));
    CHECK("three working days", period.unit == PERIOD_WORKING_DAYS && period.n == 3);
    CHECK_CODE("a province that gives none",
               parameter_period(cat, S("loss.oral.days"), 330000, AUGUST, &period),
               CATALOGUE_PARAMETER_UNKNOWN);
    CHECK_OK("the city before the province",
             parameter_int(cat, S("transit.concession.age"), 341102, AUGUST, &n));
    CHECK_INT("65 in Chuzhou", n, 65);
    CHECK_OK("the province elsewhere",
             parameter_int(cat, S("transit.concession.age"), 340102, AUGUST, &n));
    CHECK_INT("70", n, 70);
    CHECK_OK("money", parameter_money(cat, S("library.overdue"), 340100, AUGUST, &money));
    CHECK_INT("ten fen", money.fen, 10);
    CHECK_OK("yes or no", parameter_bool(cat, S("loss.formal.revocable"), 340100, AUGUST, &yes));
    CHECK("yes", yes);
    CHECK_CODE("a text is no number",
               parameter_int(cat, S("loss.oral.lift.strength"), 340100, AUGUST, &n),
               CATALOGUE_PARAMETER_UNIT);
    CHECK_CODE("a count is no period",
               parameter_period(cat, S("library.items"), 340100, AUGUST, &period),
               CATALOGUE_PARAMETER_UNIT);
    CHECK_CODE("not before it is valid",
               parameter_int(cat, S("library.items"), 340200, (struct instant){ 1 }, &n),
               CATALOGUE_PARAMETER_UNKNOWN);

    static const struct {
        const char *title;
        const char *from, *to;
        enum period_unit unit;
        int64_t n;
    } periods[] = {
        { "seven days keep the hour", "2021-08-20T15:32:07+08:00", "2021-08-27T15:32:07+08:00",
          PERIOD_DAYS, 7 },
        { "a working day over a weekend", "2021-08-20T09:00:00+08:00", "2021-08-23T09:00:00+08:00",
          PERIOD_WORKING_DAYS, 1 },
        { "the national holiday is not worked", "2021-09-30T09:00:00+08:00",
          "2021-10-08T09:00:00+08:00", PERIOD_WORKING_DAYS, 1 },
        { "a Saturday that is", "2021-10-08T09:00:00+08:00", "2021-10-09T09:00:00+08:00",
          PERIOD_WORKING_DAYS, 1 },
        { "a month from the 31st", "2021-01-31T12:00:00+08:00", "2021-02-28T12:00:00+08:00",
          PERIOD_MONTHS, 1 },
        { "ten years from 29 February", "2024-02-29T00:00:00+08:00", "2034-02-28T00:00:00+08:00",
          PERIOD_MONTHS, 120 },
        { "an hour", "2021-08-20T23:30:00+08:00", "2021-08-21T00:30:00+08:00", PERIOD_SECONDS,
          3600 },
        { "nothing", "2021-08-20T23:30:00+08:00", "2021-08-20T23:30:00+08:00", PERIOD_DAYS, 0 },
    };
    for (size_t i = 0; i < LEN(periods); i++) {
        struct instant from, to;
        CHECK("an instant", instant_parse(str_of(periods[i].from), &from) &&
                                instant_parse(str_of(periods[i].to), &to));
        struct instant end =
            period_end(cat, from, (struct period){ periods[i].unit, periods[i].n });
        CHECK_INT(periods[i].title, end.usec, to.usec);
    }
}

/* A copy of data/ with one file changed by `sed`. */
static void broken_copy(char *folder, size_t size, const char *file, const char *edit)
{
    char command[4096];

    snprintf(folder, size, "%s/broken", test_folder());
    snprintf(command, sizeof command, "rm -rf %s && cp -r data %s && sed -i '%s' %s/%s", folder,
             folder, edit, folder, file);
    CHECK_INT("a changed copy of data/", system(command), 0);
}

static void check_refusals(struct fixture *f)
{
    static const struct {
        const char *title, *file, *edit;
        int line, column;
        const char *zh;
    } rows[] = {
        { "a region code that is no number", "regions.csv", "3s/^[0-9]*/abc/", 3, 1, "整数" },
        { "a county without its city", "regions.csv", "/^340200,/d", 0, 0, "上级" },
        { "a row with too few fields", "catalogue.csv", "5s/,.*//", 5, 0, "" },
        { "an item twice", "catalogue.csv", "6s/^[^,]*/HR-01-001/", 6, 1, "重复" },
        { "an owner nobody knows", "catalogue.csv", "7s/人力资源社会保障/某部门/", 7, 9, "某部门" },
        { "an unknown tag", "venues.csv", "9s/,public,/,rumour,/", 9, 11, "未知" },
        { "a county outside its city", "venues.csv", "2s/,341003,/,340102,/", 2, 8, "不在" },
        { "an opening of no item", "openings.csv", "2s/^HR-[*]/ZZ-*/", 2, 1, "没有事项" },
        { "a day that is none", "openings.csv", "3s/2021-03-28/2021-02-30/", 3, 5, "日期" },
        { "a slot rule closing before it opens", "venue_slots.csv", "2s/07:00/19:00/", 2, 0,
          "前后不符" },
        { "a parameter without a unit", "anhui_parameters.csv", "2s/,days,/,,/", 2, 3, "不能为空" },
        { "a column missing", "city_state.csv", "1s/gen3_started/gen3/", 1, 0, "缺少列" },
        { "an unclosed quote", "parameters.csv", "5s/$/,\"/", 5, 0, "" },
    };
    static uint8_t memory[512 * 1024];

    for (size_t i = 0; i < LEN(rows); i++) {
        char folder[600];
        struct arena arena = arena_over(memory, sizeof memory);
        struct import_report report;
        bool told = false;
        broken_copy(folder, sizeof folder, rows[i].file, rows[i].edit);
        CHECK_CODE(rows[i].title,
                   catalogue_import(f->store, str_of(folder), AUGUST, false, &arena, &report),
                   CATALOGUE_IMPORT_BAD);
        for (int k = 0; k < report.n; k++) {
            const struct import_issue *issue = &report.issues[k];
            told = told ||
                   (str_ends(issue->file, str_of(rows[i].file)) && issue->line == rows[i].line &&
                    (rows[i].column == 0 || issue->column == rows[i].column) &&
                    strstr(arena_c(&arena, issue->zh), rows[i].zh) && issue->en.n > 0);
        }
        if (!CHECK(rows[i].title, told)) {
            for (int k = 0; k < report.n && k < 5; k++) {
                printf("  %.*s:%d:%d %.*s\n", (int)report.issues[k].file.n, report.issues[k].file.p,
                       report.issues[k].line, report.issues[k].column, (int)report.issues[k].zh.n,
                       report.issues[k].zh.p);
            }
        }
    }
}

static void check_acts(struct fixture *f, struct catalogue_shelf *shelf)
{
    const struct catalogue *before = catalogue_now(shelf), *after;
    int64_t version = catalogue_version(before), id;
    struct instant later = { AUGUST.usec + 10 * USEC_PER_DAY };
    bool changed;
    int64_t n;

    CHECK_OK("nothing new, nothing loaded", catalogue_reload(shelf, AUGUST, &changed));
    CHECK("the same snapshot", !changed && catalogue_now(shelf) == before);
    CHECK_OK("open the metro in Wuhu", catalogue_open(f->store,
                                                      &(struct opening_ask){ .item = S("TR-01-004"),
                                                                             .region = 340200,
                                                                             .state = OPENING_OPEN,
                                                                             .from = later,
                                                                             .note = S("line 1") },
                                                      &id));
    CHECK_OK(
        "another number of books",
        catalogue_parameter_set(f->store, &(struct parameter_ask){ .key = S("library.items"),
                                                                   .value = S("10"),
                                                                   .unit = S("items"),
                                                                   .region = 340000,
                                                                   .from = later,
                                                                   .reason = S("more books") }));
    CHECK_OK("load again", catalogue_reload(shelf, AUGUST, &changed));
    after = catalogue_now(shelf);
    CHECK("another snapshot", changed && after != before);
    CHECK_INT("two versions on", catalogue_version(after), version + 2);
    CHECK_CODE("not open the day before", item_require_open(after, S("TR-01-004"), 340202, AUGUST),
               CATALOGUE_ITEM_NOT_OPEN);
    CHECK_OK("open from its instant", item_require_open(after, S("TR-01-004"), 340202, later));
    CHECK_OK("the old value before", parameter_int(after, S("library.items"), 340200, AUGUST, &n));
    CHECK_INT("five", n, 5);
    CHECK_OK("the new one after", parameter_int(after, S("library.items"), 340200, later, &n));
    CHECK_INT("ten", n, 10);
    CHECK_CODE("readers of the old snapshot go on",
               item_require_open(before, S("TR-01-004"), 340202, later), CATALOGUE_ITEM_NOT_OPEN);
}

int main(void)
{
    static uint8_t memory[512 * 1024];

    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        struct arena arena = arena_over(memory, sizeof memory);
        struct import_report report;
        struct catalogue_shelf *shelf;
        bool changed;
        if (!fixture_open(&f, (enum engine)e)) break;
        printf("%s\n", fixture_engine_name((enum engine)e));
        CHECK_OK("an empty catalogue loads", catalogue_shelf_open(f.store, &shelf));
        CHECK_INT("version 0", catalogue_version(catalogue_now(shelf)), 0);
        check_refusals(&f);
        CHECK_OK("still nothing", catalogue_reload(shelf, AUGUST, &changed));
        CHECK("half an import is none", !changed);
        CHECK_OK("a dry run", catalogue_import(f.store, S("data"), AUGUST, true, &arena, &report));
        CHECK_OK("writes nothing", catalogue_reload(shelf, AUGUST, &changed));
        CHECK("no version", !changed);
        if (!CHECK_OK("import data/",
                      catalogue_import(f.store, S("data"), AUGUST, false, &arena, &report))) {
            for (int i = 0; i < report.n; i++) {
                printf("%.*s:%d:%d %.*s\n", (int)report.issues[i].file.n, report.issues[i].file.p,
                       report.issues[i].line, report.issues[i].column, (int)report.issues[i].en.n,
                       report.issues[i].en.p);
            }
            printf("%s\n", fault_note());
        } else {
            CHECK_INT("the first version", report.version, 1);
            CHECK_OK("load", catalogue_reload(shelf, AUGUST, &changed));
            const struct catalogue *cat = catalogue_now(shelf);
            int64_t huangshan = place_by_code(cat, S("SC0001"))->id;
            int64_t gate = point_by_code(cat, S("SC0001-G1"))->id;
            check_counts(cat);
            check_look_ups(cat);
            check_openings(cat);
            check_parameters(cat);
            check_acts(&f, shelf);
            CHECK_OK("import again",
                     catalogue_import(f.store, S("data"), AUGUST, false, &arena, &report));
            CHECK_OK("load again", catalogue_reload(shelf, AUGUST, &changed));
            cat = catalogue_now(shelf);
            CHECK_INT("a place keeps its id", place_by_code(cat, S("SC0001"))->id, huangshan);
            CHECK_INT("a gate too", point_by_code(cat, S("SC0001-G1"))->id, gate);
            CHECK_INT("and no place is there twice", (int64_t)place_count(cat), 388);
            CHECK_OK("what an act opened is still open",
                     item_require_open(cat, S("TR-01-004"), 340202,
                                       (struct instant){ AUGUST.usec + 11 * USEC_PER_DAY }));
        }
        catalogue_shelf_close(shelf);
        fixture_close(&f);
    }
    return test_end();
}
