/* ledger/ledger.h - books, accounts, transfers: the only module that changes a balance
 * (docs/decisions/0010-ledger.md).
 *
 * A book (账簿) is one legal entity and the root of everything in it. A transfer moves an amount
 * from the credit side of one account to the debit side of another, both of one book. Its id is the
 * caller's, chosen before the first try: an exact repeat answers as the first time, a repeat that
 * differs is refused by what differs. No clock is read here: asks carry the instant. */
#pragma once
#include "base/base.h"
#include "store/store.h"

/* In the order they are tried, for each transfer of a chain in turn. Never renumbered. */
enum ledger_refusal {
    /* the same id was used with other content */
    LEDGER_DIFFERS_KIND = 4001,
    LEDGER_DIFFERS_DEBIT = 4002,
    LEDGER_DIFFERS_CREDIT = 4003,
    LEDGER_DIFFERS_AMOUNT = 4004,
    LEDGER_DIFFERS_PENDING = 4005, /* another pending transfer was posted or voided by it */
    LEDGER_DIFFERS_TIMEOUT = 4006,
    LEDGER_DIFFERS_CODE = 4007,
    LEDGER_DIFFERS_REFERENCE = 4008,
    LEDGER_DIFFERS_CHAIN = 4009, /* it stood alone, or in another chain, or at another place */

    LEDGER_BOOK_UNKNOWN = 4010,
    LEDGER_ID_TWICE = 4011,     /* the chain holds one id twice */
    LEDGER_AMOUNT_RANGE = 4012, /* not in 1..AMOUNT_MAX_FEN */
    LEDGER_PENDING_UNKNOWN =
        4013, /* no pending transfer has that id (one of the same chain neither) */
    LEDGER_PENDING_POSTED = 4014,  /* it was posted already, by another id */
    LEDGER_PENDING_VOIDED = 4015,  /* it was voided already */
    LEDGER_PENDING_EXPIRED = 4016, /* `at` is not before its time-out; a void is still granted */
    LEDGER_PENDING_AMOUNT = 4017,  /* a post of more than is pending */
    LEDGER_TIMEOUT_PAST = 4018,    /* the time-out is not after `at` */
    LEDGER_ACCOUNTS_SAME = 4019,   /* debit and credit are one account */
    LEDGER_ACCOUNT_UNKNOWN = 4020, /* not in this book */
    LEDGER_ACCOUNT_CLOSED = 4021,
    LEDGER_FLOOR = 4022,       /* the balance would fall below the account's floor */
    LEDGER_CAP = 4023,         /* the balance would rise above the account's cap */
    LEDGER_TOTAL_RANGE = 4024, /* a total would pass TOTAL_MAX_FEN */

    /* books and accounts */
    LEDGER_BOOK_DIFFERENT = 4030,    /* the id stands for another book */
    LEDGER_ACCOUNT_DIFFERENT = 4031, /* the id stands for another account */
    LEDGER_LIMITS = 4032,            /* floor above cap, or the balance lies outside them */
    LEDGER_NOT_EMPTY = 4033,         /* a balance, or something pending, on an account to close */
};
enum {
    CHAIN_MAX = 24,      /* transfers of one chain: 96 rows, half of a body's budget */
    LEDGER_NAME_MAX = 60 /* bytes of a book's or an account's name */
};
#define AMOUNT_MAX_FEN INT64_C(100000000000000)    /* one transfer: a trillion yuan */
#define TOTAL_MAX_FEN INT64_C(4000000000000000000) /* what an account's totals stay below */

/* ---- books and accounts ---- */

struct ledger_book {
    int64_t id;             /* store_new_id, before the first try */
    struct str name;        /* 1..LEDGER_NAME_MAX bytes */
    struct str agency_code; /* GB 32100, or empty */
    struct instant opened_at;
};

enum account_kind { /* 会计要素: the first two grow on the debit side, the others on the credit side
                     */
                    ACCOUNT_ASSET = 1,
                    ACCOUNT_EXPENSE = 2,
                    ACCOUNT_LIABILITY = 3,
                    ACCOUNT_EQUITY = 4,
                    ACCOUNT_INCOME = 5,
};
enum { ACCOUNT_SIDE_DEBIT = 1, ACCOUNT_SIDE_CREDIT = -1 };
int account_side(enum account_kind kind);

struct account_limits {
    bool has_floor, has_cap;
    struct money floor, cap; /* of the balance, counted on the account's own side */
};

struct ledger_account {
    int64_t book_id, id; /* id: store_new_id, or a fixed number of the module that owns it; > 0 */
    enum account_kind kind;
    struct str name;  /* 1..LEDGER_NAME_MAX bytes, not a person's */
    int64_t owner_id; /* of the module that opened it: a person, an operator, a programme; or 0 */
    struct account_limits limits;
    struct instant opened_at;
    bool closed;
    /* everything that ever went through, and what is reserved now; only transfers change these */
    struct money debits, credits, debits_pending, credits_pending;
};

/* What the account holds, on its own side: posted only. */
struct money account_balance(const struct ledger_account *account);
/* What a transfer out of it could take now, but for the floor: balance less what is pending out. */
struct money account_available(const struct ledger_account *account);
/* What it holds when all that is pending into it has come: what a cap looks at. */
struct money account_expected(const struct ledger_account *account);

