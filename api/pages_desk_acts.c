/* api/pages_desk_acts.c - what staff do at a counter: one page and one button for each act, 303 to
 * the page that says what happened. web/pages.h has every address and field.
 *
 * GET  /desk/persons/{person}/issue, /desk/cards/{card}/activate, lose, lose-formally, lift,
 *      replace, lock, unlock, stop, resume, cancel
 * POST /desk/persons/{person}/cards, /desk/cards/{card}/activations, loss-reports, loss-lifts,
 *      replacements, locks, unlocks, stops, resumes, cancellations
 * GET  /desk/cards/{card}/acts/{act}     number, what happened, what comes next
 *
 * A refusal is told on the same page, with what was chosen; where the card's state is in the way
 * (somebody else was here first), with who brought it there and when. */
#include "api/act_words.h"
#include "api/card_access.h"
#include "api/handlers.h"
#include "api/looks.h"
#include "api/pages.h"

#include "base/text.h"
#include "registry/staff.h"

/* ---- the acts ---- */

struct desk_act {
    enum web_desk_what what;
    const char *page, *posts_to; /* last parts of its addresses */
    enum permission permission;
    enum social_event event;
};
static const struct desk_act ACTS[] = {
    { WEB_DESK_ACTIVATE, "activate", "activations", MAY_CARD_ACTIVATE, SOCIAL_ENABLE },
    { WEB_DESK_LOSE, "lose", "loss-reports", MAY_CARD_LOSE_TEMPORARY, SOCIAL_LOSE },
    { WEB_DESK_FORMAL, "lose-formally", "loss-reports", MAY_CARD_LOSE_FORMAL, SOCIAL_LOSE_FORMAL },
    { WEB_DESK_LIFT, "lift", "loss-lifts", MAY_CARD_UNLOSE, SOCIAL_LIFT },
    { WEB_DESK_REPLACE, "replace", "replacements", MAY_CARD_REPLACE, SOCIAL_REPLACE },
    { WEB_DESK_LOCK, "lock", "locks", MAY_CARD_UNLOCK, SOCIAL_LOCK },
    { WEB_DESK_UNLOCK, "unlock", "unlocks", MAY_CARD_UNLOCK, SOCIAL_UNLOCK },
    { WEB_DESK_STOP, "stop", "stops", MAY_CARD_STOP, SOCIAL_STOP },
    { WEB_DESK_RESUME, "resume", "resumes", MAY_CARD_STOP, SOCIAL_RESUME },
    { WEB_DESK_CANCEL, "cancel", "cancellations", MAY_CARD_CANCEL, SOCIAL_CANCEL },
};
/* The same as ACTS has it, for a person without a card. */
static const struct desk_act ISSUE = { WEB_DESK_ISSUE, "issue", "cards", MAY_CARD_ISSUE, 0 };

static struct str last_part(struct str path)
{
    size_t at = path.n;

    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return str_part(path, at, path.n);
}

/* The act of this address; every route of this file has one. */
static const struct desk_act *act_of(const struct request *rq)
{
    struct str last = last_part(rq->path);

    for (size_t i = 0; i < LEN(ACTS); i++) {
        const char *name = rq->method == METHOD_GET ? ACTS[i].page : ACTS[i].posts_to;

        if (str_eq(last, str_of(name))) return &ACTS[i];
    }
    return &ISSUE;
}

/* ---- who may do what now ---- */

static bool may(const struct request *rq, enum permission permission, int32_t region_code)
{
    return request_may(rq, permission, region_code, 0).code == 0;
}

static bool bank_opens(const struct card *card)
{
    enum bank_state to;

    return bank_move(card->bank, BANK_ACTIVATE, card->bank_before, &to).code == 0 &&
           (card->social == SOCIAL_SEALED || card->social == SOCIAL_NORMAL ||
            card->social == SOCIAL_LOCKED || card->social == SOCIAL_EXPIRED);
}

