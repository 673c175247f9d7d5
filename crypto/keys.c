/* crypto/keys.c - ceremony, import, rotation and destruction of keys. */
#include "crypto/keys.h"

#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/file.h"
#include "crypto/hsm_back.h"
#include "crypto/keyring.h"

enum { MASTER_BYTES = 32, CEREMONY_ID_BYTES = 8 };

static const struct {
    const char *name;
    int use;
} USES[] = {
    { "blind", KEYS_BLIND },
    { "field", KEYS_FIELD },
    { "name-tag", KEYS_NAME_TAG },
    { "log-mac", KEYS_LOG_MAC },
    { "feed-block", KEYS_SIGN + KEYD_SIGN_FEED_BLOCK },
    { "code-bundle", KEYS_SIGN + KEYD_SIGN_CODE_BUNDLE },
    { "stop-list", KEYS_SIGN + KEYD_SIGN_STOP_LIST },
    { "receipt", KEYS_SIGN + KEYD_SIGN_RECEIPT },
    { "webhook", KEYS_SIGN + KEYD_SIGN_WEBHOOK },
    { "answer", KEYS_SIGN + KEYD_SIGN_ANSWER },
    { "log-head", KEYS_SIGN + KEYD_SIGN_LOG },
};

int keys_use_parse(struct str word)
{
    for (size_t i = 0; i < LEN(USES); i++) {
        if (str_eq(word, str_of(USES[i].name))) return USES[i].use;
    }
    return 0;
}

const char *keys_use_name(int use)
{
    for (size_t i = 0; i < LEN(USES); i++) {
        if (USES[i].use == use) return USES[i].name;
    }
    return "?";
}

/* ---- an open key folder ---- */

struct keys {
    int lock_fd;
    struct hsm *hsm;
    struct hsm_session *session;
    struct hsm_info info;
    struct keyring *ring; /* when asked for */
};

static void keys_close(struct keys *keys)
{
    keyring_close(keys->ring);
    hsm_session_close(keys->session);
    hsm_close(keys->hsm);
    if (keys->lock_fd > 0) (void)close(keys->lock_fd);
    *keys = (struct keys){ 0 };
}

static RESULT keys_open(const struct keys_place *place, bool ring, struct keys *out)
{
    TRY(folder_make(place->dir));
    TRY(folder_lock(place->dir, &out->lock_fd));
    /* whoever brings the first master needs a device; a software one is a file yet to be made */
    if (!ring && place->hsm.kind == HSM_SOFTWARE && !file_exists(place->hsm.path))
        TRY(hsm_soft_create(&place->hsm, &place->entropy));
    TRY(hsm_open(&place->hsm, &place->entropy, &out->hsm));
    TRY(hsm_info(out->hsm, &out->info));
    TRY(hsm_session_open(out->hsm, &out->session));
    return ring ? keyring_open(place->dir, out->session, &out->ring) : OK;
}

/* The first version of every key, in a new store. */
static RESULT store_make(const struct keys_place *place, struct keys *keys)
{
    struct ring_key *key;

    TRY(keyring_new(place->dir, keys->session, &keys->ring));
    for (size_t i = 0; i < LEN(USES); i++) {
        bool sign = use_is_sign(USES[i].use);
        for (int suite = sign ? SUITE_SM2 : 0; suite <= (sign ? SUITE_P256 : 0); suite++) {
            TRY(keyring_add(keys->ring, keys->session, USES[i].use, (enum suite)suite,
                            keys->info.test, place->at, NO_END, &key));
        }
    }
    return keyring_save(keys->ring);
}

static RESULT store_absent(const struct keys_place *place)
{
    char path[PATH_BYTES];

    TRY(path_join(path, place->dir, "keys"));
    REQUIRE(!file_exists(path), KEYD_EXISTS);
    return OK;
}

RESULT keys_create(const struct keys_place *place)
{
    SCOPED(keys) keys = { 0 };
    struct hsm_key master;

    TRY(keys_open(place, false, &keys));
    TRY(store_absent(place));
    /* a master from a start that was cut before the store was written is taken over */
    struct err err = hsm_find(keys.session, MASTER_INDEX, &master);
    if (err.code == HSM_KEY_UNKNOWN)
        err = hsm_generate(keys.session, KEY_AES256, MASTER_INDEX, &master);
    TRY(err);
    return store_make(place, &keys);
}

/* ---- Shamir's scheme over GF(2^8), polynomial x^8 + x^4 + x^3 + x + 1. Without tables, so that no
 * cache line depends on a secret. ---- */

