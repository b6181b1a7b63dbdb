/*
 * Q2_K and Q3_K: super-blocks of 256 codes of two or three bits.
 *
 * Q2_K has a nibble of scale and one of minimum per 16 columns, times a half d and a half dmin;
 * Q3_K a six-bit scale minus 32 per 16 columns times a half d, and its codes are minus 4.
 * Packed, per 256 columns, with byte offsets for 16 lanes (see codes.h):
 *   0             32                64                320              1344
 *   | d [LANES]   | dmin [LANES]    | [16][LANES]     | 8 times pairs  |              Q2_K
 *   0             32                288                                 1824
 *   | d [LANES]   | [16][LANES]     | 8 times third bits and pairs      |              Q3_K
 */
#include "codes.h"
#include "linear_integers.h"

#define SUPER_BLOCK 256
#define Q2_K_HEADER_BYTES (20 * LANES)
#define Q2_K_BLOCK_BYTES PAIRS_BYTES
#define Q2_K_PACKED_BYTES (84 * LANES)
#define Q3_K_HEADER_BYTES (18 * LANES)
#define Q3_K_BLOCK_BYTES (BITS_BYTES + PAIRS_BYTES)
#define Q3_K_PACKED_BYTES (114 * LANES)

static const weight_traits Q2_K_TRAITS = {
    .sub_blocks = 2, .minima = 1, .code_bits = 2,
    .block_bytes = Q2_K_PACKED_BYTES / 8};
static const weight_traits Q3_K_TRAITS = {
    .sub_blocks = 2, .offset_bits = 2, .code_bits = 3,
    .block_bytes = Q3_K_PACKED_BYTES / 8};

/* The low two bits of 32 columns from 32 * s of a file's super-block. */
static void file_pairs(const uint8_t *quants, int s, uint8_t codes[32]) {
    for (int i = 0; i < 32; i++) {
        codes[i] = quants[s / 4 * 32 + i] >> s % 4 * 2 & 3;
    }
}

void pack_q2_k(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= SUPER_BLOCK, row += 84) {
        put_half(group, lane, row + 80);
        put_half(group + 2 * LANES, lane, row + 82);
        for (int s = 0; s < 16; s++) {
            group[(4 + s) * LANES + lane] = row[s];
        }
        group += Q2_K_HEADER_BYTES;
        for (int s = 0; s < 8; s++, group += Q2_K_BLOCK_BYTES) {
            uint8_t codes[32];
            file_pairs(row + 16, s, codes);
            put_pairs(group, lane, codes, 0);
        }
    }
}

/* Scale `s` of a file's 12 bytes: a nibble in bytes 0..7 and two upper bits in bytes 8..11. */
static int file_scale(const uint8_t *scales, int s) {
    return (scales[s % 8] >> s / 8 * 4 & 15) | (scales[8 + s % 4] >> s / 4 * 2 & 3) << 4;
}

void pack_q3_k(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= SUPER_BLOCK, row += 110) {
        put_half(group, lane, row + 108);
        for (int s = 0; s < 16; s++) {
            group[(2 + s) * LANES + lane] = (uint8_t)(file_scale(row + 96, s) - 32);
        }
        group += Q3_K_HEADER_BYTES;
        for (int s = 0; s < 8; s++, group += Q3_K_BLOCK_BYTES) {
            uint8_t codes[32];
            file_pairs(row + 32, s, codes);
            for (int i = 0; i < 32; i++) {
                codes[i] |= (uint8_t)((row[i] >> s & 1) << 2);
            }
            put_bits(group, lane, codes, 2);
            put_pairs(group + BITS_BYTES, lane, codes, 0);
        }
    }
}

INLINE void unpack_q2_k(const uint8_t *group, int block, lanes_block *target) {
    const uint8_t *packed = group + (int64_t)(block / 8) * Q2_K_PACKED_BYTES;
    floats d = floats_of_halves(packed);
    floats dmin = floats_of_halves(packed + 2 * LANES);
    UNROLLED for (int s = 0; s < 2; s++) {
        ints both = ints_of_u8(packed + (4 + block % 8 * 2 + s) * LANES);
        target->scale[s] = floats_mul(d, floats_of_ints(ints_and(both, ints_all(15))));
        target->minimum[s] = floats_mul(dmin, floats_of_ints(ints_shift_right(both, 4)));
    }
    const uint8_t *pairs = packed + Q2_K_HEADER_BYTES + block % 8 * Q2_K_BLOCK_BYTES;
    UNROLLED for (int k = 0; k < 8; k++) {
        target->codes[k] = codes_of_pairs(pairs, 0, k);
    }
}

INLINE void unpack_q3_k(const uint8_t *group, int block, lanes_block *target) {
    const uint8_t *packed = group + (int64_t)(block / 8) * Q3_K_PACKED_BYTES;
    floats d = floats_of_halves(packed);
    UNROLLED for (int s = 0; s < 2; s++) {
        const uint8_t *scale = packed + (2 + block % 8 * 2 + s) * LANES;
        target->scale[s] = floats_mul(d, floats_of_ints(ints_of_s8(scale)));
    }
    const uint8_t *bits = packed + Q3_K_HEADER_BYTES + block % 8 * Q3_K_BLOCK_BYTES;
    UNROLLED for (int k = 0; k < 8; k++) {
        target->codes[k] = codes_of_pairs(bits + BITS_BYTES, 0, k);
    }
    codes_add_bits(bits, 2, target->codes);
}

void linear_q2_k(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q2_K_TRAITS, unpack_q2_k, weight, group_bytes, x, row_count, target, from, to);
}

void linear_q3_k(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q3_K_TRAITS, unpack_q3_k, weight, group_bytes, x, row_count, target, from, to);
}
