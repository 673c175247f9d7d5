/* bench/http_acts_bench.c - grade A over HTTP: loss reports (POST /v1/cards/{card}/loss-reports)
 * and bookings of one scarce slot (POST /v1/venues/{venue}/slots/{slot}/bookings), acknowledged per
 * second by 1, 16, 64 and 256 callers, each a resident of their own with a bearer token and an
 * Idempotency-Key, on a connection that stays open (performance.md section 6, rows b3 and g).
 *
 *   http_acts_bench [--quick]      from the repository's root: it imports data/
 *
 * Server and callers share the machine's processors. What a COMMIT carried and how many there were
 * a second (each is one sync) is counted by the server's store while the acts run. Answers other
 * than 201 are counted by status and code and told. The server is the real one without the limits
 * of requests a second, since one address stands for a province here. */
#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/record_line.h"
#include "catalogue/catalogue.h"
#include "crypto/blind.h"
#include "crypto/keyd_server.h"
#include "identity/derived.h"
#include "identity/identity.h"
#include "registry/card.h"
#include "registry/registry.h"
#include "registry/signin.h"
#include "store/store.h"
#include "venues/venues.h"

enum {
    PEOPLE_MAX = 80000,
    LOAD = 5000,
    CALLERS = 4,
    CALLERS_MAX = 256,
    ROUNDS_MAX = 5,
    LATENCIES = 1 << 17,
    CODES = 16,
    ID_TEXT = 24,
};
static const int CALLERS_OF[CALLERS] = { 1, 16, 64, 256 };
enum act_kind { LOSS, BOOKING, ACTS };
static const char *const ACT_NAMES[ACTS] = { "loss report", "booking, one slot" };

struct shared { /* by server and callers */
    int port, people;
    char venue[ID_TEXT], slots[CALLERS][ID_TEXT];
    char cards[PEOPLE_MAX][ID_TEXT];
    _Atomic int asked, told; /* the store's counters: asked for, written */
    int64_t groups, calls;
};
static struct shared *shared;
static char folder[300];

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

static double now_sec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
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

/* 32 bytes of base64url that name the person. */
static void token_text(int person, char out[TOKEN_CHARS + 1])
{
    snprintf(out, TOKEN_CHARS + 1, "gggggggggggggggggggggggggggggggggggg%06dg", person);
}

/* ---- the server */

static void public_id(const struct id_codec *ids, const char *prefix, int64_t id, char out[ID_TEXT])
{
    struct writer w = writer_over(out, ID_TEXT);

    put_id(&w, ids, prefix, id);
    put_u8(&w, 0);
}

/* Loaded people get a live card each, and a session as a sign-in leaves it. */
static void people(struct app *app, int n)
{
    static struct load_row rows[LOAD];
    static char numbers[LOAD][19];
    const struct act act = { .at = tell_time(NULL),
                             .actor = ACTOR_JOB,
                             .channel = CHANNEL_IMPORT,
                             .proof = PROOF_PAPERS,
                             .provenance = PROVENANCE_TEST };

    for (int at = 0; at < n; at += LOAD) {
        int batch = n - at < LOAD ? n - at : LOAD;
        int64_t loaded;
        memset(rows, 0, sizeof rows);
        for (int i = 0; i < batch; i++) {
            int k = at + i;
            struct date born = { (int16_t)(1950 + k / 336000), (int8_t)(1 + k / 28000 % 12),
                                 (int8_t)(1 + k / 1000 % 28) };
            person_no_make(340104, born, k % 1000, numbers[i]);
            rows[i] = (struct load_row){ .person = { .document = DOCUMENT_CITIZEN,
                                                     .number = { numbers[i], 18 },
                                                     .name = S("欧阳·测试"),
                                                     .phone = S("13812345678"),
                                                     .region_code = 340104 },
                                         .generation = 3,
                                         .social = SOCIAL_NORMAL };
        }
        must(registry_load(app->registry, &act, rows, (size_t)batch, &loaded), "people");
        for (int i = 0; i < batch; i++) {
            struct signin_session signin = { .id = 1 + shared->people,
                                             .subject = SUBJECT_PERSON,
                                             .subject_id = rows[i].person_id,
                                             .person_id = rows[i].person_id,
                                             .grants = { { .role = ROLE_RESIDENT } },
                                             .grants_n = 1,
                                             .scopes = SCOPES_ALL,
                                             .proof = PROOF_TWO_FACTORS,
                                             .api = true,
                                             .created_at = act.at,
                                             .expires_at = instant_add(act.at, USEC_PER_DAY) };
            struct session session;
            char token[TOKEN_CHARS + 1];
            if (rows[i].end.code != 0) continue;
            token_text(shared->people, token);
            sure(token_hash((struct str){ token, TOKEN_CHARS }, signin.token_hash), "a token");
            session = session_of_signin(&signin);
            (void)sessions_put(app->sessions, &session, act.at);
            public_id(app->ids, "crd", rows[i].card_id, shared->cards[shared->people++]);
        }
    }
}

