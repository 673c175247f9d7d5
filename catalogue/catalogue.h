/* catalogue/catalogue.h - the reference data of the province: regions, agencies and their offices,
 * service items and where they are open, dated parameters, places and their points of use.
 *
 * Rows are kept in the store (import.h's calls bring them in, each import a version); readers use
 * an immutable snapshot of all of it in memory, `struct catalogue`, which needs no lock and no SQL.
 * A shelf holds the newest one and swaps it in one atomic step; a snapshot that was replaced lives
 * on for CATALOGUE_KEEP_USEC, longer than any request, so a reader takes the pointer at the start
 * of a request and keeps it to the end.
 *
 * Everything returned points into the snapshot. Texts come in Chinese and English (`zh`, `en`). */
#pragma once
#include "base/base.h"

struct store;
struct catalogue;

enum catalogue_refusal {
    CATALOGUE_REGION_UNKNOWN = 2001,
    CATALOGUE_ITEM_UNKNOWN = 2002,
    CATALOGUE_PLACE_UNKNOWN = 2003,
    CATALOGUE_PARAMETER_UNKNOWN = 2004, /* no row of that key is valid there and then */
    CATALOGUE_PARAMETER_UNIT = 2005,    /* the row's unit or value is not of the kind asked for */
    CATALOGUE_ITEM_NOT_OPEN = 2006,     /* the item is not open in that region at that instant */
    CATALOGUE_IMPORT_BAD = 2007,        /* the import's report lists why; nothing was changed */
    CATALOGUE_POINT_UNKNOWN = 2009,     /* no point of use has that id */
    CATALOGUE_ORGANISATION_UNKNOWN = 2010,
    CATALOGUE_AGENCY_UNKNOWN = 2011,
};

struct text2 { /* one text in both languages; en may be empty */
    struct str zh, en;
};

/* Where a row stands: shown on every page and export that shows the row. */
enum mark {
    MARK_REAL = 1,     /* named in the article or in a public source */
    MARK_STAND_IN = 2, /* a real kind of thing, its place here inferred */
    MARK_MADE = 3,     /* made up by us: choices, hours, quotas */
};
const char *mark_name(enum mark mark); /* "real", "stand_in", "made" */

/* ---- the snapshot -----------------------------------------------------------------------------
 */

#define CATALOGUE_KEEP_USEC (10 * USEC_PER_MIN)
struct catalogue_shelf;
RESULT catalogue_shelf_open(struct store *store, struct catalogue_shelf **out); /* loads once */
void catalogue_shelf_close(struct catalogue_shelf *shelf);
/* The newest snapshot; never NULL; any thread, no lock. Valid for CATALOGUE_KEEP_USEC after it was
 * replaced. */
const struct catalogue *catalogue_now(const struct catalogue_shelf *shelf);
/* Load again if the store's version is newer; frees snapshots replaced before now - KEEP. One
 * thread at a time. */
RESULT catalogue_reload(struct catalogue_shelf *shelf, struct instant now, bool *changed);
int64_t catalogue_version(const struct catalogue *cat); /* of the last import; 0 when empty */
/* How many of the snapshot's dated rows have begun or ended by then: with the version it names what
 * the catalogue says at that instant. */
int64_t catalogue_turn(const struct catalogue *cat, struct instant at);

/* ---- regions: GB/T 2260 -----------------------------------------------------------------------
 */

enum { REGION_NATION = 0, REGION_ANHUI = 340000 };
enum region_level { LEVEL_NATION, LEVEL_PROVINCE, LEVEL_CITY, LEVEL_COUNTY };
struct region {
    int32_t code, parent; /* parent of a province is REGION_NATION */
    enum region_level level;
    bool historic;    /* dissolved code, still in identity numbers: normal, never new */
    bool placeholder; /* the "directly governed counties" row of a province */
    bool delta;       /* Shanghai, Jiangsu, Zhejiang, Anhui */
    struct text2 name;
    struct str pinyin;
    int32_t tunion_city; /* T-Union city code, 0 when not known */
    enum mark mark;
};
/* NULL when the code is unknown (a warning for identity numbers, never a refusal: domain.md 5.1).
 */
