/* registry/card.h - a card and its three life cycles: social function (社保功能), bank function
 * (金融功能) and transit purse (交通账户) side by side on one row, the e-card (电子社保卡) beside
 * them. spec/domain.md 3.1.
 *
 * The row is the one place that says whether a card lives. Each move is a line of a table; what is
 * not in the table is refused. One function applies moves, appends the history, raises the epoch
 * when gates must hear, and puts the same card_state bytes on FEED_CARD and into txn_note, all in
 * one transaction; the stop list and the derived state are built from nothing else. */
#pragma once
#include "base/base.h"
#include "registry/registry.h"

enum card_refusal { /* in the order they are tried */
                    REGISTRY_CARD_UNKNOWN =
                        3100, /* no card has that number or id, or it is another person's */
                    REGISTRY_CREDENTIAL_TAKEN =
                        3101, /* the number already belongs to another card or person */
                    REGISTRY_CARD_EXISTS = 3102, /* one live card per person and issuing province */
                    REGISTRY_GENERATION =
                        3103, /* neither 2 nor 3, or gen-2 where gen-3 has begun */
                    REGISTRY_CARD_REPLACED =
                        3104, /* a newer card exists: nothing moves this one any more */
                    REGISTRY_CARD_CANCELLED = 3105, /* cancelled: nothing moves it any more */
                    REGISTRY_NOT_LOST = 3106,       /* lift: no report is in effect */
                    REGISTRY_ALREADY_LOST =
                        3107, /* a report of the same or a stronger kind is in effect */
                    REGISTRY_TEMPORARY_ONLY =
                        3108, /* this channel or actor takes temporary reports only */
                    REGISTRY_PROOF_WEAK = 3109, /* lifting needs a stronger proof than the report;
                                                   formal needs papers */
                    REGISTRY_NOT_REVOCABLE =
                        3110, /* a formal report can't be undone here (loss.formal.revocable) */
                    REGISTRY_MOVE_REFUSED = 3111, /* the table has no such move from this state */
                    REGISTRY_BANK_STOPPED = 3112, /* bank function can't be activated while the card
                                                     is lost or stopped */
                    REGISTRY_ECARD_NONE = 3113,   /* the card has no e-card to switch */
                    REGISTRY_NOT_HOLDER = 3114,   /* only the holder himself may consent */
                    REGISTRY_CARD_CHANGED =
                        3115, /* the epoch is not the expected one: look again */
                    REGISTRY_CONSENT_LATE =
                        3116, /* consent to the e-card is asked in temporary loss only */
};

/* Stored and on the wire; never renumbered. 0 is none. */
enum social_state {
    SOCIAL_APPLIED = 1,        /* 已申领 */
    SOCIAL_IN_PRODUCTION = 2,  /* 制卡中 */
    SOCIAL_WAITING = 3,        /* 待领 */
    SOCIAL_SEALED = 4,         /* 封存 */
    SOCIAL_NORMAL = 5,         /* 正常 */
    SOCIAL_TEMPORARY_LOSS = 6, /* 临时挂失 */
    SOCIAL_FORMAL_LOSS = 7,    /* 正式挂失 */
    SOCIAL_LOCKED = 8,         /* 锁定 */
    SOCIAL_STOPPED = 9,        /* 停用 */
    SOCIAL_EXPIRED = 10,       /* 到期; the social function goes on */
    SOCIAL_REPLACED = 11,      /* 已补换 */
    SOCIAL_CANCELLED = 12,     /* 注销 */
    SOCIAL_STATES = 13,
};
enum bank_state {
    BANK_NOT_ACTIVATED = 1,
    BANK_NORMAL = 2,
    BANK_LOSS = 3,
    BANK_FROZEN = 4,
    BANK_DORMANT = 5,
    BANK_CLOSED = 6,
    BANK_STATES = 7,
};
enum purse_state {
    PURSE_NOT_ENABLED = 1,
    PURSE_ENABLED = 2,
    PURSE_BLACKLISTED = 3,
    PURSE_CLOSED = 4,
    PURSE_STATES = 5,
};
enum ecard_state {
    ECARD_NONE = 0, /* not signed */
    ECARD_ON = 1,
    ECARD_SUSPENDED = 2, /* by a loss report; the holder's consent switches it on again */
    ECARD_ENDED = 3,
};

