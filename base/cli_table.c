/* base/cli_table.c - rows out: as a table, as JSON, as CSV. They wait until the command has ended,
 * so that columns line up and a failed command prints nothing on standard output. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli_inner.h"
#include "base/csv.h"
#include "base/text.h"

enum { CELL_BYTES_MAX = 64 * 1024 };

size_t cli_columns(const struct cli *cli, const struct cli_column **out)
{
    *out = cli->verb->columns;
    return cli->verb->columns_n;
}

static void table_begin(struct cli *cli, enum table_kind kind)
{
    assert(cli->verb->columns_n > 0);
    assert(cli->table == TABLE_NONE);
    cli->table = kind;
    cli->rows_n = 0;
    cli->rows = open_memstream(&cli->rows_text, &cli->rows_bytes);
    if (!cli->rows) abort();
}

void cli_table(struct cli *cli)
{
    table_begin(cli, TABLE_ROWS);
}

void cli_record(struct cli *cli)
{
    table_begin(cli, TABLE_RECORD);
}

/* "2021-08-20 15:32:07", for people; machines get RFC 3339. */
static void put_wall_time(struct writer *w, struct instant at)
{
    int64_t sec = (at.usec - day_start(day_of(at)).usec) / USEC_PER_SEC;

    put_date(w, day_date(day_of(at)));
    put_format(w, " %02d:%02d:%02d", (int)(sec / 3600), (int)(sec / 60 % 60), (int)(sec % 60));
}

static void put_words(struct writer *w, struct str lines, const char *between)
{
    for (size_t i = 0; i < lines.n; i++) {
        if (lines.p[i] == '\n') {
            put_str(w, str_of(between));
        } else {
            put_char(w, lines.p[i]);
        }
    }
}

static void put_json_words(struct writer *w, struct str lines)
{
    put_char(w, '[');
    while (lines.n > 0) {
        struct str word = str_cut(lines, '\n', &lines);
        put_json_str(w, word);
        if (lines.n > 0) put_char(w, ',');
    }
    put_char(w, ']');
}

static void put_for_people(struct writer *w, const struct cell *cell, bool zh)
{
    switch (cell->type) {
    case CELL_NONE:
        return;
    case CELL_INT:
        put_int(w, cell->i);
        return;
    case CELL_BOOL:
        put_str(w, zh ? (cell->i ? S("是") : S("否")) : (cell->i ? S("yes") : S("no")));
        return;
    case CELL_TEXT:
        put_str(w, cell->text);
        return;
    case CELL_WORDS:
        put_words(w, cell->text, ", ");
        return;
    case CELL_MONEY:
        put_money(w, (struct money){ cell->i });
        return;
    case CELL_AT:
        put_wall_time(w, (struct instant){ cell->i });
        return;
    }
}

static void put_for_machines(struct writer *w, const struct cell *cell)
{
    switch (cell->type) {
    case CELL_NONE:
        return;
    case CELL_INT:
    case CELL_MONEY:
        put_int(w, cell->i);
        return;
    case CELL_BOOL:
        put_str(w, cell->i ? S("true") : S("false"));
        return;
    case CELL_TEXT:
        put_str(w, cell->text);
        return;
    case CELL_WORDS:
        put_words(w, cell->text, ", ");
        return;
    case CELL_AT:
        put_instant(w, (struct instant){ cell->i });
        return;
    }
}

static void write_out(FILE *to, struct str text)
{
    if (text.n > 0) fwrite(text.p, 1, text.n, to);
}

static void json_row(struct cli *cli, const struct cell *cells, char *buffer)
{
    FILE *to = cli->rows;

    if (cli->table == TABLE_ROWS && cli->rows_n > 0) fputc(',', to);
    for (size_t i = 0; i < cli->picks_n; i++) {
        const struct cell *cell = &cells[cli->picks[i]];
        struct writer w = writer_over(buffer, 2 * CELL_BYTES_MAX);
        bool quoted = cell->type == CELL_TEXT || cell->type == CELL_AT;
        fprintf(to, "%c\"%s\":", i == 0 ? '{' : ',', cli->verb->columns[cli->picks[i]].name);
        if (cell->type == CELL_NONE) {
            put_str(&w, S("null"));
        } else if (cell->type == CELL_TEXT) {
            put_json_str(&w, str_part(cell->text, 0, CELL_BYTES_MAX / 4));
        } else if (cell->type == CELL_WORDS) {
            put_json_words(&w, str_part(cell->text, 0, CELL_BYTES_MAX / 4));
        } else {
            if (quoted) put_char(&w, '"');
            put_for_machines(&w, cell);
            if (quoted) put_char(&w, '"');
        }
        write_out(to, writer_str(&w));
    }
    fputc('}', to);
}

static void csv_row(struct cli *cli, const struct cell *cells, char *buffer)
{
    for (size_t i = 0; i < cli->verb->columns_n; i++) {
        char text[1024];
        struct writer plain = writer_over(text, sizeof text),
                      w = writer_over(buffer, 2 * CELL_BYTES_MAX);
        struct str field = str_part(cells[i].text, 0, CELL_BYTES_MAX / 2);
        if (cells[i].type != CELL_TEXT) {
            put_for_machines(&plain, &cells[i]);
            field = writer_str(&plain);
        }
        if (i > 0) put_char(&w, ',');
        put_csv_field(&w, field, true); /* people open these in spreadsheets */
        write_out(cli->rows, writer_str(&w));
    }
    fputs("\r\n", cli->rows);
}

