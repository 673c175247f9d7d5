/* crypto/keyd.h - asking the key process. It answers purposes, not primitives: who holds this
 * handle can seal fields, ask for budgeted openings, and have named things signed, and can never
 * get a key (but the one lent, crypto/blind.h). Wire format, budgets and log:
 * docs/protocols/keyd.md; why: docs/decisions/0006-key-process.md and 0007-field-encryption.md.
 *
 * One handle, any number of threads. Two transports behind it: the socket of a running `ykt keyd`,
 * and the same handler in process (crypto/keyd_server.h) for tests and simulations. Every call may
 * be repeated after FAULT_KEYD; a repeated opening counts against its budget again. */
#pragma once
#include "base/base.h"

#include "crypto/blind.h"
#include "crypto/crypto.h"

/* On the wire, never renumbered; in the order they are tried. */
enum keyd_refusal {
    KEYD_MALFORMED = 1550,       /* the frame or a field of it is not as written */
    KEYD_PURPOSE_UNKNOWN = 1551, /* no such purpose, or not one of this call */
    KEYD_NO_SESSION = 1552,      /* session and actor must be named (> 0) */
    KEYD_TICKET_NEEDED = 1553,   /* bulk work without a ticket */
    KEYD_TICKET_BAD = 1554,      /* not signed by two different enrolled officers, or changed */
    KEYD_TICKET_EXPIRED = 1555,  /* outside its time, or longer than TICKET_USEC_MAX */
    KEYD_TICKET_USED_UP = 1556,  /* fewer items are left on it than asked for */
    KEYD_BUDGET_SECOND = 1557,   /* this second's openings for this purpose are used up, or the
                                    actor's share of them: wait */
    KEYD_BUDGET_DAY = 1558,      /* this day's (UTC+8) are */
    KEYD_KEY_UNKNOWN = 1559,     /* no key of that purpose, suite or version */
    KEYD_KEY_DESTROYED = 1560,   /* there was one; what it sealed is gone for good */
    KEYD_SEAL_BROKEN = 1561,     /* damaged, or sealed for another table, column or row */
    KEYD_TOO_LONG = 1562,        /* more items, or a longer value, than a call carries */
    KEYD_LOG_BROKEN = 1563,      /* the log's chain does not hold: keyd_log_verify names the line */
    KEYD_EXISTS = 1564,          /* keys verbs: there is one already */
    KEYD_COMPONENT_BAD = 1565,   /* a component of another ceremony, damaged, or given twice */
    KEYD_CHECK_VALUE = 1566,     /* the components give a key with another check value */
    KEYD_NOT_TEST = 1567,        /* not marked `test` where only test keys may be used */
    KEYD_LOCKED = 1568,          /* another process holds the key folder */
    KEYD_NOT_ROTATABLE = 1569,   /* rows hold hashes made with it, which nothing re-makes yet */
};

struct keyd;

/* The socket of a running keyd; connections are opened as threads need them and again after a loss.
 * Faults FAULT_KEYD when nobody answers. */
RESULT keyd_open(const char *socket_path, struct keyd **out);
/* One inherited end of a socket pair; owns `fd` from then on. Calls then take turns. */
RESULT keyd_attach(int fd, struct keyd **out);
void keyd_close(struct keyd *keyd); /* NULL is left alone; no call may be under way */

/* The one lent key. The lending is in keyd's log before it is answered. */
RESULT keyd_blind_key(struct keyd *keyd, struct blind_key *out);

/* ---- fields at rest: SM4-CTR then CMAC-SM4; table, column, row and key version are authenticated,
 * so a value opens only where it was sealed ---- */
enum { FIELD_PLAIN_MAX = 4096, FIELD_SEAL_MORE = 35, FIELD_ITEMS_MAX = 256, FIELD_NAME_MAX = 64 };
#define FIELD_SEALED_MAX (FIELD_PLAIN_MAX + FIELD_SEAL_MORE)

