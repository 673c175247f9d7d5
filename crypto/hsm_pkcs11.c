/* crypto/hsm_pkcs11.c - a token behind a PKCS#11 module (OASIS PKCS #11 v2.40). Tokens know AES,
 * 3DES and P-256; keys of the SM suite are session keys here, wrapped under the token's AES master
 * (CKM_AES_KEY_WRAP) and computed with in our locked memory. */
#include <dlfcn.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/hsm_back.h"

enum { LABEL_BYTES = 32, TOKENS_MAX = 64 };

struct token {
    CK_FUNCTION_LIST_PTR p11;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE login; /* keeps the user signed in for the others */
};

/* A module is started once per process, however many devices are open. */
static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;
static int modules_open;

static const CK_BYTE P256_OID[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };

static RESULT p11_end(CK_RV rv, const char *what)
{
    if (rv == CKR_OK) return OK;
    REQUIRE(rv != CKR_PIN_INCORRECT && rv != CKR_PIN_LOCKED && rv != CKR_PIN_LEN_RANGE,
            HSM_WRONG_PIN);
    return fault(FAULT_CRYPTO, "PKCS#11 %s: 0x%lx", what, rv);
}

static CK_FUNCTION_LIST_PTR p11_of(const struct hsm_session *session)
{
    return ((const struct token *)session->hsm->state)->p11;
}

/* PKCS#11 takes what it only reads as non-const. */
static CK_BYTE_PTR loose(const void *p)
{
    union {
        const void *from;
        CK_BYTE_PTR to;
    } cast = { .from = p };

    return cast.to;
}

static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *p, size_t n)
{
    return (CK_ATTRIBUTE){ .type = type, .pValue = loose(p), .ulValueLen = n };
}

static const CK_BBOOL YES = CK_TRUE, NO = CK_FALSE;

/* ---- device ---- */

static RESULT module_load(const char *path, CK_FUNCTION_LIST_PTR *out)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*list)(CK_FUNCTION_LIST_PTR_PTR) = NULL;
    void *symbol;

    if (!module) return fault(FAULT_CONFIG, "PKCS#11 module: %s", dlerror());
    symbol = dlsym(module, "C_GetFunctionList");
    if (!symbol) return fault(FAULT_CONFIG, "%s is no PKCS#11 module", path);
    memcpy(&list, &symbol, sizeof list);
    return p11_end(list(out), "C_GetFunctionList");
}

static RESULT module_start(CK_FUNCTION_LIST_PTR p11)
{
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&modules_lock);
    rv = p11->C_Initialize(&args);
    if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) rv = CKR_OK;
    if (rv == CKR_OK) modules_open++;
    pthread_mutex_unlock(&modules_lock);
    return p11_end(rv, "C_Initialize");
}

static void module_stop(CK_FUNCTION_LIST_PTR p11)
{
    pthread_mutex_lock(&modules_lock);
    if (--modules_open == 0) (void)p11->C_Finalize(NULL);
    pthread_mutex_unlock(&modules_lock);
}

static bool label_is(const unsigned char *padded, const char *label)
{
    size_t n = strlen(label);

    if (n > LABEL_BYTES || memcmp(padded, label, n) != 0) return false;
    for (size_t i = n; i < LABEL_BYTES; i++) {
        if (padded[i] != ' ') return false;
    }
    return true;
}

