/* base/cli.c - one command from words to exit code. */
#include "base/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli_inner.h"
#include "base/text.h"

enum { CLI_ARENA_BYTES = 1 << 20 };

extern char **environ;

static struct str variable(const char *const *env, const char *name)
{
    for (; env && *env; env++) {
        struct str value, found = str_cut(str_of(*env), '=', &value);
        if (str_eq(found, str_of(name))) return value;
    }
    return (struct str){ 0 };
}

/* Chinese, unless the flag, YKT_LANG or the locale says English. */
static bool wants_chinese(const char *const *env, struct str flag)
{
    static const char *const VARIABLES[] = { "YKT_LANG", "LC_ALL", "LC_MESSAGES", "LANG" };

    if (flag.n > 0) return !str_eq(flag, S("en"));
    for (size_t i = 0; i < LEN(VARIABLES); i++) {
        struct str value = variable(env, VARIABLES[i]);
        if (value.n > 0) return !str_starts(value, S("en"));
    }
    return true;
}

/* What must be known before anything can be told: language, --json, --help. */
struct early {
    struct str lang;
    bool lang_wrong, json, help, version;
};

static struct early look_ahead(int argc, const char *const *argv)
{
    struct early early = { 0 };

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        struct str word = str_of(argv[i]);
        if (str_starts(word, S("--lang="))) early.lang = str_part(word, 7, word.n);
        if (str_eq(word, S("--lang"))) early.lang = str_of(i + 1 < argc ? argv[i + 1] : "?");
        if (str_eq(word, S("--json")) || str_starts(word, S("--json="))) early.json = true;
        if (str_eq(word, S("--help")) || str_eq(word, S("-h"))) early.help = true;
        if (i == 1 && argc == 2 && str_eq(word, S("help"))) early.help = true;
        if (i == 1 && str_eq(word, S("--version"))) early.version = true;
    }
    early.lang_wrong =
        early.lang.n > 0 && !str_eq(early.lang, S("zh")) && !str_eq(early.lang, S("en"));
    return early;
}

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != 0;
}

/* --help at every depth; a command line that stops early gets the same on standard error. */
static int help(struct cli *cli, int argc, const char *const *argv, bool asked)
{
    FILE *to = asked ? cli->streams->out : cli->streams->err;

    if (argc > 1 && !is_flag(argv[1])) cli->noun = cli_find_noun(cli->app, str_of(argv[1]));
    if (cli->noun) {
        cli->verb = cli_find_verb(cli->noun, S(""));
        if (!cli->verb && argc > 2) cli->verb = cli_find_verb(cli->noun, str_of(argv[2]));
    }
    if (cli->verb) {
        cli_help_verb(cli, to);
    } else if (cli->noun) {
        cli_help_noun(cli, to);
    } else {
        cli_help_app(cli, to);
    }
    return asked ? CLI_OK : CLI_USAGE;
}

static bool stops_early(const struct cli *cli, int argc, const char *const *argv)
{
    const struct cli_noun *noun;

    if (argc < 2) return true;
    noun = cli_find_noun(cli->app, str_of(argv[1]));
    return noun && !cli_find_verb(noun, S("")) && (argc < 3 || is_flag(argv[2]));
}

static int run(struct cli *cli, int argc, const char *const *argv)
{
    enum cli_exit exit = cli_parse(cli, argc, argv);

    if (exit != CLI_OK) {
        if (cli->verb && !cli->json)
            cli_say(cli, "用法见 %s %s%s%s --help", "see %s %s%s%s --help", cli->app->name,
                    cli->noun->name, cli->verb->name[0] ? " " : "", cli->verb->name);
        return (int)exit;
    }
    exit = cli->verb->run(cli);
    cli_table_flush(cli);
    if (fflush(cli->streams->out) != 0 && exit == CLI_OK) /* a full disk behind a pipe */
        exit = cli_fail(cli, CLI_FAILED, "output", "输出写入失败", "the output can't be written");
    return (int)exit;
}

