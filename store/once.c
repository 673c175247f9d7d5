/* store/once.c - idempotency keys: the body that wraps another, and forgetting old keys. */
#include "store/inner.h"

#define ONCE_KEPT_USEC (30 * USEC_PER_DAY) /* style.md 10: as long as a client may repeat */
enum { SWEEP_ROWS = 200 };

static const struct stmt ONCE_FIND = {
    .name = "store: find an idempotency key",
    .types = "iiit",
    .root = 1,
    .sql = "SELECT body_hash, result_id FROM store_once"
           " WHERE root_id = $1 AND root_kind = $2 AND actor = $3 AND key = $4",
};
static const struct stmt ONCE_KEEP = {
    .name = "store: keep an idempotency key",
    .types = "iiitbii",
    .root = 1,
    .sql = "INSERT INTO store_once (root_id, root_kind, actor, key, body_hash, result_id, at)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7)",
};
static const struct stmt ONCE_SWEEP = {
    .name = "store: forget old idempotency keys",
    .types = "ii",
    .sql = "DELETE FROM store_once WHERE (root_id, root_kind, actor, key) IN"
           " (SELECT root_id, root_kind, actor, key FROM store_once WHERE at < $1 LIMIT $2)",
};

/* Sets `replayed` and then the kept result. */
static RESULT once_find(struct txn *tx, void *arg)
{
    struct once_call *call = arg;
    const struct once *once = call->once;
    ROW(row);

    TRY(txn_first(
        tx, &ONCE_FIND,
        IN(v_int(call->root.id), v_int(call->root.kind), v_int(once->actor), v_text(once->key)),
        &row, &call->replayed));
    if (!call->replayed) return OK;
    REQUIRE(bytes_eq(row_blob(&row, 0), bytes_of(once->body_hash, sizeof once->body_hash)),
            STORE_ONCE_DIFFERENT);
    call->result_id = row_int(&row, 1);
    return OK;
}

struct err store_once_find(struct store *store, struct root root, const struct once *once,
                           int64_t *result_id, bool *found)
{
    struct once_call call = { .once = once, .root = root };

    TRY(store_read(store, once_find, &call));
    *found = call.replayed;
    if (!call.replayed) return OK;
    *result_id = call.result_id;
    if (once->replayed) *once->replayed = true;
    return OK;
}

/* The key is looked for and kept inside the act's transaction: of two that run at the same time one
 * waits for the other (SQLite) or fails, runs again and then finds the key (PostgreSQL). */
struct err once_body(struct txn *tx, void *arg)
{
    struct once_call *call = arg;
    const struct once *once = call->once;
    struct value id = v_int(call->root.id), kind = v_int(call->root.kind);

    TRY(once_find(tx, call));
    if (call->replayed) return OK;
    TRY(call->body(tx, call->arg));
    call->result_id = tx->result_id;
    return txn_exec(tx, &ONCE_KEEP,
                    IN(id, kind, v_int(once->actor), v_text(once->key),
                       v_blob(bytes_of(once->body_hash, sizeof once->body_hash)),
                       v_int(tx->result_id), v_at(txn_now(tx))),
                    NULL);
}

static RESULT sweep_body(struct txn *tx, void *arg)
{
    int64_t *removed = arg;

    return txn_exec(tx, &ONCE_SWEEP,
                    IN(v_int(txn_now(tx).usec - ONCE_KEPT_USEC), v_int(SWEEP_ROWS)), removed);
}

/* In small steps: acts of holders wait behind each. */
struct err store_sweep(struct store *store, int64_t *removed)
{
    int64_t step = SWEEP_ROWS, all = 0;
    struct err err = OK;

    TRY(store_enter(store));
    while (err.code == 0 && step == SWEEP_ROWS) {
        err = store_write(store, STORE_ROOT, false, sweep_body, &step);
        if (err.code == 0) all += step;
    }
    store_leave(store);
    if (err.code == 0 && removed) *removed = all;
    return err;
}
