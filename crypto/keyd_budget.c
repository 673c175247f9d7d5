/* crypto/keyd_budget.c - how much may be opened, by whom it was allowed, and the memory of both.
 * The log is that memory: a line is on the medium before an answer leaves, and a start counts the
 * lines of today and yesterday. So a crash gives nothing back. */
#include "crypto/keyd_core.h"

static const uint8_t TICKET_MAGIC[8] = { 'Y', 'K', 'T', 'T', 'I', 'C', 'K', '1' };

const struct keyd_budget KEYD_BUDGETS[KEYD_USES] = {
    [KEYD_USE_HOLDER] = { 200, 500000 },   /* a city's holders looking at their own data */
    [KEYD_USE_COUNTER] = { 200, 100000 },  /* some 300 windows */
    [KEYD_USE_NOTICE] = { 500, 2000000 },  /* a message a resident a day at most */
    [KEYD_USE_DISCLOSE] = { 100, 300000 }, /* consented answers */
    [KEYD_USE_PAY] = { 2000, 1000000 },    /* bank files come in bursts */
    [KEYD_USE_BULK] = { 5000, 5000000 },   /* beside its ticket */
    [KEYD_USE_LOOKUP] = { 10, 20000 },     /* searches by name */
    [KEYD_USE_NAME_TAG] = { 500, 1000000 },
    [KEYD_USE_TOTP] = { 50, 100000 }, /* sign-ins of staff */
};

/* One actor gets this part of a use, and no less than the floors: several fields are opened at
 * once.
 */
static const struct {
    int64_t second, day; /* 0: no bound */
} SHARES[KEYD_USES] = {
    [KEYD_USE_HOLDER] = { 20, 250 }, /* of 200 and 500,000: 10 a second, 2,000 a day */
    [KEYD_USE_COUNTER] = { 8, 10 },  /* 25 (a page opens four) and 10,000: a window all day long */
    [KEYD_USE_LOOKUP] = { 2, 10 },   /* 5 and 2,000 */
    [KEYD_USE_TOTP] = { 10, 50 },    /* 5 and 2,000 */
};
enum { SHARE_SECOND_LEAST = 5, SHARE_DAY_LEAST = 100 };

struct keyd_budget keyd_actor_share(enum keyd_use use, struct keyd_budget budget)
{
    struct keyd_budget share;

    if (SHARES[use].second == 0) return (struct keyd_budget){ 0 };
    share.per_second = budget.per_second / SHARES[use].second;
    share.per_day = budget.per_day / SHARES[use].day;
    if (share.per_second < SHARE_SECOND_LEAST) share.per_second = SHARE_SECOND_LEAST;
    if (share.per_day < SHARE_DAY_LEAST) share.per_day = SHARE_DAY_LEAST;
    return share;
}

const struct keyd_budget KEYD_SIGN_BUDGETS[KEYD_SIGN_PURPOSES] = {
    [KEYD_SIGN_FEED_BLOCK] = { 2000, 5000000 }, /* a block a second and feed; an import many */
    [KEYD_SIGN_CODE_BUNDLE] = { 500, 5000000 }, /* a phone's day, some renewed */
    [KEYD_SIGN_STOP_LIST] = { 50, 500000 },     /* a list a minute and reader's position */
    [KEYD_SIGN_RECEIPT] = { 500, 2000000 },     /* papers and receipts */
    [KEYD_SIGN_WEBHOOK] = { 1000, 10000000 },   /* messages, tried again */
    [KEYD_SIGN_ANSWER] = { 500, 2000000 },
};

static struct budget_state *state_now(struct budget_state *state, struct instant at)
{
    int64_t second = at.usec / USEC_PER_SEC, day = day_of(at).number;

    if (second > state->second) {
        state->second = second;
        state->second_used = 0;
    }
    if (day > state->day) {
        state->day = day;
        state->day_used = 0;
    }
    return state;
}

static void count(struct budget_state *state, int64_t n)
{
    state->second_used += n;
    state->day_used += n;
}

