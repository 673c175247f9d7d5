/* tests/http/guard_test.c - each malformed request through a real socket: its own status, and its
 * handler never runs. The same heads through http_head_check, which must judge alike. */
#include <stdatomic.h>

#include "tests/http/raw.h"

static _Atomic int handled;

static struct err echo(struct app *app, const struct request *rq, struct reply *rp)
{
    (void)app;
    atomic_fetch_add(&handled, 1);
    reply_json(rp, 200);
    json_put_int(rp, "bytes", (int64_t)rq->body.bytes.n);
    json_put_str(rp, "path", rq->path);
    json_put_str(rp, "x", request_header(rq, "X"));
    return OK;
}

static const struct route ROUTES_HERE[] = {
    { .method = METHOD_GET, .path = "/now", .flags = ROUTE_IMMEDIATE, .run = echo },
    { .method = METHOD_POST, .path = "/now", .flags = ROUTE_IMMEDIATE, .run = echo },
    { .method = METHOD_GET, .path = "/work", .run = echo },
    { .method = METHOD_POST, .path = "/work", .run = echo },
    { .method = METHOD_GET, .path = "/things/{thing}", .query = "a b", .run = echo },
    { .method = METHOD_DELETE, .path = "/things/{thing}", .run = echo },
    { .method = METHOD_POST, .path = "/things/searches", .run = echo },
};

#define H "Host: a\r\n"
#define J "Content-Type: application/json\r\n"

