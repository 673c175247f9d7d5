/* registry/number.h - how this folder brings typed numbers to one spelling. */
#pragma once
#include "base/base.h"

enum { NUMBER_TYPED_MAX = 256 }; /* bytes of a number before normalising; longer is NUMBER_LENGTH */
#define CARD_NO_SERIALS INT64_C(260000000)

/* Fullwidth to ASCII, letters to capitals, blanks and hyphens out; what is not printable ASCII
 * comes out as '?', which no form allows. Returns the length, which may be more than `size`. */
size_t number_normal(struct str typed, char *out, size_t size);