static struct budget_state *state_at(struct keyd_core *core, enum keyd_use use, struct instant at)
{
    return state_now(&core->used[use], at);
}

/* What the actor took of the use; NULL where nobody's share is bounded. Whoever finds no place
 * takes over the place and the count of the one who took least today: so no count is ever lost, and
 * none is too high by more than the day's budget / ACTORS_MAX. */
static struct budget_state *actor_at(struct keyd_core *core, enum keyd_use use, int64_t actor_id,
                                     struct instant at)
{
    struct actor_state *actors = core->actors[use], *least = &actors[0];

    if (core->actor_budgets[use].per_second == 0) return NULL;
    for (size_t i = 0; i < ACTORS_MAX; i++) {
        struct budget_state *used = state_now(&actors[i].used, at);
        if (actors[i].actor_id == actor_id) return used;
        if (used->day_used < least->used.day_used) least = &actors[i];
    }
    least->actor_id = actor_id;
    return &least->used;
}

static struct ticket_state *ticket_state(struct keyd_core *core, const uint8_t id[16],
                                         struct instant at)
{
    struct ticket_state *free_one = NULL;

    for (size_t i = 0; i < TICKETS_MAX; i++) {
        struct ticket_state *ticket = &core->tickets[i];
        if (ticket->until_usec != 0 && memcmp(ticket->id, id, 16) == 0) return ticket;
        if (ticket->until_usec < at.usec) free_one = ticket;
    }
    if (free_one) {
        *free_one = (struct ticket_state){ .until_usec = at.usec + TICKET_USEC_MAX };
        memcpy(free_one->id, id, 16);
    }
    return free_one;
}

void budget_replay(void *arg, struct instant at, struct str kind, struct str fields)
{
    struct keyd_core *core = arg;
    int64_t use, n, actor_id;
    struct budget_state *actor;
    uint8_t id[16];

    if (str_eq(kind, S("sign"))) {
        if (str_int(log_field(fields, "purpose"), 1, KEYD_SIGN_PURPOSES - 1, &n))
            state_now(&core->signed_of[n], at)->day_used++;
        return;
    }
    if (!str_int(log_field(fields, "use"), 1, KEYD_USES - 1, &use)) return;
    if (!str_int(log_field(fields, "n"), 1, INT32_MAX, &n)) return;
    struct budget_state *state = state_at(core, (enum keyd_use)use, at);
    count(state, n);
    actor = str_int(log_field(fields, "actor"), 1, INT64_MAX, &actor_id)
                ? actor_at(core, (enum keyd_use)use, actor_id, at)
                : NULL;
    if (actor) count(actor, n);
    if (!hex_parse(log_field(fields, "ticket"), id, sizeof id)) return;
    struct ticket_state *ticket = ticket_state(core, id, at);
    if (ticket) ticket->used += n;
}

static RESULT room_for(const struct budget_state *used, const struct keyd_budget *limit, int64_t n)
{
    REQUIRE(used->second_used + n <= limit->per_second, KEYD_BUDGET_SECOND);
    REQUIRE(used->day_used + n <= limit->per_day, KEYD_BUDGET_DAY);
    return OK;
}

static RESULT take_locked(struct keyd_core *core, const struct budget_ask *ask, struct str text,
                          uint64_t *mark)
{
    struct instant at = keyd_log_time(core->log, clock_now(&core->clock));
    const struct ticket *ticket = ask->ticket;
    struct budget_state *state = state_at(core, ask->use, at);
    struct budget_state *actor = actor_at(core, ask->use, ask->actor_id, at);
    int64_t n = ask->n;
    struct ticket_state *spent = NULL;

    if (ticket) {
        REQUIRE(!instant_before(at, ticket->valid_from), KEYD_TICKET_EXPIRED);
        REQUIRE(instant_before(at, ticket->valid_to), KEYD_TICKET_EXPIRED);
        spent = ticket_state(core, ticket->id, at);
        REQUIRE(spent && spent->used + n <= ticket->items, KEYD_TICKET_USED_UP);
    }
    TRY(room_for(state, &core->budgets[ask->use], n));
    if (actor) TRY(room_for(actor, &core->actor_budgets[ask->use], n));
    /* counted before it is written: a line that fails half way may be there after all */
    count(state, n);
    if (actor) count(actor, n);
    if (spent) spent->used += n;
    return keyd_log_append(core->log, at, text, mark);
}

