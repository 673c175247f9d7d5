/* identity/paper.c - codes on paper for people without phones (纸质码). */
#include "identity/core.h"
#include "identity/verify_store.h"

struct paper_call {
    const struct paper_ask *ask;
    struct paper_code paper;
    uint8_t raw[PAPER_BYTES];
    int64_t id;
    struct instant ends_at;
    bool taken;
};

/* Root: the node. A serial names one sheet ever, so a revoked one in a stop list stops nobody else.
 */
static RESULT paper_serial(struct txn *tx, void *arg)
{
    struct paper_call *call = arg;

    return serial_claim(tx, call->paper.serial, call->ask->person_id, call->id, call->ends_at,
                        &call->taken);
}

/* Root: the holder. Read first, so that no serial is claimed and no sheet signed for nothing; and
 * again where the sheet is kept, among those that are made at the same time. */
static RESULT paper_room(struct txn *tx, void *arg)
{
    const struct paper_call *call = arg;
    int64_t live;

    TRY(paper_live(tx, call->ask->person_id, code_step(call->ask->at), &live));
    REQUIRE(live < PAPER_LIVE_MAX, IDENTITY_PAPER_LIMIT);
    return OK;
}

static RESULT paper_keep(struct txn *tx, void *arg)
{
    struct paper_call *call = arg;
    const struct paper_ask *ask = call->ask;
    struct journal_line line = {
        .kind = JOURNAL_CARD,
        .actor = ask->actor_id == ask->person_id ? ACTOR_HOLDER : ACTOR_STAFF,
        .actor_id = ask->actor_id,
        .grade = GRADE_A,
        .provenance = provenance_of(call->paper.test, false),
        .person_id = ask->person_id,
        .card_id = ask->card_id,
        .act = S("paper_code_issued"),
        .object_prefix = "ppr",
        .object_id = call->id,
        .at = ask->at,
    };

    TRY(paper_room(tx, call));
    TRY(paper_insert(tx, ask->person_id, call->id, call->paper.serial, ask->card_id,
                     call->paper.card_index, call->paper.from_step, call->paper.days,
                     bytes_of(call->raw, sizeof call->raw), ask->at, ask->actor_id));
    TRY(journal_append(tx, &line, NULL));
    txn_result(tx, call->id);
    return OK;
}

static RESULT paper_again(struct txn *tx, void *arg)
{
    struct paper_call *call = arg;
    bool found;

    TRY(paper_raw(tx, call->ask->person_id, call->id, call->raw, &found));
    REQUIRE(found, IDENTITY_CARD_UNKNOWN);
    return OK;
}

static RESULT paper_sign(struct identity *identity, struct paper_call *call)
{
    for (int try = 0; try < 2; try++) {
        struct public_key key;
        struct signature signature;
        TRY(signing_key(identity, KEYD_SIGN_CODE_BUNDLE, call->ask->suite, call->ask->at, &key));
        call->paper.kid = kid_short(key.kid);
        call->paper.test = key.test;
        paper_write(&call->paper, call->raw);
        TRY(sign_over(identity, KEYD_SIGN_CODE_BUNDLE, call->ask->suite, S(PAPER_DOMAIN),
                      bytes_of(call->raw, PAPER_SIGNED), &signature));
        if (memcmp(signature.kid, key.kid, KID_BYTES) != 0) continue;
        memcpy(call->paper.signature, signature.rs, sizeof call->paper.signature);
        paper_write(&call->paper, call->raw);
        return OK;
    }
    return fault(FAULT_KEYD, "the bundle key changes at each signature");
}

static RESULT paper_card(struct identity *identity, struct paper_call *call)
{
    const struct paper_ask *ask = call->ask;
    struct card card;
    struct verdict verdict;
    struct err err =
        registry_card_load(identity->config.store, ask->person_id, ask->card_id, &card);

    if (err.code == REGISTRY_CARD_UNKNOWN) REFUSE(IDENTITY_CARD_UNKNOWN);
    TRY(err);
    TRY(card_judge((int)card.social, social_usable(card.social), false, false, &verdict));
    TRY(derived_index_of(identity->config.derived, card.no_hash, card.id, &call->paper.card_index));
    REQUIRE(call->paper.card_index != DERIVED_NO_CARD, IDENTITY_CARD_UNKNOWN);
    call->paper.card_epoch = (uint16_t)card.epoch;
    return OK;
}

static RESULT paper_repeat(struct store *store, struct paper_call *call, int64_t kept,
                           struct paper_code *out)
{
    call->id = kept;
    TRY(store_read(store, paper_again, call));
    return paper_parse(bytes_of(call->raw, sizeof call->raw), out);
}

