/* programs/db.c - ykt db: a database's schema, copies and spread. */
#include <unistd.h>

#include "base/text.h"
#include "programs/nouns.h"
#include "programs/store_of.h"

#define DRY_RUN_FLAG                                                                               \
    {                                                                                              \
        .name = "dry-run", .type = CLI_SWITCH, .zh = "只说要做什么", .en = "only tell"             \
    }
#define FILE_FLAG                                                                                  \
    {                                                                                              \
        .name = "file", .type = CLI_TEXT, .value = "FILE", .required = true, .zh = "备份文件",     \
        .en = "the backup"                                                                         \
    }

/* ---- status */

static const struct cli_column STATUS_COLUMNS[] = {
    { .name = "engine", .zh = "引擎", .en = "engine" },
    { .name = "version", .zh = "版本", .en = "version", .right = true },
    { .name = "newest", .zh = "最新版本", .en = "newest", .right = true },
    { .name = "incarnation", .zh = "代次", .en = "incarnation", .right = true },
    { .name = "bytes", .zh = "字节", .en = "bytes", .right = true },
    { .name = "card_feed_position", .zh = "卡状态流位置", .en = "card feed", .right = true },
    { .name = "card_feed_unsealed", .zh = "待封存", .en = "unsealed", .right = true },
    { .name = "card_feed_age_usec", .zh = "待封存最久（微秒）", .en = "its age", .right = true },
};

static void count_step(void *arg, const struct migrate_step *step)
{
    int *n = arg;

    (void)step;
    ++*n;
}

static RESULT status_read(struct cli *cli, struct store_health *health, struct feed_status *feed)
{
    struct store *store;
    struct err err;

    TRY(store_of(cli, &store));
    err = store_health(store, health);
    if (err.code == 0) err = feed_status(store, FEED_CARD, feed);
    store_close(store);
    return err;
}

static enum cli_exit status(struct cli *cli)
{
    const struct store_config config = store_config_of(cli);
    struct store_health health = { 0 };
    struct feed_status feed = { 0 };
    int waiting = 0;
    struct err err = store_migrate(&config, true, count_step, &waiting);

    /* One that waits for migrations can't be opened; it still has a version. */
    if (err.code == 0 && waiting == 0) err = status_read(cli, &health, &feed);
    if (err.code != 0) return cli_end(cli, err);
    if (waiting > 0) {
        health = (struct store_health){ .version = MIGRATIONS_N - waiting,
                                        .newest = MIGRATIONS_N,
                                        .engine = str_starts(config.url, S("sqlite:"))
                                                      ? ENGINE_SQLITE
                                                      : ENGINE_POSTGRESQL };
    }
    cli_record(cli);
    cli_row(cli,
            CELLS(cell_text(health.engine == ENGINE_SQLITE ? S("sqlite") : S("postgresql")),
                  cell_int(health.version), cell_int(health.newest), cell_int(health.incarnation),
                  cell_int(health.bytes), cell_int(feed.head_position), cell_int(feed.unsealed),
                  cell_int(feed.oldest_unsealed_usec)));
    cli_table_end(cli);
    if (waiting == 0) return CLI_OK;
    cli_say(cli, "下一步：ykt db migrate --store …", "next: ykt db migrate --store ...");
    return CLI_FOUND_PROBLEMS;
}

/* ---- migrate */

static const struct cli_column STEP_COLUMNS[] = {
    { .name = "version", .zh = "版本", .en = "version", .right = true },
    { .name = "name", .zh = "名称", .en = "name" },
    { .name = "done", .zh = "已执行", .en = "done" },
};

struct steps {
    struct cli *cli;
    bool dry_run;
    int n, last;
};

static void step_row(void *arg, const struct migrate_step *step)
{
    struct steps *steps = arg;

    steps->n++;
    steps->last = step->version;
    cli_row(steps->cli, CELLS(cell_int(step->version), cell_text(str_of(step->name)),
                              cell_bool(!steps->dry_run)));
}

static enum cli_exit migrate(struct cli *cli)
{
    const struct store_config config = store_config_of(cli);
    struct steps steps = { .cli = cli, .dry_run = cli_has(cli, "dry-run") };
    struct err err;

    cli_table(cli);
    err = store_migrate(&config, steps.dry_run, step_row, &steps);
    if (err.code != 0) return cli_end(cli, err);
    cli_table_end(cli);
    if (steps.n == 0) {
        cli_say(cli, "数据库 %04d，已是最新", "the database is at %04d, the newest", MIGRATIONS_N);
    } else if (steps.dry_run) {
        cli_say(cli, "数据库 %04d → %04d   未执行 (--dry-run)",
                "database %04d -> %04d   nothing done (--dry-run)", MIGRATIONS_N - steps.n,
                steps.last);
    } else {
        cli_say(cli, "数据库 %04d → %04d", "database %04d -> %04d", MIGRATIONS_N - steps.n,
                steps.last);
    }
    return CLI_OK;
}

