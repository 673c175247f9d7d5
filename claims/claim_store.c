/* claims/claim_store.c - SQL of claims; no rule lives here. */
#include "claims/claim_store.h"

#include "registry/staff.h"

#define COLUMNS                                                                                    \
    "id, person_id, kind, level, owner_org, region_code, valid_from, valid_to, recorded_from,"     \
    " recorded_to, confirmed_at"

static const struct stmt OWNER_INSERT = {
    .name = "claims: owner",
    .types = "iii",
    .root = 1,
    .sql = "INSERT INTO claim_owner (node_id, kind, org_id) VALUES ($1, $2, $3)"
           " ON CONFLICT DO NOTHING",
};
static const struct stmt OWNER_DELETE = {
    .name = "claims: owner no more",
    .types = "iii",
    .root = 1,
    .sql = "DELETE FROM claim_owner WHERE node_id = $1 AND kind = $2 AND org_id = $3",
};
static const struct stmt OWNER_SELECT = {
    .name = "claims: is it the owner",
    .types = "iii",
    .sql = "SELECT org_id FROM claim_owner WHERE node_id = $1 AND kind = $2 AND org_id = $3",
};
static const struct stmt INSERT = {
    .name = "claims: claim",
    .types = "iiiiiitbiiii",
    .root = 1,
    .sql = "INSERT INTO claim (person_id, id, kind, level, region_code, owner_org, source,"
           " signature, valid_from, valid_to, recorded_from, confirmed_at)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
};
static const struct stmt CLOSE_LIKE = {
    .name = "claims: corrected",
    .types = "iiiii",
    .root = 1,
    .sql = "UPDATE claim SET recorded_to = $5 WHERE person_id = $1 AND kind = $2"
           " AND region_code = $3 AND owner_org = $4 AND recorded_to = 0",
};
static const struct stmt CLOSE = {
    .name = "claims: withdrawn",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE claim SET recorded_to = $3 WHERE person_id = $1 AND id = $2 AND recorded_to = 0",
};
static const struct stmt CONFIRM = {
    .name = "claims: confirmed",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE claim SET confirmed_at = $3 WHERE person_id = $1 AND id = $2"
           " AND recorded_to = 0 AND confirmed_at < $3",
};
static const struct stmt BY_ID = {
    .name = "claims: by id",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM claim WHERE person_id = $1 AND id = $2",
};
static const struct stmt THEN = {
    .name = "claims: held then",
    .types = "iiiii",
    .sql = "SELECT " COLUMNS " FROM claim WHERE person_id = $1 AND kind = $2"
           " AND valid_from <= $3 AND (valid_to = 0 OR valid_to > $3)"
           " AND recorded_from <= $4 AND (recorded_to = 0 OR recorded_to > $4)"
           " ORDER BY confirmed_at DESC, id DESC LIMIT $5",
};
static const struct stmt OPEN = {
    .name = "claims: of a person",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM claim WHERE person_id = $1 AND recorded_to = 0"
           " ORDER BY id DESC LIMIT $2",
};

RESULT owner_insert(struct txn *tx, enum claim_kind kind, int64_t org_id)
{
    return txn_exec(tx, &OWNER_INSERT, IN(v_int(NODE_ID), v_int(kind), v_int(org_id)), NULL);
}

RESULT owner_delete(struct txn *tx, enum claim_kind kind, int64_t org_id)
{
    return txn_exec(tx, &OWNER_DELETE, IN(v_int(NODE_ID), v_int(kind), v_int(org_id)), NULL);
}

RESULT owner_select(struct txn *tx, enum claim_kind kind, int64_t org_id, bool *owns)
{
    ROW(row);
    return txn_first(tx, &OWNER_SELECT, IN(v_int(NODE_ID), v_int(kind), v_int(org_id)), &row, owns);
}

RESULT claim_insert(struct txn *tx, int64_t id, const struct claim_ask *ask)
{
    return txn_exec(tx, &INSERT,
                    IN(v_int(ask->person_id), v_int(id), v_int(ask->kind), v_int(ask->level),
                       v_int(ask->region_code), v_int(ask->owner_org), v_text(ask->source),
                       v_blob(ask->signature), v_at(ask->valid_from), v_at(ask->valid_to),
                       v_at(ask->act.at), v_at(ask->act.at)),
                    NULL);
}

RESULT claim_close_like(struct txn *tx, const struct claim_ask *ask)
{
    return txn_exec(tx, &CLOSE_LIKE,
                    IN(v_int(ask->person_id), v_int(ask->kind), v_int(ask->region_code),
                       v_int(ask->owner_org), v_at(ask->act.at)),
                    NULL);
}

RESULT claim_close(struct txn *tx, int64_t person_id, int64_t claim_id, struct instant at)
{
    return txn_exec(tx, &CLOSE, IN(v_int(person_id), v_int(claim_id), v_at(at)), NULL);
}

RESULT claim_confirm_set(struct txn *tx, int64_t person_id, int64_t claim_id, struct instant at)
{
    return txn_exec(tx, &CONFIRM, IN(v_int(person_id), v_int(claim_id), v_at(at)), NULL);
}

static void claim_read(const struct row *row, struct claim *out)
{
    *out = (struct claim){
        .id = row_int(row, 0),
        .person_id = row_int(row, 1),
        .kind = (enum claim_kind)row_int(row, 2),
        .level = row_int(row, 3),
        .owner_org = row_int(row, 4),
        .region_code = (int32_t)row_int(row, 5),
        .valid_from = row_at(row, 6),
        .valid_to = row_at(row, 7),
        .recorded_from = row_at(row, 8),
        .recorded_to = row_at(row, 9),
        .confirmed_at = row_at(row, 10),
    };
}

RESULT claim_select(struct txn *tx, int64_t person_id, int64_t claim_id, struct claim *out,
                    bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &BY_ID, IN(v_int(person_id), v_int(claim_id)), &row, found));
    if (*found) claim_read(&row, out);
    return OK;
}

static RESULT claims_take(struct row *row, struct claim *out, int max, int *n)
{
    bool more;

    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(row, &more));
        if (!more) break;
        claim_read(row, &out[*n]);
    }
    return OK;
}

RESULT claims_then(struct txn *tx, int64_t person_id, enum claim_kind kind, struct instant valid,
                   struct instant recorded, struct claim *out, int max, int *n)
{
    ROW(row);
    TRY(txn_query(tx, &THEN,
                  IN(v_int(person_id), v_int(kind), v_at(valid), v_at(recorded), v_int(max)),
                  &row));
    return claims_take(&row, out, max, n);
}

RESULT claims_open(struct txn *tx, int64_t person_id, struct claim *out, int max, int *n)
{
    ROW(row);
    TRY(txn_query(tx, &OPEN, IN(v_int(person_id), v_int(max)), &row));
    return claims_take(&row, out, max, n);
}
