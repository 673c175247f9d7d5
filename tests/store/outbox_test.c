/* tests/store/outbox_test.c - messages: order, retry with pauses, death and revival, two
 * deliverers. */
#include <pthread.h>

#include "tests/store/tables.h"

static RESULT put_body(struct txn *tx, void *arg)
{
    const char *text = arg;

    TRY(outbox_put(tx, "sms", (struct root){ ROOT_NODE, 1 }, str_bytes(str_of(text))));
    REQUIRE(text[0] != '!', 7501);
    return OK;
}

struct heard {
    int n, again;
    int64_t last_id, tries;
    int say;
    char text[64];
    struct root from, to;
};

static RESULT hear(void *arg, const struct message *m)
{
    struct heard *h = arg;

    h->n++;
    h->again += m->id <= h->last_id;
    h->last_id = m->id;
    h->tries = m->tries;
    h->from = m->from;
    h->to = m->to;
    snprintf(h->text, sizeof h->text, "%.*s", (int)m->payload.n, (const char *)m->payload.p);
    if (h->say < 0) return fault((enum fault)h->say, "the carrier");
    return (struct err){ .code = h->say };
}

static int deliver(struct fixture *f, struct heard *h)
{
    int done = -1;

    CHECK_OK("deliver", outbox_deliver(f->store, "sms", 100, hear, h, &done));
    return done;
}

static RESULT count_dead(void *arg, const struct message *m, int code)
{
    struct heard *h = arg;

    h->n++;
    h->last_id = m->id;
    h->say = code;
    return OK;
}

static void put(struct fixture *f, const char *text, int want)
{
    char copy[64];

    snprintf(copy, sizeof copy, "%s", text);
    CHECK_CODE("put", store_run(f->store, person(3), put_body, copy), want);
}

static void test_order(struct fixture *f)
{
    struct heard h = { 0 };

    put(f, "a", 0);
    put(f, "!refused", 7501);
    put(f, "b", 0);
    CHECK_INT("both are delivered", deliver(f, &h), 2);
    CHECK_INT("the refused act sent nothing", h.n, 2);
    CHECK_INT("oldest first", h.again, 0);
    CHECK_STR("whole", str_of(h.text), S("b"));
    CHECK("from and to",
          h.from.id == 3 && h.from.kind == ROOT_PERSON && h.to.id == 1 && h.to.kind == ROOT_NODE);
    h = (struct heard){ 0 };
    CHECK_INT("once", deliver(f, &h), 0);
    CHECK_INT("once", h.n, 0);
}

static void test_retry(struct fixture *f)
{
    struct heard h = { .say = FAULT_PARTNER };
    struct outbox_status status;
    int64_t pause = USEC_PER_SEC;

    put(f, "later", 0);
    CHECK_INT("failed", deliver(f, &h), 0);
    CHECK_INT("handed out", h.n, 1);
    for (int try = 1; try <= 14; try++) {
        h.n = 0;
        fixture_pass(f, pause - 1);
        (void)deliver(f, &h);
        CHECK_INT("not before its pause", h.n, 0);
        fixture_pass(f, 1);
        (void)deliver(f, &h);
        CHECK_INT("then again", h.n, 1);
        CHECK_INT("tries are told", h.tries, try);
        pause = pause * 2 > USEC_PER_HOUR ? USEC_PER_HOUR : pause * 2;
    }
    CHECK_OK("status", outbox_status(f->store, "sms", &status));
    CHECK_INT("waiting", status.waiting, 1);
    CHECK("and its age is told", status.oldest_waiting_usec > USEC_PER_HOUR);
    h.say = 0;
    fixture_pass(f, USEC_PER_HOUR);
    CHECK_INT("at last", deliver(f, &h), 1);
}

static void test_death(struct fixture *f)
{
    struct heard h = { .say = 4601 }, dead = { 0 };
    struct outbox_status status;
    bool found;

    put(f, "refused", 0);
    CHECK_INT("refused", deliver(f, &h), 0);
    fixture_pass(f, USEC_PER_DAY);
    h.n = 0;
    CHECK_INT("not again", deliver(f, &h), 0);
    CHECK_INT("not again", h.n, 0);
    CHECK_OK("status", outbox_status(f->store, "sms", &status));
    CHECK("dead", status.waiting == 0 && status.dead == 1);
    CHECK_OK("the dead", outbox_dead(f->store, "sms", 10, count_dead, &dead));
    CHECK("with its code", dead.n == 1 && dead.say == 4601);
    CHECK_OK("revive", outbox_revive(f->store, dead.last_id, &found));
    CHECK("found", found);
    CHECK_OK("revive", outbox_revive(f->store, dead.last_id, &found));
    CHECK("a living one is not revived", !found);
    h.say = 0;
    CHECK_INT("delivered", deliver(f, &h), 1);
}

static void *deliverer(void *arg)
{
    struct heard h = { 0 };
    int done;

    for (int i = 0; i < 10; i++) {
        CHECK_OK("deliver", outbox_deliver(arg, "sms", 7, hear, &h, &done));
    }
    return (void *)(intptr_t)h.n;
}

static void test_two(struct fixture *f)
{
    pthread_t threads[4];
    int64_t heard = 0;

    for (int i = 0; i < 60; i++) {
        put(f, "many", 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, deliverer, f->store);
    }
    for (int i = 0; i < 4; i++) {
        void *n;
        pthread_join(threads[i], &n);
        heard += (intptr_t)n;
    }
    {
        struct heard rest = { 0 };
        (void)deliver(f, &rest);
        heard += rest.n;
    }
    CHECK_INT("four deliverers hear each message once", heard, 60);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;

        if (!fixture_open_with(&f, (enum engine)e, TABLES, LEN(TABLES), false)) break;
        test_order(&f);
        test_retry(&f);
        test_death(&f);
        test_two(&f);
        fixture_close(&f);
    }
    return test_end();
}
