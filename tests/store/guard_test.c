/* tests/store/guard_test.c - row security on PostgreSQL (docs/decisions/0046-row-security.md): a
 * statement that forgot its root, a load, other roles, a table that was forgotten. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/store/tables.h"

/* ---- statements that don't say which parameter is the root: the C rule can't see them */

static const struct stmt BLIND_LINE = {
    .name = "test: new line, root not said",
    .types = "iii",
    .sql = "INSERT INTO test_line (account, id, amount) VALUES ($1, $2, $3)",
};
static const struct stmt BLIND_ADD = {
    .name = "test: add, root not said",
    .types = "i",
    .sql = "UPDATE test_account SET balance = balance + 1 WHERE id = $1",
};
static const struct stmt BLIND_ALL = {
    .name = "test: add to all",
    .types = "",
    .sql = "UPDATE test_account SET balance = balance + 1",
};
static const struct stmt BLIND_MOVE = {
    .name = "test: give a line to another",
    .types = "ii",
    .sql = "UPDATE test_line SET account = $2 WHERE account = $1",
};
static const struct stmt BLIND_FORGET = {
    .name = "test: forget lines, root not said",
    .types = "i",
    .sql = "DELETE FROM test_line WHERE account = $1",
};

enum what { INSERT, UPDATE, UPDATE_ALL, MOVE, FORGET };

struct blind {
    enum what what;
    int64_t own, account; /* the transaction's, and whose rows are written */
    int64_t changed;
};

static RESULT blind_body(struct txn *tx, void *arg)
{
    struct blind *b = arg;

    b->changed = 0;
    switch (b->what) {
    case INSERT:
        return txn_exec(tx, &BLIND_LINE, IN(v_int(b->account), v_int(txn_new_id(tx)), v_int(1)),
                        &b->changed);
    case UPDATE:
        return txn_exec(tx, &BLIND_ADD, IN(v_int(b->account)), &b->changed);
    case UPDATE_ALL:
        return txn_exec(tx, &BLIND_ALL, IN_NONE, &b->changed);
    case MOVE:
        return txn_exec(tx, &BLIND_MOVE, IN(v_int(b->own), v_int(b->account)), &b->changed);
    case FORGET:
        return txn_exec(tx, &BLIND_FORGET, IN(v_int(b->account)), &b->changed);
    }
    return OK;
}

/* What it wrote before goes too, and what nobody asks the end of is found with COMMIT. */
static RESULT late_body(struct txn *tx, void *arg)
{
    struct blind *b = arg;

    TRY(txn_exec(tx, &LINE_NEW, IN(v_int(b->own), v_int(txn_new_id(tx)), v_int(1)), NULL));
    return txn_exec(tx, &BLIND_LINE, IN(v_int(b->account), v_int(txn_new_id(tx)), v_int(1)), NULL);
}

static void one_line_each(struct fixture *f, int64_t a, int64_t b)
{
    struct act acts[] = { { .account = a, .amount = 5 }, { .account = b, .amount = 7 } };

    for (size_t i = 0; i < LEN(acts); i++)
        CHECK_OK("an act", store_run(f->store, person(acts[i].account), act_body, &acts[i]));
}

