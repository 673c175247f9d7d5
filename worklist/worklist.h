/* worklist/worklist.h - one kind of row for every dispute, objection, complaint, contested use and
 * correction (异议、投诉、更正): a number to quote, an owner, a due time, a state and its history.
 *
 * Rows belong to the node that works on them (root ROOT_NODE WORKLIST_NODE). A service under
 * another root sends WORKLIST_TOPIC_OPEN; the answer goes back as a message to the subject's root,
 * topic WORKLIST_TOPIC_ANSWERED. The holder's own words come sealed and stay sealed here. */
#pragma once
#include "base/base.h"
#include "store/store.h"

enum worklist_refusal {
    WORKLIST_UNKNOWN = 4801,      /* no row has that id or number */
    WORKLIST_MOVE_REFUSED = 4802, /* the state table has no such move from here */
    WORKLIST_NOT_YOURS = 4803,    /* taken by another member of staff */
    WORKLIST_REASON_BAD = 4804,  /* a reason or outcome that is empty, too long or no lower_snake */
    WORKLIST_MESSAGE_BAD = 4805, /* a message that nobody of us wrote */
    WORKLIST_REOPENED_OFTEN = 4806, /* reopened WORKLIST_REOPEN_MAX times: complain above */
    WORKLIST_OWN_ACT = 4807, /* about what that member of staff did: nobody judges themselves */
};
enum {
    WORKLIST_NODE = 1,
    WORKLIST_REASON_MAX = 48,
    WORKLIST_SEALED_MAX = 600,
    WORKLIST_NUMBER_MAX = 24,
    WORKLIST_REOPEN_MAX = 3,
    WORKLIST_PAGE_MAX = 200,
    WORKLIST_PAST_MAX = 200, /* moves shown of one row */
    WORKLIST_NUMBERS_A_YEAR = 1000000
};

/* In rows, never renumbered. */
enum worklist_kind {
    WORKLIST_CONTESTED_USE = 1, /* a line of the journal: 使用异议 */
    WORKLIST_COMPLAINT = 2,     /* 投诉 */
    WORKLIST_CORRECTION = 3,    /* of a person's data: 更正 */
    WORKLIST_OBJECTION = 4,     /* to a list or decision: 异议 */
    WORKLIST_DISPUTE = 5,       /* of money: 争议 */
    WORKLIST_DEAD_MESSAGE = 6,  /* an outbox message nobody could take */
    WORKLIST_DOUBLE_CARD = 7,   /* live cards of two provinces */
    WORKLIST_SHARED_NUMBER = 8, /* one number, several persons: adjudication */
};
enum worklist_subject {
    ABOUT_NONE = 0,
    ABOUT_JOURNAL_LINE = 1,
    ABOUT_CONTEST = 2,
    ABOUT_PERSON = 3,
    ABOUT_CARD = 4,
    ABOUT_BOOKING = 5,
    ABOUT_PLACE = 6,
    ABOUT_MESSAGE = 7,
};
enum worklist_state {
    WORKLIST_OPEN = 1,
    WORKLIST_TAKEN = 2,
    WORKLIST_ANSWERED = 3,
    WORKLIST_CLOSED = 4,
    WORKLIST_REOPENED = 5,
};
enum worklist_event {
    WORKLIST_TAKE = 1,
    WORKLIST_GIVE_BACK = 2,
    WORKLIST_PASS_ON = 3, /* to another organisation */
    WORKLIST_ANSWER = 4,
    WORKLIST_CLOSE = 5, /* by the asker, or by time after an answer */
    WORKLIST_REOPEN = 6,
};
const char *worklist_kind_name(enum worklist_kind kind);
const char *worklist_state_name(enum worklist_state state);
struct worklist_words {
    const char *zh, *en;
};
struct worklist_words worklist_kind_words(enum worklist_kind kind);
struct worklist_words worklist_state_words(enum worklist_state state);
/* Words of the reasons and outcomes we know; a code we don't know comes back as it is, by zh NULL.
 */
struct worklist_words worklist_reason_words(struct str reason);

/* What the state table answers; pure. *to is written only on OK. */
RESULT worklist_decide(enum worklist_state from, enum worklist_event event,
                       enum worklist_state *to);

