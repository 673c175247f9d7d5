/* tests/registry/person_test.c - people: added once, found by number, corrected, shared, merged. */
#include <sys/socket.h>
#include <unistd.h>

#include "tests/registry/world.h"

static const struct field_use USE = { .use = KEYD_USE_COUNTER, .session_id = 1, .actor_id = 42 };

static struct person_ask asked(struct world *w, const char *number, const char *name)
{
    return (struct person_ask){ .document = DOCUMENT_CITIZEN,
                                .number = str_of(number),
                                .name = str_of(name),
                                .phone = S("13987654321"),
                                .region_code = 340104,
                                .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
}

static void refusals(struct world *w)
{
    struct person_made made;
    struct person_ask ask = asked(w, "11010519491231002X", "张三");
#define REFUSED(title, change, want)                                                               \
    do {                                                                                           \
        struct person_ask bad = ask;                                                               \
        change;                                                                                    \
        CHECK_CODE(title, registry_person_add(&w->rg, NULL, &bad, &made), want);                   \
    } while (0)

    REFUSED("number", bad.number = S("110105194912310021"), NUMBER_CHECK);
    REFUSED("kind", bad.document = 0, NUMBER_KIND);
    REFUSED("no name", bad.name = S(" "), REGISTRY_NAME_FORM);
    REFUSED("question mark left by a conversion", bad.name = S("张?"), REGISTRY_NAME_FORM);
    REFUSED("phone of ten digits", bad.phone = S("1381234567"), REGISTRY_PHONE_FORM);
    REFUSED("phone with a letter", bad.phone = S("1381234567a"), REGISTRY_PHONE_FORM);
    REFUSED("region", bad.region_code = 34010, REGISTRY_REGION_FORM);
    REFUSED("birth", bad.birth = ((struct date){ 1949, 12, 30 }), REGISTRY_BIRTH_DIFFERS);
    REFUSED("sex", bad.sex = SEX_MALE, REGISTRY_SEX_DIFFERS);
    REFUSED("passport without birth date", bad.document = DOCUMENT_PASSPORT;
            bad.number = S("E1234567"); bad.country = S("DEU"), REGISTRY_BIRTH_MISSING);
#undef REFUSED
}

static void added_and_found(struct world *w)
{
    struct person_ask ask = asked(w, "11010519491231002x", "买买提•吐尔逊");
    struct once once = { .actor = 42, .key = S("k1"), .body_hash = { 1 } };
    struct person_query query = { .number = S("11010519491231002X"), .at = fixture_now(&w->f) };
    struct person_made made, again;
    struct person_private private;
    struct person person;
    SCOPED(arena) arena = { 0 };
    int64_t found = 0;
    bool same;

    CHECK_OK("arena", arena_open(&arena, 1 << 20));
    CHECK_OK("added", registry_person_add(&w->rg, &once, &ask, &made));
    CHECK_OK("repeated", registry_person_add(&w->rg, &once, &ask, &again));
    CHECK_INT("the same", again.person_id, made.person_id);
    CHECK_CODE("again, as another act", registry_person_add(&w->rg, NULL, &ask, &again),
               REGISTRY_PERSON_EXISTS);
    CHECK_INT("says who has it", again.person_id, made.person_id);
    CHECK_OK("found", registry_person_find(&w->rg, &query, &found));
    CHECK_INT("found the same", found, made.person_id);
    CHECK_OK("loaded", registry_person_load(w->f.store, found, &person));
    CHECK_INT("sex from the number", person.sex, SEX_FEMALE);
    CHECK_INT("birth from the number", person.birth.year, 1949);
    CHECK_OK("opened", registry_person_open(&w->rg, &USE, found, &arena, &private));
    CHECK_STR("name with the one dot", private.name, S("买买提·吐尔逊"));
    CHECK_STR("number in its one spelling", private.number, S("11010519491231002X"));
    CHECK_STR("phone", private.phone, S("13987654321"));
    CHECK_OK("tag", registry_name_matches(&w->rg, found, S("买买提．吐尔逊"), &same));
    CHECK("another dot is the same name", same);
    CHECK_OK("tag", registry_name_matches(&w->rg, found, S("买买提"), &same));
    CHECK("another name is not", !same);
    query.number = S("342401198001010011");
    CHECK_CODE("nobody", registry_person_find(&w->rg, &query, &found), REGISTRY_PERSON_UNKNOWN);
}

static void passports(struct world *w)
{
    struct person_ask ask = asked(w, "E7654321", "Anna Maria von Beispiel");
    struct person_query query = { .document = DOCUMENT_PASSPORT,
                                  .country = S("DEU"),
                                  .number = S("e7654321"),
                                  .at = fixture_now(&w->f) };
    struct person_made german, french;
    int64_t found;

    ask.document = DOCUMENT_PASSPORT;
    ask.birth = (struct date){ 1990, 2, 3 };
    ask.country = S("DEU");
    CHECK_OK("a German passport", registry_person_add(&w->rg, NULL, &ask, &german));
    ask.country = S("FRA");
    CHECK_OK("the same number, French", registry_person_add(&w->rg, NULL, &ask, &french));
    CHECK("two persons", german.person_id != french.person_id);
    CHECK_OK("found by country", registry_person_find(&w->rg, &query, &found));
    CHECK_INT("the German", found, german.person_id);
}

static void shared(struct world *w)
{
    struct person_ask ask = asked(w, "342401198001010011", "王伟");
    struct person_query query = { .number = S("342401198001010011"), .at = fixture_now(&w->f) };
    struct person_made first, second, third;
    struct merge_ask merge;
    int64_t found;

    CHECK_OK("the first", registry_person_add(&w->rg, NULL, &ask, &first));
    ask.name = S("王芳");
    CHECK_CODE("another name without a decision", registry_person_add(&w->rg, NULL, &ask, &second),
               REGISTRY_PERSON_EXISTS);
    ask.adjudication = S("2021-HF-001");
    CHECK_OK("by decision", registry_person_add(&w->rg, NULL, &ask, &second));
    CHECK("another person", second.person_id != first.person_id);
    CHECK_CODE("the decision repeated", registry_person_add(&w->rg, NULL, &ask, &third),
               REGISTRY_PERSON_EXISTS);
    CHECK_INT("is the same person", third.person_id, second.person_id);
    CHECK_CODE("number alone", registry_person_find(&w->rg, &query, &found),
               REGISTRY_SECOND_FACT_NEEDED);
    query.name = S("王强");
    CHECK_CODE("a third name", registry_person_find(&w->rg, &query, &found),
               REGISTRY_SECOND_FACT_DIFFERS);
    query.name = S("王芳");
    CHECK_OK("the second's name", registry_person_find(&w->rg, &query, &found));
    CHECK_INT("is the second", found, second.person_id);
    merge = (struct merge_ask){ .from = second.person_id,
                                .into = second.person_id,
                                .reference = S("2021-HF-002"),
                                .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    CHECK_CODE("into itself", registry_person_merge(&w->rg, NULL, &merge), REGISTRY_LINK_SELF);
    merge.into = first.person_id;
    CHECK_OK("merged", registry_person_merge(&w->rg, NULL, &merge));
    CHECK_CODE("twice", registry_person_merge(&w->rg, NULL, &merge), REGISTRY_PERSON_MERGED);
    query.name = (struct str){ 0 };
    CHECK_OK("one again: number alone", registry_person_find(&w->rg, &query, &found));
    CHECK_INT("is the first", found, first.person_id);
}

static void facts(struct world *w)
{
    char number[18];
    int64_t person_id = world_person(w, number);
    struct instant then = fixture_now(&w->f), later;
    struct fact_ask ask = { .person_id = person_id, .kind = FACT_REGION, .value = 340202 };
    struct person person;
    struct fact fact;
    bool found, same;

    fixture_pass(&w->f, USEC_PER_DAY);
    later = fixture_now(&w->f);
    ask.act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS);
    ask.valid_from = instant_add(later, -USEC_PER_HOUR);
    CHECK_OK("moved", registry_fact_correct(&w->rg, NULL, &ask));
    CHECK_OK("loaded", registry_person_load(w->f.store, person_id, &person));
    CHECK_INT("row follows", person.region_code, 340202);
    CHECK_OK("then",
             registry_fact_at(w->f.store, person_id, FACT_REGION, then, later, &fact, &found));
    CHECK("true then", found && fact.value == 340104);
    CHECK_OK("now",
             registry_fact_at(w->f.store, person_id, FACT_REGION, later, later, &fact, &found));
    CHECK("true now", found && fact.value == 340202);
    CHECK_OK("as known then",
             registry_fact_at(w->f.store, person_id, FACT_REGION, later, then, &fact, &found));
    CHECK("what was known of now, then", found && fact.value == 340104);
    ask = (struct fact_ask){
        .person_id = person_id, .kind = FACT_NAME, .text = S("𠮷田·改名"), .act = ask.act
    };
    CHECK_OK("renamed", registry_fact_correct(&w->rg, NULL, &ask));
    CHECK_OK("tag", registry_name_matches(&w->rg, person_id, S("𠮷田·改名"), &same));
    CHECK("tag follows", same);
    ask.kind = FACT_PHONE;
    ask.text = S("12");
    CHECK_CODE("phone", registry_fact_correct(&w->rg, NULL, &ask), REGISTRY_PHONE_FORM);
    ask.kind = FACT_REGION;
    ask.value = 1;
    CHECK_CODE("region", registry_fact_correct(&w->rg, NULL, &ask), REGISTRY_REGION_FORM);
    ask.value = 340202;
    ask.valid_from = ask.valid_to = later;
    CHECK_CODE("period", registry_fact_correct(&w->rg, NULL, &ask), REGISTRY_FACT_PERIOD);
}

static void links(struct world *w)
{
    char number[18];
    int64_t old = world_person(w, number), helper = world_person(w, number), link_id = 0, may;
    struct link_ask ask = { .person_id = old,
                            .helper_id = helper,
                            .kind = LINK_HELPER,
                            .scope = SCOPE_CODE | SCOPE_LOSE,
                            .valid_from = fixture_now(&w->f),
                            .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct instant at = fixture_now(&w->f);

    ask.valid_to = instant_add(at, USEC_PER_DAY);
    CHECK_OK("linked", registry_link_add(&w->rg, NULL, &ask, &link_id));
    CHECK_OK("may", registry_link_may(w->f.store, old, helper, SCOPE_LOSE, at, &may));
    CHECK_INT("lose", may, link_id);
    CHECK_OK("may",
             registry_link_may(w->f.store, old, helper, SCOPE_LOSE | SCOPE_MEDICAL, at, &may));
    CHECK_INT("not see medical things", may, 0);
    CHECK_OK("may", registry_link_may(w->f.store, helper, old, SCOPE_CODE, at, &may));
    CHECK_INT("not the other way", may, 0);
    CHECK_OK("may", registry_link_may(w->f.store, old, helper, SCOPE_CODE, ask.valid_to, &may));
    CHECK_INT("not past its end", may, 0);
    CHECK_OK("ended", registry_link_end(&w->rg, old, link_id, &ask.act));
    CHECK_CODE("twice", registry_link_end(&w->rg, old, link_id, &ask.act), REGISTRY_LINK_UNKNOWN);
    CHECK_OK("may", registry_link_may(w->f.store, old, helper, SCOPE_CODE, at, &may));
    CHECK_INT("no more", may, 0);
    for (int i = 0; i <= FAMILY_MAX; i++) {
        ask.person_id = world_person(w, number);
        CHECK_CODE("eight relatives and no more", registry_link_add(&w->rg, NULL, &ask, &link_id),
                   i < FAMILY_MAX ? 0 : REGISTRY_LINK_MAX);
    }
    ask.person_id = helper;
    CHECK_CODE("oneself", registry_link_add(&w->rg, NULL, &ask, &link_id), REGISTRY_LINK_SELF);
}

/* The same number from many threads is one person. */
struct race {
    char number[18];
    _Atomic int added, exists, other;
    _Atomic int64_t id;
};

static void race_body(struct world *w, void *arg, int i)
{
    struct race *race = arg;
    struct person_ask ask = asked(w, "", "赛跑");
    struct person_made made = { 0 };
    struct err end;

    (void)i;
    ask.number = (struct str){ race->number, 18 };
    end = registry_person_add(&w->rg, NULL, &ask, &made);
    if (end.code == 0) race->added++;
    if (end.code == 0) race->id = made.person_id;
    if (end.code == REGISTRY_PERSON_EXISTS) race->exists++;
    if (end.code != 0 && end.code != REGISTRY_PERSON_EXISTS) race->other++;
}

static void parallel(struct world *w)
{
    struct race race = { 0 };

    person_no_make(340104, (struct date){ 2001, 2, 3 }, 77, race.number);
    world_threads(w, 32, race_body, &race);
    CHECK_INT("one added it", race.added, 1);
    CHECK_INT("the others were told", race.exists, 31);
    CHECK_INT("nothing else happened", race.other, 0);
}

/* Stopped between the claim and the person - here by a keyd that went away -, the repeat completes
 * what was claimed; what nobody repeats is freed. */
static void stopped(struct world *w)
{
    struct registry broken = w->rg;
    struct person_ask ask = asked(w, "", "中断");
    struct person_query query = { .at = fixture_now(&w->f) };
    struct person_made made;
    struct claims_swept swept;
    char first[18], second[18];
    int64_t found;
    int ends[2];

    if (!CHECK("socket pair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)) return;
    close(ends[1]);
    CHECK_OK("a keyd that is gone", keyd_attach(ends[0], &broken.keyd));
    person_no_make(340104, (struct date){ 2002, 2, 3 }, 1, first);
    person_no_make(340104, (struct date){ 2002, 2, 3 }, 2, second);
    ask.number = query.number = (struct str){ first, 18 };
    CHECK_CODE("stopped", registry_person_add(&broken, NULL, &ask, &made), FAULT_KEYD);
    CHECK_CODE("claimed is not known", registry_person_find(&w->rg, &query, &found),
               REGISTRY_PERSON_UNKNOWN);
    CHECK_OK("the repeat completes it", registry_person_add(&w->rg, NULL, &ask, &made));
    CHECK_OK("known", registry_person_find(&w->rg, &query, &found));
    CHECK_INT("as added", found, made.person_id);
    ask.number = query.number = (struct str){ second, 18 };
    CHECK_CODE("stopped again", registry_person_add(&broken, NULL, &ask, &made), FAULT_KEYD);
    CHECK_OK("too early to free", registry_claims_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("nothing freed", swept.freed, 0);
    fixture_pass(&w->f, CLAIM_AGE_USEC + USEC_PER_SEC);
    CHECK_OK("sweep", registry_claims_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("freed", swept.freed, 1);
    CHECK_OK("free for another", registry_person_add(&w->rg, NULL, &ask, &made));
    keyd_close(broken.keyd);
}

/* Given, taken, ended, given again; nothing is left waiting. */
static void given(struct world *w)
{
    struct credential credential = { .kind = CREDENTIAL_PARTY, .person_id = 1 };
    struct claims_swept swept;

    memset(credential.hash, 7, sizeof credential.hash);
    credential.valid_from = fixture_now(&w->f);
    CHECK_OK("put", registry_credential_put(&w->rg, &credential));
    CHECK_OK("put again", registry_credential_put(&w->rg, &credential));
    credential.person_id = 2;
    CHECK_CODE("another's", registry_credential_put(&w->rg, &credential),
               REGISTRY_CREDENTIAL_TAKEN);
    CHECK_OK("ended", registry_credential_end(&w->rg, CREDENTIAL_PARTY, credential.hash, 1,
                                              instant_add(fixture_now(&w->f), 1)));
    CHECK_OK("free again", registry_credential_put(&w->rg, &credential));
    fixture_pass(&w->f, USEC_PER_DAY);
    CHECK_OK("sweep", registry_claims_sweep(&w->rg, fixture_now(&w->f), &swept));
    CHECK_INT("nothing was left waiting", swept.settled + swept.freed, 0);
}

static void loaded(struct world *w)
{
    static struct load_row rows[50];
    static char numbers[50][18];
    struct act act = world_act(w, CHANNEL_IMPORT, PROOF_PAPERS);
    struct card card;
    int64_t n = 0, found;
    bool live;

    for (int i = 0; i < 50; i++) {
        person_no_make(340104, (struct date){ 1990, 1 + i % 12, 5 }, 500 + i, numbers[i]);
        rows[i] = (struct load_row){ .generation = 3, .social = SOCIAL_NORMAL };
        rows[i].person = asked(w, "", "批量");
        rows[i].person.number = (struct str){ numbers[i], 18 };
    }
    rows[7].person.number = rows[6].person.number; /* twice in the file */
    rows[8].person.name = S("");
    CHECK_OK("loaded", registry_load(&w->rg, &act, rows, LEN(rows), &n));
    CHECK_INT("all but two", n, 48);
    CHECK_INT("the repeated row says so", rows[7].end.code, REGISTRY_PERSON_EXISTS);
    CHECK_INT("the nameless too", rows[8].end.code, REGISTRY_NAME_FORM);
    CHECK_OK("found",
             registry_person_find(
                 &w->rg, &(struct person_query){ .number = rows[49].person.number, .at = act.at },
                 &found));
    CHECK_INT("as loaded", found, rows[49].person_id);
    CHECK_OK("card", registry_card_live(w->f.store, found, 340000, &card, &live));
    CHECK("lives", live && card.id == rows[49].card_id && card.social == SOCIAL_NORMAL);
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        refusals(&w);
        added_and_found(&w);
        passports(&w);
        shared(&w);
        facts(&w);
        links(&w);
        parallel(&w);
        stopped(&w);
        given(&w);
        loaded(&w);
        world_close(&w);
    }
    return test_end();
}
