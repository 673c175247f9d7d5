/* tests/base/log_test.c - lines, clipping, threads, and that no person's value gets through. */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/test.h"

static char text[1 << 20];
static int fd = -1;

static struct instant fixed(void *arg)
{
    (void)arg;
    return (struct instant){ INT64_C(1629444727123456) };
}

static void begin(enum log_format format, bool clock)
{
    char path[512];
    struct log_config config = { .format = format, .level = LOG_INFO };

    snprintf(path, sizeof path, "%s/log", test_folder());
    if (fd >= 0) close(fd);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (fd < 0) abort();
    config.fd = fd;
    if (clock) config.clock.now = fixed;
    log_open(&config);
}

static struct str written(void)
{
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    if (n < 0) abort();
    text[n] = 0;
    return (struct str){ text, (size_t)n };
}

static void lines(void)
{
    begin(LOG_TEXT, true);
    log_request(S("req_1"));
    log_event(LOG_INFO, "store opened",
              LOG(log_text("engine", S("sqlite")), log_int("pool", 4), log_bool("new", true),
                  log_text("why", S("a b\"c")), log_at("since", (struct instant){ 0 }),
                  log_masked("name", masked_name(S("张三")))));
    log_request(S(""));
    log_event(LOG_DEBUG, "not wanted", LOG_NONE);
    CHECK_STR("text", written(),
              S("2021-08-20T15:32:07.123456+08:00 info  store opened request=req_1 engine=sqlite "
                "pool=4 new=true why=\"a b\\\"c\" since=1970-01-01T08:00:00+08:00 name=\"张*\"\n"));

    begin(LOG_JSON, true);
    log_request(S("req_2"));
    log_event(LOG_WARN, "slow \"call\"", LOG(log_int("waited_usec", -5), log_text("empty", S(""))));
    log_request(S(""));
    CHECK_STR("JSON", written(),
              S("{\"at\":\"2021-08-20T15:32:07.123456+08:00\",\"level\":\"warn\",\"event\":\"slow "
                "\\\"call\\\"\",\"request\":\"req_2\",\"waited_usec\":-5,\"empty\":\"\"}\n"));

    begin(LOG_TEXT, false);
    log_fault("not saved", fault(FAULT_STORE_IO, "slot %d", 5), LOG(log_int("tries", 2)));
    log_fault("refused", (struct err){ .code = 7001 }, LOG_NONE);
    CHECK_STR("faults with their note, refusals with their code", written(),
              S("error not saved tries=2 code=-4 fault=FAULT_STORE_IO note=\"slot 5\"\n"
                "info  refused code=7001\n"));

    begin(LOG_JSON, false);
    log_event(LOG_INFO, "a line end\nand a forged {\"level\":\"error\"}",
              LOG(log_text("x", S("a\nb\r\x1b[31m"))));
    CHECK_STR("nothing forges a line", written(),
              S("{\"level\":\"info\",\"event\":\"a line end\\nand a forged "
                "{\\\"level\\\":\\\"error\\\"}\",\"x\":\"a\\nb\\u000d\\u001b[31m\"}\n"));
}

static void long_lines(void)
{
    static char big[6000];
    struct str out;

    for (size_t i = 0; i + 3 <= sizeof big; i += 3) {
        memcpy(big + i, "张", 3);
    }
    begin(LOG_JSON, false);
    log_event(LOG_INFO, "big",
              LOG(log_text("a", (struct str){ big, sizeof big }),
                  log_text("b", (struct str){ big, sizeof big }),
                  log_text("c", (struct str){ big, sizeof big }),
                  log_text("d", (struct str){ big, sizeof big }),
                  log_text("e", (struct str){ big, sizeof big }), log_int("f", 7)));
    out = written();
    CHECK("a line keeps to its limit", out.n <= LOG_LINE_MAX);
    CHECK("ends as JSON", str_ends(out, S("\"f\":7,\"clipped\":\"…\"}\n")));
    CHECK("and stays UTF-8", utf8_valid(out));
    close(fd);
    fd = -1;
    int64_t before = log_dropped();
    log_event(LOG_INFO, "nobody listens", LOG_NONE);
    CHECK_INT("a lost line is counted", log_dropped(), before + 1);
}

enum { THREADS = 8, LINES = 500 };

static void *chatter(void *arg)
{
    char id[16];

    snprintf(id, sizeof id, "req_%d", *(int *)arg);
    log_request(str_of(id));
    for (int i = 0; i < LINES; i++) {
        log_event(LOG_INFO, "chatter", LOG(log_int("thread", *(int *)arg), log_int("line", i)));
    }
    return NULL;
}

