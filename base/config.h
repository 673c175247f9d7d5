/* base/config.h - settings: declared in a table, read from files, environment and flags, and every
 * problem told at once before anything starts.
 *
 *     # ykt.conf                                  UTF-8, LF or CRLF
 *     include = sites/a?.conf                      only before the first section
 *     [database]
 *     pool = 32                                   # a comment needs a space before it
 *     url  = "sqlite:/var/lib/ykt/ykt.db"         quotes allow \" \\ \n \t and a #
 *
 * A setting is named section.key. Precedence: flag > environment YKT_SECTION_KEY > file > preset;
 * among files, what is read later wins: the file, its includes where they stand, then the folder
 * conf.d beside it (each .conf, by name). The same setting twice in one file is a problem, as is an
 * unknown one (also an environment variable of a declared section). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum config_refusal {
    CONFIG_PROBLEMS = 1041, /* config.problems lists them all */
};
enum {
    SETTINGS_MAX = 200,
    CONFIG_PROBLEMS_MAX = 200, /* the rest is counted only */
    CONFIG_FILE_BYTES_MAX = 1 << 20,
    CONFIG_DEPTH_MAX = 8, /* includes within includes */
};

enum setting_type {
    SETTING_INT,      /* min..max */
    SETTING_BOOL,     /* true yes on, false no off */
    SETTING_TEXT,     /* min..max bytes; max 0 means 1000 */
    SETTING_PATH,     /* relative ones count from the file's folder, presets from that of the first
                         file, flags and variables from where the program was started; see path_need */
    SETTING_DURATION, /* "250ms" "30s" "5m" "12h" "7d"; min..max in microseconds */
    SETTING_ENUM,     /* one of choices */
};
enum path_need {
    PATH_ANY,      /* not looked at */
    PATH_READABLE, /* a file that can be read */
    PATH_FOLDER,   /* a folder that can be written */
    PATH_PARENT,   /* its folder exists and can be written */
};

struct setting {
    const char *name; /* "database.pool"; sections and keys of [a-z0-9_] */
    enum setting_type type;
    const char *preset; /* as it would be written; NULL: must be given; "": may stay empty */
    int64_t min, max;
    const char *const *choices; /* SETTING_ENUM: NULL-terminated */
    enum path_need need;
    bool secret;         /* shown as ******; refused as a flag */
    const char *zh, *en; /* one sentence of help each */
};

struct config_problem {
    struct str where; /* a file's path, "YKT_DATABASE_POOL" or "--set" */
    int line, column; /* from 1, in characters; 0 when not in a file */
    struct str zh, en;
};
struct config_value {
    struct str text; /* as written, without quotes; SETTING_PATH: resolved */
    int64_t i;       /* number, 0/1, microseconds, index of the choice */
    struct str where;
    int line, column; /* 0: not from a file; where is then "", a variable's name or "--set" */
    bool given;
};
struct config {
    const struct setting *settings;
    size_t n;
    struct config_value values[SETTINGS_MAX];
    struct config_problem problems[CONFIG_PROBLEMS_MAX];
    size_t problems_n; /* may be larger than CONFIG_PROBLEMS_MAX */
    struct arena *arena;
};

struct config_source {
    struct str file;         /* path; empty: no file */
    const char *const *env;  /* "NAME=value", NULL-terminated (environ); NULL: none */
    const struct str *flags; /* "database.pool=50" */
    size_t flags_n;
};

/* Read everything, resolve everything a start would resolve, and collect every problem.
 *   arena    keeps texts as long as `out` is used; 256 KiB beyond the files' size is plenty
 *   refuses  CONFIG_PROBLEMS      faults  FAULT_MEMORY */
RESULT config_load(const struct setting *settings, size_t n, const struct config_source *source,
                   struct arena *arena, struct config *out);
/* The same over one file's text, named `name` in problems, without includes, conf.d, environment.
 */
RESULT config_load_text(const struct setting *settings, size_t n, struct str name,
                        struct bytes text, struct arena *arena, struct config *out);

/* Values by name; a name or type that the table does not have is a bug (assert). */
int64_t config_int(const struct config *config, const char *name); /* also durations, in usec */
bool config_bool(const struct config *config, const char *name);
struct str config_text(const struct config *config, const char *name);  /* also paths */
const char *config_path(const struct config *config, const char *name); /* NUL-terminated */
int config_choice(const struct config *config, const char *name);       /* index into choices */

/* A check of the caller's own (a key that does not open, two settings that exclude each other):
 * adds a problem where `name` was set. Return CONFIG_PROBLEMS to your caller when problems_n > 0.
 */
void config_add_problem(struct config *config, const char *name, const char *zh, const char *en);

/* "ykt.conf:14:11: database.pool: 应为 1-500 的整数，现为 "many"", without line end */
void put_config_problem(struct writer *w, const struct config_problem *problem, bool zh);
/* "conf.d/sms.conf:3", "YKT_SMS_KEY_FILE", "--set", or "预设"/"preset" */
void put_config_from(struct writer *w, const struct config_value *value, bool zh);
/* The value as `ykt config show` prints it: secrets as ****** */
void put_config_value(struct writer *w, const struct config *config, size_t index);
/* A paragraph: type and range, preset, variable, help. */
void put_config_help(struct writer *w, const struct setting *setting, bool zh);
/* A file of all settings, each commented out at its preset with its help: `ykt config init`. */
void put_config_template(struct writer *w, const struct setting *settings, size_t n, bool zh);
