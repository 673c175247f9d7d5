/* tests/crypto/keyd_log_test.c - budgets and tickets over restarts, and the log that remembers
 * them. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/crypto/keyd_world.h"

static void test_budgets(void)
{
    struct world world;
    uint8_t sealed[64], tag[NAME_TAG_BYTES];
    struct keyd_status status;
    struct signature signature;
    size_t n = 0;
    int opened = 0, tags = 0;

    world_new(&world, "budgets");
    CHECK_OK("seal",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    CHECK_INT("a second's", open_some(&world, KEYD_USE_HOLDER, bytes_of(sealed, n), 150), 100);
    CHECK_INT("another purpose has its own",
              open_some(&world, KEYD_USE_NOTICE, bytes_of(sealed, n), 10), 10);
    CHECK_OK("status", keyd_status(world.keyd, &status));
    CHECK_INT("used", status.budgets[KEYD_USE_HOLDER].day_used, 100);
    CHECK_INT("of", status.budgets[KEYD_USE_HOLDER].day_max, 1000);
    CHECK("test keys are told", status.test);
    CHECK_INT("no list is signed yet", status.signing[KEYD_SIGN_STOP_LIST].day_used, 0);
    CHECK_OK("a list", keyd_sign(world.keyd, KEYD_SIGN_STOP_LIST, str_bytes(S("x")), &signature));
    CHECK_OK("status", keyd_status(world.keyd, &status));
    CHECK_INT("signed this second", status.signing[KEYD_SIGN_STOP_LIST].second_used, 1);
    CHECK_INT("signed today", status.signing[KEYD_SIGN_STOP_LIST].day_used, 1);
    CHECK("of so many", status.signing[KEYD_SIGN_STOP_LIST].day_max > 1);
    CHECK_INT("and nothing else", status.signing[KEYD_SIGN_RECEIPT].day_used, 0);
    now.usec -= 5 * USEC_PER_SEC;
    CHECK_INT("a clock set back gives nothing",
              open_some(&world, KEYD_USE_HOLDER, bytes_of(sealed, n), 10), 0);
    now.usec += 5 * USEC_PER_SEC;
    /* through restarts every second: the day's and no more */
    for (int i = 0; i < 20; i++) {
        now.usec += USEC_PER_SEC;
        opened += open_some(&world, KEYD_USE_HOLDER, bytes_of(sealed, n), 101);
        world_stop(&world);
        world_start(&world);
        opened += open_some(&world, KEYD_USE_HOLDER, bytes_of(sealed, n), 3);
    }
    CHECK_INT("a day's, over restarts", opened + 100, 1000);
    now.usec += USEC_PER_DAY;
    CHECK_INT("a new day", open_some(&world, KEYD_USE_HOLDER, bytes_of(sealed, n), 1), 1);
    for (int i = 0; i < 20; i++) {
        now.usec += USEC_PER_SEC;
        for (int k = 0; k < 101; k++) {
            if (keyd_name_tag(world.keyd, 1, S("张三"), tag).code == 0) tags++;
        }
        world_stop(&world);
        world_start(&world);
    }
    CHECK("name tags: at most a day's, less what restarts lost", tags <= 1000 && tags >= 300);
    world_stop(&world);
}

/* ---- tickets ---- */

struct officer_key {
    uint8_t scalar[32], public_key[POINT_SHORT], kid[KID_BYTES];
    enum suite suite;
};

static void officer_new(struct officer_key *officer, enum suite suite)
{
    struct entropy entropy = prng_entropy(&prng);

    officer->suite = suite;
    CHECK_OK("officer", key_pair_new(suite, &entropy, officer->scalar, officer->public_key));
    CHECK_OK("officer", key_id(suite, bytes_of(officer->public_key, POINT_SHORT), officer->kid));
}

