/* base/csv.h - comma-separated values as RFC 4180 has them, read from a buffer and written to one.
 *
 * Read:
 *     struct csv csv = csv_over(text, &(struct csv_limits){ .rows = 20000 }, scratch);
 *     TRY(csv_header(&csv, arena));
 *     int name = csv_column(&csv, S("name"));          // -1: the file has no such column
 *     for (bool more;;) {
 *         struct err e = csv_next(&csv, &more);
 *         if (e.code > 0) { note csv.row, csv.line, csv.column and e.code; continue; }
 *         if (!more) break;
 *         use csv_field(&csv, name)
 *     }
 * Text must be UTF-8 (text_read makes it so). A refused row does not end the file: the next call
 * goes on behind it, so that one pass lists every bad row. Only CSV_QUOTE_OPEN and
 * CSV_ROWS_TOO_MANY end it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum csv_refusal {
    CSV_HEADER_MISSING = 1021,   /* the file is empty */
    CSV_HEADER_TWICE = 1022,     /* two columns have one name, or a name is empty */
    CSV_QUOTE_STRAY = 1023,      /* a quote inside a field that does not begin with one */
    CSV_QUOTE_AFTER = 1024,      /* something between a closing quote and the next comma */
    CSV_QUOTE_OPEN = 1025,       /* the file ends inside quotes */
    CSV_COLUMNS_WRONG = 1026,    /* more or fewer fields than the heading has */
    CSV_COLUMNS_TOO_MANY = 1027, /* more than limits.columns */
    CSV_FIELD_LONG = 1028,       /* a field over limits.field_bytes, or over the scratch arena */
    CSV_ROWS_TOO_MANY = 1029,    /* more data rows than limits.rows */
    CSV_NUL = 1030,              /* a NUL byte */
};
enum { CSV_COLUMNS_MAX = 256 }; /* fields of one row; the widest file we take has 60 */

struct csv_limits {
    char delimiter;     /* 0 means ',' */
    size_t columns;     /* 0 means CSV_COLUMNS_MAX, the most */
    size_t field_bytes; /* 0 means 64 KiB */
    int64_t rows;       /* data rows; 0 means 10 million */
    bool ragged;        /* rows may be shorter or longer than the heading */
};

struct csv {
    /* where the row in hand began, for messages: data rows count from 1 (the heading is row 0),
     * lines from 1; column: the field, from 1, that a refusal is about, 0 when about the row */
    int64_t row, line;
    int column;

    struct csv_limits limits;
    struct str left; /* not read yet */
    int64_t next_line;
    struct arena *scratch; /* fields that held doubled quotes; reset by csv_next */
    struct arena *names_arena;
    struct str *names; /* the heading */
    int names_n, fields_n;
    bool ended;
    struct str fields[CSV_COLUMNS_MAX];
};

/* A reader over text; a byte order mark and blank lines are skipped, lines end with LF or CRLF.
 *   limits   NULL for the defaults
 *   scratch  memory for one row's unquoted fields, used by nobody else while reading */
struct csv csv_over(struct str text, const struct csv_limits *limits, struct arena *scratch);
/* Read the heading, its names trimmed and kept in `names` (an arena that outlives the reading).
 *   refuses  CSV_HEADER_*, CSV_*      faults  FAULT_MEMORY */
RESULT csv_header(struct csv *csv, struct arena *names);
int csv_column(const struct csv *csv, struct str name); /* from 0; -1 when the heading lacks it */
/* The next row; *more is false at the end. Refuses CSV_*; see above. */
RESULT csv_next(struct csv *csv, bool *more);
/* A field of the row in hand, empty when column is -1 or past the row; lives until csv_next. */
struct str csv_field(const struct csv *csv, int column);
/* "csv: a quote inside ..." for people; code is a CSV_* refusal. */
const char *csv_text(int code, bool zh);

/* Write one row, fields quoted when they must be, ended by CRLF.
 *   guard   put ' in front of what a spreadsheet would take for a formula (= + - @ tab CR, also in
 *           their full-width forms), unless the field is a plain number. On for files that people
 *           open, off for files that machines read. */
void put_csv_row(struct writer *w, const struct str *fields, size_t n, bool guard);
void put_csv_field(struct writer *w, struct str field, bool guard); /* without comma or line end */
