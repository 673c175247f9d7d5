/* registry/person_store.h - rows of people, documents, facts, links and merges. */
#pragma once
#include "registry/registry.h"

/* Sealed lengths: name_form's longest, a phone, a number. */
enum {
    NAME_SEALED_MAX = 4 * NAME_CHARS_MAX + FIELD_SEAL_MORE,
    PHONE_SEALED_MAX = 11 + FIELD_SEAL_MORE,
    NUMBER_SEALED_MAX = PERSON_NO_MAX + FIELD_SEAL_MORE,
};
#define TABLE_PERSON S("person")
#define TABLE_DOCUMENT S("person_document")
#define TABLE_FACT S("person_fact")
#define COLUMN_NAME S("name_sealed")
#define COLUMN_PHONE S("phone_sealed")
#define COLUMN_NUMBER S("number_sealed")
#define COLUMN_TEXT S("text_sealed")

struct person_row {
    struct person p;
    uint8_t name[NAME_SEALED_MAX], phone[PHONE_SEALED_MAX], tag[NAME_TAG_BYTES];
    size_t name_n, phone_n;
};
struct document_row {
    int64_t id, person_id;
    enum document_kind kind;
    struct str country;
    uint8_t number[NUMBER_SEALED_MAX], hash[32];
    size_t number_n;
    struct date valid_until;
    struct instant recorded_from;
};
RESULT person_insert(struct txn *tx, const struct person_row *row);
RESULT figures_select(struct txn *tx, struct registry_figures *out);
RESULT person_select(struct txn *tx, int64_t person_id, struct person_row *out, bool *found);
RESULT person_state_set(struct txn *tx, int64_t person_id, enum person_state state,
                        int64_t merged_into);
RESULT person_clear_set(struct txn *tx, const struct person *p); /* birth, sex, region */
RESULT person_name_set(struct txn *tx, const struct person_row *row);
RESULT person_phone_set(struct txn *tx, const struct person_row *row);
RESULT document_insert(struct txn *tx, const struct document_row *row);
/* The newest open document; *found false when none. Texts of `out` are not borrowed. */
RESULT document_select(struct txn *tx, int64_t person_id, struct document_row *out, bool *found);

struct fact_row {
    struct fact f;
    int64_t person_id;
    enum journal_actor actor;
    struct bytes sealed;
};
RESULT fact_insert(struct txn *tx, const struct fact_row *row);
RESULT fact_close(struct txn *tx, int64_t person_id, enum fact_kind kind, struct instant valid_from,
                  struct instant valid_to, struct instant at);
RESULT fact_select(struct txn *tx, int64_t person_id, enum fact_kind kind, struct instant valid,
                   struct instant recorded, struct fact *out, bool *found);
RESULT merge_insert(struct txn *tx, const struct merge_ask *ask);

RESULT link_insert(struct txn *tx, const struct link *link, struct instant at);
RESULT link_close(struct txn *tx, int64_t person_id, int64_t link_id, struct instant at,
                  int64_t *changed);
RESULT link_of_helper(struct txn *tx, int64_t person_id, int64_t helper_id, struct instant at,
                      struct link *out, int max, int *n);
RESULT links_by_helper(struct txn *tx, int64_t helper_id, struct instant at, struct link *out,
                       int max, int *n);
RESULT links_of_person(struct txn *tx, int64_t person_id, struct instant at, int64_t after,
                       struct link *out, int max, int *n);
RESULT link_select(struct txn *tx, int64_t person_id, int64_t link_id, struct link *out,
                   bool *found);
