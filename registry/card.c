/* registry/card.c - plain events on a card, activation, aliases. */
#include "registry/card.h"

#include "registry/act.h"
#include "registry/card_turn.h"

/* Events that have calls of their own, with reports and proofs around them. */
static bool plain_event(enum card_function function, int event)
{
    switch (function) {
    case FUNCTION_SOCIAL:
        return event != SOCIAL_LOSE && event != SOCIAL_LOSE_FORMAL && event != SOCIAL_LIFT &&
               event != SOCIAL_LAPSE && event != SOCIAL_REPLACE && event != SOCIAL_CANCEL;
    case FUNCTION_BANK:
        return event != BANK_LOSE && event != BANK_LIFT;
    case FUNCTION_PURSE:
        return event != PURSE_BLACKLIST && event != PURSE_UNLIST;
    case FUNCTION_ECARD:
        return false;
    }
    return false;
}

static RESULT alive(const struct card *card)
{
    REQUIRE(card->social != SOCIAL_REPLACED, REGISTRY_CARD_REPLACED);
    REQUIRE(card->social != SOCIAL_CANCELLED, REGISTRY_CARD_CANCELLED);
    return OK;
}

/* The bank function is opened and woken only on a card that is in its holder's hand. */
static bool bank_may_open(enum social_state s)
{
    return s == SOCIAL_SEALED || s == SOCIAL_NORMAL || s == SOCIAL_LOCKED || s == SOCIAL_EXPIRED;
}

static RESULT turn_event(struct card_turn *turn, enum card_function function, int event)
{
    switch (function) {
    case FUNCTION_SOCIAL:
        return card_turn_social(turn, (enum social_event)event);
    case FUNCTION_BANK:
        if (event == BANK_ACTIVATE || event == BANK_WAKE)
            REQUIRE(bank_may_open(turn->card.social), REGISTRY_BANK_STOPPED);
        return card_turn_bank(turn, (enum bank_event)event);
    case FUNCTION_PURSE:
        if (event == PURSE_ENABLE) REQUIRE(bank_may_open(turn->card.social), REGISTRY_BANK_STOPPED);
        return card_turn_purse(turn, (enum purse_event)event);
    case FUNCTION_ECARD:
        break;
    }
    REFUSE(REGISTRY_MOVE_REFUSED);
}

static struct turn_why why_of(const struct act *act, enum card_function function, int event)
{
    struct turn_why why = { .act = act, .name = "card_moved", .item = ITEM_CARD_STATE };

    if (function == FUNCTION_SOCIAL && event == SOCIAL_ENABLE) {
        why.name = "card_enabled";
        why.item = ITEM_CARD_ACTIVATE;
    } else if (function == FUNCTION_BANK && event == BANK_ACTIVATE) {
        why.name = "bank_activated";
        why.item = ITEM_CARD_ACTIVATE;
    } else if (function == FUNCTION_SOCIAL && event == SOCIAL_LOCK) {
        why.name = "card_locked";
        why.item = ITEM_CARD_PIN;
    } else if (function == FUNCTION_SOCIAL && event == SOCIAL_UNLOCK) {
        why.name = "card_unlocked";
        why.item = ITEM_CARD_PIN;
    } else if (function == FUNCTION_SOCIAL && event == SOCIAL_STOP) {
        why.name = "card_stopped";
    } else if (function == FUNCTION_SOCIAL && event == SOCIAL_RESUME) {
        why.name = "card_resumed";
    }
    return why;
}

static RESULT tell_holder(struct txn *tx, const struct card *card, const struct act *act,
                          enum card_function function, int event)
{
    struct act_word words[] = { { "card", card_mask(tx, card) }, { "", { 0 } } };
    enum notice_kind kind;

    if (function == FUNCTION_SOCIAL && event == SOCIAL_ENABLE) {
        kind = NOTICE_CARD_ACTIVATED;
        words[1] = (struct act_word){ "function", S("social") };
    } else if (function == FUNCTION_BANK && event == BANK_ACTIVATE) {
        kind = NOTICE_CARD_ACTIVATED;
        words[1] = (struct act_word){ "function", S("bank") };
    } else if (function == FUNCTION_SOCIAL && event == SOCIAL_LOCK) {
        kind = NOTICE_CARD_LOCKED;
        words[1] = (struct act_word){ "at", act_time(tx, act->at) };
    } else if (function == FUNCTION_SOCIAL && event == SOCIAL_UNLOCK) {
        kind = NOTICE_CARD_UNLOCKED;
        words[1] = (struct act_word){ "at", act_time(tx, act->at) };
    } else {
        return OK;
    }
    return act_notice(tx, kind, card->person_id, act->at, words, LEN(words));
}

struct event_call {
    const struct card_event_ask *ask;
    struct card after;
};

