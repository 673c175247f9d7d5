/* tests/base/ground_test.c - results, arenas, money, days, ids. */
#include <stdlib.h>

#include "tests/test.h"

static RESULT refused(void)
{
    REFUSE_KEEP(7);
}

static RESULT passes_on(void)
{
    TRY(refused());
    return OK;
}

static void results(void)
{
    struct err e = passes_on();

    CHECK_INT("a refusal passes TRY", e.code, 7);
    CHECK("and keeps its keep", e.keep);
    e = fault_add(fault(FAULT_STORE, "row %d", 5), "slot %d", 9);
    CHECK_INT("a fault passes unchanged", e.code, FAULT_STORE);
    CHECK_STR("notes stand in front", str_of(fault_note()), S("slot 9: row 5"));
    e = fault_add(refused(), "slot");
    CHECK_STR("a refusal leaves the note", str_of(fault_note()), S("slot 9: row 5"));
    CHECK_INT("and is unchanged", e.code, 7);
    for (int i = 0; i < 100; i++) {
        e = fault_add(e.code < 0 ? e : fault(FAULT_IO, "deep"), "level %d of many, many levels", i);
    }
    CHECK("a note does not overrun", strlen(fault_note()) < 512);
    CHECK_STR("a fault has a name", str_of(fault_name(FAULT_STORE_UNKNOWN)),
              S("FAULT_STORE_UNKNOWN"));
    CHECK_STR("no fault", str_of(fault_name(5)), S("FAULT_UNNAMED"));
}

static void arenas(void)
{
    _Alignas(16) uint8_t memory[64];
    struct arena arena = arena_over(memory, sizeof memory);
    int64_t *number;

    arena_take(&arena, 1, 1);
    number = NEW(&arena, int64_t);
    CHECK("aligned", number && (uintptr_t)number % _Alignof(int64_t) == 0);
    CHECK("zeroed", number && *number == 0);
    CHECK_STR("a copy", arena_str(&arena, S("abc")), S("abc"));
    CHECK("not full yet", !arena.full);
    CHECK("too much", NEW_ARRAY(&arena, int64_t, 100) == NULL);
    CHECK("is remembered", arena.full);
    CHECK("an overflowing array", NEW_ARRAY(&arena, int64_t, SIZE_MAX / 4) == NULL);
    CHECK_STR("a format that does not fit is empty", arena_format(&arena, "%0100d", 7), S(""));
    arena_reset(&arena);
    CHECK("reset", arena.used == 0 && !arena.full);
    CHECK_STR("a format", arena_format(&arena, "%d-%s", 7, "x"), S("7-x"));
    CHECK("a NUL inside is no C string", arena_c(&arena, S("a\0b"))[0] == 0);

    SCOPED(arena) owned = { 0 };
    CHECK_OK("its own memory", arena_open(&owned, 1000));
    CHECK("all of it", arena_take(&owned, 1000, 1) != NULL);
}

