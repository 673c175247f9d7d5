/* tests/fuzz/person_no_fuzz.c - numbers as strangers type them: what parses has one spelling, which
 * parses to itself; first byte picks the kind, a NUL parts number and country. */
#include <stdlib.h>
#include <string.h>

#include "registry/person_no.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
    if (!what) abort();
}

static enum place_known nowhere(void *arg, int32_t code)
{
    (void)arg;
    return code % 3 == 0 ? PLACE_UNKNOWN : PLACE_DISSOLVED;
}

static void person(enum document_kind kind, struct str number, struct str country)
{
    struct place_list places = { nowhere, NULL };
    struct day today = date_day((struct date){ 2021, 8, 20 });
    struct person_no no, again;

    if (person_no_parse(kind, number, country, today, &places, &no).code != 0) return;
    demand(no.n > 0 && no.n <= PERSON_NO_MAX);
    demand(strlen(no.country) == COUNTRY_CHARS);
    for (size_t i = 0; i < no.n; i++)
        demand(no.text[i] > 0x20 && no.text[i] < 0x7F);
    demand(person_no_parse(kind, person_no_str(&no), str_of(no.country), today, &places, &again)
               .code == 0);
    demand(str_eq(person_no_str(&no), person_no_str(&again)));
    demand(no.birth.year == 0 || date_valid(no.birth));
    if (kind != DOCUMENT_PASSPORT) demand(person_no_kind(number) == kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str number, country = { 0 };
    struct card_ident ident, ident_again;
    struct card_no no, no_again;

    if (size < 1) return 0;
    number = str_cut((struct str){ (const char *)data + 1, size - 1 }, '\0', &country);
    person((enum document_kind)(data[0] % 9), number, country);
    if (card_no_parse(number, &no).code == 0) {
        demand(card_no_parse(card_no_str(&no), &no_again).code == 0);
        demand(str_eq(card_no_str(&no), card_no_str(&no_again)));
    }
    if (card_ident_parse(number, &ident).code == 0) {
        demand(card_ident_parse(card_ident_str(&ident), &ident_again).code == 0);
        demand(str_eq(card_ident_str(&ident), card_ident_str(&ident_again)));
    }
    return 0;
}
