/* tests/api/staff_test.c - accounts of staff: made, given roles, signed in, switched off, and the
 * tokens of their programs. On both engines. */
#include "tests/api/wrong.h"

static struct api_world w;
static char member[20], clerk[20], far_clerk[20], admin[20], auditor[20];
static struct asker hefei_admin, far_admin, office_admin, other_admin, auditor_asker, hefei_auditor,
    bearer;

#define CLERK_ROLE "{\"role\":\"clerk\",\"region_code\":340100}"

/* A line of a request about a member; a table holds many at once. */
static const char *staff_line(const char *verb, const char *of, const char *rest)
{
    static char rooms[64][120];
    static int next;
    char *room = rooms[next++ % 64];

    snprintf(room, sizeof rooms[0], "%s /v1/staff/%s%s", verb, of, rest);
    return room;
}

static void test_making(void)
{
    const char *body = "{\"user\":\"window.three\",\"name\":\"王小明\",\"roles\":[" CLERK_ROLE "]}";
    const char *key = "Idempotency-Key: staff-1\r\n";

    CHECK_STATUS(&w, "a clerk of Hefei",
                 world_ask_with(&w, &hefei_admin, "POST /v1/staff", key, body), 201);
    snprintf(member, sizeof member, "%s", world_member(&w, "id"));
    CHECK("by a work account", client_has(&w.client, "\"user\":\"window.three\""));
    CHECK("the person's name is not told", !client_has(&w.client, "王小明"));
    CHECK_STATUS(&w, "asked again", world_ask_with(&w, &hefei_admin, "POST /v1/staff", key, body),
                 201);
    CHECK_STR("it is the same account", str_of(world_member(&w, "id")), str_of(member));
    CHECK_STATUS(&w, "read", world_ask(&w, &hefei_admin, staff_line("GET", member, ""), ""), 200);
    CHECK("with the role", client_has(&w.client, CLERK_ROLE));
}

static void test_list(void)
{
    int seen = 0;
    char cursor[80] = "";

    for (int pages = 0; pages < 20; pages++) {
        CHECK_STATUS(&w, "a page of one",
                     world_ask(&w, &w.admin,
                               text_of("GET /v1/staff?limit=1&role=clerk%s%s",
                                       cursor[0] ? "&cursor=" : "", cursor),
                               ""),
                     200);
        seen += client_has(&w.client, "\"id\":\"stf_");
        if (!client_has(&w.client, "\"has_more\":true")) break;
        snprintf(cursor, sizeof cursor, "%s", world_member(&w, "next_cursor"));
    }
    CHECK_INT("every clerk once", seen, 3);
    CHECK_STATUS(&w, "in one region",
                 world_ask(&w, &w.admin, "GET /v1/staff?region_code=341200", ""), 200);
    CHECK("those of it", client_has(&w.client, far_clerk) && !client_has(&w.client, clerk));
    CHECK_STATUS(&w, "by the administrator of a city",
                 world_ask(&w, &hefei_admin, "GET /v1/staff", ""), 200);
    CHECK("their own region and no other",
          client_has(&w.client, clerk) && !client_has(&w.client, far_clerk));
}

static void test_roles(void)
{
    CHECK_STATUS(&w, "a clerk does not see jobs", world_ask(&w, &w.clerk, "GET /v1/staff", ""),
                 403);
    CHECK_STATUS(&w, "a second role",
                 world_ask(&w, &w.admin, staff_line("POST", clerk, "/roles"),
                           "{\"role\":\"admin\",\"region_code\":340100}"),
                 201);
    CHECK_STATUS(&w, "is held at once", world_ask(&w, &w.clerk, "GET /v1/staff", ""), 200);
    CHECK_STATUS(&w, "taken back",
                 world_ask(&w, &w.admin, staff_line("POST", clerk, "/role-withdrawals"),
                           "{\"role\":\"admin\",\"region_code\":340100}"),
                 201);
    CHECK_STATUS(&w, "it is gone at once", world_ask(&w, &w.clerk, "GET /v1/staff", ""), 403);
}

