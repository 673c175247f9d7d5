/* http/form.c - application/x-www-form-urlencoded, by the same tables as JSON. */
#include "base/text.h"
#include "http/fields.h"
#include "http/http.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Into the arena; false on bad escapes, bad UTF-8 and NUL. Line ends become LF. */
static bool decode(struct arena *arena, struct str text, struct str *out)
{
    char *room = arena_take(arena, text.n + 1, 1);
    struct writer w;

    if (!room) return false;
    w = writer_over(room, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (text.n - i < 3) return false;
            if (hex_digit(text.p[i + 1]) < 0 || hex_digit(text.p[i + 2]) < 0) return false;
            c = (char)(hex_digit(text.p[i + 1]) * 16 + hex_digit(text.p[i + 2]));
            i += 2;
        }
        if (c == '\n' && w.n > 0 && w.p[w.n - 1] == '\r') w.n--;
        put_char(&w, c);
    }
    *out = writer_str(&w);
    return !memchr(room, 0, out->n) && utf8_valid(*out);
}

struct pair {
    struct str name, value;
};

static struct err split(struct body body, bool lenient, struct pair **pairs, size_t *n)
{
    struct str rest = bytes_str(body.bytes);
    size_t most = 1;

    for (size_t i = 0; i < rest.n; i++)
        most += rest.p[i] == '&';
    *pairs = NEW_ARRAY(body.arena, struct pair, most);
    *n = 0;
    REQUIRE(*pairs, HTTP_BODY_TOO_LARGE);
    while (rest.n > 0) {
        struct str value, name = str_cut(str_cut(rest, '&', &rest), '=', &value);
        struct pair *pair = &(*pairs)[(*n)++];

        if (decode(body.arena, name, &pair->name) && decode(body.arena, value, &pair->value))
            continue;
        REQUIRE(!body.arena->full, HTTP_BODY_TOO_LARGE);
        REQUIRE(lenient, HTTP_FORM_MALFORMED);
        (*n)--;
    }
    return OK;
}

static const char *read_one(struct body body, const struct json_field *field, struct str text,
                            void *to)
{
    int64_t value;

    if (field->kind == JSON_KIND_INT) {
        if (!str_int(text, INT64_MIN, INT64_MAX, &value)) return "type";
        return field_int(field, value, to);
    }
    if (field->kind == JSON_KIND_BOOL) {
        bool yes = str_eq(text, S("on")) || str_eq(text, S("true")) || str_eq(text, S("1"));

        if (!yes && !str_eq(text, S("false")) && !str_eq(text, S("0"))) return "type";
        *(bool *)to = yes;
        return NULL;
    }
    return field_text(body, field, text, to);
}

static const char *read_repeated(struct body body, const struct json_field *field,
                                 const struct pair *pairs, size_t n, size_t there)
{
    const struct json_field *each = &field->fields[0];
    uint8_t *rows = arena_take_array(body.arena, there + 1, field->one_size, 16);
    size_t made = 0;

    assert(field->fields_n == 1 && !each->name);
    if ((int64_t)there < field->min) return there == 0 ? "missing" : "too_few";
    if ((int64_t)there > field->max || !rows) return "too_many";
    for (size_t i = 0; i < n; i++) {
        const char *code;

        if (!str_eq(pairs[i].name, str_of(field->name))) continue;
        code = read_one(body, each, pairs[i].value,
                        rows + made++ * field->one_size +
                            ((const uint8_t *)each->to - (const uint8_t *)field->one));
        if (code) return code;
    }
    *(void **)field->to = rows;
    *field->count = made;
    return NULL;
}

static const char *read_field(struct body body, const struct json_field *field,
                              const struct pair *pairs, size_t n)
{
    const struct pair *found = NULL;
    size_t there = 0;
    bool given;

    for (size_t i = 0; i < n; i++) {
        if (!str_eq(pairs[i].name, str_of(field->name))) continue;
        found = &pairs[i];
        there++;
    }
    if (field->kind == JSON_KIND_ARRAY) {
        if (field->given) *field->given = there > 0;
        return field->optional && there == 0 ? NULL : read_repeated(body, field, pairs, n, there);
    }
    if (there > 1) return "repeated";
    given = there == 1 && (found->value.n > 0 || !field->optional);
    if (field->given) *field->given = given;
    if (given) return read_one(body, field, found->value, field->to);
    if (field->kind == JSON_KIND_BOOL && !field->optional) { /* a box that was not ticked */
        *(bool *)field->to = false;
        return NULL;
    }
    return field->optional ? NULL : "missing";
}

struct err form_read(struct body body, const struct json_field *fields, size_t n)
{
    struct pair *pairs;
    size_t pairs_n;
    char pointer[128];

    body.problems->n = 0;
    TRY(split(body, false, &pairs, &pairs_n));
    for (size_t i = 0; i < n; i++) {
        const char *code = read_field(body, &fields[i], pairs, pairs_n);
        struct writer w = writer_over(pointer, sizeof pointer - 1);

        if (!code) continue;
        put_char(&w, '/');
        put_str(&w, str_of(fields[i].name));
        pointer[w.n] = '\0';
        problem_add(body.problems, body.arena, pointer, code);
    }
    for (size_t i = 0; i < pairs_n; i++) {
        struct writer w = writer_over(pointer, sizeof pointer - 1);
        size_t k = 0;

        while (k < n && !str_eq(pairs[i].name, str_of(fields[k].name)))
            k++;
        if (k < n || str_eq(pairs[i].name, S("_token"))) continue;
        put_char(&w, '/');
        put_str(&w, str_part(pairs[i].name, 0, 64));
        pointer[w.n] = '\0';
        problem_add(body.problems, body.arena, pointer, "unknown");
    }
    REQUIRE(!body.arena->full, HTTP_BODY_TOO_LARGE);
    REQUIRE(body.problems->n == 0, HTTP_FIELDS);
    return OK;
}

struct err form_read_lenient(struct body body, const struct json_field *fields, size_t n)
{
    struct pair *pairs;
    size_t pairs_n;

    body.problems->n = 0;
    TRY(split(body, true, &pairs, &pairs_n));
    for (size_t i = 0; i < n; i++) {
        assert(fields[i].optional);
        if (read_field(body, &fields[i], pairs, pairs_n) && fields[i].given)
            *fields[i].given = false;
    }
    REQUIRE(!body.arena->full, HTTP_BODY_TOO_LARGE);
    return OK;
}

bool form_value(struct body body, const char *name, struct str *out)
{
    struct str rest = bytes_str(body.bytes);

    while (rest.n > 0) {
        struct str value, key = str_cut(str_cut(rest, '&', &rest), '=', &value);

        if (!str_eq(key, str_of(name))) continue;
        return decode(body.arena, value, out);
    }
    return false;
}
