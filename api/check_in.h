/* api/check_in.h - a code at a gate: read, used up, and the holder let in. Shared by the call of
 * /v1 and the gate's page. */
#pragma once
#include "api/api.h"
#include "identity/identity.h"
#include "venues/venues.h"

struct check_in_ask {
    struct str code;
    int64_t places;             /* 1..PLACES_MAX */
    struct instant terminal_at; /* the terminal's claim; 0 none */
};
struct check_in {
    struct verdict verdict;     /* filled as far as it got, also when refused */
    struct admission admission; /* likewise */
};
/* By the terminal that is signed in, at its own place. refuses API_SCOPE, IDENTITY_*, VENUES_* */
RESULT check_in(struct app *app, const struct request *rq, const struct check_in_ask *ask,
                struct check_in *out);
