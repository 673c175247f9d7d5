/* catalogue/region.c - areas and their tree, agencies, organisations. */
#include "catalogue/snapshot.h"

const struct region *region_find(const struct catalogue *cat, int32_t code)
{
    size_t from = 0, to = cat->regions_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (cat->regions[middle].code == code) return &cat->regions[middle];
        if (cat->regions[middle].code < code) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

/* Parents are of a lower level (checked by the import), so the walk ends. */
bool region_covers(const struct catalogue *cat, int32_t outer, int32_t inner)
{
    if (outer == REGION_NATION || outer == inner) return true;
    for (const struct region *r = region_find(cat, inner); r; r = region_find(cat, r->parent)) {
        if (r->code == outer) return true;
    }
    return false;
}

static int32_t above_of_level(const struct catalogue *cat, int32_t code, enum region_level level)
{
    for (const struct region *r = region_find(cat, code); r; r = region_find(cat, r->parent)) {
        if (r->level == level) return r->code;
    }
    return 0;
}

int32_t region_city_of(const struct catalogue *cat, int32_t code)
{
    return above_of_level(cat, code, LEVEL_CITY);
}

int32_t region_province_of(const struct catalogue *cat, int32_t code)
{
    return above_of_level(cat, code, LEVEL_PROVINCE);
}

struct region_walk regions_within(const struct catalogue *cat, int32_t within,
                                  enum region_level level)
{
    return (struct region_walk){ .cat = cat, .within = within, .level = level };
}

const struct region *region_next(struct region_walk *walk)
{
    while (walk->at < walk->cat->regions_n) {
        const struct region *r = &walk->cat->regions[walk->at++];
        if (r->historic || r->placeholder) continue;
        if (walk->level != LEVEL_NATION && r->level != walk->level) continue;
        if (region_covers(walk->cat, walk->within, r->code)) return r;
    }
    return NULL;
}

const struct agency *agency_find(const struct catalogue *cat, struct str code)
{
    for (size_t i = 0; i < cat->agencies_n; i++) { /* some thirty */
        if (str_eq(cat->agencies[i].code, code)) return &cat->agencies[i];
    }
    return NULL;
}

const struct organisation *organisation_find(const struct catalogue *cat, int64_t id)
{
    size_t from = 0, to = cat->organisations_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (cat->organisations_by_id[middle]->id == id) return cat->organisations_by_id[middle];
        if (cat->organisations_by_id[middle]->id < id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct organisation *organisation_by_code(const struct catalogue *cat, struct str code)
{
    size_t from = 0, to = cat->organisations_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_order(cat->organisations[middle].code, code);
        if (order == 0) return &cat->organisations[middle];
        if (order < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

const struct organisation *organisation_at(const struct catalogue *cat, size_t i)
{
    return i < cat->organisations_n ? &cat->organisations[i] : NULL;
}

const char *mark_name(enum mark mark)
{
    switch (mark) {
    case MARK_REAL:
        return "real";
    case MARK_STAND_IN:
        return "stand_in";
    case MARK_MADE:
        return "made";
    }
    return "made";
}

const struct reference *reference_find(const struct catalogue *cat, struct str list)
{
    for (size_t i = 0; i < cat->references_n; i++) {
        if (str_eq(cat->references[i].list, list)) return &cat->references[i];
    }
    return NULL;
}

size_t reference_rows(const struct reference *list)
{
    return list->rows_n;
}

struct str reference_field(const struct reference *list, size_t row, struct str column)
{
    if (row >= list->rows_n) return S("");
    for (size_t c = 0; c < list->columns_n; c++) {
        if (str_eq(list->fields[c], column)) return list->fields[(row + 1) * list->columns_n + c];
    }
    return S("");
}
