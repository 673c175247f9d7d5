/* tests/api/venues_test.c - places, slots, bookings and cancellations over HTTP: every field
 * wrongly, every stranger, every order that is none, and the last place. On both engines. */
#include "tests/api/gate.h"

struct ground {
    struct api_world *w;
    int64_t venue_id, slot_id;
    char venue[20], slot[20], book[120];
};

static struct slot slot_now(struct ground *g)
{
    struct slot slot = { .id = 0 };

    CHECK_OK("the slot", venues_slot_get(g->w->base.f.store, g->venue_id, g->slot_id, &slot));
    return slot;
}

static void reading(struct api_world *w)
{
    char none[80], slots[80], occupancy[80], wrong[80], id[20], venue[20], day[80], days[80],
        first[80], last[80];
    const struct refused rows[] = {
        { "a place that is none", &w->nobody, none, "", 404, "unknown" },
        { "its slots", &w->nobody, slots, "", 404, "unknown" },
        { "its occupancy", &w->nobody, occupancy, "", 404, "unknown" },
        { "another kind of id", &w->nobody, wrong, "", 404, "id_unknown" },
        { "a day that is none", &w->nobody, day, "", 422, "format" },
        { "a day before all days", &w->nobody, first, "", 422, "format" },
        { "a day behind all days", &w->nobody, last, "", 422, "format" },
        { "two days", &w->nobody, days, "", 400, "parameter" },
        { "a city that is none", &w->nobody, "GET /v1/venues?city=x", "", 422, "type" },
        { "a city out of range", &w->nobody, "GET /v1/venues?city=7", "", 422, "range" },
        { "an unknown parameter", &w->nobody, "GET /v1/venues?town=340100", "", 400, "parameter" },
        { "a page of none", &w->nobody, "GET /v1/venues?limit=0", "", 422, "range" },
        { "a page too long", &w->nobody, "GET /v1/venues?limit=201", "", 422, "range" },
        { "a cursor that is none", &w->nobody, "GET /v1/venues?cursor=abc", "", 400, "cursor" },
        { "bookings of nobody", &w->nobody, "GET /v1/bookings", "", 401, "sign_in" },
        { "bookings for a clerk", &w->clerk, "GET /v1/bookings", "", 403, "scope" },
        { "a cursor of nothing", &w->holder, "GET /v1/bookings?cursor=abc", "", 400, "cursor" },
    };

    world_id(w, "ven", 77, id);
    world_venue(w, 0, venue);
    snprintf(none, sizeof none, "GET /v1/venues/%s", id);
    snprintf(slots, sizeof slots, "GET /v1/venues/%s/slots", id);
    snprintf(occupancy, sizeof occupancy, "GET /v1/venues/%s/occupancy", id);
    snprintf(wrong, sizeof wrong, "GET /v1/venues/%s", w->holder_card);
    snprintf(day, sizeof day, "GET /v1/venues/%s/slots?day=2021-02-30", venue);
    snprintf(days, sizeof days, "GET /v1/venues/%s/slots?day=2021-08-20&day=2021-08-21", venue);
    snprintf(first, sizeof first, "GET /v1/venues/%s/slots?day=0001-01-01", venue);
    snprintf(last, sizeof last, "GET /v1/venues/%s/slots?day=9999-12-31", venue);
    UNTOUCHED(w, rows);
    CHECK_STATUS(w, "a cursor of another list",
                 world_ask(w, &w->nobody, "GET /v1/venues?limit=1", ""), 200);
    snprintf(none, sizeof none, "GET /v1/bookings?cursor=%s", world_member(w, "next_cursor"));
    CHECK_STATUS(w, "is none of this one", world_ask(w, &w->holder, none, ""), 400);
    CHECK_STR("cursor", client_code(&w->client), S("cursor"));
}

