/* tests/registry/person_no_test.c - numbers of people and cards. */
#include "registry/person_no.h"

#include "tests/test.h"

static const struct date TODAY = { 2021, 8, 20 };

static enum place_known look(void *arg, int32_t code)
{
    (void)arg;
    if (code == 342401 || code == 342522) return PLACE_DISSOLVED;
    return code / 10000 == 34 || code / 10000 == 11 ? PLACE_CURRENT : PLACE_UNKNOWN;
}

static void kinds(void)
{
    static const struct {
        const char *title;
        enum document_kind kind;
        const char *typed, *country;
        int want;
        const char *text;
        unsigned warnings;
    } rows[] = {
        { "a citizen number", DOCUMENT_CITIZEN, "11010519491231002X", "", 0, "11010519491231002X",
          0 },
        { "x typed small", DOCUMENT_CITIZEN, "11010519491231002x", "", 0, "11010519491231002X", 0 },
        { "fullwidth X", DOCUMENT_CITIZEN, "11010519491231002Ｘ", "", 0, "11010519491231002X", 0 },
        { "fullwidth throughout", DOCUMENT_CITIZEN, "１１０１０５１９４９１２３１００２ｘ", "", 0,
          "11010519491231002X", 0 },
        { "blanks and hyphens between groups", DOCUMENT_CITIZEN, " 110105 1949-1231 002X ", "", 0,
          "11010519491231002X", 0 },
        { "15 digits of an old file", DOCUMENT_CITIZEN, "110105491231002", "", 0,
          "11010519491231002X", WARN_FIFTEEN },
        { "a dissolved place warns", DOCUMENT_CITIZEN, "342401198001010011", "", 0,
          "342401198001010011", WARN_PLACE_DISSOLVED },
        { "an unknown place warns", DOCUMENT_CITIZEN, "771234198001010017", "", 0,
          "771234198001010017", WARN_PLACE_UNKNOWN },
        { "a foreigner's number as a citizen's", DOCUMENT_CITIZEN, "934840197505120015", "",
          NUMBER_PLACE, "", 0 },
        { "wrong check", DOCUMENT_CITIZEN, "110105194912310021", "", NUMBER_CHECK, "", 0 },
        { "X where a digit is due", DOCUMENT_CITIZEN, "11010519491231002Y", "", NUMBER_FORM, "",
          0 },
        { "17 characters", DOCUMENT_CITIZEN, "11010519491231002", "", NUMBER_LENGTH, "", 0 },
        { "19 characters", DOCUMENT_CITIZEN, "11010519491231002X0", "", NUMBER_LENGTH, "", 0 },
        { "nothing", DOCUMENT_CITIZEN, "", "", NUMBER_EMPTY, "", 0 },
        { "blanks", DOCUMENT_CITIZEN, " \t-　", "", NUMBER_EMPTY, "", 0 },
        { "30 February", DOCUMENT_CITIZEN, "340102198002300019", "", NUMBER_DATE, "", 0 },
        { "29 February of a common year", DOCUMENT_CITIZEN, "340102198102290014", "", NUMBER_DATE,
          "", 0 },
        { "tomorrow", DOCUMENT_CITIZEN, "340102202108210010", "", NUMBER_DATE, "", 0 },
        { "the form is told before the date", DOCUMENT_CITIZEN, "34010219800230A019", "",
          NUMBER_FORM, "", 0 },
        { "a control inside, one short", DOCUMENT_CITIZEN,
          "1101051949123\x01"
          "02X",
          "", NUMBER_LENGTH, "", 0 },
        { "broken UTF-8", DOCUMENT_CITIZEN, "11010519491231002\xff", "", NUMBER_FORM, "", 0 },
        { "a Hong Kong permit as a citizen number", DOCUMENT_CITIZEN, "810000199408230021", "",
          NUMBER_PLACE, "", 0 },
        { "a Hong Kong permit", DOCUMENT_HK_MACAO, "810000199408230021", "", 0,
          "810000199408230021", 0 },
        { "a Macao permit", DOCUMENT_HK_MACAO, "820000199001010010", "", 0, "820000199001010010",
          0 },
        { "a Taiwan permit", DOCUMENT_TAIWAN, "830000199201300022", "", 0, "830000199201300022",
          0 },
        { "a mainland number as a permit", DOCUMENT_HK_MACAO, "11010519491231002X", "",
          NUMBER_PLACE, "", 0 },
        { "15 digits are no permit", DOCUMENT_TAIWAN, "830000920130002", "", NUMBER_LENGTH, "", 0 },
        { "permanent residence, old", DOCUMENT_FOREIGN_PERMANENT_OLD, "usa340080010112", "", 0,
          "USA340080010112", 0 },
        { "permanent residence, old, short", DOCUMENT_FOREIGN_PERMANENT_OLD, "USA34008001011", "",
          NUMBER_LENGTH, "", 0 },
        { "permanent residence, old, digit in the country", DOCUMENT_FOREIGN_PERMANENT_OLD,
          "US1340080010112", "", NUMBER_FORM, "", 0 },
        { "permanent residence, new", DOCUMENT_FOREIGN_PERMANENT, "934840197505120015", "", 0,
          "934840197505120015", 0 },
        { "permanent residence, new, not a 9", DOCUMENT_FOREIGN_PERMANENT, "834840197505120016", "",
          NUMBER_FORM, "", 0 },
        { "a passport", DOCUMENT_PASSPORT, "e 1234567", "deu", 0, "E1234567", 0 },
        { "a passport of nowhere", DOCUMENT_PASSPORT, "E1234567", "", NUMBER_COUNTRY, "", 0 },
        { "a passport of two letters' country", DOCUMENT_PASSPORT, "E1234567", "DE", NUMBER_COUNTRY,
          "", 0 },
        { "a passport of four", DOCUMENT_PASSPORT, "E123", "DEU", NUMBER_LENGTH, "", 0 },
        { "a passport with a star", DOCUMENT_PASSPORT, "E12*4567", "DEU", NUMBER_FORM, "", 0 },
        { "a newborn's key", DOCUMENT_NEWBORN, "N202108196271", "", 0, "N202108196271", 0 },
        { "a newborn of tomorrow", DOCUMENT_NEWBORN, "N202108216271", "", NUMBER_DATE, "", 0 },
        { "no such kind", (enum document_kind)8, "1", "", NUMBER_KIND, "", 0 },
    };

    for (size_t i = 0; i < LEN(rows); i++) {
        struct place_list places = { look, NULL };
        struct person_no no = { 0 };
        struct err end = person_no_parse(rows[i].kind, str_of(rows[i].typed),
                                         str_of(rows[i].country), date_day(TODAY), &places, &no);
        CHECK_INT(rows[i].title, end.code, rows[i].want);
        if (end.code != 0) continue;
        CHECK_STR(rows[i].title, person_no_str(&no), str_of(rows[i].text));
        CHECK_INT(rows[i].title, no.warnings, rows[i].warnings);
    }
}

