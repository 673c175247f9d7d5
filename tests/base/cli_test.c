/* tests/base/cli_test.c - commands, help, exit codes, tables. */
#include "base/cli.h"

#include <stdlib.h>

#include "base/text.h"
#include "tests/test.h"

static const char *const KINDS[] = { "temporary", "formal", NULL };

static enum cli_exit lose(struct cli *cli)
{
    struct str card = cli_arg(cli, 0);

    if (str_eq(card, S("crd_none")))
        return cli_fail(cli, CLI_NOT_FOUND, "card_unknown", "没有卡 %s", "no card %s", "crd_none");
    if (str_eq(card, S("crd_busy"))) return cli_end(cli, fault(FAULT_STORE_BUSY, "card row"));
    if (str_eq(card, S("crd_lost"))) return cli_end(cli, (struct err){ .code = 3001 });
    if (str_eq(card, S("crd_odd"))) return cli_end(cli, (struct err){ .code = 3999 });
    cli_say(cli, "挂失成功 %d %d", "reported lost %d %d", (int)cli_int(cli, "kind"),
            (int)(cli_int(cli, "for") / USEC_PER_SEC));
    return cli_end(cli, OK);
}

static enum cli_exit list(struct cli *cli)
{
    size_t n;
    const struct str *texts = cli_texts(cli, "name", &n);

    cli_table(cli);
    cli_row(cli, CELLS(cell_text(S("张三")), cell_int(5), cell_money((struct money){ 123456 }),
                       cell_at(cli_instant(cli, "since")), cell_bool(true),
                       cell_words(S("formal_loss\nreplacement"))));
    for (size_t i = 0; i < n; i++) {
        cli_row(cli, CELLS(cell_text(texts[i]), cell_int((int64_t)i), cell_none(), cell_none(),
                           cell_bool(false), cell_words((struct str){ 0 })));
    }
    cli_table_end(cli);
    if (cli_has(cli, "fail")) return cli_fail(cli, CLI_FAILED, "broken", "坏了", "broken");
    return cli_has(cli, "check") ? CLI_FOUND_PROBLEMS : CLI_OK;
}

static enum cli_exit show(struct cli *cli)
{
    cli_record(cli);
    cli_row(cli, CELLS(cell_text(cli_arg(cli, 0)), cell_int((int64_t)cli_args(cli))));
    cli_table_end(cli);
    return CLI_OK;
}

static const struct cli_column LIST[] = {
    { "name", "姓名", "name", .right = false },        { "count", "次数", "count", .right = true },
    { "amount_fen", "金额", "amount", .right = true }, { "at", "时间", "time", .right = false },
    { "live", "有效", "live", .right = false },        { "next", "可继续", "next", .words = true },
};
static const struct cli_column SHOW[] = { { "id", "编号", "id", .right = false },
                                          { "n", "参数", "n", .right = true } };
/* clang-format off */
static const struct cli_verb CARD_VERBS[] = {
    { .name = "lose", .zh = "挂失", .en = "report a card lost", .run = lose,
      .args = { { "card", "卡编号", "the card's id", false, false } },
      .flags = { { .name = "kind", .type = CLI_ENUM, .zh = "种类", .en = "kind", .preset = "temporary", .choices = KINDS },
                 { .name = "for", .type = CLI_DURATION, .zh = "多久", .en = "how long", .preset = "7d", .min = 1, .max = 30 * USEC_PER_DAY } },
      .examples = { { "ykt card lose crd_71xk2m9q0g4zr --kind formal", "正式挂失", "a formal report" } } },
    { .name = "list", .zh = "列出", .en = "list cards", .run = list, .columns = LIST, .columns_n = LEN(LIST),
      .flags = { { .name = "since", .type = CLI_INSTANT, .zh = "起", .en = "from", .preset = "2021-08-20" },
                 { .name = "name", .type = CLI_TEXT, .zh = "姓名", .en = "name", .repeats = true },
                 { .name = "limit", .type = CLI_INT, .zh = "上限", .en = "at most", .min = 1, .max = 100 },
                 { .name = "day", .type = CLI_DATE, .zh = "日", .en = "day" },
                 { .name = "check", .type = CLI_SWITCH, .zh = "检查", .en = "check" },
                 { .name = "fail", .type = CLI_SWITCH, .zh = "失败", .en = "fail" } },
      .examples = { { "ykt card list --json=name,count | head", "取字段", "pick members" } } },
    { .name = "show", .zh = "显示", .en = "show cards", .run = show, .columns = SHOW, .columns_n = LEN(SHOW),
      .args = { { "card", "卡编号", "the card's id", false, false }, { "more", "其余", "others", true, true } },
      .examples = { { "ykt card show crd_1 crd_2", "两张", "two of them" } } },
};
static const struct cli_verb VERSION_VERBS[] = {
    { .name = "", .zh = "版本", .en = "version", .run = show, .columns = SHOW, .columns_n = LEN(SHOW),
      .examples = { { "ykt version --json", "版本", "the version" } } },
};
/* clang-format on */
static const struct cli_noun CARD = { "card", "卡", "cards", CARD_VERBS, LEN(CARD_VERBS) };
static const struct cli_noun VERSION = { "version", "版本", "version", VERSION_VERBS,
                                         LEN(VERSION_VERBS) };
