/* api/access_records.c - who used my card (谁用过我的卡), who looked at my record, and saying that
 * it was not right (有异议).
 *
 * GET  /v1/persons/{person}/access-records      newest first, by cursor; "me" is the holder
 * POST /v1/access-records/{line}/contests       {"reason"} */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"

#include "catalogue/catalogue.h"
#include "journal/journal.h"

/* Which values a look showed: a list, as look_record wrote it. */
static void put_fields(struct reply *rp, struct str fields)
{
    json_put_array(rp, "fields");
    while (fields.n > 0)
        json_put_str(rp, NULL, str_cut(fields, ',', &fields));
    json_put_end(rp);
}

static void put_line(struct app *app, const struct request *rq, struct reply *rp,
                     const struct journal_record *record)
{
    static const char *const KINDS[] = { "", "use", "card", "look", "staff_act" };
    static const char *const ACTORS[] = { "",         "holder", "helper", "staff",
                                          "terminal", "job",    "partner" };
    const struct journal_line *line = &record->line;
    const struct place *place = place_find(catalogue_now(app->shelf), line->place_id);

    json_put_object(rp, NULL);
    json_put_id(rp, "id", "jrn", record->id);
    json_put_bool(rp, "erased", record->erased);
    json_put_bool(rp, "contested", record->contested);
    if (!record->erased) {
        json_put_str(rp, "kind", str_of(KINDS[line->kind]));
        json_put_str(rp, "act", line->act);
        json_put_str(rp, "actor", str_of(ACTORS[line->actor]));
        if (line->item.n) json_put_str(rp, "item", line->item);
        if (line->purpose.n) json_put_str(rp, "purpose", line->purpose);
        if (line->kind == JOURNAL_LOOK) {
            put_fields(rp, line->note);
            if (line->actor == ACTOR_STAFF) json_put_id(rp, "staff", "stf", line->actor_id);
            if (line->region_code != 0) json_put_int(rp, "region_code", line->region_code);
        }
        if (place) {
            json_put_str(rp, "place",
                         rq->language == LANGUAGE_EN ? place->name.en : place->name.zh);
        }
        json_put_str(rp, "verdict", line->verdict == 0 ? S("allowed") : S("refused"));
        if (line->verdict != 0) {
            json_put_str(rp, "code", str_of(refusal_of(line->verdict).code));
        }
        json_put_bool(rp, "simulated", line->provenance != PROVENANCE_REAL);
        json_put_instant(rp, "at", line->at);
    }
    json_put_end(rp);
}

RESULT get_access_records(struct app *app, const struct request *rq, struct reply *rp)
{
    struct journal_ask ask = { 0 };
    struct journal_page lines;
    struct page page;
    int64_t last[PAGE_KEYS] = { 0 };

    TRY(person_of_path(app, rq, MAY_SELF_VIEW, MAY_JOURNAL_VIEW, &ask.person_id));
    TRY(page_read(app, rq, &page, NULL, 0));
    ask.before = page.after[0];
    ask.limit = (int)page.limit;
    TRY(journal_lines(app->store, &ask, rq->arena, &lines));
    TRY(look_record(app, rq, &(struct look){ .person_id = ask.person_id, .act = LOOK_JOURNAL }));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < lines.n; i++) {
        put_line(app, rq, rp, &lines.records[i]);
        last[0] = lines.records[i].id;
    }
    json_put_end(rp);
    page_end(app, rq, rp, lines.more, last);
    return OK;
}

RESULT post_contest(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name REASONS[] = {
        { "not_me", 0 }, { "wrong_item", 1 }, { "wrong_time", 2 }, { "not_asked", 3 }
    };
    struct journal_contest ask = { .at = rq->at };
    int64_t contest_id;
    int reason;
    const struct json_field body[] = { JSON_ENUM("reason", &reason, REASONS) };
    struct err err;

    TRY(json_read(rq->body, body, LEN(body)));
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(path_id(rq, "line", "jrn", &ask.line_id));
    ask.person_id = request_session(rq)->person_id;
    ask.reason = str_of(REASONS[reason].name);
    err = journal_contest(app->store, rq->once, &ask, &contest_id);
    if (err.code == JOURNAL_LINE_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    reply_json(rp, 201);
    json_put_id(rp, "id", "cnt", contest_id);
    return OK;
}
