/* crypto/keyd_answer.c - one request in, one answer out. Every field is checked here; what passes
 * is a purpose with its parts. */
#include "crypto/keyd_core.h"

#include <stdio.h>

struct ask_use { /* who opens, and why */
    enum keyd_use use;
    int64_t session_id, actor_id;
    struct bytes ticket;
};
struct ask_items {
    size_t n;
    struct field_place places[FIELD_ITEMS_MAX];
    struct bytes in[FIELD_ITEMS_MAX];
};

static RESULT blind_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    uint64_t mark;
    const struct ring_key *key;

    TRY(cursor_end(c, KEYD_MALFORMED));
    /* the first version until the registry moves its hashes over (crypto/keys.h, keys_rotate) */
    key = keyring_find(core->ring, KEYS_BLIND, (enum suite)0, 1);
    REQUIRE(key != NULL, KEYD_KEY_UNKNOWN);
    REQUIRE(key->row.state != KEY_DESTROYED, KEYD_KEY_DESTROYED);
    pthread_mutex_lock(&core->lock);
    struct err err = keyd_log_append(core->log, keyd_log_time(core->log, clock_now(&core->clock)),
                                     S("lend key=blind"), &mark);
    pthread_mutex_unlock(&core->lock);
    TRY(err);
    TRY(keyd_log_sync(core->log, mark));
    put_be32(w, key->row.version);
    put_bytes(w, secret_bytes(&key->value));
    return OK;
}

/* Names go into the log as they are, so they may hold nothing but what a column's name may. */
static bool name_ok(struct str name)
{
    if (name.n < 1 || name.n > FIELD_NAME_MAX) return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

static RESULT take_items(struct cursor *c, size_t value_max, struct ask_items *out)
{
    out->n = take_be16(c);
    REQUIRE(!c->over, KEYD_MALFORMED);
    REQUIRE(out->n <= FIELD_ITEMS_MAX, KEYD_TOO_LONG);
    REQUIRE(out->n >= 1, KEYD_MALFORMED);
    for (size_t i = 0; i < out->n; i++) {
        struct field_place *place = &out->places[i];
        place->table = bytes_str(take_bytes(c, take_u8(c)));
        place->column = bytes_str(take_bytes(c, take_u8(c)));
        place->row_id = (int64_t)take_be64(c);
        out->in[i] = take_bytes(c, take_be16(c));
        REQUIRE(!c->over && name_ok(place->table) && name_ok(place->column), KEYD_MALFORMED);
        REQUIRE(out->in[i].n <= value_max, KEYD_TOO_LONG);
    }
    return cursor_end(c, KEYD_MALFORMED);
}

static RESULT seal_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    struct ask_items items;
    const struct ring_key *key = keyring_find(core->ring, KEYS_FIELD, (enum suite)0, 0);
    uint8_t ivs[FIELD_ITEMS_MAX][16];

    TRY(take_items(c, FIELD_PLAIN_MAX, &items));
    REQUIRE(key != NULL, KEYD_KEY_UNKNOWN);
    pthread_mutex_lock(&core->lock); /* a seeded source is one stream */
    core->entropy.fill(core->entropy.arg, ivs, items.n * sizeof ivs[0]);
    pthread_mutex_unlock(&core->lock);
    put_be16(w, (uint16_t)items.n);
    for (size_t i = 0; i < items.n; i++) {
        size_t n = items.in[i].n + FIELD_SEAL_MORE;
        REQUIRE(w->size - w->n >= 2 + n, KEYD_TOO_LONG);
        put_be16(w, (uint16_t)n);
        field_seal(key, &items.places[i], ivs[i], items.in[i], w->p + w->n);
        w->n += n;
    }
    return OK;
}

static RESULT take_use(struct cursor *c, struct ask_use *out)
{
    uint8_t use = take_u8(c);

    out->session_id = (int64_t)take_be64(c);
    out->actor_id = (int64_t)take_be64(c);
    out->ticket = take_bytes(c, take_be16(c));
    REQUIRE(!c->over, KEYD_MALFORMED);
    REQUIRE(use >= 1 && use < KEYD_USES, KEYD_PURPOSE_UNKNOWN);
    out->use = (enum keyd_use)use;
    REQUIRE(out->session_id > 0 && out->actor_id > 0, KEYD_NO_SESSION);
    return OK;
}

