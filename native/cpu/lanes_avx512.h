/* AVX-512 F, BW, VL, DQ and VNNI. Names and meanings are those every lanes_*.h has: see lanes.h. */
#include <immintrin.h>

#define LANES 16
typedef __m512 floats;
typedef __m512i ints;

/* The byte product is unsigned by signed, so signed codes are stored plus 128. */
#define SIGNED_CODE_OFFSET_BITS 7

/* Groups and rows of activations whose sums are held in registers together. */
#define TILE_GROUPS 2
#define TILE_ROWS 4

/* Up to how many rows the integer kernels take weights from memory straight to registers, and up to
 * how many of one group at a time. One row waits for memory, and one stream of it is read faster
 * than two. */
#define LARGEST_DIRECT_ROWS 8
#define ONE_GROUP_ROWS 1

#define FLOAT_TILE_GROUPS 4
#define FLOAT_TILE_ROWS 6

INLINE floats floats_all(float value) { return _mm512_set1_ps(value); }
INLINE floats floats_load(const float *source) { return _mm512_loadu_ps(source); }
INLINE void floats_store(float *target, floats a) { _mm512_storeu_ps(target, a); }

/* The first `count` elements; the rest are zeros, and memory beyond is not touched. */
INLINE floats floats_load_first(const float *source, int count) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), source);
}

INLINE void floats_store_first(float *target, floats a, int count) {
    _mm512_mask_storeu_ps(target, (__mmask16)((1u << count) - 1), a);
}

INLINE floats floats_of_halves(const void *source) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(source));
}

INLINE floats floats_of_bf16(const void *source) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(source)), 16));
}

#ifdef __AVX512BF16__
/* Each element is two columns in bfloat16. */
#define BF16_PAIRS

/* 2 * LANES columns in order, rounded to the nearest. */
INLINE ints pairs_of_floats(floats first, floats second) {
    return (ints)_mm512_cvtne2ps_pbh(second, first);
}

/* sum + a[0] * b[0] + a[1] * b[1] in each element. */
INLINE floats floats_add_pairs(ints a, ints b, floats sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
#endif

INLINE floats floats_of_ints(ints a) { return _mm512_cvtepi32_ps(a); }
INLINE floats floats_add(floats a, floats b) { return _mm512_add_ps(a, b); }
INLINE floats floats_mul(floats a, floats b) { return _mm512_mul_ps(a, b); }

/* a * b + c, a * b - c, c - a * b, each rounded once. */
INLINE floats floats_fma(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }
INLINE floats floats_fms(floats a, floats b, floats c) { return _mm512_fmsub_ps(a, b, c); }
INLINE floats floats_fnma(floats a, floats b, floats c) { return _mm512_fnmadd_ps(a, b, c); }

INLINE floats floats_sub(floats a, floats b) { return _mm512_sub_ps(a, b); }
INLINE floats floats_div(floats a, floats b) { return _mm512_div_ps(a, b); }

/* Where b is no number, the result is none. */
INLINE floats floats_max(floats a, floats b) { return _mm512_max_ps(a, b); }
INLINE floats floats_min(floats a, floats b) { return _mm512_min_ps(a, b); }
INLINE float floats_largest(floats a) { return _mm512_reduce_max_ps(a); }

INLINE floats floats_of_bits(ints a) { return _mm512_castsi512_ps(a); }
INLINE void floats_store_halves(void *target, floats a) {
    _mm256_storeu_si256(target, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

INLINE ints ints_zero(void) { return _mm512_setzero_si512(); }
INLINE ints ints_all(int32_t value) { return _mm512_set1_epi32(value); }
INLINE ints ints_load(const void *source) { return _mm512_loadu_si512(source); }
INLINE void ints_store(void *target, ints a) { _mm512_storeu_si512(target, a); }
INLINE ints ints_of_s8(const void *source) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(source));
}
INLINE ints ints_of_u8(const void *source) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(source));
}
INLINE ints ints_add(ints a, ints b) { return _mm512_add_epi32(a, b); }
INLINE ints ints_sub(ints a, ints b) { return _mm512_sub_epi32(a, b); }
INLINE ints ints_max(ints a, ints b) { return _mm512_max_epi32(a, b); }
INLINE ints ints_and(ints a, ints b) { return _mm512_and_si512(a, b); }
INLINE ints ints_or(ints a, ints b) { return _mm512_or_si512(a, b); }
INLINE ints ints_shift_left(ints a, int bits) { return _mm512_slli_epi32(a, bits); }
INLINE ints ints_shift_right(ints a, int bits) { return _mm512_srli_epi32(a, bits); }
INLINE ints ints_bits(floats a) { return _mm512_castps_si512(a); }
INLINE int32_t ints_largest(ints a) { return _mm512_reduce_max_epi32(a); }
INLINE int32_t ints_sum(ints a) { return _mm512_reduce_add_epi32(a); }

/* To the nearest integer, ties to even. */
INLINE ints ints_round(floats a) { return _mm512_cvtps_epi32(a); }

/* Stores LANES integers that fit a signed byte. */
INLINE void ints_store_s8(int8_t *target, ints a) {
    _mm_storeu_si128((void *)target, _mm512_cvtepi32_epi8(a));
}

/* The same four bytes in every element. */
INLINE ints ints_all_bytes(const int8_t *source) {
    int32_t four;
    memcpy(&four, source, sizeof four);
    return _mm512_set1_epi32(four);
}

/* A sum of products of bytes: four codes below 2^bits by four columns in each element. Products
 * come in steps 0 <= step < count. */
typedef struct {
    ints sum;
} dot_sum;

INLINE dot_sum dot_begin(ints start) { return (dot_sum){start}; }

INLINE void dot_add(dot_sum *dot, ints codes, ints columns, int step, int count, int bits) {
    (void)step, (void)count, (void)bits;
    dot->sum = _mm512_dpbusd_epi32(dot->sum, codes, columns);
}
