/* catalogue/import_store.c - writing an import in one transaction. */
#include "catalogue/catalogue_store.h"

enum { ORIGIN_FILE = 1, ORIGIN_ACT = 2 };

struct walk { /* which row of a snapshot's array txn_bulk takes next */
    struct catalogue *cat;
    struct instant at;
    size_t i;
};

static bool regions_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct region *r;

    if (walk->i == walk->cat->regions_n) return false;
    r = &walk->cat->regions[walk->i++];
    values[0] = v_int(r->code);
    values[1] = v_int(r->parent);
    values[2] = v_int(r->level);
    values[3] = v_int(r->historic);
    values[4] = v_int(r->placeholder);
    values[5] = v_int(r->delta);
    values[6] = v_text(r->name.zh);
    values[7] = v_text(r->name.en);
    values[8] = v_text(r->pinyin);
    values[9] = v_int(r->tunion_city);
    values[10] = v_int(r->mark);
    return true;
}

static bool agencies_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct agency *r;

    if (walk->i == walk->cat->agencies_n) return false;
    r = &walk->cat->agencies[walk->i++];
    values[0] = v_text(r->code);
    values[1] = v_text(r->name.zh);
    values[2] = v_text(r->name.en);
    values[3] = v_int(r->mark);
    return true;
}

static bool organisations_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct organisation *r;

    if (walk->i == walk->cat->organisations_n) return false;
    r = &walk->cat->organisations[walk->i++];
    values[0] = v_int(r->id);
    values[1] = v_text(r->code);
    values[2] = v_text(r->agency);
    values[3] = v_int(r->region);
    values[4] = v_text(r->name.zh);
    values[5] = v_text(r->name.en);
    values[6] = v_int(r->mark);
    return true;
}

static bool items_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct item *r;

    if (walk->i == walk->cat->items_n) return false;
    r = &walk->cat->items[walk->i++];
    values[0] = v_text(r->code);
    values[1] = v_text(r->domain);
    values[2] = v_text(r->category);
    values[3] = v_text(r->category_name.zh);
    values[4] = v_text(r->category_name.en);
    values[5] = v_text(r->name.zh);
    values[6] = v_text(r->name.en);
    values[7] = v_text(r->owner.zh);
    values[8] = v_text(r->owner.en);
    values[9] = v_text(r->agency);
    values[10] = v_text(r->use_mode);
    values[11] = v_text(r->pay_cycle);
    values[12] = v_text(r->calc_basis);
    values[13] = v_text(r->article_fn);
    values[14] = v_int((r->physical ? WAY_CARD : 0) | (r->ecard ? WAY_ECARD : 0) |
                       (r->online ? WAY_ONLINE : 0));
    values[15] = v_int(r->grade);
    values[16] = v_int(r->offline);
    values[17] = v_int(r->strength);
    values[18] = v_int(r->mechanism);
    values[19] = v_int(r->mark);
    values[20] = v_text(r->note);
    return true;
}

static bool openings_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct opening *r;

    if (walk->i == walk->cat->openings_n) return false;
    r = &walk->cat->openings[walk->i++];
    values[0] = v_int(r->id);
    values[1] = v_text(r->item);
    values[2] = v_int(r->region);
    values[3] = v_int(r->state);
    values[4] = v_int(r->pilot);
    values[5] = v_int(r->valid_from.usec);
    values[6] = v_int(r->valid_to.usec);
    values[7] = v_int(r->mark);
    values[8] = v_text(r->note);
    values[9] = v_at(walk->at);
    values[10] = v_int(ORIGIN_FILE);
    return true;
}

static bool city_states_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct city_state *r;

    if (walk->i == walk->cat->city_states_n) return false;
    r = &walk->cat->city_states[walk->i++];
    values[0] = v_int(r->city);
    values[1] = v_int(r->plan_published);
    values[2] = v_int(r->gen3_started);
    values[3] = v_int(r->hospital_pilot);
    values[4] = v_int(r->ecard_hospitals);
    values[5] = v_int(r->mark);
    return true;
}

static bool parameters_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct parameter *r;

    if (walk->i == walk->cat->parameters_n) return false;
    r = &walk->cat->parameters[walk->i++];
    values[0] = v_int(r->id);
    values[1] = v_text(r->key);
    values[2] = v_int(r->region);
    values[3] = v_int(r->valid_from.usec);
    values[4] = v_int(r->valid_to.usec);
    values[5] = v_text(r->value);
    values[6] = v_text(r->unit);
    values[7] = v_int(r->mark);
    values[8] = v_text(r->reason);
    values[9] = v_at(walk->at);
    values[10] = v_int(ORIGIN_FILE);
    return true;
}

static bool holidays_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct holiday *r;

    if (walk->i == walk->cat->holidays_n) return false;
    r = &walk->cat->holidays[walk->i++];
    values[0] = v_int(r->day);
    values[1] = v_int(r->working);
    return true;
}

