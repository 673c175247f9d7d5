/* crypto/hsm_soft.c - the software device: kept keys in one file, sealed under a passphrase. For
 * tests, demos and development only: the file is marked `test`, and one without the mark is
 * refused.
 *
 * File:  "YKTHSM1\n"  u8 flags (bit 0: test)  u32 argon2 KiB  u32 passes  salt 16  iv 12
 *        AES-256-GCM(key of the passphrase; everything before as associated data) over
 *        { u16 count, { u8 kind, u16 index, value } }   tag 16 */
#include <pthread.h>
#include <stdlib.h>

#include "crypto/file.h"
#include "crypto/hsm_back.h"

enum {
    SOFT_KEYS_MAX = 64,
    HEAD_BYTES = 8 + 1 + 4 + 4 + 16 + 12,
    IV_AT = HEAD_BYTES - 12,
    PLAIN_MAX = 2 + SOFT_KEYS_MAX * 35,
    FLAG_TEST = 1,
    COST_KIB_MAX = 1 << 20, /* what a file may make us spend */
    COST_PASSES_MAX = 16,
};
static const char MAGIC[] = "YKTHSM1\n";

struct soft_key {
    enum key_kind kind;
    uint16_t index;
    struct secret value;
};
struct soft {
    char path[PATH_BYTES];
    struct secret sealing;    /* AES-256, of the passphrase */
    uint8_t head[HEAD_BYTES]; /* of the file; the iv is drawn anew at each write */
    pthread_mutex_t lock;
    size_t n;
    struct soft_key keys[SOFT_KEYS_MAX];
};

static RESULT soft_write(struct soft *soft, const struct entropy *entropy)
{
    uint8_t file[HEAD_BYTES + PLAIN_MAX + 16];
    SCOPED(secret) plain = { 0 };
    struct writer w;

    TRY(secret_open(&plain, PLAIN_MAX));
    w = writer_over(plain.p, plain.n);
    put_be16(&w, (uint16_t)soft->n);
    for (size_t i = 0; i < soft->n; i++) {
        put_u8(&w, (uint8_t)soft->keys[i].kind);
        put_be16(&w, soft->keys[i].index);
        put_bytes(&w, secret_bytes(&soft->keys[i].value));
    }
    assert(!w.over);
    entropy->fill(entropy->arg, soft->head + IV_AT, 12);
    memcpy(file, soft->head, HEAD_BYTES);
    aes_gcm_seal(secret_bytes(&soft->sealing), file + IV_AT, bytes_of(file, HEAD_BYTES),
                 writer_bytes(&w), file + HEAD_BYTES, file + HEAD_BYTES + w.n);
    return file_replace(soft->path, bytes_of(file, HEAD_BYTES + w.n + 16));
}

static RESULT soft_parse(struct soft *soft, struct bytes plain)
{
    struct cursor c = cursor_over(plain);
    size_t n = take_be16(&c);

    if (n > SOFT_KEYS_MAX) return fault(FAULT_CRYPTO, "%s: too many keys", soft->path);
    for (size_t i = 0; i < n; i++) {
        enum key_kind kind = (enum key_kind)take_u8(&c);
        uint16_t index = take_be16(&c);
        struct bytes value = take_bytes(&c, key_kind_bytes(kind));
        if (c.over || value.n == 0) break;
        TRY(secret_copy(&soft->keys[i].value, value));
        soft->keys[i].kind = kind;
        soft->keys[i].index = index;
        soft->n = i + 1;
    }
    if (soft->n != n || cursor_left(&c) != 0)
        return fault(FAULT_CRYPTO, "%s: not a key file of ours", soft->path);
    return OK;
}

static void soft_free(struct soft *soft)
{
    for (size_t i = 0; i < soft->n; i++) {
        secret_close(&soft->keys[i].value);
    }
    secret_close(&soft->sealing);
    pthread_mutex_destroy(&soft->lock);
    free(soft);
}

static RESULT soft_new(const struct hsm_settings *settings, struct soft **out)
{
    struct soft *soft = calloc(1, sizeof *soft);

    if (!soft) return fault(FAULT_MEMORY, "software hsm");
    (void)pthread_mutex_init(&soft->lock, NULL);
    struct err err = secret_open(&soft->sealing, 32);
    if (err.code == 0 && !str_c(str_of(settings->path), soft->path, sizeof soft->path))
        err = fault(FAULT_CONFIG, "%s: too long", settings->path);
    if (err.code != 0) {
        soft_free(soft);
        return err;
    }
    *out = soft;
    return OK;
}

