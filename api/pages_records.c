/* api/pages_records.c - the record line, and who used my card.
 *
 * GET /records           the newest sealed journal lines, without persons
 * GET /uses?before=      谁用过我的卡, newest first */
#include "api/handlers.h"
#include "api/pages.h"

#include "catalogue/catalogue.h"
#include "journal/journal.h"

struct str act_words(struct str act, bool english)
{
    static const struct {
        const char *act, *zh, *en;
    } WORDS[] = {
        { "admitted", "入园", "Entry" },
        { "not_admitted", "入园", "Entry" },
        { "code_verified", "出示电子码", "Code checked" },
        { "short_code_verified", "出示数字码", "Short code checked" },
        { "card_checked", "核验卡状态", "Card checked" },
        { "card_lost", "临时挂失", "Reported lost" },
        { "card_lost_formal", "正式挂失", "Reported lost, formally" },
        { "card_found", "解除挂失", "Loss lifted" },
        { "loss_lapsed", "临时挂失到期", "Loss report lapsed" },
        { "card_issued", "发卡", "Card issued" },
        { "card_enabled", "启用", "Card enabled" },
        { "card_replaced", "补换卡", "Card replaced" },
        { "card_cancelled", "注销", "Card cancelled" },
        { "card_locked", "锁定", "Card locked" },
        { "card_unlocked", "解锁", "Card unlocked" },
        { "card_moved", "卡状态变化", "Card changed" },
        { "ecard_consent", "本人同意启用电子社保卡", "E-card switched on by consent" },
        { "device_enrolled", "手机登记", "Phone enrolled" },
        { "device_revoked", "手机注销", "Phone signed off" },
        { "person_added", "人员登记", "Person recorded" },
        { "person_found", "查询到您的记录", "Your record was found in a search" },
        { "person_viewed", "查看您的资料（已遮掩）", "Your details were viewed, masked" },
        { "cards_viewed", "查看您的卡", "Your cards were viewed" },
        { "card_viewed", "查看您的卡", "Your card was viewed" },
        { "journal_viewed", "查看您的用卡记录", "Your record of uses was viewed" },
        { "notices_viewed", "查看发给您的消息", "Your messages were viewed" },
        { "relations_viewed", "查看您的监护与代办关系", "Your guardians and helpers were viewed" },
        { "fields_opened", "查看您的完整资料", "Your details were opened in full" },
        { "signed_in", "登录", "Signed in" },
        { "token_made", "登录", "Signed in" },
        { "password_set", "修改密码", "Password set" },
        { "pin_set", "设置社保密码", "PIN set" },
    };

    for (size_t i = 0; i < LEN(WORDS); i++) {
        if (str_eq(act, str_of(WORDS[i].act))) return str_of(english ? WORDS[i].en : WORDS[i].zh);
    }
    return act;
}

static struct str actor_words(const struct request *rq, enum journal_actor actor)
{
    static const char *const WORDS[][2] = {
        { "", "" },
        [ACTOR_HOLDER] = { "本人", "Holder" },
        [ACTOR_HELPER] = { "代办人", "Helper" },
        [ACTOR_STAFF] = { "工作人员", "Staff" },
        [ACTOR_TERMINAL] = { "闸机或终端", "Gate or terminal" },
        [ACTOR_JOB] = { "系统", "System" },
        [ACTOR_PARTNER] = { "合作单位", "Partner" },
    };

    return words_of(rq, WORDS[actor][0], WORDS[actor][1]);
}

static struct str place_words(struct app *app, const struct request *rq, int64_t place_id)
{
    const struct place *place = place_find(catalogue_now(app->shelf), place_id);

    if (!place) return (struct str){ 0 };
    return page_english(rq) ? place->name.en : place->name.zh;
}

enum { LINES_SHOWN = 30 };

struct gather {
    struct app *app;
    const struct request *rq;
    struct web_record_line lines[LINES_SHOWN]; /* oldest first */
    size_t n;
};

static struct err gather_one(void *arg, const struct feed_entry *entry)
{
    struct gather *gather = arg;
    const struct request *rq = gather->rq;
    struct journal_record record;
    struct err err =
        journal_line_get(gather->app->store, entry->root, entry->subject_id, rq->arena, &record);

