/* api/pages_frame.c - the frame around every page, refusals as pages, language and elder mode.
 *
 * GET /preferences?lang=zh|en&elder=0|1&back=/path   303 to back
 * GET /about
 * GET /_style      every component in every state, on test systems */
#include "api/handlers.h"
#include "api/pages.h"

#include "api/refusals.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "registry/staff.h"

enum { YEAR_SEC = 366 * 24 * 3600 };

struct token_maker {
    struct app *app;
    const struct request *rq;
    struct reply *rp;
};

static struct str make_token(void *arg, struct str path)
{
    const struct token_maker *maker = arg;

    return form_token(maker->app, maker->rq, maker->rp, path);
}

bool page_english(const struct request *rq)
{
    return web_language(request_cookie(rq, "lang"), rq->language) == LANGUAGE_EN;
}

struct str words_of(const struct request *rq, const char *zh, const char *en)
{
    return str_of(page_english(rq) ? en : zh);
}

struct str refusal_text(const struct request *rq, int code)
{
    const struct refusal refusal = refusal_of(code);
    const struct str title = words_of(rq, refusal.title_zh, refusal.title_en);
    const struct str detail = words_of(rq, refusal.detail_zh, refusal.detail_en);

    if (str_eq(title, detail)) return title;
    return arena_format(rq->arena, page_english(rq) ? "%.*s. %.*s" : "%.*s。%.*s", (int)title.n,
                        title.p, (int)detail.n, detail.p);
}

struct str id_text(const struct request *rq, const char *prefix, int64_t id)
{
    char text[ID_TEXT_MAX + 1];
    struct writer w = writer_over(text, sizeof text);

    put_id(&w, rq->ids, prefix, id);
    return arena_str(rq->arena, writer_str(&w));
}

struct str mask_name(const struct request *rq, struct str plain)
{
    char text[MASKED_BYTES_MAX];
    struct writer w = writer_over(text, sizeof text);

    put_masked_name(&w, plain);
    return arena_str(rq->arena, writer_str(&w));
}

struct err holder_name(struct app *app, const struct request *rq, struct str *out)
{
    const struct session *session = request_session(rq);
    const struct field_use use = { .use = KEYD_USE_HOLDER,
                                   .session_id = session->signin.id,
                                   .actor_id = session->actor_id };
    struct person_private opened;

    TRY(registry_person_open_some(app->registry, &use, session->person_id, PRIVATE_NAME, rq->arena,
                                  &opened));
    *out = mask_name(rq, opened.name);
    return OK;
}

/* Who stands in the masthead. A name that keyd does not give just now is no reason to show no page:
 * the sign-out button stays. */
static struct str user_of(struct app *app, const struct request *rq)
{
    const struct session *session = rq->session;
    struct staff staff;
    struct str name;

    if (session->actor == ACTOR_STAFF) {
        if (registry_staff_load(app->store, session->actor_id, &staff).code == 0)
            return arena_str(rq->arena, str_of(staff.user));
        return words_of(rq, "工作人员", "Staff");
    }
    if (session->actor == ACTOR_HOLDER && holder_name(app, rq, &name).code == 0) return name;
    return words_of(rq, "已登录", "Signed in");
}

/* A form's own page: the address that it posts to, without what it posts ("/cards/crd_…"). */
static struct str page_of_form(const struct request *rq)
{
    size_t n = rq->path.n;

    while (n > 1 && rq->path.p[n - 1] != '/')
        n--;
    return str_part(rq->path, 0, n > 1 ? n - 1 : n);
}

/* This page, to come back to after switching language; of a form, the page it stands on. */
static struct str back_of(const struct request *rq)
{
    if (rq->method != METHOD_GET) return page_of_form(rq);
    if (rq->query.n == 0) return rq->path;
    return arena_format(rq->arena, "%.*s?%.*s", (int)rq->path.n, rq->path.p, (int)rq->query.n,
                        rq->query.p);
}

