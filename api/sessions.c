/* api/sessions.c
 *
 * POST /v1/sign-in-codes       have a one-time code sent to the phone on record
 *   body  {"number", "country"?, "name"?}   a person number or a card number
 *   202   {"expires_at"}                    also when nobody has that number
 * POST /v1/sessions            sign in
 *   body  {"way": "resident", "number", "country"?, "name"?, "code"?, "password"?}
 *         {"way": "staff", "user", "password", "totp"}
 *   201   {"token", "expires_at", "subject", "scopes"}
 *   403   signin_wrong, also for a locked secret and for nobody's
 * GET  /v1/sessions/current    who am I
 * DELETE /v1/sessions/current  sign out
 *   204 */
#include "api/handlers.h"
#include "api/sign_in.h"

#include "registry/registry.h"
#include "registry/signin.h"
#include "registry/staff.h"

enum { NUMBER_TYPED_MAX = 40, NAME_TYPED_MAX = 100, SECRET_TYPED_MAX = PASSWORD_MAX };

RESULT post_sign_in_code(struct app *app, const struct request *rq, struct reply *rp)
{
    struct code_ask ask = { .act = sign_in_act(app, rq) };
    const struct json_field body[] = {
        JSON_TEXT("number", &ask.number, 1, NUMBER_TYPED_MAX),
        JSON_OPTIONAL(JSON_TEXT("country", &ask.country, 3, 3), NULL),
        JSON_OPTIONAL(JSON_TEXT("name", &ask.name, 1, NAME_TYPED_MAX), NULL),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(sign_in_code_send(app, rq, rp, &ask));
    reply_json(rp, 202);
    json_put_instant(rp, "expires_at", instant_add(rq->at, CODE_LIFE_USEC));
    json_put_str(rp, "note", /* to everybody alike: it tells nobody whether one was sent */
                 rq->language == LANGUAGE_ZH
                     ? S("一分钟内不重发，请用刚才那条。")
                     : S("Within a minute it is not sent again: use the one you have."));
    return OK;
}

static void put_scope_names(struct reply *rp, uint64_t scopes)
{
    json_put_array(rp, "scopes");
    for (int p = 1; p < PERMISSIONS; p++) {
        if (scopes & SCOPE_BIT(p)) {
            json_put_str(rp, NULL, str_of(permission_name((enum permission)p)));
        }
    }
    json_put_end(rp);
}

static void put_signin(struct reply *rp, const struct signin_session *signin)
{
    bool staff = signin->subject == SUBJECT_STAFF;

    json_put_object(rp, "subject");
    json_put_str(rp, "kind", staff ? S("staff") : S("resident"));
    json_put_id(rp, "id", staff ? "stf" : "psn", signin->subject_id);
    json_put_array(rp, "grants");
    for (int i = 0; i < signin->grants_n; i++) {
        json_put_object(rp, NULL);
        json_put_str(rp, "role", str_of(role_name(signin->grants[i].role)));
        json_put_int(rp, "region_code", signin->grants[i].region_code);
        json_put_end(rp);
    }
    json_put_end(rp);
    json_put_end(rp);
    put_scope_names(rp, session_scopes(signin));
    json_put_instant(rp, "expires_at", signin->expires_at);
}

enum way { WAY_RESIDENT = 1, WAY_STAFF = 2 };

struct signin_body {
    int way;
    struct str number, country, name, code, user, password, totp;
};

/* The token goes into the body, so no cookie rides along by itself: .api. */
static RESULT sign_in(struct app *app, const struct request *rq, struct reply *rp,
                      const struct signin_body *body, struct signed_in *out)
{
    const struct act act = sign_in_act(app, rq);

    if (body->way == WAY_STAFF) {
        return sign_in_staff(app, rq, rp,
                             &(struct staff_signin_ask){ .user = body->user,
                                                         .password = body->password,
                                                         .totp = body->totp,
                                                         .api = true,
                                                         .act = act },
                             out);
    }
    return sign_in_person(app, rq, rp,
                          &(struct person_signin_ask){ .number = body->number,
                                                       .country = body->country,
                                                       .name = body->name,
                                                       .code = body->code,
                                                       .password = body->password,
                                                       .api = true,
                                                       .act = act },
                          out);
}

RESULT post_session(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name WAYS[] = { { "resident", WAY_RESIDENT }, { "staff", WAY_STAFF } };
    struct signin_body ask = { 0 };
    const struct json_field body[] = {
        JSON_ENUM("way", &ask.way, WAYS),
        JSON_OPTIONAL(JSON_TEXT("number", &ask.number, 1, NUMBER_TYPED_MAX), NULL),
        JSON_OPTIONAL(JSON_TEXT("country", &ask.country, 3, 3), NULL),
        JSON_OPTIONAL(JSON_TEXT("name", &ask.name, 1, NAME_TYPED_MAX), NULL),
        JSON_OPTIONAL(JSON_TEXT("code", &ask.code, 1, CODE_DIGITS), NULL),
        JSON_OPTIONAL(JSON_TEXT("user", &ask.user, 1, 64), NULL),
        JSON_OPTIONAL(JSON_TEXT("password", &ask.password, 1, SECRET_TYPED_MAX), NULL),
        JSON_OPTIONAL(JSON_TEXT("totp", &ask.totp, 1, TOTP_DIGITS), NULL),
    };
    struct signed_in made;
    struct str subject;

    TRY(json_read(rq->body, body, LEN(body)));
    subject = ask.way == WAY_STAFF ? ask.user : ask.number;
    if (subject.n == 0) {
        problem_add(rq->problems, rq->arena, ask.way == WAY_STAFF ? "/user" : "/number", "missing");
        REFUSE(HTTP_FIELDS);
    }
    TRY(sign_in(app, rq, rp, &ask, &made));
    TRY(sessions_keep(app->sessions, app->store, &made.session, rq->at));
    reply_json(rp, 201);
    json_put_str(rp, "token", (struct str){ made.token, TOKEN_CHARS });
    put_signin(rp, &made.session);
    return OK;
}

RESULT get_session(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = request_session(rq);

    (void)app;
    reply_json(rp, 200);
    if (session->actor == ACTOR_TERMINAL) {
        json_put_object(rp, "subject");
        json_put_str(rp, "kind", S("terminal"));
        json_put_id(rp, "id", "trm", session->terminal_id);
        json_put_end(rp);
        put_scope_names(rp, session->scopes);
        json_put_instant(rp, "expires_at", session->until);
        return OK;
    }
    put_signin(rp, &session->signin);
    return OK;
}

RESULT delete_session(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = request_session(rq);

    if (session->actor != ACTOR_TERMINAL) {
        TRY(registry_session_end(app->registry, &session->signin, rq->at));
    }
    sessions_drop(app->sessions, session->token_hash);
    reply_empty(rp, 204);
    return OK;
}
