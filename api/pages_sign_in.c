/* api/pages_sign_in.c - signing in and out, people and staff.
 *
 * GET  /sign-in?way=sms|password|both&next=
 * POST /sign-in/sms-codes {number, next, both?}     a code goes to the phone on record
 * POST /sign-in {number, code, next}, {number, password, next}, or all of them
 * GET  /desk/sign-in, POST /desk/sign-in {user, password, totp, next}; /gate/sign-in likewise
 * POST /sign-out, /desk/sign-out, /gate/sign-out */
#include "api/handlers.h"
#include "api/pages.h"
#include "api/sign_in.h"

#include "registry/staff.h"

enum { NUMBER_TYPED_MAX = 40, NEXT_MAX = 300 };

static void show_signin(struct app *app, const struct request *rq, struct reply *rp,
                        const struct web_signin_view *view, const struct web_problem *problem)
{
    struct web_frame frame = frame_of(app, rq, rp);

    frame.problems = problem;
    frame.problems_n = problem != NULL;
    web_signin(web_reply(rp, problem ? 422 : 200), &frame, view);
}

/* What a refusal says, at its field. */
static struct web_problem problem_of(const struct request *rq, const char *field, int code)
{
    return (struct web_problem){ .field = str_of(field), .text = refusal_text(rq, code) };
}

struct err get_sign_in_page(struct app *app, const struct request *rq, struct reply *rp)
{
    enum { BOTH = WEB_SIGNIN_PASSWORD + 1 }; /* a message first, then the password with its code */
    static const struct json_name WAYS[] = { { "sms", WEB_SIGNIN_SMS },
                                             { "password", WEB_SIGNIN_PASSWORD },
                                             { "both", BOTH } };
    int way = WEB_SIGNIN_SMS;
    struct str next = { 0 };
    struct web_signin_view view = { 0 };
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ENUM("way", &way, WAYS), &given),
        JSON_OPTIONAL(JSON_TEXT("next", &next, 0, NEXT_MAX), &given),
    };

    TRY(query_read(rq, query, LEN(query)));
    view.both = way == BOTH;
    view.way = view.both ? WEB_SIGNIN_SMS : (enum web_signin_way)way;
    view.next = next;
    show_signin(app, rq, rp, &view, NULL);
    return OK;
}

struct err post_sms_code_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_signin_view view = { .way = WEB_SIGNIN_SMS };
    struct code_ask ask = { .act = sign_in_act(app, rq) };
    bool given;
    const struct json_field form[] = {
        JSON_TEXT("number", &ask.number, 1, NUMBER_TYPED_MAX),
        JSON_OPTIONAL(JSON_TEXT("next", &view.next, 0, NEXT_MAX), &given),
        JSON_OPTIONAL(JSON_BOOL("both", &view.both), &given),
    };
    struct web_problem problem;
    struct err err;

    err = form_read(rq->body, form, LEN(form));
    if (err.code == 0) err = sign_in_code_send(app, rq, rp, &ask);
    view.user = ask.number;
    if (err.code > 0 && err.code != API_TOO_MANY) {
        problem = problem_of(rq, "number", err.code == HTTP_FIELDS ? NUMBER_EMPTY : err.code);
        show_signin(app, rq, rp, &view, &problem);
        return OK;
    }
    TRY(err);
    view.way = WEB_SIGNIN_CODE;
    show_signin(app, rq, rp, &view, NULL);
    return OK;
}

static RESULT keep_session(struct app *app, const struct request *rq, struct reply *rp,
                           const struct signed_in *made)
{
    TRY(sessions_keep(app->sessions, app->store, &made->session, rq->at));
    reply_session(rq, rp, (struct str){ made->token, TOKEN_CHARS },
                  (made->session.expires_at.usec - rq->at.usec) / USEC_PER_SEC);
    return OK;
}

struct err post_sign_in_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct person_signin_ask ask = { .act = sign_in_act(app, rq) };
    struct str next = { 0 };
    bool given;
    const struct json_field form[] = {
        JSON_TEXT("number", &ask.number, 1, NUMBER_TYPED_MAX),
        JSON_OPTIONAL(JSON_TEXT("code", &ask.code, 0, 12), &given),
        JSON_OPTIONAL(JSON_TEXT("password", &ask.password, 0, PASSWORD_MAX), &given),
        JSON_OPTIONAL(JSON_TEXT("next", &next, 0, NEXT_MAX), &given),
    };
    struct web_problem problem;
    struct signed_in made;
    struct err err;

    TRY(form_read(rq->body, form, LEN(form)));
    err = sign_in_person(app, rq, rp, &ask, &made);
    if (err.code > 0 && err.code != API_TOO_MANY) {
        const bool by_code = ask.code.n > 0 || ask.password.n == 0;
        const struct web_signin_view view = {
            .way = by_code ? WEB_SIGNIN_CODE : WEB_SIGNIN_PASSWORD,
            .both = ask.code.n > 0 && ask.password.n > 0,
            .user = ask.number,
            .next = next,
        };
        problem = problem_of(rq, by_code ? "code" : "password", err.code);
        show_signin(app, rq, rp, &view, &problem);
        return OK;
    }
    TRY(err);
    TRY(keep_session(app, rq, rp, &made));
    redirect_ours(rp, next, S("/home"));
    return OK;
}

