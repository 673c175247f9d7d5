/* api/audit.c - what staff did and looked at, for those who check on them.
 *
 * GET /v1/audit-entries?actor=&region_code=&kind=&from=&to=   newest first, by cursor. Needs
 * X-Purpose; each page is itself a line of the journal, synced before it is told. */
#include "api/handlers.h"

#include "catalogue/catalogue.h"
#include "journal/journal.h"

static const struct json_name KINDS[] = { { "use", JOURNAL_USE },
                                          { "card", JOURNAL_CARD },
                                          { "look", JOURNAL_LOOK },
                                          { "staff_act", JOURNAL_STAFF_ACT } };

/* Lines of other regions are passed over: after so many reads a page ends short, with a cursor. */
enum { READS_MAX = 4 };

struct audit {
    struct journal_ask ask;
    int32_t region_code; /* 0: wherever the role reaches */
    struct staff who;    /* the actor told last: lines of one come in runs */
};

/* In the region asked for, and in the role's? What has no region is the province's. */
static bool seen(struct app *app, const struct request *rq, const struct audit *audit,
                 const struct journal_line *line)
{
    int32_t region_code = line->region_code ? line->region_code : REGION_ANHUI;

    if (audit->region_code &&
        !region_covers(catalogue_now(app->shelf), audit->region_code, region_code))
        return false;
    return request_may(rq, MAY_JOURNAL_VIEW, region_code, 0).code == 0;
}

static void put_what(struct reply *rp, const struct journal_line *line)
{
    json_put_str(rp, "act", line->act);
    if (line->person_id) json_put_id(rp, "person", "psn", line->person_id);
    if (line->card_id) json_put_id(rp, "card", "crd", line->card_id);
    if (line->object_id && line->object_prefix[0])
        json_put_id(rp, "object", line->object_prefix, line->object_id);
    if (line->item.n) json_put_str(rp, "item", line->item);
    if (line->purpose.n) json_put_str(rp, "purpose", line->purpose);
    if (line->note.n) json_put_str(rp, "note", line->note);
    if (line->region_code) json_put_int(rp, "region_code", line->region_code);
    if (line->place_id) json_put_id(rp, "venue", "ven", line->place_id);
    json_put_str(rp, "verdict", line->verdict == 0 ? S("allowed") : S("refused"));
    if (line->verdict) json_put_str(rp, "code", str_of(refusal_of(line->verdict).code));
    json_put_bool(rp, "simulated", line->provenance != PROVENANCE_REAL);
    json_put_instant(rp, "at", line->at);
}

static RESULT entry_put(struct app *app, struct reply *rp, struct audit *audit,
                        const struct journal_record *record)
{
    const struct journal_line *line = &record->line;

    json_put_object(rp, NULL);
    json_put_id(rp, "id", "jrn", record->id);
    json_put_instant(rp, "recorded_at", record->recorded_at);
    json_put_bool(rp, "erased", record->erased);
    json_put_bool(rp, "contested", record->contested);
    if (!record->erased) {
        json_put_str(rp, "kind", str_of(KINDS[line->kind - JOURNAL_USE].name));
        json_put_id(rp, "actor", "stf", line->actor_id);
        if (audit->who.id != line->actor_id) {
            struct err err = registry_staff_load(app->store, line->actor_id, &audit->who);
            if (err.code < 0) return err;
        }
        if (audit->who.id == line->actor_id) json_put_str(rp, "user", str_of(audit->who.user));
        put_what(rp, line);
    }
    json_put_end(rp);
    return OK;
}

static RESULT look_in_txn(struct txn *tx, void *line)
{
    return journal_append(tx, line, NULL);
}

/* Who checks is checked on too. */
static RESULT look_keep(struct app *app, const struct request *rq, const struct audit *audit)
{
    const struct session *session = request_session(rq);
    struct journal_line line = { .kind = JOURNAL_LOOK,
                                 .actor = session->actor,
                                 .grade = GRADE_A,
                                 .provenance = PROVENANCE_REAL,
                                 .actor_id = session->actor_id,
                                 .region_code = audit->region_code,
                                 .act = S("audit_viewed"),
                                 .purpose = purpose_name(request_purpose(rq)),
                                 .object_id = audit->ask.actor_id,
                                 .at = rq->at };

    if (line.object_id) memcpy(line.object_prefix, "stf", 3);
    return store_run(app->store, (struct root){ ROOT_NODE, NODE_ID }, look_in_txn, &line);
}

static RESULT audit_read(struct app *app, const struct request *rq, struct page *page,
                         struct audit *audit)
{
    struct journal_ask *ask = &audit->ask;
    int64_t region_code = 0;
    int kind = 0;
    const struct json_field filters[] = {
        JSON_OPTIONAL(JSON_ID("actor", "stf", &ask->actor_id), NULL),
        JSON_OPTIONAL(JSON_INT("region_code", &region_code, 100000, 999999), NULL),
        JSON_OPTIONAL(JSON_ENUM("kind", &kind, KINDS), NULL),
        JSON_OPTIONAL(JSON_INSTANT("from", &ask->from), NULL),
        JSON_OPTIONAL(JSON_INSTANT("to", &ask->to), NULL),
    };

    TRY(page_read(app, rq, page, filters, LEN(filters)));
    TRY(request_may(rq, MAY_JOURNAL_VIEW, (int32_t)region_code, 0));
    audit->region_code = (int32_t)region_code;
    ask->kind = (enum journal_kind)kind;
    ask->actor = ACTOR_STAFF;
    ask->any_staff = ask->actor_id == 0;
    ask->before = page->after[0];
    ask->limit = (int)page->limit;
    return OK;
}

RESULT get_audit_entries(struct app *app, const struct request *rq, struct reply *rp)
{
    struct audit audit = { .region_code = 0 };
    struct journal_page lines;
    struct page page;
    int64_t shown = 0, last[PAGE_KEYS] = { 0 };
    bool more = true;

    TRY(audit_read(app, rq, &page, &audit));
    TRY(look_keep(app, rq, &audit));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    last[0] = page.after[0];
    for (int reads = 0; more && shown < page.limit && reads < READS_MAX; reads++) {
        audit.ask.before = last[0];
        TRY(journal_lines(app->store, &audit.ask, rq->arena, &lines));
        more = lines.more;
        for (int i = 0; i < lines.n; i++) {
            if (shown == page.limit) more = true;
            if (shown == page.limit) break;
            last[0] = lines.records[i].id;
            if (!seen(app, rq, &audit, &lines.records[i].line)) continue;
            TRY(entry_put(app, rp, &audit, &lines.records[i]));
            shown++;
        }
    }
    json_put_end(rp);
    page_end(app, rq, rp, more, last);
    return OK;
}
