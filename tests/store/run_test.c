/* tests/store/run_test.c - writing transactions on both engines: ends, groups, reruns, roots. */
#include <pthread.h>

#include "tests/store/tables.h"

static const struct stmt NONSENSE = {
    .name = "test: nonsense",
    .types = "",
    .sql = "SELEKT everything",
};
static const struct stmt NO_TABLE = {
    .name = "test: no such table",
    .types = "",
    .sql = "SELECT 1 FROM no_such_table",
};

/* ---- how a body may end */

static void test_ends(struct fixture *f)
{
    static const struct {
        const char *title;
        int end, want;
        int64_t balance, lines;
        bool other_root, too_many;
    } rows[] = {
        { "OK stays", END_OK, 0, 5, 1, false, false },
        { "a refusal undoes what it wrote", END_REFUSED, END_REFUSED, 0, 0, false, false },
        { "a refusal before writing", END_REFUSED_EARLY, END_REFUSED_EARLY, 0, 0, false, false },
        { "a refusal with keep stays", END_KEPT, END_KEPT, 5, 1, false, false },
        { "a fault undoes", FAULT_PARTNER, FAULT_PARTNER, 0, 0, false, false },
        { "more rows than the budget", END_OK, FAULT_STORE_BUDGET, 0, 0, false, true },
#ifdef YKT_DEBUG
        { "another root", END_OK, FAULT_STORE_ROOT, 0, 0, true, false },
#endif
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct act act = { .account = open_account(f->store),
                           .amount = 5,
                           .end = rows[i].end,
                           .other_root = rows[i].other_root,
                           .too_many = rows[i].too_many };
        struct err err = store_run(f->store, person(act.account), act_body, &act);
        struct seen seen = see(f->store, act.account);

        CHECK_INT(rows[i].title, err.code, rows[i].want);
        CHECK_INT(rows[i].title, seen.balance, rows[i].balance);
        CHECK_INT(rows[i].title, seen.lines, rows[i].lines);
    }
}

/* ---- values */

struct values_call {
    int64_t id;
    uint8_t photo[100000];
};

static RESULT values_write(struct txn *tx, void *arg)
{
    struct values_call *call = arg;

    return txn_exec(tx, &ACCOUNT_NEW,
                    IN(v_int(call->id), v_int(INT64_MAX), v_null(),
                       v_blob(bytes_of(call->photo, sizeof call->photo))),
                    NULL);
}

static RESULT values_read(struct txn *tx, void *arg)
{
    struct values_call *call = arg;
    bool found, more;
    ROW(row);

    TRY(txn_first(tx, &ACCOUNT_READ, IN(v_int(call->id)), &row, &found));
    CHECK("found", found);
    CHECK_INT("the largest integer", row_int(&row, 0), INT64_MAX);
    CHECK("NULL is told", row_null(&row, 1));
    CHECK_STR("NULL reads as empty", row_text(&row, 1), S(""));
    CHECK_INT("NULL reads as 0", row_int(&row, 1), 0);
    CHECK("a large blob", bytes_eq(row_blob(&row, 2), bytes_of(call->photo, sizeof call->photo)));
    TRY(row_next(&row, &more));
    CHECK("one row", !more);
    TRY(row_next(&row, &more));
    CHECK("and no more after the end", !more);
    return OK;
}

static void test_values(struct fixture *f)
{
    static struct values_call call;

    call.id = store_new_id(f->store);
    for (size_t i = 0; i < sizeof call.photo; i++) {
        call.photo[i] = (uint8_t)(i * 7);
    }
    CHECK_OK("write", store_run(f->store, person(call.id), values_write, &call));
    CHECK_OK("read", store_read(f->store, values_read, &call));
}

/* ---- statements that the database refuses */

static RESULT one_statement(struct txn *tx, void *arg)
{
    ROW(row);

    (void)txn_query(tx, arg, IN_NONE, &row).code;
    {
        bool more;
        (void)row_next(&row, &more).code;
    }
    return OK; /* a body that doesn't look at its results does not get away with it */
}

static RESULT overdraw_body(struct txn *tx, void *arg)
{
    struct act *act = arg;
    int64_t changed;

    return txn_exec(tx, &ACCOUNT_ADD, IN(v_int(act->account), v_int(-1000)), &changed);
}

static RESULT write_in_read(struct txn *tx, void *arg)
{
    struct act *act = arg;

    return txn_exec(tx, &ACCOUNT_ADD, IN(v_int(act->account), v_int(1)), NULL);
}

static void test_bad(struct fixture *f)
{
    struct act act = { .account = open_account(f->store), .amount = 1 };
    struct stmt nonsense = NONSENSE, no_table = NO_TABLE;

    CHECK_CODE("bad SQL", store_run(f->store, person(1), one_statement, &nonsense), FAULT_STORE);
    CHECK_CODE("no such table", store_read(f->store, one_statement, &no_table), FAULT_STORE);
    CHECK("the note names the statement", strstr(fault_note(), "test: no such table") != NULL);
    CHECK_CODE("a broken check", store_run(f->store, person(act.account), overdraw_body, &act),
               FAULT_STORE);
    CHECK("writing while reading is a fault", store_read(f->store, write_in_read, &act).code < 0);
    CHECK_OK("and nothing is broken after",
             store_run(f->store, person(act.account), act_body, &act));
    CHECK_INT("one act", see(f->store, act.account).balance, 1);
}

