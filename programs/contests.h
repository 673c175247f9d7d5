/* programs/contests.h - a contested use (使用异议) on its way from the holder's record to the
 * worklist and back: outbox handlers, `arg` is the store. Both may be handed the same message
 * again.
 */
#pragma once
#include "store/store.h"

/* JOURNAL_TOPIC_CONTEST: a row of the worklist of the line's region; the holder is told its number
 * and until when it is answered. */
RESULT contest_take(void *store, const struct message *message);
/* WORKLIST_TOPIC_ANSWERED: what came of it stands in the holder's record, and the holder is told.
 */
RESULT contest_answer_take(void *store, const struct message *message);
