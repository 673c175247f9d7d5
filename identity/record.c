/* identity/record.c - the bytes of a block of grade B's records: version 2, then record after
 * record, big-endian. Of a record stand which card, when, and what differs from the one before it
 * (before the first: a record of zeros), told by a bit each: gates ask for hours from one place.
 * The bytes never leave this node's store. */
#include "identity/record.h"

enum { BLOCK_VERSION = 2 };

enum {
    OTHER_VERDICT = 1,
    OTHER_REGION = 2,
    OTHER_PLACE = 4,
    OTHER_TERMINAL = 8,
    OTHER_STAFF = 16,
    OTHER_TERMINAL_AT = 32,
    OTHER_PROVENANCE = 64,
    OTHER_ITEM = 128,
};

int record_line_blocks(size_t kept, int64_t waiting)
{
    return kept > RECORD_RUSH && waiting < RECORDS_WAITING_MAX / 2 ? 0 : RECORD_LINE_BLOCKS;
}

static unsigned others(const struct record *r, const struct record *before)
{
    unsigned bits = 0;

    if (r->verdict != before->verdict) bits |= OTHER_VERDICT;
    if (r->region_code != before->region_code) bits |= OTHER_REGION;
    if (r->place_id != before->place_id) bits |= OTHER_PLACE;
    if (r->terminal_id != before->terminal_id) bits |= OTHER_TERMINAL;
    if (r->staff_id != before->staff_id) bits |= OTHER_STAFF;
    if (r->terminal_at.usec != before->terminal_at.usec) bits |= OTHER_TERMINAL_AT;
    if (r->provenance != before->provenance) bits |= OTHER_PROVENANCE;
    if (r->item_n != before->item_n || memcmp(r->item, before->item, r->item_n) != 0)
        bits |= OTHER_ITEM;
    return bits;
}

void record_block_write(const struct record *const *records, size_t n, struct writer *w)
{
    static const struct record NONE = { 0 };
    const struct record *before = &NONE;

    assert(n >= 1 && n <= RECORD_BLOCK);
    put_u8(w, BLOCK_VERSION);
    for (size_t i = 0; i < n; before = records[i++]) {
        const struct record *r = records[i];
        const unsigned bits = others(r, before);
        put_u8(w, (uint8_t)bits);
        put_be32(w, r->card_index);
        put_be64(w, (uint64_t)r->card_id);
        put_be64(w, (uint64_t)r->at.usec);
        if (bits & OTHER_VERDICT) put_be32(w, (uint32_t)r->verdict);
        if (bits & OTHER_REGION) put_be32(w, (uint32_t)r->region_code);
        if (bits & OTHER_PLACE) put_be64(w, (uint64_t)r->place_id);
        if (bits & OTHER_TERMINAL) put_be64(w, (uint64_t)r->terminal_id);
        if (bits & OTHER_STAFF) put_be64(w, (uint64_t)r->staff_id);
        if (bits & OTHER_TERMINAL_AT) put_be64(w, (uint64_t)r->terminal_at.usec);
        if (bits & OTHER_PROVENANCE) put_u8(w, r->provenance);
        if (bits & OTHER_ITEM) put_u8(w, r->item_n);
        if (bits & OTHER_ITEM) put_bytes(w, bytes_of(r->item, r->item_n));
    }
    assert(!w->over);
}

RESULT record_block_parse(struct bytes block, struct record *records, size_t n)
{
    struct cursor c = cursor_over(block);
    struct record r = { 0 };

    if (take_u8(&c) != BLOCK_VERSION) return fault(FAULT_STORE_CORRUPT, "a block of records");
    for (size_t i = 0; i < n && !c.over; i++) {
        const unsigned bits = take_u8(&c);
        r.card_index = take_be32(&c);
        r.card_id = (int64_t)take_be64(&c);
        r.at.usec = (int64_t)take_be64(&c);
        if (bits & OTHER_VERDICT) r.verdict = (int32_t)take_be32(&c);
        if (bits & OTHER_REGION) r.region_code = (int32_t)take_be32(&c);
        if (bits & OTHER_PLACE) r.place_id = (int64_t)take_be64(&c);
        if (bits & OTHER_TERMINAL) r.terminal_id = (int64_t)take_be64(&c);
        if (bits & OTHER_STAFF) r.staff_id = (int64_t)take_be64(&c);
        if (bits & OTHER_TERMINAL_AT) r.terminal_at.usec = (int64_t)take_be64(&c);
        if (bits & OTHER_PROVENANCE) r.provenance = take_u8(&c);
        if (bits & OTHER_ITEM) {
            struct bytes item = take_bytes(&c, take_u8(&c));
            if (item.n > sizeof r.item) c.over = true;
            if (c.over) break;
            memset(r.item, 0, sizeof r.item);
            if (item.n > 0) memcpy(r.item, item.p, item.n);
            r.item_n = (uint8_t)item.n;
        }
        records[i] = r;
    }
    if (c.over || cursor_left(&c) != 0) return fault(FAULT_STORE_CORRUPT, "a block of records");
    return OK;
}
