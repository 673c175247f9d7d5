/* programs/worklist.c - `ykt worklist …`: what waits for somebody to decide (待办), through the
 * running server: contested uses, complaints, corrections, disputes. */
#include "programs/client.h"
#include "programs/nouns.h"

/* clang-format off */
static const char *const KINDS[] = { "contested_use", "complaint", "correction", "objection", "dispute", "dead_message",
    "double_card", "shared_number", NULL };
static const char *const STATES[] = { "open", "taken", "answered", "closed", "reopened", NULL };
static const char *const OUTCOMES[] = { "upheld", "partly_upheld", "refused", "explained", NULL };
#define ROW_COLUMNS \
    { .name = "id", .zh = "编号", .en = "id" }, \
    { .name = "number", .zh = "受理号", .en = "number" }, \
    { .name = "kind", .zh = "种类", .en = "kind" }, \
    { .name = "state", .zh = "状态", .en = "state" }, \
    { .name = "region_code", .zh = "区划", .en = "region" }, \
    { .name = "organisation", .zh = "机构", .en = "organisation" }, \
    { .name = "reason", .zh = "事由", .en = "reason" }, \
    { .name = "taken_by", .zh = "受理人", .en = "taken by" }, \
    { .name = "outcome", .zh = "答复", .en = "outcome" }, \
    { .name = "reopened", .zh = "重开次数", .en = "reopened" }, \
    { .name = "opened_at", .zh = "提出", .en = "opened" }, \
    { .name = "due_at", .zh = "应于", .en = "due" }
static const struct cli_column COLUMNS[] = { ROW_COLUMNS };
static const struct cli_column SHOWN_COLUMNS[] = {
    ROW_COLUMNS,
    { .name = "subject", .zh = "对象", .en = "about" },
    { .name = "person", .zh = "人员", .en = "person" },
    { .name = "answered_at", .zh = "答复于", .en = "answered" },
    { .name = "changed_at", .zh = "最近变化", .en = "changed" },
    { .name = "history", .zh = "经过", .en = "history" },
};
/* clang-format on */

static enum cli_exit list(struct cli *cli)
{
    char query[200] = "";
    struct writer w = writer_over(query, sizeof query);

    if (cli_has(cli, "state")) put_format(&w, "&state=%s", STATES[cli_int(cli, "state")]);
    if (cli_has(cli, "kind")) put_format(&w, "&kind=%s", KINDS[cli_int(cli, "kind")]);
    if (cli_has(cli, "region")) put_format(&w, "&region_code=%" PRId64, cli_int(cli, "region"));
    if (cli_has(cli, "mine")) put_str(&w, S("&mine=true"));
    if (cli_has(cli, "overdue")) put_str(&w, S("&overdue=true"));
    if (w.n > 0) query[0] = '?';
    return client_list(cli, arena_format(cli_arena(cli), "/v1/worklist%.*s", (int)w.n, query),
                       NULL);
}

static enum cli_exit show(struct cli *cli)
{
    struct ask ask = { .method = "GET" };
    enum cli_exit end = client_path(cli, &ask.path, "/v1/worklist/%s", cli_arg(cli, 0));

    return end == CLI_OK ? client_show(cli, &ask) : end;
}

static enum cli_exit move(struct cli *cli, const char *format, struct str body, const char *zh,
                          const char *en)
{
    struct ask ask = { .method = "POST", .body = body, .once = true };
    enum cli_exit end = client_path(cli, &ask.path, format, cli_arg(cli, 0));

    if (end == CLI_OK) end = client_show(cli, &ask);
    if (end == CLI_OK) cli_say(cli, "%s", "%s", cli_zh(cli) ? zh : en);
    return end;
}

static enum cli_exit take(struct cli *cli)
{
    return move(cli, "/v1/worklist/%s/takings", S("{}"), "已受理。下一步：ykt worklist answer",
                "it is yours; next: ykt worklist answer");
}

static enum cli_exit give_back(struct cli *cli)
{
    return move(cli, "/v1/worklist/%s/returns", S("{}"), "已退回", "given back");
}

static enum cli_exit transfer(struct cli *cli)
{
    struct client_body body;

    if (!cli_has(cli, "org") && !cli_has(cli, "region"))
        return cli_fail(cli, CLI_USAGE, "usage", "转给谁：--org 或 --region",
                        "to whom: --org or --region");
    client_body(cli, &body);
    if (cli_has(cli, "org")) json_out_str(&body.out, "organisation", cli_text(cli, "org"));
    if (cli_has(cli, "region")) json_out_int(&body.out, "region_code", cli_int(cli, "region"));
    return move(cli, "/v1/worklist/%s/transfers", client_body_end(&body), "已转办", "passed on");
}

