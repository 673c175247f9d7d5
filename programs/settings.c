/* programs/settings.c - the table of settings. */
#include "programs/settings.h"

#include "crypto/keyd_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const LOG_FORMATS[] = { "text", "json", NULL };
static const char *const LOG_LEVELS[] = { "debug", "info", "warn", "error", NULL };
static const char *const HSM_KINDS[] = { "software", "pkcs11", NULL };

#define SEC USEC_PER_SEC
/* What keyd opens per purpose; presets as KEYD_BUDGETS. */
#define BUDGET(use, second, day, zh_, en_)                                                         \
    { .name = "budget." use "_second",                                                             \
      .type = SETTING_INT,                                                                         \
      .preset = second,                                                                            \
      .min = 0,                                                                                    \
      .max = 1000000000,                                                                           \
      .zh = "每秒可解密条数：" zh_,                                                                \
      .en = "openings a second: " en_ },                                                           \
    {                                                                                              \
        .name = "budget." use "_day", .type = SETTING_INT, .preset = day, .min = 0,                \
        .max = 1000000000, .zh = "每日可解密条数：" zh_, .en = "openings a day: " en_              \
    }

/* clang-format off */
const struct setting SETTINGS[] = {
    { .name = "server.listen", .type = SETTING_TEXT, .preset = "127.0.0.1:8080", .max = 200,
      .zh = "对外监听地址，host:port 或 unix:路径；TLS 由前面的 nginx 承担",
      .en = "public listener, host:port or unix:PATH; nginx in front holds TLS" },
    { .name = "server.internal", .type = SETTING_TEXT, .preset = "127.0.0.1:8081", .max = 200,
      .zh = "内部监听地址：健康检查与指标", .en = "internal listener: health and metrics" },
    { .name = "server.workers", .type = SETTING_INT, .preset = "128", .min = 1, .max = 1024,
      .zh = "可以等待的请求处理线程数", .en = "threads that run handlers and may wait" },
    { .name = "server.http_threads", .type = SETTING_INT, .preset = "0", .min = 0, .max = 64,
      .zh = "HTTP 线程数；0 为处理器数的一半", .en = "HTTP threads; 0: half of the processors" },
    { .name = "server.sessions", .type = SETTING_INT, .preset = "200000", .min = 1000, .max = 10000000,
      .zh = "内存中的登录会话数；更多时居民的会话从数据库读取",
      .en = "sessions in memory; past them those of residents are read from the store" },
    { .name = "limits.checks_per_second", .type = SETTING_INT, .preset = "200", .min = 1, .max = 100000,
      .zh = "每个终端或工作人员每秒可作的 B 级核验数，可一次用完五秒的量",
      .en = "grade B checks a second of one terminal or one of the staff, five seconds' worth at once" },
    { .name = "server.public_url", .type = SETTING_TEXT, .preset = "", .max = 200,
      .zh = "对外的网址，用于打印的核验地址", .en = "the public address, for printed proofs" },
    { .name = "server.behind_tls", .type = SETTING_BOOL, .preset = "false",
      .zh = "前面有 TLS 代理：Cookie 带 Secure，来源地址取 X-Real-IP",
      .en = "a TLS proxy stands in front: Secure cookies, peer from X-Real-IP" },
    { .name = "server.run_folder", .type = SETTING_PATH, .preset = "run", .need = PATH_ANY,
      .zh = "进程间套接字所在文件夹", .en = "folder of the sockets between processes" },
    { .name = "server.user", .type = SETTING_TEXT, .preset = "", .max = 32,
      .zh = "以 root 启动时各进程改用的用户；非测试环境必须设置",
      .en = "whom the processes become when root starts the server; must be set but on a test system" },
    { .name = "server.help", .type = SETTING_TEXT, .preset = "tel:12333", .max = 100,
      .zh = "页面和错误里的求助方式", .en = "whom pages and errors say to call" },
    { .name = "server.test", .type = SETTING_BOOL, .preset = "false",
      .zh = "测试环境：每页标明", .en = "a test system: every page says so" },
    { .name = "server.demo", .type = SETTING_BOOL, .preset = "false",
      .zh = "演示：首页一屏，点击换角色", .en = "demonstration: one screen, roles by a click" },
    { .name = "database.url", .type = SETTING_TEXT, .preset = NULL, .min = 1, .max = 500, .secret = true,
      .zh = "sqlite:路径 或 postgresql://…", .en = "sqlite:PATH or postgresql://..." },
    { .name = "database.pool", .type = SETTING_INT, .preset = "32", .min = 1, .max = 500,
      .zh = "数据库连接数", .en = "database connections" },
    { .name = "derived.folder", .type = SETTING_PATH, .preset = "derived", .need = PATH_ANY,
      .zh = "派生状态（可随时重建）所在文件夹", .en = "folder of derived state, which can be rebuilt" },
    { .name = "keys.folder", .type = SETTING_PATH, .preset = "keys", .need = PATH_ANY,
      .zh = "密钥文件夹，仅 keyd 可读", .en = "key folder, read by keyd alone" },
    { .name = "keys.device", .type = SETTING_ENUM, .preset = "software", .choices = HSM_KINDS,
      .zh = "主密钥所在设备", .en = "device that holds the master key" },
    { .name = "keys.module", .type = SETTING_PATH, .preset = "", .need = PATH_ANY,
      .zh = "PKCS#11 模块", .en = "the PKCS#11 module" },
    { .name = "keys.token", .type = SETTING_TEXT, .preset = "", .max = 32,
      .zh = "PKCS#11 令牌标签", .en = "label of the PKCS#11 token" },
    { .name = "keys.secret_file", .type = SETTING_PATH, .preset = NULL, .need = PATH_READABLE,
      .zh = "设备口令所在文件（一行）", .en = "file with the device's passphrase or PIN, one line" },
    { .name = "keys.test", .type = SETTING_BOOL, .preset = "false",
      .zh = "密钥标为测试", .en = "keys are marked as test keys" },
    BUDGET("holder", "200", "500000", "本人查看", "the holder's own data"),
    BUDGET("counter", "200", "100000", "窗口经办", "staff at a window"),
    BUDGET("notice", "500", "2000000", "发送消息", "addressing messages"),
    BUDGET("disclose", "100", "300000", "授权提供", "answers under consent"),
    BUDGET("pay", "2000", "1000000", "资金发放", "bank files"),
    BUDGET("bulk", "5000", "5000000", "批量（须双人授权票）", "bulk work, beside its ticket"),
    BUDGET("lookup", "10", "20000", "按姓名查找", "searches by name"),
    BUDGET("name_tag", "500", "1000000", "姓名核对", "checks of a name"),
    BUDGET("totp", "50", "100000", "工作人员动态口令", "second factors of staff"),
    { .name = "sms.url", .type = SETTING_TEXT, .preset = "", .max = 300,
      .zh = "短信网关的 webhook 地址；空则不发送", .en = "webhook of the SMS gateway; empty sends nothing" },
    { .name = "sms.secret_file", .type = SETTING_PATH, .preset = "", .need = PATH_ANY,
      .zh = "webhook 签名密钥文件", .en = "file with the secret that signs webhooks" },
    { .name = "sms.timeout", .type = SETTING_DURATION, .preset = "10s", .min = SEC, .max = 30 * SEC,
      .zh = "等待网关的时间", .en = "how long the gateway may take" },
    { .name = "log.format", .type = SETTING_ENUM, .preset = "text", .choices = LOG_FORMATS,
      .zh = "日志格式", .en = "form of log lines" },
    { .name = "log.level", .type = SETTING_ENUM, .preset = "info", .choices = LOG_LEVELS,
      .zh = "日志级别", .en = "from which level on" },
};
/* clang-format on */
const size_t SETTINGS_N = LEN(SETTINGS);

