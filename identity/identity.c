/* identity/identity.c - opening, published keys, and bundles for phones. */
#include "identity/identity.h"

#include "base/id.h"
#include "identity/core.h"
#include "identity/derived_core.h"

/* ---- keys */

static void key_take(const struct public_key *from, struct published_keys *out)
{
    enum verify_use use;

    if (from->purpose == KEYD_SIGN_CODE_BUNDLE)
        use = VERIFY_CODES;
    else if (from->purpose == KEYD_SIGN_STOP_LIST)
        use = VERIFY_STOP_LISTS;
    else
        return;
    if (out->n == PUBLISHED_KEYS_MAX || from->state == KEY_DESTROYED) return;
    struct published_key *key = &out->keys[out->n++];
    *key = (struct published_key){ .use = use,
                                   .kid = kid_short(from->kid),
                                   .suite = (enum code_suite)from->suite,
                                   .valid_from = from->valid_from,
                                   .valid_to = from->valid_to,
                                   .test = from->test };
    memcpy(key->public_key, from->key, sizeof key->public_key);
}

static RESULT keys_load(struct identity *identity, struct published_keys *out)
{
    struct public_key keys[PUBLIC_KEYS_MAX];
    size_t n;

    TRY(keyd_public_keys(identity->config.keyd, keys, LEN(keys), &n));
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        key_take(&keys[i], out);
    }
    return OK;
}

RESULT keys_now(struct identity *identity, struct instant at, struct published_keys *out)
{
    struct err err = OK;

    pthread_mutex_lock(&identity->keys_lock);
    if (identity->keys.n == 0 || at.usec - identity->keys_at.usec > USEC_PER_MIN ||
        at.usec < identity->keys_at.usec) {
        struct published_keys fresh;
        err = keys_load(identity, &fresh);
        if (err.code == 0) err = prepared_keys_add(&identity->prepared, &fresh);
        if (err.code == 0) {
            identity->keys = fresh;
            identity->keys_at = at;
        } else if (identity->keys.n != 0) {
            err = OK; /* keyd is away for a moment: what was published stays true */
        }
    }
    if (err.code == 0) *out = identity->keys;
    pthread_mutex_unlock(&identity->keys_lock);
    return err;
}

RESULT identity_keys(struct identity *identity, struct published_keys *out)
{
    return keys_load(identity, out);
}

RESULT signing_key(struct identity *identity, enum keyd_sign_purpose purpose, enum code_suite suite,
                   struct instant at, struct public_key *out)
{
    struct public_key keys[PUBLIC_KEYS_MAX];
    size_t n;

    TRY(keyd_public_keys(identity->config.keyd, keys, LEN(keys), &n));
    /* As keyd chooses, who lists the newest first: until the time of a key that was rotated ahead,
     * the retired one signs on. */
    for (size_t i = 0; i < n; i++) {
        if (keys[i].purpose == purpose && keys[i].suite == (enum suite)suite &&
            keys[i].state != KEY_DESTROYED && !instant_before(at, keys[i].valid_from) &&
            instant_before(at, keys[i].valid_to)) {
            *out = keys[i];
            return OK;
        }
    }
    return fault(FAULT_KEYD, "no key signs for purpose %d, suite %d now", (int)purpose, (int)suite);
}

RESULT sign_over(struct identity *identity, enum keyd_sign_purpose purpose, enum code_suite suite,
                 struct str domain, struct bytes bytes, struct signature *out)
{
    uint8_t message[256];
    struct writer w = writer_over(message, sizeof message);

    put_str(&w, domain);
    put_bytes(&w, bytes);
    assert(!w.over);
    return keyd_sign_suite(identity->config.keyd, purpose, (enum suite)suite, writer_bytes(&w),
                           out);
}

/* ---- small judgements that all grades share */

enum verdict_card verdict_card_of(int social)
{
    switch ((enum social_state)social) {
    case SOCIAL_APPLIED:
    case SOCIAL_IN_PRODUCTION:
    case SOCIAL_WAITING:
    case SOCIAL_SEALED:
        return VERDICT_CARD_SEALED;
    case SOCIAL_TEMPORARY_LOSS:
        return VERDICT_CARD_TEMP_LOSS;
    case SOCIAL_FORMAL_LOSS:
        return VERDICT_CARD_LOSS;
    case SOCIAL_LOCKED:
        return VERDICT_CARD_LOCKED;
    case SOCIAL_STOPPED:
        return VERDICT_CARD_STOPPED;
    case SOCIAL_REPLACED:
        return VERDICT_CARD_REPLACED;
    case SOCIAL_CANCELLED:
        return VERDICT_CARD_CANCELLED;
    case SOCIAL_NORMAL:
    case SOCIAL_EXPIRED:
    case SOCIAL_STATES:
        break;
    }
    return VERDICT_CARD_NONE;
}

RESULT card_judge(int social, bool social_ok, bool ecard_ok, bool ecard, struct verdict *verdict)
{
    if (ecard ? ecard_ok : social_ok) return OK;
    verdict->card = verdict_card_of(social);
    REFUSE(IDENTITY_CARD_STOPPED);
}

enum provenance provenance_of(bool test, bool simulator)
{
    if (simulator) return PROVENANCE_SIMULATOR;
    return test ? PROVENANCE_TEST : PROVENANCE_REAL;
}