static void test_credentials(void)
{
    char password[40], secret_text[80], body[400];
    char code[TOTP_DIGITS];
    uint8_t secret[TOTP_SECRET_BYTES];
    size_t n = 0;

    CHECK_STATUS(&w, "a password and a second factor",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/credentials"), "{}"),
                 201);
    snprintf(password, sizeof password, "%s", world_member(&w, "password"));
    snprintf(secret_text, sizeof secret_text, "%s", world_member(&w, "totp_secret"));
    CHECK("the secret is Base32",
          base32_parse(str_of(secret_text), secret, sizeof secret, &n) && n == sizeof secret);
    CHECK("kept by nobody on the way", client_has(&w.client, "Cache-Control: no-store"));
    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w.base.f)), code);
    snprintf(body, sizeof body,
             "{\"way\":\"staff\",\"user\":\"window.three\",\"password\":\"%s\",\"totp\":\"%.*s\"}",
             password, TOTP_DIGITS, code);
    CHECK_STATUS(&w, "they sign in", world_ask(&w, &w.nobody, "POST /v1/sessions", body), 201);
    snprintf(bearer.header, sizeof bearer.header, "Authorization: Bearer %s\r\n",
             world_member(&w, "token"));
    CHECK_STATUS(&w, "as a clerk", world_ask(&w, &bearer, "GET /v1/sessions/current", ""), 200);
    CHECK_STATUS(&w, "new ones",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/credentials"), "{}"),
                 201);
    CHECK_STATUS(&w, "end the session of the old ones",
                 world_ask(&w, &bearer, "GET /v1/sessions/current", ""), 401);
}

