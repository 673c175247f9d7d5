/* registry/replace.c - a newer card takes the old one's place; cancelling; expiry (F10, F11, F14).
 */
#include "registry/act.h"
#include "registry/card_issue.h"
#include "registry/card_turn.h"

/* The old card's ends: whatever still runs on it stops. */
static RESULT turn_end(struct card_turn *turn, enum social_event event)
{
    struct card *c = &turn->card;

    TRY(card_turn_social(turn, event));
    card_turn_bank_if(turn, BANK_CLOSE);
    card_turn_purse_if(turn, PURSE_CLOSE);
    if (c->ecard != ECARD_NONE) card_turn_ecard(turn, ECARD_FOLLOW, ECARD_ENDED);
    c->ecard_consent = false;
    c->loss_id = 0;
    memset(c->alias_hash, 0, sizeof c->alias_hash);
    return OK;
}

struct replace_call {
    const struct replace_ask *ask;
    const struct issue_ready *ready;
    int64_t loss_id;
    struct card_row row;
};

static RESULT replace_in_txn(struct txn *tx, void *arg)
{
    struct replace_call *call = arg;
    const struct replace_ask *ask = call->ask;
    struct turn_why old_why = { .act = &ask->act,
                                .name = "card_replaced",
                                .item = ITEM_CARD_REPLACE,
                                .reason = (int)ask->reason };
    struct turn_why new_why = { .act = &ask->act,
                                .name = "card_issued",
                                .item = ITEM_CARD_REPLACE,
                                .reason = (int)ask->reason };
    struct card_row *row = &call->row;
    struct card_turn turn;
    struct person person;
    struct card old;

    TRY(registry_person_in(tx, ask->card.person_id, &person));
    REQUIRE(person.state != PERSON_DEAD, REGISTRY_PERSON_DEAD);
    TRY(registry_card_in(tx, ask->card.person_id, ask->old_card_id, &old));
    card_turn_open(&turn, &old);
    TRY(turn_end(&turn, SOCIAL_REPLACE));
    *row = call->ready->row;
    row->c.replaces_id = old.id;
    if (old.ecard != ECARD_NONE && old.ecard != ECARD_ENDED) row->c.ecard = ECARD_ON;
    memcpy(row->c.alias_hash, old.alias_hash, sizeof row->c.alias_hash);
    turn.card.replaced_by_id = row->c.id;
    call->loss_id = old.loss_id;
    old_why.loss_id = old.loss_id;
    if (old.loss_id != 0)
        TRY(loss_end_set(tx, old.person_id, old.loss_id, LOSS_SUPERSEDED, ask->act.at));
    TRY(card_turn_save(tx, &turn, &old_why));
    TRY(card_turn_first(tx, row, &new_why)); /* after the old one: one live card at a time */
    txn_result(tx, row->c.id);
    return act_notice(tx, NOTICE_CARD_REPLACED, old.person_id, ask->act.at,
                      ((struct act_word[]){ { "card", card_mask(tx, &old) },
                                            { "new_card", card_mask(tx, &row->c) } }),
                      2);
}

static RESULT replayed_out(const struct registry *rg, const struct replace_ask *ask,
                           int64_t person_id, int64_t card_id, struct replace_made *made)
{
    struct card card;

    TRY(registry_card_load(rg->store, person_id, card_id, &card));
    *made = (struct replace_made){ .card = { .card_id = card_id, .epoch = card.epoch },
                                   .old_card_id = ask->old_card_id };
    return OK;
}

struct replay_call {
    int code;
};

/* What is refused before its numbers were claimed may still be a repeat of what was done. */
static RESULT refused_in_txn(struct txn *tx, void *arg)
{
    const struct replay_call *call = arg;

    (void)tx;
    REFUSE(call->code);
}

static int replace_refused(const struct card *old, const struct replace_ask *ask)
{
    enum social_state to;
    struct err end = social_move(old->social, SOCIAL_REPLACE, old->social_before, &to);

    if (end.code == REGISTRY_CARD_REPLACED || end.code == REGISTRY_CARD_CANCELLED) return end.code;
    if (ask->act.proof < PROOF_TWO_FACTORS) return REGISTRY_PROOF_WEAK;
    return end.code;
}

