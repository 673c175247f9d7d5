/* identity/identity.h - prove who (出示、核验): code bundles for phones, paper and short codes, and
 * the three grades of verification.
 *
 *   A  identity_verify         reads the store; the code is used up, the use is in the holder's
 * record, all in one transaction before the answer B  identity_check_fast     yes or no from
 * derived state; no SQL, no allocation, no lock; recorded within a second C identity_verify_offline
 * a pure function of published keys, stop list, code and time, for gates without a network;
 * recorded at upload (venues/)
 *
 * A venue never learns a number: what it gets is a pseudonym of its own (identity_pseudonym).
 * Formats: card/wire/code.h, docs/decisions/0009-code-format.md. */
#pragma once
#include "base/base.h"
#include "card/wire/code.h"
#include "card/wire/stop_list.h"
#include "identity/derived.h"

struct blind_key;
struct keyd;
struct store;
struct once;

/* In the order they are tried. On the wire, so never renumbered. 6001..6099 are card/wire's. */
enum identity_refusal {
    IDENTITY_TEST_CODE = 6101,     /* carries the test mark where only real ones are taken */
    IDENTITY_KEY_UNKNOWN = 6102,   /* kid is no published key, or not of the bundle's day */
    IDENTITY_BUNDLE_FORGED = 6103, /* the issuer's signature is wrong */
    IDENTITY_CODE_FORGED = 6104,   /* the device's signature is wrong */
    IDENTITY_CLOCK_FAST = 6105,   /* shown ahead of time: the phone's clock is fast; skew_minutes */
    IDENTITY_CODE_EXPIRED = 6106, /* older than 60 s: refresh, or the phone's clock is slow */
    IDENTITY_BUNDLE_EXPIRED =
        6107,                     /* the phone must go online once for a new bundle; paper: over */
    IDENTITY_PURPOSE = 6108,      /* made for another purpose (用途不符) */
    IDENTITY_STRENGTH = 6109,     /* too weak for this use: door codes open doors only */
    IDENTITY_ONLINE_ONLY = 6110,  /* money and short codes are never judged offline */
    IDENTITY_LIST_STALE = 6111,   /* the stop list is past its maximum age */
    IDENTITY_CARD_UNKNOWN = 6112, /* no such card, number or alias; newer than the list */
    IDENTITY_CARD_STOPPED = 6113, /* the card's state does not allow it; verdict.card says which */
    IDENTITY_CARD_EPOCH = 6114,   /* the bundle is from before the card's last change */
    IDENTITY_DEVICE_REVOKED = 6115, /* the phone was signed off, replaced or reported lost */
    IDENTITY_PAPER_REVOKED = 6116,  /* the sheet was revoked */
    IDENTITY_CODE_USED = 6117,      /* used before, or a later one was; first_at, first_place */
    IDENTITY_SHORT_WRONG = 6118,    /* no such short code, or it is over */
    IDENTITY_TRIES_OUT = 6119,      /* too many wrong short codes at this terminal; retry_at */
    IDENTITY_DEVICE_UNKNOWN =
        6120,                    /* bundle asked for a device that is not the holder's active one */
    IDENTITY_PAPER_LIMIT = 6121, /* PAPER_LIVE_MAX sheets are out */
    IDENTITY_RECORD_FULL = 6122, /* grade B: the record's queue is full, so no answer is given */
    IDENTITY_CODE_TWICE =
        6123, /* uploads: the same code was taken elsewhere too; first_at, first_place */
};

struct identity;
struct identity_config {
    struct store *store;
    struct keyd *keyd;
    const struct blind_key *blind;
    struct derived *derived;
    struct clock clock;     /* of the record writer and of key refresh only; asks carry `at` */
    struct entropy entropy; /* short codes, aliases, serials */
    bool test_codes;        /* codes with the test mark are taken (test and demo systems) */
    bool inline_recorder;   /* no thread: grade B's record is written by identity_flush; for
                               simulations */
};
/* Read the published keys and start the record writer of grade B. */
RESULT identity_open(const struct identity_config *config, struct identity **out);
void identity_close(struct identity *identity);
/* Turn everything recorded so far into lines of the journal now (tests, drain). */
RESULT identity_flush(struct identity *identity);
/* Answers of grade B that are safe in the store and not yet lines (metrics). */
int64_t identity_waiting(const struct identity *identity);

/* ---- published keys (GET /v1/verification-keys) */

enum verify_use { VERIFY_CODES = 1, VERIFY_STOP_LISTS = 2 };
struct published_key {
    enum verify_use use;
    uint16_t kid; /* the first two bytes of the key's id, big-endian; several keys may share one */
    enum code_suite suite;
    uint8_t public_key[33]; /* compressed */
    struct instant valid_from, valid_to;
    bool test;
};
enum { PUBLISHED_KEYS_MAX = 32 };
struct published_keys {
    struct published_key keys[PUBLISHED_KEYS_MAX];
    size_t n;
};
/* Issuer keys that sign bundles, paper codes and stop lists, retired ones while anything signed
 * under them is still good. */
RESULT identity_keys(struct identity *identity, struct published_keys *out);

