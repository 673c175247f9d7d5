/* registry/session_store.c - SQL of guessable secrets and sessions; no rule lives here. */
#include "registry/session_store.h"

#include "registry/staff_store.h"

static const struct stmt SECRET_SELECT = {
    .name = "registry: secret",
    .types = "iii",
    .sql =
        "SELECT verifier, version, tries, tries_max, locks, locked_until, expires_at, changed_at,"
        " last_step, sent_day, sent_n FROM secret"
        " WHERE root_id = $1 AND owner_id = $2 AND kind = $3",
};
static const struct stmt SECRET_PUT = {
    .name = "registry: secret kept",
    .types = "iiibiiiiiiiiii",
    .root = 1,
    .sql =
        "INSERT INTO secret (root_id, owner_id, kind, verifier, version, tries, tries_max, locks,"
        " locked_until, expires_at, changed_at, last_step, sent_day, sent_n)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        " ON CONFLICT (root_id, owner_id, kind) DO UPDATE SET verifier = excluded.verifier,"
        " version = excluded.version, tries = excluded.tries, tries_max = excluded.tries_max,"
        " locks = excluded.locks, locked_until = excluded.locked_until,"
        " expires_at = excluded.expires_at, changed_at = excluded.changed_at,"
        " last_step = excluded.last_step, sent_day = excluded.sent_day, sent_n = excluded.sent_n",
};
static const struct stmt SESSION_INSERT = {
    .name = "registry: session",
    .types = "iibiiiiiiiii",
    .root = 1,
    .sql = "INSERT INTO session (root_id, id, token_hash, subject_kind, subject_id, person_id,"
           " org_id, scopes, proof, api, state, created_at, expires_at)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12)",
};
static const struct stmt SESSION_END = {
    .name = "registry: session ended",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE session SET state = 2 WHERE root_id = $1 AND id = $2",
};
static const struct stmt SESSIONS_END = {
    .name = "registry: sessions ended",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE session SET state = 2 WHERE root_id = $1 AND subject_id = $2 AND id <> $3"
           " AND state = 1",
};
#define COLUMNS                                                                                    \
    "id, token_hash, subject_kind, subject_id, person_id, org_id, scopes, proof, api, created_at," \
    " expires_at"
/* A session of staff is none while its member is switched off. 2: SUBJECT_STAFF. */
#define OF_WHO_MAY                                                                                 \
    " AND (subject_kind <> 2 OR EXISTS (SELECT 1 FROM staff WHERE staff.node_id = session.root_id" \
    " AND staff.id = session.subject_id AND staff.disabled = 0))"
static const struct stmt SESSION_SELECT = {
    .name = "registry: session of a token",
    .types = "bi",
    .sql = "SELECT " COLUMNS
           " FROM session WHERE token_hash = $1 AND state = 1 AND expires_at > $2" OF_WHO_MAY,
};
static const struct stmt SESSIONS_ALL = {
    .name = "registry: every live session",
    .types = "i",
    .sql = "SELECT " COLUMNS " FROM session WHERE state = 1 AND expires_at > $1" OF_WHO_MAY
           " ORDER BY expires_at",
};
static const struct stmt TOKENS = {
    .name = "registry: tokens of a subject",
    .types = "iiiiii",
    .root = 1,
    .sql = "SELECT " COLUMNS " FROM session WHERE root_id = $1 AND subject_id = $2 AND api = 1"
           " AND state = 1 AND expires_at > $3 AND id >= $4 AND id <= $5"
           " ORDER BY id DESC LIMIT $6",
};
static const struct stmt SESSIONS_OVER = {
    .name = "registry: sessions over",
    .types = "ii",
    .sql = "SELECT root_id, id, subject_kind FROM session WHERE state = 1 AND expires_at <= $1"
           " ORDER BY expires_at LIMIT $2",
};

RESULT secret_select(struct txn *tx, int64_t root_id, int64_t owner_id, enum secret_kind kind,
                     struct secret_row *out, bool *found)
{
    ROW(row);
    struct bytes verifier;

    TRY(txn_first(tx, &SECRET_SELECT, IN(v_int(root_id), v_int(owner_id), v_int(kind)), &row,
                  found));
    if (!*found) return OK;
    verifier = row_blob(&row, 0);
    *out = (struct secret_row){
        .root_id = root_id,
        .owner_id = owner_id,
        .kind = kind,
        .verifier_n = verifier.n,
        .version = row_int(&row, 1),
        .tries = row_int(&row, 2),
        .tries_max = row_int(&row, 3),
        .locks = row_int(&row, 4),
        .locked_until = row_at(&row, 5),
        .expires_at = row_at(&row, 6),
        .changed_at = row_at(&row, 7),
        .last_step = row_int(&row, 8),
        .sent_day = row_int(&row, 9),
        .sent_n = row_int(&row, 10),
    };
    if (verifier.n > sizeof out->verifier) return fault(FAULT_STORE_CORRUPT, "secret: verifier");
    memcpy(out->verifier, verifier.p, verifier.n);
    return OK;
}

