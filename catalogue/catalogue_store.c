/* catalogue/catalogue_store.c - reading the reference data into a snapshot. */
#include "catalogue/catalogue_store.h"

static struct str text_at(struct catalogue *cat, const struct row *row, int column)
{
    return arena_str(&cat->arena, row_text(row, column));
}

/* Room for the rows of a table, counted first. */
static RESULT count_rows(struct txn *tx, const struct stmt *count, size_t *n)
{
    bool found;
    ROW(row);

    TRY(txn_first(tx, count, IN_NONE, &row, &found));
    *n = found ? (size_t)row_int(&row, 0) : 0;
    return OK;
}

static const struct stmt VERSION_LOAD = {
    .name = "catalogue: newest version",
    .types = "",
    .sql = "SELECT COALESCE(MAX(version), 0) FROM catalogue_version",
};

RESULT version_load(struct txn *tx, int64_t *version)
{
    bool found;
    ROW(row);

    TRY(txn_first(tx, &VERSION_LOAD, IN_NONE, &row, &found));
    *version = found ? row_int(&row, 0) : 0;
    return OK;
}

static const struct stmt REGIONS_COUNT = {
    .name = "catalogue: count regions",
    .types = "",
    .sql = "SELECT COUNT(*) FROM region",
};
static const struct stmt REGIONS_LOAD = {
    .name = "catalogue: load regions",
    .types = "",
    .sql = "SELECT code, parent_code, level, historic, placeholder, delta, name_zh, name_en,"
           " pinyin, tunion_city, tag"
           " FROM region",
};

static RESULT regions_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &REGIONS_COUNT, &n));
    cat->regions = NEW_ARRAY(&cat->arena, struct region, n + 1);
    if (!cat->regions) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &REGIONS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->regions_n < n);
        cat->regions[cat->regions_n++] = (struct region){
            .code = (int32_t)row_int(&row, 0),
            .parent = (int32_t)row_int(&row, 1),
            .level = (enum region_level)row_int(&row, 2),
            .historic = row_int(&row, 3) != 0,
            .placeholder = row_int(&row, 4) != 0,
            .delta = row_int(&row, 5) != 0,
            .name.zh = text_at(cat, &row, 6),
            .name.en = text_at(cat, &row, 7),
            .pinyin = text_at(cat, &row, 8),
            .tunion_city = (int32_t)row_int(&row, 9),
            .mark = (enum mark)row_int(&row, 10),
        };
    }
}

static const struct stmt AGENCIES_COUNT = {
    .name = "catalogue: count agencies",
    .types = "",
    .sql = "SELECT COUNT(*) FROM agency",
};
static const struct stmt AGENCIES_LOAD = {
    .name = "catalogue: load agencies",
    .types = "",
    .sql = "SELECT code, name_zh, name_en, tag"
           " FROM agency",
};

static RESULT agencies_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &AGENCIES_COUNT, &n));
    cat->agencies = NEW_ARRAY(&cat->arena, struct agency, n + 1);
    if (!cat->agencies) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &AGENCIES_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->agencies_n < n);
        cat->agencies[cat->agencies_n++] = (struct agency){
            .code = text_at(cat, &row, 0),
            .name.zh = text_at(cat, &row, 1),
            .name.en = text_at(cat, &row, 2),
            .mark = (enum mark)row_int(&row, 3),
        };
    }
}

static const struct stmt ORGANISATIONS_COUNT = {
    .name = "catalogue: count organisations",
    .types = "",
    .sql = "SELECT COUNT(*) FROM organisation",
};
static const struct stmt ORGANISATIONS_LOAD = {
    .name = "catalogue: load organisations",
    .types = "",
    .sql = "SELECT id, code, agency_code, region_code, name_zh, name_en, tag"
           " FROM organisation",
};

static RESULT organisations_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &ORGANISATIONS_COUNT, &n));
    cat->organisations = NEW_ARRAY(&cat->arena, struct organisation, n + 1);
    if (!cat->organisations) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &ORGANISATIONS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->organisations_n < n);
        cat->organisations[cat->organisations_n++] = (struct organisation){
            .id = row_int(&row, 0),
            .code = text_at(cat, &row, 1),
            .agency = text_at(cat, &row, 2),
            .region = (int32_t)row_int(&row, 3),
            .name.zh = text_at(cat, &row, 4),
            .name.en = text_at(cat, &row, 5),
            .mark = (enum mark)row_int(&row, 6),
        };
    }
}

