/* api/sign_in_code.h - asking for a one-time code, so that the answer tells nobody who is known. */
#pragma once
#include "api/api.h"

/* Have a code sent, if there is somebody and it is time for one. Ends the same for a number that
 * nobody has, for a person without a phone, and for one whose last code was sent a moment ago, who
 * has had all of today's or whose tries are used up: a refusal here would tell who is registered to
 * anybody who asks twice. A number that is none is refused: NUMBER_*. */
RESULT sign_in_code_send(struct app *app, const struct code_ask *ask);
