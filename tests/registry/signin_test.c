/* tests/registry/signin_test.c - secrets that could be guessed: counted before they are compared,
 * locked after their limit under 64 parallel tries and across a restart. */
#include "tests/registry/world.h"

/* No one-time code nor TOTP code looks like these. */
static const char *const NO_CODES[] = { "12345", "1234567", "12345a", "-12345", " 12345", "1" };

static const struct stmt SEALED_CODE = {
    .name = "test: the newest sealed code",
    .types = "i",
    .sql = "SELECT notice_id, sealed_code FROM notice_seal WHERE person_id = $1"
           " ORDER BY notice_id DESC LIMIT 1",
};

struct code_call {
    int64_t person_id, notice_id;
    uint8_t sealed[64];
    size_t n;
};

static RESULT code_in_txn(struct txn *tx, void *arg)
{
    struct code_call *call = arg;
    bool found;
    ROW(row);

    TRY(txn_first(tx, &SEALED_CODE, IN(v_int(call->person_id)), &row, &found));
    if (!found) return OK;
    call->notice_id = row_int(&row, 0);
    call->n = row_blob(&row, 1).n;
    if (call->n <= sizeof call->sealed) memcpy(call->sealed, row_blob(&row, 1).p, call->n);
    return OK;
}

/* The code as the phone would show it. */
static void code_read(struct world *w, int64_t person_id, char out[CODE_DIGITS])
{
    const struct field_use use = { .use = KEYD_USE_NOTICE, .session_id = 1, .actor_id = person_id };
    struct code_call call = { .person_id = person_id };
    size_t n = 0;

    CHECK_OK("sealed code", store_read(w->f.store, code_in_txn, &call));
    CHECK_OK("opens",
             keyd_field_open_one(w->keyd, &use, S("notice"), S("sealed_code"), call.notice_id,
                                 bytes_of(call.sealed, call.n), (uint8_t *)out, CODE_DIGITS, &n));
    CHECK_INT("six digits", (int64_t)n, CODE_DIGITS);
}

static struct person_signin_ask asked(struct world *w, const char number[18], struct str code,
                                      struct str password)
{
    return (struct person_signin_ask){ .number = { number, 18 },
                                       .code = code,
                                       .password = password,
                                       .act = world_act(w, CHANNEL_WEB, PROOF_NONE) };
}

static void wrong_of(const char right[CODE_DIGITS], char out[CODE_DIGITS])
{
    memcpy(out, right, CODE_DIGITS);
    out[0] = right[0] == '9' ? '0' : (char)(right[0] + 1);
}

