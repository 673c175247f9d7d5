/* registry/signin.c - residents by one-time code or password, staff by password and TOTP. */
#include "registry/signin.h"

#include "registry/person.h"
#include "registry/secret.h"
#include "registry/session.h"

/* Whose secret a try is at, by which factor. */
struct factor {
    enum subject_kind subject;
    int64_t subject_id; /* 0: nobody's */
    enum secret_kind kind;
    struct str given;
};

/* What a wrong try costs, where there is nothing to compare: Argon2 for a password, and the writes.
 * Ends `told`, when nothing fails. */
static RESULT nothing_compared(const struct registry *rg, const struct factor *factor,
                               const struct act *act, int told)
{
    char hash[PASSWORD_HASH_MAX];
    struct err end;

    if (factor->kind == SECRET_PASSWORD)
        TRY(password_hash(str_bytes(factor->given), rg->password_cost, &rg->entropy, hash));
    end = secret_nobody(rg, factor->kind, factor->subject, factor->subject_id, act);
    if (end.code != SIGNIN_WRONG) return end;
    REFUSE(told);
}

/* OK, or SIGNIN_WRONG for any way of being wrong. Compares outside every transaction. */
static RESULT password_compare(const struct secret_try *tried, struct str password)
{
    struct str hash = { (const char *)tried->row.verifier, tried->row.verifier_n };
    struct err end = password_verify(hash, str_bytes(password));

    REQUIRE(end.code != CRYPTO_WRONG_PASSWORD, SIGNIN_WRONG);
    if (end.code == CRYPTO_BAD_HASH_TEXT) return fault(FAULT_STORE_CORRUPT, "password hash");
    return end;
}

static RESULT code_compare(const struct registry *rg, const struct secret_try *tried,
                           struct str code)
{
    uint8_t hash[32];

    secret_code_hash(rg, tried->row.owner_id, tried->row.kind, tried->row.version, code, hash);
    REQUIRE(secret_eq(bytes_of(hash, sizeof hash),
                      bytes_of(tried->row.verifier, tried->row.verifier_n)),
            SIGNIN_WRONG);
    return OK;
}

static bool code_form(struct str code)
{
    int64_t n;

    return code.n == CODE_DIGITS && str_int(code, 0, 999999, &n);
}

/* ---- whose number is it? */

/* By person number, or by a card number (nine characters). Nobody: *person_id is 0. */
static RESULT holder_find(const struct registry *rg, enum document_kind document,
                          struct str country, struct str number, struct str name, struct instant at,
                          int64_t *person_id)
{
    struct person_query query = { document, country, number, name, at };
    struct credential card;
    struct card_no no;
    struct err end;

    *person_id = 0;
    if (document == 0 && card_no_parse(number, &no).code == 0) {
        end = registry_card_find(rg, CREDENTIAL_CARD_NO, number, at, &card);
        if (end.code == 0) *person_id = card.person_id;
        return end.code < 0 ? end : OK;
    }
    end = registry_person_find(rg, &query, person_id);
    if (end.code == REGISTRY_PERSON_UNKNOWN || end.code == REGISTRY_SECOND_FACT_NEEDED ||
        end.code == REGISTRY_SECOND_FACT_DIFFERS) {
        *person_id = 0;
        return OK;
    }
    return end;
}

/* ---- sending a code */

struct send_call {
    const struct code_ask *ask;
    int64_t person_id;
    int64_t version; /* the code was hashed for */
    uint8_t hash[32];
    struct notice notice;
    bool phone;
};

static RESULT send_decide(const struct secret_row *row, struct instant at)
{
    int64_t today = day_of(at).number;

    REQUIRE(instant_before(instant_add(row->changed_at, CODE_PAUSE_USEC - 1), at), SIGNIN_WAIT);
    REQUIRE(row->sent_day != today || row->sent_n < CODES_A_DAY, SIGNIN_WAIT);
    REQUIRE(!instant_before(at, row->locked_until), SIGNIN_LOCKED);
    return OK;
}

