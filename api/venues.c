/* api/venues.c - places with slots, and bookings of them.
 *
 * GET  /v1/venues?city=&kind=                  places that can be booked or entered, by cursor
 * GET  /v1/venues/{venue}
 * GET  /v1/venues/{venue}/slots?day=           the day's slots, today by default
 * GET  /v1/venues/{venue}/occupancy
 * POST /v1/venues/{venue}/slots/{slot}/bookings   {"places": 1..5}   201 {"id", ...}
 * GET  /v1/bookings                            the holder's own, newest first, by cursor
 * GET  /v1/venues/{venue}/bookings/{booking}
 * POST /v1/venues/{venue}/bookings/{booking}/cancellations */
#include "api/booking_ask.h"
#include "api/handlers.h"
#include "api/looks.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

static RESULT place_of_path(struct app *app, const struct request *rq, const struct place **out)
{
    int64_t venue_id;

    TRY(path_id(rq, "venue", "ven", &venue_id));
    *out = place_find(catalogue_now(app->shelf), venue_id);
    REQUIRE(*out, API_NOT_FOUND);
    return OK;
}

static void place_put(struct app *app, struct reply *rp, const struct place *place)
{
    const struct catalogue *cat = catalogue_now(app->shelf);

    json_put_id(rp, "id", "ven", place->id);
    json_put_str(rp, "code", place->code);
    json_put_str(rp, "kind", str_of(place_kind_name(place->kind)));
    json_put_str(rp, "name", place->name.zh);
    json_put_str(rp, "name_en", place->name.en);
    json_put_int(rp, "city", place->city);
    json_put_int(rp, "region_code", place->region);
    json_put_str(rp, "level", place->level);
    json_put_bool(rp, "booking", slot_rule_for(cat, place) != NULL);
    json_put_str(rp, "mark", str_of(mark_name(place->mark)));
}

static void operator_put(struct app *app, struct reply *rp, const struct place *place)
{
    const struct organisation *operator=
        organisation_find(catalogue_now(app->shelf), place->operator_id);

    if (!operator) return;
    json_put_object(rp, "operator");
    json_put_id(rp, "id", "org", operator->id);
    json_put_str(rp, "code", operator->code);
    json_put_str(rp, "name", operator->name.zh);
    json_put_str(rp, "name_en", operator->name.en);
    json_put_str(rp, "mark", str_of(mark_name(operator->mark)));
    json_put_end(rp);
}

RESULT get_venues(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    struct page page;
    int64_t city = 0, last = 0, n = 0, shown[PAGE_KEYS] = { 0 };
    struct str kind = { 0 };
    bool given, more = false;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_INT("city", &city, 100000, 999999), &given),
        JSON_OPTIONAL(JSON_TEXT("kind", &kind, 1, 40), &given),
    };

    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (last = page.after[0]; last < (int64_t)place_count(cat); last++) { /* in code order */
        const struct place *place = place_at(cat, (size_t)last);
        if (city != 0 && place->city != city) continue;
        if (kind.n > 0 && !str_eq(kind, str_of(place_kind_name(place->kind)))) continue;
        if (n == page.limit) {
            more = true;
            break;
        }
        json_put_object(rp, NULL);
        place_put(app, rp, place);
        json_put_end(rp);
        n++;
    }
    json_put_end(rp);
    shown[0] = last;
    page_end(app, rq, rp, more, shown);
    return OK;
}

RESULT get_venue(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct place *place;

    TRY(place_of_path(app, rq, &place));
    reply_json(rp, 200);
    place_put(app, rp, place);
    operator_put(app, rp, place);
    return OK;
}

enum { SLOTS_A_DAY = 64 };