enum social_event {
    SOCIAL_PRODUCE = 1,   /* data sent to the maker */
    SOCIAL_ARRIVE = 2,    /* the card is at the counter */
    SOCIAL_HAND_OVER = 3, /* handed out, not enabled */
    SOCIAL_ENABLE = 4,    /* 启用 */
    SOCIAL_LOSE = 5,      /* temporary report */
    SOCIAL_LOSE_FORMAL = 6,
    SOCIAL_LIFT = 7,  /* 解挂: back to what it was before the report */
    SOCIAL_LAPSE = 8, /* a temporary report ran out */
    SOCIAL_LOCK = 9,  /* PIN tried too often */
    SOCIAL_UNLOCK = 10,
    SOCIAL_STOP = 11, /* administrative */
    SOCIAL_RESUME = 12,
    SOCIAL_EXPIRE = 13,
    SOCIAL_REPLACE = 14, /* a newer card exists */
    SOCIAL_CANCEL = 15,
    SOCIAL_EVENTS = 16,
};
enum bank_event {
    BANK_ACTIVATE = 1,
    BANK_LOSE = 2,
    BANK_LIFT = 3,
    BANK_FREEZE = 4,
    BANK_UNFREEZE = 5,
    BANK_SLEEP = 6,
    BANK_WAKE = 7,
    BANK_CLOSE = 8,
    BANK_EVENTS = 9,
};
enum ecard_event {
    ECARD_FOLLOW = 0, /* the card's own change took it along */
    ECARD_CONSENT = 1,
    ECARD_WITHDRAW = 2,
};
enum purse_event {
    PURSE_ENABLE = 1,
    PURSE_BLACKLIST = 2,
    PURSE_UNLIST = 3,
    PURSE_CLOSE = 4,
    PURSE_EVENTS = 5,
};

struct card {
    int64_t id, person_id;
    int generation;                          /* 2 or 3 */
    int32_t region_code, province_code;      /* issuing */
    enum social_state social, social_before; /* before: while lost, what a lift returns to */
    enum bank_state bank, bank_before;
    enum purse_state purse;
    enum ecard_state ecard;
    bool ecard_consent; /* on again in loss by the holder's own consent */
    bool enabled;       /* the social function was enabled once */
    enum provenance provenance;
    int64_t epoch;   /* 1.., raised at each change that gates must hear */
    int64_t loss_id; /* the report in effect; 0: none */
    int64_t replaces_id, replaced_by_id;
    struct date issued, valid_until; /* year 0: none */
    struct instant changed_at;
    int64_t change_id; /* of what a call here gives back: its first line of history; else 0 */
    char tail[5];      /* last four characters of the card number, for masks */
    /* as credentials have them: card number, identification code, e-card alias (zero: none) */
    uint8_t no_hash[32], ident_hash[32], alias_hash[32];
};

/* May it be used? One answer for everybody. */
static inline bool social_usable(enum social_state s)
{
    return s == SOCIAL_NORMAL || s == SOCIAL_EXPIRED;
}
/* The e-card works: the card lives and the e-card is on (in loss: by consent). */
bool ecard_usable(const struct card *card);

/* Pure: the state after an event. `before` is where LIFT, LAPSE and RESUME return to; `enabled`
 * tells RESUME and UNLOCK apart from sealed. refuses REGISTRY_CARD_REPLACED,
 * REGISTRY_CARD_CANCELLED, REGISTRY_MOVE_REFUSED */
RESULT social_move(enum social_state from, enum social_event event, enum social_state before,
                   enum social_state *to);
RESULT bank_move(enum bank_state from, enum bank_event event, enum bank_state before,
                 enum bank_state *to);
RESULT purse_move(enum purse_state from, enum purse_event event, enum purse_state *to);
const char *
social_state_name(enum social_state s); /* "temporary_loss": as in JSON and the interface texts */
const char *bank_state_name(enum bank_state s);
const char *purse_state_name(enum purse_state s);
const char *ecard_state_name(enum ecard_state s);

/* ---- what feeds and notes carry */

