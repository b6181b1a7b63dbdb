/*
 * e^x for vectors, within 2 units in the last place where the result is a normal number.
 *
 * x = n ln 2 + r with |r| <= ln 2 / 2, and e^x = 2^n e^r; e^r by the polynomial of Cephes' expf
 * (Moshier, 1984), ln 2 in two parts as in Cody & Waite (1980). Below -87.7, -infinity included,
 * the result is exactly 0, which is what masks rely on; above 88.37 it stays at 2.4e38, so that it
 * is always finite. What is no number stays so.
 */
#ifndef FULLBORE_EXP_H
#define FULLBORE_EXP_H

#include "lanes.h"

INLINE floats exp_of(floats x) {
    x = floats_max(floats_all(-88.0f), floats_min(floats_all(88.37f), x));
    ints n = ints_round(floats_mul(x, floats_all(0x1.715476p+0f)));
    floats whole = floats_of_ints(n);
    floats r = floats_fnma(whole, floats_all(0x1.62e430p-1f), x);
    r = floats_fnma(whole, floats_all(-0x1.05c610p-29f), r);

    floats p = floats_all(1.9875691500e-4f);
    p = floats_fma(p, r, floats_all(1.3981999507e-3f));
    p = floats_fma(p, r, floats_all(8.3334519073e-3f));
    p = floats_fma(p, r, floats_all(4.1665795894e-2f));
    p = floats_fma(p, r, floats_all(1.6666665459e-1f));
    p = floats_fma(p, r, floats_all(5.0000001201e-1f));
    floats power = floats_add(floats_fma(p, floats_mul(r, r), r), floats_all(1.0f));

    /* n = -127 becomes the exponent bits of 0. */
    ints exponent = ints_max(ints_add(n, ints_all(127)), ints_zero());
    return floats_mul(power, floats_of_bits(ints_shift_left(exponent, 23)));
}

#endif
