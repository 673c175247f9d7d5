/* card/wire/code.h - our own codes (电子卡码), as a phone shows them, paper carries them and gates
 * and counters read them: layouts and text forms only. Who signs and who believes is identity/'s.
 * Byte for byte in docs/protocols/code.md; why this way in docs/decisions/0009-code-format.md.
 *
 * Three forms, told apart by the first characters:
 *   "YK1:" + Base45 of 190 bytes   a phone's code: a bundle signed by the issuer for 24 h (who may
 *                                  show codes with which device key), then time and purpose signed
 * by that key; 289 characters, QR version 10-M in alphanumeric mode "YK2:" + Base45 of 93 bytes a
 * paper code (纸质码): signed by the issuer, for days, door only 9 characters, often "7K3-QW9-2XD"
 * a short typed code (短码): a random number with a check character, worth nothing without the
 * server Nothing in a code is a citizen number, a card number, a name or a birth date. */
#pragma once
#include "base/base.h"

/* In the order they are tried. On the wire, so never renumbered. card/wire has 6001..6099. */
enum code_refusal {
    CODE_UNREADABLE = 6001,      /* not one of our forms: prefix, alphabet, length or Base45 */
    CODE_FORMAT_UNKNOWN = 6002,  /* ours, of a format newer than this program */
    CODE_FIELD_WRONG = 6003,     /* a field holds what its clause in code.md does not allow */
    CODE_CHECK_CHARACTER = 6004, /* a short code whose check character is wrong: typed wrongly */
};

enum code_suite {                /* numbers of crypto's suites */
                  CODE_SM2 = 1,  /* SM2 with SM3, GB/T 32918, id 1234567812345678 */
                  CODE_P256 = 2, /* ECDSA P-256 with SHA-256 */
};
enum code_strength {
    CODE_DOOR = 1,     /* uses of grade B or C */
    CODE_IDENTITY = 2, /* identity, with staff or photo check: grade A; offline C */
    CODE_MONEY = 3,    /* grade A, online only */
};
enum code_purpose {                   /* 用途; what the holder chose on the code page */
                    CODE_ENTRY = 1,   /* 入园 */
                    CODE_LIBRARY = 2, /* 借阅 */
                    CODE_MEDICAL = 3, /* 就医 */
                    CODE_RIDE = 4,    /* 乘车 */
                    CODE_WHO = 5,     /* 身份核验 */
                    CODE_PAY = 6,     /* 付款 */
};
enum { CODE_PURPOSE_MAX = CODE_PAY };

/* Time as sequence: the step of 30 s since 2020-01-01T00:00:00Z. 32 bits last until the year 6100.
 */
#define CODE_EPOCH_USEC INT64_C(1577836800000000)
#define CODE_STEP_USEC (30 * USEC_PER_SEC)
enum {
    CODE_LIFE_STEPS = 2,  /* a code is good for 60 s from the start of its step */
    CODE_AHEAD_STEPS = 1, /* and as long before it: a phone up to 30 s fast, or refreshed early */
    CODE_BUNDLE_STEPS = 2880, /* a bundle is good for 24 h */
    PAPER_DAYS_MAX = 180,     /* paper codes */
};
uint32_t code_step(struct instant at); /* at must not be before 2020 */
struct instant code_step_start(uint32_t step);

enum {
    CODE_BUNDLE_SIGNED = 57, /* bytes 0..56 of a bundle are what the issuer signs */
    CODE_BUNDLE_BYTES = 121,
    CODE_SIGNED = 126, /* bytes 0..125 of a code are what the device signs */
    CODE_BYTES = 190,
    PAPER_SIGNED = 29, /* bytes 0..28 of a paper code are what the issuer signs */
    PAPER_BYTES = 93,
    CODE_TEXT_MAX = 4 + 285, /* characters */
    PAPER_TEXT_MAX = 4 + 140,
    CODE_ALIAS_BYTES = 8,
    SHORT_CODE_CHARS = 9, /* 8 random (40 bits), 1 check; "-" and spaces between are for the eye */
};

