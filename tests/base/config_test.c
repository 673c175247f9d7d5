/* tests/base/config_test.c - settings from files, environment and flags, and every problem told. */
#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/test.h"

static const char *const FORMATS[] = { "text", "json", NULL };
/* clang-format off */
static const struct setting SETTINGS[] = {
    { "database.pool", SETTING_INT, .preset = "32", .min = 1, .max = 500, .zh = "连接数", .en = "connections" },
    { "database.url", SETTING_TEXT, .preset = "sqlite::memory:", .zh = "数据库", .en = "the database" },
    { "tls.cert_file", SETTING_PATH, .preset = "", .need = PATH_READABLE, .zh = "证书", .en = "certificate" },
    { "tls.on", SETTING_BOOL, .preset = "false", .zh = "启用", .en = "on or off" },
    { "log.format", SETTING_ENUM, .preset = "text", .choices = FORMATS, .zh = "格式", .en = "format" },
    { "sms.timeout", SETTING_DURATION, .preset = "30s", .min = 1000000, .max = 3600000000, .zh = "时限", .en = "time limit" },
    { "sms.password", SETTING_TEXT, .preset = "", .secret = true, .zh = "口令", .en = "password" },
    { "sms.folder", SETTING_PATH, .preset = "out", .zh = "文件夹", .en = "folder" },
};
/* clang-format on */

static struct config config;
static uint8_t memory[1 << 20];
static struct arena arena; /* lives as long as config */

static struct str told(bool zh, char *out, size_t size)
{
    struct writer w = writer_over(out, size);

    for (size_t i = 0; i < config.problems_n && i < CONFIG_PROBLEMS_MAX; i++) {
        if (i > 0) put_char(&w, '\n');
        put_config_problem(&w, &config.problems[i], zh);
    }
    return writer_str(&w);
}

static struct err load_text(const char *text)
{
    arena = arena_over(memory, sizeof memory);

    return config_load_text(SETTINGS, LEN(SETTINGS), S("ykt.conf"), str_bytes(str_of(text)), &arena,
                            &config);
}

static void good(void)
{
    CHECK_OK("a whole file", load_text("# words\r\n"
                                       "; more words\n"
                                       "\n"
                                       "[database]\n"
                                       "pool = 12   # a comment\n"
                                       "  url=\"sqlite:a # b\\\"\\\\\\n\"   ; another\n"
                                       "[log] # too\n"
                                       "format = json\n"
                                       "[tls]\n"
                                       "on = yes\n"
                                       "[sms]\n"
                                       "timeout = 5m\n"
                                       "password = a#b;c\n"));
    CHECK_INT("a number", config_int(&config, "database.pool"), 12);
    CHECK_STR("quotes", config_text(&config, "database.url"), S("sqlite:a # b\"\\\n"));
    CHECK_INT("a choice", config_choice(&config, "log.format"), 1);
    CHECK("a yes", config_bool(&config, "tls.on"));
    CHECK_INT("a time", config_int(&config, "sms.timeout"), 5 * USEC_PER_MIN);
    CHECK_STR("a # inside a word is no comment", config_text(&config, "sms.password"), S("a#b;c"));
    CHECK_INT("where it stood", config.values[0].line, 5);
    CHECK_INT("and its column", config.values[0].column, 8);

    CHECK_OK("nothing at all", load_text(""));
    CHECK_INT("the preset", config_int(&config, "database.pool"), 32);
    CHECK_OK("a byte order mark", load_text("\xEF\xBB\xBF[database]\npool = 7"));
    CHECK_INT("and no line end at the end", config_int(&config, "database.pool"), 7);
}

