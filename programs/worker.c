/* programs/worker.c - the worker's parts, opened in the order in which each stands on the one
 * before, and closed the other way round. */
#include "programs/worker.h"

#include "api/api.h"
#include "api/record_line.h"
#include "base/log.h"
#include "catalogue/catalogue.h"
#include "crypto/blind.h"
#include "crypto/crypto.h"
#include "crypto/keyd.h"
#include "identity/derived.h"
#include "identity/identity.h"
#include "programs/courier.h"
#include "programs/health.h"
#include "programs/loops.h"
#include "programs/nouns.h"
#include "programs/replacement.h"
#include "programs/sandbox.h"
#include "programs/settings.h"
#include "registry/signin.h"
#include "web/web.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { LIMITS_MAX = 100000, SECRET_FILE_MAX = 200 };
#define DRAIN_USEC (15 * USEC_PER_SEC)

struct worker {
    const struct config *config;
    struct arena *arena;
    struct app app;
    struct keyd *keyd;
    struct blind_key blind;
    struct id_codec ids;
    struct store *store;
    struct derived *derived;
    struct catalogue_shelf *shelf;
    struct identity *identity;
    struct registry registry;
    struct courier *courier;
    struct bytes sms_secret; /* empty: nothing is sent */
    struct loops *loops;
};

/* ---- keys: the one lent key, and signatures by purpose ---- */

static void seal_hash(void *arg, struct bytes in, uint8_t out[32])
{
    (void)arg;
    sm3(in, out);
}

static struct err seal_sign(void *keyd, const uint8_t hash[32], uint8_t out[80], size_t *n)
{
    struct signature signature;
    struct writer w = writer_over(out, 80);

    TRY(keyd_sign(keyd, KEYD_SIGN_FEED_BLOCK, bytes_of(hash, 32), &signature));
    put_u8(&w, (uint8_t)signature.suite);
    put_bytes(&w, bytes_of(signature.kid, sizeof signature.kid));
    put_bytes(&w, bytes_of(signature.rs, sizeof signature.rs));
    *n = w.n;
    return OK;
}

