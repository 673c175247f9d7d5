/* http/json_in.c - foreign JSON, through jansson (strict), into declared targets.
 * jansson's memory comes from the body's arena: nothing is freed piece by piece, nothing can leak,
 * and a body can't take more than its request has. */
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

#include "http/fields.h"
#include "http/http.h"

/* Where jansson's memory comes from on this thread. The mark in front of each piece tells what to
 * give back: pieces of the arena go with it. When the arena is full, the rest of this body's parse
 * comes from the heap and the body is then refused: jansson 2.14 does not survive a failed
 * allocation (an assert in its lexer), so it must never see one. A body's tree is at most about
 * fifty times its bytes. */
static _Thread_local struct arena *from;
static _Thread_local bool spilled;
enum { MARK = 16 };

static void *take(size_t n)
{
    uint8_t *p = NULL;

    if (n > SIZE_MAX - MARK) return NULL;
    if (from) p = arena_take(from, n + MARK, 16);
    if (p) {
        p[0] = 1;
    } else {
        spilled = true;
        p = malloc(n + MARK);
        if (!p) return NULL;
        p[0] = 0;
    }
    return p + MARK;
}

static void give(void *p)
{
    uint8_t *piece = p;

    if (piece && piece[-MARK] == 0) free(piece - MARK);
}

static void use_arena(void)
{
    json_set_alloc_funcs(take, give);
    json_object_seed(0); /* from the kernel: names of members can't be chosen to collide */
}

static struct err parse(struct body body, json_t **root)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    json_error_t error;
    int depth = 0, deepest = 0;
    bool text = false;

    pthread_once(&once, use_arena);
    /* depth first: jansson recurses, and its own limit is 2048 */
    for (size_t i = 0; i < body.bytes.n; i++) {
        uint8_t c = body.bytes.p[i];

        if (text && c == '\\') {
            i++;
        } else if (c == '"') {
            text = !text;
        } else if (!text && (c == '{' || c == '[')) {
            if (++depth > deepest) deepest = depth;
        } else if (!text && (c == '}' || c == ']')) {
            depth--;
        }
    }
    REQUIRE(deepest <= JSON_DEPTH_MAX, HTTP_JSON_DEPTH);
    from = body.arena;
    spilled = false;
    *root = json_loadb((const char *)body.bytes.p, body.bytes.n, JSON_REJECT_DUPLICATES, &error);
    from = NULL;
    if (spilled) {
        json_decref(*root); /* gives the heap's pieces back; NULL is allowed */
        REFUSE(HTTP_BODY_TOO_LARGE);
    }
    if (*root) return OK;
    REQUIRE(json_error_code(&error) != json_error_duplicate_key, HTTP_JSON_DUPLICATE);
    REFUSE(HTTP_JSON_SYNTAX);
}

/* Where we are in the body, as RFC 6901 pointer text; levels are bounded by the tables. */
struct place {
    char text[256];
    size_t n;
};

static size_t go(struct place *place, const char *name, size_t index)
{
    size_t before = place->n;
    struct writer w = writer_over(place->text + before, sizeof place->text - 1 - before);

    put_char(&w, '/');
    if (!name) {
        put_int(&w, (int64_t)index);
    } else {
        for (; *name; name++) {
            if (*name == '~') {
                put_str(&w, S("~0"));
            } else if (*name == '/') {
                put_str(&w, S("~1"));
            } else {
                put_char(&w, *name);
            }
        }
    }
    place->n = before + w.n;
    place->text[place->n] = '\0';
    return before;
}

static void back(struct place *place, size_t to)
{
    place->n = to;
    place->text[to] = '\0';
}

/* `row` is not NULL inside an array: targets then point into the pattern `one` and mean the row. */
struct aim {
    uint8_t *row;
    const uint8_t *one;
};

static void *target(const struct aim *aim, void *to)
{
    if (!aim->row) return to;
    return aim->row + ((const uint8_t *)to - aim->one);
}

static void read_members(struct body body, const json_t *object, const struct json_field *fields,
                         size_t n, struct place *place, const struct aim *aim);

static const char *read_array(struct body body, const json_t *value, const struct json_field *field,
                              struct place *place);

/* The problem of one value, or NULL when it was read (or told already, below it). */
static const char *read_value(struct body body, const json_t *value, const struct json_field *field,
                              struct place *place, const struct aim *aim)
{
    void *to = target(aim, field->to);

