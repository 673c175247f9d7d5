/* catalogue/snapshot.h - the inside of a snapshot; this folder only. A snapshot is filled either
 * from the store (catalogue_store.c) or from files (import*.c), then indexed, then never written
 * again. */
#pragma once
#include "catalogue/catalogue.h"

/* Texts and rows of the whole catalogue take about 2 MiB; the kernel gives pages only as they are
 * touched, so room for eight times as much costs nothing. */
enum { CATALOGUE_BYTES = 16 * 1024 * 1024 };

struct holiday {
    int32_t day; /* since 1970-01-01 */
    bool working;
};
enum { WAY_CARD = 1, WAY_ECARD = 2, WAY_ONLINE = 4 }; /* service_item.ways */
enum { FIELD_END = 0x1f };                            /* between the fields of a kept list's row */
struct reference {
    struct str list;
    struct str *fields; /* (rows_n + 1) * columns_n; the first row is the column names */
    size_t columns_n, rows_n;
};
struct place_items { /* by enum place_kind */
    struct str entry, booking;
};
#define OPERATOR_CODE "OPERATOR-%.*s" /* of the organisation made for a place of that code */
enum { PLACE_KINDS = PLACE_SERVICE_WINDOW + 1, REFERENCES_MAX = 8 };

struct catalogue {
    struct arena arena; /* everything below lives in it */
    int64_t version;
    struct region *regions;             /* by code */
    struct agency *agencies;            /* by code */
    struct organisation *organisations; /* by code */
    const struct organisation **organisations_by_id;
    struct item *items;             /* by code */
    struct opening *openings;       /* by item, region, latest first */
    struct city_state *city_states; /* by city */
    struct parameter *parameters;   /* by key, region, latest first */
    struct holiday *holidays;       /* by day */
    struct place *places;           /* by code */
    const struct place **places_by_id;
    struct slot_rule *slot_rules; /* most special first */
    struct point *points;         /* by place, kind, code */
    const struct point **points_by_id, **points_by_code;
    struct place_items place_items[PLACE_KINDS];
    struct reference references[REFERENCES_MAX];
    size_t regions_n, agencies_n, organisations_n, items_n, openings_n, city_states_n, parameters_n,
        holidays_n, places_n, slot_rules_n, points_n, references_n;
    /* of a snapshot on a shelf */
    struct catalogue *older;
    struct instant replaced_at;
};

/* A snapshot lies in its own arena. Faults FAULT_MEMORY. */
RESULT catalogue_new(struct catalogue **out);
void catalogue_free(struct catalogue *cat); /* NULL is left alone */
/* Sort what is there, for lookups while an import goes on. */
void catalogue_sort(struct catalogue *cat);
/* Sort everything and make the indexes; call once, after filling. Points take the region of their
 * place. Faults FAULT_MEMORY. */
RESULT catalogue_index(struct catalogue *cat);
int str_order(struct str a, struct str b); /* as memcmp, shorter first */
