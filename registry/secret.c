/* registry/secret.c - counting tries: the lock of everything that could be guessed. */
#include "registry/secret.h"

#include "registry/session.h"

static bool one_time(enum secret_kind kind)
{
    return kind == SECRET_CODE || kind == SECRET_ACTIVATION;
}

/* A minute, doubled at each lock since the last right try, a day at most. */
static struct instant lock_end(struct instant at, int64_t locks)
{
    int64_t usec = LOCK_FIRST_USEC;

    for (int64_t i = 1; i < locks && usec < LOCK_LONGEST_USEC; i++)
        usec *= 2;
    return instant_add(at, usec < LOCK_LONGEST_USEC ? usec : LOCK_LONGEST_USEC);
}

/* May one more try be made, and what does making it leave? Pure. */
static RESULT try_decide(struct secret_row *row, struct instant at)
{
    REQUIRE(!instant_before(at, row->locked_until), SIGNIN_LOCKED);
    if (one_time(row->kind)) {
        REQUIRE(row->tries < row->tries_max, SIGNIN_LOCKED); /* dead; another must be asked for */
        REQUIRE(row->verifier_n > 0, SIGNIN_EXPIRED);        /* used */
        REQUIRE(instant_before(at, row->expires_at), SIGNIN_EXPIRED);
    } else if (row->kind == SECRET_PIN) {
        REQUIRE(row->tries < row->tries_max, SIGNIN_LOCKED); /* until it is reset in person */
    } else if (row->tries >= row->tries_max) {
        row->tries = 0; /* the pause is over: a new round, whose lock will be longer */
    }
    row->tries++;
    if (row->tries == row->tries_max) {
        row->locks++;
        if (row->kind != SECRET_PIN) row->locked_until = lock_end(at, row->locks);
    }
    return OK;
}

struct reserve_call {
    struct root root;
    int64_t owner_id;
    enum secret_kind kind;
    struct instant at;
    struct secret_row row;
};

static RESULT reserve_in_txn(struct txn *tx, void *arg)
{
    struct reserve_call *call = arg;
    bool found;

    TRY(secret_select(tx, call->root.id, call->owner_id, call->kind, &call->row, &found));
    REQUIRE(found, SIGNIN_NO_SECRET);
    TRY(try_decide(&call->row, call->at));
    return secret_put(tx, &call->row);
}

RESULT secret_reserve(const struct registry *rg, struct root root, int64_t owner_id,
                      enum secret_kind kind, struct instant at, struct secret_try *out)
{
    struct reserve_call call = { .root = root, .owner_id = owner_id, .kind = kind, .at = at };

    TRY(store_run(rg->store, root, reserve_in_txn, &call));
    *out = (struct secret_try){ .root = root, .row = call.row };
    return OK;
}

RESULT secret_right_in(struct txn *tx, const struct secret_try *tried)
{
    struct secret_row row;
    bool found;

    TRY(secret_select(tx, tried->root.id, tried->row.owner_id, tried->row.kind, &row, &found));
    REQUIRE(found && row.version == tried->row.version, SIGNIN_WRONG);
    if (one_time(row.kind)) {
        REQUIRE(row.verifier_n > 0, SIGNIN_WRONG); /* somebody was right a moment earlier */
        row.verifier_n = 0;
    }
    if (row.kind == SECRET_TOTP) {
        REQUIRE(tried->step > row.last_step, SIGNIN_REUSED);
        row.last_step = tried->step;
    }
    row.tries = 0;
    row.locks = 0;
    row.locked_until = (struct instant){ 0 };
    return secret_put(tx, &row);
}

struct wrong_call {
    const struct secret_try *tried;
    int64_t person_id;
    const struct act *act;
};

static RESULT wrong_in_txn(struct txn *tx, void *arg)
{
    const struct wrong_call *call = arg;
    const struct secret_row *row = &call->tried->row;
    bool locked = row->tries >= row->tries_max;

    TRY(act_journal(tx, call->act,
                    &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                        .person_id = call->person_id,
                                        .verdict = SIGNIN_WRONG,
                                        .act = locked ? "signin_locked" : "signin_refused" }));
    if (locked && call->person_id != 0 && row->kind != SECRET_PIN)
        TRY(act_notice(tx, NOTICE_LOCKED_OUT, call->person_id, call->act->at,
                       ((struct act_word[]){ { "at", act_time(tx, call->act->at) },
                                             { "until", act_time(tx, row->locked_until) } }),
                       2));
    REFUSE_KEEP(SIGNIN_WRONG);
}

RESULT secret_wrong(const struct registry *rg, const struct secret_try *tried, int64_t person_id,
                    const struct act *act)
{
    struct wrong_call call = { tried, person_id, act };

    return store_run(rg->store, tried->root, wrong_in_txn, &call);
}