enum note_kind { NOTE_CARD = 'C', NOTE_DEVICE = 'D' }; /* first byte of a feed payload or note */
struct card_state {
    int64_t card_id, person_id, epoch;
    int32_t region_code;
    uint8_t generation, social, bank, purse, ecard; /* the enums above */
    bool ecard_consent, ecard_usable, social_usable;
    uint8_t provenance;
    struct instant at;
    uint8_t no_hash[32], ident_hash[32], alias_hash[32]; /* alias: zero when none */
};
/* Layout, big-endian: 'C', version 1, card_id 8, person_id 8, epoch 8, at 8, region 4, generation
 * 1, social 1, bank 1, purse 1, ecard 1, flags 1 (1 consent, 2 e-card usable, 4 social usable),
 * provenance 1, no_hash 32, ident_hash 32, alias_hash 32. What a card's credentials
 * are stands here whole, so that an index by value_hash follows the feed and nothing else. */
enum { CARD_STATE_BYTES = 141 };
void card_state_of(const struct card *card, struct instant at, struct card_state *out);
void card_state_write(const struct card_state *state, uint8_t out[CARD_STATE_BYTES]);
/* False when it is something else (another note), short, long or of another version. */
bool card_state_parse(struct bytes bytes, struct card_state *out);

/* ---- reading */

/* refuses REGISTRY_CARD_UNKNOWN. A card is always asked for with its person: that is the root. */
RESULT registry_card_load(struct store *store, int64_t person_id, int64_t card_id,
                          struct card *out);
RESULT registry_card_in(struct txn *tx, int64_t person_id, int64_t card_id, struct card *out);
/* The live card of a person in a province (0: any); *found false when none. */
RESULT registry_card_live(struct store *store, int64_t person_id, int32_t province_code,
                          struct card *out, bool *found);
RESULT registry_card_live_in(struct txn *tx, int64_t person_id, int32_t province_code,
                             struct card *out, bool *found);
/* All of a person's cards, newest first. */
enum { CARDS_MAX = 16 };
RESULT registry_cards_of(struct store *store, int64_t person_id, struct card out[CARDS_MAX],
                         int *n);
/* The person of a card id, for addresses that name only the card. refuses REGISTRY_CARD_UNKNOWN */
RESULT registry_card_person(struct store *store, int64_t card_id, int64_t *person_id);
/* Every card, by person, for building derived state; visit refusing stops. */
typedef struct err card_visit(void *arg, const struct card *card);
RESULT registry_card_each(struct store *store, card_visit *visit, void *arg);
/* Number and identification code, opened for a purpose (keyd's budgets). */
struct card_private {
    struct card_no no;
    struct card_ident ident;
};
RESULT registry_card_open(const struct registry *rg, const struct field_use *use, int64_t person_id,
                          int64_t card_id, struct card_private *out);

enum card_function {
    FUNCTION_SOCIAL = 1,
    FUNCTION_BANK = 2,
    FUNCTION_PURSE = 3,
    FUNCTION_ECARD = 4
};
struct card_change { /* one line of history */
    int64_t id, card_id;
    enum card_function function;
    int event, from, to; /* of that function's enums; event 0: first state, e-card: ECARD_FOLLOW */
    int64_t epoch;
    struct instant at;
    enum journal_actor actor;
    int64_t actor_id;
    enum channel channel;
    int64_t loss_id;
};
enum { CHANGES_MAX = 100 };
/* Newest first, at most CHANGES_MAX, of one card. */
RESULT registry_card_changes(struct store *store, int64_t person_id, int64_t card_id,
                             struct card_change out[CHANGES_MAX], int *n);
/* One line of it by id: an act's number. refuses REGISTRY_CARD_UNKNOWN when the card has none such
 */
RESULT registry_card_change_load(struct store *store, int64_t person_id, int64_t card_id,
                                 int64_t change_id, struct card_change *out);

/* ---- issuing (F07-F14) */

struct card_issue_ask {
    int64_t person_id;
    int generation;                  /* 2 or 3 */
    int32_t region_code;             /* issuing */
    struct str card_no;              /* empty: made by us */
    struct str card_ident;           /* empty: made from region and random chip serial */
    struct date issued, valid_until; /* year 0: the day of the act, none */
    bool instant;                    /* handed over in this visit: starts SEALED; else APPLIED */
    bool ecard;                      /* sign the e-card too (gen-3 application does) */
    struct act act;
};
struct card_made {
    int64_t card_id, epoch;
    struct card_no no;
    struct card_ident ident;
};
/* A repeat under the same `once` gives the first card back (with no/ident empty, since they are
 * sealed). refuses REGISTRY_PERSON_UNKNOWN, PERSON_DEAD, PERSON_MERGED, NUMBER_*,
 * REGISTRY_REGION_FORM, REGISTRY_GENERATION, REGISTRY_CARD_EXISTS, REGISTRY_CREDENTIAL_TAKEN */
