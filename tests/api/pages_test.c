/* The resident's pages over HTTP, as a browser without scripts uses them: each page signed out,
 * signed in and with somebody else's id, in both languages; each form with its token, without it,
 * with a wrong field and sent twice; and what cannot be done, told where one can go on. */
#include "api/pages.h"
#include "tests/api/world.h"
#include "venues/venues.h"

/* Texts that stand until the next world opens. */
static char said[1 << 20];
static size_t said_n;

__attribute__((format(printf, 1, 2))) static const char *say(const char *format, ...)
{
    char *text = said + said_n;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof said - said_n, format, args);
    va_end(args);
    said_n += (size_t)n + 1;
    assert(said_n < sizeof said);
    return text;
}

/* Somebody's browser: the cookie of a session. */
struct browser {
    char cookie[120];
    int64_t id;
};

static void browser_open(struct api_world *w, int64_t person_id, enum proof proof,
                         struct browser *out)
{
    const struct token_ask ask = { .subject = SUBJECT_PERSON,
                                   .subject_id = person_id,
                                   .scopes = SCOPES_ALL,
                                   .proof = proof,
                                   .life_usec = 30 * USEC_PER_DAY,
                                   .cookie = true,
                                   .act = world_act(&w->base) };
    struct signed_in made;
    struct session session;

    out->id = person_id;
    if (!CHECK_OK("a cookie", registry_token_make(&w->base.rg, NULL, &ask, &made))) return;
    made.session.grants[0] = (struct grant){ .role = ROLE_RESIDENT };
    made.session.grants_n = 1;
    session = session_of_signin(&made.session);
    (void)sessions_put(w->app.sessions, &session, fixture_now(&w->base.f));
    snprintf(out->cookie, sizeof out->cookie, "ykt_session=%.*s", TOKEN_CHARS, made.token);
}

static const struct browser NOBODY = { .cookie = "ykt_browser=abcdefghijklmnopqrstuvwx" };

/* A request for a page; pages are in no description, so their answers are not kept. */
static int ask(struct api_world *w, const struct browser *who, const char *language,
               const char *line, const char *form)
{
    FILE *kept = w->client.answers;
    int status;

    w->client.answers = NULL;
    status = client_ask(&w->client, line,
                        say("Cookie: %s; lang=%s\r\n%s", who->cookie, language,
                            form ? "Content-Type: application/x-www-form-urlencoded\r\n" : ""),
                        form ? form : "");
    w->client.answers = kept;
    return status;
}

static int get(struct api_world *w, const struct browser *who, const char *path)
{
    return ask(w, who, "zh", say("GET %s", path), NULL);
}

static const char *location(struct api_world *w)
{
    struct str at = client_between(&w->client, "Location: ", '\r');

    return say("%.*s", (int)at.n, at.n ? at.p : "");
}

/* The token of the form on the page just shown that posts to `path`. */
static const char *token(struct api_world *w, const char *path)
{
    struct str got = { w->client.a.bytes, w->client.a.n }, rest, value;
    const char *form = raw_find(got, say("action=\"%s\"", path)), *at;

    if (!form) return "";
    at = raw_find(str_part(got, (size_t)(form - got.p), got.n), "name=\"_token\" value=\"");
    if (!at) return "";
    value = str_cut(str_part(got, (size_t)(at - got.p) + 21, 100), '"', &rest);
    return say("%.*s", (int)value.n, value.p);
}

static int post(struct api_world *w, const struct browser *who, const char *path,
                const char *fields, const char *form_token)
{
    return ask(w, who, "zh", say("POST %s", path),
               say("%s%s_token=%s", fields, fields[0] ? "&" : "", form_token));
}

/* Open a page and send its form. */
static int send_form(struct api_world *w, const struct browser *who, const char *page,
                     const char *path, const char *fields)
{
    CHECK_STATUS(w, page, get(w, who, page), 200);
    return post(w, who, path, fields, token(w, path));
}

/* ---- a world with times to book ---- */

struct stage {
    struct api_world w;
    struct browser holder, other, both; /* both: the holder, signed in by both factors */
    const struct place *place;
    int64_t slots[4]; /* 10:00, 11:00, 12:00 today with a place or two; 10:00 tomorrow */
    char venue[20], slot[4][20];
};

static int64_t slot_at_hour(struct stage *s, int days, int hour, int64_t quota)
{
    const struct day today = day_of(fixture_now(&s->w.base.f));
    const struct instant starts =
        instant_add(day_start((struct day){ today.number + days }), hour * USEC_PER_HOUR);
    const struct slot_ask slot = { .venue_id = s->place->id,
                                   .quota = quota,
                                   .held = 5,
                                   .opens_at = day_start(today),
                                   .closes_at = instant_add(starts, USEC_PER_HOUR),
                                   .starts_at = starts,
                                   .ends_at = instant_add(starts, USEC_PER_HOUR) };
    int64_t id = 0;

    CHECK_OK("a slot", venues_slot_add(s->w.app.store, NULL, &slot, &id));
    return id;
}

