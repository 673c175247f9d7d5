/* api/page.c - lists by cursor, and If-Match. A cursor is the last row's keys and a MAC over them,
 * the list and who reads it: it can't be made up, moved to another list or handed to another
 * reader. */
#include "api/frame.h"
#include "crypto/crypto.h"

enum { KEYS_BYTES = 8 * PAGE_KEYS, MAC_BYTES = 14 }; /* 30 bytes: 40 characters */

static bool is_own(struct str name)
{
    return str_eq(name, S("cursor")) || str_eq(name, S("limit")) || str_eq(name, S("include"));
}

static void cursor_mac(struct app *app, const struct request *rq, const uint8_t keys[KEYS_BYTES],
                       uint8_t out[32])
{
    struct str rest = rq->query;
    int64_t actor = rq->session ? rq->session->actor_id : 0;
    struct bytes parts[24] = { str_bytes(S("cursor")), bytes_of(keys, KEYS_BYTES),
                               bytes_of(&actor, sizeof actor), str_bytes(rq->path) };
    size_t n = 4;

    while (rest.n > 0 &&
           n + 2 <= LEN(parts)) { /* the filters, as sent; more than 10 no route takes */
        struct str value, pair = str_cut(rest, '&', &rest);

        if (is_own(str_cut(pair, '=', &value))) continue;
        parts[n++] = str_bytes(S("&"));
        parts[n++] = str_bytes(pair);
    }
    hmac_sm3_parts(bytes_of(app->mac_key, 32), parts, n, out);
}

struct err page_read(struct app *app, const struct request *rq, struct page *page,
                     const struct json_field *filters, size_t n)
{
    static const struct json_name INCLUDES[] = { { "total", 1 } };
    struct json_field fields[16];
    struct bytes cursor = { 0 };
    int include = 0;
    bool given;
    struct cursor c;
    uint8_t mac[32];

    assert(n + 3 <= LEN(fields));
    *page = (struct page){ .limit = PAGE_LIMIT };
    fields[0] = JSON_OPTIONAL(JSON_INT("limit", &page->limit, 1, PAGE_LIMIT_MAX), NULL);
    fields[1] = JSON_OPTIONAL(JSON_TEXT("cursor", &(struct str){ 0 }, 0, 64), &given);
    fields[2] = JSON_OPTIONAL(JSON_ENUM("include", &include, INCLUDES), NULL);
    for (size_t i = 0; i < n; i++)
        fields[3 + i] = filters[i];
    TRY(query_read(rq, fields, n + 3));
    page->first = !given;
    page->total = page->first && include == 1;
    if (!given) return OK;
    {
        const struct json_field one[] = { JSON_BASE64URL("cursor", &cursor, KEYS_BYTES + MAC_BYTES,
                                                         KEYS_BYTES + MAC_BYTES) };
        struct problems problems = { .n = 0 };
        struct str text;
        struct body body = body_over(str_bytes(rq->query), rq->arena, &problems, NULL);

        REQUIRE(form_value(body, "cursor", &text), API_CURSOR);
        body.bytes = str_bytes(arena_format(rq->arena, "cursor=%.*s", (int)text.n, text.p));
        REQUIRE(form_read(body, one, 1).code == 0, API_CURSOR);
    }
    cursor_mac(app, rq, cursor.p, mac);
    REQUIRE(secret_eq(bytes_of(mac, MAC_BYTES), bytes_of(cursor.p + KEYS_BYTES, MAC_BYTES)),
            API_CURSOR);
    c = cursor_over(bytes_of(cursor.p, KEYS_BYTES));
    for (int i = 0; i < PAGE_KEYS; i++)
        page->after[i] = (int64_t)take_be64(&c);
    return OK;
}

void page_end(struct app *app, const struct request *rq, struct reply *rp, bool more,
              const int64_t after[PAGE_KEYS])
{
    uint8_t bytes[KEYS_BYTES + 32];
    struct writer w = writer_over(bytes, KEYS_BYTES);

    json_put_bool(rp, "has_more", more);
    if (!more) return;
    for (int i = 0; i < PAGE_KEYS; i++)
        put_be64(&w, (uint64_t)after[i]);
    cursor_mac(app, rq, bytes, bytes + KEYS_BYTES);
    json_put_base64url(rp, "next_cursor", bytes_of(bytes, KEYS_BYTES + MAC_BYTES));
}

struct err match_version(const struct request *rq, int64_t version)
{
    struct str given = request_header(rq, "if-match");
    char text[32];
    struct writer w = writer_over(text, sizeof text);

    REQUIRE(given.n > 0, API_PRECONDITION_MISSING);
    put_format(&w, "\"v%" PRId64 "\"", version);
    REQUIRE(str_eq(given, writer_str(&w)),
            API_PRECONDITION); /* no "*": it would match a blind change */
    return OK;
}
