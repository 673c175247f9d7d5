/* api/card_access.h - finding the card or person that an address names, and whether this session
 * may. Somebody else's is told as not there: a refusal that differs would tell that it exists. */
#pragma once
#include "api/api.h"
#include "registry/card.h"

/* The card of path parameter "card". A holder needs `self` and must be its person; staff need
 * `staff` in the card's region. Refuses HTTP_ID_UNKNOWN, API_NOT_FOUND, API_SCOPE, API_REGION. */
RESULT card_of_path(struct app *app, const struct request *rq, enum permission self,
                    enum permission staff, struct card *out);
/* The same by id. */
RESULT card_of_id(struct app *app, const struct request *rq, int64_t card_id, enum permission self,
                  enum permission staff, struct card *out);
/* The person of path parameter "person"; "me" is the holder who is signed in. */
RESULT person_of_path(struct app *app, const struct request *rq, enum permission self,
                      enum permission staff, int64_t *person_id);
/* The same, and for those who may act for the holder (registry_link_may): whoever has a relation
 * with all of `scope` (0: any), needing `self` as the holder would. */
RESULT helped_card_of_path(struct app *app, const struct request *rq, enum permission self,
                           unsigned scope, enum permission staff, struct card *out);
RESULT helped_person_of_path(struct app *app, const struct request *rq, enum permission self,
                             unsigned scope, enum permission staff, int64_t *person_id);
/* Staff are shown the card: the line in its holder's record (api/looks.h). */
RESULT card_look(struct app *app, const struct request *rq, const struct card *card);
/* After registry_card_replace: each service's part of what the new card inherits, in the order of
 * app->replacement. */
RESULT card_inherit(struct app *app, const struct request *rq, int64_t person_id,
                    const struct replace_made *made);
/* The act of a session that may report and lift losses: staff at a window have seen papers, whoever
 * reports by phone is known by questions only, a holder as they signed in. `channel` 0: not said.
 * (api/loss_reports.c) */
struct act counter_act(const struct request *rq, int channel);
/* Who opens what is sealed: a holder their own, staff at a counter. */
struct field_use field_use_of(const struct request *rq);
/* Members of a card as every answer shows it: id, person, states by name, e-card, loss, validity.
 * The number is not among them. */
void card_put(struct json_out *out, const struct card *card);