static uint8_t gf_mul(uint8_t a, uint8_t b)
{
    unsigned product = 0, x = a;

    for (int bit = 0; bit < 8; bit++) {
        product ^= x & (0u - ((unsigned)b >> bit & 1u));
        x = x << 1 ^ (0x11Bu & (0u - (x >> 7)));
    }
    return (uint8_t)product;
}

static uint8_t gf_inverse(uint8_t a) /* a^254 */
{
    uint8_t power = a;

    for (int i = 0; i < 6; i++) {
        power = gf_mul(gf_mul(power, power), a);
    }
    return gf_mul(power, power);
}

/* f(x) with f(0) = master byte and m - 1 random coefficients, Horner. */
static uint8_t share_at(const uint8_t *coefficients, int m, uint8_t x)
{
    uint8_t y = 0;

    for (int i = m - 1; i >= 0; i--) {
        y = (uint8_t)(gf_mul(y, x) ^ coefficients[i]);
    }
    return y;
}

/* Lagrange at 0. */
static uint8_t weight_at_zero(const uint8_t *xs, int m, int i)
{
    uint8_t weight = 1;

    for (int j = 0; j < m; j++) {
        if (j == i) continue;
        weight = gf_mul(weight, gf_mul(xs[j], gf_inverse(xs[i] ^ xs[j])));
    }
    return weight;
}

/* ---- components as text:
 * "ykt-component-1 test|live <ceremony 16 hex> <m> <n> <x> <share 64 hex> <check 6 hex> <master
 * check 6 hex>" ---- */

struct share {
    bool test;
    uint8_t ceremony[CEREMONY_ID_BYTES];
    int m, n, x;
    uint8_t y[MASTER_BYTES];
    uint8_t check[CHECK_VALUE_BYTES], master_check[CHECK_VALUE_BYTES];
};

static void share_check(const struct share *share, uint8_t out[CHECK_VALUE_BYTES])
{
    uint8_t digest[HASH_BYTES], x = (uint8_t)share->x;
    const struct bytes parts[] = { str_bytes(S("ykt component")),
                                   bytes_of(share->ceremony, sizeof share->ceremony),
                                   bytes_of(&x, 1), bytes_of(share->y, sizeof share->y) };

    sm3_parts(parts, LEN(parts), digest);
    memcpy(out, digest, CHECK_VALUE_BYTES);
}

static void share_write(const struct share *share, char text[COMPONENT_TEXT_MAX])
{
    struct writer w = writer_over(text, COMPONENT_TEXT_MAX - 1);

    put_format(&w, "ykt-component-1 %s ", share->test ? "test" : "live");
    put_hex(&w, bytes_of(share->ceremony, sizeof share->ceremony));
    put_format(&w, " %d %d %d ", share->m, share->n, share->x);
    put_hex(&w, bytes_of(share->y, sizeof share->y));
    put_char(&w, ' ');
    put_hex(&w, bytes_of(share->check, CHECK_VALUE_BYTES));
    put_char(&w, ' ');
    put_hex(&w, bytes_of(share->master_check, CHECK_VALUE_BYTES));
    assert(!w.over);
    text[w.n] = 0;
}

static RESULT share_parse(struct str text, struct share *out)
{
    struct str rest = str_trim(text), mark;
    int64_t m, n, x;
    uint8_t check[CHECK_VALUE_BYTES];
    bool ok = str_eq(str_cut(rest, ' ', &rest), S("ykt-component-1"));

    mark = str_cut(rest, ' ', &rest);
    out->test = str_eq(mark, S("test"));
    ok = ok && (out->test || str_eq(mark, S("live")));
    ok = ok && hex_parse(str_cut(rest, ' ', &rest), out->ceremony, sizeof out->ceremony);
    ok = ok && str_int(str_cut(rest, ' ', &rest), 1, COMPONENTS_MAX, &m);
    ok = ok && str_int(str_cut(rest, ' ', &rest), 1, COMPONENTS_MAX, &n);
    ok = ok && str_int(str_cut(rest, ' ', &rest), 1, COMPONENTS_MAX, &x);
    ok = ok && hex_parse(str_cut(rest, ' ', &rest), out->y, sizeof out->y);
    ok = ok && hex_parse(str_cut(rest, ' ', &rest), out->check, CHECK_VALUE_BYTES);
    ok = ok && hex_parse(rest, out->master_check, CHECK_VALUE_BYTES);
    REQUIRE(ok && m <= n && x <= n, KEYD_COMPONENT_BAD);
    out->m = (int)m;
    out->n = (int)n;
    out->x = (int)x;
    share_check(out, check);
    REQUIRE(memcmp(check, out->check, sizeof check) == 0, KEYD_COMPONENT_BAD);
    return OK;
}

