/* tests/journal/journal_test.c - lines are kept, paged, contested and erased, and the proof finds
 * what was changed, dropped or slipped in behind its back. */
#include "tests/fixture.h"

#include "journal/journal.h"

static uint8_t memory[1024 * 1024];

struct append_call {
    struct journal_line line;
    int64_t id;
};

static struct err append_in_txn(struct txn *tx, void *arg)
{
    struct append_call *call = arg;

    return journal_append(tx, &call->line, &call->id);
}

static struct journal_line line_of(int64_t person_id, const char *act)
{
    return (struct journal_line){
        .kind = JOURNAL_USE,
        .actor = ACTOR_TERMINAL,
        .grade = GRADE_B,
        .provenance = PROVENANCE_TEST,
        .person_id = person_id,
        .card_id = 77,
        .actor_id = 900,
        .place_id = 500,
        .terminal_id = 900,
        .region_code = 340202,
        .act = str_of(act),
        .item = S("CT-06-016"),
        .object_prefix = "bkg",
        .object_id = 42,
        .at = { INT64_C(1629417600000000) },
        .said_at = { INT64_C(1629417599000000) },
    };
}

static int64_t append(struct fixture *f, struct root root, struct journal_line line)
{
    struct append_call call = { .line = line };

    CHECK_OK("append", store_run(f->store, root, append_in_txn, &call));
    return call.id;
}

static struct arena arena_new(void)
{
    return arena_over(memory, sizeof memory);
}

