/* programs/main.c - the one binary: `ykt <noun> <verb>`. */
#include "base/cli.h"
#include "programs/nouns.h"

static const struct cli_noun *const NOUNS[] = {
    &SERVER_NOUN, &CONFIG_NOUN,     &KEY_NOUN,      &KEYD_NOUN,     &DB_NOUN,    &CATALOGUE_NOUN,
    &USER_NOUN,   &PERSON_NOUN,     &CARD_NOUN,     &TERMINAL_NOUN, &VENUE_NOUN, &BOOKING_NOUN,
    &PIN_NOUN,    &PAPER_CODE_NOUN, &WORKLIST_NOUN, &JOB_NOUN,      &AUDIT_NOUN, &API_NOUN,
    &DOCTOR_NOUN, &DEMO_NOUN,       &SIMULATE_NOUN, &VERSION_NOUN,  &MAN_NOUN,   &COMPLETION_NOUN,
};
const struct cli_app YKT_APP = {
    .name = "ykt", .nouns = NOUNS, .n = LEN(NOUNS), .problem = problem_of
};

int main(int argc, char **argv)
{
    return cli_main(&YKT_APP, argc, (const char *const *)(uintptr_t)argv);
}