static bool opens(const struct card *card, const struct desk_act *act)
{
    enum social_state before = card->social_before, to;

    if (act->event == SOCIAL_RESUME) before = card->enabled ? SOCIAL_NORMAL : SOCIAL_SEALED;
    if (act->event == SOCIAL_ENABLE && bank_opens(card)) return true;
    return social_move(card->social, act->event, before, &to).code == 0;
}

void desk_card_may(const struct request *rq, const struct card *card, struct web_card_line *out)
{
    bool *const flags[] = {
        [WEB_DESK_ACTIVATE] = &out->may_activate,    [WEB_DESK_LOSE] = &out->may_lose,
        [WEB_DESK_FORMAL] = &out->may_lose_formally, [WEB_DESK_LIFT] = &out->may_lift,
        [WEB_DESK_REPLACE] = &out->may_replace,      [WEB_DESK_LOCK] = &out->may_lock,
        [WEB_DESK_UNLOCK] = &out->may_unlock,        [WEB_DESK_STOP] = &out->may_stop,
        [WEB_DESK_RESUME] = &out->may_resume,        [WEB_DESK_CANCEL] = &out->may_cancel,
    };

    for (size_t i = 0; i < LEN(ACTS); i++)
        *flags[ACTS[i].what] =
            opens(card, &ACTS[i]) && may(rq, ACTS[i].permission, card->region_code);
}

RESULT desk_may_issue(struct app *app, const struct request *rq, const struct person *person,
                      bool *out)
{
    struct card live;
    bool found;

    *out = false;
    if (person->state != PERSON_ALIVE || !may(rq, MAY_CARD_ISSUE, person->region_code)) return OK;
    TRY(registry_card_live(app->store, person->id, person->region_code / 10000 * 10000, &live,
                           &found));
    *out = !found;
    return OK;
}

/* ---- what is asked ---- */

static const struct json_name KINDS[] = { { "temporary", LOSS_TEMPORARY },
                                          { "formal", LOSS_FORMAL } };
static const struct json_name LOSSES[] = { { "lost", LOSS_LOST },
                                           { "stolen", LOSS_STOLEN },
                                           { "other", LOSS_OTHER } };
static const struct json_name REPLACEMENTS[] = {
    { "lost", REPLACE_LOST },
    { "damaged", REPLACE_DAMAGED },
    { "wrong_data", REPLACE_WRONG_DATA },
    { "expired", REPLACE_EXPIRED },
    { "upgrade", REPLACE_UPGRADE },
    { "bank", REPLACE_BANK },
};
static const struct json_name CANCELLATIONS[] = {
    { "death", CANCEL_DEATH },
    { "emigration", CANCEL_EMIGRATION },
    { "insurance_ended", CANCEL_INSURANCE_ENDED },
    { "second_card", CANCEL_SECOND_CARD },
    { "not_collected", CANCEL_NOT_COLLECTED },
    { "own_wish", CANCEL_OWN_WISH },
};
enum { READY_NOW = 1, READY_LATER, ENABLE_BOTH = 1, ENABLE_SOCIAL, ENABLE_BANK };
static const struct json_name READY[] = { { "now", READY_NOW }, { "later", READY_LATER } };
static const struct json_name FUNCTIONS[] = { { "both", ENABLE_BOTH },
                                              { "social", ENABLE_SOCIAL },
                                              { "bank", ENABLE_BANK } };
static const struct json_name GENERATIONS[] = { { "3", 3 }, { "2", 2 } };

/* In the order of the names above. */
static const enum web_desk_choice LOSS_CHOICES[] = { WEB_CHOICE_LOST, WEB_CHOICE_STOLEN,
                                                     WEB_CHOICE_OTHER };
static const enum web_desk_choice REPLACE_CHOICES[] = { WEB_CHOICE_LOST,       WEB_CHOICE_DAMAGED,
                                                        WEB_CHOICE_WRONG_DATA, WEB_CHOICE_EXPIRED,
                                                        WEB_CHOICE_UPGRADE,    WEB_CHOICE_BANK };
