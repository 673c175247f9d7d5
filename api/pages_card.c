/* api/pages_card.c - the holder's own pages: code, card, and the acts on it, each with one page to
 * confirm.
 *
 * GET  /code                              the phone's code; without scripts a short one made here
 * GET  /card, /cards/{card}               states in words, what may be done
 * GET  /cards/{card}/lose, ecard-on       confirm
 * POST /cards/{card}/loss-reports, ecard-consents    303 back to the card */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/pages.h"

#include "card/wire/code.h"
#include "catalogue/catalogue.h"
#include "identity/identity.h"

static RESULT holder_of(const struct request *rq, int64_t *person_id)
{
    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SIGN_IN);
    *person_id = request_session(rq)->person_id;
    return OK;
}

static enum web_code_block block_of(const struct card *card)
{
    if (card->id == 0 || card->ecard == ECARD_NONE) return WEB_CODE_NO_CARD;
    if (ecard_usable(card)) return WEB_CODE_OK;
    if (card->social == SOCIAL_TEMPORARY_LOSS || card->social == SOCIAL_FORMAL_LOSS) {
        return card->ecard == ECARD_SUSPENDED ? WEB_CODE_CARD_LOST_CONSENT : WEB_CODE_CARD_LOST;
    }
    if (card->social == SOCIAL_CANCELLED || card->social == SOCIAL_REPLACED) {
        return WEB_CODE_CARD_ENDED;
    }
    return WEB_CODE_CARD_STOPPED;
}

/* A short code on the page itself: worth one use, online only; for phones without scripts. */
static void code_without_scripts(struct app *app, const struct request *rq, const struct card *card,
                                 enum code_purpose purpose, struct web_code_view *view)
{
    const struct short_ask ask = { .person_id = card->person_id,
                                   .card_id = card->id,
                                   .strength = CODE_DOOR,
                                   .purpose = purpose,
                                   .at = rq->at };
    char text[SHORT_CODE_TEXT + 1];

    if (identity_short_issue(app->identity, &ask, text).code != 0) {
        view->block = WEB_CODE_UNAVAILABLE;
        return;
    }
    view->short_code = arena_str(rq->arena, str_of(text));
    view->code = view->short_code;
    view->qr = web_qr_of(rq->arena, view->code);
    view->made_at = rq->at;
    view->expires_at = instant_add(rq->at, SHORT_CODE_LIFE_USEC);
}

RESULT page_code(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name PURPOSES[] = { { "entry", WEB_PURPOSE_ENTRY },
                                                 { "library", WEB_PURPOSE_LIBRARY },
                                                 { "medical", WEB_PURPOSE_MEDICAL },
                                                 { "ride", WEB_PURPOSE_RIDE } };
    static const enum code_purpose WIRE[] = { CODE_ENTRY, CODE_LIBRARY, CODE_MEDICAL, CODE_RIDE };
    int purpose = WEB_PURPOSE_ENTRY;
    int64_t person_id;
    struct str panel;
    struct card card;
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ENUM("purpose", &purpose, PURPOSES), &given),
        JSON_OPTIONAL(JSON_TEXT("panel", &panel, 1, 1), &given),
    };
    struct web_code_view view = { .device_allowed = true };
    struct web_frame frame;

    TRY(query_read(rq, query, LEN(query)));
    TRY(holder_of(rq, &person_id));
    TRY(page_card_now(app, person_id, &card));
    view.block = block_of(&card);
    view.purpose = (enum web_purpose)purpose;
    view.name = page_person(app, rq, KEYD_USE_HOLDER, person_id).name;
    view.holder_id = page_id(rq, "psn", person_id);
    if (card.id) view.card_id = page_id(rq, "crd", card.id);
    if (card.loss_id) view.lost_at = card.changed_at;
    if (view.block == WEB_CODE_OK) code_without_scripts(app, rq, &card, WIRE[purpose], &view);
    frame = page_frame(app, rq, rp, WEB_RESIDENT);
    frame.user = view.name;
    web_code(web_reply(rp, 200), &frame, &view);
    return OK;
}

