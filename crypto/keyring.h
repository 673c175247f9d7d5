/* crypto/keyring.h - the key store of a key folder: wrapped keys in one file, opened into locked
 * memory. The file's layout is in docs/protocols/keyd.md. */
#pragma once
#include "crypto/file.h"
#include "crypto/keys.h"

enum { MASTER_INDEX = 1, OFFICERS_MAX = 32, OFFICER_NAME_MAX = 32 };
/* Signing keys without an end: a date that outlives the curves. */
#define NO_END ((struct instant){ INT64_C(4102444800000000) }) /* 2100-01-01 */

struct ring_key {
    struct key_row row; /* without `check` */
    uint8_t wrapped[HSM_WRAPPED_MAX];
    size_t wrapped_n;      /* 0 when destroyed */
    struct secret value;   /* open unless destroyed */
    struct sign_key *sign; /* signing keys that are not destroyed */
    struct secret parts;   /* field keys: 16 bytes for CTR, 16 for CMAC */
};
struct officer {
    char name[OFFICER_NAME_MAX + 1];
    enum suite suite;
    uint8_t public_key[POINT_SHORT], kid[KID_BYTES];
    struct verify_key *verify;
};
struct keyring {
    char path[PATH_BYTES];
    uint8_t mac_wrapped[HSM_WRAPPED_MAX];
    struct secret mac; /* seals the file against change */
    size_t n;
    struct ring_key keys[KEY_ROWS_MAX];
    size_t officers_n;
    struct officer officers[OFFICERS_MAX];
};

/* Open dir/keys with the master of the session. Refuses KEYD_KEY_UNKNOWN when there is no store. */
RESULT keyring_open(const char *dir, struct hsm_session *session, struct keyring **out);
/* An empty one that is not in a file yet. */
RESULT keyring_new(const char *dir, struct hsm_session *session, struct keyring **out);
void keyring_close(struct keyring *ring);
RESULT keyring_save(struct keyring *ring);
/* A new key of the next version; the row's use, suite, validity and test mark are given. */
RESULT keyring_add(struct keyring *ring, struct hsm_session *session, int use, enum suite suite,
                   bool test, struct instant from, struct instant to, struct ring_key **out);
/* Newest version that is not destroyed (version 0), or that version whatever its state; NULL. */
struct ring_key *keyring_find(struct keyring *ring, int use, enum suite suite, uint16_t version);
/* For signing at `at`: the newest one whose validity holds it; NULL. */
const struct ring_key *keyring_signer(struct keyring *ring, int use, enum suite suite,
                                      struct instant at);
bool use_is_sign(int use);
