/* programs/card.c - `ykt card …`: the life of a card through the running server. Which card is
 * meant is told by its id, or by --person: the one that is not replaced or cancelled. */
#include "programs/client.h"
#include "programs/nouns.h"

/* clang-format off */
static const char *const KINDS[] = { "temporary", "formal", NULL };
static const char *const LOSS_REASONS[] = { "lost", "lost_on_bus", "stolen", "other", NULL };
static const char *const REPLACE_REASONS[] = { "lost", "damaged", "wrong_data", "expired", "upgrade", "bank", NULL };
static const char *const CANCEL_REASONS[] = { "death", "emigration", "insurance_ended", "second_card", "not_collected", "own_wish", NULL };
static const struct cli_column CARD_COLUMNS[] = {
    { .name = "id", .zh = "卡", .en = "card" },
    { .name = "person", .zh = "人员", .en = "person" },
    { .name = "generation", .zh = "代", .en = "generation" },
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "social", .zh = "社保功能", .en = "social" },
    { .name = "bank", .zh = "金融功能", .en = "bank" },
    { .name = "purse", .zh = "钱包", .en = "purse" },
    { .name = "ecard", .zh = "电子卡", .en = "e-card" },
    { .name = "usable", .zh = "可用", .en = "usable" },
    { .name = "ecard_usable", .zh = "电子卡可用", .en = "e-card usable" },
    { .name = "loss_report", .zh = "挂失", .en = "loss report" },
    { .name = "replaces", .zh = "换自", .en = "replaces" },
    { .name = "replaced_by", .zh = "换为", .en = "replaced by" },
    { .name = "issued", .zh = "发卡", .en = "issued" },
    { .name = "valid_until", .zh = "有效至", .en = "valid until" },
    { .name = "changed_at", .zh = "最近变化", .en = "changed" },
};
static const struct cli_column MADE_COLUMNS[] = { /* of a card that is new */
    { .name = "id", .zh = "卡", .en = "card" },
    { .name = "card_no", .zh = "卡号（仅此一次）", .en = "card number (this once)" },
    { .name = "person", .zh = "人员", .en = "person" },
    { .name = "generation", .zh = "代", .en = "generation" },
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "social", .zh = "社保功能", .en = "social" },
    { .name = "bank", .zh = "金融功能", .en = "bank" },
    { .name = "ecard", .zh = "电子卡", .en = "e-card" },
    { .name = "replaces", .zh = "换自", .en = "replaces" },
    { .name = "issued", .zh = "发卡", .en = "issued" },
};
/* clang-format on */

static const char *purpose(struct cli *cli)
{
    return arena_c(cli_arena(cli), cli_text(cli, "purpose"));
}

/* ---- which card ---- */

static enum cli_exit card_of_person(struct client *client, struct cli *cli, struct str *id)
{
    struct ask ask = { .method = "GET", .purpose = purpose(cli) };
    json_t *answer, *card;
    int live = 0;
    size_t i;
    enum cli_exit end =
        client_path(cli, &ask.path, "/v1/persons/%s/cards", cli_text(cli, "person"));

    if (end == CLI_OK) end = client_ask(client, &ask, &answer);
    if (end != CLI_OK) return end;
    json_array_foreach(json_object_get(answer, "cards"), i, card)
    {
        const char *social = member(card, "social");
        if (strcmp(social, "replaced") == 0 || strcmp(social, "cancelled") == 0) continue;
        *id = arena_str(cli_arena(cli), str_of(member(card, "id")));
        live++;
    }
    json_decref(answer);
    if (live == 1) return CLI_OK;
    if (live == 0)
        return cli_fail(cli, CLI_NOT_FOUND, "card_unknown", "此人没有在用的卡",
                        "this person has no card that lives");
    return cli_fail(cli, CLI_CONFLICT, "several_cards", "此人有 %d 张卡：请写明卡的编号",
                    "this person has %d cards: name one", live);
}

static enum cli_exit card_meant(struct client *client, struct cli *cli, struct str *id)
{
    bool by_person = cli_has(cli, "person");