const struct region *region_find(const struct catalogue *cat, int32_t code);
/* Does `outer` contain `inner`, or equal it? REGION_NATION covers all; unknown codes cover only
 * themselves. */
bool region_covers(const struct catalogue *cat, int32_t outer, int32_t inner);
int32_t region_city_of(const struct catalogue *cat, int32_t code);     /* 0 when none */
int32_t region_province_of(const struct catalogue *cat, int32_t code); /* 0 when none */
/* Regions in code order, historic ones left out; *n of them. level LEVEL_NATION: all levels. */
struct region_walk {
    const struct catalogue *cat;
    int32_t within;
    enum region_level level;
    size_t at;
};
struct region_walk regions_within(const struct catalogue *cat, int32_t within,
                                  enum region_level level);
const struct region *region_next(struct region_walk *walk); /* NULL at the end */

/* ---- agencies and organisations ---------------------------------------------------------------
 */

struct agency { /* a department in general: 人力资源社会保障 */
    struct str code;
    struct text2 name;
    enum mark mark;
};
struct organisation { /* an agency's office in a region, a venue's operator, a bank's branch */
    int64_t id;
    struct str code; /* "HRSS-340100" */
    struct str agency;
    int32_t region;
    struct text2 name;
    enum mark mark;
};
const struct agency *agency_find(const struct catalogue *cat, struct str code);
const struct organisation *organisation_find(const struct catalogue *cat, int64_t id);
const struct organisation *organisation_by_code(const struct catalogue *cat, struct str code);
const struct organisation *organisation_at(const struct catalogue *cat, size_t i); /* NULL: past */

/* ---- service items ----------------------------------------------------------------------------
 */

enum item_grade { ITEM_A = 1, ITEM_B = 2, ITEM_C = 3 }; /* design section 1 */
enum strength { STRENGTH_DOOR = 1, STRENGTH_IDENTITY = 2, STRENGTH_MONEY = 3 };
enum mechanism {
    MECHANISM_IDENTITY = 1,
    MECHANISM_CASES,
    MECHANISM_BENEFITS,
    MECHANISM_VOUCHERS,
    MECHANISM_TRANSIT,
    MECHANISM_VENUES,
    MECHANISM_LIBRARY,
    MECHANISM_HEALTH,
    MECHANISM_REGISTRY, /* the card itself: apply, lose, replace */
};
const char *mechanism_name(enum mechanism mechanism);
struct item {
    struct str code; /* "CT-02-001" */
    struct str domain, category, use_mode, pay_cycle, calc_basis, article_fn;
    struct text2 name, category_name, owner;
    struct str agency;
    bool physical, ecard, online; /* ways it is used */
    enum item_grade grade;        /* the least careful grade allowed while connected */
    bool offline;                 /* a terminal that is cut off may judge alone (grade C) */
    enum strength strength;       /* the least a code must have */
    enum mechanism mechanism;
    enum mark mark;
    struct str note;
};
const struct item *item_find(const struct catalogue *cat, struct str code);
const struct item *item_at(const struct catalogue *cat, size_t i); /* in code order; NULL: past */
size_t item_count(const struct catalogue *cat);

/* Items that code names; each is a row of data/. */
#define ITEM_CARD_APPLY S("HR-06-079")      /* 申领 */
#define ITEM_CARD_ACTIVATE S("HR-06-080")   /* 启用 */
#define ITEM_CARD_STATE S("HR-06-081")      /* 状态查询 */
#define ITEM_CARD_CHANGE S("HR-06-082")     /* 信息变更; devices and contacts too */
#define ITEM_CARD_PIN S("HR-06-083")        /* 密码修改与重置 */
#define ITEM_CARD_LOSS S("HR-06-084")       /* 挂失与解挂 */
#define ITEM_CARD_REPLACE S("HR-06-085")    /* 补领、换领、换发 */
#define ITEM_CARD_CANCEL S("HR-06-086")     /* 注销 */
#define ITEM_LIBRARY_LOAN S("CT-01-002")    /* 免证借阅: F37 */
#define ITEM_IDENTITY_CHECK S("ID-01-001")  /* the holder of a live card? yes or no; made */
#define ITEM_IDENTITY_FIELDS S("ID-01-002") /* named fields under consent; made */
#define ITEM_CODE_SHOW S("ID-01-003")       /* devices, code bundles, short and paper codes; made */

