/* tests/test.c - counting and telling. */
#include "tests/test.h"

#include <ftw.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Atomic int passed, failed; /* threads of a test count too */
static uint64_t seed;
static char folder[256];

static bool count(bool ok, const char *title, const char *what, const char *file, int line)
{
    if (ok) {
        passed++;
    } else {
        failed++;
        printf("%s:%d: FAILED %s [%s]\n", file, line, title, what);
    }
    return ok;
}

bool test_check(const char *title, bool ok, const char *what, const char *file, int line)
{
    return count(ok, title, what, file, line);
}

bool test_int(const char *title, int64_t got, int64_t want, const char *what, const char *file,
              int line)
{
    if (!count(got == want, title, what, file, line)) {
        printf("    got %" PRId64 ", want %" PRId64 "%s%s\n", got, want,
               got < 0 ? "; last note: " : "", got < 0 ? fault_note() : "");
    }
    return got == want;
}

bool test_str(const char *title, struct str got, struct str want, const char *what,
              const char *file, int line)
{
    bool ok = str_eq(got, want);

    if (!count(ok, title, what, file, line)) {
        printf("    got  \"%.*s\"\n    want \"%.*s\"\n", (int)got.n, got.p ? got.p : "",
               (int)want.n, want.p ? want.p : "");
    }
    return ok;
}

bool test_ok(const char *title, struct err err, const char *what, const char *file, int line)
{
    if (!count(err.code == 0, title, what, file, line)) {
        printf("    code %d %s\n", err.code, err.code < 0 ? fault_note() : "");
    }
    return err.code == 0;
}

bool test_hex(const char *title, struct bytes got, const char *want, const char *what,
              const char *file, int line)
{
    uint8_t bytes[4096];
    size_t n = strlen(want) / 2;
    bool ok =
        n <= sizeof bytes && hex_parse(str_of(want), bytes, n) && bytes_eq(got, bytes_of(bytes, n));

    if (!count(ok, title, what, file, line)) {
        printf("    got  ");
        for (size_t i = 0; i < got.n; i++) {
            printf("%02x", got.p[i]);
        }
        printf("\n    want %s\n", want);
    }
    return ok;
}

uint64_t test_seed(void)
{
    const char *given = getenv("YKT_TEST_SEED");

    if (seed == 0)
        seed =
            given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    return seed;
}

const char *test_folder(void)
{
    const char *top = getenv("TMPDIR");

    if (folder[0]) return folder;
    snprintf(folder, sizeof folder, "%s/ykt-test-XXXXXX", top ? top : "/tmp");
    if (!mkdtemp(folder)) abort();
    return folder;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

int test_end(void)
{
    if (failed && seed) printf("seed: YKT_TEST_SEED=%" PRIu64 "\n", seed);
    if (!failed && folder[0]) nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
