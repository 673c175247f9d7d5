/* tests/base/text_test.c - UTF-8, widths, encodings, names, masks. */
#include "base/text.h"

#include <stdlib.h>

#include "tests/test.h"

static uint8_t memory[1 << 16];

static void utf8(void)
{
    static const struct {
        const char *title, *text;
        bool valid;
    } rows[] = {
        { "empty", "", true },
        { "ascii", "abc", true },
        { "Han", "张三", true },
        { "beyond the first plane", "\xF0\xA0\x82\x87", true },
        { "the last character", "\xF4\x8F\xBF\xBF", true },
        { "past the last character", "\xF4\x90\x80\x80", false },
        { "overlong slash", "\xC0\xAF", false },
        { "overlong in three", "\xE0\x80\xAF", false },
        { "overlong in four", "\xF0\x80\x80\xAF", false },
        { "a surrogate", "\xED\xA0\x80", false },
        { "cut short", "\xE5\xBC", false },
        { "a lone continuation", "\x80", false },
        { "FF", "\xFF", false },
        { "latin-1", "caf\xE9", false },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_INT(rows[i].title, utf8_valid(str_of(rows[i].text)), rows[i].valid);
    }
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) { /* all edges, then a walk */
        uint8_t out[4];
        struct writer w = writer_over(out, sizeof out);
        struct str text;
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        put_utf8(&w, c);
        text = writer_str(&w);
        if (!utf8_valid(text) || utf8_take(&text) != c || text.n != 0)
            CHECK_INT("a character comes back from UTF-8", c, -1);
    }
    CHECK("every character comes back from UTF-8", true);

    struct str damaged = S("a\xE5\xBC");
    CHECK_INT("a damaged text has characters too", (int64_t)text_length(damaged), 3);
}

