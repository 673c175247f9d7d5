/* tests/registry/card_life_test.c - every pair of state and event of the three life cycles. The
 * grid is written again here, by hand, from spec/domain.md 3.1. */
#include "registry/card.h"

#include "tests/test.h"

/* Columns in the order of the events; letters name the state that follows, '.' refused, '<' back to
 * what it was before. */
static const struct {
    enum social_state from;
    const char *to;
} SOCIAL_GRID[] = {
    /* produce arrive hand-over enable lose formal lift lapse lock unlock stop resume expire replace
       cancel */
    { SOCIAL_APPLIED, "p.............c" },     { SOCIAL_IN_PRODUCTION, ".w............c" },
    { SOCIAL_WAITING, "..s...........c" },     { SOCIAL_SEALED, "...ntf....o..rc" },
    { SOCIAL_NORMAL, "....tf..l.o.erc" },      { SOCIAL_TEMPORARY_LOSS, ".....f<<.....rc" },
    { SOCIAL_FORMAL_LOSS, "......<......rc" }, { SOCIAL_LOCKED, "....tf...no..rc" },
    { SOCIAL_STOPPED, "....tf.....<..c" },     { SOCIAL_EXPIRED, "....tf....o..rc" },
    { SOCIAL_REPLACED, "..............." },    { SOCIAL_CANCELLED, "..............." },
};

static enum social_state social_letter(char c, enum social_state before)
{
    switch (c) {
    case 'p':
        return SOCIAL_IN_PRODUCTION;
    case 'w':
        return SOCIAL_WAITING;
    case 's':
        return SOCIAL_SEALED;
    case 'n':
        return SOCIAL_NORMAL;
    case 't':
        return SOCIAL_TEMPORARY_LOSS;
    case 'f':
        return SOCIAL_FORMAL_LOSS;
    case 'l':
        return SOCIAL_LOCKED;
    case 'o':
        return SOCIAL_STOPPED;
    case 'e':
        return SOCIAL_EXPIRED;
    case 'r':
        return SOCIAL_REPLACED;
    case 'c':
        return SOCIAL_CANCELLED;
    case '<':
        return before;
    default:
        return 0;
    }
}

static int social_refusal(enum social_state from)
{
    if (from == SOCIAL_REPLACED) return REGISTRY_CARD_REPLACED;
    if (from == SOCIAL_CANCELLED) return REGISTRY_CARD_CANCELLED;
    return REGISTRY_MOVE_REFUSED;
}

static void social(void)
{
    static const enum social_state BEFORE[] = { SOCIAL_SEALED, SOCIAL_NORMAL, SOCIAL_LOCKED,
                                                SOCIAL_STOPPED, SOCIAL_EXPIRED };

    CHECK_INT("every state has a line", (int64_t)LEN(SOCIAL_GRID), SOCIAL_STATES - 1);
    for (size_t i = 0; i < LEN(SOCIAL_GRID); i++) {
        CHECK_INT("every event has a column", (int64_t)strlen(SOCIAL_GRID[i].to),
                  SOCIAL_EVENTS - 1);
        for (int event = 1; event < SOCIAL_EVENTS; event++) {
            for (size_t b = 0; b < LEN(BEFORE); b++) {
                enum social_state to = 0,
                                  want = social_letter(SOCIAL_GRID[i].to[event - 1], BEFORE[b]);
                struct err end =
                    social_move(SOCIAL_GRID[i].from, (enum social_event)event, BEFORE[b], &to);
                CHECK_INT(social_state_name(SOCIAL_GRID[i].from), end.code,
                          want != 0 ? 0 : social_refusal(SOCIAL_GRID[i].from));
                CHECK_INT(social_state_name(SOCIAL_GRID[i].from), (int64_t)to, (int64_t)want);
            }
        }
    }
}

static void bank(void)
{
    static const char *const GRID[BANK_STATES] = {
        /* activate lose lift freeze unfreeze sleep wake close */
        [BANK_NOT_ACTIVATED] = "2......6", [BANK_NORMAL] = ".3.4.5.6",  [BANK_LOSS] = "..<....6",
        [BANK_FROZEN] = ".3..2..6",        [BANK_DORMANT] = ".3.4..26", [BANK_CLOSED] = "........",
    };

    for (int from = 1; from < BANK_STATES; from++)
        for (int event = 1; event < BANK_EVENTS; event++) {
            enum bank_state to = 0;
            char c = GRID[from][event - 1];
            int want = c == '.' ? 0 : c == '<' ? BANK_DORMANT : c - '0';
            struct err end =
                bank_move((enum bank_state)from, (enum bank_event)event, BANK_DORMANT, &to);
            CHECK_INT(bank_state_name((enum bank_state)from), end.code,
                      want != 0 ? 0 : REGISTRY_MOVE_REFUSED);
            CHECK_INT(bank_state_name((enum bank_state)from), (int64_t)to, want);
        }
}

