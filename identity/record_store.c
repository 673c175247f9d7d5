/* identity/record_store.c - SQL of the answers of grade B that wait to become lines. */
#include "identity/record.h"

#include "registry/staff.h"

static const struct stmt KEEP = {
    .name = "identity: keep a block of records",
    .types = "iiib",
    .root = 1,
    .sql = "INSERT INTO check_waiting (node_id, id, n, records) VALUES ($1, $2, $3, $4)",
};
static const struct stmt OLDEST = {
    .name = "identity: the oldest block of records",
    .types = "i",
    .sql = "SELECT id, n, records FROM check_waiting WHERE node_id = $1 ORDER BY id LIMIT 1",
};
static const struct stmt DONE = {
    .name = "identity: a block of records has its lines",
    .types = "ii",
    .root = 1,
    .sql = "DELETE FROM check_waiting WHERE node_id = $1 AND id = $2",
};
static const struct stmt COUNT = {
    .name = "identity: records that are not yet lines",
    .types = "i",
    .sql = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM check_waiting WHERE node_id = $1",
};

RESULT records_keep(struct txn *tx, const struct record_block *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        TRY(txn_exec(tx, &KEEP,
                     IN(v_int(NODE_ID), v_int(txn_new_id(tx)), v_int((int64_t)blocks[i].n),
                        v_blob(blocks[i].bytes)),
                     NULL));
    }
    return OK;
}

RESULT records_oldest(struct txn *tx, struct arena *arena, struct record_block *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &OLDEST, IN(v_int(NODE_ID)), &row, found));
    if (!*found) return OK;
    *out = (struct record_block){ arena_bytes(arena, row_blob(&row, 2)), row_int(&row, 0),
                                  (size_t)row_int(&row, 1) };
    if (arena->full || out->n > RECORD_BLOCK)
        return fault(FAULT_STORE_CORRUPT, "a block of %zu records", out->n);
    return OK;
}

RESULT records_done(struct txn *tx, int64_t id, bool *found)
{
    int64_t changed;

    TRY(txn_exec(tx, &DONE, IN(v_int(NODE_ID), v_int(id)), &changed));
    *found = changed == 1;
    return OK;
}

RESULT records_count(struct txn *tx, int64_t *records)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &COUNT, IN(v_int(NODE_ID)), &row, &found));
    *records = found ? row_int(&row, 0) : 0;
    return OK;
}