static const enum web_desk_choice CANCEL_CHOICES[] = {
    WEB_CHOICE_DEATH,       WEB_CHOICE_EMIGRATION,    WEB_CHOICE_INSURANCE_ENDED,
    WEB_CHOICE_SECOND_CARD, WEB_CHOICE_NOT_COLLECTED, WEB_CHOICE_OWN_WISH,
};
static const enum web_desk_choice READY_CHOICES[] = { WEB_CHOICE_NOW, WEB_CHOICE_LATER };
static const enum web_desk_choice FUNCTION_CHOICES[] = { WEB_CHOICE_BOTH, WEB_CHOICE_SOCIAL_ONLY,
                                                         WEB_CHOICE_BANK_ONLY };
static const enum web_desk_choice GENERATION_CHOICES[] = { WEB_CHOICE_THIRD, WEB_CHOICE_SECOND };

/* Radio buttons; what was chosen before stays chosen, else `first` is. */
static RESULT group(const struct request *rq, enum web_desk_question question, const char *name,
                    const struct json_name *names, const enum web_desk_choice *choices, size_t n,
                    struct str first, struct web_desk_act_view *view)
{
    enum { GROUPS_MOST = 2 };
    struct web_desk_option *options = NEW_ARRAY(rq->arena, struct web_desk_option, n);
    struct web_desk_group *groups = (struct web_desk_group *)(uintptr_t)view->groups;
    struct str sent = { 0 };

    if (!groups) groups = NEW_ARRAY(rq->arena, struct web_desk_group, GROUPS_MOST);
    if (!options || !groups) return fault(FAULT_MEMORY, "desk form");
    if (rq->method != METHOD_POST || !form_value(rq->body, name, &sent)) sent = first;
    for (size_t i = 0; i < n; i++)
        options[i] = (struct web_desk_option){ .choice = choices[i],
                                               .value = str_of(names[i].name),
                                               .chosen = str_eq(sent, str_of(names[i].name)) };
    groups[view->groups_n++] = (struct web_desk_group){
        .question = question, .name = str_of(name), .options = options, .options_n = n
    };
    view->groups = groups;
    return OK;
}
#define GROUP(rq, question, name, names, choices, first, view)                                     \
    group((rq), (question), (name), (names), (choices), LEN(choices), (first), (view))

static RESULT ask_function(const struct request *rq, const struct card *card,
                           struct web_desk_act_view *view)
{
    if (card->social != SOCIAL_SEALED) /* the bank function alone is left */
        return group(rq, WEB_ASK_FUNCTION, "function", FUNCTIONS + 2, FUNCTION_CHOICES + 2, 1,
                     S("bank"), view);
    if (!bank_opens(card))
        return group(rq, WEB_ASK_FUNCTION, "function", FUNCTIONS + 1, FUNCTION_CHOICES + 1, 1,
                     S("social"), view);
    return GROUP(rq, WEB_ASK_FUNCTION, "function", FUNCTIONS, FUNCTION_CHOICES, S("both"), view);
}

/* Reasons are asked where the record keeps them, and none is chosen beforehand. */
static RESULT ask_what(const struct request *rq, const struct desk_act *act,
                       const struct card *card, struct web_desk_act_view *view)
{
    switch (act->what) {
    case WEB_DESK_ISSUE:
        TRY(GROUP(rq, WEB_ASK_GENERATION, "generation", GENERATIONS, GENERATION_CHOICES, S("3"),
                  view));
        return GROUP(rq, WEB_ASK_READY, "ready", READY, READY_CHOICES, S("now"), view);
    case WEB_DESK_ACTIVATE:
        return ask_function(rq, card, view);
    case WEB_DESK_LOSE:
    case WEB_DESK_FORMAL:
        return GROUP(rq, WEB_ASK_REASON, "reason", LOSSES, LOSS_CHOICES, S(""), view);
    case WEB_DESK_REPLACE:
        TRY(GROUP(rq, WEB_ASK_REASON, "reason", REPLACEMENTS, REPLACE_CHOICES, S(""), view));
        return GROUP(rq, WEB_ASK_READY, "ready", READY, READY_CHOICES, S("now"), view);
    case WEB_DESK_CANCEL:
        return GROUP(rq, WEB_ASK_REASON, "reason", CANCELLATIONS, CANCEL_CHOICES, S(""), view);
    case WEB_DESK_LIFT:
    case WEB_DESK_LOCK:
    case WEB_DESK_UNLOCK:
    case WEB_DESK_STOP:
    case WEB_DESK_RESUME:
        break;
    }
    return OK;
}

