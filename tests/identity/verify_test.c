/* tests/identity/verify_test.c - grades A and B on the store: used codes, every refusal, short and
 * paper codes, 64 at once. */
#include <stdlib.h>

#include "tests/identity/world.h"

#include "journal/journal.h"

static struct verify_ask ask_of(const struct world *w, struct str text)
{
    return (struct verify_ask){ .text = text,
                                .purpose = CODE_ENTRY,
                                .strength = CODE_DOOR,
                                .item = S("museum_entry"),
                                .place_id = 71,
                                .terminal_id = 81,
                                .region_code = 340111,
                                .at = fixture_now(&w->f),
                                .terminal_at = fixture_now(&w->f) };
}

static struct str show(struct world *w, const struct resident *r, const struct bundle *bundle,
                       char buffer[CODE_TEXT_MAX])
{
    return code_show(bundle, &r->phone, code_step(fixture_now(&w->f)), CODE_ENTRY, buffer,
                     CODE_TEXT_MAX);
}

static int64_t lines_of(struct world *w, int64_t person_id, bool refused)
{
    static uint8_t memory[1 << 20];
    struct arena arena = arena_over(memory, sizeof memory);
    struct journal_ask ask = {
        .person_id = person_id, .kind = JOURNAL_USE, .refused_only = refused, .limit = 200
    };
    struct journal_page page = { .n = 0 };

    CHECK_OK("the record is read", journal_lines(w->f.store, &ask, &arena, &page));
    return page.n;
}

static void used_once(struct world *w, enum code_suite issuer, enum code_suite device)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX];
    struct verdict verdict;
    struct verify_ask ask;

    if (!resident_make(w, &r, device, CODE_IDENTITY) || !resident_bundle(w, &r, issuer, &bundle))
        return;
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_OK("let in", identity_verify(w->identity, &ask, &verdict));
    CHECK_INT("known who", verdict.person_id, r.person_id);
    CHECK_INT("and which phone", verdict.device_id, r.device_id);
    CHECK_INT("one use in the record", lines_of(w, r.person_id, false), 1);
    fixture_pass(&w->f, 5 * USEC_PER_SEC);
    ask.at = fixture_now(&w->f);
    ask.place_id = 72;
    CHECK_CODE("the same code again", identity_verify(w->identity, &ask, &verdict),
               IDENTITY_CODE_USED);
    CHECK_INT("says when first", verdict.first_at.usec, ask.at.usec - 5 * USEC_PER_SEC);
    CHECK_INT("and where", verdict.first_place_id, 71);
    CHECK_INT("the denial is in the record", lines_of(w, r.person_id, true), 1);
    fixture_pass(&w->f, 30 * USEC_PER_SEC);
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_OK("the next code", identity_verify(w->identity, &ask, &verdict));
    ask.purpose = CODE_LIBRARY;
    CHECK_CODE("another purpose", identity_verify(w->identity, &ask, &verdict), IDENTITY_PURPOSE);
    ask.purpose = CODE_ENTRY;
    ask.strength = CODE_MONEY;
    CHECK_CODE("too weak", identity_verify(w->identity, &ask, &verdict), IDENTITY_STRENGTH);
    fixture_pass(&w->f, 5 * USEC_PER_MIN);
    ask.at = fixture_now(&w->f);
    CHECK_CODE("too late", identity_verify(w->identity, &ask, &verdict), IDENTITY_CODE_EXPIRED);
    CHECK("slow by minutes", verdict.skew_minutes <= -4);
    fixture_pass(&w->f, 30 * USEC_PER_SEC);
}

struct racer {
    struct world *w;
    const struct verify_ask *ask;
    _Atomic int *won, *used, *other;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct verdict verdict;
    struct err err = identity_verify(racer->w->identity, racer->ask, &verdict);