static void ticket_by(const struct ticket *ticket, const struct officer_key *a,
                      const struct officer_key *b, uint8_t out[TICKET_BYTES])
{
    struct signature signatures[2];
    const struct officer_key *officers[] = { a, b };
    uint8_t body[TICKET_BODY_BYTES];

    ticket_body(ticket, body);
    for (int i = 0; i < 2; i++) {
        struct bytes scalar = bytes_of(officers[i]->scalar, 32), what = bytes_of(body, sizeof body);
        memcpy(signatures[i].kid, officers[i]->kid, KID_BYTES);
        CHECK_OK("sign a ticket", officers[i]->suite == SUITE_SM2
                                      ? sm2_sign(scalar, what, signatures[i].rs)
                                      : p256_sign(scalar, what, signatures[i].rs));
    }
    ticket_write(ticket, signatures, out);
}

static void test_tickets(void)
{
    struct world world;
    struct officer_key zhao, qian, zhao_second, stranger;
    struct ticket good, wrong;
    uint8_t bytes[TICKET_BYTES], sealed[64], plain[64], kid[KID_BYTES];
    size_t n = 0, m;
    struct field_use use = { .use = KEYD_USE_BULK, .session_id = 1, .actor_id = 1 };
    struct keys_place place;

    world_new(&world, "tickets");
    CHECK_OK("seal",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    world_stop(&world);
    officer_new(&zhao, SUITE_SM2);
    officer_new(&qian, SUITE_P256);
    officer_new(&zhao_second, SUITE_P256);
    officer_new(&stranger, SUITE_SM2);
    place = place_of(&world);
    CHECK_OK("enrol", keys_officer_add(&place, S("zhao"), SUITE_SM2,
                                       bytes_of(zhao.public_key, POINT_SHORT), kid));
    CHECK_OK("enrol", keys_officer_add(&place, S("qian"), SUITE_P256,
                                       bytes_of(qian.public_key, POINT_SHORT), kid));
    CHECK_OK("enrol", keys_officer_add(&place, S("zhao"), SUITE_P256,
                                       bytes_of(zhao_second.public_key, POINT_SHORT), kid));
    CHECK_CODE(
        "enrol twice",
        keys_officer_add(&place, S("sun"), SUITE_SM2, bytes_of(zhao.public_key, POINT_SHORT), kid),
        KEYD_EXISTS);
    world_start(&world);

    good = (struct ticket){ .items = 5, .valid_from = now, .valid_to = { now.usec + 1000000 } };
    memset(good.id, 7, sizeof good.id);
    ticket_by(&good, &zhao, &qian, bytes);
    use.ticket = bytes_of(bytes, sizeof bytes);
#define OPEN()                                                                                     \
    keyd_field_open_one(world.keyd, &use, S("t"), S("c"), 1, bytes_of(sealed, n), plain,           \
                        sizeof plain, &m)
    CHECK_OK("two officers", OPEN());
    bytes[30] ^= 1;
    CHECK_CODE("a changed number of items", OPEN(), KEYD_TICKET_BAD);
    ticket_by(&good, &zhao, &zhao, bytes);
    CHECK_CODE("one officer twice", OPEN(), KEYD_TICKET_BAD);
    ticket_by(&good, &zhao, &zhao_second, bytes);
    CHECK_CODE("one officer with two keys", OPEN(), KEYD_TICKET_BAD);
    ticket_by(&good, &zhao, &stranger, bytes);
    CHECK_CODE("a stranger", OPEN(), KEYD_TICKET_BAD);
    wrong = good;
    wrong.valid_to.usec = wrong.valid_from.usec + TICKET_USEC_MAX + 1;
    ticket_by(&wrong, &zhao, &qian, bytes);
    CHECK_CODE("longer than a ticket may be", OPEN(), KEYD_TICKET_EXPIRED);
    wrong.valid_from.usec = now.usec + 1;
    wrong.valid_to.usec = now.usec + 2;
    ticket_by(&wrong, &zhao, &qian, bytes);
    CHECK_CODE("not yet", OPEN(), KEYD_TICKET_EXPIRED);
    use.ticket = bytes_of(bytes, sizeof bytes - 1);
    CHECK_CODE("cut short", OPEN(), KEYD_TICKET_BAD);
    use.ticket = bytes_of(bytes, sizeof bytes);
    ticket_by(&good, &zhao, &qian, bytes);
    for (int i = 0; i < 3; i++) {
        CHECK_OK("what is left on it", OPEN());
    }
    world_stop(&world);
    world_start(&world);
    CHECK_OK("the fifth, after a restart", OPEN());
    CHECK_CODE("the sixth", OPEN(), KEYD_TICKET_USED_UP);
    now.usec += 1000000;
    CHECK_CODE("its time is over", OPEN(), KEYD_TICKET_EXPIRED);
    world_stop(&world);

    place = place_of(&world);
    CHECK_OK("an officer leaves", keys_officer_remove(&place, qian.kid));
    CHECK_CODE("and is gone", keys_officer_remove(&place, qian.kid), KEYD_KEY_UNKNOWN);
    good.valid_from = now;
    good.valid_to.usec = now.usec + 1000000;
    good.id[0] = 8;
    ticket_by(&good, &zhao, &qian, bytes);
    world_start(&world);
    CHECK_CODE("a ticket by one who left", OPEN(), KEYD_TICKET_BAD);
    world_stop(&world);
}

/* ---- the log ---- */

static struct str file_text(const char *path, char *buffer, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(buffer, 1, size, f) : 0;

    if (f) fclose(f);
    return (struct str){ buffer, n };
}

static void file_write(const char *path, struct str text)
{
    FILE *f = fopen(path, "wb");

    CHECK("write", f && fwrite(text.p, 1, text.n, f) == text.n);
    if (f) fclose(f);
}

static size_t find(struct str in, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; i + n <= in.n; i++) {
        if (memcmp(in.p + i, what, n) == 0) return i;
    }
    CHECK(what, false);
    return 0;
}