static void taken_out(void)
{
    struct person_no no;

    CHECK_OK("parsed", person_no_parse(DOCUMENT_CITIZEN, S("11010519491231002X"), S(""),
                                       date_day(TODAY), NULL, &no));
    CHECK_INT("birth year", no.birth.year, 1949);
    CHECK_INT("birth month", no.birth.month, 12);
    CHECK_INT("birth day", no.birth.day, 31);
    CHECK_INT("even serial: female", no.sex, SEX_FEMALE);
    CHECK_INT("place", no.place, 110105);
    CHECK_STR("country", str_of(no.country), S("CHN"));
    CHECK_INT("kind of 18", person_no_kind(S("11010519491231002x")), DOCUMENT_CITIZEN);
    CHECK_INT("kind of 15", person_no_kind(S("110105491231002")), DOCUMENT_CITIZEN);
    CHECK_INT("kind of 81", person_no_kind(S("810000199408230021")), DOCUMENT_HK_MACAO);
    CHECK_INT("kind of 83", person_no_kind(S("830000199201300022")), DOCUMENT_TAIWAN);
    CHECK_INT("kind of 9", person_no_kind(S("934840197505120015")), DOCUMENT_FOREIGN_PERMANENT);
    CHECK_INT("kind of letters", person_no_kind(S("USA340080010112")),
              DOCUMENT_FOREIGN_PERMANENT_OLD);
    CHECK_INT("kind of N", person_no_kind(S("N202108196271")), DOCUMENT_NEWBORN);
    CHECK_INT("kind of anything", person_no_kind(S("E1234567")), 0);
}