static const struct cli_noun *const NOUNS[] = { &CARD, &VERSION };

static bool problem(int code, struct cli_problem *out)
{
    *out =
        (struct cli_problem){ "card_lost", CLI_CONFLICT, "卡已挂失", "the card is reported lost" };
    return code == 3001;
}

static const struct cli_app APP = {
    .name = "ykt", .nouns = NOUNS, .n = LEN(NOUNS), .problem = problem
};

static char *out_text, *err_text;

/* Run a line of words separated by spaces; _ stands for a space inside a word. */
static int run(const char *line, bool tty, const char *const *env)
{
    char copy[512];
    const char *words[32] = { "ykt" };
    int n = 1;
    size_t out_n, err_n;
    struct cli_streams streams = { .out_tty = tty, .env = env };

    free(out_text);
    free(err_text);
    snprintf(copy, sizeof copy, "%s", line);
    for (char *p = copy; *p;) {
        words[n++] = p;
        while (*p && *p != ' ') {
            if (*p == '_') *p = ' ';
            p++;
        }
        if (*p) *p++ = 0;
    }
    streams.out = open_memstream(&out_text, &out_n);
    streams.err = open_memstream(&err_text, &err_n);
    int code = cli_main_with(&APP, n, words, &streams);
    fclose(streams.out);
    fclose(streams.err);
    return code;
}