    if (err.code == 0)
        atomic_fetch_add(racer->won, 1);
    else if (err.code == IDENTITY_CODE_USED || err.code == IDENTITY_SHORT_WRONG ||
             err.code == IDENTITY_TRIES_OUT)
        atomic_fetch_add(racer->used, 1);
    else
        atomic_fetch_add(racer->other, 1);
    return NULL;
}

enum { THREADS = 64 };

/* 64 presentations at once: how many won, were refused as used, failed otherwise. */
static void race_all(struct world *w, const struct verify_ask *ask, int *won, int *used, int *other)
{
    pthread_t threads[THREADS];
    _Atomic int counts[3] = { 0, 0, 0 };
    struct racer racer = { w, ask, &counts[0], &counts[1], &counts[2] };

    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, race, &racer);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    *won = counts[0], *used = counts[1], *other = counts[2];
}

static void at_once(struct world *w)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX], text[SHORT_CODE_TEXT + 1];
    struct verify_ask ask;
    int won, used, other;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR) || !resident_bundle(w, &r, CODE_SM2, &bundle))
        return;
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    race_all(w, &ask, &won, &used, &other);
    CHECK_INT("of 64 presentations one is let in", won, 1);
    CHECK_INT("the others are told it was used", used, THREADS - 1);
    CHECK_INT("none fails", other, 0);

    struct short_ask issue = { .person_id = r.person_id,
                               .card_id = r.card_id,
                               .strength = CODE_DOOR,
                               .purpose = CODE_ENTRY,
                               .at = fixture_now(&w->f) };
    CHECK_OK("a short code", identity_short_issue(w->identity, &issue, text));
    ask = ask_of(w, str_of(text));
    ask.terminal_id = 82;
    race_all(w, &ask, &won, &used, &other);
    CHECK("of 64 typed at once at most one is let in", won <= 1);
    CHECK_INT("none fails", other, 0);

    /* 64 wrong ones at once: no more than SHORT_TRIES_MAX are looked up */
    ask.terminal_id = 83;
    ask.text = S("000-G40-R42");
    race_all(w, &ask, &won, &used, &other);
    CHECK_INT("no wrong one is let in", won, 0);
    CHECK_OK("a fresh code", identity_short_issue(w->identity, &issue, text));
    ask.text = str_of(text);
    struct verdict verdict;
    CHECK_CODE("and then the right one waits too", identity_verify(w->identity, &ask, &verdict),
               IDENTITY_TRIES_OUT);
    CHECK("told until when", verdict.retry_at.usec > ask.at.usec);
    ask.at = verdict.retry_at;
    CHECK_CODE("after the wait it is over", identity_verify(w->identity, &ask, &verdict),
               IDENTITY_SHORT_WRONG);
}

/* Each of the staff has tries of their own. */
static void short_tries_of_staff(struct world *w)
{
    struct resident r;
    char text[SHORT_CODE_TEXT + 1];
    struct verdict verdict;
    struct verify_ask ask;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR)) return;
    struct short_ask issue = { .person_id = r.person_id,
                               .card_id = r.card_id,
                               .strength = CODE_IDENTITY,
                               .purpose = CODE_ENTRY,
                               .at = fixture_now(&w->f) };
    CHECK_OK("a code", identity_short_issue(w->identity, &issue, text));
    ask = ask_of(w, S("000-G40-R42"));
    ask.terminal_id = 0;
    ask.staff_id = 91;
    for (int i = 0; i < SHORT_TRIES_MAX; i++)
        CHECK_CODE("one guesses", identity_verify(w->identity, &ask, &verdict),
                   IDENTITY_SHORT_WRONG);
    ask.text = str_of(text);
    CHECK_CODE("and waits", identity_verify(w->identity, &ask, &verdict), IDENTITY_TRIES_OUT);
    ask.staff_id = 92;
    CHECK_OK("the other does not", identity_verify(w->identity, &ask, &verdict));
}

