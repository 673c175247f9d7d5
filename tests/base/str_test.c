/* tests/base/str_test.c - slices, cursors, writers, numbers in text. */
#include "tests/test.h"

int main(void)
{
    static const struct {
        const char *title, *text;
        int64_t min, max, want;
        bool ok;
    } ints[] = {
        { "zero", "0", 0, 9, 0, true },
        { "the largest", "9223372036854775807", 0, INT64_MAX, INT64_MAX, true },
        { "the smallest", "-9223372036854775808", INT64_MIN, 0, INT64_MIN, true },
        { "one past the largest", "9223372036854775808", INT64_MIN, INT64_MAX, 0, false },
        { "a plus sign", "+1", INT64_MIN, INT64_MAX, 0, false },
        { "minus where none may be", "-1", 0, 9, 0, false },
        { "empty", "", 0, 9, 0, false },
        { "only a minus", "-", -9, 9, 0, false },
        { "a space", " 1", 0, 9, 0, false },
        { "above the range", "10", 0, 9, 0, false },
    };

    for (size_t i = 0; i < LEN(ints); i++) {
        int64_t got = 0;
        bool ok = str_int(str_of(ints[i].text), ints[i].min, ints[i].max, &got);
        CHECK_INT(ints[i].title, ok, ints[i].ok);
        CHECK_INT(ints[i].title, got, ints[i].want);
    }

    uint8_t buffer[8];
    struct writer w = writer_over(buffer, sizeof buffer);
    put_be32(&w, 0x01020304);
    put_u8(&w, 5);
    CHECK_HEX("big-endian out", writer_bytes(&w), "0102030405");
    put_be32(&w, 1);
    CHECK("a writer past its end says so", w.over);
    CHECK_INT("and writes nothing more", (int64_t)w.n, 5);

    static const struct {
        int64_t v;
        const char *want;
    } numbers[] = {
        { 0, "0" },
        { -7, "-7" },
        { 1234567890, "1234567890" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };
    for (size_t i = 0; i < LEN(numbers); i++) {
        char text[24];
        struct writer out = writer_over(text, sizeof text);
        put_int(&out, numbers[i].v);
        CHECK_STR("a number", writer_str(&out), str_of(numbers[i].want));
    }
    static const struct {
        int64_t v;
        int least;
        const char *want;
    } padded[] = { { 0, 2, "00" }, { 7, 2, "07" }, { 123, 2, "123" }, { 42, 6, "000042" } };
    for (size_t i = 0; i < LEN(padded); i++) {
        char text[24];
        struct writer out = writer_over(text, sizeof text);
        put_digits(&out, padded[i].v, padded[i].least);
        CHECK_STR("a number of so many digits", writer_str(&out), str_of(padded[i].want));
    }

    struct cursor c = cursor_over(bytes_of(buffer, 5));
    CHECK_INT("big-endian in", take_be32(&c), 0x01020304);
    CHECK_CODE("a byte is left", cursor_end(&c, 7), 7);
    CHECK_INT("the byte", take_u8(&c), 5);
    CHECK_OK("all read", cursor_end(&c, 7));
    take_u8(&c);
    CHECK_CODE("one too many", cursor_end(&c, 7), 7);
    return test_end();
}
