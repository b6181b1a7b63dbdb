/*
 * Q8_0: 32 signed bytes and a half scale.
 *
 * Packed, per 32 columns, with byte offsets for 16 lanes:
 *   0                 32                                544
 *   | scale [LANES]   | codes [8][LANES][4]             |
 */
#include "codes.h"
#include "linear_integers.h"

#define SOURCE_BYTES 34
#define PACKED_BYTES (34 * LANES)

static const weight_traits TRAITS = {
    .sub_blocks = 1, .offset_bits = SIGNED_CODE_OFFSET_BITS, .code_bits = 8,
    .block_bytes = PACKED_BYTES};

void pack_q8_0(const uint8_t *row, int columns, int lane, uint8_t *group) {
    const uint8_t flip = SIGNED_CODE_OFFSET_BITS ? 0x80 : 0;
    for (; columns > 0; columns -= BLOCK, row += SOURCE_BYTES, group += PACKED_BYTES) {
        put_half(group, lane, row);
        uint8_t codes[32];
        for (int i = 0; i < 32; i++) {
            codes[i] = row[2 + i] ^ flip;
        }
        for (int k = 0; k < 8; k++) {
            put_four(group + 2 * LANES, k, lane, codes + 4 * k);
        }
    }
}

INLINE void unpack_q8_0(const uint8_t *group, int block, lanes_block *target) {
    group += (int64_t)block * PACKED_BYTES;
    target->scale[0] = floats_of_halves(group);
    UNROLLED for (int k = 0; k < 8; k++) {
        target->codes[k] = ints_load(group + (2 + 4 * k) * LANES);
    }
}

void linear_q8_0(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(TRAITS, unpack_q8_0, weight, group_bytes, x, row_count, target, from, to);
}
