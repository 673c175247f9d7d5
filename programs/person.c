/* programs/person.c - `ykt person …`: people, as staff see them through the running server. A
 * number or a name is never an argument: it is read from standard input or a file. */
#include "programs/client.h"
#include "programs/nouns.h"

#include <stdlib.h>

/* clang-format off */
static const char *const DOCUMENTS[] = { "citizen", "hk_macao", "taiwan", "foreign_permanent_old", "foreign_permanent",
    "passport", "newborn", NULL };
static const char *const REVEALED[] = { "name", "number", "phone", NULL };
static const struct cli_column FOUND_COLUMNS[] = {
    { .name = "person", .zh = "人员", .en = "person" },
    { .name = "name", .zh = "姓名", .en = "name" },
    { .name = "number", .zh = "证件号码", .en = "number" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "card", .zh = "卡", .en = "card" },
    { .name = "social", .zh = "社保功能", .en = "social" },
    { .name = "usable", .zh = "可用", .en = "usable" },
};
static const struct cli_column CARD_COLUMNS[] = {
    { .name = "id", .zh = "卡", .en = "card" },
    { .name = "generation", .zh = "代", .en = "generation", .right = true },
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "social", .zh = "社保功能", .en = "social" },
    { .name = "bank", .zh = "金融功能", .en = "bank" },
    { .name = "purse", .zh = "钱包", .en = "purse" },
    { .name = "ecard", .zh = "电子卡", .en = "e-card" },
    { .name = "usable", .zh = "可用", .en = "usable" },
    { .name = "loss_report", .zh = "挂失", .en = "loss report" },
    { .name = "changed_at", .zh = "最近变化", .en = "changed" },
};
static const struct cli_column PERSON_COLUMNS[] = {
    { .name = "id", .zh = "人员", .en = "person" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "name", .zh = "姓名", .en = "name" },
    { .name = "document", .zh = "证件", .en = "document" },
    { .name = "number", .zh = "证件号码", .en = "number" },
    { .name = "phone", .zh = "手机号", .en = "phone" },
    { .name = "birth_year", .zh = "出生年", .en = "birth year" },
    { .name = "region_code", .zh = "区划", .en = "region" },
};
static const struct cli_column REVEALED_COLUMNS[] = {
    { .name = "person", .zh = "人员", .en = "person" },
    { .name = "name", .zh = "姓名", .en = "name" },
    { .name = "number", .zh = "证件号码", .en = "number" },
    { .name = "phone", .zh = "手机号", .en = "phone" },
};
/* clang-format on */

static const char *purpose(struct cli *cli)
{
    return arena_c(cli_arena(cli), cli_text(cli, "purpose"));
}

/* One row a card; a person without one is a row, too. */
static void person_rows(struct cli *cli, json_t *person)
{
    json_t *cards = json_object_get(person, "cards"), *card;
    size_t i, n = json_array_size(cards);

    for (i = 0; i < (n > 0 ? n : 1); i++) {
        json_t *row = json_copy(person);
        if (!row || json_object_set(row, "person", json_object_get(person, "id")) != 0) abort();
        card = json_array_get(cards, i);
        if (card && (json_object_set(row, "card", json_object_get(card, "id")) != 0 ||
                     json_object_set(row, "social", json_object_get(card, "social")) != 0 ||
                     json_object_set(row, "usable", json_object_get(card, "usable")) != 0))
            abort();
        client_row(cli, row);
        json_decref(row);
    }
}

static enum cli_exit find(struct cli *cli)
{
    bool by_card = cli_has(cli, "card-no");
    struct ask ask = { .method = "POST",
                       .path = S("/v1/persons/searches"),
                       .purpose = purpose(cli) };
    struct client_body body;
    struct str number;
    json_t *answer, *row;
    size_t i;
    enum cli_exit end =
        client_line(cli, cli_text(cli, "number-from"), true, by_card ? "卡号" : "证件号码",
                    by_card ? "card number" : "document number", &number);

    if (end != CLI_OK) return end;
    client_body(cli, &body);
    json_out_str(&body.out, by_card ? "card_no" : "number", number);
    ask.body = client_body_end(&body);
    end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    if (json_array_size(json_object_get(answer, "data")) == 0) {
        json_decref(answer);
        return cli_fail(cli, CLI_NOT_FOUND, "person_unknown", "没有找到", "nobody was found");
    }
    cli_table(cli);
    json_array_foreach(json_object_get(answer, "data"), i, row)
    {
        person_rows(cli, row);
    }
    cli_table_end(cli);
    json_decref(answer);
    return CLI_OK;
}