/* ---- making codes */

struct bundle_ask {
    int64_t person_id, card_id,
        device_id;         /* device: registry_device_enrol's, its key and strength */
    enum code_suite suite; /* of the issuer's signature; by policy */
    struct instant at;
};
/* A bundle for the holder's active device, good for 24 h from the step of `at`; the same device may
 * ask as often as it likes; nothing is written. Refuses IDENTITY_CARD_UNKNOWN (also: derived state
 * has not heard of it yet), _CARD_STOPPED (in loss: without the holder's consent), _DEVICE_REVOKED,
 * _DEVICE_UNKNOWN. */
RESULT identity_bundle_issue(struct identity *identity, const struct bundle_ask *ask,
                             struct bundle *out);

struct paper_ask {
    int64_t person_id, card_id;
    int64_t actor_id; /* who asked: the holder or the clerk */
    int32_t days;     /* 1..PAPER_DAYS_MAX */
    enum code_suite suite;
    struct instant at;
};
enum { PAPER_LIVE_MAX = 3 }; /* sheets a person may have out at a time */
/* A sheet for people without phones: door strength, revocable. */
RESULT identity_paper_issue(struct identity *identity, const struct once *once,
                            const struct paper_ask *ask, struct paper_code *out);
/* Forget the serials of sheets that ended more than a day ago, and of those that never came to be;
 * at most max; call each hour. */
RESULT identity_papers_sweep(struct store *store, struct instant now, int max, int *done);
/* The sheets a person has out, oldest first; *n of them. */
RESULT identity_papers(struct identity *identity, int64_t person_id, struct instant at,
                       struct paper_code out[PAPER_LIVE_MAX], int *n);
/* OK also when it was revoked before. Refuses IDENTITY_CARD_UNKNOWN when the sheet is not theirs.
 */
RESULT identity_paper_revoke(struct identity *identity, int64_t person_id, uint32_t serial,
                             int64_t actor_id, struct instant at);

struct short_ask {
    int64_t person_id, card_id;
    enum code_strength strength; /* CODE_DOOR or CODE_IDENTITY */
    enum code_purpose purpose;
    struct instant at;
};
#define SHORT_CODE_LIFE_USEC (5 * USEC_PER_MIN)
enum { SHORT_TRIES_MAX = 10 }; /* wrong ones in a row at one terminal; then it waits */
/* A number to read out or type, good for five minutes and one use; `text` is "7K3-QW9-2XD". A new
 * one ends the one before. */
RESULT identity_short_issue(struct identity *identity, const struct short_ask *ask,
                            char text[SHORT_CODE_TEXT + 1]);

/* ---- verdicts */

enum verdict_card { /* why a card cannot be used, in words of domain.md 3.1 */
                    VERDICT_CARD_NONE = 0,
                    VERDICT_CARD_SEALED = 1,    /* 封存: not enabled yet */
                    VERDICT_CARD_TEMP_LOSS = 2, /* 临时挂失 */
                    VERDICT_CARD_LOSS = 3,      /* 正式挂失 */
                    VERDICT_CARD_LOCKED = 4,    /* 锁定 */
                    VERDICT_CARD_STOPPED = 5,   /* 停用 */
                    VERDICT_CARD_REPLACED = 6,  /* 已补换 */
                    VERDICT_CARD_CANCELLED = 7, /* 注销 */
};
struct verdict { /* what a screen shows; filled as far as it got, also when refused */
    enum code_form form;
    enum code_strength strength;
    enum code_purpose purpose;
    enum verdict_card card;
    bool test;
    int64_t skew_minutes; /* > 0 the phone's clock is fast, < 0 slow, 0 fine or unknown */
    uint32_t card_index;
    struct instant first_at; /* with IDENTITY_CODE_USED */
    int64_t first_place_id;  /* where; 0 unknown */
    struct instant retry_at; /* with IDENTITY_TRIES_OUT */
    /* grade A and B only; 0 offline */
    int64_t person_id, card_id, device_id;
    uint8_t pseudonym[16]; /* of the holder at this place: all that a venue may keep */
    uint8_t
        presentation[16]; /* names this showing of the code: the same code again, the same name */
};
/* Words for a screen: zh "该码已使用，请刷新", en "This code was used. Please refresh."
 * NUL-terminated, static; clock words come by verdict_clock_words. code 0 is 通过. */
const char *verdict_words(int code, const struct verdict *verdict, bool english);
/* "手机时间慢了约4分钟…" into w; nothing when skew_minutes is 0. */
void verdict_clock_words(const struct verdict *verdict, bool english, struct writer *w);

struct verify_ask {
    struct str text; /* as scanned or typed */
    enum code_purpose purpose;
    enum code_strength strength;   /* the least that the item takes */
    struct str item;               /* the catalogue's code; at most 32 bytes */
    int64_t place_id, terminal_id; /* for the record; 0 where there is none */
    int64_t staff_id;              /* who checks, when a person of the place does; 0 a machine */
    int32_t region_code;
    struct instant at;          /* the server's time */
    struct instant terminal_at; /* the terminal's claim, kept beside */
    bool simulator;             /* provenance of the record */
};
/* Grade A. The code is used up, and the use or the denial stands in the holder's record, in one
 * transaction (root: the holder) before the answer: of any number of presentations of one code, at
 * once or one after another, also across a crash, exactly one is OK. Denials of authentic codes are
 * kept too (refuse_keep). Forged and unreadable ones leave no trace with any person. Short codes
 * count against the terminal's SHORT_TRIES_MAX before they are looked up. */
