/* programs/running.c */
#include "programs/running.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "programs/ready.h"
#include "programs/settings.h"

enum { SETTINGS_ARENA = 512 * 1024, TICK_USEC = 50 * 1000 };

static const char *lock_path(struct cli *cli, const struct config *config)
{
    struct str folder = config_text(config, "server.run_folder");

    return arena_c(cli_arena(cli),
                   arena_format(cli_arena(cli), "%.*s/lock", (int)folder.n, folder.p));
}

enum cli_exit running_claim(struct cli *cli, const struct config *config, int *out)
{
    enum { ABOVE = 10 }; /* the descriptors that children are handed */
    const char *path = lock_path(cli, config);
    int fd, made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool taken = false;

    fd = made < 0 ? -1 : fcntl(made, F_DUPFD, ABOVE);
    if (made >= 0) close(made);
    if (fd < 0) return cli_end(cli, fault(FAULT_IO, "%s: errno %d", path, errno));
    for (int i = 0; i < 5 && !taken; i++) { /* a verb that looks has it for a moment */
        if (i > 0) nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
        taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
    }
    if (taken) {
        running_note(fd, 0, 0);
        *out = fd;
        return CLI_OK;
    }
    close(fd);
    return cli_fail(cli, CLI_CONFLICT, "server_running", "%s 上已有服务在运行，未做任何改动",
                    "a server runs on %s already, nothing was changed", path);
}

void running_note(int fd, int reloads, int refused)
{
    char line[64];
    int n = snprintf(line, sizeof line, "%-10d %-10d %-10d\n", (int)getpid(), reloads, refused);

    (void)!pwrite(fd, line, (size_t)n, 0); /* one length, so that a reader finds a whole line */
}

/* ---- who asks ---- */

struct running {
    int fd, pid, reloads, refused;
};

static bool note_read(struct running *running)
{
    char line[64] = "";

    return pread(running->fd, line, sizeof line - 1, 0) > 0 &&
           sscanf(line, "%d %d %d", &running->pid, &running->reloads, &running->refused) == 3 &&
           running->pid > 1;
}

static bool lock_is_free(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) return false;
    flock(fd, LOCK_UN);
    return true;
}

static enum cli_exit running_find(struct cli *cli, const struct config *config, struct running *out)
{
    const char *path = lock_path(cli, config);

    out->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (out->fd < 0 && errno == EACCES)
        return cli_fail(cli, CLI_NOT_ALLOWED, "not_yours", "%s 属于别的用户",
                        "%s belongs to another user", path);
    if (out->fd >= 0 && !lock_is_free(out->fd) && note_read(out)) return CLI_OK;
    if (out->fd >= 0) close(out->fd);
    out->fd = -1;
    return cli_fail(cli, CLI_NOT_FOUND, "no_server", "%s 上没有服务在运行", "no server runs on %s",
                    path);
}

static enum cli_exit signal_send(struct cli *cli, const struct running *running, int number)
{
    if (kill(running->pid, number) == 0) return CLI_OK;
    if (errno == ESRCH && number == SIGTERM) return CLI_OK; /* what it started drains still */
    if (errno == EPERM)
        return cli_fail(cli, CLI_NOT_ALLOWED, "not_yours", "服务属于别的用户",
                        "the server belongs to another user");
    return cli_fail(cli, CLI_TRY_AGAIN, "server_ends", "服务正在结束", "the server is ending");
}

static void tick(int64_t *left_usec)
{
    nanosleep(&(struct timespec){ .tv_nsec = TICK_USEC * 1000L }, NULL);
    *left_usec -= TICK_USEC;
}

static enum cli_exit drain(struct cli *cli, const struct config *config, struct running *running)
{
    int64_t left = cli_int(cli, "wait");
    enum cli_exit end = signal_send(cli, running, SIGTERM);

    (void)config;
    if (end != CLI_OK) return end;
    cli_say(cli, "不再接受请求，做完手上的即结束",
            "no new requests; it ends when those it has are done");
    while (!lock_is_free(running->fd)) {
        if (left <= 0)
            return cli_fail(cli, CLI_TRY_AGAIN, "still_draining", "仍在收尾：进程 %d",
                            "it drains still: process %d", running->pid);
        tick(&left);
    }
    cli_say(cli, "服务已结束", "the server has ended");
    return CLI_OK;
}

static bool is_ready(struct cli *cli, const struct config *config)
{
    json_t *checks;
    bool ready = false;

    if (ready_checks(cli, config, &ready, &checks) != CLI_OK) return false;
    json_decref(checks);
    return ready;
}

static enum cli_exit reload(struct cli *cli, const struct config *config, struct running *running)
{
    struct running now = *running;
    int64_t left = cli_int(cli, "wait");
    enum cli_exit end = signal_send(cli, running, SIGUSR1);

    if (end != CLI_OK) return end;
    while (now.reloads == running->reloads || !is_ready(cli, config)) {
        if (now.refused != running->refused)
            return cli_fail(
                cli, CLI_USAGE, "settings_wrong", "服务不接受这些设置，照旧运行；原因见其日志",
                "the server finds the settings wrong and goes on as it was: see its log");
        if (left <= 0)
            return cli_fail(cli, CLI_TRY_AGAIN, "not_ready", "尚未就绪。下一步：ykt server status",
                            "not ready yet; next: ykt server status");
        tick(&left);
        if (!note_read(&now) || lock_is_free(running->fd))
            return cli_fail(cli, CLI_FAILED, "server_ended", "服务已结束；原因见其日志",
                            "the server has ended: see its log");
    }
    cli_say(cli, "设置和服务目录已重新读取", "settings and catalogue are read anew");
    return CLI_OK;
}

/* Settings that can't be used are told here, before anybody is asked. */
static enum cli_exit ask(struct cli *cli, enum cli_exit (*what)(struct cli *, const struct config *,
                                                                struct running *))
{
    struct config *config = calloc(1, sizeof *config);
    struct running running = { .fd = -1 };
    struct arena arena;
    struct err err = config ? arena_open(&arena, SETTINGS_ARENA) : fault(FAULT_MEMORY, "settings");
    enum cli_exit end;

    if (err.code != 0) {
        free(config);
        return cli_end(cli, err);
    }
    end = settings_load(cli, &arena, config);
    if (end == CLI_OK) end = running_find(cli, config, &running);
    if (end == CLI_OK) end = what(cli, config, &running);
    if (running.fd >= 0) close(running.fd);
    arena_close(&arena);
    free(config);
    return end;
}

enum cli_exit server_drain(struct cli *cli)
{
    return ask(cli, drain);
}

enum cli_exit server_reload(struct cli *cli)
{
    return ask(cli, reload);
}
