/* api/pages_card.c - the code and the card of who is signed in, and what the holder may do with it.
 *
 * GET /code?purpose=          a code; without scripts a server-made short one
 * GET /card, /cards/{card}    states, earlier cards, acts
 * GET /cards/{card}/lose, lift, ecard-on          one page, one button
 * POST /cards/{card}/loss-reports {kind=temporary}, /loss-lifts {}, /ecard-consents {consent=yes}
 *                             303 to GET /cards/{card}/loss-reports/{loss}, or to the card */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/pages.h"

#include "card/wire/code.h"
#include "identity/identity.h"
#include "venues/venues.h"

static bool is_lost(const struct card *card)
{
    return card->social == SOCIAL_TEMPORARY_LOSS || card->social == SOCIAL_FORMAL_LOSS;
}

static enum web_ecard ecard_of(const struct card *card)
{
    switch (card->ecard) {
    case ECARD_NONE:
        return WEB_ECARD_NONE;
    case ECARD_ON:
        return is_lost(card) && card->ecard_consent ? WEB_ECARD_ON_BY_CONSENT : WEB_ECARD_ON;
    case ECARD_SUSPENDED:
        return WEB_ECARD_OFF_WITH_CARD;
    case ECARD_ENDED:
        break;
    }
    return WEB_ECARD_ENDED;
}

static bool moves(const struct card *card, enum social_event event)
{
    enum social_state to;

    return social_move(card->social, event, card->social_before, &to).code == 0;
}

struct err card_line(struct app *app, const struct request *rq, const struct card *card,
                     struct web_card_line *out)
{
    const struct session *session = request_session(rq);
    const bool staff = session->actor == ACTOR_STAFF;
    struct loss loss = { 0 };
    struct card newer;

    *out = (struct web_card_line){
        .id = id_text(rq, "crd", card->id),
        .card_no = arena_format(rq->arena, "****%s", card->tail),
        .social = (enum web_social)(card->social - SOCIAL_APPLIED),
        .bank = (enum web_bank)(card->bank - BANK_NOT_ACTIVATED),
        .purse = (enum web_purse)(card->purse - PURSE_NOT_ENABLED),
        .ecard = ecard_of(card),
        .since = card->changed_at,
    };
    if (card->loss_id) {
        TRY(registry_loss_load(app->store, card->person_id, card->loss_id, &loss));
        out->lapses = loss.expires_at;
    }
    if (card->replaced_by_id) {
        TRY(registry_card_load(app->store, card->person_id, card->replaced_by_id, &newer));
        out->replaced_by = arena_format(rq->arena, "****%s", newer.tail);
    }
    if (staff) {
        desk_card_may(rq, card, out);
        return OK;
    }
    out->may_lose = !is_lost(card) && moves(card, SOCIAL_LOSE);
    /* lifting needs to be known more surely than the report was */
    out->may_lift = card->social == SOCIAL_TEMPORARY_LOSS && session->signin.proof > loss.proof;
    out->may_consent = card->social == SOCIAL_TEMPORARY_LOSS && card->ecard == ECARD_SUSPENDED;
    return OK;
}

static RESULT live_card(struct app *app, const struct request *rq, struct card *out, bool *found)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    return registry_card_live(app->store, request_session(rq)->person_id, 0, out, found);
}

/* ---- the code ---- */

static enum web_code_block block_of(const struct card *card)
{
    if (ecard_usable(card)) return WEB_CODE_OK;
    if (card->social == SOCIAL_TEMPORARY_LOSS)
        return card->ecard == ECARD_SUSPENDED ? WEB_CODE_CARD_LOST_CONSENT : WEB_CODE_CARD_LOST;
    if (card->social == SOCIAL_FORMAL_LOSS) return WEB_CODE_CARD_LOST;
    if (card->social == SOCIAL_REPLACED || card->social == SOCIAL_CANCELLED)
        return WEB_CODE_CARD_ENDED;
    return WEB_CODE_CARD_STOPPED;
}

static RESULT short_code(struct app *app, const struct request *rq, const struct card *card,
                         struct web_code_view *view)
{
    static const enum code_purpose PURPOSES[] = { CODE_ENTRY, CODE_LIBRARY, CODE_MEDICAL,
                                                  CODE_RIDE };
    const struct short_ask ask = { .person_id = card->person_id,
                                   .card_id = card->id,
                                   .strength = CODE_DOOR,
                                   .purpose = PURPOSES[view->purpose],
                                   .at = rq->at };
    char text[SHORT_CODE_TEXT + 1];
    struct err err = identity_short_issue(app->identity, &ask, text);

