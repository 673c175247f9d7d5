/* tests/api/terminals_test.c - gates and counters over HTTP: set up, enrolled, signed in, heard
 * from, revoked; every field wrongly, every stranger, every order that is none. On both engines. */
#include "tests/api/gate.h"

static void fields(struct api_world *w, struct api_gate *gate)
{
    char place[20], venue[32], id[32], key[80], sig[160], nonce[40], line[80], beat[80];
    const struct wrong_field add[] = {
        { "venue", WRONG_ID, venue, NEEDED },
        { "kind", WRONG_WORD, "\"gate\"", NEEDED },
        { "name", WRONG_TEXT, "\"东门\"", NEEDED },
    };
    const struct wrong_field enrol[] = {
        { "terminal", WRONG_ID, id, NEEDED },
        { "activation", WRONG_TEXT, "\"7K3QW92XD05T8NCA\"", NEEDED },
        { "suite", WRONG_WORD, "\"sm2\"", NEEDED },
        { "public_key", WRONG_BYTES, key, NEEDED },
        { "signature", WRONG_BYTES, sig, NEEDED },
    };
    const struct wrong_field token[] = {
        { "signed_at", WRONG_TEXT, "\"2021-08-20T08:00:00+08:00\"", NEEDED },
        { "nonce", WRONG_TEXT, nonce, NEEDED },
        { "signature", WRONG_BYTES, sig, NEEDED },
    };
    const struct wrong_field beats[] = {
        { "incarnation", WRONG_INT, "1", NEEDED },
        { "position", WRONG_INT, "1", NEEDED },
        { "list_made_at", WRONG_INSTANT, "\"2021-08-20T08:00:00+08:00\"", OPTIONAL },
        { "terminal_at", WRONG_INSTANT, "\"2021-08-20T08:00:00+08:00\"", NEEDED },
        { "queue", WRONG_INT, "0", NEEDED },
    };

    world_venue(w, 0, place);
    snprintf(venue, sizeof venue, "\"%s\"", place);
    snprintf(id, sizeof id, "\"%s\"", gate->id);
    snprintf(key, sizeof key, "\"%s\"", text_hex(gate->keys.point, POINT_SHORT));
    snprintf(sig, sizeof sig, "\"%s\"", gate_sign(gate, "something"));
    snprintf(nonce, sizeof nonce, "\"0123456789abcdef\"");
    snprintf(line, sizeof line, "POST /v1/terminals/%s/tokens", gate->id);
    snprintf(beat, sizeof beat, "POST /v1/terminals/%s/heartbeats", gate->id);
    WRONG(w, w->admin, "POST /v1/terminals", add, API_ONCE);
    WRONG(w, w->nobody, "POST /v1/terminal-enrolments", enrol, API_PUBLIC);
    WRONG(w, w->nobody, line, token, API_PUBLIC);
    WRONG(w, gate->who, beat, beats, 0);
    snprintf(line, sizeof line, "POST /v1/terminals/%s/activations", gate->id);
    WRONG_EMPTY(w, w->admin, line, 0);
    snprintf(line, sizeof line, "POST /v1/terminals/%s/revocations", gate->id);
    WRONG_EMPTY(w, w->admin, line, 0);
}

