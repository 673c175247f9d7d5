/* catalogue/import_items.c - service items, the rules that give each a mechanism, grade and
 * strength, and where they are open. */
#include "catalogue/import.h"

struct item_rule {
    struct str match; /* a code, or the start of one with a * */
    struct str use_mode;
    enum mechanism mechanism;
    enum item_grade grade;
    enum strength strength;
    bool offline;
};

static bool code_matches(struct str match, struct str code)
{
    if (!str_ends(match, S("*"))) return str_eq(match, code);
    return str_starts(code, str_part(match, 0, match.n - 1));
}

/* The most special rule: the longer match, then one that names the use mode. */
static const struct item_rule *rule_for(const struct item_rule *rules, size_t n,
                                        const struct item *item)
{
    const struct item_rule *best = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct item_rule *rule = &rules[i];
        if (!code_matches(rule->match, item->code)) continue;
        if (rule->use_mode.n && !str_eq(rule->use_mode, item->use_mode)) continue;
        if (!best || rule->match.n > best->match.n ||
            (rule->match.n == best->match.n && rule->use_mode.n > best->use_mode.n)) {
            best = rule;
        }
    }
    return best;
}

static size_t read_rules(struct sheet *sheet, struct item_rule *rules)
{
    static const char *const mechanisms[] = { NULL,       "identity", "cases",  "benefits",
                                              "vouchers", "transit",  "venues", "library",
                                              "health",   "registry" };
    static const char *const grades[] = { NULL, "A", "B", "C" };
    static const char *const strengths[] = { NULL, "door", "identity", "money" };
    size_t n = 0;

    while (sheet_next(sheet)) {
        int mechanism = sheet_choice(sheet, "mechanism", mechanisms, LEN(mechanisms));
        int grade = sheet_choice(sheet, "grade", grades, LEN(grades));
        int strength = sheet_choice(sheet, "strength", strengths, LEN(strengths));
        rules[n++] = (struct item_rule){
            .match = sheet_needed(sheet, "match"),
            .use_mode = sheet_text(sheet, "use_mode"),
            .mechanism = mechanism < 0 ? MECHANISM_CASES : (enum mechanism)mechanism,
            .grade = grade < 0 ? ITEM_A : (enum item_grade)grade,
            .strength = strength < 0 ? STRENGTH_IDENTITY : (enum strength)strength,
            .offline = sheet_yes(sheet, "offline"),
        };
    }
    return n;
}

static const struct agency *agency_of(const struct catalogue *cat, struct str name_zh)
{
    for (size_t i = 0; i < cat->agencies_n; i++) {
        if (str_eq(cat->agencies[i].name.zh, name_zh)) return &cat->agencies[i];
    }
    return NULL;
}

static bool item_seen(const struct catalogue *cat, struct str code)
{
    for (size_t i = 0; i < cat->items_n; i++) {
        if (str_eq(cat->items[i].code, code)) return true;
    }
    return false;
}

static void read_items(struct sheet *sheet, const struct item_rule *rules, size_t rules_n)
{
    struct catalogue *cat = sheet->in->cat;

    while (sheet_next(sheet)) {
        struct item item = {
            .code = sheet_needed(sheet, "item_code"),
            .domain = sheet_needed(sheet, "domain"),
            .category = sheet_needed(sheet, "category_code"),
            .category_name = { sheet_text(sheet, "category_zh"), sheet_text(sheet, "category_en") },
            .name = { sheet_needed(sheet, "item_zh"), sheet_needed(sheet, "item_en") },
            .owner = { sheet_needed(sheet, "owner_zh"), sheet_text(sheet, "owner_en") },
            .use_mode = sheet_needed(sheet, "use_mode"),
            .physical = sheet_yes(sheet, "ch_physical"),
            .ecard = sheet_yes(sheet, "ch_ecard"),
            .online = sheet_yes(sheet, "ch_online"),
            .pay_cycle = sheet_text(sheet, "pay_cycle"),
            .calc_basis = sheet_text(sheet, "calc_basis"),
            .article_fn = sheet_text(sheet, "article_fn"),
            .mark = sheet_mark(sheet),
            .note = sheet_text(sheet, "note"),
        };
        const struct item_rule *rule = rule_for(rules, rules_n, &item);
        const struct agency *agency = agency_of(cat, item.owner.zh);
        if (item_seen(cat, item.code)) {
            sheet_issue(sheet, "item_code", "%.*s 重复", "%.*s occurs twice", (int)item.code.n,
                        item.code.p);
        } else if (!rule) {
            sheet_issue(sheet, "item_code", "item_rules.csv 没有 %.*s 的规则",
                        "item_rules.csv has no rule for %.*s", (int)item.code.n, item.code.p);
        } else if (!agency) {
            sheet_issue(sheet, "owner_zh", "agencies.csv 没有 “%.*s”",
                        "agencies.csv does not have \"%.*s\"", (int)item.owner.zh.n,
                        item.owner.zh.p);
        } else {
            item.mechanism = rule->mechanism;
            item.grade = rule->grade;
            item.strength = rule->strength;
            item.offline = rule->offline;
            item.agency = agency->code;
            cat->items[cat->items_n++] = item;
        }
    }
}

