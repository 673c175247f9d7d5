/* base/config_file.c - the files of settings: lines, sections, quotes, includes, conf.d. */
#include "base/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { FILES_MAX = 64 };

struct reading { /* one call of config_read_files */
    struct config *config;
    struct {
        dev_t device;
        ino_t node;
    } seen[FILES_MAX];
    int files;
};

struct file { /* one file of it */
    struct reading *reading;
    struct config *config;
    struct str name, folder; /* the folder with its slash */
    struct str section;
    bool unknown_section; /* told once, its settings are skipped */
    int line, depth;
    bool set[SETTINGS_MAX]; /* by this file */
};

static void read_path(struct reading *reading, struct place from, struct str path, int depth);

static struct place place_at(const struct file *file, int column)
{
    return (struct place){
        .where = file->name, .folder = file->folder, .line = file->line, .column = column
    };
}

static void tell(const struct file *file, int column, const char *zh, const char *en)
{
    config_tell(file->config, place_at(file, column), str_of(zh), str_of(en));
}

/* The column of a place in a line, in characters from 1. */
static int column_of(struct str line, const char *p)
{
    return (int)text_length(str_part(line, 0, (size_t)(p - line.p))) + 1;
}

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return text.n > 0;
}

/* Blank, or a comment? */
static bool is_rest(struct str text)
{
    text = str_trim(text);
    return text.n == 0 || text.p[0] == '#' || text.p[0] == ';';
}

static void read_section(struct file *file, struct str line, struct str text)
{
    struct config *config = file->config;
    struct str rest, name = str_trim(str_cut(str_part(text, 1, text.n), ']', &rest));
    const char *sections[SETTINGS_MAX];
    size_t n = 0;
    bool closed = name.n + 2 <= text.n && memchr(text.p, ']', text.n) != NULL;

    file->section = name;
    file->unknown_section = true;
    if (!closed || !is_rest(rest) || !is_name(name)) {
        tell(file, column_of(line, text.p), "应为 [节名]", "must be [section]");
        return;
    }
    for (size_t i = 0; i < config->n; i++) {
        struct str key, section = str_cut(str_of(config->settings[i].name), '.', &key);
        if (str_eq(section, name)) {
            file->unknown_section = false;
            return;
        }
        sections[n++] = arena_c(config->arena, section);
    }
    config_tell_unknown(config, place_at(file, column_of(line, text.p) + 1), name, sections, n);
}

/* A value in quotes; false after telling what is wrong. */
static bool unquote(const struct file *file, struct str line, struct str text, struct str *out)
{
    char *p = arena_take(file->config->arena, text.n, 1);
    size_t n = 0, i = 1;

    if (!p) return false;
    for (; i < text.n && text.p[i] != '"'; i++) {
        char c = text.p[i];
        if (c == '\\') {
            char next = i + 1 < text.n ? text.p[i + 1] : 0;
            const char *known = next ? strchr("\"\\nt", next) : NULL;
            if (!known) {
                tell(file, column_of(line, text.p + i), "引号内只可用 \\\" \\\\ \\n \\t",
                     "inside quotes only \\\" \\\\ \\n \\t");
                return false;
            }
            c = next == 'n' ? '\n' : next == 't' ? '\t' : next;
            i++;
        }
        p[n++] = c;
    }
    if (i >= text.n) {
        tell(file, column_of(line, text.p), "引号未结束", "the quote is not closed");
        return false;
    }
    if (!is_rest(str_part(text, i + 1, text.n))) {
        tell(file, column_of(line, text.p + i + 1), "引号后有多余内容",
             "something stands behind the closing quote");
        return false;
    }
    *out = (struct str){ .p = p, .n = n };
    return true;
}

/* A value without quotes ends before a comment that has a space in front. */
static struct str bare(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        bool spaced = i == 0 || text.p[i - 1] == ' ' || text.p[i - 1] == '\t';
        if (spaced && (text.p[i] == '#' || text.p[i] == ';')) return str_trim(str_part(text, 0, i));
    }
    return str_trim(text);
}

static void read_include(struct file *file, struct str pattern, int column)
{
    struct arena *arena = file->config->arena;
    bool whole = pattern.n > 0 && pattern.p[0] == '/';
    struct str path = whole ? pattern
                            : arena_format(arena, "%.*s%.*s", (int)file->folder.n,
                                           file->folder.n ? file->folder.p : "", (int)pattern.n,
                                           pattern.n ? pattern.p : "");
    const char *name = arena_c(arena, path);
    glob_t found;
    int failed;

    if (!file->reading) { /* a text without a place on disk: fuzzing, tests */
        tell(file, column, "此处不能使用 include", "include can't be used here");
        return;
    }
    failed = glob(name, GLOB_ERR, NULL, &found);
    if (failed != 0) {
        bool pattern_only = failed == GLOB_NOMATCH && strpbrk(name, "*?[");
        if (!pattern_only) tell(file, column, "include: 没有这个文件", "include: no such file");
        if (failed == GLOB_NOMATCH) globfree(&found);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        read_path(file->reading, place_at(file, column),
                  arena_str(arena, str_of(found.gl_pathv[i])), file->depth + 1);
    }
    globfree(&found);
}

static void tell_unknown(const struct file *file, struct str name, int column)
{
    const char *names[SETTINGS_MAX];

    for (size_t i = 0; i < file->config->n; i++) {
        names[i] = file->config->settings[i].name;
    }
    config_tell_unknown(file->config, place_at(file, column), name, names, file->config->n);
}

