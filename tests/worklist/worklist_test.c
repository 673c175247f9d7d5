/* tests/worklist/worklist_test.c - every pair of state and event, numbers, owners, times, and
 * answers that find their way back. */
#include "tests/fixture.h"

#include "worklist/worklist.h"

static uint8_t memory[512 * 1024];

static void check_moves(void)
{
    static const int table[5][6] = {
        /* take, give back, pass on, answer, close, reopen */
        [0] = { WORKLIST_TAKEN, 0, WORKLIST_OPEN, 0, WORKLIST_CLOSED, 0 }, /* open */
        [1] = { 0, WORKLIST_OPEN, WORKLIST_OPEN, WORKLIST_ANSWERED, WORKLIST_CLOSED,
                0 },                                                           /* taken */
        [2] = { 0, 0, 0, 0, WORKLIST_CLOSED, WORKLIST_REOPENED },              /* answered */
        [3] = { 0, 0, 0, 0, 0, WORKLIST_REOPENED },                            /* closed */
        [4] = { WORKLIST_TAKEN, 0, WORKLIST_REOPENED, 0, WORKLIST_CLOSED, 0 }, /* reopened */
    };

    for (int state = WORKLIST_OPEN; state <= WORKLIST_REOPENED; state++) {
        for (int event = WORKLIST_TAKE; event <= WORKLIST_REOPEN; event++) {
            enum worklist_state to = WORKLIST_OPEN;
            int want = table[state - 1][event - 1];
            struct err end =
                worklist_decide((enum worklist_state)state, (enum worklist_event)event, &to);
            CHECK_INT(worklist_state_name((enum worklist_state)state), end.code,
                      want ? 0 : WORKLIST_MOVE_REFUSED);
            if (want) CHECK_INT(worklist_state_name((enum worklist_state)state), to, want);
        }
    }
}

static void check_numbers(void)
{
    static const struct {
        const char *text;
        int64_t number;
    } rows[] = { { "WL-2021-000123", 2021000123 }, { "WL-2021-999999", 2021999999 },
                 { "WL-2021-000000", 0 },          { "wl-2021-000123", 0 },
                 { "WL-2021-00012", 0 },           { "WL-2021-0001234", 0 },
                 { "WL-2021_000123", 0 },          { "", 0 } };

    for (size_t i = 0; i < LEN(rows); i++) {
        int64_t n = 0;
        CHECK_INT(rows[i].text, worklist_number_parse(str_of(rows[i].text), &n),
                  rows[i].number != 0);
        CHECK_INT(rows[i].text, n, rows[i].number);
    }
    char text[WORKLIST_NUMBER_MAX];
    struct writer w = writer_over(text, sizeof text);
    worklist_number_write(&w, 2021000123);
    CHECK_STR("written", writer_str(&w), S("WL-2021-000123"));
    CHECK("words of a reason", worklist_reason_words(S("not_me")).zh != NULL);
    CHECK("an unknown reason has none", worklist_reason_words(S("zzz")).zh == NULL);
    for (int kind = WORKLIST_CONTESTED_USE; kind <= WORKLIST_SHARED_NUMBER; kind++) {
        CHECK("each kind has words", worklist_kind_words((enum worklist_kind)kind).en != NULL);
    }
}

static struct worklist_ask ask_of(struct fixture *f, int64_t person_id)
{
    return (struct worklist_ask){
        .kind = WORKLIST_CONTESTED_USE,
        .subject = ABOUT_JOURNAL_LINE,
        .subject_id = 555,
        .subject_root = { ROOT_PERSON, person_id },
        .person_id = person_id,
        .organisation_id = 9,
        .region_code = 340202,
        .reason = S("not_me"),
        .sealed = str_bytes(S("sealed words")),
        .at = fixture_now(f),
    };
}

static int64_t open_row(struct fixture *f, struct worklist_ask ask)
{
    int64_t id = 0;

    CHECK_OK("open", worklist_open(f->store, NULL, &ask, &id));
    return id;
}

static struct worklist_row row_now(struct fixture *f, int64_t id)
{
    static struct arena arena;
    struct worklist_row row = { 0 };

    arena = arena_over(memory, sizeof memory);
    CHECK_OK("a row", worklist_get(f->store, id, &arena, &row));
    return row;
}

static int move(struct fixture *f, struct worklist_step step)
{
    enum worklist_state state;

    step.at = fixture_now(f);
    return worklist_move(f->store, NULL, &step, &state).code;
}

static struct worklist_answer heard;
static int heard_n;

static struct err hear(void *arg, const struct message *message)
{
    (void)arg;
    heard_n++;
    CHECK_INT("goes to the subject's root", message->to.id, 11);
    return worklist_answer_parse(message->payload, &heard);
}

