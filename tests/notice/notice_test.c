/* tests/notice/notice_test.c - notices are put, sent, held, muted, given up and forgotten as told.
 */
#include "tests/fixture.h"

#include <string.h>

#include "notice/notice.h"

static uint8_t memory[512 * 1024];

enum { SENT_MAX = 16 };
struct gateway { /* what a carrier got */
    int sent, fails;
    int refusal;
    char text[SENT_MAX][NOTICE_TEXT_MAX];
    size_t code_n[SENT_MAX];
};

static struct err gateway_send(void *arg, const struct notice_delivery *delivery)
{
    struct gateway *gateway = arg;

    if (gateway->fails > 0) {
        gateway->fails--;
        return fault(FAULT_PARTNER, "gateway down");
    }
    if (gateway->refusal) return (struct err){ .code = gateway->refusal };
    assert(gateway->sent < SENT_MAX);
    CHECK("text fits", str_c(delivery->text, gateway->text[gateway->sent], NOTICE_TEXT_MAX));
    gateway->code_n[gateway->sent++] = delivery->sealed_code.n;
    return OK;
}

struct put_call {
    struct notice notice;
    int64_t id;
};

static struct err put_in_txn(struct txn *tx, void *arg)
{
    struct put_call *call = arg;

    return notice_put(tx, &call->notice, &call->id);
}

static const struct notice_parameter LOST[] = { { "card", { "****1234", 8 } },
                                                { "at", { "15:32", 5 } },
                                                { "until", { "27", 2 } },
                                                { "how", { "web", 3 } } };
static const struct notice_parameter BOOKED[] = { { "place", { "Museum", 6 } },
                                                  { "slot", { "09:00", 5 } },
                                                  { "places", { "2", 1 } } };
static const struct notice_parameter CODE[] = { { "purpose", { "login", 5 } },
                                                { "minutes", { "5", 1 } } };

static int64_t put(struct fixture *f, struct root root, struct notice notice)
{
    struct put_call call = { .notice = notice };

    call.notice.at = fixture_now(f);
    CHECK_OK("put", store_run(f->store, root, put_in_txn, &call));
    return call.id;
}

static int deliver(struct fixture *f, struct gateway *gateway)
{
    struct notice_sender sender = { f->store, { gateway_send, gateway } };
    int done;

    CHECK_OK("notices of other roots",
             outbox_deliver(f->store, NOTICE_TOPIC_PUT, 50, notice_take, f->store, &done));
    CHECK_OK("deliver",
             outbox_deliver(f->store, NOTICE_TOPIC_SEND, 50, notice_send, &sender, &done));
    return done;
}

static struct notice_page history(struct fixture *f, int64_t person_id)
{
    static struct arena arena;
    struct notice_page page = { 0 };

    arena = arena_over(memory, sizeof memory);
    CHECK_OK("history", notice_history(f->store, person_id, 0, 50, &arena, &page));
    return page;
}

static void check_parameters(struct fixture *f)
{
    static char longest[NOTICE_VALUE_MAX + 1];
    struct notice_parameter extra[4], wrong[4], too_long[4];
    static const struct {
        const char *title;
        size_t n;
        int which;
    } rows[] = { { "one missing", 3, 0 },
                 { "none", 0, 0 },
                 { "one the kind does not have", 4, 1 },
                 { "one too long", 4, 2 } };

    memset(longest, 'x', sizeof longest);
    memcpy(extra, LOST, sizeof extra);
    memcpy(wrong, LOST, sizeof wrong);
    memcpy(too_long, LOST, sizeof too_long);
    wrong[1].name = "place";
    too_long[1].value = (struct str){ longest, sizeof longest };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct put_call call = { .notice = { .kind = NOTICE_CARD_LOST,
                                             .person_id = 1,
                                             .at = fixture_now(f),
                                             .parameters = rows[i].which == 1   ? wrong
                                                           : rows[i].which == 2 ? too_long
                                                                                : extra,
                                             .parameters_n = rows[i].n } };
        CHECK_CODE(rows[i].title,
                   store_run(f->store, (struct root){ ROOT_PERSON, 1 }, put_in_txn, &call),
                   NOTICE_PARAMETER_BAD);
    }
    for (int kind = NOTICE_ONE_TIME_CODE; kind <= NOTICE_ECARD_OFF; kind++) {
        CHECK("every kind has a name", notice_kind_name((enum notice_kind)kind) != NULL);
    }
}