struct field_item {
    struct str table, column; /* as in the migration; 1..FIELD_NAME_MAX bytes each */
    int64_t row_id;
    struct bytes in; /* seal: the plain value, 0..FIELD_PLAIN_MAX; open: the sealed one */
    uint8_t *out; /* caller's: in.n + FIELD_SEAL_MORE for seal, in.n - FIELD_SEAL_MORE for open */
    size_t size;  /* of out; KEYD_TOO_LONG when it does not fit */
    size_t n;     /* written, only on OK */
};

/* Seal under the newest version. All items or none. n in 1..FIELD_ITEMS_MAX, and together with
 * their names below the frame of 128 KiB (else KEYD_TOO_LONG). Names are [a-z0-9_]. */
RESULT keyd_field_seal(struct keyd *keyd, struct field_item *items, size_t n);
/* One item without the struct: `out` has plain.n + FIELD_SEAL_MORE bytes. */
RESULT keyd_field_seal_one(struct keyd *keyd, struct str table, struct str column, int64_t row_id,
                           struct bytes plain, uint8_t *out, size_t *n);
/* The version a sealed value names (rotation jobs look for old ones); 0 when it is no seal. */
uint16_t field_seal_version(struct bytes sealed);

/* Why something is opened. Budgets are set per purpose in keyd's configuration; the defaults stand
 * in crypto/keyd_server.h. Of some, one actor gets a share only (keyd_actor_share), so that nobody
 * uses up what the others need. */
enum keyd_use {
    KEYD_USE_HOLDER = 1,   /* the holder sees own data */
    KEYD_USE_COUNTER = 2,  /* staff at a window, holder present */
    KEYD_USE_NOTICE = 3,   /* a message is addressed */
    KEYD_USE_DISCLOSE = 4, /* a named field to a relying party under consent */
    KEYD_USE_PAY = 5,      /* a bank file or a bank call needs name and account */
    KEYD_USE_BULK = 6,     /* exports, re-sealing: needs a ticket of two officers */
    KEYD_USE_LOOKUP = 7,   /* keyd_person_lookup only */
    KEYD_USE_NAME_TAG = 8, /* keyd_name_tag only */
    KEYD_USE_TOTP = 9,     /* a staff member's second factor is compared */
    KEYD_USES
};
struct field_use {
    enum keyd_use use;
    int64_t session_id, actor_id; /* row ids, > 0: they stand in keyd's log */
    struct bytes ticket;          /* KEYD_USE_BULK: a signed ticket, else empty */
};
/* Open, all items or none; n items count n against the second's and the day's budget of the use
 * also when one is then found broken. In keyd's log, synced, before the answer. Old versions open
 * until destroyed. */
RESULT keyd_field_open(struct keyd *keyd, const struct field_use *use, struct field_item *items,
                       size_t n);
RESULT keyd_field_open_one(struct keyd *keyd, const struct field_use *use, struct str table,
                           struct str column, int64_t row_id, struct bytes sealed, uint8_t *out,
                           size_t size, size_t *n);

/* ---- names: HMAC-SM3(tag key, person id || normalised name), so equal names don't show ---- */
enum { NAME_TAG_BYTES = 32, NAME_MAX_BYTES = 1024 };
/* Budgeted too (KEYD_USE_NAME_TAG, counted in blocks): who may ask without end could try names. */
RESULT keyd_name_tag(struct keyd *keyd, int64_t person_id, struct str normalised_name,
                     uint8_t out[NAME_TAG_BYTES]);
/* Search by name: which of the candidates carry it? One look-up of the budget per call however many
 * candidates (1..LOOKUP_MAX); use->use is KEYD_USE_LOOKUP. */
enum { LOOKUP_MAX = 1024 };
struct lookup_candidate {
    int64_t person_id;
    uint8_t tag[NAME_TAG_BYTES];
    bool same; /* out */
};
RESULT keyd_person_lookup(struct keyd *keyd, const struct field_use *use,
                          struct str normalised_name, struct lookup_candidate *candidates,
                          size_t n);

/* ---- signatures ---- */
/* Wire numbers; each purpose has a key of its own per suite, so a signature made for one can't be
 * shown as another. */
