/* base/csv.c - RFC 4180, read row by row and written field by field. */
#include "base/csv.h"

#include <assert.h>
#include <string.h>

struct csv csv_over(struct str text, const struct csv_limits *limits, struct arena *scratch)
{
    struct csv csv = { .left = text, .next_line = 1, .scratch = scratch, .row = -1 };

    if (limits) csv.limits = *limits;
    if (csv.limits.delimiter == 0) csv.limits.delimiter = ',';
    if (csv.limits.columns == 0 || csv.limits.columns > CSV_COLUMNS_MAX)
        csv.limits.columns = CSV_COLUMNS_MAX;
    if (csv.limits.field_bytes == 0) csv.limits.field_bytes = 64 * 1024;
    if (csv.limits.rows == 0) csv.limits.rows = 10 * 1000 * 1000;
    if (str_starts(csv.left, S("\xEF\xBB\xBF"))) csv.left = str_part(csv.left, 3, csv.left.n);
    return csv;
}

/* How the file stands after a field. */
enum after { AFTER_FIELD, AFTER_ROW, AFTER_FILE };

static char peek(const struct csv *csv)
{
    return csv->left.n > 0 ? csv->left.p[0] : 0;
}

static void skip(struct csv *csv, size_t n)
{
    csv->left = str_part(csv->left, n, csv->left.n);
}

/* Take the delimiter or the line end that stands here; false when something else does. */
static bool take_end(struct csv *csv, enum after *after)
{
    if (csv->left.n == 0) {
        *after = AFTER_FILE;
    } else if (peek(csv) == csv->limits.delimiter) {
        *after = AFTER_FIELD;
        skip(csv, 1);
    } else if (peek(csv) == '\n' || str_starts(csv->left, S("\r\n"))) {
        *after = AFTER_ROW;
        skip(csv, peek(csv) == '\r' ? 2 : 1);
        csv->next_line++;
    } else {
        return false;
    }
    return true;
}

static RESULT plain_field(struct csv *csv, struct str *out, enum after *after)
{
    size_t n = 0;

    for (; n < csv->left.n; n++) {
        char c = csv->left.p[n];
        if (c == csv->limits.delimiter || c == '\n') break;
        if (c == '\r' && n + 1 < csv->left.n && csv->left.p[n + 1] == '\n') break;
        REQUIRE(c != '"', CSV_QUOTE_STRAY);
        REQUIRE(c != 0, CSV_NUL);
    }
    REQUIRE(n <= csv->limits.field_bytes, CSV_FIELD_LONG);
    *out = str_part(csv->left, 0, n);
    skip(csv, n);
    if (!take_end(csv, after))
        assert(false && "a plain field stops at a delimiter, a line end or the end");
    return OK;
}

/* The text between quotes, doubled ones halved into the scratch arena. */
static RESULT unquote(struct csv *csv, struct str inside, bool doubled, struct str *out)
{
    char *p;
    size_t n = 0;

    REQUIRE(inside.n <= csv->limits.field_bytes, CSV_FIELD_LONG);
    REQUIRE(inside.n == 0 || !memchr(inside.p, 0, inside.n), CSV_NUL);
    *out = inside;
    if (!doubled) return OK;
    p = arena_take(csv->scratch, inside.n, 1);
    REQUIRE(p, CSV_FIELD_LONG);
    for (size_t i = 0; i < inside.n; i++) {
        p[n++] = inside.p[i];
        if (inside.p[i] == '"') i++;
    }
    *out = (struct str){ .p = p, .n = n };
    return OK;
}

static RESULT quoted_field(struct csv *csv, struct str *out, enum after *after)
{
    bool doubled = false;
    size_t n = 1; /* behind the opening quote */
    struct str inside;

    for (;; n++) {
        if (n >= csv->left.n) {
            csv->ended = true;
            REFUSE(CSV_QUOTE_OPEN);
        }
        if (csv->left.p[n] == '\n') csv->next_line++;
        if (csv->left.p[n] != '"') continue;
        if (n + 1 >= csv->left.n || csv->left.p[n + 1] != '"') break;
        doubled = true;
        n++;
    }
    inside = str_part(csv->left, 1, n - 1);
    skip(csv, n + 1);
    TRY(unquote(csv, inside, doubled, out));
    REQUIRE(take_end(csv, after), CSV_QUOTE_AFTER);
    return OK;
}

/* Go to the next line after a damaged row. */
static void skip_line(struct csv *csv)
{
    const char *end = csv->left.n > 0 ? memchr(csv->left.p, '\n', csv->left.n) : NULL;

    if (!end) {
        csv->left = (struct str){ 0 };
        return;
    }
    skip(csv, (size_t)(end - csv->left.p) + 1);
    csv->next_line++;
}

static void skip_blank_lines(struct csv *csv)
{
    while (peek(csv) == '\n' || str_starts(csv->left, S("\r\n"))) {
        skip_line(csv);
    }
}

static RESULT row_fields(struct csv *csv)
{
    enum after after = AFTER_FIELD;

    while (after == AFTER_FIELD) {
        struct str field;
        csv->column = csv->fields_n + 1;
        REQUIRE((size_t)csv->fields_n < csv->limits.columns, CSV_COLUMNS_TOO_MANY);
        if (peek(csv) == '"') {
            TRY(quoted_field(csv, &field, &after));
        } else {
            TRY(plain_field(csv, &field, &after));
        }
        csv->fields[csv->fields_n++] = field;
    }
    csv->column = 0;
    return OK;
}

