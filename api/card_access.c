/* api/card_access.c - whose card, whose record. */
#include "api/card_access.h"

#include "api/looks.h"

RESULT card_of_id(struct app *app, const struct request *rq, int64_t card_id, enum permission self,
                  enum permission staff, struct card *out)
{
    const struct session *session = request_session(rq);
    struct err err;
    int64_t person_id;

    err = registry_card_person(app->store, card_id, &person_id);
    if (err.code == REGISTRY_CARD_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    if (session->actor == ACTOR_HOLDER) {
        REQUIRE(session->person_id == person_id, API_NOT_FOUND);
        TRY(request_may(rq, self, 0, 0));
        return registry_card_load(app->store, person_id, card_id, out);
    }
    TRY(registry_card_load(app->store, person_id, card_id, out));
    return request_may(rq, staff, out->region_code, 0);
}

RESULT card_of_path(struct app *app, const struct request *rq, enum permission self,
                    enum permission staff, struct card *out)
{
    int64_t card_id;

    TRY(path_id(rq, "card", "crd", &card_id));
    return card_of_id(app, rq, card_id, self, staff, out);
}

RESULT person_of_path(struct app *app, const struct request *rq, enum permission self,
                      enum permission staff, int64_t *person_id)
{
    const struct session *session = request_session(rq);
    struct person person;
    struct err err;

    if (str_eq(path_text(rq, "person"), S("me"))) {
        REQUIRE(session->actor == ACTOR_HOLDER, API_NOT_FOUND);
        *person_id = session->person_id;
        return request_may(rq, self, 0, 0);
    }
    TRY(path_id(rq, "person", "psn", person_id));
    if (session->actor == ACTOR_HOLDER) {
        REQUIRE(*person_id == session->person_id, API_NOT_FOUND);
        return request_may(rq, self, 0, 0);
    }
    err = registry_person_load(app->store, *person_id, &person);
    if (err.code == REGISTRY_PERSON_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    return request_may(rq, staff, person.region_code, 0);
}

/* Another's: API_NOT_FOUND, unless the session's holder may act for them. */
static RESULT helped(struct app *app, const struct request *rq, int64_t person_id, unsigned scope,
                     enum permission self)
{
    int64_t link_id;

    TRY(registry_link_may(app->store, person_id, request_session(rq)->person_id, scope, rq->at,
                          &link_id));
    REQUIRE(link_id != 0, API_NOT_FOUND);
    return request_may(rq, self, 0, 0);
}

RESULT helped_card_of_path(struct app *app, const struct request *rq, enum permission self,
                           unsigned scope, enum permission staff, struct card *out)
{
    const struct session *session = request_session(rq);
    int64_t card_id, person_id;
    struct err err;

    TRY(path_id(rq, "card", "crd", &card_id));
    if (session->actor != ACTOR_HOLDER) return card_of_id(app, rq, card_id, self, staff, out);
    err = registry_card_person(app->store, card_id, &person_id);
    if (err.code == REGISTRY_CARD_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    if (person_id == session->person_id) return card_of_id(app, rq, card_id, self, staff, out);
    TRY(helped(app, rq, person_id, scope, self));
    return registry_card_load(app->store, person_id, card_id, out);
}

RESULT helped_person_of_path(struct app *app, const struct request *rq, enum permission self,
                             unsigned scope, enum permission staff, int64_t *person_id)
{
    const struct session *session = request_session(rq);

    if (session->actor != ACTOR_HOLDER || str_eq(path_text(rq, "person"), S("me")))
        return person_of_path(app, rq, self, staff, person_id);
    TRY(path_id(rq, "person", "psn", person_id));
    if (*person_id == session->person_id) return request_may(rq, self, 0, 0);
    return helped(app, rq, *person_id, scope, self);
}

RESULT card_look(struct app *app, const struct request *rq, const struct card *card)
{
    const struct look look = { .person_id = card->person_id,
                               .card_id = card->id,
                               .act = LOOK_CARD };

    return look_record(app, rq, &look);
}

RESULT card_inherit(struct app *app, const struct request *rq, int64_t person_id,
                    const struct replace_made *made)
{
    for (size_t i = 0; i < app->replacement_n; i++) {
        struct err err =
            app->replacement[i].run(app, person_id, made->old_card_id, made->card.card_id, rq->at);
        if (err.code != 0) return fault_add(err, "replacement: %s", app->replacement[i].name);
    }
    return OK;
}

struct field_use field_use_of(const struct request *rq)
{
    const struct session *session = request_session(rq);
    bool holder = session->actor == ACTOR_HOLDER;

    return (struct field_use){ .use = holder ? KEYD_USE_HOLDER : KEYD_USE_COUNTER,
                               .session_id = session->signin.id,
                               .actor_id = session->actor_id };
}

static void date_put(struct json_out *out, const char *name, struct date date)
{
    if (date.year != 0) json_out_date(out, name, date);
}

void card_put(struct json_out *out, const struct card *card)
{
    json_out_id(out, "id", "crd", card->id);
    json_out_id(out, "person", "psn", card->person_id);
    json_out_int(out, "generation", card->generation);
    json_out_int(out, "region_code", card->region_code);
    json_out_int(out, "epoch", card->epoch);
    json_out_str(out, "social", str_of(social_state_name(card->social)));
    json_out_str(out, "bank", str_of(bank_state_name(card->bank)));
    json_out_str(out, "purse", str_of(purse_state_name(card->purse)));
    json_out_str(out, "ecard", str_of(ecard_state_name(card->ecard)));
    json_out_bool(out, "ecard_consent", card->ecard_consent);
    json_out_bool(out, "usable", social_usable(card->social));
    json_out_bool(out, "ecard_usable", ecard_usable(card));
    if (card->loss_id) json_out_id(out, "loss_report", "los", card->loss_id);
    if (card->replaces_id) json_out_id(out, "replaces", "crd", card->replaces_id);
    if (card->replaced_by_id) json_out_id(out, "replaced_by", "crd", card->replaced_by_id);
    date_put(out, "issued", card->issued);
    date_put(out, "valid_until", card->valid_until);
    json_out_instant(out, "changed_at", card->changed_at);
}
