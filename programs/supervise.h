/* programs/supervise.h - the parent of the server: starts its processes by running this binary
 * again, restarts one that dies, passes the stop on, and holds nothing itself. */
#pragma once
#include <sys/types.h>

#include "base/base.h"

enum {
    CHILD_ARGS_MAX = 8 + 2 * 64, /* noun, verb, --config FILE, every --set (CLI_REPEATS_MAX) */
    CHILD_RESTARTS_MAX = 5       /* within a minute; more is a fault of the set-up */
};

struct child {
    const char *name;
    const char *args[CHILD_ARGS_MAX]; /* of this binary, NULL-terminated: "keyd", "serve", ... */
    int fd;                           /* inherited as descriptor 3; -1: none */
    int stop_sec;                     /* after SIGTERM, before SIGKILL */
    bool reload;                      /* started anew at a reload */
    /* kept by supervise_run */
    int pid, deaths;
    int64_t first_death_usec;
    int refused; /* the exit code by which it said that no restart will help: 2 or 5 */
};

/* Whom the children become before they run anything, when root starts the server. */
struct child_user {
    const char *name;
    uid_t uid;
    gid_t gid;
};

/* A listening UNIX socket at `path` (mode 0600), an old one replaced; it belongs to `user`, NULL:
 * to us. */
RESULT supervise_listen(const char *path, const struct child_user *user, int *fd);

struct supervise {
    struct child *children;
    size_t n;
    struct child *check;           /* ends with 0 when the settings can be used */
    const struct child_user *user; /* NULL: they stay who we are */
    /* A line per event for the log; no personal value can be in it. */
    void (*tell)(const char *line);
    void (*reloaded)(void *arg, bool done); /* false: the settings were refused */
    void *arg;
};

/* Start the children in order and stay until SIGTERM or SIGINT, or until one dies too often; then
 * stop them in reverse order. With a user they have its groups, its rights and no way back, and a
 * memlock limit that keyd's keys fit into. SIGUSR1 (SIGHUP is what a closed terminal sends) starts
 * anew those with `reload`, the last one stopped first, after `check` found the settings usable.
 * OK after an asked stop; FAULT_INTERRUPTED with a note when a child would not stay up, or ended
 * with 2 (settings it can't use) or 5 (somebody else has what it needs). */
RESULT supervise_run(const struct supervise *supervise);