RESULT identity_verify(struct identity *identity, const struct verify_ask *ask,
                       struct verdict *verdict);

/* Grade C, afterwards: what a gate decided alone at `ask->at` (its corrected time), looked at again
 * with what the centre knows now; `now` is the centre's time. Uses nothing up and writes nothing:
 * venues_upload keeps the record, where `presentation` shows a code that was used before. A card or
 * device that changed only after `ask->at` is no reproach to the gate. Person and card are filled
 * in for every authentic code, refused or not. */
RESULT identity_verify_later(struct identity *identity, const struct verify_ask *ask,
                             struct instant now, struct verdict *verdict);
/* Then, for a code that the gate let in and identity_verify_later found right (its ask and
 * verdict): it is written down as taken there. Root: the holder. The same line again (place,
 * terminal and `ask->at`) is OK; the same code of another line, or taken online, is refused
 * IDENTITY_CODE_TWICE and stands once. From then on grade A refuses it and the device's earlier
 * ones. Sheets may come again: for them nothing is written. Known for OFFLINE_KEPT_DAYS; an online
 * use is known while no later code of the device was taken. */
RESULT identity_offline_take(struct identity *identity, const struct verify_ask *ask,
                             struct verdict *verdict);
enum { OFFLINE_KEPT_DAYS = 30 };

/* Grade B. A credential's value_hash (of a card number, identification code or e-card alias; made
 * by value_hash of crypto/) → may this card pass a door now? `ecard` says that the e-card was
 * shown. Wait-free, no SQL, no memory of its own. The record is queued, within a tenth of
 * a second safe in the store, and a line of the journal as soon as there is room; with
 * IDENTITY_RECORD_FULL there is no answer. Of `ask` the text is not read. Refuses
 * IDENTITY_CARD_UNKNOWN, _CARD_STOPPED, _RECORD_FULL; IDENTITY_ONLINE_ONLY when the index cannot
 * tell (DERIVED_ASK_STORE): use grade A. */
RESULT identity_check_fast(struct identity *identity, const uint8_t value_hash[32], bool ecard,
                           const struct verify_ask *ask, struct verdict *verdict);

/* What a reader without a network remembers. */
enum { REPLAY_ROWS = 4096 };
struct replay_memory { /* codes of the last minutes, by device key; zeroed at first. One thread. */
    struct {
        uint64_t device;       /* first bytes of the device key's x */
        uint32_t step;         /* last one taken */
        int64_t first_at_usec; /* when */
    } rows[REPLAY_ROWS];
};
struct offline_ask {
    struct str text;
    enum code_purpose purpose;
    enum code_strength strength;
    bool test_codes;
    struct instant at; /* the gate's clock */
};
/* Grade C: pure. Order of tries as in enum identity_refusal. Paper codes too. */
RESULT identity_verify_offline(const struct published_keys *keys, const struct stop_list *list,
                               const struct offline_ask *ask, struct verdict *verdict);
/* Take note of a code judged OK; IDENTITY_CODE_USED with first_at when it, or a later one of the
 * device, was taken here before. Rows older than two minutes make room; paper codes are not
 * remembered (the same sheet may come back), what they open counts once per booking. */
RESULT replay_take(struct replay_memory *memory, struct str text, struct instant at,
                   struct verdict *verdict);

/* Whoever holds published keys can check a stop list: digest, then signature, then its sets.
 * Refuses STOP_LIST_*, IDENTITY_KEY_UNKNOWN, IDENTITY_BUNDLE_FORGED (signature or digest wrong). */
RESULT identity_stop_list_check(const struct published_keys *keys, struct bytes file,
                                bool test_lists, struct stop_list_file *out);

/* ---- stop lists, made from derived state (GET /v1/stop-lists/...) */

enum { STOP_LIST_MAX_AGE_SEC = 24 * 3600 };
/* The newest full list, or what changed after `from_position` (a full one when that is too long ago
 * or of another incarnation): signed bytes, made anew when the sealed position moved. A delta may
 * begin before from_position, so that readers of nearly the same one share it and its signature;
 * whoever asks for what is being made waits for that, and for no other. `*file` is borrowed until
 * identity_stop_list_done(handle). */
struct stop_list_handle;
RESULT identity_stop_list(struct identity *identity, int64_t incarnation, int64_t from_position,
                          struct instant at, struct bytes *file, struct stop_list_handle **handle);
void identity_stop_list_done(struct stop_list_handle *handle);

/* The holder's name at one place: HMAC-SM3 under the blind key of place and person, so two places
 * cannot compare lists. */
void identity_pseudonym(const struct blind_key *blind, int64_t place_id, int64_t person_id,
                        uint8_t out[16]);