/* The root of everything in a book, for transactions of the caller's. */
struct root ledger_root(int64_t book_id);

/* Open a book. A repeat with the same id and content is OK.
 *   refuses  LEDGER_BOOK_DIFFERENT */
RESULT ledger_book_open(struct store *store, const struct ledger_book *book);
/* Open an account; its totals and `closed` are not looked at. In a transaction of the book's root.
 * A repeat with the same id, kind, name and owner is OK and changes nothing, limits neither.
 *   refuses  LEDGER_BOOK_UNKNOWN, LEDGER_ACCOUNT_DIFFERENT, LEDGER_LIMITS */
RESULT ledger_account_open_in(struct txn *tx, const struct ledger_account *account);
RESULT ledger_account_open(struct store *store, const struct ledger_account *account);
/* Change floor and cap. refuses  LEDGER_ACCOUNT_UNKNOWN, LEDGER_ACCOUNT_CLOSED, LEDGER_LIMITS (the
 * balance with what is pending must keep to them) */
RESULT ledger_account_limit(struct store *store, int64_t book_id, int64_t account_id,
                            const struct account_limits *limits);
/* Close; a repeat is OK. refuses  LEDGER_ACCOUNT_UNKNOWN, LEDGER_NOT_EMPTY */
RESULT ledger_account_close(struct store *store, int64_t book_id, int64_t account_id);
/* name is in `arena`. refuses  LEDGER_ACCOUNT_UNKNOWN */
RESULT ledger_account_read(struct store *store, int64_t book_id, int64_t account_id,
                           struct arena *arena, struct ledger_account *out);

/* ---- transfers ---- */

struct transfer_id {
    uint8_t bytes[16]; /* not all zero */
};
bool transfer_id_eq(struct transfer_id a, struct transfer_id b);

enum transfer_kind {
    TRANSFER_DIRECT = 1,  /* moves at once */
    TRANSFER_PENDING = 2, /* reserves, until it is posted or voided */
    TRANSFER_POST = 3,    /* moves what `pending` reserved, all or less, and gives back the rest */
    TRANSFER_VOID = 4,    /* gives back what `pending` reserved */
};
struct transfer_ask {
    struct transfer_id id;
    enum transfer_kind kind;
    /* TRANSFER_DIRECT and _PENDING; a post or void takes those of its pending transfer, 0 here */
    int64_t debit_id, credit_id;
    struct money amount;        /* of a post: 0 means all that is pending; of a void: 0 */
    struct transfer_id pending; /* TRANSFER_POST and _VOID */
    struct instant timeout_at;  /* TRANSFER_PENDING; 0: none. From then on a post is refused */
    int64_t code;               /* why, a number of the calling module's, 0..65535 */
    int64_t reference;          /* what for: an order, a batch, a journey; or 0 */
};

/* Transfers of one book that all happen or none. */
struct ledger_chain {
    int64_t book_id;
    struct instant at;
    const struct transfer_ask *asks;
    size_t n; /* 1..CHAIN_MAX */
    /* out, also when refused */
    bool repeated;  /* everything had happened before: nothing was written */
    size_t refused; /* index of the transfer that a refusal is about */
};

/* Judge and write a chain in a transaction whose root is the book; other writes of the caller may
 * stand in the same transaction. Decides before it writes. May be run again.
 *   refuses  LEDGER_*      faults  FAULT_STORE* */
RESULT ledger_transfer_in(struct txn *tx, struct ledger_chain *chain);
/* The same in a transaction of its own; durable when it comes back OK. */
RESULT ledger_transfer(struct store *store, struct ledger_chain *chain);

/* Give back pending transfers of a book whose time-out is not after `at`, oldest first, at most
 * `max` (1..CHAIN_MAX) in one transaction; *n says how many. For a job, again until *n is 0. */
RESULT ledger_expire(struct store *store, int64_t book_id, struct instant at, int max, int *n);

enum transfer_state {
    TRANSFER_STATE_POSTED = 1, /* moved: a direct one, a post, a pending one that was posted */
    TRANSFER_STATE_PENDING = 2,
    TRANSFER_STATE_VOIDED = 3,  /* also a void itself */
    TRANSFER_STATE_EXPIRED = 4, /* given back by ledger_expire */
};
struct transfer {
    struct transfer_ask ask; /* with accounts and amount filled in */
    bool all_asked;          /* the ask's amount was 0: all that was pending */
    int64_t row_id;          /* time-ordered, ours */
    enum transfer_state state;
    struct instant at,
        ended_at;             /* ended_at: when a pending one was posted, voided or expired; or 0 */
    struct transfer_id chain; /* id of the chain's first */
    int64_t chain_place, chain_n;
};
RESULT ledger_transfer_read(struct store *store, int64_t book_id, struct transfer_id id,
                            struct transfer *out, bool *found);
/* Visit transfers on an account with row_id > after, oldest first, at most max; stops early when
 * visit refuses, and returns that refusal. */
typedef struct err transfer_visit(void *arg, const struct transfer *transfer);
RESULT ledger_statement(struct store *store, int64_t book_id, int64_t account_id, int64_t after,
                        int64_t max, transfer_visit *visit, void *arg);
