/* venues/terminal.c - gates and terminals: enrolled by number and key, signed in by assertion. */
#include "journal/journal.h"
#include "registry/person_no.h"
#include "venues/terminal_store.h"
#include "venues/venues.h"

static struct root root_of(int64_t venue_id)
{
    return (struct root){ ROOT_PLACE, venue_id };
}

static RESULT key_check(enum suite suite, const uint8_t key[POINT_SHORT], struct bytes message,
                        const uint8_t signature[SIGNATURE_BYTES], int refusal)
{
    struct bytes point = bytes_of(key, POINT_SHORT), rs = bytes_of(signature, SIGNATURE_BYTES);
    struct err err =
        suite == SUITE_SM2 ? sm2_verify(point, message, rs) : p256_verify(point, message, rs);

    if (err.code == CRYPTO_BAD_SIGNATURE || err.code == CRYPTO_BAD_PUBLIC_KEY) REFUSE(refusal);
    return err;
}

/* ---- activation numbers */

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void activation_make(const struct entropy *entropy, char out[TERMINAL_ACTIVATION_CHARS + 1])
{
    uint8_t random[TERMINAL_ACTIVATION_CHARS];

    entropy->fill(entropy->arg, random, sizeof random);
    for (int i = 0; i < TERMINAL_ACTIVATION_CHARS; i++) {
        out[i] = CROCKFORD[random[i] & 31];
    }
    out[TERMINAL_ACTIVATION_CHARS] = '\0';
}

/* 80 random bits under a hash of one pass: enough for a number that lives for two days. With the id
 * in front one table of numbers serves no two terminals. */
static void activation_hash(int64_t terminal_id, struct str activation, uint8_t out[32])
{
    uint8_t id[8];
    struct writer w = writer_over(id, sizeof id);

    put_be64(&w, (uint64_t)terminal_id);
    sm3_parts((const struct bytes[]){ writer_bytes(&w), str_bytes(activation) }, 2, out);
}

/* ---- the line that an act on a terminal leaves */

static RESULT terminal_line(struct txn *tx, enum journal_actor actor, const char *act,
                            const struct terminal_by *by, int64_t venue_id, int64_t terminal_id,
                            struct instant at)
{
    const struct journal_line line = {
        .kind = JOURNAL_STAFF_ACT,
        .actor = actor,
        .actor_id = actor == ACTOR_TERMINAL ? terminal_id : by->staff_id,
        .grade = GRADE_A,
        .provenance = by->simulated ? PROVENANCE_SIMULATOR : PROVENANCE_REAL,
        .place_id = venue_id,
        .terminal_id = terminal_id,
        .region_code = by->region_code,
        .act = str_of(act),
        .object_prefix = "trm",
        .object_id = terminal_id,
        .at = at,
    };

    return journal_append(tx, &line, NULL);
}

static enum journal_actor actor_of(const struct terminal_by *by)
{
    return by->staff_id != 0 ? ACTOR_STAFF : ACTOR_JOB;
}

/* ---- setting up */

struct add_call {
    const struct terminal_ask *ask;
    const char *activation;
    int64_t id;
};

static RESULT terminal_add(struct txn *tx, void *arg)
{
    struct add_call *call = arg;
    uint8_t hash[32];

    call->id = txn_new_id(tx);
    activation_hash(call->id, str_of(call->activation), hash);
    TRY(terminal_insert(tx, call->ask, call->id, hash));
    txn_result(tx, call->id);
    return terminal_line(tx, actor_of(&call->ask->by), "terminal_added", &call->ask->by,
                         call->ask->venue_id, call->id, call->ask->at);
}

RESULT venues_terminal_add(struct store *store, const struct once *once,
                           const struct terminal_ask *ask, const struct entropy *entropy,
                           int64_t *terminal_id, char activation[TERMINAL_ACTIVATION_CHARS + 1])
{
    struct add_call call = { .ask = ask, .activation = activation };
    bool replayed = false;

    assert(ask->name.n >= 1);
    assert(ask->name.n <= TERMINAL_NAME_MAX);
    REQUIRE(!person_no_is_citizen(ask->name, ask->at), VENUES_NAME_NUMBER);
    activation_make(entropy, activation);
    if (!once) {
        TRY(store_run(store, root_of(ask->venue_id), terminal_add, &call));
        *terminal_id = call.id;
        return OK;
    }
    TRY(store_run_once(store, root_of(ask->venue_id), once, terminal_add, &call, terminal_id,
                       &replayed));
    if (!replayed) return OK;
    /* the number is kept hashed and can't be told again: the repeat gives a new one */
    return venues_terminal_renew(store, ask->venue_id, *terminal_id, entropy, &ask->by, ask->at,
                                 activation);
}

