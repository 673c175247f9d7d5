/* registry/person_store.c - SQL of people, their documents, facts and merges; no rule lives here.
 */
#include "registry/person_store.h"

#include "registry/act.h"

static const struct stmt PERSON_INSERT = {
    .name = "registry: person",
    .types = "iiiiiiibbbii",
    .root = 1,
    .sql = "INSERT INTO person (person_id, state, merged_into, document, birth, sex, region_code,"
           " name_sealed, name_tag, phone_sealed, provenance, recorded_at)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
};
static const struct stmt PERSON_SELECT = {
    .name = "registry: person by id",
    .types = "i",
    .sql = "SELECT state, merged_into, document, birth, sex, region_code, name_sealed, name_tag,"
           " phone_sealed, provenance, recorded_at FROM person WHERE person_id = $1",
};
static const struct stmt FIGURES = {
    .name = "registry: how many",
    .types = "",
    .sql = "SELECT (SELECT count(*) FROM person WHERE state = 1),"
           " (SELECT count(*) FROM card WHERE live = 1)",
};
static const struct stmt PERSON_STATE = {
    .name = "registry: person's state",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE person SET state = $2, merged_into = $3 WHERE person_id = $1 AND state = 1",
};
static const struct stmt PERSON_CLEAR = {
    .name = "registry: person's clear facts",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE person SET birth = $2, sex = $3, region_code = $4 WHERE person_id = $1",
};
static const struct stmt PERSON_NAME = {
    .name = "registry: person's name",
    .types = "ibb",
    .root = 1,
    .sql = "UPDATE person SET name_sealed = $2, name_tag = $3 WHERE person_id = $1",
};
static const struct stmt PERSON_PHONE = {
    .name = "registry: person's phone",
    .types = "ib",
    .root = 1,
    .sql = "UPDATE person SET phone_sealed = $2 WHERE person_id = $1",
};
static const struct stmt DOCUMENT_INSERT = {
    .name = "registry: document",
    .types = "iiitbbii",
    .root = 1,
    .sql = "INSERT INTO person_document (person_id, id, kind, country, number_sealed, number_hash,"
           " valid_until, recorded_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
};
static const struct stmt DOCUMENT_SELECT = {
    .name = "registry: document of a person",
    .types = "i",
    .sql =
        "SELECT id, kind, number_sealed, number_hash, valid_until, recorded_from"
        " FROM person_document WHERE person_id = $1 AND recorded_to = 0 ORDER BY id DESC LIMIT 1",
};
static const struct stmt FACT_INSERT = {
    .name = "registry: fact",
    .types = "iiiibiiiii",
    .root = 1,
    .sql = "INSERT INTO person_fact (person_id, id, kind, value, text_sealed, valid_from, valid_to,"
           " recorded_from, actor, actor_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
};
/* What was recorded of the same time is closed; other times stay as they are. */
static const struct stmt FACT_CLOSE = {
    .name = "registry: fact corrected",
    .types = "iiiii",
    .root = 1,
    .sql = "UPDATE person_fact SET recorded_to = $5 WHERE person_id = $1 AND kind = $2"
           " AND recorded_to = 0 AND valid_from = $3 AND valid_to = $4",
};
static const struct stmt FACT_SELECT = {
    .name = "registry: fact then",
    .types = "iiii",
    .sql = "SELECT id, value, valid_from, valid_to, recorded_from, recorded_to, actor_id"
           " FROM person_fact WHERE person_id = $1 AND kind = $2"
           " AND valid_from <= $3 AND (valid_to = 0 OR valid_to > $3)"
           " AND recorded_from <= $4 AND (recorded_to = 0 OR recorded_to > $4)"
           " ORDER BY valid_from DESC, recorded_from DESC, id DESC LIMIT 1",
};
static const struct stmt MERGE_INSERT = {
    .name = "registry: merge",
    .types = "iitii",
    .root = 1,
    .sql = "INSERT INTO person_merge (person_id, into_id, reference, actor_id, at)"
           " VALUES ($1, $2, $3, $4, $5)",
};

/* A sealed column into its fixed place; longer than it can be is a damaged row. */
static RESULT blob_take(struct bytes blob, uint8_t *out, size_t size, size_t *n)
{
    if (blob.n > size) return fault(FAULT_STORE_CORRUPT, "sealed column of %zu bytes", blob.n);
    if (blob.n > 0) memcpy(out, blob.p, blob.n);
    if (n != NULL) *n = blob.n;
    return OK;
}

RESULT person_insert(struct txn *tx, const struct person_row *row)
{
    const struct person *p = &row->p;

    return txn_exec(
        tx, &PERSON_INSERT,
        IN(v_int(p->id), v_int(p->state), v_int(p->merged_into), v_int(p->document),
           v_int(date_number(p->birth)), v_int(p->sex), v_int(p->region_code),
           v_blob(bytes_of(row->name, row->name_n)), v_blob(bytes_of(row->tag, sizeof row->tag)),
           v_blob(bytes_of(row->phone, row->phone_n)), v_int(p->provenance), v_at(p->recorded_at)),
        NULL);
}