static enum cli_exit answer(struct cli *cli)
{
    struct client_body body;

    client_body(cli, &body);
    json_out_str(&body.out, "outcome", cli_text(cli, "outcome"));
    return move(cli, "/v1/worklist/%s/answers", client_body_end(&body),
                "已答复，并通知了持卡人。下一步：ykt worklist done",
                "answered, and the holder is told; next: ykt worklist done");
}

static enum cli_exit done(struct cli *cli)
{
    struct client_body body;

    client_body(cli, &body);
    if (cli_has(cli, "reason")) json_out_str(&body.out, "reason", cli_text(cli, "reason"));
    return move(cli, "/v1/worklist/%s/closures", client_body_end(&body), "已办结", "closed");
}

/* clang-format off */
#define ITEM_ARG { .name = "item", .zh = "待办编号", .en = "the row's id" }
#define ROW_TABLE .columns = COLUMNS, .columns_n = LEN(COLUMNS)
#define REGION_FLAG { .name = "region", .type = CLI_INT, .min = 100000, .max = 999999, .zh = "区划代码", .en = "GB/T 2260 code" }
static const struct cli_verb VERBS[] = {
    { .name = "list", .zh = "列出待办，新的在前", .en = "list what waits, newest first", .run = list, ROW_TABLE,
      .flags = { { .name = "state", .type = CLI_ENUM, .choices = STATES, .zh = "状态", .en = "state" },
                 { .name = "kind", .type = CLI_ENUM, .choices = KINDS, .zh = "种类", .en = "kind" }, REGION_FLAG,
                 { .name = "mine", .type = CLI_SWITCH, .zh = "只看我受理的", .en = "those that I took" },
                 { .name = "overdue", .type = CLI_SWITCH, .zh = "只看逾期的", .en = "those past their time" },
                 LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt worklist list --state open --kind contested_use", "未受理的使用异议", "contested uses that nobody took" },
                    { "ykt worklist list --overdue", "逾期的", "past their time" } } },
    { .name = "show", .zh = "一项待办及其经过", .en = "one row and its history",
      .run = show, .args = { ITEM_ARG }, .columns = SHOWN_COLUMNS, .columns_n = LEN(SHOWN_COLUMNS), .flags = { CLIENT_FLAGS },
      .examples = { { "ykt worklist show wrk_71xk2m9q0g4zr", "查看", "look" } } },
    { .name = "take", .zh = "受理", .en = "take it", .run = take, .args = { ITEM_ARG }, ROW_TABLE, .flags = { CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt worklist take wrk_71xk2m9q0g4zr", "受理", "take" } } },
    { .name = "return", .zh = "退回，由受理人", .en = "give it back, by whoever took it",
      .run = give_back, .args = { ITEM_ARG }, ROW_TABLE, .flags = { CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt worklist return wrk_71xk2m9q0g4zr", "退回", "give back" } } },
    { .name = "transfer", .zh = "转办", .en = "pass it on", .run = transfer, .args = { ITEM_ARG }, ROW_TABLE,
      .flags = { { .name = "org", .type = CLI_TEXT, .value = "CODE", .zh = "机构代码", .en = "code of an organisation" }, REGION_FLAG,
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt worklist transfer wrk_71xk2m9q0g4zr --region 340200", "转芜湖", "to Wuhu" } } },
    { .name = "answer", .zh = "答复", .en = "answer it", .run = answer, .args = { ITEM_ARG }, ROW_TABLE,
      .flags = { { .name = "outcome", .type = CLI_ENUM, .choices = OUTCOMES, .required = true, .zh = "结果", .en = "what came of it" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt worklist answer wrk_71xk2m9q0g4zr --outcome upheld", "异议成立", "the holder is right" } } },
    { .name = "done", .zh = "办结", .en = "close it", .run = done, .args = { ITEM_ARG }, ROW_TABLE,
      .flags = { { .name = "reason", .type = CLI_TEXT, .value = "CODE", .zh = "原因，小写英文代码", .en = "why, a lower_snake code" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt worklist done wrk_71xk2m9q0g4zr", "办结", "close" } } },
};
/* clang-format on */
const struct cli_noun WORKLIST_NOUN = { "worklist", "待办", "what waits for a decision", VERBS,
                                        LEN(VERBS) };