static void test_log(void)
{
    struct world world;
    static char text[65536], changed[65536];
    char path[400];
    uint8_t sealed[64];
    size_t n = 0, at, line_end;
    struct keyd_log_report report;
    struct str all;
    struct entropy entropy = prng_entropy(&prng);

    world_new(&world, "log");
    CHECK_OK("seal",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    CHECK_INT("open", open_some(&world, KEYD_USE_COUNTER, bytes_of(sealed, n), 3), 3);
    world_stop(&world);
    now.usec += USEC_PER_DAY;
    world_start(&world);
    CHECK_INT("open", open_some(&world, KEYD_USE_COUNTER, bytes_of(sealed, n), 2), 2);
    world_stop(&world);
    CHECK_OK("holds", keyd_log_verify(world.dir, &world.settings.hsm, entropy, &report));
    CHECK_INT("two days", report.days, 2);

    snprintf(path, sizeof path, "%s/log/20211121", world.dir);
    all = file_text(path, text, sizeof text);
    at = find(all, "field-open use=2 n=1");
    memcpy(changed, text, all.n);
    changed[at + 19] = '3'; /* n=1 */
    file_write(path, (struct str){ changed, all.n });
    CHECK_CODE("a changed digit", keyd_log_verify(world.dir, &world.settings.hsm, entropy, &report),
               KEYD_LOG_BROKEN);
    CHECK("the line is named", str_starts(str_of(report.where), S("20211121:")));
    struct keyd_core *core = NULL;
    CHECK_CODE("and keyd does not start", keyd_core_open(&world.settings, &core), KEYD_LOG_BROKEN);

    for (line_end = at; text[line_end] != '\n'; line_end++) {}
    size_t line_start = at;
    while (line_start > 0 && text[line_start - 1] != '\n') {
        line_start--;
    }
    memcpy(changed, text, line_start);
    memcpy(changed + line_start, text + line_end + 1, all.n - line_end - 1);
    file_write(path, (struct str){ changed, all.n - (line_end + 1 - line_start) });
    CHECK_CODE("a line taken out",
               keyd_log_verify(world.dir, &world.settings.hsm, entropy, &report), KEYD_LOG_BROKEN);

    file_write(path, (struct str){ text, all.n - 10 });
    CHECK_OK("a torn last line is what a cut leaves",
             keyd_log_verify(world.dir, &world.settings.hsm, entropy, &report));
    CHECK_OK("keyd goes on from there", keyd_core_open(&world.settings, &core));
    keyd_core_close(core);
    CHECK_OK("and it holds", keyd_log_verify(world.dir, &world.settings.hsm, entropy, &report));
    file_write(path, (struct str){ text, all.n });
    snprintf(path, sizeof path, "%s/log/20211120", world.dir);
    all = file_text(path, text, sizeof text);
    file_write(path, (struct str){ text, all.n - 10 });
    CHECK_CODE("a torn line of an earlier day",
               keyd_log_verify(world.dir, &world.settings.hsm, entropy, &report), KEYD_LOG_BROKEN);
}

/* A medium that takes no more: nothing is opened that was not written down first. */
static void test_full(void)
{
    struct world world;
    uint8_t sealed[64];
    size_t n = 0;
    struct rlimit was, small;
    struct stat st;
    char path[400];

    world_new(&world, "full");
    CHECK_OK("seal",
             keyd_field_seal_one(world.keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &n));
    CHECK_INT("room", open_some(&world, KEYD_USE_COUNTER, bytes_of(sealed, n), 2), 2);
    snprintf(path, sizeof path, "%s/log/20211120", world.dir);
    CHECK("log", stat(path, &st) == 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK("limit", getrlimit(RLIMIT_FSIZE, &was) == 0);
    small = was;
    small.rlim_cur = (rlim_t)st.st_size + 100; /* half a line */
    CHECK("limit", setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK_INT("no room", open_some(&world, KEYD_USE_COUNTER, bytes_of(sealed, n), 3), 0);
    CHECK("limit", setrlimit(RLIMIT_FSIZE, &was) == 0);
    CHECK_INT("after a fault it stays shut",
              open_some(&world, KEYD_USE_COUNTER, bytes_of(sealed, n), 1), 0);
    world_stop(&world);
    world_start(&world);
    CHECK_INT("a restart cuts the half line and goes on",
              open_some(&world, KEYD_USE_COUNTER, bytes_of(sealed, n), 200), 98);
    world_stop(&world);
    struct keyd_log_report report;
    CHECK_OK("the log holds",
             keyd_log_verify(world.dir, &world.settings.hsm, world.settings.entropy, &report));
}

static void test_store_tamper(void)
{
    struct world world;
    static char text[65536];
    char path[400];
    struct keyd_core *core = NULL;
    struct str all;

    world_new(&world, "store");
    CHECK_CODE("a second keyd on the folder", keyd_core_open(&world.settings, &core), KEYD_LOCKED);
    world_stop(&world);
    snprintf(path, sizeof path, "%s/keys", world.dir);
    all = file_text(path, text, sizeof text);
    text[60] ^= 1; /* a state, a validity, a wrapped key: all the same */
    file_write(path, all);
    CHECK_CODE("a changed key store", keyd_core_open(&world.settings, &core), FAULT_CRYPTO);
    text[60] ^= 1;
    file_write(path, all);
    world.settings.hsm.secret = str_bytes(S("wrong"));
    CHECK_CODE("a wrong passphrase", keyd_core_open(&world.settings, &core), HSM_WRONG_PIN);
    world.settings.hsm.secret = str_bytes(S("test"));
    all = file_text(world.hsm, text, sizeof text);
    text[8] = 0; /* the mark */
    file_write(world.hsm, all);
    CHECK_CODE("a root file without the mark", keyd_core_open(&world.settings, &core),
               HSM_NOT_TEST);
    text[8] = 1;
    text[12] = 0x41; /* another cost: the header is authenticated */
    file_write(world.hsm, all);
    CHECK("another header", keyd_core_open(&world.settings, &core).code != 0);
}

int main(void)
{
    prng.state = test_seed();
    test_budgets();
    test_tickets();
    test_log();
    test_full();
    test_store_tamper();
    return test_end();
}
