/* crypto/keyd_server.h - the key process itself: its state (core), the handler of one request, and
 * the loops that serve sockets. Used by programs/keyd.c, and by tests and simulations that want the
 * same handler in process. */
#pragma once
#include <stdatomic.h>

#include "base/base.h"

#include "crypto/hsm.h"
#include "crypto/keyd.h"

struct keyd_budget {
    int64_t per_second, per_day; /* items; 0 refuses all */
};
/* Defaults by enum keyd_use, sized for one city node: holder 200/s, counter 50/s … (see the .c). */
extern const struct keyd_budget KEYD_BUDGETS[KEYD_USES];
/* What one actor may take of a use that has `budget`: a page or two a second of it at least, and
 * all zero where there is no such bound. */
struct keyd_budget keyd_actor_share(enum keyd_use use, struct keyd_budget budget);
/* Budgets of signatures, by enum keyd_sign_purpose. */
extern const struct keyd_budget KEYD_SIGN_BUDGETS[KEYD_SIGN_PURPOSES];

struct keyd_settings {
    const char *dir; /* of keys_create: keys, log/, lock */
    struct hsm_settings hsm;
    struct keyd_budget budgets[KEYD_USES];
    struct keyd_budget actor_budgets[KEYD_USES]; /* of one actor; all zero: the use's alone */
    struct keyd_budget sign_budgets[KEYD_SIGN_PURPOSES]; /* all zero: KEYD_SIGN_BUDGETS */
    struct clock clock;
    struct entropy entropy;
    bool no_sync; /* simulations only: the log is written but not synced */
};

struct keyd_core;

/* Open the key store through the HSM, take the folder's lock, verify the log of today and yesterday
 * and count the budgets on from it: a restart refills nothing.
 *   refuses KEYD_LOCKED, KEYD_LOG_BROKEN, HSM_*      faults FAULT_IO, FAULT_KEYD, FAULT_CRYPTO */
RESULT keyd_core_open(const struct keyd_settings *settings, struct keyd_core **out);
/* Signs the log's head and closes; NULL is left alone. */
void keyd_core_close(struct keyd_core *core);

/* For tests, fixtures and simulations: a fresh folder `dir` (made when missing) with a software HSM
 * and one key of each purpose drawn from `entropy`, all marked test, cheap passphrase, no syncing,
 * budgets wide open (but KEYD_USE_BULK's ticket rule); opened. */
RESULT keyd_core_test(const char *dir, struct clock clock, struct entropy entropy,
                      struct keyd_core **out);

/* A client whose transport is a call: the same request and answer bytes, no socket. The core must
 * outlive it. */
RESULT keyd_open_local(struct keyd_core *core, struct keyd **out);

/* Answer one request frame (without the length); writes the answer frame (without the length).
 * Thread-safe. What keyd's fuzz target calls. */
void keyd_answer(struct keyd_core *core, struct bytes request, struct writer *answer);
enum { KEYD_FRAME_MAX = 1 << 17 }; /* of a request or an answer, without the length */

/* Listen on a UNIX stream socket (replaces a stale one; mode 0600). */
RESULT keyd_listen(const char *path, int *fd);
/* Serve until *stop is set (looked at ten times a second) or, for _one, the peer hangs up. Each
 * connection has a thread; at most KEYD_CONNECTIONS_MAX, further ones are closed at once. A frame
 * that has begun must be whole within KEYD_FRAME_USEC_MAX, a connection may idle. Closes nothing
 * but what it accepted. */
enum { KEYD_CONNECTIONS_MAX = 128 };
#define KEYD_FRAME_USEC_MAX (5 * USEC_PER_SEC)
RESULT keyd_serve(struct keyd_core *core, int listening, const atomic_bool *stop);
RESULT keyd_serve_one(struct keyd_core *core, int fd, const atomic_bool *stop);

/* ---- the log ---- */
/* Walk every day file of `dir`/log from the first: chain, MACs and signed heads. Written on OK: how
 * many lines, and the last head. On KEYD_LOG_BROKEN `where` says "20211120:17: why". */
struct keyd_log_report {
    int64_t lines, days;
    uint8_t head[HASH_BYTES];
    char where[128];
};
RESULT keyd_log_verify(const char *dir, const struct hsm_settings *hsm, struct entropy entropy,
                       struct keyd_log_report *out);