static void commands(void)
{
    static const char *const ENGLISH[] = { "LANG=en_GB.UTF-8", NULL };
    static const struct {
        const char *title, *line;
        int code;
        const char *out, *err;
    } rows[] = {
        { "a command", "card lose crd", 0, "", "reported lost 0 604800\n" },
        { "a value behind its flag", "card lose crd --kind formal", 0, "",
          "reported lost 1 604800\n" },
        { "a value joined to it", "card lose --kind=formal crd --for=9s", 0, "",
          "reported lost 1 9\n" },
        { "in Chinese", "card lose crd --lang zh", 0, "", "挂失成功 0 604800\n" },
        { "quiet with --json", "card lose crd --json", 0, "", "" },
        { "no such thing", "card lose crd-none", 0, "", "reported lost 0 604800\n" },
        { "two dashes end the flags", "card show -- --kind", 0, "id  --kind\nn   1\n", "" },
        { "a single dash is an argument", "card show -", 0, "id  -\nn   1\n", "" },
        { "a fault to try again", "card lose crd_busy", 0, "", "reported lost 0 604800\n" },
        { "unknown noun", "crad lose", 2, "",
          "ykt: no command \"crad\"; did you mean \"card\"?\n" },
        { "unknown verb", "card lsoe x", 2, "",
          "ykt: no command \"lsoe\"; did you mean \"lose\"?\n" },
        { "unknown and like nothing", "card banana", 2, "", "ykt: no command \"banana\"\n" },
        { "unknown flag", "card lose x --knid formal", 2, "",
          "ykt: unknown flag -- \"knid\"; did you mean \"kind\"?\nsee ykt card lose --help\n" },
        { "wrong choice", "card lose x --kind lost", 2, "",
          "ykt: --kind: must be temporary|formal, is \"lost\"\nsee ykt card lose --help\n" },
        { "wrong number", "card list --limit 101", 2, "",
          "ykt: --limit: must be a whole number from 1 to 100, is \"101\"\nsee ykt card list "
          "--help\n" },
        { "wrong date", "card list --day 2021-02-30", 2, "",
          "ykt: --day: must be a date such as 2021-08-20, is \"2021-02-30\"\nsee ykt card list "
          "--help\n" },
        { "wrong time", "card list --since yesterday", 2, "",
          "ykt: --since: must be a time such as 2021-08-20T15:32:07+08:00, is \"yesterday\"\n"
          "see ykt card list --help\n" },
        { "wrong length of time", "card lose x --for 31d", 2, "",
          "ykt: --for: must be a time such as 30s, from 1us to 30d, is \"31d\"\nsee ykt card lose "
          "--help\n" },
        { "no value", "card lose x --kind", 2, "",
          "ykt: --kind: needs a value\nsee ykt card lose --help\n" },
        { "a switch takes none", "card list --check=yes", 2, "",
          "ykt: --check: must be no value, is \"yes\"\nsee ykt card list --help\n" },
        { "twice", "card lose x --kind formal --kind formal", 2, "",
          "ykt: --kind: given twice\nsee ykt card lose --help\n" },
        { "an empty text", "card list --name=", 2, "",
          "ykt: --name: must be text, is \"\"\nsee ykt card list --help\n" },
        { "missing argument", "card lose", 2, "",
          "ykt: missing <card>: the card's id\nsee ykt card lose --help\n" },
        { "one too many", "card lose a b", 2, "",
          "ykt: one argument too many: \"b\"\nsee ykt card lose --help\n" },
        { "JSON and CSV", "card list --json --csv", 2, "",
          "{\"code\":\"flag_conflict\",\"title\":\"--json and --csv exclude each "
          "other\",\"exit\":2}\n" },
        { "no table for CSV", "card lose x --csv", 2, "",
          "ykt: --csv: this command prints no table\nsee ykt card lose --help\n" },
        { "an unknown member", "card list --json=nmae", 2, "",
          "{\"code\":\"field_unknown\",\"title\":\"--json: no member \\\"nmae\\\"; did you mean "
          "\\\"name\\\"?\",\"exit\":2}\n" },
        { "an unknown language", "card list --lang fr", 2, "", "ykt: --lang: must be zh or en\n" },
        { "version as a flag", "--version", 0, "n   0\n", "" },
        { "version as JSON", "--version --json", 0, "{\"id\":\"\",\"n\":0}\n", "" },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_INT(rows[i].title, run(rows[i].line, false, ENGLISH), rows[i].code);
        CHECK_STR(rows[i].title, str_of(out_text), str_of(rows[i].out));
        CHECK_STR(rows[i].title, str_of(err_text), str_of(rows[i].err));
    }
    run("card lsoe x", false, NULL);
    CHECK_STR("Chinese unless told", str_of(err_text),
              S("ykt: 没有命令 \"lsoe\"; 是否为 \"lose\"?\n"));
}

static void exits(void)
{
    static const struct {
        const char *title, *card;
        int code;
        const char *err;
    } rows[] = {
        { "not found", "crd_none", CLI_NOT_FOUND,
          "{\"code\":\"card_unknown\",\"title\":\"没有卡 crd_none\",\"exit\":3}\n" },
        { "try again", "crd_busy", CLI_TRY_AGAIN,
          "{\"code\":\"FAULT_STORE_BUSY\",\"title\":\"系统错误 FAULT_STORE_BUSY: card "
          "row\",\"exit\":75}\n" },
        { "a refusal that the program knows", "crd_lost", CLI_CONFLICT,
          "{\"code\":\"card_lost\",\"title\":\"卡已挂失\",\"exit\":5}\n" },
        { "one that it does not", "crd_odd", CLI_FAILED,
          "{\"code\":\"refused\",\"title\":\"被拒绝，编号 3999\",\"exit\":1}\n" },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        size_t out_n, err_n;
        const char *words[] = { "ykt", "card", "lose", rows[i].card, "--json" };
        struct cli_streams streams = { 0 };
        free(out_text);
        free(err_text);
        streams.out = open_memstream(&out_text, &out_n);
        streams.err = open_memstream(&err_text, &err_n);
        CHECK_INT(rows[i].title, cli_main_with(&APP, 5, words, &streams), rows[i].code);
        fclose(streams.out);
        fclose(streams.err);
        CHECK_STR(rows[i].title, str_of(err_text), str_of(rows[i].err));
        CHECK_STR("nothing on standard output", str_of(out_text), S(""));
    }
}

