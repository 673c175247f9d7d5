/* identity/derived_files.c - the memory of derived state, and its two files.
 *
 * values.index  head, directory, rows: mapped read-only, so a start reads nothing
 * cards.state   head, cells: mapped copy-on-write over the room for cells
 * Both heads say whose they are (store, incarnation, hash of the sealed block at the position),
 * carry the same position and the file's own size. Files are written beside, synced, renamed, and
 * the folder synced; a cut between the two renames leaves two positions, which is a reason to make
 * them anew. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/card_index_store.h"
#include "identity/derived_core.h"

enum { PAGE = 4096, VERSION = 2 };

void *pages_take(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) return NULL;
    if (bytes >= 2 << 20) madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

void pages_give(void *p, size_t bytes)
{
    if (p) munmap(p, bytes);
}

int index_bits_for(uint32_t cards)
{
    int bits = 16;

    while (bits < 32 && (uint64_t)cards + cards / 4 >= UINT64_C(1) << bits) {
        bits++;
    }
    return bits;
}

/* ---- generations */

static size_t up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static bool overlay_open(struct generation *g, uint32_t slots)
{
    g->overlay_bytes = (size_t)slots * (sizeof(uint64_t) + sizeof(uint32_t));
    g->overlay_map = pages_take(g->overlay_bytes);
    if (!g->overlay_map) return false;
    g->overlay.hash = g->overlay_map;
    g->overlay.index = (void *)((uint8_t *)g->overlay_map + slots * sizeof(uint64_t));
    g->overlay.slots = slots;
    return true;
}

RESULT generation_make(const struct value_row *rows, uint64_t n, int index_bits,
                       uint32_t overlay_slots, struct generation **out)
{
    struct generation *g = pages_take(sizeof *g);
    size_t directory = up(value_index_directory_bytes(value_index_block_bits(n)), 64);
    uint8_t *base;

    if (!g) return fault(FAULT_MEMORY, "derived state");
    g->base_bytes = directory + n * sizeof(uint64_t);
    g->base_map = pages_take(g->base_bytes);
    if (!g->base_map || !overlay_open(g, overlay_slots)) {
        generation_free(g);
        return fault(FAULT_MEMORY, "derived state: %" PRIu64 " values", n);
    }
    base = g->base_map;
    value_index_build(rows, n, index_bits, (uint32_t *)(void *)base,
                      (uint64_t *)(void *)(base + directory), &g->index);
    *out = g;
    return OK;
}

void generation_free(struct generation *g)
{
    if (!g) return;
    pages_give(g->base_map, g->base_bytes);
    pages_give(g->overlay_map, g->overlay_bytes);
    pages_give(g, sizeof *g);
}