static void adding(struct api_world *w, const char *venue)
{
    char ok[200], other[200], none[200], number[200], wide[300], id[20];

    world_id(w, "ven", 77, id);
    snprintf(ok, sizeof ok, "{\"venue\":\"%s\",\"kind\":\"gate\",\"name\":\"西门\"}", venue);
    snprintf(other, sizeof other, "{\"venue\":\"%s\",\"kind\":\"gate\",\"name\":\"北门\"}", venue);
    snprintf(number, sizeof number,
             "{\"venue\":\"%s\",\"kind\":\"gate\",\"name\":\"11010519491231002X\"}", venue);
    snprintf(none, sizeof none, "{\"venue\":\"%s\",\"kind\":\"gate\",\"name\":\"西门\"}", id);
    /* 32 characters, 96 bytes: more than a name's room */
    snprintf(
        wide, sizeof wide,
        "{\"venue\":\"%s\",\"kind\":\"gate\",\"name\":\"一二三四五六七八九十一二三四五六七八九十一"
        "二三四五六七八九十一二\"}",
        venue);
    {
        const struct refused rows[] = {
            { "nobody", &w->nobody, "POST /v1/terminals", ok, 401, "sign_in" },
            { "a resident", &w->holder, "POST /v1/terminals", ok, 403, "scope" },
            { "a clerk", &w->clerk, "POST /v1/terminals", ok, 403, "scope" },
            { "no place", &w->admin, "POST /v1/terminals", none, 404, "place_unknown" },
            { "a citizen's number for a name", &w->admin, "POST /v1/terminals", number, 422,
              "terminal_name_number" },
            { "a name too wide", &w->admin, "POST /v1/terminals", wide, 422, "too_long" },
        };

        UNTOUCHED(w, rows);
    }
    /* the repeat gets a new activation number, since only a hash is kept: that is an act */
    world_repeated_lines(w, &w->venue, "POST /v1/terminals", ok, other, 201, 1);
}

static void strangers(struct api_world *w, const struct api_gate *gate,
                      const struct api_gate *other)
{
    char get[80], beat[80], activate[80], revoke[80], made_up[80], theirs[80], id[20];
    struct asker far_admin;
    const char *beats =
        "{\"incarnation\":1,\"position\":1,\"terminal_at\":\"2021-08-20T08:00:00+08:"
        "00\",\"queue\":0}";

    world_staff(w, "far.admin", ROLE_ADMIN, 341200, &far_admin);
    world_id(w, "trm", 77, id);
    snprintf(get, sizeof get, "GET /v1/terminals/%s", gate->id);
    snprintf(beat, sizeof beat, "POST /v1/terminals/%s/heartbeats", gate->id);
    snprintf(theirs, sizeof theirs, "POST /v1/terminals/%s/heartbeats", other->id);
    snprintf(activate, sizeof activate, "POST /v1/terminals/%s/activations", gate->id);
    snprintf(revoke, sizeof revoke, "POST /v1/terminals/%s/revocations", gate->id);
    snprintf(made_up, sizeof made_up, "GET /v1/terminals/%s", id);
    {
        const struct refused rows[] = {
            { "seen by nobody", &w->nobody, get, "", 401, "sign_in" },
            { "seen by a resident", &w->holder, get, "", 403, "scope" },
            { "seen by another gate", &other->who, get, "", 404, "unknown" },
            { "seen from another city", &far_admin, get, "", 403, "region" },
            { "seen though it is none", &w->admin, made_up, "", 404, "unknown" },
            { "a heartbeat for another", &gate->who, theirs, beats, 404, "unknown" },
            { "a heartbeat by the admin", &w->admin, beat, beats, 403, "scope" },
            { "a heartbeat by a venue's staff", &w->venue, beat, beats, 403, "scope" },
            { "a heartbeat by nobody", &w->nobody, beat, beats, 401, "sign_in" },
            { "a number for itself", &gate->who, activate, "{}", 403, "scope" },
            { "a number from another city", &far_admin, activate, "{}", 403, "region" },
            { "a number for a clerk", &w->clerk, activate, "{}", 403, "scope" },
            { "revoked from another city", &far_admin, revoke, "{}", 403, "region" },
            { "revoked by a resident", &w->holder, revoke, "{}", 403, "scope" },
        };

        UNTOUCHED(w, rows);
    }
}

/* A refusal by a body that must be made at that moment. */
static void refused_now(struct api_world *w, const char *title, const char *line, const char *body,
                        int status, const char *code)
{
    const struct refused rows[] = { { title, &w->nobody, line, body, status, code } };

    UNTOUCHED(w, rows);
}

