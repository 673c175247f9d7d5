/* worklist/open.c - opening rows: by a call, or by a message of another root. */
#include "worklist/reason.h"
#include "worklist/worklist_store.h"

#define NODE ((struct root){ ROOT_NODE, WORKLIST_NODE })

bool reason_is_sound(struct str reason)
{
    if (reason.n < 1 || reason.n > WORKLIST_REASON_MAX) return false;
    for (size_t i = 0; i < reason.n; i++) {
        char c = reason.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

static RESULT put_row(struct txn *tx, const struct worklist_ask *ask, int64_t message_id,
                      int64_t *id)
{
    struct worklist_row row = {
        .id = txn_new_id(tx),
        .kind = ask->kind,
        .state = WORKLIST_OPEN,
        .subject = ask->subject,
        .subject_id = ask->subject_id,
        .subject_root = ask->subject_root,
        .person_id = ask->person_id,
        .organisation_id = ask->organisation_id,
        .region_code = ask->region_code,
        .reason = ask->reason,
        .sealed = ask->sealed,
        .opened_at = ask->at,
        .due_at = ask->due_at.usec ? ask->due_at : instant_add(ask->at, WORKLIST_DUE_USEC),
        .changed_at = ask->at,
    };

    REQUIRE(reason_is_sound(ask->reason), WORKLIST_REASON_BAD);
    assert(worklist_kind_name(ask->kind));
    assert(ask->sealed.n <= WORKLIST_SEALED_MAX);
    TRY(number_take(tx, day_date(day_of(ask->at)).year, &row.number));
    TRY(row_insert(tx, &row, message_id));
    *id = row.id;
    return past_add(tx, row.id,
                    &(struct worklist_past){ .state = WORKLIST_OPEN,
                                             .by_person = ask->person_id,
                                             .organisation_id = ask->organisation_id,
                                             .reason = ask->reason,
                                             .at = ask->at });
}

RESULT worklist_put(struct txn *tx, const struct worklist_ask *ask, int64_t *id)
{
    return put_row(tx, ask, 0, id);
}

struct open_call {
    const struct worklist_ask *ask;
    int64_t message_id, id;
};

static struct err open_in_txn(struct txn *tx, void *arg)
{
    struct open_call *call = arg;
    bool found = false;

    if (call->message_id) TRY(row_by_message(tx, call->message_id, &call->id, &found));
    if (!found) TRY(put_row(tx, call->ask, call->message_id, &call->id));
    txn_result(tx, call->id);
    return OK;
}

RESULT worklist_open(struct store *store, const struct once *once, const struct worklist_ask *ask,
                     int64_t *id)
{
    struct open_call call = { .ask = ask };
    bool replayed;

    if (once) return store_run_once(store, NODE, once, open_in_txn, &call, id, &replayed);
    TRY(store_run(store, NODE, open_in_txn, &call));
    *id = call.id;
    return OK;
}

RESULT worklist_open_from(struct store *store, const struct message *message,
                          const struct worklist_ask *ask, int64_t *id)
{
    struct open_call call = { .ask = ask, .message_id = message->id };

    TRY(store_run(store, NODE, open_in_txn, &call));
    *id = call.id;
    return OK;
}

/* ---- asks and answers on their way ---- */

enum { MESSAGE_VERSION = 1 };

void worklist_ask_write(struct writer *w, const struct worklist_ask *ask)
{
    put_u8(w, MESSAGE_VERSION);
    put_u8(w, (uint8_t)ask->kind);
    put_u8(w, (uint8_t)ask->subject);
    put_u8(w, (uint8_t)ask->subject_root.kind);
    put_be64(w, (uint64_t)ask->subject_root.id);
    put_be64(w, (uint64_t)ask->subject_id);
    put_be64(w, (uint64_t)ask->person_id);
    put_be64(w, (uint64_t)ask->organisation_id);
    put_be32(w, (uint32_t)ask->region_code);
    put_be64(w, (uint64_t)ask->at.usec);
    put_be64(w, (uint64_t)ask->due_at.usec);
    put_u8(w, (uint8_t)ask->reason.n);
    put_str(w, ask->reason);
    put_be16(w, (uint16_t)ask->sealed.n);
    put_bytes(w, ask->sealed);
}

RESULT worklist_ask_parse(struct bytes payload, struct worklist_ask *out)
{
    struct cursor c = cursor_over(payload);
    struct worklist_ask ask = { 0 };

    REQUIRE(take_u8(&c) == MESSAGE_VERSION, WORKLIST_MESSAGE_BAD);
    ask.kind = (enum worklist_kind)take_u8(&c);
    ask.subject = (enum worklist_subject)take_u8(&c);
    ask.subject_root.kind = (enum root_kind)take_u8(&c);
    ask.subject_root.id = (int64_t)take_be64(&c);
    ask.subject_id = (int64_t)take_be64(&c);
    ask.person_id = (int64_t)take_be64(&c);
    ask.organisation_id = (int64_t)take_be64(&c);
    ask.region_code = (int32_t)take_be32(&c);
    ask.at.usec = (int64_t)take_be64(&c);
    ask.due_at.usec = (int64_t)take_be64(&c);
    ask.reason = bytes_str(take_bytes(&c, take_u8(&c)));
    ask.sealed = take_bytes(&c, take_be16(&c));
    TRY(cursor_end(&c, WORKLIST_MESSAGE_BAD));
    REQUIRE(worklist_kind_name(ask.kind) && ask.subject <= ABOUT_MESSAGE &&
                ask.subject_root.kind <= ROOT_NODE && ask.sealed.n <= WORKLIST_SEALED_MAX &&
                reason_is_sound(ask.reason),
            WORKLIST_MESSAGE_BAD);
    *out = ask;
    return OK;
}

RESULT worklist_take_message(void *store, const struct message *message)
{
    struct worklist_ask ask;
    int64_t id;

    TRY(worklist_ask_parse(message->payload, &ask));
    return worklist_open_from(store, message, &ask, &id);
}

void answer_write(struct writer *w, const struct worklist_answer *answer)
{
    put_u8(w, MESSAGE_VERSION);
    put_u8(w, (uint8_t)answer->kind);
    put_u8(w, (uint8_t)answer->subject);
    put_be64(w, (uint64_t)answer->worklist_id);
    put_be64(w, (uint64_t)answer->number);
    put_be64(w, (uint64_t)answer->subject_id);
    put_be64(w, (uint64_t)answer->person_id);
    put_be64(w, (uint64_t)answer->at.usec);
    put_str(w, answer->outcome);
}

RESULT worklist_answer_parse(struct bytes payload, struct worklist_answer *out)
{
    struct cursor c = cursor_over(payload);
    struct worklist_answer answer = { 0 };

    REQUIRE(take_u8(&c) == MESSAGE_VERSION, WORKLIST_MESSAGE_BAD);
    answer.kind = (enum worklist_kind)take_u8(&c);
    answer.subject = (enum worklist_subject)take_u8(&c);
    answer.worklist_id = (int64_t)take_be64(&c);
    answer.number = (int64_t)take_be64(&c);
    answer.subject_id = (int64_t)take_be64(&c);
    answer.person_id = (int64_t)take_be64(&c);
    answer.at.usec = (int64_t)take_be64(&c);
    answer.outcome = bytes_str(take_rest(&c));
    TRY(cursor_end(&c, WORKLIST_MESSAGE_BAD));
    REQUIRE(worklist_kind_name(answer.kind) && reason_is_sound(answer.outcome),
            WORKLIST_MESSAGE_BAD);
    *out = answer;
    return OK;
}
