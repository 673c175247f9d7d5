/* programs/ready.h - what the running server says of itself at its internal listener. */
#pragma once
#include "base/config.h"
#include "programs/client.h"

/* The checks of /readyz, for json_decref; NULL when nobody answers there. *ready: it serves. */
enum cli_exit ready_checks(struct cli *cli, const struct config *config, bool *ready,
                           json_t **checks);

/* `ykt server status` */
enum { SERVER_STATUS_COLUMNS_N = 3 };
extern const struct cli_column SERVER_STATUS_COLUMNS[SERVER_STATUS_COLUMNS_N];
enum cli_exit server_status(struct cli *cli);
