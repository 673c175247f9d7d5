/* registry/registry.h - people, their documents and credentials, their cards and devices, the staff
 * and what it may do, and every secret somebody could guess.
 *
 * Who is who. A person row (root: the person) holds clear birth date, sex and region, and
 * everything that tells a name or a number only as sealed bytes (keyd_field_seal) or keyed tags. A
 * *credential* maps (kind, value_hash) to a person and a card and says nothing else; its root is
 * the first 63 bits of the hash. What is alive and what is not stands in one row, the card's
 * (registry/card.h), and nowhere else.
 *
 * Two roots, one act. A new number is first claimed for the person (or card) id to come, in a
 * transaction of its own; then the person is written; then the claim is settled. Stopped in
 * between, the repeat completes it, and registry_claims_sweep settles or frees what nobody repeats.
 *
 * History is never overwritten: facts, documents, contacts and links carry valid from/to (in the
 * world) and recorded from/to (here); a correction closes one and adds another.
 *
 * Calls on `struct registry` are thread-safe, do their own transactions and block. Calls on `struct
 * txn` are parts of a transaction of the caller's whose root is that person. No clock is read:
 * `act.at` is the instant of the act. Public ids: psn person, crd card, dev device, los loss
 * report, stf staff, org organisation, ses session, rel guardian or helper. */
#pragma once
#include "base/base.h"
#include "crypto/keyd.h"
#include "journal/journal.h"
#include "registry/person_no.h"
#include "store/store.h"

struct catalogue_shelf;

/* What the calls need; filled by programs/ and tests, borrowed, never changed while in use. */
struct registry {
    struct store *store;
    struct keyd *keyd;
    const struct blind_key *blind;       /* the lent key of value_hash */
    const struct catalogue_shelf *shelf; /* dated parameters, places of numbers; NULL: the defaults
                                            named in the headers, every place known */
    struct entropy entropy;              /* tokens, one-time codes, card numbers, aliases */
    struct password_cost password_cost;  /* PASSWORD_COST; tests a cheaper one */
};

/* In the order they are tried where several apply. */
enum registry_refusal {
    /* asking */
    REGISTRY_NAME_FORM = 3020,  /* as name_form refuses (base/text.h), or more than 60 characters */
    REGISTRY_PHONE_FORM = 3021, /* not 1 and ten digits (mainland mobile) */
    REGISTRY_REGION_FORM = 3022,   /* not a six-digit region code */
    REGISTRY_BIRTH_MISSING = 3023, /* the number does not say the birth date and none was given */
    REGISTRY_BIRTH_DIFFERS = 3024, /* another birth date than the number says */
    REGISTRY_SEX_DIFFERS = 3025,   /* another sex than the number says */
    REGISTRY_FACT_PERIOD = 3026,   /* valid_to is not after valid_from */
    /* people */
    REGISTRY_PERSON_UNKNOWN = 3040, /* no person has that number or id */
    REGISTRY_PERSON_EXISTS = 3041,  /* the number is taken; the existing id comes out */
    REGISTRY_PERSON_DEAD = 3042,    /* recorded dead */
    REGISTRY_PERSON_MERGED = 3043,  /* the row was merged into another */
    REGISTRY_SECOND_FACT_NEEDED =
        3044, /* several persons share the number: the name is needed too */
    REGISTRY_SECOND_FACT_DIFFERS = 3045, /* the name is none (or not only one) of theirs */
    REGISTRY_SHARED_MAX = 3046,          /* as many persons share the number as may */
    REGISTRY_HAS_LIVE_CARD = 3047,       /* the card must be settled first (merge) */
    REGISTRY_LINK_UNKNOWN = 3048,        /* no such guardian or helper link, or it is over */
    REGISTRY_LINK_MAX = 3049,            /* one adult helps at most ecard.family.max (8) others */
    REGISTRY_LINK_SELF = 3050,           /* nobody is his own guardian or helper */
    /* cards: 3100.. in registry/card.h, devices 3160.. in registry/device.h */
    /* staff 3200.. in registry/staff.h, sign-in 3300.. in registry/signin.h */
};

/* ---- an act: who, when, through what. Goes into the journal with whatever it did. */

enum channel {
    CHANNEL_COUNTER = 1, /* 窗口 */
    CHANNEL_WEB = 2,     /* 网上 */
    CHANNEL_APP = 3,     /* 手机 */
    CHANNEL_PHONE = 4,   /* 12333 */
    CHANNEL_MACHINE = 5, /* 自助机 */
    CHANNEL_GATE = 6,    /* 闸机 */
    CHANNEL_IMPORT = 7,  /* 批量 */
    CHANNEL_JOB = 8,     /* by itself */
};
const char *channel_name(enum channel channel); /* "counter"; "other" when it is none */

