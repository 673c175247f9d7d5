/* tests/registry/planted_test.c - no file of the store holds a number, phone or name in a form that
 * can be read back: known ones are planted by every way in, then every file is searched for them as
 * text, UTF-16, GB 18030, packed decimal and integers of both orders. */
#include <stdlib.h>

#include "tests/planted.h"
#include "tests/registry/world.h"

static struct planted_search search;

/* A staff user name, kept clear: what does stand in the store must be found, or the search is
 * blind. */
static const char CONTROL[] = "planted.by.the.test";

/* Through every door a number comes in by. */
static void plant(struct world *w)
{
    static const char PHONE[] = "13905512468";
    static char number[18];
    struct person_ask ask = { .document = DOCUMENT_CITIZEN,
                              .name = S("诸葛孔明·甲"),
                              .phone = str_of(PHONE),
                              .region_code = 340104,
                              .act = world_act(w, CHANNEL_COUNTER, PROOF_PAPERS) };
    struct fact_ask fact = { .kind = FACT_NAME, .text = S("司马仲达·乙"), .act = ask.act };
    struct card_issue_ask issue = { .generation = 3,
                                    .region_code = 340104,
                                    .card_no = S("X00000019"),
                                    .instant = true,
                                    .act = ask.act };
    struct load_row row = { .generation = 3, .social = SOCIAL_NORMAL };
    struct code_ask code;
    struct code_sent sent;
    struct person_made made, refused;
    struct card_made card;
    struct staff_ask staff = { .user = str_of(CONTROL), .name = S("荀文若") };
    int64_t loaded, staff_id;

    person_no_make(340104, (struct date){ 1955, 6, 17 }, 283, number);
    ask.number = (struct str){ number, 18 };
    CHECK_OK("added", registry_person_add(&w->rg, NULL, &ask, &made));
    CHECK_CODE("refused", registry_person_add(&w->rg, NULL, &ask, &refused),
               REGISTRY_PERSON_EXISTS);
    fact.person_id = issue.person_id = made.person_id;
    CHECK_OK("renamed", registry_fact_correct(&w->rg, NULL, &fact));
    fact.kind = FACT_PHONE;
    fact.text = S("13705519753");
    CHECK_OK("another phone", registry_fact_correct(&w->rg, NULL, &fact));
    CHECK_OK("issued", registry_card_issue(&w->rg, NULL, &issue, &card));
    code = (struct code_ask){ .number = ask.number, .act = ask.act };
    CHECK_OK("code sent", registry_signin_code_send(&w->rg, &code, &sent));
    row.person = ask;
    row.person.number = S("342401198001010011");
    row.person.name = S("周公瑾");
    row.person.phone = S("13605518642");
    CHECK_OK("loaded", registry_load(&w->rg, &ask.act, &row, 1, &loaded));
    CHECK_INT("one", loaded, 1);
    staff.act = ask.act;
    CHECK_OK("staff", registry_staff_add(&w->rg, NULL, &staff, &staff_id));
    planted_digits(&search, "citizen number", ask.number);
    planted_digits(&search, "loaded number", row.person.number);
    planted_digits(&search, "phone", ask.phone);
    planted_digits(&search, "second phone", S("13705519753"));
    planted_digits(&search, "loaded phone", row.person.phone);
    planted_text(&search, "name", S("诸葛孔明"));
    planted_text(&search, "second name", S("司马仲达"));
    planted_text(&search, "loaded name", S("周公瑾"));
    planted_control(&search, "user name", str_of(CONTROL));
    planted_text(&search, "staff name", staff.name);
    planted_text(&search, "card number", S("X00000019"));
}

int main(void)
{
    for (int e = 0; e < fixture_engines(); e++) {
        const char *folder = test_folder();
        struct world w;
        if (!world_open(&w, (enum engine)e)) break;
        search = (struct planted_search){ 0 };
        plant(&w);
        CHECK("sealed", fixture_seal(&w.f));
        if (e == ENGINE_POSTGRESQL) folder = getenv("YKT_TEST_POSTGRES_DATA");
        if (!CHECK("where its files are", folder != NULL)) return test_end();
        planted_folder(&search, folder); /* while open: the WAL is there */
        store_close(w.f.store);
        w.f.store = NULL;
        planted_folder(&search, folder); /* after the last checkpoint */
        CHECK("files were searched", search.places >= 2);
        CHECK("and what stands there was found", search.controls >= 1);
        CHECK_INT("nothing was found", search.found, 0);
        world_close(&w);
    }
    return test_end();
}
