/* tests/registry/staff_test.c - what each role may do: every cell, written again by hand; and where
 * a grant reaches. */
#include "registry/staff.h"

#include "tests/test.h"

/* One line a permission, one column a role, in the order of enum role. */
static const struct {
    enum permission permission;
    const char *name, *may;
} GRID[] = {
    /* clang-format off                            resident agent clerk supervisor officer finance clearing venue
                                                   library hospital pharmacy union admin auditor operator developer */
    { MAY_SELF_VIEW, "self.view", "x..............." },
    { MAY_SELF_LOSE, "self.lose", "x..............." },
    { MAY_SELF_DEVICE, "self.device", "x..............." },
    { MAY_SELF_BOOK, "self.book", "x..............." },
    { MAY_PERSON_FIND, "person.find", ".xxxx..........." },
    { MAY_PERSON_REVEAL, "person.reveal", "..xxx..........." },
    { MAY_PERSON_ADD, "person.add", "..xx............" },
    { MAY_PERSON_CORRECT, "person.correct", "..xxx..........." },
    { MAY_PERSON_MERGE, "person.merge", "....x..........." },
    { MAY_CARD_VIEW, "card.view", ".xxxx........x.." },
    { MAY_CARD_ISSUE, "card.issue", "..xx............" },
    { MAY_CARD_ACTIVATE, "card.activate", "..xx............" },
    { MAY_CARD_LOSE_TEMPORARY, "card.lose.temporary", ".xxx............" },
    { MAY_CARD_LOSE_FORMAL, "card.lose.formal", "..xx............" },
    { MAY_CARD_UNLOSE, "card.unlose", "..xx............" },
    { MAY_CARD_REPLACE, "card.replace", "..xx............" },
    { MAY_CARD_UNLOCK, "card.unlock", "..xx............" },
    { MAY_CARD_STOP, "card.stop", "...xx..........." },
    { MAY_CARD_CANCEL, "card.cancel", "...xx..........." },
    { MAY_CLAIM_VIEW, "claim.view", "..xxx....x.x...." },
    { MAY_CLAIM_WRITE, "claim.write", "....x......x...." },
    { MAY_VERIFY, "verify", "..xx...xxxxx...." },
    { MAY_ADMIT, "admit", ".......xx......." },
    { MAY_VENUE_MANAGE, "venue.manage", ".......x........" },
    { MAY_BOOKING_VIEW, "booking.view", ".x.....xx......." },
    { MAY_TERMINAL_ENROL, "terminal.enrol", ".......x....x.x." },
    { MAY_CATALOGUE_VIEW, "catalogue.view", "xxxxxxxxxxxxxxxx" },
    { MAY_CATALOGUE_MANAGE, "catalogue.manage", "............x..." },
    { MAY_STAFF_MANAGE, "staff.manage", "............x..." },
    { MAY_JOURNAL_VIEW, "journal.view", "...xx........x.." },
    { MAY_AUDIT_VERIFY, "audit.verify", ".............x.." },
    { MAY_JOB_MANAGE, "job.manage", "......x.....x.x." },
    { MAY_WORKLIST, "worklist", ".xxxxxxxxx.xx..." },
    { MAY_FIGURES, "figures.view", "...xxxxx....xxxx" },
    { MAY_LEDGER_VIEW, "ledger.view", ".....xx......x.." },
    { MAY_LEDGER_CLOSE, "ledger.close", "......x........." },
    { MAY_SYSTEM, "system", "..............x." },
    /* clang-format on */
};

static const struct {
    const char *title;
    int32_t wide, code;
    bool want;
} REACHES[] = {
    { "everywhere", 0, 340104, true },
    { "itself", 340104, 340104, true },
    { "a county's neighbour", 340104, 340103, false },
    { "the city of a county", 340104, 340100, false },
    { "a county of the city", 340100, 340104, true },
    { "a county of another city", 340100, 340202, false },
    { "a city of the province", 340000, 341800, true },
    { "another province", 340000, 320100, false },
};

static void cells(void)
{
    CHECK_INT("every permission has a line", (int64_t)LEN(GRID), PERMISSIONS - 1);
    for (size_t i = 0; i < LEN(GRID); i++) {
        enum permission parsed = 0;
        CHECK_STR("name", str_of(permission_name(GRID[i].permission)), str_of(GRID[i].name));
        CHECK("parses",
              permission_parse(str_of(GRID[i].name), &parsed) && parsed == GRID[i].permission);
        CHECK_INT("every role has a column", (int64_t)strlen(GRID[i].may), ROLES - 1);
        for (int role = ROLE_RESIDENT; role < ROLES; role++)
            CHECK_INT(GRID[i].name, role_may((enum role)role, GRID[i].permission),
                      GRID[i].may[role - 1] == 'x');
    }
}

/* Every cell again through a grant: inside and outside its region, organisation and scopes. */
static void grants(void)
{
    for (int role = ROLE_RESIDENT; role < ROLES; role++)
        for (int p = MAY_SELF_VIEW; p < PERMISSIONS; p++) {
            struct grant grant = { (enum role)role, 340100, 5 },
                         any = { (enum role)role, 340100, 0 };
            enum permission permission = (enum permission)p;
            int may = role_may((enum role)role, permission) ? 0 : STAFF_MAY_NOT;
            CHECK_CODE("inside", grants_may(&grant, 1, SCOPES_ALL, permission, 340104, 5), may);
            CHECK_CODE("no place asked", grants_may(&grant, 1, SCOPES_ALL, permission, 0, 0), may);
            CHECK_CODE("another city", grants_may(&grant, 1, SCOPES_ALL, permission, 340202, 5),
                       STAFF_MAY_NOT);
            CHECK_CODE("another organisation",
                       grants_may(&grant, 1, SCOPES_ALL, permission, 340104, 6), STAFF_MAY_NOT);
            CHECK_CODE("nobody's",
                       grants_may(&grant, 1, SCOPES_ALL, permission, 340104, ORG_NOBODY),
                       STAFF_MAY_NOT);
            CHECK_CODE("of any organisation",
                       grants_may(&any, 1, SCOPES_ALL, permission, 340104, 6), may);
            CHECK_CODE("of any, and nobody's",
                       grants_may(&any, 1, SCOPES_ALL, permission, 340104, ORG_NOBODY), may);
            CHECK_CODE("of any, in another city",
                       grants_may(&any, 1, SCOPES_ALL, permission, 340202, 5), STAFF_MAY_NOT);
            CHECK_CODE("scope taken away",
                       grants_may(&grant, 1, SCOPES_ALL & ~SCOPE_BIT(p), permission, 340104, 5),
                       STAFF_MAY_NOT);
            CHECK_CODE("no grant", grants_may(NULL, 0, SCOPES_ALL, permission, 0, 0),
                       STAFF_MAY_NOT);
        }
}

int main(void)
{
    enum role role;

    cells();
    grants();
    for (size_t i = 0; i < LEN(REACHES); i++)
        CHECK_INT(REACHES[i].title, grant_covers(REACHES[i].wide, REACHES[i].code),
                  REACHES[i].want);
    CHECK("role by name", role_parse(S("supervisor"), &role) && role == ROLE_SUPERVISOR);
    CHECK("no such role", !role_parse(S("root"), &role));
    return test_end();
}
