/* programs/health.c - is each part there, and how old is what gates are told? */
#include "programs/health.h"

#include "crypto/keyd.h"
#include "identity/derived.h"
#include "identity/identity.h"
#include "jobs/jobs.h"
#include "programs/loops.h"
#include "store/store.h"

/* A feed that has waited this long for its seal is late; gates then obey late (design section 5).
 */
#define SEAL_LATE_USEC (5 * USEC_PER_SEC)

static enum health store_check(struct app *app, struct writer *why)
{
    struct store_health health;
    struct err err = store_health(app->store, &health);

    if (err.code == FAULT_STORE_LOST) return HEALTH_UNREACHABLE;
    if (err.code != 0) {
        put_str(why, str_of(fault_name(err.code)));
        return HEALTH_ERRORING;
    }
    if (health.version != health.newest) {
        put_format(why, "schema %d of %d", health.version, health.newest);
        return HEALTH_ERRORING;
    }
    return HEALTH_OK;
}

static enum health keyd_check(struct app *app, struct writer *why)
{
    struct keyd_status status;
    struct err err = keyd_status(app->keyd, &status);

    if (err.code == 0) return HEALTH_OK;
    put_str(why, str_of(fault_name(err.code)));
    return err.code == FAULT_KEYD ? HEALTH_UNREACHABLE : HEALTH_ERRORING;
}

static enum health feed_check(struct app *app, struct writer *why)
{
    struct feed_status status;
    struct err err = feed_status(app->store, FEED_CARD, &status);

    if (err.code != 0) {
        put_str(why, str_of(fault_name(err.code)));
        return HEALTH_ERRORING;
    }
    put_format(why, "position %" PRId64 ", oldest unsealed %" PRId64 " ms", status.head_position,
               status.oldest_unsealed_usec / 1000);
    return status.oldest_unsealed_usec > SEAL_LATE_USEC ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health derived_check(struct app *app, struct writer *why)
{
    struct derived_status derived;
    struct feed_status feed;
    struct err err = feed_status(app->store, FEED_CARD, &feed);

    derived_status(app->derived, &derived);
    put_format(why, "position %" PRId64, derived.position);
    if (err.code != 0) return HEALTH_ERRORING;
    put_format(why, " of %" PRId64, feed.head_position);
    return feed.head_position - derived.position > 10000 ? HEALTH_DEGRADED : HEALTH_OK;
}

/* Long work that ended badly within a day; its kind is in the log with the fault. */
static enum health jobs_check(struct app *app, struct writer *why)
{
    struct instant since = instant_add(clock_now(&app->clock), -USEC_PER_DAY);
    uint8_t room[4096];
    struct arena arena = arena_over(room, sizeof room);
    struct job_page failed;
    struct err err = job_list(app->store, JOB_FAILED, (struct str){ 0 }, 0, 1, &arena, &failed);

    if (err.code != 0) return HEALTH_ERRORING;
    if (failed.n == 0 || instant_before(failed.jobs[0].ended_at, since)) return HEALTH_OK;
    put_str(why, failed.jobs[0].kind);
    put_str(why, S(" failed"));
    return HEALTH_DEGRADED;
}

/* Messages that their receiver refused for good wait for somebody to look. */
static enum health messages_check(struct app *app, struct writer *why)
{
    enum health health = HEALTH_OK;

    for (size_t i = 0; i < LOOP_TOPICS_N; i++) {
        struct outbox_status topic;
        if (outbox_status(app->store, LOOP_TOPICS[i], &topic).code != 0) return HEALTH_ERRORING;
        if (topic.dead == 0) continue;
        put_format(why, "%s: %" PRId64 " dead ", LOOP_TOPICS[i], topic.dead);
        health = HEALTH_DEGRADED;
    }
    return health;
}

const struct health_check HEALTH_CHECKS[] = {
    { "store", store_check, true },     { "keyd", keyd_check, true },
    { "card_feed", feed_check, false }, { "derived", derived_check, false },
    { "jobs", jobs_check, false },      { "messages", messages_check, false },
};
const size_t HEALTH_CHECKS_N = LEN(HEALTH_CHECKS);

static void gauge(struct writer *w, const char *name, const char *help, int64_t value)
{
    put_format(w, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 "\n", name, help, name, name, value);
}

static void records_write(struct app *app, struct writer *w)
{
    struct store_health store;
    struct feed_status feed;
    struct derived_status derived;

    derived_status(app->derived, &derived);
    gauge(w, "ykt_derived_cards", "Cards in derived state.", derived.cards);
    gauge(w, "ykt_derived_position", "Last sealed card change applied.", derived.position);
    gauge(w, "ykt_checks_waiting", "Answers of grade B that are not yet lines of the journal.",
          identity_waiting(app->identity));
    if (store_health(app->store, &store).code == 0) {
        gauge(w, "ykt_store_queue", "Writes waiting for the writer.", store.queue);
        gauge(w, "ykt_store_bytes", "Size of the database.", store.bytes);
        gauge(w, "ykt_store_incarnation", "Raised by restore and failover.", store.incarnation);
    }
    if (feed_status(app->store, FEED_CARD, &feed).code == 0) {
        gauge(w, "ykt_card_feed_position", "Newest sealed card change.", feed.head_position);
        gauge(w, "ykt_card_feed_unsealed_age_usec", "Age of the oldest unsealed card change.",
              feed.oldest_unsealed_usec);
    }
    if (feed_status(app->store, FEED_JOURNAL, &feed).code == 0) {
        gauge(w, "ykt_journal_feed_position", "Newest sealed journal line.", feed.head_position);
    }
}

static void messages_write(struct app *app, struct writer *w)
{
    struct outbox_status topics[16];
    size_t n = 0;

    assert(LOOP_TOPICS_N <= LEN(topics));
    for (; n < LOOP_TOPICS_N; n++) {
        if (outbox_status(app->store, LOOP_TOPICS[n], &topics[n]).code != 0) return;
    }
    put_str(w, S("# HELP ykt_messages_waiting Messages between records not yet delivered.\n"
                 "# TYPE ykt_messages_waiting gauge\n"));
    for (size_t i = 0; i < n; i++)
        put_format(w, "ykt_messages_waiting{topic=\"%s\"} %" PRId64 "\n", LOOP_TOPICS[i],
                   topics[i].waiting);
    put_str(w, S("# HELP ykt_messages_dead Messages that their receiver refused for good.\n"
                 "# TYPE ykt_messages_dead gauge\n"));
    for (size_t i = 0; i < n; i++)
        put_format(w, "ykt_messages_dead{topic=\"%s\"} %" PRId64 "\n", LOOP_TOPICS[i],
                   topics[i].dead);
}

const struct metrics_source METRICS[] = { { records_write }, { messages_write } };
const size_t METRICS_N = LEN(METRICS);