struct renew_call {
    int64_t venue_id, terminal_id;
    uint8_t hash[32];
    const struct terminal_by *by;
    struct instant at;
};

static RESULT terminal_renew(struct txn *tx, void *arg)
{
    struct renew_call *call = arg;
    struct terminal_row row;

    TRY(terminal_load(tx, call->venue_id, call->terminal_id, &row));
    REQUIRE(row.terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    TRY(terminal_set_activation(tx, call->venue_id, call->terminal_id, call->hash,
                                instant_add(call->at, TERMINAL_ACTIVATION_LIFE_USEC)));
    return terminal_line(tx, actor_of(call->by), "terminal_activation_renewed", call->by,
                         call->venue_id, call->terminal_id, call->at);
}

RESULT venues_terminal_renew(struct store *store, int64_t venue_id, int64_t terminal_id,
                             const struct entropy *entropy, const struct terminal_by *by,
                             struct instant at, char activation[TERMINAL_ACTIVATION_CHARS + 1])
{
    struct renew_call call = {
        .venue_id = venue_id, .terminal_id = terminal_id, .by = by, .at = at
    };

    activation_make(entropy, activation);
    activation_hash(terminal_id, str_of(activation), call.hash);
    return store_run(store, root_of(venue_id), terminal_renew, &call);
}

static RESULT terminal_revoke(struct txn *tx, void *arg)
{
    struct renew_call *call = arg;
    struct terminal_row row;

    TRY(terminal_load(tx, call->venue_id, call->terminal_id, &row));
    if (row.terminal.state == TERMINAL_REVOKED) return OK;
    TRY(terminal_set_revoked(tx, call->venue_id, call->terminal_id, call->at));
    TRY(tokens_drop(tx, call->venue_id, call->terminal_id, (struct instant){ INT64_MAX }));
    return terminal_line(tx, actor_of(call->by), "terminal_revoked", call->by, call->venue_id,
                         call->terminal_id, call->at);
}

RESULT venues_terminal_revoke(struct store *store, int64_t venue_id, int64_t terminal_id,
                              const struct terminal_by *by, struct instant at)
{
    struct renew_call call = {
        .venue_id = venue_id, .terminal_id = terminal_id, .by = by, .at = at
    };

    return store_run(store, root_of(venue_id), terminal_revoke, &call);
}

/* ---- reading */

struct get_call {
    int64_t terminal_id;
    struct terminal_row row;
};

static RESULT terminal_get(struct txn *tx, void *arg)
{
    struct get_call *call = arg;

    return terminal_find(tx, call->terminal_id, &call->row);
}

RESULT venues_terminal_get(struct store *store, int64_t terminal_id, struct terminal *out)
{
    struct get_call call = { .terminal_id = terminal_id };

    TRY(store_read(store, terminal_get, &call));
    *out = call.row.terminal;
    return OK;
}

struct list_call {
    int64_t venue_id, after;
    size_t limit;
    struct terminal *terminals;
    size_t n;
};

static RESULT terminals_list(struct txn *tx, void *arg)
{
    struct list_call *call = arg;

    return terminal_list_all(tx, call->venue_id, call->after, call->limit + 1, call->terminals,
                             &call->n);
}

RESULT venues_terminals(struct store *store, int64_t venue_id, int64_t after, size_t limit,
                        struct arena *arena, struct terminal_page *out)
{
    struct list_call call = { .venue_id = venue_id, .after = after, .limit = limit };

    call.terminals = NEW_ARRAY(arena, struct terminal, limit + 1);
    if (!call.terminals) return fault(FAULT_MEMORY, "a page of %zu terminals", limit);
    TRY(store_read(store, terminals_list, &call));
    out->terminals = call.terminals;
    out->more = call.n > limit;
    out->n = out->more ? limit : call.n;
    return OK;
}

/* ---- enrolling */

struct enrol_call {
    const struct enrol_ask *ask;
    int64_t venue_id;
    uint8_t hash[32];
};

/* The number stays known after its use, so that a lost
 * answer can be asked for again with the same key. */
static RESULT enrol_in_txn(struct txn *tx, void *arg)
{
    struct enrol_call *call = arg;
    const struct enrol_ask *ask = call->ask;
    struct terminal_row row;
    bool right, used, same_key;

    TRY(terminal_load(tx, call->venue_id, ask->terminal_id, &row));
    REQUIRE(row.terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    right = row.activation_out &&
            secret_eq(bytes_of(row.activation_hash, 32), bytes_of(call->hash, 32));
    used = row.activation_ends.usec == 0;
    same_key = row.terminal.suite == ask->suite &&
               memcmp(row.terminal.public_key, ask->public_key, POINT_SHORT) == 0;
    if (right && used && same_key) return OK;
    REQUIRE(row.activation_out && !used && instant_before(ask->at, row.activation_ends),
            VENUES_ACTIVATION_OVER);
    REQUIRE(right, VENUES_ACTIVATION_WRONG);
    TRY(terminal_set_key(tx, call->venue_id, ask->terminal_id, ask->suite, ask->public_key,
                         ask->at));
    TRY(tokens_drop(tx, call->venue_id, ask->terminal_id, (struct instant){ INT64_MAX }));
    return terminal_line(tx, ACTOR_TERMINAL, "terminal_enrolled", &ask->by, call->venue_id,
                         ask->terminal_id, ask->at);
}

RESULT venues_terminal_enrol(struct store *store, const struct enrol_ask *ask)
{
    struct enrol_call call = { .ask = ask };
    struct terminal terminal;
    uint8_t message[160];
    struct writer w = writer_over(message, sizeof message);

    TRY(venues_terminal_get(store, ask->terminal_id, &terminal));
    call.venue_id = terminal.venue_id;
    put_str(&w, S("YKT enrol 1\n"));
    put_str(&w, ask->terminal_text);
    put_str(&w, S("\n"));
    put_str(&w, ask->activation);
    REQUIRE(!w.over, VENUES_KEY_PROOF);
    TRY(key_check(ask->suite, ask->public_key, writer_bytes(&w), ask->signature, VENUES_KEY_PROOF));
    activation_hash(ask->terminal_id, ask->activation, call.hash);
    return store_run(store, root_of(call.venue_id), enrol_in_txn, &call);
}

/* ---- signing in */

struct signin_call {
    const struct signin_ask *ask;
    int64_t venue_id;
    uint8_t nonce_hash[32], token_hash[32];
};

static RESULT signin_in_txn(struct txn *tx, void *arg)
{
    struct signin_call *call = arg;
    const struct signin_ask *ask = call->ask;
    struct terminal_row row;
    bool used;

    TRY(terminal_load(tx, call->venue_id, ask->terminal_id, &row));
    REQUIRE(row.terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    TRY(nonce_put(tx, call->venue_id, ask->terminal_id, call->nonce_hash, ask->at, &used));
    REQUIRE(!used, VENUES_ASSERTION_USED);
    TRY(tokens_drop(tx, call->venue_id, ask->terminal_id, ask->at));
    return token_put(tx, call->venue_id, call->token_hash, ask->terminal_id,
                     instant_add(ask->at, TERMINAL_TOKEN_USEC));
}

static RESULT assertion_check(const struct terminal *terminal, const struct signin_ask *ask)
{
    uint8_t message[512];
    struct writer w = writer_over(message, sizeof message);

    REQUIRE(ask->nonce.n >= 16 && ask->nonce.n <= 64, VENUES_ASSERTION_BAD);
    put_str(&w, S("YKT sign-in 1\n"));
    put_str(&w, ask->audience);
    put_str(&w, S("\n"));
    put_str(&w, ask->terminal_text);
    put_str(&w, S("\n"));
    put_str(&w, ask->signed_at_text);
    put_str(&w, S("\n"));
    put_str(&w, ask->nonce);
    REQUIRE(!w.over, VENUES_ASSERTION_BAD);
    return key_check(terminal->suite, terminal->public_key, writer_bytes(&w), ask->signature,
                     VENUES_ASSERTION_BAD);
}

RESULT venues_terminal_signin(struct store *store, const struct signin_ask *ask,
                              const struct entropy *entropy, char token[TERMINAL_TOKEN_CHARS + 1],
                              int64_t *clock_off_sec)
{
    struct signin_call call = { .ask = ask };
    int64_t off = ask->signed_at.usec - ask->at.usec;
    struct writer w = writer_over(token, TERMINAL_TOKEN_CHARS);
    struct terminal terminal;
    uint8_t random[TERMINAL_TOKEN_CHARS / 2];

    *clock_off_sec = off / USEC_PER_SEC;
    TRY(venues_terminal_get(store, ask->terminal_id, &terminal));
    REQUIRE(terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    REQUIRE(terminal.state == TERMINAL_ACTIVE, VENUES_NOT_ENROLLED);
    TRY(assertion_check(&terminal, ask));
    REQUIRE(off <= ASSERTION_OFF_USEC && off >= -ASSERTION_OFF_USEC, VENUES_ASSERTION_TIME);
    call.venue_id = terminal.venue_id;
    entropy->fill(entropy->arg, random, sizeof random);
    put_hex(&w, bytes_of(random, sizeof random));
    token[TERMINAL_TOKEN_CHARS] = '\0';
    sm3(bytes_of(token, TERMINAL_TOKEN_CHARS), call.token_hash);
    sm3(str_bytes(ask->nonce), call.nonce_hash);
    return store_run(store, root_of(call.venue_id), signin_in_txn, &call);
}

struct token_call {
    uint8_t hash[32];
    struct instant at;
    struct terminal_row row;
};

static RESULT token_read(struct txn *tx, void *arg)
{
    struct token_call *call = arg;
    int64_t terminal_id;
    bool found;

    TRY(token_find(tx, call->hash, call->at, &terminal_id, &found));
    REQUIRE(found, VENUES_TOKEN_UNKNOWN);
    TRY(terminal_find(tx, terminal_id, &call->row));
    REQUIRE(call->row.terminal.state == TERMINAL_ACTIVE, VENUES_TOKEN_UNKNOWN);
    return OK;
}

RESULT venues_terminal_of_token(struct store *store, struct str token, struct instant at,
                                struct terminal *out)
{
    struct token_call call = { .at = at };

    REQUIRE(token.n == TERMINAL_TOKEN_CHARS, VENUES_TOKEN_UNKNOWN);
    sm3(str_bytes(token), call.hash);
    TRY(store_read(store, token_read, &call));
    *out = call.row.terminal;
    return OK;
}

/* ---- heartbeats and uploads */

static RESULT beat_in_txn(struct txn *tx, void *arg)
{
    const struct heartbeat *beat = *(const struct heartbeat **)arg;
    struct terminal_row row;

    TRY(terminal_load(tx, beat->venue_id, beat->terminal_id, &row));
    REQUIRE(row.terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    REQUIRE(row.terminal.state == TERMINAL_ACTIVE, VENUES_NOT_ENROLLED);
    TRY(terminal_set_beat(tx, beat));
    if (beat->list_made_at.usec == 0 || beat->list_position == 0) return OK;
    return obeyed_put(tx, beat);
}

RESULT venues_heartbeat(struct store *store, const struct heartbeat *beat)
{
    struct feed_status status;

    TRY(feed_status(store, FEED_CARD, &status));
    if (beat->list_position != 0)
        REQUIRE(beat->list_incarnation == status.incarnation &&
                    beat->list_position <= status.head_position,
                VENUES_LIST_UNKNOWN);
    return store_run(store, root_of(beat->venue_id), beat_in_txn, &beat);
}

RESULT upload_signature_check(const struct terminal *terminal, const struct upload_ask *ask)
{
    uint8_t digest[HASH_BYTES], message[128];
    struct writer w = writer_over(message, sizeof message);

    sm3(ask->body, digest);
    put_str(&w, S("YKT upload 1\n"));
    put_int(&w, ask->batch_no);
    put_str(&w, S("\n"));
    put_hex(&w, bytes_of(digest, sizeof digest));
    return key_check(terminal->suite, terminal->public_key, writer_bytes(&w), ask->signature,
                     VENUES_UPLOAD_SIGNATURE);
}
