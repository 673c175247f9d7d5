/* programs/sweeps.h - the jobs that come again by themselves: lapsing losses, expiring cards,
 * erasing with proof, making slots, marking no-shows. */
#pragma once
#include "base/base.h"
#include "jobs/jobs.h"
#include "programs/loops.h"

enum { SWEEPS_N = 9 };
struct sweeps;
RESULT sweeps_open(const struct loops_config *config, struct sweeps **out);
void sweeps_close(struct sweeps *sweeps);
/* SWEEPS_N kinds, borrowed. */
const struct job_kind *sweeps_kinds(const struct sweeps *sweeps);