static void problems(void)
{
    static const struct {
        const char *title, *text, *zh, *en;
    } rows[] = {
        { "out of range", "[database]\npool = 501\n",
          "ykt.conf:2:8: database.pool: 应为 1-500 的整数，现为 \"501\"",
          "ykt.conf:2:8: database.pool: must be a whole number from 1 to 500, is \"501\"" },
        { "no number", "[database]\npool = many\n",
          "ykt.conf:2:8: database.pool: 应为 1-500 的整数，现为 \"many\"",
          "ykt.conf:2:8: database.pool: must be a whole number from 1 to 500, is \"many\"" },
        { "an unknown setting", "[tls]\n\n  certfile = x\n",
          "ykt.conf:3:3: 未知设置 \"tls.certfile\"; 是否为 \"tls.cert_file\"?",
          "ykt.conf:3:3: unknown setting \"tls.certfile\"; did you mean \"tls.cert_file\"?" },
        { "unknown and like nothing", "[tls]\nbananas = 1\n",
          "ykt.conf:2:1: 未知设置 \"tls.bananas\"",
          "ykt.conf:2:1: unknown setting \"tls.bananas\"" },
        { "an unknown section is told once", "[databse]\npool = 1\nurl = x\n",
          "ykt.conf:1:2: 未知设置 \"databse\"; 是否为 \"database\"?",
          "ykt.conf:1:2: unknown setting \"databse\"; did you mean \"database\"?" },
        { "twice", "[database]\npool = 1\npool = 2\n", "ykt.conf:3:1: database.pool: 重复设置",
          "ykt.conf:3:1: database.pool: set twice" },
        { "no equals sign", "[database]\npool 5\n", "ykt.conf:2:1: 应为 键 = 值",
          "ykt.conf:2:1: must be key = value" },
        { "an open section", "[database\n", "ykt.conf:1:1: 应为 [节名]",
          "ykt.conf:1:1: must be [section]" },
        { "words behind a section", "[database] pool\n", "ykt.conf:1:1: 应为 [节名]",
          "ykt.conf:1:1: must be [section]" },
        { "an upper-case key", "[database]\nPool = 5\n",
          "ykt.conf:2:1: 键名只可用小写字母、数字和下划线",
          "ykt.conf:2:1: a key has lower-case letters, digits and underscores only" },
        { "before any section", "pool = 5\n", "ykt.conf:1:1: 未知设置 \"pool\"",
          "ykt.conf:1:1: unknown setting \"pool\"" },
        { "an open quote", "[database]\nurl = \"x\n", "ykt.conf:2:7: 引号未结束",
          "ykt.conf:2:7: the quote is not closed" },
        { "words behind a quote", "[database]\nurl = \"x\" y\n", "ykt.conf:2:10: 引号后有多余内容",
          "ykt.conf:2:10: something stands behind the closing quote" },
        { "a strange escape", "[database]\nurl = \"\\x\"\n",
          "ykt.conf:2:8: 引号内只可用 \\\" \\\\ \\n \\t",
          "ykt.conf:2:8: inside quotes only \\\" \\\\ \\n \\t" },
        { "not UTF-8", "[database]\nurl = \xD5\xC5\n", "ykt.conf:2:1: 不是 UTF-8 文本",
          "ykt.conf:2:1: not UTF-8 text" },
        { "a choice that is none", "[log]\nformat = xml\n",
          "ykt.conf:2:10: log.format: 应为 text、json 之一，现为 \"xml\"",
          "ykt.conf:2:10: log.format: must be one of text, json, is \"xml\"" },
        { "a time too long", "[sms]\ntimeout = 2h\n",
          "ykt.conf:2:11: sms.timeout: 应为 时长 1s-1h（如 30s、5m、12h），现为 \"2h\"",
          "ykt.conf:2:11: sms.timeout: must be a time from 1s to 1h (30s, 5m, 12h), is \"2h\"" },
        { "a maybe", "[tls]\non = maybe\n",
          "ykt.conf:2:6: tls.on: 应为 true 或 false，现为 \"maybe\"",
          "ykt.conf:2:6: tls.on: must be true or false, is \"maybe\"" },
        { "an empty number", "[database]\npool =\n",
          "ykt.conf:2:7: database.pool: 应为 1-500 的整数，现为 \"\"",
          "ykt.conf:2:7: database.pool: must be a whole number from 1 to 500, is \"\"" },
        { "columns count characters", "[database]\nurl = 张三\npool = \"九\" # 十\n",
          "ykt.conf:3:8: database.pool: 应为 1-500 的整数，现为 \"九\"",
          "ykt.conf:3:8: database.pool: must be a whole number from 1 to 500, is \"九\"" },
        { "a file that is not there", "[tls]\ncert_file = /nonexistent/cert.pem\n",
          "ykt.conf:2:13: tls.cert_file: 文件不可读",
          "ykt.conf:2:13: tls.cert_file: the file can't be read" },
        { "all of them at once", "[database]\npool = 0\nx\n[tls]\non = 1\n",
          "ykt.conf:2:8: database.pool: 应为 1-500 的整数，现为 \"0\"\n"
          "ykt.conf:3:1: 应为 键 = 值\n"
          "ykt.conf:5:6: tls.on: 应为 true 或 false，现为 \"1\"",
          "ykt.conf:2:8: database.pool: must be a whole number from 1 to 500, is \"0\"\n"
          "ykt.conf:3:1: must be key = value\n"
          "ykt.conf:5:6: tls.on: must be true or false, is \"1\"" },
    };
    char out[2048];

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_CODE(rows[i].title, load_text(rows[i].text), CONFIG_PROBLEMS);
        CHECK_STR(rows[i].title, told(true, out, sizeof out), str_of(rows[i].zh));
        CHECK_STR(rows[i].title, told(false, out, sizeof out), str_of(rows[i].en));
    }

    /* a secret is never quoted in a problem */
    char text[1200] = "[sms]\npassword = ";
    memset(text + strlen(text), 's', 1100);
    CHECK_CODE("a secret too long", load_text(text), CONFIG_PROBLEMS);
    CHECK("is not repeated", strstr(told(true, out, sizeof out).p, "ssss") == NULL);
    CHECK_CODE("a NUL",
               (config_load_text(SETTINGS, LEN(SETTINGS), S("f"), str_bytes(S("[tls]\n\0\n")),
                                 &(struct arena){ .p = memory, .size = sizeof memory }, &config)),
               CONFIG_PROBLEMS);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    file = fopen(path, "w");
    if (!file) abort();
    fputs(text, file);
    fclose(file);
}