    *id = cli_arg(cli, 0);
    if (by_person == (id->n > 0))
        return cli_fail(cli, CLI_USAGE, "usage", "卡的编号与 --person 二选一",
                        "name the card, or the person by --person");
    return by_person ? card_of_person(client, cli, id) : CLI_OK;
}

/* ---- one act on it ---- */

struct act {
    const char *method, *format; /* of the path; %s is the card */
    struct str body;
    bool once, personal;
    const char *zh, *en; /* what has become of it; %.*s is the card */
};

static enum cli_exit card_ask(struct cli *cli, const struct act *act, struct str *card,
                              json_t **answer)
{
    struct ask ask = { .method = act->method,
                       .body = act->body,
                       .once = act->once,
                       .purpose = act->personal ? purpose(cli) : NULL };
    struct client *client;
    enum cli_exit end = client_open(cli, &client);

    if (end != CLI_OK) return end;
    end = card_meant(client, cli, card);
    if (end == CLI_OK) end = client_path(cli, &ask.path, act->format, *card);
    if (end == CLI_OK) end = client_ask(client, &ask, answer);
    client_close(client);
    return end;
}

static void record(struct cli *cli, json_t *answer)
{
    cli_record(cli);
    client_row(cli, answer);
    cli_table_end(cli);
    json_decref(answer);
}

static enum cli_exit card_act(struct cli *cli, const struct act *act)
{
    struct str card;
    json_t *answer;
    enum cli_exit end = card_ask(cli, act, &card, &answer);

    if (end != CLI_OK) return end;
    record(cli, answer);
    if (act->zh)
        cli_say(cli, "%.*s %s", "%.*s %s", (int)card.n, card.p, cli_zh(cli) ? act->zh : act->en);
    return CLI_OK;
}

static struct act post(const char *format, const char *zh, const char *en)
{
    return (struct act){ .method = "POST",
                         .format = format,
                         .body = S("{}"),
                         .once = true,
                         .personal = true,
                         .zh = zh,
                         .en = en };
}

static enum cli_exit show(struct cli *cli)
{
    return card_act(cli,
                    &(struct act){ .method = "GET", .format = "/v1/cards/%s", .personal = true });
}

static enum cli_exit activate(struct cli *cli)
{
    struct act act = post("/v1/cards/%s/activations", "已激活", "is active");
    bool social = cli_has(cli, "social"), bank = cli_has(cli, "bank");
    struct client_body body;

    client_body(cli, &body);
    if (social != bank) { /* one of them; else both */
        json_out_bool(&body.out, "social", social);
        json_out_bool(&body.out, "bank", bank);
    }
    act.body = client_body_end(&body);
    return card_act(cli, &act);
}

static enum cli_exit lock(struct cli *cli)
{
    const struct act act = post("/v1/cards/%s/locks", "已锁定。下一步：ykt card unlock",
                                "is locked; next: ykt card unlock");

    return card_act(cli, &act);
}

static enum cli_exit unlock(struct cli *cli)
{
    const struct act act = post("/v1/cards/%s/unlocks", "已解锁", "is unlocked");

    return card_act(cli, &act);
}

static enum cli_exit stop(struct cli *cli)
{
    const struct act act = post("/v1/cards/%s/stops", "已停用。下一步：ykt card resume",
                                "is stopped; next: ykt card resume");

    return card_act(cli, &act);
}

static enum cli_exit resume(struct cli *cli)
{
    const struct act act = post("/v1/cards/%s/resumes", "已恢复", "is in use again");

    return card_act(cli, &act);
}

static struct str reason_body(struct cli *cli)
{
    struct client_body body;

    client_body(cli, &body);
    json_out_str(&body.out, "reason", cli_text(cli, "reason"));
    return client_body_end(&body);
}

static enum cli_exit cancel(struct cli *cli)
{
    struct act act = post("/v1/cards/%s/cancellations", "已注销", "is cancelled");
    enum cli_exit end = client_confirm(cli, "注销后不能恢复", "a cancelled card never comes back");

