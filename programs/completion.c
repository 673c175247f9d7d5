/* programs/completion.c - `ykt completion bash|zsh|fish`: a script for the shell, made from the
 * tables of the command line. Bash and zsh share one list of words by command; fish takes a line a
 * word. File names complete flags that name a file or folder. */
#include "programs/nouns.h"

#include <string.h>

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };
static const char *const SHELLS[] = { "bash", "zsh", "fish", NULL };
static const char COMMON[] = "--help --json --csv --no-color --lang";

static bool is_shown(const struct cli_verb *verb, size_t flag)
{
    return flag < CLI_FLAGS_MAX && verb->flags[flag].name;
}

/* ---- bash, and zsh by its emulation of bash's completion */

static void put_nouns(FILE *to)
{
    for (size_t i = 0; i < YKT_APP.n; i++) {
        fprintf(to, "%s%s", i > 0 ? " " : "", YKT_APP.nouns[i]->name);
    }
}

static void put_flags(FILE *to, const struct cli_verb *verb)
{
    for (size_t i = 0; is_shown(verb, i); i++) {
        fprintf(to, "--%s ", verb->flags[i].name);
    }
    fputs(COMMON, to);
}

/* What may follow a noun, a verb's flags, and a flag's choices. */
static void put_noun_words(FILE *to, const struct cli_noun *noun)
{
    if (!noun->verbs[0].name[0]) {
        fprintf(to, "        '%s') words='", noun->name);
        put_flags(to, &noun->verbs[0]);
        fputs("' ;;\n", to);
        return;
    }
    fprintf(to, "        '%s') words='", noun->name);
    for (size_t i = 0; i < noun->n; i++) {
        fprintf(to, "%s%s", i > 0 ? " " : "", noun->verbs[i].name);
    }
    fputs("' ;;\n", to);
    for (size_t i = 0; i < noun->n; i++) {
        fprintf(to, "        '%s %s') words='", noun->name, noun->verbs[i].name);
        put_flags(to, &noun->verbs[i]);
        fputs("' ;;\n", to);
    }
}

static void put_choices(FILE *to, const struct cli_noun *noun, const struct cli_verb *verb)
{
    for (size_t i = 0; is_shown(verb, i); i++) {
        const struct cli_flag *flag = &verb->flags[i];
        if (flag->type != CLI_ENUM) continue;
        fprintf(to, "        '%s%s%s --%s') words='", noun->name, verb->name[0] ? " " : "",
                verb->name, flag->name);
        for (int j = 0; flag->choices[j]; j++) {
            fprintf(to, "%s%s", j > 0 ? " " : "", flag->choices[j]);
        }
        fputs("' ;;\n", to);
    }
}

static void put_bash(FILE *to)
{
    fputs("# made by ykt completion\n"
          "_ykt() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local noun=${COMP_WORDS[1]} verb=${COMP_WORDS[2]} key words=\n"
          "    if [ \"$COMP_CWORD\" -le 1 ]; then key=\n"
          "    elif [ \"$COMP_CWORD\" -eq 2 ] || [[ $verb == -* ]]; then key=$noun\n"
          "    else key=\"$noun $verb\"; fi\n"
          "    case $before in\n"
          "        --lang) COMPREPLY=($(compgen -W 'zh en' -- \"$word\")); return ;;\n"
          "        --*) [[ $word == -* ]] || key=\"$key $before\" ;;\n"
          "    esac\n"
          "    case $key in\n"
          "        '') words='",
          to);
    put_nouns(to);
    fputs(" --help --version' ;;\n", to);
    for (size_t i = 0; i < YKT_APP.n; i++) {
        put_noun_words(to, YKT_APP.nouns[i]);
        for (size_t j = 0; j < YKT_APP.nouns[i]->n; j++) {
            put_choices(to, YKT_APP.nouns[i], &YKT_APP.nouns[i]->verbs[j]);
        }
    }
    fputs("    esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "}\n"
          "complete -o default -F _ykt ykt\n",
          to);
}

/* ---- fish */