static enum cli_exit show(struct cli *cli)
{
    struct ask ask = { .method = "GET", .purpose = purpose(cli) };
    enum cli_exit end = client_path(cli, &ask.path, "/v1/persons/%s", cli_arg(cli, 0));

    return end == CLI_OK ? client_show(cli, &ask) : end;
}

static enum cli_exit cards(struct cli *cli)
{
    struct ask ask = { .method = "GET", .purpose = purpose(cli) };
    json_t *answer, *row;
    size_t i;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/persons/%s/cards", cli_arg(cli, 0));

    if (end == CLI_OK) end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    cli_table(cli);
    json_array_foreach(json_object_get(answer, "cards"), i, row)
    {
        client_row(cli, row);
    }
    cli_table_end(cli);
    json_decref(answer);
    return CLI_OK;
}

static enum cli_exit reveal(struct cli *cli)
{
    struct ask ask = { .method = "POST", .purpose = purpose(cli) };
    const struct str *fields;
    struct client_body body;
    size_t n;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/persons/%s/reveals", cli_arg(cli, 0));

    if (end != CLI_OK) return end;
    fields = cli_texts(cli, "field", &n);
    client_body(cli, &body);
    json_out_array(&body.out, "fields");
    for (size_t i = 0; i < n; i++)
        json_out_str(&body.out, NULL, fields[i]);
    ask.body = client_body_end(&body);
    end = client_show(cli, &ask);
    if (end == CLI_OK)
        cli_say(cli, "本次查看已记入本人可查的记录",
                "this look stands in the record that the person reads");
    return end;
}

static const struct cli_column ADDED_COLUMNS[] = {
    { .name = "id", .zh = "人员", .en = "person" },
    { .name = "warnings", .zh = "提醒", .en = "warnings" },
};

static enum cli_exit add(struct cli *cli)
{
    struct ask ask = { .method = "POST", .path = S("/v1/persons"), .once = true };
    struct str number, name, phone = { 0 }, country = cli_text(cli, "country"), id;
    struct client_body body;
    json_t *answer;
    enum cli_exit end = client_line(cli, S("-"), false, "证件号码", "document number", &number);

    if (end == CLI_OK) end = client_line(cli, S("-"), false, "姓名", "name", &name);
    if (end == CLI_OK && cli_has(cli, "with-phone"))
        end = client_line(cli, S("-"), false, "手机号", "phone", &phone);
    if (end != CLI_OK) return end;
    client_body(cli, &body);
    json_out_str(&body.out, "document", cli_text(cli, "document"));
    json_out_str(&body.out, "number", number);
    if (country.n > 0) json_out_str(&body.out, "country", country);
    json_out_str(&body.out, "name", name);
    if (cli_has(cli, "birth")) json_out_date(&body.out, "birth_date", cli_date(cli, "birth"));
    json_out_int(&body.out, "region_code", cli_int(cli, "region"));
    if (phone.n > 0) json_out_str(&body.out, "phone", phone);
    ask.body = client_body_end(&body);
    end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    cli_record(cli);
    client_row(cli, answer);
    cli_table_end(cli);
    id = arena_str(cli_arena(cli), str_of(member(answer, "id")));
    json_decref(answer);
    cli_say(cli, "已建档。下一步：ykt card issue --person %.*s --region …",
            "on record; next: ykt card issue --person %.*s --region ...", (int)id.n, id.p);
    return CLI_OK;
}

static const struct cli_column USE_COLUMNS[] = {
    { .name = "at", .zh = "时间", .en = "when" },
    { .name = "kind", .zh = "类别", .en = "kind" },
    { .name = "act", .zh = "行为", .en = "act" },
    { .name = "actor", .zh = "谁", .en = "who" },
    { .name = "purpose", .zh = "目的", .en = "purpose" },
    { .name = "place", .zh = "地点", .en = "place" },
    { .name = "verdict", .zh = "结论", .en = "verdict" },
    { .name = "id", .zh = "编号", .en = "line" },
};

