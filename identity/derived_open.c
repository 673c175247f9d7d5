/* identity/derived_open.c - derived state from files or from the store, and made anew. */
#include <stdlib.h>
#include <sys/mman.h>

#include "identity/card_index_store.h"
#include "identity/derived_core.h"

/* ---- opening */

RESULT derived_new(struct derived **out)
{
    struct derived *d = pages_take(sizeof *d);

    if (!d) return fault(FAULT_MEMORY, "derived state");
    pthread_mutex_init(&d->note, NULL);
    pthread_mutex_init(&d->keeper, NULL);
    *out = d;
    return OK;
}

/* An index kept after the files were written: its card comes with the feed. */
static RESULT claim_take(void *arg, const struct card_index_row *row)
{
    struct derived *d = arg;

    if (row->index >= d->cells_max)
        return fault(FAULT_MEMORY, "derived state: index %u", row->index);
    if (d->claims_n == d->claims_max) {
        size_t max = d->claims_max == 0 ? 4096 : d->claims_max * 2;
        struct card_claim *more = pages_take(max * sizeof *more);
        if (!more) return fault(FAULT_MEMORY, "derived state: %zu kept indexes", max);
        if (d->claims) memcpy(more, d->claims, d->claims_n * sizeof *more);
        pages_give(d->claims, d->claims_max * sizeof *more);
        d->claims = more;
        d->claims_max = max;
    }
    d->claims[d->claims_n++] = (struct card_claim){ row->card_id, row->index };
    atomic_store(&d->cells[row->index].card_id, row->card_id);
    if (row->index >= atomic_load(&d->cards)) atomic_store(&d->cards, row->index + 1);
    return OK;
}

static RESULT claims_load(struct derived *d, uint32_t from)
{
    TRY(card_index_each(d->store, from, claim_take, d));
    if (d->claims_n != 0) qsort(d->claims, d->claims_n, sizeof d->claims[0], derived_claim_order);
    return OK;
}

/* What was committed and not sealed when the process before ended: its notes went with it. */
static RESULT unsealed_take(void *arg, const struct feed_entry *entry)
{
    derived_note(arg, entry->payload);
    return OK;
}

static RESULT rebuild_locked(struct derived *d);

static RESULT open_locked(struct derived *d)
{
    struct feed_status status;
    bool found = false;

    TRY(feed_status(d->store, FEED_CARD, &status));
    d->incarnation = status.incarnation;
    store_identity(d->store, d->store_id);
    TRY(derived_files_read(d, status.head_position, &found));
    TRY(claims_load(d, found ? atomic_load(&d->cards) : 0));
    if (!found) TRY(rebuild_locked(d));
    d->open = true;
    TRY(derived_follow(d));
    TRY(feed_read_unsealed(d->store, FEED_CARD, unsealed_take, d));
    return derived_settle(d);
}

RESULT derived_open(struct derived *derived, const struct derived_config *config)
{
    struct err err;
    void *cells;

    assert(!derived->open);
    derived->store = config->store;
    derived->cells_max = config->cards_max == 0 ? CELLS_MAX_DEFAULT : config->cards_max;
    if (!str_c(config->folder, derived->folder, sizeof derived->folder - 32))
        return fault(FAULT_CONFIG, "derived state: the folder's name is too long");
    /* address space for all that may come; pages are taken when a card is written */
    cells = mmap(NULL, derived->cells_max * sizeof(struct cell), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cells == MAP_FAILED)
        return fault(FAULT_MEMORY, "derived state: room for %u cards", derived->cells_max);
    madvise(cells, derived->cells_max * sizeof(struct cell), MADV_HUGEPAGE);
    derived->cells = cells;
    pthread_mutex_lock(&derived->keeper);
    err = open_locked(derived);
    pthread_mutex_unlock(&derived->keeper);
    return err;
}

void derived_close(struct derived *derived)
{
    if (!derived) return;
    if (derived->cells) munmap(derived->cells, derived->cells_max * sizeof(struct cell));
    generation_free(atomic_load(&derived->generation));
    pages_give(derived->pending, derived->pending_max * sizeof *derived->pending);
    pages_give(derived->claims, derived->claims_max * sizeof *derived->claims);
    pthread_mutex_destroy(&derived->note);
    pthread_mutex_destroy(&derived->keeper);
    pages_give(derived, sizeof *derived);
}

