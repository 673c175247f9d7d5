/* registry/loss.c - losing a card (挂失), finding it again (解挂), and the e-card in between (F15,
 * F16).
 */
#include "registry/act.h"
#include "registry/card_turn.h"

enum { LOSS_DAYS = 7 }; /* loss.oral.days where no row has a value */

struct instant registry_loss_end(const struct registry *rg, int32_t region_code,
                                 struct instant effective_at)
{
    struct period period = { PERIOD_DAYS, LOSS_DAYS };
    const struct catalogue *cat;

    if (rg->shelf == NULL) return instant_add(effective_at, LOSS_DAYS * USEC_PER_DAY);
    cat = catalogue_now(rg->shelf);
    if (parameter_period(cat, S("loss.oral.days"), region_code, effective_at, &period).code != 0 ||
        period.n <= 0)
        period = (struct period){ PERIOD_DAYS, LOSS_DAYS };
    return period_end(cat, effective_at, period);
}

/* ---- losing */

/* In the order of the refusals: what kind may be asked for, what is in effect already. */
static RESULT lose_decide(const struct card *card, const struct loss_ask *ask)
{
    bool formal = ask->kind == LOSS_FORMAL;

    REQUIRE(card->social != SOCIAL_REPLACED, REGISTRY_CARD_REPLACED);
    REQUIRE(card->social != SOCIAL_CANCELLED, REGISTRY_CARD_CANCELLED);
    REQUIRE(card->social != SOCIAL_FORMAL_LOSS, REGISTRY_ALREADY_LOST);
    REQUIRE(card->social != SOCIAL_TEMPORARY_LOSS || formal, REGISTRY_ALREADY_LOST);
    REQUIRE(!formal || (ask->act.channel == CHANNEL_COUNTER && ask->act.actor == ACTOR_STAFF) ||
                ask->act.channel == CHANNEL_JOB,
            REGISTRY_TEMPORARY_ONLY);
    REQUIRE(!formal || ask->act.channel == CHANNEL_JOB || ask->act.proof >= PROOF_PAPERS,
            REGISTRY_PROOF_WEAK);
    return OK;
}

static RESULT lose_notice(struct txn *tx, const struct card *card, const struct loss *loss)
{
    struct act_word words[] = {
        { "card", card_mask(tx, card) },
        { "at", act_time(tx, loss->effective_at) },
        { "until", act_time(tx, loss->expires_at) },
        { "how", str_of(channel_name(loss->channel)) },
    };

    if (loss->kind == LOSS_FORMAL)
        return act_notice(tx, NOTICE_FORMAL_LOSS, card->person_id, loss->effective_at, words, 2);
    return act_notice(tx, NOTICE_CARD_LOST, card->person_id, loss->effective_at, words, 4);
}

RESULT registry_card_lose_in(struct txn *tx, const struct registry *rg, const struct loss_ask *ask,
                             struct loss_made *made)
{
    bool formal = ask->kind == LOSS_FORMAL;
    struct loss loss = {
        .id = txn_new_id(tx),
        .person_id = ask->person_id,
        .card_id = ask->card_id,
        .kind = ask->kind,
        .reason = ask->reason,
        .state = LOSS_EFFECTIVE,
        .channel = ask->act.channel,
        .actor = ask->act.actor,
        .actor_id = ask->act.actor_id,
        .proof = ask->act.proof,
        .effective_at = ask->act.at,
    };
    struct turn_why why = { .act = &ask->act,
                            .name = formal ? "card_lost_formal" : "card_lost",
                            .item = ITEM_CARD_LOSS,
                            .loss_id = loss.id };
    struct card_turn turn;
    struct card card;

    TRY(registry_card_in(tx, ask->person_id, ask->card_id, &card));
    TRY(lose_decide(&card, ask));
    if (!formal) loss.expires_at = registry_loss_end(rg, card.region_code, ask->act.at);
    card_turn_open(&turn, &card);
    TRY(card_turn_social(&turn, formal ? SOCIAL_LOSE_FORMAL : SOCIAL_LOSE));
    if (turn.card.bank != BANK_LOSS) card_turn_bank_if(&turn, BANK_LOSE);
    card_turn_purse_if(&turn, PURSE_BLACKLIST);
    /* the holder's consent of a temporary report outlives it being made formal */
    if (card.ecard == ECARD_ON && !card.ecard_consent)
        card_turn_ecard(&turn, ECARD_FOLLOW, ECARD_SUSPENDED);
    if (card.loss_id != 0)
        TRY(loss_end_set(tx, ask->person_id, card.loss_id, LOSS_SUPERSEDED, ask->act.at));
    turn.card.loss_id = loss.id;
    TRY(loss_insert(tx, &loss));
    TRY(card_turn_save(tx, &turn, &why));
    *made = (struct loss_made){ loss.id, turn.card.epoch, loss.effective_at, loss.expires_at };
    return lose_notice(tx, &turn.card, &loss);
}

