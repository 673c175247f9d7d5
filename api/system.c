/* api/system.c - what the service says of itself.
 *
 * GET /v1/version          what runs here, and its time (a phone reads its clock's offset from it)
 * GET /v1/openapi.json     the description of this API, made from docs/openapi/ when it was built
 * GET /docs/errors[/CODE]  what a refusal's code means, as a page
 * GET /healthz             200 while the process lives                       (internal listener)
 * GET /readyz              200, or 503 with the named checks that failed     (internal listener)
 * GET /metrics             Prometheus text                                   (internal listener) */
#include "api/handlers.h"
#include "api/openapi.h"

RESULT get_version(struct app *app, const struct request *rq, struct reply *rp)
{
    reply_json(rp, 200);
    json_put_str(rp, "name", S("yikatong"));
    json_put_str(rp, "version", str_of(app->version));
    json_put_str(rp, "commit", str_of(app->commit));
    json_put_array(rp, "suites");
    json_put_str(rp, NULL, S("sm2-sm3-sm4"));
    json_put_str(rp, NULL, S("p256-sha256-aes"));
    json_put_end(rp);
    json_put_bool(rp, "test", app->test_system);
    json_put_instant(rp, "time", rq->at);
    return OK;
}

RESULT get_openapi(struct app *app, const struct request *rq, struct reply *rp)
{
    struct asset asset = {
        .type = "application/json",
        .etag = OPENAPI_ETAG,
        .plain = bytes_of(OPENAPI, OPENAPI_N),
        .gzip = bytes_of(OPENAPI_GZIP, OPENAPI_GZIP_N),
    };

    (void)app;
    reply_asset(rq, rp, &asset);
    return OK;
}

/* Our own words, which hold no markup; escaped all the same. */
static void put_html(struct writer *w, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '<':
            put_str(w, S("&lt;"));
            break;
        case '>':
            put_str(w, S("&gt;"));
            break;
        case '&':
            put_str(w, S("&amp;"));
            break;
        case '"':
            put_str(w, S("&quot;"));
            break;
        default:
            put_char(w, text.p[i]);
            break;
        }
    }
}

static struct writer *begin_page(const struct request *rq, struct reply *rp, struct str title)
{
    struct writer *w = reply_text(rp, 200, "text/html; charset=utf-8");

    reply_header(rp, "Content-Security-Policy", S("default-src 'none'; frame-ancestors 'none'"));
    put_str(w, S("<!doctype html>\n<html lang=\""));
    put_str(w, rq->language == LANGUAGE_EN ? S("en") : S("zh-CN"));
    put_str(w, S("\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                 "content=\"width=device-width\">\n<title>"));
    put_html(w, title);
    put_str(w, S("</title>\n<main>\n<h1>"));
    put_html(w, title);
    put_str(w, S("</h1>\n"));
    return w;
}

RESULT get_error(struct app *app, const struct request *rq, struct reply *rp)
{
    struct refusal refusal;
    struct writer *w;
    int code;
    bool en = rq->language == LANGUAGE_EN;

    (void)app;
    REQUIRE(refusal_by_slug(path_text(rq, "code"), &refusal, &code), API_NOT_FOUND);
    w = begin_page(rq, rp, str_of(en ? refusal.title_en : refusal.title_zh));
    put_str(w, S("<p>"));
    put_html(w, str_of(en ? refusal.detail_en : refusal.detail_zh));
    put_format(w, "</p>\n<p><code>%s</code> · HTTP %d</p>\n</main>\n</html>\n", refusal.code,
               refusal.status);
    return OK;
}

RESULT get_errors(struct app *app, const struct request *rq, struct reply *rp)
{
    bool en = rq->language == LANGUAGE_EN;
    struct writer *w = begin_page(rq, rp, en ? S("Refusals") : S("错误代码"));

    (void)app;
    put_str(w, S("<ul>\n"));
    for (int code = 1000; code < 10000; code++) {
        struct refusal refusal;

        if (!refusal_known(code, &refusal)) continue;
        put_format(w, "<li><a href=\"/docs/errors/%s\"><code>%s</code></a> ", refusal.code,
                   refusal.code);
        put_html(w, str_of(en ? refusal.title_en : refusal.title_zh));
        put_str(w, S("</li>\n"));
    }
    put_str(w, S("</ul>\n</main>\n</html>\n"));
    return OK;
}

RESULT get_health(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    (void)rq;
    reply_json(rp, 200);
    json_put_str(rp, "status", S("ok"));
    return OK;
}

static const char *const HEALTH_NAMES[] = { "ok", "degraded", "erroring", "unreachable" };

RESULT get_ready(struct app *app, const struct request *rq, struct reply *rp)
{
    enum { CHECKS_MAX = 32 };
    enum health states[CHECKS_MAX];
    struct writer whys[CHECKS_MAX];
    bool ready = true;

    assert(app->checks_n <= CHECKS_MAX);
    for (size_t i = 0; i < app->checks_n; i++) {
        char *room = arena_take(rq->arena, 200, 1);

        whys[i] = writer_over(room, room ? 200 : 0);
        states[i] = app->checks[i].check(app, &whys[i]);
        ready &= !app->checks[i].needed || states[i] == HEALTH_OK || states[i] == HEALTH_DEGRADED;
    }
    reply_json(rp, ready ? 200 : 503);
    json_put_str(rp, "status", ready ? S("ready") : S("not_ready"));
    json_put_object(rp, "checks");
    for (size_t i = 0; i < app->checks_n; i++) {
        json_put_object(rp, app->checks[i].name);
        json_put_str(rp, "state", str_of(HEALTH_NAMES[states[i]]));
        if (whys[i].n > 0) json_put_str(rp, "why", writer_str(&whys[i]));
        json_put_end(rp);
    }
    json_put_end(rp);
    return OK;
}

RESULT get_metrics(struct app *app, const struct request *rq, struct reply *rp)
{
    struct writer *w = reply_text(rp, 200, "text/plain; version=0.0.4; charset=utf-8");

    put_format(w,
               "# HELP ykt_info What runs here.\n# TYPE ykt_info "
               "gauge\nykt_info{version=\"%s\",commit=\"%s\"} 1\n",
               app->version, app->commit);
    if (app->sessions) {
        put_format(w,
                   "# HELP ykt_sessions Sign-ins in memory.\n# TYPE ykt_sessions "
                   "gauge\nykt_sessions %zu\n",
                   sessions_count(app->sessions, rq->at));
    }
    if (app->http) http_metrics(app->http, "public", w);
    for (size_t i = 0; i < app->metrics_n; i++)
        app->metrics[i].write(app, w);
    return OK;
}
