/* tests/ledger/transfer_test.c - accounts and transfers, one row per refusal and edge, on each
 * engine. */
#include "ledger/ledger.h"

#include "tests/fixture.h"
#include "tests/test.h"

enum { BOOK = 100, CASH = 1, RENT, PURSE, CAPPED, SALES, GONE, NOBODY = 99, OTHER_BOOK = 200 };

static const struct instant AT = { INT64_C(1629417600000000) };

static struct transfer_id number(int n)
{
    struct transfer_id id = { { 0 } };

    id.bytes[0] = 0xA0;
    id.bytes[15] = (uint8_t)n;
    return n == 0 ? (struct transfer_id){ { 0 } } : id;
}

static void accounts(struct fixture *f)
{
    static const struct {
        const char *title;
        struct ledger_account account;
        int want;
    } rows[] = {
        { "an asset", { .id = CASH, .kind = ACCOUNT_ASSET, .name = { "cash", 4 } }, 0 },
        { "the same again", { .id = CASH, .kind = ACCOUNT_ASSET, .name = { "cash", 4 } }, 0 },
        { "another kind",
          { .id = CASH, .kind = ACCOUNT_INCOME, .name = { "cash", 4 } },
          LEDGER_ACCOUNT_DIFFERENT },
        { "another name",
          { .id = CASH, .kind = ACCOUNT_ASSET, .name = { "bank", 4 } },
          LEDGER_ACCOUNT_DIFFERENT },
        { "another owner",
          { .id = CASH, .kind = ACCOUNT_ASSET, .name = { "cash", 4 }, .owner_id = 7 },
          LEDGER_ACCOUNT_DIFFERENT },
        { "an expense", { .id = RENT, .kind = ACCOUNT_EXPENSE, .name = { "rent", 4 } }, 0 },
        { "a debt with a floor",
          { .id = PURSE,
            .kind = ACCOUNT_LIABILITY,
            .name = { "钱包", 6 },
            .limits = { .has_floor = true } },
          0 },
        { "with floor and cap",
          { .id = CAPPED,
            .kind = ACCOUNT_LIABILITY,
            .name = { "capped", 6 },
            .limits = { .has_floor = true, .has_cap = true, .floor = { -10 }, .cap = { 1000 } } },
          0 },
        { "an income", { .id = SALES, .kind = ACCOUNT_INCOME, .name = { "sales", 5 } }, 0 },
        { "one to close", { .id = GONE, .kind = ACCOUNT_EQUITY, .name = { "gone", 4 } }, 0 },
        { "a floor above the cap",
          { .id = 50,
            .kind = ACCOUNT_ASSET,
            .name = { "x", 1 },
            .limits = { .has_floor = true, .has_cap = true, .floor = { -1 }, .cap = { -2 } } },
          LEDGER_LIMITS },
        { "a floor above nothing",
          { .id = 50,
            .kind = ACCOUNT_ASSET,
            .name = { "x", 1 },
            .limits = { .has_floor = true, .floor = { 1 } } },
          LEDGER_LIMITS },
        { "a cap below nothing",
          { .id = 50,
            .kind = ACCOUNT_ASSET,
            .name = { "x", 1 },
            .limits = { .has_cap = true, .cap = { -1 } } },
          LEDGER_LIMITS },
        { "in no book",
          { .book_id = 300, .id = 1, .kind = ACCOUNT_ASSET, .name = { "x", 1 } },
          LEDGER_BOOK_UNKNOWN },
        { "the same number in another book",
          { .book_id = OTHER_BOOK, .id = CASH, .kind = ACCOUNT_INCOME, .name = { "x", 1 } },
          0 },
    };
    struct ledger_book book = { .id = BOOK, .name = S("公交公司"), .opened_at = AT };
    struct ledger_book other = { .id = OTHER_BOOK, .name = S("财政局"), .opened_at = AT };

    CHECK_OK("a book", ledger_book_open(f->store, &book));
    CHECK_OK("the same book again", ledger_book_open(f->store, &book));
    CHECK_OK("another book", ledger_book_open(f->store, &other));
    book.name = S("地铁公司");
    CHECK_CODE("the id of another book", ledger_book_open(f->store, &book), LEDGER_BOOK_DIFFERENT);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ledger_account account = rows[i].account;
        if (account.book_id == 0) account.book_id = BOOK;
        account.opened_at = AT;
        CHECK_CODE(rows[i].title, ledger_account_open(f->store, &account), rows[i].want);
    }
    CHECK_OK("close", ledger_account_close(f->store, BOOK, GONE));
    CHECK_OK("close again", ledger_account_close(f->store, BOOK, GONE));
    CHECK_CODE("close nobody", ledger_account_close(f->store, BOOK, NOBODY),
               LEDGER_ACCOUNT_UNKNOWN);
}

