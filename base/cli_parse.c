/* base/cli_parse.c - words of a command line to a verb, its arguments and its flags. */
#include <assert.h>
#include <string.h>

#include "base/cli_inner.h"
#include "base/text.h"

const struct cli_noun *cli_find_noun(const struct cli_app *app, struct str name)
{
    for (size_t i = 0; i < app->n; i++) {
        if (str_eq(str_of(app->nouns[i]->name), name)) return app->nouns[i];
    }
    return NULL;
}

const struct cli_verb *cli_find_verb(const struct cli_noun *noun, struct str name)
{
    for (size_t i = 0; i < noun->n; i++) {
        if (str_eq(str_of(noun->verbs[i].name), name)) return &noun->verbs[i];
    }
    return NULL;
}

size_t cli_flags_n(const struct cli_verb *verb)
{
    size_t n = 0;

    while (n < CLI_FLAGS_MAX && verb->flags[n].name) {
        n++;
    }
    return n;
}

size_t cli_params_n(const struct cli_verb *verb)
{
    size_t n = 0;

    while (n < CLI_ARGS_MAX && verb->args[n].name) {
        n++;
    }
    return n;
}

/* "ykt card lsoe: 没有这个命令; 是否为 "lose"?" */
static enum cli_exit unknown(struct cli *cli, const char *code, const char *zh, const char *en,
                             struct str name, const char *const *known, size_t n)
{
    int near = text_nearest(name, known, n);
    int shown = (int)(name.n < 80 ? name.n : 80);

    if (near >= 0)
        return cli_fail(cli, CLI_USAGE, code, "%s \"%.*s\"; 是否为 \"%s\"?",
                        "%s \"%.*s\"; did you mean \"%s\"?", cli->zh ? zh : en, shown, name.p,
                        known[near]);
    return cli_fail(cli, CLI_USAGE, code, "%s \"%.*s\"", "%s \"%.*s\"", cli->zh ? zh : en, shown,
                    name.p);
}

static enum cli_exit unknown_flag(struct cli *cli, struct str name)
{
    static const char *const COMMON[] = { "json", "csv", "no-color", "lang", "help" };
    const char *known[CLI_FLAGS_MAX + LEN(COMMON)];
    size_t n = cli_flags_n(cli->verb);

    for (size_t i = 0; i < n; i++) {
        known[i] = cli->verb->flags[i].name;
    }
    memcpy(known + n, COMMON, sizeof COMMON);
    return unknown(cli, "flag_unknown", "未知选项 --", "unknown flag --", name, known,
                   n + LEN(COMMON));
}