static void test_tokens(void)
{
    static const char ASK[] = "{\"scopes\":[\"person.find\",\"card.view\"],\"days\":2}";
    static const char IMPERSONAL[] = "{\"scopes\":[\"catalogue.view\"],\"days\":1}";
    struct staff row;
    struct asker owner;
    char token[20], newer[20], cursor[200];

    CHECK_OK("the member", registry_staff_find(w.app.store, S("window.three"), &row));
    world_token(&w, SUBJECT_STAFF, row.id, PROOF_TWO_FACTORS, &owner);
    CHECK_STATUS(&w, "into persons' records by an administrator",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/tokens"), ASK), 403);
    CHECK("is only for the member to make", client_has(&w.client, "\"code\":\"token_not_own\""));
    CHECK_STATUS(&w, "of another member by the member",
                 world_ask(&w, &owner, staff_line("POST", clerk, "/tokens"), IMPERSONAL), 403);
    CHECK("is an administrator's", client_has(&w.client, "\"code\":\"scope\""));
    CHECK_STATUS(&w, "a resident has none",
                 world_ask(&w, &w.holder, "POST /v1/staff/me/tokens", IMPERSONAL), 403);
    CHECK_STATUS(&w, "a token for a program",
                 world_ask(&w, &owner, "POST /v1/staff/me/tokens", ASK), 201);
    snprintf(token, sizeof token, "%s", world_member(&w, "id"));
    snprintf(bearer.header, sizeof bearer.header, "Authorization: Bearer %s\r\n",
             world_member(&w, "token"));
    CHECK_STATUS(&w, "does what it is for",
                 world_ask(&w, &bearer, text_of("GET /v1/cards/%s", w.holder_card), ""), 200);
    CHECK_STATUS(&w, "and nothing else, though the clerk may",
                 world_ask(&w, &bearer, text_of("POST /v1/cards/%s/locks", w.holder_card), "{}"),
                 403);
    CHECK_STATUS(&w, "and makes no other",
                 world_ask(&w, &bearer, "POST /v1/staff/me/tokens", IMPERSONAL), 403);
    CHECK("for it is one factor", client_has(&w.client, "\"code\":\"two_factors_needed\""));
    CHECK_STATUS(&w, "who it is", world_ask(&w, &bearer, "GET /v1/sessions/current", ""), 200);
    CHECK("with its scopes", client_has(&w.client, "\"scopes\":[\"person.find\",\"card.view\"]"));
    CHECK_STATUS(&w, "the member", world_ask(&w, &owner, "GET /v1/sessions/current", ""), 200);
    CHECK("has those of the roles",
          client_has(&w.client, "\"person.reveal\"") && !client_has(&w.client, "\"system\""));
    CHECK_STATUS(&w, "it is listed",
                 world_ask(&w, &hefei_admin, staff_line("GET", member, "/tokens"), ""), 200);
    CHECK("by its id", client_has(&w.client, token));
    CHECK("without the token itself", !client_has(&w.client, "\"token\""));
    CHECK_STATUS(&w, "without persons by an administrator",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/tokens"), IMPERSONAL),
                 201);
    snprintf(newer, sizeof newer, "%s", world_member(&w, "id"));
    CHECK_STATUS(&w, "a page of one", world_ask(&w, &owner, "GET /v1/staff/me/tokens?limit=1", ""),
                 200);
    CHECK("has the newest", client_has(&w.client, newer) && !client_has(&w.client, token));
    CHECK("and goes on", client_has(&w.client, "\"has_more\":true"));
    snprintf(cursor, sizeof cursor, "%s", world_member(&w, "next_cursor"));
    CHECK_STATUS(
        &w, "the next",
        world_ask(&w, &owner, text_of("GET /v1/staff/me/tokens?limit=1&cursor=%s", cursor), ""),
        200);
    CHECK("has the one before", client_has(&w.client, token) && !client_has(&w.client, newer));
    CHECK_STATUS(&w, "the city's auditor",
                 world_ask(&w, &hefei_auditor, "GET /v1/audit-entries?region_code=340100", ""),
                 200);
    CHECK("reads whose it is", client_has(&w.client, "\"token_made\"") &&
                                   client_has(&w.client, text_of("\"object\":\"%s\"", member)));
    CHECK("who was given credentials, and the account itself",
          client_has(&w.client, "\"password_set\"") && client_has(&w.client, "\"staff_added\""));
    CHECK_STATUS(
        &w, "taken back",
        world_ask(&w, &hefei_admin, staff_line("DELETE", member, text_of("/tokens/%s", token)), ""),
        204);
    CHECK_STATUS(&w, "it is void",
                 world_ask(&w, &bearer, text_of("GET /v1/cards/%s", w.holder_card), ""), 401);
    CHECK_STATUS(
        &w, "and not there any more",
        world_ask(&w, &hefei_admin, staff_line("DELETE", member, text_of("/tokens/%s", token)), ""),
        404);
    CHECK_STATUS(&w, "another", world_ask(&w, &owner, "POST /v1/staff/me/tokens", ASK), 201);
    snprintf(token, sizeof token, "%s", world_member(&w, "id"));
    snprintf(bearer.header, sizeof bearer.header, "Authorization: Bearer %s\r\n",
             world_member(&w, "token"));
    fixture_pass(&w.base.f, 2 * USEC_PER_DAY);
    CHECK_STATUS(&w, "ends by itself",
                 world_ask(&w, &bearer, text_of("GET /v1/cards/%s", w.holder_card), ""), 401);
    CHECK_STATUS(&w, "and is listed no more",
                 world_ask(&w, &hefei_admin, staff_line("GET", member, "/tokens"), ""), 200);
    CHECK("it is not live", !client_has(&w.client, token));
}

static void test_switching_off(void)
{
    CHECK_STATUS(&w, "a token",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/tokens"),
                           "{\"scopes\":[\"catalogue.view\"],\"days\":1}"),
                 201);
    snprintf(bearer.header, sizeof bearer.header, "Authorization: Bearer %s\r\n",
             world_member(&w, "token"));
    CHECK_STATUS(&w, "switched off",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/disablements"), "{}"),
                 201);
    CHECK("as the answer says", client_has(&w.client, "\"disabled\":true"));
    CHECK_STATUS(&w, "every session has ended",
                 world_ask(&w, &bearer, "GET /v1/sessions/current", ""), 401);
    CHECK_STATUS(&w, "no new token",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/tokens"),
                           "{\"scopes\":[\"catalogue.view\"],\"days\":1}"),
                 403);
    CHECK_STATUS(&w, "on again",
                 world_ask(&w, &hefei_admin, staff_line("POST", member, "/enablements"), "{}"),
                 201);
    CHECK("as the answer says", client_has(&w.client, "\"disabled\":false"));
}

