/* identity/derived.c - looking up, and applying changes; opening is in derived_open.c. */
#include "identity/derived.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "identity/card_index_store.h"
#include "identity/derived_core.h"
#include "identity/identity.h"

/* State word: at 30 (seconds since 2020) | provenance 2 | flags 4 | ecard 2 | purse 3 | bank 3 |
 * social 4 | epoch 16. */
enum { FLAG_CONSENT = 1, FLAG_ECARD = 2, FLAG_SOCIAL = 4, FLAG_KNOWN = 8 };
#define AT_SHIFT 34

uint64_t state_pack(const struct card_state *state)
{
    int64_t sec = (state->at.usec - CODE_EPOCH_USEC) / USEC_PER_SEC;
    uint64_t flags = FLAG_KNOWN | (state->ecard_consent ? FLAG_CONSENT : 0u) |
                     (state->ecard_usable ? FLAG_ECARD : 0u) |
                     (state->social_usable ? FLAG_SOCIAL : 0u);

    if (sec < 0) sec = 0;
    if (sec >= 1 << 30) sec = (1 << 30) - 1;
    return (uint64_t)sec << AT_SHIFT | (uint64_t)(state->provenance & 3) << 32 | flags << 28 |
           (uint64_t)(state->ecard & 3) << 26 | (uint64_t)(state->purse & 7) << 23 |
           (uint64_t)(state->bank & 7) << 20 | (uint64_t)(state->social & 15) << 16 |
           ((uint64_t)state->epoch & 0xFFFF);
}

static void state_unpack(uint64_t word, struct derived_card *out)
{
    uint64_t flags = word >> 28 & 15;

    out->epoch = (uint16_t)word;
    out->social = word >> 16 & 15;
    out->bank = word >> 20 & 7;
    out->purse = word >> 23 & 7;
    out->ecard = word >> 26 & 3;
    out->provenance = word >> 32 & 3;
    out->social_usable = flags & FLAG_SOCIAL;
    out->ecard_usable = flags & FLAG_ECARD;
    out->ecard_consent = flags & FLAG_CONSENT;
}

/* Is `next` the later of two states of one card? Epochs count changes that gates must hear; others
 * are told apart by their second. Equal is applied: it is the same or a change within the second.
 */
static bool state_later(uint64_t next, uint64_t now)
{
    uint16_t ahead = (uint16_t)((uint16_t)next - (uint16_t)now);

    if ((now >> 28 & FLAG_KNOWN) == 0) return true;
    if (ahead != 0) return ahead < 0x8000;
    return next >> AT_SHIFT >= now >> AT_SHIFT;
}

uint64_t hash64(const uint8_t value_hash[32])
{
    struct cursor c = cursor_over(bytes_of(value_hash, 8));

    return take_be64(&c);
}

bool state_alias_lives(const struct card_state *state)
{
    return hash_given(state->alias_hash) && state->ecard != ECARD_ENDED;
}

/* ---- readers: two counters a slot, so that a writer can wait for those of before the swap while
 * new ones come and go */

static _Thread_local unsigned reader_slot;
static _Atomic unsigned reader_next = 1;

struct reading {
    _Atomic int64_t *count;
    const struct generation *generation;
};

static struct reading read_begin(const struct derived *derived)
{
    struct derived *d = (struct derived *)(uintptr_t)derived; /* the counters are no state */
    struct reading r;

    if (reader_slot == 0)
        reader_slot =
            1 + atomic_fetch_add_explicit(&reader_next, 1, memory_order_relaxed) % READER_SLOTS;
    r.count = &d->readers[reader_slot - 1].count[atomic_load(&d->phase) & 1];
    atomic_fetch_add(r.count, 1);
    r.generation = atomic_load(&d->generation);
    return r;
}

static void read_end(struct reading r)
{
    atomic_fetch_sub_explicit(r.count, 1, memory_order_release);
}

