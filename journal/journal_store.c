/* journal/journal_store.c - SQL of lines and contests; no rule lives here. */
#include "journal/journal_store.h"

static const struct stmt LINE_INSERT = {
    .name = "journal: append a line",
    .types = "iiiibbbiiiiiitii",
    .root = 1,
    .sql =
        "INSERT INTO journal_line (root_id, root_kind, id, recorded_at, leaf, salt, content, kind,"
        " person_id, card_id, actor, actor_id, place_id, item, at, refused)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
};

RESULT line_insert(struct txn *tx, const struct line_row *row, const struct journal_line *line)
{
    return txn_exec(tx, &LINE_INSERT,
                    IN(v_int(row->root.id), v_int(row->root.kind), v_int(row->id),
                       v_at(row->recorded_at), v_blob(row->leaf), v_blob(row->salt),
                       v_blob(row->content), v_int(line->kind), v_int_or_null(line->person_id),
                       v_int_or_null(line->card_id), v_int(line->actor), v_int(line->actor_id),
                       v_int_or_null(line->place_id), v_text(line->item), v_at(line->at),
                       v_int(line->verdict != 0)),
                    NULL);
}

#define COLUMNS                                                                                    \
    "root_id, root_kind, id, recorded_at, leaf, salt, content, contest_id, erased_at, erased_by,"  \
    " erased_why, kind, person_id, card_id, actor, actor_id, place_id, at, refused, item"

static void line_of(const struct row *row, struct arena *arena, struct line_row *out)
{
    *out = (struct line_row){
        .root = { .id = row_int(row, 0), .kind = (enum root_kind)row_int(row, 1) },
        .id = row_int(row, 2),
        .recorded_at = row_at(row, 3),
        .leaf = arena_bytes(arena, row_blob(row, 4)),
        .salt = arena_bytes(arena, row_blob(row, 5)),
        .content = arena_bytes(arena, row_blob(row, 6)),
        .contest_id = row_int(row, 7),
        .erased_at = row_at(row, 8),
        .erased_by = row_int(row, 9),
        .erased_why = arena_str(arena, row_text(row, 10)),
        .kind = row_int(row, 11),
        .person_id = row_int(row, 12),
        .card_id = row_int(row, 13),
        .actor = row_int(row, 14),
        .actor_id = row_int(row, 15),
        .place_id = row_int(row, 16),
        .at = row_int(row, 17),
        .refused = row_int(row, 18),
        .item = arena_str(arena, row_text(row, 19)),
    };
}

static RESULT line_first(struct txn *tx, const struct stmt *stmt, const struct value *in, size_t n,
                         struct arena *arena, struct line_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, stmt, in, n, &row, found));
    if (!*found) return OK;
    line_of(&row, arena, out);
    return arena->full ? fault(FAULT_MEMORY, "journal: a line does not fit the arena") : OK;
}

static const struct stmt LINE_LOAD = {
    .name = "journal: load a line",
    .types = "iii",
    .sql = "SELECT " COLUMNS " FROM journal_line WHERE root_id = $1 AND root_kind = $2 AND id = $3",
};

RESULT line_load(struct txn *tx, struct root root, int64_t line_id, struct arena *arena,
                 struct line_row *out, bool *found)
{
    return line_first(tx, &LINE_LOAD, IN(v_int(root.id), v_int(root.kind), v_int(line_id)), arena,
                      out, found);
}

static const struct stmt LINE_OF_PERSON = {
    .name = "journal: load a line of a person",
    .types = "ii",
    .sql =
        "SELECT " COLUMNS " FROM journal_line WHERE person_id = $1 AND id = $2 AND root_kind <> 1",
};

RESULT line_load_of_person(struct txn *tx, int64_t person_id, int64_t line_id, struct arena *arena,
                           struct line_row *out, bool *found)
{
    struct root own = { ROOT_PERSON, person_id };

    TRY(line_load(tx, own, line_id, arena, out, found));
    if (*found) return OK;
    return line_first(tx, &LINE_OF_PERSON, IN(v_int(person_id), v_int(line_id)), arena, out, found);
}

/* Filters of journal_ask as parameters that say "any" when they are 0 or empty. */
#define FILTERS                                                                                    \
    " AND id < $2 AND ($3 = 0 OR kind = $3) AND ($4 = 0 OR card_id = $4) AND ($5 = '' OR item = "  \
    "$5)"                                                                                          \
    " AND at >= $6 AND at < $7 AND ($8 = 0 OR refused = 1) AND ($9 = 0 OR actor = $9)"