#define DIRECT(n, from, to, fen)                                                                   \
    .id = (n), .kind = TRANSFER_DIRECT, .debit = (to), .credit = (from), .amount = (fen)
#define PENDING(n, from, to, fen)                                                                  \
    .id = (n), .kind = TRANSFER_PENDING, .debit = (to), .credit = (from), .amount = (fen)
#define POST(n, which, fen) .id = (n), .kind = TRANSFER_POST, .pending = (which), .amount = (fen)
#define VOID(n, which) .id = (n), .kind = TRANSFER_VOID, .pending = (which)

struct step {
    const char *title;
    int id;
    enum transfer_kind kind;
    int debit, credit;
    int64_t amount;
    int pending, timeout, at; /* seconds after AT; timeout 0: none */
    int code, reference, book;
    int want;
    bool repeated;
};

/* One after the other: each row stands on those before it. "from" is credited, "to" debited. */
static const struct step STEPS[] = {
    { "a load of the purse", DIRECT(1, PURSE, CASH, 500), .code = 7, .reference = 70 },
    { "the very same", DIRECT(1, PURSE, CASH, 500), .code = 7, .reference = 70, .repeated = true },
    { "later is the same", DIRECT(1, PURSE, CASH, 500), .code = 7, .reference = 70, .at = 9,
      .repeated = true },
    { "another kind", PENDING(1, PURSE, CASH, 500), .code = 7, .reference = 70,
      .want = LEDGER_DIFFERS_KIND },
    { "another debit", DIRECT(1, PURSE, RENT, 500), .code = 7, .reference = 70,
      .want = LEDGER_DIFFERS_DEBIT },
    { "another credit", DIRECT(1, SALES, CASH, 500), .code = 7, .reference = 70,
      .want = LEDGER_DIFFERS_CREDIT },
    { "another amount", DIRECT(1, PURSE, CASH, 501), .code = 7, .reference = 70,
      .want = LEDGER_DIFFERS_AMOUNT },
    { "another code", DIRECT(1, PURSE, CASH, 500), .code = 8, .reference = 70,
      .want = LEDGER_DIFFERS_CODE },
    { "another reference", DIRECT(1, PURSE, CASH, 500), .code = 7,
      .want = LEDGER_DIFFERS_REFERENCE },
    { "everything else: the first difference is told", PENDING(1, SALES, RENT, 9),
      .want = LEDGER_DIFFERS_KIND },
    { "the same id in another book is another transfer", DIRECT(1, PURSE, CASH, 1),
      .book = OTHER_BOOK, .want = LEDGER_ACCOUNT_UNKNOWN },
    { "in no book", DIRECT(1, PURSE, CASH, 1), .book = 300, .want = LEDGER_BOOK_UNKNOWN },
    { "nothing", DIRECT(2, PURSE, CASH, 0), .want = LEDGER_AMOUNT_RANGE },
    { "less than nothing", DIRECT(2, PURSE, CASH, -1), .want = LEDGER_AMOUNT_RANGE },
    { "too much", DIRECT(2, PURSE, CASH, AMOUNT_MAX_FEN + 1), .want = LEDGER_AMOUNT_RANGE },
    { "onto itself", DIRECT(2, CASH, CASH, 5), .want = LEDGER_ACCOUNTS_SAME },
    { "from nobody", DIRECT(2, NOBODY, CASH, 5), .want = LEDGER_ACCOUNT_UNKNOWN },
    { "to nobody", DIRECT(2, PURSE, NOBODY, 5), .want = LEDGER_ACCOUNT_UNKNOWN },
    { "to a closed account", DIRECT(2, PURSE, GONE, 5), .want = LEDGER_ACCOUNT_CLOSED },
    { "below the floor", DIRECT(2, SALES, PURSE, 501), .want = LEDGER_FLOOR },
    { "to the floor: a refused id is free", DIRECT(2, SALES, PURSE, 500) },
    { "a floor below nothing", DIRECT(3, SALES, CAPPED, 10) },
    { "and not further", DIRECT(4, SALES, CAPPED, 1), .want = LEDGER_FLOOR },
    { "above the cap", DIRECT(4, CAPPED, CASH, 1011), .want = LEDGER_CAP },
    { "to the cap", DIRECT(4, CAPPED, CASH, 1010) },
    { "floor is told before cap", DIRECT(5, CAPPED, PURSE, 1), .want = LEDGER_FLOOR },

    { "reserve", PENDING(10, PURSE, CAPPED, 300) },
    { "again", PENDING(10, PURSE, CAPPED, 300), .repeated = true },
    { "a reservation does not spend", DIRECT(11, SALES, PURSE, 1), .want = LEDGER_FLOOR },
    { "but counts as gone", DIRECT(11, SALES, CAPPED, 711), .want = LEDGER_FLOOR },
    { "post more than is reserved", POST(12, 10, 301), .want = LEDGER_PENDING_AMOUNT },
    { "post less than nothing", POST(12, 10, -1), .want = LEDGER_AMOUNT_RANGE },
    { "post what is not there", POST(12, 77, 1), .want = LEDGER_PENDING_UNKNOWN },
    { "post what is not pending", POST(12, 1, 1), .want = LEDGER_PENDING_UNKNOWN },
    { "post a part", POST(12, 10, 100) },
    { "the same post", POST(12, 10, 100), .repeated = true },
    { "the same post of another amount", POST(12, 10, 99), .want = LEDGER_DIFFERS_AMOUNT },
    { "the same post of another", POST(12, 11, 100), .want = LEDGER_DIFFERS_PENDING },
    { "a second post", POST(13, 10, 100), .want = LEDGER_PENDING_POSTED },
    { "a void after the post", VOID(13, 10), .want = LEDGER_PENDING_POSTED },
    { "the rest came back", DIRECT(14, SALES, CAPPED, 910) },

    { "reserve again", PENDING(20, CAPPED, CASH, 1010) },
    { "the cap counts reservations", DIRECT(21, CAPPED, CASH, 1), .want = LEDGER_CAP },
    { "a void with an amount", VOID(21, 20), .amount = 5, .want = LEDGER_AMOUNT_RANGE },
    { "void", VOID(21, 20) },
    { "the same void", VOID(21, 20), .repeated = true },
    { "void again", VOID(22, 20), .want = LEDGER_PENDING_VOIDED },
    { "post after the void", POST(22, 20, 0), .want = LEDGER_PENDING_VOIDED },
    { "room again", DIRECT(22, CAPPED, CASH, 1) },

    { "a time-out that is past", PENDING(30, PURSE, CASH, 5), .timeout = 10, .at = 10,
      .want = LEDGER_TIMEOUT_PAST },
    { "a time-out", PENDING(30, PURSE, CASH, 5), .timeout = 10, .at = 9 },
    { "another time-out", PENDING(30, PURSE, CASH, 5), .timeout = 11, .at = 9,
      .want = LEDGER_DIFFERS_TIMEOUT },
    { "the same, past its own time-out", PENDING(30, PURSE, CASH, 5), .timeout = 10, .at = 50,
      .repeated = true },
    { "a post at the time-out", POST(31, 30, 0), .at = 10, .want = LEDGER_PENDING_EXPIRED },
    { "a void past it", VOID(31, 30), .at = 11 },
    { "a time-out to be posted in time", PENDING(32, PURSE, CASH, 6), .timeout = 10, .at = 9 },
    { "post all of it, just in time", POST(33, 32, 0), .at = 9 },
    { "the same post, later", POST(33, 32, 0), .at = 99, .repeated = true },
    { "all and its number are not the same words", POST(33, 32, 6), .want = LEDGER_DIFFERS_AMOUNT },
    { "one for the sweep", PENDING(34, PURSE, CASH, 50), .timeout = 60 },
    { "one that waits longer", PENDING(35, PURSE, CASH, 60), .timeout = 61 },
    { "one that waits for ever", PENDING(36, PURSE, CASH, 70) },
};

