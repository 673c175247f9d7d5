/* tests/ledger/proof_test.c - random transfers against an oracle that keeps nothing but the list of
 * what was granted and adds it up anew for each question; many callers at once; and the audit,
 * which must find nothing here and everything that is damaged by hand. */
#include <pthread.h>
#include <stdlib.h>

#include "ledger/ledger.h"
#include "programs/audit_ledger.c"
#include "tests/fixture.h"
#include "tests/test.h"

enum { BOOK = 100, ACCOUNTS = 7, IDS = 400, LIST_MAX = 4096, ROUNDS = 1200 };

static const struct instant START = { INT64_C(1629417600000000) };

/* Account i + 1 of the book; the last is closed, number ACCOUNTS + 1 does not exist. */
static const struct {
    enum account_kind kind;
    struct account_limits limits;
} SETUP[ACCOUNTS] = {
    { ACCOUNT_ASSET, { 0 } },
    { ACCOUNT_INCOME, { 0 } },
    { ACCOUNT_LIABILITY, { .has_floor = true } },
    { ACCOUNT_LIABILITY, { .has_floor = true, .has_cap = true, .floor = { -50 }, .cap = { 700 } } },
    { ACCOUNT_ASSET, { .has_floor = true, .has_cap = true, .floor = { 0 }, .cap = { 500 } } },
    { ACCOUNT_EXPENSE, { .has_cap = true, .cap = { 2000 } } },
    { ACCOUNT_EQUITY, { 0 } },
};

static struct transfer_id number(int64_t n)
{
    struct transfer_id id = { { 0 } };

    for (int i = 0; i < 8; i++) {
        id.bytes[15 - i] = (uint8_t)((uint64_t)n >> (8 * i));
    }
    return id;
}

static bool open_book(struct fixture *f)
{
    struct ledger_book book = { .id = BOOK, .name = S("book"), .opened_at = START };
    bool ok = CHECK_OK("book", ledger_book_open(f->store, &book));

    for (int i = 0; i < ACCOUNTS; i++) {
        struct ledger_account account = { .book_id = BOOK,
                                          .id = i + 1,
                                          .kind = SETUP[i].kind,
                                          .name = S("account"),
                                          .limits = SETUP[i].limits,
                                          .opened_at = START };
        ok = CHECK_OK("account", ledger_account_open(f->store, &account)) && ok;
    }
    return CHECK_OK("close", ledger_account_close(f->store, BOOK, ACCOUNTS)) && ok;
}

/* ---- the oracle ---- */

struct entry { /* one granted transfer */
    struct transfer_ask ask;
    int64_t moved;    /* fen */
    int64_t from, to; /* credited, debited */
    char fate;        /* 'm' moved, 'p' pending, 'v' voided, 'e' expired */
    struct transfer_id first;
    size_t place, n;
};
static struct entry list[LIST_MAX], saved[LIST_MAX];
static size_t list_n;

static struct entry *entry_of(struct transfer_id id)
{
    for (size_t i = 0; i < list_n; i++) {
        if (transfer_id_eq(list[i].ask.id, id)) return &list[i];
    }
    return NULL;
}

/* What account `id` holds on its own side; with reservations that lower it (-1) or raise it (1). */
static int64_t holds(int64_t id, int with)
{
    bool debit_side = SETUP[id - 1].kind == ACCOUNT_ASSET || SETUP[id - 1].kind == ACCOUNT_EXPENSE;
    int64_t sum = 0;

    for (size_t i = 0; i < list_n; i++) {
        const struct entry *e = &list[i];
        bool grows = debit_side ? e->to == id : e->from == id;
        bool shrinks = debit_side ? e->from == id : e->to == id;
        bool counts = (e->fate == 'm' && e->ask.kind != TRANSFER_PENDING) ||
                      (e->fate == 'p' && ((with < 0 && shrinks) || (with > 0 && grows)));
        if (counts && grows) sum += e->moved;
        if (counts && shrinks) sum -= e->moved;
    }
    return sum;
}