/* A sign-in is in the store first and in the table of sessions second. What ends it or takes a role
 * back between the two ends it and takes the role back. */
static void test_between_store_and_table(void)
{
    const struct act act = world_act(&w.base);
    const struct grant clerk_grant = { ROLE_CLERK, 340100, 0 },
                       supervisor = { ROLE_SUPERVISOR, 340100, 0 };
    const struct staff_ask who = { .user = S("between"),
                                   .name = S("王小明"),
                                   .grants = { clerk_grant, supervisor },
                                   .grants_n = 2,
                                   .act = act };
    struct token_ask ask = { .subject = SUBJECT_STAFF,
                             .scopes = SCOPES_ALL,
                             .proof = PROOF_TWO_FACTORS,
                             .life_usec = USEC_PER_DAY,
                             .act = act };
    const struct instant now = fixture_now(&w.base.f);
    struct sessions *table = w.app.sessions;
    struct signed_in made;
    struct session got;

    CHECK_OK("a member", registry_staff_add(&w.base.rg, NULL, &who, &ask.subject_id));
    ask.act.actor_id = ask.subject_id;
    ask.act.proof = PROOF_TWO_FACTORS;
    CHECK_OK("in the store", registry_token_make(&w.base.rg, NULL, &ask, &made));
    CHECK_OK("a role is taken back",
             registry_staff_ungrant(&w.base.rg, ask.subject_id, &supervisor, &act));
    CHECK_OK("from whom is in the table",
             sessions_renew(table, w.app.store, ACTOR_STAFF, ask.subject_id, now));
    CHECK_OK("in the table", sessions_keep(table, w.app.store, &made.session, now));
    CHECK("it is there", sessions_find(table, made.session.token_hash, now, &got));
    CHECK_INT("with what is left", got.signin.grants_n, 1);
    CHECK_INT("which is the clerk's", got.signin.grants[0].role, ROLE_CLERK);

    CHECK_OK("another", registry_token_make(&w.base.rg, NULL, &ask, &made));
    CHECK_OK("the member is switched off",
             registry_staff_disable(&w.base.rg, ask.subject_id, true, &act));
    CHECK_INT("and put out of the table",
              (int)sessions_drop_actor(table, ACTOR_STAFF, ask.subject_id, NULL), 1);
    CHECK_CODE("it is over", sessions_keep(table, w.app.store, &made.session, now),
               SIGNIN_NO_TOKEN);
    CHECK("and not there", !sessions_find(table, made.session.token_hash, now, &got));
}

#define MAKE "POST /v1/staff"
#define ACCOUNT(user, role, region)                                                                \
    "{\"user\":\"" user "\",\"name\":\"王小明\",\"roles\":[{\"role\":\"" role                      \
    "\",\"region_code\":" region "}]}"
#define ROLE(role, region) "{\"role\":\"" role "\",\"region_code\":" region "}"