static const struct stmt LINES_OF_PERSON = {
    .name = "journal: lines of a person",
    .types = "iiiitiiiii",
    .sql = "SELECT " COLUMNS " FROM journal_line WHERE root_id = $1 AND root_kind = 1" FILTERS
           " AND person_id = $1"
           " UNION ALL"
           " SELECT " COLUMNS " FROM journal_line WHERE person_id = $1 AND root_kind <> 1" FILTERS
           " ORDER BY id DESC LIMIT $10",
};
static const struct stmt LINES_OF_STAFF = {
    .name = "journal: lines of a member of staff",
    .types = "iiiitiiiii",
    .sql = "SELECT " COLUMNS " FROM journal_line WHERE actor_id = $1 AND actor = 3" FILTERS
           " ORDER BY id DESC LIMIT $10",
};
static const struct stmt LINES_OF_PLACE = {
    .name = "journal: lines of a place",
    .types = "iiiitiiiii",
    .sql = "SELECT " COLUMNS " FROM journal_line WHERE place_id = $1" FILTERS
           " ORDER BY id DESC LIMIT $10",
};

static const struct stmt LINES_OF_ALL_STAFF = {
    .name = "journal: lines of all staff",
    .types = "iiiitiiiii",
    .sql = "SELECT " COLUMNS " FROM journal_line WHERE actor = 3 AND $1 = 0" FILTERS
           " ORDER BY id DESC LIMIT $10",
};

static RESULT lines_collect(struct row *row, struct arena *arena, int max, struct line_row **rows,
                            int *n)
{
    struct line_row *out = NEW_ARRAY(arena, struct line_row, (size_t)max);
    int got = 0;

    if (!out) return fault(FAULT_MEMORY, "journal: %d lines do not fit the arena", max);
    for (bool more;;) {
        TRY(row_next(row, &more));
        if (!more) break;
        assert(got < max);
        line_of(row, arena, &out[got++]);
    }
    if (arena->full) return fault(FAULT_MEMORY, "journal: %d lines do not fit the arena", got);
    *rows = out;
    *n = got;
    return OK;
}

RESULT lines_load(struct txn *tx, const struct journal_ask *ask, struct arena *arena,
                  struct line_row **rows, int *n)
{
    const struct stmt *stmt = ask->person_id   ? &LINES_OF_PERSON
                              : ask->actor_id  ? &LINES_OF_STAFF
                              : ask->any_staff ? &LINES_OF_ALL_STAFF
                                               : &LINES_OF_PLACE;
    int64_t whose = ask->person_id ? ask->person_id : ask->actor_id ? ask->actor_id : ask->place_id;
    ROW(row);

    TRY(txn_query(tx, stmt,
                  IN(v_int(whose), v_int(ask->before ? ask->before : INT64_MAX), v_int(ask->kind),
                     v_int(ask->card_id), v_text(ask->item), v_at(ask->from),
                     v_int(ask->to.usec ? ask->to.usec : INT64_MAX), v_int(ask->refused_only),
                     v_int(ask->actor), v_int(ask->limit + 1)),
                  &row));
    return lines_collect(&row, arena, ask->limit + 1, rows, n);
}

static const struct stmt LINES_AGED = {
    .name = "journal: lines past an age",
    .types = "iiii",
    .sql = "SELECT " COLUMNS " FROM journal_line WHERE recorded_at < $1 AND recorded_at >= $2"
           " AND (recorded_at > $2 OR id > $3) AND content IS NOT NULL"
           " ORDER BY recorded_at, id LIMIT $4",
};

RESULT lines_load_aged(struct txn *tx, struct instant before, struct instant after,
                       int64_t after_id, int limit, struct arena *arena, struct line_row **rows,
                       int *n)
{
    ROW(row);

    TRY(txn_query(tx, &LINES_AGED, IN(v_at(before), v_at(after), v_int(after_id), v_int(limit + 1)),
                  &row));
    return lines_collect(&row, arena, limit + 1, rows, n);
}

static const struct stmt LINES_COUNT = {
    .name = "journal: count lines",
    .types = "ii",
    .sql = "SELECT COUNT(*) FROM journal_line WHERE recorded_at >= $1 AND recorded_at <= $2",
};

