/* crypto/keyring.c - reading and writing the key store, and finding keys in it. */
#include "crypto/keyring.h"

#include <stdlib.h>

enum {
    MAC_BLOB = 40, /* 32 bytes wrapped */
    ENTRY_MAX = 1 + 1 + 1 + 1 + 1 + 1 + 2 + 8 + 8 + 1 + HSM_WRAPPED_MAX + POINT_SHORT,
    OFFICER_MAX = 1 + OFFICER_NAME_MAX + 1 + POINT_SHORT,
    FILE_MAX =
        8 + MAC_BLOB + 2 + KEY_ROWS_MAX * ENTRY_MAX + 2 + OFFICERS_MAX * OFFICER_MAX + HASH_BYTES,
};
static const char MAGIC[] = "YKTKEYS1";

bool use_is_sign(int use)
{
    return use > KEYS_SIGN && use < KEYS_SIGN + KEYD_SIGN_PURPOSES;
}

static bool use_known(int use)
{
    return (use >= KEYS_BLIND && use <= KEYS_LOG_MAC) || use_is_sign(use);
}

static enum key_kind kind_of(int use, enum suite suite)
{
    if (!use_is_sign(use)) return KEY_HMAC;
    return suite == SUITE_SM2 ? KEY_SM2 : KEY_P256;
}

static enum key_class class_of(int use)
{
    return use_is_sign(use) || use == KEYS_LOG_MAC ? KEY_CLASS_D : KEY_CLASS_C;
}

/* What is worked with often is made ready once: the two halves of a field key, a signing key. */
static RESULT key_prepare(struct ring_key *key)
{
    uint8_t mac[HASH_BYTES];

    if (use_is_sign(key->row.use)) {
        TRY(sign_key_open(key->row.suite, secret_bytes(&key->value), &key->sign));
        TRY(public_key_of(key->row.suite, secret_bytes(&key->value), key->row.public_key));
        return key_id(key->row.suite, bytes_of(key->row.public_key, POINT_SHORT), key->row.kid);
    }
    if (key->row.use != KEYS_FIELD) return OK;
    TRY(secret_open(&key->parts, 2 * SM4_KEY_BYTES));
    hmac_sm3(secret_bytes(&key->value), str_bytes(S("ykt field: sm4-ctr")), mac);
    memcpy(key->parts.p, mac, SM4_KEY_BYTES);
    hmac_sm3(secret_bytes(&key->value), str_bytes(S("ykt field: sm4-cmac")), mac);
    memcpy(key->parts.p + SM4_KEY_BYTES, mac, SM4_KEY_BYTES);
    secret_wipe(mac, sizeof mac);
    return OK;
}

static RESULT key_unwrap(struct ring_key *key, struct hsm_session *session, struct hsm_key master)
{
    struct hsm_key handle;

    TRY(hsm_unwrap(session, master, key->row.kind, bytes_of(key->wrapped, key->wrapped_n),
                   &handle));
    struct err err = hsm_reveal(session, handle, &key->value);
    hsm_forget(session, handle);
    TRY(err);
    return key_prepare(key);
}

static RESULT mac_unwrap(struct keyring *ring, struct hsm_session *session, struct hsm_key master)
{
    struct hsm_key handle;

    TRY(hsm_unwrap(session, master, KEY_HMAC, bytes_of(ring->mac_wrapped, MAC_BLOB), &handle));
    struct err err = hsm_reveal(session, handle, &ring->mac);
    hsm_forget(session, handle);
    return err;
}

static RESULT ring_alloc(const char *dir, struct keyring **out)
{
    struct keyring *ring = calloc(1, sizeof *ring);

    if (!ring) return fault(FAULT_MEMORY, "key store");
    struct err err = path_join(ring->path, dir, "keys");
    if (err.code != 0) {
        free(ring);
        return err;
    }
    *out = ring;
    return OK;
}

void keyring_close(struct keyring *ring)
{
    if (!ring) return;
    for (size_t i = 0; i < ring->n; i++) {
        secret_close(&ring->keys[i].value);
        secret_close(&ring->keys[i].parts);
        sign_key_close(ring->keys[i].sign);
    }
    for (size_t i = 0; i < ring->officers_n; i++) {
        verify_key_close(ring->officers[i].verify);
    }
    secret_close(&ring->mac);
    free(ring);
}

RESULT keyring_new(const char *dir, struct hsm_session *session, struct keyring **out)
{
    struct keyring *ring;
    struct hsm_key master, mac;
    size_t n;

    TRY(hsm_find(session, MASTER_INDEX, &master));
    TRY(ring_alloc(dir, &ring));
    struct err err = hsm_wrap_new(session, master, KEY_HMAC, ring->mac_wrapped, &n, &mac);
    if (err.code == 0) {
        err = hsm_reveal(session, mac, &ring->mac);
        hsm_forget(session, mac);
    }
    if (err.code != 0) {
        keyring_close(ring);
        return err;
    }
    *out = ring;
    return OK;
}

