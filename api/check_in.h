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
    int64_t terminal_id;        /* a terminal's own, or the one that staff stand at */
};
struct check_in {
    struct verdict verdict;     /* filled as far as it got, also when refused */
    struct admission admission; /* likewise */
};
/* The gate that a session serves: a terminal's own, or one in service that staff may admit at.
 * refuses API_NOT_FOUND, API_SCOPE, API_REGION, VENUES_TERMINAL_REVOKED, VENUES_NOT_ENROLLED */
struct stand {
    const struct place *place;
    int64_t terminal_id, staff_id; /* staff_id: 0 for a terminal by itself */
};
RESULT stand_at(struct app *app, const struct request *rq, int64_t terminal_id, struct stand *out);
/* By who stands there. refuses as stand_at, IDENTITY_*, VENUES_* */
RESULT check_in(struct app *app, const struct request *rq, const struct check_in_ask *ask,
                struct check_in *out);
