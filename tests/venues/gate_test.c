/* tests/venues/gate_test.c - terminals, admissions, uploads, receipts. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "registry/card.h"
#include "tests/fixture.h"
#include "venues/venues.h"
#include "worklist/worklist.h"

enum { VENUE = 500, GUESSES = 20, THREADS = 64, CARD = 4242 };

struct gate {
    int64_t id;
    uint8_t scalar[SCALAR_BYTES], point[POINT_SHORT];
    enum suite suite;
    char text[24];
};

static void sign(const struct gate *gate, struct str message, uint8_t signature[SIGNATURE_BYTES])
{
    struct err err = gate->suite == SUITE_SM2
                         ? sm2_sign(bytes_of(gate->scalar, 32), str_bytes(message), signature)
                         : p256_sign(bytes_of(gate->scalar, 32), str_bytes(message), signature);

    CHECK_OK("signed", err);
}

static struct enrol_ask enrol_ask_of(const struct fixture *f, const struct gate *gate,
                                     const char *activation)
{
    struct enrol_ask ask = { .terminal_id = gate->id,
                             .terminal_text = str_of(gate->text),
                             .activation = str_of(activation),
                             .suite = gate->suite,
                             .at = fixture_now(f) };
    char message[200];

    snprintf(message, sizeof message, "YKT enrol 1\n%s\n%s", gate->text, activation);
    memcpy(ask.public_key, gate->point, sizeof ask.public_key);
    sign(gate, str_of(message), ask.signature);
    return ask;
}

static const struct terminal_by BY = { .staff_id = 812, .region_code = 340100 };

/* The newest line of a terminal's venue says that act, by whom. */
static void journal_says(struct fixture *f, const char *act, enum journal_actor actor,
                         int64_t actor_id, int64_t terminal_id)
{
    static uint8_t memory[1 << 14];
    struct arena arena = arena_over(memory, sizeof memory);
    const struct journal_ask ask = { .place_id = VENUE, .kind = JOURNAL_STAFF_ACT, .limit = 1 };
    struct journal_page page = { 0 };
    const struct journal_line *line;

    CHECK_OK("lines", journal_lines(f->store, &ask, &arena, &page));
    if (!CHECK_INT("a line", page.n, 1)) return;
    line = &page.records[0].line;
    CHECK_STR("act", line->act, str_of(act));
    CHECK_INT("actor", line->actor, actor);
    CHECK_INT("who", line->actor_id, actor_id);
    CHECK_INT("terminal", line->terminal_id, terminal_id);
    CHECK_INT("region", line->region_code, BY.staff_id == actor_id ? BY.region_code : 0);
    CHECK_INT("object", line->object_id, terminal_id);
}

static struct gate gate_add(struct fixture *f, const char *name, enum suite suite,
                            char activation[TERMINAL_ACTIVATION_CHARS + 1])
{
    struct gate gate = { .suite = suite };
    struct terminal_ask ask = { .venue_id = VENUE,
                                .kind = TERMINAL_GATE,
                                .name = str_of(name),
                                .by = BY,
                                .at = fixture_now(f) };

    CHECK_OK("a pair", key_pair_new(suite, &f->config.entropy, gate.scalar, gate.point));
    CHECK_OK("a terminal",
             venues_terminal_add(f->store, NULL, &ask, &f->config.entropy, &gate.id, activation));
    snprintf(gate.text, sizeof gate.text, "trm_%lld", (long long)(gate.id % 1000000));
    return gate;
}

static struct gate gate_ready(struct fixture *f, const char *name, enum suite suite)
{
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    struct gate gate = gate_add(f, name, suite, activation);
    struct enrol_ask ask = enrol_ask_of(f, &gate, activation);

    CHECK_OK("enrolled", venues_terminal_enrol(f->store, &ask));
    return gate;
}

