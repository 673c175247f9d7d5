/* catalogue/import_regions.c - areas, agencies and their offices, the cities' state. */
#include "catalogue/import.h"

static struct region *region_seen(struct catalogue *cat, int32_t code)
{
    for (size_t i = 0; i < cat->regions_n; i++) {
        if (cat->regions[i].code == code) return &cat->regions[i];
    }
    return NULL;
}

static int32_t code_of(struct sheet *sheet, const char *column, int64_t preset)
{
    return (int32_t)sheet_int(sheet, column, 100000, 999999, preset);
}

static void add_region(struct sheet *sheet, const struct region *region)
{
    struct catalogue *cat = sheet->in->cat;

    if (region_seen(cat, region->code)) {
        sheet_issue(sheet, "code", "区划代码 %d 重复", "region code %d occurs twice",
                    (int)region->code);
        return;
    }
    cat->regions[cat->regions_n++] = *region;
}

static void read_regions(struct sheet *sheet)
{
    static const char *const levels[] = { NULL, "province", "prefecture", "county", "placeholder" };
    enum { PLACEHOLDER = 4 };

    while (sheet_next(sheet)) {
        int level = sheet_choice(sheet, "level", levels, LEN(levels));
        struct region region = {
            .code = code_of(sheet, "code", INT64_MIN),
            .parent = code_of(sheet, "parent_code", REGION_NATION),
            .level = level == PLACEHOLDER ? LEVEL_CITY
                     : level < 0          ? LEVEL_COUNTY
                                          : (enum region_level)level,
            .placeholder = level == PLACEHOLDER,
            .delta = sheet_yes(sheet, "delta"),
            .name = { sheet_needed(sheet, "name_zh"), sheet_text(sheet, "name_en") },
            .pinyin = sheet_text(sheet, "pinyin"),
            .tunion_city = (int32_t)sheet_int(sheet, "tunion_city_code", 1, 9999, 0),
            .mark = sheet_mark(sheet),
        };
        add_region(sheet, &region);
    }
}

/* Counties of the whole country; those of Anhui stand in regions.csv too and must agree. */
static void read_counties(struct sheet *sheet)
{
    while (sheet_next(sheet)) {
        struct region region = {
            .code = code_of(sheet, "code", INT64_MIN),
            .parent = code_of(sheet, "parent_code", INT64_MIN),
            .level = LEVEL_COUNTY,
            .delta = sheet_yes(sheet, "delta"),
            .name = { sheet_needed(sheet, "name_zh"), S("") },
            .pinyin = sheet_text(sheet, "pinyin"),
            .mark = MARK_REAL,
        };
        const struct region *seen = region_seen(sheet->in->cat, region.code);
        if (!seen) {
            add_region(sheet, &region);
        } else if (!str_eq(seen->name.zh, region.name.zh) || seen->parent != region.parent) {
            sheet_issue(sheet, "name_zh", "%d 与 regions.csv 不一致", "%d differs from regions.csv",
                        (int)region.code);
        }
    }
}

/* Dissolved codes hang below their prefecture where it is known, else below their province. */
static void read_historic(struct sheet *sheet)
{
    struct catalogue *cat = sheet->in->cat;
    size_t first = cat->regions_n;

    while (sheet_next(sheet)) {
        struct region region = {
            .code = code_of(sheet, "code", INT64_MIN),
            .historic = true,
            .delta = true,
            .name = { sheet_needed(sheet, "name_zh"), S("") },
            .mark = sheet_mark(sheet),
        };
        region.level = region.code % 100 == 0 ? LEVEL_CITY : LEVEL_COUNTY;
        add_region(sheet, &region);
    }
    for (size_t i = first; i < cat->regions_n; i++) {
        struct region *r = &cat->regions[i];
        int32_t city = r->code / 100 * 100;
        bool known = r->level == LEVEL_COUNTY && region_seen(cat, city);
        r->parent = known ? city : r->code / 10000 * 10000;
    }
}

void import_regions(struct import *in)
{
    static const char *const of_regions[] = { "code",  "name_zh",     "pinyin", "name_en",
                                              "level", "parent_code", "delta",  "tunion_city_code",
                                              "tag",   NULL };
    static const char *const of_counties[] = { "code",        "name_zh", "pinyin",
                                               "parent_code", "delta",   NULL };
    static const char *const of_historic[] = { "code", "name_zh", "tag", NULL };
    struct sheet regions, counties, historic;
    bool all = sheet_open(in, "regions.csv", of_regions, &regions);

    all = sheet_open(in, "counties_cn.csv", of_counties, &counties) && all;
    all = sheet_open(in, "regions_historic_anhui.csv", of_historic, &historic) && all;
    if (!all) return;
    in->cat->regions =
        NEW_ARRAY(&in->cat->arena, struct region, regions.lines + counties.lines + historic.lines);
    if (!in->cat->regions) return;
    read_regions(&regions);
    read_counties(&counties);
    read_historic(&historic);
    for (size_t i = 0; i < in->cat->regions_n; i++) {
        const struct region *r = &in->cat->regions[i];
        const struct region *parent = region_seen(in->cat, r->parent);
        if (r->parent == REGION_NATION ? r->level == LEVEL_PROVINCE
                                       : parent && parent->level < r->level) {
            continue;
        }
        import_issue(in, regions.file, 0, 0, "%d 的上级 %d 不存在或级别不对",
                     "%d: its parent %d is unknown or not of a higher level", (int)r->code,
                     (int)r->parent);
    }
}

