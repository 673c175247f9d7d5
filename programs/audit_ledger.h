/* programs/audit_ledger.h - the ledger's proof by a second path: every total recomputed from the
 * transfers, by statements that share no code with ledger/. */
#pragma once
#include "store/store.h"

enum audit_ledger_what { /* what a finding is about; in the order they are looked for */
                         AUDIT_LEDGER_TOTALS =
                             1, /* an account's totals are not the sums of its transfers */
                         AUDIT_LEDGER_PENDING = 2, /* an account's reservations are not those of its
                                                      pending transfers */
                         AUDIT_LEDGER_LIMITS = 3,  /* a balance lies outside floor and cap, or a
                                                      closed one is not empty */
                         AUDIT_LEDGER_STRANGER =
                             4, /* a transfer names an account that its book does not have */
                         AUDIT_LEDGER_ENDS =
                             5, /* a pending transfer and its end do not fit each other */
                         AUDIT_LEDGER_CHAIN = 6, /* a chain is not whole */
                         AUDIT_LEDGER_BOOK =
                             7, /* a book's debits and credits differ, or an account has no book */
};
const char *audit_ledger_text(enum audit_ledger_what what, bool zh);

struct audit_ledger_finding {
    enum audit_ledger_what what;
    int64_t book_id, id; /* account; or the transfer's row id, from AUDIT_LEDGER_STRANGER on */
};
enum { AUDIT_LEDGER_FINDINGS_MAX = 100 };
struct audit_ledger_result {
    int64_t books, accounts, transfers;
    int64_t findings_n; /* all of them; the first AUDIT_LEDGER_FINDINGS_MAX are listed */
    struct audit_ledger_finding findings[AUDIT_LEDGER_FINDINGS_MAX];
};

/* Recompute everything in one snapshot. OK whatever was found; faults FAULT_STORE*. */
RESULT audit_ledger(struct store *store, struct audit_ledger_result *out);
