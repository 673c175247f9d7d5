/* api/receipt.h - the verification code (核验码) of a receipt, and what it leads to.
 *
 * The code names the record by its root and its number, both enciphered as every public id, and
 * ends in a keyed check over them: 35 of Crockford's 32 characters in groups of five. Nothing is
 * kept when a receipt is shown or printed; who has the code sees the record as it stands now,
 * without a name. */
#pragma once
#include "api/api.h"

/* In the check, never renumbered. */
enum receipt_of {
    RECEIPT_OF_LOSS = 1,    /* root: card, record: loss report */
    RECEIPT_OF_CHANGE = 2,  /* root: card, record: line of its history */
    RECEIPT_OF_BOOKING = 3, /* root: venue, record: booking */
};
struct receipt {
    enum receipt_of of;
    int64_t root_id, record_id;
};
/* "9HC2M-4K7X1-…" */
struct str receipt_code(struct app *app, struct arena *arena, const struct receipt *receipt);
/* "/proofs/9HC2M-4K7X1-…" */
struct str receipt_address(struct arena *arena, struct str code);
/* As typed: any case, with or without groups, O for 0, I and L for 1. False when it was not made
 * here. */
bool receipt_parse(struct app *app, struct str code, struct receipt *out);
