/* programs/simulate/life_http.c - demo.json, and calls of the API as its residents and clerk. */
#include "programs/simulate/life.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- calls */

static size_t take(char *p, size_t size, size_t n, void *arg)
{
    struct life *life = arg;

    put_bytes(&life->answer, bytes_of(p, size * n));
    return life->answer.over ? 0 : size * n;
}

static struct curl_slist *headers(struct life *life, const char *token)
{
    struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
    char line[200];
    uint64_t random[2];

    head = curl_slist_append(head, "X-Purpose: counter_service");
    head = curl_slist_append(head, "Expect:");
    life->entropy.fill(life->entropy.arg, random, sizeof random);
    snprintf(line, sizeof line, "Idempotency-Key: %016" PRIx64 "%016" PRIx64, random[0], random[1]);
    head = curl_slist_append(head, line);
    if (token && token[0]) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", token);
        head = curl_slist_append(head, line);
    }
    return head;
}

long life_call(struct life *life, const char *method, const char *path, const char *token,
               const char *body, json_t **out)
{
    struct curl_slist *head = headers(life, token);
    char url[500];
    long status = 0;

    snprintf(url, sizeof url, "%s%s", life->base, path);
    life->answer = writer_over(life->room, sizeof life->room);
    curl_easy_reset(life->curl);
    curl_easy_setopt(life->curl, CURLOPT_URL, url);
    curl_easy_setopt(life->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(life->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(life->curl, CURLOPT_CONNECTTIMEOUT_MS, 2000L);
    curl_easy_setopt(life->curl, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(life->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(life->curl, CURLOPT_WRITEDATA, life);
    curl_easy_setopt(life->curl, CURLOPT_HTTPHEADER, head);
    if (body) curl_easy_setopt(life->curl, CURLOPT_POSTFIELDS, body);
    if (curl_easy_perform(life->curl) == CURLE_OK)
        curl_easy_getinfo(life->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(head);
    if (out) *out = NULL;
    if (out && status != 0) *out = json_loadb((const char *)life->room, life->answer.n, 0, NULL);
    if (life->away != (status == 0)) {
        life->away = status == 0;
        life_tell(life, life->away ? "断线 nobody answers" : "恢复 answers again", "", "");
    }
    return status;
}

/* Of three sign-ins two are for gates, until all of them are at work. */
static bool gates_first(const struct life *life)
{
    int up = 0, in = 0;

    for (int i = 0; i < life->gates_n; i++)
        up += life->gates[i].up;
    for (int i = 0; i < life->people_n; i++)
        in += life->people[i].token[0] != 0;
    return up == life->gates_n || up >= 2 * in;
}

static bool sign_in(struct life *life, struct person *person)
{
    char body[200];
    json_t *answer;

    if (person->token[0]) return true;
    if (!gates_first(life) || !signin_pace_take(&life->pace, clock_now(&life->clock))) return false;
    snprintf(body, sizeof body, "{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"%s\"}",
             person->number, person->password);
    if (life_call(life, "POST", "/v1/sessions", NULL, body, &answer) == 201)
        life_text(answer, "token", person->token, sizeof person->token);
    json_decref(answer);
    return person->token[0] != 0;
}

long life_call_as(struct life *life, struct person *person, const char *method, const char *path,
                  const char *body, json_t **out)
{
    long status = 0;

    for (int i = 0; i < 2; i++) {
        if (out) *out = NULL;
        if (!sign_in(life, person)) return 0;
        status = life_call(life, method, path, person->token, body, out);
        if (status != 401) break;
        person->token[0] = 0; /* over, or signed out: in again */
        if (i == 0 && out) json_decref(*out);
    }
    if (status == 0) person->known = false; /* it may have been done all the same */
    return status;
}

bool life_text(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));

    out[0] = 0;
    return text && str_c(str_of(text), out, size);
}

bool life_instant(const json_t *object, const char *name, struct instant *out)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && instant_parse(str_of(text), out);
}

void life_tell(struct life *life, const char *what, const char *id, const char *more)
{
    char line[200];
    struct writer w = writer_over(line, sizeof line - 1);
    size_t n = strlen(id);

    put_instant(&w, clock_now(&life->clock));
    line[w.n < 19 ? w.n : 19] = 0; /* to the second */
    fprintf(cli_out(life->cli), "%s  %-24s %s %s\n", line + 11, what, n > 6 ? id + n - 6 : id,
            more ? more : "");
    fflush(cli_out(life->cli));
}

/* ---- demo.json */

static void resident_read(struct life *life, const json_t *one)
{
    struct person *person = &life->people[life->people_n];
    char state[32];

    if (life->people_n == LIFE_PEOPLE_MAX || !life_text(one, "state", state, sizeof state)) return;
    person->replaceable = strcmp(state, "replaced") == 0;
    if (strncmp(state, "normal", 6) != 0 && !person->replaceable) return;
    if (life_text(one, "person_no", person->number, sizeof person->number) &&
        life_text(one, "password", person->password, sizeof person->password))
        life->people_n++;
}

static RESULT gate_read(struct life *life, const json_t *one)
{
    struct gate_post *gate = &life->gates[life->gates_n];
    const char *file = json_string_value(json_object_get(one, "key_file"));
    char venue[LIFE_ID];
    int at = 0;

    if (life->gates_n == LIFE_GATES_MAX || !file || !life_text(one, "venue", venue, sizeof venue))
        return OK;
    while (at < life->venues_n && strcmp(life->venues[at].id, venue) != 0)
        at++;
    if (at == LIFE_VENUES_MAX) return OK;
    if (at == life->venues_n) memcpy(life->venues[life->venues_n++].id, venue, sizeof venue);
    TRY(gate_key_read(file, &gate->key));
    TRY(gate_link_open(life->base, life->base, &gate->key, &life->clock, &life->entropy,
                       &gate->link));
    gate_link_pace(gate->link, &life->pace);
    gate->venue = at;
    life->gates_n++;
    return OK;
}

static RESULT members_read(struct life *life, const json_t *demo)
{
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(demo, "residents"), i, one)
    {
        if (i > 0) resident_read(life, one); /* the first is the guest's of the one screen */
    }
    json_array_foreach(json_object_get(demo, "accounts"), i, one)
    {
        char role[32];
        if (life_text(one, "role", role, sizeof role) && strcmp(role, "clerk") == 0)
            life_text(one, "api_token", life->clerk, sizeof life->clerk);
    }
    json_array_foreach(json_object_get(demo, "gates"), i, one)
    {
        TRY(gate_read(life, one));
    }
    return OK;
}

struct err life_read(struct life *life, const char *path)
{
    json_t *demo = json_load_file(path, 0, NULL);
    struct err err;

    if (!demo || !life_text(demo, "base", life->base, sizeof life->base)) {
        json_decref(demo);
        return fault(FAULT_CONFIG, "%s is no demo.json", path);
    }
    err = members_read(life, demo);
    json_decref(demo);
    if (err.code == 0 && (life->people_n == 0 || life->gates_n == 0))
        err = fault(FAULT_CONFIG, "%s has no residents or no gates", path);
    return err;
}
