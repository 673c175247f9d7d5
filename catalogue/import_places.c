/* catalogue/import_places.c - places, the rules of their slots, and what is made for each of them:
 * an operator, gates and a counter. */
#include "catalogue/import.h"

static const char *const KINDS[] = {
    NULL,          "scenic",         "museum",        "library", "cultural_centre",
    "art_gallery", "science_museum", "service_window"
};

static enum place_kind kind_of(struct sheet *sheet)
{
    int kind = sheet_choice(sheet, "kind", KINDS, LEN(KINDS));

    return kind < 0 ? PLACE_SCENIC : (enum place_kind)kind;
}

static void read_kinds(struct sheet *sheet)
{
    struct catalogue *cat = sheet->in->cat;

    while (sheet_next(sheet)) {
        enum place_kind kind = kind_of(sheet);
        struct str items[] = { sheet_text(sheet, "entry_item"), sheet_text(sheet, "booking_item") };
        for (size_t i = 0; i < LEN(items); i++) {
            if (item_find(cat, items[i])) continue;
            sheet_issue(sheet, i ? "booking_item" : "entry_item", "事项 “%.*s” 未知",
                        "item \"%.*s\" is unknown", (int)items[i].n, items[i].p);
        }
        cat->place_items[kind] = (struct place_items){ items[0], items[1] };
    }
}

/* "08:30" in minutes after midnight. */
static int32_t clock_of(struct sheet *sheet, const char *column)
{
    struct str text = sheet_needed(sheet, column), minute;
    struct str hour = str_cut(text, ':', &minute);
    int64_t h, m;

    if (hour.n == 2 && minute.n == 2 && str_int(hour, 0, 24, &h) && str_int(minute, 0, 59, &m) &&
        h * 60 + m <= 24 * 60) {
        return (int32_t)(h * 60 + m);
    }
    sheet_issue(sheet, column, "%s 应为 HH:MM", "%s must be HH:MM", column);
    return 0;
}

static uint8_t weekdays_of(struct sheet *sheet)
{
    static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    struct str left = sheet_text(sheet, "closed_weekdays");
    uint8_t days = 0;

    while (left.n) {
        struct str rest, day = str_cut(left, ' ', &rest);
        size_t i = 0;
        while (i < LEN(names) && !str_eq(day, str_of(names[i])))
            i++;
        if (i == LEN(names)) {
            sheet_issue(sheet, "closed_weekdays", "应为 Mon 至 Sun，以空格分开",
                        "must be Mon to Sun, separated by spaces");
            return 0;
        }
        days = (uint8_t)(days | 1U << i);
        left = rest;
    }
    return days;
}

static void read_slot_rules(struct sheet *sheet)
{
    struct catalogue *cat = sheet->in->cat;

    while (sheet_next(sheet)) {
        struct slot_rule rule = {
            .kind = kind_of(sheet),
            .level = sheet_text(sheet, "level"),
            .opens_min = clock_of(sheet, "opens"),
            .closes_min = clock_of(sheet, "closes"),
            .last_entry_min = clock_of(sheet, "last_entry"),
            .slot_min = (int32_t)sheet_int(sheet, "slot_minutes", 5, 1440, INT64_MIN),
            .quota = (int32_t)sheet_int(sheet, "quota", 1, 1000000, INT64_MIN),
            .held_back = (int32_t)sheet_int(sheet, "held_back", 0, 1000000, INT64_MIN),
            .closed_weekdays = weekdays_of(sheet),
            .price_fen = (int32_t)sheet_int(sheet, "price_fen", 0, 1000000, INT64_MIN),
            .gates = (int32_t)sheet_int(sheet, "gates", 0, 50, INT64_MIN),
            .counters = (int32_t)sheet_int(sheet, "counters", 0, 50, INT64_MIN),
            .mark = sheet_mark(sheet),
        };
        if (rule.opens_min >= rule.closes_min || rule.last_entry_min > rule.closes_min ||
            rule.last_entry_min < rule.opens_min || rule.held_back > rule.quota) {
            sheet_issue(sheet, NULL, "开放、截止、闭馆时间或名额前后不符",
                        "opening, last entry, closing or quota do not fit each other");
        }
        for (size_t i = 0; i < cat->slot_rules_n; i++) {
            if (cat->slot_rules[i].kind == rule.kind &&
                str_eq(cat->slot_rules[i].level, rule.level)) {
                sheet_issue(sheet, "level", "重复", "the same kind and level occur twice");
            }
        }
        cat->slot_rules[cat->slot_rules_n++] = rule;
    }
}