static void enrolling(struct fixture *f, enum suite suite)
{
    char activation[TERMINAL_ACTIVATION_CHARS + 1], fresh[TERMINAL_ACTIVATION_CHARS + 1];
    struct gate gate = gate_add(f, "G1", suite, activation), thief = gate;
    struct enrol_ask ask = enrol_ask_of(f, &gate, activation), wrong;
    struct terminal terminal;

    journal_says(f, "terminal_added", ACTOR_STAFF, BY.staff_id, gate.id);
    ask.signature[3] ^= 1;
    CHECK_CODE("the key is not held", venues_terminal_enrol(f->store, &ask), VENUES_KEY_PROOF);
    wrong = enrol_ask_of(f, &gate, "0000000000000000");
    CHECK_CODE("a wrong number", venues_terminal_enrol(f->store, &wrong), VENUES_ACTIVATION_WRONG);
    ask = enrol_ask_of(f, &gate, activation);
    journal_says(f, "terminal_added", ACTOR_STAFF, BY.staff_id, gate.id);
    CHECK_OK("the right one", venues_terminal_enrol(f->store, &ask));
    journal_says(f, "terminal_enrolled", ACTOR_TERMINAL, gate.id, gate.id);
    CHECK_OK("its answer was lost: again", venues_terminal_enrol(f->store, &ask));
    CHECK_OK("another pair", key_pair_new(suite, &f->config.entropy, thief.scalar, thief.point));
    ask = enrol_ask_of(f, &thief, activation);
    CHECK_CODE("with another key the number is used up", venues_terminal_enrol(f->store, &ask),
               VENUES_ACTIVATION_OVER);
    CHECK_OK("it is active", venues_terminal_get(f->store, gate.id, &terminal));
    CHECK_INT("active", terminal.state, TERMINAL_ACTIVE);
    CHECK_OK("a new number", venues_terminal_renew(f->store, VENUE, gate.id, &f->config.entropy,
                                                   &BY, fixture_now(f), fresh));
    journal_says(f, "terminal_activation_renewed", ACTOR_STAFF, BY.staff_id, gate.id);
    for (int i = 0; i < GUESSES; i++) {
        wrong = enrol_ask_of(f, &thief, "0000000000000000");
        CHECK_CODE("guessing", venues_terminal_enrol(f->store, &wrong), VENUES_ACTIVATION_WRONG);
    }
    ask = enrol_ask_of(f, &gate, fresh);
    CHECK_OK("keeps nobody out", venues_terminal_enrol(f->store, &ask));
    CHECK_OK("a new number", venues_terminal_renew(f->store, VENUE, gate.id, &f->config.entropy,
                                                   &BY, fixture_now(f), fresh));
    ask = enrol_ask_of(f, &gate, fresh);
    ask.at = instant_add(ask.at, TERMINAL_ACTIVATION_LIFE_USEC);
    CHECK_CODE("after two days", venues_terminal_enrol(f->store, &ask), VENUES_ACTIVATION_OVER);
    ask.terminal_id++;
    CHECK_CODE("no such terminal", venues_terminal_enrol(f->store, &ask), VENUES_TERMINAL_UNKNOWN);
}

struct guesser {
    struct fixture *f;
    const struct enrol_ask *ask;
    _Atomic int *wrong;
};

static void *guess(void *arg)
{
    struct guesser *g = arg;
    struct err err = venues_terminal_enrol(g->f->store, g->ask);

    if (err.code == VENUES_ACTIVATION_WRONG) atomic_fetch_add(g->wrong, 1);
    return NULL;
}

static void guessing_at_once(struct fixture *f)
{
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    struct gate gate = gate_add(f, "G2", SUITE_P256, activation);
    struct enrol_ask ask = enrol_ask_of(f, &gate, "1111111111111111");
    pthread_t threads[THREADS];
    _Atomic int wrong = 0;
    struct guesser guesser = { f, &ask, &wrong };
    struct terminal before, after;

    CHECK_OK("the gate", venues_terminal_get(f->store, gate.id, &before));
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, guess, &guesser);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_INT("64 guesses at once are wrong", wrong, THREADS);
    CHECK_OK("the gate", venues_terminal_get(f->store, gate.id, &after));
    CHECK_INT("waits as before", after.state, before.state);
    ask = enrol_ask_of(f, &gate, activation);
    CHECK_OK("and enrols", venues_terminal_enrol(f->store, &ask));
}

static struct signin_ask signin_of(const struct fixture *f, const struct gate *gate,
                                   const char *nonce)
{
    static char at[40];
    struct writer w = writer_over(at, sizeof at);
    struct signin_ask ask = { .terminal_id = gate->id,
                              .terminal_text = str_of(gate->text),
                              .audience = S("https://ykt.example"),
                              .nonce = str_of(nonce),
                              .signed_at = fixture_now(f),
                              .at = fixture_now(f) };
    char message[300];

    put_instant(&w, ask.signed_at);
    ask.signed_at_text = writer_str(&w);
    snprintf(message, sizeof message, "YKT sign-in 1\nhttps://ykt.example\n%s\n%.*s\n%s",
             gate->text, (int)w.n, at, nonce);
    sign(gate, str_of(message), ask.signature);
    return ask;
}

