/* bench/verify_bench.c - grade B over HTTP JSON (POST /v1/checks, the real route behind the real
 * frame, from derived state), and what slow clients do to the others (performance.md section 6,
 * row b).
 *
 *   verify_bench [--quick]
 *   verify_bench --serve SECONDS    ours alone: prints its port and wrk's script, for a profiler
 *
 * Beside it, alternating in the same run, each in a process of its own: the same HTTP server with
 * one SQLite select per request on its worker pool; a bare epoll loop that answers a constant to
 * whatever comes (the limit); nginx returning a constant, when it is installed. Load by wrk on the
 * same two cores, so a figure is of server and client together, for every side alike. CPU per
 * request is the server process's, from /proc. Answers that are not 2xx are counted and told: a
 * full record queue is a refusal, not an answer. Loopback only. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "crypto/blind.h"
#include "crypto/keyd_server.h"
#include "identity/derived.h"
#include "identity/identity.h"
#include "registry/card.h"
#include "registry/registry.h"
#include "store/store.h"

enum { OURS, SQL, BARE, NGINX, SIDES };
static const char *const NAMES[SIDES] = { "ours, POST /v1/checks", "one SQL select a request",
                                          "bare epoll loop", "nginx, a constant" };
enum { CARDS = 100, ROUNDS_MAX = 5, SLOW = 1000 };
#define TOKEN "ggggggggggggggggggggggggggggggggggggggggggg" /* 43 characters of base64url */

static char folder[300];
static char cards[CARDS][CARD_NO_CHARS + 1];

static void must(struct err err, const char *what)
{
    if (err.code == 0) return;
    fprintf(stderr, "%s: %d %s\n", what, err.code, fault_note());
    exit(1);
}

static void sure(bool ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static struct instant tell_time(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct instant){ (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000 };
}
static const struct clock CLOCK = { tell_time, NULL };

static void seal_hash(void *arg, struct bytes in, uint8_t out[32])
{
    (void)arg;
    sm3(in, out);
}

/* ---- ours and SQL: one child, two listeners would share CPU; so a child each */

static void people(const struct registry *rg)
{
    struct act act = { .at = tell_time(NULL),
                       .actor = ACTOR_STAFF,
                       .actor_id = 5,
                       .channel = CHANNEL_COUNTER,
                       .proof = PROOF_PAPERS,
                       .provenance = PROVENANCE_TEST };

    for (int i = 0; i < CARDS; i++) {
        char number[18];
        struct person_ask person = { .document = DOCUMENT_CITIZEN,
                                     .number = { number, sizeof number },
                                     .name = S("欧阳·测试"),
                                     .phone = S("13812345678"),
                                     .region_code = 340104,
                                     .act = act };
        struct person_made made;
        struct card_issue_ask card = {
            .generation = 3, .region_code = 340104, .instant = true, .ecard = true, .act = act
        };
        struct card_made issued;
        struct card after;
        person_no_make(340104, (struct date){ 1970, (int8_t)(1 + i % 12), (int8_t)(1 + i % 28) }, i,
                       number);
        must(registry_person_add(rg, NULL, &person, &made), "a person");
        card.person_id = made.person_id;
        must(registry_card_issue(rg, NULL, &card, &issued), "a card");
        must(registry_card_activate(rg, NULL, made.person_id, issued.card_id, true, true, &act,
                                    &after),
             "its activation");
        memcpy(cards[i], issued.no.text, CARD_NO_CHARS);
    }
}

static RESULT post_sql_check(struct app *app, const struct request *rq, struct reply *rp)
{
    static _Thread_local sqlite3_stmt *select;
    static _Thread_local sqlite3 *db;
    struct str card_no = { 0 };
    struct card_no no;
    uint8_t hash[VALUE_HASH_BYTES];
    const struct json_field body[] = { JSON_TEXT("card_no", &card_no, CARD_NO_CHARS,
                                                 CARD_NO_CHARS) };
    bool allow;

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(card_no_parse(card_no, &no));
    credential_hash(app->blind, CREDENTIAL_CARD_NO, card_no_str(&no), hash);
    if (!select) { /* a connection and a prepared statement per worker, kept */
        char path[330];
        snprintf(path, sizeof path, "%s/select.db", folder);
        if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ||
            sqlite3_prepare_v2(db, "SELECT social FROM card WHERE hash = ?", -1, &select, NULL))
            return fault(FAULT_STORE, "select.db");
    }
    sqlite3_bind_blob(select, 1, hash, sizeof hash, SQLITE_STATIC);
    allow = sqlite3_step(select) == SQLITE_ROW &&
            social_usable((enum social_state)sqlite3_column_int(select, 0));
    sqlite3_reset(select);
    reply_json(rp, 200);
    json_put_bool(rp, "allow", allow);
    return OK;
}
static const struct route SQL_ROUTES[] = {
    { METHOD_POST, "/v1/checks", 0, "verify", post_sql_check, NULL, 0 },
};

