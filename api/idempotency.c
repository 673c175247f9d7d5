/* api/idempotency.c - the Idempotency-Key of a request, and that one key is worked on once at a
 * time.
 *
 * store/ keeps key, body hash and result in the transaction of the act. What is kept here is only
 * which keys are in work now, so that a second request does not wait behind the first but hears
 * 409. */
#include <pthread.h>
#include <stdlib.h>

#include "api/frame.h"
#include "crypto/crypto.h"

enum { RUNNING_MAX = 1024 }; /* more than there are workers */

static struct {
    pthread_mutex_t lock;
    struct {
        int64_t actor;
        uint8_t key_hash[16]; /* zeros: free */
    } rows[RUNNING_MAX];
    int n; /* rows [0, n) may be used */
} running = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Keys whose act was done, and what was asked, so that another body under the same key is refused
 * also when it is about another thing: the store keeps keys with the root of the act, and sees only
 * repeats about the same one. A place is chosen by the key; a newer key takes it. */
enum { DONE_ROWS = 65536 };
struct once_memory {
    pthread_mutex_t lock;
    struct {
        int64_t actor;
        uint8_t key_hash[16], body_hash[16];
    } rows[DONE_ROWS];
};

RESULT once_memory_open(struct once_memory **out)
{
    struct once_memory *done = calloc(1, sizeof *done);

    if (!done) return fault(FAULT_MEMORY, "idempotency keys");
    pthread_mutex_init(&done->lock, NULL);
    *out = done;
    return OK;
}

void once_memory_close(struct once_memory *done)
{
    if (!done) return;
    pthread_mutex_destroy(&done->lock);
    free(done);
}

static void key_hash(const struct once *once, uint8_t out[16])
{
    uint8_t hash[32];

    sm3(str_bytes(once->key), hash);
    memcpy(out, hash, 16);
    out[0] |= 1; /* never all zeros */
}

static bool run(const struct once *once)
{
    static const uint8_t FREE[16];
    uint8_t hash[16];
    int to = -1;
    bool ok = true;

    key_hash(once, hash);
    pthread_mutex_lock(&running.lock);
    for (int i = 0; i < running.n && ok; i++) {
        if (memcmp(running.rows[i].key_hash, FREE, 16) == 0) {
            to = i;
        } else if (running.rows[i].actor == once->actor &&
                   memcmp(running.rows[i].key_hash, hash, 16) == 0) {
            ok = false;
        }
    }
    if (ok && to < 0 && running.n < RUNNING_MAX) to = running.n++;
    if (ok && to >= 0) {
        running.rows[to].actor = once->actor;
        memcpy(running.rows[to].key_hash, hash, 16);
    }
    pthread_mutex_unlock(&running.lock);
    return ok; /* a full table lets it pass: the store still does it once */
}

static size_t done_row(const uint8_t hash[16], int64_t actor)
{
    uint32_t mixed = (uint32_t)hash[1] << 8 | hash[2];

    return (mixed ^ (uint32_t)actor) % DONE_ROWS;
}

static void done_keep(struct once_memory *done, const struct once *once, const uint8_t hash[16])
{
    size_t row = done_row(hash, once->actor);

    pthread_mutex_lock(&done->lock);
    done->rows[row].actor = once->actor;
    memcpy(done->rows[row].key_hash, hash, 16);
    memcpy(done->rows[row].body_hash, once->body_hash, 16);
    pthread_mutex_unlock(&done->lock);
}

static bool done_differently(struct once_memory *done, const struct once *once)
{
    uint8_t hash[16];
    size_t row;
    bool differs;

    key_hash(once, hash);
    row = done_row(hash, once->actor);
    pthread_mutex_lock(&done->lock);
    differs = done->rows[row].actor == once->actor &&
              memcmp(done->rows[row].key_hash, hash, 16) == 0 &&
              memcmp(done->rows[row].body_hash, once->body_hash, 16) != 0;
    pthread_mutex_unlock(&done->lock);
    return differs;
}

void once_done(struct app *app, const struct request *rq, bool stands)
{
    uint8_t hash[16];

    if (!rq->once) return;
    key_hash(rq->once, hash);
    if (stands && app->once) done_keep(app->once, rq->once, hash);
    pthread_mutex_lock(&running.lock);
    for (int i = 0; i < running.n; i++) {
        if (running.rows[i].actor != rq->once->actor) continue;
        if (memcmp(running.rows[i].key_hash, hash, 16) != 0) continue;
        memset(&running.rows[i], 0, sizeof running.rows[i]);
        break;
    }
    while (running.n > 0 && running.rows[running.n - 1].key_hash[0] == 0)
        running.n--;
    pthread_mutex_unlock(&running.lock);
}

/* What the store is told instead of the key: clients make keys of whatever they have at hand, also
 * of a person's number, and the store keeps keys for a month. Keyed, so that nobody can try
 * numbers. */
static struct str key_kept(struct app *app, struct arena *arena, struct str key)
{
    const struct bytes parts[] = { str_bytes(S("once")), str_bytes(key) };
    enum { HEX = 2 * 32 };
    char *room = arena_take(arena, HEX, 1);
    uint8_t mac[32];
    struct writer w;

    if (!room) return (struct str){ 0 };
    w = writer_over(room, HEX);
    hmac_sm3_parts(bytes_of(app->mac_key, 32), parts, LEN(parts), mac);
    put_hex(&w, bytes_of(mac, sizeof mac));
    return writer_str(&w);
}

struct err once_of_request(struct app *app, struct request *rq, struct str key)
{
    static const char *const METHODS[METHODS_N] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    struct once *once = NEW(rq->arena, struct once);
    bool *replayed = NEW(rq->arena, bool);
    /* what was asked: method, address and body; a form's token changes with its key, so it may stay
     */
    struct bytes parts[] = { str_bytes(S("asked ")), str_bytes(str_of(METHODS[rq->method])),
                             str_bytes(S(" ")),      str_bytes(rq->path),
                             str_bytes(S("?")),      str_bytes(rq->query),
                             str_bytes(S("\n")),     rq->body.bytes };

    REQUIRE(key.n >= 1 && key.n <= 64, API_KEY_MALFORMED);
    for (size_t i = 0; i < key.n; i++) {
        REQUIRE(key.p[i] > 0x20 && key.p[i] < 0x7F, API_KEY_MALFORMED);
    }
    if (!once || !replayed) return fault(FAULT_MEMORY, "idempotency key");
    *replayed = false;
    once->replayed = replayed;
    once->actor = rq->session ? rq->session->actor_id : 0;
    once->key = key_kept(app, rq->arena, key);
    if (once->key.n == 0) return fault(FAULT_MEMORY, "idempotency key");
    /* keyed as the key is: of a body that holds a person's number, too few are possible */
    hmac_sm3_parts(bytes_of(app->mac_key, 32), parts, LEN(parts), once->body_hash);
    REQUIRE(!app->once || !done_differently(app->once, once), STORE_ONCE_DIFFERENT);
    REQUIRE(run(once), API_KEY_RUNNING);
    rq->once = once;
    return OK;
}

void reply_replayed(struct reply *rp, bool replayed)
{
    if (replayed) reply_header(rp, "Idempotency-Replayed", S("true"));
}
