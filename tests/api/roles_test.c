/* tests/api/roles_test.c - who may what: every route, asked over HTTP by each of the sixteen roles,
 * by nobody and by a gate. What is wanted stands below by hand, from what each of them is there
 * for; a route without a row fails. On SQLite all of it, on PostgreSQL a part.
 *
 * May: the answer is anything but "sign in" and "not allowed to you" (scope, region), because what
 * is asked may be wrong for other reasons; it is asked rightly where a handler looks at who asks
 * only after what is asked. */
#include "api/handlers.h"
#include "jobs/jobs.h"
#include "tests/api/gate.h"
#include "worklist/worklist.h"

/* One letter each:
 *   r resident   a agent (12333)  c clerk     s supervisor  o officer    f finance
 *   l clearing   v venue          b library   h hospital    p pharmacy   u union
 *   m admin      d auditor        t operator  e developer   n nobody     g a gate */
static const char LETTERS[] = "racsoflvbhpumdteng";
#define ALL "racsoflvbhpumdteng"      /* also who is not signed in */
#define SIGNED_IN "racsoflvbhpumdteg" /* whoever is */
#define ROLES_ALL "racsoflvbhpumdte"  /* people, not machines */
#define READERS "csvbhpug"            /* who checks a card or code that is shown */

static const struct right {
    enum method method;
    const char *path, *may, *body; /* body: NULL is {} */
} ROWS[] = {
/* clang-format off */
#define GET METHOD_GET
#define POST METHOD_POST
#define DELETE METHOD_DELETE
    { GET, "/v1/version", ALL, NULL },
    { GET, "/v1/openapi.json", ALL, NULL },
    { GET, "/docs/errors", ALL, NULL },
    { GET, "/docs/errors/{code}", ALL, NULL },

    { POST, "/v1/sign-in-codes", ALL, NULL },
    { POST, "/v1/sessions", ALL, NULL },
    { GET, "/v1/sessions/current", SIGNED_IN, NULL },

    /* people: made at a counter; found by who serves them; a resident sees their own */
    { POST, "/v1/persons", "cs", NULL },
    { POST, "/v1/persons/searches", "acso", NULL },
    { GET, "/v1/persons/{person}", "racsod", NULL },
    { POST, "/v1/persons/{person}/reveals", "cso", NULL },
    { GET, "/v1/persons/{person}/cards", "racsod", NULL },
    { GET, "/v1/persons/{person}/notices", "racsod", NULL },
    { GET, "/v1/persons/{person}/relations", "racsod", NULL },
    { POST, "/v1/persons/{person}/relations", "rcso", NULL },
    { DELETE, "/v1/persons/{person}/relations/{relation}", "rcso", NULL },
    { GET, "/v1/persons/{person}/access-records", "rsod", NULL },
    { POST, "/v1/access-records/{line}/contests", "r", NULL },

    /* cards: the counter's; stops and cancellations need a second look; 12333 only reports losses */
    { POST, "/v1/cards", "cs", NULL },
    { GET, "/v1/cards/{card}", "racsod", NULL },
    { GET, "/v1/cards/{card}/events", "racsod", NULL },
    { POST, "/v1/cards/{card}/activations", "cs", NULL },
    { POST, "/v1/cards/{card}/ecard-consents", "r", NULL },
    { POST, "/v1/cards/{card}/ecard-withdrawals", "r", NULL },
    { POST, "/v1/cards/{card}/replacements", "cs", NULL },
    { POST, "/v1/cards/{card}/cancellations", "so", NULL },
    { POST, "/v1/cards/{card}/locks", "cs", NULL },
    { POST, "/v1/cards/{card}/unlocks", "cs", NULL },
    { POST, "/v1/cards/{card}/stops", "so", NULL },
    { POST, "/v1/cards/{card}/resumes", "so", NULL },
    { POST, "/v1/cards/{card}/pin-resets", "cs", NULL },
    { POST, "/v1/cards/{card}/paper-codes", "rcs", NULL },
    { GET, "/v1/cards/{card}/paper-codes", "rcs", NULL },
    { DELETE, "/v1/cards/{card}/paper-codes/{serial}", "rcs", NULL },
    { POST, "/v1/cards/{card}/loss-reports", "racs", NULL },
    { GET, "/v1/cards/{card}/loss-reports/{loss}", "racsod", NULL },
    { DELETE, "/v1/cards/{card}/loss-reports/{loss}", "rcs", NULL },
    { GET, "/v1/cards/{card}/loss-reports/{loss}/receipt", "racsod", NULL },

    /* phones and what they show: the holder's alone */
    { POST, "/v1/devices", "r", NULL },
    { GET, "/v1/devices", "r", NULL },
    { DELETE, "/v1/devices/{device}", "r", NULL },
    { POST, "/v1/devices/{device}/code-bundles", "r", NULL },
    { POST, "/v1/short-codes", "r", NULL },

    /* checking; letting in is a gate's, or of staff who say at which they stand ("@" below) */
    { POST, "/v1/verifications", READERS, NULL },
    { POST, "/v1/checks", READERS, NULL },
    { GET, "/v1/verification-keys", ALL, NULL },
    { GET, "/v1/stop-lists/cards", READERS, NULL },
    { POST, "/v1/check-ins", "vbg", "{\"code\":\"7K3-QW9-2XD\",\"terminal\":\"@\"}" },
    { POST, "/v1/check-in-batches", "g", "{\"batch_no\":1,\"lines\":[{\"code\":\"7K3-QW9-2XD\","
      "\"at\":\"2021-08-20T15:00:00+08:00\",\"verdict\":0,\"places\":1}]}" },

    { POST, "/v1/terminals", "vmt", NULL },
    { GET, "/v1/terminals", "vmt", NULL },
    { GET, "/v1/terminals/{terminal}", "vbmtg", NULL },
    { POST, "/v1/terminals/{terminal}/activations", "vmt", NULL },
    { POST, "/v1/terminals/{terminal}/revocations", "vmt", NULL },
    { POST, "/v1/terminal-enrolments", ALL, NULL },
    { POST, "/v1/terminals/{terminal}/tokens", ALL, NULL },
    { POST, "/v1/terminals/{terminal}/heartbeats", "g", "{\"incarnation\":1,\"position\":1,"
      "\"terminal_at\":\"2021-08-20T15:00:00+08:00\",\"queue\":0}" },

    { GET, "/v1/venues", ALL, NULL },
    { GET, "/v1/venues/{venue}", ALL, NULL },
    { GET, "/v1/venues/{venue}/slots", ALL, NULL },
    { GET, "/v1/venues/{venue}/occupancy", ALL, NULL },
    { POST, "/v1/venues/{venue}/slots/{slot}/bookings", "r", NULL },
    { GET, "/v1/bookings", "r", NULL },
    { GET, "/v1/venues/{venue}/bookings/{booking}", "ravb", NULL },
    { POST, "/v1/venues/{venue}/bookings/{booking}/cancellations", "r", NULL },

    /* accounts are the administrators'; who checks on staff is none of them */
    { POST, "/v1/staff", "m", NULL },
    { GET, "/v1/staff", "m", NULL },
    { GET, "/v1/staff/{staff}", "m", NULL },
    { POST, "/v1/staff/{staff}/roles", "m", NULL },
    { POST, "/v1/staff/{staff}/role-withdrawals", "m", NULL },
    { POST, "/v1/staff/{staff}/credentials", "m", NULL },
    { POST, "/v1/staff/{staff}/disablements", "m", NULL },
    { POST, "/v1/staff/{staff}/enablements", "m", NULL },
    { POST, "/v1/staff/{staff}/tokens", "m", NULL },
    { GET, "/v1/staff/{staff}/tokens", "m", NULL },
    { DELETE, "/v1/staff/{staff}/tokens/{token}", "m", NULL },
    { GET, "/v1/audit-entries", "sod", NULL },
    { POST, "/v1/audit-verifications", "d", NULL },
    { GET, "/v1/audit-verifications/{verification}", "d", NULL },

    { GET, "/v1/jobs", "lmt", NULL },
    { GET, "/v1/jobs/{job}", "lmt", NULL },
    { POST, "/v1/jobs/{job}/cancellations", "lmt", NULL },
    { POST, "/v1/jobs/{job}/retries", "lmt", NULL },

    /* disputes: whoever may have to answer one; not who checks on them, and not a pharmacy */
    { GET, "/v1/worklist", "acsoflvbhum", NULL },
    { GET, "/v1/worklist/{item}", "acsoflvbhum", NULL },
    { POST, "/v1/worklist/{item}/takings", "acsoflvbhum", NULL },
    { POST, "/v1/worklist/{item}/returns", "acsoflvbhum", NULL },
    { POST, "/v1/worklist/{item}/transfers", "acsoflvbhum", NULL },
    { POST, "/v1/worklist/{item}/answers", "acsoflvbhum", NULL },
    { POST, "/v1/worklist/{item}/closures", "acsoflvbhum", NULL },

    { GET, "/v1/regions", ALL, NULL },
    { GET, "/v1/service-items", ALL, NULL },
    { GET, "/v1/service-items/{item}", ALL, NULL },
    { GET, "/v1/parameters", ROLES_ALL, NULL },

    { GET, "/v1/journal-lines", "sod", NULL },
    { GET, "/v1/journal-lines/events", "sod", NULL },

    /* pages */
    { GET, "/", ALL, NULL },
    { GET, "/about", ALL, NULL },
    { GET, "/_style", ALL, NULL },
    { GET, "/proofs", ALL, NULL },
    { GET, "/proofs/{code}", ALL, NULL },
    { GET, "/venues", ALL, NULL },
    { GET, "/venues/{venue}", ALL, NULL },
    { GET, "/preferences", ALL, NULL },
    { GET, "/records", "sod", NULL },
    { GET, "/demo/as/resident", ALL, NULL },
    { GET, "/demo/as/clerk", ALL, NULL },
    { GET, "/demo/as/gate", ALL, NULL },
    { GET, "/sign-in", ALL, NULL },
    { POST, "/sign-in/sms-codes", ALL, NULL },
    { POST, "/sign-in", ALL, NULL },
    { POST, "/sign-out", SIGNED_IN, NULL },
    { GET, "/home", "r", NULL },
    { GET, "/code", "r", NULL },
    { GET, "/card", "r", NULL },
    { GET, "/cards/current/lose", "r", NULL },
    { GET, "/cards/{card}", "r", NULL },
    { GET, "/cards/{card}/lose", "r", NULL },
    { GET, "/cards/{card}/lift", "r", NULL },
    { GET, "/cards/{card}/ecard-on", "r", NULL },
    { GET, "/cards/{card}/loss-reports/{loss}", "r", NULL },
    { POST, "/cards/{card}/loss-reports", "r", NULL },
    { POST, "/cards/{card}/loss-lifts", "r", NULL },
    { POST, "/cards/{card}/ecard-consents", "r", NULL },
    { GET, "/cards/{card}/lose-formally", "r", NULL },
    { GET, "/cards/{card}/ecard-off", "r", NULL },
    { GET, "/cards/{card}/replace", "r", NULL },
    { GET, "/cards/{card}/changes/{change}", "r", NULL },
    { POST, "/cards/{card}/ecard-withdrawals", "r", NULL },
    { POST, "/cards/{card}/replacements", "r", NULL },
    { GET, "/venues/{venue}/bookings", "r", NULL },
    { POST, "/venues/{venue}/bookings", "r", NULL },
    { GET, "/bookings", "r", NULL },
    { GET, "/bookings/{booking}", "r", NULL },
    { POST, "/bookings/{booking}/cancellations", "r", NULL },
    { GET, "/uses", "r", NULL },
    { GET, "/gate/sign-in", ALL, NULL },
    { POST, "/gate/sign-in", ALL, NULL },
    { POST, "/gate/sign-out", SIGNED_IN, NULL },
    { GET, "/gate", "vb", NULL },
    { GET, "/gate/{gate}", "vbg", NULL },
    { POST, "/gate/{gate}/scans", "vbg", NULL },
    { GET, "/desk", "acso", NULL },
    { GET, "/desk/sign-in", ALL, NULL },
    { POST, "/desk/sign-in", ALL, NULL },
    { POST, "/desk/sign-out", SIGNED_IN, NULL },
    { POST, "/desk/searches", "acso", NULL },
    { GET, "/desk/persons/{person}", "acsod", NULL },
    { POST, "/desk/persons/{person}/reveals", "cso", NULL },
    { GET, "/desk/persons/{person}/issue", "cs", NULL },
    { POST, "/desk/persons/{person}/cards", "cs", NULL },
    { GET, "/desk/cards/{card}/activate", "cs", NULL },
    { POST, "/desk/cards/{card}/activations", "cs", NULL },
    { GET, "/desk/cards/{card}/lose", "acs", NULL },
    { POST, "/desk/cards/{card}/loss-reports", "acs", NULL },
    { GET, "/desk/cards/{card}/lose-formally", "cs", NULL },
    { GET, "/desk/cards/{card}/lift", "cs", NULL },
    { POST, "/desk/cards/{card}/loss-lifts", "cs", NULL },
    { GET, "/desk/cards/{card}/replace", "cs", NULL },
    { POST, "/desk/cards/{card}/replacements", "cs", NULL },
    { GET, "/desk/cards/{card}/lock", "cs", NULL },
    { POST, "/desk/cards/{card}/locks", "cs", NULL },
    { GET, "/desk/cards/{card}/unlock", "cs", NULL },
    { POST, "/desk/cards/{card}/unlocks", "cs", NULL },
    { GET, "/desk/cards/{card}/stop", "so", NULL },
    { POST, "/desk/cards/{card}/stops", "so", NULL },
    { GET, "/desk/cards/{card}/resume", "so", NULL },
    { POST, "/desk/cards/{card}/resumes", "so", NULL },
    { GET, "/desk/cards/{card}/cancel", "so", NULL },
    { POST, "/desk/cards/{card}/cancellations", "so", NULL },
    { GET, "/desk/cards/{card}/acts/{act}", "acsod", NULL },

    /* the last: it ends what the rows above ask with */
    { DELETE, "/v1/sessions/current", SIGNED_IN, NULL },
#undef GET
#undef POST
#undef DELETE
    /* clang-format on */
};