RESULT identity_paper_issue(struct identity *identity, const struct once *once,
                            const struct paper_ask *ask, struct paper_code *out)
{
    struct store *store = identity->config.store;
    struct root holder = { ROOT_PERSON, ask->person_id };
    struct paper_call call = { .ask = ask, .id = store_new_id(store) };
    int64_t kept = 0;
    bool replayed = false;

    assert(ask->days >= 1);
    assert(ask->days <= PAPER_DAYS_MAX);
    if (once) TRY(store_once_find(store, holder, once, &kept, &replayed));
    if (replayed) return paper_repeat(store, &call, kept, out);
    TRY(store_read(store, paper_room, &call));
    call.paper = (struct paper_code){ .issuer_suite = ask->suite,
                                      .from_step = code_step(ask->at),
                                      .days = (uint16_t)ask->days };
    call.ends_at = instant_add(ask->at, ask->days * USEC_PER_DAY);
    alias_put(identity->codec.seal(identity->codec.key, (uint64_t)call.id), call.paper.alias);
    TRY(paper_card(identity, &call));
    do { /* 2^32 serials, few of them out: a second round is rare */
        uint32_t serial;
        identity->config.entropy.fill(identity->config.entropy.arg, &serial, sizeof serial);
        call.paper.serial = serial;
        TRY(store_run(store, (struct root){ ROOT_NODE, NODE_ID }, paper_serial, &call));
    } while (call.taken);
    TRY(paper_sign(identity, &call));
    if (once)
        TRY(store_run_once(store, holder, once, paper_keep, &call, &kept, &replayed));
    else
        TRY(store_run(store, holder, paper_keep, &call));
    /* two at the same moment: the sheet of the first; this one's serial stays unused until swept */
    if (replayed) return paper_repeat(store, &call, kept, out);
    return paper_parse(bytes_of(call.raw, sizeof call.raw), out);
}

struct papers_call {
    int64_t person_id;
    struct instant at;
    uint8_t raw[PAPER_LIVE_MAX][PAPER_BYTES];
    int n;
};

static RESULT papers_read(struct txn *tx, void *arg)
{
    struct papers_call *call = arg;

    return papers_raw(tx, call->person_id, code_step(call->at), call->raw, PAPER_LIVE_MAX,
                      &call->n);
}

RESULT identity_papers(struct identity *identity, int64_t person_id, struct instant at,
                       struct paper_code out[PAPER_LIVE_MAX], int *n)
{
    struct papers_call call = { .person_id = person_id, .at = at };

    TRY(store_read(identity->config.store, papers_read, &call));
    for (int i = 0; i < call.n; i++)
        TRY(paper_parse(bytes_of(call.raw[i], PAPER_BYTES), &out[i]));
    *n = call.n;
    return OK;
}

struct revoke_call {
    int64_t person_id, actor_id;
    uint32_t serial;
    struct instant at;
};

static RESULT paper_revoke(struct txn *tx, void *arg)
{
    struct revoke_call *call = arg;
    struct paper_row row;
    bool found;
    struct journal_line line = {
        .kind = JOURNAL_CARD,
        .actor = call->actor_id == call->person_id ? ACTOR_HOLDER : ACTOR_STAFF,
        .actor_id = call->actor_id,
        .grade = GRADE_A,
        .provenance = PROVENANCE_REAL,
        .person_id = call->person_id,
        .act = S("paper_code_revoked"),
        .object_prefix = "ppr",
        .at = call->at,
    };

    TRY(paper_load(tx, call->person_id, call->serial, &row, &found));
    REQUIRE(found, IDENTITY_CARD_UNKNOWN);
    if (row.revoked_at.usec != 0) return OK;
    line.card_id = row.card_id;
    line.object_id = row.id;
    TRY(paper_set_revoked(tx, call->person_id, call->serial, call->at, call->actor_id));
    return journal_append(tx, &line, NULL);
}

static RESULT paper_list(struct txn *tx, void *arg)
{
    struct revoke_call *call = arg;

    return serial_revoke(tx, call->serial);
}

/* The holder's row first: it decides online. The serial's row only feeds stop lists; a repeat of
 * the call sets it when the first was stopped between the two. */
RESULT identity_paper_revoke(struct identity *identity, int64_t person_id, uint32_t serial,
                             int64_t actor_id, struct instant at)
{
    struct revoke_call call = { person_id, actor_id, serial, at };

    TRY(store_run(identity->config.store, (struct root){ ROOT_PERSON, person_id }, paper_revoke,
                  &call));
    return store_run(identity->config.store, (struct root){ ROOT_NODE, NODE_ID }, paper_list,
                     &call);
}

struct sweep_call {
    struct instant ended;
    int max;
    int64_t dropped;
};

static RESULT serials_sweep(struct txn *tx, void *arg)
{
    struct sweep_call *call = arg;

    return serials_drop(tx, call->ended, call->max, &call->dropped);
}

RESULT identity_papers_sweep(struct store *store, struct instant now, int max, int *done)
{
    struct sweep_call call = { .ended = instant_add(now, -USEC_PER_DAY), .max = max };

    TRY(store_run(store, (struct root){ ROOT_NODE, NODE_ID }, serials_sweep, &call));
    *done = (int)call.dropped;
    return OK;
}
