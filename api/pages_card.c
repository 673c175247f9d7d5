/* api/pages_card.c - the code and the card of who is signed in. What the holder may do with it is
 * in pages_card_acts.c.
 *
 * GET /code?purpose=          a code; without scripts a server-made short one
 * GET /card, /cards/{card}    states, earlier cards, acts */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/pages.h"

#include "card/wire/code.h"
#include "identity/identity.h"

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
        if (is_lost(card) && card->ecard_consent) return WEB_ECARD_ON_BY_CONSENT;
        if (ecard_usable(card)) return WEB_ECARD_ON;
        if (card->social <= SOCIAL_SEALED) return WEB_ECARD_OFF_NOT_YET;
        return card->social == SOCIAL_LOCKED ? WEB_ECARD_OFF_LOCKED : WEB_ECARD_OFF_STOPPED;
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
    out->may_lift = card->social == SOCIAL_TEMPORARY_LOSS;
    out->may_lose_formally = card->social == SOCIAL_TEMPORARY_LOSS;
    out->may_consent = card->social == SOCIAL_TEMPORARY_LOSS && card->ecard == ECARD_SUSPENDED;
    out->may_withdraw = is_lost(card) && card->ecard_consent;
    out->may_replace = is_lost(card);
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
    if (card->social == SOCIAL_FORMAL_LOSS) return WEB_CODE_CARD_LOST_FORMALLY;
    if (card->social == SOCIAL_LOCKED) return WEB_CODE_CARD_LOCKED;
    if (card->social == SOCIAL_REPLACED || card->social == SOCIAL_CANCELLED)
        return WEB_CODE_CARD_ENDED;
    if (card->social <= SOCIAL_SEALED) return WEB_CODE_CARD_NOT_YET;
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

RESULT card_page(struct app *app, const struct request *rq, struct reply *rp,
                 const struct card *card, int status, struct str notice)
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
    if (notice.n > 0) frame.notice = WEB_NOTICE_WARNING;
    frame.notice_text = notice;
    web_card(web_reply(rp, status), &frame, &view);
    return OK;
}

/* The card that works, or else the newest there was; *found false: there never was one. */
static RESULT own_card(struct app *app, const struct request *rq, struct card *out, bool *found)
{
    struct card *cards;
    int n;

    TRY(live_card(app, rq, out, found));
    if (*found) return OK;
    cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    if (!cards) return fault(FAULT_MEMORY, "card page");
    TRY(registry_cards_of(app->store, request_session(rq)->person_id, cards, &n));
    *found = n > 0;
    if (*found) *out = cards[0];
    return OK;
}

struct err get_own_card_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;
    bool found;

    TRY(own_card(app, rq, &card, &found));
    if (found) return card_page(app, rq, rp, &card, 200, (struct str){ 0 });
    reply_redirect(rp, S("/home")); /* which says how to get one */
    return OK;
}

struct err get_own_lose_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;
    struct str id;
    bool found;

    TRY(own_card(app, rq, &card, &found));
    if (!found) {
        reply_redirect(rp, S("/home"));
        return OK;
    }
    id = id_text(rq, "crd", card.id);
    reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s/lose", (int)id.n, id.p));
    return OK;
}

struct err get_card_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;

    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(card_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &card));
    return card_page(app, rq, rp, &card, 200, (struct str){ 0 });
}
