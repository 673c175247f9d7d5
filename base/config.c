/* base/config.c - settings: files, environment and flags into one checked table. How files are read
 * is in config_file.c, how things are told in config_text.c. */
#include "base/config.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_file.h"
#include "base/instant.h"
#include "base/text.h"

int setting_index(const struct config *config, struct str name)
{
    for (size_t i = 0; i < config->n; i++) {
        if (str_eq(str_of(config->settings[i].name), name)) return (int)i;
    }
    return -1;
}

void config_tell(struct config *config, struct place place, struct str zh, struct str en)
{
    size_t i = config->problems_n++;

    if (i >= CONFIG_PROBLEMS_MAX) return;
    config->problems[i] = (struct config_problem){ .where = place.where,
                                                   .line = place.line,
                                                   .column = place.column,
                                                   .zh = arena_str(config->arena, zh),
                                                   .en = arena_str(config->arena, en) };
}

void config_tell_unknown(struct config *config, struct place place, struct str name,
                         const char *const *known, size_t n)
{
    int near = text_nearest(name, known, n);
    struct str shown = str_part(name, 0, 80);
    struct str zh = arena_format(config->arena, "未知设置 \"%.*s\"", (int)shown.n, shown.p);
    struct str en = arena_format(config->arena, "unknown setting \"%.*s\"", (int)shown.n, shown.p);

    if (near >= 0) {
        zh = arena_format(config->arena, "%.*s; 是否为 \"%s\"?", (int)zh.n, zh.p, known[near]);
        en =
            arena_format(config->arena, "%.*s; did you mean \"%s\"?", (int)en.n, en.p, known[near]);
    }
    config_tell(config, place, zh, en);
}

static bool bool_parse(struct str text, int64_t *out)
{
    static const struct {
        const char *word;
        bool value;
    } WORDS[] = { { "true", true },   { "yes", true }, { "on", true },
                  { "false", false }, { "no", false }, { "off", false } };

    for (size_t i = 0; i < LEN(WORDS); i++) {
        if (str_eq(text, str_of(WORDS[i].word))) {
            *out = WORDS[i].value;
            return true;
        }
    }
    return false;
}

