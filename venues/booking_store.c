/* venues/booking_store.c - SQL of bookings and no-shows; no rule lives here. */
#include "venues/booking_store.h"

#define COLUMNS                                                                                    \
    "b.id, b.venue_id, b.slot_id, b.person_id, b.places, b.state, b.made_at, b.ended_at,"          \
    " s.starts_at, s.ends_at"
#define FROM                                                                                       \
    " FROM venue_booking b JOIN venue_slot s ON s.venue_id = b.venue_id AND s.id = b.slot_id"

static const struct stmt BOOKING_LOAD = {
    .name = "venues: a booking",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS FROM " WHERE b.venue_id = $1 AND b.id = $2",
};
static const struct stmt BOOKING_OF_SLOT = {
    .name = "venues: a person's booking of a slot",
    .types = "iii",
    .root = 1,
    .sql = "SELECT " COLUMNS FROM " WHERE b.venue_id = $1 AND b.slot_id = $2 AND b.person_id = $3"
           " AND b.state <> 2",
};
static const struct stmt BOOKING_NEXT = {
    .name = "venues: a person's next booking of a day",
    .types = "iiii",
    .root = 1,
    .sql = "SELECT " COLUMNS FROM " WHERE b.venue_id = $1 AND b.person_id = $2 AND b.state = 1"
           " AND s.starts_at >= $3 AND s.starts_at < $4 ORDER BY s.starts_at LIMIT 1",
};
static const struct stmt BOOKING_PAST = {
    .name = "venues: a person's last booking of a day",
    .types = "iiii",
    .root = 1,
    .sql = "SELECT " COLUMNS FROM " WHERE b.venue_id = $1 AND b.person_id = $2 AND b.state = 1"
           " AND s.starts_at >= $3 AND s.starts_at < $4 ORDER BY s.starts_at DESC LIMIT 1",
};
static const struct stmt BOOKING_INSERT = {
    .name = "venues: a new booking",
    .types = "iiiiii",
    .root = 1,
    .sql = "INSERT INTO venue_booking (venue_id, id, slot_id, person_id, places, state, made_at)"
           " VALUES ($1, $2, $3, $4, $5, 1, $6)",
};
static const struct stmt BOOKING_END = {
    .name = "venues: end a booking",
    .types = "iiiii",
    .root = 1,
    .sql = "UPDATE venue_booking SET state = $3, ended_at = $4"
           " WHERE venue_id = $1 AND id = $2 AND state = $5",
};
static const struct stmt BOOKINGS_OPEN = {
    .name = "venues: unused bookings of a slot",
    .types = "iii",
    .root = 1,
    .sql = "SELECT " COLUMNS FROM " WHERE b.venue_id = $1 AND b.slot_id = $2 AND b.state = 1"
           " ORDER BY b.id LIMIT $3",
};
static const struct stmt BOOKINGS_OPEN_COUNT = {
    .name = "venues: how many bookings are unused",
    .types = "ii",
    .root = 1,
    .sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM venue_booking"
           " WHERE venue_id = $1 AND slot_id = $2 AND state = 1",
};
static const struct stmt BOOKINGS_OF = {
    .name = "venues: a person's bookings",
    .types = "iii",
    .sql =
        "SELECT " COLUMNS FROM " WHERE b.person_id = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3",
};
static const struct stmt NO_SHOW_THERE = {
    .name = "venues: is a no-show known",
    .types = "ii",
    .root = 1,
    .sql = "SELECT undone FROM person_no_show WHERE person_id = $1 AND booking_id = $2",
};
static const struct stmt NO_SHOW_INSERT = {
    .name = "venues: a no-show",
    .types = "iiiii",
    .root = 1,
    .sql = "INSERT INTO person_no_show (person_id, booking_id, venue_id, at, undone)"
           " VALUES ($1, $2, $3, $4, $5)",
};
static const struct stmt NO_SHOW_UNDO = {
    .name = "venues: take a no-show back",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE person_no_show SET undone = 1 WHERE person_id = $1 AND booking_id = $2",
};
static const struct stmt NO_SHOW_COUNT = {
    .name = "venues: a person's no-shows",
    .types = "iii",
    .sql = "SELECT CAST(COUNT(*) AS BIGINT), MAX(at) FROM person_no_show"
           " WHERE person_id = $1 AND at >= $2 AND at <= $3 AND undone = 0",
};

static void booking_take_row(const struct row *row, struct booking *out)
{
    *out = (struct booking){ .id = row_int(row, 0),
                             .venue_id = row_int(row, 1),
                             .slot_id = row_int(row, 2),
                             .person_id = row_int(row, 3),
                             .places = row_int(row, 4),
                             .state = (enum booking_state)row_int(row, 5),
                             .made_at = row_at(row, 6),
                             .ended_at = row_at(row, 7),
                             .starts_at = row_at(row, 8),
                             .ends_at = row_at(row, 9) };
}

