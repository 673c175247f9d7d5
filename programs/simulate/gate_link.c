/* programs/simulate/gate_link.c - HTTP by libcurl; answers are read tolerantly, as clients must. */
#include "programs/simulate/gate_link.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MAX = 16 << 20, TOKEN_SPARE_SEC = 60 };

struct gate_link {
    CURL *curl;
    char server[300], audience[300];
    const struct gate_key *key;
    const struct clock *clock;
    const struct entropy *entropy;
    struct signin_pace *pace; /* NULL: none */
    char token[128];
    struct instant token_until;
    struct arena arena; /* of the answer in hand */
    struct writer answer;
};

/* ---- the key */

static bool hex_member(const json_t *object, const char *name, uint8_t *out, size_t n)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && hex_parse(str_of(text), out, n);
}

RESULT gate_key_read(const char *path, struct gate_key *out)
{
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    const char *id, *suite;
    bool ok;

    if (!file) return fault(FAULT_CONFIG, "%s: %s", path, error.text);
    id = json_string_value(json_object_get(file, "id"));
    suite = json_string_value(json_object_get(file, "suite"));
    *out = (struct gate_key){ .test = json_is_true(json_object_get(file, "test")) };
    ok = id && suite && str_c(str_of(id), out->id, sizeof out->id) &&
         hex_member(file, "private_key", out->scalar, sizeof out->scalar);
    if (ok) out->suite = strcmp(suite, "sm2") == 0 ? SUITE_SM2 : SUITE_P256;
    json_decref(file);
    return ok ? OK : fault(FAULT_CONFIG, "%s: no key file of a terminal", path);
}

void gate_sign(const struct gate_key *key, struct str message, char hex[2 * SIGNATURE_BYTES + 1])
{
    struct writer w = writer_over(hex, 2 * SIGNATURE_BYTES);
    struct bytes scalar = bytes_of(key->scalar, sizeof key->scalar);
    uint8_t signature[SIGNATURE_BYTES];
    struct err err = key->suite == SUITE_SM2 ? sm2_sign(scalar, str_bytes(message), signature)
                                             : p256_sign(scalar, str_bytes(message), signature);

    assert(err.code == 0);
    put_hex(&w, bytes_of(signature, sizeof signature));
    hex[2 * SIGNATURE_BYTES] = '\0';
}

/* ---- HTTP */

static size_t take_answer(char *p, size_t size, size_t n, void *arg)
{
    struct gate_link *link = arg;

    put_bytes(&link->answer, bytes_of(p, size * n));
    return link->answer.over ? 0 : size * n;
}

static void problem_take(struct answer *out)
{
    json_t *problem = json_loadb((const char *)out->body.p, out->body.n, 0, NULL);
    const char *code = json_string_value(json_object_get(problem, "code"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));

    if (code) str_c(str_part(str_of(code), 0, sizeof out->code - 1), out->code, sizeof out->code);
    if (detail && strlen(detail) < sizeof out->detail)
        str_c(str_of(detail), out->detail, sizeof out->detail);
    out->next_batch_no = json_integer_value(json_object_get(problem, "next_batch_no"));
    json_decref(problem);
}

