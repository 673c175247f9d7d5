/* tests/sim/sim.h - a small province in one thread: the real modules on a disk in memory whose
 * power can be cut, under a clock and dice of the simulation's own, so that a seed tells the whole
 * run. Beside them a model: what people were told. What the modules hold is compared with it
 * (tests/sim/checks.h); what does not agree is a finding. */
#pragma once
#include <stdlib.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "identity/identity.h"
#include "journal/journal.h"
#include "notice/notice.h"
#include "registry/card.h"
#include "registry/device.h"
#include "registry/registry.h"
#include "tests/fixture.h"
#include "tests/identity/issuer.h"
#include "tests/power/disk.h"
#include "venues/venues.h"

enum {
    PEOPLE = 200,
    GATES = 10,
    VENUES = 4,
    SLOTS_MAX = 200,
    OFFLINE_MAX = 4000,
    SENT_MAX = 20000
};
enum { QUEUE_MAX = 512 }; /* lines a gate keeps while it is alone */

/* Faults that are planted to see that they are found. */
enum plant {
    PLANT_NONE,
    PLANT_DERIVED, /* one note of card changes in five does not reach derived state */
    PLANT_SYNC,    /* syncs say OK and do nothing */
    PLANT_LIST,    /* gates say that they obey a list, and keep the old one */
    PLANT_REPEAT,  /* an act is done again under a key of its own */
};

/* Acts that leave a line in the holder's record, by their names there. */
enum line {
    LINE_ADDED,
    LINE_ISSUED,
    LINE_ENABLED,
    LINE_LOST,
    LINE_LOST_FORMAL,
    LINE_FOUND,
    LINE_CONSENT,
    LINE_LAPSED,
    LINE_REPLACED,
    LINE_CANCELLED,
    LINE_ENROLLED,
    LINE_REVOKED,
    LINE_VERIFIED,
    LINE_CHECKED,
    LINE_ADMITTED,
    LINE_NOT_ADMITTED,
    LINE_BOOKED,
    LINE_UNBOOKED,
    LINES,
};
static const char *const LINE_NAMES[LINES] = {
    "person_added",    "card_issued",    "card_enabled",      "card_lost",     "card_lost_formal",
    "card_found",      "ecard_consent",  "loss_lapsed",       "card_replaced", "card_cancelled",
    "device_enrolled", "device_revoked", "code_verified",     "card_checked",  "admitted",
    "not_admitted",    "booking_made",   "booking_cancelled",
};

struct sim_person {
    int64_t id;
    int64_t card_id; /* 0: none alive */
    uint8_t no_hash[32];
    int64_t epoch;
    enum { CARD_NONE, CARD_SEALED, CARD_NORMAL, CARD_TEMPORARY, CARD_FORMAL } card;
    bool was_normal; /* before it was lost */
    bool consent;
    enum proof loss_proof;
    struct instant loss_ends;
    int64_t loss_id;
    int64_t changed_position; /* of the sealed feed: the card's last change lies at or below it; 0:
                                 not sealed yet */
    int64_t device_id;
    struct key_pair phone;
    int64_t phone_off; /* its clock, microseconds */
    bool has_bundle;
    struct bundle bundle;
    int64_t bundle_card, bundle_epoch, bundle_device;
    struct instant bundle_at;
    uint32_t used_step; /* of the device: the last that the centre took */
    int64_t no_shows;
    int64_t lines[LINES];
};

struct sim_slot {
    int64_t id;
    struct instant starts_at, ends_at;
    int64_t quota, held, taken, held_taken, admitted;
    bool over; /* no-shows are marked */
    struct {
        int64_t id, places;
        enum booking_state state; /* 0: none */
    } bookings[PEOPLE];
    bool in[PEOPLE];
};

struct sim_venue {
    int64_t id;
    int slots_n;
    struct sim_slot slots[SLOTS_MAX];
};

