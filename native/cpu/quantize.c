/*
 * Activations as 8-bit integers: per 32 columns q = round(x / scale) with scale = max |x| / 127.
 * Where x is not finite, q is 0 and the scale NaN, so that every output of the row is NaN too
 * instead of plausible nonsense.
 */
#include "kernels.h"
#include "lanes.h"

#define COLUMNS 32
#define VECTORS (COLUMNS / LANES)

/* Below this, 127 / max would not be finite. */
static const float SMALLEST = 1e-35f;

static void quantize_block(const float *x, int8_t *q, float *scale, int32_t *sum) {
    floats values[VECTORS];
    ints largest = ints_zero();
    UNROLLED for (int i = 0; i < VECTORS; i++) {
        values[i] = floats_load(x + i * LANES);
        /* Magnitudes compare as integers, and NaN is the largest of them. */
        largest = ints_max(largest, ints_and(ints_bits(values[i]), ints_all(0x7fffffff)));
    }
    int32_t bits = ints_largest(largest);
    float maximum;
    memcpy(&maximum, &bits, sizeof maximum);
    int finite = bits < 0x7f800000;
    if (!finite || maximum < SMALLEST) {
        *scale = finite ? 0 : __builtin_nanf("");
        sum[0] = sum[1] = 0;
        memset(q, 0, COLUMNS);
        return;
    }
    *scale = maximum / 127;
    floats inverse = floats_all(127 / maximum);
    ints sums[2] = {ints_zero(), ints_zero()};
    UNROLLED for (int i = 0; i < VECTORS; i++) {
        ints codes = ints_round(floats_mul(values[i], inverse));
        ints_store_s8(q + i * LANES, codes);
        sums[2 * i / VECTORS] = ints_add(sums[2 * i / VECTORS], codes);
    }
    sum[0] = ints_sum(sums[0]);
    sum[1] = ints_sum(sums[1]);
}

void fb_quantize(const float *x, int32_t columns, int32_t from, int32_t to, int8_t *q, float *scale,
                 int32_t *sum) {
    int64_t blocks = columns / COLUMNS;
    for (int64_t block = from * blocks; block < to * blocks; block++) {
        quantize_block(x + block * COLUMNS, q + block * COLUMNS, scale + block, sum + 2 * block);
    }
}

#ifdef BF16_PAIRS

/* Pairs of 2 * LANES columns; those from `count` on are zeros. */
INLINE ints pairs_of_first(const float *values, int count) {
    return pairs_of_floats(floats_load_first(values, count < LANES ? count : LANES),
                           floats_load_first(values + LANES, count < LANES ? 0 : count - LANES));
}

void fb_round(const float *x, int32_t columns, int32_t from, int32_t to, uint32_t *pairs) {
    const int64_t row_pairs = (columns + 1) / 2;
    for (int64_t row = from; row < to; row++) {
        const float *values = x + row * columns;
        uint32_t *target = pairs + row * row_pairs;
        int c = 0;
        for (; c + 2 * LANES <= columns; c += 2 * LANES) {
            ints_store(target + c / 2,
                       pairs_of_floats(floats_load(values + c), floats_load(values + c + LANES)));
        }
        if (c < columns) {
            floats_store_first((float *)target + c / 2,
                               floats_of_bits(pairs_of_first(values + c, columns - c)),
                               (columns - c + 1) / 2);
        }
    }
}

#else

void fb_round(const float *x, int32_t columns, int32_t from, int32_t to, uint32_t *pairs) {
    (void)x, (void)columns, (void)from, (void)to, (void)pairs;
}

#endif
