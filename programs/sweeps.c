/* programs/sweeps.c - each sweep is a job kind whose step may be run again; a table at the end
 * lists them. */
#include "programs/sweeps.h"

#include "api/audit_verify.h"
#include "catalogue/catalogue.h"
#include "identity/identity.h"
#include "journal/journal.h"
#include "notice/notice.h"
#include "registry/card.h"
#include "registry/signin.h"
#include "venues/venues.h"
#include "worklist/worklist.h"

#include <stdlib.h>

enum { SWEEP_ROWS = 500, ERASE_ROWS = 100, PLACES_A_STEP = 8, SLOTS_A_PLACE = 64, SLOT_DAYS = 8 };

/* ---- registry ---- */

static struct err loss_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    struct loss_swept swept;

    TRY(registry_loss_sweep(config->registry, run->now, &swept));
    run->note =
        arena_format(run->arena, "warned %" PRId64 ", reopened %" PRId64 ", formal %" PRId64,
                     swept.warned, swept.reopened, swept.formal);
    run->finished = true;
    return OK;
}

static struct err expire_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    int64_t expired;

    TRY(registry_expire_sweep(config->registry, run->now, SWEEP_ROWS, &expired));
    run->done += expired;
    run->finished = expired < SWEEP_ROWS;
    return OK;
}

static struct err claims_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    struct claims_swept swept;

    TRY(registry_claims_sweep(config->registry, run->now, &swept));
    run->finished = true;
    return OK;
}

static struct err sessions_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    int64_t swept;

    TRY(registry_sessions_sweep(config->registry, run->now, &swept));
    run->finished = true;
    return OK;
}

static struct err papers_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    int done;

    TRY(identity_papers_sweep(config->app->store, run->now, SWEEP_ROWS, &done));
    run->done += done;
    run->finished = done < SWEEP_ROWS;
    return OK;
}

static struct err notice_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    int done;

    TRY(notice_sweep(config->app->store, run->now, SWEEP_ROWS, &done));
    run->done += done;
    run->finished = done < SWEEP_ROWS;
    return OK;
}

static struct err worklist_step_run(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    int done;

    TRY(worklist_sweep(config->app->store, instant_add(run->now, -14 * USEC_PER_DAY), run->now,
                       SWEEP_ROWS, &done));
    run->done += done;
    run->finished = done < SWEEP_ROWS;
    return OK;
}

/* ---- the journal: lines whose keeping time has ended lose their content, with proof ---- */

static int64_t keep_days(const struct catalogue *cat, const struct journal_line *line,
                         struct instant now)
{
    struct str key = line->kind == JOURNAL_STAFF_ACT               ? S("keep.staff.days")
                     : line->kind == JOURNAL_USE && line->place_id ? S("keep.gate.days")
                                                                   : S("keep.use.days");
    int64_t days;

    /* no row of the parameter: keep; erasing is what can't be undone */
    return parameter_int(cat, key, REGION_ANHUI, now, &days).code == 0 ? days : INT32_MAX;
}

static RESULT erase_if_due(const struct loops_config *config, const struct catalogue *cat,
                           const struct journal_record *record, struct instant now)
{
    int64_t days = keep_days(cat, &record->line, now);
    const struct journal_erasure erasure = {
        .root = record->root, .line_id = record->id, .why = S("keeping_time_ended"), .at = now
    };

    if (instant_before(now, instant_add(record->recorded_at, days * USEC_PER_DAY))) return OK;
    return journal_erase(config->app->store, &erasure);
}

static struct err erase_step(void *arg, struct job_run *run)
{
    const struct loops_config *config = arg;
    const struct catalogue *cat = catalogue_now(config->shelf);
    struct cursor c = cursor_over(run->state);
    struct instant after = { (int64_t)take_be64(&c) };
    int64_t after_id = (int64_t)take_be64(&c);
    uint8_t *state = arena_take(run->arena, 16, 1);
    struct writer w = writer_over(state, state ? 16 : 0);
    struct journal_page page;

    TRY(journal_aged(config->app->store, instant_add(run->now, -180 * USEC_PER_DAY), after,
                     after_id, ERASE_ROWS, run->arena, &page));
    for (int i = 0; i < page.n; i++) {
        TRY(erase_if_due(config, cat, &page.records[i], run->now));
        after = page.records[i].recorded_at;
        after_id = page.records[i].id;
    }
    put_be64(&w, (uint64_t)after.usec);
    put_be64(&w, (uint64_t)after_id);
    run->state = writer_bytes(&w);
    run->done += page.n;
    run->finished = page.n < ERASE_ROWS;
    return OK;
}

