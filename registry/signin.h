/* registry/signin.h - every secret somebody could guess, and the sessions that come of guessing
 * right.
 *
 * A try is reserved - counted and synced - before the secret is compared, so a cut, a crash or 64
 * parallel tries gain nothing: past the limit nothing is compared any more. Locks grow: each one
 * lasts twice as long as the last, up to a day; one-time secrets die instead. Argon2 runs outside
 * every transaction. Signing in costs the same whether somebody has that number or name, has such a
 * secret, is locked, or is merely wrong; api/ tells them all as SIGNIN_WRONG.
 *
 * Tokens are 256 random bits (43 characters of base64url), kept only as SM3 hash, and looked up in
 * memory: the table is loaded at start and kept fresh by the calls here. A session's root is its
 * subject (person), or NODE_ID. */
#pragma once
#include "base/base.h"
#include "registry/registry.h"
#include "registry/staff.h"

enum signin_refusal {                     /* in the order they are tried */
                      SIGNIN_FORM = 3300, /* no such form of name, number or code */
                      SIGNIN_WAIT =
                          3301, /* a code was sent less than a minute ago, or too many today */
                      SIGNIN_NO_SECRET = 3302, /* none is set */
                      SIGNIN_LOCKED = 3303,    /* too many tries: wait, or (PIN) see a window */
                      SIGNIN_EXPIRED = 3304,   /* the code is too old; ask for another */
                      SIGNIN_WRONG = 3305,     /* not the secret, or nobody has that name */
                      SIGNIN_WEAK =
                          3306, /* new secret refused: too short, repeated, in the number */
                      SIGNIN_TOTP_NEEDED = 3307, /* password right, second factor missing (staff) */
                      SIGNIN_REUSED = 3308,      /* this TOTP step was used already */
                      SIGNIN_NO_TOKEN = 3309,    /* unknown, ended or expired token */
                      SIGNIN_SCOPE = 3310,       /* scopes asked for exceed what may be given */
                      SIGNIN_NOT_OWN = 3311,     /* only the member may make such a token */
                      SIGNIN_ONE_FACTOR = 3312,  /* not from a session of two factors */
                      SIGNIN_TOLD = 3313,        /* made before under this key, and told then */
                      SIGNIN_CODE_FORM = 3314,   /* a one-time code that is not six digits */
};

/* ---- guessable secrets */

enum secret_kind {
    SECRET_PASSWORD = 1, /* 5 tries, then 1 min, 2, 4 ... 24 h */
    SECRET_CODE = 2, /* SMS one-time code: 6 digits, 5 min, 5 tries, then dead; next code waits */
    SECRET_TOTP = 3, /* 5 tries, growing */
    SECRET_PIN = 4,  /* social PIN of a card: pin.social.max_wrong tries, then locked until reset */
    SECRET_ACTIVATION =
        5, /* activation number of an account or device: 10 characters, 5 tries, then dead */
    SECRET_KINDS = 6,
};
enum { SECRET_TRIES = 5, PASSWORD_MIN = 8, PASSWORD_MAX = 128, CODE_DIGITS = 6 };
#define CODE_LIFE_USEC (5 * USEC_PER_MIN)
#define CODE_PAUSE_USEC (60 * USEC_PER_SEC)
enum { CODES_A_DAY = 10 };
#define LOCK_FIRST_USEC USEC_PER_MIN
#define LOCK_LONGEST_USEC USEC_PER_DAY

/* ---- sessions */