static void codes(struct world *w)
{
    char number[18], code[CODE_DIGITS], wrong[CODE_DIGITS];
    int64_t person_id = world_person(w, number);
    struct code_ask send = { .number = { number, 18 },
                             .act = world_act(w, CHANNEL_WEB, PROOF_NONE) };
    struct str right = { code, CODE_DIGITS }, not_right = { wrong, CODE_DIGITS };
    struct person_signin_ask ask;
    struct code_sent sent;
    struct signed_in in;
    struct signin_session session;
    uint8_t hash[32];

    CHECK_OK("sent", registry_signin_code_send(&w->rg, &send, &sent));
    CHECK("to the phone", sent.sent);
    CHECK_CODE("again at once", registry_signin_code_send(&w->rg, &send, &sent), SIGNIN_WAIT);
    send.number = S("11010519491231002X");
    CHECK_OK("to nobody, and nobody is told", registry_signin_code_send(&w->rg, &send, &sent));
    CHECK("nothing sent", !sent.sent);
    send.number = (struct str){ number, 18 };
    code_read(w, person_id, code);
    wrong_of(code, wrong);
    ask = asked(w, number, not_right, (struct str){ 0 });
    CHECK_CODE("wrong", registry_signin_person(&w->rg, &ask, &in), SIGNIN_WRONG);
    for (size_t i = 0; i < LEN(NO_CODES); i++) { /* more than the tries there are: not counted */
        ask.code = str_of(NO_CODES[i]);
        CHECK_CODE(NO_CODES[i], registry_signin_person(&w->rg, &ask, &in), SIGNIN_CODE_FORM);
    }
    ask.code = right;
    CHECK_OK("right", registry_signin_person(&w->rg, &ask, &in));
    CHECK_INT("one factor", in.session.proof, PROOF_ONE_FACTOR);
    CHECK_CODE("used", registry_signin_person(&w->rg, &ask, &in), SIGNIN_EXPIRED);
    CHECK("hash", token_hash((struct str){ in.token, TOKEN_CHARS }, hash));
    CHECK_OK("session", registry_session_find(w->f.store, hash, fixture_now(&w->f), &session));
    CHECK_INT("of the person", session.person_id, person_id);
    CHECK_OK("a resident may", session_may(&session, MAY_SELF_LOSE, 0, 0));
    CHECK_CODE("not issue cards", session_may(&session, MAY_CARD_ISSUE, 0, 0), STAFF_MAY_NOT);
    CHECK_OK("ended", registry_session_end(&w->rg, &session, fixture_now(&w->f)));
    CHECK_CODE("gone", registry_session_find(w->f.store, hash, fixture_now(&w->f), &session),
               SIGNIN_NO_TOKEN);

    fixture_pass(&w->f, CODE_PAUSE_USEC);
    send.act = world_act(w, CHANNEL_WEB, PROOF_NONE);
    CHECK_OK("another", registry_signin_code_send(&w->rg, &send, &sent));
    code_read(w, person_id, code);
    wrong_of(code, wrong);
    fixture_pass(&w->f, CODE_LIFE_USEC);
    ask = asked(w, number, right, (struct str){ 0 });
    CHECK_CODE("too old", registry_signin_person(&w->rg, &ask, &in), SIGNIN_EXPIRED);
    send.act = world_act(w, CHANNEL_WEB, PROOF_NONE);
    CHECK_OK("another", registry_signin_code_send(&w->rg, &send, &sent));
    code_read(w, person_id, code);
    wrong_of(code, wrong);
    ask = asked(w, number, not_right, (struct str){ 0 });
    for (int i = 0; i < SECRET_TRIES; i++)
        CHECK_CODE("wrong", registry_signin_person(&w->rg, &ask, &in), SIGNIN_WRONG);
    ask.code = right;
    CHECK_CODE("dead even for the right one", registry_signin_person(&w->rg, &ask, &in),
               SIGNIN_LOCKED);
}

/* ---- 64 at once */

struct guess {
    char number[18];
    struct str password;
    _Atomic int wrong, locked, right, other;
};

static void guess_body(struct world *w, void *arg, int i)
{
    struct guess *guess = arg;
    struct person_signin_ask ask = asked(w, guess->number, (struct str){ 0 }, guess->password);
    struct signed_in in;
    struct err end = registry_signin_person(&w->rg, &ask, &in);

    (void)i;
    if (end.code == 0)
        guess->right++;
    else if (end.code == SIGNIN_WRONG)
        guess->wrong++;
    else if (end.code == SIGNIN_LOCKED)
        guess->locked++;
    else
        guess->other++;
}

