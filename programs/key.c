/* programs/key.c - `ykt key …`: ceremony, import of components, rotation, destruction, status. All
 * but the ceremony work on the key folder of a configuration while its keyd is stopped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "crypto/keys.h"
#include "programs/nouns.h"
#include "programs/settings.h"

/* ---- refusals in words ---- */

static const struct {
    int code;
    const char *name;
    enum cli_exit exit;
    const char *zh, *en;
} PROBLEMS[] = {
    { KEYD_LOCKED, "keys_in_use", CLI_CONFLICT, "密钥文件夹正被使用：先停止 keyd",
      "the key folder is in use: stop keyd first" },
    { KEYD_EXISTS, "keys_exist", CLI_CONFLICT, "已存在，或仍在使用中",
      "there is one already, or it is still the active one" },
    { KEYD_KEY_UNKNOWN, "key_unknown", CLI_NOT_FOUND, "没有这把密钥", "there is no such key" },
    { HSM_KEY_UNKNOWN, "master_unknown", CLI_NOT_FOUND, "设备里没有主密钥",
      "the device holds no master key" },
    { KEYD_KEY_DESTROYED, "key_destroyed", CLI_CONFLICT, "密钥已销毁", "it was destroyed before" },
    { KEYD_COMPONENT_BAD, "component_bad", CLI_FAILED, "分量有误、重复，或属于另一次仪式",
      "a component that is damaged, given twice, or of another ceremony" },
    { KEYD_CHECK_VALUE, "check_value", CLI_FAILED, "校验值不符", "the check value differs" },
    { KEYD_NOT_TEST, "not_test", CLI_NOT_ALLOWED, "测试标记与设备不符",
      "the test mark does not suit the device" },
    { HSM_NOT_TEST, "not_test", CLI_NOT_ALLOWED, "密钥文件没有测试标记",
      "the key file is not marked test" },
    { HSM_WRONG_PIN, "wrong_pin", CLI_NOT_ALLOWED, "口令不对", "the passphrase or PIN is wrong" },
    { HSM_KEY_EXISTS, "master_exists", CLI_CONFLICT, "设备里已有主密钥",
      "the device holds a master key already" },
    { KEYD_NOT_ROTATABLE, "not_rotatable", CLI_NOT_ALLOWED, "这把密钥不能轮换",
      "this key can't be rotated" },
    { CRYPTO_BAD_PUBLIC_KEY, "bad_public_key", CLI_USAGE, "公钥有误",
      "no public key of the suite" },
    { KEYD_LOG_BROKEN, "log_broken", CLI_FOUND_PROBLEMS, "日志被改动", "the log was changed" },
};

enum cli_exit key_end(struct cli *cli, struct err err)
{
    for (size_t i = 0; i < LEN(PROBLEMS); i++) {
        if (PROBLEMS[i].code == err.code)
            return cli_fail(cli, PROBLEMS[i].exit, PROBLEMS[i].name, "%s", "%s",
                            cli_zh(cli) ? PROBLEMS[i].zh : PROBLEMS[i].en);
    }
    return cli_end(cli, err);
}

/* ---- the place ---- */

struct place {
    struct config config;
    struct secret pin;
    struct keyd_settings keyd;
    struct keys_place keys;
};

static void place_close(struct place *place)
{
    secret_close(&place->pin);
}

static enum cli_exit place_open(struct cli *cli, struct place *out)
{
    enum cli_exit end = settings_load(cli, cli_arena(cli), &out->config);

    if (end != CLI_OK) return end;
    struct err err = OK;
#ifndef YKT_DEBUG /* the leak sanitizer must be able to look into it */
    err = secret_process(false);
#endif
    if (err.code == 0) err = settings_keyd(&out->config, &out->pin, &out->keyd);
    if (err.code != 0) return cli_end(cli, err);
    out->keys = (struct keys_place){ .dir = out->keyd.dir,
                                     .hsm = out->keyd.hsm,
                                     .entropy = out->keyd.entropy,
                                     .at = clock_now(&out->keyd.clock) };
    return CLI_OK;
}

static struct str hex_text(struct cli *cli, const uint8_t *p, size_t n)
{
    struct writer w = writer_over(arena_take(cli_arena(cli), 2 * n, 1), 2 * n);

