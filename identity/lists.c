/* identity/lists.c - making sealed stop lists from derived state. */
#include <stdlib.h>

#include "identity/core.h"
#include "identity/derived_core.h"
#include "identity/verify_store.h"

/* Of papers: room that is only taken when it is used. */
enum { DELTA_ENTRIES_MAX = 20000, PAPERS_MAX = 4000000 };
#define FULL_FRESH_USEC USEC_PER_MIN /* a full list of less than this age is handed out again */

/* What a list says of a card. Cards that were never enabled have no codes and are left out. */
static enum stop_answer list_answer(const struct derived_card *card)
{
    enum verdict_card why = verdict_card_of(card->social);

    if (why == VERDICT_CARD_SEALED) return STOP_CLEAR;
    if (card->social_usable)
        return card->ecard == ECARD_SUSPENDED || card->ecard == ECARD_ENDED ? STOP_STOPPED
                                                                            : STOP_CLEAR;
    return card->ecard_usable ? STOP_CARD_ONLY : STOP_STOPPED;
}

struct making {
    struct identity *identity;
    struct stop_list_head head;
    struct stop_entry *cards;
    uint32_t *papers;
    size_t cards_max, papers_n;
    struct instant at;
};

static RESULT papers_read(struct txn *tx, void *arg)
{
    struct making *m = arg;

    TRY(serials_revoked(tx, m->at, m->papers, PAPERS_MAX, &m->papers_n));
    if (m->papers_n == PAPERS_MAX) /* rather no list than one that leaves some out */
        return fault(FAULT_MEMORY, "more papers are revoked than a list holds");
    return OK;
}

static void making_put(struct making *m, uint32_t index, enum stop_answer answer)
{
    m->cards[m->head.cards_n++] = (struct stop_entry){ index, answer };
    if (answer == STOP_CARD_ONLY) m->head.ecard_n++;
}

static RESULT full_collect(struct making *m)
{
    const struct derived *derived = m->identity->config.derived;
    uint32_t n = 0;
    struct derived_card card;

    for (uint32_t i = 0; i < m->head.universe; i++) {
        if (derived_state(derived, i, &card) && list_answer(&card) != STOP_CLEAR) n++;
    }
    /* states go on changing: room for some more, and no entry past it */
    m->cards_max = (size_t)n + n / 8 + 1024;
    m->cards = pages_take(m->cards_max * sizeof *m->cards);
    if (!m->cards) return fault(FAULT_MEMORY, "stop list of %u cards", n);
    for (uint32_t i = 0; i < m->head.universe; i++) {
        enum stop_answer answer;
        if (!derived_state(derived, i, &card)) continue;
        answer = list_answer(&card);
        if (answer == STOP_CLEAR) continue;
        if (m->head.cards_n == m->cards_max)
            return fault(FAULT_STORE_BUSY, "stop list: cards change faster than it is made");
        making_put(m, i, answer);
    }
    return OK;
}

static RESULT delta_entry(void *arg, const struct feed_entry *entry)
{
    struct making *m = arg;
    struct card_state state;
    uint32_t index;

    if (!card_state_parse(entry->payload, &state)) return OK;
    index = derived_find(m->identity->config.derived, state.no_hash);
    if (index < m->head.universe) m->cards[m->cards_max++].card_index = index;
    return OK;
}

static int entry_order(const void *a, const void *b)
{
    const struct stop_entry *x = a, *y = b;

    return x->card_index < y->card_index ? -1 : x->card_index > y->card_index;
}

/* What changed after from_position and up to position, with the answers of now. */
static RESULT delta_collect(struct making *m)
{
    size_t n;

    m->cards = pages_take((DELTA_ENTRIES_MAX + 1) * sizeof *m->cards);
    if (!m->cards) return fault(FAULT_MEMORY, "stop list's delta");
    m->cards_max = 0;
    if (m->head.position > m->head.from_position)
        TRY(feed_read(m->identity->config.store, FEED_CARD, m->head.from_position,
                      m->head.position - m->head.from_position, delta_entry, m));
    n = m->cards_max;
    m->cards_max = DELTA_ENTRIES_MAX + 1;
    if (n != 0) qsort(m->cards, n, sizeof *m->cards, entry_order);
    for (size_t i = 0; i < n; i++) {
        struct derived_card card;
        uint32_t index = m->cards[i].card_index;
        bool again = m->head.cards_n != 0 && m->cards[m->head.cards_n - 1].card_index == index;
        if (again || !derived_state(m->identity->config.derived, index, &card)) continue;
        making_put(m, index, list_answer(&card));
    }
    return OK;
}

