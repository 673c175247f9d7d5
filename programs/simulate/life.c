/* programs/simulate/life.c - `ykt simulate life`: a day of the demonstration's residents, at a
 * visible pace.
 *
 * Reads demo.json, signs its residents in by password, and lets one act each pace: show a code at
 * the gate that is open, book a slot, lose the card (the gate refuses), have the clerk lift the
 * report. Every call is a real one over HTTP, every key real; what is acted follows --seed. What
 * people do how often is our assumption; nothing of it comes from a source. A server that restarts
 * is waited for. */
#include "base/log.h"
#include "card/wire/code.h"
#include "crypto/crypto.h"
#include "http/json.h"
#include "programs/nouns.h"
#include "programs/simulate/gate_link.h"
#include "programs/simulate/simulate.h"

#include <curl/curl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { PEOPLE_MAX = 32, ANSWER_MAX = 256 * 1024, TOKEN_MAX = 80, ID_ROOM = ID_TEXT_MAX + 1 };

struct person {
    char number[24], password[24], card[ID_ROOM];
    char token[TOKEN_MAX], device[ID_ROOM], loss[ID_ROOM];
    uint8_t scalar[SCALAR_BYTES], bundle[CODE_BUNDLE_BYTES];
    bool has_bundle;
    uint32_t last_step;
};
struct life {
    struct clock clock;
    struct entropy entropy;
    struct prng prng;
    CURL *curl;
    char base[200], clerk[TOKEN_MAX], gate_venue[ID_ROOM];
    struct person people[PEOPLE_MAX];
    int people_n;
    struct gate_link *gate;
    struct gate_key gate_key;
    uint8_t room[ANSWER_MAX];
    struct writer answer;
    struct cli *cli;
};

static size_t take(char *p, size_t size, size_t n, void *arg)
{
    struct life *life = arg;

    put_bytes(&life->answer, bytes_of(p, size * n));
    return life->answer.over ? 0 : size * n;
}

