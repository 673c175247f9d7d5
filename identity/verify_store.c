/* identity/verify_store.c - SQL of used codes, sheets and short codes; no rule lives here. */
#include "identity/verify_store.h"

#include "registry/registry.h"
#include "registry/staff.h"

/* ---- used codes */

static const struct stmt USED_LOAD = {
    .name = "identity: last code of a device",
    .types = "ii",
    .root = 1,
    .sql = "SELECT step, used_at, place_id, terminal_id FROM code_used"
           " WHERE person_id = $1 AND device_id = $2",
};
static const struct stmt USED_INSERT = {
    .name = "identity: first code of a device",
    .types = "iiiiii",
    .root = 1,
    .sql = "INSERT INTO code_used (person_id, device_id, step, used_at, place_id, terminal_id)"
           " VALUES ($1, $2, $3, $4, $5, $6)",
};
static const struct stmt USED_UPDATE = {
    .name = "identity: next code of a device",
    .types = "iiiiii",
    .root = 1,
    .sql = "UPDATE code_used SET step = $3, used_at = $4, place_id = $5, terminal_id = $6"
           " WHERE person_id = $1 AND device_id = $2 AND step < $3",
};

RESULT used_load(struct txn *tx, int64_t person_id, int64_t device_id, struct used_row *out,
                 bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &USED_LOAD, IN(v_int(person_id), v_int(device_id)), &row, found));
    if (*found)
        *out = (struct used_row){ .step = (uint32_t)row_int(&row, 0),
                                  .used_at = row_at(&row, 1),
                                  .place_id = row_int(&row, 2),
                                  .terminal_id = row_int(&row, 3) };
    return OK;
}

RESULT used_put(struct txn *tx, int64_t person_id, int64_t device_id, const struct used_row *row,
                bool found)
{
    int64_t changed;

    TRY(txn_exec(tx, found ? &USED_UPDATE : &USED_INSERT,
                 IN(v_int(person_id), v_int(device_id), v_int(row->step), v_at(row->used_at),
                    v_int(row->place_id), v_int(row->terminal_id)),
                 &changed));
    REQUIRE(changed == 1, FAULT_STORE_CORRUPT);
    return OK;
}

/* ---- codes that gates took alone */

static const struct stmt OFFLINE_LOAD = {
    .name = "identity: a code taken offline",
    .types = "iii",
    .root = 1,
    .sql = "SELECT step, used_at, place_id, terminal_id FROM code_offline"
           " WHERE person_id = $1 AND device_id = $2 AND step = $3",
};
static const struct stmt OFFLINE_INSERT = {
    .name = "identity: a code was taken offline",
    .types = "iiiiii",
    .root = 1,
    .sql = "INSERT INTO code_offline (person_id, device_id, step, used_at, place_id, terminal_id)"
           " VALUES ($1, $2, $3, $4, $5, $6)",
};
static const struct stmt OFFLINE_FORGET = {
    .name = "identity: forget codes taken offline",
    .types = "ii",
    .root = 1,
    .sql = "DELETE FROM code_offline WHERE person_id = $1 AND used_at < $2",
};

RESULT offline_load(struct txn *tx, int64_t person_id, int64_t device_id, uint32_t step,
                    struct used_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &OFFLINE_LOAD, IN(v_int(person_id), v_int(device_id), v_int(step)), &row,
                  found));
    if (*found)
        *out = (struct used_row){ .step = (uint32_t)row_int(&row, 0),
                                  .used_at = row_at(&row, 1),
                                  .place_id = row_int(&row, 2),
                                  .terminal_id = row_int(&row, 3) };
    return OK;
}

RESULT offline_put(struct txn *tx, int64_t person_id, int64_t device_id, const struct used_row *row)
{
    return txn_exec(tx, &OFFLINE_INSERT,
                    IN(v_int(person_id), v_int(device_id), v_int(row->step), v_at(row->used_at),
                       v_int(row->place_id), v_int(row->terminal_id)),
                    NULL);
}

RESULT offline_forget(struct txn *tx, int64_t person_id, struct instant before)
{
    return txn_exec(tx, &OFFLINE_FORGET, IN(v_int(person_id), v_at(before)), NULL);
}

/* ---- sheets */

