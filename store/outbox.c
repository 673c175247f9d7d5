/* store/outbox.c - messages from one root to another: put in the act's transaction, handed out
 * afterwards until the handler takes or refuses them. */
#include "store/inner.h"

#define PAUSE_FIRST_USEC USEC_PER_SEC
#define PAUSE_MOST_USEC USEC_PER_HOUR
enum { PAUSE_DOUBLINGS = 12 }; /* 2^12 s is past the hour */

static const struct stmt OUTBOX_PUT = {
    .name = "store: put a message",
    .types = "iiitiibii",
    .root = 1,
    .sql = "INSERT INTO store_outbox (root_id, root_kind, id, topic, to_kind, to_id, payload, at,"
           " tries, due_at, dead) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0)",
};
#define MESSAGE_COLUMNS "root_id, root_kind, id, topic, to_kind, to_id, payload, at, tries, dead"
static const struct stmt OUTBOX_DUE = {
    .name = "store: messages that are due",
    .types = "tii",
    .sql = "SELECT " MESSAGE_COLUMNS " FROM store_outbox"
           " WHERE topic = $1 AND dead = 0 AND due_at <= $2 ORDER BY id LIMIT $3",
};
static const struct stmt OUTBOX_DEAD = {
    .name = "store: messages that died",
    .types = "ti",
    .sql = "SELECT " MESSAGE_COLUMNS " FROM store_outbox"
           " WHERE topic = $1 AND dead <> 0 ORDER BY id LIMIT $2",
};
static const struct stmt OUTBOX_LEASE = {
    .name = "store: lease a message",
    .types = "iiii",
    .sql = "UPDATE store_outbox SET due_at = $3, tries = tries + 1"
           " WHERE root_id = $1 AND id = $2 AND dead = 0 AND due_at <= $4",
};
static const struct stmt OUTBOX_DONE = {
    .name = "store: a message is delivered",
    .types = "ii",
    .sql = "DELETE FROM store_outbox WHERE root_id = $1 AND id = $2",
};
static const struct stmt OUTBOX_LATER = {
    .name = "store: a message is tried again later",
    .types = "iii",
    .sql = "UPDATE store_outbox SET due_at = $3 WHERE root_id = $1 AND id = $2",
};
static const struct stmt OUTBOX_KILL = {
    .name = "store: a message is refused for good",
    .types = "iii",
    .sql = "UPDATE store_outbox SET dead = $3 WHERE root_id = $1 AND id = $2",
};
static const struct stmt OUTBOX_REVIVE = {
    .name = "store: revive a message",
    .types = "ii",
    .sql = "UPDATE store_outbox SET dead = 0, tries = 0, due_at = $2 WHERE id = $1 AND dead <> 0",
};
static const struct stmt OUTBOX_COUNT = {
    .name = "store: count messages",
    .types = "t",
    .sql = "SELECT CAST(SUM(CASE WHEN dead = 0 THEN 1 ELSE 0 END) AS BIGINT),"
           " CAST(SUM(CASE WHEN dead <> 0 THEN 1 ELSE 0 END) AS BIGINT),"
           " MIN(CASE WHEN dead = 0 THEN at END) FROM store_outbox WHERE topic = $1",
};

struct err outbox_put(struct txn *tx, const char *topic, struct root to, struct bytes payload)
{
    struct root from = txn_root(tx);
    struct value now = v_at(txn_now(tx));

    return txn_exec(tx, &OUTBOX_PUT,
                    IN(v_int(from.id), v_int(from.kind), v_int(txn_new_id(tx)),
                       v_text(str_of(topic)), v_int(to.kind), v_int(to.id), v_blob(payload), now,
                       now),
                    NULL);
}

/* ---- delivering */

struct batch {
    struct store *store;
    struct str topic;
    int max;
    struct instant now;
    struct arena arena; /* topic and payloads of what was leased */
    struct message messages[OUTBOX_BATCH];
    int codes[OUTBOX_BATCH]; /* of dead ones */
    int n;
};

static void message_read(const struct row *row, struct arena *arena, struct message *out)
{
    *out = (struct message){
        .from = { .kind = (enum root_kind)row_int(row, 1), .id = row_int(row, 0) },
        .id = row_int(row, 2),
        .topic = arena_str(arena, row_text(row, 3)),
        .to = { .kind = (enum root_kind)row_int(row, 4), .id = row_int(row, 5) },
        .payload = arena_bytes(arena, row_blob(row, 6)),
        .at = row_at(row, 7),
        .tries = (int32_t)row_int(row, 8),
    };
}

static RESULT batch_fill(struct batch *b, struct row *row)
{
    bool more;

    arena_reset(&b->arena);
    b->n = 0;
    for (;;) {
        TRY(row_next(row, &more));
        if (!more || b->n == b->max) return OK;
        message_read(row, &b->arena, &b->messages[b->n]);
        b->codes[b->n] = (int)row_int(row, 9);
        /* What does not fit waits for the next batch; one that never fits is told. */
        if (b->arena.full) {
            return b->n > 0 ? OK : fault(FAULT_MEMORY, "a message larger than the batch");
        }
        b->n++;
    }
}

static RESULT look_due(struct txn *tx, void *arg)
{
    struct batch *b = arg;
    ROW(row);

    TRY(txn_query(tx, &OUTBOX_DUE, IN(v_text(b->topic), v_at(b->now), v_int(b->max)), &row));
    return batch_fill(b, &row);
}