static void check_content(void)
{
    struct journal_line line = line_of(11, "admitted"), back;
    struct root root = { ROOT_PLACE, 500 }, back_root;
    uint8_t bytes[JOURNAL_CONTENT_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    int64_t id;

    line.verdict = 7002;
    line.note = S("queue 3");
    line.purpose = S("entry");
    journal_content_write(&w, 99, root, &line);
    CHECK_OK("what was written reads back",
             journal_content_parse(writer_bytes(&w), &id, &back_root, &back));
    CHECK_INT("id", id, 99);
    CHECK_INT("root", back_root.id, 500);
    CHECK_INT("verdict", back.verdict, 7002);
    CHECK_INT("terminal's clock", back.said_at.usec, line.said_at.usec);
    CHECK_STR("note", back.note, line.note);
    CHECK_STR("act", back.act, line.act);
    for (size_t n = 0; n < w.n; n++) {
        CHECK_CODE("cut short", journal_content_parse(bytes_of(bytes, n), &id, &back_root, &back),
                   JOURNAL_CONTENT_BAD);
    }
    bytes[1] = 9;
    CHECK_CODE("an unknown kind", journal_content_parse(writer_bytes(&w), &id, &back_root, &back),
               JOURNAL_CONTENT_BAD);

    /* the longest line fits */
    static char longest[JOURNAL_NOTE_MAX];
    memset(longest, 'x', sizeof longest);
    line.note = (struct str){ longest, JOURNAL_NOTE_MAX };
    line.act = (struct str){ longest, JOURNAL_ACT_MAX };
    line.item = (struct str){ longest, JOURNAL_ITEM_MAX };
    line.purpose = (struct str){ longest, JOURNAL_PURPOSE_MAX };
    w = writer_over(bytes, sizeof bytes);
    journal_content_write(&w, 99, root, &line);
    CHECK("the longest line fits", !w.over);
}

static void check_pages(struct fixture *f)
{
    struct root own = { ROOT_PERSON, 11 }, gate = { ROOT_PLACE, 500 };
    struct journal_line line = line_of(11, "admitted");
    struct journal_page page;
    struct arena arena;
    int64_t ids[6];

    for (int i = 0; i < 6; i++) {
        line.at.usec += USEC_PER_MIN;
        line.verdict = i == 3 ? 7003 : 0;
        ids[i] = append(f, i % 2 ? gate : own, line); /* under whatever root */
    }
    append(f, (struct root){ ROOT_PERSON, 12 }, line_of(12, "admitted"));
    int64_t seen = 0, before = 0;
    do {
        arena = arena_new();
        CHECK_OK("a page", journal_lines(f->store,
                                         &(struct journal_ask){
                                             .person_id = 11, .before = before, .limit = 4 },
                                         &arena, &page));
        for (int i = 0; i < page.n; i++, seen++) {
            CHECK_INT("newest first, none twice", page.records[i].id, ids[5 - seen]);
        }
        before = page.records[page.n - 1].id;
    } while (page.more);
    CHECK_INT("all of the person's lines and no other's", seen, 6);

    static const struct {
        const char *title;
        struct journal_ask ask;
        int n;
    } rows[] = {
        { "only refusals", { .person_id = 11, .refused_only = true, .limit = 9 }, 1 },
        { "an item nobody used", { .person_id = 11, .item = { "XX", 2 }, .limit = 9 }, 0 },
        { "the item used", { .person_id = 11, .item = { "CT-06-016", 9 }, .limit = 9 }, 6 },
        { "another card", { .person_id = 11, .card_id = 78, .limit = 9 }, 0 },
        { "by kind", { .person_id = 11, .kind = JOURNAL_LOOK, .limit = 9 }, 0 },
        { "from a time on",
          { .person_id = 11, .from = { INT64_C(1629417780000000) }, .limit = 9 },
          4 },
        { "up to a time", { .person_id = 11, .to = { INT64_C(1629417780000000) }, .limit = 9 }, 2 },
        { "at the gate's place", { .place_id = 500, .limit = 9 }, 7 },
        { "by a member of staff", { .actor_id = 900, .limit = 9 }, 0 },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        arena = arena_new();
        CHECK_OK(rows[i].title, journal_lines(f->store, &rows[i].ask, &arena, &page));
        CHECK_INT(rows[i].title, page.n, rows[i].n);
    }
}

static int contests;
static struct journal_contest_message contest_seen;

static struct err contest_arrives(void *arg, const struct message *message)
{
    (void)arg;
    contests++;
    return journal_contest_parse(message->payload, &contest_seen);
}

static void check_contest(struct fixture *f)
{
    struct root gate = { ROOT_PLACE, 500 };
    int64_t line = append(f, gate, line_of(21, "admitted")), contest, again;
    struct journal_line staff = line_of(21, "role_given");
    struct journal_contest ask = {
        .person_id = 21, .line_id = line, .reason = S("not_me"), .at = fixture_now(f)
    };
    struct once once = { .actor = 21, .key = S("k1"), .body_hash = { 1 } };
    struct arena arena = arena_new();
    struct journal_record record;
    int done;

    CHECK_OK("contest a line", journal_contest(f->store, &once, &ask, &contest));
    CHECK_OK("the same key gives the same contest", journal_contest(f->store, &once, &ask, &again));
    CHECK_INT("the first one", again, contest);
    CHECK_CODE("not twice", journal_contest(f->store, NULL, &ask, &again),
               JOURNAL_ALREADY_CONTESTED);
    ask.person_id = 22;
    CHECK_CODE("nobody else's line", journal_contest(f->store, NULL, &ask, &again),
               JOURNAL_LINE_UNKNOWN);
    ask.person_id = 21;
    staff.kind = JOURNAL_STAFF_ACT;
    ask.line_id = append(f, gate, staff);
    CHECK_CODE("an act of staff is not contested here",
               journal_contest(f->store, NULL, &ask, &again), JOURNAL_NOT_CONTESTABLE);
    CHECK_OK("the mark goes to the line",
             outbox_deliver(f->store, JOURNAL_TOPIC_MARK, 9, journal_mark, f->store, &done));
    CHECK_OK("the line", journal_person_line(f->store, 21, line, &arena, &record));
    CHECK("is contested", record.contested);
    CHECK_OK("the worklist hears of it",
             outbox_deliver(f->store, JOURNAL_TOPIC_CONTEST, 9, contest_arrives, NULL, &done));
    CHECK_INT("once", contests, 1);
    CHECK_INT("which contest", contest_seen.contest_id, contest);
    CHECK_INT("where", contest_seen.region_code, 340202);
    CHECK_OK("and answers",
             journal_contest_answer(f->store, 21, contest, S("upheld"), fixture_now(f)));
    CHECK_CODE("an unknown contest",
               journal_contest_answer(f->store, 21, 5, S("upheld"), fixture_now(f)),
               JOURNAL_LINE_UNKNOWN);
}

static void check_proof(const char *title, struct fixture *f, struct journal_proof want)
{
    struct journal_check pieces = { .begun = false };
    struct journal_proof got;

    CHECK(title, fixture_seal(f));
    if (!CHECK_OK(title, journal_verify(f->store, (struct instant){ 0 }, &got))) return;
    while (!pieces.done) {
        if (!CHECK_OK(title, journal_verify_some(f->store, &pieces, 1))) return;
    }
    CHECK("in pieces it finds the same", memcmp(&pieces.proof, &got, sizeof got) == 0);
    CHECK("and so it says", journal_proof_whole(&got) ==
                                (want.changed == 0 && want.missing == 0 && want.unknown == 0));
    if (want.checked) CHECK_INT(title, got.checked, want.checked);
    CHECK_INT(title, got.erased, want.erased);
    CHECK_INT(title, got.changed, want.changed);
    CHECK_INT(title, got.missing, want.missing);
    CHECK_INT(title, got.unknown, want.unknown);
    CHECK_INT(title, got.bad_block, 0);
}

/* What somebody with the database in hand would do. */
static const struct stmt FALSIFY = {
    .name = "test: another salt, so another content",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE journal_line SET salt = (SELECT o.salt FROM journal_line o WHERE o.root_id = $1"
           " AND o.id <> $2 LIMIT 1) WHERE root_id = $1 AND id = $2",
};
static const struct stmt HIDE = {
    .name = "test: hide from a search",
    .types = "ii",
    .root = 1,
    .sql = "UPDATE journal_line SET person_id = 999 WHERE root_id = $1 AND id = $2",
};
static const struct stmt SHOW = {
    .name = "test: undo",
    .types = "iii",
    .root = 1,
    .sql = "UPDATE journal_line SET person_id = $3 WHERE root_id = $1 AND id = $2",
};
static const struct stmt DROP = {
    .name = "test: drop a line",
    .types = "ii",
    .root = 1,
    .sql = "DELETE FROM journal_line WHERE root_id = $1 AND id = $2",
};
static const struct stmt SLIP_IN = {
    .name = "test: slip a line in",
    .types = "ii",
    .root = 1,
    .sql =
        "INSERT INTO journal_line (root_id, root_kind, id, recorded_at, leaf, salt, content, kind,"
        " person_id, actor, actor_id, item, at, refused) SELECT root_id, root_kind, 123456,"
        " recorded_at, leaf, salt, content, kind, person_id, actor, actor_id, item, at, refused"
        " FROM journal_line WHERE root_id = $1 AND id = $2",
};

struct tamper_call {
    const struct stmt *stmt;
    int64_t root_id, line_id, person_id;
};

static struct err tamper_in_txn(struct txn *tx, void *arg)
{
    struct tamper_call *call = arg;
    int64_t changed;

    if (call->stmt == &SHOW) {
        TRY(txn_exec(tx, call->stmt,
                     IN(v_int(call->root_id), v_int(call->line_id), v_int(call->person_id)),
                     &changed));
    } else {
        TRY(txn_exec(tx, call->stmt, IN(v_int(call->root_id), v_int(call->line_id)), &changed));
    }
    REQUIRE(changed == 1, 1);
    return OK;
}

static void tamper(struct fixture *f, const struct stmt *stmt, struct root root, int64_t line_id)
{
    struct tamper_call call = { stmt, root.id, line_id, root.id };

    CHECK_OK(stmt->name, store_run(f->store, root, tamper_in_txn, &call));
}

static void check_erasing(struct fixture *f)
{
    struct root own = { ROOT_PERSON, 31 };
    int64_t line = append(f, own, line_of(31, "admitted"));
    struct journal_erasure ask = {
        .root = own, .line_id = line, .why = S("keeping_time_ended"), .at = fixture_now(f)
    };
    struct arena arena = arena_new();
    struct journal_tombstone stone;
    struct journal_record record;
    struct journal_page page;
    struct journal_proof proof = { 0 };

    CHECK("seal first", fixture_seal(f));
    CHECK_OK("the aged lines", journal_aged(f->store, (struct instant){ fixture_now(f).usec + 1 },
                                            (struct instant){ 0 }, 0, 5, &arena, &page));
    CHECK_INT("oldest first, a page of them", page.n, 5);
    CHECK_OK("erase", journal_erase(f->store, &ask));
    CHECK_OK("erase again", journal_erase(f->store, &ask));
    CHECK_OK("the line stands", journal_line_get(f->store, own, line, &arena, &record));
    CHECK("erased", record.erased && record.line.act.n == 0);
    CHECK_OK("with its tombstone", journal_tombstone_get(f->store, own, line, &arena, &stone));
    CHECK_STR("why", stone.why, S("keeping_time_ended"));
    CHECK_OK("the person's lines",
             journal_lines(f->store, &(struct journal_ask){ .person_id = 31, .limit = 9 }, &arena,
                           &page));
    CHECK_INT("are gone", page.n, 0);
    ask.line_id = 4711;
    CHECK_CODE("an unknown line", journal_erase(f->store, &ask), JOURNAL_LINE_UNKNOWN);
    CHECK_CODE("no tombstone of it", journal_tombstone_get(f->store, own, 4711, &arena, &stone),
               JOURNAL_LINE_UNKNOWN);
    proof.erased = 1;
    check_proof("the chain still proves", f, proof);
}

static void check_tampering(struct fixture *f)
{
    struct root own = { ROOT_PERSON, 41 };
    int64_t a = append(f, own, line_of(41, "admitted")), b = append(f, own, line_of(41, "refused"));

    check_proof("whole", f, (struct journal_proof){ .erased = 1 });
    tamper(f, &HIDE, own, a);
    check_proof("hidden from a search", f, (struct journal_proof){ .erased = 1, .changed = 1 });
    tamper(f, &SHOW, own, a);
    check_proof("undone", f, (struct journal_proof){ .erased = 1 });
    tamper(f, &SLIP_IN, own, a);
    check_proof("slipped in", f, (struct journal_proof){ .erased = 1, .unknown = 1 });
    tamper(f, &DROP, own, 123456);
    tamper(f, &FALSIFY, own, a);
    check_proof("content that is not what was sealed", f,
                (struct journal_proof){ .erased = 1, .changed = 1 });
    tamper(f, &DROP, own, b);
    check_proof("dropped", f, (struct journal_proof){ .erased = 1, .changed = 1, .missing = 1 });
}

int main(void)
{
    check_content();
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;
        if (!fixture_open(&f, (enum engine)e)) break;
        contests = 0;
        check_pages(&f);
        check_contest(&f);
        check_erasing(&f);
        check_tampering(&f);
        fixture_close(&f);
    }
    return test_end();
}
