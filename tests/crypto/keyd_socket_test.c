/* tests/crypto/keyd_socket_test.c - a hostile worker on the real socket: it gets at most the
 * budget, also across crashes of keyd, and disturbs nobody. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/keyd_server.h"
#include "crypto/keys.h"
#include "tests/test.h"

enum { CLIENTS = 64, DAY_MAX = 700, SECOND_MAX = 60 };

static struct prng prng;
static bool real_time;
static struct instant fixed = { INT64_C(1637380800000000) };

static struct instant now_of(void *arg)
{
    struct timespec ts;

    (void)arg;
    if (!real_time) return fixed;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (struct instant){ ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000 };
}

static char dir[300], hsm_path[320], socket_path[320];
static uint8_t sealed[64];
static size_t sealed_n;

static struct keyd_settings settings_of(void)
{
    struct keyd_settings settings = {
        .dir = dir,
        .hsm = { .kind = HSM_SOFTWARE, .path = hsm_path, .secret = str_bytes(S("test")) },
        .clock = { .now = now_of },
        .entropy = prng_entropy(&prng),
    };

    for (int use = 1; use < KEYD_USES; use++) {
        settings.budgets[use] = (struct keyd_budget){ INT32_MAX, DAY_MAX };
    }
    settings.budgets[KEYD_USE_HOLDER].per_second = SECOND_MAX;
    settings.budgets[KEYD_USE_HOLDER].per_day = INT32_MAX;
    return settings;
}

/* ---- a keyd on a thread, and its clients ---- */

struct server {
    struct keyd_core *core;
    int listening;
    atomic_bool stop;
    pthread_t thread;
    struct err end; /* how serving ended; looked at when the thread is joined */
};

static void *server_run(void *arg)
{
    struct server *server = arg;

    server->end = keyd_serve(server->core, server->listening, &server->stop);
    return NULL;
}

static void server_start(struct server *server)
{
    struct keyd_settings settings = settings_of();

    memset(server, 0, sizeof *server);
    CHECK_OK("open", keyd_core_open(&settings, &server->core));
    CHECK_OK("listen", keyd_listen(socket_path, &server->listening));
    CHECK("thread", pthread_create(&server->thread, NULL, server_run, server) == 0);
}

static void server_stop(struct server *server)
{
    atomic_store(&server->stop, true);
    pthread_join(server->thread, NULL);
    CHECK_OK("serve", server->end);
    close(server->listening);
    keyd_core_close(server->core);
}

static struct err open_once(struct keyd *keyd, enum keyd_use why)
{
    struct field_use use = { .use = why, .session_id = 1, .actor_id = 1 };
    uint8_t plain[64];
    size_t n;

    return keyd_field_open_one(keyd, &use, S("t"), S("c"), 1, bytes_of(sealed, sealed_n), plain,
                               sizeof plain, &n);
}

struct attacker {
    pthread_t thread;
    enum keyd_use use;
    int64_t until_usec;
    int opened, other; /* other: a refusal that is no budget, or a fault */
};

static void *attack(void *arg)
{
    struct attacker *attacker = arg;
    struct keyd *keyd;

    if (keyd_open(socket_path, &keyd).code != 0) {
        attacker->other++;
        return NULL;
    }
    for (int tries = 0; tries < 40 || now_of(NULL).usec < attacker->until_usec; tries++) {
        int code = open_once(keyd, attacker->use).code;
        if (code == 0)
            attacker->opened++;
        else if (code != KEYD_BUDGET_DAY && code != KEYD_BUDGET_SECOND)
            attacker->other++;
    }
    keyd_close(keyd);
    return NULL;
}

