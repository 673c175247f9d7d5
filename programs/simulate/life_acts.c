/* programs/simulate/life_acts.c - what a resident may do next, and how likely. */
#include "programs/simulate/life.h"

#include <stdio.h>

enum { DAYS_AHEAD = 6, OPEN_GOOD_SEC = 120 };

static int64_t between(struct life *life, int64_t min, int64_t max)
{
    return prng_between(&life->prng, min, max);
}

/* The problem's code; "" of an answer without one. */
static const char *code_of(const json_t *answer)
{
    const char *code = json_string_value(json_object_get(answer, "code"));

    return code ? code : "";
}

/* ---- what the server has of somebody: at the start, and when a call ended in the unknown */

static void card_know(struct person *person, const json_t *card)
{
    char social[32], loss[LIFE_ID], id[LIFE_ID];
    bool lost = life_text(card, "loss_report", loss, sizeof loss);
    bool sealed = life_text(card, "social", social, sizeof social) && strcmp(social, "sealed") == 0;

    if (!lost && !sealed && !json_is_true(json_object_get(card, "usable"))) return;
    if (!life_text(card, "id", id, sizeof id)) return;
    if (strcmp(id, person->card) != 0) life_bundle_drop(person);
    memcpy(person->card, id, sizeof id);
    memcpy(person->loss, loss, sizeof loss);
    person->sealed = sealed;
}

static void booking_know(struct person *person, const json_t *booking, struct instant now)
{
    char state[32];
    struct instant starts;

    if (!life_text(booking, "state", state, sizeof state) || strcmp(state, "made") != 0) return;
    if (!life_instant(booking, "starts_at", &starts) || !instant_before(now, starts)) return;
    life_text(booking, "venue", person->booking_venue, sizeof person->booking_venue);
    life_text(booking, "id", person->booking, sizeof person->booking);
}

static bool know(struct life *life, struct person *person)
{
    struct instant now = clock_now(&life->clock);
    json_t *answer, *one;
    bool cards;
    size_t i;

    if (person->known) return person->card[0] != 0;
    cards = life_call_as(life, person, "GET", "/v1/persons/me/cards", NULL, &answer) == 200;
    if (cards) person->loss[0] = 0;
    json_array_foreach(json_object_get(answer, "cards"), i, one)
    {
        card_know(person, one);
    }
    json_decref(answer);
    if (!cards) return false;
    person->known = life_call_as(life, person, "GET", "/v1/bookings", NULL, &answer) == 200;
    if (person->known) person->booking[0] = 0;
    json_array_foreach(json_object_get(answer, "data"), i, one)
    {
        booking_know(person, one, now);
    }
    json_decref(answer);
    return person->known && person->card[0] != 0;
}

/* ---- venues */

static json_t *slots_of(struct life *life, int venue, struct day day)
{
    char path[200], text[20];
    struct writer w = writer_over(text, sizeof text - 1);
    json_t *answer;
    long status;

    put_date(&w, day_date(day));
    text[w.n] = 0;
    snprintf(path, sizeof path, "/v1/venues/%s/slots?day=%s", life->venues[venue].id, text);
    status = life_call(life, "GET", path, NULL, NULL, &answer);
    if (status == 200) return answer;
    json_decref(answer);
    return NULL;
}

/* Is one of its slots running now? Asked again every two minutes. */
static bool is_open(struct life *life, int venue)
{
    struct venue_post *at = &life->venues[venue];
    struct instant now = clock_now(&life->clock), starts, ends;
    json_t *answer, *slot;
    size_t i;

    if (instant_before(now, instant_add(at->asked_at, OPEN_GOOD_SEC * USEC_PER_SEC)))
        return at->open;
    answer = slots_of(life, venue, day_of(now));
    if (!answer) return false;
    at->asked_at = now;
    at->open = false;
    json_array_foreach(json_object_get(answer, "data"), i, slot)
    {
        if (life_instant(slot, "starts_at", &starts) && life_instant(slot, "ends_at", &ends) &&
            !instant_before(now, starts) && instant_before(now, ends))
            at->open = true;
    }
    json_decref(answer);
    return at->open;
}

/* A gate at work, or NULL; when somebody wants to go in, of a place that is open: the first gate's
 * place is round the clock. */
static struct gate_post *gate_pick(struct life *life, bool to_enter)
{
    struct gate_post *gate = &life->gates[between(life, 0, life->gates_n - 1)];

    if (!gate->up || (to_enter && !is_open(life, gate->venue))) gate = &life->gates[0];
    return gate->up ? gate : NULL;
}

/* ---- acts */

/* Refusals that tell the phone what it holds is old. */
static void learn(struct person *person, const char *code)
{
    if (strcmp(code, "code_card_changed") == 0 || strcmp(code, "code_expired") == 0)
        life_bundle_drop(person);
    if (strcmp(code, "device_revoked") == 0) person->device[0] = 0;
}

