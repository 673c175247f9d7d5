/* base/money.c - exact arithmetic on fen. */
#include "base/money.h"

#include <assert.h>
#include <inttypes.h>

#include "base/str.h"

__extension__ typedef __int128 wide; /* products of two 64-bit amounts, never stored */

bool money_add(struct money a, struct money b, struct money *out)
{
    return !__builtin_add_overflow(a.fen, b.fen, &out->fen);
}

bool money_sub(struct money a, struct money b, struct money *out)
{
    return !__builtin_sub_overflow(a.fen, b.fen, &out->fen);
}

/* Round |numerator| / denominator; the sign is put back by the caller. */
static wide round_quotient(wide numerator, wide denominator, enum rounding rounding)
{
    wide quotient = numerator / denominator, twice = 2 * (numerator % denominator);

    switch (rounding) {
    case ROUND_HALF_EVEN:
        return quotient + (twice > denominator || (twice == denominator && quotient % 2 != 0));
    case ROUND_HALF_UP:
        return quotient + (twice >= denominator);
    case ROUND_DOWN:
        return quotient;
    case ROUND_UP:
        return quotient + (twice != 0);
    }
    assert(rounding <= ROUND_UP);
    return quotient;
}

bool money_rate(struct money m, int64_t basis_points, enum rounding rounding, struct money *out)
{
    wide product = (wide)m.fen * basis_points;
    wide magnitude = round_quotient(product < 0 ? -product : product, 10000, rounding);
    wide rounded = product < 0 ? -magnitude : magnitude;

    if (rounded > INT64_MAX || rounded < INT64_MIN) return false;
    out->fen = (int64_t)rounded;
    return true;
}

bool money_share(struct money total, const int64_t *weights, size_t n, struct money *shares)
{
    int64_t sum = 0, given = 0;

    if (total.fen < 0 || n == 0 || n > 1024) return false;
    for (size_t i = 0; i < n; i++) {
        if (weights[i] < 0 || __builtin_add_overflow(sum, weights[i], &sum)) return false;
    }
    if (sum <= 0 || sum >= INT64_C(1) << 62) return false;
    for (size_t i = 0; i < n; i++) {
        shares[i].fen = (int64_t)((wide)total.fen * weights[i] / sum);
        given += shares[i].fen;
    }
    /* fewer than n fen are left: each goes to the largest remainder that has not had one */
    for (int64_t left = total.fen - given, round = 0; left > 0; left--, round++) {
        size_t best = n;
        wide most = -1;
        for (size_t i = 0; i < n; i++) {
            wide remainder = (wide)total.fen * weights[i] - (wide)shares[i].fen * sum;
            if (remainder > most) {
                most = remainder;
                best = i;
            }
        }
        shares[best].fen++; /* its remainder falls below zero, so no index is served twice */
    }
    return true;
}

void put_money(struct writer *w, struct money m)
{
    uint64_t fen = m.fen < 0 ? 0 - (uint64_t)m.fen : (uint64_t)m.fen;
    char digits[24];
    struct writer yuan = writer_over(digits, sizeof digits);

    put_format(&yuan, "%" PRIu64, fen / 100);
    put_str(w, m.fen < 0 ? S("-¥") : S("¥"));
    for (size_t i = 0; i < yuan.n; i++) {
        if (i > 0 && (yuan.n - i) % 3 == 0) put_char(w, ',');
        put_char(w, digits[i]);
    }
    put_format(w, ".%02d", (int)(fen % 100));
}
