/* card/wire/sorted_set.c - Elias-Fano: writing, checking, looking up. */
#include "card/wire/sorted_set.h"

enum { SAMPLE_ZEROS = 128, WORD = 64 };

static uint64_t word_load(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* floor(log2(universe / n)): the split that makes the two parts smallest. */
static int low_bits_for(uint64_t universe, uint32_t n)
{
    int bits = 0;

    if (n == 0) return 0;
    while ((universe / n) >> (bits + 1) != 0) {
        bits++;
    }
    return bits;
}

static uint64_t high_bits_for(uint64_t universe, uint32_t n)
{
    return n + (universe >> low_bits_for(universe, n)) + 1;
}

static size_t padded(uint64_t bits)
{
    return (size_t)((bits + WORD - 1) / WORD * 8);
}

static size_t low_bytes(uint64_t universe, uint32_t n)
{
    return padded((uint64_t)n * (unsigned)low_bits_for(universe, n));
}

size_t sorted_set_bytes(uint64_t universe, uint32_t n)
{
    return n == 0 ? 0 : low_bytes(universe, n) + padded(high_bits_for(universe, n));
}

size_t sorted_set_samples(uint64_t universe, uint32_t n)
{
    if (n == 0) return 0;
    return (size_t)((universe >> low_bits_for(universe, n)) / SAMPLE_ZEROS) + 1;
}

/* Entry k's low bits. They may straddle two words; the second load stays inside the padded array
 * because it happens only when the bits reach into it. */
static uint64_t low_part(const struct sorted_set *set, uint32_t k)
{
    uint64_t bit = (uint64_t)k * (unsigned)set->low_bits, v;
    unsigned shift = bit % WORD;
    const uint8_t *p = set->low + bit / WORD * 8;

    if (set->low_bits == 0) return 0;
    v = word_load(p) >> shift;
    if (shift + (unsigned)set->low_bits > WORD) v |= word_load(p + 8) << (WORD - shift);
    return v & ((UINT64_C(1) << set->low_bits) - 1);
}

static bool high_bit(const struct sorted_set *set, uint64_t bit)
{
    return set->high[bit / 8] >> (bit % 8) & 1;
}

bool sorted_set_open(uint64_t universe, uint32_t n, struct bytes bytes, uint32_t *samples,
                     struct sorted_set *out)
{
    struct sorted_set set = { .universe = universe, .n = n };
    uint64_t zeros = 0, ones = 0, last = 0, words;

    if (bytes.n != sorted_set_bytes(universe, n)) return false;
    if (n == 0) {
        *out = set;
        return true;
    }
    set.low_bits = low_bits_for(universe, n);
    set.high_bits = high_bits_for(universe, n);
    set.low = bytes.p;
    set.high = bytes.p + low_bytes(universe, n);
    set.samples = samples;
    if (set.high_bits >= UINT32_MAX) return false; /* samples are 32 bits */
    words = padded(set.high_bits) / 8;
    samples[0] = 0;
    for (uint64_t i = 0; i < words; i++) {
        uint64_t word = word_load(set.high + i * 8);
        for (unsigned j = 0; j < WORD; j++) {
            uint64_t bit = i * WORD + j;
            if (bit >= set.high_bits) {
                if (word >> j != 0) return false;
                break;
            }
            if (word >> j & 1) {
                uint64_t x;
                if (ones == n) return false;
                x = zeros << set.low_bits | low_part(&set, (uint32_t)ones);
                if (x >= universe || (ones > 0 && x <= last)) return false;
                last = x;
                ones++;
            } else {
                zeros++;
                /* where the zeros number k*64 end, the entries of high part k*64 begin */
                if (zeros % SAMPLE_ZEROS == 0 &&
                    zeros / SAMPLE_ZEROS < sorted_set_samples(universe, n)) {
                    samples[zeros / SAMPLE_ZEROS] = (uint32_t)(bit + 1);
                }
            }
        }
    }
    if (ones != n) return false;
    for (uint64_t bit = (uint64_t)n * (unsigned)set.low_bits; bit < low_bytes(universe, n) * 8;
         bit++) {
        if (set.low[bit / 8] >> (bit % 8) & 1) return false;
    }
    *out = set;
    return true;
}

/* Broadword counting, since the baseline of x86-64 and of ARMv8 has no instruction for it: ones of
 * each byte, then their running sums, byte by byte, in one multiplication. */
static uint64_t byte_counts(uint64_t v)
{
    v -= v >> 1 & UINT64_C(0x5555555555555555);
    v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
    v = (v + (v >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return v * UINT64_C(0x0101010101010101);
}

/* Place in a word of its zero number k (from 0); `sums` are byte_counts of the zeros, and there are
 * more than k of them. */
static unsigned zero_in_word(uint64_t zeros, uint64_t sums, unsigned k)
{
    /* a byte's top bit is set where its running sum is not above k: as many bytes lie before */
    uint64_t below = ((k * UINT64_C(0x0101010101010101) | UINT64_C(0x8080808080808080)) - sums) &
                     UINT64_C(0x8080808080808080);
    unsigned byte = (unsigned)((below >> 7) * UINT64_C(0x0101010101010101) >> 56);
    unsigned left = k - (unsigned)((sums << 8) >> (byte * 8) & 0xFF);
    unsigned at = byte * 8, bits = (unsigned)(zeros >> at) & 0xFF;

    for (; left > 0; left--) {
        bits &= bits - 1;
    }
    return at + (unsigned)__builtin_ctz(bits);
}

/* The bit behind `high` zeros: where the entries with that high part begin. */
static uint64_t high_start(const struct sorted_set *set, uint64_t high)
{
    uint64_t bit = set->samples[high / SAMPLE_ZEROS];
    unsigned want = (unsigned)(high % SAMPLE_ZEROS);
    uint64_t at = bit / WORD, word;

    if (want == 0) return bit;
    /* bits before `bit` of its word count as ones */
    word = word_load(set->high + at * 8) | ((UINT64_C(1) << (bit % WORD)) - 1);
    for (;;) {
        uint64_t sums = byte_counts(~word);
        unsigned zeros = (unsigned)(sums >> 56);
        if (want <= zeros) return at * WORD + zero_in_word(~word, sums, want - 1) + 1;
        want -= zeros;
        word = word_load(set->high + ++at * 8);
    }
}

bool sorted_set_has(const struct sorted_set *set, uint64_t x, uint32_t *rank)
{
    uint64_t bit, want, high;

    if (set->n == 0 || x >= set->universe) return false;
    high = x >> set->low_bits;
    want = x & ((UINT64_C(1) << set->low_bits) - 1);
    bit = high_start(set, high);
    for (uint64_t k = bit - high; high_bit(set, bit); bit++, k++) {
        uint64_t low = low_part(set, (uint32_t)k);
        if (low == want) {
            *rank = (uint32_t)k;
            return true;
        }
        if (low > want) return false;
    }
    return false;
}

struct sorted_set_writer sorted_set_begin(uint64_t universe, uint32_t n, uint8_t *bytes)
{
    struct sorted_set_writer w = { .n = n, .low_bits = low_bits_for(universe, n) };

    if (n == 0) return w;
    memset(bytes, 0, sorted_set_bytes(universe, n));
    w.low = bytes;
    w.high = bytes + low_bytes(universe, n);
    return w;
}

void sorted_set_put(struct sorted_set_writer *w, uint64_t x)
{
    uint64_t bit = (uint64_t)w->at * (unsigned)w->low_bits, high = (x >> w->low_bits) + w->at;

    assert(w->at < w->n);
    for (int i = 0; i < w->low_bits; i++, bit++) {
        if (x >> i & 1) w->low[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    w->high[high / 8] |= (uint8_t)(1u << high % 8);
    w->at++;
}

struct sorted_set_walk sorted_set_all(const struct sorted_set *set)
{
    return (struct sorted_set_walk){ .set = set };
}

bool sorted_set_next(struct sorted_set_walk *walk, uint64_t *x)
{
    const struct sorted_set *set = walk->set;
    uint64_t word;

    if (walk->at == set->n) return false;
    word = word_load(set->high + walk->bit / WORD * 8) >> (walk->bit % WORD);
    while (word == 0) {
        walk->bit = (walk->bit / WORD + 1) * WORD;
        word = word_load(set->high + walk->bit / WORD * 8);
    }
    walk->bit += (unsigned)__builtin_ctzll(word);
    *x = (walk->bit - walk->at) << set->low_bits | low_part(set, walk->at);
    walk->bit++;
    walk->at++;
    return true;
}
