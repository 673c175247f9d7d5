/* programs/man.c - `ykt man`: the manual pages, made from the tables of the command line and of the
 * settings, so that they say what this binary does: ykt(1), one ykt-<noun>(1) a noun, ykt.conf(5),
 * in English (DIR/man1, DIR/man5) and in Chinese (DIR/zh_CN/…). */
#include "base/text.h"
#include "programs/nouns.h"
#include "programs/settings.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 1024 };

/* One page being written; every word goes through `text`, which hides what roff would obey. */
struct man_page {
    FILE *to;
    bool zh;
    bool begun; /* a line has begun: a '.' here is no request */
};

static const char *say(const struct man_page *page, const char *zh, const char *en)
{
    return page->zh ? zh : en;
}

static void text(struct man_page *page, const char *words)
{
    for (; *words; words++) {
        if (!page->begun && (*words == '.' || *words == '\'')) fputs("\\&", page->to);
        if (*words == '\\') {
            fputs("\\e", page->to);
        } else if (*words == '-') {
            fputs("\\-", page->to);
        } else {
            fputc(*words, page->to);
        }
        page->begun = *words != '\n';
    }
}

static void end_line(struct man_page *page)
{
    if (page->begun) fputc('\n', page->to);
    page->begun = false;
}

static void line(struct man_page *page, const char *words)
{
    text(page, words);
    end_line(page);
}

/* A request of man(7) on a line of its own. */
static void request(struct man_page *page, const char *words)
{
    end_line(page);
    fprintf(page->to, "%s\n", words);
}

static void bold(struct man_page *page, const char *words)
{
    fputs("\\fB", page->to);
    page->begun = true;
    text(page, words);
    fputs("\\fR", page->to);
}

static void italic(struct man_page *page, const char *words)
{
    fputs("\\fI", page->to);
    page->begun = true;
    text(page, words);
    fputs("\\fR", page->to);
}

static void section(struct man_page *page, const char *zh, const char *en)
{
    end_line(page);
    fprintf(page->to, ".SH %s\n", say(page, zh, en));
}

/* No date: the same tables make the same bytes. */
static void title(struct man_page *page, const char *name, int chapter, const char *about)
{
    fprintf(page->to, ".\\\" made by ykt man\n.TH \"%s\" %d \"\" \"yikatong %s\" \"yikatong\"\n",
            name, chapter, YKT_VERSION);
    section(page, "名称", "NAME");
    text(page, name);
    fputs(" \\- ", page->to);
    line(page, about);
}

/* ---- one verb */

static bool is_shown(const struct cli_verb *verb, size_t flag)
{
    return flag < CLI_FLAGS_MAX && verb->flags[flag].name;
}

static const char *value_of(const struct man_page *page, const struct cli_flag *flag)
{
    if (flag->value) return flag->value;
    switch (flag->type) {
    case CLI_SWITCH:
        return "";
    case CLI_TEXT:
        return say(page, "文字", "TEXT");
    case CLI_INT:
        return "N";
    case CLI_ENUM:
        return say(page, "选项", "CHOICE");
    case CLI_DURATION:
        return say(page, "时长", "TIME");
    case CLI_INSTANT:
        return say(page, "时间", "WHEN");
    case CLI_DATE:
        return say(page, "日期", "DATE");
    }
    return "";
}

static void put_flag_name(struct man_page *page, const struct cli_flag *flag)
{
    bold(page, "--");
    bold(page, flag->name);
    if (flag->type == CLI_SWITCH) return;
    text(page, " ");
    italic(page, value_of(page, flag));
}

static void put_command(struct man_page *page, const struct cli_noun *noun,
                        const struct cli_verb *verb)
{
    bold(page, "ykt ");
    bold(page, noun->name);
    if (verb->name[0]) text(page, " ");
    bold(page, verb->name);
    for (size_t i = 0; i < CLI_ARGS_MAX && verb->args[i].name; i++) {
        text(page, verb->args[i].optional ? " [" : " ");
        italic(page, verb->args[i].name);
        if (verb->args[i].repeats) text(page, " ...");
        if (verb->args[i].optional) text(page, "]");
    }
    for (size_t i = 0; is_shown(verb, i); i++) {
        text(page, verb->flags[i].required ? " " : " [");
        put_flag_name(page, &verb->flags[i]);
        if (verb->flags[i].repeats) text(page, " ...");
        if (!verb->flags[i].required) text(page, "]");
    }
    end_line(page);
}

