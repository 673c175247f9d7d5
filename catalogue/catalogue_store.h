/* catalogue/catalogue_store.h - rows of the reference data; this folder only. */
#pragma once
#include "catalogue/snapshot.h"
#include "store/store.h"

RESULT version_load(struct txn *tx, int64_t *version);
/* Fill a new snapshot from the store, not yet indexed. */
RESULT snapshot_load(struct txn *tx, struct catalogue *cat);

/* Replace what files brought by `cat`, in a store_load body: rows whose code stays keep their id,
 * rows added by acts stay. Gives ids to cat's rows. */
RESULT snapshot_write(struct txn *tx, struct catalogue *cat, struct instant at);
enum version_what { VERSION_IMPORT, VERSION_OPENING, VERSION_PARAMETER };
RESULT version_raise(struct txn *tx, enum version_what what, struct instant at, int64_t *version);
RESULT opening_insert(struct txn *tx, int64_t id, const struct opening_ask *ask);
RESULT parameter_insert(struct txn *tx, int64_t id, const struct parameter_ask *ask);
