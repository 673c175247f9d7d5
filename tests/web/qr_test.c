/* Symbols: their size and quiet zone, and, where zbarimg is installed, what another reader reads in
 * them. */
#define _GNU_SOURCE
#include "tests/test.h"
#include "web/web.h"

#include <stdlib.h>

static const char ALPHANUMERIC[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
static char picture[400 * 400];

/* Paint the runs "Mx yhNv1h-Nz" of the path as a PGM of four dots a module. */
static bool paint(const char *file, struct web_qr qr)
{
    size_t side = (size_t)qr.size * 4;
    const char *p = qr.path.p, *end = qr.path.p + qr.path.n;
    FILE *out;

    if (side * side > sizeof picture) return false;
    memset(picture, (char)255, sizeof picture);
    while (p < end) {
        int x = 0, y = 0, run = 0, used = 0;

        if (sscanf(p, "M%d %dh%dv1h-%*dz%n", &x, &y, &run, &used) != 3 || used == 0) return false;
        for (int dy = 0; dy < 4; dy++)
            memset(picture + ((size_t)y * 4 + (size_t)dy) * side + (size_t)x * 4, 0,
                   (size_t)run * 4);
        p += used;
    }
    out = fopen(file, "wb");
    if (out == NULL) return false;
    fprintf(out, "P5 %zu %zu 255\n", side, side);
    fwrite(picture, 1, side * side, out);
    return fclose(out) == 0;
}

static void check_read(struct arena *arena, struct prng *prng, size_t n, const char *file)
{
    char text[320], read[400], command[700], title[64];
    FILE *run;
    size_t got;

    for (size_t i = 0; i < n; i++)
        text[i] = ALPHANUMERIC[prng_between(prng, 0, 44)];
    text[0] = 'Y'; /* no spaces at the ends: the reader's output is trimmed */
    text[n - 1] = 'K';
    snprintf(title, sizeof title, "%zu characters are read back", n);
    struct web_qr qr = web_qr_of(arena, (struct str){ .p = text, .n = n });
    if (!CHECK(title, qr.size > 0 && paint(file, qr))) return;
    snprintf(command, sizeof command, "zbarimg --raw -q %s 2>/dev/null", file);
    run = popen(command, "r");
    if (run == NULL) return;
    got = fread(read, 1, sizeof read, run);
    pclose(run);
    CHECK_STR(title, str_trim((struct str){ .p = read, .n = got }),
              ((struct str){ .p = text, .n = n }));
}

int main(void)
{
    static const size_t SIZES[] = { 2, 11, 25, 60, 150, 289, 311 };
    char file[600];
    struct prng prng = { .state = test_seed() };
    SCOPED(arena) arena;
    char longest[320];

    if (arena_open(&arena, 4 * 1024 * 1024).code != 0) return 1;
    memset(longest, 'A', sizeof longest);

    struct web_qr small = web_qr_of(&arena, S("YK1"));
    CHECK_INT("version 1 with its quiet zones", small.size, 21 + 8);
    CHECK("the first run is the finder's edge behind the quiet zone",
          str_starts(small.path, S("M4 4h7v1h-7z")));
    CHECK_INT("311 characters are version 10", web_qr_of(&arena, (struct str){ longest, 311 }).size,
              57 + 8);
    CHECK_INT("312 are too many", web_qr_of(&arena, (struct str){ longest, 312 }).size, 0);
    CHECK_INT("no text, no symbol", web_qr_of(&arena, S("")).size, 0);
    CHECK("lower case goes as bytes",
          web_qr_of(&arena, S("https://ykt.example/proofs/9hc2")).size > 0);
    struct arena tiny = arena_over(longest, 16);
    CHECK_INT("no memory, no symbol", web_qr_of(&tiny, S("YK1")).size, 0);

    snprintf(file, sizeof file, "%s/qr.pgm", test_folder());
    if (system("command -v zbarimg >/dev/null 2>&1") == 0) {
        for (size_t i = 0; i < LEN(SIZES); i++)
            check_read(&arena, &prng, SIZES[i], file);
    } else {
        puts("zbarimg is not installed: symbols are not read back");
    }
    return test_end();
}
