/* venues/terminal_store.h - SQL of terminals: rows, nonces, tokens, lists obeyed. */
#pragma once
#include "store/store.h"
#include "venues/venues.h"

struct terminal_row {
    struct terminal terminal;
    uint8_t activation_hash[32];
    bool activation_out; /* a number is out */
    struct instant activation_ends, enrolled_at;
};
RESULT terminal_load(struct txn *tx, int64_t venue_id, int64_t id, struct terminal_row *out);
/* By id alone, for addresses that name only the terminal (a read over all venues). */
RESULT terminal_find(struct txn *tx, int64_t id, struct terminal_row *out);
RESULT terminal_insert(struct txn *tx, const struct terminal_ask *ask, int64_t id,
                       const uint8_t activation_hash[32]);
RESULT terminal_set_activation(struct txn *tx, int64_t venue_id, int64_t id, const uint8_t hash[32],
                               struct instant ends);
RESULT terminal_set_key(struct txn *tx, int64_t venue_id, int64_t id, enum suite suite,
                        const uint8_t key[POINT_SHORT], struct instant at);
RESULT terminal_set_revoked(struct txn *tx, int64_t venue_id, int64_t id, struct instant at);
RESULT terminal_set_beat(struct txn *tx, const struct heartbeat *beat);
RESULT terminal_list_all(struct txn *tx, int64_t venue_id, int64_t after, size_t limit,
                         struct terminal *out, size_t *n);

RESULT nonce_put(struct txn *tx, int64_t venue_id, int64_t terminal_id, const uint8_t hash[32],
                 struct instant at, bool *used);
RESULT token_put(struct txn *tx, int64_t venue_id, const uint8_t hash[32], int64_t terminal_id,
                 struct instant ends);
RESULT token_find(struct txn *tx, const uint8_t hash[32], struct instant at, int64_t *terminal_id,
                  bool *found);
RESULT tokens_drop(struct txn *tx, int64_t venue_id, int64_t terminal_id, struct instant ended);

RESULT obeyed_put(struct txn *tx, const struct heartbeat *beat);
RESULT obeyed_list(struct txn *tx, int64_t incarnation, int64_t position, struct instant sealed_at,
                   struct instant active_at, int64_t after, size_t limit, struct gate_obeyed *out,
                   size_t *n);

/* terminal.c: the terminal's key over an upload. */
RESULT upload_signature_check(const struct terminal *terminal, const struct upload_ask *ask);
