/* registry/load.c - many people at once, with their cards: the register's file, the demo. */
#include "registry/act.h"
#include "registry/card_issue.h"
#include "registry/credential_store.h"
#include "registry/person.h"

struct load_one { /* one good row, checked and sealed */
    struct person_ready ready;
    struct person_rows rows;
    struct card_row card;
    struct card_no no;
    struct card_ident ident;
    bool has_card;
    uint8_t hash[32];
};
struct load_call {
    const struct registry *rg;
    const struct act *act;
    struct load_row *rows;
    struct load_one *ones;
    const size_t *good; /* indices into rows and ones */
    size_t n;
    int64_t loaded;
};

/* ---- checking */

static RESULT card_check(const struct load_row *row, struct load_one *one)
{
    one->has_card = row->generation != 0;
    if (!one->has_card) return OK;
    REQUIRE(row->generation == 2 || row->generation == 3, REGISTRY_GENERATION);
    if (row->card_no.n > 0) TRY(card_no_parse(row->card_no, &one->no));
    if (row->card_ident.n > 0) return card_ident_parse(row->card_ident, &one->ident);
    one->ident =
        card_ident_make(one->ready.region_code, (uint32_t)((uint64_t)row->card_id & UINT32_MAX),
                        (uint32_t)((uint64_t)row->card_id >> 32));
    return OK;
}

static RESULT row_check(const struct registry *rg, const struct act *act, struct load_row *row,
                        struct load_one *one)
{
    struct person_ask ask = row->person;

    ask.act = *act;
    TRY(person_prepare(rg, &ask, &one->ready));
    credential_hash_person_no(rg->blind, &one->ready.no, one->hash);
    row->person_id = store_new_id(rg->store);
    row->card_id = store_new_id(rg->store);
    return card_check(row, one);
}

/* ---- drawing card numbers where the file brings none: among ten thousand of 260 million two meet
 * every fifth time, so each is looked up in the store and among its fellows ---- */

enum { DRAWN_SLOTS = 32768 }; /* a power of two above twice LOAD_ROWS_MAX */
struct draw_call {
    struct load_call *load;
    int64_t *drawn; /* open addressing by the roots of their hashes; 0 is free */
};

/* False when it was there already. */
static bool drawn_add(int64_t *drawn, const uint8_t hash[32])
{
    int64_t root = credential_root(hash);
    size_t at = (size_t)root % DRAWN_SLOTS;

    while (drawn[at] != 0 && drawn[at] != root)
        at = (at + 1) % DRAWN_SLOTS;
    if (drawn[at] == root) return false;
    drawn[at] = root;
    return true;
}

static RESULT draw_in_txn(struct txn *tx, void *arg)
{
    struct draw_call *call = arg;
    const struct registry *rg = call->load->rg;
    struct credential_row there[CREDENTIAL_ROWS];
    uint8_t hash[32];
    int n;

    memset(call->drawn, 0, DRAWN_SLOTS * sizeof *call->drawn);
    for (size_t i = 0; i < call->load->n; i++) {
        struct load_one *one = &call->load->ones[call->load->good[i]];
        bool given = call->load->rows[call->load->good[i]].card_no.n > 0;
        if (!one->has_card) continue;
        do {
            if (!given) one->no = card_no_draw(rg);
            credential_hash(rg->blind, CREDENTIAL_CARD_NO, card_no_str(&one->no), hash);
            TRY(credential_rows(tx, CREDENTIAL_CARD_NO, hash, there, &n));
        } while ((n > 0 || !drawn_add(call->drawn, hash)) && !given);
    }
    return OK;
}

/* ---- sealing: as many rows as fit one question */

enum { ROW_SEALS = PERSON_SEALS + 2, BATCH_ROWS = FIELD_ITEMS_MAX / ROW_SEALS };

static void row_begin(const struct registry *rg, const struct act *act, const struct load_row *row,
                      struct load_one *one, struct field_item *items, size_t *n)
{
    person_rows_begin(rg, &one->ready, row->person_id, one->hash, act, row->person.document_until,
                      &one->rows, items, n);
    if (one->has_card) {
        struct card_issue_ask ask = { .person_id = row->person_id,
                                      .generation = row->generation,
                                      .region_code = one->ready.region_code,
                                      .instant = true,
                                      .ecard = row->generation == 3,
                                      .act = *act };
        issue_row(rg, &ask, row->card_id, &one->no, &one->ident, &one->card);
        if (row->social != 0) one->card.c.social = (enum social_state)row->social;
        one->card.c.enabled = one->card.c.social == SOCIAL_NORMAL;
        issue_items(&one->card, &one->no, &one->ident, one->card.no, one->card.ident, items + *n);
        *n += 2;
    }
}

