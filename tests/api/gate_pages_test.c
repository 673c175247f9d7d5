/* tests/api/gate_pages_test.c - the gate's screen over HTTP, of a gate by itself and of staff who
 * stand at one: signing in with password and second factor, choosing a gate, admitting with scripts
 * and without, signing out; and each thing asked by whom it is not for. */
#include "tests/api/forms.h"
#include "tests/api/gate.h"
#include "web/web.h"

struct ground {
    struct api_world *w;
    char venue[20], slot[20], far_venue[20];
    int64_t venue_id;
    struct api_gate gate, far_gate, waiting;
    struct phone phone, other;
    uint8_t totp[TOTP_SECRET_BYTES], clerk_totp[TOTP_SECRET_BYTES];
};

/* A place outside Hefei. */
static void far_place(struct ground *g)
{
    const struct catalogue *cat = catalogue_now(g->w->shelf);

    for (size_t i = 0; i < place_count(cat); i++) {
        if (place_at(cat, i)->region / 100 == 3401) continue;
        world_id(g->w, "ven", place_at(cat, i)->id, g->far_venue);
        return;
    }
    CHECK("a place outside Hefei", false);
}

static void account(struct ground *g, int64_t staff_id, uint8_t totp[TOTP_SECRET_BYTES])
{
    const struct act act = world_act(&g->w->base);

    CHECK_OK("password", registry_password_set(&g->w->base.rg, NULL, SUBJECT_STAFF, staff_id,
                                               S("a gate of one's own"), &act));
    CHECK_OK("second factor",
             registry_totp_set(&g->w->base.rg, staff_id, (struct bytes){ 0 }, &act, totp));
}

static bool ground_make(struct ground *g, struct api_world *w)
{
    *g = (struct ground){ .w = w };
    g->venue_id = world_venue(w, 0, g->venue);
    far_place(g);
    world_slot(w, g->venue_id, 10, 5, g->slot);
    account(g, w->venue.id, g->totp);
    account(g, w->clerk.id, g->clerk_totp);
    return gate_make(w, g->venue, CODE_P256, &g->gate) &&
           gate_make(w, g->far_venue, CODE_P256, &g->far_gate) &&
           gate_add(w, g->venue, CODE_P256, &g->waiting) &&
           phone_make(w, &w->holder, w->holder_card, "door", &g->phone) &&
           phone_make(w, &w->other, w->other_card, "door", &g->other);
}

/* A cookie that the last answer set, as a header line with what `who` had; "" when there is none.
 */
static bool cookie_take(struct api_world *w, const char *name, struct asker *who)
{
    struct str value = client_between(&w->client, text_of("Set-Cookie: %s=", name), ';');

    snprintf(who->header, sizeof who->header, "Cookie: %s=%.*s\r\n", name, (int)value.n,
             value.n ? value.p : "");
    return value.n > 0;
}

static const char *signin_fields(struct ground *g, const char *user, const char *password,
                                 const uint8_t totp[TOTP_SECRET_BYTES], const char *next)
{
    char code[TOTP_DIGITS];

    totp_code(bytes_of(totp, TOTP_SECRET_BYTES), totp_step(fixture_now(&g->w->base.f)), code);
    return text_of("user=%s&password=%s&totp=%.*s&next=%s", user, password, TOTP_DIGITS, code,
                   next);
}