    put_hex(&w, bytes_of(p, n));
    return writer_str(&w);
}

/* ---- ceremony ---- */

static RESULT component_write(const char *path, const struct component *component)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t n = strlen(component->text);
    bool ok = fd >= 0 && write(fd, component->text, n) == (ssize_t)n && write(fd, "\n", 1) == 1 &&
              fsync(fd) == 0;

    if (fd >= 0) close(fd);
    if (!ok) return fault(FAULT_IO, "%s: %s", path, strerror(errno));
    return OK;
}

static const struct cli_column COMPONENT_COLUMNS[] = {
    { .name = "component", .zh = "分量", .en = "component", .right = true },
    { .name = "file", .zh = "文件", .en = "file" },
    { .name = "check_value", .zh = "校验值", .en = "check value" },
};

static enum cli_exit ceremony(struct cli *cli)
{
    int m = (int)cli_int(cli, "needed"), n = (int)cli_int(cli, "of");
    struct component components[COMPONENTS_MAX];
    struct entropy entropy = entropy_system();
    uint8_t check[CHECK_VALUE_BYTES];
    struct str out = cli_text(cli, "out"), check_text;
    struct err err;

    if (m > n)
        return cli_fail(cli, CLI_USAGE, "usage", "--needed 不能大于 --of",
                        "--needed can't be more than --of");
    err = keys_ceremony(m, n, cli_has(cli, "test"), &entropy, components, check);
    if (err.code == 0) cli_table(cli);
    for (int i = 0; i < n && err.code == 0; i++) {
        const char *path = arena_c(cli_arena(cli), arena_format(cli_arena(cli), "%.*s/component-%d",
                                                                (int)out.n, out.p, i + 1));
        err = component_write(path, &components[i]);
        cli_row(cli, CELLS(cell_int(i + 1), cell_text(str_of(path)),
                           cell_text(hex_text(cli, components[i].check, CHECK_VALUE_BYTES))));
    }
    secret_wipe(components, sizeof components);
    if (err.code != 0) return key_end(cli, err);
    cli_table_end(cli);
    check_text = hex_text(cli, check, sizeof check);
    cli_say(cli, "主密钥校验值 %.*s   任意 %d 份可恢复；下一步：各自执行 ykt key import-component",
            "master's check value %.*s   any %d give it back; next: ykt key import-component, each",
            (int)check_text.n, check_text.p, m);
    return CLI_OK;
}

static enum cli_exit import_component(struct cli *cli)
{
    struct place place = { 0 };
    SCOPED(secret) line = { 0 };
    enum cli_exit end = place_open(cli, &place);
    int missing = 0;

    if (end != CLI_OK) return end;
    struct err err = secret_file(arena_c(cli_arena(cli), cli_arg(cli, 0)), &line);
    if (err.code == 0)
        err = keys_import_component(&place.keys, bytes_str(secret_bytes(&line)), &missing);
    place_close(&place);
    if (err.code != 0) return key_end(cli, err);
    if (missing > 0)
        cli_say(cli, "已收下，还差 %d 份", "taken; %d more are wanted", missing);
    else
        cli_say(cli, "主密钥已导入，各用途密钥已生成",
                "the master is in; a key was made for each use");
    return CLI_OK;
}

static enum cli_exit create(struct cli *cli)
{
    struct place place = { 0 };
    enum cli_exit end = place_open(cli, &place);

    if (end != CLI_OK) return end;
    struct err err = keys_create(&place.keys);
    place_close(&place);
    if (err.code == 0) cli_say(cli, "密钥已生成", "keys made");
    return key_end(cli, err);
}

/* ---- life ---- */

static const char *const SUITES[] = { "sm2", "p256", NULL };

/* The use named, and the suite where it takes one. */
static enum cli_exit use_take(struct cli *cli, int *use, enum suite *suite)
{
    *use = keys_use_parse(cli_arg(cli, 0));
    if (*use == 0)
        return cli_fail(cli, CLI_USAGE, "usage", "没有这种用途；ykt key status 列出全部",
                        "no such use; ykt key status lists them");
    *suite = *use > KEYS_SIGN ? (enum suite)(cli_int(cli, "suite") + 1) : (enum suite)0;
    return CLI_OK;
}

