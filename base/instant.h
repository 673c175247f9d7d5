/* base/instant.h - instants (UTC microseconds) and business days of the province (UTC+8, no summer
 * time). Nothing here reads a clock: `struct clock` is handed in from programs/, and tests hand in
 * their own. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct instant {
    int64_t usec; /* since 1970-01-01T00:00:00Z */
};
struct day {        /* a calendar day at UTC+8 */
    int32_t number; /* days since 1970-01-01 */
};
struct date {
    int32_t year, month, day; /* month 1..12, day 1..31 */
};

#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_MIN (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define PROVINCE_OFFSET_USEC (8 * USEC_PER_HOUR)

struct clock {
    struct instant (*now)(void *arg);
    void *arg;
};
static inline struct instant clock_now(const struct clock *clock)
{
    return clock->now(clock->arg);
}

static inline bool instant_before(struct instant a, struct instant b)
{
    return a.usec < b.usec;
}
static inline struct instant instant_add(struct instant a, int64_t usec)
{
    return (struct instant){ a.usec + usec };
}

struct day day_of(struct instant at);
struct instant day_start(struct day day);
struct date day_date(struct day day);
bool date_valid(struct date date);     /* years 1800..2999 */
struct day date_day(struct date date); /* date must be valid */
/* Whole years between birth and the day, a birthday counting from its own day; 29 February counts
 * on 1 March. */
int32_t age_on(struct date birth, struct day day);

/* RFC 3339. Out: "2021-08-20T15:32:07+08:00", with ".123456" only when there is a fraction.
 * In: any offset, 'Z', up to 6 fraction digits; false on anything else. */
void put_instant(struct writer *w, struct instant at);
bool instant_parse(struct str text, struct instant *out);
/* "2021-08-20 15:32": read by people, in the province's time. */
void put_minute(struct writer *w, struct instant at);
/* "2021-08-20"; date_parse also takes "20210820". */
void put_date(struct writer *w, struct date date);
bool date_parse(struct str text, struct date *out);

/* Lengths of time as settings and flags write them: a number and one unit of us ms s m h d.
 * duration_parse: false on anything else, or more than 300 years. put_duration uses the largest
 * unit that is exact. */
bool duration_parse(struct str text, int64_t *usec);
void put_duration(struct writer *w, int64_t usec);