static void check_sending(struct fixture *f)
{
    struct root own = { ROOT_PERSON, 11 }, gate = { ROOT_PLACE, 5 };
    struct notice lost = {
        .kind = NOTICE_CARD_LOST, .person_id = 11, .parameters = LOST, .parameters_n = LEN(LOST)
    };
    struct gateway gateway = { .fails = 1 };

    put(f, own, lost);
    deliver(f, &gateway);
    CHECK_INT("the gateway is down", gateway.sent, 0);
    CHECK_INT("the notice waits", history(f, 11).records[0].state, NOTICE_WAITING);
    fixture_pass(f, 2 * USEC_PER_HOUR);
    deliver(f, &gateway);
    CHECK_INT("and is sent later", gateway.sent, 1);
    CHECK("with its parameters",
          strstr(gateway.text[0], "****1234") && strstr(gateway.text[0], "通过网页挂失"));
    CHECK_INT("told in the history", history(f, 11).records[0].state, NOTICE_SENT);
    deliver(f, &gateway);
    CHECK_INT("once", gateway.sent, 1);

    put(f, gate, lost);
    deliver(f, &gateway);
    CHECK_INT("from another root too", gateway.sent, 2);
    CHECK_INT("two in the history", history(f, 11).n, 2);

    gateway.refusal = NOTICE_NO_ADDRESS;
    put(f, own, lost);
    deliver(f, &gateway);
    CHECK_INT("nowhere to send it", history(f, 11).records[0].state, NOTICE_FAILED);
    gateway.refusal = 0;

    gateway.fails = 1000;
    put(f, own, lost);
    for (int hour = 0; hour < 80; hour++) {
        deliver(f, &gateway);
        fixture_pass(f, USEC_PER_HOUR);
    }
    CHECK_INT("after 72 hours it gives up", history(f, 11).records[0].state, NOTICE_FAILED);
    CHECK_OK("seen", notice_mark_seen(f->store, 11, history(f, 11).records[0].id));
    CHECK("is kept", history(f, 11).records[0].seen);
    CHECK_CODE("nobody else's", notice_mark_seen(f->store, 12, history(f, 11).records[0].id),
               NOTICE_UNKNOWN);
}

static void check_codes(struct fixture *f)
{
    struct root own = { ROOT_PERSON, 21 };
    struct gateway gateway = { 0 };
    uint8_t sealed[60] = { 1, 2, 3 };
    struct notice code = { .kind = NOTICE_ONE_TIME_CODE,
                           .person_id = 21,
                           .parameters = CODE,
                           .parameters_n = LEN(CODE),
                           .sealed_code = bytes_of(sealed, sizeof sealed) };
    int done;

    code.until = (struct instant){ fixture_now(f).usec + 5 * USEC_PER_MIN };
    put(f, own, code);
    deliver(f, &gateway);
    CHECK_INT("a code is sent", gateway.sent, 1);
    CHECK_INT("sealed", (int64_t)gateway.code_n[0], sizeof sealed);
    CHECK("its place is left", strstr(gateway.text[0], "{code}") != NULL);
    CHECK("and it is in no history",
          strstr(arena_c(&(struct arena){ memory + 400000, 4096, 0, false, false },
                         history(f, 21).records[0].text.zh),
                 "******") != NULL);

    code.until = (struct instant){ fixture_now(f).usec + 5 * USEC_PER_MIN };
    put(f, own, code);
    fixture_pass(f, 6 * USEC_PER_MIN);
    deliver(f, &gateway);
    CHECK_INT("late ones are not sent", gateway.sent, 1);
    CHECK_INT("but told", history(f, 21).records[0].state, NOTICE_FAILED);

    code.until = (struct instant){ fixture_now(f).usec + 5 * USEC_PER_MIN };
    put(f, own, code);
    fixture_pass(f, 6 * USEC_PER_MIN);
    CHECK_OK("sweep", notice_sweep(f->store, fixture_now(f), 100, &done));
    CHECK_INT("the seal is dropped when its time is over", done, 1);
    CHECK_OK("sweep again", notice_sweep(f->store, fixture_now(f), 100, &done));
    CHECK_INT("once", done, 0);
}