static RESULT send_in_txn(struct txn *tx, void *arg)
{
    struct send_call *call = arg;
    struct instant at = call->ask->act.at;
    int64_t today = day_of(at).number;
    struct person_row person;
    struct secret_row row = { 0 };
    struct secret_new fresh = { .root = root_person(call->person_id),
                                .owner_id = call->person_id,
                                .kind = SECRET_CODE,
                                .verifier = bytes_of(call->hash, sizeof call->hash),
                                .tries_max = SECRET_TRIES,
                                .expires_at = instant_add(at, CODE_LIFE_USEC) };
    bool found;

    TRY(person_select(tx, call->person_id, &person, &found));
    call->phone = found && person.phone_n > 0 && person.p.state == PERSON_ALIVE;
    if (!call->phone) return OK;
    TRY(secret_select(tx, call->person_id, call->person_id, SECRET_CODE, &row, &found));
    if (found) TRY(send_decide(&row, at));
    REQUIRE(row.version + 1 == call->version, SIGNIN_WAIT); /* another was sent this moment */
    TRY(secret_set_in(tx, &fresh, at));
    TRY(secret_select(tx, call->person_id, call->person_id, SECRET_CODE, &row, &found));
    row.sent_n = row.sent_day == today ? row.sent_n + 1 : 1;
    row.sent_day = today;
    TRY(secret_put(tx, &row));
    return notice_put(tx, &call->notice, NULL);
}

struct version_call {
    int64_t person_id, version;
};

static RESULT version_in_txn(struct txn *tx, void *arg)
{
    struct version_call *call = arg;
    struct secret_row row = { 0 };
    bool found;

    TRY(secret_select(tx, call->person_id, call->person_id, SECRET_CODE, &row, &found));
    call->version = row.version;
    return OK;
}

static void code_draw(const struct registry *rg, char out[CODE_DIGITS])
{
    uint32_t n;

    do
        rg->entropy.fill(rg->entropy.arg, &n, sizeof n);
    while (n >= UINT32_C(4294000000)); /* the largest multiple of a million: no digit is likelier */
    n %= 1000000;
    for (int i = CODE_DIGITS - 1; i >= 0; i--, n /= 10)
        out[i] = (char)('0' + n % 10);
}

RESULT registry_signin_code_send(const struct registry *rg, const struct code_ask *ask,
                                 struct code_sent *out)
{
    static const struct notice_parameter PARAMETERS[] = {
        { "purpose", { "sign_in", 7 } },
        { "minutes", { "5", 1 } },
    };
    struct send_call call = { .ask = ask };
    struct version_call version = { 0 };
    struct err end = OK;
    char code[CODE_DIGITS];
    uint8_t sealed[CODE_DIGITS + FIELD_SEAL_MORE];
    size_t sealed_n;
    int64_t notice_id = store_new_id(rg->store);

    *out = (struct code_sent){ .expires_at = instant_add(ask->act.at, CODE_LIFE_USEC) };
    TRY(holder_find(rg, ask->document, ask->country, ask->number, ask->name, ask->act.at,
                    &call.person_id));
    version.person_id = call.person_id;
    TRY(store_read(rg->store, version_in_txn, &version));
    call.version = version.version + 1;
    code_draw(rg, code);
    secret_code_hash(rg, call.person_id, SECRET_CODE, call.version,
                     (struct str){ code, sizeof code }, call.hash);
    TRY(keyd_field_seal_one(rg->keyd, S("notice"), S("sealed_code"), notice_id,
                            bytes_of(code, sizeof code), sealed, &sealed_n));
    secret_wipe(code, sizeof code);
    call.notice = (struct notice){ .kind = NOTICE_ONE_TIME_CODE,
                                   .person_id = call.person_id,
                                   .id = notice_id,
                                   .at = ask->act.at,
                                   .until = out->expires_at,
                                   .parameters = PARAMETERS,
                                   .parameters_n = LEN(PARAMETERS),
                                   .sealed_code = bytes_of(sealed, sealed_n) };
    if (call.person_id != 0)
        end = store_run(rg->store, root_person(call.person_id), send_in_txn, &call);
    if (end.code < 0) return end;
    out->sent = end.code == 0 && call.phone;
    if (!out->sent) TRY(secret_nobody_count(rg, SECRET_CODE, &ask->act));
    return end;
}

/* ---- residents */

