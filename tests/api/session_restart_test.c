/* tests/api/session_restart_test.c - a session is after the server's restart what it was before:
 * a bearer token stays one, and a browser's token stays for cookies only. */
#include "tests/api/world.h"

static void as_bearer(struct asker *out, struct str token)
{
    snprintf(out->header, sizeof out->header, "Authorization: Bearer %.*s\r\n", (int)token.n,
             token.p);
}

static void test_restart(struct api_world *w)
{
    static const struct {
        const char *title;
        bool cookie;
        int status; /* of a call that bears the token */
    } rows[] = {
        { "signed in by the API", false, 200 },
        { "a browser's", true, 401 },
    };
    const struct act act = world_act(&w->base);
    struct asker who[LEN(rows)] = { 0 };

    CHECK_OK("a password", registry_password_set(&w->base.rg, NULL, SUBJECT_PERSON, w->other.id,
                                                 S("correct horse"), &act));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct signed_in made = { 0 };

        if (rows[i].cookie) {
            const struct person_signin_ask ask = { .number = str_of(w->other_no),
                                                   .password = S("correct horse"),
                                                   .act = act };
            struct session session;

            CHECK_OK(rows[i].title, registry_signin_person(&w->base.rg, &ask, &made));
            session = session_of_signin(&made.session);
            CHECK("put", sessions_put(w->app.sessions, &session, fixture_now(&w->base.f)));
            as_bearer(&who[i], (struct str){ made.token, TOKEN_CHARS });
        } else {
            CHECK_STATUS(w, rows[i].title,
                         world_ask(w, &w->nobody, "POST /v1/sessions",
                                   text_of("{\"way\":\"resident\",\"number\":\"%s\","
                                           "\"password\":\"correct horse\"}",
                                           w->other_no)),
                         201);
            as_bearer(&who[i], str_of(world_member(w, "token")));
        }
        CHECK_STATUS(w, rows[i].title, world_ask(w, &who[i], "GET /v1/sessions/current", ""),
                     rows[i].status);
    }
    api_world_stop(w);
    if (!CHECK("starts again", api_world_start(w))) return;
    for (size_t i = 0; i < LEN(rows); i++)
        CHECK_STATUS(w, text_of("%s, after a restart", rows[i].title),
                     world_ask(w, &who[i], "GET /v1/sessions/current", ""), rows[i].status);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) test_restart(&w);
        api_world_close(&w);
    }
    return test_end();
}