static RESULT list_sign(struct making *m, uint8_t *file, size_t bytes)
{
    struct signature signature;
    uint8_t digest[HASH_BYTES];
    struct bytes body = { file + STOP_LIST_BODY_AT, bytes - STOP_LIST_BODY_AT };

    if (m->head.suite == CODE_SM2)
        sm3(body, digest);
    else
        sha256(body, digest);
    stop_list_put_digest(file, digest);
    TRY(sign_over(m->identity, KEYD_SIGN_STOP_LIST, m->head.suite, S(STOP_LIST_DOMAIN),
                  bytes_of(file, STOP_LIST_HEAD_BYTES), &signature));
    if (kid_short(signature.kid) != m->head.kid)
        return fault(FAULT_KEYD, "the stop list key changed; ask again");
    stop_list_put_signature(file, signature.rs);
    return OK;
}

static RESULT list_write(struct making *m, struct stop_list_handle **out)
{
    struct public_key key;
    size_t bytes;
    struct stop_list_handle *made;
    struct writer w;
    struct err err;

    TRY(signing_key(m->identity, KEYD_SIGN_STOP_LIST, m->head.suite, m->at, &key));
    m->head.kid = kid_short(key.kid);
    m->head.test = key.test;
    bytes = sizeof *made + stop_list_bytes(&m->head);
    made = pages_take(bytes);
    if (!made) return fault(FAULT_MEMORY, "stop list of %zu bytes", bytes);
    made->p = (uint8_t *)(made + 1);
    made->bytes = bytes;
    w = writer_over(made->p, bytes - sizeof *made);
    stop_list_write(&m->head, &(struct stop_list_content){ m->cards, m->papers }, &w);
    assert(!w.over);
    err = list_sign(m, made->p, w.n);
    if (err.code != 0) {
        pages_give(made, bytes);
        return err;
    }
    made->incarnation = m->head.incarnation;
    made->from = m->head.from_position;
    made->position = m->head.position;
    made->made_at = m->at;
    atomic_store(&made->users, 1); /* the keeper's */
    *out = made;
    return OK;
}

static RESULT list_make(struct identity *identity, const struct derived_status *status,
                        int64_t from, struct instant at, struct stop_list_handle **out)
{
    struct making m = { .identity = identity, .at = at };
    struct err err;

    m.head = (struct stop_list_head){ .delta = from != 0,
                                      .suite = CODE_SM2,
                                      .max_age_sec = STOP_LIST_MAX_AGE_SEC,
                                      .incarnation = status->incarnation,
                                      .from_position = from,
                                      .position = status->position,
                                      .made_at = at,
                                      .universe = status->cards };
    m.papers = pages_take(PAPERS_MAX * sizeof *m.papers);
    err = m.papers ? store_read(identity->config.store, papers_read, &m)
                   : fault(FAULT_MEMORY, "stop list's papers");
    m.head.papers_n = (uint32_t)m.papers_n;
    if (err.code == 0) err = from != 0 ? delta_collect(&m) : full_collect(&m);
    if (err.code == 0) err = list_write(&m, out);
    pages_give(m.papers, PAPERS_MAX * sizeof *m.papers);
    pages_give(m.cards, m.cards_max * sizeof *m.cards);
    return err;
}

/* What is asked for: of one incarnation, from there to the newest position. */
struct wanted {
    int64_t incarnation, from, position;
    struct instant at;
};

static bool list_young(const struct stop_list_handle *list, struct instant at)
{
    return at.usec - list->made_at.usec < (list->from == 0 ? FULL_FRESH_USEC : USEC_PER_SEC);
}

/* With the lock held: one that was made for this, a full one also when a little old. */
static struct stop_list_handle *list_kept(struct identity *identity, const struct wanted *wanted)
{
    for (int i = 0; i < STOP_LISTS_KEPT; i++) {
        struct stop_list_handle *kept = identity->lists[i].list;

        if (!kept || kept->incarnation != wanted->incarnation || kept->from != wanted->from)
            continue;
        /* a full list's reader goes on with a delta, but none can begin at position 0 */
        if (list_young(kept, wanted->at) &&
            ((wanted->from == 0 && kept->position > 0) || kept->position == wanted->position))
            return kept;
    }
    return NULL;
}

/* With the lock held: where somebody makes just this. */
static struct list_place *list_coming(struct identity *identity, const struct wanted *wanted)
{
    for (int i = 0; i < STOP_LISTS_KEPT; i++) {
        struct list_place *place = &identity->lists[i];

        if (place->making && place->incarnation == wanted->incarnation &&
            place->from == wanted->from &&
            (wanted->from == 0 || place->position == wanted->position))
            return place;
    }
    return NULL;
}

