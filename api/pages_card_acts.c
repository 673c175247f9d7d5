/* api/pages_card_acts.c - what the holder does with a card: one page and one button each, then what
 * was done.
 *
 * GET  /cards/{card}/lose, lift, lose-formally, ecard-on, ecard-off, replace
 * POST /cards/{card}/loss-reports {kind=temporary, reason?}    303 to the report
 * POST /cards/{card}/loss-lifts, ecard-withdrawals, replacements {}, ecard-consents {consent=on}
 *                                                 303 to the line of history that it made
 * GET  /cards/{card}/loss-reports/{loss}          number, lapse, when each gate obeyed
 * GET  /cards/{card}/changes/{change}             the same of the other acts
 *
 * Who may: the holder, signed in. A report and the e-card need one factor, as the registry asks;
 * lifting needs more than the report had, ordering a replacement needs both factors, and a formal
 * report needs papers, which only a window sees. What cannot be done is told on the card's page. */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/pages.h"
#include "api/receipt.h"

#include "catalogue/catalogue.h"
#include "venues/venues.h"

/* How each act is asked for, by enum web_card_act. */
static const struct {
    const char *page, *posts_to;
} ACTS[] = {
    [WEB_CARD_ACT_LOSE] = { "lose", "loss-reports" },
    [WEB_CARD_ACT_LIFT] = { "lift", "loss-lifts" },
    [WEB_CARD_ACT_FORMAL] = { "lose-formally", "loss-reports" },
    [WEB_CARD_ACT_CONSENT] = { "ecard-on", "ecard-consents" },
    [WEB_CARD_ACT_WITHDRAW] = { "ecard-off", "ecard-withdrawals" },
    [WEB_CARD_ACT_REPLACE] = { "replace", "replacements" },
};

static RESULT own_card_of_path(struct app *app, const struct request *rq, struct card *card)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    return card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, card);
}

/* ---- what cannot be done, on the card's page ---- */

static const char *channel_words(enum channel channel, bool english)
{
    switch (channel) {
    case CHANNEL_COUNTER:
        return english ? "at a window" : "在窗口";
    case CHANNEL_WEB:
        return english ? "on the web" : "通过网页";
    case CHANNEL_APP:
        return english ? "in the app" : "通过手机应用";
    case CHANNEL_PHONE:
        return english ? "by telephone" : "通过电话";
    case CHANNEL_MACHINE:
        return english ? "at a machine" : "在自助机";
    case CHANNEL_GATE:
    case CHANNEL_IMPORT:
    case CHANNEL_JOB:
        break;
    }
    return "";
}

static RESULT lost_words(struct app *app, const struct request *rq, const struct card *card,
                         struct str *out)
{
    const bool english = page_english(rq);
    struct loss loss;
    struct str at;

    TRY(registry_loss_load(app->store, card->person_id, card->loss_id, &loss));
    at = when_text(rq, loss.effective_at);
    if (english) {
        *out = arena_format(
            rq->arena, "This card was reported lost on %.*s %s and cannot be used.%s", (int)at.n,
            at.p, channel_words(loss.channel, true),
            loss.kind == LOSS_TEMPORARY ? " Found it? The temporary report can be lifted."
                                        : " It can be replaced.");
    } else {
        *out = arena_format(rq->arena, "此卡已于%.*s%s挂失，不能使用。%s", (int)at.n, at.p,
                            channel_words(loss.channel, false),
                            loss.kind == LOSS_TEMPORARY ? "找到卡了？可以解除临时挂失。"
                                                        : "可以补办新卡。");
    }
    return OK;
}