/* Words for people, in single quotes. */
static void put_quoted(FILE *to, const char *words)
{
    fputc('\'', to);
    for (; *words; words++) {
        if (*words == '\'' || *words == '\\') fputc('\\', to);
        fputc(*words, to);
    }
    fputc('\'', to);
}

static void put_fish_flags(FILE *to, const struct cli_noun *noun, const struct cli_verb *verb,
                           bool zh)
{
    for (size_t i = 0; is_shown(verb, i); i++) {
        const struct cli_flag *flag = &verb->flags[i];
        fprintf(to, "complete -c ykt -n '__fish_seen_subcommand_from %s", noun->name);
        if (verb->name[0]) fprintf(to, "; and __fish_seen_subcommand_from %s", verb->name);
        fprintf(to, "' -l %s%s", flag->name, flag->type == CLI_SWITCH ? "" : " -r");
        if (flag->type == CLI_ENUM) {
            fputs(" -f -a '", to);
            for (int j = 0; flag->choices[j]; j++) {
                fprintf(to, "%s%s", j > 0 ? " " : "", flag->choices[j]);
            }
            fputc('\'', to);
        }
        fputs(" -d ", to);
        put_quoted(to, zh ? flag->zh : flag->en);
        fputc('\n', to);
    }
}

static void put_fish_noun(FILE *to, const struct cli_noun *noun, bool zh)
{
    fprintf(to, "complete -c ykt -f -n __fish_use_subcommand -a %s -d ", noun->name);
    put_quoted(to, zh ? noun->zh : noun->en);
    fputc('\n', to);
    for (size_t i = 0; i < noun->n; i++) {
        const struct cli_verb *verb = &noun->verbs[i];
        if (verb->name[0]) {
            fprintf(to,
                    "complete -c ykt -f -n '__fish_seen_subcommand_from %s; and test (count "
                    "(commandline -opc)) -eq 2' -a %s -d ",
                    noun->name, verb->name);
            put_quoted(to, zh ? verb->zh : verb->en);
            fputc('\n', to);
        }
        put_fish_flags(to, noun, verb, zh);
    }
}

static void put_fish(FILE *to, bool zh)
{
    fputs("# made by ykt completion\n"
          "complete -c ykt -l help\n"
          "complete -c ykt -l json\n"
          "complete -c ykt -l csv\n"
          "complete -c ykt -l no-color\n"
          "complete -c ykt -l lang -r -f -a 'zh en'\n",
          to);
    for (size_t i = 0; i < YKT_APP.n; i++) {
        put_fish_noun(to, YKT_APP.nouns[i], zh);
    }
}

static enum cli_exit completion(struct cli *cli)
{
    FILE *to = cli_out(cli);
    struct str asked = cli_arg(cli, 0);

    if (str_eq(asked, str_of(SHELLS[SHELL_FISH]))) {
        put_fish(to, cli_zh(cli));
    } else if (str_eq(asked, str_of(SHELLS[SHELL_BASH]))) {
        put_bash(to);
    } else if (str_eq(asked, str_of(SHELLS[SHELL_ZSH]))) {
        fputs("#compdef ykt\nautoload -U +X bashcompinit && bashcompinit\n", to);
        put_bash(to);
    } else {
        return cli_fail(cli, CLI_USAGE, "shell_unknown", "\"%.*s\" 应为 bash、zsh 或 fish",
                        "\"%.*s\" must be bash, zsh or fish", (int)asked.n, asked.p);
    }
    return CLI_OK;
}

static const struct cli_verb VERBS[] = {
    { .name = "",
      .zh = "打印命令行补全脚本",
      .en = "print a script that completes command lines",
      .run = completion,
      .args = { { "shell", "bash、zsh 或 fish", "bash, zsh or fish", false, false } },
      .examples = { { "ykt completion bash > /usr/share/bash-completion/completions/ykt", "安装",
                      "install it" },
                    { "ykt completion fish", "fish", "for fish" } } },
};
const struct cli_noun COMPLETION_NOUN = { "completion", "命令补全", "completion for shells", VERBS,
                                          LEN(VERBS) };
