/* api/pages_desk.c - the counter: search, and one person with cards and what happened to them.
 *
 * GET  /desk                             search box
 * POST /desk/searches {q}                a person's or a card's number; 303 to the person
 * GET  /desk/persons/{person}            masked; the look is recorded, and says so
 * POST /desk/persons/{person}/reveals    {fields, purpose}: the same page with those in clear. Not
 * a redirect: what is opened is shown once and kept nowhere */
#include "api/act_words.h"
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"
#include "api/pages.h"
#include "api/reveals.h"

#include "base/text.h"
#include "catalogue/catalogue.h"

static struct str masked(const struct request *rq, struct masked value)
{
    char text[MASKED_BYTES_MAX];
    struct writer w = writer_over(text, sizeof text);

    put_masked(&w, value);
    return arena_str(rq->arena, writer_str(&w));
}

static const struct web_desk_view DESK = { .network_ok = true }; /* no reader or printer here */

static void show(struct app *app, const struct request *rq, struct reply *rp,
                 const struct web_desk_view *view)
{
    struct web_frame frame = frame_of(app, rq, rp);

    web_desk(web_reply(rp, 200), &frame, view);
}

struct err get_desk(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_desk_view view = DESK;

    TRY(request_may(rq, MAY_PERSON_FIND, 0, 0));
    show(app, rq, rp, &view);
    return OK;
}

enum purpose desk_purpose(const struct request *rq)
{
    const struct signin_session *signin = &request_session(rq)->signin;

    return signin->grants_n > 0 && signin->grants[0].role == ROLE_AGENT ? PURPOSE_PHONE_SERVICE
                                                                        : PURPOSE_COUNTER_SERVICE;
}

/* Those whom the typed text means, by person number, else by card number; those of other regions
 * left out, with a line in their record. *told: what is wrong with the number. */
struct search {
    int64_t ids[SHARED_MAX];
    int n;
    int told; /* 0, or NUMBER_* */
};

/* "USA C01234567": a passport's number means nobody without its country. */
static void passport_typed(struct person_query *query)
{
    struct str number, country = str_cut(str_trim(query->number), ' ', &number);

    if (country.n != COUNTRY_CHARS || person_no_kind(query->number) != 0) return;
    query->document = DOCUMENT_PASSPORT;
    query->country = country;
    query->number = str_trim(number);
}

static RESULT search_find(struct app *app, const struct request *rq, struct str q,
                          struct search *out)
{
    struct person_query query = { .number = q, .at = rq->at };
    struct err err, card;
    struct credential found;

    passport_typed(&query);
    err = registry_person_holders(app->registry, &query, out->ids, &out->n);
    if (err.code < 0) return err;
    if (err.code == 0 && out->n > 0) return OK;
    out->n = 0;
    card = registry_card_find(app->registry, CREDENTIAL_CARD_NO, q, rq->at, &found);
    if (card.code < 0) return card;
    if (card.code == 0) out->ids[out->n++] = found.person_id;
    /* a number by its length, mistyped; anything else is merely not found */
    if (card.code > 0 && err.code > 0 && (person_no_kind(q) != 0 || query.document != 0))
        out->told = err.code;
    return OK;
}

static RESULT found_look(struct app *app, const struct request *rq, int64_t person_id,
                         struct str fields, int refused)
{
    const struct look look = { .person_id = person_id,
                               .act = LOOK_FOUND,
                               .fields = fields,
                               .purpose = desk_purpose(rq),
                               .refused = refused };

    return look_record(app, rq, &look);
}

static RESULT search_reach(struct app *app, const struct request *rq, struct search *found)
{
    int kept = 0, all = found->n;

    for (int i = 0; i < all; i++) {
        const int64_t id = found->ids[i];
        struct person person;
        struct err err;

        TRY(registry_person_load(app->store, id, &person));
        err = request_may(rq, MAY_PERSON_FIND, person.region_code, 0);
        if (err.code == API_REGION) {
            TRY(found_look(app, rq, id, (struct str){ 0 }, API_REGION));
            continue;
        }
        TRY(err);
        found->ids[kept++] = id;
    }
    found->n = kept;
    return OK;
}

