/* api/record_line.c - the newest sealed journal lines in memory: a ring, filled by one thread. */
#include "api/record_line.h"

#include "api/act_words.h"

#include <pthread.h>
#include <stdlib.h>

enum { READ_AT_ONCE = 64 };

struct record_line {
    pthread_mutex_t lock; /* of what follows; no store and no allocation under it */
    struct record_entry ring[RECORDS_KEPT];
    size_t n, next; /* filled; where the next one goes */
    /* the filling thread's alone */
    int64_t position; /* of the feed, looked at so far */
    bool begun;
};

struct err record_line_open(struct record_line **out)
{
    struct record_line *line = calloc(1, sizeof *line);

    if (!line) return fault(FAULT_MEMORY, "record line");
    pthread_mutex_init(&line->lock, NULL);
    *out = line;
    return OK;
}

void record_line_close(struct record_line *line)
{
    if (!line) return;
    pthread_mutex_destroy(&line->lock);
    free(line);
}

static void keep(char *room, size_t size, struct str text)
{
    size_t n = text.n < size ? text.n : size - 1;

    while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--; /* whole characters */
    if (n > 0) memcpy(room, text.p, n);
    room[n] = 0;
}

static RESULT entry_fill(struct app *app, const struct journal_record *record, int64_t position,
                         struct arena *arena, struct record_entry *out)
{
    const struct journal_line *line = &record->line;

    *out = (struct record_entry){ .position = position,
                                  .id = record->id,
                                  .at = line->at,
                                  .refused = line->verdict != 0,
                                  .simulated = line->provenance != PROVENANCE_REAL };
    keep(out->act, sizeof out->act, line->act);
    for (int english = 0; english < 2; english++) {
        struct str actor;

        TRY(actor_words(app, line, english, arena, &actor));
        keep(out->what.text[english], RECORD_TEXT, act_words(line->act, english));
        keep(out->place.text[english], RECORD_TEXT, place_words(app, line->place_id, english));
        keep(out->actor.text[english], RECORD_TEXT, actor);
    }
    return OK;
}

static void entry_put(struct record_line *line, const struct record_entry *entry)
{
    pthread_mutex_lock(&line->lock);
    line->ring[line->next] = *entry;
    line->next = (line->next + 1) % RECORDS_KEPT;
    if (line->n < RECORDS_KEPT) line->n++;
    pthread_mutex_unlock(&line->lock);
}

/* Where the lines are; they are read after the feed was, so that no reader of the store waits for
 * another. */
struct found {
    struct {
        int64_t position, line_id;
        struct root root;
    } rows[READ_AT_ONCE];
    size_t n;
};

static struct err find_one(void *arg, const struct feed_entry *feed)
{
    struct found *found = arg;

    found->rows[found->n].position = feed->position;
    found->rows[found->n].line_id = feed->subject_id;
    found->rows[found->n++].root = feed->root;
    return OK;
}

/* A line that was erased meanwhile leaves nothing to show. */
static RESULT take_in(struct app *app, const struct found *found, size_t i, bool *came)
{
    uint8_t room[8192];
    struct arena arena = arena_over(room, sizeof room);
    struct journal_record record;
    struct record_entry entry;
    struct err err =
        journal_line_get(app->store, found->rows[i].root, found->rows[i].line_id, &arena, &record);

    if (err.code < 0) return err;
    if (err.code == 0 && !record.erased) {
        TRY(entry_fill(app, &record, found->rows[i].position, &arena, &entry));
        entry_put(app->record_line, &entry);
        *came = true;
    }
    app->record_line->position = found->rows[i].position;
    return OK;
}

struct err record_line_catch_up(struct app *app, bool *came)
{
    struct record_line *line = app->record_line;
    struct feed_status status;
    struct found found;

    *came = false;
    TRY(feed_status(app->store, FEED_JOURNAL, &status));
    if (!line->begun || status.head_position - line->position > RECORDS_KEPT)
        line->position =
            status.head_position > RECORDS_KEPT ? status.head_position - RECORDS_KEPT : 0;
    line->begun = true;
    do {
        found.n = 0;
        TRY(feed_read(app->store, FEED_JOURNAL, line->position, READ_AT_ONCE, find_one, &found));
        for (size_t i = 0; i < found.n; i++)
            TRY(take_in(app, &found, i, came));
    } while (found.n == READ_AT_ONCE);
    return OK;
}

size_t record_line_read(const struct record_line *line, int64_t position, struct record_entry *out,
                        size_t max, int64_t *oldest)
{
    struct record_line *shared = (struct record_line *)(uintptr_t)line; /* to lock it */
    size_t first, n = 0;

    pthread_mutex_lock(&shared->lock);
    first = (line->next + RECORDS_KEPT - line->n) % RECORDS_KEPT;
    *oldest = line->n > 0 ? line->ring[first].position : 0;
    for (size_t i = 0; i < line->n && n < max; i++) {
        const struct record_entry *entry = &line->ring[(first + i) % RECORDS_KEPT];

        if (entry->position > position) out[n++] = *entry;
    }
    pthread_mutex_unlock(&shared->lock);
    return n;
}

size_t record_line_last(const struct record_line *line, struct record_entry *out, size_t max)
{
    struct record_line *shared = (struct record_line *)(uintptr_t)line;
    size_t n;

    pthread_mutex_lock(&shared->lock);
    n = line->n < max ? line->n : max;
    for (size_t i = 0; i < n; i++)
        out[i] = line->ring[(line->next + RECORDS_KEPT - 1 - i) % RECORDS_KEPT];
    pthread_mutex_unlock(&shared->lock);
    return n;
}

int64_t record_line_newest(const struct record_line *line)
{
    struct record_line *shared = (struct record_line *)(uintptr_t)line;
    int64_t newest = 0;

    pthread_mutex_lock(&shared->lock);
    if (line->n > 0) newest = line->ring[(line->next + RECORDS_KEPT - 1) % RECORDS_KEPT].position;
    pthread_mutex_unlock(&shared->lock);
    return newest;
}
