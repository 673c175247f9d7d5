/* base/log.c - one line an event. */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
    VALUE_MAX = 1000,         /* bytes of one text value */
    CLIPPED_ROOM = 32,        /* for the mark of a clipped line and its end */
    FAULT_FIELDS_MAX = 32 + 3 /* what log_fault hands on */
};

static struct log_config config = { .fd = 2, .format = LOG_TEXT, .level = LOG_INFO };
static _Thread_local char request[LOG_REQUEST_MAX];
static _Thread_local size_t request_n;
static atomic_llong dropped;

void log_open(const struct log_config *given)
{
    config = *given;
}

bool log_wants(enum log_level level)
{
    return level >= config.level;
}

void log_request(struct str request_id)
{
    request_n = request_id.n < sizeof request ? request_id.n : sizeof request;
    if (request_n > 0) memcpy(request, request_id.p, request_n);
}

struct str log_request_id(void)
{
    return (struct str){ .p = request, .n = request_n };
}

int64_t log_dropped(void)
{
    return atomic_load(&dropped);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARN:
        return "warn";
    case LOG_ERROR:
        return "error";
    }
    return "error";
}

/* At most `most` bytes, cut between characters. */
static struct str clip(struct str text, size_t most)
{
    if (text.n <= most) return text;
    while (most > 0 && ((uint8_t)text.p[most] & 0xC0) == 0x80) {
        most--;
    }
    return str_part(text, 0, most);
}

/* Can a value stand in a text line as it is? */
static bool is_bare(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7F) return false;
    }
    return text.n > 0;
}

static void put_value(struct writer *w, struct str text)
{
    if (config.format == LOG_TEXT && is_bare(text)) {
        put_str(w, text);
    } else {
        put_json_str(w, text);
    }
}

/* Free text: scrubbed before it is clipped, so that no number is cut out of the scrubber's sight.
 */
static void put_free(struct writer *w, struct str text)
{
    char clean[4 * VALUE_MAX];
    struct writer scrubbed = writer_over(clean, sizeof clean);

    put_scrubbed(&scrubbed, clip(text, 2 * VALUE_MAX));
    put_value(w, clip(writer_str(&scrubbed), VALUE_MAX));
}

static void put_name(struct writer *w, const char *name)
{
    if (config.format == LOG_JSON) {
        put_char(w, ',');
        put_json_str(w, str_of(name));
        put_char(w, ':');
    } else {
        put_format(w, " %s=", name);
    }
}

static void put_time(struct writer *w, struct instant at)
{
    char text[64];
    struct writer time = writer_over(text, sizeof text);

    put_instant(&time, at);
    put_value(w, writer_str(&time));
}

static void put_field(struct writer *w, const struct log_field *field)
{
    char text[MASKED_BYTES_MAX];
    struct writer masked = writer_over(text, sizeof text);

    put_name(w, field->name);
    switch (field->type) {
    case LOG_FIELD_INT:
        put_int(w, field->i);
        return;
    case LOG_FIELD_BOOL:
        put_str(w, field->i ? S("true") : S("false"));
        return;
    case LOG_FIELD_TEXT:
        put_free(w, field->text);
        return;
    case LOG_FIELD_MASKED:
        put_masked(&masked, field->masked);
        put_value(w, writer_str(&masked));
        return;
    case LOG_FIELD_AT:
        put_time(w, (struct instant){ field->i });
        return;
    }
}

/* Time, level, event: without names in text, as the first members in JSON. */
static void put_head(struct writer *w, enum log_level level, const char *event)
{
    bool json = config.format == LOG_JSON;

    if (json) put_char(w, '{');
    if (config.clock.now) {
        struct instant now = clock_now(&config.clock);
        if (json) put_str(w, S("\"at\":"));
        put_time(w, now);
        put_char(w, json ? ',' : ' ');
    }
    if (json) {
        put_format(w, "\"level\":\"%s\",\"event\":", level_name(level));
        put_free(w, str_of(event));
    } else {
        struct writer words = *w; /* an event stands bare, it has spaces */
        put_format(&words, "%-5s ", level_name(level));
        put_scrubbed(&words, clip(str_of(event), VALUE_MAX));
        *w = words;
    }
    if (config.process) {
        put_name(w, "process");
        put_value(w, str_of(config.process));
    }
    if (request_n > 0) {
        put_name(w, "request");
        put_free(w, log_request_id());
    }
}

static void write_line(struct bytes line)
{
    ssize_t wrote;

    do {
        wrote = write(config.fd, line.p, line.n);
    } while (wrote < 0 && errno == EINTR);
    if (wrote != (ssize_t)line.n) atomic_fetch_add(&dropped, 1);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    int error = errno; /* a log line changes nothing for its caller */
    uint8_t line[LOG_LINE_MAX];
    struct writer w = writer_over(line, sizeof line - CLIPPED_ROOM);
    bool clipped = false;

    if (!log_wants(level)) return;
    put_head(&w, level, event);
    for (size_t i = 0; i < n; i++) {
        size_t before = w.n;
        put_field(&w, &fields[i]);
        if (w.over) { /* this field not at all, a smaller one behind it perhaps */
            w.n = before;
            w.over = false;
            clipped = true;
        }
    }
    w.size = sizeof line;
    if (clipped) {
        put_name(&w, "clipped");
        put_str(&w, config.format == LOG_JSON ? S("\"…\"") : S("…"));
    }
    if (config.format == LOG_JSON) put_char(&w, '}');
    put_char(&w, '\n');
    write_line(writer_bytes(&w));
    errno = error;
}

void log_fault(const char *event, struct err err, const struct log_field *fields, size_t n)
{
    struct log_field all[FAULT_FIELDS_MAX];
    size_t given = n < FAULT_FIELDS_MAX - 3 ? n : FAULT_FIELDS_MAX - 3;

    for (size_t i = 0; i < given; i++) {
        all[i] = fields[i];
    }
    all[given++] = log_int("code", err.code);
    if (err.code < 0) {
        all[given++] = log_text("fault", str_of(fault_name(err.code)));
        all[given++] = log_text("note", str_of(fault_note()));
    }
    log_event(err.code < 0 ? LOG_ERROR : LOG_INFO, event, all, given);
}