struct signin_call {
    const struct secret_try *tries[2];
    int tries_n;
    const struct act *act;
    int64_t person_id;
    struct signed_in *out;
    const char *how;
};

static RESULT signin_in_txn(struct txn *tx, void *arg)
{
    struct signin_call *call = arg;
    const struct signin_session *s = &call->out->session;
    int64_t root_id = subject_root(s->subject, s->subject_id).id;
    struct staff staff = { 0 };

    if (s->subject == SUBJECT_STAFF) TRY(session_staff_in(tx, &call->out->session, &staff));
    for (int i = 0; i < call->tries_n; i++)
        TRY(secret_right_in(tx, call->tries[i]));
    TRY(session_insert(tx, root_id, s));
    TRY(act_journal(tx, call->act,
                    &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                        .region_code = staff_region(&staff),
                                        .person_id = call->person_id,
                                        .act = "signed_in",
                                        .object_prefix = "ses",
                                        .object_id = s->id }));
    if (s->subject != SUBJECT_PERSON) return OK;
    return act_notice(tx, NOTICE_SIGNED_IN, call->person_id, call->act->at,
                      ((struct act_word[]){ { "at", act_time(tx, call->act->at) },
                                            { "how", str_of(call->how) } }),
                      2);
}

/* Reserve and compare one factor: a code or a password. */
static RESULT factor_try(const struct registry *rg, const struct factor *factor,
                         const struct act *act, struct secret_try *tried)
{
    struct root root = subject_root(factor->subject, factor->subject_id);
    struct err end = factor->subject_id == 0 ? (struct err){ .code = SIGNIN_NO_SECRET }
                                             : secret_reserve(rg, root, factor->subject_id,
                                                              factor->kind, act->at, tried);

    if (end.code > 0)
        return nothing_compared(rg, factor, act,
                                end.code == SIGNIN_NO_SECRET ? SIGNIN_WRONG : end.code);
    TRY(end);
    end = factor->kind == SECRET_PASSWORD ? password_compare(tried, factor->given)
                                          : code_compare(rg, tried, factor->given);
    if (end.code != SIGNIN_WRONG) return end;
    return secret_wrong(rg, tried, factor->subject == SUBJECT_PERSON ? factor->subject_id : 0, act);
}

RESULT registry_signin_person(const struct registry *rg, const struct person_signin_ask *ask,
                              struct signed_in *out)
{
    struct secret_try code, password;
    struct signin_call call = { .act = &ask->act, .out = out, .how = "code" };
    struct person person;
    struct act act = ask->act;
    enum proof proof = PROOF_ONE_FACTOR;

    REQUIRE(ask->code.n > 0 || ask->password.n > 0, SIGNIN_FORM);
    REQUIRE(ask->code.n == 0 || code_form(ask->code), SIGNIN_CODE_FORM);
    REQUIRE(ask->password.n <= PASSWORD_MAX, SIGNIN_FORM);
    TRY(holder_find(rg, ask->document, ask->country, ask->number, ask->name, ask->act.at,
                    &call.person_id));
    act.actor = ACTOR_HOLDER;
    act.actor_id = call.person_id;
    call.act = &act;
    if (ask->code.n > 0) {
        TRY(factor_try(rg,
                       &(struct factor){ SUBJECT_PERSON, call.person_id, SECRET_CODE, ask->code },
                       &act, &code));
        call.tries[call.tries_n++] = &code;
    }
    if (ask->password.n > 0) {
        TRY(factor_try(
            rg, &(struct factor){ SUBJECT_PERSON, call.person_id, SECRET_PASSWORD, ask->password },
            &act, &password));
        call.tries[call.tries_n++] = &password;
        call.how = call.tries_n == 2 ? "both" : "password";
    }
    if (call.tries_n == 2) proof = PROOF_TWO_FACTORS;
    TRY(registry_person_load(rg->store, call.person_id, &person));
    REQUIRE(person.state != PERSON_DEAD, REGISTRY_PERSON_DEAD);
    session_new(rg, SUBJECT_PERSON, call.person_id, proof, SESSION_PERSON_USEC, act.at, out);
    out->session.api = ask->api;
    return store_run(rg->store, root_person(call.person_id), signin_in_txn, &call);
}

