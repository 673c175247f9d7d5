/* claims/claims.h - what is held true of a person, by whom, since when: aged, student, disabled,
 * veteran ...
 *
 * The owner of a fact (civil affairs, the disabled federation, veterans' affairs, a school) writes
 * it; nobody else. Each claim has valid from/to (in the world) and recorded from/to (here); nothing
 * is overwritten, a correction closes and adds. A decision reads what was known at its instant, and
 * how fresh it was. Age is not stored: it is asked of the birth date (claim_aged). Root: the
 * person. */
#pragma once
#include "base/base.h"
#include "registry/registry.h"

enum claims_refusal {                       /* in the order they are tried */
                      CLAIMS_KIND = 3501,   /* no such kind, or one that is not stored (aged) */
                      CLAIMS_OWNER = 3502,  /* this organisation does not own facts of this kind */
                      CLAIMS_PERIOD = 3503, /* valid_to is not after valid_from */
                      CLAIMS_SIGNATURE = 3504, /* longer than CLAIM_SIGNATURE_MAX */
                      CLAIMS_UNKNOWN = 3505,   /* no such claim, or it is closed */
                      CLAIMS_STALE = 3506,     /* confirmed longer ago than the item allows */
                      CLAIMS_NOT_HELD =
                          3507, /* nothing of this kind is held true of the person then */
};

/* Stored and in JSON by name; never renumbered. */
enum claim_kind {
    CLAIM_AGED = 1,          /* 老年人: from the birth date, never stored */
    CLAIM_STUDENT = 2,       /* 学生 */
    CLAIM_DISABLED = 3,      /* 残疾人; level 1..4 */
    CLAIM_VETERAN = 4,       /* 退役军人 */
    CLAIM_DONOR = 5,         /* 无偿献血者 */
    CLAIM_LOW_INCOME = 6,    /* 低收入 */
    CLAIM_INSURED = 7,       /* 参保 */
    CLAIM_UNION_MEMBER = 8,  /* 工会会员 */
    CLAIM_SOLDIER = 9,       /* 现役军人 */
    CLAIM_MARTYR_KIN = 10,   /* 烈属 */
    CLAIM_RESIDENT = 11,     /* 常住: lives in `region_code` */
    CLAIM_MODEL_WORKER = 12, /* 劳模 */
    CLAIM_KINDS = 13,
};
const char *claim_kind_name(enum claim_kind kind); /* "low_income" */
bool claim_kind_parse(struct str name, enum claim_kind *out);

enum { CLAIM_SIGNATURE_MAX = 256 };
struct claim_ask {
    int64_t person_id;
    enum claim_kind kind;
    int64_t level;       /* kind's own degree (disabled 1..4), else 0 */
    int32_t region_code; /* where it holds; 0: everywhere */
    int64_t owner_org;   /* the organisation that owns the fact; staff's own */
    struct str source;   /* register or case it comes from: 1..64 characters, no personal value */
    struct bytes signature;              /* the owner's, kept as evidence; may be empty */
    struct instant valid_from, valid_to; /* 0: always was; for ever */
    struct act act;
};
struct claim {
    int64_t id, person_id;
    enum claim_kind kind;
    int64_t level, owner_org;
    int32_t region_code;
    struct instant valid_from, valid_to, recorded_from, recorded_to;
    struct instant confirmed_at; /* when the owner last said it is still so */
};

/* Who owns which kind: one row per kind and organisation, set by an admin. */
RESULT claims_owner_set(struct store *store, enum claim_kind kind, int64_t org_id, bool owns,
                        const struct act *act);
/* Record. A claim of the same kind, region and owner that is open is closed (recorded_to) by the
 * same transaction. refuses CLAIMS_KIND, CLAIMS_OWNER, CLAIMS_PERIOD, CLAIMS_SIGNATURE,
 * REGISTRY_PERSON_* */
RESULT claims_put(struct store *store, const struct once *once, const struct claim_ask *ask,
                  int64_t *claim_id);
/* The owner says it is still so (the daily check). refuses CLAIMS_UNKNOWN, CLAIMS_OWNER */
RESULT claims_confirm(struct store *store, int64_t person_id, int64_t claim_id, int64_t owner_org,
                      struct instant at);
/* Withdraw: it was never so, or no longer recorded. History stays. */
RESULT claims_withdraw(struct store *store, int64_t person_id, int64_t claim_id, int64_t owner_org,
                       const struct act *act);

/* Read for a decision. */
struct claim_query {
    int64_t person_id;
    enum claim_kind kind;
    int64_t level_max;       /* 0: any; else level must be 1..level_max (disabled: 1 is gravest) */
    int32_t region_code;     /* 0: any; else claims that hold there or everywhere */
    int64_t age_years;       /* CLAIM_AGED: from this age */
    int64_t fresh_usec;      /* 0: any; else confirmed_at must not be older */
    struct instant valid;    /* true in the world when */
    struct instant recorded; /* as known when; usec 0: `valid` */
};
/* OK when held, *out says which (for CLAIM_AGED id 0). refuses CLAIMS_NOT_HELD, CLAIMS_STALE,
 * REGISTRY_PERSON_UNKNOWN */
RESULT claims_read(struct store *store, const struct claim_query *query, struct claim *out);
RESULT claims_read_in(struct txn *tx, const struct claim_query *query, struct claim *out);
enum { CLAIMS_MAX = 64 };
/* All that is recorded now, newest first. */
RESULT claims_of(struct store *store, int64_t person_id, struct claim out[CLAIMS_MAX], int *n);