/* Any number we make parses back to what it was made of, and one wrong digit never does. */
static void property(void)
{
    struct prng prng = { test_seed() };

    for (int i = 0; i < 2000; i++) {
        int32_t place = (int32_t)prng_between(&prng, 340000, 349999);
        struct day day = { (int32_t)prng_between(&prng, -14000, 18000) };
        struct date birth = day_date(day);
        int serial = (int)prng_between(&prng, 0, 999);
        size_t at = (size_t)prng_between(&prng, 0, 16);
        char text[18];
        struct person_no no = { 0 };
        struct err end;

        person_no_make(place, birth, serial, text);
        end = person_no_parse(DOCUMENT_CITIZEN, (struct str){ text, 18 }, S(""), date_day(TODAY),
                              NULL, &no);
        CHECK_OK("made numbers parse", end);
        CHECK("with their birth", date_day(no.birth).number == day.number);
        CHECK("and sex", (no.sex == SEX_MALE) == (serial % 2 == 1));
        text[at] = (char)('0' + (text[at] - '0' + prng_between(&prng, 1, 9)) % 10);
        end = person_no_parse(DOCUMENT_CITIZEN, (struct str){ text, 18 }, S(""), date_day(TODAY),
                              NULL, &no);
        CHECK("one wrong digit is found", end.code != 0);
    }
}

static void cards(void)
{
    static const struct {
        const char *title, *typed;
        int want;
    } nos[] = {
        { "the published sample", "X00000019", 0 },
        { "small letter, fullwidth", "ｘ0000001９", 0 },
        { "wrong check", "X00000018", NUMBER_CHECK },
        { "no letter", "100000019", NUMBER_FORM },
        { "two letters", "XX0000019", NUMBER_FORM },
        { "eight", "X0000001", NUMBER_LENGTH },
        { "none", "", NUMBER_EMPTY },
    };
    static const struct {
        const char *title, *typed;
        int want;
    } idents[] = {
        { "the published sample", "639900D15600000500BF7C7A48FB4966", 0 },
        { "small letters", "639900d15600000500bf7c7a48fb4966", 0 },
        { "a letter in the area", "63990AD15600000500BF7C7A48FB4966", NUMBER_FORM },
        { "not hexadecimal", "639900D15600000500BF7C7A48FB496G", NUMBER_FORM },
        { "31", "639900D15600000500BF7C7A48FB496", NUMBER_LENGTH },
    };
    struct card_ident ident;
    struct card_no no;
    struct prng prng = { test_seed() };

    for (size_t i = 0; i < LEN(nos); i++)
        CHECK_INT(nos[i].title, card_no_parse(str_of(nos[i].typed), &no).code, nos[i].want);
    for (size_t i = 0; i < LEN(idents); i++)
        CHECK_INT(idents[i].title, card_ident_parse(str_of(idents[i].typed), &ident).code,
                  idents[i].want);
    for (int i = 0; i < 1000; i++) {
        struct card_no made = card_no_make(prng_between(&prng, 0, 259999999));
        CHECK_OK("made card numbers parse", card_no_parse(card_no_str(&made), &no));
    }
    ident = card_ident_make(340100, 0xBF7C7A, 0x48FB4966);
    CHECK_STR("ident", card_ident_str(&ident), S("340100D15600000500BF7C7A48FB4966"));
}

int main(void)
{
    kinds();
    taken_out();
    property();
    cards();
    return test_end();
}