static void enrolling(struct api_world *w, const char *venue)
{
    struct api_gate gate, thief;
    char line[] = "POST /v1/terminal-enrolments", id[20];

    if (!gate_add(w, venue, CODE_SM2, &gate)) return;
    thief = gate;
    thief.keys = key_pair_of(CODE_SM2, 77);
    refused_now(
        w, "another's signature", line,
        text_of("{\"terminal\":\"%s\",\"activation\":\"%s\",\"suite\":\"sm2\",\"public_key\":"
                "\"%s\",\"signature\":\"%s\"}",
                gate.id, gate.activation, text_hex(gate.keys.point, POINT_SHORT),
                gate_sign(&thief, text_of("YKT enrol 1\n%s\n%s", gate.id, gate.activation))),
        422, "key_proof");
    refused_now(
        w, "signed for another suite", line,
        text_of("{\"terminal\":\"%s\",\"activation\":\"%s\",\"suite\":\"p256\",\"public_key\":"
                "\"%s\",\"signature\":\"%s\"}",
                gate.id, gate.activation, text_hex(gate.keys.point, POINT_SHORT),
                gate_sign(&gate, text_of("YKT enrol 1\n%s\n%s", gate.id, gate.activation))),
        422, "key_proof");
    refused_now(w, "a wrong number", line, gate_enrol_body(&gate, "0000000000000000"), 403,
                "activation_wrong");
    CHECK_STATUS(w, "the right one",
                 world_ask(w, &w->nobody, line, gate_enrol_body(&gate, gate.activation)), 204);
    CHECK_STATUS(w, "again with the same key",
                 world_ask(w, &w->nobody, line, gate_enrol_body(&gate, gate.activation)), 204);
    refused_now(w, "again with another key", line, gate_enrol_body(&thief, gate.activation), 409,
                "activation_over");
    world_id(w, "trm", 77, id);
    snprintf(thief.id, sizeof thief.id, "%s", id);
    refused_now(w, "a terminal that is none", line, gate_enrol_body(&thief, gate.activation), 404,
                "terminal_unknown");

    if (!gate_add(w, venue, CODE_P256, &gate)) return;
    for (int i = 0; i < 20; i++) {
        refused_now(w, "guessed", line, gate_enrol_body(&gate, "0000000000000000"), 403,
                    "activation_wrong");
    }
    CHECK_STATUS(w, "which keeps nobody out",
                 world_ask(w, &w->nobody, line, gate_enrol_body(&gate, gate.activation)), 204);
    CHECK_STATUS(
        w, "a new number",
        world_ask(w, &w->admin, text_of("POST /v1/terminals/%s/activations", gate.id), "{}"), 201);
    snprintf(gate.activation, sizeof gate.activation, "%s", world_member(w, "activation"));
    fixture_pass(&w->base.f, TERMINAL_ACTIVATION_LIFE_USEC);
    refused_now(w, "two days later", line, gate_enrol_body(&gate, gate.activation), 409,
                "activation_over");
}

/* Who guesses at numbers keeps nobody out, also not the gate beside them. */
static void guessed_from_one_place(struct api_world *w, const char *venue)
{
    const char *line = "POST /v1/terminal-enrolments";
    struct entropy entropy = entropy_system();
    struct api_gate gate;
    int compared = 0;

    if (!gate_add(w, venue, CODE_P256, &gate)) return;
    CHECK_OK("limits", limits_open(1000, &entropy, &w->app.limits));
    for (int i = 0; i < 60; i++) {
        client_ask(&w->client, line, text_of("X-Real-IP: 2001:db8:5:6::%d\r\n", i),
                   gate_enrol_body(&gate, "0000000000000000"));
        compared += str_eq(client_code(&w->client), S("activation_wrong"));
    }
    CHECK_INT("all are wrong", compared, 60);
    CHECK_INT("the right one, from the same network",
              client_ask(&w->client, line, "X-Real-IP: 2001:db8:5:6::1\r\n",
                         gate_enrol_body(&gate, gate.activation)),
              204);
    limits_close(w->app.limits);
    w->app.limits = NULL;
}