static void put_flag(struct man_page *page, const struct cli_flag *flag)
{
    char range[64];

    request(page, ".TP");
    put_flag_name(page, flag);
    end_line(page);
    text(page, say(page, flag->zh, flag->en));
    for (int i = 0; flag->type == CLI_ENUM && flag->choices[i]; i++) {
        text(page, i == 0 ? say(page, "：", ": ") : say(page, "、", ", "));
        bold(page, flag->choices[i]);
    }
    if (flag->type == CLI_INT) {
        struct writer w = writer_over(range, sizeof range - 1);
        put_format(&w, page->zh ? "；%" PRId64 "-%" PRId64 : "; %" PRId64 " to %" PRId64, flag->min,
                   flag->max);
        range[w.n] = 0;
        text(page, range);
    }
    if (flag->preset) {
        text(page, say(page, "；预设 ", "; preset "));
        bold(page, flag->preset);
    }
    if (flag->required) text(page, say(page, "；必须", "; required"));
    if (flag->repeats) text(page, say(page, "；可多次", "; may repeat"));
    end_line(page);
}

static void put_verb(struct man_page *page, const struct cli_noun *noun,
                     const struct cli_verb *verb)
{
    end_line(page);
    fputs(".SS ", page->to);
    put_command(page, noun, verb);
    line(page, say(page, verb->zh, verb->en));
    for (size_t i = 0; i < CLI_ARGS_MAX && verb->args[i].name; i++) {
        request(page, ".TP");
        italic(page, verb->args[i].name);
        end_line(page);
        line(page, say(page, verb->args[i].zh, verb->args[i].en));
    }
    for (size_t i = 0; is_shown(verb, i); i++) {
        put_flag(page, &verb->flags[i]);
    }
    if (verb->columns_n > 0) {
        request(page, ".TP");
        line(page, say(page, "输出字段", "members printed"));
        for (size_t i = 0; i < verb->columns_n; i++) {
            if (i > 0) text(page, ", ");
            bold(page, verb->columns[i].name);
        }
        end_line(page);
    }
    for (size_t i = 0; i < CLI_EXAMPLES_MAX && verb->examples[i].line; i++) {
        request(page, ".PP");
        line(page, say(page, verb->examples[i].zh, verb->examples[i].en));
        request(page, ".RS 4\n.nf");
        line(page, verb->examples[i].line);
        request(page, ".fi\n.RE");
    }
}

/* ---- what all pages end with */

static const struct {
    const char *exit, *zh, *en;
} EXITS[] = {
    { "0", "成功", "done" },
    { "1", "失败", "failed" },
    { "2", "用法或设置有误，什么也没有做", "wrong usage or settings; nothing was done" },
    { "3", "没有找到", "not found" },
    { "4", "不允许", "not allowed" },
    { "5", "与现状冲突", "in conflict with what is there" },
    { "6", "检查完成，发现问题", "a check did its work and found problems" },
    { "7", "对方或网络的问题", "a partner or the network" },
    { "75", "暂时做不到，请再试", "not now, try again" },
};

static void put_exits(struct man_page *page)
{
    section(page, "退出码", "EXIT STATUS");
    for (size_t i = 0; i < LEN(EXITS); i++) {
        request(page, ".TP");
        bold(page, EXITS[i].exit);
        end_line(page);
        line(page, say(page, EXITS[i].zh, EXITS[i].en));
    }
}

static void put_common(struct man_page *page)
{
    static const struct {
        const char *flag, *value, *zh, *en;
    } FLAGS[] = {
        { "--help", "", "示例与用法", "examples and usage" },
        { "--json", "[=member,...]",
          "一个数组或对象，可选字段；失败时标准错误上有一个问题对象，标准输出为空",
          "one array or object, of the members named; a failure is one problem object on standard "
          "error, and standard output stays empty" },
        { "--csv", "", "逗号分隔", "lines with commas" },
        { "--no-color", "", "不用颜色；设了 NO_COLOR 也一样", "no colour; so does NO_COLOR" },
        { "--lang", " zh|en", "语言；否则看 YKT_LANG、LC_ALL、LC_MESSAGES、LANG，都没有则中文",
          "language; else YKT_LANG, LC_ALL, LC_MESSAGES, LANG, else Chinese" },
    };

    section(page, "所有命令的选项", "FLAGS OF EVERY COMMAND");
    for (size_t i = 0; i < LEN(FLAGS); i++) {
        request(page, ".TP");
        bold(page, FLAGS[i].flag);
        if (FLAGS[i].value[0]) text(page, FLAGS[i].value);
        end_line(page);
        line(page, say(page, FLAGS[i].zh, FLAGS[i].en));
    }
    line(page, "");
    request(page, ".PP");
    line(page, say(page, "数据在标准输出，话在标准错误。",
                   "Data goes to standard output, words to standard error."));
}

static void put_see_also(struct man_page *page, const struct cli_noun *but)
{
    section(page, "参见", "SEE ALSO");
    for (size_t i = 0; i < YKT_APP.n; i++) {
        if (YKT_APP.nouns[i] == but) continue;
        bold(page, "ykt-");
        bold(page, YKT_APP.nouns[i]->name);
        text(page, "(1), ");
    }
    bold(page, "ykt");
    text(page, "(1), ");
    bold(page, "ykt.conf");
    line(page, "(5)");
}