static struct api_world w;
static struct asker staff[ROLES];
static struct api_gate gate, spare; /* one is revoked on the way */
static struct {
    char card[20], person[20], loss[20], device[20], line[20], venue[20], slot[20], booking[20],
        staff[20], token[20], job[20], item[20];
} ids;

/* ---- things to ask about, each of Hefei, the holder's where it is somebody's */

static void ground_services(void)
{
    int64_t venue_id = world_venue(&w, 0, ids.venue);

    world_slot(&w, venue_id, 50, 10, ids.slot);
    CHECK_STATUS(&w, "a booking",
                 world_ask(&w, &w.holder,
                           text_of("POST /v1/venues/%s/slots/%s/bookings", ids.venue, ids.slot),
                           "{\"places\":1}"),
                 201);
    snprintf(ids.booking, sizeof ids.booking, "%s", world_member(&w, "id"));
    CHECK("a gate", gate_make(&w, ids.venue, CODE_SM2, &gate));
    CHECK("another", gate_add(&w, ids.venue, CODE_SM2, &spare));
}

static void ground_holder(void)
{
    struct phone phone;

    snprintf(ids.card, sizeof ids.card, "%s", w.holder_card);
    snprintf(ids.person, sizeof ids.person, "%s", w.holder_id);
    CHECK("a phone", phone_make(&w, &w.holder, w.holder_card, "door", &phone));
    snprintf(ids.device, sizeof ids.device, "%s", phone.device);
    CHECK_STATUS(&w, "a loss",
                 world_ask(&w, &w.holder, text_of("POST /v1/cards/%s/loss-reports", ids.card),
                           "{\"kind\":\"temporary\",\"reason\":\"lost\"}"),
                 201);
    snprintf(ids.loss, sizeof ids.loss, "%s", world_member(&w, "id"));
    CHECK_STATUS(&w, "a line of the journal",
                 world_ask(&w, &w.holder, "GET /v1/persons/me/access-records", ""), 200);
    snprintf(ids.line, sizeof ids.line, "%s", world_member(&w, "id"));
}