static RESULT master_check(struct bytes master, uint8_t check[CHECK_VALUE_BYTES])
{
    const uint8_t zeros[16] = { 0 };
    uint8_t block[16];

    TRY(value_crypt(KEY_AES256, master, true, bytes_of(zeros, sizeof zeros), block));
    memcpy(check, block, CHECK_VALUE_BYTES);
    return OK;
}

/* One byte of the master at a time: its polynomial, and every component's value of it. */
static RESULT master_split(struct bytes master, int m, int n, const struct entropy *entropy,
                           struct share *shares)
{
    SCOPED(secret) coefficients = { 0 };

    TRY(secret_open(&coefficients, COMPONENTS_MAX));
    for (size_t b = 0; b < MASTER_BYTES; b++) {
        entropy->fill(entropy->arg, coefficients.p, (size_t)m);
        coefficients.p[0] = master.p[b];
        for (int i = 0; i < n; i++) {
            shares[i].y[b] = share_at(coefficients.p, m, (uint8_t)shares[i].x);
        }
    }
    return OK;
}

RESULT keys_ceremony(int m, int n, bool test, const struct entropy *entropy,
                     struct component *components, uint8_t check[CHECK_VALUE_BYTES])
{
    SCOPED(secret) master = { 0 };
    struct share shares[COMPONENTS_MAX] = { { .test = test, .m = m, .n = n } };

    assert(m >= 1);
    assert(m <= n);
    assert(n <= COMPONENTS_MAX);
    TRY(secret_open(&master, MASTER_BYTES));
    entropy->fill(entropy->arg, master.p, master.n);
    entropy->fill(entropy->arg, shares[0].ceremony, CEREMONY_ID_BYTES);
    TRY(master_check(secret_bytes(&master), shares[0].master_check));
    for (int i = 0; i < n; i++) {
        shares[i] = shares[0];
        shares[i].x = i + 1;
    }
    struct err err = master_split(secret_bytes(&master), m, n, entropy, shares);
    for (int i = 0; i < n && err.code == 0; i++) {
        share_check(&shares[i], shares[i].check);
        share_write(&shares[i], components[i].text);
        memcpy(components[i].check, shares[i].check, CHECK_VALUE_BYTES);
    }
    memcpy(check, shares[0].master_check, CHECK_VALUE_BYTES);
    secret_wipe(shares, sizeof shares);
    return err;
}

static RESULT master_join(const struct share *shares, int m, struct secret *out)
{
    uint8_t xs[COMPONENTS_MAX], check[CHECK_VALUE_BYTES];
    SCOPED(secret) master = { 0 };

    TRY(secret_open(&master, MASTER_BYTES));
    for (int i = 0; i < m; i++) {
        xs[i] = (uint8_t)shares[i].x;
    }
    for (int i = 0; i < m; i++) {
        uint8_t weight = weight_at_zero(xs, m, i);
        for (size_t b = 0; b < MASTER_BYTES; b++) {
            master.p[b] ^= gf_mul(shares[i].y[b], weight);
        }
    }
    TRY(master_check(secret_bytes(&master), check));
    REQUIRE(memcmp(check, shares[0].master_check, sizeof check) == 0, KEYD_CHECK_VALUE);
    return secret_copy(out, secret_bytes(&master));
}

/* Those brought so far, one a line. Fewer than m say nothing about the master, so they may wait in
 * a file; the m-th is never written. */
static RESULT waiting_read(const char *path, struct share *shares, int *n)
{
    SCOPED(secret) file = { 0 };
    struct err err = file_read(path, KEYD_KEY_UNKNOWN, &file);
    struct str rest;

    *n = 0;
    if (err.code == KEYD_KEY_UNKNOWN) return OK;
    TRY(err);
    rest = bytes_str(secret_bytes(&file));
    while (rest.n > 0 && *n < COMPONENTS_MAX) {
        TRY(share_parse(str_cut(rest, '\n', &rest), &shares[*n]));
        (*n)++;
    }
    return OK;
}