static bool stage_open(struct stage *s, enum engine engine)
{
    static const struct {
        int days, hour;
        int64_t quota;
    } SLOTS[] = { { 0, 10, 2 }, { 0, 11, 9 }, { 0, 12, 9 }, { 1, 10, 9 } };

    memset(s, 0, sizeof *s);
    said_n = 0;
    if (!api_world_open(&s->w, engine)) return false;
    pages_open();
    s->place = place_by_code(catalogue_now(s->w.shelf), S("MU0001"));
    if (!CHECK("the museum", s->place != NULL)) return false;
    world_id(&s->w, "ven", s->place->id, s->venue);
    for (size_t i = 0; i < LEN(SLOTS); i++) {
        s->slots[i] = slot_at_hour(s, SLOTS[i].days, SLOTS[i].hour, SLOTS[i].quota);
        world_id(&s->w, "slt", s->slots[i], s->slot[i]);
    }
    browser_open(&s->w, s->w.holder.id, PROOF_ONE_FACTOR, &s->holder);
    browser_open(&s->w, s->w.holder.id, PROOF_TWO_FACTORS, &s->both);
    browser_open(&s->w, s->w.other.id, PROOF_ONE_FACTOR, &s->other);
    return true;
}

/* ---- every page ---- */

/* Links that others lengthened, and typed ones: a page answers what it can. */
static void check_foreign_links(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *paths[] = {
        "/home?x=1",
        "/card?from=singlemessage&isappinstalled=0",
        "/about?utm_source=%FF&utm_source",
        "/venues?from=abc",
        "/venues?from=-1&city=hefei&city=1&q=%FF",
        "/sign-in?way=nope&way=sms",
        "/code?purpose=party",
        "/uses?before=jrn_1",
        "/bookings?before=x",
        "/proofs?code=%FF",
        say("/venues/%s?day=soon&slot=1&utm_medium=qr", s->venue),
    };
    const char *nowhere = "GET /card/of/nobody";
    FILE *kept = w->client.answers;

    for (size_t i = 0; i < LEN(paths); i++) {
        CHECK_STATUS(w, paths[i], get(w, &s->holder, paths[i]), 200);
    }
    CHECK_STATUS(w, "after signing in only what the page takes comes back",
                 get(w, &NOBODY, "/uses?utm=1&before=x&before=y"), 303);
    CHECK(location(w), strcmp(location(w), "/sign-in?next=/uses?before=x") == 0);
    CHECK_STATUS(w, "the API stays strict", get(w, &s->holder, "/v1/venues?utm_source=x"), 400);
    CHECK_STATUS(w, "no such address, to a program", get(w, &NOBODY, nowhere + 4), 404);
    CHECK("a problem", client_has(&w->client, "application/problem+json"));
    w->client.answers = NULL; /* pages are in no description */
    for (int english = 0; english < 2; english++) {
        CHECK_STATUS(w, "no such address, to a browser",
                     client_ask(&w->client, nowhere,
                                say("Accept: text/html,*/*;q=0.8\r\nCookie: lang=%s\r\n",
                                    english ? "en" : "zh"),
                                ""),
                     404);
        CHECK("a page", client_has(&w->client, english ? "<h1>There is nothing at this address</h1>"
                                                       : "<h1>没有该地址</h1>"));
    }
    w->client.answers = kept;
}

