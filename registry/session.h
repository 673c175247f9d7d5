/* registry/session.h - how a session begins; shared by the ways of signing in. */
#pragma once
#include "registry/act.h"
#include "registry/session_store.h"

/* A token and the session it opens, not yet stored. */
void session_new(const struct registry *rg, enum subject_kind subject, int64_t subject_id,
                 enum proof proof, int64_t life_usec, struct instant at, struct signed_in *out);
static inline struct root subject_root(enum subject_kind subject, int64_t subject_id)
{
    return subject == SUBJECT_PERSON ? (struct root){ ROOT_PERSON, subject_id }
                                     : (struct root){ ROOT_NODE, NODE_ID };
}
/* In the session's own transaction: a member of staff as the row is now, whatever was read before
 * the secret was compared. Fills in their grants and organisation; `out` is the whole row. refuses
 * STAFF_UNKNOWN, STAFF_DISABLED */
RESULT session_staff_in(struct txn *tx, struct signin_session *session, struct staff *out);
static inline const char *subject_prefix(enum subject_kind subject)
{
    return subject == SUBJECT_PERSON ? "psn" : "stf";
}