static void ground_staff(void)
{
    const struct job_ask job = { .kind = S("test"),
                                 .region_code = 340100,
                                 .at = fixture_now(&w.base.f) };
    const struct worklist_ask item = { .kind = WORKLIST_COMPLAINT,
                                       .region_code = 340100,
                                       .reason = S("rude"),
                                       .at = fixture_now(&w.base.f) };
    struct asker target;
    int64_t job_id = 0, item_id = 0;

    for (int role = ROLE_AGENT; role < ROLES; role++)
        world_staff(&w, text_of("role.%d", role), (enum role)role, 340000, &staff[role]);
    staff[ROLE_RESIDENT] = w.holder;
    world_staff(&w, "target", ROLE_CLERK, 340100, &target);
    world_id(&w, "stf", target.id, ids.staff);
    CHECK_STATUS(&w, "a token",
                 world_ask(&w, &staff[ROLE_ADMIN], text_of("POST /v1/staff/%s/tokens", ids.staff),
                           "{\"scopes\":[\"catalogue.view\"],\"days\":1}"),
                 201);
    snprintf(ids.token, sizeof ids.token, "%s", world_member(&w, "id"));
    CHECK_OK("a job", job_start(w.base.f.store, NULL, &job, &job_id));
    world_id(&w, "job", job_id, ids.job);
    CHECK_OK("a case", worklist_open(w.base.f.store, NULL, &item, &item_id));
    world_id(&w, "wrk", item_id, ids.item);
}

