/* registry/session.c - tokens and the sessions behind them. */
#include "registry/session.h"

#include "registry/staff_store.h"

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 32 bytes as 43 characters; the last carries four bits. */
static void token_write(const uint8_t bytes[32], char out[TOKEN_CHARS])
{
    unsigned held = 0, bits = 0;
    int n = 0;

    for (int i = 0; i < 32; i++) {
        held = (held << 8 | bytes[i]) & 0xFFFFu;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out[n++] = BASE64URL[held >> bits & 63];
        }
    }
    out[n++] = BASE64URL[held << (6 - bits) & 63];
    assert(n == TOKEN_CHARS);
}

bool token_hash(struct str token, uint8_t out[32])
{
    if (token.n != TOKEN_CHARS && token.n != TOKEN_CHARS_TERMINAL) return false;
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] == '\0' || strchr(BASE64URL, token.p[i]) == NULL) return false;
    sm3(str_bytes(token), out);
    return true;
}

void session_new(const struct registry *rg, enum subject_kind subject, int64_t subject_id,
                 enum proof proof, int64_t life_usec, struct instant at, struct signed_in *out)
{
    uint8_t bytes[32];
    bool made;

    *out = (struct signed_in){
        .session = { .id = store_new_id(rg->store),
                     .subject = subject,
                     .subject_id = subject_id,
                     .scopes = SCOPES_ALL,
                     .proof = proof,
                     .created_at = at,
                     .expires_at = instant_add(at, life_usec) },
    };
    if (subject == SUBJECT_PERSON) {
        out->session.person_id = subject_id;
        out->session.grants[0] = (struct grant){ .role = ROLE_RESIDENT };
        out->session.grants_n = 1;
    }
    rg->entropy.fill(rg->entropy.arg, bytes, sizeof bytes);
    token_write(bytes, out->token);
    secret_wipe(bytes, sizeof bytes);
    made = token_hash((struct str){ out->token, TOKEN_CHARS }, out->session.token_hash);
    assert(made);
    (void)made;
}

RESULT session_staff_in(struct txn *tx, struct signin_session *session, struct staff *out)
{
    bool found;

    TRY(staff_select(tx, session->subject_id, out, &found));
    REQUIRE(found, STAFF_UNKNOWN);
    REQUIRE(!out->disabled, STAFF_DISABLED);
    memcpy(session->grants, out->grants, sizeof out->grants);
    session->grants_n = out->grants_n;
    session->org_id = out->org_id;
    return OK;
}

RESULT session_may(const struct signin_session *session, enum permission permission,
                   int32_t region_code, int64_t org_id)
{
    return grants_may(session->grants, session->grants_n, session->scopes, permission, region_code,
                      org_id);
}

uint64_t session_scopes(const struct signin_session *session)
{
    uint64_t held = 0;

    for (int i = 0; i < session->grants_n; i++)
        held |= role_scopes(session->grants[i].role);
    return held & session->scopes;
}

/* ---- reading */

struct find_call {
    const uint8_t *hash;
    struct instant at;
    struct signin_session *out;
    bool found;
    session_visit *visit;
    void *arg;
};

static RESULT find_in_txn(struct txn *tx, void *arg)
{
    struct find_call *call = arg;

    return session_select(tx, call->hash, call->at, call->out, &call->found);
}

RESULT registry_session_find(struct store *store, const uint8_t hash[32], struct instant at,
                             struct signin_session *out)
{
    struct find_call call = { .hash = hash, .at = at, .out = out };

    TRY(store_read(store, find_in_txn, &call));
    REQUIRE(call.found, SIGNIN_NO_TOKEN);
    return OK;
}

static RESULT each_in_txn(struct txn *tx, void *arg)
{
    struct find_call *call = arg;

    return session_visit_all(tx, call->at, call->visit, call->arg);
}

