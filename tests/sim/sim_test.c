/* tests/sim/sim_test.c - the whole system in one thread: people, phones, gates that are alone for a
 * while, staff, jobs, messages, restarts and power cuts, as one seed rolls them. Afterwards model,
 * rows, journal, feeds, derived state and stop list must say the same, and the same seed must end
 * in the same store. Planted faults must be found. YKT_TEST_SEED gives the seed; YKT_TEST_LONG runs
 * more of them, and longer. */
#include "tests/sim/checks.h"

struct ran {
    int findings;
    uint64_t digest;
};

static struct ran run(uint64_t seed, int steps, enum plant plant, bool cuts, bool quiet)
{
    static int runs;
    static struct sim sim;
    static struct sim_gate reader;
    struct sim *s = &sim;
    struct ran ran = { 0 };

    memset(s, 0, sizeof *s);
    memset(&reader, 0, sizeof reader);
    s->plant = plant;
    s->quiet = quiet;
    (void)well(s, "memory", arena_open(&reader.lists[0], 1 << 20));
    (void)well(s, "memory", arena_open(&reader.lists[1], 1 << 20));
    if (sim_make(s, seed, ++runs)) {
        sim_people(s);
        sim_places(s);
        s->cuts = cuts;
        if (plant == PLANT_SYNC) disk_lie(true);
        for (int i = 0; i < steps && s->identity; i++) {
            sim_step(s);
            if (i % 500 == 499 && s->identity) check_all(s, &reader);
        }
        s->cuts = false;
        if (s->identity) check_end(s, &reader);
        if (s->identity) ran.digest = sim_digest(s);
    }
    ran.findings = s->findings;
    if (!quiet)
        printf("seed %" PRIu64 ": %d steps, %" PRId64 " acts, %" PRId64 " repeats, %" PRId64
               " restarts, %" PRId64 " cuts, %" PRId64 " let in, %" PRId64 " refused, %" PRId64
               " uploads, %d messages (%" PRId64 " twice): %016" PRIx64 "\n",
               seed, steps, s->acts, s->repeats, s->restarts, s->cut_n, s->let_in, s->refused,
               s->uploads, s->sent_n, s->sent_again, ran.digest);
    sim_end(s);
    arena_close(&reader.lists[0]);
    arena_close(&reader.lists[1]);
    return ran;
}

static const struct {
    const char *title;
    enum plant plant;
} PLANTS[] = {
    { "notes that do not reach derived state are found", PLANT_DERIVED },
    { "syncs that do nothing are found", PLANT_SYNC },
    { "gates that obey no list are found", PLANT_LIST },
    { "acts done twice are found", PLANT_REPEAT },
};

int main(void)
{
    bool more = getenv("YKT_TEST_LONG") && getenv("YKT_TEST_LONG")[0];
    uint64_t seed = test_seed();
    int steps = more ? 6000 : 1500, seeds = more ? 12 : 1;

    for (int i = 0; i < seeds; i++) {
        struct ran first = run(seed + (uint64_t)i, steps, PLANT_NONE, true, false);

        CHECK_INT("everything agrees", first.findings, 0);
        if (i == 0) {
            struct ran second = run(seed, steps, PLANT_NONE, true, true);

            CHECK("the same seed ends in the same store", second.digest == first.digest);
        }
    }
    for (size_t i = 0; i < LEN(PLANTS); i++) {
        struct ran ran = run(seed, 800, PLANTS[i].plant, true, true);

        CHECK(PLANTS[i].title, ran.findings > 0);
    }
    return test_end();
}
