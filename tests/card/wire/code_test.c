/* tests/card/wire/code_test.c - layouts, texts and times of codes. */
#include "tests/test.h"

#include "card/wire/code.h"

static struct code sample(void)
{
    struct code code = {
        .bundle = { .issuer_suite = CODE_SM2,
                    .device_suite = CODE_P256,
                    .strength = CODE_IDENTITY,
                    .test = true,
                    .kid = 0xABCD,
                    .alias = { 1, 2, 3, 4, 5, 6, 7, 8 },
                    .card_index = 59999999,
                    .card_epoch = 515,
                    .device_epoch = 7,
                    .from_step = 2000000,
                    .device_key = { 3, 0xEE } },
        .step = 2000007,
        .purpose = CODE_MEDICAL,
    };

    memset(code.bundle.signature, 0x51, 64);
    memset(code.signature, 0x52, 64);
    return code;
}

static void phone_bytes(void)
{
    struct code code = sample(), back;
    uint8_t raw[CODE_BYTES], again[CODE_BYTES];

    code_write(&code, raw);
    CHECK_HEX("the first 25 bytes stand as code.md says", bytes_of(raw, 25),
              "111282abcd01020304050607080393"
              "86ff"
              "0203"
              "07"
              "001e8480"
              "03");
    CHECK_HEX("step and purpose", bytes_of(raw + 121, 5), "001e848703");
    CHECK_OK("it parses", code_parse(bytes_of(raw, sizeof raw), &back));
    code_write(&back, again);
    CHECK("and is the same", memcmp(raw, again, sizeof raw) == 0);
    CHECK_INT("suite of the device", back.bundle.device_suite, CODE_P256);
    CHECK_OK("the bundle alone parses",
             bundle_parse(bytes_of(raw, CODE_BUNDLE_BYTES), &back.bundle));

    static const struct {
        const char *title;
        size_t at;
        uint8_t value;
        int want;
    } rows[] = {
        { "a newer format", 0, 0x12, CODE_FORMAT_UNKNOWN },
        { "a paper's format in a phone's code", 0, 0x21, CODE_FORMAT_UNKNOWN },
        { "issuer suite 0", 1, 0x02, CODE_FIELD_WRONG },
        { "device suite 3", 1, 0x13, CODE_FIELD_WRONG },
        { "no strength", 2, 0x80, CODE_FIELD_WRONG },
        { "a spare flag", 2, 0x05, CODE_FIELD_WRONG },
        { "an index past the largest", 13, 0xFF, 0 }, /* FF9386FF is below */
        { "a device key in long form", 24, 0x04, CODE_FIELD_WRONG },
        { "purpose 0", 125, 0, CODE_FIELD_WRONG },
        { "purpose 7", 125, 7, CODE_FIELD_WRONG },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        memcpy(again, raw, sizeof raw);
        again[rows[i].at] = rows[i].value;
        CHECK_CODE(rows[i].title, code_parse(bytes_of(again, sizeof again), &back), rows[i].want);
    }
    memcpy(again, raw, sizeof raw);
    memset(again + 13, 0xFF, 4);
    CHECK_CODE("the index of no card", code_parse(bytes_of(again, sizeof again), &back),
               CODE_FIELD_WRONG);
    CHECK_CODE("one byte short", code_parse(bytes_of(raw, CODE_BYTES - 1), &back), CODE_UNREADABLE);
    CHECK_CODE("empty", code_parse((struct bytes){ 0 }, &back), CODE_UNREADABLE);
}

