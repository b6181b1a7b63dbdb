/*
 * The paged KV cache and attention over it.
 *
 *   keys    [block][kv_head][head_dim][slot]   half
 *   values  [block][kv_head][slot][head_dim]   half
 *
 *   position p of a sequence lies in block table[p / block_slots] at slot p % block_slots
 *
 * The positions are taken in spans of SPAN, from 0 on, with the softmax kept up as they go (Milakov
 * & Gimelshein, "Online normalizer calculation for softmax", 2018). A span's keys and values are
 * turned to floats once, into scratch that fits the first or second cache, for all query heads of
 * the KV head and for the rows of a chunk. The rest are two products of small matrices, both
 *
 *   target[query][lane] += sum over k of a[query][k] * b[k][lane]
 *
 * scores of queries by keys, k over head_dim and lanes over positions; and results of weights by
 * values, k over positions and lanes over head_dim. So lanes never have to be summed, and a tile of
 * queries shares every load of b.
 *
 * What a query reads and in which order depends on its position alone: spans start at multiples of
 * SPAN whatever the rows of the call, each sum is one chain of fused multiply-adds, and positions
 * beyond the query's own are left out rather than multiplied by 0, as they may hold anything.
 */
#include <math.h>

#include "exp.h"
#include "kernels.h"

#define SPAN 64            /* positions; a power of two, a multiple of LANES */
#define TILE_QUERIES 4     /* with FLOAT_TILE_GROUPS vectors each, what the registers hold */
#define CHUNK_QUERIES 256 /* whose sums stay in the second cache beside a span */
#define LINE_HALVES 32     /* in a line of the caches */
#define LARGEST_HALF 65504.0f

/* The work of one call. Queries count from the chunk's first row: [row][head of the group]. */
typedef struct {
    const fb_kv_layer *layer;
    const float *query;   /* of the chunk's first row and the group's first head */
    const int32_t *table;
    int32_t kv_head;
    int32_t group;        /* query heads per KV head */
    int32_t position;     /* of the chunk's first row */
    int32_t end;          /* the position after its last row's */
    int32_t dims;         /* head_dim, up to whole vectors */
    float scale;          /* 1 / sqrt(head_dim) */
    float *keys;          /* [head_dim][SPAN] */
    float *values;        /* [SPAN][dims] */
    float *sums;          /* [query][dims]: weighted values so far */
    float *weights;       /* [query][LANES]: sums of weights so far, lane by lane */
    float *largest;       /* [query]: largest score so far */
} attention;

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static float larger(float a, float b) { return a > b ? a : b; }

static int32_t whole_vectors(int32_t count) { return (count + LANES - 1) / LANES * LANES; }

static int32_t chunk_rows(int32_t group, int32_t row_count) {
    int32_t rows = group < CHUNK_QUERIES ? CHUNK_QUERIES / group : 1;
    return smaller(rows, row_count);
}

static uint16_t *head_block(const fb_kv_layer *layer, uint16_t *memory, int32_t block,
                            int32_t kv_head) {
    int64_t head_elements = (int64_t)layer->block_slots * layer->head_dim;
    return memory + ((int64_t)block * layer->kv_heads + kv_head) * head_elements;
}

/* target[i] = source[i] in halves; what is too large for one becomes the largest there is. */
static void store_halves(const float *source, uint16_t *target, int32_t count) {
    for (int32_t i = 0; i < count; i += LANES) {
        int32_t part = smaller(LANES, count - i);
        floats a = floats_load_first(source + i, part);
        a = floats_max(floats_all(-LARGEST_HALF), floats_min(floats_all(LARGEST_HALF), a));
        uint16_t halves[LANES];
        floats_store_halves(halves, a);
        memcpy(target + i, halves, (size_t)part * sizeof(uint16_t));
    }
}

