/* tests/sim/gates.h - gates: online they ask, alone they judge by keys and list, and upload later.
 */
#pragma once
#include "tests/sim/sim.h"

static inline struct act sim_act_of(const struct sim *s, enum journal_actor actor, int64_t actor_id,
                                    enum proof proof)
{
    return (struct act){ .at = sim_now(s),
                         .actor = actor,
                         .actor_id = actor_id,
                         .channel = actor == ACTOR_STAFF ? CHANNEL_COUNTER : CHANNEL_WEB,
                         .proof = proof,
                         .provenance = PROVENANCE_TEST };
}

/* ---- the model's view of a card */

static inline bool card_usable(const struct sim_person *p)
{
    return p->card == CARD_NORMAL;
}

static inline bool code_usable(const struct sim_person *p)
{
    if (p->card == CARD_NORMAL) return true;
    return (p->card == CARD_TEMPORARY || p->card == CARD_FORMAL) && p->consent && p->was_normal;
}

/* ---- making */

static inline void gate_sign(const struct sim_gate *gate, struct str message,
                             uint8_t signature[SIGNATURE_BYTES])
{
    pair_sign(&gate->keys, S(""), (const uint8_t *)message.p, message.n, signature);
}

static inline void gate_make(struct sim *s, int i)
{
    struct sim_gate *gate = &s->gates[i];
    char activation[TERMINAL_ACTIVATION_CHARS + 1], name[8];
    struct terminal_ask add = { .kind = TERMINAL_GATE, .at = sim_now(s) };
    struct enrol_ask enrol = { .suite = SUITE_P256, .at = sim_now(s) };
    char message[200];

    gate->venue = i % VENUES;
    gate->keys = key_pair_of(CODE_P256, 70000 + (uint64_t)i);
    gate->clock_off = (int64_t)roll(s, 41) * USEC_PER_SEC - 20 * USEC_PER_SEC;
    gate->batch_no = 1;
    add.venue_id = s->venues[gate->venue].id;
    snprintf(name, sizeof name, "G%d", i);
    add.name = str_of(name);
    (void)well(s, "memory", arena_open(&gate->lists[0], 1 << 20));
    (void)well(s, "memory", arena_open(&gate->lists[1], 1 << 20));
    (void)well(s, "a gate",
               venues_terminal_add(s->store, NULL, &add, &s->config.entropy, &gate->terminal_id,
                                   activation));
    enrol.terminal_id = gate->terminal_id;
    enrol.terminal_text = str_of(name);
    enrol.activation = str_of(activation);
    memcpy(enrol.public_key, gate->keys.point, POINT_SHORT);
    snprintf(message, sizeof message, "YKT enrol 1\n%s\n%s", name, activation);
    gate_sign(gate, str_of(message), enrol.signature);
    (void)well(s, "its key", venues_terminal_enrol(s->store, &enrol));
}

/* ---- the stop list */

static inline struct err list_take(struct sim_gate *gate, struct bytes file)
{
    struct arena *arena = &gate->lists[1 - gate->lists_now];
    struct stop_list_file parts;
    struct stop_list next;
    struct bytes copy;

    arena_reset(arena);
    copy = arena_bytes(arena, file);
    TRY(identity_stop_list_check(&gate->published, copy, true, &parts));
    if (parts.head.delta) {
        bool older = gate->has_list && parts.head.position < gate->list.head.position;

        REQUIRE(gate->has_list, STOP_LIST_GAP);
        TRY(stop_list_apply(&gate->list, &parts, arena, &next));
        if (older) return OK;
    } else {
        TRY(stop_list_open(&parts, arena, &next));
    }
    gate->lists_now = 1 - gate->lists_now;
    gate->list = next;
    gate->has_list = true;
    return OK;
}

static inline void gate_pull(struct sim *s, struct sim_gate *gate)
{
    struct stop_list_handle *handle;
    struct heartbeat beat = { .venue_id = s->venues[gate->venue].id,
                              .terminal_id = gate->terminal_id,
                              .terminal_at = instant_add(sim_now(s), gate->clock_off),
                              .at = sim_now(s),
                              .queue = gate->queue_n };
    struct bytes file;
    struct err err;

    if (!well(s, "published keys", identity_keys(s->identity, &gate->published))) return;
    if (!well(s, "a list",
              identity_stop_list(s->identity, gate->has_list ? gate->list.head.incarnation : 0,
                                 gate->has_list ? gate->list.head.position : 0, sim_now(s), &file,
                                 &handle)))
        return;
    if (s->plant == PLANT_LIST && gate->has_list) {
        struct stop_list_file parts;

        if (stop_list_parse(file, &parts).code == 0) gate->position = parts.head.position;
        identity_stop_list_done(handle);
    } else {
        err = list_take(gate, file);
        identity_stop_list_done(handle);
        if (!well(s, "the list is taken", err)) return;
        gate->position = gate->list.head.position;
    }
    beat.list_incarnation = gate->list.head.incarnation;
    beat.list_position = gate->position;
    beat.list_made_at = gate->list.head.made_at;
    (void)well(s, "a heartbeat", venues_heartbeat(s->store, &beat));
}

