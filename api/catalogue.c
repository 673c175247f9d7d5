/* api/catalogue.c - the reference data: areas, service items and where they are open, the dated
 * parameters by which rules run. Answered from the snapshot in memory; the ETag changes with an
 * import, an act, and when a dated row begins or ends.
 *
 * GET /v1/regions?level=&parent=
 * GET /v1/service-items?city=&state=&domain=&mechanism=
 * GET /v1/service-items/{item}            with its state in each of the sixteen cities
 * GET /v1/parameters?key=&region_code=    every value with its time, what began last first */
#include "api/handlers.h"

#include "catalogue/catalogue.h"

static const struct json_name LEVELS[] = { { "province", LEVEL_PROVINCE },
                                           { "city", LEVEL_CITY },
                                           { "county", LEVEL_COUNTY } };
static const struct json_name STATES[] = { { "planned", OPENING_PLANNED },
                                           { "building", OPENING_BUILDING },
                                           { "open", OPENING_OPEN },
                                           { "paused", OPENING_PAUSED } };
static const struct json_name MECHANISMS[] = {
    { "identity", MECHANISM_IDENTITY }, { "cases", MECHANISM_CASES },
    { "benefits", MECHANISM_BENEFITS }, { "vouchers", MECHANISM_VOUCHERS },
    { "transit", MECHANISM_TRANSIT },   { "venues", MECHANISM_VENUES },
    { "library", MECHANISM_LIBRARY },   { "health", MECHANISM_HEALTH },
    { "registry", MECHANISM_REGISTRY },
};

/* True: the asker has this snapshot's answer already, and was told so. */
static bool known(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);

    reply_header(rp, "Cache-Control", S("no-cache"));
    return reply_unchanged(rq, rp,
                           arena_format(rq->arena, "\"c%" PRId64 "-%" PRId64 "\"",
                                        catalogue_version(cat), catalogue_turn(cat, rq->at)));
}

static void put_name(struct reply *rp, const struct text2 *name)
{
    json_put_str(rp, "name", name->zh);
    if (name->en.n) json_put_str(rp, "name_en", name->en);
}

static void put_total(struct reply *rp, const struct page *page, int64_t count)
{
    if (!page->total) return;
    json_put_object(rp, "total");
    json_put_int(rp, "count", count);
    json_put_bool(rp, "exact", true);
    json_put_end(rp);
}

/* ---- regions */

static void region_put(struct reply *rp, const struct region *region)
{
    json_put_object(rp, NULL);
    json_put_int(rp, "code", region->code);
    if (region->parent) json_put_int(rp, "parent", region->parent);
    json_put_str(rp, "level", str_of(LEVELS[region->level - LEVEL_PROVINCE].name));
    put_name(rp, &region->name);
    if (region->pinyin.n) json_put_str(rp, "pinyin", region->pinyin);
    if (region->tunion_city) json_put_int(rp, "tunion_city", region->tunion_city);
    json_put_str(rp, "mark", str_of(mark_name(region->mark)));
    json_put_end(rp);
}

RESULT get_regions(struct app *app, const struct request *rq, struct reply *rp)
{
    struct region_walk walk;
    struct page page;
    int64_t parent = 0, shown = 0, matching = 0, last[PAGE_KEYS] = { 0 };
    int level = LEVEL_NATION;
    bool of_parent, more = false;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_ENUM("level", &level, LEVELS), NULL),
        JSON_OPTIONAL(JSON_INT("parent", &parent, 0, 999999), &of_parent),
    };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    if (known(app, rq, rp)) return OK;
    reply_json(rp, 200);
    json_put_array(rp, "data");
    walk = regions_within(catalogue_now(app->shelf), REGION_NATION, (enum region_level)level);
    for (const struct region *region; (region = region_next(&walk));) {
        if (region->level == LEVEL_NATION) continue;
        if (of_parent && region->parent != parent) continue;
        matching++;
        if (region->code <= page.after[0]) continue;
        more = shown == page.limit;
        if (more && !page.total) break;
        if (more) continue; /* counted only */
        region_put(rp, region);
        last[0] = region->code;
        shown++;
    }
    json_put_end(rp);
    put_total(rp, &page, matching);
    page_end(app, rq, rp, more, last);
    return OK;
}

/* ---- service items */

static void put_ways(struct reply *rp, const struct item *item)
{
    json_put_array(rp, "ways");
    if (item->physical) json_put_str(rp, NULL, S("card"));
    if (item->ecard) json_put_str(rp, NULL, S("ecard"));
    if (item->online) json_put_str(rp, NULL, S("online"));
    json_put_end(rp);
}

static void put_item(struct reply *rp, const struct item *item)
{
    static const char *const GRADES[] = { [ITEM_A] = "A", [ITEM_B] = "B", [ITEM_C] = "C" };
    static const char *const STRENGTHS[] = {
        [STRENGTH_DOOR] = "door", [STRENGTH_IDENTITY] = "identity", [STRENGTH_MONEY] = "money"
    };

    json_put_str(rp, "code", item->code);
    put_name(rp, &item->name);
    json_put_str(rp, "domain", item->domain);
    json_put_str(rp, "category", item->category);
    json_put_str(rp, "category_name", item->category_name.zh);
    json_put_str(rp, "agency", item->agency);
    json_put_str(rp, "mechanism", str_of(mechanism_name(item->mechanism)));
    json_put_str(rp, "grade", str_of(GRADES[item->grade]));
    json_put_str(rp, "strength", str_of(STRENGTHS[item->strength]));
    json_put_bool(rp, "offline", item->offline);
    put_ways(rp, item);
    json_put_str(rp, "mark", str_of(mark_name(item->mark)));
}

