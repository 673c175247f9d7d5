/* ledger/ledger_store.c - SQL of books, accounts and transfers; no rule lives here. */
#include "ledger/ledger_store.h"

static const struct stmt BOOK_LOAD = {
    .name = "ledger: book",
    .types = "i",
    .root = 1,
    .sql = "SELECT name, agency_code, opened_at FROM ledger_book WHERE id = $1",
};
static const struct stmt BOOK_INSERT = {
    .name = "ledger: open a book",
    .types = "itti",
    .root = 1,
    .sql = "INSERT INTO ledger_book (id, name, agency_code, opened_at) VALUES ($1, $2, $3, $4)",
};
static const struct stmt ACCOUNT_LOAD = {
    .name = "ledger: account",
    .types = "ii",
    .root = 1,
    .sql = "SELECT kind, owner_id, floor_fen, cap_fen, debits, credits, debits_pending,"
           " credits_pending, closed, opened_at, name"
           " FROM ledger_account WHERE book_id = $1 AND id = $2",
};
static const struct stmt ACCOUNT_INSERT = {
    .name = "ledger: open an account",
    .types = "iiiitiiii",
    .root = 1,
    .sql = "INSERT INTO ledger_account"
           " (book_id, id, kind, side, name, owner_id, floor_fen, cap_fen, opened_at)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
};
static const struct stmt ACCOUNT_SET_LIMITS = {
    .name = "ledger: limits of an account",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE ledger_account SET floor_fen = $3, cap_fen = $4"
           " WHERE book_id = $1 AND id = $2 AND closed = 0",
};
static const struct stmt ACCOUNT_SET_CLOSED = {
    .name = "ledger: close an account",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE ledger_account SET closed = 1 WHERE book_id = $1 AND id = $2",
};
static const struct stmt ACCOUNT_MOVE = {
    .name = "ledger: move",
    .types = "iiiiii",
    .root = 1,
    .sql = "UPDATE ledger_account SET debits = debits + $3, credits = credits + $4,"
           " debits_pending = debits_pending + $5, credits_pending = credits_pending + $6"
           " WHERE book_id = $1 AND id = $2 AND closed = 0",
};

#define TRANSFER_COLUMNS                                                                           \
    "id, row_id, kind, debit_id, credit_id, amount, asked, pending_id, timeout_at, code,"          \
    " reference, state, at, ended_at, chain_id, chain_place, chain_n"

static const struct stmt TRANSFER_LOAD = {
    .name = "ledger: transfer",
    .types = "ib",
    .root = 1,
    .sql = "SELECT " TRANSFER_COLUMNS " FROM ledger_transfer WHERE book_id = $1 AND id = $2",
};
static const struct stmt TRANSFER_INSERT = {
    .name = "ledger: write a transfer",
    .types = "ibiiiiiibiiiiiibii",
    .root = 1,
    .sql = "INSERT INTO ledger_transfer (book_id, " TRANSFER_COLUMNS ")"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
           " $18)",
};
static const struct stmt TRANSFER_END = {
    .name = "ledger: end a pending transfer",
    .types = "ibii",
    .root = 1,
    .sql = "UPDATE ledger_transfer SET state = $3, ended_at = $4"
           " WHERE book_id = $1 AND id = $2 AND state = 2",
};
static const struct stmt TRANSFERS_DUE = {
    .name = "ledger: timed out",
    .types = "iii",
    .root = 1,
    .sql = "SELECT " TRANSFER_COLUMNS " FROM ledger_transfer"
           " WHERE book_id = $1 AND state = 2 AND timeout_at > 0 AND timeout_at <= $2"
           " ORDER BY timeout_at, row_id LIMIT $3",
};
/* Two index ranges, merged: an OR over both columns would read the book. */
static const struct stmt STATEMENT = {
    .name = "ledger: statement",
    .types = "iiii",
    .root = 1,
    .sql = "SELECT " TRANSFER_COLUMNS " FROM ("
           "SELECT " TRANSFER_COLUMNS " FROM (SELECT " TRANSFER_COLUMNS " FROM ledger_transfer"
           " WHERE book_id = $1 AND debit_id = $2 AND row_id > $3 ORDER BY row_id LIMIT $4) AS d"
           " UNION ALL "
           "SELECT " TRANSFER_COLUMNS " FROM (SELECT " TRANSFER_COLUMNS " FROM ledger_transfer"
           " WHERE book_id = $1 AND credit_id = $2 AND row_id > $3 ORDER BY row_id LIMIT $4) AS c"
           ") AS both_sides ORDER BY row_id LIMIT $4",
};

