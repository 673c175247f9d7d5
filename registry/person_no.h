/* registry/person_no.h - the numbers that name people and cards: parsing, checking, building. Pure.
 *
 * A number is brought to one spelling before it is hashed, sealed or compared: fullwidth digits and
 * letters become ASCII, letters become capitals, blanks and hyphens between groups go. What a
 * number says (birth date, sex, place of first registration) is taken out of it here and nowhere
 * else. Sources: GB 11643-1999 (citizen number, 公民身份号码), ISO 7064 MOD 11-2,
 * spec/domain.md 5.1, 5.2, 5.4. */
#pragma once
#include "base/base.h"

/* Kinds of identity document (证件类型). In rows and on the wire; never renumbered. */
enum document_kind {
    DOCUMENT_CITIZEN = 1,  /* 居民身份证: 18 characters, or 15 digits in old files */
    DOCUMENT_HK_MACAO = 2, /* 港澳居民居住证: citizen form, place 810000 or 820000 */
    DOCUMENT_TAIWAN = 3,   /* 台湾居民居住证: citizen form, place 830000 */
    DOCUMENT_FOREIGN_PERMANENT_OLD =
        4, /* 外国人永久居留身份证 until Nov 2023: 3 letters + 12 digits */
    DOCUMENT_FOREIGN_PERMANENT = 5, /* the same since 1 Dec 2023: 18 digits, the first a 9 */
    DOCUMENT_PASSPORT = 6,          /* 护照: 5..20 letters and digits, with the issuing country */
    DOCUMENT_NEWBORN = 7, /* 新生儿临时号: "N", birth date, 4..11 characters of the certificate */
};

enum sex { SEX_UNKNOWN = 0, SEX_MALE = 1, SEX_FEMALE = 2 }; /* GB/T 2261.1 */

/* In the order they are tried. */
enum number_refusal {
    NUMBER_KIND = 3001,   /* no such document kind */
    NUMBER_EMPTY = 3002,  /* nothing left after normalising */
    NUMBER_LENGTH = 3003, /* not as long as this kind of number is */
    NUMBER_FORM = 3004,   /* a character that does not stand at this place in this kind */
    NUMBER_PLACE = 3005,  /* the place code belongs to another kind (810000 in a citizen number) */
    NUMBER_DATE = 3006,   /* no such calendar day, or after `today`, or before 1850 */
    NUMBER_CHECK =
        3007, /* GB 11643 check character (for cards: organisation-code check digit) is wrong */
    NUMBER_COUNTRY =
        3008, /* issuing country missing or not three capital letters (ISO 3166-1 alpha-3) */
};

/* What is odd but no reason to refuse: bits. */
enum number_warning {
    WARN_PLACE_DISSOLVED = 1, /* a place code that no longer exists (3424xx and its kin) */
    WARN_PLACE_UNKNOWN = 2,   /* a place code no list knows */
    WARN_FIFTEEN = 4, /* came as an old 15-digit number; century 19 and the check were added */
    WARN_OLDER_THAN_115 = 8, /* born more than 115 years before `today` */
};

/* What the list of places says of a six-digit code; asked for by a call so that this file needs no
 * catalogue. */
enum place_known { PLACE_UNKNOWN, PLACE_DISSOLVED, PLACE_CURRENT };
struct place_list {
    enum place_known (*look)(void *arg, int32_t code); /* NULL: every code counts as known */
    void *arg;
};

enum { PERSON_NO_MAX = 20, COUNTRY_CHARS = 3 };

struct person_no {
    enum document_kind kind;
    char text[PERSON_NO_MAX]; /* the one spelling */
    size_t n;
    char country[COUNTRY_CHARS + 1]; /* "CHN" for citizen forms; issuing country else */
    struct date birth;               /* year 0 when the number does not say */
    enum sex sex;                    /* SEX_UNKNOWN when the number does not say */
    int32_t place;                   /* 0 when the number does not say */
    unsigned warnings;               /* enum number_warning */
};
static inline struct str person_no_str(const struct person_no *no)
{
    return (struct str){ no->text, no->n };
}

/* Parse a number as typed. `country` is read for passports only (for old permanent-residence cards
 * it is in the number). `today` bounds birth dates.   refuses NUMBER_*, in the enum's order; *out
 * is written only on OK. */
RESULT person_no_parse(enum document_kind kind, struct str typed, struct str country,
                       struct day today, const struct place_list *places, struct person_no *out);
/* Is this a citizen's number? For what must not be one because it is kept and shown in clear: names
 * of accounts and of terminals, passwords. */
bool person_no_is_citizen(struct str text, struct instant at);
/* Guess the kind from the form: 18 citizen-form characters by place, 15 digits, 3 letters + 12
 * digits, "N"-keys; 0 when a passport or nothing. For search boxes. */
enum document_kind person_no_kind(struct str typed);

/* GB 11643 / ISO 7064 MOD 11-2 over 17 digits: '0'..'9' or 'X'. */
char person_no_check(const char digits[17]);
/* Write an 18-character citizen-form number (18 bytes, no NUL); serial 0..999, odd for males. For
 * tests, demos and simulators. */
void person_no_make(int32_t place, struct date birth, int serial, char out[18]);

/* ---- cards */

enum { CARD_NO_CHARS = 9, CARD_IDENT_CHARS = 32 };
struct card_no {
    char text[CARD_NO_CHARS]; /* a capital letter, 7 digits, a check digit or X (spec/domain.md 5.4)
                               */
};
struct card_ident { /* 卡识别码: 6 area, D156, 000005, 8 chip serial, 8 closing; capitals */
    char text[CARD_IDENT_CHARS];
};
/* Organisation-code rule (GB 11714): weights 3 7 9 10 5 8 4 2 over 8 characters (letters
 * count 10..35), check = (11 - sum mod 11) mod 11, 10 written X. */
char card_no_check(const char first[8]);
/* refuses NUMBER_EMPTY, NUMBER_LENGTH, NUMBER_FORM, NUMBER_CHECK */
RESULT card_no_parse(struct str typed, struct card_no *out);
/* refuses NUMBER_EMPTY, NUMBER_LENGTH, NUMBER_FORM */
RESULT card_ident_parse(struct str typed, struct card_ident *out);
/* From a serial 0..259,999,999: letter = serial / 10^7, then seven digits, then the check. */
struct card_no card_no_make(int64_t serial);
/* "340100" + "D156" + "000005" + chip + closing. */
struct card_ident card_ident_make(int32_t area, uint32_t chip, uint32_t closing);
static inline struct str card_no_str(const struct card_no *no)
{
    return (struct str){ no->text, CARD_NO_CHARS };
}
static inline struct str card_ident_str(const struct card_ident *no)
{
    return (struct str){ no->text, CARD_IDENT_CHARS };
}
