/* registry/card_turn.c - the one way a card changes, and what every change leaves behind. */
#include "registry/card_turn.h"

#include "registry/act.h"

void card_turn_open(struct card_turn *turn, const struct card *card)
{
    *turn = (struct card_turn){ .was = *card, .card = *card };
}

static void changed(struct card_turn *turn, enum card_function function, int event, int from,
                    int to)
{
    assert(turn->n < TURN_CHANGES);
    turn->changes[turn->n++] = (struct turn_change){ function, event, from, to };
}

static bool in_loss(enum social_state s)
{
    return s == SOCIAL_TEMPORARY_LOSS || s == SOCIAL_FORMAL_LOSS;
}

RESULT card_turn_social(struct card_turn *turn, enum social_event event)
{
    struct card *c = &turn->card;
    enum social_state from = c->social, before = c->social_before, to;

    if (event == SOCIAL_RESUME) before = c->enabled ? SOCIAL_NORMAL : SOCIAL_SEALED;
    TRY(social_move(from, event, before, &to));
    if (!in_loss(from) && in_loss(to)) c->social_before = from;
    if (!in_loss(to)) c->social_before = 0;
    if (to == SOCIAL_NORMAL) c->enabled = true;
    c->social = to;
    changed(turn, FUNCTION_SOCIAL, (int)event, (int)from, (int)to);
    return OK;
}

RESULT card_turn_bank(struct card_turn *turn, enum bank_event event)
{
    struct card *c = &turn->card;
    enum bank_state from = c->bank, to;

    TRY(bank_move(from, event, c->bank_before, &to));
    c->bank_before = to == BANK_LOSS ? from : 0;
    c->bank = to;
    changed(turn, FUNCTION_BANK, (int)event, (int)from, (int)to);
    return OK;
}

RESULT card_turn_purse(struct card_turn *turn, enum purse_event event)
{
    struct card *c = &turn->card;
    enum purse_state from = c->purse, to;

    TRY(purse_move(from, event, &to));
    c->purse = to;
    changed(turn, FUNCTION_PURSE, (int)event, (int)from, (int)to);
    return OK;
}

void card_turn_bank_if(struct card_turn *turn, enum bank_event event)
{
    struct err none = card_turn_bank(turn, event);
    (void)none;
}

void card_turn_purse_if(struct card_turn *turn, enum purse_event event)
{
    struct err none = card_turn_purse(turn, event);
    (void)none;
}

void card_turn_ecard(struct card_turn *turn, enum ecard_event event, enum ecard_state to)
{
    struct card *c = &turn->card;

    if (c->ecard == to) return;
    changed(turn, FUNCTION_ECARD, (int)event, (int)c->ecard, (int)to);
    c->ecard = to;
}

/* What a gate can tell apart: only this raises the epoch, so that opening the bank function leaves
 * the phone's bundle good. */
static bool gates_hear(const struct card *a, const struct card *b)
{
    return social_usable(a->social) != social_usable(b->social) ||
           ecard_usable(a) != ecard_usable(b) || a->purse != b->purse;
}

RESULT card_turn_tell(struct txn *tx, const struct card *card, struct instant at, bool bulk)
{
    struct card_state state;
    uint8_t bytes[CARD_STATE_BYTES];

    card_state_of(card, at, &state);
    card_state_write(&state, bytes);
    TRY(feed_append(tx, FEED_CARD, card->id, bytes_of(bytes, sizeof bytes)));
    if (!bulk) txn_note(tx, bytes_of(bytes, sizeof bytes));
    return OK;
}

static RESULT history(struct txn *tx, const struct card *card, const struct turn_change *change,
                      const struct turn_why *why, int64_t *id)
{
    struct card_change row = {
        .id = *id = txn_new_id(tx),
        .card_id = card->id,
        .function = change->function,
        .event = change->event,
        .from = change->from,
        .to = change->to,
        .epoch = card->epoch,
        .at = why->act->at,
        .actor = why->act->actor,
        .actor_id = why->act->actor_id,
        .channel = why->act->channel,
        .loss_id = why->loss_id,
    };

    return change_insert(tx, card->person_id, &row, why->reason);
}

static RESULT leave(struct txn *tx, const struct card *card, const struct turn_why *why)
{
    struct act_line line = { .kind = JOURNAL_CARD,
                             .person_id = card->person_id,
                             .card_id = card->id,
                             .region_code = card->region_code,
                             .act = why->name,
                             .item = why->item };
    struct act act = *why->act;

    if (why->loss_id != 0) {
        line.object_prefix = "los";
        line.object_id = why->loss_id;
    }
    if (act.provenance == 0) act.provenance = card->provenance; /* of a test card: a test */
    TRY(act_journal(tx, &act, &line));
    return card_turn_tell(tx, card, why->act->at, why->bulk);
}

RESULT card_turn_save(struct txn *tx, struct card_turn *turn, const struct turn_why *why)
{
    struct card *c = &turn->card;
    int64_t id;

    if (gates_hear(&turn->was, c)) c->epoch++;
    c->changed_at = why->act->at;
    TRY(card_update(tx, &turn->was, c));
    for (int i = 0; i < turn->n; i++) {
        TRY(history(tx, c, &turn->changes[i], why, &id));
        if (i == 0) c->change_id = id;
    }
    return leave(tx, c, why);
}

RESULT card_turn_first(struct txn *tx, const struct card_row *row, const struct turn_why *why)
{
    struct turn_change first = { FUNCTION_SOCIAL, 0, 0, (int)row->c.social };
    int64_t id;

    TRY(card_insert(tx, row));
    TRY(history(tx, &row->c, &first, why, &id));
    return leave(tx, &row->c, why);
}

RESULT card_turn_again(const struct registry *rg, int64_t person_id, int64_t card_id,
                       int64_t change_id, struct card *after)
{
    TRY(registry_card_load(rg->store, person_id, card_id, after));
    after->change_id = change_id;
    return OK;
}

struct str card_mask(struct txn *tx, const struct card *card)
{
    char text[sizeof card->tail + 4];
    struct writer w = writer_over(text, sizeof text);

    put_str(&w, S("****"));
    put_str(&w, str_of(card->tail));
    return arena_str(txn_arena(tx), writer_str(&w));
}

RESULT cards_cancel_in(struct txn *tx, int64_t person_id, enum cancel_reason reason,
                       const struct act *act)
{
    struct card cards[CARDS_MAX];
    int n;

    TRY(cards_select(tx, person_id, true, cards, CARDS_MAX, &n));
    for (int i = 0; i < n; i++)
        TRY(card_cancel_in(tx, &cards[i], reason, act));
    return OK;
}
