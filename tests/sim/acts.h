/* tests/sim/acts.h - what people, staff, jobs and machines do, at random; the model hears what each
 * was told. */
#pragma once
#include "tests/sim/gates.h"

enum { STAFF = 5 };

/* ---- cards */

struct card_call {
    struct sim_person *p;
    struct act act;
    struct card_made made;
    struct replace_made replaced;
    struct loss_made lost;
    struct card after;
    enum loss_kind kind;
    bool money;
    struct key_pair keys;
    int64_t device_id;
};

static struct err act_issue(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;
    const struct card_issue_ask ask = { .person_id = c->p->id,
                                        .generation = 3,
                                        .region_code = 340111,
                                        .instant = true,
                                        .ecard = true,
                                        .act = c->act };

    return registry_card_issue(&s->rg, once, &ask, &c->made);
}

static struct err act_enable(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;

    return registry_card_activate(&s->rg, once, c->p->id, c->p->card_id, true, false, &c->act,
                                  &c->after);
}

static struct err act_lose(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;
    const struct loss_ask ask = { .person_id = c->p->id,
                                  .card_id = c->p->card_id,
                                  .kind = c->kind,
                                  .reason = LOSS_LOST,
                                  .act = c->act };

    return registry_card_lose(&s->rg, once, &ask, &c->lost);
}

static struct err act_find(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;

    return registry_card_unlose(&s->rg, once, c->p->id, c->p->card_id, &c->act, &c->after);
}

static struct err act_consent(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;

    return registry_ecard_consent(&s->rg, once, c->p->id, c->p->card_id, &c->act, &c->after);
}

static struct err act_replace(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;
    const struct replace_ask ask = { .person_id = c->p->id,
                                     .old_card_id = c->p->card_id,
                                     .reason = REPLACE_DAMAGED,
                                     .card = { .generation = 3, .instant = true, .ecard = true },
                                     .act = c->act };

    return registry_card_replace(&s->rg, once, &ask, &c->replaced);
}

static struct err act_cancel(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;

    return registry_card_cancel(&s->rg, once, c->p->id, c->p->card_id, CANCEL_OWN_WISH, &c->act,
                                &c->after);
}

static inline bool is_lost(const struct sim_person *p)
{
    return p->card == CARD_TEMPORARY || p->card == CARD_FORMAL;
}

/* Its row as it must be, and grade B at once: before any sealing. */
static inline void card_at_once(struct sim *s, struct sim_person *p)
{
    static const enum social_state STATES[] = { [CARD_SEALED] = SOCIAL_SEALED,
                                                [CARD_NORMAL] = SOCIAL_NORMAL,
                                                [CARD_TEMPORARY] = SOCIAL_TEMPORARY_LOSS,
                                                [CARD_FORMAL] = SOCIAL_FORMAL_LOSS };
    struct derived_card card = { .card_id = 0 };
    uint32_t index = derived_find(s->derived, p->no_hash);

    if (!same(s, "derived state knows the card", derived_state(s->derived, index, &card), true))
        return;
    (void)same(s, "derived state's card", card.card_id, p->card_id);
    (void)same(s, "derived state at once", card.social, STATES[p->card]);
    (void)same(s, "derived state's e-card at once", card.ecard_usable, code_usable(p));
    (void)same(s, "derived state's epoch at once", card.epoch, (uint16_t)p->epoch);
}

/* The epoch rises when gates must hear: the card or its code can be used where it could not, or the
 * other way round. */
static inline void card_changed(struct sim *s, struct sim_person *p, const struct sim_person *was)
{
    if (card_usable(p) != card_usable(was) || code_usable(p) != code_usable(was)) p->epoch++;
    p->changed_position = 0;
    card_at_once(s, p);
}

static inline void card_new(struct sim *s, struct sim_person *p, int64_t card_id)
{
    struct card card;

    p->card_id = card_id;
    p->card = CARD_SEALED;
    p->consent = p->was_normal = false;
    p->loss_id = 0;
    p->epoch = 1;
    if (!well(s, "the card", registry_card_load(s->store, p->id, card_id, &card))) return;
    memcpy(p->no_hash, card.no_hash, sizeof p->no_hash);
    card_changed(s, p, p);
}