void import_items(struct import *in)
{
    static const char *const of_items[] = {
        "item_code", "domain",      "category_code", "category_zh", "category_en",
        "item_zh",   "item_en",     "owner_zh",      "owner_en",    "use_mode",
        "ch_ecard",  "ch_physical", "ch_online",     "pay_cycle",   "calc_basis",
        "tag",       "article_fn",  "note",          NULL
    };
    static const char *const of_rules[] = { "match",    "use_mode", "mechanism", "grade",
                                            "strength", "offline",  NULL };
    struct sheet items, made, rule_sheet;
    struct item_rule *rules;
    bool all = sheet_open(in, "catalogue.csv", of_items, &items);

    all = sheet_open(in, "items_made.csv", of_items, &made) && all;
    all = sheet_open(in, "item_rules.csv", of_rules, &rule_sheet) && all;
    if (!all) return;
    rules = NEW_ARRAY(&in->cat->arena, struct item_rule, rule_sheet.lines);
    in->cat->items = NEW_ARRAY(&in->cat->arena, struct item, items.lines + made.lines);
    if (!rules || !in->cat->items) return;
    size_t n = read_rules(&rule_sheet, rules);
    read_items(&items, rules, n);
    read_items(&made, rules, n);
}

/* ---- openings ---- */

/* A region of openings.csv: a code, or @ and the name of a column of city_state.csv. */
static bool city_is_in(const struct city_state *state, struct str set)
{
    if (str_eq(set, S("plan_published"))) return state->plan_published;
    if (str_eq(set, S("gen3_started"))) return state->gen3_started;
    if (str_eq(set, S("hospital_pilot"))) return state->hospital_pilot;
    if (str_eq(set, S("ecard_hospitals"))) return state->ecard_hospitals;
    return false;
}

enum { OPENINGS_MAX = 5000 };

static void add_opening(struct sheet *sheet, const struct opening *opening)
{
    struct catalogue *cat = sheet->in->cat;

    for (size_t i = 0; i < cat->openings_n; i++) {
        const struct opening *o = &cat->openings[i];
        if (o->region == opening->region && o->valid_from.usec == opening->valid_from.usec &&
            str_eq(o->item, opening->item)) {
            sheet_issue(sheet, "item", "%.*s 在 %d 同日有两行", "%.*s in %d: two rows of one day",
                        (int)opening->item.n, opening->item.p, (int)opening->region);
            return;
        }
    }
    if (cat->openings_n == OPENINGS_MAX) {
        sheet_issue(sheet, NULL, "超过 %d 行", "more than %d rows", OPENINGS_MAX);
        return;
    }
    cat->openings[cat->openings_n++] = *opening;
}

static void add_in_region(struct sheet *sheet, struct opening opening, struct str region)
{
    struct catalogue *cat = sheet->in->cat;
    int64_t code;
    size_t before = cat->openings_n;

    if (str_starts(region, S("@"))) {
        for (size_t i = 0; i < cat->city_states_n; i++) {
            if (!city_is_in(&cat->city_states[i], str_part(region, 1, region.n))) continue;
            opening.region = cat->city_states[i].city;
            add_opening(sheet, &opening);
        }
        if (cat->openings_n == before) {
            sheet_issue(sheet, "region", "没有城市属于 %.*s", "no city is in %.*s", (int)region.n,
                        region.p);
        }
    } else if (str_int(region, 0, 999999, &code) &&
               (code == REGION_NATION || region_find(cat, (int32_t)code))) {
        opening.region = (int32_t)code;
        add_opening(sheet, &opening);
    } else {
        sheet_issue(sheet, "region", "区划 “%.*s” 未知", "region \"%.*s\" is unknown",
                    (int)region.n, region.p);
    }
}

void import_openings(struct import *in)
{
    static const char *const columns[] = { "item",     "region", "state", "pilot", "valid_from",
                                           "valid_to", "tag",    "note",  NULL };
    static const char *const states[] = { NULL, "planned", "building", "open", "paused" };
    struct catalogue *cat = in->cat;
    struct sheet sheet;

    if (!sheet_open(in, "openings.csv", columns, &sheet)) return;
    cat->openings = NEW_ARRAY(&cat->arena, struct opening, OPENINGS_MAX);
    if (!cat->openings) return;
    while (sheet_next(&sheet)) {
        struct str match = sheet_needed(&sheet, "item"), region = sheet_needed(&sheet, "region");
        int state = sheet_choice(&sheet, "state", states, LEN(states));
        struct opening opening = {
            .state = state < 0 ? OPENING_PLANNED : (enum opening_state)state,
            .pilot = sheet_yes(&sheet, "pilot"),
            .valid_from = sheet_day(&sheet, "valid_from"),
            .valid_to = sheet_day(&sheet, "valid_to"),
            .mark = sheet_mark(&sheet),
            .note = sheet_text(&sheet, "note"),
        };
        bool any = false;
        for (size_t i = 0; i < cat->items_n; i++) {
            if (!code_matches(match, cat->items[i].code)) continue;
            any = true;
            opening.item = cat->items[i].code;
            add_in_region(&sheet, opening, region);
        }
        if (!any) {
            sheet_issue(&sheet, "item", "没有事项符合 “%.*s”", "no item matches \"%.*s\"",
                        (int)match.n, match.p);
        }
    }
}