static struct err load_folder(const char *const *env, const struct str *flags, size_t flags_n)
{
    arena = arena_over(memory, sizeof memory);
    char path[512];
    struct config_source source = { .env = env, .flags = flags, .flags_n = flags_n };

    snprintf(path, sizeof path, "%s/ykt.conf", test_folder());
    source.file = str_of(path);
    struct str kept = arena_str(&arena, source.file);
    source.file = kept;
    return config_load(SETTINGS, LEN(SETTINGS), &source, &arena, &config);
}

static void sources(void)
{
    static const char *const ENV[] = { "HOME=/", "YKT_DATABASE_POOL=3", "YKT_TEST_SEED=5", NULL };
    static const char *const BAD_ENV[] = { "YKT_DATABASE_POOLS=3", "YKT_SMS_TIMEOUT=x", NULL };
    const struct str flags[] = { S("database.pool=4"), S("sms.timeout = 9s") };
    const struct str bad_flags[] = { S("database.poo=4"), S("sms.password=x"), S("log.format=5") };
    char out[2048], folder[512], want[2048];

    snprintf(folder, sizeof folder, "%s/conf.d", test_folder());
    if (mkdir(folder, 0700) != 0) abort();
    write_file("ykt.conf", "include = sites-*.conf\n[database]\npool = 1\nurl = main\n");
    write_file("sites-a.conf", "[database]\npool = 9\n[log]\nformat = json\n");
    write_file("conf.d/10.conf", "[database]\nurl = ten\n[tls]\ncert_file = 10.pem\n");
    write_file("conf.d/20.conf", "[database]\nurl = twenty\n");
    write_file("conf.d/10.pem", "");
    write_file("conf.d/note.txt", "not a setting");

    CHECK_OK("file, include and conf.d", load_folder(NULL, NULL, 0));
    CHECK_INT("the file stands after its include", config_int(&config, "database.pool"), 1);
    CHECK_INT("an include counts", config_choice(&config, "log.format"), 1);
    CHECK_STR("the last of conf.d wins", config_text(&config, "database.url"), S("twenty"));
    snprintf(want, sizeof want, "%s/conf.d/10.pem", test_folder());
    CHECK_STR("a path counts from its file", config_text(&config, "tls.cert_file"), str_of(want));
    CHECK_STR("and is a C string", str_of(config_path(&config, "tls.cert_file")), str_of(want));
    snprintf(want, sizeof want, "%s/out", test_folder());
    CHECK_STR("a preset from the first file", config_text(&config, "sms.folder"), str_of(want));
    CHECK_OK("the environment wins", load_folder(ENV, NULL, 0));
    CHECK_INT("over files", config_int(&config, "database.pool"), 3);
    CHECK_OK("flags win", load_folder(ENV, flags, 2));
    CHECK_INT("over the environment", config_int(&config, "database.pool"), 4);
    CHECK_INT("over presets", config_int(&config, "sms.timeout"), 9 * USEC_PER_SEC);

    struct writer w = writer_over(out, sizeof out);
    put_config_from(&w, &config.values[0], true);
    put_char(&w, ' ');
    put_config_from(&w, &config.values[3], true);
    CHECK_STR("where values came from", writer_str(&w), S("--set 预设"));

    CHECK_CODE("wrong variables", load_folder(BAD_ENV, NULL, 0), CONFIG_PROBLEMS);
    CHECK_STR(
        "are told", told(false, out, sizeof out),
        S("YKT_DATABASE_POOLS: unknown setting \"YKT_DATABASE_POOLS\"; did you mean "
          "\"YKT_DATABASE_POOL\"?\n"
          "YKT_SMS_TIMEOUT: sms.timeout: must be a time from 1s to 1h (30s, 5m, 12h), is \"x\""));
    CHECK_CODE("wrong flags", load_folder(NULL, bad_flags, 3), CONFIG_PROBLEMS);
    CHECK_STR("are told, a secret among them", told(false, out, sizeof out),
              S("--set: unknown setting \"database.poo\"; did you mean \"database.pool\"?\n"
                "--set: sms.password: a secret is not given as a flag, other users see it\n"
                "--set: log.format: must be one of text, json, is \"5\""));

    write_file("sites-a.conf", "include = sites-a.conf\ninclude = none.conf\n");
    CHECK_CODE("an include of itself, and of nothing", load_folder(NULL, NULL, 0), CONFIG_PROBLEMS);
    snprintf(want, sizeof want,
             "%s/sites-a.conf:1:11: %s/sites-a.conf: included twice\n"
             "%s/sites-a.conf:2:11: include: no such file",
             test_folder(), test_folder(), test_folder());
    CHECK_STR("are told", told(false, out, sizeof out), str_of(want));

    arena = arena_over(memory, sizeof memory);
    struct config_source source = { .file = S("/nonexistent/ykt.conf") };
    CHECK_CODE("no such file", config_load(SETTINGS, LEN(SETTINGS), &source, &arena, &config),
               CONFIG_PROBLEMS);
    CHECK_STR("is told", told(true, out, sizeof out),
              S("/nonexistent/ykt.conf: 文件不可读 (No such file or directory)"));
    struct arena small = arena_over(memory, 100);
    CHECK_CODE("an arena too small",
               config_load_text(SETTINGS, LEN(SETTINGS), S("f"),
                                str_bytes(S("[a]\n[b]\n[c]\n[d]\n")), &small, &config),
               FAULT_MEMORY);
}