static void slots(struct app *app)
{
    const struct place *place = place_at(catalogue_now(app->shelf), 0);
    struct instant now = tell_time(NULL);

    sure(place != NULL, "a venue in data/");
    public_id(app->ids, "ven", place->id, shared->venue);
    for (int i = 0; i < CALLERS; i++) {
        struct slot_ask ask = { .venue_id = place->id,
                                .quota = SLOT_PLACES_MAX,
                                .opens_at = instant_add(now, -USEC_PER_HOUR),
                                .closes_at = instant_add(now, USEC_PER_DAY),
                                .starts_at = instant_add(now, (24 + i) * USEC_PER_HOUR),
                                .ends_at = instant_add(now, (25 + i) * USEC_PER_HOUR) };
        int64_t id;
        must(venues_slot_add(app->store, NULL, &ask, &id), "a slot");
        public_id(app->ids, "slt", id, shared->slots[i]);
    }
}

static void serve(int tell, int people_n)
{
    static uint8_t memory[1 << 20];
    struct arena arena = arena_over(memory, sizeof memory);
    char text[330], url[340];
    struct keyd_core *core;
    struct blind_key blind;
    struct catalogue_shelf *shelf;
    struct import_report report;
    struct store_config config = { .clock = CLOCK,
                                   .entropy = entropy_system(),
                                   .sealer = { .hash = seal_hash } };
    struct app app = { .clock = CLOCK, .entropy = entropy_system(), .mac_key = { 7 } };
    struct http_config http = { .host = "127.0.0.1", .clock = CLOCK, .entropy = entropy_system() };
    struct derived_config derived = { .cards_max = 200000 };
    struct id_codec ids;
    struct registry rg;

    snprintf(text, sizeof text, "%s/keys", folder);
    must(keyd_core_test(text, CLOCK, entropy_system(), &core), "keyd");
    must(keyd_open_local(core, &app.keyd), "keyd client");
    must(keyd_blind_key(app.keyd, &blind), "blind key");
    ids = blind_id_codec(&blind);
    app.blind = &blind;
    app.ids = http.ids = &ids;
    must(derived_new(&app.derived), "derived");
    snprintf(url, sizeof url, "sqlite:%s/acts.db", folder);
    config.url = str_of(url);
    config.committed = derived_note;
    config.committed_arg = app.derived;
    must(store_migrate(&config, false, NULL, NULL), "migrate");
    must(store_open(&config, &app.store), "store");
    snprintf(text, sizeof text, "%s/derived", folder);
    derived.folder = str_of(text);
    derived.store = app.store;
    must(derived_open(app.derived, &derived), "derived state");
    must(catalogue_import(app.store, S("data"), tell_time(NULL), false, &arena, &report), "data/");
    must(catalogue_shelf_open(app.store, &shelf), "catalogue");
    must(identity_open(&(struct identity_config){ .store = app.store,
                                                  .keyd = app.keyd,
                                                  .blind = &blind,
                                                  .derived = app.derived,
                                                  .clock = CLOCK,
                                                  .entropy = entropy_system(),
                                                  .test_codes = true },
                       &app.identity),
         "identity");
    rg = (struct registry){ .store = app.store,
                            .keyd = app.keyd,
                            .blind = &blind,
                            .entropy = entropy_system(),
                            .shelf = shelf };
    app.registry = &rg;
    app.shelf = shelf;
    must(record_line_open(&app.record_line), "record line");
    must(sessions_open(4 * PEOPLE_MAX, &app.sessions), "sessions");
    people(&app, people_n);
    slots(&app);
    api_http(&app, &http);
    must(http_open(&http, &app.http), "server");
    shared->port = http_port(app.http);
    sure(write(tell, "1", 1) == 1, "pipe");
    for (;;) {
        struct store_health health;
        int asked = atomic_load(&shared->asked);
        if (asked != atomic_load(&shared->told)) {
            must(store_health(app.store, &health), "health");
            shared->groups = health.groups;
            shared->calls = health.calls;
            atomic_store(&shared->told, asked);
        }
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
}

static void counters(int64_t *groups, int64_t *calls)
{
    int asked = atomic_fetch_add(&shared->asked, 1) + 1;

    while (atomic_load(&shared->told) != asked) {
        nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
    }
    *groups = shared->groups;
    *calls = shared->calls;
}

/* ---- callers */

struct tally { /* answers other than 201 */
    pthread_mutex_t lock;
    struct {
        char what[64];
        int64_t n;
    } rows[CODES];
};
static struct tally tally = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void tally_add(const char *what)
{
    pthread_mutex_lock(&tally.lock);
    for (int i = 0; i < CODES; i++) {
        if (tally.rows[i].n == 0)
            snprintf(tally.rows[i].what, sizeof tally.rows[i].what, "%s", what);
        if (strcmp(tally.rows[i].what, what) != 0 && i < CODES - 1) continue;
        tally.rows[i].n++;
        break;
    }
    pthread_mutex_unlock(&tally.lock);
}

static int dial(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)shared->port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sure(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* One request and its whole answer; the status, 0 when the connection ended. `answer` ends in NUL.
 */
static int ask(int fd, const char *request, size_t n, char *answer, size_t size)
{
    size_t got = 0;
    const char *body, *length;
    int status = 0;

    if (send(fd, request, n, MSG_NOSIGNAL) != (ssize_t)n) return 0;
    for (;;) {
        ssize_t part = recv(fd, answer + got, size - 1 - got, 0);
        if (part <= 0) return 0;
        got += (size_t)part;
        answer[got] = '\0';
        body = strstr(answer, "\r\n\r\n");
        if (!body) continue;
        length = strstr(answer, "Content-Length: ");
        if (!length || body + 4 + atoi(length + 16) <= answer + got) break;
    }
    (void)sscanf(answer, "HTTP/1.1 %d", &status);
    return status;
}

static _Atomic int64_t next_key, next_loss, next_booking[CALLERS];
static float latencies[LATENCIES];
static _Atomic int64_t latencies_n;

struct caller {
    enum act_kind kind;
    int c; /* place in CALLERS_OF */
    double until;
    int64_t done;
    bool dry;
};

static size_t request_write(const struct caller *c, int64_t person, char *out, size_t size)
{
    static const char *const BODIES[ACTS] = { "{\"kind\":\"temporary\",\"reason\":\"lost\"}",
                                              "{\"places\":1}" };
    char token[TOKEN_CHARS + 1], path[120];
    int n;

    token_text((int)person, token);
    if (c->kind == LOSS)
        snprintf(path, sizeof path, "/v1/cards/%s/loss-reports", shared->cards[person]);
    else
        snprintf(path, sizeof path, "/v1/venues/%s/slots/%s/bookings", shared->venue,
                 shared->slots[c->c]);
    n = snprintf(out, size,
                 "POST %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
                 "Idempotency-Key: bench-%" PRId64 "\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 path, token, atomic_fetch_add(&next_key, 1), strlen(BODIES[c->kind]),
                 BODIES[c->kind]);
    sure(n > 0 && (size_t)n < size, "a request's length");
    return (size_t)n;
}

static void *caller_main(void *arg)
{
    struct caller *c = arg;
    char request[700], answer[4096], what[64];
    int fd = dial();
    double from, to;

    while ((from = now_sec()) < c->until) {
        int64_t person = atomic_fetch_add(c->kind == LOSS ? &next_loss : &next_booking[c->c], 1);
        const char *code;
        size_t n;
        int status;

        if (person >= shared->people) {
            c->dry = true;
            break;
        }
        n = request_write(c, person, request, sizeof request);
        status = ask(fd, request, n, answer, sizeof answer);
        to = now_sec();
        if (status == 201) {
            int64_t i = atomic_fetch_add(&latencies_n, 1);
            if (i < LATENCIES) latencies[i] = (float)((to - from) * 1e3);
            c->done++;
            continue;
        }
        code = status ? strstr(answer, "\"code\":\"") : NULL;
        snprintf(what, sizeof what, "%d %.*s", status, code ? (int)strcspn(code + 8, "\"") : 0,
                 code ? code + 8 : "");
        tally_add(what);
        if (status == 0) {
            close(fd);
            fd = dial();
        }
    }
    close(fd);
    return NULL;
}

/* ---- measuring and telling */

struct series {
    double v[ROUNDS_MAX];
    int n;
};
struct cell {
    struct series rate, p50, p99, group, syncs;
    bool dry;
};
static struct cell cells[ACTS][CALLERS];

static int by_float(const void *a, const void *b)
{
    const float *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static int by_double(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double median(struct series *s)
{
    if (s->n == 0) return 0;
    qsort(s->v, (size_t)s->n, sizeof s->v[0], by_double);
    return s->n % 2 ? s->v[s->n / 2] : (s->v[s->n / 2 - 1] + s->v[s->n / 2]) / 2;
}

static void add(struct series *s, double v)
{
    s->v[s->n++] = v;
}

static void measure(enum act_kind kind, int c, double seconds)
{
    static struct caller all[CALLERS_MAX];
    static pthread_t ids[CALLERS_MAX];
    struct cell *cell = &cells[kind][c];
    int64_t groups[2], calls[2], done = 0, n;
    bool dry = false;
    double from, took;

    atomic_store(&latencies_n, 0);
    counters(&groups[0], &calls[0]);
    from = now_sec();
    for (int i = 0; i < CALLERS_OF[c]; i++) {
        all[i] = (struct caller){ .kind = kind, .c = c, .until = from + seconds };
        sure(pthread_create(&ids[i], NULL, caller_main, &all[i]) == 0, "a caller");
    }
    for (int i = 0; i < CALLERS_OF[c]; i++) {
        pthread_join(ids[i], NULL);
        done += all[i].done;
        dry |= all[i].dry;
    }
    took = now_sec() - from;
    counters(&groups[1], &calls[1]);
    cell->dry |= dry;
    if (dry) return; /* a part of the time only: not a figure */
    n = atomic_load(&latencies_n);
    if (n > LATENCIES) n = LATENCIES;
    qsort(latencies, (size_t)n, sizeof latencies[0], by_float);
    add(&cell->rate, (double)done / took);
    if (n > 0) add(&cell->p50, (double)latencies[n / 2]);
    if (n > 0) add(&cell->p99, (double)latencies[n * 99 / 100]);
    if (groups[1] > groups[0]) {
        add(&cell->group, (double)(calls[1] - calls[0]) / (double)(groups[1] - groups[0]));
        add(&cell->syncs, (double)(groups[1] - groups[0]) / took);
    }
}

static void tell(enum act_kind kind, int c)
{
    struct cell *cell = &cells[kind][c];
    double rate = median(&cell->rate);

    printf("| %s | %d | %.0f (%.0f-%.0f) | %.2f | %.2f | %.1f | %.0f |%s\n", ACT_NAMES[kind],
           CALLERS_OF[c], rate, cell->rate.n ? cell->rate.v[0] : 0,
           cell->rate.n ? cell->rate.v[cell->rate.n - 1] : 0, median(&cell->p50),
           median(&cell->p99), median(&cell->group), median(&cell->syncs),
           cell->dry ? " out of people in a round" : "");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0;
}

static pid_t server, owner;

static void cleanup(void)
{
    if (getpid() != owner) return;
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    if (folder[0]) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    int rounds = quick ? 2 : ROUNDS_MAX, ends[2];
    double seconds = quick ? 0.3 : 0.5;
    char ready;

    if (argc > 2 || (argc == 2 && !quick)) {
        fprintf(stderr, "usage: http_acts_bench [--quick]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    owner = getpid();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sure(shared != MAP_FAILED, "memory");
    snprintf(folder, sizeof folder, "%s/http_acts_bench_XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    sure(mkdtemp(folder) != NULL && pipe(ends) == 0, "a folder and a pipe");
    atexit(cleanup);
    server = fork();
    sure(server >= 0, "fork");
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        close(ends[0]);
        serve(ends[1], quick ? 20000 : PEOPLE_MAX);
    }
    close(ends[1]);
    sure(read(ends[0], &ready, 1) == 1, "the server did not start");
    for (int round = 0; round < rounds; round++) {
        for (int c = 0; c < CALLERS; c++) {
            for (int kind = 0; kind < ACTS; kind++)
                measure((enum act_kind)kind, c, seconds);
        }
    }
    printf("%d rounds of %.1f s each, medians (min-max); server and callers on the same "
           "processors; syncs are the store's COMMITs in the same time\n\n"
           "| act over HTTP | callers | acts/s | p50 ms | p99 ms | acts a sync | syncs/s |\n"
           "| --- | --- | --- | --- | --- | --- | --- |\n",
           rounds, seconds);
    for (int kind = 0; kind < ACTS; kind++) {
        for (int c = 0; c < CALLERS; c++)
            tell((enum act_kind)kind, c);
    }
    printf("\nanswers other than 201:");
    for (int i = 0; i < CODES && tally.rows[i].n > 0; i++)
        printf(" %" PRId64 " x %s;", tally.rows[i].n, tally.rows[i].what);
    printf("%s\n\n", tally.rows[0].n == 0 ? " none" : "");
    for (int kind = 0; kind < ACTS; kind++) {
        double rate = median(&cells[kind][2].rate), p99 = median(&cells[kind][2].p99);
        printf("%s over HTTP, 64 callers: must 10 K/s: %s (%.0f/s); goal 20 K/s with p99 <= 5 ms: "
               "%s\n",
               ACT_NAMES[kind], rate >= 10000 ? "met" : "BELOW MUST", rate,
               rate >= 20000 && p99 <= 5 ? "met" : "missed");
    }
    return 0;
}
