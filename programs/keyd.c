/* programs/keyd.c - `ykt keyd serve`: the key process. It listens on the socket that the parent
 * hands it (descriptor 3), or on one of its own, and gives up the network, other files and its core
 * dump before it answers. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/keyd_server.h"
#include "programs/nouns.h"
#include "programs/sandbox.h"
#include "programs/settings.h"

enum { INHERITED = 3, SETTINGS_ARENA_BYTES = 512 * 1024 };

static const char *const USES[KEYD_USES] = {
    [KEYD_USE_HOLDER] = "holder", [KEYD_USE_COUNTER] = "counter",
    [KEYD_USE_NOTICE] = "notice", [KEYD_USE_DISCLOSE] = "disclose",
    [KEYD_USE_PAY] = "pay",       [KEYD_USE_BULK] = "bulk",
    [KEYD_USE_LOOKUP] = "lookup", [KEYD_USE_NAME_TAG] = "name_tag",
    [KEYD_USE_TOTP] = "totp",
};

const char *settings_use_name(enum keyd_use use)
{
    return USES[use];
}

RESULT settings_keyd(const struct config *config, struct secret *pin, struct keyd_settings *out)
{
    struct str folder = config_text(config, "keys.folder");
    bool software = config_choice(config, "keys.device") == 0;

    TRY(secret_file(config_path(config, "keys.secret_file"), pin));
    *out = (struct keyd_settings){
        .dir = config_path(config, "keys.folder"),
        .hsm = { .kind = software ? HSM_SOFTWARE : HSM_PKCS11,
                 .path = software ? arena_c(config->arena, arena_format(config->arena, "%.*s/hsm",
                                                                        (int)folder.n, folder.p))
                                  : config_path(config, "keys.module"),
                 .token = arena_c(config->arena, config_text(config, "keys.token")),
                 .secret = secret_bytes(pin),
                 .test = software || config_bool(config, "keys.test") },
        .clock = system_clock(),
        .entropy = entropy_system(),
    };
    for (int use = 1; use < KEYD_USES; use++) {
        char name[64];
        struct writer w = writer_over(name, sizeof name);
        put_format(&w, "budget.%s_second%c", USES[use], 0);
        out->budgets[use].per_second = config_int(config, name);
        w = writer_over(name, sizeof name);
        put_format(&w, "budget.%s_day%c", USES[use], 0);
        out->budgets[use].per_day = config_int(config, name);
        out->actor_budgets[use] = keyd_actor_share((enum keyd_use)use, out->budgets[use]);
    }
    return OK;
}

static atomic_bool stop;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

/* The server's parent starts us with SIGINT ignored, and so it stays: the worker's last seal needs
 * keyd after a Ctrl-C that reaches all of them. */