enum subject_kind { SUBJECT_PERSON = 1, SUBJECT_STAFF = 2 };
enum session_state { SESSION_LIVE = 1, SESSION_ENDED = 2 };
enum {
    TOKEN_CHARS = 43,          /* base64url of 256 bits: people, staff, programs */
    TOKEN_CHARS_TERMINAL = 64, /* hexadecimal: what venues/ gives a gate */
};
struct signin_session {
    int64_t id, subject_id; /* person or staff */
    uint8_t token_hash[32];
    enum subject_kind subject;
    int64_t person_id; /* the holder; of staff 0 unless linked */
    int64_t org_id;
    struct grant grants[GRANTS_MAX];
    int grants_n;
    uint64_t scopes;  /* SCOPE_BIT(permission); SCOPES_ALL for people */
    enum proof proof; /* how the subject signed in */
    bool api;         /* a bearer token made for programs, not a cookie */
    struct instant created_at, expires_at;
};
#define SESSION_PERSON_USEC (12 * USEC_PER_HOUR)
#define SESSION_STAFF_USEC (10 * USEC_PER_HOUR)

struct signed_in {
    char token[TOKEN_CHARS]; /* told once, never kept */
    struct signin_session session;
};

/* The hash a token is kept under: SM3. False when it is not of the form. */
bool token_hash(struct str token, uint8_t out[32]);
/* By the hash of the token. refuses SIGNIN_NO_TOKEN, also for staff who are switched off */
RESULT registry_session_find(struct store *store, const uint8_t hash[32], struct instant at,
                             struct signin_session *out);
/* Every live session, for filling a table in memory at start; visit refusing stops. */
typedef struct err session_visit(void *arg, const struct signin_session *session);
RESULT registry_session_each(struct store *store, struct instant at, session_visit *visit,
                             void *arg);
/* Does the session allow this, there? Residents: permission in the role table; whose person it is,
 * is the caller's check. refuses STAFF_MAY_NOT */
RESULT session_may(const struct signin_session *session, enum permission permission,
                   int32_t region_code, int64_t org_id);

/* What the session may at all: its scopes as far as some role of it gives them. */
uint64_t session_scopes(const struct signin_session *session);

/* ---- residents */

struct code_ask {
    enum document_kind document; /* 0: guessed */
    struct str country, number;  /* person number, or a 9-character card number */
    struct str name;             /* second fact where a number is shared */
    struct act act;
};
/* Send a one-time code to the phone on record, by notice. Whether the number is known is not told:
 * an unknown one, and a person without a phone, end OK with sent=false inside; nothing is sent, and
 * what it costs is the same: a code drawn and sealed, one synced write.
 * refuses NUMBER_*, SIGNIN_WAIT, SIGNIN_LOCKED */
struct code_sent {
    bool sent;
    struct instant expires_at;
};
RESULT registry_signin_code_send(const struct registry *rg, const struct code_ask *ask,
                                 struct code_sent *out);
/* Sign in by code, by password, or by both (PROOF_TWO_FACTORS). An empty text is a factor not
 * given. refuses NUMBER_*, SIGNIN_FORM, SIGNIN_CODE_FORM, SIGNIN_LOCKED, SIGNIN_EXPIRED,
 * SIGNIN_WRONG, REGISTRY_PERSON_DEAD */
struct person_signin_ask {
    enum document_kind document;
    struct str country, number, name;
    struct str code, password;
    bool api; /* the token goes into the answer's body: a bearer token, not a cookie */
    struct act act;
};
RESULT registry_signin_person(const struct registry *rg, const struct person_signin_ask *ask,
                              struct signed_in *out);
/* refuses SIGNIN_WEAK: under PASSWORD_MIN characters, one character repeated, only digits below 10,
 * part of the own number or phone. SIGNIN_TOLD: under this key (once: under the subject) one was
 * set before; nothing is done. Ends the person's other sessions. */
RESULT registry_password_set(const struct registry *rg, const struct once *once,
                             enum subject_kind subject, int64_t subject_id, struct str password,
                             const struct act *act);

/* ---- staff: password and TOTP (RFC 6238: SHA-1 as authenticator apps have it, 30 s, 6 digits, one
 * step either way, each step once) */

/* Make (or set, when given 20 bytes) and seal the secret; comes out once, for the authenticator
 * app. */
