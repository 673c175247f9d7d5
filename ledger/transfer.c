/* ledger/transfer.c - how a chain of transfers is judged and written; its SQL is in ledger_store.c.
 *
 * Everything that a chain looks at is loaded first, the chain is judged on that view, one transfer
 * after the other, and only then it is written. So a refusal has written nothing. */
#include "ledger/ledger.h"

#include "ledger/ledger_store.h"

struct view {
    struct ledger_account before[2 * CHAIN_MAX], now[2 * CHAIN_MAX];
    size_t accounts_n;
    struct transfer pending[CHAIN_MAX]; /* what the chain's posts and voids end */
    bool pending_found[CHAIN_MAX];      /* by the index of the ask */
    struct transfer made[CHAIN_MAX];
};

bool transfer_id_eq(struct transfer_id a, struct transfer_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static bool ends_one(enum transfer_kind kind)
{
    return kind == TRANSFER_POST || kind == TRANSFER_VOID;
}

/* ---- a repeat ---- */

/* What is on record against what is asked now; refuses by the first thing that differs. The instant
 * is not compared: a repeat comes later by nature. */
static RESULT repeat_decide(const struct transfer *old, const struct ledger_chain *chain, size_t i)
{
    const struct transfer_ask *ask = &chain->asks[i];
    int64_t asked = old->all_asked ? 0 : old->ask.amount.fen;
    bool own_accounts = !ends_one(ask->kind);

    REQUIRE(old->ask.kind == ask->kind, LEDGER_DIFFERS_KIND);
    REQUIRE(!own_accounts || old->ask.debit_id == ask->debit_id, LEDGER_DIFFERS_DEBIT);
    REQUIRE(!own_accounts || old->ask.credit_id == ask->credit_id, LEDGER_DIFFERS_CREDIT);
    REQUIRE(asked == ask->amount.fen, LEDGER_DIFFERS_AMOUNT);
    REQUIRE(own_accounts || transfer_id_eq(old->ask.pending, ask->pending), LEDGER_DIFFERS_PENDING);
    REQUIRE(old->ask.timeout_at.usec == ask->timeout_at.usec, LEDGER_DIFFERS_TIMEOUT);
    REQUIRE(old->ask.code == ask->code, LEDGER_DIFFERS_CODE);
    REQUIRE(old->ask.reference == ask->reference, LEDGER_DIFFERS_REFERENCE);
    REQUIRE(transfer_id_eq(old->chain, chain->asks[0].id) && old->chain_place == (int64_t)i &&
                old->chain_n == (int64_t)chain->n,
            LEDGER_DIFFERS_CHAIN);
    return OK;
}

/* Did the chain happen before? Partly is a difference: chains are written whole. */
static RESULT repeat_look(struct txn *tx, struct ledger_chain *chain)
{
    struct transfer old[CHAIN_MAX];
    bool found[CHAIN_MAX], any = false;

    for (size_t i = 0; i < chain->n; i++) {
        TRY(transfer_load(tx, chain->book_id, chain->asks[i].id, &old[i], &found[i]));
        any = any || found[i];
    }
    for (size_t i = 0; any && i < chain->n; i++) {
        chain->refused = i;
        REQUIRE(found[i], LEDGER_DIFFERS_CHAIN);
        TRY(repeat_decide(&old[i], chain, i));
    }
    chain->repeated = any;
    return OK;
}

/* ---- loading ---- */

static struct ledger_account *account_of(struct view *view, int64_t id)
{
    for (size_t i = 0; i < view->accounts_n; i++) {
        if (view->now[i].id == id) return &view->now[i];
    }
    return NULL;
}

/* An account that is not there stays out of the view: account_of gives NULL for it. */
static RESULT view_account(struct txn *tx, struct view *view, int64_t book_id, int64_t id)
{
    size_t at = view->accounts_n;
    bool found;

    if (account_of(view, id)) return OK;
    TRY(account_load(tx, book_id, id, NULL, &view->before[at], &found));
    if (!found) return OK;
    view->now[at] = view->before[at];
    view->accounts_n++;
    return OK;
}

static RESULT view_load(struct txn *tx, const struct ledger_chain *chain, struct view *view)
{
    for (size_t i = 0; i < chain->n; i++) {
        const struct transfer_ask *ask = &chain->asks[i];
        int64_t debit_id = ask->debit_id, credit_id = ask->credit_id;
        view->pending_found[i] = false;
        if (ends_one(ask->kind)) {
            struct transfer *pending = &view->pending[i];
            TRY(transfer_load(tx, chain->book_id, ask->pending, pending, &view->pending_found[i]));
            if (!view->pending_found[i]) continue;
            debit_id = pending->ask.debit_id;
            credit_id = pending->ask.credit_id;
        }
        TRY(view_account(tx, view, chain->book_id, debit_id));
        TRY(view_account(tx, view, chain->book_id, credit_id));
    }
    return OK;
}

/* ---- judging: pure from here on ---- */

static RESULT totals_decide(const struct ledger_account *account)
{
    REQUIRE(account->debits.fen <= TOTAL_MAX_FEN && account->credits.fen <= TOTAL_MAX_FEN &&
                account->debits_pending.fen <= TOTAL_MAX_FEN &&
                account->credits_pending.fen <= TOTAL_MAX_FEN,
            LEDGER_TOTAL_RANGE);
    return OK;
}

/* Floors first, then caps, then totals: the enum's order, over both accounts. */
static RESULT limits_decide(const struct ledger_account *debit, const struct ledger_account *credit)
{
    const struct ledger_account *both[] = { debit, credit };

    for (size_t i = 0; i < LEN(both); i++) {
        REQUIRE(!both[i]->limits.has_floor ||
                    account_available(both[i]).fen >= both[i]->limits.floor.fen,
                LEDGER_FLOOR);
    }
    for (size_t i = 0; i < LEN(both); i++) {
        REQUIRE(!both[i]->limits.has_cap ||
                    account_expected(both[i]).fen <= both[i]->limits.cap.fen,
                LEDGER_CAP);
    }
    TRY(totals_decide(debit));
    return totals_decide(credit);
}

/* A direct or pending transfer: two open accounts that have room for it. */
static RESULT new_decide(struct view *view, const struct transfer_ask *ask, struct instant at)
{
    struct ledger_account *debit = account_of(view, ask->debit_id);
    struct ledger_account *credit = account_of(view, ask->credit_id);
    int64_t amount = ask->amount.fen;

    REQUIRE(amount >= 1 && amount <= AMOUNT_MAX_FEN, LEDGER_AMOUNT_RANGE);
    REQUIRE(ask->timeout_at.usec == 0 || instant_before(at, ask->timeout_at), LEDGER_TIMEOUT_PAST);
    REQUIRE(ask->debit_id != ask->credit_id, LEDGER_ACCOUNTS_SAME);
    REQUIRE(debit && credit, LEDGER_ACCOUNT_UNKNOWN);
    REQUIRE(!debit->closed && !credit->closed, LEDGER_ACCOUNT_CLOSED);
    if (ask->kind == TRANSFER_PENDING) {
        debit->debits_pending.fen += amount;
        credit->credits_pending.fen += amount;
    } else {
        debit->debits.fen += amount;
        credit->credits.fen += amount;
    }
    return limits_decide(debit, credit);
}

/* May a pending transfer be ended so? `pending` is as the chain has left it by now. */
static RESULT end_decide(const struct transfer *pending, const struct transfer_ask *ask,
                         struct instant at)
{
    bool timed_out =
        pending->ask.timeout_at.usec != 0 && !instant_before(at, pending->ask.timeout_at);

    REQUIRE(pending->ask.kind == TRANSFER_PENDING, LEDGER_PENDING_UNKNOWN);
    REQUIRE(pending->state != TRANSFER_STATE_POSTED, LEDGER_PENDING_POSTED);
    REQUIRE(pending->state != TRANSFER_STATE_VOIDED, LEDGER_PENDING_VOIDED);
    REQUIRE(pending->state != TRANSFER_STATE_EXPIRED, LEDGER_PENDING_EXPIRED);
    REQUIRE(ask->kind == TRANSFER_VOID || !timed_out, LEDGER_PENDING_EXPIRED);
    REQUIRE(ask->amount.fen <= pending->ask.amount.fen, LEDGER_PENDING_AMOUNT);
    return OK;
}

/* Two asks of one chain may name one pending transfer; the second must see what the first did. */
static void end_mark(struct view *view, const struct ledger_chain *chain, size_t i)
{
    for (size_t j = i; j < chain->n; j++) {
        if (view->pending_found[j] &&
            transfer_id_eq(chain->asks[j].pending, chain->asks[i].pending))
            view->pending[j].state = chain->asks[i].kind == TRANSFER_POST ? TRANSFER_STATE_POSTED
                                                                          : TRANSFER_STATE_VOIDED;
    }
}

/* A post or void: gives back all that was reserved, and moves the amount of a post. Its accounts
 * exist and are open, for a reservation stands on them. */
static RESULT old_decide(struct view *view, const struct ledger_chain *chain, size_t i)
{
    const struct transfer_ask *ask = &chain->asks[i];
    struct transfer *pending = &view->pending[i];
    struct ledger_account *debit, *credit;
    int64_t amount = ask->amount.fen;

    REQUIRE(amount >= 0 && amount <= AMOUNT_MAX_FEN, LEDGER_AMOUNT_RANGE);
    REQUIRE(ask->kind == TRANSFER_POST || amount == 0, LEDGER_AMOUNT_RANGE);
    REQUIRE(view->pending_found[i], LEDGER_PENDING_UNKNOWN);
    TRY(end_decide(pending, ask, chain->at));
    debit = account_of(view, pending->ask.debit_id);
    credit = account_of(view, pending->ask.credit_id);
    if (!debit || !credit || debit->closed || credit->closed)
        return fault(FAULT_STORE_CORRUPT, "ledger: book %" PRId64 ": a reservation on no account",
                     chain->book_id);
    debit->debits_pending.fen -= pending->ask.amount.fen;
    credit->credits_pending.fen -= pending->ask.amount.fen;
    if (ask->kind == TRANSFER_POST) {
        int64_t moved = amount == 0 ? pending->ask.amount.fen : amount;
        debit->debits.fen += moved;
        credit->credits.fen += moved;
    }
    end_mark(view, chain, i);
    return limits_decide(debit, credit);
}

/* The row that a granted ask becomes. */
static void make(struct view *view, const struct ledger_chain *chain, size_t i)
{
    const struct transfer_ask *ask = &chain->asks[i];
    struct transfer *made = &view->made[i];

    *made = (struct transfer){ .ask = *ask,
                               .at = chain->at,
                               .chain = chain->asks[0].id,
                               .chain_place = (int64_t)i,
                               .chain_n = (int64_t)chain->n,
                               .all_asked = ask->amount.fen == 0,
                               .state = ask->kind == TRANSFER_PENDING ? TRANSFER_STATE_PENDING
                                        : ask->kind == TRANSFER_VOID  ? TRANSFER_STATE_VOIDED
                                                                      : TRANSFER_STATE_POSTED };
    if (!ends_one(ask->kind)) return;
    made->ask.debit_id = view->pending[i].ask.debit_id;
    made->ask.credit_id = view->pending[i].ask.credit_id;
    if (made->all_asked) made->ask.amount = view->pending[i].ask.amount;
}

static bool id_twice(const struct ledger_chain *chain, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (transfer_id_eq(chain->asks[i].id, chain->asks[j].id)) return true;
    }
    return false;
}