static bool choice(const char *const *choices, struct str text, int64_t *out)
{
    for (int i = 0; choices[i]; i++) {
        if (str_eq(str_of(choices[i]), text)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool instant_given(struct str text, int64_t *out)
{
    struct instant at;
    struct date date;

    if (date_parse(text, &date)) {
        at = day_start(date_day(date));
    } else if (!instant_parse(text, &at)) {
        return false;
    }
    *out = at.usec;
    return true;
}

/* Does the text fit the flag? Fills what it means. */
static bool value_fits(const struct cli_flag *flag, struct str text, struct given *given)
{
    given->text = text;
    switch (flag->type) {
    case CLI_SWITCH:
        return false;
    case CLI_TEXT:
        return text.n > 0 && utf8_valid(text);
    case CLI_INT:
        return str_int(text, flag->min, flag->max, &given->i);
    case CLI_ENUM:
        return choice(flag->choices, text, &given->i);
    case CLI_DURATION:
        return duration_parse(text, &given->i) && given->i >= flag->min && given->i <= flag->max;
    case CLI_INSTANT:
        return instant_given(text, &given->i);
    case CLI_DATE:
        return date_parse(text, &given->date);
    }
    return false;
}

static void put_wanted(struct writer *w, const struct cli_flag *flag, bool zh)
{
    switch (flag->type) {
    case CLI_SWITCH:
        put_str(w, zh ? S("不带值") : S("no value"));
        return;
    case CLI_TEXT:
        put_str(w, zh ? S("文字") : S("text"));
        return;
    case CLI_INT:
        put_format(w,
                   zh ? "%" PRId64 "-%" PRId64 " 的整数"
                      : "a whole number from %" PRId64 " to %" PRId64,
                   flag->min, flag->max);
        return;
    case CLI_ENUM:
        for (int i = 0; flag->choices[i]; i++) {
            put_format(w, "%s%s", i > 0 ? "|" : "", flag->choices[i]);
        }
        return;
    case CLI_DURATION:
        put_str(w, zh ? S("时长，如 30s，从 ") : S("a time such as 30s, from "));
        put_duration(w, flag->min);
        put_str(w, zh ? S(" 到 ") : S(" to "));
        put_duration(w, flag->max);
        return;
    case CLI_INSTANT:
        put_str(w, zh ? S("时间，如 2021-08-20T15:32:07+08:00")
                      : S("a time such as 2021-08-20T15:32:07+08:00"));
        return;
    case CLI_DATE:
        put_str(w, zh ? S("日期，如 2021-08-20") : S("a date such as 2021-08-20"));
        return;
    }
}

static enum cli_exit wrong_value(struct cli *cli, const struct cli_flag *flag, struct str text)
{
    char wanted[512];
    struct writer w = writer_over(wanted, sizeof wanted - 1);

    put_wanted(&w, flag, cli->zh);
    wanted[w.n] = 0;
    return cli_fail(cli, CLI_USAGE, "flag_wrong", "--%s: 应为 %s，现为 \"%.*s\"",
                    "--%s: must be %s, is \"%.*s\"", flag->name, wanted,
                    (int)(text.n < 80 ? text.n : 80), text.p ? text.p : "");
}

/* A flag of the verb's own; `value` has p NULL when it came without "=". */
static enum cli_exit own_flag(struct cli *cli, size_t index, struct str value)
{
    const struct cli_flag *flag = &cli->verb->flags[index];
    struct given *given = &cli->flags[index];

    if (flag->type == CLI_SWITCH) {
        if (value.p) return wrong_value(cli, flag, value);
        given->given = true;
        return CLI_OK;
    }
    if (given->given && !flag->repeats)
        return cli_fail(cli, CLI_USAGE, "flag_twice", "--%s: 只能给一次", "--%s: given twice",
                        flag->name);
    if (!value_fits(flag, value, given)) return wrong_value(cli, flag, value);
    if (given->texts_n == CLI_REPEATS_MAX)
        return cli_fail(cli, CLI_USAGE, "flag_often", "--%s: 最多 %d 次", "--%s: at most %d times",
                        flag->name, CLI_REPEATS_MAX);
    given->texts[given->texts_n++] = value;
    given->given = true;
    return CLI_OK;
}

/* Flags that every verb understands; *mine says whether it was one. */
static enum cli_exit common_flag(struct cli *cli, struct str name, struct str value, bool *mine)
{
    *mine = true;
    if (str_eq(name, S("json"))) {
        cli->json = true;
        cli->fields = value;
        if (value.p && value.n == 0)
            return cli_fail(cli, CLI_USAGE, "flag_wrong", "--json=: 缺少字段名",
                            "--json=: names no member");
    } else if (str_eq(name, S("csv"))) {
        cli->csv = true;
    } else if (str_eq(name, S("no-color"))) {
        cli->plain = true;
    } else {
        *mine = false;
    }
    return CLI_OK;
}

static int flag_index(const struct cli_verb *verb, struct str name)
{
    for (size_t i = 0; i < cli_flags_n(verb); i++) {
        if (str_eq(str_of(verb->flags[i].name), name)) return (int)i;
    }
    return -1;
}

/* One word that begins with "--"; *at moves on when its value is the next word. */
static enum cli_exit flag_word(struct cli *cli, int argc, const char *const *argv, int *at)
{
    struct str word = str_of(argv[*at]), value, name;
    bool joined = memchr(word.p, '=', word.n) != NULL, common;
    enum cli_exit exit;
    int index;

    name = str_part(str_cut(word, '=', &value), 2, word.n);
    if (!joined) value = (struct str){ 0 };
    if (joined && !value.p) value = S("");
    if (str_eq(name, S("lang"))) { /* was read before everything else, see cli.c */
        if (!joined) ++*at;
        return CLI_OK;
    }
    exit = common_flag(cli, name, value, &common);
    if (common || exit != CLI_OK) return exit;
    index = flag_index(cli->verb, name);
    if (index < 0) return unknown_flag(cli, name);
    if (!joined && cli->verb->flags[index].type != CLI_SWITCH) {
        if (*at + 1 >= argc)
            return cli_fail(cli, CLI_USAGE, "flag_wrong", "--%s: 缺少值", "--%s: needs a value",
                            cli->verb->flags[index].name);
        value = str_of(argv[++*at]);
    }
    return own_flag(cli, (size_t)index, value);
}

static enum cli_exit words(struct cli *cli, int argc, const char *const *argv, int at)
{
    bool flags_over = false;

    for (; at < argc; at++) {
        struct str word = str_of(argv[at]);
        if (!flags_over && str_eq(word, S("--"))) {
            flags_over = true;
        } else if (!flags_over && str_starts(word, S("--"))) {
            enum cli_exit exit = flag_word(cli, argc, argv, &at);
            if (exit != CLI_OK) return exit;
        } else if (!utf8_valid(word) || cli->args_n == ARGS_MAX) {
            return cli_fail(cli, CLI_USAGE, "argument_wrong", "参数 %d: 不是 UTF-8，或参数过多",
                            "argument %d: not UTF-8, or too many", at);
        } else {
            cli->args[cli->args_n++] = word;
        }
    }
    return CLI_OK;
}

static enum cli_exit check_args(struct cli *cli)
{
    size_t n = cli_params_n(cli->verb), least = 0;
    bool repeats = n > 0 && cli->verb->args[n - 1].repeats;

    while (least < n && !cli->verb->args[least].optional) {
        least++;
    }
    if (cli->args_n < least)
        return cli_fail(cli, CLI_USAGE, "argument_missing", "缺少参数 <%s>: %s", "missing <%s>: %s",
                        cli->verb->args[cli->args_n].name,
                        cli->zh ? cli->verb->args[cli->args_n].zh
                                : cli->verb->args[cli->args_n].en);
    if (cli->args_n > n && !repeats)
        return cli_fail(cli, CLI_USAGE, "argument_extra", "多余的参数 \"%.*s\"",
                        "one argument too many: \"%.*s\"",
                        (int)(cli->args[n].n < 80 ? cli->args[n].n : 80), cli->args[n].p);
    return CLI_OK;
}

static enum cli_exit check_flags(struct cli *cli)
{
    for (size_t i = 0; i < cli_flags_n(cli->verb); i++) {
        const struct cli_flag *flag = &cli->verb->flags[i];
        if (cli->flags[i].given) continue;
        if (flag->required)
            return cli_fail(cli, CLI_USAGE, "flag_missing", "缺少选项 --%s: %s", "missing --%s: %s",
                            flag->name, cli->zh ? flag->zh : flag->en);
        if (flag->preset && !value_fits(flag, str_of(flag->preset), &cli->flags[i]))
            assert(false && "a preset fits its own flag");
    }
    return CLI_OK;
}

static enum cli_exit pick_fields(struct cli *cli)
{
    const char *known[CLI_COLUMNS_MAX];
    struct str left = cli->fields;
    size_t n = cli->verb->columns_n;

    for (size_t i = 0; i < n; i++) {
        known[i] = cli->verb->columns[i].name;
        cli->picks[i] = (int)i;
    }
    cli->picks_n = n;
    if (!cli->fields.p) return CLI_OK;
    cli->picks_n = 0;
    while (left.n > 0) {
        struct str name = str_trim(str_cut(left, ',', &left));
        size_t i = 0;
        while (i < n && !str_eq(str_of(known[i]), name)) {
            i++;
        }
        if (i == n || cli->picks_n == CLI_COLUMNS_MAX)
            return unknown(cli, "field_unknown", "--json: 没有字段", "--json: no member", name,
                           known, n);
        cli->picks[cli->picks_n++] = (int)i;
    }
    return CLI_OK;
}

static enum cli_exit check_output(struct cli *cli)
{
    if (cli->json && cli->csv)
        return cli_fail(cli, CLI_USAGE, "flag_conflict", "--json 与 --csv 不能同用",
                        "--json and --csv exclude each other");
    if (cli->csv && cli->verb->columns_n == 0)
        return cli_fail(cli, CLI_USAGE, "flag_conflict", "--csv: 此命令没有表格输出",
                        "--csv: this command prints no table");
    return pick_fields(cli);
}

static enum cli_exit find_command(struct cli *cli, int argc, const char *const *argv, int *at)
{
    const char *known[256];
    size_t n = 0;

    cli->noun = cli_find_noun(cli->app, str_of(argv[1]));
    if (!cli->noun) {
        for (size_t i = 0; i < cli->app->n && n < LEN(known); i++) {
            known[n++] = cli->app->nouns[i]->name;
        }
        return unknown(cli, "command_unknown", "没有命令", "no command", str_of(argv[1]), known, n);
    }
    *at = 2;
    cli->verb = cli_find_verb(cli->noun, S(""));
    if (cli->verb) return CLI_OK;
    *at = 3;
    if (argc > 2) cli->verb = cli_find_verb(cli->noun, str_of(argv[2]));
    if (cli->verb) return CLI_OK;
    for (size_t i = 0; i < cli->noun->n && n < LEN(known); i++) {
        known[n++] = cli->noun->verbs[i].name;
    }
    return unknown(cli, "command_unknown", "没有命令", "no command",
                   argc > 2 ? str_of(argv[2]) : S(""), known, n);
}

enum cli_exit cli_parse(struct cli *cli, int argc, const char *const *argv)
{
    enum cli_exit exit;
    int at = 0;

    if ((exit = find_command(cli, argc, argv, &at)) != CLI_OK) return exit;
    assert(cli->verb->columns_n <= CLI_COLUMNS_MAX);
    if ((exit = words(cli, argc, argv, at)) != CLI_OK) return exit;
    if ((exit = check_args(cli)) != CLI_OK) return exit;
    if ((exit = check_flags(cli)) != CLI_OK) return exit;
    return check_output(cli);
}
