/*
 * Q4_0 and Q4_1: 32 nibbles and a half scale; Q4_1 has a half minimum too (which is added).
 *
 * Packed, per 32 columns, with byte offsets for 16 lanes (see codes.h):
 *   0                 32                                288
 *   | scale [LANES]   | nibbles                         |   Q4_0
 *   0                 32                   64           320
 *   | scale [LANES]   | minimum [LANES]    | nibbles    |   Q4_1
 */
#include "codes.h"
#include "linear_integers.h"

#define Q4_0_SOURCE_BYTES 18
#define Q4_0_PACKED_BYTES (18 * LANES)
#define Q4_1_SOURCE_BYTES 20
#define Q4_1_PACKED_BYTES (20 * LANES)

static const weight_traits Q4_0_TRAITS = {
    .sub_blocks = 1, .offset_bits = 3, .code_bits = 4,
    .block_bytes = Q4_0_PACKED_BYTES};
static const weight_traits Q4_1_TRAITS = {
    .sub_blocks = 1, .minima = 1, .code_bits = 4,
    .block_bytes = Q4_1_PACKED_BYTES};

/* The file's nibbles are those of a group already. */
static void put_file_nibbles(uint8_t *nibbles, int lane, const uint8_t *source) {
    for (int k = 0; k < 4; k++) {
        put_four(nibbles, k, lane, source + 4 * k);
    }
}

void pack_q4_0(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= BLOCK, row += Q4_0_SOURCE_BYTES, group += Q4_0_PACKED_BYTES) {
        put_half(group, lane, row);
        put_file_nibbles(group + 2 * LANES, lane, row + 2);
    }
}

void pack_q4_1(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= BLOCK, row += Q4_1_SOURCE_BYTES, group += Q4_1_PACKED_BYTES) {
        put_half(group, lane, row);
        put_half(group + 2 * LANES, lane, row + 2);
        put_file_nibbles(group + 4 * LANES, lane, row + 4);
    }
}

INLINE void unpack_q4_0(const uint8_t *group, int block, lanes_block *target) {
    group += (int64_t)block * Q4_0_PACKED_BYTES;
    target->scale[0] = floats_of_halves(group);
    codes_of_nibbles(group + 2 * LANES, target->codes);
}

INLINE void unpack_q4_1(const uint8_t *group, int block, lanes_block *target) {
    group += (int64_t)block * Q4_1_PACKED_BYTES;
    target->scale[0] = floats_of_halves(group);
    target->minimum[0] = floats_mul(floats_of_halves(group + 2 * LANES), floats_all(-1));
    codes_of_nibbles(group + 4 * LANES, target->codes);
}

void linear_q4_0(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q4_0_TRAITS, unpack_q4_0, weight, group_bytes, x, row_count, target, from, to);
}

void linear_q4_1(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q4_1_TRAITS, unpack_q4_1, weight, group_bytes, x, row_count, target, from, to);
}
