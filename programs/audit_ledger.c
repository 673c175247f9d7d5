/* programs/audit_ledger.c - the ledger's proof by a second path. Reads the schema of
 * migrations/0009_ledger.sql and nothing of ledger/: not its header, not its statements. The
 * numbers in the SQL are the schema's: kinds 1 direct, 2 pending, 3 post, 4 void; states 1 posted,
 * 2 pending, 3 voided, 4 expired. */
#include "programs/audit_ledger.h"

/* Each finds rows (book_id, id) that should not be. */
struct proof {
    enum audit_ledger_what what;
    struct stmt stmt;
};

/* What moved: direct transfers and posts. */
static const struct proof PROOFS[] = {
    { AUDIT_LEDGER_TOTALS,
      { .name = "audit: totals against transfers",
        .types = "",
        .sql = "WITH leg AS ("
               " SELECT book_id, debit_id AS account, amount AS debit, 0 AS credit"
               " FROM ledger_transfer WHERE kind = 1 OR kind = 3"
               " UNION ALL"
               " SELECT book_id, credit_id, 0, amount FROM ledger_transfer"
               " WHERE kind = 1 OR kind = 3),"
               " moved AS (SELECT book_id, account, CAST(SUM(debit) AS BIGINT) AS debits,"
               " CAST(SUM(credit) AS BIGINT) AS credits FROM leg GROUP BY book_id, account)"
               " SELECT a.book_id, a.id FROM ledger_account a LEFT JOIN moved m"
               " ON m.book_id = a.book_id AND m.account = a.id"
               " WHERE a.debits <> COALESCE(m.debits, 0) OR a.credits <> COALESCE(m.credits, 0)"
               " ORDER BY a.book_id, a.id" } },
    { AUDIT_LEDGER_PENDING,
      { .name = "audit: reservations against transfers",
        .types = "",
        .sql = "WITH leg AS ("
               " SELECT p.book_id, p.debit_id AS account, p.amount AS debit, 0 AS credit"
               " FROM ledger_transfer p WHERE p.kind = 2 AND p.state = 2"
               " UNION ALL"
               " SELECT p.book_id, p.credit_id, 0, p.amount"
               " FROM ledger_transfer p WHERE p.kind = 2 AND p.state = 2),"
               " held AS (SELECT book_id, account, CAST(SUM(debit) AS BIGINT) AS debits,"
               " CAST(SUM(credit) AS BIGINT) AS credits FROM leg GROUP BY book_id, account)"
               " SELECT a.book_id, a.id FROM ledger_account a LEFT JOIN held h"
               " ON h.book_id = a.book_id AND h.account = a.id"
               " WHERE a.debits_pending <> COALESCE(h.debits, 0)"
               " OR a.credits_pending <> COALESCE(h.credits, 0)"
               " ORDER BY a.book_id, a.id" } },
    { AUDIT_LEDGER_LIMITS,
      { .name = "audit: floors, caps and closed accounts",
        .types = "",
        .sql = "SELECT book_id, id FROM ledger_account"
               " WHERE (kind IN (1, 2) AND floor_fen > debits - credits - credits_pending)"
               " OR (kind IN (3, 4, 5) AND floor_fen > credits - debits - debits_pending)"
               " OR (kind IN (1, 2) AND cap_fen < debits - credits + debits_pending)"
               " OR (kind IN (3, 4, 5) AND cap_fen < credits - debits + credits_pending)"
               " OR (closed = 1 AND (debits <> credits OR debits_pending <> 0"
               " OR credits_pending <> 0))"
               " ORDER BY book_id, id" } },
    { AUDIT_LEDGER_STRANGER,
      { .name = "audit: transfers on accounts that are not there",
        .types = "",
        .sql = "SELECT t.book_id, t.row_id FROM ledger_transfer t"
               " WHERE NOT EXISTS (SELECT 1 FROM ledger_account a"
               " WHERE a.book_id = t.book_id AND a.id = t.debit_id)"
               " OR NOT EXISTS (SELECT 1 FROM ledger_account a"
               " WHERE a.book_id = t.book_id AND a.id = t.credit_id)"
               " ORDER BY t.book_id, t.row_id" } },
    { AUDIT_LEDGER_ENDS,
      { .name = "audit: pending transfers and their ends",
        .types = "",
        .sql = "SELECT p.book_id, p.row_id FROM ledger_transfer p LEFT JOIN ledger_transfer e"
               " ON e.book_id = p.book_id AND e.pending_id = p.id"
               " WHERE p.kind = 2 AND NOT ("
               " (p.state IN (2, 4) AND e.id IS NULL)"
               " OR (p.state = 1 AND e.kind = 3 AND e.amount <= p.amount AND e.at = p.ended_at"
               " AND (p.timeout_at = 0 OR e.at < p.timeout_at))"
               " OR (p.state = 3 AND e.kind = 4 AND e.amount = p.amount AND e.at = p.ended_at)"
               " ) OR (p.kind = 2 AND e.id IS NOT NULL"
               " AND (e.debit_id <> p.debit_id OR e.credit_id <> p.credit_id))"
               " OR (p.kind = 2 AND p.state = 4"
               " AND (p.timeout_at = 0 OR p.ended_at < p.timeout_at))"
               " UNION ALL"
               " SELECT e.book_id, e.row_id FROM ledger_transfer e"
               " WHERE e.pending_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_transfer p"
               " WHERE p.book_id = e.book_id AND p.id = e.pending_id AND p.kind = 2)" } },
    { AUDIT_LEDGER_CHAIN,
      { .name = "audit: chains are whole",
        .types = "",
        .sql = "SELECT book_id, CAST(MIN(row_id) AS BIGINT) FROM ledger_transfer"
               " GROUP BY book_id, chain_id"
               " HAVING COUNT(*) <> MAX(chain_n) OR MIN(chain_n) <> MAX(chain_n)"
               " OR MIN(chain_place) <> 0 OR MAX(chain_place) <> MAX(chain_n) - 1"
               " OR COUNT(DISTINCT chain_place) <> COUNT(*)"
               " OR SUM(CASE WHEN id = chain_id AND chain_place = 0 THEN 1 ELSE 0 END) <> 1" } },
    { AUDIT_LEDGER_BOOK,
      { .name = "audit: debits equal credits in each book",
        .types = "",
        .sql = "SELECT a.book_id, CAST(MIN(a.id) AS BIGINT) FROM ledger_account a"
               " LEFT JOIN ledger_book b ON b.id = a.book_id"
               " GROUP BY a.book_id, b.id"
               " HAVING SUM(a.debits) <> SUM(a.credits)"
               " OR SUM(a.debits_pending) <> SUM(a.credits_pending) OR b.id IS NULL"
               " ORDER BY a.book_id" } },
};

