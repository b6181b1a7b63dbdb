/*
 * The multiplication all quantised formats share. A format says how 32 columns of a group become
 * codes and scales in registers (its unpack), and what kind of weights those are (its traits); both
 * are constants here, so that each format gets loops of its own.
 *
 * The sums of TILE_ROWS rows of activations by TILE_GROUPS groups stay in registers, and each
 * broadcast of four columns of a row serves all these groups. Up to LARGEST_DIRECT_ROWS rows
 * (decode), weights go from memory straight to registers. More rows (prefill) go by a panel: the
 * codes of these groups and PANEL_BLOCKS blocks, unpacked once into the first-level cache.
 *
 * Per 32 columns and output: sum += scale of x * (codes . q * scale of weights - ...), in this
 * order whatever the number of rows, so that both ways give the same bits.
 */
#ifndef FULLBORE_LINEAR_INTEGERS_H
#define FULLBORE_LINEAR_INTEGERS_H

#include <stddef.h>

#include "lanes.h"
#include "linear.h"
#include "sums.h"

#define BLOCK 32
#define PANEL_BLOCKS 16

/* How far ahead of their use weights are asked for from memory, shared by the groups that are read
 * side by side. Processors do not ask this far ahead of their own accord: without it, decode takes
 * up to three times as long. With half of it one core waits for memory, and with half more than it
 * several cores get less from memory together. */
#define PREFETCH_BYTES 8192

/* weight = scale * (code - offset) or scale * code - minimum. */
typedef struct {
    int sub_blocks;  /* scales per 32 columns: 1 or 2 */
    int minima;      /* whether there are minima */
    int offset_bits; /* offset = 2^offset_bits; 0: none */
    int code_bits;
    int block_bytes; /* of 32 columns of a group, on average */
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

/* Weights of a block, from registers or from a panel as they are needed. */
INLINE ints code_of(const lanes_block *weights, const panel_block *panel, int g, int k) {
    return panel ? ints_load(panel[g].codes[k]) : weights[g].codes[k];
}

INLINE floats scale_of(const lanes_block *weights, const panel_block *panel, int g, int s) {
    return panel ? floats_load(panel[g].scale[s]) : weights[g].scale[s];
}

INLINE floats minimum_of(const lanes_block *weights, const panel_block *panel, int g, int s) {
    return panel ? floats_load(panel[g].minimum[s]) : weights[g].minimum[s];
}

/*
 * Adds block `block` of `rows` rows of activations to the sums of `groups` groups. Four columns go
 * through all rows and groups before the next four: the products of one output depend on each
 * other, those of different outputs do not.
 */
INLINE void add_block(weight_traits t, int groups, int rows, const lanes_block *weights,
                      const panel_block *panel, const fb_activations *x, int64_t blocks,
                      int64_t block, floats sums[][TILE_GROUPS]) {
    const int count = 8 / t.sub_blocks;
    floats totals[TILE_ROWS][TILE_GROUPS];
    UNROLLED for (int s = 0; s < t.sub_blocks; s++) {
        dot_sum dots[TILE_ROWS][TILE_GROUPS];
        floats columns_sum[TILE_ROWS];
        UNROLLED for (int r = 0; r < rows; r++) {
            ints start = ints_zero();
            if (t.offset_bits || t.minima) {
                const int32_t *sum = x->sum + 2 * (r * blocks + block);
                ints columns = ints_all(sum[s]);
                if (t.sub_blocks == 1) {
                    columns = ints_add(columns, ints_all(sum[1]));
                }
                if (t.minima) {
                    columns_sum[r] = floats_of_ints(columns);
                } else {
                    start = ints_shift_left(ints_sub(ints_zero(), columns), t.offset_bits);
                }
            }
            UNROLLED for (int g = 0; g < groups; g++) {
                dots[r][g] = dot_begin(start);
            }
        }
        UNROLLED for (int k = 0; k < count; k++) {
            ints codes[TILE_GROUPS];
            UNROLLED for (int g = 0; g < groups; g++) {
                codes[g] = code_of(weights, panel, g, s * count + k);
            }
            UNROLLED for (int r = 0; r < rows; r++) {
                ints columns = ints_all_bytes(x->q + (r * blocks + block) * BLOCK +
                                              4 * (s * count + k));
                UNROLLED for (int g = 0; g < groups; g++) {
                    dot_add(&dots[r][g], codes[g], columns, k, count, t.code_bits);
                }
            }
        }
        UNROLLED for (int g = 0; g < groups; g++) {
            floats scale = scale_of(weights, panel, g, s);
            UNROLLED for (int r = 0; r < rows; r++) {
                floats product = floats_of_ints(dots[r][g].sum);
                if (t.minima) {
                    floats minimum = minimum_of(weights, panel, g, s);
                    floats least = s ? floats_fms(minimum, columns_sum[r], totals[r][g])
                                     : floats_mul(minimum, columns_sum[r]);
                    totals[r][g] = floats_fms(product, scale, least);
                } else {
                    totals[r][g] = s ? floats_fma(product, scale, totals[r][g])
                                     : floats_mul(product, scale);
                }
            }
        }
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        floats scale = floats_all(x->scale[r * blocks + block]);
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = floats_fma(totals[r][g], scale, sums[r][g]);
        }
    }
}

