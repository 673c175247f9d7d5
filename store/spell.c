/* store/spell.c - the vocabulary of migrations: one text, spelled for each engine, and refused when
 * it says what only one of them understands. */
#include "store/inner.h"

#include <ctype.h>
#include <stdlib.h>

/* A migration's text without comments, word by word; commas, brackets and literals are words. */
struct words {
    const char *p;
    int line;
    struct str word;
};

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void skip_blank(struct words *w)
{
    for (;; w->p++) {
        if (*w->p == '-' && w->p[1] == '-') {
            w->p += strcspn(w->p, "\n");
        }
        if (*w->p == '\n') w->line++;
        if (!isspace((unsigned char)*w->p)) return;
    }
}

/* False at the end of the text. */
static bool next_word(struct words *w)
{
    const char *from;

    skip_blank(w);
    from = w->p;
    if (!*w->p) return false;
    if (*w->p == '\'') {
        for (w->p++; *w->p && *w->p != '\''; w->p++) {
            if (*w->p == '\n') w->line++;
        }
        if (*w->p) w->p++;
    } else if (in_word(*w->p)) {
        while (in_word(*w->p)) {
            w->p++;
        }
    } else {
        w->p++;
    }
    w->word = (struct str){ .p = from, .n = (size_t)(w->p - from) };
    return true;
}

static bool word_is(struct str word, const char *want)
{
    size_t n = strlen(want);

    if (word.n != n) return false;
    for (size_t i = 0; i < n; i++) {
        if (toupper((unsigned char)word.p[i]) != toupper((unsigned char)want[i])) return false;
    }
    return true;
}

static bool char_is(struct str word, char c)
{
    return word.n == 1 && word.p[0] == c;
}

static const struct {
    const char *word, *sqlite, *postgres;
} VOCABULARY[] = {
    { "id64", "INTEGER", "BIGINT" },
    { "int64", "INTEGER", "BIGINT" },
    { "text", "TEXT", "TEXT" },
    { "blob", "BLOB", "BYTEA" },
};

static bool is_type(struct str word)
{
    for (size_t i = 0; i < LEN(VOCABULARY); i++) {
        if (word_is(word, VOCABULARY[i].word)) return true;
    }
    return false;
}

/* ---- checking, table by table */

struct table {
    struct str name, root; /* root: the first column of the primary key */
    struct str unique[16]; /* what each UNIQUE begins with */
    int uniques;
    bool rootless; /* a remark behind the table says `root: none` */
};

static RESULT wrong(const struct migration *m, const struct words *w, const char *what)
{
    return fault(FAULT_CONFIG, "migration %s, line %d: %s", m->name, w->line, what);
}

/* Step over what is left of a column or constraint, to its comma or the closing bracket. */
static void skip_item(struct words *w, int depth)
{
    do {
        if (char_is(w->word, '(')) depth++;
        if (char_is(w->word, ')') && --depth < 0) return;
        if (char_is(w->word, ',') && depth == 0) return;
    } while (next_word(w));
}

/* "( a, b, ..." : the first column of a key. */
static RESULT key_first(const struct migration *m, struct words *w, struct str *first)
{
    if (!next_word(w) || !char_is(w->word, '(') || !next_word(w)) {
        return wrong(m, w, "a key without columns");
    }
    *first = w->word;
    for (int depth = 1; depth > 0;) {
        if (!next_word(w)) return wrong(m, w, "a key without end");
        if (char_is(w->word, '(')) depth++;
        if (char_is(w->word, ')')) depth--;
    }
    return next_word(w) ? OK : wrong(m, w, "a table without end");
}

static RESULT check_item(const struct migration *m, struct words *w, struct table *t)
{
    if (word_is(w->word, "PRIMARY")) {
        next_word(w);
        TRY(key_first(m, w, &t->root));
    } else if (word_is(w->word, "UNIQUE")) {
        if (t->uniques == (int)LEN(t->unique)) return wrong(m, w, "too many UNIQUE");
        TRY(key_first(m, w, &t->unique[t->uniques++]));
    } else if (!word_is(w->word, "CHECK") && !word_is(w->word, "FOREIGN")) {
        if (!next_word(w) || !is_type(w->word)) {
            return wrong(m, w, "a column's type must be id64, int64, text or blob");
        }
    }
    skip_item(w, 0);
    return OK;
}

/* Does the rest of this line, a remark, say `want`? */
static bool line_says(const struct words *w, struct str want)
{
    struct str line = { .p = w->p, .n = strcspn(w->p, "\n") };

    for (size_t i = 0; i + want.n <= line.n; i++) {
        if (memcmp(line.p + i, want.p, want.n) == 0) return true;
    }
    return false;
}

