/* crypto/keyd_log.c - writing the log, sharing its syncs, and walking its chain. */
#include "crypto/keyd_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SEAL_CHARS = 3 + 64 + 3 + 64, /* " h=" digest " m=" MAC */
    LINE_MAX_BYTES = LOG_TEXT_MAX + 64 + SEAL_CHARS + 1,
    DAY_CHARS = 8,
    DAYS_MAX = 40000,
    SIGN_EACH = 1024, /* lines between signed heads */
};

struct keyd_log {
    char dir[PATH_BYTES];
    struct keyring *ring;
    bool no_sync;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t synced_more;
    int fd;
    struct day day;
    int64_t lines;
    uint8_t head[HASH_BYTES];
    struct instant last;
    uint64_t written, synced; /* marks */
    bool syncing, broken;
};

static void day_name(struct day day, char out[DAY_CHARS + 1])
{
    struct date date = day_date(day);

    /* bounded again for the compiler, which does not know a day's range */
    snprintf(out, DAY_CHARS + 1, "%04u%02u%02u", (unsigned)date.year % 10000u,
             (unsigned)date.month % 100u, (unsigned)date.day % 100u);
}

struct str log_field(struct str fields, const char *name)
{
    while (fields.n > 0) {
        struct str value, word = str_cut(fields, ' ', &fields);
        struct str key = str_cut(word, '=', &value);
        if (str_eq(key, str_of(name))) return value;
    }
    return S("");
}

static void line_seal(const struct secret *key, const uint8_t head[HASH_BYTES], struct str text,
                      uint8_t digest[HASH_BYTES], uint8_t mac[HASH_BYTES])
{
    const struct bytes parts[] = { bytes_of(head, HASH_BYTES), str_bytes(text) };

    sm3_parts(parts, LEN(parts), digest);
    hmac_sm3(secret_bytes(key), bytes_of(digest, HASH_BYTES), mac);
}

static void head_message(const uint8_t head[HASH_BYTES], uint8_t out[18 + HASH_BYTES])
{
    memcpy(out, "ykt keyd log head\n", 18);
    memcpy(out + 18, head, HASH_BYTES);
}

/* ---- walking one file ---- */

struct walk {
    struct keyring *ring;
    const struct secret *mac;
    uint8_t head[HASH_BYTES];
    int64_t lines; /* of this file */
    struct instant last;
    size_t good; /* bytes up to which the file holds */
    const char *why;
    log_replay *replay;
    void *arg;
};

static bool head_holds(struct walk *walk, struct str fields)
{
    uint8_t kid[KID_BYTES], rs[SIGNATURE_BYTES], message[18 + HASH_BYTES];

    if (!hex_parse(log_field(fields, "kid"), kid, sizeof kid)) return false;
    if (!hex_parse(log_field(fields, "sig"), rs, sizeof rs)) return false;
    head_message(walk->head, message);
    for (size_t i = 0; i < walk->ring->n; i++) {
        const struct key_row *row = &walk->ring->keys[i].row;
        if (row->use != KEYS_SIGN + KEYD_SIGN_LOG || memcmp(row->kid, kid, sizeof kid) != 0)
            continue;
        struct bytes key = bytes_of(row->public_key, POINT_SHORT);
        struct bytes what = bytes_of(message, sizeof message), sig = bytes_of(rs, sizeof rs);
        return (row->suite == SUITE_SM2 ? sm2_verify(key, what, sig) : p256_verify(key, what, sig))
                   .code == 0;
    }
    return false;
}

/* NULL when the line holds; else why not. */
static const char *line_check(struct walk *walk, struct str line)
{
    uint8_t digest[HASH_BYTES], mac[HASH_BYTES], want_digest[HASH_BYTES], want_mac[HASH_BYTES];
    struct str text, fields, kind;
    int64_t number, usec;

    if (line.n <= SEAL_CHARS) return "no line of ours";
    text = str_part(line, 0, line.n - SEAL_CHARS);
    if (!hex_parse(str_part(line, text.n + 3, 64), digest, sizeof digest) ||
        !hex_parse(str_part(line, text.n + 3 + 64 + 3, 64), mac, sizeof mac))
        return "no line of ours";
    if (!str_int(str_cut(text, ' ', &fields), 1, INT64_MAX, &number) ||
        !str_int(str_cut(fields, ' ', &fields), 0, INT64_MAX, &usec))
        return "no line of ours";
    if (number != walk->lines + 1) return "a line is missing or moved";
    kind = str_cut(fields, ' ', &fields);
    /* the first file at hand names its predecessor's head itself; the MAC vouches for it */
    if (number == 1 && walk->lines == 0 && str_eq(kind, S("begin"))) {
        uint8_t prev[HASH_BYTES];
        if (!hex_parse(log_field(fields, "prev"), prev, sizeof prev)) return "no line of ours";
        if (walk->last.usec >= 0 && memcmp(prev, walk->head, sizeof prev) != 0)
            return "does not follow the file before";
        memcpy(walk->head, prev, sizeof prev);
    }
    line_seal(walk->mac, walk->head, text, want_digest, want_mac);
    if (!secret_eq(bytes_of(digest, sizeof digest), bytes_of(want_digest, sizeof want_digest)))
        return "the chain does not hold";
    if (!secret_eq(bytes_of(mac, sizeof mac), bytes_of(want_mac, sizeof want_mac)))
        return "the MAC is not ours";
    if (str_eq(kind, S("head")) && !head_holds(walk, fields)) return "the head's signature is bad";
    memcpy(walk->head, digest, sizeof digest);
    walk->lines = number;
    walk->last.usec = usec;
    if (walk->replay) walk->replay(walk->arg, walk->last, kind, fields);
    return NULL;
}