/* Why the registry would refuse the act on the card as it is; 0: it may be asked for. */
static int act_refusal(enum web_card_act act, const struct card *card,
                       const struct web_card_line *line)
{
    const bool lost = card->loss_id != 0;

    if (card->social == SOCIAL_REPLACED) return REGISTRY_CARD_REPLACED;
    if (card->social == SOCIAL_CANCELLED) return REGISTRY_CARD_CANCELLED;
    switch (act) {
    case WEB_CARD_ACT_LOSE:
        return line->may_lose ? 0 : lost ? REGISTRY_ALREADY_LOST : REGISTRY_MOVE_REFUSED;
    case WEB_CARD_ACT_FORMAL:
        return card->social == SOCIAL_FORMAL_LOSS ? REGISTRY_ALREADY_LOST : 0;
    case WEB_CARD_ACT_LIFT:
    case WEB_CARD_ACT_WITHDRAW:
    case WEB_CARD_ACT_REPLACE:
        break;
    case WEB_CARD_ACT_CONSENT:
        if (!lost) return REGISTRY_NOT_LOST;
        if (line->may_consent || line->may_withdraw) return 0;
        return card->social == SOCIAL_FORMAL_LOSS ? REGISTRY_CONSENT_LATE : REGISTRY_ECARD_NONE;
    }
    return lost ? 0 : REGISTRY_NOT_LOST;
}

static RESULT tell_on_card(struct app *app, const struct request *rq, struct reply *rp,
                           const struct card *card, int code)
{
    struct str words = refusal_text(rq, code);

    if (code == REGISTRY_ALREADY_LOST && card->loss_id != 0) TRY(lost_words(app, rq, card, &words));
    return card_page(app, rq, rp, card, refusal_of(code).status, words);
}

/* ---- asking ---- */

static enum web_need need_of(const struct request *rq, enum web_card_act act,
                             const struct loss *loss)
{
    const enum proof proof = request_session(rq)->signin.proof;

    if (act == WEB_CARD_ACT_FORMAL) return WEB_NEED_WINDOW;
    if (act == WEB_CARD_ACT_REPLACE && proof < PROOF_TWO_FACTORS) return WEB_NEED_BOTH;
    if (act == WEB_CARD_ACT_LIFT && loss->proof >= PROOF_TWO_FACTORS) return WEB_NEED_WINDOW;
    if (act == WEB_CARD_ACT_LIFT && proof <= loss->proof) return WEB_NEED_BOTH;
    return WEB_NEED_NOTHING;
}

static struct money fee_of(struct app *app, const struct card *card, struct instant at)
{
    struct money fee = { 0 };

    if (parameter_money(catalogue_now(app->shelf), S("fee.reissue"), card->region_code, at, &fee)
            .code != 0)
        return (struct money){ 0 };
    return fee;
}

static RESULT act_page_of(struct app *app, const struct request *rq, struct reply *rp,
                          enum web_card_act act, const struct card *card, int status)
{
    struct web_card_act_view view = { .act = act };
    struct web_frame frame;
    struct loss loss = { 0 };
    int refused;

    TRY(card_line(app, rq, card, &view.card));
    refused = act_refusal(act, card, &view.card);
    if (refused != 0) return tell_on_card(app, rq, rp, card, refused);
    if (card->loss_id != 0)
        TRY(registry_loss_load(app->store, card->person_id, card->loss_id, &loss));
    view.need = need_of(rq, act, &loss);
    view.action = arena_format(rq->arena, "/cards/%.*s/%s", (int)view.card.id.n, view.card.id.p,
                               ACTS[act].posts_to);
    view.here = arena_format(rq->arena, "/cards/%.*s/%s", (int)view.card.id.n, view.card.id.p,
                             ACTS[act].page);
    view.lapse_days = (registry_loss_end(app->registry, card->region_code, rq->at).usec -
                       rq->at.usec + USEC_PER_DAY / 2) /
                      USEC_PER_DAY;
    view.fee = fee_of(app, card, rq->at);
    frame = frame_of(app, rq, rp);
    if (status == 422) frame.problems = form_problems(rq, &frame.problems_n);
    web_card_act(web_reply(rp, status), &frame, &view);
    return OK;
}

static RESULT act_page(struct app *app, const struct request *rq, struct reply *rp,
                       enum web_card_act act)
{
    struct card card;

