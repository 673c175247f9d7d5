/* ledger/account.c - books and accounts: opening, limits, closing, reading. */
#include "ledger/ledger.h"

#include "ledger/ledger_store.h"

int account_side(enum account_kind kind)
{
    switch (kind) {
    case ACCOUNT_ASSET:
    case ACCOUNT_EXPENSE:
        return ACCOUNT_SIDE_DEBIT;
    case ACCOUNT_LIABILITY:
    case ACCOUNT_EQUITY:
    case ACCOUNT_INCOME:
        return ACCOUNT_SIDE_CREDIT;
    }
    assert(kind <= ACCOUNT_INCOME);
    return 0;
}

struct money account_balance(const struct ledger_account *account)
{
    int64_t debits_less_credits = account->debits.fen - account->credits.fen;

    return (struct money){ account_side(account->kind) * debits_less_credits };
}

struct money account_available(const struct ledger_account *account)
{
    struct money out = account_side(account->kind) == ACCOUNT_SIDE_DEBIT ? account->credits_pending
                                                                         : account->debits_pending;

    return (struct money){ account_balance(account).fen - out.fen };
}

struct money account_expected(const struct ledger_account *account)
{
    struct money in = account_side(account->kind) == ACCOUNT_SIDE_DEBIT ? account->debits_pending
                                                                        : account->credits_pending;

    return (struct money){ account_balance(account).fen + in.fen };
}

static bool limits_hold(const struct ledger_account *account, const struct account_limits *limits)
{
    if (limits->has_floor && limits->has_cap && limits->floor.fen > limits->cap.fen) return false;
    if (limits->has_floor && account_available(account).fen < limits->floor.fen) return false;
    return !limits->has_cap || account_expected(account).fen <= limits->cap.fen;
}

struct root ledger_root(int64_t book_id)
{
    return (struct root){ .kind = ROOT_BOOK, .id = book_id };
}

static bool name_fits(struct str name)
{
    return name.n >= 1 && name.n <= LEDGER_NAME_MAX;
}

static RESULT book_in_txn(struct txn *tx, void *arg)
{
    const struct ledger_book *book = arg;
    struct ledger_book old;
    bool found;

    TRY(book_load(tx, book->id, &old, &found));
    if (!found) return book_insert(tx, book);
    REQUIRE(str_eq(old.name, book->name) && str_eq(old.agency_code, book->agency_code),
            LEDGER_BOOK_DIFFERENT);
    return OK;
}

RESULT ledger_book_open(struct store *store, const struct ledger_book *book)
{
    struct ledger_book copy = *book;

    assert(book->id > 0);
    assert(name_fits(book->name));
    return store_run(store, ledger_root(book->id), book_in_txn, &copy);
}

RESULT ledger_account_open_in(struct txn *tx, const struct ledger_account *account)
{
    struct ledger_account old, empty = { .kind = account->kind };
    struct ledger_book book;
    bool found;

    assert(account->id > 0);
    assert(name_fits(account->name));
    assert(txn_root(tx).kind == ROOT_BOOK && txn_root(tx).id == account->book_id);
    TRY(book_load(tx, account->book_id, &book, &found));
    REQUIRE(found, LEDGER_BOOK_UNKNOWN);
    TRY(account_load(tx, account->book_id, account->id, txn_arena(tx), &old, &found));
    if (found) {
        REQUIRE(old.kind == account->kind && old.owner_id == account->owner_id &&
                    str_eq(old.name, account->name),
                LEDGER_ACCOUNT_DIFFERENT);
        return OK;
    }
    REQUIRE(limits_hold(&empty, &account->limits), LEDGER_LIMITS);
    return account_insert(tx, account);
}

static RESULT account_in_txn(struct txn *tx, void *arg)
{
    return ledger_account_open_in(tx, arg);
}

RESULT ledger_account_open(struct store *store, const struct ledger_account *account)
{
    struct ledger_account copy = *account;

    return store_run(store, ledger_root(account->book_id), account_in_txn, &copy);
}

struct account_call {
    int64_t book_id, account_id;
    const struct account_limits *limits;
    struct arena *arena;
    struct ledger_account *out;
};

static RESULT limit_in_txn(struct txn *tx, void *arg)
{
    const struct account_call *call = arg;
    struct ledger_account account;
    bool found;

    TRY(account_load(tx, call->book_id, call->account_id, NULL, &account, &found));
    REQUIRE(found, LEDGER_ACCOUNT_UNKNOWN);
    REQUIRE(!account.closed, LEDGER_ACCOUNT_CLOSED);
    REQUIRE(limits_hold(&account, call->limits), LEDGER_LIMITS);
    return account_set_limits(tx, call->book_id, call->account_id, call->limits);
}

RESULT ledger_account_limit(struct store *store, int64_t book_id, int64_t account_id,
                            const struct account_limits *limits)
{
    struct account_call call = { .book_id = book_id, .account_id = account_id, .limits = limits };

    return store_run(store, ledger_root(book_id), limit_in_txn, &call);
}

static RESULT close_in_txn(struct txn *tx, void *arg)
{
    const struct account_call *call = arg;
    struct ledger_account account;
    bool found;

    TRY(account_load(tx, call->book_id, call->account_id, NULL, &account, &found));
    REQUIRE(found, LEDGER_ACCOUNT_UNKNOWN);
    if (account.closed) return OK;
    REQUIRE(account_balance(&account).fen == 0 && account.debits_pending.fen == 0 &&
                account.credits_pending.fen == 0,
            LEDGER_NOT_EMPTY);
    return account_set_closed(tx, call->book_id, call->account_id);
}

RESULT ledger_account_close(struct store *store, int64_t book_id, int64_t account_id)
{
    struct account_call call = { .book_id = book_id, .account_id = account_id };

    return store_run(store, ledger_root(book_id), close_in_txn, &call);
}

static RESULT read_in_txn(struct txn *tx, void *arg)
{
    const struct account_call *call = arg;
    bool found;

    TRY(account_load(tx, call->book_id, call->account_id, call->arena, call->out, &found));
    REQUIRE(found, LEDGER_ACCOUNT_UNKNOWN);
    return OK;
}

RESULT ledger_account_read(struct store *store, int64_t book_id, int64_t account_id,
                           struct arena *arena, struct ledger_account *out)
{
    struct account_call call = {
        .book_id = book_id, .account_id = account_id, .arena = arena, .out = out
    };

    return store_read(store, read_in_txn, &call);
}
