/* api/staff.c - the staff of this node, their roles and the tokens of their programs; for
 * administrators, each within the region and organisation of their own role.
 *
 * POST   /v1/staff                  {"user", "name", "organisation"?, "roles"}   201
 * GET    /v1/staff?role=&region_code=      by cursor
 * GET    /v1/staff/{staff}
 * POST   /v1/staff/{staff}/roles           {"role", "region_code", "organisation"?}
 * POST   /v1/staff/{staff}/role-withdrawals   the same, taken back
 * POST   /v1/staff/{staff}/credentials     a new password and TOTP secret: told once
 * POST   /v1/staff/{staff}/disablements    every session ends
 * POST   /v1/staff/{staff}/enablements
 * POST   /v1/staff/{staff}/tokens          {"scopes", "days"}   201 {"id", "token"}: told once
 * GET    /v1/staff/{staff}/tokens          by cursor
 * DELETE /v1/staff/{staff}/tokens/{token}
 *
 * Tokens are also the member's own affair: whoever is signed in with two factors makes, sees and
 * ends their own ("me"). An administrator makes those of others only of scopes that reach no
 * person's record. */
#include "api/handlers.h"

#include <stdio.h>

#include "catalogue/catalogue.h"
#include "crypto/crypto.h"

enum { ORGANISATION_CODE_MAX = 40, TOKEN_DAYS_MAX = 366 };

/* Does some role of the session manage accounts where this grant reaches? An account of the whole
 * nation (region 0) only one of the whole nation. */
static bool reaches(const struct session *session, const struct grant *grant)
{
    if (!(session->scopes & SCOPE_BIT(MAY_STAFF_MANAGE))) return false;
    for (int i = 0; i < session->signin.grants_n; i++) {
        const struct grant *mine = &session->signin.grants[i];

        if (!role_may(mine->role, MAY_STAFF_MANAGE)) continue;
        if (mine->region_code != 0 && grant->region_code == 0) continue;
        if (!grant_covers(mine->region_code, grant->region_code)) continue;
        if (mine->org_id == 0 || mine->org_id == grant->org_id) return true;
    }
    return false;
}

/* A member who has no role left is of the region and organisation the account was made for. */
static bool manages(const struct session *session, const struct staff *staff)
{
    const struct grant home = { 0, staff->region_code, staff->org_id };

    if (staff->grants_n == 0) return reaches(session, &home);
    for (int i = 0; i < staff->grants_n; i++) {
        if (!reaches(session, &staff->grants[i])) return false;
    }
    return true;
}

