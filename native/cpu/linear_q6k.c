/*
 * Q6_K: super-blocks of 256 codes of six bits, minus 32, with a signed byte of scale per 16 columns
 * times a half d.
 *
 * Packed, per 256 columns, with byte offsets for 16 lanes (see codes.h):
 *   0             32               288                                 3360
 *   | d [LANES]   | [16][LANES]    | 8 times upper pairs and nibbles   |
 */
#include "codes.h"
#include "linear_integers.h"

#define SUPER_BLOCK 256
#define SOURCE_BYTES 210
#define HEADER_BYTES (18 * LANES)
#define BLOCK_BYTES (PAIRS_BYTES + NIBBLES_BYTES)
#define PACKED_BYTES (210 * LANES)

static const weight_traits TRAITS = {
    .sub_blocks = 2, .offset_bits = 5, .code_bits = 6,
    .block_bytes = PACKED_BYTES / 8};

/* Codes of 32 columns from 32 * s of a file's super-block. */
static void file_codes(const uint8_t *source, int s, uint8_t codes[32]) {
    const uint8_t *nibbles = source + s / 4 * 64 + s % 2 * 32;
    const uint8_t *upper = source + 128 + s / 4 * 32;
    for (int i = 0; i < 32; i++) {
        int low = nibbles[i] >> s % 4 / 2 * 4 & 15;
        codes[i] = (uint8_t)(low | (upper[i] >> s % 4 * 2 & 3) << 4);
    }
}

void pack_q6_k(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= SUPER_BLOCK, row += SOURCE_BYTES) {
        put_half(group, lane, row + 208);
        for (int s = 0; s < 16; s++) {
            group[(2 + s) * LANES + lane] = row[192 + s];
        }
        group += HEADER_BYTES;
        for (int s = 0; s < 8; s++, group += BLOCK_BYTES) {
            uint8_t codes[32];
            file_codes(row, s, codes);
            put_pairs(group, lane, codes, 4);
            put_nibbles(group + PAIRS_BYTES, lane, codes);
        }
    }
}

INLINE void unpack_q6_k(const uint8_t *group, int block, lanes_block *target) {
    const uint8_t *packed = group + (int64_t)(block / 8) * PACKED_BYTES;
    floats d = floats_of_halves(packed);
    for (int s = 0; s < 2; s++) {
        const uint8_t *scale = packed + (2 + block % 8 * 2 + s) * LANES;
        target->scale[s] = floats_mul(d, floats_of_ints(ints_of_s8(scale)));
    }
    const uint8_t *pairs = packed + HEADER_BYTES + block % 8 * BLOCK_BYTES;
    codes_of_nibbles(pairs + PAIRS_BYTES, target->codes);
    UNROLLED for (int k = 0; k < 8; k++) {
        target->codes[k] = ints_or(target->codes[k], codes_of_pairs(pairs, 4, k));
    }
}

void linear_q6_k(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(TRAITS, unpack_q6_k, weight, group_bytes, x, row_count, target, from, to);
}
