/* ledger/ledger_store.h - SQL of books, accounts and transfers; no rule lives here. */
#pragma once
#include "ledger/ledger.h"

RESULT book_load(struct txn *tx, int64_t book_id, struct ledger_book *out, bool *found);
RESULT book_insert(struct txn *tx, const struct ledger_book *book);

/* name is in `arena`; without one it stays empty */
RESULT account_load(struct txn *tx, int64_t book_id, int64_t account_id, struct arena *arena,
                    struct ledger_account *out, bool *found);
RESULT account_insert(struct txn *tx, const struct ledger_account *account);
RESULT account_set_limits(struct txn *tx, int64_t book_id, int64_t account_id,
                          const struct account_limits *limits);
RESULT account_set_closed(struct txn *tx, int64_t book_id, int64_t account_id);
/* Add to the totals what `after` has more than `before` (pending ones may shrink). */
RESULT account_move(struct txn *tx, const struct ledger_account *before,
                    const struct ledger_account *after);

RESULT transfer_load(struct txn *tx, int64_t book_id, struct transfer_id id, struct transfer *out,
                     bool *found);
RESULT transfer_insert(struct txn *tx, int64_t book_id, const struct transfer *transfer);
/* Pending to another state; one that is not pending is damage. */
RESULT transfer_end(struct txn *tx, int64_t book_id, struct transfer_id id,
                    enum transfer_state state, struct instant at);
/* Pending ones whose time-out is not after `at`, oldest first, at most max, into out. */
RESULT transfers_due(struct txn *tx, int64_t book_id, struct instant at, int max,
                     struct transfer *out, int *n);
RESULT transfers_visit(struct txn *tx, int64_t book_id, int64_t account_id, int64_t after,
                       int64_t max, transfer_visit *visit, void *arg);