static struct transfer_ask ask_of(const struct step *step)
{
    return (struct transfer_ask){ .id = number(step->id),
                                  .kind = step->kind,
                                  .debit_id = step->debit,
                                  .credit_id = step->credit,
                                  .amount = { step->amount },
                                  .pending = number(step->pending),
                                  .timeout_at = step->timeout
                                                    ? instant_add(AT, step->timeout * USEC_PER_SEC)
                                                    : (struct instant){ 0 },
                                  .code = step->code,
                                  .reference = step->reference };
}

static void steps(struct fixture *f)
{
    for (size_t i = 0; i < LEN(STEPS); i++) {
        struct transfer_ask ask = ask_of(&STEPS[i]);
        struct ledger_chain chain = { .book_id = STEPS[i].book ? STEPS[i].book : BOOK,
                                      .at = instant_add(AT, STEPS[i].at * USEC_PER_SEC),
                                      .asks = &ask,
                                      .n = 1 };
        CHECK_CODE(STEPS[i].title, ledger_transfer(f->store, &chain), STEPS[i].want);
        if (STEPS[i].want == 0) CHECK_INT(STEPS[i].title, chain.repeated, STEPS[i].repeated);
    }
}

static struct ledger_account read_account(struct fixture *f, int64_t id)
{
    static uint8_t memory[1000];
    struct arena arena = arena_over(memory, sizeof memory);
    struct ledger_account account = { .kind = ACCOUNT_ASSET };

