/* registry/fact.c - facts in two times, death, and two rows that turn out to be one person. */
#include "registry/act.h"
#include "registry/card_turn.h"
#include "registry/person.h"

/* ---- corrections */

struct correct_call {
    const struct fact_ask *ask;
    struct fact_row row;
    struct person_row person; /* sealed name or phone and tag, for the person row */
    bool current;             /* valid at the act's instant: the person row follows */
};

static RESULT row_follow(struct txn *tx, const struct correct_call *call, struct person p)
{
    const struct fact_ask *ask = call->ask;

    switch (ask->kind) {
    case FACT_NAME:
        return person_name_set(tx, &call->person);
    case FACT_PHONE:
        return person_phone_set(tx, &call->person);
    case FACT_SEX:
        p.sex = (enum sex)ask->value;
        break;
    case FACT_BIRTH:
        p.birth = number_date(ask->value);
        break;
    case FACT_REGION:
        p.region_code = (int32_t)ask->value;
        break;
    case FACT_DEATH:
        return OK;
    }
    return person_clear_set(tx, &p);
}

static RESULT correct_in_txn(struct txn *tx, void *arg)
{
    struct correct_call *call = arg;
    const struct fact_ask *ask = call->ask;
    struct person person;

    TRY(registry_person_in(tx, ask->person_id, &person));
    REQUIRE(person.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    TRY(fact_close(tx, ask->person_id, ask->kind, ask->valid_from, ask->valid_to, ask->act.at));
    TRY(fact_insert(tx, &call->row));
    if (call->current) TRY(row_follow(tx, call, person));
    txn_result(tx, call->row.f.id);
    return act_journal(tx, &ask->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .person_id = ask->person_id,
                                           .region_code = person.region_code,
                                           .act = "fact_corrected",
                                           .item = ITEM_CARD_CHANGE });
}

static bool value_form(const struct fact_ask *ask)
{
    switch (ask->kind) {
    case FACT_NAME:
        return true;
    case FACT_PHONE:
        return true;
    case FACT_SEX:
        return ask->value >= 0 && ask->value <= 2;
    case FACT_REGION:
        return ask->value <= 999999 && region_form((int32_t)ask->value);
    case FACT_BIRTH:
    case FACT_DEATH:
        return ask->value > 0 && ask->value <= 99991231 && date_valid(number_date(ask->value)) &&
               date_day(number_date(ask->value)).number <= day_of(ask->act.at).number;
    }
    return false;
}

/* Seal a text twice: for the fact's row and for the person's. */
static RESULT text_seal(const struct registry *rg, struct correct_call *call, struct bytes text,
                        uint8_t *fact_out)
{
    bool name = call->ask->kind == FACT_NAME;
    struct person_row *p = &call->person;
    struct field_item items[] = {
        { TABLE_FACT, COLUMN_TEXT, call->row.f.id, text, fact_out, NAME_SEALED_MAX, 0 },
        { TABLE_PERSON, name ? COLUMN_NAME : COLUMN_PHONE, call->ask->person_id, text,
          name ? p->name : p->phone, name ? sizeof p->name : sizeof p->phone, 0 },
    };

    TRY(keyd_field_seal(rg->keyd, items, LEN(items)));
    call->row.sealed = bytes_of(fact_out, items[0].n);
    *(name ? &p->name_n : &p->phone_n) = items[1].n;
    return OK;
}

RESULT registry_fact_correct(const struct registry *rg, const struct once *once,
                             const struct fact_ask *ask)
{
    struct instant at = ask->act.at;
    struct correct_call call = {
        .ask = ask,
        .row = { .person_id = ask->person_id,
                 .actor = ask->act.actor,
                 .f = { .id = store_new_id(rg->store),
                        .kind = ask->kind,
                        .value = ask->value,
                        .valid_from = ask->valid_from,
                        .valid_to = ask->valid_to,
                        .recorded_from = at,
                        .actor_id = ask->act.actor_id } },
        .person = { .p = { .id = ask->person_id } },
        .current = !instant_before(at, ask->valid_from) &&
                   (ask->valid_to.usec == 0 || instant_before(at, ask->valid_to)),
    };
    uint8_t sealed[NAME_SEALED_MAX];
    char name[NAME_BYTES_MAX];
    size_t n;
    int64_t result;
    bool replayed;

    REQUIRE(value_form(ask), ask->kind == FACT_REGION ? REGISTRY_REGION_FORM : NUMBER_DATE);
    REQUIRE(ask->valid_to.usec == 0 || instant_before(ask->valid_from, ask->valid_to),
            REGISTRY_FACT_PERIOD);
    if (ask->kind == FACT_NAME) {
        TRY(person_name_form(ask->text, name, &n));
        TRY(text_seal(rg, &call, bytes_of(name, n), sealed));
        TRY(keyd_name_tag(rg->keyd, ask->person_id, (struct str){ name, n }, call.person.tag));
        call.row.f.value = 0;
    }
    if (ask->kind == FACT_PHONE) {
        REQUIRE(person_phone_form(ask->text), REGISTRY_PHONE_FORM);
        TRY(text_seal(rg, &call, str_bytes(ask->text), sealed));
        call.row.f.value = 0;
    }
    return act_run(rg, root_person(ask->person_id), once, correct_in_txn, &call, &result,
                   &replayed);
}

