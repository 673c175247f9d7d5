/* tests/fuzz/replay.c - the main of fuzz targets that were built without libFuzzer: replays files
 * as a test. `x_fuzz FILE...` replays those, `x_fuzz` alone tests/fuzz/corpus/x/ (from the root of
 * the repository). Each file is also fed cut short at every length, where most parsers slip; it
 * counts as one. A target that finds something stops the process, which script/test counts as
 * failed. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_BYTES_MAX = 1 << 20, CUT_BYTES_MAX = 2048, FILES_MAX = 4096 };

static int passed, failed;

/* In memory of exactly its size, so that a sanitizer sees one byte too many. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (!copy) abort();
    if (size > 0) memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void replay(const char *path)
{
    static uint8_t data[FILE_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file) {
        printf("%s: can't be read\n", path);
        failed++;
        return;
    }
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    fflush(stdout);
    feed(data, size);
    for (size_t cut = 0; cut < size && cut < CUT_BYTES_MAX; cut++) {
        feed(data, cut);
    }
    passed++;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_folder(const char *folder)
{
    struct dirent **names;
    char path[4096];
    int n = scandir(folder, &names, visible, alphasort);

    if (n <= 0) {
        printf("%s: no corpus\n", folder);
        failed++;
        return;
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        replay(path);
        free(names[i]);
    }
    free(names);
}

/* ".../config_fuzz" keeps its files in tests/fuzz/corpus/config */
static void replay_own(const char *program)
{
    const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    const char *end = strstr(base, "_fuzz");
    char folder[512];

    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%.*s",
             (int)(end ? end - base : (long)strlen(base)), base);
    replay_folder(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            replay_folder(argv[i]);
        } else {
            replay(argv[i]);
        }
    }
    if (argc < 2) replay_own(argv[0]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
