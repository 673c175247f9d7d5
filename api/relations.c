/* api/relations.c - guardians (监护人) and helpers (代办人, 亲情账户): who may act for a person, in
 * what, until when.
 *
 * GET    /v1/persons/{person}/relations?as=helped|helper   who may act for the person (helped), or
 *                                                    for whom the person may; by cursor
 * POST   /v1/persons/{person}/relations              {"kind", "helper", "scope", "until"?}
 *   201  the relation
 *   403  proof_too_weak
 *   409  relation_max                                422 relation_self
 * DELETE /v1/persons/{person}/relations/{relation}   204
 *
 * Who consents. A counter records either kind, having seen the papers of both. A holder may name a
 * helper of their own, signed in with both factors, by the helper's number and name together; a
 * guardian they may not: that is not theirs to decide. Each of the two may end it, and so may a
 * counter.
 *
 * Staff are shown the other's masked name too: that one's record has a line of it as well.
 *
 * What it gives: whoever has a relation sees the person masked, and their cards and reports; with
 * scope "lose" they report a card lost. Each leaves a line in the person's record, as the helper's.
 */
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"

#include "base/text.h"

static const struct json_name KINDS[] = { { "guardian", LINK_GUARDIAN },
                                          { "helper", LINK_HELPER } };
static const struct json_name SCOPES[] = {
    { "code", SCOPE_CODE },   { "book", SCOPE_BOOK },       { "lose", SCOPE_LOSE },
    { "apply", SCOPE_APPLY }, { "collect", SCOPE_COLLECT }, { "medical", SCOPE_MEDICAL },
};

/* Staff see the other of the two as well: a line in that one's record too. */
static RESULT other_look(struct app *app, const struct request *rq, int64_t other)
{
    const struct look look = { .person_id = other,
                               .act = LOOK_RELATIONS,
                               .fields = S("name"),
                               .purpose = PURPOSE_COUNTER_SERVICE };

    if (request_session(rq)->actor != ACTOR_STAFF) return OK;
    return look_record(app, rq, &look);
}

/* `other`: the one of the two who is not the reader; their name, masked, where keyd gives it. */
static void put_relation(struct app *app, const struct request *rq, struct reply *rp,
                         const struct link *link, int64_t other)
{
    const struct field_use use = field_use_of(rq);
    struct person_private opened;
    char text[MASKED_BYTES_MAX];
    struct writer w = writer_over(text, sizeof text);

    json_put_id(rp, "id", "rel", link->id);
    json_put_id(rp, "person", "psn", link->person_id);
    json_put_id(rp, "helper", "psn", link->helper_id);
    if (registry_person_open_some(app->registry, &use, other, PRIVATE_NAME, rq->arena, &opened)
            .code == 0) {
        put_masked_name(&w, opened.name);
        json_put_str(rp, "name", writer_str(&w));
    }
    json_put_str(rp, "kind", str_of(KINDS[link->kind - 1].name));
    json_put_array(rp, "scope");
    for (size_t i = 0; i < LEN(SCOPES); i++) {
        if (link->scope & (unsigned)SCOPES[i].value) json_put_str(rp, NULL, str_of(SCOPES[i].name));
    }
    json_put_end(rp);
    json_put_instant(rp, "from", link->valid_from);
    if (link->valid_to.usec != 0) json_put_instant(rp, "until", link->valid_to);
}

enum side { SIDE_HELPED = 1, SIDE_HELPER = 2 };

static int64_t other_of(const struct link *link, int side)
{
    return side == SIDE_HELPED ? link->helper_id : link->person_id;
}

/* Eight at most are helped by one: one page. */
static RESULT relations_load(struct app *app, const struct request *rq, int64_t person_id, int side,
                             const struct page *page, struct link *links, int *n)
{
    if (side == SIDE_HELPED)
        return registry_link_helpers(app->store, person_id, rq->at, page->after[0], links,
                                     (int)page->limit + 1, n);
    TRY(registry_link_list(app->store, person_id, rq->at, links, n));
    while (*n > 0 && links[0].id <= page->after[0])
        memmove(links, links + 1, (size_t)-- * n * sizeof *links);
    return OK;
}

RESULT get_relations(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name SIDES[] = { { "helped", SIDE_HELPED },
                                              { "helper", SIDE_HELPER } };
    struct link *links = NEW_ARRAY(rq->arena, struct link, PAGE_LIMIT_MAX + 1);
    int64_t person_id, last[PAGE_KEYS] = { 0 };
    int side = SIDE_HELPED, n;
    const struct json_field filters[] = { JSON_OPTIONAL(JSON_ENUM("as", &side, SIDES), NULL) };
    struct page page;

    TRY(person_of_path(app, rq, MAY_SELF_VIEW, MAY_CARD_VIEW, &person_id));
    TRY(page_read(app, rq, &page, filters, LEN(filters)));
    if (!links) return fault(FAULT_MEMORY, "relations");
    TRY(relations_load(app, rq, person_id, side, &page, links, &n));
    TRY(look_record(app, rq, &(struct look){ .person_id = person_id, .act = LOOK_RELATIONS }));
    for (int i = 0; i < n && i < page.limit; i++)
        TRY(other_look(app, rq, other_of(&links[i], side)));
    reply_json(rp, 200);
    json_put_array(rp, "data");
    for (int i = 0; i < n && i < page.limit; i++) {
        json_put_object(rp, NULL);
        put_relation(app, rq, rp, &links[i], other_of(&links[i], side));
        json_put_end(rp);
        last[0] = links[i].id;
    }
    json_put_end(rp);
    page_end(app, rq, rp, n > page.limit, last);
    return OK;
}

