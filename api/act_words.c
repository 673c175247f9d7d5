/* api/act_words.c - what a journal line says to people: act, actor and place, zh and en. */
#include "api/act_words.h"

#include "catalogue/catalogue.h"
#include "registry/staff.h"
#include "venues/venues.h"

static const struct {
    const char *act, *zh, *en;
} ACTS[] = {
    /* uses */
    { "admitted", "入园", "Entry" },
    { "not_admitted", "入园", "Entry" },
    { "code_verified", "出示电子码", "Code checked" },
    { "short_code_verified", "出示数字码", "Short code checked" },
    { "booking_made", "预约", "Booked" },
    { "booking_cancelled", "取消预约", "Booking cancelled" },
    { "card_checked", "核验卡状态", "Card checked" },
    /* cards */
    { "card_issued", "发卡", "Card issued" },
    { "card_enabled", "启用社保功能", "Card enabled" },
    { "bank_activated", "激活金融账户", "Bank function activated" },
    { "card_lost", "临时挂失", "Reported lost" },
    { "card_lost_formal", "正式挂失", "Reported lost, formally" },
    { "card_found", "解除挂失", "Loss lifted" },
    { "loss_lapsed", "临时挂失到期", "Loss report lapsed" },
    { "ecard_consent", "本人同意启用电子社保卡", "E-card switched on by consent" },
    { "ecard_withdrawal", "本人停用电子社保卡", "E-card switched off again" },
    { "card_replaced", "补换卡", "Card replaced" },
    { "card_cancelled", "注销", "Card cancelled" },
    { "card_locked", "密码锁定", "Card locked" },
    { "card_unlocked", "密码解锁", "Card unlocked" },
    { "card_stopped", "停用", "Card stopped" },
    { "card_resumed", "恢复使用", "Card resumed" },
    { "card_moved", "卡状态变化", "Card changed" },
    { "pin_set", "设置社保密码", "PIN set" },
    { "activation_made", "发放激活号", "Activation number made" },
    { "device_enrolled", "手机登记", "Phone enrolled" },
    { "device_revoked", "手机注销", "Phone signed off" },
    { "paper_code_issued", "打印纸质码", "Paper code printed" },
    { "paper_code_revoked", "作废纸质码", "Paper code revoked" },
    /* people */
    { "person_added", "人员登记", "Person recorded" },
    { "person_merged", "合并重复人员", "Double record merged" },
    { "fact_corrected", "更正信息", "Record corrected" },
    { "death_recorded", "登记死亡", "Death recorded" },
    { "link_added", "登记代办关系", "Helper recorded" },
    { "link_ended", "解除代办关系", "Helper ended" },
    { "claim_recorded", "登记资格", "Entitlement recorded" },
    { "claim_withdrawn", "撤销资格", "Entitlement withdrawn" },
    { "claim_owner_set", "指定资格主管单位", "Owner of an entitlement named" },
    { "claim_owner_ended", "取消资格主管单位", "Owner of an entitlement ended" },
    /* looks at a record: api/looks.h */
    { "person_found", "查询时找到", "Found in a search" },
    { "person_viewed", "查看资料（已遮掩）", "Details viewed, masked" },
    { "cards_viewed", "查看名下的卡", "Cards viewed" },
    { "card_viewed", "查看一张卡", "Card viewed" },
    { "journal_viewed", "查看用卡记录", "Record of uses viewed" },
    { "notices_viewed", "查看所发消息", "Messages viewed" },
    { "relations_viewed", "查看监护与代办关系", "Guardians and helpers viewed" },
    { "booking_viewed", "查看一项预约", "Booking viewed" },
    { "fields_opened", "查看完整资料", "Details opened in full" },
    /* signing in */
    { "signed_in", "登录", "Signed in" },
    { "signin_refused", "登录未成功", "Sign-in failed" },
    { "signin_locked", "登录已锁定", "Sign-in locked" },
    { "token_made", "生成访问令牌", "Access token made" },
    { "token_ended", "收回访问令牌", "Access token taken back" },
    { "password_set", "修改密码", "Password set" },
    { "totp_set", "设置动态口令", "One-time codes set up" },
    /* staff */
    { "job_cancelled", "取消后台任务", "Job cancelled" },
    { "job_retried", "重试后台任务", "Job tried again" },
    { "audit_verification_asked", "核验留存记录", "Journal to be verified" },
    { "audit_viewed", "查阅操作记录", "Acts of staff looked at" },
    { "staff_added", "新增工作人员", "Staff added" },
    { "staff_disabled", "停用工作人员账号", "Staff account switched off" },
    { "staff_enabled", "启用工作人员账号", "Staff account switched on" },
    { "role_granted", "授予角色", "Role granted" },
    { "role_taken_back", "收回角色", "Role taken back" },
    { "terminal_added", "新增终端", "Terminal added" },
    { "terminal_activation_renewed", "重发终端激活码", "New activation number for a terminal" },
    { "terminal_enrolled", "终端登记密钥", "Terminal enrolled its key" },
    { "terminal_revoked", "停用终端", "Terminal revoked" },
    { "line_erased", "依规删除记录", "Line erased by rule" },
};