static void signing_in(struct fixture *f, enum suite suite)
{
    struct gate gate = gate_ready(f, "G3", suite);
    struct signin_ask ask = signin_of(f, &gate, "nonce-nonce-0001");
    char token[TERMINAL_TOKEN_CHARS + 1], unused[TERMINAL_TOKEN_CHARS + 1];
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    struct enrol_ask enrol;
    struct terminal terminal;
    int64_t off;

    CHECK_OK("signed in", venues_terminal_signin(f->store, &ask, &f->config.entropy, token, &off));
    CHECK_CODE("the same assertion again",
               venues_terminal_signin(f->store, &ask, &f->config.entropy, unused, &off),
               VENUES_ASSERTION_USED);
    CHECK_OK("whose token", venues_terminal_of_token(f->store, str_of(token), ask.at, &terminal));
    CHECK_INT("its", terminal.id, gate.id);
    CHECK_CODE("ten minutes later",
               venues_terminal_of_token(f->store, str_of(token),
                                        instant_add(ask.at, TERMINAL_TOKEN_USEC), &terminal),
               VENUES_TOKEN_UNKNOWN);
    token[5] ^= 1;
    CHECK_CODE("another token",
               venues_terminal_of_token(f->store, str_of(token), ask.at, &terminal),
               VENUES_TOKEN_UNKNOWN);
    token[5] ^= 1;
    ask = signin_of(f, &gate, "nonce-nonce-0002");
    ask.audience = S("https://other.example");
    CHECK_CODE("for another server",
               venues_terminal_signin(f->store, &ask, &f->config.entropy, unused, &off),
               VENUES_ASSERTION_BAD);
    ask = signin_of(f, &gate, "short");
    CHECK_CODE("a nonce too short",
               venues_terminal_signin(f->store, &ask, &f->config.entropy, unused, &off),
               VENUES_ASSERTION_BAD);
    ask = signin_of(f, &gate, "nonce-nonce-0003");
    ask.at = instant_add(ask.at, 61 * USEC_PER_SEC);
    CHECK_CODE("a minute off",
               venues_terminal_signin(f->store, &ask, &f->config.entropy, unused, &off),
               VENUES_ASSERTION_TIME);
    CHECK_INT("told how much", off, -61);
    CHECK_OK("a number for another key",
             venues_terminal_renew(f->store, VENUE, gate.id, &f->config.entropy, &BY,
                                   fixture_now(f), activation));
    CHECK_OK("the old key's token until then",
             venues_terminal_of_token(f->store, str_of(token), fixture_now(f), &terminal));
    CHECK_OK("another pair", key_pair_new(suite, &f->config.entropy, gate.scalar, gate.point));
    enrol = enrol_ask_of(f, &gate, activation);
    CHECK_OK("enrolled anew", venues_terminal_enrol(f->store, &enrol));
    CHECK_CODE("ends with it",
               venues_terminal_of_token(f->store, str_of(token), fixture_now(f), &terminal),
               VENUES_TOKEN_UNKNOWN);
    ask = signin_of(f, &gate, "nonce-nonce-0006");
    CHECK_OK("the new key's",
             venues_terminal_signin(f->store, &ask, &f->config.entropy, token, &off));
    CHECK_OK("revoked", venues_terminal_revoke(f->store, VENUE, gate.id, &BY, fixture_now(f)));
    journal_says(f, "terminal_revoked", ACTOR_STAFF, BY.staff_id, gate.id);
    CHECK_CODE("its token",
               venues_terminal_of_token(f->store, str_of(token), fixture_now(f), &terminal),
               VENUES_TOKEN_UNKNOWN);
    ask = signin_of(f, &gate, "nonce-nonce-0004");
    CHECK_CODE("and its key",
               venues_terminal_signin(f->store, &ask, &f->config.entropy, unused, &off),
               VENUES_TERMINAL_REVOKED);
    struct gate waiting = gate_add(f, "G4", suite, activation);
    ask = signin_of(f, &waiting, "nonce-nonce-0005");
    CHECK_CODE("before it is enrolled",
               venues_terminal_signin(f->store, &ask, &f->config.entropy, unused, &off),
               VENUES_NOT_ENROLLED);
}

