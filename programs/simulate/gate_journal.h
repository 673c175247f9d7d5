/* programs/simulate/gate_journal.h - what a gate decided while it was alone: an append-only file,
 * synced before the leaf opens, handed to the centre in numbered batches that come out the same
 * byte for byte until they are answered. What the centre will never take is kept in a second file,
 * "refused", for people to look at. */
#pragma once
#include "base/base.h"
#include "card/wire/code.h"

enum { JOURNAL_BATCH = 16 }; /* UPLOAD_LINES_MAX of venues/ */
struct gate_journal {
    char path[400], mark_path[410], refused_path[420];
    int64_t lines, uploaded; /* decisions written, and of them answered */
    int64_t batch_no;        /* of the next batch */
};
RESULT gate_journal_open(const char *folder, struct gate_journal *out);
/* One decision: verdict 0 let in, else the refusal. */
RESULT gate_journal_add(struct gate_journal *journal, struct instant at, int verdict, int places,
                        struct str code);
/* The next batch as the body of POST /v1/check-in-batches; *n 0: nothing waits. */
RESULT gate_journal_batch(const struct gate_journal *journal, struct arena *arena, struct str *body,
                          int64_t *n);
/* Line `i` of that batch will never be taken: into "refused" with it, behind the code. After a cut
 * a line may stand there twice. */
RESULT gate_journal_refuse(struct gate_journal *journal, int64_t i, const char *code);
/* n lines are dealt with; the next batch is `batch_no`. */
RESULT gate_journal_answered(struct gate_journal *journal, int64_t n, int64_t batch_no);
