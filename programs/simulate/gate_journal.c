/* programs/simulate/gate_journal.c - lines "microseconds verdict places code". */
#include "programs/simulate/gate_journal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/json.h"

enum { LINE_MAX_BYTES = CODE_TEXT_MAX + 64 };

/* A line that a cut left without its end is not counted: its leaf never opened. */
static RESULT lines_count(const char *path, int64_t *lines)
{
    FILE *file = fopen(path, "r");
    char line[LINE_MAX_BYTES];

    *lines = 0;
    if (!file) return errno == ENOENT ? OK : fault(FAULT_IO, "%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        if (strchr(line, '\n')) ++*lines;
    }
    fclose(file);
    return OK;
}

RESULT gate_journal_open(const char *folder, struct gate_journal *out)
{
    FILE *mark;
    long long uploaded = 0, batch = 1;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fault(FAULT_IO, "%s: %s", folder, strerror(errno));
    *out = (struct gate_journal){ .batch_no = 1 };
    if (snprintf(out->path, sizeof out->path, "%s/journal", folder) >= (int)sizeof out->path)
        return fault(FAULT_CONFIG, "the folder's name is too long");
    snprintf(out->mark_path, sizeof out->mark_path, "%s.mark", out->path);
    snprintf(out->refused_path, sizeof out->refused_path, "%s.refused", out->path);
    TRY(lines_count(out->path, &out->lines));
    mark = fopen(out->mark_path, "r");
    if (mark && fscanf(mark, "%lld %lld", &uploaded, &batch) == 2) {
        out->uploaded = uploaded;
        out->batch_no = batch;
    }
    if (mark) fclose(mark);
    return OK;
}

static RESULT written(FILE *file, const char *path, bool ok)
{
    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    ok = fclose(file) == 0 && ok;
    return ok ? OK : fault(FAULT_IO, "%s: %s", path, strerror(errno));
}

RESULT gate_journal_add(struct gate_journal *journal, struct instant at, int verdict, int places,
                        struct str code)
{
    FILE *file = fopen(journal->path, "a");
    bool ok;

    if (!file) return fault(FAULT_IO, "%s: %s", journal->path, strerror(errno));
    ok = fprintf(file, "%" PRId64 " %d %d %.*s\n", at.usec, verdict, places, (int)code.n, code.p) >
         0;
    TRY(written(file, journal->path, ok));
    journal->lines++;
    return OK;
}

static void line_put(struct json_out *out, struct str line)
{
    struct str rest, at = str_cut(line, ' ', &rest), verdict = str_cut(rest, ' ', &rest);
    struct str places = str_cut(rest, ' ', &rest);
    int64_t usec = 0, code = 0, people = 1;

    str_int(at, 0, INT64_MAX, &usec);
    str_int(verdict, 0, INT32_MAX, &code);
    str_int(places, 1, 100, &people);
    json_out_object(out, NULL);
    json_out_str(out, "code", rest);
    json_out_instant(out, "at", (struct instant){ usec });
    json_out_int(out, "verdict", code);
    json_out_int(out, "places", people);
    json_out_end(out);
}

RESULT gate_journal_batch(const struct gate_journal *journal, struct arena *arena, struct str *body,
                          int64_t *n)
{
    enum { BODY_MAX = JOURNAL_BATCH * (LINE_MAX_BYTES + 100) + 100 };
    struct writer w = writer_over(arena_take(arena, BODY_MAX, 1), BODY_MAX);
    struct json_out out = json_out_over(&w, NULL);
    char line[LINE_MAX_BYTES];
    int64_t at = 0;
    FILE *file;

    *n = 0;
    if (journal->uploaded == journal->lines) return OK;
    if (!w.p) return fault(FAULT_MEMORY, "a batch");
    file = fopen(journal->path, "r");
    if (!file) return fault(FAULT_IO, "%s: %s", journal->path, strerror(errno));
    json_out_object(&out, NULL);
    json_out_int(&out, "batch_no", journal->batch_no);
    json_out_array(&out, "lines");
    while (*n < JOURNAL_BATCH && fgets(line, sizeof line, file)) {
        if (at++ < journal->uploaded || !strchr(line, '\n')) continue;
        line_put(&out, str_trim(str_of(line)));
        ++*n;
    }
    json_out_end_all(&out);
    fclose(file);
    if (w.over) return fault(FAULT_MEMORY, "a batch");
    *body = writer_str(&w);
    return OK;
}

RESULT gate_journal_refuse(struct gate_journal *journal, int64_t i, const char *code)
{
    FILE *from = fopen(journal->path, "r"), *to = from ? fopen(journal->refused_path, "a") : NULL;
    char line[LINE_MAX_BYTES];
    bool ok = to != NULL;

    if (!ok) {
        if (from) fclose(from);
        return fault(FAULT_IO, "%s: %s", journal->refused_path, strerror(errno));
    }
    for (int64_t at = 0; ok && at <= journal->uploaded + i; at++) {
        ok = fgets(line, sizeof line, from) != NULL;
    }
    fclose(from);
    ok = ok && fprintf(to, "%s %s", code, line) > 0;
    return written(to, journal->refused_path, ok);
}

RESULT gate_journal_answered(struct gate_journal *journal, int64_t n, int64_t batch_no)
{
    char fresh[420];
    FILE *file;
    bool ok;

    snprintf(fresh, sizeof fresh, "%s.new", journal->mark_path);
    file = fopen(fresh, "w");
    if (!file) return fault(FAULT_IO, "%s: %s", fresh, strerror(errno));
    ok = fprintf(file, "%lld %lld\n", (long long)(journal->uploaded + n), (long long)batch_no) > 0;
    TRY(written(file, fresh, ok));
    if (rename(fresh, journal->mark_path) != 0)
        return fault(FAULT_IO, "%s: %s", journal->mark_path, strerror(errno));
    journal->uploaded += n;
    journal->batch_no = batch_no;
    return OK;
}
