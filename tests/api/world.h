/* tests/api/world.h - the whole API over a fixture's store: keyd in process, derived state,
 * identity, the catalogue of data/, residents, staff of several roles with tokens, and a server on
 * a port of its own.
 *
 *     static struct api_world w;
 *     if (api_world_open(&w, engine)) {
 *         CHECK_INT("a card", world_ask(&w, w.clerk, "GET /v1/cards/%s", ...), 200);
 *     }
 *     api_world_close(&w);
 *
 * The clock is the fixture's: it stands until fixture_pass. Every answer is kept and held against
 * the API's description when the world closes (tests/api/client.h). */
#pragma once
#include <stdarg.h>

#include "api/record_line.h"
#include "catalogue/catalogue.h"
#include "tests/api/client.h"
#include "tests/identity/world.h"

enum { WORLD_STAFF = 6, WORLD_TEXT = 8000 };

/* Somebody who asks: a bearer token as a header line, "" for nobody. */
struct asker {
    char header[100];
    int64_t id; /* person or staff */
};

struct api_world {
    struct world base; /* store, keyd, registry, derived state, identity */
    struct catalogue_shelf *shelf;
    struct id_codec ids;
    struct app app;
    struct client client;
    int keys; /* idempotency keys given out */
    struct asker nobody;
    struct asker clerk;         /* of Hefei, 340100 */
    struct asker far_clerk;     /* of Fuyang, 341200 */
    struct asker supervisor;    /* of the province */
    struct asker agent;         /* 12333, of the province */
    struct asker admin;         /* of the province */
    struct asker venue;         /* of Hefei: no right to people */
    struct asker holder, other; /* two residents of Hefei, each with an enabled card */
    char holder_id[20], holder_card[20], other_id[20], other_card[20]; /* public ids */
    char holder_no[19], other_no[19];                                  /* citizen numbers */
};

static inline void world_id(struct api_world *w, const char *prefix, int64_t id, char out[20])
{
    struct writer text = writer_over(out, 20);

    put_id(&text, &w->ids, prefix, id);
    put_u8(&text, 0);
}

/* A bearer token for a subject, and its session in the server's memory, as a sign-in leaves them.
 */
static inline void world_token(struct api_world *w, enum subject_kind subject, int64_t id,
                               enum proof proof, struct asker *out)
{
    struct token_ask ask = { .subject = subject,
                             .subject_id = id,
                             .scopes = SCOPES_ALL,
                             .proof = proof,
                             .life_usec = 30 * USEC_PER_DAY,
                             .act = world_act(&w->base) };
    struct signed_in made;
    struct session session;

    ask.act.actor = subject == SUBJECT_STAFF ? ACTOR_STAFF : ACTOR_HOLDER;
    ask.act.actor_id = id;
    ask.act.proof = PROOF_TWO_FACTORS;
    out->id = id;
    if (!CHECK_OK("a token", registry_token_make(&w->base.rg, NULL, &ask, &made))) return;
    if (subject == SUBJECT_PERSON) { /* as session_new leaves a sign-in of a resident */
        made.session.grants[0] = (struct grant){ .role = ROLE_RESIDENT };
        made.session.grants_n = 1;
    }
    session = session_of_signin(&made.session);
    (void)sessions_put(w->app.sessions, &session, fixture_now(&w->base.f));
    snprintf(out->header, sizeof out->header, "Authorization: Bearer %.*s\r\n", TOKEN_CHARS,
             made.token);
}

/* Of one organisation in the region; 0: of any. */
static inline void world_staff_of(struct api_world *w, const char *user, enum role role,
                                  int32_t region_code, int64_t org_id, struct asker *out)
{
    const struct staff_ask ask = { .user = str_of(user),
                                   .name = S("王试验"),
                                   .grants = { { role, region_code, org_id } },
                                   .grants_n = 1,
                                   .act = world_act(&w->base) };
    int64_t staff_id = 0;

    CHECK_OK(user, registry_staff_add(&w->base.rg, NULL, &ask, &staff_id));
    world_token(w, SUBJECT_STAFF, staff_id, PROOF_TWO_FACTORS, out);
}

static inline void world_staff(struct api_world *w, const char *user, enum role role,
                               int32_t region_code, struct asker *out)
{
    world_staff_of(w, user, role, region_code, 0, out);
}

/* A resident of Baohe with a phone number of record; 0 when it failed. `no` gets the number. */
static inline int64_t world_person(struct api_world *w, const char *name, const char *phone,
                                   char no[19])
{
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .name = str_of(name),
                              .phone = str_of(phone),
                              .region_code = 340111,
                              .act = world_act(&w->base) };
    struct person_made made = { 0 };

    citizen_no_text(w->base.people++, no);
    ask.number = (struct str){ no, 18 };
    CHECK_OK("a person", registry_person_add(&w->base.rg, NULL, &ask, &made));
    return made.person_id;
}