    TRY(own_card_of_path(app, rq, &card));
    return act_page_of(app, rq, rp, act, &card, 200);
}

struct err get_lose_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_LOSE);
}

struct err get_lift_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_LIFT);
}

struct err get_formal_loss_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_FORMAL);
}

struct err get_ecard_on_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_CONSENT);
}

struct err get_ecard_off_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_WITHDRAW);
}

struct err get_replace_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_REPLACE);
}

/* ---- doing ---- */

/* A refusal of the registry, told where the holder can go on: the act's page when they must be
 * known more surely or a field was wrong, else the card as it stands. */
static RESULT act_told(struct app *app, const struct request *rq, struct reply *rp,
                       enum web_card_act act, struct card *card, struct err err)
{
    if (err.code == HTTP_FIELDS) return act_page_of(app, rq, rp, act, card, 422);
    if (err.code < REGISTRY_CARD_UNKNOWN || err.code > REGISTRY_CONSENT_LATE) return err;
    TRY(registry_card_load(app->store, card->person_id, card->id, card)); /* as it is by now */
    if (err.code == REGISTRY_PROOF_WEAK) return act_page_of(app, rq, rp, act, card, 403);
    if (err.code == REGISTRY_TEMPORARY_ONLY)
        return act_page_of(app, rq, rp, WEB_CARD_ACT_FORMAL, card, 403);
    return tell_on_card(app, rq, rp, card, err.code);
}

/* To the newest line of the card's history that is this event's. */
static RESULT to_change(struct app *app, const struct request *rq, struct reply *rp,
                        const struct card *card, enum card_function function, int event)
{
    struct card_change *changes = NEW_ARRAY(rq->arena, struct card_change, CHANGES_MAX);
    struct str card_id = id_text(rq, "crd", card->id), id;
    int n;

    if (!changes) return fault(FAULT_MEMORY, "history");
    TRY(registry_card_changes(app->store, card->person_id, card->id, changes, &n));
    for (int i = 0; i < n; i++) {
        if (changes[i].function != function || changes[i].event != event) continue;
        id = id_text(rq, "chg", changes[i].id);
        reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s/changes/%.*s", (int)card_id.n,
                                        card_id.p, (int)id.n, id.p));
        return OK;
    }
    /* it changed nothing: it was so before */
    reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s", (int)card_id.n, card_id.p));
    return OK;
}

struct err post_lose_page(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name KINDS[] = { { "temporary", LOSS_TEMPORARY },
                                              { "formal", LOSS_FORMAL } };
    static const struct json_name REASONS[] = { { "lost", LOSS_LOST },
                                                { "stolen", LOSS_STOLEN },
                                                { "other", LOSS_OTHER } };
    int kind = LOSS_TEMPORARY, reason = LOSS_LOST;
    bool given;
    const struct json_field form[] = {
        JSON_ENUM("kind", &kind, KINDS),
        JSON_OPTIONAL(JSON_ENUM("reason", &reason, REASONS), &given),
    };
    struct loss_ask ask = { .act = request_act(rq) };
    struct str card_id, loss_id;
    struct loss_made made;
    struct card card;
    struct err err;

    TRY(own_card_of_path(app, rq, &card));
    err = form_read(rq->body, form, LEN(form));
    ask.person_id = card.person_id;
    ask.card_id = card.id;
    ask.kind = (enum loss_kind)kind;
    ask.reason = (enum loss_reason)reason;
    if (err.code == 0) err = registry_card_lose(app->registry, rq->once, &ask, &made);
    if (err.code != 0) return act_told(app, rq, rp, WEB_CARD_ACT_LOSE, &card, err);
    card_id = id_text(rq, "crd", card.id);
    loss_id = id_text(rq, "los", made.loss_id);
    reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s/loss-reports/%.*s", (int)card_id.n,
                                    card_id.p, (int)loss_id.n, loss_id.p));
    return OK;
}