struct worklist_ask {
    enum worklist_kind kind;
    enum worklist_subject subject;
    int64_t subject_id;
    struct root subject_root; /* where the answer goes; ROOT_NONE: nowhere */
    int64_t person_id;        /* who asks or is concerned; 0: nobody */
    int64_t organisation_id;  /* who works on it; 0: whoever has the region */
    int32_t region_code;
    struct str reason;         /* lower_snake */
    struct bytes sealed;       /* words, sealed by the caller */
    struct instant at, due_at; /* due_at 0: WORKLIST_DUE_USEC after at */
};
#define WORKLIST_DUE_USEC (15 * USEC_PER_DAY) /* when the kind's parameter says nothing else */

struct worklist_row {
    int64_t id, number; /* number: "WL-2021-000123" prints by worklist_number_write */
    enum worklist_kind kind;
    enum worklist_state state;
    enum worklist_subject subject;
    int64_t subject_id, person_id, organisation_id, taken_by;
    struct root subject_root;
    int32_t region_code;
    struct str reason, outcome;
    struct bytes sealed, sealed_answer;
    struct instant opened_at, due_at, changed_at, answered_at;
    int reopened; /* times */
};
void worklist_number_write(struct writer *w, int64_t number);
bool worklist_number_parse(struct str text, int64_t *number);

/* In a transaction of ROOT_NODE WORKLIST_NODE, or by itself; a repeat under the same `once` gives
 * the first row. refuses REASON_BAD. */
RESULT worklist_put(struct txn *tx, const struct worklist_ask *ask, int64_t *id);
RESULT worklist_open(struct store *store, const struct once *once, const struct worklist_ask *ask,
                     int64_t *id);
#define WORKLIST_TOPIC_OPEN "worklist.open"
#define WORKLIST_TOPIC_ANSWERED "worklist.answered"
void worklist_ask_write(struct writer *w, const struct worklist_ask *ask); /* payload of OPEN */
RESULT worklist_ask_parse(struct bytes payload, struct worklist_ask *out);
RESULT worklist_take_message(void *store,
                             const struct message *message); /* OPEN's outbox_handler */
/* For handlers that make the ask themselves (a contest): open once per message id. */
RESULT worklist_open_from(struct store *store, const struct message *message,
                          const struct worklist_ask *ask, int64_t *id);

struct worklist_step { /* one move, by a member of staff, the asker (by_person) or the job (both 0)
                        */
    int64_t id;
    enum worklist_event event;
    int64_t by_staff, by_person;
    int64_t about_staff;     /* who did what the row is about, so that they don't TAKE, ANSWER or
                                CLOSE it; 0: nobody of the staff */
    int64_t organisation_id; /* PASS_ON: to whom */
    int32_t region_code;     /* PASS_ON: where; 0 as it is */
    struct str reason;   /* ANSWER: the outcome, "upheld", "partly_upheld", "refused", "explained";
                            others: why, may be empty but for REOPEN */
    struct bytes sealed; /* words, sealed */
    struct instant at;
};
RESULT worklist_move(struct store *store, const struct once *once, const struct worklist_step *step,
                     enum worklist_state *state);
struct worklist_answer { /* payload of ANSWERED; borrows it */
    int64_t worklist_id, number, subject_id, person_id;
    enum worklist_kind kind;
    enum worklist_subject subject;
    struct str outcome;
    struct instant at;
};
RESULT worklist_answer_parse(struct bytes payload, struct worklist_answer *out);

struct worklist_query { /* zeros: any */
    int64_t organisation_id, person_id, taken_by;
    int32_t region_code; /* rows of exactly this region */
    int32_t within;      /* rows of this region and everything inside it */
    enum worklist_kind kind;
    enum worklist_state state;
    struct instant overdue_at; /* set: not answered and due before this */
    int64_t before;            /* cursor: row id */
    int limit;                 /* 1..WORKLIST_PAGE_MAX */
};
struct worklist_page {
    struct worklist_row *rows; /* newest first */
    int n;
    bool more;
};
RESULT worklist_list(struct store *store, const struct worklist_query *query, struct arena *arena,
                     struct worklist_page *out);
RESULT worklist_get(struct store *store, int64_t id, struct arena *arena, struct worklist_row *out);
RESULT worklist_find(struct store *store, int64_t number, struct arena *arena,
                     struct worklist_row *out);
struct worklist_past {
    enum worklist_event event; /* 0: opened */
    enum worklist_state state; /* after it */
    int64_t by_staff, by_person, organisation_id;
    struct str reason;
    struct instant at;
};
RESULT worklist_history(struct store *store, int64_t id, struct arena *arena,
                        struct worklist_past **out, int *n);
/* Close rows answered before `before` that nobody reopened; at most max. */
RESULT worklist_sweep(struct store *store, struct instant before, struct instant now, int max,
                      int *done);
