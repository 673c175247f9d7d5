/* identity/verify_store.h - SQL of used codes, sheets and short codes. */
#pragma once
#include "store/store.h"

struct used_row {
    uint32_t step;
    struct instant used_at;
    int64_t place_id, terminal_id;
};
RESULT used_load(struct txn *tx, int64_t person_id, int64_t device_id, struct used_row *out,
                 bool *found);
RESULT used_put(struct txn *tx, int64_t person_id, int64_t device_id, const struct used_row *row,
                bool found);
/* Codes that gates took alone: the row of this very step, and forgetting old ones of the person. */
RESULT offline_load(struct txn *tx, int64_t person_id, int64_t device_id, uint32_t step,
                    struct used_row *out, bool *found);
RESULT offline_put(struct txn *tx, int64_t person_id, int64_t device_id,
                   const struct used_row *row);
RESULT offline_forget(struct txn *tx, int64_t person_id, struct instant before);

struct paper_row {
    int64_t id, card_id;
    uint32_t serial;
    struct instant revoked_at; /* 0: not */
    int64_t days;
    uint32_t from_step;
};
RESULT paper_load(struct txn *tx, int64_t person_id, uint32_t serial, struct paper_row *out,
                  bool *found);
RESULT paper_raw(struct txn *tx, int64_t person_id, int64_t id, uint8_t out[93], bool *found);
/* The bytes of those that are out, oldest first, at most max. */
RESULT papers_raw(struct txn *tx, int64_t person_id, uint32_t step, uint8_t (*out)[93], int max,
                  int *n);
RESULT paper_live(struct txn *tx, int64_t person_id, uint32_t step, int64_t *n);
RESULT paper_insert(struct txn *tx, int64_t person_id, int64_t id, uint32_t serial, int64_t card_id,
                    uint32_t card_index, uint32_t from_step, int64_t days, struct bytes raw,
                    struct instant at, int64_t by);
RESULT paper_set_revoked(struct txn *tx, int64_t person_id, uint32_t serial, struct instant at,
                         int64_t by);
RESULT serial_claim(struct txn *tx, uint32_t serial, int64_t person_id, int64_t paper_id,
                    struct instant ends_at, bool *taken);
RESULT serial_revoke(struct txn *tx, uint32_t serial);
/* Those whose sheets ended before that, used or not; at most max. */
RESULT serials_drop(struct txn *tx, struct instant ended, int max, int64_t *dropped);
/* Serials of revoked sheets that would still be good, ascending, at most max. */
RESULT serials_revoked(struct txn *tx, struct instant at, uint32_t *out, size_t max, size_t *n);

struct short_row {
    int64_t person_id, card_id;
    int64_t strength, purpose;
    struct instant ends_at, used_at;
};
RESULT short_load(struct txn *tx, const uint8_t hash[32], struct short_row *out, bool *found);
RESULT short_insert(struct txn *tx, const uint8_t hash[32], const struct short_row *row);
RESULT short_use(struct txn *tx, const uint8_t hash[32], struct instant at);
RESULT short_drop(struct txn *tx, const uint8_t hash[32]);
RESULT short_last(struct txn *tx, int64_t person_id, uint8_t hash[32], bool *found);
RESULT short_last_put(struct txn *tx, int64_t person_id, const uint8_t hash[32], struct instant at,
                      bool found);

struct try_row {
    int64_t wrong, locks;
    struct instant locked_until;
};
RESULT try_load(struct txn *tx, int64_t actor_id, struct try_row *out, bool *found);
RESULT try_put(struct txn *tx, int64_t actor_id, const struct try_row *row, bool found);