static const struct stmt COUNTS = {
    .name = "audit: rows of the ledger",
    .types = "",
    .sql = "SELECT (SELECT COUNT(*) FROM ledger_book), (SELECT COUNT(*) FROM ledger_account),"
           " (SELECT COUNT(*) FROM ledger_transfer)",
};

const char *audit_ledger_text(enum audit_ledger_what what, bool zh)
{
    switch (what) {
    case AUDIT_LEDGER_TOTALS:
        return zh ? "账户发生额与转账合计不符" : "totals are not the sums of the transfers";
    case AUDIT_LEDGER_PENDING:
        return zh ? "账户待定额与待定转账不符" : "reservations are not those of the transfers";
    case AUDIT_LEDGER_LIMITS:
        return zh ? "余额超出上下限，或已关闭账户未清零"
                  : "outside floor and cap, or closed and not empty";
    case AUDIT_LEDGER_STRANGER:
        return zh ? "转账的账户不在本账簿" : "a transfer on an account that is not there";
    case AUDIT_LEDGER_ENDS:
        return zh ? "待定转账与其结束不一致" : "a pending transfer and its end do not fit";
    case AUDIT_LEDGER_CHAIN:
        return zh ? "连锁转账不完整" : "a chain is not whole";
    case AUDIT_LEDGER_BOOK:
        return zh ? "账簿借贷不平，或账户没有账簿" : "debits and credits differ, or no such book";
    }
    return "";
}

static RESULT prove(struct txn *tx, const struct proof *proof, struct audit_ledger_result *out)
{
    bool more;
    ROW(row);

    TRY(txn_query(tx, &proof->stmt, IN_NONE, &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        if (out->findings_n < AUDIT_LEDGER_FINDINGS_MAX)
            out->findings[out->findings_n] = (struct audit_ledger_finding){
                .what = proof->what, .book_id = row_int(&row, 0), .id = row_int(&row, 1)
            };
        out->findings_n++;
    }
}

static RESULT audit_in_txn(struct txn *tx, void *arg)
{
    struct audit_ledger_result *out = arg;
    bool found;
    ROW(row);

    *out = (struct audit_ledger_result){ 0 };
    TRY(txn_first(tx, &COUNTS, IN_NONE, &row, &found));
    out->books = row_int(&row, 0);
    out->accounts = row_int(&row, 1);
    out->transfers = row_int(&row, 2);
    row_close(&row);
    for (size_t i = 0; i < LEN(PROOFS); i++) {
        TRY(prove(tx, &PROOFS[i], out));
    }
    return OK;
}

RESULT audit_ledger(struct store *store, struct audit_ledger_result *out)
{
    return store_read(store, audit_in_txn, out);
}