static void short_codes(struct world *w)
{
    struct resident r;
    char first[SHORT_CODE_TEXT + 1], second[SHORT_CODE_TEXT + 1];
    struct verdict verdict;
    struct verify_ask ask;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR)) return;
    struct short_ask issue = { .person_id = r.person_id,
                               .card_id = r.card_id,
                               .strength = CODE_DOOR,
                               .purpose = CODE_ENTRY,
                               .at = fixture_now(&w->f) };
    CHECK_OK("one", identity_short_issue(w->identity, &issue, first));
    CHECK_OK("another", identity_short_issue(w->identity, &issue, second));
    ask = ask_of(w, str_of(first));
    CHECK_CODE("a new one ends the one before", identity_verify(w->identity, &ask, &verdict),
               IDENTITY_SHORT_WRONG);
    ask.text = str_of(second);
    CHECK_OK("typed right", identity_verify(w->identity, &ask, &verdict));
    CHECK_INT("known who", verdict.person_id, r.person_id);
    CHECK_CODE("once", identity_verify(w->identity, &ask, &verdict), IDENTITY_CODE_USED);
    CHECK_INT("and when it was", verdict.first_at.usec, ask.at.usec);
    CHECK_OK("a third", identity_short_issue(w->identity, &issue, first));
    ask.text = str_of(first);
    ask.at = instant_add(ask.at, SHORT_CODE_LIFE_USEC);
    CHECK_CODE("five minutes", identity_verify(w->identity, &ask, &verdict), IDENTITY_SHORT_WRONG);
}

static const struct stmt SERIALS = { .name = "test: serials claimed",
                                     .types = "",
                                     .sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM paper_serial" };

static RESULT serials_read(struct txn *tx, void *arg)
{
    ROW(row);
    bool found;

    TRY(txn_first(tx, &SERIALS, IN_NONE, &row, &found));
    *(int64_t *)arg = row_int(&row, 0);
    return OK;
}

static int64_t serials(struct world *w)
{
    int64_t n = -1;

    CHECK_OK("serials", store_read(w->f.store, serials_read, &n));
    return n;
}

/* Refusals and repeats claim no serial; those that are over are forgotten. */
static void serials_kept(struct world *w, const struct paper_ask *issue, const struct once *once)
{
    const struct instant ends = instant_add(issue->at, issue->days * USEC_PER_DAY);
    struct once other = *once;
    struct paper_code paper;
    int64_t before = serials(w);
    int done = 0;

    for (int i = 0; i < 12; i++)
        CHECK_CODE("refused", identity_paper_issue(w->identity, NULL, issue, &paper),
                   IDENTITY_PAPER_LIMIT);
    for (int i = 0; i < 10; i++)
        CHECK_OK("a repeat", identity_paper_issue(w->identity, once, issue, &paper));
    other.body_hash[0] ^= 1;
    CHECK_CODE("another body under the key",
               identity_paper_issue(w->identity, &other, issue, &paper), STORE_ONCE_DIFFERENT);
    CHECK_INT("none is left of them", serials(w), before);
    CHECK_OK("too early", identity_papers_sweep(w->f.store, ends, 100, &done));
    CHECK_INT("kept", done, 0);
    CHECK_OK("some",
             identity_papers_sweep(w->f.store, instant_add(ends, USEC_PER_DAY + 1), 2, &done));
    CHECK_INT("so many", done, 2);
    CHECK_OK("the others",
             identity_papers_sweep(w->f.store, instant_add(ends, USEC_PER_DAY + 1), 100, &done));
    CHECK_INT("none is left", serials(w), 0);
}

static void papers(struct world *w)
{
    struct resident r;
    struct paper_code paper, more;
    uint8_t raw[PAPER_BYTES];
    char buffer[PAPER_TEXT_MAX];
    struct writer out = writer_over(buffer, sizeof buffer);
    struct verdict verdict;
    struct verify_ask ask;

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR)) return;
    struct paper_ask issue = { .person_id = r.person_id,
                               .card_id = r.card_id,
                               .actor_id = r.person_id,
                               .days = 30,
                               .suite = CODE_SM2,
                               .at = fixture_now(&w->f) };
    struct once once = { .actor = r.person_id, .key = S("sheet-1") };
    CHECK_OK("a sheet", identity_paper_issue(w->identity, &once, &issue, &paper));
    CHECK_OK("asked twice", identity_paper_issue(w->identity, &once, &issue, &more));
    CHECK_INT("is the same sheet", more.serial, paper.serial);
    paper_write(&paper, raw);
    paper_text_write(raw, &out);
    ask = ask_of(w, writer_str(&out));
    CHECK_OK("shown", identity_verify(w->identity, &ask, &verdict));
    CHECK_OK("shown again", identity_verify(w->identity, &ask, &verdict));
    ask.strength = CODE_IDENTITY;
    CHECK_CODE("doors only", identity_verify(w->identity, &ask, &verdict), IDENTITY_STRENGTH);
    ask.strength = CODE_DOOR;
    CHECK_OK("two", identity_paper_issue(w->identity, NULL, &issue, &more));
    CHECK_OK("three", identity_paper_issue(w->identity, NULL, &issue, &more));
    CHECK_CODE("no fourth", identity_paper_issue(w->identity, NULL, &issue, &more),
               IDENTITY_PAPER_LIMIT);
    serials_kept(w, &issue, &once);
    CHECK_CODE("not somebody else's",
               identity_paper_revoke(w->identity, r.person_id + 1, paper.serial, 5, issue.at),
               IDENTITY_CARD_UNKNOWN);
    CHECK_OK("revoked",
             identity_paper_revoke(w->identity, r.person_id, paper.serial, r.person_id, issue.at));
    CHECK_OK("twice",
             identity_paper_revoke(w->identity, r.person_id, paper.serial, r.person_id, issue.at));
    CHECK_CODE("shown after", identity_verify(w->identity, &ask, &verdict), IDENTITY_PAPER_REVOKED);
}