    act.body = reason_body(cli);
    return end == CLI_OK ? card_act(cli, &act) : end;
}

static enum cli_exit replace(struct cli *cli)
{
    struct act act = post("/v1/cards/%s/replacements", "已换卡。下一步：ykt card activate",
                          "is replaced; next: ykt card activate the new one");
    struct client_body body;

    client_body(cli, &body);
    json_out_str(&body.out, "reason", cli_text(cli, "reason"));
    json_out_bool(&body.out, "instant", !cli_has(cli, "by-post"));
    act.body = client_body_end(&body);
    return card_act(cli, &act);
}

static enum cli_exit issue(struct cli *cli)
{
    struct ask ask = { .method = "POST", .path = S("/v1/cards"), .once = true };
    struct client_body body;
    json_t *answer;
    struct str id;
    enum cli_exit end;

    client_body(cli, &body);
    json_out_str(&body.out, "person", cli_text(cli, "person"));
    json_out_int(&body.out, "generation", cli_int(cli, "generation"));
    json_out_int(&body.out, "region_code", cli_int(cli, "region"));
    json_out_bool(&body.out, "instant", !cli_has(cli, "by-post"));
    json_out_bool(&body.out, "ecard", !cli_has(cli, "no-ecard"));
    ask.body = client_body_end(&body);
    end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    id = arena_str(cli_arena(cli), str_of(member(answer, "id")));
    record(cli, answer);
    cli_say(cli, "已发卡，卡号只显示这一次。下一步：ykt card activate %.*s",
            "issued; its number is shown this once. Next: ykt card activate %.*s", (int)id.n, id.p);
    return CLI_OK;
}

/* ---- loss ---- */

/* clang-format off */
static const struct cli_column LOSS_COLUMNS[] = {
    { .name = "id", .zh = "挂失", .en = "loss report" },
    { .name = "card", .zh = "卡", .en = "card" },
    { .name = "kind", .zh = "种类", .en = "kind" },
    { .name = "reason", .zh = "原因", .en = "reason" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "effective_at", .zh = "生效", .en = "from" },
    { .name = "expires_at", .zh = "自动解除", .en = "lapses" },
    { .name = "next", .zh = "可继续", .en = "next", .words = true },
};
/* clang-format on */

static enum cli_exit lose(struct cli *cli)
{
    struct act act = post("/v1/cards/%s/loss-reports", NULL, NULL);
    struct client_body body;
    struct str card;
    json_t *answer;
    enum cli_exit end;

    client_body(cli, &body);
    json_out_str(&body.out, "kind", cli_text(cli, "kind"));
    json_out_str(&body.out, "reason", cli_text(cli, "reason"));
    act.body = client_body_end(&body);
    end = card_ask(cli, &act, &card, &answer);
    if (end != CLI_OK) return end;
    record(cli, answer);
    cli_say(cli,
            "挂失成功。下一步：ykt card replace %.*s --reason lost   或   ykt card unlose %.*s",
            "reported lost; next: ykt card replace %.*s --reason lost, or ykt card unlose %.*s",
            (int)card.n, card.p, (int)card.n, card.p);
    return CLI_OK;
}

/* Which report: the one that the card carries. */
static enum cli_exit lift(struct client *client, struct cli *cli, struct str card, json_t **answer)
{
    struct ask look = { .method = "GET", .purpose = purpose(cli) }, ask = { .method = "DELETE" };
    struct str loss;
    enum cli_exit end = client_path(cli, &look.path, "/v1/cards/%s", card);

    if (end == CLI_OK) end = client_ask(client, &look, answer);
    if (end != CLI_OK) return end;
    loss = arena_str(cli_arena(cli), str_of(member(*answer, "loss_report")));
    json_decref(*answer);
    if (loss.n == 0)
        return cli_fail(cli, CLI_CONFLICT, "card_not_lost", "此卡没有挂失",
                        "this card is not reported lost");
    ask.path = arena_format(cli_arena(cli), "%.*s/loss-reports/%.*s", (int)look.path.n, look.path.p,
                            (int)loss.n, loss.p);
    return client_ask(client, &ask, answer);
}

