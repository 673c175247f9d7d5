/* Every page with a sample view, in zh and en, plain and elder, full and empty: rendered,
 * well-formed at the end, without raw personal text, in its buffer. With YKT_PAGES_OUT=FOLDER the
 * pages and assets are written there for tests/browser. */
#include "tests/test.h"
#include "web/pages.h"

#include <stdlib.h>
#include <sys/stat.h>

#define T(text)                                                                                    \
    {                                                                                              \
        .p = (text), .n = sizeof(text) - 1                                                         \
    } /* S() for constant tables */

static uint8_t buffer[WEB_PAGE_MAX];
static struct arena arena;
static const struct instant NOW = { INT64_C(1629444727000000) }; /* 2021-08-20 15:32:07 */

static struct str token_of(void *arg, struct str path)
{
    (void)arg;
    return path.n > 0 ? S("tok_4f1c2d\"<>") : S("");
}

#define CODE S("9HC2M-4K7X1-00ZR8-AB3CD-EF4GH-5JK6M-NP7QR")

static const struct web_card_line NORMAL = {
    .id = T("crd_71xk2m9q0g4zr"),
    .card_no = T("···· 0417"),
    .social = WEB_SOCIAL_NORMAL,
    .bank = WEB_BANK_NORMAL,
    .purse = WEB_PURSE_ENABLED,
    .ecard = WEB_ECARD_ON,
    .bank_name = T("徽商银行"),
    .since = { INT64_C(1600000000000000) },
    .may_lose = true,
};
static const struct web_card_line LOST = {
    .id = T("crd_71xk2m9q0g4zr"),
    .card_no = T("···· 0417"),
    .social = WEB_SOCIAL_TEMPORARY_LOSS,
    .bank = WEB_BANK_LOSS,
    .purse = WEB_PURSE_BLACKLISTED,
    .ecard = WEB_ECARD_OFF_WITH_CARD,
    .since = { INT64_C(1629444727000000) },
    .lapses = { INT64_C(1630049527000000) },
    .may_lift = true,
    .may_lose_formally = true,
    .may_replace = true,
    .may_consent = true,
};
static const struct web_card_line OLD = {
    .id = T("crd_00xk2m9q0g4zr"),
    .card_no = T("···· 9920"),
    .social = WEB_SOCIAL_REPLACED,
    .bank = WEB_BANK_CLOSED,
    .purse = WEB_PURSE_CLOSED,
    .ecard = WEB_ECARD_ENDED,
    .since = { INT64_C(1500000000000000) },
    .replaced_by = T("···· 0417"),
};

static const struct web_problem PROBLEMS[] = {
    { T("number"), T("号码不对，请核对后再输入") },
    { T("places"), T("人数应为1到5") },
    { T("reason"), T("请写明原因") },
    { T("code"), T("验证码不对，还可以试4次") },
    { T("q"), T("请输入身份证号、卡号、手机号或姓名") },
};

typedef void page_run(struct writer *w, const struct web_frame *f, const void *view);
#define PAGE(name)                                                                                 \
    static void run_##name(struct writer *w, const struct web_frame *f, const void *view)          \
    {                                                                                              \
        web_##name(w, f, view);                                                                    \
    }
PAGE(signin)
PAGE(staff_signin)
PAGE(home)
PAGE(code)
PAGE(card)
PAGE(card_act)
PAGE(done)
PAGE(uses)
PAGE(venues)
PAGE(venue)
PAGE(book)
PAGE(bookings)
PAGE(booking)
PAGE(gate)
PAGE(gates)
PAGE(desk)
PAGE(desk_act)
PAGE(desk_done)
PAGE(records)
PAGE(proof)
PAGE(error)
PAGE(about)
PAGE(demo)
PAGE(style)

struct sample {
    const char *name;
    page_run *run;
    const void *view;
    enum web_role role;
    bool problems, embedded;
};

static struct web_frame frame_of(const struct sample *sample, enum language language, bool elder)
{
    return (struct web_frame){
        .language = language,
        .role = sample->role,
        .elder = elder,
        .test = true,
        .demo = true,
        .embedded = sample->embedded,
        .user = sample->role == WEB_RESIDENT ? S("张*")
                : sample->role == WEB_STAFF  ? S("李* 柜员")
                                             : S(""),
        .back = S("/card?a=1&b=2"),
        .form_token = token_of,
        .csrf = S("csrf_9f"),
        .request_id = S("req_9hc2m4k7x1zr8"),
        .version = S("0.1"),
        .now = NOW,
        .problems = PROBLEMS,
        .problems_n = sample->problems ? LEN(PROBLEMS) : 0,
        .notice = sample->problems ? WEB_NOTICE_WARNING : WEB_NOTICE_NONE,
        .notice_text = S("系统今晚 22:00 维护 <约10分钟>"),
    };
}

