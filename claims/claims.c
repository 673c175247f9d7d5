/* claims/claims.c - recording what is held true of a person, and reading it for a decision. */
#include "claims/claims.h"

#include "claims/claim_store.h"
#include "journal/journal.h"
#include "registry/staff.h"

static const char *const NAMES[CLAIM_KINDS] = {
    [CLAIM_AGED] = "aged",         [CLAIM_STUDENT] = "student",
    [CLAIM_DISABLED] = "disabled", [CLAIM_VETERAN] = "veteran",
    [CLAIM_DONOR] = "donor",       [CLAIM_LOW_INCOME] = "low_income",
    [CLAIM_INSURED] = "insured",   [CLAIM_UNION_MEMBER] = "union_member",
    [CLAIM_SOLDIER] = "soldier",   [CLAIM_MARTYR_KIN] = "martyr_kin",
    [CLAIM_RESIDENT] = "resident", [CLAIM_MODEL_WORKER] = "model_worker",
};

const char *claim_kind_name(enum claim_kind kind)
{
    return kind >= CLAIM_AGED && kind < CLAIM_KINDS ? NAMES[kind] : "unknown";
}

bool claim_kind_parse(struct str name, enum claim_kind *out)
{
    for (int k = CLAIM_AGED; k < CLAIM_KINDS; k++) {
        if (!str_eq(name, str_of(NAMES[k]))) continue;
        *out = (enum claim_kind)k;
        return true;
    }
    return false;
}

static bool stored_kind(enum claim_kind kind)
{
    return kind > CLAIM_AGED && kind < CLAIM_KINDS;
}

static RESULT journal_claim(struct txn *tx, const struct act *act, const char *name,
                            int64_t person_id, int64_t claim_id, int32_t region_code)
{
    struct journal_line line = {
        .kind = JOURNAL_STAFF_ACT,
        .actor = act->actor,
        .grade = GRADE_A,
        .provenance = act->provenance == 0 ? PROVENANCE_REAL : act->provenance,
        .person_id = person_id,
        .actor_id = act->actor_id,
        .place_id = act->place_id,
        .region_code = region_code,
        .act = str_of(name),
        .object_prefix = "clm",
        .object_id = claim_id,
        .at = act->at,
    };

    return journal_append(tx, &line, NULL);
}

/* ---- owners */

struct owner_call {
    enum claim_kind kind;
    int64_t org_id;
    bool owns;
    const struct act *act;
};

static RESULT owner_set_in_txn(struct txn *tx, void *arg)
{
    const struct owner_call *call = arg;

    if (call->owns)
        TRY(owner_insert(tx, call->kind, call->org_id));
    else
        TRY(owner_delete(tx, call->kind, call->org_id));
    return journal_claim(tx, call->act, call->owns ? "claim_owner_set" : "claim_owner_ended", 0,
                         call->org_id, 0);
}

RESULT claims_owner_set(struct store *store, enum claim_kind kind, int64_t org_id, bool owns,
                        const struct act *act)
{
    struct owner_call call = { kind, org_id, owns, act };

    REQUIRE(stored_kind(kind), CLAIMS_KIND);
    return store_run(store, (struct root){ ROOT_NODE, NODE_ID }, owner_set_in_txn, &call);
}

static RESULT owner_get_in_txn(struct txn *tx, void *arg)
{
    struct owner_call *call = arg;

    return owner_select(tx, call->kind, call->org_id, &call->owns);
}

/* ---- writing */

struct put_call {
    const struct claim_ask *ask;
    int64_t id;
};

