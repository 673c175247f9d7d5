/* programs/doctor.c - `ykt doctor`: everything that a node stands on, looked at from outside, and
 * what to do about what is wrong. It changes nothing, and opens no key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "crypto/crypto.h"
#include "crypto/keyd.h"
#include "crypto/keys.h"
#include "programs/nouns.h"
#include "programs/ready.h"
#include "programs/settings.h"
#include "store/store.h"

enum { SETTINGS_ARENA = 512 * 1024 };
#define SEAL_LATE_USEC (5 * USEC_PER_SEC)
#define CLOCKS_APART_USEC (2 * USEC_PER_SEC)
enum { ROOM_PERCENT = 10 };                    /* less free than this is a warning, */
static const uint64_t ROOM_BYTES = 256u << 20; /* and less than this is a finding */

enum { BUDGET_NEAR = 80 }; /* percent of a day's budget: time left to look */

enum finding { FINE, WARNING, WRONG, NOT_SEEN };

struct doctor {
    struct cli *cli;
    struct arena arena;
    struct config config;
    int wrong;
};

static void tell(struct doctor *doctor, const char *check, enum finding finding, struct str why,
                 const char *zh, const char *en)
{
    static const char *const STATES[] = { "ok", "warning", "wrong", "not_seen" };

    if (finding == WRONG) doctor->wrong++;
    cli_row(
        doctor->cli,
        CELLS(cell_text(str_of(check)), cell_text(str_of(STATES[finding])), cell_text(why),
              finding == FINE ? cell_none() : cell_text(str_of(cli_zh(doctor->cli) ? zh : en))));
}

static struct str why_of(struct doctor *doctor, struct err err)
{
    struct cli_problem problem;
    bool zh = cli_zh(doctor->cli);

    if (err.code < 0)
        return arena_format(cli_arena(doctor->cli), "%s: %s", fault_name(err.code), fault_note());
    if (problem_of(err.code, &problem)) return str_of(zh ? problem.zh : problem.en);
    return arena_format(cli_arena(doctor->cli), "%d", err.code);
}

/* ---- the store: there, of our schema, sealed ---- */

static void hash(void *arg, struct bytes in, uint8_t out[32])
{
    (void)arg;
    sm3(in, out);
}

static struct err no_sign(void *arg, const uint8_t digest[32], uint8_t out[80], size_t *n)
{
    (void)arg, (void)digest, (void)out, (void)n;
    return fault(FAULT_KEYD, "a doctor does not seal");
}

static void count_step(void *arg, const struct migrate_step *step)
{
    int *n = arg;

    (void)step;
    ++*n;
}

static void feed(struct doctor *doctor, struct store *store)
{
    struct clock clock = system_clock();
    struct feed_status status;
    struct err err = feed_status(store, FEED_CARD, &status);
    struct str why;
    bool ahead;

    if (err.code != 0) {
        tell(doctor, "feed", WRONG, why_of(doctor, err), "见日志", "see the log");
        return;
    }
    why = arena_format(cli_arena(doctor->cli),
                       "position %" PRId64 ", unsealed %" PRId64 ", oldest %" PRId64 " ms",
                       status.head_position, status.unsealed, status.oldest_unsealed_usec / 1000);
    tell(doctor, "feed", status.oldest_unsealed_usec > SEAL_LATE_USEC ? WARNING : FINE, why,
         "服务运行时应在一秒内封存：看 keyd 和数据库",
         "a running server seals within a second: look at keyd and the database");
    ahead = instant_before(instant_add(clock_now(&clock), CLOCKS_APART_USEC), status.sealed_at);
    tell(doctor, "clock_behind_seals", ahead ? WRONG : FINE, S(""), "时钟早于最近一次封存：先校时",
         "the clock is behind the newest seal: set it first");
}

static void row_security(struct doctor *doctor, struct store *store)
{
    struct store_health health;
    struct err err;

    if (store_engine(store) != ENGINE_POSTGRESQL) return;
    err = store_health(store, &health);
    if (err.code != 0) {
        tell(doctor, "row_security", WRONG, why_of(doctor, err), "见日志", "see the log");
        return;
    }
    tell(doctor, "row_security",
         health.unguarded && !config_bool(&doctor->config, "server.test") ? WARNING : FINE,
         health.unguarded ? S("not in force") : S(""),
         "数据库角色不受行级安全约束：不要用超级用户或 BYPASSRLS，角色须拥有该库",
         "row security does not hold the role: no superuser, no BYPASSRLS");
}