static void booking(struct ground *g)
{
    static const struct wrong_field FIELDS[] = { { "places", WRONG_INT, "1", NEEDED } };
    struct api_world *w = g->w;
    char none[120], crossed[120], id[20], second[20];
    const struct refused rows[] = {
        { "nobody", &w->nobody, g->book, "{\"places\":1}", 401, "sign_in" },
        { "a clerk", &w->clerk, g->book, "{\"places\":1}", 403, "scope" },
        { "a venue's staff", &w->venue, g->book, "{\"places\":1}", 403, "scope" },
        { "nought places", &w->holder, g->book, "{\"places\":0}", 422, "range" },
        { "six places", &w->holder, g->book, "{\"places\":6}", 422, "range" },
        { "more than are left", &w->holder, g->book, "{\"places\":5}", 409, "quota_exhausted" },
        { "a slot that is none", &w->holder, none, "{\"places\":1}", 404, "slot_unknown" },
        { "a slot of another place", &w->holder, crossed, "{\"places\":1}", 404, "slot_unknown" },
    };

    world_id(w, "slt", 77, id);
    world_venue(w, 1, second);
    snprintf(none, sizeof none, "POST /v1/venues/%s/slots/%s/bookings", g->venue, id);
    snprintf(crossed, sizeof crossed, "POST /v1/venues/%s/slots/%s/bookings", second, g->slot);
    WRONG(w, w->holder, g->book, FIELDS, API_ONCE);
    UNTOUCHED(w, rows);
    world_repeated(w, &w->holder, g->book, "{\"places\":2}", "{\"places\":1}", 201);
    CHECK_INT("taken once", slot_now(g).taken, 2);
    {
        const struct refused twice[] = {
            { "booked twice", &w->holder, g->book, "{\"places\":1}", 409, "booked_already" },
            { "another, more than are left", &w->other, g->book, "{\"places\":2}", 409,
              "quota_exhausted" },
        };

        UNTOUCHED(w, twice);
    }
}

static void cancelling(struct ground *g)
{
    struct api_world *w = g->w;
    char mine[140], none[140], crossed[140], booking_id[20], id[20], second[20];

    CHECK_STATUS(w, "one's bookings", world_ask(w, &w->holder, "GET /v1/bookings", ""), 200);
    snprintf(booking_id, sizeof booking_id, "%s", world_member(w, "id"));
    world_id(w, "bkg", 77, id);
    world_venue(w, 1, second);
    snprintf(mine, sizeof mine, "POST /v1/venues/%s/bookings/%s/cancellations", g->venue,
             booking_id);
    snprintf(none, sizeof none, "POST /v1/venues/%s/bookings/%s/cancellations", g->venue, id);
    snprintf(crossed, sizeof crossed, "POST /v1/venues/%s/bookings/%s/cancellations", second,
             booking_id);
    WRONG_EMPTY(w, w->holder, mine, 0);
    {
        const struct refused rows[] = {
            { "nobody", &w->nobody, mine, "{}", 401, "sign_in" },
            { "another resident", &w->other, mine, "{}", 404, "unknown" },
            { "a clerk", &w->clerk, mine, "{}", 403, "scope" },
            { "a booking that is none", &w->holder, none, "{}", 404, "unknown" },
            { "a booking of another place", &w->holder, crossed, "{}", 404, "unknown" },
        };

        UNTOUCHED(w, rows);
    }
    CHECK_STATUS(w, "cancelled", world_ask(w, &w->holder, mine, "{}"), 201);
    CHECK("says so", client_has(&w->client, "\"state\":\"cancelled\""));
    CHECK_INT("the places are back", slot_now(g).taken, 0);
    {
        struct held before = held_now(w);

        CHECK_STATUS(w, "cancelled twice is as good as once", world_ask(w, &w->holder, mine, "{}"),
                     201);
        held_same(w, "cancelled twice", &before, 0);
    }
}

/* After it was used or missed, after it began, and three times not come. */
static void too_late(struct ground *g)
{
    struct api_world *w = g->w;
    char mine[140];
    int64_t left = 1;
    const struct refused begun[] = { { "cancelled when it has begun", &w->holder, mine, "{}", 409,
                                       "cancel_late" } };
    const struct refused over[] = { { "cancelled when it was missed", &w->holder, mine, "{}", 409,
                                      "booking_over" } };
    const struct refused closed[] = { { "booked when it is over", &w->other, g->book,
                                        "{\"places\":1}", 409, "slot_closed" } };

    CHECK_STATUS(w, "booked again", world_ask(w, &w->holder, g->book, "{\"places\":1}"), 201);
    snprintf(mine, sizeof mine, "POST /v1/venues/%s/bookings/%s/cancellations", g->venue,
             world_member(w, "id"));
    fixture_pass(&w->base.f, USEC_PER_HOUR);
    UNTOUCHED(w, begun);
    fixture_pass(&w->base.f, 4 * USEC_PER_HOUR);
    UNTOUCHED(w, closed);
    CHECK_OK("who did not come", venues_no_shows(w->base.f.store, g->venue_id, g->slot_id,
                                                 fixture_now(&w->base.f), 10, &left));
    UNTOUCHED(w, over);
}

