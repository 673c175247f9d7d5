/* api/loss_reports.c - 挂失: one report stops the card, its purse, its bank function and its e-card
 * at once.
 *
 * POST   /v1/cards/{card}/loss-reports         {"kind": "temporary"|"formal", "reason", "channel"?}
 *   201  {"id", "card", "kind", "channel", "state", "effective_at", "expires_at"?, "undo_until"?,
 *         "next"}
 *   409  card_already_lost
 * GET    /v1/cards/{card}/loss-reports/{loss}
 * DELETE /v1/cards/{card}/loss-reports/{loss}  lift (解挂); needs a stronger proof than the report
 * had 200  the card GET    /v1/cards/{card}/loss-reports/{loss}/receipt   when each gate obeyed */
#include "api/card_access.h"
#include "api/handlers.h"

#include "venues/venues.h"

static const struct json_name KINDS[] = { { "temporary", LOSS_TEMPORARY },
                                          { "formal", LOSS_FORMAL } };

/* What the caller may report here: a holder by himself only temporarily; the phone line likewise.
 */
static RESULT may_report(struct app *app, const struct request *rq, int kind, struct card *card)
{
    return helped_card_of_path(app, rq, MAY_SELF_LOSE, SCOPE_LOSE,
                               kind == LOSS_FORMAL ? MAY_CARD_LOSE_FORMAL : MAY_CARD_LOSE_TEMPORARY,
                               card);
}

static bool is_agent(const struct request *rq)
{
    const struct signin_session *signin = &request_session(rq)->signin;

    return signin->grants_n == 1 && signin->grants[0].role == ROLE_AGENT;
}

/* Through what it was reported: as the caller says, among what the caller can know of. */
struct channels {
    struct json_name names[3];
    size_t n;
};
static const struct channels CHANNELS_OF_HOLDER = {
    { { "web", CHANNEL_WEB }, { "app", CHANNEL_APP }, { "machine", CHANNEL_MACHINE } }, 3
};
static const struct channels CHANNELS_OF_COUNTER = {
    { { "counter", CHANNEL_COUNTER }, { "phone", CHANNEL_PHONE } }, 2
};
static const struct channels CHANNELS_OF_AGENT = { { { "phone", CHANNEL_PHONE } }, 1 };

static const struct channels *channels_of(const struct request *rq)
{
    if (request_session(rq)->actor != ACTOR_STAFF) return &CHANNELS_OF_HOLDER;
    return is_agent(rq) ? &CHANNELS_OF_AGENT : &CHANNELS_OF_COUNTER;
}

/* `channel` 0: not said. Whoever reports by phone is known by questions only. */
struct act counter_act(const struct request *rq, int channel)
{
    struct act act = request_act(rq);

    if (channel != 0)
        act.channel = (enum channel)channel;
    else if (act.actor == ACTOR_STAFF)
        act.channel = (enum channel)channels_of(rq)->names[0].value;
    if (act.actor == ACTOR_STAFF)
        act.proof = act.channel == CHANNEL_PHONE ? PROOF_PHONE : PROOF_PAPERS;
    return act;
}

static void loss_put(struct reply *rp, const struct loss *loss)
{
    static const char *const STATES[] = { "", "effective", "lifted", "lapsed", "superseded" };
    static const char *const REASONS[] = { "", "lost", "stolen", "other" };
    bool temporary = loss->kind == LOSS_TEMPORARY;

    json_put_id(rp, "id", "los", loss->id);
    json_put_id(rp, "card", "crd", loss->card_id);
    json_put_str(rp, "kind", temporary ? S("temporary") : S("formal"));
    json_put_str(rp, "channel", str_of(channel_name(loss->channel)));
    json_put_str(rp, "reason", str_of(REASONS[loss->reason]));
    json_put_str(rp, "state", str_of(STATES[loss->state]));
    json_put_instant(rp, "effective_at", loss->effective_at);
    if (loss->expires_at.usec != 0) {
        json_put_instant(rp, "expires_at", loss->expires_at);
        json_put_instant(rp, "undo_until", loss->expires_at);
    }
    if (loss->ended_at.usec != 0) json_put_instant(rp, "ended_at", loss->ended_at);
    json_put_array(rp, "next");
    if (loss->state == LOSS_EFFECTIVE) {
        if (temporary) json_put_str(rp, NULL, S("formal_loss"));
        json_put_str(rp, NULL, S("replacement"));
    }
    json_put_end(rp);
}

