/* tests/fuzz/keyd_fuzz.c - one request frame as a hostile worker would send it, and the other bytes
 * of strangers that crypto/ parses: DER, points, components, tickets. First byte: which of them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "crypto/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/ykt-keyd-fuzz-XXXXXX";

static struct instant now_of(void *arg)
{
    (void)arg;
    return (struct instant){ INT64_C(1637380800000000) };
}

static void folder_remove(void)
{
    static const char *const FILES[] = { "/hsm", "/keys", "/lock", "/log/20211120", "/log", "" };
    char path[64];

    for (size_t i = 0; i < LEN(FILES); i++) {
        struct writer w = writer_over(path, sizeof path - 1);
        put_str(&w, str_of(folder));
        put_str(&w, str_of(FILES[i]));
        path[w.n] = 0;
        (void)remove(path);
    }
}

static struct keyd_core *core_once(void)
{
    static struct keyd_core *core;
    static struct prng prng;
    struct clock clock = { .now = now_of };

    if (core) return core;
    if (!mkdtemp(folder)) abort();
    (void)atexit(folder_remove);
    if (keyd_core_test(folder, clock, prng_entropy(&prng), &core).code != 0) abort();
    return core;
}

static void ask(struct bytes request)
{
    static uint8_t buffer[KEYD_FRAME_MAX];
    struct writer answer = writer_over(buffer, sizeof buffer);

    keyd_answer(core_once(), request, &answer);
    if (answer.n < 10 || answer.over) abort();
}

static void parse(struct bytes in)
{
    static uint8_t out[SM2_PLAIN_MAX + SM2_CIPHER_MORE + 64];
    uint8_t der[160], again[SIGNATURE_BYTES];
    size_t n, m;

    if (signature_from_der(in, out).code == 0) {
        /* strict both ways: what parses is what we write */
        if (signature_to_der(out, der, sizeof der, &n).code != 0) abort();
        if (!bytes_eq(bytes_of(der, n), in)) abort();
        if (signature_from_der(bytes_of(der, n), again).code != 0) abort();
    }
    if (sm2_cipher_from_der(in, out, sizeof out, &n).code == 0) {
        static uint8_t back[SM2_PLAIN_MAX + SM2_CIPHER_MORE + 64];
        if (sm2_cipher_to_der(bytes_of(out, n), back, sizeof back, &m).code != 0) abort();
        if (!bytes_eq(bytes_of(back, m), in)) abort();
    }
    for (int suite = SUITE_SM2; suite <= SUITE_P256; suite++) {
        if (point_long((enum suite)suite, in, out).code == 0 &&
            point_short((enum suite)suite, bytes_of(out, POINT_LONG), der).code != 0)
            abort();
    }
    (void)base32_parse(bytes_str(in), out, sizeof out, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    if (data[0] & 1)
        ask(bytes_of(data + 1, size - 1));
    else
        parse(bytes_of(data + 1, size - 1));
    return 0;
}
