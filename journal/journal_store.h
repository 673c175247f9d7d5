/* journal/journal_store.h - rows of lines and contests; this folder only. */
#pragma once
#include "journal/journal.h"

struct line_row { /* borrows the row or the arena, as its maker says */
    struct root root;
    int64_t id;
    struct instant recorded_at;
    struct bytes leaf, salt, content; /* salt and content empty when erased */
    int64_t contest_id;
    struct instant erased_at; /* 0: not erased */
    int64_t erased_by;
    struct str erased_why;
    /* the search columns, as they stand in the row */
    int64_t kind, person_id, card_id, actor, actor_id, place_id, at, refused;
    struct str item;
};
RESULT line_insert(struct txn *tx, const struct line_row *row, const struct journal_line *line);
/* Copies into the arena. */
RESULT line_load(struct txn *tx, struct root root, int64_t line_id, struct arena *arena,
                 struct line_row *out, bool *found);
/* The person's line under whatever root. */
RESULT line_load_of_person(struct txn *tx, int64_t person_id, int64_t line_id, struct arena *arena,
                           struct line_row *out, bool *found);
/* At most ask->limit + 1 rows, newest first, into rows of the arena. */
RESULT lines_load(struct txn *tx, const struct journal_ask *ask, struct arena *arena,
                  struct line_row **rows, int *n);
RESULT lines_load_aged(struct txn *tx, struct instant before, struct instant after,
                       int64_t after_id, int limit, struct arena *arena, struct line_row **rows,
                       int *n);
/* How many lines were recorded in [since, until]. */
RESULT lines_count(struct txn *tx, struct instant since, struct instant until, int64_t *n);
RESULT line_set_contest(struct txn *tx, struct root root, int64_t line_id, int64_t contest_id);
RESULT line_erase(struct txn *tx, const struct journal_erasure *ask, int64_t *changed);

RESULT contest_find(struct txn *tx, int64_t person_id, int64_t line_id, bool *found);
RESULT contest_line(struct txn *tx, int64_t person_id, int64_t contest_id, struct root *line_root,
                    int64_t *line_id, bool *found);
RESULT contest_insert(struct txn *tx, int64_t id, struct root line_root,
                      const struct journal_contest *ask);
RESULT contest_answer(struct txn *tx, int64_t person_id, int64_t contest_id, struct str outcome,
                      struct instant at, int64_t *changed);
