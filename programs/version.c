/* programs/version.c - `ykt version`: what this binary is. */
#include "made/version.h"
#include "programs/nouns.h"

const char *const YKT_VERSION = MADE_VERSION;
const char *const YKT_COMMIT = MADE_COMMIT;

static const struct cli_column COLUMNS[] = {
    { "name", "名称", "name", false, false },
    { "version", "版本", "version", false, false },
    { "commit", "提交", "commit", false, false },
    { "suites", "算法套件", "suites", false, false },
};

static enum cli_exit version(struct cli *cli)
{
    cli_record(cli);
    cli_row(cli, CELLS(cell_text(S("yikatong")), cell_text(str_of(YKT_VERSION)),
                       cell_text(str_of(YKT_COMMIT)), cell_text(S("sm2-sm3-sm4 p256-sha256-aes"))));
    cli_table_end(cli);
    return CLI_OK;
}

static const struct cli_verb VERBS[] = {
    { .name = "",
      .zh = "本程序的版本、提交和算法套件",
      .en = "version, commit and suites of this program",
      .run = version,
      .columns = COLUMNS,
      .columns_n = LEN(COLUMNS),
      .examples = { { "ykt version --json", "机器可读", "for machines" } } },
};
const struct cli_noun VERSION_NOUN = { "version", "版本", "the version", VERBS, LEN(VERBS) };
