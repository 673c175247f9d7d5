/* programs/config.c - ykt config: what is set and from where, what can be set, a file to start
 * with. */
#include "programs/nouns.h"
#include "programs/settings.h"

#include "base/text.h"

enum { CONFIG_ARENA_BYTES = 2 << 20, TEMPLATE_BYTES_MAX = 256 * 1024 };

static enum cli_exit show_all(struct cli *cli, struct arena *arena, const struct config *config)
{
    cli_table(cli);
    for (size_t i = 0; i < config->n; i++) {
        char from_text[1024], value_text[2048];
        struct writer from = writer_over(from_text, sizeof from_text),
                      value = writer_over(value_text, sizeof value_text);
        put_config_from(&from, &config->values[i], cli_zh(cli));
        put_config_value(&value, config, i);
        cli_row(cli, CELLS(cell_text(str_of(config->settings[i].name)),
                           cell_text(arena_str(arena, writer_str(&value))),
                           cell_text(arena_str(arena, writer_str(&from)))));
    }
    cli_table_end(cli);
    return CLI_OK;
}

static enum cli_exit show(struct cli *cli)
{
    static struct config config; /* 60 KiB: not for the stack */
    struct arena arena;
    enum cli_exit exit;
    struct err err = arena_open(&arena, CONFIG_ARENA_BYTES);

    if (err.code != 0) return cli_end(cli, err);
    exit = settings_load(cli, &arena, &config);
    if (exit == CLI_OK) exit = show_all(cli, &arena, &config);
    arena_close(&arena);
    return exit;
}

static enum cli_exit unknown(struct cli *cli, struct str name)
{
    const char *names[SETTINGS_MAX];
    int near;

    for (size_t i = 0; i < SETTINGS_N; i++) {
        names[i] = SETTINGS[i].name;
    }
    near = text_nearest(name, names, SETTINGS_N);
    if (near < 0)
        return cli_fail(cli, CLI_NOT_FOUND, "setting_unknown", "没有设置 \"%.*s\"",
                        "no setting \"%.*s\"", (int)name.n, name.p);
    return cli_fail(cli, CLI_NOT_FOUND, "setting_unknown", "没有设置 \"%.*s\"; 是否为 \"%s\"?",
                    "no setting \"%.*s\"; did you mean \"%s\"?", (int)name.n, name.p, names[near]);
}

static enum cli_exit explain(struct cli *cli)
{
    struct str name = cli_arg(cli, 0);
    char text[2048];
    struct writer w = writer_over(text, sizeof text);

    for (size_t i = 0; i < SETTINGS_N; i++) {
        if (!str_eq(name, str_of(SETTINGS[i].name))) continue;
        put_config_help(&w, &SETTINGS[i], cli_zh(cli));
        if (!cli_json(cli)) {
            fwrite(w.p, 1, w.n, cli_out(cli));
            return CLI_OK;
        }
        cli_record(cli);
        cli_row(cli, CELLS(cell_text(name), cell_text(writer_str(&w))));
        cli_table_end(cli);
        return CLI_OK;
    }
    return unknown(cli, name);
}

static enum cli_exit init(struct cli *cli)
{
    struct arena *arena = cli_arena(cli);
    char *text = arena_take(arena, TEMPLATE_BYTES_MAX, 1);
    struct writer w = writer_over(text, text ? TEMPLATE_BYTES_MAX : 0);

    put_config_template(&w, SETTINGS, SETTINGS_N, cli_zh(cli));
    if (w.over) return cli_end(cli, fault(FAULT_MEMORY, "a file of %zu settings", SETTINGS_N));
    fwrite(w.p, 1, w.n, cli_out(cli));
    return CLI_OK;
}

static const struct cli_column SHOW[] = {
    { "name", "设置", "setting", false, false },
    { "value", "值", "value", false, false },
    { "from", "来自", "from", false, false },
};
static const struct cli_column EXPLAIN[] = {
    { "name", "设置", "setting", false, false },
    { "help", "说明", "help", false, false },
};
/* clang-format off */
static const struct cli_verb VERBS[] = {
    { .name = "show", .zh = "列出所有设置、值和来处；机密隐去",
      .en = "list every setting, its value and where it came from; secrets stay hidden", .run = show,
      .columns = SHOW, .columns_n = LEN(SHOW), .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt config show --config ykt.conf", "当前生效的设置", "what is in force" },
                    { "ykt config show --config ykt.conf --set database.pool=8 --json=name,value", "试一项", "try one" } } },
    { .name = "explain", .zh = "说明一项设置", .en = "explain one setting", .run = explain,
      .args = { { "setting", "节.键", "section.key", false, false } }, .columns = EXPLAIN, .columns_n = LEN(EXPLAIN),
      .examples = { { "ykt config explain database.pool", "范围、预设、环境变量", "range, preset, variable" } } },
    { .name = "init", .zh = "打印一份可以开始用的设置文件", .en = "print a settings file to start with", .run = init,
      .examples = { { "ykt config init > ykt.conf", "新建设置文件", "a new settings file" } } },
};
/* clang-format on */
const struct cli_noun CONFIG_NOUN = { "config", "设置", "settings", VERBS, LEN(VERBS) };
