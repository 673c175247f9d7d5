/* card/wire/stop_list.c - the list's file: docs/protocols/stop-list.md. */
#include "card/wire/stop_list.h"

#include "card/wire/sorted_set.h"

enum { VERSION = 1, KIND_FULL = 1, KIND_DELTA = 2, FLAG_TEST = 1, DIGEST_AT = 64 };
#define PAPERS_UNIVERSE (UINT64_C(1) << 32)
#define UNIVERSE_MAX UINT32_C(0xFFFFFFF0)

/* ---- the four parts of a body: cards, e-card ranks, (in a delta) which cards stop, papers */

struct parts {
    size_t cards, stops, ecard, papers; /* bytes */
};

/* In a delta the second set are ranks of changed cards that are stopped now; the others are clear.
 * A full list has no such part: all are stopped. The e-card's ranks count within the cards. */
static struct parts parts_of(const struct stop_list_head *head)
{
    return (struct parts){
        .cards = sorted_set_bytes(head->universe, head->cards_n),
        .stops = head->delta ? ((size_t)head->cards_n + 63) / 64 * 8 : 0,
        .ecard = sorted_set_bytes(head->cards_n, head->ecard_n),
        .papers = sorted_set_bytes(PAPERS_UNIVERSE, head->papers_n),
    };
}

static size_t body_bytes(const struct stop_list_head *head)
{
    struct parts parts = parts_of(head);

    return parts.cards + parts.stops + parts.ecard + parts.papers;
}

size_t stop_list_bytes(const struct stop_list_head *head)
{
    return STOP_LIST_BODY_AT + body_bytes(head);
}

/* ---- reading */

static void head_take(struct cursor *c, struct stop_list_head *head, uint8_t *version,
                      uint8_t *kind, uint8_t *suite, uint8_t *flags, uint16_t *spare)
{
    struct bytes digest;

    *version = take_u8(c);
    *kind = take_u8(c);
    *suite = take_u8(c);
    *flags = take_u8(c);
    head->kid = take_be16(c);
    *spare = take_be16(c);
    head->max_age_sec = take_be32(c);
    head->incarnation = (int64_t)take_be64(c);
    head->from_position = (int64_t)take_be64(c);
    head->position = (int64_t)take_be64(c);
    head->made_at.usec = (int64_t)take_be64(c);
    head->universe = take_be32(c);
    head->cards_n = take_be32(c);
    head->ecard_n = take_be32(c);
    head->papers_n = take_be32(c);
    digest = take_bytes(c, 32);
    if (digest.n == 32) memcpy(head->body_digest, digest.p, 32);
}

RESULT stop_list_parse(struct bytes file, struct stop_list_file *out)
{
    struct cursor c = cursor_over(file);
    struct stop_list_file read = { .signed_part = { file.p, STOP_LIST_HEAD_BYTES } };
    struct stop_list_head *head = &read.head;
    struct bytes magic = take_bytes(&c, 4);
    uint8_t version, kind, suite, flags;
    uint16_t spare;

    head_take(&c, head, &version, &kind, &suite, &flags, &spare);
    read.signature = take_bytes(&c, 64);
    read.body = take_rest(&c);
    TRY(cursor_end(&c, STOP_LIST_UNREADABLE));
    REQUIRE(bytes_eq(magic, str_bytes(S("YKSL"))), STOP_LIST_UNREADABLE);
    REQUIRE(version == VERSION, STOP_LIST_FORMAT_UNKNOWN);
    REQUIRE(kind == KIND_FULL || kind == KIND_DELTA, STOP_LIST_UNREADABLE);
    REQUIRE(suite == CODE_SM2 || suite == CODE_P256, STOP_LIST_UNREADABLE);
    REQUIRE((flags & ~FLAG_TEST) == 0 && spare == 0, STOP_LIST_UNREADABLE);
    head->delta = kind == KIND_DELTA;
    head->suite = (enum code_suite)suite;
    head->test = (flags & FLAG_TEST) != 0;
    REQUIRE(head->incarnation >= 0 && head->made_at.usec >= 0, STOP_LIST_UNREADABLE);
    REQUIRE(head->from_position >= 0 && head->position >= head->from_position,
            STOP_LIST_UNREADABLE);
    REQUIRE(head->delta || head->from_position == 0, STOP_LIST_UNREADABLE);
    REQUIRE(head->universe <= UNIVERSE_MAX && head->cards_n <= head->universe,
            STOP_LIST_UNREADABLE);
    REQUIRE(head->ecard_n <= head->cards_n, STOP_LIST_UNREADABLE);
    REQUIRE(read.body.n == body_bytes(head), STOP_LIST_UNREADABLE);
    *out = read;
    return OK;
}

