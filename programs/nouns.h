/* programs/nouns.h - the nouns of the command line, one <noun>.c each, and what they share. */
#pragma once
#include "base/base.h"
#include "base/cli.h"

extern const struct cli_noun AUDIT_NOUN;
extern const struct cli_noun CATALOGUE_NOUN;
extern const struct cli_noun CONFIG_NOUN;
extern const struct cli_noun DB_NOUN;
extern const struct cli_noun DEMO_NOUN;
extern const struct cli_noun KEY_NOUN;
extern const struct cli_noun KEYD_NOUN;
extern const struct cli_noun SERVER_NOUN;
extern const struct cli_noun SIMULATE_NOUN;

/* The one place of the house that reads the wall clock. */
struct clock system_clock(void);
