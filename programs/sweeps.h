/* programs/sweeps.h - the jobs of this program. Most come again by themselves: lapsing losses,
 * expiring cards, erasing with proof, making slots, marking no-shows; one is asked for. */
#pragma once
#include "base/base.h"
#include "jobs/jobs.h"
#include "programs/loops.h"

enum { SWEEPS_N = 11 };
struct sweeps;
RESULT sweeps_open(const struct loops_config *config, struct sweeps **out);
void sweeps_close(struct sweeps *sweeps);
/* SWEEPS_N kinds, borrowed; in the order in which those that are due are run. */
const struct job_kind *sweeps_kinds(const struct sweeps *sweeps);