static RESULT token_find(struct token *token, const char *label)
{
    CK_SLOT_ID slots[TOKENS_MAX];
    CK_ULONG n = TOKENS_MAX;

    TRY(p11_end(token->p11->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList"));
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        if (token->p11->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
        if (!label_is(info.label, label)) continue;
        token->slot = slots[i];
        return OK;
    }
    return fault(FAULT_CONFIG, "no PKCS#11 token is labelled %s", label);
}

static RESULT token_login(struct token *token, const struct hsm_settings *settings)
{
    CK_RV rv;

    TRY(token_find(token, settings->token));
    TRY(p11_end(token->p11->C_OpenSession(token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                          NULL, &token->login),
                "C_OpenSession"));
    rv = token->p11->C_Login(token->login, CKU_USER, loose(settings->secret.p), settings->secret.n);
    return p11_end(rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv, "C_Login");
}

static RESULT token_open(struct hsm *hsm, const struct hsm_settings *settings)
{
    struct token *token;
    CK_FUNCTION_LIST_PTR p11;

    if (!settings->token) return fault(FAULT_CONFIG, "a PKCS#11 token needs its label");
    TRY(module_load(settings->path, &p11));
    TRY(module_start(p11));
    token = calloc(1, sizeof *token);
    struct err err = token ? OK : fault(FAULT_MEMORY, "PKCS#11");
    if (token) {
        token->p11 = p11;
        err = token_login(token, settings);
    }
    if (err.code != 0) {
        free(token);
        module_stop(p11);
        return err;
    }
    hsm->state = token;
    hsm->test = settings->test;
    return OK;
}

static void token_close(struct hsm *hsm)
{
    struct token *token = hsm->state;

    (void)token->p11->C_CloseSession(token->login);
    module_stop(token->p11);
    free(token);
}

static void copy_padded(const unsigned char *from, size_t n, char *out)
{
    while (n > 0 && from[n - 1] == ' ') {
        n--;
    }
    memcpy(out, from, n);
    out[n] = 0;
}

static RESULT token_info(struct hsm *hsm, struct hsm_info *out)
{
    struct token *token = hsm->state;
    CK_TOKEN_INFO info;

    TRY(p11_end(token->p11->C_GetTokenInfo(token->slot, &info), "C_GetTokenInfo"));
    copy_padded(info.manufacturerID, sizeof info.manufacturerID, out->maker);
    copy_padded(info.model, sizeof info.model, out->model);
    copy_padded(info.serialNumber, sizeof info.serialNumber, out->serial);
    out->test = hsm->test;
    out->sm = false;
    return OK;
}

static RESULT token_session_open(struct hsm_session *session)
{
    struct token *token = session->hsm->state;
    CK_SESSION_HANDLE handle;

    TRY(p11_end(token->p11->C_OpenSession(token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                          NULL, &handle),
                "C_OpenSession"));
    session->handle = handle;
    return OK;
}

static void token_session_close(struct hsm_session *session)
{
    (void)p11_of(session)->C_CloseSession(session->handle);
}

/* ---- kept keys: CKA_ID is the index, big-endian ---- */

static void id_write(uint16_t index, CK_BYTE id[2])
{
    id[0] = (CK_BYTE)(index >> 8);
    id[1] = (CK_BYTE)index;
}

static RESULT object_find(struct hsm_session *session, uint16_t index, CK_OBJECT_CLASS class,
                          CK_OBJECT_HANDLE *out)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_BYTE id[2];
    CK_ULONG n = 0;
    CK_ATTRIBUTE want[] = { attribute(CKA_CLASS, &class, sizeof class),
                            attribute(CKA_ID, id, sizeof id),
                            attribute(CKA_TOKEN, &YES, sizeof YES) };

    id_write(index, id);
    TRY(p11_end(p11->C_FindObjectsInit(session->handle, want, LEN(want)), "C_FindObjectsInit"));
    CK_RV rv = p11->C_FindObjects(session->handle, out, 1, &n);
    (void)p11->C_FindObjectsFinal(session->handle);
    TRY(p11_end(rv, "C_FindObjects"));
    REQUIRE(n == 1, HSM_KEY_UNKNOWN);
    return OK;
}

static RESULT token_find_key(struct hsm_session *session, uint16_t index, struct hsm_slot *out)
{
    CK_OBJECT_HANDLE object;
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE ask = attribute(CKA_KEY_TYPE, &type, sizeof type);
    struct err err = object_find(session, index, CKO_SECRET_KEY, &object);

    if (err.code == HSM_KEY_UNKNOWN) err = object_find(session, index, CKO_PRIVATE_KEY, &object);
    TRY(err);
    TRY(p11_end(p11_of(session)->C_GetAttributeValue(session->handle, object, &ask, 1),
                "C_GetAttributeValue"));
    out->object = object;
    out->kind = type == CKK_AES ? KEY_AES256 : type == CKK_DES3 ? KEY_TDES : KEY_P256;
    return OK;
}

static RESULT keep_secret(struct hsm_session *session, enum key_kind kind, uint16_t index,
                          const struct bytes *value)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = kind == KEY_AES256 ? CKK_AES : CKK_DES3;
    CK_MECHANISM make = { .mechanism = CKM_AES_KEY_GEN };
    CK_ULONG bytes = 32;
    CK_OBJECT_HANDLE object;
    CK_BYTE id[2], three[24];
    CK_ATTRIBUTE want[12] = {
        attribute(CKA_CLASS, &class, sizeof class),
        attribute(CKA_KEY_TYPE, &type, sizeof type),
        attribute(CKA_ID, id, sizeof id),
        attribute(CKA_LABEL, "ykt", 3),
        attribute(CKA_TOKEN, &YES, sizeof YES),
        attribute(CKA_PRIVATE, &YES, sizeof YES),
        attribute(CKA_SENSITIVE, &YES, sizeof YES),
        attribute(CKA_EXTRACTABLE, &NO, sizeof NO),
        attribute(CKA_ENCRYPT, &YES, sizeof YES),
        attribute(kind == KEY_AES256 ? CKA_WRAP : CKA_DECRYPT, &YES, sizeof YES),
        attribute(kind == KEY_AES256 ? CKA_UNWRAP : CKA_SIGN, &YES, sizeof YES),
    };
    CK_RV rv;

    id_write(index, id);
    if (!value) {
        REQUIRE(kind == KEY_AES256, HSM_UNSUPPORTED); /* tokens make three-key 3DES only */
        want[11] = attribute(CKA_VALUE_LEN, &bytes, sizeof bytes);
        rv = p11->C_GenerateKey(session->handle, &make, want, 12, &object);
        return p11_end(rv, "C_GenerateKey");
    }
    want[11] = attribute(CKA_VALUE, value->p, value->n);
    if (kind == KEY_TDES) {
        memcpy(three, value->p, 16);
        memcpy(three + 16, value->p, 8);
        want[11] = attribute(CKA_VALUE, three, sizeof three);
    }
    rv = p11->C_CreateObject(session->handle, want, 12, &object);
    secret_wipe(three, sizeof three);
    return p11_end(rv, "C_CreateObject");
}

