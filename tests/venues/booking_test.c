/* tests/venues/booking_test.c - slots and bookings: every refusal, the last place under 64 callers.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/fixture.h"
#include "venues/venues.h"

static void decide(void)
{
    static const struct {
        const char *title;
        int64_t taken, places, at;
        enum slot_state state;
        int want;
    } rows[] = {
        { "the last place", 9, 1, 100, SLOT_OPEN, 0 },
        { "one more than is left", 9, 2, 100, SLOT_OPEN, VENUES_QUOTA_EXHAUSTED },
        { "the opening instant counts", 0, 1, 100, SLOT_OPEN, 0 },
        { "before opening", 0, 1, 99, SLOT_OPEN, VENUES_SLOT_CLOSED },
        { "the closing instant is late", 0, 1, 200, SLOT_OPEN, VENUES_SLOT_CLOSED },
        { "closed is told before exhausted", 10, 1, 200, SLOT_OPEN, VENUES_SLOT_CLOSED },
        { "called off", 0, 1, 100, SLOT_CALLED_OFF, VENUES_SLOT_CLOSED },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct slot slot = { .state = rows[i].state,
                             .quota = 10,
                             .taken = rows[i].taken,
                             .opens_at = { 100 },
                             .closes_at = { 200 } };
        struct booking_ask ask = { .places = rows[i].places, .at = { rows[i].at } };
        CHECK_CODE(rows[i].title, booking_decide(&slot, &ask), rows[i].want);
    }
}

enum { VENUE = 500, THREADS = 64, PLACES = 10 };

static struct slot_ask slot_ask_of(const struct fixture *f, int64_t starts_min, int64_t quota)
{
    struct instant now = fixture_now(f);

    return (struct slot_ask){ .venue_id = VENUE,
                              .quota = quota,
                              .held = 2,
                              .opens_at = now,
                              .closes_at = instant_add(now, 7 * USEC_PER_DAY),
                              .starts_at = instant_add(now, starts_min * USEC_PER_MIN),
                              .ends_at = instant_add(now, (starts_min + 60) * USEC_PER_MIN) };
}

static int64_t slot_new(struct fixture *f, int64_t starts_min, int64_t quota)
{
    struct slot_ask ask = slot_ask_of(f, starts_min, quota);
    int64_t id = 0;

    CHECK_OK("a slot", venues_slot_add(f->store, NULL, &ask, &id));
    return id;
}

static struct booking_ask booking_of(const struct fixture *f, int64_t slot, int64_t person)
{
    return (struct booking_ask){
        .venue_id = VENUE, .slot_id = slot, .person_id = person, .places = 1, .at = fixture_now(f)
    };
}

static void refusals(struct fixture *f)
{
    int64_t slot = slot_new(f, 60, 3), id, again, other;
    struct booking_ask ask = booking_of(f, slot, 1), late;
    struct once once = { .actor = 1, .key = S("k1"), .body_hash = { 1 } };
    struct slot_ask bad = slot_ask_of(f, 60, 3);
    struct slot now;
    struct booking booking;

    CHECK_CODE("the same start twice", venues_slot_add(f->store, NULL, &bad, &id),
               VENUES_SLOT_WRONG);
    bad.ends_at = bad.starts_at;
    CHECK_CODE("no time at all", venues_slot_add(f->store, NULL, &bad, &id), VENUES_SLOT_WRONG);
    CHECK_OK("booked", venues_book(f->store, &once, &ask, &id));
    CHECK_OK("sent twice", venues_book(f->store, &once, &ask, &again));
    CHECK_INT("is the first one", again, id);
    once.body_hash[0] = 2;
    CHECK_CODE("the same key for another", venues_book(f->store, &once, &ask, &again),
               STORE_ONCE_DIFFERENT);
    CHECK_CODE("one person, one booking", venues_book(f->store, NULL, &ask, &again),
               VENUES_BOOKED_ALREADY);
    ask.slot_id = slot + 1;
    CHECK_CODE("no such slot", venues_book(f->store, NULL, &ask, &again), VENUES_SLOT_UNKNOWN);
    ask = booking_of(f, slot, 2);
    ask.places = 3;
    CHECK_CODE("more than is left", venues_book(f->store, NULL, &ask, &again),
               VENUES_QUOTA_EXHAUSTED);
    ask.places = 2;
    CHECK_OK("all that is left", venues_book(f->store, NULL, &ask, &other));
    CHECK_CODE("below what is taken", venues_slot_change(f->store, VENUE, slot, 2, 2),
               VENUES_SLOT_WRONG);
    CHECK_OK("one more", venues_slot_change(f->store, VENUE, slot, 4, 2));
    CHECK_CODE("another's booking",
               venues_cancel(f->store, id,
                             &(struct booking_ask){
                                 .venue_id = VENUE, .person_id = 2, .at = fixture_now(f) }),
               VENUES_BOOKING_UNKNOWN);
    ask = booking_of(f, slot, 1);
    CHECK_OK("cancelled", venues_cancel(f->store, id, &ask));
    CHECK_OK("twice", venues_cancel(f->store, id, &ask));
    CHECK_OK("its state", venues_booking_get(f->store, VENUE, id, &booking));
    CHECK_INT("cancelled", booking.state, BOOKING_CANCELLED);
    CHECK_OK("the slot", venues_slot_get(f->store, VENUE, slot, &now));
    CHECK_INT("places came back", now.taken, 2);
    ask = booking_of(f, slot, 1);
    CHECK_OK("and may be booked again", venues_book(f->store, NULL, &ask, &again));
    late = ask;
    late.at = instant_add(ask.at, 60 * USEC_PER_MIN);
    CHECK_CODE("too late to cancel", venues_cancel(f->store, again, &late), VENUES_CANCEL_LATE);
}

struct racer {
    struct fixture *f;
    int64_t slot, person;
    _Atomic int *won, *full, *other;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct booking_ask ask = booking_of(racer->f, racer->slot, racer->person);
    int64_t id;
    struct err err = venues_book(racer->f->store, NULL, &ask, &id);

    if (err.code == 0)
        atomic_fetch_add(racer->won, 1);
    else if (err.code == VENUES_QUOTA_EXHAUSTED)
        atomic_fetch_add(racer->full, 1);
    else
        atomic_fetch_add(racer->other, 1);
    return NULL;
}

static void last_place(struct fixture *f)
{
    int64_t slot = slot_new(f, 200, PLACES);
    pthread_t threads[THREADS];
    struct racer racers[THREADS];
    _Atomic int won = 0, full = 0, other = 0;
    struct slot now;

    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){ f, slot, 1000 + i, &won, &full, &other };
        pthread_create(&threads[i], NULL, race, &racers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_INT("as many as there are places", won, PLACES);
    CHECK_INT("the others hear it is full", full + other, THREADS - PLACES);
    CHECK_INT("or, on a busy server, to try again", other == 0 || f->engine == ENGINE_POSTGRESQL,
              1);
    CHECK_OK("the slot", venues_slot_get(f->store, VENUE, slot, &now));
    CHECK_INT("not one too many", now.taken, PLACES);
}

static RESULT hand_over(void *arg, const struct message *message)
{
    return venues_no_show(((struct fixture *)arg)->store, message);
}

static void no_shows(struct fixture *f)
{
    enum { PERSON = 77 };
    struct standing standing;
    int64_t id, left;
    int done;

    for (int i = 0; i < NO_SHOWS_MAX; i++) {
        int64_t slot = slot_new(f, 400 + 100 * i, 5);
        struct booking_ask ask = booking_of(f, slot, PERSON);
        CHECK_OK("booked", venues_book(f->store, NULL, &ask, &id));
        CHECK_CODE("not before its end",
                   venues_no_shows(f->store, VENUE, slot, fixture_now(f), 10, &left),
                   VENUES_SLOT_WRONG);
        struct instant after = instant_add(fixture_now(f), (461 + 100 * i) * USEC_PER_MIN);
        CHECK_OK("missed", venues_no_shows(f->store, VENUE, slot, after, 10, &left));
        CHECK_INT("none left", left, 0);
    }
    CHECK_OK("told", outbox_deliver(f->store, VENUES_TOPIC_NO_SHOW, 10, hand_over, f, &done));
    CHECK_INT("three messages", done, NO_SHOWS_MAX);
    struct instant then = instant_add(fixture_now(f), USEC_PER_DAY);
    CHECK_OK("the standing", venues_standing(f->store, PERSON, then, &standing));
    CHECK_INT("three no-shows", standing.no_shows, NO_SHOWS_MAX);
    int64_t slot = slot_new(f, 2000, 5);
    struct booking_ask ask = booking_of(f, slot, PERSON);
    ask.at = then;
    CHECK_CODE("booking is paused", venues_book(f->store, NULL, &ask, &id), VENUES_PAUSED);
    ask.at = instant_add(fixture_now(f), 6 * USEC_PER_DAY);
    CHECK_CODE("for weeks", venues_book(f->store, NULL, &ask, &id), VENUES_PAUSED);
    then = instant_add(then, 30 * USEC_PER_DAY);
    CHECK_OK("later", venues_standing(f->store, PERSON, then, &standing));
    CHECK_INT("not for ever", standing.paused_until.usec, 0);
}

/* A gate that was alone tells of an admission after the slot was judged; in either order of the two
 * messages the person is none who stayed away. */