/* ---- codes */

static inline struct str phone_show(struct sim *s, const struct sim_person *p, char *room,
                                    size_t size, uint32_t *step)
{
    *step = code_step(instant_add(sim_now(s), p->phone_off));
    return code_show(&p->bundle, &p->phone, *step, CODE_ENTRY, room, size);
}

static inline struct verify_ask verify_of(const struct sim *s, const struct sim_gate *gate,
                                          struct str text, struct instant at)
{
    return (struct verify_ask){ .text = text,
                                .purpose = CODE_ENTRY,
                                .strength = CODE_DOOR,
                                .item = S("museum_entry"),
                                .place_id = s->venues[gate->venue].id,
                                .terminal_id = gate->terminal_id,
                                .region_code = 340111,
                                .at = at,
                                .terminal_at = at };
}

/* What the code by itself must come to at a reader whose clock says `at`. */
static inline int code_wanted(const struct sim_person *p, uint32_t step, struct instant at)
{
    int64_t minutes;

    switch (code_age(step, at, &minutes)) {
    case CODE_EARLY:
        return IDENTITY_CLOCK_FAST;
    case CODE_LATE:
        return IDENTITY_CODE_EXPIRED;
    case CODE_FRESH:
        break;
    }
    if ((int64_t)step < (int64_t)p->bundle.from_step - CODE_AHEAD_STEPS ||
        (int64_t)step >= (int64_t)p->bundle.from_step + CODE_BUNDLE_STEPS)
        return IDENTITY_BUNDLE_EXPIRED;
    return 0;
}

/* Grade A, as the row has it. */
static inline int verify_wanted(const struct sim *s, const struct sim_person *p, uint32_t step)
{
    int code = code_wanted(p, step, sim_now(s));

    if (code != 0) return code;
    if (p->bundle_card != p->card_id || !code_usable(p)) return IDENTITY_CARD_STOPPED;
    if (p->bundle_epoch != p->epoch) return IDENTITY_CARD_EPOCH;
    if (p->bundle_device != p->device_id) return IDENTITY_DEVICE_REVOKED;
    if (step <= p->used_step) return IDENTITY_CODE_USED;
    return 0;
}

/* ---- admission by the model */

static inline struct sim_slot *slot_of(struct sim_venue *venue, struct instant at)
{
    for (int i = 0; i < venue->slots_n; i++) {
        struct sim_slot *slot = &venue->slots[i];

        if (!instant_before(at, slot->starts_at) && instant_before(at, slot->ends_at)) return slot;
    }
    return NULL;
}

static inline bool booked_today(const struct sim_venue *venue, const struct sim_slot *but,
                                int person)
{
    for (int i = 0; i < venue->slots_n; i++) {
        const struct sim_slot *slot = &venue->slots[i];

        if (slot == but || day_of(slot->starts_at).number != day_of(but->starts_at).number)
            continue;
        if (slot->bookings[person].state != 0 && slot->bookings[person].state != BOOKING_CANCELLED)
            return true;
    }
    return false;
}

/* 0, a refusal, or -1 where several would be right (other bookings of the day). */
static inline int admit_wanted(struct sim *s, const struct sim_gate *gate, int person,
                               struct instant at)
{
    struct sim_slot *slot = slot_of(&s->venues[gate->venue], at);

    if (!slot) return VENUES_NO_SLOT_NOW;
    if (slot->in[person]) return VENUES_ADMITTED_ALREADY;
    if (slot->bookings[person].state == BOOKING_MADE) return 0;
    if (booked_today(&s->venues[gate->venue], slot, person)) return -1;
    return slot->held_taken < slot->held ? 0 : VENUES_NO_FREE_PLACE;
}

static inline void admitted(struct sim *s, const struct sim_gate *gate, int person,
                            struct instant at)
{
    struct sim_slot *slot = slot_of(&s->venues[gate->venue], at);
    int64_t places = 1;