RESULT registry_card_issue(const struct registry *rg, const struct once *once,
                           const struct card_issue_ask *ask, struct card_made *made);

/* One plain event on one function: PRODUCE, ARRIVE, HAND_OVER, ENABLE, LOCK, UNLOCK, STOP, RESUME,
 * EXPIRE; bank ACTIVATE, FREEZE ...; purse ENABLE, CLOSE. Losing, lifting, replacing, cancelling
 * have calls of their own and are refused here with REGISTRY_MOVE_REFUSED. refuses
 * REGISTRY_CARD_UNKNOWN, _REPLACED, _CANCELLED, _CHANGED, _MOVE_REFUSED, REGISTRY_BANK_STOPPED */
struct card_event_ask {
    int64_t person_id, card_id;
    enum card_function function; /* not FUNCTION_ECARD */
    int event;
    int64_t expect_epoch; /* 0: any */
    struct act act;
};
RESULT registry_card_event(const struct registry *rg, const struct once *once,
                           const struct card_event_ask *ask, struct card *after);
/* Enable the social function and, when asked, activate the bank function in one sitting. */
RESULT registry_card_activate(const struct registry *rg, const struct once *once, int64_t person_id,
                              int64_t card_id, bool social, bool bank, const struct act *act,
                              struct card *after);

/* ---- loss (F15, F16) */

enum loss_kind { LOSS_TEMPORARY = 1, LOSS_FORMAL = 2 };
enum loss_reason { LOSS_LOST = 1, LOSS_STOLEN = 2, LOSS_OTHER = 3 };
enum loss_state { LOSS_EFFECTIVE = 1, LOSS_LIFTED = 2, LOSS_LAPSED = 3, LOSS_SUPERSEDED = 4 };
struct loss {
    int64_t id, person_id, card_id;
    enum loss_kind kind;
    enum loss_reason reason;
    enum loss_state state;
    enum channel channel;
    enum journal_actor actor;
    int64_t actor_id;
    enum proof proof;
    struct instant effective_at, expires_at, warned_at, ended_at; /* 0: none */
};
struct loss_ask {
    int64_t person_id, card_id;
    enum loss_kind kind;
    enum loss_reason reason;
    struct act act; /* CHANNEL_PHONE and proofs below PAPERS take temporary reports only */
};
struct loss_made {
    int64_t loss_id, epoch;
    struct instant effective_at, expires_at; /* expires 0: formal */
};
/* Stops card, purse, bank function and e-card at once. A formal report supersedes a temporary one.
 * Durable, on the feed and told to config.committed before it returns. A repeat under `once` gives
 * the first report. refuses  REGISTRY_CARD_UNKNOWN, _REPLACED, _CANCELLED, _ALREADY_LOST,
 * _TEMPORARY_ONLY, _MOVE_REFUSED period   loss.oral.days of the issuing region at act.at, 7 when no
 * row has a value */
RESULT registry_card_lose(const struct registry *rg, const struct once *once,
                          const struct loss_ask *ask, struct loss_made *made);
/* When a temporary report made then in that region ends by itself. */
struct instant registry_loss_end(const struct registry *rg, int32_t region_code,
                                 struct instant effective_at);
/* The same as part of a larger transaction (root: the person). `rg` is asked for the end of a
 * temporary report only. */
RESULT registry_card_lose_in(struct txn *tx, const struct registry *rg, const struct loss_ask *ask,
                             struct loss_made *made);
/* Found again. Needs act.proof > the report's proof.
 * refuses REGISTRY_CARD_UNKNOWN, _REPLACED, _CANCELLED, _NOT_LOST, _NOT_REVOCABLE, _PROOF_WEAK */
RESULT registry_card_unlose(const struct registry *rg, const struct once *once, int64_t person_id,
                            int64_t card_id, const struct act *act, struct card *after);
/* The holder, signed in, switches the e-card on again while the card is lost; recorded as consent.
 * refuses REGISTRY_CARD_UNKNOWN, _REPLACED, _CANCELLED, _NOT_LOST, REGISTRY_PROOF_WEAK,
 * _ECARD_NONE, _NOT_HOLDER */
RESULT registry_ecard_consent(const struct registry *rg, const struct once *once, int64_t person_id,
                              int64_t card_id, const struct act *act, struct card *after);
