/* api/limits.c - how often: a token bucket per account and per address, and pauses that grow with
 * wrong guesses. In memory and bounded; an address of IPv6 counts as its network of 64 bits. What
 * is kept of an address or a subject is a keyed hash. Locks that must outlive a restart are
 * registry's.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/frame.h"
#include "crypto/crypto.h"

enum { WAYS = 8, SHARDS = 16 };
enum { CHECKERS_LOG2 = 16, CHECKS_AT_ONCE_SEC = 5 };
static const int64_t PAUSE_FIRST = 2 * USEC_PER_SEC;
#define PAUSE_LONGEST USEC_PER_HOUR
#define FORGET USEC_PER_DAY /* a subject that was left alone so long begins anew */

struct bucket {
    uint64_t key;         /* 0: free */
    int64_t tokens_milli; /* thousandths of a request */
    struct instant seen, paused_until;
    int32_t wrong;
};
struct limits {
    struct bucket *buckets;
    size_t sets;
    pthread_mutex_t locks[SHARDS];
    uint8_t secret[32];
    _Atomic int passwords;                       /* workers in password code */
    _Atomic int64_t checked[1 << CHECKERS_LOG2]; /* see limits_check */
};

/* Requests a second, and how many may come at once. */
struct rate {
    int64_t a_second, at_once;
};
static const struct rate RATE_ADDRESS = { 50, 200 }; /* a household or office behind one address */
static const struct rate RATE_PERSON = { 10, 60 };
static const struct rate RATE_SYSTEM = { 200, 1000 }; /* staff's programs, terminals */
static const struct rate RATE_GUESS = { 1, 20 }; /* per address, on routes that take a secret */

struct err limits_open(size_t max, const struct entropy *entropy, struct limits **out)
{
    struct limits *limits = calloc(1, sizeof *limits);
    size_t sets = SHARDS;

    while (sets * WAYS < max)
        sets *= 2;
    if (limits) limits->buckets = calloc(sets * WAYS, sizeof *limits->buckets);
    if (!limits || !limits->buckets) {
        free(limits);
        return fault(FAULT_MEMORY, "%zu limits", max);
    }
    limits->sets = sets;
    entropy->fill(entropy->arg, limits->secret, sizeof limits->secret);
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&limits->locks[i], NULL);
    *out = limits;
    return OK;
}

void limits_close(struct limits *limits)
{
    if (!limits) return;
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&limits->locks[i]);
    free(limits->buckets);
    free(limits);
}

static uint64_t key_of(const struct limits *limits, char kind, struct str what)
{
    struct bytes parts[] = { bytes_of(&kind, 1), str_bytes(what) };
    uint8_t mac[32];
    uint64_t key;

    hmac_sm3_parts(bytes_of(limits->secret, 32), parts, LEN(parts), mac);
    memcpy(&key, mac, sizeof key);
    return key | 1;
}

static uint64_t key_of_peer(const struct limits *limits, char kind, const struct request *rq)
{
    uint8_t network[NETWORK_MAX];
    const size_t n = request_network(rq->peer, network);

    return key_of(limits, kind, bytes_str(bytes_of(network, n)));
}

static pthread_mutex_t *lock_of(struct limits *limits, uint64_t key)
{
    return &limits->locks[(key >> 1) % SHARDS];
}

/* The bucket of a key, under its lock. When a set is full, who was seen longest ago goes first, but
 * never somebody who pauses while there is another. */
static struct bucket *bucket_of(struct limits *limits, uint64_t key, struct instant at)
{
    struct bucket *set = &limits->buckets[(key >> 1 & (limits->sets - 1)) * WAYS], *to = &set[0];

    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key) return &set[i];
    }
    for (int i = 0; i < WAYS; i++) {
        bool pauses = instant_before(at, set[i].paused_until);
        bool to_pauses = instant_before(at, to->paused_until);

        if (set[i].key == 0) {
            to = &set[i];
            break;
        }
        if (pauses != to_pauses ? to_pauses : instant_before(set[i].seen, to->seen)) to = &set[i];
    }
    *to = (struct bucket){ .key = key, .tokens_milli = INT64_MAX, .seen = at };
    return to;
}

/* Take one; else the seconds to wait. */
static int64_t take(struct limits *limits, uint64_t key, struct rate rate, struct instant at)
{
    struct bucket *bucket;
    int64_t full = rate.at_once * 1000, wait = 0, passed;

    pthread_mutex_lock(lock_of(limits, key));
    bucket = bucket_of(limits, key, at);
    passed = at.usec - bucket->seen.usec;
    if (passed < 0) passed = 0;
    if (passed > USEC_PER_HOUR) passed = USEC_PER_HOUR;
    if (bucket->tokens_milli > full) bucket->tokens_milli = full;
    bucket->tokens_milli += passed * rate.a_second / 1000;
    if (bucket->tokens_milli > full) bucket->tokens_milli = full;
    bucket->seen = at;
    if (bucket->tokens_milli >= 1000) {
        bucket->tokens_milli -= 1000;
    } else {
        wait = (1000 - bucket->tokens_milli) / (rate.a_second * 1000) + 1;
    }
    pthread_mutex_unlock(lock_of(limits, key));
    return wait;
}

static struct err too_many(struct reply *rp, int64_t seconds)
{
    char text[24];
    struct writer w = writer_over(text, sizeof text);

    put_int(&w, seconds);
    reply_header(rp, "Retry-After", writer_str(&w));
    REFUSE(API_TOO_MANY);
}

