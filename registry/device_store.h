/* registry/device_store.h - rows of devices. */
#pragma once
#include "registry/device.h"

RESULT device_insert(struct txn *tx, const struct device *device);
RESULT device_revoke_set(struct txn *tx, int64_t person_id, int64_t device_id, struct instant at,
                         int64_t epoch);
RESULT device_select(struct txn *tx, int64_t person_id, int64_t device_id, struct device *out,
                     bool *found);
RESULT device_active_select(struct txn *tx, int64_t person_id, enum strength strength,
                            struct device *out, bool *found);
RESULT devices_select(struct txn *tx, int64_t person_id, struct device *out, int max, int *n);