static int place_order(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* All rows of a generation, the overlay's taking the place of the base's that share their compared
 * bits (an alias that moved to the next card). `replaced` has room for a place per overlay slot. */
static uint64_t rows_of(const struct generation *g, struct value_row *rows, uint64_t *replaced)
{
    uint64_t n = 0, places = 0, next = 0, blocks = UINT64_C(1) << g->index.block_bits;

    for (uint32_t i = 0; i < g->overlay.slots; i++) {
        uint64_t hash = atomic_load(&g->overlay.hash[i]);
        int64_t place;
        if (hash == 0) continue;
        rows[n++] = (struct value_row){ hash, atomic_load(&g->overlay.index[i]) };
        place = value_index_place(&g->index, hash);
        if (place >= 0) replaced[places++] = (uint64_t)place;
    }
    if (places != 0) qsort(replaced, places, sizeof *replaced, place_order);
    for (uint64_t b = 0; g->index.n != 0 && b < blocks; b++) {
        for (uint64_t i = g->index.directory[b]; i < g->index.directory[b + 1]; i++) {
            while (next < places && replaced[next] < i) {
                next++;
            }
            if (next == places || replaced[next] != i) rows[n++] = value_index_row(&g->index, b, i);
        }
    }
    return n;
}

/* Of a base's rows only the compared bits of the hash are known. A new base of more blocks must not
 * compare more than that: a look-up by the whole hash would miss half of the old rows with each bit
 * too many. One made from the store knows all bits again. */
static int fold_bits(const struct generation *g, uint64_t n, uint32_t cards)
{
    int bits = index_bits_for(cards), known, least;

    if (!g || g->index.n == 0) return bits;
    known = g->index.block_bits + 64 - g->index.index_bits;
    least = value_index_block_bits(n) + 64 - known;
    return bits > least ? bits : least;
}

/* The next overlay has room for an eighth of the rows, so that folding costs a few row moves an
 * addition. */
RESULT derived_fold(struct derived *d, uint32_t overlay_slots)
{
    struct generation *g = atomic_load(&d->generation), *made;
    uint64_t max = g ? g->index.n + g->overlay.slots : 0, n = 0;
    uint64_t *replaced = NULL;
    struct value_row *rows = NULL;
    struct err err = OK;

    if (g) {
        rows = pages_take(max * sizeof *rows);
        replaced = pages_take(g->overlay.slots * sizeof *replaced);
        if (rows && replaced)
            n = rows_of(g, rows, replaced);
        else
            err = fault(FAULT_MEMORY, "derived state: folding %" PRIu64, max);
        pages_give(replaced, g->overlay.slots * sizeof *replaced);
    }
    while (overlay_slots < n / 8 && overlay_slots < UINT32_C(1) << 30) {
        overlay_slots *= 2;
    }
    if (err.code == 0)
        err =
            generation_make(rows, n, fold_bits(g, n, atomic_load(&d->cards)), overlay_slots, &made);
    pages_give(rows, max * sizeof *rows);
    TRY(err);
    generation_swap(d, made);
    return OK;
}

/* ---- files */

/* Of which store, which of its incarnations, and which history of that: copies of one database
 * share the first two and part ways at some block. */
struct whose {
    uint8_t store_id[16];
    int64_t incarnation;
    uint8_t block_hash[32]; /* of the block that holds the position; zero at position 0 */
};

struct file_head {
    char magic[8]; /* "YKTCARDS", "YKTVALUE" */
    uint32_t version, index_bits;
    struct whose whose;
    int64_t position;
    uint64_t n;     /* cards, or rows */
    uint64_t bytes; /* of the whole file */
    uint64_t check; /* of the fields before */
};

static uint64_t head_check(const struct file_head *head)
{
    const uint8_t *p = (const uint8_t *)head;
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a: finds accidents, defends nothing */

    for (size_t i = 0; i < offsetof(struct file_head, check); i++) {
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static bool write_all(int fd, const void *p, size_t n)
{
    const uint8_t *at = p;

    while (n != 0) {
        ssize_t done = write(fd, at, n < (1u << 30) ? n : (1u << 30));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

/* What the store says of a position; *known is false when it has no such. */
static RESULT whose_now(const struct derived *d, int64_t position, struct whose *out, bool *known)
{
    struct feed_block block;

    *out = (struct whose){ .incarnation = d->incarnation };
    memcpy(out->store_id, d->store_id, sizeof out->store_id);
    *known = position == 0;
    if (position <= 0) return OK;
    TRY(feed_block_at(d->store, FEED_CARD, position, &block, known));
    if (*known) memcpy(out->block_hash, block.hash, sizeof out->block_hash);
    return OK;
}

struct part {
    const void *p;
    size_t n;
};

/* Head padded to a page, then the parts, under a new name; then renamed. */
static RESULT file_write(const struct derived *d, const char *name, const struct whose *whose,
                         struct file_head *head, const struct part *parts, size_t n)
{
    char path[600], fresh[610];
    uint8_t page[PAGE] = { 0 };
    bool ok;
    int fd;

    head->version = VERSION;
    head->whose = *whose;
    head->position = d->position;
    head->bytes = PAGE;
    for (size_t i = 0; i < n; i++) {
        head->bytes += parts[i].n;
    }
    head->check = head_check(head);
    memcpy(page, head, sizeof *head);
    snprintf(path, sizeof path, "%s/%s", d->folder, name);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fault(FAULT_IO, "%s: %s", fresh, strerror(errno));
    ok = write_all(fd, page, sizeof page);
    for (size_t i = 0; ok && i < n; i++) {
        ok = write_all(fd, parts[i].p, parts[i].n);
    }
    ok = ok && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(fresh, path) != 0) {
        struct err err = fault(FAULT_IO, "%s: %s", fresh, strerror(errno));
        unlink(fresh);
        return err;
    }
    return OK;
}

static RESULT folder_sync(const struct derived *d)
{
    int fd = open(d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) close(fd);
    return ok ? OK : fault(FAULT_IO, "%s: %s", d->folder, strerror(errno));
}

/* With `keeper` held, so position stands still; `note` is taken for the fold and released for the
 * writing: cells may then be a little ahead of the position, which is harmless. Cards whose index
 * is not kept yet are not written. */
RESULT derived_files_write(struct derived *d)
{
    struct file_head values = { .magic = "YKTVALUE" }, cells = { .magic = "YKTCARDS" };
    const struct generation *g;
    struct whose whose;
    struct err err;
    bool known;

    if (mkdir(d->folder, 0700) != 0 && errno != EEXIST)
        return fault(FAULT_IO, "%s: %s", d->folder, strerror(errno));
    TRY(whose_now(d, d->position, &whose, &known));
    if (!known)
        return fault(FAULT_STORE_CORRUPT, "derived state: no block at %" PRId64, d->position);
    pthread_mutex_lock(&d->note);
    while (d->pending_n != 0) {
        pthread_mutex_unlock(&d->note);
        TRY(derived_settle(d));
        pthread_mutex_lock(&d->note);
    }
    err = derived_fold(d, OVERLAY_SLOTS_MIN);
    g = atomic_load(&d->generation);
    cells.n = atomic_load(&d->cards);
    pthread_mutex_unlock(&d->note);
    TRY(err);
    values.n = g->index.n;
    values.index_bits = (uint32_t)g->index.index_bits;
    TRY(file_write(d, "values.index", &whose, &values, &(struct part){ g->base_map, g->base_bytes },
                   1));
    TRY(file_write(d, "cards.state", &whose, &cells,
                   &(struct part){ d->cells, cells.n * sizeof(struct cell) }, 1));
    return folder_sync(d);
}

/* Open and check a file's head; *fd is -1 when it is not usable. */
static int file_open(const struct derived *d, const char *name, const char *magic,
                     struct file_head *head)
{
    char path[600];
    struct stat st;
    int fd;

    snprintf(path, sizeof path, "%s/%s", d->folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    if (fstat(fd, &st) == 0 && pread(fd, head, sizeof *head, 0) == (ssize_t)sizeof *head &&
        memcmp(head->magic, magic, 8) == 0 && head->version == VERSION &&
        head->check == head_check(head) && head->bytes == (uint64_t)st.st_size)
        return fd;
    close(fd);
    return -1;
}

/* A base that lies in a file; its directory is walked once, so that no look-up leaves the rows. */
static bool base_map(struct derived *d, int fd, const struct file_head *head)
{
    int block_bits = value_index_block_bits(head->n);
    size_t directory = up(value_index_directory_bytes(block_bits), 64);
    struct generation *g;
    uint8_t *map;
    bool ok;

    if (head->bytes != PAGE + directory + head->n * sizeof(uint64_t)) return false;
    if (head->index_bits < 1 || head->index_bits > 32 || !(g = pages_take(sizeof *g))) return false;
    g->base_bytes = (size_t)head->bytes - PAGE;
    map = mmap(NULL, g->base_bytes, PROT_READ, MAP_PRIVATE, fd, PAGE);
    g->base_map = map == MAP_FAILED ? NULL : map;
    ok = g->base_map && overlay_open(g, OVERLAY_SLOTS_MIN);
    if (ok) {
        g->index = (struct value_index){ .directory = (const uint32_t *)(const void *)map,
                                         .rows = (const uint64_t *)(const void *)(map + directory),
                                         .n = head->n,
                                         .block_bits = block_bits,
                                         .index_bits = (int)head->index_bits };
        ok = g->index.directory[0] == 0 && g->index.directory[UINT64_C(1) << block_bits] == head->n;
        for (uint64_t b = 0; ok && b >> block_bits == 0; b++) {
            ok = g->index.directory[b] <= g->index.directory[b + 1];
        }
    }
    if (!ok) {
        generation_free(g);
        return false;
    }
    madvise(map, g->base_bytes, MADV_WILLNEED);
    generation_swap(d, g);
    return true;
}

static bool same_whose(const struct whose *a, const struct whose *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

RESULT derived_files_read(struct derived *d, int64_t head, bool *found)
{
    struct file_head values, cells;
    int values_fd = file_open(d, "values.index", "YKTVALUE", &values);
    int cells_fd = file_open(d, "cards.state", "YKTCARDS", &cells);
    struct err err = OK;
    struct whose whose;
    size_t bytes = 0;

    *found = values_fd >= 0 && cells_fd >= 0 && values.position == cells.position &&
             values.position <= head;
    if (*found) err = whose_now(d, values.position, &whose, found);
    *found = err.code == 0 && *found && same_whose(&values.whose, &whose) &&
             same_whose(&cells.whose, &whose) && cells.n <= d->cells_max &&
             cells.bytes == PAGE + cells.n * sizeof(struct cell) && base_map(d, values_fd, &values);
    if (*found && cells.n != 0) {
        bytes = (size_t)cells.n * sizeof(struct cell);
        *found = mmap(d->cells, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, cells_fd,
                      PAGE) != MAP_FAILED;
    }
    if (*found) {
        atomic_store(&d->cards, (uint32_t)cells.n);
        d->position = cells.position;
    }
    if (values_fd >= 0) close(values_fd);
    if (cells_fd >= 0) close(cells_fd);
    return err;
}
