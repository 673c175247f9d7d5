/* venues/admission.c - who is let in: once per booking, or on a held-back place. */
#include "notice/notice.h"
#include "venues/admission_store.h"
#include "venues/booking_store.h"
#include "venues/slot_store.h"
#include "venues/terminal_store.h"
#include "venues/venues.h"
#include "worklist/worklist.h"

RESULT admission_decide(const struct slot *slot, const struct booking *booking,
                        const struct admit_ask *ask)
{
    assert(ask->places >= 1);
    assert(ask->places <= PLACES_MAX);

    if (booking) {
        REQUIRE(booking->state != BOOKING_ADMITTED, VENUES_ADMITTED_ALREADY);
        if (booking->slot_id != slot->id) {
            REQUIRE(!instant_before(ask->at, booking->starts_at), VENUES_BOOKING_EARLY);
            REFUSE(VENUES_BOOKING_MISSED);
        }
        return OK; /* also one marked as missed: a gate that was alone tells so late */
    }
    REQUIRE(ask->places <= slot->held - slot->held_taken, VENUES_NO_FREE_PLACE);
    return OK;
}

static bool showing_given(const struct admit_ask *ask)
{
    static const uint8_t none[16];

    return memcmp(ask->presentation, none, sizeof none) != 0;
}

static RESULT already(const struct admission_row *first, struct admission *out)
{
    *out = (struct admission){ .id = first->id,
                               .slot_id = first->slot_id,
                               .booking_id = first->booking_id,
                               .places = first->places,
                               .first_at = first->at,
                               .first_terminal_id = first->terminal_id };
    REFUSE(VENUES_ADMITTED_ALREADY);
}

/* The booking that this showing is about: of the slot itself, else another of the same day. */
static RESULT booking_about(struct txn *tx, const struct admit_ask *ask, const struct slot *slot,
                            struct booking *out, bool *found)
{
    struct instant today = day_start(day_of(ask->at));

    TRY(booking_of_slot(tx, ask->venue_id, slot->id, ask->person_id, out, found));
    if (*found) return OK;
    return booking_near(tx, ask->venue_id, ask->person_id, today, instant_add(today, USEC_PER_DAY),
                        ask->at, out, found);
}

static RESULT admitted_tell(struct txn *tx, const struct admit_ask *ask)
{
    char at[40];
    struct writer w = writer_over(at, sizeof at);
    struct notice_parameter parameters[] = {
        { "place", str_part(ask->place, 0, NOTICE_VALUE_MAX) },
        { "at", { NULL, 0 } },
    };
    struct notice notice = { .kind = NOTICE_ADMITTED,
                             .person_id = ask->person_id,
                             .at = ask->at,
                             .parameters = parameters,
                             .parameters_n = LEN(parameters) };

    if (ask->place.n == 0) return OK;
    put_minute(&w, ask->at);
    parameters[1].value = writer_str(&w);
    return notice_put(tx, &notice, NULL);
}

struct entry { /* what the decision is about */
    struct slot slot;
    struct booking booking;
    bool booked; /* `booking` is used */
};

/* *out is filled as far as it got, also when refused. */
static RESULT decide(struct txn *tx, const struct admit_ask *ask, struct entry *entry,
                     struct admission *out)
{
    struct admission_row first;
    bool found, booked;
    struct err err;

    if (showing_given(ask)) {
        TRY(admission_of_showing(tx, ask->venue_id, ask->presentation, &first, &found));
        if (found) return already(&first, out);
    }
    TRY(slot_at(tx, ask->venue_id, ask->at, &entry->slot, &found));
    REQUIRE(found, VENUES_NO_SLOT_NOW);
    out->slot_id = entry->slot.id;
    TRY(admission_of_person(tx, ask->venue_id, entry->slot.id, ask->person_id, &first, &found));
    if (found) return already(&first, out);
    TRY(booking_about(tx, ask, &entry->slot, &entry->booking, &booked));
    err = admission_decide(&entry->slot, booked ? &entry->booking : NULL, ask);
    if (err.code == VENUES_BOOKING_EARLY || err.code == VENUES_BOOKING_MISSED)
        out->booked_for = entry->booking.starts_at;
    entry->booked = booked;
    return err;
}

static RESULT admit(struct txn *tx, const struct admit_ask *ask, struct admission *out)
{
    struct entry entry;
    const struct booking *booking = &entry.booking;
    int64_t places, held;

    TRY(decide(tx, ask, &entry, out));
    places = entry.booked ? booking->places : ask->places;
    held = entry.booked ? 0 : places;
    *out = (struct admission){ .id = txn_new_id(tx),
                               .slot_id = entry.slot.id,
                               .booking_id = entry.booked ? booking->id : 0,
                               .places = places,
                               .inside = entry.slot.admitted + places };
    if (entry.booked)
        TRY(booking_end(tx, ask->venue_id, booking->id, booking->state, BOOKING_ADMITTED, ask->at));
    if (entry.booked && booking->state == BOOKING_NO_SHOW) TRY(no_show_send(tx, booking, true));
    TRY(slot_admit(tx, ask->venue_id, entry.slot.id, places, held));
    TRY(admission_insert(tx, ask, out->id, entry.slot.id, out->booking_id, places,
                         showing_given(ask)));
    return admitted_tell(tx, ask);
}