static bool embedded(const struct request *rq)
{
    return str_eq(request_header(rq, "sec-fetch-dest"), S("iframe"));
}

struct web_frame frame_of(struct app *app, const struct request *rq, struct reply *rp)
{
    struct token_maker *maker = NEW(rq->arena, struct token_maker);
    struct web_frame frame = {
        .language = page_english(rq) ? LANGUAGE_EN : LANGUAGE_ZH,
        .elder = str_eq(request_cookie(rq, "elder"), S("1")),
        .test = app->test_system || app->demo,
        .demo = app->demo,
        .embedded = embedded(rq),
        .back = back_of(rq),
        .csrf = csrf_token(app, rq),
        .request_id = rq->id,
        .version = str_of(app->version ? app->version : ""),
        .now = rq->at,
    };

    if (maker) {
        *maker = (struct token_maker){ app, rq, rp };
        frame.form_token = make_token;
        frame.form_arg = maker;
    }
    if (!rq->session) return frame;
    frame.role = rq->session->actor == ACTOR_HOLDER ? WEB_RESIDENT
                 : str_starts(rq->path, S("/gate")) ? WEB_GATE
                                                    : WEB_STAFF;
    if (!frame.embedded && rq->session->actor != ACTOR_TERMINAL) frame.user = user_of(app, rq);
    return frame;
}

const struct web_problem *form_problems(const struct request *rq, size_t *n)
{
    size_t told = rq->problems->n < JSON_PROBLEMS_MAX ? rq->problems->n : JSON_PROBLEMS_MAX;
    struct web_problem *list = NEW_ARRAY(rq->arena, struct web_problem, told + 1);

    *n = 0;
    for (size_t i = 0; list && i < told; i++) {
        const struct problem *problem = &rq->problems->list[i];
        struct refusal words = refusal_field(problem->code);
        list[(*n)++] = (struct web_problem){
            .field = str_part(problem->pointer, 1, problem->pointer.n), /* "/places" */
            .text = words_of(rq, words.title_zh, words.title_en),
        };
    }
    return list;
}

struct str when_text(const struct request *rq, struct instant at)
{
    static const char MONTHS[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const struct day day = day_of(at);
    const struct date date = day_date(day);
    const int64_t minute = (at.usec - day_start(day).usec) / USEC_PER_MIN;
    const int hour = (int)(minute / 60), min = (int)(minute % 60);

    if (page_english(rq))
        return arena_format(rq->arena, "%d %s %02d:%02d", (int)date.day, MONTHS[date.month - 1],
                            hour, min);
    return arena_format(rq->arena, "%d月%d日%02d:%02d", (int)date.month, (int)date.day, hour, min);
}

struct str place_name(const struct request *rq, const struct place *place)
{
    return page_english(rq) && place->name.en.n > 0 ? place->name.en : place->name.zh;
}

struct str region_name(struct app *app, const struct request *rq, int32_t code)
{
    const struct region *region = region_find(catalogue_now(app->shelf), code);