/* The holder takes that consent back: the e-card stops with the card again. OK when none is given.
 * refuses REGISTRY_CARD_UNKNOWN, _REPLACED, _CANCELLED, _NOT_LOST, REGISTRY_PROOF_WEAK,
 * _NOT_HOLDER */
RESULT registry_ecard_withdraw(const struct registry *rg, const struct once *once,
                               int64_t person_id, int64_t card_id, const struct act *act,
                               struct card *after);
RESULT registry_loss_load(struct store *store, int64_t person_id, int64_t loss_id,
                          struct loss *out);
/* Reports of a person, newest first, at most LOSSES_MAX. */
enum { LOSSES_MAX = 50 };
RESULT registry_losses_of(struct store *store, int64_t person_id, struct loss out[LOSSES_MAX],
                          int *n);
/* Temporary reports near their end: warn by notice LOSS_WARN before it, lapse after it, never
 * unwarned (a report the sweep meets unwarned after its end is prolonged by LOSS_WARN and warned
 * first). What lapsing does: parameter loss.oral.lapse, "formal" or "reopen" (default). Run again
 * at any time. A report that fails stops no other; its end is returned when all were tried. */
#define LOSS_WARN_USEC (24 * USEC_PER_HOUR)
struct loss_swept {
    int64_t warned, prolonged, reopened, formal;
};
RESULT registry_loss_sweep(const struct registry *rg, struct instant at, struct loss_swept *out);

/* ---- replace, cancel, expire (F10, F11, F14) */

enum replace_reason {
    REPLACE_LOST = 1,
    REPLACE_DAMAGED = 2,
    REPLACE_WRONG_DATA = 3,
    REPLACE_EXPIRED = 4,
    REPLACE_UPGRADE = 5,
    REPLACE_BANK = 6
};
struct replace_ask {
    int64_t person_id, old_card_id;
    enum replace_reason reason;
    struct card_issue_ask
        card; /* person_id and act of `card` are not read; region_code 0: the old card's */
    struct act act;
};
struct replace_made {
    struct card_made card;
    int64_t old_card_id, loss_id; /* loss: the report it settles, 0: none */
};
/* The new card takes the old one's place in one transaction: old REPLACED (bank closed, purse
 * closed, e-card ended), new SEALED or APPLIED, e-card goes on with the person's alias, the loss
 * report ends as superseded. What other services move (devices, bundles, patrons) is the list of
 * calls in programs/, run after this by the caller. refuses as registry_card_issue, and
 * REGISTRY_CARD_REPLACED, _CANCELLED, _PROOF_WEAK, _MOVE_REFUSED */
RESULT registry_card_replace(const struct registry *rg, const struct once *once,
                             const struct replace_ask *ask, struct replace_made *made);
enum cancel_reason {
    CANCEL_DEATH = 1,
    CANCEL_EMIGRATION = 2,
    CANCEL_INSURANCE_ENDED = 3,
    CANCEL_SECOND_CARD = 4,
    CANCEL_NOT_COLLECTED = 5,
    CANCEL_OWN_WISH = 6
};
/* refuses REGISTRY_CARD_UNKNOWN, _REPLACED, _CANCELLED */
RESULT registry_card_cancel(const struct registry *rg, const struct once *once, int64_t person_id,
                            int64_t card_id, enum cancel_reason reason, const struct act *act,
                            struct card *after);
/* Cards whose valid_until is past become EXPIRED. Run again at any time; at most `max` per call. */
RESULT registry_expire_sweep(const struct registry *rg, struct instant at, int64_t max,
                             int64_t *expired);

/* The social PIN (社保密码), kept here as argon2id; wrong tries lock the card
 * (pin.social.max_wrong, 6 by default). A try is counted and synced before the PIN is compared.
 * Setting it: a repeat under the key (once: under the person) sets nothing and is OK.
 * refuses REGISTRY_CARD_UNKNOWN; SIGNIN_* of registry/signin.h: SIGNIN_NO_SECRET, SIGNIN_LOCKED,
 * SIGNIN_WRONG */
RESULT registry_pin_set(const struct registry *rg, const struct once *once, int64_t person_id,
                        int64_t card_id, struct str pin, const struct act *act);
RESULT registry_pin_check(const struct registry *rg, int64_t person_id, int64_t card_id,
                          struct str pin, const struct act *act);