int cli_main_with(const struct cli_app *app, int argc, const char *const *argv,
                  const struct cli_streams *streams)
{
    struct early early = look_ahead(argc, argv);
    struct cli *cli = calloc(1, sizeof *cli);
    const char *version[] = { app->name, "version", early.json ? "--json" : NULL };
    int code;

    if (!cli || arena_open(&cli->arena, CLI_ARENA_BYTES).code != 0) {
        fprintf(streams->err, "%s: no memory\n", app->name);
        free(cli);
        return CLI_FAILED;
    }
    cli->app = app;
    cli->streams = streams;
    cli->json = early.json;
    cli->zh = wants_chinese(streams->env, early.lang_wrong ? S("") : early.lang);
    cli->plain = variable(streams->env, "NO_COLOR").n > 0;
    if (early.lang_wrong) {
        code = (int)cli_fail(cli, CLI_USAGE, "flag_wrong", "--lang: 应为 zh 或 en",
                             "--lang: must be zh or en");
    } else if (early.version) {
        code = run(cli, early.json ? 3 : 2, version);
    } else if (early.help || stops_early(cli, argc, argv)) {
        code = help(cli, argc, argv, early.help);
    } else {
        code = run(cli, argc, argv);
    }
    arena_close(&cli->arena);
    free(cli);
    return code;
}

int cli_main(const struct cli_app *app, int argc, const char *const *argv)
{
    union { /* environ's strings are only read */
        char **given;
        const char *const *wanted;
    } env = { .given = environ };
    struct cli_streams streams = { .out = stdout,
                                   .err = stderr,
                                   .out_tty = isatty(STDOUT_FILENO) == 1,
                                   .err_tty = isatty(STDERR_FILENO) == 1,
                                   .env = env.wanted };

    return cli_main_with(app, argc, argv, &streams);
}

/* ---- what was asked ---- */

static const struct given *given(const struct cli *cli, const char *flag)
{
    for (size_t i = 0; i < cli_flags_n(cli->verb); i++) {
        if (strcmp(cli->verb->flags[i].name, flag) == 0) return &cli->flags[i];
    }
    assert(false && "the verb declares the flag that it asks for");
    return NULL;
}

size_t cli_args(const struct cli *cli)
{
    return cli->args_n;
}

struct str cli_arg(const struct cli *cli, size_t i)
{
    return i < cli->args_n ? cli->args[i] : (struct str){ 0 };
}

bool cli_has(const struct cli *cli, const char *flag)
{
    return given(cli, flag)->given;
}

struct str cli_text(const struct cli *cli, const char *flag)
{
    return given(cli, flag)->text;
}

int64_t cli_int(const struct cli *cli, const char *flag)
{
    return given(cli, flag)->i;
}

struct instant cli_instant(const struct cli *cli, const char *flag)
{
    return (struct instant){ given(cli, flag)->i };
}

struct date cli_date(const struct cli *cli, const char *flag)
{
    return given(cli, flag)->date;
}

const struct str *cli_texts(const struct cli *cli, const char *flag, size_t *n)
{
    const struct given *g = given(cli, flag);

    *n = g->texts_n;
    return g->texts;
}

bool cli_zh(const struct cli *cli)
{
    return cli->zh;
}

bool cli_json(const struct cli *cli)
{
    return cli->json;
}

bool cli_colour(const struct cli *cli)
{
    return cli->streams->out_tty && !cli->plain && !cli->json && !cli->csv;
}

const char *const *cli_env(const struct cli *cli)
{
    return cli->streams->env;
}

FILE *cli_out(const struct cli *cli)
{
    return cli->streams->out;
}

void *cli_app_arg(const struct cli *cli)
{
    return cli->app->arg;
}

struct arena *cli_arena(struct cli *cli)
{
    return &cli->arena;
}

/* ---- what is told ---- */

void cli_say(struct cli *cli, const char *zh, const char *en, ...)
{
    va_list args;

    if (cli->json) return;
    va_start(args, en);
    vfprintf(cli->streams->err, cli->zh ? zh : en, args);
    va_end(args);
    fputc('\n', cli->streams->err);
}

static void tell_problem(struct cli *cli, enum cli_exit exit, const char *code, struct str text)
{
    char line[8192];
    struct writer w = writer_over(line, sizeof line);

    cli->failed = true;
    if (cli->json) {
        put_str(&w, S("{\"code\":"));
        put_json_str(&w, str_of(code));
        put_str(&w, S(",\"title\":"));
        put_json_str(&w, text);
        put_format(&w, ",\"exit\":%d}\n", (int)exit);
    } else {
        put_format(&w, "%s: %.*s\n", cli->app->name, (int)text.n, text.p ? text.p : "");
    }
    fwrite(w.p, 1, w.n, cli->streams->err);
}

