/* programs/loops.h - what the worker does besides answering: messages between roots, notices to the
 * gateway, jobs and sweeps, and the second's tick that keeps derived state and catalogue fresh. */
#pragma once
#include "api/api.h"
#include "base/base.h"
#include "programs/courier.h"
#include "registry/registry.h"

struct catalogue_shelf;
struct identity;

struct loops_config {
    struct app *app;
    const struct registry *registry;
    struct catalogue_shelf *shelf;
    struct identity *identity;
    struct courier *courier; /* NULL: nothing is sent */
    struct bytes sms_secret; /* signs webhooks; empty with courier NULL */
};
/* The messages between roots that are delivered here, by topic. */
extern const char *const LOOP_TOPICS[];
extern const size_t LOOP_TOPICS_N;

struct loops;
RESULT loops_open(const struct loops_config *config, struct loops **out);
/* Stops the threads; what they were doing is finished or goes on at the next start. */
void loops_close(struct loops *loops);
