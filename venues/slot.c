/* venues/slot.c - slots: made one by one, by the catalogue's rule, changed, called off, listed. */
#include "catalogue/catalogue.h"
#include "venues/booking_store.h"
#include "venues/slot_store.h"
#include "venues/venues.h"

static struct root root_of(int64_t venue_id)
{
    return (struct root){ ROOT_PLACE, venue_id };
}

struct slot_call {
    const struct slot_ask *asks;
    size_t n;
    int64_t made, last_id;
};

static bool slot_ask_right(const struct slot_ask *ask)
{
    return ask->quota >= 0 && ask->held >= 0 && ask->quota <= SLOT_PLACES_MAX &&
           ask->held <= SLOT_PLACES_MAX && instant_before(ask->opens_at, ask->closes_at) &&
           instant_before(ask->starts_at, ask->ends_at);
}

static RESULT slot_add(struct txn *tx, void *arg)
{
    struct slot_call *call = arg;
    const struct slot_ask *ask = &call->asks[0];
    bool there;

    REQUIRE(slot_ask_right(ask), VENUES_SLOT_WRONG);
    TRY(slot_starts(tx, ask->venue_id, ask->starts_at, &there));
    REQUIRE(!there, VENUES_SLOT_WRONG);
    call->last_id = txn_new_id(tx);
    TRY(slot_insert(tx, call->last_id, ask));
    txn_result(tx, call->last_id);
    return OK;
}

RESULT venues_slot_add(struct store *store, const struct once *once, const struct slot_ask *ask,
                       int64_t *slot_id)
{
    struct slot_call call = { .asks = ask, .n = 1 };
    bool replayed;

    if (once)
        return store_run_once(store, root_of(ask->venue_id), once, slot_add, &call, slot_id,
                              &replayed);
    TRY(store_run(store, root_of(ask->venue_id), slot_add, &call));
    *slot_id = call.last_id;
    return OK;
}

/* ---- by rule */

static RESULT slots_add(struct txn *tx, void *arg)
{
    struct slot_call *call = arg;

    call->made = 0;
    for (size_t i = 0; i < call->n; i++) {
        bool there;
        TRY(slot_starts(tx, call->asks[i].venue_id, call->asks[i].starts_at, &there));
        if (there) continue;
        TRY(slot_insert(tx, txn_new_id(tx), &call->asks[i]));
        call->made++;
    }
    return OK;
}

/* 1970-01-01 was a Thursday; bit 0 of closed_weekdays is Monday. */
static bool closed_on(const struct slot_rule *rule, struct day day)
{
    int weekday = (day.number % 7 + 7 + 3) % 7;

    return rule->closed_weekdays >> weekday & 1;
}

/* Slots of one day: from opening, each slot_min long, none that begins at or after the last entry.
 */
static size_t day_slots(const struct slot_rule *rule, int64_t venue_id, struct day day,
                        struct slot_ask *out, size_t max)
{
    struct instant start = day_start(day);
    int32_t at = rule->opens_min;
    size_t n = 0;

    if (rule->slot_min <= 0 || closed_on(rule, day)) return 0;
    for (; n < max && at < rule->last_entry_min && at < rule->closes_min; at += rule->slot_min) {
        int32_t end =
            at + rule->slot_min < rule->closes_min ? at + rule->slot_min : rule->closes_min;
        struct slot_ask *ask = &out[n++];
        *ask = (struct slot_ask){ .venue_id = venue_id,
                                  .quota = rule->quota - rule->held_back,
                                  .held = rule->held_back,
                                  .starts_at = instant_add(start, at * USEC_PER_MIN),
                                  .ends_at = instant_add(start, end * USEC_PER_MIN) };
        /* bookable from a week before the day until the slot ends */
        ask->opens_at = instant_add(start, -7 * USEC_PER_DAY);
        ask->closes_at = ask->ends_at;
    }
    return n;
}

RESULT venues_slots_make(struct store *store, const struct catalogue *cat, int64_t venue_id,
                         struct day from, int days, int64_t *made)
{
    enum { SLOTS_A_DAY = 48 };
    const struct place *place = place_find(cat, venue_id);
    const struct slot_rule *rule = place ? slot_rule_for(cat, place) : NULL;

    *made = 0;
    for (int i = 0; rule && i < days; i++) {
        struct slot_ask asks[SLOTS_A_DAY];
        struct slot_call call = { .asks = asks };
        call.n = day_slots(rule, venue_id, (struct day){ from.number + i }, asks, SLOTS_A_DAY);
        if (call.n == 0) continue;
        TRY(store_run(store, root_of(venue_id), slots_add, &call));
        *made += call.made;
    }
    return OK;
}

