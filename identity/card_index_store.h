/* identity/card_index_store.h - SQL of the lasting card indexes. */
#pragma once
#include "store/store.h"

struct card_index_row {
    uint32_t index;
    int64_t card_id, person_id;
};
/* Keep rows; ones that are there with the same card are left alone. FAULT_STORE_CORRUPT when
 * another card has the index or the card another index. */
RESULT card_index_keep(struct store *store, const struct card_index_row *rows, size_t n);
/* Rows from an index on, in order; visit refusing stops. */
typedef struct err card_index_visit(void *arg, const struct card_index_row *row);
RESULT card_index_each(struct store *store, uint32_t from, card_index_visit *visit, void *arg);
RESULT card_index_find(struct txn *tx, uint32_t index, struct card_index_row *out, bool *found);
