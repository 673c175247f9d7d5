/* programs/contests.c - contested uses, between the holder's record and the worklist. */
#include "programs/contests.h"

#include <stdio.h>

#include "journal/journal.h"
#include "notice/notice.h"
#include "worklist/worklist.h"

static RESULT notice_in_txn(struct txn *tx, void *notice)
{
    TRY(notice_put(tx, notice, NULL));
    txn_result(tx, 0);
    return OK;
}

/* Once a message, however often it is delivered. */
static RESULT tell_once(struct store *store, const struct message *message, struct notice *notice)
{
    char key[40];
    struct once once = { .actor = 0 };
    int64_t result;
    bool replayed;

    snprintf(key, sizeof key, "contest-%" PRId64, message->id);
    once.key = str_of(key);
    return store_run_once(store, (struct root){ ROOT_PERSON, notice->person_id }, &once,
                          notice_in_txn, notice, &result, &replayed);
}

struct err contest_take(void *store, const struct message *message)
{
    struct journal_contest_message contest;
    struct worklist_ask ask = { .kind = WORKLIST_CONTESTED_USE, .subject = ABOUT_CONTEST };
    uint8_t memory[4096];
    struct arena arena = arena_over(memory, sizeof memory);
    char number[WORKLIST_NUMBER_MAX], due[16];
    struct writer number_text = writer_over(number, sizeof number);
    struct writer due_text = writer_over(due, sizeof due);
    struct worklist_row row;
    int64_t id;

    TRY(journal_contest_parse(message->payload, &contest));
    ask.subject_id = contest.contest_id;
    ask.subject_root = message->from;
    ask.person_id = contest.contest.person_id;
    ask.region_code = contest.region_code;
    ask.reason = contest.contest.reason;
    ask.sealed = contest.contest.sealed;
    ask.at = contest.contest.at;
    TRY(worklist_open_from(store, message, &ask, &id));
    TRY(worklist_get(store, id, &arena, &row));
    worklist_number_write(&number_text, row.number);
    put_date(&due_text, day_date(day_of(row.due_at)));
    struct notice_parameter words[] = { { "number", writer_str(&number_text) },
                                        { "due", writer_str(&due_text) } };
    struct notice notice = { .kind = NOTICE_CONTEST_RECEIVED,
                             .person_id = ask.person_id,
                             .at = ask.at,
                             .parameters = words,
                             .parameters_n = LEN(words) };
    return tell_once(store, message, &notice);
}

struct err contest_answer_take(void *store, const struct message *message)
{
    struct worklist_answer answer;
    char number[WORKLIST_NUMBER_MAX];
    struct writer number_text = writer_over(number, sizeof number);

    TRY(worklist_answer_parse(message->payload, &answer));
    if (answer.subject != ABOUT_CONTEST) return OK; /* others read theirs from the worklist */
    TRY(journal_contest_answer(store, answer.person_id, answer.subject_id, answer.outcome,
                               answer.at));
    worklist_number_write(&number_text, answer.number);
    struct worklist_words outcome = worklist_reason_words(answer.outcome);
    struct notice_parameter words[] = {
        { "number", writer_str(&number_text) },
        { "outcome", outcome.zh ? str_of(outcome.zh) : answer.outcome },
    };
    struct notice notice = { .kind = NOTICE_CONTEST_ANSWERED,
                             .person_id = answer.person_id,
                             .at = answer.at,
                             .parameters = words,
                             .parameters_n = LEN(words) };
    return tell_once(store, message, &notice);
}