static RESULT line_append(struct txn *tx, const struct admit_ask *ask, int verdict, int64_t object,
                          int64_t *line_id)
{
    struct journal_line line = {
        .kind = JOURNAL_USE,
        .actor = ask->staff_id != 0 ? ACTOR_STAFF : ACTOR_TERMINAL,
        .actor_id = ask->staff_id != 0 ? ask->staff_id : ask->terminal_id,
        .grade = ask->grade,
        .provenance = ask->provenance,
        .person_id = ask->person_id,
        .card_id = ask->card_id,
        .place_id = ask->venue_id,
        .terminal_id = ask->terminal_id,
        .region_code = ask->region_code,
        .verdict = verdict,
        .act = verdict == 0 ? S("admitted") : S("not_admitted"),
        .item = ask->item,
        .at = ask->at,
        .said_at = ask->terminal_at,
    };

    if (verdict == 0) {
        memcpy(line.object_prefix, "adm", 4);
        line.object_id = object;
    }
    return journal_append(tx, &line, line_id);
}

struct admit_call {
    const struct admit_ask *ask;
    struct admission made;
};

/* A refused one has written nothing yet: bodies decide before they write. */
static RESULT admit_in_txn(struct txn *tx, void *arg)
{
    struct admit_call *call = arg;
    struct err err;

    call->made = (struct admission){ 0 };
    err = admit(tx, call->ask, &call->made);
    if (err.code < 0) return err;
    TRY(line_append(tx, call->ask, err.code, call->made.id, NULL));
    if (err.code != 0) REFUSE_KEEP(err.code);
    return OK;
}

RESULT venues_admit(struct store *store, const struct admit_ask *ask, struct admission *out)
{
    struct admit_call call = { .ask = ask };
    struct err err =
        store_run(store, (struct root){ ROOT_PLACE, ask->venue_id }, admit_in_txn, &call);

    *out = call.made;
    return err;
}

static RESULT would_in_txn(struct txn *tx, void *arg)
{
    struct admit_call *call = arg;
    struct entry entry;

    return decide(tx, call->ask, &entry, &call->made);
}

RESULT venues_would_admit(struct store *store, const struct admit_ask *ask)
{
    struct admit_call call = { .ask = ask };

    return store_read(store, would_in_txn, &call);
}

/* ---- occupancy */

struct occupancy_call {
    int64_t venue_id;
    struct instant at;
    struct slot slot;
    bool open;
    int64_t today;
};

static RESULT occupancy_read(struct txn *tx, void *arg)
{
    struct occupancy_call *call = arg;

    TRY(slot_at(tx, call->venue_id, call->at, &call->slot, &call->open));
    return admitted_since(tx, call->venue_id, day_start(day_of(call->at)), call->at, &call->today);
}

RESULT venues_occupancy(struct store *store, int64_t venue_id, struct instant at,
                        struct occupancy *out)
{
    struct occupancy_call call = { .venue_id = venue_id, .at = at };

    TRY(store_read(store, occupancy_read, &call));
    *out = (struct occupancy){ .admitted_today = call.today };
    if (call.open) {
        out->slot_id = call.slot.id;
        out->quota = call.slot.quota;
        out->taken = call.slot.taken;
        out->held = call.slot.held;
        out->held_taken = call.slot.held_taken;
        out->admitted = call.slot.admitted;
        out->starts_at = call.slot.starts_at;
        out->ends_at = call.slot.ends_at;
    }
    return OK;
}

/* ---- uploads of gates that were offline */

struct upload_call {
    const struct upload_ask *ask;
    uint8_t body_hash[32];
    struct upload_made made;
};

/* Let in by the gate, refused by the rules here: our verdict stands in the journal, and somebody of
 * the place's operator or region looks into it. */
static RESULT contested_append(struct txn *tx, const struct admit_ask *ask, int verdict,
                               struct instant at)
{
    uint8_t payload[200];
    struct writer w = writer_over(payload, sizeof payload);
    struct worklist_ask open = { .kind = WORKLIST_CONTESTED_USE,
                                 .subject = ABOUT_JOURNAL_LINE,
                                 .person_id = ask->person_id,
                                 .organisation_id = ask->operator_id,
                                 .region_code = ask->region_code,
                                 .reason = S("let_in_offline"),
                                 .at = at };

    TRY(line_append(tx, ask, verdict, 0, &open.subject_id));
    worklist_ask_write(&w, &open);
    assert(!w.over);
    return outbox_put(tx, WORKLIST_TOPIC_OPEN, (struct root){ ROOT_NODE, WORKLIST_NODE },
                      writer_bytes(&w));
}