/* ---- asking */

static const char *value_of(struct str name, const char *path)
{
    const struct {
        const char *name, *value;
    } VALUES[] = {
        { "person", ids.person },    { "card", ids.card },
        { "loss", ids.loss },        { "device", ids.device },
        { "line", ids.line },        { "venue", ids.venue },
        { "slot", ids.slot },        { "booking", ids.booking },
        { "staff", ids.staff },      { "token", ids.token },
        { "job", ids.job },          { "item", strstr(path, "items") ? "CT-01-002" : ids.item },
        { "gate", gate.id },         { "terminal", strstr(path, "revo") ? spare.id : gate.id },
        { "code", "slot_closed" },   { "serial", "12" },
        { "verification", ids.job }, { "act", ids.loss },
        { "change", ids.loss },      { "relation", ids.loss },
    };

    for (size_t i = 0; i < LEN(VALUES); i++) {
        if (str_eq(name, str_of(VALUES[i].name))) return VALUES[i].value;
    }
    printf("    %s: no value for {%.*s}\n", path, (int)name.n, name.p);
    CHECK("each parameter of a path has a value", false);
    return "x";
}

static const char *address(const struct right *row)
{
    static const char *const METHODS[METHODS_N] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    static char text[300];
    struct writer out = writer_over(text, sizeof text - 1);
    struct str rest = str_of(row->path);

    put_format(&out, "%s ", METHODS[row->method]);
    while (rest.n > 0) {
        struct str before = str_cut(rest, '{', &rest), name;

        put_str(&out, before);
        if (rest.n == 0) break;
        name = str_cut(rest, '}', &rest);
        put_str(&out, str_of(value_of(name, row->path)));
    }
    text[out.n] = '\0';
    return text;
}