struct bundle { /* 码证: "for this day, this device key speaks for this card" */
    enum code_suite issuer_suite, device_suite;
    enum code_strength strength;
    bool test;                       /* made under a test key or for a test holder */
    uint16_t kid;                    /* the issuer's published key */
    uint8_t alias[CODE_ALIAS_BYTES]; /* the device's id, enciphered: opaque, no number */
    uint32_t card_index;             /* dense card index, for stop lists */
    uint16_t card_epoch;             /* of the card when issued */
    uint8_t device_epoch;            /* of the device when issued */
    uint32_t from_step;              /* good in [from_step, from_step + CODE_BUNDLE_STEPS) */
    uint8_t device_key[33];          /* compressed point: 02 or 03, then x */
    uint8_t signature[64];           /* r || s of the issuer */
};
struct code {
    struct bundle bundle;
    uint32_t step; /* the sequence: when it was shown, by the phone's clock */
    enum code_purpose purpose;
    uint8_t signature[64]; /* r || s of the device */
};
struct paper_code {
    enum code_suite issuer_suite;
    bool test;
    uint16_t kid;
    uint8_t alias[CODE_ALIAS_BYTES];
    uint32_t card_index;
    uint16_t card_epoch;
    uint32_t serial; /* of the sheet; a revoked one is in the stop list's second part */
    uint32_t from_step;
    uint16_t days; /* 1..PAPER_DAYS_MAX */
    uint8_t signature[64];
};

/* The bytes. What is signed is CODE_*_DOMAIN followed by the bytes named above, so that a signature
 * made for one thing is worth nothing as another. Writers assume valid fields; parsers refuse
 * CODE_UNREADABLE on a wrong length, CODE_FORMAT_UNKNOWN, CODE_FIELD_WRONG. */
#define CODE_BUNDLE_DOMAIN "YKT bundle 1\n"
#define CODE_DOMAIN "YKT code 1\n"
#define PAPER_DOMAIN "YKT paper 1\n"
void bundle_write(const struct bundle *bundle, uint8_t out[CODE_BUNDLE_BYTES]);
RESULT bundle_parse(struct bytes in, struct bundle *out);
void code_write(const struct code *code, uint8_t out[CODE_BYTES]);
RESULT code_parse(struct bytes in, struct code *out);
void paper_write(const struct paper_code *paper, uint8_t out[PAPER_BYTES]);
RESULT paper_parse(struct bytes in, struct paper_code *out);

/* The text: what a QR holds and a scanner hands over. */
enum code_form { CODE_FORM_PHONE = 1, CODE_FORM_PAPER = 2, CODE_FORM_SHORT = 3 };
struct code_text {
    enum code_form form;
    union {
        struct code phone;
        struct paper_code paper;
        char typed[SHORT_CODE_CHARS + 1]; /* canonical: upper case, no separators, NUL behind */
    } of;
    uint8_t raw[CODE_BYTES]; /* the bytes behind phone and paper, as received: what signatures are
                                checked over */
};
/* Surrounding ASCII space is ignored. Refuses CODE_*. Short codes: either case, o as 0, i and l as
 * 1,
 * "-" and spaces anywhere. */
RESULT code_text_parse(struct str text, struct code_text *out);
void code_text_write(const uint8_t raw[CODE_BYTES], struct writer *w);
void paper_text_write(const uint8_t raw[PAPER_BYTES], struct writer *w);
/* "7K3-QW9-2XD" from 40 random bits. */
enum { SHORT_CODE_TEXT = 11 };
void short_code_write(uint64_t random40, struct writer *w);

/* Base45, RFC 9285. Parsing is strict: no trailing single character, no value above 65535, no other
 * character; false otherwise, or when `size` is not exactly filled. */
void put_base45(struct writer *w, struct bytes bytes);
bool base45_parse(struct str text, uint8_t *out, size_t size);

/* How a code's step stands to `at` (the reader's clock): age < 0 when it lies ahead.
 *   CODE_FRESH  -CODE_AHEAD_STEPS * 30 s <= age < CODE_LIFE_STEPS * 30 s
 * Outside, *minutes is how far the phone's clock is off at least if the code was just made, rounded
 * up: the words on both screens are "手机时间慢了约4分钟" or "该码已过期，请刷新". */
enum code_age { CODE_FRESH, CODE_LATE, CODE_EARLY };
enum code_age code_age(uint32_t step, struct instant at, int64_t *minutes);