static RESULT look_dead(struct txn *tx, void *arg)
{
    struct batch *b = arg;
    ROW(row);

    TRY(txn_query(tx, &OUTBOX_DEAD, IN(v_text(b->topic), v_int(b->max)), &row));
    return batch_fill(b, &row);
}

/* Take what is still due: another deliverer may have been here since the look. */
static RESULT lease(struct txn *tx, void *arg)
{
    struct batch *b = arg;

    for (int i = 0; i < b->n; i++) {
        struct message *m = &b->messages[i];
        int64_t changed;

        TRY(txn_exec(tx, &OUTBOX_LEASE,
                     IN(v_int(m->from.id), v_int(m->id), v_int(b->now.usec + OUTBOX_LEASE_USEC),
                        v_at(b->now)),
                     &changed));
        b->codes[i] = changed == 1;
    }
    return OK;
}

struct outcome {
    const struct message *message;
    int code;
    struct instant now;
};

static RESULT settle(struct txn *tx, void *arg)
{
    const struct outcome *o = arg;
    struct value root = v_int(o->message->from.id), id = v_int(o->message->id);
    int doublings = o->message->tries < PAUSE_DOUBLINGS ? o->message->tries : PAUSE_DOUBLINGS;
    int64_t pause = PAUSE_FIRST_USEC << doublings;

    if (o->code == 0) return txn_exec(tx, &OUTBOX_DONE, IN(root, id), NULL);
    if (o->code > 0) return txn_exec(tx, &OUTBOX_KILL, IN(root, id, v_int(o->code)), NULL);
    if (pause > PAUSE_MOST_USEC) pause = PAUSE_MOST_USEC;
    return txn_exec(tx, &OUTBOX_LATER, IN(root, id, v_int(o->now.usec + pause)), NULL);
}

static RESULT deliver(struct batch *b, outbox_handler *handler, void *arg, int *done)
{

    TRY(store_look(b->store, look_due, b));
    if (b->n == 0) return OK;
    TRY(store_write(b->store, STORE_ROOT, false, lease, b));
    for (int i = 0; i < b->n; i++) {
        struct outcome outcome = { .message = &b->messages[i] };

        if (!b->codes[i]) continue;
        outcome.code = handler(arg, &b->messages[i]).code;
        outcome.now = store_now(b->store);
        TRY(store_write(b->store, STORE_ROOT, false, settle, &outcome));
        if (outcome.code == 0) (*done)++;
    }
    return OK;
}

static RESULT batch_open(struct batch *b, struct store *store, const char *topic, int max)
{
    assert(max >= 1);
    *b = (struct batch){ .store = store, .topic = str_of(topic), .now = store_now(store) };
    b->max = max < OUTBOX_BATCH ? max : OUTBOX_BATCH;
    return arena_open(&b->arena, 1024 * 1024);
}

struct err outbox_deliver(struct store *store, const char *topic, int max, outbox_handler *handler,
                          void *arg, int *done)
{
    struct batch b;
    struct err err;
    int delivered = 0;

    TRY(batch_open(&b, store, topic, max));
    err = store_enter(store);
    if (err.code == 0) {
        err = deliver(&b, handler, arg, &delivered);
        store_leave(store);
    }
    arena_close(&b.arena);
    if (done) *done = delivered;
    return err;
}

struct err outbox_dead(struct store *store, const char *topic, int max, outbox_visit *visit,
                       void *arg)
{
    struct batch b;
    struct err err;

    TRY(batch_open(&b, store, topic, max));
    err = store_enter(store);
    if (err.code == 0) {
        err = store_look(store, look_dead, &b);
        store_leave(store);
    }
    for (int i = 0; i < b.n && err.code == 0; i++) {
        err = visit(arg, &b.messages[i], b.codes[i]);
    }
    arena_close(&b.arena);
    return err;
}

/* ---- status */

struct status_call {
    struct str topic;
    struct outbox_status *out;
};

static RESULT count(struct txn *tx, void *arg)
{
    struct status_call *call = arg;
    bool found;
    ROW(row);

    TRY(txn_first(tx, &OUTBOX_COUNT, IN(v_text(call->topic)), &row, &found));
    *call->out = (struct outbox_status){ .waiting = row_int(&row, 0), .dead = row_int(&row, 1) };
    if (!row_null(&row, 2)) {
        call->out->oldest_waiting_usec = txn_now(tx).usec - row_int(&row, 2);
    }
    return OK;
}

struct err outbox_status(struct store *store, const char *topic, struct outbox_status *out)
{
    struct status_call call = { .topic = str_of(topic), .out = out };

    return store_read(store, count, &call);
}

struct revive_call {
    int64_t id, changed;
};

static RESULT revive(struct txn *tx, void *arg)
{
    struct revive_call *call = arg;

    return txn_exec(tx, &OUTBOX_REVIVE, IN(v_int(call->id), v_at(txn_now(tx))), &call->changed);
}

struct err outbox_revive(struct store *store, int64_t message_id, bool *found)
{
    struct revive_call call = { .id = message_id };

    TRY(store_run(store, STORE_ROOT, revive, &call));
    *found = call.changed == 1;
    return OK;
}
