/* base/config_text.c - how settings and their problems are told. */
#include <ctype.h>
#include <inttypes.h>

#include "base/config_file.h"
#include "base/instant.h"

static void put_choices(struct writer *w, const char *const *choices, const char *between)
{
    for (int i = 0; choices[i]; i++) {
        put_format(w, "%s%s", i > 0 ? between : "", choices[i]);
    }
}

static void put_duration_range(struct writer *w, const struct setting *setting, bool zh)
{
    put_duration(w, setting->min);
    put_str(w, zh ? S("-") : S(" to "));
    put_duration(w, setting->max);
}

void put_setting_range(struct writer *w, const struct setting *setting, bool zh)
{
    int64_t most = setting->max > 0 ? setting->max : 1000;

    switch (setting->type) {
    case SETTING_INT:
        put_format(w,
                   zh ? "%" PRId64 "-%" PRId64 " 的整数"
                      : "a whole number from %" PRId64 " to %" PRId64,
                   setting->min, setting->max);
        return;
    case SETTING_BOOL:
        put_str(w, zh ? S("true 或 false") : S("true or false"));
        return;
    case SETTING_TEXT:
        put_format(w,
                   zh ? "%" PRId64 "-%" PRId64 " 字节的文字"
                      : "text of %" PRId64 " to %" PRId64 " bytes",
                   setting->min, most);
        return;
    case SETTING_PATH:
        put_str(w, zh ? S("路径") : S("a path"));
        return;
    case SETTING_DURATION:
        put_str(w, zh ? S("时长 ") : S("a time from "));
        put_duration_range(w, setting, zh);
        put_str(w, zh ? S("（如 30s、5m、12h）") : S(" (30s, 5m, 12h)"));
        return;
    case SETTING_ENUM:
        if (!zh) put_str(w, S("one of "));
        put_choices(w, setting->choices, zh ? "、" : ", ");
        if (zh) put_str(w, S(" 之一"));
        return;
    }
}

void put_config_problem(struct writer *w, const struct config_problem *problem, bool zh)
{
    if (problem->where.n > 0) {
        put_str(w, problem->where);
        if (problem->line > 0) put_format(w, ":%d:%d", problem->line, problem->column);
        put_str(w, S(": "));
    }
    put_str(w, zh ? problem->zh : problem->en);
}

void put_config_from(struct writer *w, const struct config_value *value, bool zh)
{
    if (!value->given) {
        put_str(w, zh ? S("预设") : S("preset"));
        return;
    }
    put_str(w, value->where);
    if (value->line > 0) put_format(w, ":%d", value->line);
}

void put_config_value(struct writer *w, const struct config *config, size_t index)
{
    const struct config_value *value = &config->values[index];

    put_str(w, config->settings[index].secret && value->text.n > 0 ? S("******") : value->text);
}

static void put_variable(struct writer *w, const char *name)
{
    put_str(w, S("YKT_"));
    for (; *name; name++) {
        put_char(w, *name == '.' ? '_' : (char)toupper((unsigned char)*name));
    }
}

void put_config_help(struct writer *w, const struct setting *setting, bool zh)
{
    put_format(w, "%s\n    %s\n    ", setting->name, zh ? setting->zh : setting->en);
    put_setting_range(w, setting, zh);
    if (!setting->preset) {
        put_str(w, zh ? S("；必须设置") : S("; must be set"));
    } else if (setting->preset[0]) {
        put_format(w, zh ? "；预设 %s" : "; preset %s", setting->preset);
    } else {
        put_str(w, zh ? S("；可不设") : S("; may stay empty"));
    }
    put_str(w, zh ? S("\n    环境变量 ") : S("\n    environment "));
    put_variable(w, setting->name);
    if (setting->secret)
        put_str(w, zh ? S("\n    机密：显示时隐去") : S("\n    secret: never shown"));
    put_char(w, '\n');
}

void put_config_template(struct writer *w, const struct setting *settings, size_t n, bool zh)
{
    struct str section = { 0 };

    for (size_t i = 0; i < n; i++) {
        struct str key, now = str_cut(str_of(settings[i].name), '.', &key);
        if (!str_eq(section, now)) {
            put_format(w, "%s[%.*s]\n", i > 0 ? "\n" : "", (int)now.n, now.p);
            section = now;
        }
        put_format(w, "# %s (", zh ? settings[i].zh : settings[i].en);
        put_setting_range(w, &settings[i], zh);
        put_format(w, ")\n%s%.*s =%s%s\n", settings[i].preset ? "# " : "", (int)key.n, key.p,
                   settings[i].preset && settings[i].preset[0] ? " " : "",
                   settings[i].preset ? settings[i].preset : "");
    }
}