static void test_refusals(void)
{
    char nobody[20];
    struct asker *far = &far_admin;

    world_id(&w, "stf", 4711, nobody);
    const struct refused ROWS[] = {
        { "nobody", &w.nobody, MAKE, "{}", 401, "sign_in" },
        { "a clerk", &w.clerk, MAKE, ACCOUNT("a.b", "clerk", "340100"), 403, "scope" },
        { "a resident", &w.holder, MAKE, ACCOUNT("a.b", "clerk", "340100"), 403, "scope" },
        { "no user", &w.admin, MAKE, "{\"name\":\"王\",\"roles\":[" CLERK_ROLE "]}", 422,
          "missing" },
        { "an unknown member", &w.admin, MAKE,
          "{\"user\":\"a.b\",\"name\":\"王\",\"roles\":[" CLERK_ROLE "],\"password\":\"x\"}", 422,
          "unknown" },
        { "a user of capitals", &w.admin, MAKE, ACCOUNT("A.B", "clerk", "340100"), 422,
          "staff_user_form" },
        { "a user of one letter", &w.admin, MAKE, ACCOUNT("a", "clerk", "340100"), 422,
          "too_short" },
        { "a name of digits", &w.admin, MAKE,
          "{\"user\":\"a.b\",\"name\":7,\"roles\":[" CLERK_ROLE "]}", 422, "type" },
        { "no role", &w.admin, MAKE, "{\"user\":\"a.b\",\"name\":\"王\",\"roles\":[]}", 422,
          "too_few" },
        { "a role nobody knows", &w.admin, MAKE, ACCOUNT("a.b", "king", "340100"), 422,
          "staff_role" },
        { "the role of residents", &w.admin, MAKE, ACCOUNT("a.b", "resident", "340100"), 422,
          "staff_role" },
        { "a region that is none", &w.admin, MAKE, ACCOUNT("a.b", "clerk", "349999"), 404,
          "region_unknown" },
        { "a region of five digits", &w.admin, MAKE, ACCOUNT("a.b", "clerk", "34010"), 422,
          "range" },
        { "an organisation that is none", &w.admin, MAKE,
          "{\"user\":\"a.b\",\"name\":\"王\",\"roles\":[{\"role\":\"clerk\",\"region_code\":340100,"
          "\"organisation\":\"NONE\"}]}",
          404, "organisation_unknown" },
        { "a user who is there", &w.admin, MAKE, ACCOUNT("clerk", "clerk", "340100"), 409,
          "staff_exists" },
        { "outside the administrator's city", far, MAKE, ACCOUNT("a.b", "clerk", "340100"), 403,
          "region" },
        { "the province by a city's", far, MAKE, ACCOUNT("a.b", "clerk", "340000"), 403, "region" },
        { "somebody of another city", far, staff_line("GET", clerk, ""), "", 403, "region" },
        { "their tokens", far, staff_line("GET", clerk, "/tokens"), "", 403, "region" },
        { "a token for them", far, staff_line("POST", clerk, "/tokens"),
          "{\"scopes\":[\"card.view\"],\"days\":1}", 403, "region" },
        { "switching them off", far, staff_line("POST", clerk, "/disablements"), "{}", 403,
          "region" },
        { "the province's auditor by a city's administrator", &hefei_admin,
          staff_line("POST", auditor, "/credentials"), "{}", 403, "region" },
        { "no such member", &w.admin, staff_line("GET", nobody, ""), "", 404, "unknown" },
        { "an id of another kind", &w.admin, staff_line("GET", w.holder_id, ""), "", 404,
          "id_unknown" },
        { "one's own role", &w.admin, staff_line("POST", admin, "/roles"),
          ROLE("auditor", "340000"), 403, "staff_self" },
        { "one's own role taken back", &w.admin, staff_line("POST", admin, "/role-withdrawals"),
          ROLE("admin", "340000"), 403, "staff_self" },
        { "switching oneself off", &w.admin, staff_line("POST", admin, "/disablements"), "{}", 403,
          "staff_self" },
        { "one's own credentials", &w.admin, staff_line("POST", admin, "/credentials"), "{}", 403,
          "staff_self" },
        { "a body where none belongs", &w.admin, staff_line("POST", clerk, "/credentials"),
          "{\"password\":\"x\"}", 422, "unknown" },
        { "more than the member may", &w.admin, staff_line("POST", clerk, "/tokens"),
          "{\"scopes\":[\"audit.verify\"],\"days\":1}", 422, "scope_exceeds" },
        { "a scope that is none", &w.admin, staff_line("POST", clerk, "/tokens"),
          "{\"scopes\":[\"all\"],\"days\":1}", 422, "not_one_of" },
        { "no scope", &w.admin, staff_line("POST", clerk, "/tokens"), "{\"scopes\":[],\"days\":1}",
          422, "too_few" },
        { "for no time", &w.admin, staff_line("POST", clerk, "/tokens"),
          "{\"scopes\":[\"card.view\"],\"days\":0}", 422, "range" },
        { "for ever", &w.admin, staff_line("POST", clerk, "/tokens"),
          "{\"scopes\":[\"card.view\"],\"days\":367}", 422, "range" },
        { "a role to look for that is none", &w.admin, "GET /v1/staff?role=king", "", 422,
          "staff_role" },
        { "a parameter that is none", &w.admin, "GET /v1/staff?name=wang", "", 400, "parameter" },
        { "a cursor that is none", &w.admin, "GET /v1/staff?cursor=abc", "", 400, "cursor" },
        { "a limit too large", &w.admin, "GET /v1/staff?limit=201", "", 422, "range" },
    };

    UNTOUCHED(&w, ROWS);
    CHECK_STATUS(&w, "and the clerk is as before",
                 world_ask(&w, &w.admin, staff_line("GET", clerk, ""), ""), 200);
    CHECK("with one role", client_has(&w.client, "\"roles\":[" CLERK_ROLE "]"));
}