/* One of several who share a number, to choose from. */
static RESULT hit_of(struct app *app, const struct request *rq, int64_t person_id,
                     struct web_desk_hit *out)
{
    const struct field_use use = field_use_of(rq);
    const struct region *region;
    struct person_private opened;
    struct person person;
    struct card card;
    bool live;

    TRY(registry_person_load(app->store, person_id, &person));
    TRY(registry_person_open_some(app->registry, &use, person_id, PRIVATE_NAME | PRIVATE_NUMBER,
                                  rq->arena, &opened));
    TRY(registry_card_live(app->store, person_id, 0, &card, &live));
    region = region_find(catalogue_now(app->shelf), person.region_code);
    *out = (struct web_desk_hit){ .id = id_text(rq, "psn", person_id),
                                  .name = mask_name(rq, opened.name),
                                  .person_no = masked(rq, masked_person_no(opened.number)),
                                  .has_card = live };
    if (live) out->social = (enum web_social)(card.social - SOCIAL_APPLIED);
    if (region) out->region = page_english(rq) ? region->name.en : region->name.zh;
    return OK;
}

struct err post_desk_search(struct app *app, const struct request *rq, struct reply *rp)
{
    struct str q = { 0 }, id;
    const struct json_field form[] = { JSON_TEXT("q", &q, 1, 64) };
    struct web_desk_hit *hits = NEW_ARRAY(rq->arena, struct web_desk_hit, SHARED_MAX);
    struct web_desk_view view = DESK;
    struct search found = { .n = 0 };
    struct web_problem problem = { .field = S("q") };
    struct web_frame frame;

    TRY(form_read(rq->body, form, LEN(form)));
    TRY(request_may(rq, MAY_PERSON_FIND, 0, 0));
    if (!hits) return fault(FAULT_MEMORY, "search");
    TRY(search_find(app, rq, q, &found));
    TRY(search_reach(app, rq, &found));
    if (found.n == 1) {
        TRY(found_look(app, rq, found.ids[0], (struct str){ 0 }, 0));
        id = id_text(rq, "psn", found.ids[0]);
        reply_redirect(rp, arena_format(rq->arena, "/desk/persons/%.*s", (int)id.n, id.p));
        return OK;
    }
    for (int i = 0; i < found.n; i++)
        TRY(hit_of(app, rq, found.ids[i], &hits[i]));
    for (int i = 0; i < found.n; i++)
        TRY(found_look(app, rq, found.ids[i], S("name,number"), 0));
    view.searched = found.told == 0;
    view.q_masked = masked(rq, masked_person_no(q));
    view.hits = hits;
    view.hits_n = (size_t)found.n;
    frame = frame_of(app, rq, rp);
    if (found.told != 0) {
        problem.text = refusal_text(rq, found.told);
        frame.problems = &problem;
        frame.problems_n = 1;
    }
    web_desk(web_reply(rp, found.told ? 422 : 200), &frame, &view);
    return OK;
}

/* What happened to the card, in words. */
static struct str change_words(const struct request *rq, const struct card_change *change)
{
    static const char *const SOCIAL[SOCIAL_STATES][2] = {
        [SOCIAL_APPLIED] = { "已申领", "Applied for" },
        [SOCIAL_IN_PRODUCTION] = { "制卡中", "In production" },
        [SOCIAL_WAITING] = { "待领", "Waiting to be collected" },
        [SOCIAL_SEALED] = { "已发卡，未启用", "Issued, not enabled" },
        [SOCIAL_NORMAL] = { "正常", "In use" },
        [SOCIAL_TEMPORARY_LOSS] = { "临时挂失", "Reported lost, temporarily" },
        [SOCIAL_FORMAL_LOSS] = { "正式挂失", "Reported lost, formally" },
        [SOCIAL_LOCKED] = { "锁定", "Locked" },
        [SOCIAL_STOPPED] = { "停用", "Stopped" },
        [SOCIAL_EXPIRED] = { "到期", "Expired" },
        [SOCIAL_REPLACED] = { "已补换", "Replaced" },
        [SOCIAL_CANCELLED] = { "注销", "Cancelled" },
    };
    static const char *const OTHERS[][2] = {
        [FUNCTION_BANK] = { "金融账户状态变化", "Bank function changed" },
        [FUNCTION_PURSE] = { "交通钱包状态变化", "Transit purse changed" },
        [FUNCTION_ECARD] = { "电子社保卡状态变化", "E-card changed" },
    };

