/* registry/card_issue.c - a new card: one per person and issuing province (F07-F14). */
#include "registry/card_issue.h"

#include "registry/act.h"

static uint64_t draw(const struct registry *rg)
{
    uint64_t n;

    rg->entropy.fill(rg->entropy.arg, &n, sizeof n);
    return n;
}

struct card_no card_no_draw(const struct registry *rg)
{
    return card_no_make((int64_t)(draw(rg) % (uint64_t)CARD_NO_SERIALS));
}

void issue_row(const struct registry *rg, const struct card_issue_ask *ask, int64_t card_id,
               const struct card_no *no, const struct card_ident *ident, struct card_row *out)
{
    const struct act *act = &ask->act;

    *out = (struct card_row){
        .c = { .id = card_id,
               .person_id = ask->person_id,
               .generation = ask->generation,
               .region_code = ask->region_code,
               .province_code = province_of(ask->region_code),
               .social = ask->instant ? SOCIAL_SEALED : SOCIAL_APPLIED,
               .bank = BANK_NOT_ACTIVATED,
               .purse = PURSE_NOT_ENABLED,
               .ecard = ask->ecard ? ECARD_ON : ECARD_NONE,
               .provenance = act->provenance == 0 ? PROVENANCE_REAL : act->provenance,
               .epoch = 1,
               .issued = ask->issued.year != 0 ? ask->issued : day_date(day_of(act->at)),
               .valid_until = ask->valid_until,
               .changed_at = act->at },
    };
    memcpy(out->c.tail, no->text + CARD_NO_CHARS - 4, 4);
    credential_hash(rg->blind, CREDENTIAL_CARD_NO, card_no_str(no), out->c.no_hash);
    credential_hash(rg->blind, CREDENTIAL_CARD_IDENT, card_ident_str(ident), out->c.ident_hash);
}

void issue_items(const struct card_row *row, const struct card_no *no,
                 const struct card_ident *ident, uint8_t *no_out, uint8_t *ident_out,
                 struct field_item items[2])
{
    items[0] = (struct field_item){ TABLE_CARD, COLUMN_CARD_NO,
                                    row->c.id,  bytes_of(no->text, sizeof no->text),
                                    no_out,     CARD_NO_SEALED,
                                    0 };
    items[1] = (struct field_item){ TABLE_CARD, COLUMN_CARD_IDENT,
                                    row->c.id,  bytes_of(ident->text, sizeof ident->text),
                                    ident_out,  CARD_IDENT_SEALED,
                                    0 };
}

/* Claim a given number for the card, or take over a claim of the same person that was left
 * waiting: *card_id then is the id that claim was for. */
static RESULT number_claim(const struct registry *rg, enum credential_kind kind, struct str number,
                           const struct card_issue_ask *ask, int64_t *card_id, struct claimed *out)
{
    uint8_t hash[32];

    credential_hash(rg->blind, kind, number, hash);
    TRY(credential_claim(rg, kind, hash, ask->person_id, *card_id, false, ask->act.at, out));
    REQUIRE(!out->settled && out->person_id == ask->person_id, REGISTRY_CREDENTIAL_TAKEN);
    *card_id = out->card_id;
    return OK;
}

enum { DRAWS_MAX = 20 };

static RESULT no_claim(const struct registry *rg, const struct card_issue_ask *ask,
                       int64_t *card_id, struct issue_ready *out)
{
    struct err end = OK;

    if (ask->card_no.n > 0) {
        TRY(card_no_parse(ask->card_no, &out->no));
        return number_claim(rg, CREDENTIAL_CARD_NO, card_no_str(&out->no), ask, card_id,
                            &out->no_claim);
    }
    for (int i = 0; i < DRAWS_MAX; i++) {
        int64_t wanted = *card_id;
        out->no = card_no_draw(rg);
        end = number_claim(rg, CREDENTIAL_CARD_NO, card_no_str(&out->no), ask, &wanted,
                           &out->no_claim);
        if (end.code == 0 && out->no_claim.fresh) return OK;
        if (end.code != 0 && end.code != REGISTRY_CREDENTIAL_TAKEN) return end;
    }
    REFUSE(REGISTRY_CREDENTIAL_TAKEN); /* twenty draws of 260 million were all taken */
}

RESULT issue_prepare(const struct registry *rg, const struct card_issue_ask *ask,
                     struct issue_ready *out)
{
    struct field_item items[2];
    int64_t card_id = store_new_id(rg->store), ident_card_id;
    struct err end;