static const struct route *route_of(const struct right *row)
{
    for (size_t i = 0; i < ROUTES_N; i++) {
        if (ROUTES[i].method == row->method && strcmp(ROUTES[i].path, row->path) == 0)
            return &ROUTES[i];
    }
    return NULL;
}

/* A stream does not end: its first bytes are enough. */
static int ask_stream(const struct asker *who, const char *line)
{
    int fd = raw_connect(http_port(w.app.http));

    w.client.a.n = 0;
    if (fd < 0) return 0;
    if (raw_send(fd, str_of(text_of("%s HTTP/1.1\r\nHost: a\r\n%s\r\n", line, who->header))))
        raw_read(fd, &w.client.a, RAW_PATIENCE, true);
    close(fd);
    return raw_status(&w.client.a);
}

/* The body, with the gate's id for "@". */
static const char *body_of(const struct right *row)
{
    const char *at = row->body ? strchr(row->body, '@') : NULL;

    if (row->method != METHOD_POST) return "";
    if (!row->body) return "{}";
    if (!at) return row->body;
    return text_of("%.*s%s%s", (int)(at - row->body), row->body, gate.id, at + 1);
}

static int ask(const struct right *row, const struct route *route, const struct asker *who)
{
    FILE *answers = w.client.answers;
    const char *line = address(row);
    const char *body = body_of(row);
    int status;

    if (route->flags & ROUTE_STREAM) return ask_stream(who, line);
    if (route->flags & API_PAGE) w.client.answers = NULL; /* pages are not in the description */
    status = route->flags & ROUTE_FORM
                 ? world_ask_with(&w, who, line,
                                  "Content-Type: application/x-www-form-urlencoded\r\n", "a=b")
                 : world_ask(&w, who, line, body);
    w.client.answers = answers;
    return status;
}