static void write_file(const char *folder, struct str name, struct bytes body)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%.*s", folder, (int)name.n, name.p);
    file = fopen(path, "wb");
    if (!CHECK("the folder can be written", file != NULL)) return;
    fwrite(body.p, 1, body.n, file);
    fclose(file);
}

static bool has(struct str text, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= text.n; i++) {
        if (memcmp(text.p + i, what, n) == 0) return true;
    }
    return false;
}

static void check_page(const struct sample *sample, enum language language, bool elder,
                       const char *out)
{
    struct web_frame frame = frame_of(sample, language, elder);
    struct writer w = writer_over(buffer, sizeof buffer);
    struct str html;
    char name[160];

    sample->run(&w, &frame, sample->view);
    html = writer_str(&w);
    snprintf(name, sizeof name, "%s.%s%s.html", sample->name, language == LANGUAGE_EN ? "en" : "zh",
             elder ? ".elder" : "");
    CHECK(name, !w.over && html.n > 500 && html.n < 100 * 1024);
    CHECK(name, str_ends(str_trim(html), S("</html>")));
    CHECK(name, has(html, language == LANGUAGE_EN ? "lang=\"en\"" : "lang=\"zh-CN\""));
    CHECK(name, !has(html, "<script>") && !has(html, " style=") && !has(html, "<约10分钟>") &&
                    !has(html, "{{"));
    if (out != NULL) write_file(out, str_of(name), writer_bytes(&w));
}

static void check_assets(const char *out)
{
    for (size_t i = 0; i < WEB_ASSETS_N; i++) {
        const struct asset *a = &WEB_ASSETS[i];

        CHECK(a->path, i == 0 || strcmp(WEB_ASSETS[i - 1].path, a->path) < 0);
        CHECK(a->path,
              a->plain.n > 50 && a->gzip.n > 20 && a->gzip.p[0] == 0x1f && a->gzip.p[1] == 0x8b);
        CHECK(a->path, a->immutable == (strncmp(a->path, "/assets/", 8) == 0));
        if (out != NULL) write_file(out, str_of(a->path + 1), a->plain);
    }
    CHECK("there are assets", WEB_ASSETS_N >= 4);
}

static size_t asset_bytes(void)
{
    size_t n = 0;

    for (size_t i = 0; i < WEB_ASSETS_N; i++)
        n += WEB_ASSETS[i].gzip.n;
    return n;
}