RESULT hsm_soft_create(const struct hsm_settings *settings, const struct entropy *entropy)
{
    struct password_cost cost = settings->cost.memory_kib ? settings->cost : PASSWORD_COST;
    struct soft *soft;
    struct writer w;
    uint8_t random[28];

    REQUIRE(!file_exists(settings->path), HSM_KEY_EXISTS);
    TRY(soft_new(settings, &soft));
    entropy->fill(entropy->arg, random, sizeof random);
    w = writer_over(soft->head, sizeof soft->head);
    put_str(&w, str_of(MAGIC));
    put_u8(&w, FLAG_TEST);
    put_be32(&w, cost.memory_kib);
    put_be32(&w, cost.passes);
    put_bytes(&w, bytes_of(random, sizeof random)); /* salt, iv */
    assert(w.n == HEAD_BYTES);
    struct err err = password_key(settings->secret, random, cost, &soft->sealing);
    if (err.code == 0) err = soft_write(soft, entropy);
    soft_free(soft);
    return err;
}

static RESULT soft_load(struct soft *soft, struct bytes passphrase)
{
    SCOPED(secret) file = { 0 };
    SCOPED(secret) plain = { 0 };
    struct password_cost cost;
    struct cursor c;
    struct bytes magic, salt, iv, sealed, tag;
    uint8_t flags;

    TRY(file_read(soft->path, HSM_KEY_UNKNOWN, &file));
    c = cursor_over(secret_bytes(&file));
    magic = take_bytes(&c, 8);
    flags = take_u8(&c);
    cost.memory_kib = take_be32(&c);
    cost.passes = take_be32(&c);
    salt = take_bytes(&c, 16);
    iv = take_bytes(&c, 12);
    if (c.over || !bytes_eq(magic, str_bytes(str_of(MAGIC))) || cursor_left(&c) < 2 + 16 ||
        cursor_left(&c) > PLAIN_MAX + 16)
        return fault(FAULT_CRYPTO, "%s: not a key file of ours", soft->path);
    REQUIRE(flags == FLAG_TEST, HSM_NOT_TEST);
    if (cost.memory_kib < 8 || cost.memory_kib > COST_KIB_MAX || cost.passes < 1 ||
        cost.passes > COST_PASSES_MAX)
        return fault(FAULT_CRYPTO, "%s: a cost out of bounds", soft->path);
    sealed = take_bytes(&c, cursor_left(&c) - 16);
    tag = take_rest(&c);
    memcpy(soft->head, file.p, HEAD_BYTES);
    TRY(password_key(passphrase, salt.p, cost, &soft->sealing));
    TRY(secret_open(&plain, sealed.n));
    REQUIRE(aes_gcm_open(secret_bytes(&soft->sealing), iv.p, bytes_of(soft->head, HEAD_BYTES),
                         sealed, tag.p, plain.p)
                    .code == 0,
            HSM_WRONG_PIN);
    return soft_parse(soft, secret_bytes(&plain));
}

static RESULT soft_open(struct hsm *hsm, const struct hsm_settings *settings)
{
    struct soft *soft;

    TRY(soft_new(settings, &soft));
    struct err err = soft_load(soft, settings->secret);
    if (err.code != 0) {
        soft_free(soft);
        return err;
    }
    hsm->state = soft;
    hsm->test = true;
    return OK;
}

static void soft_close(struct hsm *hsm)
{
    soft_free(hsm->state);
}

static RESULT soft_info(struct hsm *hsm, struct hsm_info *out)
{
    (void)hsm;
    *out = (struct hsm_info){
        .maker = "yikatong", .model = "software", .serial = "test", .test = true, .sm = true
    };
    return OK;
}

static RESULT soft_session_open(struct hsm_session *session)
{
    (void)session;
    return OK;
}

static void soft_session_close(struct hsm_session *session)
{
    (void)session;
}

static const struct soft_key *soft_key_at(struct soft *soft, uint16_t index)
{
    for (size_t i = 0; i < soft->n; i++) {
        if (soft->keys[i].index == index) return &soft->keys[i];
    }
    return NULL;
}

static RESULT soft_find(struct hsm_session *session, uint16_t index, struct hsm_slot *out)
{
    struct soft *soft = session->hsm->state;
    const struct soft_key *key;

    pthread_mutex_lock(&soft->lock);
    key = soft_key_at(soft, index);
    if (key) out->kind = key->kind;
    pthread_mutex_unlock(&soft->lock);
    REQUIRE(key != NULL, HSM_KEY_UNKNOWN);
    return OK;
}