static size_t act_at(struct str act)
{
    size_t i = 0;

    while (i < LEN(ACTS) && !str_eq(act, str_of(ACTS[i].act)))
        i++;
    return i;
}

bool act_has_words(struct str act)
{
    return act_at(act) < LEN(ACTS);
}

struct str act_words(struct str act, bool english)
{
    size_t i = act_at(act);

    if (i == LEN(ACTS)) return english ? S("Some act") : S("其他办理");
    return str_of(english ? ACTS[i].en : ACTS[i].zh);
}

/* ---- looks: what and why ---- */

struct word {
    const char *name, *zh, *en;
};
static const struct word LOOK_FIELDS[] = {
    { "name", "姓名", "name" },           { "number", "证件号码", "document number" },
    { "phone", "手机号", "phone" },       { "birth_date", "出生日期", "date of birth" },
    { "card_no", "卡号", "card number" },
};
static const struct word LOOK_PURPOSES[] = {
    { "resident_request", "本人申请", "asked for by the resident" },
    { "counter_service", "窗口办理", "service at a window" },
    { "phone_service", "电话服务", "service by phone" },
    { "case_work", "办理申请或待遇", "deciding a case" },
    { "verification", "身份核验", "verification" },
    { "supervision", "监督检查", "supervision" },
    { "technical", "故障排查", "looking for a fault" },
};

static const char *word_of(const struct word *words, size_t n, struct str name, bool english)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name, str_of(words[i].name))) return english ? words[i].en : words[i].zh;
    }
    return NULL;
}

struct str look_words(const struct journal_line *line, bool english, struct arena *arena)
{
    char text[300];
    struct writer w = writer_over(text, sizeof text);
    struct str fields = line->note;
    const char *why;

    if (line->kind != JOURNAL_LOOK) return (struct str){ 0 };
    while (fields.n > 0) {
        struct str name = str_cut(fields, ',', &fields);
        const char *field = word_of(LOOK_FIELDS, LEN(LOOK_FIELDS), name, english);

        if (!field) continue;
        if (w.n > 0) put_str(&w, english ? S(", ") : S("、"));
        put_str(&w, str_of(field));
    }
    why = word_of(LOOK_PURPOSES, LEN(LOOK_PURPOSES), line->purpose, english);
    if (why) {
        if (w.n > 0) put_str(&w, english ? S("; ") : S("；"));
        put_str(&w, english ? S("for: ") : S("用途："));
        put_str(&w, str_of(why));
    }
    return arena_str(arena, writer_str(&w));
}

struct str place_words(struct app *app, int64_t place_id, bool english)
{
    const struct place *place = place_find(catalogue_now(app->shelf), place_id);

    if (!place) return (struct str){ 0 };
    return english ? place->name.en : place->name.zh;
}

/* ---- who ---- */

