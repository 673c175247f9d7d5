/* programs/ready.c */
#include "programs/ready.h"

#include <stdlib.h>

#include "programs/settings.h"

enum { SETTINGS_ARENA = 512 * 1024 };

const struct cli_column SERVER_STATUS_COLUMNS[SERVER_STATUS_COLUMNS_N] = {
    { .name = "check", .zh = "检查", .en = "check" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "why", .zh = "说明", .en = "why" },
};

enum cli_exit ready_checks(struct cli *cli, const struct config *config, bool *ready,
                           json_t **checks)
{
    const struct ask ask = { .method = "GET", .path = S("/readyz") };
    struct client *client;
    json_t *answer;
    enum cli_exit end = client_open_at(cli, config_text(config, "server.internal"), &client);

    *checks = NULL;
    if (end != CLI_OK) return end;
    *ready = client_probe(client, &ask, &answer) == 200;
    *checks = json_incref(json_object_get(answer, "checks"));
    json_decref(answer);
    client_close(client);
    return CLI_OK;
}

static enum cli_exit status_with(struct cli *cli, const struct config *config)
{
    struct str where = config_text(config, "server.internal");
    const char *name;
    json_t *checks, *check;
    bool ready;
    enum cli_exit end = ready_checks(cli, config, &ready, &checks);

    if (end != CLI_OK) return end;
    if (!checks)
        return cli_fail(cli, CLI_PARTNER, "no_server", "%.*s 没有应答：服务没有运行",
                        "nobody answers at %.*s: the server does not run", (int)where.n, where.p);
    cli_table(cli);
    json_object_foreach(checks, name, check)
    {
        cli_row(cli, CELLS(cell_text(arena_str(cli_arena(cli), str_of(name))),
                           cell_text(arena_str(cli_arena(cli), str_of(member(check, "state")))),
                           cell_text(arena_str(cli_arena(cli), str_of(member(check, "why"))))));
    }
    cli_table_end(cli);
    json_decref(checks);
    if (ready) return CLI_OK;
    cli_say(cli, "尚不能服务。下一步：ykt doctor", "it does not serve; next: ykt doctor");
    return CLI_FOUND_PROBLEMS;
}

enum cli_exit server_status(struct cli *cli)
{
    struct config *config = calloc(1, sizeof *config);
    struct arena arena;
    struct err err =
        config ? arena_open(&arena, SETTINGS_ARENA) : fault(FAULT_MEMORY, "server status");
    enum cli_exit end;

    if (err.code != 0) {
        free(config);
        return cli_end(cli, err);
    }
    end = settings_load(cli, &arena, config);
    if (end == CLI_OK) end = status_with(cli, config);
    arena_close(&arena);
    free(config);
    return end;
}