static void check_life(struct fixture *f)
{
    int64_t id = open_row(f, ask_of(f, 11));
    struct worklist_row row = row_now(f, id);
    struct worklist_past *past;
    struct arena arena;
    int n, done;

    CHECK_INT("open", row.state, WORKLIST_OPEN);
    CHECK_INT("numbered by year", row.number, 2021000001);
    CHECK_INT("due in fifteen days", row.due_at.usec - row.opened_at.usec, WORKLIST_DUE_USEC);
    CHECK_STR("sealed words", bytes_str(row.sealed), S("sealed words"));
    CHECK_INT("answer needs taking",
              move(f,
                   (struct worklist_step){
                       .id = id, .event = WORKLIST_ANSWER, .by_staff = 3, .reason = S("upheld") }),
              WORKLIST_MOVE_REFUSED);
    CHECK_INT("take",
              move(f, (struct worklist_step){ .id = id, .event = WORKLIST_TAKE, .by_staff = 3 }),
              0);
    CHECK_INT("another may not answer",
              move(f,
                   (struct worklist_step){
                       .id = id, .event = WORKLIST_ANSWER, .by_staff = 4, .reason = S("upheld") }),
              WORKLIST_NOT_YOURS);
    CHECK_INT("an answer has an outcome",
              move(f, (struct worklist_step){ .id = id, .event = WORKLIST_ANSWER, .by_staff = 3 }),
              WORKLIST_REASON_BAD);
    CHECK_INT("in lower_snake",
              move(f,
                   (struct worklist_step){
                       .id = id, .event = WORKLIST_ANSWER, .by_staff = 3, .reason = S("Up held") }),
              WORKLIST_REASON_BAD);
    CHECK_INT("the asker does not answer",
              move(f, (struct worklist_step){ .id = id,
                                              .event = WORKLIST_ANSWER,
                                              .by_person = 11,
                                              .reason = S("upheld") }),
              WORKLIST_MOVE_REFUSED);
    CHECK_INT("answer",
              move(f,
                   (struct worklist_step){
                       .id = id, .event = WORKLIST_ANSWER, .by_staff = 3, .reason = S("upheld") }),
              0);
    CHECK_OK("told", outbox_deliver(f->store, WORKLIST_TOPIC_ANSWERED, 9, hear, NULL, &done));
    CHECK_INT("once", heard_n, 1);
    CHECK_INT("about what", heard.subject_id, 555);
    CHECK_INT("number", heard.number, 2021000001);
    CHECK_INT("a stranger does not see it",
              move(f, (struct worklist_step){ .id = id,
                                              .event = WORKLIST_REOPEN,
                                              .by_person = 12,
                                              .reason = S("not_satisfied") }),
              WORKLIST_UNKNOWN);
    CHECK_INT(
        "reopening has a reason",
        move(f, (struct worklist_step){ .id = id, .event = WORKLIST_REOPEN, .by_person = 11 }),
        WORKLIST_REASON_BAD);
    fixture_pass(f, 20 * USEC_PER_DAY);
    for (int i = 0; i < WORKLIST_REOPEN_MAX; i++) {
        CHECK_INT("reopen",
                  move(f, (struct worklist_step){ .id = id,
                                                  .event = WORKLIST_REOPEN,
                                                  .by_person = 11,
                                                  .reason = S("not_satisfied") }),
                  0);
        row = row_now(f, id);
        CHECK("with a new clock", row.due_at.usec > fixture_now(f).usec && row.taken_by == 0);
        CHECK_INT(
            "withdraw",
            move(f, (struct worklist_step){ .id = id, .event = WORKLIST_CLOSE, .by_person = 11 }),
            0);
    }
    CHECK_INT("not for ever",
              move(f, (struct worklist_step){ .id = id,
                                              .event = WORKLIST_REOPEN,
                                              .by_person = 11,
                                              .reason = S("not_satisfied") }),
              WORKLIST_REOPENED_OFTEN);
    arena = arena_over(memory, sizeof memory);
    CHECK_OK("the past", worklist_history(f->store, id, &arena, &past, &n));
    CHECK_INT("opened, taken, answered, three times reopened and closed", n, 9);
    CHECK_INT("in order", past[2].event, WORKLIST_ANSWER);
    CHECK_STR("with reasons", past[2].reason, S("upheld"));
    CHECK_CODE("of an unknown row none", worklist_history(f->store, 5, &arena, &past, &n),
               WORKLIST_UNKNOWN);
    CHECK_OK("by its number", worklist_find(f->store, 2021000001, &arena, &row));
    CHECK_CODE("an unknown number", worklist_find(f->store, 2021000999, &arena, &row),
               WORKLIST_UNKNOWN);
}

static struct err message_in_txn(struct txn *tx, void *arg)
{
    return outbox_put(tx, WORKLIST_TOPIC_OPEN, (struct root){ ROOT_NODE, WORKLIST_NODE },
                      *(struct bytes *)arg);
}

