/* api/checks.c - grade B: may this card pass a door now? Answered on the HTTP thread from derived
 * state at most a second old: no SQL, no lock, no memory of our own.
 *
 * POST /v1/checks   {"card_no" | "alias", "item"?}
 *   200   {"allow": true} or {"allow": false, "code": "card_stopped", "card": "temporary_loss"} */
#include "api/handlers.h"

#include "catalogue/catalogue.h"
#include "crypto/blind.h"
#include "identity/identity.h"
#include "registry/registry.h"

RESULT post_check(struct app *app, const struct request *rq, struct reply *rp)
{
    static const char *const CARDS[] = { "",       "sealed",  "temporary_loss", "formal_loss",
                                         "locked", "stopped", "replaced",       "cancelled" };
    struct str card_no = { 0 }, alias = { 0 };
    struct verify_ask ask = { .item = ITEM_IDENTITY_CHECK, .at = rq->at };
    struct verdict verdict = { 0 };
    uint8_t hash[VALUE_HASH_BYTES];
    struct card_no no;
    struct err err;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_TEXT("card_no", &card_no, CARD_NO_CHARS, CARD_NO_CHARS), NULL),
        JSON_OPTIONAL(JSON_TEXT("alias", &alias, ALIAS_CHARS, ALIAS_CHARS), NULL),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_VERIFY, 0, 0));
    if ((card_no.n > 0) == (alias.n > 0)) { /* one of them, and not both */
        problem_add(rq->problems, rq->arena, "/card_no", "missing");
        REFUSE(HTTP_FIELDS);
    }
    if (card_no.n > 0) {
        TRY(card_no_parse(card_no, &no));
        credential_hash(app->blind, CREDENTIAL_CARD_NO, card_no_str(&no), hash);
    } else {
        credential_hash(app->blind, CREDENTIAL_ECARD_ALIAS, alias, hash);
    }
    ask.place_id = request_session(rq)->place_id;
    ask.terminal_id = request_session(rq)->terminal_id;
    ask.staff_id = request_session(rq)->actor == ACTOR_STAFF ? request_session(rq)->actor_id : 0;
    ask.region_code = session_region(request_session(rq));
    ask.simulator = app->demo;
    err = identity_check_fast(app->identity, hash, alias.n > 0, &ask, &verdict);
    if (err.code < 0 || err.code == IDENTITY_RECORD_FULL || err.code == IDENTITY_ONLINE_ONLY) {
        return err;
    }
    reply_json(rp, 200);
    json_put_bool(rp, "allow", err.code == 0);
    if (err.code != 0) {
        json_put_str(rp, "code", str_of(refusal_of(err.code).code));
        if (verdict.card) json_put_str(rp, "card", str_of(CARDS[verdict.card]));
    }
    return OK;
}
