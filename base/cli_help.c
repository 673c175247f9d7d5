/* base/cli_help.c - help: examples first. */
#include "base/cli_inner.h"
#include "base/text.h"

static const char *say(const struct cli *cli, const char *zh, const char *en)
{
    return cli->zh ? zh : en;
}

/* Text, then spaces up to a column that counts double-width characters. */
static void print_padded(FILE *to, const char *text, size_t width)
{
    size_t used = text_width(str_of(text));

    fputs(text, to);
    for (; used < width; used++) {
        fputc(' ', to);
    }
}

void cli_help_app(const struct cli *cli, FILE *to)
{
    fprintf(to,
            cli->zh ? "用法：%s <对象> <动作> [编号] [--选项]\n\n"
                    : "usage: %s <noun> <verb> [ids] [--flags]\n\n",
            cli->app->name);
    for (size_t i = 0; i < cli->app->n; i++) {
        const struct cli_noun *noun = cli->app->nouns[i];
        fputs("  ", to);
        print_padded(to, noun->name, 14);
        fprintf(to, "%s\n", say(cli, noun->zh, noun->en));
    }
    fprintf(to, cli->zh ? "\n%s <对象> --help 列出动作\n" : "\n%s <noun> --help lists the verbs\n",
            cli->app->name);
}

void cli_help_noun(const struct cli *cli, FILE *to)
{
    const struct cli_noun *noun = cli->noun;

    fprintf(to, "%s %s: %s\n\n", cli->app->name, noun->name, say(cli, noun->zh, noun->en));
    for (size_t i = 0; i < noun->n; i++) {
        fputs("  ", to);
        print_padded(to, noun->verbs[i].name, 18);
        fprintf(to, "%s\n", say(cli, noun->verbs[i].zh, noun->verbs[i].en));
    }
    fprintf(to,
            cli->zh ? "\n%s %s <动作> --help 有示例\n" : "\n%s %s <verb> --help shows examples\n",
            cli->app->name, noun->name);
}

static const char *value_name(const struct cli *cli, const struct cli_flag *flag)
{
    if (flag->value) return flag->value;
    switch (flag->type) {
    case CLI_SWITCH:
        return "";
    case CLI_TEXT:
        return say(cli, "文字", "TEXT");
    case CLI_INT:
        return "N";
    case CLI_ENUM:
        return say(cli, "选项", "CHOICE");
    case CLI_DURATION:
        return say(cli, "时长", "TIME");
    case CLI_INSTANT:
        return say(cli, "时间", "WHEN");
    case CLI_DATE:
        return say(cli, "日期", "DATE");
    }
    return "";
}

static void print_flag(const struct cli *cli, const struct cli_flag *flag, FILE *to)
{
    char left[128];
    struct writer w = writer_over(left, sizeof left - 1);

    put_format(&w, "  --%s%s%s", flag->name, flag->type == CLI_SWITCH ? "" : " ",
               value_name(cli, flag));
    left[w.n] = 0;
    print_padded(to, left, 26);
    fprintf(to, "  %s", say(cli, flag->zh, flag->en));
    if (flag->type == CLI_ENUM) {
        for (int i = 0; flag->choices[i]; i++) {
            fprintf(to, "%s%s", i == 0 ? " [" : "|", flag->choices[i]);
        }
        fputc(']', to);
    }
    if (flag->type == CLI_INT) fprintf(to, " [%" PRId64 "-%" PRId64 "]", flag->min, flag->max);
    if (flag->required) fputs(say(cli, "（必须）", " (required)"), to);
    if (flag->repeats) fputs(say(cli, "（可多次）", " (may repeat)"), to);
    if (flag->preset) fprintf(to, cli->zh ? "（预设 %s）" : " (preset %s)", flag->preset);
    fputc('\n', to);
}

static void print_usage(const struct cli *cli, FILE *to)
{
    fprintf(to, cli->zh ? "用法：%s %s" : "usage: %s %s", cli->app->name, cli->noun->name);
    if (cli->verb->name[0]) fprintf(to, " %s", cli->verb->name);
    for (size_t i = 0; i < cli_params_n(cli->verb); i++) {
        const struct cli_param *param = &cli->verb->args[i];
        fprintf(to, param->optional ? " [%s]" : " <%s>", param->name);
        if (param->repeats) fputs("...", to);
    }
    if (cli_flags_n(cli->verb) > 0) fputs(say(cli, " [--选项]", " [--flags]"), to);
    fprintf(to, "\n  %s\n", say(cli, cli->verb->zh, cli->verb->en));
}

static void print_examples(const struct cli *cli, FILE *to)
{
    fprintf(to, "%s\n", say(cli, "示例：", "examples:"));
    for (size_t i = 0; i < CLI_EXAMPLES_MAX && cli->verb->examples[i].line; i++) {
        const struct cli_example *example = &cli->verb->examples[i];
        fprintf(to, "  # %s\n  %s\n", say(cli, example->zh, example->en), example->line);
    }
    fputc('\n', to);
}

void cli_help_verb(const struct cli *cli, FILE *to)
{
    print_examples(cli, to);
    print_usage(cli, to);
    if (cli_params_n(cli->verb) > 0) fprintf(to, "\n%s\n", say(cli, "参数：", "arguments:"));
    for (size_t i = 0; i < cli_params_n(cli->verb); i++) {
        fputs("  ", to);
        print_padded(to, cli->verb->args[i].name, 24);
        fprintf(to, "  %s\n", say(cli, cli->verb->args[i].zh, cli->verb->args[i].en));
    }
    if (cli_flags_n(cli->verb) > 0) fprintf(to, "\n%s\n", say(cli, "选项：", "flags:"));
    for (size_t i = 0; i < cli_flags_n(cli->verb); i++) {
        print_flag(cli, &cli->verb->flags[i], to);
    }
    if (cli->verb->columns_n > 0) {
        fprintf(to, "\n%s ", say(cli, "输出字段：", "members printed:"));
        for (size_t i = 0; i < cli->verb->columns_n; i++) {
            fprintf(to, "%s%s", i > 0 ? ", " : "", cli->verb->columns[i].name);
        }
        fputc('\n', to);
    }
    fprintf(to, "\n%s\n",
            say(cli, "所有命令：--json[=字段,…] --csv --no-color --lang zh|en --help",
                "every command: --json[=member,…] --csv --no-color --lang zh|en --help"));
}
