/* api/refusals_services.c - texts of verification, venues and what terminals speak. */
#include "api/refusals.h"

#include "card/wire/code.h"
#include "card/wire/stop_list.h"
#include "identity/identity.h"
#include "venues/venues.h"

static bool say_code(enum code_refusal code, struct refusal *out)
{
    switch (code) {
    case CODE_UNREADABLE:
        SAY(422, "code_unreadable", "Not a code of ours", "无法识别该码");
    case CODE_FORMAT_UNKNOWN:
        SAY(422, "code_format_unknown", "A newer format than this program knows",
            "码的格式版本过新");
    case CODE_FIELD_WRONG:
        SAY(422, "code_field_wrong", "A field of the code is wrong", "码的内容有误");
    case CODE_CHECK_CHARACTER:
        SAY(422, "code_check_character", "The code was typed wrongly", "数字码输入有误");
    }
    return false;
}

static bool say_stop_list(enum stop_list_refusal code, struct refusal *out)
{
    switch (code) {
    case STOP_LIST_UNREADABLE:
        SAY(422, "stop_list_unreadable", "Not a stop list", "无法识别停用名单");
    case STOP_LIST_FORMAT_UNKNOWN:
        SAY(422, "stop_list_format_unknown", "A newer format than this program knows",
            "停用名单格式版本过新");
    case STOP_LIST_DAMAGED:
        SAY(422, "stop_list_damaged", "The stop list is damaged", "停用名单已损坏");
    case STOP_LIST_INCARNATION:
        SAY(409, "stop_list_incarnation", "A delta of another incarnation: fetch a full list",
            "请获取完整停用名单");
    case STOP_LIST_GAP:
        SAY(409, "stop_list_gap", "A delta that does not begin where the list stands",
            "增量名单不连续");
    }
    return false;
}

static bool say_identity(enum identity_refusal code, struct refusal *out)
{
    switch (code) {
    case IDENTITY_TEST_CODE:
        SAY(409, "code_test", "A test code where only real ones are taken", "测试码不能在此使用");
    case IDENTITY_KEY_UNKNOWN:
        SAY(409, "code_key_unknown", "The code's issuer key is not known", "无法识别该码的签发方");
    case IDENTITY_BUNDLE_FORGED:
        SAY(409, "code_bundle_forged", "The code's certificate is forged", "该码的凭证不真实");
    case IDENTITY_CODE_FORGED:
        SAY(409, "code_forged", "The code is forged", "该码不真实");
    case IDENTITY_CLOCK_FAST:
        TELL(409, "code_clock_fast", "The phone's clock is fast", "手机时间偏快",
             "Set the phone's time to automatic, then refresh the code.",
             "请在手机设置中打开“自动设置时间”后刷新。");
    case IDENTITY_CODE_EXPIRED:
        SAY(409, "code_too_old", "The code is too old", "该码已过期，请刷新");
    case IDENTITY_BUNDLE_EXPIRED:
        SAY(409, "code_bundle_expired", "The phone must go online once",
            "手机需联网一次以更新凭证");
    case IDENTITY_PURPOSE:
        SAY(409, "code_purpose", "The code was made for another purpose", "用途不符");
    case IDENTITY_STRENGTH:
        SAY(409, "code_strength", "The code is too weak for this use",
            "该码强度不足，不能用于此项业务");
    case IDENTITY_ONLINE_ONLY:
        SAY(409, "code_online_only", "This is never judged offline", "此业务必须联网核验");
    case IDENTITY_LIST_STALE:
        SAY(503, "stop_list_stale", "The stop list is too old", "停用名单过旧");
    case IDENTITY_CARD_UNKNOWN:
        SAY(404, "verify_card_unknown", "There is no such card", "没有该卡");
    case IDENTITY_CARD_STOPPED:
        SAY(409, "card_stopped", "The card can't be used", "此卡不能使用");
    case IDENTITY_CARD_EPOCH:
        SAY(409, "code_card_changed", "The code is from before the card's last change",
            "卡状态已变化，请刷新二维码");
    case IDENTITY_DEVICE_REVOKED:
        SAY(409, "code_device_revoked", "The phone was signed off or replaced", "该手机已停用");
    case IDENTITY_PAPER_REVOKED:
        SAY(409, "paper_revoked", "The paper code was revoked", "该纸质码已作废");
    case IDENTITY_CODE_USED:
        SAY(409, "code_used", "The code was used already", "该码已使用，请刷新");
    case IDENTITY_SHORT_WRONG:
        SAY(409, "short_code_wrong", "No such short code, or it is over", "数字码不正确或已失效");
    case IDENTITY_TRIES_OUT:
        SAY(429, "short_code_tries", "Too many wrong short codes at this terminal",
            "本终端输错次数过多");
    case IDENTITY_DEVICE_UNKNOWN:
        SAY(404, "bundle_device_unknown", "Not the holder's active device", "不是持卡人当前设备");
    case IDENTITY_PAPER_LIMIT:
        SAY(409, "paper_limit", "As many paper codes are out as may", "纸质码数量已达上限");
    case IDENTITY_CODE_TWICE:
        SAY(409, "code_twice", "The code was used elsewhere too", "该码在别处也使用过");
    case IDENTITY_RECORD_FULL:
        SAY(503, "record_full", "The record's queue is full, so no answer is given",
            "记录队列已满，暂不能核验");
    }
    return false;
}