static enum cli_exit unlose(struct cli *cli)
{
    struct client *client;
    struct str card;
    json_t *answer;
    enum cli_exit end = client_open(cli, &client);

    if (end != CLI_OK) return end;
    end = card_meant(client, cli, &card);
    if (end == CLI_OK) end = lift(client, cli, card, &answer);
    client_close(client);
    if (end != CLI_OK) return end;
    record(cli, answer);
    cli_say(cli, "%.*s 已解除挂失", "%.*s is no longer reported lost", (int)card.n, card.p);
    return CLI_OK;
}

static const struct cli_column EVENT_COLUMNS[] = {
    { .name = "at", .zh = "时间", .en = "when" },
    { .name = "function", .zh = "功能", .en = "function" },
    { .name = "to", .zh = "变为", .en = "became" },
    { .name = "epoch", .zh = "版次", .en = "epoch", .right = true },
};

static enum cli_exit history(struct cli *cli)
{
    const struct act act = { .method = "GET", .format = "/v1/cards/%s/events", .personal = true };
    struct str card;
    json_t *answer;
    enum cli_exit end = card_ask(cli, &act, &card, &answer);

    if (end != CLI_OK) return end;
    client_table(cli, answer);
    return CLI_OK;
}

/* clang-format off */
#define CARD_ARG { .name = "card", .zh = "卡的编号", .en = "the card's id", .optional = true }
#define PERSON_FLAG { .name = "person", .type = CLI_TEXT, .value = "PERSON", .zh = "此人在用的卡", .en = "the card that lives of this person" }
#define CARD_TABLE .columns = CARD_COLUMNS, .columns_n = LEN(CARD_COLUMNS)
#define MADE_TABLE .columns = MADE_COLUMNS, .columns_n = LEN(MADE_COLUMNS)
#define BY_POST_FLAG { .name = "by-post", .type = CLI_SWITCH, .zh = "批量制卡，不当场发放", .en = "made in a batch, not handed over at once" }
#define ACT_FLAGS PERSON_FLAG, PURPOSE_FLAG, CLIENT_FLAGS, ONCE_FLAG

