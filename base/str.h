/* base/str.h - text and bytes that are borrowed, never owned; the cursor that reads them and the
 * writer that fills a buffer of known size. Both go sticky at the first overrun: read the whole
 * layout, check once. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct str { /* text, UTF-8, not NUL-terminated */
    const char *p;
    size_t n;
};
struct bytes {
    const uint8_t *p;
    size_t n;
};

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define S(literal) ((struct str){ .p = "" literal, .n = sizeof(literal) - 1 })

struct str str_of(const char *c_string); /* NULL is the empty text */
struct bytes bytes_of(const void *p, size_t n);
struct bytes str_bytes(struct str text);
struct str bytes_str(struct bytes bytes);
bool str_eq(struct str a, struct str b);
bool bytes_eq(struct bytes a, struct bytes b); /* not constant time: crypto/ has secret_eq */
bool str_starts(struct str text, struct str with);
bool str_ends(struct str text, struct str with);
struct str str_trim(struct str text); /* ASCII space, tab, CR, LF at both ends */
struct str str_part(struct str text, size_t from, size_t n); /* clipped to what is there */
/* Cut at the first `at`: returns what stands before it, `*rest` what follows (empty when there is
 * none). */
struct str str_cut(struct str text, char at, struct str *rest);
/* Whole text as a decimal integer in [min, max]; sign only when min < 0; no spaces, no leading '+'.
 */
bool str_int(struct str text, int64_t min, int64_t max, int64_t *out);
/* For the edge of other libraries: copy with a NUL; false when it does not fit or holds a NUL. */
bool str_c(struct str text, char *out, size_t size);

/* Reading. take_* past the end return 0 or empty and mark the cursor `over`. */
struct cursor {
    const uint8_t *p, *end;
    bool over;
};
struct cursor cursor_over(struct bytes bytes);
size_t cursor_left(const struct cursor *c);
uint8_t take_u8(struct cursor *c);
uint16_t take_be16(struct cursor *c);
uint32_t take_be32(struct cursor *c);
uint64_t take_be64(struct cursor *c);
struct bytes take_bytes(struct cursor *c, size_t n);
struct bytes take_rest(struct cursor *c);
/* OK when everything was read and nothing was missing; else a refusal with `code`. */
RESULT cursor_end(const struct cursor *c, int code);

/* Writing. put_* past the end write nothing more and mark the writer `over`. */
struct writer {
    uint8_t *p;
    size_t size, n;
    bool over;
};
struct writer writer_over(void *buffer, size_t size);
void put_u8(struct writer *w, uint8_t v);
void put_be16(struct writer *w, uint16_t v);
void put_be32(struct writer *w, uint32_t v);
void put_be64(struct writer *w, uint64_t v);
void put_bytes(struct writer *w, struct bytes bytes);
void put_str(struct writer *w, struct str text);
void put_char(struct writer *w, char c);
void put_int(struct writer *w, int64_t v);               /* decimal */
void put_digits(struct writer *w, int64_t v, int least); /* of v >= 0, zeros before; least <= 20 */
void put_format(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct bytes writer_bytes(const struct writer *w);
struct str writer_str(const struct writer *w);

/* Hexadecimal, lower case out, either case in. hex_parse: exactly 2*size digits, else false. */
void put_hex(struct writer *w, struct bytes bytes);
bool hex_parse(struct str text, uint8_t *out, size_t size);