struct sim_line { /* what a gate decided alone */
    char text[CODE_TEXT_MAX + 1];
    size_t text_n;
    int person;
    int64_t device;
    uint32_t step;
    struct instant at;
    int verdict;
};
struct sim_gate {
    int64_t terminal_id;
    int venue;
    struct key_pair keys;
    bool alone;
    bool has_list;
    struct stop_list list;
    struct arena lists[2];
    int lists_now;
    int64_t position; /* what it says that it obeys */
    struct published_keys published;
    struct replay_memory replay;
    int64_t clock_off;
    struct sim_line queue[QUEUE_MAX];
    int queue_n;
    int64_t batch_no;
};

struct sim {
    uint64_t seed;
    enum plant plant;
    bool cuts, quiet;
    int step, findings;
    int64_t acts, repeats, cut_n, restarts, uploads, let_in, refused;
    struct prng dice; /* what happens */
    struct prng ids;  /* the modules' entropy */
    int64_t now_usec;
    char keys[400], folder[400];
    struct store_config config;
    struct store *store;
    struct keyd_core *core;
    struct keyd *keyd;
    struct blind_key blind;
    struct derived *derived;
    struct registry rg;
    struct identity *identity;
    int64_t key, notes;
    struct sim_person people[PEOPLE];
    struct sim_gate gates[GATES];
    struct sim_venue venues[VENUES];
    struct {
        int64_t device;
        uint32_t step;
    } alone_in[OFFLINE_MAX]; /* codes that were taken alone, as the centre accepted them */
    int alone_in_n;
    int64_t sent[SENT_MAX]; /* notices that reached the other side */
    int sent_n;
    int64_t sent_again;
};

/* ---- dice, clock, findings */

static inline uint64_t roll(struct sim *s, uint64_t sides)
{
    return prng_next(&s->dice) % sides;
}

static inline bool chance(struct sim *s, uint64_t one_in)
{
    return roll(s, one_in) == 0;
}

static inline struct instant sim_now(const struct sim *s)
{
    return (struct instant){ s->now_usec };
}

static struct instant sim_clock(void *arg)
{
    return sim_now(arg);
}

static inline void finding(struct sim *s, const char *what, int64_t got, int64_t want)
{
    s->findings++;
    if (!s->quiet && s->findings <= 20)
        printf("seed %" PRIu64 " step %d: %s: %" PRId64 ", not %" PRId64 "\n", s->seed, s->step,
               what, got, want);
}

static inline bool same(struct sim *s, const char *what, int64_t got, int64_t want)
{
    if (got != want) finding(s, what, got, want);
    return got == want;
}

/* A fault where none belongs. */
static inline bool well(struct sim *s, const char *what, struct err err)
{
    if (err.code == 0) return true;
    if (!s->quiet && s->findings <= 20) printf("    %s\n", err.code < 0 ? fault_note() : "");
    finding(s, what, err.code, 0);
    return false;
}

/* ---- opening, closing, power */

static void sim_committed(void *arg, struct bytes note)
{
    struct sim *s = arg;

    if (s->plant == PLANT_DERIVED && ++s->notes % 5 == 0) return;
    derived_note(s->derived, note);
}

static inline bool sim_open(struct sim *s)
{
    struct derived_config derived = { .folder = str_of(s->folder), .cards_max = 10000 };
    struct identity_config identity = { .clock = s->config.clock,
                                        .entropy = s->config.entropy,
                                        .test_codes = true,
                                        .inline_recorder = true };

    if (!well(s, "derived state", derived_new(&s->derived))) return false;
    if (!well(s, "the store opens", store_open(&s->config, &s->store))) return false;
    derived.store = s->store;
    if (!well(s, "derived state opens", derived_open(s->derived, &derived))) return false;
    s->rg = (struct registry){ .store = s->store,
                               .keyd = s->keyd,
                               .blind = &s->blind,
                               .entropy = s->config.entropy,
                               .password_cost = PASSWORD_COST_TEST };
    identity.store = s->store;
    identity.keyd = s->keyd;
    identity.blind = &s->blind;
    identity.derived = s->derived;
    return well(s, "identity opens", identity_open(&identity, &s->identity));
}

static inline void sim_close(struct sim *s)
{
    identity_close(s->identity);
    if (s->store) store_close(s->store);
    derived_close(s->derived);
    s->identity = NULL;
    s->store = NULL;
    s->derived = NULL;
}

