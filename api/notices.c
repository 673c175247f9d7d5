/* api/notices.c - messages that were sent to a person.
 *
 * GET /v1/persons/{person}/notices   newest first, by cursor; "me" is the holder */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"

#include "notice/notice.h"

static void put_notice(const struct request *rq, struct reply *rp,
                       const struct notice_record *record)
{
    static const char *const STATES[] = { "", "waiting", "held", "sent", "failed", "kept" };

    json_put_object(rp, NULL);
    json_put_id(rp, "id", "ntc", record->id);
    json_put_str(rp, "kind", str_of(notice_kind_name(record->kind)));
    json_put_str(rp, "state", str_of(STATES[record->state]));
    json_put_str(rp, "text", rq->language == LANGUAGE_EN ? record->text.en : record->text.zh);
    json_put_bool(rp, "seen", record->seen);
    json_put_instant(rp, "at", record->at);
    if (record->sent_at.usec != 0) json_put_instant(rp, "sent_at", record->sent_at);
    json_put_end(rp);
}

RESULT get_notices(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t person_id, last[PAGE_KEYS] = { 0 };
    struct notice_page notices;
    struct page page;

    TRY(person_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &person_id));
    TRY(page_read(app, rq, &page, NULL, 0));
    TRY(notice_history(app->store, person_id, page.after[0], (int)page.limit, rq->arena, &notices));
    TRY(look_record(app, rq, &(struct look){ .person_id = person_id, .act = LOOK_NOTICES }));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < notices.n; i++) {
        put_notice(rq, rp, &notices.records[i]);
        last[0] = notices.records[i].id;
    }
    json_put_end(rp);
    page_end(app, rq, rp, notices.more, last);
    return OK;
}
