/*
 * F32, F16, BF16 weights by float activations, one unit of columns at a time. Packed:
 *
 *   [column][LANES] elements              a unit is one column, multiplied as floats
 *   [column / 2][LANES][2] bfloat16       a unit is two columns, of F16 and BF16 where processors
 *                                         multiply bfloat16 (BF16_PAIRS): twice as many products at
 *                                         once. Weights of F16 are rounded to bfloat16 when they
 *                                         are packed, activations by fb_round.
 *
 * Sums of FLOAT_TILE_GROUPS groups by FLOAT_TILE_ROWS rows stay in registers while columns pass;
 * PANEL_UNITS of these groups' weights stay in the caches while rows pass. Each output is one chain of
 * additions in the order of columns, whatever the tile.
 */
#include "lanes.h"
#include "linear.h"
#include "sums.h"

#define PANEL_UNITS 256

/* How far ahead weights are asked for, shared by the groups that are read side by side. */
#define PREFETCH_BYTES 8192

/* One row waits for memory, and two streams of it are read faster than four. */
#define ONE_ROW_GROUPS 2

/* A unit's weights of LANES rows. */
typedef floats load(const uint8_t *packed);

/* sum + weights * values, where each element is a unit. */
typedef floats add_product(floats weights, floats values, floats sum);

typedef struct {
    load *load;
    add_product *add;
    int columns; /* of a unit */
    int bytes;   /* of a unit and a lane */
} unit_kind;

INLINE int units_of(unit_kind kind, const fb_matrix *weight) {
    return (weight->columns + kind.columns - 1) / kind.columns;
}

INLINE floats load_floats(const uint8_t *packed) { return floats_load((const float *)packed); }

void pack_f32(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (int64_t c = 0; c < columns; c++) {
        memcpy(group + (c * LANES + lane) * 4, row + c * 4, 4);
    }
}

#ifdef BF16_PAIRS

INLINE void put_pairs_of_columns(ints pairs, int count, int lane, uint8_t *group) {
    int32_t units[LANES];
    ints_store(units, pairs);
    for (int i = 0; 2 * i < count; i++) {
        memcpy(group + (i * LANES + lane) * 4, &units[i], 4);
    }
}

void pack_f16(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (int c = 0; c < columns; c += 2 * LANES, group += 4 * LANES * LANES) {
        int count = columns - c < 2 * LANES ? columns - c : 2 * LANES;
        uint8_t halves[4 * LANES] = {0};
        memcpy(halves, row + 2 * c, 2 * (size_t)count);
        ints pairs = pairs_of_floats(floats_of_halves(halves), floats_of_halves(halves + 2 * LANES));
        put_pairs_of_columns(pairs, count, lane, group);
    }
}

void pack_bf16(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (int64_t c = 0; c < columns; c++) {
        memcpy(group + (c / 2 * LANES + lane) * 4 + c % 2 * 2, row + c * 2, 2);
    }
}

INLINE floats add_pairs(floats weights, floats values, floats sum) {
    return floats_add_pairs(ints_bits(weights), ints_bits(values), sum);
}

static const unit_kind F16 = {load_floats, add_pairs, 2, 4};
static const unit_kind BF16 = {load_floats, add_pairs, 2, 4};

#else

void pack_f16(const uint8_t *row, int columns, int lane, uint8_t *group) {
    for (int64_t c = 0; c < columns; c++) {
        memcpy(group + (c * LANES + lane) * 2, row + c * 2, 2);
    }
}

void pack_bf16(const uint8_t *row, int columns, int lane, uint8_t *group) {
    pack_f16(row, columns, lane, group);
}

INLINE floats load_f16(const uint8_t *packed) { return floats_of_halves(packed); }
INLINE floats load_bf16(const uint8_t *packed) { return floats_of_bf16(packed); }

static const unit_kind F16 = {load_f16, floats_fma, 1, 2};
static const unit_kind BF16 = {load_bf16, floats_fma, 1, 2};

#endif

static const unit_kind F32 = {load_floats, floats_fma, 1, 4};

/* values: [row][stride], from this unit on. */
INLINE void add_unit(unit_kind kind, int groups, int rows, const uint8_t *packed,
                     int64_t group_bytes, const float *values, int64_t stride,
                     floats sums[][FLOAT_TILE_GROUPS]) {
    floats weights[FLOAT_TILE_GROUPS];
    UNROLLED for (int g = 0; g < groups; g++) {
        weights[g] = kind.load(packed + g * group_bytes);
    }
    UNROLLED for (int r = 0; r < rows; r++) {
        floats value = floats_all(values[r * stride]);
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = kind.add(weights[g], value, sums[r][g]);
        }
    }
}