static void paper_bytes(void)
{
    struct paper_code paper = { .issuer_suite = CODE_P256,
                                .kid = 0x0102,
                                .alias = { 8, 7, 6, 5, 4, 3, 2, 1 },
                                .card_index = 12,
                                .card_epoch = 3,
                                .serial = 0xCAFE,
                                .from_step = 99,
                                .days = 30 };
    struct paper_code back;
    struct code_text text;
    uint8_t raw[PAPER_BYTES];
    char buffer[PAPER_TEXT_MAX];
    struct writer w = writer_over(buffer, sizeof buffer);

    memset(paper.signature, 0x33, 64);
    paper_write(&paper, raw);
    CHECK_HEX("29 bytes stand as code.md says", bytes_of(raw, PAPER_SIGNED),
              "212001010208070605040302010000000c00030000cafe00000063001e");
    CHECK_OK("it parses", paper_parse(bytes_of(raw, sizeof raw), &back));
    CHECK_INT("its serial", back.serial, 0xCAFE);
    paper_text_write(raw, &w);
    CHECK_INT("144 characters", (int64_t)w.n, PAPER_TEXT_MAX);
    CHECK("and no more wanted", !w.over);
    CHECK_OK("the text parses", code_text_parse(writer_str(&w), &text));
    CHECK_INT("as a paper code", text.form, CODE_FORM_PAPER);
    CHECK_INT("of 30 days", text.of.paper.days, 30);
    raw[28] = 0;
    CHECK_CODE("no days", paper_parse(bytes_of(raw, sizeof raw), &back), CODE_FIELD_WRONG);
    raw[28] = 181;
    CHECK_CODE("too many days", paper_parse(bytes_of(raw, sizeof raw), &back), CODE_FIELD_WRONG);
    raw[28] = 30, raw[2] = 2;
    CHECK_CODE("paper opens doors only", paper_parse(bytes_of(raw, sizeof raw), &back),
               CODE_FIELD_WRONG);
}

static void texts(void)
{
    struct code code = sample();
    struct code_text text;
    uint8_t raw[CODE_BYTES];
    char buffer[CODE_TEXT_MAX + 2];
    struct writer w = writer_over(buffer, sizeof buffer);

    code_write(&code, raw);
    code_text_write(raw, &w);
    CHECK_INT("289 characters: QR version 10-M", (int64_t)w.n, CODE_TEXT_MAX);
    put_str(&w, S("\r\n"));
    CHECK_OK("a scanner's line end is ignored", code_text_parse(writer_str(&w), &text));
    CHECK_INT("the step came through", text.of.phone.step, 2000007);
    CHECK("and the bytes as they were", memcmp(text.raw, raw, sizeof raw) == 0);

    static const struct {
        const char *title, *text;
        int want;
    } rows[] = {
        { "empty", "", CODE_UNREADABLE },
        { "a prefix alone", "YK1:", CODE_UNREADABLE },
        { "a format of tomorrow", "YK3:0123", CODE_FORMAT_UNKNOWN },
        { "another letter", "YKX:0123", CODE_UNREADABLE },
        { "somebody's link", "https://example.cn/code", CODE_UNREADABLE },
        { "lower case is no Base45", "YK1:abc", CODE_UNREADABLE },
        { "too short to type", "7K3QW92", CODE_UNREADABLE },
        { "a letter that is not in the alphabet", "7K3-QW9-2XU", CODE_UNREADABLE },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_CODE(rows[i].title, code_text_parse(str_of(rows[i].text), &text), rows[i].want);
    }
}

static void base45(void)
{
    static const struct { /* RFC 9285, section 4.3 and 4.4 */
        const char *plain, *coded;
    } rows[] = { { "AB", "BB8" },
                 { "Hello!!", "%69 VD92EX0" },
                 { "base-45", "UJCLQE7W581" },
                 { "ietf!", "QED8WEX0" } };
    uint8_t out[16];

    for (size_t i = 0; i < LEN(rows); i++) {
        char buffer[32];
        struct writer w = writer_over(buffer, sizeof buffer);
        size_t n = strlen(rows[i].plain);
        put_base45(&w, bytes_of(rows[i].plain, n));
        CHECK_STR("RFC 9285, out", writer_str(&w), str_of(rows[i].coded));
        CHECK("RFC 9285, in",
              base45_parse(str_of(rows[i].coded), out, n) && memcmp(out, rows[i].plain, n) == 0);
    }
    CHECK("GGW is 65535", base45_parse(S("FGW"), out, 2));
    CHECK("GGW is past it", !base45_parse(S("GGW"), out, 2));
    CHECK("a single character", !base45_parse(S("FGW1"), out, 3));
    CHECK("256 in two characters", !base45_parse(S("V5"), out, 1) || out[0] == 0xFF);
    CHECK("a small letter", !base45_parse(S("fGW"), out, 2));
    CHECK("another length", !base45_parse(S("FGW"), out, 3));
}