static RESULT keep_pair(struct hsm_session *session, uint16_t index)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_MECHANISM make = { .mechanism = CKM_EC_KEY_PAIR_GEN };
    CK_OBJECT_HANDLE public, private;
    CK_BYTE id[2];
    CK_ATTRIBUTE public_want[] = { attribute(CKA_EC_PARAMS, P256_OID, sizeof P256_OID),
                                   attribute(CKA_TOKEN, &YES, sizeof YES),
                                   attribute(CKA_ID, id, sizeof id),
                                   attribute(CKA_VERIFY, &YES, sizeof YES) };
    CK_ATTRIBUTE private_want[] = {
        attribute(CKA_TOKEN, &YES, sizeof YES),
        attribute(CKA_PRIVATE, &YES, sizeof YES),
        attribute(CKA_SENSITIVE, &YES, sizeof YES),
        attribute(CKA_EXTRACTABLE, &NO, sizeof NO),
        attribute(CKA_ID, id, sizeof id),
        attribute(CKA_SIGN, &YES, sizeof YES),
        attribute(CKA_LABEL, "ykt", 3),
    };

    id_write(index, id);
    return p11_end(p11->C_GenerateKeyPair(session->handle, &make, public_want, LEN(public_want),
                                          private_want, LEN(private_want), &public, &private),
                   "C_GenerateKeyPair");
}

