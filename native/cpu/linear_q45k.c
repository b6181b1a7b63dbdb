/*
 * Q4_K and Q5_K: super-blocks of 256 codes of four or five bits, with eight scales and eight minima
 * of six bits, times a half d and a half dmin.
 *
 * Packed, per 256 columns, with byte offsets for 16 lanes (see codes.h):
 *   0             32                64              256          256 + 8 * 256
 *   | d [LANES]   | dmin [LANES]    | [3][LANES][4] | 8 nibbles  |            Q4_K
 *   | d [LANES]   | dmin [LANES]    | [3][LANES][4] | 8 times fifth bits and nibbles |   Q5_K
 *
 * The twelve bytes of scales and minima stay as they are in the file, as three elements F, M, L:
 *   s < 4:  scale F.s & 63,                          minimum M.s & 63
 *   s >= 4: scale L.(s-4) & 15 | F.(s-4) >> 6 << 4,  minimum L.(s-4) >> 4 | M.(s-4) >> 6 << 4
 */
#include "codes.h"
#include "linear_integers.h"

#define SUPER_BLOCK 256
#define HEADER_BYTES (16 * LANES)
#define Q4_K_BLOCK_BYTES NIBBLES_BYTES
#define Q5_K_BLOCK_BYTES (BITS_BYTES + NIBBLES_BYTES)

static const weight_traits Q4_K_TRAITS = {
    .sub_blocks = 1, .minima = 1, .code_bits = 4,
    .block_bytes = 18 * LANES};
static const weight_traits Q5_K_TRAITS = {
    .sub_blocks = 1, .minima = 1, .code_bits = 5,
    .block_bytes = 22 * LANES};

static void put_header(uint8_t *header, int lane, const uint8_t *source) {
    put_half(header, lane, source);
    put_half(header + 2 * LANES, lane, source + 2);
    for (int i = 0; i < 3; i++) {
        put_four(header + 4 * LANES, i, lane, source + 4 + 4 * i);
    }
}

/* Nibbles of sub-block `s` of a file's super-block, as bytes. */
static void file_nibbles(const uint8_t *nibbles, int s, uint8_t codes[32]) {
    for (int i = 0; i < 32; i++) {
        codes[i] = nibbles[s / 2 * 32 + i] >> s % 2 * 4 & 15;
    }
}

void pack_q4_k(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= SUPER_BLOCK, row += 144) {
        put_header(group, lane, row);
        group += HEADER_BYTES;
        for (int s = 0; s < 8; s++, group += Q4_K_BLOCK_BYTES) {
            uint8_t codes[32];
            file_nibbles(row + 16, s, codes);
            put_nibbles(group, lane, codes);
        }
    }
}

void pack_q5_k(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (; columns > 0; columns -= SUPER_BLOCK, row += 176) {
        put_header(group, lane, row);
        group += HEADER_BYTES;
        for (int s = 0; s < 8; s++, group += Q5_K_BLOCK_BYTES) {
            uint8_t codes[32];
            file_nibbles(row + 48, s, codes);
            for (int i = 0; i < 32; i++) {
                codes[i] |= (uint8_t)((row[16 + i] >> s & 1) << 4);
            }
            put_bits(group, lane, codes, 4);
            put_nibbles(group + BITS_BYTES, lane, codes);
        }
    }
}

INLINE void unpack_header(const uint8_t *header, int s, lanes_block *target) {
    const ints low_6_bits = ints_all(63), low_4_bits = ints_all(15), upper = ints_all(48);
    ints first = ints_load(header + 4 * LANES);
    ints mid = ints_load(header + 8 * LANES);
    ints scale, minimum;
    if (s < 4) {
        scale = ints_and(ints_shift_right(first, 8 * s), low_6_bits);
        minimum = ints_and(ints_shift_right(mid, 8 * s), low_6_bits);
    } else {
        int byte = 8 * (s - 4);
        ints last = ints_shift_right(ints_load(header + 12 * LANES), byte);
        scale = ints_or(ints_and(last, low_4_bits),
                        ints_and(ints_shift_right(first, byte + 2), upper));
        minimum = ints_or(ints_and(ints_shift_right(last, 4), low_4_bits),
                          ints_and(ints_shift_right(mid, byte + 2), upper));
    }
    target->scale[0] = floats_mul(floats_of_halves(header), floats_of_ints(scale));
    target->minimum[0] =
        floats_mul(floats_of_halves(header + 2 * LANES), floats_of_ints(minimum));
}

INLINE const uint8_t *super_block(const uint8_t *group, int block, int block_bytes) {
    return group + (int64_t)(block / 8) * (HEADER_BYTES + 8 * block_bytes);
}

INLINE void unpack_q4_k(const uint8_t *group, int block, lanes_block *target) {
    const uint8_t *packed = super_block(group, block, Q4_K_BLOCK_BYTES);
    unpack_header(packed, block % 8, target);
    codes_of_nibbles(packed + HEADER_BYTES + block % 8 * Q4_K_BLOCK_BYTES, target->codes);
}

INLINE void unpack_q5_k(const uint8_t *group, int block, lanes_block *target) {
    const uint8_t *packed = super_block(group, block, Q5_K_BLOCK_BYTES);
    unpack_header(packed, block % 8, target);
    const uint8_t *bits = packed + HEADER_BYTES + block % 8 * Q5_K_BLOCK_BYTES;
    codes_of_nibbles(bits + BITS_BYTES, target->codes);
    codes_add_bits(bits, 4, target->codes);
}

void linear_q4_k(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q4_K_TRAITS, unpack_q4_k, weight, group_bytes, x, row_count, target, from, to);
}

void linear_q5_k(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_integers(Q5_K_TRAITS, unpack_q5_k, weight, group_bytes, x, row_count, target, from, to);
}
