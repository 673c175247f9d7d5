/* tests/crypto/hsm_test.c - both devices through the same calls: the software file, and a PKCS#11
 * token (SoftHSM 2 with a configuration and folder of its own; left out where it is not installed).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hsm.h"
#include "crypto/keyd_server.h"
#include "crypto/keys.h"
#include "tests/test.h"

static struct prng prng;
static const char *const MODULES[] = { "/usr/lib/softhsm/libsofthsm2.so",
                                       "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                                       "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so" };

static const char *module_find(void)
{
    for (size_t i = 0; i < LEN(MODULES); i++) {
        if (access(MODULES[i], R_OK) == 0) return MODULES[i];
    }
    return NULL;
}

static bool token_make(void)
{
    char conf[300], line[1024];
    FILE *f;

    snprintf(line, sizeof line, "%s/tokens", test_folder());
    if (mkdir(line, 0700) != 0) return false;
    snprintf(conf, sizeof conf, "%s/softhsm2.conf", test_folder());
    f = fopen(conf, "w");
    if (!f) return false;
    fprintf(f, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", test_folder());
    fclose(f);
    setenv("SOFTHSM2_CONF", conf, 1);
    return system("softhsm2-util --init-token --free --label ykt --so-pin 12345678 --pin 123456"
                  " >/dev/null 2>&1") == 0;
}

/* What holds of every device. `sm_kept`: it also keeps keys of the SM suite itself. */
static void test_device(const char *name, const struct hsm_settings *settings)
{
    struct entropy entropy = prng_entropy(&prng);
    struct hsm *hsm = NULL;
    struct hsm_session *session = NULL;
    struct hsm_info info;
    struct hsm_key master, other, key, again;
    uint8_t blob[HSM_WRAPPED_MAX], check[3], check_again[3], block[16] = { 0 }, mac[32], mac2[32];
    uint8_t sig[64], point[POINT_SHORT], value[16];
    size_t n = 0, m = 0;
    struct hsm_settings wrong = *settings;
    struct secret revealed;

    wrong.secret = str_bytes(S("000000"));
    CHECK_CODE("a wrong PIN", hsm_open(&wrong, &entropy, &hsm), HSM_WRONG_PIN);
    if (!CHECK_OK(name, hsm_open(settings, &entropy, &hsm))) return;
    CHECK_OK("info", hsm_info(hsm, &info));
    CHECK("test keys", info.test);
    CHECK_OK("session", hsm_session_open(hsm, &session));
    CHECK_CODE("no key yet", hsm_find(session, 7, &key), HSM_KEY_UNKNOWN);
    CHECK_OK("generate", hsm_generate(session, KEY_AES256, 7, &master));
    CHECK_CODE("twice", hsm_generate(session, KEY_AES256, 7, &again), HSM_KEY_EXISTS);
    CHECK_OK("check value", hsm_check_value(session, master, check));
    CHECK_CODE("class A is not revealed", hsm_reveal(session, master, &revealed),
               HSM_NOT_WRAPPABLE);
    CHECK_CODE("class A is not wrapped", hsm_wrap(session, master, master, blob, &n),
               HSM_NOT_WRAPPABLE);
    CHECK_OK("another master", hsm_generate(session, KEY_AES256, 8, &other));

    static const enum key_kind kinds[] = { KEY_SM4, KEY_TDES, KEY_HMAC,
                                           KEY_SM2, KEY_P256, KEY_AES256 };
    for (size_t i = 0; i < LEN(kinds); i++) {
        enum key_kind kind = kinds[i];
        CHECK_OK("make and wrap", hsm_wrap_new(session, master, kind, blob, &n, &key));
        CHECK_INT("length", (int64_t)n, (int64_t)key_kind_bytes(kind) + 8);
        CHECK_OK("unwrap", hsm_unwrap(session, master, kind, bytes_of(blob, n), &again));
        CHECK_OK("check", hsm_check_value(session, key, check));
        CHECK_OK("check", hsm_check_value(session, again, check_again));
        CHECK("the same key", memcmp(check, check_again, 3) == 0);
        hsm_forget(session, again);
        CHECK_CODE("under another master",
                   hsm_unwrap(session, other, kind, bytes_of(blob, n), &again), HSM_BAD_BLOB);
        blob[n - 1] ^= 1;
        CHECK_CODE("a bit changed", hsm_unwrap(session, master, kind, bytes_of(blob, n), &again),
                   HSM_BAD_BLOB);
        blob[n - 1] ^= 1;
        CHECK_CODE("cut", hsm_unwrap(session, master, kind, bytes_of(blob, n - 8), &again),
                   HSM_BAD_BLOB);
        CHECK_OK("wrap over", hsm_wrap(session, other, key, blob, &n));
        CHECK_OK("unwrap", hsm_unwrap(session, other, kind, bytes_of(blob, n), &again));
        hsm_forget(session, again);
        if (kind == KEY_SM2 || kind == KEY_P256) {
            enum suite suite = kind == KEY_SM2 ? SUITE_SM2 : SUITE_P256;
            CHECK_OK("sign", hsm_sign(session, key, str_bytes(S("m")), sig));
            CHECK_OK("public key", hsm_public_key(session, key, point));
            CHECK_OK("holds",
                     suite == SUITE_SM2
                         ? sm2_verify(bytes_of(point, 33), str_bytes(S("m")), bytes_of(sig, 64))
                         : p256_verify(bytes_of(point, 33), str_bytes(S("m")), bytes_of(sig, 64)));
            CHECK_CODE("no cipher", hsm_encrypt(session, key, bytes_of(block, 16), block),
                       HSM_UNSUPPORTED);
        }
        hsm_forget(session, key);
    }

    memset(value, 0x11, sizeof value);
    CHECK_OK("import 3DES", hsm_import(session, KEY_TDES, 9, bytes_of(value, 16), &key));
    CHECK_OK("encrypt", hsm_encrypt(session, key, bytes_of(block, 16), mac));
    CHECK_OK("the same by hand", tdes_ecb_encrypt(bytes_of(value, 16), bytes_of(block, 16), mac2));
    CHECK("the same by hand", memcmp(mac, mac2, 16) == 0);
    CHECK_OK("decrypt", hsm_decrypt(session, key, bytes_of(mac, 16), mac2));
    CHECK("and back", memcmp(mac2, block, 16) == 0);
    CHECK_CODE("a wrong length", hsm_import(session, KEY_TDES, 10, bytes_of(value, 15), &key),
               CRYPTO_BAD_KEY);
    CHECK_OK("P-256 in the device", hsm_generate(session, KEY_P256, 11, &key));
    CHECK_OK("sign", hsm_sign(session, key, str_bytes(S("m")), sig));
    CHECK_OK("public key", hsm_public_key(session, key, point));
    CHECK_OK("holds", p256_verify(bytes_of(point, 33), str_bytes(S("m")), bytes_of(sig, 64)));
    if (!info.sm) {
        CHECK_CODE("SM4 in a token that knows none",
                   hsm_import(session, KEY_SM4, 12, bytes_of(value, 16), &key), HSM_UNSUPPORTED);
    } else {
        CHECK_OK("SM4 in the device", hsm_import(session, KEY_SM4, 12, bytes_of(value, 16), &key));
        CHECK_OK("CMAC", hsm_mac(session, key, bytes_of(block, 16), mac, &m));
        CHECK_INT("16 bytes", (int64_t)m, 16);
    }
    CHECK_OK("check value", hsm_check_value(session, master, check));
    hsm_session_close(session);
    hsm_close(hsm);

    CHECK_OK("again", hsm_open(settings, &entropy, &hsm));
    CHECK_OK("session", hsm_session_open(hsm, &session));
    CHECK_OK("it stayed", hsm_find(session, 7, &master));
    CHECK_OK("check value", hsm_check_value(session, master, check_again));
    CHECK("the same", memcmp(check, check_again, 3) == 0);
    CHECK_OK("destroy", hsm_destroy(session, 7));
    CHECK_CODE("it is gone", hsm_find(session, 7, &master), HSM_KEY_UNKNOWN);
    CHECK_OK("destroy a pair", hsm_destroy(session, 11));
    CHECK_CODE("it is gone", hsm_destroy(session, 11), HSM_KEY_UNKNOWN);
    hsm_session_close(session);
    hsm_close(hsm);
}