static RESULT waiting_write(const char *path, const struct share *shares, int n)
{
    SCOPED(secret) file = { 0 };
    char text[COMPONENT_TEXT_MAX];
    struct writer w;

    TRY(secret_open(&file, (size_t)COMPONENTS_MAX * COMPONENT_TEXT_MAX));
    w = writer_over(file.p, file.n);
    for (int i = 0; i < n; i++) {
        share_write(&shares[i], text);
        put_str(&w, str_of(text));
        put_char(&w, '\n');
    }
    secret_wipe(text, sizeof text);
    return file_replace(path, writer_bytes(&w));
}

static RESULT share_fits(const struct share *shares, int n, const struct share *mine)
{
    for (int i = 0; i < n; i++) {
        const struct share *other = &shares[i];
        REQUIRE(memcmp(other->ceremony, mine->ceremony, sizeof mine->ceremony) == 0 &&
                    memcmp(other->master_check, mine->master_check, CHECK_VALUE_BYTES) == 0 &&
                    other->m == mine->m && other->n == mine->n && other->test == mine->test &&
                    other->x != mine->x,
                KEYD_COMPONENT_BAD);
    }
    return OK;
}

static RESULT import_master(const struct keys_place *place, struct keys *keys,
                            const struct share *shares, int m)
{
    SCOPED(secret) master = { 0 };
    struct hsm_key key;
    uint8_t check[CHECK_VALUE_BYTES];

    TRY(master_join(shares, m, &master));
    struct err err =
        hsm_import(keys->session, KEY_AES256, MASTER_INDEX, secret_bytes(&master), &key);
    if (err.code == HSM_KEY_EXISTS) {
        /* cut off between the import and the store: the same master goes on, another does not */
        TRY(hsm_find(keys->session, MASTER_INDEX, &key));
        TRY(hsm_check_value(keys->session, key, check));
        REQUIRE(memcmp(check, shares[0].master_check, sizeof check) == 0, HSM_KEY_EXISTS);
        err = OK;
    }
    TRY(err);
    return store_make(place, keys);
}

static RESULT import_share(const struct keys_place *place, struct keys *keys, const char *path,
                           struct str text, struct share *shares, int *missing)
{
    int n;

    TRY(waiting_read(path, shares, &n));
    REQUIRE(n < COMPONENTS_MAX, KEYD_COMPONENT_BAD);
    TRY(share_parse(text, &shares[n]));
    REQUIRE(shares[n].test == keys->info.test, KEYD_NOT_TEST);
    TRY(share_fits(shares, n, &shares[n]));
    if (n + 1 < shares[n].m) {
        *missing = shares[n].m - n - 1;
        return waiting_write(path, shares, n + 1);
    }
    TRY(import_master(place, keys, shares, n + 1));
    *missing = 0;
    if (file_exists(path) && unlink(path) != 0) return fault(FAULT_IO, "%s can't be removed", path);
    return folder_sync(place->dir);
}

RESULT keys_import_component(const struct keys_place *place, struct str text, int *missing)
{
    SCOPED(keys) keys = { 0 };
    struct share shares[COMPONENTS_MAX] = { { 0 } };
    char path[PATH_BYTES];

    TRY(path_join(path, place->dir, "ceremony"));
    TRY(keys_open(place, false, &keys));
    TRY(store_absent(place));
    struct err err = import_share(place, &keys, path, text, shares, missing);
    secret_wipe(shares, sizeof shares);
    return err;
}

/* ---- life ---- */

RESULT keys_rotate(const struct keys_place *place, int use, enum suite suite, int64_t ahead_usec,
                   int64_t overlap_usec, uint16_t *version)
{
    SCOPED(keys) keys = { 0 };
    struct ring_key *old, *key;
    struct instant from = instant_add(place->at, ahead_usec);

    assert(ahead_usec >= 0);
    assert(overlap_usec >= 0);
    REQUIRE(use == KEYS_FIELD || use_is_sign(use), KEYD_NOT_ROTATABLE);
    TRY(keys_open(place, true, &keys));
    old = keyring_find(keys.ring, use, suite, 0);
    REQUIRE(old != NULL, KEYD_KEY_UNKNOWN);
    /* a data key has no public half to announce: it seals as soon as keyd knows it */
    if (!use_is_sign(use)) from = place->at;
    TRY(keyring_add(keys.ring, keys.session, use, suite, keys.info.test, from, NO_END, &key));
    old->row.state = KEY_RETIRED;
    if (use_is_sign(use)) old->row.valid_to = instant_add(from, overlap_usec);
    TRY(keyring_save(keys.ring));
    *version = key->row.version;
    return OK;
}