static void money(void)
{
    static const struct {
        const char *title;
        int64_t fen, points;
        enum rounding rounding;
        int64_t want;
    } rates[] = {
        { "half to even, down", 50, 100, ROUND_HALF_EVEN, 0 },
        { "half to even, up", 150, 100, ROUND_HALF_EVEN, 2 },
        { "half up", 50, 100, ROUND_HALF_UP, 1 },
        { "half up goes away from zero", -50, 100, ROUND_HALF_UP, -1 },
        { "down", 199, 100, ROUND_DOWN, 1 },
        { "down goes to zero", -199, 100, ROUND_DOWN, -1 },
        { "up", 101, 100, ROUND_UP, 2 },
        { "a discount of 10 %", 200, 9000, ROUND_HALF_EVEN, 180 },
        { "the largest amount at par", INT64_MAX, 10000, ROUND_DOWN, INT64_MAX },
        { "the smallest amount at par", INT64_MIN, 10000, ROUND_DOWN, INT64_MIN },
    };
    struct money out = { 77 };

    for (size_t i = 0; i < LEN(rates); i++) {
        CHECK(rates[i].title,
              money_rate((struct money){ rates[i].fen }, rates[i].points, rates[i].rounding, &out));
        CHECK_INT(rates[i].title, out.fen, rates[i].want);
    }
    CHECK("over the top", !money_rate((struct money){ INT64_MAX }, 10001, ROUND_DOWN, &out));
    CHECK("a sum over the top", !money_add((struct money){ INT64_MAX }, (struct money){ 1 }, &out));
    CHECK("a difference below", !money_sub((struct money){ INT64_MIN }, (struct money){ 1 }, &out));

    static const struct {
        const char *title;
        int64_t fen;
        const char *want;
    } shown[] = {
        { "ux 3.2", 893120000, "¥8,931,200.00" },
        { "a fen", 1, "¥0.01" },
        { "minus five fen", -5, "-¥0.05" },
        { "a thousand", 100000, "¥1,000.00" },
        { "hundreds", 99999, "¥999.99" },
        { "the smallest", INT64_MIN, "-¥92,233,720,368,547,758.08" },
    };
    for (size_t i = 0; i < LEN(shown); i++) {
        char text[64];
        struct writer w = writer_over(text, sizeof text);
        put_money(&w, (struct money){ shown[i].fen });
        CHECK_STR(shown[i].title, writer_str(&w), str_of(shown[i].want));
    }
}

__extension__ typedef __int128 wide;

/* Shares add up to the fen, none is off by a fen or more, none has the wrong sign. */
static void shares(void)
{
    struct prng prng = { test_seed() };
    struct money shares[16];
    int64_t weights[16];

    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)prng_between(&prng, 1, 16);
        int64_t top = INT64_C(1) << prng_between(&prng, 0, 55), sum = 0, weight = 0;
        struct money total = { prng_between(&prng, 0, INT64_C(1) << prng_between(&prng, 0, 62)) };
        bool good = true;
        for (size_t i = 0; i < n; i++) {
            weights[i] = prng_between(&prng, 0, top);
            weight += weights[i];
        }
        if (weight == 0) weights[0] = weight = 1;
        if (!money_share(total, weights, n, shares)) {
            CHECK("a split that is allowed", false);
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            /* |share * weight - total * w| < weight, in 128 bits */
            wide off = (wide)shares[i].fen * weight - (wide)total.fen * weights[i];
            sum += shares[i].fen;
            good = good && shares[i].fen >= 0 && off < weight && off > -(wide)weight;
            good = good && (weights[i] > 0 || shares[i].fen == 0);
        }
        if (!good || sum != total.fen) CHECK_INT("shares add up", sum, total.fen);
    }
    CHECK("20000 splits add up to the fen", true);

    int64_t thirds[] = { 1, 1, 1 };
    CHECK("thirds", money_share((struct money){ 100 }, thirds, 3, shares));
    CHECK_INT("the first gets the odd fen", shares[0].fen, 34);
    CHECK_INT("the last does not", shares[2].fen, 33);
    int64_t none[] = { 0, 0 }, minus[] = { 1, -1 };
    CHECK("no weight at all", !money_share((struct money){ 1 }, none, 2, shares));
    CHECK("a negative weight", !money_share((struct money){ 1 }, minus, 2, shares));
    CHECK("a negative total", !money_share((struct money){ -1 }, thirds, 3, shares));
    CHECK("nobody", !money_share((struct money){ 1 }, thirds, 0, shares));
}

static bool slow_leap(int32_t year)
{
    if (year % 400 == 0) return true;
    if (year % 100 == 0) return false;
    return year % 4 == 0;
}