static void signals_take(void)
{
    struct sigaction action = { .sa_handler = on_signal }, before;

    (void)sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        (void)sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

static bool listens(int fd)
{
    int on = 0;
    socklen_t n = sizeof on;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

static RESULT socket_take(struct cli *cli, int *fd)
{
    if (cli_has(cli, "socket"))
        return keyd_listen(arena_c(cli_arena(cli), cli_text(cli, "socket")), fd);
    if (!listens(INHERITED))
        return fault(FAULT_CONFIG, "no listening socket on descriptor 3: give --socket");
    *fd = INHERITED;
    return OK;
}

/* Secrets lie in locked pages anyway. Locking all of the rest, too, needs a right that a container
 * may lack; then it is said, not refused. */
static RESULT memory_lock(void)
{
    TRY(secret_process(false));
    if (!secret_locked())
        return fault(FAULT_MEMORY, "keys can't be locked into memory: raise the memlock limit");
    if (secret_process(true).code != 0)
        log_event(LOG_WARN, "memlock limit: buffers may reach swap, keys do not", LOG_NONE);
    return OK;
}

static RESULT sandbox_take(const struct keyd_settings *settings)
{
    /* a PKCS#11 module has files and sockets of its own that we do not know */
    const char *const files[] = { settings->dir, NULL }, *const all[] = { "/", NULL };
    const char *const libraries[] = { "/etc", "/usr", "/lib", NULL };
    bool software = settings->hsm.kind == HSM_SOFTWARE;
    const struct sandbox sandbox = { .name = "keyd",
                                     .read = software ? libraries : all,
                                     .write = software ? files : all };
    char said[200];

    TRY(sandbox_enter(&sandbox, said));
    log_event(LOG_INFO, "process", LOG(log_text("what", str_of(said))));
    return OK;
}

/* What an operator does about a start that is refused. */
static const char *advice(int code)
{
    switch (code) {
    case KEYD_KEY_UNKNOWN:
    case HSM_KEY_UNKNOWN:
        return "no keys yet: ykt key create, or ykt key import-component";
    case KEYD_LOCKED:
        return "another keyd, or ykt key, has the key folder";
    case KEYD_LOG_BROKEN:
        return "the log was changed: ykt key verify-log names the line";
    case HSM_WRONG_PIN:
        return "keys.secret_file does not open the device";
    case HSM_NOT_TEST:
        return "the software device's file is not marked test";
    default:
        return "";
    }
}

static RESULT serve_with(struct cli *cli, const struct config *config)
{
    SCOPED(secret) pin = { 0 };
    struct keyd_settings settings;
    struct keyd_core *core;
    int fd;

#ifndef YKT_DEBUG /* a sanitizer's shadow can't be locked */
    TRY(memory_lock());
#else
    (void)memory_lock;
#endif
    TRY(settings_keyd(config, &pin, &settings));
    TRY(socket_take(cli, &fd));
    TRY(sandbox_take(&settings));
    TRY(keyd_core_open(&settings, &core));
    secret_close(&pin);
    log_event(LOG_INFO, "keyd answers", LOG_NONE);
    struct err err = keyd_serve(core, fd, &stop);
    keyd_core_close(core);
    return err;
}

static enum cli_exit serve(struct cli *cli)
{
    struct arena arena;
    struct config *config = calloc(1, sizeof *config);
    struct err err =
        config ? arena_open(&arena, SETTINGS_ARENA_BYTES) : fault(FAULT_MEMORY, "keyd");
    enum cli_exit end;

    if (err.code != 0) return cli_end(cli, err);
    end = settings_load(cli, &arena, config);
    if (end != CLI_OK) {
        arena_close(&arena);
        free(config);
        return end;
    }
    log_open(&(struct log_config){ .fd = 2,
                                   .format = config_choice(config, "log.format") == 1 ? LOG_JSON
                                                                                      : LOG_TEXT,
                                   .level = (enum log_level)config_choice(config, "log.level"),
                                   .clock = system_clock(),
                                   .process = "keyd" });
    signals_take();
    err = serve_with(cli, config);
    if (err.code != 0)
        log_fault("keyd stopped", err, LOG(log_text("what_to_do", str_of(advice(err.code)))));
    arena_close(&arena);
    free(config);
    if (err.code == KEYD_LOCKED) return CLI_CONFLICT;
    return err.code == 0 ? CLI_OK : err.code == FAULT_CONFIG ? CLI_USAGE : CLI_FAILED;
}

static const struct cli_verb VERBS[] = {
    { .name = "serve",
      .zh = "（由 server run 启动）密钥进程",
      .en = "(started by server run) the key process",
      .run = serve,
      .flags = { SETTINGS_FLAGS,
                 { .name = "socket",
                   .type = CLI_TEXT,
                   .value = "PATH",
                   .zh = "自建套接字；不给则用继承的 3 号描述符",
                   .en = "a socket of its own; else descriptor 3 is taken over" } },
      .examples = { { "ykt keyd serve --config ykt.conf --socket run/keyd.sock", "单独启动",
                      "start it alone" } } },
};
const struct cli_noun KEYD_NOUN = { "keyd", "密钥进程", "the key process", VERBS, LEN(VERBS) };
