/* programs/simulate/gate_list.c - full list first, then deltas, in two arenas that take turns. */
#include "programs/simulate/gate_list.h"

#include "http/json.h"

#include <stdio.h>

enum { LIST_MAX = 64 << 20 };

struct err gate_list_open(struct gate_list *list, bool test)
{
    *list = (struct gate_list){ .test = test };
    TRY(arena_open(&list->arenas[0], LIST_MAX));
    return arena_open(&list->arenas[1], LIST_MAX);
}

void gate_list_close(struct gate_list *list)
{
    arena_close(&list->arenas[0]);
    arena_close(&list->arenas[1]);
}

/* Checked, then opened or applied in the arena that is not in use; then they change places. */
static RESULT take(struct gate_list *list, struct bytes file)
{
    struct arena *arena = &list->arenas[1 - list->now];
    struct stop_list_file parts;
    struct stop_list next;
    struct bytes copy;

    arena_reset(arena);
    copy = arena_bytes(arena, file);
    if (arena->full) return fault(FAULT_MEMORY, "a stop list of %zu bytes", file.n);
    TRY(identity_stop_list_check(&list->keys, copy, list->test, &parts));
    if (parts.head.delta && !list->has) REFUSE(STOP_LIST_GAP);
    if (!parts.head.delta) {
        TRY(stop_list_open(&parts, arena, &next));
    } else {
        bool older = parts.head.position < list->list.head.position ||
                     parts.head.universe < list->list.head.universe;
        TRY(stop_list_apply(&list->list, &parts, arena, &next));
        if (older) return OK; /* the list stays where it lies */
    }
    list->now = 1 - list->now;
    list->list = next;
    list->has = true;
    return OK;
}

static RESULT get(struct gate_list *list, struct gate_link *link)
{
    char path[200];
    struct answer answer;

    snprintf(path, sizeof path, "/v1/stop-lists/cards?incarnation=%" PRId64 "&from=%" PRId64,
             list->has ? list->list.head.incarnation : 0, list->has ? list->list.head.position : 0);
    TRY(gate_ask(link, "GET", path, (struct str){ 0 }, NULL, &answer));
    if (answer.status != 200)
        return fault(FAULT_PARTNER, "stop list: %ld %s", answer.status, answer.code);
    return take(list, answer.body);
}

/* A full list may be a minute old: what changed since comes as a delta at once. */
static RESULT pull(struct gate_list *list, struct gate_link *link)
{
    bool first = !list->has;

    TRY(get(list, link));
    return first && list->list.head.position > 0 ? get(list, link) : OK;
}

struct err gate_list_pull(struct gate_list *list, struct gate_link *link)
{
    struct err err;

    if (list->keys.n == 0) TRY(gate_keys(link, &list->keys));
    err = pull(list, link);
    if (err.code == STOP_LIST_INCARNATION || err.code == STOP_LIST_GAP) {
        list->has = false; /* the store was restored: begin with a full list */
        err = pull(list, link);
    }
    if (err.code > 0) list->keys.n = 0; /* perhaps signed by a newer key */
    return err;
}

struct err gate_beat(struct gate_link *link, const struct gate_key *key,
                     const struct gate_list *list, struct instant at, int64_t queue)
{
    char body[400], path[100];
    struct writer w = writer_over(body, sizeof body);
    struct json_out out = json_out_over(&w, NULL);
    struct answer answer;

    json_out_object(&out, NULL);
    json_out_int(&out, "incarnation", list->list.head.incarnation);
    json_out_int(&out, "position", list->list.head.position);
    json_out_instant(&out, "list_made_at", list->list.head.made_at);
    json_out_instant(&out, "terminal_at", at);
    json_out_int(&out, "queue", queue);
    json_out_end(&out);
    snprintf(path, sizeof path, "/v1/terminals/%s/heartbeats", key->id);
    TRY(gate_ask(link, "POST", path, writer_str(&w), NULL, &answer));
    if (answer.status >= 300)
        return fault(FAULT_PARTNER, "heartbeat: %ld %s", answer.status, answer.code);
    return OK;
}