static inline void do_issue(struct sim *s, struct sim_person *p)
{
    struct card_call c = { .p = p, .act = sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS) };
    struct err err = sim_run(s, act_issue, &c);

    if (!same(s, "issued", err.code, p->card == CARD_NONE ? 0 : REGISTRY_CARD_EXISTS)) return;
    if (err.code != 0) return;
    p->lines[LINE_ISSUED]++;
    card_new(s, p, c.made.card_id);
}

static inline void do_enable(struct sim *s, struct sim_person *p)
{
    const struct sim_person was = *p;
    struct card_call c = { .p = p, .act = sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS) };
    struct err err;

    if (p->card == CARD_NONE) return;
    err = sim_run(s, act_enable, &c);
    if (!same(s, "enabled", err.code, p->card == CARD_SEALED ? 0 : REGISTRY_MOVE_REFUSED)) return;
    if (err.code != 0) return;
    p->lines[LINE_ENABLED]++;
    p->card = CARD_NORMAL;
    card_changed(s, p, &was);
}

static inline void do_lose(struct sim *s, struct sim_person *p)
{
    const struct sim_person was = *p;
    bool formal = chance(s, 3);
    struct card_call c = { .p = p,
                           .kind = formal ? LOSS_FORMAL : LOSS_TEMPORARY,
                           .act = formal ? sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS)
                                         : sim_act_of(s, ACTOR_HOLDER, p->id,
                                                      chance(s, 2) ? PROOF_ONE_FACTOR
                                                                   : PROOF_TWO_FACTORS) };
    bool again = p->card == CARD_FORMAL || (p->card == CARD_TEMPORARY && !formal);
    struct err err;

    if (p->card == CARD_NONE) return;
    err = sim_run(s, act_lose, &c);
    if (!same(s, "lost", err.code, again ? REGISTRY_ALREADY_LOST : 0)) return;
    if (err.code != 0) return;
    p->lines[formal ? LINE_LOST_FORMAL : LINE_LOST]++;
    if (!is_lost(p)) p->was_normal = p->card == CARD_NORMAL;
    p->card = formal ? CARD_FORMAL : CARD_TEMPORARY;
    p->loss_proof = c.act.proof;
    p->loss_id = c.lost.loss_id;
    p->loss_ends = c.lost.expires_at;
    card_changed(s, p, &was);
}

static inline void do_find(struct sim *s, struct sim_person *p)
{
    const struct sim_person was = *p;
    struct card_call c = { .p = p,
                           .act = chance(s, 2)
                                      ? sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS_AND_CARD)
                                      : sim_act_of(s, ACTOR_HOLDER, p->id, PROOF_TWO_FACTORS) };
    struct err err;
    int want = !is_lost(p)                    ? REGISTRY_NOT_LOST
               : p->card == CARD_FORMAL       ? REGISTRY_NOT_REVOCABLE
               : c.act.proof <= p->loss_proof ? REGISTRY_PROOF_WEAK
                                              : 0;

    if (p->card == CARD_NONE) return;
    err = sim_run(s, act_find, &c);
    if (!same(s, "found", err.code, want) || err.code != 0) return;
    p->lines[LINE_FOUND]++;
    p->card = p->was_normal ? CARD_NORMAL : CARD_SEALED;
    p->consent = false;
    card_changed(s, p, &was);
}

static inline void do_consent(struct sim *s, struct sim_person *p)
{
    const struct sim_person was = *p;
    struct card_call c = { .p = p, .act = sim_act_of(s, ACTOR_HOLDER, p->id, PROOF_ONE_FACTOR) };
    int want = !is_lost(p)                             ? REGISTRY_NOT_LOST
               : p->card == CARD_FORMAL && !p->consent ? REGISTRY_CONSENT_LATE
                                                       : 0;
    struct err err;

    if (p->card == CARD_NONE) return;
    err = sim_run(s, act_consent, &c);
    if (!same(s, "consent", err.code, want) || err.code != 0) return;
    if (p->consent) return;
    p->lines[LINE_CONSENT]++;
    p->consent = true;
    card_changed(s, p, &was);
}

static inline void do_replace(struct sim *s, struct sim_person *p)
{
    struct card_call c = { .p = p, .act = sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS) };

    if (p->card == CARD_NONE) return;
    if (!well(s, "replaced", sim_run(s, act_replace, &c))) return;
    p->lines[LINE_REPLACED]++;
    p->lines[LINE_ISSUED]++;
    card_new(s, p, c.replaced.card.card_id);
}