/* ---- the page ---- */

static struct str desk_path(const struct request *rq, const char *kind, struct str id,
                            const char *last)
{
    return arena_format(rq->arena, "/desk/%s/%.*s/%s", kind, (int)id.n, id.p, last);
}

/* Name and number as the papers on the counter show them, masked; the look is recorded. */
static RESULT person_fill(struct app *app, const struct request *rq, int64_t person_id,
                          int64_t card_id, struct str *id, struct str *name, struct str *person_no)
{
    const struct session *session = request_session(rq);
    const struct field_use use = { .use = KEYD_USE_COUNTER,
                                   .session_id = session->signin.id,
                                   .actor_id = session->actor_id };
    const struct look look = { .person_id = person_id,
                               .card_id = card_id,
                               .act = LOOK_CARD,
                               .fields = S("name,number"),
                               .purpose = desk_purpose(rq) };
    struct person_private opened;
    char text[MASKED_BYTES_MAX];
    struct writer w = writer_over(text, sizeof text);

    TRY(registry_person_open(app->registry, &use, person_id, rq->arena, &opened));
    TRY(look_record(app, rq, &look));
    put_masked_person_no(&w, opened.number);
    *id = id_text(rq, "psn", person_id);
    *name = mask_name(rq, opened.name);
    *person_no = arena_str(rq->arena, writer_str(&w));
    return OK;
}

/* Who brought the card into its state. */
static RESULT since_by(struct app *app, const struct request *rq, const struct card *card,
                       struct str *out)
{
    struct card_change *changes = NEW_ARRAY(rq->arena, struct card_change, CHANGES_MAX);
    struct journal_line line = { 0 };
    int n;

    if (!changes) return fault(FAULT_MEMORY, "card history");
    TRY(registry_card_changes(app->store, card->person_id, card->id, changes, &n));
    for (int i = 0; i < n && !line.actor; i++) {
        if (changes[i].function != FUNCTION_SOCIAL) continue;
        line.actor = changes[i].actor;
        line.actor_id = changes[i].actor_id;
    }
    if (!line.actor) return OK;
    return actor_words(app, &line, page_english(rq), rq->arena, out);
}

/* A refusal in words: fields each at their own, anything else above the form. */
static RESULT problems_show(const struct request *rq, int refused, struct web_frame *frame)
{
    struct web_problem *one = NEW(rq->arena, struct web_problem);

    if (!one) return fault(FAULT_MEMORY, "desk form");
    if (!refused) return OK;
    if (refused == HTTP_FIELDS) {
        frame->problems = form_problems(rq, &frame->problems_n);
        return OK;
    }
    one->text = refusal_text(rq, refused);
    frame->problems = one;
    frame->problems_n = 1;
    return OK;
}

static RESULT act_show(struct app *app, const struct request *rq, struct reply *rp,
                       const struct desk_act *act, const struct card *card, int refused)
{
    struct web_desk_act_view view = { .what = act->what, .has_card = true };
    struct web_frame frame;

    TRY(card_line(app, rq, card, &view.card));
    TRY(person_fill(app, rq, card->person_id, card->id, &view.person_id, &view.name,
                    &view.person_no));
    if (opens(card, act)) {
        view.action = desk_path(rq, "cards", view.card.id, act->posts_to);
        TRY(ask_what(rq, act, card, &view));
    } else {
        TRY(since_by(app, rq, card, &view.since_by));
    }
    if (act->what == WEB_DESK_LOSE)
        view.lapse_days = (registry_loss_end(app->registry, card->region_code, rq->at).usec -
                           rq->at.usec + USEC_PER_DAY / 2) /
                          USEC_PER_DAY;
    frame = frame_of(app, rq, rp);
    TRY(problems_show(rq, refused, &frame));
    web_desk_act(web_reply(rp, refused ? refusal_of(refused).status : 200), &frame, &view);
    return OK;
}