/* ---- venues: a few places a step; the state is the next place ---- */

typedef struct err place_work(const struct loops_config *config, const struct catalogue *cat,
                              const struct place *place, struct instant now);

static RESULT places_step(const struct loops_config *config, struct job_run *run, place_work *work)
{
    const struct catalogue *cat = catalogue_now(config->shelf);
    struct cursor c = cursor_over(run->state);
    uint64_t next = take_be64(&c), count = place_count(cat);
    uint8_t *state = arena_take(run->arena, 8, 1);
    struct writer w = writer_over(state, state ? 8 : 0);

    for (int i = 0; i < PLACES_A_STEP && next < count; i++, next++) {
        TRY(work(config, cat, place_at(cat, next), run->now));
    }
    put_be64(&w, next);
    run->state = writer_bytes(&w);
    run->done = (int64_t)next;
    run->of = (int64_t)count;
    run->finished = next >= count;
    return OK;
}

static struct err make_slots(const struct loops_config *config, const struct catalogue *cat,
                             const struct place *place, struct instant now)
{
    int64_t made;

    return venues_slots_make(config->app->store, cat, place->id, day_of(now), SLOT_DAYS, &made);
}

static struct err slots_step(void *arg, struct job_run *run)
{
    return places_step(arg, run, make_slots);
}

/* Slots that ended since yesterday morning; marking twice changes nothing. */
static struct err mark_no_shows(const struct loops_config *config, const struct catalogue *cat,
                                const struct place *place, struct instant now)
{
    struct instant from = day_start((struct day){ day_of(now).number - 1 });
    uint8_t room[(SLOTS_A_PLACE + 1) * sizeof(struct slot) + 64];
    struct arena arena = arena_over(room, sizeof room);
    struct slot_page page = { .more = true };
    int64_t after = 0;

    (void)cat;
    while (page.more) {
        arena_reset(&arena);
        TRY(venues_slots(config->app->store, place->id, from, now, after, SLOTS_A_PLACE, &arena,
                         &page));
        for (size_t i = 0; i < page.n; i++) {
            int64_t left = 0;
            after = page.slots[i].id;
            if (!instant_before(page.slots[i].ends_at, now)) continue;
            do {
                TRY(venues_no_shows(config->app->store, place->id, after, now, 50, &left));
            } while (left > 0);
        }
    }
    return OK;
}

static struct err no_shows_step(void *arg, struct job_run *run)
{
    return places_step(arg, run, mark_no_shows);
}

/* ---- the list ---- */

struct sweeps {
    struct loops_config config;
    struct job_kind kinds[SWEEPS_N];
};

struct err sweeps_open(const struct loops_config *config, struct sweeps **out)
{
    struct sweeps *sweeps = calloc(1, sizeof *sweeps);

    if (!sweeps) return fault(FAULT_MEMORY, "sweeps");
    sweeps->config = *config;
    const struct job_kind kinds[SWEEPS_N] = {
        { "registry.loss", loss_step, &sweeps->config, USEC_PER_MIN },
        { "registry.expire", expire_step, &sweeps->config, USEC_PER_HOUR },
        { "registry.claims", claims_step, &sweeps->config, 5 * USEC_PER_MIN },
        { "registry.sessions", sessions_step, &sweeps->config, USEC_PER_HOUR },
        { "identity.papers", papers_step, &sweeps->config, USEC_PER_HOUR },
        { "notice.sweep", notice_step, &sweeps->config, USEC_PER_MIN },
        { "worklist.close", worklist_step_run, &sweeps->config, USEC_PER_DAY },
        { "journal.erase", erase_step, &sweeps->config, USEC_PER_DAY },
        { "venues.slots", slots_step, &sweeps->config, 6 * USEC_PER_HOUR },
        { "venues.no_shows", no_shows_step, &sweeps->config, 30 * USEC_PER_MIN },
        { AUDIT_VERIFY_KIND, audit_verify_step, NULL, 0 }, /* when asked for, behind the others */
    };
    memcpy(sweeps->kinds, kinds, sizeof kinds);
    *out = sweeps;
    return OK;
}

void sweeps_close(struct sweeps *sweeps)
{
    free(sweeps);
}

const struct job_kind *sweeps_kinds(const struct sweeps *sweeps)
{
    return sweeps->kinds;
}
