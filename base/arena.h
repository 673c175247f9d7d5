/* base/arena.h - memory of one request or one job: taken piece by piece, given back all at once.
 * An arena has a fixed size. What does not fit comes out NULL or empty and leaves the arena marked
 * `full`, so that a run of copies needs one check. Not for secrets (crypto/secret.h), not shared
 * between threads. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena {
    uint8_t *p;
    size_t size, used;
    bool full;
    bool owned; /* p came from arena_open */
};

#define NEW(arena, type) ((type *)arena_take((arena), sizeof(type), _Alignof(type)))
#define NEW_ARRAY(arena, type, n)                                                                  \
    ((type *)arena_take_array((arena), (n), sizeof(type), _Alignof(type)))

/* An arena of its own memory; faults FAULT_MEMORY. Close with arena_close (SCOPED(arena) works). */
RESULT arena_open(struct arena *arena, size_t size);
void arena_close(struct arena *arena);
/* An arena over memory of the caller's. */
struct arena arena_over(void *p, size_t size);
/* Forget everything taken; what was handed out must not be used again (debug builds overwrite it).
 */
void arena_reset(struct arena *arena);

/* Zeroed memory, or NULL with `full` set. align is a power of two. */
void *arena_take(struct arena *arena, size_t n, size_t align);
void *arena_take_array(struct arena *arena, size_t n, size_t size, size_t align);
/* A copy; empty with `full` set when there is no room. */
struct str arena_str(struct arena *arena, struct str text);
struct bytes arena_bytes(struct arena *arena, struct bytes bytes);
/* A copy with a NUL behind it, for other people's libraries; "" when there is no room or text holds
 * a NUL. */
const char *arena_c(struct arena *arena, struct str text);
struct str arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
