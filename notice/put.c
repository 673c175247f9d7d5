/* notice/put.c - putting a notice: under the holder's root a row, from elsewhere a message. */
#include "notice/message.h"
#include "notice/notice_store.h"
#include "notice/put.h"

/* The end of the quiet hours that `at` falls into; `at` itself when it falls into none. */
static struct instant quiet_end(const struct notice_preference *p, struct instant at)
{
    struct instant midnight = day_start(day_of(at));
    int64_t hour = (at.usec - midnight.usec) / USEC_PER_HOUR;
    int64_t from = p->quiet_from_hour, to = p->quiet_to_hour;
    bool over_night = from > to;

    if (from == to) return at;
    if (over_night ? hour < from && hour >= to : hour < from || hour >= to) return at;
    if (over_night && hour >= from) to += 24;
    return instant_add(midnight, to * USEC_PER_HOUR);
}

static bool is_muted(const struct notice_preference *p, const struct kind *kind)
{
    return !kind->urgent && (p->muted >> kind->kind & 1) != 0;
}

RESULT send_message_put(struct txn *tx, int64_t person_id, int64_t notice_id)
{
    uint8_t payload[8];
    struct writer w = writer_over(payload, sizeof payload);

    put_be64(&w, (uint64_t)notice_id);
    return outbox_put(tx, NOTICE_TOPIC_SEND, (struct root){ ROOT_PERSON, person_id },
                      writer_bytes(&w));
}

/* Under the holder's root. */
static RESULT put_row(struct txn *tx, const struct kind *kind, const struct notice *notice,
                      int64_t message_id)
{
    uint8_t parameters[PARAMETERS_BYTES_MAX];
    struct writer w = writer_over(parameters, sizeof parameters);
    struct notice_preference preference;
    struct notice_row row = {
        .person_id = notice->person_id,
        .id = notice->id,
        .kind = notice->kind,
        .state = NOTICE_WAITING,
        .at = notice->at,
        .until = notice->until.usec ? notice->until : instant_add(notice->at, NOTICE_TRY_USEC),
        .message_id = message_id,
    };

    TRY(preference_load(tx, notice->person_id, &preference));
    parameters_write(&w, notice->parameters, notice->parameters_n);
    assert(!w.over);
    row.parameters = writer_bytes(&w);
    if (is_muted(&preference, kind)) {
        row.state = NOTICE_KEPT;
    } else if (!kind->urgent && quiet_end(&preference, notice->at).usec != notice->at.usec) {
        row.state = NOTICE_HELD;
        row.due_at = quiet_end(&preference, notice->at);
    }
    TRY(notice_insert(tx, &row));
    if (notice->sealed_code.n || notice->sealed_address.n) {
        TRY(seal_insert(tx, row.person_id, row.id, row.until, notice->sealed_code,
                        notice->sealed_address));
    }
    return row.state == NOTICE_WAITING ? send_message_put(tx, row.person_id, row.id) : OK;
}

RESULT notice_put(struct txn *tx, const struct notice *notice, int64_t *notice_id)
{
    const struct kind *kind = kind_find(notice->kind);
    struct notice full = *notice;
    uint8_t payload[NOTICE_MESSAGE_MAX];
    struct writer w = writer_over(payload, sizeof payload);
    struct root root = txn_root(tx);

    assert(notice->person_id > 0);
    assert(notice->at.usec != 0);
    assert(notice->sealed_code.n <= NOTICE_SEALED_MAX);
    assert(notice->sealed_address.n <= NOTICE_SEALED_MAX);
    REQUIRE(kind, NOTICE_PARAMETER_BAD);
    TRY(kind_check(kind, notice->parameters, notice->parameters_n));
    if (full.id == 0) full.id = txn_new_id(tx);
    if (root.kind == ROOT_PERSON && root.id == full.person_id) {
        TRY(put_row(tx, kind, &full, 0));
    } else {
        notice_message_write(&w, &full);
        assert(!w.over);
        TRY(outbox_put(tx, NOTICE_TOPIC_PUT, (struct root){ ROOT_PERSON, full.person_id },
                       writer_bytes(&w)));
    }
    if (notice_id) *notice_id = full.id;
    return OK;
}

struct take_call {
    const struct kind *kind;
    struct notice notice;
    int64_t message_id;
};

static struct err take_in_txn(struct txn *tx, void *arg)
{
    struct take_call *call = arg;
    bool found;

    TRY(notice_by_message(tx, call->notice.person_id, call->message_id, &found));
    if (found) return OK; /* handed out twice */
    return put_row(tx, call->kind, &call->notice, call->message_id);
}

RESULT notice_take(void *store, const struct message *message)
{
    struct notice_parameter parameters[NOTICE_PARAMETERS_MAX];
    struct take_call call = { .message_id = message->id };

    TRY(notice_message_parse(message->payload, &call.notice, parameters));
    call.kind = kind_find(call.notice.kind);
    REQUIRE(message->to.kind == ROOT_PERSON && message->to.id == call.notice.person_id,
            NOTICE_MESSAGE_BAD);
    TRY(kind_check(call.kind, call.notice.parameters, call.notice.parameters_n));
    return store_run(store, message->to, take_in_txn, &call);
}
