/* programs/settings.h - every setting of the server, in one table: what `server run`, `server
 * check` and `config` read. The man page ykt.conf(5) is made from the same words. */
#pragma once
#include "base/base.h"
#include "base/cli.h"
#include "base/config.h"
#include "crypto/keyd.h"

extern const struct setting SETTINGS[];
extern const size_t SETTINGS_N;

/* Load --config FILE (and --set section.key=value) of a verb. On problems prints all of them to
 * standard error in the verb's language and returns CLI_USAGE; the verb returns that. */
enum cli_exit settings_load(struct cli *cli, struct arena *arena, struct config *out);
/* The flags that settings_load reads, for a verb's table. */
#define SETTINGS_FLAGS                                                                             \
    { .name = "config",                                                                            \
      .type = CLI_TEXT,                                                                            \
      .value = "FILE",                                                                             \
      .required = true,                                                                            \
      .zh = "设置文件",                                                                            \
      .en = "the settings file" },                                                                 \
    {                                                                                              \
        .name = "set", .type = CLI_TEXT, .value = "SECTION.KEY=VALUE", .repeats = true,            \
        .zh = "覆盖一项设置", .en = "override one setting"                                         \
    }

/* Settings that other modules' structs are made from. */
struct keyd_settings;
struct secret;
/* Folder, device and budgets of keyd; `pin` is opened from keys.secret_file, borrowed by `out`, and
 * closed by the caller. In programs/keyd.c. */
RESULT settings_keyd(const struct config *config, struct secret *pin, struct keyd_settings *out);
/* "holder": a use of openings, as the settings budget.* call it. */
const char *settings_use_name(enum keyd_use use);
/* "RUN/keyd.sock" and "RUN/courier.sock" in the arena. */
const char *settings_socket(const struct config *config, struct arena *arena, const char *name);
