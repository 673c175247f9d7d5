/* registry/card_read.c - looking at cards, their history and reports. */
#include "registry/card_store.h"

struct load_call {
    int64_t person_id, card_id, change_id;
    int32_t province_code;
    bool found;
    struct card *card;
    struct card_row *sealed;
    struct card_change *changes;
    struct loss *losses;
    int n;
    card_visit *visit;
    void *arg;
};

RESULT registry_card_in(struct txn *tx, int64_t person_id, int64_t card_id, struct card *out)
{
    bool found;

    TRY(card_select(tx, person_id, card_id, out, &found));
    REQUIRE(found, REGISTRY_CARD_UNKNOWN);
    return OK;
}

RESULT registry_card_live_in(struct txn *tx, int64_t person_id, int32_t province_code,
                             struct card *out, bool *found)
{
    return card_live_select(tx, person_id, province_code, out, found);
}

static RESULT load_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return registry_card_in(tx, call->person_id, call->card_id, call->card);
}

RESULT registry_card_load(struct store *store, int64_t person_id, int64_t card_id, struct card *out)
{
    struct load_call call = { .person_id = person_id, .card_id = card_id, .card = out };

    return store_read(store, load_in_txn, &call);
}

static RESULT live_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return card_live_select(tx, call->person_id, call->province_code, call->card, &call->found);
}

RESULT registry_card_live(struct store *store, int64_t person_id, int32_t province_code,
                          struct card *out, bool *found)
{
    struct load_call call = { .person_id = person_id, .province_code = province_code, .card = out };

    TRY(store_read(store, live_in_txn, &call));
    *found = call.found;
    return OK;
}

static RESULT cards_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return cards_select(tx, call->person_id, false, call->card, CARDS_MAX, &call->n);
}

RESULT registry_cards_of(struct store *store, int64_t person_id, struct card out[CARDS_MAX], int *n)
{
    struct load_call call = { .person_id = person_id, .card = out };

    TRY(store_read(store, cards_in_txn, &call));
    *n = call.n;
    return OK;
}

static RESULT person_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return card_person_select(tx, call->card_id, &call->person_id, &call->found);
}

RESULT registry_card_person(struct store *store, int64_t card_id, int64_t *person_id)
{
    struct load_call call = { .card_id = card_id };

    TRY(store_read(store, person_in_txn, &call));
    REQUIRE(call.found, REGISTRY_CARD_UNKNOWN);
    *person_id = call.person_id;
    return OK;
}

static RESULT each_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return card_visit_all(tx, call->visit, call->arg);
}

RESULT registry_card_each(struct store *store, card_visit *visit, void *arg)
{
    struct load_call call = { .visit = visit, .arg = arg };

    return store_read(store, each_in_txn, &call);
}

static RESULT sealed_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    TRY(card_sealed_select(tx, call->person_id, call->card_id, call->sealed, &call->found));
    REQUIRE(call->found, REGISTRY_CARD_UNKNOWN);
    return OK;
}

RESULT registry_card_open(const struct registry *rg, const struct field_use *use, int64_t person_id,
                          int64_t card_id, struct card_private *out)
{
    struct card_row row = { 0 };
    struct card_private opened;
    struct load_call call = { .person_id = person_id, .card_id = card_id, .sealed = &row };
    struct field_item items[] = {
        { TABLE_CARD, COLUMN_CARD_NO, card_id, bytes_of(row.no, sizeof row.no),
          (uint8_t *)opened.no.text, sizeof opened.no.text, 0 },
        { TABLE_CARD, COLUMN_CARD_IDENT, card_id, bytes_of(row.ident, sizeof row.ident),
          (uint8_t *)opened.ident.text, sizeof opened.ident.text, 0 },
    };

    TRY(store_read(rg->store, sealed_in_txn, &call));
    TRY(keyd_field_open(rg->keyd, use, items, LEN(items)));
    *out = opened;
    return OK;
}

static RESULT changes_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return changes_select(tx, call->person_id, call->card_id, call->changes, CHANGES_MAX, &call->n);
}

RESULT registry_card_changes(struct store *store, int64_t person_id, int64_t card_id,
                             struct card_change out[CHANGES_MAX], int *n)
{
    struct load_call call = { .person_id = person_id, .card_id = card_id, .changes = out };

    TRY(store_read(store, changes_in_txn, &call));
    *n = call.n;
    return OK;
}

static RESULT change_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return change_select(tx, call->person_id, call->change_id, call->changes, &call->found);
}

RESULT registry_card_change_load(struct store *store, int64_t person_id, int64_t card_id,
                                 int64_t change_id, struct card_change *out)
{
    struct load_call call = { .person_id = person_id, .change_id = change_id, .changes = out };

    TRY(store_read(store, change_in_txn, &call));
    REQUIRE(call.found && out->card_id == card_id, REGISTRY_CARD_UNKNOWN);
    return OK;
}

static RESULT loss_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return loss_select(tx, call->person_id, call->card_id, call->losses, &call->found);
}

RESULT registry_loss_load(struct store *store, int64_t person_id, int64_t loss_id, struct loss *out)
{
    struct load_call call = { .person_id = person_id, .card_id = loss_id, .losses = out };

    TRY(store_read(store, loss_in_txn, &call));
    REQUIRE(call.found, REGISTRY_NOT_LOST);
    return OK;
}

static RESULT losses_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    return losses_select(tx, call->person_id, call->losses, LOSSES_MAX, &call->n);
}

RESULT registry_losses_of(struct store *store, int64_t person_id, struct loss out[LOSSES_MAX],
                          int *n)
{
    struct load_call call = { .person_id = person_id, .losses = out };

    TRY(store_read(store, losses_in_txn, &call));
    *n = call.n;
    return OK;
}
