/* worklist/words.c - names and words of kinds, states, reasons and outcomes. */
#include "worklist/worklist.h"

struct named {
    const char *name;
    struct worklist_words words;
};

static const struct named KINDS[] = {
    [WORKLIST_CONTESTED_USE] = { "contested_use", { "用卡异议", "Contested use" } },
    [WORKLIST_COMPLAINT] = { "complaint", { "投诉", "Complaint" } },
    [WORKLIST_CORRECTION] = { "correction", { "信息更正", "Correction of data" } },
    [WORKLIST_OBJECTION] = { "objection", { "异议", "Objection" } },
    [WORKLIST_DISPUTE] = { "dispute", { "资金争议", "Dispute of money" } },
    [WORKLIST_DEAD_MESSAGE] = { "dead_message",
                                { "未送达的内部消息", "Message nobody could take" } },
    [WORKLIST_DOUBLE_CARD] = { "double_card", { "一人多卡", "Live cards in two provinces" } },
    [WORKLIST_SHARED_NUMBER] = { "shared_number", { "重号", "One number, several persons" } },
};
static const struct named STATES[] = {
    [WORKLIST_OPEN] = { "open", { "待处理", "Open" } },
    [WORKLIST_TAKEN] = { "taken", { "处理中", "Being worked on" } },
    [WORKLIST_ANSWERED] = { "answered", { "已答复", "Answered" } },
    [WORKLIST_CLOSED] = { "closed", { "已办结", "Closed" } },
    [WORKLIST_REOPENED] = { "reopened", { "复核中", "Opened again" } },
};
static const struct named REASONS[] = {
    { "not_me", { "不是本人使用", "It was not me" } },
    { "wrong_item", { "事项不符", "Not what I used" } },
    { "wrong_time", { "时间不符", "Not when I used it" } },
    { "not_asked", { "未经同意", "I was not asked" } },
    { "wrong_data", { "信息有误", "The data are wrong" } },
    { "let_in_offline", { "脱机放行与规则不符", "Let in offline against the rules" } },
    { "refused_wrongly", { "不应拒绝", "I should not have been refused" } },
    { "rude", { "服务态度", "How I was treated" } },
    { "too_slow", { "办理过慢", "It takes too long" } },
    { "not_satisfied", { "对答复不满意", "Not satisfied with the answer" } },
    { "other", { "其他", "Other" } },
    { "upheld", { "异议成立", "You were right" } },
    { "partly_upheld", { "部分成立", "You were partly right" } },
    { "refused", { "异议不成立", "Not upheld" } },
    { "explained", { "已说明", "Explained" } },
    { "withdrawn", { "本人撤回", "Withdrawn" } },
    { "time_passed", { "答复期满自动办结", "Closed by time after the answer" } },
};

static const struct named *at(const struct named *names, size_t n, int i)
{
    return i >= 1 && (size_t)i < n ? &names[i] : NULL;
}

const char *worklist_kind_name(enum worklist_kind kind)
{
    const struct named *found = at(KINDS, LEN(KINDS), (int)kind);

    return found ? found->name : NULL;
}

const char *worklist_state_name(enum worklist_state state)
{
    const struct named *found = at(STATES, LEN(STATES), (int)state);

    return found ? found->name : NULL;
}

struct worklist_words worklist_kind_words(enum worklist_kind kind)
{
    const struct named *found = at(KINDS, LEN(KINDS), (int)kind);

    return found ? found->words : (struct worklist_words){ 0 };
}

struct worklist_words worklist_state_words(enum worklist_state state)
{
    const struct named *found = at(STATES, LEN(STATES), (int)state);

    return found ? found->words : (struct worklist_words){ 0 };
}

struct worklist_words worklist_reason_words(struct str reason)
{
    for (size_t i = 0; i < LEN(REASONS); i++) {
        if (str_eq(str_of(REASONS[i].name), reason)) return REASONS[i].words;
    }
    return (struct worklist_words){ 0 };
}

void worklist_number_write(struct writer *w, int64_t number)
{
    put_format(w, "WL-%04" PRId64 "-%06" PRId64, number / WORKLIST_NUMBERS_A_YEAR,
               number % WORKLIST_NUMBERS_A_YEAR);
}

bool worklist_number_parse(struct str text, int64_t *number)
{
    int64_t year, n;

    if (text.n != 14 || !str_starts(text, S("WL-")) || text.p[7] != '-') return false;
    if (!str_int(str_part(text, 3, 4), 1, 9999, &year)) return false;
    if (!str_int(str_part(text, 8, 6), 1, WORKLIST_NUMBERS_A_YEAR - 1, &n)) return false;
    *number = year * WORKLIST_NUMBERS_A_YEAR + n;
    return true;
}