/* "field-open use=2 n=3 session=1 actor=2 ticket=… what=a.b:1,2,c.d:3" */
static void open_line(const struct ask_use *use, const struct ticket *ticket,
                      const struct ask_items *items, struct writer *w)
{
    put_format(w, "field-open use=%d n=%zu session=%" PRId64 " actor=%" PRId64, (int)use->use,
               items->n, use->session_id, use->actor_id);
    if (ticket) {
        put_str(w, S(" ticket="));
        put_hex(w, bytes_of(ticket->id, sizeof ticket->id));
    }
    put_str(w, S(" what="));
    for (size_t i = 0; i < items->n; i++) {
        const struct field_place *place = &items->places[i], *before = place - (i > 0);
        if (i > 0) put_char(w, ',');
        if (i == 0 || !str_eq(place->table, before->table) ||
            !str_eq(place->column, before->column)) {
            put_str(w, place->table);
            put_char(w, '.');
            put_str(w, place->column);
            put_char(w, ':');
        }
        put_int(w, place->row_id);
    }
}

static RESULT open_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    static _Thread_local char text[LOG_TEXT_MAX];
    struct writer line = writer_over(text, sizeof text);
    struct ask_use use;
    struct ask_items items;
    struct ticket ticket;
    uint64_t mark;
    bool bulk;

    TRY(take_use(c, &use));
    bulk = use.use == KEYD_USE_BULK;
    TRY(take_items(c, FIELD_SEALED_MAX, &items));
    REQUIRE(use.use != KEYD_USE_LOOKUP && use.use != KEYD_USE_NAME_TAG, KEYD_PURPOSE_UNKNOWN);
    REQUIRE(!bulk || use.ticket.n > 0, KEYD_TICKET_NEEDED);
    if (bulk) TRY(ticket_check(core, use.ticket, &ticket));
    open_line(&use, bulk ? &ticket : NULL, &items, &line);
    assert(!line.over);
    TRY(budget_take(
        core,
        &(struct budget_ask){ use.use, use.actor_id, (int64_t)items.n, bulk ? &ticket : NULL },
        writer_str(&line), &mark));
    /* on the medium before anything leaves: who crashes us now has spent it */
    TRY(keyd_log_sync(core->log, mark));
    put_be16(w, (uint16_t)items.n);
    for (size_t i = 0; i < items.n; i++) {
        REQUIRE(items.in[i].n >= FIELD_SEAL_MORE, KEYD_SEAL_BROKEN);
        size_t n = items.in[i].n - FIELD_SEAL_MORE;
        REQUIRE(w->size - w->n >= 2 + n, KEYD_TOO_LONG);
        put_be16(w, (uint16_t)n);
        TRY(field_open(core->ring, &items.places[i], items.in[i], w->p + w->n));
        w->n += n;
    }
    return OK;
}

static RESULT name_tag(struct keyd_core *core, int64_t person_id, struct bytes name,
                       uint8_t out[NAME_TAG_BYTES])
{
    const struct ring_key *key = keyring_find(core->ring, KEYS_NAME_TAG, (enum suite)0, 1);
    uint8_t id[8];
    struct writer w = writer_over(id, sizeof id);

    REQUIRE(key != NULL, KEYD_KEY_UNKNOWN);
    REQUIRE(key->row.state != KEY_DESTROYED, KEYD_KEY_DESTROYED);
    put_be64(&w, (uint64_t)person_id);
    const struct bytes parts[] = { bytes_of(id, sizeof id), name };
    hmac_sm3_parts(secret_bytes(&key->value), parts, LEN(parts), out);
    return OK;
}

