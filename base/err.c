/* base/err.c - faults and the note each thread keeps of its last one. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char note[512];

struct err fault(enum fault code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(note, sizeof note, format, args);
    va_end(args);
    return (struct err){ .code = code };
}

struct err fault_add(struct err err, const char *format, ...)
{
    char cause[sizeof note];
    va_list args;
    int n;

    if (err.code >= 0) return err;
    memcpy(cause, note, sizeof cause);
    va_start(args, format);
    n = vsnprintf(note, sizeof note, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof note) {
        snprintf(note + n, sizeof note - (size_t)n, ": %.400s", cause);
    }
    return err;
}

const char *fault_note(void)
{
    return note;
}

const char *fault_name(int code)
{
    switch ((enum fault)code) {
    case FAULT_STORE:
        return "FAULT_STORE";
    case FAULT_STORE_BUSY:
        return "FAULT_STORE_BUSY";
    case FAULT_STORE_FULL:
        return "FAULT_STORE_FULL";
    case FAULT_STORE_IO:
        return "FAULT_STORE_IO";
    case FAULT_STORE_CORRUPT:
        return "FAULT_STORE_CORRUPT";
    case FAULT_STORE_READONLY:
        return "FAULT_STORE_READONLY";
    case FAULT_STORE_LOST:
        return "FAULT_STORE_LOST";
    case FAULT_STORE_UNKNOWN:
        return "FAULT_STORE_UNKNOWN";
    case FAULT_STORE_BUDGET:
        return "FAULT_STORE_BUDGET";
    case FAULT_STORE_ROOT:
        return "FAULT_STORE_ROOT";
    case FAULT_MEMORY:
        return "FAULT_MEMORY";
    case FAULT_IO:
        return "FAULT_IO";
    case FAULT_CONFIG:
        return "FAULT_CONFIG";
    case FAULT_CRYPTO:
        return "FAULT_CRYPTO";
    case FAULT_KEYD:
        return "FAULT_KEYD";
    case FAULT_PARTNER:
        return "FAULT_PARTNER";
    case FAULT_INTERRUPTED:
        return "FAULT_INTERRUPTED";
    }
    return "FAULT_UNNAMED";
}
