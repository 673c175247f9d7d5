/* api/refusals_people.c - texts of people, cards, devices, staff, sign-in and claims. */
#include "api/refusals.h"

#include "claims/claims.h"
#include "registry/card.h"
#include "registry/device.h"
#include "registry/person_no.h"
#include "registry/registry.h"
#include "registry/signin.h"
#include "registry/staff.h"

static bool say_claims(enum claims_refusal code, struct refusal *out)
{
    switch (code) {
    case CLAIMS_KIND:
        SAY(422, "claim_kind", "No such kind of fact", "没有该类身份信息");
    case CLAIMS_OWNER:
        SAY(403, "claim_owner", "This organisation does not own facts of this kind",
            "本机构不负责此类身份信息");
    case CLAIMS_PERIOD:
        SAY(422, "claim_period", "The end is not after the beginning", "结束时间应晚于开始时间");
    case CLAIMS_SIGNATURE:
        SAY(422, "claim_signature", "The owner's signature is too long", "签名过长");
    case CLAIMS_UNKNOWN:
        SAY(404, "claim_unknown", "There is no such fact, or it is closed",
            "没有该身份信息或已失效");
    case CLAIMS_STALE:
        SAY(409, "claim_stale", "The fact was confirmed too long ago", "身份信息需要重新确认");
    case CLAIMS_NOT_HELD:
        SAY(409, "claim_not_held", "The person has no such status then", "该人员当时不具备此身份");
    }
    return false;
}

static bool say_card(enum card_refusal code, struct refusal *out)
{
    switch (code) {
    case REGISTRY_CARD_UNKNOWN:
        SAY(404, "card_unknown", "There is no such card", "没有该卡");
    case REGISTRY_CREDENTIAL_TAKEN:
        SAY(409, "credential_taken", "The number belongs to another card or person",
            "该号码已属于其他卡或人员");
    case REGISTRY_CARD_EXISTS:
        SAY(409, "card_exists", "The person has a live card already", "本人已有有效的卡");
    case REGISTRY_GENERATION:
        SAY(422, "card_generation", "This generation of card is not issued here",
            "此地不发放该代卡");
    case REGISTRY_CARD_REPLACED:
        SAY(409, "card_replaced", "The card was replaced by a newer one", "此卡已补换新卡");
    case REGISTRY_CARD_CANCELLED:
        SAY(409, "card_cancelled", "The card is cancelled", "此卡已注销");
    case REGISTRY_NOT_LOST:
        SAY(409, "card_not_lost", "The card is not reported lost", "此卡没有挂失");
    case REGISTRY_ALREADY_LOST:
        TELL(409, "card_already_lost", "Card already reported lost", "此卡已挂失",
             "The card is reported lost and can't be used. If it was found, a temporary report can "
             "be lifted.",
             "此卡已挂失，不能使用。找到卡了可以解除临时挂失。");
    case REGISTRY_TEMPORARY_ONLY:
        TELL(422, "loss_temporary_only", "Only a temporary report can be made this way",
             "此渠道只能办理临时挂失", "Come to a window with your papers for a formal report.",
             "正式挂失请持身份证件到窗口办理。");
    case REGISTRY_PROOF_WEAK:
        TELL(403, "proof_too_weak", "This needs a stronger proof of who you are",
             "需要更强的身份核验",
             "Sign in with both factors, or come to a window with your papers.",
             "请用双因素登录，或持身份证件到窗口办理。");
    case REGISTRY_NOT_REVOCABLE:
        SAY(409, "loss_not_revocable", "A formal report can't be undone here", "正式挂失不能撤销");
    case REGISTRY_MOVE_REFUSED:
        SAY(409, "card_state", "The card's state does not allow this", "卡的当前状态不允许此操作");
    case REGISTRY_BANK_STOPPED:
        SAY(409, "card_bank_stopped", "The bank function can't be activated now",
            "当前不能启用金融功能");
    case REGISTRY_ECARD_NONE:
        SAY(409, "ecard_none", "The card has no e-card", "此卡没有电子社保卡");
    case REGISTRY_NOT_HOLDER:
        SAY(403, "not_the_holder", "Only the holder may consent", "只有持卡人本人可以同意");
    case REGISTRY_CONSENT_LATE:
        TELL(409, "consent_too_late", "The card is formally reported lost", "此卡已正式挂失",
             "The e-card can be switched on again during a temporary report only: ask for a "
             "replacement.",
             "仅临时挂失期间可以重新启用电子社保卡；请办理补换卡。");
    case REGISTRY_CARD_CHANGED:
        TELL(409, "card_changed", "The card was changed meanwhile", "卡状态已变化",
             "Look at the card again, then decide.", "请重新查看卡状态后再操作。");
    }
    return false;
}