static RESULT batch_seal(const struct load_call *call, size_t from, size_t to)
{
    struct field_item items[FIELD_ITEMS_MAX];
    size_t starts[BATCH_ROWS], n = 0;

    for (size_t i = from; i < to; i++) {
        starts[i - from] = n;
        row_begin(call->rg, call->act, &call->rows[call->good[i]], &call->ones[call->good[i]],
                  items, &n);
    }
    TRY(keyd_field_seal(call->rg->keyd, items, n));
    for (size_t i = from; i < to; i++) {
        struct load_one *one = &call->ones[call->good[i]];
        person_rows_sealed(&one->rows, items + starts[i - from]);
        TRY(keyd_name_tag(call->rg->keyd, one->rows.person.p.id,
                          (struct str){ one->ready.name, one->ready.name_n },
                          one->rows.person.tag));
    }
    return OK;
}

/* ---- writing */

static RESULT value_free(struct txn *tx, enum credential_kind kind, const uint8_t hash[32],
                         int code)
{
    struct credential_row there[CREDENTIAL_ROWS];
    int n;

    TRY(credential_rows(tx, kind, hash, there, &n));
    REQUIRE(n == 0, code);
    return OK;
}

static RESULT value_put(struct txn *tx, enum credential_kind kind, const uint8_t hash[32],
                        int64_t person_id, int64_t card_id, struct instant at)
{
    struct credential_row row = {
        .id = txn_new_id(tx),
        .settled = true,
        .c = { .kind = kind, .person_id = person_id, .card_id = card_id, .valid_from = at }
    };

    memcpy(row.c.hash, hash, sizeof row.c.hash);
    return credential_insert(tx, &row);
}

/* Numbers of the file that are taken, by an earlier row too, refuse their row before it writes. */
static RESULT row_free(struct txn *tx, const struct load_one *one)
{
    TRY(value_free(tx, CREDENTIAL_PERSON_NO, one->hash, REGISTRY_PERSON_EXISTS));
    if (!one->has_card) return OK;
    TRY(value_free(tx, CREDENTIAL_CARD_NO, one->card.c.no_hash, REGISTRY_CREDENTIAL_TAKEN));
    return value_free(tx, CREDENTIAL_CARD_IDENT, one->card.c.ident_hash, REGISTRY_CREDENTIAL_TAKEN);
}

static RESULT row_write(struct txn *tx, const struct act *act, const struct load_row *row,
                        const struct load_one *one)
{
    struct turn_why why = {
        .act = act, .name = "card_issued", .item = ITEM_CARD_APPLY, .bulk = true
    };

    TRY(value_put(tx, CREDENTIAL_PERSON_NO, one->hash, row->person_id, 0, act->at));
    TRY(person_rows_insert(tx, &one->rows));
    if (!one->has_card) return OK;
    TRY(value_put(tx, CREDENTIAL_CARD_NO, one->card.c.no_hash, row->person_id, row->card_id,
                  act->at));
    TRY(value_put(tx, CREDENTIAL_CARD_IDENT, one->card.c.ident_hash, row->person_id, row->card_id,
                  act->at));
    return card_turn_first(tx, &one->card, &why);
}

static RESULT load_in_txn(struct txn *tx, void *arg)
{
    struct load_call *call = arg;

    call->loaded = 0;
    for (size_t i = 0; i < call->n; i++) {
        struct load_row *row = &call->rows[call->good[i]];
        const struct load_one *one = &call->ones[call->good[i]];
        row->end = row_free(tx, one);
        if (row->end.code < 0) return row->end;
        if (row->end.code > 0) continue;
        TRY(row_write(tx, call->act, row, one));
        call->loaded++;
    }
    return OK;
}

RESULT registry_load(const struct registry *rg, const struct act *act, struct load_row *rows,
                     size_t n, int64_t *loaded)
{
    SCOPED(arena) arena = { 0 };
    struct load_call call = { .rg = rg, .act = act, .rows = rows };
    struct draw_call draw = { .load = &call };
    size_t *good;

    assert(n >= 1 && n <= LOAD_ROWS_MAX);
    TRY(arena_open(&arena, n * (sizeof *call.ones + sizeof *good) +
                               DRAWN_SLOTS * sizeof *draw.drawn + 4096));
    draw.drawn = NEW_ARRAY(&arena, int64_t, DRAWN_SLOTS);
    call.ones = NEW_ARRAY(&arena, struct load_one, n);
    call.good = good = NEW_ARRAY(&arena, size_t, n);
    if (call.ones == NULL || good == NULL || draw.drawn == NULL)
        return fault(FAULT_MEMORY, "registry: load");
    for (size_t i = 0; i < n; i++) {
        rows[i].end = row_check(rg, act, &rows[i], &call.ones[i]);
        if (rows[i].end.code < 0) return rows[i].end;
        if (rows[i].end.code == 0) good[call.n++] = i;
    }
    TRY(store_read(rg->store, draw_in_txn, &draw));
    for (size_t from = 0; from < call.n; from += BATCH_ROWS)
        TRY(batch_seal(&call, from, from + BATCH_ROWS < call.n ? from + BATCH_ROWS : call.n));
    if (call.n > 0) TRY(store_load(rg->store, load_in_txn, &call));
    for (size_t i = 0; i < n; i++) {
        if (rows[i].end.code != 0) rows[i].person_id = 0;
        if (rows[i].end.code != 0 || !call.ones[i].has_card) rows[i].card_id = 0;
    }
    *loaded = call.loaded;
    return OK;
}
