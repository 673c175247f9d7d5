/* tests/card/wire/stop_list_test.c - lists against a plain array that holds the truth; damage. */
#include "tests/test.h"

#include <stdlib.h>

#include "card/wire/stop_list.h"

enum { UNIVERSE = 40000 };

struct truth {
    enum stop_answer of[UNIVERSE];
    uint32_t universe;
};
struct made {
    struct arena arena;
    struct bytes file;
};

/* The list of what the truth says, or of `changed` cards only. */
static struct bytes list_make(struct arena *arena, const struct truth *truth, const bool *changed,
                              int64_t from, int64_t position, const uint32_t *papers,
                              uint32_t papers_n)
{
    struct stop_entry *cards = NEW_ARRAY(arena, struct stop_entry, truth->universe);
    struct stop_list_head head = { .delta = changed != NULL,
                                   .suite = CODE_SM2,
                                   .test = true,
                                   .kid = 7,
                                   .max_age_sec = 3600,
                                   .incarnation = 3,
                                   .from_position = from,
                                   .position = position,
                                   .made_at = { 1000000 * position },
                                   .universe = truth->universe,
                                   .papers_n = papers_n };
    for (uint32_t i = 0; i < truth->universe; i++) {
        if (changed ? !changed[i] : truth->of[i] == STOP_CLEAR) continue;
        cards[head.cards_n++] = (struct stop_entry){ i, truth->of[i] };
        if (truth->of[i] == STOP_CARD_ONLY) head.ecard_n++;
    }
    struct writer w =
        writer_over(arena_take(arena, stop_list_bytes(&head), 8), stop_list_bytes(&head));
    stop_list_write(&head, &(struct stop_list_content){ cards, papers }, &w);
    CHECK("the file fits", !w.over && w.n == w.size);
    return writer_bytes(&w);
}

static int64_t differences(const struct stop_list *list, const struct truth *truth)
{
    int64_t wrong = 0;

    for (uint32_t i = 0; i < truth->universe; i++) {
        if (stop_list_find(list, i) != truth->of[i]) wrong++;
    }
    return wrong;
}

static void spread(struct truth *truth, struct prng *prng, int64_t in, bool clustered)
{
    memset(truth->of, 0, sizeof truth->of);
    for (uint32_t i = 0; i < truth->universe; i++) {
        if (clustered ? (i / 700) % 5 == 2 : prng_between(prng, 1, in) == 1)
            truth->of[i] = prng_between(prng, 1, 10) == 1 ? STOP_CARD_ONLY : STOP_STOPPED;
    }
}

static void full_lists(struct arena *arena, struct prng *prng)
{
    static const struct {
        const char *title;
        uint32_t universe;
        int64_t one_in;
        bool clustered;
    } rows[] = {
        { "one in sixty", UNIVERSE, 60, false },
        { "one in two", UNIVERSE, 2, false },
        { "all of them", 5000, 1, false },
        { "one in ten thousand", UNIVERSE, 10000, false },
        { "in clusters", UNIVERSE, 0, true },
        { "a single card in all", 1, 1, false },
        { "no card at all", 0, 1, false },
        { "a universe that is a power of two", 32768, 64, false },
    };
    static struct truth truth;

    for (size_t i = 0; i < LEN(rows); i++) {
        uint32_t papers[] = { 0, 5, 4000000000u, UINT32_MAX };
        struct stop_list_file file;
        struct stop_list list;
        struct bytes bytes;
        truth.universe = rows[i].universe;
        spread(&truth, prng, rows[i].one_in, rows[i].clustered);
        bytes = list_make(arena, &truth, NULL, 0, 9, papers, LEN(papers));
        CHECK_OK(rows[i].title, stop_list_parse(bytes, &file));
        CHECK_OK(rows[i].title, stop_list_open(&file, arena, &list));
        CHECK_INT(rows[i].title, differences(&list, &truth), 0);
        CHECK_INT("an index past the universe", stop_list_find(&list, truth.universe),
                  STOP_UNKNOWN);
        CHECK("papers", stop_list_paper_revoked(&list, 0) &&
                            stop_list_paper_revoked(&list, UINT32_MAX) &&
                            !stop_list_paper_revoked(&list, 6));
        CHECK("not stale at its age", !stop_list_stale(&list, (struct instant){ 3609000000 }));
        CHECK("stale after it", stop_list_stale(&list, (struct instant){ 3609000001 }));
        arena_reset(arena);
    }
}