static enum cli_exit rotate(struct cli *cli)
{
    struct place place = { 0 };
    enum suite suite;
    uint16_t version = 0;
    int use;
    enum cli_exit end = use_take(cli, &use, &suite);

    if (end == CLI_OK) end = place_open(cli, &place);
    if (end != CLI_OK) return end;
    struct err err = keys_rotate(&place.keys, use, suite, cli_int(cli, "ahead"),
                                 cli_int(cli, "overlap"), &version);
    place_close(&place);
    if (err.code == 0)
        cli_say(cli, "新版本 %d；重启 keyd 后生效", "version %d; in force when keyd is restarted",
                (int)version);
    return key_end(cli, err);
}

static enum cli_exit destroy(struct cli *cli)
{
    struct place place = { 0 };
    enum suite suite;
    int use;
    enum cli_exit end = use_take(cli, &use, &suite);

    if (end != CLI_OK) return end;
    if (!cli_has(cli, "yes"))
        return cli_fail(cli, CLI_NOT_ALLOWED, "confirm", "它加密的数据将永远打不开；确认请加 --yes",
                        "what it sealed will never open again; say --yes to go on");
    end = place_open(cli, &place);
    if (end != CLI_OK) return end;
    struct err err = keys_destroy(&place.keys, use, suite, (uint16_t)cli_int(cli, "version"));
    place_close(&place);
    if (err.code == 0)
        cli_say(cli, "已销毁；备份中的旧文件也须销毁",
                "destroyed; older copies in backups must go, too");
    return key_end(cli, err);
}

static const struct cli_column CHECK_COLUMNS[] = {
    { .name = "check_value", .zh = "主密钥校验值", .en = "master's check value" },
};

static enum cli_exit check_value(struct cli *cli)
{
    struct place place = { 0 };
    uint8_t check[CHECK_VALUE_BYTES];
    enum cli_exit end = place_open(cli, &place);

    if (end != CLI_OK) return end;
    struct err err = keys_master_check(&place.keys, check);
    place_close(&place);
    if (err.code != 0) return key_end(cli, err);
    cli_record(cli);
    cli_row(cli, CELLS(cell_text(hex_text(cli, check, sizeof check))));
    cli_table_end(cli);
    return CLI_OK;
}

static const struct cli_column STATUS_COLUMNS[] = {
    { .name = "use", .zh = "用途", .en = "use" },
    { .name = "suite", .zh = "套件", .en = "suite" },
    { .name = "version", .zh = "版本", .en = "version", .right = true },
    { .name = "class", .zh = "类", .en = "class" },
    { .name = "state", .zh = "状态", .en = "state" },
    { .name = "test", .zh = "测试", .en = "test" },
    { .name = "valid_from", .zh = "起", .en = "from" },
    { .name = "valid_to", .zh = "止", .en = "to" },
    { .name = "check_value", .zh = "校验值", .en = "check value" },
    { .name = "kid", .zh = "编号", .en = "kid" },
};

static const char *suite_name(enum suite suite)
{
    return suite == SUITE_SM2 ? "sm2" : suite == SUITE_P256 ? "p256" : "-";
}

static const char *state_name(enum key_state state)
{
    switch (state) {
    case KEY_ACTIVE:
        return "active";
    case KEY_RETIRED:
        return "retired";
    case KEY_DESTROYED:
        return "destroyed";
    }
    return "?";
}

static void status_row(struct cli *cli, const struct key_row *row)
{
    static const char *const CLASSES[] = { "?", "A", "B", "C", "D" };

    cli_row(cli,
            CELLS(cell_text(str_of(keys_use_name(row->use))),
                  cell_text(str_of(suite_name(row->suite))), cell_int(row->version),
                  cell_text(str_of(CLASSES[row->class])), cell_text(str_of(state_name(row->state))),
                  cell_bool(row->test), cell_at(row->valid_from), cell_at(row->valid_to),
                  cell_text(hex_text(cli, row->check, CHECK_VALUE_BYTES)),
                  row->suite ? cell_text(hex_text(cli, row->kid, KID_BYTES)) : cell_none()));
}

static enum cli_exit status(struct cli *cli)
{
    static struct key_row rows[KEY_ROWS_MAX];
    struct place place = { 0 };
    size_t n = 0;
    enum cli_exit end = place_open(cli, &place);

