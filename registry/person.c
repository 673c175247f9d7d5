/* registry/person.c - a person asked for: checked, sealed, added once. */
#include "registry/person.h"

#include "registry/act.h"
#include "registry/credential.h"

/* ---- checking */

RESULT person_name_form(struct str name, char out[NAME_BYTES_MAX], size_t *n)
{
    struct writer w = writer_over(out, NAME_BYTES_MAX);

    REQUIRE(name_form(name, &w).code == 0 && !w.over, REGISTRY_NAME_FORM);
    REQUIRE(text_length(writer_str(&w)) <= NAME_CHARS_MAX, REGISTRY_NAME_FORM);
    *n = w.n;
    return OK;
}

bool person_phone_form(struct str phone)
{
    int64_t number;

    return phone.n == 11 && phone.p[0] == '1' &&
           str_int(phone, INT64_C(10000000000), INT64_C(19999999999), &number);
}

static bool same_date(struct date a, struct date b)
{
    return a.year == b.year && a.month == b.month && a.day == b.day;
}

RESULT person_prepare(const struct registry *rg, const struct person_ask *ask,
                      struct person_ready *out)
{
    struct place_list places = registry_places(rg);
    struct day today = day_of(ask->act.at);

    *out = (struct person_ready){ .birth = ask->birth,
                                  .sex = ask->sex,
                                  .region_code = ask->region_code,
                                  .phone_n = ask->phone.n };
    TRY(person_no_parse(ask->document, ask->number, ask->country, today, &places, &out->no));
    TRY(person_name_form(ask->name, out->name, &out->name_n));
    REQUIRE(ask->phone.n == 0 || person_phone_form(ask->phone), REGISTRY_PHONE_FORM);
    if (ask->phone.n > 0) memcpy(out->phone, ask->phone.p, sizeof out->phone);
    REQUIRE(region_form(ask->region_code), REGISTRY_REGION_FORM);
    if (out->birth.year == 0) out->birth = out->no.birth;
    REQUIRE(out->birth.year != 0, REGISTRY_BIRTH_MISSING);
    REQUIRE(date_valid(out->birth) && date_day(out->birth).number <= today.number, NUMBER_DATE);
    REQUIRE(out->no.birth.year == 0 || same_date(out->birth, out->no.birth),
            REGISTRY_BIRTH_DIFFERS);
    if (out->sex == SEX_UNKNOWN) out->sex = out->no.sex;
    REQUIRE(out->no.sex == SEX_UNKNOWN || out->sex == out->no.sex, REGISTRY_SEX_DIFFERS);
    return OK;
}

/* ---- rows */

static struct field_item *item_next(struct field_item *items, size_t *n, struct field_item item)
{
    items[*n] = item;
    return &items[(*n)++];
}

static void fact_begin(struct person_rows *rows, const struct registry *rg, enum fact_kind kind,
                       int64_t value)
{
    struct fact_row *row = &rows->facts[rows->facts_n++];
    const struct person *p = &rows->person.p;

    *row = (struct fact_row){
        .person_id = p->id,
        .f = { .id = store_new_id(rg->store),
               .kind = kind,
               .value = value,
               .recorded_from = p->recorded_at },
    };
}

void person_rows_begin(const struct registry *rg, const struct person_ready *ready,
                       int64_t person_id, const uint8_t hash[32], const struct act *act,
                       struct date document_until, struct person_rows *rows,
                       struct field_item *items, size_t *n)
{
    struct bytes name = bytes_of(ready->name, ready->name_n);
    struct bytes phone = bytes_of(ready->phone, ready->phone_n);
    struct person_row *p = &rows->person;
    struct document_row *d = &rows->document;

