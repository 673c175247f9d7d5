/* api/reveals.h - opening values of a person, for the route and for the counter's page. */
#pragma once
#include "api/api.h"

enum reveal { REVEAL_NAME, REVEAL_NUMBER, REVEAL_PHONE, REVEAL_BIRTH, REVEALS };
extern const struct json_name REVEAL_FIELDS[REVEALS]; /* "name", "number", "phone", "birth_date" */

struct revealed { /* empty, year 0: not asked for, or there is none */
    struct str name, number, phone;
    struct date birth;
};
/* Open them (enum reveal) for the staff member who asks, and write the look that names them; the
 * caller has asked request_may for MAY_PERSON_REVEAL. `purpose` 0: the request's. Refuses
 * KEYD_BUDGET_*, REGISTRY_PERSON_UNKNOWN; then there is no line. */
RESULT reveal(struct app *app, const struct request *rq, int64_t person_id, const int *fields,
              size_t n, enum purpose purpose, struct revealed *out);
