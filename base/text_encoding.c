/* base/text_encoding.c - files of other people: UTF-8 with and without its mark, GB 18030. */
#include <assert.h>
#include <iconv.h>
#include <string.h>

#include "base/text.h"

static const uint8_t MARK[] = { 0xEF, 0xBB, 0xBF };

/* iconv wants its input as char **, though it only reads it. */
static size_t convert(iconv_t how, struct bytes in, char *out, size_t *room)
{
    union {
        const uint8_t *given;
        char *wanted;
    } from = { .given = in.p };
    char *to = out;
    size_t left = in.n;

    return iconv(how, &from.wanted, &left, &to, room);
}

/* Convert into the arena, which gives back what was not needed. `growth`: the most bytes that one
 * byte can become. */
static RESULT convert_all(struct arena *arena, const char *to, const char *from, struct bytes in,
                          size_t growth, int unable, struct bytes *out)
{
    size_t before = arena->used, size = in.n * growth + 8, room = size;
    char *text = arena_take(arena, size, 1);
    iconv_t how;
    size_t failed;

    if (!text) return fault(FAULT_MEMORY, "text of %zu bytes", in.n);
    how = iconv_open(to, from);
    if (how == (iconv_t)-1) return fault(FAULT_IO, "iconv has no %s to %s", from, to);
    failed = convert(how, in, text, &room);
    iconv_close(how);
    if (failed == (size_t)-1) {
        arena->used = before;
        REFUSE(unable); /* EILSEQ, EINVAL; E2BIG can't be */
    }
    arena->used = (size_t)((uint8_t *)text - arena->p) + (size - room);
    *out = bytes_of(text, size - room);
    return OK;
}

RESULT text_read(struct arena *arena, struct bytes in, struct str *out, enum text_encoding *found)
{
    bool marked = in.n >= sizeof MARK && memcmp(in.p, MARK, sizeof MARK) == 0;
    struct str text = bytes_str(in);
    struct bytes converted;
    enum text_encoding encoding = marked ? TEXT_UTF8_BOM : TEXT_UTF8;

    if (marked) text = str_part(text, sizeof MARK, text.n);
    if (!utf8_valid(text)) {
        REQUIRE(!marked, TEXT_UNREADABLE);
        /* 2 bytes become 3 at most, 4 become 4 */
        TRY(convert_all(arena, "UTF-8", "GB18030", in, 2, TEXT_UNREADABLE, &converted));
        text = bytes_str(converted);
        encoding = TEXT_GB18030;
    }
    *out = text;
    if (found) *found = encoding;
    return OK;
}

static RESULT write_marked(struct arena *arena, struct str text, struct bytes *out)
{
    uint8_t *p = arena_take(arena, text.n + sizeof MARK, 1);

    if (!p) return fault(FAULT_MEMORY, "text of %zu bytes", text.n);
    memcpy(p, MARK, sizeof MARK);
    if (text.n > 0) memcpy(p + sizeof MARK, text.p, text.n);
    *out = bytes_of(p, text.n + sizeof MARK);
    return OK;
}

RESULT text_write(struct arena *arena, struct str text, enum text_encoding encoding,
                  struct bytes *out)
{
    REQUIRE(utf8_valid(text), TEXT_UNWRITABLE);
    switch (encoding) {
    case TEXT_UTF8:
        *out = str_bytes(text);
        return OK;
    case TEXT_UTF8_BOM:
        return write_marked(arena, text, out);
    case TEXT_GB18030: /* 2 bytes of UTF-8 may become 4 */
        return convert_all(arena, "GB18030", "UTF-8", str_bytes(text), 2, TEXT_UNWRITABLE, out);
    }
    assert(encoding <= TEXT_GB18030);
    REFUSE(TEXT_UNWRITABLE);
}