/* Every card as the registry has it now: states in place, values in a new base that then takes the
 * old one's place. Readers see the old until then. A change that comes in meanwhile may be set back
 * for a moment; its feed entry lies after the position read here and is applied again. */
struct rebuild_call {
    struct derived *d;
    struct value_row *rows;
    size_t n, max;
};

static RESULT rebuild_value(struct rebuild_call *call, const uint8_t hash[32], uint32_t index)
{
    if (call->n == call->max) {
        size_t max = call->max == 0 ? 1 << 16 : call->max * 2;
        struct value_row *more = pages_take(max * sizeof *more);
        if (!more) return fault(FAULT_MEMORY, "derived state: %zu values", max);
        if (call->rows) memcpy(more, call->rows, call->n * sizeof *more);
        pages_give(call->rows, call->max * sizeof *more);
        call->rows = more;
        call->max = max;
    }
    call->rows[call->n++] = (struct value_row){ hash64(hash), index };
    return OK;
}

static RESULT rebuild_card(void *arg, const struct card *card)
{
    struct rebuild_call *call = arg;
    struct card_claim wanted = { .card_id = card->id }, *claim = NULL;
    struct card_state state;
    uint32_t index;
    struct err err = OK;

    card_state_of(card, card->changed_at, &state);
    if (call->d->claims_n != 0)
        claim = bsearch(&wanted, call->d->claims, call->d->claims_n, sizeof wanted,
                        derived_claim_order);
    if (claim) {
        index = claim->index;
    } else {
        pthread_mutex_lock(&call->d->note);
        err = derived_index_for(call->d, &state, &index);
        pthread_mutex_unlock(&call->d->note);
    }
    if (err.code != 0) return err;
    atomic_store_explicit(&call->d->cells[index].state, state_pack(&state), memory_order_release);
    TRY(rebuild_value(call, state.no_hash, index));
    if (hash_given(state.ident_hash)) TRY(rebuild_value(call, state.ident_hash, index));
    if (state_alias_lives(&state)) TRY(rebuild_value(call, state.alias_hash, index));
    return OK;
}

/* With `note` held: the new base, and what was added to the old one on top. */
static RESULT rebuild_swap(struct derived *d, const struct rebuild_call *call)
{
    struct generation *old = atomic_load(&d->generation), *made;
    uint32_t slots = old ? old->overlay.slots : OVERLAY_SLOTS_MIN;

    TRY(generation_make(call->rows, call->n, index_bits_for(atomic_load(&d->cards)), slots, &made));
    for (uint32_t i = 0; old && i < old->overlay.slots; i++) {
        uint64_t hash = atomic_load(&old->overlay.hash[i]);
        if (hash != 0) overlay_put(&made->overlay, hash, atomic_load(&old->overlay.index[i]));
    }
    generation_swap(d, made);
    return OK;
}

static RESULT rebuild_locked(struct derived *d)
{
    struct feed_status status;
    struct rebuild_call call = { .d = d };
    struct err err;

    TRY(feed_status(d->store, FEED_CARD, &status));
    TRY(derived_settle(d));
    d->claims_n = 0;
    TRY(claims_load(d, 0));
    err = registry_card_each(d->store, rebuild_card, &call);
    pthread_mutex_lock(&d->note);
    if (err.code == 0) err = rebuild_swap(d, &call);
    if (err.code == 0) {
        d->incarnation = status.incarnation;
        d->position = status.head_position;
    }
    pthread_mutex_unlock(&d->note);
    pages_give(call.rows, call.max * sizeof *call.rows);
    TRY(err);
    return derived_settle(d);
}

RESULT derived_rebuild(struct derived *derived)
{
    struct err err;

    pthread_mutex_lock(&derived->keeper);
    err = rebuild_locked(derived);
    if (err.code == 0) err = derived_follow(derived);
    if (err.code == 0) err = derived_files_write(derived);
    pthread_mutex_unlock(&derived->keeper);
    return err;
}

RESULT derived_save(struct derived *derived)
{
    struct err err;

    pthread_mutex_lock(&derived->keeper);
    err = derived_follow(derived);
    if (err.code == 0) err = derived_files_write(derived);
    pthread_mutex_unlock(&derived->keeper);
    return err;
}