enum cli_exit cli_fail(struct cli *cli, enum cli_exit exit, const char *code, const char *zh,
                       const char *en, ...)
{
    char text[2048];
    va_list args;

    va_start(args, en);
    vsnprintf(text, sizeof text, cli->zh ? zh : en, args);
    va_end(args);
    tell_problem(cli, exit, code, str_of(text));
    return exit;
}

static enum cli_exit fault_exit(int code)
{
    switch (code) {
    case FAULT_STORE_BUSY:
    case FAULT_INTERRUPTED:
        return CLI_TRY_AGAIN;
    case FAULT_STORE_LOST:
    case FAULT_KEYD:
    case FAULT_PARTNER:
        return CLI_PARTNER;
    default:
        return CLI_FAILED;
    }
}

enum cli_exit cli_end(struct cli *cli, struct err err)
{
    struct cli_problem problem;

    if (err.code == 0) return CLI_OK;
    if (err.code < 0)
        return cli_fail(cli, fault_exit(err.code), fault_name(err.code), "系统错误 %s: %s",
                        "failed: %s: %s", fault_name(err.code), fault_note());
    if (cli->app->problem && cli->app->problem(err.code, &problem))
        return cli_fail(cli, problem.exit, problem.code, "%s", "%s",
                        cli->zh ? problem.zh : problem.en);
    return cli_fail(cli, CLI_FAILED, "refused", "被拒绝，编号 %d", "refused, number %d", err.code);
}

/* ---- the tables themselves ---- */

/* Split an example into words at spaces, quotes kept together; 0 when it has too many. */
static int split(struct arena *arena, struct str line, const char **words, int most)
{
    int n = 0;

    while (line.n > 0) {
        struct str word;
        line = str_trim(line);
        if (line.n > 0 && (line.p[0] == '\'' || line.p[0] == '"')) {
            word = str_cut(str_part(line, 1, line.n), line.p[0], &line);
        } else {
            word = str_cut(line, ' ', &line);
        }
        if (word.n == 0) continue;
        if (str_eq(word, S("|")) || str_eq(word, S("<")) || str_eq(word, S(">")) ||
            str_eq(word, S("&&")))
            break;
        if (n == most) return 0;
        words[n++] = arena_c(arena, word);
    }
    return n;
}

static bool example_parses(const struct cli_app *app, const struct cli_verb *verb, const char *line)
{
    struct cli_streams quiet = { .out = stdout, .err = fopen("/dev/null", "w") };
    struct cli *cli = calloc(1, sizeof *cli);
    const char *words[64];
    bool parses = false;
    int n;

    if (cli && quiet.err && arena_open(&cli->arena, CLI_ARENA_BYTES).code == 0) {
        cli->app = app;
        cli->streams = &quiet;
        n = split(&cli->arena, str_of(line), words, LEN(words));
        parses = n >= 2 && strcmp(words[0], app->name) == 0 && cli_parse(cli, n, words) == CLI_OK &&
                 cli->verb == verb;
        arena_close(&cli->arena);
    }
    if (quiet.err) fclose(quiet.err);
    free(cli);
    return parses;
}

static int check_verb(const struct cli_app *app, const struct cli_noun *noun,
                      const struct cli_verb *verb, FILE *to)
{
    int bad = 0;

    if (!verb->zh || !verb->en || !verb->run || !verb->examples[0].line) {
        fprintf(to, "%s %s: a verb has zh, en, run and an example\n", noun->name, verb->name);
        bad++;
    }
    for (size_t i = 0; i < cli_flags_n(verb); i++) {
        if (verb->flags[i].zh && verb->flags[i].en) continue;
        fprintf(to, "%s %s --%s: a flag has zh and en\n", noun->name, verb->name,
                verb->flags[i].name);
        bad++;
    }
    for (size_t i = 0; i < CLI_EXAMPLES_MAX && verb->examples[i].line; i++) {
        if (verb->examples[i].zh && verb->examples[i].en &&
            example_parses(app, verb, verb->examples[i].line))
            continue;
        fprintf(to, "%s %s: the example \"%s\" does not parse, or lacks zh or en\n", noun->name,
                verb->name, verb->examples[i].line);
        bad++;
    }
    return bad;
}

int cli_check(const struct cli_app *app, FILE *to)
{
    int bad = 0;

    for (size_t i = 0; i < app->n; i++) {
        for (size_t j = 0; j < app->nouns[i]->n; j++) {
            bad += check_verb(app, app->nouns[i], &app->nouns[i]->verbs[j], to);
        }
    }
    return bad;
}
