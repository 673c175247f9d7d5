/* tests/api/operator_test.c - a role limited to an organisation at the places that it runs and at
 * those of others: every act on a place, its terminals, bookings and gates, by each role that staff
 * can hold, in and outside the region and the organisation. Every cell is asked, on both engines.
 */
#include "api/handlers.h"
#include "tests/api/gate.h"

static struct api_world w;
static struct api_gate gate, waiting, others; /* others: at another operator's place */
static char venue[20], near[20], booking[20];
static int64_t runs, runs_near; /* the two operators */

/* Where a role is held, and whether that reaches the place of this test. */
static const struct {
    const char *title;
    int32_t region_code;
    const int64_t *org_id; /* NULL: of any */
    bool reaches;
} GRANTS[] = {
    { "of its operator", 340100, &runs, true },
    { "of its operator, of the province", 340000, &runs, true },
    { "of its operator, everywhere", 0, &runs, true },
    { "of another operator of the city", 340100, &runs_near, false },
    { "of another operator, everywhere", 0, &runs_near, false },
    { "of its operator, of another city", 341200, &runs, false },
    { "of another operator, of another city", 341200, &runs_near, false },
    { "of another city", 341200, NULL, false },
    { "of the city", 340100, NULL, true },
    { "of the province", 340000, NULL, true },
    { "of everywhere", 0, NULL, true },
};
static struct asker staff[ROLES][LEN(GRANTS)];

/* One letter each: a agent  c clerk  s supervisor  o officer  f finance  l clearing  v venue
 * b library  h hospital  p pharmacy  u union  m admin  d auditor  t operator  e developer */
static const char LETTERS[] = ".acsoflvbhpumdte"; /* by enum role, from the resident */

/* "@" stands for the id of `of`; who may where the grant reaches. */
static const struct act_at {
    const char *line, *of, *may, *body;
    bool page;
} ACTS[] = {
    { "POST /v1/terminals", venue, "vmt", "{\"venue\":\"@\",\"kind\":\"gate\",\"name\":\"西门\"}",
      false },
    { "GET /v1/terminals?venue=@", venue, "vmt", NULL, false },
    { "GET /v1/terminals/@", gate.id, "vbmt", NULL, false },
    { "POST /v1/terminals/@/activations", waiting.id, "vmt", "{}", false },
    { "GET /v1/venues/%s/bookings/@", booking, "avb", NULL, false },
    { "POST /v1/check-ins", gate.id, "vb", "{\"code\":\"7K3-QW9-2XD\",\"terminal\":\"@\"}", false },
    { "GET /gate/@", gate.id, "vb", NULL, true }, /* its form's target judges by the same call */
    /* the last: what it revokes is not asked about again */
    { "POST /v1/terminals/@/revocations", waiting.id, "vmt", "{}", false },
};

static const char *put_in(const char *text, const char *of)
{
    const char *at = text ? strchr(text, '@') : NULL;

    if (!text) return "";
    if (!at) return text;
    return text_of("%.*s%s%s", (int)(at - text), text, of, at + 1);
}

static const char *line_of_act(const struct act_at *act)
{
    const char *line = put_in(act->line, act->of), *place = strstr(line, "%s");

    if (!place) return line;
    return text_of("%.*s%s%s", (int)(place - line), line, venue, place + 2);
}

static int ask(const struct act_at *act, const struct asker *who)
{
    FILE *answers = w.client.answers;
    int status;

    if (act->page) w.client.answers = NULL; /* pages are not in the description */
    status = world_ask(&w, who, line_of_act(act), put_in(act->body, act->of));
    w.client.answers = answers;
    return status;
}

/* "scope", "region", or "" for any other answer. */
static const char *kept_out_by(const struct act_at *act, int status)
{
    const struct str code = client_code(&w.client);

    if (status != 403) return "";
    if (act->page)
        return client_has(&w.client, "region 403")  ? "region"
               : client_has(&w.client, "scope 403") ? "scope"
                                                    : "";
    return str_eq(code, S("region")) ? "region" : str_eq(code, S("scope")) ? "scope" : "";
}

