/* venues/terminal_store.c - SQL of terminals; no rule lives here. */
#include "venues/terminal_store.h"

#define COLUMNS                                                                                    \
    "id, venue_id, point_id, kind, state, name, suite, public_key, list_incarnation,"              \
    " list_position, list_made_at, seen_at, clock_off, queue, activation_hash, activation_ends,"   \
    " enrolled_at"

static const struct stmt TERMINAL_LOAD = {
    .name = "venues: a terminal",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM terminal WHERE venue_id = $1 AND id = $2",
};
static const struct stmt TERMINAL_FIND = {
    .name = "venues: a terminal by id",
    .types = "i",
    .sql = "SELECT " COLUMNS " FROM terminal WHERE id = $1",
};
static const struct stmt TERMINAL_LIST = {
    .name = "venues: terminals of a venue",
    .types = "iii",
    .sql = "SELECT " COLUMNS " FROM terminal WHERE venue_id = $1 AND id > $2 ORDER BY id LIMIT $3",
};
static const struct stmt TERMINAL_LIST_ALL = {
    .name = "venues: terminals of all venues",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM terminal WHERE id > $1 ORDER BY id LIMIT $2",
};
static const struct stmt TERMINAL_INSERT = {
    .name = "venues: a new terminal",
    .types = "iiiitbii",
    .root = 1,
    .sql = "INSERT INTO terminal (venue_id, id, point_id, kind, state, name, activation_hash,"
           " activation_ends, added_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8)",
};
static const struct stmt TERMINAL_SET_ACTIVATION = {
    .name = "venues: a new activation number",
    .types = "iibi",
    .root = 1,
    .sql = "UPDATE terminal SET activation_hash = $3, activation_ends = $4"
           " WHERE venue_id = $1 AND id = $2",
};
static const struct stmt TERMINAL_SET_KEY = {
    .name = "venues: a terminal's key",
    .types = "iiibi",
    .root = 1,
    .sql = "UPDATE terminal SET suite = $3, public_key = $4, enrolled_at = $5, state = 2,"
           " activation_ends = 0 WHERE venue_id = $1 AND id = $2",
};
static const struct stmt TERMINAL_SET_REVOKED = {
    .name = "venues: revoke a terminal",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE terminal SET state = 3, revoked_at = $3, activation_hash = NULL"
           " WHERE venue_id = $1 AND id = $2 AND state <> 3",
};
static const struct stmt TERMINAL_SET_BEAT = {
    .name = "venues: a terminal's heartbeat",
    .types = "iiiiiiii",
    .root = 1,
    .sql = "UPDATE terminal SET list_incarnation = $3, list_position = $4, list_made_at = $5,"
           " seen_at = $6, clock_off = $7, queue = $8 WHERE venue_id = $1 AND id = $2",
};
static const struct stmt NONCE_THERE = {
    .name = "venues: was an assertion shown",
    .types = "iib",
    .root = 1,
    .sql = "SELECT at FROM terminal_nonce"
           " WHERE venue_id = $1 AND terminal_id = $2 AND nonce_hash = $3",
};
static const struct stmt NONCE_INSERT = {
    .name = "venues: an assertion shown",
    .types = "iibi",
    .root = 1,
    .sql = "INSERT INTO terminal_nonce (venue_id, terminal_id, nonce_hash, at)"
           " VALUES ($1, $2, $3, $4)",
};
static const struct stmt NONCE_DROP = {
    .name = "venues: forget old assertions",
    .types = "iii",
    .root = 1,
    .sql = "DELETE FROM terminal_nonce WHERE venue_id = $1 AND terminal_id = $2 AND at < $3",
};
static const struct stmt TOKEN_INSERT = {
    .name = "venues: a terminal's token",
    .types = "ibii",
    .root = 1,
    .sql = "INSERT INTO terminal_token (venue_id, token_hash, terminal_id, ends_at)"
           " VALUES ($1, $2, $3, $4)",
};
static const struct stmt TOKEN_FIND = {
    .name = "venues: whose token",
    .types = "bi",
    .sql = "SELECT terminal_id FROM terminal_token WHERE token_hash = $1 AND ends_at > $2",
};
static const struct stmt TOKENS_DROP = {
    .name = "venues: forget a terminal's tokens",
    .types = "iii",
    .root = 1,
    .sql = "DELETE FROM terminal_token WHERE venue_id = $1 AND terminal_id = $2 AND ends_at <= $3",
};
static const struct stmt OBEYED_THERE = {
    .name = "venues: is a list known to be obeyed",
    .types = "iiii",
    .root = 1,
    .sql = "SELECT at FROM terminal_list WHERE venue_id = $1 AND terminal_id = $2"
           " AND incarnation = $3 AND position = $4",
};
static const struct stmt OBEYED_INSERT = {
    .name = "venues: a list is obeyed",
    .types = "iiiii",
    .root = 1,
    .sql = "INSERT INTO terminal_list (venue_id, terminal_id, incarnation, position, at)"
           " VALUES ($1, $2, $3, $4, $5)",
};
static const struct stmt OBEYED_LIST = {
    .name = "venues: when each gate obeyed",
    .types = "iiiiii",
    .sql = "SELECT t.id, t.venue_id, t.name, CAST(MIN(l.at) AS BIGINT) FROM terminal t"
           " LEFT JOIN terminal_list l ON l.venue_id = t.venue_id AND l.terminal_id = t.id"
           " AND l.incarnation = $1 AND l.position >= $2 AND l.at >= $6"
           " WHERE t.state = 2 AND t.enrolled_at <= $3 AND t.id > $4"
           " GROUP BY t.id, t.venue_id, t.name ORDER BY t.id LIMIT $5",
};

