/* registry/credential.c - which person and card a value means, and how a value is claimed for them.
 */
#include "registry/credential.h"

#include "registry/act.h"
#include "registry/card.h"
#include "registry/credential_store.h"

void credential_hash(const struct blind_key *blind, enum credential_kind kind, struct str value,
                     uint8_t out[32])
{
    value_hash(blind, (int)kind, str_bytes(value), out);
}

/* A number alone is not a name: passports of two countries share numbers, so kind and country go in
 * front. */
void credential_hash_person_no(const struct blind_key *blind, const struct person_no *no,
                               uint8_t out[32])
{
    char text[1 + COUNTRY_CHARS + PERSON_NO_MAX];
    struct writer w = writer_over(text, sizeof text);

    put_u8(&w, (uint8_t)no->kind);
    put_bytes(&w, bytes_of(no->country, COUNTRY_CHARS));
    put_str(&w, person_no_str(no));
    assert(!w.over);
    value_hash(blind, CREDENTIAL_PERSON_NO, writer_bytes(&w), out);
    secret_wipe(text, sizeof text);
}

int64_t credential_root(const uint8_t hash[32])
{
    struct cursor c = cursor_over(bytes_of(hash, 32));
    int64_t root = (int64_t)(take_be64(&c) >> 1);

    return root == 0 ? 1 : root;
}

static struct root root_value(const uint8_t hash[32])
{
    return (struct root){ ROOT_CREDENTIAL, credential_root(hash) };
}

/* ---- finding */

struct find_call {
    enum credential_kind kind;
    const uint8_t *hash;
    struct instant at;
    struct credential *out;
    int n;
};

static RESULT find_in_txn(struct txn *tx, void *arg)
{
    struct find_call *call = arg;
    struct credential_row rows[CREDENTIAL_ROWS];
    int n;

    call->n = 0;
    TRY(credential_rows_at(tx, call->kind, call->hash, call->at, rows, &n));
    for (int i = 0; i < n && call->n < SHARED_MAX; i++) {
        bool stands = rows[i].settled;
        if (!stands) TRY(credential_owner_stands(tx, &rows[i].c, &stands));
        if (stands) call->out[call->n++] = rows[i].c;
    }
    return OK;
}

RESULT registry_credential_find(struct store *store, enum credential_kind kind,
                                const uint8_t hash[32], struct instant at,
                                struct credential out[SHARED_MAX], int *n)
{
    struct find_call call = { .kind = kind, .hash = hash, .at = at, .out = out };

    TRY(store_read(store, find_in_txn, &call));
    *n = call.n;
    return OK;
}

RESULT registry_card_find(const struct registry *rg, enum credential_kind kind, struct str value,
                          struct instant at, struct credential *out)
{
    struct credential found[SHARED_MAX];
    struct card_no no;
    struct card_ident ident;
    uint8_t hash[32];
    int n;

    if (kind == CREDENTIAL_CARD_NO) {
        TRY(card_no_parse(value, &no));
        credential_hash(rg->blind, kind, card_no_str(&no), hash);
    } else if (kind == CREDENTIAL_CARD_IDENT) {
        TRY(card_ident_parse(value, &ident));
        credential_hash(rg->blind, kind, card_ident_str(&ident), hash);
    } else {
        credential_hash(rg->blind, kind, value, hash);
    }
    TRY(registry_credential_find(rg->store, kind, hash, at, found, &n));
    REQUIRE(n == 1, REGISTRY_CARD_UNKNOWN);
    if (found[0].card_id == 0) { /* of the person: the card that lives */
        struct card card;
        bool live;
        TRY(registry_card_live(rg->store, found[0].person_id, 0, &card, &live));
        REQUIRE(live, REGISTRY_CARD_UNKNOWN);
        found[0].card_id = card.id;
    }
    *out = found[0];
    return OK;
}

struct each_call {
    credential_visit *visit;
    void *arg;
};

static RESULT each_in_txn(struct txn *tx, void *arg)
{
    struct each_call *call = arg;

    return credential_visit_all(tx, call->visit, call->arg);
}