static bool present(struct life *life, struct gate_post *gate, const char *path, const char *body,
                    struct person *person, const char *done, struct answer *answer)
{
    struct err err = gate_ask(gate->link, "POST", path, str_of(body), NULL, answer);

    if (err.code != 0) {
        life_tell(life, "未答 no answer", gate->key.id, fault_note());
        return false;
    }
    if (answer->status == 200 || answer->status == 201) {
        life_tell(life, done, person->card, "");
        return true;
    }
    life_tell(life, "拒绝 refused", person->card, answer->code);
    learn(person, answer->code);
    return false;
}

/* Shown to a reader at a counter or a gate, without going in. */
static void prove(struct life *life, struct person *person)
{
    static const struct {
        enum code_purpose purpose;
        const char *name;
    } USES[] = { { CODE_LIBRARY, "library" }, { CODE_MEDICAL, "medical" }, { CODE_WHO, "who" } };
    const size_t use = (size_t)between(life, 0, LEN(USES) - 1);
    struct gate_post *gate = gate_pick(life, false);
    char text[CODE_TEXT_MAX + 1], body[CODE_TEXT_MAX + 100];
    struct answer answer;

    if (!gate || !life_code(life, person, USES[use].purpose, text)) return;
    snprintf(body, sizeof body, "{\"code\":\"%s\",\"purpose\":\"%s\",\"strength\":\"door\"}", text,
             USES[use].name);
    (void)present(life, gate, "/v1/verifications", body, person, "核验 verified", &answer);
}

static void enter(struct life *life, struct person *person)
{
    struct gate_post *gate = gate_pick(life, true);
    uint64_t bit = gate ? UINT64_C(1) << gate->venue : 0;
    char text[CODE_TEXT_MAX + 1], body[CODE_TEXT_MAX + 40];
    struct answer answer;

    if ((person->entered & bit) && !person->loss[0]) {
        prove(life, person); /* once a day is enough */
        return;
    }
    if (!gate || !life_code(life, person, CODE_ENTRY, text)) return;
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", text);
    if (present(life, gate, "/v1/check-ins", body, person, "进门 admitted", &answer) ||
        strcmp(answer.code, "admitted_already") == 0)
        person->entered |= bit;
}

static void book(struct life *life, struct person *person)
{
    int venue = (int)between(life, 0, life->venues_n - 1);
    struct day day = { day_of(clock_now(&life->clock)).number + (int)between(life, 0, DAYS_AHEAD) };
    json_t *slots = slots_of(life, venue, day), *data = json_object_get(slots, "data"), *answer;
    int64_t n = (int64_t)json_array_size(data), at = between(life, 0, INT32_MAX);
    char path[200], slot[LIFE_ID] = "";
    long status;

    if (n > 0) life_text(json_array_get(data, (size_t)(at % n)), "id", slot, sizeof slot);
    json_decref(slots);
    if (!slot[0]) return;
    snprintf(path, sizeof path, "/v1/venues/%s/slots/%s/bookings", life->venues[venue].id, slot);
    status = life_call_as(life, person, "POST", path, "{\"places\":1}", &answer);
    if (status == 201) {
        life_text(answer, "id", person->booking, sizeof person->booking);
        memcpy(person->booking_venue, life->venues[venue].id, sizeof person->booking_venue);
        life_tell(life, "预约 booked", person->card, "");
    } else if (status != 0) {
        life_tell(life, "未约 not booked", person->card, code_of(answer));
    }
    json_decref(answer);
}

static void unbook(struct life *life, struct person *person)
{
    char path[200];
    json_t *answer;
    long status;

    if (!person->booking[0]) {
        book(life, person);
        return;
    }
    snprintf(path, sizeof path, "/v1/venues/%s/bookings/%s/cancellations", person->booking_venue,
             person->booking);
    status = life_call_as(life, person, "POST", path, "{}", &answer);
    if (status == 0) {
        json_decref(answer);
        return;
    }
    life_tell(life, status < 300 ? "取消预约 unbooked" : "未取消 not unbooked", person->card,
              code_of(answer));
    person->booking[0] = 0; /* done, or too late for it */
    json_decref(answer);
}

/* "That was not me": of the newest line of a use that nobody contested yet. */
static void contest(struct life *life, struct person *person)
{
    char path[120], line[LIFE_ID] = "", kind[32];
    json_t *answer, *one;
    size_t i;

    if (life_call_as(life, person, "GET", "/v1/persons/me/access-records", NULL, &answer) == 200) {
        json_array_foreach(json_object_get(answer, "data"), i, one)
        {
            if (!line[0] && life_text(one, "kind", kind, sizeof kind) && strcmp(kind, "use") == 0 &&
                !json_is_true(json_object_get(one, "contested")))
                life_text(one, "id", line, sizeof line);
        }
    }
    json_decref(answer);
    if (!line[0]) return;
    snprintf(path, sizeof path, "/v1/access-records/%s/contests", line);
    if (life_call_as(life, person, "POST", path, "{\"reason\":\"not_me\"}", &answer) == 201)
        life_tell(life, "异议 contested", line, "");
    json_decref(answer);
}

