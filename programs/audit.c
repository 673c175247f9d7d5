/* programs/audit.c - ykt audit: does what is kept still agree with what was sealed? */
#include "base/text.h"
#include "journal/journal.h"
#include "programs/audit_card.h"
#include "programs/audit_ledger.h"
#include "programs/audit_search.h"
#include "programs/nouns.h"
#include "programs/store_of.h"

static const struct cli_column COLUMNS[] = {
    { .name = "part", .zh = "部分", .en = "part" },
    { .name = "checked", .zh = "核对", .en = "checked", .right = true },
    { .name = "findings", .zh = "不一致", .en = "findings", .right = true },
    { .name = "detail", .zh = "说明", .en = "detail" },
};

static int64_t journal_part(struct cli *cli, const struct journal_proof *p)
{
    int64_t bad = p->changed + p->missing + p->unknown + (p->bad_block != 0);
    struct str detail = arena_format(
        cli_arena(cli),
        "erased %" PRId64 ", changed %" PRId64 ", missing %" PRId64 ", never sealed %" PRId64
        ", waiting %" PRId64 ", blocks %" PRId64 ", first bad block %" PRId64,
        p->erased, p->changed, p->missing, p->unknown, p->waiting, p->blocks, p->bad_block);

    cli_row(cli, CELLS(cell_text(S("journal")), cell_int(p->checked + p->erased), cell_int(bad),
                       cell_text(detail)));
    return bad;
}

static int64_t ledger_part(struct cli *cli, const struct audit_ledger_result *r)
{
    struct str detail = S("");

    if (r->findings_n > 0) {
        detail = str_of(audit_ledger_text(r->findings[0].what, cli_zh(cli)));
    }
    cli_row(cli, CELLS(cell_text(S("ledger")), cell_int(r->transfers), cell_int(r->findings_n),
                       cell_text(detail)));
    return r->findings_n;
}

static int64_t card_part(struct cli *cli, const struct audit_card_result *r)
{
    struct str detail = arena_format(cli_arena(cli), "waiting %" PRId64, r->waiting);

    cli_row(cli, CELLS(cell_text(S("card")), cell_int(r->cards), cell_int(r->cards - r->agree),
                       cell_text(detail)));
    return r->cards - r->agree;
}

static enum cli_exit verify_all(struct cli *cli, struct store *store)
{
    struct instant since =
        cli_has(cli, "since") ? cli_instant(cli, "since") : (struct instant){ 0 };
    static struct audit_ledger_result ledger;
    struct audit_card_result cards;
    struct journal_proof journal;
    int64_t bad = 0;
    struct err err = journal_verify(store, since, &journal);

    if (err.code == 0) err = audit_card(store, &cards);
    if (err.code == 0) err = audit_ledger(store, &ledger);
    if (err.code != 0) return cli_end(cli, err);
    cli_table(cli);
    bad += journal_part(cli, &journal);
    bad += card_part(cli, &cards);
    bad += ledger_part(cli, &ledger);
    cli_table_end(cli);
    if (bad) return CLI_FOUND_PROBLEMS;
    cli_say(cli, "全部一致", "all agree");
    return CLI_OK;
}

static enum cli_exit verify(struct cli *cli)
{
    struct store *store;
    enum cli_exit end;
    struct err err = store_of(cli, &store);

    if (err.code != 0) return cli_end(cli, err);
    end = verify_all(cli, store);
    store_close(store);
    return end;
}

static const struct cli_verb VERBS[] = {
    { .name = "verify",
      .zh = "核对日志、卡状态和账目与封存是否一致",
      .en = "compare journal, cards and ledger with what was sealed",
      .run = verify,
      .columns = COLUMNS,
      .columns_n = LEN(COLUMNS),
      .flags = { STORE_FLAG,
                 { .name = "since",
                   .type = CLI_INSTANT,
                   .zh = "日志自何时起",
                   .en = "journal lines recorded from then on" } },
      .examples = { { "ykt audit verify --since 2021-08-01 --store sqlite:ykt.db", "八月以来",
                      "since August" } } },
    { .name = "search",
      .zh = "谁做了什么、看了什么（经运行中的服务，本次查看也入日志）",
      .en = "who did and looked at what, through the running server; the search is journalled, too",
      .run = audit_search,
      .columns = AUDIT_SEARCH_COLUMNS,
      .columns_n = AUDIT_SEARCH_COLUMNS_N,
      .flags = { { .name = "actor",
                   .type = CLI_TEXT,
                   .value = "ID",
                   .zh = "谁：stf_… 等编号",
                   .en = "whose acts: an id, stf_..." },
                 { .name = "kind",
                   .type = CLI_ENUM,
                   .choices = AUDIT_KINDS,
                   .zh = "类别",
                   .en = "kind of line" },
                 { .name = "region",
                   .type = CLI_INT,
                   .min = 100000,
                   .max = 999999,
                   .zh = "区划代码",
                   .en = "GB/T 2260 code" },
                 { .name = "from", .type = CLI_INSTANT, .zh = "自何时", .en = "from when" },
                 { .name = "to", .type = CLI_INSTANT, .zh = "至何时", .en = "until when" },
                 LIMIT_FLAG,
                 { .name = "purpose",
                   .type = CLI_ENUM,
                   .choices = PURPOSES,
                   .preset = "supervision",
                   .zh = "查看的目的",
                   .en = "why it is looked at" },
                 CLIENT_FLAGS },
      .examples = { { "ykt audit search --kind look --from 2021-08-01 --limit 50",
                      "八月以来谁看了档案", "who looked at records since August" } } },
};
const struct cli_noun AUDIT_NOUN = { "audit", "审计", "proofs of what is kept", VERBS, LEN(VERBS) };