static RESULT secret_file_read(const char *path, struct arena *arena, struct bytes *out)
{
    char *room = arena_take(arena, SECRET_FILE_MAX, 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && room ? read(fd, room, SECRET_FILE_MAX) : -1;

    if (fd >= 0) close(fd);
    if (n <= 0) return fault(FAULT_CONFIG, "%s can't be read", path);
    *out = str_bytes(str_trim((struct str){ room, (size_t)n }));
    return OK;
}

/* What the settings say of the keys, keyd must say, too. */
static RESULT keys_for_demo(struct worker *worker)
{
    struct public_key *keys = arena_take(worker->arena, sizeof *keys, PUBLIC_KEYS_MAX);
    size_t n;

    if (!keys) return fault(FAULT_MEMORY, "public keys");
    TRY(keyd_public_keys(worker->keyd, keys, PUBLIC_KEYS_MAX, &n));
    for (size_t i = 0; i < n; i++) {
        if (!keys[i].test)
            return fault(FAULT_CONFIG, "server.demo: a key is not marked as a test key");
    }
    return OK;
}

/* Before the sandbox: secrets may lie where the worker can't look later. */
static RESULT open_keys(struct worker *worker)
{
    if (config_text(worker->config, "sms.url").n > 0)
        TRY(secret_file_read(config_path(worker->config, "sms.secret_file"), worker->arena,
                             &worker->sms_secret));
    TRY(keyd_open(settings_socket(worker->config, worker->arena, "keyd"), &worker->keyd));
    if (config_bool(worker->config, "server.demo")) TRY(keys_for_demo(worker));
    TRY(keyd_blind_key(worker->keyd, &worker->blind));
    worker->ids = blind_id_codec(&worker->blind);
    return OK;
}

/* ---- records: store, derived state, catalogue ---- */

static void committed(void *arg, struct bytes note)
{
    struct worker *worker = arg;

    derived_note(worker->derived, note);
}

/* The demonstration and tests may work as who they like. */
static RESULT warn_unguarded(struct worker *worker)
{
    struct store_health health;

    if (worker->app.test_system) return OK;
    TRY(store_health(worker->store, &health));
    if (health.unguarded)
        log_event(LOG_WARN, "row security does not hold the database's role", LOG_NONE);
    return OK;
}

static RESULT open_records(struct worker *worker)
{
    const struct config *config = worker->config;
    const struct store_config store = {
        .url = config_text(config, "database.url"),
        .clock = system_clock(),
        .entropy = entropy_system(),
        .sealer = { .hash = seal_hash, .sign = seal_sign, .arg = worker->keyd },
        .readers = (int)config_int(config, "database.pool"),
        .committed = committed,
        .committed_arg = worker,
    };
    struct derived_config derived = { .folder = config_text(config, "derived.folder") };

    TRY(derived_new(&worker->derived)); /* before the store, which tells it of each commit */
    TRY(store_open(&store, &worker->store));
    TRY(warn_unguarded(worker));
    derived.store = worker->store;
    TRY(derived_open(worker->derived, &derived));
    return catalogue_shelf_open(worker->store, &worker->shelf);
}

/* ---- services ---- */

static RESULT open_services(struct worker *worker)
{
    struct app *app = &worker->app;
    const struct identity_config identity = {
        .store = worker->store,
        .keyd = worker->keyd,
        .blind = &worker->blind,
        .derived = worker->derived,
        .clock = app->clock,
        .entropy = app->entropy,
        .test_codes = app->test_system,
    };

    worker->registry = (struct registry){ .store = worker->store,
                                          .keyd = worker->keyd,
                                          .blind = &worker->blind,
                                          .shelf = worker->shelf,
                                          .entropy = app->entropy,
                                          .password_cost = PASSWORD_COST };
    return identity_open(&identity, &worker->identity);
}

static RESULT open_loops(struct worker *worker)
{
    const struct config *config = worker->config;
    struct loops_config loops = { .app = &worker->app,
                                  .registry = &worker->registry,
                                  .shelf = worker->shelf,
                                  .identity = worker->identity };

    if (config_text(config, "sms.url").n > 0) {
        loops.sms_secret = worker->sms_secret;
        TRY(courier_open(&worker->courier, settings_socket(config, worker->arena, "courier")));
        loops.courier = worker->courier;
    }
    return loops_open(&loops, &worker->loops);
}

/* ---- listeners ---- */

/* "127.0.0.1:8080" or "unix:/path". */
static RESULT listen_on(struct worker *worker, const char *setting, struct http_config *http)
{
    struct str where = config_text(worker->config, setting), port;
    int64_t number;

    if (str_starts(where, S("unix:"))) {
        http->socket = arena_c(worker->arena, str_part(where, 5, where.n));
        return OK;
    }
    http->host = arena_c(worker->arena, str_cut(where, ':', &port));
    if (!str_int(port, 0, 65535, &number)) {
        return fault(FAULT_CONFIG, "%s: not host:port or unix:PATH", setting);
    }
    http->port = (int)number;
    return OK;
}

static RESULT open_listeners(struct worker *worker)
{
    const struct config *config = worker->config;
    struct app *app = &worker->app;
    struct http_config http = {
        .clock = app->clock,
        .entropy = app->entropy,
        .ids = &worker->ids,
        .assets = WEB_ASSETS,
        .assets_n = WEB_ASSETS_N,
        .secure_cookies = config_bool(config, "server.behind_tls"),
        .trust_proxy = config_bool(config, "server.behind_tls"),
        .limits = { .threads = (int)config_int(config, "server.http_threads"),
                    .workers = (int)config_int(config, "server.workers") },
    };
    struct http_config internal = { .clock = app->clock,
                                    .entropy = app->entropy,
                                    .limits = { .threads = 1, .workers = 4 } };

    api_http(app, &http);
    TRY(listen_on(worker, "server.listen", &http));
    TRY(http_open(&http, &app->http));
    api_http_internal(app, &internal);
    TRY(listen_on(worker, "server.internal", &internal));
    return http_open(&internal, &app->internal);
}

/* ---- all of it ---- */

static RESULT enter_sandbox(struct worker *worker)
{
    static const char *const READ[] = { "/etc", "/usr", "/lib", "/lib64", "/proc", "/dev", NULL };
    const char *write[] = { config_path(worker->config, "derived.folder"),
                            config_path(worker->config, "server.run_folder"), "/tmp", NULL, NULL };
    struct str url = config_text(worker->config, "database.url");
    struct sandbox sandbox = { .name = "worker", .read = READ, .write = write, .inet = true };
    char said[200];

    if (str_starts(url, S("sqlite:"))) { /* the file, its WAL and its folder */
        char *path = arena_take(worker->arena, url.n + 1, 1), *slash;
        if (!path || !str_c(str_part(url, 7, url.n), path, url.n + 1)) {
            return fault(FAULT_CONFIG, "database.url");
        }
        slash = strrchr(path, '/');
        if (slash) *slash = 0;
        write[3] = slash ? path : ".";
    }
    TRY(sandbox_enter(&sandbox, said));
    log_event(LOG_INFO, "sandbox", LOG(log_text("what", str_of(said))));
    return OK;
}

static RESULT open_all(struct worker *worker)
{
    struct app *app = &worker->app;

    TRY(open_keys(worker));
    TRY(enter_sandbox(worker));
    TRY(open_records(worker));
    app->store = worker->store;
    app->keyd = worker->keyd;
    app->blind = &worker->blind;
    app->ids = &worker->ids;
    app->derived = worker->derived;
    TRY(open_services(worker));
    app->shelf = worker->shelf;
    app->registry = &worker->registry;
    app->identity = worker->identity;
    /* one secret for cursors and form tokens, the same after a restart: derived like a value's
     * hash, of a kind that no credential has */
    value_hash(&worker->blind, 65535, str_bytes(S("api: cursors and form tokens")), app->mac_key);
    TRY(sessions_open((size_t)config_int(worker->config, "server.sessions"), &app->sessions));
    TRY(sessions_load(app->sessions, app->store, clock_now(&app->clock)));
    TRY(once_memory_open(&app->once));
    TRY(limits_open(LIMITS_MAX, &app->entropy, &app->limits));
    TRY(record_line_open(&app->record_line));
    TRY(open_listeners(worker));
    return open_loops(worker);
}

/* What was done in the last second, so that a stopped store is sealed to its end. keyd, which
 * signs, is stopped after us. */
static void seal_rest(struct store *store)
{
    struct err err = store_seal(store);

    if (err.code != 0) log_fault("the last seal", err, LOG_NONE);
}

static void close_all(struct worker *worker)
{
    struct app *app = &worker->app;

    if (app->http) http_drain(app->http, DRAIN_USEC);
    loops_close(worker->loops);
    http_close(app->http);
    http_close(app->internal);
    courier_close(worker->courier);
    record_line_close(app->record_line);
    limits_close(app->limits);
    once_memory_close(app->once);
    sessions_close(app->sessions);
    identity_close(worker->identity);
    catalogue_shelf_close(worker->shelf);
    if (worker->store) seal_rest(worker->store);
    if (worker->store) store_close(worker->store);
    derived_close(worker->derived);
    blind_key_close(&worker->blind);
    keyd_close(worker->keyd);
}

struct err worker_run(const struct config *config, struct arena *arena)
{
    struct worker *worker = calloc(1, sizeof *worker);
    struct err err;
    sigset_t stop;
    int got;

    if (!worker) return fault(FAULT_MEMORY, "worker");
    sigemptyset(&stop); /* before any thread, so that all of them leave these to this one */
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    worker->config = config;
    worker->arena = arena;
    worker->app = (struct app){
        .clock = system_clock(),
        .entropy = entropy_system(),
        .test_system = config_bool(config, "server.test"),
        .demo = config_bool(config, "server.demo"),
        .public_url = config_text(config, "server.public_url"),
        .help = config_text(config, "server.help"),
        .checks_a_second = config_int(config, "limits.checks_per_second"),
        .version = YKT_VERSION,
        .commit = YKT_COMMIT,
        .checks = HEALTH_CHECKS,
        .checks_n = HEALTH_CHECKS_N,
        .metrics = METRICS,
        .metrics_n = METRICS_N,
        .replacement = REPLACEMENT,
        .replacement_n = REPLACEMENT_N,
    };
    err = open_all(worker);
    if (err.code == 0) {
        log_event(LOG_INFO, "ready", LOG(log_text("listen", config_text(config, "server.listen"))));
        sigwait(&stop, &got);
        log_event(LOG_INFO, "stopping", LOG_NONE);
    }
    close_all(worker);
    free(worker);
    return err;
}