static void tables(void)
{
    CHECK_INT("a table", run("card list --name Ann --name 欧阳", false, NULL), 0);
    CHECK_STR("lines up by width", str_of(out_text),
              S("姓名  次数       金额  时间                 有效  可继续\n"
                "张三     5  ¥1,234.56  2021-08-20 00:00:00  是    formal_loss, replacement\n"
                "Ann      0                                  否    \n"
                "欧阳     1                                  否    \n"));
    run("card list --json --name a\"b", false, NULL);
    CHECK_STR("JSON", str_of(out_text),
              S("[{\"name\":\"张三\",\"count\":5,\"amount_fen\":123456,\"at\":\"2021-08-20T00:00:"
                "00+08:00\","
                "\"live\":true,\"next\":[\"formal_loss\",\"replacement\"]},{\"name\":\"a\\\"b\","
                "\"count\":0,\"amount_fen\":null,\"at\":null,"
                "\"live\":false,\"next\":[]}]\n"));
    run("card list --json=live,name", false, NULL);
    CHECK_STR("members picked", str_of(out_text), S("[{\"live\":true,\"name\":\"张三\"}]\n"));
    run("card list --csv --name =1+1", false, NULL);
    CHECK_STR("CSV, guarded", str_of(out_text),
              S("name,count,amount_fen,at,live,next\r\n"
                "张三,5,123456,2021-08-20T00:00:00+08:00,true,\"formal_loss, replacement\"\r\n"
                "\"'=1+1\",0,,,false,\r\n"));
    run("card list --name a\033[31mb\nc", false, NULL);
    CHECK("no escape sequence reaches the terminal", strchr(out_text, 033) == NULL);
    CHECK_INT("a check that found something", run("card list --check --json=count", false, NULL),
              6);
    CHECK_STR("still prints", str_of(out_text), S("[{\"count\":5}]\n"));
    CHECK_INT("a failure", run("card list --fail --json", false, NULL), 1);
    CHECK_STR("prints nothing", str_of(out_text), S(""));
    run("card list", true, NULL);
    CHECK("colour on a terminal", strchr(out_text, 033) != NULL);
    run("card list --no-color", true, NULL);
    CHECK("unless it is not wanted", strchr(out_text, 033) == NULL);
    static const char *const PLAIN[] = { "NO_COLOR=1", NULL };
    run("card list", true, PLAIN);
    CHECK("or NO_COLOR says so", strchr(out_text, 033) == NULL);
}

static void helps(void)
{
    CHECK_INT("help of all", run("--help", false, NULL), 0);
    CHECK("lists nouns", strstr(out_text, "  card          卡\n") != NULL);
    CHECK_INT("nothing at all", run("", false, NULL), 2);
    CHECK("shows it on standard error", strstr(err_text, "card") && out_text[0] == 0);
    CHECK_INT("help of a noun", run("card --help", false, NULL), 0);
    CHECK("lists verbs", strstr(out_text, "  lose              挂失\n") != NULL);
    CHECK_INT("a noun alone", run("card", false, NULL), 2);
    CHECK_INT("help of a verb", run("card lose --help --lang en", false, NULL), 0);
    CHECK("starts with examples",
          str_starts(str_of(out_text), S("examples:\n  # a formal report\n")));
    CHECK("names flags",
          strstr(out_text, "--kind CHOICE") && strstr(out_text, "[temporary|formal]"));
    CHECK_INT("the tables are whole", cli_check(&APP, stdout), 0);

    static const struct cli_verb BAD[] = { { .name = "x",
                                             .zh = "",
                                             .en = "",
                                             .run = show,
                                             .examples = { { "ykt bad x --nothing", "", "" } } },
                                           { .name = "y", .zh = "", .en = "", .run = show } };
    static const struct cli_noun BAD_NOUN = { "bad", "", "", BAD, LEN(BAD) };
    static const struct cli_noun *const BAD_NOUNS[] = { &BAD_NOUN };
    static const struct cli_app BAD_APP = { .name = "ykt", .nouns = BAD_NOUNS, .n = 1 };
    FILE *quiet = fopen("/dev/null", "w");
    CHECK_INT("an example that does not parse, and one missing", cli_check(&BAD_APP, quiet), 2);
    fclose(quiet);
}

int main(void)
{
    commands();
    exits();
    tables();
    helps();
    free(out_text);
    free(err_text);
    return test_end();
}
