/* programs/running.h - the lock file of a run folder: that a server runs there, which process to
 * ask, and how often it read its settings anew. The verbs that ask it. */
#pragma once
#include "base/config.h"
#include "base/cli.h"

/* One server a run folder, taken before anything in it is touched: another one's sockets would be
 * unlinked. The children inherit the lock, so that what outlives its parent for a moment (a worker
 * that drains) keeps a new server away; *fd stays open until the process ends. CLI_CONFLICT while
 * somebody has it. */
enum cli_exit running_claim(struct cli *cli, const struct config *config, int *fd);
/* Settings read anew `reloads` times, and found wrong `refused` times, since the start. */
void running_note(int fd, int reloads, int refused);

/* `ykt server drain` and `ykt server reload` */
#define WAIT_FLAG                                                                                  \
    {                                                                                              \
        .name = "wait", .type = CLI_DURATION, .value = "TIME", .preset = "60s", .min = 1000000,    \
        .max = 3600000000, .zh = "至多等多久", .en = "how long to wait for it"                     \
    }
enum cli_exit server_drain(struct cli *cli);
enum cli_exit server_reload(struct cli *cli);
