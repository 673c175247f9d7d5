/* notice/notice_store.c - SQL of notices, their sealed parts and preferences; no rule lives here.
 */
#include "notice/notice_store.h"

static const struct stmt NOTICE_INSERT = {
    .name = "notice: put",
    .types = "iiiibiiii",
    .root = 1,
    .sql =
        "INSERT INTO notice (person_id, id, kind, state, parameters, at, until, due_at, message_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
};

RESULT notice_insert(struct txn *tx, const struct notice_row *row)
{
    return txn_exec(tx, &NOTICE_INSERT,
                    IN(v_int(row->person_id), v_int(row->id), v_int(row->kind), v_int(row->state),
                       v_blob(row->parameters), v_at(row->at), v_at(row->until),
                       v_int_or_null(row->due_at.usec), v_int_or_null(row->message_id)),
                    NULL);
}

static const struct stmt NOTICE_BY_MESSAGE = {
    .name = "notice: find by message",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id FROM notice WHERE person_id = $1 AND message_id = $2",
};

RESULT notice_by_message(struct txn *tx, int64_t person_id, int64_t message_id, bool *found)
{
    ROW(row);

    return txn_first(tx, &NOTICE_BY_MESSAGE, IN(v_int(person_id), v_int(message_id)), &row, found);
}

#define COLUMNS "person_id, id, kind, state, parameters, at, until, due_at, sent_at, seen_at"

static void notice_of(const struct row *row, struct arena *arena, struct notice_row *out)
{
    *out = (struct notice_row){
        .person_id = row_int(row, 0),
        .id = row_int(row, 1),
        .kind = (enum notice_kind)row_int(row, 2),
        .state = (enum notice_state)row_int(row, 3),
        .parameters = arena_bytes(arena, row_blob(row, 4)),
        .at = row_at(row, 5),
        .until = row_at(row, 6),
        .due_at = row_at(row, 7),
        .sent_at = row_at(row, 8),
        .seen_at = row_at(row, 9),
    };
}

static const struct stmt NOTICE_LOAD = {
    .name = "notice: load",
    .types = "ii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM notice WHERE person_id = $1 AND id = $2",
};

RESULT notice_load(struct txn *tx, int64_t person_id, int64_t id, struct arena *arena,
                   struct notice_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &NOTICE_LOAD, IN(v_int(person_id), v_int(id)), &row, found));
    if (!*found) return OK;
    notice_of(&row, arena, out);
    return arena->full ? fault(FAULT_MEMORY, "notice: a row does not fit the arena") : OK;
}

static const struct stmt NOTICES_LOAD = {
    .name = "notice: a holder's history",
    .types = "iii",
    .root = 1,
    .sql =
        "SELECT " COLUMNS " FROM notice WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
};

RESULT notices_load(struct txn *tx, int64_t person_id, int64_t before, int max, struct arena *arena,
                    struct notice_row **rows, int *n)
{
    struct notice_row *out = NEW_ARRAY(arena, struct notice_row, (size_t)max);
    int got = 0;
    ROW(row);

    if (!out) return fault(FAULT_MEMORY, "notice: a page does not fit the arena");
    TRY(txn_query(tx, &NOTICES_LOAD, IN(v_int(person_id), v_int(before), v_int(max)), &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        assert(got < max);
        notice_of(&row, arena, &out[got++]);
    }
    if (arena->full) return fault(FAULT_MEMORY, "notice: a page does not fit the arena");
    *rows = out;
    *n = got;
    return OK;
}

static const struct stmt NOTICE_SET_STATE = {
    .name = "notice: set state",
    .types = "iiiii",
    .root = 1,
    .sql = "UPDATE notice SET state = $3, sent_at = $4, code = $5, due_at = NULL"
           " WHERE person_id = $1 AND id = $2",
};

RESULT notice_set_state(struct txn *tx, int64_t person_id, int64_t id, enum notice_state state,
                        struct instant sent_at, int code)
{
    return txn_exec(
        tx, &NOTICE_SET_STATE,
        IN(v_int(person_id), v_int(id), v_int(state), v_int_or_null(sent_at.usec), v_int(code)),
        NULL);
}

static const struct stmt NOTICE_SET_SEEN = {
    .name = "notice: set seen",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE notice SET seen_at = COALESCE(seen_at, $3) WHERE person_id = $1 AND id = $2",
};

RESULT notice_set_seen(struct txn *tx, int64_t person_id, int64_t id, struct instant at,
                       int64_t *changed)
{
    return txn_exec(tx, &NOTICE_SET_SEEN, IN(v_int(person_id), v_int(id), v_at(at)), changed);
}

static RESULT keys_load(struct txn *tx, const struct stmt *stmt, struct instant now, int max,
                        struct arena *arena, struct notice_key **keys, int *n)
{
    struct notice_key *out = NEW_ARRAY(arena, struct notice_key, (size_t)max);
    int got = 0;
    ROW(row);