static void check_preferences(struct fixture *f)
{
    struct root own = { ROOT_PERSON, 31 };
    struct notice booked = { .kind = NOTICE_BOOKING_MADE,
                             .person_id = 31,
                             .parameters = BOOKED,
                             .parameters_n = LEN(BOOKED) };
    struct notice lost = {
        .kind = NOTICE_CARD_LOST, .person_id = 31, .parameters = LOST, .parameters_n = LEN(LOST)
    };
    struct notice_preference night = { .language = NOTICE_EN,
                                       .quiet_from_hour = 22,
                                       .quiet_to_hour = 7 };
    struct notice_preference got;
    struct gateway gateway = { 0 };
    struct instant late, morning;
    int done;

    CHECK_OK("the default", notice_preference_get(f->store, 31, &got));
    CHECK_INT("is Chinese", got.language, NOTICE_ZH);
    CHECK_OK("English, quiet at night",
             notice_preference_set(f->store, 31, &night, fixture_now(f)));
    CHECK_OK("read back", notice_preference_get(f->store, 31, &got));
    CHECK_INT("from 22", got.quiet_from_hour, 22);
    CHECK("times", instant_parse(S("2021-09-01T23:30:00+08:00"), &late) &&
                       instant_parse(S("2021-09-02T07:00:00+08:00"), &morning));
    fixture_set(f, late);
    put(f, own, booked);
    put(f, own, lost);
    deliver(f, &gateway);
    CHECK_INT("at night only the loss is sent", gateway.sent, 1);
    CHECK("in English",
          strstr(gateway.text[0], "reported lost") && strstr(gateway.text[0], "by the web;"));
    CHECK_OK("too early", notice_sweep(f->store, (struct instant){ morning.usec - 1 }, 9, &done));
    CHECK_INT("nothing yet", done, 0);
    fixture_set(f, morning);
    CHECK_OK("morning", notice_sweep(f->store, morning, 9, &done));
    deliver(f, &gateway);
    CHECK_INT("the booking follows", gateway.sent, 2);

    night.muted = UINT64_C(1) << NOTICE_BOOKING_MADE;
    CHECK_OK("mute bookings", notice_preference_set(f->store, 31, &night, fixture_now(f)));
    put(f, own, booked);
    deliver(f, &gateway);
    CHECK_INT("muted", gateway.sent, 2);
    CHECK_INT("but in the history", history(f, 31).records[0].state, NOTICE_KEPT);

    night.muted = UINT64_C(1) << NOTICE_CARD_LOST;
    CHECK_CODE("losses can't be muted", notice_preference_set(f->store, 31, &night, fixture_now(f)),
               NOTICE_PREFERENCE_BAD);
    night.muted = 0;
    night.quiet_to_hour = 24;
    CHECK_CODE("no hour 24", notice_preference_set(f->store, 31, &night, fixture_now(f)),
               NOTICE_PREFERENCE_BAD);
    night.quiet_to_hour = 7;
    night.language = (enum notice_language)3;
    CHECK_CODE("no third language", notice_preference_set(f->store, 31, &night, fixture_now(f)),
               NOTICE_PREFERENCE_BAD);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        check_parameters(&f);
        check_sending(&f);
        check_codes(&f);
        check_preferences(&f);
        fixture_close(&f);
    }
    return test_end();
}
