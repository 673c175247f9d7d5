/* tests/sim/checks.h - what must hold after any number of steps: model, rows, journal, feeds,
 * derived state, stop list and gates say the same. */
#pragma once
#include "tests/sim/acts.h"

/* ---- cards */

static inline void check_person(struct sim *s, struct sim_person *p)
{
    struct card cards[CARDS_MAX];
    int n = 0, live = 0;

    if (!well(s, "cards", registry_cards_of(s->store, p->id, cards, &n))) return;
    for (int i = 0; i < n; i++) {
        if (cards[i].social == SOCIAL_REPLACED || cards[i].social == SOCIAL_CANCELLED) continue;
        live++;
        (void)same(s, "the live card", cards[i].id, p->card_id);
        (void)same(s, "its epoch", cards[i].epoch, p->epoch);
        (void)same(s, "its consent", cards[i].ecard_consent, p->consent);
    }
    (void)same(s, "live cards of a person", live, p->card != CARD_NONE);
    if (p->card != CARD_NONE) card_at_once(s, p);
}

/* ---- derived state beside one made anew from the store, and the list beside the cards */

static inline void check_derived(struct sim *s, struct sim_gate *reader)
{
    char folder[450];
    struct derived *fresh = NULL;
    struct derived_config config = { .store = s->store, .cards_max = 10000 };
    struct stop_list_handle *handle;
    struct bytes file;
    struct err err;

    snprintf(folder, sizeof folder, "%s-fresh", s->folder);
    config.folder = str_of(folder);
    if (!well(s, "derived state anew", derived_new(&fresh))) return;
    if (well(s, "derived state anew", derived_open(fresh, &config))) {
        (void)same(s, "cards in derived state", derived_cards(s->derived), derived_cards(fresh));
        for (int i = 0; i < PEOPLE; i++) {
            struct derived_card old = { .card_id = 0 }, new = { .card_id = 0 };
            const struct sim_person *p = &s->people[i];

            if (p->card == CARD_NONE) continue;
            (void)derived_state(s->derived, derived_find(s->derived, p->no_hash), &old);
            (void)derived_state(fresh, derived_find(fresh, p->no_hash), &new);
            (void)same(s, "derived state and the store", memcmp(&old, &new, sizeof old), 0);
        }
    }
    derived_close(fresh);
    if (!well(s, "published keys", identity_keys(s->identity, &reader->published))) return;
    if (!well(s, "a whole list", identity_stop_list(s->identity, 0, 0, sim_now(s), &file, &handle)))
        return;
    reader->has_list = false;
    err = list_take(reader, file);
    identity_stop_list_done(handle);
    if (!well(s, "is taken", err)) return;
    /* a whole list may be a minute old: what changed since comes behind it */
    if (!well(s, "and what changed since",
              identity_stop_list(s->identity, reader->list.head.incarnation,
                                 reader->list.head.position, sim_now(s), &file, &handle)))
        return;
    err = list_take(reader, file);
    identity_stop_list_done(handle);
    if (!well(s, "is taken", err)) return;
    for (int i = 0; i < PEOPLE; i++) {
        const struct sim_person *p = &s->people[i];
        enum stop_answer want = STOP_CLEAR;

        if (p->card == CARD_NONE) continue;
        if (is_lost(p)) want = code_usable(p) ? STOP_CARD_ONLY : STOP_STOPPED;
        (void)same(s, "the list's word for a card",
                   stop_list_find(&reader->list, derived_find(s->derived, p->no_hash)), want);
    }
}

/* ---- places */

static inline void check_slots(struct sim *s)
{
    for (int v = 0; v < VENUES; v++) {
        const struct sim_venue *venue = &s->venues[v];

        for (int i = 0; i < venue->slots_n; i++) {
            const struct sim_slot *slot = &venue->slots[i];
            struct slot row;

            if (!well(s, "a slot", venues_slot_get(s->store, venue->id, slot->id, &row))) return;
            (void)same(s, "places taken", row.taken, slot->taken);
            (void)same(s, "places held back", row.held_taken, slot->held_taken);
            (void)same(s, "people inside", row.admitted, slot->admitted);
        }
    }
}

static const struct stmt ADMITTED_SUM = {
    .name = "sim: people let in, by slots and by admissions",
    .types = "",
    .sql = "SELECT CAST((SELECT COALESCE(SUM(admitted), 0) FROM venue_slot) AS BIGINT),"
           " CAST((SELECT COALESCE(SUM(places), 0) FROM venue_admission) AS BIGINT),"
           " CAST((SELECT COALESCE(SUM(taken), 0) FROM venue_slot) AS BIGINT),"
           " CAST((SELECT COALESCE(SUM(places), 0) FROM venue_booking WHERE state <> 2) AS BIGINT)",
};
static const struct stmt ONE_LIVE = {
    .name = "sim: people with more than one live card in a province",
    .types = "",
    .sql = "SELECT COUNT(*) FROM (SELECT person_id FROM card WHERE social NOT IN (11, 12)"
           " GROUP BY person_id, province_code HAVING COUNT(*) > 1) AS many",
};