size_t stop_list_memory(const struct stop_list_head *head)
{
    return sizeof(uint32_t) * (sorted_set_samples(head->universe, head->cards_n) +
                               sorted_set_samples(head->cards_n, head->ecard_n) +
                               sorted_set_samples(PAPERS_UNIVERSE, head->papers_n)) +
           64;
}

static RESULT set_open(uint64_t universe, uint32_t n, struct bytes bytes, struct arena *arena,
                       struct sorted_set *out)
{
    size_t samples = sorted_set_samples(universe, n);
    uint32_t *memory = samples == 0 ? NULL : NEW_ARRAY(arena, uint32_t, samples);

    if (samples != 0 && !memory) return fault(FAULT_MEMORY, "stop list: samples of %u", n);
    REQUIRE(sorted_set_open(universe, n, bytes, memory, out), STOP_LIST_DAMAGED);
    return OK;
}

/* All sets of a file; `stops` are the delta's bits. */
static RESULT sets_open(const struct stop_list_head *head, struct bytes body, struct arena *arena,
                        struct stop_list *out, struct bytes *stops)
{
    struct parts parts = parts_of(head);
    struct cursor c = cursor_over(body);

    out->head = *head;
    TRY(set_open(head->universe, head->cards_n, take_bytes(&c, parts.cards), arena, &out->cards));
    *stops = take_bytes(&c, parts.stops);
    TRY(set_open(head->cards_n, head->ecard_n, take_bytes(&c, parts.ecard), arena, &out->ecard));
    return set_open(PAPERS_UNIVERSE, head->papers_n, take_bytes(&c, parts.papers), arena,
                    &out->papers);
}

RESULT stop_list_open(const struct stop_list_file *file, struct arena *arena, struct stop_list *out)
{
    struct bytes stops;

    REQUIRE(!file->head.delta, STOP_LIST_UNREADABLE);
    return sets_open(&file->head, file->body, arena, out, &stops);
}

enum stop_answer stop_list_find(const struct stop_list *list, uint32_t card_index)
{
    uint32_t rank, rank_ecard;

    if (card_index >= list->head.universe) return STOP_UNKNOWN;
    if (!sorted_set_has(&list->cards, card_index, &rank)) return STOP_CLEAR;
    return sorted_set_has(&list->ecard, rank, &rank_ecard) ? STOP_CARD_ONLY : STOP_STOPPED;
}

bool stop_list_paper_revoked(const struct stop_list *list, uint32_t serial)
{
    uint32_t rank;

    return sorted_set_has(&list->papers, serial, &rank);
}

bool stop_list_stale(const struct stop_list *list, struct instant at)
{
    return at.usec - list->head.made_at.usec > (int64_t)list->head.max_age_sec * USEC_PER_SEC;
}

/* ---- applying a delta: one walk over both, into a list of entries, then written anew */

struct merge {
    struct stop_entry *cards;
    uint32_t cards_n, ecard_n;
};

static bool stops_bit(struct bytes stops, uint32_t k)
{
    return stops.p[k / 8] >> (k % 8) & 1;
}

struct answers { /* a list's cards with their answers, in order */
    struct sorted_set_walk cards, ecard;
    uint64_t next_ecard;
    bool has_ecard;
    struct bytes stops; /* of a delta; empty: all stopped */
    struct stop_entry entry;
    bool has;
};