/* Lost: code and card at once; consent brings the code back; the list says the same. */
static void lost(struct world *w)
{
    struct resident r;
    struct bundle bundle;
    char buffer[CODE_TEXT_MAX];
    struct verdict verdict;
    struct verify_ask ask;
    struct act act = world_act(w);
    struct card card;
    uint8_t hash[32];

    if (!resident_make(w, &r, CODE_P256, CODE_DOOR) || !resident_bundle(w, &r, CODE_SM2, &bundle))
        return;
    credential_hash(&w->blind, CREDENTIAL_CARD_NO, (struct str){ r.no.text, sizeof r.no.text },
                    hash);
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_OK("grade B before", identity_check_fast(w->identity, hash, false, &ask, &verdict));
    struct loss_ask loss = { .person_id = r.person_id,
                             .card_id = r.card_id,
                             .kind = LOSS_TEMPORARY,
                             .reason = LOSS_LOST,
                             .act = act };
    struct loss_made made;
    CHECK_OK("reported lost", registry_card_lose(&w->rg, NULL, &loss, &made));
    CHECK_CODE("grade B at once", identity_check_fast(w->identity, hash, false, &ask, &verdict),
               IDENTITY_CARD_STOPPED);
    CHECK_INT("and why", verdict.card, VERDICT_CARD_TEMP_LOSS);
    CHECK_CODE("grade A", identity_verify(w->identity, &ask, &verdict), IDENTITY_CARD_STOPPED);
    act.actor = ACTOR_HOLDER;
    act.actor_id = r.person_id;
    act.proof = PROOF_TWO_FACTORS;
    CHECK_OK("the holder consents",
             registry_ecard_consent(&w->rg, NULL, r.person_id, r.card_id, &act, &card));
    CHECK_CODE("the card stays stopped",
               identity_check_fast(w->identity, hash, false, &ask, &verdict),
               IDENTITY_CARD_STOPPED);
    CHECK_OK("the e-card goes on", identity_check_fast(w->identity, hash, true, &ask, &verdict));
    CHECK_CODE("a bundle of before is not taken", identity_verify(w->identity, &ask, &verdict),
               IDENTITY_CARD_EPOCH);
    if (!resident_bundle(w, &r, CODE_SM2, &bundle)) return;
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_OK("a new one is", identity_verify(w->identity, &ask, &verdict));
    act = world_act(w);
    CHECK_OK("the phone is signed off",
             registry_device_revoke(&w->rg, r.person_id, r.device_id, &act));
    fixture_pass(&w->f, 30 * USEC_PER_SEC);
    ask = ask_of(w, show(w, &r, &bundle, buffer));
    CHECK_CODE("a code of it", identity_verify(w->identity, &ask, &verdict),
               IDENTITY_DEVICE_REVOKED);
    memset(hash, 7, sizeof hash);
    CHECK_CODE("a stranger's number", identity_check_fast(w->identity, hash, false, &ask, &verdict),
               IDENTITY_CARD_UNKNOWN);
    CHECK_OK("grade B's records are written", identity_flush(w->identity));
    CHECK("and stand in the holder's record", lines_of(w, r.person_id, false) >= 6);
}

