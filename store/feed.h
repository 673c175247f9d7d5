/* store/feed.h - how blocks are hashed: shared by the sealer and by those who check. */
#pragma once
#include "store/inner.h"

struct feed_hasher { /* of one block: leaves are added in the order of positions */
    const struct sealer *sealer;
    uint8_t leaves[FEED_BLOCK_ENTRIES][32];
    int n;
};
void feed_leaf(struct feed_hasher *h, const struct feed_entry *entry);
/* block: all but hash and signature are set */
void feed_block_hash(const struct feed_hasher *h, const struct feed_block *block, uint8_t out[32]);

extern const struct stmt FEED_HEAD;
void feed_block_row(const struct row *row, struct feed_block *out);