static void threads(void)
{
    pthread_t thread[THREADS];
    int number[THREADS];
    struct str rest;
    int lines_n = 0, wrong = 0;

    begin(LOG_TEXT, false);
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        if (pthread_create(&thread[i], NULL, chatter, &number[i]) != 0) abort();
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
    }
    for (rest = written(); rest.n > 0; lines_n++) {
        struct str line = str_cut(rest, '\n', &rest);
        int id = -1, from = -2, n = -1;
        char copy[128];
        if (!str_c(line, copy, sizeof copy) ||
            sscanf(copy, "info  chatter request=req_%d thread=%d line=%d", &id, &from, &n) != 3 ||
            id != from)
            wrong++;
    }
    CHECK_INT("every line of every thread", lines_n, THREADS * LINES);
    CHECK_INT("whole, with its own request", wrong, 0);
}

/* ---- planted values: what must not be found in anything that was logged ---- */

/* A citizen number with a right check character: GB 11643. */
static void plant_person_no(struct prng *prng, char out[19])
{
    static const int WEIGHTS[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;

    snprintf(out, 19, "34%04d%04d%02d%02d%03d", (int)prng_between(prng, 100, 1899),
             (int)prng_between(prng, 1930, 2020), (int)prng_between(prng, 1, 12),
             (int)prng_between(prng, 1, 28), (int)prng_between(prng, 0, 999));
    for (int i = 0; i < 17; i++) {
        sum += (out[i] - '0') * WEIGHTS[i];
    }
    out[17] = "10X98765432"[sum % 11];
    out[18] = 0;
}

/* Every way into the log, with the planted values where each may come. */
static void log_everything(const char *person_no, const char *phone, const char *name)
{
    char line[256];
    struct str values[] = { str_of(person_no), str_of(phone), str_of(name) };

    for (size_t i = 0; i < LEN(values); i++) { /* the way they are meant to go, also mixed up */
        log_event(LOG_ERROR, "masked",
                  LOG(log_masked("a", masked_person_no(values[i])),
                      log_masked("b", masked_phone(values[i])),
                      log_masked("c", masked_name(values[i])),
                      log_masked("d", masked_card_no(values[i])),
                      log_masked("e", masked_account(values[i]))));
    }
    for (size_t i = 0; i < 2; i++) { /* numbers that slipped into free text: the second guard */
        snprintf(line, sizeof line, "no person \"%s\" in %s.", values[i].p, values[i].p);
        log_event(LOG_ERROR, line,
                  LOG(log_text("text", str_of(line)), log_text("bare", values[i])));
        log_fault(line, fault(FAULT_IO, "can't read %s: %s", values[i].p, line),
                  LOG(log_text("t", str_of(line))));
        log_request(str_of(line));
        log_event(LOG_ERROR, "request", LOG_NONE);
        log_request(values[i]);
        log_event(LOG_ERROR, "request", LOG_NONE);
        log_request(S(""));
    }
}

static void planted(void)
{
    static const char *const SURNAMES[] = { "欧阳", "司马", "诸葛", "皇甫" };
    static const char *const GIVEN[] = { "桂芳", "建国", "晓燕", "志强" };
    struct prng prng = { test_seed() };
    int found = 0, logged = 0;

    for (int round = 0; round < 200; round++) {
        char person_no[19], phone[16], name[32];
        plant_person_no(&prng, person_no);
        do { /* the log's own time of 07.123456 seconds would be taken for a phone's digits */
            snprintf(phone, sizeof phone, "1%d%09d", (int)prng_between(&prng, 3, 9),
                     (int)prng_between(&prng, 0, 999999999));
        } while (strstr(phone, "12345") || strstr(phone, "23456"));
        snprintf(name, sizeof name, "%s%s", SURNAMES[prng_between(&prng, 0, 3)],
                 GIVEN[prng_between(&prng, 0, 3)]);
        begin(round % 2 ? LOG_JSON : LOG_TEXT, round % 3 != 0);
        log_everything(person_no, phone, name);
        struct str out = written();
        logged += out.n > 1000;
        char birth_and_serial[13] = { 0 }, middle[9] = { 0 }; /* enough to work the rest out */
        memcpy(birth_and_serial, person_no + 6, 8);
        memcpy(middle, phone + 3, 5);
        found += strstr(out.p, person_no) || strstr(out.p, phone) || strstr(out.p, name) ||
                 strstr(out.p, birth_and_serial) || strstr(out.p, middle);
    }
    CHECK_INT("200 rounds were logged", logged, 200);
    CHECK_INT("and no planted value can be read", found, 0);
}

int main(void)
{
    lines();
    long_lines();
    threads();
    planted();
    begin(LOG_TEXT, false);
    return test_end();
}
