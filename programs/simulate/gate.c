/* programs/simulate/gate.c - `ykt simulate gate`: a gate with a scanner that types lines.
 *
 *   start     key file → sign in → published keys → stop list
 *   a line    online: POST /v1/check-ins decides. No answer, or --offline: judged here by
 *             identity_verify_offline and the memory of the last minutes, written to the gate's own
 *             journal, then shown
 *   each --every, and at the end   the delta of the stop list, a heartbeat, waiting batches
 *
 * From sources: real-name check at entry, a local controller with a list (spec/domain.md 4.4, 9.3).
 * With --code the exit code tells the verdict: 0 all let in, 4 one at least refused.
 * Assumed by us: the scanner's line per code, the times, one leaf. */
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/cli.h"
#include "http/json.h"
#include "programs/nouns.h"
#include "programs/simulate/gate_journal.h"
#include "programs/simulate/gate_link.h"
#include "programs/simulate/gate_list.h"
#include "programs/simulate/simulate.h"

struct gate {
    struct cli *cli;
    struct clock clock;
    struct entropy entropy;
    struct gate_key key;
    struct gate_link *link;
    struct gate_list list;
    bool online, offline_asked, refused; /* refused: at least one line was */
    struct replay_memory replay;
    struct gate_journal journal;
    int places;
};

/* What the centre made of each line: those it will never take are kept aside. */
static RESULT lines_answered(struct gate *gate, struct bytes answer, int64_t n)
{
    json_t *body = json_loadb((const char *)answer.p, answer.n, 0, NULL), *line;
    struct err err = OK;
    size_t i;

    json_array_foreach(json_object_get(body, "lines"), i, line)
    {
        const char *end = json_string_value(json_object_get(line, "end"));
        const char *code = json_string_value(json_object_get(line, "code"));

        if (err.code != 0 || (int64_t)i >= n || !end || strcmp(end, "refused") != 0) continue;
        err = gate_journal_refuse(&gate->journal, (int64_t)i, code ? code : "refused");
    }
    json_decref(body);
    TRY(err);
    return gate_journal_answered(&gate->journal, n, gate->journal.batch_no + 1);
}

/* Which refusals are final (docs/protocols/terminal.md): a batch of a form that is none is kept
 * aside whole; one out of order gets the number that would be taken; anything else is tried again
 * later as it is. */
static RESULT batch_refused(struct gate *gate, const struct answer *answer, int64_t n)
{
    bool form = answer->status == 400 || answer->status == 413 || answer->status == 415 ||
                answer->status == 422;

    if (answer->next_batch_no > 0 && answer->next_batch_no != gate->journal.batch_no)
        return gate_journal_answered(&gate->journal, 0, answer->next_batch_no);
    if (!form) return fault(FAULT_PARTNER, "upload: %ld %s", answer->status, answer->code);
    for (int64_t i = 0; i < n; i++) {
        TRY(gate_journal_refuse(&gate->journal, i, answer->code));
    }
    cli_say(gate->cli, "%" PRId64 "条记录被中心拒收（%s），已另存",
            "%" PRId64 " lines were refused for good (%s) and kept aside", n, answer->code);
    return gate_journal_answered(&gate->journal, n, gate->journal.batch_no);
}

/* Waiting batches, one after another. */
static RESULT upload(struct gate *gate)
{
    for (;;) {
        SCOPED(arena) arena;
        char message[200], hex[2 * SIGNATURE_BYTES + 1];
        uint8_t digest[HASH_BYTES];
        struct writer w = writer_over(message, sizeof message);
        struct answer answer;
        struct str body;
        int64_t n;
        TRY(arena_open(&arena, 64 << 10));
        TRY(gate_journal_batch(&gate->journal, &arena, &body, &n));
        if (n == 0) return OK;
        sm3(str_bytes(body), digest);
        put_format(&w, "YKT upload 1\n%" PRId64 "\n", gate->journal.batch_no);
        put_hex(&w, bytes_of(digest, sizeof digest));
        gate_sign(&gate->key, writer_str(&w), hex);
        TRY(gate_ask(gate->link, "POST", "/v1/check-in-batches", body, hex, &answer));
        if (answer.status == 201)
            TRY(lines_answered(gate, answer.body, n));
        else
            TRY(batch_refused(gate, &answer, n));
    }
}