static enum cli_exit uses(struct cli *cli)
{
    struct str path;
    enum cli_exit end = client_path(cli, &path, "/v1/persons/%s/access-records", cli_arg(cli, 0));

    return end == CLI_OK ? client_list(cli, path, purpose(cli)) : end;
}

/* clang-format off */
#define PERSON_ARG { .name = "person", .zh = "人员编号", .en = "the person's id" }
static const struct cli_verb VERBS[] = {
    { .name = "find", .zh = "按证件号或卡号查找；号码由标准输入或文件读入",
      .en = "find by document or card number, which comes from standard input or a file",
      .run = find, .columns = FOUND_COLUMNS, .columns_n = LEN(FOUND_COLUMNS),
      .flags = { { .name = "number-from", .type = CLI_TEXT, .value = "FILE", .preset = "-",
                   .zh = "号码所在文件，- 为标准输入（终端上会询问，不回显）",
                   .en = "file with the number; - is standard input, which a terminal is asked for without echo" },
                 { .name = "card-no", .type = CLI_SWITCH, .zh = "读入的是卡号", .en = "what is read is a card number" },
                 PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt person find", "询问号码", "asks for the number" },
                    { "ykt person find --card-no --number-from number.txt --json", "卡号在文件里", "a card number in a file" } } },
    { .name = "show", .zh = "一个人的档案，姓名和号码打码", .en = "a person's record, name and numbers masked",
      .run = show, .args = { PERSON_ARG }, .columns = PERSON_COLUMNS, .columns_n = LEN(PERSON_COLUMNS),
      .flags = { PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt person show psn_71xk2m9q0g4zr", "查看", "look" } } },
    { .name = "cards", .zh = "一个人的卡", .en = "a person's cards",
      .run = cards, .args = { PERSON_ARG }, .columns = CARD_COLUMNS, .columns_n = LEN(CARD_COLUMNS),
      .flags = { PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt person cards psn_71xk2m9q0g4zr", "查看", "look" } } },
    { .name = "reveal", .zh = "打开打码的内容；记入本人可查的记录", .en = "open masked values; the person reads that you did",
      .run = reveal, .args = { PERSON_ARG }, .columns = REVEALED_COLUMNS, .columns_n = LEN(REVEALED_COLUMNS),
      .flags = { { .name = "field", .type = CLI_ENUM, .choices = REVEALED, .repeats = true, .required = true, .zh = "打开哪几项", .en = "which" },
                 PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt person reveal psn_71xk2m9q0g4zr --field phone", "打电话给本人", "to call the person" } } },
    { .name = "add", .zh = "建档；证件号码、姓名（和手机号）由标准输入读入，各一行",
      .en = "put a person on record; number, name (and phone) are lines of standard input",
      .run = add, .columns = ADDED_COLUMNS, .columns_n = LEN(ADDED_COLUMNS),
      .flags = { { .name = "region", .type = CLI_INT, .min = 100000, .max = 999999, .required = true,
                   .zh = "居住地区划代码", .en = "GB/T 2260 code of where the person lives" },
                 { .name = "document", .type = CLI_ENUM, .choices = DOCUMENTS, .preset = "citizen", .zh = "证件", .en = "kind of document" },
                 { .name = "country", .type = CLI_TEXT, .value = "CODE", .zh = "护照签发国（三字母）", .en = "of a passport, three letters" },
                 { .name = "birth", .type = CLI_DATE, .zh = "出生日期，证件号不含时", .en = "birth date, where the number does not say it" },
                 { .name = "with-phone", .type = CLI_SWITCH, .zh = "第三行是手机号", .en = "the third line is the phone" },
                 CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt person add --region 340104 --with-phone", "依次询问", "asks one by one" } } },
    { .name = "uses", .zh = "谁用过、看过这个人的卡和档案", .en = "who used this person's card and looked at the record",
      .run = uses, .args = { PERSON_ARG }, .columns = USE_COLUMNS, .columns_n = LEN(USE_COLUMNS),
      .flags = { LIMIT_FLAG, PURPOSE_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt person uses psn_71xk2m9q0g4zr --limit 20", "最近二十条", "the last twenty" } } },
};
/* clang-format on */
const struct cli_noun PERSON_NOUN = { "person", "人员", "people", VERBS, LEN(VERBS) };
