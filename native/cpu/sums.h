/*
 * Where the sums of a tile come from and go to. Between panels of columns they rest in the target,
 * which changes no bit of them.
 */
#ifndef FULLBORE_SUMS_H
#define FULLBORE_SUMS_H

#include "kernels.h"
#include "lanes.h"

/* Lanes of group `group` that are rows of the matrix. */
INLINE int rows_of_group(const fb_matrix *weight, int group) {
    int rows = weight->rows - group * LANES;
    return rows < LANES ? rows : LANES;
}

INLINE floats sums_begin(const fb_matrix *weight, const float *target, int group, int first) {
    return first ? floats_all(0)
                 : floats_load_first(target + group * LANES, rows_of_group(weight, group));
}

INLINE void sums_end(const fb_matrix *weight, float *target, int group, int last, floats sums) {
    int rows = rows_of_group(weight, group);
    if (last && weight->bias) {
        sums = floats_add(sums, floats_load_first(weight->bias + group * LANES, rows));
    }
    floats_store_first(target + group * LANES, sums, rows);
}

#endif
