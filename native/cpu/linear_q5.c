/*
 * Q5_0 and Q5_1: 32 codes of five bits and a half scale; Q5_1 has a half minimum too (added).
 *
 * Packed, per 32 columns, with byte offsets for 16 lanes (see codes.h):
 *   0                 32                   96           352
 *   | scale [LANES]   | fifth bits         | nibbles    |                Q5_0
 *   0                 32                   64           128        384
 *   | scale [LANES]   | minimum [LANES]    | fifth bits | nibbles  |     Q5_1
 */
#include "codes.h"
#include "linear_integers.h"

#define Q5_0_SOURCE_BYTES 22
#define Q5_0_PACKED_BYTES (22 * LANES)
#define Q5_1_SOURCE_BYTES 24
#define Q5_1_PACKED_BYTES (24 * LANES)

static const weight_traits Q5_0_TRAITS = {
    .sub_blocks = 1, .offset_bits = 4, .code_bits = 5,
    .block_bytes = Q5_0_PACKED_BYTES};
static const weight_traits Q5_1_TRAITS = {
    .sub_blocks = 1, .minima = 1, .code_bits = 5,
    .block_bytes = Q5_1_PACKED_BYTES};

/* Four bytes of fifth bits and 16 of nibbles, as in the file. */
static void put_file_codes(uint8_t *bits, int lane, const uint8_t *source) {
    uint8_t codes[32];
    uint32_t fifth;
    memcpy(&fifth, source, sizeof fifth);
    for (int i = 0; i < 16; i++) {
        codes[i] = (uint8_t)((source[4 + i] & 15) | (fifth >> i & 1) << 4);
        codes[16 + i] = (uint8_t)(source[4 + i] >> 4 | (fifth >> (16 + i) & 1) << 4);
    }
    put_bits(bits, lane, codes, 4);
    put_nibbles(bits + BITS_BYTES, lane, codes);
}

void pack_q5_0(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= BLOCK, row += Q5_0_SOURCE_BYTES, group += Q5_0_PACKED_BYTES) {
        put_half(group, lane, row);
        put_file_codes(group + 2 * LANES, lane, row + 2);
    }
}

void pack_q5_1(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= BLOCK, row += Q5_1_SOURCE_BYTES, group += Q5_1_PACKED_BYTES) {
        put_half(group, lane, row);
        put_half(group + 2 * LANES, lane, row + 2);
        put_file_codes(group + 4 * LANES, lane, row + 4);
    }
}

INLINE void codes_of_five_bits(const uint8_t *bits, ints codes[8]) {
    codes_of_nibbles(bits + BITS_BYTES, codes);
    codes_add_bits(bits, 4, codes);
}

INLINE void unpack_q5_0(const uint8_t *group, int block, lanes_block *target) {
    group += (int64_t)block * Q5_0_PACKED_BYTES;
    target->scale[0] = floats_of_halves(group);
    codes_of_five_bits(group + 2 * LANES, target->codes);
}

INLINE void unpack_q5_1(const uint8_t *group, int block, lanes_block *target) {
    group += (int64_t)block * Q5_1_PACKED_BYTES;
    target->scale[0] = floats_of_halves(group);
    target->minimum[0] = floats_mul(floats_of_halves(group + 2 * LANES), floats_all(-1));
    codes_of_five_bits(group + 4 * LANES, target->codes);
}

void linear_q5_0(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q5_0_TRAITS, unpack_q5_0, weight, group_bytes, x, row_count, target, from, to);
}

void linear_q5_1(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q5_1_TRAITS, unpack_q5_1, weight, group_bytes, x, row_count, target, from, to);
}
