/* registry/card_store.h - rows of cards, their history and loss reports. */
#pragma once
#include "registry/card.h"

enum {
    CARD_NO_SEALED = CARD_NO_CHARS + FIELD_SEAL_MORE,
    CARD_IDENT_SEALED = CARD_IDENT_CHARS + FIELD_SEAL_MORE,
};
#define TABLE_CARD S("card")
#define COLUMN_CARD_NO S("no_sealed")
#define COLUMN_CARD_IDENT S("ident_sealed")

struct card_row {
    struct card c;
    uint8_t no[CARD_NO_SEALED], ident[CARD_IDENT_SEALED];
};
RESULT card_insert(struct txn *tx, const struct card_row *row);
/* Everything that changes, where epoch and social state are still what `was` says.
 * refuses REGISTRY_CARD_CHANGED */
RESULT card_update(struct txn *tx, const struct card *was, const struct card *card);
RESULT card_select(struct txn *tx, int64_t person_id, int64_t card_id, struct card *out,
                   bool *found);
RESULT card_sealed_select(struct txn *tx, int64_t person_id, int64_t card_id, struct card_row *out,
                          bool *found);
RESULT card_live_select(struct txn *tx, int64_t person_id, int32_t province_code, struct card *out,
                        bool *found);
RESULT cards_select(struct txn *tx, int64_t person_id, bool live_only, struct card *out, int max,
                    int *n);
RESULT card_person_select(struct txn *tx, int64_t card_id, int64_t *person_id, bool *found);
RESULT card_visit_all(struct txn *tx, card_visit *visit, void *arg);
/* Live cards whose end is before the day, at most max. */
struct card_name {
    int64_t person_id, card_id;
};
RESULT cards_past(struct txn *tx, int64_t yyyymmdd, struct card_name *out, int max, int *n);

RESULT change_insert(struct txn *tx, int64_t person_id, const struct card_change *change,
                     int reason);
RESULT changes_select(struct txn *tx, int64_t person_id, int64_t card_id, struct card_change *out,
                      int max, int *n);
RESULT change_select(struct txn *tx, int64_t person_id, int64_t change_id, struct card_change *out,
                     bool *found);

RESULT loss_insert(struct txn *tx, const struct loss *loss);
RESULT loss_select(struct txn *tx, int64_t person_id, int64_t loss_id, struct loss *out,
                   bool *found);
RESULT losses_select(struct txn *tx, int64_t person_id, struct loss *out, int max, int *n);
RESULT loss_end_set(struct txn *tx, int64_t person_id, int64_t loss_id, enum loss_state state,
                    struct instant at);
RESULT loss_warned_set(struct txn *tx, int64_t person_id, int64_t loss_id, struct instant at,
                       struct instant expires_at);
/* Effective temporary reports that are over at `at`, or unwarned and over before `warn`; soonest
 * first. */
RESULT losses_due(struct txn *tx, struct instant at, struct instant warn, struct loss *out, int max,
                  int *n);