static void test_writes(struct fixture *f)
{
    int64_t a = open_account(f->store), b = open_account(f->store);
    const struct {
        const char *title;
        struct root root;
        enum what what;
        int64_t account;
        bool load;
        int want;
        int64_t changed;
    } rows[] = {
        { "a row of its own root", person(a), INSERT, a, false, 0, 1 },
        { "a new row of another root", person(a), INSERT, b, false, FAULT_STORE_ROOT, 0 },
        { "another root's row changed", person(a), UPDATE, b, false, FAULT_STORE_ROOT, 0 },
        { "all roots' rows changed", person(a), UPDATE_ALL, b, false, FAULT_STORE_ROOT, 0 },
        { "its own row given to another", person(a), MOVE, b, false, FAULT_STORE_ROOT, 0 },
        { "another root's rows are not found to be deleted", person(a), FORGET, b, false, 0, 0 },
        { "a transaction without a root", { ROOT_NONE, 0 }, UPDATE, a, false, FAULT_STORE_ROOT, 0 },
        { "a load", { ROOT_NONE, 0 }, UPDATE, b, true, 0, 1 },
        { "and what a load may ends with it", person(a), UPDATE, b, false, FAULT_STORE_ROOT, 0 },
        { "also for one without a root", { ROOT_NONE, 0 }, UPDATE, a, false, FAULT_STORE_ROOT, 0 },
        { "its own row changed", person(a), UPDATE, a, false, 0, 1 },
        { "its own rows deleted", person(a), FORGET, a, false, 0, 2 },
    };

    one_line_each(f, a, b);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct blind blind = { .what = rows[i].what, .own = a, .account = rows[i].account };
        struct seen other = see(f->store, b), after;
        struct err err = rows[i].load ? store_load(f->store, blind_body, &blind)
                                      : store_run(f->store, rows[i].root, blind_body, &blind);

        CHECK_CODE(rows[i].title, err, rows[i].want);
        if (rows[i].want == 0) CHECK_INT(rows[i].title, blind.changed, rows[i].changed);
        after = see(f->store, b);
        CHECK_INT(rows[i].title, after.lines, other.lines);
        CHECK_INT(rows[i].title, after.balance - other.balance, rows[i].load);
    }
    {
        struct blind blind = { .own = a, .account = b };
        struct seen own = see(f->store, a), other = see(f->store, b);

        CHECK_CODE("found with COMMIT", store_run(f->store, person(a), late_body, &blind),
                   FAULT_STORE_ROOT);
        CHECK_INT("nothing of it is kept", see(f->store, a).lines, own.lines);
        CHECK_INT("on neither side", see(f->store, b).lines, other.lines);
    }
}

/* ---- bulk: PostgreSQL's COPY knows no row security */

struct rows {
    int n, most;
    int64_t account;
};

static bool next_line(void *arg, struct value *values)
{
    struct rows *rows = arg;

    if (rows->n == rows->most) return false;
    values[0] = v_int(rows->account);
    values[1] = v_int(++rows->n);
    values[2] = v_int(3);
    return true;
}

static RESULT bulk_body(struct txn *tx, void *arg)
{
    struct rows *rows = arg;
    int64_t done = 0;

    for (int i = 0; i < 2; i++) { /* twice in one transaction */
        rows->n = 0;
        TRY(txn_bulk(tx, "test_line", "account, id, amount", "iii", next_line, rows, &done));
        CHECK_INT("rows", done, rows->most);
        rows->account++;
    }
    return OK;
}

static void test_bulk(struct fixture *f)
{
    struct rows rows = { .most = 5000, .account = open_account(f->store) };
    int64_t account = rows.account;

    CHECK_OK("bulk", store_load(f->store, bulk_body, &rows));
    CHECK_INT("they are there", see(f->store, account).sum, 15000);
}

/* ---- other roles */

static PGconn *connect_as(const struct fixture *f, const char *role)
{
    const char *const names[] = { "dbname", "user", NULL }, *const values[] = { f->url, role,
                                                                                NULL };

    return PQconnectdbParams(names, values, 1);
}

/* The answer's one value, or the state of the error. */
static const char *answer(PGconn *db, const char *sql)
{
    static char text[400];
    PGresult *result = PQexec(db, sql);

    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        snprintf(text, sizeof text, "%s", PQgetvalue(result, 0, 0));
    } else {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        snprintf(text, sizeof text, "%s", state ? state : PQcmdTuples(result));
    }
    PQclear(result);
    return text;
}

static void say(PGconn *db, const char *title, const char *sql, const char *want)
{
    CHECK_STR(title, str_of(answer(db, sql)), str_of(want));
}

