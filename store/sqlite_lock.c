/* store/sqlite_lock.c - one writing process a database file: PATH-lock beside it is locked by
 * flock(2) for as long as the store is open, and the system lets go of it when the process ends. A
 * file of its own, because SQLite locks the database with fcntl(2), and closing any descriptor of
 * that file would drop those locks. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

RESULT sqlite_claim(struct store *store)
{
    struct sqlite *s = store->state;
    char name[URL_MAX + 8], *real;
    bool held;
    int fd;

    /* What lives in memory or on a test's own disk has no second process. */
    if (s->one_connection || store->config.sqlite_vfs) return OK;
    real = realpath(s->path, NULL); /* two names of one file are one database */
    snprintf(name, sizeof name, "%s-lock", real ? real : s->path);
    free(real);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fault(FAULT_STORE_READONLY, "%s: %s", name, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        s->lock_fd = fd;
        return OK;
    }
    held = errno == EWOULDBLOCK;
    close(fd);
    REQUIRE(!held, STORE_HELD);
    return fault(FAULT_STORE_IO, "%s: can't be locked", name);
}

void sqlite_let_go(struct sqlite *s)
{
    if (s->lock_fd >= 0) close(s->lock_fd);
    s->lock_fd = -1;
}