/* What a cut of power leaves behind what was synced: a line without its end, or zeros. */
static bool torn(struct bytes rest)
{
    const uint8_t *end = memchr(rest.p, '\n', rest.n);

    return !end || memchr(rest.p, 0, (size_t)(end - rest.p));
}

static void walk_bytes(struct walk *walk, struct bytes all)
{
    walk->good = 0;
    walk->lines = 0;
    walk->why = NULL;
    while (walk->good < all.n) {
        struct bytes rest = bytes_of(all.p + walk->good, all.n - walk->good);
        const uint8_t *end = memchr(rest.p, '\n', rest.n);
        const char *why = "a torn line";
        if (end) why = line_check(walk, bytes_str(bytes_of(rest.p, (size_t)(end - rest.p))));
        if (why) {
            walk->why = why;
            return;
        }
        walk->good += (size_t)(end - rest.p) + 1;
    }
}

/* The whole file in memory of its own; a day's log of a busy node is some 100 MB. */
static RESULT day_read(const char *path, uint8_t **p, size_t *n)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t have = 0;

    if (fd < 0) return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    *p = NULL;
    *n = 0;
    if (fstat(fd, &st) == 0) *p = calloc(1, (size_t)st.st_size + 1);
    while (*p && have < (size_t)st.st_size) {
        ssize_t got = read(fd, *p + have, (size_t)st.st_size - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        have += (size_t)got;
    }
    close(fd);
    if (!*p) return fault(FAULT_MEMORY, "%s", path);
    *n = have;
    return OK;
}

static bool day_parse(const char *name, struct day *out)
{
    struct date date;

    if (strlen(name) != DAY_CHARS || !date_parse(str_of(name), &date)) return false;
    *out = date_day(date);
    return true;
}

static int by_day(const void *a, const void *b)
{
    const struct day *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

/* The days that have a file, oldest first. */
static RESULT days_list(const char *dir, struct day **out, size_t *n)
{
    DIR *d = opendir(dir);
    struct day *days = calloc(DAYS_MAX, sizeof *days);
    size_t have = 0;

    if (!d || !days) {
        if (d) closedir(d);
        free(days);
        return fault(FAULT_IO, "%s: %s", dir, strerror(errno));
    }
    for (struct dirent *entry = readdir(d); entry && have < DAYS_MAX; entry = readdir(d)) {
        if (day_parse(entry->d_name, &days[have])) have++;
    }
    closedir(d);
    qsort(days, have, sizeof *days, by_day);
    *out = days;
    *n = have;
    return OK;
}

static const struct secret *mac_of(struct keyring *ring)
{
    const struct ring_key *key = keyring_find(ring, KEYS_LOG_MAC, (enum suite)0, 1);

    return key && key->value.p ? &key->value : NULL;
}

/* Walk one day's file; cut a torn tail when `mend`. */
static RESULT day_walk(const char *dir, struct day day, struct walk *walk, bool last, bool mend)
{
    char name[DAY_CHARS + 1], path[PATH_BYTES];
    uint8_t *p;
    size_t n;

    day_name(day, name);
    TRY(path_join(path, dir, name));
    TRY(day_read(path, &p, &n));
    walk_bytes(walk, bytes_of(p, n));
    bool is_torn = walk->why && last && torn(bytes_of(p + walk->good, n - walk->good));
    free(p);
    if (is_torn) walk->why = NULL;
    if (is_torn && mend && truncate(path, (off_t)walk->good) != 0)
        return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    return OK;
}

RESULT keyd_log_walk(const char *dir, struct keyring *ring, struct keyd_log_report *out)
{
    struct walk walk = { .ring = ring, .mac = mac_of(ring), .last = { -1 } };
    char path[PATH_BYTES], name[DAY_CHARS + 1];
    struct day *days;
    size_t n;
    struct err err = OK;

    *out = (struct keyd_log_report){ 0 };
    if (!walk.mac) return fault(FAULT_CRYPTO, "no key of the log");
    TRY(path_join(path, dir, "log"));
    TRY(days_list(path, &days, &n));
    for (size_t i = 0; i < n && err.code == 0; i++) {
        err = day_walk(path, days[i], &walk, i + 1 == n, false);
        if (err.code == 0 && walk.why) {
            day_name(days[i], name);
            snprintf(out->where, sizeof out->where, "%s:%" PRId64 ": %s", name, walk.lines + 1,
                     walk.why);
            err.code = KEYD_LOG_BROKEN;
        }
        out->days++;
        out->lines += walk.lines;
    }
    free(days);
    memcpy(out->head, walk.head, HASH_BYTES);
    return err;
}

/* ---- writing ---- */

static RESULT day_open(struct keyd_log *log, struct day day)
{
    char name[DAY_CHARS + 1], path[PATH_BYTES];

    day_name(day, name);
    TRY(path_join(path, log->dir, name));
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log->fd < 0) return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    log->day = day;
    return log->no_sync ? OK : folder_sync(log->dir);
}

