/* api/refusals_ground.c - texts of the ground: base, crypto, store and the modules every service
 * shares. */
#include "api/refusals.h"

#include "base/config.h"
#include "base/csv.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "crypto/hsm.h"
#include "crypto/keyd.h"
#include "jobs/jobs.h"
#include "journal/journal.h"
#include "notice/notice.h"
#include "notice/webhook.h"
#include "store/store.h"
#include "worklist/worklist.h"

static bool say_config(enum config_refusal code, struct refusal *out)
{
    switch (code) {
    case CONFIG_PROBLEMS:
        SAY(500, "bad_configuration", "The configuration has problems", "配置有误");
    }
    return false;
}

static bool say_csv(enum csv_refusal code, struct refusal *out)
{
    switch (code) {
    case CSV_HEADER_MISSING:
        SAY(422, "csv_header_missing", "The file is empty", "文件为空");
    case CSV_HEADER_TWICE:
        SAY(422, "csv_header_repeated", "A column name is empty or stands there twice",
            "列名为空或重复");
    case CSV_QUOTE_STRAY:
        SAY(422, "csv_quote_stray", "A quotation mark inside a field that does not begin with one",
            "字段中间出现多余的引号");
    case CSV_QUOTE_AFTER:
        SAY(422, "csv_quote_after",
            "Something stands between a closing quotation mark and the next comma",
            "引号结束后有多余内容");
    case CSV_QUOTE_OPEN:
        SAY(422, "csv_quote_open", "The file ends inside quotation marks", "文件结尾缺少引号");
    case CSV_COLUMNS_WRONG:
        SAY(422, "csv_columns_wrong", "A row has more or fewer fields than the heading",
            "某行的列数与表头不符");
    case CSV_COLUMNS_TOO_MANY:
        SAY(422, "csv_columns_too_many", "Too many columns", "列数过多");
    case CSV_FIELD_LONG:
        SAY(422, "csv_field_too_long", "A field is too long", "某个字段过长");
    case CSV_ROWS_TOO_MANY:
        SAY(422, "csv_rows_too_many", "Too many rows", "行数过多");
    case CSV_NUL:
        SAY(422, "csv_nul", "The file holds a NUL byte", "文件中含有空字符");
    }
    return false;
}

static bool say_text(enum text_refusal code, struct refusal *out)
{
    switch (code) {
    case TEXT_UNREADABLE:
        SAY(422, "text_unreadable", "The text is neither UTF-8 nor GB 18030",
            "文本既不是UTF-8也不是GB 18030编码");
    case TEXT_UNWRITABLE:
        SAY(422, "text_unwritable", "A character does not exist in the wanted encoding",
            "所选编码无法表示某个字符");
    case NAME_NOT_UTF8:
        SAY(422, "name_not_utf8", "The name is not UTF-8", "姓名不是UTF-8编码");
    case NAME_EMPTY:
        SAY(422, "name_empty", "The name is empty", "请填写姓名");
    case NAME_CHARACTER:
        SAY(422, "name_character", "The name holds a character that no name has",
            "姓名中含有不允许的字符");
    case NAME_LONG:
        SAY(422, "name_too_long", "The name is too long", "姓名过长");
    }
    return false;
}