static RESULT event_in_txn(struct txn *tx, void *arg)
{
    struct event_call *call = arg;
    const struct card_event_ask *ask = call->ask;
    struct turn_why why = why_of(&ask->act, ask->function, ask->event);
    struct card_turn turn;
    struct card card;

    TRY(registry_card_in(tx, ask->person_id, ask->card_id, &card));
    TRY(alive(&card));
    REQUIRE(ask->expect_epoch == 0 || ask->expect_epoch == card.epoch, REGISTRY_CARD_CHANGED);
    card_turn_open(&turn, &card);
    TRY(turn_event(&turn, ask->function, ask->event));
    TRY(card_turn_save(tx, &turn, &why));
    call->after = turn.card;
    txn_result(tx, turn.card.change_id);
    return tell_holder(tx, &turn.card, &ask->act, ask->function, ask->event);
}

RESULT registry_card_event(const struct registry *rg, const struct once *once,
                           const struct card_event_ask *ask, struct card *after)
{
    struct event_call call = { .ask = ask };
    int64_t result;
    bool replayed;

    REQUIRE(plain_event(ask->function, ask->event), REGISTRY_MOVE_REFUSED);
    TRY(act_run(rg, root_person(ask->person_id), once, event_in_txn, &call, &result, &replayed));
    if (replayed) return card_turn_again(rg, ask->person_id, ask->card_id, result, after);
    *after = call.after;
    return OK;
}

/* ---- both functions in one sitting */

struct activate_call {
    int64_t person_id, card_id;
    bool social, bank;
    const struct act *act;
    struct card after;
};

static RESULT activate_in_txn(struct txn *tx, void *arg)
{
    struct activate_call *call = arg;
    struct turn_why why = { .act = call->act,
                            .name = call->social ? "card_enabled" : "bank_activated",
                            .item = ITEM_CARD_ACTIVATE };
    struct card_turn turn;
    struct card card;

    TRY(registry_card_in(tx, call->person_id, call->card_id, &card));
    TRY(alive(&card));
    card_turn_open(&turn, &card);
    if (call->social) TRY(turn_event(&turn, FUNCTION_SOCIAL, SOCIAL_ENABLE));
    if (call->bank) TRY(turn_event(&turn, FUNCTION_BANK, BANK_ACTIVATE));
    TRY(card_turn_save(tx, &turn, &why));
    call->after = turn.card;
    txn_result(tx, turn.card.change_id);
    if (call->social) TRY(tell_holder(tx, &turn.card, call->act, FUNCTION_SOCIAL, SOCIAL_ENABLE));
    if (call->bank) TRY(tell_holder(tx, &turn.card, call->act, FUNCTION_BANK, BANK_ACTIVATE));
    return OK;
}

RESULT registry_card_activate(const struct registry *rg, const struct once *once, int64_t person_id,
                              int64_t card_id, bool social, bool bank, const struct act *act,
                              struct card *after)
{
    struct activate_call call = { person_id, card_id, social, bank, act, { 0 } };
    int64_t result;
    bool replayed;

    REQUIRE(social || bank, REGISTRY_MOVE_REFUSED);
    TRY(act_run(rg, root_person(person_id), once, activate_in_txn, &call, &result, &replayed));
    if (replayed) return card_turn_again(rg, person_id, card_id, result, after);
    *after = call.after;
    return OK;
}

/* ---- the e-card's alias */

struct alias_call {
    int64_t person_id;
    struct instant at;
    uint8_t hash[32];
    struct card was;
};

static RESULT alias_in_txn(struct txn *tx, void *arg)
{
    struct alias_call *call = arg;
    struct card card;
    bool live;

    TRY(card_live_select(tx, call->person_id, 0, &call->was, &live));
    REQUIRE(live, REGISTRY_CARD_UNKNOWN);
    card = call->was;
    memcpy(card.alias_hash, call->hash, sizeof card.alias_hash);
    TRY(card_update(tx, &call->was, &card));
    return card_turn_tell(tx, &card, call->at, false);
}

RESULT registry_alias_make(const struct registry *rg, int64_t person_id, struct instant at,
                           char out[ALIAS_CHARS])
{
    static const char CROCKFORD[] = "0123456789abcdefghjkmnpqrstvwxyz";
    static const uint8_t NONE[32];
    struct alias_call call = { .person_id = person_id, .at = at };
    struct credential credential = { .kind = CREDENTIAL_ECARD_ALIAS,
                                     .person_id = person_id,
                                     .valid_from = at };
    uint8_t bits[ALIAS_CHARS];
    char text[ALIAS_CHARS];

    rg->entropy.fill(rg->entropy.arg, bits, sizeof bits);
    for (int i = 0; i < ALIAS_CHARS; i++)
        text[i] = CROCKFORD[bits[i] & 31];
    credential_hash(rg->blind, CREDENTIAL_ECARD_ALIAS, (struct str){ text, ALIAS_CHARS },
                    call.hash);
    memcpy(credential.hash, call.hash, sizeof credential.hash);
    TRY(registry_credential_put(rg, &credential));
    TRY(store_run(rg->store, root_person(person_id), alias_in_txn, &call));
    if (memcmp(call.was.alias_hash, NONE, sizeof NONE) != 0)
        TRY(registry_credential_end(rg, CREDENTIAL_ECARD_ALIAS, call.was.alias_hash, person_id,
                                    at));
    memcpy(out, text, ALIAS_CHARS);
    return OK;
}
