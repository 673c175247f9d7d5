/* venues/slot_store.h - SQL of slots. */
#pragma once
#include "store/store.h"
#include "venues/venues.h"

RESULT slot_load(struct txn *tx, int64_t venue_id, int64_t slot_id, struct slot *out);
/* The open slot whose entry time holds `at`; *found false: none. */
RESULT slot_at(struct txn *tx, int64_t venue_id, struct instant at, struct slot *out, bool *found);
RESULT slot_starts(struct txn *tx, int64_t venue_id, struct instant starts_at, bool *found);
RESULT slot_insert(struct txn *tx, int64_t id, const struct slot_ask *ask);
RESULT slot_take(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t places);
RESULT slot_give_back(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t places);
/* Count people in, `held` of them on held-back places. */
RESULT slot_admit(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t places, int64_t held);
RESULT slot_set(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t quota, int64_t held);
RESULT slot_set_state(struct txn *tx, int64_t venue_id, int64_t slot_id, enum slot_state state);
RESULT slot_list(struct txn *tx, int64_t venue_id, struct instant from, struct instant to,
                 struct instant after, size_t limit, struct slot *out, size_t *n);
