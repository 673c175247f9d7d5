/* card/wire/code.c - layouts and text forms of codes: docs/protocols/code.md. */
#include "card/wire/code.h"

enum { FORMAT_PHONE = 0x11, FORMAT_PAPER = 0x21, FLAG_TEST = 0x80, FLAG_STRENGTH = 0x03 };
#define CARD_INDEX_MAX UINT32_C(0xFFFFFFF0)

uint32_t code_step(struct instant at)
{
    assert(at.usec >= CODE_EPOCH_USEC);
    return (uint32_t)((at.usec - CODE_EPOCH_USEC) / CODE_STEP_USEC);
}

struct instant code_step_start(uint32_t step)
{
    return (struct instant){ CODE_EPOCH_USEC + (int64_t)step * CODE_STEP_USEC };
}

static int64_t minutes_up(int64_t usec)
{
    return (usec + USEC_PER_MIN - 1) / USEC_PER_MIN;
}

enum code_age code_age(uint32_t step, struct instant at, int64_t *minutes)
{
    int64_t age = at.usec - code_step_start(step).usec;

    *minutes = 0;
    if (age < -CODE_AHEAD_STEPS * CODE_STEP_USEC) {
        *minutes = minutes_up(-CODE_AHEAD_STEPS * CODE_STEP_USEC - age);
        return CODE_EARLY;
    }
    if (age >= CODE_LIFE_STEPS * CODE_STEP_USEC) {
        *minutes = minutes_up(age - CODE_LIFE_STEPS * CODE_STEP_USEC + 1);
        return CODE_LATE;
    }
    return CODE_FRESH;
}

/* ---- bytes */

static bool suite_known(unsigned suite)
{
    return suite == CODE_SM2 || suite == CODE_P256;
}

static void put_fixed(struct writer *w, const uint8_t *p, size_t n)
{
    put_bytes(w, bytes_of(p, n));
}

static void take_fixed(struct cursor *c, uint8_t *out, size_t n)
{
    struct bytes got = take_bytes(c, n);

    if (got.n == n) memcpy(out, got.p, n);
}

void bundle_write(const struct bundle *bundle, uint8_t out[CODE_BUNDLE_BYTES])
{
    struct writer w = writer_over(out, CODE_BUNDLE_BYTES);

    put_u8(&w, FORMAT_PHONE);
    put_u8(&w, (uint8_t)(bundle->issuer_suite << 4 | bundle->device_suite));
    put_u8(&w, (uint8_t)(bundle->strength | (bundle->test ? FLAG_TEST : 0)));
    put_be16(&w, bundle->kid);
    put_fixed(&w, bundle->alias, sizeof bundle->alias);
    put_be32(&w, bundle->card_index);
    put_be16(&w, bundle->card_epoch);
    put_u8(&w, bundle->device_epoch);
    put_be32(&w, bundle->from_step);
    put_fixed(&w, bundle->device_key, sizeof bundle->device_key);
    put_fixed(&w, bundle->signature, sizeof bundle->signature);
    assert(w.n == CODE_BUNDLE_BYTES);
}

/* Reads a bundle; the fields' rules are checked by bundle_check once the whole was read. */
static void bundle_take(struct cursor *c, struct bundle *out, uint8_t *format, uint8_t *suites,
                        uint8_t *flags)
{
    *format = take_u8(c);
    *suites = take_u8(c);
    *flags = take_u8(c);
    out->kid = take_be16(c);
    take_fixed(c, out->alias, sizeof out->alias);
    out->card_index = take_be32(c);
    out->card_epoch = take_be16(c);
    out->device_epoch = take_u8(c);
    out->from_step = take_be32(c);
    take_fixed(c, out->device_key, sizeof out->device_key);
    take_fixed(c, out->signature, sizeof out->signature);
}

static RESULT bundle_check(struct bundle *out, uint8_t format, uint8_t suites, uint8_t flags)
{
    REQUIRE(format == FORMAT_PHONE, CODE_FORMAT_UNKNOWN);
    REQUIRE(suite_known(suites >> 4) && suite_known(suites & 15u), CODE_FIELD_WRONG);
    REQUIRE((flags & ~(FLAG_TEST | FLAG_STRENGTH)) == 0, CODE_FIELD_WRONG);
    REQUIRE((flags & FLAG_STRENGTH) != 0, CODE_FIELD_WRONG);
    REQUIRE(out->card_index < CARD_INDEX_MAX, CODE_FIELD_WRONG);
    REQUIRE(out->device_key[0] == 2 || out->device_key[0] == 3, CODE_FIELD_WRONG);
    out->issuer_suite = (enum code_suite)(suites >> 4);
    out->device_suite = (enum code_suite)(suites & 15u);
    out->strength = (enum code_strength)(flags & FLAG_STRENGTH);
    out->test = (flags & FLAG_TEST) != 0;
    return OK;
}

