/* base/str.c - slices, cursors and writers. */
#include "base/str.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct str str_of(const char *c_string)
{
    return (struct str){ .p = c_string, .n = c_string ? strlen(c_string) : 0 };
}

struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){ .p = p, .n = n };
}

struct bytes str_bytes(struct str text)
{
    return (struct bytes){ .p = (const uint8_t *)text.p, .n = text.n };
}

struct str bytes_str(struct bytes bytes)
{
    return (struct str){ .p = (const char *)bytes.p, .n = bytes.n };
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str text, struct str with)
{
    return text.n >= with.n && str_eq(str_part(text, 0, with.n), with);
}

bool str_ends(struct str text, struct str with)
{
    return text.n >= with.n && str_eq(str_part(text, text.n - with.n, with.n), with);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str text)
{
    while (text.n > 0 && is_space(text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && is_space(text.p[text.n - 1])) {
        text.n--;
    }
    return text;
}

struct str str_part(struct str text, size_t from, size_t n)
{
    if (from > text.n) from = text.n;
    if (n > text.n - from) n = text.n - from;
    return (struct str){ .p = text.p ? text.p + from : NULL, .n = n };
}

struct str str_cut(struct str text, char at, struct str *rest)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == at) {
            *rest = str_part(text, i + 1, text.n);
            return str_part(text, 0, i);
        }
    }
    *rest = (struct str){ 0 };
    return text;
}

bool str_int(struct str text, int64_t min, int64_t max, int64_t *out)
{
    bool minus = min < 0 && text.n > 0 && text.p[0] == '-';
    int64_t v = 0;
    size_t i = minus ? 1 : 0;

    if (i == text.n) return false;
    for (; i < text.n; i++) {
        int digit = text.p[i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(v, 10, &v)) return false;
        if (__builtin_sub_overflow(v, digit, &v)) return false; /* negative holds INT64_MIN too */
    }
    if (!minus && __builtin_sub_overflow(0, v, &v)) return false;
    if (v < min || v > max) return false;
    *out = v;
    return true;
}

bool str_c(struct str text, char *out, size_t size)
{
    if (text.n >= size || (text.n > 0 && memchr(text.p, 0, text.n))) return false;
    if (text.n > 0) memcpy(out, text.p, text.n);
    out[text.n] = 0;
    return true;
}

struct cursor cursor_over(struct bytes bytes)
{
    return (struct cursor){ .p = bytes.p, .end = bytes.p ? bytes.p + bytes.n : NULL };
}

size_t cursor_left(const struct cursor *c)
{
    return c->over || !c->p ? 0 : (size_t)(c->end - c->p);
}

struct bytes take_bytes(struct cursor *c, size_t n)
{
    struct bytes taken = { 0 };

    if (n > cursor_left(c)) {
        c->over = true;
        return taken;
    }
    taken = (struct bytes){ .p = c->p, .n = n };
    if (n > 0) c->p += n;
    return taken;
}

struct bytes take_rest(struct cursor *c)
{
    return take_bytes(c, cursor_left(c));
}

static uint64_t take_be(struct cursor *c, size_t n)
{
    struct bytes b = take_bytes(c, n);
    uint64_t v = 0;

    for (size_t i = 0; i < b.n; i++) {
        v = v << 8 | b.p[i];
    }
    return v;
}

uint8_t take_u8(struct cursor *c)
{
    return (uint8_t)take_be(c, 1);
}

uint16_t take_be16(struct cursor *c)
{
    return (uint16_t)take_be(c, 2);
}

uint32_t take_be32(struct cursor *c)
{
    return (uint32_t)take_be(c, 4);
}

uint64_t take_be64(struct cursor *c)
{
    return take_be(c, 8);
}

struct err cursor_end(const struct cursor *c, int code)
{
    REQUIRE(!c->over && cursor_left(c) == 0, code);
    return OK;
}

struct writer writer_over(void *buffer, size_t size)
{
    return (struct writer){ .p = buffer, .size = size };
}

void put_bytes(struct writer *w, struct bytes bytes)
{
    if (w->over || bytes.n > w->size - w->n) {
        w->over = true;
        return;
    }
    if (bytes.n > 0) memcpy(w->p + w->n, bytes.p, bytes.n);
    w->n += bytes.n;
}

static void put_be(struct writer *w, uint64_t v, size_t n)
{
    uint8_t b[8];

    for (size_t i = 0; i < n; i++) {
        b[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    }
    put_bytes(w, bytes_of(b, n));
}

void put_u8(struct writer *w, uint8_t v)
{
    put_be(w, v, 1);
}

void put_be16(struct writer *w, uint16_t v)
{
    put_be(w, v, 2);
}

void put_be32(struct writer *w, uint32_t v)
{
    put_be(w, v, 4);
}

void put_be64(struct writer *w, uint64_t v)
{
    put_be(w, v, 8);
}

void put_str(struct writer *w, struct str text)
{
    put_bytes(w, str_bytes(text));
}

void put_char(struct writer *w, char c)
{
    put_bytes(w, bytes_of(&c, 1));
}

/* Written out: times and numbers stand in every answer and notice, and printf takes ten times as
 * long over them. */
static void digits_put(struct writer *w, uint64_t v, int least)
{
    char text[20];
    size_t at = sizeof text;

    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0 || (int)(sizeof text - at) < least);
    put_bytes(w, bytes_of(text + at, sizeof text - at));
}

void put_int(struct writer *w, int64_t v)
{
    if (v < 0) put_char(w, '-');
    digits_put(w, v < 0 ? -(uint64_t)v : (uint64_t)v, 1);
}

void put_digits(struct writer *w, int64_t v, int least)
{
    assert(v >= 0);
    assert(least <= 20);
    digits_put(w, (uint64_t)v, least);
}

void put_format(struct writer *w, const char *format, ...)
{
    size_t room = w->size - w->n;
    va_list args;
    int n;

    if (w->over) return;
    va_start(args, format);
    n = vsnprintf((char *)w->p + w->n, room, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room) { /* vsnprintf wants room for its NUL */
        w->over = true;
        return;
    }
    w->n += (size_t)n;
}

struct bytes writer_bytes(const struct writer *w)
{
    return (struct bytes){ .p = w->p, .n = w->n };
}

struct str writer_str(const struct writer *w)
{
    return bytes_str(writer_bytes(w));
}

void put_hex(struct writer *w, struct bytes bytes)
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.n; i++) {
        put_char(w, DIGITS[bytes.p[i] >> 4]);
        put_char(w, DIGITS[bytes.p[i] & 15]);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool hex_parse(struct str text, uint8_t *out, size_t size)
{
    if (text.n != 2 * size) return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
