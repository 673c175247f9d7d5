/* api/pages_records.c - the record line, and who used my card.
 *
 * GET /records           the newest sealed journal lines, without persons
 * GET /uses?before=      谁用过我的卡, newest first */
#include "api/handlers.h"
#include "api/pages.h"

#include "api/act_words.h"
#include "api/record_line.h"
#include "journal/journal.h"

enum { LINES_SHOWN = 30 };

struct err get_records_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct record_entry *entries = NEW_ARRAY(rq->arena, struct record_entry, LINES_SHOWN);
    struct web_record_line *newest = NEW_ARRAY(rq->arena, struct web_record_line, LINES_SHOWN);
    struct web_records_view view = { .stream = S("/v1/journal-lines/events"), .sealed = true };
    const bool english = page_english(rq);
    struct web_frame frame;

    if (!app->demo) { /* a demonstration shows it to everybody, as its stream does */
        REQUIRE(rq->session, API_SIGN_IN);
        TRY(request_may(rq, MAY_JOURNAL_VIEW, 0, 0));
    }
    if (!entries || !newest) return fault(FAULT_MEMORY, "records");
    view.lines_n = record_line_last(app->record_line, entries, LINES_SHOWN);
    for (size_t i = 0; i < view.lines_n; i++) {
        const struct record_entry *entry = &entries[i];

        newest[i] = (struct web_record_line){
            .at = entry->at,
            .id = id_text(rq, "jrn", entry->id),
            .text = str_of(entry->what.text[english]),
            .place = str_of(entry->place.text[english]),
            .actor = str_of(entry->actor.text[english]),
            .verdict = entry->refused ? WEB_USE_REFUSED : WEB_USE_ALLOWED,
            .simulated = entry->simulated,
        };
    }
    view.lines = newest;
    frame = frame_of(app, rq, rp);
    frame.role = WEB_NOBODY; /* nobody's own page: it has no navigation */
    web_records(web_reply(rp, 200), &frame, &view);
    return OK;
}

static enum web_use_kind kind_of(const struct journal_line *line)
{
    if (line->kind == JOURNAL_LOOK) return WEB_USE_READ;
    if (line->kind == JOURNAL_USE) {
        if (str_starts(line->act, S("booking_"))) return WEB_USE_BOOK;
        if (str_eq(line->act, S("admitted")) || str_eq(line->act, S("not_admitted")))
            return WEB_USE_ADMIT;
        return WEB_USE_VERIFY;
    }
    if (line->actor == ACTOR_HOLDER) return WEB_USE_OWN;
    return line->actor == ACTOR_STAFF ? WEB_USE_STAFF : WEB_USE_OTHER;
}

/* What was done; of a look also what was shown, and why. */
static struct str item_words(const struct request *rq, const struct journal_line *line)
{
    const bool english = page_english(rq);
    struct str act = act_words(line->act, english), look = look_words(line, english, rq->arena);

    if (look.n == 0) return act;
    return arena_format(rq->arena, english ? "%.*s (%.*s)" : "%.*s（%.*s）", (int)act.n, act.p,
                        (int)look.n, look.p);
}

struct err get_uses_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct journal_ask ask = { .limit = LINES_SHOWN };
    struct web_use_line *lines = NEW_ARRAY(rq->arena, struct web_use_line, LINES_SHOWN);
    struct web_uses_view view = { .lines = lines };
    struct journal_page page;
    struct web_frame frame;
    struct str id;
    bool given;
    const struct json_field query[] = { JSON_OPTIONAL(JSON_ID("before", "jrn", &ask.before),
                                                      &given) };

    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(query_read(rq, query, LEN(query)));
    if (!lines) return fault(FAULT_MEMORY, "uses");
    ask.person_id = request_session(rq)->person_id;
    TRY(journal_lines(app->store, &ask, rq->arena, &page));
    for (int i = 0; i < page.n; i++) {
        const struct journal_line *line = &page.records[i].line;
        struct refusal refusal;
        struct str actor;

        if (page.records[i].erased) continue;
        TRY(actor_words(app, line, page_english(rq), rq->arena, &actor));
        lines[view.lines_n] = (struct web_use_line){
            .at = line->at,
            .kind = kind_of(line),
            .verdict = line->verdict == 0 ? WEB_USE_ALLOWED : WEB_USE_REFUSED,
            .item = item_words(rq, line),
            .place = place_words(app, line->place_id, page_english(rq)),
            .actor = actor,
            .simulated = line->provenance != PROVENANCE_REAL,
        };
        if (line->verdict != 0) {
            refusal = refusal_of(line->verdict);
            lines[view.lines_n].reason = words_of(rq, refusal.title_zh, refusal.title_en);
        }
        view.lines_n++;
    }
    if (page.more && page.n > 0) {
        id = id_text(rq, "jrn", page.records[page.n - 1].id);
        view.older = arena_format(rq->arena, "/uses?before=%.*s", (int)id.n, id.p);
    }
    frame = frame_of(app, rq, rp);
    web_uses(web_reply(rp, 200), &frame, &view);
    return OK;
}
