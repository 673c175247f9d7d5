/* api/sign_in.h - signing in, for the routes and for the pages: how often, and so told that the
 * answer tells nobody who is registered (decision 0041). */
#pragma once
#include "api/api.h"

/* Nobody is signed in yet: who acts is told by the number or the user, found in registry/. */
struct act sign_in_act(const struct app *app, const struct request *rq);
/* Have a code sent, if there is somebody and it is time for one. Ends the same for a number that
 * nobody has, for a person without a phone, and for one whose last code was sent a moment ago, who
 * has had all of today's or whose tries are used up: a refusal here would tell who is registered to
 * anybody who asks twice. A number that is none is refused: NUMBER_*. Refuses API_TOO_MANY. */
RESULT sign_in_code_send(struct app *app, const struct request *rq, struct reply *rp,
                         const struct code_ask *ask);
/* Sign in, a resident or staff. A number or name that nobody has, a secret that is wrong, too old,
 * used, locked or was never set are one refusal, SIGNIN_WRONG, whose words name them all. Refuses
 * API_TOO_MANY, API_PASSWORDS_BUSY, NUMBER_*, SIGNIN_FORM, REGISTRY_PERSON_DEAD and STAFF_DISABLED
 * (to who knew the secret); of staff with the right password SIGNIN_TOTP_NEEDED, SIGNIN_REUSED. */
RESULT sign_in_person(struct app *app, const struct request *rq, struct reply *rp,
                      const struct person_signin_ask *ask, struct signed_in *out);
RESULT sign_in_staff(struct app *app, const struct request *rq, struct reply *rp,
                     const struct staff_signin_ask *ask, struct signed_in *out);
