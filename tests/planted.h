/* tests/planted.h - values that must stand nowhere in a form that can be read back: each in every
 * encoding, and the search for all of them in bytes, files and the memory of a process. A search
 * proves something only when it also finds what is there: plant a control. */
#pragma once
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/test.h"

enum { PLANTED_MAX = 400, PLANTED_BYTES = 96, PLANTED_CHUNK = 1 << 20 };
struct planted {
    uint8_t bytes[PLANTED_BYTES];
    size_t n;
    char what[96];
    bool control; /* is there, and must be found */
};
struct planted_search {
    struct planted list[PLANTED_MAX];
    int n;
    bool begins[65536]; /* by the first two bytes: most places begin no value */
    int places, found, controls;
    int64_t looked;   /* bytes */
    const char *skip; /* the end of a path not to be looked at; NULL: none */
};

static inline void planted_bytes(struct planted_search *s, const char *what, const char *form,
                                 struct bytes bytes)
{
    struct planted *one = &s->list[s->n++];

    assert(s->n <= PLANTED_MAX && bytes.n <= PLANTED_BYTES && bytes.n >= 4);
    memcpy(one->bytes, bytes.p, bytes.n);
    one->n = bytes.n;
    s->begins[bytes.p[0] << 8 | bytes.p[1]] = true;
    snprintf(one->what, sizeof one->what, "%s as %s", what, form);
}

static inline void planted_control(struct planted_search *s, const char *what, struct str text)
{
    planted_bytes(s, what, "control", str_bytes(text));
    s->list[s->n - 1].control = true;
}

static inline void planted_text(struct planted_search *s, const char *what, struct str text)
{
    uint8_t wide[PLANTED_BYTES], wide_le[PLANTED_BYTES];
    SCOPED(arena) arena = { 0 };
    struct bytes gb;
    size_t n = 0;

    planted_bytes(s, what, "UTF-8", str_bytes(text));
    for (struct str rest = text; rest.n > 0;) {
        uint32_t c = utf8_take(&rest);

        assert(n + 2 <= sizeof wide);
        wide[n] = wide_le[n + 1] = (uint8_t)(c >> 8);
        wide[n + 1] = wide_le[n] = (uint8_t)c;
        n += 2;
    }
    planted_bytes(s, what, "UTF-16 BE", bytes_of(wide, n));
    planted_bytes(s, what, "UTF-16 LE", bytes_of(wide_le, n));
    CHECK_OK("arena", arena_open(&arena, 4096));
    CHECK_OK("GB 18030", text_write(&arena, text, TEXT_GB18030, &gb));
    if (gb.n > 4 && !bytes_eq(gb, str_bytes(text))) planted_bytes(s, what, "GB 18030", gb);
}

/* Digits (a last X left out) as packed decimal of both alignments and as integers of both orders;
 * SQLite keeps integers big-endian in as few bytes as they need. */
static inline void planted_digits(struct planted_search *s, const char *what, struct str text)
{
    uint8_t packed[PLANTED_BYTES] = { 0 }, shifted[PLANTED_BYTES] = { 0 }, be[8], le[8];
    size_t n = text.n - (text.p[text.n - 1] == 'X' ? 1u : 0u), skip = 0;
    uint64_t value = 0;

    planted_text(s, what, text);
    for (size_t i = 0; i < n; i++) {
        uint8_t digit = (uint8_t)(text.p[i] - '0');

        value = value * 10 + digit;
        packed[i / 2] |= (uint8_t)(i % 2 == 0 ? digit << 4 : digit);
        shifted[(i + 1) / 2] |= (uint8_t)(i % 2 == 0 ? digit : digit << 4);
    }
    planted_bytes(s, what, "packed decimal", bytes_of(packed, n / 2));
    planted_bytes(s, what, "packed decimal, shifted", bytes_of(shifted + 1, (n - 1) / 2));
    for (int i = 0; i < 8; i++) {
        be[7 - i] = (uint8_t)(value >> 8 * i);
        le[i] = (uint8_t)(value >> 8 * i);
    }
    while (be[skip] == 0)
        skip++;
    planted_bytes(s, what, "big-endian integer", bytes_of(be + skip, 8 - skip));
    planted_bytes(s, what, "little-endian integer", bytes_of(le, 8 - skip));
}

static inline void planted_in(struct planted_search *s, const char *place, struct bytes bytes)
{
    const uint8_t *p = bytes.p;

    for (size_t at = 0; at + 2 <= bytes.n; at++) {
        if (!s->begins[p[at] << 8 | p[at + 1]]) continue;
        for (int i = 0; i < s->n; i++) {
            const struct planted *one = &s->list[i];

            if (bytes.n - at < one->n || memcmp(p + at, one->bytes, one->n) != 0) continue;
            if (one->control) {
                s->controls++;
                continue;
            }
            printf("%s in %s\n", one->what, place);
            s->found++;
        }
    }
}

/* From `at` to `end` or the end of the file, in pieces that overlap by a value. */
static inline void planted_span(struct planted_search *s, const char *place, int fd, uint64_t at,
                                uint64_t end)
{
    static uint8_t chunk[PLANTED_CHUNK];

    while (at < end) {
        uint64_t want = end - at < PLANTED_CHUNK ? end - at : PLANTED_CHUNK;
        ssize_t got = pread(fd, chunk, want, (off_t)at);

        if (got <= 0) return; /* the end, or a page that can't be read */
        s->looked += got;
        planted_in(s, place, bytes_of(chunk, (size_t)got));
        if ((uint64_t)got < want || want < PLANTED_CHUNK) return;
        at += PLANTED_CHUNK - PLANTED_BYTES;
    }
}

static inline void planted_file(struct planted_search *s, const char *path)
{
    int fd;

    if (s->skip && str_ends(str_of(path), str_of(s->skip))) return;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return; /* gone since it was listed */
    s->places++;
    planted_span(s, path, fd, 0, UINT64_MAX);
    close(fd);
}
/* All files below. Others may make and remove theirs meanwhile (databases of a cluster that several
 * tests share): a folder that is gone is passed over, where nftw would end its walk. */
static inline void planted_folder(struct planted_search *s, const char *folder)
{
    char *const tops[] = { (char *)(uintptr_t)folder, NULL };
    FTS *walk = fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;

    CHECK("a folder to be searched", walk != NULL);
    while (walk && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_info == FTS_F && entry->fts_statp->st_size > 0)
            planted_file(s, entry->fts_path);
    }
    if (walk) fts_close(walk);
}

/* The writable memory of a process, but a sanitizer's shadow. False: no right to read it. */
static inline bool planted_process(struct planted_search *s, pid_t pid)
{
    char path[64], line[512];
    FILE *maps;
    int mem;

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    while (maps && mem >= 0 && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w') continue;
        if (to - from <= 1ul << 30) planted_span(s, path, mem, from, to);
    }
    if (maps) fclose(maps);
    if (mem >= 0) close(mem);
    return maps && mem >= 0;
}