struct lose_call {
    const struct registry *rg;
    const struct loss_ask *ask;
    struct loss_made made;
};

static RESULT lose_in_txn(struct txn *tx, void *arg)
{
    struct lose_call *call = arg;

    TRY(registry_card_lose_in(tx, call->rg, call->ask, &call->made));
    txn_result(tx, call->made.loss_id);
    return OK;
}

RESULT registry_card_lose(const struct registry *rg, const struct once *once,
                          const struct loss_ask *ask, struct loss_made *made)
{
    struct lose_call call = { .rg = rg, .ask = ask };
    struct card card;
    struct loss loss;
    int64_t result;
    bool replayed;

    TRY(act_run(rg, root_person(ask->person_id), once, lose_in_txn, &call, &result, &replayed));
    if (!replayed) {
        *made = call.made;
        return OK;
    }
    TRY(registry_loss_load(rg->store, ask->person_id, result, &loss));
    TRY(registry_card_load(rg->store, ask->person_id, ask->card_id, &card));
    *made = (struct loss_made){ loss.id, card.epoch, loss.effective_at, loss.expires_at };
    return OK;
}

/* ---- finding again */

struct unlose_call {
    int64_t person_id, card_id;
    const struct act *act;
    bool revocable; /* formal reports, by parameter */
    struct card after;
};

/* The card and the report in effect on it. */
static RESULT lost_card(struct txn *tx, int64_t person_id, int64_t card_id, struct card *card,
                        struct loss *loss)
{
    bool found;

    TRY(registry_card_in(tx, person_id, card_id, card));
    REQUIRE(card->social != SOCIAL_REPLACED, REGISTRY_CARD_REPLACED);
    REQUIRE(card->social != SOCIAL_CANCELLED, REGISTRY_CARD_CANCELLED);
    REQUIRE(card->loss_id != 0, REGISTRY_NOT_LOST);
    TRY(loss_select(tx, person_id, card->loss_id, loss, &found));
    if (!found) return fault(FAULT_STORE_CORRUPT, "card %" PRId64 ": its report is gone", card_id);
    return OK;
}

/* Everything the report stopped goes back to what it was. */
static RESULT turn_back(struct card_turn *turn, enum social_event event)
{
    struct card *c = &turn->card;

    TRY(card_turn_social(turn, event));
    card_turn_bank_if(turn, BANK_LIFT);
    card_turn_purse_if(turn, PURSE_UNLIST);
    if (c->ecard == ECARD_SUSPENDED) card_turn_ecard(turn, ECARD_FOLLOW, ECARD_ON);
    c->ecard_consent = false;
    c->loss_id = 0;
    return OK;
}

static RESULT unlose_in_txn(struct txn *tx, void *arg)
{
    struct unlose_call *call = arg;
    struct turn_why why = { .act = call->act, .name = "card_found", .item = ITEM_CARD_LOSS };
    struct card_turn turn;
    struct card card;
    struct loss loss;

    TRY(lost_card(tx, call->person_id, call->card_id, &card, &loss));
    REQUIRE(loss.kind == LOSS_TEMPORARY || call->revocable, REGISTRY_NOT_REVOCABLE);
    REQUIRE(call->act->proof > loss.proof, REGISTRY_PROOF_WEAK);
    why.loss_id = loss.id;
    card_turn_open(&turn, &card);
    TRY(turn_back(&turn, SOCIAL_LIFT));
    TRY(loss_end_set(tx, call->person_id, loss.id, LOSS_LIFTED, call->act->at));
    TRY(card_turn_save(tx, &turn, &why));
    call->after = turn.card;
    txn_result(tx, turn.card.change_id);
    return act_notice(tx, NOTICE_LOSS_LIFTED, call->person_id, call->act->at,
                      ((struct act_word[]){ { "card", card_mask(tx, &card) },
                                            { "at", act_time(tx, call->act->at) } }),
                      2);
}

RESULT registry_card_unlose(const struct registry *rg, const struct once *once, int64_t person_id,
                            int64_t card_id, const struct act *act, struct card *after)
{
    struct unlose_call call = { .person_id = person_id, .card_id = card_id, .act = act };
    struct card card;
    int64_t result;
    bool replayed;

    TRY(registry_card_load(rg->store, person_id, card_id, &card));
    if (rg->shelf == NULL || parameter_bool(catalogue_now(rg->shelf), S("loss.formal.revocable"),
                                            card.region_code, act->at, &call.revocable)
                                     .code != 0)
        call.revocable = false;
    TRY(act_run(rg, root_person(person_id), once, unlose_in_txn, &call, &result, &replayed));
    if (replayed) return card_turn_again(rg, person_id, card_id, result, after);
    *after = call.after;
    return OK;
}