    if (end != CLI_OK) return end;
    struct err err = keys_status(&place.keys, rows, LEN(rows), &n);
    place_close(&place);
    if (err.code != 0) return key_end(cli, err);
    cli_table(cli);
    for (size_t i = 0; i < n; i++) {
        status_row(cli, &rows[i]);
    }
    cli_table_end(cli);
    return CLI_OK;
}

static enum cli_exit verify_log(struct cli *cli)
{
    struct place place = { 0 };
    struct keyd_log_report report;
    enum cli_exit end = place_open(cli, &place);

    if (end != CLI_OK) return end;
    struct err err = keyd_log_verify(place.keyd.dir, &place.keyd.hsm, place.keyd.entropy, &report);
    place_close(&place);
    if (err.code == KEYD_LOG_BROKEN)
        return cli_fail(cli, CLI_FOUND_PROBLEMS, "log_broken", "日志被改动：%s",
                        "the log was changed: %s", report.where);
    if (err.code == 0)
        cli_say(cli, "日志完整：%" PRId64 " 天，%" PRId64 " 行",
                "the log holds: %" PRId64 " days, %" PRId64 " lines", report.days, report.lines);
    return key_end(cli, err);
}

static enum cli_exit officer_add(struct cli *cli)
{
    struct place place = { 0 };
    struct str name = cli_arg(cli, 0), hex = cli_text(cli, "public-key");
    uint8_t key[POINT_LONG], kid[KID_BYTES];
    struct str text;
    enum cli_exit end;

    if (name.n > 32 || hex.n / 2 > sizeof key || !hex_parse(hex, key, hex.n / 2))
        return cli_fail(cli, CLI_USAGE, "usage", "姓名至多 32 字节，公钥为十六进制",
                        "a name of at most 32 bytes, a public key in hexadecimal");
    end = place_open(cli, &place);
    if (end != CLI_OK) return end;
    struct err err = keys_officer_add(&place.keys, name, (enum suite)(cli_int(cli, "suite") + 1),
                                      bytes_of(key, hex.n / 2), kid);
    place_close(&place);
    if (err.code != 0) return key_end(cli, err);
    text = hex_text(cli, kid, sizeof kid);
    cli_say(cli, "已登记，编号 %.*s", "enrolled as %.*s", (int)text.n, text.p);
    return CLI_OK;
}

static enum cli_exit officer_remove(struct cli *cli)
{
    struct place place = { 0 };
    uint8_t kid[KID_BYTES];
    enum cli_exit end;

    if (!hex_parse(cli_arg(cli, 0), kid, sizeof kid))
        return cli_fail(cli, CLI_USAGE, "usage", "编号为 16 位十六进制",
                        "a kid is 16 hexadecimal digits");
    end = place_open(cli, &place);
    if (end != CLI_OK) return end;
    struct err err = keys_officer_remove(&place.keys, kid);
    place_close(&place);
    if (err.code == 0)
        cli_say(cli, "已注销；重启 keyd 后生效", "removed; in force when keyd is restarted");
    return key_end(cli, err);
}

/* clang-format off */
#define SUITE_FLAG { .name = "suite", .type = CLI_ENUM, .choices = SUITES, .preset = "sm2",        \
                     .zh = "签名密钥的套件", .en = "suite of a signing key" }
#define USE_ARG { .name = "use", .zh = "用途，如 field、stop-list",                                 \
                  .en = "what the key is for: field, stop-list, ..." }