/* ---- passwords */

/* Not one character repeated, not digits alone below ten, not under the shortest. */
static bool password_strong(struct str password)
{
    bool same = true, digits_only = true;

    if (password.n < PASSWORD_MIN || password.n > PASSWORD_MAX) return false;
    for (size_t i = 0; i < password.n; i++) {
        same = same && password.p[i] == password.p[0];
        digits_only = digits_only && password.p[i] >= '0' && password.p[i] <= '9';
    }
    return !same && !(digits_only && password.n < 10);
}

struct set_call {
    struct secret_new fresh;
    enum subject_kind subject;
    int64_t subject_id;
    const struct act *act;
    const char *name;
    int32_t region_code; /* of the member of staff */
    bool end_sessions;
};

static RESULT set_in_txn(struct txn *tx, void *arg)
{
    const struct set_call *call = arg;

    TRY(secret_set_in(tx, &call->fresh, call->act->at));
    if (call->end_sessions) TRY(sessions_end_all(tx, call->fresh.root.id, call->subject_id, 0));
    txn_result(tx, call->subject_id);
    return act_journal(
        tx, call->act,
        &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                            .region_code = call->region_code,
                            .person_id = call->subject == SUBJECT_PERSON ? call->subject_id : 0,
                            .act = call->name,
                            .object_prefix = call->subject == SUBJECT_PERSON ? "psn" : "stf",
                            .object_id = call->subject_id });
}

/* Anybody's citizen number or phone: what a stranger tries first, and digits enough to pass above.
 */
static bool password_a_number(struct str password, struct instant at)
{
    int64_t phone;

    if (password.n == 11 && str_int(password, INT64_C(10000000000), INT64_C(19999999999), &phone))
        return true;
    return person_no_is_citizen(password, at);
}

RESULT registry_password_set(const struct registry *rg, const struct once *once,
                             enum subject_kind subject, int64_t subject_id, struct str password,
                             const struct act *act)
{
    char hash[PASSWORD_HASH_MAX];
    struct set_call call = { .subject = subject,
                             .subject_id = subject_id,
                             .act = act,
                             .name = "password_set",
                             .end_sessions = true };
    struct person person;
    struct staff staff = { 0 };
    int64_t done;
    bool again = false;

    REQUIRE(password_strong(password) && !password_a_number(password, act->at), SIGNIN_WEAK);
    if (once)
        TRY(store_once_find(rg->store, subject_root(subject, subject_id), once, &done, &again));
    REQUIRE(!again, SIGNIN_TOLD); /* before a tenth of a second of hashing */
    if (subject == SUBJECT_PERSON)
        TRY(registry_person_load(rg->store, subject_id, &person));
    else
        TRY(registry_staff_load(rg->store, subject_id, &staff));
    call.region_code = staff_region(&staff);
    TRY(password_hash(str_bytes(password), rg->password_cost, &rg->entropy, hash));
    call.fresh = (struct secret_new){ .root = subject_root(subject, subject_id),
                                      .owner_id = subject_id,
                                      .kind = SECRET_PASSWORD,
                                      .verifier = str_bytes(str_of(hash)),
                                      .tries_max = SECRET_TRIES };
    TRY(act_run(rg, call.fresh.root, once, set_in_txn, &call, &done, &again));
    REQUIRE(!again, SIGNIN_TOLD); /* by another at the same moment */
    return OK;
}

/* ---- staff */

#define TABLE_SECRET S("secret")
#define COLUMN_VERIFIER S("verifier")

