/* tests/crypto/keyd_worker_test.c - no key but the lent one is ever in a worker's memory. The keys
 * are drawn from a source that remembers what it gave; then a worker of its own (this program
 * again) asks keyd for everything it answers, and its memory is searched from outside. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "crypto/keys.h"
#include "tests/test.h"

enum { DRAWN_MAX = 512, NEEDLE_BYTES = 16 };

static struct prng prng;
static struct {
    uint8_t bytes[32];
} drawn[DRAWN_MAX]; /* everything of 32 bytes: masters, data keys, scalars */
static size_t drawn_n;

static void fill_remembered(void *arg, void *out, size_t n)
{
    struct entropy under = prng_entropy(&prng);

    (void)arg;
    under.fill(under.arg, out, n);
    if (n == 32 && drawn_n < DRAWN_MAX) memcpy(drawn[drawn_n++].bytes, out, 32);
}

static struct instant now_of(void *arg)
{
    (void)arg;
    return (struct instant){ INT64_C(1637380800000000) };
}

/* ---- the worker ---- */

static int worker(const char *path)
{
    struct keyd *keyd;
    struct blind_key blind = { 0 };
    struct signature signature;
    struct public_key keys[PUBLIC_KEYS_MAX];
    struct keyd_status status;
    struct field_use use = { .use = KEYD_USE_COUNTER, .session_id = 1, .actor_id = 1 };
    uint8_t sealed[64], plain[64], tag[NAME_TAG_BYTES], hash[VALUE_HASH_BYTES];
    size_t n = 0, m = 0;
    bool ok = keyd_open(path, &keyd).code == 0;

    for (int i = 0; ok && i < 20; i++) {
        ok =
            keyd_field_seal_one(keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n).code == 0 &&
            keyd_field_open_one(keyd, &use, S("t"), S("c"), 1, bytes_of(sealed, n), plain,
                                sizeof plain, &m)
                    .code == 0 &&
            keyd_name_tag(keyd, 1, S("王伟"), tag).code == 0 &&
            keyd_public_keys(keyd, keys, LEN(keys), &n).code == 0 &&
            keyd_status(keyd, &status).code == 0;
        for (int purpose = 1; ok && purpose < KEYD_SIGN_LOG; purpose++) {
            ok = keyd_sign(keyd, (enum keyd_sign_purpose)purpose, str_bytes(S("m")), &signature)
                     .code == 0;
        }
    }
    ok = ok && keyd_blind_key(keyd, &blind).code == 0;
    if (ok) value_hash(&blind, 1, str_bytes(S("v")), hash);
    if (write(1, ok ? "+" : "-", 1) != 1) return 1;
    pause(); /* to be searched */
    return 0;
}

/* ---- the search ---- */

struct region {
    unsigned long from, to;
};

/* Needles by their first two bytes: one look at a place says that none begins there. */
struct index {
    const uint8_t (*needles)[32];
    size_t n;
    bool begins[65536];
};

static void search_chunk(const struct index *index, const uint8_t *p, size_t n, bool *found)
{
    for (size_t i = 0; i + NEEDLE_BYTES <= n; i++) {
        if (!index->begins[p[i] << 8 | p[i + 1]]) continue;
        for (size_t k = 0; k < index->n; k++) {
            if (memcmp(p + i, index->needles[k], NEEDLE_BYTES) == 0) found[k] = true;
        }
    }
}

/* Which of the needles are anywhere in the writable memory of the process; returns bytes searched.
 */
static size_t memory_search(pid_t pid, const uint8_t (*needles)[32], size_t n, bool *found)
{
    static uint8_t chunk[1 << 20];
    static struct index index;
    char path[64], line[512];
    size_t searched = 0;
    FILE *maps;
    int mem;

    index.needles = needles;
    index.n = n;
    for (size_t i = 0; i < n; i++) {
        index.begins[needles[i][0] << 8 | needles[i][1]] = true;
    }
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    while (maps && mem >= 0 && fgets(line, sizeof line, maps)) {
        struct region region;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &region.from, &region.to, rights) != 3) continue;
        if (rights[1] != 'w') continue;
        if (region.to - region.from > (size_t)1 << 30) continue; /* a sanitizer's shadow */
        for (unsigned long at = region.from; at < region.to;) {
            size_t want = region.to - at < sizeof chunk ? region.to - at : sizeof chunk;
            ssize_t got = pread(mem, chunk, want, (off_t)at);
            if (got <= 0) break;
            searched += (size_t)got;
            search_chunk(&index, chunk, (size_t)got, found);
            if (want < sizeof chunk || region.to - at == want) break;
            at += want - 32; /* a key across two chunks */
        }
    }
    if (maps) fclose(maps);
    if (mem >= 0) close(mem);
    return searched;
}

struct server {
    struct keyd_core *core;
    int listening;
    atomic_bool stop;
    struct err end;
};

static void *server_run(void *arg)
{
    struct server *server = arg;

    server->end = keyd_serve(server->core, server->listening, &server->stop);
    return NULL;
}

static void derive(const uint8_t lent[32], const char *label, uint8_t out[32])
{
    hmac_sm3(bytes_of(lent, 32), str_bytes(str_of(label)), out);
}

int main(int argc, char **argv)
{
    static uint8_t needles[2 * DRAWN_MAX][32];
    static bool found[2 * DRAWN_MAX];
    struct server server = { 0 };
    struct clock clock = { .now = now_of };
    char dir[300], path[320], answer = 0;
    pthread_t thread;
    pid_t pid;
    int out[2], leaked = 0, lent = 0;

    if (argc == 3 && strcmp(argv[1], "worker") == 0) return worker(argv[2]);
    prng.state = test_seed();
    snprintf(dir, sizeof dir, "%s/k", test_folder());
    snprintf(path, sizeof path, "%s/s", test_folder());
    CHECK_OK("make",
             keyd_core_test(dir, clock, (struct entropy){ .fill = fill_remembered }, &server.core));
    CHECK("the keys were drawn where we see them", drawn_n >= 1 + 1 + 4 + 14);
    CHECK_OK("listen", keyd_listen(path, &server.listening));
    CHECK("thread", pthread_create(&thread, NULL, server_run, &server) == 0);
    CHECK("pipe", pipe(out) == 0);
    pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        execl("/proc/self/exe", argv[0], "worker", path, (char *)NULL);
        _exit(9);
    }
    close(out[1]);
    CHECK("the worker got its answers", read(out[0], &answer, 1) == 1 && answer == '+');

    /* each drawn value as it is, and what the worker derives from the one it was lent: that shows
     * that the search finds what is there */
    for (size_t i = 0; i < drawn_n; i++) {
        memcpy(needles[i], drawn[i].bytes, 32);
        derive(drawn[i].bytes, "ykt blind: value hash", needles[drawn_n + i]);
    }
    CHECK("memory was searched",
          memory_search(pid, (const uint8_t(*)[32])needles, 2 * drawn_n, found) > 0);
    for (size_t i = 0; i < drawn_n; i++) {
        leaked += found[i];
        lent += found[drawn_n + i];
    }
    CHECK_INT("keys in the worker's memory", leaked, 0);
    CHECK_INT("but the lent one", lent, 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    atomic_store(&server.stop, true);
    pthread_join(thread, NULL);
    CHECK_OK("serve", server.end);
    close(server.listening);
    close(out[0]);
    keyd_core_close(server.core);
    return test_end();
}