static const char *role_words(enum role role, bool english)
{
    static const char *const WORDS[ROLES][2] = {
        [ROLE_AGENT] = { "12333热线", "12333 line" },
        [ROLE_CLERK] = { "窗口人员", "Clerk" },
        [ROLE_SUPERVISOR] = { "窗口主管", "Supervisor" },
        [ROLE_OFFICER] = { "经办人员", "Officer" },
        [ROLE_FINANCE] = { "财务人员", "Finance officer" },
        [ROLE_CLEARING] = { "清算人员", "Clearing officer" },
        [ROLE_VENUE] = { "场馆人员", "Venue staff" },
        [ROLE_LIBRARY] = { "图书馆员", "Librarian" },
        [ROLE_HOSPITAL] = { "医院人员", "Hospital staff" },
        [ROLE_PHARMACY] = { "药店人员", "Pharmacy staff" },
        [ROLE_UNION] = { "工会人员", "Union staff" },
        [ROLE_ADMIN] = { "管理员", "Administrator" },
        [ROLE_AUDITOR] = { "审计人员", "Auditor" },
        [ROLE_OPERATOR] = { "运行人员", "Operator" },
        [ROLE_DEVELOPER] = { "开发人员", "Developer" },
    };

    if (role >= ROLES || !WORDS[role][0]) return english ? "Staff" : "工作人员";
    return WORDS[role][english];
}

/* Of an office, else of the region that the role is held in. */
static RESULT staff_words(struct app *app, int64_t staff_id, bool english, struct arena *arena,
                          struct str *out)
{
    const struct catalogue *cat = catalogue_now(app->shelf);
    const struct organisation *org;
    const struct region *region;
    struct str where = { 0 };
    struct staff staff;
    struct err err = registry_staff_load(app->store, staff_id, &staff);
    const char *role = role_words(0, english);

    if (err.code < 0) return err;
    if (err.code == 0) {
        org = organisation_find(cat, staff.org_id);
        region = staff.grants_n > 0 ? region_find(cat, staff.grants[0].region_code) : NULL;
        if (staff.grants_n > 0) role = role_words(staff.grants[0].role, english);
        if (org) where = english ? org->name.en : org->name.zh;
        if (where.n == 0 && region) where = english ? region->name.en : region->name.zh;
    }
    if (where.n == 0)
        *out = str_of(role);
    else if (english)
        *out = arena_format(arena, "%s, %.*s", role, (int)where.n, where.p);
    else
        *out = arena_format(arena, "%.*s%s", (int)where.n, where.p, role);
    return OK;
}

static RESULT terminal_words(struct app *app, int64_t terminal_id, bool english,
                             struct arena *arena, struct str *out)
{
    static const char *const KINDS[][2] = { { "终端", "Terminal" },
                                            [TERMINAL_GATE] = { "闸机", "Gate" },
                                            [TERMINAL_COUNTER] = { "窗口终端", "Counter" },
                                            [TERMINAL_HANDHELD] = { "手持终端", "Handheld" } };
    struct terminal terminal;
    struct err err = venues_terminal_get(app->store, terminal_id, &terminal);

    if (err.code < 0) return err;
    if (err.code > 0)
        *out = str_of(KINDS[0][english]);
    else
        *out = arena_format(arena, "%s %s", KINDS[terminal.kind][english], terminal.name);
    return OK;
}

RESULT actor_words(struct app *app, const struct journal_line *line, bool english,
                   struct arena *arena, struct str *out)
{
    *out = (struct str){ 0 };
    switch (line->actor) {
    case ACTOR_HOLDER:
        *out = english ? S("Holder") : S("本人");
        break;
    case ACTOR_HELPER:
        *out = english ? S("Helper") : S("代办人");
        break;
    case ACTOR_STAFF:
        return staff_words(app, line->actor_id, english, arena, out);
    case ACTOR_TERMINAL:
        return terminal_words(app, line->actor_id, english, arena, out);
    case ACTOR_JOB:
        *out = english ? S("The system") : S("系统");
        break;
    case ACTOR_PARTNER:
        *out = english ? S("Partner agency") : S("合作单位");
        break;
    }
    return OK;
}
