/* tests/api/wrong.h - every field of an operation asked wrongly, by a table of its fields, and that
 * nothing half done is left behind.
 *
 *     static const struct wrong_field FIELDS[] = { { "kind", WRONG_WORD, "\"temporary\"" } };
 *     WRONG(w, w->holder, text_of("POST /v1/cards/%s/loss-reports", card), FIELDS, API_ONCE);
 *
 * Each wrong thing has its own code; afterwards the store holds what it held. What a particular
 * resource refuses is in its own test, by REFUSED of world.h or by UNTOUCHED, which looks at the
 * store too. */
#pragma once
#include "tests/api/world.h"

/* ---- what the store holds */

#define HELD(title, what)                                                                          \
    {                                                                                              \
        .name = (title), .types = "", .sql = "SELECT " what                                        \
    }
static const struct stmt HELD_ROWS[] = {
    HELD("people", "COUNT(*) FROM person"),
    HELD("documents", "COUNT(*) FROM person_document"),
    HELD("facts", "COUNT(*) FROM person_fact"),
    HELD("credentials", "COUNT(*) FROM credential"),
    HELD("cards", "COUNT(*) FROM card"),
    HELD("epochs of cards", "CAST(SUM(epoch) AS BIGINT) FROM card"),
    HELD("states of cards",
         "CAST(SUM(social * 1000 + bank * 100 + purse * 10 + ecard) AS BIGINT) FROM card"),
    HELD("history of cards", "COUNT(*) FROM card_change"),
    HELD("loss reports", "COUNT(*) FROM card_loss"),
    HELD("states of reports", "CAST(SUM(state) AS BIGINT) FROM card_loss"),
    HELD("devices", "COUNT(*) FROM device"),
    HELD("states of devices", "CAST(SUM(state * 100 + epoch) AS BIGINT) FROM device"),
    HELD("short codes", "COUNT(*) FROM short_code"),
    HELD("codes used", "COUNT(*) FROM code_used"),
    HELD("places taken", "CAST(SUM(taken * 10000 + held_taken) AS BIGINT) FROM venue_slot"),
    HELD("bookings", "COUNT(*) FROM venue_booking"),
    HELD("states of bookings", "CAST(SUM(state) AS BIGINT) FROM venue_booking"),
    HELD("admissions", "COUNT(*) FROM venue_admission"),
    HELD("terminals", "COUNT(*) FROM terminal"),
    HELD("states of terminals", "CAST(SUM(state) AS BIGINT) FROM terminal"),
    HELD("terminals heard", "CAST(SUM(list_position + queue) AS BIGINT) FROM terminal"),
    HELD("uploads", "COUNT(*) FROM terminal_upload"),
    HELD("staff", "COUNT(*) FROM staff"),
    HELD("roles of staff", "COUNT(*) FROM staff_grant"),
    HELD("staff switched off", "CAST(SUM(disabled) AS BIGINT) FROM staff"),
    HELD("sessions", "COUNT(*) FROM session WHERE state = 1"),
    HELD("secrets", "CAST(SUM(version) AS BIGINT) FROM secret"),
    HELD("sheets", "COUNT(*) FROM paper_code WHERE revoked_at = 0"),
    HELD("jobs", "CAST(SUM(state * 10 + cancel_asked) AS BIGINT) FROM job"),
    HELD("worklist", "CAST(SUM(state) AS BIGINT) FROM worklist_row"),
    HELD("idempotency keys", "COUNT(*) FROM store_once"),
    HELD("messages", "COUNT(*) FROM store_outbox"),
    HELD("notices", "COUNT(*) FROM notice"),
    HELD("card changes told", "COUNT(*) FROM (SELECT 1 FROM store_feed WHERE feed = 1 UNION ALL "
                              "SELECT 1 FROM store_feed_pending WHERE feed = 1) AS told"),
    HELD("journal lines", "COUNT(*) FROM journal_line"),
};

struct held {
    int64_t n[LEN(HELD_ROWS)];
};

static inline RESULT held_read(struct txn *tx, void *arg)
{
    struct held *held = arg;

    for (size_t i = 0; i < LEN(HELD_ROWS); i++) {
        ROW(row);
        bool found;

        TRY(txn_first(tx, &HELD_ROWS[i], IN_NONE, &row, &found));
        held->n[i] = found ? row_int(&row, 0) : 0;
    }
    return OK;
}

static inline struct held held_now(struct api_world *w)
{
    struct held held = { .n = { 0 } };

    CHECK_OK("what the store holds", store_read(w->base.f.store, held_read, &held));
    return held;
}