static RESULT untried_in_txn(struct txn *tx, void *arg)
{
    const struct secret_try *tried = arg;
    struct secret_row row;
    bool found;

    TRY(secret_select(tx, tried->root.id, tried->row.owner_id, tried->row.kind, &row, &found));
    /* changed, or another try was right meanwhile: nothing is counted that could be given back */
    if (!found || row.version != tried->row.version || row.tries == 0) return OK;
    if (row.tries == row.tries_max) {
        row.locks--;
        row.locked_until = (struct instant){ 0 };
    }
    row.tries--;
    return secret_put(tx, &row);
}

RESULT secret_untried(const struct registry *rg, const struct secret_try *tried)
{
    struct secret_try copy = *tried;

    return store_run(rg->store, tried->root, untried_in_txn, &copy);
}

/* ---- nobody's */

enum { NOBODY_ROWS = 64 }; /* many enough that tries at once do not queue for one row */
struct nobody_call {
    int64_t row;
    enum secret_kind kind;
    enum subject_kind subject;
    int64_t subject_id;
    const struct act *act;
};

/* Rows -1 .. -NOBODY_ROWS of the node: they hold no secret, only how often nobody was tried. */
static RESULT nobody_reserve_in(struct txn *tx, void *arg)
{
    const struct nobody_call *call = arg;
    struct secret_row row = { 0 };
    bool found;

    TRY(secret_select(tx, NODE_ID, call->row, call->kind, &row, &found));
    row.root_id = NODE_ID;
    row.owner_id = call->row;
    row.kind = call->kind;
    row.tries_max = INT64_MAX;
    row.tries++;
    row.changed_at = call->act->at;
    return secret_put(tx, &row);
}

static RESULT nobody_wrong_in(struct txn *tx, void *arg)
{
    const struct nobody_call *call = arg;

    TRY(act_journal(tx, call->act,
                    &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                        .verdict = SIGNIN_WRONG,
                                        .act = "signin_refused",
                                        .object_prefix = call->subject_id == 0
                                                             ? NULL
                                                             : subject_prefix(call->subject),
                                        .object_id = call->subject_id }));
    REFUSE_KEEP(SIGNIN_WRONG);
}

RESULT secret_nobody_count(const struct registry *rg, enum secret_kind kind, const struct act *act)
{
    struct nobody_call call = { .kind = kind, .act = act };
    uint8_t drawn;

    rg->entropy.fill(rg->entropy.arg, &drawn, sizeof drawn);
    call.row = -1 - drawn % NOBODY_ROWS;
    return store_run(rg->store, (struct root){ ROOT_NODE, NODE_ID }, nobody_reserve_in, &call);
}

RESULT secret_nobody(const struct registry *rg, enum secret_kind kind, enum subject_kind subject,
                     int64_t subject_id, const struct act *act)
{
    struct nobody_call call = { .subject = subject, .subject_id = subject_id, .act = act };

    TRY(secret_nobody_count(rg, kind, act));
    return store_run(rg->store, (struct root){ ROOT_NODE, NODE_ID }, nobody_wrong_in, &call);
}

RESULT secret_set_in(struct txn *tx, const struct secret_new *fresh, struct instant at)
{
    struct secret_row row = { 0 };
    bool found;

    TRY(secret_select(tx, fresh->root.id, fresh->owner_id, fresh->kind, &row, &found));
    assert(fresh->verifier.n <= sizeof row.verifier);
    row.root_id = fresh->root.id;
    row.owner_id = fresh->owner_id;
    row.kind = fresh->kind;
    memcpy(row.verifier, fresh->verifier.p, fresh->verifier.n);
    row.verifier_n = fresh->verifier.n;
    row.version++;
    row.tries = 0;
    row.tries_max = fresh->tries_max;
    if (fresh->kind != SECRET_CODE) { /* a new code does not shorten the pause of the last one */
        row.locks = 0;
        row.locked_until = (struct instant){ 0 };
    }
    row.expires_at = fresh->expires_at;
    row.changed_at = at;
    row.last_step = 0;
    return secret_put(tx, &row);
}

enum { CODE_HASH_KIND = 1000 }; /* apart from every enum credential_kind */

void secret_code_hash(const struct registry *rg, int64_t owner_id, enum secret_kind kind,
                      int64_t version, struct str code, uint8_t out[32])
{
    uint8_t text[64];
    struct writer w = writer_over(text, sizeof text);

    put_be64(&w, (uint64_t)owner_id);
    put_be64(&w, (uint64_t)version);
    put_str(&w, code);
    value_hash(rg->blind, CODE_HASH_KIND + (int)kind, writer_bytes(&w), out);
    secret_wipe(text, sizeof text);
}
