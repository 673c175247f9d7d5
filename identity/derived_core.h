/* identity/derived_core.h - what derived state is made of, for the files of this folder. */
#pragma once
#include <pthread.h>

#include "identity/derived.h"
#include "identity/value_index.h"
#include "registry/card.h"
#include "store/store.h"

/* One card: the id never changes once set; the state word is replaced whole, so a reader sees one
 * change or the next. */
struct cell {
    _Atomic int64_t card_id;
    _Atomic uint64_t state;
};
_Static_assert(sizeof(struct cell) == 16, "16 bytes a card");

/* Base and overlay of the value index; replaced together when the overlay is folded in. */
struct generation {
    struct value_index index;
    struct overlay overlay;
    void *base_map, *overlay_map;
    size_t base_bytes, overlay_bytes;
};

enum { READER_SLOTS = 64, CELLS_MAX_DEFAULT = 1 << 27 };
struct reader_slot {
    _Alignas(64) _Atomic int64_t count[2];
};
struct card_claim { /* a lasting index whose card the feed has yet to name */
    int64_t card_id;
    uint32_t index;
};
struct derived {
    struct store *store;
    char folder[512];
    /* readers */
    struct cell *cells;
    _Atomic uint32_t cards;
    _Atomic(struct generation *) generation;
    _Atomic unsigned phase;
    struct reader_slot readers[READER_SLOTS];
    /* writers: `note` for changes in memory, held for no longer than a change and never over a call
     * to the store (derived_note runs in the store's writer); `keeper` for the calls that do ask
     * the store, taken first */
    pthread_mutex_t note, keeper;
    bool open;
    uint32_t cells_max;
    int64_t position, incarnation;
    uint8_t store_id[16]; /* store_identity */
    struct instant applied_at;
    struct card_index_row *pending; /* new cards whose index is not kept yet; in order of index */
    size_t pending_n, pending_max;
    struct card_claim *claims; /* sorted by card_id */
    size_t claims_n, claims_max;
};

/* Memory by the page, for arrays of any size; NULL when there is none. */
void *pages_take(size_t bytes);
void pages_give(void *p, size_t bytes);

/* With `note` held. */
RESULT derived_apply(struct derived *d, const struct card_state *state);
RESULT derived_fold(struct derived *d, uint32_t overlay_slots);
uint64_t hash64(const uint8_t value_hash[32]);
static inline bool hash_given(const uint8_t hash[32])
{
    static const uint8_t none[32];

    return memcmp(hash, none, sizeof none) != 0;
}
bool state_alias_lives(const struct card_state *state);
uint64_t state_pack(const struct card_state *state);
/* A generation over these rows, with an empty overlay. */
RESULT generation_make(const struct value_row *rows, uint64_t n, int index_bits,
                       uint32_t overlay_slots, struct generation **out);
void generation_free(struct generation *g);
/* Put in the place of the present one, which is freed when no reader is in it. */
void generation_swap(struct derived *d, struct generation *g);
int index_bits_for(uint32_t cards);

/* With `note` held: the index of a card: known by its number, kept from before, or the next. */
RESULT derived_index_for(struct derived *d, const struct card_state *state, uint32_t *out);
int derived_claim_order(const void *a, const void *b);

/* With `keeper` held: keep the indexes of new cards; apply the sealed feed to its end. */
RESULT derived_settle(struct derived *d);
RESULT derived_follow(struct derived *d);
/* derived_files.c; with `keeper` held. */
RESULT derived_files_write(struct derived *d);
/* *found false when there are none, or none of this store and its history. `head` is the store's
 * sealed position. */
RESULT derived_files_read(struct derived *d, int64_t head, bool *found);