static bool places_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct place *r;

    if (walk->i == walk->cat->places_n) return false;
    r = &walk->cat->places[walk->i++];
    values[0] = v_int(r->id);
    values[1] = v_text(r->code);
    values[2] = v_int(r->kind);
    values[3] = v_int(r->region);
    values[4] = v_text(r->name.zh);
    values[5] = v_text(r->name.en);
    values[6] = v_text(r->level);
    values[7] = v_text(r->note);
    values[8] = v_int(r->retired);
    values[9] = v_int(r->mark);
    values[10] = v_int(r->operator_id);
    return true;
}

static bool slot_rules_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct slot_rule *r;

    if (walk->i == walk->cat->slot_rules_n) return false;
    r = &walk->cat->slot_rules[walk->i++];
    values[0] = v_int(r->kind);
    values[1] = v_text(r->level);
    values[2] = v_int(r->opens_min);
    values[3] = v_int(r->closes_min);
    values[4] = v_int(r->last_entry_min);
    values[5] = v_int(r->slot_min);
    values[6] = v_int(r->quota);
    values[7] = v_int(r->held_back);
    values[8] = v_int(r->closed_weekdays);
    values[9] = v_int(r->price_fen);
    values[10] = v_int(r->gates);
    values[11] = v_int(r->counters);
    values[12] = v_int(r->mark);
    return true;
}

static bool points_next(void *arg, struct value *values)
{
    struct walk *walk = arg;
    const struct point *r;

    if (walk->i == walk->cat->points_n) return false;
    r = &walk->cat->points[walk->i++];
    values[0] = v_int(r->id);
    values[1] = v_text(r->code);
    values[2] = v_int(r->place_id);
    values[3] = v_int(r->kind);
    values[4] = v_text(r->item);
    values[5] = v_int(r->mark);
    return true;
}

static bool place_kinds_next(void *arg, struct value *values)
{
    struct walk *walk = arg;

    while (walk->i < PLACE_KINDS && !walk->cat->place_items[walk->i].entry.n)
        walk->i++;
    if (walk->i >= PLACE_KINDS) return false;
    values[0] = v_int((int64_t)walk->i);
    values[1] = v_text(walk->cat->place_items[walk->i].entry);
    values[2] = v_text(walk->cat->place_items[walk->i].booking);
    walk->i++;
    return true;
}

struct reference_walk {
    const struct reference *list;
    size_t i;
    char fields[8 * 1024]; /* one row joined */
};

static bool reference_next(void *arg, struct value *values)
{
    struct reference_walk *walk = arg;
    const struct reference *list = walk->list;
    struct writer w = writer_over(walk->fields, sizeof walk->fields);

    if (walk->i > list->rows_n) return false;
    for (size_t c = 0; c < list->columns_n; c++) {
        if (c) put_char(&w, FIELD_END);
        put_str(&w, list->fields[walk->i * list->columns_n + c]);
    }
    assert(!w.over);
    values[0] = v_text(list->list);
    values[1] = v_int((int64_t)walk->i++);
    values[2] = v_text(writer_str(&w));
    return true;
}

