/* api/looks.h - somebody is shown something of a person that is not their own: one line in that
 * person's record, which the holder reads under "who used my card".
 *
 * It is grade A (design section 1): the line is synced before anything is shown, and when it can't
 * be written nothing is. A handler calls look_record after it knows that it may answer and before
 * it writes its reply. One line a request; asking again is another look. */
#pragma once
#include "api/api.h"

struct look {
    int64_t person_id; /* whose record */
    int64_t card_id;   /* 0: the person's altogether */
    const char *act; /* lower_snake, one of those below; in words by act_words (api/act_words.h) */
    struct str fields;    /* names of what was shown, a comma between: "name,phone" */
    enum purpose purpose; /* 0: as the request says (X-Purpose) */
    int refused;          /* 0, or why nothing was shown: the holder sees that somebody tried */
};

/* The acts. Values are masked in all of them but LOOK_OPENED. */
#define LOOK_FOUND "person_found"         /* a search came upon the person */
#define LOOK_PERSON "person_viewed"       /* name, number and phone, masked */
#define LOOK_CARDS "cards_viewed"         /* all cards of the person */
#define LOOK_CARD "card_viewed"           /* one card, its history or its loss report */
#define LOOK_JOURNAL "journal_viewed"     /* who used the card */
#define LOOK_NOTICES "notices_viewed"     /* messages sent to the person */
#define LOOK_RELATIONS "relations_viewed" /* guardians and helpers */
#define LOOK_BOOKING "booking_viewed"     /* a booking of theirs */
#define LOOK_OPENED "fields_opened"       /* values in clear */

/* Write the line. A holder's look at what is their own leaves none. Faults when it is not durable.
 */
RESULT look_record(struct app *app, const struct request *rq, const struct look *look);