static RESULT name_take(struct str name, char out[TERMINAL_NAME_MAX + 1])
{
    if (!str_c(name, out, TERMINAL_NAME_MAX + 1))
        return fault(FAULT_STORE_CORRUPT, "a terminal's name");
    return OK;
}

static RESULT terminal_take(const struct row *row, struct terminal_row *out)
{
    struct terminal *t = &out->terminal;
    struct bytes key = row_blob(row, 7), activation = row_blob(row, 14);

    *t = (struct terminal){ .id = row_int(row, 0),
                            .venue_id = row_int(row, 1),
                            .point_id = row_int(row, 2),
                            .kind = (enum terminal_kind)row_int(row, 3),
                            .state = (enum terminal_state)row_int(row, 4),
                            .suite = (enum suite)row_int(row, 6),
                            .list_incarnation = row_int(row, 8),
                            .list_position = row_int(row, 9),
                            .list_made_at = row_at(row, 10),
                            .seen_at = row_at(row, 11),
                            .clock_off_usec = row_int(row, 12),
                            .queue = row_int(row, 13) };
    if (key.n == sizeof t->public_key) memcpy(t->public_key, key.p, key.n);
    out->activation_out = activation.n == sizeof out->activation_hash;
    if (out->activation_out) memcpy(out->activation_hash, activation.p, activation.n);
    out->activation_ends = row_at(row, 15);
    out->enrolled_at = row_at(row, 16);
    return name_take(row_text(row, 5), t->name);
}

RESULT terminal_load(struct txn *tx, int64_t venue_id, int64_t id, struct terminal_row *out)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &TERMINAL_LOAD, IN(v_int(venue_id), v_int(id)), &row, &found));
    REQUIRE(found, VENUES_TERMINAL_UNKNOWN);
    return terminal_take(&row, out);
}

RESULT terminal_find(struct txn *tx, int64_t id, struct terminal_row *out)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &TERMINAL_FIND, IN(v_int(id)), &row, &found));
    REQUIRE(found, VENUES_TERMINAL_UNKNOWN);
    return terminal_take(&row, out);
}

RESULT terminal_insert(struct txn *tx, const struct terminal_ask *ask, int64_t id,
                       const uint8_t activation_hash[32])
{
    return txn_exec(tx, &TERMINAL_INSERT,
                    IN(v_int(ask->venue_id), v_int(id), v_int(ask->point_id), v_int(ask->kind),
                       v_text(ask->name), v_blob(bytes_of(activation_hash, 32)),
                       v_at(instant_add(ask->at, TERMINAL_ACTIVATION_LIFE_USEC)), v_at(ask->at)),
                    NULL);
}

RESULT terminal_set_activation(struct txn *tx, int64_t venue_id, int64_t id, const uint8_t hash[32],
                               struct instant ends)
{
    return txn_exec(tx, &TERMINAL_SET_ACTIVATION,
                    IN(v_int(venue_id), v_int(id), v_blob(bytes_of(hash, 32)), v_at(ends)), NULL);
}

RESULT terminal_set_key(struct txn *tx, int64_t venue_id, int64_t id, enum suite suite,
                        const uint8_t key[POINT_SHORT], struct instant at)
{
    return txn_exec(
        tx, &TERMINAL_SET_KEY,
        IN(v_int(venue_id), v_int(id), v_int(suite), v_blob(bytes_of(key, POINT_SHORT)), v_at(at)),
        NULL);
}

RESULT terminal_set_revoked(struct txn *tx, int64_t venue_id, int64_t id, struct instant at)
{
    return txn_exec(tx, &TERMINAL_SET_REVOKED, IN(v_int(venue_id), v_int(id), v_at(at)), NULL);
}