RESULT registry_session_each(struct store *store, struct instant at, session_visit *visit,
                             void *arg)
{
    struct find_call call = { .at = at, .visit = visit, .arg = arg };

    return store_read(store, each_in_txn, &call);
}

/* ---- tokens for programs */

struct token_call {
    const struct token_ask *ask;
    struct signed_in *out;
};

static RESULT token_line(struct txn *tx, const struct act *act, const char *name,
                         const struct signin_session *token, const struct staff *staff)
{
    bool of_staff = token->subject == SUBJECT_STAFF;

    return act_journal(tx, act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .region_code = of_staff ? staff_region(staff) : 0,
                                           .person_id = token->person_id,
                                           .act = name,
                                           .object_prefix = of_staff ? "stf" : "ses",
                                           .object_id = of_staff ? token->subject_id : token->id });
}

/* Whoever looks into a person's record does it in their own name. */
static RESULT token_judge(const struct token_ask *ask, const struct signin_session *session)
{
    uint64_t held = session_scopes(session);

    REQUIRE(ask->scopes == SCOPES_ALL || held == ask->scopes, SIGNIN_SCOPE);
    if (ask->subject != SUBJECT_STAFF || ask->act.actor != ACTOR_STAFF) return OK;
    if (ask->act.actor_id != ask->subject_id)
        REQUIRE((held & ~SCOPES_IMPERSONAL) == 0, SIGNIN_NOT_OWN);
    else
        REQUIRE(ask->act.proof == PROOF_TWO_FACTORS, SIGNIN_ONE_FACTOR);
    return OK;
}

static RESULT token_in_txn(struct txn *tx, void *arg)
{
    struct token_call *call = arg;
    const struct token_ask *ask = call->ask;
    struct signin_session *session = &call->out->session;
    struct root root = subject_root(ask->subject, ask->subject_id);
    struct staff staff = { 0 };

    if (ask->subject == SUBJECT_STAFF) {
        TRY(session_staff_in(tx, session, &staff));
        session->person_id = staff.person_id;
    }
    TRY(token_judge(ask, session));
    TRY(session_insert(tx, root.id, session));
    txn_result(tx, session->id);
    return token_line(tx, &ask->act, "token_made", session, &staff);
}

RESULT registry_token_make(const struct registry *rg, const struct once *once,
                           const struct token_ask *ask, struct signed_in *out)
{
    struct token_call call = { ask, out };
    struct person person;
    int64_t id;
    bool again;

    REQUIRE(ask->life_usec > 0 && ask->life_usec <= TOKEN_LIFE_MAX_USEC, SIGNIN_SCOPE);
    REQUIRE(ask->scopes != 0, SIGNIN_SCOPE);
    session_new(rg, ask->subject, ask->subject_id, ask->proof, ask->life_usec, ask->act.at, out);
    out->session.scopes = ask->scopes;
    out->session.api = !ask->cookie;
    if (ask->subject == SUBJECT_PERSON) {
        TRY(registry_person_load(rg->store, ask->subject_id, &person));
        REQUIRE(person.state != PERSON_DEAD, REGISTRY_PERSON_DEAD);
    }
    TRY(act_run(rg, subject_root(ask->subject, ask->subject_id), once, token_in_txn, &call, &id,
                &again));
    if (!again) return OK;
    out->session.id = id;
    REFUSE(SIGNIN_TOLD);
}

struct tokens_call {
    struct root root;
    int64_t subject_id, from, to;
    struct instant at;
    const struct act *act;
    struct signin_session *tokens;
    int max, n;
};

static RESULT tokens_in_txn(struct txn *tx, void *arg)
{
    struct tokens_call *call = arg;

    return tokens_select(tx, call->root.id, call->subject_id, call->from, call->to, call->at,
                         call->tokens, call->max, &call->n);
}

RESULT registry_tokens(struct store *store, enum subject_kind subject, int64_t subject_id,
                       struct instant at, int64_t before, int limit, struct arena *arena,
                       struct token_page *out)
{
    struct tokens_call call = { .root = subject_root(subject, subject_id),
                                .subject_id = subject_id,
                                .to = before == 0 ? INT64_MAX : before - 1,
                                .at = at,
                                .max = limit + 1 };

