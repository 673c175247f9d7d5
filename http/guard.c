/* http/guard.c - the guard. Pure: bytes in, a refusal or the head's parts out. */
#include "http/guard.h"

/* Sets of ASCII characters, a bit each: a head is a few hundred characters, judged one by one. */
struct chars {
    uint64_t low, high; /* 0 to 63, 64 to 127 */
};
static const struct chars TOKEN = { 0x03FF6CFA00000000,
                                    0x57FFFFFFC7FFFFFE }; /* tchar, RFC 9110 5.6.2 */
/* host[:port]: reg-name, IPv4 or [IPv6] */
static const struct chars HOST = { 0x07FF602000000000, 0x47FFFFFEAFFFFFFE };
/* visible ASCII without the characters that URIs exclude (RFC 3986 2) */
static const struct chars TARGET = { 0xAFFFFFF200000000, 0x47FFFFFEAFFFFFFF };

static bool among(const struct chars *set, char c)
{
    uint8_t at = (uint8_t)c;

    return at < 128 && ((at < 64 ? set->low : set->high) >> (at & 63) & 1) != 0;
}

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!among(&TOKEN, text.p[i])) return false;
    }
    return text.n > 0;
}

/* field-value of RFC 9110 5.5: visible characters, space, tab; bytes from 0x80 are opaque */
static bool value_ok(struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = (uint8_t)value.p[i];

        if ((c < 0x20 && c != '\t') || c == 0x7F) return false;
    }
    return true;
}

bool header_is(struct str name, const char *lower_case)
{
    size_t n = strlen(lower_case);

    if (name.n != n) return false;
    for (size_t i = 0; i < n; i++) {
        char c = name.p[i];

        if (c >= 'A' && c <= 'Z') c = (char)(c + ('a' - 'A'));
        if (c != lower_case[i]) return false;
    }
    return true;
}

