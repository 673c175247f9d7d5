/* api/pages_frame.c - the frame around every page, refusals as pages, language and elder mode.
 *
 * GET /preferences?lang=zh|en&elder=0|1&back=/path   303 to back
 * GET /about */
#include "api/handlers.h"
#include "api/pages.h"

#include "base/text.h"
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

    TRY(registry_person_open(app->registry, &use, session->person_id, rq->arena, &opened));
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
        .back = rq->method == METHOD_GET ? rq->path : S("/"),
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

static void error_page(struct app *app, const struct request *rq, struct reply *rp,
                       const struct refusal *refusal)
{
    struct web_frame frame = frame_of(app, rq, rp);
    const bool english = frame.language == LANGUAGE_EN;
    const struct web_error_view view = {
        .status = refusal->status,
        .title = str_of(english ? refusal->title_en : refusal->title_zh),
        .text = str_of(english ? refusal->detail_en : refusal->detail_zh),
        .code = str_of(refusal->code),
        .again = rq->method == METHOD_GET ? rq->path : (struct str){ 0 },
    };

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
    const struct web_about_view view = { 0 };

    web_about(web_reply(rp, 200), &frame, &view);
    return OK;
}