static const struct stmt PAPER_LOAD = {
    .name = "identity: a sheet",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id, card_id, revoked_at, days, from_step FROM paper_code"
           " WHERE person_id = $1 AND serial = $2",
};
static const struct stmt PAPER_RAW = {
    .name = "identity: a sheet's bytes",
    .types = "ii",
    .root = 1,
    .sql = "SELECT raw FROM paper_code WHERE person_id = $1 AND id = $2",
};
static const struct stmt PAPER_LIVE = {
    .name = "identity: sheets that are out",
    .types = "ii",
    .root = 1,
    .sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM paper_code"
           " WHERE person_id = $1 AND revoked_at = 0 AND from_step + days * 2880 > $2",
};
static const struct stmt PAPERS_RAW = {
    .name = "identity: bytes of sheets that are out",
    .types = "iii",
    .root = 1,
    .sql = "SELECT raw FROM paper_code WHERE person_id = $1 AND revoked_at = 0"
           " AND from_step + days * 2880 > $2 ORDER BY id LIMIT $3",
};
static const struct stmt PAPER_INSERT = {
    .name = "identity: a new sheet",
    .types = "iiiiiiibii",
    .root = 1,
    .sql = "INSERT INTO paper_code (person_id, id, serial, card_id, card_index, from_step, days,"
           " raw, issued_at, issued_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
};
static const struct stmt PAPER_REVOKE = {
    .name = "identity: revoke a sheet",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE paper_code SET revoked_at = $3, revoked_by = $4"
           " WHERE person_id = $1 AND serial = $2 AND revoked_at = 0",
};
static const struct stmt SERIAL_TAKEN = {
    .name = "identity: is a serial taken",
    .types = "ii",
    .root = 1,
    .sql = "SELECT paper_id FROM paper_serial WHERE node_id = $1 AND serial = $2",
};
static const struct stmt SERIAL_INSERT = {
    .name = "identity: claim a serial",
    .types = "iiiii",
    .root = 1,
    .sql = "INSERT INTO paper_serial (node_id, serial, person_id, paper_id, ends_at)"
           " VALUES ($1, $2, $3, $4, $5)",
};
static const struct stmt SERIAL_REVOKE = {
    .name = "identity: revoke a serial",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE paper_serial SET revoked = 1 WHERE node_id = $1 AND serial = $2",
};
static const struct stmt SERIALS_REVOKED = {
    .name = "identity: revoked sheets",
    .types = "iii",
    .root = 1,
    .sql = "SELECT serial FROM paper_serial WHERE node_id = $1 AND revoked = 1 AND ends_at > $2"
           " ORDER BY serial LIMIT $3",
};

static const struct stmt SERIALS_DROP = {
    .name = "identity: forget serials of sheets that are over",
    .types = "iii",
    .root = 1,
    .sql = "DELETE FROM paper_serial WHERE node_id = $1 AND serial IN"
           " (SELECT serial FROM paper_serial WHERE node_id = $1 AND ends_at < $2"
           " ORDER BY serial LIMIT $3)",
};

RESULT paper_load(struct txn *tx, int64_t person_id, uint32_t serial, struct paper_row *out,
                  bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &PAPER_LOAD, IN(v_int(person_id), v_int(serial)), &row, found));
    if (*found)
        *out = (struct paper_row){ .id = row_int(&row, 0),
                                   .card_id = row_int(&row, 1),
                                   .serial = serial,
                                   .revoked_at = row_at(&row, 2),
                                   .days = row_int(&row, 3),
                                   .from_step = (uint32_t)row_int(&row, 4) };
    return OK;
}

RESULT paper_raw(struct txn *tx, int64_t person_id, int64_t id, uint8_t out[93], bool *found)
{
    ROW(row);
    struct bytes raw;

    TRY(txn_first(tx, &PAPER_RAW, IN(v_int(person_id), v_int(id)), &row, found));
    if (!*found) return OK;
    raw = row_blob(&row, 0);
    if (raw.n != 93) return fault(FAULT_STORE_CORRUPT, "sheet %" PRId64, id);
    memcpy(out, raw.p, 93);
    return OK;
}

RESULT papers_raw(struct txn *tx, int64_t person_id, uint32_t step, uint8_t (*out)[93], int max,
                  int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &PAPERS_RAW, IN(v_int(person_id), v_int(step), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        struct bytes raw;

        TRY(row_next(&row, &more));
        if (!more) break;
        raw = row_blob(&row, 0);
        if (raw.n != 93) return fault(FAULT_STORE_CORRUPT, "a sheet of %" PRId64, person_id);
        memcpy(out[*n], raw.p, 93);
    }
    return OK;
}