static RESULT token_keep(struct hsm_session *session, enum key_kind kind, uint16_t index,
                         const struct bytes *value)
{
    if (kind == KEY_AES256 || kind == KEY_TDES) return keep_secret(session, kind, index, value);
    REQUIRE(kind == KEY_P256 && !value, HSM_UNSUPPORTED);
    return keep_pair(session, index);
}

static RESULT token_destroy(struct hsm_session *session, const struct hsm_slot *slot)
{
    CK_OBJECT_HANDLE public;

    if (slot->kind == KEY_P256 &&
        object_find(session, slot->index, CKO_PUBLIC_KEY, &public).code == 0)
        TRY(p11_end(p11_of(session)->C_DestroyObject(session->handle, public), "C_DestroyObject"));
    return p11_end(p11_of(session)->C_DestroyObject(session->handle, slot->object),
                   "C_DestroyObject");
}

/* ---- work ---- */

static RESULT token_crypt(struct hsm_session *session, const struct hsm_slot *slot, bool encrypt,
                          struct bytes in, uint8_t *out)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_MECHANISM how = { .mechanism = slot->kind == KEY_AES256 ? CKM_AES_ECB : CKM_DES3_ECB };
    CK_ULONG n = in.n;

    /* the AES master wraps and proves itself by its check value; it deciphers nothing */
    REQUIRE(slot->kind == KEY_TDES || (slot->kind == KEY_AES256 && encrypt), HSM_UNSUPPORTED);
    REQUIRE(in.n % (slot->kind == KEY_AES256 ? 16 : 8) == 0, CRYPTO_BAD_CIPHERTEXT);
    if (encrypt) {
        TRY(p11_end(p11->C_EncryptInit(session->handle, &how, slot->object), "C_EncryptInit"));
        return p11_end(p11->C_Encrypt(session->handle, loose(in.p), in.n, out, &n), "C_Encrypt");
    }
    TRY(p11_end(p11->C_DecryptInit(session->handle, &how, slot->object), "C_DecryptInit"));
    return p11_end(p11->C_Decrypt(session->handle, loose(in.p), in.n, out, &n), "C_Decrypt");
}

static RESULT token_mac(struct hsm_session *session, const struct hsm_slot *slot, struct bytes in,
                        uint8_t out[32], size_t *n)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_MECHANISM how = { .mechanism = CKM_DES3_CMAC };
    CK_ULONG made = 32;

    REQUIRE(slot->kind == KEY_TDES, HSM_UNSUPPORTED);
    TRY(p11_end(p11->C_SignInit(session->handle, &how, slot->object), "C_SignInit"));
    TRY(p11_end(p11->C_Sign(session->handle, loose(in.p), in.n, out, &made), "C_Sign"));
    *n = made;
    return OK;
}

static RESULT token_sign(struct hsm_session *session, const struct hsm_slot *slot,
                         struct bytes message, uint8_t signature[SIGNATURE_BYTES])
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_MECHANISM how = { .mechanism = CKM_ECDSA };
    CK_ULONG n = SIGNATURE_BYTES;
    uint8_t e[HASH_BYTES];

    REQUIRE(slot->kind == KEY_P256, HSM_UNSUPPORTED);
    sha256(message, e);
    TRY(p11_end(p11->C_SignInit(session->handle, &how, slot->object), "C_SignInit"));
    return p11_end(p11->C_Sign(session->handle, e, sizeof e, signature, &n), "C_Sign");
}

