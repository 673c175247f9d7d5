/* identity/short.c - short typed codes: five minutes, one use, and few tries. */
#include "identity/core.h"
#include "identity/verify_store.h"

enum { KIND_SHORT = 201 }; /* of value_hash, beside the credential kinds */
#define TRIES_WAIT_USEC (15 * USEC_PER_MIN)
enum { LOCKS_MAX = 6 }; /* 15 min, 30 min … 16 h */

static void short_hash(const struct identity *identity, const char *typed, uint8_t out[32])
{
    value_hash(identity->config.blind, KIND_SHORT, bytes_of(typed, SHORT_CODE_CHARS), out);
}

/* ---- making */

struct short_call {
    const struct short_ask *ask;
    uint8_t hash[32], last[32];
    bool had_last;
};

/* Root: the holder. Which was the last one, and this is it now. */
static RESULT last_change(struct txn *tx, void *arg)
{
    struct short_call *call = arg;

    TRY(short_last(tx, call->ask->person_id, call->last, &call->had_last));
    return short_last_put(tx, call->ask->person_id, call->hash, call->ask->at, call->had_last);
}

static RESULT last_drop(struct txn *tx, void *arg)
{
    struct short_call *call = arg;

    return short_drop(tx, call->last);
}

static RESULT short_make(struct txn *tx, void *arg)
{
    struct short_call *call = arg;
    struct short_row row = { .person_id = call->ask->person_id,
                             .card_id = call->ask->card_id,
                             .strength = call->ask->strength,
                             .purpose = call->ask->purpose,
                             .ends_at = instant_add(call->ask->at, SHORT_CODE_LIFE_USEC) };

    TRY(short_drop(tx, call->hash)); /* one of long ago with the same characters */
    return short_insert(tx, call->hash, &row);
}

static struct root root_of(const uint8_t hash[32])
{
    return (struct root){ ROOT_CREDENTIAL, credential_root(hash) };
}

RESULT identity_short_issue(struct identity *identity, const struct short_ask *ask,
                            char text[SHORT_CODE_TEXT + 1])
{
    struct store *store = identity->config.store;
    struct short_call call = { .ask = ask };
    struct writer w = writer_over(text, SHORT_CODE_TEXT);
    struct code_text parsed;
    struct verdict verdict;
    struct card card;
    struct err err = registry_card_load(store, ask->person_id, ask->card_id, &card);
    uint64_t random;

    assert(ask->strength == CODE_DOOR || ask->strength == CODE_IDENTITY);
    if (err.code == REGISTRY_CARD_UNKNOWN) REFUSE(IDENTITY_CARD_UNKNOWN);
    TRY(err);
    TRY(card_judge((int)card.social, social_usable(card.social), ecard_usable(&card), true,
                   &verdict));
    identity->config.entropy.fill(identity->config.entropy.arg, &random, sizeof random);
    short_code_write(random & ((UINT64_C(1) << 40) - 1), &w);
    text[SHORT_CODE_TEXT] = '\0';
    TRY(code_text_parse(writer_str(&w), &parsed));
    short_hash(identity, parsed.of.typed, call.hash);
    /* the new one first: stopped in between, the last one lives on for its minutes */
    TRY(store_run(store, root_of(call.hash), short_make, &call));
    TRY(store_run(store, (struct root){ ROOT_PERSON, ask->person_id }, last_change, &call));
    if (call.had_last && memcmp(call.last, call.hash, 32) != 0)
        TRY(store_run(store, root_of(call.last), last_drop, &call));
    return OK;
}

/* ---- trying. A try is counted, durably, before anything is looked up; the right one takes the
 * count back. So neither parallel tries nor a cut give more than SHORT_TRIES_MAX. */

struct try_call {
    const struct verify_ask *ask;
    struct instant retry_at;
};

/* Whose tries: a terminal's, or of the staff member at none. */
static int64_t tries_of(const struct verify_ask *ask)
{
    return ask->terminal_id != 0 ? ask->terminal_id : ask->staff_id;
}

