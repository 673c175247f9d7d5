/* programs/simulate/gate_list.h - the stop list a gate holds, and the heartbeat that says so. */
#pragma once
#include "programs/simulate/gate_link.h"

struct gate_list {
    struct published_keys keys;
    struct stop_list list;
    bool has, test;         /* test: lists signed by test keys are taken */
    struct arena arenas[2]; /* of the list in hand, and of the next one */
    int now;
};
RESULT gate_list_open(struct gate_list *list, bool test);
void gate_list_close(struct gate_list *list);
/* Keys when there are none, then what changed since the list in hand, or a full one; checked before
 * it counts. FAULT_PARTNER when nobody answers; a list refused (STOP_LIST_*, IDENTITY_*) leaves the
 * old one, and keys are fetched again with the next. */
RESULT gate_list_pull(struct gate_list *list, struct gate_link *link);
/* Tell the centre which position this gate obeys, and how many lines wait to be uploaded. */
RESULT gate_beat(struct gate_link *link, const struct gate_key *key, const struct gate_list *list,
                 struct instant at, int64_t queue);