    if (change->function != FUNCTION_SOCIAL)
        return words_of(rq, OTHERS[change->function][0], OTHERS[change->function][1]);
    assert(change->to > 0 && change->to < SOCIAL_STATES);
    return words_of(rq, SOCIAL[change->to][0], SOCIAL[change->to][1]);
}

enum { EVENTS_SHOWN = 20 };

static RESULT events_of(struct app *app, const struct request *rq, const struct card *card,
                        struct web_desk_view *view)
{
    struct card_change *changes = NEW_ARRAY(rq->arena, struct card_change, CHANGES_MAX);
    struct web_desk_event *events = NEW_ARRAY(rq->arena, struct web_desk_event, EVENTS_SHOWN);
    int n;

    if (!changes || !events) return fault(FAULT_MEMORY, "card history");
    TRY(registry_card_changes(app->store, card->person_id, card->id, changes, &n));
    for (int i = 0; i < n && i < EVENTS_SHOWN; i++) {
        const struct journal_line by = { .actor = changes[i].actor,
                                         .actor_id = changes[i].actor_id };

        events[i] =
            (struct web_desk_event){ .at = changes[i].at, .what = change_words(rq, &changes[i]) };
        TRY(actor_words(app, &by, page_english(rq), rq->arena, &events[i].by));
        view->events_n++;
    }
    view->events = events;
    return OK;
}

static enum web_look_why why_of(enum purpose purpose)
{
    switch (purpose) {
    case PURPOSE_PHONE_SERVICE:
        return WEB_LOOK_PHONE;
    case PURPOSE_CASE_WORK:
        return WEB_LOOK_CASE;
    case PURPOSE_SUPERVISION:
        return WEB_LOOK_SUPERVISION;
    case PURPOSE_RESIDENT_REQUEST:
    case PURPOSE_COUNTER_SERVICE:
    case PURPOSE_VERIFICATION:
    case PURPOSE_TECHNICAL:
        break;
    }
    return WEB_LOOK_COUNTER;
}

static RESULT fill_person(struct app *app, const struct request *rq, const struct person *person,
                          struct web_desk_view *view)
{
    const struct field_use use = field_use_of(rq);
    const struct region *region = region_find(catalogue_now(app->shelf), person->region_code);
    struct person_private opened;

    TRY(registry_person_open(app->registry, &use, person->id, rq->arena, &opened));
    view->person_id = id_text(rq, "psn", person->id);
    view->name = mask_name(rq, opened.name);
    view->person_no = masked(rq, masked_person_no(opened.number));
    view->phone = masked(rq, masked_phone(opened.phone));
    view->birth = arena_format(rq->arena, "%04d", person->birth.year);
    if (region) view->region = page_english(rq) ? region->name.en : region->name.zh;
    view->may_reveal = request_may(rq, MAY_PERSON_REVEAL, person->region_code, 0).code == 0;
    return OK;
}

static RESULT fill_cards(struct app *app, const struct request *rq, const struct person *person,
                         struct web_desk_view *view)
{
    struct card *cards = NEW_ARRAY(rq->arena, struct card, CARDS_MAX);
    struct web_card_line *lines = NEW_ARRAY(rq->arena, struct web_card_line, CARDS_MAX);
    int n;

    if (!cards || !lines) return fault(FAULT_MEMORY, "desk page");
    TRY(registry_cards_of(app->store, person->id, cards, &n));
    for (int i = 0; i < n; i++)
        TRY(card_line(app, rq, &cards[i], &lines[i]));
    if (n > 0) TRY(events_of(app, rq, &cards[0], view));
    view->cards = lines;
    view->cards_n = (size_t)n;
    return desk_may_issue(app, rq, person, &view->may_issue);
}