RESULT person_select(struct txn *tx, int64_t person_id, struct person_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &PERSON_SELECT, IN(v_int(person_id)), &row, found));
    if (!*found) return OK;
    *out = (struct person_row){
        .p = { .id = person_id,
               .state = (enum person_state)row_int(&row, 0),
               .merged_into = row_int(&row, 1),
               .document = (enum document_kind)row_int(&row, 2),
               .birth = number_date(row_int(&row, 3)),
               .sex = (enum sex)row_int(&row, 4),
               .region_code = (int32_t)row_int(&row, 5),
               .provenance = (enum provenance)row_int(&row, 9),
               .recorded_at = row_at(&row, 10) },
    };
    TRY(blob_take(row_blob(&row, 6), out->name, sizeof out->name, &out->name_n));
    TRY(blob_take(row_blob(&row, 7), out->tag, sizeof out->tag, NULL));
    return blob_take(row_blob(&row, 8), out->phone, sizeof out->phone, &out->phone_n);
}

RESULT figures_select(struct txn *tx, struct registry_figures *out)
{
    bool found;
    ROW(row);

    TRY(txn_first(tx, &FIGURES, IN_NONE, &row, &found));
    *out = (struct registry_figures){ row_int(&row, 0), row_int(&row, 1) };
    return OK;
}

RESULT person_state_set(struct txn *tx, int64_t person_id, enum person_state state,
                        int64_t merged_into)
{
    return txn_exec(tx, &PERSON_STATE, IN(v_int(person_id), v_int(state), v_int(merged_into)),
                    NULL);
}

RESULT person_clear_set(struct txn *tx, const struct person *p)
{
    return txn_exec(
        tx, &PERSON_CLEAR,
        IN(v_int(p->id), v_int(date_number(p->birth)), v_int(p->sex), v_int(p->region_code)), NULL);
}

RESULT person_name_set(struct txn *tx, const struct person_row *row)
{
    return txn_exec(tx, &PERSON_NAME,
                    IN(v_int(row->p.id), v_blob(bytes_of(row->name, row->name_n)),
                       v_blob(bytes_of(row->tag, sizeof row->tag))),
                    NULL);
}

RESULT person_phone_set(struct txn *tx, const struct person_row *row)
{
    return txn_exec(tx, &PERSON_PHONE,
                    IN(v_int(row->p.id), v_blob(bytes_of(row->phone, row->phone_n))), NULL);
}

RESULT document_insert(struct txn *tx, const struct document_row *row)
{
    return txn_exec(tx, &DOCUMENT_INSERT,
                    IN(v_int(row->person_id), v_int(row->id), v_int(row->kind),
                       v_text(row->country), v_blob(bytes_of(row->number, row->number_n)),
                       v_blob(bytes_of(row->hash, sizeof row->hash)),
                       v_int(date_number(row->valid_until)), v_at(row->recorded_from)),
                    NULL);
}

RESULT document_select(struct txn *tx, int64_t person_id, struct document_row *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &DOCUMENT_SELECT, IN(v_int(person_id)), &row, found));
    if (!*found) return OK;
    *out = (struct document_row){
        .id = row_int(&row, 0),
        .person_id = person_id,
        .kind = (enum document_kind)row_int(&row, 1),
        .valid_until = number_date(row_int(&row, 4)),
        .recorded_from = row_at(&row, 5),
    };
    TRY(blob_take(row_blob(&row, 2), out->number, sizeof out->number, &out->number_n));
    return blob_take(row_blob(&row, 3), out->hash, sizeof out->hash, NULL);
}

RESULT fact_insert(struct txn *tx, const struct fact_row *row)
{
    const struct fact *f = &row->f;

    return txn_exec(tx, &FACT_INSERT,
                    IN(v_int(row->person_id), v_int(f->id), v_int(f->kind), v_int(f->value),
                       v_blob(row->sealed), v_at(f->valid_from), v_at(f->valid_to),
                       v_at(f->recorded_from), v_int(row->actor), v_int(f->actor_id)),
                    NULL);
}

RESULT fact_close(struct txn *tx, int64_t person_id, enum fact_kind kind, struct instant valid_from,
                  struct instant valid_to, struct instant at)
{
    return txn_exec(tx, &FACT_CLOSE,
                    IN(v_int(person_id), v_int(kind), v_at(valid_from), v_at(valid_to), v_at(at)),
                    NULL);
}

RESULT fact_select(struct txn *tx, int64_t person_id, enum fact_kind kind, struct instant valid,
                   struct instant recorded, struct fact *out, bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &FACT_SELECT, IN(v_int(person_id), v_int(kind), v_at(valid), v_at(recorded)),
                  &row, found));
    if (!*found) return OK;
    *out = (struct fact){
        .id = row_int(&row, 0),
        .kind = kind,
        .value = row_int(&row, 1),
        .valid_from = row_at(&row, 2),
        .valid_to = row_at(&row, 3),
        .recorded_from = row_at(&row, 4),
        .recorded_to = row_at(&row, 5),
        .actor_id = row_int(&row, 6),
    };
    return OK;
}

RESULT merge_insert(struct txn *tx, const struct merge_ask *ask)
{
    return txn_exec(tx, &MERGE_INSERT,
                    IN(v_int(ask->from), v_int(ask->into), v_text(ask->reference),
                       v_int(ask->act.actor_id), v_at(ask->act.at)),
                    NULL);
}
