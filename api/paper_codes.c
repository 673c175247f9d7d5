/* api/paper_codes.c - codes on paper for people without phones (纸质码): door strength, for some
 * days, taken back by their serial number. The holder's own, or at a counter.
 *
 * POST   /v1/cards/{card}/paper-codes            {"days"}   201 {"serial", "text", "qr", ...}
 * GET    /v1/cards/{card}/paper-codes            those that are out, without the codes
 * DELETE /v1/cards/{card}/paper-codes/{serial} */
#include "api/card_access.h"
#include "api/handlers.h"

#include "card/wire/code.h"
#include "identity/identity.h"
#include "web/web.h"

static void sheet_put(struct reply *rp, const struct paper_code *paper)
{
    json_put_int(rp, "serial", paper->serial);
    json_put_int(rp, "days", paper->days);
    json_put_instant(rp, "from", code_step_start(paper->from_step));
    json_put_instant(rp, "until",
                     instant_add(code_step_start(paper->from_step), paper->days * USEC_PER_DAY));
    json_put_bool(rp, "test", paper->test);
}

/* What is printed: the text, and its symbol as an SVG path (viewBox "0 0 size size"). */
static RESULT print_put(const struct request *rq, struct reply *rp, const struct paper_code *paper)
{
    uint8_t raw[PAPER_BYTES];
    char text[CODE_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);
    struct web_qr qr;

    paper_write(paper, raw);
    paper_text_write(raw, &w);
    qr = web_qr_of(rq->arena, writer_str(&w));
    if (w.over || qr.size == 0) return fault(FAULT_MEMORY, "a sheet's symbol");
    json_put_str(rp, "text", writer_str(&w));
    json_put_object(rp, "qr");
    json_put_int(rp, "size", qr.size);
    json_put_str(rp, "path", qr.path);
    json_put_end(rp);
    return OK;
}

RESULT post_paper_code(struct app *app, const struct request *rq, struct reply *rp)
{
    struct paper_ask ask = { .suite = CODE_SM2, .at = rq->at };
    struct paper_code paper;
    struct card card;
    int64_t days;
    const struct json_field body[] = { JSON_INT("days", &days, 1, PAPER_DAYS_MAX) };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_SELF_DEVICE, MAY_CARD_ISSUE, &card));
    ask.person_id = card.person_id;
    ask.card_id = card.id;
    ask.actor_id = request_session(rq)->actor_id;
    ask.days = (int32_t)days;
    TRY(identity_paper_issue(app->identity, rq->once, &ask, &paper));
    reply_json(rp, 201);
    sheet_put(rp, &paper);
    TRY(print_put(rq, rp, &paper));
    reply_header(rp, "Cache-Control", S("no-store"));
    return OK;
}

RESULT get_paper_codes(struct app *app, const struct request *rq, struct reply *rp)
{
    struct paper_code papers[PAPER_LIVE_MAX];
    struct card card;
    int n;

    TRY(card_of_path(app, rq, MAY_SELF_DEVICE, MAY_CARD_ISSUE, &card));
    TRY(identity_papers(app->identity, card.person_id, rq->at, papers, &n));
    TRY(card_look(app, rq, &card));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < n; i++) {
        json_put_object(rp, NULL);
        sheet_put(rp, &papers[i]);
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

RESULT delete_paper_code(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;
    int64_t serial;
    struct err err;

    TRY(card_of_path(app, rq, MAY_SELF_DEVICE, MAY_CARD_ISSUE, &card));
    REQUIRE(str_int(path_text(rq, "serial"), 0, UINT32_MAX, &serial), API_NOT_FOUND);
    err = identity_paper_revoke(app->identity, card.person_id, (uint32_t)serial,
                                request_session(rq)->actor_id, rq->at);
    if (err.code == IDENTITY_CARD_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    reply_empty(rp, 204);
    return OK;
}