RESULT book_load(struct txn *tx, int64_t book_id, struct ledger_book *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &BOOK_LOAD, IN(v_int(book_id)), &row, found));
    if (!*found) return OK;
    *out = (struct ledger_book){
        .id = book_id,
        .name = arena_str(txn_arena(tx), row_text(&row, 0)),
        .agency_code = arena_str(txn_arena(tx), row_text(&row, 1)),
        .opened_at = row_at(&row, 2),
    };
    return OK;
}

RESULT book_insert(struct txn *tx, const struct ledger_book *book)
{
    return txn_exec(
        tx, &BOOK_INSERT,
        IN(v_int(book->id), v_text(book->name), v_text(book->agency_code), v_at(book->opened_at)),
        NULL);
}

RESULT account_load(struct txn *tx, int64_t book_id, int64_t account_id, struct arena *arena,
                    struct ledger_account *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &ACCOUNT_LOAD, IN(v_int(book_id), v_int(account_id)), &row, found));
    if (!*found) return OK;
    *out = (struct ledger_account){
        .book_id = book_id,
        .id = account_id,
        .kind = (enum account_kind)row_int(&row, 0),
        .owner_id = row_int(&row, 1),
        .limits = { .has_floor = !row_null(&row, 2),
                    .has_cap = !row_null(&row, 3),
                    .floor = { row_int(&row, 2) },
                    .cap = { row_int(&row, 3) } },
        .debits = { row_int(&row, 4) },
        .credits = { row_int(&row, 5) },
        .debits_pending = { row_int(&row, 6) },
        .credits_pending = { row_int(&row, 7) },
        .closed = row_int(&row, 8) != 0,
        .opened_at = row_at(&row, 9),
    };
    if (arena) out->name = arena_str(arena, row_text(&row, 10));
    return OK;
}

static struct value limit(bool has, struct money m)
{
    return has ? v_int(m.fen) : v_null();
}

RESULT account_insert(struct txn *tx, const struct ledger_account *account)
{
    return txn_exec(
        tx, &ACCOUNT_INSERT,
        IN(v_int(account->book_id), v_int(account->id), v_int((int64_t)account->kind),
           v_int(account_side(account->kind)), v_text(account->name), v_int(account->owner_id),
           limit(account->limits.has_floor, account->limits.floor),
           limit(account->limits.has_cap, account->limits.cap), v_at(account->opened_at)),
        NULL);
}

static RESULT changed_one(int64_t changed, const char *what, int64_t id)
{
    if (changed == 1) return OK;
    return fault(FAULT_STORE_CORRUPT, "ledger: %s %" PRId64 ": %" PRId64 " rows", what, id,
                 changed);
}

RESULT account_set_limits(struct txn *tx, int64_t book_id, int64_t account_id,
                          const struct account_limits *limits)
{
    int64_t changed;

    TRY(txn_exec(tx, &ACCOUNT_SET_LIMITS,
                 IN(v_int(book_id), v_int(account_id), limit(limits->has_floor, limits->floor),
                    limit(limits->has_cap, limits->cap)),
                 &changed));
    return changed_one(changed, "limits of account", account_id);
}

RESULT account_set_closed(struct txn *tx, int64_t book_id, int64_t account_id)
{
    int64_t changed;

    TRY(txn_exec(tx, &ACCOUNT_SET_CLOSED, IN(v_int(book_id), v_int(account_id)), &changed));
    return changed_one(changed, "close account", account_id);
}

RESULT account_move(struct txn *tx, const struct ledger_account *before,
                    const struct ledger_account *after)
{
    int64_t changed;

    TRY(txn_exec(tx, &ACCOUNT_MOVE,
                 IN(v_int(after->book_id), v_int(after->id),
                    v_int(after->debits.fen - before->debits.fen),
                    v_int(after->credits.fen - before->credits.fen),
                    v_int(after->debits_pending.fen - before->debits_pending.fen),
                    v_int(after->credits_pending.fen - before->credits_pending.fen)),
                 &changed));
    return changed_one(changed, "move on account", after->id);
}

