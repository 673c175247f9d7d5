/* api/refusals.c - how a refusal or a fault is told: its status, its stable code, its words, and
 * the problem+json (RFC 9457) or page they stand in. */
#include "api/refusals.h"

#include "base/log.h"

static bool say_http(enum http_refusal code, struct refusal *out)
{
    int status = http_status((int)code);

    switch (code) {
    case HTTP_LINE_MALFORMED:
        SAY(status, "request_line", "The request line is malformed", "请求行格式有误");
    case HTTP_VERSION_UNKNOWN:
        SAY(status, "http_version", "Only HTTP/1.1 and HTTP/1.0 are spoken here",
            "仅支持HTTP/1.1和HTTP/1.0");
    case HTTP_TARGET_MALFORMED:
        SAY(status, "target", "The address is malformed", "地址格式有误");
    case HTTP_TARGET_TOO_LONG:
        SAY(status, "target_too_long", "The address is too long", "地址过长");
    case HTTP_HEADER_MALFORMED:
        SAY(status, "header", "A header is malformed", "请求头格式有误");
    case HTTP_HEADERS_TOO_LARGE:
        SAY(status, "headers_too_large", "The headers are too large", "请求头过大");
    case HTTP_HOST_MISSING:
        SAY(status, "host_missing", "The Host header is missing", "缺少Host请求头");
    case HTTP_HOST_MALFORMED:
        SAY(status, "host", "The Host header is malformed or stands there twice",
            "Host请求头有误或重复");
    case HTTP_LENGTH_MALFORMED:
        SAY(status, "content_length", "Content-Length is malformed or stands there twice",
            "Content-Length有误或重复");
    case HTTP_LENGTH_AND_CODING:
        SAY(status, "length_and_coding", "Content-Length stands beside Transfer-Encoding",
            "Content-Length与Transfer-Encoding不能同时出现");
    case HTTP_CODING_UNKNOWN:
        SAY(status, "transfer_coding", "Only the chunked coding is known", "仅支持chunked传输编码");
    case HTTP_BODY_TOO_LARGE:
        SAY(status, "body_too_large", "The body is too large", "请求内容过大");
    case HTTP_BODY_UNEXPECTED:
        SAY(status, "body_unexpected", "This method takes no body", "该方法不接受请求内容");
    case HTTP_TYPE_UNSUPPORTED:
        TELL(status, "media_type", "Not the media type that is taken here", "不支持的内容类型",
             "Send application/json, in UTF-8.", "请使用UTF-8编码的application/json。");
    case HTTP_CODING_UNSUPPORTED:
        SAY(status, "content_coding", "Compressed requests are not taken", "不接受压缩的请求内容");
    case HTTP_EXPECT_UNKNOWN:
        SAY(status, "expectation", "Not an expectation we know", "不支持的Expect请求头");
    case HTTP_METHOD_UNKNOWN:
        SAY(status, "method_unknown", "Not a method we know", "不支持的请求方法");
    case HTTP_METHOD_REFUSED:
        TELL(status, "method", "This method is not for this address", "该地址不支持此方法",
             "The Allow header names those that are.", "可用的方法见Allow响应头。");
    case HTTP_ROUTE_UNKNOWN:
        SAY(status, "not_found", "There is nothing at this address", "没有该地址");
    case HTTP_ID_UNKNOWN:
        SAY(status, "id_unknown", "There is nothing by this id", "没有该编号");
    case HTTP_QUERY_UNKNOWN:
        SAY(status, "parameter", "A parameter is unknown here or stands there twice",
            "查询参数未知或重复");
    case HTTP_FORM_MALFORMED:
        SAY(status, "form", "The form is malformed", "表单格式有误");
    case HTTP_JSON_SYNTAX:
        SAY(status, "json_syntax", "The body is no JSON", "请求内容不是合法的JSON");
    case HTTP_JSON_DUPLICATE:
        SAY(status, "json_duplicate", "A member is named twice", "JSON中有重复的成员");
    case HTTP_JSON_DEPTH:
        SAY(status, "json_depth", "The body is nested too deeply", "JSON嵌套过深");
    case HTTP_FIELDS:
        SAY(status, "invalid_fields", "Some fields are not valid", "部分内容填写有误");
    case HTTP_BUSY:
        SAY(status, "busy", "Too much to do at this moment", "系统繁忙，请稍后再试");
    case HTTP_STOPPING:
        SAY(status, "stopping", "The server is being restarted", "系统正在重启，请稍后再试");
    }
    return false;
}