static int limits_broken(int64_t to, int64_t from)
{
    int64_t both[] = { to, from };

    for (int i = 0; i < 2; i++) {
        struct account_limits l = SETUP[both[i] - 1].limits;
        if (l.has_floor && holds(both[i], -1) < l.floor.fen) return LEDGER_FLOOR;
    }
    for (int i = 0; i < 2; i++) {
        struct account_limits l = SETUP[both[i] - 1].limits;
        if (l.has_cap && holds(both[i], 1) > l.cap.fen) return LEDGER_CAP;
    }
    return 0;
}

static int same(const struct entry *e, const struct ledger_chain *chain, size_t i)
{
    const struct transfer_ask *a = &chain->asks[i], *b = &e->ask;

    if (a->kind != b->kind) return LEDGER_DIFFERS_KIND;
    if (a->debit_id != b->debit_id) return LEDGER_DIFFERS_DEBIT;
    if (a->credit_id != b->credit_id) return LEDGER_DIFFERS_CREDIT;
    if (a->amount.fen != b->amount.fen) return LEDGER_DIFFERS_AMOUNT;
    if (!transfer_id_eq(a->pending, b->pending)) return LEDGER_DIFFERS_PENDING;
    if (a->timeout_at.usec != b->timeout_at.usec) return LEDGER_DIFFERS_TIMEOUT;
    if (a->code != b->code) return LEDGER_DIFFERS_CODE;
    if (a->reference != b->reference) return LEDGER_DIFFERS_REFERENCE;
    if (!transfer_id_eq(e->first, chain->asks[0].id) || e->place != i || e->n != chain->n)
        return LEDGER_DIFFERS_CHAIN;
    return 0;
}

static int grant_new(const struct transfer_ask *a, struct instant at, struct entry *e)
{
    if (a->amount.fen < 1 || a->amount.fen > AMOUNT_MAX_FEN) return LEDGER_AMOUNT_RANGE;
    if (a->timeout_at.usec != 0 && a->timeout_at.usec <= at.usec) return LEDGER_TIMEOUT_PAST;
    if (a->debit_id == a->credit_id) return LEDGER_ACCOUNTS_SAME;
    if (a->debit_id > ACCOUNTS || a->credit_id > ACCOUNTS) return LEDGER_ACCOUNT_UNKNOWN;
    if (a->debit_id == ACCOUNTS || a->credit_id == ACCOUNTS) return LEDGER_ACCOUNT_CLOSED;
    e->moved = a->amount.fen;
    e->from = a->credit_id;
    e->to = a->debit_id;
    e->fate = a->kind == TRANSFER_PENDING ? 'p' : 'm';
    list[list_n++] = *e;
    return limits_broken(e->to, e->from);
}

/* base: how long the list was before the chain; what the chain itself reserved is not seen */
static int grant_end(const struct transfer_ask *a, struct instant at, struct entry *e, size_t base)
{
    struct entry *p = entry_of(a->pending);

    if (a->amount.fen < 0 || a->amount.fen > AMOUNT_MAX_FEN) return LEDGER_AMOUNT_RANGE;
    if (a->kind == TRANSFER_VOID && a->amount.fen != 0) return LEDGER_AMOUNT_RANGE;
    if (!p || (size_t)(p - list) >= base || p->ask.kind != TRANSFER_PENDING)
        return LEDGER_PENDING_UNKNOWN;
    if (p->fate == 'm') return LEDGER_PENDING_POSTED;
    if (p->fate == 'v') return LEDGER_PENDING_VOIDED;
    if (p->fate == 'e') return LEDGER_PENDING_EXPIRED;
    if (a->kind == TRANSFER_POST && p->ask.timeout_at.usec != 0 &&
        p->ask.timeout_at.usec <= at.usec)
        return LEDGER_PENDING_EXPIRED;
    if (a->amount.fen > p->moved) return LEDGER_PENDING_AMOUNT;
    e->from = p->from;
    e->to = p->to;
    e->moved = a->amount.fen ? a->amount.fen : p->moved;
    e->fate = a->kind == TRANSFER_POST ? 'm' : 'v';
    p->fate = e->fate;
    list[list_n++] = *e;
    return 0;
}

