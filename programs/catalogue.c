/* programs/catalogue.c - ykt catalogue: bring reference data in, open an item, see how far cities
 * are. */
#include "catalogue/catalogue.h"

#include "base/text.h"
#include "programs/nouns.h"
#include "programs/store_of.h"

static enum cli_exit catalogue_end(struct cli *cli, struct err err)
{
    switch (err.code) {
    case CATALOGUE_ITEM_UNKNOWN:
        return cli_fail(cli, CLI_NOT_FOUND, "item_unknown", "没有这个服务事项", "no such item");
    case CATALOGUE_REGION_UNKNOWN:
        return cli_fail(cli, CLI_NOT_FOUND, "region_unknown", "没有这个区划", "no such region");
    default:
        return cli_end(cli, err);
    }
}

/* ---- import ---- */

static enum cli_exit tell_issues(struct cli *cli, const struct import_report *report)
{
    cli_table(cli);
    for (int i = 0; i < report->n; i++) {
        const struct import_issue *issue = &report->issues[i];
        cli_row(cli, CELLS(cell_text(issue->file), cell_int(issue->line), cell_int(issue->column),
                           cell_text(cli_zh(cli) ? issue->zh : issue->en)));
    }
    cli_table_end(cli);
    cli_say(cli, "%d 个问题，未写入任何数据", "%d problems, nothing was written", report->total);
    return CLI_FOUND_PROBLEMS;
}

static enum cli_exit import(struct cli *cli)
{
    struct import_report report;
    struct store *store;
    struct clock clock = system_clock();
    bool dry = cli_has(cli, "dry-run");
    struct err err = store_of(cli, &store);

    if (err.code != 0) return cli_end(cli, err);
    err = catalogue_import(store, cli_arg(cli, 0), clock_now(&clock), dry, cli_arena(cli), &report);
    store_close(store);
    if (err.code == CATALOGUE_IMPORT_BAD) return tell_issues(cli, &report);
    if (err.code != 0) return cli_end(cli, err);
    cli_say(cli,
            "区划 %" PRId64 "  事项 %" PRId64 "  开通 %" PRId64 "  参数 %" PRId64 "  场所 %" PRId64
            "  用卡点 %" PRId64,
            "regions %" PRId64 "  items %" PRId64 "  openings %" PRId64 "  parameters %" PRId64
            "  places %" PRId64 "  points of use %" PRId64,
            report.rows.regions, report.rows.items, report.rows.openings, report.rows.parameters,
            report.rows.places, report.rows.points);
    if (dry) {
        cli_say(cli, "未写入 (--dry-run)", "nothing written (--dry-run)");
    } else {
        cli_say(cli, "版本 %" PRId64, "version %" PRId64, report.version);
    }
    return CLI_OK;
}

static const struct cli_column ISSUE_COLUMNS[] = {
    { .name = "file", .zh = "文件", .en = "file" },
    { .name = "line", .zh = "行", .en = "line", .right = true },
    { .name = "column", .zh = "列", .en = "column", .right = true },
    { .name = "problem", .zh = "问题", .en = "problem" },
};

/* ---- what reads a snapshot ---- */

typedef enum cli_exit with_catalogue(struct cli *cli, struct store *store,
                                     const struct catalogue *cat);

static enum cli_exit with(struct cli *cli, with_catalogue *run)
{
    struct catalogue_shelf *shelf;
    struct store *store;
    enum cli_exit end;
    struct err err = store_of(cli, &store);

    if (err.code != 0) return cli_end(cli, err);
    err = catalogue_shelf_open(store, &shelf);
    if (err.code != 0) {
        store_close(store);
        return cli_end(cli, err);
    }
    end = run(cli, store, catalogue_now(shelf));
    catalogue_shelf_close(shelf);
    store_close(store);
    return end;
}

static struct instant instant_of(struct cli *cli, const char *flag)
{
    struct clock clock = system_clock();

    return cli_has(cli, flag) ? cli_instant(cli, flag) : clock_now(&clock);
}

static const char *const STATES[] = { "planned", "building", "open", "paused", NULL };

static enum cli_exit open_with(struct cli *cli, struct store *store, const struct catalogue *cat)
{
    struct opening_ask ask = {
        .item = cli_arg(cli, 0),
        .region = (int32_t)cli_int(cli, "region"),
        .state = (enum opening_state)(cli_int(cli, "state") + 1),
        .pilot = cli_has(cli, "pilot"),
        .from = instant_of(cli, "from"),
        .note = cli_text(cli, "note"),
    };
    int64_t id;