static void short_codes(void)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct prng prng = { test_seed() };
    int single = 0, swapped = 0, swaps = 0;

    for (int round = 0; round < 50; round++) {
        char buffer[SHORT_CODE_TEXT], plain[SHORT_CODE_CHARS];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct code_text text;
        short_code_write(prng_next(&prng), &w);
        CHECK_OK("a made one parses", code_text_parse(writer_str(&w), &text));
        memcpy(plain, text.of.typed, sizeof plain);
        for (int i = 0; i < SHORT_CODE_CHARS; i++) {
            for (int j = 0; j < 32; j++) {
                char wrong[SHORT_CODE_CHARS];
                memcpy(wrong, plain, sizeof plain);
                wrong[i] = alphabet[j];
                if (wrong[i] == plain[i]) continue;
                if (code_text_parse((struct str){ wrong, sizeof wrong }, &text).code !=
                    CODE_CHECK_CHARACTER)
                    single++;
            }
            if (i > 0 && plain[i] != plain[i - 1]) {
                char wrong[SHORT_CODE_CHARS];
                memcpy(wrong, plain, sizeof plain);
                wrong[i] = plain[i - 1], wrong[i - 1] = plain[i];
                swaps++;
                if (code_text_parse((struct str){ wrong, sizeof wrong }, &text).code !=
                    CODE_CHECK_CHARACTER)
                    swapped++;
            }
        }
    }
    CHECK_INT("every single wrong character is found", single, 0);
    CHECK("nearly every swap of neighbours is found", swapped * 20 <= swaps);

    struct code_text text;
    char buffer[SHORT_CODE_TEXT];
    struct writer w = writer_over(buffer, sizeof buffer);
    short_code_write(UINT64_C(0x0001020304), &w);
    CHECK_STR("in its written form", writer_str(&w), S("000-G40-R42"));
    CHECK_OK("small letters, O for 0", code_text_parse(S("oooG40 r42 "), &text));
    CHECK_STR("canonical", str_of(text.of.typed), S("000G40R42"));
}

static void times(void)
{
    static const struct {
        const char *title;
        int64_t age_sec;
        enum code_age want;
        int64_t minutes;
    } rows[] = {
        { "at the start of its step", 0, CODE_FRESH, 0 },
        { "just inside", 59, CODE_FRESH, 0 },
        { "60 s is over", 60, CODE_LATE, 1 },
        { "two minutes", 120, CODE_LATE, 2 },
        { "refreshed early", -30, CODE_FRESH, 0 },
        { "31 s ahead", -31, CODE_EARLY, 1 },
        { "four and a half minutes fast", -300, CODE_EARLY, 5 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct instant at = instant_add(code_step_start(77), rows[i].age_sec * USEC_PER_SEC);
        int64_t minutes;
        CHECK_INT(rows[i].title, code_age(77, at, &minutes), rows[i].want);
        CHECK_INT(rows[i].title, minutes, rows[i].minutes);
    }
    CHECK_INT("a step is its own", code_step(code_step_start(123456)), 123456);
    CHECK_INT("up to its last microsecond", code_step(instant_add(code_step_start(123457), -1)),
              123456);
}

int main(void)
{
    phone_bytes();
    paper_bytes();
    texts();
    base45();
    short_codes();
    times();
    return test_end();
}
