/* tests/api/loss_channel_test.c - through what a loss was reported is kept and told, and nobody can
 * say they came by a way that is not theirs. */
#include "tests/api/world.h"

struct said {
    const char *title;
    const struct asker *who;
    const char *kind, *channel; /* NULL: not said */
    int status;
    const char *told; /* the channel, or the code */
};

/* Each on a card that nobody has reported. */
static void test_channels(struct api_world *w)
{
    const struct said rows[] = {
        { "a holder, as the session says", &w->holder, "temporary", NULL, 201, "app" },
        { "a holder on the web", &w->holder, "temporary", "web", 201, "web" },
        { "a holder at a machine", &w->holder, "temporary", "machine", 201, "machine" },
        { "a holder is no counter", &w->holder, "temporary", "counter", 422, "not_one_of" },
        { "a holder is no hotline", &w->holder, "temporary", "phone", 422, "not_one_of" },
        { "a counter, as the session says", &w->clerk, "temporary", NULL, 201, "counter" },
        { "somebody calls the counter", &w->clerk, "temporary", "phone", 201, "phone" },
        { "formally at the counter", &w->clerk, "formal", "counter", 201, "counter" },
        { "formally by phone", &w->clerk, "formal", "phone", 422, "loss_temporary_only" },
        { "a counter is no app", &w->clerk, "temporary", "app", 422, "not_one_of" },
        { "the hotline", &w->agent, "temporary", NULL, 201, "phone" },
        { "the hotline is no counter", &w->agent, "temporary", "counter", 422, "not_one_of" },
        { "no channel", &w->clerk, "temporary", "gate", 422, "not_one_of" },
        { "a number", &w->clerk, "temporary", "1", 422, "not_one_of" },
    };
    const struct act act = world_act(&w->base);

    for (size_t i = 0; i < LEN(rows); i++) {
        const struct said *row = &rows[i];
        char loss[20], channel[40] = "";
        struct loss losses[LOSSES_MAX];
        struct card after;
        struct act found = act;
        int n;

        if (row->channel) snprintf(channel, sizeof channel, ",\"channel\":\"%s\"", row->channel);
        CHECK_STATUS(w, row->title,
                     world_ask(w, row->who,
                               text_of("POST /v1/cards/%s/loss-reports", w->holder_card),
                               text_of("{\"kind\":\"%s\"%s}", row->kind, channel)),
                     row->status);
        CHECK_OK("reports", registry_losses_of(w->app.store, w->holder.id, losses, &n));
        if (row->status != 201) {
            CHECK(row->title, client_has(&w->client, text_of("\"code\":\"%s\"", row->told)));
            CHECK("nothing is reported", n == 0 || losses[0].state != LOSS_EFFECTIVE);
            continue;
        }
        CHECK_STR(row->title, str_of(world_member(w, "channel")), str_of(row->told));
        CHECK_STR("kept", str_of(channel_name(losses[0].channel)), str_of(row->told));
        CHECK_INT("by phone: known by questions", losses[0].proof == PROOF_PHONE,
                  losses[0].channel == CHANNEL_PHONE);
        snprintf(loss, sizeof loss, "%s", world_member(w, "id"));
        CHECK_STATUS(w, row->title,
                     world_ask(w, &w->holder,
                               text_of("GET /v1/cards/%s/loss-reports/%s", w->holder_card, loss),
                               ""),
                     200);
        CHECK_STR("read again", str_of(world_member(w, "channel")), str_of(row->told));
        if (losses[0].kind == LOSS_FORMAL) { /* that card stays shut: the next rows use another */
            snprintf(w->holder_card, sizeof w->holder_card, "%s", w->other_card);
            w->holder = w->other;
            continue;
        }
        found.proof = PROOF_PAPERS_AND_CARD;
        CHECK_OK("found again", registry_card_unlose(&w->base.rg, NULL, w->holder.id,
                                                     losses[0].card_id, &found, &after));
        fixture_pass(&w->base.f, USEC_PER_SEC);
    }
}

int main(void)
{
    static struct api_world w;

    for (int e = 0; e < fixture_engines(); e++) {
        printf("%s\n", fixture_engine_name((enum engine)e));
        if (api_world_open(&w, (enum engine)e)) test_channels(&w);
        api_world_close(&w);
    }
    return test_end();
}