static void purse(void)
{
    static const char *const GRID[PURSE_STATES] = {
        /* enable blacklist unlist close */
        [PURSE_NOT_ENABLED] = "2..4",
        [PURSE_ENABLED] = ".3.4",
        [PURSE_BLACKLISTED] = "..24",
        [PURSE_CLOSED] = "....",
    };

    for (int from = 1; from < PURSE_STATES; from++)
        for (int event = 1; event < PURSE_EVENTS; event++) {
            enum purse_state to = 0;
            int want = GRID[from][event - 1] == '.' ? 0 : GRID[from][event - 1] - '0';
            struct err end = purse_move((enum purse_state)from, (enum purse_event)event, &to);
            CHECK_INT(purse_state_name((enum purse_state)from), end.code,
                      want != 0 ? 0 : REGISTRY_MOVE_REFUSED);
            CHECK_INT(purse_state_name((enum purse_state)from), (int64_t)to, want);
        }
}

static void usable(void)
{
    static const struct {
        const char *title;
        enum social_state social, before;
        enum ecard_state ecard;
        bool consent, want;
    } rows[] = {
        { "normal", SOCIAL_NORMAL, 0, ECARD_ON, false, true },
        { "expired goes on", SOCIAL_EXPIRED, 0, ECARD_ON, false, true },
        { "sealed", SOCIAL_SEALED, 0, ECARD_ON, false, false },
        { "lost", SOCIAL_TEMPORARY_LOSS, SOCIAL_NORMAL, ECARD_SUSPENDED, false, false },
        { "lost, by consent", SOCIAL_TEMPORARY_LOSS, SOCIAL_NORMAL, ECARD_ON, true, true },
        { "formally lost, by consent", SOCIAL_FORMAL_LOSS, SOCIAL_NORMAL, ECARD_ON, true, true },
        { "consent does not enable what never was", SOCIAL_TEMPORARY_LOSS, SOCIAL_SEALED, ECARD_ON,
          true, false },
        { "consent does not lift a stop", SOCIAL_TEMPORARY_LOSS, SOCIAL_STOPPED, ECARD_ON, true,
          false },
        { "locked", SOCIAL_LOCKED, 0, ECARD_ON, false, false },
        { "cancelled", SOCIAL_CANCELLED, 0, ECARD_ENDED, false, false },
        { "none", SOCIAL_NORMAL, 0, ECARD_NONE, false, false },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct card card = { .social = rows[i].social,
                             .social_before = rows[i].before,
                             .ecard = rows[i].ecard,
                             .ecard_consent = rows[i].consent };
        CHECK_INT(rows[i].title, ecard_usable(&card), rows[i].want);
    }
}

static void bytes(void)
{
    struct card card = { .id = 0x1122334455667788,
                         .person_id = 77,
                         .generation = 3,
                         .region_code = 340104,
                         .social = SOCIAL_TEMPORARY_LOSS,
                         .social_before = SOCIAL_NORMAL,
                         .bank = BANK_LOSS,
                         .purse = PURSE_BLACKLISTED,
                         .ecard = ECARD_ON,
                         .ecard_consent = true,
                         .provenance = PROVENANCE_TEST,
                         .epoch = 4,
                         .no_hash = { 1 },
                         .ident_hash = { 2 },
                         .alias_hash = { 3 } };
    struct card_state state, back;
    uint8_t out[CARD_STATE_BYTES + 1];

    card_state_of(&card, (struct instant){ 99 }, &state);
    card_state_write(&state, out);
    CHECK("parses", card_state_parse(bytes_of(out, CARD_STATE_BYTES), &back));
    CHECK_INT("card", back.card_id, card.id);
    CHECK_INT("epoch", back.epoch, 4);
    CHECK_INT("region", back.region_code, 340104);
    CHECK("consent", back.ecard_consent && back.ecard_usable && !back.social_usable);
    CHECK_INT("alias", back.alias_hash[0], 3);
    CHECK("short", !card_state_parse(bytes_of(out, CARD_STATE_BYTES - 1), &back));
    CHECK("long", !card_state_parse(bytes_of(out, CARD_STATE_BYTES + 1), &back));
    out[1] = 9;
    CHECK("another version", !card_state_parse(bytes_of(out, CARD_STATE_BYTES), &back));
    out[0] = 'D';
    CHECK("another note", !card_state_parse(bytes_of(out, CARD_STATE_BYTES), &back));
}

int main(void)
{
    social();
    bank();
    purse();
    usable();
    bytes();
    return test_end();
}
