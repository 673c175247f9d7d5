/* tests/scenario/key_values.c - every secret value of a key folder on the software device, one a
 * line: "NAME HEX". For tests/scenario/worker_secrets.py, which looks for them where none may be.
 *
 *     key_values FOLDER SECRET-FILE */
#include <stdio.h>
#include <unistd.h>

#include "crypto/blind.h"
#include "crypto/hsm.h"
#include "crypto/keyring.h"

static void tell(const char *name, int n, struct bytes value)
{
    printf("%s-%d ", name, n);
    for (size_t i = 0; i < value.n; i++)
        printf("%02x", value.p[i]);
    putchar('\n');
}

/* The kept keys, which no call hands out: from the device's file (crypto/hsm_soft.c has its
 * layout). */
static RESULT device_tell(const char *path, struct bytes passphrase)
{
    SCOPED(secret) file = { 0 };
    SCOPED(secret) sealing = { 0 };
    SCOPED(secret) plain = { 0 };
    struct password_cost cost;
    struct bytes salt, iv, sealed;
    struct cursor c;
    size_t n;

    TRY(file_read(path, HSM_KEY_UNKNOWN, &file));
    c = cursor_over(secret_bytes(&file));
    (void)take_bytes(&c, 9);
    cost.memory_kib = take_be32(&c);
    cost.passes = take_be32(&c);
    salt = take_bytes(&c, 16);
    iv = take_bytes(&c, 12);
    if (c.over || cursor_left(&c) < 18) return fault(FAULT_CRYPTO, "%s: too short", path);
    sealed = take_bytes(&c, cursor_left(&c) - 16);
    TRY(secret_open(&sealing, 32));
    TRY(password_key(passphrase, salt.p, cost, &sealing));
    TRY(secret_open(&plain, sealed.n));
    TRY(aes_gcm_open(secret_bytes(&sealing), iv.p, bytes_of(file.p, (size_t)(sealed.p - file.p)),
                     sealed, take_rest(&c).p, plain.p));
    tell("passphrase-key", 0, secret_bytes(&sealing));
    c = cursor_over(secret_bytes(&plain));
    n = take_be16(&c);
    for (size_t i = 0; i < n; i++) {
        enum key_kind kind = (enum key_kind)take_u8(&c);
        int index = take_be16(&c);
        struct bytes value = take_bytes(&c, key_kind_bytes(kind));

        if (c.over) return fault(FAULT_CRYPTO, "%s: not a key file of ours", path);
        tell("master", index, value);
    }
    return OK;
}

static RESULT store_tell(const char *dir, struct hsm_session *session)
{
    struct keyring *ring;

    TRY(keyring_open(dir, session, &ring));
    tell("seal-of-the-store", 0, secret_bytes(&ring->mac));
    for (size_t i = 0; i < ring->n; i++) {
        const struct ring_key *key = &ring->keys[i];

        if (key->row.state == KEY_DESTROYED) continue;
        if (key->row.use == KEYS_BLIND) {
            struct blind_key blind;

            tell("lent", key->row.use, secret_bytes(&key->value));
            TRY(blind_key_open(secret_bytes(&key->value), key->row.version, &blind));
            tell("lent-for-hashes", key->row.use, secret_bytes(&blind.hash));
            tell("lent-for-ids", key->row.use, secret_bytes(&blind.ids));
            blind_key_close(&blind);
            continue;
        }
        tell("use", key->row.use, secret_bytes(&key->value));
        if (key->parts.n == 0) continue;
        tell("ctr-half-of-use", key->row.use, bytes_of(key->parts.p, SM4_KEY_BYTES));
        tell("cmac-half-of-use", key->row.use,
             bytes_of(key->parts.p + SM4_KEY_BYTES, SM4_KEY_BYTES));
    }
    keyring_close(ring);
    return OK;
}

static RESULT all_tell(const char *dir, const char *secret_path)
{
    SCOPED(secret) pin = { 0 };
    struct entropy entropy = entropy_system();
    struct hsm_settings settings = { .kind = HSM_SOFTWARE };
    struct hsm_session *session;
    struct hsm *hsm;
    struct err err;
    char path[PATH_BYTES];

    TRY(file_read(secret_path, HSM_KEY_UNKNOWN, &pin));
    settings.secret = str_bytes(str_trim(bytes_str(secret_bytes(&pin))));
    TRY(path_join(path, dir, "hsm"));
    settings.path = path;
    TRY(device_tell(path, settings.secret));
    TRY(hsm_open(&settings, &entropy, &hsm));
    err = hsm_session_open(hsm, &session);
    if (err.code == 0) {
        err = store_tell(dir, session);
        hsm_session_close(session);
    }
    hsm_close(hsm);
    return err;
}

int main(int argc, char **argv)
{
    struct err err;

    if (argc != 3) return 2;
    err = all_tell(argv[1], argv[2]);
    if (err.code == 0) return 0;
    fprintf(stderr, "key_values: %d %s\n", err.code, fault_note());
    return 1;
}