static bool copied(const char *from, const char *to)
{
    static uint8_t page[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n = 0;

    while (in != NULL && out != NULL && (n = fread(page, 1, sizeof page, in)) > 0)
        if (fwrite(page, 1, n, out) != n) break;
    if (in != NULL) fclose(in);
    return out != NULL && fclose(out) == 0 && n == 0;
}

/* The power goes now: what stands in the files is what a next start finds. The tries whose answers
 * were given are among it. */
static void cut(struct world *w, const struct person_signin_ask *ask)
{
    struct store_config config = w->f.config;
    struct registry rg = w->rg;
    const char *path = strchr(w->f.url, ':');
    char from[700], to[700], url[720];
    struct store *after = NULL;
    struct signed_in in;

    if (!CHECK("a path", path != NULL)) return;
    snprintf(from, sizeof from, "%s-wal", path + 1);
    snprintf(to, sizeof to, "%s/cut.db", test_folder());
    CHECK("copied", copied(path + 1, to));
    snprintf(to, sizeof to, "%s/cut.db-wal", test_folder());
    CHECK("with its WAL", copied(from, to));
    snprintf(url, sizeof url, "sqlite:%s/cut.db", test_folder());
    config.url = str_of(url);
    if (!CHECK_OK("opens after the cut", store_open(&config, &after))) return;
    rg.store = after;
    CHECK_CODE("locked after the cut", registry_signin_person(&rg, ask, &in), SIGNIN_LOCKED);
    store_close(after);
}

static void passwords(struct world *w)
{
    static const char *const WEAK[] = { "short7!", "aaaaaaaaaa", "123456789", "13812345678",
                                        "11010519491231002X" };
    struct guess guess = { .password = S("not the password") };
    int64_t person_id = world_person(w, guess.number);
    struct act act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS);
    struct person_signin_ask ask;
    struct store_config config = w->f.config;
    struct signed_in in;
    int64_t pause = LOCK_FIRST_USEC;

    for (size_t i = 0; i < LEN(WEAK); i++)
        CHECK_CODE(
            WEAK[i],
            registry_password_set(&w->rg, NULL, SUBJECT_PERSON, person_id, str_of(WEAK[i]), &act),
            SIGNIN_WEAK);
    ask = asked(w, guess.number, (struct str){ 0 }, S("anything at all"));
    CHECK_CODE("no password yet", registry_signin_person(&w->rg, &ask, &in), SIGNIN_WRONG);
    CHECK_OK("set", registry_password_set(&w->rg, NULL, SUBJECT_PERSON, person_id,
                                          S("correct horse"), &act));
    world_threads(w, 64, guess_body, &guess);
    CHECK_INT("as many are compared as may", guess.wrong, SECRET_TRIES);
    CHECK_INT("the others find it locked", guess.locked, 64 - SECRET_TRIES);
    CHECK_INT("nothing else", guess.right + guess.other, 0);
    ask.password = S("correct horse");
    CHECK_CODE("the right one too", registry_signin_person(&w->rg, &ask, &in), SIGNIN_LOCKED);

    if (w->f.engine == ENGINE_SQLITE) cut(w, &ask);
    /* across a restart: what was counted is counted */
    store_close(w->f.store);
    w->f.store = NULL;
    CHECK_OK("opens again", store_open(&config, &w->f.store));
    w->rg.store = w->f.store;
    CHECK_CODE("still locked", registry_signin_person(&w->rg, &ask, &in), SIGNIN_LOCKED);
    for (int round = 0; round < 4; round++) { /* each lock lasts twice as long */
        fixture_pass(&w->f, pause - 1);
        ask = asked(w, guess.number, (struct str){ 0 }, S("wrong again"));
        CHECK_CODE("a moment early", registry_signin_person(&w->rg, &ask, &in), SIGNIN_LOCKED);
        fixture_pass(&w->f, 1);
        for (int i = 0; i < SECRET_TRIES; i++) {
            ask = asked(w, guess.number, (struct str){ 0 }, S("wrong again"));
            CHECK_CODE("a new round", registry_signin_person(&w->rg, &ask, &in), SIGNIN_WRONG);
        }
        pause *= 2;
    }
    fixture_pass(&w->f, pause);
    ask = asked(w, guess.number, (struct str){ 0 }, S("correct horse"));
    CHECK_OK("right at last", registry_signin_person(&w->rg, &ask, &in));
    ask.password = S("wrong once");
    CHECK_CODE("forgotten: a wrong try", registry_signin_person(&w->rg, &ask, &in), SIGNIN_WRONG);
    ask.password = S("correct horse");
    CHECK_OK("locks nothing", registry_signin_person(&w->rg, &ask, &in));
    ask.number = (struct str){ "342401198001010011", 18 };
    CHECK_CODE("nobody", registry_signin_person(&w->rg, &ask, &in), SIGNIN_WRONG);
}

/* ---- PIN */

struct pin_guess {
    int64_t person_id, card_id;
    _Atomic int wrong, locked, other;
};

static void pin_body(struct world *w, void *arg, int i)
{
    struct pin_guess *guess = arg;
    struct act act = world_holder(w, guess->person_id, PROOF_NONE);
    struct err end =
        registry_pin_check(&w->rg, guess->person_id, guess->card_id, S("111112"), &act);

    (void)i;
    if (end.code == SIGNIN_WRONG)
        guess->wrong++;
    else if (end.code == SIGNIN_LOCKED)
        guess->locked++;
    else
        guess->other++;
}

