/* registry/staff.h - the staff, and what each role may do where. Root of every row: the
 * node (NODE_ID).
 *
 * May? = some grant of the session has a role whose cell in the table says yes, and covers the
 * region and the organisation of the thing, and the session's scopes include the act. The table
 * (role x permission) is in staff.c; tests/registry/staff_test.c spells every cell again. */
#pragma once
#include "base/base.h"
#include "registry/registry.h"

enum { NODE_ID = 1 }; /* root of staff and their sessions on this node: ROOT_NODE */

enum staff_refusal {
    STAFF_UNKNOWN = 3200,     /* no such user */
    STAFF_EXISTS = 3201,      /* the user name is taken */
    STAFF_USER_FORM = 3202,   /* user name: 2..64 of a-z 0-9 . _ - */
    STAFF_DISABLED = 3203,    /* the account is switched off */
    STAFF_GRANT_MAX = 3204,   /* GRANTS_MAX grants are held already */
    STAFF_MAY_NOT = 3205,     /* no role held there may do this */
    STAFF_ROLE = 3206,        /* no such role, or not one that staff can hold */
    STAFF_SELF = 3207,        /* nobody changes their own roles, or switches themselves off */
    STAFF_USER_NUMBER = 3208, /* the user name is a citizen's number: it would stand in clear */
};

/* Stored, never renumbered; names as in demo.json. */
enum role {
    ROLE_RESIDENT = 1,
    ROLE_AGENT = 2,
    ROLE_CLERK = 3,
    ROLE_SUPERVISOR = 4,
    ROLE_OFFICER = 5,
    ROLE_FINANCE = 6,
    ROLE_CLEARING = 7,
    ROLE_VENUE = 8,
    ROLE_LIBRARY = 9,
    ROLE_HOSPITAL = 10,
    ROLE_PHARMACY = 11,
    ROLE_UNION = 12,
    ROLE_ADMIN = 13,
    ROLE_AUDITOR = 14,
    ROLE_OPERATOR = 15,
    ROLE_DEVELOPER = 16,
    ROLES = 17,
};
/* Named by act. Scope names are these. A resident's permissions are about himself and those he
 * helps. */
enum permission {
    MAY_SELF_VIEW = 1,            /* self.view: own person, cards, who used my card */
    MAY_SELF_LOSE = 2,            /* self.lose: own reports, lift, e-card, new card */
    MAY_SELF_DEVICE = 3,          /* self.device: own devices, bundles, codes */
    MAY_SELF_BOOK = 4,            /* self.book: own bookings */
    MAY_PERSON_FIND = 5,          /* person.find: look a person up by number */
    MAY_PERSON_REVEAL = 6,        /* person.reveal: open masked values, for a purpose */
    MAY_PERSON_ADD = 7,           /* person.add */
    MAY_PERSON_CORRECT = 8,       /* person.correct: facts, links, contacts */
    MAY_PERSON_MERGE = 9,         /* person.merge: merge, shared numbers, death */
    MAY_CARD_VIEW = 10,           /* card.view: states, history, reports */
    MAY_CARD_ISSUE = 11,          /* card.issue */
    MAY_CARD_ACTIVATE = 12,       /* card.activate */
    MAY_CARD_LOSE_TEMPORARY = 13, /* card.lose.temporary */
    MAY_CARD_LOSE_FORMAL = 14,    /* card.lose.formal */
    MAY_CARD_UNLOSE = 15,         /* card.unlose */
    MAY_CARD_REPLACE = 16,        /* card.replace */
    MAY_CARD_UNLOCK = 17,         /* card.unlock: PIN reset and unlock */
    MAY_CARD_STOP = 18,           /* card.stop: stop, resume, freeze */
    MAY_CARD_CANCEL = 19,         /* card.cancel */
    MAY_CLAIM_VIEW = 20,          /* claim.view */
    MAY_CLAIM_WRITE = 21,         /* claim.write: as the owner of the fact */
    MAY_VERIFY = 22,              /* verify: check a presented card or code */
    MAY_ADMIT = 23,               /* admit: open a gate by hand, admissions of one's place */
    MAY_VENUE_MANAGE = 24,        /* venue.manage: slots, quotas, closures of one's place */
    MAY_BOOKING_VIEW = 25,        /* booking.view: bookings of one's place */
    MAY_TERMINAL_ENROL = 26,      /* terminal.enrol: enrol and revoke gates */
    MAY_CATALOGUE_VIEW = 27,      /* catalogue.view */
    MAY_CATALOGUE_MANAGE = 28,    /* catalogue.manage */
    MAY_STAFF_MANAGE = 29,        /* staff.manage */
    MAY_JOURNAL_VIEW = 30,        /* journal.view: acts of staff and uses */
    MAY_AUDIT_VERIFY = 31,        /* audit.verify */
    MAY_JOB_MANAGE = 32,          /* job.manage */
    MAY_WORKLIST = 33,            /* worklist */
    MAY_FIGURES = 34,             /* figures.view */
    MAY_LEDGER_VIEW = 35,         /* ledger.view */
    MAY_LEDGER_CLOSE = 36,        /* ledger.close */
    MAY_SYSTEM = 37,              /* system: health, metrics, configuration */
    PERMISSIONS = 38,
};
#define SCOPE_BIT(permission) (UINT64_C(1) << (permission))
#define SCOPES_ALL (~UINT64_C(0))
/* The scopes that reach no person's record, no money and no account: an administrator may give a
 * program of a member these and no others (decision 0043). */