static int64_t slot_new(struct fixture *f, int64_t starts_min, int64_t minutes, int64_t quota,
                        int64_t held)
{
    struct instant now = fixture_now(f);
    struct slot_ask ask = { .venue_id = VENUE,
                            .quota = quota,
                            .held = held,
                            .opens_at = instant_add(now, -USEC_PER_DAY),
                            .closes_at = instant_add(now, USEC_PER_DAY),
                            .starts_at = instant_add(now, starts_min * USEC_PER_MIN),
                            .ends_at = instant_add(now, (starts_min + minutes) * USEC_PER_MIN) };
    int64_t id = 0;

    CHECK_OK("a slot", venues_slot_add(f->store, NULL, &ask, &id));
    return id;
}

static struct admit_ask admit_of(const struct fixture *f, int64_t person, uint8_t showing)
{
    struct admit_ask ask = { .venue_id = VENUE,
                             .terminal_id = 9,
                             .person_id = person,
                             .card_id = person + 1,
                             .places = 1,
                             .grade = GRADE_A,
                             .provenance = PROVENANCE_TEST,
                             .region_code = 340100,
                             .operator_id = 77,
                             .item = S("museum_entry"),
                             .at = fixture_now(f),
                             .terminal_at = fixture_now(f) };

    memset(ask.presentation, showing, sizeof ask.presentation);
    return ask;
}

struct entrant {
    struct fixture *f;
    const struct admit_ask *ask;
    _Atomic int *won, *already, *other;
};

static void *enter(void *arg)
{
    struct entrant *e = arg;
    struct admission made;
    struct err err = venues_admit(e->f->store, e->ask, &made);

    if (err.code == 0)
        atomic_fetch_add(e->won, 1);
    else if (err.code == VENUES_ADMITTED_ALREADY)
        atomic_fetch_add(e->already, 1);
    else
        atomic_fetch_add(e->other, 1);
    return NULL;
}

/* What is judged beforehand is what comes. */
static struct err admit_judged(struct fixture *f, const struct admit_ask *ask,
                               struct admission *made)
{
    struct err would = venues_would_admit(f->store, ask), err = venues_admit(f->store, ask, made);

    CHECK_INT("as judged before", would.code, err.code);
    return err;
}

static void admissions(struct fixture *f)
{
    struct admission made;
    struct admit_ask ask = admit_of(f, 1, 1);
    struct booking_ask book = { .venue_id = VENUE, .person_id = 1, .places = 3, .at = ask.at };
    struct booking booking;
    struct occupancy occupancy;
    int64_t booking_id, late_id, now_slot, late_slot;

    CHECK_CODE("closed", admit_judged(f, &ask, &made), VENUES_NO_SLOT_NOW);
    now_slot = slot_new(f, -10, 60, 10, 2);
    late_slot = slot_new(f, 120, 60, 10, 2);
    book.slot_id = now_slot;
    CHECK_OK("booked for three", venues_book(f->store, NULL, &book, &booking_id));
    book.person_id = 2, book.slot_id = late_slot, book.places = 1;
    CHECK_OK("another for later", venues_book(f->store, NULL, &book, &late_id));
    CHECK_OK("let in", admit_judged(f, &ask, &made));
    CHECK_INT("on the booking", made.booking_id, booking_id);
    CHECK_INT("all three", made.places, 3);
    CHECK_INT("inside", made.inside, 3);
    CHECK_OK("the booking", venues_booking_get(f->store, VENUE, booking_id, &booking));
    CHECK_INT("is used", booking.state, BOOKING_ADMITTED);
    fixture_pass(&*f, USEC_PER_MIN);
    ask = admit_of(f, 1, 2);
    ask.terminal_id = 10;
    CHECK_CODE("once per booking", admit_judged(f, &ask, &made), VENUES_ADMITTED_ALREADY);
    CHECK_INT("first at", made.first_at.usec, ask.at.usec - USEC_PER_MIN);
    CHECK_INT("first where", made.first_terminal_id, 9);
    ask = admit_of(f, 2, 3);
    CHECK_CODE("two hours early", admit_judged(f, &ask, &made), VENUES_BOOKING_EARLY);
    CHECK_INT("told for when", made.booked_for.usec > ask.at.usec, 1);
    ask = admit_of(f, 3, 4);
    ask.places = 2;
    CHECK_OK("without a booking, on held-back places", admit_judged(f, &ask, &made));
    CHECK_INT("no booking", made.booking_id, 0);
    ask = admit_of(f, 4, 5);
    CHECK_CODE("none is left", admit_judged(f, &ask, &made), VENUES_NO_FREE_PLACE);
    ask = admit_of(f, 5, 4);
    CHECK_CODE("another's showing", admit_judged(f, &ask, &made), VENUES_ADMITTED_ALREADY);
    CHECK_OK("how full", venues_occupancy(f->store, VENUE, fixture_now(f), &occupancy));
    CHECK_INT("five inside", occupancy.admitted, 5);
    CHECK_INT("five today", occupancy.admitted_today, 5);
    struct admit_ask missed = admit_of(f, 2, 6);
    int64_t evening = slot_new(f, 300, 60, 10, 2);
    missed.at = instant_add(fixture_now(f), 310 * USEC_PER_MIN);
    if (day_of(missed.at).number == day_of(fixture_now(f)).number)
        CHECK_CODE("its slot is over", venues_admit(f->store, &missed, &made),
                   VENUES_BOOKING_MISSED);
    CHECK("slots differ", evening != late_slot);
    CHECK_OK("more held back", venues_slot_change(f->store, VENUE, now_slot, 10, 8));

    pthread_t threads[THREADS];
    _Atomic int won = 0, already = 0, other = 0;
    struct admit_ask same = admit_of(f, 30, 7);
    struct entrant entrant = { f, &same, &won, &already, &other };
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, enter, &entrant);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_INT("of 64 showings at once one admission", won, 1);
    CHECK("the others hear it", already + other == THREADS - 1);
    CHECK("none fails on SQLite", other == 0 || f->engine == ENGINE_POSTGRESQL);
}