static void test_fields(void)
{
    static const struct wrong_field MADE[] = {
        { "user", WRONG_TEXT, "\"a.b\"", NEEDED },
        { "name", WRONG_TEXT, "\"王小明\"", NEEDED },
        { "organisation", WRONG_TEXT, "\"HRSS-340100\"", OPTIONAL },
        { "roles", WRONG_ARRAY, "[" CLERK_ROLE "]", NEEDED },
    };
    static const struct wrong_field ROLES_[] = {
        { "role", WRONG_TEXT, "\"clerk\"", NEEDED },
        { "region_code", WRONG_INT, "340100", NEEDED },
        { "organisation", WRONG_TEXT, "\"HRSS-340100\"", OPTIONAL },
    };
    static const struct wrong_field TOKEN[] = {
        { "scopes", WRONG_ARRAY, "[\"catalogue.view\"]", NEEDED },
        { "days", WRONG_INT, "1", NEEDED },
    };

    WRONG(&w, w.admin, MAKE, MADE, API_ONCE);
    WRONG(&w, w.admin, staff_line("POST", clerk, "/roles"), ROLES_, 0);
    WRONG(&w, w.admin, staff_line("POST", clerk, "/role-withdrawals"), ROLES_, 0);
    WRONG(&w, w.admin, staff_line("POST", clerk, "/tokens"), TOKEN, API_ONCE);
    world_told_once(&w, &w.admin, staff_line("POST", clerk, "/tokens"),
                    "{\"scopes\":[\"catalogue.view\"],\"days\":1}", "token");
    WRONG_EMPTY(&w, w.admin, staff_line("POST", clerk, "/credentials"), API_ONCE);
    world_told_once(&w, &w.admin, staff_line("POST", clerk, "/credentials"), "{}", "password");
    WRONG_EMPTY(&w, w.admin, staff_line("POST", clerk, "/disablements"), 0);
    WRONG_EMPTY(&w, w.admin, staff_line("POST", clerk, "/enablements"), 0);
}

