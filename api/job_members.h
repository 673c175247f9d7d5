/* api/job_members.h - a job as every answer shows it. */
#pragma once
#include "api/api.h"
#include "jobs/jobs.h"

void job_members_put(struct reply *rp, const struct job *job);