static RESULT staff_of_path(struct app *app, const struct request *rq, struct staff *out)
{
    int64_t staff_id;
    struct err err;

    TRY(path_id(rq, "staff", "stf", &staff_id));
    err = registry_staff_load(app->store, staff_id, out);
    if (err.code == STAFF_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    REQUIRE(manages(request_session(rq), out), API_REGION);
    return OK;
}

/* Does some role of the session manage accounts of this organisation? A role that is not limited to
 * one: those of its region. */
static bool reaches_organisation(const struct session *session,
                                 const struct organisation *organisation)
{
    for (int i = 0; i < session->signin.grants_n; i++) {
        const struct grant *mine = &session->signin.grants[i];

        if (!role_may(mine->role, MAY_STAFF_MANAGE)) continue;
        if (mine->org_id == organisation->id) return true;
        if (mine->org_id == 0 && grant_covers(mine->region_code, organisation->region)) return true;
    }
    return false;
}

/* ---- telling */

static void put_organisation(struct app *app, struct reply *rp, int64_t org_id)
{
    const struct organisation *organisation =
        org_id ? organisation_find(catalogue_now(app->shelf), org_id) : NULL;

    if (organisation) json_put_str(rp, "organisation", organisation->code);
}

static void staff_put(struct app *app, struct reply *rp, const struct staff *staff)
{
    json_put_id(rp, "id", "stf", staff->id);
    json_put_str(rp, "user", str_of(staff->user));
    put_organisation(app, rp, staff->org_id);
    json_put_bool(rp, "disabled", staff->disabled);
    json_put_array(rp, "roles");
    for (int i = 0; i < staff->grants_n; i++) {
        json_put_object(rp, NULL);
        json_put_str(rp, "role", str_of(role_name(staff->grants[i].role)));
        json_put_int(rp, "region_code", staff->grants[i].region_code);
        put_organisation(app, rp, staff->grants[i].org_id);
        json_put_end(rp);
    }
    json_put_end(rp);
}

/* The member as they are after an act. */
static RESULT staff_tell(struct app *app, struct reply *rp, int64_t staff_id, int status)
{
    struct staff staff;

    TRY(registry_staff_load(app->store, staff_id, &staff));
    reply_json(rp, status);
    staff_put(app, rp, &staff);
    return OK;
}

/* ---- asking */

struct role_ask { /* one role as a body names it */
    struct str role, organisation;
    int64_t region_code;
};

static RESULT organisation_read(struct app *app, struct str code, int64_t *org_id)
{
    const struct organisation *organisation;

    *org_id = 0;
    if (code.n == 0) return OK;
    organisation = organisation_by_code(catalogue_now(app->shelf), code);
    REQUIRE(organisation, CATALOGUE_ORGANISATION_UNKNOWN);
    *org_id = organisation->id;
    return OK;
}

static RESULT grant_read(struct app *app, const struct request *rq, const struct role_ask *ask,
                         struct grant *out)
{
    const struct region *region;

    REQUIRE(role_parse(ask->role, &out->role) && out->role != ROLE_RESIDENT, STAFF_ROLE);
    out->region_code = (int32_t)ask->region_code;
    region = region_find(catalogue_now(app->shelf), out->region_code);
    REQUIRE(region && !region->historic, CATALOGUE_REGION_UNKNOWN);
    TRY(organisation_read(app, ask->organisation, &out->org_id));
    REQUIRE(reaches(request_session(rq), out), API_REGION);
    return OK;
}

#define ROLE_FIELDS(ask)                                                                           \
    {                                                                                              \
        JSON_TEXT("role", &(ask).role, 1, 20),                                                     \
            JSON_INT("region_code", &(ask).region_code, 100000, 999999),                           \
            JSON_OPTIONAL(                                                                         \
                JSON_TEXT("organisation", &(ask).organisation, 1, ORGANISATION_CODE_MAX), NULL),   \
    }

/* An administrator makes members where they manage them, also when no role is left: an account is
 * of its first role's region and of the organisation that is named, or of none. */
static RESULT home_judge(struct app *app, const struct request *rq, const struct staff_ask *ask)
{
    const struct session *session = request_session(rq);
    const struct grant home = { 0, ask->grants[0].region_code, ask->org_id };
    const struct organisation *organisation =
        organisation_find(catalogue_now(app->shelf), ask->org_id);

    REQUIRE(reaches(session, &home), API_REGION);
    REQUIRE(!organisation || reaches_organisation(session, organisation), API_REGION);
    return OK;
}

RESULT post_staff(struct app *app, const struct request *rq, struct reply *rp)
{
    struct staff_ask ask = { .act = request_act(rq) };
    struct role_ask *roles = NULL, one = { 0 };
    const struct json_field role[] = ROLE_FIELDS(one);
    struct str organisation = { 0 };
    size_t n = 0;
    int64_t staff_id;
    const struct json_field body[] = {
        JSON_TEXT("user", &ask.user, 2, 64),
        JSON_TEXT("name", &ask.name, 1, NAME_CHARS_MAX),
        JSON_OPTIONAL(JSON_TEXT("organisation", &organisation, 1, ORGANISATION_CODE_MAX), NULL),
        JSON_ARRAY("roles", &roles, &n, &one, role, 1, GRANTS_MAX),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_STAFF_MANAGE, 0, 0));
    for (size_t i = 0; i < n; i++)
        TRY(grant_read(app, rq, &roles[i], &ask.grants[i]));
    ask.grants_n = (int)n;
    TRY(organisation_read(app, organisation, &ask.org_id));
    TRY(home_judge(app, rq, &ask));
    TRY(registry_staff_add(app->registry, rq->once, &ask, &staff_id));
    return staff_tell(app, rp, staff_id, 201);
}

