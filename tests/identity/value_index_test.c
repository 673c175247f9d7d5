/* tests/identity/value_index_test.c - the big table against what was put in. */
#include "tests/test.h"

#include <stdlib.h>

#include "identity/value_index.h"

struct table {
    struct value_index index;
    uint32_t *directory;
    uint64_t *rows;
};

static struct table table_of(const struct value_row *in, uint64_t n, int index_bits)
{
    struct table t;

    t.directory = calloc(1, value_index_directory_bytes(value_index_block_bits(n)));
    t.rows = calloc(n + 1, sizeof *t.rows);
    assert(t.directory && t.rows);
    value_index_build(in, n, index_bits, t.directory, t.rows, &t.index);
    return t;
}

static void table_free(struct table *t)
{
    free(t->directory);
    free(t->rows);
}

static void sizes(struct prng *prng)
{
    static const uint64_t counts[] = { 0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, 50000 };

    for (size_t k = 0; k < LEN(counts); k++) {
        uint64_t n = counts[k], wrong = 0, strangers = 0, batch = 0, rows = 0;
        struct value_row *in = calloc(n + 1, sizeof *in);
        uint64_t *hash = calloc(n + 1, sizeof *hash);
        int64_t *out = calloc(n + 1, sizeof *out);
        assert(in && hash && out);
        for (uint64_t i = 0; i < n; i++) {
            in[i] = (struct value_row){ prng_next(prng), (uint32_t)i };
            hash[i] = in[i].hash;
        }
        struct table t = table_of(in, n, 20);
        for (uint64_t i = 0; i < n; i++) {
            if (value_index_find(&t.index, hash[i]) != (int64_t)i) wrong++;
            if (value_index_find(&t.index, prng_next(prng)) != VALUE_NONE) strangers++;
        }
        value_index_find_batch(&t.index, hash, n, out);
        for (uint64_t i = 0; i < n; i++) {
            if (out[i] != (int64_t)i) batch++;
        }
        for (uint64_t b = 0; n != 0 && b >> t.index.block_bits == 0; b++) {
            for (uint64_t i = t.index.directory[b]; i < t.index.directory[b + 1]; i++, rows++) {
                struct value_row row = value_index_row(&t.index, b, i);
                if (value_index_find(&t.index, row.hash) != row.index) wrong++;
            }
        }
        CHECK_INT("every row is found, also by its own bits", (int64_t)wrong, 0);
        CHECK_INT("no stranger is", (int64_t)strangers, 0);
        CHECK_INT("batches say the same", (int64_t)batch, 0);
        CHECK_INT("the blocks hold all rows", (int64_t)rows, (int64_t)n);
        table_free(&t);
        free(in), free(hash), free(out);
    }
}

static void edges(void)
{
    struct value_row in[] = { { 0, 1 },
                              { UINT64_MAX, 2 },
                              { UINT64_C(0x8000000000000000), 3 },
                              { UINT64_C(0x1234567800000000), 4 },
                              { UINT64_C(0x1234567800000001), 5 },
                              { UINT64_C(0x7777777700000000), 6 },
                              { UINT64_C(0x7777777700000002), 6 } };
    struct table t = table_of(in, LEN(in), 16);

    CHECK_INT("the lowest hash", value_index_find(&t.index, 0), 1);
    CHECK_INT("the highest", value_index_find(&t.index, UINT64_MAX), 2);
    CHECK_INT("two cards alike in all compared bits",
              value_index_find(&t.index, UINT64_C(0x1234567800000000)), VALUE_SEVERAL);
    CHECK_INT("one card twice", value_index_find(&t.index, UINT64_C(0x7777777700000000)), 6);
    CHECK_INT("just beside", value_index_find(&t.index, UINT64_C(0x7777777800000000)), VALUE_NONE);
    table_free(&t);
}

static void overlays(struct prng *prng)
{
    enum { SLOTS = 4096 };
    static _Atomic uint64_t hash[SLOTS];
    static _Atomic uint32_t index[SLOTS];
    static uint64_t put[SLOTS];
    struct overlay overlay = { .hash = hash, .index = index, .slots = SLOTS };
    uint32_t n = 0, wrong = 0;

    CHECK_INT("empty", overlay_find(&overlay, 5), VALUE_NONE);
    while (overlay_put(&overlay, put[n] = n == 0 ? 0 : prng_next(prng), n)) {
        n++;
    }
    CHECK_INT("full at three quarters", n, SLOTS / 4 * 3);
    for (uint32_t i = 0; i < n; i++) {
        if (overlay_find(&overlay, put[i]) != i) wrong++;
    }
    CHECK_INT("all found, hash 0 too", wrong, 0);
    CHECK("a full one still moves what it has", overlay_put(&overlay, put[7], 9999));
    CHECK_INT("moved", overlay_find(&overlay, put[7]), 9999);
}

int main(void)
{
    struct prng prng = { test_seed() };

    sizes(&prng);
    edges();
    overlays(&prng);
    return test_end();
}