static inline void do_cancel(struct sim *s, struct sim_person *p)
{
    struct card_call c = { .p = p, .act = sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS) };

    if (p->card == CARD_NONE) return;
    if (!well(s, "cancelled", sim_run(s, act_cancel, &c))) return;
    p->lines[LINE_CANCELLED]++;
    p->card = CARD_NONE;
    p->card_id = 0;
    p->consent = false;
    p->changed_position = 0;
}

/* ---- phones */

static struct err act_enrol(struct sim *s, const struct once *once, void *arg)
{
    struct card_call *c = arg;
    const struct device_ask ask = { .person_id = c->p->id,
                                    .suite = SUITE_P256,
                                    .strength = STRENGTH_DOOR,
                                    .key = bytes_of(c->keys.point, POINT_SHORT),
                                    .replace = true,
                                    .act = c->act };

    return registry_device_enrol(&s->rg, once, &ask, &c->device_id);
}

static inline void do_enrol(struct sim *s, struct sim_person *p)
{
    struct card_call c = { .p = p,
                           .act = sim_act_of(s, ACTOR_HOLDER, p->id, PROOF_TWO_FACTORS),
                           .keys = key_pair_of(CODE_P256, 100 + roll(s, 1 << 20)) };

    if (!well(s, "a phone", sim_run(s, act_enrol, &c))) return;
    p->lines[LINE_ENROLLED]++;
    if (p->device_id != 0) p->lines[LINE_REVOKED]++;
    p->device_id = c.device_id;
    p->phone = c.keys;
    p->used_step = 0;
    p->has_bundle = false;
    /* most phones are right, some are minutes off */
    p->phone_off = chance(s, 12) ? ((int64_t)roll(s, 11) - 5) * USEC_PER_MIN : 0;
}

static inline void do_bundle(struct sim *s, struct sim_person *p)
{
    const struct bundle_ask ask = { .person_id = p->id,
                                    .card_id = p->card_id,
                                    .device_id = p->device_id,
                                    .suite = chance(s, 2) ? CODE_SM2 : CODE_P256,
                                    .at = sim_now(s) };
    struct bundle bundle;
    struct err err;

    if (p->device_id == 0 || p->card == CARD_NONE) return;
    err = identity_bundle_issue(s->identity, &ask, &bundle);
    if (!same(s, "a bundle", err.code, code_usable(p) ? 0 : IDENTITY_CARD_STOPPED)) return;
    if (err.code != 0) return;
    p->bundle = bundle;
    p->has_bundle = true;
    p->bundle_card = p->card_id;
    p->bundle_epoch = p->epoch;
    p->bundle_device = p->device_id;
    p->bundle_at = ask.at;
}

/* ---- gates */

static inline struct sim_gate *any_gate(struct sim *s, bool alone)
{
    for (int i = 0; i < 8; i++) {
        struct sim_gate *gate = &s->gates[roll(s, GATES)];

        if (gate->alone == alone) return gate;
    }
    return NULL;
}

static inline void do_enter(struct sim *s, int person)
{
    struct sim_person *p = &s->people[person];
    struct sim_gate *gate = &s->gates[roll(s, GATES)], *second;

    if (chance(s, 2)) do_bundle(s, p); /* the phone was online a moment ago */
    if (!p->has_bundle) return;
    if (!gate->alone) {
        gate_online(s, gate, person);
        return;
    }
    gate_alone(s, gate, person, NULL);
    second = any_gate(s, true);
    if (chance(s, 6) && second && second != gate && gate->queue_n > 0 &&
        gate->queue[gate->queue_n - 1].person == person)
        gate_alone(s, second, person, &gate->queue[gate->queue_n - 1]); /* a photograph of it */
}

static inline void do_check(struct sim *s, int person)
{
    struct sim_person *p = &s->people[person];
    struct sim_gate *gate = any_gate(s, false);
    struct verdict verdict;
    struct verify_ask ask;
    struct err err;

    if (p->card == CARD_NONE || !gate) return;
    ask = verify_of(s, gate, (struct str){ 0 }, sim_now(s));
    err = identity_check_fast(s->identity, p->no_hash, false, &ask, &verdict);
    if (same(s, "grade B", err.code, card_usable(p) ? 0 : IDENTITY_CARD_STOPPED))
        p->lines[LINE_CHECKED]++;
}

