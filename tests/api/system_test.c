/* tests/api/system_test.c - the description against the route table, the first routes, every
 * refusal's words. */
#include <ctype.h>

#include "tests/api/client.h"

static enum health store_state;
static enum health store_check(struct app *app, struct writer *why)
{
    (void)app;
    if (store_state != HEALTH_OK) put_str(why, S("the disk is full"));
    return store_state;
}
static enum health sms_check(struct app *app, struct writer *why)
{
    (void)app;
    (void)why;
    return HEALTH_UNREACHABLE;
}

static const char *const METHODS[METHODS_N] = { "get", "post", "put", "patch", "delete" };

static bool names_parameter(const json_t *operation, const char *ref, struct str name)
{
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(operation, "parameters"), i, one)
    {
        const char *to = json_string_value(json_object_get(one, "$ref"));
        const char *called = json_string_value(json_object_get(one, "name"));
        char lower[64] = { 0 };

        if (to && ref && strcmp(to, ref) == 0) return true;
        if (called && name.n > 0 && str_eq(str_of(called), name)) return true;
        if (!to || name.n == 0) continue;
        to = strrchr(to, '/') + 1; /* "#/components/parameters/Limit" is `limit` */
        for (size_t k = 0; to[k] && k + 1 < sizeof lower; k++)
            lower[k] = (char)tolower(to[k]);
        if (str_eq(str_of(lower), name)) return true;
    }
    return false;
}

static bool open_to_all(const json_t *operation)
{
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(operation, "security"), i, one)
    {
        if (json_object_size(one) == 0) return true;
    }
    return false;
}

static void test_route(const struct route *route, const json_t *paths)
{
    const json_t *operation =
        json_object_get(json_object_get(paths, route->path), METHODS[route->method]);
    struct str query = str_of(route->query);
    uint64_t bits;

    if (!CHECK(route->path, operation)) return;
    CHECK(route->path, ((route->flags & API_PUBLIC) != 0) == open_to_all(operation));
    CHECK(route->path,
          ((route->flags & API_ONCE) != 0) ==
              names_parameter(operation, "#/components/parameters/IdempotencyKey", S("")));
    CHECK(route->path, ((route->flags & API_PURPOSE) != 0) ==
                           names_parameter(operation, "#/components/parameters/Purpose", S("")));
    while (query.n > 0) {
        struct str one = str_cut(query, ' ', &query);

        CHECK(route->path, names_parameter(operation, NULL, one));
    }
    if (route->scope) CHECK(route->path, scope_bits(str_of(route->scope), &bits));
}

static void test_routes(void)
{
    json_error_t error;
    json_t *whole = json_loadb((const char *)OPENAPI, OPENAPI_N, JSON_REJECT_DUPLICATES, &error);
    json_t *paths = json_object_get(whole, "paths"), *path;
    const char *name;
    size_t described = 0;
    int64_t served = 0;

    CHECK("the description is JSON", whole != NULL);
    for (size_t i = 0; i < ROUTES_N; i++) {
        if (ROUTES[i].flags & API_PAGE) continue; /* pages are for people: no program reads them */
        test_route(&ROUTES[i], paths);
        served++;
    }
    json_object_foreach(paths, name, path) described += json_object_size(path);
    CHECK_INT("nothing is described that is not there", (int64_t)described, served);
    json_decref(whole);
}

static bool well_told(const struct refusal *one)
{
    for (const char *c = one->code; *c; c++) {
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_') return false;
    }
    return one->status >= 400 && one->status <= 599 && one->title_en[0] && one->title_zh[0] &&
           one->detail_en[0] && one->detail_zh[0];
}

static void test_refusals(void)
{
    static const char *slugs[10000];
    struct refusal one, again;
    size_t n = 0;
    int code;

    for (int i = 1000; i < 10000; i++) {
        if (!refusal_known(i, &one)) continue;
        if (!well_told(&one)) CHECK(one.code, false);
        for (size_t k = 0; k < n; k++) {
            if (strcmp(slugs[k], one.code) == 0) CHECK(one.code, false);
        }
        slugs[n++] = one.code;
    }
    CHECK("some 200 refusals, each with its own code and words", n > 150);
    CHECK("by its code", refusal_by_slug(S("slot_closed"), &again, &code) && code == 7002);
    CHECK("no such code", !refusal_by_slug(S("slot_opened"), &again, &code));
    CHECK_INT("a fault is an answer too", refusal_of(FAULT_STORE_UNKNOWN).status, 504);
    CHECK_INT("a code nobody knows is a failure", refusal_of(9999).status, 500);
}