static void check_pages(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *card = w->holder_card, *venue = s->venue;
    char booking[80], loss[100];

    CHECK_STATUS(w, "booked",
                 send_form(w, &s->holder,
                           say("/venues/%s/bookings?slot=%s&places=1", venue, s->slot[1]),
                           say("/venues/%s/bookings", venue), say("slot=%s&places=1", s->slot[1])),
                 303);
    snprintf(booking, sizeof booking, "%s", location(w));
    CHECK_STATUS(w, "lost",
                 send_form(w, &s->holder, say("/cards/%s/lose", card),
                           say("/cards/%s/loss-reports", card), "kind=temporary&reason=stolen"),
                 303);
    snprintf(loss, sizeof loss, "%s", location(w));
    {
        const struct {
            const char *path;
            bool open, foreign; /* open: for anybody; foreign: names a thing of the holder's */
            const char *zh, *en;
        } pages[] = {
            { "/home", false, false, "张*，您好", "Hello, 张*" },
            { "/code", false, false, "出示码", "My code" },
            { "/card", false, false, "我的卡", "My card" },
            { "/uses", false, false, "谁用过我的卡", "Who used my card" },
            { "/bookings", false, false, "我的预约", "My bookings" },
            { booking, false, true, "预约成功", "Booked" },
            { loss, false, true, "挂失成功", "The card is stopped" },
            { say("/cards/%s", card), false, true, "我的卡", "My card" },
            { say("/cards/%s/lift", card), false, true, "解除挂失", "Lift the loss report" },
            { say("/cards/%s/lose-formally", card), false, true, "正式挂失", "Formal loss report" },
            { say("/cards/%s/ecard-on", card), false, true, "继续使用手机电子卡",
              "Keep using the e-card" },
            { say("/cards/%s/replace", card), false, true, "补办新卡", "Replace the card" },
            { say("/venues/%s/bookings?slot=%s&places=2", venue, s->slot[2]), false, false,
              "核对预约", "Check your booking" },
            { "/venues", true, false, "预约场馆", "Book a visit" },
            { say("/venues/%s", venue), true, false, "安徽博物院", "an hui bo wu yuan" },
            { "/proofs", true, false, "核验凭证", "Check a receipt" },
            { "/about", true, false, "规则、隐私与帮助", "Rules, privacy and help" },
            { "/_style", true, false, "页面元件", "Components" },
            { "/sign-in", true, false, "登录", "Sign in" },
            { "/sign-in?way=password", true, false, "登录", "Sign in" },
            { "/sign-in?way=both", true, false, "登录", "Sign in" },
        };

        for (size_t i = 0; i < LEN(pages); i++) {
            const char *path = pages[i].path, *line = say("GET %s", path);

            CHECK_STATUS(w, path, ask(w, &s->holder, "zh", line, NULL), 200);
            CHECK(path, client_has(&w->client, say("<h1>%s</h1>", pages[i].zh)));
            CHECK(path, !client_has(&w->client, "<script>") && !client_has(&w->client, "张三"));
            CHECK_STATUS(w, path, ask(w, &s->holder, "en", line, NULL), 200);
            CHECK(path, client_has(&w->client, say("<h1>%s</h1>", pages[i].en)));
            CHECK_STATUS(w, path, ask(w, &NOBODY, "zh", line, NULL), pages[i].open ? 200 : 303);
            if (!pages[i].open) CHECK(path, str_starts(str_of(location(w)), S("/sign-in?next=/")));
            if (!pages[i].foreign) continue;
            CHECK_STATUS(w, path, ask(w, &s->other, "zh", line, NULL), 404);
            CHECK(path, client_has(&w->client, "<h1>没有该内容</h1>"));
        }
    }
    CHECK_STATUS(w, "what was asked for comes back after signing in",
                 get(w, &NOBODY, say("/venues/%s/bookings?slot=%s&places=2", venue, s->slot[2])),
                 303);
    CHECK("with its question",
          strcmp(location(w), say("/sign-in?next=/venues/%s/bookings?slot=%s%%26places=2", venue,
                                  s->slot[2])) == 0);
    CHECK_STATUS(w, "no such card", get(w, &s->holder, say("/cards/%s", "crd_0000000000000")), 404);
    CHECK_STATUS(w, "an id of another kind", get(w, &s->holder, say("/bookings/%s", card)), 404);
    check_foreign_links(s);
}

/* ---- every form ---- */

struct form {
    const char *title, *page, *path, *fields;
    const char *wrong, *field; /* what is wrong, and the field that says so; NULL: takes none */
    const char *done;          /* h1 of where it leads */
};