/* ---- changes */

struct change_call {
    int64_t venue_id, slot_id, quota, held;
};

static RESULT slot_change(struct txn *tx, void *arg)
{
    struct change_call *call = arg;
    struct slot slot;

    TRY(slot_load(tx, call->venue_id, call->slot_id, &slot));
    REQUIRE(call->quota >= slot.taken && call->held >= slot.held_taken, VENUES_SLOT_WRONG);
    REQUIRE(call->quota <= SLOT_PLACES_MAX && call->held <= SLOT_PLACES_MAX, VENUES_SLOT_WRONG);
    return slot_set(tx, call->venue_id, call->slot_id, call->quota, call->held);
}

RESULT venues_slot_change(struct store *store, int64_t venue_id, int64_t slot_id, int64_t quota,
                          int64_t held)
{
    struct change_call call = { venue_id, slot_id, quota, held };

    return store_run(store, root_of(venue_id), slot_change, &call);
}

struct call_off_call {
    int64_t venue_id, slot_id, left;
    struct str place;
    struct instant at;
    int max;
};

static RESULT slot_call_off(struct txn *tx, void *arg)
{
    enum { AT_ONCE = 25 };
    struct call_off_call *call = arg;
    struct slot slot;
    struct booking bookings[AT_ONCE];
    struct booking_ask ask = { .venue_id = call->venue_id, .at = call->at };
    size_t n;

    TRY(slot_load(tx, call->venue_id, call->slot_id, &slot));
    TRY(slot_set_state(tx, call->venue_id, call->slot_id, SLOT_CALLED_OFF));
    TRY(bookings_open(tx, call->venue_id, call->slot_id,
                      call->max < AT_ONCE ? (size_t)call->max : AT_ONCE, bookings, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(booking_end(tx, call->venue_id, bookings[i].id, BOOKING_MADE, BOOKING_CANCELLED,
                        call->at));
        TRY(slot_give_back(tx, call->venue_id, call->slot_id, bookings[i].places));
        TRY(booking_line(tx, &ask, &bookings[i], S("booking_cancelled"), ACTOR_JOB));
        TRY(booking_tell(tx, NOTICE_BOOKING_CANCELLED, &bookings[i], call->place, call->at));
    }
    return bookings_open_count(tx, call->venue_id, call->slot_id, &call->left);
}

RESULT venues_slot_call_off(struct store *store, int64_t venue_id, int64_t slot_id,
                            struct str place, struct instant at, int max, int64_t *left)
{
    struct call_off_call call = { venue_id, slot_id, 0, place, at, max };

    TRY(store_run(store, root_of(venue_id), slot_call_off, &call));
    *left = call.left;
    return OK;
}

/* ---- reading */

struct get_call {
    int64_t venue_id, slot_id;
    struct slot slot;
};

static RESULT slot_get(struct txn *tx, void *arg)
{
    struct get_call *call = arg;

    return slot_load(tx, call->venue_id, call->slot_id, &call->slot);
}

RESULT venues_slot_get(struct store *store, int64_t venue_id, int64_t slot_id, struct slot *out)
{
    struct get_call call = { .venue_id = venue_id, .slot_id = slot_id };

    TRY(store_read(store, slot_get, &call));
    *out = call.slot;
    return OK;
}

struct list_call {
    int64_t venue_id, after;
    struct instant from, to;
    size_t limit;
    struct slot *slots;
    size_t n;
};

static RESULT slots_list(struct txn *tx, void *arg)
{
    struct list_call *call = arg;
    struct instant after = { call->from.usec - 1 };

    if (call->after != 0) {
        struct slot last;
        TRY(slot_load(tx, call->venue_id, call->after, &last));
        after = last.starts_at;
    }
    return slot_list(tx, call->venue_id, call->from, call->to, after, call->limit + 1, call->slots,
                     &call->n);
}

RESULT venues_slots(struct store *store, int64_t venue_id, struct instant from, struct instant to,
                    int64_t after, size_t limit, struct arena *arena, struct slot_page *out)
{
    struct list_call call = {
        .venue_id = venue_id, .after = after, .from = from, .to = to, .limit = limit
    };

    call.slots = NEW_ARRAY(arena, struct slot, limit + 1);
    if (!call.slots) return fault(FAULT_MEMORY, "a page of %zu slots", limit);
    TRY(store_read(store, slots_list, &call));
    out->slots = call.slots;
    out->more = call.n > limit;
    out->n = out->more ? limit : call.n;
    return OK;
}