/* How surely the one who asks was known; stronger is greater. */
enum proof {
    PROOF_NONE = 0,
    PROOF_PHONE = 1,           /* asked by phone, questions answered */
    PROOF_ONE_FACTOR = 2,      /* signed in by a one-time code or a password */
    PROOF_TWO_FACTORS = 3,     /* by both */
    PROOF_PAPERS = 4,          /* identity papers seen by staff */
    PROOF_PAPERS_AND_CARD = 5, /* and the card in hand */
};
struct act {
    struct instant at;
    enum journal_actor actor;
    int64_t actor_id; /* person, staff or terminal; 0 for a job */
    enum channel channel;
    enum proof proof;
    enum provenance provenance;    /* 0 counts as PROVENANCE_REAL */
    int64_t place_id, terminal_id; /* 0: none */
};

/* ---- people */

enum { NAME_CHARS_MAX = 60, SHARED_MAX = 4, FAMILY_MAX = 8 };

struct person_ask {
    enum document_kind document;
    struct str country, number; /* as typed; country for passports */
    struct date document_until; /* year 0: none */
    struct str name;         /* UTF-8, any GB 18030 character, any middle dot; stored with U+00B7 */
    struct date birth;       /* year 0: as the number says */
    enum sex sex;            /* SEX_UNKNOWN: as the number says */
    int32_t region_code;     /* GB/T 2260 six digits: where the person lives */
    struct str phone;        /* 11 digits; empty: none */
    struct str adjudication; /* empty; or the reference of a decision that this person shares a
                                taken number */
    struct act act;
};
struct person_made {
    int64_t person_id;
    unsigned warnings; /* enum number_warning */
};
/* Add a person. A repeat under the same `once` (may be NULL) gives the first person back.
 *   made     written on OK; on REGISTRY_PERSON_EXISTS made->person_id is who has the number
 *   refuses  NUMBER_*, REGISTRY_NAME_FORM .. SEX_DIFFERS, REGISTRY_PERSON_EXISTS,
 * REGISTRY_SHARED_MAX faults   FAULT_STORE*, FAULT_KEYD */
RESULT registry_person_add(const struct registry *rg, const struct once *once,
                           const struct person_ask *ask, struct person_made *made);

enum person_state { PERSON_ALIVE = 1, PERSON_DEAD = 2, PERSON_MERGED = 3 };
struct person { /* the clear columns */
    int64_t id, merged_into;
    enum person_state state;
    enum document_kind document; /* the one the person was added with */
    struct date birth;
    enum sex sex;
    int32_t region_code;
    enum provenance provenance;
    struct instant recorded_at;
};
/* refuses REGISTRY_PERSON_UNKNOWN. Merged and dead persons are loaded, their state tells. */
RESULT registry_person_load(struct store *store, int64_t person_id, struct person *out);
RESULT registry_person_in(struct txn *tx, int64_t person_id, struct person *out);

/* How many people are alive and how many cards live: a walk over all people, for pages that say how
 * large a demonstration is. */
struct registry_figures {
    int64_t people, cards;
};
RESULT registry_figures(struct store *store, struct registry_figures *out);

/* Find by number. A merged person is followed to the one it was merged into.
 *   name     the second fact; only read when several share the number (empty:
 * REGISTRY_SECOND_FACT_NEEDED) refuses  NUMBER_*, REGISTRY_PERSON_UNKNOWN, REGISTRY_SECOND_FACT_*
 */
struct person_query {
    enum document_kind document; /* 0: person_no_kind guesses */
    struct str country, number, name;
    struct instant at;
};
RESULT registry_person_find(const struct registry *rg, const struct person_query *query,
                            int64_t *person_id);
/* All whom the number means, without the second fact: for staff, who may be shown each. *n may be
 * 0. refuses NUMBER_* */
RESULT registry_person_holders(const struct registry *rg, const struct person_query *query,
                               int64_t out[SHARED_MAX], int *n);
/* Is this the person's name? Compares keyed tags of the normalised form, opens nothing. */
RESULT registry_name_matches(const struct registry *rg, int64_t person_id, struct str name,
                             bool *same);

/* Open what is sealed, for a purpose, counted against keyd's budgets (crypto/keyd.h). Empty when
 * there is none. Text lies in the arena. refuses REGISTRY_PERSON_UNKNOWN and keyd's own. */
struct person_private {
    struct str name, number, phone;
};
RESULT registry_person_open(const struct registry *rg, const struct field_use *use,
                            int64_t person_id, struct arena *arena, struct person_private *out);