static void pins(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct card_made made = world_card(w, person_id, true);
    struct act act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS);
    struct pin_guess guess = { .person_id = person_id, .card_id = made.card_id };
    struct card_event_ask unlock = { .person_id = person_id,
                                     .card_id = made.card_id,
                                     .function = FUNCTION_SOCIAL,
                                     .event = SOCIAL_UNLOCK,
                                     .act = act };
    struct card card;

    CHECK_CODE("a run", registry_pin_set(&w->rg, NULL, person_id, made.card_id, S("123456"), &act),
               SIGNIN_WEAK);
    CHECK_CODE("none set", registry_pin_check(&w->rg, person_id, made.card_id, S("271828"), &act),
               SIGNIN_NO_SECRET);
    CHECK_OK("set", registry_pin_set(&w->rg, NULL, person_id, made.card_id, S("271828"), &act));
    CHECK_OK("right", registry_pin_check(&w->rg, person_id, made.card_id, S("271828"), &act));
    world_threads(w, 64, pin_body, &guess);
    CHECK_INT("six are compared", guess.wrong, 6);
    CHECK_INT("the others find it locked", guess.locked, 58);
    CHECK_INT("nothing else", guess.other, 0);
    CHECK_OK("card", registry_card_load(w->f.store, person_id, made.card_id, &card));
    CHECK_INT("the card is locked", card.social, SOCIAL_LOCKED);
    CHECK_CODE("even for the right one",
               registry_pin_check(&w->rg, person_id, made.card_id, S("271828"), &act),
               SIGNIN_LOCKED);
    CHECK_OK("reset at a window",
             registry_pin_set(&w->rg, NULL, person_id, made.card_id, S("314159"), &act));
    CHECK_OK("unlocked", registry_card_event(&w->rg, NULL, &unlock, &card));
    CHECK_OK("right", registry_pin_check(&w->rg, person_id, made.card_id, S("314159"), &act));
}

/* ---- staff */

/* The world's keyd anew, with these budgets for holders and for second factors. */
static bool keyd_with(struct world *w, int64_t holder, int64_t totp)
{
    char dir[512], path[520];
    struct keyd_settings settings = {
        .dir = dir, .clock = { world_clock, &w->f }, .entropy = entropy_system(), .no_sync = true
    };

    snprintf(dir, sizeof dir, "%s/keys-%s", test_folder(), fixture_engine_name(w->f.engine));
    snprintf(path, sizeof path, "%s/hsm", dir);
    settings.hsm = (struct hsm_settings){ .kind = HSM_SOFTWARE,
                                          .path = path,
                                          .secret = str_bytes(S("test")),
                                          .cost = PASSWORD_COST_TEST };
    for (int use = 1; use < KEYD_USES; use++)
        settings.budgets[use] = (struct keyd_budget){ 1000000, INT64_C(1000000000) };
    settings.budgets[KEYD_USE_HOLDER] = (struct keyd_budget){ holder, holder };
    settings.budgets[KEYD_USE_TOTP] = (struct keyd_budget){ totp, totp };
    keyd_close(w->keyd);
    keyd_core_close(w->core);
    w->keyd = NULL;
    w->core = NULL;
    if (!CHECK_OK("keyd", keyd_core_open(&settings, &w->core)) ||
        !CHECK_OK("keyd", keyd_open_local(w->core, &w->keyd)))
        return false;
    w->rg.keyd = w->keyd;
    return true;
}