static const struct stmt ITEMS_COUNT = {
    .name = "catalogue: count items",
    .types = "",
    .sql = "SELECT COUNT(*) FROM service_item",
};
static const struct stmt ITEMS_LOAD = {
    .name = "catalogue: load items",
    .types = "",
    .sql = "SELECT code, domain, category, category_zh, category_en, name_zh, name_en, owner_zh,"
           " owner_en, agency_code, use_mode, pay_cycle, calc_basis, article_fn, ways,"
           " grade, offline, strength, mechanism, tag, note"
           " FROM service_item",
};

static RESULT items_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &ITEMS_COUNT, &n));
    cat->items = NEW_ARRAY(&cat->arena, struct item, n + 1);
    if (!cat->items) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &ITEMS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->items_n < n);
        cat->items[cat->items_n++] = (struct item){
            .code = text_at(cat, &row, 0),
            .domain = text_at(cat, &row, 1),
            .category = text_at(cat, &row, 2),
            .category_name.zh = text_at(cat, &row, 3),
            .category_name.en = text_at(cat, &row, 4),
            .name.zh = text_at(cat, &row, 5),
            .name.en = text_at(cat, &row, 6),
            .owner.zh = text_at(cat, &row, 7),
            .owner.en = text_at(cat, &row, 8),
            .agency = text_at(cat, &row, 9),
            .use_mode = text_at(cat, &row, 10),
            .pay_cycle = text_at(cat, &row, 11),
            .calc_basis = text_at(cat, &row, 12),
            .article_fn = text_at(cat, &row, 13),
            .physical = (row_int(&row, 14) & WAY_CARD) != 0,
            .ecard = (row_int(&row, 14) & WAY_ECARD) != 0,
            .online = (row_int(&row, 14) & WAY_ONLINE) != 0,
            .grade = (enum item_grade)row_int(&row, 15),
            .offline = row_int(&row, 16) != 0,
            .strength = (enum strength)row_int(&row, 17),
            .mechanism = (enum mechanism)row_int(&row, 18),
            .mark = (enum mark)row_int(&row, 19),
            .note = text_at(cat, &row, 20),
        };
    }
}

static const struct stmt OPENINGS_COUNT = {
    .name = "catalogue: count openings",
    .types = "",
    .sql = "SELECT COUNT(*) FROM item_opening",
};
static const struct stmt OPENINGS_LOAD = {
    .name = "catalogue: load openings",
    .types = "",
    .sql = "SELECT id, item_code, region_code, state, pilot, valid_from, valid_to, tag, note"
           " FROM item_opening",
};

static RESULT openings_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &OPENINGS_COUNT, &n));
    cat->openings = NEW_ARRAY(&cat->arena, struct opening, n + 1);
    if (!cat->openings) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &OPENINGS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->openings_n < n);
        cat->openings[cat->openings_n++] = (struct opening){
            .id = row_int(&row, 0),
            .item = text_at(cat, &row, 1),
            .region = (int32_t)row_int(&row, 2),
            .state = (enum opening_state)row_int(&row, 3),
            .pilot = row_int(&row, 4) != 0,
            .valid_from.usec = row_int(&row, 5),
            .valid_to.usec = row_int(&row, 6),
            .mark = (enum mark)row_int(&row, 7),
            .note = text_at(cat, &row, 8),
        };
    }
}

static const struct stmt CITY_STATES_COUNT = {
    .name = "catalogue: count city states",
    .types = "",
    .sql = "SELECT COUNT(*) FROM city_state",
};
static const struct stmt CITY_STATES_LOAD = {
    .name = "catalogue: load city states",
    .types = "",
    .sql = "SELECT city_code, plan_published, gen3_started, hospital_pilot, ecard_hospitals, tag"
           " FROM city_state",
};

static RESULT city_states_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &CITY_STATES_COUNT, &n));
    cat->city_states = NEW_ARRAY(&cat->arena, struct city_state, n + 1);
    if (!cat->city_states) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &CITY_STATES_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->city_states_n < n);
        cat->city_states[cat->city_states_n++] = (struct city_state){
            .city = (int32_t)row_int(&row, 0),
            .plan_published = row_int(&row, 1) != 0,
            .gen3_started = row_int(&row, 2) != 0,
            .hospital_pilot = row_int(&row, 3) != 0,
            .ecard_hospitals = row_int(&row, 4) != 0,
            .mark = (enum mark)row_int(&row, 5),
        };
    }
}

static const struct stmt PARAMETERS_COUNT = {
    .name = "catalogue: count parameters",
    .types = "",
    .sql = "SELECT COUNT(*) FROM parameter",
};
static const struct stmt PARAMETERS_LOAD = {
    .name = "catalogue: load parameters",
    .types = "",
    .sql = "SELECT id, key, region_code, valid_from, valid_to, value, unit, tag, reason,"
           " recorded_at FROM parameter",
};

