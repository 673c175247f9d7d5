/* base/text_name.c - the one form of a person's name. */
#include "base/text.h"

#define DOT 0x00B7u /* 间隔号 */

static bool is_letter(uint32_t c)
{
    if (c < 0x80) return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (c == 0x00D7 || c == 0x00F7) return false;                          /* × ÷ */
    if (c >= 0x00C0 && c <= 0x1FFF) return true;                           /* Latin to Greek */
    if (c >= 0x3041 && c <= 0x30FF) return c != 0x30FB;                    /* kana without ・ */
    return (c >= 0x2C00 && c <= 0x2DFF) || (c >= 0xA000 && c <= 0xABFF) || /* Yi and others */
           (c >= 0xAC00 && c <= 0xD7A3);                                   /* Hangul */
}

static bool is_wordy(uint32_t c)
{
    return is_han(c) || is_letter(c);
}

static bool is_dot(uint32_t c)
{
    switch (c) {
    case DOT:
    case '.':
    case 0x2022: /* • */
    case 0x2027: /* ‧ */
    case 0x2219: /* ∙ */
    case 0x22C5: /* ⋅ */
    case 0x30FB: /* ・ */
    case 0xFF65: /* ･ */
        return true;
    default:
        return false;
    }
}

/* What a reader can't see or that some system lost on the way. */
static bool is_damage(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == '?' || c == 0xFFFD ||
           (c >= 0x200C && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2061 && c <= 0x206F) || (c >= 0xFFF0 && c <= 0xFFFC) || (c & 0xFFFE) == 0xFFFE;
}

/* Full-width forms, spaces, and the ideographs that moved: GB 18030-2022 gives these eight their
 * places in Unicode 4.1, the editions before had them in the private area. */
static uint32_t plain_form(uint32_t c)
{
    static const uint16_t MOVED[][2] = {
        { 0xE81E, 0x9FB4 }, { 0xE826, 0x9FB5 }, { 0xE82B, 0x9FB6 }, { 0xE82C, 0x9FB7 },
        { 0xE832, 0x9FB8 }, { 0xE843, 0x9FB9 }, { 0xE854, 0x9FBA }, { 0xE864, 0x9FBB },
    };

    if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFF01 + '!';
    if (c == 0x3000 || c == 0x00A0 || (c >= 0x2000 && c <= 0x200A)) return ' ';
    for (size_t i = 0; i < LEN(MOVED); i++) {
        if (c == MOVED[i][0]) return MOVED[i][1];
    }
    return c;
}

struct letters {
    uint32_t at[NAME_LENGTH_MAX + 2]; /* one more than a name may have, and room to look ahead */
    size_t n;
};

/* Characters in their plain forms; runs of spaces are one, none at the ends or between Han. */
static RESULT letters_read(struct str name, struct letters *out)
{
    bool space = false;

    while (name.n > 0) {
        uint32_t c = plain_form(utf8_take(&name));
        if (c == 0x200B || c == 0x2060 || c == 0xFEFF) continue; /* no width, no meaning */
        REQUIRE(!is_damage(c), NAME_CHARACTER);
        if (c == ' ') {
            space = out->n > 0;
            continue;
        }
        if (space && !(is_han(out->at[out->n - 1]) && is_han(c))) out->at[out->n++] = ' ';
        space = false;
        REQUIRE(out->n < NAME_LENGTH_MAX, NAME_LONG);
        out->at[out->n++] = c;
    }
    return OK;
}

static uint32_t letter_at(const struct letters *letters, size_t i)
{
    return i < letters->n ? letters->at[i] : 0;
}

/* Is the dot at i one that separates the parts of a name? A full stop after a Latin initial
 * ("Q. Public") is not: it must stand between letters directly, or between Han. */
static bool separates(const struct letters *letters, size_t i)
{
    size_t before = i - 1, after = i + 1; /* 0 - 1 is past the end, where no letter is */
    bool apart;

    if (letter_at(letters, before) == ' ') before--;
    if (letter_at(letters, after) == ' ') after++;
    apart = after - before > 2;
    if (!is_wordy(letter_at(letters, before)) || !is_wordy(letter_at(letters, after))) return false;
    return letters->at[i] != '.' || !apart ||
           (is_han(letters->at[before]) && is_han(letters->at[after]));
}

RESULT name_form(struct str name, struct writer *w)
{
    struct letters letters = { .n = 0 };

    REQUIRE(utf8_valid(name), NAME_NOT_UTF8);
    TRY(letters_read(str_trim(name), &letters));
    REQUIRE(letters.n > 0, NAME_EMPTY);
    for (size_t i = 0; i < letters.n; i++) {
        uint32_t c = letters.at[i];
        bool dot = is_dot(c) && separates(&letters, i);
        bool beside =
            c == ' ' && ((is_dot(letter_at(&letters, i + 1)) && separates(&letters, i + 1)) ||
                         (is_dot(letter_at(&letters, i - 1)) && separates(&letters, i - 1)));
        if (!beside) put_utf8(w, dot ? DOT : c);
    }
    return OK;
}