static const struct cli_verb VERBS[] = {
    { .name = "show", .zh = "一张卡的各项状态", .en = "the states of a card",
      .run = show, .args = { CARD_ARG }, CARD_TABLE, .flags = { PERSON_FLAG, PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt card show crd_71xk2m9q0g4zr", "查看", "look" },
                    { "ykt card show --person psn_0g4zr71xk2m9q --json=id,social,usable", "按人", "by person" } } },
    { .name = "issue", .zh = "发卡", .en = "issue a card",
      .run = issue, MADE_TABLE,
      .flags = { { .name = "person", .type = CLI_TEXT, .value = "PERSON", .required = true, .zh = "给谁", .en = "for whom" },
                 { .name = "region", .type = CLI_INT, .min = 100000, .max = 999999, .required = true,
                   .zh = "发卡地区划代码", .en = "GB/T 2260 code of where it is issued" },
                 { .name = "generation", .type = CLI_INT, .preset = "3", .min = 2, .max = 3, .zh = "第几代", .en = "which generation" },
                 BY_POST_FLAG,
                 { .name = "no-ecard", .type = CLI_SWITCH, .zh = "不开通电子卡", .en = "without an e-card" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt card issue --person psn_0g4zr71xk2m9q --region 340104", "当场发放", "handed over at once" } } },
    { .name = "activate", .zh = "激活；默认社保和金融两项", .en = "activate; social and bank function by default",
      .run = activate, .args = { CARD_ARG }, CARD_TABLE,
      .flags = { { .name = "social", .type = CLI_SWITCH, .zh = "只激活社保功能", .en = "the social function only" },
                 { .name = "bank", .type = CLI_SWITCH, .zh = "只激活金融功能", .en = "the bank function only" }, ACT_FLAGS },
      .examples = { { "ykt card activate crd_71xk2m9q0g4zr", "两项", "both" },
                    { "ykt card activate crd_71xk2m9q0g4zr --social", "只社保", "social only" } } },
    { .name = "lose", .zh = "挂失", .en = "report a card lost",
      .run = lose, .args = { CARD_ARG }, .columns = LOSS_COLUMNS, .columns_n = LEN(LOSS_COLUMNS),
      .flags = { { .name = "kind", .type = CLI_ENUM, .choices = KINDS, .preset = "temporary", .zh = "临时或正式", .en = "temporary or formal" },
                 { .name = "reason", .type = CLI_ENUM, .choices = LOSS_REASONS, .preset = "lost", .zh = "原因", .en = "why" }, ACT_FLAGS },
      .examples = { { "ykt card lose --person psn_0g4zr71xk2m9q --kind temporary", "临时挂失", "temporary" },
                    { "ykt card lose crd_71xk2m9q0g4zr --kind formal --reason stolen", "正式挂失", "formal" } } },
    { .name = "unlose", .zh = "解除挂失", .en = "lift a loss report",
      .run = unlose, .args = { CARD_ARG }, CARD_TABLE, .flags = { PERSON_FLAG, PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt card unlose crd_71xk2m9q0g4zr", "找到了", "it was found" } } },
    { .name = "replace", .zh = "换卡、补卡", .en = "replace a card",
      .run = replace, .args = { CARD_ARG }, MADE_TABLE,
      .flags = { { .name = "reason", .type = CLI_ENUM, .choices = REPLACE_REASONS, .required = true, .zh = "原因", .en = "why" }, BY_POST_FLAG, ACT_FLAGS },
      .examples = { { "ykt card replace crd_71xk2m9q0g4zr --reason lost", "补卡", "it was lost" } } },
    { .name = "lock", .zh = "锁定", .en = "lock", .run = lock, .args = { CARD_ARG }, CARD_TABLE, .flags = { ACT_FLAGS },
      .examples = { { "ykt card lock crd_71xk2m9q0g4zr", "锁定", "lock" } } },
    { .name = "unlock", .zh = "解锁", .en = "unlock", .run = unlock, .args = { CARD_ARG }, CARD_TABLE, .flags = { ACT_FLAGS },
      .examples = { { "ykt card unlock crd_71xk2m9q0g4zr", "解锁", "unlock" } } },
    { .name = "stop", .zh = "停用", .en = "stop a card", .run = stop, .args = { CARD_ARG }, CARD_TABLE, .flags = { ACT_FLAGS },
      .examples = { { "ykt card stop crd_71xk2m9q0g4zr", "停用", "stop" } } },
    { .name = "resume", .zh = "恢复使用", .en = "let a stopped card work again",
      .run = resume, .args = { CARD_ARG }, CARD_TABLE, .flags = { ACT_FLAGS },
      .examples = { { "ykt card resume crd_71xk2m9q0g4zr", "恢复", "resume" } } },
    { .name = "cancel", .zh = "注销", .en = "cancel a card for good",
      .run = cancel, .args = { CARD_ARG }, CARD_TABLE,
      .flags = { { .name = "reason", .type = CLI_ENUM, .choices = CANCEL_REASONS, .required = true, .zh = "原因", .en = "why" }, YES_FLAG, ACT_FLAGS },
      .examples = { { "ykt card cancel crd_71xk2m9q0g4zr --reason death --yes", "身故", "the holder died" } } },
    { .name = "history", .zh = "一张卡的变化", .en = "how a card changed",
      .run = history, .args = { CARD_ARG }, .columns = EVENT_COLUMNS, .columns_n = LEN(EVENT_COLUMNS),
      .flags = { PERSON_FLAG, PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt card history crd_71xk2m9q0g4zr", "全部", "all of it" } } },
};
/* clang-format on */
const struct cli_noun CARD_NOUN = { "card", "卡", "cards", VERBS, LEN(VERBS) };