    if (!region) return (struct str){ 0 };
    return page_english(rq) && region->name.en.n > 0 ? region->name.en : region->name.zh;
}

/* What was sent when the session had ended, or from a page that was left open too long: nothing was
 * done; the reader signs in and comes back, or opens the page again. */
static void form_lost(struct app *app, const struct request *rq, struct web_error_view *view)
{
    const struct str page = page_of_form(rq), sign_in = sign_in_address(app, rq);

    if (str_eq(view->code, S("sign_in"))) {
        view->title = words_of(rq, "登录已过期", "You have been signed out");
        view->text =
            words_of(rq, "刚才提交的没有办理。请重新登录，回到原来的页面再办一次。",
                     "What you sent was not done. Sign in again; you come back to where you were.");
        view->again = arena_format(rq->arena, "%.*s?next=%.*s", (int)sign_in.n, sign_in.p,
                                   (int)page.n, page.p);
    } else if (str_eq(view->code, S("form_token"))) {
        view->again = page;
    }
}

static void error_page(struct app *app, const struct request *rq, struct reply *rp,
                       const struct refusal *refusal)
{
    struct web_frame frame = frame_of(app, rq, rp);
    const bool english = frame.language == LANGUAGE_EN;
    struct web_error_view view = {
        .status = refusal->status,
        .title = str_of(english ? refusal->title_en : refusal->title_zh),
        .text = str_of(english ? refusal->detail_en : refusal->detail_zh),
        .code = str_of(refusal->code),
    };

    /* asking again helps where something of ours failed or was too much, never where it is not
     * there
     */
    if (rq->method != METHOD_GET) {
        form_lost(app, rq, &view);
    } else if (refusal->status >= 500 || refusal->status == 429) {
        view.again = rq->path;
    }
    web_error(web_reply(rp, refusal->status), &frame, &view);
}

void pages_open(void)
{
    api_set_error_page(error_page);
}

void redirect_ours(struct reply *rp, struct str next, struct str otherwise)
{
    reply_redirect(rp, next.n > 0 && web_path_is_ours(next) ? next : otherwise);
}

struct err get_preferences(struct app *app, const struct request *rq, struct reply *rp)
{
    static const struct json_name LANGUAGES[] = { { "zh", 1 }, { "en", 2 } };
    static const struct json_name SWITCH[] = { { "0", 1 }, { "1", 2 } };
    int language = 0, elder = 0;
    struct str back = { 0 };
    bool given;
    const struct json_field query[] = {
        JSON_OPTIONAL(JSON_ENUM("lang", &language, LANGUAGES), &given),
        JSON_OPTIONAL(JSON_ENUM("elder", &elder, SWITCH), &given),
        JSON_OPTIONAL(JSON_TEXT("back", &back, 1, 300), &given),
    };

    (void)app;
    TRY(query_read(rq, query, LEN(query)));
    if (language)
        reply_cookie(rq, rp, "lang", language == 2 ? S("en") : S("zh"), YEAR_SEC, COOKIE_LAX);
    if (elder) reply_cookie(rq, rp, "elder", elder == 2 ? S("1") : S("0"), YEAR_SEC, COOKIE_LAX);
    redirect_ours(rp, back, S("/"));
    return OK;
}

struct err get_about(struct app *app, const struct request *rq, struct reply *rp)
{
    struct web_frame frame = frame_of(app, rq, rp);
    const struct web_about_view view = { .style = frame.test };

    web_about(web_reply(rp, 200), &frame, &view);
    return OK;
}

struct err get_style_page(struct app *app, const struct request *rq, struct reply *rp)
{
    const struct web_style_view view = {
        .qr = web_qr_of(rq->arena, S("7K3-QW9-2XD")),
        .card = { .id = S("crd_0000000000000"),
                  .card_no = S("****0417"),
                  .social = WEB_SOCIAL_NORMAL,
                  .bank = WEB_BANK_NORMAL,
                  .purse = WEB_PURSE_ENABLED,
                  .ecard = WEB_ECARD_ON,
                  .since = rq->at },
        .lost = { .id = S("crd_0000000000000"),
                  .card_no = S("****0417"),
                  .social = WEB_SOCIAL_TEMPORARY_LOSS,
                  .bank = WEB_BANK_LOSS,
                  .purse = WEB_PURSE_BLACKLISTED,
                  .ecard = WEB_ECARD_OFF_WITH_CARD,
                  .since = rq->at,
                  .lapses = instant_add(rq->at, 7 * USEC_PER_DAY) },
    };
    struct web_frame frame = frame_of(app, rq, rp);

    REQUIRE(frame.test, API_NOT_FOUND);
    web_style(web_reply(rp, 200), &frame, &view);
    return OK;
}