static void check_lists(struct fixture *f)
{
    struct worklist_ask ask = ask_of(f, 21), bad = ask_of(f, 21);
    struct once once = { .actor = 21, .key = S("k"), .body_hash = { 1 } };
    int64_t a, b, wuhu, hefei;
    uint8_t bytes[1024];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct bytes payload;
    int done;

    bad.reason = S("");
    CHECK_CODE("a row has a reason", worklist_open(f->store, NULL, &bad, &a), WORKLIST_REASON_BAD);
    CHECK_OK("once", worklist_open(f->store, &once, &ask, &a));
    CHECK_OK("twice", worklist_open(f->store, &once, &ask, &b));
    CHECK_INT("is one row", a, b);
    wuhu = a;
    ask.region_code = 340102;
    ask.organisation_id = 8;
    ask.kind = WORKLIST_COMPLAINT;
    ask.due_at = (struct instant){ fixture_now(f).usec + USEC_PER_HOUR };
    hefei = open_row(f, ask);
    ask.reason = S("too_slow");
    worklist_ask_write(&w, &ask);
    payload = writer_bytes(&w);
    CHECK_OK("by message",
             store_run(f->store, (struct root){ ROOT_PERSON, 21 }, message_in_txn, &payload));
    CHECK_OK("arrives", outbox_deliver(f->store, WORKLIST_TOPIC_OPEN, 9, worklist_take_message,
                                       f->store, &done));
    CHECK_INT("one", done, 1);
    for (size_t n = 0; n < payload.n; n++) {
        struct worklist_ask back;
        CHECK("cut short",
              worklist_ask_parse(bytes_of(bytes, n), &back).code == WORKLIST_MESSAGE_BAD ||
                  n + ask.sealed.n >= payload.n);
    }

    const struct {
        const char *title;
        struct worklist_query query;
        int n;
    } rows[] = {
        { "all of a person's", { .person_id = 21, .limit = 9 }, 3 },
        { "of an organisation", { .organisation_id = 9, .person_id = 21, .limit = 9 }, 1 },
        { "of a county", { .region_code = 340102, .limit = 9 }, 2 },
        { "within a city", { .within = 340100, .limit = 9 }, 2 },
        { "within another", { .within = 340200, .person_id = 21, .limit = 9 }, 1 },
        { "within the province", { .within = 340000, .person_id = 21, .limit = 9 }, 3 },
        { "by kind", { .kind = WORKLIST_COMPLAINT, .limit = 9 }, 2 },
        { "by state", { .state = WORKLIST_TAKEN, .limit = 9 }, 0 },
        { "overdue in two hours",
          { .person_id = 21,
            .overdue_at = { fixture_now(f).usec + 2 * USEC_PER_HOUR },
            .limit = 9 },
          2 },
        { "none yet", { .person_id = 21, .overdue_at = fixture_now(f), .limit = 9 }, 0 },
        { "before a cursor", { .person_id = 21, .before = hefei, .limit = 9 }, 1 },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct arena arena = arena_over(memory, sizeof memory);
        struct worklist_page page;
        CHECK_OK(rows[i].title, worklist_list(f->store, &rows[i].query, &arena, &page));
        CHECK_INT(rows[i].title, page.n, rows[i].n);
    }

    CHECK_INT("take",
              move(f, (struct worklist_step){ .id = wuhu, .event = WORKLIST_TAKE, .by_staff = 3 }),
              0);
    CHECK_INT("pass on",
              move(f, (struct worklist_step){ .id = wuhu,
                                              .event = WORKLIST_PASS_ON,
                                              .by_staff = 3,
                                              .organisation_id = 8,
                                              .region_code = 340102 }),
              0);
    CHECK_INT("to its new owner", row_now(f, wuhu).organisation_id, 8);
    CHECK_INT("who takes it",
              move(f, (struct worklist_step){ .id = wuhu, .event = WORKLIST_TAKE, .by_staff = 5 }),
              0);
    CHECK_INT(
        "gives it back",
        move(f, (struct worklist_step){ .id = wuhu, .event = WORKLIST_GIVE_BACK, .by_staff = 5 }),
        0);
    CHECK_INT("takes it again",
              move(f, (struct worklist_step){ .id = wuhu, .event = WORKLIST_TAKE, .by_staff = 5 }),
              0);
    CHECK_INT("answers",
              move(f, (struct worklist_step){ .id = wuhu,
                                              .event = WORKLIST_ANSWER,
                                              .by_staff = 5,
                                              .reason = S("explained") }),
              0);
    CHECK_OK("too early to close by time",
             worklist_sweep(f->store, fixture_now(f), fixture_now(f), 9, &done));
    CHECK_INT("none", done, 0);
    fixture_pass(f, USEC_PER_DAY);
    CHECK_OK("a day later", worklist_sweep(f->store, fixture_now(f), fixture_now(f), 9, &done));
    CHECK_INT("one", done, 1);
    CHECK_INT("closed", row_now(f, wuhu).state, WORKLIST_CLOSED);
}

int main(void)
{
    check_moves();
    check_numbers();
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        heard_n = 0;
        check_life(&f);
        check_lists(&f);
        fixture_close(&f);
    }
    return test_end();
}