static RESULT tag_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    int64_t person_id = (int64_t)take_be64(c);
    struct bytes name = take_bytes(c, take_be16(c));
    uint8_t tag[NAME_TAG_BYTES];
    uint64_t mark;

    TRY(cursor_end(c, KEYD_MALFORMED));
    REQUIRE(name.n >= 1 && person_id > 0, KEYD_MALFORMED);
    REQUIRE(name.n <= NAME_MAX_BYTES, KEYD_TOO_LONG);
    TRY(budget_take_tag(core, &mark));
    TRY(keyd_log_sync(core->log, mark));
    TRY(name_tag(core, person_id, name, tag));
    put_bytes(w, bytes_of(tag, sizeof tag));
    return OK;
}

static RESULT lookup_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    char text[128];
    struct writer line = writer_over(text, sizeof text);
    struct ask_use use;
    struct bytes name, candidates;
    struct cursor each;
    size_t n;
    uint64_t mark;

    TRY(take_use(c, &use));
    name = take_bytes(c, take_be16(c));
    n = take_be16(c);
    candidates = take_bytes(c, n * (8 + NAME_TAG_BYTES));
    TRY(cursor_end(c, KEYD_MALFORMED));
    REQUIRE(n >= 1 && name.n >= 1, KEYD_MALFORMED);
    REQUIRE(use.use == KEYD_USE_LOOKUP, KEYD_PURPOSE_UNKNOWN);
    REQUIRE(n <= LOOKUP_MAX && name.n <= NAME_MAX_BYTES, KEYD_TOO_LONG);
    put_format(&line, "lookup use=%d n=1 session=%" PRId64 " actor=%" PRId64 " among=%zu",
               (int)use.use, use.session_id, use.actor_id, n);
    TRY(budget_take(core, &(struct budget_ask){ use.use, use.actor_id, 1, NULL }, writer_str(&line),
                    &mark));
    TRY(keyd_log_sync(core->log, mark));
    put_be16(w, (uint16_t)n);
    each = cursor_over(candidates);
    for (size_t i = 0; i < n; i++) {
        uint8_t tag[NAME_TAG_BYTES];
        int64_t person_id = (int64_t)take_be64(&each);
        struct bytes had = take_bytes(&each, NAME_TAG_BYTES);
        TRY(name_tag(core, person_id, name, tag));
        put_u8(w, secret_eq(had, bytes_of(tag, sizeof tag)) ? 1 : 0);
    }
    return OK;
}

static RESULT sign_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    uint8_t purpose = take_u8(c), suite = take_u8(c), rs[SIGNATURE_BYTES], digest[HASH_BYTES];
    struct bytes what = take_bytes(c, take_be32(c));
    const struct ring_key *key;
    char text[160];
    struct writer line = writer_over(text, sizeof text);
    struct instant at;

    TRY(cursor_end(c, KEYD_MALFORMED));
    REQUIRE(purpose >= 1 && purpose < KEYD_SIGN_PURPOSES && purpose != KEYD_SIGN_LOG,
            KEYD_PURPOSE_UNKNOWN);
    REQUIRE(suite <= SUITE_P256, KEYD_KEY_UNKNOWN);
    REQUIRE(what.n <= SIGN_WHAT_MAX, KEYD_TOO_LONG);
    /* the policy: outgoing calls are checked by everyone's libraries, all else is ours to check */
    if (suite == 0) suite = purpose == KEYD_SIGN_WEBHOOK ? SUITE_P256 : SUITE_SM2;
    at = keyd_log_time(core->log, clock_now(&core->clock));
    key = keyring_signer(core->ring, KEYS_SIGN + purpose, (enum suite)suite, at);
    REQUIRE(key != NULL, KEYD_KEY_UNKNOWN);
    sm3(what, digest);
    put_format(&line, "sign purpose=%d kid=", (int)purpose);
    put_hex(&line, bytes_of(key->row.kid, KID_BYTES));
    put_str(&line, S(" sm3="));
    put_hex(&line, bytes_of(digest, sizeof digest));
    TRY(budget_take_sign(core, (enum keyd_sign_purpose)purpose, writer_str(&line)));
    TRY(sign_key_sign(key->sign, what, rs));
    put_u8(w, suite);
    put_bytes(w, bytes_of(key->row.kid, KID_BYTES));
    put_bytes(w, bytes_of(rs, sizeof rs));
    put_u8(w, key->row.test ? 1 : 0);
    return OK;
}