static struct err sums_read(struct txn *tx, void *arg)
{
    struct sim *s = arg;
    bool found;
    ROW(sums);
    ROW(live);

    TRY(txn_first(tx, &ADMITTED_SUM, IN_NONE, &sums, &found));
    (void)same(s, "admissions and what slots count", row_int(&sums, 0), row_int(&sums, 1));
    (void)same(s, "bookings and what slots count", row_int(&sums, 2), row_int(&sums, 3));
    TRY(txn_first(tx, &ONE_LIVE, IN_NONE, &live, &found));
    (void)same(s, "people with two live cards", row_int(&live, 0), 0);
    return OK;
}

/* ---- the journal: one line for each act that was told, and no other */

static inline int person_of(const struct sim *s, int64_t id)
{
    for (int i = 0; i < PEOPLE; i++) {
        if (s->people[i].id == id) return i;
    }
    return -1;
}

static inline void check_journal(struct sim *s)
{
    static int64_t lines[PEOPLE][LINES];
    static uint8_t memory[1 << 20];
    struct instant after = { 0 };
    int64_t after_id = 0;
    struct journal_proof proof;
    struct journal_page page;

    memset(lines, 0, sizeof lines);
    do {
        struct arena arena = arena_over(memory, sizeof memory);

        if (!well(s, "the journal",
                  journal_aged(s->store, instant_add(sim_now(s), USEC_PER_DAY), after, after_id,
                               200, &arena, &page)))
            return;
        for (int i = 0; i < page.n; i++) {
            const struct journal_record *record = &page.records[i];
            int person = person_of(s, record->line.person_id), line = 0;

            after = record->recorded_at;
            after_id = record->id;
            while (line < LINES && !str_eq(record->line.act, str_of(LINE_NAMES[line])))
                line++;
            if (person < 0) continue;
            if (line < LINES)
                lines[person][line]++;
            else
                finding(s, "a line of an act that nobody did", record->id, 0);
        }
    } while (page.n == 200);
    for (int i = 0; i < PEOPLE; i++) {
        for (int k = 0; k < LINES; k++) {
            (void)same(s, LINE_NAMES[k], lines[i][k], s->people[i].lines[k]);
        }
    }
    if (!well(s, "the journal's proof", journal_verify(s->store, (struct instant){ 0 }, &proof)))
        return;
    (void)same(s, "lines changed", proof.changed, 0);
    (void)same(s, "lines missing", proof.missing, 0);
    (void)same(s, "lines never sealed", proof.unknown, 0);
    (void)same(s, "blocks that do not add up", proof.bad_block, 0);
}

static inline void check_feeds(struct sim *s)
{
    for (int feed = FEED_CARD; feed <= FEED_BOOKING; feed++) {
        int64_t blocks, entries, bad;
        struct feed_status status;

        if (!well(s, "a feed", feed_verify(s->store, (enum feed)feed, &blocks, &entries, &bad)) ||
            !well(s, "a feed", feed_status(s->store, (enum feed)feed, &status)))
            return;
        (void)same(s, "a feed's bad block", bad, 0);
        (void)same(s, "entries and the last position", entries, status.head_position);
    }
}

static inline void check_standing(struct sim *s)
{
    for (int i = 0; i < PEOPLE; i++) {
        struct standing standing;

        if (!well(s, "a standing",
                  venues_standing(s->store, s->people[i].id, sim_now(s), &standing)))
            return;
        (void)same(s, "no-shows", standing.no_shows, s->people[i].no_shows);
    }
}

static inline void check_all(struct sim *s, struct sim_gate *reader)
{
    (void)well(s, "grade B's record", identity_flush(s->identity));
    for (int i = 0; i < PEOPLE; i++) {
        check_person(s, &s->people[i]);
    }
    sim_seal(s);
    check_derived(s, reader);
    check_slots(s);
    (void)well(s, "sums", store_read(s->store, sums_read, s));
    check_journal(s);
    check_feeds(s);
}

static const struct stmt SENT = { .name = "sim: notices that were sent",
                                  .types = "",
                                  .sql = "SELECT id FROM notice WHERE state = 3" };

static int id_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* What is marked as sent reached the other side. */
static struct err sent_read(struct txn *tx, void *arg)
{
    struct sim *s = arg;
    ROW(row);
    bool more;