static inline void do_gate(struct sim *s)
{
    struct sim_gate *gate = &s->gates[roll(s, GATES)];

    if (gate->alone) {
        if (!chance(s, 3)) return; /* alone for a while */
        gate->alone = false;
        gate_pull(s, gate);
        gate_upload(s, gate);
    } else if (gate->has_list && chance(s, 4)) {
        gate->alone = true;
    } else {
        gate_pull(s, gate);
    }
}

/* ---- venues */

static inline void day_open(struct sim *s, struct day day)
{
    for (int v = 0; v < VENUES; v++) {
        struct sim_venue *venue = &s->venues[v];

        for (int i = 0; i < 3 && venue->slots_n < SLOTS_MAX; i++) {
            struct sim_slot *slot = &venue->slots[venue->slots_n];
            struct instant start = day_start(day);
            struct slot_ask ask = {
                .venue_id = venue->id,
                .quota = 4 + (int64_t)roll(s, 12),
                .held = (int64_t)roll(s, 20),
                .opens_at = instant_add(start, -2 * USEC_PER_DAY),
                .closes_at = instant_add(start, (9 + 4 * i) * USEC_PER_HOUR),
                .starts_at = instant_add(start, (8 + 4 * i) * USEC_PER_HOUR),
                .ends_at = instant_add(start, (12 + 4 * i) * USEC_PER_HOUR),
            };

            memset(slot, 0, sizeof *slot);
            if (!well(s, "a slot", venues_slot_add(s->store, NULL, &ask, &slot->id))) return;
            slot->starts_at = ask.starts_at;
            slot->ends_at = ask.ends_at;
            slot->quota = ask.quota;
            slot->held = ask.held;
            venue->slots_n++;
        }
    }
}

struct book_call {
    struct booking_ask ask;
    int64_t id;
};

static struct err act_book(struct sim *s, const struct once *once, void *arg)
{
    struct book_call *c = arg;

    return venues_book(s->store, once, &c->ask, &c->id);
}

static inline struct sim_slot *any_slot(struct sim *s, struct sim_venue *venue)
{
    int from = venue->slots_n > 9 ? venue->slots_n - 9 : 0;

    return &venue->slots[from + (int)roll(s, (uint64_t)(venue->slots_n - from))];
}

static inline void do_book(struct sim *s, int person)
{
    struct sim_venue *venue = &s->venues[roll(s, VENUES)];
    struct sim_slot *slot = any_slot(s, venue);
    struct sim_person *p = &s->people[person];
    struct book_call c = { .ask = { .venue_id = venue->id,
                                    .slot_id = slot->id,
                                    .person_id = p->id,
                                    .places = 1 + (int64_t)roll(s, 3),
                                    .at = sim_now(s),
                                    .place = S("馆") } };
    struct instant closes = instant_add(slot->starts_at, USEC_PER_HOUR);
    bool open = instant_before(sim_now(s), closes) &&
                !instant_before(sim_now(s),
                                instant_add(day_start(day_of(slot->starts_at)), -2 * USEC_PER_DAY));
    struct err err;
    struct standing standing;
    int want;

    if (!well(s, "a standing", venues_standing(s->store, p->id, sim_now(s), &standing))) return;
    want = !open                                               ? VENUES_SLOT_CLOSED
           : c.ask.places > slot->quota - slot->taken          ? VENUES_QUOTA_EXHAUSTED
           : instant_before(sim_now(s), standing.paused_until) ? VENUES_PAUSED
           : slot->bookings[person].state != 0 && slot->bookings[person].state != BOOKING_CANCELLED
               ? VENUES_BOOKED_ALREADY
               : 0;
    err = sim_run(s, act_book, &c);
    if (!same(s, "booked", err.code, want) || err.code != 0) return;
    p->lines[LINE_BOOKED]++;
    slot->bookings[person].id = c.id;
    slot->bookings[person].places = c.ask.places;
    slot->bookings[person].state = BOOKING_MADE;
    slot->taken += c.ask.places;
}