RESULT bundle_parse(struct bytes in, struct bundle *out)
{
    struct cursor c = cursor_over(in);
    struct bundle read = { .kid = 0 };
    uint8_t format, suites, flags;

    bundle_take(&c, &read, &format, &suites, &flags);
    TRY(cursor_end(&c, CODE_UNREADABLE));
    TRY(bundle_check(&read, format, suites, flags));
    *out = read;
    return OK;
}

void code_write(const struct code *code, uint8_t out[CODE_BYTES])
{
    struct writer w = writer_over(out + CODE_BUNDLE_BYTES, CODE_BYTES - CODE_BUNDLE_BYTES);

    bundle_write(&code->bundle, out);
    put_be32(&w, code->step);
    put_u8(&w, (uint8_t)code->purpose);
    put_fixed(&w, code->signature, sizeof code->signature);
    assert(w.n == w.size);
}

RESULT code_parse(struct bytes in, struct code *out)
{
    struct cursor c = cursor_over(in);
    struct code read = { .step = 0 };
    uint8_t format, suites, flags, purpose;

    bundle_take(&c, &read.bundle, &format, &suites, &flags);
    read.step = take_be32(&c);
    purpose = take_u8(&c);
    take_fixed(&c, read.signature, sizeof read.signature);
    TRY(cursor_end(&c, CODE_UNREADABLE));
    TRY(bundle_check(&read.bundle, format, suites, flags));
    REQUIRE(purpose >= 1 && purpose <= CODE_PURPOSE_MAX, CODE_FIELD_WRONG);
    read.purpose = (enum code_purpose)purpose;
    *out = read;
    return OK;
}

void paper_write(const struct paper_code *paper, uint8_t out[PAPER_BYTES])
{
    struct writer w = writer_over(out, PAPER_BYTES);

    put_u8(&w, FORMAT_PAPER);
    put_u8(&w, (uint8_t)(paper->issuer_suite << 4));
    put_u8(&w, CODE_DOOR | (paper->test ? FLAG_TEST : 0));
    put_be16(&w, paper->kid);
    put_fixed(&w, paper->alias, sizeof paper->alias);
    put_be32(&w, paper->card_index);
    put_be16(&w, paper->card_epoch);
    put_be32(&w, paper->serial);
    put_be32(&w, paper->from_step);
    put_be16(&w, paper->days);
    put_fixed(&w, paper->signature, sizeof paper->signature);
    assert(w.n == PAPER_BYTES);
}

RESULT paper_parse(struct bytes in, struct paper_code *out)
{
    struct cursor c = cursor_over(in);
    struct paper_code read = { .kid = 0 };
    uint8_t format = take_u8(&c), suites = take_u8(&c), flags = take_u8(&c);

    read.kid = take_be16(&c);
    take_fixed(&c, read.alias, sizeof read.alias);
    read.card_index = take_be32(&c);
    read.card_epoch = take_be16(&c);
    read.serial = take_be32(&c);
    read.from_step = take_be32(&c);
    read.days = take_be16(&c);
    take_fixed(&c, read.signature, sizeof read.signature);
    TRY(cursor_end(&c, CODE_UNREADABLE));
    REQUIRE(format == FORMAT_PAPER, CODE_FORMAT_UNKNOWN);
    REQUIRE(suite_known(suites >> 4) && (suites & 15u) == 0, CODE_FIELD_WRONG);
    REQUIRE((flags & ~FLAG_TEST) == CODE_DOOR, CODE_FIELD_WRONG);
    REQUIRE(read.card_index < CARD_INDEX_MAX, CODE_FIELD_WRONG);
    REQUIRE(read.days >= 1 && read.days <= PAPER_DAYS_MAX, CODE_FIELD_WRONG);
    read.issuer_suite = (enum code_suite)(suites >> 4);
    read.test = (flags & FLAG_TEST) != 0;
    *out = read;
    return OK;
}

/* ---- Base45, RFC 9285 */

