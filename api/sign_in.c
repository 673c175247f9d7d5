/* api/sign_in.c - signing in, and asking for a one-time code. */
#include "api/sign_in.h"

#include "registry/number.h"
#include "registry/registry.h"

/* A number as registry reads it: a space more is no other number. */
static struct str subject_of(const struct request *rq, struct str number)
{
    char text[64];
    const size_t n = number_normal(number, text, sizeof text);

    return arena_str(rq->arena, (struct str){ text, n < sizeof text ? n : sizeof text });
}

struct act sign_in_act(const struct app *app, const struct request *rq)
{
    return (struct act){ .at = rq->at,
                         .actor = ACTOR_HOLDER,
                         .channel = CHANNEL_WEB,
                         .provenance = app->demo ? PROVENANCE_SIMULATOR : PROVENANCE_REAL };
}

RESULT sign_in_code_send(struct app *app, const struct request *rq, struct reply *rp,
                         const struct code_ask *ask)
{
    struct code_sent sent;
    struct err err;

    TRY(limits_guess(app, rq, rp, subject_of(rq, ask->number)));
    err = registry_signin_code_send(app->registry, ask, &sent);
    return err.code == SIGNIN_WAIT || err.code == SIGNIN_LOCKED ? OK : err;
}

/* Count it, and tell it. */
static RESULT ended(struct app *app, const struct request *rq, struct str subject, struct err err)
{
    bool secret = err.code == SIGNIN_WRONG || err.code == SIGNIN_LOCKED ||
                  err.code == SIGNIN_EXPIRED || err.code == SIGNIN_NO_SECRET;

    if (err.code == 0) limits_right(app, rq, subject);
    if (!secret) return err;
    limits_wrong(app, rq, subject);
    REFUSE(SIGNIN_WRONG);
}

RESULT sign_in_person(struct app *app, const struct request *rq, struct reply *rp,
                      const struct person_signin_ask *ask, struct signed_in *out)
{
    const struct str subject = subject_of(rq, ask->number);
    const bool password = ask->password.n > 0;
    struct err err;

    TRY(limits_guess(app, rq, rp, subject));
    if (password) TRY(limits_password_enter(app));
    err = registry_signin_person(app->registry, ask, out);
    if (password) limits_password_leave(app);
    return ended(app, rq, subject, err);
}

RESULT sign_in_staff(struct app *app, const struct request *rq, struct reply *rp,
                     const struct staff_signin_ask *ask, struct signed_in *out)
{
    struct err err;

    TRY(limits_guess(app, rq, rp, ask->user));
    TRY(limits_password_enter(app));
    err = registry_signin_staff(app->registry, ask, out);
    limits_password_leave(app);
    return ended(app, rq, ask->user, err);
}
