/* tests/api/sign_in_told_test.c - signing in with a wrong secret tells nobody who is registered:
 * not by the first answer and not by the tenth, by no header, and not by what it costs. */
#include "tests/api/world.h"

enum { TRIES = SECRET_TRIES + 4 };

/* The answer without what differs between any two requests: its id, and when it was sent. */
static struct str told(const struct api_world *w, char *out, size_t size)
{
    struct str rest = { w->client.a.bytes, w->client.a.n };
    struct writer text = writer_over(out, size);

    while (rest.n > 0) {
        struct str line = str_cut(rest, '\n', &rest);
        const char *id = raw_find(line, "\"request_id\":\"");

        if (str_starts(line, S("Date:")) || str_starts(line, S("X-Request-Id:"))) continue;
        if (id) line.n = (size_t)(id - line.p); /* with it goes what stands behind: "help" */
        put_str(&text, line);
        put_u8(&text, '\n');
    }
    return writer_str(&text);
}

static const struct stmt LINES = { .name = "test: journal lines",
                                   .types = "",
                                   .sql = "SELECT COUNT(*) FROM journal_line" };

static RESULT count_in_txn(struct txn *tx, void *arg)
{
    int64_t *n = arg;
    bool found;
    ROW(row);

    TRY(txn_first(tx, &LINES, IN_NONE, &row, &found));
    *n = row_int(&row, 0);
    return OK;
}

static int64_t lines(struct api_world *w)
{
    int64_t n = 0;

    CHECK_OK("lines", store_read(w->app.store, count_in_txn, &n));
    return n;
}

struct who {
    const char *title, *body;
};

/* The same tries at each; every answer is the first one's, every try leaves one synced line. */
static void same(struct api_world *w, const struct who *who, size_t n)
{
    static char first[TRIES][4000];
    static char answer[4000];

    for (size_t i = 0; i < n; i++) {
        for (int try = 0; try < TRIES; try++) {
            int64_t before = lines(w);
            struct str now, want;

            CHECK_STATUS(w, who[i].title,
                         client_ask(&w->client, "POST /v1/sessions", "", who[i].body), 403);
            now = told(w, i == 0 ? first[try] : answer, sizeof answer);
            if (i == 0) first[try][now.n] = '\0';
            want = str_of(first[try]);
            CHECK_STR(who[i].title, now, want);
            CHECK_STR(who[i].title, client_code(&w->client), S("signin_wrong"));
            CHECK_INT(who[i].title, lines(w) - before, 1);
        }
    }
}

static void set_password(struct api_world *w, enum subject_kind subject, int64_t id)
{
    const struct act act = world_act(&w->base);

    CHECK_OK("a password",
             registry_password_set(&w->base.rg, NULL, subject, id, S("a good long one"), &act));
}

static void ask_code(struct api_world *w, const char *number)
{
    CHECK_STATUS(w, "a code is asked for",
                 client_ask(&w->client, "POST /v1/sign-in-codes", "",
                            text_of("{\"number\":\"%s\"}", number)),
                 202);
}

#define RESIDENT(number, secret)                                                                   \
    text_of("{\"way\":\"resident\",\"number\":\"%s\",%s}", (number), (secret))
#define STAFF(user)                                                                                \
    text_of("{\"way\":\"staff\",\"user\":\"%s\",\"password\":\"guess\",\"totp\":\"000000\"}",      \
            (user))

static void test_residents(struct api_world *w)
{
    static const char *const SECRETS[] = { "\"password\":\"not this one\"", "\"code\":\"000000\"",
                                           "\"code\":\"000000\",\"password\":\"nor this\"" };
    char stranger[19];

    citizen_no_text(900, stranger);
    set_password(w, SUBJECT_PERSON, w->holder.id);
    for (size_t i = 0; i < LEN(SECRETS); i++) {
        const struct who who[] = {
            { "a registered number", RESIDENT(w->holder_no, SECRETS[i]) },
            { "one without that secret", RESIDENT(w->other_no, SECRETS[i]) },
            { "nobody's number", RESIDENT(stranger, SECRETS[i]) },
        };

        fixture_pass(&w->base.f, USEC_PER_DAY);
        ask_code(w, w->holder_no);
        ask_code(w, stranger);
        same(w, who, LEN(who));
        fixture_pass(&w->base.f, CODE_LIFE_USEC); /* codes are too old */
        same(w, who, LEN(who));
    }
}

static void test_staff(struct api_world *w)
{
    const struct who who[] = {
        { "a member of staff", STAFF("supervisor") },
        { "one without a password", STAFF("agent") },
        { "nobody", STAFF("nobody") },
    };

    set_password(w, SUBJECT_STAFF, w->supervisor.id);
    same(w, who, LEN(who));
}

/* ---- pages: by a browser without a session */

static char browser[200]; /* its cookie, as a header line */

static const char *form(struct api_world *w, const char *page)
{
    struct str cookie, token;

    CHECK_INT(page, client_ask(&w->client, text_of("GET %s", page), browser, ""), 200);
    cookie = client_between(&w->client, "Set-Cookie: ", ';');
    token = client_between(&w->client, "name=\"_token\" value=\"", '"');
    if (cookie.n > 0)
        snprintf(browser, sizeof browser,
                 "Cookie: %.*s\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                 (int)cookie.n, cookie.p);
    return text_of("_token=%.*s", (int)token.n, token.n ? token.p : "");
}

static void pages_same(struct api_world *w, const char *page, const char *post,
                       const struct who *who, size_t n)
{
    for (int try = 0; try < TRIES; try++) {
        for (size_t i = 0; i < n; i++) {
            const char *token = form(w, page);
            struct refusal wrong = refusal_of(SIGNIN_WRONG);

            CHECK_STATUS(
                w, who[i].title,
                client_ask(&w->client, post, browser, text_of("%s&%s", token, who[i].body)), 422);
            CHECK(who[i].title, client_has(&w->client, wrong.detail_zh));
        }
    }
}

static void test_pages(struct api_world *w)
{
    char stranger[19], known[80], unknown[80];
    const struct who residents[] = { { "a registered number", known },
                                     { "nobody's number", unknown } };
    const struct who staff[] = {
        { "a member of staff", "user=supervisor&password=wrong+one&totp=000000" },
        { "nobody", "user=nobody&password=wrong+one&totp=000000" },
    };
    FILE *answers = w->client.answers;

    w->client.answers = NULL; /* pages are not in the API's description */
    citizen_no_text(901, stranger);
    fixture_pass(&w->base.f, 2 * USEC_PER_DAY);
    snprintf(known, sizeof known, "number=%s&password=wrong+one", w->holder_no);
    snprintf(unknown, sizeof unknown, "number=%s&password=wrong+one", stranger);
    pages_same(w, "/sign-in?way=password", "POST /sign-in", residents, LEN(residents));
    pages_same(w, "/desk/sign-in", "POST /desk/sign-in", staff, LEN(staff));
    w->client.answers = answers;
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            test_residents(&w);
            test_staff(&w);
            test_pages(&w);
        }
        browser[0] = '\0';
        api_world_close(&w);
    }
    return test_end();
}
