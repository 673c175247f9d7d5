/* tests/api/act_words_test.c - every act that any module writes into the journal has words: the
 * sources are walked for the names of acts, so that a new one without words fails here. Actors in
 * words, and the record line in memory: filled from the sealed feed, read on, told what was missed.
 */
#include <ctype.h>
#include <dirent.h>

#include "api/act_words.h"
#include "api/record_line.h"
#include "tests/api/world.h"
#include "venues/venues.h"

/* What stands before an act's name in the sources. */
static const char *const BEFORE[] = {
    ".act = ",        "->act = ",       "line.act = ",      ".name = formal",     ".name = \"card_",
    ".name = \"loss", "why.name = ",    ".name = \"ecard",  ".name = \"password", ".name = \"totp",
    "staff_line(",    "journal_claim(", "terminal_line(tx", "leave(tx",           "#define LOOK_",
};
static const char *const FOLDERS[] = {
    "identity", "venues", "registry", "claims",    "journal",  "worklist",
    "jobs",     "notice", "ledger",   "catalogue", "programs", "api",
};

static bool act_name(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!islower((unsigned char)text.p[i]) && text.p[i] != '_') return false;
    }
    return str_eq(text, S("admitted")) || raw_find(text, "_");
}

/* All names up to the end of the statement: a choice between two is two. */
static size_t statement_check(const char *file, struct str rest)
{
    size_t n = 0;
    struct str part = str_cut(rest, ';', &rest);

    while (part.n > 0) {
        struct str text;

        (void)str_cut(part, '"', &part);
        text = str_cut(part, '"', &part);
        if (text.n == 0 || !act_name(text)) continue;
        n++;
        if (act_has_words(text)) continue;
        printf("    %s: the act \"%.*s\" has no words in api/act_words.c\n", file, (int)text.n,
               text.p);
        CHECK("an act has words", false);
    }
    return n;
}

static size_t file_check(const char *path)
{
    static char bytes[1 << 18];
    FILE *file = fopen(path, "rb");
    struct str text = { bytes, file ? fread(bytes, 1, sizeof bytes, file) : 0 };
    size_t n = 0;

    if (file) fclose(file);
    CHECK("a source is read whole", text.n > 0 && text.n < sizeof bytes);
    for (size_t i = 0; i < LEN(BEFORE); i++) {
        const char *at, *end = text.p + text.n;
        struct str rest = text;

        if (str_starts(str_of(BEFORE[i]), S(".name")) && !str_starts(str_of(path), S("registry/")))
            continue; /* registry/card_turn.h's; elsewhere names are of other things */
        while ((at = raw_find(rest, BEFORE[i])) != NULL) {
            struct str value = { at, (size_t)(end - at) }, behind;

            if (str_ends(str_of(BEFORE[i]), S("act = "))) /* other members may stand behind it */
                value = str_cut(value, ',', &behind);
            n += statement_check(path, value);
            rest = (struct str){ at + 1, (size_t)(end - at) - 1 };
        }
    }
    return n;
}

static void test_every_act(void)
{
    size_t n = 0;

    for (size_t i = 0; i < LEN(FOLDERS); i++) {
        DIR *folder = opendir(FOLDERS[i]);
        const struct dirent *entry;

        CHECK(FOLDERS[i], folder != NULL);
        while (folder && (entry = readdir(folder)) != NULL) {
            struct str name = str_of(entry->d_name);

            if (!str_ends(name, S(".c")) && !str_eq(name, S("looks.h"))) continue;
            if (str_eq(name, S("act_words.c"))) continue;
            n += file_check(text_of("%s/%s", FOLDERS[i], entry->d_name));
        }
        if (folder) closedir(folder);
    }
    CHECK("the walk finds acts", n > 40);
    CHECK("no code word is ever shown",
          !str_eq(act_words(S("no_such_act"), true), S("no_such_act")));
}

