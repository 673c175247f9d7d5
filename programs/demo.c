/* programs/demo.c - `ykt demo make`: everything a demonstration needs, in one folder: settings,
 * test keys, a filled store, key files of gates, and demo.json, which tells who can sign in.
 * script/demo runs it once and then starts the server on the folder. */
#include "programs/demo/demo.h"
#include "programs/nouns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct err demo_file_write(const char *path, struct str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct err err = OK;

    if (fd < 0) return fault(FAULT_IO, "%s: errno %d", path, errno);
    for (size_t done = 0; done < text.n && err.code == 0;) {
        ssize_t put = write(fd, text.p + done, text.n - done);
        if (put <= 0) err = fault(FAULT_IO, "%s: errno %d", path, errno);
        if (put > 0) done += (size_t)put;
    }
    if (close(fd) != 0 && err.code == 0) err = fault(FAULT_IO, "%s: errno %d", path, errno);
    return err;
}

void demo_password(struct demo *demo, char out[17])
{
    static const char LETTERS[] = "abcdefghjkmnpqrstuvwxyz23456789";
    uint8_t random[16];

    demo->entropy.fill(demo->entropy.arg, random, sizeof random);
    for (int i = 0; i < 16; i++) {
        out[i] = LETTERS[random[i] % (sizeof LETTERS - 1)];
    }
    out[16] = 0;
}

static RESULT folders_make(const char *dir)
{
    static const char *const FOLDERS[] = { "", "/keys", "/run", "/derived", "/gates" };

    for (size_t i = 0; i < LEN(FOLDERS); i++) {
        char path[DEMO_PATH_MAX];
        snprintf(path, sizeof path, "%s%s", dir, FOLDERS[i]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return fault(FAULT_IO, "%s: errno %d", path, errno);
        }
    }
    return OK;
}

/* A secret of 32 hexadecimal digits in a file of one line. */
static RESULT secret_write(struct demo *demo, const char *name, char out[33])
{
    char path[DEMO_PATH_MAX], line[34];
    struct writer w = writer_over(line, sizeof line);
    uint8_t random[16];

    demo->entropy.fill(demo->entropy.arg, random, sizeof random);
    put_hex(&w, bytes_of(random, sizeof random));
    memcpy(out, line, 32);
    out[32] = 0;
    put_char(&w, '\n');
    snprintf(path, sizeof path, "%s/%s", demo->dir, name);
    return demo_file_write(path, writer_str(&w));
}

/* A relative path counts from here on the command line, and from the settings' folder in a file. */
static struct str url_for_file(struct cli *cli)
{
    struct str url = cli_text(cli, "store");
    char here[DEMO_PATH_MAX];

    if (!str_starts(url, S("sqlite:")) || url.n < 8 || url.p[7] == '/' || url.p[7] == ':' ||
        !getcwd(here, sizeof here))
        return url;
    return arena_format(cli_arena(cli), "sqlite:%s/%.*s", here, (int)url.n - 7, url.p + 7);
}

static RESULT settings_write(struct demo *demo, struct cli *cli)
{
    struct str url = url_for_file(cli);
    char path[DEMO_PATH_MAX], text[2000];
    struct writer w = writer_over(text, sizeof text);
    int port = (int)cli_int(cli, "port");

    put_str(&w, S("# made by `ykt demo make`\n[server]\n"));
    put_format(&w, "listen = 127.0.0.1:%d\ninternal = 127.0.0.1:%d\n", port, port + 1);
    put_format(&w, "public_url = http://127.0.0.1:%d\n", port);
    put_str(&w, S("run_folder = run\ntest = true\ndemo = true\n\n[database]\n"));
    put_format(&w, "url = \"%.*s\"\n\n", (int)url.n, url.p);
    put_str(&w, S("[derived]\nfolder = derived\n\n"));
    put_str(&w, S("[keys]\nfolder = keys\nsecret_file = keys.secret\ntest = true\n\n"));
    put_format(&w, "[sms]\nurl = http://127.0.0.1:%d/messages\nsecret_file = sms.secret\n",
               port + 2);
    snprintf(path, sizeof path, "%s/ykt.conf", demo->dir);
    return demo_file_write(path, writer_str(&w));
}