static RESULT keys_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    size_t count_at = w->n, n = 0;

    TRY(cursor_end(c, KEYD_MALFORMED));
    put_be16(w, 0);
    for (size_t i = core->ring->n; i > 0 && n < PUBLIC_KEYS_MAX; i--) { /* newest first */
        const struct key_row *row = &core->ring->keys[i - 1].row;
        if (!use_is_sign(row->use)) continue;
        put_u8(w, (uint8_t)(row->use - KEYS_SIGN));
        put_u8(w, (uint8_t)row->suite);
        put_be16(w, row->version);
        put_u8(w, (uint8_t)row->state);
        put_u8(w, row->test ? 1 : 0);
        put_be64(w, (uint64_t)row->valid_from.usec);
        put_be64(w, (uint64_t)row->valid_to.usec);
        put_bytes(w, bytes_of(row->kid, KID_BYTES));
        put_bytes(w, bytes_of(row->public_key, POINT_SHORT));
        n++;
    }
    w->p[count_at] = (uint8_t)(n >> 8);
    w->p[count_at + 1] = (uint8_t)n;
    return OK;
}

static void put_used(struct writer *w, const struct keyd_used *used, int n)
{
    put_u8(w, (uint8_t)(n - 1)); /* 0 names none */
    for (int i = 1; i < n; i++) {
        put_be64(w, (uint64_t)used[i].second_used);
        put_be64(w, (uint64_t)used[i].second_max);
        put_be64(w, (uint64_t)used[i].day_used);
        put_be64(w, (uint64_t)used[i].day_max);
    }
}

static RESULT status_answer(struct keyd_core *core, struct cursor *c, struct writer *w)
{
    struct keyd_status status = { .test = core->test };

    TRY(cursor_end(c, KEYD_MALFORMED));
    budget_read(core, &status);
    keyd_log_head(core->log, &status.log_line, status.log_head);
    put_u8(w, status.test ? 1 : 0);
    put_be64(w, (uint64_t)status.now.usec);
    put_be64(w, (uint64_t)status.log_line);
    put_bytes(w, bytes_of(status.log_head, HASH_BYTES));
    put_used(w, status.budgets, KEYD_USES);
    put_used(w, status.signing, KEYD_SIGN_PURPOSES);
    return OK;
}

static RESULT dispatch(struct keyd_core *core, uint8_t version, uint8_t op, struct cursor *c,
                       struct writer *w)
{
    REQUIRE(!c->over && version == WIRE_VERSION, KEYD_MALFORMED);
    switch (op) {
    case OP_BLIND_KEY:
        return blind_answer(core, c, w);
    case OP_FIELD_SEAL:
        return seal_answer(core, c, w);
    case OP_FIELD_OPEN:
        return open_answer(core, c, w);
    case OP_NAME_TAG:
        return tag_answer(core, c, w);
    case OP_LOOKUP:
        return lookup_answer(core, c, w);
    case OP_SIGN:
        return sign_answer(core, c, w);
    case OP_PUBLIC_KEYS:
        return keys_answer(core, c, w);
    case OP_STATUS:
        return status_answer(core, c, w);
    default:
        REFUSE(KEYD_PURPOSE_UNKNOWN);
    }
}

void keyd_answer(struct keyd_core *core, struct bytes request, struct writer *answer)
{
    struct cursor c = cursor_over(request);
    uint8_t version = take_u8(&c), op = take_u8(&c);
    uint32_t id = take_be32(&c);
    size_t start = answer->n;
    struct err err;

    assert(answer->size - answer->n >= ANSWER_HEAD);
    put_u8(answer, WIRE_VERSION);
    put_u8(answer, op);
    put_be32(answer, id);
    put_be32(answer, 0);
    err = dispatch(core, version, op, &c, answer);
    if (err.code == 0 && answer->over) err.code = KEYD_TOO_LONG;
    if (err.code == 0) return;
    /* nothing of a half-made answer leaves */
    secret_wipe(answer->p + start + ANSWER_HEAD, answer->n - start - ANSWER_HEAD);
    answer->n = start + 6;
    answer->over = false;
    put_be32(answer, (uint32_t)err.code);
}
