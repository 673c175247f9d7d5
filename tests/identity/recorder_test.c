/* tests/identity/recorder_test.c - answers of grade B on their way into the journal: kept in
 * blocks, each a line once, over a stop between the two and with many at once. */
#include "identity/record.h"
#include "registry/staff.h"
#include "tests/identity/world.h"

enum { THREADS = 4, CHECKS = 500 };

static void test_bytes(void)
{
    struct record in[3] = { { .card_index = 7,
                              .verdict = 6113,
                              .region_code = 340104,
                              .card_id = 1,
                              .place_id = 2,
                              .terminal_id = 3,
                              .staff_id = INT64_MAX,
                              .at = { 4 },
                              .terminal_at = { -5 },
                              .provenance = PROVENANCE_TEST,
                              .item_n = 5,
                              .item = "entry" },
                            { .card_index = UINT32_MAX, .provenance = PROVENANCE_REAL } };
    const struct record *of[3] = { &in[0], &in[1], &in[2] };
    struct record out[3];
    uint8_t bytes[RECORD_BLOCK_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);

    record_block_write(of, 2, &w);
    if (!CHECK_OK("read back", record_block_parse(writer_bytes(&w), out, 2))) return;
    CHECK("the same", out[0].card_index == 7 && out[0].verdict == 6113 && out[0].card_id == 1 &&
                          out[0].region_code == 340104 && out[0].place_id == 2 &&
                          out[0].terminal_id == 3 && out[0].staff_id == INT64_MAX &&
                          out[0].at.usec == 4 && out[0].terminal_at.usec == -5 &&
                          out[0].provenance == PROVENANCE_TEST && out[0].item_n == 5 &&
                          memcmp(out[0].item, "entry", 5) == 0);
    CHECK("and the next", out[1].card_index == UINT32_MAX && out[1].item_n == 0);
    in[2] = in[0]; /* a third like the first, and then one like the second */
    in[0] = in[1];
    w = writer_over(bytes, sizeof bytes);
    record_block_write(of, 3, &w);
    if (!CHECK_OK("in another order", record_block_parse(writer_bytes(&w), out, 3))) return;
    CHECK("each by itself", out[1].place_id == 0 && out[1].item_n == 0 && out[2].place_id == 2 &&
                                out[2].item_n == 5 && out[2].staff_id == INT64_MAX);
    in[1] = in[2];
    in[1].card_id = 9;
    w = writer_over(bytes, sizeof bytes);
    record_block_write(of + 1, 2, &w);
    CHECK_INT("what stands in the one before it is not written again", (int64_t)w.n,
              1 + RECORD_BYTES + 5 + 1 + 4 + 8 + 8);
    if (!CHECK_OK("and holds", record_block_parse(writer_bytes(&w), out, 2))) return;
    CHECK("for the next", out[0].card_id == 9 && out[1].card_id == 1 && out[1].place_id == 2 &&
                              out[1].terminal_at.usec == -5 && out[1].item_n == 5);
    in[0] = in[2];
    in[1] = (struct record){ .card_index = UINT32_MAX, .provenance = PROVENANCE_REAL };
    w = writer_over(bytes, sizeof bytes);
    record_block_write(of, 2, &w);
    for (size_t n = 0; n < w.n; n++)
        CHECK_CODE("cut", record_block_parse(bytes_of(bytes, n), out, 2), FAULT_STORE_CORRUPT);
    CHECK_CODE("one more than is there", record_block_parse(writer_bytes(&w), out, 1),
               FAULT_STORE_CORRUPT);
    bytes[0] = 9;
    CHECK_CODE("another version", record_block_parse(writer_bytes(&w), out, 2),
               FAULT_STORE_CORRUPT);
    bytes[0] = 2;
    bytes[RECORD_BYTES] = JOURNAL_ITEM_MAX + 1; /* item_n of the first */
    CHECK_CODE("an item too long", record_block_parse(writer_bytes(&w), out, 2),
               FAULT_STORE_CORRUPT);
}

static void test_rush(void)
{
    static const struct {
        const char *title;
        size_t kept;
        int64_t waiting;
        int want;
    } rows[] = {
        { "nothing new: what waits becomes lines", 0, 1, RECORD_LINE_BLOCKS },
        { "the design day's busiest second", 170, 170, RECORD_LINE_BLOCKS },
        { "as many as are no rush yet", RECORD_RUSH, RECORD_RUSH, RECORD_LINE_BLOCKS },
        { "a rush: the doors come first", RECORD_RUSH + 1, RECORD_RUSH + 1, 0 },
        { "a long rush", RECORD_RUSH + 1, RECORDS_WAITING_MAX / 2 - 1, 0 },
        { "one that never ends", RECORD_RUSH + 1, RECORDS_WAITING_MAX / 2, RECORD_LINE_BLOCKS },
    };

    for (size_t i = 0; i < LEN(rows); i++)
        CHECK_INT(rows[i].title, record_line_blocks(rows[i].kept, rows[i].waiting), rows[i].want);
}