RESULT registry_card_replace(const struct registry *rg, const struct once *once,
                             const struct replace_ask *given, struct replace_made *made)
{
    struct replace_ask ask = *given;
    struct replace_call call = { .ask = &ask };
    struct replay_call refused;
    struct issue_ready ready;
    struct card old;
    struct err end;
    int64_t result;
    bool replayed;

    ask.card.person_id = ask.person_id;
    ask.card.act = ask.act;
    TRY(registry_card_load(rg->store, ask.person_id, ask.old_card_id, &old));
    if (ask.card.region_code == 0) ask.card.region_code = old.region_code;
    refused.code = replace_refused(&old, &ask);
    if (refused.code != 0) {
        if (once == NULL) REFUSE(refused.code);
        TRY(act_run(rg, root_person(old.person_id), once, refused_in_txn, &refused, &result,
                    &replayed));
        return replayed_out(rg, &ask, old.person_id, result, made);
    }
    TRY(issue_prepare(rg, &ask.card, &ready));
    call.ready = &ready;
    end = act_run(rg, root_person(old.person_id), once, replace_in_txn, &call, &result, &replayed);
    if (end.code > 0 || replayed) issue_undo(rg, &ready, ask.act.at);
    TRY(end);
    if (replayed) return replayed_out(rg, &ask, old.person_id, result, made);
    *made = (struct replace_made){
        .card = { call.row.c.id, call.row.c.epoch, ready.no, ready.ident },
        .old_card_id = old.id,
        .loss_id = call.loss_id,
    };
    return issue_settle(rg, &ready, ask.act.at);
}

/* ---- cancelling */

static struct str cancel_word(enum cancel_reason reason)
{
    switch (reason) {
    case CANCEL_DEATH:
        return S("death");
    case CANCEL_EMIGRATION:
        return S("emigration");
    case CANCEL_INSURANCE_ENDED:
        return S("insurance_ended");
    case CANCEL_SECOND_CARD:
        return S("second_card");
    case CANCEL_NOT_COLLECTED:
        return S("not_collected");
    case CANCEL_OWN_WISH:
        return S("own_wish");
    }
    return S("other");
}

RESULT card_cancel_in(struct txn *tx, struct card *card, enum cancel_reason reason,
                      const struct act *act)
{
    struct turn_why why = { .act = act,
                            .name = "card_cancelled",
                            .item = ITEM_CARD_CANCEL,
                            .loss_id = card->loss_id,
                            .reason = (int)reason };
    struct card_turn turn;

    card_turn_open(&turn, card);
    TRY(turn_end(&turn, SOCIAL_CANCEL));
    if (card->loss_id != 0)
        TRY(loss_end_set(tx, card->person_id, card->loss_id, LOSS_SUPERSEDED, act->at));
    TRY(card_turn_save(tx, &turn, &why));
    *card = turn.card;
    if (reason == CANCEL_DEATH) return OK; /* nobody is there to read it */
    return act_notice(tx, NOTICE_CARD_CANCELLED, card->person_id, act->at,
                      ((struct act_word[]){ { "card", card_mask(tx, card) },
                                            { "at", act_time(tx, act->at) },
                                            { "reason", cancel_word(reason) } }),
                      3);
}

struct cancel_call {
    int64_t person_id, card_id;
    enum cancel_reason reason;
    const struct act *act;
    struct card card;
};

static RESULT cancel_in_txn(struct txn *tx, void *arg)
{
    struct cancel_call *call = arg;

    TRY(registry_card_in(tx, call->person_id, call->card_id, &call->card));
    TRY(card_cancel_in(tx, &call->card, call->reason, call->act));
    txn_result(tx, call->card.change_id);
    return OK;
}

RESULT registry_card_cancel(const struct registry *rg, const struct once *once, int64_t person_id,
                            int64_t card_id, enum cancel_reason reason, const struct act *act,
                            struct card *after)
{
    struct cancel_call call = { person_id, card_id, reason, act, { 0 } };
    int64_t result;
    bool replayed;

    TRY(act_run(rg, root_person(person_id), once, cancel_in_txn, &call, &result, &replayed));
    if (replayed) return card_turn_again(rg, person_id, card_id, result, after);
    *after = call.card;
    return OK;
}

/* ---- expiry */

enum { EXPIRE_ROWS = 100 };
struct past_call {
    int64_t day;
    struct card_name names[EXPIRE_ROWS];
    int max, n;
};

static RESULT past_in_txn(struct txn *tx, void *arg)
{
    struct past_call *call = arg;

    return cards_past(tx, call->day, call->names, call->max, &call->n);
}

RESULT registry_expire_sweep(const struct registry *rg, struct instant at, int64_t max,
                             int64_t *expired)
{
    struct past_call past = { .day = date_number(day_date(day_of(at))) };

    *expired = 0;
    do {
        past.max = max - *expired < EXPIRE_ROWS ? (int)(max - *expired) : EXPIRE_ROWS;
        TRY(store_read(rg->store, past_in_txn, &past));
        for (int i = 0; i < past.n; i++) {
            struct card_event_ask ask = {
                .person_id = past.names[i].person_id,
                .card_id = past.names[i].card_id,
                .function = FUNCTION_SOCIAL,
                .event = SOCIAL_EXPIRE,
                .act = { .at = at, .actor = ACTOR_JOB, .channel = CHANNEL_JOB },
            };
            struct card after;
            struct err end = registry_card_event(rg, NULL, &ask, &after);
            if (end.code < 0) return end; /* a refusal: it moved meanwhile */
            if (end.code == 0) ++*expired;
        }
    } while (past.n == past.max && *expired < max && past.n > 0);
    return OK;
}
