/* store/txn.c - what a body may do: the checks that stand before both engines. */
#include "store/inner.h"

/* ---- running a body */

struct err txn_broke(struct txn *tx, struct err err)
{
    if (err.code < 0 && tx->broken.code == 0) {
        tx->broken = err;
        snprintf(tx->broken_note, sizeof tx->broken_note, "%s", fault_note());
    }
    return err;
}

struct err txn_run_body(struct txn *tx, store_body *body, void *arg)
{
    struct err end;
#ifdef YKT_DEBUG
    int64_t from = monotonic_usec();
#endif

    arena_reset(&tx->arena);
    tx->wrote = false;
    tx->broken = OK;
    tx->rows = tx->result_id = tx->feed_n = 0;
    if (tx->notes) tx->notes_from = tx->notes->n;

    end = body(tx, arg);
    if (tx->broken.code != 0 && (end.code != tx->broken.code)) {
        end = fault((enum fault)tx->broken.code, "%s", tx->broken_note);
    }
    if (tx->notes && end.code != 0 && !end.keep) tx->notes->n = tx->notes_from;
#ifdef YKT_DEBUG
    if (tx->writes && !tx->load && monotonic_usec() - from > BODY_USEC_MAX) {
        atomic_fetch_add(&tx->store->slow_bodies, 1);
    }
#endif
    return end;
}

struct err txn_spend(struct txn *tx, int64_t rows)
{
    tx->rows += rows;
    if (tx->load || tx->rows <= BODY_ROWS_MAX) return OK;
    return txn_broke(tx, fault(FAULT_STORE_BUDGET, "a body wrote %" PRId64 " rows; %d are allowed",
                               tx->rows, BODY_ROWS_MAX));
}

/* ---- what a body asks of its transaction */

void txn_result(struct txn *tx, int64_t id)
{
    tx->result_id = id;
}

int64_t txn_new_id(struct txn *tx)
{
    return store_new_id(tx->store);
}

void txn_random(struct txn *tx, void *out, size_t n)
{
    store_random(tx->store, out, n);
}

struct instant txn_now(const struct txn *tx)
{
    return store_now(tx->store);
}

struct arena *txn_arena(struct txn *tx)
{
    return &tx->arena;
}

struct root txn_root(const struct txn *tx)
{
    return tx->root;
}

void txn_note(struct txn *tx, struct bytes note)
{
    struct notes *notes = tx->notes;
    struct writer w;

    assert(tx->writes);
    if (!tx->store->config.committed) return;
    if (notes->n - tx->notes_from + 2 + note.n > BODY_NOTES_MAX ||
        notes->size - notes->n < 2 + note.n) {
        (void)txn_broke(
            tx, fault(FAULT_STORE_BUDGET, "a body noted more than %d bytes", BODY_NOTES_MAX));
        return;
    }
    w = writer_over(notes->p + notes->n, notes->size - notes->n);
    put_be16(&w, (uint16_t)note.n);
    put_bytes(&w, note);
    notes->n += w.n;
}

void notes_tell(struct store *store, struct notes *notes)
{
    struct cursor c = cursor_over(bytes_of(notes->p, notes->n));

    while (cursor_left(&c) > 0) {
        size_t n = take_be16(&c);
        struct bytes note = take_bytes(&c, n);

        store->config.committed(store->config.committed_arg, note);
    }
    notes->n = 0;
}

/* ---- statements */

/* A parameter that its statement did not promise is our own mistake, not the world's. */
static void check_values(const struct stmt *stmt, const struct value *in, size_t n)
{
    static const char letters[] = { [VALUE_INT] = 'i', [VALUE_TEXT] = 't', [VALUE_BLOB] = 'b' };

    assert(strlen(stmt->types) == n);
    assert(stmt->root >= 0 && (size_t)stmt->root <= n);
    for (size_t i = 0; i < n; i++) {
        assert(in[i].type == VALUE_NULL || letters[in[i].type] == stmt->types[i]);
    }
    (void)letters, (void)in;
}

#ifdef YKT_DEBUG
/* The root rule (docs/decisions/0003-roots.md). A root that is kept as a keyed hash is compared by
 * its first 63 bits, which is how its struct root was made. */
static RESULT check_root(struct txn *tx, const struct stmt *stmt, const struct value *in)
{
    const struct value *bound;
    int64_t id;

    if (!tx->writes || tx->load || stmt->root == 0) return OK;
    bound = &in[stmt->root - 1];
    id = bound->i;
    if (bound->type == VALUE_BLOB) {
        struct cursor c = cursor_over(bytes_of(bound->p, bound->n));
        id = (int64_t)(take_be64(&c) >> 1);
    }
    if (tx->root.kind != ROOT_NONE && bound->type != VALUE_TEXT && id == tx->root.id) return OK;
    return txn_broke(tx, fault(FAULT_STORE_ROOT,
                               "%s: $%d binds another root than the transaction's (kind %d)",
                               stmt->name, stmt->root, (int)tx->root.kind));
}
#else
static RESULT check_root(struct txn *tx, const struct stmt *stmt, const struct value *in)
{
    (void)tx, (void)stmt, (void)in;
    return OK;
}
#endif

static RESULT before(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n)
{
    check_values(stmt, in, n);
    if (tx->broken.code != 0) return fault((enum fault)tx->broken.code, "%s", tx->broken_note);
    return check_root(tx, stmt, in);
}

struct err txn_exec(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                    int64_t *changed)
{
    TRY(before(tx, stmt, in, n));
    return txn_broke(tx, tx->store->calls->exec(tx, stmt, in, n, changed));
}

struct err txn_query(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                     struct row *row)
{
    row_close(row);
    TRY(before(tx, stmt, in, n));
    row->tx = tx;
    row->at = -1;
    return txn_broke(tx, tx->store->calls->query(tx, stmt, in, n, row));
}

struct err row_next(struct row *row, bool *more)
{
    assert(row->tx);
    if (!row->handle) {
        *more = false;
        return OK;
    }
    return txn_broke(row->tx, row->tx->store->calls->next(row, more));
}

void row_close(struct row *row)
{
    if (row->handle) row->tx->store->calls->row_close(row);
    *row = (struct row){ 0 };
}

struct err txn_first(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                     struct row *row, bool *found)
{
    TRY(txn_query(tx, stmt, in, n, row));
    return row_next(row, found);
}

bool row_null(const struct row *row, int column)
{
    assert(row->handle && column >= 0 && column < row->n);
    return row->tx->store->calls->row_null(row, column);
}

int64_t row_int(const struct row *row, int column)
{
    assert(row->handle && column >= 0 && column < row->n);
    return row->tx->store->calls->row_int(row, column);
}

struct bytes row_blob(const struct row *row, int column)
{
    assert(row->handle && column >= 0 && column < row->n);
    return row->tx->store->calls->row_data(row, column);
}

struct str row_text(const struct row *row, int column)
{
    return bytes_str(row_blob(row, column));
}

struct err txn_bulk(struct txn *tx, const char *table, const char *columns, const char *types,
                    bulk_next *next, void *arg, int64_t *rows)
{
    assert(tx->load && strlen(types) <= 64);
    if (tx->broken.code != 0) return fault((enum fault)tx->broken.code, "%s", tx->broken_note);
    tx->wrote = true;
    return txn_broke(tx, tx->store->calls->bulk(tx, table, columns, types, next, arg, rows));
}