static RESULT soft_keep(struct hsm_session *session, enum key_kind kind, uint16_t index,
                        const struct bytes *value)
{
    struct soft *soft = session->hsm->state;
    struct soft_key key = { .kind = kind, .index = index };
    struct err err;

    if (value) {
        TRY(secret_copy(&key.value, *value));
    } else {
        TRY(value_new(kind, &session->hsm->entropy, &key.value));
    }
    pthread_mutex_lock(&soft->lock);
    if (soft->n == SOFT_KEYS_MAX) {
        err = fault(FAULT_MEMORY, "%s is full", soft->path);
    } else {
        soft->keys[soft->n++] = key;
        err = soft_write(soft, &session->hsm->entropy);
        if (err.code != 0) soft->n--;
    }
    pthread_mutex_unlock(&soft->lock);
    if (err.code != 0) secret_close(&key.value);
    return err;
}

static RESULT soft_destroy(struct hsm_session *session, const struct hsm_slot *slot)
{
    struct soft *soft = session->hsm->state;
    struct err err = { .code = HSM_KEY_UNKNOWN };

    pthread_mutex_lock(&soft->lock);
    for (size_t i = 0; i < soft->n; i++) {
        if (soft->keys[i].index != slot->index) continue;
        struct soft_key gone = soft->keys[i];
        soft->keys[i] = soft->keys[--soft->n];
        secret_close(&gone.value);
        err = soft_write(soft, &session->hsm->entropy);
        break;
    }
    pthread_mutex_unlock(&soft->lock);
    return err;
}

/* The value of a kept key, borrowed; slots of destroyed keys find none. */
static RESULT soft_value(struct hsm_session *session, const struct hsm_slot *slot,
                         struct bytes *out)
{
    struct soft *soft = session->hsm->state;
    const struct soft_key *key;

    pthread_mutex_lock(&soft->lock);
    key = soft_key_at(soft, slot->index);
    if (key) *out = secret_bytes(&key->value);
    pthread_mutex_unlock(&soft->lock);
    REQUIRE(key != NULL, HSM_KEY_UNKNOWN);
    return OK;
}

static RESULT soft_crypt(struct hsm_session *session, const struct hsm_slot *slot, bool encrypt,
                         struct bytes in, uint8_t *out)
{
    struct bytes value;

    TRY(soft_value(session, slot, &value));
    return value_crypt(slot->kind, value, encrypt, in, out);
}

static RESULT soft_mac(struct hsm_session *session, const struct hsm_slot *slot, struct bytes in,
                       uint8_t out[32], size_t *n)
{
    struct bytes value;

    TRY(soft_value(session, slot, &value));
    return value_mac(slot->kind, value, in, out, n);
}

static RESULT soft_sign(struct hsm_session *session, const struct hsm_slot *slot,
                        struct bytes message, uint8_t signature[SIGNATURE_BYTES])
{
    struct bytes value;

    TRY(soft_value(session, slot, &value));
    return value_sign(slot->kind, value, message, signature);
}

static RESULT soft_public_key(struct hsm_session *session, const struct hsm_slot *slot,
                              uint8_t public_key[POINT_SHORT])
{
    struct bytes value;

    TRY(soft_value(session, slot, &value));
    return value_public_key(slot->kind, value, public_key);
}

static RESULT soft_wrap(struct hsm_session *session, const struct hsm_slot *under,
                        struct bytes value, uint8_t *blob)
{
    struct bytes key;

    TRY(soft_value(session, under, &key));
    return aes_wrap(key, value, blob);
}

static RESULT soft_unwrap(struct hsm_session *session, const struct hsm_slot *under,
                          struct bytes blob, uint8_t *value)
{
    struct bytes key;

    TRY(soft_value(session, under, &key));
    REQUIRE(aes_unwrap(key, blob, value).code == 0, HSM_BAD_BLOB);
    return OK;
}

const struct hsm_back HSM_SOFT = {
    .open = soft_open,
    .close = soft_close,
    .info = soft_info,
    .session_open = soft_session_open,
    .session_close = soft_session_close,
    .keep = soft_keep,
    .find = soft_find,
    .destroy = soft_destroy,
    .crypt = soft_crypt,
    .mac = soft_mac,
    .sign = soft_sign,
    .public_key = soft_public_key,
    .wrap = soft_wrap,
    .unwrap = soft_unwrap,
};
