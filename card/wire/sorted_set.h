/* card/wire/sorted_set.h - an exact set of integers as Elias-Fano: each entry's low_bits low bits
 * in one array, its high part in unary in a bit string. Bits are numbered from the low end of each
 * byte, so that a little-endian load of eight bytes holds 64 bits in order. Both arrays are padded
 * to eight bytes; eight readable bytes behind each entry's bits are never needed. */
#pragma once
#include "card/wire/stop_list.h"

/* Bytes of a set of n entries below `universe`: low part, then high part, each a multiple of 8. */
size_t sorted_set_bytes(uint64_t universe, uint32_t n);
size_t sorted_set_samples(uint64_t universe, uint32_t n); /* uint32_t of them */
/* Lay a set over its bytes, check every entry and fill in the samples. False when damaged. */
bool sorted_set_open(uint64_t universe, uint32_t n, struct bytes bytes, uint32_t *samples,
                     struct sorted_set *out);
/* Is x in it; if so *rank is its place. */
bool sorted_set_has(const struct sorted_set *set, uint64_t x, uint32_t *rank);

/* Writing one by one, in ascending order. */
struct sorted_set_writer {
    uint8_t *low, *high;
    uint32_t n, at;
    int low_bits;
};
struct sorted_set_writer sorted_set_begin(uint64_t universe, uint32_t n, uint8_t *bytes);
void sorted_set_put(struct sorted_set_writer *w, uint64_t x);

/* Reading all, in order. */
struct sorted_set_walk {
    const struct sorted_set *set;
    uint32_t at;
    uint64_t bit;
};
struct sorted_set_walk sorted_set_all(const struct sorted_set *set);
bool sorted_set_next(struct sorted_set_walk *walk, uint64_t *x);
