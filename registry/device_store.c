/* registry/device_store.c - SQL of devices; no rule lives here. */
#include "registry/device_store.h"

#define COLUMNS "person_id, id, suite, strength, state, epoch, public_key, enrolled_at, revoked_at"

static const struct stmt INSERT = {
    .name = "registry: device",
    .types = "iiiiiibi",
    .root = 1,
    .sql = "INSERT INTO device (person_id, id, suite, strength, state, epoch, public_key,"
           " enrolled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
};
static const struct stmt REVOKE = {
    .name = "registry: device revoked",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE device SET state = 2, revoked_at = $3, epoch = $4"
           " WHERE person_id = $1 AND id = $2 AND state = 1",
};
static const struct stmt BY_ID = {
    .name = "registry: device by id",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM device WHERE person_id = $1 AND id = $2",
};
static const struct stmt ACTIVE = {
    .name = "registry: active device",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM device WHERE person_id = $1 AND strength = $2 AND state = 1",
};
static const struct stmt OF_PERSON = {
    .name = "registry: devices of a person",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM device WHERE person_id = $1 ORDER BY id DESC LIMIT $2",
};

RESULT device_insert(struct txn *tx, const struct device *d)
{
    return txn_exec(tx, &INSERT,
                    IN(v_int(d->person_id), v_int(d->id), v_int(d->suite), v_int(d->strength),
                       v_int(d->state), v_int(d->epoch), v_blob(bytes_of(d->key, d->key_n)),
                       v_at(d->enrolled_at)),
                    NULL);
}

RESULT device_revoke_set(struct txn *tx, int64_t person_id, int64_t device_id, struct instant at,
                         int64_t epoch)
{
    return txn_exec(tx, &REVOKE, IN(v_int(person_id), v_int(device_id), v_at(at), v_int(epoch)),
                    NULL);
}

static RESULT device_read(const struct row *row, struct device *out)
{
    struct bytes key = row_blob(row, 6);

    *out = (struct device){
        .person_id = row_int(row, 0),
        .id = row_int(row, 1),
        .suite = (enum suite)row_int(row, 2),
        .strength = (enum strength)row_int(row, 3),
        .state = (enum device_state)row_int(row, 4),
        .epoch = row_int(row, 5),
        .key_n = key.n,
        .enrolled_at = row_at(row, 7),
        .revoked_at = row_at(row, 8),
    };
    if (key.n > sizeof out->key)
        return fault(FAULT_STORE_CORRUPT, "device %" PRId64 ": key", out->id);
    memcpy(out->key, key.p, key.n);
    return OK;
}

RESULT device_select(struct txn *tx, int64_t person_id, int64_t device_id, struct device *out,
                     bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &BY_ID, IN(v_int(person_id), v_int(device_id)), &row, found));
    return *found ? device_read(&row, out) : OK;
}

RESULT device_active_select(struct txn *tx, int64_t person_id, enum strength strength,
                            struct device *out, bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &ACTIVE, IN(v_int(person_id), v_int(strength)), &row, found));
    return *found ? device_read(&row, out) : OK;
}

RESULT devices_select(struct txn *tx, int64_t person_id, struct device *out, int max, int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &OF_PERSON, IN(v_int(person_id), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        TRY(device_read(&row, &out[*n]));
    }
    return OK;
}