static bool say_device(enum device_refusal code, struct refusal *out)
{
    switch (code) {
    case REGISTRY_DEVICE_UNKNOWN:
        SAY(404, "device_unknown", "There is no such device", "没有该设备");
    case REGISTRY_DEVICE_KEY:
        SAY(422, "device_key", "Not a public key of this suite", "设备公钥无效");
    case REGISTRY_DEVICE_REVOKED:
        SAY(409, "device_revoked", "The device was revoked", "设备已停用");
    case REGISTRY_DEVICE_EXISTS:
        TELL(409, "device_exists", "Another device is active", "已有其他设备在用",
             "Ask to replace it to use this one.", "如需使用本设备，请选择替换。");
    case REGISTRY_DEVICE_STRENGTH:
        SAY(403, "device_strength", "This sign-in is too weak for that strength",
            "登录方式不足以启用此强度");
    }
    return false;
}

static bool say_number(enum number_refusal code, struct refusal *out)
{
    switch (code) {
    case NUMBER_KIND:
        SAY(422, "document_kind", "No such kind of document", "没有该证件类型");
    case NUMBER_EMPTY:
        SAY(422, "number_empty", "The number is empty", "请填写证件号码");
    case NUMBER_LENGTH:
        SAY(422, "number_length", "The number has another length", "证件号码长度不对");
    case NUMBER_FORM:
        SAY(422, "number_form", "A character does not belong at its place", "证件号码格式不对");
    case NUMBER_PLACE:
        SAY(422, "number_place", "The place code belongs to another kind of document",
            "地址码与证件类型不符");
    case NUMBER_DATE:
        SAY(422, "number_date", "The number's date is no day", "证件号码中的日期不对");
    case NUMBER_CHECK:
        SAY(422, "check_digit", "The check character is wrong", "证件号码校验位不对");
    case NUMBER_COUNTRY:
        SAY(422, "number_country", "The issuing country is missing", "请填写签发国家代码");
    }
    return false;
}

static bool say_registry(enum registry_refusal code, struct refusal *out)
{
    switch (code) {
    case REGISTRY_NAME_FORM:
        SAY(422, "name_form", "Not a form of name", "姓名格式不对");
    case REGISTRY_PHONE_FORM:
        SAY(422, "phone_form", "Not a mobile number", "手机号码格式不对");
    case REGISTRY_REGION_FORM:
        SAY(422, "region_form", "Not a region code", "行政区划代码格式不对");
    case REGISTRY_BIRTH_MISSING:
        SAY(422, "birth_missing", "The birth date is missing", "请填写出生日期");
    case REGISTRY_BIRTH_DIFFERS:
        SAY(422, "birth_differs", "The birth date differs from the number's",
            "出生日期与证件号码不符");
    case REGISTRY_SEX_DIFFERS:
        SAY(422, "sex_differs", "The sex differs from the number's", "性别与证件号码不符");
    case REGISTRY_FACT_PERIOD:
        SAY(422, "fact_period", "The end is not after the beginning", "结束时间应晚于开始时间");
    case REGISTRY_PERSON_UNKNOWN:
        SAY(404, "person_unknown", "There is no such person", "没有该人员");
    case REGISTRY_PERSON_EXISTS:
        SAY(409, "person_exists", "The person is registered already", "该人员已登记");
    case REGISTRY_PERSON_DEAD:
        SAY(409, "person_dead", "The person is recorded dead", "该人员已登记死亡");
    case REGISTRY_PERSON_MERGED:
        SAY(409, "person_merged", "The record was merged into another", "该记录已并入其他记录");
    case REGISTRY_SECOND_FACT_NEEDED:
        SAY(422, "second_fact_needed", "Several persons share this number: the name is needed too",
            "该号码对应多人，请同时提供姓名");
    case REGISTRY_SECOND_FACT_DIFFERS:
        SAY(422, "second_fact_differs", "The name is not that of a person with this number",
            "姓名与该号码不符");
    case REGISTRY_SHARED_MAX:
        SAY(409, "number_shared_max", "As many persons share the number as may",
            "共用该号码的人数已达上限");
    case REGISTRY_HAS_LIVE_CARD:
        SAY(409, "has_live_card", "The person's card must be settled first", "请先处理该人员的卡");
    case REGISTRY_LINK_UNKNOWN:
        SAY(404, "relation_unknown", "There is no such relation", "没有该亲属或监护关系");
    case REGISTRY_LINK_MAX:
        SAY(409, "relation_max", "One adult helps at most eight others", "最多可帮助八人");
    case REGISTRY_LINK_SELF:
        SAY(422, "relation_self", "Nobody is their own guardian", "不能将本人设为监护人");
    }
    return false;
}

