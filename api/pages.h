/* api/pages.h - what the pages' handlers share: the frame around a page, and how a card is shown.
 * The pages themselves are web/'s (web/pages.h); a handler here decides, gathers and fills in. */
#pragma once
#include "api/api.h"
#include "registry/card.h"
#include "web/pages.h"

/* Language, elder mode, who is signed in, tokens. Names are opened only where the masthead shows
 * them. */
struct web_frame frame_of(struct app *app, const struct request *rq, struct reply *rp);
bool page_english(const struct request *rq); /* the cookie `lang`, else Accept-Language */
/* Refusals of pages as a page with the same words; set by pages_open. */
void pages_open(void);
struct str id_text(const struct request *rq, const char *prefix, int64_t id);
struct str words_of(const struct request *rq, const char *zh, const char *en);
/* A refusal in words at a form: what it is, then what to do about it. */
struct str refusal_text(const struct request *rq, int code);
/* One card for a page. What may be done with it is by the table of moves, by who asks, and by how
 * surely they are known. */
RESULT card_line(struct app *app, const struct request *rq, const struct card *card,
                 struct web_card_line *out);
/* The holder's page of a card; with words above it when something cannot be done. */
RESULT card_page(struct app *app, const struct request *rq, struct reply *rp,
                 const struct card *card, int status, struct str notice);
/* The holder's own name as pages show it: 张*. */
RESULT holder_name(struct app *app, const struct request *rq, struct str *out);
struct str mask_name(const struct request *rq, struct str plain);
/* Why a counter looks, unless it says otherwise: somebody stands there, or calls 12333. */
enum purpose desk_purpose(const struct request *rq);
/* Which acts on the card are open to this clerk: by the card's state, role and region. */
void desk_card_may(const struct request *rq, const struct card *card, struct web_card_line *out);
/* No card lives in the person's province, and this clerk may issue one there. */
RESULT desk_may_issue(struct app *app, const struct request *rq, const struct person *person,
                      bool *may);
/* What was wrong with a form's fields (rq->problems, after HTTP_FIELDS), for frame.problems. */
const struct web_problem *form_problems(const struct request *rq, size_t *n);
/* 8月20日 15:32 | 20 Aug 15:32: an instant in words of a page. */
struct str when_text(const struct request *rq, struct instant at);
/* A place's name and its city in the reader's language. */
struct place;
struct str place_name(const struct request *rq, const struct place *place);
struct str region_name(struct app *app, const struct request *rq, int32_t code);
/* 303 to `next` when it is a path of ours, else to `otherwise`. */
void redirect_ours(struct reply *rp, struct str next, struct str otherwise);
