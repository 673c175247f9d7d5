/* registry/role.c - what each role may do, as one table, and where a grant reaches. Pure. */
#include "registry/staff.h"

struct role_row {
    const char *name;
    uint64_t may; /* SCOPE_BIT(permission) */
};
#define M(permission) SCOPE_BIT(MAY_##permission)

/* clang-format off */
static const struct role_row ROLE_ROWS[ROLES] = {
    [ROLE_RESIDENT]   = { "resident",   M(SELF_VIEW) | M(SELF_LOSE) | M(SELF_DEVICE) | M(SELF_BOOK) | M(CATALOGUE_VIEW) },
    /* 12333: finds, tells states, takes temporary reports; opens nothing (domain.md 3.11) */
    [ROLE_AGENT]      = { "agent",      M(PERSON_FIND) | M(CARD_VIEW) | M(CARD_LOSE_TEMPORARY) | M(BOOKING_VIEW) |
                                        M(CATALOGUE_VIEW) | M(WORKLIST) },
    [ROLE_CLERK]      = { "clerk",      M(PERSON_FIND) | M(PERSON_REVEAL) | M(PERSON_ADD) | M(PERSON_CORRECT) | M(CARD_VIEW) |
                                        M(CARD_ISSUE) | M(CARD_ACTIVATE) | M(CARD_LOSE_TEMPORARY) | M(CARD_LOSE_FORMAL) |
                                        M(CARD_UNLOSE) | M(CARD_REPLACE) | M(CARD_UNLOCK) | M(CLAIM_VIEW) | M(VERIFY) |
                                        M(CATALOGUE_VIEW) | M(WORKLIST) },
    /* a clerk, and what needs a second look */
    [ROLE_SUPERVISOR] = { "supervisor", M(PERSON_FIND) | M(PERSON_REVEAL) | M(PERSON_ADD) | M(PERSON_CORRECT) | M(CARD_VIEW) |
                                        M(CARD_ISSUE) | M(CARD_ACTIVATE) | M(CARD_LOSE_TEMPORARY) | M(CARD_LOSE_FORMAL) |
                                        M(CARD_UNLOSE) | M(CARD_REPLACE) | M(CARD_UNLOCK) | M(CARD_STOP) | M(CARD_CANCEL) |
                                        M(CLAIM_VIEW) | M(VERIFY) | M(CATALOGUE_VIEW) | M(JOURNAL_VIEW) | M(WORKLIST) | M(FIGURES) },
    [ROLE_OFFICER]    = { "officer",    M(PERSON_FIND) | M(PERSON_REVEAL) | M(PERSON_CORRECT) | M(PERSON_MERGE) | M(CARD_VIEW) |
                                        M(CARD_STOP) | M(CARD_CANCEL) | M(CLAIM_VIEW) | M(CLAIM_WRITE) | M(CATALOGUE_VIEW) |
                                        M(JOURNAL_VIEW) | M(WORKLIST) | M(FIGURES) },
    [ROLE_FINANCE]    = { "finance",    M(CATALOGUE_VIEW) | M(WORKLIST) | M(FIGURES) | M(LEDGER_VIEW) },
    [ROLE_CLEARING]   = { "clearing",   M(CATALOGUE_VIEW) | M(JOB_MANAGE) | M(WORKLIST) | M(FIGURES) | M(LEDGER_VIEW) | M(LEDGER_CLOSE) },
    [ROLE_VENUE]      = { "venue",      M(VERIFY) | M(ADMIT) | M(VENUE_MANAGE) | M(BOOKING_VIEW) | M(TERMINAL_ENROL) |
                                        M(CATALOGUE_VIEW) | M(WORKLIST) | M(FIGURES) },
    [ROLE_LIBRARY]    = { "library",    M(VERIFY) | M(ADMIT) | M(BOOKING_VIEW) | M(CATALOGUE_VIEW) | M(WORKLIST) },
    [ROLE_HOSPITAL]   = { "hospital",   M(VERIFY) | M(CLAIM_VIEW) | M(CATALOGUE_VIEW) | M(WORKLIST) },
    [ROLE_PHARMACY]   = { "pharmacy",   M(VERIFY) | M(CATALOGUE_VIEW) },
    [ROLE_UNION]      = { "union",      M(CLAIM_VIEW) | M(CLAIM_WRITE) | M(VERIFY) | M(CATALOGUE_VIEW) | M(WORKLIST) },
    /* accounts and reference data; never a person's record */
    [ROLE_ADMIN]      = { "admin",      M(TERMINAL_ENROL) | M(CATALOGUE_VIEW) | M(CATALOGUE_MANAGE) | M(STAFF_MANAGE) |
                                        M(JOB_MANAGE) | M(WORKLIST) | M(FIGURES) },
    /* sees every act, changes nothing */
    [ROLE_AUDITOR]    = { "auditor",    M(CARD_VIEW) | M(CATALOGUE_VIEW) | M(JOURNAL_VIEW) | M(AUDIT_VERIFY) | M(FIGURES) | M(LEDGER_VIEW) },
    [ROLE_OPERATOR]   = { "operator",   M(TERMINAL_ENROL) | M(CATALOGUE_VIEW) | M(JOB_MANAGE) | M(FIGURES) | M(SYSTEM) },
    [ROLE_DEVELOPER]  = { "developer",  M(CATALOGUE_VIEW) | M(FIGURES) },
};
static const char *const PERMISSION_NAMES[PERMISSIONS] = {
    [MAY_SELF_VIEW] = "self.view",                 [MAY_SELF_LOSE] = "self.lose",
    [MAY_SELF_DEVICE] = "self.device",             [MAY_SELF_BOOK] = "self.book",
    [MAY_PERSON_FIND] = "person.find",             [MAY_PERSON_REVEAL] = "person.reveal",
    [MAY_PERSON_ADD] = "person.add",               [MAY_PERSON_CORRECT] = "person.correct",
    [MAY_PERSON_MERGE] = "person.merge",           [MAY_CARD_VIEW] = "card.view",
    [MAY_CARD_ISSUE] = "card.issue",               [MAY_CARD_ACTIVATE] = "card.activate",
    [MAY_CARD_LOSE_TEMPORARY] = "card.lose.temporary", [MAY_CARD_LOSE_FORMAL] = "card.lose.formal",
    [MAY_CARD_UNLOSE] = "card.unlose",             [MAY_CARD_REPLACE] = "card.replace",
    [MAY_CARD_UNLOCK] = "card.unlock",             [MAY_CARD_STOP] = "card.stop",
    [MAY_CARD_CANCEL] = "card.cancel",             [MAY_CLAIM_VIEW] = "claim.view",
    [MAY_CLAIM_WRITE] = "claim.write",             [MAY_VERIFY] = "verify",
    [MAY_ADMIT] = "admit",                         [MAY_VENUE_MANAGE] = "venue.manage",
    [MAY_BOOKING_VIEW] = "booking.view",           [MAY_TERMINAL_ENROL] = "terminal.enrol",
    [MAY_CATALOGUE_VIEW] = "catalogue.view",       [MAY_CATALOGUE_MANAGE] = "catalogue.manage",
    [MAY_STAFF_MANAGE] = "staff.manage",           [MAY_JOURNAL_VIEW] = "journal.view",
    [MAY_AUDIT_VERIFY] = "audit.verify",           [MAY_JOB_MANAGE] = "job.manage",
    [MAY_WORKLIST] = "worklist",                   [MAY_FIGURES] = "figures.view",
    [MAY_LEDGER_VIEW] = "ledger.view",             [MAY_LEDGER_CLOSE] = "ledger.close",
    [MAY_SYSTEM] = "system",
};
/* clang-format on */

