/* api/reveals.c - values of a person in clear, for staff, by name and for a purpose (查看完整资料).
 *
 * POST /v1/persons/{person}/reveals   {"fields": ["name", "number", "phone", "birth_date"]}
 *   200   the values that there are
 *   429   reveal_too_fast, reveal_day_limit: keyd's budgets
 *
 * There is no Idempotency-Key: a repeat is another look at the same values, and leaves its own
 * line. */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"
#include "api/reveals.h"

const struct json_name REVEAL_FIELDS[REVEALS] = { { "name", REVEAL_NAME },
                                                  { "number", REVEAL_NUMBER },
                                                  { "phone", REVEAL_PHONE },
                                                  { "birth_date", REVEAL_BIRTH } };
static const unsigned PRIVATE_OF[REVEALS] = { PRIVATE_NAME, PRIVATE_NUMBER, PRIVATE_PHONE, 0 };

/* Their names with a comma between, each once, in the order of REVEAL_FIELDS. */
static struct str names_of(const struct request *rq, const bool wanted[REVEALS])
{
    char text[60];
    struct writer w = writer_over(text, sizeof text);

    for (int i = 0; i < REVEALS; i++) {
        if (!wanted[i]) continue;
        if (w.n > 0) put_u8(&w, ',');
        put_str(&w, str_of(REVEAL_FIELDS[i].name));
    }
    return arena_str(rq->arena, writer_str(&w));
}

RESULT reveal(struct app *app, const struct request *rq, int64_t person_id, const int *fields,
              size_t n, enum purpose purpose, struct revealed *out)
{
    const struct field_use use = field_use_of(rq);
    struct look look = { .person_id = person_id, .act = LOOK_OPENED, .purpose = purpose };
    struct person_private opened;
    struct person person;
    bool wanted[REVEALS] = { false };
    unsigned values = 0;

    for (size_t i = 0; i < n; i++) {
        wanted[fields[i]] = true;
        values |= PRIVATE_OF[fields[i]];
    }
    TRY(registry_person_load(app->store, person_id, &person));
    TRY(registry_person_open_some(app->registry, &use, person_id, values, rq->arena, &opened));
    look.fields = names_of(rq, wanted);
    TRY(look_record(app, rq, &look));
    *out = (struct revealed){ .name = opened.name, .number = opened.number, .phone = opened.phone };
    if (wanted[REVEAL_BIRTH]) out->birth = person.birth;
    return OK;
}

RESULT post_reveal(struct app *app, const struct request *rq, struct reply *rp)
{
    int one, *fields;
    size_t n;
    const struct json_field element[] = { JSON_ENUM(NULL, &one, REVEAL_FIELDS) };
    const struct json_field body[] = {
        JSON_ARRAY("fields", &fields, &n, &one, element, 1, REVEALS),
    };
    struct revealed shown;
    int64_t person_id;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(person_of_path(app, rq, MAY_PERSON_REVEAL, MAY_PERSON_REVEAL, &person_id));
    TRY(reveal(app, rq, person_id, fields, n, 0, &shown));
    reply_json(rp, 200);
    json_put_id(rp, "person", "psn", person_id);
    if (shown.name.n > 0) json_put_str(rp, "name", shown.name);
    if (shown.number.n > 0) json_put_str(rp, "number", shown.number);
    if (shown.phone.n > 0) json_put_str(rp, "phone", shown.phone);
    if (shown.birth.year != 0) json_put_date(rp, "birth_date", shown.birth);
    return OK;
}
