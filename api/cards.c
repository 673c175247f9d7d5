/* api/cards.c
 *
 * POST /v1/cards                          issue (申领、发放) at a counter
 *   body  {"person", "generation": 2|3, "region_code", "instant"?, "ecard"?}
 *   201   the card, with "card_no" this once
 *   403   region: the clerk may issue neither there nor to a resident of elsewhere
 *   409   card_exists: one live card per person and issuing province
 * GET  /v1/cards/{card}                   states by name; ETag is the epoch
 * GET  /v1/cards/{card}/events            its history, newest first
 * POST /v1/cards/{card}/activations       {"social"?, "bank"?}  both by default
 * POST /v1/cards/{card}/ecard-consents    the holder switches the e-card on again while the card is
 *                                         lost
 * POST /v1/cards/{card}/ecard-withdrawals and off again
 * POST /v1/cards/{card}/replacements      {"reason", "instant"?}  201 {"id", "new_card", "card_no"}
 * POST /v1/cards/{card}/cancellations     {"reason"}
 * POST /v1/cards/{card}/locks, unlocks, stops, resumes */
#include "api/card_access.h"
#include "api/handlers.h"

static void reply_card(struct reply *rp, int status, const struct card *card)
{
    reply_json(rp, status);
    reply_etag(rp, card->epoch);
    card_put(&rp->json, card);
}

RESULT post_card(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t generation, region;
    bool given;
    struct card_issue_ask ask = { .instant = true, .ecard = true, .act = request_act(rq) };
    const struct json_field body[] = {
        JSON_ID("person", "psn", &ask.person_id),
        JSON_INT("generation", &generation, 2, 3),
        JSON_INT("region_code", &region, 100000, 999999),
        JSON_OPTIONAL(JSON_BOOL("instant", &ask.instant), &given),
        JSON_OPTIONAL(JSON_BOOL("ecard", &ask.ecard), &given),
    };
    struct person person;
    struct card_made made;
    struct card card;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_CARD_ISSUE, (int32_t)region, 0));
    TRY(registry_person_load(app->store, ask.person_id, &person));
    TRY(request_may(rq, MAY_CARD_ISSUE, person.region_code, 0)); /* whose card, not only where */
    ask.generation = (int)generation;
    ask.region_code = (int32_t)region;
    ask.act.proof =
        PROOF_PAPERS; /* the clerk has seen them: that is what issuing at a counter is */
    TRY(registry_card_issue(app->registry, rq->once, &ask, &made));
    TRY(registry_card_load(app->store, ask.person_id, made.card_id, &card));
    reply_card(rp, 201, &card);
    if (made.no.text[0]) json_put_str(rp, "card_no", card_no_str(&made.no));
    return OK;
}

RESULT get_card(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card card;

    TRY(helped_card_of_path(app, rq, MAY_SELF_VIEW, 0, MAY_CARD_VIEW, &card));
    TRY(card_look(app, rq, &card));
    reply_card(rp, 200, &card);
    return OK;
}

RESULT get_card_events(struct app *app, const struct request *rq, struct reply *rp)
{
    static const char *const FUNCTIONS[] = { "", "social", "bank", "purse", "ecard" };
    struct card_change *changes = NEW_ARRAY(rq->arena, struct card_change, CHANGES_MAX);
    struct card card;
    int n;

    TRY(helped_card_of_path(app, rq, MAY_SELF_VIEW, 0, MAY_CARD_VIEW, &card));
    if (!changes) return fault(FAULT_MEMORY, "card events");
    TRY(registry_card_changes(app->store, card.person_id, card.id, changes, &n));
    TRY(card_look(app, rq, &card));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < n; i++) {
        const struct card_change *change = &changes[i];
        json_put_object(rp, NULL);
        json_put_str(rp, "function", str_of(FUNCTIONS[change->function]));
        switch (change->function) {
        case FUNCTION_SOCIAL:
            json_put_str(rp, "to", str_of(social_state_name((enum social_state)change->to)));
            break;
        case FUNCTION_BANK:
            json_put_str(rp, "to", str_of(bank_state_name((enum bank_state)change->to)));
            break;
        case FUNCTION_PURSE:
            json_put_str(rp, "to", str_of(purse_state_name((enum purse_state)change->to)));
            break;
        case FUNCTION_ECARD:
            json_put_str(rp, "to", str_of(ecard_state_name((enum ecard_state)change->to)));
            break;
        }
        json_put_int(rp, "epoch", change->epoch);
        json_put_instant(rp, "at", change->at);
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

RESULT post_activation(struct app *app, const struct request *rq, struct reply *rp)
{
    bool social = true, bank = true, given;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_BOOL("social", &social), &given),
        JSON_OPTIONAL(JSON_BOOL("bank", &bank), &given),
    };
    struct act act = request_act(rq);
    struct card card, after;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_CARD_ACTIVATE, MAY_CARD_ACTIVATE, &card));
    act.proof = PROOF_PAPERS_AND_CARD;
    TRY(registry_card_activate(app->registry, rq->once, card.person_id, card.id, social, bank, &act,
                               &after));
    reply_card(rp, 201, &after);
    return OK;
}

