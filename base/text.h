/* base/text.h - text as people write it: UTF-8, GB 18030, how wide it prints, the one form of a
 * person's name, and the masks that every number and name is shown through.
 *
 * Inside the house text is UTF-8, checked once where it comes in (text_read, or utf8_valid). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum text_refusal {
    TEXT_UNREADABLE = 1001, /* neither UTF-8 nor GB 18030 */
    TEXT_UNWRITABLE = 1002, /* a character that the wanted encoding does not have; never a '?' */
    NAME_NOT_UTF8 = 1011,   /* the name is not UTF-8 */
    NAME_EMPTY = 1012,      /* nothing is left after trimming */
    NAME_CHARACTER = 1013,  /* a control, U+FFFD, or '?' left by some other system's conversion */
    NAME_LONG = 1014,       /* more than NAME_LENGTH_MAX characters */
};
enum {
    NAME_LENGTH_MAX = 100, /* characters; foreign names run to 60 Latin letters with their spaces */
    NAME_BYTES_MAX = 4 * NAME_LENGTH_MAX,
    MASKED_BYTES_MAX = 64, /* no mask writes more */
};

/* ---- UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) ---- */

bool utf8_valid(struct str text);
/* Take the first character off `*text`, which must not be empty. A damaged sequence gives U+FFFD
 * and takes one byte, so a loop always ends. */
uint32_t utf8_take(struct str *text);
void put_utf8(struct writer *w, uint32_t character);
size_t text_length(struct str text); /* in characters */
/* Columns on a terminal: 2 for East Asian wide and full-width characters, 0 for combining marks and
 * controls, else 1. */
int character_width(uint32_t character);
size_t text_width(struct str text);
bool is_han(uint32_t character); /* CJK ideographs of every plane, and 〇 */

/* A JSON string with its quotes (RFC 8259); damaged UTF-8 becomes U+FFFD. */
void put_json_str(struct writer *w, struct str text);

/* ---- encodings ---- */

enum text_encoding { TEXT_UTF8, TEXT_UTF8_BOM, TEXT_GB18030 };

/* Bytes of a file as UTF-8 without a byte order mark. Found out in this order: UTF-8 with its mark,
 * UTF-8, GB 18030. The text borrows `in` when it was UTF-8, else it is in `arena`.
 *   found   may be NULL      refuses  TEXT_UNREADABLE      faults  FAULT_MEMORY (arena full) */
RESULT text_read(struct arena *arena, struct bytes in, struct str *out, enum text_encoding *found);
/* UTF-8 text as the bytes of a file. Refuses TEXT_UNWRITABLE (GB 18030 has all of Unicode but
 * surrogates, so only text that is not UTF-8); faults FAULT_MEMORY. */
RESULT text_write(struct arena *arena, struct str text, enum text_encoding encoding,
                  struct bytes *out);

/* ---- names of people ---- */

/* The form a name is stored, compared and tagged in (ux: any GB 18030 character and the dot):
 * full-width ASCII and the ideographic space become half-width; • ・ ． ‧ ∙ ⋅ and '.' between two
 * Han characters or letters become U+00B7; runs of spaces become one, and none stays at the ends,
 * beside the dot or between two Han characters; the eight ideographs that GB 18030-2000 kept in the
 * private area take their Unicode places (GB 18030-2022). Letters keep their case. Applying it
 * twice changes nothing.
 *   w        gets the form; NAME_BYTES_MAX always suffices      refuses  NAME_* */
RESULT name_form(struct str name, struct writer *w);

/* ---- masks ---- */

/* A personal value and how it is shown. There is no way to print one plainly. */
enum mask { MASK_NAME, MASK_PERSON_NO, MASK_PHONE, MASK_CARD_NO, MASK_ACCOUNT };
struct masked {
    enum mask mask;
    struct str plain; /* borrowed */
};
static inline struct masked masked_name(struct str plain) /* 张* */
{
    return (struct masked){ .mask = MASK_NAME, .plain = plain };
}
static inline struct masked masked_person_no(struct str plain) /* 340***********1234 */
{
    return (struct masked){ .mask = MASK_PERSON_NO, .plain = plain };
}
static inline struct masked masked_phone(struct str plain) /* 138****1234 */
{
    return (struct masked){ .mask = MASK_PHONE, .plain = plain };
}
static inline struct masked masked_card_no(struct str plain) /* ****1234 */
{
    return (struct masked){ .mask = MASK_CARD_NO, .plain = plain };
}
static inline struct masked masked_account(struct str plain) /* ****1234 */
{
    return (struct masked){ .mask = MASK_ACCOUNT, .plain = plain };
}

/* Values that are too short for their mask, or hold something else than printable ASCII where a
 * number should be, come out as "****"; an empty one as nothing. */
void put_masked(struct writer *w, struct masked value);
void put_masked_name(struct writer *w, struct str name);
void put_masked_person_no(struct writer *w, struct str person_no);
void put_masked_phone(struct writer *w, struct str phone);
void put_masked_card_no(struct writer *w, struct str card_no);
void put_masked_account(struct writer *w, struct str account);

/* Copy free text with every run that reads as a citizen number (GB 11643 with a right check
 * character and a possible date), a mobile number (11 digits from 13 to 19) or a bank card number
 * (16 to 19 digits from 62, Luhn) masked. The second guard of log lines; the first is never to put
 * such values into free text. */
void put_scrubbed(struct writer *w, struct str text);

/* Edit distance with adjacent swaps, at most `most` (else most + 1); for "did you mean". */
size_t text_distance(struct str a, struct str b, size_t most);
/* Index of the nearest of n names within a third of its length, or -1. */
int text_nearest(struct str text, const char *const *names, size_t n);
