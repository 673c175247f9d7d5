/* api/events.c - the record line: what just happened, as it happens, without persons.
 *
 * GET /v1/journal-lines/events   server-sent events `journal_line` of sealed lines: position as id,
 * data {"id", "at", "act", "text", "place"?, "actor", "verdict", "simulated"}; `missed` {"after",
 * "before"} where a reader comes back to lines that are no longer in memory. Open to everybody in a
 * demonstration; elsewhere it needs journal.view */
#include "api/handlers.h"
#include "api/pages.h"
#include "api/record_line.h"

enum { LINES_A_WAKE = 4, LINES_BEFORE = 5 }; /* a wake's lines fit the 4 KiB that streams write */

static void event_put(struct app *app, struct writer *w, bool english,
                      const struct record_entry *entry)
{
    struct json_out out = json_out_over(w, app->ids);

    put_format(w, "id: %" PRId64 "\nevent: journal_line\ndata: ", entry->position);
    json_out_object(&out, NULL);
    json_out_id(&out, "id", "jrn", entry->id);
    json_out_instant(&out, "at", entry->at);
    json_out_str(&out, "act", str_of(entry->act));
    json_out_str(&out, "text", str_of(entry->what.text[english]));
    if (entry->place.text[english][0])
        json_out_str(&out, "place", str_of(entry->place.text[english]));
    json_out_str(&out, "actor", str_of(entry->actor.text[english]));
    json_out_str(&out, "verdict", entry->refused ? S("refused") : S("allowed"));
    json_out_bool(&out, "simulated", entry->simulated);
    json_out_end(&out);
    put_str(w, S("\n\n"));
}

/* On an HTTP thread: memory only. */
static void next_events(struct app *app, struct stream *stream, struct writer *w)
{
    struct record_entry entries[LINES_A_WAKE];
    int64_t oldest;
    size_t n = record_line_read(app->record_line, stream->position, entries, LINES_A_WAKE, &oldest);

    if (stream->position + 1 < oldest && n > 0 && entries[0].position == oldest)
        put_format(w, "event: missed\ndata: {\"after\":%" PRId64 ",\"before\":%" PRId64 "}\n\n",
                   stream->position, oldest);
    for (size_t i = 0; i < n; i++)
        event_put(app, w, stream->args[0] != 0, &entries[i]);
    if (n > 0) stream->position = entries[n - 1].position;
}

RESULT get_journal_events(struct app *app, const struct request *rq, struct reply *rp)
{
    struct stream stream = { .next = next_events, .channel = EVENTS_CHANNEL };
    struct record_entry first;
    int64_t newest, oldest;

    if (!app->demo) {
        REQUIRE(rq->session, API_SIGN_IN);
        TRY(request_may(rq, MAY_JOURNAL_VIEW, 0, 0));
    }
    stream.args[0] = page_english(rq);
    newest = record_line_newest(app->record_line);
    (void)record_line_read(app->record_line, 0, &first, 1, &oldest);
    /* without a position: a few lines, none of them told as missed */
    stream.position = newest > LINES_BEFORE ? newest - LINES_BEFORE : 0;
    if (stream.position + 1 < oldest) stream.position = oldest - 1;
    stream.position = request_last_event(rq, stream.position);
    reply_stream(rp, &stream);
    return OK;
}
