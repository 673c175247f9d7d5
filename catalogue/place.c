/* catalogue/place.c - places, their points of use, and the rules their slots are made by. */
#include "catalogue/snapshot.h"

const struct place *place_find(const struct catalogue *cat, int64_t id)
{
    size_t from = 0, to = cat->places_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (cat->places_by_id[middle]->id == id) return cat->places_by_id[middle];
        if (cat->places_by_id[middle]->id < id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct place *place_by_code(const struct catalogue *cat, struct str code)
{
    size_t from = 0, to = cat->places_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_order(cat->places[middle].code, code);
        if (order == 0) return &cat->places[middle];
        if (order < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct place *place_at(const struct catalogue *cat, size_t i)
{
    return i < cat->places_n ? &cat->places[i] : NULL;
}

size_t place_count(const struct catalogue *cat)
{
    return cat->places_n;
}

const char *place_kind_name(enum place_kind kind)
{
    switch (kind) {
    case PLACE_SCENIC:
        return "scenic";
    case PLACE_MUSEUM:
        return "museum";
    case PLACE_LIBRARY:
        return "library";
    case PLACE_CULTURAL_CENTRE:
        return "cultural_centre";
    case PLACE_ART_GALLERY:
        return "art_gallery";
    case PLACE_SCIENCE_MUSEUM:
        return "science_museum";
    case PLACE_SERVICE_WINDOW:
        return "service_window";
    }
    return NULL;
}

const struct item *item_of_entry(const struct catalogue *cat, enum place_kind kind)
{
    return item_find(cat, cat->place_items[kind].entry);
}

const struct item *item_of_booking(const struct catalogue *cat, enum place_kind kind)
{
    return item_find(cat, cat->place_items[kind].booking);
}

const struct slot_rule *slot_rule_for(const struct catalogue *cat, const struct place *place)
{
    const struct slot_rule *found = NULL;

    for (size_t i = 0; i < cat->slot_rules_n; i++) { /* some ten, most special level first */
        const struct slot_rule *rule = &cat->slot_rules[i];
        if (rule->kind != place->kind) continue;
        if (str_eq(rule->level, place->code)) return rule; /* this one place's own */
        if (!found && (rule->level.n == 0 || str_eq(rule->level, place->level))) found = rule;
    }
    return found;
}

const struct point *point_find(const struct catalogue *cat, int64_t id)
{
    size_t from = 0, to = cat->points_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (cat->points_by_id[middle]->id == id) return cat->points_by_id[middle];
        if (cat->points_by_id[middle]->id < id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct point *point_by_code(const struct catalogue *cat, struct str code)
{
    size_t from = 0, to = cat->points_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_order(cat->points_by_code[middle]->code, code);
        if (order == 0) return cat->points_by_code[middle];
        if (order < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct point *points_of(const struct catalogue *cat, int64_t place_id, size_t *n)
{
    size_t from = 0, to = cat->points_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (cat->points[middle].place_id < place_id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    for (*n = 0; from + *n < cat->points_n; ++*n) {
        if (cat->points[from + *n].place_id != place_id) break;
    }
    return *n ? &cat->points[from] : NULL;
}
