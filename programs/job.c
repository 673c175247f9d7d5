/* programs/job.c - `ykt job …`: the long work of the running server. */
#include "programs/client.h"
#include "programs/nouns.h"

#include <stdlib.h>

/* clang-format off */
static const char *const STATES[] = { "queued", "running", "done", "failed", "cancelled", NULL };
static const struct cli_column COLUMNS[] = {
    { .name = "id", .zh = "任务", .en = "job" },
    { .name = "kind", .zh = "种类", .en = "kind" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "done", .zh = "已做", .en = "done", .right = true },
    { .name = "of", .zh = "共", .en = "of", .right = true },
    { .name = "tries", .zh = "次数", .en = "tries", .right = true },
    { .name = "due_at", .zh = "应于", .en = "due" },
    { .name = "started_at", .zh = "开始", .en = "started" },
    { .name = "ended_at", .zh = "结束", .en = "ended" },
    { .name = "note", .zh = "说明", .en = "note" },
    { .name = "code", .zh = "原因", .en = "why" },
    { .name = "cancel_asked", .zh = "已请求取消", .en = "cancel asked" },
};
/* clang-format on */

/* The progress' members stand beside the others. */
static void flatten(json_t *job)
{
    json_t *progress = json_object_get(job, "progress");

    if (progress && json_object_update(job, progress) != 0) abort();
}

static enum cli_exit list(struct cli *cli)
{
    struct str kind = cli_text(cli, "kind");
    char query[160] = "";
    struct writer w = writer_over(query, sizeof query);

    for (size_t i = 0; i < kind.n; i++) {
        bool fine = (kind.p[i] >= 'a' && kind.p[i] <= 'z') || kind.p[i] == '_' || kind.p[i] == '.';
        if (!fine || kind.n > 64)
            return cli_fail(cli, CLI_USAGE, "flag_wrong", "--kind: 没有这个种类",
                            "--kind: no such kind");
    }
    if (cli_has(cli, "state")) put_format(&w, "?state=%s", STATES[cli_int(cli, "state")]);
    if (kind.n > 0) put_format(&w, "%ckind=%.*s", w.n > 0 ? '&' : '?', (int)kind.n, kind.p);
    return client_list_with(cli, arena_format(cli_arena(cli), "/v1/jobs%.*s", (int)w.n, query),
                            NULL, flatten);
}

static enum cli_exit one(struct cli *cli, const char *method, const char *format, const char *zh,
                         const char *en)
{
    struct ask ask = { .method = method };
    json_t *answer;
    enum cli_exit end = client_path(cli, &ask.path, format, cli_arg(cli, 0));

    if (strcmp(method, "POST") == 0) ask.body = S("{}");
    if (end == CLI_OK) end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    flatten(answer);
    cli_record(cli);
    client_row(cli, answer);
    cli_table_end(cli);
    json_decref(answer);
    if (zh) cli_say(cli, "%s", "%s", cli_zh(cli) ? zh : en);
    return CLI_OK;
}

static enum cli_exit show(struct cli *cli)
{
    return one(cli, "GET", "/v1/jobs/%s", NULL, NULL);
}

static enum cli_exit retry(struct cli *cli)
{
    return one(cli, "POST", "/v1/jobs/%s/retries", "已重新排队。下一步：ykt job show",
               "queued again; next: ykt job show");
}

static enum cli_exit cancel(struct cli *cli)
{
    enum cli_exit end =
        client_confirm(cli, "做到一半的任务会停在那里", "a job that is half done stops there");

    return end == CLI_OK ? one(cli, "POST", "/v1/jobs/%s/cancellations", "已请求取消，本步做完即停",
                               "asked to stop; it ends with its step")
                         : end;
}

/* clang-format off */
#define JOB_ARG { .name = "job", .zh = "任务编号", .en = "the job's id" }
#define JOB_TABLE .columns = COLUMNS, .columns_n = LEN(COLUMNS)
static const struct cli_verb VERBS[] = {
    { .name = "list", .zh = "列出任务", .en = "list jobs", .run = list, JOB_TABLE,
      .flags = { { .name = "state", .type = CLI_ENUM, .choices = STATES, .zh = "状态", .en = "state" },
                 { .name = "kind", .type = CLI_TEXT, .value = "KIND", .zh = "种类", .en = "kind" }, LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt job list --state failed", "失败的", "those that failed" } } },
    { .name = "show", .zh = "一个任务做到哪里", .en = "how far a job is", .run = show, .args = { JOB_ARG }, JOB_TABLE, .flags = { CLIENT_FLAGS },
      .examples = { { "ykt job show job_71xk2m9q0g4zr", "查看", "look" } } },
    { .name = "retry", .zh = "重做一个失败的任务", .en = "try a failed job again", .run = retry, .args = { JOB_ARG }, JOB_TABLE, .flags = { CLIENT_FLAGS },
      .examples = { { "ykt job retry job_71xk2m9q0g4zr", "重做", "again" } } },
    { .name = "cancel", .zh = "取消一个任务", .en = "cancel a job", .run = cancel, .args = { JOB_ARG }, JOB_TABLE, .flags = { YES_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt job cancel job_71xk2m9q0g4zr --yes", "取消", "cancel" } } },
};
/* clang-format on */
const struct cli_noun JOB_NOUN = { "job", "任务", "long work", VERBS, LEN(VERBS) };