static void test_other_roles(struct fixture *f, const char *role)
{
    PGconn *own = connect_as(f, NULL), *other = connect_as(f, role);
    char sql[200];

    one_line_each(f, open_account(f->store), open_account(f->store));
    snprintf(sql, sizeof sql, "GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO %s",
             role);
    say(own, "the owner lets somebody read", sql, "");
    say(other, "who sees none", "SELECT COUNT(*) FROM test_line", "0");
    say(other, "nor people", "SELECT COUNT(*) FROM store_outbox", "0");
    say(other, "naming a purpose", "SET ykt.reader = 'figures'", "");
    say(other, "sees none", "SELECT COUNT(*) FROM test_line", "0");
    say(other, "and any root", "SET ykt.root = 'any'", "");
    say(other, "writes none", "INSERT INTO test_line VALUES (1, 1, 1)", "42501");
    say(other, "and deletes none", "DELETE FROM test_line", "0");
    say(other, "reference data is not hidden", "SELECT COUNT(*) FROM catalogue_version", "0");
    say(own, "the server's role by hand, without a purpose", "SELECT COUNT(*) FROM test_line",
        "42704");
    say(own, "nor a write", "UPDATE test_line SET amount = 0", "42704");
    say(own, "with one", "SET ykt.reader = 'by hand'", "");
    say(own, "it reads", "SELECT COUNT(*) > 0 FROM test_line", "t");
    say(own, "and writes none", "UPDATE test_line SET amount = 0", "42501");
    say(own, "nor deletes", "DELETE FROM test_line", "0");
    PQfinish(own);
    PQfinish(other);
}

/* What row security gives to the owner only, another role must not take for an empty database. */
static void test_openers(struct fixture *f, const char *role)
{
    struct store_health health = { .unguarded = true };
    struct store_config config = f->config;
    struct store *store = NULL;
    char url[700];

    CHECK_OK("health", store_health(f->store, &health));
    CHECK("the server's role is held", !health.unguarded);
    config.inline_writer = true; /* reads beside the fixture's store */
    snprintf(url, sizeof url, "%s&user=%s", f->url, role);
    config.url = str_of(url);
    CHECK_CODE("a role that owns nothing", store_open(&config, &store), FAULT_CONFIG);
    snprintf(url, sizeof url, "%s&user=ykt_admin", f->url);
    config.url = str_of(url);
    if (CHECK_OK("a superuser", store_open(&config, &store))) {
        CHECK_OK("health", store_health(store, &health));
        CHECK("is told not to be held", health.unguarded);
        store_close(store);
    }
}

/* ---- every table: one that is about a person and not guarded would be a mistake */

static void test_all_tables(struct fixture *f)
{
    PGconn *db = connect_as(f, NULL);

    say(db, "tables about persons without row security",
        "SELECT COUNT(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND a.attname IN ('person_id', 'root_id', 'value_root', 'node_id')"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
        "0");
    say(db, "policies are four a table",
        "SELECT COUNT(*) FROM (SELECT 1 FROM pg_policy GROUP BY polrelid HAVING COUNT(*) <> 4) x",
        "0");
    say(db, "guarded tables",
        "SELECT COUNT(*) >= 45 FROM pg_class WHERE relrowsecurity AND relforcerowsecurity", "t");
    say(db, "everything else has no root",
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relrowsecurity",
        "agency catalogue_version city_state holiday item_opening organisation parameter place"
        " place_kind point_of_use reference_row region service_item slot_rule store_meta"
        " store_migration");
    PQfinish(db);
}

int main(void)
{
    const char *cluster = getenv("YKT_TEST_POSTGRES_ADMIN");
    struct fixture f;
    PGconn *admin;
    char sql[100], role[40];

    if (!cluster || fixture_engines() < 2) {
        printf("no PostgreSQL of tests/postgres: nothing is tried\n");
        return test_end();
    }
    admin = PQconnectdb(cluster);
    snprintf(role, sizeof role, "ykt_other_%d", (int)getpid());
    snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN", role);
    say(admin, "another role", sql, "");
    if (fixture_open_with(&f, ENGINE_POSTGRESQL, TABLES, LEN(TABLES), false)) {
        test_writes(&f);
        test_bulk(&f);
        test_other_roles(&f, role);
        test_openers(&f, role);
        test_all_tables(&f);
        fixture_close(&f);
    }
    snprintf(sql, sizeof sql, "DROP ROLE %s", role);
    say(admin, "away with it", sql, "");
    PQfinish(admin);
    return test_end();
}