static int oracle(const struct ledger_chain *chain, bool *repeated)
{
    size_t base = list_n;
    bool any = false;
    int code = 0;

    for (size_t i = 0; i < chain->n; i++) {
        any = any || entry_of(chain->asks[i].id);
    }
    *repeated = any;
    for (size_t i = 0; any && i < chain->n; i++) {
        struct entry *e = entry_of(chain->asks[i].id);
        code = e ? same(e, chain, i) : LEDGER_DIFFERS_CHAIN;
        if (code) return code;
    }
    if (any) return 0;
    memcpy(saved, list, list_n * sizeof list[0]);
    for (size_t i = 0; i < chain->n && !code; i++) {
        const struct transfer_ask *a = &chain->asks[i];
        struct entry e = { .ask = *a, .first = chain->asks[0].id, .place = i, .n = chain->n };
        if (entry_of(a->id)) {
            code = LEDGER_ID_TWICE;
        } else if (a->kind == TRANSFER_POST || a->kind == TRANSFER_VOID) {
            code = grant_end(a, chain->at, &e, base);
        } else {
            code = grant_new(a, chain->at, &e);
        }
    }
    if (code) {
        memcpy(list, saved, base * sizeof list[0]);
        list_n = base;
    }
    return code;
}

/* ---- random asks ---- */

static struct transfer_ask random_ask(struct prng *prng, struct instant at)
{
    struct transfer_ask ask = { .id = number(prng_between(prng, 1, IDS)),
                                .kind = (enum transfer_kind)prng_between(prng, 1, 4),
                                .code = prng_between(prng, 0, 2),
                                .reference = prng_between(prng, 0, 1) };

    if (prng_between(prng, 0, 3) > 0) /* mostly a new one */
        ask.id = number(prng_between(prng, IDS, INT64_C(1) << 60));
    if (ask.kind == TRANSFER_POST || ask.kind == TRANSFER_VOID) {
        size_t tries = 0;
        ask.pending = number(prng_between(prng, 1, IDS));
        while (list_n > 0 && tries++ < 20) { /* mostly one that is pending */
            const struct entry *e = &list[prng_between(prng, 0, (int64_t)list_n - 1)];
            if (e->fate != 'p' && tries < 18) continue;
            ask.pending = e->ask.id;
            break;
        }
        if (ask.kind == TRANSFER_POST)
            ask.amount.fen = prng_between(prng, -1, 1) * prng_between(prng, 0, 300);
        if (prng_between(prng, 0, 2)) ask.amount.fen = 0;
        return ask;
    }
    ask.amount.fen =
        prng_between(prng, 0, 20) ? prng_between(prng, 1, 400) : prng_between(prng, -1, 0);
    ask.debit_id = prng_between(prng, 0, 15) ? prng_between(prng, 1, ACCOUNTS - 1)
                                             : prng_between(prng, 1, ACCOUNTS + 1);
    ask.credit_id = prng_between(prng, 0, 15) ? prng_between(prng, 1, ACCOUNTS - 1)
                                              : prng_between(prng, 1, ACCOUNTS + 1);
    if (ask.kind == TRANSFER_PENDING && prng_between(prng, 0, 1))
        ask.timeout_at = instant_add(at, prng_between(prng, -1, 40) * USEC_PER_SEC);
    return ask;
}

