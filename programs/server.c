/* programs/server.c - `ykt server run|check|status|drain|reload`: the parent and what it starts, in
 * this order:
 *
 *   keyd      all keys; no network                    programs/keyd.c
 *   courier   outgoing HTTP; no keys, no store        programs/courier.c
 *   worker    listens; store, pages, API              programs/worker.c -> api/routes.c */
#include "base/log.h"
#include "crypto/keyd_server.h"
#include "programs/courier.h"
#include "programs/nouns.h"
#include "programs/ready.h"
#include "programs/running.h"
#include "programs/sandbox.h"
#include "programs/settings.h"
#include "programs/supervise.h"
#include "programs/worker.h"
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SETTINGS_ARENA = 512 * 1024 };

static struct instant system_now(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct instant){ t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000 };
}

struct clock system_clock(void)
{
    return (struct clock){ .now = system_now };
}

static void open_log(const struct config *config, const char *process)
{
    const struct log_config log = {
        .fd = 2,
        .format = config_choice(config, "log.format") == 1 ? LOG_JSON : LOG_TEXT,
        .level = (enum log_level)config_choice(config, "log.level"),
        .clock = system_clock(),
        .process = process,
    };

    log_open(&log);
}

static void tell(const char *line)
{
    log_event(LOG_INFO, "process", LOG(log_text("what", str_of(line))));
}

/* Settings, log and privileges: what every process of the server begins with. */
struct start {
    struct arena arena;
    struct config config;
};
static void start_close(struct start *start)
{
    arena_close(&start->arena);
    free(start);
}

static enum cli_exit start_open(struct cli *cli, const char *process, struct start **out)
{
    struct start *start = calloc(1, sizeof *start);
    struct err err =
        start ? arena_open(&start->arena, SETTINGS_ARENA) : fault(FAULT_MEMORY, "settings");
    enum cli_exit end;

    if (err.code != 0) {
        free(start);
        return cli_end(cli, err);
    }
    end = settings_load(cli, &start->arena, &start->config);
    if (end != CLI_OK) {
        start_close(start);
        return end;
    }
    open_log(&start->config, process);
    *out = start;
    return CLI_OK;
}

static RESULT folder_make(const struct config *config, const char *name,
                          const struct child_user *user)
{
    const char *path = config_path(config, name);

    if (mkdir(path, 0700) != 0) {
        if (errno == EEXIST) return OK;
        return fault(FAULT_IO, "%s: %s: errno %d", name, path, errno);
    }
    if (user && chown(path, user->uid, user->gid) != 0)
        return fault(FAULT_IO, "%s: %s: its owner: errno %d", name, path, errno);
    return OK;
}

/* No process that reads a stranger's bytes or holds keys runs as root. A test system may, so that a
 * container needs no users. *out stays without a name when nobody is to change. */
static enum cli_exit user_find(struct cli *cli, const struct config *config, struct child_user *out)
{
    const char *name = arena_c(cli_arena(cli), config_text(config, "server.user"));
    const struct passwd *user;

    *out = (struct child_user){ 0 };
    if (!name[0]) {
        if (geteuid() != 0 || config_bool(config, "server.test")) return CLI_OK;
        return cli_fail(cli, CLI_USAGE, "user_needed", "由 root 启动时必须设置 server.user",
                        "started by root, the server needs server.user");
    }
    user = getpwnam(name);
    if (!user || user->pw_uid == 0)
        return cli_fail(cli, CLI_USAGE, "user_unknown", "server.user：没有用户 %s，或它就是 root",
                        "server.user: no user %s, or it is root", name);
    if (geteuid() == user->pw_uid) return CLI_OK;
    if (geteuid() != 0)
        return cli_fail(cli, CLI_USAGE, "user_other", "server.user：只有 root 能改用 %s",
                        "server.user: only root can become %s", name);
    *out = (struct child_user){ .name = name, .uid = user->pw_uid, .gid = user->pw_gid };
    return CLI_OK;
}

/* The listening sockets belong to the parent, so that a process that was restarted takes over the
 * same one and callers wait instead of failing. */
static RESULT listen_all(const struct config *config, const struct child_user *user,
                         struct arena *arena, int *keyd, int *courier)
{
    TRY(folder_make(config, "derived.folder", user));
    TRY(supervise_listen(settings_socket(config, arena, "keyd"), user, keyd));
    return supervise_listen(settings_socket(config, arena, "courier"), user, courier);
}

/* Children read the same settings: the file, and every --set behind it. */
static void hand_on_settings(struct cli *cli, struct child *child)
{
    size_t n, at = 0;
    const struct str *sets = cli_texts(cli, "set", &n);

    while (child->args[at])
        at++;
    child->args[at++] = "--config";
    child->args[at++] = arena_c(cli_arena(cli), cli_text(cli, "config"));
    for (size_t i = 0; i < n; i++) {
        child->args[at++] = "--set";
        child->args[at++] = arena_c(cli_arena(cli), sets[i]);
    }
    assert(at < CHILD_ARGS_MAX);
}

struct lock {
    int fd, reloads, refused;
};

static void note_reload(void *arg, bool done)
{
    struct lock *lock = arg;

    if (done) lock->reloads++;
    if (!done) lock->refused++;
    running_note(lock->fd, lock->reloads, lock->refused);
}