/* ---- agencies and their offices ---- */

static void add_office(struct import *in, const struct agency *agency, const struct region *region)
{
    struct catalogue *cat = in->cat;
    struct arena *arena = &cat->arena;
    struct str en = region->name.en.n ? region->name.en : region->pinyin;

    cat->organisations[cat->organisations_n++] = (struct organisation){
        .code =
            arena_format(arena, "%.*s-%d", (int)agency->code.n, agency->code.p, (int)region->code),
        .agency = agency->code,
        .region = region->code,
        .name = { arena_format(arena, "%.*s%.*s", (int)region->name.zh.n, region->name.zh.p,
                               (int)agency->name.zh.n, agency->name.zh.p),
                  arena_format(arena, "%.*s, %.*s", (int)agency->name.en.n, agency->name.en.p,
                               (int)en.n, en.p) },
        .mark = MARK_MADE,
    };
}

/* levels: P an office of the province, C one in each city, K one in each county; V one for each
 * place (import_places makes those). */
static void add_offices(struct import *in, const struct agency *agency, struct str levels)
{
    static const struct {
        char letter;
        enum region_level level;
    } offices[] = { { 'P', LEVEL_PROVINCE }, { 'C', LEVEL_CITY }, { 'K', LEVEL_COUNTY } };

    for (size_t i = 0; i < LEN(offices); i++) {
        struct region_walk walk = regions_within(in->cat, REGION_ANHUI, offices[i].level);
        if (!levels.n || !memchr(levels.p, offices[i].letter, levels.n)) continue;
        for (const struct region *r; (r = region_next(&walk));)
            add_office(in, agency, r);
    }
}

void import_agencies(struct import *in)
{
    static const char *const columns[] = { "code", "name_zh", "name_en", "levels", "tag", NULL };
    enum { PLACES_ABOUT = 2000 };
    struct catalogue *cat = in->cat;
    struct sheet sheet;

    if (!sheet_open(in, "agencies.csv", columns, &sheet)) return;
    cat->agencies = NEW_ARRAY(&cat->arena, struct agency, sheet.lines);
    cat->organisations =
        NEW_ARRAY(&cat->arena, struct organisation, sheet.lines * 200 + PLACES_ABOUT);
    if (!cat->organisations || !cat->agencies) return;
    while (sheet_next(&sheet)) {
        struct agency agency = {
            .code = sheet_needed(&sheet, "code"),
            .name = { sheet_needed(&sheet, "name_zh"), sheet_text(&sheet, "name_en") },
            .mark = sheet_mark(&sheet),
        };
        if (agency_find(cat, agency.code)) {
            sheet_issue(&sheet, "code", "%.*s 重复", "%.*s occurs twice", (int)agency.code.n,
                        agency.code.p);
            continue;
        }
        cat->agencies[cat->agencies_n++] = agency;
        add_offices(in, &agency, sheet_text(&sheet, "levels"));
    }
}

void import_city_states(struct import *in)
{
    static const char *const columns[] = {
        "city_code", "plan_published", "gen3_started", "hospital_pilot", "ecard_hospitals", "tag",
        NULL
    };
    struct catalogue *cat = in->cat;
    struct sheet sheet;

    if (!sheet_open(in, "city_state.csv", columns, &sheet)) return;
    cat->city_states = NEW_ARRAY(&cat->arena, struct city_state, sheet.lines);
    if (!cat->city_states) return;
    while (sheet_next(&sheet)) {
        struct city_state state = {
            .city = code_of(&sheet, "city_code", INT64_MIN),
            .plan_published = sheet_yes(&sheet, "plan_published"),
            .gen3_started = sheet_yes(&sheet, "gen3_started"),
            .hospital_pilot = sheet_yes(&sheet, "hospital_pilot"),
            .ecard_hospitals = sheet_yes(&sheet, "ecard_hospitals"),
            .mark = sheet_mark(&sheet),
        };
        const struct region *city = region_find(cat, state.city);
        if (!city || city->level != LEVEL_CITY || city_state_find(cat, state.city)) {
            sheet_issue(&sheet, "city_code", "%d 不是城市，或重复",
                        "%d is no city, or occurs twice", (int)state.city);
            continue;
        }
        cat->city_states[cat->city_states_n++] = state;
    }
}
