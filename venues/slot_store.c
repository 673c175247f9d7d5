/* venues/slot_store.c - SQL of slots; no rule lives here. */
#include "venues/slot_store.h"

#define COLUMNS                                                                                    \
    "id, venue_id, state, quota, taken, held, held_taken, admitted, opens_at, closes_at,"          \
    " starts_at, ends_at"

static const struct stmt SLOT_LOAD = {
    .name = "venues: a slot",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM venue_slot WHERE venue_id = $1 AND id = $2",
};
static const struct stmt SLOT_AT = {
    .name = "venues: the slot of now",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM venue_slot WHERE venue_id = $1 AND starts_at <= $2"
           " AND ends_at > $2 AND state = 1 ORDER BY starts_at DESC LIMIT 1",
};
static const struct stmt SLOT_STARTS = {
    .name = "venues: is there a slot",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id FROM venue_slot WHERE venue_id = $1 AND starts_at = $2",
};
static const struct stmt SLOT_INSERT = {
    .name = "venues: a new slot",
    .types = "iiiiiiii",
    .root = 1,
    .sql = "INSERT INTO venue_slot (venue_id, id, state, quota, held, opens_at, closes_at,"
           " starts_at, ends_at) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8)",
};
static const struct stmt SLOT_TAKE = {
    .name = "venues: take places",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE venue_slot SET taken = taken + $3"
           " WHERE venue_id = $1 AND id = $2 AND taken + $3 <= quota",
};
static const struct stmt SLOT_GIVE_BACK = {
    .name = "venues: give places back",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE venue_slot SET taken = taken - $3"
           " WHERE venue_id = $1 AND id = $2 AND taken >= $3",
};
static const struct stmt SLOT_ADMIT = {
    .name = "venues: count people in",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE venue_slot SET admitted = admitted + $3, held_taken = held_taken + $4"
           " WHERE venue_id = $1 AND id = $2 AND held_taken + $4 <= held",
};
static const struct stmt SLOT_SET = {
    .name = "venues: change a slot's places",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE venue_slot SET quota = $3, held = $4"
           " WHERE venue_id = $1 AND id = $2 AND taken <= $3 AND held_taken <= $4",
};
static const struct stmt SLOT_SET_STATE = {
    .name = "venues: a slot's state",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE venue_slot SET state = $3 WHERE venue_id = $1 AND id = $2",
};
static const struct stmt SLOT_LIST = {
    .name = "venues: slots of a time",
    .types = "iiiii",
    .sql = "SELECT " COLUMNS " FROM venue_slot WHERE venue_id = $1 AND starts_at >= $2"
           " AND starts_at < $3 AND starts_at > $4 ORDER BY starts_at LIMIT $5",
};

static void slot_take_row(const struct row *row, struct slot *out)
{
    *out = (struct slot){ .id = row_int(row, 0),
                          .venue_id = row_int(row, 1),
                          .state = (enum slot_state)row_int(row, 2),
                          .quota = row_int(row, 3),
                          .taken = row_int(row, 4),
                          .held = row_int(row, 5),
                          .held_taken = row_int(row, 6),
                          .admitted = row_int(row, 7),
                          .opens_at = row_at(row, 8),
                          .closes_at = row_at(row, 9),
                          .starts_at = row_at(row, 10),
                          .ends_at = row_at(row, 11) };
}

RESULT slot_load(struct txn *tx, int64_t venue_id, int64_t slot_id, struct slot *out)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &SLOT_LOAD, IN(v_int(venue_id), v_int(slot_id)), &row, &found));
    REQUIRE(found, VENUES_SLOT_UNKNOWN);
    slot_take_row(&row, out);
    return OK;
}

RESULT slot_at(struct txn *tx, int64_t venue_id, struct instant at, struct slot *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &SLOT_AT, IN(v_int(venue_id), v_at(at)), &row, found));
    if (*found) slot_take_row(&row, out);
    return OK;
}

RESULT slot_starts(struct txn *tx, int64_t venue_id, struct instant starts_at, bool *found)
{
    ROW(row);

    return txn_first(tx, &SLOT_STARTS, IN(v_int(venue_id), v_at(starts_at)), &row, found);
}

RESULT slot_insert(struct txn *tx, int64_t id, const struct slot_ask *ask)
{
    return txn_exec(tx, &SLOT_INSERT,
                    IN(v_int(ask->venue_id), v_int(id), v_int(ask->quota), v_int(ask->held),
                       v_at(ask->opens_at), v_at(ask->closes_at), v_at(ask->starts_at),
                       v_at(ask->ends_at)),
                    NULL);
}

static RESULT one_changed(struct err err, int64_t changed, int64_t slot_id)
{
    TRY(err);
    if (changed != 1) return fault(FAULT_STORE_CORRUPT, "slot %" PRId64 ": counts", slot_id);
    return OK;
}

/* Move `places` from free to taken. This WHERE and booking_decide say the same thing twice; inside
 * one transaction they can disagree only over a damaged row. */
RESULT slot_take(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t places)
{
    int64_t changed = 0;
    struct err err =
        txn_exec(tx, &SLOT_TAKE, IN(v_int(venue_id), v_int(slot_id), v_int(places)), &changed);

    return one_changed(err, changed, slot_id);
}

RESULT slot_give_back(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t places)
{
    int64_t changed = 0;
    struct err err =
        txn_exec(tx, &SLOT_GIVE_BACK, IN(v_int(venue_id), v_int(slot_id), v_int(places)), &changed);

    return one_changed(err, changed, slot_id);
}

RESULT slot_admit(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t places, int64_t held)
{
    int64_t changed = 0;
    struct err err = txn_exec(
        tx, &SLOT_ADMIT, IN(v_int(venue_id), v_int(slot_id), v_int(places), v_int(held)), &changed);

    return one_changed(err, changed, slot_id);
}

RESULT slot_set(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t quota, int64_t held)
{
    int64_t changed = 0;
    struct err err = txn_exec(
        tx, &SLOT_SET, IN(v_int(venue_id), v_int(slot_id), v_int(quota), v_int(held)), &changed);

    return one_changed(err, changed, slot_id);
}

RESULT slot_set_state(struct txn *tx, int64_t venue_id, int64_t slot_id, enum slot_state state)
{
    return txn_exec(tx, &SLOT_SET_STATE, IN(v_int(venue_id), v_int(slot_id), v_int(state)), NULL);
}

RESULT slot_list(struct txn *tx, int64_t venue_id, struct instant from, struct instant to,
                 struct instant after, size_t limit, struct slot *out, size_t *n)
{
    ROW(row);
    bool more;

    *n = 0;
    TRY(txn_query(tx, &SLOT_LIST,
                  IN(v_int(venue_id), v_at(from), v_at(to), v_at(after), v_int((int64_t)limit)),
                  &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more || *n == limit) return OK;
        slot_take_row(&row, &out[(*n)++]);
    }
}