/* ---- the e-card in loss */

static RESULT consent_in_txn(struct txn *tx, void *arg)
{
    struct unlose_call *call = arg;
    struct turn_why why = { .act = call->act, .name = "ecard_consent", .item = ITEM_CARD_LOSS };
    struct card_turn turn;
    struct card card;
    struct loss loss;

    TRY(lost_card(tx, call->person_id, call->card_id, &card, &loss));
    REQUIRE(call->act->proof >= PROOF_ONE_FACTOR, REGISTRY_PROOF_WEAK);
    REQUIRE(card.ecard == ECARD_SUSPENDED || card.ecard == ECARD_ON, REGISTRY_ECARD_NONE);
    REQUIRE(call->act->actor == ACTOR_HOLDER && call->act->actor_id == call->person_id,
            REGISTRY_NOT_HOLDER);
    why.loss_id = loss.id;
    call->after = card;
    txn_result(tx, call->card_id);
    if (card.ecard_consent) return OK;
    REQUIRE(loss.kind == LOSS_TEMPORARY, REGISTRY_CONSENT_LATE);
    card_turn_open(&turn, &card);
    card_turn_ecard(&turn, ECARD_CONSENT, ECARD_ON);
    turn.card.ecard_consent = true;
    TRY(card_turn_save(tx, &turn, &why));
    call->after = turn.card;
    return act_notice(tx, NOTICE_ECARD_ON, call->person_id, call->act->at,
                      ((struct act_word[]){ { "card", card_mask(tx, &card) },
                                            { "at", act_time(tx, call->act->at) } }),
                      2);
}

RESULT registry_ecard_consent(const struct registry *rg, const struct once *once, int64_t person_id,
                              int64_t card_id, const struct act *act, struct card *after)
{
    struct unlose_call call = { .person_id = person_id, .card_id = card_id, .act = act };
    int64_t result;
    bool replayed;

    TRY(act_run(rg, root_person(person_id), once, consent_in_txn, &call, &result, &replayed));
    if (replayed) return registry_card_load(rg->store, person_id, card_id, after);
    *after = call.after;
    return OK;
}

static RESULT withdraw_in_txn(struct txn *tx, void *arg)
{
    struct unlose_call *call = arg;
    struct turn_why why = { .act = call->act, .name = "ecard_withdrawal", .item = ITEM_CARD_LOSS };
    struct card_turn turn;
    struct card card;
    struct loss loss;

    TRY(lost_card(tx, call->person_id, call->card_id, &card, &loss));
    REQUIRE(call->act->proof >= PROOF_ONE_FACTOR, REGISTRY_PROOF_WEAK);
    REQUIRE(call->act->actor == ACTOR_HOLDER && call->act->actor_id == call->person_id,
            REGISTRY_NOT_HOLDER);
    why.loss_id = loss.id;
    call->after = card;
    txn_result(tx, call->card_id);
    if (!card.ecard_consent) return OK;
    card_turn_open(&turn, &card);
    card_turn_ecard(&turn, ECARD_WITHDRAW, ECARD_SUSPENDED);
    turn.card.ecard_consent = false;
    TRY(card_turn_save(tx, &turn, &why));
    call->after = turn.card;
    return act_notice(tx, NOTICE_ECARD_OFF, call->person_id, call->act->at,
                      ((struct act_word[]){ { "card", card_mask(tx, &card) },
                                            { "at", act_time(tx, call->act->at) } }),
                      2);
}

RESULT registry_ecard_withdraw(const struct registry *rg, const struct once *once,
                               int64_t person_id, int64_t card_id, const struct act *act,
                               struct card *after)
{
    struct unlose_call call = { .person_id = person_id, .card_id = card_id, .act = act };
    int64_t result;
    bool replayed;

    TRY(act_run(rg, root_person(person_id), once, withdraw_in_txn, &call, &result, &replayed));
    if (replayed) return registry_card_load(rg->store, person_id, card_id, after);
    *after = call.after;
    return OK;
}

/* ---- temporary reports that run out */

enum { SWEEP_ROWS = 100 };
struct due_call {
    struct instant at;
    struct loss losses[SWEEP_ROWS];
    int n;
};

static RESULT due_in_txn(struct txn *tx, void *arg)
{
    struct due_call *call = arg;

    return losses_due(tx, call->at, instant_add(call->at, LOSS_WARN_USEC), call->losses, SWEEP_ROWS,
                      &call->n);
}

enum sweep_end { SWEEP_NOTHING, SWEEP_WARNED, SWEEP_PROLONGED, SWEEP_REOPENED, SWEEP_FORMAL };
struct sweep_call {
    int64_t person_id, loss_id;
    struct act act;
    bool formal; /* loss.oral.lapse */
    enum sweep_end end;
};