/* A cell for the screen: what would move the cursor or hide text becomes U+FFFD. */
static void table_row(struct cli *cli, const struct cell *cells, char *buffer)
{
    for (size_t i = 0; i < cli->verb->columns_n; i++) {
        struct writer raw = writer_over(buffer, CELL_BYTES_MAX),
                      shown = writer_over(buffer + CELL_BYTES_MAX, CELL_BYTES_MAX);
        struct str text;
        put_for_people(&raw, &cells[i], cli->zh);
        text = writer_str(&raw);
        while (text.n > 0) {
            uint32_t c = utf8_take(&text);
            bool hidden = c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) ||
                          (c >= 0x2066 && c <= 0x2069);
            put_utf8(&shown, hidden ? 0xFFFD : c);
        }
        write_out(cli->rows, writer_str(&shown));
        fputc(0, cli->rows);
    }
}

void cli_row(struct cli *cli, const struct cell *cells, size_t n)
{
    char *buffer = malloc(2 * CELL_BYTES_MAX);

    assert(n == cli->verb->columns_n);
    assert(cli->table != TABLE_NONE);
    assert(cli->table == TABLE_ROWS || cli->rows_n == 0);
    if (!buffer) abort(); /* a command line tool without 128 KiB */
    if (cli->json) {
        json_row(cli, cells, buffer);
    } else if (cli->csv) {
        csv_row(cli, cells, buffer);
    } else {
        table_row(cli, cells, buffer);
    }
    cli->rows_n++;
    free(buffer);
}

static void print_cell(FILE *to, struct str text, size_t width, bool right, bool last)
{
    size_t used = text_width(text);

    for (size_t i = used; right && i < width; i++) {
        fputc(' ', to);
    }
    write_out(to, text);
    for (size_t i = used; !right && !last && i < width; i++) {
        fputc(' ', to);
    }
    fputs(last ? "\n" : "  ", to);
}

static const char *heading(const struct cli *cli, size_t i)
{
    return cli->zh ? cli->verb->columns[i].zh : cli->verb->columns[i].en;
}

static void print_table(const struct cli *cli, const char *cells, FILE *to)
{
    size_t n = cli->verb->columns_n, width[CLI_COLUMNS_MAX];
    const char *cell = cells;
    bool colour = cli_colour(cli);

    for (size_t i = 0; i < n; i++) {
        width[i] = text_width(str_of(heading(cli, i)));
    }
    for (int64_t i = 0; i < cli->rows_n * (int64_t)n; i++, cell += strlen(cell) + 1) {
        size_t w = text_width(str_of(cell));
        if (w > width[(size_t)i % n]) width[(size_t)i % n] = w;
    }
    if (colour) fputs("\033[1m", to);
    for (size_t i = 0; i < n; i++) {
        print_cell(to, str_of(heading(cli, i)), width[i], cli->verb->columns[i].right, i + 1 == n);
    }
    if (colour) fputs("\033[0m", to);
    cell = cells;
    for (int64_t i = 0; i < cli->rows_n * (int64_t)n; i++, cell += strlen(cell) + 1) {
        size_t column = (size_t)i % n;
        print_cell(to, str_of(cell), width[column], cli->verb->columns[column].right,
                   column + 1 == n);
    }
}

static void print_record(const struct cli *cli, const char *cell, FILE *to)
{
    size_t n = cli->verb->columns_n, width = 0;

    for (size_t i = 0; i < n; i++) {
        size_t w = text_width(str_of(heading(cli, i)));
        if (w > width) width = w;
    }
    for (size_t i = 0; i < n && cli->rows_n > 0; i++, cell += strlen(cell) + 1) {
        if (!cell[0]) continue; /* a record shows what is there */
        print_cell(to, str_of(heading(cli, i)), width, false, false);
        fprintf(to, "%s\n", cell);
    }
}

static void print_csv(const struct cli *cli, FILE *to)
{
    for (size_t i = 0; i < cli->verb->columns_n; i++) {
        fprintf(to, "%s%s", i > 0 ? "," : "", cli->verb->columns[i].name);
    }
    fputs("\r\n", to);
    write_out(to, (struct str){ cli->rows_text, cli->rows_bytes });
}

static void print_json(const struct cli *cli, FILE *to)
{
    if (cli->table == TABLE_ROWS) fputc('[', to);
    write_out(to, (struct str){ cli->rows_text, cli->rows_bytes });
    fputs(cli->table == TABLE_ROWS ? "]\n" : "\n", to);
}

void cli_table_flush(struct cli *cli)
{
    FILE *to = cli->streams->out;

    if (cli->table == TABLE_NONE) return;
    if (fclose(cli->rows) != 0) abort(); /* only memory can lack */
    if (!cli->failed) {
        if (cli->json) {
            print_json(cli, to);
        } else if (cli->csv) {
            print_csv(cli, to);
        } else if (cli->table == TABLE_RECORD) {
            print_record(cli, cli->rows_text, to);
        } else {
            print_table(cli, cli->rows_text, to);
        }
    }
    free(cli->rows_text);
    cli->rows_text = NULL;
    cli->table = TABLE_NONE;
}

void cli_table_end(struct cli *cli)
{
    assert(cli->table != TABLE_NONE);
    if (!cli->json) cli_table_flush(cli); /* JSON waits for the command's end */
}
