/* tests/api/check_ins_test.c - codes at gates over HTTP: admissions, and what a gate decided alone
 * and uploads; every field wrongly, every stranger, each reason why the leaf stays shut. On both
 * engines. */
#include "tests/api/gate.h"

/* A place with a gate, and phones of the two residents. */
struct ground {
    struct api_world *w;
    int64_t venue_id;
    char venue[20];
    struct api_gate gate;
    struct phone phone, others;
};

static const char *code_body(const char *code)
{
    return text_of("{\"code\":\"%s\"}", code);
}

static void fields(struct ground *g)
{
    char code[400], id[32], lines[600];
    const struct wrong_field check_in[] = {
        { "code", WRONG_TEXT, code, NEEDED },
        { "terminal", WRONG_ID, id, OPTIONAL },
        { "places", WRONG_INT, "1", OPTIONAL },
        { "terminal_at", WRONG_INSTANT, "\"2021-08-20T08:00:00+08:00\"", OPTIONAL },
    };
    const struct wrong_field batch[] = {
        { "batch_no", WRONG_INT, "1", NEEDED },
        { "lines", WRONG_ARRAY, lines, NEEDED },
    };

    snprintf(code, sizeof code, "\"%s\"", phone_code(g->w, &g->phone, 0, CODE_ENTRY));
    snprintf(id, sizeof id, "\"%s\"", g->gate.id);
    WRONG(g->w, g->gate.who, "POST /v1/check-ins", check_in, 0);
    snprintf(lines, sizeof lines,
             "[{\"code\":%s,\"at\":\"2021-08-20T08:00:00+08:00\",\"verdict\":0,\"places\":1}]",
             code);
    WRONG(g->w, g->gate.who, "POST /v1/check-in-batches", batch, 0);
}

static void strangers(struct ground *g)
{
    struct api_world *w = g->w;
    char body[400], other[500], none[20], many[500];

    world_id(w, "trm", 77, none);
    snprintf(body, sizeof body, "%s", code_body(phone_code(w, &g->phone, 0, CODE_ENTRY)));
    snprintf(other, sizeof other, "{\"code\":\"%s\",\"terminal\":\"%s\"}",
             phone_code(w, &g->phone, 0, CODE_ENTRY), none);
    snprintf(many, sizeof many, "{\"code\":\"%s\",\"places\":6}",
             phone_code(w, &g->phone, 0, CODE_ENTRY));
    {
        const struct refused rows[] = {
            { "nobody", &w->nobody, "POST /v1/check-ins", body, 401, "sign_in" },
            { "a resident", &w->holder, "POST /v1/check-ins", body, 403, "scope" },
            { "a clerk", &w->clerk, "POST /v1/check-ins", body, 403, "scope" },
            { "a venue's staff, who names no gate", &w->venue, "POST /v1/check-ins", body, 422,
              "missing" },
            { "a venue's staff at no gate of theirs", &w->venue, "POST /v1/check-ins", other, 404,
              "unknown" },
            { "in another gate's name", &g->gate.who, "POST /v1/check-ins", other, 404, "unknown" },
            { "more than five", &g->gate.who, "POST /v1/check-ins", many, 422, "range" },
            { "a batch by nobody", &w->nobody, "POST /v1/check-in-batches",
              "{\"batch_no\":1,\"lines\":[]}", 401, "sign_in" },
            { "a batch by a resident", &w->holder, "POST /v1/check-in-batches",
              "{\"batch_no\":1,\"lines\":[]}", 403, "scope" },
        };

        UNTOUCHED(w, rows);
    }
}

/* A code at the gate: refused with its own code; `lines` stay in the record. */
static void shut(struct ground *g, const char *title, const char *code, int status,
                 const char *want, const char *more, int lines, bool used)
{
    struct held before = held_now(g->w);

    CHECK_STATUS(g->w, title, world_ask(g->w, &g->gate.who, "POST /v1/check-ins", code_body(code)),
                 status);
    CHECK_STR(title, client_code(&g->w->client), str_of(want));
    if (more) CHECK(title, client_has(&g->w->client, more));
    if (used) return; /* the code is used up, rightly: it was good */
    held_same(g->w, title, &before, lines);
}