/* The card of the address, and that this clerk may do the act to it. */
static RESULT act_card(struct app *app, const struct request *rq, const struct desk_act *act,
                       struct card *card)
{
    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE);
    return card_of_path(app, rq, act->permission, act->permission, card);
}

struct err get_desk_act(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct desk_act *act = act_of(rq);
    struct card card;

    TRY(act_card(app, rq, act, &card));
    return act_show(app, rq, rp, act, &card, 0);
}

/* ---- doing it ---- */

static void to_done(const struct request *rq, struct reply *rp, int64_t card_id, int64_t change_id)
{
    struct str card = id_text(rq, "crd", card_id), act = id_text(rq, "act", change_id);

    reply_redirect(rp, arena_format(rq->arena, "/desk/cards/%.*s/acts/%.*s", (int)card.n, card.p,
                                    (int)act.n, act.p));
}

/* The line of the card's history that an act made which is known by its event, and by its report
 * where there is one. */
static RESULT change_find(struct app *app, const struct request *rq, int64_t person_id,
                          int64_t card_id, int event, int64_t loss_id, int64_t *change_id)
{
    struct card_change *changes = NEW_ARRAY(rq->arena, struct card_change, CHANGES_MAX);
    int n;

    if (!changes) return fault(FAULT_MEMORY, "card history");
    TRY(registry_card_changes(app->store, person_id, card_id, changes, &n));
    for (int i = 0; i < n; i++) {
        if (changes[i].function != FUNCTION_SOCIAL || changes[i].event != event) continue;
        if (loss_id != 0 && changes[i].loss_id != loss_id) continue;
        *change_id = changes[i].id;
        return OK;
    }
    return fault(FAULT_STORE_CORRUPT, "card %" PRId64 ": its history lacks event %d", card_id,
                 event);
}

static RESULT do_activate(struct app *app, const struct request *rq, const struct card *card,
                          int64_t *change_id)
{
    int function;
    const struct json_field form[] = { JSON_ENUM("function", &function, FUNCTIONS) };
    struct act act = request_act(rq);
    struct card after;

    TRY(form_read(rq->body, form, LEN(form)));
    act.proof = PROOF_PAPERS_AND_CARD;
    TRY(registry_card_activate(app->registry, rq->once, card->person_id, card->id,
                               function != ENABLE_BANK, function != ENABLE_SOCIAL, &act, &after));
    *change_id = after.change_id;
    return OK;
}

/* Temporary and formal reports share an address: the permission is by the kind. */
static RESULT do_lose(struct app *app, const struct request *rq, const struct card *card,
                      int64_t *change_id)
{
    int kind, reason;
    const struct json_field form[] = { JSON_ENUM("kind", &kind, KINDS),
                                       JSON_ENUM("reason", &reason, LOSSES) };
    struct loss_ask ask = { .person_id = card->person_id,
                            .card_id = card->id,
                            .act = counter_act(rq, 0) };
    struct loss_made made;

    TRY(form_read(rq->body, form, LEN(form)));
    if (kind == LOSS_FORMAL) TRY(request_may(rq, MAY_CARD_LOSE_FORMAL, card->region_code, 0));
    ask.kind = (enum loss_kind)kind;
    ask.reason = (enum loss_reason)reason;
    TRY(registry_card_lose(app->registry, rq->once, &ask, &made));
    return change_find(app, rq, card->person_id, card->id,
                       kind == LOSS_FORMAL ? SOCIAL_LOSE_FORMAL : SOCIAL_LOSE, made.loss_id,
                       change_id);
}

