/* Slots by the catalogue's rules, day after day: what the server's sweep asks for every six hours
 * keeps places bookable a week ahead, however long the server runs and wherever it stopped. */
#include "catalogue/catalogue.h"
#include "tests/fixture.h"
#include "venues/venues.h"

enum { DAYS = 8 }; /* as programs/sweeps.c */

struct town {
    struct fixture f;
    struct catalogue_shelf *shelf;
};

static bool town_open(struct town *t, enum engine engine)
{
    static uint8_t memory[512 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct import_report report;

    memset(t, 0, sizeof *t);
    return fixture_open(&t->f, engine) &&
           CHECK_OK("the catalogue of data/",
                    catalogue_import(t->f.store, S("data"), fixture_now(&t->f), false, &arena,
                                     &report)) &&
           CHECK_OK("its snapshot", catalogue_shelf_open(t->f.store, &t->shelf));
}

static void town_close(struct town *t)
{
    catalogue_shelf_close(t->shelf);
    fixture_close(&t->f);
}

static int64_t sweep(struct town *t, const struct place *place)
{
    int64_t made = -1;

    CHECK_OK("the sweep", venues_slots_make(t->f.store, catalogue_now(t->shelf), place->id,
                                            day_of(fixture_now(&t->f)), DAYS, &made));
    return made;
}

static size_t slots_of_day(struct town *t, const struct place *place, struct day day,
                           struct slot *first)
{
    static uint8_t memory[64 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct slot_page page = { 0 };

    CHECK_OK("a day's slots",
             venues_slots(t->f.store, place->id, day_start(day),
                          day_start((struct day){ day.number + 1 }), 0, 64, &arena, &page));
    if (page.n > 0) *first = page.slots[0];
    return page.n;
}

/* Open day and night: no instant of weeks finds it closed, while the sweep comes by. */
static void check_park(struct town *t)
{
    const struct place *park = place_by_code(catalogue_now(t->shelf), S("SC0068"));
    struct occupancy now;
    struct slot slot;
    int64_t closed = 0, made = 0;

    if (!CHECK("the park", park != NULL)) return;
    CHECK_INT("a slot a day", sweep(t, park), DAYS);
    CHECK_INT("none twice", sweep(t, park), 0);
    for (int hours = 0; hours < 24 * 24; hours += 6) {
        CHECK_OK("occupancy", venues_occupancy(t->f.store, park->id, fixture_now(&t->f), &now));
        closed += now.slot_id == 0;
        made += sweep(t, park);
        fixture_pass(&t->f, 6 * USEC_PER_HOUR);
    }
    CHECK_INT("open at every hour of 24 days", closed, 0);
    CHECK_INT("one more each day", made, 24);
    CHECK_INT("the last day ahead has its slot",
              (int64_t)slots_of_day(
                  t, park, (struct day){ day_of(fixture_now(&t->f)).number + DAYS - 1 }, &slot),
              1);
    CHECK_INT("half of it to book", slot.quota, 2000);
    CHECK_INT("half for who comes without", slot.held, 2000);
}

/* A museum closed on Mondays, after the server stood still for three weeks. */
static void check_museum(struct town *t)
{
    const struct place *museum = place_by_code(catalogue_now(t->shelf), S("MU0001"));
    struct slot slot = { 0 }, again = { 0 };
    struct day today;

    if (!CHECK("the museum", museum != NULL)) return;
    fixture_pass(&t->f, 21 * USEC_PER_DAY);
    today = day_of(fixture_now(&t->f));
    CHECK("made again", sweep(t, museum) > 0);
    for (int i = 0; i < DAYS; i++) {
        struct day day = { today.number + i };
        bool monday = (day.number + 3) % 7 == 0; /* 1970-01-01 was a Thursday */
        CHECK_INT(monday ? "closed on Monday" : "eight hours, eight slots",
                  (int64_t)slots_of_day(t, museum, day, &slot), monday ? 0 : 8);
    }
    CHECK_INT("none of the days gone by",
              (int64_t)slots_of_day(t, museum, (struct day){ today.number - 2 }, &again), 0);
    CHECK_OK("a slot changed by the museum",
             venues_slot_change(t->f.store, museum->id, slot.id, 7, 1));
    CHECK_INT("the sweep", sweep(t, museum), 0);
    CHECK_OK("it", venues_slot_get(t->f.store, museum->id, slot.id, &again));
    CHECK("stays as it is", again.quota == 7 && again.held == 1);
}

/* One place's own rule goes before its level's, which goes before any. */
static void check_rules(struct town *t)
{
    const struct catalogue *cat = catalogue_now(t->shelf);
    static const struct {
        const char *place;
        int32_t opens_min;
    } rows[] = { { "SC0068", 0 }, { "SC0064", 8 * 60 }, { "SC0010", 7 * 60 } };

    for (size_t i = 0; i < LEN(rows); i++) {
        const struct place *place = place_by_code(cat, str_of(rows[i].place));
        const struct slot_rule *rule = place ? slot_rule_for(cat, place) : NULL;

        CHECK_INT(rows[i].place, rule ? rule->opens_min : -1, rows[i].opens_min);
    }
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        static struct town t;

        if (town_open(&t, (enum engine)e)) {
            check_rules(&t);
            check_park(&t);
            check_museum(&t);
        }
        town_close(&t);
    }
    return test_end();
}