static RESULT line_write(struct keyd_log *log, struct instant at, struct str text)
{
    static _Thread_local uint8_t line[LINE_MAX_BYTES];
    struct writer w = writer_over(line, sizeof line);
    uint8_t digest[HASH_BYTES], mac[HASH_BYTES];

    put_int(&w, log->lines + 1);
    put_char(&w, ' ');
    put_int(&w, at.usec);
    put_char(&w, ' ');
    put_str(&w, text);
    line_seal(mac_of(log->ring), log->head, writer_str(&w), digest, mac);
    put_str(&w, S(" h="));
    put_hex(&w, bytes_of(digest, sizeof digest));
    put_str(&w, S(" m="));
    put_hex(&w, bytes_of(mac, sizeof mac));
    put_char(&w, '\n');
    assert(!w.over);
    TRY(write_all(log->fd, writer_bytes(&w)));
    memcpy(log->head, digest, sizeof digest);
    log->lines++;
    log->written++;
    log->last = at;
    return OK;
}

static RESULT begin_write(struct keyd_log *log, struct instant at)
{
    char text[6 + 5 + 64 + 1];
    struct writer w = writer_over(text, sizeof text);

    put_str(&w, S("begin prev="));
    put_hex(&w, bytes_of(log->head, HASH_BYTES));
    return line_write(log, at, writer_str(&w));
}

static RESULT head_write(struct keyd_log *log, struct instant at)
{
    const struct ring_key *key =
        keyring_signer(log->ring, KEYS_SIGN + KEYD_SIGN_LOG, SUITE_SM2, at);
    uint8_t message[18 + HASH_BYTES], rs[SIGNATURE_BYTES];
    char text[256];
    struct writer w = writer_over(text, sizeof text);

    if (!key) return fault(FAULT_CRYPTO, "no key signs the log");
    head_message(log->head, message);
    TRY(sign_key_sign(key->sign, bytes_of(message, sizeof message), rs));
    put_str(&w, S("head kid="));
    put_hex(&w, bytes_of(key->row.kid, KID_BYTES));
    put_str(&w, S(" sig="));
    put_hex(&w, bytes_of(rs, sizeof rs));
    return line_write(log, at, writer_str(&w));
}

/* Under the lock. A new day's file begins when the last one is signed and on the medium. */
static RESULT day_turn(struct keyd_log *log, struct instant at)
{
    struct day today = day_of(at);

    if (today.number <= log->day.number) return OK;
    while (log->syncing) {
        pthread_cond_wait(&log->synced_more, &log->lock);
    }
    TRY(head_write(log, at));
    if (!log->no_sync && fdatasync(log->fd) != 0)
        return fault(FAULT_IO, "log: sync: %s", strerror(errno));
    log->synced = log->written;
    close(log->fd);
    log->fd = -1;
    TRY(day_open(log, today));
    log->lines = 0;
    return begin_write(log, at);
}

static RESULT append(struct keyd_log *log, struct instant at, struct str text)
{
    if (log->broken) return fault(FAULT_IO, "the log failed before");
    TRY(day_turn(log, at));
    TRY(line_write(log, at, text));
    return log->lines % SIGN_EACH == 0 ? head_write(log, at) : OK;
}