/* Nothing changed since; `lines` further lines of the journal are allowed (denials are kept). */
static inline bool held_same(struct api_world *w, const char *title, const struct held *before,
                             int64_t lines)
{
    struct held after = held_now(w);
    bool same = true;

    after.n[LEN(HELD_ROWS) - 1] -= lines;
    for (size_t i = 0; i < LEN(HELD_ROWS); i++) {
        if (after.n[i] == before->n[i]) continue;
        printf("    %s: %s were %" PRId64 ", are %" PRId64 "\n", title, HELD_ROWS[i].name,
               before->n[i], after.n[i]);
        same = false;
    }
    return CHECK(title, same);
}

/* Rows of refusals, and nothing is left of any. */
static inline void world_untouched(struct api_world *w, const struct refused *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct held before = held_now(w);

        world_refused(w, &rows[i], 1);
        held_same(w, rows[i].title, &before, 0);
    }
}
#define UNTOUCHED(w, rows) world_untouched((w), (rows), LEN(rows))

/* The same act twice under one key and with another body, where the act itself is OK (`body`, the
 * status wanted): the repeat says so and does nothing but leave so many lines, the other body is
 * refused. */
static inline void world_repeated_lines(struct api_world *w, const struct asker *who,
                                        const char *line, const char *body, const char *other,
                                        int status, int64_t lines)
{
    char key[80], first[4000];
    struct held before;
    struct str got;

    snprintf(key, sizeof key, "Idempotency-Key: repeated-%d\r\n", ++w->keys);
    CHECK_STATUS(w, line, world_ask_with(w, who, line, key, body), status);
    CHECK(line, !client_has(&w->client, "Idempotency-Replayed"));
    got = raw_body(&w->client.a);
    snprintf(first, sizeof first, "%.*s", (int)got.n, got.p);
    before = held_now(w);
    CHECK_STATUS(w, line, world_ask_with(w, who, line, key, body), status);
    CHECK("the repeat says that it is one", client_has(&w->client, "Idempotency-Replayed: true"));
    {
        struct str id = client_between(&w->client, "\"id\":\"", '"');

        CHECK("and gives the first answer's id",
              id.n > 0 && raw_find(str_of(first), text_of("\"id\":\"%.*s\"", (int)id.n, id.p)));
    }
    CHECK_STATUS(w, line, world_ask_with(w, who, line, key, other), 422);
    CHECK_STR("another body under the key", client_code(&w->client), S("idempotency_key_reused"));
    held_same(w, line, &before, lines);
}
static inline void world_repeated(struct api_world *w, const struct asker *who, const char *line,
                                  const char *body, const char *other, int status)
{
    world_repeated_lines(w, who, line, body, other, status, 0);
}

/* The same act twice under one key, where the answer tells a secret: the repeat does nothing and
 * tells none of what the first told. */
static inline void world_told_once(struct api_world *w, const struct asker *who, const char *line,
                                   const char *body, const char *secret)
{
    char key[80];
    const char *told;
    struct held before;

    snprintf(key, sizeof key, "Idempotency-Key: told-%d\r\n", ++w->keys);
    CHECK_STATUS(w, line, world_ask_with(w, who, line, key, body), 201);
    told = world_member(w, secret);
    CHECK("a secret is told", told[0] != 0);
    before = held_now(w);
    CHECK_STATUS(w, "the repeat is refused", world_ask_with(w, who, line, key, body), 409);
    CHECK_STR("by name", client_code(&w->client), S("secret_told"));
    CHECK("and without the secret", !client_has(&w->client, told));
    held_same(w, line, &before, 0);
    CHECK_STATUS(w, "a new key, a new one", world_ask(w, who, line, body), 201);
    CHECK("another", !client_has(&w->client, told));
}

/* ---- fields */

enum wrong_kind {
    WRONG_TEXT = 1, /* one line */
    WRONG_WORD,     /* one of some words */
    WRONG_ID,
    WRONG_BYTES, /* hexadecimal or base64url */
    WRONG_INSTANT,
    WRONG_INT,
    WRONG_BOOL,
    WRONG_ARRAY,
};
struct wrong_field {
    const char *name;
    enum wrong_kind kind;
    const char *right; /* JSON */
    enum { NEEDED, OPTIONAL } need;
};
struct wrong_call {
    struct api_world *w;
    const struct asker *who;
    const char *line, *headers;
    const struct wrong_field *fields;
    size_t n;
    unsigned flags; /* of the route: API_ONCE, API_PUBLIC */
};

/* The right body, but for field `at`, which has `value` (NULL: it is missing); `more` is put
 * behind. */