static inline void do_unbook(struct sim *s, int person)
{
    struct sim_venue *venue = &s->venues[roll(s, VENUES)];
    struct sim_slot *slot = any_slot(s, venue);
    struct sim_person *p = &s->people[person];
    enum booking_state state = slot->bookings[person].state;
    const struct booking_ask ask = { .venue_id = venue->id,
                                     .person_id = p->id,
                                     .at = sim_now(s),
                                     .place = S("馆"),
                                     .provenance = PROVENANCE_TEST };
    struct err err;
    int want = state == BOOKING_CANCELLED                     ? 0
               : state != BOOKING_MADE                        ? VENUES_BOOKING_OVER
               : !instant_before(sim_now(s), slot->starts_at) ? VENUES_CANCEL_LATE
                                                              : 0;

    if (state == 0) return;
    err = venues_cancel(s->store, slot->bookings[person].id, &ask);
    if (!same(s, "cancelled", err.code, want) || err.code != 0 || state == BOOKING_CANCELLED)
        return;
    p->lines[LINE_UNBOOKED]++;
    slot->bookings[person].state = BOOKING_CANCELLED;
    slot->taken -= slot->bookings[person].places;
}

/* Who did not come: marked once the gates have told of whom they let in. */
static inline void do_no_shows(struct sim *s)
{
    for (int i = 0; i < GATES; i++) {
        if (s->gates[i].queue_n > 0) return;
    }
    for (int v = 0; v < VENUES; v++) {
        struct sim_venue *venue = &s->venues[v];

        for (int i = 0; i < venue->slots_n; i++) {
            struct sim_slot *slot = &venue->slots[i];
            int64_t left = 1;

            if (slot->over || instant_before(sim_now(s), slot->ends_at)) continue;
            while (left > 0) {
                if (!well(s, "no-shows",
                          venues_no_shows(s->store, venue->id, slot->id, sim_now(s), 7, &left)))
                    return;
            }
            slot->over = true;
            for (int k = 0; k < PEOPLE; k++) {
                if (slot->bookings[k].state != BOOKING_MADE) continue;
                slot->bookings[k].state = BOOKING_NO_SHOW;
                s->people[k].no_shows++;
            }
        }
    }
}

/* ---- jobs and deliveries */

static struct err no_show_twice(void *arg, const struct message *message)
{
    struct sim *s = arg;

    if (chance(s, 3)) TRY(venues_no_show(s->store, message)); /* handed out twice */
    return venues_no_show(s->store, message);
}

/* The other side of the SMS: hears it, hears it and the answer is lost, or hears nothing. */
static struct err sms_send(void *arg, const struct notice_delivery *delivery)
{
    struct sim *s = arg;
    uint64_t how = roll(s, 10);

    if (delivery->text.n == 0) finding(s, "a message without words", 0, 1);
    if (how == 0) return fault(FAULT_PARTNER, "the gateway does not answer");
    for (int i = 0; i < s->sent_n; i++) {
        if (s->sent[i] != delivery->notice_id) continue;
        s->sent_again++;
        return how == 1 ? fault(FAULT_PARTNER, "the answer is lost") : OK;
    }
    if (s->sent_n < SENT_MAX) s->sent[s->sent_n++] = delivery->notice_id;
    return how == 1 ? fault(FAULT_PARTNER, "the answer is lost") : OK;
}

static inline void do_deliver(struct sim *s, int most)
{
    struct notice_sender sender = { .store = s->store, .carrier = { sms_send, s } };
    int done;

    (void)well(s, "notices",
               outbox_deliver(s->store, NOTICE_TOPIC_PUT, most, notice_take, s->store, &done));
    (void)well(s, "no-shows told",
               outbox_deliver(s->store, VENUES_TOPIC_NO_SHOW, most, no_show_twice, s, &done));
    (void)well(s, "messages",
               outbox_deliver(s->store, NOTICE_TOPIC_SEND, most, notice_send, &sender, &done));
    (void)well(s, "messages held back", notice_sweep(s->store, sim_now(s), most, &done));
}