static RESULT put_in_txn(struct txn *tx, void *arg)
{
    const struct put_call *call = arg;
    const struct claim_ask *ask = call->ask;
    struct person person;

    TRY(registry_person_in(tx, ask->person_id, &person));
    REQUIRE(person.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    TRY(claim_close_like(tx, ask));
    TRY(claim_insert(tx, call->id, ask));
    txn_result(tx, call->id);
    return journal_claim(tx, &ask->act, "claim_recorded", ask->person_id, call->id,
                         ask->region_code);
}

RESULT claims_put(struct store *store, const struct once *once, const struct claim_ask *ask,
                  int64_t *claim_id)
{
    struct put_call call = { .ask = ask, .id = store_new_id(store) };
    struct owner_call owner = { .kind = ask->kind, .org_id = ask->owner_org };
    struct root root = { ROOT_PERSON, ask->person_id };
    bool replayed = false;
    int64_t result = 0;

    assert(ask->source.n >= 1 && ask->source.n <= 64);
    REQUIRE(stored_kind(ask->kind), CLAIMS_KIND);
    TRY(store_read(store, owner_get_in_txn, &owner)); /* of another root: read before */
    REQUIRE(owner.owns, CLAIMS_OWNER);
    REQUIRE(ask->valid_to.usec == 0 || instant_before(ask->valid_from, ask->valid_to),
            CLAIMS_PERIOD);
    REQUIRE(ask->signature.n <= CLAIM_SIGNATURE_MAX, CLAIMS_SIGNATURE);
    if (once == NULL)
        TRY(store_run(store, root, put_in_txn, &call));
    else
        TRY(store_run_once(store, root, once, put_in_txn, &call, &result, &replayed));
    *claim_id = replayed ? result : call.id;
    return OK;
}

struct change_call {
    int64_t person_id, claim_id, owner_org;
    struct instant at;
    const struct act *act; /* of a withdrawal; NULL: a confirmation */
};

static RESULT change_in_txn(struct txn *tx, void *arg)
{
    const struct change_call *call = arg;
    struct claim claim;
    bool found;

    TRY(claim_select(tx, call->person_id, call->claim_id, &claim, &found));
    REQUIRE(found && claim.recorded_to.usec == 0, CLAIMS_UNKNOWN);
    REQUIRE(claim.owner_org == call->owner_org, CLAIMS_OWNER);
    if (call->act == NULL) return claim_confirm_set(tx, call->person_id, call->claim_id, call->at);
    TRY(claim_close(tx, call->person_id, call->claim_id, call->at));
    return journal_claim(tx, call->act, "claim_withdrawn", call->person_id, call->claim_id,
                         claim.region_code);
}

RESULT claims_confirm(struct store *store, int64_t person_id, int64_t claim_id, int64_t owner_org,
                      struct instant at)
{
    struct change_call call = { person_id, claim_id, owner_org, at, NULL };

    return store_run(store, (struct root){ ROOT_PERSON, person_id }, change_in_txn, &call);
}

RESULT claims_withdraw(struct store *store, int64_t person_id, int64_t claim_id, int64_t owner_org,
                       const struct act *act)
{
    struct change_call call = { person_id, claim_id, owner_org, act->at, act };

    return store_run(store, (struct root){ ROOT_PERSON, person_id }, change_in_txn, &call);
}

/* ---- reading for a decision */

/* Age is a fact of the birth date; a birthday counts from its own day. */
static RESULT aged_read(struct txn *tx, const struct claim_query *query, struct claim *out)
{
    struct person person;

    TRY(registry_person_in(tx, query->person_id, &person));
    REQUIRE(age_on(person.birth, day_of(query->valid)) >= query->age_years, CLAIMS_NOT_HELD);
    *out = (struct claim){ .person_id = query->person_id,
                           .kind = CLAIM_AGED,
                           .level = age_on(person.birth, day_of(query->valid)),
                           .confirmed_at = query->valid };
    return OK;
}

static bool where_it_holds(int32_t claimed, int32_t asked)
{
    return asked == 0 || claimed == 0 || grant_covers(claimed, asked);
}

/* Does this one answer? Pure; freshness apart, so that stale is told from never. */
static bool claim_answers(const struct claim *claim, const struct claim_query *query)
{
    bool level = query->level_max == 0 || (claim->level >= 1 && claim->level <= query->level_max);

    return level && where_it_holds(claim->region_code, query->region_code);
}

RESULT claims_read_in(struct txn *tx, const struct claim_query *query, struct claim *out)
{
    struct instant recorded = query->recorded.usec != 0 ? query->recorded : query->valid;
    struct claim held[CLAIMS_MAX];
    bool stale = false;
    int n;

    if (query->kind == CLAIM_AGED) return aged_read(tx, query, out);
    TRY(claims_then(tx, query->person_id, query->kind, query->valid, recorded, held, CLAIMS_MAX,
                    &n));
    for (int i = 0; i < n; i++) {
        if (!claim_answers(&held[i], query)) continue;
        if (query->fresh_usec == 0 ||
            !instant_before(instant_add(held[i].confirmed_at, query->fresh_usec), query->valid)) {
            *out = held[i];
            return OK;
        }
        stale = true;
    }
    REFUSE(stale ? CLAIMS_STALE : CLAIMS_NOT_HELD);
}

struct read_call {
    const struct claim_query *query;
    struct claim *out;
    int64_t person_id;
    int n;
};

static RESULT read_in_txn(struct txn *tx, void *arg)
{
    const struct read_call *call = arg;

    return claims_read_in(tx, call->query, call->out);
}

RESULT claims_read(struct store *store, const struct claim_query *query, struct claim *out)
{
    struct read_call call = { .query = query, .out = out };

    REQUIRE(query->kind >= CLAIM_AGED && query->kind < CLAIM_KINDS, CLAIMS_KIND);
    return store_read(store, read_in_txn, &call);
}

static RESULT list_in_txn(struct txn *tx, void *arg)
{
    struct read_call *call = arg;

    return claims_open(tx, call->person_id, call->out, CLAIMS_MAX, &call->n);
}

RESULT claims_of(struct store *store, int64_t person_id, struct claim out[CLAIMS_MAX], int *n)
{
    struct read_call call = { .person_id = person_id, .out = out };

    TRY(store_read(store, list_in_txn, &call));
    *n = call.n;
    return OK;
}