static bool say_catalogue(enum catalogue_refusal code, struct refusal *out)
{
    switch (code) {
    case CATALOGUE_REGION_UNKNOWN:
        SAY(404, "region_unknown", "No region has that code", "没有该行政区划代码");
    case CATALOGUE_ITEM_UNKNOWN:
        SAY(404, "item_unknown", "No service item has that code", "没有该服务事项");
    case CATALOGUE_PLACE_UNKNOWN:
        SAY(404, "place_unknown", "No place has that id", "没有该场所");
    case CATALOGUE_PARAMETER_UNKNOWN:
        SAY(404, "parameter_unknown", "No parameter of that name is valid there and then",
            "该地区当前没有此参数");
    case CATALOGUE_PARAMETER_UNIT:
        SAY(422, "parameter_unit", "The parameter is of another kind", "参数类型不符");
    case CATALOGUE_ITEM_NOT_OPEN:
        SAY(409, "item_not_open", "The item is not open in this region", "该事项在本地尚未开通");
    case CATALOGUE_IMPORT_BAD:
        SAY(422, "import_refused", "The import has errors; nothing was changed",
            "导入数据有误，未作任何修改");
    case CATALOGUE_POINT_UNKNOWN:
        SAY(404, "point_unknown", "No point of use has that id", "没有该用卡点");
    case CATALOGUE_ORGANISATION_UNKNOWN:
        SAY(404, "organisation_unknown", "No organisation has that id", "没有该机构");
    case CATALOGUE_AGENCY_UNKNOWN:
        SAY(404, "agency_unknown", "No agency has that code", "没有该部门");
    }
    return false;
}

static bool say_hsm(enum hsm_refusal code, struct refusal *out)
{
    switch (code) {
    case HSM_KEY_UNKNOWN:
        SAY(500, "hsm_key_unknown", "The key is missing", "密钥不存在");
    case HSM_KEY_EXISTS:
        SAY(409, "hsm_key_exists", "There is a key at that place already", "该位置已有密钥");
    case HSM_WRONG_PIN:
        SAY(403, "hsm_pin_wrong", "The device refuses the passphrase", "密码设备口令不正确");
    case HSM_NOT_TEST:
        SAY(403, "hsm_not_test", "The key file is not marked as a test key",
            "密钥文件没有测试标记");
    case HSM_UNSUPPORTED:
        SAY(422, "hsm_unsupported", "The key device cannot do this", "密码设备不支持此操作");
    case HSM_BAD_BLOB:
        SAY(422, "hsm_blob_wrong", "A wrapped key does not unwrap under this key",
            "封装的密钥无法解开");
    case HSM_NOT_WRAPPABLE:
        SAY(422, "hsm_not_wrappable", "A key of this class never leaves the device",
            "此类密钥不得导出");
    }
    return false;
}

static bool say_keyd(enum keyd_refusal code, struct refusal *out)
{
    switch (code) {
    case KEYD_MALFORMED:
        SAY(500, "keyd_malformed", "The key process did not understand us", "密钥服务请求格式有误");
    case KEYD_PURPOSE_UNKNOWN:
        SAY(500, "keyd_purpose_unknown", "The key process does not know this purpose",
            "密钥服务不支持此用途");
    case KEYD_NO_SESSION:
        SAY(403, "keyd_no_session", "A session and an actor must be named", "缺少会话或操作人");
    case KEYD_TICKET_NEEDED:
        SAY(403, "ticket_needed", "Bulk work needs a ticket of two officers",
            "批量操作需要两人签署的授权");
    case KEYD_TICKET_BAD:
        SAY(403, "ticket_wrong", "The ticket is not signed by two enrolled officers",
            "授权未由两名登记人员签署");
    case KEYD_TICKET_EXPIRED:
        SAY(403, "ticket_expired", "The ticket is outside its time", "授权已过期或尚未生效");
    case KEYD_TICKET_USED_UP:
        SAY(403, "ticket_used_up", "The ticket is used up", "授权次数已用完");
    case KEYD_BUDGET_SECOND:
        TELL(429, "reveal_too_fast", "Too many values are being opened at once", "查看过于频繁",
             "Wait a second and try again.", "请稍候一秒再试。");
    case KEYD_BUDGET_DAY:
        TELL(429, "reveal_day_limit", "Today's limit of opened values is reached",
             "今日查看次数已达上限", "The limit begins anew at midnight.", "额度在零点恢复。");
    case KEYD_KEY_UNKNOWN:
        SAY(500, "keyd_key_unknown", "There is no such key", "密钥不存在");
    case KEYD_KEY_DESTROYED:
        SAY(410, "keyd_key_destroyed", "The key was destroyed; what it sealed is gone for good",
            "密钥已销毁，数据无法恢复");
    case KEYD_SEAL_BROKEN:
        SAY(500, "keyd_seal_broken", "A sealed value is damaged", "加密数据已损坏");
    case KEYD_TOO_LONG:
        SAY(422, "keyd_too_long", "The value is too long", "数据过长");
    case KEYD_LOG_BROKEN:
        SAY(500, "keyd_log_broken", "The key process's log does not hold", "密钥服务日志校验失败");
    case KEYD_EXISTS:
        SAY(409, "keyd_exists", "There is one already", "已存在");
    case KEYD_COMPONENT_BAD:
        SAY(422, "keyd_component_wrong", "The key component is damaged or of another ceremony",
            "密钥分量有误");
    case KEYD_CHECK_VALUE:
        SAY(422, "keyd_check_value", "The components give another check value", "密钥校验值不符");
    case KEYD_NOT_TEST:
        SAY(403, "keyd_not_test", "Only test keys may be used here", "此处只能使用测试密钥");
    case KEYD_LOCKED:
        SAY(409, "keyd_locked", "Another process holds the keys", "密钥被其他进程占用");
    case KEYD_NOT_ROTATABLE:
        SAY(409, "key_not_rotatable", "This key can't be rotated", "该密钥不能轮换");
    }
    return false;
}