static const char BASE45[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

void put_base45(struct writer *w, struct bytes bytes)
{
    for (size_t i = 0; i + 1 < bytes.n; i += 2) {
        unsigned v = (unsigned)bytes.p[i] << 8 | bytes.p[i + 1];
        put_char(w, BASE45[v % 45]);
        put_char(w, BASE45[v / 45 % 45]);
        put_char(w, BASE45[v / 2025]);
    }
    if (bytes.n % 2 == 1) {
        unsigned v = bytes.p[bytes.n - 1];
        put_char(w, BASE45[v % 45]);
        put_char(w, BASE45[v / 45]);
    }
}

static bool base45_value(char c, unsigned *out)
{
    const char *at = c == '\0' ? NULL : strchr(BASE45, c);

    if (!at) return false;
    *out = (unsigned)(at - BASE45);
    return true;
}

bool base45_parse(struct str text, uint8_t *out, size_t size)
{
    size_t n = 0;

    if (text.n % 3 == 1 || text.n / 3 * 2 + text.n % 3 / 2 != size) return false;
    for (size_t i = 0; i < text.n; i += 3) {
        unsigned a, b, c = 0, v;
        bool whole = text.n - i >= 3;

        if (!base45_value(text.p[i], &a) || !base45_value(text.p[i + 1], &b)) return false;
        if (whole && !base45_value(text.p[i + 2], &c)) return false;
        v = a + b * 45 + c * 2025;
        if (v > (whole ? 0xFFFFu : 0xFFu)) return false;
        if (whole) out[n++] = (uint8_t)(v >> 8);
        out[n++] = (uint8_t)v;
    }
    return true;
}

/* ---- short codes */

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* ISO/IEC 7064, hybrid system with M = 32: the value P after the characters before the check. */
static unsigned short_check(const uint8_t *values)
{
    unsigned p = 32;

    for (int i = 0; i < SHORT_CODE_CHARS - 1; i++) {
        unsigned s = (p + values[i]) % 32;
        p = (s == 0 ? 32 : s) * 2 % 33;
    }
    return (33 - p) % 32;
}

void short_code_write(uint64_t random40, struct writer *w)
{
    uint8_t values[SHORT_CODE_CHARS];

    for (int i = 0; i < SHORT_CODE_CHARS - 1; i++) {
        values[i] = (uint8_t)(random40 >> (5 * (SHORT_CODE_CHARS - 2 - i)) & 31);
    }
    values[SHORT_CODE_CHARS - 1] = (uint8_t)short_check(values);
    for (int i = 0; i < SHORT_CODE_CHARS; i++) {
        if (i == 3 || i == 6) put_char(w, '-');
        put_char(w, CROCKFORD[values[i]]);
    }
}

static bool crockford_value(char c, uint8_t *out)
{
    const char *at;

    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    at = c == '\0' ? NULL : strchr(CROCKFORD, c);
    if (!at) return false;
    *out = (uint8_t)(at - CROCKFORD);
    return true;
}

static RESULT short_parse(struct str text, char typed[SHORT_CODE_CHARS + 1])
{
    uint8_t values[SHORT_CODE_CHARS];
    int n = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '-' || text.p[i] == ' ') continue;
        REQUIRE(n < SHORT_CODE_CHARS && crockford_value(text.p[i], &values[n]), CODE_UNREADABLE);
        n++;
    }
    REQUIRE(n == SHORT_CODE_CHARS, CODE_UNREADABLE);
    REQUIRE(values[n - 1] == short_check(values), CODE_CHECK_CHARACTER);
    for (int i = 0; i < SHORT_CODE_CHARS; i++) {
        typed[i] = CROCKFORD[values[i]];
    }
    typed[SHORT_CODE_CHARS] = '\0';
    return OK;
}

/* ---- text */

enum { PREFIX_CHARS = 4, SHORT_TEXT_MAX = 32 };

RESULT code_text_parse(struct str text, struct code_text *out)
{
    struct str body;

    text = str_trim(text);
    body = str_part(text, PREFIX_CHARS, text.n);
    if (text.n > PREFIX_CHARS && str_starts(text, S("YK")) && text.p[3] == ':') {
        if (text.p[2] == '1') {
            REQUIRE(base45_parse(body, out->raw, CODE_BYTES), CODE_UNREADABLE);
            out->form = CODE_FORM_PHONE;
            return code_parse(bytes_of(out->raw, CODE_BYTES), &out->of.phone);
        }
        if (text.p[2] == '2') {
            REQUIRE(base45_parse(body, out->raw, PAPER_BYTES), CODE_UNREADABLE);
            out->form = CODE_FORM_PAPER;
            return paper_parse(bytes_of(out->raw, PAPER_BYTES), &out->of.paper);
        }
        REQUIRE(text.p[2] < '0' || text.p[2] > '9', CODE_FORMAT_UNKNOWN);
        REFUSE(CODE_UNREADABLE);
    }
    REQUIRE(text.n <= SHORT_TEXT_MAX, CODE_UNREADABLE);
    out->form = CODE_FORM_SHORT;
    return short_parse(text, out->of.typed);
}

void code_text_write(const uint8_t raw[CODE_BYTES], struct writer *w)
{
    put_str(w, S("YK1:"));
    put_base45(w, bytes_of(raw, CODE_BYTES));
}

void paper_text_write(const uint8_t raw[PAPER_BYTES], struct writer *w)
{
    put_str(w, S("YK2:"));
    put_base45(w, bytes_of(raw, PAPER_BYTES));
}
