/* registry/device.h - phones and other devices that make codes: a public key each, for one
 * strength. A lost phone is not a lost card: devices have rows and epochs of their own. Root: the
 * person. */
#pragma once
#include "base/base.h"
#include "catalogue/catalogue.h"
#include "registry/registry.h"

enum device_refusal {
    REGISTRY_DEVICE_UNKNOWN = 3160, /* no such device of this person */
    REGISTRY_DEVICE_KEY = 3161,     /* not a point of the suite's curve in 33 or 65 bytes */
    REGISTRY_DEVICE_REVOKED = 3162, /* revoked */
    REGISTRY_DEVICE_EXISTS =
        3163, /* another device is active for this strength and `replace` was not asked */
    REGISTRY_DEVICE_STRENGTH =
        3164, /* this sign-in is too weak for this strength (money: two factors or papers) */
};
enum device_state { DEVICE_ACTIVE = 1, DEVICE_REVOKED = 2 };
enum { DEVICE_KEY_MAX = 65 };

struct device {
    int64_t id, person_id;
    enum suite suite;
    enum strength strength;
    enum device_state state;
    int64_t epoch;
    uint8_t key[DEVICE_KEY_MAX]; /* 33 bytes compressed or 65 uncompressed, as enrolled */
    size_t key_n;
    struct instant enrolled_at, revoked_at;
};
struct device_ask {
    int64_t person_id;
    enum suite suite;
    enum strength strength;
    struct bytes key;
    bool replace; /* revoke the one that is active for this strength */
    struct act act;
};
/* One active device per person and strength.   refuses REGISTRY_PERSON_*, REGISTRY_DEVICE_KEY,
 * _EXISTS, _STRENGTH */
RESULT registry_device_enrol(const struct registry *rg, const struct once *once,
                             const struct device_ask *ask, int64_t *device_id);
/* Revoking twice is OK. refuses REGISTRY_DEVICE_UNKNOWN */
RESULT registry_device_revoke(const struct registry *rg, int64_t person_id, int64_t device_id,
                              const struct act *act);
RESULT registry_device_load(struct store *store, int64_t person_id, int64_t device_id,
                            struct device *out);
RESULT registry_device_in(struct txn *tx, int64_t person_id, int64_t device_id, struct device *out);
enum { DEVICES_MAX = 16 };
RESULT registry_devices_of(struct store *store, int64_t person_id, struct device out[DEVICES_MAX],
                           int *n);

/* On FEED_CARD and in txn_note, subject device id, when enrolled or revoked. Big-endian: 'D',
 * version 1, device_id 8, person_id 8, epoch 8, at 8, strength 1, state 1. */
struct device_note {
    int64_t device_id, person_id, epoch;
    struct instant at;
    uint8_t strength, state;
};
enum { DEVICE_NOTE_BYTES = 36 };
void device_note_write(const struct device_note *note, uint8_t out[DEVICE_NOTE_BYTES]);
bool device_note_parse(struct bytes bytes, struct device_note *out);
