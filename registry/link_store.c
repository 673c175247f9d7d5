/* registry/link_store.c - SQL of guardians and helpers; no rule lives here. */
#include "registry/person_store.h"

#define COLUMNS "person_id, id, helper_id, kind, scope, valid_from, valid_to"

static const struct stmt INSERT = {
    .name = "registry: link",
    .types = "iiiiiiii",
    .root = 1,
    .sql = "INSERT INTO person_link (person_id, id, helper_id, kind, scope, valid_from, valid_to,"
           " recorded_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
};
static const struct stmt CLOSE = {
    .name = "registry: link ended",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE person_link SET recorded_to = $3 WHERE person_id = $1 AND id = $2"
           " AND recorded_to = 0",
};
static const struct stmt BY_ID = {
    .name = "registry: link by id",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM person_link WHERE person_id = $1 AND id = $2",
};
static const struct stmt BETWEEN_TWO = {
    .name = "registry: links between two",
    .types = "iiii",
    .sql = "SELECT " COLUMNS " FROM person_link WHERE person_id = $1 AND helper_id = $2"
           " AND recorded_to = 0 AND valid_from <= $3 AND (valid_to = 0 OR valid_to > $3)"
           " ORDER BY id LIMIT $4",
};
static const struct stmt BY_HELPER = {
    .name = "registry: links of a helper",
    .types = "iii",
    .sql = "SELECT " COLUMNS " FROM person_link WHERE helper_id = $1"
           " AND recorded_to = 0 AND valid_from <= $2 AND (valid_to = 0 OR valid_to > $2)"
           " ORDER BY id LIMIT $3",
};

static const struct stmt OF_PERSON = {
    .name = "registry: links of a person",
    .types = "iiii",
    .sql = "SELECT " COLUMNS " FROM person_link WHERE person_id = $1 AND id > $2"
           " AND recorded_to = 0 AND valid_from <= $3 AND (valid_to = 0 OR valid_to > $3)"
           " ORDER BY id LIMIT $4",
};

RESULT link_insert(struct txn *tx, const struct link *link, struct instant at)
{
    return txn_exec(tx, &INSERT,
                    IN(v_int(link->person_id), v_int(link->id), v_int(link->helper_id),
                       v_int(link->kind), v_int(link->scope), v_at(link->valid_from),
                       v_at(link->valid_to), v_at(at)),
                    NULL);
}

RESULT link_close(struct txn *tx, int64_t person_id, int64_t link_id, struct instant at,
                  int64_t *changed)
{
    return txn_exec(tx, &CLOSE, IN(v_int(person_id), v_int(link_id), v_at(at)), changed);
}

static RESULT links_read(struct row *row, struct link *out, int max, int *n)
{
    bool more;

    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(row, &more));
        if (!more) break;
        out[*n] = (struct link){
            .person_id = row_int(row, 0),
            .id = row_int(row, 1),
            .helper_id = row_int(row, 2),
            .kind = (enum link_kind)row_int(row, 3),
            .scope = (unsigned)row_int(row, 4),
            .valid_from = row_at(row, 5),
            .valid_to = row_at(row, 6),
        };
    }
    return OK;
}

RESULT link_of_helper(struct txn *tx, int64_t person_id, int64_t helper_id, struct instant at,
                      struct link *out, int max, int *n)
{
    ROW(row);
    TRY(txn_query(tx, &BETWEEN_TWO, IN(v_int(person_id), v_int(helper_id), v_at(at), v_int(max)),
                  &row));
    return links_read(&row, out, max, n);
}

RESULT links_by_helper(struct txn *tx, int64_t helper_id, struct instant at, struct link *out,
                       int max, int *n)
{
    ROW(row);
    TRY(txn_query(tx, &BY_HELPER, IN(v_int(helper_id), v_at(at), v_int(max)), &row));
    return links_read(&row, out, max, n);
}

RESULT links_of_person(struct txn *tx, int64_t person_id, struct instant at, int64_t after,
                       struct link *out, int max, int *n)
{
    ROW(row);
    TRY(txn_query(tx, &OF_PERSON, IN(v_int(person_id), v_int(after), v_at(at), v_int(max)), &row));
    return links_read(&row, out, max, n);
}

RESULT link_select(struct txn *tx, int64_t person_id, int64_t link_id, struct link *out,
                   bool *found)
{
    int n;
    ROW(row);

    TRY(txn_query(tx, &BY_ID, IN(v_int(person_id), v_int(link_id)), &row));
    TRY(links_read(&row, out, 1, &n));
    *found = n == 1;
    return OK;
}