static RESULT row_read(struct csv *csv, bool *more)
{
    struct err read;
    int64_t line;

    csv->fields_n = 0;
    csv->column = 0;
    arena_reset(csv->scratch);
    skip_blank_lines(csv);
    *more = csv->left.n > 0 && !csv->ended;
    if (!*more) return OK;
    csv->row++;
    csv->line = line = csv->next_line;
    read = row_fields(csv);
    if (read.code != 0) {
        csv->fields_n = 0;
        if (!csv->ended) skip_line(csv);
    }
    return read;
}

RESULT csv_header(struct csv *csv, struct arena *names)
{
    bool more;

    TRY(row_read(csv, &more));
    REQUIRE(more, CSV_HEADER_MISSING);
    csv->names = NEW_ARRAY(names, struct str, (size_t)csv->fields_n);
    if (!csv->names) return fault(FAULT_MEMORY, "heading of %d columns", csv->fields_n);
    for (int i = 0; i < csv->fields_n; i++) {
        struct str name = str_trim(csv->fields[i]);
        csv->column = i + 1;
        REQUIRE(name.n > 0 && csv_column(csv, name) < 0, CSV_HEADER_TWICE);
        csv->names[i] = arena_str(names, name);
        csv->names_n = i + 1;
    }
    csv->column = 0;
    if (names->full) return fault(FAULT_MEMORY, "heading of %d columns", csv->fields_n);
    return OK;
}

int csv_column(const struct csv *csv, struct str name)
{
    for (int i = 0; i < csv->names_n; i++) {
        if (str_eq(csv->names[i], name)) return i;
    }
    return -1;
}

RESULT csv_next(struct csv *csv, bool *more)
{
    if (csv->row < 0) csv->row = 0; /* a file without a heading: its first row is row 1 */
    TRY(row_read(csv, more));
    if (!*more) return OK;
    if (csv->row > csv->limits.rows) {
        csv->ended = true;
        REFUSE(CSV_ROWS_TOO_MANY);
    }
    REQUIRE(csv->names_n == 0 || csv->limits.ragged || csv->fields_n == csv->names_n,
            CSV_COLUMNS_WRONG);
    return OK;
}

struct str csv_field(const struct csv *csv, int column)
{
    if (column < 0 || column >= csv->fields_n) return (struct str){ 0 };
    return csv->fields[column];
}

const char *csv_text(int code, bool zh)
{
    switch ((enum csv_refusal)code) {
    case CSV_HEADER_MISSING:
        return zh ? "文件为空" : "the file is empty";
    case CSV_HEADER_TWICE:
        return zh ? "列名为空或重复" : "a column's name is empty or stands twice";
    case CSV_QUOTE_STRAY:
        return zh ? "引号出现在字段中间" : "a quote inside a field that does not begin with one";
    case CSV_QUOTE_AFTER:
        return zh ? "右引号后有多余内容" : "something stands between a closing quote and the comma";
    case CSV_QUOTE_OPEN:
        return zh ? "引号未结束" : "the file ends inside quotes";
    case CSV_COLUMNS_WRONG:
        return zh ? "字段数与表头不符" : "more or fewer fields than the heading has";
    case CSV_COLUMNS_TOO_MANY:
        return zh ? "字段过多" : "too many fields";
    case CSV_FIELD_LONG:
        return zh ? "字段过长" : "a field is too long";
    case CSV_ROWS_TOO_MANY:
        return zh ? "行数超过上限" : "too many rows";
    case CSV_NUL:
        return zh ? "含有空字符" : "a NUL byte";
    }
    return zh ? "无法读取" : "unreadable";
}

/* What a spreadsheet computes instead of showing; the full-width forms count as well. A number with
 * its sign is what it looks like. */
static bool is_formula(struct str field)
{
    int64_t number;
    size_t digits = 0, dots = 0;

    if (field.n == 0) return false;
    if (str_starts(field, S("＝")) || str_starts(field, S("＋")) || str_starts(field, S("－")) ||
        str_starts(field, S("＠")))
        return true;
    if (!memchr("=+-@\t\r\n", field.p[0], 7)) return false;
    if (field.p[0] != '-' && field.p[0] != '+') return true;
    if (str_int(str_part(field, 1, field.n), 0, INT64_MAX, &number)) return false;
    for (size_t i = 1; i < field.n; i++) {
        digits += field.p[i] >= '0' && field.p[i] <= '9';
        dots += field.p[i] == '.';
    }
    return digits == 0 || dots > 1 || digits + dots + 1 != field.n;
}

void put_csv_field(struct writer *w, struct str field, bool guard)
{
    bool formula = guard && is_formula(field), quote = formula;

    for (size_t i = 0; i < field.n && !quote; i++) {
        quote = field.p[i] == '"' || field.p[i] == ',' || field.p[i] == '\n' || field.p[i] == '\r';
    }
    if (!quote) {
        put_str(w, field);
        return;
    }
    put_char(w, '"');
    if (formula) put_char(w, '\'');
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"') put_char(w, '"');
        put_char(w, field.p[i]);
    }
    put_char(w, '"');
}

void put_csv_row(struct writer *w, const struct str *fields, size_t n, bool guard)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) put_char(w, ',');
        put_csv_field(w, fields[i], guard);
    }
    put_str(w, S("\r\n"));
}