    if (err.code > 0) { /* the card changed this moment: the page says to ask again */
        view->block = WEB_CODE_UNAVAILABLE;
        return OK;
    }
    TRY(err);
    view->code = view->short_code = arena_str(rq->arena, str_of(text));
    view->qr = web_qr_of(rq->arena, view->code);
    view->made_at = rq->at;
    view->expires_at = instant_add(rq->at, SHORT_CODE_LIFE_USEC);
    view->device_allowed = true;
    return OK;
}

struct err get_code_page(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name PURPOSES[] = { { "entry", WEB_PURPOSE_ENTRY },
                                                 { "library", WEB_PURPOSE_LIBRARY },
                                                 { "medical", WEB_PURPOSE_MEDICAL },
                                                 { "ride", WEB_PURPOSE_RIDE } };
    int purpose = WEB_PURPOSE_ENTRY;
    bool given, found;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ENUM("purpose", &purpose, PURPOSES), &given),
    };
    struct web_code_view view = { .block = WEB_CODE_NO_CARD };
    struct web_frame frame;
    struct card card;
    struct loss loss;

    TRY(query_read(rq, query, LEN(query)));
    TRY(live_card(app, rq, &card, &found));
    view.purpose = (enum web_purpose)purpose;
    view.holder_id = id_text(rq, "psn", request_session(rq)->person_id);
    if (found) {
        view.card_id = id_text(rq, "crd", card.id);
        view.block = block_of(&card);
        if (card.loss_id) {
            TRY(registry_loss_load(app->store, card.person_id, card.loss_id, &loss));
            view.lost_at = loss.effective_at;
        }
    }
    if (view.block == WEB_CODE_OK) {
        TRY(holder_name(app, rq, &view.name));
        TRY(short_code(app, rq, &card, &view));
    }
    frame = frame_of(app, rq, rp);
    web_code(web_reply(rp, 200), &frame, &view);
    return OK;
}

/* ---- the card ---- */

static RESULT show_card(struct app *app, const struct request *rq, struct reply *rp,
                        const struct card *card)
{
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    struct web_card_line *older = NEW_ARRAY(rq->arena, struct web_card_line, CARDS_MAX);
    struct web_card_view view = { .older = older };
    struct web_frame frame;
    int n;

    if (!cards || !older) return fault(FAULT_MEMORY, "card page");
    TRY(registry_cards_of(app->store, card->person_id, cards, &n));
    for (int i = 0; i < n; i++) {
        if (cards[i].id == card->id) continue;
        TRY(card_line(app, rq, &cards[i], &older[view.older_n]));
        view.older_n++;
    }
    TRY(card_line(app, rq, card, &view.card));
    TRY(holder_name(app, rq, &view.name));
    frame = frame_of(app, rq, rp);
    web_card(web_reply(rp, 200), &frame, &view);
    return OK;
}

struct err get_own_card_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;
    bool found;

    TRY(live_card(app, rq, &card, &found));
    REQUIRE(found, API_NOT_FOUND);
    return show_card(app, rq, rp, &card);
}

struct err get_card_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;

    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(card_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &card));
    return show_card(app, rq, rp, &card);
}

/* ---- acts of the holder ---- */

static RESULT act_page(struct app *app, const struct request *rq, struct reply *rp,
                       enum web_card_act act, const char *posts_to)
{
    struct web_card_act_view view = { .act = act };
    struct web_frame frame;
    struct card card;

    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, &card));
    TRY(card_line(app, rq, &card, &view.card));
    view.action =
        arena_format(rq->arena, "/cards/%.*s/%s", (int)view.card.id.n, view.card.id.p, posts_to);
    view.lapse_days = (registry_loss_end(app->registry, card.region_code, rq->at).usec -
                       rq->at.usec + USEC_PER_DAY / 2) /
                      USEC_PER_DAY;
    frame = frame_of(app, rq, rp);
    web_card_act(web_reply(rp, 200), &frame, &view);
    return OK;
}

struct err get_lose_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_LOSE, "loss-reports");
}