static void codes(struct ground *g)
{
    struct api_world *w = g->w;
    char slot[20];
    const char *code;

    shut(g, "no code", "hello", 422, "code_unreadable", NULL, 0, false);
    shut(g, "a ride's code", phone_code(w, &g->phone, 0, CODE_RIDE), 409, "code_purpose", NULL, 1,
         false);
    shut(g, "a slow clock", phone_code(w, &g->phone, -10, CODE_ENTRY), 409, "code_too_old",
         "\"skew_minutes\":-", 1, false);
    shut(g, "a fast clock", phone_code(w, &g->phone, 10, CODE_ENTRY), 409, "code_clock_fast",
         "\"skew_minutes\":", 1, false);
    shut(g, "closed", phone_code(w, &g->phone, 0, CODE_ENTRY), 409, "no_slot_now", NULL, 2, true);
    world_slot(w, g->venue_id, 10, 2, slot);
    fixture_pass(&w->base.f, CODE_STEP_USEC);
    code = phone_code(w, &g->phone, 0, CODE_ENTRY);
    CHECK_STATUS(w, "let in", world_ask(w, &g->gate.who, "POST /v1/check-ins", code_body(code)),
                 201);
    CHECK("says so", client_has(&w->client, "\"verdict\":\"pass\""));
    code = phone_code(w, &g->phone, 0, CODE_ENTRY);
    shut(g, "the code replayed", code, 409, "code_used", "\"first_at\":\"", 1, false);
    fixture_pass(&w->base.f, CODE_STEP_USEC);
    shut(g, "in once more with a fresh code", phone_code(w, &g->phone, 0, CODE_ENTRY), 409,
         "admitted_already", "\"first_at\":\"", 2, true);
    CHECK_STATUS(w, "two on one held-back place",
                 world_ask(w, &g->gate.who, "POST /v1/check-ins",
                           text_of("{\"code\":\"%s\",\"places\":2}",
                                   phone_code(w, &g->others, 0, CODE_ENTRY))),
                 409);
    CHECK_STR("two on one held-back place", client_code(&w->client), S("no_free_place"));
}

static void lost(struct ground *g)
{
    struct api_world *w = g->w;

    CHECK_STATUS(w, "lost",
                 world_ask(w, &w->agent, text_of("POST /v1/cards/%s/loss-reports", g->others.card),
                           "{\"kind\":\"temporary\"}"),
                 201);
    fixture_pass(&w->base.f, CODE_STEP_USEC);
    shut(g, "of a lost card", phone_code(w, &g->others, 0, CODE_ENTRY), 409, "card_stopped",
         "\"card\":\"temporary_loss\"", 1, false);
}

/* Booked for later, for earlier, and nothing left for those who did not book. */
static void bookings(struct ground *g)
{
    struct api_world *w = g->w;
    struct instant now = fixture_now(&w->base.f);
    struct slot_ask ask = { .venue_id = g->venue_id,
                            .quota = 5,
                            .opens_at = instant_add(now, -USEC_PER_DAY),
                            .closes_at = instant_add(now, 9 * USEC_PER_HOUR),
                            .starts_at = instant_add(now, 5 * USEC_PER_HOUR),
                            .ends_at = instant_add(now, 7 * USEC_PER_HOUR) };
    char slot[20], book[120];
    struct phone phone;
    int64_t slot_id;
    struct asker late;
    char id[20], card[20], no[19];

    world_resident(w, "郑七", "13800000007", &late, id, card, no);
    if (!phone_make(w, &late, card, "door", &phone)) return;
    CHECK_OK("a slot of the afternoon", venues_slot_add(w->base.f.store, NULL, &ask, &slot_id));
    world_id(w, "slt", slot_id, slot);
    snprintf(book, sizeof book, "POST /v1/venues/%s/slots/%s/bookings", g->venue, slot);
    CHECK_STATUS(w, "booked", world_ask(w, &late, book, "{\"places\":1}"), 201);
    shut(g, "too early", phone_code(w, &phone, 0, CODE_ENTRY), 409, "booking_early",
         "\"booked_for\":\"", 2, true);
    ask.starts_at = instant_add(now, 7 * USEC_PER_HOUR + USEC_PER_MIN);
    ask.ends_at = instant_add(now, 8 * USEC_PER_HOUR);
    CHECK_OK("and one behind it", venues_slot_add(w->base.f.store, NULL, &ask, &slot_id));
    fixture_pass(&w->base.f, 7 * USEC_PER_HOUR + 2 * USEC_PER_MIN);
    if (!gate_token(w, &g->gate)) return;
    shut(g, "too late", phone_code(w, &phone, 0, CODE_ENTRY), 409, "booking_missed",
         "\"booked_for\":\"", 2, true);
    shut(g, "without a booking", phone_code(w, &g->phone, 0, CODE_ENTRY), 409, "no_free_place",
         NULL, 2, true);
}

