/* api/frame.h - what the frame's own files share. */
#pragma once
#include "api/api.h"

bool session_has(const struct session *session, uint64_t any_of); /* one of the permissions */
struct str session_cookie(const struct request *rq);
bool csrf_right(struct app *app, const struct request *rq);
/* Is the form's token right? Its random part comes out as the idempotency key. */
bool form_token_right(struct app *app, const struct request *rq, struct str *key);

/* limits.c: refuses API_TOO_MANY with Retry-After */
RESULT limits_request(struct app *app, const struct request *rq, struct reply *rp);
/* Before the store is asked for a token that is not in memory: per address. Refuses the same. */
RESULT limits_ask(struct app *app, const struct request *rq, struct reply *rp);
/* Of API_GRADE_B routes, app->checks_a_second: no lock, no memory. Refuses the same. */
RESULT limits_check(struct app *app, const struct request *rq, struct reply *rp);

/* idempotency.c: rq->once of a key, and the keys in work (one at a time); `stands`: the act was
 * done, so that its key is taken. Refuses API_KEY_*, STORE_ONCE_DIFFERENT. */
RESULT once_of_request(struct app *app, struct request *rq, struct str key);
void once_done(struct app *app, const struct request *rq, bool stands);
