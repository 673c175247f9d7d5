/* programs/booking.c - `ykt booking …`: a holder's own bookings, with the holder's token. */
#include "programs/client.h"
#include "programs/nouns.h"

/* clang-format off */
static const struct cli_column COLUMNS[] = {
    { .name = "id", .zh = "预约", .en = "booking" },
    { .name = "venue", .zh = "场所", .en = "venue" },
    { .name = "slot", .zh = "时段", .en = "slot" },
    { .name = "starts_at", .zh = "开始", .en = "from" },
    { .name = "ends_at", .zh = "结束", .en = "to" },
    { .name = "places", .zh = "人数", .en = "places", .right = true },
    { .name = "state", .zh = "状态", .en = "state" },
};
/* clang-format on */

static enum cli_exit record(struct cli *cli, const struct ask *ask, struct str *id)
{
    json_t *answer;
    enum cli_exit end = client_call(cli, ask, &answer);

    if (end != CLI_OK) return end;
    cli_record(cli);
    client_row(cli, answer);
    cli_table_end(cli);
    *id = arena_str(cli_arena(cli), str_of(member(answer, "id")));
    json_decref(answer);
    return CLI_OK;
}

/* "/v1/venues/VENUE/<what>/THING/<act>" */
static enum cli_exit path_of(struct cli *cli, const char *what, const char *act, struct str *out)
{
    struct str venue, thing;
    enum cli_exit end = client_path(cli, &venue, "/v1/venues/%s", cli_arg(cli, 0));

    if (end == CLI_OK) end = client_path(cli, &thing, "%s", cli_arg(cli, 1));
    if (end != CLI_OK) return end;
    *out = arena_format(cli_arena(cli), "%.*s/%s/%.*s/%s", (int)venue.n, venue.p, what,
                        (int)thing.n, thing.p, act);
    return CLI_OK;
}

static enum cli_exit make(struct cli *cli)
{
    struct ask ask = { .method = "POST", .once = true };
    struct client_body body;
    struct str id;
    enum cli_exit end = path_of(cli, "slots", "bookings", &ask.path);

    if (end != CLI_OK) return end;
    client_body(cli, &body);
    json_out_int(&body.out, "places", cli_int(cli, "places"));
    ask.body = client_body_end(&body);
    end = record(cli, &ask, &id);
    if (end == CLI_OK)
        cli_say(cli, "已预约。下一步：入场时出示卡或码；取消：ykt booking cancel",
                "booked; show card or code at the gate. To call it off: ykt booking cancel");
    return end;
}

static enum cli_exit list(struct cli *cli)
{
    return client_list(cli, S("/v1/bookings"), NULL);
}

static enum cli_exit cancel(struct cli *cli)
{
    struct ask ask = { .method = "POST", .body = S("{}") };
    struct str id;
    enum cli_exit end =
        client_confirm(cli, "取消后名额可能被别人约走", "others may take the places");

    if (end == CLI_OK) end = path_of(cli, "bookings", "cancellations", &ask.path);
    if (end == CLI_OK) end = record(cli, &ask, &id);
    if (end == CLI_OK) cli_say(cli, "已取消", "called off");
    return end;
}

/* clang-format off */
#define VENUE_ARG { .name = "venue", .zh = "场所编号", .en = "the venue's id" }
static const struct cli_verb VERBS[] = {
    { .name = "make", .zh = "预约一个时段", .en = "book a slot", .run = make,
      .args = { VENUE_ARG, { .name = "slot", .zh = "时段编号", .en = "the slot's id" } }, .columns = COLUMNS, .columns_n = LEN(COLUMNS),
      .flags = { { .name = "places", .type = CLI_INT, .preset = "1", .min = 1, .max = 5, .zh = "人数", .en = "how many people" }, CLIENT_FLAGS, ONCE_FLAG },
      .examples = { { "ykt booking make ven_71xk2m9q0g4zr slt_0g4zr71xk2m9q --places 2", "两个人", "for two" } } },
    { .name = "list", .zh = "自己的预约", .en = "one's own bookings", .run = list, .columns = COLUMNS, .columns_n = LEN(COLUMNS),
      .flags = { LIMIT_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt booking list --limit 10", "最近十个", "the last ten" } } },
    { .name = "cancel", .zh = "取消预约", .en = "call a booking off", .run = cancel,
      .args = { VENUE_ARG, { .name = "booking", .zh = "预约编号", .en = "the booking's id" } }, .columns = COLUMNS, .columns_n = LEN(COLUMNS),
      .flags = { YES_FLAG, CLIENT_FLAGS },
      .examples = { { "ykt booking cancel ven_71xk2m9q0g4zr bkg_0g4zr71xk2m9q --yes", "去不了", "plans changed" } } },
};
/* clang-format on */
const struct cli_noun BOOKING_NOUN = { "booking", "预约", "bookings", VERBS, LEN(VERBS) };
