/* registry/card_turn.h - the one way a card changes. A turn holds the card as it was and as it will
 * be; each event goes through its table; card_turn_save writes row, history, feed and note. */
#pragma once
#include "registry/card_store.h"

struct turn_change {
    enum card_function function;
    int event, from, to;
};
enum { TURN_CHANGES = 5 };
struct card_turn {
    struct card was, card;
    struct turn_change changes[TURN_CHANGES];
    int n;
};
void card_turn_open(struct card_turn *turn, const struct card *card);
/* Apply an event by the table. refuses REGISTRY_CARD_REPLACED, _CANCELLED, _MOVE_REFUSED */
RESULT card_turn_social(struct card_turn *turn, enum social_event event);
RESULT card_turn_bank(struct card_turn *turn, enum bank_event event);
RESULT card_turn_purse(struct card_turn *turn, enum purse_event event);
/* The same where the table has the move, else nothing. */
void card_turn_bank_if(struct card_turn *turn, enum bank_event event);
void card_turn_purse_if(struct card_turn *turn, enum purse_event event);
void card_turn_ecard(struct card_turn *turn, enum ecard_event event, enum ecard_state to);

struct turn_why {
    const struct act *act;
    const char *name; /* of the journal line: "card_lost" */
    struct str item;
    int64_t loss_id;
    int reason; /* of replacing or cancelling */
    bool bulk;  /* many in one transaction: no note, derived state follows the feed */
};
/* Raise the epoch when gates must hear, write the row (guarded by its old epoch and state), the
 * history, the journal line, FEED_CARD and the note. */
RESULT card_turn_save(struct txn *tx, struct card_turn *turn, const struct turn_why *why);
/* A card's first row, with history, journal, feed and note. */
RESULT card_turn_first(struct txn *tx, const struct card_row *row, const struct turn_why *why);
/* The feed's entry and, unless `bulk`, the note. */
RESULT card_turn_tell(struct txn *tx, const struct card *card, struct instant at, bool bulk);

/* Cancel one card, in place. refuses REGISTRY_CARD_REPLACED, _CANCELLED */
RESULT card_cancel_in(struct txn *tx, struct card *card, enum cancel_reason reason,
                      const struct act *act);
/* Cancel every live card of a person. */
RESULT cards_cancel_in(struct txn *tx, int64_t person_id, enum cancel_reason reason,
                       const struct act *act);
/* The card after an act that was repeated: as it is, with the change that the first run made. */
RESULT card_turn_again(const struct registry *rg, int64_t person_id, int64_t card_id,
                       int64_t change_id, struct card *after);
/* "****0019" in the transaction's scratch. */
struct str card_mask(struct txn *tx, const struct card *card);
