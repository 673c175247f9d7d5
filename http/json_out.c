/* http/json_out.c - JSON written as it is said. */
#include "http/json.h"

struct json_out json_out_over(struct writer *w, const struct id_codec *ids)
{
    return (struct json_out){ .w = w, .ids = ids };
}

/* The length of a well-formed UTF-8 sequence at p, 0 when it is none (RFC 3629). */
static size_t sequence(const uint8_t *p, size_t n)
{
    uint8_t low = 0x80, high = 0xBF;
    size_t more;

    if (p[0] < 0x80) return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        more = 1;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        more = 2;
        if (p[0] == 0xE0) low = 0xA0;
        if (p[0] == 0xED) high = 0x9F;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        more = 3;
        if (p[0] == 0xF0) low = 0x90;
        if (p[0] == 0xF4) high = 0x8F;
    } else {
        return 0;
    }
    if (n <= more || p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
    }
    return more + 1;
}

static bool plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' &&
           c != 0x7F;
}

static void put_text(struct writer *w, struct str text)
{
    const uint8_t *p = str_bytes(text).p;
    size_t i = 0;

    put_char(w, '"');
    while (i < text.n) {
        size_t run = i, n;

        while (run < text.n && plain(p[run]))
            run++;
        put_bytes(w, bytes_of(p + i, run - i));
        i = run;
        if (i == text.n) break;
        n = sequence(p + i, text.n - i);
        if (n == 0) {
            put_str(w, S("\xEF\xBF\xBD")); /* U+FFFD */
            i++;
        } else if (n == 1) {
            switch (p[i]) {
            case '"':
                put_str(w, S("\\\""));
                break;
            case '\\':
                put_str(w, S("\\\\"));
                break;
            case '\n':
                put_str(w, S("\\n"));
                break;
            case '\r':
                put_str(w, S("\\r"));
                break;
            case '\t':
                put_str(w, S("\\t"));
                break;
            default:
                put_format(w, "\\u%04x", p[i]);
                break;
            }
            i++;
        } else {
            bool line = n == 3 && p[i] == 0xE2 && p[i + 1] == 0x80 && (p[i + 2] & 0xFE) == 0xA8;

            if (line) { /* U+2028, U+2029 */
                put_format(w, "\\u20%02x", p[i + 2] - 0x80);
            } else {
                put_bytes(w, bytes_of(p + i, n));
            }
            i += n;
        }
    }
    put_char(w, '"');
}

static void begin(struct json_out *out, const char *name)
{
    uint32_t bit = 1u << out->depth;

    if (out->commas & bit) put_char(out->w, ',');
    out->commas |= bit;
    assert(out->depth == 0 || (name == NULL) == ((out->lists & bit) != 0));
    if (!name) return;
    put_text(out->w, str_of(name));
    put_char(out->w, ':');
}

static void open_level(struct json_out *out, const char *name, bool list)
{
    begin(out, name);
    put_char(out->w, list ? '[' : '{');
    assert(out->depth < JSON_OUT_DEPTH_MAX);
    out->depth++;
    out->commas &= ~(1u << out->depth);
    out->lists &= ~(1u << out->depth);
    if (list) out->lists |= 1u << out->depth;
}

void json_out_object(struct json_out *out, const char *name)
{
    open_level(out, name, false);
}

void json_out_array(struct json_out *out, const char *name)
{
    open_level(out, name, true);
}

void json_out_end(struct json_out *out)
{
    assert(out->depth > 0);
    put_char(out->w, out->lists & 1u << out->depth ? ']' : '}');
    out->depth--;
}

void json_out_end_all(struct json_out *out)
{
    while (out->depth > 0)
        json_out_end(out);
}

void json_out_int(struct json_out *out, const char *name, int64_t v)
{
    begin(out, name);
    put_int(out->w, v);
}

void json_out_bool(struct json_out *out, const char *name, bool v)
{
    begin(out, name);
    put_str(out->w, v ? S("true") : S("false"));
}

void json_out_null(struct json_out *out, const char *name)
{
    begin(out, name);
    put_str(out->w, S("null"));
}

void json_out_str(struct json_out *out, const char *name, struct str v)
{
    begin(out, name);
    put_text(out->w, v);
}

void json_out_id(struct json_out *out, const char *name, const char *prefix, int64_t id)
{
    assert(out->ids);
    begin(out, name);
    put_char(out->w, '"');
    put_id(out->w, out->ids, prefix, id);
    put_char(out->w, '"');
}

void json_out_instant(struct json_out *out, const char *name, struct instant at)
{
    begin(out, name);
    put_char(out->w, '"');
    put_instant(out->w, at);
    put_char(out->w, '"');
}

void json_out_date(struct json_out *out, const char *name, struct date date)
{
    begin(out, name);
    put_char(out->w, '"');
    put_date(out->w, date);
    put_char(out->w, '"');
}

void json_out_hex(struct json_out *out, const char *name, struct bytes v)
{
    begin(out, name);
    put_char(out->w, '"');
    put_hex(out->w, v);
    put_char(out->w, '"');
}

void json_out_base64url(struct json_out *out, const char *name, struct bytes v)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int have = 0;

    begin(out, name);
    put_char(out->w, '"');
    for (size_t i = 0; i < v.n; i++) {
        bits = bits << 8 | v.p[i];
        for (have += 8; have >= 6; have -= 6)
            put_char(out->w, DIGITS[bits >> (have - 6) & 63]);
        bits &= (1u << have) - 1;
    }
    if (have > 0) put_char(out->w, DIGITS[bits << (6 - have) & 63]);
    put_char(out->w, '"');
}

void json_out_raw(struct json_out *out, const char *name, struct str json)
{
    begin(out, name);
    put_str(out->w, json);
}