static void put_key(struct writer *w, const struct ring_key *key)
{
    const struct key_row *row = &key->row;

    put_u8(w, (uint8_t)row->use);
    put_u8(w, (uint8_t)row->suite);
    put_u8(w, (uint8_t)row->class);
    put_u8(w, (uint8_t)row->kind);
    put_u8(w, (uint8_t)row->state);
    put_u8(w, row->test ? 1 : 0);
    put_be16(w, row->version);
    put_be64(w, (uint64_t)row->valid_from.usec);
    put_be64(w, (uint64_t)row->valid_to.usec);
    put_u8(w, (uint8_t)key->wrapped_n);
    put_bytes(w, bytes_of(key->wrapped, key->wrapped_n));
    if (use_is_sign(row->use)) put_bytes(w, bytes_of(row->public_key, POINT_SHORT));
}

RESULT keyring_save(struct keyring *ring)
{
    SCOPED(secret) file = { 0 };
    struct writer w;
    uint8_t mac[HASH_BYTES];

    TRY(secret_open(&file, FILE_MAX));
    w = writer_over(file.p, file.n);
    put_str(&w, str_of(MAGIC));
    put_bytes(&w, bytes_of(ring->mac_wrapped, MAC_BLOB));
    put_be16(&w, (uint16_t)ring->n);
    for (size_t i = 0; i < ring->n; i++) {
        put_key(&w, &ring->keys[i]);
    }
    put_be16(&w, (uint16_t)ring->officers_n);
    for (size_t i = 0; i < ring->officers_n; i++) {
        const struct officer *officer = &ring->officers[i];
        struct str name = str_of(officer->name);
        put_u8(&w, (uint8_t)name.n);
        put_str(&w, name);
        put_u8(&w, (uint8_t)officer->suite);
        put_bytes(&w, bytes_of(officer->public_key, POINT_SHORT));
    }
    hmac_sm3(secret_bytes(&ring->mac), writer_bytes(&w), mac);
    put_bytes(&w, bytes_of(mac, sizeof mac));
    assert(!w.over);
    return file_replace(ring->path, writer_bytes(&w));
}

static bool take_key(struct cursor *c, struct ring_key *key)
{
    struct key_row *row = &key->row;
    struct bytes wrapped, public_key;

    row->use = take_u8(c);
    row->suite = (enum suite)take_u8(c);
    row->class = (enum key_class)take_u8(c);
    row->kind = (enum key_kind)take_u8(c);
    row->state = (enum key_state)take_u8(c);
    row->test = take_u8(c) == 1;
    row->version = take_be16(c);
    row->valid_from.usec = (int64_t)take_be64(c);
    row->valid_to.usec = (int64_t)take_be64(c);
    key->wrapped_n = take_u8(c);
    wrapped = take_bytes(c, key->wrapped_n);
    if (c->over || !use_known(row->use) || wrapped.n > sizeof key->wrapped) return false;
    if (row->kind != kind_of(row->use, row->suite)) return false;
    if (row->state < KEY_ACTIVE || row->state > KEY_DESTROYED) return false;
    if ((wrapped.n == 0) != (row->state == KEY_DESTROYED)) return false;
    if (wrapped.n > 0) memcpy(key->wrapped, wrapped.p, wrapped.n);
    if (!use_is_sign(row->use)) return true;
    public_key = take_bytes(c, POINT_SHORT);
    if (c->over) return false;
    memcpy(row->public_key, public_key.p, POINT_SHORT);
    return key_id(row->suite, public_key, row->kid).code == 0;
}

static bool take_officer(struct cursor *c, struct officer *officer)
{
    struct bytes name = take_bytes(c, take_u8(c)), public_key;

    officer->suite = (enum suite)take_u8(c);
    public_key = take_bytes(c, POINT_SHORT);
    if (c->over || !str_c(bytes_str(name), officer->name, sizeof officer->name)) return false;
    memcpy(officer->public_key, public_key.p, POINT_SHORT);
    return key_id(officer->suite, public_key, officer->kid).code == 0 &&
           verify_key_open(officer->suite, public_key, &officer->verify).code == 0;
}

static RESULT ring_parse(struct keyring *ring, struct hsm_session *session, struct hsm_key master,
                         struct cursor *c)
{
    size_t n = take_be16(c);