/* Only those of `values` (bits), so that only those count; the others stay empty. */
enum private_value { PRIVATE_NAME = 1, PRIVATE_NUMBER = 2, PRIVATE_PHONE = 4, PRIVATE_ALL = 7 };
RESULT registry_person_open_some(const struct registry *rg, const struct field_use *use,
                                 int64_t person_id, unsigned values, struct arena *arena,
                                 struct person_private *out);
/* The same for at most PRIVATE_MAX persons in one question; out[i] empty where person_ids[i] is
 * unknown. */
enum { PRIVATE_MAX = 100 };
RESULT registry_people_open(const struct registry *rg, const struct field_use *use,
                            const int64_t *person_ids, size_t n, struct arena *arena,
                            struct person_private *out);

/* Facts in two times. A correction closes what was recorded and adds the new; current name, sex,
 * birth date, region and phone are also put on the person row by the same transaction. */
enum fact_kind {
    FACT_NAME = 1,
    FACT_SEX = 2,
    FACT_BIRTH = 3,
    FACT_REGION = 4,
    FACT_PHONE = 5,
    FACT_DEATH = 6
};
struct fact_ask {
    int64_t person_id;
    enum fact_kind kind;
    struct str text; /* FACT_NAME, FACT_PHONE */
    int64_t value;   /* sex, region code, or date as YYYYMMDD (FACT_BIRTH, FACT_DEATH) */
    struct instant valid_from, valid_to; /* usec 0: always was; for ever */
    struct act act;
};
/* refuses REGISTRY_NAME_FORM, PHONE_FORM, REGION_FORM, FACT_PERIOD, PERSON_UNKNOWN, PERSON_MERGED
 */
RESULT registry_fact_correct(const struct registry *rg, const struct once *once,
                             const struct fact_ask *ask);
struct fact {
    int64_t id;
    enum fact_kind kind;
    int64_t value;                                                   /* 0 for sealed kinds */
    struct instant valid_from, valid_to, recorded_from, recorded_to; /* to: 0 is open */
    int64_t actor_id;
};
/* What was held true at `valid`, as known at `recorded`. *found false when nothing. */
RESULT registry_fact_at(struct store *store, int64_t person_id, enum fact_kind kind,
                        struct instant valid, struct instant recorded, struct fact *out,
                        bool *found);

/* A recorded death: the person row changes, every card of the person is cancelled by the same
 * transaction. */
RESULT registry_person_died(const struct registry *rg, const struct once *once, int64_t person_id,
                            struct date on, const struct act *act);
/* One person had two rows: `from` keeps its history and points to `into`; look-ups follow. Decided
 * by an officer. refuses REGISTRY_PERSON_UNKNOWN, REGISTRY_PERSON_MERGED (either),
 * REGISTRY_HAS_LIVE_CARD (from), REGISTRY_LINK_SELF */
struct merge_ask {
    int64_t from, into;
    struct str reference; /* of the decision; 1..64 characters, holds no personal value */
    struct act act;
};
RESULT registry_person_merge(const struct registry *rg, const struct once *once,
                             const struct merge_ask *ask);

/* Guardians (监护人) and helpers (代办人, 亲情账户). Root of a link: the person helped. */
enum link_kind { LINK_GUARDIAN = 1, LINK_HELPER = 2 };
enum link_scope { /* bits */
                  SCOPE_CODE = 1,
                  SCOPE_BOOK = 2,
                  SCOPE_LOSE = 4,
                  SCOPE_APPLY = 8,
                  SCOPE_COLLECT = 16,
                  SCOPE_MEDICAL = 32,
};
struct link_ask {
    int64_t person_id, helper_id; /* helped, helping */
    enum link_kind kind;
    unsigned scope;
    struct instant valid_from, valid_to; /* to 0: until ended */
    struct act act;
};
struct link {
    int64_t id, person_id, helper_id;
    enum link_kind kind;
    unsigned scope;
    struct instant valid_from, valid_to;
};
/* refuses REGISTRY_PERSON_UNKNOWN, REGISTRY_FACT_PERIOD, REGISTRY_LINK_SELF, REGISTRY_LINK_MAX */
RESULT registry_link_add(const struct registry *rg, const struct once *once,
                         const struct link_ask *ask, int64_t *link_id);
/* refuses REGISTRY_LINK_UNKNOWN: also when it is over */
RESULT registry_link_end(const struct registry *rg, int64_t person_id, int64_t link_id,
                         const struct act *act);
/* Of this person, also when it is over. refuses REGISTRY_LINK_UNKNOWN */
RESULT registry_link_load(struct store *store, int64_t person_id, int64_t link_id,
                          struct link *out);
/* May `helper_id` do all of `scope` for `person_id` at this instant? *link_id 0 when not. */
RESULT registry_link_may(struct store *store, int64_t person_id, int64_t helper_id, unsigned scope,
                         struct instant at, int64_t *link_id);
