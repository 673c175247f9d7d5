/* api/pages.c - the frame, masks, a card's line, the error page. */
#include "api/pages.h"

#include "base/text.h"

struct form_ask {
    struct app *app;
    const struct request *rq;
    struct reply *rp;
};

static struct str form_of(void *arg, struct str path)
{
    const struct form_ask *ask = arg;

    return form_token(ask->app, ask->rq, ask->rp, path);
}

struct web_frame page_frame(struct app *app, const struct request *rq, struct reply *rp,
                            enum web_role role)
{
    struct form_ask *ask = NEW(rq->arena, struct form_ask);
    struct str panel;
    bool framed = str_eq(request_header(rq, "sec-fetch-dest"), S("iframe")) ||
                  form_value(body_over(str_bytes(rq->query), rq->arena, rq->problems, rq->ids),
                             "panel", &panel);
    struct web_frame frame = {
        .language = web_language(request_cookie(rq, "lang"), rq->language),
        .role = role,
        .elder = request_cookie(rq, "elder").n > 0,
        .test = app->test_system,
        .demo = app->demo,
        .embedded = framed,
        .back = rq->path,
        .request_id = rq->id,
        .version = str_of(app->version),
        .now = rq->at,
    };

    if (ask) {
        *ask = (struct form_ask){ app, rq, rp };
        frame.form_token = form_of;
        frame.form_arg = ask;
    }
    if (rq->session) frame.csrf = csrf_token(app, rq);
    return frame;
}

static struct str masked_text(const struct request *rq, struct masked value)
{
    char *room = arena_take(rq->arena, MASKED_BYTES_MAX, 1);
    struct writer w = writer_over(room, room ? MASKED_BYTES_MAX : 0);

    put_masked(&w, value);
    return writer_str(&w);
}

static struct field_use use_of(const struct request *rq, enum keyd_use use, int64_t otherwise)
{
    const struct session *session = rq->session;

    return (struct field_use){
        .use = use,
        .session_id = session && session->signin.id ? session->signin.id : otherwise,
        .actor_id = session ? session->actor_id : otherwise,
    };
}

struct page_person page_person(struct app *app, const struct request *rq, enum keyd_use use,
                               int64_t person_id)
{
    const struct field_use why = use_of(rq, use, person_id);
    struct person_private opened = { 0 };
    struct page_person out = { 0 };

    if (registry_person_open(app->registry, &why, person_id, rq->arena, &opened).code != 0) {
        return out; /* a page without a name beats no page; keyd's log has the refusal */
    }
    out.name = masked_text(rq, masked_name(opened.name));
    out.person_no = masked_text(rq, masked_person_no(opened.number));
    if (opened.phone.n > 0) out.phone = masked_text(rq, masked_phone(opened.phone));
    return out;
}

struct str page_id(const struct request *rq, const char *prefix, int64_t id)
{
    char *room = arena_take(rq->arena, ID_TEXT_MAX, 1);
    struct writer w = writer_over(room, room ? ID_TEXT_MAX : 0);

    put_id(&w, rq->ids, prefix, id);
    return writer_str(&w);
}

static enum web_ecard ecard_of(const struct card *card)
{
    switch (card->ecard) {
    case ECARD_NONE:
        return WEB_ECARD_NONE;
    case ECARD_ON:
        return card->ecard_consent ? WEB_ECARD_ON_BY_CONSENT : WEB_ECARD_ON;
    case ECARD_SUSPENDED:
        return card->ecard_consent ? WEB_ECARD_ON_BY_CONSENT : WEB_ECARD_OFF_WITH_CARD;
    case ECARD_ENDED:
        return WEB_ECARD_ENDED;
    }
    return WEB_ECARD_NONE;
}

struct web_card_line page_card_line(struct app *app, const struct request *rq, enum keyd_use use,
                                    enum page_reader reader, const struct card *card)
{
    const struct field_use why = use_of(rq, use, card->person_id);
    bool lost = card->social == SOCIAL_TEMPORARY_LOSS || card->social == SOCIAL_FORMAL_LOSS;
    bool clerk = reader == READER_CLERK;
    struct card_private opened;
    struct loss loss;
    struct web_card_line line = {
        .id = page_id(rq, "crd", card->id),
        .social = (enum web_social)(card->social - SOCIAL_APPLIED),
        .bank = (enum web_bank)(card->bank - BANK_NOT_ACTIVATED),
        .purse = (enum web_purse)(card->purse - PURSE_NOT_ENABLED),
        .ecard = ecard_of(card),
        .since = card->changed_at,
        .may_lose = social_usable(card->social) || card->social == SOCIAL_SEALED,
        .may_lift = clerk && card->social == SOCIAL_TEMPORARY_LOSS,
        .may_lose_formally = clerk && card->social == SOCIAL_TEMPORARY_LOSS,
        .may_replace = clerk && (lost || social_usable(card->social)),
        .may_consent = !clerk && lost && card->ecard == ECARD_SUSPENDED && !card->ecard_consent,
    };

    if (registry_card_open(app->registry, &why, card->person_id, card->id, &opened).code == 0) {
        line.card_no = masked_text(rq, masked_card_no(card_no_str(&opened.no)));
    }
    if (card->loss_id &&
        registry_loss_load(app->store, card->person_id, card->loss_id, &loss).code == 0) {
        line.lapses = loss.expires_at;
    }
    return line;
}

RESULT page_card_now(struct app *app, int64_t person_id, struct card *card)
{
    struct card cards[CARDS_MAX];
    int n;

    *card = (struct card){ 0 };
    TRY(registry_cards_of(app->store, person_id, cards, &n));
    for (int i = 0; i < n; i++) { /* newest first */
        if (cards[i].social == SOCIAL_CANCELLED || cards[i].social == SOCIAL_REPLACED) continue;
        *card = cards[i];
        return OK;
    }
    if (n > 0) *card = cards[0];
    return OK;
}

void page_refused(struct app *app, const struct request *rq, struct reply *rp,
                  const struct refusal *refusal)
{
    struct web_frame frame = page_frame(app, rq, rp, WEB_NOBODY);
    bool en = frame.language == LANGUAGE_EN;
    const struct web_error_view view = {
        .status = refusal->status,
        .title = str_of(en ? refusal->title_en : refusal->title_zh),
        .text = str_of(en ? refusal->detail_en : refusal->detail_zh),
        .code = str_of(refusal->code),
        .again = rq->method == METHOD_GET ? rq->path : (struct str){ 0 },
    };

    web_error(web_reply(rp, refusal->status), &frame, &view);
}