/* What a gate does between people; a fault only means that it is alone for now. */
static void look_after(struct gate *gate)
{
    struct err err = OK, uploaded;

    if (gate->offline_asked) return;
    err = gate_list_pull(&gate->list, gate->link);
    if (err.code == 0) {
        uploaded = upload(gate);
        /* also while a batch can't be got rid of: the queue shows it */
        err = gate_beat(gate->link, &gate->key, &gate->list, clock_now(&gate->clock),
                        gate->journal.lines - gate->journal.uploaded);
        if (err.code == 0) err = uploaded;
    }
    if (gate->online != (err.code == 0)) {
        if (err.code == 0)
            cli_say(gate->cli, "联机", "online");
        else
            cli_say(gate->cli, "脱机：%s", "offline: %s", fault_note());
    }
    gate->online = err.code == 0;
}

/* ---- one code */

struct shown { /* a line of the screen */
    bool let_in, online;
    int64_t people, age_sec, usec;
    char code[64], words[240];
};

static RESULT ask_online(struct gate *gate, struct str text, struct shown *out)
{
    char body[CODE_TEXT_MAX * 2 + 200];
    struct writer w = writer_over(body, sizeof body);
    struct json_out json = json_out_over(&w, NULL);
    struct answer answer;

    json_out_object(&json, NULL);
    json_out_str(&json, "code", text);
    json_out_int(&json, "places", gate->places);
    json_out_instant(&json, "terminal_at", clock_now(&gate->clock));
    json_out_end(&json);
    if (w.over) return fault(FAULT_CONFIG, "a line too long for a code");
    TRY(gate_ask(gate->link, "POST", "/v1/check-ins", writer_str(&w), NULL, &answer));
    if (answer.status >= 500)
        return fault(FAULT_PARTNER, "check-in: %ld %s", answer.status, answer.code);
    out->let_in = answer.status == 201;
    out->online = true;
    snprintf(out->code, sizeof out->code, "%s", out->let_in ? "ok" : answer.code);
    snprintf(out->words, sizeof out->words, "%s",
             out->let_in ? verdict_words(0, NULL, !cli_zh(gate->cli)) : answer.detail);
    return OK;
}

static RESULT ask_alone(struct gate *gate, struct str text, struct shown *out)
{
    struct offline_ask ask = { .text = text,
                               .purpose = CODE_ENTRY,
                               .strength = CODE_DOOR,
                               .test_codes = gate->key.test,
                               .at = clock_now(&gate->clock) };
    struct verdict verdict = { .form = 0 };
    struct writer w = writer_over(out->words, sizeof out->words - 1);
    struct err err = { .code = IDENTITY_LIST_STALE };

    if (gate->list.has)
        err = identity_verify_offline(&gate->list.keys, &gate->list.list, &ask, &verdict);
    if (err.code == 0) err = replay_take(&gate->replay, text, ask.at, &verdict);
    if (err.code < 0) return err;
    /* on paper before the leaf opens; what is no code of ours is not worth a line */
    if (err.code == 0 || err.code >= IDENTITY_CLOCK_FAST)
        TRY(gate_journal_add(&gate->journal, ask.at, err.code, gate->places, text));
    out->let_in = err.code == 0;
    snprintf(out->code, sizeof out->code, "%d", err.code);
    put_str(&w, str_of(verdict_words(err.code, &verdict, !cli_zh(gate->cli))));
    if (verdict.skew_minutes != 0) put_str(&w, S(" "));
    verdict_clock_words(&verdict, !cli_zh(gate->cli), &w);
    out->words[w.n] = '\0';
    return OK;
}