/* ---- openings and city state ------------------------------------------------------------------
 */

enum opening_state { OPENING_PLANNED = 1, OPENING_BUILDING, OPENING_OPEN, OPENING_PAUSED };
struct opening {
    int64_t id;
    struct str item;
    int32_t region; /* a city, or a province for all of it */
    enum opening_state state;
    bool pilot;
    struct instant valid_from, valid_to; /* [from, to); to 0: no end */
    enum mark mark;
    struct str note;
};
/* The row that decides for a region at an instant: the nearest region up the tree; NULL: none. */
const struct opening *opening_for(const struct catalogue *cat, struct str item, int32_t region,
                                  struct instant at);
/* OK when open; refuses ITEM_UNKNOWN, ITEM_NOT_OPEN. */
RESULT item_require_open(const struct catalogue *cat, struct str item, int32_t region,
                         struct instant at);
struct city_state { /* programme matters of F02, F07, F50 and F53 */
    int32_t city;
    bool plan_published, gen3_started, hospital_pilot, ecard_hospitals;
    enum mark mark;
};
const struct city_state *city_state_find(const struct catalogue *cat, int32_t city);
struct progress { /* of a city, by openings at an instant */
    int32_t city;
    int64_t items, planned, building, open, paused; /* items: all of the catalogue */
};
void catalogue_progress(const struct catalogue *cat, int32_t city, struct instant at,
                        struct progress *out);

/* ---- dated parameters -------------------------------------------------------------------------
 */

/* `parameter_*`: the row of `key` valid at `at` whose region is the nearest up the tree from
 * `region`; refuses PARAMETER_UNKNOWN, and PARAMETER_UNIT when the value is not of that kind. */
struct parameter {
    int64_t id;
    struct str key, value, unit, reason;
    int32_t region;
    struct instant valid_from, valid_to; /* to 0: no end */
    struct instant recorded_at;          /* when it came to be known here */
    enum mark mark;
};
const struct parameter *parameter_at(const struct catalogue *cat, size_t i); /* NULL: past. By key,
                                                             then region, what began last first */
const struct parameter *parameter_find(const struct catalogue *cat, struct str key, int32_t region,
                                       struct instant at); /* NULL: none */
RESULT parameter_int(const struct catalogue *cat, struct str key, int32_t region, struct instant at,
                     int64_t *out);
RESULT parameter_money(const struct catalogue *cat, struct str key, int32_t region,
                       struct instant at, struct money *out); /* unit yuan, or fen */
RESULT parameter_bool(const struct catalogue *cat, struct str key, int32_t region,
                      struct instant at, bool *out); /* Y or N */
RESULT parameter_text(const struct catalogue *cat, struct str key, int32_t region,
                      struct instant at, struct str *out);
struct period { /* a length of time as rules give it */
    enum period_unit { PERIOD_SECONDS, PERIOD_DAYS, PERIOD_WORKING_DAYS, PERIOD_MONTHS } unit;
    int64_t n;
};
/* units: seconds, minutes, hours, days, working days, months, years */
RESULT parameter_period(const struct catalogue *cat, struct str key, int32_t region,
                        struct instant at, struct period *out);
/* The instant a period after `from` ends. Days keep the hour of `from`; working days are Monday to
 * Friday but for data/holidays.csv; months clip to the month's last day. */
struct instant period_end(const struct catalogue *cat, struct instant from, struct period period);

/* ---- places and points of use -----------------------------------------------------------------
 */