static void signing_in(struct api_world *w, const char *venue)
{
    struct api_gate gate, waiting;
    char line[80], body[700], none[80], id[20];

    if (!gate_make(w, venue, CODE_P256, &gate) || !gate_add(w, venue, CODE_P256, &waiting)) return;
    world_id(w, "trm", 77, id);
    snprintf(line, sizeof line, "POST /v1/terminals/%s/tokens", gate.id);
    snprintf(none, sizeof none, "POST /v1/terminals/%s/tokens", id);
    refused_now(w, "a fast clock", line, gate_token_body(w, &gate, 2 * USEC_PER_MIN), 401,
                "assertion_time");
    refused_now(w, "a slow clock", line, gate_token_body(w, &gate, -2 * USEC_PER_MIN), 401,
                "assertion_time");
    refused_now(w, "another gate's signature", line, gate_token_body(w, &waiting, 0), 401,
                "assertion_wrong");
    refused_now(w, "no time", line,
                text_of("{\"signed_at\":\"20 August at eight in the morning\",\"nonce\":"
                        "\"0123456789abcdef\",\"signature\":\"%s\"}",
                        gate_sign(&gate, "x")),
                422, "format");
    refused_now(w, "a terminal that is none", none, gate_token_body(w, &gate, 0), 404,
                "terminal_unknown");
    refused_now(w, "before it has a key", text_of("POST /v1/terminals/%s/tokens", waiting.id),
                gate_token_body(w, &waiting, 0), 409, "terminal_not_enrolled");
    snprintf(body, sizeof body, "%s", gate_token_body(w, &gate, 0));
    CHECK_STATUS(w, "signed in", world_ask(w, &w->nobody, line, body), 201);
    refused_now(w, "the same assertion again", line, body, 401, "assertion_used");
    w->app.public_url = S("https://another.example");
    snprintf(body, sizeof body, "%s", gate_token_body(w, &gate, 0));
    w->app.public_url = S("https://card.example");
    refused_now(w, "for another audience", line, body, 401, "assertion_wrong");
}