static inline int64_t world_card(struct api_world *w, int64_t person_id)
{
    const struct card_issue_ask ask = { .person_id = person_id,
                                        .generation = 3,
                                        .region_code = 340111,
                                        .instant = true,
                                        .ecard = true,
                                        .act = world_act(&w->base) };
    struct card_made made = { 0 };
    struct card after;

    CHECK_OK("a card", registry_card_issue(&w->base.rg, NULL, &ask, &made));
    CHECK_OK("enabled", registry_card_activate(&w->base.rg, NULL, person_id, made.card_id, true,
                                               true, &ask.act, &after));
    return made.card_id;
}

static inline void world_resident(struct api_world *w, const char *name, const char *phone,
                                  struct asker *out, char id[20], char card[20], char no[19])
{
    int64_t person_id = world_person(w, name, phone, no);

    world_id(w, "psn", person_id, id);
    world_id(w, "crd", world_card(w, person_id), card);
    world_token(w, SUBJECT_PERSON, person_id, PROOF_TWO_FACTORS, out);
}

static inline bool world_catalogue(struct api_world *w)
{
    static uint8_t memory[512 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct import_report report;

    return CHECK_OK("the catalogue of data/",
                    catalogue_import(w->base.f.store, S("data"), fixture_now(&w->base.f), false,
                                     &arena, &report)) &&
           CHECK_OK("its snapshot", catalogue_shelf_open(w->base.f.store, &w->shelf));
}

static inline bool world_serve(struct api_world *w)
{
    struct http_config http = { .limits = { .workers = 32, .connections = 512 },
                                .clock = w->app.clock,
                                .entropy = w->app.entropy,
                                .trust_proxy = true }; /* tests say by X-Real-IP who calls */

    api_http(&w->app, &http);
    if (!CHECK_OK("the server", http_open(&http, &w->app.http))) return false;
    client_open(&w->client, http_port(w->app.http));
    return true;
}

/* Everything on what world_make made, without people: again after api_world_stop. */
static inline bool api_world_start(struct api_world *w)
{
    if (!world_start(&w->base) || !world_catalogue(w)) return false;
    w->base.rg.entropy = entropy_system(); /* many threads draw from it */
    w->base.rg.shelf = w->shelf;
    w->ids = blind_id_codec(&w->base.blind);
    w->app = (struct app){ .clock = w->base.f.config.clock,
                           .entropy = w->base.rg.entropy,
                           .store = w->base.f.store,
                           .keyd = w->base.keyd,
                           .blind = &w->base.blind,
                           .ids = &w->ids,
                           .shelf = w->shelf,
                           .registry = &w->base.rg,
                           .identity = w->base.identity,
                           .derived = w->base.derived,
                           .version = "test",
                           .commit = "test",
                           .test_system = true,
                           .help = S("tel:12333") };
    value_hash(&w->base.blind, 65535, str_bytes(S("tests")), w->app.mac_key);
    if (!CHECK_OK("record line", record_line_open(&w->app.record_line))) return false;
    if (!CHECK_OK("sessions", sessions_open(1000, &w->app.sessions))) return false;
    if (!CHECK_OK("sessions",
                  sessions_load(w->app.sessions, w->app.store, fixture_now(&w->base.f))))
        return false;
    return world_serve(w);
}

/* Staff of each role and two residents. */
static inline void api_world_people(struct api_world *w)
{
    world_staff(w, "clerk", ROLE_CLERK, 340100, &w->clerk);
    world_staff(w, "far.clerk", ROLE_CLERK, 341200, &w->far_clerk);
    world_staff(w, "supervisor", ROLE_SUPERVISOR, 340000, &w->supervisor);
    world_staff(w, "agent", ROLE_AGENT, 340000, &w->agent);
    world_staff(w, "admin", ROLE_ADMIN, 340000, &w->admin);
    world_staff(w, "venue", ROLE_VENUE, 340100, &w->venue);
    world_resident(w, "张三丰", "13812345678", &w->holder, w->holder_id, w->holder_card,
                   w->holder_no);
    world_resident(w, "李四光", "13987654321", &w->other, w->other_id, w->other_card, w->other_no);
}

static inline bool api_world_open(struct api_world *w, enum engine engine)
{
    const int keys = w->keys; /* what the API remembers of a key outlives a world */

    memset(w, 0, sizeof *w);
    w->keys = keys;
    if (!world_make(&w->base, engine) || !api_world_start(w)) return false;
    api_world_people(w);
    return true;
}

static inline void api_world_stop(struct api_world *w)
{
    if (w->app.http) {
        http_close(w->app.http);
        client_close(&w->client);
    }
    http_close(w->app.internal);
    limits_close(w->app.limits);
    record_line_close(w->app.record_line);
    sessions_close(w->app.sessions);
    catalogue_shelf_close(w->shelf);
    w->shelf = NULL;
    w->app = (struct app){ 0 };
    world_stop(&w->base);
}

static inline void api_world_close(struct api_world *w)
{
    api_world_stop(w);
    fixture_close(&w->base.f);
}

/* ---- asking */

/* One request as somebody: "POST /v1/cards". A POST gets an Idempotency-Key of its own, and a
 * purpose is named; the routes that take neither pass them over. `more` are further header lines.
 * The status. */
static inline int world_ask_with(struct api_world *w, const struct asker *who, const char *line,
                                 const char *more, const char *body)
{
    char headers[700];
    struct writer text = writer_over(headers, sizeof headers);

    put_format(&text, "%s%s", who->header, more);
    if (!raw_find(str_of(more), "Idempotency-Key"))
        put_format(&text, "Idempotency-Key: key-%d\r\n", ++w->keys);
    if (!raw_find(str_of(more), "X-Purpose")) put_str(&text, S("X-Purpose: counter_service\r\n"));
    put_u8(&text, 0);
    return client_ask(&w->client, line, headers, body);
}

static inline int world_ask(struct api_world *w, const struct asker *who, const char *line,
                            const char *body)
{
    return world_ask_with(w, who, line, "", body);
}

/* The status that is wanted; when it is another, the answer is shown. */
static inline bool world_status(struct api_world *w, const char *title, int got, int want,
                                const char *file, int line)
{
    struct str body = raw_body(&w->client.a);

    if (test_int(title, got, want, "status", file, line)) return true;
    printf("    %.*s\n", (int)body.n, body.n ? body.p : "");
    return false;
}
#define CHECK_STATUS(w, title, call, want)                                                         \
    world_status((w), (title), (call), (want), __FILE__, __LINE__)

/* A text made of pieces, for lines and bodies; good until the 32nd call after. */
__attribute__((format(printf, 1, 2))) static inline const char *text_of(const char *format, ...)
{
    static char rooms[32][WORLD_TEXT];
    static int next;
    char *room = rooms[next++ % 32];
    va_list args;

    va_start(args, format);
    vsnprintf(room, WORLD_TEXT, format, args);
    va_end(args);
    return room;
}

/* A member of the answer, as text; "" when it is not there. Good until the 32nd call after. */
static inline const char *world_member(struct api_world *w, const char *name)
{
    struct str value = client_between(&w->client, text_of("\"%s\":\"", name), '"');

    return text_of("%.*s", (int)value.n, value.n ? value.p : "");
}

/* ---- rows of refusals: one wrong thing each, and its own code */

struct refused {
    const char *title;
    const struct asker *who;
    const char *line, *body;
    int status;
    const char *code; /* of the problem, or of a field's */
};
static inline void world_refused(struct api_world *w, const struct refused *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct refused *row = &rows[i];

        CHECK_STATUS(w, row->title, world_ask(w, row->who, row->line, row->body), row->status);
        CHECK(row->title, client_has(&w->client, text_of("\"code\":\"%s\"", row->code)));
    }
}
#define REFUSED(w, rows) world_refused((w), (rows), LEN(rows))