    if (!slot) {
        finding(s, "somebody let in where nothing is open", 1, 0);
        return;
    }
    if (slot->in[person]) finding(s, "somebody let in twice", 2, 1);
    slot->in[person] = true;
    if (slot->bookings[person].state == BOOKING_MADE) {
        slot->bookings[person].state = BOOKING_ADMITTED;
        places = slot->bookings[person].places;
    } else {
        slot->held_taken++;
    }
    slot->admitted += places;
}

/* ---- online */

static inline void gate_online(struct sim *s, struct sim_gate *gate, int person)
{
    struct sim_person *p = &s->people[person];
    char room[CODE_TEXT_MAX + 1];
    struct verdict verdict;
    struct admission made;
    struct admit_ask admit;
    struct err err;
    uint32_t step;
    struct str text = phone_show(s, p, room, sizeof room, &step);
    struct verify_ask ask = verify_of(s, gate, text, sim_now(s));
    int want = verify_wanted(s, p, step);

    err = identity_verify(s->identity, &ask, &verdict);
    if (!same(s, "a code at a gate", err.code, want)) return;
    p->lines[LINE_VERIFIED]++;
    if (err.code != 0) {
        s->refused++;
        return;
    }
    p->used_step = step;
    admit = (struct admit_ask){ .venue_id = ask.place_id,
                                .terminal_id = gate->terminal_id,
                                .person_id = verdict.person_id,
                                .card_id = verdict.card_id,
                                .places = 1,
                                .grade = GRADE_A,
                                .provenance = PROVENANCE_TEST,
                                .region_code = 340111,
                                .item = ask.item,
                                .at = ask.at };
    memcpy(admit.presentation, verdict.presentation, sizeof admit.presentation);
    want = admit_wanted(s, gate, person, ask.at);
    err = venues_admit(s->store, &admit, &made);
    if (want >= 0) (void)same(s, "an admission", err.code, want);
    if (err.code < 0) return;
    p->lines[err.code == 0 ? LINE_ADMITTED : LINE_NOT_ADMITTED]++;
    if (err.code == 0) {
        s->let_in++;
        admitted(s, gate, person, ask.at);
    }
}

/* ---- alone */

/* The card's change was in a list that the gate obeys: then the gate must know. */
static inline void alone_judged(struct sim *s, const struct sim_gate *gate,
                                const struct sim_person *p, int verdict)
{
    bool knows = p->changed_position != 0 && gate->position >= p->changed_position;
    bool stopped = p->bundle_card != p->card_id || !code_usable(p);

    if (verdict == 0 && stopped && knows)
        finding(s, "let in by a gate that obeyed the loss", gate->position, p->changed_position);
    if (verdict == IDENTITY_CARD_STOPPED && !stopped && knows)
        finding(s, "a holder is stopped for nothing", gate->position, p->changed_position);
}

static inline void gate_alone(struct sim *s, struct sim_gate *gate, int person,
                              const struct sim_line *shown)
{
    struct sim_person *p = &s->people[person];
    struct sim_line *line = &gate->queue[gate->queue_n];
    struct offline_ask ask = { .purpose = CODE_ENTRY,
                               .strength = CODE_DOOR,
                               .test_codes = true,
                               .at = instant_add(sim_now(s), gate->clock_off) };
    struct verdict verdict;
    struct err err;

    if (!gate->has_list || gate->queue_n == QUEUE_MAX) return;
    if (shown) {
        *line = *shown;
    } else {
        struct str text = phone_show(s, p, line->text, sizeof line->text, &line->step);

        line->text_n = text.n;
    }
    ask.text = (struct str){ line->text, line->text_n };
    line->person = person;
    line->device = p->bundle_device;
    line->at = ask.at;
    err = identity_verify_offline(&gate->published, &gate->list, &ask, &verdict);
    if (err.code == 0) err = replay_take(&gate->replay, ask.text, ask.at, &verdict);
    if (err.code < 0) {
        (void)well(s, "a gate alone", err);
        return;
    }
    alone_judged(s, gate, p, err.code);
    line->verdict = err.code;
    if (err.code == 0 || err.code >= IDENTITY_CLOCK_FAST) gate->queue_n++;
}

/* ---- uploads */