static void widths(void)
{
    static const struct {
        const char *title, *text;
        int64_t width;
    } rows[] = {
        { "ascii", "abc", 3 },
        { "Han counts two", "张三", 4 },
        { "full-width comma", "，", 2 },
        { "the middle dot counts one", "·", 1 },
        { "combining marks count none", "e\xCC\x81", 1 },
        { "yen and digits", "¥12.00", 6 },
        { "an ideograph of the second plane", "𠂇", 2 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_INT(rows[i].title, (int64_t)text_width(str_of(rows[i].text)), rows[i].width);
    }
}

static void encodings(void)
{
    static const struct {
        const char *title, *in, *want;
        enum text_encoding encoding;
        int code;
    } rows[] = {
        { "UTF-8", "张三", "张三", TEXT_UTF8, 0 },
        { "UTF-8 with its mark", "\xEF\xBB\xBF张三", "张三", TEXT_UTF8_BOM, 0 },
        { "GBK", "\xD5\xC5\xC8\xFD", "张三", TEXT_GB18030, 0 },
        { "four bytes of GB 18030", "\x95\x32\x82\x36", "𠀀", TEXT_GB18030, 0 },
        { "a lead byte alone", "\xD5", "", TEXT_UTF8, TEXT_UNREADABLE },
        { "neither", "\xFF\xFE\x01", "", TEXT_UTF8, TEXT_UNREADABLE },
        { "damage behind a UTF-8 mark", "\xEF\xBB\xBF\xD5\xC5", "", TEXT_UTF8, TEXT_UNREADABLE },
        { "empty", "", "", TEXT_UTF8, 0 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct arena arena = arena_over(memory, sizeof memory);
        struct str out = { 0 };
        enum text_encoding found = TEXT_UTF8;
        struct err e = text_read(&arena, str_bytes(str_of(rows[i].in)), &out, &found);
        CHECK_INT(rows[i].title, e.code, rows[i].code);
        CHECK_STR(rows[i].title, out, str_of(rows[i].want));
        CHECK_INT(rows[i].title, found, rows[i].encoding);
    }

    struct prng prng = { test_seed() };
    for (int round = 0; round < 300; round++) { /* what goes out in GB 18030 comes back */
        struct arena arena = arena_over(memory, sizeof memory);
        char text[600];
        struct writer w = writer_over(text, sizeof text);
        struct bytes out;
        struct str back;
        put_str(&w, S("张"));
        for (int64_t n = prng_between(&prng, 0, 100); n > 0; n--) {
            uint32_t c =
                (uint32_t)prng_between(&prng, 1, prng_between(&prng, 0, 1) ? 0x9FFF : 0x10FFFF);
            /* no surrogates; no private use, where 24 places of GB 18030-2000 were given up */
            if (c < 0xD800 || c > 0xF8FF) put_utf8(&w, c);
        }
        struct err e = text_write(&arena, writer_str(&w), TEXT_GB18030, &out);
        if (e.code == 0 && utf8_valid(bytes_str(out))) continue; /* by chance; then it is UTF-8 */
        if (e.code == 0) e = text_read(&arena, out, &back, NULL);
        if (e.code != 0 || !str_eq(back, writer_str(&w)))
            CHECK_STR("GB 18030 and back", e.code == 0 ? back : S("refused"), writer_str(&w));
    }
    CHECK("GB 18030 and back, 300 texts", true);

    struct arena small = arena_over(memory, 4);
    struct str out;
    CHECK_CODE("an arena too small",
               text_read(&small, str_bytes(S("\xD5\xC5\xC8\xFD")), &out, NULL), FAULT_MEMORY);
    struct bytes bytes;
    CHECK_CODE("damage is not written", text_write(&small, S("\xED\xA0\x80"), TEXT_GB18030, &bytes),
               TEXT_UNWRITABLE);
}

static void names(void)
{
    static const struct {
        const char *title, *in, *want;
        int code;
    } rows[] = {
        { "plain", "张三", "张三", 0 },
        { "• becomes the dot", "阿卜杜拉•买买提", "阿卜杜拉·买买提", 0 },
        { "・ becomes the dot", "阿卜杜拉・买买提", "阿卜杜拉·买买提", 0 },
        { "． becomes the dot", "阿卜杜拉．买买提", "阿卜杜拉·买买提", 0 },
        { "a full stop between Han", "阿卜杜拉.买买提", "阿卜杜拉·买买提", 0 },
        { "the dot itself", "阿卜杜拉·买买提", "阿卜杜拉·买买提", 0 },
        { "spaces around it go", "阿卜杜拉 · 买买提", "阿卜杜拉·买买提", 0 },
        { "two dots", "买买提•艾力•库尔班", "买买提·艾力·库尔班", 0 },
        { "between letters", "J.R.Smith", "J·R·Smith", 0 },
        { "an initial keeps its stop", "John Q. Public", "John Q. Public", 0 },
        { "a dot at the end stays", "张三.", "张三.", 0 },
        { "padding between Han goes", "张　三", "张三", 0 },
        { "spaces between letters become one", "ANNA   MARIA", "ANNA MARIA", 0 },
        { "full-width letters", "ＡＮＮＡ　ＭＡＲＩＡ", "ANNA MARIA", 0 },
        { "ends are trimmed", "\t 张三 \r\n", "张三", 0 },
        { "ideographic space at the end", "张三　", "张三", 0 },
        { "no-width characters go", "张\u200B三\uFEFF", "张三", 0 },
        { "second plane", "𠂇三", "𠂇三", 0 },
        { "an ideograph of the old private area", "\uE81E三", "\u9FB4三", 0 },
        { "letters keep their case", "van der Berg", "van der Berg", 0 },
        { "empty", "", "", NAME_EMPTY },
        { "only spaces", " 　 ", "", NAME_EMPTY },
        { "a question mark is damage", "张?", "", NAME_CHARACTER },
        { "a full-width one, too", "张？", "", NAME_CHARACTER },
        { "U+FFFD", "张\uFFFD", "", NAME_CHARACTER },
        { "a line end inside", "张\n三", "", NAME_CHARACTER },
        { "a control", "张\x01三", "", NAME_CHARACTER },
        { "writing direction", "张\u202E三", "", NAME_CHARACTER },
        { "not UTF-8", "\xD5\xC5", "", NAME_NOT_UTF8 },
    };
    char out[NAME_BYTES_MAX], again[NAME_BYTES_MAX], letters[NAME_LENGTH_MAX + 1];

    for (size_t i = 0; i < LEN(rows); i++) {
        struct writer w = writer_over(out, sizeof out);
        struct err e = name_form(str_of(rows[i].in), &w);
        CHECK_INT(rows[i].title, e.code, rows[i].code);
        if (e.code == 0) CHECK_STR(rows[i].title, writer_str(&w), str_of(rows[i].want));
    }
    memset(letters, 'a', sizeof letters);
    for (size_t n = NAME_LENGTH_MAX; n <= NAME_LENGTH_MAX + 1; n++) {
        struct writer w = writer_over(out, sizeof out);
        CHECK_CODE("as long as may be, and one more", name_form((struct str){ letters, n }, &w),
                   n > NAME_LENGTH_MAX ? NAME_LONG : 0);
    }

    static const char *const PARTS[] = { "张", "三", "a", "B",  " ",  "　", "·",      "•", ".",
                                         "．", "・", "-", "买", "𠂇", "ｚ", "\u200B", "'" };
    struct prng prng = { test_seed() };
    for (int round = 0; round < 5000; round++) { /* applying it twice changes nothing */
        char text[256];
        struct writer in = writer_over(text, sizeof text), once = writer_over(out, sizeof out),
                      twice = writer_over(again, sizeof again);
        for (int64_t n = prng_between(&prng, 1, 12); n > 0; n--) {
            put_str(&in, str_of(PARTS[prng_between(&prng, 0, (int64_t)LEN(PARTS) - 1)]));
        }
        if (name_form(writer_str(&in), &once).code != 0) continue;
        if (name_form(writer_str(&once), &twice).code != 0 ||
            !str_eq(writer_str(&once), writer_str(&twice))) {
            CHECK_STR("the form of a form", writer_str(&twice), writer_str(&once));
            CHECK_STR("came from", writer_str(&in), S(""));
        }
    }
    CHECK("the form of a form is itself, 5000 names", true);
}

static void masks(void)
{
    static const struct {
        const char *title;
        enum mask mask;
        const char *plain, *want;
    } rows[] = {
        { "a name", MASK_NAME, "张三", "张*" },
        { "a longer one shows no length", MASK_NAME, "阿卜杜拉·买买提", "阿*" },
        { "a single character hides", MASK_NAME, "张", "*" },
        { "a damaged name", MASK_NAME, "\xD5\xC5", "****" },
        { "no name", MASK_NAME, "", "" },
        { "a citizen number", MASK_PERSON_NO, "340104199001011234", "340***********1234" },
        { "with X", MASK_PERSON_NO, "34010419900101123X", "340***********123X" },
        { "an old permit of 15", MASK_PERSON_NO, "USA123456789012", "USA********9012" },
        { "a passport", MASK_PERSON_NO, "E12345678", "****678" },
        { "too short", MASK_PERSON_NO, "1234567", "****" },
        { "not a number", MASK_PERSON_NO, "张三340104199001", "****" },
        { "a mobile number", MASK_PHONE, "13812341234", "138****1234" },
        { "a land line", MASK_PHONE, "0551-62345678", "****5678" },
        { "an emergency number", MASK_PHONE, "110", "****" },
        { "a card", MASK_CARD_NO, "A12345678", "****5678" },
        { "a bank card", MASK_ACCOUNT, "6217001234567890123", "****0123" },
        { "a short account", MASK_ACCOUNT, "1234567", "****" },
    };
    char out[MASKED_BYTES_MAX];

    for (size_t i = 0; i < LEN(rows); i++) {
        struct writer w = writer_over(out, sizeof out);
        put_masked(&w, (struct masked){ rows[i].mask, str_of(rows[i].plain) });
        CHECK_STR(rows[i].title, writer_str(&w), str_of(rows[i].want));
    }

    static const struct {
        const char *title, *in, *want;
    } scrubbed[] = {
        { "words stay", "slot 12: no row", "slot 12: no row" },
        { "a citizen number", "no person 11010519491231002X here",
          "no person 110***********002X here" },
        { "a small x counts", "11010519491231002x", "110***********002x" },
        { "inside a longer run", "99110105194912310020", "99110105194912310020" },
        { "inside a longer run, with a right check", "7734052419800101001X7",
          "77340***********001X7" },
        { "a wrong check character stays", "110105194912310021", "110105194912310021" },
        { "a mobile number", "call 13812345678.", "call 138****5678." },
        { "with the country in front", "8613812345678", "138****5678" },
        { "twelve digits stay", "138123456789", "138123456789" },
        { "a bank card", "to 6222021234567890128", "to ****0128" },
        { "not by Luhn", "to 6222021234567890127", "to 6222021234567890127" },
        { "a row id stays", "person 455832347239514112: row", "person 455832347239514112: row" },
    };
    for (size_t i = 0; i < LEN(scrubbed); i++) {
        char text[256];
        struct writer w = writer_over(text, sizeof text);
        put_scrubbed(&w, str_of(scrubbed[i].in));
        CHECK_STR(scrubbed[i].title, writer_str(&w), str_of(scrubbed[i].want));
    }
}

static void nearest(void)
{
    static const char *const NAMES[] = { "issue", "lose", "unlose", "replace", "tls.cert_file" };
    static const struct {
        const char *title, *text;
        int want;
    } rows[] = {
        { "a swap", "lsoe", 1 },
        { "a letter missing", "replce", 3 },
        { "an underscore missing", "tls.certfile", 4 },
        { "the thing itself", "issue", 0 },
        { "nothing near", "banana", -1 },
        { "empty", "", -1 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_INT(rows[i].title, text_nearest(str_of(rows[i].text), NAMES, LEN(NAMES)),
                  rows[i].want);
    }
    CHECK_INT("distance of unlike words", (int64_t)text_distance(S("kitten"), S("sitting"), 9), 3);
    CHECK_INT("cut at the most asked for", (int64_t)text_distance(S("abcdef"), S("uvwxyz"), 2), 3);
}

static void json(void)
{
    static const struct {
        const char *title, *in, *want;
    } rows[] = {
        { "plain", "张三", "\"张三\"" },
        { "quotes and backslashes", "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "controls", "a\nb\x01", "\"a\\nb\\u0001\"" },
        { "damage", "a\xFF", "\"a\uFFFD\"" },
        { "line separators", "\u2028", "\"\\u2028\"" },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        char out[64];
        struct writer w = writer_over(out, sizeof out);
        put_json_str(&w, str_of(rows[i].in));
        CHECK_STR(rows[i].title, writer_str(&w), str_of(rows[i].want));
    }
}

int main(void)
{
    utf8();
    widths();
    encodings();
    names();
    masks();
    nearest();
    json();
    return test_end();
}