    qsort(s->sent, (size_t)s->sent_n, sizeof s->sent[0], id_order);
    TRY(txn_query(tx, &SENT, IN_NONE, &row));
    for (;;) {
        int64_t id;

        TRY(row_next(&row, &more));
        if (!more) return OK;
        id = row_int(&row, 0);
        if (!bsearch(&id, s->sent, (size_t)s->sent_n, sizeof id, id_order))
            finding(s, "a notice that is marked as sent reached nobody", 0, 1);
    }
}

/* A message dies of its age, and of nothing else. */
static struct err dead_seen(void *arg, const struct message *message, int code)
{
    (void)message;
    if (code != NOTICE_LATE && code != NOTICE_GAVE_UP) finding(arg, "a dead message", code, 0);
    return OK;
}

/* All is told, uploaded and delivered: nothing waits, nobody was forgotten. */
static inline void check_end(struct sim *s, struct sim_gate *reader)
{
    static const char *const TOPICS[] = { NOTICE_TOPIC_PUT, NOTICE_TOPIC_SEND,
                                          VENUES_TOPIC_NO_SHOW };

    for (int i = 0; i < GATES; i++) {
        s->gates[i].alone = false;
        gate_pull(s, &s->gates[i]);
        gate_upload(s, &s->gates[i]);
    }
    do_no_shows(s);
    for (int i = 0; i < 60; i++) {
        do_deliver(s, OUTBOX_BATCH);
        s->now_usec += 20 * USEC_PER_MIN;
    }
    for (size_t i = 0; i < LEN(TOPICS); i++) {
        struct outbox_status status;

        if (!well(s, TOPICS[i], outbox_status(s->store, TOPICS[i], &status))) return;
        (void)same(s, TOPICS[i], status.waiting, 0);
        (void)well(s, TOPICS[i], outbox_dead(s->store, TOPICS[i], OUTBOX_BATCH, dead_seen, s));
    }
    (void)well(s, "what was sent", store_read(s->store, sent_read, s));
    do_sweep(s);
    check_standing(s);
    check_all(s, reader);
}

/* ---- one number for all that the store holds: the feeds' heads (cards, journal with its salts)
 * and the rows of what is in no feed */

static inline void fold(uint64_t *hash, uint64_t v)
{
    for (int i = 0; i < 8; i++) {
        *hash = (*hash ^ (v >> (8 * i) & 0xFF)) * UINT64_C(0x100000001b3);
    }
}

static const struct stmt HELD[] = {
    { .name = "sim: slots",
      .types = "",
      .sql = "SELECT id, taken, held_taken, admitted FROM venue_slot ORDER BY venue_id, id" },
    { .name = "sim: bookings",
      .types = "",
      .sql = "SELECT id, person_id, state, ended_at FROM venue_booking ORDER BY venue_id, id" },
    { .name = "sim: admissions",
      .types = "",
      .sql = "SELECT id, person_id, places, at FROM venue_admission ORDER BY venue_id, id" },
    { .name = "sim: used codes",
      .types = "",
      .sql = "SELECT device_id, step, used_at, place_id FROM code_used ORDER BY person_id, "
             "device_id" },
    { .name = "sim: codes taken alone",
      .types = "",
      .sql = "SELECT device_id, step, used_at, place_id FROM code_offline"
             " ORDER BY person_id, device_id, step" },
    { .name = "sim: notices",
      .types = "",
      .sql = "SELECT id, kind, state, person_id FROM notice ORDER BY person_id, id" },
};

static struct err digest_read(struct txn *tx, void *arg)
{
    uint64_t *hash = arg;

    for (size_t i = 0; i < LEN(HELD); i++) {
        ROW(row);
        bool more;

        TRY(txn_query(tx, &HELD[i], IN_NONE, &row));
        for (;;) {
            TRY(row_next(&row, &more));
            if (!more) break;
            for (int k = 0; k < 4; k++) {
                fold(hash, (uint64_t)row_int(&row, k));
            }
        }
    }
    return OK;
}

static inline uint64_t sim_digest(struct sim *s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (int feed = FEED_CARD; feed <= FEED_BOOKING; feed++) {
        struct feed_status status;
        struct feed_block block;
        bool found = false;

        if (!well(s, "a feed", feed_status(s->store, (enum feed)feed, &status))) continue;
        fold(&hash, (uint64_t)status.head_position);
        if (status.head_block == 0) continue;
        if (!well(s, "its head",
                  feed_block_read(s->store, (enum feed)feed, status.head_block, &block, &found)))
            continue;
        for (size_t i = 0; i < 32 && found; i++) {
            fold(&hash, block.hash[i]);
        }
    }
    (void)well(s, "rows", store_read(s->store, digest_read, &hash));
    return hash;
}
