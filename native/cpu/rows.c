/* The operations on single rows of activations; memory moves once through each. */
#include <math.h>

#include "exp.h"
#include "kernels.h"

/* Sums of squares are kept apart by column modulo this: one order of additions on all machines. */
#define NORM_SUMS 8

/*
 * The sum of squares is in double, where the square of a float is exact: a row is scaled as well as
 * its largest element allows, whatever its width (RMSNorm: Zhang & Sennrich, 2019).
 */
static double sum_of_squares(const float *row, int32_t width) {
    double sums[NORM_SUMS] = {0};
    int32_t i = 0;
    for (; i + NORM_SUMS <= width; i += NORM_SUMS) {
        for (int lane = 0; lane < NORM_SUMS; lane++) {
            double element = row[i + lane];
            sums[lane] += element * element;
        }
    }
    for (int lane = 0; i < width; i++, lane++) {
        double element = row[i];
        sums[lane] += element * element;
    }
    for (int lane = 1; lane < NORM_SUMS; lane++) {
        sums[0] += sums[lane];
    }
    return sums[0];
}

void fb_norm(const float *source, const float *weight, int32_t width, float epsilon, float *target,
             int32_t from, int32_t to) {
    for (int64_t row = from; row < to; row++) {
        const float *x = source + row * width;
        float *y = target + row * width;
        floats scale = floats_all((float)(1 / sqrt(sum_of_squares(x, width) / width + epsilon)));
        int32_t i = 0;
        for (; i + LANES <= width; i += LANES) {
            floats scaled = floats_mul(floats_load(x + i), scale);
            floats_store(y + i, floats_mul(scaled, floats_load(weight + i)));
        }
        if (i < width) {
            floats scaled = floats_mul(floats_load_first(x + i, width - i), scale);
            floats weights = floats_load_first(weight + i, width - i);
            floats_store_first(y + i, floats_mul(scaled, weights), width - i);
        }
    }
}

/* The pairs (a[i * stride], b[i * stride]) of one head (Su et al., 2021). */
INLINE void rotate_pairs(float *a, float *b, int stride, const float *cosines, const float *sines,
                         int32_t pairs) {
    for (int32_t i = 0; i < pairs; i++) {
        float x = a[i * stride];
        float y = b[i * stride];
        a[i * stride] = x * cosines[i] - y * sines[i];
        b[i * stride] = x * sines[i] + y * cosines[i];
    }
}

void fb_rotate(float *heads, const int32_t *positions, const float *cosines, const float *sines,
               int32_t head_count, int32_t head_dim, int32_t pairs, int32_t adjacent, int32_t from,
               int32_t to) {
    for (int64_t row = from; row < to; row++) {
        const float *cosine = cosines + (int64_t)positions[row] * pairs;
        const float *sine = sines + (int64_t)positions[row] * pairs;
        for (int32_t head = 0; head < head_count; head++) {
            float *first = heads + (row * head_count + head) * head_dim;
            if (adjacent) {
                rotate_pairs(first, first + 1, 2, cosine, sine, pairs);
            } else {
                rotate_pairs(first, first + pairs, 1, cosine, sine, pairs);
            }
        }
    }
}

INLINE floats swiglu(floats gate, floats up) {
    floats one = floats_all(1.0f);
    floats power = exp_of(floats_sub(floats_all(0.0f), gate));
    return floats_mul(floats_div(gate, floats_add(one, power)), up);
}

void fb_swiglu(float *gate, const float *up, int64_t from, int64_t to) {
    int64_t i = from;
    for (; i + LANES <= to; i += LANES) {
        floats_store(gate + i, swiglu(floats_load(gate + i), floats_load(up + i)));
    }
    if (i < to) {
        int rest = (int)(to - i);
        floats last = swiglu(floats_load_first(gate + i, rest), floats_load_first(up + i, rest));
        floats_store_first(gate + i, last, rest);
    }
}

void fb_add(float *target, const float *source, int64_t from, int64_t to) {
    int64_t i = from;
    for (; i + LANES <= to; i += LANES) {
        floats_store(target + i, floats_add(floats_load(target + i), floats_load(source + i)));
    }
    if (i < to) {
        int rest = (int)(to - i);
        floats sum = floats_add(floats_load_first(target + i, rest),
                                floats_load_first(source + i, rest));
        floats_store_first(target + i, sum, rest);
    }
}
