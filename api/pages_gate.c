/* api/pages_gate.c - the gate's screen, of a gate by itself or of staff who stand at one.
 *
 * GET  /gate?after=              staff choose their gate
 * GET  /gate/{gate}              waits for a code; scripts read codes through /v1/check-ins
 * POST /gate/{gate}/scans {code} the same page with the verdict (scripts off) */
#include "api/check_in.h"
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "registry/staff.h"
#include "venues/venues.h"

enum { GATES_SHOWN = 100, READS_MOST = 24, GATES_A_READ = 64 };

/* In service, and of a place where this clerk may admit. */
static bool may_serve(struct app *app, const struct request *rq, const struct terminal *terminal,
                      const struct place **place)
{
    *place = place_find(catalogue_now(app->shelf), terminal->venue_id);
    return terminal->state == TERMINAL_ACTIVE && *place &&
           request_may_at(rq, MAY_ADMIT, *place).code == 0;
}

struct err get_gates_page(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t after = 0;
    bool given, more = true;
    const struct json_field query[] = { JSON_OPTIONAL(JSON_ID("after", "trm", &after), &given) };
    struct web_gate_line *lines = NEW_ARRAY(rq->arena, struct web_gate_line, GATES_SHOWN);
    struct web_gates_view view = { .gates = lines };
    struct web_frame frame;
    struct str id;

    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE); /* a gate knows where it is */
    TRY(query_read(rq, query, LEN(query)));
    if (!lines) return fault(FAULT_MEMORY, "gates");
    for (int reads = 0; reads < READS_MOST && more && view.gates_n < GATES_SHOWN; reads++) {
        struct terminal_page page;
        size_t i;

        TRY(venues_terminals(app->store, 0, after, GATES_A_READ, rq->arena, &page));
        for (i = 0; i < page.n && view.gates_n < GATES_SHOWN; i++) {
            const struct terminal *terminal = &page.terminals[i];
            const struct place *place;

            after = terminal->id;
            if (!may_serve(app, rq, terminal, &place)) continue;
            lines[view.gates_n++] =
                (struct web_gate_line){ .id = id_text(rq, "trm", terminal->id),
                                        .name = arena_str(rq->arena, str_of(terminal->name)),
                                        .place = place_name(rq, place),
                                        .seen_at = terminal->seen_at };
        }
        more = page.more || i < page.n;
    }
    if (more) {
        id = id_text(rq, "trm", after);
        view.more = arena_format(rq->arena, "/gate?after=%.*s", (int)id.n, id.p);
    }
    frame = frame_of(app, rq, rp);
    web_gates(web_reply(rp, 200), &frame, &view);
    return OK;
}

static RESULT gate_view(struct app *app, const struct request *rq, struct web_gate_view *view)
{
    const struct session *session = request_session(rq);
    struct terminal terminal;
    struct stand at;
    struct staff staff;
    int64_t id;

    TRY(path_id(rq, "gate", "trm", &id));
    TRY(stand_at(app, rq, id, &at));
    TRY(venues_terminal_get(app->store, id, &terminal));
    *view = (struct web_gate_view){
        .id = id_text(rq, "trm", id),
        .place = place_name(rq, at.place),
        .verdict = WEB_GATE_READY,
        .online = true, /* this page was just answered by the centre */
        .list_age_seconds = terminal.list_made_at.usec == 0
                                ? -1
                                : (rq->at.usec - terminal.list_made_at.usec) / USEC_PER_SEC,
        .queue = terminal.queue,
        .clock_offset_msec = terminal.clock_off_usec / 1000,
    };
    if (session->actor != ACTOR_STAFF) return OK;
    TRY(registry_staff_load(app->store, session->actor_id, &staff));
    view->staff = arena_str(rq->arena, str_of(staff.user));
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
    struct err err;

    TRY(gate_view(app, rq, &view));
    TRY(path_id(rq, "gate", "trm", &ask.terminal_id));
    TRY(form_read(rq->body, form, LEN(form)));
    err = check_in(app, rq, &ask, &made);
    if (err.code < 0) return err;
    view.read = arena_format(rq->arena, "…%.*s", (int)(ask.code.n < 4 ? ask.code.n : 4),
                             ask.code.p + (ask.code.n < 4 ? 0 : ask.code.n - 4));
    if (err.code == 0) {
        view.verdict = WEB_GATE_PASS;
        view.places = made.admission.places;
    } else {
        view.verdict = WEB_GATE_REFUSED;
        view.reason = made.verdict.card != VERDICT_CARD_NONE
                          ? str_of(verdict_words(err.code, &made.verdict, page_english(rq)))
                          : refusal_text(rq, err.code);
        first = place_find(cat, made.verdict.first_place_id);
        view.first_at = made.verdict.first_at;
        if (view.first_at.usec == 0) view.first_at = made.admission.first_at;
        if (first) view.first_place = place_name(rq, first);
    }
    frame = frame_of(app, rq, rp);
    web_gate(web_reply(rp, 200), &frame, &view);
    return OK;
}
