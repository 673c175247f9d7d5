/* notice/send.c - handing waiting notices to a carrier, and the sweep that releases held ones. */
#include "notice/message.h"
#include "notice/notice_store.h"
#include "notice/put.h"

struct send_call {
    int64_t person_id, notice_id;
    struct arena *arena;
    struct notice_row row;
    struct notice_preference preference;
    struct bytes code, address;
};

static struct err load_in_txn(struct txn *tx, void *arg)
{
    struct send_call *call = arg;
    bool found;

    TRY(notice_load(tx, call->person_id, call->notice_id, call->arena, &call->row, &found));
    REQUIRE(found, NOTICE_UNKNOWN);
    TRY(preference_load(tx, call->person_id, &call->preference));
    return seal_load(tx, call->person_id, call->notice_id, call->arena, &call->code,
                     &call->address);
}

struct end_call {
    int64_t person_id, notice_id;
    enum notice_state state;
    struct instant sent_at;
    int code;
};

static struct err end_in_txn(struct txn *tx, void *arg)
{
    struct end_call *call = arg;

    TRY(notice_set_state(tx, call->person_id, call->notice_id, call->state, call->sent_at,
                         call->code));
    return seal_delete(tx, call->person_id, call->notice_id); /* codes live no longer than needed */
}

static RESULT set_end(struct store *store, const struct send_call *call, enum notice_state state,
                      int code)
{
    struct end_call end = {
        .person_id = call->person_id, .notice_id = call->notice_id, .state = state, .code = code
    };

    if (state == NOTICE_SENT) end.sent_at = store_now(store);
    return store_run(store, (struct root){ ROOT_PERSON, call->person_id }, end_in_txn, &end);
}

/* The notice will not be sent: say so in its row, then let the message die with the same code. */
static RESULT give_up(struct store *store, const struct send_call *call, int code)
{
    TRY(set_end(store, call, NOTICE_FAILED, code));
    return (struct err){ .code = code };
}

static RESULT ask_carrier(const struct notice_sender *sender, const struct send_call *call)
{
    const struct kind *kind = kind_find(call->row.kind);
    struct notice_parameter parameters[NOTICE_PARAMETERS_MAX];
    char text[NOTICE_TEXT_MAX];
    struct writer w = writer_over(text, sizeof text);
    struct notice_delivery delivery = {
        .notice_id = call->notice_id,
        .person_id = call->person_id,
        .kind = call->row.kind,
        .language = call->preference.language,
        .sealed_code = call->code,
        .sealed_address = call->address,
        .at = call->row.at,
    };
    size_t n;

    REQUIRE(kind, NOTICE_MESSAGE_BAD);
    TRY(parameters_parse(call->row.parameters, kind, parameters, &n));
    put_kind_text(&w, kind, delivery.language, parameters, n);
    delivery.text = writer_str(&w);
    return sender->carrier.send(sender->carrier.arg, &delivery);
}

RESULT notice_send(void *arg, const struct message *message)
{
    const struct notice_sender *sender = arg;
    struct cursor c = cursor_over(message->payload);
    uint8_t memory[4096];
    struct arena arena = arena_over(memory, sizeof memory);
    struct send_call call = { .person_id = message->to.id, .arena = &arena };
    struct instant now = store_now(sender->store);
    struct err end;

    call.notice_id = (int64_t)take_be64(&c);
    TRY(cursor_end(&c, NOTICE_MESSAGE_BAD));
    TRY(store_read(sender->store, load_in_txn, &call));
    if (call.row.state != NOTICE_WAITING) return OK; /* sent already; the message came again */
    if (instant_before(call.row.until, now)) return give_up(sender->store, &call, NOTICE_LATE);
    if (kind_find(call.row.kind) && call.row.kind == NOTICE_ONE_TIME_CODE && !call.code.n) {
        return give_up(sender->store, &call, NOTICE_LATE); /* its code is gone */
    }
    end = ask_carrier(sender, &call);
    if (end.code == 0) return set_end(sender->store, &call, NOTICE_SENT, 0);
    if (end.code > 0) return give_up(sender->store, &call, end.code);
    if (now.usec - call.row.at.usec >= NOTICE_TRY_USEC) {
        return give_up(sender->store, &call, NOTICE_GAVE_UP);
    }
    return end; /* the outbox tries again */
}

/* ---- the sweep ---- */

struct sweep_call {
    struct instant now;
    int max;
    struct arena *arena;
    struct notice_key *due, *ended;
    int due_n, ended_n;
};

static struct err find_in_txn(struct txn *tx, void *arg)
{
    struct sweep_call *call = arg;

    TRY(notices_due(tx, call->now, call->max, call->arena, &call->due, &call->due_n));
    return seals_ended(tx, call->now, call->max, call->arena, &call->ended, &call->ended_n);
}

static struct err release_in_txn(struct txn *tx, void *arg)
{
    const struct notice_key *key = arg;
    struct notice_row row;
    bool found;

    TRY(notice_load(tx, key->person_id, key->id, txn_arena(tx), &row, &found));
    if (!found || row.state != NOTICE_HELD) return OK; /* another sweep was faster */
    TRY(notice_set_state(tx, key->person_id, key->id, NOTICE_WAITING, (struct instant){ 0 }, 0));
    return send_message_put(tx, key->person_id, key->id);
}

static struct err drop_in_txn(struct txn *tx, void *arg)
{
    const struct notice_key *key = arg;

    return seal_delete(tx, key->person_id, key->id);
}

RESULT notice_sweep(struct store *store, struct instant now, int max, int *done)
{
    uint8_t memory[16 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    enum { SWEEP_MAX = 400 };
    struct sweep_call call = { .now = now,
                               .max = max < SWEEP_MAX ? max : SWEEP_MAX,
                               .arena = &arena };

    *done = 0;
    TRY(store_read(store, find_in_txn, &call));
    for (int i = 0; i < call.due_n; i++, ++*done) {
        struct root root = { ROOT_PERSON, call.due[i].person_id };
        TRY(store_run(store, root, release_in_txn, &call.due[i]));
    }
    for (int i = 0; i < call.ended_n; i++, ++*done) {
        struct root root = { ROOT_PERSON, call.ended[i].person_id };
        TRY(store_run(store, root, drop_in_txn, &call.ended[i]));
    }
    return OK;
}