static void sql_fill(const struct blind_key *blind)
{
    char path[330];
    sqlite3 *db;
    sqlite3_stmt *insert;

    snprintf(path, sizeof path, "%s/select.db", folder);
    sure(sqlite3_open(path, &db) == SQLITE_OK &&
             sqlite3_exec(db,
                          "PRAGMA journal_mode=WAL; CREATE TABLE card (hash BLOB PRIMARY KEY, "
                          "social INTEGER NOT NULL) WITHOUT ROWID",
                          NULL, NULL, NULL) == SQLITE_OK &&
             sqlite3_prepare_v2(db, "INSERT INTO card VALUES (?, ?)", -1, &insert, NULL) ==
                 SQLITE_OK,
         "select.db");
    for (int i = 0; i < CARDS; i++) {
        uint8_t hash[VALUE_HASH_BYTES];
        credential_hash(blind, CREDENTIAL_CARD_NO, (struct str){ cards[i], CARD_NO_CHARS }, hash);
        sqlite3_bind_blob(insert, 1, hash, sizeof hash, SQLITE_STATIC);
        sqlite3_bind_int(insert, 2, SOCIAL_NORMAL);
        sure(sqlite3_step(insert) == SQLITE_DONE, "select.db row");
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
}

static void serve(int side, int tell)
{
    char text[330], url[340];
    struct keyd_core *core;
    struct blind_key blind;
    struct store_config config = { .clock = CLOCK,
                                   .entropy = entropy_system(),
                                   .sealer = { .hash = seal_hash } };
    struct app app = { .clock = CLOCK, .entropy = entropy_system(), .mac_key = { 7 } };
    struct http_config http = { .host = "127.0.0.1", .clock = CLOCK, .entropy = entropy_system() };
    struct derived_config derived = { .cards_max = 100000 };
    struct id_codec ids;
    struct registry rg;
    struct session gate;
    int port;

    snprintf(text, sizeof text, "%s/keys%d", folder, side);
    must(keyd_core_test(text, CLOCK, entropy_system(), &core), "keyd");
    must(keyd_open_local(core, &app.keyd), "keyd client");
    must(keyd_blind_key(app.keyd, &blind), "blind key");
    ids = blind_id_codec(&blind);
    app.blind = &blind;
    app.ids = http.ids = &ids;
    must(derived_new(&app.derived), "derived");
    snprintf(url, sizeof url, "sqlite:%s/side%d.db", folder, side);
    config.url = str_of(url);
    config.committed = derived_note;
    config.committed_arg = app.derived;
    must(store_migrate(&config, false, NULL, NULL), "migrate");
    must(store_open(&config, &app.store), "store");
    snprintf(text, sizeof text, "%s/derived%d", folder, side);
    derived.folder = str_of(text);
    derived.store = app.store;
    must(derived_open(app.derived, &derived), "derived state");
    must(identity_open(&(struct identity_config){ .store = app.store,
                                                  .keyd = app.keyd,
                                                  .blind = &blind,
                                                  .derived = app.derived,
                                                  .clock = CLOCK,
                                                  .entropy = entropy_system(),
                                                  .test_codes = true },
                       &app.identity),
         "identity");
    rg = (struct registry){
        .store = app.store, .keyd = app.keyd, .blind = &blind, .entropy = entropy_system()
    };
    app.registry = &rg;
    people(&rg);
    if (side == SQL) sql_fill(&blind);
    must(sessions_open(100, &app.sessions), "sessions");
    must(limits_open(1000, &app.entropy, &app.limits), "limits");
    app.checks_a_second = 1000000; /* one session drives it all: counted, never too many */
    gate = session_of_terminal(S(TOKEN), 33, 44, instant_add(tell_time(NULL), USEC_PER_DAY));
    (void)sessions_put(app.sessions, &gate, (struct instant){ 0 });
    api_http(&app, &http);
    if (side == SQL) {
        http.routes = SQL_ROUTES;
        http.routes_n = LEN(SQL_ROUTES);
        http.admit = NULL; /* no frame: the baseline is not charged for it */
    }
    must(http_open(&http, &app.http), "server");
    port = http_port(app.http);
    sure(write(tell, &port, sizeof port) == sizeof port &&
             write(tell, cards, sizeof cards) == sizeof cards,
         "pipe");
    for (;;) {
        pause();
    }
}

/* ---- the bare loop */

static const char CONSTANT[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: 14\r\n\r\n{\"allow\":true}";

static int listen_any(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sure(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sure(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1024) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &n) == 0,
         "listen");
    *port = ntohs(at.sin_port);
    return fd;
}

/* wrk sends a request whole and waits: a read that ends in the body is one request. */
static void bare_loop(int listener)
{
    int epoll = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, events[64];
    char in[4096];

    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int peer = accept(listener, NULL, NULL);
                if (peer < 0) continue;
                fcntl(peer, F_SETFL, O_NONBLOCK);
                event = (struct epoll_event){ .events = EPOLLIN, .data.fd = peer };
                epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
            } else if (read(fd, in, sizeof in) <= 0 ||
                       write(fd, CONSTANT, sizeof CONSTANT - 1) < 0) {
                close(fd);
            }
        }
    }
}

