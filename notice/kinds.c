/* notice/kinds.c - the kinds of notices, their parameters and their words. A text says what
 * happened, to which card, when, and what the holder can do; numbers come in masked. */
#include "notice/kinds.h"

#define HELP_ZH "如非本人操作，请拨打12333。"
#define HELP_EN " Not you? Call 12333."

/* clang-format off */
static const struct kind KINDS[] = {
    { NOTICE_ONE_TIME_CODE, "one_time_code", true, { "purpose", "minutes" },
      "验证码{code}，用于{purpose}，{minutes}分钟内有效。工作人员不会向您索要验证码。",
      "Code {code} for {purpose}, valid {minutes} minutes. Nobody of us will ever ask you for it." },
    { NOTICE_CARD_ISSUED, "card_issued", false, { "card" },
      "您的社会保障卡{card}已制成，启用后即可使用。", "Your card {card} is made. It works once activated." },
    { NOTICE_CARD_ACTIVATED, "card_activated", false, { "card", "function" },
      "您的社会保障卡{card}已启用{function}。" HELP_ZH, "Your card {card}: {function} activated." HELP_EN },
    { NOTICE_CARD_LOST, "card_lost", true, { "card", "at", "until", "how" },
      "您的社会保障卡{card}已于{at}通过{how}挂失，{until}自动解除；其间卡、电子社保卡和交通账户均不可用。" HELP_ZH,
      "Your card {card} was reported lost at {at} by {how}; card, e-card and transit purse stopped until {until}." HELP_EN },
    { NOTICE_LOSS_ENDS_SOON, "loss_ends_soon", true, { "card", "until" },
      "您的社会保障卡{card}的临时挂失将于{until}自动解除。仍未找到请办理正式挂失或补卡。",
      "The temporary loss of your card {card} ends by itself at {until}. Still lost? Report formally or replace it." },
    { NOTICE_LOSS_LAPSED, "loss_lapsed", true, { "card", "at" },
      "您的社会保障卡{card}的临时挂失已于{at}到期解除，卡可以使用。",
      "The temporary loss of your card {card} ended at {at}; the card works again." },
    { NOTICE_LOSS_LIFTED, "loss_lifted", true, { "card", "at" },
      "您的社会保障卡{card}已于{at}解除挂失。" HELP_ZH, "Your card {card} was set free at {at}." HELP_EN },
    { NOTICE_FORMAL_LOSS, "formal_loss", true, { "card", "at" },
      "您的社会保障卡{card}已于{at}正式挂失。" HELP_ZH, "Your card {card} was formally reported lost at {at}." HELP_EN },
    { NOTICE_CARD_REPLACED, "card_replaced", true, { "card", "new_card" },
      "您的社会保障卡{card}已由新卡{new_card}替换，原有业务随新卡延续。" HELP_ZH,
      "Your card {card} was replaced by {new_card}; what was bound to it goes on with the new one." HELP_EN },
    { NOTICE_CARD_CANCELLED, "card_cancelled", true, { "card", "at", "reason" },
      "您的社会保障卡{card}已于{at}注销，原因：{reason}。" HELP_ZH,
      "Your card {card} was cancelled at {at}: {reason}." HELP_EN },
    { NOTICE_ECARD_ON, "ecard_on", true, { "card", "at" },
      "挂失期间，您已于{at}同意继续使用社会保障卡{card}的电子社保卡。" HELP_ZH,
      "While card {card} is lost, its e-card was switched on with your consent at {at}." HELP_EN },
    { NOTICE_DEVICE_ENROLLED, "device_enrolled", true, { "device", "at" },
      "设备{device}已于{at}启用您的电子社保卡。" HELP_ZH, "Device {device} can show your e-card since {at}." HELP_EN },
    { NOTICE_DEVICE_REVOKED, "device_revoked", true, { "device", "at" },
      "设备{device}已于{at}停用您的电子社保卡。", "Device {device} can no longer show your e-card, since {at}." },
    { NOTICE_BOOKING_MADE, "booking_made", false, { "place", "slot", "places" },
      "已预约{place}，{slot}，{places}人。", "Booked: {place}, {slot}, {places} people." },
    { NOTICE_BOOKING_CANCELLED, "booking_cancelled", false, { "place", "slot" },
      "{place} {slot}的预约已取消。", "Booking cancelled: {place}, {slot}." },
    { NOTICE_ADMITTED, "admitted", false, { "place", "at" },
      "您已于{at}进入{place}。" HELP_ZH, "You entered {place} at {at}." HELP_EN },
    { NOTICE_NO_SHOW, "no_show", false, { "place", "slot" },
      "您预约的{place} {slot}未到场，多次未到将暂停预约。",
      "You did not come to {place}, {slot}. Several times in a row pause booking." },
    { NOTICE_CONTEST_RECEIVED, "contest_received", false, { "number", "due" },
      "您的用卡异议已受理，编号{number}，{due}前答复。", "Your objection is registered as {number}; answer due by {due}." },
    { NOTICE_CONTEST_ANSWERED, "contest_answered", false, { "number", "outcome" },
      "您的异议{number}已答复：{outcome}。不满意可要求复核。",
      "Your objection {number} was answered: {outcome}. You may ask for a second look." },
    { NOTICE_SIGNED_IN, "signed_in", true, { "at", "how" },
      "您的账户于{at}通过{how}登录。" HELP_ZH, "Your account was signed in at {at} by {how}." HELP_EN },
    { NOTICE_LOCKED_OUT, "locked_out", true, { "at", "until" },
      "您的账户因多次输错于{at}锁定，{until}后可再试。" HELP_ZH,
      "Your account was locked at {at} after wrong tries; try again after {until}." HELP_EN },
    { NOTICE_DATA_SEEN, "data_seen", true, { "at", "who", "purpose" },
      "{who}于{at}因{purpose}查看了您的信息。可在“谁用过我的卡”中提出异议。",
      "{who} looked at your data at {at} for {purpose}. You may object under \"Who used my card\"." },
    { NOTICE_CARD_LOCKED, "card_locked", true, { "card", "at" },
      "您的社会保障卡{card}因密码多次输错于{at}锁定，请到窗口重置。",
      "Your card {card} was locked at {at} after wrong PINs; have it reset at a window." },
    { NOTICE_CARD_UNLOCKED, "card_unlocked", true, { "card", "at" },
      "您的社会保障卡{card}已于{at}解锁。" HELP_ZH, "Your card {card} was unlocked at {at}." HELP_EN },
    { NOTICE_ECARD_OFF, "ecard_off", true, { "card", "at" },
      "您已于{at}停用社会保障卡{card}的电子社保卡，可随时恢复。" HELP_ZH,
      "The e-card of your lost card {card} was switched off at {at}; you may switch it on again." HELP_EN },
};
/* clang-format on */

