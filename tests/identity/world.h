/* tests/identity/world.h - a migrated store with keyd, registry, derived state and identity on it,
 * and residents with cards and phones. */
#pragma once
#include <pthread.h>
#include <stdio.h>

#include "crypto/keyd_server.h"
#include "identity/identity.h"
#include "registry/card.h"
#include "registry/device.h"
#include "registry/registry.h"
#include "tests/fixture.h"
#include "tests/identity/issuer.h"

struct world {
    struct fixture f;
    struct keyd_core *core;
    struct keyd *keyd;
    struct blind_key blind;
    struct registry rg;
    struct derived *derived;
    struct identity *identity;
    char folder[300];
    int people;
};
struct resident {
    int64_t person_id, card_id, device_id;
    struct card_no no;
    struct key_pair phone;
};

static inline struct act world_act(const struct world *w)
{
    return (struct act){ .at = fixture_now(&w->f),
                         .actor = ACTOR_STAFF,
                         .actor_id = 5,
                         .channel = CHANNEL_COUNTER,
                         .proof = PROOF_PAPERS,
                         .provenance = PROVENANCE_TEST };
}

static inline bool world_derived(struct world *w)
{
    struct derived_config config = { .folder = str_of(w->folder),
                                     .store = w->f.store,
                                     .cards_max = 100000 };

    return CHECK_OK("derived state opens", derived_open(w->derived, &config));
}

static inline bool world_identity(struct world *w)
{
    struct identity_config config = { .store = w->f.store,
                                      .keyd = w->keyd,
                                      .blind = &w->blind,
                                      .derived = w->derived,
                                      .clock = w->f.config.clock,
                                      .entropy = w->f.config.entropy,
                                      .test_codes = true };

    return CHECK_OK("identity opens", identity_open(&config, &w->identity));
}

/* An empty database and where keys and derived state will lie; nothing is opened. */
static inline bool world_make(struct world *w, enum engine engine)
{
    memset(w, 0, sizeof *w);
    if (!fixture_make(&w->f, engine)) return false;
    snprintf(w->folder, sizeof w->folder, "%s/derived-%d-%d", test_folder(), (int)engine,
             (int)(prng_next(&w->f.prng) % 100000));
    return true;
}

/* Open everything on what world_make made; again after world_stop, also in another process. */
static inline bool world_start(struct world *w)
{
    char keys[400];

    snprintf(keys, sizeof keys, "%s.keys", w->folder);
    if (!CHECK_OK("derived", derived_new(&w->derived))) return false;
    w->f.config.committed = derived_note;
    w->f.config.committed_arg = w->derived;
    if (!CHECK_OK("migrate", store_migrate(&w->f.config, false, NULL, NULL))) return false;
    if (!CHECK_OK("store", store_open(&w->f.config, &w->f.store))) return false;
    if (!CHECK_OK("keyd", keyd_core_test(keys, w->f.config.clock, w->f.config.entropy, &w->core)))
        return false;
    if (!CHECK_OK("keyd", keyd_open_local(w->core, &w->keyd))) return false;
    if (!CHECK_OK("blind key", keyd_blind_key(w->keyd, &w->blind))) return false;
    w->rg = (struct registry){ .store = w->f.store,
                               .keyd = w->keyd,
                               .blind = &w->blind,
                               .entropy = w->f.config.entropy,
                               .password_cost = PASSWORD_COST_TEST };
    return world_derived(w) && world_identity(w);
}

static inline bool world_open(struct world *w, enum engine engine)
{
    return world_make(w, engine) && world_start(w);
}

static inline void world_stop(struct world *w)
{
    identity_close(w->identity);
    w->identity = NULL;
    if (w->f.store) store_close(w->f.store);
    w->f.store = NULL;
    derived_close(w->derived);
    w->derived = NULL;
    blind_key_close(&w->blind);
    keyd_close(w->keyd);
    w->keyd = NULL;
    keyd_core_close(w->core);
    w->core = NULL;
}

static inline void world_close(struct world *w)
{
    world_stop(w);
    fixture_close(&w->f);
}

/* GB 11643: a number of Baohe district with its check character. */
static inline void citizen_no_text(int i, char out[19])
{
    static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;

    struct writer w = writer_over(out, 19);

    put_format(&w, "340111%04d%02d%02d%03d0", 1950 + i / 1000 % 50, 1 + i % 12, 1 + i % 28,
               i % 1000);
    put_u8(&w, 0);
    for (int k = 0; k < 17; k++) {
        sum += (out[k] - '0') * weights[k];
    }
    out[17] = "10X98765432"[sum % 11];
}

static inline bool resident_make(struct world *w, struct resident *out, enum code_suite suite,
                                 enum code_strength strength)
{
    char number[19];
    struct act act = world_act(w);
    struct person_ask ask = {
        .document = DOCUMENT_CITIZEN, .name = S("张三"), .region_code = 340111, .act = act
    };
    struct card_issue_ask issue = {
        .generation = 3, .region_code = 340111, .instant = true, .ecard = true, .act = act
    };
    struct person_made person;
    struct card_made card;
    struct card after;

    citizen_no_text(w->people++, number);
    ask.number = str_of(number);
    if (!CHECK_OK("a person", registry_person_add(&w->rg, NULL, &ask, &person))) return false;
    issue.person_id = out->person_id = person.person_id;
    if (!CHECK_OK("a card", registry_card_issue(&w->rg, NULL, &issue, &card))) return false;
    out->card_id = card.card_id;
    out->no = card.no;
    if (!CHECK_OK("enabled", registry_card_activate(&w->rg, NULL, out->person_id, out->card_id,
                                                    true, false, &act, &after)))
        return false;
    out->phone = key_pair_of(suite, 1000 + (uint64_t)w->people);
    struct device_ask device = { .person_id = out->person_id,
                                 .suite = (enum suite)suite,
                                 .strength = (enum strength)strength,
                                 .key = bytes_of(out->phone.point, POINT_SHORT),
                                 .act = act };
    device.act.proof = PROOF_PAPERS;
    return CHECK_OK("a phone", registry_device_enrol(&w->rg, NULL, &device, &out->device_id));
}

static inline bool resident_bundle(struct world *w, const struct resident *r, enum code_suite suite,
                                   struct bundle *out)
{
    struct bundle_ask ask = { .person_id = r->person_id,
                              .card_id = r->card_id,
                              .device_id = r->device_id,
                              .suite = suite,
                              .at = fixture_now(&w->f) };

    return CHECK_OK("a bundle", identity_bundle_issue(w->identity, &ask, out));
}