static RESULT present(struct gate *gate, struct str text)
{
    struct shown shown = { .people = gate->places };
    struct instant from = clock_now(&gate->clock);
    struct err err = { .code = FAULT_PARTNER };

    if (!gate->offline_asked && gate->online) err = ask_online(gate, text, &shown);
    if (err.code < 0) {
        gate->online = false;
        err = ask_alone(gate, text, &shown);
    }
    TRY(err);
    if (!shown.let_in) gate->refused = true;
    shown.usec = clock_now(&gate->clock).usec - from.usec;
    shown.age_sec =
        gate->list.has ? (from.usec - gate->list.list.head.made_at.usec) / USEC_PER_SEC : -1;
    cli_row(gate->cli, CELLS(cell_text(shown.let_in ? S("let_in") : S("refused")),
                             cell_text(shown.online ? S("online") : S("offline")),
                             cell_text(str_of(shown.code)), cell_text(str_of(shown.words)),
                             cell_int(shown.age_sec), cell_int(shown.usec)));
    return OK;
}

/* ---- the scanner */

static volatile sig_atomic_t stop_asked;

static void on_stop(int signal_no)
{
    (void)signal_no;
    stop_asked = 1;
}

/* Lines of standard input until it ends; between them the gate looks after itself. */
static RESULT scan(struct gate *gate, int64_t every_usec)
{
    char line[2 * CODE_TEXT_MAX];
    size_t n = 0;

    while (!stop_asked) {
        struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
        int ready = poll(&input, 1, (int)(every_usec / 1000));
        ssize_t got;
        if (ready == 0) look_after(gate);
        if (ready <= 0) continue;
        got = read(STDIN_FILENO, line + n, sizeof line - n);
        if (got <= 0) return OK;
        n += (size_t)got;
        for (;;) {
            char *end = memchr(line, '\n', n);
            size_t used = end ? (size_t)(end - line) + 1 : 0;
            if (!end && n == sizeof line) used = n; /* no code is that long: one bad line */
            if (used == 0) break;
            TRY(present(gate, (struct str){ line, end ? used - 1 : used }));
            memmove(line, line + used, n - used);
            n -= used;
        }
    }
    return OK;
}

static RESULT gate_start(struct gate *gate, struct cli *cli)
{
    const char *key = arena_c(cli_arena(cli), cli_text(cli, "key"));
    const char *server = arena_c(cli_arena(cli), cli_text(cli, "server"));
    const char *audience =
        cli_has(cli, "audience") ? arena_c(cli_arena(cli), cli_text(cli, "audience")) : server;

    TRY(gate_key_read(key, &gate->key));
    TRY(gate_journal_open(arena_c(cli_arena(cli), cli_text(cli, "dir")), &gate->journal));
    TRY(gate_list_open(&gate->list, gate->key.test));
    return gate_link_open(server, audience, &gate->key, &gate->clock, &gate->entropy, &gate->link);
}

enum cli_exit simulate_gate(struct cli *cli)
{
    static struct gate gate;
    size_t codes_n;
    const struct str *codes = cli_texts(cli, "code", &codes_n);
    struct err err;

    gate = (struct gate){ .cli = cli, .clock = system_clock(), .entropy = entropy_system() };
    gate.offline_asked = cli_has(cli, "offline");
    gate.places = (int)cli_int(cli, "places");
    signal(SIGINT, on_stop);
    signal(SIGTERM, on_stop);
    err = gate_start(&gate, cli);
    if (err.code == 0) {
        bool offline = gate.offline_asked;
        gate.offline_asked = false; /* --offline begins after keys and list are here */
        look_after(&gate);
        gate.offline_asked = offline;
        cli_table(cli);
        for (size_t i = 0; err.code == 0 && i < codes_n; i++) {
            err = present(&gate, codes[i]);
        }
        if (err.code == 0 && codes_n == 0) err = scan(&gate, cli_int(cli, "every"));
        cli_table_end(cli);
        gate.offline_asked = false;
        look_after(&gate);
    }
    gate_link_close(gate.link);
    gate_list_close(&gate.list);
    if (err.code == 0 && codes_n > 0 && gate.refused) return CLI_NOT_ALLOWED;
    return cli_end(cli, err);
}

const struct cli_column SIMULATE_GATE_COLUMNS[SIMULATE_GATE_COLUMNS_N] = {
    { "verdict", "结果", "verdict", false, false },
    { "mode", "方式", "mode", false, false },
    { "code", "代码", "code", false, false },
    { "words", "提示", "words", false, false },
    { "list_age_sec", "名单秒数", "list age, s", true, false },
    { "usec", "微秒", "us", true, false },
};