static void test_actors(struct api_world *w)
{
    static uint8_t room[20000];
    struct arena arena = arena_over(room, sizeof room);
    const struct {
        const char *title;
        struct journal_line line;
        const char *zh, *en;
    } rows[] = {
        { "the holder", { .actor = ACTOR_HOLDER, .actor_id = w->holder.id }, "本人", "Holder" },
        { "a helper", { .actor = ACTOR_HELPER, .actor_id = w->other.id }, "代办人", "Helper" },
        { "a clerk of Hefei",
          { .actor = ACTOR_STAFF, .actor_id = w->clerk.id },
          "合肥市窗口人员",
          "Clerk, Hefei" },
        { "the phone line",
          { .actor = ACTOR_STAFF, .actor_id = w->agent.id },
          "安徽省12333热线",
          "12333 line, Anhui" },
        { "staff that is gone", { .actor = ACTOR_STAFF, .actor_id = 99 }, "工作人员", "Staff" },
        { "a gate that is gone", { .actor = ACTOR_TERMINAL, .actor_id = 99 }, "终端", "Terminal" },
        { "the system", { .actor = ACTOR_JOB }, "系统", "The system" },
        { "another agency", { .actor = ACTOR_PARTNER }, "合作单位", "Partner agency" },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct str zh, en;

        CHECK_OK(rows[i].title, actor_words(&w->app, &rows[i].line, false, &arena, &zh));
        CHECK_STR(rows[i].title, zh, str_of(rows[i].zh));
        CHECK_OK(rows[i].title, actor_words(&w->app, &rows[i].line, true, &arena, &en));
        CHECK_STR(rows[i].title, en, str_of(rows[i].en));
    }
}

static void test_gate_by_name(struct api_world *w)
{
    static uint8_t room[2000];
    struct arena arena = arena_over(room, sizeof room);
    struct terminal_ask ask = { .venue_id = place_at(catalogue_now(w->shelf), 0)->id,
                                .kind = TERMINAL_GATE,
                                .name = S("East 1"),
                                .at = fixture_now(&w->base.f) };
    struct journal_line line = { .actor = ACTOR_TERMINAL };
    char activation[TERMINAL_ACTIVATION_CHARS + 1];
    struct str words;

    CHECK_OK("a gate", venues_terminal_add(w->app.store, NULL, &ask, &w->app.entropy,
                                           &line.actor_id, activation));
    CHECK_OK("in words", actor_words(&w->app, &line, false, &arena, &words));
    CHECK_STR("by its name", words, S("闸机 East 1"));
}

static void test_record_line(struct api_world *w)
{
    static struct record_entry entries[RECORDS_KEPT];
    int64_t oldest, newest;
    bool came;
    size_t n;

    CHECK_INT("nothing is shown before", record_line_newest(w->app.record_line), 0);
    CHECK("sealed", fixture_seal(&w->base.f));
    CHECK_OK("caught up", record_line_catch_up(&w->app, &came));
    CHECK("something came", came);
    newest = record_line_newest(w->app.record_line);
    n = record_line_read(w->app.record_line, 0, entries, RECORDS_KEPT, &oldest);
    CHECK("all of it is there", n > 5 && oldest == 1 && entries[n - 1].position == newest);
    for (size_t i = 0; i < n; i++)
        CHECK("in words", entries[i].what.text[0][0] && entries[i].actor.text[1][0]);
    CHECK_STATUS(w, "a loss report",
                 world_ask(w, &w->holder, text_of("POST /v1/cards/%s/loss-reports", w->holder_card),
                           "{\"kind\":\"temporary\"}"),
                 201);
    CHECK("sealed", fixture_seal(&w->base.f));
    CHECK_OK("caught up", record_line_catch_up(&w->app, &came));
    n = record_line_read(w->app.record_line, newest, entries, RECORDS_KEPT, &oldest);
    CHECK_INT("one more line", (int64_t)n, 1);
    CHECK_STR("what", str_of(entries[0].what.text[1]), S("Reported lost"));
    CHECK_STR("who", str_of(entries[0].actor.text[0]), S("本人"));
    CHECK_INT("the newest first", (int64_t)record_line_last(w->app.record_line, entries, 3), 3);
    CHECK_STR("it", str_of(entries[0].what.text[0]), S("临时挂失"));
    CHECK_OK("nothing more", record_line_catch_up(&w->app, &came));
    CHECK("is told as nothing", !came);
}