    if (err.code < 0) return err;
    if (err.code > 0 || record.erased || gather->n == LINES_SHOWN) return OK;
    gather->lines[gather->n++] = (struct web_record_line){
        .at = record.line.at,
        .id = id_text(rq, "jrn", record.id),
        .text = act_words(record.line.act, page_english(rq)),
        .place = place_words(gather->app, rq, record.line.place_id),
        .actor = actor_words(rq, record.line.actor),
        .verdict = record.line.verdict == 0 ? WEB_USE_ALLOWED : WEB_USE_REFUSED,
        .simulated = record.line.provenance != PROVENANCE_REAL,
    };
    return OK;
}

struct err get_records_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct gather *gather = NEW(rq->arena, struct gather);
    struct web_record_line *newest = NEW_ARRAY(rq->arena, struct web_record_line, LINES_SHOWN);
    struct web_records_view view = { .stream = S("/v1/journal-lines/events"), .sealed = true };
    struct feed_status status;
    struct web_frame frame;
    int64_t from;

    if (!app->demo) { /* a demonstration shows it to everybody, as its stream does */
        REQUIRE(rq->session, API_SIGN_IN);
        TRY(request_may(rq, MAY_JOURNAL_VIEW, 0, 0));
    }
    if (!gather || !newest) return fault(FAULT_MEMORY, "records");
    *gather = (struct gather){ .app = app, .rq = rq };
    TRY(feed_status(app->store, FEED_JOURNAL, &status));
    from = status.head_position > LINES_SHOWN ? status.head_position - LINES_SHOWN : 0;
    TRY(feed_read(app->store, FEED_JOURNAL, from, LINES_SHOWN, gather_one, gather));
    for (size_t i = 0; i < gather->n; i++)
        newest[i] = gather->lines[gather->n - 1 - i];
    view.lines = newest;
    view.lines_n = gather->n;
    frame = frame_of(app, rq, rp);
    frame.role = WEB_NOBODY; /* nobody's own page: it has no navigation */
    web_records(web_reply(rp, 200), &frame, &view);
    return OK;
}

static enum web_use_kind kind_of(const struct journal_line *line)
{
    if (line->kind == JOURNAL_USE)
        return str_eq(line->act, S("admitted")) ? WEB_USE_ADMIT : WEB_USE_VERIFY;
    return line->kind == JOURNAL_LOOK ? WEB_USE_READ : WEB_USE_STAFF;
}

struct err get_uses_page(struct app *app, const struct request *rq, struct reply *rp)
{
    struct journal_ask ask = { .limit = LINES_SHOWN };
    struct web_use_line *lines = NEW_ARRAY(rq->arena, struct web_use_line, LINES_SHOWN);
    struct web_uses_view view = { .lines = lines };
    struct journal_page page;
    struct web_frame frame;
    struct str id;
    bool given;
    const struct json_field query[] = { JSON_OPTIONAL(JSON_ID("before", "jrn", &ask.before),
                                                      &given) };

    REQUIRE(request_session(rq)->actor == ACTOR_HOLDER, API_SCOPE);
    TRY(query_read(rq, query, LEN(query)));
    if (!lines) return fault(FAULT_MEMORY, "uses");
    ask.person_id = request_session(rq)->person_id;
    TRY(journal_lines(app->store, &ask, rq->arena, &page));
    for (int i = 0; i < page.n; i++) {
        const struct journal_line *line = &page.records[i].line;
        struct refusal refusal;

        if (page.records[i].erased) continue;
        lines[view.lines_n] = (struct web_use_line){
            .at = line->at,
            .kind = kind_of(line),
            .verdict = line->verdict == 0 ? WEB_USE_ALLOWED : WEB_USE_REFUSED,
            .item = act_words(line->act, page_english(rq)),
            .place = place_words(app, rq, line->place_id),
            .actor = actor_words(rq, line->actor),
            .simulated = line->provenance != PROVENANCE_REAL,
        };
        if (line->verdict != 0) {
            refusal = refusal_of(line->verdict);
            lines[view.lines_n].reason = words_of(rq, refusal.title_zh, refusal.title_en);
        }
        view.lines_n++;
    }
    if (page.more && page.n > 0) {
        id = id_text(rq, "jrn", page.records[page.n - 1].id);
        view.older = arena_format(rq->arena, "/uses?before=%.*s", (int)id.n, id.p);
    }
    frame = frame_of(app, rq, rp);
    web_uses(web_reply(rp, 200), &frame, &view);
    return OK;
}
