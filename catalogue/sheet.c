/* catalogue/sheet.c - reading one CSV file of an import. */
#include "catalogue/sheet.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

__attribute__((format(printf, 2, 0))) static struct str told_text(struct import *in,
                                                                  const char *format, va_list args)
{
    char text[400];
    int n = vsnprintf(text, sizeof text, format, args);

    if (n < 0) n = 0;
    if ((size_t)n >= sizeof text) n = (int)sizeof text - 1;
    return arena_str(in->told, (struct str){ text, (size_t)n });
}

__attribute__((format(printf, 5, 0), format(printf, 6, 0))) static void
issue_add(struct import *in, struct str file, int line, int column, const char *zh, const char *en,
          va_list args)
{
    struct import_report *report = in->report;
    va_list again;

    report->total++;
    if (report->n == IMPORT_ISSUES_MAX) return;
    if (!report->issues) {
        report->issues = NEW_ARRAY(in->told, struct import_issue, IMPORT_ISSUES_MAX);
        if (!report->issues) return;
    }
    va_copy(again, args);
    report->issues[report->n++] = (struct import_issue){
        .file = arena_str(in->told, file),
        .line = line,
        .column = column,
        .zh = told_text(in, zh, args),
        .en = told_text(in, en, again),
    };
    va_end(again);
}

void import_issue(struct import *in, struct str file, int line, int column, const char *zh,
                  const char *en, ...)
{
    va_list args;

    va_start(args, en);
    issue_add(in, file, line, column, zh, en, args);
    va_end(args);
}

/* Words of base/csv.h in both languages; the two take different arguments. */
static void csv_issue(struct import *in, struct str file, int line, int column, int code)
{
    import_issue(in, file, line, column, "%s%.0s", "%.0s%s", csv_text(code, true),
                 csv_text(code, false));
}

static int column_of(const struct sheet *sheet, const char *column)
{
    return column ? csv_column(&sheet->csv, str_of(column)) + 1 : 0;
}

void sheet_issue(struct sheet *sheet, const char *column, const char *zh, const char *en, ...)
{
    va_list args;

    va_start(args, en);
    issue_add(sheet->in, sheet->file, (int)sheet->csv.line, column_of(sheet, column), zh, en, args);
    va_end(args);
}

/* The whole file; empty and false when it can't be read. */
static bool read_file(struct arena *arena, const char *path, struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat at;
    uint8_t *p = NULL;
    size_t n = 0;

    if (fd < 0) return false;
    if (fstat(fd, &at) == 0 && S_ISREG(at.st_mode) && at.st_size < CATALOGUE_BYTES / 4) {
        p = arena_take(arena, (size_t)at.st_size + 1, 1);
    }
    while (p && n < (size_t)at.st_size) {
        ssize_t got = read(fd, p + n, (size_t)at.st_size - n);
        if (got <= 0) break;
        n += (size_t)got;
    }
    close(fd);
    if (!p || n != (size_t)at.st_size) return false;
    *out = bytes_of(p, n);
    return true;
}

bool sheet_open(struct import *in, const char *file, const char *const *columns,
                struct sheet *sheet)
{
    struct arena *arena = &in->cat->arena;
    const char *path;
    struct bytes bytes;
    struct str text;
    bool complete = true;

    sheet->in = in;
    sheet->file = arena_format(arena, "%.*s/%s", (int)in->folder.n, in->folder.p, file);
    path = arena_c(arena, sheet->file);
    if (!read_file(arena, path, &bytes)) {
        import_issue(in, sheet->file, 0, 0, "文件不可读", "the file can't be read");
        return false;
    }
    if (text_read(arena, bytes, &text, NULL).code != 0) {
        import_issue(in, sheet->file, 0, 0, "既不是 UTF-8 也不是 GB 18030",
                     "neither UTF-8 nor GB 18030");
        return false;
    }
    sheet->lines = 1;
    for (size_t i = 0; i < text.n; i++)
        sheet->lines += text.p[i] == '\n';
    sheet->scratch = arena_over(sheet->memory, sizeof sheet->memory);
    sheet->csv = csv_over(text, &(struct csv_limits){ .field_bytes = 4096 }, &sheet->scratch);
    struct err end = csv_header(&sheet->csv, arena);
    if (end.code != 0) {
        csv_issue(in, sheet->file, 1, sheet->csv.column, end.code > 0 ? end.code : CSV_FIELD_LONG);
        return false;
    }
    for (size_t i = 0; columns[i]; i++) {
        if (csv_column(&sheet->csv, str_of(columns[i])) >= 0) continue;
        import_issue(in, sheet->file, 1, 0, "缺少列 %s", "column %s is missing", columns[i]);
        complete = false;
    }
    return complete;
}