static void serve_bare(int tell)
{
    int port, fd = listen_any(&port);

    sure(write(tell, &port, sizeof port) == sizeof port &&
             write(tell, cards, sizeof cards) == sizeof cards,
         "pipe");
    if (fork() == 0) { /* two loops: the higher limit on two processors, one more than our server
                          has threads */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bare_loop(fd);
    }
    bare_loop(fd);
}

static void serve_nginx(int tell)
{
    char path[330], errors[330];
    int port, fd = listen_any(&port);
    FILE *f;

    close(fd);
    snprintf(path, sizeof path, "%s/nginx.conf", folder);
    snprintf(errors, sizeof errors, "%s/nginx.log", folder);
    f = fopen(path, "w");
    sure(f != NULL, "nginx.conf");
    fprintf(f,
            "daemon off; master_process on; worker_processes 2; pid %s/nginx.pid;\n"
            "error_log %s; events { worker_connections 4096; }\n"
            "http { access_log off; keepalive_requests 1000000000; client_body_temp_path %s/b;\n"
            "proxy_temp_path %s/p; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u;\n"
            "scgi_temp_path %s/s; default_type application/json;\n"
            "server { listen 127.0.0.1:%d; location / { return 200 '{\"allow\":true}'; } } }\n",
            folder, errors, folder, folder, folder, folder, folder, port);
    fclose(f);
    sure(write(tell, &port, sizeof port) == sizeof port &&
             write(tell, cards, sizeof cards) == sizeof cards,
         "pipe");
    execlp("nginx", "nginx", "-c", path, "-e", errors, (char *)NULL);
    _exit(127);
}

/* ---- children and load */

struct child {
    pid_t pid;
    int port;
    char script[330];
};

static struct child start(int side)
{
    struct child child = { 0 };
    char list[CARDS][CARD_NO_CHARS + 1];
    int ends[2];
    FILE *f;

    sure(pipe(ends) == 0, "pipe");
    child.pid = fork();
    sure(child.pid >= 0, "fork");
    if (child.pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        close(ends[0]);
        if (side == BARE) serve_bare(ends[1]);
        if (side == NGINX) serve_nginx(ends[1]);
        serve(side, ends[1]);
    }
    close(ends[1]);
    sure(read(ends[0], &child.port, sizeof child.port) == sizeof child.port &&
             read(ends[0], list, sizeof list) == sizeof list,
         "a server did not start");
    close(ends[0]);
    snprintf(child.script, sizeof child.script, "%s/load%d.lua", folder, side);
    f = fopen(child.script, "w");
    sure(f != NULL, "script");
    fprintf(f, "local r, i = {}, 0\nlocal h = { ['Content-Type'] = 'application/json', "
               "['Authorization'] = 'Bearer " TOKEN "' }\nfunction init(args)\n");
    for (int i = 0; i < CARDS; i++) {
        fprintf(f, "r[%d] = wrk.format('POST', '/v1/checks', h, '{\"card_no\":\"%.*s\"}')\n", i,
                CARD_NO_CHARS, side == OURS || side == SQL ? list[i] : "A12345678");
    }
    fprintf(f,
            "end\nfunction request()\n i = (i + 1) %% %d\n return r[i]\nend\n"
            "function done(s, l, q)\n io.write(string.format('FIGURES %%d %%d %%d %%d %%d %%d\\n',"
            " s.requests, s.duration, l:percentile(50), l:percentile(99), s.errors.status,"
            " s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout))\nend\n",
            CARDS);
    fclose(f);
    return child;
}