/* ---- many at once, each on a connection and a thread of its own */

enum { CROWD_MAX = 128 };
struct crowd {
    int port, n;
    const char *request; /* head and body; "%d" in it is the number of the caller, from 10: two
                          * characters as "%d" itself, so that a body's length is right below 90 */
    int statuses[CROWD_MAX];
    pthread_barrier_t start;
};
struct crowd_one {
    struct crowd *crowd;
    int i;
};
static inline void *crowd_body(void *arg)
{
    struct crowd_one *one = arg;
    struct raw_answer *answer = malloc(sizeof *answer);
    char text[2000];
    int fd = raw_connect(one->crowd->port);

    /* the caller's own format; its number may stand in it once or twice */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, one->crowd->request, one->i + 10, one->i + 10);
#pragma GCC diagnostic pop
    pthread_barrier_wait(&one->crowd->start); /* connected: now all send */
    if (answer && fd >= 0 && raw_send(fd, str_of(text))) {
        raw_read(fd, answer, 30 * USEC_PER_SEC, true);
        one->crowd->statuses[one->i] = raw_status(answer);
    }
    if (fd >= 0) close(fd);
    free(answer);
    return NULL;
}

/* Send the request `n` times at one moment; statuses[] gets the answers. */
static inline void crowd_run(struct crowd *crowd)
{
    static struct crowd_one ones[CROWD_MAX];
    pthread_t threads[CROWD_MAX];

    assert(crowd->n <= CROWD_MAX);
    pthread_barrier_init(&crowd->start, NULL, (unsigned)crowd->n);
    for (int i = 0; i < crowd->n; i++) {
        ones[i] = (struct crowd_one){ crowd, i };
        if (pthread_create(&threads[i], NULL, crowd_body, &ones[i]) != 0) abort();
    }
    for (int i = 0; i < crowd->n; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&crowd->start);
}

static inline int crowd_count(const struct crowd *crowd, int status)
{
    int n = 0;

    for (int i = 0; i < crowd->n; i++)
        n += crowd->statuses[i] == status;
    return n;
}
