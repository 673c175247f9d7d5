/* http/router.c - routes in buckets by the number of segments and the first two of them. */
#include "http/router.h"

static int split(struct str path, struct str segments[SEGMENTS_MAX])
{
    struct str rest = str_part(path, 1, path.n);
    int n = 0;

    while (rest.n > 0) {
        if (n == SEGMENTS_MAX) return -1;
        segments[n++] = str_cut(rest, '/', &rest);
    }
    return n;
}

static bool is_param(struct str segment)
{
    return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

/* FNV-1a over the count and the first `fixed` segments; parameters hash as nothing */
static unsigned bucket_of(const struct str *segments, int n, int fixed)
{
    uint32_t h = 2166136261u ^ (uint32_t)n;

    for (int i = 0; i < n && i < fixed; i++) {
        h = (h ^ '/') * 16777619u;
        for (size_t k = 0; k < segments[i].n; k++)
            h = (h ^ (uint8_t)segments[i].p[k]) * 16777619u;
    }
    return (h ^ (h >> 16)) & 255u;
}

static int fixed_of(const struct router_row *row)
{
    int n = 0;

    while (n < row->segments_n && n < 2 && !is_param(row->segments[n]))
        n++;
    return n;
}

static bool same_shape(const struct router_row *a, const struct router_row *b)
{
    if (a->segments_n != b->segments_n) return false;
    for (int i = 0; i < a->segments_n; i++) {
        if (is_param(a->segments[i]) != is_param(b->segments[i])) return false;
        if (!is_param(a->segments[i]) && !str_eq(a->segments[i], b->segments[i])) return false;
    }
    return true;
}

static void insert(struct router *router, int at)
{
    struct router_row *row = &router->rows[at];
    int *link = &router->buckets[bucket_of(row->segments, row->segments_n, fixed_of(row))];

    while (*link >= 0 && router->rows[*link].params_n <= row->params_n) {
        link = &router->rows[*link].next;
    }
    row->next = *link;
    *link = at;
}

struct err router_init(struct router *router, struct router_row *rows, const struct route *routes,
                       size_t n)
{
    if (n > ROUTES_MAX) return fault(FAULT_CONFIG, "more than %d routes", ROUTES_MAX);
    *router = (struct router){ .rows = rows, .n = n };
    for (size_t i = 0; i < LEN(router->buckets); i++)
        router->buckets[i] = -1;
    for (size_t i = 0; i < n; i++) {
        struct router_row *row = &rows[i];

        *row = (struct router_row){ .route = &routes[i] };
        if (!routes[i].path || routes[i].path[0] != '/' || !routes[i].run) {
            return fault(FAULT_CONFIG, "route %zu has no path or no handler", i);
        }
        row->segments_n = split(str_of(routes[i].path), row->segments);
        if (row->segments_n < 0) return fault(FAULT_CONFIG, "route %s is too deep", routes[i].path);
        for (int k = 0; k < row->segments_n; k++)
            row->params_n += is_param(row->segments[k]);
        if (row->params_n > PATH_PARAMS_MAX) {
            return fault(FAULT_CONFIG, "route %s has too many parameters", routes[i].path);
        }
        for (size_t k = 0; k < i; k++) {
            if (routes[k].method == routes[i].method && same_shape(&rows[k], row)) {
                return fault(FAULT_CONFIG, "route %s stands there twice", routes[i].path);
            }
        }
        insert(router, (int)i);
    }
    return OK;
}

static bool matches(const struct router_row *row, const struct str *segments, int n)
{
    if (row->segments_n != n) return false;
    for (int i = 0; i < n; i++) {
        if (!is_param(row->segments[i]) && !str_eq(row->segments[i], segments[i])) return false;
    }
    return true;
}

struct err router_find(const struct router *router, enum method method, struct str path,
                       const struct route **route, struct str params[PATH_PARAMS_MAX],
                       unsigned *allowed)
{
    struct str segments[SEGMENTS_MAX];
    int n = split(path, segments), shape = -1;

    *allowed = 0;
    REQUIRE(n >= 0, HTTP_ROUTE_UNKNOWN);
    /* Most literal first: once a template of some shape matches the path, only templates of that
     * shape count, so that "/cards/searches" is never taken for a card's id under another method.
     */
    for (int fixed = 2; fixed >= 0 && shape < 0; fixed--) {
        for (int at = router->buckets[bucket_of(segments, n, fixed)]; at >= 0;
             at = router->rows[at].next) {
            const struct router_row *row = &router->rows[at];

            if (fixed_of(row) != (fixed < n ? fixed : n) || !matches(row, segments, n)) continue;
            if (shape >= 0 && !same_shape(&router->rows[shape], row)) continue;
            shape = at;
            *allowed |= 1u << row->route->method;
            if (row->route->method != method) continue;
            for (int i = 0, k = 0; i < n; i++) {
                if (is_param(row->segments[i])) params[k++] = segments[i];
            }
            *route = row->route;
            return OK;
        }
    }
    if (shape < 0) REFUSE(HTTP_ROUTE_UNKNOWN);
    REFUSE(HTTP_METHOD_REFUSED);
}