static bool say_api(enum api_refusal code, struct refusal *out)
{
    switch (code) {
    case API_SIGN_IN:
        SAY(401, "sign_in", "Sign in first", "请先登录");
    case API_SCOPE:
        SAY(403, "scope", "This is not allowed to you", "您没有此项权限");
    case API_FORM_TOKEN:
        TELL(403, "form_token", "The form's token is missing or too old", "表单已失效",
             "Open the page again and send the form from there.", "请重新打开页面后提交。");
    case API_KEY_MISSING:
        SAY(400, "idempotency_key_missing", "The Idempotency-Key header is missing",
            "缺少Idempotency-Key请求头");
    case API_KEY_MALFORMED:
        SAY(400, "idempotency_key_malformed", "Idempotency-Key is not 1 to 64 visible characters",
            "Idempotency-Key应为1至64个可见字符");
    case API_KEY_RUNNING:
        TELL(409, "request_running", "The same request is being worked on", "相同请求正在处理中",
             "Ask again in a moment with the same key.", "请稍后用同一幂等键重试。");
    case API_PURPOSE_MISSING:
        SAY(400, "purpose_missing", "Personal data needs a purpose: the X-Purpose header",
            "查看个人信息须注明用途（X-Purpose）");
    case API_PURPOSE_UNKNOWN:
        SAY(400, "purpose_unknown", "No such purpose", "没有该用途");
    case API_CURSOR:
        SAY(400, "cursor", "The cursor is not of this list", "翻页标记无效");
    case API_PRECONDITION_MISSING:
        SAY(428, "precondition_missing", "The If-Match header is missing", "缺少If-Match请求头");
    case API_PRECONDITION:
        TELL(412, "precondition", "It was changed meanwhile", "内容已被修改",
             "Read it again, then repeat the change.", "请重新读取后再修改。");
    case API_TOO_MANY:
        TELL(429, "too_many_requests", "Too many requests", "请求过于频繁",
             "Retry-After says how many seconds to wait.", "请按Retry-After所示秒数等待。");
    case API_NOT_FOUND:
        SAY(404, "unknown", "There is no such thing here", "没有该内容");
    case API_REGION:
        SAY(403, "region", "Outside the region or organisation of your role",
            "超出您的管辖区域或机构");
    case API_CREDENTIALS:
        SAY(400, "credentials", "One way of signing in per request, and in its form",
            "登录凭据格式有误或重复");
    case API_PASSWORDS_BUSY:
        TELL(503, "passwords_busy", "Too busy to check passwords just now",
             "系统繁忙，暂时无法核对密码",
             "No try was counted. Try again in a few seconds, or sign in by a code.",
             "本次不计入错误次数，请几秒后重试，或改用验证码登录。");
    case API_SESSIONS_FULL:
        SAY(503, "sessions_full", "No more terminals can be signed in just now",
            "已登录的终端过多，请稍后重试");
    }
    return false;
}

static bool say_fault(enum fault code, struct refusal *out)
{
    switch (code) {
    case FAULT_STORE_BUSY:
    case FAULT_STORE_BUDGET:
    case FAULT_STORE_LOST:
    case FAULT_STORE_FULL:
    case FAULT_STORE_READONLY:
    case FAULT_MEMORY:
    case FAULT_KEYD:
    case FAULT_INTERRUPTED:
        TELL(503, "try_later", "This can't be done at this moment", "暂时无法办理",
             "Nothing was changed. Try again later.", "未作任何更改，请稍后再试。");
    case FAULT_STORE_UNKNOWN:
        TELL(504, "result_unknown", "It is not known whether this was done", "处理结果尚不确定",
             "Repeat the request with the same Idempotency-Key: it is done once.",
             "请用同一幂等键重复请求，不会重复办理。");
    case FAULT_PARTNER:
        TELL(502, "partner_failed", "A partner's system does not answer", "合作单位系统暂无响应",
             "Your other data is not touched. Try again later.",
             "您的其他信息不受影响，请稍后再试。");
    case FAULT_STORE:
    case FAULT_STORE_IO:
    case FAULT_STORE_CORRUPT:
    case FAULT_STORE_ROOT:
    case FAULT_IO:
    case FAULT_CONFIG:
    case FAULT_CRYPTO:
        TELL(500, "internal_error", "Something failed on our side", "系统内部错误",
             "Tell us the request id.", "请提供请求编号以便查询。");
    }
    return false;
}