static void check_form(struct stage *s, const struct browser *who, const struct form *form)
{
    struct api_world *w = &s->w;
    char first[120], good[80];

    CHECK_STATUS(w, form->title, post(w, who, form->path, form->fields, ""), 403);
    CHECK(form->title, client_has(&w->client, "form_token"));
    CHECK_STATUS(
        w, form->title,
        post(w, who, form->path, form->fields, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        403);
    CHECK_STATUS(w, form->title, get(w, who, form->page), 200);
    snprintf(good, sizeof good, "%s", token(w, form->path));
    CHECK(form->title, strlen(good) == 48);
    CHECK_STATUS(w, form->title, post(w, &NOBODY, form->path, form->fields, good), 401);
    CHECK(form->title, client_has(&w->client, "<h1>登录已过期</h1>") &&
                           client_has(&w->client, "href=\"/sign-in?next=/"));
    CHECK_STATUS(w, form->title, post(w, &s->other, form->path, form->fields, good), 403);
    if (form->wrong) {
        CHECK_STATUS(w, form->title, send_form(w, who, form->page, form->path, form->wrong), 422);
        CHECK(form->title, client_has(&w->client, "<title>错误：") &&
                               client_has(&w->client, "class=\"error-summary\"") &&
                               client_has(&w->client, say("<a href=\"#%s\">", form->field)) &&
                               client_has(&w->client, say("id=\"%s\"", form->field)));
    }
    CHECK_STATUS(w, form->title, post(w, who, form->path, form->fields, good), 303);
    snprintf(first, sizeof first, "%s", location(w));
    CHECK_STATUS(w, form->title, post(w, who, form->path, form->fields, good), 303);
    CHECK(form->title, strcmp(first, location(w)) == 0);
    CHECK_STATUS(w, form->title, get(w, who, first), 200);
    CHECK(form->title, client_has(&w->client, say("<h1>%s</h1>", form->done)));
    CHECK(form->title, client_has(&w->client, "核验码"));
}

static void check_forms(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *card = w->holder_card, *venue = s->venue;
    const char *asked = say("/venues/%s/bookings?slot=%s&places=2", venue, s->slot[2]);
    const struct form forms[] = {
        { "consent", say("/cards/%s/ecard-on", card), say("/cards/%s/ecard-consents", card),
          "consent=on", NULL, NULL, "电子卡已恢复" },
        { "withdrawal", say("/cards/%s/ecard-off", card), say("/cards/%s/ecard-withdrawals", card),
          "", NULL, NULL, "电子卡已停用" },
        { "lift", say("/cards/%s/lift", card), say("/cards/%s/loss-lifts", card), "", NULL, NULL,
          "挂失已解除" },
        { "loss", say("/cards/%s/lose", card), say("/cards/%s/loss-reports", card),
          "kind=temporary&reason=lost", "kind=temporary&reason=bored", "reason", "挂失成功" },
        { "booking", asked, say("/venues/%s/bookings", venue), say("slot=%s&places=2", s->slot[2]),
          say("slot=%s&places=9", s->slot[2]), "places", "预约成功" },
        { "replacement", say("/cards/%s/replace", card), say("/cards/%s/replacements", card), "",
          NULL, NULL, "补卡申请已提交" },
    };
    struct form cancel = { "cancellation", NULL, NULL, "", NULL, NULL, "预约已取消" };
    struct str booking;

    for (size_t i = 0; i < LEN(forms); i++) {
        bool both = i == 2 || i == 5;
        check_form(s, both ? &s->both : &s->holder, &forms[i]);
    }
    CHECK("the new card's fee is told", client_has(&w->client, "¥20.00"));
    CHECK_STATUS(w, "the card that was ordered", get(w, &s->holder, "/card"), 200);
    CHECK("is not made yet", client_has(&w->client, "<p class=\"card-state\">已申领</p>"));
    CHECK_STATUS(w, "no code before it is enabled", get(w, &s->holder, "/code"), 200);
    CHECK("says what to do", client_has(&w->client, "卡还没有启用"));
    CHECK_STATUS(w, "its card", get(w, &s->holder, "/card"), 200);
    CHECK("has no e-card yet, either", client_has(&w->client, "停用（卡还没有启用）"));

    CHECK_STATUS(w, "the bookings", get(w, &s->holder, "/bookings"), 200);
    booking = client_between(&w->client, "<h2><a href=\"", '"');
    cancel.page = say("%.*s", (int)booking.n, booking.p);
    cancel.path = say("%s/cancellations", cancel.page);
    check_form(s, &s->holder, &cancel);
}

/* ---- what cannot be done ---- */

static void check_taken(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *path = say("/venues/%s/bookings", s->venue);
    const char *page = say("%s?slot=%s&places=2", path, s->slot[0]);
    const char *mine;
    char nowhere[20];

    world_id(w, "slt", 1, nowhere);
    CHECK_STATUS(w, "two look at the last two places", get(w, &s->holder, page), 200);
    mine = token(w, path);
    CHECK_STATUS(w, "one of them is faster",
                 send_form(w, &s->other, page, path, say("slot=%s&places=2", s->slot[0])), 303);
    CHECK_STATUS(w, "the other hears it",
                 post(w, &s->holder, path, say("slot=%s&places=2", s->slot[0]), mine), 409);
    CHECK(
        "with the nearest free times, at the field",
        client_has(&w->client, "<a href=\"#slot\">10:00 的号刚被约走。最近的空号：11:00、12:00。"));
    CHECK("and no place was taken",
          client_has(&w->client, "余 7") || client_has(&w->client, "余 8"));
    CHECK_STATUS(w, "in English", ask(w, &s->holder, "en", say("GET %s", page), NULL), 409);
    CHECK("too", client_has(&w->client, "10:00 has just been taken. The nearest free times: "
                                        "11:00, 12:00."));
    CHECK_STATUS(w, "more than are left",
                 get(w, &s->holder, say("%s?slot=%s&places=5", path, s->slot[2])), 200);
    CHECK_STATUS(w, "booked twice", get(w, &s->other, say("%s?slot=%s&places=1", path, s->slot[0])),
                 409);
    CHECK_STATUS(w, "the same time again",
                 send_form(w, &s->holder, say("%s?slot=%s&places=1", path, s->slot[1]), path,
                           say("slot=%s&places=1", s->slot[1])),
                 409);
    CHECK("is named", client_has(&w->client, "您已约了这一时段"));
    CHECK_STATUS(w, "a slot of nowhere",
                 get(w, &s->holder, say("%s?slot=%s&places=1", path, nowhere)), 404);
    CHECK_STATUS(w, "no slot chosen", get(w, &s->holder, say("%s?places=1", path)), 422);
    CHECK("says where", client_has(&w->client, "<a href=\"#slot\">"));

    fixture_pass(&w->base.f, 5 * USEC_PER_HOUR); /* 13:00 */
    CHECK_STATUS(w, "begun and over", get(w, &s->holder, say("/venues/%s", s->venue)), 200);
    CHECK("leads to tomorrow", client_has(&w->client, "最近的空号：8月21日 10:00") &&
                                   client_has(&w->client, "?day=2021-08-21\">去看那一天"));
    CHECK_STATUS(w, "the list", get(w, &s->holder, "/venues?q=BO+WU+YUAN&city=340100"), 200);
    CHECK("names the next day with places", client_has(&w->client, "8月21日"));
    CHECK_STATUS(w, "a time that is over",
                 get(w, &s->holder, say("%s?slot=%s&places=1", path, s->slot[2])), 409);
    CHECK("leads to tomorrow, too",
          client_has(&w->client, "12:00 这一时段已不能预约。最近的空号：8月21日10:00。"));
}

/* Two pages of one booking are open; both buttons are pressed. */
static void check_cancelled(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *path, *page, *one, *two;

    CHECK_STATUS(
        w, "booked",
        send_form(w, &s->other, say("/venues/%s/bookings?slot=%s&places=1", s->venue, s->slot[3]),
                  say("/venues/%s/bookings", s->venue), say("slot=%s&places=1", s->slot[3])),
        303);
    page = say("%s", location(w));
    path = say("%s/cancellations", page);
    CHECK_STATUS(w, "one page", get(w, &s->other, page), 200);
    one = token(w, path);
    CHECK_STATUS(w, "the other", get(w, &s->other, page), 200);
    two = token(w, path);
    CHECK_STATUS(w, "cancelled", post(w, &s->other, path, "", one), 303);
    CHECK_STATUS(w, "and again", post(w, &s->other, path, "", two), 303);
    CHECK("leads to the same page", strcmp(location(w), page) == 0);
    CHECK_STATUS(w, "which", get(w, &s->other, page), 200);
    CHECK("says so", client_has(&w->client, "<h1>预约已取消</h1>") &&
                         !client_has(&w->client, say("action=\"%s\"", path)));
    CHECK_STATUS(w, "somebody else's", post(w, &s->holder, path, "", two), 403);
}

/* Whose act a line of the uses is, and that acts of a demonstration are marked alike. */
static void check_uses(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *card = w->other_card, *form;
    const struct act act = world_act(&w->base);
    static const char *const LINES[] = { "<b>本人网上办理</b> 登录", "<b>预约</b> 预约" };

    w->app.demo = true;
    CHECK_OK("a password", registry_password_set(&w->base.rg, NULL, SUBJECT_PERSON, w->other.id,
                                                 S("river-stone-42"), &act));
    CHECK_STATUS(w, "sign-in", get(w, &NOBODY, "/sign-in?way=password"), 200);
    form = token(w, "/sign-in");
    CHECK_STATUS(w, "five digits",
                 post(w, &NOBODY, "/sign-in", say("number=%s&code=12345", w->other_no), form), 422);
    CHECK("what is wrong is said, at the code",
          client_has(&w->client, "href=\"#code\">验证码和动态口令是6位数字"));
    CHECK_STATUS(w, "sign-in again", get(w, &NOBODY, "/sign-in?way=password"), 200);
    form = token(w, "/sign-in");
    CHECK_STATUS(
        w, "signed in",
        post(w, &NOBODY, "/sign-in", say("number=%s&password=river-stone-42", w->other_no), form),
        303);
    CHECK_STATUS(
        w, "booked",
        send_form(w, &s->other, say("/venues/%s/bookings?slot=%s&places=1", s->venue, s->slot[3]),
                  say("/venues/%s/bookings", s->venue), say("slot=%s&places=1", s->slot[3])),
        303);
    CHECK_STATUS(w, "lost online",
                 send_form(w, &s->other, say("/cards/%s/lose", card),
                           say("/cards/%s/loss-reports", card), "kind=temporary"),
                 303);
    CHECK_STATUS(w, "its uses", get(w, &s->other, "/uses"), 200);
    CHECK("an own act", client_has(&w->client, "<b>本人网上办理</b> 临时挂失") &&
                            client_has(&w->client, "<b>本人网上办理</b> 登录"));
    CHECK("no window for it", !client_has(&w->client, "<b>窗口办理</b> 登录"));
    CHECK("bookings", client_has(&w->client, "<b>预约</b> 预约") &&
                          client_has(&w->client, "<b>预约</b> 取消预约"));
    for (size_t i = 0; i < LEN(LINES); i++) {
        const struct str got = { w->client.a.bytes, w->client.a.n };
        const char *at = raw_find(got, LINES[i]);
        const struct str rest = at ? str_part(got, (size_t)(at - got.p), got.n) : (struct str){ 0 };
        const char *end = at ? raw_find(rest, "</li>") : NULL;

        CHECK(LINES[i], end && raw_find(str_part(rest, 0, (size_t)(end - rest.p)), "模拟"));
    }
    w->app.demo = false;
}

static void check_late(struct stage *s)
{
    struct api_world *w = &s->w;
    const struct booking_ask ask_for = { .venue_id = s->place->id,
                                         .slot_id = s->slots[3],
                                         .person_id = w->holder.id,
                                         .places = 1,
                                         .at = fixture_now(&w->base.f) };
    char id[20];
    int64_t booking_id = 0;
    const char *page, *path, *mine;

    CHECK_OK("booked for tomorrow", venues_book(w->app.store, NULL, &ask_for, &booking_id));
    world_id(w, "bkg", booking_id, id);
    page = say("/bookings/%s", id);
    path = say("%s/cancellations", page);
    CHECK_STATUS(w, "the booking", get(w, &s->holder, page), 200);
    mine = token(w, path);
    CHECK_STATUS(w, "on the first page", get(w, &s->holder, "/home"), 200);
    CHECK("with its link", client_has(&w->client, say("href=\"%s\"", page)));
    fixture_pass(&w->base.f, 27 * USEC_PER_HOUR); /* it began an hour ago */
    CHECK_STATUS(w, "too late to cancel", post(w, &s->holder, path, "", mine), 409);
    CHECK("is told on the booking's page", client_has(&w->client, "时段已开始，不能取消") &&
                                               !client_has(&w->client, "取消预约</button>"));
}

/* The card changes between the page and the button. */
static void check_cards(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *card = w->other_card;
    const char *lose = say("/cards/%s/loss-reports", card), *lift = say("/cards/%s/lift", card);
    const char *mine;

    CHECK_STATUS(w, "not lost, not lifted", get(w, &s->other, lift), 409);
    CHECK("the card is shown, and why",
          client_has(&w->client, "此卡没有挂失") && client_has(&w->client, "<h1>我的卡</h1>"));
    CHECK_STATUS(w, "locked", world_ask(w, &w->clerk, say("POST /v1/cards/%s/locks", card), "{}"),
                 201);
    CHECK_STATUS(w, "its code", get(w, &s->other, "/code"), 200);
    CHECK("is none, for a window", client_has(&w->client, "密码锁定，不能出示码") &&
                                       client_has(&w->client, "请带身份证到窗口重置"));
    CHECK_STATUS(w, "its card", get(w, &s->other, say("/cards/%s", card)), 200);
    CHECK("says the same, of the e-card, too", client_has(&w->client, "请带身份证到窗口重置") &&
                                                   client_has(&w->client, "停用（密码锁定）"));
    CHECK_STATUS(w, "unlocked",
                 world_ask(w, &w->clerk, say("POST /v1/cards/%s/unlocks", card), "{}"), 201);
    CHECK_STATUS(w, "a formal report by its holder",
                 send_form(w, &s->other, say("/cards/%s/lose", card), lose, "kind=formal"), 403);
    CHECK("is sent to a window", client_has(&w->client, "须本人带身份证到任一社保卡窗口办理") &&
                                     !client_has(&w->client, "action=\"/cards/"));
    CHECK_STATUS(w, "a card that is not lost", get(w, &s->other, say("/cards/%s/replace", card)),
                 409);
    CHECK_STATUS(w, "the page of the loss", get(w, &s->other, say("/cards/%s/lose", card)), 200);
    mine = token(w, lose);
    CHECK_STATUS(w, "meanwhile reported by telephone",
                 world_ask(w, &w->agent, say("POST /v1/cards/%s/loss-reports", card),
                           "{\"kind\":\"temporary\",\"reason\":\"lost\"}"),
                 201);
    CHECK_STATUS(w, "reported again", post(w, &s->other, lose, "kind=temporary", mine), 409);
    CHECK("says when and how", client_has(&w->client, "通过电话挂失，不能使用。找到卡了？"));
    CHECK_STATUS(w, "lifted by more than a telephone call",
                 send_form(w, &s->other, lift, say("/cards/%s/loss-lifts", card), ""), 303);
    CHECK_STATUS(w, "lost on the web",
                 send_form(w, &s->other, say("/cards/%s/lose", card), lose, "kind=temporary"), 303);
    CHECK_STATUS(w, "lifting it needs more than one factor", get(w, &s->other, lift), 200);
    CHECK("and says how",
          client_has(&w->client,
                     say("href=\"/sign-in?way=both&amp;next=%%2Fcards%%2F%s%%2Flift\"", card)) &&
              !client_has(&w->client, "action=\"/cards/"));
    CHECK_STATUS(w, "so does a new card", get(w, &s->other, say("/cards/%s/replace", card)), 200);
    CHECK("too", client_has(&w->client, "/sign-in?way=both"));
    CHECK_STATUS(w, "replaced at a counter",
                 world_ask(w, &w->clerk, say("POST /v1/cards/%s/replacements", card),
                           "{\"reason\":\"lost\"}"),
                 201);
    CHECK_STATUS(w, "the old card's page", get(w, &s->other, lift), 409);
    CHECK("says that there is a newer one", client_has(&w->client, "此卡已补换新卡"));
}

/* Signing in by both, in two steps, and back to where it was asked for. */
static void check_sign_in(struct stage *s)
{
    struct api_world *w = &s->w;
    const struct act act = world_act(&w->base);
    const char *form;

    CHECK_OK("a password", registry_password_set(&w->base.rg, NULL, SUBJECT_PERSON, w->holder.id,
                                                 S("river-stone-42"), &act));
    CHECK_STATUS(w, "both", get(w, &NOBODY, "/sign-in?way=both&next=/bookings"), 200);
    form = say("number=%s&both=on&next=/bookings", w->holder_no);
    CHECK_STATUS(w, "the code is asked for",
                 post(w, &NOBODY, "/sign-in/sms-codes", form, token(w, "/sign-in/sms-codes")), 200);
    CHECK("and that none is sent within a minute", client_has(&w->client, "一分钟内不重发"));
    CHECK("with the password", client_has(&w->client, "name=\"code\"") &&
                                   client_has(&w->client, "name=\"password\"") &&
                                   client_has(&w->client, "value=\"/bookings\""));
    CHECK_STATUS(
        w, "a wrong code",
        post(w, &NOBODY, "/sign-in",
             say("number=%s&code=000000&password=river-stone-42&next=/bookings", w->holder_no),
             token(w, "/sign-in")),
        422);
    CHECK("says that it is wrong, and what to do",
          client_has(&w->client, "<a href=\"#code\">号码、密码或验证码不正确。"));
    CHECK("asks for both again", client_has(&w->client, "<a href=\"#code\">") &&
                                     client_has(&w->client, "name=\"password\""));
    CHECK_STATUS(w, "by password", get(w, &NOBODY, "/sign-in?way=password"), 200);
    CHECK_STATUS(w, "no number",
                 post(w, &NOBODY, "/sign-in/sms-codes",
                      "number=", (get(w, &NOBODY, "/sign-in"), token(w, "/sign-in/sms-codes"))),
                 422);
    CHECK("says so at the field", client_has(&w->client, "<a href=\"#number\">"));
    CHECK_STATUS(w, "by password", get(w, &NOBODY, "/sign-in?way=password"), 200);
    CHECK_STATUS(w, "signed in",
                 post(w, &NOBODY, "/sign-in",
                      say("number=%s&password=river-stone-42", w->holder_no), token(w, "/sign-in")),
                 303);
    CHECK("leads home", strcmp(location(w), "/home") == 0);
}

/* ---- lists and their empty states ---- */

static void check_lists(struct stage *s)
{
    struct api_world *w = &s->w;
    struct browser fresh, elder;
    char no[19];

    browser_open(w, world_person(w, "赵空空", "13700001111", no), PROOF_ONE_FACTOR, &fresh);
    CHECK_STATUS(w, "without a card", get(w, &fresh, "/home"), 200);
    CHECK("says how to get one",
          client_has(&w->client, "您名下还没有卡") && client_has(&w->client, "近期没有预约"));
    CHECK_STATUS(w, "its card", get(w, &fresh, "/card"), 303);
    CHECK("is told on the first page", strcmp(location(w), "/home") == 0);
    CHECK_STATUS(w, "losing it", get(w, &fresh, "/cards/current/lose"), 303);
    CHECK_STATUS(w, "its code", get(w, &fresh, "/code"), 200);
    CHECK("says why there is none", client_has(&w->client, "您还没有卡"));
    CHECK_STATUS(w, "its bookings", get(w, &fresh, "/bookings"), 200);
    CHECK("there are none", client_has(&w->client, "还没有预约"));
    CHECK_STATUS(w, "a name nobody has", get(w, &NOBODY, "/venues?q=%E4%B8%8D%E5%AD%98"), 200);
    CHECK("is told",
          client_has(&w->client, "没有找到") && client_has(&w->client, "value=\"不存\""));
    CHECK_STATUS(w, "a city without one", get(w, &NOBODY, "/venues?city=349900"), 200);
    CHECK("is told", client_has(&w->client, "没有找到"));
    CHECK_STATUS(w, "by pinyin, of a city", get(w, &NOBODY, "/venues?q=BO+WU+YUAN&city=340100"),
                 200);
    CHECK("is found", client_has(&w->client, "安徽博物院") && client_has(&w->client, "余 "));
    CHECK_STATUS(w, "all", get(w, &NOBODY, "/venues"), 200);
    CHECK("a page of them, and the next",
          client_has(&w->client, "href=\"/venues?from=20&amp;city=&amp;q=\""));
    CHECK_STATUS(w, "the next", get(w, &NOBODY, "/venues?from=20&city=&q="), 200);
    CHECK_STATUS(w, "a day that is none: today's slots",
                 get(w, &NOBODY, say("/venues/%s?day=2021-02-30", s->venue)), 200);
    CHECK_STATUS(w, "a day without times",
                 get(w, &NOBODY, say("/venues/%s?day=2021-08-25", s->venue)), 200);
    CHECK("is told", client_has(&w->client, "这一天没有开放时段"));
    CHECK_STATUS(w, "large print",
                 ask(w, &(struct browser){ .cookie = "elder=1" }, "zh", "GET /venues", NULL), 200);
    CHECK("is kept", client_has(&w->client, "class=\"elder\"") || client_has(&w->client, " elder"));
    elder = s->holder;
    snprintf(elder.cookie + strlen(elder.cookie), sizeof elder.cookie - strlen(elder.cookie),
             "; elder=1");
    CHECK_STATUS(w, "large print, signed in", get(w, &elder, "/card"), 200);
    CHECK("leads home first", client_has(&w->client, "<ul>\n<li><a href=\"/home\">首页</a></li>\n"
                                                     "<li><a href=\"/code\">"));
}

/* ---- receipts ---- */

static void check_proofs(struct stage *s)
{
    struct api_world *w = &s->w;
    const char *card = w->holder_card, *path;
    struct str code;
    char typed[80] = { 0 };
    size_t n = 0;

    CHECK_STATUS(w, "lost",
                 send_form(w, &s->holder, say("/cards/%s/lose", card),
                           say("/cards/%s/loss-reports", card), "kind=temporary"),
                 303);
    CHECK_STATUS(w, "its page", get(w, &s->holder, location(w)), 200);
    path = say("%.*s", (int)client_between(&w->client, "href=\"/proofs/", '"').n + 8,
               client_between(&w->client, "href=\"/proofs/", '"').p - 8);
    code = str_of(path + 8);
    CHECK_INT("35 characters in groups of five", (int64_t)code.n, 41);
    CHECK_STATUS(w, "for anybody", get(w, &NOBODY, path), 200);
    CHECK("genuine, with what it is about",
          client_has(&w->client, "凭证属实") && client_has(&w->client, "临时挂失") &&
              client_has(&w->client, "生效中") && client_has(&w->client, "<svg class=\"qr"));
    CHECK("and nobody's name", !client_has(&w->client, "张"));
    for (size_t i = 0; i < code.n; i++) { /* as typed from paper */
        char c = code.p[i];
        if (c == '-') continue;
        typed[n++] = c == '0' ? 'O' : c == '1' ? 'l' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    CHECK_STATUS(w, "typed", get(w, &NOBODY, say("/proofs?code=+%s+", typed)), 303);
    CHECK("leads to it", strcmp(location(w), path) == 0);
    CHECK_STATUS(
        w, "lifted",
        send_form(w, &s->both, say("/cards/%s/lift", card), say("/cards/%s/loss-lifts", card), ""),
        303);
    CHECK_STATUS(w, "the receipt of the report", ask(w, &NOBODY, "en", say("GET %s", path), NULL),
                 200);
    CHECK("says what became of it",
          client_has(&w->client, "Genuine") && client_has(&w->client, "Lifted"));
    typed[3] = typed[3] == '7' ? '8' : '7';
    CHECK_STATUS(w, "one character wrong", get(w, &NOBODY, say("/proofs?code=%s", typed)), 404);
    CHECK("is not one of ours", client_has(&w->client, "没有编号为"));
    CHECK_STATUS(w, "nor is this", get(w, &NOBODY, "/proofs/%3Cscript%3E"), 404);
    CHECK("shown as text", !client_has(&w->client, "<script>"));
    CHECK_STATUS(w, "nothing typed", get(w, &NOBODY, "/proofs?code="), 200);
    CHECK_OK("limits", limits_open(1000, &w->app.entropy, &w->app.limits));
    for (int i = 0; i < 20; i++)
        CHECK_STATUS(w, "twenty at once", get(w, &NOBODY, path), 200);
    CHECK_STATUS(w, "and no more", get(w, &NOBODY, path), 429);
    CHECK("with a way on", client_has(&w->client, say("href=\"%s\"", path)) ||
                               client_has(&w->client, "Retry-After"));
}

static void run(enum engine engine, void (*check)(struct stage *s))
{
    static struct stage s;

    if (stage_open(&s, engine)) check(&s);
    api_world_close(&s.w);
}

static void check_all(struct stage *s)
{
    check_lists(s);
    check_pages(s);
    check_taken(s);
}

static void check_acts(struct stage *s)
{
    struct api_world *w = &s->w;

    CHECK_STATUS(w, "lost",
                 send_form(w, &s->holder, say("/cards/%s/lose", w->holder_card),
                           say("/cards/%s/loss-reports", w->holder_card), "kind=temporary"),
                 303);
    check_forms(s);
    check_cancelled(s);
    check_uses(s);
    check_late(s);
}

/* Reported lost at a window, for good. */
static void check_formal(struct stage *s)
{
    struct api_world *w = &s->w;

    CHECK_STATUS(w, "a formal report at a window",
                 world_ask(w, &w->clerk, say("POST /v1/cards/%s/loss-reports", w->other_card),
                           "{\"kind\":\"formal\",\"reason\":\"lost\"}"),
                 201);
    CHECK_STATUS(w, "its code", get(w, &s->other, "/code"), 200);
    CHECK("is none: the report is formal", client_has(&w->client, "卡已正式挂失，不能出示码"));
    CHECK("a new card, or a window", client_has(&w->client, "请补办新卡；找到了请到窗口解除。"));
    CHECK("the e-card is not offered again",
          !client_has(&w->client, "单独恢复电子卡") && !client_has(&w->client, "ecard-on"));
}

static void check_rest(struct stage *s)
{
    check_cards(s);
    check_sign_in(s);
    check_proofs(s);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        run((enum engine)e, check_all);
        run((enum engine)e, check_acts);
        run((enum engine)e, check_rest);
        run((enum engine)e, check_formal);
    }
    return test_end();
}