/* From the bracket behind the table's name to `) strict;` or `) strict clustered;`. */
static RESULT check_table(const struct migration *m, struct words *w, struct table *t)
{
    if (!next_word(w) || !char_is(w->word, '(')) return wrong(m, w, "expected (");
    do {
        if (!next_word(w)) return wrong(m, w, "a table without end");
        TRY(check_item(m, w, t));
    } while (char_is(w->word, ','));
    if (!next_word(w) || !word_is(w->word, "strict") || !next_word(w) ||
        (word_is(w->word, "clustered") && !next_word(w)) || !char_is(w->word, ';')) {
        return wrong(m, w, "a table must end with `) strict;` or `) strict clustered;`");
    }
    t->rootless = line_says(w, S("root: none"));
    if (t->root.n == 0) return wrong(m, w, "a table without PRIMARY KEY (root, ...)");
    for (int i = 0; i < t->uniques && !t->rootless; i++) {
        if (!str_eq(t->unique[i], t->root)) {
            return wrong(m, w, "UNIQUE must begin with the root column, as PRIMARY KEY does");
        }
    }
    return OK;
}

struct err migration_tables(const struct migration *migration, table_visit *visit, void *arg)
{
    struct words w = { .p = migration->sql, .line = 1 };

    while (next_word(&w)) {
        struct table t = { 0 };

        if (!word_is(w.word, "CREATE")) continue;
        if (!next_word(&w) || !word_is(w.word, "TABLE")) continue;
        if (!next_word(&w)) return wrong(migration, &w, "a table without name");
        t.name = w.word;
        TRY(check_table(migration, &w, &t));
        if (t.rootless) t.root = S("");
        if (visit) TRY(visit(arg, t.name, t.root));
    }
    return OK;
}

/* ---- spelling */

static const char *spelled(struct str word, enum engine engine)
{
    for (size_t i = 0; i < LEN(VOCABULARY); i++) {
        if (!word_is(word, VOCABULARY[i].word)) continue;
        return engine == ENGINE_SQLITE ? VOCABULARY[i].sqlite : VOCABULARY[i].postgres;
    }
    if (word_is(word, "strict")) return engine == ENGINE_SQLITE ? "STRICT" : "";
    if (word_is(word, "clustered")) return engine == ENGINE_SQLITE ? ", WITHOUT ROWID" : "";
    return NULL;
}

/* Row security of one table, %.*s the table and its root column
 * (docs/decisions/0046-row-security.md). Who owns the database reads when the connection says what
 * for, and writes rows of the root that the transaction says; nobody else has a policy and sees
 * nothing. A new version of another root's row is an error; a DELETE has no new version, so it
 * finds none. */
#define OF_THIS_ROOT "current_setting('ykt.root', true) IN ('any', CAST(%.*s AS TEXT))"
#define WITH_A_PURPOSE "current_setting('ykt.reader') <> ''"
static const char GUARD[] =
    "\nALTER TABLE %.*s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\n"
    "CREATE POLICY ykt_read ON %.*s FOR SELECT TO pg_database_owner USING (" WITH_A_PURPOSE ");\n"
    "CREATE POLICY ykt_insert ON %.*s FOR INSERT TO pg_database_owner"
    " WITH CHECK (" OF_THIS_ROOT ");\n"
    "CREATE POLICY ykt_update ON %.*s FOR UPDATE TO pg_database_owner USING (" WITH_A_PURPOSE ")"
    " WITH CHECK (" OF_THIS_ROOT ");\n"
    "CREATE POLICY ykt_delete ON %.*s FOR DELETE TO pg_database_owner"
    " USING (" OF_THIS_ROOT ");\n";
enum { NAME_MAX_BYTES = 63 }; /* of PostgreSQL */

static RESULT count_table(void *arg, struct str table, struct str root)
{
    int *n = arg;

    if (table.n > NAME_MAX_BYTES || root.n > NAME_MAX_BYTES)
        return fault(FAULT_CONFIG, "a name of more than %d characters", NAME_MAX_BYTES);
    *n += root.n > 0;
    return OK;
}

static RESULT guard_table(void *arg, struct str table, struct str root)
{
    int t = (int)table.n, r = (int)root.n;

    if (root.n == 0) return OK;
    put_format(arg, GUARD, t, table.p, t, table.p, t, table.p, r, root.p, t, table.p, r, root.p, t,
               table.p, r, root.p);
    return OK;
}

struct err migration_spell(const struct migration *migration, enum engine engine, char **out)
{
    struct words w = { .p = migration->sql, .line = 1 };
    size_t size;
    char *text;
    struct writer writer;
    const char *copied = migration->sql;
    int tables = 0;

    TRY(migration_tables(migration, count_table, &tables));
    size = strlen(migration->sql) * 2 + 64 + /* no word more than doubles */
           (size_t)tables * (sizeof GUARD + 8 * NAME_MAX_BYTES);
    text = malloc(size);
    if (!text) return fault(FAULT_MEMORY, "migration %s", migration->name);
    writer = writer_over(text, size);
    while (next_word(&w)) {
        const char *other = spelled(w.word, engine);

        if (!other) continue;
        put_bytes(&writer, bytes_of(copied, (size_t)(w.word.p - copied)));
        put_str(&writer, str_of(other));
        copied = w.word.p + w.word.n;
    }
    put_str(&writer, str_of(copied));
    if (engine == ENGINE_POSTGRESQL) {
        struct err err = migration_tables(migration, guard_table, &writer);
        assert(err.code == 0);
        (void)err.code;
    }
    put_char(&writer, 0);
    assert(!writer.over);
    *out = text;
    return OK;
}
