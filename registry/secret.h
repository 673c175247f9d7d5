/* registry/secret.h - a try at a guessable secret: reserved first, compared then, settled last. */
#pragma once
#include "registry/act.h"
#include "registry/session_store.h"

struct secret_try {
    struct root root;
    struct secret_row row; /* as reserved: this try is counted in it */
    int64_t step;          /* TOTP: the step that matched */
};
/* Count a try, durably, before anything is compared.
 * refuses SIGNIN_NO_SECRET, SIGNIN_LOCKED, SIGNIN_EXPIRED */
RESULT secret_reserve(const struct registry *rg, struct root root, int64_t owner_id,
                      enum secret_kind kind, struct instant at, struct secret_try *out);
/* It was right: in the caller's transaction (root: try->root), forget the tries; a one-time secret
 * is used up. refuses SIGNIN_WRONG when it was changed or used meanwhile, SIGNIN_REUSED */
RESULT secret_right_in(struct txn *tx, const struct secret_try *tried);
/* It was wrong: leave a denial, tell the holder when it locked, and refuse SIGNIN_WRONG. */
RESULT secret_wrong(const struct registry *rg, const struct secret_try *tried, int64_t person_id,
                    const struct act *act);
/* It was not compared at all: the try is given back, and the lock that it closed. */
RESULT secret_untried(const struct registry *rg, const struct secret_try *tried);
/* A try at a secret that nobody has, or that is not compared just now. It costs what a wrong try at
 * somebody's costs - two synced writes, and a denial line in no person's record - so that the time
 * an answer takes does not tell who is registered. Ends SIGNIN_WRONG. `subject_id`: whose it would
 * be, for those who look into it; 0: nobody's. */
RESULT secret_nobody(const struct registry *rg, enum secret_kind kind, enum subject_kind subject,
                     int64_t subject_id, const struct act *act);
/* The first of those writes alone: what asking for a code costs where none is sent. */
RESULT secret_nobody_count(const struct registry *rg, enum secret_kind kind, const struct act *act);
/* A new secret in place of the old one; `keep_locks` for one-time codes, whose pauses go on. */
struct secret_new {
    struct root root;
    int64_t owner_id;
    enum secret_kind kind;
    struct bytes verifier;
    int64_t tries_max;
    struct instant expires_at;
};
RESULT secret_set_in(struct txn *tx, const struct secret_new *fresh, struct instant at);
/* Keyed hash of a one-time secret, bound to owner, kind and version. */
void secret_code_hash(const struct registry *rg, int64_t owner_id, enum secret_kind kind,
                      int64_t version, struct str code, uint8_t out[32]);