#define OFFICE "\"organisation\":\"HRSS-340100\""
#define OTHER "\"organisation\":\"CULTURE-340100\""
#define CLERK_OF(org) "{\"role\":\"clerk\",\"region_code\":340100," org "}"
#define MEMBER(user, org, roles)                                                                   \
    "{\"user\":\"" user "\",\"name\":\"王小明\"," org "\"roles\":[" roles "]}"

/* Whose an account is, is held against the administrator as much as what it may. */
static void test_organisations(void)
{
    const struct asker *office = &office_admin;
    char of_office[20];

    CHECK_STATUS(&w, "an office makes an account of its own",
                 world_ask(&w, office, MAKE, MEMBER("office.one", OFFICE ",", CLERK_OF(OFFICE))),
                 201);
    snprintf(of_office, sizeof of_office, "%s", world_member(&w, "id"));
    CHECK_STATUS(&w, "a city's administrator one of an office of the city",
                 world_ask(&w, &hefei_admin, MAKE, MEMBER("office.two", OFFICE ",", CLERK_ROLE)),
                 201);
    {
        const struct refused ROWS[] = {
            { "of no office", office, MAKE, MEMBER("a.b", "", CLERK_OF(OFFICE)), 403, "region" },
            { "of another office", office, MAKE, MEMBER("a.b", OTHER ",", CLERK_OF(OFFICE)), 403,
              "region" },
            { "for all offices", office, MAKE, MEMBER("a.b", OFFICE ",", CLERK_ROLE), 403,
              "region" },
            { "for another office", office, MAKE, MEMBER("a.b", OFFICE ",", CLERK_OF(OTHER)), 403,
              "region" },
            { "the second role for another", office, MAKE,
              MEMBER("a.b", OFFICE ",", CLERK_OF(OFFICE) "," CLERK_OF(OTHER)), 403, "region" },
            { "of an office of another city", &hefei_admin, MAKE,
              MEMBER("a.b", "\"organisation\":\"HRSS-341200\",", CLERK_ROLE), 403, "region" },
            { "of the province's office", &hefei_admin, MAKE,
              MEMBER("a.b", "\"organisation\":\"HRSS-340000\",", CLERK_ROLE), 403, "region" },
            { "a role for all", office, staff_line("POST", of_office, "/roles"), CLERK_ROLE, 403,
              "region" },
            { "a role for another", office, staff_line("POST", of_office, "/roles"),
              CLERK_OF(OTHER), 403, "region" },
            { "a role by another office", &other_admin, staff_line("POST", of_office, "/roles"),
              CLERK_OF(OTHER), 403, "region" },
        };
        UNTOUCHED(&w, ROWS);
    }
    CHECK_STATUS(&w, "a second role for the office",
                 world_ask(&w, office, staff_line("POST", of_office, "/roles"),
                           "{\"role\":\"supervisor\",\"region_code\":340100," OFFICE "}"),
                 201);
}

