/* api/pages.h - what the page handlers share: the frame round every page, masked names, a card as
 * pages show it. */
#pragma once
#include "api/api.h"
#include "crypto/keyd.h"
#include "registry/card.h"
#include "web/pages.h"
#include "web/web.h"

/* The frame of this request; `rp` may get the cookie that form tokens are bound to. */
struct web_frame page_frame(struct app *app, const struct request *rq, struct reply *rp,
                            enum web_role role);
/* Name, number and phone of a person, masked, opened for `use`; empty where keyd's budget is used
 * up. */
struct page_person {
    struct str name, person_no, phone;
};
struct page_person page_person(struct app *app, const struct request *rq, enum keyd_use use,
                               int64_t person_id);
/* Which acts stand open to whom. */
enum page_reader { READER_HOLDER, READER_CLERK };
struct web_card_line page_card_line(struct app *app, const struct request *rq, enum keyd_use use,
                                    enum page_reader reader, const struct card *card);
/* "crd_..." in the request's arena. */
struct str page_id(const struct request *rq, const char *prefix, int64_t id);
/* The newest card of a person that is not cancelled; OK with card->id 0 when there is none. */
RESULT page_card_now(struct app *app, int64_t person_id, struct card *card);
/* The words of a refusal as a page; the frame's hook (api_set_error_page). */
void page_refused(struct app *app, const struct request *rq, struct reply *rp,
                  const struct refusal *refusal);