static void lose(struct life *life, struct person *person)
{
    char path[120];
    json_t *answer;
    long status;

    snprintf(path, sizeof path, "/v1/cards/%s/loss-reports", person->card);
    status = life_call_as(life, person, "POST", path,
                          "{\"kind\":\"temporary\",\"reason\":\"lost\"}", &answer);
    if (status == 201) {
        life_text(answer, "id", person->loss, sizeof person->loss);
        life_tell(life, "挂失 reported lost", person->card, "");
    } else if (status != 0) {
        person->known = false;
        life_tell(life, "未挂失 not reported", person->card, code_of(answer));
    }
    json_decref(answer);
}

/* ---- at the counter */

static bool clerk(struct life *life, struct person *person, const char *method, const char *path,
                  const char *body, json_t **answer)
{
    long status = life_call(life, method, path, life->clerk, body, answer);

    if (status >= 200 && status < 300) return true;
    person->known = false;
    if (status != 0) life_tell(life, "未办 not done", person->card, code_of(*answer));
    return false;
}

/* The clerk looks somebody up by the number on the document. */
static void look_up(struct life *life, struct person *person)
{
    char body[100];
    json_t *answer;

    snprintf(body, sizeof body, "{\"number\":\"%s\"}", person->number);
    if (clerk(life, person, "POST", "/v1/persons/searches", body, &answer))
        life_tell(life, "柜台查询 looked up", person->card, "");
    json_decref(answer);
}

/* Found again, and brought to the clerk. */
static void lift(struct life *life, struct person *person)
{
    char path[160];
    json_t *answer;

    snprintf(path, sizeof path, "/v1/cards/%s/loss-reports/%s", person->card, person->loss);
    if (clerk(life, person, "DELETE", path, NULL, &answer)) {
        person->loss[0] = 0;
        life_bundle_drop(person); /* the card's epoch has moved */
        life_tell(life, "解挂 lifted", person->card, "");
    }
    json_decref(answer);
}

static void activate(struct life *life, struct person *person)
{
    char path[120];
    json_t *answer;

    snprintf(path, sizeof path, "/v1/cards/%s/activations", person->card);
    if (clerk(life, person, "POST", path, "{}", &answer)) {
        person->sealed = false;
        life_bundle_drop(person);
        life_tell(life, "激活 activated", person->card, "");
    }
    json_decref(answer);
}

/* Not found: a formal report at the counter, and the new card handed over at once. */
static void replace(struct life *life, struct person *person)
{
    char path[160];
    json_t *answer;
    bool done;

    if (!person->replaceable) {
        lift(life, person);
        return;
    }
    snprintf(path, sizeof path, "/v1/cards/%s/loss-reports", person->card);
    done = clerk(life, person, "POST", path, "{\"kind\":\"formal\",\"reason\":\"lost\"}", &answer);
    json_decref(answer);
    if (!done) return;
    life_tell(life, "正式挂失 lost for good", person->card, "");
    snprintf(path, sizeof path, "/v1/cards/%s/replacements", person->card);
    if (clerk(life, person, "POST", path, "{\"reason\":\"lost\",\"instant\":true}", &answer)) {
        life_text(answer, "new_card", person->card, sizeof person->card);
        person->loss[0] = 0;
        person->sealed = true;
        life_tell(life, "补换 replaced", person->card, "");
    }
    json_decref(answer);
    if (person->sealed) activate(life, person);
}

/* ---- which, and how often: out of 100 */

struct choice {
    int share;
    void (*run)(struct life *, struct person *);
};
static const struct choice CALM[] = {
    { 38, enter }, { 22, prove },  { 16, book },   { 8, unbook },
    { 6, lose },   { 3, contest }, { 7, look_up },
};
static const struct choice LOST[] = { { 40, enter }, { 35, lift }, { 25, replace } };

void life_act(struct life *life)
{
    struct day today = day_of(clock_now(&life->clock));
    struct person *person;
    int64_t what;

    life->prng = (struct prng){ .state = (uint64_t)prng_between(&life->acts, 0, INT64_MAX) };
    person = &life->people[between(life, 0, life->people_n - 1)];
    what = between(life, 0, 99);
    if (today.number != life->today.number) {
        for (int i = 0; i < life->people_n; i++)
            life->people[i].entered = 0;
        life->today = today;
    }
    if (!know(life, person)) return;
    if (person->sealed) {
        activate(life, person);
        return;
    }
    for (const struct choice *choice = person->loss[0] ? LOST : CALM;; choice++) {
        if (what < choice->share) {
            choice->run(life, person);
            return;
        }
        what -= choice->share;
    }
}
