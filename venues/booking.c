/* venues/booking.c - how a booking is decided and made; its SQL is in booking_store.c. */
#include "venues/venues.h"

#include "notice/notice.h"
#include "venues/booking_store.h"
#include "venues/slot_store.h"

RESULT booking_decide(const struct slot *slot, const struct booking_ask *ask)
{
    assert(slot->taken >= 0);
    assert(slot->taken <= slot->quota);
    assert(ask->places >= 1);
    assert(ask->places <= PLACES_MAX);

    REQUIRE(slot->state == SLOT_OPEN, VENUES_SLOT_CLOSED);
    REQUIRE(!instant_before(ask->at, slot->opens_at), VENUES_SLOT_CLOSED);
    REQUIRE(instant_before(ask->at, slot->closes_at), VENUES_SLOT_CLOSED);
    REQUIRE(ask->places <= slot->quota - slot->taken, VENUES_QUOTA_EXHAUSTED);
    return OK;
}

/* "08-21 09:00" at UTC+8: what a holder needs of a slot */
static struct str slot_text(struct instant starts_at, char *out, size_t size)
{
    struct day day = day_of(starts_at);
    struct date date = day_date(day);
    int64_t minute = (starts_at.usec - day_start(day).usec) / USEC_PER_MIN;
    struct writer w = writer_over(out, size);

    put_digits(&w, date.month, 2);
    put_char(&w, '-');
    put_digits(&w, date.day, 2);
    put_char(&w, ' ');
    put_digits(&w, minute / 60, 2);
    put_char(&w, ':');
    put_digits(&w, minute % 60, 2);
    return writer_str(&w);
}

RESULT booking_tell(struct txn *tx, enum notice_kind kind, const struct booking *booking,
                    struct str place, struct instant at)
{
    char when[32], places[8];
    struct writer w = writer_over(places, sizeof places);
    struct notice_parameter parameters[3] = {
        { "place", str_part(place, 0, NOTICE_VALUE_MAX) },
        { "slot", slot_text(booking->starts_at, when, sizeof when) },
    };
    struct notice notice = { .kind = kind,
                             .person_id = booking->person_id,
                             .at = at,
                             .parameters = parameters,
                             .parameters_n = kind == NOTICE_BOOKING_MADE ? 3 : 2 };

    if (place.n == 0) return OK;
    put_int(&w, booking->places);
    parameters[2] = (struct notice_parameter){ "places", writer_str(&w) };
    return notice_put(tx, &notice, NULL);
}

RESULT booking_line(struct txn *tx, const struct booking_ask *ask, const struct booking *booking,
                    struct str act, enum journal_actor actor)
{
    struct journal_line line = {
        .kind = JOURNAL_USE,
        .actor = actor,
        .actor_id = actor == ACTOR_HOLDER ? booking->person_id : 0,
        .grade = GRADE_A,
        .provenance = ask->provenance == 0 ? PROVENANCE_REAL : ask->provenance,
        .person_id = booking->person_id,
        .place_id = ask->venue_id,
        .region_code = ask->region_code,
        .act = act,
        .item = ask->item,
        .object_prefix = "bkg",
        .object_id = booking->id,
        .at = ask->at,
    };

    return journal_append(tx, &line, NULL);
}

struct book_call {
    const struct booking_ask *ask;
    struct instant paused_until; /* of the person's root, read before */
    int64_t booking_id;
};

/* May run again after a conflict, so it writes only to `tx` and `call->booking_id`. */
static RESULT book_in_txn(struct txn *tx, void *arg)
{
    struct book_call *call = arg;
    const struct booking_ask *ask = call->ask;
    struct booking booking;
    struct slot slot;
    bool booked;

    TRY(slot_load(tx, ask->venue_id, ask->slot_id, &slot));
    TRY(booking_decide(&slot, ask));
    REQUIRE(!instant_before(ask->at, call->paused_until), VENUES_PAUSED);
    TRY(booking_of_slot(tx, ask->venue_id, ask->slot_id, ask->person_id, &booking, &booked));
    REQUIRE(!booked, VENUES_BOOKED_ALREADY);
    call->booking_id = txn_new_id(tx);
    TRY(slot_take(tx, ask->venue_id, slot.id, ask->places));
    TRY(booking_insert(tx, ask, call->booking_id));
    booking = (struct booking){ .id = call->booking_id,
                                .person_id = ask->person_id,
                                .places = ask->places,
                                .starts_at = slot.starts_at };
    TRY(booking_line(tx, ask, &booking, S("booking_made"), ACTOR_HOLDER));
    TRY(booking_tell(tx, NOTICE_BOOKING_MADE, &booking, ask->place, ask->at));
    txn_result(tx, call->booking_id);
    return OK;
}

