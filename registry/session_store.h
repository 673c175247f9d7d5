/* registry/session_store.h - rows of guessable secrets and of sessions. */
#pragma once
#include "registry/signin.h"

enum { VERIFIER_MAX = 160 };
struct secret_row {
    int64_t root_id, owner_id;
    enum secret_kind kind;
    uint8_t verifier[VERIFIER_MAX];
    size_t verifier_n; /* 0: used up */
    int64_t version, tries, tries_max, locks;
    struct instant locked_until, expires_at, changed_at;
    int64_t last_step, sent_day, sent_n;
};
RESULT secret_select(struct txn *tx, int64_t root_id, int64_t owner_id, enum secret_kind kind,
                     struct secret_row *out, bool *found);
RESULT secret_put(struct txn *tx, const struct secret_row *row); /* insert or replace whole */

RESULT session_insert(struct txn *tx, int64_t root_id, const struct signin_session *s);
RESULT session_end_set(struct txn *tx, int64_t root_id, int64_t id);
/* All live ones of a subject but `keep`. */
RESULT sessions_end_all(struct txn *tx, int64_t root_id, int64_t subject_id, int64_t keep);
RESULT session_select(struct txn *tx, const uint8_t hash[32], struct instant at,
                      struct signin_session *out, bool *found);
/* Live bearer tokens of a subject, newest first, at most max, without grants: from..to in ids. */
RESULT tokens_select(struct txn *tx, int64_t root_id, int64_t subject_id, int64_t from, int64_t to,
                     struct instant at, struct signin_session *out, int max, int *n);
RESULT session_visit_all(struct txn *tx, struct instant at, session_visit *visit, void *arg);
/* Ended ones and those past their time, at most max: (root, id) pairs. */
struct session_name {
    int64_t root_id, id;
    int64_t subject;
};
RESULT sessions_over(struct txn *tx, struct instant at, struct session_name *out, int max, int *n);