static void paused(struct ground *g)
{
    struct api_world *w = g->w;
    int done = 0;
    const struct refused rows[] = { { "after three no-shows", &w->holder, g->book, "{\"places\":1}",
                                      409, "booking_paused" } };

    for (int i = 0; i < NO_SHOWS_MAX; i++) {
        int64_t left;

        fixture_pass(&w->base.f, USEC_PER_DAY);
        g->slot_id = world_slot(w, g->venue_id, 4, 1, g->slot);
        snprintf(g->book, sizeof g->book, "POST /v1/venues/%s/slots/%s/bookings", g->venue,
                 g->slot);
        if (i == NO_SHOWS_MAX - 1) break;
        CHECK_STATUS(w, "booked", world_ask(w, &w->holder, g->book, "{\"places\":1}"), 201);
        fixture_pass(&w->base.f, 5 * USEC_PER_HOUR);
        CHECK_OK("not come", venues_no_shows(w->base.f.store, g->venue_id, g->slot_id,
                                             fixture_now(&w->base.f), 10, &left));
    }
    CHECK_OK("told", outbox_deliver(w->base.f.store, VENUES_TOPIC_NO_SHOW, 10, venues_no_show,
                                    w->base.f.store, &done));
    CHECK_INT("three times", done, NO_SHOWS_MAX);
    UNTOUCHED(w, rows);
}

/* The last place is given once. */
static void last_place(struct ground *g)
{
    struct api_world *w = g->w;
    static struct asker people[12];
    char id[20], card[20], no[19];
    int made = 0, refused = 0;

    g->slot_id = world_slot(w, g->venue_id, 3, 0, g->slot);
    snprintf(g->book, sizeof g->book, "POST /v1/venues/%s/slots/%s/bookings", g->venue, g->slot);
    for (size_t i = 0; i < LEN(people); i++) {
        world_resident(w, "陈八", "13800000008", &people[i], id, card, no);
        switch (world_ask(w, &people[i], g->book, "{\"places\":1}")) {
        case 201:
            made++;
            break;
        case 409:
            refused += str_eq(client_code(&w->client), S("quota_exhausted"));
            break;
        }
    }
    CHECK_INT("three places", made, 3);
    CHECK_INT("the others hear that there is none", refused, (int)LEN(people) - 3);
    CHECK_INT("the slot says so", slot_now(g).taken, 3);
}

int main(void)
{
    static struct api_world w;
    static struct ground g;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            struct slot_ask ask = { .quota = 3, .held = 1 };
            struct instant now = fixture_now(&w.base.f);

            g = (struct ground){ .w = &w };
            g.venue_id = ask.venue_id = world_venue(&w, 0, g.venue);
            ask.opens_at = instant_add(now, -USEC_PER_DAY);
            ask.closes_at = instant_add(now, 2 * USEC_PER_HOUR);
            ask.starts_at = instant_add(now, USEC_PER_HOUR);
            ask.ends_at = instant_add(now, 4 * USEC_PER_HOUR);
            CHECK_OK("a slot", venues_slot_add(w.base.f.store, NULL, &ask, &g.slot_id));
            world_id(&w, "slt", g.slot_id, g.slot);
            snprintf(g.book, sizeof g.book, "POST /v1/venues/%s/slots/%s/bookings", g.venue,
                     g.slot);
            reading(&w);
            booking(&g);
            cancelling(&g);
            too_late(&g);
            paused(&g);
            fixture_pass(&w.base.f, USEC_PER_DAY);
            last_place(&g);
        }
        api_world_close(&w);
    }
    return test_end();
}