RESULT paper_live(struct txn *tx, int64_t person_id, uint32_t step, int64_t *n)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &PAPER_LIVE, IN(v_int(person_id), v_int(step)), &row, &found));
    *n = found ? row_int(&row, 0) : 0;
    return OK;
}

RESULT paper_insert(struct txn *tx, int64_t person_id, int64_t id, uint32_t serial, int64_t card_id,
                    uint32_t card_index, uint32_t from_step, int64_t days, struct bytes raw,
                    struct instant at, int64_t by)
{
    return txn_exec(tx, &PAPER_INSERT,
                    IN(v_int(person_id), v_int(id), v_int(serial), v_int(card_id),
                       v_int(card_index), v_int(from_step), v_int(days), v_blob(raw), v_at(at),
                       v_int(by)),
                    NULL);
}

RESULT paper_set_revoked(struct txn *tx, int64_t person_id, uint32_t serial, struct instant at,
                         int64_t by)
{
    return txn_exec(tx, &PAPER_REVOKE, IN(v_int(person_id), v_int(serial), v_at(at), v_int(by)),
                    NULL);
}

RESULT serial_claim(struct txn *tx, uint32_t serial, int64_t person_id, int64_t paper_id,
                    struct instant ends_at, bool *taken)
{
    ROW(row);

    TRY(txn_first(tx, &SERIAL_TAKEN, IN(v_int(NODE_ID), v_int(serial)), &row, taken));
    if (*taken) return OK;
    return txn_exec(
        tx, &SERIAL_INSERT,
        IN(v_int(NODE_ID), v_int(serial), v_int(person_id), v_int(paper_id), v_at(ends_at)), NULL);
}

RESULT serial_revoke(struct txn *tx, uint32_t serial)
{
    return txn_exec(tx, &SERIAL_REVOKE, IN(v_int(NODE_ID), v_int(serial)), NULL);
}

RESULT serials_drop(struct txn *tx, struct instant ended, int max, int64_t *dropped)
{
    return txn_exec(tx, &SERIALS_DROP, IN(v_int(NODE_ID), v_at(ended), v_int(max)), dropped);
}

RESULT serials_revoked(struct txn *tx, struct instant at, uint32_t *out, size_t max, size_t *n)
{
    ROW(row);
    bool more;

    *n = 0;
    TRY(txn_query(tx, &SERIALS_REVOKED, IN(v_int(NODE_ID), v_at(at), v_int((int64_t)max)), &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more || *n == max) return OK;
        out[(*n)++] = (uint32_t)row_int(&row, 0);
    }
}

/* ---- short codes */

static const struct stmt SHORT_LOAD = {
    .name = "identity: a short code",
    .types = "ib",
    .root = 1,
    .sql = "SELECT person_id, card_id, strength, purpose, ends_at, used_at FROM short_code"
           " WHERE credential_id = $1 AND hash = $2",
};
static const struct stmt SHORT_INSERT = {
    .name = "identity: a new short code",
    .types = "ibiiiii",
    .root = 1,
    .sql = "INSERT INTO short_code (credential_id, hash, person_id, card_id, strength, purpose,"
           " ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
};
static const struct stmt SHORT_USE = {
    .name = "identity: use a short code",
    .types = "ibi",
    .root = 1,
    .sql = "UPDATE short_code SET used_at = $3"
           " WHERE credential_id = $1 AND hash = $2 AND used_at = 0",
};
static const struct stmt SHORT_DROP = {
    .name = "identity: forget a short code",
    .types = "ib",
    .root = 1,
    .sql = "DELETE FROM short_code WHERE credential_id = $1 AND hash = $2",
};
static const struct stmt SHORT_LAST = {
    .name = "identity: a person's last short code",
    .types = "i",
    .root = 1,
    .sql = "SELECT hash FROM short_code_last WHERE person_id = $1",
};
static const struct stmt SHORT_LAST_INSERT = {
    .name = "identity: a person's first short code",
    .types = "ibi",
    .root = 1,
    .sql = "INSERT INTO short_code_last (person_id, hash, made_at) VALUES ($1, $2, $3)",
};
static const struct stmt SHORT_LAST_UPDATE = {
    .name = "identity: a person's next short code",
    .types = "ibi",
    .root = 1,
    .sql = "UPDATE short_code_last SET hash = $2, made_at = $3 WHERE person_id = $1",
};