struct at_call {
    int64_t person_id;
    enum fact_kind kind;
    struct instant valid, recorded;
    struct fact *out;
    bool *found;
};

static RESULT at_in_txn(struct txn *tx, void *arg)
{
    const struct at_call *call = arg;

    return fact_select(tx, call->person_id, call->kind, call->valid, call->recorded, call->out,
                       call->found);
}

RESULT registry_fact_at(struct store *store, int64_t person_id, enum fact_kind kind,
                        struct instant valid, struct instant recorded, struct fact *out,
                        bool *found)
{
    struct at_call call = { person_id, kind, valid, recorded, out, found };

    return store_read(store, at_in_txn, &call);
}

/* ---- death */

struct died_call {
    int64_t person_id;
    const struct act *act;
    struct fact_row row;
};

static RESULT died_in_txn(struct txn *tx, void *arg)
{
    struct died_call *call = arg;
    struct person person;

    TRY(registry_person_in(tx, call->person_id, &person));
    REQUIRE(person.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    REQUIRE(person.state != PERSON_DEAD, REGISTRY_PERSON_DEAD);
    TRY(person_state_set(tx, call->person_id, PERSON_DEAD, 0));
    TRY(fact_insert(tx, &call->row));
    TRY(cards_cancel_in(tx, call->person_id, CANCEL_DEATH, call->act));
    return act_journal(tx, call->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .person_id = call->person_id,
                                           .region_code = person.region_code,
                                           .act = "death_recorded",
                                           .item = ITEM_CARD_CANCEL });
}

RESULT registry_person_died(const struct registry *rg, const struct once *once, int64_t person_id,
                            struct date on, const struct act *act)
{
    struct died_call call = { .person_id = person_id, .act = act };
    int64_t result;
    bool replayed;

    REQUIRE(date_valid(on) && date_day(on).number <= day_of(act->at).number, NUMBER_DATE);
    call.row = (struct fact_row){
        .person_id = person_id,
        .actor = act->actor,
        .f = { .id = store_new_id(rg->store),
               .kind = FACT_DEATH,
               .value = date_number(on),
               .valid_from = day_start(date_day(on)),
               .recorded_from = act->at,
               .actor_id = act->actor_id },
    };
    TRY(act_run(rg, root_person(person_id), once, died_in_txn, &call, &result, &replayed));
    return OK;
}

/* ---- one person, two rows */

static RESULT merge_in_txn(struct txn *tx, void *arg)
{
    const struct merge_ask *ask = arg;
    struct person from;
    struct card card;
    bool live;

    TRY(registry_person_in(tx, ask->from, &from));
    REQUIRE(from.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    TRY(registry_card_live_in(tx, ask->from, 0, &card, &live));
    REQUIRE(!live, REGISTRY_HAS_LIVE_CARD);
    TRY(person_state_set(tx, ask->from, PERSON_MERGED, ask->into));
    TRY(merge_insert(tx, ask));
    return act_journal(tx, &ask->act,
                       &(struct act_line){ .kind = JOURNAL_STAFF_ACT,
                                           .person_id = ask->from,
                                           .region_code = from.region_code,
                                           .act = "person_merged",
                                           .item = ITEM_CARD_CHANGE,
                                           .object_prefix = "psn",
                                           .object_id = ask->into });
}

RESULT registry_person_merge(const struct registry *rg, const struct once *once,
                             const struct merge_ask *ask)
{
    struct merge_ask body = *ask;
    struct person into;
    int64_t result;
    bool replayed;

    assert(ask->reference.n >= 1 && ask->reference.n <= 64);
    REQUIRE(ask->from != ask->into, REGISTRY_LINK_SELF);
    /* of another root, so read before; a row merged meanwhile is followed by the look-ups */
    TRY(registry_person_load(rg->store, ask->into, &into));
    REQUIRE(into.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    return act_run(rg, root_person(ask->from), once, merge_in_txn, &body, &result, &replayed);
}