    *rows = (struct person_rows){ 0 };
    p->p = (struct person){
        .id = person_id,
        .state = PERSON_ALIVE,
        .document = ready->no.kind,
        .birth = ready->birth,
        .sex = ready->sex,
        .region_code = ready->region_code,
        .provenance = act->provenance == 0 ? PROVENANCE_REAL : act->provenance,
        .recorded_at = act->at,
    };
    *d = (struct document_row){
        .id = store_new_id(rg->store),
        .person_id = person_id,
        .kind = ready->no.kind,
        .country = str_of(ready->no.country),
        .valid_until = document_until,
        .recorded_from = act->at,
    };
    memcpy(d->hash, hash, sizeof d->hash);
    fact_begin(rows, rg, FACT_NAME, 0);
    fact_begin(rows, rg, FACT_SEX, (int64_t)ready->sex);
    fact_begin(rows, rg, FACT_BIRTH, date_number(ready->birth));
    fact_begin(rows, rg, FACT_REGION, ready->region_code);
    if (phone.n > 0) fact_begin(rows, rg, FACT_PHONE, 0);
    for (int i = 0; i < rows->facts_n; i++) {
        rows->facts[i].actor = act->actor;
        rows->facts[i].f.actor_id = act->actor_id;
    }
    item_next(items, n,
              (struct field_item){ TABLE_PERSON, COLUMN_NAME, person_id, name, p->name,
                                   sizeof p->name, 0 });
    item_next(items, n,
              (struct field_item){ TABLE_DOCUMENT, COLUMN_NUMBER, d->id,
                                   bytes_of(ready->no.text, ready->no.n), d->number,
                                   sizeof d->number, 0 });
    item_next(items, n,
              (struct field_item){ TABLE_FACT, COLUMN_TEXT, rows->facts[0].f.id, name,
                                   rows->fact_name, sizeof rows->fact_name, 0 });
    if (phone.n == 0) return;
    item_next(items, n,
              (struct field_item){ TABLE_PERSON, COLUMN_PHONE, person_id, phone, p->phone,
                                   sizeof p->phone, 0 });
    item_next(items, n,
              (struct field_item){ TABLE_FACT, COLUMN_TEXT, rows->facts[4].f.id, phone,
                                   rows->fact_phone, sizeof rows->fact_phone, 0 });
}

void person_rows_sealed(struct person_rows *rows, const struct field_item *items)
{
    rows->person.name_n = items[0].n;
    rows->document.number_n = items[1].n;
    rows->facts[0].sealed = bytes_of(rows->fact_name, items[2].n);
    if (rows->facts_n < PERSON_FACTS) return;
    rows->person.phone_n = items[3].n;
    rows->facts[4].sealed = bytes_of(rows->fact_phone, items[4].n);
}

RESULT person_rows_insert(struct txn *tx, const struct person_rows *rows)
{
    TRY(person_insert(tx, &rows->person));
    TRY(document_insert(tx, &rows->document));
    for (int i = 0; i < rows->facts_n; i++)
        TRY(fact_insert(tx, &rows->facts[i]));
    return OK;
}

/* ---- adding */

struct add_call {
    const struct person_ask *ask;
    const struct person_rows *rows; /* NULL: only a replay can be answered */
    int64_t person_id;
};

static RESULT add_in_txn(struct txn *tx, void *arg)
{
    struct add_call *call = arg;
    struct person_row there;
    bool found;

    REQUIRE(call->rows != NULL, REGISTRY_PERSON_EXISTS);
    TRY(person_select(tx, call->person_id, &there, &found));
    REQUIRE(!found, REGISTRY_PERSON_EXISTS);
    TRY(person_rows_insert(tx, call->rows));
    txn_result(tx, call->person_id);
    return act_journal(tx, &call->ask->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .person_id = call->person_id,
                                           .region_code = call->ask->region_code,
                                           .act = "person_added",
                                           .item = ITEM_CARD_APPLY,
                                           .object_prefix = "psn",
                                           .object_id = call->person_id });
}

/* A further person on a taken number (a decision says so), unless one of those who share it has the
 * same name: then it is that person. */
static RESULT share_claim(const struct registry *rg, const struct person_ask *ask,
                          const struct person_ready *ready, const uint8_t hash[32],
                          struct claimed *claim)
{
    struct credential there[SHARED_MAX];
    int n;

    TRY(registry_credential_find(rg->store, CREDENTIAL_PERSON_NO, hash, ask->act.at, there, &n));
    for (int i = 0; i < n; i++) {
        bool same;
        TRY(registry_name_matches(rg, there[i].person_id,
                                  (struct str){ ready->name, ready->name_n }, &same));
        if (!same) continue;
        *claim = (struct claimed){ .person_id = there[i].person_id, .settled = true };
        return OK;
    }
    return credential_claim(rg, CREDENTIAL_PERSON_NO, hash, store_new_id(rg->store), 0, n > 0,
                            ask->act.at, claim);
}

