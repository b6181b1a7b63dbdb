/*
 * e^x, RMSNorm, rotation, SwiGLU and addition against double precision, for widths of whole vectors
 * and others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "exp.h"
#include "kernels.h"

static float exp_of_one(float x) {
    float lanes[LANES];
    floats_store(lanes, exp_of(floats_all(x)));
    return lanes[0];
}

static void raises_e(void) {
    for (int i = 0; i <= 200000; i++) {
        float x = -87.3f + (float)i * (175.6f / 200000);
        double expected = exp((double)x);
        double unit = ldexp(1, ilogb(expected) - 23);
        check_near(exp_of_one(x), expected, 2 * unit, "e^x");
    }
    CHECK(exp_of_one(0) == 1, "e^0 is %.9g", exp_of_one(0));
    CHECK(exp_of_one(-88) == 0, "e^-88 is %g", exp_of_one(-88));
    CHECK(exp_of_one(-INFINITY) == 0, "e^-infinity is %g", exp_of_one(-INFINITY));
    CHECK(isfinite(exp_of_one(INFINITY)), "e^infinity is %g", exp_of_one(INFINITY));
    CHECK(isnan(exp_of_one(NAN)), "e^NaN is %g", exp_of_one(NAN));
}

/* One rounding of the scale and two of products: within 2^-22; the same for any split of rows. */
static void normalizes(int32_t width, float scale) {
    float *source = random_floats(3 * (int64_t)width, scale);
    float *weight = random_floats(width, 2);
    float *target = random_floats(3 * (int64_t)width, 1);
    float *again = random_floats(3 * (int64_t)width, 1);
    fb_norm(source, weight, width, 1e-5f, target, 0, 3);
    for (int32_t row = 0; row < 3; row++) {
        fb_norm(source, weight, width, 1e-5f, again, row, row + 1);
        double sum = 0;
        for (int32_t i = 0; i < width; i++) {
            sum += (double)source[row * width + i] * source[row * width + i];
        }
        for (int32_t i = 0; i < width; i++) {
            double expected =
                source[row * width + i] / sqrt(sum / width + (double)1e-5f) * weight[i];
            double tolerance = ldexp(fabs(expected), -22) + 1e-37;
            check_near(target[row * width + i], expected, tolerance, "norm");
        }
    }
    CHECK(memcmp(target, again, 3 * (size_t)width * 4) == 0, "norms of width %d differ", width);
    fb_norm(source, weight, width, 1e-5f, source, 0, 3);
    CHECK(memcmp(target, source, 3 * (size_t)width * 4) == 0, "norm in place, width %d", width);
    free(source);
    free(weight);
    free(target);
    free(again);
}

static void rotates(int32_t head_count, int32_t head_dim, int32_t pairs, int32_t adjacent) {
    int32_t positions[] = {5, 0, 11, 11};
    float *cosines = random_floats(12 * (int64_t)pairs, 1);
    float *sines = random_floats(12 * (int64_t)pairs, 1);
    int64_t count = 4 * (int64_t)head_count * head_dim;
    float *heads = random_floats(count, 10);
    float *before = allocate(count * 4);
    memcpy(before, heads, (size_t)count * 4);
    fb_rotate(heads, positions, cosines, sines, head_count, head_dim, pairs, adjacent, 1, 4);
    for (int64_t i = 0; i < count; i++) {
        int64_t row = i / (head_count * head_dim);
        int32_t at = (int32_t)(i % head_dim);
        double expected = before[i];
        if (row >= 1 && at < 2 * pairs) {
            int32_t pair = adjacent ? at / 2 : at % pairs;
            int second = adjacent ? at % 2 : at / pairs;
            const float *a = before + i - at + (adjacent ? 2 * pair : pair);
            double x = a[0];
            double y = a[adjacent ? 1 : pairs];
            double cosine = cosines[positions[row] * pairs + pair];
            double sine = sines[positions[row] * pairs + pair];
            expected = second ? x * sine + y * cosine : x * cosine - y * sine;
        }
        check_near(heads[i], expected, 3e-6, "rotated");
    }
    free(cosines);
    free(sines);
    free(heads);
    free(before);
}

/* Elements [3, count - 2) of inputs to +-100; the others stay as they are. */
static void multiplies_by_gates_and_adds(int32_t count) {
    float *gate = random_floats(count, 100);
    float *up = random_floats(count, 100);
    float *swiglu = allocate(count * (int64_t)4);
    float *sum = allocate(count * (int64_t)4);
    memcpy(swiglu, gate, (size_t)count * 4);
    memcpy(sum, gate, (size_t)count * 4);
    fb_swiglu(swiglu, up, 3, count - 2);
    fb_add(sum, up, 3, count - 2);
    for (int32_t i = 0; i < count; i++) {
        int outside = i < 3 || i >= count - 2;
        double product = gate[i] / (1 + exp(-(double)gate[i])) * up[i];
        check_near(swiglu[i], outside ? gate[i] : product, 5e-7 * fabs(product) + 1e-30, "swiglu");
        float total = outside ? gate[i] : gate[i] + up[i];
        CHECK(sum[i] == total, "sum: %.9g, should be %.9g", sum[i], total);
    }
    free(gate);
    free(up);
    free(swiglu);
    free(sum);
}

int main(void) {
    raises_e();
    static const int32_t widths[] = {1, 7, 32, 80, 1000, 2048};
    for (int i = 0; i < 6; i++) {
        normalizes(widths[i], 1);
        normalizes(widths[i], 1e-3f);
        normalizes(widths[i], 1e15f);
    }
    rotates(3, 64, 32, 0);
    rotates(3, 64, 32, 1);
    rotates(2, 80, 10, 0);
    rotates(2, 80, 10, 1);
    rotates(1, 2, 1, 0);
    rotates(1, 6, 3, 1);
    multiplies_by_gates_and_adds(6);
    multiplies_by_gates_and_adds(21);
    multiplies_by_gates_and_adds(2000);

    return checks_report("test_rows");
}
