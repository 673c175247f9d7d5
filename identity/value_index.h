/* identity/value_index.h - from 64 bits of a keyed hash to a dense card index: derived state's big
 * table. value_hash is uniform, so its own bits are the address: rows are sorted by hash and cut
 * into 2^block_bits blocks by their top bits (a directory of 4 bytes a block, about one per 64
 * rows, tells where each begins); within a block the place is guessed from the next bits, right to
 * a few rows. A row is 8 bytes: the hash's bits after the block's, as many as fit beside the card
 * index. One miss in the directory (small, mostly cached), one or two neighbouring lines in the
 * rows.
 *
 * Compared are block_bits + (64 - index_bits) bits, 58 at 60 M rows; fewer where a base was merged
 * from an older one, whose uncompared bits are not known. The base never changes; what
 * was added since is in an overlay, an open-addressing table that one writer fills while readers
 * look. */
#pragma once
#include <stdatomic.h>

#include "base/base.h"

struct value_row {
    uint64_t hash;
    uint32_t index;
};
struct value_index {
    const uint32_t *directory; /* (1 << block_bits) + 1 of them */
    const uint64_t *rows;
    uint64_t n;
    int block_bits, index_bits;
};
enum { VALUE_NONE = -1, VALUE_SEVERAL = -2 };

/* Sizes for n rows with indexes below 2^index_bits. */
int value_index_block_bits(uint64_t n);
size_t value_index_directory_bytes(int block_bits);
/* Fill directory and rows (caller's memory, n uint64_t) from rows in any order. */
void value_index_build(const struct value_row *in, uint64_t n, int index_bits, uint32_t *directory,
                       uint64_t *rows, struct value_index *out);
/* The card index, VALUE_NONE, or VALUE_SEVERAL when two rows share all compared bits with different
 * indexes. */
int64_t value_index_find(const struct value_index *index, uint64_t hash);
/* For many at a time: the misses of 16 overlap. */
void value_index_find_batch(const struct value_index *index, const uint64_t *hash, size_t n,
                            int64_t *out);
/* Place of the first row that shares the hash's compared bits, or VALUE_NONE. */
int64_t value_index_place(const struct value_index *index, uint64_t hash);
/* Row i again as hash bits (the uncompared low bits zero) and index, for merging. */
struct value_row value_index_row(const struct value_index *index, uint64_t block, uint64_t i);

enum { OVERLAY_SLOTS_MIN = 1 << 12 };
struct overlay { /* hash 0 is kept as 1 */
    _Atomic uint64_t *hash;
    _Atomic uint32_t *index;
    uint32_t slots; /* a power of two */
    _Atomic uint32_t used;
};
/* Add or move; false when it is 3/4 full and the hash is new. One writer. */
bool overlay_put(struct overlay *overlay, uint64_t hash, uint32_t index);
int64_t overlay_find(const struct overlay *overlay, uint64_t hash);