bool refusal_known(int code, struct refusal *out)
{
    if (code < 0) return say_fault((enum fault)code, out);
    return say_http((enum http_refusal)code, out) || say_api((enum api_refusal)code, out) ||
           refusal_ground(code, out) || refusal_people(code, out) || refusal_services(code, out);
}

struct refusal refusal_of(int code)
{
    struct refusal out;

    assert(code != 0);
    /* a module's code that has no line here is a bug, told as a failure */
    if (!refusal_known(code, &out)) (void)say_fault(FAULT_IO, &out);
    return out;
}

struct refusal refusal_field(const char *problem)
{
    static const struct refusal FIELDS[] = {
        { 422, "missing", "This must be there", "此项必填", NULL, NULL },
        { 422, "unknown", "There is no such field", "没有此项", NULL, NULL },
        { 422, "repeated", "This stands there twice", "此项重复", NULL, NULL },
        { 422, "type", "This is of the wrong type", "类型不对", NULL, NULL },
        { 422, "range", "This is outside its range", "数值超出范围", NULL, NULL },
        { 422, "too_short", "This is too short", "内容过短", NULL, NULL },
        { 422, "too_long", "This is too long", "内容过长", NULL, NULL },
        { 422, "too_few", "There are too few", "数量过少", NULL, NULL },
        { 422, "too_many", "There are too many", "数量过多", NULL, NULL },
        { 422, "not_one_of", "This is none of the possible words", "不在可选范围内", NULL, NULL },
        { 422, "format", "This has the wrong form", "格式不对", NULL, NULL },
        { 422, "characters", "This holds characters that may not stand here", "含有不允许的字符",
          NULL, NULL },
        { 422, "check_digit", "The check character is wrong", "校验位不对", NULL, NULL },
        { 422, "not_valid", "This is not valid", "填写有误", NULL, NULL },
    };

    for (size_t i = 0; i < LEN(FIELDS); i++) {
        if (str_eq(str_of(problem), str_of(FIELDS[i].code))) return FIELDS[i];
    }
    return FIELDS[LEN(FIELDS) - 1];
}

bool refusal_by_slug(struct str slug, struct refusal *out, int *code)
{
    for (int i = -40; i < 10000; i++) { /* a page of the documentation: no hurry */
        struct refusal one;

        if (!refusal_known(i, &one) || !str_eq(slug, str_of(one.code))) continue;
        *out = one;
        *code = i;
        return true;
    }
    return false;
}

struct json_out *refusal_more(struct reply *rp)
{
    enum { MORE_MAX = 512 };

    if (!rp->more.p) {
        uint8_t *room = arena_take(rp->arena, MORE_MAX, 1);

        rp->more = writer_over(room, room ? MORE_MAX : 0);
        rp->more_json = json_out_over(&rp->more, rp->ids);
        json_out_object(&rp->more_json, NULL);
    }
    return &rp->more_json;
}

static void put_fields(const struct request *rq, struct reply *rp)
{
    json_put_array(rp, "errors");
    for (size_t i = 0; i < rq->problems->n && i < JSON_PROBLEMS_MAX; i++) {
        const struct problem *problem = &rq->problems->list[i];
        struct refusal words = refusal_field(problem->code);

        json_put_object(rp, NULL);
        json_put_str(rp, "pointer", problem->pointer);
        json_put_str(rp, "code", str_of(problem->code));
        json_put_str(rp, "detail",
                     str_of(rq->language == LANGUAGE_EN ? words.title_en : words.title_zh));
        json_put_end(rp);
    }
    json_put_end(rp);
    if (rq->problems->n > JSON_PROBLEMS_MAX) {
        json_put_int(rp, "errors_not_told", (int64_t)(rq->problems->n - JSON_PROBLEMS_MAX));
    }
}

