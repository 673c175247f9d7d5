/* journal/line.c - appending lines and reading them back. */
#include "journal/journal_store.h"

#include "journal/line.h"

static bool line_is_sound(const struct journal_line *line)
{
    return line->kind >= JOURNAL_USE && line->kind <= JOURNAL_STAFF_ACT &&
           line->actor >= ACTOR_HOLDER && line->actor <= ACTOR_PARTNER && line->grade >= GRADE_A &&
           line->grade <= GRADE_C && line->provenance >= PROVENANCE_REAL &&
           line->provenance <= PROVENANCE_SIMULATOR && line->act.n > 0 &&
           line->act.n <= JOURNAL_ACT_MAX && line->item.n <= JOURNAL_ITEM_MAX &&
           line->purpose.n <= JOURNAL_PURPOSE_MAX && line->note.n <= JOURNAL_NOTE_MAX;
}

/* What the feed carries of a line: version, leaf, when recorded. */
static RESULT leaf_to_feed(struct txn *tx, int64_t line_id, struct bytes leaf,
                           struct instant recorded_at)
{
    uint8_t payload[JOURNAL_FEED_BYTES];
    struct writer w = writer_over(payload, sizeof payload);

    put_u8(&w, JOURNAL_FEED_VERSION);
    put_bytes(&w, leaf);
    put_be64(&w, (uint64_t)recorded_at.usec);
    return feed_append(tx, FEED_JOURNAL, line_id, writer_bytes(&w));
}

RESULT journal_append(struct txn *tx, const struct journal_line *line, int64_t *line_id)
{
    uint8_t content[JOURNAL_CONTENT_MAX], salt[JOURNAL_SALT], leaf[32];
    struct line_row row = {
        .root = txn_root(tx),
        .id = txn_new_id(tx),
        .recorded_at = txn_now(tx),
        .leaf = bytes_of(leaf, sizeof leaf),
        .salt = bytes_of(salt, sizeof salt),
    };
    struct writer w = writer_over(content, sizeof content);

    assert(line_is_sound(line));
    journal_content_write(&w, row.id, row.root, line);
    assert(!w.over);
    row.content = writer_bytes(&w);
    txn_random(tx, salt, sizeof salt);
    journal_leaf(salt, row.content, leaf);
    TRY(line_insert(tx, &row, line));
    TRY(leaf_to_feed(tx, row.id, row.leaf, row.recorded_at));
    if (line_id) *line_id = row.id;
    return OK;
}

RESULT record_of(const struct line_row *row, struct journal_record *out)
{
    int64_t id;
    struct root root;
    struct err end;

    *out = (struct journal_record){
        .id = row->id,
        .root = row->root,
        .recorded_at = row->recorded_at,
        .erased = row->erased_at.usec != 0,
        .contested = row->contest_id != 0,
    };
    if (out->erased) return OK;
    end = journal_content_parse(row->content, &id, &root, &out->line);
    if (end.code != 0 || id != row->id || root.id != row->root.id || root.kind != row->root.kind) {
        return fault(FAULT_STORE_CORRUPT, "journal: line %" PRId64 " is damaged", row->id);
    }
    return OK;
}

static RESULT page_of(struct line_row *rows, int n, int limit, struct arena *arena,
                      struct journal_page *out)
{
    struct journal_page page = { .n = n < limit ? n : limit, .more = n > limit };

    page.records = NEW_ARRAY(arena, struct journal_record, (size_t)page.n + 1);
    if (!page.records) return fault(FAULT_MEMORY, "journal: a page does not fit the arena");
    for (int i = 0; i < page.n; i++)
        TRY(record_of(&rows[i], &page.records[i]));
    *out = page;
    return OK;
}

struct lines_call {
    const struct journal_ask *ask;
    struct arena *arena;
    struct journal_page page;
};

static struct err lines_in_txn(struct txn *tx, void *arg)
{
    struct lines_call *call = arg;
    struct line_row *rows;
    int n;

    TRY(lines_load(tx, call->ask, call->arena, &rows, &n));
    return page_of(rows, n, call->ask->limit, call->arena, &call->page);
}

RESULT journal_lines(struct store *store, const struct journal_ask *ask, struct arena *arena,
                     struct journal_page *out)
{
    struct lines_call call = { .ask = ask, .arena = arena };

    assert(ask->limit >= 1);
    assert(ask->limit <= JOURNAL_PAGE_MAX);
    assert((ask->person_id != 0) + (ask->actor_id != 0) + (ask->place_id != 0) + ask->any_staff ==
           1);
    TRY(store_read(store, lines_in_txn, &call));
    *out = call.page;
    return OK;
}

struct line_call {
    struct root root;
    int64_t person_id, line_id;
    struct arena *arena;
    struct journal_record record;
};

static struct err line_in_txn(struct txn *tx, void *arg)
{
    struct line_call *call = arg;
    struct line_row row;
    bool found;

    if (call->person_id) {
        TRY(line_load_of_person(tx, call->person_id, call->line_id, call->arena, &row, &found));
        found = found && (row.person_id == call->person_id || row.erased_at.usec != 0);
    } else {
        TRY(line_load(tx, call->root, call->line_id, call->arena, &row, &found));
    }
    REQUIRE(found, JOURNAL_LINE_UNKNOWN);
    return record_of(&row, &call->record);
}

RESULT journal_line_get(struct store *store, struct root root, int64_t line_id, struct arena *arena,
                        struct journal_record *out)
{
    struct line_call call = { .root = root, .line_id = line_id, .arena = arena };

    TRY(store_read(store, line_in_txn, &call));
    *out = call.record;
    return OK;
}

RESULT journal_person_line(struct store *store, int64_t person_id, int64_t line_id,
                           struct arena *arena, struct journal_record *out)
{
    struct line_call call = { .person_id = person_id, .line_id = line_id, .arena = arena };

    assert(person_id != 0);
    TRY(store_read(store, line_in_txn, &call));
    *out = call.record;
    return OK;
}

struct aged_call {
    struct instant before, after;
    int64_t after_id;
    int limit;
    struct arena *arena;
    struct journal_page page;
};

static struct err aged_in_txn(struct txn *tx, void *arg)
{
    struct aged_call *call = arg;
    struct line_row *rows;
    int n;

    TRY(lines_load_aged(tx, call->before, call->after, call->after_id, call->limit, call->arena,
                        &rows, &n));
    return page_of(rows, n, call->limit, call->arena, &call->page);
}

RESULT journal_aged(struct store *store, struct instant before, struct instant after,
                    int64_t after_id, int limit, struct arena *arena, struct journal_page *out)
{
    struct aged_call call = { before, after, after_id, limit, arena, { 0 } };

    assert(limit >= 1);
    assert(limit <= JOURNAL_PAGE_MAX);
    TRY(store_read(store, aged_in_txn, &call));
    *out = call.page;
    return OK;
}