RESULT post_loss_report(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name REASONS[] = { { "lost", LOSS_LOST },
                                                { "lost_on_bus", LOSS_LOST },
                                                { "stolen", LOSS_STOLEN },
                                                { "other", LOSS_OTHER } };
    const struct channels *channels = channels_of(rq);
    int kind, reason = LOSS_LOST, channel = 0;
    bool has_reason, has_channel;
    const struct json_field body[] = {
        JSON_ENUM("kind", &kind, KINDS),
        JSON_OPTIONAL(JSON_ENUM("reason", &reason, REASONS), &has_reason),
        JSON_OPTIONAL(JSON_ENUM_OF("channel", &channel, channels->names, channels->n),
                      &has_channel),
    };
    struct loss_ask ask;
    struct loss_made made;
    struct loss loss;
    struct card card;
    char path[80];
    struct writer w = writer_over(path, sizeof path);

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(may_report(app, rq, kind, &card));
    ask = (struct loss_ask){ .person_id = card.person_id,
                             .card_id = card.id,
                             .kind = (enum loss_kind)kind,
                             .reason = (enum loss_reason)reason,
                             .act = counter_act(rq, channel) };
    if (ask.act.actor == ACTOR_HOLDER && ask.act.actor_id != card.person_id)
        ask.act.actor = ACTOR_HELPER; /* under their own name */
    TRY(registry_card_lose(app->registry, rq->once, &ask, &made));
    TRY(registry_loss_load(app->store, card.person_id, made.loss_id, &loss));
    put_str(&w, S("/v1/cards/"));
    put_id(&w, app->ids, "crd", card.id);
    put_str(&w, S("/loss-reports/"));
    put_id(&w, app->ids, "los", loss.id);
    reply_json(rp, 201);
    reply_header(rp, "Location", writer_str(&w));
    loss_put(rp, &loss);
    return OK;
}

static RESULT loss_of_path(struct app *app, const struct request *rq, enum permission self,
                           enum permission staff, struct card *card, struct loss *loss)
{
    int64_t loss_id;
    struct err err;

    if (self == MAY_SELF_VIEW)
        TRY(helped_card_of_path(app, rq, self, 0, staff, card));
    else
        TRY(card_of_path(app, rq, self, staff, card));
    TRY(path_id(rq, "loss", "los", &loss_id));
    err = registry_loss_load(app->store, card->person_id, loss_id, loss);
    if (err.code > 0 || (err.code == 0 && loss->card_id != card->id)) REFUSE(API_NOT_FOUND);
    return err;
}

RESULT get_loss_report(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;
    struct loss loss;

    TRY(loss_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &card, &loss));
    TRY(card_look(app, rq, &card));
    reply_json(rp, 200);
    loss_put(rp, &loss);
    return OK;
}

RESULT delete_loss_report(struct app *app, const struct request *rq, struct reply *rp)
{
    struct act act = request_act(rq);
    struct card card, after;
    struct loss loss;

    TRY(loss_of_path(app, rq, MAY_SELF_LOSE, MAY_CARD_UNLOSE, &card, &loss));
    REQUIRE(loss.id == card.loss_id, REGISTRY_NOT_LOST);
    if (act.actor == ACTOR_STAFF) act.proof = PROOF_PAPERS_AND_CARD; /* found again: shown there */
    TRY(registry_card_unlose(app->registry, rq->once, card.person_id, card.id, &act, &after));
    reply_json(rp, 200);
    card_put(&rp->json, &after);
    return OK;
}

RESULT get_loss_receipt(struct app *app, const struct request *rq, struct reply *rp)
{
    struct loss_receipt receipt;
    struct page page;
    int64_t last[PAGE_KEYS] = { 0 };
    struct card card;
    struct loss loss;

    TRY(loss_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &card, &loss));
    TRY(page_read(app, rq, &page, NULL, 0));
    TRY(venues_loss_receipt(app->store, card.id, loss.effective_at, page.after[0],
                            (size_t)page.limit, rq->arena, &receipt));
    TRY(card_look(app, rq, &card));
    reply_json(rp, 200);
    json_put_id(rp, "loss_report", "los", loss.id);
    json_put_instant(rp, "reported_at", loss.effective_at);
    json_put_int(rp, "position", receipt.position);
    if (receipt.sealed_at.usec) json_put_instant(rp, "sealed_at", receipt.sealed_at);
    json_put_int(rp, "obeyed", (int64_t)receipt.obeyed);
    json_put_int(rp, "of", (int64_t)receipt.n);
    json_put_array(rp, "gates");
    for (size_t i = 0; i < receipt.n; i++) {
        const struct gate_obeyed *gate = &receipt.gates[i];
        last[0] = gate->terminal_id;
        json_put_object(rp, NULL);
        json_put_id(rp, "terminal", "trm", gate->terminal_id);
        json_put_str(rp, "name", str_of(gate->name));
        if (gate->obeyed_at.usec) {
            json_put_instant(rp, "obeyed_at", gate->obeyed_at);
            json_put_int(rp, "after_msec", (gate->obeyed_at.usec - loss.effective_at.usec) / 1000);
        }
        json_put_end(rp);
    }
    json_put_end(rp);
    page_end(app, rq, rp, receipt.more, last);
    return OK;
}