/* What holders opened is nothing to staff; and a try that keyd did not compare is none. */
static void staff_beside_holders(struct world *w)
{
    struct staff_ask ask = { .user = S("clerk.wuhu"),
                             .name = S("王五"),
                             .org_id = 5,
                             .grants = { { ROLE_CLERK, 340200, 0 } },
                             .grants_n = 1,
                             .act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS) };
    struct staff_signin_ask in_ask = { .user = ask.user,
                                       .password = S("window number 7"),
                                       .act = world_act(w, CHANNEL_WEB, PROOF_NONE) };
    uint8_t secret[TOTP_SECRET_BYTES];
    char code[TOTP_DIGITS];
    struct signed_in in;
    int64_t staff_id = 0;

    CHECK_OK("added", registry_staff_add(&w->rg, NULL, &ask, &staff_id));
    CHECK_OK("password", registry_password_set(&w->rg, NULL, SUBJECT_STAFF, staff_id,
                                               in_ask.password, &ask.act));
    CHECK_OK("totp", registry_totp_set(&w->rg, staff_id, (struct bytes){ 0 }, &ask.act, secret));
    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w->f)), code);
    in_ask.totp = (struct str){ code, TOTP_DIGITS };
    if (!keyd_with(w, 0, 0)) return;
    for (int i = 0; i < 2 * SECRET_TRIES; i++)
        CHECK_CODE("not compared", registry_signin_staff(&w->rg, &in_ask, &in), KEYD_BUDGET_SECOND);
    if (!keyd_with(w, 0, 1000000)) return;
    code[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
    for (int i = 1; i < SECRET_TRIES; i++)
        CHECK_CODE("wrong", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_WRONG);
    if (!keyd_with(w, 0, 0)) return;
    CHECK_CODE("the try that would lock", registry_signin_staff(&w->rg, &in_ask, &in),
               KEYD_BUDGET_SECOND);
    if (!keyd_with(w, 0, 1000000)) return;
    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w->f)), code);
    CHECK_OK("nothing left for holders, and in", registry_signin_staff(&w->rg, &in_ask, &in));
    (void)keyd_with(w, 1000000, 1000000);
}

static void staff(struct world *w)
{
    struct staff_ask ask = { .user = S("clerk.hefei"),
                             .name = S("李四"),
                             .org_id = 5,
                             .grants = { { ROLE_CLERK, 340100, 0 } },
                             .grants_n = 1,
                             .act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS) };
    struct staff_signin_ask in_ask;
    uint8_t secret[TOTP_SECRET_BYTES];
    char code[TOTP_DIGITS];
    struct signed_in in;
    struct signin_session session;
    struct token_ask token;
    int64_t staff_id = 0, again = 0;
    uint8_t hash[32];

    CHECK_OK("added", registry_staff_add(&w->rg, NULL, &ask, &staff_id));
    CHECK_CODE("twice", registry_staff_add(&w->rg, NULL, &ask, &again), STAFF_EXISTS);
    CHECK_INT("who is there", again, staff_id);
    ask.user = S("Clerk");
    CHECK_CODE("capitals", registry_staff_add(&w->rg, NULL, &ask, &again), STAFF_USER_FORM);
    ask.user = S("11010519491231002x");
    CHECK_CODE("a citizen's number", registry_staff_add(&w->rg, NULL, &ask, &again),
               STAFF_USER_NUMBER);
    ask.user = S("110105194912310020");
    CHECK_CODE("digits that are none", registry_staff_add(&w->rg, NULL, &ask, &again), OK.code);
    ask.user = S("x2");
    ask.grants[0].role = ROLE_RESIDENT;
    CHECK_CODE("no staff role", registry_staff_add(&w->rg, NULL, &ask, &again), STAFF_ROLE);
    CHECK_OK("password", registry_password_set(&w->rg, NULL, SUBJECT_STAFF, staff_id,
                                               S("window number 7"), &ask.act));
    CHECK_OK("totp", registry_totp_set(&w->rg, staff_id, (struct bytes){ 0 }, &ask.act, secret));
    in_ask = (struct staff_signin_ask){ .user = S("clerk.hefei"),
                                        .password = S("window number 7"),
                                        .act = world_act(w, CHANNEL_WEB, PROOF_NONE) };
    CHECK_CODE("one factor", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_TOTP_NEEDED);
    for (size_t i = 0; i < LEN(NO_CODES); i++) {
        in_ask.totp = str_of(NO_CODES[i]);
        CHECK_CODE(NO_CODES[i], registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_CODE_FORM);
    }
    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w->f)), code);
    in_ask.totp = (struct str){ code, TOTP_DIGITS };
    in_ask.password = S("window number 8");
    CHECK_CODE("wrong password", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_WRONG);
    in_ask.password = S("window number 7");
    CHECK_OK("both", registry_signin_staff(&w->rg, &in_ask, &in));
    CHECK_INT("two factors", in.session.proof, PROOF_TWO_FACTORS);
    CHECK_CODE("the same code again", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_REUSED);
    fixture_pass(&w->f, 30 * USEC_PER_SEC);
    in_ask.act = world_act(w, CHANNEL_WEB, PROOF_NONE);
    code[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
    for (int i = 1; i < SECRET_TRIES; i++) /* the used code was a try, too */
        CHECK_CODE("wrong code", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_WRONG);
    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w->f)), code);
    CHECK_CODE("locked", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_LOCKED);
    in_ask.user = S("nobody");
    CHECK_CODE("nobody", registry_signin_staff(&w->rg, &in_ask, &in), SIGNIN_WRONG);

    token = (struct token_ask){ .subject = SUBJECT_STAFF,
                                .subject_id = staff_id,
                                .scopes = SCOPE_BIT(MAY_CARD_VIEW),
                                .proof = PROOF_TWO_FACTORS,
                                .life_usec = USEC_PER_DAY,
                                .act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS) };
    token.act.actor_id = staff_id;
    CHECK_OK("token", registry_token_make(&w->rg, NULL, &token, &in));
    CHECK("hash", token_hash((struct str){ in.token, TOKEN_CHARS }, hash));
    CHECK_OK("found", registry_session_find(w->f.store, hash, fixture_now(&w->f), &session));
    CHECK_OK("may in its region", session_may(&session, MAY_CARD_VIEW, 340104, 0));
    CHECK_CODE("not elsewhere", session_may(&session, MAY_CARD_VIEW, 340202, 0), STAFF_MAY_NOT);
    CHECK_CODE("not beyond its scopes", session_may(&session, MAY_CARD_ISSUE, 340104, 0),
               STAFF_MAY_NOT);
    CHECK_CODE("no scope", (token.scopes = 0, registry_token_make(&w->rg, NULL, &token, &in)),
               SIGNIN_SCOPE);
    CHECK_OK("switched off", registry_staff_disable(&w->rg, staff_id, true, &ask.act));
    CHECK_CODE("its sessions are over",
               registry_session_find(w->f.store, hash, fixture_now(&w->f), &session),
               SIGNIN_NO_TOKEN);
    CHECK("not of the form", !token_hash(S("short"), hash));
}