struct relation_body {
    int kind, *scopes;
    size_t scopes_n;
    int64_t helper_id;
    struct str number, name;
    struct instant until;
    bool by_id, by_number, by_name;
};

static RESULT relation_read(const struct request *rq, struct relation_body *ask)
{
    int one;
    const struct json_field element[] = { JSON_ENUM(NULL, &one, SCOPES) };
    const struct json_field body[] = {
        JSON_ENUM("kind", &ask->kind, KINDS),
        JSON_OPTIONAL(JSON_ID("helper", "psn", &ask->helper_id), &ask->by_id),
        JSON_OPTIONAL(JSON_TEXT("helper_number", &ask->number, 1, 40), &ask->by_number),
        JSON_OPTIONAL(JSON_TEXT("helper_name", &ask->name, 1, 100), &ask->by_name),
        JSON_ARRAY("scope", &ask->scopes, &ask->scopes_n, &one, element, 1, LEN(SCOPES)),
        JSON_OPTIONAL(JSON_INSTANT("until", &ask->until), NULL),
    };
    bool holder = request_session(rq)->actor == ACTOR_HOLDER;

    TRY(json_read(rq->body, body, LEN(body)));
    if (holder && ask->by_id) problem_add(rq->problems, rq->arena, "/helper", "not_valid");
    if (holder && !ask->by_name) problem_add(rq->problems, rq->arena, "/helper_name", "missing");
    if (ask->by_number == ask->by_id)
        problem_add(rq->problems, rq->arena, ask->by_id ? "/helper_number" : "/helper",
                    ask->by_id ? "not_valid" : "missing");
    REQUIRE(rq->problems->n == 0, HTTP_FIELDS);
    return OK;
}

/* By number, and by name too where it is given. Nobody, and somebody of another name, are one
 * answer: else names could be tried. */
static RESULT helper_find(struct app *app, const struct request *rq, struct reply *rp,
                          struct relation_body *ask)
{
    const struct person_query query = { .number = ask->number, .name = ask->name, .at = rq->at };
    const struct str subject =
        arena_format(rq->arena, "helper of %" PRId64, request_session(rq)->actor_id);
    bool same = true;
    struct err err;

    if (ask->by_id) return OK;
    TRY(limits_guess(app, rq, rp, subject)); /* who tries is slowed, not whom they try */
    err = registry_person_find(app->registry, &query, &ask->helper_id);
    if (err.code == 0 && ask->by_name)
        err = registry_name_matches(app->registry, ask->helper_id, ask->name, &same);
    if (err.code == REGISTRY_PERSON_UNKNOWN || err.code == REGISTRY_SECOND_FACT_DIFFERS || !same) {
        limits_wrong(app, rq, subject);
        REFUSE(REGISTRY_PERSON_UNKNOWN);
    }
    return err;
}

RESULT post_relation(struct app *app, const struct request *rq, struct reply *rp)
{
    struct act act = request_act(rq);
    struct relation_body body = { 0 };
    struct link_ask ask = { .valid_from = rq->at };
    struct link link;
    int64_t link_id;

    TRY(relation_read(rq, &body));
    TRY(person_of_path(app, rq, MAY_SELF_LOSE, MAY_PERSON_CORRECT, &ask.person_id));
    if (act.actor == ACTOR_STAFF) {
        act.proof = PROOF_PAPERS;
    } else {
        REQUIRE(body.kind == LINK_HELPER, API_SCOPE);
        REQUIRE(act.proof >= PROOF_TWO_FACTORS, REGISTRY_PROOF_WEAK);
    }
    TRY(helper_find(app, rq, rp, &body));
    ask.helper_id = body.helper_id;
    ask.kind = (enum link_kind)body.kind;
    for (size_t i = 0; i < body.scopes_n; i++)
        ask.scope |= (unsigned)body.scopes[i];
    ask.valid_to = body.until;
    ask.act = act;
    TRY(registry_link_add(app->registry, rq->once, &ask, &link_id));
    TRY(registry_link_load(app->store, ask.person_id, link_id, &link));
    if (!*rq->once->replayed) TRY(other_look(app, rq, link.helper_id));
    reply_json(rp, 201);
    put_relation(app, rq, rp, &link, link.helper_id);
    return OK;
}

/* A holder ends what concerns them: as the one helped, or as the helper who lays it down. */
static RESULT relation_own(struct app *app, const struct request *rq, int64_t person_id,
                           int64_t link_id, struct act *act)
{
    const int64_t own = request_session(rq)->person_id;
    struct link link;
    struct err err = registry_link_load(app->store, person_id, link_id, &link);

    if (err.code == REGISTRY_LINK_UNKNOWN) REFUSE(API_NOT_FOUND);
    TRY(err);
    REQUIRE(link.person_id == own || link.helper_id == own, API_NOT_FOUND);
    if (link.person_id != own) act->actor = ACTOR_HELPER;
    return request_may(rq, MAY_SELF_LOSE, 0, 0);
}

RESULT delete_relation(struct app *app, const struct request *rq, struct reply *rp)
{
    struct act act = request_act(rq);
    bool me = str_eq(path_text(rq, "person"), S("me"));
    int64_t person_id, link_id;

    TRY(path_id(rq, "relation", "rel", &link_id));
    if (act.actor == ACTOR_HOLDER && !me) {
        TRY(path_id(rq, "person", "psn", &person_id));
        TRY(relation_own(app, rq, person_id, link_id, &act));
    } else {
        TRY(person_of_path(app, rq, MAY_SELF_LOSE, MAY_PERSON_CORRECT, &person_id));
    }
    TRY(registry_link_end(app->registry, person_id, link_id, &act));
    reply_empty(rp, 204);
    return OK;
}
