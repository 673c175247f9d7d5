/* api/pages_gate.c - the gate's screen.
 *
 * GET  /gate/{gate}              waits for a code; scripts read codes through /v1/check-ins
 * POST /gate/{gate}/scans {code} the same page with the verdict (scripts off)
 * POST /gate/sign-out */
#include "api/check_in.h"
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

static RESULT gate_view(struct app *app, const struct request *rq, struct web_gate_view *view)
{
    const struct session *session = request_session(rq);
    const struct place *place;
    struct terminal terminal;
    int64_t id;

    TRY(path_id(rq, "gate", "trm", &id));
    REQUIRE(session->actor == ACTOR_TERMINAL && session->terminal_id == id, API_NOT_FOUND);
    TRY(venues_terminal_get(app->store, id, &terminal));
    place = place_find(catalogue_now(app->shelf), terminal.venue_id);
    *view = (struct web_gate_view){
        .id = id_text(rq, "trm", id),
        .place = !place             ? arena_str(rq->arena, str_of(terminal.name))
                 : page_english(rq) ? place->name.en
                                    : place->name.zh,
        .verdict = WEB_GATE_READY,
        .online = true, /* this page was just answered by the centre */
        .list_age_seconds = terminal.list_made_at.usec == 0
                                ? -1
                                : (rq->at.usec - terminal.list_made_at.usec) / USEC_PER_SEC,
        .queue = terminal.queue,
        .clock_offset_msec = terminal.clock_off_usec / 1000,
    };
    return OK;
}

struct err get_gate_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_gate_view view;
    struct web_frame frame;

    TRY(gate_view(app, rq, &view));
    frame = frame_of(app, rq, rp);
    web_gate(web_reply(rp, 200), &frame, &view);
    return OK;
}

struct err post_gate_scan(struct app *app, const struct request *rq, struct reply *rp)
{
    struct check_in_ask ask = { .places = 1 };
    const struct json_field form[] = { JSON_TEXT("code", &ask.code, 1, 400) };
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct place *first;
    struct web_gate_view view;
    struct web_frame frame;
    struct check_in made = { 0 };
    struct refusal refusal;
    struct err err;

    TRY(gate_view(app, rq, &view));
    TRY(form_read(rq->body, form, LEN(form)));
    err = check_in(app, rq, &ask, &made);
    if (err.code < 0) return err;
    view.read = arena_format(rq->arena, "…%.*s", (int)(ask.code.n < 4 ? ask.code.n : 4),
                             ask.code.p + (ask.code.n < 4 ? 0 : ask.code.n - 4));
    if (err.code == 0) {
        view.verdict = WEB_GATE_PASS;
        view.places = made.admission.places;
    } else {
        refusal = refusal_of(err.code);
        view.verdict = WEB_GATE_REFUSED;
        view.reason = words_of(rq, refusal.detail_zh, refusal.detail_en);
        first = place_find(cat, made.verdict.first_place_id);
        view.first_at = made.verdict.first_at;
        if (view.first_at.usec == 0) view.first_at = made.admission.first_at;
        if (first) view.first_place = page_english(rq) ? first->name.en : first->name.zh;
    }
    frame = frame_of(app, rq, rp);
    web_gate(web_reply(rp, 200), &frame, &view);
    return OK;
}
