/* tests/api/planted_test.c - the whole system with planted values: a journey over HTTP brings known
 * numbers, phones, names and a password in by every way, also where none belong. Then each is
 * looked for, in every form, in the database's files and WAL, derived state, key folder, log,
 * metrics and answers, and in the memory of another process that serves the same store and was
 * asked about the same people. */
#include <sys/mman.h>

#include "base/log.h"
#include "tests/api/world.h"
#include "tests/planted.h"

static struct planted_search search;
static struct api_world worlds[2], *w; /* one an engine; the one at work */

/* What the serving process and this one tell each other; nothing personal. */
struct told {
    int port;
    bool ready, failed;
};
static struct told *told;

enum { PEOPLE = 4 };
static char person_ids[PEOPLE][20], card_ids[PEOPLE][20];

static void log_to(const char *name)
{
    char path[400];
    int fd;

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    CHECK("a log", fd >= 0);
    log_open(&(struct log_config){
        .fd = fd, .format = LOG_JSON, .level = LOG_DEBUG, .process = "worker" });
}

/* The internal listener's answer, kept in a file, so that it is looked at with the others. */
static void metrics_keep(void)
{
    static struct raw_answer answer;
    struct http_config config = { .limits = { .threads = 1, .workers = 2 },
                                  .clock = w->app.clock,
                                  .entropy = w->app.entropy };
    char path[400];
    FILE *file;

    api_http_internal(&w->app, &config);
    if (!CHECK_OK("the internal listener", http_open(&config, &w->app.internal))) return;
    raw_ask(http_port(w->app.internal),
            S("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), &answer);
    CHECK_INT("metrics", raw_status(&answer), 200);
    snprintf(path, sizeof path, "%s/metrics.txt", test_folder());
    file = fopen(path, "ab");
    CHECK("kept", file && fwrite(answer.bytes, 1, answer.n, file) == answer.n);
    if (file) fclose(file);
    http_close(w->app.internal);
    w->app.internal = NULL;
}

enum { NUMBERS_MAX = 64 };
static char numbers[NUMBERS_MAX][19];
static int numbers_n;
static const char *number_new(const char *what)
{
    char *text = numbers[numbers_n];

    assert(numbers_n < NUMBERS_MAX);
    citizen_no_text(700 + numbers_n++, text); /* behind the world's own people */
    planted_digits(&search, what, (struct str){ text, 18 });
    return text;
}

/* Where no number belongs: a refusal must not make a record of it. */
static void plant_where_none_belongs(void)
{
    const char *number = number_new("number in a path");

    world_ask(w, &w->clerk, text_of("GET /v1/persons/%s/cards", number), "");
    number = number_new("number in a query");
    world_ask(w, &w->nobody, text_of("GET /v1/version?number=%s", number), "");
    number = number_new("number as a cursor");
    world_ask(w, &w->holder, text_of("GET /v1/persons/me/access-records?cursor=%s", number), "");
    number = number_new("number as a request's id");
    world_ask_with(w, &w->nobody, "GET /v1/version", text_of("X-Request-Id: %s\r\n", number), "");
    number = number_new("number as a token");
    world_ask_with(w, &w->nobody, "GET /v1/sessions/current",
                   text_of("Authorization: Bearer %s\r\n", number), "");
    number = number_new("number as a browser's name");
    world_ask_with(w, &w->nobody, "GET /v1/version", text_of("User-Agent: %s\r\n", number), "");
    number = number_new("number as a member's name");
    world_ask(w, &w->clerk, "POST /v1/persons", text_of("{\"%s\":1}", number));
    number = number_new("number in a body of no route");
    world_ask(w, &w->clerk, "POST /v1/nowhere", text_of("{\"number\":\"%s\"}", number));
    number = number_new("number that is no JSON");
    world_ask(w, &w->clerk, "POST /v1/persons", number);
    number = number_new("number as a purpose");
    world_ask_with(w, &w->clerk, "POST /v1/persons/searches", text_of("X-Purpose: %s\r\n", number),
                   "{}");
}

static void plant_person(int i)
{
    static const char *const NAMES[PEOPLE] = { "欧阳植物园甲", "诸葛种豆得豆", "买买提·播种者",
                                               "司马望梅止渴" };
    const char *number = number_new("citizen number");
    const char *key = number_new("number as an idempotency key");
    char phone[24], card_no[CARD_NO_CHARS + 1];

    snprintf(phone, sizeof phone, "1380651%04d", 1840 + i);
    planted_digits(&search, "phone", str_of(phone));
    planted_text(&search, "name", str_of(NAMES[i]));
    CHECK_STATUS(
        w, "a person",
        world_ask_with(w, &w->clerk, "POST /v1/persons", text_of("Idempotency-Key: %s\r\n", key),
                       text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":\"%s\","
                               "\"region_code\":340111,\"phone\":\"%s\"}",
                               number, NAMES[i], phone)),
        201);
    snprintf(person_ids[i], sizeof person_ids[i], "%s", world_member(w, "id"));
    CHECK_STATUS(w, "again is refused",
                 world_ask(w, &w->clerk, "POST /v1/persons",
                           text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":\"%s\","
                                   "\"region_code\":340111,\"phone\":\"%s\"}",
                                   number, NAMES[i], phone)),
                 409);
    CHECK_STATUS(w, "a wrong field",
                 world_ask(w, &w->clerk, "POST /v1/persons",
                           text_of("{\"document\":\"citizen\",\"number\":\"%s\",\"name\":7,"
                                   "\"region_code\":340111,\"phone\":\"%s\"}",
                                   number, phone)),
                 422);
    CHECK_STATUS(w, "found",
                 world_ask(w, &w->clerk, "POST /v1/persons/searches",
                           text_of("{\"number\":\"%s\"}", number)),
                 200);
    CHECK_STATUS(
        w, "a card",
        world_ask_with(
            w, &w->clerk, "POST /v1/cards",
            text_of("Idempotency-Key: %s\r\n", number_new("key of a card")),
            text_of("{\"person\":\"%s\",\"generation\":3,\"region_code\":340111}", person_ids[i])),
        201);
    snprintf(card_ids[i], sizeof card_ids[i], "%s", world_member(w, "id"));
    snprintf(card_no, sizeof card_no, "%s", world_member(w, "card_no"));
    if (card_no[0]) planted_text(&search, "card number", str_of(card_no));
    CHECK_STATUS(
        w, "enabled",
        world_ask(w, &w->clerk, text_of("POST /v1/cards/%s/activations", card_ids[i]), "{}"), 201);
    CHECK_STATUS(w, "found by its number",
                 world_ask(w, &w->clerk, "POST /v1/persons/searches",
                           text_of("{\"card_no\":\"%s\"}", card_no)),
                 200);
    CHECK_STATUS(
        w, "a code by message",
        world_ask(w, &w->nobody, "POST /v1/sign-in-codes", text_of("{\"number\":\"%s\"}", number)),
        202);
    world_ask(w, &w->nobody, "POST /v1/sessions",
              text_of("{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"planted secret %d\"}",
                      number, i));
    planted_text(&search, "password", str_of(text_of("planted secret %d", i)));
    CHECK_STATUS(w, "reported lost",
                 world_ask(w, &w->agent, text_of("POST /v1/cards/%s/loss-reports", card_ids[i]),
                           "{\"kind\":\"temporary\",\"reason\":\"lost_on_bus\"}"),
                 201);
}

