/* tests/api/once_test.c - Idempotency-Key through the frame into the store, on both engines: a
 * repeat gives the first answer, another body is refused, a refused body is not remembered. */
#include "tests/api/client.h"
#include "tests/fixture.h"

static struct err act_in_txn(struct txn *tx, void *arg)
{
    int64_t *places = arg;

    REQUIRE(*places < 5, API_NOT_FOUND); /* the rule of this act, whatever it is */
    txn_result(tx, txn_new_id(tx));
    return OK;
}

static struct err post_act(struct app *app, const struct request *rq, struct reply *rp)
{
    int64_t places, id, person_id = 11;
    bool replayed;
    const struct json_field body[] = {
        JSON_INT("places", &places, 1, 5),
        JSON_OPTIONAL(JSON_INT("person", &person_id, 1, 99), NULL),
    };

    TRY(json_read(rq->body, body, LEN(body)));
    TRY(store_run_once(app->store, (struct root){ ROOT_PERSON, person_id }, rq->once, act_in_txn,
                       &places, &id, &replayed));
    reply_json(rp, 201);
    json_put_int(rp, "id", id);
    reply_replayed(rp, replayed);
    return OK;
}

static const struct route TABLE[] = {
    { METHOD_POST, "/v1/acts", API_ONCE | API_PUBLIC, NULL, post_act, NULL, 0 },
};

static void test_once(struct fixture *f)
{
    static struct client client;
    struct app app = { .clock = f->config.clock, .entropy = entropy_system(), .store = f->store };
    struct http_config config = { .limits = { .workers = 4, .connections = 64 },
                                  .clock = app.clock,
                                  .entropy = app.entropy };
    char first[64];
    struct str id;

    CHECK_OK("keys", once_memory_open(&app.once));
    api_http(&app, &config);
    config.routes = TABLE;
    config.routes_n = LEN(TABLE);
    CHECK_OK("the server", http_open(&config, &app.http));
    client.port = http_port(app.http);
    CHECK_INT("the first time",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: k\r\n", "{\"places\":1}"),
              201);
    CHECK("is no replay", !client_has(&client, "Idempotency-Replayed"));
    id = client_between(&client, "\"id\":", '}');
    snprintf(first, sizeof first, "\"id\":%.*s}", (int)id.n, id.p);
    CHECK_INT("again",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: k\r\n", "{\"places\":1}"),
              201);
    CHECK("is one", client_has(&client, "Idempotency-Replayed: true\r\n"));
    CHECK("with the first answer", client_has(&client, first));
    CHECK_INT("another body under the key",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: k\r\n", "{\"places\":2}"),
              422);
    CHECK_STR("its code", client_code(&client), S("idempotency_key_reused"));
    CHECK_INT("another body about another thing under the key",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: k\r\n",
                         "{\"places\":1,\"person\":12}"),
              422);
    CHECK_STR("its code", client_code(&client), S("idempotency_key_reused"));
    CHECK_INT("a refused act",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: r\r\n", "{\"places\":5}"),
              404);
    CHECK_INT("is not remembered",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: r\r\n", "{\"places\":1}"),
              201);
    CHECK_INT("another key is another act",
              client_ask(&client, "POST /v1/acts", "Idempotency-Key: k2\r\n", "{\"places\":1}"),
              201);
    CHECK("of its own", !client_has(&client, first));
    http_close(app.http);
    once_memory_close(app.once);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct fixture f;

        if (!fixture_open(&f, (enum engine)e)) break;
        test_once(&f);
        fixture_close(&f);
    }
    return test_end();
}