static RESULT chain_decide(struct view *view, struct ledger_chain *chain)
{
    for (size_t i = 0; i < chain->n; i++) {
        const struct transfer_ask *ask = &chain->asks[i];
        chain->refused = i;
        REQUIRE(!id_twice(chain, i), LEDGER_ID_TWICE);
        if (ends_one(ask->kind)) {
            TRY(old_decide(view, chain, i));
        } else {
            TRY(new_decide(view, ask, chain->at));
        }
        make(view, chain, i);
    }
    return OK;
}

/* ---- writing ---- */

static RESULT accounts_write(struct txn *tx, const struct view *view)
{
    for (size_t i = 0; i < view->accounts_n; i++) {
        TRY(account_move(tx, &view->before[i], &view->now[i]));
    }
    return OK;
}

static RESULT view_write(struct txn *tx, const struct ledger_chain *chain, struct view *view)
{
    for (size_t i = 0; i < chain->n; i++) {
        const struct transfer_ask *ask = &chain->asks[i];
        if (ends_one(ask->kind))
            TRY(transfer_end(tx, chain->book_id, ask->pending,
                             ask->kind == TRANSFER_POST ? TRANSFER_STATE_POSTED
                                                        : TRANSFER_STATE_VOIDED,
                             chain->at));
        view->made[i].row_id = txn_new_id(tx);
        TRY(transfer_insert(tx, chain->book_id, &view->made[i]));
    }
    return accounts_write(tx, view);
}

