/* api/audit_verify.h - the job that holds the journal against what was sealed: api/audit_verify.c
 * queues it, programs/ runs it among its kinds. */
#pragma once
#include "jobs/jobs.h"

#define AUDIT_VERIFY_KIND "audit.verify"
/* A job_kind's step; arg is not read. Ends done when everything agrees, failed with
 * JOURNAL_DISAGREES when not; the note says what was counted. */
RESULT audit_verify_step(void *arg, struct job_run *run);
