/* http/json.h - foreign JSON and forms into structs by declared tables, and JSON out.
 *
 * In. A body is described by a table of fields; json_read fills the targets or refuses. Unknown
 * members, repeated members, wrong types, values out of range and missing members are refused;
 * every problem of one body is collected (pointer and code), so that a form shows them all at once.
 * What is read lives in the body's arena. Forms (application/x-www-form-urlencoded) and queries are
 * read with the same tables. Reading is strict: duplicate members, NUL in text, numbers outside 64
 * bits, bad UTF-8 and more than JSON_DEPTH_MAX levels never get past the parser (RFC 8259 leaves
 * them open).
 *
 * Out. A writer that escapes; commas and braces are kept by it. */
#pragma once
#include "base/base.h"

enum { JSON_DEPTH_MAX = 16 };    /* levels in a body; ours need 5 */
enum { JSON_PROBLEMS_MAX = 32 }; /* problems told of one body; more are counted only */

/* One problem of one field. `code` is stable and documented in docs/errors: missing, unknown, type,
 * range, too_short, too_long, too_few, too_many, not_one_of, format, characters, or a handler's own
 * (check_digit). */
struct problem {
    struct str pointer; /* RFC 6901: "/person/person_no"; "" is the whole body */
    const char *code;   /* static text */
};
struct problems {
    struct problem list[JSON_PROBLEMS_MAX];
    size_t n; /* may exceed the list: the rest were not kept */
};
/* Add a problem found by a handler's own check; the pointer is copied to the arena. */
void problem_add(struct problems *problems, struct arena *arena, const char *pointer,
                 const char *code);

/* A body (or query) with what reading it needs. Made by the server; others make one by body_over.
 */
struct body {
    struct bytes bytes;
    struct arena *arena;        /* what is read is put here */
    struct problems *problems;  /* what was wrong, with HTTP_FIELDS */
    const struct id_codec *ids; /* for JSON_ID; may be NULL when no table has one */
};
struct body body_over(struct bytes bytes, struct arena *arena, struct problems *problems,
                      const struct id_codec *ids);

/* ---- tables ------------------------------------------------------------------------------------
 */

enum json_kind {
    JSON_KIND_INT,
    JSON_KIND_BOOL,
    JSON_KIND_TEXT,
    JSON_KIND_LINES,
    JSON_KIND_ENUM,
    JSON_KIND_ID,
    JSON_KIND_DATE,
    JSON_KIND_INSTANT,
    JSON_KIND_HEX,
    JSON_KIND_BASE64URL,
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
};

struct json_name { /* a word on the wire and what it means inside */
    const char *name;
    int value;
};

struct json_field {
    const char *name; /* NULL: the element of an array of plain values */
    enum json_kind kind;
    bool optional;
    bool *given;      /* of an optional field: was it there (and not null)? may be NULL */
    void *to;         /* int64_t, bool, struct str, int (enum), int64_t (id), struct date,
                         struct instant, struct bytes; of an array: pointer to the rows */
    int64_t min, max; /* INT: the value; TEXT: characters; HEX, BASE64URL: bytes; ARRAY: elements */
    const struct json_name *names; /* ENUM */
    size_t names_n;
    const char *prefix;              /* ID: three letters */
    const struct json_field *fields; /* OBJECT: members; ARRAY: of each element */
    size_t fields_n;
    size_t *count;   /* ARRAY: elements read */
    const void *one; /* ARRAY: the row that `fields` point into, as a pattern */
    size_t one_size;
};

/* Each names the member, the target and its limits; the target's type is checked by the compiler.
 *   JSON_INT(name, int64_t *to, min, max)      whole numbers only: 1.0 and 1e3 are refused
 *   JSON_FEN(name, struct money *to, min, max) an amount in fen
 *   JSON_BOOL(name, bool *to)
 *   JSON_TEXT(name, struct str *to, min, max)  one line: no control characters; limits in
 * characters JSON_LINES(name, struct str *to, min, max) the same with LF and tab JSON_ENUM(name,
 * int *to, names)            names: array of struct json_name JSON_ID(name, prefix, int64_t *to) a
 * public id of ours ("crd_..."), deciphered JSON_DATE(name, struct date *to)           "2021-08-20"
 *   JSON_INSTANT(name, struct instant *to)     RFC 3339
 *   JSON_HEX(name, struct bytes *to, min, max), JSON_BASE64URL(...)  bytes; limits in bytes
 *   JSON_OBJECT(name, fields)                  fields: array of struct json_field
 *   JSON_ARRAY(name, T **rows, size_t *n, T *one, fields, min, max)
 *       `fields` point into *one, which is only a pattern; the rows are made in the arena. For an
 * array of plain values `fields` is one field whose name is NULL. JSON_OPTIONAL(field, bool *given)
 * may be missing or null; the target then keeps its value
 */
#define JSON_FIELD(...) ((struct json_field){ __VA_ARGS__ })
#define JSON_TYPED(type, p) (1 ? (p) : (type *)NULL)
#define JSON_INT(n_, to_, min_, max_)                                                              \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_INT, .to = JSON_TYPED(int64_t, to_), .min = (min_), \
               .max = (max_))
#define JSON_FEN(n_, to_, min_, max_)                                                              \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_INT, .to = JSON_TYPED(struct money, to_),           \
               .min = (min_), .max = (max_))
