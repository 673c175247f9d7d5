/* api/events.c - the record line: what just happened, as it happens, without persons.
 *
 * GET /v1/journal-lines/events   server-sent events `journal_line`, from the sealed journal feed:
 * position as id, data {"id", "at", "act", "place"?, "actor", "verdict", "text", "simulated"} open
 * to everybody in a demonstration; elsewhere it needs journal.view */
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "journal/journal.h"

enum { LINES_A_WAKE = 20, EVENTS_CHANNEL = 0 };

struct event_write {
    struct app *app;
    struct stream *stream;
    struct writer *w;
};

static void event_put(struct app *app, struct writer *w, int64_t position, bool english,
                      const struct journal_record *record)
{
    static const char *const ACTORS[] = { "",         "holder", "helper", "staff",
                                          "terminal", "job",    "partner" };
    const struct journal_line *line = &record->line;
    const struct place *place = place_find(catalogue_now(app->shelf), line->place_id);
    struct json_out out = json_out_over(w, app->ids);

    put_format(w, "id: %" PRId64 "\nevent: journal_line\ndata: ", position);
    json_out_object(&out, NULL);
    json_out_id(&out, "id", "jrn", record->id);
    json_out_instant(&out, "at", line->at);
    json_out_str(&out, "act", line->act);
    json_out_str(&out, "text", act_words(line->act, english));
    if (place) json_out_str(&out, "place", english ? place->name.en : place->name.zh);
    json_out_str(&out, "actor", str_of(ACTORS[line->actor]));
    json_out_str(&out, "verdict", line->verdict == 0 ? S("allowed") : S("refused"));
    json_out_bool(&out, "simulated", line->provenance != PROVENANCE_REAL);
    json_out_end(&out);
    put_str(w, S("\n\n"));
}

/* One sealed entry: its line, unless it was erased meanwhile. */
static struct err event_visit(void *arg, const struct feed_entry *entry)
{
    struct event_write *write = arg;
    uint8_t room[4096];
    struct arena arena = arena_over(room, sizeof room);
    struct journal_record record;
    struct err err;

    err = journal_line_get(write->app->store, entry->root, entry->subject_id, &arena, &record);
    write->stream->position = entry->position;
    if (err.code == 0 && !record.erased) {
        event_put(write->app, write->w, entry->position, write->stream->args[0] != 0, &record);
    }
    return err.code < 0 ? err : OK;
}

static void next_events(struct app *app, struct stream *stream, struct writer *w)
{
    struct event_write write = { app, stream, w };
    struct err err =
        feed_read(app->store, FEED_JOURNAL, stream->position, LINES_A_WAKE, event_visit, &write);

    (void)err; /* the stream goes on from its position at the next wake */
}

RESULT get_journal_events(struct app *app, const struct request *rq, struct reply *rp)
{
    struct feed_status status;
    struct stream stream = { .next = next_events, .channel = EVENTS_CHANNEL };

    if (!app->demo) {
        REQUIRE(rq->session, API_SIGN_IN);
        TRY(request_may(rq, MAY_JOURNAL_VIEW, 0, 0));
    }
    stream.args[0] = page_english(rq);
    TRY(feed_status(app->store, FEED_JOURNAL, &status));
    stream.position =
        request_last_event(rq, status.head_position > 5 ? status.head_position - 5 : 0);
    reply_stream(rp, &stream);
    return OK;
}