RESULT registry_person_add(const struct registry *rg, const struct once *once,
                           const struct person_ask *ask, struct person_made *made)
{
    struct person_ready ready;
    struct person_rows rows;
    struct field_item items[PERSON_SEALS];
    struct add_call call = { .ask = ask };
    struct claimed claim;
    uint8_t hash[32];
    size_t n = 0;
    int64_t result;
    bool replayed;

    TRY(person_prepare(rg, ask, &ready));
    made->warnings = ready.no.warnings;
    credential_hash_person_no(rg->blind, &ready.no, hash);
    if (ask->adjudication.n > 0)
        TRY(share_claim(rg, ask, &ready, hash, &claim));
    else
        TRY(credential_claim(rg, CREDENTIAL_PERSON_NO, hash, store_new_id(rg->store), 0, false,
                             ask->act.at, &claim));
    made->person_id = call.person_id = claim.person_id;
    if (!claim.settled) {
        person_rows_begin(rg, &ready, claim.person_id, hash, &ask->act, ask->document_until, &rows,
                          items, &n);
        TRY(keyd_field_seal(rg->keyd, items, n));
        person_rows_sealed(&rows, items);
        TRY(keyd_name_tag(rg->keyd, claim.person_id, (struct str){ ready.name, ready.name_n },
                          rows.person.tag));
        call.rows = &rows;
    }
    TRY(act_run(rg, root_person(claim.person_id), once, add_in_txn, &call, &result, &replayed));
    if (claim.settled) return OK; /* a replay */
    return credential_claim_settle(rg, &claim, ask->act.at);
}

/* ---- reading */

struct load_call {
    int64_t person_id;
    struct person_row row;
    struct document_row document;
    bool found, document_found;
};

static RESULT load_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    TRY(person_select(tx, call->person_id, &call->row, &call->found));
    REQUIRE(call->found, REGISTRY_PERSON_UNKNOWN);
    return document_select(tx, call->person_id, &call->document, &call->document_found);
}

RESULT registry_person_in(struct txn *tx, int64_t person_id, struct person *out)
{
    struct person_row row;
    bool found;

    TRY(person_select(tx, person_id, &row, &found));
    REQUIRE(found, REGISTRY_PERSON_UNKNOWN);
    *out = row.p;
    return OK;
}

static RESULT figures_in_txn(struct txn *tx, void *out)
{
    return figures_select(tx, out);
}

RESULT registry_figures(struct store *store, struct registry_figures *out)
{
    return store_read(store, figures_in_txn, out);
}

RESULT registry_person_load(struct store *store, int64_t person_id, struct person *out)
{
    struct load_call call = { .person_id = person_id };

    TRY(store_read(store, load_in_txn, &call));
    *out = call.row.p;
    return OK;
}

RESULT registry_name_matches(const struct registry *rg, int64_t person_id, struct str name,
                             bool *same)
{
    struct load_call call = { .person_id = person_id };
    char form[NAME_BYTES_MAX];
    uint8_t tag[NAME_TAG_BYTES];
    size_t n;

    TRY(store_read(rg->store, load_in_txn, &call));
    TRY(person_name_form(name, form, &n));
    TRY(keyd_name_tag(rg->keyd, person_id, (struct str){ form, n }, tag));
    *same = secret_eq(bytes_of(tag, sizeof tag), bytes_of(call.row.tag, sizeof call.row.tag));
    return OK;
}

/* The row that goes on for a person: itself, or what it was merged into (no chains: merging into a
 * merged row is refused). */
static RESULT followed(const struct registry *rg, int64_t person_id, int64_t *out)
{
    struct person person;

    TRY(registry_person_load(rg->store, person_id, &person));
    for (int hops = 0; person.state == PERSON_MERGED; hops++) {
        if (hops == SHARED_MAX) return fault(FAULT_STORE_CORRUPT, "merged persons in a circle");
        TRY(registry_person_load(rg->store, person.merged_into, &person));
    }
    *out = person.id;
    return OK;
}

/* The persons a number means, merged ones followed, each once. */
RESULT registry_person_holders(const struct registry *rg, const struct person_query *query,
                               int64_t out[SHARED_MAX], int *n)
{
    enum document_kind kind =
        query->document != 0 ? query->document : person_no_kind(query->number);
    struct place_list places = registry_places(rg);
    struct credential found[SHARED_MAX];
    struct person_no no;
    uint8_t hash[32];
    int rows;

    TRY(person_no_parse(kind, query->number, query->country, day_of(query->at), &places, &no));
    credential_hash_person_no(rg->blind, &no, hash);
    TRY(registry_credential_find(rg->store, CREDENTIAL_PERSON_NO, hash, query->at, found, &rows));
    *n = 0;
    for (int i = 0; i < rows; i++) {
        int64_t id = 0;
        bool known = false;
        TRY(followed(rg, found[i].person_id, &id));
        for (int k = 0; k < *n; k++)
            known = known || out[k] == id;
        if (!known) out[(*n)++] = id;
    }
    return OK;
}