/* Temporary reports run out; the model looks which ones did. */
static inline void do_sweep(struct sim *s)
{
    struct loss_swept swept;
    int64_t reopened = 0;

    if (!well(s, "the sweep", registry_loss_sweep(&s->rg, sim_now(s), &swept))) return;
    for (int i = 0; i < PEOPLE; i++) {
        struct sim_person *p = &s->people[i];
        const struct sim_person was = *p;
        struct loss loss;

        if (p->card != CARD_TEMPORARY) continue;
        if (!well(s, "a report", registry_loss_load(s->store, p->id, p->loss_id, &loss))) return;
        if (loss.state == LOSS_EFFECTIVE) {
            if (loss.expires_at.usec < sim_now(s).usec)
                finding(s, "a report outlives its end", sim_now(s).usec, loss.expires_at.usec);
            p->loss_ends = loss.expires_at;
            continue;
        }
        if (!same(s, "a report's end", loss.state, LOSS_LAPSED)) continue;
        if (instant_before(sim_now(s), p->loss_ends)) finding(s, "lapsed too early", 1, 0);
        if (loss.warned_at.usec == 0) finding(s, "lapsed without a warning", 0, 1);
        reopened++;
        p->lines[LINE_LAPSED]++;
        p->card = p->was_normal ? CARD_NORMAL : CARD_SEALED;
        p->consent = false;
        card_changed(s, p, &was);
    }
    (void)same(s, "reports that lapsed", swept.reopened, reopened);
}

/* ---- a step */

static inline void time_passes(struct sim *s)
{
    struct day before = day_of(sim_now(s));
    int64_t usec = (int64_t)(1 + roll(s, 40)) * USEC_PER_SEC;

    if (chance(s, 60)) usec = (int64_t)(1 + roll(s, 5)) * USEC_PER_HOUR;
    if (chance(s, 400)) usec = (int64_t)(1 + roll(s, 3)) * USEC_PER_DAY;
    s->now_usec += usec;
    for (int64_t day = before.number + 1; day <= day_of(sim_now(s)).number; day++) {
        day_open(s, (struct day){ (int32_t)(day + 2) });
    }
}

static inline void sim_step(struct sim *s)
{
    int person = (int)roll(s, PEOPLE);
    struct sim_person *p = &s->people[person];
    uint64_t what = roll(s, 100);

    s->step++;
    time_passes(s);
    if (what < 6) {
        do_issue(s, p);
    } else if (what < 12) {
        do_enable(s, p);
    } else if (what < 16) {
        do_lose(s, p);
    } else if (what < 20) {
        do_find(s, p);
    } else if (what < 23) {
        do_consent(s, p);
    } else if (what < 24) {
        do_replace(s, p);
    } else if (what < 25 && chance(s, 3)) {
        do_cancel(s, p);
    } else if (what < 28) {
        do_enrol(s, p);
    } else if (what < 40) {
        do_bundle(s, p);
    } else if (what < 62) {
        do_enter(s, person);
    } else if (what < 66) {
        do_check(s, person);
    } else if (what < 74) {
        do_gate(s);
    } else if (what < 82) {
        do_book(s, person);
    } else if (what < 86) {
        do_unbook(s, person);
    } else if (what < 88) {
        do_no_shows(s);
    } else if (what < 93) {
        do_deliver(s, (int)(1 + roll(s, OUTBOX_BATCH)));
    } else if (what < 95) {
        do_sweep(s);
    } else {
        sim_seal(s);
    }
    if (chance(s, 150)) sim_restart(s);
}

/* ---- the beginning: people, their cards and phones, places and gates */

static inline void sim_people(struct sim *s)
{
    for (int i = 0; i < PEOPLE; i++) {
        struct sim_person *p = &s->people[i];
        char number[19];
        struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                                  .name = S("张三"),
                                  .phone = S("13812345678"),
                                  .region_code = 340111,
                                  .act = sim_act_of(s, ACTOR_STAFF, STAFF, PROOF_PAPERS) };
        struct person_made made;

        person_no_make(340111, (struct date){ 1950 + i % 50, 1 + i % 12, 1 + i % 28 }, i, number);
        ask.number = (struct str){ number, 18 };
        if (!well(s, "a person", registry_person_add(&s->rg, NULL, &ask, &made))) return;
        p->id = made.person_id;
        p->lines[LINE_ADDED]++;
        if (chance(s, 10)) continue; /* some have nothing yet */
        do_issue(s, p);
        if (chance(s, 12)) continue;
        do_enable(s, p);
        do_enrol(s, p);
        do_bundle(s, p);
    }
}

static inline void sim_places(struct sim *s)
{
    for (int i = 0; i < VENUES; i++) {
        s->venues[i].id = 900 + i;
    }
    for (int i = 0; i < GATES; i++) {
        gate_make(s, i);
    }
    for (int i = -1; i < 3; i++) {
        day_open(s, (struct day){ day_of(sim_now(s)).number + i });
    }
}