static RESULT keys_make(struct demo *demo)
{
    char secret[33], ignored[33], dir[DEMO_PATH_MAX], hsm[DEMO_PATH_MAX + 8];
    struct keyd_settings settings = { .clock = demo->clock, .entropy = demo->entropy };
    struct keys_place place = { .entropy = demo->entropy, .at = clock_now(&demo->clock) };

    TRY(secret_write(demo, "keys.secret", secret));
    TRY(secret_write(demo, "sms.secret", ignored));
    snprintf(dir, sizeof dir, "%s/keys", demo->dir);
    snprintf(hsm, sizeof hsm, "%s/hsm", dir);
    settings.dir = place.dir = dir;
    settings.hsm = (struct hsm_settings){
        .kind = HSM_SOFTWARE, .path = hsm, .secret = bytes_of(secret, 32), .test = true
    };
    place.hsm = settings.hsm;
    TRY(keys_create(&place));
    for (int use = 0; use < KEYD_USES;
         use++) { /* filling a province is bulk work of our own making */
        settings.budgets[use] = (struct keyd_budget){ INT64_MAX / 2, INT64_MAX / 2 };
    }
    for (int purpose = 1; purpose < KEYD_SIGN_PURPOSES; purpose++)
        settings.sign_budgets[purpose] = (struct keyd_budget){ INT64_MAX / 2, INT64_MAX / 2 };
    TRY(keyd_core_open(&settings, &demo->core));
    TRY(keyd_open_local(demo->core, &demo->keyd));
    TRY(keyd_blind_key(demo->keyd, &demo->blind));
    demo->ids = blind_id_codec(&demo->blind);
    return OK;
}

static RESULT store_make(struct demo *demo, struct cli *cli)
{
    const struct store_config config = { .url = cli_text(cli, "store"),
                                         .clock = demo->clock,
                                         .entropy = demo->entropy };
    struct import_report report;
    struct err err;

    if (!str_starts(config.url, S("sqlite:"))) TRY(store_mark_disposable(&config));
    TRY(store_migrate(&config, false, NULL, NULL));
    TRY(store_open(&config, &demo->store));
    err = catalogue_import(demo->store, cli_text(cli, "data"), clock_now(&demo->clock), false,
                           &demo->arena, &report);
    if (err.code == CATALOGUE_IMPORT_BAD && report.n > 0) {
        const struct import_issue *first = &report.issues[0];
        return fault(FAULT_CONFIG, "%.*s:%d:%d: %.*s", (int)first->file.n, first->file.p,
                     first->line, first->column, (int)first->en.n, first->en.p);
    }
    TRY(err);
    TRY(catalogue_shelf_open(demo->store, &demo->shelf));
    demo->cat = catalogue_now(demo->shelf);
    demo->rg = (struct registry){
        .store = demo->store,
        .keyd = demo->keyd,
        .blind = &demo->blind,
        .shelf = demo->shelf,
        .entropy = demo->entropy,
        .password_cost = PASSWORD_COST,
    };
    return OK;
}

