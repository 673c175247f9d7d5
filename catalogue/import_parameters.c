/* catalogue/import_parameters.c - dated parameters, holidays, and lists kept as they are. */
#include "catalogue/import.h"

static void add_parameter(struct sheet *sheet, const struct parameter *parameter)
{
    struct catalogue *cat = sheet->in->cat;

    for (size_t i = 0; i < cat->parameters_n; i++) {
        const struct parameter *p = &cat->parameters[i];
        if (p->region == parameter->region && p->valid_from.usec == parameter->valid_from.usec &&
            str_eq(p->key, parameter->key)) {
            sheet_issue(sheet, "key", "%.*s 在 %d 同日有两个值",
                        "%.*s in %d: two values of one day", (int)p->key.n, p->key.p,
                        (int)p->region);
            return;
        }
    }
    cat->parameters[cat->parameters_n++] = *parameter;
}

/* A scope of parameters.csv as a region: "national", or the English name of one region whose name
 * no other bears. Scopes in other words ("several provinces") are for reading and give -1. */
static int32_t region_of_scope(const struct catalogue *cat, struct str scope)
{
    int32_t found = -1;

    if (str_eq(scope, S("national"))) return REGION_NATION;
    for (size_t i = 0; i < cat->regions_n; i++) {
        if (!cat->regions[i].name.en.n || !str_eq(cat->regions[i].name.en, scope)) continue;
        if (found >= 0) return -1;
        found = cat->regions[i].code;
    }
    return found;
}

/* Collected values: those whose scope names regions we know; a later row of one key and region is
 * for reading only. Their first day is not known; they hold from the start of the programme. */
static void read_collected(struct sheet *sheet)
{
    struct instant from = day_start(date_day((struct date){ 2020, 1, 1 }));

    while (sheet_next(sheet)) {
        struct parameter p = {
            .key = sheet_needed(sheet, "key"),
            .value = sheet_text(sheet, "value"),
            .unit = sheet_text(sheet, "unit"),
            .reason = sheet_text(sheet, "source_or_reason"),
            .valid_from = from,
            .mark = sheet_mark(sheet),
        };
        struct str left = sheet_text(sheet, "scope");
        while (p.value.n && left.n) {
            struct str rest, scope = str_trim(str_cut(left, ',', &rest));
            bool seen = false;
            p.region = region_of_scope(sheet->in->cat, scope);
            for (size_t i = 0; i < sheet->in->cat->parameters_n; i++) {
                const struct parameter *q = &sheet->in->cat->parameters[i];
                seen = seen || (q->region == p.region && str_eq(q->key, p.key));
            }
            if (p.region >= 0 && !seen) add_parameter(sheet, &p);
            left = rest;
        }
    }
}

static void read_chosen(struct sheet *sheet)
{
    struct catalogue *cat = sheet->in->cat;

    while (sheet_next(sheet)) {
        struct parameter p = {
            .key = sheet_needed(sheet, "key"),
            .value = sheet_needed(sheet, "value"),
            .unit = sheet_needed(sheet, "unit"),
            .region = (int32_t)sheet_int(sheet, "region_code", 0, 999999, INT64_MIN),
            .valid_from = sheet_day(sheet, "valid_from"),
            .valid_to = sheet_day(sheet, "valid_to"),
            .mark = sheet_mark(sheet),
            .reason = sheet_needed(sheet, "reason"),
        };
        if (p.region != REGION_NATION && !region_find(cat, p.region)) {
            sheet_issue(sheet, "region_code", "区划 %d 未知", "region %d is unknown",
                        (int)p.region);
        }
        if (p.valid_from.usec == 0) {
            sheet_issue(sheet, "valid_from", "不能为空", "must not be empty");
        }
        add_parameter(sheet, &p);
    }
}

static void read_holidays(struct sheet *sheet)
{
    struct catalogue *cat = sheet->in->cat;

    while (sheet_next(sheet)) {
        struct instant day = sheet_day(sheet, "day");
        cat->holidays[cat->holidays_n++] = (struct holiday){
            .day = day_of(day).number,
            .working = sheet_yes(sheet, "working"),
        };
    }
}

void import_parameters(struct import *in)
{
    static const char *const of_collected[] = { "key",   "value", "unit",
                                                "scope", "tag",   "source_or_reason",
                                                NULL };
    static const char *const of_chosen[] = { "key",         "value",      "unit",
                                             "region_code", "valid_from", "valid_to",
                                             "tag",         "reason",     NULL };
    static const char *const of_holidays[] = { "day", "working", NULL };
    enum { SCOPES_MAX = 4 }; /* places in one scope */
    struct catalogue *cat = in->cat;
    struct sheet collected, chosen, holidays;
    bool all = sheet_open(in, "parameters.csv", of_collected, &collected);

    all = sheet_open(in, "anhui_parameters.csv", of_chosen, &chosen) && all;
    all = sheet_open(in, "holidays.csv", of_holidays, &holidays) && all;
    if (!all) return;
    cat->parameters =
        NEW_ARRAY(&cat->arena, struct parameter, collected.lines * SCOPES_MAX + chosen.lines);
    cat->holidays = NEW_ARRAY(&cat->arena, struct holiday, holidays.lines);
    if (!cat->parameters || !cat->holidays) return;
    read_collected(&collected);
    read_chosen(&chosen);
    read_holidays(&holidays);
}

/* ---- lists that later modules read by column name ---- */

static void read_reference(struct sheet *sheet, const char *name, struct reference *out)
{
    struct arena *arena = &sheet->in->cat->arena;
    size_t columns = (size_t)sheet->csv.names_n;
    struct str *fields = NEW_ARRAY(arena, struct str, columns * (sheet->lines + 1));

    if (!fields) return;
    *out = (struct reference){ .list = str_of(name), .fields = fields, .columns_n = columns };
    for (size_t c = 0; c < columns; c++)
        fields[c] = sheet->csv.names[c];
    while (sheet_next(sheet)) {
        struct str *row = fields + ++out->rows_n * columns;
        for (size_t c = 0; c < columns; c++) {
            row[c] = arena_str(arena, csv_field(&sheet->csv, (int)c));
        }
    }
}

void import_references(struct import *in)
{
    static const struct {
        const char *name, *file;
        const char *const columns[4];
    } lists[] = {
        { "article_functions", "article_functions.csv", { "fn", "name_zh", "tag", NULL } },
        { "bank_return_codes",
          "bank_return_codes.csv",
          { "local_code", "reason_zh", "tag", NULL } },
        { "medical_transactions", "medical_transactions.csv", { "code", "name_zh", "tag", NULL } },
        { "transit", "transit.csv", { "city_code", "line_id", "tag", NULL } },
    };
    static_assert(LEN(lists) <= REFERENCES_MAX, "room for every list");

    for (size_t i = 0; i < LEN(lists); i++) {
        struct sheet sheet;
        if (!sheet_open(in, lists[i].file, lists[i].columns, &sheet)) continue;
        read_reference(&sheet, lists[i].name, &in->cat->references[in->cat->references_n++]);
    }
}