static bool say_jobs(enum jobs_refusal code, struct refusal *out)
{
    switch (code) {
    case JOBS_UNKNOWN:
        SAY(404, "job_unknown", "No job has that id", "没有该任务");
    case JOBS_KIND_UNKNOWN:
        SAY(500, "job_kind_unknown", "No such kind of job", "没有该类任务");
    case JOBS_ENDED:
        SAY(409, "job_ended", "The job has ended", "任务已结束");
    case JOBS_NOT_FAILED:
        SAY(409, "job_not_failed", "Only a failed or cancelled job can be tried again",
            "只有失败或已取消的任务可以重试");
    case JOBS_LEASE_LOST:
        SAY(409, "job_taken", "Another runner took the job", "任务已由其他进程接手");
    case JOBS_CANCELLED:
        SAY(409, "job_cancelled", "The job was cancelled", "任务已取消");
    }
    return false;
}

static bool say_journal(enum journal_refusal code, struct refusal *out)
{
    switch (code) {
    case JOURNAL_LINE_UNKNOWN:
        SAY(404, "record_unknown", "There is no such record", "没有该记录");
    case JOURNAL_LINE_ERASED:
        SAY(410, "record_erased", "The record's content was erased when its time ended",
            "记录已到期清除");
    case JOURNAL_ALREADY_CONTESTED:
        SAY(409, "record_contested", "This record was contested before", "该记录已提出过异议");
    case JOURNAL_NOT_CONTESTABLE:
        SAY(422, "record_not_contestable",
            "Only uses and looks at your own record can be contested", "该记录不能提出异议");
    case JOURNAL_CONTENT_BAD:
        SAY(500, "record_damaged", "A record is damaged", "记录已损坏");
    case JOURNAL_MESSAGE_BAD:
        SAY(500, "record_message_damaged", "An internal message is damaged", "内部消息已损坏");
    case JOURNAL_DISAGREES:
        SAY(500, "journal_disagrees", "What is kept is not what was sealed",
            "留存记录与封存内容不一致");
    }
    return false;
}

