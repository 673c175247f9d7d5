/* http/metrics.c - counts of the door, in Prometheus' text format (0.0.4). */
#include "http/inside.h"

static const int64_t BOUNDS[BUCKETS] = { /* usec */
                                         500,   1000,   2000,    5000,   10000,
                                         50000, 200000, 1000000, 5000000
};
static const char *const BOUND_TEXT[BUCKETS] = { "0.0005", "0.001", "0.002", "0.005", "0.01",
                                                 "0.05",   "0.2",   "1",     "5" };

void count_answer(struct http_server *server, const struct route *route, int status, int64_t usec)
{
    bool ours = route && route != server->config.nowhere;
    size_t at = ours ? (size_t)(route - server->config.routes) : server->config.routes_n;
    struct route_counts *counts = &server->counts[at];
    int class = status / 100, bucket = 0;

    if (class < 0 || class > 5) class = 0;
    while (bucket < BUCKETS && usec > BOUNDS[bucket])
        bucket++;
    atomic_fetch_add_explicit(&counts->by_class[class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->usec, usec, memory_order_relaxed);
}

struct http_counts http_counts(const struct http_server *server)
{
    return (struct http_counts){
        .connections = atomic_load(&server->connections),
        .in_work = atomic_load(&server->in_work),
        .streams = atomic_load(&server->streams),
        .requests = atomic_load(&server->requests),
        .cut = atomic_load(&server->cut),
        .refused = atomic_load(&server->refused),
    };
}

static void put_family(struct writer *w, const char *name, const char *type, const char *help)
{
    put_format(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static const char *route_name(const struct http_server *server, size_t i)
{
    return i < server->config.routes_n ? server->config.routes[i].path : "none";
}

static const char *method_name(const struct http_server *server, size_t i)
{
    static const char *const NAMES[METHODS_N] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

    return i < server->config.routes_n ? NAMES[server->config.routes[i].method] : "none";
}

void http_metrics(const struct http_server *server, const char *listener, struct writer *w)
{
    struct http_counts now = http_counts(server);

    put_family(w, "ykt_http_requests_total", "counter", "Answers by route and class of status.");
    for (size_t i = 0; i <= server->config.routes_n; i++) {
        for (int class = 1; class <= 5; class ++) {
            int64_t n = atomic_load(&server->counts[i].by_class[class]);

            if (n == 0) continue; /* a series appears with its first answer */
            put_format(w,
                       "ykt_http_requests_total{listener=\"%s\",method=\"%s\",route=\"%s\","
                       "status=\"%dxx\"} %" PRId64 "\n",
                       listener, method_name(server, i), route_name(server, i), class, n);
        }
    }
    put_family(w, "ykt_http_duration_seconds", "histogram", "From the request line to the answer.");
    for (size_t i = 0; i <= server->config.routes_n; i++) {
        int64_t n = 0;

        for (int b = 0; b <= BUCKETS; b++)
            n += atomic_load(&server->counts[i].buckets[b]);
        if (n == 0) continue;
        n = 0;
        for (int b = 0; b <= BUCKETS; b++) {
            n += atomic_load(&server->counts[i].buckets[b]);
            put_format(
                w,
                "ykt_http_duration_seconds_bucket{listener=\"%s\",method=\"%s\",route=\"%s\","
                "le=\"%s\"} %" PRId64 "\n",
                listener, method_name(server, i), route_name(server, i),
                b < BUCKETS ? BOUND_TEXT[b] : "+Inf", n);
        }
        put_format(
            w,
            "ykt_http_duration_seconds_sum{listener=\"%s\",method=\"%s\",route=\"%s\"} %" PRId64
            ".%06" PRId64 "\n",
            listener, method_name(server, i), route_name(server, i),
            atomic_load(&server->counts[i].usec) / USEC_PER_SEC,
            atomic_load(&server->counts[i].usec) % USEC_PER_SEC);
        put_format(
            w,
            "ykt_http_duration_seconds_count{listener=\"%s\",method=\"%s\",route=\"%s\"} %" PRId64
            "\n",
            listener, method_name(server, i), route_name(server, i), n);
    }
    struct {
        const char *name, *type, *help;
        int64_t value;
    } singles[] = {
        { "ykt_http_connections", "gauge", "Open connections.", now.connections },
        { "ykt_http_in_work", "gauge", "Requests with a worker.", now.in_work },
        { "ykt_http_streams", "gauge", "Open event streams.", now.streams },
        { "ykt_http_cut_total", "counter", "Connections cut at a deadline.", now.cut },
        { "ykt_http_refused_total", "counter", "Refusals of the guard and router.", now.refused },
    };
    for (size_t i = 0; i < LEN(singles); i++) {
        put_family(w, singles[i].name, singles[i].type, singles[i].help);
        put_format(w, "%s{listener=\"%s\"} %" PRId64 "\n", singles[i].name, listener,
                   singles[i].value);
    }
}
