/* programs/loops.c - three threads: the tick, the deliveries and the jobs. */
#include "programs/loops.h"

#include "api/record_line.h"
#include "base/log.h"
#include "catalogue/catalogue.h"
#include "identity/derived.h"
#include "identity/identity.h"
#include "jobs/jobs.h"
#include "journal/journal.h"
#include "notice/notice.h"
#include "programs/contests.h"
#include "programs/sms_carrier.h"
#include "programs/sweeps.h"
#include "venues/venues.h"
#include "worklist/worklist.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 64, RELOAD_TICKS = 15, SAVE_TICKS = 300 };
#define TICK_USEC USEC_PER_SEC
#define IDLE_USEC (200 * INT64_C(1000))
#define JOB_BUDGET_USEC (2 * USEC_PER_SEC)

struct loops {
    struct loops_config config;
    struct sms_carrier sms;
    struct notice_sender sender;
    struct sweeps *sweeps;
    struct jobs *jobs;
    volatile bool stop; /* jobs_run_one looks at it */
    pthread_t threads[3];
    int threads_n;
};

static void rest(const struct loops *loops, int64_t usec)
{
    const struct timespec step = { .tv_nsec = 50 * 1000 * 1000 };

    for (int64_t slept = 0; slept < usec && !loops->stop; slept += 50 * 1000) {
        nanosleep(&step, NULL);
    }
}

/* ---- the tick: derived state and record line catch up with the sealed feeds, the catalogue with
 * its imports ----
 */

static void *tick(void *arg)
{
    struct loops *loops = arg;
    struct app *app = loops->config.app;

    for (int64_t n = 0; !loops->stop; n++) {
        struct err err = derived_catch_up(app->derived);
        bool changed, came = false;
        if (err.code != 0) log_fault("derived state", err, LOG_NONE);
        err = record_line_catch_up(app, &came);
        if (err.code != 0) log_fault("record line", err, LOG_NONE);
        if (came) http_wake(app->http, EVENTS_CHANNEL);
        if (n % RELOAD_TICKS == 0) {
            err = catalogue_reload(loops->config.shelf, clock_now(&app->clock), &changed);
            if (err.code != 0) log_fault("catalogue", err, LOG_NONE);
        }
        if (n % SAVE_TICKS == SAVE_TICKS - 1) {
            err = derived_save(app->derived);
            if (err.code != 0) log_fault("derived state's files", err, LOG_NONE);
        }
        rest(loops, TICK_USEC);
    }
    return NULL;
}

/* ---- deliveries ---- */

const char *const LOOP_TOPICS[] = {
    NOTICE_TOPIC_PUT,    NOTICE_TOPIC_SEND,       JOURNAL_TOPIC_CONTEST, JOURNAL_TOPIC_MARK,
    WORKLIST_TOPIC_OPEN, WORKLIST_TOPIC_ANSWERED, JOBS_TOPIC_PUT,        VENUES_TOPIC_NO_SHOW,
};
const size_t LOOP_TOPICS_N = LEN(LOOP_TOPICS);

static void *deliver(void *arg)
{
    struct loops *loops = arg;
    struct store *store = loops->config.app->store;
    const struct {
        outbox_handler *handler;
        void *arg;
    } topics[] = {
        /* in the order of LOOP_TOPICS */
        { notice_take, store },  { notice_send, &loops->sender },  { contest_take, store },
        { journal_mark, store }, { worklist_take_message, store }, { contest_answer_take, store },
        { job_take, store },     { venues_no_show, store },
    };
    static_assert(LEN(topics) == LEN(LOOP_TOPICS), "a handler for each topic");

    while (!loops->stop) {
        int moved = 0;
        for (size_t i = 0; i < LEN(topics) && !loops->stop; i++) {
            int done = 0;
            struct err err = OK;
            if (topics[i].handler == notice_send && !loops->config.courier) continue;
            err = outbox_deliver(store, LOOP_TOPICS[i], BATCH, topics[i].handler, topics[i].arg,
                                 &done);
            if (err.code != 0)
                log_fault("delivery", err, LOG(log_text("topic", str_of(LOOP_TOPICS[i]))));
            moved += done;
        }
        if (moved == 0) rest(loops, IDLE_USEC);
    }
    return NULL;
}

/* ---- jobs ---- */

/* A job's own row keeps only the code; what it was about is told here. */
static void job_tell(const struct job_ran *ran)
{
    const char *what = ran->failed ? "job failed" : "job stumbled, is tried again";
    struct str kind = str_of(ran->kind ? ran->kind : "");

    if (ran->end.code < 0) log_fault(what, ran->end, LOG(log_text("kind", kind)));
    if (ran->end.code > 0 && ran->failed)
        log_event(LOG_WARN, what, LOG(log_text("kind", kind), log_int("code", ran->end.code)));
}

static void *jobs_loop(void *arg)
{
    struct loops *loops = arg;
    struct app *app = loops->config.app;

    while (!loops->stop) {
        struct job_ran ran;
        struct err err =
            jobs_run_one(loops->jobs, clock_now(&app->clock), JOB_BUDGET_USEC, &loops->stop, &ran);
        job_tell(&ran);
        if (err.code != 0) log_fault("job", err, LOG_NONE);
        if (!ran.kind || err.code != 0) rest(loops, TICK_USEC);
    }
    return NULL;
}

struct err loops_open(const struct loops_config *config, struct loops **out)
{
    void *(*const runs[])(void *) = { tick, deliver, jobs_loop };
    struct loops *loops = calloc(1, sizeof *loops);

    if (!loops) return fault(FAULT_MEMORY, "loops");
    loops->config = *config;
    loops->sms = (struct sms_carrier){ .registry = config->registry,
                                       .ids = config->app->ids,
                                       .courier = config->courier,
                                       .secret = config->sms_secret,
                                       .clock = config->app->clock };
    loops->sender =
        (struct notice_sender){ .store = config->app->store, .carrier = sms_carrier(&loops->sms) };
    *out = loops;
    TRY(sweeps_open(config, &loops->sweeps));
    TRY(jobs_open(config->app->store, sweeps_kinds(loops->sweeps), SWEEPS_N,
                  store_new_id(config->app->store), &loops->jobs));
    config->app->jobs = loops->jobs;
    for (size_t i = 0; i < LEN(runs); i++) {
        if (pthread_create(&loops->threads[i], NULL, runs[i], loops) != 0) {
            return fault(FAULT_MEMORY, "loops: thread");
        }
        loops->threads_n++;
    }
    return OK;
}

void loops_close(struct loops *loops)
{
    if (!loops) return;
    loops->stop = true;
    for (int i = 0; i < loops->threads_n; i++) {
        pthread_join(loops->threads[i], NULL);
    }
    jobs_close(loops->jobs);
    sweeps_close(loops->sweeps);
    free(loops);
}