static void test_act(const struct act_at *act)
{
    for (int role = ROLE_AGENT; role < ROLES; role++) {
        const bool may = strchr(act->may, LETTERS[role - ROLE_RESIDENT]) != NULL;

        for (size_t i = 0; i < LEN(GRANTS); i++) {
            const char *want = !may ? "scope" : GRANTS[i].reaches ? "" : "region";
            const int status = ask(act, &staff[role][i]);

            if (CHECK_STR(
                    text_of("%s by %s %s", act->line, role_name((enum role)role), GRANTS[i].title),
                    str_of(kept_out_by(act, status)), str_of(want)) &&
                status != 0)
                continue;
            printf("    %d\n", status);
        }
    }
}

/* Lists leave out what the grant does not reach, and say nothing of it. */
static void test_lists(void)
{
    static const struct {
        const char *title;
        enum role role;
        size_t grant; /* of GRANTS */
        bool own, others;
    } ROWS[] = {
        { "of its operator", ROLE_VENUE, 0, true, false },
        { "of another operator", ROLE_VENUE, 3, false, true },
        { "of another city", ROLE_VENUE, 7, false, false },
        { "of its operator, of another city", ROLE_VENUE, 5, false, false },
        { "of the city", ROLE_VENUE, 8, true, true },
    };

    for (size_t i = 0; i < LEN(ROWS); i++) {
        const struct asker *who = &staff[ROWS[i].role][ROWS[i].grant];
        FILE *answers = w.client.answers;

        CHECK_STATUS(&w, ROWS[i].title, world_ask(&w, who, "GET /v1/terminals?limit=200", ""), 200);
        CHECK_INT(ROWS[i].title, client_has(&w.client, gate.id), ROWS[i].own);
        CHECK_INT(ROWS[i].title, client_has(&w.client, others.id), ROWS[i].others);
        w.client.answers = NULL;
        CHECK_STATUS(&w, "the gates to stand at", world_ask(&w, who, "GET /gate", ""), 200);
        CHECK_INT(ROWS[i].title, client_has(&w.client, gate.id), ROWS[i].own);
        CHECK_INT(ROWS[i].title, client_has(&w.client, others.id), ROWS[i].others);
        w.client.answers = answers;
    }
}

static void test_told(void)
{
    CHECK_STATUS(&w, "a place", world_ask(&w, &w.nobody, text_of("GET /v1/venues/%s", venue), ""),
                 200);
    CHECK("says who runs it", client_has(&w.client, "\"operator\":{\"id\":\"org_") &&
                                  client_has(&w.client, "\"code\":\"OPERATOR-"));
}

static bool ground(void)
{
    const struct catalogue *cat = catalogue_now(w.shelf);
    const int64_t venue_id = world_venue(&w, 0, venue), near_id = world_venue(&w, 1, near);
    char slot[20];

    runs = place_find(cat, venue_id)->operator_id;
    runs_near = place_find(cat, near_id)->operator_id;
    if (!CHECK("each place has its operator", runs != 0 && runs_near != 0 && runs != runs_near))
        return false;
    world_slot(&w, venue_id, 50, 10, slot);
    CHECK_STATUS(&w, "a booking",
                 world_ask(&w, &w.holder,
                           text_of("POST /v1/venues/%s/slots/%s/bookings", venue, slot),
                           "{\"places\":1}"),
                 201);
    snprintf(booking, sizeof booking, "%s", world_member(&w, "id"));
    for (int role = ROLE_AGENT; role < ROLES; role++)
        for (size_t i = 0; i < LEN(GRANTS); i++)
            world_staff_of(&w, text_of("role.%d.%d", role, (int)i), (enum role)role,
                           GRANTS[i].region_code, GRANTS[i].org_id ? *GRANTS[i].org_id : 0,
                           &staff[role][i]);
    return CHECK("a gate", gate_make(&w, venue, CODE_SM2, &gate)) &&
           CHECK("one that waits", gate_add(&w, venue, CODE_SM2, &waiting)) &&
           CHECK("another operator's", gate_make(&w, near, CODE_SM2, &others));
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e) && ground()) {
            test_told();
            test_lists();
            for (size_t i = 0; i < LEN(ACTS); i++)
                test_act(&ACTS[i]);
        }
        api_world_close(&w);
    }
    return test_end();
}
