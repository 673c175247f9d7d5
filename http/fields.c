/* http/fields.c - what a value must be, by its field. */
#include "http/fields.h"

#include "base/text.h"

struct body body_over(struct bytes bytes, struct arena *arena, struct problems *problems,
                      const struct id_codec *ids)
{
    return (struct body){ .bytes = bytes, .arena = arena, .problems = problems, .ids = ids };
}

void problem_add(struct problems *problems, struct arena *arena, const char *pointer,
                 const char *code)
{
    if (problems->n < JSON_PROBLEMS_MAX) {
        problems->list[problems->n] = (struct problem){
            .pointer = arena_str(arena, str_of(pointer)),
            .code = code,
        };
    }
    problems->n++;
}

/* C0 controls and DEL; C1 and the marks that turn the direction of text (they let one text look
 * like another) are no part of a line either. */
static bool has_controls(struct str text, bool lines)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = (uint8_t)text.p[i], next = i + 1 < text.n ? (uint8_t)text.p[i + 1] : 0;
        uint8_t third = i + 2 < text.n ? (uint8_t)text.p[i + 2] : 0;

        if (lines && (c == '\n' || c == '\t')) continue;
        if (c < 0x20 || c == 0x7F) return true;
        if (c == 0xC2 && next >= 0x80 && next <= 0x9F) return true;                   /* C1 */
        if (c == 0xE2 && next == 0x80 && third >= 0xAA && third <= 0xAE) return true; /* U+202A.. */
        if (c == 0xE2 && next == 0x81 && third >= 0xA6 && third <= 0xA9) return true; /* U+2066.. */
    }
    return false;
}

const char *field_int(const struct json_field *field, int64_t value, void *to)
{
    if (value < field->min || value > field->max) return "range";
    *(int64_t *)to = value;
    return NULL;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    if (c == '_') return 63;
    return -1;
}

/* RFC 4648 5, without padding; unused bits must be zero, so that a value has one spelling */
static bool base64url_parse(struct str text, uint8_t *out, size_t n)
{
    uint32_t bits = 0;
    int have = 0;
    size_t made = 0;

    if (text.n % 4 == 1) return false;
    for (size_t i = 0; i < text.n; i++) {
        int v = sextet(text.p[i]);

        if (v < 0) return false;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        if (made == n) return false;
        out[made++] = (uint8_t)(bits >> have);
        bits &= (1u << have) - 1;
    }
    return made == n && bits == 0;
}

static const char *read_bytes(struct body body, const struct json_field *field, struct str text,
                              struct bytes *to)
{
    bool hex = field->kind == JSON_KIND_HEX;
    size_t n = hex ? text.n / 2 : text.n * 3 / 4;
    uint8_t *p;

    if (hex && text.n % 2 != 0) return "format";
    if ((int64_t)n < field->min) return "too_short";
    if ((int64_t)n > field->max) return "too_long";
    p = arena_take(body.arena, n + 1, 1);
    if (!p) return "too_long";
    if (hex ? !hex_parse(text, p, n) : !base64url_parse(text, p, n)) return "format";
    *to = bytes_of(p, n);
    return NULL;
}

const char *field_text(struct body body, const struct json_field *field, struct str text, void *to)
{
    bool ok;

    switch (field->kind) {
    case JSON_KIND_TEXT:
    case JSON_KIND_LINES:
        if ((int64_t)text_length(text) < field->min) return "too_short";
        if ((int64_t)text_length(text) > field->max) return "too_long";
        if (has_controls(text, field->kind == JSON_KIND_LINES)) return "characters";
        *(struct str *)to = text;
        return NULL;
    case JSON_KIND_ENUM:
        for (size_t i = 0; i < field->names_n; i++) {
            if (!str_eq(text, str_of(field->names[i].name))) continue;
            *(int *)to = field->names[i].value;
            return NULL;
        }
        return "not_one_of";
    case JSON_KIND_ID:
        assert(body.ids);
        ok = id_parse(text, body.ids, field->prefix, to);
        break;
    case JSON_KIND_DATE:
        ok = date_parse(text, to) && text.n == 10;
        break;
    case JSON_KIND_INSTANT:
        ok = instant_parse(text, to);
        break;
    case JSON_KIND_HEX:
    case JSON_KIND_BASE64URL:
        return read_bytes(body, field, text, to);
    case JSON_KIND_INT:
    case JSON_KIND_BOOL:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
    default:
        return "type";
    }
    return ok ? NULL : "format";
}
