/* base/text_mask.c - how personal values are shown, and what is kept out of free text. */
#include <assert.h>

#include "base/text.h"

static const struct str HIDDEN = { "****", 4 };

static bool plain_number(struct str text, size_t min, size_t max)
{
    if (text.n < min || text.n > max) return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~') return false;
    }
    return true;
}

/* `head` characters, stars, `tail` characters. stars 0: one for each that is hidden */
static void put_ends(struct writer *w, struct str text, size_t head, size_t stars, size_t tail)
{
    if (stars == 0) stars = text.n - head - tail;
    put_str(w, str_part(text, 0, head));
    for (size_t i = 0; i < stars; i++) {
        put_char(w, '*');
    }
    put_str(w, str_part(text, text.n - tail, tail));
}

/* One star whatever the length, so that the length does not show. */
void put_masked_name(struct writer *w, struct str name)
{
    struct str rest = name;

    if (name.n == 0) return;
    if (!utf8_valid(name)) {
        put_str(w, HIDDEN);
        return;
    }
    utf8_take(&rest);
    if (rest.n > 0) put_str(w, str_part(name, 0, name.n - rest.n)); /* a single one is hidden too */
    put_char(w, '*');
}

void put_masked_person_no(struct writer *w, struct str person_no)
{
    if (person_no.n == 0) return;
    if (plain_number(person_no, 15, 24)) {
        put_ends(w, person_no, 3, 0, 4);
    } else if (plain_number(person_no, 8, 14)) { /* passports and permits */
        put_ends(w, person_no, 0, 4, 3);
    } else {
        put_str(w, HIDDEN);
    }
}

void put_masked_phone(struct writer *w, struct str phone)
{
    if (phone.n == 0) return;
    if (plain_number(phone, 11, 11)) {
        put_ends(w, phone, 3, 4, 4);
    } else if (plain_number(phone, 7, 20)) { /* land lines, numbers with a country code */
        put_ends(w, phone, 0, 4, 4);
    } else {
        put_str(w, HIDDEN);
    }
}

static void put_last_four(struct writer *w, struct str number)
{
    if (number.n == 0) return;
    if (plain_number(number, 8, 40)) {
        put_ends(w, number, 0, 4, 4);
    } else {
        put_str(w, HIDDEN);
    }
}

void put_masked_card_no(struct writer *w, struct str card_no)
{
    put_last_four(w, card_no);
}

void put_masked_account(struct writer *w, struct str account)
{
    put_last_four(w, account);
}

void put_masked(struct writer *w, struct masked value)
{
    switch (value.mask) {
    case MASK_NAME:
        put_masked_name(w, value.plain);
        return;
    case MASK_PERSON_NO:
        put_masked_person_no(w, value.plain);
        return;
    case MASK_PHONE:
        put_masked_phone(w, value.plain);
        return;
    case MASK_CARD_NO:
        put_masked_card_no(w, value.plain);
        return;
    case MASK_ACCOUNT:
        put_masked_account(w, value.plain);
        return;
    }
    assert(value.mask <= MASK_ACCOUNT);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + p[1] - '0';
}

/* GB 11643: 17 digits with a birth date, and the check character of ISO 7064 MOD 11-2. */
static bool reads_as_person_no(struct str text)
{
    static const uint8_t WEIGHTS[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0, month, day, century;

    if (text.n != 18) return false;
    for (size_t i = 0; i < 17; i++) {
        if (!is_digit(text.p[i])) return false;
        sum += (text.p[i] - '0') * WEIGHTS[i];
    }
    century = two_digits(text.p + 6);
    month = two_digits(text.p + 10);
    day = two_digits(text.p + 12);
    if (century < 18 || century > 20 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    return "10X98765432"[sum % 11] == (text.p[17] == 'x' ? 'X' : text.p[17]);
}

static bool reads_as_phone(struct str digits)
{
    if (digits.n == 13 && str_starts(digits, S("86"))) digits = str_part(digits, 2, 11);
    return digits.n == 11 && digits.p[0] == '1' && digits.p[1] >= '3';
}

static bool reads_as_bank_card(struct str digits)
{
    int sum = 0;

    if (digits.n < 16 || digits.n > 19 || !str_starts(digits, S("62"))) return false;
    for (size_t i = 0; i < digits.n; i++) {
        int digit = digits.p[digits.n - 1 - i] - '0';
        if (i % 2 == 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

static size_t digits_at(struct str text, size_t from)
{
    size_t n = 0;

    while (from + n < text.n && is_digit(text.p[from + n])) {
        n++;
    }
    return n;
}

void put_scrubbed(struct writer *w, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        size_t run = digits_at(text, at), i = 0;
        struct str digits = str_part(text, at, run);

        if (reads_as_phone(digits)) {
            put_masked_phone(w, str_part(digits, run - 11, 11));
            at += run;
            continue;
        }
        if (reads_as_bank_card(digits)) {
            put_masked_card_no(w, digits);
            at += run;
            continue;
        }
        while (i < run) { /* a citizen number may hide in a longer run */
            struct str number = str_part(text, at + i, 18);
            bool person = reads_as_person_no(number);
            if (person) put_masked_person_no(w, number);
            if (!person) put_char(w, text.p[at + i]);
            i += person ? 18 : 1;
        }
        at += i;
        if (at < text.n && !is_digit(text.p[at])) put_char(w, text.p[at++]);
    }
}