#define HASH_IN(hash) v_int(credential_root(hash)), v_blob(bytes_of(hash, 32))

RESULT short_load(struct txn *tx, const uint8_t hash[32], struct short_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &SHORT_LOAD, IN(HASH_IN(hash)), &row, found));
    if (*found)
        *out = (struct short_row){ .person_id = row_int(&row, 0),
                                   .card_id = row_int(&row, 1),
                                   .strength = row_int(&row, 2),
                                   .purpose = row_int(&row, 3),
                                   .ends_at = row_at(&row, 4),
                                   .used_at = row_at(&row, 5) };
    return OK;
}

RESULT short_insert(struct txn *tx, const uint8_t hash[32], const struct short_row *row)
{
    return txn_exec(tx, &SHORT_INSERT,
                    IN(HASH_IN(hash), v_int(row->person_id), v_int(row->card_id),
                       v_int(row->strength), v_int(row->purpose), v_at(row->ends_at)),
                    NULL);
}

RESULT short_use(struct txn *tx, const uint8_t hash[32], struct instant at)
{
    int64_t changed;

    TRY(txn_exec(tx, &SHORT_USE, IN(HASH_IN(hash), v_at(at)), &changed));
    REQUIRE(changed == 1, FAULT_STORE_CORRUPT);
    return OK;
}

RESULT short_drop(struct txn *tx, const uint8_t hash[32])
{
    return txn_exec(tx, &SHORT_DROP, IN(HASH_IN(hash)), NULL);
}

RESULT short_last(struct txn *tx, int64_t person_id, uint8_t hash[32], bool *found)
{
    ROW(row);
    struct bytes there;

    TRY(txn_first(tx, &SHORT_LAST, IN(v_int(person_id)), &row, found));
    if (!*found) return OK;
    there = row_blob(&row, 0);
    if (there.n != 32) return fault(FAULT_STORE_CORRUPT, "a short code's hash");
    memcpy(hash, there.p, 32);
    return OK;
}

RESULT short_last_put(struct txn *tx, int64_t person_id, const uint8_t hash[32], struct instant at,
                      bool found)
{
    return txn_exec(tx, found ? &SHORT_LAST_UPDATE : &SHORT_LAST_INSERT,
                    IN(v_int(person_id), v_blob(bytes_of(hash, 32)), v_at(at)), NULL);
}

/* ---- wrong tries */

static const struct stmt TRY_LOAD = {
    .name = "identity: wrong short codes by who tries",
    .types = "ii",
    .root = 1,
    .sql = "SELECT wrong, locks, locked_until FROM short_try"
           " WHERE node_id = $1 AND actor_id = $2",
};
static const struct stmt TRY_INSERT = {
    .name = "identity: first short code by who tries",
    .types = "iiiii",
    .root = 1,
    .sql = "INSERT INTO short_try (node_id, actor_id, wrong, locks, locked_until)"
           " VALUES ($1, $2, $3, $4, $5)",
};
static const struct stmt TRY_UPDATE = {
    .name = "identity: count a short code by who tries",
    .types = "iiiii",
    .root = 1,
    .sql = "UPDATE short_try SET wrong = $3, locks = $4, locked_until = $5"
           " WHERE node_id = $1 AND actor_id = $2",
};

RESULT try_load(struct txn *tx, int64_t actor_id, struct try_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &TRY_LOAD, IN(v_int(NODE_ID), v_int(actor_id)), &row, found));
    if (*found)
        *out = (struct try_row){ .wrong = row_int(&row, 0),
                                 .locks = row_int(&row, 1),
                                 .locked_until = row_at(&row, 2) };
    return OK;
}

RESULT try_put(struct txn *tx, int64_t actor_id, const struct try_row *row, bool found)
{
    return txn_exec(tx, found ? &TRY_UPDATE : &TRY_INSERT,
                    IN(v_int(NODE_ID), v_int(actor_id), v_int(row->wrong), v_int(row->locks),
                       v_at(row->locked_until)),
                    NULL);
}
