/* identity/record.c - the bytes of a block of grade B's records: version 1, then record after
 * record, big-endian. They never leave this node's store. */
#include "identity/record.h"

enum { BLOCK_VERSION = 1 };

void record_block_write(const struct record *const *records, size_t n, struct writer *w)
{
    assert(n >= 1 && n <= RECORD_BLOCK);
    put_u8(w, BLOCK_VERSION);
    for (size_t i = 0; i < n; i++) {
        const struct record *r = records[i];
        put_be32(w, r->card_index);
        put_be32(w, (uint32_t)r->verdict);
        put_be32(w, (uint32_t)r->region_code);
        put_be64(w, (uint64_t)r->card_id);
        put_be64(w, (uint64_t)r->place_id);
        put_be64(w, (uint64_t)r->terminal_id);
        put_be64(w, (uint64_t)r->staff_id);
        put_be64(w, (uint64_t)r->at.usec);
        put_be64(w, (uint64_t)r->terminal_at.usec);
        put_u8(w, r->provenance);
        put_u8(w, r->item_n);
        put_bytes(w, bytes_of(r->item, r->item_n));
    }
    assert(!w->over);
}

RESULT record_block_parse(struct bytes block, struct record *records, size_t n)
{
    struct cursor c = cursor_over(block);

    if (take_u8(&c) != BLOCK_VERSION) return fault(FAULT_STORE_CORRUPT, "a block of records");
    for (size_t i = 0; i < n && !c.over; i++) {
        struct record *r = &records[i];
        *r = (struct record){ .card_index = take_be32(&c) };
        r->verdict = (int32_t)take_be32(&c);
        r->region_code = (int32_t)take_be32(&c);
        r->card_id = (int64_t)take_be64(&c);
        r->place_id = (int64_t)take_be64(&c);
        r->terminal_id = (int64_t)take_be64(&c);
        r->staff_id = (int64_t)take_be64(&c);
        r->at.usec = (int64_t)take_be64(&c);
        r->terminal_at.usec = (int64_t)take_be64(&c);
        r->provenance = take_u8(&c);
        r->item_n = take_u8(&c);
        struct bytes item = take_bytes(&c, r->item_n);
        if (item.n > sizeof r->item) c.over = true;
        if (!c.over && item.n > 0) memcpy(r->item, item.p, item.n);
    }
    if (c.over || cursor_left(&c) != 0) return fault(FAULT_STORE_CORRUPT, "a block of records");
    return OK;
}