#define JSON_BOOL(n_, to_)                                                                         \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_BOOL, .to = JSON_TYPED(bool, to_))
#define JSON_TEXT(n_, to_, min_, max_)                                                             \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_TEXT, .to = JSON_TYPED(struct str, to_),            \
               .min = (min_), .max = (max_))
#define JSON_LINES(n_, to_, min_, max_)                                                            \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_LINES, .to = JSON_TYPED(struct str, to_),           \
               .min = (min_), .max = (max_))
#define JSON_ENUM(n_, to_, names_) JSON_ENUM_OF(n_, to_, names_, LEN(names_))
#define JSON_ENUM_OF(n_, to_, names_, names_n_)                                                    \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_ENUM, .to = JSON_TYPED(int, to_),                   \
               .names = (names_), .names_n = (names_n_))
#define JSON_ID(n_, prefix_, to_)                                                                  \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_ID, .prefix = (prefix_),                            \
               .to = JSON_TYPED(int64_t, to_))
#define JSON_DATE(n_, to_)                                                                         \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_DATE, .to = JSON_TYPED(struct date, to_))
#define JSON_INSTANT(n_, to_)                                                                      \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_INSTANT, .to = JSON_TYPED(struct instant, to_))
#define JSON_HEX(n_, to_, min_, max_)                                                              \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_HEX, .to = JSON_TYPED(struct bytes, to_),           \
               .min = (min_), .max = (max_))
#define JSON_BASE64URL(n_, to_, min_, max_)                                                        \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_BASE64URL, .to = JSON_TYPED(struct bytes, to_),     \
               .min = (min_), .max = (max_))
#define JSON_OBJECT(n_, fields_)                                                                   \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_OBJECT, .fields = (fields_),                        \
               .fields_n = LEN(fields_))
#define JSON_ARRAY(n_, rows_, count_, one_, fields_, min_, max_)                                   \
    JSON_FIELD(.name = (n_), .kind = JSON_KIND_ARRAY, .to = (rows_), .count = (count_),            \
               .one = (1 ? (one_) : *(rows_)), .one_size = sizeof *(one_), .fields = (fields_),    \
               .fields_n = LEN(fields_), .min = (min_), .max = (max_))
static inline struct json_field JSON_OPTIONAL(struct json_field field, bool *given) {
    field.optional = true;
    field.given = given;
    return field;
}

/* Read a body that is one JSON object by its table.
 *   refuses  HTTP_JSON_SYNTAX, HTTP_JSON_DUPLICATE, HTTP_JSON_DEPTH, HTTP_BODY_TOO_LARGE (it does
 *            not fit the arena), and HTTP_FIELDS with body.problems filled
 * An empty body is read as {} when every field is optional. Targets of a refused body are
 * undefined. */
RESULT
json_read(struct body body, const struct json_field *fields, size_t n);

/* The same for application/x-www-form-urlencoded (forms, queries). Objects and arrays do not occur,
 * except an array of plain values: the name repeated. An empty value of an optional field counts as
 * not given; a checkbox is a BOOL: "on", "true" and "1" are yes, "false", "0" are no, absent is no.
 * Members named "_token" (the form token, read by the frame) are passed over.
 *   refuses  HTTP_FORM_MALFORMED (bad escapes, NUL, bad UTF-8), HTTP_FIELDS */
RESULT form_read(struct body body, const struct json_field *fields, size_t n);
/* The same where nobody can correct what was sent: all fields are optional, one that is malformed
 * counts as not given and keeps what stood in it, names that no field has are passed over. */
RESULT form_read_lenient(struct body body, const struct json_field *fields, size_t n);
/* One value of a form or query as sent, decoded into the arena; false when it is not there. */
bool form_value(struct body body, const char *name, struct str *out);

/* ---- out ---------------------------------------------------------------------------------------
 */

enum { JSON_OUT_DEPTH_MAX = 12 };
struct json_out {
    struct writer *w;
    const struct id_codec *ids;
    uint32_t lists, commas; /* a bit per level: it is an array; something stands before */
    int depth;
};
/* `name` is the member's name, or NULL inside an array and at the top. Text is escaped as RFC 8259
 * asks; `<`, `>`, `&`, U+2028 and U+2029 too, so that JSON may stand in a page. Bytes that are not
 * UTF-8 become U+FFFD. Overrun shows in w->over. */
struct json_out json_out_over(struct writer *w, const struct id_codec *ids);
void json_out_object(struct json_out *out, const char *name);
void json_out_array(struct json_out *out, const char *name);
void json_out_end(struct json_out *out);     /* closes the innermost object or array */
void json_out_end_all(struct json_out *out); /* closes every one that is open */
void json_out_int(struct json_out *out, const char *name, int64_t v);
void json_out_bool(struct json_out *out, const char *name, bool v);
void json_out_null(struct json_out *out, const char *name);
void json_out_str(struct json_out *out, const char *name, struct str v);
void json_out_id(struct json_out *out, const char *name, const char *prefix, int64_t id);
void json_out_instant(struct json_out *out, const char *name, struct instant at);
void json_out_date(struct json_out *out, const char *name, struct date date);
void json_out_hex(struct json_out *out, const char *name, struct bytes v);
void json_out_base64url(struct json_out *out, const char *name, struct bytes v);
/* Text that is JSON already, from ourselves. */
void json_out_raw(struct json_out *out, const char *name, struct str json);