const char *role_name(enum role role)
{
    return role >= ROLE_RESIDENT && role < ROLES ? ROLE_ROWS[role].name : "unknown";
}

bool role_parse(struct str name, enum role *out)
{
    for (int r = ROLE_RESIDENT; r < ROLES; r++) {
        if (!str_eq(name, str_of(ROLE_ROWS[r].name))) continue;
        *out = (enum role)r;
        return true;
    }
    return false;
}

const char *permission_name(enum permission permission)
{
    return permission >= MAY_SELF_VIEW && permission < PERMISSIONS ? PERMISSION_NAMES[permission]
                                                                   : "unknown";
}

bool permission_parse(struct str name, enum permission *out)
{
    for (int p = MAY_SELF_VIEW; p < PERMISSIONS; p++) {
        if (!str_eq(name, str_of(PERMISSION_NAMES[p]))) continue;
        *out = (enum permission)p;
        return true;
    }
    return false;
}

uint64_t role_scopes(enum role role)
{
    return role >= ROLE_RESIDENT && role < ROLES ? ROLE_ROWS[role].may : 0;
}

bool role_may(enum role role, enum permission permission)
{
    if (permission < MAY_SELF_VIEW || permission >= PERMISSIONS) return false;
    return (role_scopes(role) & SCOPE_BIT(permission)) != 0;
}

bool grant_covers(int32_t wide, int32_t code)
{
    if (wide == 0 || wide == code) return true;
    if (wide % 10000 == 0) return code / 10000 == wide / 10000;
    return wide % 100 == 0 && code / 100 == wide / 100;
}

RESULT grants_may(const struct grant *grants, int n, uint64_t scopes, enum permission permission,
                  int32_t region_code, int64_t org_id)
{
    REQUIRE(permission >= MAY_SELF_VIEW && permission < PERMISSIONS, STAFF_MAY_NOT);
    REQUIRE((scopes & SCOPE_BIT(permission)) != 0, STAFF_MAY_NOT);
    for (int i = 0; i < n; i++) {
        const struct grant *g = &grants[i];
        if (!role_may(g->role, permission)) continue;
        if (region_code != 0 && !grant_covers(g->region_code, region_code)) continue;
        if (org_id != 0 && g->org_id != 0 && g->org_id != org_id) continue;
        return OK;
    }
    REFUSE(STAFF_MAY_NOT);
}