static void read_places(struct sheet *sheet)
{
    struct catalogue *cat = sheet->in->cat;

    while (sheet_next(sheet)) {
        int32_t city = (int32_t)sheet_int(sheet, "city_code", 100000, 999999, INT64_MIN);
        struct place place = {
            .code = sheet_needed(sheet, "venue_id"),
            .kind = kind_of(sheet),
            .region = (int32_t)sheet_int(sheet, "county_code", 100000, 999999, city),
            .name = { sheet_needed(sheet, "name_zh"), sheet_text(sheet, "name_pinyin") },
            .level = sheet_text(sheet, "level"),
            .note = sheet_text(sheet, "note"),
            .mark = sheet_mark(sheet),
        };
        for (size_t i = 0; i < cat->places_n; i++) {
            if (!str_eq(cat->places[i].code, place.code)) continue;
            sheet_issue(sheet, "venue_id", "%.*s 重复", "%.*s occurs twice", (int)place.code.n,
                        place.code.p);
        }
        if (!region_find(cat, place.region) || region_city_of(cat, place.region) != city) {
            sheet_issue(sheet, "county_code", "%d 不在 %d 之内", "%d does not lie in %d",
                        (int)place.region, (int)city);
        }
        cat->places[cat->places_n++] = place;
    }
}

static void add_points(struct import *in, const struct place *place, enum point_kind kind,
                       char letter, int32_t n)
{
    struct catalogue *cat = in->cat;

    for (int32_t i = 1; i <= n; i++) {
        cat->points[cat->points_n++] = (struct point){
            .kind = kind,
            .code = arena_format(&cat->arena, "%.*s-%c%d", (int)place->code.n, place->code.p,
                                 letter, (int)i),
            .item = cat->place_items[place->kind].entry,
            .region = place->region,
            .mark = MARK_MADE,
        };
    }
}

static void add_made(struct import *in)
{
    struct catalogue *cat = in->cat;
    size_t n = 0;

    for (size_t i = 0; i < cat->places_n; i++) {
        const struct slot_rule *rule = slot_rule_for(cat, &cat->places[i]);
        if (rule) n += (size_t)(rule->gates + rule->counters);
    }
    cat->points = NEW_ARRAY(&cat->arena, struct point, n + 1);
    if (!cat->points) return;
    for (size_t i = 0; i < cat->places_n; i++) {
        const struct place *place = &cat->places[i];
        const struct slot_rule *rule = slot_rule_for(cat, place);
        cat->organisations[cat->organisations_n++] = (struct organisation){
            .code = arena_format(&cat->arena, OPERATOR_CODE, (int)place->code.n, place->code.p),
            .agency = S("OPERATOR"),
            .region = place->region,
            .name = place->name,
            .mark = MARK_MADE,
        };
        if (!rule) {
            import_issue(in, S("venue_slots.csv"), 0, 0, "没有 %.*s 的规则", "no rule for %.*s",
                         (int)place->code.n, place->code.p);
            continue;
        }
        add_points(in, place, POINT_GATE, 'G', rule->gates);
        add_points(in, place, POINT_COUNTER, 'C', rule->counters);
    }
}

void import_places(struct import *in)
{
    static const char *const of_kinds[] = { "kind", "entry_item", "booking_item", NULL };
    static const char *const of_rules[] = { "kind",      "level",      "opens",
                                            "closes",    "last_entry", "slot_minutes",
                                            "quota",     "held_back",  "closed_weekdays",
                                            "price_fen", "gates",      "counters",
                                            "tag",       NULL };
    static const char *const of_places[] = { "venue_id", "name_zh",   "name_pinyin", "kind",
                                             "level",    "city_code", "county_code", "tag",
                                             "note",     NULL };
    struct catalogue *cat = in->cat;
    struct sheet kinds, rules, places;
    bool all = sheet_open(in, "place_kinds.csv", of_kinds, &kinds);

    all = sheet_open(in, "venue_slots.csv", of_rules, &rules) && all;
    all = sheet_open(in, "venues.csv", of_places, &places) && all;
    if (!all || !cat->organisations) return;
    cat->slot_rules = NEW_ARRAY(&cat->arena, struct slot_rule, rules.lines);
    cat->places = NEW_ARRAY(&cat->arena, struct place, places.lines);
    if (!cat->slot_rules || !cat->places) return;
    read_kinds(&kinds);
    read_slot_rules(&rules);
    read_places(&places);
    catalogue_sort(cat); /* the most special slot rule first */
    add_made(in);
}