static enum cli_exit run(struct cli *cli)
{
    struct child children[] = {
        { .name = "keyd", .args = { "keyd", "serve" }, .stop_sec = 5 },
        { .name = "courier", .args = { "server", "courier" }, .stop_sec = 5, .reload = true },
        { .name = "worker",
          .args = { "server", "worker" },
          .fd = -1,
          .stop_sec = 25,
          .reload = true },
    };
    struct child check = { .name = "check", .args = { "server", "check" }, .fd = -1 };
    struct lock lock = { 0 };
    struct start *start;
    enum cli_exit end = start_open(cli, "server", &start);
    struct child_user found, *user = &found;
    struct supervise supervise = { .children = children,
                                   .n = LEN(children),
                                   .check = &check,
                                   .tell = tell,
                                   .reloaded = note_reload,
                                   .arg = &lock };
    struct err err;

    if (end != CLI_OK) return end;
    hand_on_settings(cli, &check);
    for (size_t i = 0; i < LEN(children); i++)
        hand_on_settings(cli, &children[i]);
    end = user_find(cli, &start->config, &found);
    if (!found.name) user = NULL;
    supervise.user = user;
    err = end == CLI_OK ? folder_make(&start->config, "server.run_folder", user) : OK;
    if (err.code != 0) end = cli_end(cli, err);
    if (end == CLI_OK) end = running_claim(cli, &start->config, &lock.fd);
    if (end != CLI_OK) {
        start_close(start);
        return end;
    }
    err = listen_all(&start->config, user, &start->arena, &children[0].fd, &children[1].fd);
    if (err.code == 0) err = supervise_run(&supervise);
    if (children[0].refused == CLI_CONFLICT) err = (struct err){ .code = KEYD_LOCKED };
    if (children[2].refused == CLI_CONFLICT) err = (struct err){ .code = STORE_HELD };
    if (err.code != 0) log_fault("server stopped", err, LOG_NONE);
    start_close(start);
    return cli_end(cli, err);
}

static enum cli_exit check(struct cli *cli)
{
    struct start *start;
    enum cli_exit end = start_open(cli, "server", &start);

    if (end != CLI_OK) return end;
    cli_say(cli, "设置没有问题", "the settings can be used");
    start_close(start);
    return CLI_OK;
}

static enum cli_exit courier(struct cli *cli)
{
    static const char *const READ[] = { "/etc", "/usr", "/run/systemd/resolve", NULL }; /* names */
    /* its own socket is handed to it; keyd's is not its to call */
    const struct sandbox sandbox = {
        .name = "courier", .read = READ, .inet = true, .no_unix = true
    };
    struct courier_target target = { .name = S("sms") };
    struct start *start;
    enum cli_exit end = start_open(cli, "courier", &start);
    char said[200];
    struct err err;

    if (end != CLI_OK) return end;
    target.url = arena_c(&start->arena, config_text(&start->config, "sms.url"));
    target.timeout_usec = config_int(&start->config, "sms.timeout");
    err = sandbox_enter(&sandbox, said);
    if (err.code == 0) {
        tell(said);
        err = courier_serve(3, &target, target.url[0] ? 1 : 0);
    }
    if (err.code != 0) log_fault("courier stopped", err, LOG_NONE);
    start_close(start);
    return err.code == 0 ? CLI_OK : CLI_FAILED;
}

static enum cli_exit worker(struct cli *cli)
{
    struct start *start;
    enum cli_exit end = start_open(cli, "worker", &start);
    struct err err;

    if (end != CLI_OK) return end;
    err = worker_run(&start->config, &start->arena);
    if (err.code != 0) log_fault("worker stopped", err, LOG_NONE);
    start_close(start);
    if (err.code == STORE_HELD) return CLI_CONFLICT;
    return err.code == 0 ? CLI_OK : err.code == FAULT_CONFIG ? CLI_USAGE : CLI_FAILED;
}

static const struct cli_verb VERBS[] = {
    { .name = "run",
      .zh = "在前台启动整个服务",
      .en = "run the whole server in the foreground",
      .run = run,
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt server run --config ykt.conf", "启动", "start" } } },
    { .name = "check",
      .zh = "检查设置，列出所有问题，不启动",
      .en = "check the settings, list every problem, start nothing",
      .run = check,
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt server check --config ykt.conf", "检查", "check" } } },
    { .name = "status",
      .zh = "运行中的服务各部分是否正常",
      .en = "how the parts of the running server are",
      .run = server_status,
      .columns = SERVER_STATUS_COLUMNS,
      .columns_n = SERVER_STATUS_COLUMNS_N,
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt server status --config ykt.conf", "查看", "look" } } },
    { .name = "drain",
      .zh = "不再接受请求，做完手上的，然后结束整个服务",
      .en = "take no new request, finish those that run, then end the whole server",
      .run = server_drain,
      .flags = { SETTINGS_FLAGS, WAIT_FLAG },
      .examples = { { "ykt server drain --config ykt.conf", "停机维护前",
                      "before maintenance" } } },
    { .name = "reload",
      .zh = "检查设置，再以新设置重启除 keyd 外的各进程；设置有误则不动",
      .en = "check the settings, then start all processes but keyd anew with them; wrong ones "
            "change nothing",
      .run = server_reload,
      .flags = { SETTINGS_FLAGS, WAIT_FLAG },
      .examples = { { "ykt server reload --config ykt.conf", "改了设置之后",
                      "after a change of the settings" } } },
    { .name = "worker",
      .zh = "（由 server run 启动）监听的进程",
      .en = "(started by server run) the process that listens",
      .run = worker,
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt server worker --config ykt.conf", "由 server run 调用",
                      "as server run calls it" } } },
    { .name = "courier",
      .zh = "（由 server run 启动）对外发送的进程",
      .en = "(started by server run) the process that sends",
      .run = courier,
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt server courier --config ykt.conf", "由 server run 调用",
                      "as server run calls it" } } },
};
const struct cli_noun SERVER_NOUN = { "server", "服务", "the server", VERBS, LEN(VERBS) };