static struct upload_ask upload_of(const struct fixture *f, const struct gate *gate, int64_t no,
                                   const char *body, const struct upload_line *lines, size_t n)
{
    struct upload_ask ask = { .venue_id = VENUE,
                              .terminal_id = gate->id,
                              .batch_no = no,
                              .body = bytes_of(body, strlen(body)),
                              .lines = lines,
                              .n = n,
                              .at = fixture_now(f) };
    uint8_t digest[HASH_BYTES];
    char message[200];
    struct writer w = writer_over(message, sizeof message);

    sm3(ask.body, digest);
    put_format(&w, "YKT upload 1\n%lld\n", (long long)no);
    put_hex(&w, bytes_of(digest, sizeof digest));
    sign(gate, writer_str(&w), ask.signature);
    return ask;
}

/* Rows that messages have opened since the last call; *newest is the last of them. */
static int worklist_rows(struct fixture *f, struct worklist_row *newest)
{
    static uint8_t memory[65536];
    struct arena arena = arena_over(memory, sizeof memory);
    struct worklist_page page = { 0 };
    int done = 0;

    CHECK_OK("delivered", outbox_deliver(f->store, WORKLIST_TOPIC_OPEN, 50, worklist_take_message,
                                         f->store, &done));
    CHECK_OK("listed",
             worklist_list(f->store, &(struct worklist_query){ .limit = 1 }, &arena, &page));
    if (page.n > 0) *newest = page.rows[0];
    return done;
}