enum keyd_sign_purpose {
    KEYD_SIGN_FEED_BLOCK = 1,  /* a block of a sealed feed */
    KEYD_SIGN_CODE_BUNDLE = 2, /* a phone's 24 h bundle */
    KEYD_SIGN_STOP_LIST = 3,
    KEYD_SIGN_RECEIPT = 4, /* to a holder or an agency */
    KEYD_SIGN_WEBHOOK = 5, /* outgoing calls of the courier */
    KEYD_SIGN_ANSWER = 6,  /* identity answers to relying parties */
    KEYD_SIGN_LOG = 7,     /* keyd's own log heads; never on request */
    KEYD_SIGN_PURPOSES
};
enum { SIGN_WHAT_MAX = 65536 };
struct signature {
    enum suite suite;
    uint8_t kid[KID_BYTES]; /* which key: look it up in keyd_public_keys */
    uint8_t rs[SIGNATURE_BYTES];
    bool test; /* made by a test key: mark what carries it */
};
/* Sign with the newest valid key of the purpose in the default suite of the policy (P-256 for
 * webhooks, else SM2), or in the suite named. `what` is signed as it is, so outsiders verify with
 * any tool. Logged, and counted: refuses KEYD_BUDGET_SECOND, KEYD_BUDGET_DAY past what a node of
 * this size signs (KEYD_SIGN_BUDGETS). */
RESULT keyd_sign(struct keyd *keyd, enum keyd_sign_purpose purpose, struct bytes what,
                 struct signature *out);
RESULT keyd_sign_suite(struct keyd *keyd, enum keyd_sign_purpose purpose, enum suite suite,
                       struct bytes what, struct signature *out);

enum key_state {
    KEY_ACTIVE = 1,    /* seals and signs */
    KEY_RETIRED = 2,   /* opens and verifies only; for signing keys until valid_to */
    KEY_DESTROYED = 3, /* gone; the row stays, so that it is known what there was */
};
struct public_key {
    uint8_t kid[KID_BYTES];
    enum keyd_sign_purpose purpose;
    enum suite suite;
    uint16_t version;
    uint8_t key[POINT_SHORT];
    struct instant valid_from, valid_to; /* [from, to): accept signatures made inside */
    enum key_state state;
    bool test;
};
/* All there ever were, newest versions first, since an old receipt is verified by an old key; *n of
 * at most `max` (PUBLIC_KEYS_MAX always suffices). After a rotation both versions sign and verify
 * side by side until the old one's valid_to; rotating ahead (crypto/keys.h) publishes a key before
 * it is used. */
enum { PUBLIC_KEYS_MAX = 128 };
RESULT keyd_public_keys(struct keyd *keyd, struct public_key *out, size_t max, size_t *n);

/* ---- what it says of itself ---- */
struct keyd_used {
    int64_t second_used, second_max, day_used, day_max;
};
struct keyd_status {
    bool test;          /* any test key */
    struct instant now; /* its clock */
    int64_t log_line;   /* lines written so far today */
    uint8_t log_head[HASH_BYTES];
    struct keyd_used budgets[KEYD_USES];          /* openings, by enum keyd_use */
    struct keyd_used signing[KEYD_SIGN_PURPOSES]; /* signatures, by enum keyd_sign_purpose */
};
RESULT keyd_status(struct keyd *keyd, struct keyd_status *out);

/* ---- tickets for bulk work ---- */
#define TICKET_USEC_MAX USEC_PER_DAY
enum {
    TICKET_BODY_BYTES = 81,
    TICKET_BYTES = TICKET_BODY_BYTES + 2 * (KID_BYTES + SIGNATURE_BYTES)
};
struct ticket {
    uint8_t id[16]; /* random */
    int64_t items;  /* how many openings it is good for */
    struct instant valid_from, valid_to;
    uint8_t reason[HASH_BYTES]; /* SM3 of the request that the officers read */
};
/* The bytes each officer signs (SM2 or P-256, with the key enrolled by keys_officer_add). */
void ticket_body(const struct ticket *ticket, uint8_t out[TICKET_BODY_BYTES]);
/* Body and two signatures, as keyd wants it. */
void ticket_write(const struct ticket *ticket, const struct signature officers[2],
                  uint8_t out[TICKET_BYTES]);