/* A path within a text ("sqlite:ykt.db", "unix:run/http.sock") that a file gives counts from the
 * file's folder, as a setting that is a path does. */
static void path_in_text(struct config *config, const char *name, struct str scheme)
{
    for (size_t i = 0; i < SETTINGS_N; i++) {
        struct config_value *value = &config->values[i];
        struct str path, folder = value->where;

        if (strcmp(SETTINGS[i].name, name) != 0 || value->line == 0) continue;
        path = str_part(value->text, scheme.n, value->text.n);
        while (folder.n > 0 && folder.p[folder.n - 1] != '/')
            folder.n--;
        if (folder.n == 0 || !str_starts(value->text, scheme) || path.n == 0 || path.p[0] == '/' ||
            path.p[0] == ':')
            continue; /* sqlite::memory: */
        value->text = arena_format(config->arena, "%.*s%.*s%.*s", (int)scheme.n, scheme.p,
                                   (int)folder.n, folder.p, (int)path.n, path.p);
    }
}

/* The worker may name the database's folder and all below it; a key or the device's passphrase in
 * there would be its to read, whatever keyd does (decision 0033). A test system may. */
static void keys_apart(struct config *config)
{
    static const char *const NAMES[] = { "keys.folder", "keys.secret_file" };
    struct str url = config_text(config, "database.url"), path = str_part(url, 7, url.n),
               folder = path;

    if (!str_starts(url, S("sqlite:")) || config_bool(config, "server.test")) return;
    while (folder.n > 0 && folder.p[folder.n - 1] != '/')
        folder.n--;
    if (folder.n == 0)
        return; /* a file in the folder where the server is started: no server's way */
    for (size_t i = 0; i < LEN(NAMES); i++) {
        if (!str_starts(config_text(config, NAMES[i]), folder)) continue;
        config_add_problem(config, NAMES[i], "不能放在数据库所在文件夹内（工作进程可读）",
                           "must not lie in the database's folder, which the worker may read");
    }
}

