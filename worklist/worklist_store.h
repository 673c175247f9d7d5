/* worklist/worklist_store.h - rows, their past and their numbers; this folder only. */
#pragma once
#include "worklist/worklist.h"

RESULT number_take(struct txn *tx, int64_t year, int64_t *number);
RESULT row_insert(struct txn *tx, const struct worklist_row *row, int64_t message_id);
RESULT row_by_message(struct txn *tx, int64_t message_id, int64_t *id, bool *found);
RESULT row_load(struct txn *tx, int64_t id, struct arena *arena, struct worklist_row *out,
                bool *found);
RESULT row_load_number(struct txn *tx, int64_t number, struct arena *arena,
                       struct worklist_row *out, bool *found);
/* State, owner, answer and times; the state column has no other writer. */
RESULT row_save(struct txn *tx, const struct worklist_row *row, enum worklist_state from,
                int64_t *changed);
RESULT rows_load(struct txn *tx, const struct worklist_query *query, int max, struct arena *arena,
                 struct worklist_row **rows, int *n);
RESULT rows_answered_before(struct txn *tx, struct instant before, int max, struct arena *arena,
                            int64_t **ids, int *n);
RESULT past_add(struct txn *tx, int64_t row_id, const struct worklist_past *past);
RESULT past_load(struct txn *tx, int64_t row_id, struct arena *arena, struct worklist_past **out,
                 int *n);