RESULT registry_totp_set(const struct registry *rg, int64_t staff_id, struct bytes given,
                         const struct act *act, uint8_t out[TOTP_SECRET_BYTES])
{
    uint8_t secret[TOTP_SECRET_BYTES], sealed[TOTP_SECRET_BYTES + FIELD_SEAL_MORE];
    struct set_call call = {
        .subject = SUBJECT_STAFF, .subject_id = staff_id, .act = act, .name = "totp_set"
    };
    struct staff staff;
    size_t n;

    assert(given.n == 0 || given.n == sizeof secret);
    TRY(registry_staff_load(rg->store, staff_id, &staff));
    call.region_code = staff_region(&staff);
    if (given.n > 0)
        memcpy(secret, given.p, sizeof secret);
    else
        rg->entropy.fill(rg->entropy.arg, secret, sizeof secret);
    TRY(keyd_field_seal_one(rg->keyd, TABLE_SECRET, COLUMN_VERIFIER, staff_id,
                            bytes_of(secret, sizeof secret), sealed, &n));
    call.fresh = (struct secret_new){ .root = subject_root(SUBJECT_STAFF, staff_id),
                                      .owner_id = staff_id,
                                      .kind = SECRET_TOTP,
                                      .verifier = bytes_of(sealed, n),
                                      .tries_max = SECRET_TRIES };
    TRY(store_run(rg->store, call.fresh.root, set_in_txn, &call));
    memcpy(out, secret, sizeof secret);
    secret_wipe(secret, sizeof secret);
    return OK;
}

static RESULT totp_compare(const struct registry *rg, struct secret_try *tried, struct str code,
                           struct instant at)
{
    const struct field_use use = { .use = KEYD_USE_TOTP,
                                   .session_id = tried->row.owner_id,
                                   .actor_id = tried->row.owner_id };
    uint8_t secret[TOTP_SECRET_BYTES];
    size_t n;
    bool right;

    TRY(keyd_field_open_one(rg->keyd, &use, TABLE_SECRET, COLUMN_VERIFIER, tried->row.owner_id,
                            bytes_of(tried->row.verifier, tried->row.verifier_n), secret,
                            sizeof secret, &n));
    right = totp_verify(bytes_of(secret, n), code, at, 1, &tried->step);
    secret_wipe(secret, sizeof secret);
    REQUIRE(right, SIGNIN_WRONG);
    return OK;
}

static RESULT right_in_txn(struct txn *tx, void *arg)
{
    return secret_right_in(tx, arg);
}

RESULT registry_signin_staff(const struct registry *rg, const struct staff_signin_ask *ask,
                             struct signed_in *out)
{
    struct secret_try password, totp;
    struct signin_call call = { .act = &ask->act, .out = out, .how = "both" };
    struct act act = ask->act;
    struct staff staff;
    struct root root = subject_root(SUBJECT_STAFF, 0);
    struct err end;

    REQUIRE(ask->user.n > 0 && ask->password.n > 0, SIGNIN_FORM);
    REQUIRE(ask->password.n <= PASSWORD_MAX, SIGNIN_FORM);
    REQUIRE(ask->totp.n == 0 || code_form(ask->totp), SIGNIN_CODE_FORM);
    end = registry_staff_find(rg->store, ask->user, &staff);
    if (end.code == STAFF_UNKNOWN)
        staff = (struct staff){ 0 };
    else
        TRY(end);
    act.actor = ACTOR_STAFF;
    act.actor_id = staff.id;
    call.act = &act;
    TRY(factor_try(rg, &(struct factor){ SUBJECT_STAFF, staff.id, SECRET_PASSWORD, ask->password },
                   &act, &password));
    /* The password was right: its tries are forgotten whatever the second factor says, so that a
     * mistyped TOTP does not lock the password, and locks itself instead. */
    TRY(store_run(rg->store, root, right_in_txn, &password));
    REQUIRE(ask->totp.n > 0, SIGNIN_TOTP_NEEDED);
    end = secret_reserve(rg, root, staff.id, SECRET_TOTP, act.at, &totp);
    REQUIRE(end.code != SIGNIN_NO_SECRET, SIGNIN_WRONG); /* no staff without a second factor */
    TRY(end);
    end = totp_compare(rg, &totp, ask->totp, act.at);
    if (end.code == SIGNIN_WRONG) return secret_wrong(rg, &totp, 0, &act);
    if (end.code == KEYD_BUDGET_SECOND || end.code == KEYD_BUDGET_DAY)
        TRY(secret_untried(rg, &totp));
    TRY(end);
    call.tries[0] = &totp;
    call.tries_n = 1;
    session_new(rg, SUBJECT_STAFF, staff.id, PROOF_TWO_FACTORS, SESSION_STAFF_USEC, act.at, out);
    out->session.api = ask->api;
    return store_run(rg->store, root, signin_in_txn, &call);
}