void fb_store(const fb_kv_layer *layer, const float *key, const float *value,
              const int32_t *positions, const int32_t *const *tables, int32_t from, int32_t to) {
    int32_t slots = layer->block_slots;
    int32_t head_dim = layer->head_dim;
    for (int64_t row = from; row < to; row++) {
        int32_t block = tables[row][positions[row] / slots];
        int32_t slot = positions[row] % slots;
        for (int32_t kv_head = 0; kv_head < layer->kv_heads; kv_head++) {
            int64_t source = (row * layer->kv_heads + kv_head) * head_dim;
            uint16_t *values = head_block(layer, layer->values, block, kv_head);
            store_halves(value + source, values + (int64_t)slot * head_dim, head_dim);

            uint16_t *keys = head_block(layer, layer->keys, block, kv_head) + slot;
            for (int32_t d = 0; d < head_dim; d += LANES) {
                int32_t part = smaller(LANES, head_dim - d);
                uint16_t halves[LANES];
                store_halves(key + source + d, halves, part);
                for (int32_t i = 0; i < part; i++) {
                    keys[(int64_t)(d + i) * slots] = halves[i];
                }
            }
        }
    }
}

/* target[i] = source[i] as floats. */
INLINE void load_halves(const uint16_t *source, float *target, int32_t count) {
    int32_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        floats_store(target + i, floats_of_halves(source + i));
    }
    if (i < count) {
        uint16_t halves[LANES] = {0};
        memcpy(halves, source + i, (size_t)(count - i) * sizeof(uint16_t));
        floats_store_first(target + i, floats_of_halves(halves), count - i);
    }
}

/* The block of a position, of keys or of values. */
static const uint16_t *block_at(const attention *work, uint16_t *memory, int32_t position) {
    int32_t block = work->table[position / work->layer->block_slots];
    return head_block(work->layer, memory, block, work->kv_head);
}

/*
 * Keys of positions [start, start + count) to [head_dim][SPAN]; lanes beyond hold anything. What
 * lies a span ahead is asked for meanwhile, as no processor guesses where the next block is.
 */
static void load_keys(const attention *work, int32_t start, int32_t count) {
    int32_t slots = work->layer->block_slots;
    int32_t run = smaller(slots, SPAN);
    for (int32_t i = 0; i < count; i += run) {
        int32_t slot = (start + i) % slots;
        int32_t ahead = smaller(start + i + SPAN, work->end - 1);
        const uint16_t *keys = block_at(work, work->layer->keys, start + i) + slot;
        const uint16_t *next = block_at(work, work->layer->keys, ahead) + slot;
        for (int32_t d = 0; d < work->layer->head_dim; d++) {
            __builtin_prefetch(next + (int64_t)d * slots);
            load_halves(keys + (int64_t)d * slots, work->keys + (int64_t)d * SPAN + i, run);
        }
    }
}

static void load_values(const attention *work, int32_t start, int32_t count) {
    int32_t slots = work->layer->block_slots;
    int32_t head_dim = work->layer->head_dim;
    for (int32_t i = 0; i < count; i++) {
        int64_t at = (int64_t)((start + i) % slots) * head_dim;
        int32_t ahead = smaller(start + i + SPAN, work->end - 1);
        const uint16_t *next = block_at(work, work->layer->values, ahead) + at;
        for (int32_t d = 0; d < head_dim; d += LINE_HALVES) {
            __builtin_prefetch(next + d);
        }
        load_halves(block_at(work, work->layer->values, start + i) + at,
                    work->values + (int64_t)i * work->dims, head_dim);
    }
}

/* target[q][lane] += sum over k in [from, to) of a[q][k] * b[k][lane]; the counts are constants. */
INLINE void multiply_tile(int queries, int vectors, const float *const *a, const float *b,
                          int32_t b_stride, int32_t from, int32_t to, float *target,
                          int32_t target_stride) {
    floats sum[TILE_QUERIES][FLOAT_TILE_GROUPS];
    UNROLLED for (int q = 0; q < queries; q++) {
        UNROLLED for (int v = 0; v < vectors; v++) {
            sum[q][v] = floats_load(target + (int64_t)q * target_stride + v * LANES);
        }
    }
    for (int32_t k = from; k < to; k++) {
        floats lanes[FLOAT_TILE_GROUPS];
        UNROLLED for (int v = 0; v < vectors; v++) {
            lanes[v] = floats_load(b + (int64_t)k * b_stride + v * LANES);
        }
        UNROLLED for (int q = 0; q < queries; q++) {
            floats factor = floats_all(a[q][k]);
            UNROLLED for (int v = 0; v < vectors; v++) {
                sum[q][v] = floats_fma(factor, lanes[v], sum[q][v]);
            }
        }
    }
    UNROLLED for (int q = 0; q < queries; q++) {
        UNROLLED for (int v = 0; v < vectors; v++) {
            floats_store(target + (int64_t)q * target_stride + v * LANES, sum[q][v]);
        }
    }
}