static RESULT warn(struct txn *tx, struct sweep_call *call, const struct card *card,
                   const struct loss *loss)
{
    bool over = !instant_before(call->act.at, loss->expires_at);
    struct instant until = over ? instant_add(call->act.at, LOSS_WARN_USEC) : loss->expires_at;

    call->end = over ? SWEEP_PROLONGED : SWEEP_WARNED;
    TRY(loss_warned_set(tx, call->person_id, loss->id, call->act.at, until));
    return act_notice(
        tx, NOTICE_LOSS_ENDS_SOON, call->person_id, call->act.at,
        ((struct act_word[]){ { "card", card_mask(tx, card) }, { "until", act_time(tx, until) } }),
        2);
}

static RESULT lapse_reopen(struct txn *tx, struct sweep_call *call, const struct card *card,
                           const struct loss *loss)
{
    struct turn_why why = {
        .act = &call->act, .name = "loss_lapsed", .item = ITEM_CARD_LOSS, .loss_id = loss->id
    };
    struct card_turn turn;

    card_turn_open(&turn, card);
    TRY(turn_back(&turn, SOCIAL_LAPSE));
    TRY(loss_end_set(tx, call->person_id, loss->id, LOSS_LAPSED, call->act.at));
    TRY(card_turn_save(tx, &turn, &why));
    call->end = SWEEP_REOPENED;
    return act_notice(tx, NOTICE_LOSS_LAPSED, call->person_id, call->act.at,
                      ((struct act_word[]){ { "card", card_mask(tx, card) },
                                            { "at", act_time(tx, call->act.at) } }),
                      2);
}

static RESULT lapse_formal(struct txn *tx, struct sweep_call *call, const struct loss *loss)
{
    struct loss_ask ask = { .person_id = call->person_id,
                            .card_id = loss->card_id,
                            .kind = LOSS_FORMAL,
                            .reason = loss->reason,
                            .act = call->act };
    struct loss_made made;

    ask.act.proof = loss->proof; /* as strong as the report it goes on from */
    call->end = SWEEP_FORMAL;
    return registry_card_lose_in(tx, NULL, &ask, &made);
}

/* One report; looked at again here, since the list was read before. */
static RESULT sweep_in_txn(struct txn *tx, void *arg)
{
    struct sweep_call *call = arg;
    struct card card;
    struct loss loss;
    bool found;

    call->end = SWEEP_NOTHING;
    TRY(loss_select(tx, call->person_id, call->loss_id, &loss, &found));
    if (!found || loss.state != LOSS_EFFECTIVE || loss.kind != LOSS_TEMPORARY) return OK;
    TRY(registry_card_in(tx, call->person_id, loss.card_id, &card));
    if (loss.warned_at.usec == 0) return warn(tx, call, &card, &loss);
    if (instant_before(call->act.at, loss.expires_at)) return OK;
    return call->formal ? lapse_formal(tx, call, &loss) : lapse_reopen(tx, call, &card, &loss);
}

static RESULT sweep_one(const struct registry *rg, const struct loss *loss, struct instant at,
                        struct loss_swept *out)
{
    struct sweep_call call = {
        .person_id = loss->person_id,
        .loss_id = loss->id,
        .act = { .at = at, .actor = ACTOR_JOB, .channel = CHANNEL_JOB },
    };
    struct card card;
    struct str word;

    TRY(registry_card_load(rg->store, loss->person_id, loss->card_id, &card));
    call.act.provenance = card.provenance;
    if (rg->shelf != NULL &&
        parameter_text(catalogue_now(rg->shelf), S("loss.oral.lapse"), card.region_code, at, &word)
                .code == 0)
        call.formal = str_eq(word, S("formal"));
    TRY(store_run(rg->store, root_person(loss->person_id), sweep_in_txn, &call));
    switch (call.end) {
    case SWEEP_NOTHING:
        break;
    case SWEEP_WARNED:
        out->warned++;
        break;
    case SWEEP_PROLONGED:
        out->warned++;
        out->prolonged++;
        break;
    case SWEEP_REOPENED:
        out->reopened++;
        break;
    case SWEEP_FORMAL:
        out->formal++;
        break;
    }
    return OK;
}

RESULT registry_loss_sweep(const struct registry *rg, struct instant at, struct loss_swept *out)
{
    struct due_call due = { .at = at };

    struct err first = OK; /* of one report; the others go on */
    int swept;

    *out = (struct loss_swept){ 0 };
    do {
        TRY(store_read(rg->store, due_in_txn, &due));
        swept = 0;
        for (int i = 0; i < due.n; i++) {
            struct err err = sweep_one(rg, &due.losses[i], at, out);
            if (err.code == 0) swept++;
            if (first.code == 0) first = err;
        }
    } while (due.n == SWEEP_ROWS && swept > 0);
    return first;
}
