/* tests/api/sign_in_code_test.c - asking for a one-time code tells nobody whether a number is
 * registered, however often and however soon one asks. */
#include "tests/api/world.h"

/* Codes sent, and what is written where none is: together one more at each ask. */
static const struct stmt COSTS = {
    .name = "test: what asking wrote",
    .types = "",
    .sql = "SELECT (SELECT COUNT(*) FROM notice),"
           " (SELECT CAST(COALESCE(SUM(tries), 0) AS BIGINT) FROM secret WHERE owner_id < 0)",
};

static RESULT costs_in_txn(struct txn *tx, void *arg)
{
    int64_t *n = arg;
    bool found;
    ROW(row);

    TRY(txn_first(tx, &COSTS, IN_NONE, &row, &found));
    *n = row_int(&row, 0) + row_int(&row, 1);
    return OK;
}

static int64_t costs(struct api_world *w)
{
    int64_t n = 0;

    CHECK_OK("costs", store_read(w->app.store, costs_in_txn, &n));
    return n;
}

/* One more ask after each of these; the same answer for a known number, a stranger's and one of a
 * person without a phone. */
static void test_answers(struct api_world *w)
{
    static const struct {
        const char *title;
        int64_t pass; /* before it */
        int times;
    } rows[] = {
        { "the first time", 0, 1 },
        { "again at once", 0, 2 },
        { "while the first is good", CODE_PAUSE_USEC / 2, 1 },
        { "a minute later", CODE_PAUSE_USEC, 1 },
        { "more often than a day allows", CODE_PAUSE_USEC, CODES_A_DAY + 2 },
    };
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .name = S("孙无话"),
                              .region_code = 340111,
                              .act = world_act(&w->base) };
    struct person_made made;
    char stranger[19], silent[19];
    const char *numbers[] = { w->holder_no, stranger, silent };

    citizen_no_text(900, stranger);
    citizen_no_text(901, silent);
    ask.number = (struct str){ silent, 18 };
    CHECK_OK("a person without a phone", registry_person_add(&w->base.rg, NULL, &ask, &made));
    for (size_t i = 0; i < LEN(rows); i++) {
        fixture_pass(&w->base.f, rows[i].pass);
        for (int k = 0; k < rows[i].times; k++) {
            char expires[40] = "";

            if (k > 0 && rows[i].pass == CODE_PAUSE_USEC) fixture_pass(&w->base.f, rows[i].pass);
            for (size_t n = 0; n < LEN(numbers); n++) {
                int64_t before = costs(w);

                CHECK_STATUS(w, rows[i].title,
                             world_ask(w, &w->nobody, "POST /v1/sign-in-codes",
                                       text_of("{\"number\":\"%s\"}", numbers[n])),
                             202);
                CHECK_INT("and costs the same", costs(w) - before, 1);
                CHECK(rows[i].title, client_has(&w->client, "not sent again") ||
                                         client_has(&w->client, "一分钟内不重发"));
                if (n == 0) snprintf(expires, sizeof expires, "%s", world_member(w, "expires_at"));
                CHECK_STR(rows[i].title, str_of(world_member(w, "expires_at")), str_of(expires));
            }
        }
    }
}

static void test_locked(struct api_world *w)
{
    for (int i = 0; i < SECRET_TRIES + 1; i++)
        (void)world_ask(w, &w->nobody, "POST /v1/sessions",
                        text_of("{\"way\":\"resident\",\"number\":\"%s\",\"code\":\"00000%d\"}",
                                w->holder_no, i));
    CHECK_STATUS(w, "also while the code is locked",
                 world_ask(w, &w->nobody, "POST /v1/sign-in-codes",
                           text_of("{\"number\":\"%s\"}", w->holder_no)),
                 202);
}

static void test_refused(struct api_world *w)
{
    const struct refused rows[] = {
        { "no number", &w->nobody, "POST /v1/sign-in-codes", "{}", 422, "missing" },
        { "a number of another type", &w->nobody, "POST /v1/sign-in-codes", "{\"number\":1}", 422,
          "type" },
        { "an empty one", &w->nobody, "POST /v1/sign-in-codes", "{\"number\":\"\"}", 422,
          "too_short" },
        { "a check character that is wrong", &w->nobody, "POST /v1/sign-in-codes",
          "{\"number\":\"110105194912310021\"}", 422, "check_digit" },
        { "an unknown member", &w->nobody, "POST /v1/sign-in-codes",
          "{\"number\":\"11010519491231002X\",\"phone\":\"1\"}", 422, "unknown" },
    };

    REFUSED(w, rows);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            test_answers(&w);
            test_locked(&w);
            test_refused(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