static api_error_page *error_page;

void api_set_error_page(api_error_page *page)
{
    error_page = page;
}

static void log_failure(const struct request *rq, struct err why)
{
    log_event(LOG_ERROR, "request failed",
              LOG(log_text("request", rq->id),
                  log_text("route", str_of(rq->route ? rq->route->path : "none")),
                  log_text("fault", str_of(fault_name(why.code))),
                  log_text("note", str_of(fault_note()))));
}

/* Each role signs in at its own address. A frame of the one screen signs its role in again by
 * itself (after a restart), so that a visitor never meets a form there. */
struct str sign_in_address(const struct app *app, const struct request *rq)
{
    bool gate = str_starts(rq->path, S("/gate")), desk = str_starts(rq->path, S("/desk"));
    bool by_itself = app->demo && str_eq(request_header(rq, "sec-fetch-dest"), S("iframe"));

    if (by_itself)
        return gate ? S("/demo/as/gate") : desk ? S("/demo/as/clerk") : S("/demo/as/resident");
    return gate ? S("/gate/sign-in") : desk ? S("/desk/sign-in") : S("/sign-in");
}

static void put_query_value(struct writer *w, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%' || text.p[i] == '&' || text.p[i] == '+') {
            put_format(w, "%%%02X", text.p[i]);
        } else {
            put_char(w, text.p[i]);
        }
    }
}

/* A page nobody is signed in for leads to the sign-in, and back. */
static bool to_sign_in(const struct app *app, const struct request *rq, struct reply *rp,
                       struct err why)
{
    char text[600];
    struct writer w = writer_over(text, sizeof text);

    if (why.code != API_SIGN_IN || rq->method != METHOD_GET) return false;
    put_str(&w, sign_in_address(app, rq));
    put_str(&w, S("?next="));
    put_query_value(&w, rq->path);
    if (rq->query.n > 0) {
        put_char(&w, '?');
        put_query_value(&w, rq->query);
    }
    reply_redirect(rp, w.over ? sign_in_address(app, rq) : writer_str(&w));
    return true;
}

void api_refuse(struct app *app, const struct request *rq, struct reply *rp, struct err why)
{
    struct refusal refusal = refusal_of(why.code);
    bool page = rq->route && rq->route->flags & API_PAGE, zh = rq->language == LANGUAGE_ZH;
    char type[128];
    struct writer w = writer_over(type, sizeof type);

    if (why.code < 0) log_failure(rq, why);
    if (page && to_sign_in(app, rq, rp, why)) return;
    if (page && error_page) {
        error_page(app, rq, rp, &refusal);
        return;
    }
    put_str(&w, S("/docs/errors/"));
    put_str(&w, str_of(refusal.code));
    reply_json(rp, refusal.status);
    rp->type = S("application/problem+json");
    json_put_str(rp, "type", writer_str(&w));
    json_put_str(rp, "title", str_of(zh ? refusal.title_zh : refusal.title_en));
    json_put_int(rp, "status", refusal.status);
    json_put_str(rp, "code", str_of(refusal.code));
    json_put_str(rp, "detail", str_of(zh ? refusal.detail_zh : refusal.detail_en));
    json_put_str(rp, "instance", rq->path);
    json_put_str(rp, "request_id", rq->id);
    if (why.code == HTTP_FIELDS) put_fields(rq, rp);
    if (rp->more.n > 1 && !rp->more.over) { /* what the handler added, without its opening brace */
        put_char(&rp->body, ',');
        put_str(&rp->body, str_part(writer_str(&rp->more), 1, rp->more.n));
    }
    if (app && app->help.n > 0) json_put_str(rp, "help", app->help);
    reply_header(rp, "Content-Language", zh ? S("zh-CN") : S("en"));
    if (refusal.status == 401) reply_header(rp, "WWW-Authenticate", S("Bearer"));
    if (refusal.status == 503) reply_header(rp, "Retry-After", S("5"));
}