static inline bool sim_make(struct sim *s, uint64_t seed, int run)
{
    s->seed = seed;
    s->dice = (struct prng){ seed };
    s->ids = (struct prng){ seed ^ 0x5eed };
    s->now_usec = INT64_C(1629417600) * USEC_PER_SEC;
    snprintf(s->keys, sizeof s->keys, "%s/keys-%d", test_folder(), run);
    snprintf(s->folder, sizeof s->folder, "%s/derived-%d", test_folder(), run);
    s->config = (struct store_config){ .url = S("sqlite:sim.db"),
                                       .clock = { sim_clock, s },
                                       .entropy = prng_entropy(&s->ids),
                                       .sealer = fixture_sealer(),
                                       .inline_writer = true,
                                       .sqlite_vfs = "ykt_disk",
                                       .committed = sim_committed,
                                       .committed_arg = s };
    disk_open();
    return well(s, "migrate", store_migrate(&s->config, false, NULL, NULL)) &&
           well(s, "keyd", keyd_core_test(s->keys, s->config.clock, s->config.entropy, &s->core)) &&
           well(s, "keyd", keyd_open_local(s->core, &s->keyd)) &&
           well(s, "the lent key", keyd_blind_key(s->keyd, &s->blind)) && sim_open(s);
}

static inline void sim_end(struct sim *s)
{
    sim_close(s);
    blind_key_close(&s->blind);
    keyd_close(s->keyd);
    keyd_core_close(s->core);
    for (int i = 0; i < GATES; i++) {
        arena_close(&s->gates[i].lists[0]);
        arena_close(&s->gates[i].lists[1]);
    }
    disk_close();
}

/* The tick: seal, then derived state follows; what changed has a position now. */
static inline void sim_seal(struct sim *s)
{
    struct feed_status status;

    if (!well(s, "seal", store_seal(s->store))) return;
    if (!well(s, "derived state follows", derived_catch_up(s->derived))) return;
    if (!well(s, "the feed", feed_status(s->store, FEED_CARD, &status))) return;
    for (int i = 0; i < PEOPLE; i++) {
        if (s->people[i].changed_position == 0)
            s->people[i].changed_position = status.head_position;
    }
}

static inline void sim_restart(struct sim *s)
{
    s->restarts++;
    (void)well(s, "grade B's record", identity_flush(s->identity));
    if (chance(s, 2)) (void)well(s, "derived state's files", derived_save(s->derived));
    sim_close(s);
    (void)sim_open(s);
}

/* ---- acts under a key: the power may go, the answer may be lost */

typedef struct err sim_act(struct sim *s, const struct once *once, void *arg);

static inline void power_back(struct sim *s)
{
    s->cut_n++;
    sim_close(s);
    disk_restart(&s->dice);
    (void)sim_open(s);
}

/* Run an act; OK or its refusal. Whoever got no answer asks again under the same key. */
static inline struct err sim_run(struct sim *s, sim_act *act, void *arg)
{
    struct once once = { .actor = 7 };
    char text[32];
    struct err err;
    bool cut = s->cuts && chance(s, 12);

    s->acts++;
    once.key = (struct str){ text, (size_t)snprintf(text, sizeof text, "sim-%" PRId64, ++s->key) };
    if (cut) {
        (void)well(s, "grade B's record", identity_flush(s->identity));
        disk_cut_after((int64_t)(1 + roll(s, 40)));
    }
    err = act(s, &once, arg);
    if (cut) {
        bool gone = disk_is_cut();

        disk_cut_after(0);
        if (gone) {
            power_back(s);
            if (!s->store || !s->identity) return fault(FAULT_INTERRUPTED, "nothing is left");
            err = act(s, &once, arg);
        }
    }
    if (err.code == 0 && chance(s, 8)) {
        s->repeats++;
        if (s->plant == PLANT_REPEAT) snprintf(text, sizeof text, "again%" PRId64, s->key);
        err = act(s, &once, arg);
        (void)well(s, "a repeat gives the first answer", err);
    }
    return err;
}
