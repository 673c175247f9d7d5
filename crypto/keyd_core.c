/* crypto/keyd_core.c - opening and closing keyd's state. */
#include "crypto/keyd_core.h"

#include <stdlib.h>
#include <unistd.h>

static RESULT ring_of(const char *dir, const struct hsm_settings *settings,
                      const struct entropy *entropy, struct keyring **out, bool *test)
{
    struct hsm *hsm;
    struct hsm_session *session = NULL;
    struct hsm_info info;

    TRY(hsm_open(settings, entropy, &hsm));
    struct err err = hsm_info(hsm, &info);
    if (err.code == 0) err = hsm_session_open(hsm, &session);
    if (err.code == 0) err = keyring_open(dir, session, out);
    if (err.code == 0) *test = info.test;
    hsm_session_close(session);
    hsm_close(hsm);
    return err;
}

static RESULT core_open(struct keyd_core *core, const struct keyd_settings *settings)
{
    if (!str_c(str_of(settings->dir), core->dir, sizeof core->dir))
        return fault(FAULT_CONFIG, "%s: too long", settings->dir);
    TRY(folder_lock(core->dir, &core->lock_fd));
    TRY(ring_of(core->dir, &settings->hsm, &core->entropy, &core->ring, &core->test));
    for (size_t i = 0; i < core->ring->n; i++) {
        if (core->ring->keys[i].row.test) core->test = true;
    }
    TRY(keyd_log_open(core->dir, core->ring, clock_now(&core->clock), settings->no_sync,
                      budget_replay, core, &core->log));
    struct instant at = keyd_log_time(core->log, clock_now(&core->clock));
    uint64_t mark;
    TRY(keyd_log_append(core->log, at, core->test ? S("open test=1") : S("open test=0"), &mark));
    TRY(keyd_log_sign(core->log, at));
    return keyd_log_sync(core->log, mark);
}

RESULT keyd_core_open(const struct keyd_settings *settings, struct keyd_core **out)
{
    struct keyd_core *core = calloc(1, sizeof *core);

    if (!core) return fault(FAULT_MEMORY, "keyd");
    core->lock_fd = -1;
    core->clock = settings->clock;
    core->entropy = settings->entropy;
    memcpy(core->budgets, settings->budgets, sizeof core->budgets);
    memcpy(core->actor_budgets, settings->actor_budgets, sizeof core->actor_budgets);
    for (int p = 1; p < KEYD_SIGN_PURPOSES; p++) {
        const struct keyd_budget *given = &settings->sign_budgets[p];
        core->sign_budgets[p] = given->per_second != 0 ? *given : KEYD_SIGN_BUDGETS[p];
    }
    (void)pthread_mutex_init(&core->lock, NULL);
    struct err err = core_open(core, settings);
    if (err.code != 0) {
        keyd_log_close(core->log);
        core->log = NULL;
        keyd_core_close(core);
        return err;
    }
    *out = core;
    return OK;
}

void keyd_core_close(struct keyd_core *core)
{
    if (!core) return;
    if (core->log) {
        struct instant at = keyd_log_time(core->log, clock_now(&core->clock));
        /* closing can't be refused; a log that takes no more was told of before */
        if (keyd_log_append(core->log, at, S("close"), NULL).code == 0)
            (void)keyd_log_sign(core->log, at).code;
    }
    keyd_log_close(core->log);
    keyring_close(core->ring);
    if (core->lock_fd >= 0) close(core->lock_fd);
    pthread_mutex_destroy(&core->lock);
    free(core);
}

RESULT keyd_core_test(const char *dir, struct clock clock, struct entropy entropy,
                      struct keyd_core **out)
{
    char hsm_path[PATH_BYTES];
    struct keyd_settings settings = {
        .dir = dir, .clock = clock, .entropy = entropy, .no_sync = true
    };
    struct keys_place place = { .dir = dir, .entropy = entropy, .at = clock_now(&clock) };

    TRY(folder_make(dir));
    TRY(path_join(hsm_path, dir, "hsm"));
    settings.hsm = (struct hsm_settings){ .kind = HSM_SOFTWARE,
                                          .path = hsm_path,
                                          .secret = str_bytes(S("test")),
                                          .cost = PASSWORD_COST_TEST };
    place.hsm = settings.hsm;
    for (int use = 1; use < KEYD_USES; use++) {
        settings.budgets[use] = (struct keyd_budget){ 1000000000, INT64_C(1000000000000) };
        for (int p = 1; p < KEYD_SIGN_PURPOSES; p++)
            settings.sign_budgets[p] = (struct keyd_budget){ 1000000000, INT64_C(1000000000000) };
    }
    struct err err = keys_create(&place);
    if (err.code != 0 && err.code != KEYD_EXISTS) return err;
    return keyd_core_open(&settings, out);
}

RESULT keyd_log_verify(const char *dir, const struct hsm_settings *hsm, struct entropy entropy,
                       struct keyd_log_report *out)
{
    struct keyring *ring;
    bool test;

    TRY(ring_of(dir, hsm, &entropy, &ring, &test));
    struct err err = keyd_log_walk(dir, ring, out);
    keyring_close(ring);
    return err;
}