/* Rows of other regions and roles are passed over: after so many reads a page ends short, with a
 * cursor. */
enum { READS_MAX = 8 };

struct staff_filter {
    enum role role;      /* 0: any */
    int32_t region_code; /* 0: any; else a role held in it or below, or home to who has none */
};

static bool wanted(const struct staff_filter *filter, const struct staff *staff)
{
    if (filter->role == 0 && filter->region_code == 0) return true;
    if (filter->role == 0 && staff->grants_n == 0)
        return grant_covers(filter->region_code, staff->region_code);
    for (int i = 0; i < staff->grants_n; i++) {
        const struct grant *grant = &staff->grants[i];

        if (filter->role != 0 && grant->role != filter->role) continue;
        if (grant_covers(filter->region_code, grant->region_code)) return true;
    }
    return false;
}

RESULT get_staff_list(struct app *app, const struct request *rq, struct reply *rp)
{
    struct staff_filter filter = { 0 };
    struct staff_page read;
    struct page page;
    struct str role = { 0 };
    int64_t region_code = 0, shown = 0, last[PAGE_KEYS] = { 0 };
    bool more = true;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_TEXT("role", &role, 1, 20), NULL),
        JSON_OPTIONAL(JSON_INT("region_code", &region_code, 100000, 999999), NULL),
    };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    REQUIRE(role.n == 0 || role_parse(role, &filter.role), STAFF_ROLE);
    filter.region_code = (int32_t)region_code;
    reply_json(rp, 200);
    json_put_array(rp, "data");
    last[0] = page.after[0];
    for (int reads = 0; more && shown < page.limit && reads < READS_MAX; reads++) {
        TRY(registry_staff_list(app->store, last[0], STAFF_PAGE_MAX, rq->arena, &read));
        more = read.more;
        for (int i = 0; i < read.n; i++) {
            const struct staff *staff = &read.staff[i];

            if (shown == page.limit) more = true;
            if (shown == page.limit) break;
            last[0] = staff->id;
            if (!wanted(&filter, staff) || !manages(request_session(rq), staff)) continue;
            json_put_object(rp, NULL);
            staff_put(app, rp, staff);
            json_put_end(rp);
            shown++;
        }
    }
    json_put_end(rp);
    page_end(app, rq, rp, more, last);
    return OK;
}

RESULT get_staff(struct app *app, const struct request *rq, struct reply *rp)
{
    struct staff staff;

    TRY(staff_of_path(app, rq, &staff));
    reply_json(rp, 200);
    staff_put(app, rp, &staff);
    return OK;
}

/* ---- roles */

static RESULT role_change(struct app *app, const struct request *rq, struct reply *rp, bool give)
{
    struct role_ask ask = { 0 };
    const struct json_field body[] = ROLE_FIELDS(ask);
    const struct act act = request_act(rq);
    struct staff staff;
    struct grant grant;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(staff_of_path(app, rq, &staff));
    TRY(grant_read(app, rq, &ask, &grant));
    if (give)
        TRY(registry_staff_grant(app->registry, staff.id, &grant, &act));
    else
        TRY(registry_staff_ungrant(app->registry, staff.id, &grant, &act));
    TRY(sessions_renew(app->sessions, app->store, ACTOR_STAFF, staff.id, rq->at));
    return staff_tell(app, rp, staff.id, 201);
}

RESULT post_staff_role(struct app *app, const struct request *rq, struct reply *rp)
{
    return role_change(app, rq, rp, true);
}