    if (!item_find(cat, ask.item)) {
        return catalogue_end(cli, (struct err){ .code = CATALOGUE_ITEM_UNKNOWN });
    }
    if (!region_find(cat, ask.region)) {
        return catalogue_end(cli, (struct err){ .code = CATALOGUE_REGION_UNKNOWN });
    }
    struct err err = catalogue_open(store, &ask, &id);
    if (err.code != 0) return catalogue_end(cli, err);
    cli_say(cli, "%.*s 在 %d：%s", "%.*s in %d: %s", (int)ask.item.n, ask.item.p, (int)ask.region,
            STATES[ask.state - 1]);
    return CLI_OK;
}

static enum cli_exit open_item(struct cli *cli)
{
    return with(cli, open_with);
}

static enum cli_exit progress_with(struct cli *cli, struct store *store,
                                   const struct catalogue *cat)
{
    struct region_walk walk = regions_within(cat, REGION_ANHUI, LEVEL_CITY);
    struct instant at = instant_of(cli, "at");

    (void)store;
    cli_table(cli);
    for (const struct region *city; (city = region_next(&walk));) {
        struct progress p;
        catalogue_progress(cat, city->code, at, &p);
        cli_row(cli,
                CELLS(cell_int(city->code), cell_text(cli_zh(cli) ? city->name.zh : city->name.en),
                      cell_int(p.items), cell_int(p.open), cell_int(p.building),
                      cell_int(p.planned), cell_int(p.paused),
                      cell_int(p.items ? p.open * 100 / p.items : 0)));
    }
    cli_table_end(cli);
    return CLI_OK;
}

static enum cli_exit progress(struct cli *cli)
{
    return with(cli, progress_with);
}

static const struct cli_column PROGRESS_COLUMNS[] = {
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "city", .zh = "城市", .en = "city" },
    { .name = "items", .zh = "事项", .en = "items", .right = true },
    { .name = "open", .zh = "已开通", .en = "open", .right = true },
    { .name = "building", .zh = "建设中", .en = "building", .right = true },
    { .name = "planned", .zh = "计划", .en = "planned", .right = true },
    { .name = "paused", .zh = "暂停", .en = "paused", .right = true },
    { .name = "open_percent", .zh = "开通率%", .en = "open %", .right = true },
};

static const struct cli_verb VERBS[] = {
    { .name = "import",
      .zh = "导入参考数据；任何一行有误则全部不写入",
      .en = "bring reference data in: all of it, or nothing when a row is wrong",
      .run = import,
      .args = { { .name = "folder", .zh = "数据文件夹", .en = "the folder of the files" } },
      .columns = ISSUE_COLUMNS,
      .columns_n = LEN(ISSUE_COLUMNS),
      .flags = { STORE_FLAG,
                 { .name = "dry-run",
                   .type = CLI_SWITCH,
                   .zh = "只检查，不写入",
                   .en = "check and write nothing" } },
      .examples = { { "ykt catalogue import data --store sqlite:ykt.db", "导入 data/",
                      "import data/" } } },
    { .name = "open",
      .zh = "在一个地区开通、暂停或计划一个事项",
      .en = "open, pause or plan an item in a region",
      .run = open_item,
      .args = { { .name = "item", .zh = "事项代码", .en = "the item's code" } },
      .flags = { STORE_FLAG,
                 { .name = "region",
                   .type = CLI_INT,
                   .min = 100000,
                   .max = 999999,
                   .required = true,
                   .zh = "区划代码",
                   .en = "GB/T 2260 code" },
                 { .name = "state",
                   .type = CLI_ENUM,
                   .choices = STATES,
                   .preset = "open",
                   .zh = "状态",
                   .en = "state" },
                 { .name = "pilot", .type = CLI_SWITCH, .zh = "试点", .en = "as a pilot" },
                 { .name = "from",
                   .type = CLI_INSTANT,
                   .zh = "自何时起，默认现在",
                   .en = "from when on; now by default" },
                 { .name = "note", .type = CLI_TEXT, .zh = "说明", .en = "a note" } },
      .examples = { { "ykt catalogue open CT-06-017 --region 340100 --store sqlite:ykt.db",
                      "合肥开通在线购票", "open online tickets in Hefei" } } },
    { .name = "progress",
      .zh = "各市服务事项开通情况",
      .en = "how many items each city has open",
      .run = progress,
      .columns = PROGRESS_COLUMNS,
      .columns_n = LEN(PROGRESS_COLUMNS),
      .flags = { STORE_FLAG,
                 { .name = "at",
                   .type = CLI_INSTANT,
                   .zh = "何时，默认现在",
                   .en = "when; now by default" } },
      .examples = { { "ykt catalogue progress --store sqlite:ykt.db", "今天的情况",
                      "as of today" } } },
};
const struct cli_noun CATALOGUE_NOUN = { "catalogue", "服务目录", "the service catalogue", VERBS,
                                         LEN(VERBS) };