static const struct {
    struct stmt clear;
    const char *table, *columns, *types;
    bulk_next *next;
} TABLES[] = {
    { { .name = "catalogue: clear regions", .types = "", .sql = "DELETE FROM region" },
      "region",
      "code, parent_code, level, historic, placeholder, delta, name_zh, name_en,"
      " pinyin, tunion_city, tag",
      "iiiiiitttii",
      regions_next },
    { { .name = "catalogue: clear agencies", .types = "", .sql = "DELETE FROM agency" },
      "agency",
      "code, name_zh, name_en, tag",
      "ttti",
      agencies_next },
    { { .name = "catalogue: clear organisations", .types = "", .sql = "DELETE FROM organisation" },
      "organisation",
      "id, code, agency_code, region_code, name_zh, name_en, tag",
      "ittitti",
      organisations_next },
    { { .name = "catalogue: clear items", .types = "", .sql = "DELETE FROM service_item" },
      "service_item",
      "code, domain, category, category_zh, category_en, name_zh, name_en, owner_zh,"
      " owner_en, agency_code, use_mode, pay_cycle, calc_basis, article_fn, ways,"
      " grade, offline, strength, mechanism, tag, note",
      "ttttttttttttttiiiiiit",
      items_next },
    { { .name = "catalogue: clear openings",
        .types = "",
        .sql = "DELETE FROM item_opening WHERE origin = 1" },
      "item_opening",
      "id, item_code, region_code, state, pilot, valid_from, valid_to, tag, note,"
      " recorded_at, origin",
      "itiiiiiitii",
      openings_next },
    { { .name = "catalogue: clear city states", .types = "", .sql = "DELETE FROM city_state" },
      "city_state",
      "city_code, plan_published, gen3_started, hospital_pilot, ecard_hospitals, tag",
      "iiiiii",
      city_states_next },
    { { .name = "catalogue: clear parameters",
        .types = "",
        .sql = "DELETE FROM parameter WHERE origin = 1" },
      "parameter",
      "id, key, region_code, valid_from, valid_to, value, unit, tag, reason,"
      " recorded_at, origin",
      "itiiittitii",
      parameters_next },
    { { .name = "catalogue: clear holidays", .types = "", .sql = "DELETE FROM holiday" },
      "holiday",
      "day, working",
      "ii",
      holidays_next },
    { { .name = "catalogue: clear places", .types = "", .sql = "DELETE FROM place" },
      "place",
      "id, code, kind, region_code, name_zh, name_en, level, note, retired, tag,"
      " operator_id",
      "itiittttiii",
      places_next },
    { { .name = "catalogue: clear slot rules", .types = "", .sql = "DELETE FROM slot_rule" },
      "slot_rule",
      "kind, level, opens_min, closes_min, last_entry_min, slot_min, quota,"
      " held_back, closed_weekdays, price_fen, gates, counters, tag",
      "itiiiiiiiiiii",
      slot_rules_next },
    { { .name = "catalogue: clear points", .types = "", .sql = "DELETE FROM point_of_use" },
      "point_of_use",
      "id, code, place_id, kind, item, tag",
      "itiiti",
      points_next },
    { { .name = "catalogue: clear place kinds", .types = "", .sql = "DELETE FROM place_kind" },
      "place_kind",
      "kind, entry_item, booking_item",
      "itt",
      place_kinds_next },
};

/* ---- ids by code: what refers to a place or an organisation must find it after an import ---- */

static const struct stmt ORGANISATION_CODES = {
    .name = "catalogue: organisations by code",
    .types = "",
    .sql = "SELECT code, id FROM organisation ORDER BY code",
};
static const struct stmt POINT_CODES = {
    .name = "catalogue: points by code",
    .types = "",
    .sql = "SELECT code, id FROM point_of_use ORDER BY code",
};
static const struct stmt PLACE_CODES = {
    .name = "catalogue: places by code",
    .types = "",
    .sql = "SELECT code, id FROM place ORDER BY code",
};

struct known {
    struct str code;
    int64_t id;
};

static RESULT known_load(struct txn *tx, const struct stmt *stmt, struct arena *arena,
                         struct known **out, size_t *n)
{
    enum { KNOWN_MAX = 20000 };
    struct known *known = NEW_ARRAY(arena, struct known, KNOWN_MAX);
    size_t got = 0;
    ROW(row);

    if (!known) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, stmt, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        if (got == KNOWN_MAX)
            return fault(FAULT_MEMORY, "catalogue: more than %d codes", KNOWN_MAX);
        known[got++] =
            (struct known){ .code = arena_str(arena, row_text(&row, 0)), .id = row_int(&row, 1) };
    }
    if (arena->full) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    *out = known;
    *n = got;
    return OK;
}

static int64_t known_id(const struct known *known, size_t n, struct str code)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(known[i].code, code)) return known[i].id;
    }
    return 0;
}

static RESULT give_organisation_ids(struct txn *tx, struct catalogue *cat, struct arena *arena)
{
    struct known *known;
    size_t n;

    TRY(known_load(tx, &ORGANISATION_CODES, arena, &known, &n));
    for (size_t i = 0; i < cat->organisations_n; i++) {
        struct organisation *o = &cat->organisations[i];
        o->id = known_id(known, n, o->code);
        if (o->id == 0) o->id = txn_new_id(tx);
    }
    return OK;
}

static const struct stmt PLACES_RETIRE = {
    .name = "catalogue: places no longer in the files",
    .types = "",
    .sql = "UPDATE place SET retired = 1",
};
static const struct stmt PLACE_FORGET = {
    .name = "catalogue: a place that the files bring again",
    .types = "i",
    .sql = "DELETE FROM place WHERE id = $1",
};

/* Places that left the files stay as rows, marked retired: slots and bookings point at them. Needs
 * the ids of organisations. */
