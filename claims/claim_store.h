/* claims/claim_store.h - rows of claims and of who owns which kind. */
#pragma once
#include "claims/claims.h"

RESULT owner_insert(struct txn *tx, enum claim_kind kind, int64_t org_id);
RESULT owner_delete(struct txn *tx, enum claim_kind kind, int64_t org_id);
RESULT owner_select(struct txn *tx, enum claim_kind kind, int64_t org_id, bool *owns);
RESULT claim_insert(struct txn *tx, int64_t id, const struct claim_ask *ask);
/* Close the open one of this kind, region and owner, if there is one. */
RESULT claim_close_like(struct txn *tx, const struct claim_ask *ask);
RESULT claim_close(struct txn *tx, int64_t person_id, int64_t claim_id, struct instant at);
RESULT claim_confirm_set(struct txn *tx, int64_t person_id, int64_t claim_id, struct instant at);
RESULT claim_select(struct txn *tx, int64_t person_id, int64_t claim_id, struct claim *out,
                    bool *found);
/* Of one kind, true at `valid` as known at `recorded`, freshest first. */
RESULT claims_then(struct txn *tx, int64_t person_id, enum claim_kind kind, struct instant valid,
                   struct instant recorded, struct claim *out, int max, int *n);
RESULT claims_open(struct txn *tx, int64_t person_id, struct claim *out, int max, int *n);