static void store(struct doctor *doctor)
{
    const struct store_config config = {
        .url = config_text(&doctor->config, "database.url"),
        .clock = system_clock(),
        .entropy = entropy_system(),
        .sealer = { .hash = hash, .sign = no_sign },
        .inline_writer = true,
    };
    struct store *store = NULL;
    int waiting = 0;
    struct err err = store_migrate(&config, true, count_step, &waiting);

    if (err.code == 0 && waiting > 0) {
        tell(
            doctor, "store", WRONG,
            arena_format(cli_arena(doctor->cli), "%d of %d migrations wait", waiting, MIGRATIONS_N),
            "ykt db migrate --store …", "ykt db migrate --store ...");
        return;
    }
    if (err.code == 0) err = store_open(&config, &store);
    tell(doctor, "store", err.code == 0 ? FINE : WRONG, err.code == 0 ? S("") : why_of(doctor, err),
         "看磁盘、权限和数据库服务", "look at disk, rights and the database server");
    if (err.code != 0) return;
    feed(doctor, store);
    row_security(doctor, store);
    store_close(store);
}

/* ---- budgets: which of keyd's is nearest to its day's end? ---- */

static int64_t percent_used(const struct keyd_used *used)
{
    return used->day_max > 0 ? used->day_used * 100 / used->day_max : 0;
}

static void budgets(struct doctor *doctor, const struct keyd_status *status)
{
    const struct keyd_used *most = &status->budgets[1];
    const char *kind = "open", *name = settings_use_name((enum keyd_use)1);

    for (int use = 2; use < KEYD_USES; use++) {
        if (percent_used(&status->budgets[use]) <= percent_used(most)) continue;
        most = &status->budgets[use];
        name = settings_use_name((enum keyd_use)use);
    }
    for (int purpose = 1; purpose < KEYD_SIGN_PURPOSES; purpose++) {
        if (percent_used(&status->signing[purpose]) <= percent_used(most)) continue;
        most = &status->signing[purpose];
        kind = "sign";
        name = keys_use_name(KEYS_SIGN + purpose);
    }
    tell(doctor, "keyd_budgets", percent_used(most) >= BUDGET_NEAR ? WARNING : FINE,
         arena_format(cli_arena(doctor->cli), "%s %s: %" PRId64 " of %" PRId64 " today", kind, name,
                      most->day_used, most->day_max),
         "今日额度将尽：查明谁在用，必要时调高 budget.*",
         "today's budget is nearly used up: find out by whom, and raise budget.* if that is right");
}

/* ---- keys: does the key process of a running server answer, and by the same clock? ---- */

static void keys(struct doctor *doctor, bool runs)
{
    const char *path = settings_socket(&doctor->config, cli_arena(doctor->cli), "keyd");
    struct clock clock = system_clock();
    struct keyd_status status;
    struct keyd *keyd = NULL;
    struct err err;
    int64_t apart;

    if (!runs) {
        tell(doctor, "keyd", NOT_SEEN, S(""), "服务没有运行", "the server does not run");
        return;
    }
    err = keyd_open(path, &keyd);
    if (err.code == 0) err = keyd_status(keyd, &status);
    keyd_close(keyd);
    if (err.code != 0) {
        tell(doctor, "keyd", WRONG, why_of(doctor, err), "看 keyd 的日志和密钥设备",
             "look at keyd's log and the key device");
        return;
    }
    apart = clock_now(&clock).usec - status.now.usec;
    tell(doctor, "keyd", apart > CLOCKS_APART_USEC || apart < -CLOCKS_APART_USEC ? WARNING : FINE,
         status.test ? S("test keys") : S(""), "keyd 的时钟不同：时间跳过？",
         "keyd's clock differs: did time jump?");
    budgets(doctor, &status);
}

/* ---- machine: clock and room ---- */

static void machine_clock(struct doctor *doctor)
{
    struct timex t = { 0 };
    int state = adjtimex(&t);
    bool steady = state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);

    tell(doctor, "clock", steady ? FINE : WARNING, S(""),
         "没有时间服务在校时：chrony 或 systemd-timesyncd",
         "no time service keeps it: chrony or systemd-timesyncd");
}