bool sheet_next(struct sheet *sheet)
{
    for (bool more;;) {
        struct err end = csv_next(&sheet->csv, &more);
        if (end.code == 0) return more;
        if (end.code > 0) {
            csv_issue(sheet->in, sheet->file, (int)sheet->csv.line, sheet->csv.column, end.code);
        } else {
            sheet_issue(sheet, NULL, "行太长", "the row is too long");
        }
        if (end.code < 0 || end.code == CSV_QUOTE_OPEN || end.code == CSV_ROWS_TOO_MANY) {
            return false;
        }
    }
}

struct str sheet_text(struct sheet *sheet, const char *column)
{
    struct str field = csv_field(&sheet->csv, csv_column(&sheet->csv, str_of(column)));

    return arena_str(&sheet->in->cat->arena, str_trim(field));
}

struct str sheet_needed(struct sheet *sheet, const char *column)
{
    struct str text = sheet_text(sheet, column);

    if (text.n == 0) sheet_issue(sheet, column, "%s 不能为空", "%s must not be empty", column);
    return text;
}

int64_t sheet_int(struct sheet *sheet, const char *column, int64_t min, int64_t max, int64_t preset)
{
    struct str text = sheet_text(sheet, column);
    int64_t n;

    if (text.n == 0 && preset != INT64_MIN) return preset;
    if (str_int(text, min, max, &n)) return n;
    sheet_issue(sheet, column, "%s 应为 %" PRId64 " 至 %" PRId64 " 的整数，现为 “%.*s”",
                "%s must be a whole number from %" PRId64 " to %" PRId64 ", not \"%.*s\"", column,
                min, max, (int)(text.n < 60 ? text.n : 60), text.p);
    return min;
}

int sheet_choice(struct sheet *sheet, const char *column, const char *const *names, size_t n)
{
    struct str text = sheet_text(sheet, column);

    for (size_t i = 0; i < n; i++) {
        if (names[i] && str_eq(text, str_of(names[i]))) return (int)i;
    }
    sheet_issue(sheet, column, "%s 的值 “%.*s” 未知", "%s: \"%.*s\" is not a value we know", column,
                (int)(text.n < 60 ? text.n : 60), text.p);
    return -1;
}

bool sheet_yes(struct sheet *sheet, const char *column)
{
    static const char *const names[] = { "N", "Y" };

    return sheet_choice(sheet, column, names, LEN(names)) == 1;
}

/* data/README.md: article and public are real; inferred stands in for something real; made is ours.
 */
enum mark sheet_mark(struct sheet *sheet)
{
    static const char *const names[] = { "article", "public", "inferred", "made" };
    static const enum mark marks[] = { MARK_REAL, MARK_REAL, MARK_STAND_IN, MARK_MADE };
    int i = sheet_choice(sheet, "tag", names, LEN(names));

    return i < 0 ? MARK_MADE : marks[i];
}

struct instant sheet_day(struct sheet *sheet, const char *column)
{
    struct str text = sheet_text(sheet, column);
    struct date date;

    if (text.n == 0) return (struct instant){ 0 };
    if (date_parse(text, &date)) return day_start(date_day(date));
    sheet_issue(sheet, column, "%s 应为日期，如 2021-08-20，现为 “%.*s”",
                "%s must be a date like 2021-08-20, not \"%.*s\"", column,
                (int)(text.n < 60 ? text.n : 60), text.p);
    return (struct instant){ 0 };
}