    *out = (struct issue_ready){ 0 };
    if (ask->card_no.n > 0) TRY(card_no_parse(ask->card_no, &out->no));
    if (ask->card_ident.n > 0) TRY(card_ident_parse(ask->card_ident, &out->ident));
    REQUIRE(region_form(ask->region_code), REGISTRY_REGION_FORM);
    REQUIRE(ask->generation == 2 || ask->generation == 3, REGISTRY_GENERATION);
    TRY(no_claim(rg, ask, &card_id, out));
    if (ask->card_ident.n == 0)
        out->ident = card_ident_make(ask->region_code, (uint32_t)draw(rg), (uint32_t)draw(rg));
    ident_card_id = card_id;
    end = number_claim(rg, CREDENTIAL_CARD_IDENT, card_ident_str(&out->ident), ask, &ident_card_id,
                       &out->ident_claim);
    if (end.code == 0 && ident_card_id != card_id)
        end = (struct err){ .code = REGISTRY_CREDENTIAL_TAKEN };
    if (end.code == 0) {
        issue_row(rg, ask, card_id, &out->no, &out->ident, &out->row);
        issue_items(&out->row, &out->no, &out->ident, out->row.no, out->row.ident, items);
        end = keyd_field_seal(rg->keyd, items, LEN(items));
    }
    if (end.code != 0) issue_undo(rg, out, ask->act.at);
    return end;
}

RESULT issue_settle(const struct registry *rg, const struct issue_ready *ready, struct instant at)
{
    TRY(credential_claim_settle(rg, &ready->no_claim, at));
    return credential_claim_settle(rg, &ready->ident_claim, at);
}

/* Only what this call claimed; what it can't free now, the sweep does. */
void issue_undo(const struct registry *rg, const struct issue_ready *ready, struct instant at)
{
    struct err end = OK;

    if (ready->no_claim.fresh) end = credential_claim_free(rg, &ready->no_claim, at);
    if (end.code == 0 && ready->ident_claim.fresh)
        end = credential_claim_free(rg, &ready->ident_claim, at);
    (void)end;
}

struct issue_call {
    const struct card_issue_ask *ask;
    const struct issue_ready *ready; /* NULL: only a replay can be answered */
    int code;                        /* what a first time is refused with then; else 0 */
};

static RESULT issue_in_txn(struct txn *tx, void *arg)
{
    struct issue_call *call = arg;
    const struct card_issue_ask *ask = call->ask;
    struct turn_why why = { .act = &ask->act, .name = "card_issued", .item = ITEM_CARD_APPLY };
    struct person person;
    struct card card;
    bool live;

    REQUIRE(call->ready != NULL, call->code);
    TRY(registry_person_in(tx, ask->person_id, &person));
    REQUIRE(person.state != PERSON_DEAD, REGISTRY_PERSON_DEAD);
    REQUIRE(person.state != PERSON_MERGED, REGISTRY_PERSON_MERGED);
    TRY(card_live_select(tx, ask->person_id, province_of(ask->region_code), &card, &live));
    REQUIRE(!live, REGISTRY_CARD_EXISTS);
    TRY(card_turn_first(tx, &call->ready->row, &why));
    txn_result(tx, call->ready->row.c.id);
    return act_notice(tx, NOTICE_CARD_ISSUED, ask->person_id, ask->act.at,
                      &(struct act_word){ "card", card_mask(tx, &call->ready->row.c) }, 1);
}

RESULT registry_card_issue(const struct registry *rg, const struct once *once,
                           const struct card_issue_ask *ask, struct card_made *made)
{
    struct issue_call call = { .ask = ask };
    struct issue_ready ready;
    struct card card;
    struct person person;
    struct err end;
    int64_t result;
    bool replayed, live;

    TRY(registry_person_load(rg->store, ask->person_id, &person));
    /* Looked at before numbers are claimed, so that the usual refusals cost nothing; the
     * transaction looks again, and the schema's unique index a third time. */
    TRY(registry_card_live(rg->store, ask->person_id, province_of(ask->region_code), &card, &live));
    call.code = person.state == PERSON_DEAD     ? REGISTRY_PERSON_DEAD
                : person.state == PERSON_MERGED ? REGISTRY_PERSON_MERGED
                : live                          ? REGISTRY_CARD_EXISTS
                                                : 0;
    if (call.code != 0) {
        if (once == NULL) REFUSE(call.code);
        end =
            act_run(rg, root_person(ask->person_id), once, issue_in_txn, &call, &result, &replayed);
    } else {
        TRY(issue_prepare(rg, ask, &ready));
        call.ready = &ready;
        end =
            act_run(rg, root_person(ask->person_id), once, issue_in_txn, &call, &result, &replayed);
        if (end.code > 0 || replayed) issue_undo(rg, &ready, ask->act.at);
    }
    TRY(end);
    *made = (struct card_made){ .card_id = result, .epoch = 1 };
    if (replayed) return OK;
    *made = (struct card_made){
        .card_id = ready.row.c.id, .epoch = 1, .no = ready.no, .ident = ready.ident
    };
    return issue_settle(rg, &ready, ask->act.at);
}
