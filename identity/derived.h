/* identity/derived.h - derived state: what grade B is answered from. Two arrays in memory, made
 * from the store and never a second truth: card state by dense card index (16 bytes a card), and an
 * index from value_hash to dense card index (8.1 bytes a credential, sorted blocks; docs/decisions/
 * 0020-derived-state.md). Files of them in `folder` make a start quick; they may be deleted at any
 * time. Reading takes no lock and no memory; any number of threads.
 *
 * Kept fresh two ways. The store's committed callback hands over each card's new bytes after COMMIT
 * and before the answer (derived_note), so this process's own acts are seen at once; and sealed
 * FEED_CARD entries are applied in order (derived_catch_up), which is what moves `position`, what a
 * start after a crash begins with, and what stop lists are made at. */
#pragma once
#include "base/base.h"

struct store;
struct derived;

struct derived_config {
    struct str folder; /* made when missing; files cards.state and credentials.index */
    struct store *store;
    uint32_t cards_max; /* room for dense indexes 0..cards_max-1; 0 means the store's count plus a
                           quarter */
};
/* Map the files and catch up; files that are missing, damaged, of another incarnation or ahead of
 * the store are rebuilt from it. Close writes the files. */
RESULT derived_open(const struct derived_config *config, struct derived **out);
void derived_close(struct derived *derived);
/* Make everything anew from the store while readers go on; then replace the files (write, sync,
 * rename). */
RESULT derived_rebuild(struct derived *derived);
/* Write the files as of now, folding the additions since the last time into them. */
RESULT derived_save(struct derived *derived);

/* For store_config.committed (arg is the struct derived): notes that are no card or credential
 * notes are ignored. Safe before derived_open has returned. */
void derived_note(void *derived, struct bytes note);
/* Apply sealed entries after `position`; call each second. */
RESULT derived_catch_up(struct derived *derived);

enum { DERIVED_NO_CARD = UINT32_MAX };

/* Dense card index of a credential, by its value_hash (32 bytes; 58 of its bits are compared at 60
 * M rows). A value that is none of ours is taken for one of ours once in 2^32 tries (bound: rows
 * per block / 2^fingerprint bits, derived_status tells it), which grade B's yes/no accepts because
 * values are hashed under a secret key; grade A reads the row. Two credentials that share all the
 * bits compared are both answered by DERIVED_ASK_STORE. */
enum { DERIVED_ASK_STORE = UINT32_MAX - 1 };
uint32_t derived_find(const struct derived *derived, const uint8_t value_hash[32]);
/* The same for many: the misses overlap. n of any size. */
void derived_find_batch(const struct derived *derived, const uint8_t (*value_hash)[32], size_t n,
                        uint32_t *index);

struct derived_card { /* one card as of the last change applied */
    int64_t card_id;
    uint16_t epoch;
    uint8_t social, bank, purse; /* registry's states */
    bool ecard_consent;          /* the e-card goes on in temporary loss */
    bool test;
};
/* False when no card has that index. */
bool derived_state(const struct derived *derived, uint32_t card_index, struct derived_card *out);

struct derived_status {
    int64_t position, incarnation; /* last sealed entry applied */
    struct instant applied_at;
    uint32_t cards;
    int64_t credentials, overlay; /* rows in the base, additions since */
    int64_t bytes;                /* of index and overlay */
    int index_bits_compared;
};
void derived_status(const struct derived *derived, struct derived_status *out);