    CHECK_OK("read", ledger_account_read(f->store, BOOK, id, &arena, &account));
    return account;
}

static void time_outs(struct fixture *f)
{
    struct transfer transfer;
    bool found;
    int n;

    CHECK_INT("reserved", read_account(f, PURSE).credits_pending.fen, 50 + 60 + 70);
    CHECK_OK("before any is due",
             ledger_expire(f->store, BOOK, instant_add(AT, 59 * USEC_PER_SEC), 10, &n));
    CHECK_INT("none", n, 0);
    CHECK_OK("one is due",
             ledger_expire(f->store, BOOK, instant_add(AT, 60 * USEC_PER_SEC), 10, &n));
    CHECK_INT("one", n, 1);
    CHECK_OK("again", ledger_expire(f->store, BOOK, instant_add(AT, 60 * USEC_PER_SEC), 10, &n));
    CHECK_INT("none", n, 0);
    CHECK_INT("given back", read_account(f, PURSE).credits_pending.fen, 60 + 70);
    CHECK_OK("all that are due, however late",
             ledger_expire(f->store, BOOK, instant_add(AT, USEC_PER_DAY), 10, &n));
    CHECK_INT("one", n, 1);
    CHECK_INT("what has no time-out stays", read_account(f, PURSE).credits_pending.fen, 70);
    CHECK_OK("the expired one",
             ledger_transfer_read(f->store, BOOK, number(34), &transfer, &found));
    CHECK("is there", found);
    CHECK_INT("expired", transfer.state, TRANSFER_STATE_EXPIRED);
    CHECK_INT("when", transfer.ended_at.usec, AT.usec + 60 * USEC_PER_SEC);
    CHECK_OK("one that is not",
             ledger_transfer_read(f->store, BOOK, number(200), &transfer, &found));
    CHECK("there", !found);

    static const struct step LATE[] = {
        { "a void of an expired one", VOID(37, 34), .want = LEDGER_PENDING_EXPIRED },
        { "a post", POST(37, 34, 0), .want = LEDGER_PENDING_EXPIRED },
        { "void the last reservation", VOID(38, 36) },
    };
    for (size_t i = 0; i < LEN(LATE); i++) {
        struct transfer_ask ask = ask_of(&LATE[i]);
        struct ledger_chain chain = { .book_id = BOOK, .at = AT, .asks = &ask, .n = 1 };
        CHECK_CODE(LATE[i].title, ledger_transfer(f->store, &chain), LATE[i].want);
    }
}

