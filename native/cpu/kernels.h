/*
 * The CPU kernels as Java calls them: one library per instruction set, all with these entry points.
 * Everything is plain C memory owned by the caller; nothing here allocates, blocks, or keeps state.
 * Work is split by the caller: a call does the groups or rows [from, to) and may run beside others.
 *
 * A result depends on its own row of activations alone: per output element the same additions are
 * made in the same order, however many rows a call has and however the work was split.
 *
 * Packed weights: LANES rows (fb_lanes) form a group, whose elements lie side by side so that one
 * vector holds the same columns of all rows of the group; rows beyond the last are zeros.
 */
#ifndef FULLBORE_KERNELS_H
#define FULLBORE_KERNELS_H

#include <stdint.h>

#define FB_API __attribute__((visibility("default")))

/* A matrix of packed weights. */
typedef struct {
    const void *data;  /* [group][fb_group_bytes] */
    const float *bias; /* [rows], or NULL */
    int32_t format;    /* ggml_type number */
    int32_t rows;
    int32_t columns;
    int32_t reserved;
} fb_matrix;

/* Rows of activations, as floats, as 8-bit integers and in bfloat16. */
typedef struct {
    const float *x;        /* [row][columns] */
    const int8_t *q;       /* [row][columns], |q| <= 127 */
    const float *scale;    /* [row][columns / 32]: x is about q * scale */
    const int32_t *sum;    /* [row][columns / 16]: sums of 16 q each */
    const uint32_t *pairs; /* [row][(columns + 1) / 2]: the even column in the lower half */
} fb_activations;

/* What a multiplication reads of them. */
enum { FB_FLOATS /* x */, FB_INTEGERS /* q, scale, sum */, FB_PAIRS /* pairs */ };

/* Keys and values of one layer in blocks of slots, half precision. */
typedef struct {
    uint16_t *keys;   /* [block][kv_head][head_dim][slot] */
    uint16_t *values; /* [block][kv_head][slot][head_dim] */
    int32_t block_slots;
    int32_t kv_heads;
    int32_t heads;
    int32_t head_dim;
} fb_kv_layer;

/* Rows of a group. */
FB_API int32_t fb_lanes(void);

/* Whether matrices of this format can be packed and multiplied; columns are whole blocks. */
FB_API int32_t fb_supports(int32_t format);

/* What its multiplication reads: one of the three above. */
FB_API int32_t fb_wants(int32_t format);

FB_API int64_t fb_group_bytes(int32_t format, int32_t columns);

/* Packs groups [from, to) of a matrix as it stands in a GGUF file. */
FB_API void fb_pack(int32_t format, const void *source, int32_t rows, int32_t columns, void *packed,
                    int32_t from, int32_t to);

/* Fills q, scale and sum of rows [from, to); columns are a multiple of 32. */
FB_API void fb_quantize(const float *x, int32_t columns, int32_t from, int32_t to, int8_t *q,
                        float *scale, int32_t *sum);

/* Fills pairs of rows [from, to), rounding to the nearest. Does nothing in a library none of whose
 * formats wants them. */
FB_API void fb_round(const float *x, int32_t columns, int32_t from, int32_t to, uint32_t *pairs);

/* target[row][r] = sum over c of weight[r][c] * x[row][c] (+ bias[r]), for groups [from, to) and all rows. */
FB_API void fb_linear(const fb_matrix *weight, const fb_activations *x, int32_t row_count,
                      float *target, int32_t from, int32_t to);

/* target[row] = source[row] / sqrt(mean(source[row]^2) + epsilon) * weight, rows of `width`, [from, to). */
FB_API void fb_norm(const float *source, const float *weight, int32_t width, float epsilon,
                    float *target, int32_t from, int32_t to);

/* Turns the first 2 * pairs elements of each head by the angles of its row's position, in place.
 * cosines, sines: [position][pairs]; adjacent: pairs are (2i, 2i+1), else (i, i + pairs). */
FB_API void fb_rotate(float *heads, const int32_t *positions, const float *cosines,
                      const float *sines, int32_t head_count, int32_t head_dim, int32_t pairs,
                      int32_t adjacent, int32_t from, int32_t to);

/* gate = gate / (1 + e^-gate) * up, elements [from, to). */
FB_API void fb_swiglu(float *gate, const float *up, int64_t from, int64_t to);

/* target += source, elements [from, to). */
FB_API void fb_add(float *target, const float *source, int64_t from, int64_t to);

/* Stores keys and values [row][kv_head][head_dim] of rows [from, to) at their positions.
 * tables: [row], each the row's sequence's block numbers. */
FB_API void fb_store(const fb_kv_layer *layer, const float *key, const float *value,
                     const int32_t *positions, const int32_t *const *tables, int32_t from,
                     int32_t to);

/* attended[row][head] = softmax(query . keys / sqrt(head_dim)) . values over positions up to the
 * row's own, for rows [from, to) of ONE sequence with consecutive positions, and one KV head with
 * all query heads that share it. scratch: fb_attend_scratch(layer, to - from) bytes. */
FB_API void fb_attend(const fb_kv_layer *layer, const float *query, float *attended,
                      int32_t first_position, const int32_t *table, int32_t kv_head, int32_t from,
                      int32_t to, void *scratch);
FB_API int64_t fb_attend_scratch(const fb_kv_layer *layer, int32_t row_count);

#endif
