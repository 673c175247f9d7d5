/* catalogue/item.c - service items, where they are open, and how far a city has come. */
#include "catalogue/snapshot.h"

const struct item *item_find(const struct catalogue *cat, struct str code)
{
    size_t from = 0, to = cat->items_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_order(cat->items[middle].code, code);
        if (order == 0) return &cat->items[middle];
        if (order < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct item *item_at(const struct catalogue *cat, size_t i)
{
    return i < cat->items_n ? &cat->items[i] : NULL;
}

size_t item_count(const struct catalogue *cat)
{
    return cat->items_n;
}

const char *mechanism_name(enum mechanism mechanism)
{
    switch (mechanism) {
    case MECHANISM_IDENTITY:
        return "identity";
    case MECHANISM_CASES:
        return "cases";
    case MECHANISM_BENEFITS:
        return "benefits";
    case MECHANISM_VOUCHERS:
        return "vouchers";
    case MECHANISM_TRANSIT:
        return "transit";
    case MECHANISM_VENUES:
        return "venues";
    case MECHANISM_LIBRARY:
        return "library";
    case MECHANISM_HEALTH:
        return "health";
    case MECHANISM_REGISTRY:
        return "registry";
    }
    return NULL;
}

/* The first opening that is not ordered before (item, region, INT64_MAX). */
static size_t openings_from(const struct catalogue *cat, struct str item, int32_t region)
{
    size_t from = 0, to = cat->openings_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct opening *o = &cat->openings[middle];
        int order = str_order(o->item, item);
        if (order < 0 || (order == 0 && o->region < region)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static const struct opening *opening_at(const struct catalogue *cat, struct str item,
                                        int32_t region, struct instant at)
{
    for (size_t i = openings_from(cat, item, region); i < cat->openings_n; i++) {
        const struct opening *o = &cat->openings[i];
        if (o->region != region || !str_eq(o->item, item)) return NULL;
        if (instant_before(at, o->valid_from)) continue;
        if (o->valid_to.usec == 0 || instant_before(at, o->valid_to)) return o;
    }
    return NULL;
}

const struct opening *opening_for(const struct catalogue *cat, struct str item, int32_t region,
                                  struct instant at)
{
    for (int32_t code = region;;) {
        const struct opening *o = opening_at(cat, item, code, at);
        const struct region *r = region_find(cat, code);
        if (o || code == REGION_NATION) return o;
        code = r ? r->parent : REGION_NATION;
    }
}

RESULT item_require_open(const struct catalogue *cat, struct str item, int32_t region,
                         struct instant at)
{
    const struct opening *o;

    REQUIRE(item_find(cat, item), CATALOGUE_ITEM_UNKNOWN);
    o = opening_for(cat, item, region, at);
    REQUIRE(o && o->state == OPENING_OPEN, CATALOGUE_ITEM_NOT_OPEN);
    return OK;
}

const struct city_state *city_state_find(const struct catalogue *cat, int32_t city)
{
    for (size_t i = 0; i < cat->city_states_n; i++) { /* sixteen */
        if (cat->city_states[i].city == city) return &cat->city_states[i];
    }
    return NULL;
}

void catalogue_progress(const struct catalogue *cat, int32_t city, struct instant at,
                        struct progress *out)
{
    struct progress p = { .city = city, .items = (int64_t)cat->items_n };

    for (size_t i = 0; i < cat->items_n; i++) {
        const struct opening *o = opening_for(cat, cat->items[i].code, city, at);
        if (!o) continue;
        switch (o->state) {
        case OPENING_PLANNED:
            p.planned++;
            break;
        case OPENING_BUILDING:
            p.building++;
            break;
        case OPENING_OPEN:
            p.open++;
            break;
        case OPENING_PAUSED:
            p.paused++;
            break;
        }
    }
    *out = p;
}