/* ---- uploads */

static const char *line_of(struct ground *g, const char *code, int64_t off, int verdict)
{
    struct instant at = instant_add(fixture_now(&g->w->base.f), off);
    char when[40];
    struct writer out = writer_over(when, sizeof when - 1);

    put_instant(&out, at);
    when[out.n] = '\0';
    return text_of("{\"code\":\"%s\",\"at\":\"%s\",\"verdict\":%d,\"places\":1}", code, when,
                   verdict);
}

static const char *batch_of(int64_t no, const char *lines)
{
    return text_of("{\"batch_no\":%" PRId64 ",\"lines\":[%s]}", no, lines);
}

static const char *signed_by(const struct api_gate *gate, int64_t no, const char *body)
{
    uint8_t digest[HASH_BYTES];

    sm3(str_bytes(str_of(body)), digest);
    return text_of("Ykt-Signature: %s\r\n",
                   gate_sign(gate, text_of("YKT upload 1\n%" PRId64 "\n%s", no,
                                           text_hex(digest, sizeof digest))));
}

static int upload(struct ground *g, int64_t no, const char *body)
{
    return world_ask_with(g->w, &g->gate.who, "POST /v1/check-in-batches",
                          signed_by(&g->gate, no, body), body);
}

static void batch_refused(struct ground *g, const char *title, const char *headers,
                          const char *body, int status, const char *code)
{
    struct held before = held_now(g->w);

    CHECK_STATUS(g->w, title,
                 world_ask_with(g->w, &g->gate.who, "POST /v1/check-in-batches", headers, body),
                 status);
    CHECK(title, client_has(&g->w->client, text_of("\"code\":\"%s\"", code)));
    held_same(g->w, title, &before, 0);
}

static void batches(struct ground *g)
{
    struct api_world *w = g->w;
    struct api_gate thief = g->gate;
    const char *body;
    char first[2000], line[800];

    thief.keys = key_pair_of(CODE_SM2, 4711);
    snprintf(line, sizeof line, "%s", line_of(g, phone_code(w, &g->phone, 0, CODE_ENTRY), 0, 0));
    body = batch_of(1, line);
    batch_refused(g, "unsigned", "", body, 422, "upload_signature");
    batch_refused(g, "signed by another", signed_by(&thief, 1, body), body, 422,
                  "upload_signature");
    batch_refused(g, "signed for another number", signed_by(&g->gate, 2, body), body, 422,
                  "upload_signature");
    batch_refused(g, "signed for another body", signed_by(&g->gate, 1, "{}"), body, 422,
                  "upload_signature");
    batch_refused(g, "no hexadecimal", "Ykt-Signature: xyz\r\n", body, 422, "upload_signature");
    body = batch_of(2, line);
    batch_refused(g, "one is missing", signed_by(&g->gate, 2, body), body, 409, "upload_gap");
    CHECK("says which number would be taken", client_has(&w->client, "\"next_batch_no\":1"));
    body = batch_of(0, line);
    batch_refused(g, "number nought", signed_by(&g->gate, 0, body), body, 422, "range");
    body = batch_of(1, "");
    batch_refused(g, "no lines", signed_by(&g->gate, 1, body), body, 422, "too_few");
    body = batch_of(1, "{\"code\":\"x\"}");
    batch_refused(g, "half a line", signed_by(&g->gate, 1, body), body, 422, "missing");
    body = batch_of(1, "7");
    batch_refused(g, "no line", signed_by(&g->gate, 1, body), body, 422, "type");
    snprintf(first, sizeof first, "%s", batch_of(1, line));
    CHECK_STATUS(w, "taken", upload(g, 1, first), 201);
    CHECK_STATUS(w, "taken again", upload(g, 1, first), 201);
    CHECK("says so", client_has(&w->client, "Idempotency-Replayed: true"));
    body = batch_of(1, line_of(g, phone_code(w, &g->phone, 1, CODE_ENTRY), 0, 0));
    batch_refused(g, "the number with other lines", signed_by(&g->gate, 1, body), body, 409,
                  "upload_different");
    CHECK("says which number is free", client_has(&w->client, "\"next_batch_no\":2"));
}