static RESULT parameters_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &PARAMETERS_COUNT, &n));
    cat->parameters = NEW_ARRAY(&cat->arena, struct parameter, n + 1);
    if (!cat->parameters) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &PARAMETERS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->parameters_n < n);
        cat->parameters[cat->parameters_n++] = (struct parameter){
            .id = row_int(&row, 0),
            .key = text_at(cat, &row, 1),
            .region = (int32_t)row_int(&row, 2),
            .valid_from.usec = row_int(&row, 3),
            .valid_to.usec = row_int(&row, 4),
            .value = text_at(cat, &row, 5),
            .unit = text_at(cat, &row, 6),
            .mark = (enum mark)row_int(&row, 7),
            .reason = text_at(cat, &row, 8),
            .recorded_at = row_at(&row, 9),
        };
    }
}

static const struct stmt HOLIDAYS_COUNT = {
    .name = "catalogue: count holidays",
    .types = "",
    .sql = "SELECT COUNT(*) FROM holiday",
};
static const struct stmt HOLIDAYS_LOAD = {
    .name = "catalogue: load holidays",
    .types = "",
    .sql = "SELECT day, working"
           " FROM holiday",
};

static RESULT holidays_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &HOLIDAYS_COUNT, &n));
    cat->holidays = NEW_ARRAY(&cat->arena, struct holiday, n + 1);
    if (!cat->holidays) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &HOLIDAYS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->holidays_n < n);
        cat->holidays[cat->holidays_n++] = (struct holiday){
            .day = (int32_t)row_int(&row, 0),
            .working = row_int(&row, 1) != 0,
        };
    }
}

static const struct stmt PLACES_COUNT = {
    .name = "catalogue: count places",
    .types = "",
    .sql = "SELECT COUNT(*) FROM place",
};
static const struct stmt PLACES_LOAD = {
    .name = "catalogue: load places",
    .types = "",
    .sql = "SELECT id, code, kind, region_code, name_zh, name_en, level, note, retired, tag,"
           " operator_id FROM place",
};

static RESULT places_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &PLACES_COUNT, &n));
    cat->places = NEW_ARRAY(&cat->arena, struct place, n + 1);
    if (!cat->places) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &PLACES_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->places_n < n);
        cat->places[cat->places_n++] = (struct place){
            .id = row_int(&row, 0),
            .code = text_at(cat, &row, 1),
            .kind = (enum place_kind)row_int(&row, 2),
            .region = (int32_t)row_int(&row, 3),
            .name.zh = text_at(cat, &row, 4),
            .name.en = text_at(cat, &row, 5),
            .level = text_at(cat, &row, 6),
            .note = text_at(cat, &row, 7),
            .retired = row_int(&row, 8) != 0,
            .mark = (enum mark)row_int(&row, 9),
            .operator_id = row_int(&row, 10),
        };
    }
}

static const struct stmt SLOT_RULES_COUNT = {
    .name = "catalogue: count slot rules",
    .types = "",
    .sql = "SELECT COUNT(*) FROM slot_rule",
};
static const struct stmt SLOT_RULES_LOAD = {
    .name = "catalogue: load slot rules",
    .types = "",
    .sql = "SELECT kind, level, opens_min, closes_min, last_entry_min, slot_min, quota,"
           " held_back, closed_weekdays, price_fen, gates, counters, tag"
           " FROM slot_rule",
};

static RESULT slot_rules_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &SLOT_RULES_COUNT, &n));
    cat->slot_rules = NEW_ARRAY(&cat->arena, struct slot_rule, n + 1);
    if (!cat->slot_rules) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &SLOT_RULES_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->slot_rules_n < n);
        cat->slot_rules[cat->slot_rules_n++] = (struct slot_rule){
            .kind = (enum place_kind)row_int(&row, 0),
            .level = text_at(cat, &row, 1),
            .opens_min = (int32_t)row_int(&row, 2),
            .closes_min = (int32_t)row_int(&row, 3),
            .last_entry_min = (int32_t)row_int(&row, 4),
            .slot_min = (int32_t)row_int(&row, 5),
            .quota = (int32_t)row_int(&row, 6),
            .held_back = (int32_t)row_int(&row, 7),
            .closed_weekdays = (uint8_t)row_int(&row, 8),
            .price_fen = (int32_t)row_int(&row, 9),
            .gates = (int32_t)row_int(&row, 10),
            .counters = (int32_t)row_int(&row, 11),
            .mark = (enum mark)row_int(&row, 12),
        };
    }
}