/* Ten minutes a token; a revoked terminal does nothing more. */
static void endings(struct api_world *w, const char *venue)
{
    struct api_gate gate;
    char beat[80], revoke[80], token[80];
    const char *beats =
        "{\"incarnation\":0,\"position\":0,\"terminal_at\":\"2021-08-20T08:00:00+08:"
        "00\",\"queue\":0}";
    const struct refused over[] = {
        { "a token of ten minutes ago", &gate.who, beat, beats, 401, "sign_in" },
    };
    const struct refused ahead[] = {
        { "a list that was not made", &gate.who, beat,
          "{\"incarnation\":1,\"position\":9223372036854775807,\"list_made_at\":"
          "\"2021-08-20T08:00:00+08:00\",\"terminal_at\":\"2021-08-20T08:00:00+08:00\",\"queue\":"
          "0}",
          409, "list_unknown" },
    };
    const struct refused revoked[] = {
        { "a heartbeat after it", &gate.who, beat, beats, 401, "sign_in" },
        { "a list after it", &gate.who, "GET /v1/stop-lists/cards", "", 401, "sign_in" },
        { "a code after it", &gate.who, "POST /v1/check-ins", "{\"code\":\"7K3-QW9-2XD\"}", 401,
          "sign_in" },
    };

    if (!gate_make(w, venue, CODE_P256, &gate)) return;
    snprintf(beat, sizeof beat, "POST /v1/terminals/%s/heartbeats", gate.id);
    snprintf(revoke, sizeof revoke, "POST /v1/terminals/%s/revocations", gate.id);
    snprintf(token, sizeof token, "POST /v1/terminals/%s/tokens", gate.id);
    fixture_pass(&w->base.f, TERMINAL_TOKEN_USEC);
    UNTOUCHED(w, over);
    if (!gate_token(w, &gate)) return;
    CHECK_STATUS(w, "a heartbeat", world_ask(w, &gate.who, beat, beats), 204);
    UNTOUCHED(w, ahead);
    CHECK_STATUS(
        w, "a number for another key",
        world_ask(w, &w->admin, text_of("POST /v1/terminals/%s/activations", gate.id), "{}"), 201);
    snprintf(gate.activation, sizeof gate.activation, "%s", world_member(w, "activation"));
    gate.keys = key_pair_of(CODE_P256, 78);
    CHECK_STATUS(w, "enrolled anew",
                 world_ask(w, &w->nobody, "POST /v1/terminal-enrolments",
                           gate_enrol_body(&gate, gate.activation)),
                 204);
    UNTOUCHED(w, over); /* its token was the old key's */
    if (!gate_token(w, &gate)) return;
    CHECK_STATUS(w, "revoked", world_ask(w, &w->admin, revoke, "{}"), 204);
    UNTOUCHED(w, revoked);
    refused_now(w, "signed in after it", token, gate_token_body(w, &gate, 0), 409,
                "terminal_revoked");
    refused_now(w, "enrolled after it", "POST /v1/terminal-enrolments",
                gate_enrol_body(&gate, gate.activation), 409, "terminal_revoked");
    {
        char activate[80];
        const struct refused rows[] = { { "a number after it", &w->admin, activate, "{}", 409,
                                          "terminal_revoked" } };

        snprintf(activate, sizeof activate, "POST /v1/terminals/%s/activations", gate.id);
        UNTOUCHED(w, rows);
    }
}

static void lists(struct api_world *w, const struct api_gate *gate)
{
    const struct refused rows[] = {
        { "nobody", &w->nobody, "GET /v1/stop-lists/cards", "", 401, "sign_in" },
        { "a resident", &w->holder, "GET /v1/stop-lists/cards", "", 403, "scope" },
        { "12333", &w->agent, "GET /v1/stop-lists/cards", "", 403, "scope" },
        { "a position that is none", &gate->who, "GET /v1/stop-lists/cards?from=x", "", 422,
          "type" },
        { "before the first", &gate->who, "GET /v1/stop-lists/cards?from=-1", "", 422, "range" },
        { "twice", &gate->who, "GET /v1/stop-lists/cards?from=1&from=2", "", 400, "parameter" },
        { "an unknown parameter", &gate->who, "GET /v1/stop-lists/cards?to=1", "", 400,
          "parameter" },
    };

    UNTOUCHED(w, rows);
    CHECK_STATUS(w, "another incarnation gets a whole list",
                 world_ask(w, &gate->who, "GET /v1/stop-lists/cards?incarnation=99&from=5", ""),
                 200);
    CHECK_STATUS(w, "so does one ahead of us",
                 world_ask(w, &gate->who, "GET /v1/stop-lists/cards?incarnation=1&from=99999", ""),
                 200);
    CHECK_STATUS(w, "keys for everybody", world_ask(w, &w->nobody, "GET /v1/verification-keys", ""),
                 200);
}

int main(void)
{
    static struct api_world w;
    struct api_gate gate, other;
    char venue[20], second[20];

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            w.app.public_url = S("https://card.example");
            world_venue(&w, 0, venue);
            world_venue(&w, 1, second);
            if (gate_make(&w, venue, CODE_SM2, &gate) && gate_make(&w, second, CODE_P256, &other)) {
                fields(&w, &gate);
                adding(&w, venue);
                strangers(&w, &gate, &other);
                lists(&w, &gate);
                enrolling(&w, venue);
                guessed_from_one_place(&w, venue);
                signing_in(&w, venue);
                endings(&w, venue);
            }
        }
        api_world_close(&w);
    }
    return test_end();
}