static void plant(void)
{
    const char *number = number_new("number of a stranger who signs in");

    world_ask(w, &w->nobody, "POST /v1/sessions",
              text_of("{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"wrong\"}", number));
    number = number_new("number of a stranger who asks for a code");
    world_ask(w, &w->nobody, "POST /v1/sign-in-codes", text_of("{\"number\":\"%s\"}", number));
    plant_where_none_belongs();
    for (int i = 0; i < PEOPLE; i++)
        plant_person(i);
    planted_digits(&search, "resident's number", (struct str){ w->holder_no, 18 });
    planted_digits(&search, "resident's phone", S("13812345678"));
    planted_text(&search, "resident's name", S("张三丰"));
}

/* ---- the other process: forked before anything is planted, so that it knows of the values only
 * what it reads from the store and hears in requests */

/* What a search of its memory must find, or it proves nothing. */
#define HELD "held by process %d"

static void serve_until(int stop)
{
    char one, *held = malloc(64);

    if (!held) abort();
    snprintf(held, 64, HELD, (int)getpid());
    log_to("server.log");
    w->base.f.prng.state ^= UINT64_C(0x9E3779B97F4A7C15); /* ids of its own */
    told->failed = !api_world_start(w);
    told->port = told->failed ? 0 : w->client.port;
    told->ready = true;
    if (read(stop, &one, 1) != 1) told->failed = true;
    _exit(told->failed); /* the store and its files are the parent's to look at and remove */
}

