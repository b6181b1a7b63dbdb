/* The formats' table, and the entry points of kernels.h that it serves. */
#include "linear.h"

#include <stddef.h>
#include <string.h>

#include "lanes.h"

typedef struct {
    int32_t format; /* ggml_type number */
    int32_t wants;
    int32_t block_columns;
    int32_t block_bytes;  /* in a file */
    int32_t packed_bytes; /* per lane and block */
    pack_row *pack;
    multiply *linear;
} linear_format;

#ifdef BF16_PAIRS
#define HALVES_WANT FB_PAIRS
#else
#define HALVES_WANT FB_FLOATS
#endif

static const linear_format FORMATS[] = {
    {0, FB_FLOATS, 1, 4, 4, pack_f32, linear_f32},
    {1, HALVES_WANT, 1, 2, 2, pack_f16, linear_f16},
    {30, HALVES_WANT, 1, 2, 2, pack_bf16, linear_bf16},
    {8, FB_INTEGERS, 32, 34, 34, pack_q8_0, linear_q8_0},
    {2, FB_INTEGERS, 32, 18, 18, pack_q4_0, linear_q4_0},
    {3, FB_INTEGERS, 32, 20, 20, pack_q4_1, linear_q4_1},
    {6, FB_INTEGERS, 32, 22, 22, pack_q5_0, linear_q5_0},
    {7, FB_INTEGERS, 32, 24, 24, pack_q5_1, linear_q5_1},
    {10, FB_INTEGERS, 256, 84, 84, pack_q2_k, linear_q2_k},
    {11, FB_INTEGERS, 256, 110, 114, pack_q3_k, linear_q3_k},
    {12, FB_INTEGERS, 256, 144, 144, pack_q4_k, linear_q4_k},
    {13, FB_INTEGERS, 256, 176, 176, pack_q5_k, linear_q5_k},
    {14, FB_INTEGERS, 256, 210, 210, pack_q6_k, linear_q6_k},
};

static const linear_format *find(int32_t format) {
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++) {
        if (FORMATS[i].format == format) {
            return &FORMATS[i];
        }
    }
    return NULL;
}

static int64_t group_bytes(const linear_format *f, int32_t columns) {
    int64_t blocks = columns / f->block_columns;
    /* Two columns of half precision may be one element. */
    blocks += f->packed_bytes == 2 ? blocks % 2 : 0;
    return blocks * f->packed_bytes * LANES;
}

int32_t fb_lanes(void) { return LANES; }

int32_t fb_supports(int32_t format) { return find(format) != NULL; }

int32_t fb_wants(int32_t format) {
    const linear_format *f = find(format);
    return f ? f->wants : FB_FLOATS;
}

int64_t fb_group_bytes(int32_t format, int32_t columns) {
    const linear_format *f = find(format);
    return f ? group_bytes(f, columns) : 0;
}

void fb_pack(int32_t format, const void *source, int32_t rows, int32_t columns, void *packed,
             int32_t from, int32_t to) {
    const linear_format *f = find(format);
    if (!f) {
        return;
    }
    const int64_t row_bytes = (int64_t)(columns / f->block_columns) * f->block_bytes;
    const int64_t bytes = group_bytes(f, columns);
    for (int64_t group = from; group < to; group++) {
        uint8_t *target = (uint8_t *)packed + group * bytes;
        memset(target, 0, (size_t)bytes);
        for (int lane = 0; lane < LANES && group * LANES + lane < rows; lane++) {
            const uint8_t *row = (const uint8_t *)source + (group * LANES + lane) * row_bytes;
            f->pack(row, columns, lane, target);
        }
    }
}

void fb_linear(const fb_matrix *weight, const fb_activations *x, int32_t row_count, float *target,
               int32_t from, int32_t to) {
    const linear_format *f = find(weight->format);
    if (f && row_count > 0) {
        f->linear(weight, group_bytes(f, weight->columns), x, row_count, target, from, to);
    }
}