/* Without a role an account is still somebody's: of the region and office it was made for. */
static void test_without_a_role(void)
{
    char left[20];

    CHECK_STATUS(&w, "an account of an office",
                 world_ask(&w, &hefei_admin, MAKE, MEMBER("left.one", OFFICE ",", CLERK_ROLE)),
                 201);
    snprintf(left, sizeof left, "%s", world_member(&w, "id"));
    CHECK_STATUS(
        &w, "its only role is taken back",
        world_ask(&w, &hefei_admin, staff_line("POST", left, "/role-withdrawals"), CLERK_ROLE),
        201);
    CHECK("none is left", client_has(&w.client, "\"roles\":[]"));
    {
        const struct refused ROWS[] = {
            { "read from another city", &far_admin, staff_line("GET", left, ""), "", 403,
              "region" },
            { "credentials from there", &far_admin, staff_line("POST", left, "/credentials"), "{}",
              403, "region" },
            { "a role there", &far_admin, staff_line("POST", left, "/roles"),
              ROLE("clerk", "341200"), 403, "region" },
            { "its tokens from there", &far_admin, staff_line("GET", left, "/tokens"), "", 403,
              "region" },
            { "switched off from there", &far_admin, staff_line("POST", left, "/disablements"),
              "{}", 403, "region" },
            { "read by another office", &other_admin, staff_line("GET", left, ""), "", 403,
              "region" },
            { "credentials by it", &other_admin, staff_line("POST", left, "/credentials"), "{}",
              403, "region" },
            { "a role of it", &other_admin, staff_line("POST", left, "/roles"), CLERK_OF(OTHER),
              403, "region" },
        };
        UNTOUCHED(&w, ROWS);
    }
    CHECK_STATUS(&w, "listed there", world_ask(&w, &far_admin, "GET /v1/staff?limit=200", ""), 200);
    CHECK("it is not", !client_has(&w.client, left));
    CHECK_STATUS(&w, "listed by another office",
                 world_ask(&w, &other_admin, "GET /v1/staff?limit=200", ""), 200);
    CHECK("it is not", !client_has(&w.client, left));
    CHECK_STATUS(&w, "listed at home",
                 world_ask(&w, &hefei_admin, "GET /v1/staff?limit=200&region_code=340100", ""),
                 200);
    CHECK("it is", client_has(&w.client, left));
    CHECK_STATUS(&w, "its office reads it",
                 world_ask(&w, &office_admin, staff_line("GET", left, ""), ""), 200);
    CHECK_STATUS(&w, "and gives it a role again",
                 world_ask(&w, &office_admin, staff_line("POST", left, "/roles"), CLERK_OF(OFFICE)),
                 201);
}

/* What a grant names is as large as it says: a refused making leaves no account. */
static void test_nothing_half_done(void)
{
    CHECK_STATUS(&w, "one good role and one of another city",
                 world_ask(&w, &hefei_admin, MAKE,
                           "{\"user\":\"half.done\",\"name\":\"王\",\"roles\":[" CLERK_ROLE
                           ",{\"role\":\"clerk\",\"region_code\":341200}]}"),
                 403);
    CHECK_STATUS(&w, "the name is free",
                 world_ask(&w, &w.admin, MAKE, ACCOUNT("half.done", "clerk", "340100")), 201);
    CHECK_STATUS(&w, "the same key with another body",
                 world_ask_with(&w, &hefei_admin, MAKE, "Idempotency-Key: staff-1\r\n",
                                ACCOUNT("other", "clerk", "340100")),
                 422);
}

static int64_t org_of(const char *code)
{
    const struct organisation *found = organisation_by_code(catalogue_now(w.shelf), str_of(code));

    return CHECK(code, found) ? found->id : 0;
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        if (api_world_open(&w, (enum engine)e)) {
            world_staff(&w, "hefei.admin", ROLE_ADMIN, 340100, &hefei_admin);
            world_staff(&w, "far.admin", ROLE_ADMIN, 341200, &far_admin);
            world_staff_of(&w, "office.admin", ROLE_ADMIN, 340100, org_of("HRSS-340100"),
                           &office_admin);
            world_staff_of(&w, "other.admin", ROLE_ADMIN, 340100, org_of("CULTURE-340100"),
                           &other_admin);
            world_staff(&w, "auditor", ROLE_AUDITOR, 340000, &auditor_asker);
            world_staff(&w, "hefei.auditor", ROLE_AUDITOR, 340100, &hefei_auditor);
            world_id(&w, "stf", w.clerk.id, clerk);
            world_id(&w, "stf", w.far_clerk.id, far_clerk);
            world_id(&w, "stf", w.admin.id, admin);
            world_id(&w, "stf", auditor_asker.id, auditor);
            test_making();
            test_list();
            test_roles();
            test_credentials();
            test_tokens();
            test_switching_off();
            test_between_store_and_table();
            test_refusals();
            test_fields();
            test_organisations();
            test_without_a_role();
            test_nothing_half_done();
        }
        api_world_close(&w);
    }
    return test_end();
}