static RESULT give_place_ids(struct txn *tx, struct catalogue *cat, struct arena *arena)
{
    struct known *known, *points;
    size_t n, points_n;

    TRY(known_load(tx, &PLACE_CODES, arena, &known, &n));
    TRY(known_load(tx, &POINT_CODES, arena, &points, &points_n));
    TRY(txn_exec(tx, &PLACES_RETIRE, IN_NONE, NULL));
    for (size_t i = 0; i < cat->places_n; i++) {
        struct place *p = &cat->places[i];
        const struct organisation *operator= organisation_by_code(
            cat, arena_format(arena, OPERATOR_CODE, (int)p->code.n, p->code.p));

        p->operator_id = operator? operator->id : 0;
        p->id = known_id(known, n, p->code);
        if (p->id != 0) {
            TRY(txn_exec(tx, &PLACE_FORGET, IN(v_int(p->id)), NULL));
        } else {
            p->id = txn_new_id(tx);
        }
    }
    for (size_t i = 0; i < cat->points_n; i++) { /* "SC0001-G1" belongs to "SC0001" */
        struct point *p = &cat->points[i];
        size_t at = p->code.n;
        while (at > 0 && p->code.p[at - 1] != '-')
            at--;
        const struct place *place = place_by_code(cat, str_part(p->code, 0, at ? at - 1 : 0));
        assert(place);
        p->place_id = place->id;
        p->id = known_id(points, points_n, p->code);
        if (p->id == 0) p->id = txn_new_id(tx);
    }
    return OK;
}

static const struct stmt REFERENCES_CLEAR = {
    .name = "catalogue: clear lists",
    .types = "",
    .sql = "DELETE FROM reference_row",
};
static const struct stmt VERSION_RAISE = {
    .name = "catalogue: raise the version",
    .types = "iit",
    .sql = "INSERT INTO catalogue_version (version, at, what) VALUES ($1, $2, $3)",
};

RESULT version_raise(struct txn *tx, enum version_what what, struct instant at, int64_t *version)
{
    static const char *const names[] = { "import", "opening", "parameter" };

    TRY(version_load(tx, version));
    ++*version;
    return txn_exec(tx, &VERSION_RAISE, IN(v_int(*version), v_at(at), v_text(str_of(names[what]))),
                    NULL);
}

RESULT snapshot_write(struct txn *tx, struct catalogue *cat, struct instant at)
{
    struct arena arena;
    struct err end = arena_open(&arena, 8 * 1024 * 1024);

    if (end.code != 0) return end;
    end = give_organisation_ids(tx, cat, &arena);
    if (end.code == 0) end = give_place_ids(tx, cat, &arena);
    arena_close(&arena);
    TRY(end);
    for (size_t i = 0; i < cat->openings_n; i++)
        cat->openings[i].id = txn_new_id(tx);
    for (size_t i = 0; i < cat->parameters_n; i++)
        cat->parameters[i].id = txn_new_id(tx);
    for (size_t i = 0; i < LEN(TABLES); i++) {
        struct walk walk = { .cat = cat, .at = at };
        int64_t rows;
        if (TABLES[i].next != places_next) TRY(txn_exec(tx, &TABLES[i].clear, IN_NONE, NULL));
        TRY(txn_bulk(tx, TABLES[i].table, TABLES[i].columns, TABLES[i].types, TABLES[i].next, &walk,
                     &rows));
    }
    TRY(txn_exec(tx, &REFERENCES_CLEAR, IN_NONE, NULL));
    for (size_t i = 0; i < cat->references_n; i++) {
        struct reference_walk walk = { .list = &cat->references[i] };
        int64_t rows;
        TRY(txn_bulk(tx, "reference_row", "list, n, fields", "tit", reference_next, &walk, &rows));
    }
    return version_raise(tx, VERSION_IMPORT, at, &cat->version);
}

static const struct stmt OPENING_INSERT = {
    .name = "catalogue: add an opening",
    .types = "itiiiiiit",
    .sql =
        "INSERT INTO item_opening (id, item_code, region_code, state, pilot, valid_from, valid_to,"
        " recorded_at, origin, tag, note) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 2, $8, $9)",
};

RESULT opening_insert(struct txn *tx, int64_t id, const struct opening_ask *ask)
{
    return txn_exec(tx, &OPENING_INSERT,
                    IN(v_int(id), v_text(ask->item), v_int(ask->region), v_int(ask->state),
                       v_int(ask->pilot), v_at(ask->from), v_at(txn_now(tx)), v_int(MARK_REAL),
                       v_text(ask->note)),
                    NULL);
}

static const struct stmt PARAMETER_INSERT = {
    .name = "catalogue: add a parameter",
    .types = "itiiittit",
    .sql = "INSERT INTO parameter (id, key, region_code, valid_from, valid_to, recorded_at, origin,"
           " value, unit, tag, reason) VALUES ($1, $2, $3, $4, 0, $5, 2, $6, $7, $8, $9)",
};

RESULT parameter_insert(struct txn *tx, int64_t id, const struct parameter_ask *ask)
{
    return txn_exec(tx, &PARAMETER_INSERT,
                    IN(v_int(id), v_text(ask->key), v_int(ask->region), v_at(ask->from),
                       v_at(txn_now(tx)), v_text(ask->value), v_text(ask->unit), v_int(MARK_REAL),
                       v_text(ask->reason)),
                    NULL);
}
