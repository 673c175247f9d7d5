/* base/arena.c - the arena. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err arena_open(struct arena *arena, size_t size)
{
    uint8_t *p = malloc(size);

    if (!p) return fault(FAULT_MEMORY, "arena of %zu bytes", size);
    *arena = (struct arena){ .p = p, .size = size, .owned = true };
    return OK;
}

void arena_close(struct arena *arena)
{
    if (arena->owned) free(arena->p);
    *arena = (struct arena){ 0 };
}

struct arena arena_over(void *p, size_t size)
{
    return (struct arena){ .p = p, .size = size };
}

void arena_reset(struct arena *arena)
{
#ifdef YKT_DEBUG
    if (arena->p) memset(arena->p, 0xA5, arena->used);
#endif
    arena->used = 0;
    arena->full = false;
}

void *arena_take(struct arena *arena, size_t n, size_t align)
{
    uintptr_t base = (uintptr_t)arena->p;
    size_t from;

    assert(align != 0 && (align & (align - 1)) == 0);
    from = (size_t)(((base + arena->used + align - 1) & ~(uintptr_t)(align - 1)) - base);
    if (!arena->p || from > arena->size || n > arena->size - from) {
        arena->full = true;
        return NULL;
    }
    arena->used = from + n;
    memset(arena->p + from, 0, n);
    return arena->p + from;
}

void *arena_take_array(struct arena *arena, size_t n, size_t size, size_t align)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total)) {
        arena->full = true;
        return NULL;
    }
    return arena_take(arena, total, align);
}

struct bytes arena_bytes(struct arena *arena, struct bytes bytes)
{
    uint8_t *p = arena_take(arena, bytes.n, 1);

    if (!p) return (struct bytes){ 0 };
    if (bytes.n > 0) memcpy(p, bytes.p, bytes.n);
    return bytes_of(p, bytes.n);
}

struct str arena_str(struct arena *arena, struct str text)
{
    return bytes_str(arena_bytes(arena, str_bytes(text)));
}

const char *arena_c(struct arena *arena, struct str text)
{
    char *p = arena_take(arena, text.n + 1, 1);

    if (!p || !str_c(text, p, text.n + 1)) return "";
    return p;
}

struct str arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *p;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !(p = arena_take(arena, (size_t)n + 1, 1))) return (struct str){ 0 };
    va_start(args, format);
    vsnprintf(p, (size_t)n + 1, format, args);
    va_end(args);
    return (struct str){ .p = p, .n = (size_t)n };
}
