/* tests/fuzz/stop_list_fuzz.c - stop lists of strangers: every input is refused, or answers for
 * every index without leaving its bounds and holds as many cards as its head says. */
#include <stdlib.h>

#include "card/wire/stop_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
    if (!what) abort();
}

static void ask_all(const struct stop_list *list)
{
    uint32_t stopped = 0, upto = list->head.universe < 5000 ? list->head.universe : 5000;

    for (uint32_t i = 0; i < upto; i++) {
        if (stop_list_find(list, i) != STOP_CLEAR) stopped++;
        stop_list_paper_revoked(list, i);
    }
    demand(upto != list->head.universe || stopped == list->head.cards_n);
    demand(stop_list_find(list, list->head.universe) == STOP_UNKNOWN);
    stop_list_paper_revoked(list, UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 20], more[4 << 20];
    struct arena arena = arena_over(memory, sizeof memory), second = arena_over(more, sizeof more);
    struct stop_list_file file;
    struct stop_list list, applied, empty;

    if (stop_list_parse(bytes_of(data, size), &file).code != 0) return 0;
    demand(file.body.n + STOP_LIST_BODY_AT == size);
    if (!file.head.delta) {
        if (stop_list_memory(&file.head) > sizeof memory) return 0;
        if (stop_list_open(&file, &arena, &list).code == 0) ask_all(&list);
        return 0;
    }
    memset(&empty, 0, sizeof empty);
    empty.head.incarnation = file.head.incarnation;
    empty.head.position = file.head.from_position;
    if (stop_list_apply_memory(&empty, &file.head) > sizeof more) return 0;
    if (stop_list_apply(&empty, &file, &second, &applied).code == 0) ask_all(&applied);
    return 0;
}