RESULT post_ecard_consent(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    struct card card, after;

    TRY(json_read(rq->body, NULL, 0));
    TRY(card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, &card));
    TRY(registry_ecard_consent(app->registry, rq->once, card.person_id, card.id, &act, &after));
    reply_card(rp, 201, &after);
    return OK;
}

RESULT post_ecard_withdrawal(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct act act = request_act(rq);
    struct card card, after;

    TRY(json_read(rq->body, NULL, 0));
    TRY(card_of_path(app, rq, MAY_SELF_LOSE, MAY_SELF_LOSE, &card));
    TRY(registry_ecard_withdraw(app->registry, rq->once, card.person_id, card.id, &act, &after));
    reply_card(rp, 201, &after);
    return OK;
}

RESULT post_replacement(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name REASONS[] = {
        { "lost", REPLACE_LOST },
        { "damaged", REPLACE_DAMAGED },
        { "wrong_data", REPLACE_WRONG_DATA },
        { "expired", REPLACE_EXPIRED },
        { "upgrade", REPLACE_UPGRADE },
        { "bank", REPLACE_BANK },
    };
    int reason;
    bool given;
    struct replace_ask ask = { .card = { .generation = 3, .instant = true, .ecard = true },
                               .act = request_act(rq) };
    const struct json_field body[] = {
        JSON_ENUM("reason", &reason, REASONS),
        JSON_OPTIONAL(JSON_BOOL("instant", &ask.card.instant), &given),
    };
    struct replace_made made;
    struct card old, card;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_CARD_REPLACE, MAY_CARD_REPLACE, &old));
    ask.person_id = old.person_id;
    ask.old_card_id = old.id;
    ask.reason = (enum replace_reason)reason;
    ask.act.proof = PROOF_PAPERS;
    TRY(registry_card_replace(app->registry, rq->once, &ask, &made));
    TRY(card_inherit(app, rq, old.person_id, &made));
    TRY(registry_card_load(app->store, old.person_id, made.card.card_id, &card));
    reply_card(rp, 201, &card);
    json_put_id(rp, "new_card", "crd", card.id);
    json_put_id(rp, "old_card", "crd", old.id);
    if (made.card.no.text[0]) json_put_str(rp, "card_no", card_no_str(&made.card.no));
    return OK;
}

RESULT post_cancellation(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name REASONS[] = {
        { "death", CANCEL_DEATH },
        { "emigration", CANCEL_EMIGRATION },
        { "insurance_ended", CANCEL_INSURANCE_ENDED },
        { "second_card", CANCEL_SECOND_CARD },
        { "not_collected", CANCEL_NOT_COLLECTED },
        { "own_wish", CANCEL_OWN_WISH },
    };
    int reason;
    const struct json_field body[] = { JSON_ENUM("reason", &reason, REASONS) };
    struct act act = request_act(rq);
    struct card card, after;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_CARD_CANCEL, MAY_CARD_CANCEL, &card));
    act.proof = PROOF_PAPERS;
    TRY(registry_card_cancel(app->registry, rq->once, card.person_id, card.id,
                             (enum cancel_reason)reason, &act, &after));
    reply_card(rp, 201, &after);
    return OK;
}

/* ---- plain events on the social function: one address each, so that each has its own permission
 * ---- */

static RESULT plain_event(struct app *app, const struct request *rq, struct reply *rp,
                          enum permission permission, enum social_event event)
{
    struct card_event_ask ask = { .function = FUNCTION_SOCIAL,
                                  .event = (int)event,
                                  .act = request_act(rq) };
    struct card card, after;

    TRY(json_read(rq->body, NULL, 0));
    TRY(card_of_path(app, rq, permission, permission, &card));
    ask.person_id = card.person_id;
    ask.card_id = card.id;
    ask.act.proof = PROOF_PAPERS;
    TRY(registry_card_event(app->registry, rq->once, &ask, &after));
    reply_card(rp, 201, &after);
    return OK;
}

RESULT post_lock(struct app *app, const struct request *rq, struct reply *rp)
{
    return plain_event(app, rq, rp, MAY_CARD_UNLOCK, SOCIAL_LOCK);
}

RESULT post_unlock(struct app *app, const struct request *rq, struct reply *rp)
{
    return plain_event(app, rq, rp, MAY_CARD_UNLOCK, SOCIAL_UNLOCK);
}

RESULT post_stop(struct app *app, const struct request *rq, struct reply *rp)
{
    return plain_event(app, rq, rp, MAY_CARD_STOP, SOCIAL_STOP);
}

RESULT post_resume(struct app *app, const struct request *rq, struct reply *rp)
{
    return plain_event(app, rq, rp, MAY_CARD_STOP, SOCIAL_RESUME);
}

RESULT post_pin_reset(struct app *app, const struct request *rq, struct reply *rp)
{
    struct act act = request_act(rq);
    struct str pin;
    struct card card;
    struct err err;
    const struct json_field body[] = { JSON_TEXT("pin", &pin, 6, 6) };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(card_of_path(app, rq, MAY_CARD_UNLOCK, MAY_CARD_UNLOCK, &card));
    act.proof = PROOF_PAPERS;
    TRY(limits_password_enter(app));
    err = registry_pin_set(app->registry, rq->once, card.person_id, card.id, pin, &act);
    limits_password_leave(app);
    TRY(err);
    reply_empty(rp, 204);
    return OK;
}
