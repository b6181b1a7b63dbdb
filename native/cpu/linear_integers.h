/*
 * The multiplication all quantised formats share. A format says how 32 columns of a group become
 * codes and scales in registers (its unpack), and what kind of weights those are (its traits); both
 * are constants here, so that each format gets loops of its own.
 *
 * One row of activations after another meets the codes of TILE_GROUPS groups, which stay in
 * registers, and each broadcast of four of its columns serves all of these groups. Up to TILE_ROWS
 * rows (decode) weights go from memory straight to registers. More rows (prefill) go by a panel:
 * the codes of a few groups and PANEL_BLOCKS blocks, unpacked once into the first-level cache.
 *
 * Per 32 columns and output: sum += scale of x * (codes . q * scale of weights - ...), in this
 * order whatever the number of rows, so that both ways give the same bits.
 */
#ifndef FULLBORE_LINEAR_INTEGERS_H
#define FULLBORE_LINEAR_INTEGERS_H

#include "lanes.h"
#include "linear.h"
#include "sums.h"

#define BLOCK 32
#define PANEL_BLOCKS 16

/* weight = scale * (code - offset) or scale * code - minimum. */
typedef struct {
    int sub_blocks;  /* scales per 32 columns: 1 or 2 */
    int minima;      /* whether there are minima */
    int offset_bits; /* offset = 2^offset_bits; 0: none */
    int code_bits;
} weight_traits;

typedef struct {
    ints codes[8];
    floats scale[2];
    floats minimum[2];
} lanes_block;

/* Block `block` of 32 columns of a group. */
typedef void unpack(const uint8_t *group, int block, lanes_block *target);

typedef struct {
    uint8_t codes[8][4 * LANES];
    float scale[2][LANES];
    float minimum[2][LANES];
} panel_block;

INLINE void panel_store(weight_traits t, const lanes_block *source, panel_block *target) {
    UNROLLED for (int i = 0; i < 8; i++) {
        ints_store(target->codes[i], source->codes[i]);
    }
    UNROLLED for (int s = 0; s < t.sub_blocks; s++) {
        floats_store(target->scale[s], source->scale[s]);
        if (t.minima) {
            floats_store(target->minimum[s], source->minimum[s]);
        }
    }
}

INLINE void panel_load(weight_traits t, const panel_block *source, lanes_block *target) {
    UNROLLED for (int i = 0; i < 8; i++) {
        target->codes[i] = ints_load(source->codes[i]);
    }
    UNROLLED for (int s = 0; s < t.sub_blocks; s++) {
        target->scale[s] = floats_load(source->scale[s]);
        if (t.minima) {
            target->minimum[s] = floats_load(source->minimum[s]);
        }
    }
}

/* Adds 32 columns of one row of activations to the sums of `groups` groups. */
INLINE void add_block(weight_traits t, int groups, const lanes_block *weights, const int8_t *q,
                      const float *scale, const int32_t *sum, floats *sums) {
    ints start[2];
    floats columns_sum[2];
    UNROLLED for (int s = 0; s < t.sub_blocks; s++) {
        start[s] = ints_zero();
        if (t.offset_bits || t.minima) {
            ints columns = ints_all(sum[s]);
            if (t.sub_blocks == 1) {
                columns = ints_add(columns, ints_all(sum[1]));
            }
            if (t.minima) {
                columns_sum[s] = floats_of_ints(columns);
            } else {
                start[s] = ints_shift_left(ints_sub(ints_zero(), columns), t.offset_bits);
            }
        }
    }
    int count = 8 / t.sub_blocks;
    UNROLLED for (int g = 0; g < groups; g++) {
        const lanes_block *w = weights + g;
        floats total = floats_all(0);
        UNROLLED for (int s = 0; s < t.sub_blocks; s++) {
            ints dot = dot_codes(start[s], w->codes + s * count, q + s * 4 * count, count,
                                 t.code_bits);
            floats product = floats_of_ints(dot);
            if (t.minima) {
                floats least = s ? floats_fms(w->minimum[s], columns_sum[s], total)
                                 : floats_mul(w->minimum[s], columns_sum[s]);
                total = floats_fms(product, w->scale[s], least);
            } else {
                total = s ? floats_fma(product, w->scale[s], total)
                          : floats_mul(product, w->scale[s]);
            }
        }
        sums[g] = floats_fma(total, floats_all(*scale), sums[g]);
    }
}

