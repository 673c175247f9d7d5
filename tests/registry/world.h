/* tests/registry/world.h - a migrated store, a keyd in process and the registry on them; for the
 * tests of registry/ and of what stands on it. */
#pragma once
#include <pthread.h>
#include <stdlib.h>

#include "crypto/keyd_server.h"
#include "registry/card.h"
#include "registry/device.h"
#include "registry/registry.h"
#include "registry/signin.h"
#include "registry/staff.h"
#include "tests/fixture.h"
#include "tests/test.h"

struct world {
    struct fixture f;
    struct keyd_core *core;
    struct keyd *keyd;
    struct blind_key blind;
    struct registry rg;
    int next; /* serial of made persons */
};

static inline struct instant world_clock(void *arg)
{
    return fixture_now(arg);
}

static inline bool world_open(struct world *w, enum engine engine)
{
    char dir[512];

    memset(w, 0, sizeof *w);
    if (!fixture_open(&w->f, engine)) return false;
    snprintf(dir, sizeof dir, "%s/keys-%s", test_folder(), fixture_engine_name(engine));
    if (!CHECK_OK("keyd opens", keyd_core_test(dir, (struct clock){ world_clock, &w->f },
                                               entropy_system(), &w->core)))
        return false;
    if (!CHECK_OK("keyd client", keyd_open_local(w->core, &w->keyd))) return false;
    if (!CHECK_OK("blind key", keyd_blind_key(w->keyd, &w->blind))) return false;
    w->rg = (struct registry){
        .store = w->f.store,
        .keyd = w->keyd,
        .blind = &w->blind,
        .entropy = entropy_system(), /* threads share it */
        .password_cost = PASSWORD_COST_TEST,
    };
    return true;
}

static inline void world_close(struct world *w)
{
    blind_key_close(&w->blind);
    keyd_close(w->keyd);
    keyd_core_close(w->core);
    fixture_close(&w->f);
}

static inline struct act world_act(struct world *w, enum channel channel, enum proof proof)
{
    return (struct act){ .at = fixture_now(&w->f),
                         .actor = ACTOR_STAFF,
                         .actor_id = 42,
                         .channel = channel,
                         .proof = proof,
                         .provenance = PROVENANCE_TEST };
}

static inline struct act world_holder(struct world *w, int64_t person_id, enum proof proof)
{
    struct act act = world_act(w, CHANNEL_WEB, proof);

    act.actor = ACTOR_HOLDER;
    act.actor_id = person_id;
    return act;
}

/* A new person of Hefei with phone and name; `number` gets 18 characters. 0 when it failed. */
static inline int64_t world_person(struct world *w, char number[18])
{
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .name = S("欧阳·测试"),
                              .phone = S("13812345678"),
                              .region_code = 340104,
                              .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct person_made made = { 0 };
    int n = w->next++;

    person_no_make(340104, (struct date){ 1960 + n / 1000, 1 + n % 12, 1 + n % 28 }, n % 1000,
                   number);
    ask.number = (struct str){ number, 18 };
    CHECK_OK("person added", registry_person_add(&w->rg, NULL, &ask, &made));
    return made.person_id;
}

static inline struct card_made world_card(struct world *w, int64_t person_id, bool enabled)
{
    struct card_issue_ask ask = { .person_id = person_id,
                                  .generation = 3,
                                  .region_code = 340104,
                                  .instant = true,
                                  .ecard = true,
                                  .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct card_made made = { 0 };
    struct card after;

    CHECK_OK("card issued", registry_card_issue(&w->rg, NULL, &ask, &made));
    if (enabled)
        CHECK_OK("card activated", registry_card_activate(&w->rg, NULL, person_id, made.card_id,
                                                          true, true, &ask.act, &after));
    return made;
}

/* Run `n` threads over `body`, each with its number, and wait for all. */
struct world_thread {
    struct world *w;
    void *arg;
    int i;
    void (*body)(struct world *w, void *arg, int i);
};
static inline void *world_thread_main(void *p)
{
    struct world_thread *t = p;

    t->body(t->w, t->arg, t->i);
    return NULL;
}
static inline void world_threads(struct world *w, int n,
                                 void (*body)(struct world *w, void *arg, int i), void *arg)
{
    static struct world_thread threads[128];
    static pthread_t ids[128];
    int started = 0;

    for (int i = 0; i < n; i++, started++) {
        threads[i] = (struct world_thread){ w, arg, i, body };
        if (pthread_create(&ids[i], NULL, world_thread_main, &threads[i]) != 0) break;
    }
    CHECK_INT("threads started", started, n);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
}
