/* http/router.h - from a method and a path to a route. */
#pragma once
#include "http/http.h"

enum { SEGMENTS_MAX = 10, ROUTES_MAX = 1024 };

struct router_row {
    const struct route *route;
    struct str segments[SEGMENTS_MAX]; /* {name} keeps its braces */
    int segments_n, params_n;
    int next; /* in its bucket; -1 ends */
};
struct router {
    struct router_row *rows; /* in the order of the table */
    size_t n;
    int buckets[256]; /* first row; -1 none. Within a bucket, fewer parameters first */
};
/* `rows` has room for n. Faults FAULT_CONFIG naming the line that can't work. */
RESULT router_init(struct router *router, struct router_row *rows, const struct route *routes,
                   size_t n);
/* The route; or refuses HTTP_ROUTE_UNKNOWN, or HTTP_METHOD_REFUSED with the methods there are as
 * bits 1 << method in *allowed. params are slices of the path, not yet decoded. */
RESULT router_find(const struct router *router, enum method method, struct str path,
                   const struct route **route, struct str params[PATH_PARAMS_MAX],
                   unsigned *allowed);