/* A chain that happened: the same, or with one thing changed. */
static size_t repeat_chain(struct prng *prng, struct transfer_ask *asks)
{
    const struct entry *e = &list[prng_between(prng, 0, (int64_t)list_n - 1)];
    size_t n = e->n, first = (size_t)(entry_of(e->first) - list);
    struct transfer_ask *one = &asks[prng_between(prng, 0, (int64_t)n - 1)];

    for (size_t i = 0; i < n; i++) {
        asks[i] = list[first + i].ask;
    }
    switch (prng_between(prng, 0, 7)) {
    case 0:
        one->amount.fen++;
        break;
    case 1:
        one->code = 9;
        break;
    case 2:
        one->reference = 9;
        break;
    case 3:
        return n > 1 ? n - 1 : n;
    case 4:
        if (one->debit_id) one->debit_id = one->debit_id % 3 + 1;
        break;
    default:
        break;
    }
    return n;
}

static void compare(struct fixture *f, const char *when)
{
    struct audit_ledger_result found;
    int64_t sum = 0;

    for (int64_t id = 1; id <= ACCOUNTS; id++) {
        uint8_t memory[200];
        struct arena arena = arena_over(memory, sizeof memory);
        struct ledger_account account = { .kind = ACCOUNT_ASSET };
        CHECK_OK(when, ledger_account_read(f->store, BOOK, id, &arena, &account));
        CHECK_INT(when, account_balance(&account).fen, holds(id, 0));
        CHECK_INT(when, account_available(&account).fen, holds(id, -1));
        CHECK_INT(when, account_expected(&account).fen, holds(id, 1));
        sum += account.debits.fen - account.credits.fen;
    }
    CHECK_INT("debits and credits are one sum", sum, 0);
    if (!CHECK_OK(when, audit_ledger(f->store, &found))) return;
    CHECK_INT("the audit finds nothing", found.findings_n, 0);
    CHECK_INT("and has read every transfer", found.transfers, (int64_t)list_n);
}

static void random_transfers(struct fixture *f)
{
    struct prng prng = { test_seed() };
    struct instant at = START;
    int granted = 0, refused = 0, wrong = 0;
    int rounds = f->engine == ENGINE_SQLITE ? ROUNDS : ROUNDS / 3;

    list_n = 0;
    for (int round = 0; round < rounds && list_n + 8 < LIST_MAX; round++) {
        struct transfer_ask asks[8];
        struct ledger_chain chain = { .book_id = BOOK, .at = at, .asks = asks };
        bool repeated;
        at = instant_add(at, prng_between(&prng, 0, 3) * USEC_PER_SEC);
        chain.at = at;
        if (list_n > 0 && prng_between(&prng, 0, 4) == 0) {
            chain.n = repeat_chain(&prng, asks);
        } else {
            chain.n = prng_between(&prng, 0, 2) ? 1 : (size_t)prng_between(&prng, 2, 4);
            for (size_t i = 0; i < chain.n; i++) {
                asks[i] = random_ask(&prng, at);
            }
        }
        if (prng_between(&prng, 0, 30) == 0) { /* the sweep goes by */
            int n = 0, due = 0;
            for (size_t i = 0; i < list_n; i++) {
                if (list[i].fate == 'p' && list[i].ask.timeout_at.usec &&
                    list[i].ask.timeout_at.usec <= at.usec)
                    due++;
            }
            if (due <= CHAIN_MAX) {
                for (size_t i = 0; i < list_n; i++) {
                    if (list[i].fate == 'p' && list[i].ask.timeout_at.usec &&
                        list[i].ask.timeout_at.usec <= at.usec)
                        list[i].fate = 'e';
                }
                CHECK_OK("sweep", ledger_expire(f->store, BOOK, at, CHAIN_MAX, &n));
                CHECK_INT("as many as are due", n, due);
            }
        }
        int want = oracle(&chain, &repeated);
        struct err got = ledger_transfer(f->store, &chain);
        granted += want == 0;
        refused += want != 0;
        if (got.code != want || (want == 0 && chain.repeated != repeated)) {
            CHECK_INT("as the oracle says", got.code, want);
            if (wrong++ > 5) return;
        }
        if (round % 200 == 199) compare(f, "on the way");
    }
    compare(f, "at the end");
    CHECK("many were granted", granted > rounds / 5);
    CHECK("many were refused", refused > rounds / 5);
}