RESULT registry_totp_set(const struct registry *rg, int64_t staff_id, struct bytes given,
                         const struct act *act, uint8_t out[TOTP_SECRET_BYTES]);
struct staff_signin_ask {
    struct str user, password, totp;
    bool api; /* as of people */
    struct act act;
};
/* refuses SIGNIN_FORM, SIGNIN_CODE_FORM, SIGNIN_LOCKED, SIGNIN_WRONG (also: unknown user, in the
 * same time), SIGNIN_TOTP_NEEDED, SIGNIN_REUSED, STAFF_DISABLED. Whether the account is on, and
 * what it may, is read in the transaction that opens the session. */
RESULT registry_signin_staff(const struct registry *rg, const struct staff_signin_ask *ask,
                             struct signed_in *out);

/* ---- tokens */

/* A bearer token for a program (once: under the subject): within what the subject's roles give.
 * Life at most TOKEN_LIFE_MAX. Members of staff make their own, in a session of two factors
 * (act.proof); one that another member makes for them reaches no person's record: SCOPES_IMPERSONAL
 * at most. The line in the journal names the member whose it is and their region. refuses
 * SIGNIN_TOLD (a repeat under the key: the token is kept as a hash and can't be told again;
 * out->session.id is the first one's), SIGNIN_SCOPE (also: no scope, no life), SIGNIN_NOT_OWN,
 * SIGNIN_ONE_FACTOR, STAFF_UNKNOWN, STAFF_DISABLED, REGISTRY_PERSON_UNKNOWN, REGISTRY_PERSON_DEAD
 */
#define TOKEN_LIFE_MAX_USEC (366 * USEC_PER_DAY)
struct token_ask {
    enum subject_kind subject;
    int64_t subject_id;
    uint64_t scopes; /* SCOPES_ALL: whatever the roles give, told by the grants */
    enum proof proof;
    int64_t life_usec;
    bool cookie; /* for a browser after all */
    struct act act;
};
RESULT registry_token_make(const struct registry *rg, const struct once *once,
                           const struct token_ask *ask, struct signed_in *out);
/* Live bearer tokens of a subject, newest first, those before `before` (0: from the newest), at
 * most `limit` in 1..TOKENS_PAGE_MAX. */
enum { TOKENS_PAGE_MAX = 200 };
struct token_page {
    struct signin_session *tokens; /* without grants */
    int n;
    bool more;
};
RESULT registry_tokens(struct store *store, enum subject_kind subject, int64_t subject_id,
                       struct instant at, int64_t before, int limit, struct arena *arena,
                       struct token_page *out);
/* Take one of them back; `out` names it, for whoever keeps sessions in memory. refuses
 * SIGNIN_NO_TOKEN: none of theirs, or over. */
RESULT registry_token_end(const struct registry *rg, enum subject_kind subject, int64_t subject_id,
                          int64_t token_id, const struct act *act, struct signin_session *out);
/* End one session, or all of a subject. Ending twice is OK. */
RESULT registry_session_end(const struct registry *rg, const struct signin_session *session,
                            struct instant at);
RESULT registry_sessions_end(const struct registry *rg, enum subject_kind subject,
                             int64_t subject_id, struct instant at);
/* Forget sessions past their time, in the store and in memory; for the job runner. */
RESULT registry_sessions_sweep(const struct registry *rg, struct instant at, int64_t *swept);

/* ---- activation numbers: for enrolling what has no person at hand (a gate, a paper code) */
enum { ACTIVATION_CHARS = 10 };
RESULT registry_activation_make(const struct registry *rg, int64_t owner_id, int64_t life_usec,
                                const struct act *act, char out[ACTIVATION_CHARS]);
/* Right once. refuses SIGNIN_NO_SECRET, SIGNIN_LOCKED, SIGNIN_EXPIRED, SIGNIN_WRONG */
RESULT registry_activation_use(const struct registry *rg, int64_t owner_id, struct str number,
                               const struct act *act);
