/* registry/person_no.c - numbers of people: normalising, checking, building. Pure. */
#include "registry/person_no.h"

#include "base/text.h"
#include "registry/number.h"

size_t number_normal(struct str typed, char *out, size_t size)
{
    size_t n = 0;

    while (typed.n > 0) {
        uint32_t c = utf8_take(&typed);
        if (c == 0x3000) c = ' ';
        if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFF01 - 0x21;
        if (c == 0x2010 || c == 0x2011 || c == 0x2013 || c == 0x2212) c = '-';
        if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n' || c == 0xA0) continue;
        if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
        if (n < size) out[n] = (char)(c > 0x20 && c < 0x7F ? c : '?');
        n++;
    }
    return n;
}

static bool digits(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < '0' || p[i] > '9') return false;
    return true;
}

static bool letters(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < 'A' || p[i] > 'Z') return false;
    return true;
}

static int32_t number_of(const char *p, size_t n)
{
    int32_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v * 10 + (p[i] - '0');
    return v;
}

static struct date date_at(const char *p)
{
    return (struct date){ number_of(p, 4), number_of(p + 4, 2), number_of(p + 6, 2) };
}

char person_no_check(const char seventeen[17])
{
    static const int WEIGHTS[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;

    for (int i = 0; i < 17; i++)
        sum += WEIGHTS[i] * (seventeen[i] - '0');
    return "10X98765432"[sum % 11]; /* GB 11643: ISO 7064 MOD 11-2 */
}

/* What the format says is done; now the day and the check. */
static RESULT dated(struct person_no *no, const char *birth, struct day today)
{
    no->birth = date_at(birth);
    REQUIRE(no->birth.year >= 1850 && date_valid(no->birth), NUMBER_DATE);
    REQUIRE(date_day(no->birth).number <= today.number, NUMBER_DATE);
    if (age_on(no->birth, today) > 115) no->warnings |= WARN_OLDER_THAN_115;
    return OK;
}

static void place_warn(struct person_no *no, const struct place_list *places)
{
    enum place_known known = PLACE_CURRENT;

    if (places != NULL && places->look != NULL) known = places->look(places->arg, no->place);
    if (known == PLACE_DISSOLVED) no->warnings |= WARN_PLACE_DISSOLVED;
    if (known == PLACE_UNKNOWN) no->warnings |= WARN_PLACE_UNKNOWN;
}

/* 15 digits of old files: no century (19 before GB 11643-1999) and no check. */
static void fifteen_grow(struct person_no *no)
{
    char grown[18];

    memcpy(grown, no->text, 6);
    memcpy(grown + 6, "19", 2);
    memcpy(grown + 8, no->text + 6, 9);
    grown[17] = person_no_check(grown);
    memcpy(no->text, grown, 18);
    no->n = 18;
    no->warnings |= WARN_FIFTEEN;
}

/* GB 11643: 6 place, 8 birth, 3 serial (odd male), 1 check. */
static RESULT citizen_form(struct person_no *no, struct day today, const struct place_list *places)
{
    if (no->kind == DOCUMENT_CITIZEN && no->n == 15) {
        REQUIRE(digits(no->text, 15), NUMBER_FORM);
        fifteen_grow(no);
    }
    REQUIRE(no->n == 18, NUMBER_LENGTH);
    REQUIRE(digits(no->text, 17), NUMBER_FORM);
    REQUIRE(digits(no->text + 17, 1) || no->text[17] == 'X', NUMBER_FORM);
    no->place = number_of(no->text, 6);
    if (no->kind == DOCUMENT_HK_MACAO)
        REQUIRE(no->place == 810000 || no->place == 820000, NUMBER_PLACE);
    else if (no->kind == DOCUMENT_TAIWAN)
        REQUIRE(no->place == 830000, NUMBER_PLACE);
    else /* what belongs to another kind; a code that is merely unknown is a warning */
        REQUIRE(no->place != 810000 && no->place != 820000 && no->place != 830000 &&
                    no->text[0] != '9',
                NUMBER_PLACE);
    TRY(dated(no, no->text + 6, today));
    REQUIRE(person_no_check(no->text) == no->text[17], NUMBER_CHECK);
    no->sex = (no->text[16] - '0') % 2 == 1 ? SEX_MALE : SEX_FEMALE;
    if (no->kind == DOCUMENT_CITIZEN) place_warn(no, places);
    memcpy(no->country, "CHN", 4);
    return OK;
}

/* Until November 2023: three letters of the country, place, birth as YYMMDD, serial and check. Only
 * the form is checked: neither century nor the check rule is established (domain.md 5.2). */
static RESULT permanent_old_form(struct person_no *no)
{
    REQUIRE(no->n == 15, NUMBER_LENGTH);
    REQUIRE(letters(no->text, 3), NUMBER_FORM);
    REQUIRE(digits(no->text + 3, 12), NUMBER_FORM);
    memcpy(no->country, no->text, 3);
    no->country[3] = '\0';
    return OK;
}

/* Since 1 December 2023: 9, province 2, country 3, birth 8, serial 3, check by GB 11643. */
static RESULT permanent_form(struct person_no *no, struct day today)
{
    REQUIRE(no->n == 18, NUMBER_LENGTH);
    REQUIRE(digits(no->text, 17), NUMBER_FORM);
    REQUIRE(digits(no->text + 17, 1) || no->text[17] == 'X', NUMBER_FORM);
    REQUIRE(no->text[0] == '9', NUMBER_FORM);
    TRY(dated(no, no->text + 6, today));
    REQUIRE(person_no_check(no->text) == no->text[17], NUMBER_CHECK);
    no->place = number_of(no->text + 1, 2) * 10000;
    no->sex = (no->text[16] - '0') % 2 == 1 ? SEX_MALE : SEX_FEMALE;
    memcpy(no->country, no->text + 3, 3); /* ISO 3166-1 numeric */
    no->country[3] = '\0';
    return OK;
}

static RESULT passport_form(struct person_no *no, struct str country)
{
    char code[COUNTRY_CHARS + 1];

    REQUIRE(no->n >= 5, NUMBER_LENGTH);
    for (size_t i = 0; i < no->n; i++)
        REQUIRE(digits(no->text + i, 1) || letters(no->text + i, 1), NUMBER_FORM);
    REQUIRE(number_normal(country, code, sizeof code) == COUNTRY_CHARS, NUMBER_COUNTRY);
    REQUIRE(letters(code, COUNTRY_CHARS), NUMBER_COUNTRY);
    memcpy(no->country, code, COUNTRY_CHARS);
    no->country[COUNTRY_CHARS] = '\0';
    return OK;
}

/* "N", birth as YYYYMMDD, then 4..11 letters and digits of the birth certificate. */
static RESULT newborn_form(struct person_no *no, struct day today)
{
    REQUIRE(no->n >= 13, NUMBER_LENGTH);
    REQUIRE(no->text[0] == 'N' && digits(no->text + 1, 8), NUMBER_FORM);
    for (size_t i = 9; i < no->n; i++)
        REQUIRE(digits(no->text + i, 1) || letters(no->text + i, 1), NUMBER_FORM);
    TRY(dated(no, no->text + 1, today));
    memcpy(no->country, "CHN", 4);
    return OK;
}

static RESULT form_check(struct person_no *no, struct str country, struct day today,
                         const struct place_list *places)
{
    switch (no->kind) {
    case DOCUMENT_CITIZEN:
    case DOCUMENT_HK_MACAO:
    case DOCUMENT_TAIWAN:
        return citizen_form(no, today, places);
    case DOCUMENT_FOREIGN_PERMANENT_OLD:
        return permanent_old_form(no);
    case DOCUMENT_FOREIGN_PERMANENT:
        return permanent_form(no, today);
    case DOCUMENT_PASSPORT:
        return passport_form(no, country);
    case DOCUMENT_NEWBORN:
        return newborn_form(no, today);
    }
    REFUSE(NUMBER_KIND);
}

RESULT person_no_parse(enum document_kind kind, struct str typed, struct str country,
                       struct day today, const struct place_list *places, struct person_no *out)
{
    struct person_no no = { .kind = kind };

    REQUIRE(kind >= DOCUMENT_CITIZEN && kind <= DOCUMENT_NEWBORN, NUMBER_KIND);
    REQUIRE(typed.n <= NUMBER_TYPED_MAX, NUMBER_LENGTH);
    no.n = number_normal(typed, no.text, sizeof no.text);
    REQUIRE(no.n > 0, NUMBER_EMPTY);
    REQUIRE(no.n <= sizeof no.text, NUMBER_LENGTH);
    TRY(form_check(&no, country, today, places));
    *out = no;
    return OK;
}

bool person_no_is_citizen(struct str text, struct instant at)
{
    struct person_no no;

    return person_no_parse(DOCUMENT_CITIZEN, text, (struct str){ 0 }, day_of(at), NULL, &no).code ==
           0;
}

enum document_kind person_no_kind(struct str typed)
{
    char text[PERSON_NO_MAX];
    size_t n;

    if (typed.n > NUMBER_TYPED_MAX) return 0;
    n = number_normal(typed, text, sizeof text);
    if (n == 15 && letters(text, 3) && digits(text + 3, 12)) return DOCUMENT_FOREIGN_PERMANENT_OLD;
    if (n == 15 && digits(text, 15)) return DOCUMENT_CITIZEN;
    if (n >= 13 && n <= sizeof text && text[0] == 'N' && digits(text + 1, 8))
        return DOCUMENT_NEWBORN;
    if (n != 18 || !digits(text, 17)) return 0;
    if (text[0] == '9') return DOCUMENT_FOREIGN_PERMANENT;
    if (number_of(text, 6) == 810000 || number_of(text, 6) == 820000) return DOCUMENT_HK_MACAO;
    if (number_of(text, 6) == 830000) return DOCUMENT_TAIWAN;
    return DOCUMENT_CITIZEN;
}

void person_no_make(int32_t place, struct date birth, int serial, char out[18])
{
    struct writer w = writer_over(out, 18);

    assert(place >= 100000 && place <= 999999);
    assert(date_valid(birth));
    assert(serial >= 0 && serial <= 999);
    put_int(&w, (int64_t)place * 100000000 + birth.year * 10000 + birth.month * 100 + birth.day);
    put_u8(&w, (uint8_t)('0' + serial / 100));
    put_u8(&w, (uint8_t)('0' + serial / 10 % 10));
    put_u8(&w, (uint8_t)('0' + serial % 10));
    put_char(&w, person_no_check(out));
}
