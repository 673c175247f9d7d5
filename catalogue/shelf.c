/* catalogue/shelf.c - the newest snapshot, swapped in one step, and those that readers may still
 * hold. */
#include "catalogue/catalogue_store.h"

#include <stdatomic.h>

struct catalogue_shelf {
    struct store *store;
    _Atomic(struct catalogue *) newest; /* ->older: replaced ones, newest first */
    struct arena arena;                 /* this struct lies in it */
};

static struct err load_in_txn(struct txn *tx, void *arg)
{
    return snapshot_load(tx, arg);
}

static RESULT load_snapshot(struct store *store, struct catalogue **out)
{
    struct catalogue *cat;
    struct err end;

    TRY(catalogue_new(&cat));
    end = store_read(store, load_in_txn, cat);
    if (end.code == 0) end = catalogue_index(cat);
    if (end.code != 0) {
        catalogue_free(cat);
        return end;
    }
    *out = cat;
    return OK;
}

RESULT catalogue_shelf_open(struct store *store, struct catalogue_shelf **out)
{
    struct arena arena;
    struct catalogue_shelf *shelf;
    struct catalogue *cat;
    struct err end;

    TRY(arena_open(&arena, sizeof *shelf + 64));
    shelf = NEW(&arena, struct catalogue_shelf);
    assert(shelf);
    end = load_snapshot(store, &cat);
    if (end.code != 0) {
        arena_close(&arena);
        return end;
    }
    shelf->store = store;
    shelf->arena = arena;
    atomic_init(&shelf->newest, cat);
    *out = shelf;
    return OK;
}

void catalogue_shelf_close(struct catalogue_shelf *shelf)
{
    if (!shelf) return;
    for (struct catalogue *cat = atomic_load(&shelf->newest), *older; cat; cat = older) {
        older = cat->older;
        catalogue_free(cat);
    }
    struct arena arena = shelf->arena;
    arena_close(&arena);
}

const struct catalogue *catalogue_now(const struct catalogue_shelf *shelf)
{
    return atomic_load_explicit(&shelf->newest, memory_order_acquire);
}

/* Those replaced longer ago than any request lives; they stand at the end of the list. */
static void forget_old(struct catalogue *newest, struct instant now)
{
    for (struct catalogue *cat = newest; cat->older; cat = cat->older) {
        if (now.usec - cat->older->replaced_at.usec < CATALOGUE_KEEP_USEC) continue;
        struct catalogue *gone = cat->older;
        cat->older = NULL;
        while (gone) {
            struct catalogue *next = gone->older;
            catalogue_free(gone);
            gone = next;
        }
        return;
    }
}

static struct err version_in_txn(struct txn *tx, void *arg)
{
    return version_load(tx, arg);
}

RESULT catalogue_reload(struct catalogue_shelf *shelf, struct instant now, bool *changed)
{
    struct catalogue *old = atomic_load_explicit(&shelf->newest, memory_order_relaxed);
    struct catalogue *cat;
    int64_t version;

    *changed = false;
    forget_old(old, now);
    TRY(store_read(shelf->store, version_in_txn, &version));
    if (version == old->version) return OK;
    TRY(load_snapshot(shelf->store, &cat));
    cat->older = old;
    old->replaced_at = now;
    atomic_store_explicit(&shelf->newest, cat, memory_order_release);
    *changed = true;
    return OK;
}
