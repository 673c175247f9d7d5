/* http/request.c - what a handler reads of a request. */
#include <arpa/inet.h>

#include "http/inside.h"

static struct str find_header(const struct header *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (header_is(headers[i].name, name)) return str_trim(headers[i].value);
    }
    return (struct str){ 0 };
}

struct str request_header(const struct request *rq, const char *name)
{
    char lower[64];
    size_t n = strlen(name);

    assert(n < sizeof lower);
    for (size_t i = 0; i <= n; i++) {
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + ('a' - 'A')) : name[i];
    }
    return find_header(rq->headers, rq->headers_n, lower);
}

struct str request_cookie(const struct request *rq, const char *name)
{
    for (size_t i = 0; i < rq->headers_n; i++) {
        struct str rest = rq->headers[i].value;

        if (!header_is(rq->headers[i].name, "cookie")) continue;
        while (rest.n > 0) { /* RFC 6265 4.2.1 */
            struct str value, key = str_trim(str_cut(str_cut(rest, ';', &rest), '=', &value));

            if (str_eq(key, str_of(name))) return str_trim(value);
        }
    }
    return (struct str){ 0 };
}

size_t request_network(struct str peer, uint8_t out[NETWORK_MAX])
{
    char text[NETWORK_MAX];
    struct in6_addr in6;
    struct in_addr in;
    size_t n = peer.n < NETWORK_MAX ? peer.n : NETWORK_MAX;

    if (str_c(peer, text, sizeof text)) {
        if (inet_pton(AF_INET, text, &in) == 1) {
            memcpy(out, &in, sizeof in);
            return sizeof in;
        }
        if (inet_pton(AF_INET6, text, &in6) == 1) {
            const bool mapped = IN6_IS_ADDR_V4MAPPED(&in6);

            n = mapped ? 4 : 8;
            memcpy(out, in6.s6_addr + (mapped ? 12 : 0), n);
            return n;
        }
    }
    memcpy(out, peer.p, n);
    return n;
}

/* Which parameter of the template is that? */
static struct str *param(const struct request *rq, const char *name)
{
    struct str rest = str_of(rq->route->path), want = str_of(name);
    int at = 0;

    while (rest.n > 0) {
        struct str segment = str_cut(rest, '/', &rest);

        if (segment.n < 3 || segment.p[0] != '{') continue;
        if (str_eq(str_part(segment, 1, segment.n - 2), want)) {
            union { /* the caller's request is const; only its own slice is handed on */
                const struct str *in;
                struct str *out;
            } p = { .in = &rq->params[at] };

            return p.out;
        }
        at++;
    }
    return NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

struct str path_text(const struct request *rq, const char *name)
{
    const struct str *found = param(rq, name);
    struct writer w;
    char *room;

    assert(found);
    if (!memchr(found->p, '%', found->n)) return *found;
    room = arena_take(rq->arena, found->n, 1);
    if (!room) return (struct str){ 0 };
    w = writer_over(room, found->n);
    for (size_t i = 0; i < found->n; i++) {
        if (found->p[i] == '%') { /* the guard made sure that two digits follow */
            put_u8(&w, (uint8_t)(hex_digit(found->p[i + 1]) * 16 + hex_digit(found->p[i + 2])));
            i += 2;
        } else {
            put_char(&w, found->p[i]);
        }
    }
    return writer_str(&w);
}

struct err path_id(const struct request *rq, const char *name, const char *prefix, int64_t *out)
{
    const struct str *found = param(rq, name);

    assert(found);
    assert(rq->ids);
    REQUIRE(id_parse(*found, rq->ids, prefix, out), HTTP_ID_UNKNOWN);
    return OK;
}

struct err query_read(const struct request *rq, const struct json_field *fields, size_t n)
{
    struct body query = body_over(str_bytes(rq->query), rq->arena, rq->problems, rq->ids);

