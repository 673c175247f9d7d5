/* identity/value_index.c - sorted blocks with a directory, and the overlay. */
#include "identity/value_index.h"

enum { ROWS_A_BLOCK_BITS = 6, BATCH = 16 };

int value_index_block_bits(uint64_t n)
{
    int bits = 0;

    while (n >> (bits + ROWS_A_BLOCK_BITS + 1) != 0) {
        bits++;
    }
    return bits;
}

size_t value_index_directory_bytes(int block_bits)
{
    return ((UINT64_C(1) << block_bits) + 1) * sizeof(uint32_t);
}

static uint64_t block_of(int block_bits, uint64_t hash)
{
    return block_bits == 0 ? 0 : hash >> (64 - block_bits);
}

/* The hash bits of a row, at the top; the card index fits below them. */
static uint64_t tag_of(const struct value_index *index, uint64_t hash)
{
    return (hash << index->block_bits) >> index->index_bits << index->index_bits;
}

static void block_sort(uint64_t *rows, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++) {
        uint64_t row = rows[i], j = i;
        for (; j > 0 && rows[j - 1] > row; j--) {
            rows[j] = rows[j - 1];
        }
        rows[j] = row;
    }
}

void value_index_build(const struct value_row *in, uint64_t n, int index_bits, uint32_t *directory,
                       uint64_t *rows, struct value_index *out)
{
    struct value_index made = { .directory = directory,
                                .rows = rows,
                                .n = n,
                                .block_bits = value_index_block_bits(n),
                                .index_bits = index_bits };
    uint64_t blocks = UINT64_C(1) << made.block_bits;

    assert(n < UINT32_MAX);
    memset(directory, 0, value_index_directory_bytes(made.block_bits));
    for (uint64_t i = 0; i < n; i++) {
        directory[block_of(made.block_bits, in[i].hash) + 1]++;
    }
    for (uint64_t b = 0; b < blocks; b++) {
        directory[b + 1] += directory[b];
    }
    /* place each row at its block's begin, which thereby moves to the block's end … */
    for (uint64_t i = 0; i < n; i++) {
        assert((uint64_t)in[i].index >> index_bits == 0);
        rows[directory[block_of(made.block_bits, in[i].hash)]++] =
            tag_of(&made, in[i].hash) | in[i].index;
    }
    /* … so shift the directory back by one block */
    memmove(directory + 1, directory, blocks * sizeof directory[0]);
    directory[0] = 0;
    for (uint64_t b = 0; b < blocks; b++) {
        block_sort(rows + directory[b], directory[b + 1] - directory[b]);
    }
    *out = made;
}

/* Where a tag would stand in a block of n rows if tags were spread evenly. */
static uint64_t guess(uint64_t tag, uint64_t n)
{
    return (tag >> 32) * n >> 32;
}

/* First row of the block not below the tag, walking from the guess. */
static uint64_t walk(const uint64_t *rows, uint64_t tag, uint64_t begin, uint64_t end)
{
    uint64_t at = begin + guess(tag, end - begin);

    while (at > begin && rows[at - 1] >= tag) {
        at--;
    }
    while (at < end && rows[at] < tag) {
        at++;
    }
    return at;
}

static int64_t search(const struct value_index *index, uint64_t tag, uint64_t begin, uint64_t end)
{
    const uint64_t *rows = index->rows;
    uint64_t at = walk(rows, tag, begin, end), mask = (UINT64_C(1) << index->index_bits) - 1;

    if (at == end || (rows[at] & ~mask) != tag) return VALUE_NONE;
    /* a second row with the same bits: the same card twice says one thing, two cards can't be told
     * apart */
    if (at + 1 < end && (rows[at + 1] & ~mask) == tag && rows[at + 1] != rows[at])
        return VALUE_SEVERAL;
    return (int64_t)(rows[at] & mask);
}

int64_t value_index_find(const struct value_index *index, uint64_t hash)
{
    uint64_t block = block_of(index->block_bits, hash);

    if (index->n == 0) return VALUE_NONE;
    return search(index, tag_of(index, hash), index->directory[block], index->directory[block + 1]);
}