/* User and system ticks of the child's process group. */
static double cpu_sec(pid_t group)
{
    char command[120], line[64];
    double ticks = 0;
    FILE *f;

    snprintf(
        command, sizeof command,
        "cat /proc/[0-9]*/stat 2>/dev/null | awk '$5 == %d { s += $14 + $15 } END { print s + 0 }'",
        (int)group);
    f = popen(command, "r");
    if (f && fgets(line, sizeof line, f)) ticks = atof(line);
    if (f) pclose(f);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

struct figures {
    double rate, p50_ms, p99_ms, cpu_us, bad_share;
    bool ok;
};

static struct figures load(const struct child *child, int connections, double seconds)
{
    char command[800], line[400];
    long requests = 0, usec = 0, p50 = 0, p99 = 0, status = 0, errors = 0;
    struct figures r = { 0 };
    double cpu = cpu_sec(child->pid);
    FILE *f;

    snprintf(command, sizeof command, "wrk -t1 -c%d -d%.0fs -s %s http://127.0.0.1:%d 2>&1",
             connections, seconds, child->script, child->port);
    f = popen(command, "r");
    sure(f != NULL, "wrk");
    while (fgets(line, sizeof line, f)) {
        r.ok |= sscanf(line, "FIGURES %ld %ld %ld %ld %ld %ld", &requests, &usec, &p50, &p99,
                       &status, &errors) == 6;
    }
    pclose(f);
    r.ok &= requests > 0 && usec > 0;
    if (!r.ok) return r;
    r.rate = (double)requests / ((double)usec / 1e6);
    r.p50_ms = (double)p50 / 1e3;
    r.p99_ms = (double)p99 / 1e3;
    r.cpu_us = (cpu_sec(child->pid) - cpu) / (double)requests * 1e6;
    r.bad_share = (double)(status + errors) / (double)requests;
    return r;
}

/* ---- slow clients: an open head, or a head and half a body, a byte now and then */

static pid_t slow_start(int port)
{
    pid_t pid = fork();
    int fds[SLOW];

    sure(pid >= 0, "fork");
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < SLOW; i++) {
        fds[i] = -1;
    }
    for (;;) {
        for (int i = 0; i < SLOW; i++, usleep(1000)) { /* not all in one moment */
            static const char HEAD[] = "POST /v1/checks HTTP/1.1\r\nHost: a\r\n",
                              REST[] = "Content-Type: application/json\r\nContent-Length: 900\r\n"
                                       "Authorization: Bearer " TOKEN "\r\n\r\n{";
            struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
            at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            if (fds[i] >= 0 && send(fds[i], i % 2 ? " " : "X", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
                continue;
            if (fds[i] >= 0) close(fds[i]); /* cut: come again */
            fds[i] = socket(AF_INET, SOCK_STREAM, 0);
            if (fds[i] < 0 || connect(fds[i], (struct sockaddr *)&at, sizeof at) != 0) continue;
            (void)!send(fds[i], HEAD, sizeof HEAD - 1, MSG_NOSIGNAL);
            if (i % 2) (void)!send(fds[i], REST, sizeof REST - 1, MSG_NOSIGNAL);
        }
    }
}

/* ---- telling */

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

struct series {
    double v[ROUNDS_MAX];
    int n;
};

static double median(struct series *s)
{
    if (s->n == 0) return 0;
    qsort(s->v, (size_t)s->n, sizeof s->v[0], by_double);
    return s->n % 2 ? s->v[s->n / 2] : (s->v[s->n / 2 - 1] + s->v[s->n / 2]) / 2;
}

struct cell {
    struct series rate, p50, p99, cpu, bad, share; /* share: of the bare loop, same round */
};

static void add(struct series *s, double v)
{
    s->v[s->n++] = v;
}

static void add_all(struct cell *cell, struct figures r)
{
    add(&cell->rate, r.rate);
    add(&cell->p50, r.p50_ms);
    add(&cell->p99, r.p99_ms);
    add(&cell->cpu, r.cpu_us);
    add(&cell->bad, r.bad_share);
}

static void tell(const char *name, const char *load_name, struct cell *cell)
{
    double rate = median(&cell->rate);

    if (cell->rate.n == 0) return;
    printf("| %s | %s | %.0f (%.0f-%.0f) | %.2f | %.2f | %.1f |", name, load_name, rate,
           cell->rate.v[0], cell->rate.v[cell->rate.n - 1], median(&cell->p50), median(&cell->p99),
           median(&cell->cpu));
    if (cell->share.n > 0) {
        double share = median(&cell->share);
        printf(" %.2f (%.2f-%.2f) |", share, cell->share.v[0], cell->share.v[cell->share.n - 1]);
    } else {
        printf(" |");
    }
    printf(" %.1f %% |\n", median(&cell->bad) * 100);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0; /* go on: what can't be removed now is told by the folder that stays */
}

static pid_t started[SIDES], owner;

static void cleanup(void)
{
    if (getpid() != owner) return;
    for (int i = 0; i < SIDES; i++) {
        if (started[i] > 0) kill(-started[i], SIGKILL);
    }
    while (wait(NULL) > 0) {}
    if (folder[0]) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    int rounds = quick ? 2 : ROUNDS_MAX;
    double seconds = quick ? 1 : 2;
    static struct cell full[SIDES], few[SIDES];
    static struct cell alone, crowd;
    struct series times = { 0 };
    struct child child[SIDES];
    struct rlimit files = { 8192, 8192 };
    bool single = argc == 3 && strcmp(argv[1], "--serve") == 0;
    bool nginx = system("command -v nginx >/dev/null 2>&1") == 0;

    if (!single && (argc > 2 || (argc == 2 && !quick))) {
        fprintf(stderr, "usage: verify_bench [--quick]\n");
        return 2;
    }
    if (system("command -v wrk >/dev/null 2>&1") != 0) {
        fprintf(stderr, "wrk is not installed: not measured\n");
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    owner = getpid();
    snprintf(folder, sizeof folder, "%s/verify_bench_XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder)) return 1;
    chmod(folder, 0755); /* nginx's workers are another user's */
    atexit(cleanup);
    if (single) {
        child[OURS] = start(OURS);
        started[OURS] = child[OURS].pid;
        printf("pid %d port %d script %s\n", (int)child[OURS].pid, child[OURS].port,
               child[OURS].script);
        sleep((unsigned)atoi(argv[2]));
        return 0;
    }
    for (int s = 0; s < SIDES; s++) {
        if (s == NGINX && !nginx) continue;
        child[s] = start(s);
        started[s] = child[s].pid;
    }
    for (int round = 0; round < rounds; round++) {
        struct figures of[SIDES] = { 0 };
        for (int s = 0; s < SIDES; s++) {
            if (started[s] == 0) continue;
            of[s] = load(&child[s], 64, seconds);
            if (of[s].ok) add_all(&full[s], of[s]);
        }
        for (int s = 0; s < SIDES; s++) {
            if (of[s].ok && of[BARE].ok) add(&full[s].share, of[s].rate / of[BARE].rate);
        }
        for (int s = 0; s < SIDES; s++) {
            struct figures r;
            if (started[s] == 0) continue;
            r = load(&child[s], 4, 1); /* far below saturation of both cores */
            if (r.ok) add_all(&few[s], r);
        }
    }
    for (int round = 0; round < rounds; round++) {
        struct figures without = load(&child[OURS], 4, seconds), with;
        pid_t slow = slow_start(child[OURS].port);
        sleep(3); /* all connected */
        with = load(&child[OURS], 4, seconds);
        kill(slow, SIGKILL);
        waitpid(slow, NULL, 0);
        sleep(1);
        if (!without.ok || !with.ok) continue;
        add_all(&alone, without);
        add_all(&crowd, with);
        add(&times, with.p99_ms / without.p99_ms);
    }
    printf("%d rounds, medians (min-max); load by wrk, one thread, on the same cores\n\n", rounds);
    printf(
        "| side | connections | requests/s | p50 ms | p99 ms | server CPU us a request | share of "
        "the bare loop | not 2xx |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (int s = 0; s < SIDES; s++) {
        tell(NAMES[s], "64", &full[s]);
        tell(NAMES[s], "4", &few[s]);
    }
    tell("ours, nobody slow", "4", &alone);
    tell("ours, beside 1,000 slow clients", "4", &crowd);
    double share = median(&full[OURS].share), p99 = median(&full[OURS].p99);
    double bad = median(&full[OURS].bad), slower = median(&times);
    printf(
        "\nmust >= 0.7 of the bare loop, p99 <= 2 ms, every request answered: %s (%.2f, %.2f ms, "
        "%.1f %% not answered)\n",
        share >= 0.7 && p99 <= 2 && bad == 0 ? "met" : "BELOW MUST", share, p99, bad * 100);
    printf("1,000 slow clients: p99 of the others %.2fx (%.2f-%.2f); must <= 2x: %s\n", slower,
           times.n ? times.v[0] : 0, times.n ? times.v[times.n - 1] : 0,
           times.n && slower <= 2 ? "met" : "BELOW MUST");
    return 0;
}