/* ---- backup, restore, distribute */

static enum cli_exit backup(struct cli *cli)
{
    struct str file = cli_text(cli, "file");
    struct store *store;
    struct err err = store_of(cli, &store);

    if (err.code != 0) return cli_end(cli, err);
    err = store_backup(store, file);
    store_close(store);
    if (err.code != 0) return cli_end(cli, err);
    cli_say(cli, "已备份到 %.*s", "backed up to %.*s", (int)file.n, file.p);
    return CLI_OK;
}

static enum cli_exit restore(struct cli *cli)
{
    const struct store_config config = store_config_of(cli);
    const struct str file = cli_text(cli, "file");
    struct err err;

    if (access(arena_c(cli_arena(cli), file), F_OK) != 0)
        return cli_fail(cli, CLI_NOT_FOUND, "file_missing", "没有这个备份文件：%.*s",
                        "there is no such backup: %.*s", (int)file.n, file.p);
    err = store_restore(&config, file);
    if (err.code != 0) return cli_end(cli, err);
    cli_say(cli, "已恢复，代次已提高。下一步：ykt db migrate，ykt audit verify",
            "restored, with a new incarnation. next: ykt db migrate, ykt audit verify");
    return CLI_OK;
}

static const struct cli_column RAISED_COLUMNS[] = {
    { .name = "incarnation", .zh = "代次", .en = "incarnation", .right = true },
};

static enum cli_exit raise_incarnation(struct cli *cli)
{
    struct store *store;
    int64_t incarnation = 0;
    struct err err = store_of(cli, &store);

    if (err.code != 0) return cli_end(cli, err);
    err = store_raise_incarnation(store, &incarnation);
    store_close(store);
    if (err.code != 0) return cli_end(cli, err);
    cli_record(cli);
    cli_row(cli, CELLS(cell_int(incarnation)));
    cli_table_end(cli);
    return CLI_OK;
}

static enum cli_exit distribute(struct cli *cli)
{
    struct store *store;
    struct err err = store_of(cli, &store);

    if (err.code != 0) return cli_end(cli, err);
    err = store_distribute(store);
    store_close(store);
    if (err.code != 0) return cli_end(cli, err);
    cli_say(cli, "各表已按根列分布", "the tables are distributed by their root columns");
    return CLI_OK;
}

static const struct cli_verb VERBS[] = {
    { .name = "status",
      .zh = "模式版本、代次、封存进度",
      .en = "schema, incarnation, how far it is sealed",
      .run = status,
      .columns = STATUS_COLUMNS,
      .columns_n = LEN(STATUS_COLUMNS),
      .flags = { STORE_FLAG },
      .examples = { { "ykt db status --store sqlite:ykt.db", "看状态", "look" } } },
    { .name = "migrate",
      .zh = "建库或升级到最新模式",
      .en = "bring a database to the newest schema",
      .run = migrate,
      .columns = STEP_COLUMNS,
      .columns_n = LEN(STEP_COLUMNS),
      .flags = { STORE_FLAG, DRY_RUN_FLAG },
      .examples = { { "ykt db migrate --store sqlite:ykt.db --dry-run", "先看要做什么",
                      "look first" },
                    { "ykt db migrate --store sqlite:ykt.db", "升级", "do it" } } },
    { .name = "backup",
      .zh = "不停机备份",
      .en = "a consistent copy while the server runs",
      .run = backup,
      .flags = { STORE_FLAG, FILE_FLAG },
      .examples = { { "ykt db backup --store sqlite:ykt.db --file ykt.backup", "备份",
                      "back up" } } },
    { .name = "restore",
      .zh = "从备份恢复为新库（不覆盖已有的库）",
      .en = "a new database from a backup, never over one that exists",
      .run = restore,
      .flags = { STORE_FLAG, FILE_FLAG },
      .examples = { { "ykt db restore --store sqlite:new.db --file ykt.backup", "恢复",
                      "restore" } } },
    { .name = "raise-incarnation",
      .zh = "备机提升为主库后、启动服务前执行",
      .en = "after a standby was promoted, before the server starts on it",
      .run = raise_incarnation,
      .columns = RAISED_COLUMNS,
      .columns_n = LEN(RAISED_COLUMNS),
      .flags = { STORE_FLAG },
      .examples = { { "ykt db raise-incarnation --store postgresql://ykt@db/ykt", "切换备机",
                      "failing over" } } },
    { .name = "distribute",
      .zh = "用 citus 扩展把表分布到多台机器",
      .en = "spread the tables over machines with the extension citus",
      .run = distribute,
      .flags = { STORE_FLAG },
      .examples = { { "ykt db distribute --store postgresql://ykt@db/ykt", "分布", "spread" } } },
};
const struct cli_noun DB_NOUN = { "db", "数据库", "the database", VERBS, LEN(VERBS) };