/* What the caller promises of the form of an ask; what it asks for is judged, not promised. */
static void check_form(const struct ledger_chain *chain)
{
    static const struct transfer_id NONE = { { 0 } };

    assert(chain->n >= 1 && chain->n <= CHAIN_MAX);
    for (size_t i = 0; i < chain->n; i++) {
        const struct transfer_ask *ask = &chain->asks[i];
        assert(!transfer_id_eq(ask->id, NONE));
        assert(ask->kind >= TRANSFER_DIRECT && ask->kind <= TRANSFER_VOID);
        assert(ends_one(ask->kind) == !transfer_id_eq(ask->pending, NONE));
        assert(!ends_one(ask->kind) || (ask->debit_id == 0 && ask->credit_id == 0));
        assert(ask->kind == TRANSFER_PENDING || ask->timeout_at.usec == 0);
        assert(ask->code >= 0 && ask->code <= 65535);
    }
}

RESULT ledger_transfer_in(struct txn *tx, struct ledger_chain *chain)
{
    struct view *view = NEW(txn_arena(tx), struct view);
    struct ledger_book book;
    bool found;

    check_form(chain);
    assert(txn_root(tx).kind == ROOT_BOOK && txn_root(tx).id == chain->book_id);
    if (!view) return fault(FAULT_MEMORY, "ledger: a chain of %zu", chain->n);
    chain->repeated = false;
    chain->refused = 0;
    TRY(repeat_look(tx, chain));
    if (chain->repeated) return OK;
    chain->refused = 0;
    TRY(book_load(tx, chain->book_id, &book, &found));
    REQUIRE(found, LEDGER_BOOK_UNKNOWN);
    TRY(view_load(tx, chain, view));
    TRY(chain_decide(view, chain));
    return view_write(tx, chain, view);
}