    assert(limit >= 1);
    assert(limit <= TOKENS_PAGE_MAX);
    call.tokens = NEW_ARRAY(arena, struct signin_session, (size_t)call.max);
    if (!call.tokens) return fault(FAULT_MEMORY, "a page of %d tokens", limit);
    TRY(store_read(store, tokens_in_txn, &call));
    *out = (struct token_page){ .tokens = call.tokens,
                                .n = call.n < limit ? call.n : limit,
                                .more = call.n > limit };
    return OK;
}

static RESULT token_end_in_txn(struct txn *tx, void *arg)
{
    struct tokens_call *call = arg;
    struct staff staff = { 0 };
    bool found = true;

    TRY(tokens_in_txn(tx, call));
    REQUIRE(call->n == 1, SIGNIN_NO_TOKEN);
    if (call->tokens->subject == SUBJECT_STAFF)
        TRY(staff_select(tx, call->subject_id, &staff, &found));
    REQUIRE(found, STAFF_UNKNOWN);
    TRY(session_end_set(tx, call->root.id, call->tokens->id));
    return token_line(tx, call->act, "token_ended", call->tokens, &staff);
}

RESULT registry_token_end(const struct registry *rg, enum subject_kind subject, int64_t subject_id,
                          int64_t token_id, const struct act *act, struct signin_session *out)
{
    struct tokens_call call = { .root = subject_root(subject, subject_id),
                                .subject_id = subject_id,
                                .from = token_id,
                                .to = token_id,
                                .at = act->at,
                                .act = act,
                                .tokens = out,
                                .max = 1 };

    return store_run(rg->store, call.root, token_end_in_txn, &call);
}

/* ---- ending */

struct end_call {
    int64_t root_id, subject_id, id;
};

static RESULT end_in_txn(struct txn *tx, void *arg)
{
    const struct end_call *call = arg;

    if (call->id != 0) return session_end_set(tx, call->root_id, call->id);
    return sessions_end_all(tx, call->root_id, call->subject_id, 0);
}

RESULT registry_session_end(const struct registry *rg, const struct signin_session *session,
                            struct instant at)
{
    struct root root = subject_root(session->subject, session->subject_id);
    struct end_call call = { .root_id = root.id, .id = session->id };

    (void)at;
    return store_run(rg->store, root, end_in_txn, &call);
}

RESULT registry_sessions_end(const struct registry *rg, enum subject_kind subject,
                             int64_t subject_id, struct instant at)
{
    struct root root = subject_root(subject, subject_id);
    struct end_call call = { .root_id = root.id, .subject_id = subject_id };

    (void)at;
    return store_run(rg->store, root, end_in_txn, &call);
}

enum { SWEEP_ROWS = 100 };
struct over_call {
    struct instant at;
    struct session_name names[SWEEP_ROWS];
    int n;
};

static RESULT over_in_txn(struct txn *tx, void *arg)
{
    struct over_call *call = arg;

    return sessions_over(tx, call->at, call->names, SWEEP_ROWS, &call->n);
}

RESULT registry_sessions_sweep(const struct registry *rg, struct instant at, int64_t *swept)
{
    struct over_call over = { .at = at };

    *swept = 0;
    do {
        TRY(store_read(rg->store, over_in_txn, &over));
        for (int i = 0; i < over.n; i++) {
            const struct session_name *name = &over.names[i];
            struct end_call call = { .root_id = name->root_id, .id = name->id };
            struct root root = { name->subject == SUBJECT_PERSON ? ROOT_PERSON : ROOT_NODE,
                                 name->root_id };
            TRY(store_run(rg->store, root, end_in_txn, &call));
            ++*swept;
        }
    } while (over.n == SWEEP_ROWS);
    return OK;
}
