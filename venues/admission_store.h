/* venues/admission_store.h - SQL of admissions and uploads. */
#pragma once
#include "store/store.h"
#include "venues/venues.h"

struct admission_row {
    int64_t id, slot_id, booking_id, terminal_id, places;
    struct instant at;
};
/* By the code's showing; or the person's of a slot. */
RESULT admission_of_showing(struct txn *tx, int64_t venue_id, const uint8_t presentation[16],
                            struct admission_row *out, bool *found);
RESULT admission_of_person(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t person_id,
                           struct admission_row *out, bool *found);
RESULT admission_insert(struct txn *tx, const struct admit_ask *ask, int64_t id, int64_t slot_id,
                        int64_t booking_id, int64_t places, bool showing);
RESULT admitted_since(struct txn *tx, int64_t venue_id, struct instant since, struct instant upto,
                      int64_t *people);

struct upload_row {
    uint8_t body_hash[32];
    int64_t accepted, contested;
    uint8_t ends[4 * UPLOAD_LINES_MAX]; /* big-endian */
    size_t ends_n;                      /* bytes */
};
RESULT upload_load(struct txn *tx, int64_t venue_id, int64_t terminal_id, int64_t batch_no,
                   struct upload_row *out, bool *found);
/* The number behind the last that was taken. */
RESULT upload_next(struct txn *tx, int64_t venue_id, int64_t terminal_id, int64_t *batch_no);
RESULT upload_insert(struct txn *tx, int64_t venue_id, int64_t terminal_id, int64_t batch_no,
                     const struct upload_row *row, struct instant at);