static void wait_phase(struct derived *d)
{
    unsigned before = atomic_fetch_add(&d->phase, 1) & 1;

    for (int i = 0; i < READER_SLOTS; i++) {
        while (atomic_load(&d->readers[i].count[before]) != 0) {
            sched_yield();
        }
    }
}

void generation_swap(struct derived *d, struct generation *g)
{
    struct generation *old = atomic_exchange(&d->generation, g);

    /* twice: a reader may have read the phase before and counted itself after the first wait */
    wait_phase(d);
    wait_phase(d);
    generation_free(old);
}

static int64_t generation_find(const struct generation *g, uint64_t hash)
{
    int64_t index;

    if (!g) return VALUE_NONE;
    index = overlay_find(&g->overlay, hash);
    return index == VALUE_NONE ? value_index_find(&g->index, hash) : index;
}

static uint32_t answer_of(int64_t index)
{
    if (index == VALUE_NONE) return DERIVED_NO_CARD;
    return index == VALUE_SEVERAL ? DERIVED_ASK_STORE : (uint32_t)index;
}

uint32_t derived_find(const struct derived *derived, const uint8_t value_hash[32])
{
    struct reading r = read_begin(derived);
    int64_t index = generation_find(r.generation, hash64(value_hash));

    read_end(r);
    return answer_of(index);
}

void derived_find_batch(const struct derived *derived, const uint8_t (*value_hash)[32], size_t n,
                        uint32_t *index)
{
    enum { GROUP = 64 };
    struct reading r = read_begin(derived);

    for (size_t i = 0; i < n; i += GROUP) {
        size_t group = n - i < GROUP ? n - i : GROUP;
        uint64_t hash[GROUP];
        int64_t found[GROUP];
        for (size_t j = 0; j < group; j++) {
            hash[j] = hash64(value_hash[i + j]);
            found[j] = VALUE_NONE;
        }
        if (r.generation) value_index_find_batch(&r.generation->index, hash, group, found);
        for (size_t j = 0; j < group; j++) {
            int64_t newer =
                r.generation ? overlay_find(&r.generation->overlay, hash[j]) : VALUE_NONE;
            index[i + j] = answer_of(newer == VALUE_NONE ? found[j] : newer);
        }
    }
    read_end(r);
}

bool derived_state(const struct derived *derived, uint32_t card_index, struct derived_card *out)
{
    const struct cell *cell;
    uint64_t state;

    if (card_index >= atomic_load_explicit(&derived->cards, memory_order_acquire)) return false;
    cell = &derived->cells[card_index];
    state = atomic_load_explicit(&cell->state, memory_order_acquire);
    if ((state >> 28 & FLAG_KNOWN) == 0) return false;
    out->card_id = atomic_load_explicit(&cell->card_id, memory_order_relaxed);
    state_unpack(state, out);
    return true;
}

uint32_t derived_cards(const struct derived *derived)
{
    return atomic_load_explicit(&derived->cards, memory_order_acquire);
}

/* ---- changes */

/* The overlay is full: fold it into a new base and give it more room. */
static RESULT value_put(struct derived *d, const uint8_t hash[32], uint32_t index)
{
    struct generation *g = atomic_load(&d->generation);

    if (generation_find(g, hash64(hash)) == (int64_t)index) return OK;
    if (g && overlay_put(&g->overlay, hash64(hash), index)) return OK;
    TRY(derived_fold(d, OVERLAY_SLOTS_MIN));
    g = atomic_load(&d->generation);
    assert(g);
    if (!overlay_put(&g->overlay, hash64(hash), index))
        return fault(FAULT_MEMORY, "derived state: an empty overlay is full");
    return OK;
}

int derived_claim_order(const void *a, const void *b)
{
    const struct card_claim *x = a, *y = b;

    return x->card_id < y->card_id ? -1 : x->card_id > y->card_id;
}