static void test_sign_in(struct ground *g, struct asker *session)
{
    struct api_world *w = g->w;
    struct asker browser;
    char token[60];

    CHECK_STATUS(w, "a gate's page", form_get(w, &w->nobody, text_of("GET /gate/%s", g->gate.id)),
                 303);
    CHECK("leads to the sign-in and back",
          client_has(&w->client, text_of("Location: /gate/sign-in?next=/gate/%s", g->gate.id)));
    CHECK_STATUS(w, "the choice", form_get(w, &w->nobody, "GET /gate"), 303);
    CHECK("leads there too", client_has(&w->client, "Location: /gate/sign-in?next=/gate\r\n"));
    CHECK_STATUS(w, "the sign-in", form_get(w, &w->nobody, "GET /gate/sign-in?next=/gate"), 200);
    CHECK("a browser without a session is told apart", cookie_take(w, "ykt_browser", &browser));
    CHECK("its form", form_take(w, "/gate/sign-in", token));

    CHECK_STATUS(w, "without a token",
                 form_post(w, &browser, "/gate/sign-in", "", "user=venue&password=x&totp="), 403);
    CHECK_STATUS(
        w, "a field that is not there",
        form_post(w, &browser, "/gate/sign-in", token, "user=venue&password=x&totp=&extra=1"), 422);
    CHECK_STATUS(w, "a wrong password",
                 form_post(w, &browser, "/gate/sign-in", token,
                           signin_fields(g, "venue", "not+this+one", g->totp, "")),
                 422);
    CHECK("told on the same page", client_has(&w->client, "action=\"/gate/sign-in\""));
    fixture_pass(&w->base.f, USEC_PER_MIN);
    CHECK_STATUS(w, "a clerk, who admits nobody",
                 form_post(w, &browser, "/gate/sign-in", token,
                           signin_fields(g, "clerk", "a+gate+of+one's+own", g->clerk_totp, "")),
                 422);
    CHECK("gets no session", !client_has(&w->client, "Set-Cookie: ykt_gate="));
    CHECK_STATUS(w, "a venue's staff",
                 form_post(w, &browser, "/gate/sign-in", token,
                           signin_fields(g, "venue", "a+gate+of+one's+own", g->totp,
                                         text_of("/gate/%s", g->gate.id))),
                 303);
    CHECK_STR("goes on", str_of(form_location(w)), str_of(text_of("/gate/%s", g->gate.id)));
    CHECK("with the gate's cookie", cookie_take(w, "ykt_gate", session));
}

static void test_choice(struct ground *g, const struct asker *session)
{
    struct api_world *w = g->w;

    CHECK_STATUS(w, "the choice", form_get(w, session, "GET /gate"), 200);
    CHECK("their gate", client_has(&w->client, text_of("href=\"/gate/%s\"", g->gate.id)));
    CHECK("none of elsewhere", !client_has(&w->client, g->far_gate.id));
    CHECK("none that waits for its key", !client_has(&w->client, g->waiting.id));
    CHECK_STATUS(w, "after the last",
                 form_get(w, session, text_of("GET /gate?after=%s", g->waiting.id)), 200);
    {
        const struct {
            const char *title, *line;
            const struct asker *who;
            int status;
        } rows[] = {
            { "no such gate", "GET /gate/trm_0000000000000", session, 404 },
            { "a gate elsewhere", text_of("GET /gate/%s", g->far_gate.id), session, 403 },
            { "one that waits for its key", text_of("GET /gate/%s", g->waiting.id), session, 409 },
            { "the choice, of a clerk", "GET /gate", &w->clerk, 403 },
            { "a gate, of a clerk", text_of("GET /gate/%s", g->gate.id), &w->clerk, 403 },
            { "a gate, of a resident", text_of("GET /gate/%s", g->gate.id), &w->holder, 403 },
            { "the choice, of a gate", "GET /gate", &g->gate.who, 403 },
            { "a gate's own", text_of("GET /gate/%s", g->gate.id), &g->gate.who, 200 },
            { "another gate's", text_of("GET /gate/%s", g->far_gate.id), &g->gate.who, 404 },
        };

        for (size_t i = 0; i < LEN(rows); i++)
            CHECK_STATUS(w, rows[i].title, form_get(w, rows[i].who, rows[i].line), rows[i].status);
    }
}

/* Mode, age of the list, queue and clock are there before anything is scanned. */
static void test_lights(struct ground *g, const struct asker *session)
{
    struct api_world *w = g->w;

    CHECK_STATUS(w, "the gate's screen", form_get(w, session, text_of("GET /gate/%s", g->gate.id)),
                 200);
    CHECK("waits", client_has(&w->client, "verdict-ready"));
    CHECK("no list yet", client_has(&w->client, "没有名单"));
    CHECK("who stands there", client_has(&w->client, "<span>venue</span>"));
    CHECK("a list can be of what is sealed", fixture_seal(&w->base.f));
    CHECK_STATUS(w, "a heartbeat",
                 world_ask(w, &g->gate.who, text_of("POST /v1/terminals/%s/heartbeats", g->gate.id),
                           "{\"incarnation\":1,\"position\":3,\"list_made_at\":\"2021-08-20T08:01:"
                           "00+08:00\",\"terminal_at\":\"2021-08-20T08:01:02+08:00\",\"queue\":4}"),
                 204);
    CHECK_STATUS(w, "the gate's screen", form_get(w, session, text_of("GET /gate/%s", g->gate.id)),
                 200);
    CHECK("online", client_has(&w->client, "<dd>联机</dd>"));
    CHECK("age of the list", client_has(&w->client, " 秒前</dd>"));
    CHECK("queue", client_has(&w->client, "<dd>4</dd>"));
    CHECK("clock", client_has(&w->client, " 毫秒</dd>") && !client_has(&w->client, "<dd>0 毫秒"));
}