RESULT terminal_set_beat(struct txn *tx, const struct heartbeat *beat)
{
    return txn_exec(tx, &TERMINAL_SET_BEAT,
                    IN(v_int(beat->venue_id), v_int(beat->terminal_id),
                       v_int(beat->list_incarnation), v_int(beat->list_position),
                       v_at(beat->list_made_at), v_at(beat->at),
                       v_int(beat->terminal_at.usec - beat->at.usec), v_int(beat->queue)),
                    NULL);
}

RESULT terminal_list_all(struct txn *tx, int64_t venue_id, int64_t after, size_t limit,
                         struct terminal *out, size_t *n)
{
    ROW(row);
    bool more;

    *n = 0;
    if (venue_id != 0)
        TRY(txn_query(tx, &TERMINAL_LIST, IN(v_int(venue_id), v_int(after), v_int((int64_t)limit)),
                      &row));
    else
        TRY(txn_query(tx, &TERMINAL_LIST_ALL, IN(v_int(after), v_int((int64_t)limit)), &row));
    for (;;) {
        struct terminal_row read;
        TRY(row_next(&row, &more));
        if (!more || *n == limit) return OK;
        TRY(terminal_take(&row, &read));
        out[(*n)++] = read.terminal;
    }
}

RESULT nonce_put(struct txn *tx, int64_t venue_id, int64_t terminal_id, const uint8_t hash[32],
                 struct instant at, bool *used)
{
    ROW(row);

    TRY(txn_first(tx, &NONCE_THERE,
                  IN(v_int(venue_id), v_int(terminal_id), v_blob(bytes_of(hash, 32))), &row, used));
    if (*used) return OK;
    TRY(txn_exec(
        tx, &NONCE_DROP,
        IN(v_int(venue_id), v_int(terminal_id), v_at(instant_add(at, -10 * ASSERTION_OFF_USEC))),
        NULL));
    return txn_exec(tx, &NONCE_INSERT,
                    IN(v_int(venue_id), v_int(terminal_id), v_blob(bytes_of(hash, 32)), v_at(at)),
                    NULL);
}

RESULT token_put(struct txn *tx, int64_t venue_id, const uint8_t hash[32], int64_t terminal_id,
                 struct instant ends)
{
    return txn_exec(tx, &TOKEN_INSERT,
                    IN(v_int(venue_id), v_blob(bytes_of(hash, 32)), v_int(terminal_id), v_at(ends)),
                    NULL);
}

RESULT token_find(struct txn *tx, const uint8_t hash[32], struct instant at, int64_t *terminal_id,
                  bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &TOKEN_FIND, IN(v_blob(bytes_of(hash, 32)), v_at(at)), &row, found));
    if (*found) *terminal_id = row_int(&row, 0);
    return OK;
}

RESULT tokens_drop(struct txn *tx, int64_t venue_id, int64_t terminal_id, struct instant ended)
{
    return txn_exec(tx, &TOKENS_DROP, IN(v_int(venue_id), v_int(terminal_id), v_at(ended)), NULL);
}

RESULT obeyed_put(struct txn *tx, const struct heartbeat *beat)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &OBEYED_THERE,
                  IN(v_int(beat->venue_id), v_int(beat->terminal_id), v_int(beat->list_incarnation),
                     v_int(beat->list_position)),
                  &row, &found));
    if (found) return OK;
    return txn_exec(tx, &OBEYED_INSERT,
                    IN(v_int(beat->venue_id), v_int(beat->terminal_id),
                       v_int(beat->list_incarnation), v_int(beat->list_position), v_at(beat->at)),
                    NULL);
}

RESULT obeyed_list(struct txn *tx, int64_t incarnation, int64_t position, struct instant sealed_at,
                   struct instant active_at, int64_t after, size_t limit, struct gate_obeyed *out,
                   size_t *n)
{
    ROW(row);
    bool more;

    *n = 0;
    TRY(txn_query(tx, &OBEYED_LIST,
                  IN(v_int(incarnation), v_int(position), v_at(active_at), v_int(after),
                     v_int((int64_t)limit), v_at(sealed_at)),
                  &row));
    for (;;) {
        TRY(row_next(&row, &more));
        if (!more || *n == limit) return OK;
        struct gate_obeyed *gate = &out[(*n)++];
        *gate = (struct gate_obeyed){ .terminal_id = row_int(&row, 0),
                                      .venue_id = row_int(&row, 1),
                                      .obeyed_at = row_at(&row, 3) };
        TRY(name_take(row_text(&row, 2), gate->name));
    }
}