struct err limits_request(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = rq->session;
    int64_t wait;

    if (!app->limits) return OK;
    if (session) {
        struct str who = bytes_str(bytes_of(&session->actor_id, sizeof session->actor_id));
        bool person = session->actor == ACTOR_HOLDER;

        wait = take(app->limits, key_of(app->limits, (char)session->actor, who),
                    person ? RATE_PERSON : RATE_SYSTEM, rq->at);
    } else {
        wait = take(app->limits, key_of_peer(app->limits, 'a', rq), RATE_ADDRESS, rq->at);
    }
    if (wait == 0 && rq->route->flags & API_GUESS && !str_eq(rq->peer, S("local"))) {
        wait = take(app->limits, key_of_peer(app->limits, 'g', rq), RATE_GUESS, rq->at);
    }
    return wait > 0 ? too_many(rp, wait) : OK;
}

struct err limits_ask(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t wait;

    if (!app->limits) return OK;
    wait = take(app->limits, key_of_peer(app->limits, 'm', rq), RATE_ADDRESS, rq->at);
    return wait > 0 ? too_many(rp, wait) : OK;
}

/* On the HTTP thread, so without a lock: a word per actor holds the instant at which all that it
 * has asked would be through at the rate; who is more than five seconds ahead of the clock waits.
 * Two of the 65,536 words' actors that fall on one share its rate. */
struct err limits_check(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = rq->session;
    const int64_t ahead = CHECKS_AT_ONCE_SEC * USEC_PER_SEC, at = rq->at.usec;
    _Atomic int64_t *word;
    int64_t through, from, each;

    if (!app->limits || !session || app->checks_a_second == 0) return OK;
    each = USEC_PER_SEC / app->checks_a_second;
    word = &app->limits->checked[((uint64_t)session->actor_id + (uint64_t)session->actor) *
                                     UINT64_C(0x9E3779B97F4A7C15) >>
                                 (64 - CHECKERS_LOG2)];
    through = atomic_load_explicit(word, memory_order_relaxed);
    do {
        from = through > at ? through : at;
        if (through - at > ahead + USEC_PER_SEC) from = at; /* the clock was set back */
        if (from - at > ahead - each)
            return too_many(rp, (from - at - (ahead - each)) / USEC_PER_SEC + 1);
    } while (!atomic_compare_exchange_weak_explicit(word, &through, from + each,
                                                    memory_order_relaxed, memory_order_relaxed));
    return OK;
}

struct err limits_password_enter(struct app *app)
{
    if (!app->limits) return OK;
    if (atomic_fetch_add(&app->limits->passwords, 1) < PASSWORDS_AT_ONCE) return OK;
    atomic_fetch_sub(&app->limits->passwords, 1);
    REFUSE(API_PASSWORDS_BUSY);
}

void limits_password_leave(struct app *app)
{
    if (app->limits) atomic_fetch_sub(&app->limits->passwords, 1);
}

struct str limits_asker(const struct request *rq, struct str what)
{
    char text[NETWORK_MAX + 32];
    struct writer w = writer_over(text, sizeof text);
    uint8_t network[NETWORK_MAX];
    const size_t n = request_network(rq->peer, network);

    put_str(&w, what);
    put_bytes(&w, bytes_of(network, n));
    return arena_str(rq->arena, writer_str(&w));
}

struct err limits_guess(struct app *app, const struct request *rq, struct reply *rp,
                        struct str subject)
{
    uint64_t key;
    struct bucket *bucket;
    int64_t left;

    if (!app->limits) return OK;
    key = key_of(app->limits, 's', subject);
    pthread_mutex_lock(lock_of(app->limits, key));
    bucket = bucket_of(app->limits, key, rq->at);
    left = bucket->paused_until.usec - rq->at.usec;
    pthread_mutex_unlock(lock_of(app->limits, key));
    return left > 0 ? too_many(rp, left / USEC_PER_SEC + 1) : OK;
}

void limits_wrong(struct app *app, const struct request *rq, struct str subject)
{
    uint64_t key;
    struct bucket *bucket;
    int64_t pause;

    if (!app->limits) return;
    key = key_of(app->limits, 's', subject);
    pthread_mutex_lock(lock_of(app->limits, key));
    bucket = bucket_of(app->limits, key, rq->at);
    if (rq->at.usec - bucket->seen.usec > FORGET) bucket->wrong = 0;
    bucket->seen = rq->at;
    bucket->wrong++;
    /* two are a slip of the finger; then 2 s, 4, 8 ... */
    pause =
        bucket->wrong <= 2 ? 0 : PAUSE_FIRST << (bucket->wrong - 3 < 11 ? bucket->wrong - 3 : 11);
    if (pause > PAUSE_LONGEST) pause = PAUSE_LONGEST;
    bucket->paused_until = instant_add(rq->at, pause);
    pthread_mutex_unlock(lock_of(app->limits, key));
}

void limits_right(struct app *app, const struct request *rq, struct str subject)
{
    uint64_t key;
    struct bucket *bucket;

    if (!app->limits) return;
    key = key_of(app->limits, 's', subject);
    pthread_mutex_lock(lock_of(app->limits, key));
    bucket = bucket_of(app->limits, key, rq->at);
    bucket->wrong = 0;
    bucket->paused_until = (struct instant){ 0 };
    pthread_mutex_unlock(lock_of(app->limits, key));
}