/* The form, as without scripts. */
static void test_scans(struct ground *g, const struct asker *session)
{
    struct api_world *w = g->w;
    char scans[60], token[60], code[1000];
    struct writer out = writer_over(code, sizeof code);

    snprintf(scans, sizeof scans, "/gate/%s/scans", g->gate.id);
    CHECK_STATUS(w, "page", form_get(w, session, text_of("GET /gate/%s", g->gate.id)), 200);
    CHECK("form", form_take(w, scans, token));
    CHECK_STATUS(w, "by nobody", form_post(w, &w->nobody, scans, token, "code=x"), 401);
    CHECK_STATUS(w, "without a token", form_post(w, session, scans, "", "code=x"), 403);
    CHECK_STATUS(w, "without a code", form_post(w, session, scans, token, ""), 422);
    CHECK_STATUS(w, "nonsense", form_post(w, session, scans, token, "code=hello"), 200);
    CHECK("is refused in words", client_has(&w->client, "verdict-refused"));
    CHECK("form", form_take(w, scans, token));
    put_str(&out, S("code="));
    put_url_part(&out, str_of(phone_code(w, &g->phone, 0, CODE_ENTRY)));
    put_u8(&out, 0);
    CHECK_STATUS(w, "a code", form_post(w, session, scans, token, code), 200);
    CHECK("passes", client_has(&w->client, "verdict-pass"));
    CHECK("form", form_take(w, scans, token));
    CHECK_STATUS(w, "the same code", form_post(w, session, scans, token, code), 200);
    CHECK("does not", client_has(&w->client, "verdict-refused"));
    CHECK("first time and place", client_has(&w->client, "首次使用 08:0"));
}

/* The call that scripts make; the record names the clerk and the gate. */
static void test_calls(struct ground *g)
{
    struct api_world *w = g->w;
    static uint8_t room[100000];
    struct arena arena = arena_over(room, sizeof room);
    struct journal_ask ask = { .place_id = g->venue_id, .limit = 1 };
    struct journal_page page;

    CHECK_STATUS(w, "staff admit at their gate",
                 world_ask(w, &w->venue, "POST /v1/check-ins",
                           text_of("{\"terminal\":\"%s\",\"code\":\"%s\"}", g->gate.id,
                                   phone_code(w, &g->other, 0, CODE_ENTRY))),
                 201);
    CHECK_OK("the record", journal_lines(w->base.f.store, &ask, &arena, &page));
    CHECK("one line", page.n == 1);
    CHECK_STR("admitted", page.records[0].line.act, S("admitted"));
    CHECK_INT("by staff", page.records[0].line.actor, ACTOR_STAFF);
    CHECK_INT("whom", page.records[0].line.actor_id, w->venue.id);
    CHECK("at a gate", page.records[0].line.terminal_id != 0);
    CHECK_STATUS(w, "elsewhere",
                 world_ask(w, &w->venue, "POST /v1/check-ins",
                           text_of("{\"terminal\":\"%s\",\"code\":\"%s\"}", g->far_gate.id,
                                   phone_code(w, &g->phone, 1, CODE_ENTRY))),
                 403);
    CHECK_STATUS(w, "the lights of their gate",
                 world_ask(w, &w->venue, text_of("GET /v1/terminals/%s", g->gate.id), ""), 200);
}

static void test_sign_out(struct ground *g, const struct asker *session)
{
    struct api_world *w = g->w;
    char token[60];

    CHECK_STATUS(w, "page", form_get(w, session, "GET /gate"), 200);
    CHECK("form", form_take(w, "/gate/sign-out", token));
    CHECK_STATUS(w, "without a token", form_post(w, session, "/gate/sign-out", "", ""), 403);
    CHECK_STATUS(w, "signed out", form_post(w, session, "/gate/sign-out", token, ""), 303);
    CHECK_STR("to the sign-in", str_of(form_location(w)), S("/gate/sign-in"));
    CHECK_STATUS(w, "and is nobody", form_get(w, session, "GET /gate"), 303);
}

int main(void)
{
    static struct api_world w;
    static struct ground g;

    for (int e = 0; e < fixture_engines(); e++) {
        struct asker session = { "", 0 };

        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e) && ground_make(&g, &w)) {
            test_sign_in(&g, &session);
            test_choice(&g, &session);
            test_lights(&g, &session);
            test_scans(&g, &session);
            test_calls(&g);
            test_sign_out(&g, &session);
        }
        api_world_close(&w);
    }
    return test_end();
}
