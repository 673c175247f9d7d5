/* notice/notice_store.h - rows of notices; this folder only. */
#pragma once
#include "notice/notice.h"

struct notice_row { /* texts and blobs borrow the arena they were loaded into */
    int64_t person_id, id;
    enum notice_kind kind;
    enum notice_state state;
    struct bytes parameters; /* parameters_write's */
    struct instant at, until, due_at, sent_at, seen_at;
    int64_t message_id; /* 0: put under the holder's root */
};
RESULT notice_insert(struct txn *tx, const struct notice_row *row);
RESULT notice_by_message(struct txn *tx, int64_t person_id, int64_t message_id, bool *found);
RESULT notice_load(struct txn *tx, int64_t person_id, int64_t id, struct arena *arena,
                   struct notice_row *out, bool *found);
/* At most max rows, newest first, with ids before `before`. */
RESULT notices_load(struct txn *tx, int64_t person_id, int64_t before, int max, struct arena *arena,
                    struct notice_row **rows, int *n);
RESULT notice_set_state(struct txn *tx, int64_t person_id, int64_t id, enum notice_state state,
                        struct instant sent_at, int code);
RESULT notice_set_seen(struct txn *tx, int64_t person_id, int64_t id, struct instant at,
                       int64_t *changed);
struct notice_key {
    int64_t person_id, id;
};
RESULT notices_due(struct txn *tx, struct instant now, int max, struct arena *arena,
                   struct notice_key **keys, int *n);
RESULT seals_ended(struct txn *tx, struct instant now, int max, struct arena *arena,
                   struct notice_key **keys, int *n);

RESULT seal_insert(struct txn *tx, int64_t person_id, int64_t notice_id, struct instant until,
                   struct bytes code, struct bytes address);
RESULT seal_load(struct txn *tx, int64_t person_id, int64_t notice_id, struct arena *arena,
                 struct bytes *code, struct bytes *address);
RESULT seal_delete(struct txn *tx, int64_t person_id, int64_t notice_id);

/* The default when none is set. */
RESULT preference_load(struct txn *tx, int64_t person_id, struct notice_preference *out);
RESULT preference_save(struct txn *tx, int64_t person_id, const struct notice_preference *p,
                       struct instant at);