/* With the lock held: an empty place, else the oldest delta's, else the oldest full list's, which
 * costs most to make; NULL: all are in work. */
static struct list_place *list_room(struct identity *identity)
{
    struct list_place *room = NULL;

    for (int i = 0; i < STOP_LISTS_KEPT; i++) {
        struct list_place *place = &identity->lists[i];
        const struct stop_list_handle *list = place->list, *other = room ? room->list : NULL;

        if (place->making) continue;
        if (!list) return place;
        if (!room || (list->from == 0) < (other->from == 0) ||
            ((list->from == 0) == (other->from == 0) &&
             instant_before(list->made_at, other->made_at)))
            room = place;
    }
    return room;
}

/* With the lock held, which is given back while the list is made: others are read and made
 * meanwhile. */
static RESULT list_make_at(struct identity *identity, struct list_place *place,
                           const struct wanted *wanted, const struct derived_status *status)
{
    struct stop_list_handle *made = NULL;
    struct err err;

    place->making = true;
    place->incarnation = wanted->incarnation;
    place->from = wanted->from;
    place->position = wanted->position;
    pthread_mutex_unlock(&identity->lists_lock);
    err = list_make(identity, status, wanted->from, wanted->at, &made);
    pthread_mutex_lock(&identity->lists_lock);
    if (err.code == 0) {
        identity_stop_list_done(place->list);
        place->list = made;
    }
    place->making = false;
    place->end = err;
    place->ends++;
    pthread_cond_broadcast(&identity->lists_made);
    return err;
}

/* With the lock held: wait for what somebody else makes. A failure is every waiter's: if each tried
 * again, keyd would be asked once for each of them, one after the other. */
static RESULT list_await(struct identity *identity, const struct list_place *place)
{
    const uint64_t ends = place->ends;

    while (place->ends == ends)
        pthread_cond_wait(&identity->lists_made, &identity->lists_lock);
    if (place->ends != ends + 1) return OK; /* and another one after it: look again */
    if (place->end.code >= 0) return place->end;
    return fault((enum fault)place->end.code, "a stop list that another reader asked for");
}

void identity_stop_list_done(struct stop_list_handle *handle)
{
    if (handle && atomic_fetch_sub(&handle->users, 1) == 1) pages_give(handle, handle->bytes);
}

/* Where a list of these readers begins: their position, when a delta from it can be made, or one
 * before it. Lengths are powers of two, so that however many positions the readers stand at, a few
 * deltas and signatures do for all; a delta says of each card how it is now, so a longer one is
 * right too. */
static int64_t list_from(const struct derived_status *status, int64_t incarnation, int64_t from)
{
    int64_t length = 1;

    if (incarnation != status->incarnation || from <= 0 || from > status->position) return 0;
    if (status->position - from > DELTA_ENTRIES_MAX) return 0;
    if (from == status->position) return from;
    while (length < status->position - from)
        length *= 2;
    if (length > DELTA_ENTRIES_MAX) length = DELTA_ENTRIES_MAX;
    return status->position > length ? status->position - length : 1;
}

/* With the lock held. */
static RESULT list_get(struct identity *identity, const struct wanted *wanted,
                       const struct derived_status *status, struct stop_list_handle **out)
{
    for (;;) {
        struct list_place *place;

        *out = list_kept(identity, wanted);
        if (*out) return OK;
        place = list_coming(identity, wanted);
        if (place) {
            TRY(list_await(identity, place));
            continue;
        }
        place = list_room(identity);
        if (!place) {
            pthread_cond_wait(&identity->lists_made, &identity->lists_lock);
            continue;
        }
        TRY(list_make_at(identity, place, wanted, status));
        *out = place->list; /* whatever its age: it was made for this */
        return OK;
    }
}

RESULT identity_stop_list(struct identity *identity, int64_t incarnation, int64_t from_position,
                          struct instant at, struct bytes *file, struct stop_list_handle **handle)
{
    struct derived_status status;
    struct stop_list_handle *list;
    struct wanted wanted;
    struct err err;

    derived_status(identity->config.derived, &status);
    wanted = (struct wanted){ .incarnation = status.incarnation,
                              .from = list_from(&status, incarnation, from_position),
                              .position = status.position,
                              .at = at };
    pthread_mutex_lock(&identity->lists_lock);
    err = list_get(identity, &wanted, &status, &list);
    if (err.code == 0) {
        atomic_fetch_add(&list->users, 1);
        *file = bytes_of(list->p, list->bytes - sizeof *list);
        *handle = list;
    }
    pthread_mutex_unlock(&identity->lists_lock);
    return err;
}