int64_t value_index_place(const struct value_index *index, uint64_t hash)
{
    uint64_t block = block_of(index->block_bits, hash), tag = tag_of(index, hash), at, end;

    if (index->n == 0) return VALUE_NONE;
    end = index->directory[block + 1];
    at = walk(index->rows, tag, index->directory[block], end);
    return at == end || index->rows[at] >> index->index_bits != tag >> index->index_bits
               ? VALUE_NONE
               : (int64_t)at;
}

static void batch_find(const struct value_index *index, const uint64_t *hash, size_t n,
                       int64_t *out)
{
    uint64_t begin[BATCH], end[BATCH];

    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(&index->directory[block_of(index->block_bits, hash[i])]);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t block = block_of(index->block_bits, hash[i]);
        begin[i] = index->directory[block];
        end[i] = index->directory[block + 1];
        const uint64_t *at =
            &index->rows[begin[i] + guess(tag_of(index, hash[i]), end[i] - begin[i])];
        __builtin_prefetch(at - 4);
        __builtin_prefetch(at + 4);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = search(index, tag_of(index, hash[i]), begin[i], end[i]);
    }
}

void value_index_find_batch(const struct value_index *index, const uint64_t *hash, size_t n,
                            int64_t *out)
{
    for (size_t i = 0; i < n; i += BATCH) {
        size_t group = n - i < BATCH ? n - i : BATCH;
        if (index->n == 0) {
            for (size_t j = 0; j < group; j++) {
                out[i + j] = VALUE_NONE;
            }
        } else {
            batch_find(index, hash + i, group, out + i);
        }
    }
}

struct value_row value_index_row(const struct value_index *index, uint64_t block, uint64_t i)
{
    uint64_t mask = (UINT64_C(1) << index->index_bits) - 1, row = index->rows[i];
    uint64_t top = index->block_bits == 0 ? 0 : block << (64 - index->block_bits);

    return (struct value_row){ .hash = top | (row & ~mask) >> index->block_bits,
                               .index = (uint32_t)(row & mask) };
}

/* ---- the overlay. The writer stores the index before the hash; a reader that sees the hash sees
 * an index. Nothing is ever taken out. */

static uint64_t overlay_key(uint64_t hash)
{
    return hash == 0 ? 1 : hash;
}

/* Slot that holds the key, or the free one where it would go. The base takes the hash's top bits,
 * so the low ones are fresh. */
static uint32_t overlay_slot(const struct overlay *overlay, uint64_t key)
{
    uint32_t mask = overlay->slots - 1, at = (uint32_t)key & mask;
    uint64_t there;

    while ((there = atomic_load_explicit(&overlay->hash[at], memory_order_acquire)) != 0 &&
           there != key) {
        at = (at + 1) & mask;
    }
    return at;
}

bool overlay_put(struct overlay *overlay, uint64_t hash, uint32_t index)
{
    uint64_t key = overlay_key(hash);
    uint32_t at = overlay_slot(overlay, key);

    if (atomic_load_explicit(&overlay->hash[at], memory_order_relaxed) == 0) {
        uint32_t used = atomic_load_explicit(&overlay->used, memory_order_relaxed);
        if (used >= overlay->slots / 4 * 3) return false;
        atomic_store_explicit(&overlay->index[at], index, memory_order_relaxed);
        atomic_store_explicit(&overlay->hash[at], key, memory_order_release);
        atomic_store_explicit(&overlay->used, used + 1, memory_order_release);
        return true;
    }
    atomic_store_explicit(&overlay->index[at], index, memory_order_release);
    return true;
}

int64_t overlay_find(const struct overlay *overlay, uint64_t hash)
{
    uint32_t at;

    if (atomic_load_explicit(&overlay->used, memory_order_acquire) == 0) return VALUE_NONE;
    at = overlay_slot(overlay, overlay_key(hash));
    if (atomic_load_explicit(&overlay->hash[at], memory_order_relaxed) == 0) return VALUE_NONE;
    return atomic_load_explicit(&overlay->index[at], memory_order_acquire);
}