#define SCOPES_IMPERSONAL                                                                          \
    (SCOPE_BIT(MAY_CATALOGUE_VIEW) | SCOPE_BIT(MAY_CATALOGUE_MANAGE) |                             \
     SCOPE_BIT(MAY_AUDIT_VERIFY) | SCOPE_BIT(MAY_JOB_MANAGE) | SCOPE_BIT(MAY_FIGURES) |            \
     SCOPE_BIT(MAY_SYSTEM))

const char *role_name(enum role role); /* "clerk" */
bool role_parse(struct str name, enum role *out);
const char *permission_name(enum permission permission); /* "card.lose.temporary" */
bool permission_parse(struct str name, enum permission *out);
/* One cell of the table, and a row of it as SCOPE_BITs. */
bool role_may(enum role role, enum permission permission);
uint64_t role_scopes(enum role role);

struct grant {
    enum role role;
    int32_t region_code; /* 0: everywhere; 340000 the province; 340100 the city and its counties;
                            else itself */
    int64_t org_id;      /* 0: any organisation in the region */
};
enum { GRANTS_MAX = 8 };
bool grant_covers(int32_t wide, int32_t code); /* by the digits of GB/T 2260 */
/* In place of an organisation: a thing that could have one and has none, so that no grant limited
 * to an organisation reaches it. */
#define ORG_NOBODY INT64_C(-1)
/* Pure. region_code 0 or org_id 0: what is asked about has none (a search box, a person), so that
 * side is not looked at (decision 0045). refuses STAFF_MAY_NOT */
RESULT grants_may(const struct grant *grants, int n, uint64_t scopes, enum permission permission,
                  int32_t region_code, int64_t org_id);

struct staff_ask {
    struct str user;   /* sign-in name */
    struct str name;   /* of the person; sealed */
    int64_t org_id;    /* an organisation of the catalogue; 0: none */
    int64_t person_id; /* 0, or the resident the staff member is */
    struct grant grants[GRANTS_MAX];
    int grants_n;
    struct act act;
};
struct staff {
    int64_t id, org_id, person_id;
    int32_t region_code; /* home: of the first role that the account was made with; 0: the nation */
    char user[65];       /* NUL-terminated */
    bool disabled;
    struct grant grants[GRANTS_MAX];
    int grants_n;
};
/* Where lines about a member belong in the journal, for the auditors of that region: the region of
 * their first role that has one, else their home's; 0: none has, which is the province's. */
int32_t staff_region(const struct staff *staff);
/* refuses STAFF_USER_FORM, STAFF_ROLE, STAFF_EXISTS (then *staff_id is who is there) */
RESULT registry_staff_add(const struct registry *rg, const struct once *once,
                          const struct staff_ask *ask, int64_t *staff_id);
RESULT registry_staff_load(struct store *store, int64_t staff_id, struct staff *out);
RESULT registry_staff_find(struct store *store, struct str user, struct staff *out);
enum { STAFF_PAGE_MAX = 200 };
struct staff_page {
    struct staff *staff; /* by id */
    int n;
    bool more;
};
/* The members after `after` (0: from the first), at most `limit` in 1..STAFF_PAGE_MAX. */
RESULT registry_staff_list(struct store *store, int64_t after, int limit, struct arena *arena,
                           struct staff_page *out);
/* Grants, takings back and switching off refuse STAFF_SELF when act->actor_id is that member. */
RESULT registry_staff_grant(const struct registry *rg, int64_t staff_id, const struct grant *grant,
                            const struct act *act);
RESULT registry_staff_ungrant(const struct registry *rg, int64_t staff_id,
                              const struct grant *grant, const struct act *act);
/* Switch off (and end every session) or on again. */
RESULT registry_staff_disable(const struct registry *rg, int64_t staff_id, bool disabled,
                              const struct act *act);
