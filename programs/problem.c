/* programs/problem.c - the command line tells a refusal in the words that the API has for it, and
 * those of whoever runs the server, which the API's callers never meet, in its own. */
#include "api/api.h"
#include "crypto/keyd.h"
#include "programs/nouns.h"
#include "store/store.h"

/* clang-format off */
static const struct {
    int refusal;
    struct cli_problem problem;
} PROBLEMS[] = {
    { STORE_NO_EXTENSION, { .exit = CLI_FAILED, .code = "no_extension",
      .zh = "数据库服务器没有安装 citus 扩展，未做任何改动",
      .en = "the database server does not have the extension citus; nothing was done" } },
    { STORE_NOT_POSTGRESQL, { .exit = CLI_FAILED, .code = "not_postgresql",
      .zh = "只适用于 PostgreSQL", .en = "this is for PostgreSQL only" } },
    { STORE_NOT_DISPOSABLE, { .exit = CLI_CONFLICT, .code = "not_disposable",
      .zh = "这个数据库不是演示用的，不会清空",
      .en = "this database was not made by a demonstration and is not emptied" } },
    { STORE_EXISTS, { .exit = CLI_CONFLICT, .code = "exists",
      .zh = "目标已存在，不会覆盖", .en = "the target exists and is never written over" } },
    { STORE_NOT_BACKUP, { .exit = CLI_FAILED, .code = "not_backup",
      .zh = "不是完好的备份文件", .en = "the file is not a whole backup of ours" } },
    { KEYD_LOCKED, { .exit = CLI_CONFLICT, .code = "keys_in_use",
      .zh = "另一个 keyd 或 ykt key 正在使用密钥文件夹；请先停止它",
      .en = "another keyd, or ykt key, has the key folder: stop it first" } },
    { STORE_HELD, { .exit = CLI_CONFLICT, .code = "database_in_use",
      .zh = "另一个进程正在写这个数据库，未做任何改动；请先停止服务",
      .en = "another process writes this database, nothing was changed; stop the server first" } },
    { STORE_LOG_BESIDE, { .exit = CLI_CONFLICT, .code = "log_beside",
      .zh = "目标旁边有另一个数据库的日志（-wal、-shm 或 -journal），请先移走",
      .en = "the log of another database (-wal, -shm or -journal) lies beside the target: move it away" } },
    { STORE_HALF_RESTORED, { .exit = CLI_CONFLICT, .code = "half_restored",
      .zh = "这个数据库的恢复中断过；请删除它并重新恢复",
      .en = "the restore of this database was cut off: drop it and restore again" } },
};
/* clang-format on */

enum cli_exit exit_of_status(int status)
{
    switch (status) {
    case 400:
    case 415:
    case 422:
        return CLI_USAGE;
    case 401:
    case 403:
        return CLI_NOT_ALLOWED;
    case 404:
        return CLI_NOT_FOUND;
    case 409:
    case 412:
        return CLI_CONFLICT;
    case 429:
    case 503:
        return CLI_TRY_AGAIN;
    case 502:
    case 504:
        return CLI_PARTNER;
    default:
        return CLI_FAILED;
    }
}

bool problem_of(int code, struct cli_problem *out)
{
    struct refusal refusal;

    for (size_t i = 0; i < LEN(PROBLEMS); i++) {
        if (PROBLEMS[i].refusal != code) continue;
        *out = PROBLEMS[i].problem;
        return true;
    }
    if (!refusal_known(code, &refusal)) return false;
    *out = (struct cli_problem){ .code = refusal.code,
                                 .exit = exit_of_status(refusal.status),
                                 .zh = refusal.detail_zh,
                                 .en = refusal.detail_en };
    return true;
}