/* Something that happens to a member between two steps of signing in: at the drawing of the token,
 * when the secrets were compared and the session is not stored yet. */
struct meanwhile {
    struct world *w;
    int64_t staff_id;
    struct grant taken; /* role 0: switched off instead */
    bool done;
};

static void meanwhile_fill(void *arg, void *out, size_t n)
{
    struct meanwhile *m = arg;
    struct act act = world_act(m->w, CHANNEL_WEB, PROOF_TWO_FACTORS);

    if (!m->done && m->taken.role == 0)
        CHECK_OK("switched off", registry_staff_disable(&m->w->rg, m->staff_id, true, &act));
    if (!m->done && m->taken.role != 0)
        CHECK_OK("taken back", registry_staff_ungrant(&m->w->rg, m->staff_id, &m->taken, &act));
    m->done = true;
    m->w->rg.entropy.fill(m->w->rg.entropy.arg, out, n);
}

static int sessions_seen;

static RESULT session_seen(void *arg, const struct signin_session *session)
{
    sessions_seen += session->subject == SUBJECT_STAFF && session->subject_id == *(int64_t *)arg;
    return OK;
}

static void staff_meanwhile(struct world *w)
{
    const struct grant supervisor = { ROLE_SUPERVISOR, 340100, 0 };
    struct staff_ask ask = { .user = S("meanwhile"),
                             .name = S("王试验"),
                             .grants = { { ROLE_CLERK, 340100, 0 }, supervisor },
                             .grants_n = 2,
                             .act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS) };
    struct staff_signin_ask in_ask = { .user = ask.user, .password = S("window number 7") };
    struct meanwhile taken = { .w = w, .taken = supervisor }, off = { .w = w }, token_off;
    struct registry rg = w->rg;
    struct token_ask token = { .subject = SUBJECT_STAFF,
                               .scopes = SCOPE_BIT(MAY_CARD_VIEW),
                               .life_usec = USEC_PER_DAY,
                               .act = ask.act };
    uint8_t secret[TOTP_SECRET_BYTES];
    char code[TOTP_DIGITS];
    struct signed_in in;
    int64_t staff_id = 0;

    CHECK_OK("added", registry_staff_add(&w->rg, NULL, &ask, &staff_id));
    CHECK_OK("password", registry_password_set(&w->rg, NULL, SUBJECT_STAFF, staff_id,
                                               in_ask.password, &ask.act));
    CHECK_OK("totp", registry_totp_set(&w->rg, staff_id, (struct bytes){ 0 }, &ask.act, secret));
    taken.staff_id = off.staff_id = token.subject_id = token.act.actor_id = staff_id;
    token_off = off;
    in_ask.totp = (struct str){ code, TOTP_DIGITS };

    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w->f)), code);
    in_ask.act = world_act(w, CHANNEL_WEB, PROOF_NONE);
    rg.entropy = (struct entropy){ .fill = meanwhile_fill, .arg = &taken };
    CHECK_OK("a role is taken back meanwhile", registry_signin_staff(&rg, &in_ask, &in));
    CHECK("it was", taken.done);
    CHECK_INT("the session has what is left", in.session.grants_n, 1);
    CHECK_INT("which is the clerk's", in.session.grants[0].role, ROLE_CLERK);

    fixture_pass(&w->f, 30 * USEC_PER_SEC);
    totp_code(bytes_of(secret, sizeof secret), totp_step(fixture_now(&w->f)), code);
    in_ask.act = world_act(w, CHANNEL_WEB, PROOF_NONE);
    rg.entropy.arg = &off;
    CHECK_CODE("switched off meanwhile", registry_signin_staff(&rg, &in_ask, &in), STAFF_DISABLED);
    CHECK("it was", off.done);
    CHECK_OK("on again", registry_staff_disable(&w->rg, staff_id, false, &ask.act));
    rg.entropy.arg = &token_off;
    CHECK_CODE("switched off while a token is made", registry_token_make(&rg, NULL, &token, &in),
               STAFF_DISABLED);
    CHECK("it was", token_off.done);
    CHECK_OK("on again", registry_staff_disable(&w->rg, staff_id, false, &ask.act));
    sessions_seen = 0;
    CHECK_OK("no session is left",
             registry_session_each(w->f.store, fixture_now(&w->f), session_seen, &staff_id));
    CHECK_INT("of theirs", sessions_seen, 0);
}

