/* registry/card_no.c - card numbers (卡号) and identification codes (卡识别码). Pure. */
#include "registry/number.h"
#include "registry/person_no.h"

char card_no_check(const char first[8])
{
    static const int WEIGHTS[8] = { 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0, check;

    for (int i = 0; i < 8; i++)
        sum += WEIGHTS[i] * (first[i] >= 'A' ? first[i] - 'A' + 10 : first[i] - '0');
    check = (11 - sum % 11) % 11; /* GB 11714: organisation codes */
    return (char)(check == 10 ? 'X' : '0' + check);
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

RESULT card_no_parse(struct str typed, struct card_no *out)
{
    struct card_no no;
    size_t n;

    REQUIRE(typed.n <= NUMBER_TYPED_MAX, NUMBER_LENGTH);
    n = number_normal(typed, no.text, sizeof no.text);
    REQUIRE(n > 0, NUMBER_EMPTY);
    REQUIRE(n == CARD_NO_CHARS, NUMBER_LENGTH);
    REQUIRE(no.text[0] >= 'A' && no.text[0] <= 'Z', NUMBER_FORM);
    for (int i = 1; i < 8; i++)
        REQUIRE(digit(no.text[i]), NUMBER_FORM);
    REQUIRE(digit(no.text[8]) || no.text[8] == 'X', NUMBER_FORM);
    REQUIRE(card_no_check(no.text) == no.text[8], NUMBER_CHECK);
    *out = no;
    return OK;
}

RESULT card_ident_parse(struct str typed, struct card_ident *out)
{
    struct card_ident ident;
    size_t n;

    REQUIRE(typed.n <= NUMBER_TYPED_MAX, NUMBER_LENGTH);
    n = number_normal(typed, ident.text, sizeof ident.text);
    REQUIRE(n > 0, NUMBER_EMPTY);
    REQUIRE(n == CARD_IDENT_CHARS, NUMBER_LENGTH);
    for (int i = 0; i < CARD_IDENT_CHARS; i++)
        REQUIRE(digit(ident.text[i]) || (ident.text[i] >= 'A' && ident.text[i] <= 'F'),
                NUMBER_FORM);
    for (int i = 0; i < 6; i++)
        REQUIRE(digit(ident.text[i]), NUMBER_FORM);
    *out = ident;
    return OK;
}

struct card_no card_no_make(int64_t serial)
{
    struct card_no no;

    assert(serial >= 0 && serial < CARD_NO_SERIALS);
    no.text[0] = (char)('A' + serial / 10000000);
    for (int i = 7; i >= 1; i--, serial /= 10)
        no.text[i] = (char)('0' + serial % 10);
    no.text[8] = card_no_check(no.text);
    return no;
}

struct card_ident card_ident_make(int32_t area, uint32_t chip, uint32_t closing)
{
    struct card_ident ident;
    char text[CARD_IDENT_CHARS + 8];
    struct writer w = writer_over(text, sizeof text);

    assert(area >= 100000 && area <= 999999);
    put_format(&w, "%06dD156000005%08X%08X", area, chip, closing);
    assert(w.n == CARD_IDENT_CHARS);
    memcpy(ident.text, text, CARD_IDENT_CHARS);
    return ident;
}