struct err get_desk_person(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_desk_view view = DESK;
    struct person person;
    int64_t person_id;

    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE);
    TRY(person_of_path(app, rq, MAY_CARD_VIEW, MAY_CARD_VIEW, &person_id));
    TRY(registry_person_load(app->store, person_id, &person));
    TRY(fill_person(app, rq, &person, &view));
    TRY(fill_cards(app, rq, &person, &view));
    view.why = why_of(desk_purpose(rq));
    TRY(look_record(app, rq,
                    &(struct look){ .person_id = person_id,
                                    .act = LOOK_PERSON,
                                    .fields = S("name,number,phone"),
                                    .purpose = desk_purpose(rq) }));
    show(app, rq, rp, &view);
    return OK;
}

/* Fields and purpose as ticked; what is wrong is told at its place. */
struct reveal_form {
    int *fields, purpose;
    size_t n;
    struct web_problem problem;
};

static RESULT reveal_read(const struct request *rq, struct reveal_form *form)
{
    static const struct json_name WHY[] = { { "counter_service", PURPOSE_COUNTER_SERVICE },
                                            { "phone_service", PURPOSE_PHONE_SERVICE },
                                            { "case_work", PURPOSE_CASE_WORK },
                                            { "supervision", PURPOSE_SUPERVISION } };
    int one;
    const struct json_field element[] = { JSON_ENUM(NULL, &one, REVEAL_FIELDS) };
    const struct json_field fields[] = {
        JSON_ARRAY("fields", &form->fields, &form->n, &one, element, 1, REVEALS),
        JSON_ENUM("purpose", &form->purpose, WHY),
    };
    struct err err = form_read(rq->body, fields, LEN(fields));
    const struct problem *first = &rq->problems->list[0];
    struct refusal words;

    if (err.code != HTTP_FIELDS) return err;
    words = refusal_field(first->code);
    form->problem.field = str_starts(first->pointer, S("/purpose")) ? S("purpose") : S("fields");
    form->problem.text = words_of(rq, words.title_zh, words.title_en);
    return OK;
}

/* In place of their masks. */
static void fill_opened(const struct request *rq, const struct revealed *shown,
                        struct web_desk_view *view)
{
    if (shown->name.n > 0) view->name = shown->name;
    if (shown->number.n > 0) view->person_no = shown->number;
    if (shown->phone.n > 0) view->phone = shown->phone;
    if (shown->birth.year != 0)
        view->birth = arena_format(rq->arena, "%04d-%02d-%02d", shown->birth.year,
                                   shown->birth.month, shown->birth.day);
    view->opened = true;
}

struct err post_desk_reveal(struct app *app, const struct request *rq, struct reply *rp)
{
    struct reveal_form form = { .purpose = PURPOSE_COUNTER_SERVICE };
    struct look look = { .act = LOOK_PERSON, .fields = S("name,number,phone") };
    struct web_desk_view view = DESK;
    struct revealed shown;
    struct web_frame frame;
    struct person person;
    int64_t person_id;
    bool wrong;

    TRY(reveal_read(rq, &form));
    wrong = form.problem.field.n > 0;
    TRY(person_of_path(app, rq, MAY_PERSON_REVEAL, MAY_PERSON_REVEAL, &person_id));
    TRY(registry_person_load(app->store, person_id, &person));
    TRY(fill_person(app, rq, &person, &view));
    TRY(fill_cards(app, rq, &person, &view));
    view.why = why_of(wrong ? desk_purpose(rq) : (enum purpose)form.purpose);
    if (wrong) {
        look.person_id = person_id;
        look.purpose = desk_purpose(rq);
        TRY(look_record(app, rq, &look));
    } else {
        TRY(reveal(app, rq, person_id, form.fields, form.n, (enum purpose)form.purpose, &shown));
        fill_opened(rq, &shown, &view);
    }
    frame = frame_of(app, rq, rp);
    frame.problems = &form.problem;
    frame.problems_n = wrong;
    web_desk(web_reply(rp, wrong ? 422 : 200), &frame, &view);
    return OK;
}
