/* tests/claims/claims_test.c - recorded by their owner alone, corrected by closing, read as known
 * then. */
#include "claims/claims.h"

#include "tests/registry/world.h"

enum { CIVIL = 7, FEDERATION = 8 };

static struct claim_ask asked(struct world *w, int64_t person_id)
{
    return (struct claim_ask){ .person_id = person_id,
                               .kind = CLAIM_DISABLED,
                               .level = 2,
                               .region_code = 340100,
                               .owner_org = FEDERATION,
                               .source = S("register-2021"),
                               .signature = bytes_of("signed", 6),
                               .act = world_act(w, CHANNEL_IMPORT, PROOF_PAPERS) };
}

static void writing(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number), id = 0;
    struct act act = world_act(w, CHANNEL_WEB, PROOF_TWO_FACTORS);
    struct claim_ask ask = asked(w, person_id);
    struct once once = { .actor = 42, .key = S("claim"), .body_hash = { 4 } };
    int64_t again;

    CHECK_CODE("not an owner yet", claims_put(w->f.store, NULL, &ask, &id), CLAIMS_OWNER);
    CHECK_OK("owner", claims_owner_set(w->f.store, CLAIM_DISABLED, FEDERATION, true, &act));
    CHECK_CODE("aged is nobody's", claims_owner_set(w->f.store, CLAIM_AGED, FEDERATION, true, &act),
               CLAIMS_KIND);
    ask.kind = CLAIM_AGED;
    CHECK_CODE("aged is not stored", claims_put(w->f.store, NULL, &ask, &id), CLAIMS_KIND);
    ask.kind = CLAIM_VETERAN;
    CHECK_CODE("another kind", claims_put(w->f.store, NULL, &ask, &id), CLAIMS_OWNER);
    ask = asked(w, person_id);
    ask.owner_org = CIVIL;
    CHECK_CODE("another organisation", claims_put(w->f.store, NULL, &ask, &id), CLAIMS_OWNER);
    ask = asked(w, person_id);
    ask.valid_from = ask.valid_to = act.at;
    CHECK_CODE("no time at all", claims_put(w->f.store, NULL, &ask, &id), CLAIMS_PERIOD);
    ask = asked(w, 5);
    CHECK_CODE("nobody", claims_put(w->f.store, NULL, &ask, &id), REGISTRY_PERSON_UNKNOWN);
    ask = asked(w, person_id);
    CHECK_OK("recorded", claims_put(w->f.store, &once, &ask, &id));
    CHECK_OK("repeated", claims_put(w->f.store, &once, &ask, &again));
    CHECK_INT("the same", again, id);
    CHECK_CODE("withdrawn by another", claims_withdraw(w->f.store, person_id, id, CIVIL, &act),
               CLAIMS_OWNER);
    CHECK_OK("withdrawn", claims_withdraw(w->f.store, person_id, id, FEDERATION, &act));
    CHECK_CODE("twice", claims_withdraw(w->f.store, person_id, id, FEDERATION, &act),
               CLAIMS_UNKNOWN);
}

static void reading(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number), first = 0, second = 0;
    struct claim_ask ask = asked(w, person_id);
    struct instant before = fixture_now(&w->f), between, after;
    struct claim_query query = { .person_id = person_id, .kind = CLAIM_DISABLED };
    struct claim claim, list[CLAIMS_MAX];
    int n;

    fixture_pass(&w->f, USEC_PER_HOUR);
    ask.act.at = fixture_now(&w->f);
    CHECK_OK("first", claims_put(w->f.store, NULL, &ask, &first));
    fixture_pass(&w->f, USEC_PER_HOUR);
    between = fixture_now(&w->f);
    fixture_pass(&w->f, USEC_PER_HOUR);
    ask.act.at = fixture_now(&w->f);
    ask.level = 4;
    CHECK_OK("corrected", claims_put(w->f.store, NULL, &ask, &second));
    fixture_pass(&w->f, USEC_PER_HOUR);
    after = fixture_now(&w->f);

    query.valid = after;
    CHECK_OK("held", claims_read(w->f.store, &query, &claim));
    CHECK_INT("the correction", claim.id, second);
    query.recorded = between;
    CHECK_OK("as known between", claims_read(w->f.store, &query, &claim));
    CHECK_INT("the first", claim.id, first);
    query.recorded = before;
    CHECK_CODE("as known before", claims_read(w->f.store, &query, &claim), CLAIMS_NOT_HELD);
    query.recorded = (struct instant){ 0 };
    query.level_max = 2;
    CHECK_CODE("not grave enough", claims_read(w->f.store, &query, &claim), CLAIMS_NOT_HELD);
    query.level_max = 0;
    query.region_code = 340104;
    CHECK_OK("a county of the city", claims_read(w->f.store, &query, &claim));
    query.region_code = 340202;
    CHECK_CODE("another city", claims_read(w->f.store, &query, &claim), CLAIMS_NOT_HELD);
    query.region_code = 0;
    query.fresh_usec = 30 * USEC_PER_DAY;
    fixture_pass(&w->f, 31 * USEC_PER_DAY);
    query.valid = fixture_now(&w->f);
    CHECK_CODE("a month old", claims_read(w->f.store, &query, &claim), CLAIMS_STALE);
    CHECK_OK("confirmed",
             claims_confirm(w->f.store, person_id, second, FEDERATION, fixture_now(&w->f)));
    CHECK_OK("fresh again", claims_read(w->f.store, &query, &claim));
    CHECK_OK("all", claims_of(w->f.store, person_id, list, &n));
    CHECK_INT("one is open", n, 1);
}

static void aged(struct world *w)
{
    char number[18];
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .name = S("寿星"),
                              .region_code = 340104,
                              .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct claim_query query = { .kind = CLAIM_AGED, .age_years = 70 };
    struct person_made made;
    struct claim claim;

    person_no_make(340104, (struct date){ 1951, 8, 20 }, 3, number);
    ask.number = (struct str){ number, 18 };
    CHECK_OK("added", registry_person_add(&w->rg, NULL, &ask, &made));
    query.person_id = made.person_id;
    query.valid = day_start(date_day((struct date){ 2021, 8, 20 }));
    CHECK_OK("on the birthday", claims_read(w->f.store, &query, &claim));
    query.valid = instant_add(query.valid, -1);
    CHECK_CODE("a moment before", claims_read(w->f.store, &query, &claim), CLAIMS_NOT_HELD);
    query.kind = CLAIM_KINDS;
    CHECK_CODE("no such kind", claims_read(w->f.store, &query, &claim), CLAIMS_KIND);
}

int main(void)
{
    for (int k = CLAIM_AGED; k < CLAIM_KINDS; k++) {
        enum claim_kind back = 0;
        CHECK("names go both ways",
              claim_kind_parse(str_of(claim_kind_name((enum claim_kind)k)), &back) &&
                  back == (enum claim_kind)k);
    }
    for (int e = 0; e < fixture_engines(); e++) {
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        writing(&w);
        reading(&w);
        aged(&w);
        world_close(&w);
    }
    return test_end();
}