struct err post_lift_page(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    struct card card, after;
    struct err err;

    TRY(form_read(rq->body, NULL, 0));
    TRY(own_card_of_path(app, rq, &card));
    err = registry_card_unlose(app->registry, rq->once, card.person_id, card.id, &act, &after);
    if (err.code != 0) return act_told(app, rq, rp, WEB_CARD_ACT_LIFT, &card, err);
    return to_change(app, rq, rp, &card, FUNCTION_SOCIAL, SOCIAL_LIFT);
}

struct err post_consent_page(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name ON[] = { { "on", 1 } };
    int consent;
    const struct json_field form[] = { JSON_ENUM("consent", &consent, ON) };
    const struct act act = request_act(rq);
    struct card card, after;
    struct err err;

    TRY(own_card_of_path(app, rq, &card));
    err = form_read(rq->body, form, LEN(form));
    if (err.code == 0)
        err =
            registry_ecard_consent(app->registry, rq->once, card.person_id, card.id, &act, &after);
    if (err.code != 0) return act_told(app, rq, rp, WEB_CARD_ACT_CONSENT, &card, err);
    return to_change(app, rq, rp, &card, FUNCTION_ECARD, ECARD_CONSENT);
}

struct err post_withdrawal_page(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    struct card card, after;
    struct err err;

    TRY(form_read(rq->body, NULL, 0));
    TRY(own_card_of_path(app, rq, &card));
    err = registry_ecard_withdraw(app->registry, rq->once, card.person_id, card.id, &act, &after);
    if (err.code != 0) return act_told(app, rq, rp, WEB_CARD_ACT_WITHDRAW, &card, err);
    return to_change(app, rq, rp, &card, FUNCTION_ECARD, ECARD_WITHDRAW);
}

/* A lost card only: any other is handed in at the window where the new one is made. The new card is
 * ordered here, not handed out. */
struct err post_replacement_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct replace_ask ask = { .reason = REPLACE_LOST,
                               .card = { .generation = 3, .ecard = true },
                               .act = request_act(rq) };
    struct replace_made made;
    struct card card;
    struct err err = { 0 };

    TRY(form_read(rq->body, NULL, 0));
    TRY(own_card_of_path(app, rq, &card));
    ask.person_id = card.person_id;
    ask.old_card_id = card.id;
    if (card.loss_id == 0 && card.social != SOCIAL_REPLACED)
        return tell_on_card(app, rq, rp, &card, REGISTRY_NOT_LOST);
    err = registry_card_replace(app->registry, rq->once, &ask, &made);
    if (err.code != 0) return act_told(app, rq, rp, WEB_CARD_ACT_REPLACE, &card, err);
    TRY(card_inherit(app, rq, card.person_id, &made));
    return to_change(app, rq, rp, &card, FUNCTION_SOCIAL, SOCIAL_REPLACE);
}

/* ---- done ---- */

enum { RECEIPT_GATES = 50 };

static struct str gate_name(struct app *app, const struct request *rq,
                            const struct gate_obeyed *gate)
{
    const struct place *place = place_find(catalogue_now(app->shelf), gate->venue_id);
    const struct str name = place ? place_name(rq, place) : (struct str){ 0 };

    return arena_format(rq->arena, "%.*s %s", (int)name.n, name.n ? name.p : "", gate->name);
}

static RESULT gates_of(struct app *app, const struct request *rq, const struct loss *loss,
                       struct web_done_view *view)
{
    struct loss_receipt receipt;
    struct web_done_gate *gates;

    TRY(venues_loss_receipt(app->store, loss->card_id, loss->effective_at, 0, RECEIPT_GATES,
                            rq->arena, &receipt));
    gates = NEW_ARRAY(rq->arena, struct web_done_gate, receipt.n + 1);
    if (!gates) return fault(FAULT_MEMORY, "receipt");
    for (size_t i = 0; i < receipt.n; i++) {
        const struct gate_obeyed *gate = &receipt.gates[i];
        gates[i] = (struct web_done_gate){ .name = gate_name(app, rq, gate),
                                           .obeyed_at = gate->obeyed_at };
        if (gate->obeyed_at.usec)
            gates[i].after_msec = (gate->obeyed_at.usec - loss->effective_at.usec) / 1000;
        else
            view->gates_wait = true;
    }
    view->gates = gates;
    view->gates_n = receipt.n;
    return OK;
}

