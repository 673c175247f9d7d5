/* api/routes.c - every route on one line: method, path, who and how, what it takes, handler. */
#include "api/handlers.h"

#define GET METHOD_GET
#define NOW ROUTE_IMMEDIATE
#define PUBLIC API_PUBLIC

/* clang-format off */
const struct route ROUTES[] = {
    /* method, path, flags, scope, handler, query, body_max */
    { GET, "/v1/version",              PUBLIC | NOW, NULL, get_version, NULL, 0 },
    { GET, "/v1/openapi.json",         PUBLIC | NOW, NULL, get_openapi, NULL, 0 },
    { GET, "/docs/errors",             PUBLIC,       NULL, get_errors,  NULL, 0 },
    { GET, "/docs/errors/{code}",      PUBLIC,       NULL, get_error,   NULL, 0 },
};
const size_t ROUTES_N = LEN(ROUTES);

const struct route INTERNAL_ROUTES[] = {
    { GET, "/healthz", NOW, NULL, get_health,  NULL, 0 },
    { GET, "/readyz",  0,   NULL, get_ready,   NULL, 0 },
    { GET, "/metrics", 0,   NULL, get_metrics, NULL, 0 },
};
const size_t INTERNAL_ROUTES_N = LEN(INTERNAL_ROUTES);
/* clang-format on */