enum place_kind {
    PLACE_SCENIC = 1,
    PLACE_MUSEUM,
    PLACE_LIBRARY,
    PLACE_CULTURAL_CENTRE,
    PLACE_ART_GALLERY,
    PLACE_SCIENCE_MUSEUM,
    PLACE_SERVICE_WINDOW, /* card window of an office or a bank */
};
const char *place_kind_name(enum place_kind kind);
/* The items of a kind of place: entering it, booking it. NULL where the catalogue has none. */
const struct item *item_of_entry(const struct catalogue *cat, enum place_kind kind);
const struct item *item_of_booking(const struct catalogue *cat, enum place_kind kind);
struct place {
    int64_t id; /* the root of its slots and bookings */
    struct str code;
    enum place_kind kind;
    int32_t region, city; /* region: the county when known, else the city */
    int64_t operator_id;  /* 运营单位: the organisation that runs it; 0 none */
    struct text2 name;    /* en: pinyin for the data's venues */
    struct str level;     /* "5A", "4A candidate", "national grade 1", ... */
    struct str note;
    bool retired; /* no longer in the files; kept for what refers to it */
    enum mark mark;
};
const struct place *place_find(const struct catalogue *cat, int64_t id);
const struct place *place_by_code(const struct catalogue *cat, struct str code);
const struct place *place_at(const struct catalogue *cat, size_t i); /* in code order; NULL: past */
size_t place_count(const struct catalogue *cat);
/* How slots of a place are made: the most special rule of data/venue_slots.csv; one of the place's
 * own goes before those of its level. */
struct slot_rule {
    enum place_kind kind;
    struct str level; /* of the place, or one place's code; empty: any */
    int32_t opens_min, closes_min, last_entry_min; /* minutes after midnight, UTC+8 */
    int32_t slot_min;                              /* length of one slot */
    int32_t quota;                                 /* places a slot */
    int32_t held_back;       /* of them kept for people without a booking (domain.md 4.4) */
    uint8_t closed_weekdays; /* bit 0 Monday ... bit 6 Sunday */
    int32_t price_fen;
    int32_t gates, counters; /* points of use made for it */
    enum mark mark;
};
const struct slot_rule *slot_rule_for(const struct catalogue *cat, const struct place *place);

enum point_kind { POINT_GATE = 1, POINT_COUNTER };
struct point { /* a point of use: where a terminal may stand */
    int64_t id, place_id;
    enum point_kind kind;
    struct str code; /* "SC0001-G1" */
    struct str item; /* what is used there by default */
    int32_t region;
    enum mark mark;
};
const struct point *point_find(const struct catalogue *cat, int64_t id);
const struct point *point_by_code(const struct catalogue *cat, struct str code);
const struct point *points_of(const struct catalogue *cat, int64_t place_id, size_t *n);

/* ---- lists kept as they are: article_functions, bank_return_codes, medical_transactions, transit
 * - */

struct reference; /* one file of data/ */
const struct reference *reference_find(const struct catalogue *cat,
                                       struct str list); /* NULL: none */
size_t reference_rows(const struct reference *list);
/* A field by its column's name; empty when there is no such row or column. Rows in file order. */
struct str reference_field(const struct reference *list, size_t row, struct str column);

/* ---- writing: imports and single changes ------------------------------------------------------
 */

enum { IMPORT_ISSUES_MAX = 500 }; /* listed; the count goes on */
struct import_issue {
    struct str file;  /* as given */
    int line, column; /* from 1; line 1 is the header */
    struct str zh, en;
};
struct import_report {
    struct import_issue *issues;
    int n, total; /* total may be larger than n */
    int64_t version;
    struct {
        int64_t regions, agencies, organisations, items, openings, city_states, parameters, places,
            points, slot_rules, references;
    } rows;
};
/* Read the files of a folder (data/: names and columns in data/README.md), check all of them, list
 * every problem by file, line and column, and only then replace the reference data in one
 * transaction (store_load): ids of rows whose code stays stay. refuses CATALOGUE_IMPORT_BAD with
 * the report filled; dry_run stops before writing. Files are never half imported. */
RESULT catalogue_import(struct store *store, struct str folder, struct instant at, bool dry_run,
                        struct arena *arena, struct import_report *out);
/* Open, plan or pause an item in a region from an instant on: adds a row; of one item and region
 * the row that began last decides, so nothing is closed or overwritten. Takes effect for readers at
 * the next catalogue_reload. */
struct opening_ask {
    struct str item;
    int32_t region;
    enum opening_state state;
    bool pilot;
    struct instant from;
    struct str note;
};
RESULT catalogue_open(struct store *store, const struct opening_ask *ask, int64_t *opening_id);
/* A dated parameter from an instant on, in the same way. */
struct parameter_ask {
    struct str key, value, unit, reason;
    int32_t region;
    struct instant from;
};
RESULT catalogue_parameter_set(struct store *store, const struct parameter_ask *ask);
