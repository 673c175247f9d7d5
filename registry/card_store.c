/* registry/card_store.c - SQL of cards and their history; no rule lives here. */
#include "registry/card_store.h"

#include "registry/act.h"

#define COLUMNS                                                                                    \
    "person_id, id, generation, region_code, province_code, social, social_before, bank,"          \
    " bank_before, purse, ecard, ecard_consent, enabled, provenance, epoch, loss_id, replaces_id," \
    " replaced_by_id, issued, valid_until, changed_at, no_tail, no_hash, ident_hash, alias_hash"

static const struct stmt INSERT = {
    .name = "registry: card",
    .types = "iiiiiiiiiiiiiiiiiiiiiitbbbbb",
    .root = 1,
    .sql = "INSERT INTO card (person_id, id, generation, region_code, province_code, live, social,"
           " social_before, bank, bank_before, purse, ecard, ecard_consent, enabled, provenance,"
           " epoch, loss_id, replaces_id, replaced_by_id, issued, valid_until, changed_at, no_tail,"
           " no_sealed, ident_sealed, no_hash, ident_hash, alias_hash)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
           " $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
};
#define MOVE                                                                                       \
    "UPDATE card SET social = $5, social_before = $6, bank = $7, bank_before = $8, purse = $9,"    \
    " ecard = $10, ecard_consent = $11, enabled = $12, epoch = $13, loss_id = $14,"                \
    " replaced_by_id = $15, changed_at = $16, alias_hash = $17"
#define UNMOVED " WHERE person_id = $1 AND id = $2 AND epoch = $3 AND social = $4"
/* Two, because setting `live` rewrites the indexes of live cards, even when it stays as it is. */
static const struct stmt UPDATE = {
    .name = "registry: card moved",
    .types = "iiiiiiiiiiiiiiiib",
    .root = 1,
    .sql = MOVE UNMOVED,
};
static const struct stmt UPDATE_LIVE = {
    .name = "registry: card moved to or from its end",
    .types = "iiiiiiiiiiiiiiiibi",
    .root = 1,
    .sql = MOVE ", live = $18" UNMOVED,
};
static const struct stmt BY_ID = {
    .name = "registry: card of a person",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM card WHERE person_id = $1 AND id = $2",
};
static const struct stmt SEALED = {
    .name = "registry: card's sealed numbers",
    .types = "ii",
    .sql = "SELECT no_sealed, ident_sealed FROM card WHERE person_id = $1 AND id = $2",
};
static const struct stmt LIVE = {
    .name = "registry: live card",
    .types = "ii",
    .sql = "SELECT " COLUMNS " FROM card WHERE person_id = $1 AND live = 1"
           " AND ($2 = 0 OR province_code = $2) ORDER BY id LIMIT 1",
};
static const struct stmt OF_PERSON = {
    .name = "registry: cards of a person",
    .types = "iii",
    .sql = "SELECT " COLUMNS " FROM card WHERE person_id = $1 AND live >= $2"
           " ORDER BY id DESC LIMIT $3",
};
static const struct stmt PERSON_OF = {
    .name = "registry: person of a card",
    .types = "i",
    .sql = "SELECT person_id FROM card WHERE id = $1",
};
static const struct stmt ALL = {
    .name = "registry: every card",
    .types = "",
    .sql = "SELECT " COLUMNS " FROM card ORDER BY person_id, id",
};
static const struct stmt PAST = {
    .name = "registry: cards past their end",
    .types = "iii",
    .sql = "SELECT person_id, id FROM card WHERE live = 1 AND valid_until > 0 AND valid_until < $1"
           " AND social = $2 ORDER BY valid_until LIMIT $3",
};
static const struct stmt CHANGE = {
    .name = "registry: card history",
    .types = "iiiiiiiiiiiiii",
    .root = 1,
    .sql = "INSERT INTO card_change (person_id, id, card_id, card_function, event, state_from,"
           " state_to, epoch, at, actor, actor_id, channel, loss_id, reason)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
};
static const struct stmt CHANGES = {
    .name = "registry: history of a card",
    .types = "iii",
    .sql = "SELECT id, card_function, event, state_from, state_to, epoch, at, actor, actor_id,"
           " channel, loss_id FROM card_change WHERE person_id = $1 AND card_id = $2"
           " ORDER BY id DESC LIMIT $3",
};
static const struct stmt CHANGE_ONE = {
    .name = "registry: one change of a card",
    .types = "ii",
    .root = 1,
    .sql = "SELECT id, card_function, event, state_from, state_to, epoch, at, actor, actor_id,"
           " channel, loss_id, card_id FROM card_change WHERE person_id = $1 AND id = $2",
};

