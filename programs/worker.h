/* programs/worker.h - the process that listens: store, catalogue, derived state and every handler.
 * It holds no key but the lent blind-index key. */
#pragma once
#include "base/base.h"
#include "base/config.h"

/* Assemble from settings, serve until SIGTERM, drain, close. Returns OK after an asked stop. */
RESULT worker_run(const struct config *config, struct arena *arena);