uint64_t alias_open(const uint8_t alias[CODE_ALIAS_BYTES])
{
    struct cursor c = cursor_over(bytes_of(alias, CODE_ALIAS_BYTES));

    return take_be64(&c);
}

void alias_put(uint64_t sealed, uint8_t alias[CODE_ALIAS_BYTES])
{
    struct writer w = writer_over(alias, CODE_ALIAS_BYTES);

    put_be64(&w, sealed);
}

/* ---- bundles */

static RESULT bundle_device(struct identity *identity, const struct bundle_ask *ask,
                            struct device *device)
{
    struct err err =
        registry_device_load(identity->config.store, ask->person_id, ask->device_id, device);

    if (err.code == REGISTRY_DEVICE_UNKNOWN) REFUSE(IDENTITY_DEVICE_UNKNOWN);
    TRY(err);
    REQUIRE(device->state == DEVICE_ACTIVE, IDENTITY_DEVICE_REVOKED);
    return OK;
}

static RESULT bundle_card(struct identity *identity, int64_t person_id, int64_t card_id, bool ecard,
                          struct card *card, uint32_t *index)
{
    struct err err = registry_card_load(identity->config.store, person_id, card_id, card);
    struct verdict verdict;

    if (err.code == REGISTRY_CARD_UNKNOWN) REFUSE(IDENTITY_CARD_UNKNOWN);
    TRY(err);
    TRY(card_judge((int)card->social, social_usable(card->social), ecard_usable(card), ecard,
                   &verdict));
    TRY(derived_index_of(identity->config.derived, card->no_hash, card_id, index));
    REQUIRE(*index != DERIVED_NO_CARD, IDENTITY_CARD_UNKNOWN);
    return OK;
}

/* The key's name and mark stand in what is signed, so they are looked up first; a rotation between
 * the two shows in the signature's own name, and the second try meets the new key. */
static RESULT bundle_sign(struct identity *identity, const struct bundle_ask *ask,
                          struct bundle *bundle)
{
    for (int try = 0; try < 2; try++) {
        struct public_key key;
        struct signature signature;
        uint8_t raw[CODE_BUNDLE_BYTES];
        TRY(signing_key(identity, KEYD_SIGN_CODE_BUNDLE, ask->suite, ask->at, &key));
        bundle->kid = kid_short(key.kid);
        bundle->test = key.test;
        bundle_write(bundle, raw);
        TRY(sign_over(identity, KEYD_SIGN_CODE_BUNDLE, ask->suite, S(CODE_BUNDLE_DOMAIN),
                      bytes_of(raw, CODE_BUNDLE_SIGNED), &signature));
        if (memcmp(signature.kid, key.kid, KID_BYTES) != 0) continue;
        memcpy(bundle->signature, signature.rs, sizeof bundle->signature);
        return OK;
    }
    return fault(FAULT_KEYD, "the bundle key changes at each signature");
}

RESULT identity_bundle_issue(struct identity *identity, const struct bundle_ask *ask,
                             struct bundle *out)
{
    struct bundle made = { .issuer_suite = ask->suite, .from_step = code_step(ask->at) };
    struct card card;
    struct device device;

    TRY(bundle_card(identity, ask->person_id, ask->card_id, true, &card, &made.card_index));
    TRY(bundle_device(identity, ask, &device));
    made.device_suite = (enum code_suite)device.suite;
    made.strength = (enum code_strength)device.strength;
    made.card_epoch = (uint16_t)card.epoch;
    made.device_epoch = (uint8_t)device.epoch;
    alias_put(identity->codec.seal(identity->codec.key, (uint64_t)device.id), made.alias);
    TRY(point_short(device.suite, bytes_of(device.key, device.key_n), made.device_key));
    TRY(bundle_sign(identity, ask, &made));
    *out = made;
    return OK;
}

/* ---- opening */

RESULT identity_open(const struct identity_config *config, struct identity **out)
{
    struct identity *identity = pages_take(sizeof *identity);
    struct err err;

    if (!identity) return fault(FAULT_MEMORY, "identity");
    identity->config = *config;
    identity->codec = blind_id_codec(config->blind);
    pthread_mutex_init(&identity->keys_lock, NULL);
    pthread_mutex_init(&identity->lists_lock, NULL);
    pthread_cond_init(&identity->lists_made, NULL);
    identity->cache = pages_take(sizeof *identity->cache);
    err = identity->cache ? OK : fault(FAULT_MEMORY, "identity: bundles");
    if (err.code == 0) {
        struct published_keys keys;
        err = keys_now(identity, clock_now(&config->clock), &keys);
    }
    if (err.code == 0) err = recorder_start(identity);
    if (err.code != 0) {
        identity_close(identity);
        return err;
    }
    *out = identity;
    return OK;
}

void identity_close(struct identity *identity)
{
    if (!identity) return;
    recorder_stop(identity);
    for (int i = 0; i < STOP_LISTS_KEPT; i++) {
        identity_stop_list_done(identity->lists[i].list);
    }
    pages_give(identity->cache, sizeof *identity->cache);
    prepared_keys_close(&identity->prepared);
    pthread_mutex_destroy(&identity->keys_lock);
    pthread_mutex_destroy(&identity->lists_lock);
    pthread_cond_destroy(&identity->lists_made);
    pages_give(identity, sizeof *identity);
}