    if (n > KEY_ROWS_MAX) return fault(FAULT_CRYPTO, "%s: too many keys", ring->path);
    for (size_t i = 0; i < n; i++) {
        struct ring_key *key = &ring->keys[i];
        if (!take_key(c, key)) return fault(FAULT_CRYPTO, "%s: key %zu", ring->path, i);
        ring->n = i + 1;
        if (key->wrapped_n > 0) TRY(key_unwrap(key, session, master));
    }
    n = take_be16(c);
    if (n > OFFICERS_MAX) return fault(FAULT_CRYPTO, "%s: too many officers", ring->path);
    for (size_t i = 0; i < n; i++) {
        if (!take_officer(c, &ring->officers[i]))
            return fault(FAULT_CRYPTO, "%s: officer %zu", ring->path, i);
        ring->officers_n = i + 1;
    }
    if (c->over || cursor_left(c) != 0) return fault(FAULT_CRYPTO, "%s: length", ring->path);
    return OK;
}

static RESULT ring_load(struct keyring *ring, struct hsm_session *session)
{
    SCOPED(secret) file = { 0 };
    struct hsm_key master;
    struct cursor c;
    struct bytes magic, blob, all;
    uint8_t mac[HASH_BYTES];

    TRY(file_read(ring->path, KEYD_KEY_UNKNOWN, &file));
    if (file.n < 8 + MAC_BLOB + 4 + HASH_BYTES)
        return fault(FAULT_CRYPTO, "%s: too short", ring->path);
    all = bytes_of(file.p, file.n - HASH_BYTES);
    c = cursor_over(all);
    magic = take_bytes(&c, 8);
    blob = take_bytes(&c, MAC_BLOB);
    if (!bytes_eq(magic, str_bytes(str_of(MAGIC))))
        return fault(FAULT_CRYPTO, "%s: no key store of ours", ring->path);
    memcpy(ring->mac_wrapped, blob.p, MAC_BLOB);
    TRY(hsm_find(session, MASTER_INDEX, &master));
    TRY(mac_unwrap(ring, session, master));
    hmac_sm3(secret_bytes(&ring->mac), all, mac);
    if (!secret_eq(bytes_of(mac, sizeof mac), bytes_of(file.p + all.n, HASH_BYTES)))
        return fault(FAULT_CRYPTO, "%s was changed by another hand", ring->path);
    return ring_parse(ring, session, master, &c);
}

RESULT keyring_open(const char *dir, struct hsm_session *session, struct keyring **out)
{
    struct keyring *ring;

    TRY(ring_alloc(dir, &ring));
    struct err err = ring_load(ring, session);
    if (err.code != 0) {
        keyring_close(ring);
        return err;
    }
    *out = ring;
    return OK;
}

struct ring_key *keyring_find(struct keyring *ring, int use, enum suite suite, uint16_t version)
{
    struct ring_key *best = NULL;

    for (size_t i = 0; i < ring->n; i++) {
        struct ring_key *key = &ring->keys[i];
        if (key->row.use != use || key->row.suite != suite) continue;
        if (version != 0 && key->row.version == version) return key;
        if (version == 0 && key->row.state != KEY_DESTROYED &&
            (!best || key->row.version > best->row.version))
            best = key;
    }
    return best;
}

const struct ring_key *keyring_signer(struct keyring *ring, int use, enum suite suite,
                                      struct instant at)
{
    const struct ring_key *best = NULL;

    for (size_t i = 0; i < ring->n; i++) {
        const struct ring_key *key = &ring->keys[i];
        if (key->row.use != use || key->row.suite != suite || !key->sign) continue;
        if (instant_before(at, key->row.valid_from) || !instant_before(at, key->row.valid_to))
            continue;
        if (!best || key->row.version > best->row.version) best = key;
    }
    return best;
}

RESULT keyring_add(struct keyring *ring, struct hsm_session *session, int use, enum suite suite,
                   bool test, struct instant from, struct instant to, struct ring_key **out)
{
    struct hsm_key master, handle;
    struct ring_key key = { .row = { .use = use,
                                     .suite = suite,
                                     .class = class_of(use),
                                     .kind = kind_of(use, suite),
                                     .state = KEY_ACTIVE,
                                     .version = 1,
                                     .test = test,
                                     .valid_from = from,
                                     .valid_to = to } };

    if (ring->n == KEY_ROWS_MAX) return fault(FAULT_MEMORY, "%s is full", ring->path);
    for (size_t i = 0; i < ring->n; i++) {
        const struct key_row *row = &ring->keys[i].row;
        if (row->use == use && row->suite == suite && row->version >= key.row.version)
            key.row.version = (uint16_t)(row->version + 1);
    }
    TRY(hsm_find(session, MASTER_INDEX, &master));
    TRY(hsm_wrap_new(session, master, key.row.kind, key.wrapped, &key.wrapped_n, &handle));
    hsm_forget(session, handle);
    /* opened from its blob: what is written was seen to open */
    struct err err = key_unwrap(&key, session, master);
    if (err.code != 0) {
        secret_close(&key.value);
        secret_close(&key.parts);
        sign_key_close(key.sign);
        return err;
    }
    ring->keys[ring->n] = key;
    *out = &ring->keys[ring->n++];
    return OK;
}
