/* base/cli.h - the command line: `ykt <noun> <verb> [ids] [--flags]`, declared in tables.
 *
 * A program file holds one noun:
 *
 *     static enum cli_exit lose(struct cli *cli)
 *     {
 *         struct str card = cli_arg(cli, 0);
 *         ...
 *         cli_say(cli, "挂失成功  %s", "reported lost  %s", id);
 *         return CLI_OK;
 *     }
 *     static const struct cli_verb VERBS[] = {
 *         { .name = "lose", .zh = "挂失", .en = "report a card lost", .run = lose,
 *           .args = { { "card", "卡", "the card" } },
 *           .flags = { { "kind", CLI_ENUM, .choices = LOSS_KINDS, .preset = "temporary", ... } },
 *           .examples = { { "ykt card lose crd_71xk2m9q0g4zr", "口头挂失", "temporary loss" } } },
 *     };
 *     const struct cli_noun CARD_NOUN = { "card", "卡", "cards", VERBS, LEN(VERBS) };
 *
 * and main() lists the nouns and returns cli_main(). Every verb understands --help, --json[=a,b],
 * --csv, --no-color and --lang zh|en besides its own flags, given as `--flag value` or
 * `--flag=value`; `--` ends the flags. Data goes to standard output, words to standard error. With
 * --json a failure is one problem object on standard error and standard output stays empty. */
#pragma once
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/money.h"
#include "base/str.h"

enum cli_exit { /* stable: scripts rely on them */
                CLI_OK = 0,
                CLI_FAILED = 1,
                CLI_USAGE = 2,
                CLI_NOT_FOUND = 3,
                CLI_NOT_ALLOWED = 4,
                CLI_CONFLICT = 5,
                CLI_FOUND_PROBLEMS = 6, /* a check did its work and found something */
                CLI_PARTNER = 7,        /* a partner or the network */
                CLI_TRY_AGAIN = 75,
};

enum cli_type {
    CLI_SWITCH,   /* no value */
    CLI_TEXT,     /* not empty, UTF-8 */
    CLI_INT,      /* min..max */
    CLI_ENUM,     /* one of choices */
    CLI_DURATION, /* "30s", as in base/config.h; microseconds, min..max */
    CLI_INSTANT,  /* RFC 3339, or a date: its start at UTC+8 */
    CLI_DATE,     /* 2021-08-20 */
};
enum { CLI_FLAGS_MAX = 16, CLI_ARGS_MAX = 4, CLI_EXAMPLES_MAX = 4, CLI_REPEATS_MAX = 64 };

struct cli_flag {
    const char *name; /* without the dashes */
    enum cli_type type;
    const char *zh, *en;
    const char *value;  /* how help names the value: "FILE"; NULL: from the type */
    const char *preset; /* as it would be given; NULL: none */
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    bool required;
    bool repeats; /* may be given up to CLI_REPEATS_MAX times: cli_texts */
};
struct cli_param { /* what stands without dashes */
    const char *name, *zh, *en;
    bool optional;
    bool repeats; /* the last one only */
};
struct cli_example {
    const char *line, *zh, *en;
};

struct cli_column {
    const char *name; /* lower_snake: JSON member, CSV heading */
    const char *zh, *en;
    bool right; /* numbers stand right */
    bool words; /* a list of words, see cell_words */
};
struct cli;
typedef enum cli_exit cli_run(struct cli *cli);

struct cli_verb {
    const char *name;    /* "" for a noun that is its own command: `ykt doctor` */
    const char *zh, *en; /* one line */
    cli_run *run;
    struct cli_param args[CLI_ARGS_MAX];
    const struct cli_column
        *columns; /* of what it prints, see cli_table; NULL: it prints no rows */
    size_t columns_n;
    struct cli_flag flags[CLI_FLAGS_MAX];
    struct cli_example examples[CLI_EXAMPLES_MAX]; /* at least one; a test runs them */
};
struct cli_noun {
    const char *name, *zh, *en;
    const struct cli_verb *verbs;
    size_t n;
};

struct cli_problem {  /* how a refusal is told */
    const char *code; /* "card_unknown" */
    enum cli_exit exit;
    const char *zh, *en;
};
struct cli_app {
    const char *name; /* "ykt" */
    const struct cli_noun *const *nouns;
    size_t n;
    /* How the refusal `code` is told; false when it knows none. May be NULL. */
    bool (*problem)(int code, struct cli_problem *out);
    void *arg; /* the program's own, for run functions: cli_app_arg */
};