/* Roles by a click and passwords on a page are for people who do not exist, under keys that say so.
 */
static void demo_is_test(struct config *config)
{
    if (!config_bool(config, "server.demo")) return;
    if (!config_bool(config, "server.test"))
        config_add_problem(config, "server.demo", "只能与 server.test = true 一起使用",
                           "only together with server.test = true");
    if (config_choice(config, "keys.device") != 0 && !config_bool(config, "keys.test"))
        config_add_problem(config, "server.demo", "只能使用标为测试的密钥（keys.test = true）",
                           "only with keys that are marked as test keys (keys.test = true)");
}

enum cli_exit settings_load(struct cli *cli, struct arena *arena, struct config *out)
{
    size_t flags_n;
    const struct str *flags = cli_texts(cli, "set", &flags_n);
    struct config_source source = {
        .file = cli_text(cli, "config"), .env = cli_env(cli), .flags = flags, .flags_n = flags_n
    };
    struct err err = config_load(SETTINGS, SETTINGS_N, &source, arena, out);
    size_t listed;

    if (err.code == 0) {
        path_in_text(out, "database.url", S("sqlite:"));
        path_in_text(out, "server.listen", S("unix:"));
        path_in_text(out, "server.internal", S("unix:"));
        keys_apart(out);
        demo_is_test(out);
        if (out->problems_n > 0) err = (struct err){ .code = CONFIG_PROBLEMS };
    }
    listed = out->problems_n < CONFIG_PROBLEMS_MAX ? out->problems_n : CONFIG_PROBLEMS_MAX;
    if (err.code == 0) return CLI_OK;
    if (err.code != CONFIG_PROBLEMS) return cli_end(cli, err);
    for (size_t i = 0; i < listed; i++) {
        char line[1024];
        struct writer w = writer_over(line, sizeof line);
        put_config_problem(&w, &out->problems[i], cli_zh(cli));
        cli_say(cli, "%.*s", "%.*s", (int)w.n, line);
    }
    return cli_fail(cli, CLI_USAGE, "config_problems", "%zu 个问题，服务不会启动",
                    "%zu problems; the server will not start", out->problems_n);
}

const char *settings_socket(const struct config *config, struct arena *arena, const char *name)
{
    struct str folder = config_text(config, "server.run_folder");

    return arena_c(arena, arena_format(arena, "%.*s/%s.sock", (int)folder.n, folder.p, name));
}