static int attack_all(enum keyd_use use, int64_t usec, int *other)
{
    static struct attacker attackers[CLIENTS];
    int opened = 0;

    *other = 0;
    for (int i = 0; i < CLIENTS; i++) {
        attackers[i] =
            (struct attacker){ .use = use, .until_usec = usec ? now_of(NULL).usec + usec : 0 };
        CHECK("thread", pthread_create(&attackers[i].thread, NULL, attack, &attackers[i]) == 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(attackers[i].thread, NULL);
        opened += attackers[i].opened;
        *other += attackers[i].other;
    }
    return opened;
}

static void test_hostile_day(void)
{
    struct server server;
    int other, opened;

    server_start(&server);
    opened = attack_all(KEYD_USE_COUNTER, 0, &other);
    CHECK_INT("64 connections get the day's budget and not one more", opened, DAY_MAX);
    CHECK_INT("and hear nothing but the budget", other, 0);
    server_stop(&server);
    server_start(&server);
    CHECK_INT("a restart gives nothing", attack_all(KEYD_USE_COUNTER, 0, &other), 0);
    server_stop(&server);
}

static void test_hostile_second(void)
{
    struct server server;
    int other, opened;
    int64_t from, to;

    real_time = true;
    server_start(&server);
    from = now_of(NULL).usec / USEC_PER_SEC;
    opened = attack_all(KEYD_USE_HOLDER, 1500000, &other);
    to = now_of(NULL).usec / USEC_PER_SEC;
    CHECK("each second its budget", opened <= SECOND_MAX * (int)(to - from + 1));
    CHECK("and something gets through", opened >= SECOND_MAX);
    CHECK_INT("nothing else", other, 0);
    server_stop(&server);
    real_time = false;
}

/* ---- frames that are none ---- */

static int raw_connect(void)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(to.sun_path, socket_path, strlen(socket_path) + 1);
    CHECK("connect", connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

/* -1 when the connection was closed without an answer, else the answer's code */
static int raw_ask(const char *hex)
{
    uint8_t bytes[256];
    size_t n = strlen(hex) / 2;
    int fd = raw_connect(), code = -1;
    ssize_t got;

    CHECK("hex", hex_parse(str_of(hex), bytes, n));
    CHECK("send", send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n);
    got = recv(fd, bytes, sizeof bytes, 0);
    if (got >= 14) {
        struct cursor c = cursor_over(bytes_of(bytes + 10, 4));
        code = (int)take_be32(&c);
    }
    close(fd);
    return code;
}

static void test_malformed(void)
{
    struct server server;
    static const struct {
        const char *title, *hex;
        int want;
    } rows[] = {
        { "a length of none", "00000000", -1 },
        { "shorter than a head", "000000050101000000", -1 },
        { "longer than any frame", "7fffffff01010000000a", -1 },
        { "another version", "00000006020800000001", KEYD_MALFORMED },
        { "a purpose that is none", "00000006016300000001", KEYD_PURPOSE_UNKNOWN },
        { "status with a byte behind", "0000000701080000000100", KEYD_MALFORMED },
        { "lending with a byte behind", "0000000701010000000100", KEYD_MALFORMED },
        { "sealing nothing", "000000080102000000010000", KEYD_MALFORMED },
        { "sealing 257", "000000080102000000010101", KEYD_TOO_LONG },
        { "sealing one that is not there", "000000080102000000010001", KEYD_MALFORMED },
        { "an opening without a body", "00000006010300000001", KEYD_MALFORMED },
        { "a signature without a body", "00000006010600000001", KEYD_MALFORMED },
        { "a signature, length past the end", "0000000c010600000001010000000005", KEYD_MALFORMED },
        { "status", "00000006010800000001", 0 },
    };

    server_start(&server);
    for (size_t i = 0; i < LEN(rows); i++) {
        CHECK_INT(rows[i].title, raw_ask(rows[i].hex), rows[i].want);
    }
    server_stop(&server);
}

/* Half a frame on many connections holds up nobody, and is cut at its deadline. */
static void test_holding(void)
{
    struct server server;
    int held[32];
    struct keyd *keyd;
    struct keyd_status status;
    int64_t start;
    uint8_t byte;

    server_start(&server);
    for (size_t i = 0; i < LEN(held); i++) {
        held[i] = raw_connect();
        CHECK("half a frame", send(held[i], "\0\0", 2, MSG_NOSIGNAL) == 2);
    }
    real_time = true;
    start = now_of(NULL).usec;
    CHECK_OK("another client", keyd_open(socket_path, &keyd));
    CHECK_OK("is answered", keyd_status(keyd, &status));
    CHECK("at once", now_of(NULL).usec - start < USEC_PER_SEC);
    CHECK("the holder is cut off", recv(held[0], &byte, 1, 0) == 0);
    CHECK("at the deadline", now_of(NULL).usec - start < KEYD_FRAME_USEC_MAX + 2 * USEC_PER_SEC);
    real_time = false;
    CHECK_OK("the idle one is not", keyd_status(keyd, &status));
    server_stop(&server);
    CHECK_CODE("a keyd that is gone", keyd_status(keyd, &status), FAULT_KEYD);
    server_start(&server);
    CHECK_OK("and that is back", keyd_status(keyd, &status));
    keyd_close(keyd);
    for (size_t i = 0; i < LEN(held); i++) {
        close(held[i]);
    }
    server_stop(&server);
}

/* An inherited socket pair is one connection of the same kind. */
static void *one_run(void *arg)
{
    static atomic_bool stop;
    struct server *server = arg;

    server->end = keyd_serve_one(server->core, server->listening, &stop);
    return NULL;
}

static void test_pair(void)
{
    struct server server = { 0 };
    struct keyd_settings settings = settings_of();
    struct keyd *keyd;
    struct blind_key blind = { 0 };
    int pair[2];

    CHECK_OK("open", keyd_core_open(&settings, &server.core));
    CHECK("pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    server.listening = pair[0];
    CHECK("thread", pthread_create(&server.thread, NULL, one_run, &server) == 0);
    CHECK_OK("attach", keyd_attach(pair[1], &keyd));
    CHECK_OK("lend", keyd_blind_key(keyd, &blind));
    CHECK_INT("version", blind.version, 1);
    blind_key_close(&blind);
    keyd_close(keyd);
    pthread_join(server.thread, NULL);
    CHECK_OK("serve one", server.end);
    close(pair[0]);
    keyd_core_close(server.core);
}

/* ---- killed between the budget and the answer, again and again ---- */

static pid_t server_fork(void)
{
    pid_t pid = fork();

    if (pid != 0) return pid;
    struct keyd_settings settings = settings_of();
    struct keyd_core *core;
    atomic_bool stop = false;
    int fd;

    if (keyd_core_open(&settings, &core).code != 0 || keyd_listen(socket_path, &fd).code != 0)
        _exit(9);
    _exit(keyd_serve(core, fd, &stop).code == 0 ? 0 : 8);
}

static atomic_bool server_gone;
static atomic_int opened_now; /* by all attackers of this round */

static void *attack_until_gone(void *arg)
{
    struct attacker *attacker = arg;
    struct keyd *keyd = NULL;

    while (!keyd && !atomic_load(&server_gone)) {
        if (keyd_open(socket_path, &keyd).code != 0) usleep(2000);
    }
    while (keyd) {
        int code = open_once(keyd, attacker->use).code;
        if (code == 0) atomic_fetch_add(&opened_now, 1);
        if (code < 0) break;
    }
    keyd_close(keyd);
    return NULL;
}

static void test_crashes(int rounds)
{
    int opened = 0;

    for (int i = 0; i < rounds; i++) {
        static struct attacker attackers[8];
        pid_t pid;
        int status;
        (void)unlink(socket_path);
        atomic_store(&server_gone, false);
        atomic_store(&opened_now, 0);
        pid = server_fork();
        for (size_t k = 0; k < LEN(attackers); k++) {
            attackers[k] = (struct attacker){ .use = KEYD_USE_DISCLOSE };
            pthread_create(&attackers[k].thread, NULL, attack_until_gone, &attackers[k]);
        }
        usleep((useconds_t)prng_between(&prng, 20000, 120000));
        /* once for certain while it is at work, however long it takes to begin */
        for (int k = 0; i == 0 && atomic_load(&opened_now) == 0 && k < 60000; k++)
            usleep(1000);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        atomic_store(&server_gone, true);
        CHECK("it was up until it was killed", WIFSIGNALED(status));
        for (size_t k = 0; k < LEN(attackers); k++) {
            pthread_join(attackers[k].thread, NULL);
        }
        opened += atomic_load(&opened_now);
    }
    CHECK("crashes never give more than the budget", opened <= DAY_MAX);
    CHECK("and were during work", opened > 0);
    struct keyd_log_report report;
    struct keyd_settings settings = settings_of();
    CHECK_OK("the log holds through all of it",
             keyd_log_verify(dir, &settings.hsm, settings.entropy, &report));
}

int main(void)
{
    struct keyd_core *core;
    struct keyd *keyd;
    struct clock clock = { .now = now_of };

    prng.state = test_seed();
    snprintf(dir, sizeof dir, "%s/k", test_folder());
    snprintf(hsm_path, sizeof hsm_path, "%s/hsm", dir);
    snprintf(socket_path, sizeof socket_path, "%s/s", test_folder());
    CHECK_OK("make", keyd_core_test(dir, clock, prng_entropy(&prng), &core));
    CHECK_OK("client", keyd_open_local(core, &keyd));
    CHECK_OK("seal",
             keyd_field_seal_one(keyd, S("t"), S("c"), 1, str_bytes(S("x")), sealed, &sealed_n));
    keyd_close(keyd);
    keyd_core_close(core);

    test_malformed();
    test_pair();
    test_hostile_day();
    test_holding();
    test_crashes(12);
    test_hostile_second();
    return test_end();
}
