/* api/pages_bookings.c - a resident's bookings.
 *
 * GET  /bookings?before=                       newest first
 * GET  /bookings/{booking}                     number, state, what comes next, receipt
 * POST /bookings/{booking}/cancellations {}    303 to it */
#include "api/booking_ask.h"
#include "api/handlers.h"
#include "api/pages.h"
#include "api/receipt.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

enum { BOOKINGS_SHOWN = 20 };

static RESULT booker(const struct request *rq, int64_t *person_id)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    *person_id = request_session(rq)->person_id;
    return request_may(rq, MAY_SELF_BOOK, 0, 0);
}

static enum web_booking_state state_of(enum booking_state state)
{
    switch (state) {
    case BOOKING_MADE:
        return WEB_BOOKING_BOOKED;
    case BOOKING_CANCELLED:
        return WEB_BOOKING_CANCELLED;
    case BOOKING_ADMITTED:
        return WEB_BOOKING_ADMITTED;
    case BOOKING_NO_SHOW:
        break;
    }
    return WEB_BOOKING_NO_SHOW;
}

static struct web_booking_line line_of(struct app *app, const struct request *rq,
                                       const struct booking *booking)
{
    const struct place *place = place_find(catalogue_now(app->shelf), booking->venue_id);
    struct web_booking_line line = {
        .id = id_text(rq, "bkg", booking->id),
        .venue_id = id_text(rq, "ven", booking->venue_id),
        .opens = booking->starts_at,
        .closes = booking->ends_at,
        .places = booking->places,
        .state = state_of(booking->state),
    };

    if (place) line.venue = place_name(rq, place);
    return line;
}

struct err get_bookings_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_booking_line *lines = NEW_ARRAY(rq->arena, struct web_booking_line, BOOKINGS_SHOWN);
    struct web_bookings_view view = { .bookings = lines };
    int64_t person_id, before = 0;
    struct booking_page page;
    struct web_frame frame;
    struct str last;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ID("before", "bkg", &before), &given),
    };

    TRY(booker(rq, &person_id));
    TRY(query_read(rq, query, LEN(query)));
    if (!lines) return fault(FAULT_MEMORY, "bookings");
    TRY(venues_bookings(app->store, person_id, before, BOOKINGS_SHOWN, rq->arena, &page));
    for (; view.bookings_n < page.n; view.bookings_n++)
        lines[view.bookings_n] = line_of(app, rq, &page.bookings[view.bookings_n]);
    if (page.more) {
        last = lines[page.n - 1].id;
        view.older = arena_format(rq->arena, "/bookings?before=%.*s", (int)last.n, last.p);
    }
    frame = frame_of(app, rq, rp);
    web_bookings(web_reply(rp, 200), &frame, &view);
    return OK;
}

/* The person's own, by its id alone: the newest of theirs before the id after it. */
static RESULT booking_of_path(struct app *app, const struct request *rq, struct booking *out)
{
    int64_t person_id, booking_id;
    struct booking_page page;

    TRY(booker(rq, &person_id));
    TRY(path_id(rq, "booking", "bkg", &booking_id));
    TRY(venues_bookings(app->store, person_id, booking_id + 1, 1, rq->arena, &page));
    REQUIRE(page.n == 1 && page.bookings[0].id == booking_id, API_NOT_FOUND);
    *out = page.bookings[0];
    return OK;
}

static void show(struct app *app, const struct request *rq, struct reply *rp,
                 const struct booking *booking, int status, struct str notice)
{
    const struct place *place = place_find(catalogue_now(app->shelf), booking->venue_id);
    const struct receipt receipt = { RECEIPT_OF_BOOKING, booking->venue_id, booking->id };
    struct web_booking_view view = {
        .booking = line_of(app, rq, booking),
        .made_at = booking->made_at,
        .ended_at = booking->ended_at,
        .may_cancel = booking->state == BOOKING_MADE && instant_before(rq->at, booking->starts_at),
        .code = receipt_code(app, rq->arena, &receipt),
    };
    struct web_frame frame = frame_of(app, rq, rp);

    view.proof = receipt_address(rq->arena, view.code);
    if (place) {
        view.city = region_name(app, rq, place->city);
        if (place->region != place->city) view.address = region_name(app, rq, place->region);
    }
    if (notice.n > 0) frame.notice = WEB_NOTICE_WARNING;
    frame.notice_text = notice;
    web_booking(web_reply(rp, status), &frame, &view);
}

struct err get_booking_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct booking booking;

    TRY(booking_of_path(app, rq, &booking));
    show(app, rq, rp, &booking, 200, (struct str){ 0 });
    return OK;
}

struct err post_cancellation_page(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct place *place;
    struct booking_ask ask;
    struct booking booking;
    struct str id;
    struct err err;

    TRY(form_read(rq->body, NULL, 0));
    TRY(booking_of_path(app, rq, &booking));
    place = place_find(catalogue_now(app->shelf), booking.venue_id);
    REQUIRE(place, API_NOT_FOUND); /* places are kept when they close */
    ask = booking_ask_at(app, rq, place, booking.person_id);
    err = venues_cancel(app->store, booking.id, &ask);
    if (err.code == VENUES_CANCEL_LATE || err.code == VENUES_BOOKING_OVER) {
        show(app, rq, rp, &booking, refusal_of(err.code).status, refusal_text(rq, err.code));
        return OK;
    }
    TRY(err);
    id = id_text(rq, "bkg", booking.id);
    reply_redirect(rp, arena_format(rq->arena, "/bookings/%.*s", (int)id.n, id.p));
    return OK;
}