/* ---- many at once: every id is tried by two callers, each transfer happens once ---- */

enum { CALLERS = 8, TRIES = 60 };

struct caller {
    struct fixture *f;
    int number;
    int faults;
};

static void *call(void *arg)
{
    struct caller *me = arg;
    struct prng prng = { 7 + (uint64_t)(me->number / 2) }; /* two callers, one stream */

    for (int i = 0; i < TRIES; i++) {
        struct transfer_ask asks[2];
        struct ledger_chain chain = { .book_id = BOOK, .at = START, .asks = asks, .n = 2 };
        for (int j = 0; j < 2; j++) {
            asks[j] = (struct transfer_ask){ .id = number(INT64_C(1) << 61 |
                                                          (me->number / 2) << 20 | i << 1 | j),
                                             .kind = TRANSFER_DIRECT,
                                             .debit_id = prng_between(&prng, 1, 3),
                                             .amount = { prng_between(&prng, 1, 50) } };
            asks[j].credit_id = asks[j].debit_id + prng_between(&prng, 1, 3);
        }
        me->faults += ledger_transfer(me->f->store, &chain).code < 0;
    }
    return NULL;
}

static void many_at_once(struct fixture *f)
{
    pthread_t threads[CALLERS];
    struct caller callers[CALLERS];
    struct audit_ledger_result found;
    int faults = 0;

    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .f = f, .number = i };
        if (pthread_create(&threads[i], NULL, call, &callers[i]) != 0) abort();
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        faults += callers[i].faults;
    }
    /* conflicts that outlast ten reruns are told as busy and change nothing: rare, and no harm */
    CHECK("nearly all got an answer", faults <= CALLERS * TRIES / 20);
    if (CHECK_OK("audit", audit_ledger(f->store, &found)))
        CHECK_INT("the audit finds nothing after many at once", found.findings_n, 0);
}

/* ---- damage by hand: each kind is found ---- */

#define DAMAGE(text)                                                                               \
    {                                                                                              \
        .name = "test: damage", .types = "i", .root = 1, .sql = text                               \
    }
static const struct {
    const char *title;
    struct stmt stmt, undo;
    enum audit_ledger_what want;
} DAMAGES[] = {
    { "a total is raised",
      DAMAGE("UPDATE ledger_account SET debits = debits + 1 WHERE book_id = $1 AND id = 1"),
      DAMAGE("UPDATE ledger_account SET debits = debits - 1 WHERE book_id = $1 AND id = 1"),
      AUDIT_LEDGER_TOTALS },
    { "two totals are raised alike",
      DAMAGE("UPDATE ledger_account SET debits = debits + 1, credits = credits + 1 WHERE book_id = "
             "$1 AND id = 1"),
      DAMAGE("UPDATE ledger_account SET debits = debits - 1, credits = credits - 1 WHERE book_id = "
             "$1 AND id = 1"),
      AUDIT_LEDGER_TOTALS },
    { "a reservation is added",
      DAMAGE("UPDATE ledger_account SET debits_pending = debits_pending + 1 WHERE book_id = $1 AND "
             "id = 1"),
      DAMAGE("UPDATE ledger_account SET debits_pending = debits_pending - 1 WHERE book_id = $1 AND "
             "id = 1"),
      AUDIT_LEDGER_PENDING },
    { "an account is taken away",
      DAMAGE("UPDATE ledger_account SET id = 55 WHERE book_id = $1 AND id = 1"),
      DAMAGE("UPDATE ledger_account SET id = 1 WHERE book_id = $1 AND id = 55"),
      AUDIT_LEDGER_STRANGER },
    { "an end is moved in time",
      DAMAGE("UPDATE ledger_transfer SET ended_at = ended_at + 1 WHERE book_id = $1 AND kind = 2 "
             "AND state = 1"),
      DAMAGE("UPDATE ledger_transfer SET ended_at = ended_at - 1 WHERE book_id = $1 AND kind = 2 "
             "AND state = 1"),
      AUDIT_LEDGER_ENDS },
    { "a chain is cut",
      DAMAGE("UPDATE ledger_transfer SET chain_n = chain_n + 1 WHERE book_id = $1 AND chain_n = 2"),
      DAMAGE("UPDATE ledger_transfer SET chain_n = chain_n - 1 WHERE book_id = $1 AND chain_n = 3"),
      AUDIT_LEDGER_CHAIN },
    { "a book is lost", DAMAGE("UPDATE ledger_book SET id = 101 WHERE id = $1"),
      DAMAGE("UPDATE ledger_book SET id = $1 WHERE id = 101"), AUDIT_LEDGER_BOOK },
};