/* One line to its end: 0, or what it is contested or refused with. */
static RESULT upload_line(struct txn *tx, const struct upload_ask *upload, size_t i, int32_t *end)
{
    const struct upload_line *line = &upload->lines[i];
    struct admit_ask ask = line->ask;
    struct admission admission = { 0 };
    struct err err;

    ask.venue_id = upload->venue_id;
    ask.terminal_id = upload->terminal_id;
    ask.grade = GRADE_C;
    *end = line->refused;
    if (line->refused != 0) return OK;
    if (line->verdict != 0) /* the gate refused: the record is all there is to do */
        return line_append(tx, &ask, line->verdict, 0, NULL);
    *end = line->judged;
    if (line->judged != 0) /* let in on a code that should not have opened the leaf */
        return contested_append(tx, &ask, line->judged, upload->at);
    err = admit(tx, &ask, &admission);
    if (err.code < 0) return err;
    *end = err.code;
    if (err.code != 0) return contested_append(tx, &ask, err.code, upload->at);
    return line_append(tx, &ask, 0, admission.id, NULL);
}

static void end_count(struct upload_made *made, int32_t end, bool refused)
{
    if (refused)
        made->refused++;
    else if (end != 0)
        made->contested++;
    else
        made->accepted++;
    made->ends[made->n++] = end;
}

static bool end_refused(int32_t end)
{
    return end == VENUES_LINE_TIME || end == VENUES_LINE_VERDICT;
}

static void ends_read(const struct upload_row *row, struct upload_made *made)
{
    struct cursor c = cursor_over(bytes_of(row->ends, row->ends_n));

    *made = (struct upload_made){ .replayed = true };
    while (cursor_left(&c) >= 4) {
        int32_t end = (int32_t)take_be32(&c);
        end_count(made, end, end_refused(end));
    }
    made->accepted = row->accepted;
    made->contested = row->contested;
}

static void ends_write(const struct upload_made *made, struct upload_row *row)
{
    struct writer w = writer_over(row->ends, sizeof row->ends);

    for (size_t i = 0; i < made->n; i++) {
        put_be32(&w, (uint32_t)made->ends[i]);
    }
    row->ends_n = w.n;
    row->accepted = made->accepted;
    row->contested = made->contested;
}

/* In its place: not another's number, and none before it missing. */
static RESULT upload_order(struct txn *tx, struct upload_call *call)
{
    const struct upload_ask *ask = call->ask;
    struct upload_row row;
    bool found;

    call->made = (struct upload_made){ 0 };
    TRY(upload_load(tx, ask->venue_id, ask->terminal_id, ask->batch_no, &row, &found));
    if (found) {
        if (memcmp(row.body_hash, call->body_hash, 32) == 0) {
            ends_read(&row, &call->made);
            return OK;
        }
        TRY(upload_next(tx, ask->venue_id, ask->terminal_id, &call->made.next_batch_no));
        REFUSE(VENUES_UPLOAD_DIFFERENT);
    }
    TRY(upload_next(tx, ask->venue_id, ask->terminal_id, &call->made.next_batch_no));
    REQUIRE(ask->batch_no == call->made.next_batch_no, VENUES_UPLOAD_GAP);
    return OK;
}

static RESULT upload_check_in(struct txn *tx, void *arg)
{
    return upload_order(tx, arg);
}

static RESULT upload_in_txn(struct txn *tx, void *arg)
{
    struct upload_call *call = arg;
    const struct upload_ask *ask = call->ask;
    struct upload_row row;

    TRY(upload_order(tx, call));
    if (call->made.replayed) return OK;
    for (size_t i = 0; i < ask->n; i++) {
        int32_t end;
        TRY(upload_line(tx, ask, i, &end));
        end_count(&call->made, end, ask->lines[i].refused != 0);
    }
    ends_write(&call->made, &row);
    memcpy(row.body_hash, call->body_hash, sizeof row.body_hash);
    return upload_insert(tx, ask->venue_id, ask->terminal_id, ask->batch_no, &row, ask->at);
}

static RESULT upload_signed(struct store *store, const struct upload_ask *ask,
                            struct upload_call *call)
{
    struct terminal terminal;

    assert(ask->n <= UPLOAD_LINES_MAX);
    TRY(venues_terminal_get(store, ask->terminal_id, &terminal));
    REQUIRE(terminal.venue_id == ask->venue_id, VENUES_TERMINAL_UNKNOWN);
    REQUIRE(terminal.state != TERMINAL_REVOKED, VENUES_TERMINAL_REVOKED);
    REQUIRE(terminal.state == TERMINAL_ACTIVE, VENUES_NOT_ENROLLED);
    TRY(upload_signature_check(&terminal, ask));
    sm3(ask->body, call->body_hash);
    return OK;
}

RESULT venues_upload_check(struct store *store, const struct upload_ask *ask,
                           struct upload_made *out)
{
    struct upload_call call = { .ask = ask };
    struct err err;

    TRY(upload_signed(store, ask, &call));
    err = store_read(store, upload_check_in, &call);
    *out = call.made;
    return err;
}

RESULT venues_upload(struct store *store, const struct upload_ask *ask, struct upload_made *out)
{
    struct upload_call call = { .ask = ask };
    struct err err;

    TRY(upload_signed(store, ask, &call));
    err = store_run(store, (struct root){ ROOT_PLACE, ask->venue_id }, upload_in_txn, &call);
    *out = call.made;
    return err;
}