/* ---- the pages */

static void put_noun_page(struct man_page *page, const struct cli_noun *noun)
{
    char name[64];
    struct writer w = writer_over(name, sizeof name - 1);

    put_format(&w, "ykt-%s", noun->name);
    name[w.n] = 0;
    title(page, name, 1, say(page, noun->zh, noun->en));
    section(page, "用法", "SYNOPSIS");
    for (size_t i = 0; i < noun->n; i++) {
        if (i > 0) request(page, ".br");
        put_command(page, noun, &noun->verbs[i]);
    }
    section(page, "说明", "DESCRIPTION");
    for (size_t i = 0; i < noun->n; i++) {
        put_verb(page, noun, &noun->verbs[i]);
    }
    put_common(page);
    put_exits(page);
    put_see_also(page, noun);
}

static void put_ykt_page(struct man_page *page)
{
    title(page, "ykt", 1,
          say(page, "居民服务“一卡通”平台", "the platform of a resident-service card"));
    section(page, "用法", "SYNOPSIS");
    bold(page, "ykt ");
    italic(page, say(page, "对象 动作", "noun verb"));
    line(page, say(page, " [编号 ...] [--选项 ...]", " [ids ...] [--flags ...]"));
    section(page, "对象", "NOUNS");
    for (size_t i = 0; i < YKT_APP.n; i++) {
        const struct cli_noun *noun = YKT_APP.nouns[i];
        request(page, ".TP");
        bold(page, "ykt-");
        bold(page, noun->name);
        line(page, "(1)");
        text(page, say(page, noun->zh, noun->en));
        for (size_t j = 0; j < noun->n && noun->verbs[j].name[0]; j++) {
            text(page, j == 0 ? say(page, "：", ": ") : ", ");
            bold(page, noun->verbs[j].name);
        }
        end_line(page);
    }
    put_common(page);
    section(page, "环境", "ENVIRONMENT");
    line(page, say(page, "YKT_LANG 选语言。YKT_节_键 覆盖设置文件中的一项（见 ykt.conf(5)）。",
                   "YKT_LANG picks the language. YKT_SECTION_KEY overrides one setting of the "
                   "settings file, see ykt.conf(5)."));
    put_exits(page);
    put_see_also(page, NULL);
}

static void put_conf_page(struct man_page *page)
{
    struct str part = { 0 };

    title(page, "ykt.conf", 5, say(page, "服务的设置文件", "the server's settings file"));
    section(page, "说明", "DESCRIPTION");
    line(page,
         say(page,
             "UTF-8 文本：[节]，下面是 键 = 值。# 起注释（前面要有空格）；值可加引号，引号内 \\\" "
             "\\\\ \\n \\t 有效。第一节之前可写 include = 路径（可用通配符）；同目录 conf.d/ 下的 "
             ".conf 文件按名次序最后读。相对路径（包括 sqlite: 和 "
             "unix: 之后的）以该文件所在文件夹为准；预设的相对路径以 --config "
             "文件所在文件夹为准，--set "
             "和环境变量里的以启动时的工作目录为准。",
             "UTF-8 text: a [section], below it key = value. A # begins a comment (after a space); "
             "a value in quotes may hold \\\" \\\\ \\n \\t and a #. Before the first section, "
             "include = PATH (wildcards allowed) reads another file; the .conf files of the "
             "folder conf.d beside it are read last, by name. A relative path (also "
             "behind sqlite: and unix:) counts from the folder of the file that holds it, a "
             "relative preset from the folder of the --config file, one of --set or of a variable "
             "from where the program was started."));
    request(page, ".PP");
    line(page,
         say(page,
             "次序：--set 节.键=值 优先于环境变量 YKT_节_键，优先于文件，优先于预设。未知的设置、"
             "重复的设置和不对的值都列出文件、行、列，然后拒绝启动：ykt server check。",
             "Precedence: --set section.key=value, then the environment's YKT_SECTION_KEY, then "
             "files, then the preset. Unknown settings, settings given twice and wrong values are "
             "all listed with file, line and column before a start is refused: ykt server check."));
    section(page, "设置", "SETTINGS");
    for (size_t i = 0; i < SETTINGS_N; i++) {
        char help[2048], name[64];
        struct writer w = writer_over(help, sizeof help - 1),
                      name_w = writer_over(name, sizeof name - 1);
        struct str rest, own = str_cut(str_of(SETTINGS[i].name), '.', &rest), words;

        if (!str_eq(own, part)) {
            part = own;
            put_format(&name_w, ".SS [%.*s]", (int)own.n, own.p);
            name[name_w.n] = 0;
            request(page, name);
        }
        put_config_help(&w, &SETTINGS[i], page->zh);
        help[w.n] = 0;
        request(page, ".TP");
        bold(page, rest.p);
        end_line(page);
        (void)str_cut(str_of(help), '\n', &words); /* its first line is the name */
        for (bool first = true; words.n > 0; first = false) {
            char row[1024];
            struct str one = str_trim(str_cut(words, '\n', &words));
            if (!str_c(one, row, sizeof row)) continue;
            if (!first) request(page, ".br");
            line(page, row);
        }
    }
    section(page, "文件", "FILES");
    line(page, say(page, "/etc/ykt/ykt.conf  随包的单元所用",
                   "/etc/ykt/ykt.conf  what the packaged unit reads"));
    put_see_also(page, NULL);
}