static int64_t uses_of(struct world *w, int64_t person_id)
{
    static uint8_t memory[1 << 20];
    struct journal_ask ask = { .person_id = person_id, .kind = JOURNAL_USE, .limit = 200 };
    int64_t n = 0;

    for (bool more = true; more;) {
        struct arena arena = arena_over(memory, sizeof memory);
        struct journal_page page = { .n = 0 };
        if (!CHECK_OK("the record is read", journal_lines(w->f.store, &ask, &arena, &page)))
            return -1;
        for (int i = 0; i < page.n; i++) {
            const struct journal_line *line = &page.records[i].line;
            CHECK("each says where and what", line->place_id == 71 && line->terminal_id == 81 &&
                                                  line->grade == GRADE_B && line->verdict == 0 &&
                                                  str_eq(line->item, S("museum_entry")));
        }
        n += page.n;
        more = page.more;
        if (page.n > 0) ask.before = page.records[page.n - 1].id;
    }
    return n;
}

struct checker {
    struct world *w;
    uint8_t hash[32];
    int64_t ok;
};

static struct verify_ask ask_of(const struct world *w)
{
    return (struct verify_ask){ .purpose = CODE_ENTRY,
                                .item = S("museum_entry"),
                                .place_id = 71,
                                .terminal_id = 81,
                                .region_code = 340111,
                                .at = fixture_now(&w->f) };
}

static void *check_many(void *arg)
{
    struct checker *c = arg;
    struct verify_ask ask = ask_of(c->w);
    struct verdict verdict;

    for (int i = 0; i < CHECKS; i++)
        c->ok += identity_check_fast(c->w->identity, c->hash, false, &ask, &verdict).code == 0;
    return NULL;
}

static void test_many(struct world *w, const struct resident *r)
{
    struct checker checkers[THREADS];
    pthread_t ids[THREADS];
    int64_t ok = 0;

    for (int i = 0; i < THREADS; i++) {
        checkers[i] = (struct checker){ .w = w };
        credential_hash(&w->blind, CREDENTIAL_CARD_NO, card_no_str(&r->no), checkers[i].hash);
        pthread_create(&ids[i], NULL, check_many, &checkers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        ok += checkers[i].ok;
    }
    CHECK_INT("every check has its answer", ok, THREADS * CHECKS);
    CHECK_OK("flush", identity_flush(w->identity));
    CHECK_INT("nothing waits", identity_waiting(w->identity), 0);
    CHECK_INT("each answer is one line", uses_of(w, r->person_id), ok);
}

struct block_call {
    struct record_block blocks[3];
    struct record_block oldest;
    bool found;
};

static RESULT blocks_keep(struct txn *tx, void *arg)
{
    return records_keep(tx, ((struct block_call *)arg)->blocks, 3);
}

static RESULT block_done(struct txn *tx, void *arg)
{
    struct block_call *call = arg;

    return records_done(tx, call->oldest.id, &call->found);
}

static RESULT block_oldest(struct txn *tx, void *arg)
{
    struct block_call *call = arg;

    return records_oldest(tx, txn_arena(tx), &call->oldest, &call->found);
}

/* What stood in the store when the process ended becomes lines after the next start. */
static void test_restart(struct world *w, const struct resident *r)
{
    static uint8_t bytes[3][RECORD_BLOCK_BYTES];
    const struct record *of[RECORD_BLOCK];
    const struct root node = { ROOT_NODE, NODE_ID };
    int64_t before = uses_of(w, r->person_id);
    struct block_call call = { 0 };
    struct verdict verdict;
    struct verify_ask ask = ask_of(w);
    uint8_t hash[32];

    credential_hash(&w->blind, CREDENTIAL_CARD_NO, card_no_str(&r->no), hash);
    CHECK_OK("asked", identity_check_fast(w->identity, hash, false, &ask, &verdict));
    CHECK_OK("flush", identity_flush(w->identity));
    identity_close(w->identity);
    struct record record = { .card_index = verdict.card_index,
                             .region_code = 340111,
                             .card_id = r->card_id,
                             .place_id = 71,
                             .terminal_id = 81,
                             .at = fixture_now(&w->f),
                             .provenance = PROVENANCE_TEST,
                             .item_n = 12,
                             .item = "museum_entry" };
    for (size_t i = 0; i < RECORD_BLOCK; i++)
        of[i] = &record;
    for (size_t i = 0; i < 3; i++) {
        struct writer out = writer_over(bytes[i], sizeof bytes[i]);
        call.blocks[i].n = i < 2 ? RECORD_BLOCK : 1;
        record_block_write(of, call.blocks[i].n, &out);
        call.blocks[i].bytes = writer_bytes(&out);
    }
    CHECK_OK("kept", store_run(w->f.store, node, blocks_keep, &call));
    CHECK_OK("the oldest", store_read(w->f.store, block_oldest, &call));
    CHECK("is there", call.found && call.oldest.n == RECORD_BLOCK);
    CHECK_OK("another process has it", store_run(w->f.store, node, block_done, &call));
    CHECK("it was there", call.found);
    CHECK_OK("and again", store_run(w->f.store, node, block_done, &call));
    CHECK("is told that it is gone", !call.found);
    if (!world_identity(w)) return;
    CHECK_INT("what waits is known at the start", identity_waiting(w->identity), RECORD_BLOCK + 1);
    CHECK_OK("flush", identity_flush(w->identity));
    CHECK_INT("each has its line", uses_of(w, r->person_id), before + 1 + RECORD_BLOCK + 1);
}

int main(void)
{
    test_bytes();
    test_rush();
    for (int e = 0; e < fixture_engines(); e++) {
        struct resident r;
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        if (resident_make(&w, &r, CODE_P256, CODE_DOOR)) {
            test_many(&w, &r);
            test_restart(&w, &r);
        }
        world_close(&w);
    }
    return test_end();
}
