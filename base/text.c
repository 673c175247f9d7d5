/* base/text.c - UTF-8, the width of characters, and the nearest of several names. */
#include "base/text.h"

#include <string.h>

/* The bytes of a well-formed character at p, 0 when there is none (RFC 3629, section 4). */
static size_t utf8_bytes(const uint8_t *p, size_t n)
{
    uint8_t low = 0x80, high = 0xBF; /* of the second byte */
    size_t want;

    if (n == 0) return 0;
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4) return 0; /* C0, C1 would be overlong */
    want = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (n < want) return 0;
    if (p[0] == 0xE0) low = 0xA0;  /* overlong below */
    if (p[0] == 0xED) high = 0x9F; /* surrogates above */
    if (p[0] == 0xF0) low = 0x90;  /* overlong below */
    if (p[0] == 0xF4) high = 0x8F; /* beyond U+10FFFF above */
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < want; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF) return 0;
    }
    return want;
}

bool utf8_valid(struct str text)
{
    const uint8_t *p = (const uint8_t *)text.p;

    for (size_t at = 0; at < text.n;) {
        size_t n = utf8_bytes(p + at, text.n - at);
        if (n == 0) return false;
        at += n;
    }
    return true;
}

uint32_t utf8_take(struct str *text)
{
    static const uint8_t LEAD_BITS[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    const uint8_t *p = (const uint8_t *)text->p;
    size_t n = utf8_bytes(p, text->n);
    uint32_t character = n == 0 ? 0xFFFD : p[0] & LEAD_BITS[n];

    for (size_t i = 1; i < n; i++) {
        character = character << 6 | (p[i] & 0x3F);
    }
    *text = str_part(*text, n == 0 ? 1 : n, text->n);
    return character;
}

void put_utf8(struct writer *w, uint32_t character)
{
    uint8_t out[4];
    size_t n;

    if (character < 0x80) {
        n = 1;
        out[0] = (uint8_t)character;
    } else if (character < 0x800) {
        n = 2;
        out[0] = (uint8_t)(0xC0 | character >> 6);
    } else if (character < 0x10000) {
        n = 3;
        out[0] = (uint8_t)(0xE0 | character >> 12);
    } else {
        n = 4;
        out[0] = (uint8_t)(0xF0 | (character >> 18 & 7));
    }
    for (size_t i = 1; i < n; i++) {
        out[i] = (uint8_t)(0x80 | (character >> (6 * (n - 1 - i)) & 0x3F));
    }
    put_bytes(w, bytes_of(out, n));
}

size_t text_length(struct str text)
{
    size_t n = 0;

    for (; text.n > 0; n++) {
        utf8_take(&text);
    }
    return n;
}

struct range {
    uint32_t from, to;
};

static bool in_ranges(uint32_t character, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n && character >= ranges[i].from; i++) {
        if (character <= ranges[i].to) return true;
    }
    return false;
}

/* Unicode: East_Asian_Width W and F in blocks, General_Category Mn, Me, Cf and Cc of the scripts
 * that names and reports are written in. */
int character_width(uint32_t character)
{
    static const struct range NONE[] = {
        { 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x0300, 0x036F },   { 0x0483, 0x0489 },
        { 0x0591, 0x05BD }, { 0x0610, 0x061A }, { 0x064B, 0x065F },   { 0x0F71, 0x0F7E },
        { 0x180B, 0x180E }, { 0x200B, 0x200F }, { 0x202A, 0x202E },   { 0x2060, 0x2064 },
        { 0x20D0, 0x20FF }, { 0x302A, 0x302D }, { 0x3099, 0x309A },   { 0xFE00, 0xFE0F },
        { 0xFE20, 0xFE2F }, { 0xFEFF, 0xFEFF }, { 0xE0100, 0xE01EF },
    };
    static const struct range WIDE[] = {
        { 0x1100, 0x115F },   { 0x231A, 0x231B },   { 0x2329, 0x232A },   { 0x23E9, 0x23EC },
        { 0x2E80, 0x303E },   { 0x3041, 0xA4CF },   { 0xA960, 0xA97F },   { 0xAC00, 0xD7A3 },
        { 0xF900, 0xFAFF },   { 0xFE10, 0xFE19 },   { 0xFE30, 0xFE6F },   { 0xFF01, 0xFF60 },
        { 0xFFE0, 0xFFE6 },   { 0x16FE0, 0x18AFF }, { 0x1B000, 0x1B2FF }, { 0x1F004, 0x1F004 },
        { 0x1F0CF, 0x1F0CF }, { 0x1F18E, 0x1F18E }, { 0x1F191, 0x1F19A }, { 0x1F200, 0x1F320 },
        { 0x1F32D, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
    };

    if (character >= 0x20 && character < 0x7F) return 1;
    if (in_ranges(character, NONE, LEN(NONE))) return 0;
    return in_ranges(character, WIDE, LEN(WIDE)) ? 2 : 1;
}

size_t text_width(struct str text)
{
    size_t width = 0;

    while (text.n > 0) {
        width += (size_t)character_width(utf8_take(&text));
    }
    return width;
}

bool is_han(uint32_t character)
{
    static const struct range HAN[] = {
        { 0x2E80, 0x2FD5 }, /* radicals, some used as characters of names */
        { 0x3007, 0x3007 }, /* 〇 */
        { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },
        { 0xE000, 0xFAFF }, /* the private area: rare characters of older systems; compatibility */
        { 0x20000, 0x3FFFD },
    };

    return in_ranges(character, HAN, LEN(HAN));
}

void put_json_str(struct writer *w, struct str text)
{
    put_char(w, '"');
    while (text.n > 0 && !w->over) {
        uint32_t c = utf8_take(&text);
        if (c == '"' || c == '\\') {
            put_char(w, '\\');
            put_char(w, (char)c);
        } else if (c == '\n') {
            put_str(w, S("\\n"));
        } else if (c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029) {
            put_format(w, "\\u%04x", (unsigned)c);
        } else {
            put_utf8(w, c);
        }
    }
    put_char(w, '"');
}

enum { DISTANCE_LENGTH_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
size_t text_distance(struct str a, struct str b, size_t most)
{
    size_t rows[3][DISTANCE_LENGTH_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    if (a.n > DISTANCE_LENGTH_MAX || b.n > DISTANCE_LENGTH_MAX) return most + 1;
    for (size_t j = 0; j <= b.n; j++) {
        above[j] = before[j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            best = least(best, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                best = least(best, before[j - 2] + 1);
            row[j] = best;
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return least(above[b.n], most + 1);
}

int text_nearest(struct str text, const char *const *names, size_t n)
{
    size_t best = text.n / 3 + (text.n < 3) + 1; /* one more than is near enough */
    int nearest = -1;

    for (size_t i = 0; i < n; i++) {
        size_t distance = text_distance(text, str_of(names[i]), best);
        if (distance < best) {
            best = distance;
            nearest = (int)i;
        }
    }
    return nearest;
}