static RESULT pending_put(struct derived *d, struct card_index_row row)
{
    if (d->pending_n == d->pending_max) {
        size_t max = d->pending_max == 0 ? 4096 : d->pending_max * 2;
        struct card_index_row *more = pages_take(max * sizeof *more);
        if (!more) return fault(FAULT_MEMORY, "derived state: %zu new cards", max);
        if (d->pending) memcpy(more, d->pending, d->pending_n * sizeof *more);
        pages_give(d->pending, d->pending_max * sizeof *more);
        d->pending = more;
        d->pending_max = max;
    }
    d->pending[d->pending_n++] = row;
    return OK;
}

/* The index of a card: known by its number, kept from before, or the next. */
RESULT derived_index_for(struct derived *d, const struct card_state *state, uint32_t *out)
{
    int64_t found = generation_find(atomic_load(&d->generation), hash64(state->no_hash));
    uint32_t cards = atomic_load(&d->cards);
    struct card_claim wanted = { .card_id = state->card_id }, *claim;

    if (found >= 0 && found < cards && atomic_load(&d->cells[found].card_id) == state->card_id) {
        *out = (uint32_t)found;
        return OK;
    }
    claim = d->claims_n == 0
                ? NULL
                : bsearch(&wanted, d->claims, d->claims_n, sizeof wanted, derived_claim_order);
    if (claim) {
        *out = claim->index;
        return OK;
    }
    if (found ==
        VALUE_SEVERAL) { /* two numbers alike in all bits compared: look by the card's id */
        for (uint32_t i = 0; i < cards; i++) {
            if (atomic_load(&d->cells[i].card_id) == state->card_id) {
                *out = i;
                return OK;
            }
        }
    }
    if (cards >= d->cells_max) return fault(FAULT_MEMORY, "derived state: %u cards", cards);
    TRY(pending_put(d, (struct card_index_row){ cards, state->card_id, state->person_id }));
    atomic_store_explicit(&d->cells[cards].card_id, state->card_id, memory_order_relaxed);
    atomic_store_explicit(&d->cards, cards + 1, memory_order_release);
    *out = cards;
    return OK;
}

RESULT derived_apply(struct derived *d, const struct card_state *state)
{
    uint64_t word = state_pack(state);
    struct cell *cell;
    uint32_t index;

    TRY(derived_index_for(d, state, &index));
    cell = &d->cells[index];
    if (!state_later(word, atomic_load(&cell->state))) return OK;
    atomic_store_explicit(&cell->state, word, memory_order_release);
    TRY(value_put(d, state->no_hash, index));
    if (hash_given(state->ident_hash)) TRY(value_put(d, state->ident_hash, index));
    if (state_alias_lives(state)) TRY(value_put(d, state->alias_hash, index));
    return OK;
}

void derived_note(void *derived, struct bytes note)
{
    struct derived *d = derived;
    struct card_state state;
    struct err err = OK;

    if (!card_state_parse(note, &state)) return;
    pthread_mutex_lock(&d->note);
    if (d->open) err = derived_apply(d, &state);
    pthread_mutex_unlock(&d->note);
    /* A fault (no memory) loses nothing: the sealed feed brings the change again, and catch_up says
     * the fault to somebody who can hear it. */
    (void)err;
}

struct catch_up {
    struct derived *d;
    int64_t position;
    int64_t n;
};

static RESULT catch_entry(void *arg, const struct feed_entry *entry)
{
    struct catch_up *call = arg;
    struct card_state state;
    struct err err = OK;

    if (card_state_parse(entry->payload, &state)) {
        pthread_mutex_lock(&call->d->note);
        err = derived_apply(call->d, &state);
        pthread_mutex_unlock(&call->d->note);
    }
    if (err.code != 0) return err;
    call->position = entry->position;
    call->n++;
    return OK;
}

/* Keep the indexes of new cards. `note` is not held over the store's call; what comes in meanwhile
 * stays pending behind them. */
