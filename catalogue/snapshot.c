/* catalogue/snapshot.c - making, ordering and giving back a snapshot. */
#include "catalogue/snapshot.h"

#include <stdlib.h>

RESULT catalogue_new(struct catalogue **out)
{
    struct arena arena;
    struct catalogue *cat;

    TRY(arena_open(&arena, CATALOGUE_BYTES));
    cat = NEW(&arena, struct catalogue);
    assert(cat);
    cat->arena = arena;
    *out = cat;
    return OK;
}

void catalogue_free(struct catalogue *cat)
{
    if (!cat) return;
    struct arena arena = cat->arena; /* the struct goes with it */
    arena_close(&arena);
}

int str_order(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int int_order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int region_order(const void *a, const void *b)
{
    return int_order(((const struct region *)a)->code, ((const struct region *)b)->code);
}

static int agency_order(const void *a, const void *b)
{
    return str_order(((const struct agency *)a)->code, ((const struct agency *)b)->code);
}

static int organisation_order(const void *a, const void *b)
{
    return str_order(((const struct organisation *)a)->code,
                     ((const struct organisation *)b)->code);
}

static int organisation_id_order(const void *a, const void *b)
{
    return int_order((*(const struct organisation *const *)a)->id,
                     (*(const struct organisation *const *)b)->id);
}

static int item_order(const void *a, const void *b)
{
    return str_order(((const struct item *)a)->code, ((const struct item *)b)->code);
}

/* The latest first, so that the first row that has begun decides; at one instant the one written
 * last (ids are time-ordered). */
static int opening_order(const void *a, const void *b)
{
    const struct opening *x = a, *y = b;
    int order = str_order(x->item, y->item);

    if (!order) order = int_order(x->region, y->region);
    if (!order) order = int_order(y->valid_from.usec, x->valid_from.usec);
    return order ? order : int_order(y->id, x->id);
}

static int city_order(const void *a, const void *b)
{
    return int_order(((const struct city_state *)a)->city, ((const struct city_state *)b)->city);
}

static int parameter_order(const void *a, const void *b)
{
    const struct parameter *x = a, *y = b;
    int order = str_order(x->key, y->key);

    if (!order) order = int_order(x->region, y->region);
    if (!order) order = int_order(y->valid_from.usec, x->valid_from.usec);
    return order ? order : int_order(y->id, x->id);
}

static int holiday_order(const void *a, const void *b)
{
    return int_order(((const struct holiday *)a)->day, ((const struct holiday *)b)->day);
}

static int place_order(const void *a, const void *b)
{
    return str_order(((const struct place *)a)->code, ((const struct place *)b)->code);
}

static int place_id_order(const void *a, const void *b)
{
    return int_order((*(const struct place *const *)a)->id, (*(const struct place *const *)b)->id);
}

/* Longer level texts first: "4A candidate" before "4A" before any. */
static int slot_rule_order(const void *a, const void *b)
{
    const struct slot_rule *x = a, *y = b;
    int order = int_order(x->kind, y->kind);

    return order ? order : int_order((int64_t)y->level.n, (int64_t)x->level.n);
}

static int point_order(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    int order = int_order(x->place_id, y->place_id);

    if (!order) order = int_order(x->kind, y->kind);
    return order ? order : str_order(x->code, y->code);
}

static int point_id_order(const void *a, const void *b)
{
    return int_order((*(const struct point *const *)a)->id, (*(const struct point *const *)b)->id);
}

static int point_code_order(const void *a, const void *b)
{
    return str_order((*(const struct point *const *)a)->code,
                     (*(const struct point *const *)b)->code);
}

static void sort(void *rows, size_t n, size_t size, int (*order)(const void *, const void *))
{
    if (n > 1) qsort(rows, n, size, order);
}
#define SORT(rows, n, order) sort((rows), (n), sizeof *(rows), (order))

static RESULT index_places(struct catalogue *cat)
{
    cat->places_by_id = NEW_ARRAY(&cat->arena, const struct place *, cat->places_n + 1);
    cat->organisations_by_id =
        NEW_ARRAY(&cat->arena, const struct organisation *, cat->organisations_n + 1);
    cat->points_by_id = NEW_ARRAY(&cat->arena, const struct point *, cat->points_n + 1);
    cat->points_by_code = NEW_ARRAY(&cat->arena, const struct point *, cat->points_n + 1);
    if (cat->arena.full) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    for (size_t i = 0; i < cat->places_n; i++)
        cat->places_by_id[i] = &cat->places[i];
    for (size_t i = 0; i < cat->organisations_n; i++) {
        cat->organisations_by_id[i] = &cat->organisations[i];
    }
    SORT(cat->places_by_id, cat->places_n, place_id_order);
    SORT(cat->organisations_by_id, cat->organisations_n, organisation_id_order);
    for (size_t i = 0; i < cat->points_n; i++) {
        const struct place *place = place_find(cat, cat->points[i].place_id);
        cat->points[i].region = place ? place->region : 0;
        cat->points_by_id[i] = cat->points_by_code[i] = &cat->points[i];
    }
    SORT(cat->points_by_id, cat->points_n, point_id_order);
    SORT(cat->points_by_code, cat->points_n, point_code_order);
    return OK;
}

void catalogue_sort(struct catalogue *cat)
{
    SORT(cat->regions, cat->regions_n, region_order);
    SORT(cat->agencies, cat->agencies_n, agency_order);
    SORT(cat->organisations, cat->organisations_n, organisation_order);
    SORT(cat->items, cat->items_n, item_order);
    SORT(cat->openings, cat->openings_n, opening_order);
    SORT(cat->city_states, cat->city_states_n, city_order);
    SORT(cat->parameters, cat->parameters_n, parameter_order);
    SORT(cat->holidays, cat->holidays_n, holiday_order);
    SORT(cat->places, cat->places_n, place_order);
    SORT(cat->slot_rules, cat->slot_rules_n, slot_rule_order);
    SORT(cat->points, cat->points_n, point_order);
}

RESULT catalogue_index(struct catalogue *cat)
{
    catalogue_sort(cat);
    for (size_t i = 0; i < cat->places_n; i++) {
        cat->places[i].city = region_city_of(cat, cat->places[i].region);
    }
    return index_places(cat);
}

int64_t catalogue_version(const struct catalogue *cat)
{
    return cat->version;
}