static RESULT try_count(struct txn *tx, void *arg)
{
    struct try_call *call = arg;
    struct try_row row = { 0 };
    bool found;

    TRY(try_load(tx, tries_of(call->ask), &row, &found));
    call->retry_at = row.locked_until;
    REQUIRE(!instant_before(call->ask->at, row.locked_until), IDENTITY_TRIES_OUT);
    row.wrong++;
    if (row.wrong >= SHORT_TRIES_MAX) {
        row.locked_until = instant_add(call->ask->at, TRIES_WAIT_USEC << row.locks);
        row.locks = row.locks < LOCKS_MAX ? row.locks + 1 : row.locks;
        row.wrong = 0;
    }
    return try_put(tx, tries_of(call->ask), &row, found);
}

static RESULT try_right(struct txn *tx, void *arg)
{
    struct try_call *call = arg;

    return try_put(tx, tries_of(call->ask), &(struct try_row){ 0 }, true);
}

struct use_call {
    const struct verify_ask *ask;
    uint8_t hash[32];
    struct short_row row;
    struct verdict *verdict;
    int judged;
};

/* Root: the credential. Of any number of tries exactly one gets past here. */
static RESULT short_take(struct txn *tx, void *arg)
{
    struct use_call *call = arg;
    bool found;

    TRY(short_load(tx, call->hash, &call->row, &found));
    REQUIRE(found, IDENTITY_SHORT_WRONG);
    REQUIRE(instant_before(call->ask->at, call->row.ends_at), IDENTITY_SHORT_WRONG);
    call->verdict->first_at = call->row.used_at;
    REQUIRE(call->row.used_at.usec == 0, IDENTITY_CODE_USED);
    return short_use(tx, call->hash, call->ask->at);
}

/* Root: the holder. */
static RESULT short_record(struct txn *tx, void *arg)
{
    struct use_call *call = arg;
    const struct verify_ask *ask = call->ask;
    struct card card;
    struct err err = OK;
    struct journal_line line = {
        .kind = JOURNAL_USE,
        .actor = ask->staff_id != 0 ? ACTOR_STAFF : ACTOR_TERMINAL,
        .actor_id = ask->staff_id != 0 ? ask->staff_id : ask->terminal_id,
        .grade = GRADE_A,
        .person_id = call->row.person_id,
        .card_id = call->row.card_id,
        .place_id = ask->place_id,
        .terminal_id = ask->terminal_id,
        .region_code = ask->region_code,
        .act = S("short_code_verified"),
        .item = ask->item,
        .at = ask->at,
        .said_at = ask->terminal_at,
    };

    TRY(registry_card_in(tx, call->row.person_id, call->row.card_id, &card));
    call->verdict->test = card.provenance == PROVENANCE_TEST;
    line.provenance = provenance_of(call->verdict->test, ask->simulator);
    if (call->row.purpose != (int64_t)ask->purpose)
        err.code = IDENTITY_PURPOSE;
    else if (call->row.strength < (int64_t)ask->strength)
        err.code = IDENTITY_STRENGTH;
    else
        err = card_judge((int)card.social, social_usable(card.social), ecard_usable(&card), true,
                         call->verdict);
    line.verdict = err.code;
    TRY(journal_append(tx, &line, NULL));
    if (err.code != 0) REFUSE_KEEP(err.code);
    return OK;
}

RESULT short_verify(struct identity *identity, const struct verify_ask *ask, const char *typed,
                    struct verdict *verdict)
{
    struct store *store = identity->config.store;
    struct root node = { ROOT_NODE, NODE_ID };
    struct try_call try = { .ask = ask };
    struct use_call use = { .ask = ask, .verdict = verdict };
    struct err err;
    uint8_t digest[HASH_BYTES];

    verdict->form = CODE_FORM_SHORT;
    err = store_run(store, node, try_count, &try);
    if (err.code == IDENTITY_TRIES_OUT) verdict->retry_at = try.retry_at;
    TRY(err);
    short_hash(identity, typed, use.hash);
    TRY(store_run(store, root_of(use.hash), short_take, &use));
    TRY(store_run(store, node, try_right, &try));
    verdict->strength = (enum code_strength)use.row.strength;
    verdict->purpose = (enum code_purpose)use.row.purpose;
    verdict->person_id = use.row.person_id;
    verdict->card_id = use.row.card_id;
    sm3(bytes_of(use.hash, sizeof use.hash), digest);
    memcpy(verdict->presentation, digest, sizeof verdict->presentation);
    identity_pseudonym(identity->config.blind, ask->place_id, use.row.person_id,
                       verdict->pseudonym);
    return store_run(store, (struct root){ ROOT_PERSON, use.row.person_id }, short_record, &use);
}
