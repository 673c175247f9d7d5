/* registry/person.h - a person as asked for, checked and sealed; shared by adding and loading. */
#pragma once
#include "base/text.h"
#include "registry/person_store.h"

enum { PERSON_FACTS = 5 };
struct person_ready { /* valid, in its one form, not yet sealed */
    struct person_no no;
    char name[NAME_BYTES_MAX];
    size_t name_n;
    struct date birth;
    enum sex sex;
    int32_t region_code;
    char phone[11];
    size_t phone_n;
};
/* Check an ask. refuses NUMBER_*, REGISTRY_NAME_FORM .. REGISTRY_SEX_DIFFERS */
RESULT person_prepare(const struct registry *rg, const struct person_ask *ask,
                      struct person_ready *out);
/* A name in the form it is tagged and compared in. refuses REGISTRY_NAME_FORM */
RESULT person_name_form(struct str name, char out[NAME_BYTES_MAX], size_t *n);
bool person_phone_form(struct str phone);

struct person_rows { /* sealed, ready for the transaction */
    struct person_row person;
    struct document_row document;
    struct fact_row facts[PERSON_FACTS];
    int facts_n;
    uint8_t fact_name[NAME_SEALED_MAX], fact_phone[PHONE_SEALED_MAX];
};
enum { PERSON_SEALS = 5 };
/* Rows of a person with this id; fills items[*n..] with what is to be sealed (PERSON_SEALS at
 * most), to be sealed by the caller, who then calls person_rows_sealed with the same items. `rows`
 * must stay where it is. */
void person_rows_begin(const struct registry *rg, const struct person_ready *ready,
                       int64_t person_id, const uint8_t hash[32], const struct act *act,
                       struct date document_until, struct person_rows *rows,
                       struct field_item *items, size_t *n);
void person_rows_sealed(struct person_rows *rows, const struct field_item *items);
RESULT person_rows_insert(struct txn *tx, const struct person_rows *rows);