RESULT post_staff_role_withdrawal(struct app *app, const struct request *rq, struct reply *rp)
{
    return role_change(app, rq, rp, false);
}

/* ---- signing in */

/* 80 random bits in groups of four letters and digits, none of which look alike. */
static struct str password_make(struct app *app, const struct request *rq)
{
    static const char LETTERS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[16];
    char text[20];
    struct writer w = writer_over(text, sizeof text);

    app->entropy.fill(app->entropy.arg, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i > 0 && i % 4 == 0) put_char(&w, '-');
        put_char(&w, LETTERS[random[i] & 31]);
    }
    return arena_str(rq->arena, writer_str(&w));
}

RESULT post_staff_credentials(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    uint8_t totp[TOTP_SECRET_BYTES];
    char text[64];
    struct writer w = writer_over(text, sizeof text);
    struct str password = password_make(app, rq);
    struct staff staff;
    struct err err;

    TRY(json_read(rq->body, NULL, 0));
    TRY(staff_of_path(app, rq, &staff));
    REQUIRE(staff.id != act.actor_id, STAFF_SELF);
    TRY(limits_password_enter(app));
    err = registry_password_set(app->registry, rq->once, SUBJECT_STAFF, staff.id, password, &act);
    limits_password_leave(app);
    TRY(err);
    TRY(registry_totp_set(app->registry, staff.id, (struct bytes){ 0 }, &act, totp));
    sessions_drop_actor(app->sessions, ACTOR_STAFF, staff.id, NULL);
    put_base32(&w, bytes_of(totp, sizeof totp));
    reply_json(rp, 201);
    json_put_str(rp, "user", str_of(staff.user));
    json_put_str(rp, "password", password);
    json_put_str(rp, "totp_secret", writer_str(&w));
    reply_header(rp, "Cache-Control", S("no-store"));
    return OK;
}

static RESULT switch_over(struct app *app, const struct request *rq, struct reply *rp, bool off)
{
    const struct act act = request_act(rq);
    struct staff staff;

    TRY(json_read(rq->body, NULL, 0));
    TRY(staff_of_path(app, rq, &staff));
    TRY(registry_staff_disable(app->registry, staff.id, off, &act));
    if (off) sessions_drop_actor(app->sessions, ACTOR_STAFF, staff.id, NULL);
    return staff_tell(app, rp, staff.id, 201);
}

RESULT post_staff_disablement(struct app *app, const struct request *rq, struct reply *rp)
{
    return switch_over(app, rq, rp, true);
}

RESULT post_staff_enablement(struct app *app, const struct request *rq, struct reply *rp)
{
    return switch_over(app, rq, rp, false);
}

/* ---- tokens */

static uint64_t scopes_held(const struct staff *staff)
{
    uint64_t held = 0;

    for (int i = 0; i < staff->grants_n; i++)
        held |= role_scopes(staff->grants[i].role);
    return held;
}

static RESULT scopes_read(const struct request *rq, const struct str *names, size_t n,
                          uint64_t *out)
{
    enum permission permission;
    char pointer[32];

    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (!permission_parse(names[i], &permission)) {
            snprintf(pointer, sizeof pointer, "/scopes/%zu", i);
            problem_add(rq->problems, rq->arena, pointer, "not_one_of");
            REFUSE(HTTP_FIELDS);
        }
        *out |= SCOPE_BIT(permission);
    }
    return OK;
}

static void token_put(struct reply *rp, const struct staff *staff,
                      const struct signin_session *token)
{
    const uint64_t scopes = token->scopes & scopes_held(staff);

    json_put_id(rp, "id", "tkn", token->id);
    json_put_array(rp, "scopes");
    for (int p = 1; p < PERMISSIONS; p++) {
        if (!(scopes & SCOPE_BIT(p))) continue;
        json_put_str(rp, NULL, str_of(permission_name((enum permission)p)));
    }
    json_put_end(rp);
    json_put_instant(rp, "created_at", token->created_at);
    json_put_instant(rp, "expires_at", token->expires_at);
}

