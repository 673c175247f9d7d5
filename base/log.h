/* base/log.h - what a running process tells its operator: one line an event on standard error, as
 * text or JSON, each written by one write(2), so that lines of threads and processes do not mix.
 *
 *     log_event(LOG_INFO, "store opened", LOG(log_text("engine", S("sqlite")), log_int("pool",
 * 4)));
 *
 * An event is a constant: what varies goes into fields. Person values go in as log_masked, the only
 * field that takes them, and come out masked; a secret has no field at all (struct secret converts
 * to none of them). Free text (notes of faults, too) is scrubbed of what reads as a citizen, mobile
 * or bank card number as a second guard. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/instant.h"
#include "base/str.h"
#include "base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };
enum {
    LOG_LINE_MAX = 4096, /* PIPE_BUF: a write of this much is one piece on a pipe */
    LOG_REQUEST_MAX = 64 /* characters of a request id */
};

struct log_config {
    int fd; /* usually 2 */
    enum log_format format;
    enum log_level level;
    struct clock clock;  /* without `now`, lines carry no time */
    const char *process; /* "worker", "keyd"; a constant */
};

/* Set up the process's log. Before it, events go to standard error as text from LOG_INFO, without
 * time. May be called again (a reload); not while other threads log. */
void log_open(const struct log_config *config);
bool log_wants(enum log_level level);

/* The request this thread works for, copied and clipped; it stands on each of the thread's lines
 * until it is set to the empty text. */
void log_request(struct str request_id);
struct str log_request_id(void);

enum log_type { LOG_FIELD_INT, LOG_FIELD_BOOL, LOG_FIELD_TEXT, LOG_FIELD_MASKED, LOG_FIELD_AT };
struct log_field {
    const char *name; /* lower_snake, a constant, unit last: "waited_usec" */
    enum log_type type;
    int64_t i;
    struct str text;
    struct masked masked;
};
static inline struct log_field log_int(const char *name, int64_t v)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_INT, .i = v };
}
static inline struct log_field log_bool(const char *name, bool v)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_BOOL, .i = v };
}
/* Words of ours: names of statements, states, public ids, paths of files. */
static inline struct log_field log_text(const char *name, struct str v)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_TEXT, .text = v };
}
static inline struct log_field log_at(const char *name, struct instant v)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_AT, .i = v.usec };
}
static inline struct log_field log_masked(const char *name, struct masked v)
{
    return (struct log_field){ .name = name, .type = LOG_FIELD_MASKED, .masked = v };
}

/* The fields of one event, as an array and its length. */
#define LOG(...)                                                                                   \
    ((const struct log_field[]){ __VA_ARGS__ }),                                                   \
        (sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
#define LOG_NONE NULL, 0

/* Write one line. What does not fit in LOG_LINE_MAX is clipped at a character and marked with "…";
 * a failed write is dropped and counted. Safe from every thread; not from a signal handler. */
void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t n);
/* The same for a result that is not OK: adds its code, and for a fault its name and the thread's
 * note. The outermost caller's way to log. */
void log_fault(const char *event, struct err err, const struct log_field *fields, size_t n);
int64_t log_dropped(void); /* lines lost to failed writes since the start */