static const struct cli_verb VERBS[] = {
    { .name = "ceremony", .zh = "生成主密钥分量（m-of-n）", .en = "make a master key as components",
      .run = ceremony, .columns = COMPONENT_COLUMNS, .columns_n = LEN(COMPONENT_COLUMNS),
      .flags = { { .name = "needed", .type = CLI_INT, .min = 1, .max = COMPONENTS_MAX, .preset = "3",
                   .zh = "恢复需要几份", .en = "how many give it back" },
                 { .name = "of", .type = CLI_INT, .min = 1, .max = COMPONENTS_MAX, .preset = "5",
                   .zh = "共几份", .en = "how many are made" },
                 { .name = "out", .type = CLI_TEXT, .value = "FOLDER", .required = true,
                   .zh = "写到哪个文件夹", .en = "folder to write them to" },
                 { .name = "test", .type = CLI_SWITCH, .zh = "标为测试", .en = "marked as test" } },
      .examples = { { "ykt key ceremony --needed 3 --of 5 --out /media/safe", "五份，三份可恢复",
                      "five, of which three suffice" } } },
    { .name = "import-component", .zh = "导入一份分量", .en = "bring one component",
      .run = import_component,
      .args = { { .name = "file", .zh = "分量文件", .en = "the component's file" } },
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt key import-component component-1 --config ykt.conf", "第一份", "the first" } } },
    { .name = "create", .zh = "由设备自行生成主密钥与各用途密钥",
      .en = "let the device make its master, and make a key for each use",
      .run = create, .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt key create --config ykt.conf", "一步完成", "in one step" } } },
    { .name = "rotate", .zh = "轮换", .en = "make a new version of a key",
      .run = rotate, .args = { USE_ARG },
      .flags = { SETTINGS_FLAGS, SUITE_FLAG,
                 { .name = "ahead", .type = CLI_DURATION, .preset = "0s", .max = 365 * USEC_PER_DAY,
                   .zh = "提前公布多久再启用", .en = "how long it is published before it signs" },
                 { .name = "overlap", .type = CLI_DURATION, .preset = "7d", .max = 3650 * USEC_PER_DAY,
                   .zh = "旧版本继续有效多久", .en = "how long the old one stays valid" } },
      .examples = { { "ykt key rotate stop-list --suite sm2 --ahead 1d --overlap 7d --config ykt.conf",
                      "明天启用，旧的再有效一周", "from tomorrow, the old one a week longer" } } },
    { .name = "destroy", .zh = "销毁一个旧版本", .en = "destroy a retired version",
      .run = destroy, .args = { USE_ARG },
      .flags = { SETTINGS_FLAGS, SUITE_FLAG,
                 { .name = "version", .type = CLI_INT, .min = 1, .max = UINT16_MAX, .required = true,
                   .zh = "版本", .en = "which version" },
                 { .name = "yes", .type = CLI_SWITCH, .zh = "确认", .en = "go on" } },
      .examples = { { "ykt key destroy field --version 1 --yes --config ykt.conf", "轮换之后，旧版本和它加密的一切不再可读",
                      "after a rotation: the old version and all that it sealed are gone" } } },
    { .name = "check-value", .zh = "主密钥校验值", .en = "the master's check value",
      .run = check_value, .columns = CHECK_COLUMNS, .columns_n = LEN(CHECK_COLUMNS),
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt key check-value --config ykt.conf", "与仪式上记下的核对", "compare it with what was written down" } } },
    { .name = "status", .zh = "列出密钥", .en = "list the keys",
      .run = status, .columns = STATUS_COLUMNS, .columns_n = LEN(STATUS_COLUMNS),
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt key status --config ykt.conf", "全部", "all of them" } } },
    { .name = "verify-log", .zh = "核验密钥进程的日志", .en = "verify the key process's log",
      .run = verify_log, .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt key verify-log --config ykt.conf", "逐日核验", "day by day" } } },
    { .name = "officer-add", .zh = "登记可签批量票的人员", .en = "enrol an officer who may sign tickets",
      .run = officer_add, .args = { { .name = "name", .zh = "姓名", .en = "who" } },
      .flags = { SETTINGS_FLAGS, SUITE_FLAG,
                 { .name = "public-key", .type = CLI_TEXT, .value = "HEX", .required = true,
                   .zh = "公钥", .en = "the public key, 33 or 65 bytes" } },
      .examples = { { "ykt key officer-add zhao --config ykt.conf --public-key "
                      "02009e850d180e632dbcd639fef28bb99da52bb1a6aa3fa03555360eb176ebd8d2",
                      "赵的 SM2 公钥", "the SM2 key of officer Zhao" } } },
    { .name = "officer-remove", .zh = "注销可签批量票的人员", .en = "an officer signs tickets no more",
      .run = officer_remove, .args = { { .name = "kid", .zh = "编号", .en = "whose key" } },
      .flags = { SETTINGS_FLAGS },
      .examples = { { "ykt key officer-remove c195cee85a608b20 --config ykt.conf", "编号是登记时给出的", "the kid is what officer-add said" } } },
};
/* clang-format on */
const struct cli_noun KEY_NOUN = { "key", "密钥", "keys", VERBS, LEN(VERBS) };
