/* programs/audit_search.c */
#include "programs/audit_search.h"

/* clang-format off */
const char *const AUDIT_KINDS[] = { "use", "card", "look", "staff_act", NULL };
const struct cli_column AUDIT_SEARCH_COLUMNS[AUDIT_SEARCH_COLUMNS_N] = {
    { .name = "at", .zh = "时间", .en = "when" },
    { .name = "kind", .zh = "类别", .en = "kind" },
    { .name = "actor", .zh = "谁", .en = "who" },
    { .name = "user", .zh = "用户名", .en = "user" },
    { .name = "act", .zh = "行为", .en = "act" },
    { .name = "person", .zh = "人员", .en = "person" },
    { .name = "card", .zh = "卡", .en = "card" },
    { .name = "object", .zh = "对象", .en = "object" },
    { .name = "purpose", .zh = "目的", .en = "purpose" },
    { .name = "note", .zh = "说明", .en = "note" },
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "verdict", .zh = "结论", .en = "verdict" },
    { .name = "id", .zh = "编号", .en = "line" },
};
/* clang-format on */

static void put_instant_query(struct cli *cli, struct writer *w, const char *flag)
{
    char text[40];
    struct writer at = writer_over(text, sizeof text);

    if (!cli_has(cli, flag)) return;
    put_instant(&at, cli_instant(cli, flag));
    put_format(w, "%c%s=", w->n > 0 ? '&' : '?', flag);
    for (size_t i = 0; i < at.n; i++) { /* a plus is a blank in a query */
        if (text[i] == '+')
            put_str(w, S("%2B"));
        else
            put_char(w, text[i]);
    }
}

enum cli_exit audit_search(struct cli *cli)
{
    char query[300] = "";
    struct writer w = writer_over(query, sizeof query);
    struct str actor = { 0 };
    enum cli_exit end = CLI_OK;

    if (cli_has(cli, "actor")) end = client_path(cli, &actor, "?actor=%s", cli_text(cli, "actor"));
    if (end != CLI_OK) return end;
    put_str(&w, actor);
    if (cli_has(cli, "kind"))
        put_format(&w, "%ckind=%s", w.n > 0 ? '&' : '?', AUDIT_KINDS[cli_int(cli, "kind")]);
    if (cli_has(cli, "region"))
        put_format(&w, "%cregion_code=%" PRId64, w.n > 0 ? '&' : '?', cli_int(cli, "region"));
    put_instant_query(cli, &w, "from");
    put_instant_query(cli, &w, "to");
    return client_list(cli, arena_format(cli_arena(cli), "/v1/audit-entries%.*s", (int)w.n, query),
                       arena_c(cli_arena(cli), cli_text(cli, "purpose")));
}
