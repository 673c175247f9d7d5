/* tests/base/csv_test.c - reading and writing comma-separated values. */
#include "base/csv.h"

#include <stdio.h>

#include "tests/test.h"

static uint8_t scratch_memory[4096], names_memory[4096];

/* The whole reading as text: fields in [], rows ended by |, refusals as !code@row:line:column */
static struct str read_all(struct str text, const struct csv_limits *limits, bool header, char *out,
                           size_t size)
{
    struct arena scratch = arena_over(scratch_memory, sizeof scratch_memory);
    struct arena names = arena_over(names_memory, sizeof names_memory);
    struct csv csv = csv_over(text, limits, &scratch);
    struct writer w = writer_over(out, size);
    bool more = true;

    if (header) {
        struct err e = csv_header(&csv, &names);
        if (e.code != 0) {
            put_format(&w, "!%d@%d", e.code, csv.column);
            return writer_str(&w);
        }
    }
    while (more && !w.over) {
        struct err e = csv_next(&csv, &more);
        if (e.code != 0) {
            put_format(&w, "!%d@%d:%d:%d", e.code, (int)csv.row, (int)csv.line, csv.column);
            more = true;
            if (csv.ended) break;
            continue;
        }
        if (!more) break;
        for (int i = 0; i < csv.fields_n; i++) {
            put_char(&w, '[');
            put_str(&w, csv_field(&csv, i));
            put_char(&w, ']');
        }
        put_char(&w, '|');
    }
    return writer_str(&w);
}

static void reading(void)
{
    static const struct {
        const char *title, *text, *want;
    } rows[] = {
        { "two rows", "a,b\nc,d\n", "[a][b]|[c][d]|" },
        { "no line end at the end", "a,b", "[a][b]|" },
        { "CRLF", "a,b\r\nc,d\r\n", "[a][b]|[c][d]|" },
        { "empty fields", ",\n", "[][]|" },
        { "a comma at the end makes a field", "a,", "[a][]|" },
        { "blank lines are skipped", "\na\n\r\n\nb\n", "[a]|[b]|" },
        { "quotes", "\"a\",\"b\"\n", "[a][b]|" },
        { "doubled quotes", "\"a\"\"b\",c\n", "[a\"b][c]|" },
        { "only doubled quotes", "\"\"\"\"\n", "[\"]|" },
        { "an empty quoted field", "\"\",x\n", "[][x]|" },
        { "a comma inside", "\"a,b\",c\n", "[a,b][c]|" },
        { "a line end inside", "\"a\nb\",c\nd,e\n", "[a\nb][c]|[d][e]|" },
        { "spaces stay", " a , b \n", "[ a ][ b ]|" },
        { "a byte order mark",
          "\xEF\xBB\xBF"
          "a,b\n",
          "[a][b]|" },
        { "a stray quote, and on", "a\"b,c\nd,e\n", "!1023@1:1:1[d][e]|" },
        { "text behind a quote, and on", "x,\"a\"b\nd\n", "!1024@1:1:2[d]|" },
        { "an open quote ends the file", "a,b\n\"c,d\ne\n", "[a][b]|!1025@2:2:1" },
        { "line numbers count inside quotes", "\"a\nb\nc\"\nx\"\n", "[a\nb\nc]|!1023@2:4:1" },
        { "a lone CR is text", "a\rb\n", "[a\rb]|" },
        { "empty", "", "" },
    };
    char out[512];

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_STR(rows[i].title, read_all(str_of(rows[i].text), NULL, false, out, sizeof out),
                  str_of(rows[i].want));
    }
    CHECK_STR("a NUL byte", read_all(S("a\0b\nc\n"), NULL, false, out, sizeof out),
              S("!1030@1:1:1[c]|"));
    CHECK_STR("a NUL byte in quotes", read_all(S("\"a\0b\"\nc\n"), NULL, false, out, sizeof out),
              S("!1030@1:1:1[c]|"));
}

static void limits(void)
{
    static const struct {
        const char *title;
        struct csv_limits limits;
        const char *text, *want;
    } rows[] = {
        { "two columns at most", { .columns = 2 }, "a,b,c\nd,e\n", "!1027@1:1:3[d][e]|" },
        { "three bytes at most", { .field_bytes = 3 }, "abcd\nabc\n", "!1028@1:1:1[abc]|" },
        { "three bytes in quotes",
          { .field_bytes = 3 },
          "\"abcd\"\n\"abc\"\n",
          "!1028@1:1:1[abc]|" },
        { "two rows at most", { .rows = 2 }, "a\nb\nc\nd\n", "[a]|[b]|!1029@3:3:0" },
        { "another delimiter", { .delimiter = '|' }, "a|b,c\n", "[a][b,c]|" },
    };
    char out[512];

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_STR(rows[i].title,
                  read_all(str_of(rows[i].text), &rows[i].limits, false, out, sizeof out),
                  str_of(rows[i].want));
    }
}

