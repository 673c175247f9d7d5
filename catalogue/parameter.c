/* catalogue/parameter.c - values of rules that differ by place and time, and periods. */
#include "catalogue/snapshot.h"

const struct parameter *parameter_at(const struct catalogue *cat, size_t i)
{
    return i < cat->parameters_n ? &cat->parameters[i] : NULL;
}

static int64_t turned(struct instant from, struct instant to, struct instant at)
{
    return !instant_before(at, from) + (to.usec != 0 && !instant_before(at, to));
}

int64_t catalogue_turn(const struct catalogue *cat, struct instant at)
{
    int64_t turn = 0;

    for (size_t i = 0; i < cat->openings_n; i++)
        turn += turned(cat->openings[i].valid_from, cat->openings[i].valid_to, at);
    for (size_t i = 0; i < cat->parameters_n; i++)
        turn += turned(cat->parameters[i].valid_from, cat->parameters[i].valid_to, at);
    return turn;
}

static size_t parameters_from(const struct catalogue *cat, struct str key, int32_t region)
{
    size_t from = 0, to = cat->parameters_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct parameter *p = &cat->parameters[middle];
        int order = str_order(p->key, key);
        if (order < 0 || (order == 0 && p->region < region)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static const struct parameter *parameter_there(const struct catalogue *cat, struct str key,
                                               int32_t region, struct instant at)
{
    for (size_t i = parameters_from(cat, key, region); i < cat->parameters_n; i++) {
        const struct parameter *p = &cat->parameters[i];
        if (p->region != region || !str_eq(p->key, key)) return NULL;
        if (instant_before(at, p->valid_from)) continue;
        if (p->valid_to.usec == 0 || instant_before(at, p->valid_to)) return p;
    }
    return NULL;
}

const struct parameter *parameter_find(const struct catalogue *cat, struct str key, int32_t region,
                                       struct instant at)
{
    for (int32_t code = region;;) {
        const struct parameter *p = parameter_there(cat, key, code, at);
        const struct region *r = region_find(cat, code);
        if (p || code == REGION_NATION) return p;
        code = r ? r->parent : REGION_NATION;
    }
}

RESULT parameter_text(const struct catalogue *cat, struct str key, int32_t region,
                      struct instant at, struct str *out)
{
    const struct parameter *p = parameter_find(cat, key, region, at);

    REQUIRE(p, CATALOGUE_PARAMETER_UNKNOWN);
    *out = p->value;
    return OK;
}

RESULT parameter_int(const struct catalogue *cat, struct str key, int32_t region, struct instant at,
                     int64_t *out)
{
    struct str text;

    TRY(parameter_text(cat, key, region, at, &text));
    REQUIRE(str_int(text, INT64_MIN, INT64_MAX, out), CATALOGUE_PARAMETER_UNIT);
    return OK;
}

RESULT parameter_bool(const struct catalogue *cat, struct str key, int32_t region,
                      struct instant at, bool *out)
{
    struct str text;

    TRY(parameter_text(cat, key, region, at, &text));
    REQUIRE(str_eq(text, S("Y")) || str_eq(text, S("N")), CATALOGUE_PARAMETER_UNIT);
    *out = str_eq(text, S("Y"));
    return OK;
}

/* "0.10" yuan is 10 fen; at most two digits after the point. */
static bool yuan_parse(struct str text, struct money *out)
{
    struct str cents;
    struct str whole = str_cut(text, '.', &cents);
    bool pointed = whole.n != text.n;
    int64_t yuan, fen = 0;

    if (!str_int(whole, 0, INT64_MAX / 1000, &yuan)) return false;
    if (pointed && (cents.n > 2 || !str_int(cents, 0, 99, &fen))) return false;
    if (cents.n == 1) fen *= 10;
    out->fen = yuan * 100 + fen;
    return true;
}

RESULT parameter_money(const struct catalogue *cat, struct str key, int32_t region,
                       struct instant at, struct money *out)
{
    const struct parameter *p = parameter_find(cat, key, region, at);

    REQUIRE(p, CATALOGUE_PARAMETER_UNKNOWN);
    if (str_eq(p->unit, S("fen"))) {
        REQUIRE(str_int(p->value, 0, INT64_MAX, &out->fen), CATALOGUE_PARAMETER_UNIT);
        return OK;
    }
    REQUIRE(str_starts(p->unit, S("yuan")), CATALOGUE_PARAMETER_UNIT);
    REQUIRE(yuan_parse(p->value, out), CATALOGUE_PARAMETER_UNIT);
    return OK;
}

RESULT parameter_period(const struct catalogue *cat, struct str key, int32_t region,
                        struct instant at, struct period *out)
{
    static const struct {
        const char *unit;
        enum period_unit as;
        int64_t times;
    } units[] = {
        { "seconds", PERIOD_SECONDS, 1 },   { "minutes", PERIOD_SECONDS, 60 },
        { "hours", PERIOD_SECONDS, 3600 },  { "days", PERIOD_DAYS, 1 },
        { "natural days", PERIOD_DAYS, 1 }, { "working days", PERIOD_WORKING_DAYS, 1 },
        { "months", PERIOD_MONTHS, 1 },     { "years", PERIOD_MONTHS, 12 },
        { "year", PERIOD_MONTHS, 12 },
    };
    const struct parameter *p = parameter_find(cat, key, region, at);
    int64_t n;

    REQUIRE(p, CATALOGUE_PARAMETER_UNKNOWN);
    REQUIRE(str_int(p->value, 0, 1000000, &n), CATALOGUE_PARAMETER_UNIT);
    for (size_t i = 0; i < LEN(units); i++) {
        if (!str_eq(str_of(units[i].unit), p->unit)) continue;
        *out = (struct period){ .unit = units[i].as, .n = n * units[i].times };
        return OK;
    }
    REFUSE(CATALOGUE_PARAMETER_UNIT);
}

static bool working_day(const struct catalogue *cat, int32_t day)
{
    int weekday = (int)((day % 7 + 7 + 3) % 7); /* 1970-01-01 was a Thursday; 0 Monday */

    for (size_t i = 0; i < cat->holidays_n; i++) {
        if (cat->holidays[i].day == day) return cat->holidays[i].working;
    }
    return weekday < 5;
}

static struct instant months_later(struct instant from, int64_t months)
{
    struct day day = day_of(from);
    int64_t within = from.usec - day_start(day).usec;
    struct date date = day_date(day);
    int64_t month = (int64_t)date.year * 12 + date.month - 1 + months;

    date.year = (int32_t)(month / 12);
    date.month = (int32_t)(month % 12) + 1;
    while (!date_valid(date) && date.day > 28)
        date.day--; /* 31 January + 1 month: 28 February */
    assert(date_valid(date));
    return instant_add(day_start(date_day(date)), within);
}

struct instant period_end(const struct catalogue *cat, struct instant from, struct period period)
{
    switch (period.unit) {
    case PERIOD_SECONDS:
        return instant_add(from, period.n * USEC_PER_SEC);
    case PERIOD_DAYS:
        return instant_add(from, period.n * USEC_PER_DAY);
    case PERIOD_MONTHS:
        return months_later(from, period.n);
    case PERIOD_WORKING_DAYS:
        break;
    }
    for (int64_t left = period.n; left > 0;) {
        from = instant_add(from, USEC_PER_DAY);
        left -= working_day(cat, day_of(from).number);
    }
    return from;
}
