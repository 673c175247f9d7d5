/* programs/audit_card.h - card rows against the sealed feed of their states. */
#pragma once
#include "store/store.h"

struct audit_card_result {
    int64_t cards;     /* rows */
    int64_t agree;     /* whose state is the last one sealed (or younger than the newest seal) */
    int64_t waiting;   /* of those, the ones that are younger */
    int64_t first_bad; /* id of the first that does not; 0 none */
};
/* OK whatever was found; faults FAULT_STORE*, FAULT_MEMORY. */
RESULT audit_card(struct store *store, struct audit_card_result *out);
