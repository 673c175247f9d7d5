/* venues/admission_store.c - SQL of admissions and uploads; no rule lives here. */
#include "venues/admission_store.h"

static const struct stmt ADMISSION_OF_SHOWING = {
    .name = "venues: admission by a code's showing",
    .types = "ib",
    .root = 1,
    .sql = "SELECT id, slot_id, booking_id, terminal_id, places, at FROM venue_admission"
           " WHERE venue_id = $1 AND presentation = $2",
};
static const struct stmt ADMISSION_OF_PERSON = {
    .name = "venues: a person's admission of a slot",
    .types = "iii",
    .root = 1,
    .sql = "SELECT id, slot_id, booking_id, terminal_id, places, at FROM venue_admission"
           " WHERE venue_id = $1 AND slot_id = $2 AND person_id = $3",
};
static const struct stmt ADMISSION_INSERT = {
    .name = "venues: let in",
    .types = "iiiiiiiiiiiiib",
    .root = 1,
    .sql = "INSERT INTO venue_admission (venue_id, id, slot_id, booking_id, person_id, card_id,"
           " terminal_id, staff_id, places, grade, provenance, at, terminal_at, presentation)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
};
static const struct stmt ADMITTED_SINCE = {
    .name = "venues: people let in since",
    .types = "iii",
    .sql = "SELECT CAST(SUM(places) AS BIGINT) FROM venue_admission"
           " WHERE venue_id = $1 AND at >= $2 AND at <= $3",
};
static const struct stmt UPLOAD_LOAD = {
    .name = "venues: an upload",
    .types = "iii",
    .root = 1,
    .sql = "SELECT body_hash, accepted, contested, ends FROM terminal_upload"
           " WHERE venue_id = $1 AND terminal_id = $2 AND batch_no = $3",
};
static const struct stmt UPLOAD_INSERT = {
    .name = "venues: a new upload",
    .types = "iiibiiib",
    .root = 1,
    .sql = "INSERT INTO terminal_upload (venue_id, terminal_id, batch_no, body_hash, accepted,"
           " contested, at, ends) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
};
static const struct stmt UPLOAD_NEXT = {
    .name = "venues: the last upload's number",
    .types = "ii",
    .root = 1,
    .sql = "SELECT MAX(batch_no) FROM terminal_upload WHERE venue_id = $1 AND terminal_id = $2",
};

static void admission_take_row(const struct row *row, struct admission_row *out)
{
    *out = (struct admission_row){ .id = row_int(row, 0),
                                   .slot_id = row_int(row, 1),
                                   .booking_id = row_int(row, 2),
                                   .terminal_id = row_int(row, 3),
                                   .places = row_int(row, 4),
                                   .at = row_at(row, 5) };
}

RESULT admission_of_showing(struct txn *tx, int64_t venue_id, const uint8_t presentation[16],
                            struct admission_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &ADMISSION_OF_SHOWING,
                  IN(v_int(venue_id), v_blob(bytes_of(presentation, 16))), &row, found));
    if (*found) admission_take_row(&row, out);
    return OK;
}

RESULT admission_of_person(struct txn *tx, int64_t venue_id, int64_t slot_id, int64_t person_id,
                           struct admission_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &ADMISSION_OF_PERSON, IN(v_int(venue_id), v_int(slot_id), v_int(person_id)),
                  &row, found));
    if (*found) admission_take_row(&row, out);
    return OK;
}

RESULT admission_insert(struct txn *tx, const struct admit_ask *ask, int64_t id, int64_t slot_id,
                        int64_t booking_id, int64_t places, bool showing)
{
    return txn_exec(tx, &ADMISSION_INSERT,
                    IN(v_int(ask->venue_id), v_int(id), v_int(slot_id), v_int(booking_id),
                       v_int(ask->person_id), v_int(ask->card_id), v_int(ask->terminal_id),
                       v_int(ask->staff_id), v_int(places), v_int(ask->grade),
                       v_int(ask->provenance), v_at(ask->at), v_at(ask->terminal_at),
                       showing ? v_blob(bytes_of(ask->presentation, 16)) : v_null()),
                    NULL);
}

RESULT admitted_since(struct txn *tx, int64_t venue_id, struct instant since, struct instant upto,
                      int64_t *people)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &ADMITTED_SINCE, IN(v_int(venue_id), v_at(since), v_at(upto)), &row, &found));
    *people = found ? row_int(&row, 0) : 0;
    return OK;
}

RESULT upload_load(struct txn *tx, int64_t venue_id, int64_t terminal_id, int64_t batch_no,
                   struct upload_row *out, bool *found)
{
    ROW(row);
    struct bytes hash;

    TRY(txn_first(tx, &UPLOAD_LOAD, IN(v_int(venue_id), v_int(terminal_id), v_int(batch_no)), &row,
                  found));
    if (!*found) return OK;
    hash = row_blob(&row, 0);
    if (hash.n != sizeof out->body_hash) return fault(FAULT_STORE_CORRUPT, "an upload's hash");
    memcpy(out->body_hash, hash.p, hash.n);
    out->accepted = row_int(&row, 1);
    out->contested = row_int(&row, 2);
    out->ends_n = row_blob(&row, 3).n;
    if (out->ends_n > sizeof out->ends) return fault(FAULT_STORE_CORRUPT, "an upload's ends");
    if (out->ends_n > 0) memcpy(out->ends, row_blob(&row, 3).p, out->ends_n);
    return OK;
}

RESULT upload_next(struct txn *tx, int64_t venue_id, int64_t terminal_id, int64_t *batch_no)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &UPLOAD_NEXT, IN(v_int(venue_id), v_int(terminal_id)), &row, &found));
    *batch_no = found ? row_int(&row, 0) + 1 : 1;
    return OK;
}

RESULT upload_insert(struct txn *tx, int64_t venue_id, int64_t terminal_id, int64_t batch_no,
                     const struct upload_row *row, struct instant at)
{
    return txn_exec(tx, &UPLOAD_INSERT,
                    IN(v_int(venue_id), v_int(terminal_id), v_int(batch_no),
                       v_blob(bytes_of(row->body_hash, 32)), v_int(row->accepted),
                       v_int(row->contested), v_at(at), v_blob(bytes_of(row->ends, row->ends_n))),
                    NULL);
}