static pid_t server_fork(int go[2], int stop[2])
{
    pid_t pid;
    char one;

    if (pipe(go) != 0 || pipe(stop) != 0) abort();
    pid = fork();
    if (pid != 0) return pid;
    close(go[1]);
    close(stop[1]);
    if (read(go[0], &one, 1) != 1) _exit(1); /* the test ended early */
    serve_until(stop[0]);
    return 0;
}

static void ask_server(void)
{
    static struct client client;
    char headers[200], supervisor[200];

    client.port = told->port;
    snprintf(headers, sizeof headers, "%sX-Purpose: counter_service\r\n", w->clerk.header);
    snprintf(supervisor, sizeof supervisor, "%sX-Purpose: supervision\r\n", w->supervisor.header);
    for (int i = 0; i < PEOPLE; i++) {
        CHECK_INT(
            "cards",
            client_ask(&client, text_of("GET /v1/persons/%s/cards", person_ids[i]), headers, ""),
            200);
        CHECK_INT("a card",
                  client_ask(&client, text_of("GET /v1/cards/%s", card_ids[i]), headers, ""), 200);
        CHECK_INT("its history",
                  client_ask(&client, text_of("GET /v1/cards/%s/events", card_ids[i]), headers, ""),
                  200);
        CHECK_INT("who looked",
                  client_ask(&client, text_of("GET /v1/persons/%s/access-records", person_ids[i]),
                             supervisor, ""),
                  200);
    }
}

static void look_at_memory(pid_t pid)
{
    int64_t before = search.looked;
    int controls = search.controls, found = search.found;

    ask_server();
    if (!planted_process(&search, pid)) {
        printf("no right to read another process's memory: only files are looked at\n");
        return;
    }
    CHECK("its memory was read", search.looked - before > 1 << 20);
    CHECK("what it holds is found there", search.controls > controls);
    CHECK_INT("no planted value is", search.found - found, 0);
}

static void look_at_files(const char *when)
{
    const char *data = getenv("YKT_TEST_POSTGRES_DATA");
    int places = search.places, controls = search.controls, found = search.found;

    planted_folder(&search, test_folder());
    if (w->base.f.engine == ENGINE_POSTGRESQL && data) planted_folder(&search, data);
    CHECK(when, search.places - places >= 5);
    CHECK("what is there is found", search.controls > controls);
    CHECK_INT(when, search.found - found, 0);
}

struct server {
    pid_t pid;
    int go[2], stop[2];
};

static void test_planted(const struct server *server)
{
    int status = 1;

    memset(told, 0, sizeof *told);
    numbers_n = 0;
    search = (struct planted_search){ .skip = "answers.jsonl" }; /* what the tests keep */
    log_to("plant.log");
    if (CHECK("a world", api_world_start(w))) {
        api_world_people(w);
        planted_control(&search, "user name", S("far.clerk"));
        planted_control(&search, "token", str_of(text_of("%.40s", w->clerk.header + 22)));
        planted_control(&search, "text on the heap", str_of(text_of(HELD, (int)server->pid)));
        plant();
        metrics_keep();
        CHECK("sealed", fixture_seal(&w->base.f));
        CHECK_OK("derived state is written", derived_save(w->base.derived));
        look_at_files("nothing in files, running"); /* while the WAL is there */
    }
    api_world_stop(w);
    CHECK("go", write(server->go[1], "g", 1) == 1);
    for (int i = 0; i < 600 && !told->ready; i++)
        raw_pause(100000);
    if (CHECK("another process serves", told->ready && !told->failed)) look_at_memory(server->pid);
    look_at_files("nothing in files, served again");
    CHECK("stop", write(server->stop[1], "s", 1) == 1);
    waitpid(server->pid, &status, 0);
    CHECK_INT("it ends well", status, 0);
}

int main(void)
{
    struct server servers[2];
    int n = fixture_engines();

    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED) abort();
    for (int e = 0; e < n; e++) { /* all of them before anything is planted */
        w = &worlds[e];
        if (!world_make(&w->base, (enum engine)e)) return test_end();
        servers[e].pid = server_fork(servers[e].go, servers[e].stop);
    }
    for (int e = 0; e < n; e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        w = &worlds[e];
        test_planted(&servers[e]);
        fixture_close(&w->base.f);
    }
    return test_end();
}
