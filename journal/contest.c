/* journal/contest.c - a holder says "that was not me"; the row goes to a worklist by message. */
#include "journal/line.h"

enum { CONTEST_VERSION = 1, CONTEST_REASON_MAX = 48 };

static void contest_write(struct writer *w, int64_t contest_id, const struct journal_contest *ask,
                          int32_t region_code)
{
    put_u8(w, CONTEST_VERSION);
    put_be64(w, (uint64_t)contest_id);
    put_be64(w, (uint64_t)ask->person_id);
    put_be64(w, (uint64_t)ask->line_id);
    put_be64(w, (uint64_t)ask->at.usec);
    put_be32(w, (uint32_t)region_code);
    put_u8(w, (uint8_t)ask->reason.n);
    put_str(w, ask->reason);
    put_be16(w, (uint16_t)ask->sealed.n);
    put_bytes(w, ask->sealed);
}

RESULT journal_contest_parse(struct bytes payload, struct journal_contest_message *out)
{
    struct cursor c = cursor_over(payload);
    struct journal_contest_message message = { 0 };

    REQUIRE(take_u8(&c) == CONTEST_VERSION, JOURNAL_MESSAGE_BAD);
    message.contest_id = (int64_t)take_be64(&c);
    message.contest.person_id = (int64_t)take_be64(&c);
    message.contest.line_id = (int64_t)take_be64(&c);
    message.contest.at.usec = (int64_t)take_be64(&c);
    message.region_code = (int32_t)take_be32(&c);
    message.contest.reason = bytes_str(take_bytes(&c, take_u8(&c)));
    message.contest.sealed = take_bytes(&c, take_be16(&c));
    TRY(cursor_end(&c, JOURNAL_MESSAGE_BAD));
    *out = message;
    return OK;
}

struct contest_call {
    const struct journal_contest *ask;
    struct journal_record record; /* read before: its root may be another */
    int64_t id;
};

static struct err contest_in_txn(struct txn *tx, void *arg)
{
    struct contest_call *call = arg;
    uint8_t payload[1 + 4 * 8 + 4 + 1 + CONTEST_REASON_MAX + 2 + JOURNAL_SEALED_MAX];
    struct writer w = writer_over(payload, sizeof payload);
    bool found;

    TRY(contest_find(tx, call->ask->person_id, call->ask->line_id, &found));
    REQUIRE(!found, JOURNAL_ALREADY_CONTESTED);
    call->id = txn_new_id(tx);
    TRY(contest_insert(tx, call->id, call->record.root, call->ask));
    if (call->record.root.kind == ROOT_PERSON && call->record.root.id == call->ask->person_id) {
        TRY(line_set_contest(tx, call->record.root, call->ask->line_id, call->id));
    } else { /* the line stands elsewhere: its mark goes there by message */
        uint8_t mark[2 * 8];
        struct writer m = writer_over(mark, sizeof mark);
        put_be64(&m, (uint64_t)call->ask->line_id);
        put_be64(&m, (uint64_t)call->id);
        TRY(outbox_put(tx, JOURNAL_TOPIC_MARK, call->record.root, writer_bytes(&m)));
    }
    contest_write(&w, call->id, call->ask, call->record.line.region_code);
    assert(!w.over);
    TRY(outbox_put(tx, JOURNAL_TOPIC_CONTEST, (struct root){ ROOT_NODE, 1 }, writer_bytes(&w)));
    txn_result(tx, call->id);
    return OK;
}

RESULT journal_contest(struct store *store, const struct once *once,
                       const struct journal_contest *ask, int64_t *contest_id)
{
    struct contest_call call = { .ask = ask };
    struct root root = { ROOT_PERSON, ask->person_id };
    uint8_t memory[4096];
    struct arena arena = arena_over(memory, sizeof memory);
    bool replayed;

    assert(ask->reason.n >= 1);
    assert(ask->reason.n <= CONTEST_REASON_MAX);
    assert(ask->sealed.n <= JOURNAL_SEALED_MAX);
    TRY(journal_person_line(store, ask->person_id, ask->line_id, &arena, &call.record));
    REQUIRE(!call.record.erased, JOURNAL_LINE_ERASED);
    REQUIRE(call.record.line.kind != JOURNAL_STAFF_ACT, JOURNAL_NOT_CONTESTABLE);
    if (once)
        return store_run_once(store, root, once, contest_in_txn, &call, contest_id, &replayed);
    TRY(store_run(store, root, contest_in_txn, &call));
    *contest_id = call.id;
    return OK;
}

struct mark_call {
    struct root root;
    int64_t line_id, contest_id;
};

static struct err mark_in_txn(struct txn *tx, void *arg)
{
    struct mark_call *call = arg;

    return line_set_contest(tx, call->root, call->line_id, call->contest_id);
}

RESULT journal_mark(void *store, const struct message *message)
{
    struct cursor c = cursor_over(message->payload);
    struct mark_call call = { .root = message->to };

    call.line_id = (int64_t)take_be64(&c);
    call.contest_id = (int64_t)take_be64(&c);
    TRY(cursor_end(&c, JOURNAL_MESSAGE_BAD));
    return store_run(store, message->to, mark_in_txn, &call);
}

struct contested_call {
    int64_t person_id, contest_id;
    struct arena *arena;
    struct journal_record record;
};

static struct err contested_in_txn(struct txn *tx, void *arg)
{
    struct contested_call *call = arg;
    struct line_row row;
    struct root root;
    int64_t line_id;
    bool found;

    TRY(contest_line(tx, call->person_id, call->contest_id, &root, &line_id, &found));
    REQUIRE(found, JOURNAL_LINE_UNKNOWN);
    TRY(line_load(tx, root, line_id, call->arena, &row, &found));
    REQUIRE(found, JOURNAL_LINE_UNKNOWN);
    return record_of(&row, &call->record);
}

RESULT journal_contested_line(struct store *store, int64_t person_id, int64_t contest_id,
                              struct arena *arena, struct journal_record *out)
{
    struct contested_call call = { person_id, contest_id, arena, { 0 } };

    TRY(store_read(store, contested_in_txn, &call));
    *out = call.record;
    return OK;
}

struct answer_call {
    int64_t person_id, contest_id;
    struct str outcome;
    struct instant at;
};

static struct err answer_in_txn(struct txn *tx, void *arg)
{
    struct answer_call *call = arg;
    int64_t changed;

    TRY(contest_answer(tx, call->person_id, call->contest_id, call->outcome, call->at, &changed));
    REQUIRE(changed == 1, JOURNAL_LINE_UNKNOWN);
    return OK;
}

RESULT journal_contest_answer(struct store *store, int64_t person_id, int64_t contest_id,
                              struct str outcome, struct instant at)
{
    struct answer_call call = { person_id, contest_id, outcome, at };

    return store_run(store, (struct root){ ROOT_PERSON, person_id }, answer_in_txn, &call);
}
