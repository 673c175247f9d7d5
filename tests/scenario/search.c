/* tests/scenario/search.c - which needles are in which files or processes. For
 * tests/scenario/worker_secrets.py.
 *
 *     search NEEDLES PLACE...      NEEDLES: a file, "HEX NAME" a line
 *                                  PLACE: a path, or pid:N (the writable memory of a process)
 *
 * Prints "found PLACE<tab>NAME" once for each pair and "looked N", the bytes that were searched. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEEDLES_MAX = 4096, NEEDLE_MAX = 128, CHUNK = 1 << 20, SHADOW = 1 << 30 };

struct needle {
    uint8_t bytes[NEEDLE_MAX];
    size_t n;
    char name[200];
    bool found; /* in this place */
    int next;   /* of those that begin with the same two bytes, -1 at the end */
};
static struct needle needles[NEEDLES_MAX];
static int needles_n;
static int first[65536]; /* by the first two bytes: one look says that none begins at a place */
static size_t looked;

static bool needles_read(const char *path)
{
    char line[2 * NEEDLE_MAX + 256];
    FILE *file = fopen(path, "r");

    memset(first, -1, sizeof first);
    while (file && fgets(line, sizeof line, file) && needles_n < NEEDLES_MAX) {
        struct needle *needle = &needles[needles_n];
        char *space = strchr(line, ' ');
        int *head;

        if (!space || (space - line) / 2 < 2 || (space - line) / 2 > NEEDLE_MAX) break;
        for (const char *p = line; p < space; p += 2) {
            char two[3] = { p[0], p[1], 0 };
            needle->bytes[needle->n++] = (uint8_t)strtoul(two, NULL, 16);
        }
        snprintf(needle->name, sizeof needle->name, "%.*s", (int)strcspn(space + 1, "\n"),
                 space + 1);
        head = &first[needle->bytes[0] << 8 | needle->bytes[1]];
        needle->next = *head;
        *head = needles_n++;
    }
    if (!file || !feof(file)) return false;
    fclose(file);
    return needles_n > 0;
}

static void chunk_search(const char *place, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        for (int k = first[p[i] << 8 | p[i + 1]]; k >= 0; k = needles[k].next) {
            struct needle *needle = &needles[k];

            if (needle->found || needle->n > n - i || memcmp(p + i, needle->bytes, needle->n) != 0)
                continue;
            needle->found = true;
            printf("found %s\t%s\n", place, needle->name);
        }
    }
}

/* From `at` to `end`, or to the end of the file; chunks overlap by a needle. */
static void span_search(const char *place, int fd, uint64_t at, uint64_t end)
{
    static uint8_t chunk[CHUNK];

    while (at < end) {
        uint64_t want = end - at < CHUNK ? end - at : CHUNK;
        ssize_t got = pread(fd, chunk, want, (off_t)at);

        if (got <= 0) break; /* the end, or a page that can't be read */
        looked += (size_t)got;
        chunk_search(place, chunk, (size_t)got);
        if ((uint64_t)got < want || want < CHUNK) break;
        at += CHUNK - NEEDLE_MAX;
    }
}

static bool process_search(const char *place, const char *pid)
{
    char path[64], line[512];
    FILE *maps;
    int mem;

    snprintf(path, sizeof path, "/proc/%.20s/maps", pid);
    maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%.20s/mem", pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    if (!maps || mem < 0) return false;
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w') continue;
        if (to - from <= SHADOW) span_search(place, mem, from, to); /* else a sanitizer's shadow */
    }
    fclose(maps);
    close(mem);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 3 || !needles_read(argv[1])) {
        fprintf(stderr, "usage: search NEEDLES PLACE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        for (int k = 0; k < needles_n; k++) {
            needles[k].found = false;
        }
        if (strncmp(argv[i], "pid:", 4) == 0) {
            if (process_search(argv[i], argv[i] + 4)) continue;
        } else {
            int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
            if (fd >= 0) {
                span_search(argv[i], fd, 0, UINT64_MAX);
                close(fd);
                continue;
            }
            if (errno == ENOENT) continue; /* gone since it was listed */
        }
        fprintf(stderr, "search: %s can't be read: errno %d\n", argv[i], errno);
        return 1;
    }
    printf("looked %zu\n", looked);
    return 0;
}
