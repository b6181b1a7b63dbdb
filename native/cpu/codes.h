/*
 * How codes of 32 columns lie in a group, four consecutive columns of a row being one element:
 *
 *   nibbles [4][LANES][4]   element k: columns 4k.. in the low, 16 + 4k.. in the high nibbles
 *   bits    [LANES][4]      bit k of byte j: column 4k + j
 *   pairs   [2][LANES][4]   element p, byte j, bits 2k and up: column 16p + 4k + j
 *
 * The put_ functions lay one lane's codes, given a byte each; the others make codes of elements.
 */
#ifndef FULLBORE_CODES_H
#define FULLBORE_CODES_H

#include "lanes.h"

#define NIBBLES_BYTES (16 * LANES)
#define BITS_BYTES (4 * LANES)
#define PAIRS_BYTES (8 * LANES)

/* Sets element `element` of lane `lane` to four bytes. */
INLINE void put_four(uint8_t *vectors, int element, int lane, const uint8_t *four) {
    memcpy(vectors + (element * LANES + lane) * 4, four, 4);
}

INLINE void put_half(uint8_t *halves, int lane, const uint8_t *half) {
    memcpy(halves + 2 * lane, half, 2);
}

INLINE void put_nibbles(uint8_t *nibbles, int lane, const uint8_t codes[32]) {
    uint8_t both[16];
    for (int i = 0; i < 16; i++) {
        both[i] = (uint8_t)((codes[i] & 15) | codes[16 + i] << 4);
    }
    for (int k = 0; k < 4; k++) {
        put_four(nibbles, k, lane, both + 4 * k);
    }
}

/* Bit `shift` of every code. */
INLINE void put_bits(uint8_t *bits, int lane, const uint8_t codes[32], int shift) {
    uint8_t four[4] = {0};
    for (int i = 0; i < 32; i++) {
        four[i % 4] |= (uint8_t)((codes[i] >> shift & 1) << i / 4);
    }
    put_four(bits, 0, lane, four);
}

/* Bits `shift` and `shift` + 1 of every code. */
INLINE void put_pairs(uint8_t *pairs, int lane, const uint8_t codes[32], int shift) {
    uint8_t four[2][4] = {{0}};
    for (int i = 0; i < 32; i++) {
        four[i / 16][i % 4] |= (uint8_t)((codes[i] >> shift & 3) << 2 * (i / 4 % 4));
    }
    put_four(pairs, 0, lane, four[0]);
    put_four(pairs, 1, lane, four[1]);
}

INLINE ints shifted(ints a, int left) {
    return left > 0   ? ints_shift_left(a, left)
           : left < 0 ? ints_shift_right(a, -left)
                      : a;
}

INLINE void codes_of_nibbles(const uint8_t *nibbles, ints codes[8]) {
    const ints low = ints_all(0x0f0f0f0f);
    UNROLLED for (int k = 0; k < 4; k++) {
        ints both = ints_load(nibbles + k * 4 * LANES);
        codes[k] = ints_and(both, low);
        codes[4 + k] = ints_and(ints_shift_right(both, 4), low);
    }
}

/* Adds bits as bit `place` of the codes. */
INLINE void codes_add_bits(const uint8_t *bits, int place, ints codes[8]) {
    ints all = ints_load(bits);
    UNROLLED for (int k = 0; k < 8; k++) {
        ints bit = ints_and(shifted(all, place - k), ints_all(0x01010101 << place));
        codes[k] = ints_or(codes[k], bit);
    }
}

/* Pairs of bits as bits `place` and `place` + 1 of code vector k, the other bits zero. */
INLINE ints codes_of_pairs(const uint8_t *pairs, int place, int k) {
    ints all = ints_load(pairs + k / 4 * 4 * LANES);
    return ints_and(shifted(all, place - k % 4 * 2), ints_all(0x03030303 << place));
}

#endif