static bool say_venues(enum venues_refusal code, struct refusal *out)
{
    switch (code) {
    case VENUES_SLOT_UNKNOWN:
        SAY(404, "slot_unknown", "There is no such slot", "没有该时段");
    case VENUES_SLOT_CLOSED:
        SAY(409, "slot_closed", "The slot is not open", "该时段不可预约");
    case VENUES_QUOTA_EXHAUSTED:
        SAY(409, "quota_exhausted", "Fewer places are left than asked for", "名额不足");
    case VENUES_PAUSED:
        SAY(409, "booking_paused", "Booking is paused after three no-shows",
            "因三次爽约，预约已暂停");
    case VENUES_BOOKED_ALREADY:
        SAY(409, "booked_already", "You have a booking of this slot", "您已预约该时段");
    case VENUES_BOOKING_UNKNOWN:
        SAY(404, "booking_unknown", "There is no such booking", "没有该预约");
    case VENUES_BOOKING_OVER:
        SAY(409, "booking_over", "The booking is cancelled, used or over",
            "预约已取消、已使用或已过期");
    case VENUES_CANCEL_LATE:
        SAY(409, "cancel_late", "The slot has begun", "时段已开始，不能取消");
    case VENUES_SLOT_WRONG:
        SAY(422, "slot_wrong", "Times out of order, or a quota below what is taken",
            "时段时间或名额有误");
    case VENUES_NO_SLOT_NOW:
        SAY(409, "no_slot_now", "The place is not open now", "场所当前未开放");
    case VENUES_ADMITTED_ALREADY:
        SAY(409, "admitted_already", "Admitted already", "已入场");
    case VENUES_BOOKING_EARLY:
        SAY(409, "booking_early", "Booked for later today", "预约时段未到");
    case VENUES_BOOKING_MISSED:
        SAY(409, "booking_missed", "The booked slot is over", "预约时段已过");
    case VENUES_NO_FREE_PLACE:
        SAY(409, "no_free_place", "No booking, and no free place is left",
            "没有预约且现场名额已满");
    case VENUES_TERMINAL_UNKNOWN:
        SAY(404, "terminal_unknown", "There is no such terminal", "没有该终端");
    case VENUES_TERMINAL_REVOKED:
        SAY(409, "terminal_revoked", "The terminal was revoked", "终端已停用");
    case VENUES_ACTIVATION_OVER:
        SAY(409, "activation_over", "The activation number was used or is over",
            "激活码已使用或已过期");
    case VENUES_ACTIVATION_WRONG:
        SAY(403, "activation_wrong", "The activation number is wrong", "激活码不正确");
    case VENUES_KEY_PROOF:
        SAY(422, "key_proof", "The key's own signature is wrong", "密钥持有证明不正确");
    case VENUES_NOT_ENROLLED:
        SAY(409, "terminal_not_enrolled", "The terminal has no key yet", "终端尚未登记密钥");
    case VENUES_ASSERTION_BAD:
        SAY(401, "assertion_wrong", "The signed assertion is wrong", "终端签名断言不正确");
    case VENUES_ASSERTION_TIME:
        SAY(401, "assertion_time", "The terminal's clock is off by more than a minute",
            "终端时间偏差超过一分钟");
    case VENUES_ASSERTION_USED:
        SAY(401, "assertion_used", "This assertion was shown before", "终端签名断言已使用");
    case VENUES_TOKEN_UNKNOWN:
        SAY(401, "terminal_token_unknown", "The terminal's token is unknown or over",
            "终端令牌无效或已过期");
    case VENUES_NAME_NUMBER:
        SAY(422, "terminal_name_number", "A citizen's number is no name of a terminal",
            "终端名称不能是公民身份号码");
    case VENUES_LIST_UNKNOWN:
        SAY(409, "list_unknown", "No such stop list was made: get the whole list again",
            "没有这一版停用名单，请重新获取完整名单");
    case VENUES_UPLOAD_SIGNATURE:
        SAY(422, "upload_signature", "The upload's signature is wrong", "上传数据签名不正确");
    case VENUES_UPLOAD_DIFFERENT:
        SAY(409, "upload_different", "This batch was uploaded with other content",
            "该批次已上传且内容不同");
    case VENUES_UPLOAD_GAP:
        SAY(409, "upload_gap", "A batch before this one is missing", "缺少前一批次");
    case VENUES_LINE_TIME:
        SAY(422, "line_time", "The line's time lies ahead, or before 2020", "记录时间有误");
    case VENUES_LINE_VERDICT:
        SAY(422, "line_verdict", "The line's verdict is no refusal we know", "记录的核验结果有误");
    }
    return false;
}

bool refusal_services(int code, struct refusal *out)
{
    return say_code((enum code_refusal)code, out) ||
           say_stop_list((enum stop_list_refusal)code, out) ||
           say_identity((enum identity_refusal)code, out) ||
           say_venues((enum venues_refusal)code, out);
}
