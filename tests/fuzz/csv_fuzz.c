/* tests/fuzz/csv_fuzz.c - comma-separated values: reading ends, keeps its limits, and a row that
 * was read reads back the same after it is written. The first byte picks the limits. */
#include <stdlib.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[3][1 << 16];

static void demand(bool what)
{
    if (!what) abort();
}

static void read_back(const struct csv *csv)
{
    static char line[1 << 18];
    struct arena scratch = arena_over(memory[2], sizeof memory[2]);
    struct writer w = writer_over(line, sizeof line);
    bool more = false;

    if (csv->fields_n == 1 && csv->fields[0].n == 0) return; /* would be a blank line */
    put_csv_row(&w, csv->fields, (size_t)csv->fields_n, false);
    demand(!w.over);
    struct csv back = csv_over(writer_str(&w), NULL, &scratch);
    if (str_starts(writer_str(&w), S("\xEF\xBB\xBF"))) return; /* reads as a byte order mark */
    demand(csv_next(&back, &more).code == 0 && more);
    demand(back.fields_n == csv->fields_n);
    for (int i = 0; i < csv->fields_n; i++) {
        demand(str_eq(csv_field(&back, i), csv->fields[i]));
    }
    demand(csv_next(&back, &more).code == 0 && !more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct csv_limits LIMITS[] = {
        { 0 }, { .columns = 3, .field_bytes = 8, .rows = 4 }, { .ragged = true }, { .rows = 1 }
    };
    struct arena scratch = arena_over(memory[0], sizeof memory[0]);
    struct arena names = arena_over(memory[1], sizeof memory[1]);
    const struct csv_limits *limits;
    struct csv csv;
    bool more = true;

    if (size < 1 || size > 20000) return 0;
    limits = &LIMITS[data[0] & 3];
    csv = csv_over(bytes_str(bytes_of(data + 1, size - 1)), limits, &scratch);
    if (data[0] & 4 && csv_header(&csv, &names).code != 0) return 0;
    for (size_t calls = 0; more && !csv.ended; calls++) {
        int64_t line = csv.next_line;
        struct err e = csv_next(&csv, &more);
        demand(calls <= size); /* each call takes something */
        demand(csv.next_line >= line);
        demand((size_t)csv.fields_n <= CSV_COLUMNS_MAX);
        if (e.code != 0) {
            more = true;
            continue;
        }
        if (!more) break;
        if (limits->columns) demand((size_t)csv.fields_n <= limits->columns);
        if (limits->rows) demand(csv.row <= limits->rows);
        read_back(&csv);
    }
    return 0;
}