struct row_seen {
    int64_t last, n, sum;
};

static RESULT see(void *arg, const struct transfer *transfer)
{
    struct row_seen *seen = arg;

    CHECK("a statement goes forward", transfer->row_id > seen->last);
    seen->last = transfer->row_id;
    seen->n++;
    if (transfer->ask.kind == TRANSFER_DIRECT || transfer->ask.kind == TRANSFER_POST)
        seen->sum +=
            transfer->ask.credit_id == PURSE ? transfer->ask.amount.fen : -transfer->ask.amount.fen;
    return OK;
}

static void statements(struct fixture *f)
{
    struct row_seen seen = { 0 }, paged = { 0 };
    int64_t before = -1;

    CHECK_OK("statement", ledger_statement(f->store, BOOK, PURSE, 0, 1000, see, &seen));
    CHECK_INT("adds up to the balance", seen.sum,
              account_balance(&(struct ledger_account){ .kind = ACCOUNT_LIABILITY,
                                                        .debits = read_account(f, PURSE).debits,
                                                        .credits = read_account(f, PURSE).credits })
                  .fen);
    while (paged.n != before) {
        before = paged.n;
        CHECK_OK("page", ledger_statement(f->store, BOOK, PURSE, paged.last, 3, see, &paged));
    }
    CHECK_INT("pages hold the same rows", paged.n, seen.n);
    CHECK_INT("and sum", paged.sum, seen.sum);
}

