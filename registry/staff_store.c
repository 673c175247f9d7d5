/* registry/staff_store.c - SQL of staff and grants; no rule lives here. */
#include "registry/staff_store.h"

static const struct stmt INSERT = {
    .name = "registry: staff",
    .types = "iitbiiii",
    .root = 1,
    .sql = "INSERT INTO staff (node_id, id, user_name, name_sealed, org_id, region_code, person_id,"
           " disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
};
static const struct stmt BY_ID = {
    .name = "registry: staff by id",
    .types = "ii",
    .sql = "SELECT id, user_name, org_id, person_id, disabled, region_code FROM staff"
           " WHERE node_id = $1 AND id = $2",
};
static const struct stmt BY_USER = {
    .name = "registry: staff by user name",
    .types = "it",
    .sql = "SELECT id, user_name, org_id, person_id, disabled, region_code FROM staff"
           " WHERE node_id = $1 AND user_name = $2",
};
static const struct stmt AFTER = {
    .name = "registry: staff in order",
    .types = "iii",
    .sql = "SELECT id, user_name, org_id, person_id, disabled, region_code FROM staff"
           " WHERE node_id = $1 AND id > $2 ORDER BY id LIMIT $3",
};
static const struct stmt DISABLE = {
    .name = "registry: staff on or off",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE staff SET disabled = $3 WHERE node_id = $1 AND id = $2",
};
static const struct stmt GRANT = {
    .name = "registry: grant",
    .types = "iiiii",
    .root = 1,
    .sql = "INSERT INTO staff_grant (node_id, staff_id, role, region_code, org_id)"
           " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
};
static const struct stmt UNGRANT = {
    .name = "registry: grant taken back",
    .types = "iiiii",
    .root = 1,
    .sql = "DELETE FROM staff_grant WHERE node_id = $1 AND staff_id = $2 AND role = $3"
           " AND region_code = $4 AND org_id = $5",
};
static const struct stmt GRANTS = {
    .name = "registry: grants of a member",
    .types = "iii",
    .sql = "SELECT role, region_code, org_id FROM staff_grant"
           " WHERE node_id = $1 AND staff_id = $2 ORDER BY role, region_code, org_id LIMIT $3",
};

RESULT staff_insert(struct txn *tx, const struct staff_row *row)
{
    return txn_exec(tx, &INSERT,
                    IN(v_int(NODE_ID), v_int(row->s.id), v_text(str_of(row->s.user)),
                       v_blob(bytes_of(row->name, row->name_n)), v_int(row->s.org_id),
                       v_int(row->s.region_code), v_int(row->s.person_id), v_at(row->created_at)),
                    NULL);
}

RESULT grants_select(struct txn *tx, int64_t staff_id, struct grant out[GRANTS_MAX], int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &GRANTS, IN(v_int(NODE_ID), v_int(staff_id), v_int(GRANTS_MAX)), &row));
    for (*n = 0; *n < GRANTS_MAX; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        out[*n] = (struct grant){ (enum role)row_int(&row, 0), (int32_t)row_int(&row, 1),
                                  row_int(&row, 2) };
    }
    return OK;
}

static RESULT head_read(const struct row *row, struct staff *out)
{
    struct str user = row_text(row, 1);

    *out = (struct staff){
        .id = row_int(row, 0),
        .org_id = row_int(row, 2),
        .person_id = row_int(row, 3),
        .disabled = row_int(row, 4) == 1,
        .region_code = (int32_t)row_int(row, 5),
    };
    if (!str_c(user, out->user, sizeof out->user))
        return fault(FAULT_STORE_CORRUPT, "staff %" PRId64 ": user name", out->id);
    return OK;
}

static RESULT staff_read(struct txn *tx, const struct row *row, struct staff *out)
{
    TRY(head_read(row, out));
    return grants_select(tx, out->id, out->grants, &out->grants_n);
}

RESULT staff_select(struct txn *tx, int64_t staff_id, struct staff *out, bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &BY_ID, IN(v_int(NODE_ID), v_int(staff_id)), &row, found));
    return *found ? staff_read(tx, &row, out) : OK;
}

RESULT staff_select_user(struct txn *tx, struct str user, struct staff *out, bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &BY_USER, IN(v_int(NODE_ID), v_text(user)), &row, found));
    return *found ? staff_read(tx, &row, out) : OK;
}

RESULT staff_select_after(struct txn *tx, int64_t after, int max, struct staff *out, int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &AFTER, IN(v_int(NODE_ID), v_int(after), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        TRY(head_read(&row, &out[*n]));
    }
    return OK;
}

RESULT staff_disabled_set(struct txn *tx, int64_t staff_id, bool disabled)
{
    return txn_exec(tx, &DISABLE, IN(v_int(NODE_ID), v_int(staff_id), v_int(disabled)), NULL);
}

RESULT grant_insert(struct txn *tx, int64_t staff_id, const struct grant *g)
{
    return txn_exec(tx, &GRANT,
                    IN(v_int(NODE_ID), v_int(staff_id), v_int(g->role), v_int(g->region_code),
                       v_int(g->org_id)),
                    NULL);
}

RESULT grant_delete(struct txn *tx, int64_t staff_id, const struct grant *g)
{
    return txn_exec(tx, &UNGRANT,
                    IN(v_int(NODE_ID), v_int(staff_id), v_int(g->role), v_int(g->region_code),
                       v_int(g->org_id)),
                    NULL);
}