RESULT venues_book(struct store *store, const struct once *once, const struct booking_ask *ask,
                   int64_t *booking_id)
{
    struct root root = { ROOT_PLACE, ask->venue_id };
    struct book_call call = { .ask = ask };
    struct standing standing;
    bool replayed;

    TRY(venues_standing(store, ask->person_id, ask->at, &standing));
    call.paused_until = standing.paused_until;
    if (once) return store_run_once(store, root, once, book_in_txn, &call, booking_id, &replayed);
    TRY(store_run(store, root, book_in_txn, &call));
    *booking_id = call.booking_id;
    return OK;
}

/* ---- reading */

struct get_call {
    int64_t venue_id, booking_id;
    struct booking booking;
};

static RESULT booking_get(struct txn *tx, void *arg)
{
    struct get_call *call = arg;

    return booking_load(tx, call->venue_id, call->booking_id, &call->booking);
}

RESULT venues_booking_get(struct store *store, int64_t venue_id, int64_t booking_id,
                          struct booking *out)
{
    struct get_call call = { .venue_id = venue_id, .booking_id = booking_id };

    TRY(store_read(store, booking_get, &call));
    *out = call.booking;
    return OK;
}

struct list_call {
    int64_t person_id, before;
    size_t limit;
    struct booking *bookings;
    size_t n;
};

static RESULT bookings_list(struct txn *tx, void *arg)
{
    struct list_call *call = arg;

    return bookings_of(tx, call->person_id, call->before, call->limit + 1, call->bookings,
                       &call->n);
}

RESULT venues_bookings(struct store *store, int64_t person_id, int64_t before, size_t limit,
                       struct arena *arena, struct booking_page *out)
{
    struct list_call call = { .person_id = person_id, .before = before, .limit = limit };

    call.bookings = NEW_ARRAY(arena, struct booking, limit + 1);
    if (!call.bookings) return fault(FAULT_MEMORY, "a page of %zu bookings", limit);
    TRY(store_read(store, bookings_list, &call));
    out->bookings = call.bookings;
    out->more = call.n > limit;
    out->n = out->more ? limit : call.n;
    return OK;
}

/* ---- cancelling */

struct cancel_call {
    int64_t booking_id;
    const struct booking_ask *ask;
};

static RESULT cancel_in_txn(struct txn *tx, void *arg)
{
    const struct cancel_call *call = arg;
    const struct booking_ask *ask = call->ask;
    struct booking booking;

    TRY(booking_load(tx, ask->venue_id, call->booking_id, &booking));
    REQUIRE(booking.person_id == ask->person_id, VENUES_BOOKING_UNKNOWN);
    if (booking.state == BOOKING_CANCELLED) return OK;
    REQUIRE(booking.state == BOOKING_MADE, VENUES_BOOKING_OVER);
    REQUIRE(instant_before(ask->at, booking.starts_at), VENUES_CANCEL_LATE);
    TRY(booking_end(tx, ask->venue_id, booking.id, booking.state, BOOKING_CANCELLED, ask->at));
    TRY(slot_give_back(tx, ask->venue_id, booking.slot_id, booking.places));
    TRY(booking_line(tx, ask, &booking, S("booking_cancelled"), ACTOR_HOLDER));
    return booking_tell(tx, NOTICE_BOOKING_CANCELLED, &booking, ask->place, ask->at);
}

RESULT venues_cancel(struct store *store, int64_t booking_id, const struct booking_ask *ask)
{
    struct cancel_call call = { booking_id, ask };

    return store_run(store, (struct root){ ROOT_PLACE, ask->venue_id }, cancel_in_txn, &call);
}

