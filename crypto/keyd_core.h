/* crypto/keyd_core.h - the state of a running keyd. */
#pragma once
#include <pthread.h>

#include "crypto/keyd_log.h"
#include "crypto/keyd_server.h"
#include "crypto/keyd_wire.h"
#include "crypto/keyring.h"

enum { TICKETS_MAX = 256, TAGS_BLOCK = 256, ACTORS_MAX = 2048 };

struct budget_state {
    int64_t second, second_used; /* which second, and what of it */
    int64_t day, day_used;
};
struct actor_state {
    int64_t actor_id; /* 0: free */
    struct budget_state used;
};
struct ticket_state {
    uint8_t id[16];
    int64_t used;
    int64_t until_usec; /* 0: free; forgotten after */
};

struct keyd_core {
    char dir[PATH_BYTES];
    int lock_fd;
    struct clock clock;
    struct keyd_budget budgets[KEYD_USES], actor_budgets[KEYD_USES];
    struct keyd_budget sign_budgets[KEYD_SIGN_PURPOSES];
    struct keyring *ring; /* read only while running */
    struct keyd_log *log;
    bool test;

    pthread_mutex_t lock; /* all below; taken before the log's own */
    struct entropy entropy;
    struct budget_state used[KEYD_USES], signed_of[KEYD_SIGN_PURPOSES];
    struct actor_state actors[KEYD_USES][ACTORS_MAX]; /* those who took most today are among them */
    struct ticket_state tickets[TICKETS_MAX];
    int64_t tags_left, tags_day; /* of the block of name tags that the log already counts */
};

/* ---- keyd_budget.c ---- */

/* One more signature of a purpose, and its line, which is not waited for: what a restart forgets is
 * a second's worth, and of the day what the log lost with a power cut. Refuses KEYD_BUDGET_SECOND,
 * KEYD_BUDGET_DAY. */
RESULT budget_take_sign(struct keyd_core *core, enum keyd_sign_purpose purpose, struct str text);
/* Counts a line of the log on; the log_replay of keyd_log_open. */
void budget_replay(void *arg, struct instant at, struct str kind, struct str fields);
/* Take n of a use, write the line and give its mark. Refuses without a line when a budget, the
 * actor's share of it or the ticket does not hold n more. `text` is the line. */
struct budget_ask {
    enum keyd_use use;
    int64_t actor_id, n;
    const struct ticket *ticket; /* NULL: none */
};
RESULT budget_take(struct keyd_core *core, const struct budget_ask *ask, struct str text,
                   uint64_t *mark);
/* One name tag, from a block that the log counts before its first is used. */
RESULT budget_take_tag(struct keyd_core *core, uint64_t *mark);
void budget_read(struct keyd_core *core, struct keyd_status *out);
/* Check a ticket's form, signatures and time. */
RESULT ticket_check(struct keyd_core *core, struct bytes bytes, struct ticket *out);

/* ---- keyd_field.c ---- */

struct field_place {
    struct str table, column;
    int64_t row_id;
};
/* `out` has in.n + FIELD_SEAL_MORE bytes; iv is fresh. */
void field_seal(const struct ring_key *key, const struct field_place *place, const uint8_t iv[16],
                struct bytes in, uint8_t *out);
/* `out` has in.n - FIELD_SEAL_MORE bytes. */
RESULT field_open(struct keyring *ring, const struct field_place *place, struct bytes in,
                  uint8_t *out);
