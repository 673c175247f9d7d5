/* venues/booking_store.h - SQL of bookings and no-shows. */
#pragma once
#include "notice/notice.h"
#include "store/store.h"
#include "venues/venues.h"

RESULT booking_load(struct txn *tx, int64_t venue_id, int64_t booking_id, struct booking *out);
/* The person's booking of a slot that was not cancelled. */
RESULT booking_of_slot(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t person_id,
                       struct booking *out, bool *found);
/* The person's nearest unused booking with starts_at in [from, to): the next from `at` on, else the
 * last before it. */
RESULT booking_near(struct txn *tx, int64_t venue_id, int64_t person_id, struct instant from,
                    struct instant to, struct instant at, struct booking *out, bool *found);
RESULT booking_insert(struct txn *tx, const struct booking_ask *ask, int64_t id);
RESULT booking_end(struct txn *tx, int64_t venue_id, int64_t booking_id, enum booking_state from,
                   enum booking_state state, struct instant at);
RESULT bookings_open(struct txn *tx, int64_t venue_id, int64_t slot_id, size_t max,
                     struct booking *out, size_t *n);
RESULT bookings_open_count(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t *n);
RESULT bookings_of(struct txn *tx, int64_t person_id, int64_t before, size_t limit,
                   struct booking *out, size_t *n);

/* Keeps that a booking was missed, or, `undone`, that its holder came after all; in any order. */
RESULT no_show_put(struct txn *tx, int64_t person_id, int64_t booking_id, int64_t venue_id,
                   struct instant at, bool undone);
/* The message about it to the person's root (booking.c). */
RESULT no_show_send(struct txn *tx, const struct booking *booking, bool undone);
/* Newest first; *n how many since `since`, *last the newest. */
RESULT no_show_count(struct txn *tx, int64_t person_id, struct instant since, struct instant upto,
                     int64_t *n, struct instant *last);

/* The act's line in the journal, found by the holder (booking.c). Of `ask` the venue, the region,
 * the item, the provenance and the instant; of `booking` the person and the id. */
RESULT booking_line(struct txn *tx, const struct booking_ask *ask, const struct booking *booking,
                    struct str act, enum journal_actor actor);
/* A notice to the holder of a booking; nothing when `place` is empty (booking.c). */
RESULT booking_tell(struct txn *tx, enum notice_kind kind, const struct booking *booking,
                    struct str place, struct instant at);