/* ---- no-shows: marked under the venue, told to the person's root by message */

enum { NO_SHOW_MESSAGE = 4 * 8 + 1 };

struct no_shows_call {
    int64_t venue_id, slot_id, left;
    struct instant at;
    int max;
};

RESULT no_show_send(struct txn *tx, const struct booking *booking, bool undone)
{
    uint8_t payload[NO_SHOW_MESSAGE];
    struct writer w = writer_over(payload, sizeof payload);

    put_be64(&w, (uint64_t)booking->person_id);
    put_be64(&w, (uint64_t)booking->id);
    put_be64(&w, (uint64_t)booking->venue_id);
    put_be64(&w, (uint64_t)booking->ends_at.usec);
    put_u8(&w, undone);
    return outbox_put(tx, VENUES_TOPIC_NO_SHOW, (struct root){ ROOT_PERSON, booking->person_id },
                      writer_bytes(&w));
}

static RESULT no_shows_mark(struct txn *tx, void *arg)
{
    enum { AT_ONCE = 40 };
    struct no_shows_call *call = arg;
    struct booking bookings[AT_ONCE];
    struct slot slot;
    size_t n;

    TRY(slot_load(tx, call->venue_id, call->slot_id, &slot));
    REQUIRE(!instant_before(call->at, slot.ends_at), VENUES_SLOT_WRONG);
    TRY(bookings_open(tx, call->venue_id, call->slot_id,
                      call->max < AT_ONCE ? (size_t)call->max : AT_ONCE, bookings, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(booking_end(tx, call->venue_id, bookings[i].id, BOOKING_MADE, BOOKING_NO_SHOW,
                        call->at));
        TRY(no_show_send(tx, &bookings[i], false));
    }
    return bookings_open_count(tx, call->venue_id, call->slot_id, &call->left);
}

RESULT venues_no_shows(struct store *store, int64_t venue_id, int64_t slot_id, struct instant at,
                       int max, int64_t *left)
{
    struct no_shows_call call = { venue_id, slot_id, 0, at, max };

    TRY(store_run(store, (struct root){ ROOT_PLACE, venue_id }, no_shows_mark, &call));
    *left = call.left;
    return OK;
}

struct no_show_call {
    int64_t person_id, booking_id, venue_id;
    struct instant at;
    bool undone;
};

static RESULT no_show_keep(struct txn *tx, void *arg)
{
    struct no_show_call *call = arg;

    return no_show_put(tx, call->person_id, call->booking_id, call->venue_id, call->at,
                       call->undone);
}

RESULT venues_no_show(void *store, const struct message *message)
{
    struct cursor c = cursor_over(message->payload);
    struct no_show_call call;

    call.person_id = (int64_t)take_be64(&c);
    call.booking_id = (int64_t)take_be64(&c);
    call.venue_id = (int64_t)take_be64(&c);
    call.at.usec = (int64_t)take_be64(&c);
    call.undone = take_u8(&c) != 0;
    TRY(cursor_end(&c, VENUES_BOOKING_UNKNOWN));
    return store_run(store, (struct root){ ROOT_PERSON, call.person_id }, no_show_keep, &call);
}

struct standing_call {
    int64_t person_id;
    struct instant at;
    int64_t n;
    struct instant last;
};

static RESULT standing_read(struct txn *tx, void *arg)
{
    struct standing_call *call = arg;

    return no_show_count(tx, call->person_id, instant_add(call->at, -NO_SHOW_DAYS * USEC_PER_DAY),
                         call->at, &call->n, &call->last);
}

RESULT venues_standing(struct store *store, int64_t person_id, struct instant at,
                       struct standing *out)
{
    struct standing_call call = { .person_id = person_id, .at = at };

    TRY(store_read(store, standing_read, &call));
    *out = (struct standing){ .no_shows = call.n };
    if (call.n >= NO_SHOWS_MAX) {
        struct instant until = instant_add(call.last, NO_SHOW_PAUSE_DAYS * USEC_PER_DAY);
        if (instant_before(at, until)) out->paused_until = until;
    }
    return OK;
}
