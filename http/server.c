/* http/server.c - opening, draining and closing the server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "http/inside.h"

/* Half of the processors: an HTTP thread keeps one busy, and the handlers and the store need the
 * others. More of them than that take turns with their own clients and double the p99. */
static int threads_here(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 2) return 1;
    return processors > 128 ? 64 : (int)processors / 2;
}

static void fill_limits(struct http_limits *l)
{
    if (l->threads == 0) l->threads = threads_here();
    if (l->workers == 0) l->workers = 128;
    if (l->connections == 0) l->connections = 4096;
    if (l->connections_per_address == 0) l->connections_per_address = 2048;
    if (l->requests == 0) l->requests = 1024;
    if (l->body_max == 0) l->body_max = 64 * 1024;
    if (l->reply_max == 0) l->reply_max = 1024 * 1024;
    if (l->arena == 0) l->arena = 1024 * 1024;
    if (l->header_usec == 0) l->header_usec = 10 * USEC_PER_SEC;
    if (l->body_usec == 0) l->body_usec = 30 * USEC_PER_SEC;
    if (l->reply_usec == 0) l->reply_usec = 60 * USEC_PER_SEC;
    if (l->idle_usec == 0) l->idle_usec = 75 * USEC_PER_SEC;
    if (l->comment_usec == 0) l->comment_usec = 15 * USEC_PER_SEC;
}

static struct err listen_unix(struct http_server *server, const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct stat st;

    if (strlen(path) >= sizeof at.sun_path) return fault(FAULT_CONFIG, "socket path is too long");
    memcpy(at.sun_path, path, strlen(path) + 1);
    memcpy(server->socket_path, path, strlen(path) + 1);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) unlink(path); /* a stale one */
    server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listen_fd < 0 ||
        bind(server->listen_fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        chmod(path, 0660) != 0 || /* a proxy of our group may connect, whatever the umask */
        listen(server->listen_fd, SOMAXCONN) != 0) {
        return fault(FAULT_IO, "listen on %s: %s", path, strerror(errno));
    }
    return OK;
}

static struct err listen_tcp(struct http_server *server, const char *host, int port)
{
    struct sockaddr_storage at = { 0 };
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    socklen_t n;
    int one = 1;

    if (port < 0 || port > 65535) return fault(FAULT_CONFIG, "port %d", port);
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        n = sizeof in;
        memcpy(&at, &in, n);
    } else if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        n = sizeof in6;
        memcpy(&at, &in6, n);
    } else {
        return fault(FAULT_CONFIG, "%s is no address", host);
    }
    server->listen_fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listen_fd < 0) return fault(FAULT_IO, "socket: %s", strerror(errno));
    setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(server->listen_fd, (const struct sockaddr *)&at, n) != 0 ||
        listen(server->listen_fd, SOMAXCONN) != 0) {
        return fault(FAULT_IO, "listen on %s port %d: %s", host, port, strerror(errno));
    }
    n = sizeof at;
    if (getsockname(server->listen_fd, (struct sockaddr *)&at, &n) != 0) {
        return fault(FAULT_IO, "getsockname: %s", strerror(errno));
    }
    memcpy(&in, &at, sizeof in); /* the port stands at the same place in both */
    server->port = ntohs(in.sin_port);
    return OK;
}

static struct err make_conns(struct http_server *server)
{
    size_t n = (size_t)server->limits.connections, size = n * sizeof *server->conns;
    uint64_t seed;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED) return fault(FAULT_MEMORY, "%zu connections", n);
    server->conns = p;
    server->config.entropy.fill(server->config.entropy.arg, &seed, sizeof seed);
    server->config.entropy.fill(server->config.entropy.arg, &server->coming_seed,
                                sizeof server->coming_seed);
    for (size_t i = n; i-- > 0;) {
        struct conn *c = &server->conns[i];

        c->server = server;
        c->fd = -1;
        c->ids.state = seed + i * 0x9E3779B97F4A7C15u;
        c->ids.state = prng_next(&c->ids);
        c->next_free = server->conns_free;
        server->conns_free = c;
    }
    return OK;
}

/* The next bytes of a body that a route may take stand in its arena, beside what the handler needs.
 */
static uint32_t largest_body(const struct http_server *server)
{
    uint32_t most = server->limits.body_max;

    for (size_t i = 0; i < server->config.routes_n; i++) {
        if (server->config.routes[i].body_max > most) most = server->config.routes[i].body_max;
    }
    return most;
}

