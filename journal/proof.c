/* journal/proof.c - does the journal still say what was sealed? Each sealed leaf is looked for
 * among the rows, each row recorded up to the newest seal among the leaves, and each row's search
 * columns in its content. */
#include "journal/line.h"

enum { PROOF_BATCH = 256, PROOF_TRIES = 5 };

struct sealed_leaf {
    int64_t line_id;
    struct root root;
    uint8_t leaf[32];
    struct instant recorded_at;
};

struct proof_walk {
    struct store *store;
    struct instant since;
    struct sealed_leaf batch[PROOF_BATCH];
    int n;
    int64_t position; /* of the last entry seen */
    int64_t matched;  /* sealed lines from `since` on that have a row */
    struct journal_proof *out;
};

static void found_bad(struct journal_proof *out, int64_t *count, int64_t line_id)
{
    ++*count;
    if (out->first_bad == 0) out->first_bad = line_id;
}

/* Do the columns that searches use say what the content says? */
static bool columns_agree(const struct line_row *row)
{
    struct journal_line line;
    struct root root;
    int64_t id;

    if (journal_content_parse(row->content, &id, &root, &line).code != 0) return false;
    return id == row->id && root.kind == row->root.kind && root.id == row->root.id &&
           row->kind == (int64_t)line.kind && row->person_id == line.person_id &&
           row->card_id == line.card_id && row->actor == (int64_t)line.actor &&
           row->actor_id == line.actor_id && row->place_id == line.place_id &&
           row->at == line.at.usec && row->refused == (line.verdict != 0) &&
           str_eq(row->item, line.item);
}

static void judge(struct journal_proof *out, const struct sealed_leaf *sealed,
                  const struct line_row *row)
{
    uint8_t leaf[32];
    bool same = bytes_eq(row->leaf, bytes_of(sealed->leaf, 32)) &&
                row->recorded_at.usec == sealed->recorded_at.usec;

    if (same && row->erased_at.usec != 0) {
        out->erased++;
        return;
    }
    if (same && row->salt.n == JOURNAL_SALT) {
        journal_leaf(row->salt.p, row->content, leaf);
        same = memcmp(leaf, sealed->leaf, sizeof leaf) == 0 && columns_agree(row);
    } else {
        same = false;
    }
    if (same) {
        out->checked++;
    } else {
        found_bad(out, &out->changed, sealed->line_id);
    }
}

static struct err batch_in_txn(struct txn *tx, void *arg)
{
    struct proof_walk *walk = arg;

    for (int i = 0; i < walk->n; i++) {
        const struct sealed_leaf *sealed = &walk->batch[i];
        uint8_t memory[2048]; /* one line at a time: a batch may be any size */
        struct arena arena = arena_over(memory, sizeof memory);
        struct line_row row;
        bool found;

        TRY(line_load(tx, sealed->root, sealed->line_id, &arena, &row, &found));
        if (!found) {
            found_bad(walk->out, &walk->out->missing, sealed->line_id);
            continue;
        }
        walk->matched += row.recorded_at.usec >= walk->since.usec;
        judge(walk->out, sealed, &row);
    }
    return OK;
}

static struct err entry_seen(void *arg, const struct feed_entry *entry)
{
    struct proof_walk *walk = arg;
    struct cursor c = cursor_over(entry->payload);
    struct sealed_leaf sealed = { .line_id = entry->subject_id, .root = entry->root };

    walk->position = entry->position;
    bool known = take_u8(&c) == JOURNAL_FEED_VERSION;
    struct bytes leaf = take_bytes(&c, 32);
    sealed.recorded_at.usec = (int64_t)take_be64(&c);
    if (cursor_end(&c, JOURNAL_MESSAGE_BAD).code != 0 || !known) {
        found_bad(walk->out, &walk->out->changed, entry->subject_id);
        return OK;
    }
    if (sealed.recorded_at.usec < walk->since.usec) return OK;
    memcpy(sealed.leaf, leaf.p, sizeof sealed.leaf);
    walk->batch[walk->n++] = sealed;
    return OK;
}

/* Look up the sealed entries behind walk->position, batch by batch, until about `entries` were seen
 * or none is left (*end). */
static RESULT walk_feed(struct proof_walk *walk, int64_t entries, bool *end)
{
    for (int64_t seen = 0; seen < entries; seen += PROOF_BATCH) {
        int64_t before = walk->position;

        walk->n = 0;
        TRY(feed_read(walk->store, FEED_JOURNAL, walk->position, PROOF_BATCH, entry_seen, walk));
        if (walk->n > 0) TRY(store_read(walk->store, batch_in_txn, walk));
        *end = walk->position == before;
        if (*end) return OK;
    }
    return OK;
}

struct count_call {
    struct instant since;
    int64_t n;
};

static struct err count_in_txn(struct txn *tx, void *arg)
{
    struct count_call *call = arg;

    return lines_count(tx, call->since, (struct instant){ INT64_MAX }, &call->n);
}

/* Rows without a sealed leaf, beyond those whose entries came behind what was read of the feed:
 * sealed since, or not yet. Never too many; too few only when entries came between the two calls,
 * hence the tries. `exact` when nothing is behind. */
static RESULT surplus(struct proof_walk *walk, bool *exact)
{
    struct journal_proof *out = walk->out;
    struct count_call rows = { .since = walk->since };
    struct feed_status status;
    int64_t behind, more;

    TRY(store_read(walk->store, count_in_txn, &rows));
    TRY(feed_status(walk->store, FEED_JOURNAL, &status));
    behind = status.unsealed + status.head_position - walk->position;
    more = rows.n - walk->matched;
    out->waiting = more < behind ? (more > 0 ? more : 0) : behind;
    if (more - behind > out->unknown) out->unknown = more - behind;
    *exact = behind == 0;
    return OK;
}

RESULT journal_verify_some(struct store *store, struct journal_check *check, int64_t entries)
{
    struct journal_check next = *check;
    struct proof_walk walk = { .store = store,
                               .since = check->since,
                               .position = check->position,
                               .matched = check->matched,
                               .out = &next.proof };
    bool end = false, exact;

    if (!next.begun) {
        TRY(feed_verify(store, FEED_JOURNAL, &next.proof.blocks, &(int64_t){ 0 },
                        &next.proof.bad_block));
        next.begun = true;
        *check = next;
        return OK;
    }
    TRY(walk_feed(&walk, entries, &end));
    if (end) {
        TRY(surplus(&walk, &exact));
        next.done = exact || ++next.tries == PROOF_TRIES;
    }
    next.position = walk.position;
    next.matched = walk.matched;
    *check = next;
    return OK;
}

RESULT journal_verify(struct store *store, struct instant since, struct journal_proof *out)
{
    struct journal_check check = { .since = since };

    while (!check.done)
        TRY(journal_verify_some(store, &check, INT64_MAX / 2));
    *out = check.proof;
    return OK;
}

bool journal_proof_whole(const struct journal_proof *proof)
{
    return proof->changed == 0 && proof->missing == 0 && proof->unknown == 0 &&
           proof->bad_block == 0;
}