static inline const char *wrong_body(const struct wrong_call *c, size_t at, const char *value,
                                     const char *more)
{
    char *body = (char *)(uintptr_t)text_of(" ");
    struct writer out = writer_over(body, WORLD_TEXT);
    const char *comma = "";

    put_str(&out, S("{"));
    for (size_t i = 0; i < c->n; i++) {
        const char *has = i == at ? value : c->fields[i].right;

        if (!has) continue;
        put_format(&out, "%s\"%s\":%s", comma, c->fields[i].name, has);
        comma = ",";
    }
    if (more[0]) put_format(&out, "%s%s", comma, more);
    put_str(&out, S("}"));
    put_u8(&out, 0);
    assert(!out.over);
    return body;
}

static inline void wrong_one(const struct wrong_call *c, const char *what, const char *name,
                             const char *body, int status, const char *code)
{
    const char *title = text_of("%s: %s %s", c->line, name, what);

    CHECK_STATUS(c->w, title, world_ask_with(c->w, c->who, c->line, c->headers, body), status);
    CHECK(title, client_has(&c->w->client, text_of("\"code\":\"%s\"", code)));
    if (status == 422 && name[0])
        CHECK(title, client_has(&c->w->client, text_of("\"pointer\":\"/%s\"", name)));
}

static inline void wrong_field(const struct wrong_call *c, size_t at)
{
    static char long_text[803];
    static const struct {
        const char *what, *value;
        int status;
        const char *code; /* NULL: by kind, below */
    } COMMON[] = {
        { "as GB 18030", "\"\xD5\xC5\xC8\xFD\"", 400, "json_syntax" },
        { "as overlong UTF-8", "\"\xC0\xAF\"", 400, "json_syntax" },
        { "as half a surrogate", "\"\xED\xA0\x80\"", 400, "json_syntax" },
        { "as an escaped half", "\"\\ud800\"", 400, "json_syntax" },
        { "with NUL", "\"a\\u0000b\"", 400, "json_syntax" },
        { "as an object", "{}", 422, "type" },
        { "beyond 64 bits", "1000000000000000000000000000000", 400, "json_syntax" },
    };
    static const struct {
        enum wrong_kind kind;
        const char *type, *empty, *too_long, *control, *foreign;
    } KINDS[] = {
        { WRONG_TEXT, "7", "too_short", "too_long", "characters", NULL },
        { WRONG_WORD, "7", "not_one_of", "not_one_of", "not_one_of", "not_one_of" },
        { WRONG_ID, "7", "format", "format", "format", "format" },
        { WRONG_BYTES, "7", "too_short", "too_long", NULL, NULL },
        { WRONG_INSTANT, "7", "format", "format", "format", "format" },
        { WRONG_INT, "\"seven\"", "type", "type", NULL, "type" },
        { WRONG_BOOL, "\"yes\"", "type", "type", NULL, "type" },
        { WRONG_ARRAY, "\"x\"", "type", "type", NULL, "type" },
    };
    const struct wrong_field *f = &c->fields[at];
    const char *name = f->name;

    if (!long_text[0]) {
        memset(long_text, 'x', sizeof long_text - 1);
        long_text[0] = long_text[sizeof long_text - 2] = '"';
    }
    if (f->need == NEEDED)
        wrong_one(c, "is missing", name, wrong_body(c, at, NULL, ""), 422, "missing");
    for (size_t i = 0; i < LEN(COMMON); i++) {
        wrong_one(c, COMMON[i].what, COMMON[i].status == 422 ? name : "",
                  wrong_body(c, at, COMMON[i].value, ""), COMMON[i].status, COMMON[i].code);
    }
    for (size_t i = 0; i < LEN(KINDS); i++) {
        if (KINDS[i].kind != f->kind) continue;
        wrong_one(c, "of another type", name, wrong_body(c, at, KINDS[i].type, ""), 422, "type");
        wrong_one(c, "empty", name, wrong_body(c, at, "\"\"", ""), 422, KINDS[i].empty);
        wrong_one(c, "far too long", name, wrong_body(c, at, long_text, ""), 422,
                  KINDS[i].too_long);
        if (KINDS[i].control) /* in place of a character: the length stays right */
            wrong_one(c, "with a control character", name,
                      wrong_body(c, at,
                                 text_of("\"\\u0001%s", f->right + ((f->right[1] & 0x80) ? 1 : 2)),
                                 ""),
                      422, KINDS[i].control);
        if (KINDS[i].foreign)
            wrong_one(c, "as a word that is none", name, wrong_body(c, at, "\"xyzzy\"", ""), 422,
                      KINDS[i].foreign);
    }
    if (f->kind == WRONG_INT) {
        wrong_one(c, "as a fraction", name, wrong_body(c, at, "1.5", ""), 422, "type");
        wrong_one(c, "below its range", name, wrong_body(c, at, "-1", ""), 422, "range");
    }
    wrong_one(c, "named twice", "",
              wrong_body(c, at, f->right, text_of("\"%s\":%s", name, f->right)), 400,
              "json_duplicate");
}

