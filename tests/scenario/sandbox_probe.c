/* tests/scenario/sandbox_probe.c - enters the sandbox of a process of the server and tries what it
 * must refuse: one line an attempt, `NAME allowed|refused`. For tests/scenario/sandbox.py.
 *   sandbox_probe FOLDER OTHER inet|local|courier      may read FOLDER/read and /etc, and write in
 * FOLDER/write; OTHER is a file outside of both. FOLDER/socket listens, as keyd's does */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "programs/sandbox.h"

static void tell(const char *what, bool allowed)
{
    printf("%s %s\n", what, allowed ? "allowed" : "refused");
}

static void try_open(const char *what, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    tell(what, fd >= 0);
    if (fd >= 0) close(fd);
}

static void try_socket(const char *what, int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    tell(what, fd >= 0);
    if (fd >= 0) close(fd);
}

/* The socket of another process, by a family that is named in 32 bits and with more above them. */
static void try_connect(const char *what, const struct sockaddr_un *address, long family)
{
    int fd = (int)syscall(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    tell(what, fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0);
    if (fd >= 0) close(fd);
}

/* One end of a pair stays an end of that pair. */
static void try_connect_pair(const char *what, const struct sockaddr_un *address)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        tell(what, false);
        return;
    }
    close(ends[1]);
    tell(what, connect(ends[0], (const struct sockaddr *)address, sizeof *address) == 0);
    close(ends[0]);
}

static bool finds_localhost(void)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    bool ok = getaddrinfo("localhost", "80", &hints, &found) == 0;

    if (ok) freeaddrinfo(found);
    return ok;
}

static bool listens(const char *folder, struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "%s/socket", folder);
    return fd >= 0 && bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
           listen(fd, 8) == 0;
}

/* A child that may run a program would be that program and end with 0. */
static bool can_run(void)
{
    char *const args[] = { (char[]){ "/bin/true" }, NULL };
    int status = 1;
    pid_t pid = fork();

    if (pid == 0) {
        execv(args[0], args);
        _exit(9);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    char read[512], write[512], file[600], said[200];
    const char *const reads[] = { read, "/etc", NULL }, *const writes[] = { write, NULL };
    struct sandbox sandbox = { .name = "probe", .read = reads, .write = writes };
    struct sockaddr_un address;
    struct err err;

    if (argc != 4 || !listens(argv[1], &address)) return 2;
    snprintf(read, sizeof read, "%s/read", argv[1]);
    snprintf(write, sizeof write, "%s/write", argv[1]);
    sandbox.inet = strcmp(argv[3], "local") != 0;
    sandbox.no_unix = strcmp(argv[3], "courier") == 0;
    err = sandbox_enter(&sandbox, said);
    if (err.code != 0) {
        printf("failed %d\n", err.code);
        return 1;
    }
    printf("said %s\n", said);
    snprintf(file, sizeof file, "%s/file", read);
    try_open("read-inside", file, O_RDONLY);
    try_open("write-to-read-only", file, O_WRONLY);
    snprintf(file, sizeof file, "%s/made", write);
    try_open("write-inside", file, O_WRONLY | O_CREAT);
    try_open("read-outside", argv[2], O_RDONLY);
    snprintf(file, sizeof file, "%s.made", argv[2]);
    try_open("write-outside", file, O_WRONLY | O_CREAT);
    try_socket("unix-socket", AF_UNIX);
    try_connect("unix-connect", &address, AF_UNIX);
    try_connect("unix-connect-wide", &address, AF_UNIX | 1L << 32);
    try_connect_pair("pair-connect", &address);
    try_socket("inet-socket", AF_INET);
    try_socket("inet6-socket", AF_INET6);
    try_socket("netlink-socket", AF_NETLINK);
    tell("ring", syscall(SYS_io_uring_setup, 0, NULL) == -1 && errno != EPERM);
    tell("name", finds_localhost());
    tell("run", can_run());
    tell("trace", ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    return 0;
}
