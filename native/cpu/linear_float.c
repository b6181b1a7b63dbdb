/*
 * F32, F16, BF16 weights by float activations. Packed: [column][LANES] elements.
 *
 * Sums of FLOAT_TILE_GROUPS groups by FLOAT_TILE_ROWS rows stay in registers while columns pass;
 * PANEL_COLUMNS of these groups' weights stay in the first-level cache while rows pass. Each output
 * is one chain of additions in the order of columns, whatever the tile.
 */
#include "lanes.h"
#include "linear.h"
#include "sums.h"

#define PANEL_COLUMNS 128

/* Per group: there are FLOAT_TILE_GROUPS streams of weights. */
#define PREFETCH_BYTES 2048

typedef floats load(const uint8_t *element);

INLINE floats load_f32(const uint8_t *element) { return floats_load((const float *)element); }
INLINE floats load_f16(const uint8_t *element) { return floats_of_halves(element); }
INLINE floats load_bf16(const uint8_t *element) { return floats_of_bf16(element); }

void pack_f32(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (int64_t c = 0; c < columns; c++) {
        memcpy(group + (c * LANES + lane) * 4, row + c * 4, 4);
    }
}

void pack_f16(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (int64_t c = 0; c < columns; c++) {
        memcpy(group + (c * LANES + lane) * 2, row + c * 2, 2);
    }
}

INLINE void add_column(load *load, int element_bytes, int groups, int rows, const uint8_t *packed,
                       int64_t group_bytes, const float *values, int64_t columns, int64_t column,
                       floats sums[][FLOAT_TILE_GROUPS]) {
    floats weights[FLOAT_TILE_GROUPS];
    UNROLLED for (int g = 0; g < groups; g++) {
        weights[g] = load(packed + g * group_bytes + column * LANES * element_bytes);
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        floats value = floats_all(values[r * columns + column]);
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = floats_fma(weights[g], value, sums[r][g]);
        }
    }
}

INLINE void linear_tile(load *load, int element_bytes, int groups, int rows,
                        const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                        float *target, int group, int64_t row, int from, int to) {
    const int64_t columns = weight->columns;
    const uint8_t *packed = (const uint8_t *)weight->data + group * group_bytes;
    const float *values = x->x + row * columns;
    target += row * weight->rows;
    floats sums[FLOAT_TILE_ROWS][FLOAT_TILE_GROUPS];
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = sums_begin(weight, target + (int64_t)r * weight->rows, group + g, !from);
        }
    }
    /* Columns of one cache line at a time, so that each line is asked for once. More rows take
     * longer than memory does, and of lines of one column enough are asked for by the loads
     * themselves: one column at a time then, which leaves registers for the sums alone. */
    const int step = rows <= 2 && element_bytes * LANES < 64 ? 64 / (element_bytes * LANES) : 1;
    int64_t column = from;
    for (; column + step <= to; column += step) {
        if (step > 1) {
            int64_t ahead = column * LANES * element_bytes + PREFETCH_BYTES;
            ahead += ahead < group_bytes ? 0 : (groups - 1) * group_bytes;
            UNROLLED for (int g = 0; g < groups; g++) {
                __builtin_prefetch(packed + g * group_bytes + ahead);
            }
        }
        UNROLLED for (int i = 0; i < step; i++) {
            add_column(load, element_bytes, groups, rows, packed, group_bytes, values, columns,
                       column + i, sums);
        }
    }
    for (; column < to; column++) {
        add_column(load, element_bytes, groups, rows, packed, group_bytes, values, columns, column,
                   sums);
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums_end(weight, target + (int64_t)r * weight->rows, group + g, to == columns,
                     sums[r][g]);
        }
    }
}

INLINE void linear_some(load *load, int element_bytes, int groups, const fb_matrix *weight,
                        int64_t group_bytes, const fb_activations *x, int row_count, float *target,
                        int group) {
    /* One tile needs no panel: its weights are read once. */
    const int panel = row_count <= FLOAT_TILE_ROWS ? weight->columns : PANEL_COLUMNS;
    for (int from = 0; from < weight->columns; from += panel) {
        int to = weight->columns - from < panel ? weight->columns : from + panel;
        int row = 0;
        for (; row + FLOAT_TILE_ROWS <= row_count; row += FLOAT_TILE_ROWS) {
            linear_tile(load, element_bytes, groups, FLOAT_TILE_ROWS, weight, group_bytes, x,
                        target, group, row, from, to);
        }
        switch (row_count - row) {
        case 1:
            linear_tile(load, element_bytes, groups, 1, weight, group_bytes, x, target, group, row,
                        from, to);
            break;
        case 2:
            linear_tile(load, element_bytes, groups, 2, weight, group_bytes, x, target, group, row,
                        from, to);
            break;
        case 3:
            linear_tile(load, element_bytes, groups, 3, weight, group_bytes, x, target, group, row,
                        from, to);
            break;
#if FLOAT_TILE_ROWS > 4
        case 4:
            linear_tile(load, element_bytes, groups, 4, weight, group_bytes, x, target, group, row,
                        from, to);
            break;
        case 5:
            linear_tile(load, element_bytes, groups, 5, weight, group_bytes, x, target, group, row,
                        from, to);
            break;
#endif
        }
    }
}

INLINE void linear_floats(load *load, int element_bytes, const fb_matrix *weight,
                          int64_t group_bytes, const fb_activations *x, int row_count,
                          float *target, int from, int to) {
    int group = from;
    for (; group + FLOAT_TILE_GROUPS <= to; group += FLOAT_TILE_GROUPS) {
        linear_some(load, element_bytes, FLOAT_TILE_GROUPS, weight, group_bytes, x, row_count,
                    target, group);
    }
    for (; group < to; group++) {
        linear_some(load, element_bytes, 1, weight, group_bytes, x, row_count, target, group);
    }
}

void linear_f32(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                int row_count, float *target, int from, int to) {
    linear_floats(load_f32, 4, weight, group_bytes, x, row_count, target, from, to);
}

void linear_f16(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                int row_count, float *target, int from, int to) {
    linear_floats(load_f16, 2, weight, group_bytes, x, row_count, target, from, to);
}

void linear_bf16(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_floats(load_bf16, 2, weight, group_bytes, x, row_count, target, from, to);
}