static int64_t live(const struct card *c)
{
    return c->social != SOCIAL_REPLACED && c->social != SOCIAL_CANCELLED;
}

static const uint8_t NO_HASH[32];

static struct bytes alias_of(const struct card *c)
{
    bool none = memcmp(c->alias_hash, NO_HASH, sizeof NO_HASH) == 0;

    return bytes_of(c->alias_hash, none ? 0 : sizeof c->alias_hash);
}

RESULT card_insert(struct txn *tx, const struct card_row *row)
{
    const struct card *c = &row->c;

    return txn_exec(
        tx, &INSERT,
        IN(v_int(c->person_id), v_int(c->id), v_int(c->generation), v_int(c->region_code),
           v_int(c->province_code), v_int(live(c)), v_int(c->social), v_int(c->social_before),
           v_int(c->bank), v_int(c->bank_before), v_int(c->purse), v_int(c->ecard),
           v_int(c->ecard_consent), v_int(c->enabled), v_int(c->provenance), v_int(c->epoch),
           v_int(c->loss_id), v_int(c->replaces_id), v_int(c->replaced_by_id),
           v_int(date_number(c->issued)), v_int(date_number(c->valid_until)), v_at(c->changed_at),
           v_text(str_of(c->tail)), v_blob(bytes_of(row->no, sizeof row->no)),
           v_blob(bytes_of(row->ident, sizeof row->ident)),
           v_blob(bytes_of(c->no_hash, sizeof c->no_hash)),
           v_blob(bytes_of(c->ident_hash, sizeof c->ident_hash)), v_blob(alias_of(c))),
        NULL);
}

RESULT card_update(struct txn *tx, const struct card *was, const struct card *c)
{
    int64_t changed;
    bool same = live(was) == live(c);
    const struct value in[] = {
        v_int(c->person_id),      v_int(c->id),
        v_int(was->epoch),        v_int(was->social),
        v_int(c->social),         v_int(c->social_before),
        v_int(c->bank),           v_int(c->bank_before),
        v_int(c->purse),          v_int(c->ecard),
        v_int(c->ecard_consent),  v_int(c->enabled),
        v_int(c->epoch),          v_int(c->loss_id),
        v_int(c->replaced_by_id), v_at(c->changed_at),
        v_blob(alias_of(c)),      v_int(live(c)),
    };

    TRY(txn_exec(tx, same ? &UPDATE : &UPDATE_LIVE, in, same ? LEN(in) - 1 : LEN(in), &changed));
    REQUIRE(changed == 1, REGISTRY_CARD_CHANGED);
    return OK;
}

static void hash_take(struct bytes blob, uint8_t out[32])
{
    if (blob.n == 32) memcpy(out, blob.p, 32);
}

static void card_read(const struct row *row, struct card *out)
{
    struct str tail = row_text(row, 21);

    *out = (struct card){
        .person_id = row_int(row, 0),
        .id = row_int(row, 1),
        .generation = (int)row_int(row, 2),
        .region_code = (int32_t)row_int(row, 3),
        .province_code = (int32_t)row_int(row, 4),
        .social = (enum social_state)row_int(row, 5),
        .social_before = (enum social_state)row_int(row, 6),
        .bank = (enum bank_state)row_int(row, 7),
        .bank_before = (enum bank_state)row_int(row, 8),
        .purse = (enum purse_state)row_int(row, 9),
        .ecard = (enum ecard_state)row_int(row, 10),
        .ecard_consent = row_int(row, 11) == 1,
        .enabled = row_int(row, 12) == 1,
        .provenance = (enum provenance)row_int(row, 13),
        .epoch = row_int(row, 14),
        .loss_id = row_int(row, 15),
        .replaces_id = row_int(row, 16),
        .replaced_by_id = row_int(row, 17),
        .issued = number_date(row_int(row, 18)),
        .valid_until = number_date(row_int(row, 19)),
        .changed_at = row_at(row, 20),
    };
    if (tail.n == 4) memcpy(out->tail, tail.p, 4);
    hash_take(row_blob(row, 22), out->no_hash);
    hash_take(row_blob(row, 23), out->ident_hash);
    hash_take(row_blob(row, 24), out->alias_hash);
}