/* Who may act for this person now, in order of id behind `after` (0: from the first), at most
 * `max`.
 */
RESULT registry_link_helpers(struct store *store, int64_t person_id, struct instant at,
                             int64_t after, struct link *out, int max, int *n);
/* Whom this person helps now, at most FAMILY_MAX. */
RESULT registry_link_list(struct store *store, int64_t helper_id, struct instant at,
                          struct link out[FAMILY_MAX], int *n);

/* ---- credentials */

enum credential_kind {
    CREDENTIAL_PERSON_NO =
        1, /* any document number: hashed with document kind and country in front */
    CREDENTIAL_CARD_NO = 2,     /* 卡号 */
    CREDENTIAL_CARD_IDENT = 3,  /* 卡识别码 */
    CREDENTIAL_PURSE_NO = 4,    /* 交通账户卡号, 19 or 20 digits */
    CREDENTIAL_ECARD_ALIAS = 5, /* opaque, made by us; belongs to the person, means the live card */
    CREDENTIAL_PARTY = 6,       /* a relying party's token for the person */
};
struct credential {
    enum credential_kind kind;
    uint8_t hash[32];
    int64_t person_id;
    int64_t card_id; /* 0: of the person; take registry_card_live */
    int64_t share;   /* 0, or 1.. for persons who share the number */
    struct instant valid_from, valid_to;
};
/* The hash of a value in its one spelling: person numbers by credential_hash_person_no. */
void credential_hash(const struct blind_key *blind, enum credential_kind kind, struct str value,
                     uint8_t out[32]);
void credential_hash_person_no(const struct blind_key *blind, const struct person_no *no,
                               uint8_t out[32]);
int64_t credential_root(const uint8_t hash[32]); /* its first 63 bits; never 0 */
/* All that hold this value at `at` (claims not yet settled count once their person or card stands).
 * *n may be 0. */
RESULT registry_credential_find(struct store *store, enum credential_kind kind,
                                const uint8_t hash[32], struct instant at,
                                struct credential out[SHARED_MAX], int *n);
/* Parse, hash and find the one card a presented card number, identification code, purse number or
 * alias means; a value of the person's means the live card. A replaced or cancelled card is found:
 * its row says so. refuses NUMBER_*, REGISTRY_CARD_UNKNOWN (registry/card.h) */
RESULT registry_card_find(const struct registry *rg, enum credential_kind kind, struct str value,
                          struct instant at, struct credential *out);
/* Give a value to a person or card: purse numbers, party tokens, aliases.
 * refuses REGISTRY_CREDENTIAL_TAKEN (registry/card.h) when another has it; repeating the same is
 * OK. */
RESULT registry_credential_put(const struct registry *rg, const struct credential *credential);
/* A new e-card alias for the person with a live card, in place of the old one: 26 Crockford base32
 * characters (130 random bits), as a credential. refuses REGISTRY_CARD_UNKNOWN */
enum { ALIAS_CHARS = 26 };
RESULT registry_alias_make(const struct registry *rg, int64_t person_id, struct instant at,
                           char out[ALIAS_CHARS]);
/* End a value (a party token taken back). */
RESULT registry_credential_end(const struct registry *rg, enum credential_kind kind,
                               const uint8_t hash[32], int64_t person_id, struct instant at);
/* Every live credential, in order of root, for building indexes; visit refusing stops. */
typedef struct err credential_visit(void *arg, const struct credential *credential);
RESULT registry_credential_each(struct store *store, credential_visit *visit, void *arg);
/* Settle claims whose person or card stands, free those older than CLAIM_AGE whose doesn't. For the
 * job runner. */
#define CLAIM_AGE_USEC (10 * USEC_PER_MIN)
struct claims_swept {
    int64_t settled, freed;
};
RESULT registry_claims_sweep(const struct registry *rg, struct instant at,
                             struct claims_swept *out);

/* ---- many at once: the register's file, the demo */

enum { LOAD_ROWS_MAX = 10000 }; /* one call */
struct load_row {
    struct person_ask person;   /* act of the call is used, adjudication is not read */
    struct str card_no;         /* empty: no card */
    struct str card_ident;      /* empty: made from region and card id */
    int generation;             /* 2 or 3 */
    int social;                 /* enum social_state of registry/card.h: SEALED or NORMAL */
    int64_t person_id, card_id; /* out; 0 where refused */
    struct err end;             /* out: why this row was refused (NUMBER_*, REGISTRY_*), or OK */
};
/* Check each row as registry_person_add does, seal in batches, write all good rows in one bulk
 * transaction with their cards, credentials, feed entries and history; a row that is refused says
 * so in `end` and is left out. */
RESULT registry_load(const struct registry *rg, const struct act *act, struct load_row *rows,
                     size_t n, int64_t *loaded);