RESULT keyd_log_append(struct keyd_log *log, struct instant at, struct str text, uint64_t *mark)
{
    assert(text.n <= LOG_TEXT_MAX);
    pthread_mutex_lock(&log->lock);
    struct err err = append(log, at, text);
    if (err.code != 0) log->broken = true;
    if (mark) *mark = log->written;
    pthread_mutex_unlock(&log->lock);
    return err;
}

RESULT keyd_log_sign(struct keyd_log *log, struct instant at)
{
    pthread_mutex_lock(&log->lock);
    struct err err = log->broken ? OK : head_write(log, at);
    pthread_mutex_unlock(&log->lock);
    return err;
}

RESULT keyd_log_sync(struct keyd_log *log, uint64_t mark)
{
    struct err err = OK;

    if (log->no_sync) return OK;
    pthread_mutex_lock(&log->lock);
    while (log->synced < mark && !log->broken) {
        if (log->syncing) {
            pthread_cond_wait(&log->synced_more, &log->lock);
            continue;
        }
        /* the first one here syncs for all who wrote before; the others wait for it */
        uint64_t upto = log->written;
        int fd = log->fd;
        log->syncing = true;
        pthread_mutex_unlock(&log->lock);
        int rc = fdatasync(fd);
        pthread_mutex_lock(&log->lock);
        log->syncing = false;
        if (rc != 0) log->broken = true; /* a failed sync is never tried again */
        if (rc == 0 && upto > log->synced) log->synced = upto;
        pthread_cond_broadcast(&log->synced_more);
    }
    if (log->synced < mark) err = fault(FAULT_IO, "the log is not on the medium");
    pthread_mutex_unlock(&log->lock);
    return err;
}

struct instant keyd_log_time(struct keyd_log *log, struct instant now)
{
    pthread_mutex_lock(&log->lock);
    if (instant_before(now, log->last)) now = log->last;
    pthread_mutex_unlock(&log->lock);
    return now;
}

void keyd_log_head(struct keyd_log *log, int64_t *lines, uint8_t head[HASH_BYTES])
{
    pthread_mutex_lock(&log->lock);
    *lines = log->lines;
    memcpy(head, log->head, HASH_BYTES);
    pthread_mutex_unlock(&log->lock);
}

/* ---- opening ---- */

static RESULT resume(struct keyd_log *log, struct instant now, log_replay *replay, void *arg)
{
    struct walk walk = {
        .ring = log->ring, .mac = mac_of(log->ring), .last = { -1 }, .replay = replay, .arg = arg
    };
    struct day *days;
    size_t n;
    struct err err = OK;

    if (!walk.mac) return fault(FAULT_CRYPTO, "no key of the log");
    TRY(days_list(log->dir, &days, &n));
    /* the last two files: budgets and tickets look no further back than a day */
    for (size_t i = n > 2 ? n - 2 : 0; i < n && err.code == 0; i++) {
        err = day_walk(log->dir, days[i], &walk, i + 1 == n, true);
        if (err.code != 0 || !walk.why) continue;
        err = fault(FAULT_IO, "log, line %" PRId64 " of file %zu: %s", walk.lines + 1, i + 1,
                    walk.why);
        err.code = KEYD_LOG_BROKEN;
    }
    struct day last = n > 0 ? days[n - 1] : day_of(now);
    free(days);
    TRY(err);
    memcpy(log->head, walk.head, HASH_BYTES);
    log->last = walk.last.usec >= 0 ? walk.last : now;
    log->lines = walk.lines;
    TRY(day_open(log, last));
    return log->lines == 0 ? begin_write(log, log->last) : OK;
}

RESULT keyd_log_open(const char *dir, struct keyring *ring, struct instant now, bool no_sync,
                     log_replay *replay, void *arg, struct keyd_log **out)
{
    struct keyd_log *log = calloc(1, sizeof *log);

    if (!log) return fault(FAULT_MEMORY, "log");
    log->ring = ring;
    log->no_sync = no_sync;
    log->fd = -1;
    (void)pthread_mutex_init(&log->lock, NULL);
    (void)pthread_cond_init(&log->synced_more, NULL);
    struct err err = path_join(log->dir, dir, "log");
    if (err.code == 0) err = folder_make(log->dir);
    if (err.code == 0) err = resume(log, now, replay, arg);
    if (err.code != 0) {
        keyd_log_close(log);
        return err;
    }
    *out = log;
    return OK;
}

void keyd_log_close(struct keyd_log *log)
{
    if (!log) return;
    if (log->fd >= 0) {
        if (!log->no_sync) (void)fdatasync(log->fd);
        close(log->fd);
    }
    pthread_cond_destroy(&log->synced_more);
    pthread_mutex_destroy(&log->lock);
    free(log);
}