static RESULT do_lift(struct app *app, const struct request *rq, const struct card *card,
                      int64_t *change_id)
{
    struct act act = counter_act(rq, 0);
    struct card after;

    TRY(form_read(rq->body, NULL, 0));
    act.proof = PROOF_PAPERS_AND_CARD; /* found again: shown at the counter */
    TRY(registry_card_unlose(app->registry, rq->once, card->person_id, card->id, &act, &after));
    *change_id = after.change_id;
    return OK;
}

static RESULT do_replace(struct app *app, const struct request *rq, const struct card *card,
                         int64_t *change_id)
{
    int reason, ready;
    const struct json_field form[] = { JSON_ENUM("reason", &reason, REPLACEMENTS),
                                       JSON_ENUM("ready", &ready, READY) };
    struct replace_ask ask = { .person_id = card->person_id,
                               .old_card_id = card->id,
                               .card = { .generation = 3, .ecard = true },
                               .act = request_act(rq) };
    struct replace_made made;

    TRY(form_read(rq->body, form, LEN(form)));
    ask.reason = (enum replace_reason)reason;
    ask.card.instant = ready == READY_NOW;
    ask.act.proof = PROOF_PAPERS;
    TRY(registry_card_replace(app->registry, rq->once, &ask, &made));
    TRY(card_inherit(app, rq, card->person_id, &made));
    return change_find(app, rq, card->person_id, card->id, SOCIAL_REPLACE, 0, change_id);
}

static RESULT do_cancel(struct app *app, const struct request *rq, const struct card *card,
                        int64_t *change_id)
{
    int reason;
    const struct json_field form[] = { JSON_ENUM("reason", &reason, CANCELLATIONS) };
    struct act act = request_act(rq);
    struct card after;

    TRY(form_read(rq->body, form, LEN(form)));
    act.proof = PROOF_PAPERS;
    TRY(registry_card_cancel(app->registry, rq->once, card->person_id, card->id,
                             (enum cancel_reason)reason, &act, &after));
    *change_id = after.change_id;
    return OK;
}

static RESULT do_event(struct app *app, const struct request *rq, const struct card *card,
                       enum social_event event, int64_t *change_id)
{
    struct card_event_ask ask = { .person_id = card->person_id,
                                  .card_id = card->id,
                                  .function = FUNCTION_SOCIAL,
                                  .event = (int)event,
                                  .act = request_act(rq) };
    struct card after;

    TRY(form_read(rq->body, NULL, 0));
    ask.act.proof = PROOF_PAPERS;
    TRY(registry_card_event(app->registry, rq->once, &ask, &after));
    *change_id = after.change_id;
    return OK;
}

static RESULT do_act(struct app *app, const struct request *rq, const struct desk_act *act,
                     const struct card *card, int64_t *change_id)
{
    switch (act->what) {
    case WEB_DESK_ACTIVATE:
        return do_activate(app, rq, card, change_id);
    case WEB_DESK_LOSE:
    case WEB_DESK_FORMAL:
        return do_lose(app, rq, card, change_id);
    case WEB_DESK_LIFT:
        return do_lift(app, rq, card, change_id);
    case WEB_DESK_REPLACE:
        return do_replace(app, rq, card, change_id);
    case WEB_DESK_CANCEL:
        return do_cancel(app, rq, card, change_id);
    case WEB_DESK_LOCK:
    case WEB_DESK_UNLOCK:
    case WEB_DESK_STOP:
    case WEB_DESK_RESUME:
        return do_event(app, rq, card, act->event, change_id);
    case WEB_DESK_ISSUE:
        break;
    }
    REFUSE(API_NOT_FOUND);
}