static bool say_signin(enum signin_refusal code, struct refusal *out)
{
    switch (code) {
    case SIGNIN_FORM:
        SAY(422, "signin_form", "Not a form of name, number or code", "登录信息格式不对");
    case SIGNIN_CODE_FORM:
        TELL(422, "signin_code_form", "A one-time code is six digits", "验证码和动态口令是6位数字",
             "Type all of them; this was not counted as a wrong try.",
             "请完整输入；本次不计入错误次数。");
    case SIGNIN_WAIT:
        TELL(429, "code_wait", "A code was sent a moment ago, or too many today",
             "验证码发送过于频繁", "Wait a minute; ten codes a day at most.",
             "请一分钟后再试，每天最多十次。");
    case SIGNIN_NO_SECRET:
        SAY(403, "signin_wrong_none", "The name or the secret is wrong", "用户名或密码不正确");
    case SIGNIN_LOCKED:
        TELL(429, "signin_locked", "Too many tries", "尝试次数过多",
             "Wait, or come to a window with your papers.", "请稍后再试，或持身份证件到窗口办理。");
    case SIGNIN_EXPIRED:
        TELL(403, "code_expired", "The code is too old", "验证码已过期", "Ask for another.",
             "请重新获取。");
    case SIGNIN_WRONG:
        TELL(
            403, "signin_wrong", "The name or the secret is wrong", "号码、密码或验证码不正确",
            "Or a code is too old: ask for another. After five wrong tries signing in is locked, "
            "for "
            "a minute at first, then longer each time: wait, or come to a window with your papers.",
            "验证码也可能已过期，可重新获取。连续输错5次将暂时锁定，先为1分钟，之后逐次加长："
            "请稍后再试，或持身份证件到窗口办理。");
    case SIGNIN_WEAK:
        SAY(422, "password_weak", "The password is too easy to guess", "密码过于简单");
    case SIGNIN_TOTP_NEEDED:
        SAY(403, "totp_needed", "The second factor is needed", "请输入动态口令");
    case SIGNIN_REUSED:
        TELL(403, "totp_reused", "This code was used already", "动态口令已使用",
             "Wait for the next one.", "请等待下一个口令。");
    case SIGNIN_NO_TOKEN:
        SAY(401, "token_unknown", "The token is unknown or has ended", "令牌无效或已过期");
    case SIGNIN_SCOPE:
        SAY(422, "scope_exceeds", "The scopes asked for exceed what may be given",
            "申请的权限超出范围");
    case SIGNIN_NOT_OWN:
        TELL(403, "token_not_own", "A token that reaches persons' records is made by its owner",
             "涉及个人信息的令牌只能由本人签发",
             "The member signs in with two factors and makes it themselves.",
             "请本人以双因素登录后自行签发。");
    case SIGNIN_ONE_FACTOR:
        TELL(403, "two_factors_needed", "Sign in with two factors for this", "须以双因素登录办理",
             "A program's token makes no further tokens.", "程序令牌不能再签发令牌。");
    case SIGNIN_TOLD:
        TELL(409, "secret_told", "It was made under this key, and told in the first answer",
             "该请求已办理，密码或令牌已在首次应答中告知",
             "It is kept nowhere and can't be told again. Ask under a new key for a new one; an "
             "unused token is ended by its id.",
             "系统不保存明文，无法再次告知。请换用新的幂等键重新申请；未用的令牌请按编号收回。");
    }
    return false;
}

static bool say_staff(enum staff_refusal code, struct refusal *out)
{
    switch (code) {
    case STAFF_UNKNOWN:
        SAY(404, "staff_unknown", "There is no such member of staff", "没有该工作人员");
    case STAFF_EXISTS:
        SAY(409, "staff_exists", "The user name is taken", "用户名已被占用");
    case STAFF_USER_FORM:
        SAY(422, "staff_user_form", "Not a form of user name", "用户名格式不对");
    case STAFF_USER_NUMBER:
        SAY(422, "staff_user_number", "A citizen's number is no user name",
            "用户名不能是公民身份号码");
    case STAFF_DISABLED:
        SAY(403, "staff_disabled", "The account is switched off", "账号已停用");
    case STAFF_GRANT_MAX:
        SAY(409, "staff_grant_max", "No more roles can be given", "角色数量已达上限");
    case STAFF_MAY_NOT:
        SAY(403, "may_not", "Your role does not allow this here", "您的角色在此无权办理");
    case STAFF_ROLE:
        SAY(422, "staff_role", "Not a role that staff can hold", "不能授予该角色");
    case STAFF_SELF:
        TELL(403, "staff_self", "Nobody changes their own account", "不能变更自己的账号",
             "Another administrator must do it.", "请由另一位管理员办理。");
    }
    return false;
}

bool refusal_people(int code, struct refusal *out)
{
    return say_claims((enum claims_refusal)code, out) || say_card((enum card_refusal)code, out) ||
           say_device((enum device_refusal)code, out) ||
           say_number((enum number_refusal)code, out) ||
           say_registry((enum registry_refusal)code, out) ||
           say_signin((enum signin_refusal)code, out) || say_staff((enum staff_refusal)code, out);
}