/* The same for all lanes [0, width), a multiple of LANES. */
INLINE void multiply_all(int queries, const float *const *a, const float *b, int32_t width,
                         int32_t b_stride, int32_t from, int32_t to, float *target,
                         int32_t target_stride) {
    int32_t lane = 0;
    for (; lane + FLOAT_TILE_GROUPS * LANES <= width; lane += FLOAT_TILE_GROUPS * LANES) {
        multiply_tile(queries, FLOAT_TILE_GROUPS, a, b + lane, b_stride, from, to, target + lane,
                      target_stride);
    }
    for (; lane + 2 * LANES <= width; lane += 2 * LANES) {
        multiply_tile(queries, 2, a, b + lane, b_stride, from, to, target + lane, target_stride);
    }
    if (lane < width) {
        multiply_tile(queries, 1, a, b + lane, b_stride, from, to, target + lane, target_stride);
    }
}

static void multiply(int queries, const float *const *a, const float *b, int32_t width,
                     int32_t b_stride, int32_t from, int32_t to, float *target,
                     int32_t target_stride) {
    switch (queries) {
    case 1: multiply_all(1, a, b, width, b_stride, from, to, target, target_stride); break;
    case 2: multiply_all(2, a, b, width, b_stride, from, to, target, target_stride); break;
    case 3: multiply_all(3, a, b, width, b_stride, from, to, target, target_stride); break;
    default: multiply_all(4, a, b, width, b_stride, from, to, target, target_stride); break;
    }
}

/* The largest of a query's scores of a span; those beyond the `visible` it sees become no weight. */
static float largest_seen(float *scores, int32_t visible) {
    for (int32_t i = visible; i < SPAN; i++) {
        scores[i] = -INFINITY;
    }
    floats largest = floats_load(scores);
    for (int i = LANES; i < SPAN; i += LANES) {
        largest = floats_max(largest, floats_load(scores + i));
    }
    return floats_largest(largest);
}

/* Turns a query's scores into weights, and scales what it has summed so far to the new largest. */
static void weigh(const attention *work, int32_t query, float *scores, float largest) {
    floats scale = floats_all(work->scale);
    floats shrink = exp_of(floats_mul(floats_all(work->largest[query] - largest), scale));
    float *total = work->weights + (int64_t)query * LANES;
    floats weights = floats_mul(floats_load(total), shrink);
    for (int i = 0; i < SPAN; i += LANES) {
        floats below = floats_sub(floats_load(scores + i), floats_all(largest));
        floats weight = exp_of(floats_mul(below, scale));
        floats_store(scores + i, weight);
        weights = floats_add(weights, weight);
    }
    floats_store(total, weights);
    float *sums = work->sums + (int64_t)query * work->dims;
    for (int32_t i = 0; i < work->dims; i += LANES) {
        floats_store(sums + i, floats_mul(floats_load(sums + i), shrink));
    }
    work->largest[query] = largest;
}

/* A span for queries [first, first + count); each sees at least its first position. */
static void attend_tile(const attention *work, int32_t start, int32_t first, int count) {
    const fb_kv_layer *layer = work->layer;
    const float *queries[TILE_QUERIES] = {0};
    const float *weights[TILE_QUERIES] = {0};
    int32_t visible[TILE_QUERIES] = {0};
    float largest[TILE_QUERIES];
    float scores[TILE_QUERIES * SPAN];
    for (int i = 0; i < count * SPAN; i += LANES) {
        floats_store(scores + i, floats_all(0));
    }
    for (int i = 0; i < count; i++) {
        int64_t row = (first + i) / work->group;
        int64_t head = (first + i) % work->group;
        queries[i] = work->query + (row * layer->heads + head) * layer->head_dim;
        weights[i] = scores + i * SPAN;
        visible[i] = smaller(SPAN, work->position + (int32_t)row - start + 1);
    }
    multiply(count, queries, work->keys, whole_vectors(visible[count - 1]), SPAN, 0,
             layer->head_dim, scores, SPAN);

    /* All maxima first: each is a chain of its own, and the processor takes them side by side. */
    for (int i = 0; i < count; i++) {
        largest[i] = larger(largest_seen(scores + i * SPAN, visible[i]), work->largest[first + i]);
    }
    for (int i = 0; i < count; i++) {
        weigh(work, first + i, scores + i * SPAN, largest[i]);
    }

    float *sums = work->sums + (int64_t)first * work->dims;
    int32_t shared = visible[0];
    multiply(count, weights, work->values, work->dims, work->dims, 0, shared, sums, work->dims);
    for (int i = 0; i < count; i++) {
        if (visible[i] > shared) {
            multiply(1, weights + i, work->values, work->dims, work->dims, shared, visible[i],
                     sums + (int64_t)i * work->dims, work->dims);
        }
    }
}