static bool say_notice(enum notice_refusal code, struct refusal *out)
{
    switch (code) {
    case NOTICE_UNKNOWN:
        SAY(404, "notice_unknown", "There is no such message", "没有该消息");
    case NOTICE_MESSAGE_BAD:
        SAY(500, "notice_damaged", "An internal message is damaged", "内部消息已损坏");
    case NOTICE_GAVE_UP:
        SAY(502, "notice_not_sent", "The message could not be sent", "消息发送失败");
    case NOTICE_LATE:
        SAY(409, "notice_late", "The message's time had ended before it could be sent",
            "消息已过有效时间");
    case NOTICE_NO_ADDRESS:
        SAY(409, "notice_no_address", "There is no phone number on record", "没有登记手机号码");
    case NOTICE_PARAMETER_BAD:
        SAY(422, "notice_parameter", "A part of the message is missing or too long",
            "消息内容缺少或过长");
    case NOTICE_PREFERENCE_BAD:
        SAY(422, "notice_preference", "Not a possible setting", "消息设置无效");
    }
    return false;
}

static bool say_webhook(enum webhook_refusal code, struct refusal *out)
{
    switch (code) {
    case WEBHOOK_HEADER_BAD:
        SAY(400, "webhook_header", "A webhook header is missing or malformed",
            "回调请求头缺少或有误");
    case WEBHOOK_TOO_OLD:
        SAY(400, "webhook_time", "The webhook's time is too far from ours", "回调时间偏差过大");
    case WEBHOOK_SIGNATURE_BAD:
        SAY(403, "webhook_signature", "The webhook is signed by no key we know", "回调签名不正确");
    }
    return false;
}

static bool say_store(enum store_refusal code, struct refusal *out)
{
    switch (code) {
    case STORE_ONCE_DIFFERENT:
        TELL(422, "idempotency_key_reused", "The idempotency key was used for another request",
             "幂等键已用于其他请求", "Use a new key for a new request.",
             "新的请求请使用新的幂等键。");
    case STORE_ONCE_RUNNING:
        TELL(409, "idempotency_key_running", "The same request is being worked on",
             "相同请求正在处理中", "Ask again in a moment with the same key.",
             "请稍后用同一幂等键重试。");
    }
    return false;
}

static bool say_worklist(enum worklist_refusal code, struct refusal *out)
{
    switch (code) {
    case WORKLIST_UNKNOWN:
        SAY(404, "case_unknown", "There is no such case", "没有该待办");
    case WORKLIST_MOVE_REFUSED:
        SAY(409, "case_move_refused", "The case's state does not allow this",
            "待办当前状态不允许此操作");
    case WORKLIST_NOT_YOURS:
        SAY(409, "case_not_yours", "Another member of staff took it", "该待办由其他人员处理");
    case WORKLIST_REASON_BAD:
        SAY(422, "case_reason", "The reason is empty, too long or no word of the list",
            "原因为空、过长或不在列表中");
    case WORKLIST_MESSAGE_BAD:
        SAY(500, "case_message_damaged", "An internal message is damaged", "内部消息已损坏");
    case WORKLIST_REOPENED_OFTEN:
        SAY(409, "case_reopened_often", "The case was reopened as often as may be",
            "该待办已达重新打开次数上限");
    case WORKLIST_OWN_ACT:
        TELL(403, "case_own_act", "The case is about what you did yourself",
             "该异议针对您本人的操作", "Another member of staff decides it.",
             "请由其他工作人员办理。");
    }
    return false;
}

bool refusal_ground(int code, struct refusal *out)
{
    return say_config((enum config_refusal)code, out) || say_csv((enum csv_refusal)code, out) ||
           say_text((enum text_refusal)code, out) ||
           say_catalogue((enum catalogue_refusal)code, out) ||
           say_hsm((enum hsm_refusal)code, out) || say_keyd((enum keyd_refusal)code, out) ||
           say_jobs((enum jobs_refusal)code, out) || say_journal((enum journal_refusal)code, out) ||
           say_notice((enum notice_refusal)code, out) ||
           say_webhook((enum webhook_refusal)code, out) ||
           say_store((enum store_refusal)code, out) ||
           say_worklist((enum worklist_refusal)code, out);
}