static inline void line_judge(struct sim *s, const struct sim_gate *gate,
                              const struct sim_line *line, struct upload_line *out)
{
    struct verify_ask ask = verify_of(s, gate, (struct str){ line->text, line->text_n }, line->at);
    struct verdict verdict;
    struct err err = identity_verify_later(s->identity, &ask, sim_now(s), &verdict);

    if (err.code == 0 && line->verdict == 0)
        err = identity_offline_take(s->identity, &ask, &verdict);
    if (err.code < 0) (void)well(s, "a line", err);
    *out = (struct upload_line){ .ask = { .person_id = verdict.person_id,
                                          .card_id = verdict.card_id,
                                          .places = 1,
                                          .provenance = PROVENANCE_TEST,
                                          .region_code = 340111,
                                          .item = ask.item,
                                          .at = line->at,
                                          .terminal_at = line->at },
                                 .verdict = line->verdict,
                                 .judged = err.code };
    memcpy(out->ask.presentation, verdict.presentation, sizeof out->ask.presentation);
}

/* The centre took it: no code twice, and the model follows. */
static inline void line_ended(struct sim *s, const struct sim_gate *gate,
                              const struct sim_line *line, int end)
{
    struct sim_person *p = &s->people[line->person];

    p->lines[line->verdict == 0 && end == 0 ? LINE_ADMITTED : LINE_NOT_ADMITTED]++;
    if (line->verdict != 0) (void)same(s, "a refusal is taken as it is", end, 0);
    if (line->verdict != 0) return;
    if (end == 0 || end == VENUES_ADMITTED_ALREADY || end == VENUES_NO_SLOT_NOW ||
        end == VENUES_NO_FREE_PLACE || end == VENUES_BOOKING_EARLY ||
        end == VENUES_BOOKING_MISSED) {
        if (line->device == p->device_id && line->step > p->used_step) p->used_step = line->step;
        for (int i = 0; i < s->alone_in_n; i++) {
            if (s->alone_in[i].device == line->device && s->alone_in[i].step == line->step)
                finding(s, "one code taken at two gates that were alone", 2, 1);
        }
        if (s->alone_in_n < OFFLINE_MAX) {
            s->alone_in[s->alone_in_n].device = line->device;
            s->alone_in[s->alone_in_n++].step = line->step;
        }
    }
    if (end == 0) admitted(s, gate, line->person, line->at);
}

static inline void gate_upload(struct sim *s, struct sim_gate *gate)
{
    while (gate->queue_n > 0) {
        int n = gate->queue_n < UPLOAD_LINES_MAX ? gate->queue_n : UPLOAD_LINES_MAX;
        struct upload_line lines[UPLOAD_LINES_MAX];
        struct upload_ask ask = { .venue_id = s->venues[gate->venue].id,
                                  .terminal_id = gate->terminal_id,
                                  .batch_no = gate->batch_no,
                                  .lines = lines,
                                  .n = (size_t)n,
                                  .at = sim_now(s) };
        struct upload_made made, again;
        char body[64], message[200];
        struct writer w = writer_over(message, sizeof message);
        uint8_t digest[HASH_BYTES];

        snprintf(body, sizeof body, "batch %" PRId64 " of %d", gate->batch_no, n);
        ask.body = str_bytes(str_of(body));
        sm3(ask.body, digest);
        put_format(&w, "YKT upload 1\n%" PRId64 "\n", gate->batch_no);
        put_hex(&w, bytes_of(digest, sizeof digest));
        gate_sign(gate, writer_str(&w), ask.signature);
        if (!well(s, "in order", venues_upload_check(s->store, &ask, &made))) return;
        for (int i = 0; i < n; i++) {
            line_judge(s, gate, &gate->queue[i], &lines[i]);
        }
        if (!well(s, "an upload", venues_upload(s->store, &ask, &made))) return;
        s->uploads++;
        if (chance(s, 3)) { /* the answer was lost: the same bytes again, judged again */
            for (int i = 0; i < n; i++) {
                line_judge(s, gate, &gate->queue[i], &lines[i]);
            }
            if (!well(s, "the same upload", venues_upload(s->store, &ask, &again))) return;
            (void)same(s, "is a repeat", again.replayed, true);
            (void)same(s, "with the same answer",
                       memcmp(again.ends, made.ends, sizeof made.ends[0] * made.n), 0);
        }
        for (int i = 0; i < n; i++) {
            line_ended(s, gate, &gate->queue[i], made.ends[i]);
        }
        gate->queue_n -= n;
        memmove(gate->queue, gate->queue + n, (size_t)gate->queue_n * sizeof gate->queue[0]);
        gate->batch_no++;
    }
}