static void read_setting(struct file *file, struct str line, struct str text)
{
    struct config *config = file->config;
    struct str rest, key = str_trim(str_cut(text, '=', &rest)), name, value;
    int key_column = column_of(line, text.p), column, index;

    if (!memchr(text.p, '=', text.n)) {
        tell(file, key_column, "应为 键 = 值", "must be key = value");
        return;
    }
    if (!is_name(key)) {
        tell(file, key_column, "键名只可用小写字母、数字和下划线",
             "a key has lower-case letters, digits and underscores only");
        return;
    }
    rest = str_trim(rest);
    column = rest.n > 0 ? column_of(line, rest.p) : (int)text_length(line) + 1;
    value = bare(rest);
    if (rest.n > 0 && rest.p[0] == '"' && !unquote(file, line, rest, &value)) return;
    if (file->section.n == 0 && str_eq(key, S("include"))) {
        read_include(file, value, column);
        return;
    }
    if (file->unknown_section && file->section.n > 0) return;
    name = arena_format(config->arena, "%.*s.%.*s", (int)file->section.n,
                        file->section.n ? file->section.p : "", (int)key.n, key.p);
    if (file->section.n == 0) name = key;
    index = setting_index(config, name);
    if (index < 0) {
        tell_unknown(file, name, key_column);
    } else if (file->set[index]) {
        struct str zh = arena_format(config->arena, "%.*s: 重复设置", (int)name.n, name.p);
        struct str en = arena_format(config->arena, "%.*s: set twice", (int)name.n, name.p);
        config_tell(config, place_at(file, key_column), zh, en);
    } else {
        file->set[index] = true;
        config_set(config, (size_t)index, value, place_at(file, column));
    }
}

static void read_lines(struct file *file, struct str text)
{
    if (str_starts(text, S("\xEF\xBB\xBF"))) text = str_part(text, 3, text.n);
    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text), said;
        file->line++;
        if (!utf8_valid(line) || (line.n > 0 && memchr(line.p, 0, line.n))) {
            tell(file, 1, "不是 UTF-8 文本", "not UTF-8 text");
            continue;
        }
        said = str_trim(line);
        if (is_rest(said)) continue;
        if (said.p[0] == '[') {
            read_section(file, line, said);
        } else {
            read_setting(file, line, said);
        }
    }
}

void config_read_text(struct config *config, struct str name, struct bytes text)
{
    struct file file = { .config = config, .name = name };

    read_lines(&file, bytes_str(text));
}

/* A whole file into the arena; false with errno, 0 for one that is no file or too large. */
static bool read_whole(struct arena *arena, int fd, struct bytes *out)
{
    struct stat st;
    uint8_t *p;
    size_t n = 0;

    errno = 0;
    if (fstat(fd, &st) != 0) return false;
    if (!S_ISREG(st.st_mode) || st.st_size > CONFIG_FILE_BYTES_MAX) {
        errno = 0;
        return false;
    }
    p = arena_take(arena, (size_t)st.st_size, 1);
    if (!p) return false;
    while (n < (size_t)st.st_size) {
        ssize_t got = read(fd, p + n, (size_t)st.st_size - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        n += (size_t)got;
    }
    *out = bytes_of(p, n);
    return true;
}

static void tell_unreadable(struct config *config, struct place place, struct str path)
{
    const char *why = errno ? strerror(errno) : "not a file, or larger than 1 MiB";
    struct str zh = arena_format(config->arena, "%.*s: 文件不可读 (%s)", (int)path.n, path.p, why);
    struct str en =
        arena_format(config->arena, "%.*s: can't be read (%s)", (int)path.n, path.p, why);

    config_tell(config, place, zh, en);
}

/* Has this very file been read already? Remembers it. */
static bool seen_before(struct reading *reading, int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || reading->files >= FILES_MAX) return true;
    for (int i = 0; i < reading->files; i++) {
        if (reading->seen[i].device == st.st_dev && reading->seen[i].node == st.st_ino) return true;
    }
    reading->seen[reading->files].device = st.st_dev;
    reading->seen[reading->files++].node = st.st_ino;
    return false;
}

struct str config_folder(struct str path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/') {
        path.n--;
    }
    return path;
}

/* `from`: where the file was asked for, for the message when it can't be read. */
static void read_path(struct reading *reading, struct place from, struct str path, int depth)
{
    struct config *config = reading->config;
    struct file *file = NEW(config->arena, struct file);
    int fd = open(arena_c(config->arena, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct bytes text;

    if (!file || depth > CONFIG_DEPTH_MAX || fd < 0) {
        tell_unreadable(config, from, path);
    } else if (seen_before(reading, fd)) {
        config_tell(config, from,
                    arena_format(config->arena, "%.*s: 重复引用", (int)path.n, path.p),
                    arena_format(config->arena, "%.*s: included twice", (int)path.n, path.p));
    } else if (!read_whole(config->arena, fd, &text)) {
        tell_unreadable(config, from, path);
    } else {
        *file = (struct file){ .reading = reading,
                               .config = config,
                               .name = path,
                               .folder = config_folder(path),
                               .depth = depth };
        read_lines(file, bytes_str(text));
    }
    if (fd >= 0) close(fd);
}

void config_read_files(struct config *config, struct str path)
{
    struct reading reading = { .config = config };
    struct str folder = config_folder(path);
    struct str beside =
        arena_format(config->arena, "%.*sconf.d/*.conf", (int)folder.n, folder.n ? folder.p : "");
    glob_t found;
    int failed;

    read_path(&reading, (struct place){ 0 }, path, 0);
    failed = glob(arena_c(config->arena, beside), 0, NULL, &found);
    for (size_t i = 0; failed == 0 && i < found.gl_pathc; i++) {
        read_path(&reading, (struct place){ 0 },
                  arena_str(config->arena, str_of(found.gl_pathv[i])), 1);
    }
    if (failed == 0 || failed == GLOB_NOMATCH) globfree(&found);
}