static void came_after_all(struct fixture *f)
{
    enum { PERSON = 78 };

    for (int told_first = 0; told_first < 2; told_first++) {
        int64_t slot = slot_new(f, 3000 + 200 * told_first, 5), id, left;
        struct booking_ask ask = booking_of(f, slot, PERSON);
        struct instant began =
            instant_add(fixture_now(f), (3001 + 200 * told_first) * USEC_PER_MIN);
        struct admit_ask admit = { .venue_id = VENUE,
                                   .person_id = PERSON,
                                   .card_id = 5,
                                   .terminal_id = 9,
                                   .places = 1,
                                   .grade = GRADE_C,
                                   .provenance = PROVENANCE_REAL,
                                   .at = began };
        struct admission made;
        struct standing standing;
        struct booking booking;
        int done;
        CHECK_OK("booked", venues_book(f->store, NULL, &ask, &id));
        CHECK_OK("missed", venues_no_shows(f->store, VENUE, slot,
                                           instant_add(began, 100 * USEC_PER_MIN), 10, &left));
        if (told_first)
            CHECK_OK("told",
                     outbox_deliver(f->store, VENUES_TOPIC_NO_SHOW, 10, hand_over, f, &done));
        CHECK_OK("let in during the slot, told late", venues_admit(f->store, &admit, &made));
        CHECK_INT("on the booking", made.booking_id, id);
        CHECK_OK("told", outbox_deliver(f->store, VENUES_TOPIC_NO_SHOW, 10, hand_over, f, &done));
        CHECK_OK("the booking", venues_booking_get(f->store, VENUE, id, &booking));
        CHECK_INT("was used", booking.state, BOOKING_ADMITTED);
        CHECK_OK("the standing",
                 venues_standing(f->store, PERSON, instant_add(began, USEC_PER_DAY), &standing));
        CHECK_INT("no no-show", standing.no_shows, 0);
    }
}