static void answers_next(struct answers *a)
{
    uint64_t index;
    uint32_t rank = a->cards.at;

    a->has = sorted_set_next(&a->cards, &index);
    if (!a->has) return;
    a->entry = (struct stop_entry){ (uint32_t)index, STOP_STOPPED };
    if (a->has_ecard && a->next_ecard == rank) {
        a->entry.answer = STOP_CARD_ONLY;
        a->has_ecard = sorted_set_next(&a->ecard, &a->next_ecard);
    } else if (a->stops.n != 0 && !stops_bit(a->stops, rank)) {
        a->entry.answer = STOP_CLEAR;
    }
}

static struct answers answers_of(const struct stop_list *list, struct bytes stops)
{
    struct answers a = { .cards = sorted_set_all(&list->cards),
                         .ecard = sorted_set_all(&list->ecard),
                         .stops = stops };

    a.has_ecard = sorted_set_next(&a.ecard, &a.next_ecard);
    answers_next(&a);
    return a;
}

static void merge_put(struct merge *m, struct stop_entry entry)
{
    if (entry.answer == STOP_CLEAR) return;
    m->cards[m->cards_n++] = entry;
    if (entry.answer == STOP_CARD_ONLY) m->ecard_n++;
}

static void merge_cards(struct merge *m, struct answers base, struct answers change)
{
    while (base.has || change.has) {
        if (!change.has || (base.has && base.entry.card_index < change.entry.card_index)) {
            merge_put(m, base.entry);
            answers_next(&base);
        } else {
            if (base.has && base.entry.card_index == change.entry.card_index) answers_next(&base);
            merge_put(m, change.entry);
            answers_next(&change);
        }
    }
}

static uint32_t merge_papers(uint32_t *papers, const struct sorted_set *base,
                             const struct sorted_set *more)
{
    struct sorted_set_walk a = sorted_set_all(base), b = sorted_set_all(more);
    uint64_t x, y;
    bool has_x = sorted_set_next(&a, &x), has_y = sorted_set_next(&b, &y);
    uint32_t n = 0;

    while (has_x || has_y) {
        if (!has_y || (has_x && x <= y)) {
            papers[n++] = (uint32_t)x;
            if (has_y && x == y) has_y = sorted_set_next(&b, &y);
            has_x = sorted_set_next(&a, &x);
        } else {
            papers[n++] = (uint32_t)y;
            has_y = sorted_set_next(&b, &y);
        }
    }
    return n;
}

size_t stop_list_apply_memory(const struct stop_list *list, const struct stop_list_head *delta)
{
    struct stop_list_head most = *delta;

    most.delta = false;
    most.cards_n = list->head.cards_n + delta->cards_n;
    most.ecard_n = list->head.ecard_n + delta->ecard_n;
    most.papers_n = list->head.papers_n + delta->papers_n;
    /* low bits may be one fewer and the high part then longer: twice is a safe bound */
    return 2 * stop_list_bytes(&most) + 2 * stop_list_memory(&most) + stop_list_memory(delta) +
           most.cards_n * sizeof(struct stop_entry) + most.papers_n * sizeof(uint32_t) + 4096;
}

RESULT stop_list_apply(const struct stop_list *list, const struct stop_list_file *delta,
                       struct arena *arena, struct stop_list *out)
{
    const struct stop_list_head *head = &delta->head;
    struct stop_list change;
    struct bytes stops;
    struct merge m = { 0 };
    uint32_t *papers;
    struct stop_list_head made = *head;
    struct writer w;