/* Whose tokens: one's own, by two factors, or those of a member within the role's reach. */
static RESULT token_owner(struct app *app, const struct request *rq, struct staff *out)
{
    const struct session *session = request_session(rq);
    bool by_name = str_eq(path_text(rq, "staff"), S("me"));
    bool own = session->actor == ACTOR_STAFF && session->signin.proof == PROOF_TWO_FACTORS;
    int64_t staff_id = session->actor_id;

    if (!by_name) TRY(path_id(rq, "staff", "stf", &staff_id));
    if (own && staff_id == session->actor_id) return registry_staff_load(app->store, staff_id, out);
    REQUIRE(!by_name || session->actor != ACTOR_STAFF, SIGNIN_ONE_FACTOR);
    TRY(request_may(rq, MAY_STAFF_MANAGE, 0, 0));
    return staff_of_path(app, rq, out);
}

RESULT post_staff_token(struct app *app, const struct request *rq, struct reply *rp)
{
    struct token_ask ask = { .subject = SUBJECT_STAFF,
                             .proof = PROOF_ONE_FACTOR,
                             .act = request_act(rq) };
    struct str *scopes = NULL, one = { 0 };
    const struct json_field scope[] = { JSON_TEXT(NULL, &one, 1, 40) };
    struct signed_in made;
    struct staff staff;
    struct err err;
    int64_t days;
    size_t n = 0;
    const struct json_field body[] = {
        JSON_ARRAY("scopes", &scopes, &n, &one, scope, 1, PERMISSIONS),
        JSON_INT("days", &days, 1, TOKEN_DAYS_MAX),
    };

    TRY(token_owner(app, rq, &staff));
    TRY(json_read(rq->body, body, LEN(body)));
    TRY(scopes_read(rq, scopes, n, &ask.scopes));
    ask.subject_id = staff.id;
    ask.life_usec = days * USEC_PER_DAY;
    err = registry_token_make(app->registry, rq->once, &ask, &made);
    if (err.code == SIGNIN_TOLD) json_out_id(refusal_more(rp), "id", "tkn", made.session.id);
    TRY(err);
    TRY(sessions_keep(app->sessions, app->store, &made.session, rq->at));
    reply_json(rp, 201);
    json_put_str(rp, "token", (struct str){ made.token, TOKEN_CHARS });
    token_put(rp, &staff, &made.session);
    reply_header(rp, "Cache-Control", S("no-store"));
    return OK;
}

RESULT get_staff_tokens(struct app *app, const struct request *rq, struct reply *rp)
{
    struct token_page read;
    struct page page;
    struct staff staff;
    int64_t last[PAGE_KEYS] = { 0 };

    TRY(token_owner(app, rq, &staff));
    TRY(page_read(app, rq, &page, NULL, 0));
    TRY(registry_tokens(app->store, SUBJECT_STAFF, staff.id, rq->at, page.after[0], (int)page.limit,
                        rq->arena, &read));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < read.n; i++) {
        json_put_object(rp, NULL);
        token_put(rp, &staff, &read.tokens[i]);
        json_put_end(rp);
        last[0] = read.tokens[i].id;
    }
    json_put_end(rp);
    page_end(app, rq, rp, read.more, last);
    return OK;
}

RESULT delete_staff_token(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    struct signin_session ended;
    struct staff staff;
    int64_t token_id;
    struct err err;

    TRY(token_owner(app, rq, &staff));
    TRY(path_id(rq, "token", "tkn", &token_id));
    err = registry_token_end(app->registry, SUBJECT_STAFF, staff.id, token_id, &act, &ended);
    if (err.code == SIGNIN_NO_TOKEN) REFUSE(API_NOT_FOUND);
    TRY(err);
    sessions_drop(app->sessions, ended.token_hash);
    reply_empty(rp, 204);
    return OK;
}
