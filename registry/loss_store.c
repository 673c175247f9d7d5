/* registry/loss_store.c - SQL of loss reports; no rule lives here. */
#include "registry/card_store.h"

#define COLUMNS                                                                                    \
    "person_id, id, card_id, kind, reason, state, channel, actor, actor_id, proof, effective_at,"  \
    " expires_at, warned_at, ended_at"

static const struct stmt INSERT = {
    .name = "registry: loss report",
    .types = "iiiiiiiiiiii",
    .root = 1,
    .sql = "INSERT INTO card_loss (person_id, id, card_id, kind, reason, state, channel, actor,"
           " actor_id, proof, effective_at, expires_at)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
};
static const struct stmt BY_ID = {
    .name = "registry: loss report by id",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM card_loss WHERE person_id = $1 AND id = $2",
};
static const struct stmt OF_PERSON = {
    .name = "registry: loss reports of a person",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM card_loss WHERE person_id = $1 ORDER BY id DESC LIMIT $2",
};
static const struct stmt END = {
    .name = "registry: loss report over",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE card_loss SET state = $3, ended_at = $4"
           " WHERE person_id = $1 AND id = $2 AND state = 1",
};
static const struct stmt WARNED = {
    .name = "registry: loss report warned of",
    .types = "iiii",
    .root = 1,
    .sql = "UPDATE card_loss SET warned_at = $3, expires_at = $4"
           " WHERE person_id = $1 AND id = $2 AND state = 1",
};
static const struct stmt DUE = {
    .name = "registry: loss reports near their end",
    .types = "iii",
    .sql = "SELECT " COLUMNS " FROM card_loss WHERE state = 1 AND kind = 1 AND expires_at <= $2"
           " AND (expires_at <= $1 OR warned_at = 0) ORDER BY expires_at LIMIT $3",
};

RESULT loss_insert(struct txn *tx, const struct loss *l)
{
    return txn_exec(tx, &INSERT,
                    IN(v_int(l->person_id), v_int(l->id), v_int(l->card_id), v_int(l->kind),
                       v_int(l->reason), v_int(l->state), v_int(l->channel), v_int(l->actor),
                       v_int(l->actor_id), v_int(l->proof), v_at(l->effective_at),
                       v_at(l->expires_at)),
                    NULL);
}

static void loss_read(const struct row *row, struct loss *out)
{
    *out = (struct loss){
        .person_id = row_int(row, 0),
        .id = row_int(row, 1),
        .card_id = row_int(row, 2),
        .kind = (enum loss_kind)row_int(row, 3),
        .reason = (enum loss_reason)row_int(row, 4),
        .state = (enum loss_state)row_int(row, 5),
        .channel = (enum channel)row_int(row, 6),
        .actor = (enum journal_actor)row_int(row, 7),
        .actor_id = row_int(row, 8),
        .proof = (enum proof)row_int(row, 9),
        .effective_at = row_at(row, 10),
        .expires_at = row_at(row, 11),
        .warned_at = row_at(row, 12),
        .ended_at = row_at(row, 13),
    };
}

static RESULT losses_read(struct row *row, struct loss *out, int max, int *n)
{
    bool more;

    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(row, &more));
        if (!more) break;
        loss_read(row, &out[*n]);
    }
    return OK;
}

RESULT loss_select(struct txn *tx, int64_t person_id, int64_t loss_id, struct loss *out,
                   bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &BY_ID, IN(v_int(person_id), v_int(loss_id)), &row, found));
    if (*found) loss_read(&row, out);
    return OK;
}

RESULT losses_select(struct txn *tx, int64_t person_id, struct loss *out, int max, int *n)
{
    ROW(row);
    TRY(txn_query(tx, &OF_PERSON, IN(v_int(person_id), v_int(max)), &row));
    return losses_read(&row, out, max, n);
}

RESULT loss_end_set(struct txn *tx, int64_t person_id, int64_t loss_id, enum loss_state state,
                    struct instant at)
{
    return txn_exec(tx, &END, IN(v_int(person_id), v_int(loss_id), v_int(state), v_at(at)), NULL);
}

RESULT loss_warned_set(struct txn *tx, int64_t person_id, int64_t loss_id, struct instant at,
                       struct instant expires_at)
{
    return txn_exec(tx, &WARNED, IN(v_int(person_id), v_int(loss_id), v_at(at), v_at(expires_at)),
                    NULL);
}

RESULT losses_due(struct txn *tx, struct instant at, struct instant warn, struct loss *out, int max,
                  int *n)
{
    ROW(row);
    TRY(txn_query(tx, &DUE, IN(v_at(at), v_at(warn), v_int(max)), &row));
    return losses_read(&row, out, max, n);
}