struct err post_desk_act(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct desk_act *act = act_of(rq);
    struct str kind = { 0 };
    int64_t change_id = 0;
    struct card card;
    struct err err;

    if (act->what == WEB_DESK_LOSE && form_value(rq->body, "kind", &kind) &&
        str_eq(kind, S("formal")))
        act++; /* the same address: ACTS has it next */
    TRY(act_card(app, rq, act, &card));
    err = do_act(app, rq, act, &card, &change_id);
    if (err.code > 0) { /* with the card as it is by now */
        TRY(registry_card_load(app->store, card.person_id, card.id, &card));
        return act_show(app, rq, rp, act, &card, err.code);
    }
    TRY(err);
    to_done(rq, rp, card.id, change_id);
    return OK;
}

/* ---- issuing: the only act without a card ---- */

static RESULT issue_person(struct app *app, const struct request *rq, struct person *person)
{
    int64_t person_id;

    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE);
    TRY(person_of_path(app, rq, MAY_CARD_ISSUE, MAY_CARD_ISSUE, &person_id));
    return registry_person_load(app->store, person_id, person);
}

static RESULT issue_show(struct app *app, const struct request *rq, struct reply *rp,
                         const struct person *person, int refused)
{
    struct web_desk_act_view view = { .what = WEB_DESK_ISSUE };
    struct web_frame frame;
    bool open;

    TRY(person_fill(app, rq, person->id, 0, &view.person_id, &view.name, &view.person_no));
    TRY(desk_may_issue(app, rq, person, &open));
    if (open) {
        view.action = desk_path(rq, "persons", view.person_id, ISSUE.posts_to);
        TRY(ask_what(rq, &ISSUE, NULL, &view));
    }
    frame = frame_of(app, rq, rp);
    TRY(problems_show(rq, refused, &frame));
    web_desk_act(web_reply(rp, refused ? refusal_of(refused).status : 200), &frame, &view);
    return OK;
}

struct err get_desk_issue(struct app *app, const struct request *rq, struct reply *rp)
{
    struct person person;

    TRY(issue_person(app, rq, &person));
    return issue_show(app, rq, rp, &person, 0);
}

static RESULT do_issue(struct app *app, const struct request *rq, const struct person *person,
                       int64_t *card_id)
{
    int generation, ready;
    const struct json_field form[] = { JSON_ENUM("generation", &generation, GENERATIONS),
                                       JSON_ENUM("ready", &ready, READY) };
    struct card_issue_ask ask = { .person_id = person->id,
                                  .region_code = person->region_code,
                                  .ecard = true,
                                  .act = request_act(rq) };
    struct card_made made;

    TRY(form_read(rq->body, form, LEN(form)));
    ask.generation = generation;
    ask.instant = ready == READY_NOW;
    ask.act.proof = PROOF_PAPERS;
    TRY(registry_card_issue(app->registry, rq->once, &ask, &made));
    *card_id = made.card_id;
    return OK;
}

struct err post_desk_issue(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t card_id = 0, change_id;
    struct person person;
    struct err err;

    TRY(issue_person(app, rq, &person));
    err = do_issue(app, rq, &person, &card_id);
    if (err.code > 0) return issue_show(app, rq, rp, &person, err.code);
    TRY(err);
    TRY(change_find(app, rq, person.id, card_id, 0, 0, &change_id));
    to_done(rq, rp, card_id, change_id);
    return OK;
}

/* ---- what happened ---- */

static bool what_of(const struct card_change *change, enum web_desk_what *out)
{
    if (change->function == FUNCTION_BANK && change->event == BANK_ACTIVATE) {
        *out = WEB_DESK_ACTIVATE;
        return true;
    }
    if (change->function != FUNCTION_SOCIAL) return false;
    if (change->event == 0) {
        *out = WEB_DESK_ISSUE;
        return true;
    }
    for (size_t i = 0; i < LEN(ACTS); i++) {
        if ((int)ACTS[i].event != change->event) continue;
        *out = ACTS[i].what;
        return true;
    }
    return false;
}

/* Whoever made the card reads its number for a while, in full, to compare it with what was handed
 * over; a look at the record each time. Who looks too often sees its tail, like everybody. */