/*
 * Asks for the weights that are needed `ahead_bytes` after block `block` of a group; past its end
 * they are those of the group `groups` later.
 */
INLINE void prefetch_block(weight_traits t, int groups, const uint8_t *packed, int64_t group_bytes,
                           int64_t block, int64_t ahead_bytes) {
    int64_t at = block * t.block_bytes + ahead_bytes;
    at += at < group_bytes ? 0 : (groups - 1) * group_bytes;
    UNROLLED for (int i = 0; i < t.block_bytes; i += 64) {
        __builtin_prefetch(packed + at + i);
    }
}

INLINE fb_activations rows_from(const fb_activations *x, int64_t row, int64_t blocks) {
    return (fb_activations){NULL, x->q + row * blocks * BLOCK, x->scale + row * blocks,
                            x->sum + 2 * row * blocks, NULL};
}

INLINE void sums_begin_all(const fb_matrix *weight, int groups, int rows, const float *target,
                           int group, int first, floats sums[][TILE_GROUPS]) {
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = sums_begin(weight, target + (int64_t)r * weight->rows, group + g, first);
        }
    }
}

INLINE void sums_end_all(const fb_matrix *weight, int groups, int rows, float *target, int group,
                         int last, floats sums[][TILE_GROUPS]) {
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums_end(weight, target + (int64_t)r * weight->rows, group + g, last, sums[r][g]);
        }
    }
}

/* `groups` groups from `group` by `rows` rows of activations, all columns. */
INLINE void linear_direct(weight_traits t, unpack *unpack, int groups, int rows,
                          const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                          float *target, int group, int row) {
    const uint8_t *packed = (const uint8_t *)weight->data + group * group_bytes;
    const int64_t blocks = weight->columns / BLOCK;
    const fb_activations tile = rows_from(x, row, blocks);
    target += (int64_t)row * weight->rows;
    floats sums[TILE_ROWS][TILE_GROUPS];
    sums_begin_all(weight, groups, rows, target, group, 1, sums);
    for (int b = 0; b < blocks; b++) {
        lanes_block weights[TILE_GROUPS];
        UNROLLED for (int g = 0; g < groups; g++) {
            const uint8_t *here = packed + g * group_bytes;
            prefetch_block(t, groups, here, group_bytes, b, PREFETCH_BYTES / groups);
            unpack(here, b, &weights[g]);
        }
        add_block(t, groups, rows, weights, NULL, &tile, blocks, b, sums);
    }
    sums_end_all(weight, groups, rows, target, group, 1, sums);
}