static void uploads(struct fixture *f, enum suite suite)
{
    struct gate gate = gate_ready(f, "G5", suite);
    struct upload_line lines[4] = {
        { .ask = admit_of(f, 200 + suite, (uint8_t)(20 + suite)) },
        { .ask = admit_of(f, 1, (uint8_t)(30 + suite)) }, /* was let in before, elsewhere */
        { .ask = admit_of(f, 202, (uint8_t)(40 + suite)), .verdict = 6113 },
        { .refused = VENUES_LINE_TIME },
    };
    struct upload_ask ask = upload_of(f, &gate, 2, "second", lines, 4);
    struct upload_made made;
    struct worklist_row row = { 0 };

    (void)worklist_rows(f, &row); /* what came before */
    CHECK_CODE("a batch is missing", venues_upload(f->store, &ask, &made), VENUES_UPLOAD_GAP);
    CHECK_INT("says which", made.next_batch_no, 1);
    CHECK_CODE("says it before, too", venues_upload_check(f->store, &ask, &made),
               VENUES_UPLOAD_GAP);
    ask = upload_of(f, &gate, 1, "first", lines, 4);
    ask.signature[9] ^= 1;
    CHECK_CODE("not signed by it", venues_upload(f->store, &ask, &made), VENUES_UPLOAD_SIGNATURE);
    ask = upload_of(f, &gate, 1, "first", lines, 4);
    CHECK_OK("would be taken", venues_upload_check(f->store, &ask, &made));
    CHECK("is not taken by that", !made.replayed);
    CHECK_OK("uploaded", venues_upload(f->store, &ask, &made));
    CHECK_INT("two lines stand", made.accepted, 2);
    CHECK_INT("one contradicts", made.contested, 1);
    CHECK_INT("one is not taken", made.refused, 1);
    for (int again = 0; again < 2; again++) {
        CHECK("line by line", made.n == 4);
        CHECK_INT("let in", made.ends[0], 0);
        CHECK_INT("was in before", made.ends[1], VENUES_ADMITTED_ALREADY);
        CHECK_INT("refused by the gate", made.ends[2], 0);
        CHECK_INT("refused here", made.ends[3], VENUES_LINE_TIME);
        CHECK_OK("sent twice", venues_upload(f->store, &ask, &made));
        CHECK("is the first",
              made.replayed && made.accepted == 2 && made.contested == 1 && made.refused == 1);
    }
    CHECK_INT("a row of the worklist for the one, once", worklist_rows(f, &row), 1);
    CHECK_INT("for its operator", row.organisation_id, 77);
    CHECK("about the line, of the place's region, nobody waits for an answer",
          row.subject == ABOUT_JOURNAL_LINE && row.subject_id != 0 && row.person_id == 1 &&
              row.region_code == lines[1].ask.region_code && row.subject_root.kind == ROOT_NONE &&
              str_eq(row.reason, S("let_in_offline")));
    ask = upload_of(f, &gate, 1, "other", lines, 1);
    CHECK_CODE("the number again for other lines", venues_upload(f->store, &ask, &made),
               VENUES_UPLOAD_DIFFERENT);
    CHECK_INT("says which is free", made.next_batch_no, 2);
    ask = upload_of(f, &gate, 2, "second", lines, 0);
    CHECK_OK("the next one", venues_upload(f->store, &ask, &made));
}

/* What registry/ puts on the feed when a card's state changes. */
static RESULT card_change(struct txn *tx, void *arg)
{
    const struct card_state *state = arg;
    uint8_t bytes[CARD_STATE_BYTES];

    card_state_write(state, bytes);
    return feed_append(tx, FEED_CARD, CARD, bytes_of(bytes, sizeof bytes));
}

static void card_turns(struct fixture *f, enum social_state social)
{
    struct card_state state = { .card_id = CARD,
                                .person_id = 3,
                                .social = (uint8_t)social,
                                .social_usable = social == SOCIAL_NORMAL,
                                .at = fixture_now(f) };

    CHECK_OK("a card's change",
             store_run(f->store, (struct root){ ROOT_PERSON, 3 }, card_change, &state));
    fixture_pass(f, USEC_PER_SEC);
}

/* Lists that were not made, or not yet, are not obeyed; a terminal may have none. */
static void lists_refused(struct fixture *f, const struct heartbeat *like,
                          const struct feed_status *status)
{
    const struct {
        const char *title;
        int64_t incarnation, position;
        int code;
    } rows[] = {
        { "none yet", 0, 0, 0 },
        { "the next", status->incarnation, status->head_position + 1, VENUES_LIST_UNKNOWN },
        { "the last there can be", status->incarnation, INT64_MAX, VENUES_LIST_UNKNOWN },
        { "another store's", status->incarnation + 1, 1, VENUES_LIST_UNKNOWN },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct heartbeat beat = *like;

        beat.list_incarnation = rows[i].incarnation;
        beat.list_position = rows[i].position;
        CHECK_CODE(rows[i].title, venues_heartbeat(f->store, &beat), rows[i].code);
    }
}

/* A row that says of a list that it was obeyed before its change was sealed counts for nothing. */
static const struct stmt OBEYED_EARLY = {
    .name = "test: obeyed before it was made",
    .types = "iiiii",
    .root = 1,
    .sql = "INSERT INTO terminal_list (venue_id, terminal_id, incarnation, position, at)"
           " VALUES ($1, $2, $3, $4, $5)",
};
struct early {
    int64_t terminal_id, incarnation;
    struct instant at;
};

