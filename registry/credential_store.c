/* registry/credential_store.c - SQL of credentials; no rule lives here. */
#include "registry/credential_store.h"

#define COLUMNS "id, kind, value_hash, share, person_id, card_id, settled, valid_from, valid_to"

static const struct stmt ROWS = {
    .name = "registry: credential of a value",
    .types = "iib",
    .sql = "SELECT " COLUMNS " FROM credential"
           " WHERE value_root = $1 AND kind = $2 AND value_hash = $3 AND valid_to = 0"
           " ORDER BY share LIMIT 5",
};
static const struct stmt ROWS_AT = {
    .name = "registry: credential of a value then",
    .types = "iibi",
    .sql = "SELECT " COLUMNS " FROM credential"
           " WHERE value_root = $1 AND kind = $2 AND value_hash = $3 AND valid_from <= $4"
           " AND (valid_to = 0 OR valid_to > $4) ORDER BY share LIMIT 5",
};
static const struct stmt INSERT = {
    .name = "registry: credential",
    .types = "iiibiiiiii",
    .root = 1,
    .sql = "INSERT INTO credential (value_root, id, kind, value_hash, share, person_id, card_id,"
           " settled, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
};
static const struct stmt SETTLE = {
    .name = "registry: claim settled",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE credential SET settled = 1 WHERE value_root = $1 AND id = $2",
};
static const struct stmt MOVE = {
    .name = "registry: credential to another card",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE credential SET card_id = $3 WHERE value_root = $1 AND id = $2 AND valid_to = 0",
};
static const struct stmt CLOSE = {
    .name = "registry: credential ended",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE credential SET valid_to = $3 WHERE value_root = $1 AND id = $2 AND valid_to = 0",
};
static const struct stmt CLAIMS = {
    .name = "registry: claims waiting",
    .types = "ii",
    .sql =
        "SELECT " COLUMNS " FROM credential WHERE settled = 0 AND valid_to = 0 AND valid_from < $1"
        " ORDER BY valid_from LIMIT $2",
};
static const struct stmt PERSON_STANDS = {
    .name = "registry: person stands",
    .types = "i",
    .sql = "SELECT person_id FROM person WHERE person_id = $1",
};
static const struct stmt CARD_STANDS = {
    .name = "registry: card stands",
    .types = "ii",
    .sql = "SELECT id FROM card WHERE person_id = $1 AND id = $2",
};
static const struct stmt ALL = {
    .name = "registry: every credential",
    .types = "",
    .sql = "SELECT " COLUMNS " FROM credential WHERE valid_to = 0 AND settled = 1"
           " ORDER BY value_root",
};

static void row_read(const struct row *row, struct credential_row *out)
{
    struct bytes hash = row_blob(row, 2);

    *out = (struct credential_row){
        .id = row_int(row, 0),
        .settled = row_int(row, 6) == 1,
        .c = { .kind = (enum credential_kind)row_int(row, 1),
               .share = row_int(row, 3),
               .person_id = row_int(row, 4),
               .card_id = row_int(row, 5),
               .valid_from = row_at(row, 7),
               .valid_to = row_at(row, 8) },
    };
    if (hash.n == sizeof out->c.hash) memcpy(out->c.hash, hash.p, hash.n);
}

static RESULT rows_read(struct row *row, struct credential_row *out, int max, int *n)
{
    bool more;

    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(row, &more));
        if (!more) break;
        row_read(row, &out[*n]);
    }
    return OK;
}

RESULT credential_rows(struct txn *tx, enum credential_kind kind, const uint8_t hash[32],
                       struct credential_row out[CREDENTIAL_ROWS], int *n)
{
    ROW(row);
    TRY(txn_query(tx, &ROWS,
                  IN(v_int(credential_root(hash)), v_int(kind), v_blob(bytes_of(hash, 32))), &row));
    return rows_read(&row, out, CREDENTIAL_ROWS, n);
}

RESULT credential_rows_at(struct txn *tx, enum credential_kind kind, const uint8_t hash[32],
                          struct instant at, struct credential_row out[CREDENTIAL_ROWS], int *n)
{
    ROW(row);
    TRY(txn_query(
        tx, &ROWS_AT,
        IN(v_int(credential_root(hash)), v_int(kind), v_blob(bytes_of(hash, 32)), v_at(at)), &row));
    return rows_read(&row, out, CREDENTIAL_ROWS, n);
}

RESULT credential_insert(struct txn *tx, const struct credential_row *row)
{
    const struct credential *c = &row->c;

    return txn_exec(tx, &INSERT,
                    IN(v_int(credential_root(c->hash)), v_int(row->id), v_int(c->kind),
                       v_blob(bytes_of(c->hash, 32)), v_int(c->share), v_int(c->person_id),
                       v_int(c->card_id), v_int(row->settled), v_at(c->valid_from),
                       v_at(c->valid_to)),
                    NULL);
}

RESULT credential_settle(struct txn *tx, int64_t value_root, int64_t id)
{
    return txn_exec(tx, &SETTLE, IN(v_int(value_root), v_int(id)), NULL);
}

RESULT credential_move(struct txn *tx, int64_t value_root, int64_t id, int64_t card_id)
{
    return txn_exec(tx, &MOVE, IN(v_int(value_root), v_int(id), v_int(card_id)), NULL);
}

RESULT credential_close(struct txn *tx, int64_t value_root, int64_t id, struct instant at)
{
    return txn_exec(tx, &CLOSE, IN(v_int(value_root), v_int(id), v_at(at)), NULL);
}

RESULT credential_claims(struct txn *tx, struct instant before, struct credential_row *out, int max,
                         int *n)
{
    ROW(row);
    TRY(txn_query(tx, &CLAIMS, IN(v_at(before), v_int(max)), &row));
    return rows_read(&row, out, max, n);
}

RESULT credential_owner_stands(struct txn *tx, const struct credential *c, bool *stands)
{
    ROW(row);
    if (c->card_id == 0)
        return txn_first(tx, &PERSON_STANDS, IN(v_int(c->person_id)), &row, stands);
    return txn_first(tx, &CARD_STANDS, IN(v_int(c->person_id), v_int(c->card_id)), &row, stands);
}

RESULT credential_visit_all(struct txn *tx, credential_visit *visit, void *arg)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &ALL, IN_NONE, &row));
    for (;;) {
        struct credential_row one;
        TRY(row_next(&row, &more));
        if (!more) return OK;
        row_read(&row, &one);
        TRY(visit(arg, &one.c));
    }
}