/* Adds `units` units, from the packed weights' and the values' first on. */
INLINE void add_units(unit_kind kind, int groups, int rows, const uint8_t *packed,
                      int64_t group_bytes, int64_t bytes_left, const float *values, int64_t stride,
                      int units, floats sums[][FLOAT_TILE_GROUPS]) {
    /* Units of one cache line at a time, so that each line is asked for once. More rows take longer
     * than memory does, and of lines of one float column enough are asked for by the loads
     * themselves: one unit at a time then, which leaves registers for the sums alone. */
    const int unit_bytes = kind.bytes * LANES;
    const int asks = rows <= 2 && (unit_bytes < 64 || kind.columns > 1);
    const int step = asks && unit_bytes < 64 ? 64 / unit_bytes : 1;
    int unit = 0;
    for (; unit + step <= units; unit += step) {
        if (asks) {
            int64_t ahead = (int64_t)unit * unit_bytes + PREFETCH_BYTES / groups;
            ahead += ahead < bytes_left ? 0 : (groups - 1) * group_bytes;
            UNROLLED for (int g = 0; g < groups; g++) {
                __builtin_prefetch(packed + g * group_bytes + ahead);
            }
        }
        UNROLLED for (int i = 0; i < step; i++) {
            add_unit(kind, groups, rows, packed + (int64_t)(unit + i) * unit_bytes, group_bytes,
                     values + unit + i, stride, sums);
        }
    }
    for (; unit < units; unit++) {
        add_unit(kind, groups, rows, packed + (int64_t)unit * unit_bytes, group_bytes,
                 values + unit, stride, sums);
    }
}

/* Units [from, to) of `rows` rows of activations from `row` by `groups` groups from `group`. */
INLINE void linear_tile(unit_kind kind, int groups, int rows, const fb_matrix *weight,
                        int64_t group_bytes, const fb_activations *x, float *target, int group,
                        int64_t row, int from, int to) {
    const int64_t units = units_of(kind, weight);
    const uint8_t *packed = (const uint8_t *)weight->data + group * group_bytes;
    const float *values = kind.columns == 1 ? x->x : (const float *)x->pairs;
    const int64_t at = (int64_t)from * kind.bytes * LANES;
    target += row * weight->rows;
    floats sums[FLOAT_TILE_ROWS][FLOAT_TILE_GROUPS];
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums[r][g] = sums_begin(weight, target + (int64_t)r * weight->rows, group + g, !from);
        }
    }
    add_units(kind, groups, rows, packed + at, group_bytes, group_bytes - at,
              values + row * units + from, units, to - from, sums);
    UNROLLED for (int r = 0; r < rows; r++) {
        UNROLLED for (int g = 0; g < groups; g++) {
            sums_end(weight, target + (int64_t)r * weight->rows, group + g, to == units,
                     sums[r][g]);
        }
    }
}

INLINE void linear_some(unit_kind kind, int groups, const fb_matrix *weight,
                        int64_t group_bytes, const fb_activations *x, int row_count, float *target,
                        int group) {
    const int units = units_of(kind, weight);
    /* One tile needs no panel: its weights are read once. */
    const int panel = row_count <= FLOAT_TILE_ROWS ? units : PANEL_UNITS;
    for (int from = 0; from < units; from += panel) {
        int to = units - from < panel ? units : from + panel;
        int row = 0;
        for (; row + FLOAT_TILE_ROWS <= row_count; row += FLOAT_TILE_ROWS) {
            linear_tile(kind, groups, FLOAT_TILE_ROWS, weight, group_bytes, x, target, group, row,
                        from, to);
        }
        switch (row_count - row) {
        case 1:
            linear_tile(kind, groups, 1, weight, group_bytes, x, target, group, row, from, to);
            break;
        case 2:
            linear_tile(kind, groups, 2, weight, group_bytes, x, target, group, row, from, to);
            break;
        case 3:
            linear_tile(kind, groups, 3, weight, group_bytes, x, target, group, row, from, to);
            break;
        case 4:
            linear_tile(kind, groups, 4, weight, group_bytes, x, target, group, row, from, to);
            break;
        case 5:
            linear_tile(kind, groups, 5, weight, group_bytes, x, target, group, row, from, to);
            break;
        }
    }
}

INLINE void linear_floats(unit_kind kind, const fb_matrix *weight, int64_t group_bytes,
                          const fb_activations *x, int row_count, float *target, int from, int to) {
    int group = from;
    for (; row_count == 1 && group + ONE_ROW_GROUPS <= to; group += ONE_ROW_GROUPS) {
        linear_some(kind, ONE_ROW_GROUPS, weight, group_bytes, x, row_count, target, group);
    }
    for (; group + FLOAT_TILE_GROUPS <= to; group += FLOAT_TILE_GROUPS) {
        linear_some(kind, FLOAT_TILE_GROUPS, weight, group_bytes, x, row_count, target, group);
    }
    for (; group < to; group++) {
        linear_some(kind, 1, weight, group_bytes, x, row_count, target, group);
    }
}

void linear_f32(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                int row_count, float *target, int from, int to) {
    linear_floats(F32, weight, group_bytes, x, row_count, target, from, to);
}

void linear_f16(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                int row_count, float *target, int from, int to) {
    linear_floats(F16, weight, group_bytes, x, row_count, target, from, to);
}

void linear_bf16(const fb_matrix *weight, int64_t group_bytes, const fb_activations *x,
                 int row_count, float *target, int from, int to) {
    linear_floats(BF16, weight, group_bytes, x, row_count, target, from, to);
}