static RESULT token_public_key(struct hsm_session *session, const struct hsm_slot *slot,
                               uint8_t public_key[POINT_SHORT])
{
    CK_OBJECT_HANDLE public;
    CK_BYTE point[2 + POINT_LONG] = { 0 };
    CK_ATTRIBUTE ask = attribute(CKA_EC_POINT, point, sizeof point);

    REQUIRE(slot->kind == KEY_P256, HSM_UNSUPPORTED);
    TRY(object_find(session, slot->index, CKO_PUBLIC_KEY, &public));
    TRY(p11_end(p11_of(session)->C_GetAttributeValue(session->handle, public, &ask, 1),
                "C_GetAttributeValue"));
    /* an OCTET STRING around 04 || x || y */
    if (ask.ulValueLen != sizeof point || point[0] != 0x04 || point[1] != POINT_LONG)
        return fault(FAULT_CRYPTO, "PKCS#11: a public key in a form we do not know");
    return point_short(SUITE_P256, bytes_of(point + 2, POINT_LONG), public_key);
}

/* The value becomes a session object for the moment that wrapping takes. */
static RESULT token_wrap(struct hsm_session *session, const struct hsm_slot *under,
                         struct bytes value, uint8_t *blob)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_MECHANISM how = { .mechanism = CKM_AES_KEY_WRAP };
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_OBJECT_HANDLE object;
    CK_ULONG n = HSM_WRAPPED_MAX;
    CK_ATTRIBUTE want[] = { attribute(CKA_CLASS, &class, sizeof class),
                            attribute(CKA_KEY_TYPE, &type, sizeof type),
                            attribute(CKA_TOKEN, &NO, sizeof NO),
                            attribute(CKA_EXTRACTABLE, &YES, sizeof YES),
                            attribute(CKA_VALUE, value.p, value.n) };

    TRY(p11_end(p11->C_CreateObject(session->handle, want, LEN(want), &object), "C_CreateObject"));
    CK_RV rv = p11->C_WrapKey(session->handle, &how, under->object, object, blob, &n);
    (void)p11->C_DestroyObject(session->handle, object);
    TRY(p11_end(rv, "C_WrapKey"));
    if (n != value.n + 8) return fault(FAULT_CRYPTO, "PKCS#11: wrapped into %lu bytes", n);
    return OK;
}

static RESULT token_unwrap(struct hsm_session *session, const struct hsm_slot *under,
                           struct bytes blob, uint8_t *value)
{
    CK_FUNCTION_LIST_PTR p11 = p11_of(session);
    CK_MECHANISM how = { .mechanism = CKM_AES_KEY_WRAP };
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE want[] = { attribute(CKA_CLASS, &class, sizeof class),
                            attribute(CKA_KEY_TYPE, &type, sizeof type),
                            attribute(CKA_TOKEN, &NO, sizeof NO),
                            attribute(CKA_SENSITIVE, &NO, sizeof NO),
                            attribute(CKA_EXTRACTABLE, &YES, sizeof YES) };
    CK_ATTRIBUTE ask = attribute(CKA_VALUE, value, blob.n - 8);
    CK_RV rv = p11->C_UnwrapKey(session->handle, &how, under->object, loose(blob.p), blob.n, want,
                                LEN(want), &object);

    /* modules differ in what they call a blob that does not verify */
    REQUIRE(rv == CKR_OK, HSM_BAD_BLOB);
    rv = p11->C_GetAttributeValue(session->handle, object, &ask, 1);
    (void)p11->C_DestroyObject(session->handle, object);
    return p11_end(rv, "C_GetAttributeValue");
}

const struct hsm_back HSM_TOKEN = {
    .open = token_open,
    .close = token_close,
    .info = token_info,
    .session_open = token_session_open,
    .session_close = token_session_close,
    .keep = token_keep,
    .find = token_find_key,
    .destroy = token_destroy,
    .crypt = token_crypt,
    .mac = token_mac,
    .sign = token_sign,
    .public_key = token_public_key,
    .wrap = token_wrap,
    .unwrap = token_unwrap,
};
