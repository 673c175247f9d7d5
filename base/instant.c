/* base/instant.c - days and instants. Civil dates by counting days in 400-year eras from 1 March.
 */
#include "base/instant.h"

#include "base/str.h"

#define DAYS_PER_ERA 146097  /* 400 Gregorian years */
#define DAYS_TO_EPOCH 719468 /* 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static bool leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int32_t month_days(int32_t year, int32_t month)
{
    static const int8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return DAYS[month - 1] + (month == 2 && leap(year));
}

bool date_valid(struct date date)
{
    return date.year >= 1800 && date.year <= 2999 && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= month_days(date.year, date.month);
}

struct day date_day(struct date date)
{
    int64_t year = date.year - (date.month <= 2); /* the year that began in March */
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12; /* March is 0 */
    int64_t of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

    return (struct day){ (int32_t)(era * DAYS_PER_ERA + days - DAYS_TO_EPOCH) };
}

struct date day_date(struct day day)
{
    int64_t number = (int64_t)day.number + DAYS_TO_EPOCH;
    int64_t era = floor_div(number, DAYS_PER_ERA), of_era = number - era * DAYS_PER_ERA;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date date = { .day = (int32_t)(of_year - (153 * month + 2) / 5 + 1) };

    date.month = (int32_t)(month < 10 ? month + 3 : month - 9);
    date.year = (int32_t)(year + era * 400 + (date.month <= 2));
    return date;
}

struct day day_of(struct instant at)
{
    return (struct day){ (int32_t)floor_div(at.usec + PROVINCE_OFFSET_USEC, USEC_PER_DAY) };
}

struct instant day_start(struct day day)
{
    return (struct instant){ day.number * USEC_PER_DAY - PROVINCE_OFFSET_USEC };
}

int32_t age_on(struct date birth, struct day day)
{
    struct date on = day_date(day);
    bool had = on.month > birth.month || (on.month == birth.month && on.day >= birth.day);

    return on.year - birth.year - !had;
}

void put_date(struct writer *w, struct date date)
{
    put_digits(w, date.year, 4);
    put_char(w, '-');
    put_digits(w, date.month, 2);
    put_char(w, '-');
    put_digits(w, date.day, 2);
}

void put_instant(struct writer *w, struct instant at)
{
    struct day day = day_of(at);
    int64_t usec = at.usec - day_start(day).usec;
    int64_t sec = usec / USEC_PER_SEC, fraction = usec % USEC_PER_SEC;

    put_date(w, day_date(day));
    put_char(w, 'T');
    put_digits(w, sec / 3600, 2);
    put_char(w, ':');
    put_digits(w, sec / 60 % 60, 2);
    put_char(w, ':');
    put_digits(w, sec % 60, 2);
    if (fraction != 0) {
        put_char(w, '.');
        put_digits(w, fraction, 6);
    }
    put_str(w, S("+08:00"));
}

void put_minute(struct writer *w, struct instant at)
{
    struct day day = day_of(at);
    int64_t minute = (at.usec - day_start(day).usec) / USEC_PER_MIN;

    put_date(w, day_date(day));
    put_char(w, ' ');
    put_digits(w, minute / 60, 2);
    put_char(w, ':');
    put_digits(w, minute % 60, 2);
}

static bool digits(struct str text, size_t from, size_t n, int32_t *out)
{
    int64_t v;

    if (from + n > text.n || !str_int(str_part(text, from, n), 0, 9999, &v)) return false;
    *out = (int32_t)v;
    return true;
}

bool date_parse(struct str text, struct date *out)
{
    bool dashed = text.n == 10 && text.p[4] == '-' && text.p[7] == '-';
    struct date date;

    if (!dashed && text.n != 8) return false;
    if (!digits(text, 0, 4, &date.year) || !digits(text, dashed ? 5 : 4, 2, &date.month) ||
        !digits(text, dashed ? 8 : 6, 2, &date.day) || !date_valid(date))
        return false;
    *out = date;
    return true;
}

/* The offset behind the seconds: "Z" or "+08:00"; microseconds east of UTC. */
static bool offset_parse(struct str text, int64_t *out)
{
    int32_t hours, minutes;

    if (str_eq(text, S("Z")) || str_eq(text, S("z"))) {
        *out = 0;
        return true;
    }
    if (text.n != 6 || (text.p[0] != '+' && text.p[0] != '-') || text.p[3] != ':') return false;
    if (!digits(text, 1, 2, &hours) || !digits(text, 4, 2, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    *out = (hours * USEC_PER_HOUR + minutes * USEC_PER_MIN) * (text.p[0] == '-' ? -1 : 1);
    return true;
}

bool instant_parse(struct str text, struct instant *out)
{
    int32_t hour, minute, second;
    int64_t fraction = 0, offset;
    struct date date;
    size_t at = 19;

    if (text.n < 20 || (text.p[10] != 'T' && text.p[10] != 't')) return false;
    if (text.p[13] != ':' || text.p[16] != ':') return false;
    if (!date_parse(str_part(text, 0, 10), &date)) return false;
    if (!digits(text, 11, 2, &hour) || !digits(text, 14, 2, &minute) ||
        !digits(text, 17, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    if (text.p[at] == '.') {
        int64_t unit = USEC_PER_SEC / 10;
        for (at++; at < text.n && text.p[at] >= '0' && text.p[at] <= '9'; at++, unit /= 10) {
            fraction += (text.p[at] - '0') * unit;
        }
        if (at == 20 || at > 26) return false;
    }
    if (!offset_parse(str_part(text, at, text.n), &offset)) return false;
    out->usec = date_day(date).number * USEC_PER_DAY + hour * USEC_PER_HOUR +
                minute * USEC_PER_MIN + second * USEC_PER_SEC + fraction - offset;
    return true;
}

static const struct {
    const char *name;
    int64_t usec;
} UNITS[] = {
    { "d", USEC_PER_DAY }, { "h", USEC_PER_HOUR }, { "m", USEC_PER_MIN },
    { "s", USEC_PER_SEC }, { "ms", 1000 },         { "us", 1 },
};

bool duration_parse(struct str text, int64_t *usec)
{
    int64_t most = 300 * 366 * USEC_PER_DAY, number;
    size_t n = 0;

    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9') {
        n++;
    }
    for (size_t i = 0; i < LEN(UNITS); i++) {
        if (!str_eq(str_part(text, n, text.n), str_of(UNITS[i].name))) continue;
        if (!str_int(str_part(text, 0, n), 0, most / UNITS[i].usec, &number)) return false;
        *usec = number * UNITS[i].usec;
        return true;
    }
    return false;
}

void put_duration(struct writer *w, int64_t usec)
{
    size_t unit = 0;

    while (UNITS[unit].usec > 1 && (usec % UNITS[unit].usec != 0 || usec == 0)) {
        unit++;
    }
    if (usec == 0) unit = 3; /* "0s" */
    put_int(w, usec / UNITS[unit].usec);
    put_str(w, str_of(UNITS[unit].name));
}