static void deltas(struct arena *arena, struct prng *prng)
{
    static struct truth truth;
    static bool changed[UNIVERSE];
    uint32_t papers[] = { 3, 9 }, more[] = { 1, 9, 70000 };
    struct stop_list_file file, delta;
    struct stop_list list, next, same;

    truth.universe = UNIVERSE - 1000;
    spread(&truth, prng, 60, false);
    CHECK_OK("a base", stop_list_parse(list_make(arena, &truth, NULL, 0, 9, papers, 2), &file));
    CHECK_OK("opened", stop_list_open(&file, arena, &list));
    truth.universe = UNIVERSE;
    for (uint32_t i = 0; i < UNIVERSE; i++) {
        changed[i] = prng_between(prng, 1, 200) == 1;
        if (changed[i]) truth.of[i] = (enum stop_answer)prng_between(prng, 0, 2);
    }
    struct bytes bytes = list_make(arena, &truth, changed, 9, 12, more, 3);
    CHECK_OK("a delta", stop_list_parse(bytes, &delta));
    CHECK_OK("applied", stop_list_apply(&list, &delta, arena, &next));
    CHECK_INT("is the truth", differences(&next, &truth), 0);
    CHECK_INT("stands at the delta's position", next.head.position, 12);
    CHECK("papers of both", stop_list_paper_revoked(&next, 3) &&
                                stop_list_paper_revoked(&next, 70000) &&
                                !stop_list_paper_revoked(&next, 2));
    CHECK_INT("three and nine once", next.head.papers_n, 4);
    CHECK_OK("again changes nothing", stop_list_apply(&next, &delta, arena, &same));
    CHECK_INT("and is the truth", differences(&same, &truth), 0);
    delta.head.from_position = 10;
    CHECK_CODE("a gap", stop_list_apply(&list, &delta, arena, &same), STOP_LIST_GAP);
    delta.head.incarnation = 4;
    CHECK_CODE("of another incarnation", stop_list_apply(&list, &delta, arena, &same),
               STOP_LIST_INCARNATION);
    CHECK_CODE("a delta is no list", stop_list_open(&delta, arena, &same), STOP_LIST_UNREADABLE);
    CHECK_CODE("a list is no delta", stop_list_apply(&list, &file, arena, &same),
               STOP_LIST_UNREADABLE);
    arena_reset(arena);
}

/* Any single changed bit is refused or gives a list that answers without leaving its bounds. */
static void damage(struct arena *arena, struct prng *prng)
{
    static struct truth truth;
    struct bytes good;
    uint8_t *file;
    int refused = 0, rounds = 0;

    truth.universe = 3000;
    spread(&truth, prng, 20, false);
    good = list_make(arena, &truth, NULL, 0, 9, NULL, 0);
    file = malloc(good.n);
    assert(file);
    for (size_t bit = 0; bit < good.n * 8; bit += 1 + prng_next(prng) % 5, rounds++) {
        static uint8_t memory[1 << 20];
        struct arena scratch = arena_over(memory, sizeof memory);
        struct stop_list_file parts;
        struct stop_list list;
        memcpy(file, good.p, good.n);
        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (stop_list_parse(bytes_of(file, good.n), &parts).code != 0 ||
            stop_list_open(&parts, &scratch, &list).code != 0) {
            refused++;
            continue;
        }
        for (uint32_t i = 0; i < 4000; i++) {
            stop_list_find(&list, i);
        }
    }
    CHECK("many damages show by themselves; the digest finds the others",
          refused > 0 && rounds > 0);
    for (size_t n = 0; n < good.n; n++) {
        struct stop_list_file parts;
        if (stop_list_parse(bytes_of(good.p, n), &parts).code == 0) refused = -1;
    }
    CHECK("a cut file is refused at every length", refused >= 0);
    free(file);
    arena_reset(arena);
}

int main(void)
{
    struct prng prng = { test_seed() };
    SCOPED(arena) arena;

    CHECK_OK("memory", arena_open(&arena, 8 << 20));
    full_lists(&arena, &prng);
    deltas(&arena, &prng);
    damage(&arena, &prng);
    return test_end();
}
