/* api/persons.c - people, at a counter and by themselves.
 *
 * POST /v1/persons           {"document", "number", "country"?, "name", "region_code", "phone"?}
 *   201   {"id", "warnings"}
 *   409   person_exists; the person whose number it is finds a line of it in their record
 * POST /v1/persons/searches  {"number", "document"?, "country"?, "name"?} or {"card_no"}
 *   200   {"data": [masked person with cards]}; empty when nobody has it, and when whoever has it
 *         is of a region that the role does not reach: that search is told to them, not to the
 * staff GET  /v1/persons/{person}         name, number and phone masked; "me" is the holder GET
 * /v1/persons/{person}/cards */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"

#include "base/text.h"

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
    struct err err;
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
    err = registry_person_add(app->registry, rq->once, &ask, &made);
    if (err.code == REGISTRY_PERSON_EXISTS) /* it is told that they are here: a look at them */
        TRY(look_record(app, rq,
                        &(struct look){ .person_id = made.person_id,
                                        .act = LOOK_FOUND,
                                        .purpose = PURPOSE_COUNTER_SERVICE,
                                        .refused = REGISTRY_PERSON_EXISTS }));
    TRY(err);
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

struct search {
    struct str number, country, card_no, name;
    int document; /* 0: guessed from the number */
};

static RESULT find(struct app *app, const struct request *rq, const struct search *ask,
                   int64_t *person_id)
{
    const struct person_query query = { .document = (enum document_kind)ask->document,
                                        .country = ask->country,
                                        .number = ask->number,
                                        .name = ask->name,
                                        .at = rq->at };
    struct credential found;

    if (ask->card_no.n == 0) return registry_person_find(app->registry, &query, person_id);
    TRY(registry_card_find(app->registry, CREDENTIAL_CARD_NO, ask->card_no, rq->at, &found));
    *person_id = found.person_id;
    return OK;
}

static void put_mask(struct reply *rp, const char *name, struct masked value)
{
    char text[MASKED_BYTES_MAX];
    struct writer w = writer_over(text, sizeof text);

    if (value.plain.n == 0) return;
    put_masked(&w, value);
    json_put_str(rp, name, writer_str(&w));
}

static void put_private(struct reply *rp, const struct person_private *opened)
{
    put_mask(rp, "name", masked_name(opened->name));
    put_mask(rp, "number", masked_person_no(opened->number));
    put_mask(rp, "phone", masked_phone(opened->phone));
}

static void put_person(struct reply *rp, const struct person *person)
{
    static const char *const STATES[] = { "", "alive", "dead", "merged" };

    json_put_id(rp, "id", "psn", person->id);
    json_put_str(rp, "state", str_of(STATES[person->state]));
    if (person->merged_into) json_put_id(rp, "merged_into", "psn", person->merged_into);
    for (size_t i = 0; i < LEN(DOCUMENTS); i++) {
        if (DOCUMENTS[i].value == (int)person->document)
            json_put_str(rp, "document", str_of(DOCUMENTS[i].name));
    }
    json_put_int(rp, "birth_year", person->birth.year);
    json_put_int(rp, "region_code", person->region_code);
}

/* A search that finds nobody is an answer. */
static void nobody(struct reply *rp)
{
    reply_json(rp, 200);
    json_put_array(rp, "data");
    json_put_end(rp);
}

/* Whoever is out of the searcher's reach is nobody to them, and reads in their own record that
 * somebody searched. *out: may they be shown? */
static RESULT reach(struct app *app, const struct request *rq, int64_t person_id, bool *out)
{
    struct person person;
    struct err err;

    TRY(registry_person_load(app->store, person_id, &person));
    err = request_may(rq, MAY_PERSON_FIND, person.region_code, 0);
    *out = err.code == 0;
    if (err.code != API_REGION) return err;
    return look_record(
        app, rq,
        &(struct look){ .person_id = person_id, .act = LOOK_FOUND, .refused = API_REGION });
}

/* The number is of several, and the name does not tell which: whether one of them is in reach
 * decides if that may be said. */
static RESULT shared(struct app *app, const struct request *rq, struct reply *rp,
                     const struct search *ask, struct err why)
{
    const struct person_query query = { .document = (enum document_kind)ask->document,
                                        .country = ask->country,
                                        .number = ask->number,
                                        .at = rq->at };
    int64_t ids[SHARED_MAX];
    bool any = false;
    int n;

    TRY(registry_person_holders(app->registry, &query, ids, &n));
    for (int i = 0; i < n; i++) {
        bool near;

        TRY(reach(app, rq, ids[i], &near));
        any |= near;
    }
    if (any) return why;
    nobody(rp);
    return OK;
}

