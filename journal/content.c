/* journal/content.c - the bytes of a line, and the leaf that commits to them. The layout is
 * docs/protocols/journal.md's. */
#include "journal/journal.h"

#include "crypto/crypto.h"

enum { CONTENT_VERSION = 1 };

static void put_text8(struct writer *w, struct str text)
{
    assert(text.n <= UINT8_MAX);
    put_u8(w, (uint8_t)text.n);
    put_str(w, text);
}

void journal_content_write(struct writer *w, int64_t line_id, struct root root,
                           const struct journal_line *line)
{
    put_u8(w, CONTENT_VERSION);
    put_u8(w, (uint8_t)line->kind);
    put_u8(w, (uint8_t)line->actor);
    put_u8(w, (uint8_t)line->grade);
    put_u8(w, (uint8_t)line->provenance);
    put_u8(w, (uint8_t)root.kind);
    put_be64(w, (uint64_t)root.id);
    put_be64(w, (uint64_t)line_id);
    put_be64(w, (uint64_t)line->person_id);
    put_be64(w, (uint64_t)line->card_id);
    put_be64(w, (uint64_t)line->actor_id);
    put_be64(w, (uint64_t)line->place_id);
    put_be64(w, (uint64_t)line->terminal_id);
    put_be64(w, (uint64_t)line->object_id);
    put_bytes(w, bytes_of(line->object_prefix, 3));
    put_be32(w, (uint32_t)line->region_code);
    put_be32(w, (uint32_t)line->verdict);
    put_be64(w, (uint64_t)line->at.usec);
    put_be64(w, (uint64_t)line->said_at.usec);
    put_text8(w, line->act);
    put_text8(w, line->item);
    put_text8(w, line->purpose);
    put_text8(w, line->note);
}

static struct str take_text8(struct cursor *c, size_t max)
{
    size_t n = take_u8(c);

    if (n > max) c->over = true;
    return bytes_str(take_bytes(c, n));
}

RESULT journal_content_parse(struct bytes content, int64_t *line_id, struct root *root,
                             struct journal_line *out)
{
    struct cursor c = cursor_over(content);
    struct journal_line line = { 0 };
    struct root at_root = { 0 };

    REQUIRE(take_u8(&c) == CONTENT_VERSION, JOURNAL_CONTENT_BAD);
    line.kind = (enum journal_kind)take_u8(&c);
    line.actor = (enum journal_actor)take_u8(&c);
    line.grade = (enum journal_grade)take_u8(&c);
    line.provenance = (enum provenance)take_u8(&c);
    at_root.kind = (enum root_kind)take_u8(&c);
    at_root.id = (int64_t)take_be64(&c);
    int64_t id = (int64_t)take_be64(&c);
    line.person_id = (int64_t)take_be64(&c);
    line.card_id = (int64_t)take_be64(&c);
    line.actor_id = (int64_t)take_be64(&c);
    line.place_id = (int64_t)take_be64(&c);
    line.terminal_id = (int64_t)take_be64(&c);
    line.object_id = (int64_t)take_be64(&c);
    struct bytes prefix = take_bytes(&c, 3);
    line.region_code = (int32_t)take_be32(&c);
    line.verdict = (int32_t)take_be32(&c);
    line.at.usec = (int64_t)take_be64(&c);
    line.said_at.usec = (int64_t)take_be64(&c);
    line.act = take_text8(&c, JOURNAL_ACT_MAX);
    line.item = take_text8(&c, JOURNAL_ITEM_MAX);
    line.purpose = take_text8(&c, JOURNAL_PURPOSE_MAX);
    line.note = take_text8(&c, JOURNAL_NOTE_MAX);
    TRY(cursor_end(&c, JOURNAL_CONTENT_BAD));
    REQUIRE(line.kind >= JOURNAL_USE && line.kind <= JOURNAL_STAFF_ACT, JOURNAL_CONTENT_BAD);
    REQUIRE(line.actor >= ACTOR_HOLDER && line.actor <= ACTOR_PARTNER, JOURNAL_CONTENT_BAD);
    REQUIRE(line.grade >= GRADE_A && line.grade <= GRADE_C, JOURNAL_CONTENT_BAD);
    REQUIRE(line.provenance >= PROVENANCE_REAL && line.provenance <= PROVENANCE_SIMULATOR,
            JOURNAL_CONTENT_BAD);
    REQUIRE(at_root.kind <= ROOT_NODE && line.act.n > 0, JOURNAL_CONTENT_BAD);
    memcpy(line.object_prefix, prefix.p, 3);
    *line_id = id;
    *root = at_root;
    *out = line;
    return OK;
}

void journal_leaf(const uint8_t salt[JOURNAL_SALT], struct bytes content, uint8_t leaf[32])
{
    sm3_parts((const struct bytes[]){ bytes_of(salt, JOURNAL_SALT), content }, 2, leaf);
}
