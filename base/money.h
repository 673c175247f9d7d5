/* base/money.h - amounts of renminbi in fen. There is no * and no /: a rate names its rounding, a
 * share adds up to the total to the fen. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct money {
    int64_t fen;
};

enum rounding {
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_DOWN,
    ROUND_UP
}; /* half up: away from zero */

bool money_add(struct money a, struct money b, struct money *out); /* false on overflow */
bool money_sub(struct money a, struct money b, struct money *out);
/* m times basis_points / 10,000, rounded as named; false on overflow. */
bool money_rate(struct money m, int64_t basis_points, enum rounding rounding, struct money *out);
/* Split total >= 0 by weights >= 0 (their sum > 0, below 2^62): largest remainders first, ties to
 * the earlier index; the shares add up to the total to the fen. n in 1..1024. */
bool money_share(struct money total, const int64_t *weights, size_t n, struct money *shares);

/* "¥8,931,200.00", "-¥0.05" */
struct writer;
void put_money(struct writer *w, struct money m);
