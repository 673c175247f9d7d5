/* tests/fuzz/config_fuzz.c - files of settings: every input loads or is told why not, in words that
 * are text, at a place that exists. */
#include <stdlib.h>

#include "base/config.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const CHOICES[] = { "text", "json", NULL };
static const struct setting SETTINGS[] = {
    { "a.number", SETTING_INT, .preset = "5", .min = -10, .max = 500, .zh = "数", .en = "number" },
    { "a.switch", SETTING_BOOL, .preset = "no", .zh = "开关", .en = "switch" },
    { "a.text", SETTING_TEXT, .preset = "", .max = 40, .zh = "文字", .en = "text" },
    { "b.path", SETTING_PATH, .preset = "", .zh = "路径", .en = "path" },
    { "b.time", SETTING_DURATION, .preset = "1s", .max = 60000000, .zh = "时长", .en = "time" },
    { "b.choice", SETTING_ENUM, .preset = "text", .choices = CHOICES, .zh = "选择",
      .en = "choice" },
    { "b.secret", SETTING_TEXT, .preset = "", .secret = true, .zh = "机密", .en = "secret" },
};

static void demand(bool what)
{
    if (!what) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    static uint8_t memory[1 << 20];
    struct arena arena = arena_over(memory, sizeof memory);
    struct err e;
    int lines = 1;

    if (size > 10000) return 0;
    e = config_load_text(SETTINGS, LEN(SETTINGS), S("f"), bytes_of(data, size), &arena, &config);
    if (e.code < 0) return 0; /* more messages than the arena holds */
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    demand((e.code == 0) == (config.problems_n == 0));
    for (size_t i = 0; i < config.problems_n && i < CONFIG_PROBLEMS_MAX; i++) {
        const struct config_problem *problem = &config.problems[i];
        demand(problem->line <= lines);
        demand(problem->column >= 0 && (size_t)problem->column <= size + 1);
        demand(problem->zh.n > 0 && problem->en.n > 0);
    }
    demand(config_int(&config, "a.number") >= -10 && config_int(&config, "a.number") <= 500);
    demand(config_int(&config, "b.time") <= 60000000);
    demand(config_choice(&config, "b.choice") <= 1);
    demand(utf8_valid(config_text(&config, "a.text")) && config_text(&config, "a.text").n <= 40);
    return 0;
}
