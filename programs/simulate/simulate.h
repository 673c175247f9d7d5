/* programs/simulate/simulate.h - the verbs of `ykt simulate`, one simulator a file: programs at the
 * other end of a real wire. Each says in its first comment which behaviour comes from a source and
 * which we assumed. */
#pragma once
#include "base/cli.h"

enum { SIMULATE_GATE_COLUMNS_N = 6 };
extern const struct cli_column SIMULATE_GATE_COLUMNS[SIMULATE_GATE_COLUMNS_N];
enum cli_exit simulate_gate(struct cli *cli);
enum cli_exit simulate_life(struct cli *cli);
enum cli_exit simulate_sms(struct cli *cli);