static void chains(struct fixture *f)
{
    const struct step good[] = { { "", DIRECT(50, PURSE, CASH, 40) },
                                 { "", PENDING(51, SALES, PURSE, 40) },
                                 { "", DIRECT(52, CASH, RENT, 40) } };
    struct transfer_ask asks[4];
    struct ledger_chain chain = { .book_id = BOOK, .at = AT, .asks = asks, .n = 3 };
    struct transfer transfer;
    struct money before = read_account(f, PURSE).credits;
    bool found;

    for (size_t i = 0; i < LEN(good); i++) {
        asks[i] = ask_of(&good[i]);
    }
    asks[3] = asks[2];
    asks[2].amount.fen = 0;
    CHECK_CODE("the last is refused", ledger_transfer(f->store, &chain), LEDGER_AMOUNT_RANGE);
    CHECK_INT("which", (int64_t)chain.refused, 2);
    CHECK_INT("nothing moved", read_account(f, PURSE).credits.fen, before.fen);
    CHECK_OK("nor was written",
             ledger_transfer_read(f->store, BOOK, number(50), &transfer, &found));
    CHECK("the first", !found);
    asks[2].amount.fen = 40;
    CHECK_OK("all of them", ledger_transfer(f->store, &chain));
    CHECK("new", !chain.repeated);
    CHECK_OK("again", ledger_transfer(f->store, &chain));
    CHECK("a repeat", chain.repeated);
    CHECK_INT("moved once", read_account(f, PURSE).credits.fen, before.fen + 40);
    chain.n = 1;
    CHECK_CODE("its first alone", ledger_transfer(f->store, &chain), LEDGER_DIFFERS_CHAIN);
    chain.n = 2;
    CHECK_CODE("its first two", ledger_transfer(f->store, &chain), LEDGER_DIFFERS_CHAIN);
    chain.asks = asks + 1;
    CHECK_CODE("its last two", ledger_transfer(f->store, &chain), LEDGER_DIFFERS_CHAIN);
    chain.asks = asks;
    chain.n = 4;
    CHECK_CODE("with one more", ledger_transfer(f->store, &chain), LEDGER_DIFFERS_CHAIN);
    asks[2].id = number(53);
    chain.n = 3;
    CHECK_CODE("with another in its place", ledger_transfer(f->store, &chain),
               LEDGER_DIFFERS_CHAIN);
    CHECK_INT("told where", (int64_t)chain.refused, 2);

    asks[0] = ask_of(&(struct step){ "", VOID(54, 51) });
    asks[1] = ask_of(&(struct step){ "", POST(55, 51, 0) });
    chain.n = 2;
    CHECK_CODE("void and post of one in one chain", ledger_transfer(f->store, &chain),
               LEDGER_PENDING_VOIDED);
    asks[1].id = asks[0].id;
    CHECK_CODE("one id twice", ledger_transfer(f->store, &chain), LEDGER_ID_TWICE);
    asks[0] = ask_of(&(struct step){ "", PENDING(56, PURSE, CASH, 1) });
    asks[1] = ask_of(&(struct step){ "", POST(57, 56, 0) });
    CHECK_CODE("a post of one in the same chain", ledger_transfer(f->store, &chain),
               LEDGER_PENDING_UNKNOWN);
    asks[0] = ask_of(&(struct step){ "", DIRECT(58, SALES, PURSE, 1000) });
    asks[1] = ask_of(&(struct step){ "", DIRECT(59, PURSE, CASH, 1000) });
    CHECK_CODE("the order counts: out before in", ledger_transfer(f->store, &chain), LEDGER_FLOOR);
    asks[2] = asks[0];
    asks[0] = asks[1];
    asks[1] = asks[2];
    CHECK_OK("in before out", ledger_transfer(f->store, &chain));

    CHECK_CODE("close an account that holds something", ledger_account_close(f->store, BOOK, SALES),
               LEDGER_NOT_EMPTY);
    struct account_limits tight = { .has_cap = true, .cap = { 0 } };
    CHECK_CODE("a cap below what it holds", ledger_account_limit(f->store, BOOK, SALES, &tight),
               LEDGER_LIMITS);
    tight.cap.fen = read_account(f, SALES).credits.fen + 40;
    CHECK_OK("a cap that just fits", ledger_account_limit(f->store, BOOK, SALES, &tight));
    tight.cap.fen--;
    CHECK_CODE("reservations count", ledger_account_limit(f->store, BOOK, SALES, &tight),
               LEDGER_LIMITS);
    CHECK_CODE("limits of nobody", ledger_account_limit(f->store, BOOK, NOBODY, &tight),
               LEDGER_ACCOUNT_UNKNOWN);
    CHECK_CODE("limits of a closed one", ledger_account_limit(f->store, BOOK, GONE, &tight),
               LEDGER_ACCOUNT_CLOSED);
}

/* A chain as long as may be fits a body's budget. */
static void long_chain(struct fixture *f)
{
    struct transfer_ask asks[CHAIN_MAX];
    struct ledger_chain chain = { .book_id = BOOK, .at = AT, .asks = asks, .n = CHAIN_MAX };

    for (int i = 0; i < CHAIN_MAX; i++) {
        struct ledger_account account = { .book_id = BOOK,
                                          .id = 1000 + i,
                                          .kind = ACCOUNT_ASSET,
                                          .name = S("leg"),
                                          .opened_at = AT };
        CHECK_OK("one more account", ledger_account_open(f->store, &account));
        asks[i] = ask_of(&(struct step){ "", DIRECT(100 + i, CASH, 1000 + i, 1) });
    }
    CHECK_OK("the longest chain", ledger_transfer(f->store, &chain));
    CHECK_OK("and its repeat", ledger_transfer(f->store, &chain));
    CHECK("is one", chain.repeated);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        accounts(&f);
        steps(&f);
        time_outs(&f);
        statements(&f);
        chains(&f);
        long_chain(&f);
        fixture_close(&f);
    }
    return test_end();
}