/* ---- many callers */

enum { CALLERS = 64, ROUNDS = 20 };

struct caller {
    struct fixture *f;
    int64_t account, want;
    int number, bad;
};

/* A third is refused after writing, a third keeps a refusal, a few fail; the rest is good. */
static void *caller_main(void *arg)
{
    struct caller *c = arg;

    for (int i = 0; i < ROUNDS; i++) {
        int kind = (c->number + i) % 8;
        struct act act = { .account = c->account, .amount = 1 };
        struct err err;

        act.end = kind == 1   ? END_REFUSED
                  : kind == 2 ? END_KEPT
                  : kind == 3 ? FAULT_PARTNER
                  : kind == 4 ? END_REFUSED_EARLY
                              : END_OK;
        err = store_run(c->f->store, person(c->account), act_body, &act);
        if (err.code != act.end) {
            c->bad++;
            printf("caller %d: %d for %d, %s\n", c->number, err.code, act.end, fault_note());
        }
        if (err.code == 0 || err.keep) c->want++;
    }
    return NULL;
}

static void test_callers(struct fixture *f, bool one_account)
{
    static struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    int n = f->engine == ENGINE_SQLITE ? CALLERS : 16;
    int64_t account = open_account(f->store), want = 0, balance = 0, lines = 0;
    int bad = 0;

    for (int i = 0; i < n; i++) {
        callers[i] = (struct caller){ .f = f, .number = i };
        callers[i].account = one_account ? account : open_account(f->store);
        pthread_create(&threads[i], NULL, caller_main, &callers[i]);
    }
    for (int i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        want += callers[i].want;
        bad += callers[i].bad;
        if (!one_account) {
            balance += see(f->store, callers[i].account).balance;
            lines += see(f->store, callers[i].account).lines;
        }
    }
    if (one_account) {
        balance = see(f->store, account).balance;
        lines = see(f->store, account).lines;
    }
    CHECK_INT("each caller heard its own end", bad, 0);
    CHECK_INT("what was acknowledged is there", balance, want);
    CHECK_INT("and each act is whole", lines, want);
}

/* ---- notes */

struct told {
    int64_t n, order_bad, last;
};

static void tell(void *arg, struct bytes note)
{
    struct told *told = arg;
    struct cursor c = cursor_over(note);
    int64_t number = (int64_t)take_be64(&c);

    told->n++;
    if (number <= told->last) told->order_bad++;
    told->last = number;
}

struct note_call {
    int64_t number;
    int end;
};

static RESULT note_body(struct txn *tx, void *arg)
{
    struct note_call *call = arg;
    uint8_t buffer[8];
    struct writer w = writer_over(buffer, sizeof buffer);
    ROW(row);
    bool found;

    TRY(txn_first(tx, &ACCOUNT_READ, IN(v_int(call->number)), &row, &found));
    put_be64(&w, (uint64_t)call->number);
    txn_note(tx, writer_bytes(&w));
    REQUIRE(call->end == 0, call->end);
    return OK;
}

static void test_notes(enum engine engine)
{
    struct told told = { 0 };
    struct fixture f;
    struct store *store;

    if (!fixture_open_with(&f, engine, TABLES, LEN(TABLES), false)) return;
    store_close(f.store);
    f.store = NULL;
    f.config.committed = tell;
    f.config.committed_arg = &told;
    CHECK_OK("open", store_open(&f.config, &store));
    f.store = store;
    for (int64_t i = 1; i <= 20; i++) {
        struct note_call call = { .number = i, .end = i % 4 == 0 ? 7501 : 0 };
        CHECK_CODE("note", store_run(store, person(i), note_body, &call), call.end);
    }
    CHECK_INT("notes of what was committed, before the answer", told.n, 15);
    CHECK_INT("in the order of commits", told.order_bad, 0);
    fixture_close(&f);
}

/* ---- ids */

static void test_ids(struct fixture *f)
{
    int64_t last = 0;
    bool grows = true;

    for (int i = 0; i < 10000; i++) {
        int64_t id = store_new_id(f->store);
        grows = grows && id > last;
        last = id;
    }
    CHECK("ids grow while the clock stands", grows);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;

        for (int inline_writer = 0; inline_writer < 2; inline_writer++) {
            if (!fixture_open_with(&f, (enum engine)e, TABLES, LEN(TABLES), inline_writer)) break;
            test_ends(&f);
            test_values(&f);
            test_bad(&f);
            test_ids(&f);
            test_callers(&f, false);
            test_callers(&f, true);
            fixture_close(&f);
        }
        test_notes((enum engine)e);
    }
    return test_end();
}
