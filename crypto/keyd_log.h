/* crypto/keyd_log.h - keyd's own log: one file a day (UTC+8), one line an act, each line chained to
 * the one before and MACed, heads signed. Lines are in docs/protocols/keyd.md. */
#pragma once
#include "base/base.h"

#include "crypto/keyd_server.h"
#include "crypto/keyring.h"

enum { LOG_TEXT_MAX = 40000 }; /* the longest: 256 openings, each of a column of its own */

struct keyd_log;
/* Called at open for each line of yesterday and today, oldest first: the budgets count on. */
typedef void log_replay(void *arg, struct instant at, struct str kind, struct str fields);

/* Verify today's and yesterday's file, cut off what a power loss tore, go on from there. Borrows
 * the ring. Refuses KEYD_LOG_BROKEN with the place as the thread's note. */
RESULT keyd_log_open(const char *dir, struct keyring *ring, struct instant now, bool no_sync,
                     log_replay *replay, void *arg, struct keyd_log **out);
void keyd_log_close(struct keyd_log *log);
/* The later of `now` and the last line's instant: a clock set back gives no budget back. */
struct instant keyd_log_time(struct keyd_log *log, struct instant now);
/* Write one line: "kind name=value …". `mark` is what to wait for. After a fault the log takes no
 * more, and keyd answers nothing that needs it. */
RESULT keyd_log_append(struct keyd_log *log, struct instant at, struct str text, uint64_t *mark);
/* Wait until everything up to `mark` is on the medium; callers share syncs. */
RESULT keyd_log_sync(struct keyd_log *log, uint64_t mark);
void keyd_log_head(struct keyd_log *log, int64_t *lines, uint8_t head[HASH_BYTES]);
/* A signed head line now. */
RESULT keyd_log_sign(struct keyd_log *log, struct instant at);
/* Value of " name=" in fields, empty when it is not there. */
struct str log_field(struct str fields, const char *name);
/* Walk all files. */
RESULT keyd_log_walk(const char *dir, struct keyring *ring, struct keyd_log_report *out);
