/* tests/crypto/keyd_world.h - a keyd in process, with a clock and keys of the test's own, that can
 * be stopped and started on its folder. */
#pragma once
#include <stdio.h>
#include <stdlib.h>

#include "crypto/keyd_server.h"
#include "crypto/keys.h"
#include "tests/test.h"

#define NOON ((struct instant){ INT64_C(1637380800000000) }) /* 2021-11-20 12:00 at UTC+8 */

static struct instant now;
static struct prng prng;

static inline struct instant now_of(void *arg)
{
    (void)arg;
    return now;
}

static inline struct keyd_settings settings_of(const char *dir, const char *hsm_path)
{
    struct keyd_settings settings = {
        .dir = dir,
        .hsm = { .kind = HSM_SOFTWARE, .path = hsm_path, .secret = str_bytes(S("test")) },
        .clock = { .now = now_of },
        .entropy = prng_entropy(&prng),
        .no_sync = true,
    };

    for (int use = 1; use < KEYD_USES; use++) {
        settings.budgets[use] = (struct keyd_budget){ 100, 1000 };
    }
    return settings;
}

struct world {
    char dir[300], hsm[320];
    struct keyd_settings settings;
    struct keyd_core *core;
    struct keyd *keyd;
};

static inline void world_stop(struct world *world)
{
    keyd_close(world->keyd);
    keyd_core_close(world->core);
    world->keyd = NULL;
    world->core = NULL;
}

static inline void world_start(struct world *world)
{
    CHECK_OK("start", keyd_core_open(&world->settings, &world->core));
    if (!world->core) exit(test_end());
    CHECK_OK("client", keyd_open_local(world->core, &world->keyd));
}

/* A new key folder named `name`, opened. */
static inline void world_new(struct world *world, const char *name)
{
    now = NOON;
    memset(world, 0, sizeof *world);
    snprintf(world->dir, sizeof world->dir, "%s/%s", test_folder(), name);
    snprintf(world->hsm, sizeof world->hsm, "%s/hsm", world->dir);
    world->settings = settings_of(world->dir, world->hsm);
    CHECK_OK("make", keyd_core_test(world->dir, world->settings.clock, world->settings.entropy,
                                    &world->core));
    world_stop(world);
    world_start(world);
}

static inline struct keys_place place_of(const struct world *world)
{
    return (struct keys_place){
        .dir = world->dir, .hsm = world->settings.hsm, .entropy = world->settings.entropy, .at = now
    };
}

/* How many of `times` openings of a sealed t.c:1 are granted. */
static inline int open_some(struct world *world, enum keyd_use use, struct bytes sealed, int times)
{
    struct field_use why = { .use = use, .session_id = 1, .actor_id = 1 };
    uint8_t plain[64];
    size_t n;
    int opened = 0;

    for (int i = 0; i < times; i++) {
        struct err err = keyd_field_open_one(world->keyd, &why, S("t"), S("c"), 1, sealed, plain,
                                             sizeof plain, &n);
        if (err.code == 0) opened++;
    }
    return opened;
}