static struct transfer_id row_id16(const struct row *row, int column)
{
    struct transfer_id id = { { 0 } };
    struct bytes blob = row_blob(row, column);

    if (blob.n == sizeof id.bytes) memcpy(id.bytes, blob.p, sizeof id.bytes);
    return id;
}

static struct value v_id16(const struct transfer_id *id)
{
    return v_blob(bytes_of(id->bytes, sizeof id->bytes));
}

static void transfer_of_row(const struct row *row, struct transfer *out)
{
    int64_t amount = row_int(row, 5);

    *out = (struct transfer){
        .ask = { .id = row_id16(row, 0),
                 .kind = (enum transfer_kind)row_int(row, 2),
                 .debit_id = row_int(row, 3),
                 .credit_id = row_int(row, 4),
                 .amount = { amount },
                 .pending = row_id16(row, 7),
                 .timeout_at = row_at(row, 8),
                 .code = row_int(row, 9),
                 .reference = row_int(row, 10) },
        .row_id = row_int(row, 1),
        .all_asked = row_int(row, 6) == 0,
        .state = (enum transfer_state)row_int(row, 11),
        .at = row_at(row, 12),
        .ended_at = row_at(row, 13),
        .chain = row_id16(row, 14),
        .chain_place = row_int(row, 15),
        .chain_n = row_int(row, 16),
    };
}

RESULT transfer_load(struct txn *tx, int64_t book_id, struct transfer_id id, struct transfer *out,
                     bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &TRANSFER_LOAD, IN(v_int(book_id), v_id16(&id)), &row, found));
    if (*found) transfer_of_row(&row, out);
    return OK;
}

RESULT transfer_insert(struct txn *tx, int64_t book_id, const struct transfer *transfer)
{
    const struct transfer_ask *ask = &transfer->ask;
    bool ends = ask->kind == TRANSFER_POST || ask->kind == TRANSFER_VOID;

    return txn_exec(tx, &TRANSFER_INSERT,
                    IN(v_int(book_id), v_id16(&ask->id), v_int(transfer->row_id),
                       v_int((int64_t)ask->kind), v_int(ask->debit_id), v_int(ask->credit_id),
                       v_int(ask->amount.fen), v_int(transfer->all_asked ? 0 : ask->amount.fen),
                       ends ? v_id16(&ask->pending) : v_null(), v_at(ask->timeout_at),
                       v_int(ask->code), v_int(ask->reference), v_int((int64_t)transfer->state),
                       v_at(transfer->at), v_at(transfer->ended_at), v_id16(&transfer->chain),
                       v_int(transfer->chain_place), v_int(transfer->chain_n)),
                    NULL);
}

RESULT transfer_end(struct txn *tx, int64_t book_id, struct transfer_id id,
                    enum transfer_state state, struct instant at)
{
    int64_t changed;

    TRY(txn_exec(tx, &TRANSFER_END,
                 IN(v_int(book_id), v_id16(&id), v_int((int64_t)state), v_at(at)), &changed));
    return changed_one(changed, "end of a pending transfer in book", book_id);
}

RESULT transfers_due(struct txn *tx, int64_t book_id, struct instant at, int max,
                     struct transfer *out, int *n)
{
    bool more;
    ROW(row);

    *n = 0;
    TRY(txn_query(tx, &TRANSFERS_DUE, IN(v_int(book_id), v_at(at), v_int(max)), &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more || *n == max) return OK;
        transfer_of_row(&row, &out[(*n)++]);
    }
}

RESULT transfers_visit(struct txn *tx, int64_t book_id, int64_t account_id, int64_t after,
                       int64_t max, transfer_visit *visit, void *arg)
{
    struct transfer transfer;
    bool more;
    ROW(row);

    TRY(txn_query(tx, &STATEMENT, IN(v_int(book_id), v_int(account_id), v_int(after), v_int(max)),
                  &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more) return OK;
        transfer_of_row(&row, &transfer);
        TRY(visit(arg, &transfer));
    }
}