RESULT lines_count(struct txn *tx, struct instant since, struct instant until, int64_t *n)
{
    bool found;
    ROW(row);

    TRY(txn_first(tx, &LINES_COUNT, IN(v_at(since), v_at(until)), &row, &found));
    *n = found ? row_int(&row, 0) : 0;
    return OK;
}

static const struct stmt LINE_SET_CONTEST = {
    .name = "journal: mark a line contested",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE journal_line SET contest_id = $4"
           " WHERE root_id = $1 AND root_kind = $2 AND id = $3",
};

RESULT line_set_contest(struct txn *tx, struct root root, int64_t line_id, int64_t contest_id)
{
    return txn_exec(tx, &LINE_SET_CONTEST,
                    IN(v_int(root.id), v_int(root.kind), v_int(line_id), v_int(contest_id)), NULL);
}

static const struct stmt LINE_ERASE = {
    .name = "journal: erase a line's content",
    .types = "iiiiit",
    .root = 1,
    .sql =
        "UPDATE journal_line SET salt = NULL, content = NULL, kind = NULL, person_id = NULL,"
        " card_id = NULL, actor = NULL, actor_id = NULL, place_id = NULL, item = NULL, at = NULL,"
        " refused = NULL, erased_at = $4, erased_by = $5, erased_why = $6"
        " WHERE root_id = $1 AND root_kind = $2 AND id = $3 AND content IS NOT NULL",
};

RESULT line_erase(struct txn *tx, const struct journal_erasure *ask, int64_t *changed)
{
    return txn_exec(tx, &LINE_ERASE,
                    IN(v_int(ask->root.id), v_int(ask->root.kind), v_int(ask->line_id),
                       v_at(ask->at), v_int(ask->actor_id), v_text(ask->why)),
                    changed);
}

static const struct stmt CONTEST_FIND = {
    .name = "journal: find a contest",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id FROM journal_contest WHERE person_id = $1 AND line_id = $2",
};

RESULT contest_find(struct txn *tx, int64_t person_id, int64_t line_id, bool *found)
{
    ROW(row);

    return txn_first(tx, &CONTEST_FIND, IN(v_int(person_id), v_int(line_id)), &row, found);
}

static const struct stmt CONTEST_LINE = {
    .name = "journal: the line of a contest",
    .types = "ii",
    .root = 1,
    .sql = "SELECT line_root_kind, line_root_id, line_id FROM journal_contest"
           " WHERE person_id = $1 AND id = $2",
};

RESULT contest_line(struct txn *tx, int64_t person_id, int64_t contest_id, struct root *line_root,
                    int64_t *line_id, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &CONTEST_LINE, IN(v_int(person_id), v_int(contest_id)), &row, found));
    if (!*found) return OK;
    *line_root = (struct root){ (enum root_kind)row_int(&row, 0), row_int(&row, 1) };
    *line_id = row_int(&row, 2);
    return OK;
}

static const struct stmt CONTEST_INSERT = {
    .name = "journal: keep a contest",
    .types = "iiiiitbi",
    .root = 1,
    .sql = "INSERT INTO journal_contest (person_id, id, line_root_kind, line_root_id, line_id,"
           " reason, sealed, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
};

RESULT contest_insert(struct txn *tx, int64_t id, struct root line_root,
                      const struct journal_contest *ask)
{
    return txn_exec(tx, &CONTEST_INSERT,
                    IN(v_int(ask->person_id), v_int(id), v_int(line_root.kind), v_int(line_root.id),
                       v_int(ask->line_id), v_text(ask->reason), v_blob(ask->sealed),
                       v_at(ask->at)),
                    NULL);
}

static const struct stmt CONTEST_ANSWER = {
    .name = "journal: answer a contest",
    .types = "iiti",
    .root = 1,
    .sql = "UPDATE journal_contest SET outcome = $3, answered_at = $4"
           " WHERE person_id = $1 AND id = $2",
};

RESULT contest_answer(struct txn *tx, int64_t person_id, int64_t contest_id, struct str outcome,
                      struct instant at, int64_t *changed)
{
    return txn_exec(tx, &CONTEST_ANSWER,
                    IN(v_int(person_id), v_int(contest_id), v_text(outcome), v_at(at)), changed);
}