#define NUMBER_TOLD_USEC (10 * USEC_PER_MIN)
static RESULT number_told(struct app *app, const struct request *rq, const struct card *card,
                          const struct card_change *change, struct web_desk_done_view *view)
{
    const struct session *session = request_session(rq);
    const struct field_use use = field_use_of(rq);
    const struct look look = { .person_id = card->person_id,
                               .card_id = card->id,
                               .act = LOOK_OPENED,
                               .fields = S("card_no"),
                               .purpose = desk_purpose(rq) };
    struct card_private opened;
    struct err err;

    if (change->actor != ACTOR_STAFF || change->actor_id != session->actor_id ||
        instant_before(instant_add(change->at, NUMBER_TOLD_USEC), rq->at))
        return OK;
    err = registry_card_open(app->registry, &use, card->person_id, card->id, &opened);
    if (err.code == KEYD_BUDGET_SECOND || err.code == KEYD_BUDGET_DAY) return OK;
    TRY(err);
    TRY(look_record(app, rq, &look));
    view->card.card_no = arena_str(rq->arena, card_no_str(&opened.no));
    return OK;
}

static RESULT done_fill(struct app *app, const struct request *rq, const struct card *card,
                        const struct card_change *change, struct web_desk_done_view *view)
{
    const struct journal_line by = { .actor = change->actor, .actor_id = change->actor_id };
    struct card newer;
    struct loss loss;
    bool reported = view->what == WEB_DESK_LOSE || view->what == WEB_DESK_FORMAL;

    view->at = change->at;
    view->number = reported                         ? id_text(rq, "los", change->loss_id)
                   : view->what == WEB_DESK_ISSUE   ? id_text(rq, "crd", card->id)
                   : view->what == WEB_DESK_REPLACE ? id_text(rq, "crd", card->replaced_by_id)
                                                    : id_text(rq, "act", change->id);
    TRY(actor_words(app, &by, page_english(rq), rq->arena, &view->by));
    if (view->what == WEB_DESK_LOSE) {
        TRY(registry_loss_load(app->store, card->person_id, change->loss_id, &loss));
        view->until = loss.expires_at;
    }
    if (view->what != WEB_DESK_REPLACE) {
        TRY(card_line(app, rq, card, &view->card));
        return view->what == WEB_DESK_ISSUE ? number_told(app, rq, card, change, view) : OK;
    }
    TRY(registry_card_load(app->store, card->person_id, card->replaced_by_id, &newer));
    view->old_card_no = arena_format(rq->arena, "****%s", card->tail);
    TRY(card_line(app, rq, &newer, &view->card));
    return number_told(app, rq, &newer, change, view);
}

struct err get_desk_done(struct app *app, const struct request *rq, struct reply *rp)
{
    struct card_change *changes = NEW_ARRAY(rq->arena, struct card_change, CHANGES_MAX);
    struct web_desk_done_view view = { 0 };
    struct web_frame frame;
    int64_t change_id;
    struct card card;
    int n, i = 0;

    REQUIRE(request_session(rq)->actor == ACTOR_STAFF, API_SCOPE);
    TRY(card_of_path(app, rq, MAY_CARD_VIEW, MAY_CARD_VIEW, &card));
    TRY(path_id(rq, "act", "act", &change_id));
    if (!changes) return fault(FAULT_MEMORY, "card history");
    TRY(registry_card_changes(app->store, card.person_id, card.id, changes, &n));
    while (i < n && changes[i].id != change_id)
        i++;
    REQUIRE(i < n && what_of(&changes[i], &view.what), API_NOT_FOUND);
    TRY(done_fill(app, rq, &card, &changes[i], &view));
    TRY(person_fill(app, rq, card.person_id, card.id, &view.person_id, &view.name,
                    &view.person_no));
    frame = frame_of(app, rq, rp);
    web_desk_done(web_reply(rp, 200), &frame, &view);
    return OK;
}
