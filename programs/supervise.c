/* programs/supervise.c - fork, exec, wait. Children ignore the terminal's Ctrl-C: the parent alone
 * decides the order of stopping (worker drains first, keyd goes last), and a parent that dies takes
 * them with it. */
#include "programs/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MEMLOCK_BYTES = 512 << 20 }; /* as deploy/ykt.service says */

struct err supervise_listen(const char *path, const struct child_user *user, int *fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    mode_t mask;
    int made, bound;

    if (!str_c(str_of(path), address.sun_path, sizeof address.sun_path)) {
        return fault(FAULT_CONFIG, "socket path of more than %zu characters: %s",
                     sizeof address.sun_path - 1, path);
    }
    made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) return fault(FAULT_IO, "socket: errno %d", errno);
    unlink(path);
    mask = umask(0177);
    bound = bind(made, (const struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (bound == 0 && user) bound = lchown(path, user->uid, user->gid);
    if (bound != 0 || listen(made, 64) != 0) {
        close(made);
        return fault(FAULT_IO, "%s: errno %d", path, errno);
    }
    *fd = made;
    return OK;
}

static int64_t monotonic_usec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* For good: groups first, because only root may set them; then it is tried whether root comes back.
 */
static bool become_user(const struct child_user *user)
{
    const struct rlimit locked = { MEMLOCK_BYTES, MEMLOCK_BYTES };

    /* Where even root may not raise it (a container), keyd says whether it is enough. */
    (void)setrlimit(RLIMIT_MEMLOCK, &locked);
    return initgroups(user->name, user->gid) == 0 && setgid(user->gid) == 0 &&
           setuid(user->uid) == 0 && setuid(0) != 0 && setgid(0) != 0;
}

static void become_child(const struct child *child, const struct child_user *user, int parent)
{
    const char *argv[CHILD_ARGS_MAX + 1] = { "ykt" };
    sigset_t none;

    if (user && !become_user(user)) {
        static const char WORDS[] = "server.user: the process can't become that user\n";
        (void)!write(2, WORDS, sizeof WORDS - 1);
        _exit(2);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1); /* it died before we could ask to be told */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_IGN);
    if (child->fd == 3) {
        fcntl(3, F_SETFD, 0);
    } else if (child->fd >= 0) {
        dup2(child->fd, 3);
    }
    for (int i = 0; i < CHILD_ARGS_MAX && child->args[i]; i++) {
        argv[i + 1] = child->args[i];
    }
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(127);
}

static RESULT child_start(struct child *child, const struct child_user *user,
                          void (*tell)(const char *line))
{
    char line[128];
    int parent = getpid();
    int pid = fork();

    if (pid < 0) return fault(FAULT_MEMORY, "fork: errno %d", errno);
    if (pid == 0) become_child(child, user, parent);
    child->pid = pid;
    snprintf(line, sizeof line, "%s started, process %d", child->name, pid);
    tell(line);
    return OK;
}

static void child_stop(struct child *child, void (*tell)(const char *line))
{
    const struct timespec tick = { .tv_nsec = 20 * 1000 * 1000 };
    int64_t until = monotonic_usec() + child->stop_sec * USEC_PER_SEC;
    char line[128];
    int status = 0;

    if (child->pid <= 0) return;
    kill(child->pid, SIGTERM);
    while (waitpid(child->pid, &status, WNOHANG) == 0) {
        if (monotonic_usec() > until) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, &status, 0);
            break;
        }
        nanosleep(&tick, NULL);
    }
    snprintf(line, sizeof line, "%s stopped%s", child->name,
             WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? " by force" : "");
    tell(line);
    child->pid = 0;
}

/* Restart, unless it has died too often within a minute. */
static RESULT child_died(struct child *child, int status, const struct child_user *user,
                         void (*tell)(const char *line))
{
    int64_t now = monotonic_usec();
    char line[160];

    snprintf(line, sizeof line, "%s ended by %s %d", child->name,
             WIFSIGNALED(status) ? "signal" : "exit code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    tell(line);
    child->pid = 0;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 2 || WEXITSTATUS(status) == 5)) {
        child->refused = WEXITSTATUS(status); /* it said why */
        return fault(FAULT_INTERRUPTED, "%s refused to start", child->name);
    }
    if (now - child->first_death_usec > USEC_PER_MIN) {
        child->first_death_usec = now;
        child->deaths = 0;
    }
    if (++child->deaths > CHILD_RESTARTS_MAX) {
        return fault(FAULT_INTERRUPTED, "%s ended %d times within a minute", child->name,
                     child->deaths);
    }
    nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000L * child->deaths }, NULL);
    return child_start(child, user, tell);
}

/* In the user's place, as a start would resolve them. */
static bool settings_fine(const struct supervise *supervise)
{
    int status = 0;
    struct err err = child_start(supervise->check, supervise->user, supervise->tell);

    if (err.code != 0) return false;
    while (waitpid(supervise->check->pid, &status, 0) < 0 && errno == EINTR) {}
    supervise->check->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static RESULT reload(const struct supervise *supervise)
{
    bool fine = settings_fine(supervise);

    if (!fine) supervise->tell("reload refused: the settings are wrong, all goes on as it was");
    for (size_t i = supervise->n; i > 0 && fine; i--) {
        if (supervise->children[i - 1].reload)
            child_stop(&supervise->children[i - 1], supervise->tell);
    }
    for (size_t i = 0; i < supervise->n && fine; i++) {
        struct child *child = &supervise->children[i];
        if (child->reload) TRY(child_start(child, supervise->user, supervise->tell));
    }
    supervise->reloaded(supervise->arg, fine);
    return OK;
}

static RESULT watch(const struct supervise *supervise, const sigset_t *signals)
{
    for (;;) {
        int status, pid, got = sigwaitinfo(signals, NULL);

        if (got == SIGTERM || got == SIGINT) return OK;
        if (got == SIGUSR1) TRY(reload(supervise));
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            for (size_t i = 0; i < supervise->n; i++) {
                struct child *child = &supervise->children[i];
                if (child->pid == pid)
                    TRY(child_died(child, status, supervise->user, supervise->tell));
            }
        }
    }
}

struct err supervise_run(const struct supervise *supervise)
{
    struct err err = OK;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    for (size_t i = 0; i < supervise->n && err.code == 0; i++) {
        err = child_start(&supervise->children[i], supervise->user, supervise->tell);
    }
    if (err.code == 0) err = watch(supervise, &signals);
    for (size_t i = supervise->n; i > 0; i--) {
        child_stop(&supervise->children[i - 1], supervise->tell);
    }
    return err;
}