/* More lines than memory keeps: the oldest go, and a reader hears of it. */
static void test_ring(struct api_world *w)
{
    static struct record_entry entries[RECORDS_KEPT];
    int64_t oldest;
    bool came;

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 300; i++)
            CHECK_OK("a line", registry_staff_disable(&w->base.rg, w->far_clerk.id, i % 2 == 0,
                                                      &(struct act){ .at = fixture_now(&w->base.f),
                                                                     .actor = ACTOR_JOB }));
        CHECK("sealed", fixture_seal(&w->base.f));
        if (round == 1) continue; /* two rounds at once: it begins again further on */
        CHECK_OK("caught up", record_line_catch_up(&w->app, &came));
    }
    CHECK_INT("as many as are kept",
              (int64_t)record_line_read(w->app.record_line, 0, entries, RECORDS_KEPT, &oldest),
              RECORDS_KEPT);
    CHECK_INT("in one row", entries[RECORDS_KEPT - 1].position - entries[0].position,
              RECORDS_KEPT - 1);
    CHECK_INT("the newest", entries[RECORDS_KEPT - 1].position,
              record_line_newest(w->app.record_line));
}

/* The stream over HTTP: resumed by Last-Event-ID, told what is gone, closed with retry on drain. */
static void test_stream(struct api_world *w)
{
    static struct raw_answer answers[4];
    int64_t newest = record_line_newest(w->app.record_line);
    struct {
        const char *title, *after, *want[3];
    } rows[] = {
        { "without a position", "", { "event: journal_line", "\"actor\":\"" } },
        { "from a position",
          text_of("Last-Event-ID: %lld\r\n", (long long)newest - 1),
          { text_of("id: %lld\n", (long long)newest), "\"text\":\"" } },
        { "from one that is yet to come",
          "Last-Event-ID: 99999999\r\n",
          { "event: journal_line", "\"text\":\"" } },
        { "from one that is gone",
          "Last-Event-ID: 1\r\n",
          { "event: missed\ndata: {\"after\":1,\"before\":", "event: journal_line",
            "\"verdict\":\"allowed\"" } },
    };
    int fds[LEN(rows)];

    assert(LEN(rows) == LEN(answers));
    w->app.demo = true; /* a demonstration's is open to everybody */
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *text =
            text_of("GET /v1/journal-lines/events HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].after);
        fds[i] = raw_connect(http_port(w->app.http));
        CHECK(rows[i].title, fds[i] >= 0 && raw_send(fds[i], str_of(text)));
    }
    for (size_t i = 0; i < LEN(rows); i++) { /* each has its lines: a drain cuts what comes after */
        answers[i].n = 0;
        for (size_t k = 0; k < LEN(rows[i].want) && rows[i].want[k]; k++)
            CHECK(rows[i].title, raw_until(fds[i], &answers[i], rows[i].want[k]));
    }
    http_drain(w->app.http, RAW_PATIENCE);
    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK(rows[i].title, raw_until(fds[i], &answers[i], "retry: "));
        CHECK("no code words", !raw_has(&answers[i], "\"actor\":\"job\""));
        close(fds[i]);
    }
}

int main(void)
{
    static struct api_world w;

    test_every_act();
    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            test_actors(&w);
            test_gate_by_name(&w);
            test_record_line(&w);
            test_ring(&w);
            test_stream(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