/* The HTTP status, 0 when nobody answers; *body is the caller's to decref, or NULL. */
static long call(struct life *life, const char *method, const char *path, const char *token,
                 const char *body, json_t **out)
{
    struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
    char url[500], line[200];
    uint64_t random[2];
    long status = 0;

    life->entropy.fill(life->entropy.arg, random, sizeof random);
    snprintf(line, sizeof line, "Idempotency-Key: %016" PRIx64 "%016" PRIx64, random[0], random[1]);
    head = curl_slist_append(head, line);
    if (token && token[0]) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", token);
        head = curl_slist_append(head, line);
    }
    snprintf(url, sizeof url, "%s%s", life->base, path);
    life->answer = writer_over(life->room, sizeof life->room);
    curl_easy_reset(life->curl);
    curl_easy_setopt(life->curl, CURLOPT_URL, url);
    curl_easy_setopt(life->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(life->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(life->curl, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(life->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(life->curl, CURLOPT_WRITEDATA, life);
    curl_easy_setopt(life->curl, CURLOPT_HTTPHEADER, head);
    if (body) curl_easy_setopt(life->curl, CURLOPT_POSTFIELDS, body);
    if (curl_easy_perform(life->curl) == CURLE_OK) {
        curl_easy_getinfo(life->curl, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_slist_free_all(head);
    if (out) *out = json_loadb((const char *)life->room, life->answer.n, 0, NULL);
    return status;
}

static bool text_of(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && str_c(str_of(text), out, size);
}

static void tell(struct life *life, const char *what, const char *who, const char *more)
{
    size_t n = strlen(who); /* a public id says nothing about a person */

    fprintf(cli_out(life->cli), "%-22s %s %s\n", what, n > 6 ? who + n - 6 : who, more);
    fflush(cli_out(life->cli));
}

/* ---- demo.json ---- */

static RESULT demo_read(struct life *life, const char *path)
{
    json_t *demo = json_load_file(path, 0, NULL), *one;
    size_t i;

    if (!demo || !text_of(demo, "base", life->base, sizeof life->base)) {
        json_decref(demo);
        return fault(FAULT_CONFIG, "%s is no demo.json", path);
    }
    json_array_foreach(json_object_get(demo, "residents"), i, one)
    {
        struct person *person = &life->people[life->people_n];
        char state[32] = "";
        if (life->people_n == PEOPLE_MAX || !text_of(one, "state", state, sizeof state)) break;
        if (strncmp(state, "normal", 6) != 0 || i == 0) continue; /* the first is the guest's */
        text_of(one, "person_no", person->number, sizeof person->number);
        text_of(one, "password", person->password, sizeof person->password);
        text_of(one, "card", person->card, sizeof person->card);
        life->people_n++;
    }
    json_array_foreach(json_object_get(demo, "accounts"), i, one)
    {
        char role[32] = "";
        text_of(one, "role", role, sizeof role);
        if (strcmp(role, "clerk") == 0) text_of(one, "api_token", life->clerk, sizeof life->clerk);
    }
    one = json_array_get(json_object_get(demo, "gates"), 0);
    text_of(one, "venue", life->gate_venue, sizeof life->gate_venue);
    struct err err =
        one ? gate_key_read(json_string_value(json_object_get(one, "key_file")), &life->gate_key)
            : fault(FAULT_CONFIG, "%s has no gates", path);
    json_decref(demo);
    return err;
}

/* ---- the phone ---- */

static bool sign_in(struct life *life, struct person *person)
{
    char body[200];
    json_t *answer;
    bool done;

    if (person->token[0]) return true;
    snprintf(body, sizeof body, "{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"%s\"}",
             person->number, person->password);
    done = call(life, "POST", "/v1/sessions", NULL, body, &answer) == 201 &&
           text_of(answer, "token", person->token, sizeof person->token);
    json_decref(answer);
    return done;
}

static bool has_device(struct life *life, struct person *person)
{
    char body[240];
    uint8_t point[POINT_SHORT];
    struct writer w = writer_over(body, sizeof body);
    struct json_out out = json_out_over(&w, NULL);
    json_t *answer;
    bool done;

    if (person->device[0]) return true;
    if (key_pair_new(SUITE_P256, &life->entropy, person->scalar, point).code != 0) return false;
    json_out_object(&out, NULL);
    json_out_str(&out, "suite", S("p256"));
    json_out_str(&out, "strength", S("door"));
    json_out_base64url(&out, "public_key", bytes_of(point, sizeof point));
    json_out_bool(&out, "replace", true);
    json_out_end(&out);
    put_u8(&w, 0);
    done = call(life, "POST", "/v1/devices", person->token, body, &answer) == 201 &&
           text_of(answer, "id", person->device, sizeof person->device);
    json_decref(answer);
    return done;
}

/* Base64url without padding, of exactly size bytes. */
static bool base64url(const char *text, uint8_t *out, size_t size)
{
    static const char LETTERS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int have = 0;
    size_t n = 0;

    for (; *text; text++) {
        const char *at = strchr(LETTERS, *text);
        if (!at) return false;
        bits = bits << 6 | (uint32_t)(at - LETTERS);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        if (n == size) return false;
        out[n++] = (uint8_t)(bits >> have);
    }
    return n == size;
}

static bool has_bundle(struct life *life, struct person *person)
{
    char path[100], body[80];
    json_t *answer;
    const char *text;

    if (person->has_bundle) return true;
    snprintf(path, sizeof path, "/v1/devices/%s/code-bundles", person->device);
    snprintf(body, sizeof body, "{\"card\":\"%s\"}", person->card);
    if (call(life, "POST", path, person->token, body, &answer) == 201 &&
        (text = json_string_value(json_object_get(answer, "bundle")))) {
        person->has_bundle = base64url(text, person->bundle, sizeof person->bundle);
    }
    json_decref(answer);
    return person->has_bundle;
}

/* A code as docs/protocols/code.md has it; false when this step's was used: wait for the next. */
static bool code_make(struct life *life, struct person *person, char text[CODE_TEXT_MAX + 1])
{
    uint8_t raw[CODE_BYTES], message[sizeof CODE_DOMAIN - 1 + CODE_SIGNED];
    struct writer w = writer_over(raw, sizeof raw), m = writer_over(message, sizeof message);
    struct writer out = writer_over(text, CODE_TEXT_MAX);
    uint32_t step = code_step(clock_now(&life->clock));

    if (step <= person->last_step) return false;
    person->last_step = step;
    put_bytes(&w, bytes_of(person->bundle, sizeof person->bundle));
    put_be32(&w, step);
    put_u8(&w, CODE_ENTRY);
    put_str(&m, S(CODE_DOMAIN));
    put_bytes(&m, bytes_of(raw, CODE_SIGNED));
    if (p256_sign(bytes_of(person->scalar, SCALAR_BYTES), writer_bytes(&m), raw + CODE_SIGNED).code)
        return false;
    code_text_write(raw, &out);
    text[out.n] = 0;
    return true;
}

/* ---- acts ---- */

static void show(struct life *life, struct person *person)
{
    char text[CODE_TEXT_MAX + 1], body[CODE_TEXT_MAX + 40];
    struct answer answer;

    if (!has_device(life, person) || !has_bundle(life, person) || !code_make(life, person, text)) {
        return;
    }
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", text);
    if (gate_ask(life->gate, "POST", "/v1/check-ins", str_of(body), NULL, &answer).code != 0)
        return;
    if (answer.status == 201) {
        tell(life, "进门 admitted", person->card, "");
    } else {
        tell(life, "拒绝 refused", person->card, answer.code);
    }
}

static void book(struct life *life, struct person *person)
{
    char path[200], slot[ID_ROOM] = "";
    json_t *answer, *slots;
    long status;

    snprintf(path, sizeof path, "/v1/venues/%s/slots", life->gate_venue);
    if (call(life, "GET", path, NULL, NULL, &answer) == 200) {
        slots = json_object_get(answer, "data");
        if (json_array_size(slots) > 0) {
            size_t at = (size_t)prng_between(&life->prng, 0, (int64_t)json_array_size(slots) - 1);
            text_of(json_array_get(slots, at), "id", slot, sizeof slot);
        }
    }
    json_decref(answer);
    if (!slot[0]) return;
    snprintf(path, sizeof path, "/v1/venues/%s/slots/%s/bookings", life->gate_venue, slot);
    status = call(life, "POST", path, person->token, "{\"places\":1}", &answer);
    tell(life, status == 201 ? "预约 booked" : "未约 not booked", person->card,
         status == 201 ? "" : json_string_value(json_object_get(answer, "code")));
    json_decref(answer);
}

static void lose(struct life *life, struct person *person)
{
    char path[120];
    json_t *answer;

    snprintf(path, sizeof path, "/v1/cards/%s/loss-reports", person->card);
    if (call(life, "POST", path, person->token, "{\"kind\":\"temporary\",\"reason\":\"lost\"}",
             &answer) == 201) {
        text_of(answer, "id", person->loss, sizeof person->loss);
        tell(life, "挂失 reported lost", person->card, "");
    }
    json_decref(answer);
}

/* Found again, and brought to the clerk. */
static void lift(struct life *life, struct person *person)
{
    char path[160];

    snprintf(path, sizeof path, "/v1/cards/%s/loss-reports/%s", person->card, person->loss);
    if (call(life, "DELETE", path, life->clerk, NULL, NULL) == 200) {
        person->loss[0] = 0;
        person->has_bundle = false; /* the card's epoch has moved */
        tell(life, "解挂 lifted", person->card, "");
    }
}

static void act(struct life *life)
{
    struct person *person = &life->people[prng_between(&life->prng, 0, life->people_n - 1)];
    int64_t what = prng_between(&life->prng, 0, 99);

    if (!sign_in(life, person)) return;
    if (person->loss[0]) {
        if (what < 50) {
            show(life, person);
        } else {
            lift(life, person);
        }
    } else if (what < 70) {
        show(life, person);
    } else if (what < 92) {
        book(life, person);
    } else {
        lose(life, person);
    }
}

enum cli_exit simulate_life(struct cli *cli)
{
    struct life *life = calloc(1, sizeof *life);
    int64_t pace = cli_int(cli, "pace");
    const struct timespec wait = { .tv_sec = pace / USEC_PER_SEC,
                                   .tv_nsec = pace % USEC_PER_SEC * 1000 };
    sigset_t stop;
    struct err err;

    if (!life) return cli_end(cli, fault(FAULT_MEMORY, "simulate life"));
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    life->clock = system_clock();
    life->entropy = entropy_system();
    life->prng = (struct prng){ .state = (uint64_t)cli_int(cli, "seed") };
    life->cli = cli;
    life->curl = curl_easy_init();
    err = life->curl ? demo_read(life, arena_c(cli_arena(cli), cli_text(cli, "demo")))
                     : fault(FAULT_MEMORY, "simulate life");
    if (err.code == 0 && life->people_n == 0) err = fault(FAULT_CONFIG, "nobody lives there");
    if (err.code == 0) {
        err = gate_link_open(life->base, life->base, &life->gate_key, &life->clock, &life->entropy,
                             &life->gate);
    }
    while (err.code == 0 && sigtimedwait(&stop, NULL, &wait) < 0) {
        act(life);
    }
    gate_link_close(life->gate);
    if (life->curl) curl_easy_cleanup(life->curl);
    free(life);
    return cli_end(cli, err);
}