static struct err token_of(struct world *w, enum subject_kind subject, int64_t id, uint64_t scopes)
{
    struct token_ask ask = { .subject = subject,
                             .subject_id = id,
                             .scopes = scopes,
                             .proof = PROOF_TWO_FACTORS,
                             .life_usec = USEC_PER_DAY,
                             .act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS) };
    struct signed_in in;

    ask.act.actor = subject == SUBJECT_STAFF ? ACTOR_STAFF : ACTOR_HOLDER;
    ask.act.actor_id = id;
    return registry_token_make(&w->rg, NULL, &ask, &in);
}

/* Every role: each permission of its own by itself and all together; each other one never, neither
 * alone nor beside its own. */
static void token_scopes(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);

    for (int r = ROLE_RESIDENT; r < ROLES; r++) {
        enum role role = (enum role)r;
        enum subject_kind subject = role == ROLE_RESIDENT ? SUBJECT_PERSON : SUBJECT_STAFF;
        struct staff_ask ask = { .user = str_of(role_name(role)),
                                 .name = S("赵示例"),
                                 .grants = { { .role = role, .region_code = 340100 } },
                                 .grants_n = 1,
                                 .act = world_act(w, CHANNEL_COUNTER, PROOF_TWO_FACTORS) };
        int64_t id = person_id;

        if (role != ROLE_RESIDENT)
            CHECK_OK(role_name(role), registry_staff_add(&w->rg, NULL, &ask, &id));
        for (int p = MAY_SELF_VIEW; p < PERMISSIONS; p++) {
            bool may = role_may(role, (enum permission)p);

            CHECK_CODE(permission_name((enum permission)p), token_of(w, subject, id, SCOPE_BIT(p)),
                       may ? 0 : SIGNIN_SCOPE);
            CHECK_CODE(permission_name((enum permission)p),
                       token_of(w, subject, id, role_scopes(role) | SCOPE_BIT(p)),
                       may ? 0 : SIGNIN_SCOPE);
        }
        CHECK_OK(role_name(role), token_of(w, subject, id, role_scopes(role)));
        CHECK_OK("whatever the roles give", token_of(w, subject, id, SCOPES_ALL));
        CHECK_CODE("a bit that names nothing", token_of(w, subject, id, SCOPE_BIT(PERMISSIONS)),
                   SIGNIN_SCOPE);
    }
}