    if (!(rq->route->flags & ROUTE_PAGE)) return form_read(query, fields, n);
    return form_read_lenient(query, fields, n);
}

static bool same_word(struct str a, struct str lower)
{
    if (a.n != lower.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        char c = a.p[i] >= 'A' && a.p[i] <= 'Z' ? (char)(a.p[i] + ('a' - 'A')) : a.p[i];

        if (c != lower.p[i]) return false;
    }
    return true;
}

bool request_type(const struct request *rq, const char *type)
{
    struct str rest = request_header(rq, "content-type");
    struct str media = str_trim(str_cut(rest, ';', &rest)), parameter = str_trim(rest);

    if (!same_word(media, str_of(type))) return false;
    return parameter.n == 0 || same_word(parameter, S("charset=utf-8")) ||
           same_word(parameter, S("charset=\"utf-8\""));
}

int64_t request_last_event(const struct request *rq, int64_t otherwise)
{
    int64_t position;

    if (!str_int(request_header(rq, "last-event-id"), 0, INT64_MAX, &position)) return otherwise;
    return position;
}

/* RFC 9110 12.5.4: the known language with the greatest weight, the first of equals; "*" is
 * Chinese. */
enum language language_of(struct str cookie, struct str accept)
{
    enum language best = LANGUAGE_ZH;
    int64_t best_weight = 0;

    if (str_starts(cookie, S("zh"))) return LANGUAGE_ZH;
    if (str_starts(cookie, S("en"))) return LANGUAGE_EN;
    while (accept.n > 0) {
        struct str weight_text, range = str_trim(str_cut(accept, ',', &accept));
        struct str tag = str_trim(str_cut(range, ';', &weight_text));
        struct str first = str_cut(tag, '-', &range);
        int64_t weight = 1000;

        weight_text = str_trim(weight_text);
        if (str_starts(weight_text, S("q="))) {
            struct str fraction, whole = str_cut(str_part(weight_text, 2, 5), '.', &fraction);

            weight = str_eq(whole, S("1")) ? 1000 : 0;
            for (size_t i = 0, unit = 100; weight < 1000 && i < fraction.n && i < 3; i++) {
                if (fraction.p[i] < '0' || fraction.p[i] > '9') break;
                weight += (fraction.p[i] - '0') * (int64_t)unit;
                unit /= 10;
            }
        }
        if (weight <= best_weight) continue;
        if (same_word(first, S("zh")) || str_eq(first, S("*"))) {
            best = LANGUAGE_ZH;
            best_weight = weight;
        } else if (same_word(first, S("en"))) {
            best = LANGUAGE_EN;
            best_weight = weight;
        }
    }
    return best;
}

static void new_id(struct conn *c)
{
    static const char DIGITS[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's */
    uint64_t random = prng_next(&c->ids);

    memcpy(c->id, "req_", 4);
    for (int i = 4; i < REQUEST_ID_MAX; i++) {
        c->id[i] = DIGITS[random & 31];
        random >>= 5;
    }
}

void request_begin(struct conn *c)
{
    const struct http_config *config = &c->server->config;
    struct request *rq = &c->rq;
    struct str real;

    new_id(c);
    *rq = (struct request){
        .path = S("/"),
        .headers = c->head.headers,
        .headers_n = c->head.headers_n,
        .arena = &c->scratch,
        .problems = &c->problems,
        .peer = str_of(c->peer),
        .at = clock_now(&config->clock),
        .id = { .p = c->id, .n = REQUEST_ID_MAX },
        .ids = config->ids,
    };
    c->problems.n = 0;
    rq->body = body_over((struct bytes){ 0 }, rq->arena, rq->problems, rq->ids);
    rq->language = language_of(request_cookie(rq, "lang"),
                               find_header(rq->headers, rq->headers_n, "accept-language"));
    if (!config->trust_proxy) return;
    real = find_header(rq->headers, rq->headers_n, "x-real-ip");
    if (real.n == 0 || real.n >= sizeof c->real_peer) return;
    memcpy(c->real_peer, real.p, real.n);
    rq->peer = (struct str){ .p = c->real_peer, .n = real.n };
}
