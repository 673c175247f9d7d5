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

/* First derived_new, then store_open with committed = derived_note and committed_arg = the derived,
 * then derived_open with that store; at the end derived_save if wanted, store_close, derived_close.
 */
RESULT derived_new(struct derived **out);

struct derived_config {
    struct str folder; /* made when missing; files cards.state and values.index */
    struct store *store;
    uint32_t
        cards_max; /* room for dense indexes 0..cards_max-1; 0 means 2^27 (address space only) */
};
/* Map the files and catch up; files that are missing, cut, ahead of the store, of another store, of
 * another incarnation or of another history of it are made anew. */
RESULT derived_open(struct derived *derived, const struct derived_config *config);
void derived_close(struct derived *derived); /* NULL is left alone; writes nothing */
/* Make everything anew from the store (readers go on meanwhile), then write the files. */
RESULT derived_rebuild(struct derived *derived);
/* Write the files as of the sealed position (write, sync, rename), folding the additions into them.
 * Call now and then; it only shortens the next start. */
RESULT derived_save(struct derived *derived);

/* For store_config.committed (arg is the struct derived): notes that are not of a card are ignored,
 * and all before derived_open. No SQL, no waiting on anything but other notes. */
void derived_note(void *derived, struct bytes note);
/* Apply sealed entries after `position` and give new cards their lasting index; call each second.
 */
RESULT derived_catch_up(struct derived *derived);

#define DERIVED_NO_CARD UINT32_MAX

/* Dense card index of a credential (card number, identification code, e-card alias), by its
 * value_hash; 57 of its bits are compared at 60 M rows. A value that is none of ours is taken for
 * one of ours with a chance of at most rows a block (127) / 2^(64 - index bits): once in 2 * 10^9
 * tries at 60 M; values are hashed under a secret key, so nobody can aim. Grade B's yes or no
 * accepts that; grade A reads the row. Two credentials that share all bits compared are answered by
 * DERIVED_ASK_STORE. */
#define DERIVED_ASK_STORE (UINT32_MAX - 1)
uint32_t derived_find(const struct derived *derived, const uint8_t value_hash[32]);
/* The same for many: the misses overlap. n of any size. */
void derived_find_batch(const struct derived *derived, const uint8_t (*value_hash)[32], size_t n,
                        uint32_t *index);

struct derived_card { /* one card as of the last change applied */
    int64_t card_id;
    uint16_t epoch;                     /* its low 16 bits */
    uint8_t social, bank, purse, ecard; /* enums of registry/card.h */
    uint8_t provenance;
    bool social_usable; /* the card opens doors */
    bool ecard_usable;  /* its codes do (in loss: by consent) */
    bool ecard_consent;
};
/* False when no card has that index. */
bool derived_state(const struct derived *derived, uint32_t card_index, struct derived_card *out);
/* Cards known: indexes below it. */
uint32_t derived_cards(const struct derived *derived);

/* The lasting index of a card (it goes into codes that outlive this process): waits for the store
 * when the card is new. DERIVED_NO_CARD when derived state has not heard of it. */
RESULT derived_index_of(struct derived *derived, const uint8_t no_hash[32], int64_t card_id,
                        uint32_t *index);
/* Card and person behind an index, from the store; refuses IDENTITY_CARD_UNKNOWN (6112). */
RESULT derived_card_of(struct store *store, uint32_t index, int64_t *card_id, int64_t *person_id);

struct derived_status {
    int64_t position, incarnation; /* last sealed entry applied */
    struct instant applied_at;
    uint32_t cards;
    int64_t credentials, overlay; /* rows in the base, additions since */
    int64_t bytes;                /* of index and overlay */
    int index_bits_compared;
};
void derived_status(struct derived *derived, struct derived_status *out);