/* `groups` groups from `group` by `rows` rows of activations, all columns. */
INLINE void linear_direct(weight_traits t, unpack *unpack, int groups, int rows,
                          const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                          float *target, int group) {
    const uint8_t *packed = (const uint8_t *)weight->data + group * group_bytes;
    const int64_t columns = weight->columns;
    const int blocks = weight->columns / BLOCK;
    floats sums[TILE_ROWS][TILE_GROUPS];
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = floats_all(0);
        }
    }
    for (int b = 0; b < blocks; b++) {
        lanes_block weights[TILE_GROUPS];
        UNROLLED for (int g = 0; g < groups; g++) {
            unpack(packed + g * group_bytes, b, &weights[g]);
        }
        UNROLLED for (int r = 0; r < rows; r++) {
            add_block(t, groups, weights, x->q + r * columns + b * BLOCK, x->scale + r * blocks + b,
                      x->sum + 2 * (r * blocks + b), sums[r]);
        }
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums_end(weight, target + (int64_t)r * weight->rows, group + g, 1, sums[r][g]);
        }
    }
}

/* `rows` rows of activations from `row` by blocks [from, to), which are in the panel. */
INLINE void linear_tile(weight_traits t, int groups, int rows, const fb_matrix *weight,
                        const panel_block *panel, const fb_activations *x, float *target, int group,
                        int64_t row, int from, int to) {
    const int64_t columns = weight->columns;
    const int64_t blocks = columns / BLOCK;
    const int8_t *q = x->q + row * columns;
    const float *scale = x->scale + row * blocks;
    const int32_t *sum = x->sum + 2 * row * blocks;
    target += row * weight->rows;
    floats sums[TILE_ROWS][TILE_GROUPS];
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = sums_begin(weight, target + (int64_t)r * weight->rows, group + g, !from);
        }
    }
    for (int b = from; b < to; b++, panel += TILE_GROUPS) {
        lanes_block weights[TILE_GROUPS];
        UNROLLED for (int g = 0; g < groups; g++) {
            panel_load(t, panel + g, &weights[g]);
        }
        UNROLLED for (int r = 0; r < rows; r++) {
            add_block(t, groups, weights, q + r * columns + b * BLOCK, scale + r * blocks + b,
                      sum + 2 * (r * blocks + b), sums[r]);
        }
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums_end(weight, target + (int64_t)r * weight->rows, group + g, to == blocks,
                     sums[r][g]);
        }
    }
}

INLINE void linear_panel(weight_traits t, unpack *unpack, int groups, const fb_matrix *weight,
                         int64_t group_bytes, const fb_activations *x, int row_count, float *target,
                         int group) {
    const uint8_t *packed = (const uint8_t *)weight->data + group * group_bytes;
    const int blocks = weight->columns / BLOCK;
    panel_block panel[PANEL_BLOCKS][TILE_GROUPS] __attribute__((aligned(64)));
    for (int from = 0; from < blocks; from += PANEL_BLOCKS) {
        int to = from + PANEL_BLOCKS < blocks ? from + PANEL_BLOCKS : blocks;
        for (int b = from; b < to; b++) {
            UNROLLED for (int g = 0; g < groups; g++) {
                lanes_block weights;
                unpack(packed + g * group_bytes, b, &weights);
                panel_store(t, &weights, &panel[b - from][g]);
            }
        }
        int row = 0;
        for (; row + TILE_ROWS <= row_count; row += TILE_ROWS) {
            linear_tile(t, groups, TILE_ROWS, weight, panel[0], x, target, group, row, from, to);
        }
        for (; row < row_count; row++) {
            linear_tile(t, groups, 1, weight, panel[0], x, target, group, row, from, to);
        }
    }
}

INLINE void linear_some(weight_traits t, unpack *unpack, int groups, const fb_matrix *weight,
                        int64_t group_bytes, const fb_activations *x, int row_count, float *target,
                        int group) {
    switch (row_count) {
    case 1:
        linear_direct(t, unpack, groups, 1, weight, group_bytes, x, target, group);
        break;
    case 2:
        linear_direct(t, unpack, groups, 2, weight, group_bytes, x, target, group);
        break;
    case 3:
        linear_direct(t, unpack, groups, 3, weight, group_bytes, x, target, group);
        break;
    case 4:
        linear_direct(t, unpack, groups, 4, weight, group_bytes, x, target, group);
        break;
    default:
        linear_panel(t, unpack, groups, weight, group_bytes, x, row_count, target, group);
    }
}

INLINE void linear_integers(weight_traits t, unpack *unpack, const fb_matrix *weight,
                            int64_t group_bytes, const fb_activations *x, int row_count,
                            float *target, int from, int to) {
    int group = from;
    for (; group + TILE_GROUPS <= to; group += TILE_GROUPS) {
        linear_some(t, unpack, TILE_GROUPS, weight, group_bytes, x, row_count, target, group);
    }
    for (; group < to; group++) {
        linear_some(t, unpack, 1, weight, group_bytes, x, row_count, target, group);
    }
}

#endif