static struct err start_daemon(struct http_server *server)
{
    const struct http_config *config = &server->config;
    bool shared = config->socket || config->trust_proxy;
    struct MHD_OptionItem options[] = {
        { MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, server->limits.connections, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL },
        { shared ? MHD_OPTION_END : MHD_OPTION_PER_IP_CONNECTION_LIMIT,
          server->limits.connections_per_address, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    sigset_t all, before;

    /* signals are for the main thread: a worker that takes SIGTERM never wakes pause() there */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (server->limits.threads > 1) {
        server->daemon = MHD_start_daemon(
            flags, 0, NULL, NULL, on_request, server, MHD_OPTION_ARRAY, options,
            MHD_OPTION_THREAD_POOL_SIZE, (unsigned)server->limits.threads,
            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
            on_completed, server, MHD_OPTION_URI_LOG_CALLBACK, on_line, server, MHD_OPTION_END);
    } else {
        server->daemon = MHD_start_daemon(
            flags, 0, NULL, NULL, on_request, server, MHD_OPTION_ARRAY, options,
            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
            on_completed, server, MHD_OPTION_URI_LOG_CALLBACK, on_line, server, MHD_OPTION_END);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!server->daemon) return fault(FAULT_IO, "the HTTP library did not start");
    return OK;
}

static struct err open_parts(struct http_server *server)
{
    const struct http_config *config = &server->config;
    sigset_t all, before;
    struct err end;

    server->router_rows = calloc(config->routes_n + 1, sizeof *server->router_rows);
    server->counts = calloc(config->routes_n + 1, sizeof *server->counts);
    if (!server->router_rows || !server->counts) return fault(FAULT_MEMORY, "routes");
    TRY(router_init(&server->router, server->router_rows, config->routes, config->routes_n));
    server->slot_bytes = (server->limits.arena + largest_body(server) + 4095u) & ~(size_t)4095u;
    TRY(make_conns(server));
    if (config->socket) {
        TRY(listen_unix(server, config->socket));
    } else {
        TRY(listen_tcp(server, config->host ? config->host : "127.0.0.1", config->port));
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    end = workers_start(server);
    if (end.code == 0) end = sweeper_start(server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    TRY(end);
    return start_daemon(server);
}

struct err http_open(const struct http_config *config, struct http_server **out)
{
    struct http_server *server = calloc(1, sizeof *server);
    struct err end;

    if (!server) return fault(FAULT_MEMORY, "server");
    server->config = *config;
    server->limits = config->limits;
    server->listen_fd = -1;
    fill_limits(&server->limits);
    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->slot_lock, NULL);
    pthread_mutex_init(&server->queue_lock, NULL);
    pthread_mutex_init(&server->stream_lock, NULL);
    pthread_cond_init(&server->queue_ready, NULL);
    end = open_parts(server);
    if (end.code != 0) {
        http_close(server);
        return end;
    }
    *out = server;
    return OK;
}

int http_port(const struct http_server *server)
{
    return server->port;
}

/* Shut down the sockets of connections that wait for a request, or of all. */
static void cut(struct http_server *server, bool all)
{
    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->limits.connections; i++) {
        struct conn *c = &server->conns[i];

        if (c->fd < 0) continue;
        if (all || atomic_load(&c->phase) == PHASE_IDLE) shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&server->lock);
}

/* True when no connection was left before `until`. */
static bool wait_empty(struct http_server *server, int64_t until, bool idle)
{
    const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };

    while (atomic_load(&server->connections) > 0) {
        if (ticks_fine() >= until) return false;
        if (idle) cut(server, false);
        nanosleep(&pause, NULL);
    }
    return true;
}

void http_drain(struct http_server *server, int64_t cap_usec)
{
    if (!server->daemon || atomic_exchange(&server->draining, true)) return;
    (void)MHD_quiesce_daemon(server->daemon); /* the listening socket is ours again */
    close(server->listen_fd);
    server->listen_fd = -1;
    if (server->socket_path[0]) unlink(server->socket_path);
    streams_resume(server, -1, INT64_MAX);
    if (wait_empty(server, ticks_fine() + cap_usec, true)) return;
    /* Past the cap: nobody is waited for but our own workers, whose connections are suspended and
     * must be resumed before the library may be stopped (it aborts the process otherwise). */
    cut(server, true);
    (void)wait_empty(server, INT64_MAX, false);
}

void http_close(struct http_server *server)
{
    if (!server) return;
    http_drain(server, 10 * USEC_PER_SEC);
    if (server->daemon) MHD_stop_daemon(server->daemon);
    sweeper_stop(server);
    workers_stop(server);
    if (server->listen_fd >= 0) close(server->listen_fd);
    if (server->conns) {
        munmap(server->conns, (size_t)server->limits.connections * sizeof *server->conns);
    }
    pthread_mutex_destroy(&server->lock);
    pthread_mutex_destroy(&server->slot_lock);
    pthread_mutex_destroy(&server->queue_lock);
    pthread_mutex_destroy(&server->stream_lock);
    pthread_cond_destroy(&server->queue_ready);
    free(server->counts);
    free(server->router_rows);
    free(server);
}
