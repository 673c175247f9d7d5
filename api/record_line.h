/* api/record_line.h - the newest sealed lines of the journal, in memory and in words, for the
 * record line's stream and page. One thread fills it (the worker's tick) from the sealed feed;
 * readers wait for nobody's store: they copy a few lines under a lock that is held for no longer
 * than that. */
#pragma once
#include "api/api.h"

enum { EVENTS_CHANNEL = 0 }; /* of http_wake: something new is here */
enum { RECORDS_KEPT = 512, RECORD_ACT = 33, RECORD_TEXT = 200 };
struct record_texts { /* NUL-terminated; by enum language: zh, en */
    char text[2][RECORD_TEXT];
};
/* One line as everybody may see it: no person is in it. */
struct record_entry {
    int64_t position; /* in the sealed feed */
    int64_t id;
    struct instant at;
    char act[RECORD_ACT]; /* its stable name, for programs */
    struct record_texts what, place, actor;
    bool refused, simulated;
};
struct record_line;
RESULT record_line_open(struct record_line **out);
void record_line_close(struct record_line *line);
/* Take in what was sealed since; *came tells whether anything was. The first call begins
 * RECORDS_KEPT before the feed's end, and a call that lags further behind leaves out what would be
 * overwritten at once. Faults FAULT_STORE*: it goes on from there at the next call. */
RESULT record_line_catch_up(struct app *app, bool *came);
/* Up to `max` lines after `position`, oldest first; returns how many. *oldest is the oldest
 * position kept, 0 when there is none: a reader whose position lies before it has missed lines. */
size_t record_line_read(const struct record_line *line, int64_t position, struct record_entry *out,
                        size_t max, int64_t *oldest);
/* The newest, newest first. */
size_t record_line_last(const struct record_line *line, struct record_entry *out, size_t max);
int64_t record_line_newest(const struct record_line *line); /* position; 0 when there is none */
