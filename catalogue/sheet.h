/* catalogue/sheet.h - one CSV file of an import, read row by row; every problem becomes an issue
 * with file, line and column, in Chinese and English, and reading goes on. This folder only. */
#pragma once
#include "base/csv.h"
#include "catalogue/snapshot.h"

struct import {
    struct catalogue *cat; /* what is being filled; file texts lie in its arena too */
    struct str folder;
    struct instant at;
    struct arena *told; /* the caller's: issues */
    struct import_report *report;
};
struct sheet {
    struct import *in;
    struct str file; /* "data/venues.csv" */
    struct csv csv;
    struct arena scratch;
    size_t lines; /* upper bound of data rows */
    uint8_t memory[16 * 1024];
};

/* Open a file and find its columns (NULL-terminated names); false, told, when it can't be read or a
 * column is missing. */
bool sheet_open(struct import *in, const char *file, const char *const *columns,
                struct sheet *sheet);
/* The next good row; false at the end. Damaged rows are told and passed over. */
bool sheet_next(struct sheet *sheet);
/* A field, copied into the snapshot's arena. _needed tells when it is empty. */
struct str sheet_text(struct sheet *sheet, const char *column);
struct str sheet_needed(struct sheet *sheet, const char *column);
/* A number in [min, max]; when empty, `preset`, told if preset is INT64_MIN. */
int64_t sheet_int(struct sheet *sheet, const char *column, int64_t min, int64_t max,
                  int64_t preset);
bool sheet_yes(struct sheet *sheet, const char *column); /* Y or N, else told */
enum mark sheet_mark(struct sheet *sheet);               /* column tag */
struct instant sheet_day(struct sheet *sheet,
                         const char *column); /* start of a date; 0 when empty */
/* One of n names: its index; -1 and told when it is none of them. */
int sheet_choice(struct sheet *sheet, const char *column, const char *const *names, size_t n);

/* Tell a problem of the row in hand; column NULL: of the row. Both formats take the same arguments.
 */
void sheet_issue(struct sheet *sheet, const char *column, const char *zh, const char *en, ...)
    __attribute__((format(printf, 3, 5), format(printf, 4, 5)));
/* Tell a problem of a file as a whole. */
void import_issue(struct import *in, struct str file, int line, int column, const char *zh,
                  const char *en, ...) __attribute__((format(printf, 5, 7), format(printf, 6, 7)));
