/* identity/record.h - an answer of grade B as it is kept until it is a line of the journal
 * (docs/decisions/0022-grade-b-record.md). */
#pragma once
#include "journal/journal.h"
#include "store/store.h"

struct record {
    uint32_t card_index;
    int32_t verdict, region_code;
    int64_t card_id, place_id, terminal_id, staff_id;
    struct instant at, terminal_at;
    uint8_t provenance, item_n;
    char item[JOURNAL_ITEM_MAX];
};

/* A block is one row of check_waiting: so many lines fit a body's 200 rows, a line and a feed entry
 * each. */
enum {
    RECORD_BLOCK = 64,
    RECORD_LINE_BLOCKS = 8,                 /* made lines a turn, ten turns a second: 5,120 lines */
    RECORD_RUSH = 2048,                     /* kept in a turn: more is a rush */
    RECORDS_WAITING_MAX = 16 * 1000 * 1000, /* in the store: past that there is no answer */
    RECORD_BYTES = 3 * 4 + 6 * 8 + 3,       /* at most, without its item */
    RECORD_BLOCK_BYTES = 1 + RECORD_BLOCK * (RECORD_BYTES + JOURNAL_ITEM_MAX),
};
/* How many blocks become lines in a turn that kept `kept` records while `waiting` wait in the
 * store: none in a rush, when the doors come first, unless the room for what waits is half full.
 * docs/decisions/0022. */
int record_line_blocks(size_t kept, int64_t waiting);
void record_block_write(const struct record *const *records, size_t n, struct writer *w);
/* Faults with FAULT_STORE_CORRUPT. */
RESULT record_block_parse(struct bytes block, struct record *records, size_t n);

/* record_store.c. Under the node's root: keep blocks, each a new row. */
struct record_block {
    struct bytes bytes;
    int64_t id;
    size_t n; /* records */
};
RESULT records_keep(struct txn *tx, const struct record_block *blocks, size_t n);
/* The oldest block, its bytes in the arena; *found says whether there is one. */
RESULT records_oldest(struct txn *tx, struct arena *arena, struct record_block *out, bool *found);
/* Take a block away; *found is false when another process did. */
RESULT records_done(struct txn *tx, int64_t id, bool *found);
RESULT records_count(struct txn *tx, int64_t *records);