/* `rows` rows of activations from `row` by blocks [from, to), which are in the panel. */
INLINE void linear_tile(weight_traits t, int groups, int rows, const fb_matrix *weight,
                        const panel_block *panel, const fb_activations *x, float *target, int group,
                        int64_t row, int from, int to) {
    const int64_t blocks = weight->columns / BLOCK;
    const fb_activations tile = rows_from(x, row, blocks);
    target += row * weight->rows;
    floats sums[TILE_ROWS][TILE_GROUPS];
    sums_begin_all(weight, groups, rows, target, group, !from, sums);
    for (int b = from; b < to; b++, panel += TILE_GROUPS) {
        add_block(t, groups, rows, NULL, panel, &tile, blocks, b, sums);
    }
    sums_end_all(weight, groups, rows, target, group, to == blocks, sums);
}

INLINE void linear_panel(weight_traits t, unpack *unpack, int groups, const fb_matrix *weight,
                         int64_t group_bytes, const fb_activations *x, int row_count, float *target,
                         int group) {
    const uint8_t *packed = (const uint8_t *)weight->data + group * group_bytes;
    const int blocks = weight->columns / BLOCK;
    panel_block panel[PANEL_BLOCKS][TILE_GROUPS] __attribute__((aligned(64)));
    for (int from = 0; from < blocks; from += PANEL_BLOCKS) {
        const int to = from + PANEL_BLOCKS < blocks ? from + PANEL_BLOCKS : blocks;
        for (int b = from; b < to; b++) {
            UNROLLED for (int g = 0; g < groups; g++) {
                const uint8_t *here = packed + g * group_bytes;
                lanes_block weights;
                prefetch_block(t, groups, here, group_bytes, b, PANEL_BLOCKS * t.block_bytes);
                unpack(here, b, &weights);
                panel_store(t, &weights, &panel[b - from][g]);
            }
        }
        int row = 0;
        for (; row + TILE_ROWS <= row_count; row += TILE_ROWS) {
            linear_tile(t, groups, TILE_ROWS, weight, panel[0], x, target, group, row, from, to);
        }
        switch (row_count - row) {
        case 1:
            linear_tile(t, groups, 1, weight, panel[0], x, target, group, row, from, to);
            break;
        case 2:
            linear_tile(t, groups, 2, weight, panel[0], x, target, group, row, from, to);
            break;
        case 3:
            linear_tile(t, groups, 3, weight, panel[0], x, target, group, row, from, to);
            break;
        }
    }
}

/* As linear_direct, for a number of rows known at run time. */
INLINE void linear_direct_rows(weight_traits t, unpack *unpack, int groups, int rows,
                               const fb_matrix *weight, int64_t group_bytes,
                               const fb_activations *x, float *target, int group, int row) {
    switch (rows) {
    case 1:
        linear_direct(t, unpack, groups, 1, weight, group_bytes, x, target, group, row);
        break;
    case 2:
        linear_direct(t, unpack, groups, 2, weight, group_bytes, x, target, group, row);
        break;
    case 3:
        linear_direct(t, unpack, groups, 3, weight, group_bytes, x, target, group, row);
        break;
    case 4:
        linear_direct(t, unpack, groups, 4, weight, group_bytes, x, target, group, row);
        break;
    }
}

INLINE void linear_some(weight_traits t, unpack *unpack, int groups, const fb_matrix *weight,
                        int64_t group_bytes, const fb_activations *x, int row_count, float *target,
                        int group) {
    if (row_count > LARGEST_DIRECT_ROWS) {
        linear_panel(t, unpack, groups, weight, group_bytes, x, row_count, target, group);
        return;
    }
    for (int row = 0; row < row_count; row += TILE_ROWS) {
        int rows = row_count - row < TILE_ROWS ? row_count - row : TILE_ROWS;
        linear_direct_rows(t, unpack, groups, rows, weight, group_bytes, x, target, group, row);
    }
}

INLINE void linear_integers(weight_traits t, unpack *unpack, const fb_matrix *weight,
                            int64_t group_bytes, const fb_activations *x, int row_count,
                            float *target, int from, int to) {
    int group = from;
    for (; row_count > ONE_GROUP_ROWS && group + TILE_GROUPS <= to; group += TILE_GROUPS) {
        linear_some(t, unpack, TILE_GROUPS, weight, group_bytes, x, row_count, target, group);
    }
    for (; group < to; group++) {
        linear_some(t, unpack, 1, weight, group_bytes, x, row_count, target, group);
    }
}

#endif