    if (!out) return fault(FAULT_MEMORY, "notice: a page does not fit the arena");
    TRY(txn_query(tx, stmt, IN(v_at(now), v_int(max)), &row));
    for (bool more;;) {
        TRY(row_next(&row, &more));
        if (!more) break;
        assert(got < max);
        out[got++] = (struct notice_key){ row_int(&row, 0), row_int(&row, 1) };
    }
    *keys = out;
    *n = got;
    return OK;
}

static const struct stmt NOTICES_DUE = {
    .name = "notice: held ones that are due",
    .types = "ii",
    .sql = "SELECT person_id, id FROM notice WHERE due_at IS NOT NULL AND due_at <= $1"
           " ORDER BY due_at LIMIT $2",
};
static const struct stmt SEALS_ENDED = {
    .name = "notice: sealed parts whose time has ended",
    .types = "ii",
    .sql = "SELECT person_id, notice_id FROM notice_seal WHERE until <= $1 ORDER BY until LIMIT $2",
};

RESULT notices_due(struct txn *tx, struct instant now, int max, struct arena *arena,
                   struct notice_key **keys, int *n)
{
    return keys_load(tx, &NOTICES_DUE, now, max, arena, keys, n);
}

RESULT seals_ended(struct txn *tx, struct instant now, int max, struct arena *arena,
                   struct notice_key **keys, int *n)
{
    return keys_load(tx, &SEALS_ENDED, now, max, arena, keys, n);
}

static const struct stmt SEAL_INSERT = {
    .name = "notice: keep sealed parts",
    .types = "iiibb",
    .root = 1,
    .sql = "INSERT INTO notice_seal (person_id, notice_id, until, sealed_code, sealed_address)"
           " VALUES ($1, $2, $3, $4, $5)",
};

RESULT seal_insert(struct txn *tx, int64_t person_id, int64_t notice_id, struct instant until,
                   struct bytes code, struct bytes address)
{
    return txn_exec(
        tx, &SEAL_INSERT,
        IN(v_int(person_id), v_int(notice_id), v_at(until), v_blob(code), v_blob(address)), NULL);
}

static const struct stmt SEAL_LOAD = {
    .name = "notice: load sealed parts",
    .types = "ii",
    .root = 1,
    .sql = "SELECT sealed_code, sealed_address FROM notice_seal"
           " WHERE person_id = $1 AND notice_id = $2",
};

RESULT seal_load(struct txn *tx, int64_t person_id, int64_t notice_id, struct arena *arena,
                 struct bytes *code, struct bytes *address)
{
    bool found;
    ROW(row);

    *code = *address = (struct bytes){ 0 };
    TRY(txn_first(tx, &SEAL_LOAD, IN(v_int(person_id), v_int(notice_id)), &row, &found));
    if (!found) return OK;
    *code = arena_bytes(arena, row_blob(&row, 0));
    *address = arena_bytes(arena, row_blob(&row, 1));
    return arena->full ? fault(FAULT_MEMORY, "notice: sealed parts do not fit the arena") : OK;
}

static const struct stmt SEAL_DELETE = {
    .name = "notice: drop sealed parts",
    .types = "ii",
    .root = 1,
    .sql = "DELETE FROM notice_seal WHERE person_id = $1 AND notice_id = $2",
};

RESULT seal_delete(struct txn *tx, int64_t person_id, int64_t notice_id)
{
    return txn_exec(tx, &SEAL_DELETE, IN(v_int(person_id), v_int(notice_id)), NULL);
}

static const struct stmt PREFERENCE_LOAD = {
    .name = "notice: load preferences",
    .types = "i",
    .root = 1,
    .sql =
        "SELECT language, quiet_from, quiet_to, muted FROM notice_preference WHERE person_id = $1",
};

RESULT preference_load(struct txn *tx, int64_t person_id, struct notice_preference *out)
{
    bool found;
    ROW(row);

    *out = (struct notice_preference){
        .language = NOTICE_ZH,
        .muted = UINT64_C(1) << NOTICE_ADMITTED,
    };
    TRY(txn_first(tx, &PREFERENCE_LOAD, IN(v_int(person_id)), &row, &found));
    if (!found) return OK;
    *out = (struct notice_preference){
        .language = (enum notice_language)row_int(&row, 0),
        .quiet_from_hour = (int)row_int(&row, 1),
        .quiet_to_hour = (int)row_int(&row, 2),
        .muted = (uint64_t)row_int(&row, 3),
    };
    return OK;
}

static const struct stmt PREFERENCE_SAVE = {
    .name = "notice: save preferences",
    .types = "iiiiii",
    .root = 1,
    .sql = "INSERT INTO notice_preference (person_id, language, quiet_from, quiet_to, muted,"
           " changed_at) VALUES ($1, $2, $3, $4, $5, $6)"
           " ON CONFLICT (person_id) DO UPDATE SET language = $2, quiet_from = $3, quiet_to = $4,"
           " muted = $5, changed_at = $6",
};

RESULT preference_save(struct txn *tx, int64_t person_id, const struct notice_preference *p,
                       struct instant at)
{
    return txn_exec(tx, &PREFERENCE_SAVE,
                    IN(v_int(person_id), v_int(p->language), v_int(p->quiet_from_hour),
                       v_int(p->quiet_to_hour), v_int((int64_t)p->muted), v_at(at)),
                    NULL);
}