/* Every date from 1800 to 2999, counted up day by day from one that is known: 1970-01-01. */
static void dates(void)
{
    static const int32_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct date date = { 1800, 1, 1 };
    int32_t number = 0, wrong = 0;

    for (int32_t year = 1800; year < 1970; year++) {
        number -= slow_leap(year) ? 366 : 365;
    }
    while (date.year < 3000) {
        int32_t last = DAYS[date.month - 1] + (date.month == 2 && slow_leap(date.year));
        struct date back = day_date((struct day){ number });
        if (!date_valid(date) || date_day(date).number != number || back.year != date.year ||
            back.month != date.month || back.day != date.day)
            wrong++;
        if (date_valid((struct date){ date.year, date.month, last + 1 })) wrong++;
        number++;
        date.day++;
        if (date.day > last) {
            date.day = 1;
            date.month++;
        }
        if (date.month > 12) {
            date.month = 1;
            date.year++;
        }
    }
    CHECK_INT("1200 years of days against a slow count", wrong, 0);

    static const struct {
        const char *title, *birth, *on;
        int64_t age;
    } ages[] = {
        { "the day before", "1990-05-02", "2021-05-01", 30 },
        { "the birthday", "1990-05-01", "2021-05-01", 31 },
        { "29 February, the day before", "2004-02-29", "2022-02-28", 17 },
        { "29 February, on 1 March", "2004-02-29", "2022-03-01", 18 },
        { "29 February in a leap year", "2004-02-29", "2024-02-29", 20 },
        { "the first day", "2021-05-01", "2021-05-01", 0 },
    };
    for (size_t i = 0; i < LEN(ages); i++) {
        struct date birth = { 0 }, on = { 0 };
        CHECK(ages[i].title,
              date_parse(str_of(ages[i].birth), &birth) && date_parse(str_of(ages[i].on), &on));
        CHECK_INT(ages[i].title, age_on(birth, date_day(on)), ages[i].age);
    }
}

static void instants(void)
{
    static const struct {
        const char *title, *text;
        bool ok;
        int64_t usec;
    } rows[] = {
        { "the epoch", "1970-01-01T00:00:00Z", true, 0 },
        { "in the province", "1970-01-01T08:00:00+08:00", true, 0 },
        { "west", "1969-12-31T19:00:00-05:00", true, 0 },
        { "a fraction", "1970-01-01T00:00:00.5Z", true, 500000 },
        { "six digits", "1970-01-01T00:00:00.000001Z", true, 1 },
        { "seven digits", "1970-01-01T00:00:00.0000001Z", false, 0 },
        { "no offset", "1970-01-01T00:00:00", false, 0 },
        { "a space for T", "1970-01-01 00:00:00Z", false, 0 },
        { "a dot without digits", "1970-01-01T00:00:00.Z", false, 0 },
        { "24 hours", "1970-01-01T24:00:00Z", false, 0 },
        { "second 60", "1970-01-01T00:00:60Z", false, 0 },
        { "30 February", "1970-02-30T00:00:00Z", false, 0 },
        { "offset of a day", "1970-01-01T00:00:00+24:00", false, 0 },
        { "text behind", "1970-01-01T00:00:00Zx", false, 0 },
        { "a minus in a number", "1970-01-01T-1:00:00Z", false, 0 },
        { "empty", "", false, 0 },
    };
    struct prng prng = { test_seed() };
    char text[64];

    for (size_t i = 0; i < LEN(rows); i++) {
        struct instant at = { 0 };
        CHECK_INT(rows[i].title, instant_parse(str_of(rows[i].text), &at), rows[i].ok);
        CHECK_INT(rows[i].title, at.usec, rows[i].usec);
    }
    for (int round = 0; round < 5000; round++) {
        struct instant at = { prng_between(&prng, -5000000000, 32000000000) * 1000000 +
                              prng_between(&prng, 0, 1) * prng_between(&prng, 0, 999999) };
        struct instant back = { 0 };
        struct writer w = writer_over(text, sizeof text);
        put_instant(&w, at);
        if (!instant_parse(writer_str(&w), &back) || back.usec != at.usec)
            CHECK_STR("an instant comes back", writer_str(&w), S(""));
        if (day_start(day_of(at)).usec > at.usec ||
            at.usec - day_start(day_of(at)).usec >= USEC_PER_DAY)
            CHECK_STR("an instant lies in its day", writer_str(&w), S(""));
    }
    CHECK("5000 instants come back", true);
    {
        struct writer w = writer_over(text, sizeof text);
        struct instant at = { 0 };

        CHECK("an instant", instant_parse(S("2021-08-20T15:32:07.123456+08:00"), &at));
        put_minute(&w, at);
        CHECK_STR("to the minute, for people", writer_str(&w), S("2021-08-20 15:32"));
    }

    static const struct {
        const char *text;
        int64_t usec; /* -1: refused */
        const char *back;
    } lengths[] = {
        { "0s", 0, "0s" },
        { "250ms", 250000, "250ms" },
        { "30s", 30000000, "30s" },
        { "90s", 90000000, "90s" },
        { "60m", USEC_PER_HOUR, "1h" },
        { "24h", USEC_PER_DAY, "1d" },
        { "7d", 7 * USEC_PER_DAY, "7d" },
        { "1us", 1, "1us" },
        { "5", -1, "" },
        { "s", -1, "" },
        { "-5s", -1, "" },
        { "5 s", -1, "" },
        { "5w", -1, "" },
        { "99999999999999d", -1, "" },
    };
    for (size_t i = 0; i < LEN(lengths); i++) {
        struct writer w = writer_over(text, sizeof text);
        int64_t usec = -1;
        CHECK_INT(lengths[i].text, duration_parse(str_of(lengths[i].text), &usec),
                  lengths[i].usec >= 0);
        CHECK_INT(lengths[i].text, usec, lengths[i].usec);
        if (usec < 0) continue;
        put_duration(&w, usec);
        CHECK_STR(lengths[i].text, writer_str(&w), str_of(lengths[i].back));
    }
}