int main(void)
{
    const char *out = getenv("YKT_PAGES_OUT");

    if (arena_open(&arena, 1024 * 1024).code != 0) return 1;
    struct web_qr qr = web_qr_of(
        &arena,
        S("YK1:7K3QW9ABC2XD0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:0123456789ABCDEFGHIJKLMNO"
          "PQRSTUVWXYZ $%*+-./:0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:0123456789ABCDEF"));
    struct web_qr link = web_qr_of(&arena, S("https://ykt.example/proofs/9HC2M4K7"));

    static const struct web_home_booking next[] = {
        { T("bkg_6h2k9d0q4m8xw"), T("安徽博物院（新馆）"), { INT64_C(1629511200000000) }, 2 }
    };
    static const struct web_home_message messages[] = {
        { { INT64_C(1629440000000000) }, T("您的卡于8月20日在“合肥市逍遥津公园”入园。") }
    };
    static const struct web_use_line uses[] = {
        { { INT64_C(1629440000000000) },
          WEB_USE_ADMIT,
          WEB_USE_ALLOWED,
          T("公园入园"),
          T("合肥市逍遥津公园 1号门"),
          T(""),
          T(""),
          true },
        { { INT64_C(1629430000000000) },
          WEB_USE_VERIFY,
          WEB_USE_REFUSED,
          T("身份核验"),
          T("安徽博物院（新馆）"),
          T("刘*"),
          T("该码已使用，请刷新"),
          false },
        { { INT64_C(1629420000000000) },
          WEB_USE_STAFF,
          WEB_USE_ALLOWED,
          T("启用社保功能"),
          T("庐阳区社保卡窗口"),
          T("李*、周*"),
          T(""),
          false },
        { { INT64_C(1529420000000000) },
          WEB_USE_READ,
          WEB_USE_ALLOWED,
          T("查询"),
          T("12333"),
          T("王*"),
          T(""),
          false },
    };
    static const struct web_done_gate gates[] = {
        { T("合肥市逍遥津公园 1号门"), { INT64_C(1629444727310000) }, 310 },
        { T("安徽博物院（新馆）东门"), { INT64_C(1629444727840000) }, 840 },
        { T("黄山南大门"), { 0 }, 0 },
    };
    static const struct web_venue_line venues[] = {
        { T("ven_6h2k9d0q4m8xw"),
          T("安徽博物院（新馆）"),
          T("合肥市"),
          T("博物馆"),
          412,
          true,
          false,
          { 0 } },
        { T("ven_6h2k9d0q4m8xx"), T("黄山风景区"), T("黄山市"), T("景区"), 0, true, false, { 0 } },
        { T("ven_6h2k9d0q4m8xy"),
          T("合肥市逍遥津公园"),
          T("合肥市"),
          T("公园"),
          0,
          true,
          true,
          { INT64_C(1629475200000000) } },
        { T("ven_6h2k9d0q4m8xz"),
          T("芜湖市图书馆"),
          T("芜湖市"),
          T("图书馆"),
          0,
          false,
          false,
          { 0 } },
    };
    static const struct web_option cities[] = { { T("340100"), T("合肥市"), true },
                                                { T("341000"), T("黄山市"), false } };
    static const struct web_slot_line slots[] = {
        { T("slt_6h2k9d0q4m8x1"),
          { INT64_C(1629421200000000) },
          { INT64_C(1629432000000000) },
          200,
          0,
          false },
        { T("slt_6h2k9d0q4m8x2"),
          { INT64_C(1629432000000000) },
          { INT64_C(1629442800000000) },
          200,
          12,
          false },
        { T("slt_6h2k9d0q4m8x3"),
          { INT64_C(1629446400000000) },
          { INT64_C(1629453600000000) },
          200,
          87,
          true },
    };
    static const struct web_booking_line bookings[] = {
        { T("bkg_6h2k9d0q4m8xw"),
          T("ven_6h2k9d0q4m8xw"),
          T("安徽博物院（新馆）"),
          { INT64_C(1629511200000000) },
          { INT64_C(1629518400000000) },
          2,
          WEB_BOOKING_BOOKED },
        { T("bkg_6h2k9d0q4m8x0"),
          T("ven_6h2k9d0q4m8xx"),
          T("黄山风景区"),
          { INT64_C(1629411200000000) },
          { INT64_C(1629418400000000) },
          1,
          WEB_BOOKING_ADMITTED },
    };
    static const struct web_desk_hit hits[] = {
        { T("psn_8f2k9d0q4m8xw"), T("张*"), T("340***********1234"), T("合肥市庐阳区"), true,
          WEB_SOCIAL_NORMAL },
        { T("psn_8f2k9d0q4m8xx"), T("张*·阿*"), T("340***********5678"), T("亳州市谯城区"), true,
          WEB_SOCIAL_SEALED },
    };
    static const struct web_desk_event events[] = {
        { { INT64_C(1629444727000000) }, T("临时挂失"), T("本人（网页）") },
        { { INT64_C(1600000000000000) }, T("启用社保功能"), T("李*、周*") },
    };
    static const struct web_record_line records[] = {
        { { INT64_C(1629444727310000) },
          T("jnl_000000000002"),
          T("入园被拒：卡已挂失"),
          T("合肥市逍遥津公园 1号门"),
          T("张*"),
          WEB_USE_REFUSED,
          true },
        { { INT64_C(1629444727000000) },
          T("jnl_000000000001"),
          T("临时挂失"),
          T("网页"),
          T("张*"),
          WEB_USE_ALLOWED,
          false },
        { { INT64_C(1629444700000000) },
          T("jnl_000000000000"),
          T("入园"),
          T("合肥市逍遥津公园 1号门"),
          T("张*"),
          WEB_USE_ALLOWED,
          true },
    };
    static const struct web_proof_row rows[] = { { T("事项"), T("临时挂失") },
                                                 { T("持卡人"), T("张*") },
                                                 { T("卡号"), T("···· 0417") } };

    struct web_signin_view phone = { .way = WEB_SIGNIN_SMS, .next = S("/code") };
    struct web_signin_view sms = { .way = WEB_SIGNIN_CODE,
                                   .user = S("13800001234"),
                                   .next = S("/code"),
                                   .wait_seconds = 42,
                                   .sms_outbox = S("/demo/sms") };
    struct web_signin_view both = sms;
    both.both = true, both.wait_seconds = 0;
    struct web_signin_view password = { .way = WEB_SIGNIN_PASSWORD, .next = S("/home") };
    struct web_staff_signin_view staff = { .next = S("/desk"), .action = S("/desk/sign-in") };
    struct web_home_view home = { .name = S("张*"),
                                  .cards = &NORMAL,
                                  .cards_n = 1,
                                  .bookings = next,
                                  .bookings_n = 1,
                                  .messages = messages,
                                  .messages_n = 1 };
    struct web_home_view bare = { .name = S("张*") };
    struct web_code_view code = {
        .name = S("张*"),
        .holder_id = S("psn_8f2k9d0q4m8xw"),
        .card_id = NORMAL.id,
        .qr = qr,
        .code = S("YK1:7K3QW9ABC2XD0123456789"),
        .short_code = S("7K3-QW9-2XD"),
        .made_at = NOW,
        .expires_at = { NOW.usec + 60 * USEC_PER_SEC },
        .device_allowed = true,
    };
    struct web_code_view blocked = { .block = WEB_CODE_CARD_LOST_CONSENT,
                                     .card_id = NORMAL.id,
                                     .lost_at = NOW };
    struct web_card_view card = { .card = NORMAL, .name = S("张*"), .older = &OLD, .older_n = 1 };
    struct web_card_view lost = { .card = LOST, .name = S("张*") };
    struct web_card_act_view lose = { .act = WEB_CARD_ACT_LOSE,
                                      .card = NORMAL,
                                      .action = S("/cards/crd_71xk2m9q0g4zr/loss-reports"),
                                      .lapse_days = 7 };
    struct web_card_act_view replace = { .act = WEB_CARD_ACT_REPLACE,
                                         .card = LOST,
                                         .action = S("/cards/crd_71xk2m9q0g4zr/replacements"),
                                         .fee = { 2000 } };
    struct web_card_act_view consent = { .act = WEB_CARD_ACT_CONSENT,
                                         .card = LOST,
                                         .action = S("/cards/crd_71xk2m9q0g4zr/ecard-consents") };
    struct web_done_view done = { .what = WEB_DONE_LOSE,
                                  .number = S("los_4t8a9d0q4m8xw"),
                                  .at = NOW,
                                  .until = LOST.lapses,
                                  .card_id = LOST.id,
                                  .card_no = LOST.card_no,
                                  .code = CODE,
                                  .proof = S("/proofs/9HC2M-4K7X1"),
                                  .gates = gates,
                                  .gates_n = LEN(gates),
                                  .gates_wait = true };
    struct web_done_view ordered = { .what = WEB_DONE_REPLACE,
                                     .number = S("chg_4t8a9d0q4m8xw"),
                                     .at = NOW,
                                     .card_id = LOST.id,
                                     .card_no = LOST.card_no,
                                     .new_card_no = S("···· 9920"),
                                     .fee = { 2000 },
                                     .code = CODE,
                                     .proof = S("/proofs/9HC2M-4K7X1") };
    struct web_book_view check = { .id = S("ven_6h2k9d0q4m8xw"),
                                   .name = S("安徽博物院（新馆）"),
                                   .city = S("合肥市"),
                                   .address = S("蜀山区"),
                                   .slot = S("slt_6h2k9d0q4m8x3"),
                                   .opens = { INT64_C(1629446400000000) },
                                   .closes = { INT64_C(1629475200000000) },
                                   .places = 2,
                                   .holder = S("张*"),
                                   .back = S("/venues/ven_6h2k9d0q4m8xw?day=2021-08-20") };
    struct web_booking_view booked = { .booking = bookings[0],
                                       .made_at = NOW,
                                       .city = S("合肥市"),
                                       .address = S("蜀山区"),
                                       .may_cancel = true,
                                       .code = CODE,
                                       .proof = S("/proofs/9HC2M-4K7X1") };
    struct web_booking_view over = booked;
    over.booking.state = WEB_BOOKING_CANCELLED, over.ended_at = NOW, over.may_cancel = false;
    struct web_card_act_view formal = { .act = WEB_CARD_ACT_FORMAL,
                                        .need = WEB_NEED_WINDOW,
                                        .card = LOST };
    struct web_card_act_view lift = { .act = WEB_CARD_ACT_LIFT,
                                      .need = WEB_NEED_BOTH,
                                      .card = LOST,
                                      .here = S("/cards/crd_71xk2m9q0g4zr/lift") };
    struct web_uses_view used = { .lines = uses,
                                  .lines_n = LEN(uses),
                                  .older = S("/uses?cursor=abc") };
    struct web_uses_view unused = { 0 };
    struct web_venues_view list = { .q = S("博物<院>"),
                                    .cities = cities,
                                    .cities_n = LEN(cities),
                                    .venues = venues,
                                    .venues_n = LEN(venues),
                                    .more = S("/venues?cursor=x") };
    struct web_venues_view nothing = { .q = S("不存在") };
    struct web_venue_view venue = { .id = venues[0].id,
                                    .name = venues[0].name,
                                    .city = S("合肥市"),
                                    .address = S("怀宁路268号"),
                                    .kind = S("博物馆"),
                                    .day = { 2021, 8, 20 },
                                    .after = S("/venues/ven_6h2k9d0q4m8xw?day=2021-08-21"),
                                    .slots = slots,
                                    .slots_n = LEN(slots),
                                    .chosen = slots[2].id,
                                    .bookable = true,
                                    .places = S("1") };
    struct web_venue_view full = venue;
    full.slots_n = 2, full.bookable = false,
    full.next = S("/venues/ven_6h2k9d0q4m8xw?day=2021-08-21"),
    full.next_at = (struct instant){ INT64_C(1629511200000000) };
    struct web_bookings_view mine = { .bookings = bookings,
                                      .bookings_n = LEN(bookings),
                                      .older = S("/bookings?before=bkg_6h2k9d0q4m8x0") };
    struct web_bookings_view none = { 0 };
    struct web_gate_view ready = { .id = S("trm_6h2k9d0q4m8xw"),
                                   .place = S("合肥市逍遥津公园 1号门"),
                                   .online = true,
                                   .list_age_seconds = 1,
                                   .clock_offset_msec = -12 };
    static const struct web_gate_line lines_of_gates[] = {
        { T("trm_6h2k9d0q4m8xw"),
          T("East 1"),
          T("合肥市逍遥津公园"),
          { INT64_C(1629444720000000) } },
        { T("trm_7h2k9d0q4m8xw"), T("East 2"), T("合肥市逍遥津公园"), { 0 } },
    };
    struct web_gates_view choice = { .gates = lines_of_gates,
                                     .gates_n = LEN(lines_of_gates),
                                     .more = S("/gate?after=trm_7h2k9d0q4m8xw") };
    struct web_gate_view staffed = ready;
    staffed.staff = S("venue");
    struct web_gate_view pass = ready, refused = ready, look = ready;
    pass.verdict = WEB_GATE_PASS, pass.holder = S("张*"), pass.places = 2;
    refused.verdict = WEB_GATE_REFUSED, refused.reason = S("此卡已于8月20日15:32挂失，不能使用。"),
    refused.read = S("…2XD"), refused.first_at = NOW, refused.first_place = S("南门");
    look.verdict = WEB_GATE_STAFF, look.online = false, look.list_age_seconds = -1, look.queue = 3,
    look.reason = S("请工作人员核对照片");
    struct web_desk_view desk = { .person_id = hits[0].id,
                                  .name = S("张*"),
                                  .person_no = S("340***********1234"),
                                  .phone = S("138****1234"),
                                  .region = S("合肥市庐阳区"),
                                  .birth = S("1951-**-**"),
                                  .may_reveal = true,
                                  .cards = &NORMAL,
                                  .cards_n = 1,
                                  .events = events,
                                  .events_n = LEN(events),
                                  .reader_ok = true,
                                  .network_ok = true };
    struct web_desk_view found = { .searched = true,
                                   .q_masked = S("张*"),
                                   .hits = hits,
                                   .hits_n = LEN(hits),
                                   .network_ok = true };
    struct web_desk_view begin = { .reader_ok = true, .printer_ok = true, .network_ok = true };
    static const struct web_desk_option reasons[] = { { WEB_CHOICE_LOST, T("lost"), true },
                                                      { WEB_CHOICE_DAMAGED, T("damaged"), false } };
    static const struct web_desk_option when[] = { { WEB_CHOICE_NOW, T("now"), true },
                                                   { WEB_CHOICE_LATER, T("later"), false } };
    static const struct web_desk_group groups[] = {
        { WEB_ASK_REASON, T("reason"), reasons, LEN(reasons) },
        { WEB_ASK_READY, T("ready"), when, LEN(when) },
    };
    struct web_desk_act_view act = { .what = WEB_DESK_REPLACE,
                                     .has_card = true,
                                     .card = LOST,
                                     .person_id = hits[0].id,
                                     .name = S("张*"),
                                     .person_no = hits[0].person_no,
                                     .action = S("/desk/cards/crd_71xk2m9q0g4zr/replacements"),
                                     .groups = groups,
                                     .groups_n = LEN(groups),
                                     .lapse_days = 7 };
    struct web_desk_act_view stuck = { .what = WEB_DESK_LOSE,
                                       .has_card = true,
                                       .card = LOST,
                                       .person_id = hits[0].id,
                                       .name = S("张*"),
                                       .person_no = hits[0].person_no,
                                       .since_by = S("本人") };
    struct web_desk_done_view desk_done = { .what = WEB_DESK_REPLACE,
                                            .number = S("crd_82xk2m9q0g4zr"),
                                            .at = NOW,
                                            .by = S("合肥市窗口人员"),
                                            .person_id = hits[0].id,
                                            .name = S("张*"),
                                            .person_no = hits[0].person_no,
                                            .card = NORMAL,
                                            .old_card_no = S("****0417") };
    struct web_records_view line = { .lines = records,
                                     .lines_n = LEN(records),
                                     .stream = S("/v1/journal-lines/events"),
                                     .sealed = true };
    struct web_records_view quiet = { 0 };
    struct web_proof_view proof = { .state = WEB_PROOF_GENUINE,
                                    .title = S("挂失回执"),
                                    .number = S("los_4t8a9d0q4m8xw"),
                                    .code = CODE,
                                    .at = NOW,
                                    .rows = rows,
                                    .rows_n = LEN(rows),
                                    .shown_at = NOW,
                                    .qr = link };
    struct web_proof_view asked = { .state = WEB_PROOF_UNKNOWN, .code = S("ABC<1>") };
    struct web_error_view error = { .status = 502,
                                    .title = S("暂时查不到"),
                                    .text = S("银行系统没有应答。您的其他信息不受影响，已保存的内容"
                                              "没有丢失。请稍后重试或拨打12333。"),
                                    .code = S("partner_down"),
                                    .again = S("/card") };
    struct web_about_view about = { .style = true };
    struct web_demo_view demo = { .resident = S("张*"),
                                  .resident_url = S("/code.panel.zh.html"),
                                  .gate_name = S("逍遥津公园 1号门"),
                                  .gate_url = S("/gate.panel.zh.html"),
                                  .clerk = S("李*"),
                                  .desk_url = S("/desk.panel.zh.html"),
                                  .records_url = S("/records.panel.zh.html"),
                                  .card_id = NORMAL.id,
                                  .people = 60000,
                                  .cards = 58211,
                                  .venues = 475 };
    struct web_style_view style = { .qr = qr, .card = NORMAL, .lost = LOST };

    const struct sample samples[] = {
        { "signin", run_signin, &phone, WEB_NOBODY, false, false },
        { "signin-problem", run_signin, &phone, WEB_NOBODY, true, false },
        { "signin-code", run_signin, &sms, WEB_NOBODY, false, false },
        { "signin-both", run_signin, &both, WEB_RESIDENT, false, false },
        { "signin-password", run_signin, &password, WEB_NOBODY, false, false },
        { "staff-signin", run_staff_signin, &staff, WEB_NOBODY, false, false },
        { "home", run_home, &home, WEB_RESIDENT, false, false },
        { "home-bare", run_home, &bare, WEB_RESIDENT, false, false },
        { "code", run_code, &code, WEB_RESIDENT, false, false },
        { "code.panel", run_code, &code, WEB_RESIDENT, false, true },
        { "code-lost", run_code, &blocked, WEB_RESIDENT, false, false },
        { "card", run_card, &card, WEB_RESIDENT, false, false },
        { "card-lost", run_card, &lost, WEB_RESIDENT, false, false },
        { "lose", run_card_act, &lose, WEB_RESIDENT, false, false },
        { "replace", run_card_act, &replace, WEB_RESIDENT, false, false },
        { "consent", run_card_act, &consent, WEB_RESIDENT, false, false },
        { "done", run_done, &done, WEB_RESIDENT, false, false },
        { "done-replace", run_done, &ordered, WEB_RESIDENT, false, false },
        { "lose-formally", run_card_act, &formal, WEB_RESIDENT, false, false },
        { "lift", run_card_act, &lift, WEB_RESIDENT, false, false },
        { "uses", run_uses, &used, WEB_RESIDENT, false, false },
        { "uses-none", run_uses, &unused, WEB_RESIDENT, false, false },
        { "venues", run_venues, &list, WEB_RESIDENT, false, false },
        { "venues-none", run_venues, &nothing, WEB_NOBODY, false, false },
        { "venue", run_venue, &venue, WEB_RESIDENT, true, false },
        { "venue-full", run_venue, &full, WEB_NOBODY, false, false },
        { "book", run_book, &check, WEB_RESIDENT, false, false },
        { "booking", run_booking, &booked, WEB_RESIDENT, false, false },
        { "booking-over", run_booking, &over, WEB_RESIDENT, true, false },
        { "bookings", run_bookings, &mine, WEB_RESIDENT, false, false },
        { "bookings-none", run_bookings, &none, WEB_RESIDENT, false, false },
        { "gate", run_gate, &ready, WEB_GATE, false, false },
        { "gate.panel", run_gate, &ready, WEB_GATE, false, true },
        { "gate-pass", run_gate, &pass, WEB_GATE, false, false },
        { "gate-refused", run_gate, &refused, WEB_GATE, false, false },
        { "gate-staff", run_gate, &look, WEB_GATE, false, false },
        { "gate-staffed", run_gate, &staffed, WEB_GATE, false, false },
        { "gates", run_gates, &choice, WEB_GATE, false, false },
        { "desk", run_desk, &desk, WEB_STAFF, false, false },
        { "desk.panel", run_desk, &desk, WEB_STAFF, false, true },
        { "desk-found", run_desk, &found, WEB_STAFF, false, false },
        { "desk-begin", run_desk, &begin, WEB_STAFF, true, false },
        { "desk-act", run_desk_act, &act, WEB_STAFF, true, false },
        { "desk-stuck", run_desk_act, &stuck, WEB_STAFF, false, false },
        { "desk-done", run_desk_done, &desk_done, WEB_STAFF, false, false },
        { "records", run_records, &line, WEB_NOBODY, false, false },
        { "records.panel", run_records, &line, WEB_NOBODY, false, true },
        { "records-none", run_records, &quiet, WEB_NOBODY, false, false },
        { "proof", run_proof, &proof, WEB_NOBODY, false, false },
        { "proof-unknown", run_proof, &asked, WEB_NOBODY, false, false },
        { "error", run_error, &error, WEB_RESIDENT, false, false },
        { "about", run_about, &about, WEB_NOBODY, false, false },
        { "demo", run_demo, &demo, WEB_NOBODY, false, false },
        { "style", run_style, &style, WEB_NOBODY, false, false },
    };

    CHECK("a symbol was made", qr.size > 40 && link.size > 20);
    if (out != NULL) {
        char path[512];

        mkdir(out, 0777);
        snprintf(path, sizeof path, "%s/assets", out);
        mkdir(path, 0777);
    }
    for (size_t i = 0; i < LEN(samples); i++) {
        for (int variant = 0; variant < 4; variant++) {
            check_page(&samples[i], variant % 2 == 0 ? LANGUAGE_ZH : LANGUAGE_EN, variant >= 2,
                       out);
        }
    }

    static const struct {
        const char *title, *page;
        enum language language;
        bool elder;
        const char *text;
    } shown[] = {
        { "an instant of this year", "card-lost", LANGUAGE_ZH, false, "8月20日 15:32 起" },
        { "an instant in English", "card-lost", LANGUAGE_EN, false, "Since 20 Aug, 15:32" },
        { "another year is named", "card", LANGUAGE_ZH, false, "2020年9月13日 20:26" },
        { "full, with seconds", "done", LANGUAGE_ZH, false, "2021年8月20日 15:32:07" },
        { "a weekday", "venue", LANGUAGE_ZH, false, "8月20日 星期五" },
        { "a weekday in English", "venue", LANGUAGE_EN, false, "20 Aug, Fri" },
        { "an end at midnight", "book", LANGUAGE_ZH, false, "–24:00" },
        { "milliseconds as seconds", "done", LANGUAGE_EN, false, ">0.84 s<" },
        { "a gate that has not reported", "done", LANGUAGE_ZH, false, "还没有回报" },
        { "an amount", "replace", LANGUAGE_ZH, false, "¥20.00" },
        { "thousands", "demo", LANGUAGE_EN, false, "60,000 residents · 58,211 cards · 475 venues" },
        { "one person, in English", "bookings", LANGUAGE_EN, false, "1 person" },
        { "several people, in English", "bookings", LANGUAGE_EN, false, "2 people" },
        { "simpler words in elder mode", "card", LANGUAGE_ZH, true, "卡丢了，马上挂失" },
        { "a state in words", "card-lost", LANGUAGE_EN, false, "Reported lost (temporary)" },
        { "what was typed comes back escaped", "venues", LANGUAGE_ZH, false,
          "value=\"博物&lt;院&gt;\"" },
        { "the chosen city", "venues", LANGUAGE_ZH, false, "<option value=\"340100\" selected>" },
        { "the title tells of the error", "signin-problem", LANGUAGE_ZH, false, "<title>错误：" },
        { "the summary links to the field", "signin-problem", LANGUAGE_ZH, false,
          "<a href=\"#number\">号码不对，请核对后再输入</a>" },
        { "the field tells of its error", "signin-problem", LANGUAGE_ZH, false,
          "aria-invalid=\"true\" aria-describedby=\"number-hint number-problem\"" },
        { "a form's token, escaped", "lose", LANGUAGE_ZH, false,
          "name=\"_token\" value=\"tok_4f1c2d&quot;&lt;&gt;\"" },
        { "language switch comes back here", "card", LANGUAGE_ZH, false,
          "back=%2Fcard%3Fa%3D1%26b%3D2\"" },
        { "another day, when there is nothing more today", "venues", LANGUAGE_ZH, false,
          "8月21日" },
        { "a receipt that is not complete asks again", "done", LANGUAGE_ZH, false,
          "data-gates=\"1\"" },
        { "by a link without scripts", "done", LANGUAGE_ZH, false, ">刷新</a>" },
        { "a counter's first words", "desk-begin", LANGUAGE_ZH, false, ">请查找居民开始办理。" },
        { "request id for the phone call", "error", LANGUAGE_ZH, false, "req_9hc2m4k7x1zr8" },
        { "a value in an address", "card", LANGUAGE_ZH, false,
          "href=\"/cards/crd_71xk2m9q0g4zr/lose\"" },
    };
    for (size_t i = 0; i < LEN(shown); i++) {
        for (size_t j = 0; j < LEN(samples); j++) {
            if (strcmp(samples[j].name, shown[i].page) != 0) continue;
            struct web_frame one = frame_of(&samples[j], shown[i].language, shown[i].elder);
            struct writer to = writer_over(buffer, sizeof buffer);

            samples[j].run(&to, &one, samples[j].view);
            CHECK(shown[i].title, has(writer_str(&to), shown[i].text));
        }
    }

    struct web_frame frame = frame_of(&samples[0], LANGUAGE_ZH, false);
    struct writer small = writer_over(buffer, 100);
    web_home(&small, &frame, &home);
    CHECK("a buffer too small is told", small.over);

    check_assets(out);

    struct reply reply = { .arena = &arena, .body = writer_over(buffer, sizeof buffer) };
    web_home(web_reply(&reply, 404), &frame, &home);
    CHECK("a page begins as a reply",
          reply.status == 404 && reply.body.n > 500 && str_starts(reply.type, S("text/html")));
    CHECK("with its policy",
          str_eq(reply.headers[0].name, S("Content-Security-Policy")) &&
              str_starts(reply.headers[0].value, S("default-src 'none'; script-src 'self'; ")));
    CHECK("a first visit is below 150 KB over the wire", asset_bytes() < 60 * 1024);
    arena_close(&arena);
    return test_end();
}
