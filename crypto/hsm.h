/* crypto/hsm.h - where master keys live: a device spoken to by handles, shaped like the calls of
 * GM/T 0018 (SDF: device and session, key by index, encrypt/MAC/sign with a handle, wrap, unwrap,
 * destroy). Only keyd and `ykt key` open one.
 *
 * Back ends:
 *   software   a file of our own, sealed under a passphrase; always marked `test`
 *   PKCS#11    a module loaded by configuration (tested with SoftHSM 2). Such modules know AES,
 * 3DES and P-256 but no SM algorithm, so an SM key lives wrapped under an AES master that never
 * leaves the token, and is unwrapped into our locked memory for use. Not built: loading a vendor's
 * SDF library. The calls here are what such a back end would fill in; we have no device to prove
 * one against. */
#pragma once
#include "base/base.h"

#include "crypto/crypto.h"

enum hsm_refusal {
    HSM_KEY_UNKNOWN = 1520,  /* no key at that class and index */
    HSM_KEY_EXISTS = 1521,   /* the place is taken; destroy first */
    HSM_WRONG_PIN = 1522,    /* passphrase or PIN refused by the device */
    HSM_NOT_TEST = 1523,     /* a software key file that is not marked `test` */
    HSM_UNSUPPORTED = 1524,  /* this back end can't do that with a key of this kind */
    HSM_BAD_BLOB = 1525,     /* a wrapped key that does not unwrap under this key */
    HSM_NOT_WRAPPABLE = 1526 /* class A never leaves the device */
};

enum key_class {                  /* docs/decisions/0006-key-process.md */
                 KEY_CLASS_A = 1, /* stays in the device: masters, purchase, load, CA roots */
                 KEY_CLASS_B = 2, /* derived per session into locked memory (TAC) */
                 KEY_CLASS_C = 3, /* data and index keys, wrapped by A */
                 KEY_CLASS_D = 4, /* a node's own signing keys, wrapped by A */
};
enum key_kind {
    KEY_AES256 = 1, /* 32 bytes */
    KEY_SM4 = 2,    /* 16 */
    KEY_TDES = 3,   /* 16: two-key 3DES of the purses */
    KEY_HMAC = 4,   /* 32, HMAC-SM3 */
    KEY_SM2 = 5,    /* 32, a private scalar */
    KEY_P256 = 6,   /* 32 */
};
size_t key_kind_bytes(enum key_kind kind);

struct hsm_settings {
    enum { HSM_SOFTWARE = 1, HSM_PKCS11 = 2 } kind;
    const char *path;    /* software: the key file; PKCS#11: the module (.so) */
    const char *token;   /* PKCS#11: label of the token */
    struct bytes secret; /* passphrase or PIN */
    bool test;           /* PKCS#11: keys made here are marked as test keys; software: always */
    struct password_cost cost; /* software: of a file that is made; zero is PASSWORD_COST */
};
struct hsm_info {
    char maker[33], model[17], serial[17]; /* as the device says, NUL-terminated */
    bool test;
    bool sm; /* SM2/SM4 inside the device */
};
struct hsm;         /* an open device */
struct hsm_session; /* one caller's; handles belong to it. Not shared between threads */
struct hsm_key {    /* a handle: of a key in the device, or of an unwrapped session key */
    uint32_t slot;
};

/* Make an empty software key file (refuses HSM_KEY_EXISTS when there is one). */
RESULT hsm_soft_create(const struct hsm_settings *settings, const struct entropy *entropy);
RESULT hsm_open(const struct hsm_settings *settings, const struct entropy *entropy,
                struct hsm **out);
void hsm_close(struct hsm *hsm); /* NULL is left alone; its sessions are closed before */
RESULT hsm_info(struct hsm *hsm, struct hsm_info *out);
RESULT hsm_session_open(struct hsm *hsm, struct hsm_session **out);
void hsm_session_close(struct hsm_session *session);

/* Kept keys, by class A and index 1..65535. They are not extractable. */
RESULT hsm_generate(struct hsm_session *session, enum key_kind kind, uint16_t index,
                    struct hsm_key *out);
RESULT hsm_import(struct hsm_session *session, enum key_kind kind, uint16_t index,
                  struct bytes value, struct hsm_key *out);
RESULT hsm_find(struct hsm_session *session, uint16_t index, struct hsm_key *out);
RESULT hsm_destroy(struct hsm_session *session, uint16_t index);

/* Session keys: a new one, made and at once wrapped under `under`; or unwrapped from a blob. Gone
 * with the session or hsm_forget. HSM_WRAPPED_MAX bytes suffice for any blob. */
enum { HSM_WRAPPED_MAX = 40 };
RESULT hsm_wrap_new(struct hsm_session *session, struct hsm_key under, enum key_kind kind,
                    uint8_t blob[HSM_WRAPPED_MAX], size_t *n, struct hsm_key *out);
RESULT hsm_unwrap(struct hsm_session *session, struct hsm_key under, enum key_kind kind,
                  struct bytes blob, struct hsm_key *out);
/* Wrap a session key under another master (rotation of masters). Class A: HSM_NOT_WRAPPABLE. */
RESULT hsm_wrap(struct hsm_session *session, struct hsm_key under, struct hsm_key key,
                uint8_t blob[HSM_WRAPPED_MAX], size_t *n);
void hsm_forget(struct hsm_session *session, struct hsm_key key);

/* Work with a handle. Ciphers: ECB over whole blocks (what key derivation needs). */
RESULT hsm_encrypt(struct hsm_session *session, struct hsm_key key, struct bytes in, uint8_t *out);
RESULT hsm_decrypt(struct hsm_session *session, struct hsm_key key, struct bytes in, uint8_t *out);
/* CMAC for ciphers (16 or 8 bytes), HMAC-SM3 for KEY_HMAC (32); *n the length. */
RESULT hsm_mac(struct hsm_session *session, struct hsm_key key, struct bytes in, uint8_t out[32],
               size_t *n);
RESULT hsm_sign(struct hsm_session *session, struct hsm_key key, struct bytes message,
                uint8_t signature[SIGNATURE_BYTES]);
RESULT hsm_public_key(struct hsm_session *session, struct hsm_key key,
                      uint8_t public_key[POINT_SHORT]);
/* First three bytes over a zero block (ciphers), of HMAC over nothing, or of the kid. */
enum { CHECK_VALUE_BYTES = 3 };
RESULT hsm_check_value(struct hsm_session *session, struct hsm_key key,
                       uint8_t out[CHECK_VALUE_BYTES]);
/* The value of an unwrapped session key, for keyd's own hot paths; kept keys are refused with
 * HSM_NOT_WRAPPABLE. */
RESULT hsm_reveal(struct hsm_session *session, struct hsm_key key, struct secret *out);
