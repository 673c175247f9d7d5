/* programs/venue.c - `ykt venue …`: places and their slots, through the running server. */
#include "programs/client.h"
#include "programs/nouns.h"

/* clang-format off */
static const char *const KINDS[] = { "scenic", "museum", "library", "cultural_centre", "art_gallery", "science_museum",
    "service_window", NULL };
static const struct cli_column VENUE_COLUMNS[] = {
    { .name = "id", .zh = "场所", .en = "venue" },
    { .name = "code", .zh = "代码", .en = "code" },
    { .name = "kind", .zh = "种类", .en = "kind" },
    { .name = "name", .zh = "名称", .en = "name" },
    { .name = "city", .zh = "城市", .en = "city" },
    { .name = "region_code", .zh = "区划", .en = "region" },
    { .name = "level", .zh = "等级", .en = "level" },
    { .name = "booking", .zh = "可预约", .en = "bookable" },
};
static const struct cli_column SLOT_COLUMNS[] = {
    { .name = "id", .zh = "时段", .en = "slot" },
    { .name = "starts_at", .zh = "开始", .en = "from" },
    { .name = "ends_at", .zh = "结束", .en = "to" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "quota", .zh = "名额", .en = "places", .right = true },
    { .name = "left", .zh = "余", .en = "left", .right = true },
};
static const struct cli_column INSIDE_COLUMNS[] = {
    { .name = "open", .zh = "开放", .en = "open" },
    { .name = "quota", .zh = "名额", .en = "places" },
    { .name = "taken", .zh = "已约", .en = "booked" },
    { .name = "admitted", .zh = "本时段入场", .en = "let in, this slot" },
    { .name = "admitted_today", .zh = "今日入场", .en = "let in today" },
};
/* clang-format on */

static enum cli_exit list(struct cli *cli)
{
    char query[100] = "";
    struct writer w = writer_over(query, sizeof query);

    if (cli_has(cli, "city")) put_format(&w, "?city=%" PRId64, cli_int(cli, "city"));
    if (cli_has(cli, "kind"))
        put_format(&w, "%ckind=%s", w.n > 0 ? '&' : '?', KINDS[cli_int(cli, "kind")]);
    return client_list(cli, arena_format(cli_arena(cli), "/v1/venues%.*s", (int)w.n, query), NULL);
}

static enum cli_exit slots(struct cli *cli)
{
    struct ask ask = { .method = "GET" };
    json_t *answer;
    enum cli_exit end = client_path(cli, &ask.path, "/v1/venues/%s/slots", cli_arg(cli, 0));

    if (end != CLI_OK) return end;
    if (cli_has(cli, "day")) {
        char day[16];
        struct writer w = writer_over(day, sizeof day);
        put_date(&w, cli_date(cli, "day"));
        ask.path = arena_format(cli_arena(cli), "%.*s?day=%.*s", (int)ask.path.n, ask.path.p,
                                (int)w.n, day);
    }
    end = client_call(cli, &ask, &answer);
    if (end != CLI_OK) return end;
    client_table(cli, answer);
    return CLI_OK;
}

static enum cli_exit inside(struct cli *cli)
{
    struct ask ask = { .method = "GET" };
    enum cli_exit end = client_path(cli, &ask.path, "/v1/venues/%s/occupancy", cli_arg(cli, 0));

    return end == CLI_OK ? client_show(cli, &ask) : end;
}

/* clang-format off */
#define VENUE_ARG { .name = "venue", .zh = "场所编号", .en = "the venue's id" }
static const struct cli_verb VERBS[] = {
    { .name = "list", .zh = "列出场所", .en = "list places", .run = list, .columns = VENUE_COLUMNS, .columns_n = LEN(VENUE_COLUMNS),
      .flags = { { .name = "city", .type = CLI_INT, .min = 100000, .max = 999999, .zh = "城市", .en = "the city" },
                 { .name = "kind", .type = CLI_ENUM, .choices = KINDS, .zh = "种类", .en = "the kind" }, LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt venue list --city 340100 --kind museum", "合肥的博物馆", "the museums of Hefei" } } },
    { .name = "slots", .zh = "一天的时段和余量", .en = "a day's slots and what is left of them",
      .run = slots, .args = { VENUE_ARG }, .columns = SLOT_COLUMNS, .columns_n = LEN(SLOT_COLUMNS),
      .flags = { { .name = "day", .type = CLI_DATE, .zh = "哪天，默认今天", .en = "which day; today by default" }, CLIENT_FLAGS },
      .examples = { { "ykt venue slots ven_71xk2m9q0g4zr", "今天", "today" } } },
    { .name = "inside", .zh = "此刻在场人数", .en = "how many are in",
      .run = inside, .args = { VENUE_ARG }, .columns = INSIDE_COLUMNS, .columns_n = LEN(INSIDE_COLUMNS), .flags = { CLIENT_FLAGS },
      .examples = { { "ykt venue inside ven_71xk2m9q0g4zr", "查看", "look" } } },
};
/* clang-format on */
const struct cli_noun VENUE_NOUN = { "venue", "场所", "places", VERBS, LEN(VERBS) };