/* attended[head] = sums / weights, for one row's heads of the group. */
static void finish_row(const attention *work, int32_t row, float *attended) {
    int32_t head_dim = work->layer->head_dim;
    for (int32_t head = 0; head < work->group; head++) {
        int64_t query = (int64_t)row * work->group + head;
        float total = 0;
        for (int i = 0; i < LANES; i++) {
            total += work->weights[query * LANES + i];
        }
        floats divisor = floats_all(total);
        for (int32_t i = 0; i < head_dim; i += LANES) {
            floats result = floats_div(floats_load(work->sums + query * work->dims + i), divisor);
            floats_store_first(attended + (int64_t)head * head_dim + i, result,
                               smaller(LANES, head_dim - i));
        }
    }
}

static void attend_chunk(const attention *work, int32_t rows, float *attended) {
    int32_t queries = rows * work->group;
    for (int32_t query = 0; query < queries; query++) {
        work->largest[query] = -INFINITY;
    }
    memset(work->sums, 0, (size_t)queries * (size_t)work->dims * sizeof(float));
    memset(work->weights, 0, (size_t)queries * LANES * sizeof(float));
    memset(work->values, 0, (size_t)SPAN * (size_t)work->dims * sizeof(float));

    for (int32_t start = 0; start < work->end; start += SPAN) {
        int32_t count = smaller(SPAN, work->end - start);
        load_keys(work, start, count);
        load_values(work, start, count);
        int32_t first_row = start > work->position ? start - work->position : 0;
        for (int32_t i = first_row * work->group; i < queries; i += TILE_QUERIES) {
            attend_tile(work, start, i, smaller(TILE_QUERIES, queries - i));
        }
    }
    for (int32_t row = 0; row < rows; row++) {
        finish_row(work, row, attended + (int64_t)row * work->layer->heads * work->layer->head_dim);
    }
}

int64_t fb_attend_scratch(const fb_kv_layer *layer, int32_t row_count) {
    int32_t group = layer->heads / layer->kv_heads;
    int64_t queries = (int64_t)chunk_rows(group, row_count) * group;
    int64_t dims = whole_vectors(layer->head_dim);
    int64_t span_floats = (layer->head_dim + dims) * SPAN;
    return (span_floats + queries * (dims + LANES + 1)) * (int64_t)sizeof(float);
}

/* first_position is row `from`'s. */
void fb_attend(const fb_kv_layer *layer, const float *query, float *attended,
               int32_t first_position, const int32_t *table, int32_t kv_head, int32_t from,
               int32_t to, void *scratch) {
    int32_t group = layer->heads / layer->kv_heads;
    int32_t rows = chunk_rows(group, to - from);
    int64_t queries = (int64_t)rows * group;
    attention work = {.layer = layer, .table = table, .kv_head = kv_head, .group = group};
    work.dims = whole_vectors(layer->head_dim);
    work.scale = (float)(1 / sqrt(layer->head_dim));
    work.keys = scratch;
    work.values = work.keys + (int64_t)layer->head_dim * SPAN;
    work.sums = work.values + (int64_t)work.dims * SPAN;
    work.weights = work.sums + queries * work.dims;
    work.largest = work.weights + queries * LANES;
    for (int32_t row = from; row < to; row += rows) {
        int64_t at = ((int64_t)row * layer->heads + kv_head * group) * layer->head_dim;
        work.query = query + at;
        work.position = first_position + (row - from);
        work.end = work.position + smaller(rows, to - row);
        attend_chunk(&work, work.end - work.position, attended + at);
    }
}