RESULT secret_put(struct txn *tx, const struct secret_row *r)
{
    return txn_exec(tx, &SECRET_PUT,
                    IN(v_int(r->root_id), v_int(r->owner_id), v_int(r->kind),
                       v_blob(bytes_of(r->verifier, r->verifier_n)), v_int(r->version),
                       v_int(r->tries), v_int(r->tries_max), v_int(r->locks), v_at(r->locked_until),
                       v_at(r->expires_at), v_at(r->changed_at), v_int(r->last_step),
                       v_int(r->sent_day), v_int(r->sent_n)),
                    NULL);
}

RESULT session_insert(struct txn *tx, int64_t root_id, const struct signin_session *s)
{
    return txn_exec(tx, &SESSION_INSERT,
                    IN(v_int(root_id), v_int(s->id),
                       v_blob(bytes_of(s->token_hash, sizeof s->token_hash)), v_int(s->subject),
                       v_int(s->subject_id), v_int(s->person_id), v_int(s->org_id),
                       v_int((int64_t)s->scopes), v_int(s->proof), v_int(s->api),
                       v_at(s->created_at), v_at(s->expires_at)),
                    NULL);
}

RESULT session_end_set(struct txn *tx, int64_t root_id, int64_t id)
{
    return txn_exec(tx, &SESSION_END, IN(v_int(root_id), v_int(id)), NULL);
}

RESULT sessions_end_all(struct txn *tx, int64_t root_id, int64_t subject_id, int64_t keep)
{
    return txn_exec(tx, &SESSIONS_END, IN(v_int(root_id), v_int(subject_id), v_int(keep)), NULL);
}

static void head_read(const struct row *row, struct signin_session *out)
{
    struct bytes hash = row_blob(row, 1);

    *out = (struct signin_session){
        .id = row_int(row, 0),
        .subject = (enum subject_kind)row_int(row, 2),
        .subject_id = row_int(row, 3),
        .person_id = row_int(row, 4),
        .org_id = row_int(row, 5),
        .scopes = (uint64_t)row_int(row, 6),
        .proof = (enum proof)row_int(row, 7),
        .api = row_int(row, 8) == 1,
        .created_at = row_at(row, 9),
        .expires_at = row_at(row, 10),
    };
    if (hash.n == sizeof out->token_hash) memcpy(out->token_hash, hash.p, hash.n);
}

/* Grants are read with the session and not kept in it, so that taking one back works at the next
 * start at the latest; the layer above renews the sessions of whom it takes something from. */
static RESULT session_read(struct txn *tx, const struct row *row, struct signin_session *out)
{
    head_read(row, out);
    if (out->subject == SUBJECT_STAFF)
        return grants_select(tx, out->subject_id, out->grants, &out->grants_n);
    out->grants[0] = (struct grant){ .role = ROLE_RESIDENT };
    out->grants_n = 1;
    return OK;
}

RESULT tokens_select(struct txn *tx, int64_t root_id, int64_t subject_id, int64_t from, int64_t to,
                     struct instant at, struct signin_session *out, int max, int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(
        tx, &TOKENS,
        IN(v_int(root_id), v_int(subject_id), v_at(at), v_int(from), v_int(to), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        head_read(&row, &out[*n]);
    }
    return OK;
}

RESULT session_select(struct txn *tx, const uint8_t hash[32], struct instant at,
                      struct signin_session *out, bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &SESSION_SELECT, IN(v_blob(bytes_of(hash, 32)), v_at(at)), &row, found));
    return *found ? session_read(tx, &row, out) : OK;
}

RESULT session_visit_all(struct txn *tx, struct instant at, session_visit *visit, void *arg)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &SESSIONS_ALL, IN(v_at(at)), &row));
    for (;;) {
        struct signin_session session;
        TRY(row_next(&row, &more));
        if (!more) return OK;
        TRY(session_read(tx, &row, &session));
        TRY(visit(arg, &session));
    }
}

RESULT sessions_over(struct txn *tx, struct instant at, struct session_name *out, int max, int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &SESSIONS_OVER, IN(v_at(at), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        out[*n] = (struct session_name){ row_int(&row, 0), row_int(&row, 1), row_int(&row, 2) };
    }
    return OK;
}
