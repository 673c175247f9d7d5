/* identity/card_index_store.c - SQL of the lasting card indexes. */
#include "identity/card_index_store.h"

#include "registry/staff.h"

enum {
    KEEP_ROWS = 60,
    BULK_FROM = 2000
}; /* a body's budget is 200 rows: a look and an insert each */

static const struct stmt INDEX_OF_CARD = {
    .name = "identity: index of a card",
    .types = "ii",
    .sql = "SELECT card_index FROM card_index WHERE node_id = $1 AND card_id = $2",
};
static const struct stmt INDEX_INSERT = {
    .name = "identity: keep a card's index",
    .types = "iiii",
    .root = 1,
    .sql = "INSERT INTO card_index (node_id, card_index, card_id, person_id)"
           " VALUES ($1, $2, $3, $4)",
};
static const struct stmt INDEX_ROW = {
    .name = "identity: card of an index",
    .types = "ii",
    .sql = "SELECT card_index, card_id, person_id FROM card_index"
           " WHERE node_id = $1 AND card_index = $2",
};
static const struct stmt INDEX_ROWS = {
    .name = "identity: indexes in order",
    .types = "ii",
    .sql = "SELECT card_index, card_id, person_id FROM card_index"
           " WHERE node_id = $1 AND card_index >= $2 ORDER BY card_index",
};

struct keep_call {
    const struct card_index_row *rows;
    size_t n, at;
};

static RESULT keep_some(struct txn *tx, void *arg)
{
    struct keep_call *call = arg;

    for (size_t i = 0; i < call->n; i++) {
        const struct card_index_row *row = &call->rows[i];
        ROW(there);
        bool found;
        TRY(txn_first(tx, &INDEX_OF_CARD, IN(v_int(NODE_ID), v_int(row->card_id)), &there, &found));
        if (found && row_int(&there, 0) != row->index)
            return fault(FAULT_STORE_CORRUPT, "card index %u: the card has %" PRId64, row->index,
                         row_int(&there, 0));
        if (found) continue;
        TRY(txn_exec(
            tx, &INDEX_INSERT,
            IN(v_int(NODE_ID), v_int(row->index), v_int(row->card_id), v_int(row->person_id)),
            NULL));
    }
    return OK;
}

static bool keep_next(void *arg, struct value *values)
{
    struct keep_call *call = arg;

    if (call->at == call->n) return false;
    values[0] = v_int(NODE_ID);
    values[1] = v_int(call->rows[call->at].index);
    values[2] = v_int(call->rows[call->at].card_id);
    values[3] = v_int(call->rows[call->at].person_id);
    call->at++;
    return true;
}

static RESULT keep_bulk(struct txn *tx, void *arg)
{
    struct keep_call *call = arg;
    int64_t rows;

    call->at = 0;
    return txn_bulk(tx, "card_index", "node_id, card_index, card_id, person_id", "iiii", keep_next,
                    call, &rows);
}

RESULT card_index_keep(struct store *store, const struct card_index_row *rows, size_t n)
{
    if (n >= BULK_FROM) return store_load(store, keep_bulk, &(struct keep_call){ rows, n, 0 });
    for (size_t i = 0; i < n; i += KEEP_ROWS) {
        struct keep_call call = { rows + i, n - i < KEEP_ROWS ? n - i : KEEP_ROWS, 0 };
        TRY(store_run(store, (struct root){ ROOT_NODE, NODE_ID }, keep_some, &call));
    }
    return OK;
}

static void row_take(const struct row *row, struct card_index_row *out)
{
    *out = (struct card_index_row){ .index = (uint32_t)row_int(row, 0),
                                    .card_id = row_int(row, 1),
                                    .person_id = row_int(row, 2) };
}

struct each_call {
    uint32_t from;
    card_index_visit *visit;
    void *arg;
};

static RESULT each(struct txn *tx, void *arg)
{
    struct each_call *call = arg;
    ROW(row);
    bool more;

    TRY(txn_query(tx, &INDEX_ROWS, IN(v_int(NODE_ID), v_int(call->from)), &row));
    for (;;) {
        struct card_index_row read;
        TRY(row_next(&row, &more));
        if (!more) return OK;
        row_take(&row, &read);
        TRY(call->visit(call->arg, &read));
    }
}

RESULT card_index_each(struct store *store, uint32_t from, card_index_visit *visit, void *arg)
{
    return store_read(store, each, &(struct each_call){ from, visit, arg });
}

RESULT card_index_find(struct txn *tx, uint32_t index, struct card_index_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &INDEX_ROW, IN(v_int(NODE_ID), v_int(index)), &row, found));
    if (*found) row_take(&row, out);
    return OK;
}