RESULT keys_destroy(const struct keys_place *place, int use, enum suite suite, uint16_t version)
{
    SCOPED(keys) keys = { 0 };
    struct ring_key *key;

    TRY(keys_open(place, true, &keys));
    key = version == 0 ? NULL : keyring_find(keys.ring, use, suite, version);
    REQUIRE(key != NULL, KEYD_KEY_UNKNOWN);
    REQUIRE(key->row.state != KEY_DESTROYED, KEYD_KEY_DESTROYED);
    REQUIRE(key->row.state == KEY_RETIRED, KEYD_EXISTS);
    key->row.state = KEY_DESTROYED;
    if (instant_before(place->at, key->row.valid_to)) key->row.valid_to = place->at;
    secret_wipe(key->wrapped, sizeof key->wrapped);
    key->wrapped_n = 0;
    return keyring_save(keys.ring);
}

static void check_of(const struct ring_key *key, uint8_t check[CHECK_VALUE_BYTES])
{
    uint8_t mac[HASH_BYTES];

    memcpy(check, key->row.kid, CHECK_VALUE_BYTES);
    if (use_is_sign(key->row.use)) return;
    memset(check, 0, CHECK_VALUE_BYTES);
    if (!key->value.p) return;
    hmac_sm3(secret_bytes(&key->value), bytes_of("", 0), mac);
    memcpy(check, mac, CHECK_VALUE_BYTES);
}

static int by_use(const void *a, const void *b)
{
    const struct key_row *x = a, *y = b;

    if (x->use != y->use) return x->use < y->use ? -1 : 1;
    if (x->suite != y->suite) return x->suite < y->suite ? -1 : 1;
    return (x->version > y->version) - (x->version < y->version);
}

RESULT keys_status(const struct keys_place *place, struct key_row *rows, size_t max, size_t *n)
{
    SCOPED(keys) keys = { 0 };

    TRY(keys_open(place, true, &keys));
    *n = 0;
    for (size_t i = 0; i < keys.ring->n && *n < max; i++) {
        rows[*n] = keys.ring->keys[i].row;
        check_of(&keys.ring->keys[i], rows[*n].check);
        (*n)++;
    }
    qsort(rows, *n, sizeof *rows, by_use);
    return OK;
}

RESULT keys_master_check(const struct keys_place *place, uint8_t check[CHECK_VALUE_BYTES])
{
    SCOPED(keys) keys = { 0 };
    struct hsm_key master;

    TRY(keys_open(place, false, &keys));
    TRY(hsm_find(keys.session, MASTER_INDEX, &master));
    return hsm_check_value(keys.session, master, check);
}

RESULT keys_officer_add(const struct keys_place *place, struct str name, enum suite suite,
                        struct bytes public_key, uint8_t kid[KID_BYTES])
{
    SCOPED(keys) keys = { 0 };
    struct officer officer = { .suite = suite };

    assert(name.n >= 1);
    assert(name.n <= OFFICER_NAME_MAX);
    REQUIRE(suite == SUITE_SM2 || suite == SUITE_P256, CRYPTO_BAD_PUBLIC_KEY);
    TRY(point_short(suite, public_key, officer.public_key));
    TRY(key_id(suite, public_key, officer.kid));
    REQUIRE(str_c(name, officer.name, sizeof officer.name), KEYD_MALFORMED);
    TRY(keys_open(place, true, &keys));
    REQUIRE(keys.ring->officers_n < OFFICERS_MAX, KEYD_TOO_LONG);
    for (size_t i = 0; i < keys.ring->officers_n; i++) {
        REQUIRE(memcmp(keys.ring->officers[i].kid, officer.kid, KID_BYTES) != 0, KEYD_EXISTS);
    }
    keys.ring->officers[keys.ring->officers_n++] = officer;
    TRY(keyring_save(keys.ring));
    memcpy(kid, officer.kid, KID_BYTES);
    return OK;
}

RESULT keys_officer_remove(const struct keys_place *place, const uint8_t kid[KID_BYTES])
{
    SCOPED(keys) keys = { 0 };
    struct keyring *ring;

    TRY(keys_open(place, true, &keys));
    ring = keys.ring;
    for (size_t i = 0; i < ring->officers_n; i++) {
        if (memcmp(ring->officers[i].kid, kid, KID_BYTES) != 0) continue;
        verify_key_close(ring->officers[i].verify);
        ring->officers[i] = ring->officers[--ring->officers_n];
        return keyring_save(ring);
    }
    REFUSE(KEYD_KEY_UNKNOWN);
}
