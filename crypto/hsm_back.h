/* crypto/hsm_back.h - what a back end does. Kept keys are its own; session keys lie in our locked
 * memory whatever the back end, since no token at hand computes SM4 or SM2 with them. */
#pragma once
#include "crypto/hsm.h"

struct hsm_slot {
    enum key_kind kind;   /* 0: free */
    uint16_t index;       /* 0: a session key, in `value` */
    unsigned long object; /* PKCS#11: handle of a kept key */
    struct secret value;
};
enum { HSM_SLOTS = 1024 };

struct hsm {
    const struct hsm_back *back;
    void *state; /* of the back end */
    struct entropy entropy;
    bool test;
};
struct hsm_session {
    struct hsm *hsm;
    unsigned long handle; /* PKCS#11 */
    struct hsm_slot slots[HSM_SLOTS];
};

struct hsm_back {
    RESULT (*open)(struct hsm *hsm, const struct hsm_settings *settings);
    void (*close)(struct hsm *hsm);
    RESULT (*info)(struct hsm *hsm, struct hsm_info *out);
    RESULT (*session_open)(struct hsm_session *session);
    void (*session_close)(struct hsm_session *session);
    /* kept keys: value NULL means that the device makes one */
    RESULT(*keep)
    (struct hsm_session *session, enum key_kind kind, uint16_t index, const struct bytes *value);
    RESULT (*find)(struct hsm_session *session, uint16_t index, struct hsm_slot *out);
    RESULT (*destroy)(struct hsm_session *session, const struct hsm_slot *slot);
    RESULT(*crypt)
    (struct hsm_session *session, const struct hsm_slot *slot, bool encrypt, struct bytes in,
     uint8_t *out);
    RESULT(*mac)
    (struct hsm_session *session, const struct hsm_slot *slot, struct bytes in, uint8_t out[32],
     size_t *n);
    RESULT(*sign)
    (struct hsm_session *session, const struct hsm_slot *slot, struct bytes message,
     uint8_t signature[SIGNATURE_BYTES]);
    RESULT(*public_key)
    (struct hsm_session *session, const struct hsm_slot *slot, uint8_t public_key[POINT_SHORT]);
    /* RFC 3394 under a kept AES key */
    RESULT(*wrap)
    (struct hsm_session *session, const struct hsm_slot *under, struct bytes value, uint8_t *blob);
    RESULT(*unwrap)
    (struct hsm_session *session, const struct hsm_slot *under, struct bytes blob, uint8_t *value);
};
extern const struct hsm_back HSM_SOFT, HSM_TOKEN;

/* Work with a value in our own memory; what the software back end and session keys share. */
RESULT value_crypt(enum key_kind kind, struct bytes value, bool encrypt, struct bytes in,
                   uint8_t *out);
RESULT value_mac(enum key_kind kind, struct bytes value, struct bytes in, uint8_t out[32],
                 size_t *n);
RESULT value_sign(enum key_kind kind, struct bytes value, struct bytes message,
                  uint8_t signature[SIGNATURE_BYTES]);
RESULT value_public_key(enum key_kind kind, struct bytes value, uint8_t public_key[POINT_SHORT]);
/* A random value of the kind. */
RESULT value_new(enum key_kind kind, const struct entropy *entropy, struct secret *out);
