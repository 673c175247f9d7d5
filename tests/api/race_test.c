/* tests/api/race_test.c - what must hold when many ask at one moment, over HTTP: one live card for
 * a person, one loss report for a card, a secret that locks. */
#include "tests/api/world.h"

static void make_request(char out[2000], const char *line, const char *headers, const char *body)
{
    snprintf(out, 2000,
             "%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%sContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             line, headers, strlen(body), body);
}

static int live_cards(struct api_world *w, int64_t person_id)
{
    struct card cards[CARDS_MAX];
    int n = 0, live = 0;

    CHECK_OK("cards", registry_cards_of(w->base.f.store, person_id, cards, &n));
    for (int i = 0; i < n; i++)
        live += cards[i].social != SOCIAL_REPLACED && cards[i].social != SOCIAL_CANCELLED;
    return live;
}

/* 100 clerks issue a card to one person, each under a key of its own. */
static void one_live_card(struct api_world *w)
{
    struct crowd crowd = { .port = w->client.port, .n = 100 };
    char no[19], id[20], request[2000];
    int64_t person_id = world_person(w, "赵一", "13800000001", no);

    world_id(w, "psn", person_id, id);
    make_request(request, "POST /v1/cards",
                 text_of("%sIdempotency-Key: issue-%%d\r\n", w->clerk.header),
                 text_of("{\"person\":\"%s\",\"generation\":3,\"region_code\":340111}", id));
    crowd.request = request;
    crowd_run(&crowd);
    CHECK_INT("exactly one is issued", crowd_count(&crowd, 201), 1);
    CHECK_INT("the others hear that there is one", crowd_count(&crowd, 409), 99);
    CHECK_INT("one live card", live_cards(w, person_id), 1);
}

/* One clerk whose client sends the same call a hundred times under one key. */
static void one_key(struct api_world *w)
{
    struct crowd crowd = { .port = w->client.port, .n = 100 };
    char no[19], id[20], request[2000];
    int64_t person_id = world_person(w, "钱二", "13800000002", no);
    int made;

    world_id(w, "psn", person_id, id);
    make_request(request, "POST /v1/cards",
                 text_of("%sIdempotency-Key: same-key\r\n", w->clerk.header),
                 text_of("{\"person\":\"%s\",\"generation\":3,\"region_code\":340111}", id));
    crowd.request = request;
    crowd_run(&crowd);
    made = crowd_count(&crowd, 201); /* the first, and those who came after it had ended */
    CHECK("some hear of the card", made >= 1);
    CHECK_INT("the others that the key is in work", made + crowd_count(&crowd, 409), 100);
    CHECK_INT("one live card", live_cards(w, person_id), 1);
}

static void one_report(struct api_world *w)
{
    struct crowd crowd = { .port = w->client.port, .n = 64 };
    struct loss losses[LOSSES_MAX];
    char request[2000];
    int n = 0;

    make_request(request, text_of("POST /v1/cards/%s/loss-reports", w->other_card),
                 text_of("%sIdempotency-Key: lose-%%d\r\n", w->other.header),
                 "{\"kind\":\"temporary\",\"reason\":\"lost\"}");
    crowd.request = request;
    crowd_run(&crowd);
    CHECK_INT("one report", crowd_count(&crowd, 201), 1);
    CHECK_INT("the others hear of it", crowd_count(&crowd, 409), 63);
    CHECK_OK("reports", registry_losses_of(w->base.f.store, w->other.id, losses, &n));
    CHECK_INT("is kept", n, 1);
}

/* How often somebody's own secret was compared and found wrong: each leaves a denial line of
 * theirs; tries of a locked secret are nobody's (registry/secret.h). */
static int compared(struct api_world *w, struct journal_ask ask)
{
    static uint8_t memory[1 << 17];
    struct arena arena = arena_over(memory, sizeof memory);
    struct journal_page page = { 0 };
    int n = 0;

    ask.limit = JOURNAL_PAGE_MAX;
    ask.refused_only = true;
    CHECK_OK("denials", journal_lines(w->base.f.store, &ask, &arena, &page));
    for (int i = 0; i < page.n; i++)
        n += page.records[i].line.verdict == SIGNIN_WRONG && page.records[i].line.object_id == 0;
    return n;
}

/* 64 guesses at one moment from 64 addresses: at most SECRET_TRIES are compared, and from then on
 * the right password is no use until the lock ends; all are told the same. */
static void lock(struct api_world *w, const char *path, const char *wrong, const char *right,
                 struct journal_ask denials, bool needs_totp)
{
    struct crowd crowd = { .port = w->client.port, .n = 64 };
    char request[2000];

    make_request(request, path, "X-Real-IP: 192.0.2.%d\r\n", wrong);
    crowd.request = request;
    crowd_run(&crowd);
    CHECK_INT("all are told the same", crowd_count(&crowd, 403), 64);
    CHECK_INT("as many are compared as may be", compared(w, denials), SECRET_TRIES);
    CHECK_INT("the right one is refused", client_ask(&w->client, path, "", right), 403);
    CHECK_STR("as any other", client_code(&w->client), S("signin_wrong"));
    fixture_pass(&w->base.f, LOCK_FIRST_USEC);
    CHECK_INT("the lock ends", client_ask(&w->client, path, "", right), needs_totp ? 403 : 201);
    if (needs_totp) CHECK_STR("and asks on", client_code(&w->client), S("totp_needed"));
}

static void locks(struct api_world *w)
{
    const struct act act = world_act(&w->base);

    CHECK_OK("a password", registry_password_set(&w->base.rg, NULL, SUBJECT_PERSON, w->holder.id,
                                                 S("a good long one"), &act));
    lock(w, "POST /v1/sessions",
         text_of("{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"guess number %%d\"}",
                 w->holder_no),
         text_of("{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"a good long one\"}",
                 w->holder_no),
         (struct journal_ask){ .person_id = w->holder.id }, false);
    CHECK_OK("a password", registry_password_set(&w->base.rg, NULL, SUBJECT_STAFF, w->clerk.id,
                                                 S("another long one"), &act));
    lock(w, "POST /v1/sessions",
         "{\"way\":\"staff\",\"user\":\"clerk\",\"password\":\"guess number "
         "%d\",\"totp\":\"000000\"}",
         "{\"way\":\"staff\",\"user\":\"clerk\",\"password\":\"another long one\"}",
         (struct journal_ask){ .actor_id = w->clerk.id, .actor = ACTOR_STAFF }, true);
}

/* Passwords never take the workers of everybody else: as many are in it as may be, the others are
 * refused at once, no try is counted, and what needs no password is answered. */
static void busy(struct api_world *w)
{
    const struct journal_ask denials = { .person_id = w->holder.id };
    const char *wrong =
        text_of("{\"way\":\"resident\",\"number\":\"%s\",\"password\":\"wrong\"}", w->holder_no);
    struct crowd crowd = { .port = w->client.port, .n = 64 };
    struct entropy entropy = entropy_system();
    const int before = compared(w, denials);
    char request[2000];

    CHECK_OK("limits", limits_open(1000, &entropy, &w->app.limits));
    for (int i = 0; i < PASSWORDS_AT_ONCE; i++)
        CHECK_OK("a place", limits_password_enter(&w->app));
    CHECK_CODE("no place is left", limits_password_enter(&w->app), API_PASSWORDS_BUSY);
    for (int i = 0; i < SECRET_TRIES + 1; i++) {
        CHECK_INT("a password", client_ask(&w->client, "POST /v1/sessions", "", wrong), 503);
        CHECK_STR("is not checked", client_code(&w->client), S("passwords_busy"));
        CHECK("says how long", client_has(&w->client, "Retry-After: "));
    }
    CHECK_INT("a code is",
              client_ask(&w->client, "POST /v1/sessions", "",
                         text_of("{\"way\":\"resident\",\"number\":\"%s\",\"code\":"
                                 "\"123456\"}",
                                 w->other_no)),
              403);
    CHECK_INT("venues are", client_ask(&w->client, "GET /v1/venues", "", ""), 200);
    CHECK_INT("no try was counted", compared(w, denials), before);
    for (int i = 0; i < PASSWORDS_AT_ONCE; i++)
        limits_password_leave(&w->app);
    CHECK_INT("then it is", client_ask(&w->client, "POST /v1/sessions", "", wrong), 403);
    CHECK_INT("and counted", compared(w, denials), before + 1);
    make_request(
        request, "POST /v1/sessions", "X-Real-IP: 203.0.113.%d\r\n",
        "{\"way\":\"staff\",\"user\":\"nobody%d\",\"password\":\"a guess\",\"totp\":\"000000\"}");
    crowd.request = request;
    crowd_run(&crowd);
    CHECK_INT("of 64 at one moment", crowd_count(&crowd, 403) + crowd_count(&crowd, 503), 64);
    CHECK("those who find a place are heard", crowd_count(&crowd, 403) >= PASSWORDS_AT_ONCE);
    for (int i = 0; i < PASSWORDS_AT_ONCE; i++)
        CHECK_OK("every place was given back", limits_password_enter(&w->app));
    limits_close(w->app.limits);
    w->app.limits = NULL;
}

/* The same with the limits of addresses and subjects before it, as the server runs: a stranger from
 * many addresses is slowed down before the lock. */
static void limited(struct api_world *w)
{
    struct entropy entropy = entropy_system();
    int waits = 0;

    CHECK_OK("limits", limits_open(1000, &entropy, &w->app.limits));
    for (int i = 0; i < 12; i++) {
        int status =
            client_ask(&w->client, "POST /v1/sessions", text_of("X-Real-IP: 198.51.100.%d\r\n", i),
                       text_of("{\"way\":\"resident\",\"number\":\"%.6s%*s%s\",\"password\":\"w"
                               "rong %d\"}",
                               w->other_no, i, "", w->other_no + 6, i));
        waits += status == 429;
        if (status == 429) CHECK("says how long", client_has(&w->client, "Retry-After: "));
    }
    CHECK("most wait", waits >= 9);
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) {
            one_live_card(&w);
            one_key(&w);
            one_report(&w);
            locks(&w);
            busy(&w);
            limited(&w);
        }
        api_world_close(&w);
    }
    return test_end();
}