static void called_off(struct fixture *f)
{
    int64_t slot = slot_new(f, 3700, 5), id, left;
    struct booking_ask ask = booking_of(f, slot, 90);
    struct booking booking;

    ask.place = S("安徽博物院");
    CHECK_OK("booked, with a notice", venues_book(f->store, NULL, &ask, &id));
    CHECK_OK("called off", venues_slot_call_off(f->store, VENUE, slot, S("安徽博物院"),
                                                fixture_now(f), 10, &left));
    CHECK_INT("all told", left, 0);
    CHECK_OK("the booking", venues_booking_get(f->store, VENUE, id, &booking));
    CHECK_INT("is cancelled", booking.state, BOOKING_CANCELLED);
    CHECK_CODE("no more bookings", venues_book(f->store, NULL, &ask, &id), VENUES_SLOT_CLOSED);
}

/* What the holder finds of it: once each, whatever was repeated, refused or run again. */
static void lines(struct fixture *f)
{
    static uint8_t memory[1 << 16];
    struct arena arena = arena_over(memory, sizeof memory);
    enum { PERSON = 91 };
    int64_t slot = slot_new(f, 4000, 1), gone = slot_new(f, 4100, 1), id, last, none, left;
    struct booking_ask ask = booking_of(f, slot, PERSON), other = booking_of(f, slot, PERSON + 1);
    struct once once = { .actor = PERSON, .key = S("once"), .body_hash = { 1 } };
    struct journal_ask mine = { .person_id = PERSON, .limit = 10 };
    struct journal_page page = { .n = 0 };

    ask.item = S("CT-02-001");
    ask.region_code = 340103;
    CHECK_OK("booked", venues_book(f->store, &once, &ask, &id));
    CHECK_OK("sent twice", venues_book(f->store, &once, &ask, &id));
    CHECK_CODE("another finds it full", venues_book(f->store, NULL, &other, &none),
               VENUES_QUOTA_EXHAUSTED);
    CHECK_OK("cancelled", venues_cancel(f->store, id, &ask));
    CHECK_OK("twice", venues_cancel(f->store, id, &ask));
    ask.slot_id = gone;
    CHECK_OK("another slot", venues_book(f->store, NULL, &ask, &last));
    CHECK_OK("is called off", venues_slot_call_off(f->store, VENUE, gone, (struct str){ 0 },
                                                   fixture_now(f), 10, &left));
    if (!CHECK_OK("the holder's record", journal_lines(f->store, &mine, &arena, &page))) return;
    const struct {
        struct str act;
        int64_t booking_id;
        enum journal_actor actor;
    } want[] = { { S("booking_cancelled"), last, ACTOR_JOB },
                 { S("booking_made"), last, ACTOR_HOLDER },
                 { S("booking_cancelled"), id, ACTOR_HOLDER },
                 { S("booking_made"), id, ACTOR_HOLDER } };
    if (!CHECK_INT("so many lines", page.n, LEN(want))) return;
    for (size_t i = 0; i < LEN(want); i++) {
        const struct journal_line *line = &page.records[i].line;
        CHECK_STR("newest first", line->act, want[i].act);
        CHECK_INT("which booking", line->object_id, want[i].booking_id);
        CHECK_INT("who", line->actor, want[i].actor);
        CHECK_INT("where", line->place_id, VENUE);
    }
    CHECK_STR("for what", page.records[3].line.item, S("CT-02-001"));
    mine.person_id = PERSON + 1;
    CHECK_OK("the other's record", journal_lines(f->store, &mine, &arena, &page));
    CHECK_INT("has none", page.n, 0);
}

static void pages(struct fixture *f)
{
    static uint8_t memory[1 << 16];
    struct arena arena = arena_over(memory, sizeof memory);
    struct slot_page page;
    struct booking_page bookings;
    struct instant from = fixture_now(f), to = instant_add(from, 30 * USEC_PER_DAY);
    size_t seen = 0;
    int64_t after = 0;

    do {
        CHECK_OK("a page", venues_slots(f->store, VENUE, from, to, after, 3, &arena, &page));
        seen += page.n;
        if (page.n != 0) after = page.slots[page.n - 1].id;
    } while (page.more && page.n != 0);
    CHECK_INT("all slots, once each", (int64_t)seen, 11);
    CHECK_OK("bookings of a person", venues_bookings(f->store, 77, 0, 2, &arena, &bookings));
    CHECK_INT("two a page", (int64_t)bookings.n, 2);
    CHECK("and more", bookings.more);
}

int main(void)
{
    decide();
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        refusals(&f);
        last_place(&f);
        no_shows(&f);
        came_after_all(&f);
        called_off(&f);
        lines(&f);
        pages(&f);
        fixture_close(&f);
    }
    return test_end();
}
