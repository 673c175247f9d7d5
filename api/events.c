/* api/events.c - the record line: what just happened, as it happens, without persons.
 *
 * GET /v1/journal-lines          the newest of them, newest first, by cursor: as many as are in
 * memory
 * GET /v1/journal-lines/events   server-sent events `journal_line` of sealed lines: position as id,
 * data {"id", "at", "act", "text", "place"?, "actor", "verdict", "simulated"}; `missed` {"after",
 * "before"} where a reader comes back to lines that are no longer in memory. Open to everybody in a
 * demonstration; elsewhere it needs journal.view */
#include "api/handlers.h"
#include "api/pages.h"
#include "api/record_line.h"

enum { LINES_A_WAKE = 4, LINES_BEFORE = 5 }; /* a wake's lines fit the 4 KiB that streams write */

static void members_put(struct json_out *out, bool english, const struct record_entry *entry)
{
    json_out_id(out, "id", "jrn", entry->id);
    json_out_instant(out, "at", entry->at);
    json_out_str(out, "act", str_of(entry->act));
    json_out_str(out, "text", str_of(entry->what.text[english]));
    if (entry->place.text[english][0])
        json_out_str(out, "place", str_of(entry->place.text[english]));
    json_out_str(out, "actor", str_of(entry->actor.text[english]));
    json_out_str(out, "verdict", entry->refused ? S("refused") : S("allowed"));
    json_out_bool(out, "simulated", entry->simulated);
}

static void event_put(struct app *app, struct writer *w, bool english,
                      const struct record_entry *entry)
{
    struct json_out out = json_out_over(w, app->ids);

    put_format(w, "id: %" PRId64 "\nevent: journal_line\ndata: ", entry->position);
    json_out_object(&out, NULL);
    members_put(&out, english, entry);
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

static RESULT may_read(struct app *app, const struct request *rq)
{
    if (app->demo) return OK;
    REQUIRE(rq->session, API_SIGN_IN);
    return request_may(rq, MAY_JOURNAL_VIEW, 0, 0);
}

RESULT get_journal_lines(struct app *app, const struct request *rq, struct reply *rp)
{
    struct record_entry *entries;
    struct page page;
    int64_t before, from, oldest, last[PAGE_KEYS] = { 0 };
    size_t n;

    TRY(may_read(app, rq));
    TRY(page_read(app, rq, &page, NULL, 0));
    entries = NEW_ARRAY(rq->arena, struct record_entry, (size_t)page.limit);
    if (!entries) return fault(FAULT_MEMORY, "a page of journal lines");
    before = page.first ? record_line_newest(app->record_line) + 1 : page.after[0];
    from = before - 1 - page.limit > 0 ? before - 1 - page.limit : 0;
    n = record_line_read(app->record_line, from, entries, (size_t)page.limit, &oldest);
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (size_t i = n; i-- > 0;) {
        if (entries[i].position >= before) continue;
        json_put_object(rp, NULL);
        members_put(&rp->json, rq->language == LANGUAGE_EN, &entries[i]);
        json_put_end(rp);
    }
    json_put_end(rp);
    last[0] = from + 1;
    page_end(app, rq, rp, from >= oldest && from > 0, last);
    return OK;
}

RESULT get_journal_events(struct app *app, const struct request *rq, struct reply *rp)
{
    struct stream stream = { .next = next_events, .channel = EVENTS_CHANNEL };
    struct record_entry first;
    int64_t newest, oldest, from;

    TRY(may_read(app, rq));
    stream.args[0] = page_english(rq);
    newest = record_line_newest(app->record_line);
    (void)record_line_read(app->record_line, 0, &first, 1, &oldest);
    /* without a position: a few lines, none of them told as missed */
    stream.position = newest > LINES_BEFORE ? newest - LINES_BEFORE : 0;
    if (stream.position + 1 < oldest) stream.position = oldest - 1;
    from = request_last_event(rq, stream.position);
    if (from <= newest) stream.position = from; /* else it is another history's: begin anew */
    reply_stream(rp, &stream);
    return OK;
}
