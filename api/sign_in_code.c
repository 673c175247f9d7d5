/* api/sign_in_code.c - one-time codes for the route and for the page. */
#include "api/sign_in_code.h"

#include "registry/registry.h"

RESULT sign_in_code_send(struct app *app, const struct code_ask *ask)
{
    struct code_sent sent;
    struct err err = registry_signin_code_send(app->registry, ask, &sent);

    return err.code == SIGNIN_WAIT || err.code == SIGNIN_LOCKED ? OK : err;
}
