/* programs/user_first.c - opens keys, store and registry as the server does, makes one account, and
 * closes them again. The lock of the key folder keeps a running server and this apart. */
#include "programs/user_first.h"

#include <stdlib.h>

#include "catalogue/catalogue.h"
#include "crypto/blind.h"
#include "crypto/crypto.h"
#include "crypto/keyd_server.h"
#include "programs/nouns.h"
#include "programs/settings.h"
#include "registry/signin.h"

enum { SETTINGS_ARENA = 512 * 1024, PASSWORD_LETTERS = 16 };

struct house {
    struct arena arena;
    struct config config;
    struct secret pin;
    struct keyd_settings settings;
    struct keyd_core *core;
    struct keyd *keyd;
    struct blind_key blind;
    struct store *store;
    struct catalogue_shelf *shelf;
    struct registry registry;
};

static void hash(void *arg, struct bytes in, uint8_t out[32])
{
    (void)arg;
    sm3(in, out);
}

static struct err no_sign(void *arg, const uint8_t digest[32], uint8_t out[80], size_t *n)
{
    (void)arg, (void)digest, (void)out, (void)n;
    return fault(FAULT_KEYD, "the server seals when it starts");
}

static RESULT house_open(struct house *house)
{
    const struct store_config config = {
        .url = config_text(&house->config, "database.url"),
        .clock = system_clock(),
        .entropy = entropy_system(),
        .sealer = { .hash = hash, .sign = no_sign },
        .inline_writer = true,
    };

#ifndef YKT_DEBUG /* the leak sanitizer must be able to look into it */
    TRY(secret_process(false));
#endif
    TRY(settings_keyd(&house->config, &house->pin, &house->settings));
    TRY(keyd_core_open(&house->settings, &house->core));
    TRY(keyd_open_local(house->core, &house->keyd));
    TRY(keyd_blind_key(house->keyd, &house->blind));
    TRY(store_open(&config, &house->store));
    TRY(catalogue_shelf_open(house->store, &house->shelf));
    house->registry = (struct registry){ .store = house->store,
                                         .keyd = house->keyd,
                                         .blind = &house->blind,
                                         .shelf = house->shelf,
                                         .entropy = entropy_system(),
                                         .password_cost = PASSWORD_COST };
    return OK;
}

static void house_close(struct house *house)
{
    catalogue_shelf_close(house->shelf);
    if (house->store) store_close(house->store);
    blind_key_close(&house->blind);
    keyd_close(house->keyd);
    keyd_core_close(house->core);
    secret_close(&house->pin);
    arena_close(&house->arena);
    free(house);
}

/* 80 random bits, without letters that look alike. */
static struct str password_make(struct cli *cli)
{
    static const char LETTERS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct entropy entropy = entropy_system();
    uint8_t random[PASSWORD_LETTERS];
    char text[PASSWORD_LETTERS + PASSWORD_LETTERS / 4];
    struct writer w = writer_over(text, sizeof text);

    entropy.fill(entropy.arg, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i > 0 && i % 4 == 0) put_char(&w, '-');
        put_char(&w, LETTERS[random[i] & 31]);
    }
    return arena_str(cli_arena(cli), writer_str(&w));
}

static RESULT place_find_for(const struct house *house, const struct user_first_ask *ask,
                             struct staff_ask *out)
{
    const struct catalogue *cat = catalogue_now(house->shelf);
    const struct region *region = region_find(cat, ask->region_code);
    const struct organisation *org = NULL;

    REQUIRE(region && !region->historic, CATALOGUE_REGION_UNKNOWN);
    if (ask->org.n > 0) {
        org = organisation_by_code(cat, ask->org);
        REQUIRE(org, CATALOGUE_ORGANISATION_UNKNOWN);
        out->org_id = org->id;
    }
    return OK;
}

static RESULT account_add(const struct house *house, const struct user_first_ask *first,
                          const struct act *act, int64_t *staff_id)
{
    struct staff_ask ask = {
        .user = first->user,
        .name = first->name,
        .grants = { { .role = first->role, .region_code = first->region_code } },
        .grants_n = 1,
        .act = *act,
    };

    TRY(place_find_for(house, first, &ask));
    return registry_staff_add(&house->registry, NULL, &ask, staff_id);
}

static RESULT account_find(const struct house *house, const struct user_first_ask *first,
                           int64_t *staff_id)
{
    struct staff staff;

    TRY(registry_staff_find(house->store, first->user, &staff));
    *staff_id = staff.id;
    return OK;
}

static RESULT account(struct cli *cli, const struct house *house, const struct user_first_ask *ask,
                      struct user_first_made *out)
{
    const struct act act = { .at = store_now(house->store),
                             .actor = ACTOR_JOB,
                             .channel = CHANNEL_MACHINE,
                             .proof = PROOF_PAPERS };
    const struct id_codec ids = blind_id_codec(&house->blind);
    char id[ID_TEXT_MAX], base32[64];
    struct writer id_w = writer_over(id, sizeof id), w = writer_over(base32, sizeof base32);
    uint8_t totp[TOTP_SECRET_BYTES];
    int64_t staff_id;

    TRY(ask->there ? account_find(house, ask, &staff_id)
                   : account_add(house, ask, &act, &staff_id));
    out->password = password_make(cli);
    TRY(registry_password_set(&house->registry, NULL, SUBJECT_STAFF, staff_id, out->password,
                              &act));
    TRY(registry_totp_set(&house->registry, staff_id, (struct bytes){ 0 }, &act, totp));
    put_base32(&w, bytes_of(totp, sizeof totp));
    put_id(&id_w, &ids, "stf", staff_id);
    out->totp_secret = arena_str(cli_arena(cli), writer_str(&w));
    out->id = arena_str(cli_arena(cli), writer_str(&id_w));
    secret_wipe(totp, sizeof totp);
    secret_wipe(base32, sizeof base32);
    return OK;
}

enum cli_exit user_first(struct cli *cli, const struct user_first_ask *ask,
                         struct user_first_made *out)
{
    struct house *house = calloc(1, sizeof *house);
    struct err err =
        house ? arena_open(&house->arena, SETTINGS_ARENA) : fault(FAULT_MEMORY, "user add");
    enum cli_exit end;

    if (err.code != 0) {
        free(house);
        return cli_end(cli, err);
    }
    end = settings_load(cli, &house->arena, &house->config);
    if (end == CLI_OK) {
        err = house_open(house);
        if (err.code == 0) err = account(cli, house, ask, out);
        if (err.code == KEYD_LOCKED)
            end = cli_fail(cli, CLI_CONFLICT, "server_runs",
                           "服务正在运行：由管理员登录后用 ykt user add（不带 --config）",
                           "the server runs: an administrator signs in and says ykt user add "
                           "without --config");
        else
            end = key_end(cli, err);
    }
    house_close(house);
    return end;
}