static bool choice_parse(struct str text, const char *const *choices, int64_t *out)
{
    for (int i = 0; choices[i]; i++) {
        if (str_eq(text, str_of(choices[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool value_parse(const struct setting *setting, struct str text, int64_t *out)
{
    int64_t most = setting->max > 0 ? setting->max : 1000;

    *out = 0;
    switch (setting->type) {
    case SETTING_INT:
        return str_int(text, setting->min, setting->max, out);
    case SETTING_BOOL:
        return bool_parse(text, out);
    case SETTING_TEXT:
        return (int64_t)text.n >= setting->min && (int64_t)text.n <= most;
    case SETTING_PATH:
        return text.n > 0 && text.n < 4000;
    case SETTING_DURATION:
        return duration_parse(text, out) && *out >= setting->min && *out <= setting->max;
    case SETTING_ENUM:
        return choice_parse(text, setting->choices, out);
    }
    return false;
}

/* "database.pool: 应为 1-500 的整数，现为 "many"" */
static void tell_wrong(struct config *config, const struct setting *setting, struct place place,
                       struct str text)
{
    char zh_text[1024], en_text[1024];
    struct writer zh = writer_over(zh_text, sizeof zh_text),
                  en = writer_over(en_text, sizeof en_text);
    struct str shown = setting->secret ? S("******") : str_part(text, 0, 80);

    put_format(&zh, "%s: 应为 ", setting->name);
    put_setting_range(&zh, setting, true);
    put_format(&zh, "，现为 \"%.*s\"", (int)shown.n, shown.p ? shown.p : "");
    put_format(&en, "%s: must be ", setting->name);
    put_setting_range(&en, setting, false);
    put_format(&en, ", is \"%.*s\"", (int)shown.n, shown.p ? shown.p : "");
    config_tell(config, place, writer_str(&zh), writer_str(&en));
}

void config_set(struct config *config, size_t index, struct str text, struct place place)
{
    const struct setting *setting = &config->settings[index];
    struct config_value value = { .text = arena_str(config->arena, text),
                                  .where = place.where,
                                  .line = place.line,
                                  .column = place.column,
                                  .given = true };
    bool may_be_empty = setting->preset && setting->preset[0] == 0 && text.n == 0;

    if (!may_be_empty && !value_parse(setting, text, &value.i)) {
        tell_wrong(config, setting, place, text);
        value.i = config->values[index].i; /* keep a valid one for what is checked later */
        value.text = config->values[index].text;
    }
    if (setting->type == SETTING_PATH && place.folder.n > 0 && text.n > 0 && text.p[0] != '/')
        value.text = arena_format(config->arena, "%.*s%.*s", (int)place.folder.n, place.folder.p,
                                  (int)text.n, text.p);
    config->values[index] = value;
}

static void read_flags(struct config *config, const struct config_source *source)
{
    const char *names[SETTINGS_MAX];
    struct place place = { .where = S("--set") };

    for (size_t i = 0; i < config->n; i++) {
        names[i] = config->settings[i].name;
    }
    for (size_t i = 0; i < source->flags_n; i++) {
        struct str text, name = str_trim(str_cut(source->flags[i], '=', &text));
        int index = setting_index(config, name);
        if (index < 0) {
            config_tell_unknown(config, place, name, names, config->n);
        } else if (config->settings[index].secret) {
            struct str en = arena_format(
                config->arena, "%.*s: a secret is not given as a flag, other users see it",
                (int)name.n, name.p);
            struct str zh = arena_format(
                config->arena, "%.*s: 机密设置不能用参数给出，同机用户可见", (int)name.n, name.p);
            config_tell(config, place, zh, en);
        } else {
            config_set(config, (size_t)index, str_trim(text), place);
        }
    }
}

/* "YKT_DATABASE_POOL" */
static const char *variable_name(struct arena *arena, struct str setting)
{
    char *name = arena_take(arena, setting.n + 5, 1);

    if (!name) return "";
    memcpy(name, "YKT_", 4);
    for (size_t i = 0; i < setting.n; i++) {
        name[4 + i] = setting.p[i] == '.' ? '_' : (char)toupper((unsigned char)setting.p[i]);
    }
    return name;
}

/* Does a variable belong to a section that we declare? Others (YKT_TEST_…) are not ours. */
static bool of_declared_section(const struct config *config, struct str variable)
{
    for (size_t i = 0; i < config->n; i++) {
        struct str key, name = str_of(config->settings[i].name), section = str_cut(name, '.', &key);
        const char *prefix = variable_name(config->arena, str_part(name, 0, section.n + 1));
        if (str_starts(variable, str_of(prefix))) return true;
    }
    return false;
}

static void read_environment(struct config *config, const char *const *env)
{
    const char *names[SETTINGS_MAX];

    for (size_t i = 0; i < config->n; i++) {
        names[i] = variable_name(config->arena, str_of(config->settings[i].name));
    }
    for (; *env; env++) {
        struct str text, variable = str_cut(str_of(*env), '=', &text);
        struct place place = { .where = variable };
        bool known = false;
        if (!str_starts(variable, S("YKT_"))) continue;
        for (size_t i = 0; i < config->n; i++) {
            if (!str_eq(variable, str_of(names[i]))) continue;
            config_set(config, i, text, place);
            known = true;
        }
        if (!known && of_declared_section(config, variable))
            config_tell_unknown(config, place, variable, names, config->n);
    }
}

/* The folder of a path, for access(2): "." when it names none. */
static const char *parent(struct arena *arena, struct str path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/') {
        path.n--;
    }
    return path.n == 0 ? "." : arena_c(arena, path);
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) == 0;
}

/* What a start would open must be there; NULL when it is. */
static const char *path_trouble(struct arena *arena, const struct setting *setting, struct str text,
                                bool zh)
{
    const char *path = arena_c(arena, text);
    struct stat st;

    switch (setting->need) {
    case PATH_ANY:
        return NULL;
    case PATH_READABLE:
        if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode) && access(path, R_OK) == 0) return NULL;
        return zh ? "文件不可读" : "the file can't be read";
    case PATH_FOLDER:
        if (is_folder(path)) return NULL;
        return zh ? "文件夹不存在或不可写" : "no such folder, or it can't be written";
    case PATH_PARENT:
        if (is_folder(parent(arena, text))) return NULL;
        return zh ? "所在文件夹不存在或不可写" : "its folder does not exist or can't be written";
    }
    return NULL;
}

/* Checks on what every source together came to. */
static void check_all(struct config *config, struct str file)
{
    for (size_t i = 0; i < config->n; i++) {
        const struct setting *setting = &config->settings[i];
        const struct config_value *value = &config->values[i];
        if (!value->given && !setting->preset) {
            struct place place = { .where = file };
            config_tell(config, place, arena_format(config->arena, "%s: 必须设置", setting->name),
                        arena_format(config->arena, "%s: must be set", setting->name));
        } else if (setting->type == SETTING_PATH && value->text.n > 0 &&
                   path_trouble(config->arena, setting, value->text, true)) {
            config_add_problem(config, setting->name,
                               path_trouble(config->arena, setting, value->text, true),
                               path_trouble(config->arena, setting, value->text, false));
        }
    }
}

static void set_presets(struct config *config)
{
    for (size_t i = 0; i < config->n; i++) {
        const struct setting *setting = &config->settings[i];
        struct config_value *value = &config->values[i];
        assert(strchr(setting->name, '.'));
        if (!setting->preset) continue;
        value->text = str_of(setting->preset);
        if (setting->preset[0] && !value_parse(setting, value->text, &value->i))
            assert(false && "a preset keeps to its own range");
    }
}

/* What a file leaves to its preset lies beside it, as what it names does: where the program was
 * started must not decide where records and keys are. */
static void place_presets(struct config *config, struct str folder)
{
    for (size_t i = 0; i < config->n; i++) {
        struct config_value *value = &config->values[i];
        if (config->settings[i].type != SETTING_PATH || value->text.n == 0 ||
            value->text.p[0] == '/' || folder.n == 0)
            continue;
        value->text = arena_format(config->arena, "%.*s%.*s", (int)folder.n, folder.p,
                                   (int)value->text.n, value->text.p);
    }
}

static RESULT end(struct config *config)
{
    if (config->arena->full) return fault(FAULT_MEMORY, "settings");
    REQUIRE(config->problems_n == 0, CONFIG_PROBLEMS);
    return OK;
}

static void begin(struct config *config, const struct setting *settings, size_t n,
                  struct arena *arena)
{
    assert(n <= SETTINGS_MAX);
    memset(config, 0, sizeof *config);
    config->settings = settings;
    config->n = n;
    config->arena = arena;
    set_presets(config);
}

RESULT config_load(const struct setting *settings, size_t n, const struct config_source *source,
                   struct arena *arena, struct config *out)
{
    begin(out, settings, n, arena);
    place_presets(out, config_folder(source->file));
    if (source->file.n > 0) config_read_files(out, source->file);
    if (source->env) read_environment(out, source->env);
    read_flags(out, source);
    check_all(out, source->file);
    return end(out);
}

RESULT config_load_text(const struct setting *settings, size_t n, struct str name,
                        struct bytes text, struct arena *arena, struct config *out)
{
    begin(out, settings, n, arena);
    config_read_text(out, name, text);
    check_all(out, name);
    return end(out);
}

static const struct config_value *value_of(const struct config *config, const char *name,
                                           bool (*fits)(enum setting_type))
{
    int i = setting_index(config, str_of(name));

    assert(i >= 0);
    assert(fits(config->settings[i].type));
    return &config->values[i];
}

static bool is_number(enum setting_type type)
{
    return type == SETTING_INT || type == SETTING_DURATION;
}

static bool is_bool(enum setting_type type)
{
    return type == SETTING_BOOL;
}

static bool is_text(enum setting_type type)
{
    return type == SETTING_TEXT || type == SETTING_PATH || type == SETTING_ENUM;
}

static bool is_choice(enum setting_type type)
{
    return type == SETTING_ENUM;
}

int64_t config_int(const struct config *config, const char *name)
{
    return value_of(config, name, is_number)->i;
}

bool config_bool(const struct config *config, const char *name)
{
    return value_of(config, name, is_bool)->i != 0;
}

struct str config_text(const struct config *config, const char *name)
{
    return value_of(config, name, is_text)->text;
}

const char *config_path(const struct config *config, const char *name)
{
    return arena_c(config->arena, value_of(config, name, is_text)->text);
}

int config_choice(const struct config *config, const char *name)
{
    return (int)value_of(config, name, is_choice)->i;
}

void config_add_problem(struct config *config, const char *name, const char *zh, const char *en)
{
    int i = setting_index(config, str_of(name));
    struct place place = { 0 };

    assert(i >= 0);
    place.where = config->values[i].where;
    place.line = config->values[i].line;
    place.column = config->values[i].column;
    config_tell(config, place, arena_format(config->arena, "%s: %s", name, zh),
                arena_format(config->arena, "%s: %s", name, en));
}
