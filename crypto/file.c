/* crypto/file.c - reading and replacing small files. */
#include "crypto/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyd.h"

RESULT file_read(const char *path, int absent, struct secret *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    size_t have = 0;
    struct secret made;

    if (fd < 0 && errno == ENOENT) REFUSE(absent);
    if (fd < 0) return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > SECRET_MAX) {
        close(fd);
        return fault(FAULT_IO, "%s: not a file of 1 to %d bytes", path, (int)SECRET_MAX);
    }
    struct err err = secret_open(&made, (size_t)st.st_size);
    while (err.code == 0 && have < made.n) {
        ssize_t got = read(fd, made.p + have, made.n - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            err = fault(FAULT_IO, "%s: %s", path, got < 0 ? strerror(errno) : "shrank");
            secret_close(&made);
            break;
        }
        have += (size_t)got;
    }
    close(fd);
    if (err.code == 0) *out = made;
    return err;
}

RESULT secret_file(const char *path, struct secret *out)
{
    SCOPED(secret) file = { 0 };
    struct err err = file_read(path, 1, &file);
    struct str line;

    if (err.code > 0) return fault(FAULT_IO, "%s: there is none", path);
    TRY(err);
    line = str_trim(bytes_str(secret_bytes(&file)));
    if (line.n == 0) return fault(FAULT_IO, "%s: empty", path);
    return secret_copy(out, str_bytes(line));
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

RESULT write_all(int fd, struct bytes bytes)
{
    while (bytes.n > 0) {
        ssize_t put = write(fd, bytes.p, bytes.n);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return fault(FAULT_IO, "write: %s", strerror(errno));
        bytes = bytes_of(bytes.p + put, bytes.n - (size_t)put);
    }
    return OK;
}

RESULT folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    int why = errno;

    if (fd >= 0) close(fd);
    if (rc != 0) return fault(FAULT_IO, "%s: sync: %s", path, strerror(why));
    return OK;
}

static RESULT parent_sync(const char *path)
{
    char dir[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;

    if (n >= sizeof dir) return fault(FAULT_CONFIG, "%s: too long", path);
    if (!slash) return folder_sync(".");
    if (n == 0) return folder_sync("/");
    memcpy(dir, path, n);
    dir[n] = 0;
    return folder_sync(dir);
}

RESULT file_replace(const char *path, struct bytes content)
{
    char beside[PATH_BYTES];
    int fd;

    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return fault(FAULT_CONFIG, "%s: too long", path);
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fault(FAULT_IO, "%s: %s", beside, strerror(errno));
    struct err err = write_all(fd, content);
    if (err.code == 0 && fsync(fd) != 0)
        err = fault(FAULT_IO, "%s: sync: %s", beside, strerror(errno));
    if (close(fd) != 0 && err.code == 0) err = fault(FAULT_IO, "%s: %s", beside, strerror(errno));
    TRY(err);
    if (rename(beside, path) != 0) return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    return parent_sync(path);
}

RESULT folder_make(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) == 0) return parent_sync(path);
    if (errno != EEXIST || stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return fault(FAULT_IO, "%s: can't be made a folder: %s", path, strerror(errno));
    return OK;
}

RESULT path_join(char out[PATH_BYTES], const char *dir, const char *name)
{
    if (snprintf(out, PATH_BYTES, "%s/%s", dir, name) >= PATH_BYTES)
        return fault(FAULT_CONFIG, "%s: too long", dir);
    return OK;
}

RESULT folder_lock(const char *dir, int *fd)
{
    char path[PATH_BYTES];

    TRY(path_join(path, dir, "lock"));
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0) return OK;
    close(*fd);
    REFUSE(KEYD_LOCKED);
}