/* Who makes a token for a member, by what proof, of which scopes. */
static void token_makers(struct world *w)
{
    static const struct {
        const char *title;
        bool own;
        enum proof proof;
        uint64_t scopes;
        int code;
    } rows[] = {
        { "one's own", true, PROOF_TWO_FACTORS, SCOPE_BIT(MAY_PERSON_REVEAL), 0 },
        { "one's own, everything", true, PROOF_TWO_FACTORS, SCOPES_ALL, 0 },
        { "by a token", true, PROOF_ONE_FACTOR, SCOPE_BIT(MAY_PERSON_REVEAL), SIGNIN_ONE_FACTOR },
        { "by a token, no person", true, PROOF_ONE_FACTOR, SCOPE_BIT(MAY_CATALOGUE_VIEW),
          SIGNIN_ONE_FACTOR },
        { "another's, no person", false, PROOF_TWO_FACTORS,
          SCOPE_BIT(MAY_CATALOGUE_VIEW) | SCOPE_BIT(MAY_FIGURES), 0 },
        { "another's", false, PROOF_TWO_FACTORS, SCOPE_BIT(MAY_PERSON_REVEAL), SIGNIN_NOT_OWN },
        { "another's, persons among others", false, PROOF_TWO_FACTORS,
          SCOPE_BIT(MAY_CATALOGUE_VIEW) | SCOPE_BIT(MAY_JOURNAL_VIEW), SIGNIN_NOT_OWN },
        { "another's, everything", false, PROOF_TWO_FACTORS, SCOPES_ALL, SIGNIN_NOT_OWN },
        { "another's, beyond the roles", false, PROOF_TWO_FACTORS, SCOPE_BIT(MAY_SYSTEM),
          SIGNIN_SCOPE },
    };
    struct staff_ask who = { .user = S("token.owner"),
                             .name = S("赵示例"),
                             .grants = { { .role = ROLE_SUPERVISOR, .region_code = 340100 } },
                             .grants_n = 1,
                             .act = world_act(w, CHANNEL_COUNTER, PROOF_TWO_FACTORS) };
    int64_t staff_id = 0;

    CHECK_OK("a supervisor", registry_staff_add(&w->rg, NULL, &who, &staff_id));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct token_ask ask = { .subject = SUBJECT_STAFF,
                                 .subject_id = staff_id,
                                 .scopes = rows[i].scopes,
                                 .proof = PROOF_ONE_FACTOR,
                                 .life_usec = USEC_PER_DAY,
                                 .act = world_act(w, CHANNEL_COUNTER, rows[i].proof) };
        struct signed_in in;

        if (rows[i].own) ask.act.actor_id = staff_id;
        CHECK_CODE(rows[i].title, registry_token_make(&w->rg, NULL, &ask, &in), rows[i].code);
    }
}

static void activation(struct world *w)
{
    char number[ACTIVATION_CHARS], wrong[ACTIVATION_CHARS];
    struct act act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS);
    struct str right = { number, sizeof number };

    CHECK_CODE("none", registry_activation_use(&w->rg, 77, S("0000000000"), &act),
               SIGNIN_NO_SECRET);
    CHECK_OK("made", registry_activation_make(&w->rg, 77, USEC_PER_DAY, &act, number));
    memcpy(wrong, number, sizeof wrong);
    wrong[9] = number[9] == '0' ? '1' : '0';
    CHECK_CODE("form", registry_activation_use(&w->rg, 77, S("12345"), &act), SIGNIN_FORM);
    CHECK_CODE("wrong", registry_activation_use(&w->rg, 77, (struct str){ wrong, 10 }, &act),
               SIGNIN_WRONG);
    CHECK_CODE("another's", registry_activation_use(&w->rg, 78, right, &act), SIGNIN_NO_SECRET);
    CHECK_OK("right", registry_activation_use(&w->rg, 77, right, &act));
    CHECK_CODE("once", registry_activation_use(&w->rg, 77, right, &act), SIGNIN_EXPIRED);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        codes(&w);
        passwords(&w);
        pins(&w);
        staff(&w);
        staff_beside_holders(&w);
        staff_meanwhile(&w);
        token_scopes(&w);
        token_makers(&w);
        activation(&w);
        world_close(&w);
    }
    return test_end();
}