static bool list_get(struct world *w, const struct published_keys *keys, struct stop_list *now,
                     int64_t from, struct arena *arena, struct stop_list *out)
{
    struct stop_list_handle *handle;
    struct stop_list_file parts;
    struct bytes file;
    uint8_t *copy;
    bool ok = CHECK_OK("a list", identity_stop_list(w->identity, now ? now->head.incarnation : 0,
                                                    from, fixture_now(&w->f), &file, &handle));

    if (!ok) return false;
    copy = arena_take(arena, file.n, 8);
    memcpy(copy, file.p, file.n);
    ok = CHECK_OK("is believed",
                  identity_stop_list_check(keys, bytes_of(copy, file.n), true, &parts));
    identity_stop_list_done(handle);
    if (!ok) return false;
    if (parts.head.delta) return CHECK_OK("applied", stop_list_apply(now, &parts, arena, out));
    return CHECK_OK("opened", stop_list_open(&parts, arena, out));
}

static void lists(struct world *w)
{
    struct resident a, b;
    struct bundle ba, bb;
    struct published_keys keys;
    struct stop_list first, second;
    struct act act = world_act(w);
    struct loss_made made;
    SCOPED(arena) arena;

    CHECK_OK("memory", arena_open(&arena, 4 << 20));
    if (!resident_make(w, &a, CODE_P256, CODE_DOOR) || !resident_make(w, &b, CODE_P256, CODE_DOOR))
        return;
    if (!resident_bundle(w, &a, CODE_SM2, &ba) || !resident_bundle(w, &b, CODE_SM2, &bb)) return;
    struct loss_ask loss = { .person_id = a.person_id,
                             .card_id = a.card_id,
                             .kind = LOSS_TEMPORARY,
                             .reason = LOSS_LOST,
                             .act = act };
    CHECK_OK("one is lost", registry_card_lose(&w->rg, NULL, &loss, &made));
    CHECK("sealed", fixture_seal(&w->f));
    CHECK_OK("caught up", derived_catch_up(w->derived));
    CHECK_OK("keys", identity_keys(w->identity, &keys));
    fixture_pass(&w->f, 2 * USEC_PER_MIN);
    if (!list_get(w, &keys, NULL, 0, &arena, &first)) return;
    CHECK_INT("the lost one is on it", stop_list_find(&first, ba.card_index), STOP_STOPPED);
    CHECK_INT("the other is not", stop_list_find(&first, bb.card_index), STOP_CLEAR);
    loss.person_id = b.person_id, loss.card_id = b.card_id;
    CHECK_OK("the other too", registry_card_lose(&w->rg, NULL, &loss, &made));
    CHECK("sealed", fixture_seal(&w->f));
    CHECK_OK("caught up", derived_catch_up(w->derived));
    if (!list_get(w, &keys, &first, first.head.position, &arena, &second)) return;
    CHECK("the position moved", second.head.position > first.head.position);
    CHECK_INT("by delta", stop_list_find(&second, bb.card_index), STOP_STOPPED);
    CHECK_INT("the first stays", stop_list_find(&second, ba.card_index), STOP_STOPPED);
}