RESULT budget_take(struct keyd_core *core, const struct budget_ask *ask, struct str text,
                   uint64_t *mark)
{
    pthread_mutex_lock(&core->lock);
    struct err err = take_locked(core, ask, text, mark);
    pthread_mutex_unlock(&core->lock);
    return err;
}

/* A line and a sync for each tag would make the check of a name as dear as an opening; so a block
 * is logged at once and handed out from memory. A crash loses the rest of it, never gains. */
static RESULT tag_locked(struct keyd_core *core, uint64_t *mark)
{
    struct instant at = keyd_log_time(core->log, clock_now(&core->clock));
    const struct keyd_budget *limit = &core->budgets[KEYD_USE_NAME_TAG];
    struct budget_state *state = state_at(core, KEYD_USE_NAME_TAG, at);
    char text[64];
    struct writer w = writer_over(text, sizeof text);
    int64_t block = TAGS_BLOCK;

    *mark = 0;
    if (core->tags_day != state->day) core->tags_left = 0;
    core->tags_day = state->day;
    REQUIRE(state->second_used + 1 <= limit->per_second, KEYD_BUDGET_SECOND);
    if (core->tags_left == 0) {
        if (block > limit->per_day - state->day_used) block = limit->per_day - state->day_used;
        REQUIRE(block > 0, KEYD_BUDGET_DAY);
        put_format(&w, "tags use=%d n=%" PRId64, KEYD_USE_NAME_TAG, block);
        state->day_used += block;
        TRY(keyd_log_append(core->log, at, writer_str(&w), mark));
        core->tags_left = block;
    }
    core->tags_left--;
    state->second_used++;
    return OK;
}

RESULT budget_take_tag(struct keyd_core *core, uint64_t *mark)
{
    pthread_mutex_lock(&core->lock);
    struct err err = tag_locked(core, mark);
    pthread_mutex_unlock(&core->lock);
    return err;
}

static RESULT sign_locked(struct keyd_core *core, enum keyd_sign_purpose purpose, struct str text)
{
    struct instant at = keyd_log_time(core->log, clock_now(&core->clock));
    const struct keyd_budget *limit = &core->sign_budgets[purpose];
    struct budget_state *state = state_now(&core->signed_of[purpose], at);

    REQUIRE(state->second_used < limit->per_second, KEYD_BUDGET_SECOND);
    REQUIRE(state->day_used < limit->per_day, KEYD_BUDGET_DAY);
    state->second_used++;
    state->day_used++;
    return keyd_log_append(core->log, at, text, NULL);
}

RESULT budget_take_sign(struct keyd_core *core, enum keyd_sign_purpose purpose, struct str text)
{
    pthread_mutex_lock(&core->lock);
    struct err err = sign_locked(core, purpose, text);
    pthread_mutex_unlock(&core->lock);
    return err;
}

static struct keyd_used used_of(const struct budget_state *state, const struct keyd_budget *limit)
{
    return (struct keyd_used){ .second_used = state->second_used,
                               .second_max = limit->per_second,
                               .day_used = state->day_used,
                               .day_max = limit->per_day };
}

void budget_read(struct keyd_core *core, struct keyd_status *out)
{
    pthread_mutex_lock(&core->lock);
    out->now = keyd_log_time(core->log, clock_now(&core->clock));
    for (int use = 1; use < KEYD_USES; use++) {
        out->budgets[use] =
            used_of(state_at(core, (enum keyd_use)use, out->now), &core->budgets[use]);
    }
    for (int purpose = 1; purpose < KEYD_SIGN_PURPOSES; purpose++) {
        out->signing[purpose] =
            used_of(state_now(&core->signed_of[purpose], out->now), &core->sign_budgets[purpose]);
    }
    pthread_mutex_unlock(&core->lock);
}

