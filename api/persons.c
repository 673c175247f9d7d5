/* api/persons.c - people, at a counter and by themselves.
 *
 * POST /v1/persons           {"document", "number", "country"?, "name", "region_code", "phone"?}
 *   201   {"id", "warnings"}
 *   409   person_exists
 * POST /v1/persons/searches  {"number" | "card_no", "name"?}
 * GET  /v1/persons/{person}/cards   "me" is the holder */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"

static const struct json_name DOCUMENTS[] = {
    { "citizen", DOCUMENT_CITIZEN },
    { "hk_macao", DOCUMENT_HK_MACAO },
    { "taiwan", DOCUMENT_TAIWAN },
    { "foreign_permanent_old", DOCUMENT_FOREIGN_PERMANENT_OLD },
    { "foreign_permanent", DOCUMENT_FOREIGN_PERMANENT },
    { "passport", DOCUMENT_PASSPORT },
    { "newborn", DOCUMENT_NEWBORN },
};

static void put_warnings(struct reply *rp, unsigned warnings)
{
    static const struct {
        unsigned bit;
        const char *name;
    } WORDS[] = { { WARN_PLACE_DISSOLVED, "place_dissolved" },
                  { WARN_PLACE_UNKNOWN, "place_unknown" },
                  { WARN_FIFTEEN, "fifteen_digits" },
                  { WARN_OLDER_THAN_115, "older_than_115" } };

    json_put_array(rp, "warnings");
    for (size_t i = 0; i < LEN(WORDS); i++) {
        if (warnings & WORDS[i].bit) json_put_str(rp, NULL, str_of(WORDS[i].name));
    }
    json_put_end(rp);
}

RESULT post_person(struct app *app, const struct request *rq, struct reply *rp)
{
    struct person_ask ask = { .act = request_act(rq) };
    struct person_made made;
    int64_t region;
    int document;
    bool given;
    const struct json_field body[] = {
        JSON_ENUM("document", &document, DOCUMENTS),
        JSON_TEXT("number", &ask.number, 1, 40),
        JSON_OPTIONAL(JSON_TEXT("country", &ask.country, 3, 3), &given),
        JSON_TEXT("name", &ask.name, 1, 100),
        JSON_INT("region_code", &region, 100000, 999999),
        JSON_OPTIONAL(JSON_DATE("birth_date", &ask.birth), &given),
        JSON_OPTIONAL(JSON_TEXT("phone", &ask.phone, 1, 20), &given),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_PERSON_ADD, (int32_t)region, 0));
    ask.document = (enum document_kind)document;
    ask.region_code = (int32_t)region;
    ask.act.proof = PROOF_PAPERS;
    TRY(registry_person_add(app->registry, rq->once, &ask, &made));
    reply_json(rp, 201);
    json_put_id(rp, "id", "psn", made.person_id);
    put_warnings(rp, made.warnings);
    return OK;
}

static void put_cards(struct reply *rp, const struct card *cards, int n)
{
    json_put_array(rp, "cards");
    for (int i = 0; i < n; i++) {
        json_put_object(rp, NULL);
        card_put(&rp->json, &cards[i]);
        json_put_end(rp);
    }
    json_put_end(rp);
}

static RESULT find(struct app *app, const struct request *rq, struct str number, struct str card_no,
                   struct str name, int64_t *person_id)
{
    struct credential found;

    if (card_no.n > 0) {
        TRY(registry_card_find(app->registry, CREDENTIAL_CARD_NO, card_no, rq->at, &found));
        *person_id = found.person_id;
        return OK;
    }
    return registry_person_find(
        app->registry, &(struct person_query){ .number = number, .name = name, .at = rq->at },
        person_id);
}

RESULT post_person_search(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    struct str number = { 0 }, card_no = { 0 }, name = { 0 };
    struct person person;
    int64_t person_id;
    bool given;
    int n;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_TEXT("number", &number, 1, 40), &given),
        JSON_OPTIONAL(JSON_TEXT("card_no", &card_no, 1, 20), &given),
        JSON_OPTIONAL(JSON_TEXT("name", &name, 1, 100), &given),
    };
    struct err err;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_PERSON_FIND, 0, 0));
    if (number.n == 0 && card_no.n == 0) {
        problem_add(rq->problems, rq->arena, "/number", "missing");
        REFUSE(HTTP_FIELDS);
    }
    if (!cards) return fault(FAULT_MEMORY, "search");
    err = find(app, rq, number, card_no, name, &person_id);
    reply_json(rp, 200);
    json_put_array(rp, "data");
    if (err.code == REGISTRY_PERSON_UNKNOWN || err.code == REGISTRY_CARD_UNKNOWN) {
        json_put_end(rp);
        return OK; /* a search that finds nobody is an answer */
    }
    TRY(err);
    TRY(registry_person_load(app->store, person_id, &person));
    TRY(registry_cards_of(app->store, person_id, cards, &n));
    TRY(look_record(app, rq, &(struct look){ .person_id = person_id, .act = LOOK_FOUND }));
    json_put_object(rp, NULL);
    json_put_id(rp, "id", "psn", person_id);
    json_put_int(rp, "region_code", person.region_code);
    put_cards(rp, cards, n);
    json_put_end(rp);
    json_put_end(rp);
    return OK;
}

RESULT get_person_cards(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    int64_t person_id;
    int n;

    TRY(person_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &person_id));
    if (!cards) return fault(FAULT_MEMORY, "cards");
    TRY(registry_cards_of(app->store, person_id, cards, &n));
    TRY(look_record(app, rq, &(struct look){ .person_id = person_id, .act = LOOK_CARDS }));
    reply_json(rp, 200);
    put_cards(rp, cards, n);
    return OK;
}