static void put_opening(struct reply *rp, const struct opening *opening)
{
    if (!opening) return;
    json_put_str(rp, "state", str_of(STATES[opening->state - OPENING_PLANNED].name));
    json_put_bool(rp, "pilot", opening->pilot);
    if (opening->valid_from.usec) json_put_instant(rp, "since", opening->valid_from);
    json_put_str(rp, "state_mark", str_of(mark_name(opening->mark)));
}

struct item_filter {
    struct str domain;
    int mechanism, state; /* 0: any */
    int64_t city;         /* 0: none is asked about */
};

static bool wanted(const struct item_filter *filter, const struct item *item,
                   const struct opening *opening)
{
    if (filter->domain.n > 0 && !str_eq(filter->domain, item->domain)) return false;
    if (filter->mechanism != 0 && (int)item->mechanism != filter->mechanism) return false;
    return filter->state == 0 || (opening && (int)opening->state == filter->state);
}

static RESULT filter_read(struct app *app, const struct request *rq, struct page *page,
                          struct item_filter *filter)
{
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_INT("city", &filter->city, 100000, 999999), NULL),
        JSON_OPTIONAL(JSON_ENUM("state", &filter->state, STATES), NULL),
        JSON_OPTIONAL(JSON_TEXT("domain", &filter->domain, 1, 40), NULL),
        JSON_OPTIONAL(JSON_ENUM("mechanism", &filter->mechanism, MECHANISMS), NULL),
    };

    TRY(page_read(app, rq, page, filters, LEN(filters)));
    if (filter->state != 0 && filter->city == 0) {
        problem_add(rq->problems, rq->arena, "/city", "missing"); /* open where? */
        REFUSE(HTTP_FIELDS);
    }
    REQUIRE(filter->city == 0 || region_find(catalogue_now(app->shelf), (int32_t)filter->city),
            CATALOGUE_REGION_UNKNOWN);
    return OK;
}

RESULT get_service_items(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    struct item_filter filter = { .city = 0 };
    struct page page;
    int64_t shown = 0, matching = 0, last[PAGE_KEYS] = { 0 };
    bool more = false;

    TRY(filter_read(app, rq, &page, &filter));
    if (known(app, rq, rp)) return OK;
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int64_t i = page.after[0]; i < (int64_t)item_count(cat); i++) { /* in code order */
        const struct item *item = item_at(cat, (size_t)i);
        const struct opening *opening =
            filter.city ? opening_for(cat, item->code, (int32_t)filter.city, rq->at) : NULL;

        if (!wanted(&filter, item, opening)) continue;
        matching++;
        more = shown == page.limit;
        if (more && !page.total) break;
        if (more) continue; /* counted only */
        json_put_object(rp, NULL);
        put_item(rp, item);
        put_opening(rp, opening);
        json_put_end(rp);
        last[0] = i + 1;
        shown++;
    }
    json_put_end(rp);
    put_total(rp, &page, matching);
    page_end(app, rq, rp, more, last);
    return OK;
}

RESULT get_service_item(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct item *item = item_find(cat, path_text(rq, "item"));
    struct region_walk walk = regions_within(cat, REGION_ANHUI, LEVEL_CITY);

    REQUIRE(item, API_NOT_FOUND);
    if (known(app, rq, rp)) return OK;
    reply_json(rp, 200);
    put_item(rp, item);
    json_put_array(rp, "openings");
    for (const struct region *city; (city = region_next(&walk));) {
        const struct opening *opening = opening_for(cat, item->code, city->code, rq->at);

        if (!opening) continue;
        json_put_object(rp, NULL);
        json_put_int(rp, "city", city->code);
        put_opening(rp, opening);
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

/* ---- parameters */

static void parameter_put(struct reply *rp, const struct catalogue *cat, struct instant now,
                          const struct parameter *parameter)
{
    json_put_object(rp, NULL);
    json_put_str(rp, "key", parameter->key);
    if (parameter->region) json_put_int(rp, "region_code", parameter->region);
    json_put_str(rp, "value", parameter->value);
    json_put_str(rp, "unit", parameter->unit);
    json_put_bool(rp, "in_force",
                  parameter_find(cat, parameter->key, parameter->region, now) == parameter);
    if (parameter->valid_from.usec) json_put_instant(rp, "valid_from", parameter->valid_from);
    if (parameter->valid_to.usec) json_put_instant(rp, "valid_to", parameter->valid_to);
    json_put_instant(rp, "recorded_at", parameter->recorded_at);
    if (parameter->reason.n) json_put_str(rp, "reason", parameter->reason);
    json_put_str(rp, "mark", str_of(mark_name(parameter->mark)));
    json_put_end(rp);
}

RESULT get_parameters(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct parameter *parameter;
    struct str key = { 0 };
    struct page page;
    int64_t region = 0, shown = 0, last[PAGE_KEYS] = { 0 };
    bool of_region, more = false;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_TEXT("key", &key, 1, 80), NULL),
        JSON_OPTIONAL(JSON_INT("region_code", &region, 0, 999999), &of_region),
    };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    if (known(app, rq, rp)) return OK;
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int64_t i = page.after[0]; (parameter = parameter_at(cat, (size_t)i)); i++) {
        if (key.n > 0 && !str_eq(key, parameter->key)) continue;
        if (of_region && region != parameter->region) continue;
        more = shown == page.limit;
        if (more) break;
        parameter_put(rp, cat, rq->at, parameter);
        last[0] = i + 1;
        shown++;
    }
    json_put_end(rp);
    page_end(app, rq, rp, more, last);
    return OK;
}
