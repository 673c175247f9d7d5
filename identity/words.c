/* identity/words.c - verdicts in words for a gate's or a counter's screen. */
#include "identity/identity.h"

struct words {
    int code;
    const char *zh, *en;
};

/* clang-format off */
static const struct words WORDS[] = {
    { 0, "通过", "Pass" },
    { CODE_UNREADABLE, "不是可识别的码", "This is not a code of ours." },
    { CODE_FORMAT_UNKNOWN, "码的版本过新，请升级设备", "A newer kind of code: this reader needs an update." },
    { CODE_FIELD_WRONG, "码的内容有误，请刷新", "The code is damaged. Please refresh." },
    { CODE_CHECK_CHARACTER, "短码输入有误，请核对", "Typed wrongly. Please check the characters." },
    { IDENTITY_TEST_CODE, "测试码，此处无效", "A test code. Not valid here." },
    { IDENTITY_KEY_UNKNOWN, "签发机构密钥未知，请联网更新", "Unknown issuer key. This reader needs an update." },
    { IDENTITY_BUNDLE_FORGED, "签发机构签名不符", "Not signed by the issuer." },
    { IDENTITY_CODE_FORGED, "设备签名不符", "Not signed by the holder's phone." },
    { IDENTITY_CLOCK_FAST, "手机时间偏快，请校准时间后刷新", "The phone's clock is fast. Set it, then refresh." },
    { IDENTITY_CODE_EXPIRED, "该码已过期，请刷新", "This code is over. Please refresh." },
    { IDENTITY_BUNDLE_EXPIRED, "码的有效期已过，请联网更新", "The phone must go online once, or the sheet is over." },
    { IDENTITY_PURPOSE, "用途不符，请在码页选择正确用途", "Made for another purpose. Choose the right one." },
    { IDENTITY_STRENGTH, "该码等级不够，不能用于此事项", "This code is too weak for this use." },
    { IDENTITY_ONLINE_ONLY, "脱机时不能核验，请联网或走人工通道", "Can't be judged offline. Use a manned lane." },
    { IDENTITY_LIST_STALE, "停用名单过期，请联网或走人工通道", "The stop list is too old. Use a manned lane." },
    { IDENTITY_CARD_UNKNOWN, "查无此卡", "No such card." },
    { IDENTITY_CARD_STOPPED, "此卡不能使用", "This card can't be used." },
    { IDENTITY_CARD_EPOCH, "卡状态已变更，请刷新码", "The card has changed. Please refresh the code." },
    { IDENTITY_DEVICE_REVOKED, "该手机已停用出码", "This phone no longer makes codes." },
    { IDENTITY_PAPER_REVOKED, "该纸质码已作废", "This sheet was revoked." },
    { IDENTITY_CODE_USED, "该码已使用，请刷新", "This code was used. Please refresh." },
    { IDENTITY_SHORT_WRONG, "短码不存在或已过期", "No such short code, or it is over." },
    { IDENTITY_TRIES_OUT, "错误次数过多，请稍后再试", "Too many wrong codes. Please wait." },
    { IDENTITY_DEVICE_UNKNOWN, "该手机未登记", "This phone is not enrolled." },
    { IDENTITY_PAPER_LIMIT, "有效纸质码已达上限", "No more sheets: revoke one first." },
    { IDENTITY_CODE_TWICE, "该码在别处也使用过", "This code was used elsewhere too." },
    { IDENTITY_RECORD_FULL, "系统繁忙，请重试", "Busy. Please try again." },
};
static const struct words CARD_WORDS[] = { /* by enum verdict_card */
    { VERDICT_CARD_NONE, "此卡不能使用", "This card can't be used." },
    { VERDICT_CARD_SEALED, "此卡尚未启用", "This card is not enabled yet." },
    { VERDICT_CARD_TEMP_LOSS, "此卡已临时挂失，不能使用", "This card was reported lost." },
    { VERDICT_CARD_LOSS, "此卡已正式挂失，不能使用", "This card was formally reported lost." },
    { VERDICT_CARD_LOCKED, "此卡已锁定，请重置密码", "This card is locked. Its PIN must be reset." },
    { VERDICT_CARD_STOPPED, "此卡已停用", "This card was stopped." },
    { VERDICT_CARD_REPLACED, "此卡已补换，请使用新卡", "This card was replaced. Please use the new one." },
    { VERDICT_CARD_CANCELLED, "此卡已注销", "This card was cancelled." },
};
/* clang-format on */

const char *verdict_words(int code, const struct verdict *verdict, bool english)
{
    if (code == IDENTITY_CARD_STOPPED && verdict && (size_t)verdict->card < LEN(CARD_WORDS))
        return english ? CARD_WORDS[verdict->card].en : CARD_WORDS[verdict->card].zh;
    for (size_t i = 0; i < LEN(WORDS); i++) {
        if (WORDS[i].code == code) return english ? WORDS[i].en : WORDS[i].zh;
    }
    return english ? "Can't be judged now. Please try again." : "暂时无法核验，请重试";
}

void verdict_clock_words(const struct verdict *verdict, bool english, struct writer *w)
{
    int64_t minutes = verdict->skew_minutes;

    if (minutes == 0) return;
    if (english) {
        put_format(w,
                   "If the code was just made, the phone's clock is about %" PRId64
                   " minute%s %s. Turn on \"set time automatically\".",
                   minutes < 0 ? -minutes : minutes, minutes == 1 || minutes == -1 ? "" : "s",
                   minutes < 0 ? "slow" : "fast");
    } else {
        put_str(w, S("手机时间"));
        put_str(w, minutes < 0 ? S("慢") : S("快"));
        put_format(w,
                   "了约%" PRId64 "分钟，二维码可能无法通过。请在手机设置中打开\"自动设置时间\"。",
                   minutes < 0 ? -minutes : minutes);
    }
}