/* ---- writing them */

struct man_out {
    struct cli *cli;
    const char *dir;
};

static RESULT folder(const char *path)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return fault(FAULT_IO, "%s: errno %d", path, errno);
    return OK;
}

static void path_of(char path[PATH_BYTES], const struct man_out *out, bool zh, const char *rest)
{
    struct writer w = writer_over(path, PATH_BYTES - 1);

    put_format(&w, "%s/%s%s", out->dir, zh ? "zh_CN/" : "", rest);
    path[w.n] = 0;
}

/* `noun` NULL: ykt(1), or ykt.conf(5) in chapter 5. */
static RESULT page_write(const struct man_out *out, bool zh, const struct cli_noun *noun,
                         int chapter)
{
    char path[PATH_BYTES], file[128];
    struct writer w = writer_over(file, sizeof file - 1);
    struct man_page page = { .zh = zh };
    bool failed;

    put_format(&w, "man%d/ykt%s%s.%d", chapter,
               noun           ? "-"
               : chapter == 5 ? ".conf"
                              : "",
               noun ? noun->name : "", chapter);
    file[w.n] = 0;
    path_of(path, out, zh, file);
    page.to = fopen(path, "w");
    if (!page.to) return fault(FAULT_IO, "%s: errno %d", path, errno);
    if (noun) {
        put_noun_page(&page, noun);
    } else if (chapter == 5) {
        put_conf_page(&page);
    } else {
        put_ykt_page(&page);
    }
    failed = ferror(page.to) != 0;
    failed = fclose(page.to) != 0 || failed;
    if (failed) return fault(FAULT_IO, "%s: not written whole", path);
    cli_row(out->cli, CELLS(cell_text(arena_str(cli_arena(out->cli), str_of(path)))));
    return OK;
}

static RESULT language_write(const struct man_out *out, bool zh)
{
    static const char *const FOLDERS[] = { "", "man1", "man5" };
    char path[PATH_BYTES];

    for (size_t i = 0; i < LEN(FOLDERS); i++) {
        path_of(path, out, zh, FOLDERS[i]);
        TRY(folder(path));
    }
    TRY(page_write(out, zh, NULL, 1));
    TRY(page_write(out, zh, NULL, 5));
    for (size_t i = 0; i < YKT_APP.n; i++) {
        TRY(page_write(out, zh, YKT_APP.nouns[i], 1));
    }
    return OK;
}

static enum cli_exit man(struct cli *cli)
{
    struct man_out out = { .cli = cli, .dir = arena_c(cli_arena(cli), cli_text(cli, "dir")) };
    struct err err;
    int bad = cli_check(&YKT_APP, stderr);

    if (bad > 0)
        return cli_fail(cli, CLI_FOUND_PROBLEMS, "tables_not_whole",
                        "命令表有 %d 处问题，不写手册页",
                        "%d problems in the tables of commands; no page is written", bad);
    cli_table(cli);
    err = language_write(&out, false);
    if (err.code == 0) err = language_write(&out, true);
    cli_table_end(cli);
    return cli_end(cli, err);
}

static const struct cli_column COLUMNS[] = { { "page", "手册页", "page", false, false } };
static const struct cli_verb VERBS[] = {
    { .name = "",
      .zh = "由命令表和设置表生成手册页（英文和中文）",
      .en =
          "make the manual pages, in English and Chinese, from the tables of commands and settings",
      .run = man,
      .columns = COLUMNS,
      .columns_n = LEN(COLUMNS),
      .flags = { { .name = "dir",
                   .type = CLI_TEXT,
                   .value = "DIR",
                   .required = true,
                   .zh = "写到的文件夹，其中建 man1、man5、zh_CN",
                   .en = "folder to write to: man1, man5 and zh_CN are made in it" } },
      .examples = { { "ykt man --dir build/man", "生成，然后 man -l build/man/man1/ykt.1",
                      "make them, then man -l build/man/man1/ykt.1" } } },
};
const struct cli_noun MAN_NOUN = { "man", "手册页", "manual pages", VERBS, LEN(VERBS) };