static const struct stmt POINTS_COUNT = {
    .name = "catalogue: count points",
    .types = "",
    .sql = "SELECT COUNT(*) FROM point_of_use",
};
static const struct stmt POINTS_LOAD = {
    .name = "catalogue: load points",
    .types = "",
    .sql = "SELECT id, code, place_id, kind, item, tag"
           " FROM point_of_use",
};

static RESULT points_load(struct txn *tx, struct catalogue *cat)
{
    size_t n;
    ROW(row);

    TRY(count_rows(tx, &POINTS_COUNT, &n));
    cat->points = NEW_ARRAY(&cat->arena, struct point, n + 1);
    if (!cat->points) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    TRY(txn_query(tx, &POINTS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        assert(cat->points_n < n);
        cat->points[cat->points_n++] = (struct point){
            .id = row_int(&row, 0),
            .code = text_at(cat, &row, 1),
            .place_id = row_int(&row, 2),
            .kind = (enum point_kind)row_int(&row, 3),
            .item = text_at(cat, &row, 4),
            .mark = (enum mark)row_int(&row, 5),
        };
    }
}

static const struct stmt PLACE_KINDS_LOAD = {
    .name = "catalogue: load kinds of places",
    .types = "",
    .sql = "SELECT kind, entry_item, booking_item FROM place_kind",
};

static RESULT place_kinds_load(struct txn *tx, struct catalogue *cat)
{
    ROW(row);

    TRY(txn_query(tx, &PLACE_KINDS_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        int64_t kind = row_int(&row, 0);
        if (kind < 1 || kind >= PLACE_KINDS) continue;
        cat->place_items[kind].entry = text_at(cat, &row, 1);
        cat->place_items[kind].booking = text_at(cat, &row, 2);
    }
}

static const struct stmt REFERENCES_LOAD = {
    .name = "catalogue: load lists",
    .types = "",
    .sql = "SELECT list, n, fields, (SELECT MAX(o.n) FROM reference_row o WHERE o.list = r.list)"
           " FROM reference_row r ORDER BY list, n",
};

/* Split the columns of one row; row 0 has the names and says how many there are. */
static RESULT reference_row_of(struct catalogue *cat, const struct row *row)
{
    struct str fields = text_at(cat, row, 2), left = fields;
    struct reference *list = cat->references_n ? &cat->references[cat->references_n - 1] : NULL;
    size_t n = (size_t)row_int(row, 1), columns = 1;
    struct str *cells;

    for (size_t i = 0; i < fields.n; i++)
        columns += fields.p[i] == FIELD_END;
    if (n == 0) {
        if (cat->references_n == REFERENCES_MAX) {
            return fault(FAULT_STORE_CORRUPT, "catalogue: more than %d lists", REFERENCES_MAX);
        }
        list = &cat->references[cat->references_n++];
        list->list = text_at(cat, row, 0);
        list->columns_n = columns;
        list->fields = NEW_ARRAY(&cat->arena, struct str, columns * ((size_t)row_int(row, 3) + 1));
        if (!list->fields) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    }
    if (!list || columns != list->columns_n || (n != 0 && n != list->rows_n + 1)) {
        return fault(FAULT_STORE_CORRUPT, "catalogue: a list's row %zu is damaged", n);
    }
    list->rows_n = n;
    cells = list->fields + n * columns;
    for (size_t c = 0; c < columns; c++)
        cells[c] = str_cut(left, FIELD_END, &left);
    return OK;
}

static RESULT references_load(struct txn *tx, struct catalogue *cat)
{
    ROW(row);

    TRY(txn_query(tx, &REFERENCES_LOAD, IN_NONE, &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        TRY(reference_row_of(cat, &row));
    }
}

RESULT snapshot_load(struct txn *tx, struct catalogue *cat)
{
    TRY(version_load(tx, &cat->version));
    TRY(regions_load(tx, cat));
    TRY(agencies_load(tx, cat));
    TRY(organisations_load(tx, cat));
    TRY(items_load(tx, cat));
    TRY(openings_load(tx, cat));
    TRY(city_states_load(tx, cat));
    TRY(parameters_load(tx, cat));
    TRY(holidays_load(tx, cat));
    TRY(places_load(tx, cat));
    TRY(slot_rules_load(tx, cat));
    TRY(points_load(tx, cat));
    TRY(place_kinds_load(tx, cat));
    TRY(references_load(tx, cat));
    if (cat->arena.full) return fault(FAULT_MEMORY, "catalogue: larger than its arena");
    return OK;
}