RESULT registry_credential_each(struct store *store, credential_visit *visit, void *arg)
{
    struct each_call call = { visit, arg };

    return store_read(store, each_in_txn, &call);
}

/* ---- claiming */

struct claim_call {
    struct credential_row row; /* what is claimed when nobody has it */
    bool share_new;
    struct claimed *out;
};

static void claimed_of(const struct credential_row *row, bool fresh, struct claimed *out)
{
    *out = (struct claimed){ .kind = row->c.kind,
                             .id = row->id,
                             .person_id = row->c.person_id,
                             .card_id = row->c.card_id,
                             .share = row->c.share,
                             .fresh = fresh,
                             .settled = row->settled };
    memcpy(out->hash, row->c.hash, sizeof out->hash);
}

static RESULT claim_in_txn(struct txn *tx, void *arg)
{
    struct claim_call *call = arg;
    struct credential_row rows[CREDENTIAL_ROWS], claim = call->row;
    int n;

    TRY(credential_rows(tx, claim.c.kind, claim.c.hash, rows, &n));
    if (n > 0 && !call->share_new) {
        claimed_of(&rows[0], false, call->out);
        return OK;
    }
    for (int i = 0; i < n; i++) {
        if (!rows[i].settled && rows[i].c.share > 0) { /* an adjudicated one that waits */
            claimed_of(&rows[i], false, call->out);
            return OK;
        }
        claim.c.share = rows[i].c.share + 1;
    }
    REQUIRE(n < SHARED_MAX, REGISTRY_SHARED_MAX);
    TRY(credential_insert(tx, &claim));
    claimed_of(&claim, true, call->out);
    return OK;
}

RESULT credential_claim(const struct registry *rg, enum credential_kind kind,
                        const uint8_t hash[32], int64_t person_id, int64_t card_id, bool share_new,
                        struct instant at, struct claimed *out)
{
    struct claim_call call = {
        .row = { .id = store_new_id(rg->store),
                 .c = { .kind = kind,
                        .person_id = person_id,
                        .card_id = card_id,
                        .valid_from = at } },
        .share_new = share_new,
        .out = out,
    };

    memcpy(call.row.c.hash, hash, sizeof call.row.c.hash);
    return store_run(rg->store, root_value(hash), claim_in_txn, &call);
}

struct settle_call {
    const struct claimed *claim;
    struct instant at;
};

static RESULT settle_in_txn(struct txn *tx, void *arg)
{
    const struct settle_call *call = arg;
    const struct claimed *claim = call->claim;
    struct credential_row rows[CREDENTIAL_ROWS], again = { .id = txn_new_id(tx), .settled = true };
    int n;

    TRY(credential_rows(tx, claim->kind, claim->hash, rows, &n));
    for (int i = 0; i < n; i++)
        if (rows[i].id == claim->id)
            return credential_settle(tx, credential_root(claim->hash), claim->id);
    /* freed by the sweep while its writer slept: claimed anew, unless somebody was faster */
    for (int i = 0; i < n; i++)
        REQUIRE(rows[i].c.share != claim->share, REGISTRY_CREDENTIAL_TAKEN);
    again.c = (struct credential){ .kind = claim->kind,
                                   .person_id = claim->person_id,
                                   .card_id = claim->card_id,
                                   .share = claim->share,
                                   .valid_from = call->at };
    memcpy(again.c.hash, claim->hash, sizeof again.c.hash);
    return credential_insert(tx, &again);
}

RESULT credential_claim_settle(const struct registry *rg, const struct claimed *claim,
                               struct instant at)
{
    struct settle_call call = { .claim = claim, .at = at };

    if (claim->settled) return OK;
    return store_run(rg->store, root_value(claim->hash), settle_in_txn, &call);
}

