/*
 * Tests of the linear kernels and of quantize, each against plain scalar code written from the
 * formats' layouts in GGUF files:
 *
 *   - with activations and weights quantised or rounded as the kernel's are, outputs agree within
 *     1e-5 of the sum of their terms' magnitudes;
 *   - with the float activations they stand for, within 1% of it;
 *   - an output is the same bit for bit for any number of rows beside it and any split of groups.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "kernels.h"

#define LARGEST_COUNT 67

typedef void decode(const uint8_t *block, double *weights);

typedef struct {
    const char *name;
    int32_t format;
    int block_columns;
    int block_bytes;
    int halves[2]; /* offsets of the block's half scale and minimum, or -1 */
    decode *decode;
} file_format;

static double half(const uint8_t *at) {
    int bits = at[0] | at[1] << 8;
    int exponent = bits >> 10 & 31;
    double magnitude =
        exponent ? ldexp(1024 + (bits & 1023), exponent - 25) : ldexp(bits & 1023, -24);
    return bits >> 15 ? -magnitude : magnitude;
}

static double float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void decode_f32(const uint8_t *b, double *w) {
    *w = float_of(b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24);
}

static void decode_f16(const uint8_t *b, double *w) { *w = half(b); }

static void decode_bf16(const uint8_t *b, double *w) {
    *w = float_of((uint32_t)(b[0] | b[1] << 8) << 16);
}

static void decode_q8_0(const uint8_t *b, double *w) {
    for (int i = 0; i < 32; i++) {
        w[i] = half(b) * (int8_t)b[2 + i];
    }
}

static int nibble(const uint8_t *b, int i) { return i < 16 ? b[i] & 15 : b[i - 16] >> 4; }

static void decode_q4_0(const uint8_t *b, double *w) {
    for (int i = 0; i < 32; i++) {
        w[i] = half(b) * (nibble(b + 2, i) - 8);
    }
}

static void decode_q4_1(const uint8_t *b, double *w) {
    for (int i = 0; i < 32; i++) {
        w[i] = half(b) * nibble(b + 4, i) + half(b + 2);
    }
}

static int fifth(const uint8_t *b, int i) { return (b[i / 8] >> i % 8 & 1) << 4; }

static void decode_q5_0(const uint8_t *b, double *w) {
    for (int i = 0; i < 32; i++) {
        w[i] = half(b) * ((nibble(b + 6, i) | fifth(b + 2, i)) - 16);
    }
}

static void decode_q5_1(const uint8_t *b, double *w) {
    for (int i = 0; i < 32; i++) {
        w[i] = half(b) * (nibble(b + 8, i) | fifth(b + 4, i)) + half(b + 2);
    }
}