RESULT registry_person_find(const struct registry *rg, const struct person_query *query,
                            int64_t *person_id)
{
    int64_t holders[SHARED_MAX], found = 0;
    int n, same_n = 0;

    TRY(registry_person_holders(rg, query, holders, &n));
    REQUIRE(n > 0, REGISTRY_PERSON_UNKNOWN);
    if (n == 1) {
        *person_id = holders[0];
        return OK;
    }
    REQUIRE(query->name.n > 0, REGISTRY_SECOND_FACT_NEEDED);
    for (int i = 0; i < n; i++) {
        bool same;
        TRY(registry_name_matches(rg, holders[i], query->name, &same));
        if (!same) continue;
        same_n++;
        found = holders[i];
    }
    REQUIRE(same_n == 1, REGISTRY_SECOND_FACT_DIFFERS);
    *person_id = found;
    return OK;
}

/* ---- opening */

struct open_row {
    struct load_call rows;
    bool known;
};
enum { OPEN_ITEMS = 3, OPEN_BATCH = FIELD_ITEMS_MAX / OPEN_ITEMS };

static RESULT open_item(struct arena *arena, struct field_item item, struct field_item *items,
                        size_t *n)
{
    if (item.in.n <= FIELD_SEAL_MORE) return OK;
    item.size = item.in.n - FIELD_SEAL_MORE;
    item.out = arena_take(arena, item.size, 1);
    if (item.out == NULL) return fault(FAULT_MEMORY, "registry: arena full");
    items[(*n)++] = item;
    return OK;
}

static RESULT open_batch(const struct registry *rg, const struct field_use *use,
                         const int64_t *person_ids, size_t n, unsigned values, struct arena *arena,
                         struct person_private *out)
{
    struct field_item items[FIELD_ITEMS_MAX];
    size_t items_n = 0, owner[FIELD_ITEMS_MAX];

    for (size_t i = 0; i < n; i++) {
        struct load_call *call = NEW(arena, struct load_call);
        size_t first = items_n;
        struct err end;
        if (call == NULL) return fault(FAULT_MEMORY, "registry: arena full");
        call->person_id = person_ids[i];
        end = store_read(rg->store, load_in_txn, call);
        if (end.code == REGISTRY_PERSON_UNKNOWN) continue;
        TRY(end);
        if (values & PRIVATE_NAME)
            TRY(open_item(arena,
                          (struct field_item){ TABLE_PERSON, COLUMN_NAME, person_ids[i],
                                               bytes_of(call->row.name, call->row.name_n), NULL, 0,
                                               0 },
                          items, &items_n));
        if (values & PRIVATE_NUMBER)
            TRY(open_item(
                arena,
                (struct field_item){ TABLE_DOCUMENT, COLUMN_NUMBER, call->document.id,
                                     bytes_of(call->document.number, call->document.number_n), NULL,
                                     0, 0 },
                items, &items_n));
        if (values & PRIVATE_PHONE)
            TRY(open_item(arena,
                          (struct field_item){ TABLE_PERSON, COLUMN_PHONE, person_ids[i],
                                               bytes_of(call->row.phone, call->row.phone_n), NULL,
                                               0, 0 },
                          items, &items_n));
        for (size_t k = first; k < items_n; k++)
            owner[k] = i;
    }
    if (items_n == 0) return OK;
    TRY(keyd_field_open(rg->keyd, use, items, items_n));
    for (size_t k = 0; k < items_n; k++) {
        struct str text = { (const char *)items[k].out, items[k].n };
        if (str_eq(items[k].column, COLUMN_NAME)) out[owner[k]].name = text;
        if (str_eq(items[k].column, COLUMN_NUMBER)) out[owner[k]].number = text;
        if (str_eq(items[k].column, COLUMN_PHONE)) out[owner[k]].phone = text;
    }
    return OK;
}

RESULT registry_people_open(const struct registry *rg, const struct field_use *use,
                            const int64_t *person_ids, size_t n, struct arena *arena,
                            struct person_private *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct person_private){ 0 };
    for (size_t at = 0; at < n; at += OPEN_BATCH) {
        size_t some = n - at < OPEN_BATCH ? n - at : OPEN_BATCH;
        TRY(open_batch(rg, use, person_ids + at, some, PRIVATE_ALL, arena, out + at));
    }
    return OK;
}

RESULT registry_person_open_some(const struct registry *rg, const struct field_use *use,
                                 int64_t person_id, unsigned values, struct arena *arena,
                                 struct person_private *out)
{
    struct person person;

    *out = (struct person_private){ 0 };
    TRY(registry_person_load(rg->store, person_id, &person));
    return open_batch(rg, use, &person_id, 1, values, arena, out);
}

RESULT registry_person_open(const struct registry *rg, const struct field_use *use,
                            int64_t person_id, struct arena *arena, struct person_private *out)
{
    return registry_person_open_some(rg, use, person_id, PRIVATE_ALL, arena, out);
}