static RESULT found(struct app *app, const struct request *rq, struct reply *rp, int64_t person_id,
                    struct str number)
{
    const struct field_use use = field_use_of(rq);
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    struct person_private opened;
    struct person person;
    struct err err;
    bool near;
    int n;

    if (!cards) return fault(FAULT_MEMORY, "search");
    TRY(reach(app, rq, person_id, &near));
    if (!near) {
        nobody(rp);
        return OK;
    }
    TRY(registry_person_load(app->store, person_id, &person));
    TRY(registry_cards_of(app->store, person_id, cards, &n));
    err = registry_person_open_some(app->registry, &use, person_id,
                                    number.n > 0 ? PRIVATE_NAME : PRIVATE_NAME | PRIVATE_NUMBER,
                                    rq->arena, &opened);
    if (number.n > 0) opened.number = number; /* who typed it knows it */
    /* without its name the card can still be found, and reported lost */
    if (err.code != KEYD_BUDGET_SECOND && err.code != KEYD_BUDGET_DAY) TRY(err);
    TRY(look_record(app, rq,
                    &(struct look){ .person_id = person_id,
                                    .act = LOOK_FOUND,
                                    .fields = err.code == 0 ? S("name,number") : S("") }));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    json_put_object(rp, NULL);
    put_person(rp, &person);
    put_private(rp, &opened);
    if (err.code != 0) json_put_str(rp, "name_missing", str_of(refusal_of(err.code).code));
    put_cards(rp, cards, n);
    json_put_end(rp);
    json_put_end(rp);
    return OK;
}

RESULT post_person_search(struct app *app, const struct request *rq, struct reply *rp)
{
    struct search ask = { .document = 0 };
    bool by_number, by_card;
    const struct json_field body[] = {
        JSON_OPTIONAL(JSON_TEXT("number", &ask.number, 1, 40), &by_number),
        JSON_OPTIONAL(JSON_ENUM("document", &ask.document, DOCUMENTS), NULL),
        JSON_OPTIONAL(JSON_TEXT("country", &ask.country, 3, 3), NULL),
        JSON_OPTIONAL(JSON_TEXT("card_no", &ask.card_no, 1, 20), &by_card),
        JSON_OPTIONAL(JSON_TEXT("name", &ask.name, 1, 100), NULL),
    };
    int64_t person_id;
    struct err err;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(request_may(rq, MAY_PERSON_FIND, 0, 0));
    if (by_number == by_card) { /* one of the two */
        problem_add(rq->problems, rq->arena, by_card ? "/card_no" : "/number",
                    by_card ? "not_valid" : "missing");
        REFUSE(HTTP_FIELDS);
    }
    err = find(app, rq, &ask, &person_id);
    if (err.code == 0) return found(app, rq, rp, person_id, ask.number);
    if (err.code == REGISTRY_SECOND_FACT_NEEDED || err.code == REGISTRY_SECOND_FACT_DIFFERS)
        return shared(app, rq, rp, &ask, err);
    if (err.code != REGISTRY_PERSON_UNKNOWN && err.code != REGISTRY_CARD_UNKNOWN) return err;
    nobody(rp);
    return OK;
}

RESULT get_person(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct field_use use = field_use_of(rq);
    struct person_private opened;
    struct person person;
    int64_t person_id;

    TRY(helped_person_of_path(app, rq, MAY_SELF_VIEW, 0, MAY_CARD_VIEW, &person_id));
    TRY(registry_person_load(app->store, person_id, &person));
    TRY(registry_person_open(app->registry, &use, person_id, rq->arena, &opened));
    TRY(look_record(app, rq,
                    &(struct look){ .person_id = person_id,
                                    .act = LOOK_PERSON,
                                    .fields = S("name,number,phone") }));
    reply_json(rp, 200);
    put_person(rp, &person);
    put_private(rp, &opened);
    return OK;
}

RESULT get_person_cards(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    int64_t person_id;
    int n;

    TRY(helped_person_of_path(app, rq, MAY_SELF_VIEW, 0, MAY_CARD_VIEW, &person_id));
    if (!cards) return fault(FAULT_MEMORY, "cards");
    TRY(registry_cards_of(app->store, person_id, cards, &n));
    TRY(look_record(app, rq, &(struct look){ .person_id = person_id, .act = LOOK_CARDS }));
    reply_json(rp, 200);
    put_cards(rp, cards, n);
    return OK;
}