static void show_done(struct app *app, const struct request *rq, struct reply *rp,
                      const struct card *card, const struct receipt *receipt,
                      struct web_done_view *view)
{
    struct web_frame frame = frame_of(app, rq, rp);

    view->card_no = arena_format(rq->arena, "****%s", card->tail);
    view->code = receipt_code(app, rq->arena, receipt);
    view->proof = receipt_address(rq->arena, view->code);
    web_done(web_reply(rp, 200), &frame, view);
}

struct err get_loss_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_done_view view = { .what = WEB_DONE_LOSE };
    int64_t loss_id;
    struct card card;
    struct loss loss;
    struct err err;

    TRY(own_card_of_path(app, rq, &card));
    TRY(path_id(rq, "loss", "los", &loss_id));
    err = registry_loss_load(app->store, card.person_id, loss_id, &loss);
    if (err.code > 0 || (err.code == 0 && loss.card_id != card.id)) REFUSE(API_NOT_FOUND);
    TRY(err);
    TRY(gates_of(app, rq, &loss, &view));
    if (loss.kind == LOSS_FORMAL) view.what = WEB_DONE_FORMAL;
    view.number = id_text(rq, "los", loss.id);
    view.at = loss.effective_at;
    view.until = loss.expires_at;
    view.card_id = id_text(rq, "crd", card.id);
    show_done(app, rq, rp, &card, &(struct receipt){ RECEIPT_OF_LOSS, card.id, loss.id }, &view);
    return OK;
}

/* Lines of history that are an act of the holder with a page of its own. */
static bool done_of(const struct card_change *change, enum web_done_what *out)
{
    static const struct {
        enum card_function function;
        int event;
        enum web_done_what what;
    } DONE[] = {
        { FUNCTION_SOCIAL, SOCIAL_LIFT, WEB_DONE_LIFT },
        { FUNCTION_SOCIAL, SOCIAL_REPLACE, WEB_DONE_REPLACE },
        { FUNCTION_ECARD, ECARD_CONSENT, WEB_DONE_CONSENT },
        { FUNCTION_ECARD, ECARD_WITHDRAW, WEB_DONE_WITHDRAW },
    };

    for (size_t i = 0; i < LEN(DONE); i++) {
        if (change->function != DONE[i].function || change->event != DONE[i].event) continue;
        *out = DONE[i].what;
        return true;
    }
    return false;
}

struct err get_change_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_done_view view = { 0 };
    struct card_change change;
    int64_t change_id;
    struct card card, newer;
    struct err err;

    TRY(own_card_of_path(app, rq, &card));
    TRY(path_id(rq, "change", "chg", &change_id));
    err = registry_card_change_load(app->store, card.person_id, card.id, change_id, &change);
    if (err.code > 0 || (err.code == 0 && !done_of(&change, &view.what))) REFUSE(API_NOT_FOUND);
    TRY(err);
    view.number = id_text(rq, "chg", change.id);
    view.at = change.at;
    view.card_id = id_text(rq, "crd", card.id);
    if (view.what == WEB_DONE_REPLACE && card.replaced_by_id) {
        TRY(registry_card_load(app->store, card.person_id, card.replaced_by_id, &newer));
        view.new_card_no = arena_format(rq->arena, "****%s", newer.tail);
        view.card_id = id_text(rq, "crd", newer.id);
        view.fee = fee_of(app, &card, change.at);
    }
    show_done(app, rq, rp, &card, &(struct receipt){ RECEIPT_OF_CHANGE, card.id, change.id },
              &view);
    return OK;
}