/* Each line has its own end; what can't be true does not hold up the others. */
static void lines(struct ground *g)
{
    struct api_world *w = g->w;
    const char *good, *body;

    fixture_pass(&w->base.f, CODE_STEP_USEC);
    good = line_of(g, phone_code(w, &g->others, 0, CODE_ENTRY), 0, 0);
    body = batch_of(2, text_of("%s,%s,%s,%s,%s", line_of(g, "YK1:ABC", 2 * USEC_PER_MIN, 0),
                               line_of(g, "YK1:ABC", -20 * 365 * USEC_PER_DAY, 0),
                               line_of(g, "YK1:ABC", 0, 77), line_of(g, "YK1:ABC", 0, 0), good));
    CHECK_STATUS(w, "the batch is taken", upload(g, 2, body), 201);
    CHECK("line by line",
          client_has(&w->client, "\"lines\":[{\"end\":\"refused\",\"code\":\"line_time\"},"
                                 "{\"end\":\"refused\",\"code\":\"line_time\"},"
                                 "{\"end\":\"refused\",\"code\":\"line_verdict\"},"
                                 "{\"end\":\"contested\",\"code\":\"code_unreadable\"},"));
    CHECK("counted", client_has(&w->client, "\"refused\":3"));
    body = batch_of(3, line_of(g, "YK1:ABC", 2 * USEC_PER_MIN, 0));
    CHECK_STATUS(w, "a batch of nothing else is taken too", upload(g, 3, body), 201);
    body = batch_of(4, line_of(g, "YK1:ABC", 0, 6113));
    CHECK_STATUS(w, "so that the next one is in order", upload(g, 4, body), 201);
}

/* One code at two places whose gates were alone: let in at both, found at the second upload, which
 * stands in the holder's record. */
static void two_places(struct ground *g)
{
    struct api_world *w = g->w;
    struct ground second = { .w = w };
    char code[400], body[1000], slot[20];

    fixture_pass(&w->base.f, CODE_STEP_USEC);
    second.venue_id = world_venue(w, 1, second.venue);
    world_slot(w, second.venue_id, 10, 5, slot);
    if (!gate_make(w, second.venue, CODE_P256, &second.gate)) return;
    snprintf(code, sizeof code, "%s", phone_code(w, &g->phone, 0, CODE_ENTRY));
    snprintf(body, sizeof body, "%s", batch_of(1, line_of(&second, code, 0, 0)));
    CHECK_STATUS(w, "let in there", upload(&second, 1, body), 201);
    CHECK("and right", client_has(&w->client, "\"lines\":[{\"end\":\"accepted\"}]"));
    CHECK_STATUS(w, "the same batch again", upload(&second, 1, body), 201);
    CHECK("is as right as before", client_has(&w->client, "\"lines\":[{\"end\":\"accepted\"}]"));
    snprintf(body, sizeof body, "%s", batch_of(5, line_of(g, code, 0, 0)));
    CHECK_STATUS(w, "let in here too", upload(g, 5, body), 201);
    CHECK("is found", client_has(&w->client, "{\"end\":\"contested\",\"code\":\"code_twice\"}"));
    CHECK_STATUS(w, "who used my card",
                 world_ask(w, &w->holder, "GET /v1/persons/me/access-records?limit=5", ""), 200);
    CHECK("tells of it",
          client_has(&w->client, "code_twice") || client_has(&w->client, "\"verdict\":6123"));
    CHECK_STATUS(w, "and online it is used",
                 world_ask(w, &g->gate.who, "POST /v1/check-ins", code_body(code)), 409);
    CHECK_STR("used", client_code(&w->client), S("code_used"));
}

int main(void)
{
    static struct api_world w;
    static struct ground g;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        g = (struct ground){ .w = &w };
        if (api_world_open(&w, (enum engine)e)) {
            g.venue_id = world_venue(&w, 0, g.venue);
            if (gate_make(&w, g.venue, CODE_SM2, &g.gate) &&
                phone_make(&w, &w.holder, w.holder_card, "door", &g.phone) &&
                phone_make(&w, &w.other, w.other_card, "door", &g.others)) {
                fields(&g);
                strangers(&g);
                codes(&g);
                batches(&g);
                lines(&g);
                two_places(&g);
                lost(&g);
                bookings(&g);
            }
        }
        api_world_close(&w);
    }
    return test_end();
}