static RESULT free_in_txn(struct txn *tx, void *arg)
{
    const struct settle_call *call = arg;
    struct credential_row rows[CREDENTIAL_ROWS];
    int n;

    TRY(credential_rows(tx, call->claim->kind, call->claim->hash, rows, &n));
    for (int i = 0; i < n; i++)
        if (rows[i].id == call->claim->id && !rows[i].settled)
            return credential_close(tx, credential_root(call->claim->hash), rows[i].id, call->at);
    return OK;
}

RESULT credential_claim_free(const struct registry *rg, const struct claimed *claim,
                             struct instant at)
{
    struct settle_call call = { .claim = claim, .at = at };

    if (at.usec <= 0) call.at.usec = 1;
    return store_run(rg->store, root_value(claim->hash), free_in_txn, &call);
}

/* ---- giving and ending */

struct put_call {
    struct credential_row row;
    int64_t person_id; /* of ending */
    struct instant at;
};

static RESULT put_in_txn(struct txn *tx, void *arg)
{
    const struct put_call *call = arg;
    const struct credential *c = &call->row.c;
    struct credential_row rows[CREDENTIAL_ROWS];
    int n;

    TRY(credential_rows(tx, c->kind, c->hash, rows, &n));
    if (n == 0) return credential_insert(tx, &call->row);
    REQUIRE(rows[0].c.person_id == c->person_id, REGISTRY_CREDENTIAL_TAKEN);
    if (rows[0].c.card_id == c->card_id) return OK;
    return credential_move(tx, credential_root(c->hash), rows[0].id, c->card_id);
}

RESULT registry_credential_put(const struct registry *rg, const struct credential *credential)
{
    struct put_call call = {
        .row = { .id = store_new_id(rg->store), .settled = true, .c = *credential }
    };

    call.row.c.share = 0;
    return store_run(rg->store, root_value(credential->hash), put_in_txn, &call);
}

static RESULT end_in_txn(struct txn *tx, void *arg)
{
    const struct put_call *call = arg;
    struct credential_row rows[CREDENTIAL_ROWS];
    int n;

    TRY(credential_rows(tx, call->row.c.kind, call->row.c.hash, rows, &n));
    for (int i = 0; i < n; i++)
        if (rows[i].c.person_id == call->person_id)
            TRY(credential_close(tx, credential_root(call->row.c.hash), rows[i].id, call->at));
    return OK;
}

RESULT registry_credential_end(const struct registry *rg, enum credential_kind kind,
                               const uint8_t hash[32], int64_t person_id, struct instant at)
{
    struct put_call call = { .row = { .c = { .kind = kind } }, .person_id = person_id, .at = at };

    memcpy(call.row.c.hash, hash, 32);
    return store_run(rg->store, root_value(hash), end_in_txn, &call);
}

/* ---- sweeping claims that nobody repeated */

enum { SWEEP_ROWS = 100 };
struct sweep_call {
    struct instant before;
    struct credential_row rows[SWEEP_ROWS];
    bool stands[SWEEP_ROWS];
    int n;
};

static RESULT waiting_in_txn(struct txn *tx, void *arg)
{
    struct sweep_call *call = arg;

    TRY(credential_claims(tx, call->before, call->rows, SWEEP_ROWS, &call->n));
    for (int i = 0; i < call->n; i++)
        TRY(credential_owner_stands(tx, &call->rows[i].c, &call->stands[i]));
    return OK;
}

RESULT registry_claims_sweep(const struct registry *rg, struct instant at, struct claims_swept *out)
{
    struct sweep_call call = { .before = instant_add(at, -CLAIM_AGE_USEC) };

    *out = (struct claims_swept){ 0 };
    do {
        TRY(store_read(rg->store, waiting_in_txn, &call));
        for (int i = 0; i < call.n; i++) {
            struct claimed claim;
            claimed_of(&call.rows[i], false, &claim);
            if (call.stands[i]) {
                TRY(credential_claim_settle(rg, &claim, at));
                out->settled++;
            } else {
                TRY(credential_claim_free(rg, &claim, at));
                out->freed++;
            }
        }
    } while (call.n == SWEEP_ROWS);
    return OK;
}