RESULT card_select(struct txn *tx, int64_t person_id, int64_t card_id, struct card *out,
                   bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &BY_ID, IN(v_int(person_id), v_int(card_id)), &row, found));
    if (*found) card_read(&row, out);
    return OK;
}

RESULT card_sealed_select(struct txn *tx, int64_t person_id, int64_t card_id, struct card_row *out,
                          bool *found)
{
    ROW(row);
    struct bytes no, ident;

    TRY(txn_first(tx, &SEALED, IN(v_int(person_id), v_int(card_id)), &row, found));
    if (!*found) return OK;
    no = row_blob(&row, 0);
    ident = row_blob(&row, 1);
    if (no.n != sizeof out->no || ident.n != sizeof out->ident)
        return fault(FAULT_STORE_CORRUPT, "card %" PRId64 ": sealed numbers", card_id);
    memcpy(out->no, no.p, no.n);
    memcpy(out->ident, ident.p, ident.n);
    return OK;
}

RESULT card_live_select(struct txn *tx, int64_t person_id, int32_t province_code, struct card *out,
                        bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &LIVE, IN(v_int(person_id), v_int(province_code)), &row, found));
    if (*found) card_read(&row, out);
    return OK;
}

RESULT cards_select(struct txn *tx, int64_t person_id, bool live_only, struct card *out, int max,
                    int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &OF_PERSON, IN(v_int(person_id), v_int(live_only), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        card_read(&row, &out[*n]);
    }
    return OK;
}

RESULT card_person_select(struct txn *tx, int64_t card_id, int64_t *person_id, bool *found)
{
    ROW(row);
    TRY(txn_first(tx, &PERSON_OF, IN(v_int(card_id)), &row, found));
    if (*found) *person_id = row_int(&row, 0);
    return OK;
}

RESULT card_visit_all(struct txn *tx, card_visit *visit, void *arg)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &ALL, IN_NONE, &row));
    for (;;) {
        struct card card;
        TRY(row_next(&row, &more));
        if (!more) return OK;
        card_read(&row, &card);
        TRY(visit(arg, &card));
    }
}

RESULT cards_past(struct txn *tx, int64_t yyyymmdd, struct card_name *out, int max, int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &PAST, IN(v_int(yyyymmdd), v_int(SOCIAL_NORMAL), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        out[*n] = (struct card_name){ row_int(&row, 0), row_int(&row, 1) };
    }
    return OK;
}

RESULT change_insert(struct txn *tx, int64_t person_id, const struct card_change *c, int reason)
{
    return txn_exec(tx, &CHANGE,
                    IN(v_int(person_id), v_int(c->id), v_int(c->card_id), v_int(c->function),
                       v_int(c->event), v_int(c->from), v_int(c->to), v_int(c->epoch), v_at(c->at),
                       v_int(c->actor), v_int(c->actor_id), v_int(c->channel), v_int(c->loss_id),
                       v_int(reason)),
                    NULL);
}

static struct card_change change_take_row(const struct row *row, int64_t card_id)
{
    return (struct card_change){
        .id = row_int(row, 0),
        .card_id = card_id,
        .function = (enum card_function)row_int(row, 1),
        .event = (int)row_int(row, 2),
        .from = (int)row_int(row, 3),
        .to = (int)row_int(row, 4),
        .epoch = row_int(row, 5),
        .at = row_at(row, 6),
        .actor = (enum journal_actor)row_int(row, 7),
        .actor_id = row_int(row, 8),
        .channel = (enum channel)row_int(row, 9),
        .loss_id = row_int(row, 10),
    };
}

RESULT changes_select(struct txn *tx, int64_t person_id, int64_t card_id, struct card_change *out,
                      int max, int *n)
{
    ROW(row);
    bool more;

    TRY(txn_query(tx, &CHANGES, IN(v_int(person_id), v_int(card_id), v_int(max)), &row));
    for (*n = 0; *n < max; ++*n) {
        TRY(row_next(&row, &more));
        if (!more) break;
        out[*n] = change_take_row(&row, card_id);
    }
    return OK;
}

RESULT change_select(struct txn *tx, int64_t person_id, int64_t change_id, struct card_change *out,
                     bool *found)
{
    ROW(row);

    TRY(txn_first(tx, &CHANGE_ONE, IN(v_int(person_id), v_int(change_id)), &row, found));
    if (*found) *out = change_take_row(&row, row_int(&row, 11));
    return OK;
}
