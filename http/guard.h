/* http/guard.h - what makes a request head plainly one HTTP/1.1 request (RFC 9112, stricter where
 * it leaves a choice, so that no front and we read two different requests out of the same bytes).
 */
#pragma once
#include "http/http.h"

enum { TARGET_MAX = 4096, HEAD_MAX = 8 * 1024 };

struct head {
    struct str method, target, version;
    struct header headers[HEADERS_MAX];
    size_t headers_n;
    bool too_many;
    /* what the judgement found out */
    enum method verb;
    bool head, options, chunked, http_1_0;
    int64_t length; /* declared; 0 with chunked */
};

/* Judge the parts; fills the last four members on OK. */
RESULT head_judge(struct head *head);
/* From bytes as they came, up to and with the empty line. */
RESULT head_parse(struct bytes bytes, struct head *out);
/* From what libmicrohttpd left in its buffer: it parses in place, writing NUL over the separators
 * and otherwise leaving the bytes where they came in. So every part must begin exactly where the
 * one before ended plus its separator, and all of it must be as long as it says. Whatever does not
 * add up (a NUL inside, a folded line, a bare LF, more spaces) was not plain. `size` is the head's
 * length in bytes. */
RESULT head_layout(const struct head *head, size_t size);
/* Is the target an absolute path of ours? Splits off the query. */
RESULT target_check(struct str target, struct str *path, struct str *query);
bool header_is(struct str name, const char *lower_case);
