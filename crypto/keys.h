/* crypto/keys.h - what `ykt key …` does with a key folder: ceremony, import, rotation, destruction.
 * These change the store directly and hold its lock, so a running keyd must be stopped (KEYD_LOCKED
 * tells) — but for rotation and destruction it is enough to restart it after.
 *
 * A key folder:  hsm (software back end only)   keys (wrapped keys, format in
 * docs/protocols/keyd.md) log/YYYYMMDD   lock   ceremony (components that wait for the others) */
#pragma once
#include "base/base.h"

#include "crypto/hsm.h"
#include "crypto/keyd.h"

struct keys_place {
    const char *dir;
    struct hsm_settings hsm;
    struct entropy entropy;
    struct instant at;
};

/* What a stored key is for; wire and file numbers. Signing keys are KEYS_SIGN + purpose. */
enum keys_use {
    KEYS_BLIND = 1,
    KEYS_FIELD = 2,
    KEYS_NAME_TAG = 3,
    KEYS_LOG_MAC = 4,
    KEYS_SIGN = 16, /* + enum keyd_sign_purpose */
};
/* "blind", "field", "name-tag", "log-mac", "feed-block", …; 0 when it is none of them. */
int keys_use_parse(struct str word);
const char *keys_use_name(int use);

/* ---- the ceremony: a new master key as components that m officers bring together ---- */
enum { COMPONENTS_MAX = 16, COMPONENT_TEXT_MAX = 256 };
struct component {
    char text[COMPONENT_TEXT_MAX];    /* one line to print and put in an envelope; holds secrets */
    uint8_t check[CHECK_VALUE_BYTES]; /* of the component */
};
/* Split a new AES-256 master into n components, any m of which give it back and any m-1 of which
 * say nothing about it (Shamir over GF(2^8)). 1 <= m <= n <= COMPONENTS_MAX. Keeps nothing: the
 * master is wiped before return. `check` is the master's check value, to be read aloud. Wipe the
 * components. */
RESULT keys_ceremony(int m, int n, bool test, const struct entropy *entropy,
                     struct component *components, uint8_t check[CHECK_VALUE_BYTES]);
/* Bring one component. With the m-th the master is put together, its check value compared, imported
 * at index 1 of the HSM, and the key store made with the first version of each key. `*missing` is
 * how many are still wanted (0: done). refuses KEYD_COMPONENT_BAD, KEYD_CHECK_VALUE, KEYD_EXISTS,
 * KEYD_NOT_TEST (an unmarked component for the software back end), KEYD_LOCKED, HSM_* */
RESULT keys_import_component(const struct keys_place *place, struct str text, int *missing);
/* In one step, without officers: master generated in the device, and the store. For tests, demos
 * and nodes whose HSM makes its own master. */
RESULT keys_create(const struct keys_place *place);

/* ---- life ---- */
/* A new version of one use (suite for signing keys, else 0). Data keys: the old version still
 * opens, the new one seals. Signing keys: the new one is published at once and signs from
 * `ahead_usec` later; the old one's valid_to is set `overlap_usec` after that. Blind keys: the new
 * version is made and listed; moving the hashes over is the registry's job, until then version 1 is
 * lent. */
RESULT keys_rotate(const struct keys_place *place, int use, enum suite suite, int64_t ahead_usec,
                   int64_t overlap_usec, uint16_t *version);
/* Forget a retired version for good: its wrapped bytes leave the file (and must leave the backups).
 * The active one is refused with KEYD_EXISTS. */
RESULT keys_destroy(const struct keys_place *place, int use, enum suite suite, uint16_t version);

struct key_row { /* one key, without its value */
    int use;
    enum suite suite; /* 0 for data keys */
    enum key_class class;
    enum key_kind kind;
    enum key_state state;
    uint16_t version;
    bool test;
    struct instant valid_from, valid_to;
    uint8_t check[CHECK_VALUE_BYTES];
    uint8_t kid[KID_BYTES];          /* signing keys */
    uint8_t public_key[POINT_SHORT]; /* signing keys */
};
enum { KEY_ROWS_MAX = 256 };
/* All rows, by use, suite, version. Check values are recomputed from the keys, so this proves that
 * they open. */
RESULT keys_status(const struct keys_place *place, struct key_row *rows, size_t max, size_t *n);
/* Check value of the master in the device. */
RESULT keys_master_check(const struct keys_place *place, uint8_t check[CHECK_VALUE_BYTES]);

/* Enrol an officer whose signature counts on tickets. name: 1..32 bytes. */
RESULT keys_officer_add(const struct keys_place *place, struct str name, enum suite suite,
                        struct bytes public_key, uint8_t kid[KID_BYTES]);
/* Who leaves signs no more: tickets with this key are refused from keyd's next start. Refuses
 * KEYD_KEY_UNKNOWN. */
RESULT keys_officer_remove(const struct keys_place *place, const uint8_t kid[KID_BYTES]);