static RESULT call(struct gate_link *link, const char *method, const char *path, struct str body,
                   const char *signature_hex, struct answer *out)
{
    char url[800], line[300];
    struct curl_slist *head = NULL;
    CURLcode done;

    *out = (struct answer){ 0 };
    snprintf(url, sizeof url, "%s%s", link->server, path);
    arena_reset(&link->arena);
    link->answer = writer_over(arena_take(&link->arena, ANSWER_MAX, 8), ANSWER_MAX);
    curl_easy_reset(link->curl);
    curl_easy_setopt(link->curl, CURLOPT_URL, url);
    curl_easy_setopt(link->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(link->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(link->curl, CURLOPT_CONNECTTIMEOUT_MS, 2000L);
    curl_easy_setopt(link->curl, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(link->curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(link->curl, CURLOPT_WRITEDATA, link);
    if (body.n != 0) {
        char key[64];
        uint64_t random[2];
        curl_easy_setopt(link->curl, CURLOPT_POSTFIELDS, body.p);
        curl_easy_setopt(link->curl, CURLOPT_POSTFIELDSIZE, (long)body.n);
        head = curl_slist_append(head, "Content-Type: application/json");
        link->entropy->fill(link->entropy->arg, random, sizeof random);
        snprintf(key, sizeof key, "Idempotency-Key: %016" PRIx64 "%016" PRIx64, random[0],
                 random[1]);
        head = curl_slist_append(head, key);
    }
    if (link->token[0]) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", link->token);
        head = curl_slist_append(head, line);
    }
    if (signature_hex) {
        snprintf(line, sizeof line, "Ykt-Signature: %s", signature_hex);
        head = curl_slist_append(head, line);
    }
    head = curl_slist_append(head, "X-Purpose: verification");
    head = curl_slist_append(head, "Expect:");
    curl_easy_setopt(link->curl, CURLOPT_HTTPHEADER, head);
    done = curl_easy_perform(link->curl);
    curl_slist_free_all(head);
    if (done != CURLE_OK)
        return fault(FAULT_PARTNER, "%s %s: %s", method, path, curl_easy_strerror(done));
    curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &out->status);
    out->body = writer_bytes(&link->answer);
    if (out->status >= 400) problem_take(out);
    return OK;
}

/* ---- signing in */

enum { SIGNINS_AT_ONCE = 6, SIGNIN_USEC = 1250000 };

bool signin_pace_take(struct signin_pace *pace, struct instant now)
{
    if (pace->spent_until.usec < now.usec) pace->spent_until = now;
    if (pace->spent_until.usec - now.usec > (int64_t)(SIGNINS_AT_ONCE - 1) * SIGNIN_USEC)
        return false;
    pace->spent_until = instant_add(pace->spent_until, SIGNIN_USEC);
    return true;
}

static RESULT token_take(struct gate_link *link, const struct answer *answer)
{
    json_t *body = json_loadb((const char *)answer->body.p, answer->body.n, 0, NULL);
    const char *token = json_string_value(json_object_get(body, "token"));
    const char *until = json_string_value(json_object_get(body, "expires_at"));
    bool ok = token && until && str_c(str_of(token), link->token, sizeof link->token) &&
              instant_parse(str_of(until), &link->token_until);

    json_decref(body);
    return ok ? OK : fault(FAULT_PARTNER, "signing in: an answer without a token");
}

static RESULT signin(struct gate_link *link)
{
    char at[40], nonce[33], message[600], body[700], path[100], hex[2 * SIGNATURE_BYTES + 1];
    struct writer w = writer_over(at, sizeof at - 1), n = writer_over(nonce, sizeof nonce - 1);
    uint8_t random[16];
    struct answer answer;

    link->token[0] = '\0';
    if (link->pace && !signin_pace_take(link->pace, clock_now(link->clock)))
        return fault(FAULT_PARTNER, "signing in: waits for its turn");
    link->entropy->fill(link->entropy->arg, random, sizeof random);
    put_hex(&n, bytes_of(random, sizeof random));
    nonce[n.n] = '\0';
    put_instant(&w, clock_now(link->clock));
    at[w.n] = '\0';
    snprintf(message, sizeof message, "YKT sign-in 1\n%s\n%s\n%s\n%s", link->audience,
             link->key->id, at, nonce);
    gate_sign(link->key, str_of(message), hex);
    snprintf(body, sizeof body, "{\"signed_at\":\"%s\",\"nonce\":\"%s\",\"signature\":\"%s\"}", at,
             nonce, hex);
    snprintf(path, sizeof path, "/v1/terminals/%s/tokens", link->key->id);
    TRY(call(link, "POST", path, str_of(body), NULL, &answer));
    if (answer.status != 201)
        return fault(FAULT_PARTNER, "signing in: %ld %s", answer.status, answer.code);
    return token_take(link, &answer);
}

RESULT gate_ask(struct gate_link *link, const char *method, const char *path, struct str body,
                const char *signature_hex, struct answer *out)
{
    struct instant soon = instant_add(clock_now(link->clock), TOKEN_SPARE_SEC * USEC_PER_SEC);

    if (!link->token[0] || !instant_before(soon, link->token_until)) TRY(signin(link));
    TRY(call(link, method, path, body, signature_hex, out));
    if (out->status != 401) return OK;
    TRY(signin(link)); /* the server forgot the token: once more */
    return call(link, method, path, body, signature_hex, out);
}

/* ---- published keys */

static bool key_take(const json_t *row, struct published_key *out)
{
    const char *use = json_string_value(json_object_get(row, "use"));
    const char *suite = json_string_value(json_object_get(row, "suite"));
    const char *from = json_string_value(json_object_get(row, "valid_from"));
    const char *to = json_string_value(json_object_get(row, "valid_to"));

    *out = (struct published_key){ .test = json_is_true(json_object_get(row, "test")) };
    out->kid = (uint16_t)json_integer_value(json_object_get(row, "kid"));
    if (!use || !suite || !from || !to) return false;
    out->use = strcmp(use, "codes") == 0 ? VERIFY_CODES : VERIFY_STOP_LISTS;
    out->suite = strcmp(suite, "sm2") == 0 ? CODE_SM2 : CODE_P256;
    return instant_parse(str_of(from), &out->valid_from) &&
           instant_parse(str_of(to), &out->valid_to) &&
           hex_member(row, "public_key", out->public_key, sizeof out->public_key);
}

RESULT gate_keys(struct gate_link *link, struct published_keys *out)
{
    struct published_keys read = { .n = 0 };
    struct answer answer;
    json_t *body, *row;
    size_t i;

    TRY(gate_ask(link, "GET", "/v1/verification-keys", (struct str){ 0 }, NULL, &answer));
    if (answer.status != 200)
        return fault(FAULT_PARTNER, "keys: %ld %s", answer.status, answer.code);
    body = json_loadb((const char *)answer.body.p, answer.body.n, 0, NULL);
    json_array_foreach(json_object_get(body, "keys"), i, row)
    {
        if (read.n < PUBLISHED_KEYS_MAX && key_take(row, &read.keys[read.n])) read.n++;
    }
    json_decref(body);
    if (read.n == 0) return fault(FAULT_PARTNER, "keys: none in the answer");
    *out = read;
    return OK;
}

/* ---- opening */

RESULT gate_link_open(const char *server, const char *audience, const struct gate_key *key,
                      const struct clock *clock, const struct entropy *entropy,
                      struct gate_link **out)
{
    struct gate_link *link = calloc(1, sizeof *link);
    struct err err = OK;

    if (!link) return fault(FAULT_MEMORY, "a gate's link");
    link->key = key;
    link->clock = clock;
    link->entropy = entropy;
    if (!str_c(str_of(server), link->server, sizeof link->server) ||
        !str_c(str_of(audience), link->audience, sizeof link->audience))
        err = fault(FAULT_CONFIG, "the server's address is too long");
    if (err.code == 0) err = arena_open(&link->arena, ANSWER_MAX + 4096);
    if (err.code == 0 && !(link->curl = curl_easy_init())) err = fault(FAULT_MEMORY, "libcurl");
    if (err.code != 0) {
        gate_link_close(link);
        return err;
    }
    *out = link;
    return OK;
}

void gate_link_pace(struct gate_link *link, struct signin_pace *pace)
{
    link->pace = pace;
}

void gate_link_close(struct gate_link *link)
{
    if (!link) return;
    if (link->curl) curl_easy_cleanup(link->curl);
    arena_close(&link->arena);
    free(link);
}
