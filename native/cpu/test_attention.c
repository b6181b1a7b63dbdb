/*
 * The cache and attention against plain references in double precision, over blocks whose other
 * slots hold anything; and the same bits for any split of the rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "kernels.h"

#define HALF_NAN 0x7e00
#define HALF_INFINITY 0x7c00

static int32_t random_below(int32_t bound) { return (int32_t)(random_bits() % (uint32_t)bound); }

static double of_half(uint16_t half) {
    int exponent = half >> 10 & 31;
    double fraction = half & 1023;
    double magnitude = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

/* One sequence in a cache whose other slots hold what an earlier one may have left. */
typedef struct {
    fb_kv_layer layer;
    int32_t *table;
    float *query;
    float *key;
    float *value;
    int32_t rows;
} cached;

static uint16_t *garbage(int64_t count) {
    static const uint16_t kinds[] = {HALF_NAN, HALF_INFINITY, 0xfc00, 0xffff, 0x7bff, 0x0001};
    uint16_t *halves = allocate(count * 2);
    for (int64_t i = 0; i < count; i++) {
        halves[i] = kinds[random_below(6)];
    }
    return halves;
}

static cached random_sequence(int32_t rows, int32_t slots, int32_t kv_heads, int32_t group,
                              int32_t head_dim, float query_scale) {
    int32_t used = (rows + slots - 1) / slots;
    int32_t blocks = used + 3;
    int64_t elements = (int64_t)blocks * kv_heads * slots * head_dim;
    cached c = {.rows = rows};
    c.layer = (fb_kv_layer){garbage(elements), garbage(elements),      slots, kv_heads,
                            kv_heads * group,  head_dim};
    int32_t *order = allocate(blocks * 4);
    for (int32_t i = 0; i < blocks; i++) {
        int32_t j = random_below(i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    /* As long as the sequence needs and no longer, so that reading beyond is found. */
    c.table = allocate(used * 4);
    memcpy(c.table, order, (size_t)used * 4);
    free(order);
    c.query = random_floats((int64_t)rows * kv_heads * group * head_dim, query_scale);
    c.key = random_floats((int64_t)rows * kv_heads * head_dim, 1);
    c.value = random_floats((int64_t)rows * kv_heads * head_dim, 1);
    return c;
}

static void free_sequence(cached *c) {
    free(c->layer.keys);
    free(c->layer.values);
    free(c->table);
    free(c->query);
    free(c->key);
    free(c->value);
}

/* Stores all rows and attends to them, in calls of `step` rows. */
static void run(const cached *c, int32_t step, float *attended) {
    const fb_kv_layer *layer = &c->layer;
    int64_t row_floats = (int64_t)layer->heads * layer->head_dim;
    int64_t kv_floats = (int64_t)layer->kv_heads * layer->head_dim;
    for (int32_t first = 0; first < c->rows; first += step) {
        int32_t rows = c->rows - first < step ? c->rows - first : step;
        int32_t *positions = allocate(rows * 4);
        const int32_t **tables = allocate(rows * (int64_t)sizeof *tables);
        for (int32_t i = 0; i < rows; i++) {
            positions[i] = first + i;
            tables[i] = c->table;
        }
        fb_store(layer, c->key + first * kv_floats, c->value + first * kv_floats, positions,
                 tables, 0, rows);
        void *scratch = allocate(fb_attend_scratch(layer, rows));
        for (int32_t kv_head = 0; kv_head < layer->kv_heads; kv_head++) {
            fb_attend(layer, c->query + first * row_floats, attended + first * row_floats, first,
                      c->table, kv_head, 0, rows, scratch);
        }
        free(scratch);
        free(positions);
        free(tables);
    }
}

static double stored_key(const cached *c, int32_t position, int32_t kv_head, int32_t d) {
    const fb_kv_layer *l = &c->layer;
    int64_t head = (int64_t)c->table[position / l->block_slots] * l->kv_heads + kv_head;
    return of_half(l->keys[(head * l->head_dim + d) * l->block_slots + position % l->block_slots]);
}

static double stored_value(const cached *c, int32_t position, int32_t kv_head, int32_t d) {
    const fb_kv_layer *l = &c->layer;
    int64_t head = (int64_t)c->table[position / l->block_slots] * l->kv_heads + kv_head;
    return of_half(
        l->values[(head * l->block_slots + position % l->block_slots) * l->head_dim + d]);
}

static void reference(const cached *c, int32_t position, int32_t head, double *result) {
    const fb_kv_layer *l = &c->layer;
    int32_t kv_head = head / (l->heads / l->kv_heads);
    const float *query = c->query + ((int64_t)position * l->heads + head) * l->head_dim;
    double *score = allocate((position + 1) * (int64_t)sizeof(double));
    double largest = -INFINITY;
    double sum = 0;
    for (int32_t p = 0; p <= position; p++) {
        score[p] = 0;
        for (int32_t d = 0; d < l->head_dim; d++) {
            score[p] += query[d] * stored_key(c, p, kv_head, d);
        }
        score[p] /= sqrt(l->head_dim);
        largest = fmax(largest, score[p]);
    }
    for (int32_t p = 0; p <= position; p++) {
        score[p] = exp(score[p] - largest);
        sum += score[p];
    }
    for (int32_t d = 0; d < l->head_dim; d++) {
        result[d] = 0;
        for (int32_t p = 0; p <= position; p++) {
            result[d] += score[p] / sum * stored_value(c, p, kv_head, d);
        }
    }
    free(score);
}

/* Half precision has 11 bits; below 2^-14 its steps are 2^-24. */
static void check_stored(const cached *c) {
    const fb_kv_layer *l = &c->layer;
    for (int32_t p = 0; p < c->rows; p++) {
        for (int32_t i = 0; i < l->kv_heads * l->head_dim; i++) {
            float key = c->key[(int64_t)p * l->kv_heads * l->head_dim + i];
            float value = c->value[(int64_t)p * l->kv_heads * l->head_dim + i];
            check_near(key, stored_key(c, p, i / l->head_dim, i % l->head_dim),
                       ldexp(fabs(key), -11) + ldexp(1, -25), "stored key");
            check_near(value, stored_value(c, p, i / l->head_dim, i % l->head_dim),
                       ldexp(fabs(value), -11) + ldexp(1, -25), "stored value");
        }
    }
}

/*
 * Against the reference over what is stored, so that only float arithmetic differs: a score of
 * magnitude S is off by some 2^-22 S, its weight by that share, and values are below 1.
 */
static void check_attended(const cached *c, const float *attended, double tolerance) {
    const fb_kv_layer *l = &c->layer;
    double *expected = allocate(l->head_dim * (int64_t)sizeof(double));
    for (int32_t row = 0; row < c->rows; row++) {
        for (int32_t head = 0; head < l->heads; head++) {
            reference(c, row, head, expected);
            const float *got = attended + ((int64_t)row * l->heads + head) * l->head_dim;
            for (int32_t d = 0; d < l->head_dim; d++) {
                check_near(got[d], expected[d], tolerance, "attended");
            }
        }
    }
    free(expected);
}

static void attends(int32_t rows, int32_t slots, int32_t kv_heads, int32_t group,
                    int32_t head_dim) {
    cached c = random_sequence(rows, slots, kv_heads, group, head_dim, 3);
    int64_t bytes = (int64_t)rows * c.layer.heads * head_dim * 4;
    float *whole = allocate(bytes);
    float *split = allocate(bytes);
    run(&c, rows, whole);
    check_stored(&c);
    check_attended(&c, whole, 1e-5);

    /* Row by row into what was garbage before, and in other pieces: the same bits. */
    static const int32_t steps[] = {1, 3, 17, 64};
    for (int i = 0; i < 4; i++) {
        cached again = c;
        int64_t blocks = (rows + slots - 1) / slots + 3;
        int64_t halves = blocks * kv_heads * slots * head_dim;
        again.layer.keys = garbage(halves);
        again.layer.values = garbage(halves);
        memset(split, 0, (size_t)bytes);
        run(&again, steps[i], split);
        CHECK(memcmp(whole, split, (size_t)bytes) == 0, "%d rows differ when split by %d", rows,
              steps[i]);
        free(again.layer.keys);
        free(again.layer.values);
    }
    free(whole);
    free(split);
    free_sequence(&c);
}

/* Rows at offsets of one call: rows [from, to) are those of the arrays, not of the sequence. */
static void attends_to_a_range_of_rows(void) {
    cached c = random_sequence(40, 16, 2, 4, 64, 3);
    int64_t row_floats = c.layer.heads * 64;
    float *whole = allocate(40 * row_floats * 4);
    float *parts = allocate(40 * row_floats * 4);
    run(&c, 40, whole);
    void *scratch = allocate(fb_attend_scratch(&c.layer, 19));
    static const int32_t bounds[] = {0, 1, 8, 21, 40};
    for (int i = 0; i < 4; i++) {
        for (int32_t kv_head = 0; kv_head < 2; kv_head++) {
            fb_attend(&c.layer, c.query, parts, bounds[i], c.table, kv_head, bounds[i],
                      bounds[i + 1], scratch);
        }
    }
    CHECK(memcmp(whole, parts, (size_t)(40 * row_floats * 4)) == 0, "ranges of rows differ");
    free(scratch);
    free(whole);
    free(parts);
    free_sequence(&c);
}

/* Scores to +-1e4 and more: weights are almost all 0 or 1, but never none. */
static void attends_with_extreme_scores(void) {
    cached c = random_sequence(150, 16, 1, 3, 64, 1e4f);
    float *attended = allocate((int64_t)150 * 3 * 64 * 4);
    run(&c, 150, attended);
    check_attended(&c, attended, 2e-2);
    free(attended);
    free_sequence(&c);
}

static void stores_the_largest_half_for_what_is_larger(void) {
    cached c = random_sequence(2, 16, 1, 1, 6, 1);
    float attended[12];
    c.key[0] = 1e9f;
    c.key[1] = -INFINITY;
    c.value[5] = 65519.0f;
    c.value[6] = NAN;
    run(&c, 2, attended);
    check_near(65504.0f, stored_key(&c, 0, 0, 0), 0, "large key");
    check_near(-65504.0f, stored_key(&c, 0, 0, 1), 0, "large negative key");
    check_near(65504.0f, stored_value(&c, 0, 0, 5), 0, "large value");
    CHECK(isfinite(attended[0]), "row before one that is no number: %g", attended[0]);
    CHECK(isnan(attended[6]), "row that is no number: %g", attended[6]);
    free_sequence(&c);
}

int main(void) {
    static const int32_t head_dims[] = {2, 6, 64, 80, 128};
    static const int32_t slot_counts[] = {1, 4, 16, 32, 256};
    for (int d = 0; d < 5; d++) {
        for (int s = 0; s < 5; s++) {
            attends(1 + random_below(40), slot_counts[s], 1 + random_below(2),
                    1 + random_below(8), head_dims[d]);
        }
    }
    for (int32_t group = 1; group <= 8; group++) {
        attends(40, 16, 2, group, 64);
    }
    attends(300, 16, 1, 4, 64);
    attends(200, 256, 1, 7, 96);
    attends(65, 2, 1, 130, 8);
    attends_to_a_range_of_rows();
    attends_with_extreme_scores();
    stores_the_largest_half_for_what_is_larger();
    return checks_report("test_attention");
}
