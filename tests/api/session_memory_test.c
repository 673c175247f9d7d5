/* tests/api/session_memory_test.c - a session that lost its place in memory is not over, one that
 * was ended does not come back, and a terminal's keeps its place. The table has two sets of eight.
 */
#include "api/frame.h"
#include "tests/api/world.h"

enum { RESIDENTS = 24, STAFF = 24, TERMINALS = 16, FLOOD = 400 };

static struct api_world w;
static struct asker residents[RESIDENTS], staff[STAFF];
static const char *const LINE = "GET /v1/sessions/current";

static bool small_table(void)
{
    struct sessions *small;

    if (!CHECK_OK("a table of two sets", sessions_open(8, &small))) return false;
    sessions_close(w.app.sessions);
    w.app.sessions = small;
    return true;
}

static int count_statuses(const struct asker *who, int n, const char *line, const char *body,
                          int status)
{
    int got = 0;

    for (int i = 0; i < n; i++)
        got += world_ask(&w, &who[i], line, body) == status;
    return got;
}

static void test_more_than_there_is_room_for(void)
{
    static const struct {
        const char *title, *line, *body;
        bool of_staff;
        int status;
    } rows[] = {
        { "residents, on a worker", "GET /v1/sessions/current", "", false, 200 },
        { "staff, on a worker", "GET /v1/sessions/current", "", true, 200 },
        { "residents again, after staff took the places", "GET /v1/sessions/current", "", false,
          200 },
        { "staff, on a route of the HTTP thread", "POST /v1/checks", "{}", true, 422 },
        { "residents there, who may not", "POST /v1/checks", "{}", false, 403 },
    };

    for (int i = 0; i < RESIDENTS; i++)
        world_token(&w, SUBJECT_PERSON, w.holder.id, PROOF_TWO_FACTORS, &residents[i]);
    for (int i = 0; i < STAFF; i++)
        world_staff(&w, text_of("in.memory.%d", i), ROLE_CLERK, 340000, &staff[i]);
    for (size_t i = 0; i < LEN(rows); i++) {
        const int n = rows[i].of_staff ? STAFF : RESIDENTS;

        CHECK_INT(rows[i].title,
                  count_statuses(rows[i].of_staff ? staff : residents, n, rows[i].line,
                                 rows[i].body, rows[i].status),
                  n);
    }
}

/* What was ended in the store while it was not in memory, and while it was. */
static void test_what_is_over(void)
{
    const struct act act = world_act(&w.base);
    int over = 0;

    for (int i = 0; i < 4; i++)
        over += world_ask(&w, &residents[i], "DELETE /v1/sessions/current", "") == 204;
    CHECK_INT("signed out", over, 4);
    CHECK_INT("do not come back", count_statuses(residents, 4, LINE, "", 401), 4);
    CHECK_INT("nor for the others", count_statuses(residents + 4, RESIDENTS - 4, LINE, "", 200),
              RESIDENTS - 4);
    for (int i = 0; i < 4; i++) {
        char id[20];

        world_id(&w, "stf", staff[i].id, id);
        CHECK_STATUS(&w, "switched off",
                     world_ask(&w, &w.admin, text_of("POST /v1/staff/%s/disablements", id), "{}"),
                     201);
    }
    CHECK_INT("staff who are off", count_statuses(staff, 4, LINE, "", 401), 4);
    CHECK_INT("also at once", count_statuses(staff, 4, "POST /v1/checks", "{}", 401), 4);
    CHECK_INT("staff who are on", count_statuses(staff + 4, STAFF - 4, LINE, "", 200), STAFF - 4);
    for (int i = 4; i < STAFF; i++) {
        const struct grant grant = { ROLE_CLERK, 340000, 0 };

        CHECK_OK("a role taken back",
                 registry_staff_ungrant(&w.base.rg, staff[i].id, &grant, &act));
        CHECK_OK("as its handler does", sessions_renew(w.app.sessions, w.app.store, ACTOR_STAFF,
                                                       staff[i].id, fixture_now(&w.base.f)));
    }
    CHECK_INT("may no more", count_statuses(staff + 4, STAFF - 4, "POST /v1/checks", "{}", 403),
              STAFF - 4);
    CHECK_OK("all of the resident's",
             registry_sessions_end(&w.base.rg, SUBJECT_PERSON, w.holder.id, act.at));
    (void)sessions_drop_actor(w.app.sessions, ACTOR_HOLDER, w.holder.id, NULL);
    CHECK_INT("are over", count_statuses(residents, RESIDENTS, LINE, "", 401), RESIDENTS);
}

static void test_terminals(void)
{
    const struct instant now = fixture_now(&w.base.f);
    struct asker gate[TERMINALS];
    struct session session;
    char token[65];
    int put = 0;

    for (int i = 0; i < TERMINALS; i++) {
        snprintf(token, sizeof token, "%064x", i * 7919 + 1);
        session = session_of_terminal(str_of(token), i + 1, 1, instant_add(now, USEC_PER_MIN));
        put += sessions_put(w.app.sessions, &session, now);
        snprintf(gate[i].header, sizeof gate[i].header, "Authorization: Bearer %s\r\n", token);
    }
    CHECK_INT("all rows become terminals'", put, TERMINALS);
    for (int i = 0; i < STAFF; i++)
        world_token(&w, SUBJECT_STAFF, w.clerk.id, PROOF_TWO_FACTORS, &staff[i]);
    CHECK_INT("staff are served from the store", count_statuses(staff, STAFF, LINE, "", 200),
              STAFF);
    CHECK_INT("and no terminal lost its place",
              count_statuses(gate, TERMINALS, "POST /v1/checks", "{}", 422), TERMINALS);
    session.token_hash[0] ^= 0x55;
    CHECK("one more has no room", !sessions_put(w.app.sessions, &session, now));
    CHECK("until one is over",
          sessions_put(w.app.sessions, &session, instant_add(now, USEC_PER_MIN)));
}

static void test_guessing(void)
{
    struct asker nobody;
    int refused = 0, unknown = 0;
    struct prng prng = { .state = test_seed() };

    CHECK_OK("limits", limits_open(1000, &w.app.entropy, &w.app.limits));
    for (int i = 0; i < FLOOD; i++) {
        struct writer text = writer_over(nobody.header, sizeof nobody.header);
        int status;

        put_str(&text, S("Authorization: Bearer "));
        for (int k = 0; k < TOKEN_CHARS; k++)
            put_u8(&text, (uint8_t)('a' + prng_next(&prng) % 20));
        put_str(&text, S("\r\n"));
        put_u8(&text, 0);
        status = world_ask(&w, &nobody, i % 2 ? "POST /v1/checks" : LINE, i % 2 ? "{}" : "");
        unknown += status == 401;
        refused += status == 429;
    }
    CHECK_INT("each is told", unknown + refused, FLOOD);
    CHECK_INT("tokens that are nobody's ask the store so often, and no more", unknown, 200);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e) && small_table()) {
            test_more_than_there_is_room_for();
            test_what_is_over();
            test_terminals();
            test_guessing();
        }
        api_world_close(&w);
    }
    return test_end();
}