/* Counters and gates: the same account, a cookie of their own each. */
static bool at_gate(const struct request *rq)
{
    return str_starts(rq->path, S("/gate"));
}

static void show_staff(struct app *app, const struct request *rq, struct reply *rp, struct str user,
                       struct str next, const struct web_problem *problem)
{
    struct web_frame frame = frame_of(app, rq, rp);
    const struct web_staff_signin_view view = {
        .user = user, .next = next, .action = at_gate(rq) ? S("/gate/sign-in") : S("/desk/sign-in")
    };

    frame.problems = problem;
    frame.problems_n = problem != NULL;
    web_staff_signin(web_reply(rp, problem ? 422 : 200), &frame, &view);
}

struct err get_staff_sign_in(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str next = { 0 };
    bool given;
    const struct json_field query[] = { JSON_OPTIONAL(JSON_TEXT("next", &next, 0, NEXT_MAX),
                                                      &given) };

    TRY(query_read(rq, query, LEN(query)));
    show_staff(app, rq, rp, (struct str){ 0 }, next, NULL);
    return OK;
}

/* Who may admit nobody has nothing to do at a gate. */
static RESULT may_stay(struct app *app, const struct request *rq, const struct signed_in *made)
{
    if (!at_gate(rq) || session_may(&made->session, MAY_ADMIT, 0, 0).code == 0) return OK;
    TRY(registry_session_end(app->registry, &made->session, rq->at));
    REFUSE(API_SCOPE);
}

struct err post_staff_sign_in(struct app *app, const struct request *rq, struct reply *rp)
{
    struct staff_signin_ask ask = { .act = sign_in_act(app, rq) };
    struct str next = { 0 };
    bool given;
    const struct json_field form[] = {
        JSON_TEXT("user", &ask.user, 1, 64),
        JSON_TEXT("password", &ask.password, 1, PASSWORD_MAX),
        JSON_TEXT("totp", &ask.totp, 0, 8),
        JSON_OPTIONAL(JSON_TEXT("next", &next, 0, NEXT_MAX), &given),
    };
    struct web_problem problem;
    struct signed_in made;
    struct err err;

    TRY(form_read(rq->body, form, LEN(form)));
    err = sign_in_staff(app, rq, rp, &ask, &made);
    if (err.code == 0) err = may_stay(app, rq, &made);
    if (err.code > 0 && err.code != API_TOO_MANY) {
        problem = problem_of(rq,
                             err.code == SIGNIN_TOTP_NEEDED || err.code == SIGNIN_REUSED ||
                                     err.code == SIGNIN_CODE_FORM
                                 ? "totp"
                                 : "password",
                             err.code);
        show_staff(app, rq, rp, ask.user, next, &problem);
        return OK;
    }
    TRY(err);
    TRY(keep_session(app, rq, rp, &made));
    redirect_ours(rp, next, at_gate(rq) ? S("/gate") : S("/desk"));
    return OK;
}

static RESULT sign_out(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = request_session(rq);

    if (session->actor != ACTOR_TERMINAL)
        TRY(registry_session_end(app->registry, &session->signin, rq->at));
    sessions_drop(app->sessions, session->token_hash);
    reply_session(rq, rp, (struct str){ 0 }, 0);
    return OK;
}

struct err post_sign_out_page(struct app *app, const struct request *rq, struct reply *rp)
{
    TRY(sign_out(app, rq, rp));
    reply_redirect(rp, S("/sign-in"));
    reply_header(rp, "Clear-Site-Data", S("\"cache\", \"storage\""));
    return OK;
}

struct err post_staff_sign_out(struct app *app, const struct request *rq, struct reply *rp)
{
    TRY(sign_out(app, rq, rp));
    reply_redirect(rp, at_gate(rq) ? S("/gate/sign-in") : S("/desk/sign-in"));
    return OK;
}
