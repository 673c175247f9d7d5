/* tests/store/tables.h - the table that several tests of the store write to, and an act on it that
 * touches two of them: whole when both say the same. */
#pragma once
#include "tests/fixture.h"

static const struct migration TABLES[] = {
    { "test_account", "CREATE TABLE test_account (\n"
                      "    id      id64 NOT NULL, -- root\n"
                      "    balance int64 NOT NULL CHECK (balance >= 0), -- fen\n"
                      "    name    text,\n"
                      "    photo   blob,\n"
                      "    PRIMARY KEY (id)\n"
                      ") strict;\n"
                      "CREATE TABLE test_line (\n"
                      "    account id64 NOT NULL, -- root\n"
                      "    id      id64 NOT NULL,\n"
                      "    amount  int64 NOT NULL, -- fen\n"
                      "    PRIMARY KEY (account, id)\n"
                      ") strict;\n" },
};

static const struct stmt ACCOUNT_NEW = {
    .name = "test: new account",
    .types = "iitb",
    .root = 1,
    .sql = "INSERT INTO test_account (id, balance, name, photo) VALUES ($1, $2, $3, $4)",
};
/* $2 stands first on purpose: in SQLite's own reading it would be the first parameter. */
static const struct stmt ACCOUNT_ADD = {
    .name = "test: add",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE test_account SET balance = balance + $2 WHERE id = $1",
};
static const struct stmt ACCOUNT_READ = {
    .name = "test: read an account",
    .types = "i",
    .sql = "SELECT balance, name, photo FROM test_account WHERE id = $1",
};
static const struct stmt LINE_NEW = {
    .name = "test: new line",
    .types = "iii",
    .root = 1,
    .sql = "INSERT INTO test_line (account, id, amount) VALUES ($1, $2, $3)",
};
static const struct stmt LINE_SUM = {
    .name = "test: sum of lines",
    .types = "i",
    .sql = "SELECT COUNT(*), CAST(SUM(amount) AS BIGINT) FROM test_line WHERE account = $1",
};

static inline struct root person(int64_t id)
{
    return (struct root){ ROOT_PERSON, id };
}

/* ---- one act: add to an account, keep a line, append to a feed when told, then end as told */

enum { END_OK, END_REFUSED = 7501, END_KEPT = 7502, END_REFUSED_EARLY = 7503 };

struct act {
    int64_t account, amount;
    int end;
    int runs;
    bool other_root, too_many, feed;
    int64_t id;
};

static inline struct err act_body(struct txn *tx, void *arg)
{
    struct act *act = arg;
    int64_t changed;

    act->runs++;
    REQUIRE(act->end != END_REFUSED_EARLY, END_REFUSED_EARLY);
    TRY(txn_exec(tx, &ACCOUNT_ADD, IN(v_int(act->account), v_int(act->amount)), &changed));
    REQUIRE(changed == 1, 7504);
    act->id = txn_new_id(tx);
    txn_result(tx, act->id);
    TRY(txn_exec(tx, &LINE_NEW,
                 IN(v_int(act->account + act->other_root), v_int(act->id), v_int(act->amount)),
                 NULL));
    if (act->feed) TRY(feed_append(tx, FEED_CARD, act->id, str_bytes(S("state"))));
    for (int i = 0; act->too_many && i < 300; i++) {
        TRY(txn_exec(tx, &LINE_NEW, IN(v_int(act->account), v_int(txn_new_id(tx)), v_int(0)),
                     NULL));
    }
    REQUIRE(act->end != END_REFUSED, END_REFUSED);
    if (act->end == END_KEPT) REFUSE_KEEP(END_KEPT);
    return act->end < 0 ? fault((enum fault)act->end, "as the test asked") : OK;
}

static inline struct err open_body(struct txn *tx, void *arg)
{
    int64_t *id = arg;

    return txn_exec(tx, &ACCOUNT_NEW, IN(v_int(*id), v_int(0), v_text(S("安徽")), v_null()), NULL);
}

struct seen {
    int64_t account, balance, lines, sum;
};

static inline struct err see_body(struct txn *tx, void *arg)
{
    struct seen *seen = arg;
    bool found;
    ROW(a);
    ROW(l);

    TRY(txn_first(tx, &ACCOUNT_READ, IN(v_int(seen->account)), &a, &found));
    REQUIRE(found, 7505);
    seen->balance = row_int(&a, 0);
    TRY(txn_first(tx, &LINE_SUM, IN(v_int(seen->account)), &l, &found));
    seen->lines = row_int(&l, 0);
    seen->sum = row_int(&l, 1);
    return OK;
}

static inline struct seen see(struct store *store, int64_t account)
{
    struct seen seen = { .account = account };

    CHECK_OK("see", store_read(store, see_body, &seen));
    return seen;
}

static inline int64_t open_account(struct store *store)
{
    int64_t id = store_new_id(store);

    CHECK_OK("open an account", store_run(store, person(id), open_body, &id));
    return id;
}
