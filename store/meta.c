/* store/meta.c - what a database says of itself beside its schema: which store it is, and which
 * incarnation of it. */
#include "store/inner.h"

const struct stmt META_READ = {
    .name = "store: read its own facts",
    .types = "t",
    .sql = "SELECT value FROM store_meta WHERE name = $1",
};
static const struct stmt META_KEEP = {
    .name = "store: keep a fact of its own",
    .types = "ti",
    .sql = "INSERT INTO store_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
};
static const struct stmt INCARNATION_RAISE = {
    .name = "store: raise the incarnation",
    .types = "i",
    .sql = "UPDATE store_meta SET value = CASE WHEN value >= $1 THEN value + 1 ELSE $1 END"
           " WHERE name = 'incarnation'",
};

/* ---- which store */

static const char *const IDENTITY[2] = { "identity_high", "identity_low" };

struct identity_call {
    int64_t half[2];
    bool whole;
};

static RESULT identity_read(struct txn *tx, void *arg)
{
    struct identity_call *call = arg;

    call->whole = true;
    for (size_t i = 0; i < LEN(IDENTITY); i++) {
        bool found;
        ROW(row);

        TRY(txn_first(tx, &META_READ, IN(v_text(str_of(IDENTITY[i]))), &row, &found));
        if (found) call->half[i] = row_int(&row, 0);
        call->whole = call->whole && found;
    }
    return OK;
}

/* Two processes may come here at once: what stands is read again. */
static RESULT identity_make(struct txn *tx, void *arg)
{
    for (size_t i = 0; i < LEN(IDENTITY); i++) {
        int64_t random;

        txn_random(tx, &random, sizeof random);
        TRY(txn_exec(tx, &META_KEEP, IN(v_text(str_of(IDENTITY[i])), v_int(random)), NULL));
    }
    return identity_read(tx, arg);
}

struct err identity_load(struct store *store)
{
    struct identity_call call;
    struct writer w = writer_over(store->identity, sizeof store->identity);

    TRY(store_look(store, identity_read, &call));
    if (!call.whole) TRY(store_write(store, (struct root){ 0 }, true, identity_make, &call));
    if (!call.whole) return fault(FAULT_STORE_CORRUPT, "store_meta has half an identity");
    put_be64(&w, (uint64_t)call.half[0]);
    put_be64(&w, (uint64_t)call.half[1]);
    return OK;
}

void store_identity(const struct store *store, uint8_t out[16])
{
    memcpy(out, store->identity, sizeof store->identity);
}

/* ---- which incarnation of it */

/* The second, then twenty random bits: two restores of one backup have different histories and must
 * never share a number, neither on two machines nor within one second. Below 2^53 until the year
 * 2242, so that a reader of JSON keeps all of it. */
int64_t incarnation_new(const struct store_config *config)
{
    uint32_t random;

    config->entropy.fill(config->entropy.arg, &random, sizeof random);
    return (clock_now(&config->clock).usec / USEC_PER_SEC) << 20 | (random & 0xFFFFF);
}

struct raise_call {
    int64_t at_least, raised;
};

static RESULT raise_body(struct txn *tx, void *arg)
{
    struct raise_call *call = arg;
    bool found;
    ROW(row);

    TRY(txn_exec(tx, &INCARNATION_RAISE, IN(v_int(call->at_least)), NULL));
    TRY(txn_first(tx, &META_READ, IN(v_text(S("incarnation"))), &row, &found));
    if (!found) return fault(FAULT_STORE_CORRUPT, "store_meta has no incarnation");
    call->raised = row_int(&row, 0);
    return OK;
}

struct err store_raise_incarnation(struct store *store, int64_t *incarnation)
{
    struct raise_call call = { .at_least = incarnation_new(&store->config) };
    struct err err;

    TRY(store_enter(store));
    err = store_write(store, (struct root){ 0 }, true, raise_body, &call);
    store_leave(store);
    if (err.code == 0) *incarnation = call.raised;
    return err;
}
