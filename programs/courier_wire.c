/* programs/courier_wire.c - frames between the worker and the courier. */
#include "programs/courier_wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

struct err frame_read(int fd, uint8_t *buffer, size_t size, struct bytes *out)
{
    uint8_t head[4] = { 0 };
    struct cursor c = cursor_over(bytes_of(head, sizeof head));
    size_t n, had = 0;

    for (size_t want = sizeof head; had < want;) {
        ssize_t got = recv(fd, head + had, want - had, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return fault(FAULT_PARTNER, "courier: connection ended");
        had += (size_t)got;
    }
    n = take_be32(&c);
    if (n > size) return fault(FAULT_PARTNER, "courier: frame of %zu bytes", n);
    for (had = 0; had < n;) {
        ssize_t got = recv(fd, buffer + had, n - had, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return fault(FAULT_PARTNER, "courier: frame ended early");
        had += (size_t)got;
    }
    *out = bytes_of(buffer, n);
    return OK;
}

struct err frame_write(int fd, struct bytes frame)
{
    uint8_t head[4];
    struct writer w = writer_over(head, sizeof head);
    const struct bytes parts[2] = { bytes_of(head, sizeof head), frame };

    put_be32(&w, (uint32_t)frame.n);
    for (int i = 0; i < 2; i++) {
        for (size_t sent = 0; sent < parts[i].n;) {
            ssize_t put = send(fd, parts[i].p + sent, parts[i].n - sent, MSG_NOSIGNAL);
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) return fault(FAULT_PARTNER, "courier: connection ended while writing");
            sent += (size_t)put;
        }
    }
    return OK;
}