static void test_public(struct client *client)
{
    CHECK_INT("version", client_ask(client, "GET /v1/version", "", ""), 200);
    CHECK("what runs", client_has(client, "\"version\":\"0.1.0\",\"commit\":\"0123abc\""));
    CHECK("the server's time", client_has(client, "\"time\":\"2021-08-20T15:32:07+08:00\""));
    CHECK_INT("the description", client_ask(client, "GET /v1/openapi.json", "", ""), 200);
    CHECK("as JSON", client_has(client, "Content-Type: application/json\r\n"));
    CHECK_INT("a page of all refusals", client_ask(client, "GET /docs/errors", "", ""), 200);
    CHECK("with links", client_has(client, "<a href=\"/docs/errors/sign_in\">"));
    CHECK_INT("one refusal",
              client_ask(client, "GET /docs/errors/slot_closed", "Accept-Language: en\r\n", ""),
              200);
    CHECK("in English", client_has(client, "<h1>The slot is not open</h1>"));
    CHECK_INT("no such refusal", client_ask(client, "GET /docs/errors/none", "", ""), 404);
    CHECK_STR("its code", client_code(client), S("unknown"));
    CHECK_INT("no such address", client_ask(client, "GET /v1/none", "", ""), 404);
    CHECK("problem+json", client_has(client, "Content-Type: application/problem+json\r\n"));
    CHECK("in Chinese when nothing is said", client_has(client, "\"title\":\"没有该地址\""));
    CHECK("with the number to call", client_has(client, "\"help\":\"tel:12333\""));
    CHECK("with its request", client_has(client, "\"request_id\":\"req_"));
    CHECK_INT("no such method",
              client_ask(client, "DELETE /v1/version", "Accept-Language: en-GB, zh;q=0.5\r\n", ""),
              405);
    CHECK("in English when asked",
          client_has(client, "\"title\":\"This method is not for this address\""));
    CHECK_INT("an unknown parameter", client_ask(client, "GET /v1/version?a=1", "", ""), 400);
    CHECK_INT("nothing of the inside is outside", client_ask(client, "GET /metrics", "", ""), 404);
}

static void test_internal(struct client *client)
{
    CHECK_INT("alive", client_ask(client, "GET /healthz", "", ""), 200);
    CHECK_INT("ready, though the SMS gateway is away", client_ask(client, "GET /readyz", "", ""),
              200);
    CHECK("which is told", client_has(client, "\"sms\":{\"state\":\"unreachable\"}"));
    store_state = HEALTH_ERRORING;
    CHECK_INT("not ready without the store", client_ask(client, "GET /readyz", "", ""), 503);
    CHECK("and why",
          client_has(client, "\"store\":{\"state\":\"erroring\",\"why\":\"the disk is full\"}"));
    CHECK_INT("metrics", client_ask(client, "GET /metrics", "", ""), 200);
    CHECK("of the public listener",
          client_has(client, "ykt_http_requests_total{listener=\"public\",method=\"GET\",route="
                             "\"/v1/version\",status=\"2xx\"} 1\n"));
}

int main(void)
{
    static struct client client, internal;
    static const struct health_check CHECKS[] = {
        { "store", store_check, true },
        { "sms", sms_check, false },
    };
    struct app app = { .clock = { .now = raw_clock },
                       .entropy = entropy_system(),
                       .checks = CHECKS,
                       .checks_n = LEN(CHECKS),
                       .version = "0.1.0",
                       .commit = "0123abc",
                       .test_system = true,
                       .help = S("tel:12333") };
    struct http_config config = { .limits = { .workers = 4, .connections = 64 },
                                  .clock = app.clock,
                                  .entropy = app.entropy };
    struct http_config inside = config;

    test_routes();
    test_refusals();
    CHECK_OK("sessions", sessions_open(100, &app.sessions));
    api_http(&app, &config);
    api_http_internal(&app, &inside);
    CHECK_OK("the public listener", http_open(&config, &app.http));
    CHECK_OK("the internal one", http_open(&inside, &app.internal));
    client_open(&client, http_port(app.http));
    internal.port = http_port(app.internal);
    test_public(&client);
    test_internal(&internal);
    client_close(&client);
    http_close(app.http);
    http_close(app.internal);
    sessions_close(app.sessions);
    return test_end();
}
