/* http/refusal.c - the status of each refusal of the door. */
#include "http/http.h"

static int status_of(enum http_refusal code)
{
    switch (code) {
    case HTTP_LINE_MALFORMED:
    case HTTP_TARGET_MALFORMED:
    case HTTP_HEADER_MALFORMED:
    case HTTP_HOST_MISSING:
    case HTTP_HOST_MALFORMED:
    case HTTP_LENGTH_MALFORMED:
    case HTTP_LENGTH_AND_CODING:
    case HTTP_BODY_UNEXPECTED:
    case HTTP_QUERY_UNKNOWN:
    case HTTP_FORM_MALFORMED:
    case HTTP_JSON_SYNTAX:
    case HTTP_JSON_DUPLICATE:
    case HTTP_JSON_DEPTH:
        return 400;
    case HTTP_ROUTE_UNKNOWN:
    case HTTP_ID_UNKNOWN:
        return 404;
    case HTTP_METHOD_REFUSED:
        return 405;
    case HTTP_BODY_TOO_LARGE:
        return 413;
    case HTTP_TARGET_TOO_LONG:
        return 414;
    case HTTP_TYPE_UNSUPPORTED:
    case HTTP_CODING_UNSUPPORTED:
        return 415;
    case HTTP_EXPECT_UNKNOWN:
        return 417;
    case HTTP_FIELDS:
        return 422;
    case HTTP_HEADERS_TOO_LARGE:
        return 431;
    case HTTP_CODING_UNKNOWN:
    case HTTP_METHOD_UNKNOWN:
        return 501;
    case HTTP_BUSY:
    case HTTP_STOPPING:
        return 503;
    case HTTP_VERSION_UNKNOWN:
        return 505;
    }
    return 500;
}

int http_status(int code)
{
    return status_of((enum http_refusal)code);
}