int main(void)
{
    /* code: what http_head_check says of the head (0: nothing wrong with it) */
    static const struct {
        const char *title;
        struct str bytes;
        int status, code;
        bool closes;
    } rows[] = {
        /* what is right */
        { "a plain GET", RAW("GET /now HTTP/1.1\r\n" H "\r\n"), 200, 0, false },
        { "a plain GET for a worker", RAW("GET /work HTTP/1.1\r\n" H "\r\n"), 200, 0, false },
        { "HEAD is GET without the body", RAW("HEAD /work HTTP/1.1\r\n" H "\r\n"), 200, 0, false },
        { "HTTP/1.0 with a Host", RAW("GET /now HTTP/1.0\r\n" H "\r\n"), 200, 0, true },
        { "a POST", RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 2\r\n\r\n{}"), 200, 0,
          false },
        { "a chunked POST",
          RAW("POST /work HTTP/1.1\r\n" H J
              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
          200, 0, false },
        { "an immediate POST", RAW("POST /now HTTP/1.1\r\n" H J "Content-Length: 2\r\n\r\n{}"), 200,
          0, false },
        { "empty lines in front (RFC 9112 2.2)", RAW("\r\nGET /now HTTP/1.1\r\n" H "\r\n"), 200, -1,
          false },
        { "no space after the colon", RAW("GET /now HTTP/1.1\r\nHost:a\r\nX:1\r\n\r\n"), 200, 0,
          false },
        { "tabs after the colon", RAW("GET /now HTTP/1.1\r\n" H "X:\t \t1\r\n\r\n"), 200, 0,
          false },
        { "an empty value", RAW("GET /now HTTP/1.1\r\n" H "X:\r\n\r\n"), 200, 0, false },
        { "the last value empty, spaces", RAW("GET /now HTTP/1.1\r\n" H "X: \r\n\r\n"), 200, 0,
          false },
        { "cookies", RAW("GET /now HTTP/1.1\r\n" H "Cookie: a=1; b=\"2\"\r\n\r\n"), 200, 0, false },
        { "escapes and a query", RAW("GET /things/a%20b?a=%E4%BA%BA&b=1+2 HTTP/1.1\r\n" H "\r\n"),
          200, 0, false },
        { "an IPv6 host", RAW("GET /now HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200, 0, false },
        /* the request line */
        { "no version", RAW("GET /now\r\n" H "\r\n"), 400, HTTP_LINE_MALFORMED, true },
        { "HTTP/2.0", RAW("GET /now HTTP/2.0\r\n" H "\r\n"), 505, HTTP_VERSION_UNKNOWN, true },
        { "HTTP/0.9 with a version", RAW("GET /now HTTP/0.9\r\n" H "\r\n"), 505,
          HTTP_VERSION_UNKNOWN, true },
        { "HTTP/1.2", RAW("GET /now HTTP/1.2\r\n" H "\r\n"), 505, HTTP_VERSION_UNKNOWN, true },
        { "two spaces before the target", RAW("GET  /now HTTP/1.1\r\n" H "\r\n"), 400, -2, true },
        { "two spaces before the version", RAW("GET /now  HTTP/1.1\r\n" H "\r\n"), 400, -2, true },
        { "a space in the target", RAW("GET /now x HTTP/1.1\r\n" H "\r\n"), 400, -2, true },
        { "a tab in the target", RAW("GET /now\tx HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "a NUL in the target", RAW("GET /now\0x HTTP/1.1\r\n" H "\r\n"), 400, -2, true },
        { "a NUL in the method", RAW("GE\0T /now HTTP/1.1\r\n" H "\r\n"), 400, -2, true },
        { "a bare LF after the request line", RAW("GET /now HTTP/1.1\n" H "\r\n"), 400, -2, true },
        { "an unknown method", RAW("BREW /now HTTP/1.1\r\n" H "\r\n"), 501, HTTP_METHOD_UNKNOWN,
          true },
        { "a method in small letters", RAW("get /now HTTP/1.1\r\n" H "\r\n"), 501,
          HTTP_METHOD_UNKNOWN, true },
        { "CONNECT", RAW("CONNECT a:1 HTTP/1.1\r\n" H "\r\n"), 501, HTTP_METHOD_UNKNOWN, true },
        { "TRACE", RAW("TRACE /now HTTP/1.1\r\n" H "\r\n"), 501, HTTP_METHOD_UNKNOWN, true },
        { "an absolute target", RAW("GET http://a/now HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "an escaped NUL", RAW("GET /things/a%00 HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "half an escape", RAW("GET /things/a%2 HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "an escaped slash", RAW("GET /things/a%2Fb HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "a dot segment", RAW("GET /things/../now HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "an escaped dot segment", RAW("GET /things/%2e%2E/now HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "an empty segment", RAW("GET //now HTTP/1.1\r\n" H "\r\n"), 400, HTTP_TARGET_MALFORMED,
          true },
        { "a fragment", RAW("GET /now#a HTTP/1.1\r\n" H "\r\n"), 400, HTTP_TARGET_MALFORMED, true },
        { "bytes above ASCII in the target", RAW("GET /\xE4\xBA\xBA HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        /* headers */
        { "no Host", RAW("GET /now HTTP/1.1\r\nX: 1\r\n\r\n"), 400, HTTP_HOST_MISSING, true },
        { "no header at all", RAW("GET /now HTTP/1.1\r\n\r\n"), 400, HTTP_HOST_MISSING, true },
        { "two Hosts", RAW("GET /now HTTP/1.1\r\n" H H "\r\n"), 400, HTTP_HOST_MALFORMED, true },
        { "an empty Host", RAW("GET /now HTTP/1.1\r\nHost:\r\n\r\n"), 400, HTTP_HOST_MALFORMED,
          true },
        { "a Host with a path", RAW("GET /now HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400,
          HTTP_HOST_MALFORMED, true },
        { "a NUL in a value", RAW("GET /now HTTP/1.1\r\n" H "X: a\0b\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a NUL at the end of a value", RAW("GET /now HTTP/1.1\r\n" H "X: a\0\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a NUL in a name", RAW("GET /now HTTP/1.1\r\n" H "X\0: a\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a NUL instead of the empty line", RAW("GET /now HTTP/1.1\r\n" H "\0\r\nX: a\r\n\r\n"),
          400, HTTP_HEADER_MALFORMED, true },
        { "a NUL line with more behind it", RAW("GET /now HTTP/1.1\r\n" H "\0abc\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a control character in a value", RAW("GET /now HTTP/1.1\r\n" H "X: a\x01z\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "DEL in a value", RAW("GET /now HTTP/1.1\r\n" H "X: a\x7Fz\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a bare CR in a value", RAW("GET /now HTTP/1.1\r\n" H "X: a\rz\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a folded line", RAW("GET /now HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a folded line as the last", RAW("GET /now HTTP/1.1\r\n" H "X: a\r\n\tY: b\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a folded first line", RAW("GET /now HTTP/1.1\r\n Host: a\r\n" H "\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a fold of only a space", RAW("GET /now HTTP/1.1\r\n" H "X: a\r\n \r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a space before the colon", RAW("GET /now HTTP/1.1\r\n" H "X : a\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a tab before the colon", RAW("GET /now HTTP/1.1\r\n" H "X\t: a\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "an empty name", RAW("GET /now HTTP/1.1\r\n" H ": a\r\n\r\n"), 400, HTTP_HEADER_MALFORMED,
          true },
        { "a name that is no token", RAW("GET /now HTTP/1.1\r\n" H "X(1): a\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a line without a colon", RAW("GET /now HTTP/1.1\r\n" H "abc\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a bare LF between headers", RAW("GET /now HTTP/1.1\r\n" H "X: a\nY: b\r\n\r\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "a bare LF as the empty line", RAW("GET /now HTTP/1.1\r\n" H "\n"), 400,
          HTTP_HEADER_MALFORMED, true },
        { "only bare LFs", RAW("GET /now HTTP/1.1\nHost: a\n\n"), 400, -2, true },
        /* lengths */
        { "two lengths that differ",
          RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
          400, HTTP_LENGTH_MALFORMED, true },
        { "two equal lengths",
          RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
          400, HTTP_LENGTH_MALFORMED, true },
        { "a list of lengths", RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 2, 2\r\n\r\n{}"),
          400, HTTP_LENGTH_MALFORMED, true },
        { "a signed length", RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: +2\r\n\r\n{}"), 400,
          HTTP_LENGTH_MALFORMED, true },
        { "a length in hexadecimal",
          RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 0x2\r\n\r\n{}"), 400,
          HTTP_LENGTH_MALFORMED, true },
        { "an empty length", RAW("POST /work HTTP/1.1\r\n" H J "Content-Length:\r\n\r\n"), 400,
          HTTP_LENGTH_MALFORMED, true },
        { "a length past 64 bits",
          RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 99999999999999999999\r\n\r\n"), 413,
          HTTP_LENGTH_MALFORMED, true },
        { "length and chunked",
          RAW("POST /work HTTP/1.1\r\n" H J
              "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n"
              "{}\r\n0\r\n\r\n"),
          400, HTTP_LENGTH_AND_CODING, true },
        { "chunked, then length",
          RAW("POST /work HTTP/1.1\r\n" H J
              "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n"
              "{}\r\n0\r\n\r\n"),
          400, HTTP_LENGTH_AND_CODING, true },
        { "an unknown coding",
          RAW("POST /work HTTP/1.1\r\n" H J "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501,
          HTTP_CODING_UNKNOWN, true },
        { "chunked with a space behind it",
          RAW("POST /work HTTP/1.1\r\n" H J "Transfer-Encoding: chunked \r\n\r\n"), 501,
          HTTP_CODING_UNKNOWN, true },
        { "chunked twice",
          RAW("POST /work HTTP/1.1\r\n" H J
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
              "\r\n0\r\n\r\n"),
          501, HTTP_CODING_UNKNOWN, true },
        { "identity", RAW("POST /work HTTP/1.1\r\n" H J "Transfer-Encoding: identity\r\n\r\n"), 501,
          HTTP_CODING_UNKNOWN, true },
        { "chunked in HTTP/1.0",
          RAW("POST /work HTTP/1.0\r\n" H J "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 501,
          HTTP_CODING_UNKNOWN, true },
        { "a body on GET", RAW("GET /now HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}"), 400,
          HTTP_BODY_UNEXPECTED, true },
        { "a declared oversize", RAW("POST /work HTTP/1.1\r\n" H J "Content-Length: 70000\r\n\r\n"),
          413, 0, true },
        { "an oversize for an immediate route",
          RAW("POST /now HTTP/1.1\r\n" H J "Content-Length: 3000\r\n\r\n"), 413, 0, true },
        { "a compressed body",
          RAW("POST /work HTTP/1.1\r\n" H J
              "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
          415, HTTP_CODING_UNSUPPORTED, true },
        { "another Expect",
          RAW("POST /work HTTP/1.1\r\n" H J "Expect: tea\r\nContent-Length: 2\r\n\r\n{}"), 417,
          HTTP_EXPECT_UNKNOWN, true },
        { "a bad chunk size",
          RAW("POST /work HTTP/1.1\r\n" H J "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400, 0,
          true },
        { "a trailer",
          RAW("POST /work HTTP/1.1\r\n" H J
              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n"
              "\r\n"),
          400, 0, false },
        /* routes */
        { "no such path", RAW("GET /none HTTP/1.1\r\n" H "\r\n"), 404, 0, false },
        { "a trailing slash is another path", RAW("GET /now/ HTTP/1.1\r\n" H "\r\n"), 400,
          HTTP_TARGET_MALFORMED, true },
        { "no such method here", RAW("DELETE /now HTTP/1.1\r\n" H "\r\n"), 405, 0, false },
        { "OPTIONS tells what is allowed", RAW("OPTIONS /now HTTP/1.1\r\n" H "\r\n"), 405, 0,
          false },
        { "a word that is not an id", RAW("GET /things/searches HTTP/1.1\r\n" H "\r\n"), 405, 0,
          false },
        { "an unknown parameter", RAW("GET /things/1?c=1 HTTP/1.1\r\n" H "\r\n"), 400, 0, false },
        { "a repeated parameter", RAW("GET /things/1?a=1&b=2&a=3 HTTP/1.1\r\n" H "\r\n"), 400, 0,
          false },
        { "a parameter where none is", RAW("GET /work?a=1 HTTP/1.1\r\n" H "\r\n"), 400, 0, false },
        { "another media type",
          RAW("POST /work HTTP/1.1\r\n" H
              "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"),
          415, 0, false },
        { "no media type", RAW("POST /work HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}"), 415, 0,
          false },
        { "another character set",
          RAW("POST /work HTTP/1.1\r\n" H "Content-Type: application/json; charset=gbk\r\n"
              "Content-Length: 2\r\n\r\n{}"),
          415, 0, false },
    };
    struct http_config config = {
        .host = "127.0.0.1",
        .limits = { .workers = 4, .connections = 64 },
        .clock = { .now = raw_clock },
        .entropy = entropy_system(),
        .routes = ROUTES_HERE,
        .routes_n = LEN(ROUTES_HERE),
    };
    struct http_server *server;
    static struct raw_answer a;
    static char large[40000];

    CHECK_OK("the server starts", http_open(&config, &server));
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *end = raw_find(rows[i].bytes, "\r\n\r\n");
        size_t head = end ? (size_t)(end - rows[i].bytes.p) + 4 : rows[i].bytes.n;
        int before = atomic_load(&handled), fd = raw_connect(http_port(server)), code;

        if (!CHECK("connected", fd >= 0)) break;
        raw_send(fd, rows[i].bytes);
        raw_take(fd, rows[i].bytes, &a);
        CHECK_INT(rows[i].title, raw_status(&a), rows[i].status);
        CHECK_INT(rows[i].title, atomic_load(&handled) - before, rows[i].status == 200);
        if (rows[i].closes) { /* a framing that can't be trusted ends the connection */
            if (!a.closed) raw_read(fd, &a, RAW_PATIENCE, false);
            CHECK(rows[i].title, a.closed);
        } else if (rows[i].status != 200 || !raw_has(&a, "Connection: close")) {
            raw_send(fd, S("GET /now HTTP/1.1\r\n" H "\r\n"));
            raw_read(fd, &a, RAW_PATIENCE, true);
            CHECK_INT(rows[i].title, raw_status(&a), 200);
        }
        close(fd);
        if (rows[i].code == -1) continue;
        code = http_head_check(bytes_of(rows[i].bytes.p, head)).code;
        if (rows[i].code == -2) {
            CHECK(rows[i].title, code != 0);
        } else {
            CHECK_INT(rows[i].title, code, rows[i].code);
        }
    }

    raw_ask(http_port(server), S("DELETE /now HTTP/1.1\r\n" H "\r\n"), &a);
    CHECK("405 names what is allowed", raw_has(&a, "Allow: GET, HEAD, POST\r\n"));
    raw_ask(http_port(server), S("GET /work HTTP/1.1\r\n" H "\r\n"), &a);
    CHECK("each answer has a request id", raw_has(&a, "X-Request-Id: req_"));
    CHECK_STR("the body", raw_body(&a), S("{\"bytes\":0,\"path\":\"/work\",\"x\":\"\"}"));

    /* sizes */
    struct {
        const char *title, *before, *after;
        size_t fill;
        int status;
    } sizes[] = {
        { "a target of 4,000", "GET /things/", " HTTP/1.1\r\n" H "\r\n", 3900, 200 },
        { "a target past 4,096", "GET /things/", " HTTP/1.1\r\n" H "\r\n", 4100, 414 },
        { "a target past the buffer", "GET /things/", " HTTP/1.1\r\n" H "\r\n", 38000, 414 },
        { "headers past 8 KiB", "GET /now HTTP/1.1\r\n" H "Y: ", "\r\n\r\n", 8300, 431 },
        { "headers past 16 KiB", "GET /now HTTP/1.1\r\n" H "Y: ", "\r\n\r\n", 16500, 431 },
        { "headers of nearly 8 KiB", "GET /now HTTP/1.1\r\n" H "Y: ", "\r\n\r\n", 8100, 200 },
        { "headers past the buffer", "GET /now HTTP/1.1\r\n" H "Y: ", "\r\n\r\n", 38000, 431 },
    };
    for (size_t i = 0; i < LEN(sizes); i++) {
        struct writer w = writer_over(large, sizeof large);

        put_str(&w, str_of(sizes[i].before));
        for (size_t k = 0; k < sizes[i].fill; k++)
            put_char(&w, 'a');
        put_str(&w, str_of(sizes[i].after));
        raw_ask(http_port(server), writer_str(&w), &a);
        CHECK_INT(sizes[i].title, raw_status(&a), sizes[i].status);
    }
    for (int n = 60; n <= 70; n += 10) {
        struct writer w = writer_over(large, sizeof large);

        put_str(&w, S("GET /now HTTP/1.1\r\n" H));
        for (int k = 1; k < n; k++)
            put_format(&w, "X%d: a\r\n", k);
        put_str(&w, S("\r\n"));
        raw_ask(http_port(server), writer_str(&w), &a);
        CHECK_INT(n == 60 ? "60 headers" : "70 headers", raw_status(&a), n == 60 ? 200 : 431);
    }
    { /* as many and as large as they may be: the library's memory has room for its own list of them
       */
        struct writer w = writer_over(large, sizeof large);

        put_str(&w, S("POST /work HTTP/1.1\r\n" H J "Content-Length: 12\r\n"));
        for (int k = 1; k < 60; k++)
            put_format(&w, "X%d: %0120d\r\n", k, k);
        put_str(&w, S("\r\n{\"x\":\"abcd\"}"));
        raw_ask(http_port(server), writer_str(&w), &a);
        CHECK_INT("60 headers of 128 bytes", raw_status(&a), 200);
    }
    { /* a chunked body past the limit is read to its end, then refused */
        int fd = raw_connect(http_port(server));
        struct writer w = writer_over(large, sizeof large);

        put_str(&w, S("8000\r\n"));
        for (size_t k = 0; k < 0x8000; k++)
            put_char(&w, ' ');
        put_str(&w, S("\r\n"));
        raw_send(fd, S("POST /work HTTP/1.1\r\n" H J "Transfer-Encoding: chunked\r\n\r\n"));
        for (int k = 0; k < 3; k++)
            raw_send(fd, writer_str(&w));
        raw_send(fd, S("0\r\n\r\n"));
        raw_read(fd, &a, RAW_PATIENCE, true);
        CHECK_INT("chunked past the limit", raw_status(&a), 413);
        close(fd);
    }
    { /* a pipeline, with a refusal inside: what follows a bad frame is never read as a request */
        int fd = raw_connect(http_port(server)), before = atomic_load(&handled);

        raw_send(fd, S("GET /now HTTP/1.1\r\n" H "\r\nGET /work HTTP/1.1\r\n" H
                       "\r\nPOST /work HTTP/1.1\r\n" H J
                       "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}GET /now HTTP/1.1\r\n" H
                       "\r\n"));
        raw_read(fd, &a, RAW_PATIENCE, false);
        CHECK_INT("two of the pipeline were handled", atomic_load(&handled) - before, 2);
        CHECK("then it was closed", a.closed);
        close(fd);
    }
    http_close(server);
    return test_end();
}