/* ---- tickets ---- */

void ticket_body(const struct ticket *ticket, uint8_t out[TICKET_BODY_BYTES])
{
    struct writer w = writer_over(out, TICKET_BODY_BYTES);

    put_bytes(&w, bytes_of(TICKET_MAGIC, sizeof TICKET_MAGIC));
    put_bytes(&w, bytes_of(ticket->id, sizeof ticket->id));
    put_u8(&w, KEYD_USE_BULK);
    put_be64(&w, (uint64_t)ticket->items);
    put_be64(&w, (uint64_t)ticket->valid_from.usec);
    put_be64(&w, (uint64_t)ticket->valid_to.usec);
    put_bytes(&w, bytes_of(ticket->reason, sizeof ticket->reason));
    assert(w.n == TICKET_BODY_BYTES);
}

void ticket_write(const struct ticket *ticket, const struct signature officers[2],
                  uint8_t out[TICKET_BYTES])
{
    struct writer w = writer_over(out, TICKET_BYTES);
    uint8_t body[TICKET_BODY_BYTES];

    ticket_body(ticket, body);
    put_bytes(&w, bytes_of(body, sizeof body));
    for (int i = 0; i < 2; i++) {
        put_bytes(&w, bytes_of(officers[i].kid, KID_BYTES));
        put_bytes(&w, bytes_of(officers[i].rs, SIGNATURE_BYTES));
    }
    assert(w.n == TICKET_BYTES);
}

static const struct officer *officer_find(const struct keyring *ring, struct bytes kid)
{
    for (size_t i = 0; i < ring->officers_n; i++) {
        if (bytes_eq(bytes_of(ring->officers[i].kid, KID_BYTES), kid)) return &ring->officers[i];
    }
    return NULL;
}

RESULT ticket_check(struct keyd_core *core, struct bytes bytes, struct ticket *out)
{
    struct cursor c = cursor_over(bytes);
    struct bytes body = take_bytes(&c, TICKET_BODY_BYTES);
    struct cursor b = cursor_over(body);
    struct bytes magic = take_bytes(&b, sizeof TICKET_MAGIC), id = take_bytes(&b, 16), reason;
    uint8_t use = take_u8(&b);
    const struct officer *signers[2];

    out->items = (int64_t)take_be64(&b);
    out->valid_from.usec = (int64_t)take_be64(&b);
    out->valid_to.usec = (int64_t)take_be64(&b);
    reason = take_bytes(&b, HASH_BYTES);
    TRY(cursor_end(&b, KEYD_TICKET_BAD));
    REQUIRE(bytes_eq(magic, bytes_of(TICKET_MAGIC, sizeof TICKET_MAGIC)), KEYD_TICKET_BAD);
    REQUIRE(use == KEYD_USE_BULK && out->items > 0, KEYD_TICKET_BAD);
    memcpy(out->id, id.p, id.n);
    memcpy(out->reason, reason.p, reason.n);
    for (int i = 0; i < 2; i++) {
        struct bytes kid = take_bytes(&c, KID_BYTES), rs = take_bytes(&c, SIGNATURE_BYTES);
        REQUIRE(!c.over, KEYD_TICKET_BAD);
        signers[i] = officer_find(core->ring, kid);
        REQUIRE(signers[i] != NULL, KEYD_TICKET_BAD);
        REQUIRE(verify_key_check(signers[i]->verify, body, rs.p).code == 0, KEYD_TICKET_BAD);
    }
    TRY(cursor_end(&c, KEYD_TICKET_BAD));
    /* two keys of one person are one person */
    REQUIRE(signers[0] != signers[1] && strcmp(signers[0]->name, signers[1]->name) != 0,
            KEYD_TICKET_BAD);
    REQUIRE(out->valid_from.usec >= 0 && out->valid_to.usec > out->valid_from.usec &&
                out->valid_to.usec - out->valid_from.usec <= TICKET_USEC_MAX,
            KEYD_TICKET_EXPIRED);
    return OK;
}