static inline void wrong_whole(const struct wrong_call *c)
{
    const char *right = wrong_body(c, c->n, NULL, "");
    const char *unknown = wrong_body(c, c->n, NULL, "\"xyzzy\":1");
    char headers[400];

    wrong_one(c, "beside an unknown member", "xyzzy", unknown, 422, "unknown");
    wrong_one(c, "no JSON", "", "{\"", 400, "json_syntax");
    wrong_one(c, "JSON and more", "", text_of("%s{}", right), 400, "json_syntax");
    wrong_one(c, "an array", "", "[]", 422, "type");
    wrong_one(c, "too deep", "", "{\"xyzzy\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}", 400,
              "json_depth");
    snprintf(headers, sizeof headers, "%sContent-Type: text/plain\r\n", c->headers);
    CHECK_STATUS(c->w, text_of("%s: text", c->line),
                 world_ask_with(c->w, c->who, c->line, headers, right), 415);
    snprintf(headers, sizeof headers, "%sContent-Type: application/json; charset=gb18030\r\n",
             c->headers);
    CHECK_STATUS(c->w, text_of("%s: another charset", c->line),
                 world_ask_with(c->w, c->who, c->line, headers, right), 415);
    CHECK_STR("media type", client_code(&c->w->client), S("media_type"));
}

/* Who nobody knows, a forged token, one that has ended, and keys that are none. */
static inline void wrong_asker(const struct wrong_call *c)
{
    const char *right = wrong_body(c, c->n, NULL, "");
    static const struct {
        const char *title, *header;
    } KEYS[] = {
        { "a key of 65 characters",
          "Idempotency-Key: "
          "01234567890123456789012345678901234567890123456789012345678901234\r\n" },
        { "a key with a space", "Idempotency-Key: a key\r\n" },
    };

    if (!(c->flags & API_PUBLIC)) {
        static const char *const FORGED[] = {
            "Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
            ("Authorization: Bearer 00000000000000000000000000000000"
             "00000000000000000000000000000000\r\n"),
            "Authorization: Bearer x\r\n",
        };

        CHECK_STATUS(c->w, text_of("%s: nobody", c->line),
                     world_ask_with(c->w, &c->w->nobody, c->line, c->headers, right), 401);
        CHECK_STR("sign in", client_code(&c->w->client), S("sign_in"));
        for (size_t i = 0; i < LEN(FORGED); i++) {
            struct asker forged = { .id = 0 };

            snprintf(forged.header, sizeof forged.header, "%s", FORGED[i]);
            CHECK_STATUS(c->w, text_of("%s: a forged token", c->line),
                         world_ask_with(c->w, &forged, c->line, c->headers, right), 401);
            CHECK_STR("sign in", client_code(&c->w->client), S("sign_in"));
        }
    }
    if (!(c->flags & API_ONCE)) return;
    CHECK_STATUS(c->w, text_of("%s: no key", c->line),
                 client_ask(&c->w->client, c->line, c->who->header, right), 400);
    CHECK_STR("no key", client_code(&c->w->client), S("idempotency_key_missing"));
    for (size_t i = 0; i < LEN(KEYS); i++) {
        CHECK_STATUS(c->w, KEYS[i].title,
                     world_ask_with(c->w, c->who, c->line, KEYS[i].header, right), 400);
        CHECK_STR(KEYS[i].title, client_code(&c->w->client), S("idempotency_key_malformed"));
    }
}

static inline void world_wrong(const struct wrong_call *c)
{
    struct held before = held_now(c->w);

    for (size_t i = 0; i < c->n; i++) {
        wrong_field(c, i);
    }
    wrong_whole(c);
    wrong_asker(c);
    held_same(c->w, text_of("%s: asked wrongly", c->line), &before, 0);
}
#define WRONG(w_, who_, line_, fields_, flags_)                                                    \
    world_wrong(&(struct wrong_call){ .w = (w_),                                                   \
                                      .who = &(who_),                                              \
                                      .line = (line_),                                             \
                                      .headers = "",                                               \
                                      .fields = (fields_),                                         \
                                      .n = LEN(fields_),                                           \
                                      .flags = (flags_) })
/* an operation whose body is {} */
#define WRONG_EMPTY(w_, who_, line_, flags_)                                                       \
    world_wrong(&(struct wrong_call){                                                              \
        .w = (w_), .who = &(who_), .line = (line_), .headers = "", .flags = (flags_) })
