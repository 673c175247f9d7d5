/* programs/simulate/simulate.h - the verbs of `ykt simulate`, one simulator a file. */
#pragma once
#include "base/cli.h"

enum { SIMULATE_GATE_COLUMNS_N = 6 };
extern const struct cli_column SIMULATE_GATE_COLUMNS[SIMULATE_GATE_COLUMNS_N];
enum cli_exit simulate_gate(struct cli *cli);
