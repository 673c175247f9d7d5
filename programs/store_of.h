/* programs/store_of.h - a verb's store by --store URL, without the server: no threads, nothing
 * sealed by it. */
#pragma once
#include "base/cli.h"
#include "store/store.h"

/* The flag, for a verb's table. */
#define STORE_FLAG                                                                                 \
    {                                                                                              \
        .name = "store", .type = CLI_TEXT, .value = "URL", .required = true,                       \
        .zh = "数据库：sqlite:路径 或 postgresql://…",                                             \
        .en = "the database: sqlite:PATH or postgresql://..."                                      \
    }
/* How a verb opens it: for those that migrate or restore. */
struct store_config store_config_of(struct cli *cli);
/* Close with store_close. Feeds can be verified through it (SM3), not sealed. */
RESULT store_of(struct cli *cli, struct store **out);