struct execute_call {
    const struct stmt *stmt; /* one of the tables above: the store knows statements by address */
};

static RESULT run_stmt(struct txn *tx, void *arg)
{
    const struct execute_call *call = arg;

    return txn_exec(tx, call->stmt, IN(v_int(BOOK)), NULL);
}

static RESULT execute(struct fixture *f, const struct stmt *stmt)
{
    struct execute_call call = { stmt };

    return store_load(f->store, run_stmt, &call); /* past the guard of rows, as damage is */
}

static void damage(struct fixture *f)
{
    struct transfer_ask asks[] = {
        { .id = number(1),
          .kind = TRANSFER_PENDING,
          .debit_id = 1,
          .credit_id = 2,
          .amount = { 9 } },
        { .id = number(2),
          .kind = TRANSFER_DIRECT,
          .debit_id = 1,
          .credit_id = 2,
          .amount = { 7 } },
        { .id = number(3), .kind = TRANSFER_POST, .pending = number(1), .amount = { 4 } },
    };
    struct ledger_chain chain = { .book_id = BOOK, .at = START, .asks = asks, .n = 2 };
    struct ledger_chain post = { .book_id = BOOK, .at = START, .asks = asks + 2, .n = 1 };
    struct audit_ledger_result found;

    CHECK_OK("two in a chain", ledger_transfer(f->store, &chain));
    CHECK_OK("a post", ledger_transfer(f->store, &post));
    for (size_t i = 0; i < LEN(DAMAGES); i++) {
        bool told = false;
        CHECK_OK(DAMAGES[i].title, execute(f, &DAMAGES[i].stmt));
        CHECK_OK(DAMAGES[i].title, audit_ledger(f->store, &found));
        for (int64_t j = 0; j < found.findings_n; j++) {
            told = told || found.findings[j].what == DAMAGES[i].want;
        }
        CHECK(DAMAGES[i].title, told);
        CHECK("in words", audit_ledger_text(DAMAGES[i].want, true)[0] &&
                              audit_ledger_text(DAMAGES[i].want, false)[0]);
        CHECK_OK("undo", execute(f, &DAMAGES[i].undo));
        CHECK_OK("whole again", audit_ledger(f->store, &found));
        CHECK_INT("whole again", found.findings_n, 0);
    }

    /* the schema refuses what C would never ask */
    static const struct stmt BELOW =
        DAMAGE("UPDATE ledger_account SET debits = debits + 1 WHERE book_id = $1 AND id = 3");
    static const struct stmt TWICE =
        DAMAGE("UPDATE ledger_transfer SET amount = 0 WHERE book_id = $1");
    CHECK_CODE("below a floor", execute(f, &BELOW), FAULT_STORE);
    CHECK_CODE("an amount of nothing", execute(f, &TWICE), FAULT_STORE);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        if (open_book(&f)) {
            random_transfers(&f);
            many_at_once(&f);
        }
        fixture_close(&f);
        if (!fixture_open(&f, (enum engine)e)) break;
        if (open_book(&f)) damage(&f);
        fixture_close(&f);
    }
    return test_end();
}