/* A permutation for the test: a rotation and a mask. */
static uint64_t turn(const void *key, uint64_t id)
{
    uint64_t x = id ^ *(const uint64_t *)key;
    return x << 13 | x >> 51;
}
static uint64_t turn_back(const void *key, uint64_t sealed)
{
    return (sealed >> 13 | sealed << 51) ^ *(const uint64_t *)key;
}

static void ids(void)
{
    struct prng prng = { test_seed() };
    struct entropy entropy = prng_entropy(&prng);
    uint64_t key = prng_next(&prng);
    struct id_codec codec = { turn, turn_back, &key };
    char text[ID_TEXT_MAX], other[ID_TEXT_MAX];
    int64_t id = 0, last = 0;

    for (int round = 0; round < 5000; round++) {
        struct instant at = { (INT64_C(1577836800000) + prng_between(&prng, 1, INT64_C(1) << 41)) *
                              1000 };
        struct writer w = writer_over(text, sizeof text);
        int64_t made = id_new(at, &entropy);
        put_id(&w, &codec, "crd", made);
        if (made <= 0 || id_born(made).usec != at.usec || w.over || w.n != ID_TEXT_MAX ||
            !id_parse(writer_str(&w), &codec, "crd", &id) || id != made)
            CHECK_STR("an id comes back", writer_str(&w), S(""));
    }
    CHECK("5000 ids come back", true);
    for (int64_t msec = 1; msec < 100; msec++) {
        id = id_new((struct instant){ (INT64_C(1700000000000) + msec) * 1000 }, &entropy);
        if (id <= last) CHECK_INT("ids sort by birth", id, last);
        last = id;
    }
    CHECK("a clock before 2020 gives an id", id_new((struct instant){ 0 }, &entropy) > 0);

    struct writer w = writer_over(text, sizeof text);
    put_id(&w, &codec, "crd", last);
    CHECK("another prefix", !id_parse(writer_str(&w), &codec, "per", &id));
    CHECK("one character less", !id_parse(str_part(writer_str(&w), 0, 16), &codec, "crd", &id));
    for (const char *c = "iloUA-"; *c; c++) {
        memcpy(other, text, sizeof other);
        other[9] = *c;
        CHECK("a character that Crockford leaves out",
              !id_parse((struct str){ other, sizeof other }, &codec, "crd", &id));
    }
    CHECK("more than 64 bits", !id_parse(S("crd_zzzzzzzzzzzzz"), &codec, "crd", &id));
}

int main(void)
{
    results();
    arenas();
    money();
    shares();
    dates();
    instants();
    ids();
    return test_end();
}