static RESULT transfer_in_txn(struct txn *tx, void *arg)
{
    return ledger_transfer_in(tx, arg);
}

RESULT ledger_transfer(struct store *store, struct ledger_chain *chain)
{
    return store_run(store, ledger_root(chain->book_id), transfer_in_txn, chain);
}

/* ---- time-outs ---- */

struct expire_call {
    int64_t book_id;
    struct instant at;
    int max, n;
};

static RESULT expire_in_txn(struct txn *tx, void *arg)
{
    struct expire_call *call = arg;
    struct view *view = NEW(txn_arena(tx), struct view);

    if (!view) return fault(FAULT_MEMORY, "ledger: time-outs");
    TRY(transfers_due(tx, call->book_id, call->at, call->max, view->pending, &call->n));
    for (int i = 0; i < call->n; i++) {
        const struct transfer_ask *ask = &view->pending[i].ask;
        struct ledger_account *debit, *credit;
        TRY(view_account(tx, view, call->book_id, ask->debit_id));
        TRY(view_account(tx, view, call->book_id, ask->credit_id));
        debit = account_of(view, ask->debit_id);
        credit = account_of(view, ask->credit_id);
        if (!debit || !credit)
            return fault(FAULT_STORE_CORRUPT,
                         "ledger: book %" PRId64 ": a reservation on no account", call->book_id);
        debit->debits_pending.fen -= ask->amount.fen;
        credit->credits_pending.fen -= ask->amount.fen;
        TRY(transfer_end(tx, call->book_id, ask->id, TRANSFER_STATE_EXPIRED, call->at));
    }
    return accounts_write(tx, view);
}

RESULT ledger_expire(struct store *store, int64_t book_id, struct instant at, int max, int *n)
{
    struct expire_call call = { .book_id = book_id, .at = at, .max = max };

    assert(max >= 1 && max <= CHAIN_MAX);
    TRY(store_run(store, ledger_root(book_id), expire_in_txn, &call));
    *n = call.n;
    return OK;
}

/* ---- reading ---- */

struct read_call {
    int64_t book_id, account_id, after, max;
    struct transfer_id id;
    struct transfer *out;
    bool *found;
    transfer_visit *visit;
    void *arg;
};

static RESULT read_in_txn(struct txn *tx, void *arg)
{
    const struct read_call *call = arg;

    return transfer_load(tx, call->book_id, call->id, call->out, call->found);
}

RESULT ledger_transfer_read(struct store *store, int64_t book_id, struct transfer_id id,
                            struct transfer *out, bool *found)
{
    struct read_call call = { .book_id = book_id, .id = id, .out = out, .found = found };

    return store_read(store, read_in_txn, &call);
}

static RESULT statement_in_txn(struct txn *tx, void *arg)
{
    const struct read_call *call = arg;

    return transfers_visit(tx, call->book_id, call->account_id, call->after, call->max, call->visit,
                           call->arg);
}

RESULT ledger_statement(struct store *store, int64_t book_id, int64_t account_id, int64_t after,
                        int64_t max, transfer_visit *visit, void *arg)
{
    struct read_call call = { .book_id = book_id,
                              .account_id = account_id,
                              .after = after,
                              .max = max,
                              .visit = visit,
                              .arg = arg };

    return store_read(store, statement_in_txn, &call);
}
