/* api/pages_home.c - where a resident begins: six entries, cards, coming bookings, latest messages.
 *
 * GET /home */
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "notice/notice.h"
#include "venues/venues.h"

enum { SHOWN = 3, BOOKINGS_LOOKED_AT = 30 };

static RESULT cards_of(struct app *app, const struct request *rq, struct web_home_view *view)
{
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    struct web_card_line *lines = NEW_ARRAY(rq->arena, struct web_card_line, CARDS_MAX);
    int n;

    if (!cards || !lines) return fault(FAULT_MEMORY, "cards");
    TRY(registry_cards_of(app->store, request_session(rq)->person_id, cards, &n));
    for (int i = 0; i < n; i++) { /* what is over stands on the card's own page */
        if (cards[i].social == SOCIAL_REPLACED || cards[i].social == SOCIAL_CANCELLED) continue;
        TRY(card_line(app, rq, &cards[i], &lines[view->cards_n]));
        view->cards_n++;
    }
    view->cards = lines;
    return OK;
}

/* The next ones, soonest first. */
static RESULT bookings_of(struct app *app, const struct request *rq, struct web_home_view *view)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    struct web_home_booking *next = NEW_ARRAY(rq->arena, struct web_home_booking, SHOWN + 1);
    struct booking_page page;

    if (!next) return fault(FAULT_MEMORY, "bookings");
    TRY(venues_bookings(app->store, request_session(rq)->person_id, 0, BOOKINGS_LOOKED_AT,
                        rq->arena, &page));
    for (size_t i = 0; i < page.n; i++) {
        const struct booking *booking = &page.bookings[i];
        const struct place *place = place_find(cat, booking->venue_id);
        size_t at = view->bookings_n;

        if (booking->state != BOOKING_MADE || !instant_before(rq->at, booking->ends_at)) continue;
        for (; at > 0 && instant_before(booking->starts_at, next[at - 1].opens); at--)
            next[at] = next[at - 1];
        next[at] = (struct web_home_booking){ .id = id_text(rq, "bkg", booking->id),
                                              .opens = booking->starts_at,
                                              .places = booking->places };
        if (place) next[at].venue = place_name(rq, place);
        if (view->bookings_n < SHOWN) view->bookings_n++;
    }
    view->bookings = next;
    return OK;
}

static RESULT messages_of(struct app *app, const struct request *rq, struct web_home_view *view)
{
    struct web_home_message *latest = NEW_ARRAY(rq->arena, struct web_home_message, SHOWN);
    struct notice_page page;

    if (!latest) return fault(FAULT_MEMORY, "messages");
    TRY(notice_history(app->store, request_session(rq)->person_id, 0, SHOWN, rq->arena, &page));
    for (int i = 0; i < page.n; i++) {
        const struct notice_record *record = &page.records[i];
        latest[view->messages_n++] = (struct web_home_message){
            .at = record->at,
            .text = page_english(rq) ? record->text.en : record->text.zh,
        };
    }
    view->messages = latest;
    return OK;
}

struct err get_home_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_home_view view = { 0 };
    struct web_frame frame;

    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(holder_name(app, rq, &view.name));
    TRY(cards_of(app, rq, &view));
    TRY(bookings_of(app, rq, &view));
    TRY(messages_of(app, rq, &view));
    frame = frame_of(app, rq, rp);
    web_home(web_reply(rp, 200), &frame, &view);
    return OK;
}
