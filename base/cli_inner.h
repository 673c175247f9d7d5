/* base/cli_inner.h - between the files of cli: one command being parsed and run. */
#pragma once
#include "base/cli.h"

enum { ARGS_MAX = 1024 };

struct given { /* one flag of the verb, as it came */
    bool given;
    struct str text;
    int64_t i;
    struct date date;
    struct str texts[CLI_REPEATS_MAX];
    size_t texts_n;
};

enum table_kind { TABLE_NONE, TABLE_ROWS, TABLE_RECORD };

struct cli {
    const struct cli_app *app;
    const struct cli_streams *streams;
    const struct cli_noun *noun;
    const struct cli_verb *verb;
    struct arena arena;
    bool zh, json, csv, plain; /* plain: --no-color */
    struct str fields;         /* of --json=fields */
    int picks[CLI_COLUMNS_MAX];
    size_t picks_n;
    struct str args[ARGS_MAX];
    size_t args_n;
    struct given flags[CLI_FLAGS_MAX];
    bool failed; /* told by cli_fail */

    enum table_kind table;
    FILE *rows; /* cells as NUL-terminated texts (table), or finished text (JSON, CSV) */
    char *rows_text;
    size_t rows_bytes;
    int64_t rows_n;
};

/* cli_parse.c: CLI_OK, or CLI_USAGE after telling. */
enum cli_exit cli_parse(struct cli *cli, int argc, const char *const *argv);
const struct cli_noun *cli_find_noun(const struct cli_app *app, struct str name);
const struct cli_verb *cli_find_verb(const struct cli_noun *noun, struct str name);
size_t cli_flags_n(const struct cli_verb *verb);
size_t cli_params_n(const struct cli_verb *verb);

/* cli_help.c */
void cli_help_app(const struct cli *cli, FILE *to);
void cli_help_noun(const struct cli *cli, FILE *to);
void cli_help_verb(const struct cli *cli, FILE *to);

/* cli_table.c: print what waits when the command did not fail, and forget it. */
void cli_table_flush(struct cli *cli);
