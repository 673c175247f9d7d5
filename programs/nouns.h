/* programs/nouns.h - the nouns of the command line, one <noun>.c each, and what they share. */
#pragma once
#include "base/base.h"
#include "base/cli.h"

extern const struct cli_noun API_NOUN;
extern const struct cli_noun AUDIT_NOUN;
extern const struct cli_noun BOOKING_NOUN;
extern const struct cli_noun CARD_NOUN;
extern const struct cli_noun CATALOGUE_NOUN;
extern const struct cli_noun COMPLETION_NOUN;
extern const struct cli_noun CONFIG_NOUN;
extern const struct cli_noun DB_NOUN;
extern const struct cli_noun DEMO_NOUN;
extern const struct cli_noun DOCTOR_NOUN;
extern const struct cli_noun JOB_NOUN;
extern const struct cli_noun KEY_NOUN;
extern const struct cli_noun KEYD_NOUN;
extern const struct cli_noun MAN_NOUN;
extern const struct cli_noun PAPER_CODE_NOUN;
extern const struct cli_noun PERSON_NOUN;
extern const struct cli_noun PIN_NOUN;
extern const struct cli_noun SERVER_NOUN;
extern const struct cli_noun SIMULATE_NOUN;
extern const struct cli_noun TERMINAL_NOUN;
extern const struct cli_noun USER_NOUN;
extern const struct cli_noun VENUE_NOUN;
extern const struct cli_noun VERSION_NOUN;
extern const struct cli_noun WORKLIST_NOUN;

/* All of them: what main() runs, what man pages and completion are made from. */
extern const struct cli_app YKT_APP;

extern const char *const YKT_VERSION; /* "0.1" */
extern const char *const YKT_COMMIT;  /* 12 characters, "+" behind when the tree was changed */

/* How a refusal of any module is told on the command line: the words of api/refusals.c. */
bool problem_of(int code, struct cli_problem *out);
/* cli_end, with words for what the key folder and its device refuse. In programs/key.c. */
enum cli_exit key_end(struct cli *cli, struct err err);
/* The exit code that a refusal with this HTTP status is. */
enum cli_exit exit_of_status(int status);

/* The one place of the house that reads the wall clock. */
struct clock system_clock(void);