static RESULT card_page(struct app *app, const struct request *rq, struct reply *rp,
                        const struct card *card)
{
    struct web_frame frame = page_frame(app, rq, rp, WEB_RESIDENT);
    struct web_card_view view = {
        .card = page_card_line(app, rq, KEYD_USE_HOLDER, READER_HOLDER, card),
        .name = page_person(app, rq, KEYD_USE_HOLDER, card->person_id).name,
    };

    frame.user = view.name;
    web_card(web_reply(rp, 200), &frame, &view);
    return OK;
}

RESULT page_own_card(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t person_id;
    struct card card;

    TRY(holder_of(rq, &person_id));
    TRY(page_card_now(app, person_id, &card));
    REQUIRE(card.id, API_NOT_FOUND);
    return card_page(app, rq, rp, &card);
}

RESULT page_card(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;

    TRY(card_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &card));
    return card_page(app, rq, rp, &card);
}

static RESULT confirm(struct app *app, const struct request *rq, struct reply *rp,
                      enum web_card_act act, const char *what)
{
    struct web_frame frame = page_frame(app, rq, rp, WEB_RESIDENT);
    struct card card;
    struct web_card_act_view view = { .act = act, .lapse_days = 7 };

    TRY(card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, &card));
    if (parameter_int(catalogue_now(app->shelf), S("loss.oral.days"), card.region_code, rq->at,
                      &view.lapse_days)
            .code != 0) {
        view.lapse_days = 7; /* as registry/ does where the parameter has no row */
    }
    view.card = page_card_line(app, rq, KEYD_USE_HOLDER, READER_HOLDER, &card);
    view.action =
        arena_format(rq->arena, "/cards/%.*s/%s", (int)view.card.id.n, view.card.id.p, what);
    web_card_act(web_reply(rp, 200), &frame, &view);
    return OK;
}

RESULT page_card_lose(struct app *app, const struct request *rq, struct reply *rp)
{
    return confirm(app, rq, rp, WEB_CARD_ACT_LOSE, "loss-reports");
}

RESULT page_ecard_on(struct app *app, const struct request *rq, struct reply *rp)
{
    return confirm(app, rq, rp, WEB_CARD_ACT_CONSENT, "ecard-consents");
}

static void back_to_card(const struct request *rq, struct reply *rp, const struct card *card)
{
    struct str id = page_id(rq, "crd", card->id);

    reply_redirect(rp, arena_format(rq->arena, "/cards/%.*s", (int)id.n, id.p));
}

RESULT form_loss_report(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name KINDS[] = { { "temporary", LOSS_TEMPORARY } };
    static const struct json_name REASONS[] = { { "lost", LOSS_LOST },
                                                { "stolen", LOSS_STOLEN },
                                                { "other", LOSS_OTHER } };
    int kind = LOSS_TEMPORARY, reason = LOSS_LOST;
    bool given;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_ENUM("kind", &kind, KINDS), &given),
        JSON_OPTIONAL(JSON_ENUM("reason", &reason, REASONS), &given),
    };
    struct loss_made made;
    struct card card;

    TRY(form_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, &card));
    TRY(registry_card_lose(app->registry, rq->once,
                           &(struct loss_ask){ .person_id = card.person_id,
                                               .card_id = card.id,
                                               .kind = LOSS_TEMPORARY,
                                               .reason = (enum loss_reason)reason,
                                               .act = request_act(rq) },
                           &made));
    back_to_card(rq, rp, &card);
    return OK;
}

RESULT form_ecard_consent(struct app *app, const struct request *rq, struct reply *rp)
{
    bool consent = false;
    const struct json_field body[] = { JSON_BOOL("consent", &consent) };
    const struct act act = request_act(rq);
    struct card card, after;

    TRY(form_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, &card));
    if (consent) {
        TRY(registry_ecard_consent(app->registry, rq->once, card.person_id, card.id, &act, &after));
    }
    back_to_card(rq, rp, &card);
    return OK;
}