static int pair(const uint8_t *b, int i) {
    return b[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
}

static void decode_q2_k(const uint8_t *b, double *w) {
    for (int i = 0; i < 256; i++) {
        w[i] = half(b + 80) * (b[i / 16] & 15) * pair(b + 16, i) - half(b + 82) * (b[i / 16] >> 4);
    }
}

static void decode_q3_k(const uint8_t *b, double *w) {
    for (int i = 0; i < 256; i++) {
        int s = i / 16;
        int low = b[96 + s % 8] >> s / 8 * 4 & 15;
        int scale = (low | (b[104 + s % 4] >> s / 4 * 2 & 3) << 4) - 32;
        int high = b[i % 32] >> i / 32 & 1;
        w[i] = half(b + 108) * scale * (pair(b + 32, i) - (high ? 0 : 4));
    }
}

static int scale_of(const uint8_t *b, int s) {
    return s < 4 ? b[s] & 63 : (b[s + 4] & 15) | b[s - 4] >> 6 << 4;
}

static int minimum_of(const uint8_t *b, int s) {
    return s < 4 ? b[s + 4] & 63 : b[s + 4] >> 4 | b[s] >> 6 << 4;
}

static int nibble_of_64(const uint8_t *b, int i) {
    return b[i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15;
}

static void decode_q4_k(const uint8_t *b, double *w) {
    for (int i = 0; i < 256; i++) {
        w[i] = half(b) * scale_of(b + 4, i / 32) * nibble_of_64(b + 16, i) -
               half(b + 2) * minimum_of(b + 4, i / 32);
    }
}

static void decode_q5_k(const uint8_t *b, double *w) {
    for (int i = 0; i < 256; i++) {
        int code = nibble_of_64(b + 48, i) | (b[16 + i % 32] >> i / 32 & 1) << 4;
        w[i] = half(b) * scale_of(b + 4, i / 32) * code - half(b + 2) * minimum_of(b + 4, i / 32);
    }
}

static void decode_q6_k(const uint8_t *b, double *w) {
    for (int i = 0; i < 256; i++) {
        int low = b[i / 128 * 64 + i % 64] >> i % 128 / 64 * 4 & 15;
        w[i] = half(b + 208) * (int8_t)b[192 + i / 16] * ((low | pair(b + 128, i) << 4) - 32);
    }
}

static const file_format FORMATS[] = {
    {"f32", 0, 1, 4, {-1, -1}, decode_f32},       {"f16", 1, 1, 2, {0, -1}, decode_f16},
    {"bf16", 30, 1, 2, {-1, -1}, decode_bf16},    {"q8_0", 8, 32, 34, {0, -1}, decode_q8_0},
    {"q4_0", 2, 32, 18, {0, -1}, decode_q4_0},    {"q4_1", 3, 32, 20, {0, 2}, decode_q4_1},
    {"q5_0", 6, 32, 22, {0, -1}, decode_q5_0},    {"q5_1", 7, 32, 24, {0, 2}, decode_q5_1},
    {"q2_k", 10, 256, 84, {80, 82}, decode_q2_k}, {"q3_k", 11, 256, 110, {108, -1}, decode_q3_k},
    {"q4_k", 12, 256, 144, {0, 2}, decode_q4_k},  {"q5_k", 13, 256, 176, {0, 2}, decode_q5_k},
    {"q6_k", 14, 256, 210, {208, -1}, decode_q6_k},
};

enum { RANDOM, ALL_ONES, LOWEST, FILLS };

static void put_half(uint8_t *at, int bits) {
    at[0] = (uint8_t)bits;
    at[1] = (uint8_t)(bits >> 8);
}

/* RANDOM has zero and subnormal scales among others; the rest have the largest half as scale, and
 * codes of all bits set, or of the top bit only (for signed bytes: -1, -128). */
static void fill(const file_format *f, int filling, uint8_t *block) {
    for (int i = 0; i < f->block_bytes; i++) {
        uint8_t random = (uint8_t)random_bits();
        block[i] = filling == RANDOM ? random : filling == ALL_ONES ? 0xff : 0x80;
    }
    for (int i = 0; i < 2; i++) {
        if (f->halves[i] >= 0) {
            int bits = (int)(random_bits() % 0x2c00) | (random_bits() & 1 ? 0x8000 : 0);
            bits = random_bits() % 16 ? bits : 0;
            put_half(block + f->halves[i], filling == RANDOM ? bits : 0x7bff);
        }
    }
    if (f->decode == decode_f32 || f->decode == decode_bf16) {
        float value = filling == RANDOM ? random_float() : filling == ALL_ONES ? 1e30f : -1e30f;
        uint8_t bytes[4];
        memcpy(bytes, &value, 4);
        memcpy(block, bytes + 4 - f->block_bytes, (size_t)f->block_bytes);
    }
}

typedef struct {
    int count, columns;
    float *x;
    int8_t *q;
    float *scale;
    int32_t *sum;
    uint32_t *pairs;
} activations;

static void free_activations(activations *a) {
    free(a->x);
    free(a->q);
    free(a->scale);
    free(a->sum);
    free(a->pairs);
}

static activations random_activations(int count, int columns) {
    activations a = {count, columns, NULL, NULL, NULL, NULL, NULL};
    size_t elements = (size_t)count * (size_t)columns;
    a.x = allocate(elements * sizeof(float));
    for (size_t i = 0; i < elements; i++) {
        a.x[i] = random_float() * (float)(1 << i / 32 % 5);
    }
    a.q = allocate(elements);
    a.scale = allocate(elements / 32 * sizeof(float));
    a.sum = allocate(elements / 16 * sizeof(int32_t));
    a.pairs = allocate((size_t)count * (size_t)((columns + 1) / 2) * sizeof(uint32_t));
    fb_round(a.x, columns, 0, count, a.pairs);
    if (columns % 32 == 0) {
        fb_quantize(a.x, columns, 0, count, a.q, a.scale, a.sum);
    }
    return a;
}

/* Every code at its limits, for overflow. */
static void saturate(activations *a) {
    for (int i = 0; i < a->count * a->columns; i++) {
        a->q[i] = i / a->columns % 2 ? -127 : 127;
        a->x[i] = a->q[i];
        a->scale[i / 32] = 1;
        a->sum[i / 16] = a->q[i] * 16;
    }
    fb_round(a->x, a->columns, 0, a->count, a->pairs);
}

static fb_activations rows_from(const activations *a, int row) {
    size_t at = (size_t)row * (size_t)a->columns;
    size_t pairs = (size_t)row * (size_t)((a->columns + 1) / 2);
    fb_activations rows = {a->x + at, a->q + at, a->scale + at / 32, a->sum + at / 16,
                           a->pairs + pairs};
    return rows;
}

/* Multiplies with a target of exactly the right size; the caller frees it. */
static float *multiply(const fb_matrix *matrix, const activations *a, int row, int count,
                       int split) {
    int groups = (matrix->rows + fb_lanes() - 1) / fb_lanes();
    float *target = allocate((size_t)count * (size_t)matrix->rows * sizeof(float));
    fb_activations x = rows_from(a, row);
    int cut = split < groups ? split : groups;
    fb_linear(matrix, &x, count, target, cut, groups);
    fb_linear(matrix, &x, count, target, 0, cut);
    return target;
}

/* What a multiplication that reads `wants` makes of a weight or an activation. */
static double rounded(int wants, double value) {
    if (wants != FB_PAIRS) {
        return value;
    }
    float bf16 = (float)value;
    uint32_t bits;
    memcpy(&bits, &bf16, sizeof bits);
    return float_of((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
}

static void check_values(const file_format *f, const fb_matrix *matrix, const double *weights,
                         const activations *a, const float *target) {
    int wants = fb_wants(f->format);
    for (int row = 0; row < a->count; row++) {
        for (int r = 0; r < matrix->rows; r++) {
            double exact = matrix->bias ? matrix->bias[r] : 0, loose = exact, size = fabs(exact);
            for (int c = 0; c < a->columns; c++) {
                int at = row * a->columns + c;
                double weight = weights[(size_t)r * (size_t)a->columns + (size_t)c];
                double x = wants == FB_INTEGERS ? a->q[at] * (double)a->scale[at / 32] : a->x[at];
                exact += rounded(wants, weight) * rounded(wants, x);
                loose += weight * a->x[at];
                size += fabs(weight * a->x[at]);
            }
            double got = target[(size_t)row * (size_t)matrix->rows + (size_t)r];
            /* Codes with minima are large numbers whose difference is the weight. */
            CHECK(fabs(got - exact) <= 1e-5 * size + 1e-20,
                  "%s rows=%d columns=%d: [%d][%d] is %g, should be %g", f->name, matrix->rows,
                  a->columns, row, r, got, exact);
            CHECK(fabs(got - loose) <= 1e-2 * size + 1e-20,
                  "%s rows=%d columns=%d: [%d][%d] is %g, by floats %g", f->name, matrix->rows,
                  a->columns, row, r, got, loose);
        }
    }
}

static void check_same(const file_format *f, const fb_matrix *matrix, const activations *a,
                       const float *all) {
    int groups = (matrix->rows + fb_lanes() - 1) / fb_lanes();
    for (int count = 1; count <= a->count; count++) {
        int row = (a->count - count) / 2;
        float *some = multiply(matrix, a, row, count, count % (groups + 1));
        CHECK(!memcmp(some, all + (size_t)row * (size_t)matrix->rows,
                      (size_t)count * (size_t)matrix->rows * sizeof(float)),
              "%s rows=%d columns=%d: count=%d differs from count=%d", f->name, matrix->rows,
              a->columns, count, a->count);
        free(some);
        if (count == 19) {
            break;
        }
    }
}

static void check_matrix(const file_format *f, int filling, int rows, int columns, int count) {
    int blocks = columns / f->block_columns;
    int groups = (rows + fb_lanes() - 1) / fb_lanes();
    size_t source_bytes = (size_t)rows * (size_t)blocks * (size_t)f->block_bytes;
    uint8_t *source = allocate(source_bytes);
    double *weights = allocate((size_t)rows * (size_t)columns * sizeof(double));
    for (int b = 0; b < rows * blocks; b++) {
        uint8_t *block = source + (size_t)b * (size_t)f->block_bytes;
        fill(f, filling, block);
        f->decode(block, weights + (size_t)b * (size_t)f->block_columns);
    }
    int64_t group_bytes = fb_group_bytes(f->format, columns);
    uint8_t *packed = allocate((size_t)(group_bytes * groups));
    fb_pack(f->format, source, rows, columns, packed, 1, groups);
    fb_pack(f->format, source, rows, columns, packed, 0, 1);
    float *bias = allocate((size_t)rows * sizeof(float));
    for (int r = 0; r < rows; r++) {
        bias[r] = random_float();
    }
    fb_matrix matrix = {packed, count % 2 ? bias : NULL, f->format, rows, columns, 0};
    activations a = random_activations(count, columns);
    if (filling != RANDOM) {
        saturate(&a);
    }
    float *target = multiply(&matrix, &a, 0, count, 0);
    check_values(f, &matrix, weights, &a, target);
    check_same(f, &matrix, &a, target);
    free(target);
    free_activations(&a);
    free(bias);
    free(packed);
    free(weights);
    free(source);
}

static void check_format(const file_format *f) {
    static const int ROWS[] = {1, 15, 16, 17, 33};
    static const int COLUMNS[] = {1, 7, 32, 64, 256, 512, 544, 768};
    CHECK(fb_supports(f->format), "%s is not supported", f->name);
    for (size_t c = 0; c < sizeof COLUMNS / sizeof *COLUMNS; c++) {
        if (COLUMNS[c] % f->block_columns) {
            continue;
        }
        for (size_t r = 0; r < sizeof ROWS / sizeof *ROWS; r++) {
            check_matrix(f, RANDOM, ROWS[r], COLUMNS[c], r % 2 ? 19 : 5);
        }
    }
    check_matrix(f, RANDOM, 70, 1024, LARGEST_COUNT);
    for (int filling = ALL_ONES; filling < FILLS; filling++) {
        check_matrix(f, filling, 17, 512, 6);
        check_matrix(f, filling, 33, 256, 3);
    }
}

static void check_quantize(void) {
    enum { COUNT = 3, COLUMNS = 96 };
    activations a = random_activations(COUNT, COLUMNS);
    /* Row 1: all zeros, tiny numbers, ties and both extremes. */
    float *odd = a.x + COLUMNS;
    for (int i = 0; i < 32; i++) {
        odd[i] = 0;
        odd[32 + i] = 1e-42f;
        odd[64 + i] = i == 0 ? 127 : i == 1 ? -127 : (float)i - 16.5f;
    }
    /* Row 2: not finite. */
    a.x[2 * COLUMNS] = NAN;
    a.x[2 * COLUMNS + 32] = INFINITY;
    a.x[2 * COLUMNS + 64] = -INFINITY;
    fb_quantize(a.x, COLUMNS, 2, 3, a.q, a.scale, a.sum);
    fb_quantize(a.x, COLUMNS, 0, 2, a.q, a.scale, a.sum);
    for (int i = 0; i < COUNT * COLUMNS; i++) {
        const float *block = a.x + i / 32 * 32;
        float maximum = 0;
        int finite = 1, sum = 0;
        for (int k = 0; k < 32; k++) {
            finite &= isfinite(block[k]) != 0;
            maximum = fmaxf(maximum, fabsf(block[k]));
        }
        for (int k = 0; k < 16; k++) {
            sum += a.q[i / 16 * 16 + k];
        }
        float scale = finite ? maximum < 1e-35f ? 0 : maximum / 127 : NAN;
        float inverse = 127 / maximum;
        long q = scale > 0 ? lrintf(a.x[i] * inverse) : 0;
        CHECK(a.q[i] == q, "quantize: q[%d] is %d, should be %ld", i, a.q[i], q);
        CHECK(a.q[i] >= -127, "quantize: q[%d] is %d", i, a.q[i]);
        CHECK(a.sum[i / 16] == sum, "quantize: sum[%d] is %d, should be %d", i / 16,
              a.sum[i / 16], sum);
        CHECK(finite ? a.scale[i / 32] == scale : isnan(a.scale[i / 32]),
              "quantize: scale[%d] is %g, should be %g", i / 32, a.scale[i / 32], scale);
    }
    free_activations(&a);
}

int main(void) {
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++) {
        check_format(&FORMATS[i]);
    }
    check_quantize();
    CHECK(!fb_supports(-1) && !fb_supports(9), "formats nobody knows are supported");
    return checks_report("test_kernels");
}