static struct instant now_of(void *arg)
{
    (void)arg;
    return (struct instant){ INT64_C(1637380800000000) };
}

/* The ceremony, and a keyd whose master the officers brought. */
static void test_ceremony(const char *name, const struct hsm_settings *settings, bool test)
{
    char dir[300];
    struct component parts[5], others[2];
    uint8_t check[3], got[3], sealed[64], plain[64];
    int missing = -1;
    struct keys_place place = {
        .dir = dir, .hsm = *settings, .entropy = prng_entropy(&prng), .at = now_of(NULL)
    };
    struct keyd_settings running = {
        .dir = dir, .hsm = *settings, .entropy = prng_entropy(&prng), .clock = { .now = now_of }
    };
    struct keyd_core *core = NULL;
    struct keyd *keyd;
    struct field_use use = { .use = KEYD_USE_COUNTER, .session_id = 1, .actor_id = 1 };
    static struct key_row rows[KEY_ROWS_MAX];
    size_t n = 0, m = 0;
    char damaged[COMPONENT_TEXT_MAX];

    snprintf(dir, sizeof dir, "%s/%s", test_folder(), name);
    CHECK_OK("3 of 5", keys_ceremony(3, 5, test, &place.entropy, parts, check));
    CHECK_OK("another ceremony", keys_ceremony(2, 2, test, &place.entropy, others, got));
#define BRING(text) keys_import_component(&place, str_of(text), &missing)
    CHECK_OK("first", BRING(parts[4].text));
    CHECK_INT("two are missing", missing, 2);
    CHECK_CODE("the same again", BRING(parts[4].text), KEYD_COMPONENT_BAD);
    CHECK_CODE("one of another ceremony", BRING(others[0].text), KEYD_COMPONENT_BAD);
    memcpy(damaged, parts[1].text, sizeof damaged);
    damaged[50] = damaged[50] == 'a' ? 'b' : 'a';
    CHECK_CODE("a damaged one", BRING(damaged), KEYD_COMPONENT_BAD);
    CHECK_CODE("no component", BRING("hello"), KEYD_COMPONENT_BAD);
    CHECK_OK("second", BRING(parts[1].text));
    CHECK_OK("third", BRING(parts[2].text));
    CHECK_INT("done", missing, 0);
    CHECK_CODE("a fourth", BRING(parts[0].text), KEYD_EXISTS);
    CHECK_CODE("made twice", keys_create(&place), KEYD_EXISTS);
    CHECK_OK("check value", keys_master_check(&place, got));
    CHECK("as read aloud", memcmp(check, got, 3) == 0);
    CHECK_OK("status", keys_status(&place, rows, LEN(rows), &n));
    CHECK_INT("4 data keys, 7 purposes in 2 suites", (int64_t)n, 4 + 7 * 2);
    CHECK("marked", rows[0].test && rows[n - 1].test);

    running.budgets[KEYD_USE_COUNTER] = (struct keyd_budget){ 10, 10 };
    CHECK_OK("keyd", keyd_core_open(&running, &core));
    if (!core) return;
    CHECK_OK("client", keyd_open_local(core, &keyd));
    CHECK_OK("seal", keyd_field_seal_one(keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    CHECK_OK("open", keyd_field_open_one(keyd, &use, S("t"), S("c"), 1, bytes_of(sealed, n), plain,
                                         sizeof plain, &m));
    keyd_close(keyd);
    keyd_core_close(core);
}

/* Any three of five give it back, any two nothing. */
static void test_shares(void)
{
    struct component parts[5];
    uint8_t check[3], got[3];
    char dir[300], hsm_path[320];
    int k = 0, missing = 0;
    struct entropy entropy = prng_entropy(&prng);

    CHECK_OK("3 of 5", keys_ceremony(3, 5, true, &entropy, parts, check));
    for (int a = 0; a < 5; a++) {
        for (int b = a + 1; b < 5; b++) {
            for (int c = b + 1; c < 5; c++) {
                snprintf(dir, sizeof dir, "%s/share%d", test_folder(), k++);
                snprintf(hsm_path, sizeof hsm_path, "%s/hsm", dir);
                struct keys_place place = { .dir = dir,
                                            .hsm = { .kind = HSM_SOFTWARE,
                                                     .path = hsm_path,
                                                     .secret = str_bytes(S("p")),
                                                     .cost = PASSWORD_COST_TEST },
                                            .entropy = entropy };
                CHECK_OK("a", keys_import_component(&place, str_of(parts[c].text), &missing));
                CHECK_OK("b", keys_import_component(&place, str_of(parts[a].text), &missing));
                CHECK_INT("one is missing", missing, 1);
                CHECK_OK("c", keys_import_component(&place, str_of(parts[b].text), &missing));
                CHECK_OK("check", keys_master_check(&place, got));
                CHECK("the same master", memcmp(check, got, 3) == 0);
            }
        }
    }
    struct keys_place cut = { .dir = dir,
                              .hsm = { .kind = HSM_SOFTWARE,
                                       .path = hsm_path,
                                       .secret = str_bytes(S("p")),
                                       .cost = PASSWORD_COST_TEST },
                              .entropy = entropy };
    char keys_path[320];
    snprintf(keys_path, sizeof keys_path, "%s/keys", dir);
    CHECK("cut off before the store was written", unlink(keys_path) == 0);
    CHECK_OK("again", keys_import_component(&cut, str_of(parts[0].text), &missing));
    CHECK_OK("again", keys_import_component(&cut, str_of(parts[1].text), &missing));
    CHECK_OK("goes on with the same master",
             keys_import_component(&cut, str_of(parts[2].text), &missing));
    CHECK("cut off again", unlink(keys_path) == 0);
    CHECK_OK("another ceremony", keys_ceremony(1, 1, true, &entropy, parts, check));
    CHECK_CODE("but not with another", keys_import_component(&cut, str_of(parts[0].text), &missing),
               HSM_KEY_EXISTS);

    struct keys_place live = { .dir = dir,
                               .hsm = { .kind = HSM_SOFTWARE,
                                        .path = hsm_path,
                                        .secret = str_bytes(S("p")),
                                        .cost = PASSWORD_COST_TEST },
                               .entropy = entropy };
    snprintf(dir, sizeof dir, "%s/live", test_folder());
    snprintf(hsm_path, sizeof hsm_path, "%s/hsm", dir);
    CHECK_OK("not for tests", keys_ceremony(1, 1, false, &entropy, parts, check));
    CHECK_CODE("a live component for the software device",
               keys_import_component(&live, str_of(parts[0].text), &missing), KEYD_NOT_TEST);
}

int main(void)
{
    char path[300];
    const char *module = module_find();
    struct hsm_settings soft = { .kind = HSM_SOFTWARE,
                                 .path = path,
                                 .secret = str_bytes(S("123456")),
                                 .cost = PASSWORD_COST_TEST };
    struct hsm_settings token = { .kind = HSM_PKCS11,
                                  .path = module,
                                  .token = "ykt",
                                  .secret = str_bytes(S("123456")),
                                  .test = true };
    struct entropy entropy = prng_entropy(&prng);

    prng.state = test_seed();
    snprintf(path, sizeof path, "%s/hsm", test_folder());
    CHECK_OK("make a software device", hsm_soft_create(&soft, &entropy));
    CHECK_CODE("twice", hsm_soft_create(&soft, &entropy), HSM_KEY_EXISTS);
    test_device("software", &soft);
    test_ceremony("ceremony", &soft, true);
    test_shares();
    if (!module || !token_make()) {
        printf("SoftHSM 2 is not installed: the PKCS#11 device is not tested\n");
        return test_end();
    }
    test_device("PKCS#11", &token);
    test_ceremony("token", &token, true);
    struct hsm *hsm;
    token.token = "nobody";
    CHECK_CODE("a token that is not there", hsm_open(&token, &entropy, &hsm), FAULT_CONFIG);
    token.path = "/usr/lib/none.so";
    CHECK_CODE("a module that is not there", hsm_open(&token, &entropy, &hsm), FAULT_CONFIG);
    return test_end();
}