RESULT derived_settle(struct derived *d)
{
    struct card_index_row *rows;
    size_t n;
    struct err err;

    pthread_mutex_lock(&d->note);
    n = d->pending_n;
    pthread_mutex_unlock(&d->note);
    if (n == 0) return OK;
    rows = pages_take(n * sizeof *rows);
    if (!rows) return fault(FAULT_MEMORY, "derived state: %zu indexes to keep", n);
    pthread_mutex_lock(&d->note);
    memcpy(rows, d->pending, n * sizeof *rows);
    pthread_mutex_unlock(&d->note);
    err = card_index_keep(d->store, rows, n);
    pages_give(rows, n * sizeof *rows);
    TRY(err);
    pthread_mutex_lock(&d->note);
    d->pending_n -= n;
    memmove(d->pending, d->pending + n, d->pending_n * sizeof *d->pending);
    pthread_mutex_unlock(&d->note);
    return OK;
}

RESULT derived_follow(struct derived *d)
{
    enum { AT_ONCE = 10000 };

    for (;;) {
        struct catch_up call = { .d = d, .position = d->position };
        TRY(feed_read(d->store, FEED_CARD, d->position, AT_ONCE, catch_entry, &call));
        TRY(derived_settle(d));
        pthread_mutex_lock(&d->note);
        d->position = call.position;
        d->applied_at = store_now(d->store);
        pthread_mutex_unlock(&d->note);
        if (call.n < AT_ONCE) return OK;
    }
}

RESULT derived_catch_up(struct derived *derived)
{
    struct err err;

    pthread_mutex_lock(&derived->keeper);
    err = derived_follow(derived);
    pthread_mutex_unlock(&derived->keeper);
    return err;
}

RESULT derived_index_of(struct derived *derived, const uint8_t no_hash[32], int64_t card_id,
                        uint32_t *index)
{
    uint32_t found = derived_find(derived, no_hash);
    bool waits = false;
    struct err err = OK;

    if (found >= derived_cards(derived) || atomic_load(&derived->cells[found].card_id) != card_id) {
        *index = DERIVED_NO_CARD;
        return OK;
    }
    pthread_mutex_lock(&derived->note);
    waits = derived->pending_n != 0 && derived->pending[0].index <= found;
    pthread_mutex_unlock(&derived->note);
    if (waits) {
        pthread_mutex_lock(&derived->keeper);
        err = derived_settle(derived);
        pthread_mutex_unlock(&derived->keeper);
    }
    if (err.code == 0) *index = found;
    return err;
}

struct card_of_call {
    uint32_t index;
    struct card_index_row row;
    bool found;
};

static RESULT card_of(struct txn *tx, void *arg)
{
    struct card_of_call *call = arg;

    return card_index_find(tx, call->index, &call->row, &call->found);
}

RESULT derived_card_of(struct store *store, uint32_t index, int64_t *card_id, int64_t *person_id)
{
    struct card_of_call call = { .index = index };

    TRY(store_read(store, card_of, &call));
    REQUIRE(call.found, IDENTITY_CARD_UNKNOWN);
    *card_id = call.row.card_id;
    *person_id = call.row.person_id;
    return OK;
}

void derived_status(struct derived *derived, struct derived_status *out)
{
    const struct generation *g;

    pthread_mutex_lock(&derived->note);
    g = atomic_load(&derived->generation);
    *out = (struct derived_status){ .position = derived->position,
                                    .incarnation = derived->incarnation,
                                    .applied_at = derived->applied_at,
                                    .cards = atomic_load(&derived->cards) };
    if (g) {
        out->credentials = (int64_t)g->index.n;
        out->overlay = atomic_load(&g->overlay.used);
        out->bytes = (int64_t)(g->base_bytes + g->overlay_bytes);
        out->index_bits_compared = g->index.block_bits + 64 - g->index.index_bits;
    }
    pthread_mutex_unlock(&derived->note);
}