/* Parse, run, and return the exit code for main(). */
int cli_main(const struct cli_app *app, int argc, const char *const *argv);
/* The same with streams and environment of the caller's (tests). */
struct cli_streams {
    FILE *out, *err;
    bool out_tty, err_tty;
    const char *const *env; /* NULL-terminated */
};
int cli_main_with(const struct cli_app *app, int argc, const char *const *argv,
                  const struct cli_streams *streams);

/* Look over every table without running anything: texts in both languages, an example for each verb
 * that parses under its own table. Prints findings, returns how many: the test of programs/. */
int cli_check(const struct cli_app *app, FILE *to);

/* ---- what was asked; a name that the verb's table does not have is a bug (assert) ---- */

size_t cli_args(const struct cli *cli);
struct str cli_arg(const struct cli *cli, size_t i);   /* empty past the end */
bool cli_has(const struct cli *cli, const char *flag); /* given (a preset does not count) */
struct str cli_text(const struct cli *cli, const char *flag);
int64_t cli_int(const struct cli *cli, const char *flag); /* also durations, enum's index */
struct instant cli_instant(const struct cli *cli, const char *flag);
struct date cli_date(const struct cli *cli, const char *flag);
const struct str *cli_texts(const struct cli *cli, const char *flag, size_t *n);
bool cli_zh(const struct cli *cli);
bool cli_json(const struct cli *cli);   /* --json was given: print through tables or stay quiet */
bool cli_colour(const struct cli *cli); /* standard output is a terminal that may have colour */
const char *const *cli_env(const struct cli *cli);
FILE *cli_out(const struct cli *cli); /* for data that is no table: a file asked for by name */
void *cli_app_arg(const struct cli *cli);
struct arena *cli_arena(struct cli *cli); /* 1 MiB, given back when run returns */

/* ---- what is told ---- */

/* Words for people, on standard error, with a line end; silent with --json. One format a language,
 * both with the same arguments. */
void cli_say(struct cli *cli, const char *zh, const char *en, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/* Fail: tell and return `exit`. code: "card_unknown", for machines. */
enum cli_exit cli_fail(struct cli *cli, enum cli_exit exit, const char *code, const char *zh,
                       const char *en, ...)
    __attribute__((format(printf, 4, 6), format(printf, 5, 6)));
/* Tell a result that is not OK: a refusal by app->problem, a fault with its note (the store busy is
 * CLI_TRY_AGAIN, a partner or keyd CLI_PARTNER, the rest CLI_FAILED). CLI_OK for OK. */
enum cli_exit cli_end(struct cli *cli, struct err err);

/* Tables and records. The verb declares its columns once; rows come out as a table whose columns
 * line up (double-width characters count two), as an array of objects with --json, as lines with
 * --csv. --json=a,b picks members and their order; an unknown one is a usage error before run. A
 * record is one row, printed one member a line and as one object.
 *
 *     cli_table(cli);
 *     cli_row(cli, CELLS(cell_text(id), cell_int(n)));      // as often as there are rows
 *     cli_table_end(cli);
 */
enum cell_type { CELL_NONE, CELL_INT, CELL_BOOL, CELL_TEXT, CELL_WORDS, CELL_MONEY, CELL_AT };
struct cell {
    enum cell_type type;
    int64_t i;
    struct str text;
};
static inline struct cell cell_none(void)
{
    return (struct cell){ .type = CELL_NONE };
}
static inline struct cell cell_int(int64_t i)
{
    return (struct cell){ .type = CELL_INT, .i = i };
}
static inline struct cell cell_bool(bool b)
{
    return (struct cell){ .type = CELL_BOOL, .i = b };
}
static inline struct cell cell_text(struct str text)
{
    return (struct cell){ .type = CELL_TEXT, .text = text };
}
/* One word a line; "a, b" for people and in CSV, an array of strings with --json. */
static inline struct cell cell_words(struct str lines)
{
    return (struct cell){ .type = CELL_WORDS, .text = lines };
}
static inline struct cell cell_money(struct money m) /* ¥1,234.56 for people, fen for machines */
{
    return (struct cell){ .type = CELL_MONEY, .i = m.fen };
}
static inline struct cell cell_at(struct instant at)
{
    return (struct cell){ .type = CELL_AT, .i = at.usec };
}
#define CELLS(...)                                                                                 \
    ((const struct cell[]){ __VA_ARGS__ }),                                                        \
        (sizeof((const struct cell[]){ __VA_ARGS__ }) / sizeof(struct cell))

enum { CLI_COLUMNS_MAX = 24 };
/* The columns that the running verb declares; returns how many. */
size_t cli_columns(const struct cli *cli, const struct cli_column **out);
void cli_table(struct cli *cli);
void cli_record(struct cli *cli);
void cli_row(struct cli *cli, const struct cell *cells, size_t n);
void cli_table_end(struct cli *cli);
