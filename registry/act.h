/* registry/act.h - what every act of this folder leaves behind: its run, its line, its notice. */
#pragma once
#include "catalogue/catalogue.h"
#include "journal/journal.h"
#include "notice/notice.h"
#include "registry/registry.h"

static inline struct root root_person(int64_t person_id)
{
    return (struct root){ ROOT_PERSON, person_id };
}

/* store_run, or store_run_once when there is a key; *replayed false without one. */
RESULT act_run(const struct registry *rg, struct root root, const struct once *once,
               store_body *body, void *arg, int64_t *result_id, bool *replayed);

struct act_line { /* what differs between lines; the rest is the act's */
    enum journal_kind kind;
    int64_t person_id, card_id;
    int32_t region_code;
    int32_t verdict;
    const char *act, *object_prefix; /* prefix may be NULL */
    int64_t object_id;
    struct str item;
};
RESULT act_journal(struct txn *tx, const struct act *act, const struct act_line *line);

/* A notice whose parameters are given as name, value pairs; values are masked or plain words. */
struct act_word {
    const char *name;
    struct str value;
};
RESULT act_notice(struct txn *tx, enum notice_kind kind, int64_t person_id, struct instant at,
                  const struct act_word *words, size_t n);
/* An instant as notices show it, in the transaction's scratch. */
struct str act_time(struct txn *tx, struct instant at);

/* Dates in rows: YYYYMMDD, 0 for none. */
int64_t date_number(struct date date);
struct date number_date(int64_t yyyymmdd);
static inline int32_t province_of(int32_t region_code)
{
    return region_code / 10000 * 10000;
}
static inline bool region_form(int32_t code)
{
    return code >= 110000 && code <= 999999;
}
/* The list of places that numbers are looked up in: the catalogue's, or everything known. */
struct place_list registry_places(const struct registry *rg);