    REQUIRE(head->delta, STOP_LIST_UNREADABLE);
    REQUIRE(head->incarnation == list->head.incarnation, STOP_LIST_INCARNATION);
    if (head->position < list->head.position || head->universe < list->head.universe) {
        *out = *list; /* older than what is here */
        return OK;
    }
    REQUIRE(head->from_position <= list->head.position, STOP_LIST_GAP);
    TRY(sets_open(head, delta->body, arena, &change, &stops));
    for (struct answers a = answers_of(&change, (struct bytes){ 0 }); a.has; answers_next(&a)) {
        /* an e-card that goes on belongs to a stopped card */
        REQUIRE(a.entry.answer != STOP_CARD_ONLY || stops_bit(stops, a.cards.at - 1),
                STOP_LIST_DAMAGED);
    }
    m.cards = NEW_ARRAY(arena, struct stop_entry, list->head.cards_n + head->cards_n + 1);
    papers = NEW_ARRAY(arena, uint32_t, list->head.papers_n + head->papers_n + 1);
    if (!m.cards || !papers) return fault(FAULT_MEMORY, "stop list: applying a delta");
    merge_cards(&m, answers_of(list, (struct bytes){ 0 }), answers_of(&change, stops));
    made.delta = false;
    made.from_position = 0;
    made.cards_n = m.cards_n;
    made.ecard_n = m.ecard_n;
    made.papers_n = merge_papers(papers, &list->papers, &change.papers);
    w = writer_over(arena_take(arena, stop_list_bytes(&made), 8), stop_list_bytes(&made));
    if (!w.p) return fault(FAULT_MEMORY, "stop list: applying a delta");
    stop_list_write(&made, &(struct stop_list_content){ m.cards, papers }, &w);
    return sets_open(&made, bytes_of(w.p + STOP_LIST_BODY_AT, w.n - STOP_LIST_BODY_AT), arena, out,
                     &stops);
}

/* ---- making */

static void head_put(const struct stop_list_head *head, struct writer *w)
{
    put_str(w, S("YKSL"));
    put_u8(w, VERSION);
    put_u8(w, head->delta ? KIND_DELTA : KIND_FULL);
    put_u8(w, (uint8_t)head->suite);
    put_u8(w, head->test ? FLAG_TEST : 0);
    put_be16(w, head->kid);
    put_be16(w, 0);
    put_be32(w, head->max_age_sec);
    put_be64(w, (uint64_t)head->incarnation);
    put_be64(w, (uint64_t)head->from_position);
    put_be64(w, (uint64_t)head->position);
    put_be64(w, (uint64_t)head->made_at.usec);
    put_be32(w, head->universe);
    put_be32(w, head->cards_n);
    put_be32(w, head->ecard_n);
    put_be32(w, head->papers_n);
    put_bytes(w, bytes_of(head->body_digest, 32));
}

void stop_list_write(const struct stop_list_head *head, const struct stop_list_content *content,
                     struct writer *w)
{
    static const uint8_t unsigned_yet[64];
    struct parts parts = parts_of(head);
    size_t total = stop_list_bytes(head);
    struct sorted_set_writer cards, ecard, papers;
    uint8_t *body, *stops;

    if (w->over || w->size - w->n < total) {
        w->over = true;
        return;
    }
    head_put(head, w);
    put_bytes(w, bytes_of(unsigned_yet, sizeof unsigned_yet));
    body = w->p + w->n;
    w->n += body_bytes(head);
    cards = sorted_set_begin(head->universe, head->cards_n, body);
    stops = body + parts.cards;
    ecard = sorted_set_begin(head->cards_n, head->ecard_n, stops + parts.stops);
    papers = sorted_set_begin(PAPERS_UNIVERSE, head->papers_n, stops + parts.stops + parts.ecard);
    memset(stops, 0, parts.stops);
    for (uint32_t i = 0; i < head->cards_n; i++) {
        enum stop_answer answer = content->cards[i].answer;
        sorted_set_put(&cards, content->cards[i].card_index);
        if (answer == STOP_CARD_ONLY) sorted_set_put(&ecard, i);
        if (head->delta && answer != STOP_CLEAR) stops[i / 8] |= (uint8_t)(1u << i % 8);
    }
    for (uint32_t i = 0; i < head->papers_n; i++) {
        sorted_set_put(&papers, content->papers[i]);
    }
}

void stop_list_put_digest(uint8_t *file, const uint8_t digest[32])
{
    memcpy(file + DIGEST_AT, digest, 32);
}

void stop_list_put_signature(uint8_t *file, const uint8_t signature[64])
{
    memcpy(file + STOP_LIST_HEAD_BYTES, signature, 64);
}