/* host[:port]: reg-name, IPv4 or [IPv6]; no user part, no path */
static bool host_ok(struct str host)
{
    if (host.n == 0 || host.n > 255) return false;
    for (size_t i = 0; i < host.n; i++) {
        if (!among(&HOST, host.p[i])) return false;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Escapes must be whole, and must not hide a NUL, a control character, or (in the path) a slash. */
static bool escapes_ok(struct str text, bool path)
{
    for (size_t i = 0; i < text.n; i++) {
        int high, low, c;

        if (text.p[i] != '%') continue;
        if (text.n - i < 3) return false;
        high = hex_digit(text.p[i + 1]);
        low = hex_digit(text.p[i + 2]);
        if (high < 0 || low < 0) return false;
        c = high * 16 + low;
        if (path && (c < 0x20 || c == 0x7F || c == '/' || c == '\\')) return false;
        if (c == 0) return false;
        i += 2;
    }
    return true;
}

/* No empty, "." or ".." segment (a trailing slash is an empty one; "/" itself is allowed). Escaped
 * dots are counted as dots: a front that decodes before it looks would see them so. */
static bool segments_ok(struct str path)
{
    struct str rest = str_part(path, 1, path.n);

    if (path.n == 1) return true;
    for (;;) {
        const char *slash = memchr(rest.p, '/', rest.n);
        size_t n = slash ? (size_t)(slash - rest.p) : rest.n, dots = 0;

        for (size_t i = 0; i < n; i++) {
            bool escaped = n - i >= 3 && rest.p[i] == '%' && rest.p[i + 1] == '2' &&
                           (rest.p[i + 2] == 'e' || rest.p[i + 2] == 'E');

            if (rest.p[i] != '.' && !escaped) {
                dots = 3;
                break;
            }
            dots++;
            if (escaped) i += 2;
        }
        if (dots < 3) return false;
        if (!slash) return true;
        rest = str_part(rest, n + 1, rest.n);
        if (rest.n == 0) return false;
    }
}

struct err target_check(struct str target, struct str *path, struct str *query)
{
    for (size_t i = 0; i < target.n; i++) {
        REQUIRE(among(&TARGET, target.p[i]), HTTP_TARGET_MALFORMED);
    }
    *path = str_cut(target, '?', query);
    REQUIRE(path->n > 0 && path->p[0] == '/', HTTP_TARGET_MALFORMED);
    REQUIRE(escapes_ok(*path, true) && escapes_ok(*query, false), HTTP_TARGET_MALFORMED);
    REQUIRE(segments_ok(*path), HTTP_TARGET_MALFORMED);
    return OK;
}

static struct err judge_method(struct head *head)
{
    static const struct {
        const char *name;
        enum method verb;
    } verbs[] = {
        { "GET", METHOD_GET },    { "HEAD", METHOD_GET },    { "POST", METHOD_POST },
        { "PUT", METHOD_PUT },    { "PATCH", METHOD_PATCH }, { "DELETE", METHOD_DELETE },
        { "OPTIONS", METHODS_N },
    };

    REQUIRE(is_token(head->method), HTTP_LINE_MALFORMED);
    for (size_t i = 0; i < LEN(verbs); i++) {
        if (!str_eq(head->method, str_of(verbs[i].name))) continue;
        head->verb = verbs[i].verb;
        head->head = i == 1;
        head->options = verbs[i].verb == METHODS_N;
        return OK;
    }
    REFUSE(HTTP_METHOD_UNKNOWN);
}

static struct err judge_length(struct str value, int64_t *length)
{
    /* digits only: a list ("5, 5"), a sign or spaces inside are refused */
    REQUIRE(value.n > 0 && value.n <= 18, HTTP_LENGTH_MALFORMED);
    for (size_t i = 0; i < value.n; i++) {
        REQUIRE(value.p[i] >= '0' && value.p[i] <= '9', HTTP_LENGTH_MALFORMED);
    }
    REQUIRE(str_int(value, 0, INT64_MAX, length), HTTP_LENGTH_MALFORMED);
    return OK;
}

struct err head_judge(struct head *head)
{
    int hosts = 0, lengths = 0, codings = 0;
    struct str host = { 0 }, length = { 0 }, coding = { 0 }, expect = { 0 }, content = { 0 }, path,
               query;

    head->length = 0;
    head->chunked = false;
    if (str_eq(head->version, S("HTTP/1.1"))) {
        head->http_1_0 = false;
    } else if (str_eq(head->version, S("HTTP/1.0"))) {
        head->http_1_0 = true;
    } else {
        bool formed = head->version.n == 8 && str_starts(head->version, S("HTTP/"));

        REFUSE(formed ? HTTP_VERSION_UNKNOWN : HTTP_LINE_MALFORMED);
    }
    TRY(judge_method(head));
    REQUIRE(head->target.n <= TARGET_MAX, HTTP_TARGET_TOO_LONG);
    TRY(target_check(head->target, &path, &query));
    REQUIRE(!head->too_many, HTTP_HEADERS_TOO_LARGE);
    for (size_t i = 0; i < head->headers_n; i++) {
        struct str name = head->headers[i].name, value = head->headers[i].value;

        REQUIRE(is_token(name) && value_ok(value), HTTP_HEADER_MALFORMED);
        if (header_is(name, "host")) {
            hosts++;
            host = value;
        } else if (header_is(name, "content-length")) {
            lengths++;
            length = value;
        } else if (header_is(name, "transfer-encoding")) {
            codings++;
            coding = value;
        } else if (header_is(name, "expect")) {
            expect = value;
        } else if (header_is(name, "content-encoding")) {
            content = value;
        }
    }
    REQUIRE(hosts > 0, HTTP_HOST_MISSING);
    REQUIRE(hosts == 1 && host_ok(host), HTTP_HOST_MALFORMED);
    REQUIRE(codings == 0 || lengths == 0, HTTP_LENGTH_AND_CODING);
    REQUIRE(lengths <= 1, HTTP_LENGTH_MALFORMED);
    if (lengths == 1) TRY(judge_length(length, &head->length));
    if (codings > 0) {
        REQUIRE(codings == 1 && !head->http_1_0 && header_is(coding, "chunked"),
                HTTP_CODING_UNKNOWN);
        head->chunked = true;
    }
    REQUIRE(content.n == 0 || header_is(content, "identity"), HTTP_CODING_UNSUPPORTED);
    REQUIRE(expect.n == 0 || header_is(expect, "100-continue"), HTTP_EXPECT_UNKNOWN);
    if (head->verb == METHOD_GET || head->verb == METHOD_DELETE || head->options) {
        REQUIRE(head->length == 0 && !head->chunked, HTTP_BODY_UNEXPECTED);
    }
    return OK;
}

/* The line up to CRLF; refuses a bare CR or LF and a NUL in it. */
static struct err take_line(struct bytes *rest, struct str *line)
{
    for (size_t i = 0; i < rest->n; i++) {
        uint8_t c = rest->p[i];

        if (c == '\r' && i + 1 < rest->n && rest->p[i + 1] == '\n') {
            *line = bytes_str(bytes_of(rest->p, i));
            *rest = bytes_of(rest->p + i + 2, rest->n - i - 2);
            return OK;
        }
        REQUIRE(c != '\r' && c != '\n' && c != '\0', HTTP_HEADER_MALFORMED);
    }
    REFUSE(HTTP_HEADER_MALFORMED);
}

struct err head_parse(struct bytes bytes, struct head *out)
{
    struct bytes rest = bytes;
    struct str line, after;

    *out = (struct head){ 0 };
    REQUIRE(bytes.n <= HEAD_MAX, HTTP_HEADERS_TOO_LARGE);
    TRY(take_line(&rest, &line));
    out->method = str_cut(line, ' ', &after);
    out->target = str_cut(after, ' ', &out->version);
    for (;;) {
        struct str value;
        const char *colon;

        TRY(take_line(&rest, &line));
        if (line.n == 0) break;
        colon = memchr(line.p, ':', line.n);
        REQUIRE(colon, HTTP_HEADER_MALFORMED);
        if (out->headers_n == HEADERS_MAX) {
            out->too_many = true;
            continue;
        }
        value = str_part(line, (size_t)(colon - line.p) + 1, line.n);
        /* Leading spaces only: libmicrohttpd leaves those behind, and reads "chunked " as another
         * coding. What frames the message must stand there bare. */
        while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t')) {
            value = str_part(value, 1, value.n);
        }
        out->headers[out->headers_n++] = (struct header){
            .name = str_part(line, 0, (size_t)(colon - line.p)),
            .value = value,
        };
    }
    REQUIRE(rest.n == 0, HTTP_HEADER_MALFORMED);
    return head_judge(out);
}

struct err http_head_check(struct bytes bytes)
{
    struct head head;

    return head_parse(bytes, &head);
}

/* Are the n bytes from p all NUL? */
static bool nuls(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '\0') return false;
    }
    return true;
}

struct err head_layout(const struct head *head, size_t size)
{
    const char *p = head->method.p, *end = p + size;

    /* the request line: one NUL where each space was, two where CRLF was */
    REQUIRE(head->target.p == p + head->method.n + 1, HTTP_LINE_MALFORMED);
    REQUIRE(head->version.p == head->target.p + head->target.n + 1, HTTP_LINE_MALFORMED);
    p = head->version.p + head->version.n;
    for (size_t i = 0; i < head->headers_n; i++) {
        struct str name = head->headers[i].name, value = head->headers[i].value;

        REQUIRE(end - p >= 4 && nuls(p, 2) && name.p == p + 2, HTTP_HEADER_MALFORMED);
        REQUIRE(value.p > name.p + name.n && value.p <= end - 4, HTTP_HEADER_MALFORMED);
        REQUIRE(name.p[name.n] == '\0', HTTP_HEADER_MALFORMED);
        for (const char *q = name.p + name.n + 1; q < value.p; q++) {
            REQUIRE(*q == ' ' || *q == '\t', HTTP_HEADER_MALFORMED);
        }
        p = value.p + value.n;
    }
    REQUIRE(end - p == 4 && nuls(p, 4), HTTP_HEADER_MALFORMED);
    return OK;
}