static RESULT early_in_txn(struct txn *tx, void *arg)
{
    const struct early *early = arg;

    return txn_exec(tx, &OBEYED_EARLY,
                    IN(v_int(VENUE), v_int(early->terminal_id), v_int(early->incarnation),
                       v_int(INT64_MAX), v_at(early->at)),
                    NULL);
}

static void obeyed_before(struct fixture *f, int64_t terminal_id, const struct feed_status *status,
                          struct instant lost_at)
{
    struct early early = { terminal_id, status->incarnation, instant_add(lost_at, -USEC_PER_SEC) };

    CHECK_OK("a row of before",
             store_run(f->store, (struct root){ ROOT_PLACE, VENUE }, early_in_txn, &early));
}

static void receipts(struct fixture *f)
{
    static uint8_t memory[1 << 16];
    struct arena arena = arena_over(memory, sizeof memory);
    struct gate quick = gate_ready(f, "quick", SUITE_P256), slow = gate_ready(f, "slow", SUITE_SM2);
    struct instant lost_at, first_at;
    struct loss_receipt receipt, first;
    struct feed_status status;
    struct heartbeat beat = { .venue_id = VENUE, .list_made_at = fixture_now(f) };

    fixture_pass(f, USEC_PER_MIN);
    first_at = fixture_now(f);
    card_turns(f, SOCIAL_TEMPORARY_LOSS);
    card_turns(f, SOCIAL_NORMAL);
    lost_at = fixture_now(f);
    card_turns(f, SOCIAL_TEMPORARY_LOSS);
    CHECK("sealed", fixture_seal(f));
    CHECK_OK("the feed", feed_status(f->store, FEED_CARD, &status));
    CHECK_OK("a receipt", venues_loss_receipt(f->store, CARD, lost_at, 0, 100, &arena, &receipt));
    CHECK("it stands in the feed",
          receipt.position > 0 && receipt.position <= status.head_position);
    CHECK_INT("nobody has obeyed yet", (int64_t)receipt.obeyed, 0);
    CHECK_OK("lost, lifted and lost again: the first one's",
             venues_loss_receipt(f->store, CARD, first_at, 0, 100, &arena, &first));
    CHECK_INT("stands two changes before", receipt.position - first.position, 2);
    beat.terminal_id = slow.id;
    beat.list_incarnation = status.incarnation;
    beat.list_position = receipt.position - 1;
    beat.at = beat.terminal_at = fixture_now(f);
    CHECK_OK("an older list", venues_heartbeat(f->store, &beat));
    lists_refused(f, &beat, &status);
    obeyed_before(f, slow.id, &status, lost_at);
    fixture_pass(f, 700000);
    beat.terminal_id = quick.id;
    beat.list_position = receipt.position;
    beat.at = fixture_now(f);
    beat.terminal_at = instant_add(beat.at, 2 * USEC_PER_SEC);
    CHECK_OK("the quick one has it", venues_heartbeat(f->store, &beat));
    CHECK_OK("again, later", venues_heartbeat(f->store, &beat));
    CHECK_OK("a receipt", venues_loss_receipt(f->store, CARD, lost_at, 0, 100, &arena, &receipt));
    CHECK_INT("one obeyed", (int64_t)receipt.obeyed, 1);
    for (size_t i = 0; i < receipt.n; i++) {
        if (receipt.gates[i].terminal_id == quick.id)
            CHECK_INT("since when", receipt.gates[i].obeyed_at.usec, beat.at.usec);
    }
    struct terminal terminal;
    CHECK_OK("the terminal", venues_terminal_get(f->store, quick.id, &terminal));
    CHECK_INT("its clock is two seconds fast", terminal.clock_off_usec, 2 * USEC_PER_SEC);
    CHECK_OK("a card that was never lost",
             venues_loss_receipt(f->store, CARD + 1, lost_at, 0, 100, &arena, &receipt));
    CHECK_INT("has no place in the feed", receipt.position, 0);
    CHECK_INT("and nobody obeys it", (int64_t)receipt.obeyed, 0);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        enrolling(&f, SUITE_SM2);
        enrolling(&f, SUITE_P256);
        guessing_at_once(&f);
        signing_in(&f, SUITE_SM2);
        signing_in(&f, SUITE_P256);
        admissions(&f);
        uploads(&f, SUITE_SM2);
        uploads(&f, SUITE_P256);
        receipts(&f);
        fixture_close(&f);
    }
    return test_end();
}