static void telling(void)
{
    static const struct setting NEEDED[] = {
        { "server.listen", SETTING_TEXT, .min = 1, .max = 100, .zh = "监听地址", .en = "address" },
    };
    char out[4096];
    struct writer w = writer_over(out, sizeof out);
    arena = arena_over(memory, sizeof memory);

    CHECK_CODE("a setting that must be given",
               config_load_text(NEEDED, 1, S("f"), (struct bytes){ 0 }, &arena, &config),
               CONFIG_PROBLEMS);
    CHECK_STR("is told", told(true, out, sizeof out), S("f: server.listen: 必须设置"));

    put_config_help(&w, &SETTINGS[0], true);
    CHECK_STR("help", writer_str(&w),
              S("database.pool\n    连接数\n    1-500 的整数；预设 32\n    环境变量 "
                "YKT_DATABASE_POOL\n"));
    w = writer_over(out, sizeof out);
    put_config_template(&w, SETTINGS, LEN(SETTINGS), false);
    out[w.n] = 0;
    CHECK_OK("the template is a file that loads", load_text(out));
    CHECK_INT("and says every setting", config.values[0].given, 0);
    CHECK_OK("a secret", load_text("[sms]\npassword = hunter2\n"));
    w = writer_over(out, sizeof out);
    put_config_value(&w, &config, 6);
    CHECK_STR("is shown as stars", writer_str(&w), S("******"));
    config_add_problem(&config, "sms.password", "太短", "too short");
    CHECK_STR("a check of the caller's", told(false, out, sizeof out),
              S("ykt.conf:2:12: sms.password: too short"));
}

int main(void)
{
    good();
    problems();
    sources();
    telling();
    return test_end();
}