RESULT booking_load(struct txn *tx, int64_t venue_id, int64_t booking_id, struct booking *out)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &BOOKING_LOAD, IN(v_int(venue_id), v_int(booking_id)), &row, &found));
    REQUIRE(found, VENUES_BOOKING_UNKNOWN);
    booking_take_row(&row, out);
    return OK;
}

RESULT booking_of_slot(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t person_id,
                       struct booking *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &BOOKING_OF_SLOT, IN(v_int(venue_id), v_int(slot_id), v_int(person_id)), &row,
                  found));
    if (*found) booking_take_row(&row, out);
    return OK;
}

RESULT booking_near(struct txn *tx, int64_t venue_id, int64_t person_id, struct instant from,
                    struct instant to, struct instant at, struct booking *out, bool *found)
{
    ROW(next);
    ROW(past);

    TRY(txn_first(tx, &BOOKING_NEXT, IN(v_int(venue_id), v_int(person_id), v_at(at), v_at(to)),
                  &next, found));
    if (*found) {
        booking_take_row(&next, out);
        return OK;
    }
    TRY(txn_first(tx, &BOOKING_PAST, IN(v_int(venue_id), v_int(person_id), v_at(from), v_at(at)),
                  &past, found));
    if (*found) booking_take_row(&past, out);
    return OK;
}

RESULT booking_insert(struct txn *tx, const struct booking_ask *ask, int64_t id)
{
    return txn_exec(tx, &BOOKING_INSERT,
                    IN(v_int(ask->venue_id), v_int(id), v_int(ask->slot_id), v_int(ask->person_id),
                       v_int(ask->places), v_at(ask->at)),
                    NULL);
}

RESULT booking_end(struct txn *tx, int64_t venue_id, int64_t booking_id, enum booking_state from,
                   enum booking_state state, struct instant at)
{
    int64_t changed;

    TRY(txn_exec(tx, &BOOKING_END,
                 IN(v_int(venue_id), v_int(booking_id), v_int(state), v_at(at), v_int(from)),
                 &changed));
    if (changed != 1) return fault(FAULT_STORE_CORRUPT, "booking %" PRId64 ": state", booking_id);
    return OK;
}

static RESULT bookings_read(struct row *row, size_t max, struct booking *out, size_t *n)
{
    bool more;

    *n = 0;
    for (;;) {
        TRY(row_next(row, &more));
        if (!more || *n == max) return OK;
        booking_take_row(row, &out[(*n)++]);
    }
}

RESULT bookings_open(struct txn *tx, int64_t venue_id, int64_t slot_id, size_t max,
                     struct booking *out, size_t *n)
{
    ROW(row);

    TRY(txn_query(tx, &BOOKINGS_OPEN, IN(v_int(venue_id), v_int(slot_id), v_int((int64_t)max)),
                  &row));
    return bookings_read(&row, max, out, n);
}

RESULT bookings_open_count(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t *n)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &BOOKINGS_OPEN_COUNT, IN(v_int(venue_id), v_int(slot_id)), &row, &found));
    *n = found ? row_int(&row, 0) : 0;
    return OK;
}

RESULT bookings_of(struct txn *tx, int64_t person_id, int64_t before, size_t limit,
                   struct booking *out, size_t *n)
{
    ROW(row);

    TRY(txn_query(
        tx, &BOOKINGS_OF,
        IN(v_int(person_id), v_int(before == 0 ? INT64_MAX : before), v_int((int64_t)limit)),
        &row));
    return bookings_read(&row, limit, out, n);
}

RESULT no_show_put(struct txn *tx, int64_t person_id, int64_t booking_id, int64_t venue_id,
                   struct instant at, bool undone)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &NO_SHOW_THERE, IN(v_int(person_id), v_int(booking_id)), &row, &found));
    if (found && !undone) return OK;
    if (found) return txn_exec(tx, &NO_SHOW_UNDO, IN(v_int(person_id), v_int(booking_id)), NULL);
    return txn_exec(
        tx, &NO_SHOW_INSERT,
        IN(v_int(person_id), v_int(booking_id), v_int(venue_id), v_at(at), v_int(undone)), NULL);
}

RESULT no_show_count(struct txn *tx, int64_t person_id, struct instant since, struct instant upto,
                     int64_t *n, struct instant *last)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &NO_SHOW_COUNT, IN(v_int(person_id), v_at(since), v_at(upto)), &row, &found));
    *n = found ? row_int(&row, 0) : 0;
    *last = found ? row_at(&row, 1) : (struct instant){ 0 };
    return OK;
}