/* ---- many gates at once */

enum { READERS = 64 };
struct reader {
    struct world *w;
    pthread_barrier_t *start;
    int64_t incarnation, from, position; /* wanted, and what came */
    bool right;
};

static void *read_list(void *arg)
{
    struct reader *reader = arg;
    struct stop_list_handle *handle;
    struct stop_list_file parts;
    struct bytes file;

    pthread_barrier_wait(reader->start);
    if (identity_stop_list(reader->w->identity, reader->incarnation, reader->from,
                           fixture_now(&reader->w->f), &file, &handle)
            .code != 0)
        return NULL;
    reader->right = stop_list_parse(file, &parts).code == 0 && parts.head.delta &&
                    parts.head.from_position <= reader->from;
    reader->position = parts.head.position;
    identity_stop_list_done(handle);
    return NULL;
}

static int64_t lists_signed(struct world *w)
{
    struct keyd_status status = { 0 };

    CHECK_OK("status", keyd_status(w->keyd, &status));
    return status.signing[KEYD_SIGN_STOP_LIST].day_used;
}

static void many_readers(struct world *w)
{
    static const struct {
        const char *title;
        int positions; /* the readers stand at so many */
        int64_t most;  /* signatures; all of them fit a second's budget */
    } rows[] = {
        { "of one position", 1, 1 },
        { "again, from memory", 1, 0 },
        { "of a position each", READERS, 7 },
    };
    static struct reader readers[READERS];
    struct derived_status status;
    struct resident r;
    pthread_t threads[READERS];
    pthread_barrier_t start;

    derived_status(w->derived, &status);
    for (const int64_t enough = status.position + READERS; status.position < enough;) {
        if (!resident_make(w, &r, CODE_P256, CODE_DOOR) || !CHECK("sealed", fixture_seal(&w->f)) ||
            !CHECK_OK("caught up", derived_catch_up(w->derived)))
            return;
        derived_status(w->derived, &status);
    }
    fixture_pass(&w->f, USEC_PER_MIN);
    pthread_barrier_init(&start, NULL, READERS);
    for (size_t i = 0; i < LEN(rows); i++) {
        const int64_t before = lists_signed(w);
        int right = 0;

        for (int k = 0; k < READERS; k++) {
            readers[k] = (struct reader){ .w = w,
                                          .start = &start,
                                          .incarnation = status.incarnation,
                                          .from = status.position - 1 - k % rows[i].positions };
            if (pthread_create(&threads[k], NULL, read_list, &readers[k]) != 0) abort();
        }
        for (int k = 0; k < READERS; k++) {
            pthread_join(threads[k], NULL);
            right += readers[k].right && readers[k].position == status.position;
        }
        CHECK_INT(rows[i].title, right, READERS);
        if (!CHECK(rows[i].title, lists_signed(w) - before <= rows[i].most))
            printf("    %" PRId64 " signatures\n", lists_signed(w) - before);
    }
    pthread_barrier_destroy(&start);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        used_once(&w, CODE_SM2, CODE_P256);
        used_once(&w, CODE_P256, CODE_SM2);
        at_once(&w);
        short_codes(&w);
        short_tries_of_staff(&w);
        papers(&w);
        lost(&w);
        lists(&w);
        many_readers(&w);
        world_close(&w);
    }
    return test_end();
}