    switch (field->kind) {
    case JSON_KIND_INT:
        if (!json_is_integer(value)) return "type";
        return field_int(field, json_integer_value(value), to);
    case JSON_KIND_BOOL:
        if (!json_is_boolean(value)) return "type";
        *(bool *)to = json_is_true(value);
        return NULL;
    case JSON_KIND_OBJECT:
        if (!json_is_object(value)) return "type";
        read_members(body, value, field->fields, field->fields_n, place, aim);
        return NULL;
    case JSON_KIND_ARRAY:
        if (!json_is_array(value)) return "type";
        return read_array(body, value, field, place);
    case JSON_KIND_TEXT:
    case JSON_KIND_LINES:
    case JSON_KIND_ENUM:
    case JSON_KIND_ID:
    case JSON_KIND_DATE:
    case JSON_KIND_INSTANT:
    case JSON_KIND_HEX:
    case JSON_KIND_BASE64URL:
        break;
    }
    if (!json_is_string(value)) return "type";
    return field_text(body, field,
                      (struct str){ .p = json_string_value(value), .n = json_string_length(value) },
                      to);
}

static const char *read_array(struct body body, const json_t *value, const struct json_field *field,
                              struct place *place)
{
    size_t n = json_array_size(value);
    bool plain = field->fields_n == 1 && !field->fields[0].name;
    struct aim aim = { .one = field->one };
    uint8_t *rows;

    if ((int64_t)n < field->min) return "too_few";
    if ((int64_t)n > field->max) return "too_many";
    rows = arena_take_array(body.arena, n, field->one_size, 16);
    if (!rows) return n > 0 ? "too_many" : NULL;
    for (size_t i = 0; i < n; i++) {
        const json_t *element = json_array_get(value, i);
        size_t here = go(place, NULL, i);

        aim.row = rows + i * field->one_size;
        if (plain) {
            const char *code = read_value(body, element, &field->fields[0], place, &aim);

            if (code) problem_add(body.problems, body.arena, place->text, code);
        } else if (json_is_object(element)) {
            read_members(body, element, field->fields, field->fields_n, place, &aim);
        } else {
            problem_add(body.problems, body.arena, place->text, "type");
        }
        back(place, here);
    }
    *(void **)field->to = rows;
    *field->count = n;
    return NULL;
}

static void read_members(struct body body, const json_t *object, const struct json_field *fields,
                         size_t n, struct place *place, const struct aim *aim)
{
    size_t known = 0;
    union { /* jansson's walk wants it writable and does not write */
        const json_t *in;
        json_t *out;
    } walk = { .in = object };
    void *at;

    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        bool there = value && !(fields[i].optional && json_is_null(value));
        size_t here = go(place, fields[i].name, 0);
        const char *code = NULL;

        known += value != NULL;
        if (fields[i].given) *(bool *)target(aim, fields[i].given) = there;
        if (there) {
            code = read_value(body, value, &fields[i], place, aim);
        } else if (!fields[i].optional) {
            code = "missing";
        }
        if (code) problem_add(body.problems, body.arena, place->text, code);
        back(place, here);
    }
    if (known == json_object_size(object)) return;
    for (at = json_object_iter(walk.out); at; at = json_object_iter_next(walk.out, at)) {
        const char *name = json_object_iter_key(at);
        size_t here, i = 0;

        while (i < n && strcmp(fields[i].name, name) != 0)
            i++;
        if (i < n) continue;
        here = go(place, name, 0);
        problem_add(body.problems, body.arena, place->text, "unknown");
        back(place, here);
    }
}

struct err json_read(struct body body, const struct json_field *fields, size_t n)
{
    struct place place = { 0 };
    const struct aim plain = { 0 };
    json_t *root;

    body.problems->n = 0;
    if (body.bytes.n == 0) body.bytes = str_bytes(S("{}"));
    TRY(parse(body, &root));
    if (!json_is_object(root)) {
        problem_add(body.problems, body.arena, "", "type");
        REFUSE(HTTP_FIELDS);
    }
    read_members(body, root, fields, n, &place, &plain);
    REQUIRE(!body.arena->full, HTTP_BODY_TOO_LARGE);
    REQUIRE(body.problems->n == 0, HTTP_FIELDS);
    return OK;
}
