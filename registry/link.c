/* registry/link.c - guardians (监护人) and helpers (代办人): who may act for whom, in what, until
 * when.
 */
#include "registry/act.h"
#include "registry/person_store.h"

struct add_call {
    const struct link_ask *ask;
    struct link link;
};

static RESULT add_in_txn(struct txn *tx, void *arg)
{
    struct add_call *call = arg;
    const struct link_ask *ask = call->ask;
    struct person person;

    TRY(registry_person_in(tx, ask->person_id, &person));
    TRY(link_insert(tx, &call->link, ask->act.at));
    txn_result(tx, call->link.id);
    return act_journal(tx, &ask->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .person_id = ask->person_id,
                                           .region_code = person.region_code,
                                           .act = "link_added",
                                           .item = ITEM_CARD_CHANGE,
                                           .object_prefix = "psn",
                                           .object_id = ask->helper_id });
}

RESULT registry_link_add(const struct registry *rg, const struct once *once,
                         const struct link_ask *ask, int64_t *link_id)
{
    struct link now[FAMILY_MAX];
    struct person helper;
    struct add_call call = { .ask = ask,
                             .link = { .id = store_new_id(rg->store),
                                       .person_id = ask->person_id,
                                       .helper_id = ask->helper_id,
                                       .kind = ask->kind,
                                       .scope = ask->scope,
                                       .valid_from = ask->valid_from,
                                       .valid_to = ask->valid_to } };
    int64_t result;
    bool replayed;
    int n, others = 0;

    REQUIRE(ask->valid_to.usec == 0 || instant_before(ask->valid_from, ask->valid_to),
            REGISTRY_FACT_PERIOD);
    REQUIRE(ask->person_id != ask->helper_id, REGISTRY_LINK_SELF);
    /* of another root, so read before: two links added at once may make nine, never many */
    TRY(registry_person_load(rg->store, ask->helper_id, &helper));
    TRY(registry_link_list(rg->store, ask->helper_id, ask->act.at, now, &n));
    for (int i = 0; i < n; i++)
        others += now[i].person_id != ask->person_id; /* a repeat is not one more */
    REQUIRE(others < FAMILY_MAX, REGISTRY_LINK_MAX);
    TRY(act_run(rg, root_person(ask->person_id), once, add_in_txn, &call, &result, &replayed));
    *link_id = replayed ? result : call.link.id;
    return OK;
}

struct end_call {
    int64_t person_id, link_id;
    const struct act *act;
};

static RESULT end_in_txn(struct txn *tx, void *arg)
{
    const struct end_call *call = arg;
    int64_t changed;

    TRY(link_close(tx, call->person_id, call->link_id, call->act->at, &changed));
    REQUIRE(changed == 1, REGISTRY_LINK_UNKNOWN);
    return act_journal(tx, call->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .person_id = call->person_id,
                                           .act = "link_ended",
                                           .item = ITEM_CARD_CHANGE });
}

RESULT registry_link_end(const struct registry *rg, int64_t person_id, int64_t link_id,
                         const struct act *act)
{
    struct end_call call = { person_id, link_id, act };

    return store_run(rg->store, root_person(person_id), end_in_txn, &call);
}

struct list_call {
    int64_t person_id, helper_id;
    struct instant at;
    struct link *out;
    int n;
};

static RESULT list_in_txn(struct txn *tx, void *arg)
{
    struct list_call *call = arg;

    if (call->person_id == 0)
        return links_by_helper(tx, call->helper_id, call->at, call->out, FAMILY_MAX, &call->n);
    return link_of_helper(tx, call->person_id, call->helper_id, call->at, call->out, FAMILY_MAX,
                          &call->n);
}

RESULT registry_link_list(struct store *store, int64_t helper_id, struct instant at,
                          struct link out[FAMILY_MAX], int *n)
{
    struct list_call call = { .helper_id = helper_id, .at = at, .out = out };

    TRY(store_read(store, list_in_txn, &call));
    *n = call.n;
    return OK;
}

RESULT registry_link_may(struct store *store, int64_t person_id, int64_t helper_id, unsigned scope,
                         struct instant at, int64_t *link_id)
{
    struct link links[FAMILY_MAX];
    struct list_call call = {
        .person_id = person_id, .helper_id = helper_id, .at = at, .out = links
    };

    *link_id = 0;
    TRY(store_read(store, list_in_txn, &call));
    for (int i = 0; i < call.n && *link_id == 0; i++)
        if ((links[i].scope & scope) == scope) *link_id = links[i].id;
    return OK;
}

struct helpers_call {
    int64_t person_id, after;
    struct instant at;
    struct link *out;
    int max, n;
};

static RESULT helpers_in_txn(struct txn *tx, void *arg)
{
    struct helpers_call *call = arg;

    return links_of_person(tx, call->person_id, call->at, call->after, call->out, call->max,
                           &call->n);
}

RESULT registry_link_helpers(struct store *store, int64_t person_id, struct instant at,
                             int64_t after, struct link *out, int max, int *n)
{
    struct helpers_call call = {
        .person_id = person_id, .after = after, .at = at, .out = out, .max = max
    };

    TRY(store_read(store, helpers_in_txn, &call));
    *n = call.n;
    return OK;
}

struct one_call {
    int64_t person_id, link_id;
    struct link *out;
    bool found;
};

static RESULT one_in_txn(struct txn *tx, void *arg)
{
    struct one_call *call = arg;

    return link_select(tx, call->person_id, call->link_id, call->out, &call->found);
}

RESULT registry_link_load(struct store *store, int64_t person_id, int64_t link_id, struct link *out)
{
    struct one_call call = { .person_id = person_id, .link_id = link_id, .out = out };

    TRY(store_read(store, one_in_txn, &call));
    REQUIRE(call.found, REGISTRY_LINK_UNKNOWN);
    return OK;
}