static void room(struct doctor *doctor, const char *check, const char *path)
{
    struct statvfs fs;
    uint64_t free_bytes, percent;

    if (statvfs(path, &fs) != 0) {
        tell(doctor, check, NOT_SEEN,
             arena_format(cli_arena(doctor->cli), "%s: %s", path, strerror(errno)),
             "还没有这个文件夹，或不可读", "the folder is not there yet, or can't be read");
        return;
    }
    free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    percent = fs.f_blocks ? (uint64_t)fs.f_bavail * 100 / fs.f_blocks : 100;
    tell(doctor, check,
         free_bytes < ROOM_BYTES  ? WRONG
         : percent < ROOM_PERCENT ? WARNING
                                  : FINE,
         arena_format(cli_arena(doctor->cli), "%" PRIu64 " MiB free, %" PRIu64 " %%",
                      free_bytes >> 20, percent),
         "腾出磁盘", "make room");
}

static void rooms(struct doctor *doctor)
{
    struct str url = config_text(&doctor->config, "database.url"), path;

    if (str_starts(url, S("sqlite:"))) {
        path = str_part(url, 7, url.n);
        while (path.n > 0 && path.p[path.n - 1] != '/')
            path.n--;
        room(doctor, "room_records", path.n > 0 ? arena_c(cli_arena(doctor->cli), path) : ".");
    }
    room(doctor, "room_keys", config_path(&doctor->config, "keys.folder"));
    room(doctor, "room_derived", config_path(&doctor->config, "derived.folder"));
}

/* ---- the running server's own checks ---- */

static enum cli_exit server(struct doctor *doctor, bool *runs)
{
    const char *name;
    json_t *checks, *check;
    bool ready;
    enum cli_exit end = ready_checks(doctor->cli, &doctor->config, &ready, &checks);

    if (end != CLI_OK) return end;
    *runs = checks != NULL;
    if (!checks)
        tell(doctor, "server", NOT_SEEN, config_text(&doctor->config, "server.internal"),
             "没有应答：服务没有运行", "nobody answers: the server does not run");
    json_object_foreach(checks, name, check)
    {
        const char *state = member(check, "state");
        struct str title = arena_format(cli_arena(doctor->cli), "server_%s", name);
        tell(doctor, arena_c(cli_arena(doctor->cli), title),
             strcmp(state, "ok") == 0         ? FINE
             : strcmp(state, "degraded") == 0 ? WARNING
                                              : WRONG,
             arena_str(cli_arena(doctor->cli), str_of(member(check, "why"))),
             "见 docs/OPERATING.md 第 8 节", "docs/OPERATING.md section 8");
    }
    json_decref(checks);
    return CLI_OK;
}

static enum cli_exit look(struct doctor *doctor)
{
    bool runs = false;
    enum cli_exit end;

    cli_table(doctor->cli);
    tell(doctor, "settings", FINE, S(""), "", "");
    end = server(doctor, &runs);
    if (end != CLI_OK) return end;
    keys(doctor, runs);
    store(doctor);
    machine_clock(doctor);
    rooms(doctor);
    cli_table_end(doctor->cli);
    if (doctor->wrong == 0) {
        cli_say(doctor->cli, "没有发现错误", "nothing is wrong");
        return CLI_OK;
    }
    cli_say(doctor->cli, "%d 处有误", "%d are wrong", doctor->wrong);
    return CLI_FOUND_PROBLEMS;
}

static enum cli_exit run(struct cli *cli)
{
    struct doctor *doctor = calloc(1, sizeof *doctor);
    struct err err =
        doctor ? arena_open(&doctor->arena, SETTINGS_ARENA) : fault(FAULT_MEMORY, "doctor");
    enum cli_exit end;

    if (err.code != 0) {
        free(doctor);
        return cli_end(cli, err);
    }
    doctor->cli = cli;
    end = settings_load(cli, &doctor->arena, &doctor->config);
    if (end == CLI_OK) end = look(doctor);
    arena_close(&doctor->arena);
    free(doctor);
    return end;
}

/* clang-format off */
static const struct cli_column COLUMNS[] = {
    { .name = "check", .zh = "检查", .en = "check" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "why", .zh = "说明", .en = "why" },
    { .name = "next", .zh = "怎么办", .en = "what to do" },
};
static const struct cli_verb VERBS[] = {
    { .name = "", .zh = "检查一个节点所依赖的一切；不改动任何东西", .en = "look at everything that a node stands on; nothing is changed",
      .run = run, .columns = COLUMNS, .columns_n = LEN(COLUMNS), .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt doctor --config ykt.conf", "全面检查", "a look at all of it" } } },
};
/* clang-format on */
const struct cli_noun DOCTOR_NOUN = { "doctor", "体检", "what is wrong with this node", VERBS,
                                      LEN(VERBS) };