const struct kind *kind_find(enum notice_kind kind)
{
    for (size_t i = 0; i < LEN(KINDS); i++) {
        if (KINDS[i].kind == kind) return &KINDS[i];
    }
    return NULL;
}

const char *notice_kind_name(enum notice_kind kind)
{
    const struct kind *found = kind_find(kind);

    return found ? found->name : NULL;
}

static const struct notice_parameter *parameter_named(const struct notice_parameter *parameters,
                                                      size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(str_of(parameters[i].name), name)) return &parameters[i];
    }
    return NULL;
}

RESULT kind_check(const struct kind *kind, const struct notice_parameter *parameters, size_t n)
{
    size_t wanted = 0;

    while (wanted < NOTICE_PARAMETERS_MAX && kind->parameters[wanted])
        wanted++;
    REQUIRE(n == wanted, NOTICE_PARAMETER_BAD);
    for (size_t i = 0; i < wanted; i++) {
        const struct notice_parameter *p =
            parameter_named(parameters, n, str_of(kind->parameters[i]));
        REQUIRE(p && p->value.n >= 1 && p->value.n <= NOTICE_VALUE_MAX, NOTICE_PARAMETER_BAD);
    }
    return OK;
}

/* Values that are words of ours and not of the holder's: rows keep the one, texts say the other. */
static struct str value_words(struct str name, struct str value, enum notice_language language)
{
    static const struct {
        const char *name, *value, *zh, *en;
    } WORDS[] = {
        { "how", "web", "网页", "the web" },
        { "how", "app", "手机应用", "the app" },
        { "how", "phone", "电话", "telephone" },
        { "how", "counter", "窗口", "a window" },
        { "how", "machine", "自助机", "a machine" },
        { "how", "code", "短信验证码", "a code by message" },
        { "how", "password", "密码", "password" },
        { "how", "both", "短信验证码和密码", "a code and the password" },
        { "function", "social", "社保功能", "social functions" },
        { "function", "bank", "银行账户", "bank account" },
        { "purpose", "sign_in", "登录", "signing in" },
        { "reason", "death", "死亡", "death" },
        { "reason", "emigration", "出国（境）定居", "settling abroad" },
        { "reason", "insurance_ended", "参保关系终止", "end of the insurance" },
        { "reason", "second_card", "一人多卡", "a second card" },
        { "reason", "not_collected", "逾期未领", "never collected" },
        { "reason", "own_wish", "本人申请", "own wish" },
    };

    for (size_t i = 0; i < LEN(WORDS); i++) {
        if (!str_eq(name, str_of(WORDS[i].name)) || !str_eq(value, str_of(WORDS[i].value)))
            continue;
        return str_of(language == NOTICE_EN ? WORDS[i].en : WORDS[i].zh);
    }
    return value;
}

void put_kind_text(struct writer *w, const struct kind *kind, enum notice_language language,
                   const struct notice_parameter *parameters, size_t n)
{
    struct str left = str_of(language == NOTICE_EN ? kind->en : kind->zh);

    while (left.n) {
        struct str rest, name, before = str_cut(left, '{', &rest);
        put_str(w, before);
        if (before.n == left.n) return;
        name = str_cut(rest, '}', &left);
        const struct notice_parameter *p = parameter_named(parameters, n, name);
        if (p) {
            put_str(w, value_words(name, p->value, language));
        } else { /* {code}: the carrier's */
            put_char(w, '{');
            put_str(w, name);
            put_char(w, '}');
        }
    }
}