static void headings(void)
{
    static const struct {
        const char *title, *text, *want;
    } rows[] = {
        { "as many as the heading", "a,b\n1,2\n", "[1][2]|" },
        { "fewer, more, and on", "a,b\n1\n1,2,3\n4,5\n", "!1026@1:2:0!1026@2:3:0[4][5]|" },
        { "a name twice", "a,b,a\n", "!1022@3" },
        { "a name empty", "a,,b\n", "!1022@2" },
        { "names are trimmed", " a , a\n", "!1022@2" },
        { "an empty file", "", "!1021@0" },
        { "only blank lines", "\n\n", "!1021@0" },
    };
    char out[512];

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_STR(rows[i].title, read_all(str_of(rows[i].text), NULL, true, out, sizeof out),
                  str_of(rows[i].want));
    }

    struct arena scratch = arena_over(scratch_memory, sizeof scratch_memory);
    struct arena names = arena_over(names_memory, sizeof names_memory);
    struct csv csv = csv_over(S("姓名, 金额 \n张三,5\n"), NULL, &scratch);
    bool more;
    CHECK_OK("heading", csv_header(&csv, &names));
    CHECK_INT("by name", csv_column(&csv, S("金额")), 1);
    CHECK_INT("a name that is not there", csv_column(&csv, S("卡号")), -1);
    CHECK_OK("row", csv_next(&csv, &more));
    CHECK_STR("field by name", csv_field(&csv, csv_column(&csv, S("金额"))), S("5"));
    CHECK_STR("a field that is not there", csv_field(&csv, -1), S(""));
    for (int code = CSV_HEADER_MISSING; code <= CSV_NUL; code++) {
        CHECK("a text for each refusal", !str_eq(str_of(csv_text(code, false)), S("unreadable")));
        CHECK("in Chinese", !str_eq(str_of(csv_text(code, true)), S("无法读取")));
    }
}

static void writing(void)
{
    static const struct {
        const char *title, *field;
        bool guard;
        const char *want;
    } rows[] = {
        { "plain", "a b", true, "a b" },
        { "a comma", "a,b", true, "\"a,b\"" },
        { "a quote", "a\"b", true, "\"a\"\"b\"" },
        { "a line end", "a\nb", true, "\"a\nb\"" },
        { "a formula", "=1+1", true, "\"'=1+1\"" },
        { "a formula for machines", "=1+1", false, "=1+1" },
        { "an at sign", "@SUM(A1)", true, "\"'@SUM(A1)\"" },
        { "a minus that is no number", "-1+cmd|' /C calc'!A0", true, "\"'-1+cmd|' /C calc'!A0\"" },
        { "a negative number", "-12.50", true, "-12.50" },
        { "a signed phone number", "+8655162345678", true, "+8655162345678" },
        { "a tab", "\tx", true, "\"'\tx\"" },
        { "a full-width equals sign", "＝1", true, "\"'＝1\"" },
        { "only a minus", "-", true, "\"'-\"" },
        { "empty", "", true, "" },
    };
    char out[512];

    for (size_t i = 0; i < LEN(rows); i++) {
        struct writer w = writer_over(out, sizeof out);
        put_csv_field(&w, str_of(rows[i].field), rows[i].guard);
        CHECK_STR(rows[i].title, writer_str(&w), str_of(rows[i].want));
    }
}

/* What is written reads back, whatever the fields hold. */
static void round_trip(void)
{
    static const char ALPHABET[] = "ab,\"\n\r =1";
    struct prng prng = { test_seed() };

    for (int round = 0; round < 3000; round++) {
        char texts[8][16], out[512];
        struct str fields[8];
        size_t n = (size_t)prng_between(&prng, 2, 8);
        struct writer w = writer_over(out, sizeof out);
        struct arena scratch = arena_over(scratch_memory, sizeof scratch_memory);
        bool more = false, same = true;
        for (size_t i = 0; i < n; i++) {
            fields[i] = (struct str){ texts[i], (size_t)prng_between(&prng, 0, 15) };
            for (size_t j = 0; j < fields[i].n; j++) {
                texts[i][j] = ALPHABET[prng_between(&prng, 0, (int64_t)sizeof ALPHABET - 2)];
            }
        }
        put_csv_row(&w, fields, n, false);
        struct csv csv = csv_over(writer_str(&w), NULL, &scratch);
        struct err e = csv_next(&csv, &more);
        same = e.code == 0 && more && csv.fields_n == (int)n;
        for (size_t i = 0; same && i < n; i++) {
            same = str_eq(csv_field(&csv, (int)i), fields[i]);
        }
        if (!same) CHECK_STR("a row reads back as it was written", writer_str(&w), S(""));
    }
    CHECK("3000 rows read back as they were written", true);
}

int main(void)
{
    reading();
    limits();
    headings();
    writing();
    round_trip();
    return test_end();
}
