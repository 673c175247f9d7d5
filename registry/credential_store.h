/* registry/credential_store.h - rows of `credential`. */
#pragma once
#include "registry/registry.h"

struct credential_row {
    int64_t id;
    struct credential c;
    bool settled;
};
/* Live rows (valid_to open) of a value, by share; at most SHARED_MAX + 1. */
enum { CREDENTIAL_ROWS = SHARED_MAX + 1 };
RESULT credential_rows(struct txn *tx, enum credential_kind kind, const uint8_t hash[32],
                       struct credential_row out[CREDENTIAL_ROWS], int *n);
RESULT credential_insert(struct txn *tx, const struct credential_row *row);
RESULT credential_settle(struct txn *tx, int64_t value_root, int64_t id);
RESULT credential_move(struct txn *tx, int64_t value_root, int64_t id, int64_t card_id);
RESULT credential_close(struct txn *tx, int64_t value_root, int64_t id, struct instant at);
/* Valid at an instant, closed ones too. */
RESULT credential_rows_at(struct txn *tx, enum credential_kind kind, const uint8_t hash[32],
                          struct instant at, struct credential_row out[CREDENTIAL_ROWS], int *n);
/* Unsettled claims made before `before`, oldest first. */
RESULT credential_claims(struct txn *tx, struct instant before, struct credential_row *out, int max,
                         int *n);
/* Does what the claim is for stand? The person, or (card_id not 0) the card. */
RESULT credential_owner_stands(struct txn *tx, const struct credential *c, bool *stands);
RESULT credential_visit_all(struct txn *tx, credential_visit *visit, void *arg);