struct err get_lift_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_LIFT, "loss-lifts");
}

struct err get_ecard_on_page(struct app *app, const struct request *rq, struct reply *rp)
{
    return act_page(app, rq, rp, WEB_CARD_ACT_CONSENT, "ecard-consents");
}

struct err get_own_lose_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;
    struct str id;
    bool found;

    TRY(live_card(app, rq, &card, &found));
    REQUIRE(found, API_NOT_FOUND);
    id = id_text(rq, "crd", card.id);
    reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s/lose", (int)id.n, id.p));
    return OK;
}

static RESULT own_card_of_path(struct app *app, const struct request *rq, struct card *card)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    return card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, card);
}

static void to_card(const struct request *rq, struct reply *rp, const struct card *card)
{
    struct str id = id_text(rq, "crd", card->id);

    reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s", (int)id.n, id.p));
}

struct err post_lose_page(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name KINDS[] = { { "temporary", LOSS_TEMPORARY } };
    struct str card_id, loss_id;
    int kind;
    const struct json_field form[] = { JSON_ENUM("kind", &kind, KINDS) };
    struct loss_ask ask = { .reason = LOSS_LOST, .act = request_act(rq) };
    struct loss_made made;
    struct card card;

    TRY(form_read(rq->body, form, LEN(form)));
    TRY(own_card_of_path(app, rq, &card));
    ask.person_id = card.person_id;
    ask.card_id = card.id;
    ask.kind = (enum loss_kind)kind;
    TRY(registry_card_lose(app->registry, rq->once, &ask, &made));
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

    TRY(form_read(rq->body, NULL, 0));
    TRY(own_card_of_path(app, rq, &card));
    TRY(registry_card_unlose(app->registry, rq->once, card.person_id, card.id, &act, &after));
    to_card(rq, rp, &card);
    return OK;
}

struct err post_consent_page(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name ON[] = { { "on", 1 } };
    int consent;
    const struct json_field form[] = { JSON_ENUM("consent", &consent, ON) };
    const struct act act = request_act(rq);
    struct card card, after;

    TRY(form_read(rq->body, form, LEN(form)));
    TRY(own_card_of_path(app, rq, &card));
    TRY(registry_ecard_consent(app->registry, rq->once, card.person_id, card.id, &act, &after));
    to_card(rq, rp, &card);
    return OK;
}

enum { RECEIPT_GATES = 50 };

/* Number, lapse and when each gate obeyed. */
struct err get_loss_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_done_view view = { .what = WEB_DONE_LOSE };
    struct web_done_gate *gates;
    struct loss_receipt receipt;
    struct web_frame frame;
    int64_t loss_id;
    struct card card;
    struct loss loss;
    struct err err;

    TRY(own_card_of_path(app, rq, &card));
    TRY(path_id(rq, "loss", "los", &loss_id));
    err = registry_loss_load(app->store, card.person_id, loss_id, &loss);
    if (err.code > 0 || (err.code == 0 && loss.card_id != card.id)) REFUSE(API_NOT_FOUND);
    TRY(err);
    TRY(venues_loss_receipt(app->store, card.id, loss.effective_at, 0, RECEIPT_GATES, rq->arena,
                            &receipt));
    gates = NEW_ARRAY(rq->arena, struct web_done_gate, receipt.n + 1);
    if (!gates) return fault(FAULT_MEMORY, "receipt");
    for (size_t i = 0; i < receipt.n; i++) {
        const struct gate_obeyed *gate = &receipt.gates[i];
        gates[i] =
            (struct web_done_gate){ .name = str_of(gate->name), .obeyed_at = gate->obeyed_at };
        if (gate->obeyed_at.usec)
            gates[i].after_msec = (gate->obeyed_at.usec - loss.effective_at.usec) / 1000;
    }
    if (loss.kind == LOSS_FORMAL) view.what = WEB_DONE_FORMAL;
    view.number = id_text(rq, "los", loss.id);
    view.at = loss.effective_at;
    view.until = loss.expires_at;
    view.card_id = id_text(rq, "crd", card.id);
    view.card_no = arena_format(rq->arena, "****%s", card.tail);
    view.gates = gates;
    view.gates_n = receipt.n;
    frame = frame_of(app, rq, rp);
    web_done(web_reply(rp, 200), &frame, &view);
    return OK;
}