static void addresses(struct demo *demo, struct cli *cli)
{
    int port = (int)cli_int(cli, "port");
    char url[100];
    struct {
        const char *name, *path;
        int port;
    } rows[] = {
        { "base", "", port },
        { "openapi", "/v1/openapi.json", port },
        { "internal", "", port + 1 },
        { "sms_outbox", "/messages", port + 2 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        snprintf(url, sizeof url, "http://127.0.0.1:%d%s", rows[i].port, rows[i].path);
        json_out_str(&demo->out, rows[i].name, str_of(url));
    }
    json_out_str(&demo->out, "store", url_for_file(cli));
    json_out_str(&demo->out, "roots",
                 arena_format(&demo->arena, "%s/keys", demo->dir)); /* marked test */
}

static RESULT fill(struct demo *demo, struct cli *cli)
{
    char path[DEMO_PATH_MAX];

    TRY(folders_make(demo->dir));
    TRY(settings_write(demo, cli));
    TRY(keys_make(demo));
    TRY(store_make(demo, cli));
    demo->out = json_out_over(&demo->json, &demo->ids);
    json_out_object(&demo->out, NULL);
    addresses(demo, cli);
    TRY(demo_people(demo, cli_int(cli, "residents") - demo_residents_count()));
    TRY(demo_staff(demo));
    TRY(demo_residents(demo));
    TRY(demo_venues(demo));
    json_out_end_all(&demo->out);
    if (demo->json.over) return fault(FAULT_MEMORY, "demo.json is larger than its buffer");
    snprintf(path, sizeof path, "%s/demo.json.made", demo->dir);
    return demo_file_write(path, writer_str(&demo->json));
}

static void demo_close(struct demo *demo)
{
    catalogue_shelf_close(demo->shelf);
    if (demo->store) store_close(demo->store);
    blind_key_close(&demo->blind);
    keyd_close(demo->keyd);
    keyd_core_close(demo->core);
    free(demo->json.p);
    arena_close(&demo->arena);
}

static void tell(void *arg, const char *zh, const char *en, int64_t n)
{
    cli_say(arg, "%8" PRId64 "  %s", "%8" PRId64 "  %s", n, cli_zh(arg) ? zh : en);
}

static enum cli_exit make(struct cli *cli)
{
    struct demo demo = {
        .clock = system_clock(),
        .entropy = entropy_system(),
        .prng = { .state = (uint64_t)cli_int(cli, "seed") },
        .dir = arena_c(cli_arena(cli), cli_text(cli, "dir")),
        .tell = tell,
        .tell_arg = cli,
    };
    void *buffer = malloc(DEMO_JSON_MAX);
    char made[DEMO_PATH_MAX];
    struct err err = arena_open(&demo.arena, 8 << 20);

    snprintf(made, sizeof made, "%s/ykt.conf", demo.dir);
    if (access(made, F_OK) == 0) { /* its keys would be lost */
        free(buffer);
        arena_close(&demo.arena);
        return cli_fail(cli, CLI_CONFLICT, "demo_exists", "%s 里已经有一个演示省",
                        "there is a demonstration province in %s already", demo.dir);
    }
    demo.json = writer_over(buffer, buffer ? DEMO_JSON_MAX : 0);
    if (err.code == 0) err = fill(&demo, cli);
    demo_close(&demo);
    return cli_end(cli, err);
}

static enum cli_exit empty(struct cli *cli)
{
    const struct store_config config = { .url = cli_text(cli, "store"),
                                         .clock = system_clock(),
                                         .entropy = entropy_system() };

    return cli_end(cli, store_empty(&config));
}

static const struct cli_verb VERBS[] = {
    { .name = "make",
      .zh = "造一个演示省：设置、测试密钥、居民、场馆、闸机",
      .en = "make a demonstration province: settings, test keys, residents, venues, gates",
      .run = make,
      .flags = { { .name = "dir",
                   .type = CLI_TEXT,
                   .value = "FOLDER",
                   .required = true,
                   .zh = "放在哪个文件夹",
                   .en = "the folder it goes to" },
                 { .name = "store",
                   .type = CLI_TEXT,
                   .value = "URL",
                   .required = true,
                   .zh = "数据库",
                   .en = "the store" },
                 { .name = "data",
                   .type = CLI_TEXT,
                   .value = "FOLDER",
                   .preset = "data",
                   .zh = "基础数据",
                   .en = "reference data" },
                 { .name = "residents",
                   .type = CLI_INT,
                   .preset = "60000",
                   .min = 100,
                   .max = 10000000,
                   .zh = "居民数",
                   .en = "how many residents" },
                 { .name = "port",
                   .type = CLI_INT,
                   .preset = "8080",
                   .min = 1024,
                   .max = 65000,
                   .zh = "端口；后两个端口也用",
                   .en = "port; the two behind it are used too" },
                 { .name = "seed",
                   .type = CLI_INT,
                   .preset = "340000",
                   .min = 0,
                   .max = INT64_MAX,
                   .zh = "随机种子",
                   .en = "seed of who lives where" } },
      .examples = { { "ykt demo make --dir demo-data --store sqlite:demo-data/ykt.db", "默认规模",
                      "the usual size" } } },
    { .name = "empty",
      .zh = "清空演示用的 PostgreSQL 数据库；别的数据库一概拒绝",
      .en = "empty the PostgreSQL database of a demonstration; any other one is refused",
      .run = empty,
      .flags = { { .name = "store",
                   .type = CLI_TEXT,
                   .value = "URL",
                   .required = true,
                   .zh = "数据库",
                   .en = "the store" } },
      .examples = { { "ykt demo empty --store postgresql:///demo", "清空", "empty it" } } },
};
const struct cli_noun DEMO_NOUN = { "demo", "演示", "the demonstration", VERBS, LEN(VERBS) };
