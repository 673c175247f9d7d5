/* registry/staff_store.h - rows of staff and their grants. */
#pragma once
#include "registry/staff.h"

enum { STAFF_NAME_SEALED = 4 * NAME_CHARS_MAX + FIELD_SEAL_MORE };
#define TABLE_STAFF S("staff")
#define COLUMN_STAFF_NAME S("name_sealed")

struct staff_row {
    struct staff s;
    uint8_t name[STAFF_NAME_SEALED];
    size_t name_n;
    struct instant created_at;
};
RESULT staff_insert(struct txn *tx, const struct staff_row *row);
RESULT staff_select(struct txn *tx, int64_t staff_id, struct staff *out, bool *found);
RESULT staff_select_user(struct txn *tx, struct str user, struct staff *out, bool *found);
/* At most max after `after`, by id, without their grants. */
RESULT staff_select_after(struct txn *tx, int64_t after, int max, struct staff *out, int *n);
RESULT staff_disabled_set(struct txn *tx, int64_t staff_id, bool disabled);
RESULT grant_insert(struct txn *tx, int64_t staff_id, const struct grant *grant);
RESULT grant_delete(struct txn *tx, int64_t staff_id, const struct grant *grant);
RESULT grants_select(struct txn *tx, int64_t staff_id, struct grant out[GRANTS_MAX], int *n);