RESULT get_slots(struct app *app, const struct request *rq, struct reply *rp)
{
    struct date date = day_date(day_of(rq->at));
    const struct place *place;
    struct slot_page slots;
    struct day day;
    bool given;
    const struct json_field query[] = { JSON_OPTIONAL(JSON_DATE("day", &date), &given) };

    TRY(place_of_path(app, rq, &place));
    TRY(query_read(rq, query, LEN(query)));
    day = date_day(date);
    TRY(venues_slots(app->store, place->id, day_start(day),
                     day_start((struct day){ day.number + 1 }), 0, SLOTS_A_DAY, rq->arena, &slots));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (size_t i = 0; i < slots.n; i++) {
        const struct slot *slot = &slots.slots[i];
        json_put_object(rp, NULL);
        json_put_id(rp, "id", "slt", slot->id);
        json_put_str(rp, "state", slot->state == SLOT_OPEN ? S("open") : S("called_off"));
        json_put_int(rp, "quota", slot->quota);
        json_put_int(rp, "left", slot->quota - slot->taken);
        json_put_instant(rp, "opens_at", slot->opens_at);
        json_put_instant(rp, "closes_at", slot->closes_at);
        json_put_instant(rp, "starts_at", slot->starts_at);
        json_put_instant(rp, "ends_at", slot->ends_at);
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

RESULT get_occupancy(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct place *place;
    struct occupancy now;

    TRY(place_of_path(app, rq, &place));
    TRY(venues_occupancy(app->store, place->id, rq->at, &now));
    reply_json(rp, 200);
    json_put_bool(rp, "open", now.slot_id != 0);
    json_put_int(rp, "quota", now.quota);
    json_put_int(rp, "taken", now.taken);
    json_put_int(rp, "admitted", now.admitted);
    json_put_int(rp, "admitted_today", now.admitted_today);
    return OK;
}

static const char *booking_word(enum booking_state state)
{
    static const char *const WORDS[] = { "", "made", "cancelled", "admitted", "no_show" };

    return WORDS[state];
}

static void booking_put(struct reply *rp, const struct booking *booking)
{
    json_put_id(rp, "id", "bkg", booking->id);
    json_put_id(rp, "venue", "ven", booking->venue_id);
    json_put_id(rp, "slot", "slt", booking->slot_id);
    json_put_int(rp, "places", booking->places);
    json_put_str(rp, "state", str_of(booking_word(booking->state)));
    json_put_instant(rp, "made_at", booking->made_at);
    json_put_instant(rp, "starts_at", booking->starts_at);
    json_put_instant(rp, "ends_at", booking->ends_at);
}

static RESULT booker(const struct request *rq, int64_t *person_id)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    *person_id = request_session(rq)->person_id;
    return request_may(rq, MAY_SELF_BOOK, 0, 0);
}

RESULT post_booking(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t person_id, slot_id, places, booking_id;
    const struct place *place;
    struct booking_ask ask;
    struct booking booking;
    const struct json_field body[] = { JSON_INT("places", &places, 1, PLACES_MAX) };

    TRY(place_of_path(app, rq, &place));
    TRY(path_id(rq, "slot", "slt", &slot_id));
    TRY(json_read(rq->body, body, LEN(body)));
    TRY(booker(rq, &person_id));
    ask = booking_ask_at(app, rq, place, person_id);
    ask.slot_id = slot_id;
    ask.places = places;
    TRY(venues_book(app->store, rq->once, &ask, &booking_id));
    TRY(venues_booking_get(app->store, place->id, booking_id, &booking));
    reply_json(rp, 201);
    booking_put(rp, &booking);
    return OK;
}

RESULT get_bookings(struct app *app, const struct request *rq, struct reply *rp)
{
    struct booking_page bookings;
    struct page page;
    int64_t person_id, last[PAGE_KEYS] = { 0 };

    TRY(booker(rq, &person_id));
    TRY(page_read(app, rq, &page, NULL, 0));
    TRY(venues_bookings(app->store, person_id, page.after[0], (size_t)page.limit, rq->arena,
                        &bookings));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (size_t i = 0; i < bookings.n; i++) {
        json_put_object(rp, NULL);
        booking_put(rp, &bookings.bookings[i]);
        json_put_end(rp);
        last[0] = bookings.bookings[i].id;
    }
    json_put_end(rp);
    page_end(app, rq, rp, bookings.more, last);
    return OK;
}

/* The holder's own, or one that staff of the place may see. */
RESULT get_booking(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct session *session = request_session(rq);
    const struct place *place;
    struct booking booking;
    int64_t booking_id;
    struct err err;

    TRY(place_of_path(app, rq, &place));
    TRY(path_id(rq, "booking", "bkg", &booking_id));
    if (session->actor == ACTOR_STAFF) TRY(request_may_at(rq, MAY_BOOKING_VIEW, place));
    err = venues_booking_get(app->store, place->id, booking_id, &booking);
    if (err.code == VENUES_BOOKING_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    REQUIRE(session->actor == ACTOR_STAFF || booking.person_id == session->person_id,
            API_NOT_FOUND);
    TRY(look_record(app, rq,
                    &(struct look){ .person_id = booking.person_id, .act = LOOK_BOOKING }));
    reply_json(rp, 200);
    booking_put(rp, &booking);
    return OK;
}

RESULT post_booking_cancellation(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t person_id, booking_id;
    const struct place *place;
    struct booking_ask ask;
    struct booking booking;
    struct err err;

    TRY(json_read(rq->body, NULL, 0));
    TRY(booker(rq, &person_id));
    TRY(place_of_path(app, rq, &place));
    TRY(path_id(rq, "booking", "bkg", &booking_id));
    ask = booking_ask_at(app, rq, place, person_id);
    err = venues_cancel(app->store, booking_id, &ask);
    if (err.code == VENUES_BOOKING_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    TRY(venues_booking_get(app->store, place->id, booking_id, &booking));
    reply_json(rp, 201);
    booking_put(rp, &booking);
    return OK;
}