/* Was it "sign in" or "not allowed to you"? */
static bool kept_out(const struct route *route, int status)
{
    const struct str code = client_code(&w.client);

    if (status == 401) return true;
    if (route->flags & API_PAGE)
        return (status == 303 && client_has(&w.client, "sign-in?next=")) ||
               client_has(&w.client, "scope 403") || client_has(&w.client, "region 403");
    return status == 403 && (str_eq(code, S("scope")) || str_eq(code, S("region")));
}

static const struct asker *asker_of(char letter)
{
    const char *at = strchr(LETTERS, letter);

    if (letter == 'n') return &w.nobody;
    if (letter == 'g') return &gate.who;
    return &staff[ROLE_RESIDENT + (at - LETTERS)];
}

static void test_row(const struct right *row)
{
    const struct route *route = route_of(row);

    if (!CHECK(row->path, route)) return;
    for (const char *letter = LETTERS; *letter; letter++) {
        int status = ask(row, route, asker_of(*letter));
        bool may = strchr(row->may, *letter) != NULL;

        if (CHECK(text_of("%s by %c: %s", row->path, *letter, may ? "may" : "may not"),
                  status != 0 && kept_out(route, status) != may))
            continue;
        printf("    %s %s as %c: %d\n", row->method == METHOD_GET ? "GET" : "act", row->path,
               *letter, status);
    }
}

static void test_every_route_has_a_row(void)
{
    for (size_t i = 0; i < ROUTES_N; i++) {
        int rows = 0;

        for (size_t k = 0; k < LEN(ROWS); k++)
            rows += ROWS[k].method == ROUTES[i].method && strcmp(ROWS[k].path, ROUTES[i].path) == 0;
        if (!CHECK_INT("one row a route", rows, 1)) printf("    %s\n", ROUTES[i].path);
    }
}

int main(void)
{
    test_every_route_has_a_row();
    for (int e = 0; e < fixture_engines(); e++) {
        size_t step = e == ENGINE_SQLITE ? 1 : 7; /* the rules do not know the engine */

        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            ground_services();
            ground_staff();
            ground_holder();
            for (size_t i = 0; i < LEN(ROWS); i += step)
                test_row(&ROWS[i]);
        }
        api_world_close(&w);
    }
    return test_end();
}
